//! Conversations, read and checked.

use super::error::{Problem, ReplyError};
use super::matcher::{Fit, Matcher};
use super::spec::{
    ConversationSpec, File, FrameSpec, RuleSpec, StepSpec, TestSpec, TransportSpec, WhenSpec,
};
use super::template::{Template, bytes};
use crate::limits::{REPLY_AFTER_MS_MAX, REPLY_CONVERSATIONS, REPLY_REPEAT_SECS_MAX, REPLY_RULES};
use std::sync::{Arc, LazyLock};
use ukai_model::{Duration, Transport};

/// The files that are shipped, by name and text.
pub const SHIPPED: [(&str, &str); 3] = [
    ("beacon.toml", include_str!("../../../../emulations/replies/beacon.toml")),
    ("counted.toml", include_str!("../../../../emulations/replies/counted.toml")),
    ("lines.toml", include_str!("../../../../emulations/replies/lines.toml")),
];

/// A set of conversations.
#[derive(Debug, Default)]
pub struct ReplySet {
    pub(super) conversations: Vec<Arc<Conversation>>,
}

#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) references: Vec<String>,
    transport: TransportSpec,
    pub(super) ports: Vec<u16>,
    pub(super) lines: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) tests: Vec<Test>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) when: When,
    pub(super) matcher: Option<Matcher>,
    pub(super) respond: Vec<Template>,
    pub(super) after: Duration,
    pub(super) repeat: Option<Duration>,
    pub(super) close: bool,
    pub(super) record: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Before anything has come.
    Open,
    Each,
    /// The message with this number, from one.
    Message(u32),
}

#[derive(Debug)]
pub(super) struct Test {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) send: Option<Vec<u8>>,
    pub(super) wait: Duration,
    pub(super) expect: Vec<u8>,
    pub(super) closed: bool,
}

impl ReplySet {
    /// The set that is shipped: invented families in the shape of known ones.
    pub fn shipped() -> Arc<Self> {
        static SET: LazyLock<Arc<ReplySet>> = LazyLock::new(|| {
            Arc::new(ReplySet::read(SHIPPED).expect("the shipped conversations are right"))
        });
        Arc::clone(&SET)
    }

    /// Reads files, given by name and text. All that is wrong is told at once.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<ReplyError>> {
        let (mut set, mut errors) = (Self::default(), Vec::new());
        for (name, text) in files {
            let file: File = match toml::Deserializer::parse(text)
                .map_err(|error| form(name, text, "", &error))
                .and_then(|reader| {
                    serde_path_to_error::deserialize(reader)
                        .map_err(|error| form(name, text, &error.path().to_string(), error.inner()))
                }) {
                Ok(file) => file,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            for (at, spec) in file.conversation.into_iter().enumerate() {
                let key = format!("conversation[{at}]");
                if set.conversations.iter().any(|known| known.id == spec.id) {
                    let problem = format!("there is another conversation {:?}", spec.id);
                    errors.push(
                        Problem(problem, "give each its own id").at(name, format!("{key}.id")),
                    );
                } else if set.conversations.len() >= REPLY_CONVERSATIONS {
                    let problem = format!("more than {REPLY_CONVERSATIONS} conversations");
                    errors.push(Problem(problem, "load fewer").at(name, key));
                } else {
                    match conversation(spec) {
                        Ok(made) => set.conversations.push(Arc::new(made)),
                        Err((inner, problem)) => {
                            errors.push(problem.at(name, format!("{key}{inner}")));
                        }
                    }
                }
            }
        }
        if errors.is_empty() { Ok(set) } else { Err(errors) }
    }

    /// Identity, description and references of each conversation.
    pub fn conversations(&self) -> impl Iterator<Item = (&str, &str, &[String])> {
        self.conversations.iter().map(|known| (&*known.id, &*known.description, &*known.references))
    }

    /// The conversation that these first bytes begin; those that name the port come first.
    pub(super) fn begun_by(
        &self,
        transport: Transport,
        port: u16,
        bytes: &[u8],
    ) -> Option<&Arc<Conversation>> {
        self.on(transport, port)
            .find(|known| matches!(known.begins(transport, bytes), Fit::Hit(..)))
    }

    /// Whether more bytes may make these the first of a conversation.
    pub(super) fn may_begin(&self, transport: Transport, port: u16, bytes: &[u8]) -> bool {
        self.on(transport, port).any(|known| known.begins(transport, bytes) == Fit::Maybe)
    }

