//! Functions that clients and intruders call.

use super::eval::{no_bytes, truth};
use super::value::{Datum, Ty, bytea, from_bytes, hex};
use crate::Context;
use crate::limits::{POSTGRES_SLEEP_MS, POSTGRES_VALUE_BYTES};
use crate::postgresql::report::{Report, about, no_setting, out_of_memory};
use crate::postgresql::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ukai_persona::PostgresqlSettings;

/// The functions that work on all rows at once.
pub(in crate::postgresql) fn is_aggregate(name: &[u8]) -> bool {
    matches!(name, b"count" | b"string_agg" | b"max" | b"min" | b"sum" | b"avg" | b"array_agg")
}

/// The type of a call's result, or why there is none.
#[expect(clippy::match_same_arms, reason = "a line for each function")]
pub(super) fn result(
    catalog: Option<&PostgresqlSettings>,
    name: &[u8],
    arguments: &[Ty],
    star: bool,
    at: usize,
) -> Result<Ty, Report> {
    let text = |number: usize| arguments.get(number).is_some_and(|ty| ty.is_text());
    let number = |number: usize| {
        arguments.get(number).is_some_and(|ty| ty.is_number() || *ty == Ty::Unknown)
    };
    let bytes = |number: usize| {
        arguments.get(number).is_some_and(|ty| matches!(ty, Ty::Bytea | Ty::Unknown))
    };
    let count = arguments.len();
    let found = match name {
        b"version" if count == 0 => Some(Ty::Text),
        b"current_user" | b"session_user" | b"user" | b"current_role" | b"current_catalog"
        | b"current_schema" | b"current_database"
            if count == 0 =>
        {
            Some(Ty::Name)
        }
        b"now"
        | b"current_timestamp"
        | b"clock_timestamp"
        | b"transaction_timestamp"
        | b"pg_postmaster_start_time"
            if count == 0 =>
        {
            Some(Ty::Timestamptz)
        }
        b"pg_backend_pid" | b"inet_server_port" | b"inet_client_port" if count == 0 => {
            Some(Ty::Int4)
        }
        b"inet_server_addr" | b"inet_client_addr" if count == 0 => Some(Ty::Inet),
        b"pg_is_in_recovery" | b"pg_reload_conf" if count == 0 => Some(Ty::Bool),
        b"pg_sleep" if count == 1 && number(0) => Some(Ty::Void),
        b"upper" | b"lower" | b"md5" | b"reverse" | b"btrim" | b"quote_literal"
            if count == 1 && text(0) =>
        {
            Some(Ty::Text)
        }
        b"length" | b"char_length" | b"octet_length" if count == 1 && text(0) => Some(Ty::Int4),
        b"abs" if count == 1 && number(0) => Some(Ty::Int4),
        b"chr" if count == 1 && number(0) => Some(Ty::Text),
        b"ascii" if count == 1 && text(0) => Some(Ty::Int4),
        b"repeat" if count == 2 && text(0) && number(1) => Some(Ty::Text),
        b"replace" if count == 3 && text(0) && text(1) && text(2) => Some(Ty::Text),
        b"substr" | b"substring"
            if text(0) && number(1) && (count == 2 || count == 3 && number(2)) =>
        {
            Some(Ty::Text)
        }
        b"concat" if count > 0 => Some(Ty::Text),
        b"coalesce" if count > 0 => {
            let typed = arguments.iter().find(|ty| **ty != Ty::Unknown);
            Some(typed.copied().unwrap_or(Ty::Text))
        }
        b"encode" if count == 2 && bytes(0) && text(1) => Some(Ty::Text),
        b"decode" if count == 2 && text(0) && text(1) => Some(Ty::Bytea),
        b"convert_from" if count == 2 && bytes(0) && text(1) => Some(Ty::Text),
        b"current_setting" if count == 1 && text(0) => Some(Ty::Text),
        b"set_config" if count == 3 && text(0) && text(1) => Some(Ty::Text),
        b"pg_read_file" if count == 1 && text(0) => Some(Ty::Text),
        b"pg_read_file" if count == 3 && text(0) && number(1) && number(2) => Some(Ty::Text),
        b"pg_read_binary_file" if count == 1 && text(0) => Some(Ty::Bytea),
        b"pg_ls_dir" if count == 1 && text(0) => Some(Ty::Text),
        b"lo_create" | b"lo_creat" if count == 1 && number(0) => Some(Ty::Oid),
        b"lo_from_bytea" if count == 2 && number(0) && bytes(1) => Some(Ty::Oid),
        b"lo_put" if count == 3 && number(0) && number(1) && bytes(2) => Some(Ty::Void),
        b"lo_get" if count == 1 && number(0) => Some(Ty::Bytea),
        b"lo_import" if count == 1 && text(0) || count == 2 && text(0) && number(1) => {
            Some(Ty::Oid)
        }
        b"lo_export" if count == 2 && number(0) && text(1) => Some(Ty::Int4),
        b"lo_unlink" if count == 1 && number(0) => Some(Ty::Int4),
        // At the top of a query they are seen to elsewhere.
        b"count" if star || count == 1 => Some(Ty::Int8),
        b"string_agg" if count == 2 && text(0) && text(1) => Some(Ty::Text),
        b"max" | b"min" if count == 1 => arguments.first().copied(),
        b"sum" if count == 1 && number(0) => match arguments {
            [Ty::Int4] => Some(Ty::Int8),
            _ => Some(Ty::Numeric),
        },
        b"avg" if count == 1 && number(0) => Some(Ty::Numeric),
        b"array_agg" if count == 1 => Some(Ty::Other(1009)),
        b"random" if count == 0 => Some(Ty::Other(701)),
        b"pg_get_userbyid" if count == 1 && number(0) => Some(Ty::Name),
        b"pg_encoding_to_char" if count == 1 && number(0) => Some(Ty::Name),
        b"array_to_string" if count == 2 && text(1) => Some(Ty::Text),
        b"ltrim" | b"rtrim" if count == 1 && text(0) => Some(Ty::Text),
        b"to_hex" if count == 1 && number(0) => Some(Ty::Text),
        b"concat_ws" if count > 1 && text(0) => Some(Ty::Text),
        b"pg_terminate_backend" | b"pg_cancel_backend" if count == 1 && number(0) => Some(Ty::Bool),
        _ => None,
    };
    match found {
        Some(ty) => Ok(ty),
        // One that the server has and ours has not is worth NULL.
        None if !OWN.contains(&name) && catalog.is_some_and(|all| all.is_function(name)) => {
            Ok(Ty::Text)
        }
        None => {
            let types: Vec<&str> = arguments.iter().map(|ty| ty.name()).collect();
            let message =
                about("function ", name, &format!("({}) does not exist", types.join(", ")));
            Err(Report::error("42883", message, ("parse_func.c", 629, "ParseFuncOrColumn"))
                .at(at)
                .hint(
                    "No function matches the given name and argument types. You might need to \
                     add explicit type casts.",
                ))
        }
    }
}

