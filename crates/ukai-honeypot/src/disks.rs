//! What each attacker left on each host's disk: found again next time, bounded.

use crate::config::DiskConfig;
use crate::limits::DISKS_MEASURED_EVERY;
use lru::LruCache;
use parking_lot::Mutex;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use ukai_model::{Duration, Timestamp};
use ukai_persona::Host;
use ukai_shell::Fs;

/// The table of disks, one per attacker and host.
pub(crate) struct Disks {
    config: DiskConfig,
    table: Mutex<Table>,
}

struct Table {
    disks: LruCache<(IpAddr, IpAddr), Disk>,
    bytes: u64,
    until_measured: u32,
}

struct Disk {
    fs: Fs,
    used: Timestamp,
    /// Bytes as last measured.
    bytes: u64,
}

impl Disks {
    pub(crate) fn new(config: DiskConfig) -> Self {
        // Bounded where disks are put in; `new(n)` would allocate for n at once.
        let table =
            Table { disks: LruCache::unbounded(), bytes: 0, until_measured: DISKS_MEASURED_EVERY };
        Self { config, table: Mutex::new(table) }
    }

    /// The disk that `source` sees on `host`.
    pub(crate) fn of(&self, source: IpAddr, host: &Arc<Host>, now: Timestamp) -> Fs {
        let mut table = self.table.lock();
        let key = (attacker(source), host.address);
        let kept = Duration::from_secs(self.config.kept_s);
        let known = table.disks.get_mut(&key).filter(|disk| now.since(disk.used) < kept);
        let fs = if let Some(disk) = known {
            disk.used = now;
            disk.fs.clone()
        } else {
            let fs = Fs::new(host);
            let disk = Disk { fs: fs.clone(), used: now, bytes: 0 };
            if let Some((_, old)) = table.disks.push(key, disk) {
                table.bytes -= old.bytes;
            }
            fs
        };
        table.measure(&key);
        table.until_measured -= 1;
        if table.until_measured == 0 {
            table.measure_all();
            table.forget_unused(now, kept);
        }
        table.shrink(&self.config);
        fs
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.table.lock().disks.len()
    }
}

impl Table {
    fn measure(&mut self, key: &(IpAddr, IpAddr)) {
        if let Some(disk) = self.disks.peek_mut(key) {
            let bytes = disk.fs.used_bytes();
            self.bytes = self.bytes - disk.bytes + bytes;
            disk.bytes = bytes;
        }
    }

    /// Disks grow while they are in use, without telling.
    fn measure_all(&mut self) {
        self.until_measured = DISKS_MEASURED_EVERY;
        self.bytes = 0;
        for (_, disk) in &mut self.disks {
            disk.bytes = disk.fs.used_bytes();
            self.bytes += disk.bytes;
        }
    }

    fn forget_unused(&mut self, now: Timestamp, kept: Duration) {
        while self.disks.peek_lru().is_some_and(|(_, disk)| now.since(disk.used) >= kept) {
            self.drop_oldest();
        }
    }

    /// A session that is using a disk keeps it; only the table forgets it.
    fn shrink(&mut self, config: &DiskConfig) {
        while self.disks.len() > config.disks_max
            || (self.bytes > config.bytes_max && self.disks.len() > 1)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, disk)) = self.disks.pop_lru() {
            self.bytes -= disk.bytes;
        }
    }
}

/// An attacker: an IPv4 address, or the /64 of an IPv6 one.
fn attacker(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::Disks;
    use crate::config::DiskConfig;
    use std::net::IpAddr;
    use std::sync::Arc;
    use ukai_model::{Duration, Timestamp};
    use ukai_persona::{Host, Persona};
    use ukai_shell::{Fs, Login, Shell};

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn host() -> Arc<Host> {
        let address = "198.51.100.1".parse().expect("an address");
        Arc::new(Persona::built_in()[0].host(address, [7; 32]))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Writes as an attacker does, which is the only way.
    fn write(host: &Arc<Host>, fs: &Fs, line: &str) {
        let login = Login::new("root", 0);
        let mut shell = Shell::new(Arc::clone(host), fs.clone(), login, 1, NOW);
        shell.run(line.as_bytes(), NOW, &mut Vec::new());
    }

    #[test]
    fn an_attacker_finds_its_own_files_again_and_nobody_elses() {
        let (disks, host) = (Disks::new(DiskConfig::default()), host());
        write(&host, &disks.of(ip("192.0.2.1"), &host, NOW), "echo aaaaaaaaaaaaaaaaaaaa > /tmp/x");
        assert!(disks.of(ip("192.0.2.1"), &host, NOW).used_bytes() > 0);
        assert_eq!(disks.of(ip("192.0.2.2"), &host, NOW).used_bytes(), 0);
        // An IPv6 attacker is its /64.
        write(
            &host,
            &disks.of(ip("2001:db8::1"), &host, NOW),
            "echo aaaaaaaaaaaaaaaaaaaa > /tmp/x",
        );
        assert!(disks.of(ip("2001:db8::2"), &host, NOW).used_bytes() > 0);
        assert_eq!(disks.of(ip("2001:db8:0:1::1"), &host, NOW).used_bytes(), 0);
    }

    #[test]
    fn a_disk_is_cleaned_after_its_time() {
        let config = DiskConfig { kept_s: 60, ..DiskConfig::default() };
        let (disks, host) = (Disks::new(config), host());
        write(&host, &disks.of(ip("192.0.2.1"), &host, NOW), "echo aaaaaaaaaaaaaaaaaaaa > /tmp/x");
        let later = NOW + Duration::from_mins(1);
        assert_eq!(disks.of(ip("192.0.2.1"), &host, later).used_bytes(), 0);
        assert_eq!(disks.len(), 1);
    }

    #[test]
    fn number_and_volume_are_bounded_and_the_oldest_goes_first() {
        let config = DiskConfig { disks_max: 3, ..DiskConfig::default() };
        let (disks, host) = (Disks::new(config), host());
        for n in 1..=5 {
            disks.of(ip(&format!("192.0.2.{n}")), &host, NOW);
        }
        assert_eq!(disks.len(), 3);

        let config = DiskConfig { bytes_max: 150_000, ..DiskConfig::default() };
        let disks = Disks::new(config);
        let fill = "dd if=/dev/zero of=/tmp/x bs=1000 count=100";
        for n in 1..=3 {
            write(&host, &disks.of(ip(&format!("192.0.2.{n}")), &host, NOW), fill);
        }
        // Measured when they are asked for again: the second makes room for itself.
        disks.of(ip("192.0.2.3"), &host, NOW);
        assert_eq!(disks.len(), 3);
        assert!(disks.of(ip("192.0.2.2"), &host, NOW).used_bytes() >= 100_000);
        assert_eq!(disks.len(), 1);
    }
}
