//! Points in time as `touch -d` and `touch -t` are given them; the host's zone is UTC.

use jiff::civil::DateTime;

/// `@SECONDS`, or a date with or without a time of day.
pub(super) fn of_date(text: &[u8]) -> Option<u64> {
    const FORMATS: [&str; 8] = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%d %b %Y %H:%M:%S",
        "%b %d %Y %H:%M:%S",
        "%b %d %H:%M:%S %Y",
        "%a %b %d %H:%M:%S %Y",
        "%Y%m%d %H:%M:%S",
    ];
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.split('.').next()?.parse().ok();
    }
    let text = text.trim_end_matches(['Z', 'z']);
    let text = text.trim_end_matches("UTC").trim_end();
    let text = text.split(['.', '+']).next()?.trim_end();
    let whole = [text.to_owned(), format!("{text} 00:00:00")];
    whole.iter().find_map(|text| FORMATS.iter().find_map(|f| seconds(f, text)))
}

/// `[[CC]YY]MMDDhhmm[.ss]`; without a year it is that of `now`.
pub(super) fn of_stamp(text: &[u8], now: u64) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.is_ascii())?;
    let (minutes, second) = text.split_once('.').unwrap_or((text, "00"));
    let year = match minutes.len() {
        8 => super::list::date(now, "%Y"),
        10 if minutes >= "69" => "19".to_owned(),
        10 => "20".to_owned(),
        12 => String::new(),
        _ => return None,
    };
    seconds("%Y%m%d%H%M%S", &format!("{year}{minutes}{second}"))
}

fn seconds(format: &str, text: &str) -> Option<u64> {
    let zone = jiff::tz::TimeZone::UTC;
    let moment = DateTime::strptime(format, text).ok()?.to_zoned(zone).ok()?;
    u64::try_from(moment.timestamp().as_second()).ok()
}
