//! What a session's relations hold: tables that the client makes, large objects, and as much
//! of the system's catalogues as clients look at.

use super::syntax::{Name, Object};
use super::value::{Datum, Ty};
use crate::limits::{POSTGRES_DATA_BYTES, POSTGRES_OBJECTS};
use crate::postgresql::report::{Report, about, out_of_memory};
use crate::postgresql::state::State;
use std::collections::BTreeMap;

/// What the client has made.
#[derive(Clone, Debug)]
pub(in crate::postgresql) struct Data {
    tables: Vec<Relation>,
    objects: BTreeMap<u32, Vec<u8>>,
    pub(in crate::postgresql) roles: Vec<Vec<u8>>,
    /// Objects that were made, and those of the host that were dropped.
    made: Vec<(Object, Vec<u8>)>,
    dropped: Vec<(Object, Vec<u8>)>,
    next_oid: u32,
    bytes: usize,
}

/// A table, or what stands for one.
#[derive(Clone, Debug)]
pub(in crate::postgresql) struct Relation {
    pub(in crate::postgresql) name: Vec<u8>,
    pub(in crate::postgresql) oid: u32,
    /// Name, type and number of each.
    pub(in crate::postgresql) columns: Vec<(Vec<u8>, Ty, u16)>,
    pub(in crate::postgresql) rows: Vec<Vec<Datum>>,
}

impl Data {
    pub(in crate::postgresql) fn new(first_oid: u32) -> Self {
        Self {
            tables: Vec::new(),
            objects: BTreeMap::new(),
            roles: Vec::new(),
            made: Vec::new(),
            dropped: Vec::new(),
            next_oid: first_oid,
            bytes: 0,
        }
    }

    fn new_oid(&mut self) -> u32 {
        self.next_oid = self.next_oid.wrapping_add(1);
        self.next_oid
    }

