//! Expressions, worked out as they are read.

use super::column::{ANY, BINARY, Column, DECIMAL, LONG_BLOB, NOT_NULL, NULL, Value};
use super::lexer::{Kind, Sql};
use super::packet::Fault;
use super::state::Talk;
use crate::Context;
use crate::limits::MYSQL_DEPTH;

/// A value, and the column that it would stand in.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) value: Value,
    pub(super) column: Column,
}

impl Cell {
    pub(super) fn new(value: Value, column: Column) -> Self {
        Self { value, column }
    }

    pub(super) fn null() -> Self {
        Self::new(Value::Null, Column::of(NULL, 0, BINARY, 0))
    }

    fn truth(truth: Option<bool>, may_be_null: bool) -> Self {
        let value = truth.map_or(Value::Null, |truth| Value::Int(i64::from(truth)));
        Self::new(value, Column::int(1, if may_be_null { 0 } else { NOT_NULL }))
    }

    pub(super) fn may_be_null(&self) -> bool {
        self.column.flags & NOT_NULL == 0
    }
}

/// The row that names of columns stand for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row<'a> {
    pub(super) columns: &'a [Column],
    pub(super) values: &'a [Value],
}

/// What an expression sees.
pub(super) struct Scope<'a, 'b, 'c> {
    pub(super) talk: &'a mut Talk,
    pub(super) cx: &'a mut Context<'c>,
    pub(super) row: Row<'b>,
    pub(super) depth: usize,
}

