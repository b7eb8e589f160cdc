//! Perl's operators and patterns.

use super::ast::{Expr, Pattern};
use super::run::{Done, Machine, Value, boolean};
use crate::limits;
use bytes::Bytes;

impl Machine<'_> {
    pub(super) fn operate(&mut self, op: &str, a: &Value, b: &Value) -> Done<Value> {
        use std::cmp::Ordering;
        let order = |o: Option<Ordering>| Value::Int(o.map_or(0, |o| o as i64));
        let (x, y) = (a.number(), b.number());
        Ok(match op {
            "." => {
                let (a, b) = (a.text(), b.text());
                self.costs(0, a.len() + b.len())?;
                Value::str([&a[..], &b[..]].concat())
            }
            "x" => {
                let text = a.text();
                let count = usize::try_from(b.integer()).unwrap_or(0);
                self.costs(0, text.len().saturating_mul(count))?;
                Value::str(text.repeat(count))
            }
            "+" | "-" | "*" => {
                if let (Value::Int(a), Value::Int(b)) = (a, b) {
                    let exact = match op {
                        "+" => a.checked_add(*b),
                        "-" => a.checked_sub(*b),
                        _ => a.checked_mul(*b),
                    };
                    if let Some(exact) = exact {
                        return Ok(Value::Int(exact));
                    }
                }
                Value::of_number(match op {
                    "+" => x + y,
                    "-" => x - y,
                    _ => x * y,
                })
            }
            "/" if y == 0.0 => return self.die("Illegal division by zero"),
            "/" => Value::of_number(x / y),
            "%" if b.integer() == 0 => return self.die("Illegal modulus zero"),
            "%" => {
                let (a, b) = (a.integer(), b.integer());
                let rest = a.wrapping_rem(b);
                Value::Int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            }
            "**" => Value::of_number(x.powf(y)),
            "<<" => Value::Int(a.integer().wrapping_shl(b.integer() as u32)),
            ">>" => Value::Int((a.integer() as u64).wrapping_shr(b.integer() as u32) as i64),
            "&" => Value::Int(a.integer() & b.integer()),
            "|" => Value::Int(a.integer() | b.integer()),
            "^" => match (a, b) {
                (Value::Str(a), Value::Str(b)) => {
                    let xor = a.iter().zip(b.iter().cycle()).map(|(a, b)| a ^ b);
                    Value::str(xor.collect::<Vec<u8>>())
                }
                _ => Value::Int(a.integer() ^ b.integer()),
            },
            "==" => boolean(x == y),
            "!=" => boolean(x != y),
            "<" => boolean(x < y),
            ">" => boolean(x > y),
            "<=" => boolean(x <= y),
            ">=" => boolean(x >= y),
            "<=>" => order(x.partial_cmp(&y)),
            "eq" => boolean(a.text() == b.text()),
            "ne" => boolean(a.text() != b.text()),
            "lt" => boolean(a.text() < b.text()),
            "gt" => boolean(a.text() > b.text()),
            "le" => boolean(a.text() <= b.text()),
            "ge" => boolean(a.text() >= b.text()),
            "cmp" => order(Some(a.text().cmp(&b.text()))),
            _ => Value::Undef,
        })
    }

    pub(super) async fn pattern(&mut self, pattern: &Pattern) -> Done<regex::bytes::Regex> {
        let text = self.scalar(&pattern.text).await?.shown();
        self.process.session.step(text.len() as u64 / 8 + 2)?;
        let flag = |letter: char| pattern.flags.contains(letter);
        let built = regex::bytes::RegexBuilder::new(&text)
            .case_insensitive(flag('i'))
            .multi_line(flag('m'))
            .dot_matches_new_line(flag('s'))
            .ignore_whitespace(flag('x'))
            .size_limit(limits::REGEX_BYTES)
            .build();
        match built {
            Ok(pattern) => Ok(pattern),
            Err(_) => self.die("Out of memory in perl:util:safesysrealloc"),
        }
    }

    pub(super) async fn matches_list(
        &mut self,
        text: &Bytes,
        pattern: &Pattern,
    ) -> Done<Vec<Value>> {
        let compiled = self.pattern(pattern).await?;
        self.costs(0, text.len() * 8)?;
        let global = pattern.flags.contains('g');
        let mut out = Vec::new();
        for found in compiled.captures_iter(text).take(if global { usize::MAX } else { 1 }) {
            self.costs(found.len(), 0)?;
            let groups: Vec<Option<Bytes>> =
                found.iter().map(|g| g.map(|g| text.slice(g.range()))).collect();
            let from = usize::from(groups.len() > 1);
            let shown = groups.iter().skip(from).cloned();
            out.extend(shown.map(|g| g.map_or(Value::Undef, Value::Str)));
            if !global && groups.len() == 1 {
                out = vec![Value::Int(1)];
            }
            self.groups = groups;
        }
        Ok(out)
    }

    pub(super) async fn replace(
        &mut self,
        of: &Expr,
        pattern: &Pattern,
        with: &Expr,
    ) -> Done<Value> {
        let text = self.scalar(of).await?.text();
        let compiled = self.pattern(pattern).await?;
        self.costs(0, text.len() * 8)?;
        let most = if pattern.flags.contains('g') { usize::MAX } else { 1 };
        let mut out = Vec::new();
        let (mut from, mut count) = (0, 0);
        for found in compiled.captures_iter(&text).take(most) {
            let Some(all) = found.get(0) else { continue };
            self.groups = found.iter().map(|g| g.map(|g| text.slice(g.range()))).collect();
            out.extend_from_slice(&text[from..all.start()]);
            let made = self.scalar(with).await?.text();
            self.costs(0, made.len() + 16)?;
            out.extend_from_slice(&made);
            from = all.end();
            count += 1;
        }
        out.extend_from_slice(&text[from..]);
        if pattern.flags.contains('r') {
            return Ok(Value::str(out));
        }
        if count > 0 {
            self.store(of, Value::str(out)).await?;
        }
        Ok(Value::Int(count))
    }
}
