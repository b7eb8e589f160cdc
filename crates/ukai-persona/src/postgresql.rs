//! What a host's PostgreSQL says: its version, roles, databases and settings.

use crate::{Credential, Persona, PersonaError};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
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

/// A relation of the system's own schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresqlRelation {
    /// Its number in `pg_class`.
    pub oid: u32,
    /// Its columns, with their types' numbers.
    pub columns: Vec<(&'static str, u32)>,
}

/// The settings of an installation, and what its catalogues name; found by its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct PostgresqlSettings(Arc<Installation>);

#[derive(Debug)]
struct Installation {
    settings: Vec<PostgresqlSetting>,
    relations: HashMap<&'static str, PostgresqlRelation>,
    functions: HashSet<&'static str>,
}

impl PostgresqlSettings {
    /// All of them, in the order of `SHOW ALL`.
    pub fn all(&self) -> &[PostgresqlSetting] {
        &self.0.settings
    }

    /// The setting of that name, in whatever case.
    pub fn named(&self, name: &[u8]) -> Option<&PostgresqlSetting> {
        self.all().iter().find(|setting| setting.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The relation of that name: of `pg_catalog`, or `information_schema.` and the name.
    pub fn relation(&self, name: &[u8]) -> Option<&PostgresqlRelation> {
        self.0.relations.get(std::str::from_utf8(name).ok()?)
    }

    /// Whether `pg_catalog` has a function of that name.
    pub fn is_function(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.0.functions.contains(name))
    }
}

impl TryFrom<String> for PostgresqlSettings {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        static DEBIAN_15: LazyLock<Arc<Installation>> = LazyLock::new(|| {
            let functions = include_str!("../../../personas/postgresql/debian-15.functions.txt");
            Arc::new(Installation {
                settings: read(include_str!("../../../personas/postgresql/debian-15.tsv")),
                relations: relations(include_str!(
                    "../../../personas/postgresql/debian-15.relations.tsv"
                )),
                functions: lines(functions).flat_map(str::split_ascii_whitespace).collect(),
            })
        });
        match name.as_str() {
            "debian-15" => Ok(Self(Arc::clone(&DEBIAN_15))),
            _ => Err(format!("\"{name}\" names no PostgreSQL's settings: debian-15")),
        }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn relations(text: &'static str) -> HashMap<&'static str, PostgresqlRelation> {
    let relations = lines(text).filter_map(|line| {
        let mut fields = line.split('\t');
        let (name, oid, columns) = (fields.next()?, fields.next()?, fields.next()?);
        let column = |column: &'static str| {
            let (name, ty) = column.split_once(':')?;
            Some((name, ty.parse().ok()?))
        };
        let columns = columns.split(' ').filter_map(column).collect();
        Some((name, PostgresqlRelation { oid: oid.parse().ok()?, columns }))
    });
    relations.collect()
}

fn read(text: &'static str) -> Vec<PostgresqlSetting> {
    let settings = lines(text).filter_map(|line| {
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
        let classes = settings.relation(b"pg_class").expect("there");
        assert_eq!((classes.oid, classes.columns.first()), (1259, Some(&("oid", 26))));
        assert!(settings.relation(b"information_schema.tables").is_some());
        assert!(settings.is_function(b"pg_ls_dir") && !settings.is_function(b"pg_ls"));
        assert!(PostgresqlSettings::try_from("oracle".to_owned()).is_err());
    }
}
