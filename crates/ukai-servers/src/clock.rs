//! The clock that the Internet shows to a sample: the true one, or one that is set
//! elsewhere, so that what waits for a date does not wait.

use ukai_model::{Duration, Timestamp};

/// Seconds from 1900, where NTP and RFC 868 begin, to 1970.
const FROM_1900_SECS: u64 = 2_208_988_800;

/// A clock that goes wrong by a constant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// How far it is ahead, in milliseconds; negative: behind.
    pub(crate) shift_ms: i64,
}

impl Clock {
    /// What it shows at a time.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        let shift = Duration::from_millis(self.shift_ms.unsigned_abs());
        if self.shift_ms < 0 { now - shift } else { now + shift }
    }

    /// What it shows, as C's `ctime` writes it in UTC: `Sun Nov  6 08:49:37 1994`.
    pub(crate) fn text(self, now: Timestamp) -> String {
        written(self.at(now), "%a %b %e %H:%M:%S %Y")
    }
}

/// A time in UTC, in a form as for `strftime`; empty if there is none.
pub(crate) fn written(time: Timestamp, form: &str) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.nanos()))
        .ok()
        .and_then(|time| jiff::fmt::strtime::format(form, time).ok())
        .unwrap_or_default()
}

/// Seconds since 1900, as 32 bits that begin anew in 2036 (RFC 868, RFC 5905).
pub(crate) fn secs_1900(time: Timestamp) -> u32 {
    (time.secs() + FROM_1900_SECS) as u32
}

#[cfg(test)]
mod tests {
    use super::{Clock, secs_1900};
    use ukai_model::Timestamp;

    #[test]
    fn it_goes_ahead_or_behind_and_never_out_of_bounds() {
        let now = Timestamp::from_secs(784_111_777);
        assert_eq!(Clock::default().text(now), "Sun Nov  6 08:49:37 1994");
        assert_eq!(Clock { shift_ms: -1_000 }.text(now), "Sun Nov  6 08:49:36 1994");
        assert_eq!(Clock { shift_ms: 86_400_000 }.text(now), "Mon Nov  7 08:49:37 1994");
        assert_eq!(Clock { shift_ms: i64::MIN }.at(now).secs(), 0);
        assert_eq!(Clock { shift_ms: i64::MAX }.at(now).nanos(), u64::MAX);
        // Value of RFC 868: 1970-01-01 is 2,208,988,800.
        assert_eq!(secs_1900(Timestamp::from_secs(0)), 2_208_988_800);
        assert_eq!(secs_1900(Timestamp::from_secs(2_085_978_496)), 0);
    }
}
