//! `match`: its grammar, and which case a value is of.

use super::ast::{Block, Expr, ExprKind, StmtKind};
use super::lexer::Word;
use super::parse::{Parsed, Parser};
use super::run::{Done, Machine};
use super::value::Value;
use crate::system::Fut;
use std::sync::Arc;

#[derive(Debug)]
pub(super) enum Pattern {
    /// `_`
    Any,
    Name(Arc<str>),
    Equals(Expr),
    /// Items, of which one may stand for any number.
    Sequence(Vec<Pattern>),
    /// `*name` in a sequence.
    Rest(Option<Arc<str>>),
    Mapping(Vec<(Expr, Pattern)>, Option<Arc<str>>),
    Class(Expr, Vec<Pattern>, Vec<(Arc<str>, Pattern)>),
    Or(Vec<Pattern>),
    As(Box<Pattern>, Arc<str>),
}

#[derive(Debug)]
pub(super) struct Case {
    pub(super) pattern: Pattern,
    pub(super) guard: Option<Expr>,
    pub(super) body: Block,
}

impl Parser {
    /// A `match` statement at its name; none where the name is another's.
    pub(super) fn match_statement(&mut self) -> Parsed<Option<StmtKind>> {
        let from = self.at;
        self.at += 1;
        let subject = match self.tests() {
            Ok(subject) if self.is_op(":") => subject,
            _ => {
                self.at = from;
                return Ok(None);
            }
        };
        self.at += 1;
        let opens = self.word() == &Word::Newline
            && matches!(self.tokens.get(self.at + 1).map(|it| &it.word), Some(Word::Indent));
        if !opens {
            self.at = from;
            return Ok(None);
        }
        self.at += 2;
        let mut cases = Vec::new();
        while self.take_name("case") {
            let line = self.token().line;
            let pattern = self.open_pattern()?;
            let guard = if self.take_name("if") { Some(self.walrus()?) } else { None };
            let body = self.block("'case' statement", line)?;
            cases.push(Case { pattern, guard, body });
        }
        if self.word() == &Word::Dedent {
            self.at += 1;
        } else if self.word() != &Word::End {
            return Err(self.invalid());
        }
        Ok(Some(StmtKind::Match(subject, cases)))
    }

    /// A pattern, or several without brackets.
    fn open_pattern(&mut self) -> Parsed<Pattern> {
        let first = self.case_pattern()?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take_op(",") {
            if self.is_op(":") || self.is_name("if") {
                break;
            }
            all.push(self.case_pattern()?);
        }
        Ok(Pattern::Sequence(all))
    }

    fn case_pattern(&mut self) -> Parsed<Pattern> {
        self.deeper()?;
        let result = self.case_pattern_inside();
        self.depth -= 1;
        result
    }

    fn case_pattern_inside(&mut self) -> Parsed<Pattern> {
        let mut all = vec![self.closed_pattern()?];
        while self.take_op("|") {
            all.push(self.closed_pattern()?);
        }
        let mut pattern = match all.len() {
            1 => all.remove(0),
            _ => Pattern::Or(all),
        };
        if self.take_name("as") {
            pattern = Pattern::As(Box::new(pattern), self.identifier()?);
        }
        Ok(pattern)
    }

    fn patterns(&mut self, end: &str) -> Parsed<(Vec<Pattern>, bool)> {
        let mut all = Vec::new();
        let mut comma = false;
        while !self.take_op(end) {
            all.push(self.case_pattern()?);
            if self.take_op(",") {
                comma = true;
            } else {
                self.expect_op(end)?;
                break;
            }
        }
        Ok((all, comma))
    }

    fn closed_pattern(&mut self) -> Parsed<Pattern> {
        if self.take_op("*") {
            let name = self.identifier()?;
            return Ok(Pattern::Rest((&*name != "_").then_some(name)));
        }
        if self.take_op("[") {
            return Ok(Pattern::Sequence(self.patterns("]")?.0));
        }
        if self.take_op("(") {
            let (mut all, comma) = self.patterns(")")?;
            return Ok(if all.len() == 1 && !comma {
                all.remove(0)
            } else {
                Pattern::Sequence(all)
            });
        }
        if self.take_op("{") {
            let (mut pairs, mut rest) = (Vec::new(), None);
            while !self.take_op("}") {
                if self.take_op("**") {
                    rest = Some(self.identifier()?);
                } else {
                    let key = self.postfix()?;
                    self.expect_op(":")?;
                    pairs.push((key, self.case_pattern()?));
                }
                if !self.take_op(",") {
                    self.expect_op("}")?;
                    break;
                }
            }
            return Ok(Pattern::Mapping(pairs, rest));
        }
        let is_capture = matches!(self.word(), Word::Name(name)
            if !super::parse::KEYWORDS.contains(&&**name))
            && !matches!(
                self.tokens.get(self.at + 1).map(|it| &it.word),
                Some(Word::Op("." | "("))
            );
        if is_capture {
            let name = self.identifier()?;
            return Ok(if &*name == "_" { Pattern::Any } else { Pattern::Name(name) });
        }
        if matches!(self.word(), Word::Name(name) if !super::parse::KEYWORDS.contains(&&**name)) {
            let start = self.token().clone();
            let name = self.identifier()?;
            let mut value = self.make(ExprKind::Name(name), &start, 0)?;
            while self.take_op(".") {
                let name = self.identifier()?;
                let below = value.height;
                value = self.make(ExprKind::Attribute(Box::new(value), name), &start, below)?;
            }
            if !self.take_op("(") {
                return Ok(Pattern::Equals(value));
            }
            let (mut plain, mut named) = (Vec::new(), Vec::new());
            while !self.take_op(")") {
                let is_named =
                    matches!(self.tokens.get(self.at + 1).map(|it| &it.word), Some(Word::Op("=")));
                if is_named {
                    let name = self.identifier()?;
                    self.expect_op("=")?;
                    named.push((name, self.case_pattern()?));
                } else {
                    plain.push(self.case_pattern()?);
                }
                if !self.take_op(",") {
                    self.expect_op(")")?;
                    break;
                }
            }
            return Ok(Pattern::Class(value, plain, named));
        }
        // A number may have a sign.
        Ok(Pattern::Equals(self.unary()?))
    }
}

