//! `declare`, `typeset`, `local`, `export`, `readonly` of bash: attributes, arrays,
//! references, and how variables are told.

use crate::commands::{Arguments, Outcome};
use crate::escape::{needs_quotes, single_quoted};
use crate::expand::attribute_letters;
use crate::process::{Key, MapKey, Process, Traits, Variable, VariableValue};
use crate::syntax::{CaseChange, is_name};
use crate::system::Stop;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which builtin was called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    Declare,
    Local,
    Export,
    ReadOnly,
}

/// Options of the call: letters that were given with `-`, and with `+`.
#[derive(Default)]
struct Flags {
    on: Vec<u8>,
    off: Vec<u8>,
}

impl Flags {
    fn has(&self, letter: u8) -> bool {
        self.on.contains(&letter)
    }
}

pub(super) fn declare(process: &mut Process, arguments: &Arguments, builtin: Builtin) -> Outcome {
    let name = arguments.name().into_owned();
    if builtin == Builtin::Local && process.locals.is_empty() {
        process.complain_as("local", "can only be used in a function")?;
        return Ok(1);
    }
    let known: &[u8] = match builtin {
        Builtin::Declare | Builtin::Local => b"aAfFgiIlnprtux",
        Builtin::Export => b"fnp",
        Builtin::ReadOnly => b"aAfp",
    };
    let mut flags = Flags::default();
    let mut words = arguments.rest();
    while let [first, rest @ ..] = words {
        let plus = first.first() == Some(&b'+') && builtin == Builtin::Declare;
        if first.len() < 2 || (first[0] != b'-' && !plus) {
            break;
        }
        words = rest;
        if first == b"--" {
            break;
        }
        if let Some(bad) = first[1..].iter().find(|b| !known.contains(b)) {
            let mark = first[0] as char;
            let bad = *bad as char;
            process.complain_as(&name, &format!("{mark}{bad}: invalid option"))?;
            process.error(&format!("{name}: usage: {}", usage(&name)))?;
            return Ok(2);
        }
        let letters = if plus { &mut flags.off } else { &mut flags.on };
        letters.extend(&first[1..]);
    }
    if flags.has(b'F') || (flags.has(b'f') && builtin == Builtin::Declare) {
        return functions(process, words, flags.has(b'F'));
    }
    if words.is_empty() || (flags.has(b'p') && builtin != Builtin::Export) {
        return list(process, builtin, &flags, words, &name);
    }
    let mut status = 0;
    for word in words {
        if !declare_one(process, builtin, &flags, word, &name)? {
            status = 1;
        }
    }
    Ok(status)
}

fn usage(name: &str) -> &'static str {
    match name {
        "export" => "export [-fn] [name[=value] ...] or export -p",
        "readonly" => "readonly [-aAf] [name[=value] ...] or readonly -p",
        "local" => "local [option] name[=value] ...",
        "typeset" => {
            "typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]"
        }
        _ => "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
    }
}

/// `declare -F`, `declare -f`: the functions' names.
fn functions(process: &mut Process, words: &[Vec<u8>], names: bool) -> Outcome {
    if words.is_empty() {
        let mut all: Vec<Bytes> = process.functions.keys().cloned().collect();
        all.sort();
        for name in all {
            process.print([b"declare -f ", &name[..], b"\n"].concat())?;
        }
        return Ok(0);
    }
    let mut status = 0;
    for word in words {
        if !process.functions.contains_key(&word[..]) {
            status = 1;
        } else if names {
            process.print([&word[..], b"\n"].concat())?;
        }
    }
    Ok(status)
}

/// One argument; whether it could be done.
fn declare_one(
    process: &mut Process,
    builtin: Builtin,
    flags: &Flags,
    word: &[u8],
    called: &str,
) -> Result<bool, Stop> {
    let (left, value) = match word.iter().position(|b| *b == b'=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    let (left, append) = match left.strip_suffix(b"+").filter(|_| value.is_some()) {
        Some(left) => (left, true),
        None => (left, false),
    };
    let (name, subscript) = match left.iter().position(|b| *b == b'[') {
        Some(open) if left.ends_with(b"]") => {
            (&left[..open], Some(&left[open + 1..left.len() - 1]))
        }
        _ => (left, None),
    };
    if !is_name(name) {
        let shown = String::from_utf8_lossy(word).into_owned();
        process.complain_as(called, &format!("`{shown}': not a valid identifier"))?;
        return Ok(false);
    }
    let given = match process.given_arrays.iter().position(|(n, _)| &n[..] == name) {
        Some(at) => Some(process.given_arrays.remove(at).1),
        None => None,
    };
    let scoped = matches!(builtin, Builtin::Local | Builtin::Declare) && !flags.has(b'g');
    if scoped && !process.locals.is_empty() {
        make_local(process, name);
    }
    let read_only = process.variables.get(name).is_some_and(|v| v.read_only);
    if read_only && (value.is_some() || given.is_some()) {
        let shown = String::from_utf8_lossy(name).into_owned();
        if matches!(builtin, Builtin::Declare | Builtin::Local) {
            process.complain_as(called, &format!("{shown}: readonly variable"))?;
        } else {
            process.complain(&format!("{shown}: readonly variable"))?;
        }
        return Ok(false);
    }
    if !shape(process, name, flags, given.is_some() || subscript.is_some(), called)? {
        return Ok(false);
    }
    if let Some(given) = given {
        process.assign_array(name, given)?;
    } else if let (Some(subscript), Some(value)) = (subscript, value) {
        let key = process.element_key(name, subscript)?;
        process.assign_element(name, key, value.to_vec())?;
    } else if let Some(value) = value {
        let text = if append { process.appended(name, None, value)? } else { value.to_vec() };
        set_value(process, name, text, flags.has(b'n'))?;
    }
    let exported = match builtin {
        Builtin::Export => Some(!flags.has(b'n')),
        _ if flags.has(b'x') => Some(true),
        _ if flags.off.contains(&b'x') => Some(false),
        _ => None,
    };
    let locked = builtin == Builtin::ReadOnly || flags.has(b'r');
    let target =
        if flags.has(b'n') { Bytes::copy_from_slice(name) } else { process.referred(name) };
    if let Some(variable) = Arc::make_mut(&mut process.variables).get_mut(&target) {
        variable.exported = exported.unwrap_or(variable.exported);
        variable.read_only |= locked;
    }
    Ok(true)
}

