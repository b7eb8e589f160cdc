//! `CONFIG`: what may be changed, to what, and what is said otherwise (config.c of 7.0).

use super::glob;
use super::reply::{Answer, OK, Reply, bulk, int, shown};
use super::server::Server;
use super::table::{Kind, table};
use std::collections::BTreeSet;
use ukai_shell::Files;

/// Settings that `enable-protected-configs` is about.
const PROTECTED: [&str; 2] = ["dir", "dbfilename"];

impl Server {
    pub(super) fn config_get(&self, patterns: &[Vec<u8>]) -> Reply {
        let settings = &table().settings;
        let mut found = Vec::new();
        for pattern in patterns {
            if !pattern.iter().any(|byte| b"*?[".contains(byte)) {
                // One name: it is told as it was asked for.
                let name = String::from_utf8_lossy(pattern).to_ascii_lowercase();
                if settings.contains_key(name.as_str()) {
                    found.push((name, pattern.clone()));
                }
                continue;
            }
            let fits = |name: &&&str| glob::fits(pattern, name.as_bytes(), true);
            let names = settings.keys().filter(fits).map(|name| (*name).to_owned());
            found.extend(names.map(|name| (name.clone(), name.into_bytes())));
        }
        found.sort();
        found.dedup_by(|one, other| one.0 == other.0);
        let pair = |(name, told): &(String, Vec<u8>)| (bulk(told), bulk(self.setting(name)));
        Reply::Map(found.iter().map(pair).collect())
    }

    /// Changes all or nothing.
    pub(super) fn config_set(&mut self, args: &[Vec<u8>], files: &Files) -> Answer {
        if !args.len().is_multiple_of(2) {
            return Err("ERR wrong number of arguments for 'config|set' command".into());
        }
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for pair in args.chunks_exact(2) {
            let name = String::from_utf8_lossy(&pair[0]).to_ascii_lowercase();
            let Some(setting) = table().settings.get(name.as_str()) else {
                let name = shown(&pair[0], usize::MAX);
                return Err(format!(
                    "ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
                )
                .into());
            };
            let refused = |why: &str| {
                format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")
            };
            if setting.kind == Kind::Immutable {
                return Err(refused("can't set immutable config").into());
            }
            if PROTECTED.contains(&name.as_str()) && !self.is_set("enable-protected-configs") {
                return Err(refused("can't set protected config").into());
            }
            if !seen.insert(name.clone()) {
                return Err(refused("duplicate parameter").into());
            }
            all.push((name, setting.kind, &pair[1]));
        }
        let mut changes = Vec::new();
        for (name, kind, value) in all {
            let value = self.judged(&name, kind, value, files).map_err(|why| {
                format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")
            })?;
            changes.push((name, value));
        }
        for (name, value) in changes {
            self.change(&name, &value);
        }
        Ok(OK)
    }

    /// The value as it will be told, or why it is refused.
    fn judged(
        &self,
        name: &str,
        kind: Kind,
        value: &[u8],
        files: &Files,
    ) -> Result<String, String> {
        let text: String = shown(value, 4_096);
        match (name, kind) {
            ("dir", _) => return self.directory(&text, files),
            ("dbfilename", _) if text.contains('/') => {
                return Err("dbfilename can't be a path, just a filename".to_owned());
            }
            ("save", _) => return save_points(&text),
            ("notify-keyspace-events", _) => {
                let known = |c: char| "Ag$lshzxeKEtmdn".contains(c);
                if text.chars().all(known) {
                    return Ok(text);
                }
            }
            ("bind", _)
                if text.split_whitespace().all(|a| ["*", "-::*", "0.0.0.0"].contains(&a)) =>
            {
                return Ok(text);
            }
            ("cluster-announce-hostname", _)
                if text.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)) =>
            {
                return Ok(text);
            }
            ("maxmemory-clients", _) => {
                let plain = text.strip_suffix('%').unwrap_or(&text);
                if memory(plain).is_some() {
                    return Ok(text);
                }
            }
            _ => {}
        }
        match kind {
            Kind::Bool => match text.to_ascii_lowercase().as_str() {
                "yes" | "no" => Ok(text.to_ascii_lowercase()),
                _ => Err("argument must be 'yes' or 'no'".to_owned()),
            },
            Kind::Enum(words) => {
                let found = words.split(' ').find(|word| word.eq_ignore_ascii_case(&text));
                found.map(str::to_owned).ok_or_else(|| {
                    let words = words.replace(' ', ", ");
                    format!("argument(s) must be one of the following: {words}")
                })
            }
            Kind::Int(low, high) => {
                let number = int(text.as_bytes())
                    .ok_or_else(|| "argument couldn't be parsed into an integer".to_owned())?;
                if (low..=high).contains(&number) {
                    Ok(text)
                } else {
                    Err(format!("argument must be between {low} and {high} inclusive"))
                }
            }
            Kind::Memory => memory(&text)
                .map(|bytes| bytes.to_string())
                .ok_or_else(|| "argument must be a memory value".to_owned()),
            Kind::Refused(why) => Err(why.to_owned()),
            Kind::Text | Kind::Octal | Kind::Immutable => Ok(text),
        }
    }

    /// What `chdir` says, as the account that the server runs as.
    fn directory(&self, path: &str, files: &Files) -> Result<String, String> {
        let bytes: Vec<u8> = path.chars().filter_map(|c| u8::try_from(c).ok()).collect();
        let whole = if bytes.starts_with(b"/") {
            bytes
        } else if bytes.is_empty() {
            return Err("No such file or directory".to_owned());
        } else {
            [self.setting("dir").as_bytes(), b"/", &bytes].concat()
        };
        match files.info(&whole, true) {
            Ok(info) if info.is_dir() => {
                let real = files.real_path(&whole).unwrap_or(whole);
                Ok(String::from_utf8_lossy(&real).into_owned())
            }
            Ok(_) => Err("Not a directory".to_owned()),
            Err(error) => Err(error.text().to_owned()),
        }
    }
}

/// `save`'s pairs of seconds and changes.
fn save_points(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let fits = |word: &&str| int(word.as_bytes()).is_some_and(|number| number >= 0);
    let whole = words.len().is_multiple_of(2) && words.iter().all(fits);
    let lasting = words.iter().step_by(2).all(|seconds| *seconds != "0");
    if whole && lasting { Ok(words.join(" ")) } else { Err("Invalid save parameters".to_owned()) }
}

/// `memtoull`: a number with `k`, `mb` and the like behind it.
fn memory(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let scale = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(scale)
}
