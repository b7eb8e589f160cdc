//! `SAVE`: the file that comes of it (RDB version 10), and what an attacker means by it.

use super::server::Server;
use super::store::{Db, Value};
use ukai_model::Timestamp;
use ukai_persona::Host;

/// Schedule fields of a crontab's line.
const CRON_FIELDS: usize = 5;

/// What a file is written for, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The server's own.
    Data,
    Cron,
    SshKey,
    WebShell,
    /// Anywhere else.
    Other,
}

impl Purpose {
    pub(super) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let script = ["php", "phtml", "jsp", "jspx", "asp", "aspx", "cgi", "html"];
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        if path == "/var/lib/redis/dump.rdb" {
            Self::Data
        } else if path.starts_with("/var/spool/cron") || path.starts_with("/etc/cron") {
            Self::Cron
        } else if name.starts_with("authorized_keys") || path.contains("/.ssh/") {
            Self::SshKey
        } else if script.contains(&end) || path.starts_with("/var/www/") {
            Self::WebShell
        } else {
            Self::Other
        }
    }

    /// The attack's name, if it is one.
    pub(super) const fn attack(self) -> Option<&'static str> {
        match self {
            Self::Data => None,
            Self::Cron => Some("redis-cron-write"),
            Self::SshKey => Some("redis-ssh-key-write"),
            Self::WebShell => Some("redis-web-shell-write"),
            Self::Other => Some("redis-file-write"),
        }
    }
}

/// Commands of the crontab at `path` in what was saved there, and whose they are.
pub(super) fn cron_lines(host: &Host, path: &str, text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let of_system = path.starts_with("/etc/");
    let owner = path.rsplit('/').next().filter(|name| host.persona.user(name.as_bytes()).is_some());
    let owner = owner.unwrap_or("root");
    let mut found = Vec::new();
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        let named = line.first() == Some(&b'@');
        let fields = if named { 1 } else { CRON_FIELDS };
        let mut rest = line;
        let mut fits = true;
        for _ in 0..fields {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"*/,-@".contains(byte);
            fits &= end > 0 && rest[..end].iter().all(allowed);
            rest = rest[end..].trim_ascii_start();
        }
        let starts = line.first().is_some_and(|byte| byte.is_ascii_digit() || b"*@".contains(byte));
        let mut user = owner.to_owned();
        if of_system && fits {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            if host.persona.user(&rest[..end]).is_some() {
                user = String::from_utf8_lossy(&rest[..end]).into_owned();
                rest = rest[end..].trim_ascii_start();
            }
        }
        if fits && starts && !rest.is_empty() {
            found.push((user, rest.to_vec()));
        }
    }
    found
}

impl Server {
    /// Where it saves.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.setting("dir").trim_end_matches('/'), self.setting("dbfilename"))
    }

    /// The file that `SAVE` makes.
    pub(super) fn dump(&mut self, now: Timestamp) -> Vec<u8> {
        let used = u32::try_from(self.used_memory(now)).unwrap_or(u32::MAX);
        let time = u32::try_from(self.host.clock(now).secs()).unwrap_or(u32::MAX);
        let version = self.host.persona.redis.as_ref().map_or("7.0.15", |spec| &spec.version);
        let mut out = b"REDIS0010".to_vec();
        for (name, value) in [
            (&b"redis-ver"[..], string(version.as_bytes())),
            (b"redis-bits", vec![0xc0, 64]),
            (b"ctime", [&[0xc2][..], &time.to_le_bytes()].concat()),
            (b"used-mem", [&[0xc2][..], &used.to_le_bytes()].concat()),
            (b"aof-base", vec![0xc0, 0]),
        ] {
            out.push(0xfa);
            out.extend(string(name));
            out.extend(value);
        }
        for (number, db) in self.store.dbs.iter().enumerate().filter(|(_, db)| !db.is_empty()) {
            out.push(0xfe);
            out.extend(length(number));
            out.push(0xfb);
            out.extend(length(db.len()));
            out.extend(length(db.values().filter(|entry| entry.expires.is_some()).count()));
            entries(db, &mut out);
        }
        out.push(0xff);
        let sum = crc64(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }
}

fn entries(db: &Db, out: &mut Vec<u8>) {
    for (key, entry) in db {
        if let Some(at) = entry.expires {
            out.push(0xfc);
            out.extend_from_slice(&at.to_le_bytes());
        }
        let (kind, items): (u8, Vec<&Vec<u8>>) = match &entry.value {
            Value::Text(text) => (0, vec![text]),
            Value::List(items) => (1, items.iter().collect()),
            Value::Set(items) => (2, items.iter().collect()),
            Value::Hash(hash) => {
                (4, hash.in_order().into_iter().flat_map(|(field, value)| [field, value]).collect())
            }
        };
        out.push(kind);
        out.extend(string(key));
        match kind {
            0 => {}
            4 => out.extend(length(items.len() / 2)),
            _ => out.extend(length(items.len())),
        }
        for item in items {
            out.extend(string(item));
        }
    }
}

fn length(length: usize) -> Vec<u8> {
    match u32::try_from(length).unwrap_or(u32::MAX) {
        short @ 0..64 => vec![short as u8],
        short @ 64..16_384 => vec![0x40 | (short >> 8) as u8, short as u8],
        long => [&[0x80][..], &long.to_be_bytes()].concat(),
    }
}

fn string(text: &[u8]) -> Vec<u8> {
    let mut out = length(text.len());
    out.extend_from_slice(text);
    out
}

/// CRC-64 of Jones, as crc64.c of Redis has it.
fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u64::from(*byte), |sum, _| {
            if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_that_of_redis() {
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn paths_tell_what_a_file_is_for() {
        for (path, wanted) in [
            ("/var/lib/redis/dump.rdb", Purpose::Data),
            ("/var/spool/cron/crontabs/root", Purpose::Cron),
            ("/etc/cron.d/zzh", Purpose::Cron),
            ("/root/.ssh/authorized_keys", Purpose::SshKey),
            ("/var/www/html/a", Purpose::WebShell),
            ("/tmp/x.php", Purpose::WebShell),
            ("/tmp/exp.so", Purpose::Other),
        ] {
            assert_eq!(Purpose::of(path), wanted, "{path}");
        }
    }
}
