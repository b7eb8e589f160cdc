//! What a host's Redis is: its version, its policy, what it holds. What every server of that
//! version says is in `personas/redis/` (made by `tools/persona-redis.py`).

use serde::Deserialize;
use std::collections::BTreeMap;

/// Redis of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSpec {
    /// Version, as `INFO` and `HELLO` tell it.
    pub version: String,
    /// `redis_build_id`, the same on all hosts that have the same package.
    pub build_id: String,
    /// Version of the compiler that built it.
    pub gcc_version: String,
    /// Account that it runs as: what it saves is that account's.
    pub runs_as: String,
    /// `requirepass`, with placeholders; anybody is let in if absent.
    #[serde(default)]
    pub password: Option<String>,
    /// Settings that are not the package's own: name → value.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Strings in database 0: key → value, with placeholders.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}

/// What a server of one version says, line by line with bare line feeds.
#[derive(Clone, Copy, Debug)]
pub struct RedisTexts {
    /// Answer to `COMMAND`, sorted, without its first line (RESP2).
    pub commands: &'static str,
    /// Answer to `COMMAND DOCS`, sorted, without its first line (RESP2).
    pub docs: &'static str,
    /// Answers to `HELP` of commands that have it: the name, then lines behind a tab.
    pub help: &'static str,
    /// Settings: name, kind, least, most, words, value, between tabs.
    pub settings: &'static str,
}

/// Redis 7.0.15 of Debian 12.
pub const REDIS_7_0: RedisTexts = RedisTexts {
    commands: include_str!("../../../personas/redis/commands.resp"),
    docs: include_str!("../../../personas/redis/docs.resp"),
    help: include_str!("../../../personas/redis/help.txt"),
    settings: include_str!("../../../personas/redis/settings.txt"),
};
