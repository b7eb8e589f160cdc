//! What a host's MySQL server says of itself: MariaDB's version, variables, databases.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A MySQL server of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MysqlSpec {
    /// Version as `SELECT VERSION()` gives it: `10.11.19-MariaDB-0+deb12u1`.
    pub version: String,
    /// Whether it has a key, and goes on in TLS where the client wants it.
    #[serde(default)]
    pub tls: bool,
    /// Whether the server's account may write into its folder of plug-ins.
    #[serde(default)]
    pub plugin_folder_writable: bool,
    /// The server's variables: a name, a space and a value in each line; `{hostname}` is
    /// filled in.
    pub variables: String,
    /// Variables that only a session has, in the same form.
    pub session_variables: String,
    /// What the server counts, in the same form.
    pub status: String,
    /// Databases, and the tables in them.
    pub databases: BTreeMap<String, Vec<String>>,
}
