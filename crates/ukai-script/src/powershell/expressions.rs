//! Expressions and the arguments of commands, read from text.

use super::ast::{Expr, Name, Operator, Part, Prefix, Statement, Suffix};
use super::literals;
use super::parser::{Broken, Parse, Parser};
use std::rc::Rc;

impl Parser<'_> {
    /// An expression, lists by comma included.
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        self.deeper()?;
        let expr = self.logic(true).and_then(|it| self.ternary(it));
        self.depth -= 1;
        expr
    }

    /// `? one : other` behind a condition, as of PowerShell 7.
    fn ternary(&mut self, condition: Expr) -> Parse<Expr> {
        let before = self.at;
        self.skip_blanks();
        if self.peek() != b'?' || matches!(self.byte(1), b'.' | b'?' | b'[') {
            self.at = before;
            return Ok(condition);
        }
        self.at += 1;
        self.skip_lines();
        self.node()?;
        let one = self.expression_without_comma()?;
        self.skip_lines();
        if !self.eat(":") {
            return Err(Broken("`:` was expected"));
        }
        self.skip_lines();
        let other = self.expression_without_comma()?;
        Ok(Expr::Ternary(Box::new([condition, one, other])))
    }

    /// One argument of a method.
    pub(super) fn expression_without_comma(&mut self) -> Parse<Expr> {
        self.deeper()?;
        let expr = self.logic(false).and_then(|it| self.ternary(it));
        self.depth -= 1;
        expr
    }

    fn logic(&mut self, commas: bool) -> Parse<Expr> {
        let mut chains = Vec::new();
        let mut first = None;
        let mut pending = None;
        loop {
            let (chain, next) = self.chain(commas)?;
            match pending {
                None => first = Some(chain),
                Some(operator) => chains.push((operator, chain)),
            }
            pending = next;
            if pending.is_none() {
                break;
            }
        }
        let first = first.ok_or(Broken("an expression was expected"))?;
        if chains.is_empty() { Ok(first) } else { Ok(Expr::Logic(Box::new(first), chains)) }
    }

    /// Operands up to `-and`, `-or`, `-xor`, which is taken and handed back.
    fn chain(&mut self, commas: bool) -> Parse<(Expr, Option<Operator>)> {
        let first = self.list(commas)?;
        let mut others = Vec::new();
        let mut logic = None;
        while let Some(operator) = self.operator() {
            self.skip_lines();
            if operator.precedence() == 1 {
                logic = Some(operator);
                break;
            }
            self.node()?;
            others.push((operator, self.list(commas)?));
        }
        let chain = if others.is_empty() { first } else { Expr::Chain(Box::new(first), others) };
        Ok((chain, logic))
    }

    fn operator(&mut self) -> Option<Operator> {
        let before = self.at;
        self.skip_blanks();
        let found = match (self.peek(), self.byte(1)) {
            (b'.', b'.') => Some((Operator::Range, 2)),
            (b'+' | b'-' | b'*' | b'/' | b'%', b'=') => None,
            (b'+', _) => Some((Operator::Add, 1)),
            (b'*', b'>') => None,
            (b'*', _) => Some((Operator::Multiply, 1)),
            (b'/', _) => Some((Operator::Divide, 1)),
            (b'%', _) => Some((Operator::Modulo, 1)),
            (b'?', b'?') if self.byte(2) != b'=' => Some((Operator::Coalesce, 2)),
            (b'-', next) if next.is_ascii_alphabetic() => {
                let rest = &self.rest()[1..];
                let end =
                    rest.bytes().position(|it| !it.is_ascii_alphabetic()).unwrap_or(rest.len());
                Operator::named(&rest[..end].to_ascii_lowercase()).map(|it| (it, end + 1))
            }
            (b'-', _) => Some((Operator::Subtract, 1)),
            _ => None,
        };
        if let Some((operator, length)) = found {
            self.at += length;
            Some(operator)
        } else {
            self.at = before;
            None
        }
    }

    fn list(&mut self, commas: bool) -> Parse<Expr> {
        if commas { self.with_commas(Self::unary) } else { self.unary() }
    }

    /// One element, or a list of several with commas between them.
    pub(super) fn with_commas(&mut self, element: fn(&mut Self) -> Parse<Expr>) -> Parse<Expr> {
        let first = element(self)?;
        let mut all = Vec::new();
        loop {
            let before = self.at;
            self.skip_blanks();
            if self.peek() != b',' {
                self.at = before;
                break;
            }
            self.at += 1;
            self.skip_lines();
            self.node()?;
            all.push(element(self)?);
        }
        if all.is_empty() {
            return Ok(first);
        }
        all.insert(0, first);
        Ok(Expr::List(all))
    }

    fn unary(&mut self) -> Parse<Expr> {
        self.node()?;
        let mut prefixes = Vec::new();
        loop {
            self.skip_blanks();
            let prefix = match (self.peek(), self.byte(1)) {
                (b'!', _) => Some((Prefix::Not, 1)),
                (b'+', b'+') => Some((Prefix::Increment, 2)),
                (b'-', b'-') => Some((Prefix::Decrement, 2)),
                (b'+', _) => Some((Prefix::Plus, 1)),
                (b',', _) => Some((Prefix::Comma, 1)),
                (b'-', next) if next.is_ascii_alphabetic() => {
                    let rest = &self.rest()[1..];
                    let end =
                        rest.bytes().position(|it| !it.is_ascii_alphabetic()).unwrap_or(rest.len());
                    let prefix = match rest[..end].to_ascii_lowercase().as_str() {
                        "not" => Prefix::Not,
                        "bnot" => Prefix::BitNot,
                        "join" => Prefix::Join,
                        "split" | "isplit" | "csplit" => Prefix::Split,
                        _ => return Err(Broken("an operand was expected")),
                    };
                    Some((prefix, end + 1))
                }
                (b'-', _) => Some((Prefix::Minus, 1)),
                (b'[', _) => {
                    let name = self.type_name()?;
                    if self.begins_operand() {
                        prefixes.push(Prefix::Cast(name));
                        self.node()?;
                        continue;
                    }
                    let expr = self.suffixes(Expr::Type(name), true)?;
                    return Ok(prefixed(prefixes, expr));
                }
                _ => None,
            };
            match prefix {
                Some((prefix, length)) => {
                    self.at += length;
                    self.node()?;
                    prefixes.push(prefix);
                    self.skip_lines();
                }
                None => break,
            }
        }
        let primary = self.primary()?;
        let expr = self.suffixes(primary, true)?;
        Ok(prefixed(prefixes, expr))
    }

    /// Whether an operand follows a type, which makes that a cast.
    fn begins_operand(&mut self) -> bool {
        let before = self.at;
        self.skip_blanks();
        let is_operand = match (self.peek(), self.byte(1)) {
            (b'$' | b'(' | b'\'' | b'"' | b'[' | b'@' | b'{' | b'0'..=b'9' | b'!', _) => true,
            (b'.', next) => next.is_ascii_digit(),
            (b'-' | b'+', next) => {
                let word = self.peek_word().to_ascii_lowercase();
                next.is_ascii_digit()
                    || matches!(next, b'(' | b'$')
                    || (matches!(word.as_str(), "-join" | "-not" | "-bnot"))
            }
            _ => false,
        };
        if !is_operand {
            self.at = before;
        }
        is_operand
    }

    /// `[ ... ]`: the name without blanks, in lower case, without `system.`.
    fn type_name(&mut self) -> Parse<Rc<str>> {
        self.at += 1;
        let mut name = String::new();
        let mut open = 1;
        while let Some(c) = self.bump() {
            match c {
                '[' => open += 1,
                ']' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(literals::type_name(&name));
                    }
                }
                // A type that comes from an assembly's name.
                ',' if open == 1 => {}
                _ => {}
            }
            name.push(c);
            if name.len() > 500 {
                break;
            }
        }
        Err(Broken("a type's name does not end"))
    }

    fn primary(&mut self) -> Parse<Expr> {
        match self.peek() {
            b'$' => self.dollar(),
            b'(' => self.paren(),
            b'\'' => Ok(Expr::Text(self.single_quoted()?.into())),
            b'"' => self.double_quoted(),
            b'@' => self.at_sign(),
            b'{' => {
                self.at += 1;
                Ok(Expr::Script(Rc::new(self.block()?)))
            }
            b'0'..=b'9' | b'.' => self.number(),
            _ => Err(Broken("an operand was expected")),
        }
    }

    fn paren(&mut self) -> Parse<Expr> {
        self.at += 1;
        self.skip_lines();
        if self.peek() == b')' {
            self.at += 1;
            return Ok(Expr::List(Vec::new()));
        }
        let statement = self.statement()?;
        self.skip_lines();
        if self.peek() == b')' {
            self.at += 1;
        } else if self.at < self.text.len() {
            return Err(Broken("a parenthesis does not end"));
        }
        // `(expression)` is the expression.
        Ok(Expr::Paren(Box::new(statement)))
    }

    fn at_sign(&mut self) -> Parse<Expr> {
        match self.byte(1) {
            b'(' => {
                self.at += 2;
                self.deeper()?;
                let body = self.statements(b')')?;
                self.depth -= 1;
                Ok(Expr::Array(body))
            }
            b'{' => {
                self.at += 2;
                self.deeper()?;
                let table = self.table()?;
                self.depth -= 1;
                Ok(table)
            }
            b'\'' | b'"' => self.here_string(),
            _ => Err(Broken("an operand was expected")),
        }
    }

    fn table(&mut self) -> Parse<Expr> {
        let mut pairs = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                b';' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    break;
                }
                0 => break,
                _ => {
                    self.node()?;
                    let word = self.peek_word();
                    let key = if word.is_empty() || word.as_bytes()[0].is_ascii_digit() {
                        self.unary()?
                    } else {
                        self.at += word.len();
                        Expr::Text(word.into())
                    };
                    self.skip_lines();
                    if !self.eat("=") {
                        return Err(Broken("a table's key has no value"));
                    }
                    self.skip_lines();
                    pairs.push((key, self.statement()?));
                }
            }
        }
        Ok(Expr::Table(pairs))
    }

    /// `$name`, `${name}`, `$( ... )`.
    fn dollar(&mut self) -> Parse<Expr> {
        self.at += 1;
        if self.peek() == b'(' {
            self.at += 1;
            self.deeper()?;
            let body = self.statements(b')')?;
            self.depth -= 1;
            return Ok(Expr::Sub(body));
        }
        self.name().map(Expr::Variable).ok_or(Broken("a variable's name was expected"))
    }

    /// A variable's name behind `$`.
    pub(super) fn name(&mut self) -> Option<Name> {
        if self.eat("{") {
            let mut name = String::new();
            loop {
                match self.bump()? {
                    '}' => break,
                    '`' => name.push(literals::escape(self.bump()?)),
                    c => name.push(c),
                }
            }
            return Some(literals::name(&name));
        }
        let rest = self.rest();
        let first = rest.chars().next()?;
        if matches!(first, '$' | '?' | '^') {
            self.at += 1;
            return Some(literals::name(&rest[..1]));
        }
        let mut end = 0;
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let is_part = c.is_alphanumeric()
                || c == '_'
                || (c == ':'
                    && at > 0
                    && !rest[..at].contains(':')
                    && chars
                        .peek()
                        .is_some_and(|(_, next)| next.is_alphanumeric() || *next == '_'));
            if !is_part {
                break;
            }
            end = at + c.len_utf8();
        }
        if end == 0 {
            return None;
        }
        self.at += end;
        Some(literals::name(&rest[..end]))
    }

    fn number(&mut self) -> Parse<Expr> {
        let rest = self.rest();
        let (value, length) = literals::leading_number(rest).ok_or(Broken("a number is broken"))?;
        self.at += length;
        Ok(value)
    }

    /// Text in single quotes, from the opening one on.
    fn single_quoted(&mut self) -> Parse<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find('\'') else {
                return Err(Broken("a text does not end"));
            };
            out.push_str(&rest[..end]);
            self.at += end + 1;
            if self.peek() != b'\'' {
                return Ok(out);
            }
            out.push('\'');
            self.at += 1;
        }
    }

    /// Text in double quotes, from the opening one on.
    fn double_quoted(&mut self) -> Parse<Expr> {
        self.at += 1;
        let mut parts = Parts::default();
        loop {
            match self.peek() {
                0 if self.at >= self.text.len() => return Err(Broken("a text does not end")),
                b'"' if self.byte(1) == b'"' => {
                    self.at += 2;
                    parts.text.push('"');
                }
                b'"' => {
                    self.at += 1;
                    return Ok(parts.finish());
                }
                _ => self.expandable(&mut parts)?,
            }
        }
    }

    /// `@' ... '@`
    fn here_string(&mut self) -> Parse<Expr> {
        let quote = self.byte(1);
        let rest = self.rest();
        let Some(line) = rest.find('\n') else { return Err(Broken("a text does not end")) };
        if !rest[2..line].trim().is_empty() {
            return Err(Broken("a here-string begins on its own line"));
        }
        let close = if quote == b'"' { "\n\"@" } else { "\n'@" };
        let content = line + 1;
        // An empty one ends at once.
        let end =
            rest[line..].find(close).map(|it| line + it).ok_or(Broken("a text does not end"))?;
        let text_end = end.max(content);
        if quote == b'\'' {
            let text = rest[content..text_end].trim_end_matches('\r').to_owned();
            self.at += end + close.len();
            return Ok(Expr::Text(text.into()));
        }
        let stop = self.at + text_end;
        self.at += content;
        let mut parts = Parts::default();
        while self.at < stop {
            self.expandable(&mut parts)?;
        }
        if parts.text.ends_with('\r') {
            parts.text.pop();
        }
        if self.at <= stop {
            self.at = stop;
            self.at += self.rest().find(close).map_or(0, |it| it + close.len());
        }
        Ok(parts.finish())
    }

    /// One character, escape or part of expandable text.
    fn expandable(&mut self, parts: &mut Parts) -> Parse<()> {
        match (self.peek(), self.byte(1)) {
            (b'`', _) => {
                self.at += 1;
                let Some(c) = self.bump() else { return Ok(()) };
                if c == 'u' && self.peek() == b'{' {
                    let rest = self.rest();
                    let end = rest.find('}').unwrap_or(0);
                    let code = u32::from_str_radix(rest.get(1..end).unwrap_or(""), 16);
                    if let Some(c) = code.ok().and_then(char::from_u32) {
                        parts.text.push(c);
                        self.at += end + 1;
                        return Ok(());
                    }
                }
                parts.text.push(literals::escape(c));
            }
            (
                b'$',
                b'('
                | b'{'
                | b'_'
                | b'?'
                | b'^'
                | b'$'
                | b'a'..=b'z'
                | b'A'..=b'Z'
                | b'0'..=b'9'
                | 0x80..,
            ) => {
                let before = self.at;
                match self.dollar() {
                    Ok(expr) => {
                        self.node()?;
                        parts.push(expr);
                    }
                    Err(broken) => {
                        if self.byte(0) == 0 || self.text.as_bytes().get(before + 1) == Some(&b'(')
                        {
                            return Err(broken);
                        }
                        self.at = before + 1;
                        parts.text.push('$');
                    }
                }
            }
            _ => {
                let rest = self.rest();
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let end =
                    rest[first..].find(['`', '$', '"', '\n']).map_or(rest.len(), |it| it + first);
                parts.text.push_str(&rest[..end]);
                self.at += end;
            }
        }
        Ok(())
    }

    /// One argument of a command, or its name: a word, a text, a variable ...
    pub(super) fn argument(&mut self) -> Parse<Expr> {
        self.deeper()?;
        let expr = self.argument_within();
        self.depth -= 1;
        expr
    }

    fn argument_within(&mut self) -> Parse<Expr> {
        match (self.peek(), self.byte(1)) {
            (b'(' | b'{', _) | (b'@', b'(' | b'{' | b'\'' | b'"') | (b'$', b'(') => {
                let primary = self.primary()?;
                self.suffixes(primary, false)
            }
            (b'\'' | b'"', _) => {
                let primary = self.primary()?;
                if self.continues_word() && self.peek() != b'[' && !self.member_follows() {
                    let mut parts = Parts::default();
                    parts.push(primary);
                    return self.word(parts);
                }
                self.suffixes(primary, false)
            }
            (b'$', _) => {
                let before = self.at;
                if let Ok(variable) = self.dollar() {
                    let is_suffix =
                        self.member_follows() || matches!(self.peek(), b'[' | b'+' | b'-');
                    if self.continues_word() && !is_suffix {
                        let mut parts = Parts::default();
                        parts.push(variable);
                        return self.word(parts);
                    }
                    self.suffixes(variable, false)
                } else {
                    self.at = before + 1;
                    let mut parts = Parts::default();
                    parts.text.push('$');
                    self.word(parts)
                }
            }
            // `[type]::member` is worked out where it is plainly meant so.
            (b'[', _) if self.static_follows() => {
                let name = self.type_name()?;
                self.suffixes(Expr::Type(name), false)
            }
            _ => self.word(Parts::default()),
        }
    }

    fn static_follows(&self) -> bool {
        let rest = self.rest();
        rest.find(']').is_some_and(|end| rest[end..].starts_with("]::"))
    }

    fn member_follows(&self) -> bool {
        let (first, second) = (self.peek(), self.byte(1));
        (first == b'.'
            && (second.is_ascii_alphabetic() || matches!(second, b'$' | b'"' | b'\'' | b'(')))
            || (first == b':' && second == b':')
    }

    /// Whether a word goes on here.
    fn continues_word(&self) -> bool {
        !matches!(
            self.peek(),
            0 | b' '
                | b'\t'
                | b'\r'
                | b'\n'
                | b';'
                | b'|'
                | b'&'
                | b'('
                | b')'
                | b'{'
                | b'}'
                | b','
                | b'<'
                | b'>'
        ) || (self.peek() == 0 && self.at < self.text.len())
    }

    /// A word without quotes around it, with texts and variables within.
    fn word(&mut self, mut parts: Parts) -> Parse<Expr> {
        let start = self.at;
        let is_bare_start = parts.text.is_empty() && parts.parts.is_empty();
        while self.continues_word() {
            match self.peek() {
                b'`' => {
                    self.at += 1;
                    match self.bump() {
                        Some('\r' | '\n') | None => break,
                        Some(c) => parts.text.push(literals::escape(c)),
                    }
                }
                b'\'' => parts.text.push_str(&self.single_quoted()?),
                b'"' => {
                    let text = self.double_quoted()?;
                    parts.push(text);
                }
                b'$' => self.expandable(&mut parts)?,
                _ => parts.text.extend(self.bump()),
            }
            // `word(` in the midst of a word: `a$(b)`.
        }
        if is_bare_start
            && parts.parts.is_empty()
            && let Some(value) = literals::number(&self.text[start..self.at])
        {
            return Ok(value);
        }
        Ok(parts.finish())
    }

    /// Members, calls and indices behind an operand.
    fn suffixes(&mut self, primary: Expr, blanks: bool) -> Parse<Expr> {
        let mut suffixes = Vec::new();
        loop {
            let before = self.at;
            // `?.` and `?[`: what is not there has no members here either.
            if blanks && self.peek() == b'?' && matches!(self.byte(1), b'.' | b'[') {
                self.at += 1;
            }
            if blanks && !matches!(self.peek(), b'.' | b'[' | b':' | b'+' | b'-') {
                self.skip_blanks();
                let is_member = (self.peek() == b'.'
                    && self.byte(1) != b'.'
                    && (self.member_follows() || self.byte(1) == b' '))
                    || (self.peek() == b':' && self.byte(1) == b':');
                if !is_member {
                    self.at = before;
                    break;
                }
            }
            self.node()?;
            match (self.peek(), self.byte(1)) {
                (b'.', b'.') => break,
                (b'.', _) | (b':', b':') => {
                    let is_static = self.peek() == b':';
                    self.at += if is_static { 2 } else { 1 };
                    self.skip_lines();
                    let name = self.member_name()?;
                    if self.peek() == b'(' {
                        let arguments = self.method_arguments()?;
                        suffixes.push(Suffix::Call { name, is_static, arguments });
                    } else if self.peek() == b'{'
                        && matches!(&name, Expr::Text(it) if matches!(&*it.to_ascii_lowercase(), "foreach" | "where"))
                    {
                        self.at += 1;
                        let block = Expr::Script(Rc::new(self.block()?));
                        suffixes.push(Suffix::Call { name, is_static, arguments: vec![block] });
                    } else {
                        suffixes.push(Suffix::Member { name, is_static });
                    }
                }
                (b'[', _) => {
                    self.at += 1;
                    self.skip_lines();
                    let index = self.expression()?;
                    self.skip_lines();
                    if !self.eat("]") {
                        return Err(Broken("an index does not end"));
                    }
                    suffixes.push(Suffix::Index(index));
                }
                (b'+', b'+') => {
                    self.at += 2;
                    suffixes.push(Suffix::Increment);
                }
                (b'-', b'-') => {
                    self.at += 2;
                    suffixes.push(Suffix::Decrement);
                }
                _ => break,
            }
        }
        Ok(if suffixes.is_empty() { primary } else { Expr::Postfix(Box::new(primary), suffixes) })
    }

    fn member_name(&mut self) -> Parse<Expr> {
        match self.peek() {
            b'\'' | b'"' | b'(' | b'$' | b'{' if self.peek() != b'{' => self.primary(),
            _ => {
                let mut name = String::new();
                loop {
                    match self.peek() {
                        b'`' => {
                            self.at += 1;
                            name.extend(self.bump());
                        }
                        c if c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80 => {
                            name.extend(self.bump());
                        }
                        _ => break,
                    }
                }
                if name.is_empty() {
                    return Err(Broken("a member's name was expected"));
                }
                Ok(Expr::Text(name.into()))
            }
        }
    }

    pub(super) fn method_arguments(&mut self) -> Parse<Vec<Expr>> {
        self.at += 1;
        let mut arguments = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                b')' => {
                    self.at += 1;
                    return Ok(arguments);
                }
                b',' => self.at += 1,
                _ if self.at >= self.text.len() => return Err(Broken("arguments do not end")),
                _ => {
                    self.node()?;
                    arguments.push(self.expression_without_comma()?);
                    self.skip_lines();
                    if !matches!(self.peek(), b',' | b')') {
                        return Err(Broken("arguments do not end"));
                    }
                }
            }
        }
    }
}

