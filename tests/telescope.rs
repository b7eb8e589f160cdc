//! `ukai telescope read`, as a person and as a program use it.

use crate::support::program::binary;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use ukai_link::capture::{CaptureReader, Direction, LinkType, PcapngWriter, Record};
use ukai_model::Timestamp;

fn read(arguments: &[&str]) -> Output {
    Command::new(binary()).args(["telescope", "read"]).args(arguments).output().expect("ukai runs")
}

/// A capture of raw IP: a sequential Mirai of 40 probes, and 200 seconds of a victim's
/// answers to forged SYNs, one each second to another dark address.
fn capture() -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let mut record = |second: u32, packet: &[u8]| {
        let length = packet.len() as u32;
        for word in [1_767_225_600 + second, 0, length, length] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(packet);
    };
    for second in 0..200_u32 {
        let dark = 0xc612_0000 + second;
        record(second, &segment([192, 0, 2, 80], dark, (80, 40_000), 7, 0x12, 50));
        if second < 40 {
            record(second, &segment([203, 0, 113, 5], dark, (40_000, 23), dark, 0x02, 50));
        }
    }
    bytes
}

fn segment(
    src: [u8; 4],
    dst: u32,
    ports: (u16, u16),
    seq: u32,
    flags: u8,
    hop_limit: u8,
) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 40, 0, 1, 0, 0, hop_limit, 6, 0, 0];
    packet.extend_from_slice(&src);
    packet.extend_from_slice(&dst.to_be_bytes());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    let mut tcp = Vec::new();
    tcp.extend_from_slice(&ports.0.to_be_bytes());
    tcp.extend_from_slice(&ports.1.to_be_bytes());
    tcp.extend_from_slice(&seq.to_be_bytes());
    tcp.extend_from_slice(&[0, 0, 0, 0, 0x50, flags, 0x16, 0xd0, 0, 0, 0, 0]);
    let pseudo = [&packet[12..20], &[0, 6, 0, 20], &tcp].concat();
    let sum = checksum(&pseudo);
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    packet.extend_from_slice(&tcp);
    packet
}

fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let file = folder.join(name);
    std::fs::write(&file, bytes).expect("a file");
    file.to_str().expect("a UTF-8 path").to_owned()
}

