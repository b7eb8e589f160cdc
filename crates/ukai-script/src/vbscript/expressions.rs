//! Expressions, read by rank of their operators.

use super::ast::{Expression, Operator};
use super::lexer::Token;
use super::parser::{Failed, Parser};
use std::rc::Rc;

/// Rank of `Not`, which stands between comparisons and `And`.
const NOT: u8 = 6;
/// Rank of comparisons.
const COMPARISON: u8 = 7;
/// Rank of a sign, above products.
const SIGN: u8 = 13;

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Expression, Failed> {
        self.ranked(0)
    }

    fn ranked(&mut self, least: u8) -> Result<Expression, Failed> {
        self.deeper(|it| it.ranked_here(least))
    }

    fn ranked_here(&mut self, least: u8) -> Result<Expression, Failed> {
        let left = self.prefixed()?;
        self.chained(left, least)
    }

    /// Goes on after `left` with operators of at least that rank.
    pub(super) fn chained(&mut self, left: Expression, least: u8) -> Result<Expression, Failed> {
        let mut left = left;
        let mut rank_of_left = u8::MAX;
        while let Some((operator, rank)) = self.operator() {
            if rank < least {
                break;
            }
            self.advance();
            let right = self.ranked(rank + 1)?;
            left = match left {
                Expression::Chain(first, mut rest) if rank_of_left == rank => {
                    rest.push((operator, right));
                    Expression::Chain(first, rest)
                }
                other => Expression::Chain(Box::new(other), vec![(operator, right)]),
            };
            rank_of_left = rank;
        }
        Ok(left)
    }

    fn prefixed(&mut self) -> Result<Expression, Failed> {
        if self.take_name("not") {
            return Ok(Expression::Not(Box::new(self.ranked(NOT)?)));
        }
        if self.take_symbol("-") {
            return Ok(Expression::Negative(Box::new(self.ranked(SIGN)?)));
        }
        if self.take_symbol("+") {
            return self.ranked(SIGN);
        }
        self.postfix()
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        use Operator::{
            Add, And, AtLeast, AtMost, Concat, Divide, Equal, Eqv, Greater, Imp, Is, Less, Like,
            Mod, Multiply, Or, Power, Subtract, Unequal, Whole, Xor,
        };
        Some(match self.token()? {
            Token::Symbol(symbol) => match *symbol {
                "=" => (Equal, COMPARISON),
                "<>" => (Unequal, COMPARISON),
                "<" => (Less, COMPARISON),
                ">" => (Greater, COMPARISON),
                "<=" => (AtMost, COMPARISON),
                ">=" => (AtLeast, COMPARISON),
                "&" => (Concat, 8),
                "+" => (Add, 9),
                "-" => (Subtract, 9),
                "\\" => (Whole, 11),
                "*" => (Multiply, 12),
                "/" => (Divide, 12),
                "^" => (Power, 14),
                _ => return None,
            },
            Token::Name(name) => match &**name {
                "imp" => (Imp, 1),
                "eqv" => (Eqv, 2),
                "xor" => (Xor, 3),
                "or" => (Or, 4),
                "and" => (And, 5),
                "is" => (Is, COMPARISON),
                "like" => (Like, COMPARISON),
                "mod" => (Mod, 10),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// A value with what follows it: `.member`, `(arguments)`.
    pub(super) fn postfix(&mut self) -> Result<Expression, Failed> {
        let first = self.primary()?;
        self.postfix_of(first)
    }

    fn postfix_of(&mut self, first: Expression) -> Result<Expression, Failed> {
        let mut value = first;
        let mut length = 0;
        loop {
            // Each step is one level of the tree.
            length += 1;
            self.deeper_by(length, |_| Ok(()))?;
            if self.token() == Some(&Token::Symbol("(")) {
                let opening = self.position();
                let arguments = self.deeper_by(length, Self::bracketed_arguments)?;
                self.open_bracket(opening);
                value = Expression::Call(Box::new(value), arguments);
            } else if matches!(self.token(), Some(Token::Symbol("." | "!")))
                && !self.is_spaced()
                && matches!(self.token_at(1), Some(Token::Name(_)))
            {
                self.advance();
                let name = self.name()?;
                value = Expression::Member(Box::new(value), name);
            } else {
                return Ok(value);
            }
        }
    }

    /// Arguments up to the closing bracket; the opening one stands here.
    fn bracketed_arguments(&mut self) -> Result<Vec<Expression>, Failed> {
        self.advance();
        if self.take_symbol(")") {
            return Ok(Vec::new());
        }
        let arguments = self.arguments()?;
        self.expect_symbol(")")?;
        Ok(arguments)
    }

    /// Arguments with commas between them, some left out, some with names.
    pub(super) fn arguments(&mut self) -> Result<Vec<Expression>, Failed> {
        let mut arguments = Vec::new();
        loop {
            if matches!(self.token(), Some(Token::Symbol("," | ")") | Token::End) | None) {
                arguments.push(Expression::Missing);
            } else {
                if matches!(self.token(), Some(Token::Name(_)))
                    && self.token_at(1) == Some(&Token::Symbol(":="))
                {
                    self.advance();
                    self.advance();
                }
                if self.token_is("byval") || self.token_is("byref") {
                    self.advance();
                }
                arguments.push(self.expression()?);
            }
            if !self.take_symbol(",") {
                return Ok(arguments);
            }
        }
    }

    fn primary(&mut self) -> Result<Expression, Failed> {
        let token = self.token().cloned().ok_or(Failed)?;
        Ok(match token {
            Token::Whole(whole) => self.literal(Expression::Whole(whole)),
            Token::Real(real) => self.literal(Expression::Real(real)),
            Token::Text(text) => self.literal(Expression::Text(text)),
            Token::Date(date) => self.literal(Expression::Date(date)),
            Token::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect_symbol(")")?;
                Expression::Grouped(Box::new(inner))
            }
            Token::Symbol(".") => {
                self.advance();
                Expression::WithMember(self.name()?)
            }
            // The number of a file.
            Token::Symbol("#") => {
                self.advance();
                self.primary()?
            }
            Token::Name(name) => self.named(name)?,
            Token::Symbol(_) | Token::End => return Err(Failed),
        })
    }

    fn literal(&mut self, expression: Expression) -> Expression {
        self.advance();
        expression
    }

    fn named(&mut self, name: Rc<str>) -> Result<Expression, Failed> {
        self.advance();
        Ok(match &*name {
            "true" => Expression::Bool(true),
            "false" => Expression::Bool(false),
            "empty" => Expression::Empty,
            "null" => Expression::Null,
            "nothing" => Expression::Nothing,
            "new" => {
                let mut class = self.name()?;
                while self.take_symbol(".") {
                    class = format!("{class}.{}", self.name()?).into();
                }
                Expression::New(class)
            }
            "then" | "to" | "step" | "else" | "loop" | "wend" | "next" => return Err(Failed),
            // `AddressOf Procedure`, `TypeOf object Is Class`.
            "addressof" | "typeof" => self.postfix()?,
            _ => Expression::Name(name),
        })
    }
}
