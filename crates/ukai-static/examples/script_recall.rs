//! Recall and precision of URLs, hosts and ports over made-up droppers in the languages that
//! droppers are written in.
//!
//! `cargo run --release -p ukai-static --example script_recall [DROPPERS [LANGUAGE]]`; 2,000 of each
//! language by default. With a language, what was not found right is printed with its dropper, but
//! for the ways that are held out, and the last three, which nobody tuned on.

#[path = "../tests/scripts/generator/mod.rs"]
mod generator;
#[path = "../tests/scripts/measure.rs"]
mod measure;

use generator::LANGUAGES;
use measure::Scores;

/// How a dropper is made of a seed.
type Make = fn(generator::Language, u64) -> generator::Truth;

fn main() {
    let count = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(2000u64);
    let shown = std::env::args().nth(2);
    // Seeds of their own, which no test uses.
    let seeds = 1_000_000..1_000_000 + count;
    let ways: [(&str, Make); 8] = [
        ("tuned on", generator::dropper),
        ("held out", generator::held_out),
        ("fresh", generator::fresh),
        ("shut", generator::shut),
        ("sealed", generator::sealed),
        ("drift", generator::drift),
        ("vault", generator::vault),
        ("kiln", generator::kiln),
    ];
    println!("{:12} {:>18} {:>18} {:>18}", "recall/prec.", "urls", "hosts", "ports");
    for (way, make) in ways {
        println!("{way}");
        let mut all = Scores::default();
        for language in LANGUAGES {
            let name = format!("{language:?}");
            if shown.as_ref().is_some_and(|shown| *shown != name) {
                continue;
            }
            let mut scores = Scores::default();
            for seed in seeds.clone() {
                let truth = make(language, seed);
                let different = scores.add(&truth);
                if !different.is_empty()
                    && shown.is_some()
                    && !["held out", "drift", "vault", "kiln"].contains(&way)
                {
                    println!("--- {seed}: {}\n{}", different.join(" "), truth.text);
                }
            }
            line(&name, &scores);
            all.merge(&scores);
        }
        line("all", &all);
    }
}

fn line(name: &str, scores: &Scores) {
    let shown = scores.each().map(|(_, it)| format!("{:.4} / {:.4}", it.recall(), it.precision()));
    println!("{name:12} {:>18} {:>18} {:>18}", shown[0], shown[1], shown[2]);
}
