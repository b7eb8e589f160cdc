//! What each attacker left on each host's disk: found again next time, bounded, and over
//! a restart of the program too.

use crate::config::{DiskConfig, DiskPer};
use crate::limits::{
    DATAGRAM_DISKS_MAX, DISKS_LEAVING_MAX, DISKS_MEASURED_EVERY, DISKS_SAVED_EVERY,
    PEERS_REMEMBERED_MAX,
};
use crate::shelf::{DiskName, OnShelf, Shelf};
use lru::LruCache;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;
use ukai_driver::World;
use ukai_model::{Duration, Sha256, Timestamp};
use ukai_persona::Host;
use ukai_shell::{ByLogin, Fs, Snapshot};
use ukai_store::Store;

/// The table of disks, one per attacker and host.
pub(crate) struct Disks {
    shared: Arc<Shared>,
    saving: Option<JoinHandle<()>>,
}

struct Shared {
    config: DiskConfig,
    secret: [u8; 32],
    world: Arc<dyn World>,
    shelf: Option<Arc<Shelf>>,
    table: Mutex<Table>,
    /// Something is to be saved now, or nothing any more.
    wake: Condvar,
    /// The credential that an address logged in with last, by the name of its own disk.
    last_login: Mutex<LruCache<DiskName, DiskName>>,
    /// Disks of sources that were met through datagrams alone.
    datagrams: Mutex<LruCache<DiskName, Fs>>,
}

struct Table {
    disks: LruCache<DiskName, Disk>,
    bytes: u64,
    until_measured: u32,
    /// Disks that had to leave and are not saved yet.
    leaving: HashMap<DiskName, Disk>,
    lost: u64,
    /// Some are to be saved now.
    urgent: bool,
    stopping: bool,
}

struct Disk {
    fs: Fs,
    used: Timestamp,
    /// Bytes as last measured.
    bytes: u64,
    saved: Saved,
}

/// What is on the shelf of a disk.
#[derive(Clone, Copy, PartialEq)]
struct Saved {
    /// When it was last looked after.
    at: Timestamp,
    /// What was written.
    digest: Option<Sha256>,
}

impl Disks {
    /// `store` has the folder in which disks outlast the program, if it has one.
    pub(crate) fn new(
        config: DiskConfig,
        secret: [u8; 32],
        world: Arc<dyn World>,
        store: &Store,
    ) -> Self {
        let folder = store.folder().filter(|_| config.disk_bytes_max > 0);
        let kept = Duration::from_secs(config.kept_s);
        let shelf = folder.map(|folder| {
            let folder = folder.join("disks");
            Arc::new(Shelf::new(folder, config.disk_bytes_max, kept, store.clone()))
        });
        let remembered = NonZeroUsize::new(PEERS_REMEMBERED_MAX).expect("a constant above zero");
        let datagrams = NonZeroUsize::new(DATAGRAM_DISKS_MAX).expect("a constant above zero");
        let shared = Arc::new(Shared {
            config,
            secret,
            world,
            shelf,
            table: Mutex::new(Table::new()),
            wake: Condvar::new(),
            last_login: Mutex::new(LruCache::new(remembered)),
            datagrams: Mutex::new(LruCache::new(datagrams)),
        });
        let saving = shared.shelf.clone().and_then(|shelf| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("disks".into());
            let started = thread.spawn(move || shared.save_until_stopped(&shelf));
            started
                .inspect_err(|error| tracing::error!(%error, "attackers' disks are not kept"))
                .ok()
        });
        Self { shared, saving }
    }

    /// The disk that `source` sees on `host`.
    pub(crate) fn of(&self, source: IpAddr, host: &Arc<Host>, now: Timestamp) -> Fs {
        let name = self.shared.name(b"address", &octets(attacker(source)), host);
        let fs = self.shared.disk(&name, host, now, true);
        match self.shared.config.per {
            DiskPer::Address => fs,
            DiskPer::Credential => fs.until_login(Arc::new(Logins {
                shared: Arc::clone(&self.shared),
                host: Arc::clone(host),
                own: name,
            })),
        }
    }

    /// The disk that a source sees which may be forged: its own if it was met before by a
    /// protocol that proves addresses. Otherwise one of a few in memory, so that what is
    /// put can be got, and nothing that real sources have left is pushed out.
    pub(crate) fn of_datagrams(&self, source: IpAddr, host: &Arc<Host>) -> Fs {
        let name = self.shared.name(b"address", &octets(attacker(source)), host);
        let own = self.shared.table.lock().disks.peek(&name).map(|disk| disk.fs.clone());
        own.unwrap_or_else(|| {
            let mut datagrams = self.shared.datagrams.lock();
            datagrams.get_or_insert(name, || Fs::new(host)).clone()
        })
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shared.table.lock().disks.len()
    }
}

