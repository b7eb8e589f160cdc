//! Commands are run: what joins them, conditions, jumps and calls, and where output goes.

use super::parser::{If, Join, Node, Redirection, Test};
use super::{Mode, PATH};
use crate::run::{Content, Environment, Run, Stop, Turns, Variable};
use crate::stack::with_room;
use crate::{Dialect, command_line};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Lines of one script that are read.
const LINES_MAX: usize = 200_000;
/// Scopes of variables within each other.
const SCOPES_MAX: usize = 64;
/// Labels that are visited at the end, since it is not known whether the script goes there.
const LATER_MAX: usize = 32;

/// Values that are doubted, and their length in bytes.
const DOUBTFUL_MAX: usize = 64;
const DOUBTFUL_BYTES_MAX: usize = 256;

/// Why commands are left.
#[derive(Debug)]
pub(super) enum Flow {
    /// A limit is met.
    Stop,
    Goto(String),
    /// The end of a subroutine, or of the script.
    Return,
    Exit,
}

impl From<Stop> for Flow {
    fn from(_: Stop) -> Self {
        Self::Stop
    }
}

pub(super) type Eval<T> = Result<T, Flow>;

/// Whether a command worked, or a condition holds; `None` where that is not known.
pub(super) type Known = Option<bool>;

/// A `cmd.exe` that runs.
#[derive(Debug)]
pub(super) struct Batch<'r, 'a> {
    pub(super) run: &'r mut Run<'a>,
    pub(super) mode: Mode,
    pub(super) lines: Vec<Rc<str>>,
    /// The next line.
    pub(super) at: usize,
    labels: HashMap<String, Vec<usize>>,
    pub(super) is_delayed: bool,
    /// Variables and whether `!` was expanded before each `setlocal`.
    pub(super) scopes: Vec<(Environment, bool)>,
    /// `%0` and what follows.
    pub(super) arguments: Vec<String>,
    /// Variables of loops, the innermost last.
    pub(super) loops: Vec<(char, String)>,
    /// Output that is kept: of commands that are redirected or read.
    captured: Vec<String>,
    /// What a command reads.
    pub(super) input: Option<String>,
    pub(super) folder: String,
    pub(super) seed: u32,
    /// Labels that were jumped to, each with how its turns go.
    turns: HashMap<usize, Turns>,
    later: BTreeSet<String>,
    /// Whether what is run may not be run in truth.
    unsure: usize,
    /// Values that variables had, and those that they may have got since.
    doubtful: Vec<(String, String)>,
}

impl<'r, 'a> Batch<'r, 'a> {
    pub(super) fn new(run: &'r mut Run<'a>, source: &str, mode: Mode, is_delayed: bool) -> Self {
        let mut labels: HashMap<String, Vec<usize>> = HashMap::new();
        let mut lines: Vec<Rc<str>> = Vec::new();
        for line in source.lines().map(|it| it.trim_end_matches('\r')) {
            if line.trim().is_empty() {
                continue;
            }
            if lines.len() >= LINES_MAX {
                run.note(&format!("batch: only the first {LINES_MAX} lines are read"));
                break;
            }
            if let Some(name) = label_of(line) {
                labels.entry(name).or_default().push(lines.len());
            }
            lines.push(line.into());
        }
        let given = std::mem::take(&mut run.arguments);
        let arguments = std::iter::once(PATH.to_owned()).chain(given).collect();
        Self {
            run,
            mode,
            lines,
            at: 0,
            labels,
            is_delayed,
            scopes: Vec::new(),
            arguments,
            loops: Vec::new(),
            captured: Vec::new(),
            input: None,
            folder: r"C:\Users\k.tanaka\Downloads".to_owned(),
            seed: 1,
            turns: HashMap::new(),
            later: BTreeSet::new(),
            unsure: 0,
            doubtful: Vec::new(),
        }
    }