impl Scope<'_, '_, '_> {
    /// The whole expression that is next.
    pub(super) fn expression(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        self.depth += 1;
        if self.depth > MYSQL_DEPTH {
            return Err(sql.wrong());
        }
        let cell = self.any_of(sql);
        self.depth -= 1;
        cell
    }

    fn any_of(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut left = self.all_of(sql)?;
        while sql.take("or") || sql.take("xor") || sql.take_mark("||") {
            let right = self.all_of(sql)?;
            let truth = left.value.is_true() || right.value.is_true();
            left = Cell::truth(Some(truth), left.may_be_null() || right.may_be_null());
        }
        Ok(left)
    }

    fn all_of(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut left = self.not(sql)?;
        while sql.take("and") || sql.take_mark("&&") {
            let right = self.not(sql)?;
            let truth = left.value.is_true() && right.value.is_true();
            left = Cell::truth(Some(truth), left.may_be_null() || right.may_be_null());
        }
        Ok(left)
    }

    fn not(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut turned = None;
        while sql.take("not") {
            turned = Some(!turned.unwrap_or(false));
        }
        let cell = self.comparison(sql)?;
        Ok(match turned {
            None => cell,
            Some(_) if cell.value.is_null() => Cell::truth(None, true),
            Some(turned) => Cell::truth(Some(cell.value.is_true() != turned), cell.may_be_null()),
        })
    }

    fn comparison(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut left = self.sum(sql)?;
        loop {
            let mark = ["<=>", "<=", ">=", "<>", "!=", "=", "<", ">"]
                .into_iter()
                .find(|mark| sql.is_mark(mark));
            if let Some(mark) = mark {
                sql.next();
                let right = self.sum(sql)?;
                left = compare(mark, &left, &right);
            } else if sql.take("is") {
                let turned = sql.take("not");
                sql.need("null")?;
                left = Cell::truth(Some(left.value.is_null() != turned), false);
            } else {
                let turned = sql.is("not like") || sql.is("not in") || sql.is("not regexp");
                if turned {
                    sql.next();
                }
                let found = if sql.take("like") {
                    let pattern = self.sum(sql)?;
                    like(&pattern.value.bytes(), &left.value.bytes())
                } else if sql.take("in") {
                    sql.need_mark("(")?;
                    let mut found = false;
                    loop {
                        let right = self.expression(sql)?;
                        found |= compare("=", &left, &right).value.is_true();
                        if !sql.take_mark(",") {
                            break;
                        }
                    }
                    sql.need_mark(")")?;
                    found
                } else if sql.take("regexp") || sql.take("rlike") {
                    let pattern = self.sum(sql)?.value.bytes();
                    memchr::memmem::find(&left.value.bytes(), &pattern).is_some()
                } else if turned {
                    return Err(sql.wrong());
                } else {
                    return Ok(left);
                };
                left = Cell::truth(Some(found != turned), left.may_be_null());
            }
        }
    }

    fn sum(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut left = self.product(sql)?;
        loop {
            let mark = if sql.take_mark("+") {
                '+'
            } else if sql.take_mark("-") {
                '-'
            } else {
                return Ok(left);
            };
            let right = self.product(sql)?;
            left = calculate(mark, &left, &right);
        }
    }

    fn product(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut left = self.sign(sql)?;
        loop {
            let mark = if sql.take_mark("*") {
                '*'
            } else if sql.take_mark("/") {
                '/'
            } else if sql.take_mark("%") || sql.take("mod") {
                '%'
            } else if sql.take("div") {
                'd'
            } else {
                return Ok(left);
            };
            let right = self.sign(sql)?;
            left = calculate(mark, &left, &right);
        }
    }

    fn sign(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut minus = false;
        let mut any = false;
        loop {
            if sql.take_mark("-") {
                minus = !minus;
                any = true;
            } else if !sql.take_mark("+") && !sql.take("binary") {
                break;
            }
        }
        let mut cell = self.operand(sql)?;
        if any {
            cell.column.length = cell.column.length.saturating_add(1);
        }
        if minus {
            cell.value = match cell.value {
                Value::Int(number) => Value::Int(number.wrapping_neg()),
                Value::Null => Value::Null,
                Value::Decimal(text) => Value::Decimal(format!("-{text}")),
                Value::Text(_) => Value::Decimal((-cell.value.number()).to_string()),
            };
        }
        Ok(cell)
    }

    fn operand(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        sql.step()?;
        let token = sql.token().clone();
        let source = sql.source(&token);
        match token.kind {
            Kind::Text(mut text) => {
                sql.next();
                // Texts beside each other are one.
                while let Kind::Text(more) = &sql.token().kind {
                    text.extend_from_slice(more);
                    sql.next();
                }
                let characters = String::from_utf8_lossy(&text).chars().count();
                Ok(Cell::new(Value::Text(text), Column::text(characters, NOT_NULL)))
            }
            Kind::Bytes(bytes) => {
                sql.next();
                let mut column = Column::binary(bytes.len(), NOT_NULL);
                column.flags |= super::column::UNSIGNED;
                Ok(Cell::new(Value::Text(bytes), column))
            }
            Kind::Number => {
                sql.next();
                Ok(number(source))
            }
            Kind::System => {
                sql.next();
                self.talk.system_variable(sql, self.cx)
            }
            Kind::Variable(name) => {
                sql.next();
                if sql.take_mark(":=") {
                    let cell = self.expression(sql)?;
                    self.talk.set_variable(&name, cell.value.clone());
                    return Ok(cell);
                }
                Ok(variable(self.talk.variable(&name)))
            }
            Kind::Mark if source == b"(" => {
                sql.next();
                if sql.is("select") {
                    let rows = self.talk.select(self.cx, sql)?;
                    sql.need_mark(")")?;
                    let column = rows.columns.into_iter().next();
                    let value = rows.rows.into_iter().next().and_then(|row| row.into_iter().next());
                    return Ok(column.map_or_else(Cell::null, |mut column| {
                        column.flags &= !NOT_NULL;
                        Cell::new(value.unwrap_or(Value::Null), column)
                    }));
                }
                let cell = self.expression(sql)?;
                sql.need_mark(")")?;
                Ok(cell)
            }
            Kind::Word => self.word(sql),
            Kind::Name(_) => self.column(sql),
            Kind::Mark | Kind::End => Err(sql.wrong()),
        }
    }

    fn word(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let fixed = |sql: &mut Sql<'_>, cell: Cell| {
            sql.next();
            Ok(cell)
        };
        if sql.is("null") {
            return fixed(sql, Cell::null());
        }
        for (word, value) in [("true", 1), ("false", 0)] {
            if sql.is(word) {
                return fixed(sql, Cell::new(Value::Int(value), Column::int(5, NOT_NULL)));
            }
        }
        // Words that no name may be.
        const RESERVED: [&str; 16] = [
            "select", "from", "where", "into", "limit", "order", "group", "union", "and", "or",
            "as", "on", "set", "table", "by", "having",
        ];
        if RESERVED.iter().any(|word| sql.is(word)) {
            return Err(sql.wrong());
        }
        for word in ["current_user", "current_timestamp", "current_date", "localtime"] {
            if sql.is(word) {
                let name = word.as_bytes().to_vec();
                sql.next();
                if sql.take_mark("(") {
                    sql.need_mark(")")?;
                }
                return self.function(None, &name, &[]);
            }
        }
        self.column(sql)
    }

    /// A column or, with parentheses behind it, a function.
    fn column(&mut self, sql: &mut Sql<'_>) -> Result<Cell, Fault> {
        let mut names = vec![sql.name()?];
        while names.len() < 3 && sql.take_mark(".") {
            names.push(sql.name()?);
        }
        if sql.take_mark("(") {
            let name = names.pop().unwrap_or_default();
            let mut arguments = Vec::new();
            if !sql.take_mark(")") {
                let _ = sql.take("distinct");
                if sql.take_mark("*") {
                    arguments.push(Cell::null());
                } else {
                    loop {
                        arguments.push(self.expression(sql)?);
                        if !sql.take_mark(",") {
                            break;
                        }
                    }
                }
                sql.need_mark(")")?;
            }
            return self.function(names.pop().as_deref(), &name, &arguments);
        }
        let name = names.pop().unwrap_or_default();
        let found =
            self.row.columns.iter().position(|column| column.name.eq_ignore_ascii_case(&name));
        if let Some(at) = found {
            let column = Column { name: Vec::new(), ..self.row.columns[at].clone() };
            return Ok(Cell::new(self.row.values.get(at).cloned().unwrap_or(Value::Null), column));
        }
        if self.row.columns.is_empty() && !names.is_empty() {
            let text = [b"Unknown table '", &names.join(&b'.')[..], b"' in SELECT"].concat();
            return Err(Fault::new(1109, "42S02", text));
        }
        names.push(name);
        let text = [b"Unknown column '", &names.join(&b'.')[..], b"' in 'SELECT'"].concat();
        Err(Fault::new(1054, "42S22", text))
    }
}

