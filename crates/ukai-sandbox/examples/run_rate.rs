//! Measures whole runs: `run_rate KERNEL INITIAL ROOT SAMPLE SECONDS PARALLEL [ARGUMENT ...]`.
//! How long it takes until the sample runs, one run after another; then as many at once for so
//! long, what they take of processors and memory, and how many fit into an hour of a core.
//! What the sample prints is shown.

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};
use ukai_driver::{Ca, SystemWorld, World as _};
use ukai_model::Timestamp;
use ukai_sandbox::machine::{Confiner, Host, LinuxGuest, LinuxParts, confined};
use ukai_sandbox::run::{Authority, Conditions, Seen, Setup, plan, run};
use ukai_servers::replies::ReplySet;
use ukai_static::{Limits, analyze};
use ukai_trace::What;

const CHILD: &str = "confined";
const STARTS: usize = 10;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|word| word == CHILD) {
        return confined();
    }
    let words: Vec<String> =
        arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let [kernel, initial, root, sample, seconds, parallel, further @ ..] = &words[..] else {
        eprintln!("usage: run_rate KERNEL INITIAL ROOT SAMPLE SECONDS PARALLEL [ARGUMENT ...]");
        return ExitCode::from(2);
    };
    let parts = LinuxParts {
        kernel: kernel.into(),
        initial: initial.into(),
        root: Some(root.into()),
        command_line: String::new(),
        memory_mib: 256,
    };
    let (seconds, parallel) = (seconds.parse().unwrap_or(60), parallel.parse().unwrap_or(1));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(measure(parts, sample, seconds, parallel, further)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(
    parts: LinuxParts,
    sample: &str,
    seconds: u64,
    parallel: usize,
    further: &[String],
) -> Result<(), Box<dyn std::error::Error>> {
    let host = Host {
        qemu: "/usr/bin/qemu-system-x86_64".into(),
        confiner: Confiner::this_program([OsStr::new(CHILD)]),
        cache: std::env::temp_dir().join("ukai-run-rate"),
        accelerator: None,
    };
    let bytes = std::fs::read(sample)?;
    let now = Timestamp::from(SystemTime::now());
    let analysis = analyze(&bytes, now, &Limits::default(), &mut |_| {});
    let further: Vec<Vec<u8>> = further.iter().map(|word| word.clone().into_bytes()).collect();
    let plan = plan(&analysis, b"sample", None, &further)?;
    let guest = LinuxGuest::open(host, parts, &mut |said| eprintln!("{said}")).await?;
    println!("{}, {} MiB", guest.accelerator().name(), 256);

    let mut started = Vec::new();
    for _ in 0..STARTS {
        let seen = run(&guest, &bytes, &plan, &setup(Duration::from_secs(1))?).await?;
        started.push(seen.until_running.ok_or("the sample did not start")?);
    }
    started.sort_unstable();
    let (middle, last) = (started[STARTS / 2], started[STARTS - 1]);
    println!("the sample runs after {middle:?} (median of {STARTS}), {last:?} (longest)");

    let (began, before) = (Instant::now(), cpu_s());
    let watched = tokio::spawn(most_memory(Duration::from_secs(seconds)));
    let setup = setup(Duration::from_secs(seconds))?;
    let one = async |_| run(&guest, &bytes, &plan, &setup).await;
    let all = (0..parallel).map(one).collect::<Vec<_>>();
    let all = join(all).await;
    let (took, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - before);
    for seen in all {
        show(&seen?);
    }
    let each = cpu / parallel as f64;
    println!("{parallel} at once took {took:.1} s, and {each:.2} s of a core each");
    println!("an hour of a core is enough for {:.0} runs", 3_600.0 / each);
    let memory = watched.await?;
    println!("memory: {} MiB, {} MiB each", memory >> 10, (memory >> 10) / parallel as u64);
    Ok(())
}

/// All of them, at once.
async fn join<F: Future>(all: Vec<F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut whole = true;
        for (one, done) in &mut all {
            if done.is_none() {
                match one.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => whole = false,
                }
            }
        }
        if whole { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    all.into_iter().filter_map(|(_, done)| done).collect()
}

fn setup(time: Duration) -> Result<Setup, Box<dyn std::error::Error>> {
    let ca = Ca::make("Measured", SystemTime::now().into(), SystemWorld.random())?;
    Ok(Setup {
        time,
        conditions: Conditions::named("open").ok_or("no such conditions")?,
        environment: Vec::new(),
        clock_shift_s: 0,
        skip_sleep: false,
        memory: false,
        record: None,
        authority: Authority { certificate: ca.certificate_pem().to_owned(), key: ca.key_pem() },
        replies: ReplySet::shipped(),
    })
}

fn show(seen: &Seen) {
    for notice in &seen.notices {
        if let What::Output { bytes, .. } = &notice.what {
            print!("{}", String::from_utf8_lossy(bytes));
        }
    }
}

/// Processor time of ours and of all children that have ended, in seconds.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after.split_whitespace().skip(11).take(4);
    ticks.filter_map(|word| word.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that machines have taken, in KiB; what they share is divided.
async fn most_memory(time: Duration) -> u64 {
    let began = Instant::now();
    let mut most = 0;
    while began.elapsed() < time {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let own = std::process::id();
        most = most.max(children(own).into_iter().flat_map(children).map(memory_kib).sum());
    }
    most
}

fn children(of: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten();
    let lists = tasks.map(|task| std::fs::read_to_string(task.path().join("children")));
    let lists: String = lists.filter_map(Result::ok).collect();
    lists.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn memory_kib(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
