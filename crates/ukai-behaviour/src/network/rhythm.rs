//! How regular contacts are.
//!
//! The method is that of RITA (Active Countermeasures, versions 4.8 and 5: `tsScore`): of the
//! intervals between contacts, Bowley's skewness (how lopsided they lie around their median)
//! and the median absolute deviation from the median, relative to it; the score is the mean of
//! one minus each. A fixed jitter around a period leaves both small, where a mean and a
//! variance would be thrown off by one late contact. Both are blind to what the other half of
//! the intervals does, which in the short time of a run are few: the score is therefore
//! multiplied by the part of intervals that lie within half of the median around it. And with
//! so few, skewness is what chance makes of an even jitter: only what is beyond `2/√n` of n
//! intervals, about twice its standard deviation, counts.

use ukai_model::Rhythm;

/// Intervals below which nothing is said.
const INTERVALS_MIN: usize = 4;
/// Contacts within this time are one, in milliseconds: several connections are opened at once.
const TOGETHER_MS: u64 = 200;

/// The rhythm of contacts at these times (in milliseconds), if there are enough.
pub(crate) fn rhythm(times: &[u64]) -> Option<Rhythm> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.dedup_by(|later, earlier| later.saturating_sub(*earlier) < TOGETHER_MS);
    let mut intervals: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if intervals.len() < INTERVALS_MIN {
        return None;
    }
    intervals.sort_unstable();
    let quarter = |n: usize| intervals[(intervals.len() - 1) * n / 4] as f64;
    let (low, middle, high) = (quarter(1), quarter(2), quarter(3));
    let skewed = high - low > 0.0 && (middle - low).abs() > 0.0 && (high - middle).abs() > 0.0;
    let skew = if skewed { (low + high - 2.0 * middle) / (high - low) } else { 0.0 };
    let skew = (skew.abs() - 2.0 / (intervals.len() as f64).sqrt()).max(0.0);
    let mut deviations: Vec<u64> =
        intervals.iter().map(|interval| interval.abs_diff(middle as u64)).collect();
    deviations.sort_unstable();
    let deviation = deviations[(deviations.len() - 1) / 2] as f64 / middle;
    let near = |interval: &&u64| (**interval as f64 - middle).abs() <= middle / 2.0;
    let share = intervals.iter().filter(near).count() as f64 / intervals.len() as f64;
    let score = (1.0 - skew).midpoint((1.0 - deviation).max(0.0)) * share;
    Some(Rhythm {
        period_ms: middle as u64,
        jitter_percent: (deviation * 100.0).round() as u32,
        intervals: intervals.len() as u64,
        score: (score * 100.0).round() as u8,
    })
}

#[cfg(test)]
mod tests {
    use super::rhythm;

    #[test]
    fn a_beacon_with_jitter_is_told_from_chance() {
        let beacon: Vec<u64> = (0..20).map(|n| n * 10_000 + (n * 7_919) % 2_000).collect();
        let found = rhythm(&beacon).expect("enough");
        assert!((9_000..11_000).contains(&found.period_ms), "{found:?}");
        assert!(found.jitter_percent < 15 && found.score > 80, "{found:?}");
        // Bursts with long pauses between them.
        let bursts = [0, 1_000, 2_000, 60_000, 61_000, 200_000, 500_000, 501_000];
        let found = rhythm(&bursts).expect("enough");
        assert!(found.score < 60, "{found:?}");
        assert_eq!(rhythm(&[0, 1, 2, 3, 4, 5, 6]), None, "one contact in several connections");
    }

    /// A fifth more or less, drawn anew each time, and only a dozen contacts.
    #[test]
    fn a_beacon_is_known_whatever_its_jitter_draws() {
        let mut chance = 1_u64;
        for _ in 0..1_000 {
            let mut now = 0;
            let times: Vec<u64> = (0..12)
                .map(|_| {
                    chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    now += 4_000 + (chance >> 33) % 2_000;
                    now
                })
                .collect();
            let found = rhythm(&times).expect("enough");
            assert!(found.score >= 75, "{found:?} of {times:?}");
        }
    }
}
