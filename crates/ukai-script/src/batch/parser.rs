//! Lines taken apart: commands, what joins them, blocks, `if`, `for`, redirections. Percent signs
//! of a line are expanded when the line is read, so that reading goes on with running.

use super::exec::Batch;
use crate::run::Stop;

/// Commands that are read at once: a line's, or a block's.
const NODES_MAX: usize = 100_000;

/// A command, or several.
#[derive(Debug)]
pub(super) enum Node {
    /// Commands with what stands before each.
    Chain(Vec<(Join, Node)>),
    Pipe(Vec<Node>),
    Block(Vec<Node>),
    Simple(String),
    If(Box<If>),
    For(Box<For>),
    /// With what goes elsewhere.
    Redirected(Box<Node>, Vec<Redirection>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// `&`, or nothing.
    Always,
    /// `&&`
    Success,
    /// `||`
    Failure,
}

#[derive(Debug)]
pub(super) struct Redirection {
    /// 0 for input, 1 for output, others are passed over.
    pub(super) stream: u32,
    pub(super) append: bool,
    pub(super) target: String,
}

#[derive(Debug)]
pub(super) struct If {
    pub(super) is_negated: bool,
    pub(super) ignore_case: bool,
    pub(super) test: Test,
    /// Whether the line has a value in it that is not known.
    pub(super) is_unknown: bool,
    pub(super) then: Node,
    pub(super) otherwise: Option<Node>,
}

#[derive(Debug)]
pub(super) enum Test {
    Exist(String),
    ErrorLevel,
    Version,
    Defined(String),
    Compare(String, String, String),
}

#[derive(Debug)]
pub(super) struct For {
    /// `l`, `f`, `r`, `d`, or none.
    pub(super) kind: Option<char>,
    pub(super) options: String,
    pub(super) variable: char,
    pub(super) set: String,
    pub(super) body: Node,
}

/// A line that is being taken apart.
#[derive(Debug, Default)]
pub(super) struct Reader {
    line: Vec<char>,
    at: usize,
    /// Parentheses that are open.
    open: usize,
    /// Blocks and conditions within each other.
    depth: usize,
    /// Whether `%errorlevel%` stood in it.
    has_error_level: bool,
    /// Commands that were read.
    nodes: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.line.get(self.at).copied()
    }

    fn second(&self) -> Option<char> {
        self.line.get(self.at + 1).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|c| c.is_whitespace() || matches!(c, ',' | ';' | '=')) {
            self.at += 1;
        }
    }

    /// The letters ahead, in lower case.
    fn word(&self) -> String {
        let letters = self
            .line
            .get(self.at..)
            .unwrap_or_default()
            .iter()
            .take_while(|it| it.is_ascii_alphabetic());
        letters.take(12).map(char::to_ascii_lowercase).collect()
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn ends(&self) -> bool {
        self.at >= self.line.len()
    }
}

impl Batch<'_, '_> {
    /// The next command of the script; `None` at its end.
    pub(super) fn read_command(&mut self) -> Result<Option<Node>, Stop> {
        let mut reader = Reader::default();
        if !self.next_line(&mut reader)? {
            return Ok(None);
        }
        let node = self.sequence(&mut reader)?;
        Ok(Some(node))
    }

    /// Takes a text apart that is no line of the script: `call`'s, a command's in `for`.
    pub(super) fn read_text(&mut self, text: &str) -> Result<Node, Stop> {
        let mut reader = Reader { line: text.chars().collect(), ..Reader::default() };
        self.sequence(&mut reader)
    }

    fn next_line(&mut self, reader: &mut Reader) -> Result<bool, Stop> {
        loop {
            self.run.step()?;
            let Some(line) = self.lines.get(self.at) else { return Ok(false) };
            let line = std::rc::Rc::clone(line);
            self.at += 1;
            let bare = line.trim_start_matches([' ', '\t', ',', ';', '=', '@', '\u{feff}']);
            // Labels and what is written as one.
            if bare.is_empty() || bare.starts_with(':') {
                continue;
            }
            let lower = line.to_ascii_lowercase();
            reader.has_error_level |=
                lower.contains("%errorlevel%") || lower.contains("!errorlevel!");
            let line = self.expand_percent(&line)?;
            self.run.steps(line.len() as u64 / 16)?;
            reader.line = line.chars().collect();
            reader.at = 0;
            return Ok(true);
        }
    }

