//! What a session knows besides the connection: who, where, settings, and what was made.

use super::report::{Report, about, no_setting, out_of_memory};
use super::sql::syntax::Object;
use super::sql::tables::Data;
use super::sql::value::Datum;
use super::{scram, startup};
use crate::limits::{POSTGRES_SETTINGS, UPLOADS};
use crate::{Capture, Context, Effect, Open};
use bytes::Bytes;
use std::collections::BTreeMap;
use ukai_model::{CaptureHow, PeerText};
use ukai_persona::{PostgresqlSetting, PostgresqlSettings, PostgresqlSpec};
use ukai_shell::{Files, FsError};

/// A session's state, once it is let in.
pub(super) struct State {
    pub(super) open: Box<Open>,
    pub(super) user: Vec<u8>,
    pub(super) database: Vec<u8>,
    pub(super) pid: u32,
    pub(super) data: Data,
    /// How long the statement is to sleep.
    pub(super) sleep_ms: u64,
    /// Settings that differ from the server's, by name in lower case.
    changed: BTreeMap<Vec<u8>, Vec<u8>>,
    files: Files,
    captured: u32,
}

/// The client's encodings that ours takes, without marks between their parts.
const ENCODINGS: [(&str, &str); 16] = [
    ("utf8", "UTF8"),
    ("unicode", "UTF8"),
    ("latin1", "LATIN1"),
    ("iso88591", "LATIN1"),
    ("latin2", "LATIN2"),
    ("latin9", "LATIN9"),
    ("sqlascii", "SQL_ASCII"),
    ("win1250", "WIN1250"),
    ("win1251", "WIN1251"),
    ("win1252", "WIN1252"),
    ("windows1252", "WIN1252"),
    ("koi8r", "KOI8R"),
    ("gbk", "GBK"),
    ("big5", "BIG5"),
    ("sjis", "SJIS"),
    ("eucjp", "EUC_JP"),
];

/// Settings that the client is told of when they change.
pub(super) const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

impl State {
    pub(super) fn new(open: Box<Open>, user: Vec<u8>, database: Vec<u8>, pid: u32) -> Self {
        let runs_as = open.host.persona.postgresql.as_ref().map(|spec| spec.runs_as.as_bytes());
        let account = runs_as.and_then(|name| open.host.persona.user(name));
        let (uid, gid) = account.map_or((65_534, 65_534), |user| (user.uid, user.gid));
        let first = 16_384 + open.host.draw("postgresql objects", 8, 4_000) as u32;
        Self {
            files: Files::new(open.fs.clone(), uid, gid),
            open,
            user,
            database,
            pid,
            data: Data::new(first),
            sleep_ms: 0,
            changed: BTreeMap::new(),
            captured: 0,
        }
    }

    pub(super) fn spec(&self) -> Option<&PostgresqlSpec> {
        self.open.host.persona.postgresql.as_ref()
    }

    pub(super) fn catalog(&self) -> Option<PostgresqlSettings> {
        self.spec().map(|spec| spec.settings.clone())
    }

    /// Whether there is an object of that kind and name.
    pub(super) fn has(&self, object: Object, name: &[u8]) -> bool {
        let hosts = || match object {
            Object::Database => {
                let own = self.spec().map_or(&[][..], |spec| &spec.databases);
                let system = [&b"postgres"[..], b"template0", b"template1"];
                system.contains(&name) || own.iter().any(|own| own.as_bytes() == name)
            }
            Object::Schema => {
                [&b"public"[..], b"pg_catalog", b"information_schema"].contains(&name)
            }
            Object::Extension | Object::Language => name == b"plpgsql",
            _ => false,
        };
        self.data.is_made(object, name).unwrap_or_else(hosts)
    }

    /// What `version()` says.
    pub(super) fn version(&self) -> String {
        let version = self.setting(b"server_version").map(|(_, value)| value).unwrap_or_default();
        let build = self.spec().map_or("", |spec| spec.build.as_str());
        format!("PostgreSQL {}{build}", String::from_utf8_lossy(&version))
    }

