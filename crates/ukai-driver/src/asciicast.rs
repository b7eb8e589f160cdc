//! Terminal recordings in asciicast v2 (docs.asciinema.org/manual/asciicast/v2).

use crate::gauge::Share;
use std::io::Write;
use ukai_model::{Direction, Timestamp};

/// A terminal recording being written: a header line, then one JSON line per event.
///
/// Bytes that are not UTF-8 are shown as U+FFFD; a character that is cut in two by a
/// network packet is put together. Bounded: what exceeds the limit is left out and the
/// recording says so at its end.
#[derive(Debug)]
pub(crate) struct Recorder {
    text: Vec<u8>,
    header: Header,
    last: Timestamp,
    /// Unfinished UTF-8 of each direction, at most 3 bytes.
    partial: [Partial; 2],
    typed: bool,
    full: bool,
    bytes_max: usize,
    share: Share,
}

#[derive(Debug)]
struct Header {
    start: Timestamp,
    columns: u16,
    rows: u16,
    title: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct Partial {
    bytes: [u8; 3],
    length: u8,
}

/// Room left for the closing note.
const NOTE_BYTES: usize = 128;

impl Recorder {
    pub(crate) fn new(start: Timestamp, title: String, bytes_max: usize, share: Share) -> Self {
        Self {
            text: Vec::new(),
            header: Header { start, columns: 80, rows: 24, title },
            last: start,
            partial: [Partial::default(); 2],
            typed: false,
            full: false,
            bytes_max: bytes_max.saturating_sub(NOTE_BYTES),
            share,
        }
    }

    /// The peer's terminal has this size. The first one goes to the header, later ones
    /// become resize events.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16, now: Timestamp) {
        let (columns, rows) = (columns.clamp(1, 1_000), rows.clamp(1, 1_000));
        if self.text.is_empty() {
            self.header.columns = columns;
            self.header.rows = rows;
        } else {
            self.line('r', &format!("{columns}x{rows}"), now);
        }
    }

    /// Terminal traffic. Returns false when this is the moment at which the limit was
    /// reached.
    pub(crate) fn traffic(&mut self, direction: Direction, bytes: &[u8], now: Timestamp) -> bool {
        self.typed |= direction == Direction::In;
        let text = self.decode(direction, bytes);
        if text.is_empty() {
            return true;
        }
        let code = if direction == Direction::In { 'i' } else { 'o' };
        self.line(code, &text, now)
    }

    /// The finished recording, if anybody typed anything.
    pub(crate) fn finish(mut self, now: Timestamp) -> Option<Vec<u8>> {
        if !self.typed || self.text.is_empty() {
            return None;
        }
        if self.full {
            self.bytes_max += NOTE_BYTES;
            self.full = false;
            self.line('o', "\r\n[ukai: the recording's limit was reached here]\r\n", now);
        }
        let Header { start, columns, rows, title } = &self.header;
        let mut whole = serde_json::json!({
            "version": 2, "width": columns, "height": rows,
            "timestamp": start.secs(), "title": title,
        })
        .to_string()
        .into_bytes();
        whole.push(b'\n');
        whole.append(&mut self.text);
        Some(whole)
    }

    fn line(&mut self, code: char, text: &str, now: Timestamp) -> bool {
        if self.full {
            return true;
        }
        // Times never run backwards in the file, even if the clock was set back.
        self.last = self.last.max(now);
        let offset = self.last.since(self.header.start);
        let before = self.text.len();
        let _ =
            write!(self.text, "[{}.{:06},\"{code}\",", offset.as_secs(), offset.subsec_micros());
        serde_json::to_writer(&mut self.text, text).expect("a string becomes JSON");
        self.text.extend_from_slice(b"]\n");
        if self.text.len() > self.bytes_max || !self.share.set(self.text.capacity()) {
            self.text.truncate(before);
            self.full = true;
            return false;
        }
        true
    }

    fn decode(&mut self, direction: Direction, bytes: &[u8]) -> String {
        let partial = &mut self.partial[usize::from(direction == Direction::In)];
        let mut joined;
        let mut rest = bytes;
        if partial.length > 0 {
            joined = partial.bytes[..usize::from(partial.length)].to_vec();
            joined.extend_from_slice(bytes);
            rest = &joined;
            partial.length = 0;
        }
        let mut text = String::with_capacity(rest.len());
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    return text;
                }
                Err(error) => {
                    let (valid, tail) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    if let Some(bad) = error.error_len() {
                        text.push('\u{fffd}');
                        rest = &tail[bad..];
                    } else {
                        partial.length = tail.len() as u8;
                        partial.bytes[..tail.len()].copy_from_slice(tail);
                        return text;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recorder;
    use crate::gauge::{Gauge, Share};
    use proptest::prelude::*;
    use serde_json::Value;
    use ukai_model::{Direction, Duration, Timestamp};

    const START: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn recorder(bytes_max: usize) -> Recorder {
        Recorder::new(START, "telnet \"x\"".into(), bytes_max, Share::new(Gauge::new(1 << 20)))
    }

    fn lines(recording: &[u8]) -> Vec<Value> {
        let text = std::str::from_utf8(recording).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn the_file_is_asciicast_v2() {
        let mut cast = recorder(10_000);
        cast.resize(132, 43, START);
        cast.traffic(Direction::Out, b"login: \x1b[31m\xff", START + Duration::from_micros(1_500));
        cast.traffic(Direction::In, b"root\r", START + Duration::from_secs(2));
        cast.resize(80, 24, START + Duration::from_secs(1));
        let lines = lines(&cast.finish(START).expect("a recording"));
        assert_eq!(
            lines,
            [
                serde_json::json!({"version": 2, "width": 132, "height": 43,
                    "timestamp": 1_700_000_000, "title": "telnet \"x\""}),
                serde_json::json!([0.0015, "o", "login: \u{1b}[31m\u{fffd}"]),
                serde_json::json!([2.0, "i", "root\r"]),
                serde_json::json!([2.0, "r", "80x24"]),
            ]
        );
    }

    #[test]
    fn a_character_cut_in_two_is_put_together() {
        let mut cast = recorder(10_000);
        for part in [&b"\xe9\xb5"[..], b"\x9c\xe9", b"\xa3\xbc"] {
            cast.traffic(Direction::In, part, START);
        }
        let lines = lines(&cast.finish(START).expect("a recording"));
        let text: String =
            lines[1..].iter().map(|line| line[2].as_str().expect("a string")).collect();
        assert_eq!(text, "鵜飼");
    }

    #[test]
    fn nothing_typed_is_no_recording() {
        let mut cast = recorder(10_000);
        cast.traffic(Direction::Out, b"login: ", START);
        assert!(cast.finish(START).is_none());
    }

    proptest! {
        #[test]
        fn the_limit_holds_and_every_line_is_json(
            parts: Vec<(bool, Vec<u8>)>, bytes_max in 0_usize..2_000
        ) {
            let mut cast = recorder(bytes_max);
            let mut reached = 0;
            for (typed, bytes) in &parts {
                let direction = if *typed { Direction::In } else { Direction::Out };
                reached += usize::from(!cast.traffic(direction, bytes, START));
            }
            prop_assert!(reached <= 1);
            if let Some(recording) = cast.finish(START) {
                prop_assert!(recording.len() < bytes_max + 300);
                lines(&recording);
            }
        }
    }
}
