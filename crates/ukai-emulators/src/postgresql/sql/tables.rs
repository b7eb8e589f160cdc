//! What a session's relations hold: tables that the client makes, large objects, and as much
//! of the system's catalogues as clients look at.

use super::parse::Name;
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

type Columns = &'static [(&'static str, Ty, u16)];

const DATABASES: Columns = &[
    ("oid", Ty::Oid, 1),
    ("datname", Ty::Name, 2),
    ("datdba", Ty::Oid, 3),
    ("encoding", Ty::Int4, 4),
    ("datistemplate", Ty::Bool, 6),
    ("datallowconn", Ty::Bool, 7),
    ("datcollate", Ty::Text, 13),
    ("datctype", Ty::Text, 14),
];
const USERS: Columns = &[
    ("usename", Ty::Name, 1),
    ("usesysid", Ty::Oid, 2),
    ("usecreatedb", Ty::Bool, 3),
    ("usesuper", Ty::Bool, 4),
    ("userepl", Ty::Bool, 5),
    ("usebypassrls", Ty::Bool, 6),
    ("passwd", Ty::Text, 7),
    ("valuntil", Ty::Timestamptz, 8),
];
const ROLES: Columns = &[
    ("rolname", Ty::Name, 1),
    ("rolsuper", Ty::Bool, 2),
    ("rolcreaterole", Ty::Bool, 4),
    ("rolcreatedb", Ty::Bool, 5),
    ("rolcanlogin", Ty::Bool, 6),
];
const SETTINGS: Columns = &[("name", Ty::Text, 1), ("setting", Ty::Text, 2)];
const TABLES: Columns =
    &[("schemaname", Ty::Name, 1), ("tablename", Ty::Name, 2), ("tableowner", Ty::Name, 3)];
const INFORMATION_TABLES: Columns =
    &[("table_catalog", Ty::Name, 1), ("table_schema", Ty::Name, 2), ("table_name", Ty::Name, 3)];

/// The roles that every cluster of version 15 has.
const PREDEFINED: [&str; 12] = [
    "pg_database_owner",
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_monitor",
    "pg_read_all_settings",
    "pg_read_all_stats",
    "pg_stat_scan_tables",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_signal_backend",
    "pg_checkpoint",
];

/// The relation of that name, the client's own or the system's.
pub(in crate::postgresql) fn relation(state: &State, name: &Name) -> Result<Relation, Report> {
    if let Some(table) = state.data.table(name) {
        return Ok(table.clone());
    }
    system(state, name).ok_or_else(|| {
        let mut shown =
            name.schema.clone().map_or(Vec::new(), |schema| [&schema[..], b"."].concat());
        shown.extend_from_slice(&name.own);
        let message = about("relation \"", &shown, "\" does not exist");
        Report::error("42P01", message, ("parse_relation.c", 1392, "parserOpenTable")).at(name.at)
    })
}

fn system(state: &State, name: &Name) -> Option<Relation> {
    let schema = name.schema.as_deref();
    let text = |value: &[u8]| Some(value.to_vec());
    let yes = |value: bool| Some(if value { b"t".to_vec() } else { b"f".to_vec() });
    if schema == Some(b"information_schema") {
        let row =
            |table: &Relation| vec![text(&state.database), text(b"public"), text(&table.name)];
        let rows = state.data.tables.iter().map(row).collect();
        return (name.own == b"tables").then(|| made(name, 13_425, INFORMATION_TABLES, rows));
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
    Some(match name.own.as_slice() {
        b"pg_database" => {
            let own = state.spec().map_or(&[][..], |spec| &spec.databases);
            let own = own.iter().zip(0_u32..).map(|(name, n)| (name.as_str(), 16_385 + n));
            let all = [("postgres", 5), ("template1", 1), ("template0", 4)].into_iter();
            let row = |(name, oid): (&str, u32)| {
                vec![
                    text(oid.to_string().as_bytes()),
                    text(name.as_bytes()),
                    text(b"10"),
                    text(b"6"),
                    yes(name.starts_with("template")),
                    yes(name != "template0"),
                    text(b"C.UTF-8"),
                    text(b"C.UTF-8"),
                ]
            };
            made(name, 1_262, DATABASES, all.chain(own).map(row).collect())
        }
        relation @ (b"pg_user" | b"pg_shadow") => {
            let shadow = relation == b"pg_shadow";
            let row = |(number, role): (usize, Vec<u8>)| {
                let power = yes(number == 0);
                let secret = if shadow { state.verifier(&role) } else { text(b"********") };
                let powers = [power.clone(), power.clone(), power.clone(), power];
                let mut row = vec![text(&role), role_oid(number)];
                row.extend(powers);
                row.extend([secret, None]);
                row
            };
            let rows = logins().into_iter().enumerate().map(row).collect();
            made(name, if shadow { 12_005 } else { 12_014 }, USERS, rows)
        }
        b"pg_roles" => {
            let no = || vec![yes(false); 4];
            let row = |name: &[u8], powers: Vec<Datum>| [vec![text(name)], powers].concat();
            let mut rows: Vec<_> =
                PREDEFINED.iter().map(|name| row(name.as_bytes(), no())).collect();
            for (number, role) in logins().iter().enumerate() {
                let power = yes(number == 0);
                let powers = vec![power.clone(), power.clone(), power, yes(true)];
                rows.push(row(role, powers));
            }
            made(name, 12_000, ROLES, rows)
        }
        b"pg_settings" => {
            let rows = state.settings().map(|(name, value)| vec![text(name), text(&value)]);
            made(name, 12_104, SETTINGS, rows.collect())
        }
        b"pg_tables" => {
            let row =
                |table: &Relation| vec![text(b"public"), text(&table.name), text(&state.user)];
            made(name, 12_033, TABLES, state.data.tables.iter().map(row).collect())
        }
        _ => return None,
    })
}

fn made(name: &Name, oid: u32, columns: Columns, rows: Vec<Vec<Datum>>) -> Relation {
    let columns = columns.iter().map(|(name, ty, number)| (name.as_bytes().to_vec(), *ty, *number));
    Relation { name: name.own.clone(), oid, columns: columns.collect(), rows }
}