    /// What `pg_shadow` holds of a role's password.
    pub(super) fn verifier(&self, role: &[u8]) -> Datum {
        let account =
            self.spec()?.accounts.iter().find(|account| account.user.as_bytes() == role)?;
        let host = &self.open.host;
        Some(scram::verifier(host, role, account.password.as_bytes()).into_bytes())
    }

    /// All settings, with their names and values.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&'static [u8], Vec<u8>)> + '_ {
        let all = self.spec().map_or(&[][..], |spec| spec.settings.all());
        all.iter().map(|setting| (setting.name.as_bytes(), self.value(setting)))
    }

    fn value(&self, setting: &PostgresqlSetting) -> Vec<u8> {
        if let Some(value) = self.changed.get(&setting.name.to_ascii_lowercase().into_bytes()) {
            return value.clone();
        }
        match setting.name {
            "application_name" => Vec::new(),
            _ => setting.value.as_bytes().to_vec(),
        }
    }

    /// A setting's name as the server writes it, and its value.
    pub(super) fn setting(&self, name: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        if let Some(known) = self.spec().and_then(|spec| spec.settings.named(name)) {
            return Some((known.name.as_bytes().to_vec(), self.value(known)));
        }
        // Those that SHOW ALL leaves out.
        let key = name.to_ascii_lowercase();
        let value = match key.as_slice() {
            b"is_superuser" => b"on".to_vec(),
            b"session_authorization" => self.user.clone(),
            b"role" => b"none".to_vec(),
            _ => return Some((name.to_vec(), self.changed.get(&key)?.clone())),
        };
        Some((key, value))
    }

    /// Changes a setting; `None` is its default.
    pub(super) fn set(&mut self, name: &[u8], value: Option<&[u8]>) -> Result<(), Report> {
        let key = name.to_ascii_lowercase();
        let known = self.spec().and_then(|spec| spec.settings.named(name)).copied();
        let value = match (known, value) {
            (None, _) if !name.contains(&b'.') => return Err(no_setting(name)),
            (Some(known), _) if !matches!(known.context, "user" | "superuser") => {
                return Err(fixed(&known));
            }
            (_, None) => {
                self.changed.remove(&key);
                return Ok(());
            }
            (Some(known), Some(value)) => checked(&known, value)?,
            (None, Some(value)) => value.to_vec(),
        };
        if self.changed.len() >= POSTGRES_SETTINGS && !self.changed.contains_key(&key) {
            return Err(out_of_memory());
        }
        self.changed.insert(key, value);
        Ok(())
    }

    pub(super) fn reset_all(&mut self) {
        self.changed.clear();
    }

    fn path(&self, path: &[u8]) -> Vec<u8> {
        if path.starts_with(b"/") {
            return path.to_vec();
        }
        let (_, folder) = self.setting(b"data_directory").unwrap_or_default();
        [&folder[..], b"/", path].concat()
    }

    fn read(&mut self, cx: &Context<'_>, path: &[u8]) -> Result<Vec<u8>, FsError> {
        let path = self.path(path);
        self.files.at(cx.now).read(&path).map(|bytes| bytes.to_vec())
    }

    /// `pg_read_file`.
    pub(super) fn read_file(&mut self, cx: &Context<'_>, path: &[u8]) -> Result<Vec<u8>, Report> {
        self.read(cx, path).map_err(|error| {
            let message = no_file("could not open file \"", path, "\" for reading: ", error);
            Report::error(code(error), message, ("genfile.c", 121, "read_binary_file"))
                .at_run_time()
        })
    }

    /// The file that `COPY` reads.
    pub(super) fn copied_file(&mut self, cx: &Context<'_>, path: &[u8]) -> Result<Vec<u8>, Report> {
        self.read(cx, path).map_err(|error| {
            let message = no_file("could not open file \"", path, "\" for reading: ", error);
            Report::error(code(error), message, ("copyfrom.c", 1523, "BeginCopyFrom")).hint(
                "COPY FROM instructs the PostgreSQL server process to read a file. You may want a \
                 client-side facility such as psql's \\copy.",
            )
        })
    }

    /// The file that `lo_import` reads.
    pub(super) fn import_file(&mut self, cx: &Context<'_>, path: &[u8]) -> Result<Vec<u8>, Report> {
        self.read(cx, path).map_err(|error| {
            let message = no_file("could not open server file \"", path, "\": ", error);
            Report::error(code(error), message, ("be-fsstubs.c", 422, "lo_import_internal"))
                .at_run_time()
        })
    }

    /// The names in a directory, as `pg_ls_dir` lists them.
    pub(super) fn directory(
        &mut self,
        cx: &Context<'_>,
        path: &[u8],
    ) -> Result<Vec<Datum>, Report> {
        let place = self.path(path);
        let names = self.files.at(cx.now).names(&place).map_err(|error| {
            let message = no_file("could not open directory \"", path, "\": ", error);
            Report::error(code(error), message, ("fd.c", 2807, "ReadDirExtended")).at_run_time()
        })?;
        Ok(names.into_iter().map(|name| Some(name.to_vec())).collect())
    }

    /// Writes a file of the client's, and keeps it as a sample.
    pub(super) fn write_file(
        &mut self,
        cx: &mut Context<'_>,
        path: &[u8],
        bytes: Vec<u8>,
    ) -> Result<(), FsError> {
        let bytes = Bytes::from(bytes);
        let place = self.path(path);
        let name = Some(PeerText::from(&place[..]));
        if self.captured < UPLOADS && !bytes.is_empty() {
            self.captured += 1;
            let how = CaptureHow::Uploaded;
            cx.effects.push(Effect::Capture(Capture {
                bytes: bytes.clone(),
                how,
                name,
                url: None,
            }));
        }
        self.files.at(cx.now).store(&place, bytes, 0o644)
    }

    /// `lo_export`.
    pub(super) fn export_object(
        &mut self,
        cx: &mut Context<'_>,
        number: u32,
        path: &[u8],
    ) -> Result<(), Report> {
        let bytes = self.data.object(number)?.to_vec();
        self.write_file(cx, path, bytes).map_err(|error| {
            let message = no_file("could not create server file \"", path, "\": ", error);
            Report::error(code(error), message, ("be-fsstubs.c", 507, "be_lo_export")).at_run_time()
        })
    }

    /// Loads a library, as `LOAD` and functions in C do. None of an attacker's ever is one:
    /// what its loader would say is what is said.
    pub(super) fn load(&mut self, cx: &Context<'_>, path: &[u8]) -> Result<(), Report> {
        let routine = "internal_load_library";
        let bytes = self.read(cx, path).map_err(|error| {
            let message = no_file("could not access file \"", path, "\": ", error);
            Report::error(code(error), message, ("dfmgr.c", 208, routine))
        })?;
        let complaint = match bytes.get(..4) {
            Some(b"\x7fELF") if memchr::memmem::find(&bytes, b"Pg_magic_func").is_some() => {
                return Ok(());
            }
            Some(b"\x7fELF") if bytes.len() >= 832 => {
                let message = about("incompatible library \"", path, "\": missing magic block");
                return Err(Report::error("XX000", message, ("dfmgr.c", 279, routine))
                    .hint("Extension libraries are required to use the PG_MODULE_MAGIC macro."));
            }
            Some(b"\x7fELF") => "cannot read file data",
            _ if bytes.len() < 64 => "file too short",
            _ => "invalid ELF header",
        };
        let message =
            [b"could not load library \"", path, b"\": ", path, b": ", complaint.as_bytes()];
        Err(Report::error("XX000", message.concat(), ("dfmgr.c", 246, routine)))
    }
}