fn number(source: &[u8]) -> Cell {
    let text = String::from_utf8_lossy(source);
    if let Ok(number) = text.parse::<i64>() {
        return Cell::new(Value::Int(number), Column::int(source.len(), NOT_NULL));
    }
    let decimals = text.split_once('.').map_or(0, |(_, behind)| behind.len().min(38));
    let length = source.len().max(decimals) + 1;
    let column = Column::of(DECIMAL, length, NOT_NULL | BINARY, decimals as u8);
    Cell::new(Value::Decimal(text.into_owned()), column)
}

/// A variable of the session, as a column.
fn variable(value: Option<Value>) -> Cell {
    match value {
        None | Some(Value::Null) => {
            Cell::new(Value::Null, Column::of(LONG_BLOB, 1 << 24, BINARY, ANY))
        }
        Some(value @ Value::Int(_)) => Cell::new(value, Column::int(20, 0)),
        Some(value @ Value::Decimal(_)) => Cell::new(value, Column::of(DECIMAL, 83, BINARY, 38)),
        Some(value) => Cell::new(value, Column::of(LONG_BLOB, 1 << 26, 0, ANY)),
    }
}

fn compare(mark: &str, left: &Cell, right: &Cell) -> Cell {
    let nulls = (left.value.is_null(), right.value.is_null());
    if mark == "<=>" && (nulls.0 || nulls.1) {
        return Cell::truth(Some(nulls.0 && nulls.1), false);
    }
    if nulls.0 || nulls.1 {
        return Cell::truth(None, true);
    }
    let order = match (&left.value, &right.value) {
        (Value::Text(left), Value::Text(right)) => {
            left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase())
        }
        (left, right) => left.number().total_cmp(&right.number()),
    };
    let truth = match mark {
        "=" | "<=>" => order.is_eq(),
        "<>" | "!=" => order.is_ne(),
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        "<=" => order.is_le(),
        _ => order.is_ge(),
    };
    Cell::truth(Some(truth), left.may_be_null() || right.may_be_null())
}

