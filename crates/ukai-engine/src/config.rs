//! What the operator says of an engine.

use crate::clamd::Clamd;
use crate::command::{Command, FILE};
use crate::engine::Engine;
use crate::http::Http;
use crate::icap::Icap;
use crate::wire::Address;
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An engine: `{ name = "clamav", kind = "clamd", address = "/run/clamav/clamd.ctl" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EngineConfig {
    /// Its name, under which verdicts are kept: `a-z 0-9 . _ -`, at most 32 characters.
    pub name: String,
    /// What it is and where.
    #[serde(flatten)]
    pub kind: EngineKind,
    /// Samples that it is shown at a time.
    #[serde(default = "two")]
    pub concurrent_max: usize,
    /// How long it may take, in milliseconds.
    #[serde(default = "minute")]
    pub timeout_ms: u64,
    /// The largest sample that it is shown, in bytes.
    #[serde(default = "mebibytes")]
    pub sample_bytes_max: u64,
}

const fn two() -> usize {
    2
}

const fn minute() -> u64 {
    60_000
}

const fn mebibytes() -> u64 {
    64 << 20
}

/// What an engine is and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum EngineKind {
    /// ClamAV's daemon.
    Clamd {
        /// Its socket: a path, or `host:port`.
        address: String,
    },
    /// A service of an ICAP server (RFC 3507).
    Icap {
        /// `icap://host[:port]/service`.
        url: String,
    },
    /// A program on this machine.
    Command {
        /// The program.
        #[schema(value_type = String)]
        program: PathBuf,
        /// Its arguments; `{file}` is the sample.
        arguments: Vec<String>,
        /// Arguments with which it prints its version; empty: it is not asked.
        #[serde(default)]
        version_arguments: Vec<String>,
        /// Exit codes that mean clean.
        #[serde(default = "zero")]
        clean: Vec<i32>,
        /// Exit codes that mean detected.
        #[serde(default = "one")]
        detected: Vec<i32>,
        /// Regular expression over what it prints; its first group is the name.
        #[serde(default)]
        name_pattern: Option<String>,
        /// A folder in memory (tmpfs) where the sample lies meanwhile.
        #[serde(default = "memory")]
        #[schema(value_type = String)]
        folder: PathBuf,
    },
    /// A service that takes a POST and answers in JSON.
    Http {
        /// `http://` or `https://`.
        url: String,
        /// Where in the answer the names stand (JSON pointer).
        names: String,
        /// Where the version of its signatures stands (JSON pointer).
        #[serde(default)]
        signatures: Option<String>,
        /// File with what the header `Authorization` is to say.
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        authorization_file: Option<PathBuf>,
    },
}

fn zero() -> Vec<i32> {
    vec![0]
}

fn one() -> Vec<i32> {
    vec![1]
}

fn memory() -> PathBuf {
    "/dev/shm".into()
}

/// Why an engine cannot be used: the key, what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("engine \"{engine}\", {key}: {problem}; {remedy}")]
pub struct ConfigError {
    engine: String,
    key: &'static str,
    problem: String,
    remedy: &'static str,
}

impl EngineConfig {
    fn error(
        &self,
        key: &'static str,
        problem: impl Into<String>,
        remedy: &'static str,
    ) -> ConfigError {
        let engine = self.name.escape_debug().to_string();
        ConfigError { engine, key, problem: problem.into(), remedy }
    }

    /// Its name stands for another one already.
    pub(crate) fn twice(&self) -> ConfigError {
        self.error("name", "stands for another engine, too", "give each its own")
    }

    /// The engine that is meant.
    pub(crate) fn engine(&self) -> Result<Box<dyn Engine>, ConfigError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        if self.name.is_empty() || self.name.len() > 32 || !self.name.chars().all(plain) {
            let remedy = "write at most 32 of a-z 0-9 . _ -";
            return Err(self.error("name", "this is no name", remedy));
        }
        if !(1..=64).contains(&self.concurrent_max) {
            let remedy = "choose a value from 1 to 64";
            return Err(self.error("concurrent_max", "out of range", remedy));
        }
        if !(100..=3_600_000).contains(&self.timeout_ms) {
            let remedy = "choose a value from 100 to 3600000";
            return Err(self.error("timeout_ms", "out of range", remedy));
        }
        match &self.kind {
            EngineKind::Clamd { address } => {
                let remedy = "write a path or host:port, as LocalSocket or TCPSocket of clamd.conf";
                let known = Address::parse(address);
                let known =
                    known.ok_or_else(|| self.error("address", "this is no address", remedy))?;
                Ok(Box::new(Clamd::new(known)))
            }
            EngineKind::Icap { url } => {
                let icap = Icap::new(url);
                let remedy = "write icap://host[:port]/service";
                Ok(Box::new(
                    icap.ok_or_else(|| self.error("url", "this is no URL of ICAP", remedy))?,
                ))
            }
            EngineKind::Http { url, names, signatures, authorization_file } => {
                self.http(url, names, signatures.as_ref(), authorization_file.as_ref())
            }
            EngineKind::Command { .. } => self.command(),
        }
    }

    fn http(
        &self,
        url: &str,
        names: &str,
        signatures: Option<&String>,
        file: Option<&PathBuf>,
    ) -> Result<Box<dyn Engine>, ConfigError> {
        let remedy = "write http:// or https:// and a host";
        let url = url::Url::parse(url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
        });
        let url = url.ok_or_else(|| self.error("url", "this is no URL of HTTP", remedy))?;
        for (key, pointer) in
            [("names", Some(names)), ("signatures", signatures.map(String::as_str))]
        {
            if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
                let remedy = "write a JSON pointer such as /result/names";
                return Err(self.error(key, "this is no JSON pointer", remedy));
            }
        }
        let authorization = file.map(|file| {
            let text = std::fs::read_to_string(file).map_err(|error| {
                let problem = format!("{}: {error}", file.display());
                self.error("authorization_file", problem, "give a file that can be read")
            })?;
            Ok(text.trim().to_owned())
        });
        Ok(Box::new(Http {
            url,
            names: names.to_owned(),
            signatures: signatures.cloned(),
            authorization: authorization.transpose()?,
        }))
    }

    fn command(&self) -> Result<Box<dyn Engine>, ConfigError> {
        let EngineKind::Command {
            program,
            arguments,
            version_arguments,
            clean,
            detected,
            name_pattern,
            folder,
        } = &self.kind
        else {
            return Err(self.error("kind", "this is no command", "write kind = \"command\""));
        };
        if !program.is_absolute() {
            let remedy = "write its whole path, such as /usr/bin/clamscan";
            return Err(self.error("program", "the path is not absolute", remedy));
        }
        if !arguments.iter().any(|argument| argument.contains(FILE)) {
            let remedy = "write {file} where the sample's path is to stand";
            return Err(self.error("arguments", "they do not name the sample", remedy));
        }
        if clean.iter().any(|code| detected.contains(code)) {
            let remedy = "an exit code means one thing";
            return Err(self.error("clean", "shares exit codes with `detected`", remedy));
        }
        let name = name_pattern.as_ref().map(|pattern| {
            Regex::new(pattern).ok().filter(|regex| regex.captures_len() > 1).ok_or_else(|| {
                let remedy = "write one with a group, such as \": (.+) FOUND\"";
                self.error("name_pattern", "this is no expression with a group", remedy)
            })
        });
        Ok(Box::new(Command {
            program: program.clone(),
            arguments: arguments.clone(),
            version_arguments: version_arguments.clone(),
            clean: clean.clone(),
            detected: detected.clone(),
            name: name.transpose()?,
            folder: folder.clone(),
        }))
    }
}
