//! `export`, `readonly`, `local` of ash; `unset`, `set`, `shift`, `let`, `getopts`.

use super::declare::{Builtin, assignment, unset_element};
use crate::commands::{Arguments, Command, Outcome};
use crate::process::{Process, Variable, VariableValue};
use crate::syntax::is_name;
use crate::system::Stop;
use bytes::Bytes;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("export", |p, a| declare(p, a, Attribute::Exported)),
    Command::at_once("readonly", |p, a| declare(p, a, Attribute::ReadOnly)),
    Command::at_once("local", |p, a| declare(p, a, Attribute::Local)),
    Command::at_once("declare", |p, a| super::declare::declare(p, a, Builtin::Declare)),
    Command::at_once("typeset", |p, a| super::declare::declare(p, a, Builtin::Declare)),
    Command::at_once("unset", unset),
    Command::at_once("set", set),
    Command::at_once("shift", shift),
    Command::at_once("let", let_),
    Command::at_once("getopts", getopts),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Exported,
    ReadOnly,
    Local,
}

fn declare(process: &mut Process, arguments: &Arguments, attribute: Attribute) -> Outcome {
    if process.bash {
        let builtin = match attribute {
            Attribute::Exported => Builtin::Export,
            Attribute::ReadOnly => Builtin::ReadOnly,
            Attribute::Local => Builtin::Local,
        };
        return super::declare::declare(process, arguments, builtin);
    }
    let name = arguments.name().into_owned();
    if attribute == Attribute::Local && process.locals.is_empty() {
        process.complain_as("local", "not in a function")?;
        return Err(Stop::Abort(2).into());
    }
    let mut remove = false;
    let mut listed = arguments.rest().is_empty();
    for word in arguments.rest() {
        if word.first() == Some(&b'-') && word.len() > 1 {
            remove |= word == b"-n";
            listed |= word == b"-p";
            continue;
        }
        let (variable, value) = match word.iter().position(|b| *b == b'=') {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (&word[..], None),
        };
        if !is_name(variable) {
            let shown = String::from_utf8_lossy(variable).into_owned();
            process.complain_as(&name, &format!("{shown}: bad variable name"))?;
            return Err(Stop::Abort(2).into());
        }
        declare_one(process, variable, value, attribute, remove)?;
    }
    if listed {
        list(process, attribute, &name)?;
    }
    Ok(0)
}

fn declare_one(
    process: &mut Process,
    name: &[u8],
    value: Option<&[u8]>,
    attribute: Attribute,
    remove: bool,
) -> Result<(), Stop> {
    if attribute == Attribute::Local {
        let old = process.variables.get(name).cloned();
        if let Some(frame) = process.locals.last_mut()
            && !frame.iter().any(|(n, _)| &n[..] == name)
        {
            frame.push((Bytes::copy_from_slice(name), old));
            // `local x`: unset in BusyBox, as it was in dash.
            if value.is_none() && !process.dash {
                process.unset(name);
            }
        }
    }
    if let Some(value) = value {
        process.assign(name, value.to_vec())?;
    }
    match attribute {
        Attribute::Exported if value.is_none() && !process.variables.contains_key(name) => {
            const NAMES: usize = 64;
            let names = Arc::make_mut(&mut process.to_export);
            if names.len() < NAMES {
                names.insert(Bytes::copy_from_slice(name));
            }
        }
        Attribute::Exported => {
            if let Some(variable) = process.variables_mut().get_mut(name) {
                variable.exported = !remove;
            }
        }
        Attribute::ReadOnly => {
            let name = Bytes::copy_from_slice(name);
            process.variables_mut().entry(name).or_default().read_only = true;
        }
        Attribute::Local => {}
    }
    Ok(())
}

fn list(process: &mut Process, attribute: Attribute, name: &str) -> Result<(), Stop> {
    let wanted = |v: &Variable| match attribute {
        Attribute::Exported => v.exported,
        Attribute::ReadOnly => v.read_only,
        Attribute::Local => false,
    };
    process.session.copied(process.variables.len(), 0)?;
    let mut names: Vec<(Bytes, Bytes)> = process
        .variables
        .iter()
        .filter(|(_, v)| wanted(v))
        .filter_map(|(n, v)| match &v.value {
            VariableValue::Scalar(text) => Some((n.clone(), text.clone())),
            _ => None,
        })
        .collect();
    names.sort();
    let mut text = Vec::new();
    for (variable, value) in names {
        text.extend_from_slice(name.as_bytes());
        text.push(b' ');
        text.extend_from_slice(&variable);
        text.extend_from_slice(b"='");
        text.extend_from_slice(&value);
        text.extend_from_slice(b"'\n");
    }
    process.print(&text)?;
    Ok(())
}

