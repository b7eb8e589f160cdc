//! Replies, and the verbs that only talk.

use super::line::Command;
use super::listing::FACTS;
use super::session::FtpSession;
use crate::Context;
use std::fmt::Write as _;
use ukai_model::PeerText;

impl FtpSession {
    /// Says the reply for a situation.
    pub(super) fn say(&self, cx: &mut Context<'_>, key: &str) {
        self.say_for(cx, key, &Command { verb: String::new(), argument: Vec::new() });
    }

    /// Says it as the answer to `command`.
    pub(super) fn say_for(&self, cx: &mut Context<'_>, key: &str, command: &Command) {
        self.say_with(cx, key, command, &[]);
    }

    /// Says it with further values.
    pub(super) fn say_with(
        &self,
        cx: &mut Context<'_>,
        key: &str,
        command: &Command,
        values: &[(&str, &str)],
    ) {
        let server = std::sync::Arc::clone(&self.server);
        self.say_text(cx, server.reply(key), command, values);
    }

    /// Says `template`, unless it is `0`: then the server says nothing there.
    pub(super) fn say_text(
        &self,
        cx: &mut Context<'_>,
        template: &str,
        command: &Command,
        values: &[(&str, &str)],
    ) {
        if template == "0" {
            return;
        }
        let mut out = Vec::with_capacity(template.len() + 64);
        for line in template.lines() {
            let Some(line) = self.for_tls(line) else { continue };
            self.fill(&mut out, &line, command, values);
            out.extend_from_slice(b"\r\n");
        }
        cx.send(out);
    }

    /// `{tls:NAME}` stands for a feature of servers with TLS.
    fn for_tls(&self, line: &str) -> Option<String> {
        let Some(name) = line.strip_prefix("{tls:") else { return Some(line.to_owned()) };
        let offered = self.spec().is_some_and(|spec| spec.tls);
        offered.then(|| format!(" {}", name.trim_end_matches('}')))
    }

    fn fill(&self, out: &mut Vec<u8>, line: &str, command: &Command, values: &[(&str, &str)]) {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('{') {
            out.extend_from_slice(before.as_bytes());
            let Some((name, behind)) = after.split_once('}') else {
                out.push(b'{');
                rest = after;
                continue;
            };
            rest = behind;
            self.value(out, name, command, values);
        }
        out.extend_from_slice(rest.as_bytes());
    }

