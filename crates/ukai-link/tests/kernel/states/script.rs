//! Scripts of `scripts.txt`: what a peer sends, and what the service behind the port does.
//!
//! A script begins with `[its name]`. Then, a line each:
//! - `port closed`: nobody listens; `receive N`: bytes that our stack keeps for
//!   the service, where it must be as many as the kernel does.
//! - `open OPTIONS`: the three segments of a handshake.
//! - `> FLAGS SEQ WORDS`: a segment. Flags as tcpdump writes them (`-`: none). Numbers are
//!   relative to the first of their side; `edge` is behind the last byte that the peer may
//!   send, `max` behind the last that the service has sent. Words: `len N`, `ack N`,
//!   `win N`, `urg N`, `mss N`, `ws N`, `sackok`, `sack A:B`, `ts N`, `raw HEX` (options),
//!   `badsum`, `doff N` (length of the header in words), `cut N` (bytes of the segment).
//! - `call write N`, `call read`, `call shut`, `call close`, `call abort`: the service.
//! - `fill`: segments until the window is closed.
//! - `wait MS`: retransmissions that come meanwhile count, which they do not elsewhere.
//! - `linux: ANSWER`, `ours: ANSWER`, `why: REASON`: the step before is answered
//!   differently, and why. No answer at all is `nothing`.

#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) is_closed: bool,
    pub(crate) receive_bytes: Option<usize>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: String,
    pub(crate) action: Action,
    /// What both answer, where they differ on purpose.
    pub(crate) linux: Vec<String>,
    pub(crate) ours: Vec<String>,
    pub(crate) why: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Action {
    Open(Template),
    Segment(Template),
    Call(Call),
    Fill,
    Wait(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Write(usize),
    Read,
    Shut,
    Close,
    Abort,
}

/// A number: relative to the first of its side, or to what the other has told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    At(i64),
    Edge(i64),
    Max(i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) flags: u16,
    pub(crate) seq: Number,
    pub(crate) ack: Number,
    pub(crate) length: usize,
    pub(crate) window: u16,
    pub(crate) urgent: u16,
    pub(crate) stamp: Option<u32>,
    pub(crate) sack: Option<(u32, u32)>,
    /// Options but for those that need numbers.
    pub(crate) options: Vec<u8>,
    pub(crate) bad_sum: bool,
    pub(crate) header_words: Option<u8>,
    pub(crate) cut: Option<usize>,
}

impl Default for Template {
    fn default() -> Self {
        Self {
            flags: 0,
            seq: Number::At(0),
            ack: Number::At(0),
            length: 0,
            window: 64_000,
            urgent: 0,
            stamp: None,
            sack: None,
            options: Vec::new(),
            bad_sum: false,
            header_words: None,
            cut: None,
        }
    }
}

/// All scripts of `text`.
pub(crate) fn parse(text: &str) -> Vec<Script> {
    let mut scripts: Vec<Script> = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']').to_owned();
            scripts.push(Script { name, ..Script::default() });
            continue;
        }
        let script = scripts.last_mut().expect("a name first");
        take(script, line).unwrap_or_else(|| panic!("[{}] {line}", script.name));
    }
    scripts
}

fn take(script: &mut Script, line: &str) -> Option<()> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let action = match first {
        "port" => {
            script.is_closed = rest == "closed";
            return Some(());
        }
        "receive" => {
            script.receive_bytes = Some(rest.parse().ok()?);
            return Some(());
        }
        "linux:" | "ours:" | "why:" => {
            let step = script.steps.last_mut()?;
            match first {
                "linux:" => step.linux.push(rest.to_owned()),
                "ours:" => step.ours.push(rest.to_owned()),
                _ => step.why = Some(rest.to_owned()),
            }
            return Some(());
        }
        "open" => {
            let template = Template { flags: 2, ..Template::default() };
            Action::Open(words(template, rest.split_whitespace())?)
        }
        ">" => {
            let mut parts = rest.split_whitespace();
            let flags = flags(parts.next()?)?;
            let seq = number(parts.next()?)?;
            let template = Template { flags, seq, ..Template::default() };
            Action::Segment(words(template, parts)?)
        }
        "call" => Action::Call(match rest.split_once(' ').unwrap_or((rest, "")) {
            ("write", count) => Call::Write(count.parse().ok()?),
            ("read", "") => Call::Read,
            ("shut", "") => Call::Shut,
            ("close", "") => Call::Close,
            ("abort", "") => Call::Abort,
            _ => return None,
        }),
        "fill" => Action::Fill,
        "wait" => Action::Wait(rest.parse().ok()?),
        _ => return None,
    };
    let line = line.to_owned();
    script.steps.push(Step { line, action, linux: Vec::new(), ours: Vec::new(), why: None });
    Some(())
}

/// The letters of the control bits, the lowest first.
pub(crate) const LETTERS: &str = "FSRP.UEW";

fn flags(text: &str) -> Option<u16> {
    if text == "-" {
        return Some(0);
    }
    text.chars().map(|letter| LETTERS.find(letter).map(|bit| 1 << bit)).sum()
}

fn number(text: &str) -> Option<Number> {
    let after = |rest: &str| if rest.is_empty() { Some(0) } else { rest.parse().ok() };
    if let Some(rest) = text.strip_prefix("edge") {
        return after(rest).map(Number::Edge);
    }
    if let Some(rest) = text.strip_prefix("max") {
        return after(rest).map(Number::Max);
    }
    text.parse().ok().map(Number::At)
}

fn words<'a>(mut out: Template, mut words: impl Iterator<Item = &'a str>) -> Option<Template> {
    while let Some(word) = words.next() {
        match word {
            "len" => out.length = words.next()?.parse().ok()?,
            "ack" => out.ack = number(words.next()?)?,
            "win" => out.window = words.next()?.parse().ok()?,
            "urg" => out.urgent = words.next()?.parse().ok()?,
            "ts" => out.stamp = Some(words.next()?.parse().ok()?),
            "sack" => {
                let (start, end) = words.next()?.split_once(':')?;
                out.sack = Some((start.parse().ok()?, end.parse().ok()?));
            }
            "mss" => {
                let [high, low] = words.next()?.parse::<u16>().ok()?.to_be_bytes();
                out.options.extend([2, 4, high, low]);
            }
            "ws" => out.options.extend([1, 3, 3, words.next()?.parse().ok()?]),
            "sackok" => out.options.extend([1, 1, 4, 2]),
            "raw" => out.options.extend(hex(words.next()?)?),
            "badsum" => out.bad_sum = true,
            "doff" => out.header_words = Some(words.next()?.parse().ok()?),
            "cut" => out.cut = Some(words.next()?.parse().ok()?),
            _ => return None,
        }
    }
    Some(out)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
