//! Dates as web servers and databases write them.

use ukai_model::Timestamp;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

struct Civil {
    year: u64,
    month: usize,
    day: u64,
    weekday: usize,
    hour: u64,
    minute: u64,
    second: u64,
}

/// The calendar date of a time, by counting eras of 400 years from 1 March 0000.
fn civil(secs: u64) -> Civil {
    let days = secs / 86_400;
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Civil {
        year: year_of_era + era * 400 + u64::from(month <= 2),
        month: month as usize - 1,
        day,
        weekday: ((days + 4) % 7) as usize,
        hour: secs / 3_600 % 24,
        minute: secs / 60 % 60,
        second: secs % 60,
    }
}

/// IMF-fixdate (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(time: Timestamp) -> String {
    let Civil { year, month, day, weekday, hour, minute, second } = civil(time.secs());
    let (weekday, month) = (DAYS[weekday], MONTHS[month]);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// As SQL has it: `1994-11-06 08:49:37`.
pub(crate) fn sql_time(time: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = civil(time.secs());
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}", month + 1)
}

/// As `asctime` has it: `Sun Nov  6 08:49:37 1994`.
pub(crate) fn asctime(time: Timestamp) -> String {
    let Civil { year, month, day, weekday, hour, minute, second } = civil(time.secs());
    let (weekday, month) = (DAYS[weekday], MONTHS[month]);
    format!("{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}")
}

/// Seconds since 1970 of an IMF-fixdate; nothing for what is none.
pub(crate) fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split(' ');
    let (_, day, month, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let (year, day) = (year.parse::<u64>().ok()?, day.parse::<u64>().ok()?);
    if !(1970..10_000).contains(&year) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    // The inverse of `civil`: years begin in March.
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
    Some((days.checked_sub(719_468)?) * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let time = Timestamp::from_secs(784_111_777);
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(asctime(time), "Sun Nov  6 08:49:37 1994");
        for secs in [0, 784_111_777, 951_782_400, 1_709_164_800, 4_102_444_799] {
            let text = http_date(Timestamp::from_secs(secs));
            assert_eq!(parse(text.as_bytes()), Some(secs), "{text}");
        }
        assert_eq!(parse(b"yesterday"), None);
        assert_eq!(http_date(Timestamp::from_secs(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(Timestamp::from_secs(1_709_164_800)), "Thu, 29 Feb 2024 00:00:00 GMT");
    }
}
