//! Roles, extensions, databases and other objects of which little more than the name is kept.

use super::out::Out;
use super::report::{Report, Source, about, out_of_memory};
use super::run::Outcome;
use super::sql::syntax::{Name, Object, RoleVerb};
use super::state::State;

pub(super) fn extension(name: &[u8]) -> Report {
    if name == b"plpgsql" {
        let message = "extension \"plpgsql\" already exists";
        return Report::error("42710", message, ("extension.c", 1_969, "CreateExtension"));
    }
    let source = ("extension.c", 669, "parse_extension_control_file");
    Report::error("0A000", about("extension \"", name, "\" is not available"), source)
        .detail(about(
            "Could not open extension control file \"/usr/share/postgresql/15/extension/",
            name,
            ".control\": No such file or directory.",
        ))
        .hint("The extension must first be installed on the system where PostgreSQL is running.")
}

pub(super) fn role(
    state: &mut State,
    verb: RoleVerb,
    role: &[u8],
    if_exists: bool,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let accounts = state.spec().map_or(&[][..], |spec| &spec.accounts);
    let known = role.is_empty()
        || role == b"postgres"
        || accounts.iter().any(|account| account.user.as_bytes() == role)
        || state.data.roles.iter().any(|known| known == role);
    let missing = || about("role \"", role, "\" does not exist");
    match verb {
        RoleVerb::Create if known => {
            let message = about("role \"", role, "\" already exists");
            Err(Report::error("42710", message, ("user.c", 308, "CreateRole")))
        }
        RoleVerb::Create => {
            if state.data.roles.len() >= crate::limits::POSTGRES_OBJECTS {
                return Err(out_of_memory());
            }
            state.data.roles.push(role.to_vec());
            Ok(Outcome::Done("CREATE ROLE".to_owned()))
        }
        RoleVerb::Alter if known => Ok(Outcome::Done("ALTER ROLE".to_owned())),
        RoleVerb::Alter => {
            Err(Report::error("42704", missing(), ("acl.c", 5_277, "get_rolespec_tuple")))
        }
        RoleVerb::Drop if !known && if_exists => {
            let message = [&missing()[..], b", skipping"].concat();
            let source = ("user.c", 957, "DropRole");
            Report::error("00000", message, source).with_severity("NOTICE").write(out);
            Ok(Outcome::Done("DROP ROLE".to_owned()))
        }
        RoleVerb::Drop if !known => {
            Err(Report::error("42704", missing(), ("user.c", 951, "DropRole")))
        }
        RoleVerb::Drop => {
            state.data.roles.retain(|known| known != role);
            Ok(Outcome::Done("DROP ROLE".to_owned()))
        }
    }
}

pub(super) fn drop_tables(
    state: &mut State,
    tables: &[Name],
    if_exists: bool,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let routine = "DropErrorMsgNonExistent";
    for table in tables {
        if state.data.table(table).is_some() {
            continue;
        }
        let message = about("table \"", &table.own, "\" does not exist");
        if !if_exists {
            return Err(Report::error("42P01", message, ("tablecmds.c", 1_304, routine)));
        }
        let message = [&message[..], b", skipping"].concat();
        let report = Report::error("00000", message, ("tablecmds.c", 1_310, routine));
        report.with_severity("NOTICE").write(out);
    }
    for table in tables {
        state.data.drop(&table.own);
    }
    Ok(Outcome::Done("DROP TABLE".to_owned()))
}

/// How a kind of object is spoken of: its noun, its tag behind `CREATE` and `DROP`, the class
/// of the error if there is none of that name, and who raises that.
const fn spoken(object: Object) -> (&'static str, &'static str, &'static str, Source) {
    let dropped = ("tablecmds.c", 1_304, "DropErrorMsgNonExistent");
    match object {
        Object::Database => ("database", "DATABASE", "3D000", ("dbcommands.c", 1_549, "dropdb")),
        Object::Schema => {
            ("schema", "SCHEMA", "3F000", ("namespace.c", 3_099, "get_namespace_oid"))
        }
        Object::Extension => {
            ("extension", "EXTENSION", "42704", ("extension.c", 195, "get_extension_oid"))
        }
        Object::Language => {
            ("language", "LANGUAGE", "42704", ("proclang.c", 235, "get_language_oid"))
        }
        Object::View => ("view", "VIEW", "42P01", dropped),
        Object::MaterializedView => ("materialized view", "MATERIALIZED VIEW", "42P01", dropped),
        Object::Index => ("index", "INDEX", "42704", dropped),
        Object::Sequence => ("sequence", "SEQUENCE", "42P01", dropped),
        Object::Type => {
            ("type", "TYPE", "42704", ("objectaddress.c", 1_636, "get_object_address_type"))
        }
    }
}

pub(super) fn make(state: &mut State, object: Object, name: &[u8]) -> Result<Outcome, Report> {
    let (noun, tag, ..) = spoken(object);
    let exists = || about(&format!("{noun} \""), name, "\" already exists");
    if state.has(object, name) {
        return Err(match object {
            Object::Database => {
                Report::error("42P04", exists(), ("dbcommands.c", 1_242, "createdb"))
            }
            Object::Schema => {
                Report::error("42P06", exists(), ("pg_namespace.c", 62, "NamespaceCreate"))
            }
            Object::Type => Report::error("42710", exists(), ("typecmds.c", 1_186, "DefineEnum")),
            _ => {
                let message = about("relation \"", name, "\" already exists");
                Report::error("42P07", message, ("heap.c", 1_164, "heap_create_with_catalog"))
            }
        });
    }
    state.data.make(object, name)?;
    Ok(Outcome::Done(format!("CREATE {tag}")))
}

pub(super) fn drop(
    state: &mut State,
    object: Object,
    names: &[Vec<u8>],
    if_exists: bool,
    out: &mut Out,
) -> Result<Outcome, Report> {
    let (noun, tag, code, source) = spoken(object);
    for name in names {
        if object == Object::Database && *name == state.database {
            let message = "cannot drop the currently open database";
            return Err(Report::error("55006", message, ("dbcommands.c", 1_586, "dropdb")));
        }
        if object == Object::Database && name.starts_with(b"template") && state.has(object, name) {
            let message = "cannot drop a template database";
            return Err(Report::error("42809", message, ("dbcommands.c", 1_579, "dropdb")));
        }
        if state.has(object, name) {
            state.data.unmake(object, name);
            continue;
        }
        let message = about(&format!("{noun} \""), name, "\" does not exist");
        if !if_exists {
            return Err(Report::error(code, message, source));
        }
        let source = match source.0 {
            "dbcommands.c" => ("dbcommands.c", 1_557, "dropdb"),
            "tablecmds.c" => ("tablecmds.c", 1_310, "DropErrorMsgNonExistent"),
            _ => ("dropcmds.c", 490, "does_not_exist_skipping"),
        };
        let message = [&message[..], b", skipping"].concat();
        Report::error("00000", message, source).with_severity("NOTICE").write(out);
    }
    Ok(Outcome::Done(format!("DROP {tag}")))
}
