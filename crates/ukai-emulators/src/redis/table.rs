//! What a server of this version knows: commands with their arity and flags, settings, help.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use ukai_persona::{REDIS_7_0, RedisTexts};

/// A command or a subcommand.
#[derive(Debug)]
pub(super) struct Command {
    /// `get`, `config|set`.
    pub(super) name: String,
    /// Its words, with its name; at least so many if negative.
    pub(super) arity: i64,
    flags: Vec<String>,
    /// The answer to `COMMAND INFO` of it.
    pub(super) raw: Vec<u8>,
    /// Where its keys stand: first, last, step.
    pub(super) keys: [i64; 3],
    pub(super) below: Vec<Command>,
}

impl Command {
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }

    pub(super) fn takes(&self, words: usize) -> bool {
        let words = i64::try_from(words).unwrap_or(i64::MAX);
        if self.arity < 0 { words >= -self.arity } else { words == self.arity }
    }

    pub(super) fn subcommand(&self, name: &[u8]) -> Option<&Self> {
        self.below.iter().find(|sub| {
            sub.name
                .split_once('|')
                .is_some_and(|(_, own)| name.eq_ignore_ascii_case(own.as_bytes()))
        })
    }
}

/// How a setting is changed, and what is refused.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) kind: Kind,
    pub(super) value: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Immutable,
    Bool,
    Int(i64, i64),
    Memory,
    Octal,
    /// One of these words.
    Enum(&'static str),
    Text,
    /// Its own form; what is said of another.
    Refused(&'static str),
}

/// All of it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) commands: BTreeMap<String, Command>,
    /// Name → answer to `COMMAND DOCS`.
    pub(super) docs: BTreeMap<String, Vec<u8>>,
    pub(super) help: BTreeMap<&'static str, Vec<&'static str>>,
    pub(super) settings: BTreeMap<&'static str, Setting>,
}

/// The table of Redis 7.0.15.
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(&REDIS_7_0));
    &TABLE
}

/// A reply that stands in a file of ours.
enum Node {
    List(Vec<(Node, Vec<u8>)>),
    Word(String),
    Number(i64),
}

/// The next reply, with its bytes as they go over the wire.
fn node(lines: &mut std::str::Lines<'static>) -> Option<(Node, Vec<u8>)> {
    let line = lines.next()?;
    let mut raw = format!("{line}\r\n").into_bytes();
    let (kind, rest) = line.split_at_checked(1)?;
    let found = match kind {
        "*" => {
            let items: Vec<_> =
                (0..rest.parse().unwrap_or(0_usize)).map_while(|_| node(lines)).collect();
            raw.extend(items.iter().flat_map(|(_, raw)| raw));
            Node::List(items)
        }
        "$" => {
            let body = lines.next()?;
            raw.extend_from_slice(format!("{body}\r\n").as_bytes());
            Node::Word(body.to_owned())
        }
        ":" => Node::Number(rest.parse().ok()?),
        _ => Node::Word(rest.to_owned()),
    };
    Some((found, raw))
}

impl Table {
    fn read(texts: &RedisTexts) -> Self {
        let mut lines = texts.commands.lines();
        let mut commands = BTreeMap::new();
        while let Some((node, raw)) = node(&mut lines) {
            if let Some(command) = command(node, raw) {
                commands.insert(command.name.clone(), command);
            }
        }
        let mut lines = texts.docs.lines();
        let mut docs = BTreeMap::new();
        while let (Some((Node::Word(name), mut raw)), Some((_, body))) =
            (node(&mut lines), node(&mut lines))
        {
            raw.extend(body);
            docs.insert(name, raw);
        }
        let mut help: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut name = "";
        for line in texts.help.lines() {
            match line.strip_prefix('\t') {
                Some(text) => help.entry(name).or_default().push(text),
                None => name = line,
            }
        }
        Self { commands, docs, help, settings: settings(texts.settings) }
    }
}

fn command(node: Node, raw: Vec<u8>) -> Option<Command> {
    let Node::List(items) = node else { return None };
    let mut items = items.into_iter().map(|(node, _)| node);
    let Node::Word(name) = items.next()? else { return None };
    let Node::Number(arity) = items.next()? else { return None };
    let Node::List(flags) = items.next()? else { return None };
    let flags = flags.into_iter().filter_map(|(flag, _)| match flag {
        Node::Word(word) => Some(word),
        _ => None,
    });
    let flags = flags.collect();
    let mut keys = [0; 3];
    for key in &mut keys {
        if let Node::Number(number) = items.next()? {
            *key = number;
        }
    }
    let below = match items.next_back()? {
        Node::List(below) => below.into_iter().filter_map(|(sub, raw)| command(sub, raw)).collect(),
        _ => Vec::new(),
    };
    Some(Command { name, arity, flags, raw, keys, below })
}

fn settings(text: &'static str) -> BTreeMap<&'static str, Setting> {
    let read = |line: &'static str| {
        let mut parts = line.split('\t');
        let mut part = || parts.next().unwrap_or_default();
        let (name, kind, low, high, words, value) =
            (part(), part(), part(), part(), part(), part());
        let low = low.parse().unwrap_or(i64::MIN);
        let high = high.parse().unwrap_or(i64::MAX);
        let kind = match kind {
            "immutable" => Kind::Immutable,
            "bool" => Kind::Bool,
            "int" => Kind::Int(low, high),
            "memory" => Kind::Memory,
            "octal" => Kind::Octal,
            "enum" => Kind::Enum(words),
            "refused" => Kind::Refused(words),
            _ => Kind::Text,
        };
        (name, Setting { kind, value })
    };
    text.lines().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_read_whole() {
        let table = table();
        assert_eq!((table.commands.len(), table.docs.len()), (240, 240));
        assert!(table.settings.len() > 180 && table.help.len() > 10);
        let get = &table.commands["get"];
        assert!(get.takes(2) && !get.takes(3) && get.has("readonly") && get.keys == [1, 1, 1]);
        let set = table.commands["config"].subcommand(b"SET").expect("a subcommand");
        assert!(set.name == "config|set" && set.arity == -4);
        let raw: usize = table.commands.values().map(|command| command.raw.len()).sum();
        assert_eq!(raw, REDIS_7_0.commands.len() + REDIS_7_0.commands.lines().count());
    }
}
