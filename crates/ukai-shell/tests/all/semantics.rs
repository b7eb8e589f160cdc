//! The same lines in real shells and in ours: standard output, standard error and status
//! must agree.
//!
//! `tests/semantics/*.txt` have a line per script, behind `ash:` (BusyBox's), `bash:` or
//! `both:`; `\N` is a newline. A comment `# deviates (ash): reason` in front of a line
//! says that ours does something else there, in that shell or in both, and why. The test
//! fails when a line deviates without such a reason, and when one with a reason agrees.
//! Both programs must be installed (Debian: `busybox`, `bash`, and for the tools `mawk`, `xxd`,
//! `bsdextrautils`, `bc`, `dc`).

use crate::driver::{Driver, busybox_host, host};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use ukai_model::PeerText;
use ukai_persona::Host;
use ukai_shell::Fs;

/// Fewest lines that the corpus must have.
const LINES_MIN: usize = 600;

/// Percent of the comparisons that must agree.
const AGREEMENT_MIN: usize = 98;

/// A line of the corpus, for one shell.
struct Case {
    place: String,
    shell: &'static str,
    script: String,
    deviates: bool,
}

/// What a script prints and how it ends.
#[derive(PartialEq, Eq)]
struct Result {
    output: Vec<u8>,
    errors: Vec<u8>,
    status: i32,
}

#[test]
fn scripts_do_what_they_do_in_real_shells() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics");
    let (lines, cases) = corpus(&folder);
    let applets = Applets::install();
    let hosts = [busybox_host(&applets.names), host("server-debian")];
    let next = AtomicUsize::new(0);
    let results = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (next, results, cases, applets, hosts) =
                (&next, &results, &cases, &applets, &hosts);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    let real = real(case, applets, worker);
                    let ours = ours(&hosts[usize::from(case.shell == "bash")], &case.script);
                    results.lock().expect("no panic").push((index, real, ours));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no panic");
    results.sort_by_key(|(index, ..)| *index);
    let mut wrong = Vec::new();
    let mut agreeing = 0;
    for (index, real, ours) in &results {
        let case = &cases[*index];
        agreeing += usize::from(real == ours);
        if real != ours {
            let script = case.script.replace('\n', "\\N");
            println!("{} {}: {script}", case.place, case.shell);
            println!("  real: {}\n  ours: {}", show(real), show(ours));
        }
        if (real != ours) != case.deviates {
            wrong.push(format!(
                "{} {}: {}\n  real: {}\n  ours: {}",
                case.place,
                case.shell,
                case.script.replace('\n', "\\N"),
                show(real),
                if case.deviates { "the same, against the comment".into() } else { show(ours) }
            ));
        }
    }
    println!("{lines} lines, {} comparisons, {agreeing} agree", cases.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(lines >= LINES_MIN, "only {lines} lines");
    assert!(agreeing * 100 >= cases.len() * AGREEMENT_MIN, "{agreeing} of {}", cases.len());
}

/// Reads the corpus: the number of its lines, and what is to be compared.
fn corpus(folder: &Path) -> (usize, Vec<Case>) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut lines = 0;
    let mut cases = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of the corpus");
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let mut deviates = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if let Some(rest) = line.strip_prefix("# deviates (") {
                let (shells, reason) = rest.split_once("): ").expect("(shell): reason");
                assert!(!reason.trim().is_empty(), "{name}:{}: why?", index + 1);
                deviates.push(shells.to_owned());
            }
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let (kind, script) = line.split_once(": ").expect("kind: script");
            lines += 1;
            for shell in ["ash", "bash"] {
                if kind == "both" || kind == shell {
                    cases.push(Case {
                        place: format!("{name}:{}", index + 1),
                        shell,
                        script: script.replace("\\N", "\n"),
                        deviates: deviates.iter().any(|d| d == "both" || d == shell),
                    });
                }
            }
            deviates.clear();
        }
    }
    (lines, cases)
}

fn show(result: &Result) -> String {
    let text = |bytes: &[u8]| format!("{:?}", PeerText::from(bytes));
    format!("{} | {} | {}", text(&result.output), text(&result.errors), result.status)
}

/// BusyBox's applets, installed in a folder of the test's own, and beside them the `awk`
/// that Debian has, whichever this machine prefers.
struct Applets {
    root: PathBuf,
    names: Vec<String>,
}

impl Applets {
    fn install() -> Self {
        let root = std::env::temp_dir().join(format!("ukai-semantics-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("bin")).expect("a folder can be made");
        let done = Command::new("busybox").args(["--install", "-s"]).arg(root.join("bin")).status();
        assert!(done.expect("busybox must be installed").success());
        let which = Command::new("sh").args(["-c", "command -v busybox"]).output();
        let which = String::from_utf8(which.expect("a shell").stdout).expect("a path");
        std::os::unix::fs::symlink(which.trim(), root.join("bin/busybox")).expect("a link");
        std::fs::create_dir(root.join("debian")).expect("a folder can be made");
        assert!(Path::new("/usr/bin/mawk").exists(), "mawk must be installed");
        std::os::unix::fs::symlink("/usr/bin/mawk", root.join("debian/awk")).expect("a link");
        let list = Command::new("busybox").arg("--list").output().expect("busybox runs");
        let names = String::from_utf8_lossy(&list.stdout).lines().map(str::to_owned).collect();
        Self { root, names }
    }
}

impl Drop for Applets {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn real(case: &Case, applets: &Applets, worker: usize) -> Result {
    let folder = applets.root.join(format!("work{worker}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).expect("a folder can be made");
    let (program, path): (&[&str], _) = if case.shell == "ash" {
        (&["/usr/bin/env", "sh"], applets.root.join("bin"))
    } else {
        (&["bash"], format!("{}:/usr/bin:/bin", applets.root.join("debian").display()).into())
    };
    let output = Command::new("/usr/bin/timeout")
        .arg("10")
        .args(program)
        .args(["-c", &case.script, "name", "one", "two words", "three"])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", "/home/x")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} must be installed: {error}", program[0]));
    let status = output.status.code().unwrap_or(-1);
    Result { output: output.stdout, errors: output.stderr, status }
}

fn ours(host: &Arc<Host>, script: &str) -> Result {
    let mut driver = Driver::new(host, &Fs::new(host), "root", false);
    driver.merged = false;
    driver.run(b"export HOME=/home/x; mkdir /tmp/empty; cd /tmp/empty\n");
    driver.output.clear();
    driver.errors.clear();
    let quoted = script.replace('\'', "'\\''");
    let shell = if host.persona.name == "server-debian" { "bash" } else { "sh" };
    driver.run(format!("{shell} -c '{quoted}' name one 'two words' three\n").as_bytes());
    let (output, errors, status) = driver.ended();
    Result { output, errors, status }
}