/// Functions of which ours knows what they take.
const OWN: &[&[u8]] = &[
    b"upper",
    b"lower",
    b"md5",
    b"reverse",
    b"length",
    b"char_length",
    b"octet_length",
    b"chr",
    b"ascii",
    b"repeat",
    b"replace",
    b"concat",
    b"encode",
    b"decode",
    b"convert_from",
    b"current_setting",
    b"set_config",
    b"pg_sleep",
    b"pg_ls_dir",
    b"pg_read_file",
    b"lo_create",
    b"lo_export",
    b"lo_get",
    b"lo_import",
    b"lo_unlink",
    b"version",
];

fn integer(value: &Datum) -> i64 {
    let text = value.as_deref().unwrap_or_default();
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Calls a function whose result has a type.
pub(super) fn call(
    state: &mut State,
    cx: &mut Context<'_>,
    name: &[u8],
    arguments: &[Datum],
) -> Result<Datum, Report> {
    match name {
        b"concat" => {
            return Ok(Some(arguments.iter().flatten().flatten().copied().collect()));
        }
        b"coalesce" => return Ok(arguments.iter().flatten().next().cloned()),
        _ if arguments.iter().any(Option::is_none) => return Ok(None),
        _ => {}
    }
    let text = |number: usize| arguments.get(number).and_then(Option::as_deref).unwrap_or_default();
    let number = |number: usize| arguments.get(number).map_or(0, integer);
    let bytes = |number: usize| bytea(text(number)).ok_or_else(|| no_bytes(text(number), None));
    let object = |at: usize| u32::try_from(number(at)).unwrap_or_default();
    let flow = &state.open.flow;
    Ok(Some(match name {
        b"version" => state.version().into_bytes(),
        b"current_user" | b"session_user" | b"user" | b"current_role" => state.user.clone(),
        b"current_catalog" | b"current_database" => state.database.clone(),
        b"current_schema" => b"public".to_vec(),
        b"pg_backend_pid" => state.pid.to_string().into_bytes(),
        b"inet_server_port" => flow.dst_port.to_string().into_bytes(),
        b"inet_client_port" => flow.src_port.to_string().into_bytes(),
        b"inet_server_addr" => flow.dst_ip.to_canonical().to_string().into_bytes(),
        b"inet_client_addr" => flow.src_ip.to_canonical().to_string().into_bytes(),
        b"pg_postmaster_start_time" => moment(state.open.host.booted(cx.now)),
        b"now" | b"current_timestamp" | b"clock_timestamp" | b"transaction_timestamp" => {
            moment(state.open.host.clock(cx.now))
        }
        // Its own is the only session.
        b"pg_is_in_recovery" | b"pg_terminate_backend" | b"pg_cancel_backend" => {
            return Ok(truth(false));
        }
        b"pg_reload_conf" => return Ok(truth(true)),
        b"pg_sleep" => {
            let seconds: f64 = String::from_utf8_lossy(text(0)).parse().unwrap_or_default();
            let ms = (seconds * 1_000.0).clamp(0.0, POSTGRES_SLEEP_MS as f64);
            state.sleep_ms = state.sleep_ms.saturating_add(ms as u64).min(POSTGRES_SLEEP_MS);
            Vec::new()
        }
        b"upper" => text(0).to_ascii_uppercase(),
        b"lower" => text(0).to_ascii_lowercase(),
        b"btrim" => text(0).trim_ascii().to_vec(),
        b"reverse" => String::from_utf8_lossy(text(0)).chars().rev().collect::<String>().into(),
        b"quote_literal" => {
            let text = String::from_utf8_lossy(text(0)).replace('\'', "''");
            format!("'{text}'").into_bytes()
        }
        b"md5" => from_bytes(&Md5::digest(text(0))).get(2..).unwrap_or_default().to_vec(),
        b"length" | b"char_length" => {
            let characters = text(0).iter().filter(|byte| **byte & 0xc0 != 0x80).count();
            characters.to_string().into_bytes()
        }
        b"octet_length" => text(0).len().to_string().into_bytes(),
        b"abs" => number(0).unsigned_abs().to_string().into_bytes(),
        b"ascii" => text(0).first().copied().unwrap_or_default().to_string().into_bytes(),
        b"chr" => match u32::try_from(number(0)).ok().and_then(char::from_u32) {
            Some(character) if character != '\0' => character.to_string().into_bytes(),
            _ => return Err(no_character(number(0))),
        },
        b"repeat" => {
            let times = usize::try_from(number(1)).unwrap_or_default();
            if text(0).len().saturating_mul(times) > POSTGRES_VALUE_BYTES {
                return Err(out_of_memory());
            }
            text(0).repeat(times)
        }
        b"replace" => {
            let (from, to) = (String::from_utf8_lossy(text(1)), String::from_utf8_lossy(text(2)));
            let inside = String::from_utf8_lossy(text(0));
            if from.is_empty() {
                inside.into_owned().into_bytes()
            } else if inside.matches(&*from).count().saturating_mul(to.len()) > POSTGRES_VALUE_BYTES
            {
                return Err(out_of_memory());
            } else {
                inside.replace(&*from, &to).into_bytes()
            }
        }
        b"substr" | b"substring" => {
            let (from, length) = (number(1), arguments.get(2).map_or(i64::MAX, integer));
            let end = from.saturating_add(length.max(0));
            let all = String::from_utf8_lossy(text(0));
            let kept = all.chars().zip(1_i64..).filter(|(_, n)| *n >= from && *n < end);
            kept.map(|(character, _)| character).collect::<String>().into_bytes()
        }
        b"encode" => match text(1).to_ascii_lowercase().as_slice() {
            b"hex" => from_bytes(&bytes(0)?).get(2..).unwrap_or_default().to_vec(),
            b"base64" => {
                let all = STANDARD.encode(bytes(0)?).into_bytes();
                all.chunks(76).collect::<Vec<_>>().join(&b"\n"[..])
            }
            other => return Err(no_encoding(other)),
        },
        b"decode" => from_bytes(&decode(text(0), text(1))?),
        b"convert_from" => bytes(0)?,
        b"current_setting" => {
            let value = state.setting(text(0)).map(|(_, value)| value);
            value.ok_or_else(|| no_setting(text(0)).at_run_time())?
        }
        b"set_config" => {
            state.set(text(0), Some(text(1)))?;
            text(1).to_vec()
        }
        b"pg_read_file" if arguments.len() == 3 => {
            let all = state.read_file(cx, text(0))?;
            let from = usize::try_from(number(1)).unwrap_or_default().min(all.len());
            let end = from.saturating_add(usize::try_from(number(2)).unwrap_or_default());
            all.get(from..end.min(all.len())).unwrap_or_default().to_vec()
        }
        b"pg_read_file" => state.read_file(cx, text(0))?,
        b"pg_read_binary_file" => from_bytes(&state.read_file(cx, text(0))?),
        b"lo_create" => objects(state.data.make_object(object(0), Vec::new())?),
        b"lo_creat" => objects(state.data.make_object(0, Vec::new())?),
        b"lo_from_bytea" => {
            let bytes = bytes(1)?;
            objects(state.data.make_object(object(0), bytes)?)
        }
        b"lo_put" => {
            let offset = usize::try_from(number(1)).unwrap_or(usize::MAX);
            state.data.write_object(object(0), offset, &bytes(2)?)?;
            Vec::new()
        }
        b"lo_get" => from_bytes(state.data.object(object(0))?),
        b"lo_import" => {
            let bytes = state.import_file(cx, text(0))?;
            objects(state.data.make_object(object(1), bytes)?)
        }
        b"lo_export" => {
            state.export_object(cx, object(0), text(1))?;
            b"1".to_vec()
        }
        b"lo_unlink" => {
            state.data.remove_object(object(0))?;
            b"1".to_vec()
        }
        b"random" => format!("0.{}", draw(cx.now.nanos() ^ state.open.seed)).into_bytes(),
        b"pg_get_userbyid" if number(0) == 10 => b"postgres".to_vec(),
        b"pg_get_userbyid" => about("unknown (OID=", text(0), ")"),
        b"pg_encoding_to_char" => match number(0) {
            0 => b"SQL_ASCII".to_vec(),
            6 => b"UTF8".to_vec(),
            _ => Vec::new(),
        },
        b"array_to_string" => {
            let inner = text(0).strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}"));
            let inner = String::from_utf8_lossy(inner.unwrap_or(text(0)));
            inner.replace(',', &String::from_utf8_lossy(text(1))).into_bytes()
        }
        b"ltrim" => text(0).trim_ascii_start().to_vec(),
        b"rtrim" => text(0).trim_ascii_end().to_vec(),
        b"to_hex" => format!("{:x}", number(0)).into_bytes(),
        b"concat_ws" => {
            let parts = arguments.iter().skip(1).map(|part| part.as_deref().unwrap_or_default());
            parts.collect::<Vec<_>>().join(text(0))
        }
        _ => return Ok(None),
    }))
}

