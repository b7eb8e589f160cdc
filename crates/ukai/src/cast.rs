//! Recordings (asciicast v2) as a list of what happened when.

use crate::safe_screen::SafeScreen;
use serde::Deserialize;

/// Largest size of a recorded terminal that is told, in characters.
const SIZE_MAX: u32 = 1_000;

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cast {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What was printed, with its time in seconds from the beginning; safe to print.
    pub(crate) output: Vec<(f64, String)>,
    /// When the last thing happened, in seconds.
    pub(crate) end: f64,
}

#[derive(Deserialize)]
struct Header {
    version: u32,
    width: u32,
    height: u32,
}

impl Cast {
    /// Reads a recording; pauses are cut to `idle_s`. `None` if it is none.
    pub(crate) fn read(bytes: &[u8], idle_s: Option<f64>) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let header: Header = serde_json::from_str(lines.next()?).ok()?;
        if header.version != 2 {
            return None;
        }
        let mut screen = SafeScreen::drawing();
        let (mut now, mut last, mut output) = (0.0, 0.0, Vec::new());
        for line in lines {
            // A recording that a limit cut short may end in the middle of a line.
            let Ok((time, code, data)) = serde_json::from_str::<(f64, String, String)>(line) else {
                continue;
            };
            let gap = (time - last).max(0.0);
            last = f64::max(last, time);
            now += idle_s.map_or(gap, |idle| gap.min(idle));
            if code == "o" {
                output.push((now, screen.filter(&data)));
            }
        }
        let (width, height) = (header.width.min(SIZE_MAX), header.height.min(SIZE_MAX));
        Some(Self { width, height, output, end: now })
    }

    /// The text of a recording without anything that draws.
    pub(crate) fn transcript(bytes: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let _header: Header = serde_json::from_str(lines.next()?).ok()?;
        let mut screen = SafeScreen::plain();
        let events = lines.filter_map(|line| serde_json::from_str(line).ok());
        let output = events.filter(|(_, code, _): &(f64, String, String)| code == "o");
        Some(output.map(|(_, _, data)| screen.filter(&data)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Cast;

    const CAST: &str = "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1}\n\
        [0.5,\"o\",\"login: \\u001b]0;x\\u0007\"]\n[1.0,\"i\",\"root\"]\n[61.0,\"o\",\"root\\r\\n\"]\n[62";

    #[test]
    fn pauses_are_cut_and_what_is_printed_is_safe() {
        let cast = Cast::read(CAST.as_bytes(), None).expect("a recording");
        assert_eq!((cast.width, cast.height, cast.end), (80, 24, 61.0));
        assert_eq!(cast.output, [(0.5, "login: ".to_owned()), (61.0, "root\r\n".to_owned())]);
        let cast = Cast::read(CAST.as_bytes(), Some(2.0)).expect("a recording");
        assert!((cast.end - 3.0).abs() < 1e-9);
        assert_eq!(Cast::transcript(CAST.as_bytes()).expect("text"), "login: root\n");
        assert_eq!(Cast::read(b"nothing", None), None);
    }
}