    /// Whether a conversation names this port.
    pub(super) fn named_on(&self, transport: Transport, port: u16) -> bool {
        self.on(transport, port).any(|known| known.ports.contains(&port))
    }

    /// The conversation whose server speaks first on this port.
    pub(super) fn opened_on(&self, transport: Transport, port: u16) -> Option<&Arc<Conversation>> {
        self.on(transport, port).find(|known| {
            known.ports.contains(&port) && known.rules.iter().any(|rule| rule.when == When::Open)
        })
    }

    fn on(&self, transport: Transport, port: u16) -> impl Iterator<Item = &Arc<Conversation>> {
        let fits = move |known: &&Arc<Conversation>| match known.transport {
            TransportSpec::Any => true,
            TransportSpec::Tcp => transport == Transport::Tcp,
            TransportSpec::Udp => transport == Transport::Udp,
        };
        let named = self.conversations.iter().filter(move |known| known.ports.contains(&port));
        let others = self.conversations.iter().filter(|known| known.ports.is_empty());
        named.chain(others).filter(fits)
    }
}

impl Conversation {
    /// Whether first bytes are this conversation's.
    fn begins(&self, transport: Transport, bytes: &[u8]) -> Fit {
        let (message, whole) = if self.lines {
            match super::talk::line(bytes, transport == Transport::Udp) {
                Some((line, _)) => (line, true),
                None => return begins_line(bytes),
            }
        } else {
            (bytes, transport == Transport::Udp)
        };
        let first = self.rules.iter().filter(|rule| rule.when == When::Message(1));
        first
            .filter_map(|rule| rule.matcher.as_ref())
            .map(|matcher| matcher.fit(message, whole))
            .find(|fit| *fit != Fit::Miss)
            .unwrap_or(Fit::Miss)
    }

    /// The transport on which its tests are run.
    pub(super) fn tested_on(&self) -> Transport {
        if self.transport == TransportSpec::Udp { Transport::Udp } else { Transport::Tcp }
    }
}

/// Whether the beginning of a line may become a conversation's first: it is text so far.
fn begins_line(bytes: &[u8]) -> Fit {
    let text = bytes.iter().all(|byte| matches!(byte, 9 | 13 | 32..));
    if text { Fit::Maybe } else { Fit::Miss }
}

fn form(file: &str, text: &str, path: &str, error: &toml::de::Error) -> ReplyError {
    let line = error.span().map_or(1, |span| {
        1 + text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count()
    });
    ReplyError {
        file: file.to_owned(),
        key: format!("line {line} ({path})"),
        problem: error.message().to_owned(),
        remedy: "see emulations/replies/README.md for the form".to_owned(),
    }
}

type Wrong = (String, Problem);

fn wrong<T>(key: &str, problem: impl Into<String>, remedy: &'static str) -> Result<T, Wrong> {
    Err((key.to_owned(), Problem(problem.into(), remedy)))
}

fn conversation(spec: ConversationSpec) -> Result<Conversation, Wrong> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if spec.id.is_empty() || spec.id.len() > 64 || !spec.id.chars().all(plain) {
        return wrong(
            ".id",
            format!("{:?} is no identity", spec.id),
            "use up to 64 of a-z, 0-9 and -",
        );
    }
    if spec.rule.is_empty() || spec.rule.len() > REPLY_RULES {
        return wrong(".rule", "none, or too many", "give between 1 and 64 rules");
    }
    let lines = spec.frame == FrameSpec::Line;
    let mut rules = Vec::new();
    for (at, rule) in spec.rule.into_iter().enumerate() {
        let made = self::rule(rule, lines)
            .map_err(|(key, problem)| (format!(".rule[{at}]{key}"), problem))?;
        rules.push(made);
    }
    let begins = |rule: &Rule| match rule.when {
        When::Message(1) => true,
        When::Open => !spec.ports.is_empty(),
        _ => false,
    };
    if !rules.iter().any(begins) {
        return wrong(
            ".rule",
            "nothing tells that a connection is this conversation's",
            "give one rule when = \"first\", or when = \"open\" and the ports",
        );
    }
    if spec.test.is_empty() {
        return wrong(
            ".test",
            "no test",
            "say in a [[conversation.test]] what a client sends and expects",
        );
    }
    let mut tests = Vec::new();
    for (at, test) in spec.test.into_iter().enumerate() {
        let made =
            self::test(test).map_err(|(key, problem)| (format!(".test[{at}]{key}"), problem))?;
        tests.push(made);
    }
    Ok(Conversation {
        id: spec.id,
        description: spec.description,
        references: spec.references,
        transport: spec.transport,
        ports: spec.ports,
        lines,
        rules,
        tests,
    })
}

