//! What a file tells of its frames, as Wireshark finds it without any settings.

use crate::recorder::{files, recording, until};
use crate::tls::ask;
use crate::wireshark::run;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use ukai_link::capture::{CaptureReader, Direction, LinkType, PcapngWriter, Record};
use ukai_link::{Recorder, Recording};
use ukai_model::Timestamp;
use ukai_netstack::{Medium, memory_pair};

const SERVERS: [&str; 2] = ["198.51.100.7", "2001:db8:7::7"];
const CLIENTS: [&str; 2] = ["192.0.2.1", "2001:db8::1"];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Records HTTPS over each version of IP; the path of the file.
fn https(folder: &Path, version: &'static rustls::SupportedProtocolVersion) -> String {
    let limits = Recording { snap_bytes: 65_535, ..recording(folder) };
    let recorder = Recorder::start(limits).unwrap();
    for (server, client) in SERVERS.iter().zip(CLIENTS) {
        let (near, far) = memory_pair(Medium::Ip);
        let near = recorder.tap(near, "guest");
        let ends = (address(server), address(client));
        ask((near, far), ends, "c2.example", version, recorder.handle());
    }
    until(|| recorder.recorded().frames > 20);
    assert_eq!(recorder.recorded().untold, 0);
    drop(recorder);
    files(folder)[0].to_str().unwrap().to_owned()
}

#[test]
fn https_is_read_without_settings() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let folder = tempfile::tempdir().unwrap();
        let file = https(folder.path(), version);
        // Reading once, as a live capture is read, and twice, as a file is.
        for passes in [&[][..], &["-2"]] {
            let arguments =
                [passes, &["-n", "-r", &file, "-Y", "http", "-T", "fields"], &["-e"]].concat();
            let fields = ["http.request.full_uri", "-e", "http.response.code", "-e"];
            let arguments = [&arguments[..], &fields, &["http.file_data"]].concat();
            let each = "https://c2.example/secret-place\t\t\n\t200\t68656c6c6f\n";
            let said = run("tshark", &arguments).replace("\thello\n", "\t68656c6c6f\n");
            assert_eq!(said, each.repeat(2), "{version:?} {passes:?}");
        }
    }
}

#[test]
fn addresses_have_names_in_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let limits =
        Recording { file_bytes_max: 4_000, snap_bytes: 65_535, ..recording(folder.path()) };
    let recorder = Recorder::start(limits).unwrap();
    let handle = recorder.handle();
    for _ in 0..3 {
        for (server, name) in SERVERS.iter().zip(["four.example", "six.example"]) {
            handle.name(address(server), name);
        }
    }
    handle.name(address("192.0.2.9"), "no name");
    for (server, client) in SERVERS.iter().zip(CLIENTS) {
        let (near, far) = memory_pair(Medium::Ip);
        let near = recorder.tap(near, "guest");
        let ends = (address(server), address(client));
        ask((near, far), ends, "c2.example", &rustls::version::TLS13, handle.clone());
    }
    until(|| recorder.recorded().files > 2);
    let recorded = recorder.recorded();
    assert_eq!((recorded.names, recorded.untold), (2, 1));
    drop(recorder);
    let found = files(folder.path());
    assert!(found.len() > 2);
    let mut met = String::new();
    for file in &found {
        let file = file.to_str().unwrap();
        let hosts = run("tshark", &["-r", file, "-q", "-z", "hosts"]);
        assert!(hosts.contains("198.51.100.7\tfour.example\n"), "{hosts}");
        assert!(hosts.contains("2001:db8:7::7\tsix.example\n"), "{hosts}");
        let fields = ["-T", "fields", "-e", "ip.dst_host", "-e", "ipv6.dst_host"];
        met += &run("tshark", &[&["-N", "n", "-r", file], &fields[..]].concat());
    }
    assert!(met.contains("four.example") && met.contains("six.example"), "{met}");
    assert!(!met.contains(SERVERS[0]) && !met.contains(SERVERS[1]), "{met}");
}

#[test]
fn frames_have_comments() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(recording(folder.path())).unwrap();
    let (near, far) = memory_pair(Medium::Ethernet);
    let near = recorder.tap_with_comments(
        near,
        "guest",
        Box::new(|direction, frame, out| {
            if direction == Direction::In {
                write!(out, "{} bytes \u{e4}", frame.len()).unwrap();
            }
        }),
    );
    crate::recorder::pass(&mut (near, far), 60);
    drop(recorder);
    let file = &files(folder.path())[0];
    let said =
        run("tshark", &["-n", "-r", file.to_str().unwrap(), "-T", "fields", "-e", "frame.comment"]);
    assert_eq!(said, "60 bytes \u{e4}\n\n");
}

#[test]
fn what_is_told_is_passed_over_by_the_reader() {
    let mut writer = PcapngWriter::new(Vec::new()).unwrap();
    assert!(writer.name(address("192.0.2.1"), "before.any.interface").unwrap());
    writer.interface("guest", LinkType::RAW, 0).unwrap();
    let record = Record {
        time: Timestamp::from_secs(1_700_000_000),
        interface: 0,
        direction: Direction::In,
        original_bytes: 3,
        dropped: 5,
    };
    writer.frame_with_comment(&record, b"one", "a comment").unwrap();
    assert!(writer.tls_secret("CLIENT_RANDOM 00 11").unwrap());
    assert!(!writer.tls_secret("nothing").unwrap());
    assert!(writer.name(address("2001:db8::1"), "n").unwrap());
    assert!(!writer.name(address("2001:db8::1"), "").unwrap());
    writer.frame_with_comment(&record, b"two", &"\u{e4}".repeat(5_000)).unwrap();
    let file = writer.into_inner();
    let mut reader = CaptureReader::new(&file[..]).unwrap();
    for bytes in [b"one", b"two"] {
        let frame = reader.next().unwrap().unwrap();
        assert_eq!((frame.bytes, frame.dropped), (&bytes[..], 5));
    }
    assert!(reader.next().unwrap().is_none());
}
