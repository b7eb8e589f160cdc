//! Wireshark's programs.

use std::path::Path;
use std::process::Command;
use ukai_link::capture::{CaptureReader, Direction};

/// What a program says; it must succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} (tools/setup.sh): {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// A line for each frame: time, length, captured length, direction, first bytes.
pub(crate) fn by_tshark(file: &Path) -> Vec<String> {
    let fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.packet_flags_direction"];
    let mut arguments = vec!["-n", "-r", file.to_str().expect("a path"), "-T", "fields"];
    // The dissectors of what is in frames are not wanted.
    arguments.extend(["--disable-protocol", "ip", "--disable-protocol", "ipv6"]);
    for field in fields {
        arguments.extend(["-e", field]);
    }
    let said = run("tshark", &arguments);
    let lines = said.lines().map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let direction = match fields[3] {
            "0x00000001" => "in",
            "0x00000002" => "out",
            _ => "",
        };
        format!("{} {} {} {direction}", fields[0], fields[1], fields[2])
    });
    lines.collect()
}

/// The same, as we read it.
pub(crate) fn by_us(file: &[u8]) -> Vec<String> {
    let mut reader = CaptureReader::new(file).expect("a capture");
    let mut lines = Vec::new();
    while let Some(frame) = reader.next().expect("a frame") {
        let direction = match frame.direction {
            Direction::Unknown => "",
            Direction::In => "in",
            Direction::Out => "out",
        };
        let (secs, nanos) = (frame.time.secs(), frame.time.nanos() % 1_000_000_000);
        let (length, captured) = (frame.original_bytes, frame.bytes.len());
        lines.push(format!("{secs}.{nanos:09} {length} {captured} {direction}"));
    }
    lines
}
