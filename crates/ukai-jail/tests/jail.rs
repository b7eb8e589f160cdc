//! A child that behaves, and children that do not.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use ukai_jail::{Answers, Jail, JailLimits, JailOutcome};

const LIMITS: JailLimits = JailLimits {
    wall_ms: 10_000,
    cpu_s: 8,
    memory_bytes: 128 * 1024 * 1024,
    output_bytes: 64 * 1024,
};

/// The example program, which cargo builds beside the tests.
fn example() -> PathBuf {
    let mut path = std::env::current_exe().expect("the test has a path");
    path.pop();
    path.pop();
    path.push("examples/jailed");
    assert!(path.exists(), "build it: cargo build -p ukai-jail --example jailed");
    path
}

fn jail(how: &str, limits: JailLimits) -> Jail {
    Jail { program: example(), arguments: vec![how.into()], limits, warm: false }
}

fn warm(how: &str, limits: JailLimits) -> Jail {
    Jail { warm: true, ..jail(how, limits) }
}

/// The same comes of a process of its own and of a fork of a warm one.
async fn run_within(how: &str, limits: JailLimits) -> JailOutcome {
    let outcome = jail(how, limits).run(b"sample").await;
    assert_eq!(warm(how, limits).run(b"sample").await, outcome, "{how}");
    outcome
}

async fn run(how: &str) -> JailOutcome {
    run_within(how, LIMITS).await
}

fn partial(outcome: JailOutcome) -> (String, String) {
    match outcome {
        JailOutcome::Partial { output, reason } => {
            (String::from_utf8(output).expect("the example writes text"), reason)
        }
        other => panic!("not partial: {other:?}"),
    }
}

const FIRST_LINE: &str = "{\"read\":6}\n";

#[tokio::test]
async fn a_child_that_behaves_is_heard_to_the_end() {
    let output = b"{\"read\":6}\n{\"end\":true}\n".to_vec();
    assert_eq!(run("normal").await, JailOutcome::Done(output));
}

#[tokio::test]
async fn a_large_input_arrives_whole() {
    let input = vec![7; 20 << 20];
    for jail in [jail("normal", LIMITS), warm("normal", LIMITS)] {
        let outcome = jail.run(&input).await;
        assert_eq!(outcome, JailOutcome::Done(b"{\"read\":20971520}\n{\"end\":true}\n".to_vec()));
    }
}

