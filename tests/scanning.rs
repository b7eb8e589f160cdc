//! What others say of captured samples, and analyses that somebody ends.

use crate::circle::infect;
use crate::support::bot::Bot;
use crate::support::program::{Ukai, free_port};
use crate::support::specimen::{Contacts, elf_arm, loader_script};
use crate::support::wait_for;
use crate::support::web::FileServer;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tempfile::TempDir;

/// What the signature of these tests knows. It is nothing's code.
const MARK: &str = "UKAI-TEST-MARK-OF-A-SPECIMEN";

const LIMIT: Duration = Duration::from_mins(2);

/// ClamAV's daemon with one signature, on a TCP port.
struct Clamd {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Clamd {
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let here = folder.path().display();
        let database = folder.path().join("database");
        std::fs::create_dir(&database).expect("a folder");
        let mut hex = String::new();
        for byte in MARK.bytes() {
            write!(hex, "{byte:02x}").expect("text");
        }
        let signature = format!("Unix.Trojan.Mirai-1:0:*:{hex}\n");
        std::fs::write(database.join("own.ndb"), signature).expect("a database");
        let port = free_port();
        let config = format!(
            "TCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\n\
             DatabaseDirectory {here}/database\nLogFile {here}/clamd.log\n"
        );
        let file = folder.path().join("clamd.conf");
        std::fs::write(&file, config).expect("a file");
        let child = Command::new("/usr/sbin/clamd")
            .arg("--config-file")
            .arg(&file)
            .stdout(Stdio::null())
            .spawn()
            .expect("clamd starts; tools/setup.sh installs it");
        wait_for("clamd", LIMIT, || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port, _folder: folder }
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A scanner that takes everything and says nothing, until it is told to call all clean.
fn hanging_scanner() -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answers = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = Arc::clone(&told);
            std::thread::spawn(move || converse(stream, &told));
        }
    });
    (port, answers)
}

fn converse(mut stream: TcpStream, answers: &AtomicBool) {
    let mut read = Vec::new();
    let mut piece = [0; 8_192];
    // As long as whoever asks has patience.
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        read.extend_from_slice(&piece[..count]);
        if !answers.load(Relaxed) {
            continue;
        }
        if read.starts_with(b"zVERSION\0") {
            let _ = stream.write_all(b"Slow 1.0/7/Fri Nov 27 2026\0");
        } else if read.ends_with(&[0; 4]) {
            let _ = stream.write_all(b"stream: OK\0");
        }
    }
}

fn verdict<'a>(page: &'a Value, engine: &str) -> Option<&'a Value> {
    let verdicts = page["opinions"]["antivirus"]["verdicts"].as_array()?;
    verdicts.iter().find(|one| one["engine"] == engine)
}

#[test]
fn a_captured_bot_gets_its_family_and_a_scanner_that_hangs_is_asked_again() {
    let clamd = Clamd::start();
    let (slow, answers) = hanging_scanner();
    let ukai = Ukai::start_with(|configuration| {
        write!(
            configuration,
            "\n[store]\njob_retry_ms = 200\njob_retry_ms_max = 1000\n\
             \n[[antivirus]]\nname = \"clamav\"\nkind = \"clamd\"\naddress = \"127.0.0.1:{}\"\n\
             \n[[antivirus]]\nname = \"slow\"\nkind = \"clamd\"\naddress = \"127.0.0.1:{slow}\"\n\
             timeout_ms = 1000\n",
            clamd.port
        )
        .expect("text");
    });
    let mut bot = elf_arm(&Contacts::unique("scanned", 71));
    bot.extend(MARK.bytes());
    let sha256 = ukai_model::Sha256::of(&bot).to_string();
    let server = FileServer::start(|base| {
        HashMap::from([
            ("/bins.sh".to_owned(), loader_script(base, &["bot.arm7"]).into_bytes()),
            ("/bot.arm7".to_owned(), bot),
        ])
    });
    infect(&mut Bot::connect(ukai.service("telnet", "camera-arm")), &server);

    let path = format!("/api/samples/{sha256}");
    let known = |page: &Value| page["opinions"]["antivirus"]["agreement"]["family"] == "mirai";
    let page = wait_for("both engines' verdicts", LIMIT, || {
        let found =
            ukai.get("/api/samples")["items"].as_array()?.iter().any(|s| s["sha256"] == *sha256);
        let page = found.then(|| ukai.get(&path))?;
        (known(&page) && verdict(&page, "slow").is_some()).then_some(page)
    });
    let clamav = verdict(&page, "clamav").expect("it was asked");
    assert_eq!(clamav["judgement"], "detected");
    assert_eq!(clamav["names"][0], "Unix.Trojan.Mirai-1.UNOFFICIAL");
    assert!(clamav["product"].as_str().expect("told").starts_with("ClamAV 1."), "{clamav}");
    let silent = verdict(&page, "slow").expect("it was asked");
    assert_eq!(silent["judgement"], "not_scanned", "never \"clean\": {silent}");
    assert!(silent["reason"].as_str().expect("told").contains("within 1 s"), "{silent}");

    // It is asked again and again, by the queue, and it alone.
    let first = clamav["time"].clone();
    let page = wait_for("the third attempt", LIMIT, || {
        let page = ukai.get(&path);
        (page["opinions"]["antivirus_job"]["attempts"].as_u64()? >= 3).then_some(page)
    });
    assert_eq!(verdict(&page, "slow").expect("kept")["judgement"], "not_scanned");
    assert_eq!(verdict(&page, "clamav").expect("kept")["time"], first);
    let engines = ukai.get("/api/status")["engines"].clone();
    let of = |name: &str| {
        let list = engines.as_array().expect("a list");
        list.iter().find(|one| one["engine"] == name).expect("configured").clone()
    };
    assert_eq!(of("clamav")["down"], Value::Null);
    assert!(of("slow")["down"].is_string() && of("slow")["clean"] == 0, "{engines}");

    answers.store(true, Relaxed);
    let page = wait_for("the slow one's verdict", LIMIT, || {
        let page = ukai.get(&path);
        page["opinions"]["antivirus_job"].is_null().then_some(page)
    });
    assert_eq!(verdict(&page, "slow").expect("kept")["judgement"], "clean");
    assert!(known(&page), "one of two still knows it");

    // The name leads to the sample, and the sample's indicator says who knows it.
    let listed = ukai.get("/api/samples?label=mirai");
    assert_eq!(listed["items"][0]["sha256"], *sha256);
    assert_eq!(listed["items"].as_array().expect("a list").len(), 1);
    wait_for("the engines' evidence", LIMIT, || {
        let page = ukai.get(&path);
        let own =
            page["indicators"].as_array()?.iter().find(|one| one["role"] == "malware")?.clone();
        let id = own["id"].as_str()?;
        let chain = ukai.get(&format!("/api/indicators/{id}"))["chain"].clone();
        let said = chain.as_array()?.iter().any(|link| {
            link["evidence"]["kind"] == "opinion"
                && link["evidence"]["detail"]
                    .as_str()
                    .is_some_and(|it| it.starts_with("mirai for 1"))
        });
        said.then_some(())
    });
    let events = ukai.get(&format!("/api/events?kind=antivirus.done&sha256={sha256}"));
    assert_eq!(
        events["items"].as_array().expect("a list").len(),
        2,
        "silence is no news: {events}"
    );
    assert_eq!(events["items"][1]["not_scanned"], 1);
    assert_eq!(
        (&events["items"][0]["family"], &events["items"][0]["clean"]),
        (&"mirai".into(), &1.into())
    );
}