/// Digits that look drawn.
fn draw(seed: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) % 9_000_000_000_000_000
        + 1_000_000_000_000_000
}

fn no_character(number: i64) -> Report {
    let (code, message, line) = match number {
        0 => ("54000", "null character not permitted".to_owned(), 1_030),
        ..0 => ("22023", "character number must be positive".to_owned(), 1_026),
        _ => ("54000", format!("requested character too large for encoding: {number}"), 1_048),
    };
    Report::error(code, message, ("oracle_compat.c", line, "chr"))
}

fn objects(number: u32) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn no_encoding(name: &[u8]) -> Report {
    let message = about("unrecognized encoding: \"", name, "\"");
    Report::error("22023", message, ("encode.c", 111, "binary_decode"))
}

fn decode(text: &[u8], encoding: &[u8]) -> Result<Vec<u8>, Report> {
    match encoding.to_ascii_lowercase().as_slice() {
        b"hex" => hex(text).ok_or_else(|| {
            let wrong = text.iter().find(|byte| !byte.is_ascii_hexdigit());
            if let Some(byte) = wrong {
                let message = about("invalid hexadecimal digit: \"", &[*byte], "\"");
                Report::error("22023", message, ("encode.c", 184, "get_hex"))
            } else {
                let message = "invalid hexadecimal data: odd number of digits";
                Report::error("22023", message, ("encode.c", 214, "hex_decode"))
            }
        }),
        b"base64" => {
            let packed: Vec<u8> =
                text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            STANDARD.decode(packed).map_err(|_| {
                let message = "invalid base64 end sequence";
                Report::error("22023", message, ("encode.c", 361, "pg_base64_decode"))
            })
        }
        b"escape" => bytea(text).ok_or_else(|| no_bytes(text, None)),
        other => Err(no_encoding(other)),
    }
}

/// A moment in the session's ISO style, UTC.
fn moment(at: ukai_model::Timestamp) -> Vec<u8> {
    let micros = at.nanos() / 1_000 % 1_000_000;
    let (days, of_day) = (at.secs() / 86_400, at.secs() % 86_400);
    let (year, month, day) = civil(days);
    let mut text = format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    );
    if micros > 0 {
        text.push_str(format!(".{micros:06}").trim_end_matches('0'));
    }
    text.push_str("+00");
    text.into_bytes()
}

/// The date of a day since 1970, after Howard Hinnant's `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}