#[tokio::test]
async fn a_hang_is_cut_by_the_clock() {
    let started = Instant::now();
    let limits = JailLimits { wall_ms: 1000, ..LIMITS };
    let outcome = run_within("hang", limits).await;
    assert_eq!(partial(outcome), (FIRST_LINE.to_owned(), "time limit of 1 s".to_owned()));
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_hang_is_cut_by_processor_time() {
    let outcome = run_within("hang", JailLimits { cpu_s: 1, ..LIMITS }).await;
    assert_eq!(partial(outcome).1, "processor time limit of 1 s");
}

#[tokio::test]
async fn a_memory_bomb_meets_its_limit() {
    assert_eq!(partial(run("memory").await).1, "memory limit of 128 MiB");
}

#[tokio::test]
async fn a_flood_is_cut_at_a_line() {
    let (output, reason) = partial(run("flood").await);
    assert_eq!(reason, "output limit of 64 KiB");
    assert!(output.len() <= 65_536 && output.ends_with("}\n"));
}

#[tokio::test]
async fn noise_on_standard_error_blocks_nothing() {
    assert!(matches!(run("chatter").await, JailOutcome::Done(_)));
}

#[tokio::test]
async fn forbidden_system_calls_kill() {
    for how in ["open", "socket", "exec", "thread"] {
        let (output, reason) = partial(run(how).await);
        assert_eq!(reason, "killed by SIGSYS: forbidden system call", "{how}");
        assert_eq!(output, FIRST_LINE, "{how}");
    }
}

#[tokio::test]
async fn crashes_are_told_with_harmless_last_words() {
    // The words hold the number of the process.
    for jail in [jail("panic", LIMITS), warm("panic", LIMITS)] {
        let (_, reason) = partial(jail.run(b"sample").await);
        assert!(reason.starts_with("exit code 101: "), "{reason}");
        assert!(reason.contains(r"bad \x1b[31mbytes"), "{reason}");
    }
    assert_eq!(partial(run("abort").await).1, "killed by SIGABRT");
    assert_eq!(partial(run("recurse").await).1, "stack overflow");
}

#[tokio::test]
async fn half_a_line_is_dropped() {
    let outcome = run("half").await;
    assert_eq!(partial(outcome), (FIRST_LINE.to_owned(), "exit code 3".to_owned()));
}

#[tokio::test]
async fn the_environment_stays_outside() {
    for jail in [jail("environment", LIMITS), warm("environment", LIMITS)] {
        let JailOutcome::Done(output) = jail.run(b"").await else { panic!("not done") };
        let output = String::from_utf8(output).expect("text");
        let variables: Vec<&str> = output.lines().filter(|line| line.contains('=')).collect();
        assert!(variables.iter().all(|line| line.starts_with("UKAI_JAIL=")), "{variables:?}");
    }
}

#[tokio::test]
async fn a_missing_program_is_a_failure_with_its_name() {
    let jail =
        Jail { program: "/nowhere/x".into(), arguments: Vec::new(), limits: LIMITS, warm: false };
    for jail in [Jail { warm: true, ..jail.clone() }, jail] {
        let JailOutcome::Failed { reason } = jail.run(b"").await else { panic!("not failed") };
        assert!(reason.starts_with("cannot start /nowhere/x: "), "{reason}");
    }
}

#[tokio::test]
async fn dropping_the_run_kills_the_child() {
    let mark = format!("hang-{}", std::process::id());
    let jail = Jail { arguments: vec!["hang".into(), mark.clone().into()], ..jail("hang", LIMITS) };
    let run = jail.run(b"sample");
    assert!(tokio::time::timeout(Duration::from_millis(500), run).await.is_err());
    let deadline = Instant::now() + Duration::from_secs(30);
    while running(&mark) {
        assert!(Instant::now() < deadline, "the child outlived its run");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether a live process (a zombie has no command line) has `mark` as an argument.
fn running(mark: &str) -> bool {
    !processes(mark).is_empty()
}

/// The live processes that have `mark` as an argument.
fn processes(mark: &str) -> Vec<i32> {
    let has_mark = |entry: &std::fs::DirEntry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes()))
    };
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten().filter(has_mark);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Waits until so many processes have `mark`.
async fn until(mark: &str, count: usize) -> Vec<i32> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let found = processes(mark);
        if found.len() == count {
            return found;
        }
        assert!(Instant::now() < deadline, "{found:?} instead of {count}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn dropping_a_run_of_a_warm_process_kills_its_child_alone() {
    let mark = format!("warm-hang-{}", std::process::id());
    let jail = Jail { arguments: vec!["hang".into(), mark.clone().into()], ..warm("hang", LIMITS) };
    let [first, second] =
        [jail.clone(), jail].map(|jail| tokio::spawn(async move { jail.run(b"sample").await }));
    until(&mark, 3).await;
    first.abort();
    until(&mark, 2).await;
    second.abort();
    until(&mark, 1).await;
}

#[tokio::test]
async fn a_warm_process_that_is_killed_takes_its_children_along_and_is_followed_by_another() {
    let mark = format!("warm-killed-{}", std::process::id());
    let arguments = vec!["hang".into(), mark.clone().into()];
    let jail = Jail { arguments, ..warm("hang", JailLimits { wall_ms: 60_000, ..LIMITS }) };
    let run = tokio::spawn({
        let jail = jail.clone();
        async move { jail.run(b"sample").await }
    });
    let found = until(&mark, 2).await;
    // The first one is the warm process: it is the only one that was there before the child.
    let warm = *found.iter().min().expect("two");
    let killed = std::process::Command::new("kill").args(["-9", &warm.to_string()]).status();
    assert!(killed.expect("kill runs").success());
    // It may have come to its first line.
    let reason = match run.await.expect("no panic") {
        JailOutcome::Interrupted { reason, .. } => reason,
        other => panic!("it hangs until somebody ends it, and is {other:?}"),
    };
    assert!(reason.starts_with("lost the child"), "{reason}");
    until(&mark, 0).await;
    let again = tokio::spawn(async move { jail.run(b"sample").await });
    until(&mark, 2).await;
    again.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_of_a_warm_process_are_new_each_time() {
    keep_apart(warm("normal", LIMITS), 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_children_at_once_keep_apart() {
    keep_apart(jail("normal", LIMITS), 40).await;
}

/// Runs `count` children at once; each reads its own sample and nothing else.
async fn keep_apart(jail: Jail, count: usize) {
    let jail = std::sync::Arc::new(jail);
    let runs: Vec<_> = (0..count)
        .map(|length| {
            let jail = jail.clone();
            tokio::spawn(async move { (length, jail.run(&vec![0; length * 1000]).await) })
        })
        .collect();
    for run in runs {
        let (length, outcome) = run.await.expect("no panic");
        let expected = format!("{{\"read\":{}}}\n{{\"end\":true}}\n", length * 1000);
        assert_eq!(outcome, JailOutcome::Done(expected.into_bytes()));
    }
}

/// Answers one question, and keeps what it is told.
#[derive(Default)]
struct Ten(Vec<Vec<u8>>);

impl Answers for Ten {
    async fn answer(&mut self, question: &[u8]) -> std::io::Result<Vec<u8>> {
        let known = question == b"ten";
        if known { Ok((0..10).collect()) } else { Err(std::io::ErrorKind::NotFound.into()) }
    }

    fn told(&mut self, record: &[u8]) {
        self.0.push(record.to_vec());
    }
}

#[tokio::test]
async fn a_child_that_asks_is_answered_and_what_it_told_before_a_bad_end_is_kept() {
    for (how, end) in [
        ("normal", Ok(())),
        ("refused", Err("exit code 1")),
        ("flood", Err("output limit of 64 KiB")),
        ("long", Err("the child talks nonsense")),
        ("hang", Err("time limit of 1 s")),
        ("panic", Err("exit code 101")),
    ] {
        let limits = JailLimits { wall_ms: if how == "hang" { 1_000 } else { 30_000 }, ..LIMITS };
        let jail = jail(&format!("talk {how}"), limits);
        let mut ten = Ten::default();
        let ended = jail.talk(&mut ten).await;
        match (&ended, end) {
            (Ok(()), Ok(())) => {}
            (Err(reason), Err(start)) => assert!(reason.starts_with(start), "{how}: {reason}"),
            other => panic!("{how}: {other:?}"),
        }
        assert_eq!(ten.0[0], (0..10).collect::<Vec<u8>>(), "{how}");
        assert_eq!(ten.0.len() > 1, how == "flood", "{how}");
    }
}

#[test]
fn a_program_started_by_hand_refuses() {
    let output = std::process::Command::new(example()).arg("normal").output().expect("starts");
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not started by a jail"));
}