impl Drop for Disks {
    /// Saves what is not saved yet.
    fn drop(&mut self) {
        self.shared.table.lock().stopping = true;
        self.shared.wake.notify_all();
        if self.saving.take().is_some_and(|saving| saving.join().is_err()) {
            tracing::error!("attackers' disks could not be saved");
        }
    }
}

impl Shared {
    /// A keyed hash, so that neither a name nor a path is an attacker's to choose.
    fn name(&self, what: &[u8], whose: &[u8], host: &Host) -> DiskName {
        let address = octets(host.address);
        let mut text = self.secret.to_vec();
        for part in [b"disk", what, whose, &address, host.persona.name.as_bytes()] {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part);
        }
        let mut name = DiskName::default();
        name.copy_from_slice(&Sha256::of(&text).as_bytes()[..16]);
        name
    }

    /// The disk of that name; not added to the table unless `used`.
    fn disk(&self, name: &DiskName, host: &Arc<Host>, now: Timestamp, used: bool) -> Fs {
        let mut table = self.table.lock();
        let kept = Duration::from_secs(self.config.kept_s);
        if let Some(disk) = table.disks.peek(name).filter(|disk| now.since(disk.used) < kept) {
            let fs = disk.fs.clone();
            if used {
                table.used(name, now);
            }
            self.look_after(&mut table, name, now);
            return fs;
        }
        // One that is too old is as the owner left it again.
        let old = table.disks.pop(name);
        table.bytes -= old.map_or(0, |disk| disk.bytes);
        if let Some(leaving) = table.leaving.get(name).filter(|_| !used) {
            return leaving.fs.clone();
        }
        let mut disk = table.leaving.remove(name).unwrap_or_else(|| self.fetched(name, host, now));
        let fs = disk.fs.clone();
        if used {
            disk.used = now;
            table.bytes += disk.bytes;
            table.disks.push(*name, disk);
        }
        self.look_after(&mut table, name, now);
        fs
    }

    /// A disk from the shelf, or as the owner left it.
    fn fetched(&self, name: &DiskName, host: &Arc<Host>, now: Timestamp) -> Disk {
        let shelf = self.shelf.as_ref().filter(|shelf| shelf.may_have(name));
        let fs = match shelf {
            Some(shelf) => {
                let kept = OnShelf { shelf: Arc::clone(shelf), name: *name, now };
                Fs::restored(host, Box::new(kept))
            }
            None => Fs::new(host),
        };
        Disk { fs, used: now, bytes: 0, saved: Saved { at: Timestamp::default(), digest: None } }
    }

    fn look_after(&self, table: &mut Table, name: &DiskName, now: Timestamp) {
        table.measure(name);
        table.until_measured -= 1;
        if table.until_measured == 0 {
            table.measure_all();
            table.forget_unused(now, Duration::from_secs(self.config.kept_s));
        }
        let saves = self.shelf.is_some();
        table.shrink(&self.config, saves);
        if table.urgent {
            self.wake.notify_one();
        }
    }

    fn save_until_stopped(&self, shelf: &Shelf) {
        shelf.read_folder();
        loop {
            let stopping = {
                let mut table = self.table.lock();
                if !table.stopping && !table.urgent {
                    self.wake.wait_for(&mut table, DISKS_SAVED_EVERY);
                }
                table.urgent = false;
                table.stopping
            };
            self.save(shelf);
            shelf.tidy(self.world.now());
            if stopping {
                return;
            }
        }
    }

    /// Saves what was used since it was saved last.
    fn save(&self, shelf: &Shelf) {
        let now = self.world.now();
        let work: Vec<(DiskName, Fs, Timestamp, Saved)> = {
            let table = self.table.lock();
            let due = table
                .disks
                .iter()
                .filter(|(_, disk)| disk.used >= disk.saved.at || disk.fs.holders() > 1);
            let all = table.leaving.iter().chain(due);
            all.map(|(name, disk)| (*name, disk.fs.clone(), disk.used, disk.saved)).collect()
        };
        for (name, fs, used, saved) in work {
            // The table and this work have it; whoever else does is a session.
            let in_use = fs.holders() > 2;
            let used = if in_use { now } else { used };
            let digest = match fs.save(|sha256| shelf.is_sample(sha256)) {
                Snapshot::Asleep => {
                    shelf.touch(&name, used);
                    saved.digest
                }
                Snapshot::AsDelivered => {
                    shelf.remove(&name);
                    None
                }
                Snapshot::Changed(bytes) => {
                    let digest = Some(Sha256::of(&bytes));
                    if digest == saved.digest {
                        shelf.touch(&name, used);
                        digest
                    } else {
                        match shelf.save(&name, &bytes, used) {
                            Ok(()) => digest,
                            Err(error) => {
                                tracing::warn!(%error, "an attacker's disk could not be saved");
                                saved.digest
                            }
                        }
                    }
                }
            };
            let mut table = self.table.lock();
            if !in_use {
                table.leaving.remove(&name);
            }
            if let Some(disk) = table.disks.peek_mut(&name) {
                disk.saved = Saved { at: now, digest };
            }
        }
        let lost = std::mem::take(&mut self.table.lock().lost);
        if lost > 0 {
            tracing::warn!(
                lost,
                "attackers' disks were lost: they left memory faster than they can be saved"
            );
        }
    }
}

