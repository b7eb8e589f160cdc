//! Values as texts, by their types.

use crate::bytes::{slice, u16_at, u32_at, utf16};
use std::fmt::Write as _;

pub(crate) const NULL: u8 = 0x00;
pub(crate) const BINARY_XML: u8 = 0x21;
/// Set for an array.
pub(crate) const ARRAY: u8 = 0x80;

/// From 1601 to 1970, in FILETIME's units of 100 ns.
const TO_1970: i128 = 116_444_736_000_000_000;

/// A FILETIME (100 ns since 1601) in nanoseconds since 1970.
pub const fn unix_ns(filetime: u64) -> i128 {
    (filetime as i128 - TO_1970) * 100
}

/// A value of one of the types that stand for a text. Empty where its bytes are none of that
/// type; nothing where the type is not known.
pub(crate) fn text(kind: u8, bytes: &[u8]) -> Option<String> {
    let known = match kind {
        NULL => Some(String::new()),
        0x01 => Some(utf16(bytes).trim_end_matches('\0').to_owned()),
        0x02 => Some(ansi(bytes).trim_end_matches('\0').to_owned()),
        0x03 | 0x05 | 0x07 | 0x09 => signed(bytes).map(|number| number.to_string()),
        0x04 | 0x06 | 0x08 | 0x0a => unsigned(bytes).map(|number| number.to_string()),
        0x0b => bytes.try_into().ok().map(|four| f32::from_le_bytes(four).to_string()),
        0x0c => bytes.try_into().ok().map(|eight| f64::from_le_bytes(eight).to_string()),
        0x0d => unsigned(bytes).map(|number| (number != 0).to_string()),
        0x0e => Some(hex(bytes)),
        0x0f => guid(bytes),
        // A size is written as the number that fits the machine.
        0x10 | 0x14 | 0x15 => unsigned(bytes).map(|number| format!("{number:#x}")),
        0x11 => bytes.try_into().ok().map(|eight| file_time(u64::from_le_bytes(eight))),
        0x12 => system_time(bytes),
        0x13 => sid(bytes).map(|(text, _)| text),
        _ => return None,
    };
    Some(known.unwrap_or_default())
}

/// The items of an array. At most so many; nothing where the type is not known.
pub(crate) fn items(kind: u8, bytes: &[u8], most: usize) -> Option<Vec<String>> {
    let size = match kind {
        0x01 => return Some(texts(&utf16(bytes), most)),
        0x02 => return Some(texts(&ansi(bytes), most)),
        0x13 => return Some(sids(bytes, most)),
        0x03 | 0x04 => 1,
        0x05 | 0x06 => 2,
        0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
        0x09 | 0x0a | 0x0c | 0x11 | 0x15 => 8,
        0x0f | 0x12 => 16,
        _ => return None,
    };
    bytes.chunks_exact(size).take(most).map(|item| text(kind, item)).collect()
}

/// Texts of which each has an end.
fn texts(all: &str, most: usize) -> Vec<String> {
    let all = all.strip_suffix('\0').unwrap_or(all);
    if all.is_empty() {
        return Vec::new();
    }
    all.split('\0').take(most).map(str::to_owned).collect()
}

fn sids(mut bytes: &[u8], most: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < most
        && let Some((text, length)) = sid(bytes)
    {
        found.push(text);
        bytes = &bytes[length..];
    }
    found
}

/// Windows' code page 1252, as far as it is Latin-1.
fn ansi(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A number by its length: a boolean is seen with one byte and with four.
fn unsigned(bytes: &[u8]) -> Option<u64> {
    let mut all = [0; 8];
    (!bytes.is_empty()).then_some(())?;
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(all))
}

fn signed(bytes: &[u8]) -> Option<i64> {
    let number = unsigned(bytes)?;
    let above = 64 - 8 * u32::try_from(bytes.len()).ok()?;
    Some((number << above).cast_signed() >> above)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02X}");
        out
    })
}

fn guid(bytes: &[u8]) -> Option<String> {
    let rest = slice(bytes, 8, 8).filter(|_| bytes.len() == 16)?;
    let (first, second, third) = (u32_at(bytes, 0)?, u16_at(bytes, 4)?, u16_at(bytes, 6)?);
    let (clock, node) = rest.split_at(2);
    Some(format!("{{{first:08X}-{second:04X}-{third:04X}-{}-{}}}", hex(clock), hex(node)))
}

