//! Files that others write: what Wireshark reads in them, we read.

use crate::wireshark::{by_tshark, by_us, run};
use std::io::Write as _;
use ukai_link::capture::{CaptureError, CaptureReader, LinkType};

/// Writes numbers in either byte order.
struct Order {
    big_endian: bool,
    out: Vec<u8>,
}

impl Order {
    fn half(&mut self, value: u16) -> &mut Self {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.out.extend_from_slice(&bytes);
        self
    }

    fn word(&mut self, value: u32) -> &mut Self {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.out.extend_from_slice(&bytes);
        self
    }

    fn long(&mut self, value: u64) -> &mut Self {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        self.out.extend_from_slice(&bytes);
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        let padding = bytes.len().next_multiple_of(4) - bytes.len();
        self.out.extend_from_slice(&vec![0; padding]);
        self
    }

    fn option(&mut self, code: u16, value: &[u8]) -> &mut Self {
        self.half(code).half(value.len() as u16).bytes(value)
    }

    fn block(&mut self, kind: u32, body: impl FnOnce(&mut Self)) {
        let mut inner = Self { big_endian: self.big_endian, out: Vec::new() };
        body(&mut inner);
        let total = inner.out.len() as u32 + 12;
        self.word(kind).word(total);
        self.out.append(&mut inner.out);
        self.word(total);
    }
}

/// An ARP frame: what tshark looks into does not matter.
const FRAME: [u8; 60] = {
    let mut frame = [0; 60];
    frame[12] = 8;
    frame[13] = 6;
    frame
};

/// A section with one interface for each resolution, and a frame of each kind on each.
fn section(big_endian: bool, resolutions: &[(u8, i64, u64)]) -> Vec<u8> {
    let mut file = Order { big_endian, out: Vec::new() };
    file.block(0x0a0d_0d0a, |block| {
        block.word(0x1a2b_3c4d).half(1).half(0).long(u64::MAX);
        block.option(2, b"hardware").option(3, b"an operating system").option(0, b"");
    });
    for (resolution, offset, _) in resolutions {
        file.block(1, |block| {
            block.half(1).half(0).word(50).option(2, b"eth0");
            let mut value = Order { big_endian, out: Vec::new() };
            value.long(*offset as u64);
            block.option(9, &[*resolution]).option(14, &value.out).option(0, b"");
        });
    }
    // No names, secrets, and what nobody knows: longer than any frame.
    file.block(4, |block| {
        block.word(0);
    });
    for kind in [10, 0x7fff_1234] {
        file.block(kind, |block| {
            block.word(0x544c_534b).word(600_000).bytes(&vec![0x41; 600_000]);
        });
    }
    for (number, (_, _, ticks)) in resolutions.iter().enumerate() {
        file.block(6, |block| {
            block.word(number as u32).word((ticks >> 32) as u32).word(*ticks as u32);
            block.word(33).word(1_234).bytes(&FRAME[..33]);
            block.option(1, b"a comment").option(2, &[0, 0, 0, 0]).option(0, b"");
        });
        file.block(6, |block| {
            block.word(number as u32).word((ticks >> 32) as u32).word(*ticks as u32);
            block.word(20).word(20).bytes(&FRAME[..20]);
            let mut flags = Order { big_endian, out: Vec::new() };
            flags.word(2);
            block.option(2, &flags.out).option(1, &vec![b'x'; 40_000]).option(0, b"");
        });
        file.block(2, |block| {
            block.half(number as u16).half(7).word((ticks >> 32) as u32).word(*ticks as u32);
            block.word(15).word(60).bytes(&FRAME[..15]);
        });
    }
    // Longer than the interface's limit says, and so cut.
    file.block(3, |block| {
        block.word(60).bytes(&FRAME[..50]);
    });
    file.out
}

