//! `class` and `enum` (about_Classes, about_Enum).

use super::ast::{Class, Expr, Field, Method, Name, Statement};
use super::literals::type_name;
use super::parser::{Broken, Parse, Parser};
use std::rc::Rc;

impl Parser<'_> {
    /// `class Name : Base, IOther { ... }`, the first word being taken.
    pub(super) fn class(&mut self) -> Parse<Statement> {
        let (name, base) = self.heading()?;
        let mut class = Class { name, base, fields: Vec::new(), methods: Vec::new() };
        self.deeper()?;
        loop {
            self.skip_separators();
            match self.peek() {
                b'}' => {
                    self.at += 1;
                    break;
                }
                0 => break,
                _ => self.class_member(&mut class)?,
            }
        }
        self.depth -= 1;
        Ok(Statement::Class(Rc::new(class)))
    }

    /// `enum Name { First; Second = 5 }`, the first word being taken: a class of numbers.
    pub(super) fn enumeration(&mut self) -> Parse<Statement> {
        let (name, _) = self.heading()?;
        let mut class = Class { name, base: None, fields: Vec::new(), methods: Vec::new() };
        let mut next = 0;
        loop {
            self.skip_separators();
            match self.peek() {
                b'}' => {
                    self.at += 1;
                    break;
                }
                0 => break,
                _ => {}
            }
            self.node()?;
            let word = self.peek_word();
            if word.is_empty() {
                return Err(Broken("a name was expected"));
            }
            self.at += word.len();
            self.skip_blanks();
            let value = if self.eat("=") {
                self.skip_blanks();
                self.expression_without_comma()?
            } else {
                Expr::Int(next)
            };
            if let Expr::Int(value) = value {
                next = value.wrapping_add(1);
            }
            class.fields.push(Field {
                name: word.to_ascii_lowercase().into(),
                kind: None,
                value: Some(value),
                is_static: true,
            });
        }
        Ok(Statement::Class(Rc::new(class)))
    }

    /// Name and base up to the brace, which is taken.
    fn heading(&mut self) -> Parse<(Rc<str>, Option<Rc<str>>)> {
        let rest = self.rest();
        let end = rest.find('{').ok_or(Broken("a block was expected"))?;
        let head = &rest[..end];
        self.at += end + 1;
        let (name, bases) = head.split_once(':').unwrap_or((head, ""));
        let base = bases.split(',').next().map(str::trim).filter(|it| !it.is_empty());
        Ok((type_name(name), base.map(type_name)))
    }

    /// A property, a constructor or a method.
    fn class_member(&mut self, class: &mut Class) -> Parse<()> {
        self.node()?;
        let (mut kind, mut is_static) = (None, false);
        loop {
            self.skip_lines();
            let word = self.peek_word();
            if self.peek() == b'[' {
                let start = self.at;
                self.skip_brackets();
                kind = self.text_from(start).map(|it| type_name(it.trim_matches(['[', ']'])));
            } else if word.eq_ignore_ascii_case("static") || word.eq_ignore_ascii_case("hidden") {
                is_static |= word.eq_ignore_ascii_case("static");
                self.at += word.len();
            } else {
                break;
            }
        }
        if self.eat("$") {
            let Name { name, .. } = self.name().ok_or(Broken("a property was expected"))?;
            self.skip_blanks();
            let value = if self.eat("=") {
                self.skip_lines();
                Some(self.expression()?)
            } else {
                None
            };
            class.fields.push(Field { name, kind, value, is_static });
            return Ok(());
        }
        let word = self.peek_word();
        self.at += word.len();
        self.skip_blanks();
        if word.is_empty() || !self.eat("(") {
            return Err(Broken("a member of a class was expected"));
        }
        let parameters = self.parameter_list()?;
        self.skip_lines();
        let mut base = Vec::new();
        if self.eat(":") {
            self.skip_lines();
            let word = self.peek_word();
            self.at += word.len();
            self.skip_blanks();
            base = self.method_arguments()?;
            self.skip_lines();
        }
        if !self.eat("{") {
            return Err(Broken("a block was expected"));
        }
        let mut block = self.block()?;
        block.parameters = parameters.into();
        class.methods.push(Method {
            name: word.to_ascii_lowercase().into(),
            is_static,
            base,
            block: Rc::new(block),
        });
        Ok(())
    }
}
