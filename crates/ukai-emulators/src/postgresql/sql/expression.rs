//! Expressions, as PostgreSQL's grammar orders them.

use super::lexer::Kind;
use super::parser::{Parser, Read, Stop, is_beyond, is_reserved};
use super::syntax::Expr;
use super::value::Ty;
use crate::limits::{POSTGRES_SQL_DEPTH, POSTGRES_SQL_OPERATORS};
use crate::postgresql::report::{Report, about};

/// Words that are called without parentheses.
const BARE_CALLS: &[&[u8]] = &[
    b"current_user",
    b"session_user",
    b"user",
    b"current_role",
    b"current_catalog",
    b"current_schema",
    b"current_timestamp",
];

impl Parser<'_> {
    pub(super) fn list(&mut self) -> Read<Vec<Expr>> {
        let mut all = vec![self.expression()?];
        while self.take_mark(b",") {
            all.push(self.expression()?);
        }
        Ok(all)
    }

    /// One operator more: each is a step deeper for whoever works the expression out.
    fn count(&mut self) -> Read<()> {
        self.operators += 1;
        if self.operators > POSTGRES_SQL_OPERATORS { Err(too_deep().into()) } else { Ok(()) }
    }

    /// Each row costs as much as its expressions have parts: with too many, nothing is found.
    fn charge(&mut self, parts: usize) -> Read<()> {
        self.operators += parts;
        if self.operators > POSTGRES_SQL_OPERATORS { Err(Stop::Beyond) } else { Ok(()) }
    }

    pub(super) fn expression(&mut self) -> Read<Expr> {
        self.depth += 1;
        if self.depth > POSTGRES_SQL_DEPTH {
            return Err(too_deep().into());
        }
        let mut left = self.conjunction()?;
        while self.take_word(b"or") {
            self.count()?;
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Read<Expr> {
        let mut left = self.negation()?;
        while self.take_word(b"and") {
            self.count()?;
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Read<Expr> {
        let mut negated = false;
        let mut any = false;
        while self.take_word(b"not") {
            (negated, any) = (!negated, true);
        }
        let inner = self.test()?;
        Ok(match (any, negated) {
            (false, _) => inner,
            (true, true) => Expr::Not(Box::new(inner)),
            (true, false) => Expr::Not(Box::new(Expr::Not(Box::new(inner)))),
        })
    }

    fn test(&mut self) -> Read<Expr> {
        let mut left = self.operation(0)?;
        while self.take_word(b"is") {
            self.count()?;
            let negated = self.take_word(b"not");
            let inner = Box::new(left);
            left = match self.peek() {
                Some(Kind::Word(word)) => match word.as_slice() {
                    b"null" | b"unknown" => Expr::IsNull(inner, negated),
                    b"true" => Expr::IsTruth(inner, true, negated),
                    b"false" => Expr::IsTruth(inner, false, negated),
                    b"distinct" | b"document" | b"normalized" => return Err(Stop::Beyond),
                    _ => return Err(self.wrong()),
                },
                _ => return Err(self.wrong()),
            };
            self.at += 1;
        }
        Ok(left)
    }

    /// Operators by how they bind: comparisons, others, sums, products.
    fn operation(&mut self, level: u8) -> Read<Expr> {
        if level > 3 {
            return self.sign();
        }
        let mut left = self.operation(level + 1)?;
        loop {
            let at = self.place();
            let negated = level == 1 && self.is_negated_test();
            self.at += usize::from(negated);
            let operator = match self.peek() {
                Some(Kind::Mark(mark)) if is_other_operator(mark) => return Err(Stop::Beyond),
                Some(Kind::Word(word)) if word == b"operator" => return Err(Stop::Beyond),
                Some(Kind::Mark(mark)) if binds(mark) == Some(level) => mark.clone(),
                Some(Kind::Word(word)) if level == 1 && TESTS.contains(&word.as_slice()) => {
                    word.clone()
                }
                _ => return Ok(left),
            };
            self.at += 1;
            self.count()?;
            let inner = Box::new(left);
            left = match operator.as_slice() {
                b"in" => self.members(inner, at)?,
                b"between" => {
                    let low = self.operation(2)?;
                    self.need_word(b"and")?;
                    Expr::Between(Box::new([*inner, low, self.operation(2)?]), at)
                }
                _ => {
                    let right = Box::new(self.operation(level + 1)?);
                    Expr::Binary { operator, left: inner, right, at }
                }
            };
            if negated {
                left = Expr::Not(Box::new(left));
            }
        }
    }

    /// `NOT` before `IN`, `LIKE` and their kind.
    fn is_negated_test(&self) -> bool {
        let next = self.tokens.get(self.at + 1).map(|token| &token.kind);
        let test = matches!(next, Some(Kind::Word(word)) if TESTS.contains(&word.as_slice()));
        test && self.is_word(b"not")
    }

    fn members(&mut self, inner: Box<Expr>, at: usize) -> Read<Expr> {
        self.need_mark(b"(")?;
        if self.is_word(b"select") || self.is_word(b"with") || self.is_word(b"values") {
            return Err(Stop::Beyond);
        }
        let members = self.list()?;
        self.charge(members.len())?;
        self.need_mark(b")")?;
        Ok(Expr::In(inner, members, at))
    }

    fn sign(&mut self) -> Read<Expr> {
        let mut negative = false;
        loop {
            if self.take_mark(b"-") {
                negative = !negative;
            } else if !self.take_mark(b"+") {
                break;
            }
        }
        let at = self.place();
        let operand = self.cast()?;
        Ok(match operand {
            operand if !negative => operand,
            Expr::Literal(Some(digits), ty, at) if ty.is_number() => {
                number(&[b"-", digits.as_slice()].concat(), at)
            }
            operand => {
                let zero = Expr::Literal(Some(b"0".to_vec()), Ty::Int4, at);
                Expr::Binary {
                    operator: b"-".to_vec(),
                    left: Box::new(zero),
                    right: Box::new(operand),
                    at,
                }
            }
        })
    }

    fn cast(&mut self) -> Read<Expr> {
        let mut inner = self.primary()?;
        while self.is_mark(b"::") {
            let at = self.place();
            self.at += 1;
            self.count()?;
            let (ty, name) = self.type_name(false)?;
            inner = Expr::Cast(Box::new(inner), ty, name, at);
        }
        if self.is_mark(b"[") {
            return Err(Stop::Beyond);
        }
        Ok(inner)
    }

    /// A type; only of a column may it be one that ours keeps as text.
    pub(super) fn type_name(&mut self, column: bool) -> Read<(Ty, &'static str)> {
        let at = self.place();
        let mut name = self.identifier()?;
        while self.take_mark(b".") {
            name = self.identifier()?;
        }
        let found = match Ty::named(&name) {
            Some(found) => found,
            None if !is_type(&name) => {
                let message = about("type \"", &name, "\" does not exist");
                let source = ("parse_type.c", 270, "typenameType");
                return Err(Report::error("42704", message, source).at(at).into());
            }
            None if column => (Ty::Text, "text"),
            None => return Err(Stop::Beyond),
        };
        let _ = self.take_word(b"varying") || self.take_word(b"precision");
        if self.take_mark(b"(") {
            while !self.take_mark(b")") {
                match self.peek() {
                    Some(Kind::Number(_)) => self.at += 1,
                    Some(Kind::Mark(mark)) if mark == b"," => self.at += 1,
                    _ => return Err(self.wrong()),
                }
            }
        }
        if !self.take_words(&[b"without", b"time", b"zone"]) {
            self.take_words(&[b"with", b"time", b"zone"]);
        }
        if self.is_mark(b"[") {
            if !column {
                return Err(Stop::Beyond);
            }
            while self.take_mark(b"[") || self.take_mark(b"]") {}
            return Ok((Ty::Text, "text"));
        }
        Ok(found)
    }

    fn primary(&mut self) -> Read<Expr> {
        let at = self.place();
        let literal = |value: Option<&[u8]>, ty| Expr::Literal(value.map(<[u8]>::to_vec), ty, at);
        let Some(kind) = self.peek().cloned() else { return Err(self.wrong()) };
        let expression = match kind {
            Kind::Text(text) => literal(Some(&text), Ty::Unknown),
            Kind::Number(digits) => number(&digits, at),
            Kind::Parameter(number) => Expr::Parameter(number, at),
            Kind::Word(word) if word == b"null" => literal(None, Ty::Unknown),
            Kind::Word(word) if word == b"true" => literal(Some(b"t"), Ty::Bool),
            Kind::Word(word) if word == b"false" => literal(Some(b"f"), Ty::Bool),
            Kind::Word(word) if word == b"cast" => {
                self.at += 1;
                self.need_mark(b"(")?;
                let inner = Box::new(self.expression()?);
                self.need_word(b"as")?;
                let (ty, name) = self.type_name(false)?;
                self.need_mark(b")")?;
                return Ok(Expr::Cast(inner, ty, name, at));
            }
            Kind::Word(word) if word == b"case" => return self.case(),
            Kind::Mark(mark) if mark == b"(" => {
                self.at += 1;
                if self.is_word(b"select") || self.is_word(b"with") || self.is_word(b"values") {
                    return Err(Stop::Beyond);
                }
                let inner = self.expression()?;
                if self.is_mark(b",") {
                    return Err(Stop::Beyond);
                }
                self.need_mark(b")")?;
                return Ok(inner);
            }
            Kind::Mark(mark) if is_prefix(&mark) => {
                // Operators before their operand.
                while matches!(self.peek(), Some(Kind::Mark(mark)) if is_prefix(mark)) {
                    self.at += 1;
                }
                return Err(if self.at_end() { self.wrong() } else { Stop::Beyond });
            }
            Kind::Word(word) if BARE_CALLS.contains(&word.as_slice()) => {
                self.at += 1;
                if self.take_mark(b"(") {
                    self.need_mark(b")")?;
                }
                return Ok(Expr::Call { name: word, arguments: Vec::new(), star: false, at });
            }
            Kind::Word(_) | Kind::Quoted(_) => return self.column_or_call(at),
            Kind::Mark(_) => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(expression)
    }

    fn column_or_call(&mut self, at: usize) -> Read<Expr> {
        if let Some(Kind::Word(word)) = self.peek()
            && is_beyond(word)
            && !is_reserved(word)
        {
            return Err(Stop::Beyond);
        }
        let name = self.name()?;
        if let Some(Kind::Text(text)) = self.peek().cloned() {
            // A type before a literal.
            self.at -= 1;
            let (ty, called) = self.type_name(false)?;
            let place = self.place();
            self.at += 1;
            let literal = Box::new(Expr::Literal(Some(text), Ty::Unknown, place));
            return Ok(Expr::Cast(literal, ty, called, at));
        }
        if self.is_mark(b".") {
            return Err(Stop::Beyond);
        }
        if !self.take_mark(b"(") {
            return Ok(Expr::Column { table: name.schema, name: name.own, at });
        }
        let mut call = Expr::Call { name: name.own, arguments: Vec::new(), star: false, at };
        if let Expr::Call { arguments, star, .. } = &mut call {
            if self.take_mark(b"*") {
                *star = true;
            } else if self.is_word(b"distinct") || self.is_word(b"all") || self.is_word(b"variadic")
            {
                return Err(Stop::Beyond);
            } else if !self.is_mark(b")") {
                *arguments = self.list()?;
                self.charge(arguments.len())?;
            }
        }
        // The words of SQL's own functions between their arguments.
        if [&b"from"[..], b"order", b"for", b"placing"].iter().any(|word| self.is_word(word)) {
            return Err(Stop::Beyond);
        }
        self.need_mark(b")")?;
        if self.is_word(b"filter") || self.is_word(b"within") {
            return Err(Stop::Beyond);
        }
        Ok(call)
    }

    fn case(&mut self) -> Read<Expr> {
        self.at += 1;
        let operand = if self.is_word(b"when") { None } else { Some(Box::new(self.expression()?)) };
        let mut arms = Vec::new();
        while self.take_word(b"when") {
            self.count()?;
            let when = self.expression()?;
            self.need_word(b"then")?;
            arms.push((when, self.expression()?));
        }
        if arms.is_empty() {
            return Err(self.wrong());
        }
        let other = self.take_word(b"else").then(|| self.expression()).transpose()?.map(Box::new);
        self.need_word(b"end")?;
        Ok(Expr::Case { operand, arms, other })
    }
}

fn too_deep() -> Report {
    let source = ("postgres.c", 3_470, "check_stack_depth");
    Report::error("54001", "stack depth limit exceeded", source).hint(
        "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after \
         ensuring the platform's stack depth limit is adequate.",
    )
}

/// Tests that are words, as tight as operators that are neither sums nor comparisons.
const TESTS: [&[u8]; 4] = [b"in", b"like", b"ilike", b"between"];

/// Operators of types that ours has not, or that ours does not work out.
fn is_other_operator(mark: &[u8]) -> bool {
    const OTHERS: &str = "~ ~* !~ !~* & | # ^ << >> -> ->> #> #>> @> <@ && @@ ?| ?& ? !~~ ~~* !~~* \
                          -|- &< &> ## ?# ^@";
    OTHERS.split(' ').any(|known| known.as_bytes() == mark)
}

fn is_prefix(mark: &[u8]) -> bool {
    mark.iter().all(|byte| b"~!@#^&|`?".contains(byte))
}

/// Types that PostgreSQL has and ours has not.
fn is_type(name: &[u8]) -> bool {
    const OTHERS: &str = "int2 smallint smallserial serial2 float4 float8 real float double date time timetz \
                          timestamp interval json jsonb jsonpath xml uuid bit varbit money cidr macaddr \
                          macaddr8 point line lseg box path polygon circle tsvector tsquery regclass regproc \
                          regprocedure regoper regoperator regtype regrole regnamespace regconfig oidvector xid \
                          xid8 cid tid pg_lsn bpchar int4range int8range numrange tsrange tstzrange daterange \
                          record refcursor unknown void trigger event_trigger cstring national nchar";
    OTHERS.split_ascii_whitespace().any(|known| known.as_bytes() == name)
}

/// How tightly an operator binds.
fn binds(mark: &[u8]) -> Option<u8> {
    Some(match mark {
        b"=" | b"<" | b">" | b"<=" | b">=" | b"<>" | b"!=" => 0,
        b"+" | b"-" => 2,
        b"*" | b"/" | b"%" => 3,
        _ if mark.iter().all(|byte| b"+-*/<>=~!@#%^&|`?".contains(byte)) => 1,
        _ => return None,
    })
}

/// A number's literal, of the smallest type that holds it.
fn number(digits: &[u8], at: usize) -> Expr {
    let text = String::from_utf8_lossy(digits);
    let ty = match text.parse::<i64>() {
        Ok(value) if i32::try_from(value).is_ok() => Ty::Int4,
        Ok(_) => Ty::Int8,
        Err(_) => Ty::Numeric,
    };
    let text = match ty {
        Ty::Numeric => plain_number(&text).into_bytes(),
        _ => text.parse::<i64>().unwrap_or_default().to_string().into_bytes(),
    };
    Expr::Literal(Some(text), ty, at)
}

/// Without its exponent, where that is a small one.
fn plain_number(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let Some((mantissa, exponent)) = lower.split_once('e') else {
        return if lower.starts_with('.') { format!("0{lower}") } else { lower };
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    match exponent.parse::<i32>() {
        Ok(shift @ 0..=100) => {
            let shift = shift as usize;
            let mut digits = format!("{whole}{part}");
            let point = whole.len() + shift;
            while digits.len() < point {
                digits.push('0');
            }
            let rest = digits.split_off(point);
            if rest.is_empty() { digits } else { format!("{digits}.{rest}") }
        }
        _ => lower,
    }
}