/// A value is given to a reference itself only by `declare -n`.
fn set_value(
    process: &mut Process,
    name: &[u8],
    text: Vec<u8>,
    reference: bool,
) -> Result<(), Stop> {
    if reference {
        if let Some(variable) = Arc::make_mut(&mut process.variables).get_mut(name) {
            variable.value = VariableValue::Scalar(text.into());
        }
        return Ok(());
    }
    process.assign(name, text)
}

/// Hides a variable of that name until the function ends.
fn make_local(process: &mut Process, name: &[u8]) {
    let old = process.variables.get(name).cloned();
    let Some(frame) = process.locals.last_mut() else { return };
    if frame.iter().any(|(n, _)| &n[..] == name) {
        return;
    }
    let exported = old.as_ref().is_some_and(|v| v.exported);
    frame.push((Bytes::copy_from_slice(name), old));
    process.unset(name);
    let variable = Variable { value: VariableValue::Unset, exported, ..Variable::default() };
    Arc::make_mut(&mut process.variables).insert(Bytes::copy_from_slice(name), variable);
}

/// Gives a variable the attributes and the kind that the options ask for.
fn shape(
    process: &mut Process,
    name: &[u8],
    flags: &Flags,
    array: bool,
    called: &str,
) -> Result<bool, Stop> {
    let target = if flags.has(b'n') || flags.off.contains(&b'n') {
        Bytes::copy_from_slice(name)
    } else {
        process.referred(name)
    };
    let shown = String::from_utf8_lossy(&target).into_owned();
    let variables = Arc::make_mut(&mut process.variables);
    let variable = variables
        .entry(target)
        .or_insert_with(|| Variable { value: VariableValue::Unset, ..Variable::default() });
    let mistake = match (&variable.value, flags.has(b'A')) {
        (VariableValue::Array(_), true) => Some("cannot convert indexed to associative array"),
        (VariableValue::Map(_), false) if flags.has(b'a') => {
            Some("cannot convert associative to indexed array")
        }
        _ => None,
    };
    if let Some(mistake) = mistake {
        process.complain_as(called, &format!("{shown}: {mistake}"))?;
        return Ok(false);
    }
    let old = std::mem::take(&mut variable.value);
    variable.value = match old {
        VariableValue::Unset if flags.has(b'A') => VariableValue::Map(Arc::default()),
        VariableValue::Scalar(text) if flags.has(b'A') => {
            VariableValue::Map(Arc::new(BTreeMap::from([(MapKey::new(b"0"), text)])))
        }
        VariableValue::Unset if flags.has(b'a') || array => VariableValue::Array(Arc::default()),
        VariableValue::Scalar(text) if flags.has(b'a') => {
            VariableValue::Array(Arc::new(BTreeMap::from([(0, text)])))
        }
        other => other,
    };
    let Traits { integer, reference, case } = variable.traits;
    let switch = |letter: u8, old: bool| (old || flags.has(letter)) && !flags.off.contains(&letter);
    variable.traits = Traits {
        integer: switch(b'i', integer),
        reference: switch(b'n', reference),
        case: match (flags.has(b'u'), flags.has(b'l')) {
            (true, _) => Some(CaseChange::Upper),
            (_, true) => Some(CaseChange::Lower),
            _ if flags.off.contains(&b'u') || flags.off.contains(&b'l') => None,
            _ => case,
        },
    };
    Ok(true)
}