    /// Commands up to the end of the line, or to the parenthesis that closes.
    fn sequence(&mut self, reader: &mut Reader) -> Result<Node, Stop> {
        let mut chain = Vec::new();
        let mut join = Join::Always;
        if reader.depth >= self.run.limits.depth {
            self.run.note("batch: commands are too deep within each other");
            reader.at = reader.line.len();
            return Ok(Node::Block(Vec::new()));
        }
        reader.depth += 1;
        loop {
            self.run.step()?;
            reader.skip_blanks();
            if reader.ends() || (reader.peek() == Some(')') && reader.open > 0) {
                break;
            }
            let before = reader.at;
            reader.nodes += 1;
            if reader.nodes > NODES_MAX {
                self.run.note("batch: too many commands within one");
                reader.at = reader.line.len();
                break;
            }
            let node = self.read_pipe(reader)?;
            chain.push((join, node));
            match (reader.peek(), reader.second()) {
                (Some('&'), Some('&')) => {
                    reader.at += 2;
                    join = Join::Success;
                }
                (Some('&'), _) => {
                    reader.at += 1;
                    join = Join::Always;
                }
                (Some('|'), Some('|')) => {
                    reader.at += 2;
                    join = Join::Failure;
                }
                _ => {
                    if reader.at == before {
                        // A closing parenthesis too much.
                        reader.at += 1;
                    }
                    join = Join::Always;
                }
            }
        }
        reader.depth -= 1;
        Ok(match chain.len() {
            1 => chain.pop().map_or(Node::Block(Vec::new()), |it| it.1),
            _ => Node::Chain(chain),
        })
    }

    fn read_pipe(&mut self, reader: &mut Reader) -> Result<Node, Stop> {
        let first = self.one(reader)?;
        let mut parts = vec![first];
        while reader.peek() == Some('|') && reader.second() != Some('|') {
            self.run.step()?;
            reader.at += 1;
            parts.push(self.one(reader)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Node::Pipe(parts) })
    }

    fn one(&mut self, reader: &mut Reader) -> Result<Node, Stop> {
        let mut redirections = Vec::new();
        loop {
            reader.skip_blanks();
            match reader.peek() {
                Some('@') => reader.at += 1,
                Some('<' | '>') => redirection(reader, None, &mut redirections),
                Some(c) if c.is_ascii_digit() && matches!(reader.second(), Some('<' | '>')) => {
                    reader.at += 1;
                    redirection(reader, c.to_digit(10), &mut redirections);
                }
                _ => break,
            }
        }
        let node = match reader.peek() {
            Some('(') => self.block(reader)?,
            Some(':') => {
                reader.at = reader.line.len();
                Node::Block(Vec::new())
            }
            _ => {
                let word = reader.word();
                let next = reader.line.get(reader.at + word.len()).copied();
                let is_whole = next
                    .is_none_or(|c| c.is_whitespace() || matches!(c, '/' | ',' | ';' | '=' | '('));
                match word.as_str() {
                    "if" if is_whole => {
                        reader.at += 2;
                        self.if_command(reader)?
                    }
                    "for" if is_whole => {
                        reader.at += 3;
                        self.for_command(reader)?
                    }
                    "rem" if is_whole || next == Some('.') => {
                        reader.at = reader.line.len();
                        Node::Block(Vec::new())
                    }
                    _ => {
                        let text = self.text(reader, &mut redirections)?;
                        Node::Simple(text)
                    }
                }
            }
        };
        // Behind a block.
        loop {
            let before = reader.at;
            while reader.peek().is_some_and(char::is_whitespace) {
                reader.at += 1;
            }
            match reader.peek() {
                Some('<' | '>') => redirection(reader, None, &mut redirections),
                Some(c) if c.is_ascii_digit() && matches!(reader.second(), Some('<' | '>')) => {
                    reader.at += 1;
                    redirection(reader, c.to_digit(10), &mut redirections);
                }
                _ => {
                    reader.at = before;
                    break;
                }
            }
        }
        while matches!(node, Node::Block(_)) && reader.peek().is_some_and(char::is_whitespace) {
            reader.at += 1;
        }
        Ok(if redirections.is_empty() {
            node
        } else {
            Node::Redirected(Box::new(node), redirections)
        })
    }

