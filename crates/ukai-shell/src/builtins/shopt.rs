//! `shopt` of bash, and the options of `set -o`.

use crate::commands::{Arguments, Command, Options, Outcome};
use crate::process::{Process, Source};
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("shopt", shopt)];

/// Options of bash 5.2 and whether they are set in a shell that is not interactive.
const OPTIONS: [(&str, bool); 57] = [
    ("autocd", false),
    ("assoc_expand_once", false),
    ("cdable_vars", false),
    ("cdspell", false),
    ("checkhash", false),
    ("checkjobs", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("compat31", false),
    ("compat32", false),
    ("compat40", false),
    ("compat41", false),
    ("compat42", false),
    ("compat43", false),
    ("compat44", false),
    ("complete_fullquote", true),
    ("direxpand", false),
    ("dirspell", false),
    ("dotglob", false),
    ("execfail", false),
    ("expand_aliases", false),
    ("extdebug", false),
    ("extglob", false),
    ("extquote", true),
    ("failglob", false),
    ("force_fignore", true),
    ("globasciiranges", true),
    ("globskipdots", true),
    ("globstar", false),
    ("gnu_errfmt", false),
    ("histappend", false),
    ("histreedit", false),
    ("histverify", false),
    ("hostcomplete", true),
    ("huponexit", false),
    ("inherit_errexit", false),
    ("interactive_comments", true),
    ("lastpipe", false),
    ("lithist", false),
    ("localvar_inherit", false),
    ("localvar_unset", false),
    ("login_shell", false),
    ("mailwarn", false),
    ("no_empty_cmd_completion", false),
    ("nocaseglob", false),
    ("nocasematch", false),
    ("noexpand_translation", false),
    ("nullglob", false),
    ("patsub_replacement", true),
    ("progcomp", true),
    ("progcomp_alias", false),
    ("promptvars", true),
    ("restricted_shell", false),
    ("shift_verbose", false),
    ("sourcepath", true),
    ("varredir_close", false),
    ("xpg_echo", false),
];

impl Process {
    /// Whether an option of `shopt` is set.
    pub(crate) fn shell_option(&self, name: &str) -> bool {
        if let Some(set) = self.shell_options.get(name) {
            return *set;
        }
        let interactive = self.source == Source::Interactive;
        match name {
            "expand_aliases" => interactive,
            _ => OPTIONS.iter().any(|(n, set)| *n == name && *set),
        }
    }
}

fn shopt(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "+supqo", &[]);
    if let Some(bad) = &options.bad {
        process.complain_as("shopt", &format!("-{bad}: invalid option"))?;
        process.error("shopt: usage: shopt [-pqsu] [-o] [optname ...]")?;
        return Ok(2);
    }
    let change = match (options.has("s"), options.has("u")) {
        (true, true) => {
            process.complain_as("shopt", "cannot set and unset shell options simultaneously")?;
            return Ok(1);
        }
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    if options.has("o") {
        return set_options(process, &options, change);
    }
    let mut text = String::new();
    let mut status = 0;
    if options.operands.is_empty() {
        for (name, _) in OPTIONS {
            let set = process.shell_option(name);
            if change.is_none_or(|wanted| wanted == set) {
                text.push_str(&line(name, set, options.has("p"), "shopt -"));
            }
        }
        process.print(&text)?;
        return Ok(0);
    }
    for word in &options.operands {
        let Some((name, _)) = OPTIONS.iter().find(|(n, _)| n.as_bytes() == &word[..]) else {
            let shown = String::from_utf8_lossy(word).into_owned();
            process.complain_as("shopt", &format!("{shown}: invalid shell option name"))?;
            status = 1;
            continue;
        };
        if let Some(set) = change {
            Arc::make_mut(&mut process.shell_options).insert(name, set);
            continue;
        }
        let set = process.shell_option(name);
        status |= i32::from(!set);
        if !options.has("q") {
            text.push_str(&line(name, set, options.has("p"), "shopt -"));
        }
    }
    process.print(&text)?;
    Ok(status)
}

/// An option as it is told, or as the command that sets it so.
fn line(name: &str, set: bool, command: bool, prefix: &str) -> String {
    if command {
        let letter = match (prefix, set) {
            ("shopt -", true) => "s",
            ("shopt -", false) => "u",
            (_, true) => "-o",
            (_, false) => "+o",
        };
        return format!("{prefix}{letter} {name}\n");
    }
    format!("{name:<15}\t{}\n", if set { "on" } else { "off" })
}

/// `shopt -o`: the options of `set -o`.
fn set_options(process: &mut Process, options: &Options, change: Option<bool>) -> Outcome {
    if options.operands.is_empty() {
        let text = told(process, options.has("p"));
        process.print(&text)?;
        return Ok(0);
    }
    let mut status = 0;
    for word in &options.operands {
        let shown = String::from_utf8_lossy(word).into_owned();
        if let Some(set) = change {
            if !super::variables::set_named(process, word, set) {
                process.complain_as("shopt", &format!("{shown}: invalid option name"))?;
                status = 1;
            }
            continue;
        }
        let Some((name, set)) = states(process).into_iter().find(|(n, _)| *n == shown) else {
            process.complain_as("shopt", &format!("{shown}: invalid option name"))?;
            status = 1;
            continue;
        };
        status |= i32::from(!set);
        if !options.has("q") {
            process.print(line(name, set, options.has("p"), "set "))?;
        }
    }
    Ok(status)
}

/// The options of `set -o` and their states, in the shell's order.
fn states(process: &Process) -> Vec<(&'static str, bool)> {
    let options = &process.options;
    let interactive = process.source == Source::Interactive;
    if !process.bash {
        return vec![
            ("errexit", options.exit_on_error),
            ("noglob", options.no_glob),
            ("ignoreeof", false),
            ("interactive", interactive),
            ("monitor", interactive),
            ("noexec", options.no_run),
            ("stdin", process.source == Source::Input || interactive),
            ("xtrace", options.trace),
            ("verbose", false),
            ("noclobber", options.no_clobber),
            ("allexport", options.all_export),
            ("notify", false),
            ("nounset", options.no_unset),
            ("vi", false),
            ("pipefail", options.pipe_fail),
        ];
    }
    vec![
        ("allexport", options.all_export),
        ("braceexpand", true),
        ("emacs", interactive),
        ("errexit", options.exit_on_error),
        ("errtrace", false),
        ("functrace", false),
        ("hashall", true),
        ("histexpand", interactive),
        ("history", interactive),
        ("ignoreeof", false),
        ("interactive-comments", true),
        ("keyword", false),
        ("monitor", interactive),
        ("noclobber", options.no_clobber),
        ("noexec", options.no_run),
        ("noglob", options.no_glob),
        ("nolog", false),
        ("notify", false),
        ("nounset", options.no_unset),
        ("onecmd", false),
        ("physical", false),
        ("pipefail", options.pipe_fail),
        ("posix", false),
        ("privileged", false),
        ("verbose", false),
        ("vi", false),
        ("xtrace", options.trace),
    ]
}

/// What `set -o` tells; with `commands`, what `set +o` does.
pub(super) fn told(process: &Process, commands: bool) -> String {
    let mut text = String::new();
    for (name, set) in states(process) {
        if commands {
            text.push_str(&line(name, set, true, "set "));
        } else if process.bash {
            text.push_str(&line(name, set, false, ""));
        } else {
            let _ = writeln!(text, "{name:<16}{}", if set { "on" } else { "off" });
        }
    }
    text
}