#[test]
fn resolutions_byte_orders_and_blocks_of_every_kind() {
    let resolutions = [
        (6, 0, 1_732_690_000_123_456),
        (9, 0, 1_732_690_000_123_456_789),
        (3, 0, 1_732_690_000_123),
        (0, 5, 1_732_690_000),
        // A larger fraction of a second overflows in Wireshark 4.0.
        (12, 1_732_690_000, 1_012_345_678_901),
        (0x8a, 0, 1_732_690_000 << 10 | 512),
        (0x94, -1_000, (1_732_690_000 << 20) + 3),
    ];
    let mut file = section(true, &resolutions);
    file.extend(section(false, &resolutions[..3]));
    let mut stored = tempfile::NamedTempFile::new().unwrap();
    stored.write_all(&file).unwrap();
    let (theirs, ours) = (by_tshark(stored.path()), by_us(&file));
    assert_eq!(ours.len(), 7 * 3 + 1 + 3 * 3 + 1);
    let untimed = [21, 31];
    for (number, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
        if untimed.contains(&number) {
            // There is no time in a simple packet; tshark says nothing, or the epoch.
            let lengths = |line: &str| line.split(' ').skip(1).collect::<Vec<_>>().join(" ");
            assert_eq!(lengths(ours), lengths(theirs), "frame {number}");
        } else {
            assert_eq!(ours, theirs, "frame {number}");
        }
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn formats_that_editcap_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let original = path("original.pcapng");
    std::fs::write(&original, section(true, &[(9, 0, 1_732_690_000_123_456_789)])).unwrap();
    // The formats of one interface do not take untimed frames alike: without the last.
    let first = path("first.pcapng");
    run("editcap", &["-r", &original, &first, "1-3"]);
    let expected = by_us(&std::fs::read(&first).unwrap());
    assert_eq!(expected.len(), 3);
    for format in ["pcapng", "pcap", "nsecpcap"] {
        let file = path(format);
        run("editcap", &["-F", format, &first, &file]);
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(by_us(&bytes), by_tshark(file.as_ref()), "{format}");
        run("gzip", &["-k", &file]);
        run("zstd", &["-q", "-k", &file]);
        for compressed in ["gz", "zst"] {
            let compressed = std::fs::read(format!("{file}.{compressed}")).unwrap();
            assert_eq!(by_us(&compressed), by_us(&bytes), "{format}");
        }
    }
}

#[test]
fn classic_files_of_either_byte_order_and_resolution() {
    for big_endian in [false, true] {
        for (magic, ticks) in [(0xa1b2_c3d4, 123_456), (0xa1b2_3c4d, 123_456_789)] {
            let mut file = Order { big_endian, out: Vec::new() };
            file.word(magic).half(2).half(4).word(0).word(0).word(65_535).word(1);
            for length in [14, 60, 33] {
                file.word(4_000_000_000).word(ticks).word(length).word(length + 9);
                file.out.extend_from_slice(&FRAME[..length as usize]);
            }
            let mut stored = tempfile::NamedTempFile::new().unwrap();
            stored.write_all(&file.out).unwrap();
            let ours = by_us(&file.out);
            assert_eq!(ours.len(), 3);
            assert_eq!(ours, by_tshark(stored.path()));
        }
    }
}

#[test]
fn check_sequences_are_taken_off() {
    let mut file = Order { big_endian: false, out: Vec::new() };
    // "f" is set, and the check sequence has two halves.
    file.word(0xa1b2_c3d4).half(2).half(4).word(0).word(0).word(65_535).word(0x2400_0001);
    for original in [60, 64] {
        file.word(1).word(0).word(60).word(original);
        file.out.extend_from_slice(&FRAME);
    }
    let mut reader = CaptureReader::new(&file.out[..]).unwrap();
    let whole = reader.next().unwrap().unwrap();
    assert_eq!(
        (whole.link_type, whole.bytes.len(), whole.original_bytes),
        (LinkType::ETHERNET, 56, 56)
    );
    // Of this one, it was not captured.
    let cut = reader.next().unwrap().unwrap();
    assert_eq!((cut.bytes.len(), cut.original_bytes), (60, 64));
}

#[test]
fn what_is_wrong_is_said() {
    let error = |bytes: &[u8]| match CaptureReader::new(bytes) {
        Err(error) => error,
        Ok(mut reader) => loop {
            match reader.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("nothing is wrong"),
                Err(error) => break error,
            }
        },
    };
    assert!(matches!(error(b"GIF89a"), CaptureError::NotACapture));
    assert!(matches!(error(b""), CaptureError::NotACapture));
    let file = section(false, &[(6, 0, 1)]);
    assert!(matches!(error(&file[..file.len() - 1]), CaptureError::Truncated));
    let mut classic = Order { big_endian: false, out: Vec::new() };
    classic.word(0xa1b2_c3d4).half(2).half(4).word(0).word(0).word(0).word(1);
    classic.word(1).word(1).word(262_145).word(262_145);
    assert!(matches!(error(&classic.out), CaptureError::FrameTooLong(262_145)));
    // A frame of an interface that nobody has described.
    let mut nowhere = Order { big_endian: true, out: section(true, &[(6, 0, 1)]) };
    nowhere.block(6, |block| {
        block.word(1).word(0).word(0).word(0).word(0);
    });
    assert!(matches!(error(&nowhere.out), CaptureError::Damaged(_)));
}

#[test]
fn lost_frames_are_counted_by_interface_and_section() {
    let mut all = Vec::new();
    for big_endian in [false, true] {
        let mut order = Order { big_endian, out: Vec::new() };
        order.block(0x0a0d_0d0a, |body| {
            body.word(0x1a2b_3c4d).half(1).half(0).long(u64::MAX);
        });
        for _ in 0..2 {
            order.block(1, |body| {
                body.half(101).half(0).word(0);
            });
        }
        // Interface, time; frames that were lost by it and by the system. The last counts.
        for (interface, by_it, by_system) in [(0, 3_u64, 1_u64), (1, 20, 0), (0, 5, 2), (9, 99, 9)]
        {
            order.block(5, |body| {
                body.word(interface).long(0);
                let long = |value: u64| {
                    if big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
                };
                let (by_it, by_system) = (long(by_it), long(by_system));
                body.option(5, &by_it).option(7, &by_system).option(0, &[]);
            });
        }
        all.extend(order.out);
    }
    let mut reader = CaptureReader::new(&all[..]).expect("a capture");
    assert!(reader.next().expect("no frame").is_none());
    assert_eq!(reader.dropped(), 2 * (5 + 2 + 20));
}