fn rule(spec: RuleSpec, lines: bool) -> Result<Rule, Wrong> {
    let when = match spec.when {
        WhenSpec::Number(number @ 1..) => When::Message(number),
        WhenSpec::Word(word) if word == "first" => When::Message(1),
        WhenSpec::Word(word) if word == "each" => When::Each,
        WhenSpec::Word(word) if word == "open" => When::Open,
        other => {
            return wrong(
                ".when",
                format!("{other:?}"),
                "write \"open\", \"first\", \"each\" or a number from 1",
            );
        }
    };
    let literal = |key: &str, text: &str| match bytes(text) {
        Ok(bytes) if bytes.is_empty() => wrong(key, "empty", "give at least one byte"),
        Ok(bytes) => Ok(bytes),
        Err(problem) => Err((key.to_owned(), problem)),
    };
    let given =
        [spec.exact.is_some(), spec.prefix.is_some(), spec.regex.is_some(), spec.counted.is_some()];
    let count = given.iter().filter(|given| **given).count();
    let wanted = usize::from(when != When::Open);
    if count != wanted {
        return wrong(
            "",
            format!("{count} of exact, prefix, regex and counted"),
            "give one of them, and none where when = \"open\"",
        );
    }
    let matcher = match (spec.exact, spec.prefix, spec.regex, spec.counted) {
        (Some(text), ..) => Some(Matcher::Exact(literal(".exact", &text)?)),
        (_, Some(text), ..) => Some(Matcher::Prefix(literal(".prefix", &text)?)),
        (_, _, Some(pattern), _) => {
            Some(Matcher::regex(&pattern).map_err(|problem| (".regex".to_owned(), problem))?)
        }
        (.., Some(size @ (1 | 2 | 4))) if !lines => Some(Matcher::Counted(size.into())),
        (.., Some(_)) => {
            return wrong(
                ".counted",
                "no such length",
                "give 1, 2 or 4 bytes, and not with frame = \"line\"",
            );
        }
        _ => None,
    };
    let groups = matcher.as_ref().map_or(0, Matcher::groups);
    let mut respond = Vec::new();
    for (at, text) in spec.respond.iter().enumerate() {
        let key = format!(".respond[{at}]");
        let template = Template::read(text).map_err(|problem| (key.clone(), problem))?;
        if template.highest_capture() > groups {
            return wrong(
                &key,
                format!("a match has {groups} groups"),
                "name only groups that there are",
            );
        }
        respond.push(template);
    }
    if spec.after_ms > REPLY_AFTER_MS_MAX {
        return wrong(".after_ms", "longer than ten minutes", "answer sooner");
    }
    if spec.repeat_secs.is_some_and(|secs| !(1..=REPLY_REPEAT_SECS_MAX).contains(&secs)) {
        return wrong(
            ".repeat_secs",
            "not between one second and a day",
            "choose a time between them",
        );
    }
    if spec.repeat_secs.is_some() && (respond.is_empty() || spec.close) {
        return wrong(".repeat_secs", "nothing to repeat", "give respond, and no close");
    }
    Ok(Rule {
        when,
        matcher,
        respond,
        after: Duration::from_millis(spec.after_ms),
        repeat: spec.repeat_secs.map(Duration::from_secs),
        close: spec.close,
        record: spec.record.unwrap_or_else(|| "message".to_owned()),
    })
}

fn test(spec: TestSpec) -> Result<Test, Wrong> {
    if spec.step.is_empty() {
        return wrong(".step", "no step", "give at least one");
    }
    let mut steps = Vec::new();
    for (at, step) in spec.step.into_iter().enumerate() {
        let StepSpec { send, wait_secs, expect, closed } = step;
        let read = |key: &str, text: &str| {
            bytes(text).map_err(|problem| (format!(".step[{at}].{key}"), problem))
        };
        steps.push(Step {
            send: send.map(|text| read("send", &text)).transpose()?,
            wait: Duration::from_secs(wait_secs.min(REPLY_REPEAT_SECS_MAX)),
            expect: read("expect", &expect)?,
            closed,
        });
    }
    Ok(Test { name: spec.name, steps })
}