    /// From the first line to the last, then where it may have gone.
    pub(super) fn main(mut self) -> Result<(), Stop> {
        self.steps(self.lines.len() as u64 / 4)?;
        let mut visited = BTreeSet::new();
        loop {
            if let Err(Flow::Stop) = self.lines_from_here() {
                return Err(Stop);
            }
            let Some(label) = self.later.iter().find(|it| !visited.contains(*it)).cloned() else {
                break;
            };
            if let Some(place) = self.labels.get(&label).and_then(|it| it.first()) {
                self.at = place + 1;
            }
            visited.insert(label);
        }
        // What was put together and came to no act is of interest to whoever searches.
        let values: Vec<Rc<Variable>> =
            self.run.environment().values().take(1000).cloned().collect();
        for variable in values {
            self.run.remark(&variable.value);
        }
        Ok(())
    }

    /// Runs it for its output: what `for /f` reads of a command.
    pub(super) fn output(mut self) -> Result<String, Stop> {
        self.captured.push(String::new());
        if let Err(Flow::Stop) = self.lines_from_here() {
            return Err(Stop);
        }
        Ok(self.captured.pop().unwrap_or_default())
    }

    fn steps(&mut self, count: u64) -> Result<(), Stop> {
        self.run.steps(count)
    }

    /// Lines up to the end, or to where a subroutine ends.
    fn lines_from_here(&mut self) -> Eval<()> {
        loop {
            self.run.step()?;
            self.input = None;
            let Some(node) = self.read_command()? else { return Ok(()) };
            match self.node(&node) {
                Ok(_) => {}
                Err(Flow::Goto(label)) => match label.as_str() {
                    "eof" => return Ok(()),
                    _ => self.go(&label)?,
                },
                Err(Flow::Return) => return Ok(()),
                Err(flow) => return Err(flow),
            }
        }
    }

    /// Goes on behind a label, unless that is where it has been too often.
    fn go(&mut self, label: &str) -> Eval<()> {
        let Some(places) = self.labels.get(label) else {
            self.run.note_unknown("batch: label", label);
            return Ok(());
        };
        let place =
            places.iter().find(|it| **it >= self.at).or(places.first()).copied().unwrap_or(0);
        if place < self.at {
            let turns = match self.turns.get(&place) {
                Some(turns) => turns.clone(),
                None => Turns::new(self.run),
            };
            let mut turns = turns;
            let again = turns.again(self.run)?;
            self.turns.insert(place, turns);
            if !again {
                return Ok(());
            }
        }
        self.at = place + 1;
        Ok(())
    }

    pub(super) fn node(&mut self, node: &Node) -> Eval<Known> {
        self.run.step()?;
        match node {
            Node::Simple(text) => {
                let text = self.expand_late(text)?;
                self.simple(&text)
            }
            Node::Block(nodes) => {
                let mut known = Some(true);
                for node in nodes {
                    known = self.node(node)?;
                }
                Ok(known)
            }
            Node::Chain(chain) => {
                let mut known = Some(true);
                // Whether it is not known that what came before was run.
                let mut is_unsure = false;
                for (join, node) in chain {
                    known = match (join, known) {
                        // `a && b || c` comes to `c` where `a` fails.
                        (Join::Failure, Some(true)) if is_unsure => {
                            self.perhaps(node)?;
                            known
                        }
                        (Join::Success, Some(false)) | (Join::Failure, Some(true)) => known,
                        (Join::Success | Join::Failure, None) => {
                            is_unsure = true;
                            self.perhaps(node)?
                        }
                        _ => {
                            is_unsure = false;
                            self.node(node)?
                        }
                    };
                }
                Ok(known)
            }
            Node::If(condition) => self.condition(condition),
            Node::For(each) => self.for_loop(each),
            Node::Pipe(parts) => self.pipe(parts),
            Node::Redirected(inner, redirections) => self.redirected(inner, redirections),
        }
    }