fn unset(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut functions = false;
    for word in arguments.rest() {
        match &word[..] {
            b"-f" => functions = true,
            b"-v" => functions = false,
            b"-n" if process.bash => {}
            name if functions => {
                Arc::make_mut(&mut process.functions).remove(name);
            }
            name => {
                if let Some(open) = name.iter().position(|b| *b == b'[').filter(|_| process.bash) {
                    unset_element(process, &name[..open], &name[open + 1..])?;
                    continue;
                }
                if !is_name(name) && process.bash {
                    Arc::make_mut(&mut process.functions).remove(name);
                    continue;
                }
                if !is_name(name) {
                    let shown = String::from_utf8_lossy(name).into_owned();
                    process.complain_as("unset", &format!("{shown}: bad variable name"))?;
                    return Err(Stop::Abort(2).into());
                }
                if process.variables.get(name).is_some_and(|v| v.read_only) {
                    let shown = String::from_utf8_lossy(name).into_owned();
                    if process.bash {
                        let message = format!("{shown}: cannot unset: readonly variable");
                        process.complain_as("unset", &message)?;
                        return Ok(1);
                    }
                    process.complain_as("unset", &format!("{shown}: is read only"))?;
                    return Err(Stop::Abort(2).into());
                }
                let name = process.referred(name);
                if process.variables.contains_key(&name) {
                    process.unset(&name);
                } else if process.bash {
                    Arc::make_mut(&mut process.functions).remove(&name);
                }
            }
        }
    }
    Ok(0)
}

fn set(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.rest();
    if words.is_empty() {
        return list_all(process);
    }
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let on = match word.first() {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => break,
        };
        at += 1;
        if word == b"--" {
            set_positional(process, &words[at..]);
            return Ok(0);
        }
        if word == b"-" {
            break;
        }
        for letter in &word[1..] {
            if *letter == b'o' {
                let name = words.get(at).cloned().unwrap_or_default();
                at += 1;
                if name.is_empty() {
                    let text = super::shopt::told(process, !on);
                    process.print(&text)?;
                }
                if !name.is_empty() && !set_named(process, &name, on) {
                    let shown = String::from_utf8_lossy(&name).into_owned();
                    if process.bash {
                        process.complain_as("set", &format!("{shown}: invalid option name"))?;
                        return Ok(2);
                    }
                    if process.dash {
                        process.complain_as("set", &format!("Illegal option -o {shown}"))?;
                        return Err(Stop::Abort(2).into());
                    }
                    process.complain_as("set", &format!("illegal option -o {shown}"))?;
                    return Ok(1);
                }
            } else if !set_letter(process, *letter, on) {
                let shown = format!("{}{}", if on { '-' } else { '+' }, *letter as char);
                let message = if process.bash {
                    format!("{shown}: invalid option")
                } else if process.dash {
                    format!("Illegal option {shown}")
                } else {
                    format!("illegal option {shown}")
                };
                process.complain_as("set", &message)?;
                if process.bash {
                    process.error(
                        "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
                    )?;
                }
                return if process.bash { Ok(2) } else { Err(Stop::Abort(2).into()) };
            }
        }
    }
    if at < words.len() {
        set_positional(process, &words[at..]);
    }
    Ok(0)
}

fn set_positional(process: &mut Process, words: &[Vec<u8>]) {
    process.positional = Arc::new(words.iter().cloned().map(Bytes::from).collect());
}

fn set_letter(process: &mut Process, letter: u8, on: bool) -> bool {
    let options = &mut process.options;
    match letter {
        b'e' => options.exit_on_error = on,
        b'u' => options.no_unset = on,
        b'f' => options.no_glob = on,
        b'x' => options.trace = on,
        b'a' => options.all_export = on,
        b'n' => options.no_run = on && process.source != crate::process::Source::Interactive,
        b'C' => options.no_clobber = on,
        b'm' | b'b' | b'v' | b'I' | b'h' | b'H' | b'B' | b'E' | b'T' | b'i' => {}
        _ => return false,
    }
    true
}

pub(super) fn set_named(process: &mut Process, name: &[u8], on: bool) -> bool {
    let letter = match name {
        b"errexit" => b'e',
        b"nounset" => b'u',
        b"noglob" => b'f',
        b"xtrace" => b'x',
        b"allexport" => b'a',
        b"noclobber" => b'C',
        b"pipefail" => {
            process.options.pipe_fail = on;
            return true;
        }
        b"noexec" => b'n',
        _ => return is_option(name),
    };
    set_letter(process, letter, on)
}

/// Options that are known and change nothing here.
fn is_option(name: &[u8]) -> bool {
    const NAMES: [&str; 19] = [
        "braceexpand",
        "emacs",
        "vi",
        "errtrace",
        "functrace",
        "hashall",
        "histexpand",
        "history",
        "ignoreeof",
        "monitor",
        "notify",
        "posix",
        "privileged",
        "verbose",
        "interactive-comments",
        "keyword",
        "nolog",
        "onecmd",
        "physical",
    ];
    NAMES.iter().any(|n| n.as_bytes() == name)
}