fn prefixed(prefixes: Vec<Prefix>, expr: Expr) -> Expr {
    if prefixes.is_empty() { expr } else { Expr::Prefixed(prefixes, Box::new(expr)) }
}

/// Expandable text as it is put together.
#[derive(Debug, Default)]
struct Parts {
    parts: Vec<Part>,
    text: String,
}

impl Parts {
    fn push(&mut self, expr: Expr) {
        match expr {
            Expr::Text(text) => self.text.push_str(&text),
            Expr::Expandable(parts) => {
                for part in parts {
                    match part {
                        Part::Text(text) => self.text.push_str(&text),
                        Part::Expr(expr) => self.part(expr),
                    }
                }
            }
            _ => self.part(expr),
        }
    }

    fn part(&mut self, expr: Expr) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text).into()));
        }
        self.parts.push(Part::Expr(expr));
    }

    fn finish(mut self) -> Expr {
        if self.parts.is_empty() {
            return Expr::Text(self.text.into());
        }
        if !self.text.is_empty() {
            self.parts.push(Part::Text(self.text.into()));
        }
        Expr::Expandable(self.parts)
    }
}

/// A statement that is an expression alone.
pub(super) fn lone_expression(statement: &Statement) -> Option<&Expr> {
    match statement {
        Statement::Pipeline(elements) => match elements.as_slice() {
            [super::ast::Element::Expr(expr, None)] => Some(expr),
            _ => None,
        },
        _ => None,
    }
}