    /// A command that may not be run: where it would go is looked at at the end.
    fn perhaps(&mut self, node: &Node) -> Eval<Known> {
        self.unsure += 1;
        let done = self.node(node);
        self.unsure -= 1;
        match done {
            Err(Flow::Goto(label)) => {
                if self.later.len() < LATER_MAX {
                    self.later.insert(label);
                }
                Ok(None)
            }
            Err(Flow::Return | Flow::Exit) => Ok(None),
            other => other,
        }
    }

    fn condition(&mut self, condition: &If) -> Eval<Known> {
        let holds = match &condition.test {
            Test::Version => Some(true),
            Test::ErrorLevel => None,
            Test::Exist(path) => {
                let path = self.expand_late(path)?;
                let path = path.trim_matches('"');
                if self.run.file(path).is_some() { Some(true) } else { None }
            }
            Test::Defined(name) => {
                let name = self.expand_late(name)?;
                Some(self.variable(name.trim_matches('"')).is_some())
            }
            Test::Compare(..) if condition.is_unknown => None,
            Test::Compare(left, operator, right) => {
                let (left, right) = (self.expand_late(left)?, self.expand_late(right)?);
                // What was set where nobody knows whether it is, may be what it was before.
                let bare = |text: &str| text.trim_matches(['"', '\'', ' ']).to_owned();
                let (one, other) = (bare(&left), bare(&right));
                let is_doubtful = self.doubtful.iter().any(|(before, after)| {
                    (*after == one || *after == other)
                        && (one == other || *before == one || *before == other)
                });
                let holds = compare(&left, operator, &right, condition.ignore_case);
                Some(holds).filter(|_| !is_doubtful)
            }
        };
        match holds.map(|it| it != condition.is_negated) {
            Some(true) => self.node(&condition.then),
            Some(false) => match &condition.otherwise {
                Some(node) => self.node(node),
                None => Ok(Some(true)),
            },
            None => {
                self.perhaps(&condition.then)?;
                match &condition.otherwise {
                    Some(node) => self.perhaps(node),
                    None => Ok(None),
                }
            }
        }
    }

    fn pipe(&mut self, parts: &[Node]) -> Eval<Known> {
        let mut flowing = self.input.take();
        let mut known = None;
        for (at, part) in parts.iter().enumerate() {
            self.input = flowing.take();
            if at + 1 < parts.len() {
                let (output, _) = self.captured_node(part)?;
                flowing = Some(output);
            } else {
                known = self.node(part)?;
            }
        }
        self.input = None;
        Ok(known)
    }

    /// A command's output, and whether it worked.
    fn captured_node(&mut self, node: &Node) -> Eval<(String, Known)> {
        self.captured.push(String::new());
        let done = self.node(node);
        let output = self.captured.pop().unwrap_or_default();
        match done {
            Ok(known) => Ok((output, known)),
            // Each side of a pipe is a process of its own.
            Err(Flow::Stop) => Err(Flow::Stop),
            Err(_) => Ok((output, None)),
        }
    }

    fn redirected(&mut self, inner: &Node, redirections: &[Redirection]) -> Eval<Known> {
        let mut to = None;
        for redirection in redirections {
            let target = self.expand_late(&redirection.target)?;
            let target = target.trim_matches('"').to_owned();
            match redirection.stream {
                0 => {
                    self.input = match self.run.file(&target) {
                        Some(Content::Own(bytes)) => Some(crate::run::decode(bytes)),
                        _ if target.eq_ignore_ascii_case("nul") => Some(String::new()),
                        _ => None,
                    };
                }
                1 => to = Some((target, redirection.append)),
                _ => {}
            }
        }
        let Some((target, append)) = to else { return self.node(inner) };
        self.captured.push(String::new());
        let done = self.node(inner);
        let output = self.captured.pop().unwrap_or_default();
        if matches!(done, Err(Flow::Stop)) {
            return done;
        }
        match target.to_ascii_lowercase().as_str() {
            "" | "nul" | "nul:" => {}
            "con" | "con:" => self.emit(&output),
            // An external program's output is not known; what it leaves is its own.
            _ if output.is_empty() && is_external(inner) => {}
            _ => self.run.write(&target, output.as_bytes(), append)?,
        }
        done
    }

