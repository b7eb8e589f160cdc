//! What a host's PostgreSQL says: its version, roles, databases and settings.

use crate::{Credential, Persona, PersonaError};
use serde::Deserialize;
use std::sync::{Arc, LazyLock};

/// PostgreSQL service of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresqlSpec {
    /// Whose settings it has: `debian-15`.
    pub settings: PostgresqlSettings,
    /// What `version()` says behind `PostgreSQL` and the version.
    pub build: String,
    /// Roles with a password; the server's own, apart from the system's accounts.
    pub accounts: Vec<Credential>,
    /// Databases besides `postgres` and the templates.
    #[serde(default)]
    pub databases: Vec<String>,
    /// The system's account that it runs as.
    pub runs_as: String,
    /// Whether it takes TLS.
    #[serde(default)]
    pub tls: bool,
}

impl PostgresqlSpec {
    pub(crate) fn check(&self, persona: &Persona) -> Result<(), PersonaError> {
        if persona.user(self.runs_as.as_bytes()).is_none() {
            return Err(PersonaError::contradiction(
                "postgresql.runs_as",
                &format!("user \"{}\" has no line in /etc/passwd", self.runs_as.escape_debug()),
                "add the line or name another user",
            ));
        }
        if self.accounts.is_empty() {
            return Err(PersonaError::contradiction(
                "postgresql.accounts",
                "no role has a password",
                "give at least one pair of a role and its password",
            ));
        }
        Ok(())
    }
}

/// One of a server's settings, as `SHOW ALL` tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresqlSetting {
    /// Its name.
    pub name: &'static str,
    /// When it may be changed (`pg_settings.context`): `user`, `postmaster` ...
    pub context: &'static str,
    /// Its value.
    pub value: &'static str,
    /// What it is for.
    pub description: &'static str,
}

/// The settings of an installation, found by its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct PostgresqlSettings(Arc<Vec<PostgresqlSetting>>);

impl PostgresqlSettings {
    /// All of them, in the order of `SHOW ALL`.
    pub fn all(&self) -> &[PostgresqlSetting] {
        &self.0
    }

    /// The setting of that name, in whatever case.
    pub fn named(&self, name: &[u8]) -> Option<&PostgresqlSetting> {
        self.0.iter().find(|setting| setting.name.as_bytes().eq_ignore_ascii_case(name))
    }
}

impl TryFrom<String> for PostgresqlSettings {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        static DEBIAN_15: LazyLock<Arc<Vec<PostgresqlSetting>>> = LazyLock::new(|| {
            Arc::new(read(include_str!("../../../personas/postgresql/debian-15.tsv")))
        });
        match name.as_str() {
            "debian-15" => Ok(Self(Arc::clone(&DEBIAN_15))),
            _ => Err(format!("\"{name}\" names no PostgreSQL's settings: debian-15")),
        }
    }
}

fn read(text: &'static str) -> Vec<PostgresqlSetting> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let settings = lines.filter_map(|line| {
        let mut fields = line.split('\t');
        Some(PostgresqlSetting {
            name: fields.next()?,
            context: fields.next()?,
            value: fields.next()?,
            description: fields.next()?,
        })
    });
    settings.collect()
}

#[cfg(test)]
mod tests {
    use super::PostgresqlSettings;

    #[test]
    fn settings_are_those_of_the_server_and_found_in_any_case() {
        let settings = PostgresqlSettings::try_from("debian-15".to_owned()).expect("built in");
        assert_eq!(settings.all().len(), 354);
        let zone = settings.named(b"TIMEZONE").expect("there");
        assert_eq!((zone.name, zone.context, zone.value), ("TimeZone", "user", "Etc/UTC"));
        assert!(settings.named(b"server_version_nu").is_none());
        assert!(PostgresqlSettings::try_from("oracle".to_owned()).is_err());
    }
}
