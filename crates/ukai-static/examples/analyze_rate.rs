//! How long an analysis takes: milliseconds per 100 kB, beside SHA-256 and a copy.
//!
//! `cargo run --release -p ukai-static --example analyze_rate [FILE ...]`; without files, a
//! made-up program of 100 kB. With files, also what was found in each.

use std::hint::black_box;
use std::time::{Duration, Instant};
use ukai_model::{Sha256, Timestamp};
use ukai_static::{Limits, analyze};

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        let own = std::fs::read("/proc/self/exe").expect("Linux");
        report("100 kB of this program", &own[..own.len().min(100_000)]);
    }
    for file in files {
        match std::fs::read(&file) {
            Ok(bytes) => report(&file, &bytes),
            Err(error) => eprintln!("{file}: {error}"),
        }
    }
}

fn report(name: &str, bytes: &[u8]) {
    let limits = Limits::default();
    let mut stages = Vec::new();
    let started = Instant::now();
    let analysis = analyze(bytes, Timestamp::default(), &limits, &mut |stage| {
        stages.push(format!("{} {:.2}", stage.name, started.elapsed().as_secs_f64() * 1e3));
    });
    let whole =
        time(|| drop(black_box(analyze(bytes, Timestamp::default(), &limits, &mut |_| ()))));
    let sha256 = time(|| {
        black_box(Sha256::of(bytes));
    });
    let copy = time(|| drop(black_box(bytes.to_vec())));
    let per_100_kb = |time: Duration| time.as_secs_f64() * 1e3 * 1e5 / bytes.len().max(1) as f64;
    println!(
        "{name}: {} bytes, {:.3} ms per 100 kB = {:.0} x SHA-256 ({:.3}) = {:.0} x copy ({:.4})",
        bytes.len(),
        per_100_kb(whole),
        whole.as_secs_f64() / sha256.as_secs_f64().max(1e-9),
        per_100_kb(sha256),
        whole.as_secs_f64() / copy.as_secs_f64().max(1e-9),
        per_100_kb(copy),
    );
    println!("  ms at each stage's end: {}", stages.join(", "));
    for found in analysis.observables.iter().take(200) {
        let (kind, value) = (found.observable.kind, &found.observable.value);
        println!("  {kind} {value} at {:#x} {:?} {}", found.offset, found.encoding, found.method);
    }
    for note in &analysis.notes {
        println!("  note: {note}");
    }
}

/// The best of several runs, at most about a second in all.
fn time(mut work: impl FnMut()) -> Duration {
    let begun = Instant::now();
    let mut best = Duration::MAX;
    for _ in 0..200 {
        let started = Instant::now();
        work();
        best = best.min(started.elapsed());
        if begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    best
}