fn calculate(mark: char, left: &Cell, right: &Cell) -> Cell {
    let nullable = left.may_be_null() || right.may_be_null();
    let not_null = if nullable { 0 } else { NOT_NULL };
    let whole = matches!((&left.value, &right.value), (Value::Int(_), Value::Int(_)));
    let none = left.value.is_null() || right.value.is_null();
    let (a, b) = (left.value.int(), right.value.int());
    let longest = left.column.length.max(right.column.length) as usize;
    match mark {
        '%' | 'd' if whole => {
            let result = if mark == '%' { a.checked_rem(b) } else { a.checked_div(b) };
            let mut column = Column::int(left.column.length as usize, 0);
            if mark == '%' {
                column = Column::int(longest + 1, 0);
            }
            Cell::new(result.map_or(Value::Null, Value::Int), column)
        }
        '+' | '-' | '*' if whole => {
            let result = match mark {
                '+' => a.wrapping_add(b),
                '-' => a.wrapping_sub(b),
                _ => a.wrapping_mul(b),
            };
            let length = if mark == '*' {
                (left.column.length + right.column.length) as usize + 1
            } else {
                longest + 2
            };
            Cell::new(Value::Int(result), Column::int(length, not_null))
        }
        _ => {
            let (x, y) = (left.value.number(), right.value.number());
            let places = left.column.decimals.max(right.column.decimals).min(30);
            let places = if mark == '/' { places.saturating_add(4) } else { places };
            let result = match mark {
                '+' => x + y,
                '-' => x - y,
                '*' => x * y,
                '/' => x / y,
                _ => x % y,
            };
            let (flags, length) = if mark == '/' {
                (BINARY, left.column.length as usize + 6)
            } else {
                (BINARY | not_null, longest + 1)
            };
            let value = if none || !result.is_finite() {
                Value::Null
            } else {
                Value::Decimal(format!("{result:.*}", usize::from(places)))
            };
            Cell::new(value, Column::of(DECIMAL, length, flags, places))
        }
    }
}

/// Whether `text` fits the pattern, with `%`, `_` and `\`.
pub(super) fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        let fits = match pattern.get(p) {
            Some(b'%') => {
                back = Some((p, t));
                p += 1;
                continue;
            }
            Some(b'_') => Some(1),
            Some(b'\\') if p + 1 < pattern.len() => {
                pattern[p + 1].eq_ignore_ascii_case(&text[t]).then_some(2)
            }
            Some(byte) => byte.eq_ignore_ascii_case(&text[t]).then_some(1),
            None => None,
        };
        match (fits, back) {
            (Some(length), _) => {
                p += length;
                t += 1;
            }
            (None, Some((at, from))) => {
                p = at + 1;
                t = from + 1;
                back = Some((at, from + 1));
            }
            (None, None) => return false,
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'%'))
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_fit_as_in_sql() {
        for (pattern, text, fits) in [
            ("version%", "version_comment", true),
            ("%sion", "Version", true),
            ("a_c", "abc", true),
            (r"a\_c", "abc", false),
            ("", "", true),
            ("", "a", false),
            ("%a%b%", "xxaxxbxx", true),
        ] {
            assert_eq!(like(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }
}
