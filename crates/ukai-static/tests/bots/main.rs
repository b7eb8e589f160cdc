//! Configurations of bots, read out of made-up ones.

mod generator;
mod measure;

use generator::{MACHINES, Machine};
use measure::Scores;
use ukai_model::Timestamp;
use ukai_static::{Limits, analyze};

#[test]
fn mirai_tables_of_every_processor() {
    for machine in MACHINES {
        let mut scores = Scores::default();
        for seed in 1..=20 {
            scores.add(&generator::mirai(machine, seed));
        }
        for (what, score) in [
            ("hosts", scores.hosts),
            ("endpoints", scores.endpoints),
            ("urls", scores.urls),
            ("logins", scores.logins),
            ("weights", scores.weights),
            ("families", scores.families),
            ("keys", scores.keys),
        ] {
            assert!(score.recall() >= 0.95, "{machine:?} {what}: {score:?}");
            assert!(score.precision() >= 0.95, "{machine:?} {what}: {score:?}");
        }
    }
}

#[test]
fn gafgyt_lists_of_every_processor() {
    let mut scores = Scores::default();
    for (seed, machine) in (1..).zip(MACHINES) {
        scores.add(&generator::gafgyt(machine, seed));
    }
    assert!(scores.endpoints.recall() >= 0.95, "{:?}", scores.endpoints);
    assert!(scores.urls.recall() >= 0.95, "{:?}", scores.urls);
    assert!(scores.families.recall() >= 0.95, "{:?}", scores.families);
}

#[test]
fn the_parts_of_a_configuration() {
    let truth = generator::mirai(Machine::Arm, 5);
    let limits = Limits::default();
    let analysis = analyze(&truth.bytes, Timestamp::default(), &limits, &mut |_| ());
    let [configuration] = &analysis.configurations[..] else { panic!("one: {analysis:#?}") };
    assert_eq!(configuration.table_key, Some(format!("{:02x}", truth.table_key)));
    assert_eq!(configuration.login_key, Some(format!("{:02x}", truth.login_key)));
    let place = |(host, port): &(String, u16)| format!("{host}:{port}");
    assert_eq!(configuration.servers, [place(&truth.hosts[0]).as_str().into()]);
    assert_eq!(configuration.reports, [place(&truth.hosts[1]).as_str().into()]);
    assert!(configuration.table.iter().any(|text| text.as_bytes() == b"MIRAI: applet not found"));
    assert!(configuration.confidence >= 80);
}

#[test]
fn programs_of_the_system_have_no_configuration() {
    for program in
        ["/bin/bash", "/bin/ls", "/usr/bin/openssl", "/usr/bin/busybox", "/usr/sbin/sshd"]
    {
        let Ok(bytes) = std::fs::read(program) else { continue };
        let limits = Limits { xor_bytes: 0, depth: 0, ..Limits::default() };
        let analysis = analyze(&bytes, Timestamp::default(), &limits, &mut |_| ());
        assert!(analysis.configurations.is_empty(), "{program}: {:#?}", analysis.configurations);
    }
}