    /// `( ... )` over as many lines as it takes.
    fn block(&mut self, reader: &mut Reader) -> Result<Node, Stop> {
        reader.at += 1;
        reader.open += 1;
        let mut nodes = Vec::new();
        loop {
            if reader.ends() {
                if !self.next_line(reader)? {
                    break;
                }
                continue;
            }
            reader.skip_blanks();
            if reader.peek() == Some(')') {
                reader.at += 1;
                break;
            }
            if reader.depth >= self.run.limits.depth {
                self.run.note("batch: commands are too deep within each other");
                reader.at = reader.line.len();
                break;
            }
            let before = reader.at;
            let line = reader.line.len();
            nodes.push(self.sequence(reader)?);
            if reader.at == before
                && reader.line.len() == line
                && !reader.ends()
                && reader.peek() != Some(')')
            {
                reader.at += 1;
            }
        }
        reader.open = reader.open.saturating_sub(1);
        Ok(Node::Block(nodes))
    }

    /// The text of a command up to what ends it; carets are taken away.
    fn text(
        &mut self,
        reader: &mut Reader,
        redirections: &mut Vec<Redirection>,
    ) -> Result<String, Stop> {
        let mut text = String::new();
        let mut quoted = false;
        while let Some(c) = reader.peek() {
            match c {
                '"' => {
                    quoted = !quoted;
                    text.push(c);
                    reader.at += 1;
                }
                '^' if !quoted => {
                    reader.at += 1;
                    if reader.ends() {
                        // The line goes on.
                        if !self.next_line(reader)? {
                            break;
                        }
                    }
                    text.extend(reader.peek());
                    reader.at += 1;
                }
                '&' | '|' if !quoted => break,
                ')' if !quoted && reader.open > 0 => break,
                '<' | '>' if !quoted => {
                    // A digit of its own before it is a stream's.
                    let mut stream = None;
                    if text.ends_with(|c: char| c.is_ascii_digit()) {
                        let mut chars = text.chars().rev();
                        let digit = chars.next();
                        if chars.next().is_none_or(|c| c.is_whitespace() || matches!(c, ')' | '"'))
                        {
                            stream = digit.and_then(|it| it.to_digit(10));
                            text.pop();
                        }
                    }
                    redirection(reader, stream, redirections);
                }
                _ => {
                    text.push(c);
                    reader.at += 1;
                }
            }
            if text.len() > super::expand::LINE_BYTES_MAX {
                break;
            }
        }
        Ok(text)
    }

    fn if_command(&mut self, reader: &mut Reader) -> Result<Node, Stop> {
        let (mut is_negated, mut ignore_case) = (false, false);
        loop {
            reader.skip_blanks();
            if reader.peek() == Some('/') {
                reader.at += 1;
                ignore_case |= reader.peek().is_some_and(|it| it.eq_ignore_ascii_case(&'i'));
                reader.at += 1;
            } else if reader.eat_word("not") {
                is_negated = !is_negated;
            } else {
                break;
            }
        }
        let test = match reader.word().as_str() {
            "exist" => {
                reader.at += 5;
                reader.skip_blanks();
                Test::Exist(operand(reader, false))
            }
            "errorlevel" => {
                reader.at += 10;
                reader.skip_blanks();
                operand(reader, false);
                Test::ErrorLevel
            }
            "cmdextversion" | "cmdextversio" => {
                operand(reader, false);
                reader.skip_blanks();
                operand(reader, false);
                Test::Version
            }
            "defined" => {
                reader.at += 7;
                reader.skip_blanks();
                Test::Defined(operand(reader, false))
            }
            _ => {
                let left = operand(reader, false);
                while reader.peek().is_some_and(char::is_whitespace) {
                    reader.at += 1;
                }
                let operator = if reader.peek() == Some('=') {
                    "==".to_owned()
                } else {
                    let word = reader.word();
                    reader.at += word.len();
                    word
                };
                reader.skip_blanks();
                let right = operand(reader, false);
                Test::Compare(left, operator, right)
            }
        };
        let is_unknown = reader.has_error_level
            && matches!(&test, Test::Compare(left, _, right) if is_digits(left) && is_digits(right));
        reader.skip_blanks();
        let is_block = reader.peek() == Some('(');
        // Behind a block `else` may follow; otherwise the rest is the command.
        let then = if is_block { self.read_pipe(reader)? } else { self.sequence(reader)? };
        let mut otherwise = None;
        if is_block {
            let before = reader.at;
            reader.skip_blanks();
            if reader.eat_word("else") {
                reader.skip_blanks();
                otherwise = Some(if reader.peek() == Some('(') {
                    self.read_pipe(reader)?
                } else {
                    self.sequence(reader)?
                });
            } else {
                reader.at = before;
            }
        }
        Ok(Node::If(Box::new(If { is_negated, ignore_case, test, is_unknown, then, otherwise })))
    }