fn list_all(process: &mut Process) -> Outcome {
    process.session.copied(process.variables.len(), 0)?;
    let mut names: Vec<&Bytes> = process.variables.keys().collect();
    names.sort();
    let mut text = Vec::new();
    for name in names {
        let variable = &process.variables[name];
        if process.bash {
            text.extend(assignment(name, variable));
        } else if let VariableValue::Scalar(value) = &variable.value {
            text.extend_from_slice(name);
            text.extend_from_slice(b"='");
            text.extend_from_slice(value);
            text.extend_from_slice(b"'\n");
        }
    }
    process.print(&text)?;
    Ok(0)
}

fn shift(process: &mut Process, arguments: &Arguments) -> Outcome {
    let count = match arguments.rest().first() {
        None => Some(1),
        Some(word) => std::str::from_utf8(word).ok().and_then(|t| t.parse::<usize>().ok()),
    };
    let Some(count) = count else {
        let shown = arguments.shown(1).into_owned();
        if process.bash {
            process.complain_as("shift", &format!("{shown}: numeric argument required"))?;
            return Ok(1);
        }
        process.complain_as("shift", &format!("Illegal number: {shown}"))?;
        return Err(Stop::Abort(2).into());
    };
    if count > process.positional.len() {
        if process.dash {
            process.complain_as("shift", "can't shift that many")?;
            return Err(Stop::Abort(2).into());
        }
        return Ok(1);
    }
    process.session.copied(process.positional.len() / 8, 0)?;
    Arc::make_mut(&mut process.positional).drain(..count);
    Ok(0)
}

fn let_(process: &mut Process, arguments: &Arguments) -> Outcome {
    if arguments.rest().is_empty() {
        process.complain_as("let", "expression expected")?;
        return Ok(if process.bash { 1 } else { 2 });
    }
    let mut value = 0;
    for word in arguments.rest() {
        value = process.arithmetic(word)?;
    }
    Ok(i32::from(value == 0))
}

fn getopts(process: &mut Process, arguments: &Arguments) -> Outcome {
    let [letters, name, given @ ..] = arguments.rest() else {
        if process.bash {
            process.error("getopts: usage: getopts optstring name [arg ...]")?;
        } else {
            process.complain_as("getopts", "usage: getopts optstring var [arg]")?;
        }
        return Ok(2);
    };
    let words: Vec<Vec<u8>> = if given.is_empty() {
        let bytes = process.positional.iter().map(Bytes::len).sum();
        process.session.copied(process.positional.len(), bytes)?;
        process.positional.iter().map(|b| b.to_vec()).collect()
    } else {
        given.to_vec()
    };
    let index = process.variable(b"OPTIND");
    let index =
        index.and_then(|i| std::str::from_utf8(&i).ok()?.parse::<usize>().ok()).unwrap_or(1).max(1);
    let Some(word) = words.get(index - 1).filter(|w| w.len() > 1 && w[0] == b'-') else {
        process.assign(name, Bytes::from_static(b"?"))?;
        process.getopts_place = 0;
        return Ok(1);
    };
    if word == b"--" {
        process.assign(b"OPTIND", (index + 1).to_string())?;
        process.assign(name, Bytes::from_static(b"?"))?;
        return Ok(1);
    }
    let place = process.getopts_place.max(1).min(word.len() - 1);
    let letter = word[place];
    let mut next = index;
    let last = place + 1 >= word.len();
    process.getopts_place = if last { 0 } else { place + 1 };
    if last {
        next += 1;
    }
    let silent = letters.first() == Some(&b':');
    let known = letters.iter().position(|b| *b == letter && letter != b':');
    let takes_value = known.is_some_and(|at| letters.get(at + 1) == Some(&b':'));
    process.unset(b"OPTARG");
    let mut answer = letter;
    if known.is_none() {
        answer = b'?';
        if silent {
            process.assign(b"OPTARG", vec![letter])?;
        } else {
            let letter = letter as char;
            if process.bash {
                process.error(&format!("{}: illegal option -- {letter}", process.shown_name()))?;
            } else {
                process.error(&format!("Illegal option -{letter}"))?;
            }
        }
    } else if takes_value {
        process.getopts_place = 0;
        if last {
            if let Some(value) = words.get(next - 1) {
                process.assign(b"OPTARG", value.clone())?;
                next += 1;
            } else {
                answer = if silent { b':' } else { b'?' };
                if silent {
                    process.assign(b"OPTARG", vec![letter])?;
                } else {
                    let letter = letter as char;
                    if process.bash {
                        let name = process.shown_name();
                        process
                            .error(&format!("{name}: option requires an argument -- {letter}"))?;
                    } else {
                        process.error(&format!("No arg for -{letter} option"))?;
                    }
                }
            }
        } else {
            process.assign(b"OPTARG", word[place + 1..].to_vec())?;
            next = index + 1;
        }
    }
    process.assign(b"OPTIND", next.to_string())?;
    process.assign(name, vec![answer])?;
    Ok(0)
}