/// Tells variables: those named, or all that have the attributes.
fn list(
    process: &mut Process,
    builtin: Builtin,
    flags: &Flags,
    words: &[Vec<u8>],
    called: &str,
) -> Outcome {
    let mut status = 0;
    let mut text = Vec::new();
    if words.is_empty() {
        let bare = builtin == Builtin::Declare && flags.on.is_empty();
        let wanted = |v: &Variable| match builtin {
            Builtin::Export => v.exported,
            Builtin::ReadOnly => v.read_only,
            Builtin::Local => false,
            Builtin::Declare => {
                (!flags.has(b'a') || matches!(v.value, VariableValue::Array(_)))
                    && (!flags.has(b'A') || matches!(v.value, VariableValue::Map(_)))
                    && (!flags.has(b'i') || v.traits.integer)
                    && (!flags.has(b'n') || v.traits.reference)
                    && (!flags.has(b'r') || v.read_only)
                    && (!flags.has(b'x') || v.exported)
            }
        };
        let mut names: Vec<&Bytes> =
            process.variables.iter().filter(|(_, v)| wanted(v)).map(|(n, _)| n).collect();
        names.sort();
        for name in names {
            let variable = &process.variables[name];
            text.extend(if bare {
                assignment(name, variable)
            } else {
                declaration(name, variable)
            });
        }
    }
    let mut missing = Vec::new();
    for word in words {
        match process.variables.get(&word[..]) {
            Some(variable) => text.extend(declaration(word, variable)),
            None => missing.push(String::from_utf8_lossy(word).into_owned()),
        }
    }
    process.print(&text)?;
    for name in missing {
        process.complain_as(called, &format!("{name}: not found"))?;
        status = 1;
    }
    Ok(status)
}

/// `declare -x name="value"`
fn declaration(name: &[u8], variable: &Variable) -> Vec<u8> {
    let attributes = Some((variable.traits, variable.exported, variable.read_only));
    let letters = attribute_letters(attributes, Some(&variable.value));
    let letters = if letters.is_empty() { "-".to_owned() } else { letters };
    let mut line = format!("declare -{letters} ").into_bytes();
    line.extend_from_slice(name);
    match &variable.value {
        VariableValue::Unset => {}
        VariableValue::Scalar(text) => {
            line.push(b'=');
            line.extend(double_quoted(text));
        }
        _ => {
            line.push(b'=');
            line.extend(elements(&variable.value));
        }
    }
    line.push(b'\n');
    line
}

/// `name=value`, as `set` tells it.
pub(super) fn assignment(name: &[u8], variable: &Variable) -> Vec<u8> {
    let mut line = name.to_vec();
    line.push(b'=');
    match &variable.value {
        VariableValue::Unset => return Vec::new(),
        VariableValue::Scalar(text) if text.is_empty() => {}
        VariableValue::Scalar(text) if needs_quotes(text) => line.extend(single_quoted(text)),
        VariableValue::Scalar(text) => line.extend_from_slice(text),
        _ => line.extend(elements(&variable.value)),
    }
    line.push(b'\n');
    line
}

/// `([0]="a" [1]="b")`; an associative array has a blank before the bracket.
fn elements(value: &VariableValue) -> Vec<u8> {
    let mut out = b"(".to_vec();
    let mut add = |key: &[u8], text: &[u8]| {
        if out.len() > 1 && !out.ends_with(b" ") {
            out.push(b' ');
        }
        out.push(b'[');
        out.extend_from_slice(key);
        out.extend_from_slice(b"]=");
        out.extend(double_quoted(text));
    };
    match value {
        VariableValue::Array(elements) => {
            for (index, text) in &**elements {
                add(index.to_string().as_bytes(), text);
            }
        }
        VariableValue::Map(elements) => {
            for (key, text) in &**elements {
                let name = if needs_quotes(&key.name) {
                    double_quoted(&key.name)
                } else {
                    key.name.to_vec()
                };
                add(&name, text);
            }
            if !elements.is_empty() {
                out.push(b' ');
            }
        }
        _ => {}
    }
    out.push(b')');
    out
}

/// `"..."`, or `$'...'` where something does not print.
fn double_quoted(text: &[u8]) -> Vec<u8> {
    if text.iter().any(u8::is_ascii_control) {
        return single_quoted(text);
    }
    let mut out = b"\"".to_vec();
    for byte in text {
        if matches!(byte, b'"' | b'\\' | b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
    out
}

/// `unset 'name[subscript]'`
pub(super) fn unset_element(
    process: &mut Process,
    name: &[u8],
    subscript: &[u8],
) -> Result<(), Stop> {
    let subscript = subscript.strip_suffix(b"]").unwrap_or(subscript);
    let name = process.referred(name);
    if matches!(subscript, b"@" | b"*") {
        process.unset(&name);
        return Ok(());
    }
    let key = process.element_key(&name, subscript)?;
    if let Some(variable) = process.variables_mut().get_mut(&name) {
        match (&mut variable.value, key) {
            (VariableValue::Array(elements), Key::Index(index)) => {
                Arc::make_mut(elements).remove(&index);
            }
            (VariableValue::Map(elements), Key::Name(key)) => {
                Arc::make_mut(elements).remove(&key);
            }
            _ => {}
        }
    }
    Ok(())
}