/// The processes in which samples are looked at: the one that waits and its children.
fn analysing() -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
    let numbers = processes.filter_map(|one| one.file_name().to_str()?.parse().ok());
    numbers.filter(|pid: &i32| is_analysing(&Path::new("/proc").join(pid.to_string()))).collect()
}

fn is_analysing(process: &Path) -> bool {
    let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) == Some(b"jailed-analysis")
}

/// Whether a process descends from another.
fn descends(mut pid: i32, from: u32) -> bool {
    while pid > 1 {
        if pid.cast_unsigned() == from {
            return true;
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        pid = rest.split_whitespace().nth(1).and_then(|parent| parent.parse().ok()).unwrap_or(0);
    }
    false
}

#[test]
fn analyses_that_are_killed_at_any_time_are_done_again_and_counted_once() {
    const SAMPLES: usize = 40;
    let ukai = Ukai::start();
    let token = format!("Authorization: Bearer {}", ukai.token());
    let submit = |number: usize| {
        // Large enough that kills hit it in the middle.
        let mut bytes = elf_arm(&Contacts::unique(&format!("ended-{number}"), 72));
        let noise = (0..400_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
        bytes.extend(noise);
        bytes.extend(number.to_string().bytes());
        let mut curl = Command::new("curl")
            .args(["-sS", "--fail", "-o", "/dev/null", "-H", &token, "--data-binary", "@-"])
            .args(["-H", "Content-Type: application/octet-stream"])
            .arg(format!("{}/api/samples?name=x{number}", ukai.url()))
            .stdin(Stdio::piped())
            .spawn()
            .expect("curl runs");
        curl.stdin.take().expect("piped").write_all(&bytes).expect("curl reads");
        assert!(curl.wait().expect("it ends").success());
        ukai_model::Sha256::of(&bytes).to_string()
    };
    let mut killed = 0;
    for number in 0..SAMPLES {
        let sha256 = submit(number);
        std::thread::sleep(Duration::from_millis(number as u64 * 7));
        let mut processes = analysing();
        processes.retain(|pid| descends(*pid, ukai.pid()));
        // The child alone, or the process as well that makes the children.
        if number % 2 == 0 {
            processes = processes.into_iter().max().into_iter().collect();
        }
        for pid in processes {
            let pid = rustix::process::Pid::from_raw(pid).expect("positive");
            let sent = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            // It may have ended by itself a moment ago.
            killed += usize::from(sent.is_ok());
        }
        let page = wait_for("an analysis", LIMIT, || {
            let page = ukai.get(&format!("/api/samples/{sha256}"));
            (page["job"].is_null() && !page["analyses"][0].is_null()).then_some(page)
        });
        assert_eq!(page["analyses"].as_array().expect("a list").len(), 1);
        let outcome = &page["analyses"][0]["outcome"];
        assert_eq!(outcome["state"], "complete", "sample {number}: {outcome}");
        let events = ukai.get(&format!("/api/events?kind=analysis.done&sha256={sha256}"));
        assert_eq!(events["items"].as_array().expect("a list").len(), 1, "{sha256}: {events}");
    }
    assert!(killed > SAMPLES / 2, "only {killed} processes were caught");
    let status = ukai.get("/api/status");
    let queue = &status["queue"];
    assert_eq!(
        (&queue["waiting"], &queue["leased"], &queue["quarantined"]),
        (&0.into(), &0.into(), &0.into())
    );
}
