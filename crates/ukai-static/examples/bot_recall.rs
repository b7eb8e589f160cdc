//! Recall and precision of hosts, ports, URLs and log-ins over made-up bots under random
//! keys, for every processor.
//!
//! `cargo run --release -p ukai-static --example bot_recall [KEYS]`; 1,000 keys by default.

#[path = "../tests/bots/generator.rs"]
mod generator;
#[path = "../tests/bots/measure.rs"]
mod measure;

use generator::MACHINES;
use measure::Scores;

fn main() {
    let keys = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(1000u64);
    // Seeds of their own, which no test uses.
    let seeds = 1_000_000..1_000_000 + keys;
    println!(
        "{:10} {:>18} {:>18} {:>18} {:>18}",
        "recall/prec.", "hosts", "endpoints", "urls", "logins"
    );
    let mut all = Scores::default();
    for machine in MACHINES {
        let mut scores = Scores::default();
        for seed in seeds.clone().step_by(MACHINES.len()) {
            for truth in [generator::mirai(machine, seed), generator::gafgyt(machine, seed)] {
                scores.add(&truth);
                all.add(&truth);
            }
        }
        line(&format!("{machine:?}"), &scores);
    }
    line("all", &all);
}

fn line(name: &str, scores: &Scores) {
    let shown = [scores.hosts, scores.endpoints, scores.urls, scores.logins]
        .map(|it| format!("{:.4} / {:.4}", it.recall(), it.precision()));
    println!("{name:10} {:>18} {:>18} {:>18} {:>18}", shown[0], shown[1], shown[2], shown[3]);
}