    /// Keeps in mind what a variable was, where it is not known whether it is set.
    pub(super) fn doubt(&mut self, name: &str, value: &str) {
        if self.unsure == 0
            || self.doubtful.len() >= DOUBTFUL_MAX
            || value.len() > DOUBTFUL_BYTES_MAX
        {
            return;
        }
        let before = self.run.variable(name).unwrap_or_default();
        if before != value && before.len() <= DOUBTFUL_BYTES_MAX {
            let pair = (before.trim().to_owned(), value.trim().to_owned());
            self.doubtful.push(pair);
        }
    }

    /// Output of a command.
    pub(super) fn emit(&mut self, text: &str) {
        let max = self.run.limits.value_bytes;
        if let Some(buffer) = self.captured.last_mut()
            && buffer.len() + text.len() <= max
        {
            buffer.push_str(text);
        } else if self.captured.is_empty() {
            self.run.say(text);
        }
    }

    /// A command as text, its variables expanded.
    pub(super) fn simple(&mut self, text: &str) -> Eval<Known> {
        let text = text
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '=' | '@'));
        if text.is_empty() {
            return Ok(Some(true));
        }
        // A command's own letters, up to what may follow at once: `echo.`, `cd\`.
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = text.split_at(letters);
        let ends =
            rest.chars().next().is_none_or(|c| c.is_whitespace() || ".,;=:/\\(+[]\"".contains(c));
        if ends
            && !rest.starts_with(".exe")
            && let Some(known) = self.builtin(&word.to_ascii_lowercase(), rest)?
        {
            return Ok(known);
        }
        self.external(text)
    }

    /// A program, or a script that this run wrote.
    pub(super) fn external(&mut self, text: &str) -> Eval<Known> {
        let apart;
        let mut text = text.trim();
        // `cmd` ends a program's name at these, which a program's own line does not know.
        if let Some((name, rest)) = text.split_once(|c: char| ",;= \t\"".contains(c))
            && !name.is_empty()
            && text[name.len()..].starts_with([',', ';', '='])
        {
            apart = format!("{name} {}", rest.trim_start_matches([',', ';', '=', ' ', '\t']));
            text = &apart;
        }
        let unmasked = self.run.unmasked(text);
        let text = unmasked.as_deref().unwrap_or(text);
        let words = command_line::split(text);
        let Some(first) = words.first() else { return Ok(Some(true)) };
        let program = command_line::program(first);
        let input = self.input.take();
        if program == "cmd"
            && let Some(code) = command_line::nested(text).and_then(|it| exit_code(&it.text))
        {
            // That is how batch makes letters of numbers: nothing else is done.
            self.run.exit_code = code;
            return Ok(Some(code == 0));
        }
        // Somebody reads what the process puts out.
        let outer = (!self.captured.is_empty()).then(|| self.run.output.replace(String::new()));
        let done = self.process(text, &program, &words, input);
        if let Some(outer) = outer
            && let Some(output) = std::mem::replace(&mut self.run.output, outer)
        {
            self.emit(&output);
        }
        done
    }

    fn process(
        &mut self,
        text: &str,
        program: &str,
        words: &[String],
        input: Option<String>,
    ) -> Eval<Known> {
        if program != "cmd" {
            self.run.exit_code = 0;
        }
        match program {
            "findstr" | "find" | "more" | "sort" => {
                self.filter(program, &words[1..], input)?;
                return Ok(None);
            }
            "reg" if words.get(1).is_some_and(|it| it.eq_ignore_ascii_case("query")) => {
                let shown = crate::programs::reg_query(self.run, &words[2..]);
                self.emit(&shown);
            }
            "powershell" | "pwsh" | "cmd" => {
                self.run.start(text)?;
                // What flows in is its script, unless it has one.
                if let Some(input) = input.filter(|_| command_line::nested(text).is_none()) {
                    let dialect =
                        if program == "cmd" { Dialect::Batch } else { Dialect::PowerShell };
                    self.run.evaluate(dialect, &input)?;
                }
                return Ok(None);
            }
            _ => {}
        }
        self.run.start(text)?;
        Ok(None)
    }

    /// A subroutine: `call :label arguments`.
    pub(super) fn subroutine(&mut self, label: &str, arguments: Vec<String>) -> Eval<()> {
        let Some(place) = self.labels.get(label).and_then(|it| it.first()).copied() else {
            self.run.note_unknown("batch: label", label);
            return Ok(());
        };
        self.run.pay_for_stack()?;
        let Some(depth) = self.run.begin_call() else { return Ok(()) };
        let back = std::mem::replace(&mut self.at, place + 1);
        let before = std::mem::replace(&mut self.arguments, arguments);
        let scopes = self.scopes.len();
        let loops = std::mem::take(&mut self.loops);
        let done = with_room(|| self.lines_from_here()).unwrap_or_else(|| {
            self.run.note_deep();
            Ok(())
        });
        while self.scopes.len() > scopes {
            self.end_local()?;
        }
        self.at = back;
        self.arguments = before;
        self.loops = loops;
        self.run.end_call(depth);
        done
    }

    pub(super) fn begin_local(&mut self) -> Eval<()> {
        let environment = self.run.copy_environment()?;
        if self.scopes.len() < SCOPES_MAX {
            self.scopes.push((environment, self.is_delayed));
        }
        Ok(())
    }

    pub(super) fn end_local(&mut self) -> Eval<()> {
        if let Some((environment, is_delayed)) = self.scopes.pop() {
            self.run.restore_environment(environment);
            self.is_delayed = is_delayed;
        }
        self.run.step()?;
        Ok(())
    }
}