    fn value(&self, out: &mut Vec<u8>, name: &str, command: &Command, values: &[(&str, &str)]) {
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out.extend_from_slice(value.as_bytes());
            return;
        }
        let argument = &command.argument;
        let word = argument.split(|byte| *byte == b' ').next().unwrap_or_default();
        match name {
            "verb" => out.extend_from_slice(command.verb.as_bytes()),
            "argument" => out.extend_from_slice(argument),
            "argument_word" => out.extend_from_slice(word),
            "argument_first" => out.extend_from_slice(&argument[..argument.len().min(1)]),
            "argument_upper" => out.extend_from_slice(&argument.to_ascii_uppercase()),
            "address" => out.extend_from_slice(self.open.host.address.to_string().as_bytes()),
            "peer" => out.extend_from_slice(self.open.flow.src_ip.to_string().as_bytes()),
            "user" => {
                let user = self.account.as_ref().map_or("", |account| account.name.as_str());
                out.extend_from_slice(user.as_bytes());
            }
            "type" => out.extend_from_slice(if self.ascii { b"ASCII" } else { b"BINARY" }),
            "type_name" => out.extend_from_slice(self.type_name().as_bytes()),
            "umask" => {
                let mut text = String::new();
                let _ = write!(text, "{:03o}", self.umask);
                out.extend_from_slice(text.as_bytes());
            }
            "secured" | "data_secured" => {
                let secured = if name == "secured" { self.tls } else { self.private };
                out.extend_from_slice(if secured { b"encrypted" } else { b"plain text" });
            }
            _ => {}
        }
    }

    /// The type of a transfer, as `150` tells it.
    pub(super) fn type_name(&self) -> &'static str {
        if self.ascii && self.server.converts_ascii { "ASCII" } else { "BINARY" }
    }

    pub(super) fn talk(&mut self, cx: &mut Context<'_>, command: &Command) {
        let argument = command.argument.to_ascii_uppercase();
        let key = match command.verb.as_str() {
            "FEAT" => "features",
            "HELP" if argument.is_empty() || self.server.reply("help_verb") == "0" => "help",
            "HELP" => {
                let verb = String::from_utf8_lossy(&argument).into_owned();
                let server = std::sync::Arc::clone(&self.server);
                match server.help_of.get(&verb) {
                    Some(text) => return self.say_text(cx, text, command, &[]),
                    None => "help_verb",
                }
            }
            "STAT" if argument.is_empty() => "status",
            "STAT" => return self.status_of(cx, command),
            "OPTS" if argument.starts_with(b"UTF8") => "opts_utf8",
            "OPTS" if argument.split(|byte| *byte == b' ').next() == Some(b"MLST") => {
                return self.select_facts(cx, command);
            }
            "OPTS" => "opts_unknown",
            "TYPE" => self.set_type(&argument),
            "STRU" if argument == b"F" => "stru",
            "STRU" => "stru_unknown",
            "MODE" if argument == b"S" => "mode",
            "MODE" => "mode_unknown",
            "SITE" => return self.site(cx, command),
            _ => "abor",
        };
        self.say_for(cx, key, command);
    }

    /// RFC 3659, 7.9: those that it knows of the facts that the peer names.
    fn select_facts(&mut self, cx: &mut Context<'_>, command: &Command) {
        let named = command.argument.get(b"MLST".len()..).unwrap_or_default();
        let named = String::from_utf8_lossy(named.trim_ascii());
        let known = |name: &str| FACTS.into_iter().find(|fact| fact.eq_ignore_ascii_case(name));
        let facts: Vec<&'static str> =
            named.split(';').filter_map(known).take(FACTS.len()).collect();
        let mut told: String = facts.iter().flat_map(|fact| [fact, ";"]).collect();
        if !named.is_empty() {
            told.insert(0, ' ');
        }
        if self.server.knows("MLST") {
            self.facts = Some(facts);
        }
        self.say_with(cx, "opts_mlst", command, &[("facts", &told)]);
    }

    fn set_type(&mut self, argument: &[u8]) -> &'static str {
        match argument {
            b"A" | b"A N" => {
                self.ascii = true;
                "type_ascii"
            }
            b"I" | b"L 8" => {
                self.ascii = false;
                "type_binary"
            }
            b"L8" if !self.server.converts_ascii => {
                self.ascii = false;
                "type_binary"
            }
            _ => "type_unknown",
        }
    }

    fn status_of(&mut self, cx: &mut Context<'_>, command: &Command) {
        let path = self.resolve(&command.argument);
        let listing = self.listing(cx).directory(&path, true, true);
        match listing {
            None if self.server.reply("status_none") != "0" => {
                self.say_with(
                    cx,
                    "status_none",
                    command,
                    &[("error", "No such file or directory")],
                );
            }
            found => {
                self.say_for(cx, "status_file", command);
                cx.send(found.unwrap_or_default());
                self.say_for(cx, "status_file_end", command);
            }
        }
    }

    fn site(&mut self, cx: &mut Context<'_>, command: &Command) {
        let mut words = command.argument.splitn(3, |byte| *byte == b' ');
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let octal = |word: Option<&[u8]>| {
            let text = std::str::from_utf8(word?).ok()?;
            u16::from_str_radix(text, 8).ok()
        };
        let first = words.next();
        match (&verb[..], first, words.next()) {
            (b"HELP", ..) => self.say_for(cx, "site_help", command),
            (b"CHMOD", Some(mode), Some(path)) => self.chmod(cx, command, octal(Some(mode)), path),
            (b"CHMOD", ..) => self.say_for(cx, "site_chmod_arguments", command),
            (b"UMASK", None, _) => self.say_for(cx, "site_umask_now", command),
            (b"UMASK", mask, _) => {
                self.umask = octal(mask).unwrap_or(0) & 0o777;
                let shown = PeerText::truncated(mask.unwrap_or_default(), 32).to_string();
                self.say_with(cx, "site_umask", command, &[("argument", &shown)]);
            }
            _ => self.say_for(cx, "site_unknown", command),
        }
    }
}