impl Machine<'_> {
    /// Runs the first case that a value is of.
    pub(super) async fn match_cases(&mut self, value: Value, cases: &[Case]) -> Done<()> {
        for case in cases {
            self.part()?;
            if !self.fits_pattern(&value, &case.pattern).await? {
                continue;
            }
            if let Some(guard) = &case.guard {
                let answer = self.eval(guard).await?;
                if !self.is_true(&answer).await? {
                    continue;
                }
            }
            return self.block(&case.body).await;
        }
        Ok(())
    }

    fn fits_pattern<'a>(
        &'a mut self,
        value: &'a Value,
        pattern: &'a Pattern,
    ) -> Fut<'a, Done<bool>> {
        Box::pin(async move {
            self.part()?;
            Ok(match pattern {
                Pattern::Any | Pattern::Rest(None) => true,
                Pattern::Name(name) | Pattern::Rest(Some(name)) => {
                    self.bind(name, value.clone())?;
                    true
                }
                Pattern::Equals(expr) => {
                    let wanted = self.eval(expr).await?;
                    self.compare("==", value, &wanted).await?
                }
                Pattern::As(inner, name) => {
                    let fits = self.fits_pattern(value, inner).await?;
                    if fits {
                        self.bind(name, value.clone())?;
                    }
                    fits
                }
                Pattern::Or(all) => {
                    for one in all {
                        if self.fits_pattern(value, one).await? {
                            return Ok(true);
                        }
                    }
                    false
                }
                Pattern::Sequence(all) => {
                    if !matches!(value, Value::List(_) | Value::Tuple(_) | Value::Range(..)) {
                        return Ok(false);
                    }
                    let items = self.items(value).await?;
                    return self.fits_sequence(&items, all).await;
                }
                Pattern::Mapping(pairs, rest) => {
                    let Value::Dict(id) = value else { return Ok(false) };
                    let mut left = self.dicts[*id].clone();
                    for (key, pattern) in pairs {
                        let key = self.eval(key).await?;
                        let Some(found) = self.find(*id, &key)? else { return Ok(false) };
                        if !self.fits_pattern(&found, pattern).await? {
                            return Ok(false);
                        }
                        left.retain(|(known, _)| !self.equal(known, &key));
                    }
                    if let Some(rest) = rest {
                        let left = self.dict(left)?;
                        self.bind(rest, left)?;
                    }
                    true
                }
                Pattern::Class(class, plain, named) => {
                    let class = self.eval(class).await?;
                    if !self.is_instance(value, &class) {
                        return Ok(false);
                    }
                    // `int(x)`: the value itself.
                    if let ([one], Value::Type(_)) = (&plain[..], &class) {
                        return self.fits_pattern(value, one).await;
                    }
                    let order = match &class {
                        Value::Class(id) => self.member(*id, "__match_args__"),
                        _ => None,
                    };
                    let order = match order {
                        Some(order) => self.items(&order).await?,
                        None => Vec::new(),
                    };
                    let by_place = plain.iter().zip(order).filter_map(|(it, name)| match name {
                        Value::Str(name) => Some((name, it)),
                        _ => None,
                    });
                    let all: Vec<(Arc<str>, &Pattern)> = by_place
                        .chain(named.iter().map(|(name, it)| (Arc::clone(name), it)))
                        .collect();
                    for (name, pattern) in all {
                        let part = self.get_attribute(value, &name).await?;
                        if !self.fits_pattern(&part, pattern).await? {
                            return Ok(false);
                        }
                    }
                    true
                }
            })
        })
    }

    async fn fits_sequence(&mut self, items: &[Value], all: &[Pattern]) -> Done<bool> {
        let star = all.iter().position(|it| matches!(it, Pattern::Rest(_)));
        let fits = match star {
            Some(_) => items.len() + 1 >= all.len(),
            None => items.len() == all.len(),
        };
        if !fits {
            return Ok(false);
        }
        let behind = star.map_or(0, |at| all.len() - at - 1);
        for (place, pattern) in all.iter().enumerate() {
            let item = match star {
                Some(at) if place == at => {
                    let rest = items[at..items.len() - behind].to_vec();
                    self.list(rest)?
                }
                Some(at) if place > at => items[items.len() - (all.len() - place)].clone(),
                _ => items[place].clone(),
            };
            if !self.fits_pattern(&item, pattern).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