    fn for_command(&mut self, reader: &mut Reader) -> Result<Node, Stop> {
        let (mut kind, mut options, mut variable) = (None, String::new(), None);
        loop {
            reader.skip_blanks();
            match reader.peek() {
                Some('/') => {
                    reader.at += 1;
                    kind = reader.peek().map(|it| it.to_ascii_lowercase());
                    reader.at += 1;
                }
                Some('%') => {
                    reader.at += 1;
                    variable = reader.peek();
                    reader.at += 1;
                }
                Some('(') | None => break,
                _ if reader.eat_word("in") => {}
                _ => {
                    let before = reader.at;
                    options = operand(reader, false);
                    if reader.at == before {
                        break;
                    }
                }
            }
        }
        if reader.peek() != Some('(') {
            // No loop at all.
            reader.at = reader.line.len();
            return Ok(Node::Block(Vec::new()));
        }
        reader.at += 1;
        let set = self.loop_set(reader)?;
        reader.skip_blanks();
        reader.eat_word("do");
        reader.skip_blanks();
        let body = self.sequence(reader)?;
        let variable = variable.unwrap_or('\0');
        Ok(Node::For(Box::new(For { kind, options, variable, set, body })))
    }

    /// What a loop goes over, up to its parenthesis.
    fn loop_set(&mut self, reader: &mut Reader) -> Result<String, Stop> {
        let mut set = String::new();
        let (mut quoted, mut open) = (false, 0_usize);
        loop {
            let Some(c) = reader.peek() else {
                set.push('\n');
                if !self.next_line(reader)? {
                    break;
                }
                continue;
            };
            reader.at += 1;
            match c {
                '"' => quoted = !quoted,
                '^' if !quoted => {
                    set.extend(reader.peek());
                    reader.at += 1;
                    continue;
                }
                '(' if !quoted => open += 1,
                ')' if !quoted => {
                    if open == 0 {
                        break;
                    }
                    open -= 1;
                }
                _ => {}
            }
            set.push(c);
            if set.len() > super::expand::LINE_BYTES_MAX {
                break;
            }
        }
        Ok(set.trim_end_matches('\n').to_owned())
    }
}

/// `> target`, from the sign on.
fn redirection(reader: &mut Reader, stream: Option<u32>, redirections: &mut Vec<Redirection>) {
    let is_output = reader.peek() == Some('>');
    reader.at += 1;
    let append = is_output && reader.peek() == Some('>');
    reader.at += usize::from(append);
    if reader.peek() == Some('&') {
        reader.at += 1;
        reader.at += usize::from(reader.peek().is_some_and(|it| it.is_ascii_digit()));
        return;
    }
    while reader.peek().is_some_and(char::is_whitespace) {
        reader.at += 1;
    }
    let target = operand(reader, true);
    let stream = stream.unwrap_or(u32::from(is_output));
    redirections.push(Redirection { stream, append, target });
}

/// A word with quotes and carets in it; `==` ends an operand, not a target.
fn operand(reader: &mut Reader, is_target: bool) -> String {
    let mut out = String::new();
    let mut quoted = false;
    while let Some(c) = reader.peek() {
        match c {
            '"' => quoted = !quoted,
            '^' if !quoted => {
                reader.at += 1;
                out.extend(reader.peek());
                reader.at += 1;
                continue;
            }
            '=' if !quoted && !is_target && reader.second() == Some('=') => break,
            ')' if !quoted && reader.open > 0 && (is_target || out.ends_with('"')) => break,
            '(' if !quoted && out.ends_with('"') => break,
            '&' | '|' | '<' | '>' if !quoted => break,
            c if !quoted && (c.is_whitespace() || matches!(c, ',' | ';')) => break,
            _ => {}
        }
        out.push(c);
        reader.at += 1;
    }
    out
}

fn is_digits(text: &str) -> bool {
    let bare = text.trim_matches('"');
    !bare.is_empty() && bare.bytes().all(|it| it.is_ascii_digit())
}
