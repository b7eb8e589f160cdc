//! Any frames are read as they were written; any bytes are read without harm.

use proptest::collection::vec;
use proptest::prelude::*;
use std::io::Read;
use ukai_link::capture::{
    CaptureReader, Captured, Direction, LinkType, PcapWriter, PcapngWriter, Record,
};
use ukai_link::limits::CAPTURED_BYTES_MAX;
use ukai_model::Timestamp;

/// An input that comes in pieces.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 = self.1 * 5 % 97;
        let count = (self.1 + 1).min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Frame = (u64, u8, u8, u32, Vec<u8>);

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    vec((0..u64::MAX >> 2, 0..3_u8, 0..3_u8, 0..2_000_u32, vec(any::<u8>(), 0..300)), 0..20)
}

const DIRECTIONS: [Direction; 3] = [Direction::Unknown, Direction::In, Direction::Out];
const KINDS: [LinkType; 3] = [LinkType::ETHERNET, LinkType::RAW, LinkType::NULL];

fn pcapng(frames: &[Frame]) -> Vec<u8> {
    let mut writer = PcapngWriter::new(Vec::new()).unwrap();
    for (number, kind) in KINDS.into_iter().enumerate() {
        let name = "x".repeat(number);
        assert_eq!(writer.interface(&name, kind, 0).unwrap() as usize, number);
    }
    for (nanos, interface, direction, longer, bytes) in frames {
        let record = Record {
            time: Timestamp::from_nanos(*nanos),
            interface: u32::from(*interface),
            direction: DIRECTIONS[usize::from(*direction)],
            original_bytes: bytes.len() as u32 + longer,
            dropped: u64::from(*longer % 3),
        };
        writer.frame(&record, bytes).unwrap();
    }
    writer.statistics(1, Timestamp::from_nanos(5), 7, 8).unwrap();
    writer.into_inner()
}

fn expected(frame: &Frame) -> Captured<'_> {
    let (nanos, interface, direction, longer, bytes) = frame;
    Captured {
        time: Timestamp::from_nanos(*nanos),
        link_type: KINDS[usize::from(*interface)],
        interface: u32::from(*interface),
        direction: DIRECTIONS[usize::from(*direction)],
        dropped: u64::from(longer % 3),
        original_bytes: bytes.len() as u32 + longer,
        bytes,
    }
}

/// Reads to the end or to an error; how many frames there were.
fn read_through(input: impl Read) -> usize {
    let mut count = 0;
    if let Ok(mut reader) = CaptureReader::new(input) {
        while let Ok(Some(frame)) = reader.next() {
            assert!(frame.bytes.len() <= CAPTURED_BYTES_MAX);
            if let Some(ip) = frame.ip() {
                assert!(ip.len() <= frame.bytes.len());
            }
            count += 1;
        }
    }
    count
}

proptest! {
    #[test]
    fn pcapng_is_read_as_it_was_written(frames in frames()) {
        let file = pcapng(&frames);
        let mut reader = CaptureReader::new(Pieces(&file, 3)).unwrap();
        for frame in &frames {
            prop_assert_eq!(reader.next().unwrap(), Some(expected(frame)));
        }
        prop_assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn pcap_is_read_as_it_was_written(frames in frames()) {
        let mut writer = PcapWriter::new(Vec::new(), LinkType::RAW, 300).unwrap();
        let secs_max = u64::from(u32::MAX) * 1_000_000_000;
        for (nanos, _, _, longer, bytes) in &frames {
            let time = Timestamp::from_nanos(nanos % secs_max);
            writer.frame(time, bytes.len() as u32 + longer, bytes).unwrap();
        }
        let file = writer.into_inner();
        let mut reader = CaptureReader::new(Pieces(&file, 3)).unwrap();
        for (nanos, _, _, longer, bytes) in &frames {
            let frame = (nanos % secs_max, 0, 0, *longer, bytes.clone());
            let expected = Captured { link_type: LinkType::RAW, dropped: 0, ..expected(&frame) };
            prop_assert_eq!(reader.next().unwrap(), Some(expected));
        }
        prop_assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn a_file_that_is_cut_off_gives_its_whole_frames(frames in frames(), cut in 0..100_usize) {
        let file = pcapng(&frames);
        let end = file.len() * cut / 100;
        let whole = read_through(&file[..end]);
        prop_assert!(whole <= frames.len());
        if let Ok(mut reader) = CaptureReader::new(&file[..end]) {
            for frame in &frames[..whole] {
                prop_assert_eq!(reader.next().unwrap(), Some(expected(frame)));
            }
        }
    }

    #[test]
    fn damage_does_no_harm(
        frames in frames(),
        damage in vec((any::<usize>(), any::<u8>()), 0..20),
        format in 0..3_u8,
    ) {
        let mut file = pcapng(&frames);
        if format == 1 {
            let mut writer = PcapWriter::new(Vec::new(), LinkType::ETHERNET, 300).unwrap();
            for (nanos, .., bytes) in &frames {
                writer.frame(Timestamp::from_nanos(*nanos), 5, bytes).unwrap();
            }
            file = writer.into_inner();
        } else if format == 2 {
            file = zstd::encode_all(&file[..], 1).unwrap();
        }
        for (at, value) in damage {
            let length = file.len();
            // Mostly in the headers.
            file[if at % 2 == 0 { at % length } else { at % length.min(60) }] = value;
        }
        read_through(&file[..]);
    }

    #[test]
    fn any_bytes_do_no_harm(start in 0..6_usize, bytes in vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 6] = [
            &[],
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a],
            &[0xd4, 0xc3, 0xb2, 0xa1],
            &[0xa1, 0xb2, 0x3c, 0x4d],
            &[0x1f, 0x8b, 8],
            &[0x28, 0xb5, 0x2f, 0xfd],
        ];
        read_through(&[starts[start], &bytes].concat()[..]);
    }
}