/// A security identifier (MS-DTYP 2.4.2) and its length.
fn sid(bytes: &[u8]) -> Option<(String, usize)> {
    let (revision, count) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    let authority = slice(bytes, 2, 6)?.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let mut text = format!("S-{revision}-{authority}");
    for number in 0..count {
        let _ = write!(text, "-{}", u32_at(bytes, 8 + 4 * number)?);
    }
    Some((text, 8 + 4 * count))
}

/// A FILETIME as XML has it.
fn file_time(filetime: u64) -> String {
    const SECOND: u64 = 10_000_000;
    let (seconds, rest) = (filetime / SECOND, filetime % SECOND);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:07}00Z")
}

/// Year, month and day of a number of days since 1601: 400 years have 146,097 days, and years
/// that begin in March have their leap day at their end.
const fn date(days: u64) -> (u64, u64, u64) {
    // From the first of March of the year 0 on.
    let days = days + 584_694;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, day)
}

/// A SYSTEMTIME: year, month, day of the week, day, hour, minute, second, millisecond.
fn system_time(bytes: &[u8]) -> Option<String> {
    let mut parts = [0; 8];
    for (number, part) in parts.iter_mut().enumerate() {
        *part = u16_at(bytes, 2 * number)?;
    }
    let [year, month, _, day, hour, minute, second, ms] = parts;
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"))
}

#[cfg(test)]
mod tests {
    use super::{file_time, items, text, unix_ns};

    #[test]
    fn values_are_as_windows_writes_them() {
        let cases: [(u8, &[u8], &str); 16] = [
            (0x00, b"", ""),
            (0x01, b"a\0\xe9\0\0\0", "a\u{e9}"),
            (0x02, b"a\xe9\0", "a\u{e9}"),
            (0x03, &[0xff], "-1"),
            (0x05, &[0xfe, 0xff], "-2"),
            (0x09, &[0xff; 8], "-1"),
            (0x08, &[0xff; 4], "4294967295"),
            (0x0b, &1.5_f32.to_le_bytes(), "1.5"),
            (0x0d, &[1], "true"),
            (0x0d, &[0, 0, 0, 0], "false"),
            (0x0e, &[1, 0xab], "01AB"),
            (0x14, &[0xe7, 3, 0, 0], "0x3e7"),
            (0x13, &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], "S-1-5-18"),
            // Bytes that are none of the type.
            (0x13, &[1, 2, 0], ""),
            (0x0f, &[1], ""),
            (0x07, b"", ""),
        ];
        for (kind, bytes, expected) in cases {
            assert_eq!(text(kind, bytes).as_deref(), Some(expected), "{kind:#x} {bytes:?}");
        }
        let guid: Vec<u8> = (1..=16).collect();
        let expected = "{04030201-0605-0807-090A-0B0C0D0E0F10}";
        assert_eq!(text(0x0f, &guid).as_deref(), Some(expected));
        let time: Vec<u8> =
            [2024_u16, 2, 4, 29, 23, 59, 58, 7].iter().flat_map(|n| n.to_le_bytes()).collect();
        assert_eq!(text(0x12, &time).as_deref(), Some("2024-02-29T23:59:58.007Z"));
        assert_eq!(text(0x20, b""), None);
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (filetime, expected) in [
            (0, "1601-01-01T00:00:00.000000000Z"),
            (116_444_736_000_000_000, "1970-01-01T00:00:00.000000000Z"),
            (133_536_815_991_234_567, "2024-02-29T11:59:59.123456700Z"),
            (125_963_423_990_000_000, "2000-02-29T23:59:59.000000000Z"),
        ] {
            assert_eq!(file_time(filetime), expected);
        }
        assert_eq!(unix_ns(116_444_736_000_000_001), 100);
        // No number is too large.
        let _ = (file_time(u64::MAX), unix_ns(u64::MAX));
    }

    #[test]
    fn arrays_are_lists() {
        assert_eq!(items(0x01, b"a\0\0\0b\0\0\0", 9), Some(vec!["a".into(), "b".into()]));
        assert_eq!(items(0x01, b"", 9), Some(vec![]));
        assert_eq!(items(0x06, &[1, 0, 2, 0, 3], 9), Some(vec!["1".into(), "2".into()]));
        assert_eq!(items(0x06, &[1, 0, 2, 0, 3], 1), Some(vec!["1".into()]));
        let sids = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0].repeat(2);
        assert_eq!(items(0x13, &sids, 9), Some(vec!["S-1-5-18".to_owned(); 2]));
        assert_eq!(items(0x0e, &[1], 9), None);
    }
}
