//! Parameters of scripts, blocks and functions, as they are declared (about_Functions_Advanced).

use super::ast::Parameter;
use super::literals::type_name;
use super::parser::{Broken, Parse, Parser};

/// What is declared before a parameter's name.
#[derive(Default)]
struct Declared {
    kind: Option<std::rc::Rc<str>>,
    aliases: Vec<std::rc::Rc<str>>,
    from_pipeline: bool,
    from_property: bool,
}

impl Parser<'_> {
    /// `param( ... )` with attributes before it, if it is there.
    pub(super) fn parameters(&mut self) -> Parse<Vec<Parameter>> {
        let start = self.at;
        self.skip_separators();
        while self.peek() == b'[' {
            self.skip_brackets();
            self.skip_separators();
        }
        let word = self.peek_word();
        if word.eq_ignore_ascii_case("param") {
            self.at += word.len();
            self.skip_lines();
            if self.eat("(") {
                return self.parameter_list();
            }
        }
        self.at = start;
        Ok(Vec::new())
    }

    /// Parameters up to `)`.
    pub(super) fn parameter_list(&mut self) -> Parse<Vec<Parameter>> {
        self.deeper()?;
        let mut parameters = Vec::new();
        let mut declared = Declared::default();
        loop {
            self.skip_separators();
            match self.peek() {
                b')' => {
                    self.at += 1;
                    break;
                }
                0 => break,
                b'[' => {
                    let start = self.at;
                    self.skip_brackets();
                    declared.add(self.text_from(start).unwrap_or_default());
                }
                b',' => self.at += 1,
                b'$' => {
                    self.node()?;
                    self.at += 1;
                    let name = self.name().ok_or(Broken("a parameter was expected"))?;
                    self.skip_lines();
                    let value = if self.peek() == b'=' {
                        self.at += 1;
                        self.skip_lines();
                        Some(self.expression_without_comma()?)
                    } else {
                        None
                    };
                    let Declared { kind, aliases, from_pipeline, from_property } =
                        std::mem::take(&mut declared);
                    parameters.push(Parameter {
                        name,
                        value,
                        kind,
                        aliases,
                        from_pipeline,
                        from_property,
                    });
                }
                _ => return Err(Broken("a parameter was expected")),
            }
        }
        self.depth -= 1;
        Ok(parameters)
    }

    /// `[ ... ]`, brackets and quotes within.
    pub(super) fn skip_brackets(&mut self) {
        let mut depth = 0_usize;
        let mut quote = None;
        while let Some(c) = self.bump() {
            match (quote, c) {
                (Some(open), _) if open == c => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '[') => depth += 1,
                (None, ']') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
}

impl Declared {
    /// One pair of brackets: a type, or an attribute.
    fn add(&mut self, text: &str) {
        let inner = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
        let Some((name, rest)) = inner.split_once('(') else {
            self.kind = Some(type_name(inner));
            return;
        };
        let rest: String =
            rest.chars().filter(|it| !it.is_whitespace()).collect::<String>().to_ascii_lowercase();
        match name.trim().to_ascii_lowercase().as_str() {
            "parameter" => {
                let by_name = "valuefrompipelinebypropertyname";
                let on = |text: &str, name: &str| {
                    text.contains(name) && !text.contains(&format!("{name}=$false"))
                };
                self.from_property |= on(&rest, by_name);
                self.from_pipeline |= on(&rest.replace(by_name, ""), "valuefrompipeline");
            }
            "alias" => {
                let names = rest.split(['\'', '"']).skip(1).step_by(2);
                self.aliases.extend(names.take(16).map(Into::into));
            }
            _ => {}
        }
    }
}
