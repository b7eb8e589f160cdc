//! What stands on a terminal before the first prompt: PAM's `motd` and `lastlog`.

use super::session::SshSession;
use crate::Context;
use bytes::Bytes;
use std::fmt::Write as _;
use ukai_model::Timestamp;
use ukai_shell::Files;

/// A record of `lastlog` (lastlog.h of glibc): time, line, host.
const RECORD_BYTES: usize = 4 + 32 + 256;

/// Accounts of which the last log-in is kept: the file has a place for each number.
const UIDS_MAX: u32 = 2_000;

impl SshSession {
    /// The text, lines ended by `\n`; the log-in itself is written down.
    pub(super) fn greeting(&self, cx: &Context<'_>, uid: u32) -> String {
        let spec = self.spec();
        let mut text = self.open.host.fill(&spec.motd, cx.now);
        let mut disk = Files::new(self.open.fs.clone(), 0, 0);
        disk.at(cx.now);
        if !spec.motd_file.is_empty()
            && let Ok(motd) = disk.read(spec.motd_file.as_bytes())
        {
            text.push_str(&String::from_utf8_lossy(&motd));
        }
        if spec.last_login {
            self.last_login(&disk, cx.now, uid, &mut text);
        }
        text
    }

    fn last_login(&self, disk: &Files, now: Timestamp, uid: u32, text: &mut String) {
        const PATH: &[u8] = b"/var/log/lastlog";
        if uid > UIDS_MAX {
            return;
        }
        let mut log = disk.read(PATH).map(|log| log.to_vec()).unwrap_or_default();
        let start = uid as usize * RECORD_BYTES;
        if log.len() < start + RECORD_BYTES {
            log.resize(start + RECORD_BYTES, 0);
        }
        let Some(record) = log.get_mut(start..start + RECORD_BYTES) else { return };
        let (time, rest) = record.split_at_mut(4);
        let (line, host) = rest.split_at_mut(32);
        let before = u32::from_le_bytes([time[0], time[1], time[2], time[3]]);
        if before != 0 {
            let from = host.split(|byte| *byte == 0).next().unwrap_or_default();
            let from = String::from_utf8_lossy(from);
            let _ = writeln!(text, "Last login: {} from {from}", calendar(u64::from(before)));
        }
        let clock = self.open.host.clock(now).secs();
        time.copy_from_slice(&u32::try_from(clock).unwrap_or(u32::MAX).to_le_bytes());
        line.fill(0);
        line[..5].copy_from_slice(b"pts/0");
        host.fill(0);
        let from = self.open.flow.src_ip.to_string();
        for (to, byte) in host.iter_mut().zip(from.bytes()) {
            *to = byte;
        }
        // A full disk keeps no record, as a real one would.
        let _ = disk.store_as_system(PATH, Bytes::from(log), 0o664);
    }
}

/// `ctime` without its line end, in UTC.
pub(super) fn calendar(secs: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = secs / 86_400;
    // Days from the civil calendar, counted from March of year 0.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = year_of_era + era * 400 + u64::from(month < 2);
    format!(
        "{} {} {day:2} {:02}:{:02}:{:02} {year}",
        DAYS[(days % 7) as usize],
        MONTHS[month as usize],
        secs / 3_600 % 24,
        secs / 60 % 60,
        secs % 60
    )
}

#[cfg(test)]
mod tests {
    use super::calendar;

    #[test]
    fn times_read_as_ctime_writes_them() {
        assert_eq!(calendar(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(calendar(951_782_400), "Tue Feb 29 00:00:00 2000");
        assert_eq!(calendar(1_700_000_000), "Tue Nov 14 22:13:20 2023");
    }
}
