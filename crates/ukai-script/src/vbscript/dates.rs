//! Dates, as days since 1899-12-30, and parts of them.

/// Days from 1899-12-30 to 1970-01-01.
const UNIX_EPOCH_DAYS: f64 = 25_569.0;

/// The last day that VBScript knows: 9999-12-31.
const LAST_DAY: f64 = 2_958_465.0;

/// A date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

/// Of milliseconds since 1970.
pub(super) fn from_unix_ms(milliseconds: f64) -> f64 {
    milliseconds / 86_400_000.0 + UNIX_EPOCH_DAYS
}

/// Parts of a date.
pub(super) fn parts(days: f64) -> Parts {
    let days = if days.is_finite() { days.clamp(-657_434.0, LAST_DAY) } else { 0.0 };
    let whole = days.floor();
    let seconds = ((days - whole) * 86_400.0).round() as i64;
    let (year, month, day) = civil(whole as i64 - UNIX_EPOCH_DAYS as i64);
    Parts {
        year,
        month,
        day,
        hour: seconds / 3600 % 24,
        minute: seconds / 60 % 60,
        second: seconds % 60,
    }
}

/// The day of a date; months and days beyond their range go on into the next.
pub(super) fn serial(year: i64, month: i64, day: i64) -> f64 {
    let year = year.clamp(100, 9999);
    let months = month.clamp(-10_000, 10_000) - 1;
    let year = year + months.div_euclid(12);
    let month = months.rem_euclid(12) + 1;
    // Days from civil, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let unix = era * 146_097 + day_of_era - 719_468;
    unix as f64 + UNIX_EPOCH_DAYS + day.clamp(-4_000_000, 4_000_000) as f64 - 1.0
}

fn civil(unix: i64) -> (i64, i64, i64) {
    let shifted = unix + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// As text: `3/4/2026 1:23:45 AM`.
pub(super) fn shown(days: f64) -> String {
    let it = parts(days);
    let date = format!("{}/{}/{}", it.month, it.day, it.year);
    let half = if it.hour < 12 { "AM" } else { "PM" };
    let hour = if it.hour % 12 == 0 { 12 } else { it.hour % 12 };
    let time = format!("{hour}:{:02}:{:02} {half}", it.minute, it.second);
    match (days.floor() == 0.0, days.fract() == 0.0) {
        (_, true) => date,
        (true, false) => time,
        _ => format!("{date} {time}"),
    }
}

/// A date in text: `2026-03-04`, `3/4/2026 1:23:45 PM`.
pub(super) fn parse(text: &str) -> Option<f64> {
    let mut date = None;
    let mut time = 0.0;
    for word in text.split_whitespace() {
        let numbers: Vec<i64> =
            word.split(['/', '-', ':']).map_while(|it| it.parse().ok()).take(3).collect();
        match (word, numbers.as_slice()) {
            (_, [hour, minute, rest @ ..]) if word.contains(':') => {
                let second = rest.first().copied().unwrap_or(0);
                let minutes = hour.saturating_mul(60).saturating_add(*minute);
                let seconds = minutes.saturating_mul(60).saturating_add(second);
                time += seconds as f64 / 86_400.0;
            }
            (_, [year, month, day]) if *year >= 100 => date = Some(serial(*year, *month, *day)),
            (_, [month, day, year]) => {
                let year = if *year < 100 { year + 2000 } else { *year };
                date = Some(serial(year, *month, *day));
            }
            _ if word.eq_ignore_ascii_case("pm") => time += 0.5,
            _ if word.eq_ignore_ascii_case("am") => {}
            _ => return None,
        }
    }
    Some(date.unwrap_or(0.0) + time)
}

#[cfg(test)]
mod tests {
    use super::{parse, parts, serial, shown};

    #[test]
    fn days_are_counted_as_vbscript_counts_them() {
        let days = |year, month, day| serial(year, month, day) as i64;
        assert_eq!(days(1970, 1, 1), 25_569);
        assert_eq!(days(2026, 3, 4), 46_085);
        assert_eq!(days(2025, 15, 4), 46_085);
        assert_eq!(shown(46_085.5), "3/4/2026 12:00:00 PM");
        assert_eq!(parse("2026-03-04 6:00:00 PM"), Some(46_085.75));
        assert_eq!((parts(36_526.0).year, parts(36_526.0).month), (2000, 1));
    }
}