/// Disks by credential, of one host and for one connection.
struct Logins {
    shared: Arc<Shared>,
    host: Arc<Host>,
    /// The name of the disk of the address that the connection comes from.
    own: DiskName,
}

impl Logins {
    fn name(&self, user: &[u8], password: &[u8]) -> DiskName {
        let pair = [&(user.len() as u64).to_le_bytes()[..], user, password].concat();
        self.shared.name(b"credential", &pair, &self.host)
    }

    /// The disk that this peer worked on last, and that of the pair.
    fn names(&self, user: &[u8], password: &[u8]) -> Vec<DiskName> {
        let last = self.shared.last_login.lock().get(&self.own).copied();
        last.into_iter().chain([self.name(user, password)]).collect()
    }
}

impl ByLogin for Logins {
    fn known(&self, user: &[u8], password: &[u8]) -> Vec<Fs> {
        let now = self.shared.world.now();
        let names = self.names(user, password);
        names.iter().map(|name| self.shared.disk(name, &self.host, now, false)).collect()
    }

    fn of(&self, user: &[u8], password: &[u8], known: Option<usize>) -> Fs {
        let names = self.names(user, password);
        let name = known.and_then(|known| names.get(known)).or(names.last());
        let name = name.copied().unwrap_or_else(|| self.name(user, password));
        self.shared.last_login.lock().put(self.own, name);
        self.shared.disk(&name, &self.host, self.shared.world.now(), true)
    }
}

impl Table {
    fn new() -> Self {
        // Bounded where disks are put in; `new(n)` would allocate for n at once.
        Self {
            disks: LruCache::unbounded(),
            bytes: 0,
            until_measured: DISKS_MEASURED_EVERY,
            leaving: HashMap::new(),
            lost: 0,
            urgent: false,
            stopping: false,
        }
    }

