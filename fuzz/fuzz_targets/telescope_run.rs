//! Any packets at any times through a whole telescope of small tables: nothing panics, sums
//! stay right, and what it tells can be written down.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use ukai_model::Timestamp;
use ukai_telescope::{Origins, Settings, Telescope};

fuzz_target!(|data: &[u8]| {
    let mut settings = Settings {
        dark: ["198.18.0.0/16", "2001:db8::/32"].iter().map(|net| net.parse().unwrap()).collect(),
        own: std::iter::once("203.0.113.0/24".parse().unwrap()).collect(),
        sources_max: 16,
        victims_max: 32,
        flows_max: 8,
        scan_packets_min: 2,
        scan_targets_min: 2,
        interval: Duration::from_mins(1),
        forget_after: Some(Duration::from_mins(2)),
        ..Settings::default()
    };
    settings.reading.checksums = false;
    settings.answered = data.first().is_some_and(|byte| byte & 1 != 0);
    let mut telescope = Telescope::new(settings, Origins::default(), 7);
    let mut time = Timestamp::from_secs(1_767_225_600);
    let (mut rest, mut written, mut records) = (data.get(1..).unwrap_or_default(), 0, 0);
    let mut take = |telescope: &mut Telescope| {
        written += telescope.facts().map(|fact| serde_json::to_string(&fact).unwrap().len()).sum::<usize>();
        records += telescope.minutes().map(|minute| minute.flows().map(|flow| flow.packets).sum::<u64>()).sum::<u64>();
    };
    while let [ahead, back, length, more @ ..] = rest {
        time = time + Duration::from_millis(u64::from(*ahead).pow(3)) - Duration::from_millis(u64::from(*back));
        let (packet, after) = more.split_at(more.len().min(usize::from(*length)));
        telescope.packet(time, packet, length & 1 != 0);
        take(&mut telescope);
        rest = after;
    }
    telescope.finish();
    take(&mut telescope);
    let summary = telescope.summary(10);
    assert_eq!(summary.facts_lost, 0);
    assert_eq!(records, summary.totals.packets);
    let _ = serde_json::to_string(&summary).unwrap();
});