fn no_file(before: &str, path: &[u8], after: &str, error: FsError) -> Vec<u8> {
    about(before, path, &format!("{after}{}", error.text()))
}

/// The class of an error of the file system (`errcode_for_file_access`).
fn code(error: FsError) -> &'static str {
    match error {
        FsError::Permission | FsError::NotPermitted | FsError::ReadOnly => "42501",
        FsError::NotFound => "58P01",
        FsError::Exists => "58P02",
        FsError::NotDirectory | FsError::IsDirectory | FsError::NotEmpty => "42809",
        FsError::NoSpace => "53100",
        _ => "58030",
    }
}

fn fixed(setting: &PostgresqlSetting) -> Report {
    let name = setting.name;
    let (why, line) = match setting.context {
        "internal" => ("", 7_696),
        "postmaster" => (" without restarting the server", 7_719),
        "backend" | "superuser-backend" => {
            let message = format!("parameter \"{name}\" cannot be set after connection start");
            let source = ("guc.c", 7_790, "set_config_option_ext");
            return Report::error("55P02", message, source);
        }
        _ => (" now", 7_729),
    };
    let message = format!("parameter \"{name}\" cannot be changed{why}");
    Report::error("55P02", message, ("guc.c", line, "set_config_option_ext"))
}

/// A new value as the server keeps it, or its complaint.
fn checked(setting: &PostgresqlSetting, value: &[u8]) -> Result<Vec<u8>, Report> {
    let name = setting.name;
    let wrong = |line, routine| {
        let message = about(&format!("invalid value for parameter \"{name}\": \""), value, "\"");
        Report::error("22023", message, ("guc.c", line, routine))
    };
    let refused = || wrong(12_053, "call_string_check_hook");
    match name {
        "client_encoding" => {
            let plain: Vec<u8> = value.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
            let plain = plain.to_ascii_lowercase();
            let found = ENCODINGS.iter().find(|(known, _)| known.as_bytes() == plain);
            found.map(|(_, name)| name.as_bytes().to_vec()).ok_or_else(refused)
        }
        "TimeZone" => match value.to_ascii_uppercase().as_slice() {
            b"UTC" | b"GMT" | b"EST" | b"MST" | b"HST" => Ok(value.to_ascii_uppercase()),
            _ if value.contains(&b'/') => Ok(value.to_vec()),
            _ if value.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-') => {
                Ok(value.to_vec())
            }
            _ => Err(refused()),
        },
        "DateStyle" => date_style(value)
            .map_err(|word| refused().detail(about("Unrecognized key word: \"", word, "\"."))),
        _ if matches!(setting.value, "on" | "off") => match startup::truth(value) {
            Some(true) => Ok(b"on".to_vec()),
            Some(false) => Ok(b"off".to_vec()),
            // Those with more than two values are rare.
            None if ["synchronous_commit", "backslash_quote"].contains(&name) => Ok(value.to_vec()),
            None => {
                let message = format!("parameter \"{name}\" requires a Boolean value");
                let source = ("guc.c", 7_402, "parse_and_validate_value");
                Err(Report::error("22023", message, source))
            }
        },
        _ if setting.value.starts_with(|first: char| first.is_ascii_digit()) => {
            let number = value.strip_prefix(b"-").unwrap_or(value);
            if number.first().is_some_and(u8::is_ascii_digit) {
                Ok(value.to_vec())
            } else {
                Err(wrong(7_422, "parse_and_validate_value"))
            }
        }
        _ => Ok(value.to_vec()),
    }
}

/// A style of dates, with what it leaves open; or the word that is none.
fn date_style(value: &[u8]) -> Result<Vec<u8>, &[u8]> {
    let (mut style, mut order) = ("ISO", None);
    for word in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        match word.to_ascii_lowercase().as_slice() {
            b"iso" => style = "ISO",
            b"sql" => style = "SQL",
            b"postgres" => style = "Postgres",
            b"german" => {
                style = "German";
                order = order.or(Some("DMY"));
            }
            b"mdy" | b"us" => order = Some("MDY"),
            b"dmy" | b"euro" | b"european" => order = Some("DMY"),
            b"ymd" => order = Some("YMD"),
            _ => return Err(word),
        }
    }
    Ok(format!("{style}, {}", order.unwrap_or("MDY")).into_bytes())
}