    fn used(&mut self, name: &DiskName, now: Timestamp) {
        if let Some(disk) = self.disks.get_mut(name) {
            disk.used = now;
        }
    }

    fn measure(&mut self, name: &DiskName) {
        if let Some(disk) = self.disks.peek_mut(name) {
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
            self.pop_oldest();
        }
    }

    /// A session that is using a disk keeps it; only the table forgets it.
    fn shrink(&mut self, config: &DiskConfig, saves: bool) {
        while self.disks.len() > config.disks_max
            || (self.bytes > config.bytes_max && self.disks.len() > 1)
        {
            let Some((name, disk)) = self.pop_oldest() else { break };
            if !saves || (disk.fs.used_bytes() == 0 && disk.fs.holders() == 1) {
                continue;
            }
            self.urgent = true;
            if self.leaving.len() < DISKS_LEAVING_MAX {
                self.leaving.insert(name, disk);
            } else {
                self.lost += 1;
            }
        }
    }

    fn pop_oldest(&mut self) -> Option<(DiskName, Disk)> {
        let (name, disk) = self.disks.pop_lru()?;
        self.bytes -= disk.bytes;
        Some((name, disk))
    }
}

/// An attacker: an IPv4 address, or the /64 of an IPv6 one.
fn attacker(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::Disks;
    use crate::config::{DiskConfig, DiskPer};
    use std::net::IpAddr;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use ukai_driver::World;
    use ukai_model::{Duration, Timestamp};
    use ukai_persona::{Host, Persona};
    use ukai_shell::{Fs, Login, Shell, ShellEffect};
    use ukai_store::{Store, StoreConfig};

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn host() -> Arc<Host> {
        let address = "198.51.100.1".parse().expect("an address");
        Arc::new(Persona::built_in()[0].host(address, [7; 32]))
    }

    fn server() -> Arc<Host> {
        let address = "198.51.100.1".parse().expect("an address");
        let persona = Persona::built_in().iter().find(|p| p.name == "server-debian");
        Arc::new(persona.expect("it is built in").host(address, [7; 32]))
    }

    /// The clock stands.
    struct Standing;

    impl World for Standing {
        fn now(&self) -> Timestamp {
            NOW
        }
        fn random(&self) -> u128 {
            4
        }
    }

    fn make(config: DiskConfig) -> Disks {
        kept_in(config, &Store::in_memory(StoreConfig::default()))
    }

    fn kept_in(config: DiskConfig, store: &Store) -> Disks {
        Disks::new(config, [1; 32], Arc::new(Standing), store)
    }

    fn open(folder: &Path) -> Store {
        Store::open(folder, StoreConfig::default()).expect("a store")
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let shards = std::fs::read_dir(folder.join("disks")).into_iter().flatten().flatten();
        let files = shards.flat_map(|shard| std::fs::read_dir(shard.path()).into_iter().flatten());
        files.flatten().map(|file| file.path()).collect()
    }

    fn read(host: &Arc<Host>, fs: &Fs, path: &str) -> String {
        let mut effects = Vec::new();
        shell(host, fs).run(format!("cat {path} 2>&1").as_bytes(), NOW, &mut effects);
        let output = effects.iter().filter_map(|effect| match effect {
            ShellEffect::Output(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        });
        output.collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Writes as an attacker does, which is the only way.
    fn write(host: &Arc<Host>, fs: &Fs, line: &str) {
        shell(host, fs).run(line.as_bytes(), NOW, &mut Vec::new());
    }

    fn shell(host: &Arc<Host>, fs: &Fs) -> Shell {
        let login = Login::new("root", 0);
        Shell::new(Arc::clone(host), fs.clone(), login, 1, NOW)
    }

    #[test]
    fn an_attacker_finds_its_own_files_again_and_nobody_elses() {
        let (disks, host) = (make(DiskConfig::default()), host());
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
        let (disks, host) = (make(config), host());
        write(&host, &disks.of(ip("192.0.2.1"), &host, NOW), "echo aaaaaaaaaaaaaaaaaaaa > /tmp/x");
        let later = NOW + Duration::from_mins(1);
        assert_eq!(disks.of(ip("192.0.2.1"), &host, later).used_bytes(), 0);
        assert_eq!(disks.len(), 1);
    }

    #[test]
    fn number_and_volume_are_bounded_and_the_oldest_goes_first() {
        let config = DiskConfig { disks_max: 3, ..DiskConfig::default() };
        let (disks, host) = (make(config), host());
        for n in 1..=5 {
            disks.of(ip(&format!("192.0.2.{n}")), &host, NOW);
        }
        assert_eq!(disks.len(), 3);

        let config = DiskConfig { bytes_max: 150_000, ..DiskConfig::default() };
        let disks = make(config);
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

    #[test]
    fn a_restart_keeps_what_was_left_and_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let (config, host) = (DiskConfig::default(), host());
        {
            let store = open(folder.path());
            let disks = kept_in(config.clone(), &store);
            write(&host, &disks.of(ip("192.0.2.1"), &host, NOW), "echo mine > /tmp/x");
            write(&host, &disks.of(ip("192.0.2.2"), &host, NOW), "echo yours > /tmp/x");
            write(&host, &disks.of(ip("192.0.2.3"), &host, NOW), "ls /");
        }
        assert_eq!(files(folder.path()).len(), 2, "who changed nothing leaves no file");
        for file in files(folder.path()) {
            let bytes = std::fs::read(file).expect("a file");
            assert!(bytes.starts_with(b"CART"), "neutered");
            assert!(!bytes.windows(4).any(|part| part == b"mine"));
        }
        for _ in 0..2 {
            let store = open(folder.path());
            let disks = kept_in(config.clone(), &store);
            let of = |text| disks.of(ip(text), &host, NOW);
            assert_eq!(read(&host, &of("192.0.2.1"), "/tmp/x"), "mine\n");
            assert_eq!(read(&host, &of("192.0.2.2"), "/tmp/x"), "yours\n");
            assert!(read(&host, &of("192.0.2.3"), "/tmp/x").contains("No such file"));
        }
        // After its time it is as the owner left it.
        let store = open(folder.path());
        let disks = kept_in(config, &store);
        let later = NOW + Duration::from_hours(8 * 24);
        let fs = disks.of(ip("192.0.2.1"), &host, later);
        assert!(read(&host, &fs, "/tmp/x").contains("No such file"));
    }

    #[test]
    fn what_leaves_memory_is_found_on_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, host) = (open(folder.path()), host());
        let disks = kept_in(DiskConfig { disks_max: 2, ..DiskConfig::default() }, &store);
        for n in 1..=9 {
            let fs = disks.of(ip(&format!("192.0.2.{n}")), &host, NOW);
            write(&host, &fs, &format!("echo {n} > /tmp/x"));
        }
        for n in 1..=9 {
            let fs = disks.of(ip(&format!("192.0.2.{n}")), &host, NOW);
            assert_eq!(read(&host, &fs, "/tmp/x"), format!("{n}\n"));
        }
        assert_eq!(disks.len(), 2);
    }

    #[test]
    fn the_folder_stays_within_its_budget() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = host();
        let config = DiskConfig { disk_bytes_max: 6_000, ..DiskConfig::default() };
        let noise = "i=0; while [ $i -lt 60 ]; do echo $i$i$i | md5sum >> /tmp/x; i=$((i+1)); done";
        {
            let store = open(folder.path());
            let disks = kept_in(config.clone(), &store);
            for n in 1..=5 {
                let used = NOW + Duration::from_secs(n);
                write(&host, &disks.of(ip(&format!("192.0.2.{n}")), &host, used), noise);
            }
        }
        let kept = files(folder.path());
        assert!((1..5).contains(&kept.len()), "{kept:?}");
        let store = open(folder.path());
        let disks = kept_in(config, &store);
        let seen =
            |n: u8| read(&host, &disks.of(ip(&format!("192.0.2.{n}")), &host, NOW), "/tmp/x");
        assert!(!seen(5).contains("No such file"), "the one used last stays");
        assert!(seen(1).contains("No such file"), "the one used first went");
    }

    #[test]
    fn a_damaged_file_is_as_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = host();
        write(
            &host,
            &kept_in(DiskConfig::default(), &open(folder.path())).of(ip("192.0.2.1"), &host, NOW),
            "echo mine > /tmp/x",
        );
        let file = files(folder.path()).pop().expect("a file");
        let sound = std::fs::read(&file).expect("a file");
        let mut flipped = sound.clone();
        flipped[70] ^= 1;
        for bytes in [flipped, sound[..sound.len() / 2].to_vec(), b"CART".to_vec(), Vec::new()] {
            std::fs::write(&file, bytes).expect("written");
            let store = open(folder.path());
            let disks = kept_in(DiskConfig::default(), &store);
            let fs = disks.of(ip("192.0.2.1"), &host, NOW);
            assert!(read(&host, &fs, "/tmp/x").contains("No such file"));
            assert!(!file.exists(), "it is gone");
        }
    }

    #[test]
    fn disks_by_credential_are_found_from_anywhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = host();
        let config = DiskConfig { per: DiskPer::Credential, ..DiskConfig::default() };
        {
            let store = open(folder.path());
            let disks = kept_in(config.clone(), &store);
            let fs = disks.of(ip("192.0.2.1"), &host, NOW);
            assert!(fs.log_in(b"root", b"one", || true));
            write(&host, &fs, "echo mine > /tmp/x");
            let other = disks.of(ip("192.0.2.1"), &host, NOW);
            assert!(other.log_in(b"root", b"two", || true));
            assert!(read(&host, &other, "/tmp/x").contains("No such file"));
        }
        let store = open(folder.path());
        let disks = kept_in(config, &store);
        let fs = disks.of(ip("203.0.113.200"), &host, NOW);
        assert!(read(&host, &fs, "/tmp/x").contains("No such file"), "not before the log-in");
        assert!(!fs.log_in(b"root", b"wrong", || false));
        assert!(fs.log_in(b"root", b"one", || true));
        assert_eq!(read(&host, &fs, "/tmp/x"), "mine\n");
    }

    #[test]
    fn a_changed_account_holds_for_its_attacker_alone() {
        // `openssl passwd -1 -salt ab secret`
        const CHANGE: &str = "sed -i '/^root:/d' /etc/passwd; \
            echo 'root:$1$ab$dslkcXxVH.x8LwW1W/oAB/:0:0:root:/root:/bin/sh' >> /etc/passwd";
        for per in [DiskPer::Address, DiskPer::Credential] {
            let folder = tempfile::tempdir().expect("a folder");
            let host = server();
            let config = DiskConfig { per, ..DiskConfig::default() };
            {
                let store = open(folder.path());
                let disks = kept_in(config.clone(), &store);
                let fs = disks.of(ip("192.0.2.1"), &host, NOW);
                assert!(fs.log_in(b"root", b"admin", || true));
                write(&host, &fs, CHANGE);
                let again = disks.of(ip("192.0.2.1"), &host, NOW);
                assert!(again.log_in(b"root", b"secret", || false), "{per:?}");
            }
            let store = open(folder.path());
            let disks = kept_in(config, &store);
            let fs = disks.of(ip("192.0.2.1"), &host, NOW);
            assert!(!fs.log_in(b"root", b"admin", || true), "the old one is refused: {per:?}");
            let other = disks.of(ip("192.0.2.2"), &host, NOW);
            assert!(other.log_in(b"root", b"hunter2", || true), "{per:?}");
            if per == DiskPer::Address {
                assert!(fs.log_in(b"root", b"secret", || false));
            }
        }
    }
}