#[test]
fn a_capture_is_a_table_and_json_also_when_it_is_compressed() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let plain = written(folder.path(), "trace.pcap", &capture());
    let mut gzip = Command::new("gzip").args(["--keep", &plain]).spawn().expect("gzip runs");
    assert!(gzip.wait().expect("gzip ends").success());
    let origins =
        written(folder.path(), "origins.csv", b"203.0.113.0/24,64496,JP\n192.0.2.0/24,64497,US\n");
    for file in [plain.clone(), format!("{plain}.gz")] {
        let output = read(&[
            &file,
            "--dark",
            "198.18.0.0/16",
            "--own",
            "203.0.113.0/24",
            "--origins",
            &origins,
            "--json",
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["totals"]["packets"], 240);
        let attack = &report["attacks"][0];
        assert_eq!(attack["victim"], "192.0.2.80/32");
        assert_eq!(attack["first"], "2026-01-01T00:00:00.000000000Z");
        assert_eq!(attack["last"], "2026-01-01T00:03:19.000000000Z");
        assert_eq!((&attack["packets"], &attack["minute_peak"]), (&200.into(), &60.into()));
        assert_eq!(attack["ports"][0]["port"], "80/tcp");
        assert_eq!((&attack["country"], &attack["ended"]), (&"US".into(), &false.into()));
        // A packet a second at 1/65,536 of IPv4.
        assert_eq!(attack["rate_estimated"], 65_536.0);
        let scanner = &report["scanners"][0];
        assert_eq!(scanner["address"], "203.0.113.5");
        assert_eq!((&scanner["tool"], &scanner["order"]), (&"mirai".into(), &"ascending".into()));
        assert_eq!((&scanner["own"], &scanner["asn"]), (&true.into(), &64_496.into()));
        // The victim sent nothing of its own accord.
        let expected = serde_json::json!([{ "country": "JP", "packets": 40, "sources": 1 }]);
        assert_eq!(report["countries"], expected);
        let expected = serde_json::json!([{ "asn": 64_496, "packets": 40, "sources": 1 }]);
        assert_eq!(report["systems"], expected);
    }
    let flows = folder.path().join("flows.json");
    let known = written(folder.path(), "known.csv", b"203.0.113.0/28,,,Somebody\n");
    let flows_path = flows.to_str().expect("a UTF-8 path");
    let output = read(&[&plain, "--flows", flows_path, "--known", &known, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["scanners"][0]["known"], "Somebody");
    let text = std::fs::read_to_string(flows).expect("records");
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    // Four minutes of answers, and one of probes.
    assert_eq!(records.len(), 5, "{text}");
    let packets = records.iter().filter_map(|record| record["packets"].as_u64());
    assert_eq!(packets.sum::<u64>(), 240);
    assert_eq!(records[0]["dst"], "198.18.0.0/24");
    let shown = read(&[&plain, "--own", "203.0.113.0/24", "--origins", &origins]);
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    for words in [
        "192.0.2.80",
        "80/tcp",
        "mirai",
        "Suspected to be infected",
        "syn-ack",
        "Sources by country",
        "Sources by autonomous system",
    ] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
    // A packet too few in the busiest minute is no attack.
    let strict = read(&[&plain, "--attack-minute", "61", "--json"]);
    let report: Value = serde_json::from_slice(&strict.stdout).expect("JSON");
    assert_eq!(report["attacks"], serde_json::json!([]));
}

/// The same in pcapng, of which the capturing machine lost 17 frames.
fn capture_with_losses() -> Vec<u8> {
    let plain = capture();
    let mut reader = CaptureReader::new(&plain[..]).expect("a capture");
    let mut writer = PcapngWriter::new(Vec::new()).expect("memory");
    let interface = writer.interface("dark0", LinkType(101), 65_535).expect("memory");
    let mut last = Timestamp::default();
    while let Some(frame) = reader.next().expect("a frame") {
        let record = Record {
            time: frame.time,
            interface,
            direction: Direction::Unknown,
            original_bytes: frame.original_bytes,
            dropped: 0,
        };
        writer.frame(&record, frame.bytes).expect("memory");
        // It is said again and again; the last counts.
        writer.statistics(interface, frame.time, 0, 5).expect("memory");
        last = frame.time;
    }
    writer.statistics(interface, last, 257, 17).expect("memory");
    writer.into_inner()
}

#[test]
fn pipes_are_read_and_sampling_and_losses_are_told() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = written(folder.path(), "trace.pcapng", &capture_with_losses());
    let pipe = folder.path().join("pipe");
    let pipe = pipe.to_str().expect("a UTF-8 path");
    for (script, arguments) in [
        (
            "zstd -qc \"$1\" | \"$0\" telescope read - ",
            "--json --sampling 100 --dark 198.18.0.0/16",
        ),
        ("cat \"$1\" | \"$0\" telescope read - ", "--sampling 100"),
        (
            "mkfifo \"$2\"; gzip -c \"$1\" > \"$2\" & \"$0\" telescope read \"$2\" ",
            "--json --sampling 100",
        ),
    ] {
        let output = Command::new("sh")
            .args(["-ec", &format!("{script} {arguments}")])
            .arg(binary())
            .args([&file, pipe])
            .output()
            .expect("sh runs");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {errors}");
        if !arguments.contains("--json") {
            for words in ["17 frames lost by the capture", "one packet in 100 was captured"] {
                assert!(shown.contains(words), "{words} in\n{shown}");
            }
            continue;
        }
        let report: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(report["totals"]["packets"], 240, "{script}");
        assert_eq!((&report["sampling"], &report["dropped_by_capture"]), (&100.into(), &17.into()));
        if arguments.contains("--dark") {
            // A hundred packets a second at 1/65,536 of IPv4.
            assert_eq!(report["attacks"][0]["rate_estimated"], 6_553_600.0);
        }
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let text = written(folder.path(), "notes", b"this is no capture at all");
    let cut = capture();
    let cut = written(folder.path(), "cut.pcap", &cut[..cut.len() - 7]);
    for (arguments, code, says) in [
        (vec!["/nonexistent/trace"], 2, "/nonexistent/trace"),
        (vec![text.as_str()], 2, "neither pcap nor pcapng"),
        (vec![cut.as_str()], 3, "in the middle of a frame"),
        (vec![cut.as_str(), "--sources", "0"], 2, "--sources"),
        (vec![cut.as_str(), "--origins", text.as_str()], 2, "line 1"),
    ] {
        let output = read(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(says), "{arguments:?}: {errors}");
    }
    // What was whole is told.
    let output = read(&[&cut, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["totals"]["packets"], 239);
}
