//! Programs of Debian 12 beside ours: the same lines in a real bash and in ours must
//! print the same, on standard output and standard error, and end with the same status.
//!
//! `tests/programs/*.txt` have a script per line; `\N` is a newline. A comment
//! `# deviates: reason` in front of a line says that ours does something else there, and
//! why. The test fails when a line deviates without such a reason, and when one with a
//! reason agrees. The real programs must be installed as Debian 12 has them
//! (`tools/setup.sh`). A file is compared by itself with `PROGRAMS=name`.

use crate::driver::{Driver, host};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use ukai_model::PeerText;
use ukai_persona::Host;
use ukai_shell::Fs;

/// Fewest lines that the corpus must have.
const LINES_MIN: usize = 130;

struct Case {
    place: String,
    script: String,
    deviates: bool,
}

/// What a script prints and how it ends.
#[derive(PartialEq, Eq)]
struct Ended {
    output: Vec<u8>,
    errors: Vec<u8>,
    status: i32,
}

#[test]
fn programs_do_what_they_do_on_debian() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let only = std::env::var("PROGRAMS").ok();
    let cases = corpus(&folder, only.as_deref());
    let host = host("server-debian");
    forget_tmux();
    let next = AtomicUsize::new(0);
    let results = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (next, results, cases, host) = (&next, &results, &cases, &host);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    let pair = (real(&case.script, worker), ours(host, &case.script));
                    results.lock().expect("no panic").push((index, pair));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no panic");
    results.sort_by_key(|(index, _)| *index);
    let mut wrong = Vec::new();
    for (index, (real, ours)) in &results {
        let case = &cases[*index];
        if (real != ours) != case.deviates {
            wrong.push(format!(
                "{}: {}\n  real: {}\n  ours: {}",
                case.place,
                case.script.replace('\n', "\\N"),
                show(real),
                if case.deviates { "the same, against the comment".into() } else { show(ours) }
            ));
        }
    }
    println!("{} lines, {} wrong", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(only.is_some() || cases.len() >= LINES_MIN, "only {} lines", cases.len());
}

/// What a tmux that has ended leaves behind changes what `tmux ls` says: a fresh machine has
/// none of it. One that runs is left alone.
fn forget_tmux() {
    let output = Command::new("id").arg("-u").output().expect("id runs");
    let user = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let socket = PathBuf::from(format!("/tmp/tmux-{user}/default"));
    if socket.exists() && std::os::unix::net::UnixStream::connect(&socket).is_err() {
        std::fs::remove_file(&socket).expect("it is ours");
    }
}

fn corpus(folder: &Path, only: Option<&str>) -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| only.is_none_or(|only| path.file_stem().is_some_and(|stem| stem == only)))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of the corpus");
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let mut deviates = false;
        for (index, line) in text.lines().enumerate() {
            if let Some(reason) = line.strip_prefix("# deviates: ") {
                assert!(!reason.trim().is_empty(), "{name}:{}: why?", index + 1);
                deviates = true;
            } else if !line.starts_with('#') && !line.is_empty() {
                let place = format!("{name}:{}", index + 1);
                cases.push(Case { place, script: line.replace("\\N", "\n"), deviates });
                deviates = false;
            }
        }
    }
    cases
}

fn show(ended: &Ended) -> String {
    let text = |bytes: &[u8]| format!("{:?}", PeerText::from(bytes));
    format!("{} | {} | {}", text(&ended.output), text(&ended.errors), ended.status)
}

/// The folder in which both run, so that paths in messages are the same.
fn work(worker: usize) -> String {
    format!("/tmp/ukai-programs{worker}")
}

fn real(script: &str, worker: usize) -> Ended {
    let folder = work(worker);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).expect("a folder can be made");
    let output = Command::new("/usr/bin/timeout")
        .args(["20", "bash", "-c", script])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .env("HOME", "/root")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let _ = std::fs::remove_dir_all(&folder);
    let status = output.status.code().unwrap_or(-1);
    // The worker's folder is the same for all.
    let same =
        |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&folder, &work(0)).into_bytes();
    Ended { output: same(output.stdout), errors: same(output.stderr), status }
}

fn ours(host: &Arc<Host>, script: &str) -> Ended {
    let mut driver = Driver::new(host, &Fs::new(host), "root", false);
    driver.merged = false;
    let folder = work(0);
    driver
        .run(format!("umask 022; mkdir {folder}; cd {folder}; export LC_ALL=C.UTF-8\n").as_bytes());
    driver.output.clear();
    driver.errors.clear();
    let quoted = script.replace('\'', "'\\''");
    driver.run(format!("bash -c '{quoted}' < /dev/null\n").as_bytes());
    let (output, errors, status) = driver.ended();
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned().into_bytes();
    Ended { output: lossy(output), errors: lossy(errors), status }
}