/// The label that a line is, in lower case.
fn label_of(line: &str) -> Option<String> {
    let rest = line.trim_start_matches([' ', '\t', ',', ';', '=', '\u{feff}']).strip_prefix(':')?;
    if rest.starts_with(':') {
        return None;
    }
    let rest = rest.trim_start();
    let end =
        rest.find(|c: char| c.is_whitespace() || "&|<>:;,=+".contains(c)).unwrap_or(rest.len());
    (end > 0 && end < 200).then(|| rest[..end].to_ascii_lowercase())
}

/// The number with which `exit` alone leaves.
fn exit_code(command: &str) -> Option<i64> {
    let rest =
        command.trim().strip_prefix("exit").or_else(|| command.trim().strip_prefix("EXIT"))?;
    let rest = rest.trim();
    let number = rest.strip_prefix("/b").or_else(|| rest.strip_prefix("/B")).unwrap_or(rest);
    super::arithmetic::number(number.trim())
}

/// Whether a program's output is all that there would be.
fn is_external(node: &Node) -> bool {
    match node {
        Node::Simple(text) => {
            let first = text
                .trim_start()
                .split_ascii_whitespace()
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            !(first.starts_with("echo")
                || first.starts_with("type")
                || first.starts_with("set")
                || first.starts_with("break"))
        }
        _ => false,
    }
}

fn compare(left: &str, operator: &str, right: &str, ignore_case: bool) -> bool {
    let fold = |text: &str| if ignore_case { text.to_lowercase() } else { text.to_owned() };
    let (left, right) = (fold(left), fold(right));
    if operator == "==" {
        return left == right;
    }
    let numbers = (super::arithmetic::number(&left), super::arithmetic::number(&right));
    let order = match numbers {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.cmp(&right),
    };
    match operator {
        "equ" => order.is_eq(),
        "neq" => order.is_ne(),
        "lss" => order.is_lt(),
        "leq" => order.is_le(),
        "gtr" => order.is_gt(),
        "geq" => order.is_ge(),
        _ => false,
    }
}