    /// Room for so many bytes more.
    fn take_room(&mut self, bytes: usize) -> Result<(), Report> {
        if self.bytes.saturating_add(bytes) > POSTGRES_DATA_BYTES {
            return Err(out_of_memory());
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Makes a table.
    pub(in crate::postgresql) fn create(
        &mut self,
        name: &[u8],
        columns: &[(Vec<u8>, Ty)],
    ) -> Result<(), Report> {
        if self.tables.len() >= POSTGRES_OBJECTS {
            return Err(out_of_memory());
        }
        self.take_room(columns.iter().map(|(name, _)| name.len() + 64).sum())?;
        // The table, its row type and its array type; what does not fit in a page besides.
        let oid = self.new_oid();
        self.next_oid = self.next_oid.wrapping_add(2);
        let columns = columns.iter().zip(1..).map(|((name, ty), n)| (name.clone(), *ty, n));
        self.tables.push(Relation {
            name: name.to_vec(),
            oid,
            columns: columns.collect(),
            rows: Vec::new(),
        });
        Ok(())
    }

    pub(in crate::postgresql) fn drop(&mut self, name: &[u8]) -> bool {
        let before = self.tables.len();
        self.tables.retain(|table| table.name != name);
        self.tables.len() < before
    }

    /// The client's own table of that name.
    pub(in crate::postgresql) fn table(&self, name: &Name) -> Option<&Relation> {
        let schema = name.schema.as_deref().unwrap_or(b"public");
        let found = self.tables.iter().find(|table| table.name == name.own);
        found.filter(|_| schema == b"public" || schema.starts_with(b"pg_temp"))
    }

    pub(in crate::postgresql) fn add_row(
        &mut self,
        name: &Name,
        row: Vec<Datum>,
    ) -> Result<(), Report> {
        let size = |value: &Datum| value.as_ref().map_or(0, Vec::len) + 32;
        self.take_room(32 + row.iter().map(size).sum::<usize>())?;
        if let Some(table) = self.tables.iter_mut().find(|table| table.name == name.own) {
            table.rows.push(row);
        }
        Ok(())
    }

    /// Keeps the rows for which `keep` holds; gives the number of those that went.
    pub(in crate::postgresql) fn keep_rows(&mut self, name: &Name, keep: &[bool]) -> usize {
        let Some(table) = self.tables.iter_mut().find(|table| table.name == name.own) else {
            return 0;
        };
        let before = table.rows.len();
        let mut keep = keep.iter();
        table.rows.retain(|_| keep.next().copied().unwrap_or_default());
        before - table.rows.len()
    }

    /// Puts rows in the place of those that a table has.
    pub(in crate::postgresql) fn set_rows(
        &mut self,
        name: &Name,
        rows: Vec<Vec<Datum>>,
    ) -> Result<(), Report> {
        let size = |row: &Vec<Datum>| {
            32 + row.iter().map(|value| value.as_ref().map_or(0, Vec::len) + 32).sum::<usize>()
        };
        let new = rows.iter().map(size).sum::<usize>();
        let Some(at) = self.tables.iter().position(|table| table.name == name.own) else {
            return Ok(());
        };
        let old = self.tables.get(at).map_or(0, |table| table.rows.iter().map(size).sum());
        self.take_room(new.saturating_sub(old))?;
        if let Some(table) = self.tables.get_mut(at) {
            table.rows = rows;
        }
        Ok(())
    }

    /// Whether an object was made, or dropped; `None` if neither.
    pub(in crate::postgresql) fn is_made(&self, object: Object, name: &[u8]) -> Option<bool> {
        let is = |(kind, known): &(Object, Vec<u8>)| *kind == object && known == name;
        if self.made.iter().any(is) {
            return Some(true);
        }
        self.dropped.iter().any(is).then_some(false)
    }

    pub(in crate::postgresql) fn make(
        &mut self,
        object: Object,
        name: &[u8],
    ) -> Result<(), Report> {
        if self.made.len() >= POSTGRES_OBJECTS {
            return Err(out_of_memory());
        }
        self.dropped.retain(|(kind, known)| *kind != object || known != name);
        self.made.push((object, name.to_vec()));
        Ok(())
    }

    pub(in crate::postgresql) fn unmake(&mut self, object: Object, name: &[u8]) {
        self.made.retain(|(kind, known)| *kind != object || known != name);
        if object == Object::Schema && name == b"public" {
            self.tables.clear();
        }
        // As many as there are on the host.
        self.dropped.push((object, name.to_vec()));
        self.dropped.truncate(POSTGRES_OBJECTS);
    }

    /// Databases that were made.
    fn databases(&self) -> impl Iterator<Item = &[u8]> {
        let databases = self.made.iter().filter(|(kind, _)| *kind == Object::Database);
        databases.map(|(_, name)| name.as_slice())
    }

    /// Makes a large object; 0 asks for any number.
    pub(in crate::postgresql) fn make_object(
        &mut self,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<u32, Report> {
        if self.objects.len() >= POSTGRES_OBJECTS {
            return Err(out_of_memory());
        }
        let number = if number == 0 { self.new_oid() } else { number };
        if self.objects.contains_key(&number) {
            let message = about(
                "duplicate key value violates unique constraint \
                 \"pg_largeobject_metadata_oid_index\"",
                b"",
                "",
            );
            let source = ("nbtinsert.c", 666, "_bt_check_unique");
            return Err(Report::error("23505", message, source)
                .detail(format!("Key (oid)=({number}) already exists.")));
        }
        self.take_room(bytes.len() + 64)?;
        self.objects.insert(number, bytes);
        Ok(number)
    }

    pub(in crate::postgresql) fn object(&self, number: u32) -> Result<&[u8], Report> {
        self.objects
            .get(&number)
            .map(Vec::as_slice)
            .ok_or_else(|| no_object(number, ("inv_api.c", 285, "inv_open")))
    }

    pub(in crate::postgresql) fn remove_object(&mut self, number: u32) -> Result<(), Report> {
        let source = ("pg_largeobject.c", 114, "LargeObjectDrop");
        let object = self.objects.remove(&number).ok_or_else(|| no_object(number, source))?;
        self.bytes = self.bytes.saturating_sub(object.len());
        Ok(())
    }

    /// Writes into a large object from `offset` on.
    pub(in crate::postgresql) fn write_object(
        &mut self,
        number: u32,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), Report> {
        let length = self.object(number)?.len();
        let end = offset.saturating_add(bytes.len());
        self.take_room(end.saturating_sub(length))?;
        let Some(object) = self.objects.get_mut(&number) else { return Ok(()) };
        if object.len() < end {
            object.resize(end, 0);
        }
        if let Some(place) = object.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Takes a row of `pg_largeobject`: pages of 2 KiB, of objects that need not be there.
    pub(in crate::postgresql) fn add_page(
        &mut self,
        number: u32,
        page: usize,
        bytes: &[u8],
    ) -> Result<(), Report> {
        if !self.objects.contains_key(&number) {
            self.make_object(number, Vec::new())?;
        }
        self.write_object(number, page.saturating_mul(2_048), bytes)
    }
}

fn no_object(number: u32, source: (&'static str, u32, &'static str)) -> Report {
    Report::error("42704", format!("large object {number} does not exist"), source).at_run_time()
}

/// Columns of a system's relation that have values.
type Columns = &'static [&'static str];

const DATABASES: Columns = &[
    "oid",
    "datname",
    "datdba",
    "encoding",
    "datlocprovider",
    "datistemplate",
    "datallowconn",
    "datconnlimit",
    "datfrozenxid",
    "datminmxid",
    "dattablespace",
    "datcollate",
    "datctype",
    "datacl",
];
const USERS: Columns =
    &["usename", "usesysid", "usecreatedb", "usesuper", "userepl", "usebypassrls", "passwd"];
const ROLES: Columns = &[
    "rolname",
    "rolsuper",
    "rolcreaterole",
    "rolcreatedb",
    "rolreplication",
    "rolbypassrls",
    "rolcanlogin",
    "rolinherit",
    "rolconnlimit",
    "rolpassword",
    "oid",
];
const SETTINGS: Columns = &["name", "setting", "short_desc", "context"];
const TABLES: Columns = &[
    "schemaname",
    "tablename",
    "tableowner",
    "hasindexes",
    "hasrules",
    "hastriggers",
    "rowsecurity",
];
const INFORMATION_TABLES: Columns = &[
    "table_catalog",
    "table_schema",
    "table_name",
    "table_type",
    "is_insertable_into",
    "is_typed",
];

/// The roles that every cluster of version 15 has, and their numbers.
const PREDEFINED: [(&str, u32); 12] = [
    ("pg_database_owner", 6_171),
    ("pg_read_all_data", 6_181),
    ("pg_write_all_data", 6_182),
    ("pg_monitor", 3_373),
    ("pg_read_all_settings", 3_374),
    ("pg_read_all_stats", 3_375),
    ("pg_stat_scan_tables", 3_377),
    ("pg_read_server_files", 4_569),
    ("pg_write_server_files", 4_570),
    ("pg_execute_server_program", 4_571),
    ("pg_signal_backend", 4_200),
    ("pg_checkpoint", 4_544),
];

/// The relation of that name, the client's own or the system's.
pub(in crate::postgresql) fn relation(state: &State, name: &Name) -> Result<Relation, Report> {
    if let Some(table) = state.data.table(name) {
        return Ok(table.clone());
    }
    system(state, name).ok_or_else(|| no_such(name))
}

/// Whether there is a relation of that name, without a look at its rows.
pub(in crate::postgresql) fn is_relation(state: &State, name: &Name) -> bool {
    let catalog = state.spec().map(|spec| &spec.settings);
    let system = || match name.schema.as_deref() {
        None | Some(b"pg_catalog") => catalog?.relation(&name.own),
        Some(b"information_schema") => {
            catalog?.relation(&[b"information_schema.", &name.own[..]].concat())
        }
        Some(_) => None,
    };
    state.data.table(name).is_some() || system().is_some()
}

pub(in crate::postgresql) fn no_such(name: &Name) -> Report {
    let mut shown = name.schema.clone().map_or(Vec::new(), |schema| [&schema[..], b"."].concat());
    shown.extend_from_slice(&name.own);
    let message = about("relation \"", &shown, "\" does not exist");
    Report::error("42P01", message, ("parse_relation.c", 1392, "parserOpenTable")).at(name.at)
}

fn system(state: &State, name: &Name) -> Option<Relation> {
    let schema = name.schema.as_deref();
    let text = |value: &[u8]| Some(value.to_vec());
    let yes = |value: bool| Some(if value { b"t".to_vec() } else { b"f".to_vec() });
    if schema == Some(b"information_schema") {
        let rows = match name.own.as_slice() {
            b"tables" => {
                let row = |table: &Relation| {
                    let kind = text(b"BASE TABLE");
                    let own = text(&table.name);
                    let yes = || text(b"YES");
                    vec![text(&state.database), text(b"public"), own, kind, yes(), text(b"NO")]
                };
                state.data.tables.iter().map(row).collect()
            }
            _ => Vec::new(),
        };
        return made(state, name, INFORMATION_TABLES, rows);
    }
    if schema.is_some_and(|schema| schema != b"pg_catalog") {
        return None;
    }
    let logins = || {
        let accounts = state.spec().map_or(&[][..], |spec| &spec.accounts);
        let mut all: Vec<Vec<u8>> = vec![b"postgres".to_vec()];
        for name in accounts.iter().map(|account| account.user.as_bytes()) {
            if !all.iter().any(|known| known == name) {
                all.push(name.to_vec());
            }
        }
        all.extend(state.data.roles.iter().cloned());
        all
    };
    let role_oid = |number: usize| {
        let oid = if number == 0 { 10 } else { 16_384 + number };
        text(oid.to_string().as_bytes())
    };
    let (columns, rows): (Columns, Vec<Vec<Datum>>) = match name.own.as_slice() {
        b"pg_database" => (DATABASES, databases(state)),
        relation @ (b"pg_user" | b"pg_shadow") => {
            let shadow = relation == b"pg_shadow";
            let row = |(number, role): (usize, Vec<u8>)| {
                let power = yes(number == 0);
                let secret = if shadow { state.verifier(&role) } else { text(b"********") };
                let powers = [power.clone(), power.clone(), power.clone(), power];
                let mut row = vec![text(&role), role_oid(number)];
                row.extend(powers);
                row.push(secret);
                row
            };
            (USERS, logins().into_iter().enumerate().map(row).collect())
        }
        b"pg_roles" => {
            let row = |name: &[u8], power: bool, logs_in: bool, oid: Datum| {
                let mut row = vec![text(name)];
                row.extend(vec![yes(power); 5]);
                row.extend([yes(logs_in), yes(true), text(b"-1"), text(b"********"), oid]);
                row
            };
            let predefined = PREDEFINED.iter().map(|(name, oid)| {
                row(name.as_bytes(), false, false, text(oid.to_string().as_bytes()))
            });
            let own = logins();
            let own = own.iter().enumerate().map(|(n, role)| row(role, n == 0, true, role_oid(n)));
            (ROLES, predefined.chain(own).collect())
        }
        b"pg_settings" => {
            let all = state.spec().map_or(&[][..], |spec| spec.settings.all());
            let rows = state.settings().zip(all).map(|((name, value), known)| {
                let (description, context) = (known.description, known.context);
                vec![
                    text(name),
                    text(&value),
                    text(description.as_bytes()),
                    text(context.as_bytes()),
                ]
            });
            (SETTINGS, rows.collect())
        }
        b"pg_tables" => {
            let row = |table: &Relation| {
                let mut row = vec![text(b"public"), text(&table.name), text(&state.user)];
                row.extend(vec![yes(false); 4]);
                row
            };
            (TABLES, state.data.tables.iter().map(row).collect())
        }
        _ => (&[], Vec::new()),
    };
    made(state, name, columns, rows)
}

fn databases(state: &State) -> Vec<Vec<Datum>> {
    let text = |value: &str| Some(value.as_bytes().to_vec());
    let own = state.spec().map_or(&[][..], |spec| &spec.databases);
    let all = [("postgres", 5), ("template1", 1), ("template0", 4)];
    let all = all.map(|(name, oid)| (name.as_bytes(), oid)).into_iter();
    let own = own.iter().map(String::as_bytes).chain(state.data.databases());
    let own = own.zip(0_u32..).map(|(name, n)| (name, 16_385 + n));
    let there =
        |(name, _): &(&[u8], u32)| state.data.is_made(Object::Database, name) != Some(false);
    let row = |(name, oid): (&[u8], u32)| {
        let template = name.starts_with(b"template");
        let flag = |value: bool| text(if value { "t" } else { "f" });
        let rights = if template { text("{=c/postgres,postgres=CTc/postgres}") } else { None };
        vec![
            text(&oid.to_string()),
            Some(name.to_vec()),
            text("10"),
            text("6"),
            text("c"),
            flag(template),
            flag(name != b"template0"),
            text("-1"),
            text("717"),
            text("1"),
            text("1663"),
            text("C.UTF-8"),
            text("C.UTF-8"),
            rights,
        ]
    };
    all.chain(own).filter(there).map(row).collect()
}

/// A relation of the system's with all its columns; those without a value of ours are NULL.
fn made(state: &State, name: &Name, known: Columns, rows: Vec<Vec<Datum>>) -> Option<Relation> {
    let mut full = name.own.clone();
    if name.schema.as_deref() == Some(b"information_schema") {
        full = [b"information_schema.", &full[..]].concat();
    }
    let relation = state.spec()?.settings.relation(&full)?;
    let place = |column: &str| known.iter().position(|known| *known == column);
    let places: Vec<Option<usize>> =
        relation.columns.iter().map(|(column, _)| place(column)).collect();
    let widened = rows.into_iter().map(|row| {
        let value = |at: &Option<usize>| at.and_then(|at| row.get(at).cloned().flatten());
        places.iter().map(value).collect()
    });
    let columns = relation.columns.iter().zip(1..);
    let columns = columns.map(|((name, ty), n)| (name.as_bytes().to_vec(), Ty::of(*ty), n));
    Some(Relation {
        name: name.own.clone(),
        oid: relation.oid,
        columns: columns.collect(),
        rows: widened.collect(),
    })
}
