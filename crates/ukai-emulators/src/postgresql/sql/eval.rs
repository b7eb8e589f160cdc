//! What expressions are worth: first their types, with PostgreSQL's complaints, then their
//! values, row by row.

use super::numeric::Decimal;
use super::syntax::Expr;
use super::tables::Relation;
use super::value::{Datum, Ty};
use crate::Context;
use crate::limits::POSTGRES_VALUE_BYTES;
use crate::postgresql::report::{Report, about, out_of_memory};
use crate::postgresql::sql::functions;
use crate::postgresql::state::State;
use std::cmp::Ordering;
use ukai_persona::PostgresqlSettings;

/// Where an expression is worked out.
pub(in crate::postgresql) struct Scope<'a> {
    /// The relation that is read, and what the query calls it.
    pub(in crate::postgresql) relation: Option<(&'a Relation, &'a [u8])>,
    /// What the installation's catalogues name.
    pub(in crate::postgresql) catalog: Option<PostgresqlSettings>,
    /// Types of parameters, if there are any, and their values.
    pub(in crate::postgresql) parameters: &'a [(Ty, Datum)],
}

impl Scope<'_> {
    /// A column's number and type.
    fn column(&self, table: Option<&[u8]>, name: &[u8], at: usize) -> Result<(usize, Ty), Report> {
        let known = self.relation.filter(|(_, called)| table.is_none_or(|table| table == *called));
        let Some((relation, _)) = known else {
            return Err(match table {
                Some(table) => {
                    let message = about("missing FROM-clause entry for table \"", table, "\"");
                    let source = ("parse_relation.c", 3617, "errorMissingRTE");
                    Report::error("42P01", message, source).at(at)
                }
                None => no_column(&about("\"", name, "\""), at),
            });
        };
        let found = relation.columns.iter().position(|(known, ..)| known == name);
        match found.and_then(|number| Some((number, relation.columns.get(number)?.1))) {
            Some(found) => Ok(found),
            None => Err(no_column(
                &match table {
                    Some(table) => [table, b".", name].concat(),
                    None => about("\"", name, "\""),
                },
                at,
            )),
        }
    }

    /// The type of an expression.
    pub(in crate::postgresql) fn ty(&self, expression: &Expr) -> Result<Ty, Report> {
        Ok(match expression {
            Expr::Literal(_, ty, _) => *ty,
            Expr::Parameter(number, at) => self.parameter(*number, *at)?.0,
            Expr::Column { table, name, at } => self.column(table.as_deref(), name, *at)?.1,
            Expr::Cast(inner, ty, _, at) => {
                let from = self.ty(inner)?;
                let numbers = from.is_number() && ty.is_number();
                let truth = matches!((from, *ty), (Ty::Int4, Ty::Bool) | (Ty::Bool, Ty::Int4));
                if *ty != Ty::Text && !from.is_text() && from != *ty && !numbers && !truth {
                    let message = format!("cannot cast type {} to {}", from.name(), ty.name());
                    let source = ("parse_expr.c", 2_665, "transformTypeCast");
                    return Err(Report::error("42846", message, source).at(*at));
                }
                *ty
            }
            Expr::Call { name, arguments, star, at } => {
                let types = arguments.iter().map(|argument| self.ty(argument));
                let types = types.collect::<Result<Vec<_>, _>>()?;
                functions::result(self.catalog.as_ref(), name, &types, *star, *at)?
            }
            Expr::And(left, right) => {
                self.condition("AND", left)?;
                self.condition("AND", right)?;
                Ty::Bool
            }
            Expr::Or(left, right) => {
                self.condition("OR", left)?;
                self.condition("OR", right)?;
                Ty::Bool
            }
            Expr::Not(inner) => {
                self.condition("NOT", inner)?;
                Ty::Bool
            }
            Expr::IsNull(inner, _) => {
                self.ty(inner)?;
                Ty::Bool
            }
            Expr::IsTruth(inner, truth, negated) => {
                let what = match (truth, negated) {
                    (true, false) => "IS TRUE",
                    (true, true) => "IS NOT TRUE",
                    (false, false) => "IS FALSE",
                    (false, true) => "IS NOT FALSE",
                };
                self.condition(what, inner)?;
                Ty::Bool
            }
            Expr::In(inner, members, at) => {
                let ty = self.ty(inner)?;
                for member in members {
                    binary_type(b"=", ty, self.ty(member)?, *at)?;
                }
                Ty::Bool
            }
            Expr::Between(parts, at) => {
                let [inner, low, high] = &**parts;
                let ty = self.ty(inner)?;
                binary_type(b">=", ty, self.ty(low)?, *at)?;
                binary_type(b"<=", ty, self.ty(high)?, *at)?
            }
            Expr::Case { operand, arms, other } => {
                let compared = operand.as_ref().map(|operand| self.ty(operand)).transpose()?;
                let mut found = None;
                for (when, then) in arms {
                    match compared {
                        Some(ty) => drop(binary_type(b"=", ty, self.ty(when)?, place(when))?),
                        None => self.condition("CASE/WHEN", when)?,
                    }
                    let ty = self.ty(then)?;
                    found = found.filter(|found| *found != Ty::Unknown).or(Some(ty));
                }
                if let Some(other) = other {
                    let ty = self.ty(other)?;
                    found = found.filter(|found| *found != Ty::Unknown).or(Some(ty));
                }
                found.filter(|ty| *ty != Ty::Unknown).unwrap_or(Ty::Text)
            }
            Expr::Binary { operator, left, right, at } => {
                let (left, right) = (self.ty(left)?, self.ty(right)?);
                binary_type(operator, left, right, *at)?
            }
        })
    }

    /// That an expression is a condition, as `what` needs one.
    pub(in crate::postgresql) fn condition(
        &self,
        what: &str,
        expression: &Expr,
    ) -> Result<(), Report> {
        match self.ty(expression)? {
            Ty::Bool | Ty::Unknown => Ok(()),
            ty => {
                let message =
                    format!("argument of {what} must be type boolean, not type {}", ty.name());
                let source = ("parse_coerce.c", 1_176, "coerce_to_boolean");
                Err(Report::error("42804", message, source).at(place(expression)))
            }
        }
    }

    fn parameter(&self, number: u16, at: usize) -> Result<&(Ty, Datum), Report> {
        let index = usize::from(number).wrapping_sub(1);
        self.parameters.get(index).ok_or_else(|| {
            let message = format!("there is no parameter ${number}");
            Report::error("42P02", message, ("parse_expr.c", 838, "transformParamRef")).at(at)
        })
    }

    /// The value of an expression, whose type was worked out before.
    pub(in crate::postgresql) fn value(
        &self,
        state: &mut State,
        cx: &mut Context<'_>,
        expression: &Expr,
        row: &[Datum],
    ) -> Result<Datum, Report> {
        let value = match expression {
            Expr::Literal(value, ..) => value.clone(),
            Expr::Parameter(number, at) => self.parameter(*number, *at)?.1.clone(),
            Expr::Column { table, name, at } => {
                let (number, _) = self.column(table.as_deref(), name, *at)?;
                row.get(number).cloned().flatten()
            }
            Expr::Cast(inner, ty, ..) => {
                let from = self.ty(inner)?;
                let value = self.value(state, cx, inner, row)?;
                let at = match **inner {
                    Expr::Literal(_, _, at) => Some(at),
                    _ => None,
                };
                value.map(|value| cast(value, from, *ty, at)).transpose()?
            }
            Expr::Call { name, arguments, .. } => {
                let mut values = Vec::with_capacity(arguments.len());
                let mut bytes = 0_usize;
                for argument in arguments {
                    let value = self.value(state, cx, argument, row)?;
                    bytes = bytes.saturating_add(value.as_ref().map_or(0, Vec::len));
                    if bytes > 2 * POSTGRES_VALUE_BYTES {
                        return Err(out_of_memory());
                    }
                    values.push(value);
                }
                functions::call(state, cx, name, &values)?
            }
            Expr::And(left, right) => {
                let left = self.value(state, cx, left, row)?;
                let right = self.value(state, cx, right, row)?;
                match (left.as_deref(), right.as_deref()) {
                    (Some(b"f"), _) | (_, Some(b"f")) => truth(false),
                    (None, _) | (_, None) => None,
                    _ => truth(true),
                }
            }
            Expr::Or(left, right) => {
                let left = self.value(state, cx, left, row)?;
                let right = self.value(state, cx, right, row)?;
                match (left.as_deref(), right.as_deref()) {
                    (Some(b"t"), _) | (_, Some(b"t")) => truth(true),
                    (None, _) | (_, None) => None,
                    _ => truth(false),
                }
            }
            Expr::Not(inner) => {
                let value = self.value(state, cx, inner, row)?;
                value.and_then(|value| truth(value != b"t"))
            }
            Expr::IsNull(inner, negated) => {
                let value = self.value(state, cx, inner, row)?;
                truth(value.is_none() != *negated)
            }
            Expr::IsTruth(inner, wanted, negated) => {
                let value = self.value(state, cx, inner, row)?;
                let is = value.as_deref() == Some(if *wanted { b"t" } else { b"f" });
                truth(is != *negated)
            }
            Expr::In(inner, members, _) => {
                let ty = self.ty(inner)?;
                let value = self.value(state, cx, inner, row)?;
                let mut found = truth(false);
                for member in members {
                    let types = (ty, self.ty(member)?);
                    let other = self.value(state, cx, member, row)?;
                    let pair = [(value.clone(), place(inner)), (other, place(member))];
                    match binary(b"=", types, pair)?.as_deref() {
                        Some(b"t") => return Ok(truth(true)),
                        None => found = None,
                        _ => {}
                    }
                }
                found
            }
            Expr::Between(parts, _) => {
                let [inner, low, high] = &**parts;
                let ty = self.ty(inner)?;
                let value = self.value(state, cx, inner, row)?;
                let mut inside = truth(true);
                for (operator, end) in [(&b">="[..], low), (b"<=", high)] {
                    let types = (ty, self.ty(end)?);
                    let other = self.value(state, cx, end, row)?;
                    let pair = [(value.clone(), place(inner)), (other, place(end))];
                    match binary(operator, types, pair)?.as_deref() {
                        Some(b"f") => return Ok(truth(false)),
                        None => inside = None,
                        _ => {}
                    }
                }
                inside
            }
            Expr::Case { operand, arms, other } => {
                let compared = match operand {
                    Some(operand) => {
                        Some((self.ty(operand)?, self.value(state, cx, operand, row)?))
                    }
                    None => None,
                };
                for (when, then) in arms {
                    let value = self.value(state, cx, when, row)?;
                    let holds = match &compared {
                        Some((ty, operand)) => {
                            let pair = [(operand.clone(), 1), (value, place(when))];
                            binary(b"=", (*ty, self.ty(when)?), pair)?
                        }
                        None => value,
                    };
                    if holds.as_deref() == Some(b"t") {
                        return self.value(state, cx, then, row);
                    }
                }
                match other {
                    Some(other) => self.value(state, cx, other, row)?,
                    None => None,
                }
            }
            Expr::Binary { operator, left, right, .. } => {
                let types = (self.ty(left)?, self.ty(right)?);
                let values = [
                    (self.value(state, cx, left, row)?, place(left)),
                    (self.value(state, cx, right, row)?, place(right)),
                ];
                binary(operator, types, values)?
            }
        };
        match value {
            Some(value) if value.len() > POSTGRES_VALUE_BYTES => Err(out_of_memory()),
            value => Ok(value),
        }
    }
}

/// Where an expression begins.
fn place(expression: &Expr) -> usize {
    match expression {
        Expr::Literal(_, _, at)
        | Expr::Parameter(_, at)
        | Expr::Column { at, .. }
        | Expr::Call { at, .. } => *at,
        Expr::Cast(inner, ..) | Expr::IsNull(inner, _) | Expr::IsTruth(inner, ..) => place(inner),
        Expr::Binary { left, .. } => place(left),
        _ => 1,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is a value like others")]
pub(in crate::postgresql) fn truth(value: bool) -> Datum {
    Some(if value { b"t".to_vec() } else { b"f".to_vec() })
}

fn no_column(name: &[u8], at: usize) -> Report {
    let message = about("column ", name, " does not exist");
    Report::error("42703", message, ("parse_relation.c", 3665, "errorMissingColumn")).at(at)
}

fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// What stands for no value of a type; a literal's place is told.
fn no_value(text: &[u8], ty: Ty, at: Option<usize>) -> Report {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let (what, after, code, source) = match (ty, is_number) {
        (Ty::Int4, true) => ("value \"", "", "22003", ("numutils.c", 226, "pg_strtoint32")),
        (Ty::Int8, true) => ("value \"", "", "22003", ("numutils.c", 310, "pg_strtoint64")),
        (Ty::Int4, _) => ("", "", "22P02", ("numutils.c", 232, "pg_strtoint32")),
        (Ty::Int8, _) => ("", "", "22P02", ("numutils.c", 316, "pg_strtoint64")),
        (Ty::Oid, _) => ("", "", "22P02", ("oid.c", 62, "oidin_subr")),
        (Ty::Bool, _) => ("", "", "22P02", ("bool.c", 151, "boolin")),
        _ => ("", "", "22P02", ("numeric.c", 7_242, "set_var_from_str")),
    };
    let name = ty.name();
    let message = if what.is_empty() {
        about(&format!("invalid input syntax for type {name}: \""), text, &format!("\"{after}"))
    } else {
        about(what, text, &format!("\" is out of range for type {name}"))
    };
    let report = Report::error(code, message, source);
    match at {
        Some(at) => report.at(at),
        None => report,
    }
}

pub(super) fn no_bytes(text: &[u8], at: Option<usize>) -> Report {
    let digits = text.strip_prefix(b"\\x").unwrap_or_default();
    let report = match digits.iter().find(|byte| !byte.is_ascii_hexdigit()) {
        Some(byte) => {
            let message = about("invalid hexadecimal digit: \"", &[*byte], "\"");
            Report::error("22023", message, ("encode.c", 184, "get_hex"))
        }
        None if !digits.is_empty() => {
            let message = "invalid hexadecimal data: odd number of digits";
            Report::error("22023", message, ("encode.c", 214, "hex_decode"))
        }
        None => {
            let message = "invalid input syntax for type bytea";
            Report::error("22P02", message, ("varlena.c", 334, "byteain"))
        }
    };
    match at {
        Some(at) => report.at(at),
        None => report,
    }
}

fn cast(value: Vec<u8>, from: Ty, to: Ty, at: Option<usize>) -> Result<Vec<u8>, Report> {
    let at = at.filter(|_| from == Ty::Unknown);
    Ok(match to {
        Ty::Int4 if from == Ty::Bool => vec![b'0' + u8::from(value == b"t")],
        Ty::Bool if from == Ty::Int4 => truth(value != b"0").unwrap_or_default(),
        Ty::Int4 | Ty::Int8 | Ty::Oid => {
            let whole = match from {
                Ty::Numeric => Decimal::parse(&value).and_then(Decimal::rounded),
                _ => integer(&value),
            };
            let fits = |whole: &i64| match to {
                Ty::Int4 => i32::try_from(*whole).is_ok(),
                Ty::Oid => u32::try_from(*whole).is_ok(),
                _ => true,
            };
            match whole.filter(fits) {
                Some(whole) => whole.to_string().into_bytes(),
                None if from.is_number() => {
                    let source = match (from, to) {
                        (Ty::Numeric, Ty::Int8) => ("numeric.c", 4_378, "numeric_int8"),
                        (Ty::Numeric, _) => ("numeric.c", 4_297, "numeric_int4"),
                        _ => ("int8.c", 1_270, "int84"),
                    };
                    let message = format!("{} out of range", to.name());
                    return Err(Report::error("22003", message, source));
                }
                None => return Err(no_value(&value, to, at)),
            }
        }
        Ty::Bytea => match super::value::bytea(&value) {
            Some(bytes) => super::value::from_bytes(&bytes),
            None => return Err(no_bytes(&value, at)),
        },
        Ty::Bool => match crate::postgresql::startup::truth(value.trim_ascii()) {
            Some(value) => truth(value).unwrap_or_default(),
            None => return Err(no_value(&value, to, at)),
        },
        Ty::Text if from == Ty::Bool => {
            if value == b"t" {
                b"true".to_vec()
            } else {
                b"false".to_vec()
            }
        }
        _ => value,
    })
}

fn binary_type(operator: &[u8], left: Ty, right: Ty, at: usize) -> Result<Ty, Report> {
    let numbers = |ty: Ty| ty.is_number() || ty == Ty::Unknown;
    let comparable = left == right
        || left.is_text() && right.is_text()
        || left.is_number() && right.is_number()
        || left == Ty::Unknown
        || right == Ty::Unknown;
    match operator {
        b"=" | b"<>" | b"!=" | b"<" | b">" | b"<=" | b">=" if comparable => Ok(Ty::Bool),
        b"like" | b"ilike" | b"~~" if left.is_text() && right.is_text() => Ok(Ty::Bool),
        b"||" if left.is_text() || right.is_text() => Ok(Ty::Text),
        b"+" | b"-" | b"*" | b"/" | b"%" if numbers(left) && numbers(right) => {
            match (left, right) {
                (Ty::Unknown, Ty::Unknown) => {
                    let shown = String::from_utf8_lossy(operator);
                    let message = format!("operator is not unique: unknown {shown} unknown");
                    let source = ("parse_oper.c", 639, "op_error");
                    Err(Report::error("42725", message, source).at(at).hint(
                        "Could not choose a best candidate operator. You might need to add \
                         explicit type casts.",
                    ))
                }
                (Ty::Numeric, _) | (_, Ty::Numeric) => Ok(Ty::Numeric),
                (Ty::Int8 | Ty::Oid, _) | (_, Ty::Int8 | Ty::Oid) => Ok(Ty::Int8),
                _ => Ok(Ty::Int4),
            }
        }
        _ => {
            let shown = String::from_utf8_lossy(operator);
            let message =
                format!("operator does not exist: {} {shown} {}", left.name(), right.name());
            Err(Report::error("42883", message, ("parse_oper.c", 647, "op_error")).at(at).hint(
                "No operator matches the given name and argument types. You might need to add \
                 explicit type casts.",
            ))
        }
    }
}

fn binary(
    operator: &[u8],
    (left_ty, right_ty): (Ty, Ty),
    [(left, left_at), (right, right_at)]: [(Datum, usize); 2],
) -> Result<Datum, Report> {
    let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
    let numbers = left_ty.is_number() || right_ty.is_number();
    let read = |text: &[u8], ty: Ty, at| match integer(text) {
        Some(value) => Ok(value),
        None => Err(no_value(text, Ty::Int4, (ty == Ty::Unknown).then_some(at))),
    };
    let arithmetic = matches!(operator, b"+" | b"-" | b"*" | b"/" | b"%");
    let comparison = matches!(operator, b"=" | b"<>" | b"!=" | b"<" | b">" | b"<=" | b">=");
    if (left_ty == Ty::Numeric || right_ty == Ty::Numeric) && (arithmetic || comparison) {
        let read = |text: &[u8], ty, at| {
            let at = (ty == Ty::Unknown).then_some(at);
            Decimal::parse(text).ok_or_else(|| no_value(text, Ty::Numeric, at))
        };
        let (left, right) = (read(&left, left_ty, left_at)?, read(&right, right_ty, right_at)?);
        return fraction(operator, left, right, comparison);
    }
    Ok(match operator {
        b"||" => Some([left, right].concat()),
        b"like" | b"~~" => truth(like(&right, &left)),
        b"ilike" => truth(like(&right.to_ascii_lowercase(), &left.to_ascii_lowercase())),
        b"=" | b"<>" | b"!=" | b"<" | b">" | b"<=" | b">=" => {
            let order = if numbers {
                read(&left, left_ty, left_at)?.cmp(&read(&right, right_ty, right_at)?)
            } else {
                left.cmp(&right)
            };
            truth(holds(operator, order))
        }
        _ => {
            let (a, b) = (read(&left, left_ty, left_at)?, read(&right, right_ty, right_at)?);
            let wide =
                matches!(left_ty, Ty::Int8 | Ty::Oid) || matches!(right_ty, Ty::Int8 | Ty::Oid);
            let source = |four: (u32, &'static str), eight: (u32, &'static str)| {
                if wide { ("int8.c", eight.0, eight.1) } else { ("int.c", four.0, four.1) }
            };
            let (value, source) = match operator {
                b"+" => (a.checked_add(b), source((826, "int4pl"), (481, "int8pl"))),
                b"-" => (a.checked_sub(b), source((840, "int4mi"), (495, "int8mi"))),
                b"*" => (a.checked_mul(b), source((854, "int4mul"), (509, "int8mul"))),
                _ if b == 0 => {
                    let remainder = operator == b"%";
                    let four = if remainder { (1_094, "int4mod") } else { (869, "int4div") };
                    let eight = if remainder { (578, "int8mod") } else { (524, "int8div") };
                    return Err(Report::error("22012", "division by zero", source(four, eight)));
                }
                b"/" => (a.checked_div(b), source((888, "int4div"), (543, "int8div"))),
                _ => (a.checked_rem(b), source((1_094, "int4mod"), (578, "int8mod"))),
            };
            let fits = |value: &i64| wide || i32::try_from(*value).is_ok();
            let Some(value) = value.filter(fits) else {
                let name = if wide { "bigint" } else { "integer" };
                return Err(Report::error("22003", format!("{name} out of range"), source));
            };
            Some(value.to_string().into_bytes())
        }
    })
}

fn holds(operator: &[u8], order: Ordering) -> bool {
    match operator {
        b"=" => order.is_eq(),
        b"<" => order.is_lt(),
        b">" => order.is_gt(),
        b"<=" => order.is_le(),
        b">=" => order.is_ge(),
        _ => order.is_ne(),
    }
}

fn fraction(
    operator: &[u8],
    left: Decimal,
    right: Decimal,
    comparison: bool,
) -> Result<Datum, Report> {
    let overflow = || {
        let source = ("numeric.c", 7_465, "make_result_opt_error");
        Report::error("22003", "value overflows numeric format", source)
    };
    if comparison {
        return Ok(truth(holds(operator, left.compare(right).ok_or_else(overflow)?)));
    }
    if right.is_zero() && matches!(operator, b"/" | b"%") {
        let source = if operator == b"/" {
            ("numeric.c", 8_495, "div_var")
        } else {
            ("numeric.c", 3_216, "numeric_mod_opt_error")
        };
        return Err(Report::error("22012", "division by zero", source));
    }
    let worth = left.work(operator, right).ok_or_else(overflow)?;
    Ok(Some(worth.to_string().into_bytes()))
}

/// SQL's LIKE: `%` for any characters, `_` for one, `\` before what stands for itself.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the last % stood, and how much it has taken.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        let literal = match pattern.get(p) {
            Some(b'%') => {
                retry = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some(b'\\') => pattern.get(p + 1).map(|byte| (*byte, 2)),
            Some(b'_') => text.get(t).map(|byte| (*byte, 1)),
            Some(byte) => Some((*byte, 1)),
            None => None,
        };
        match (literal, retry) {
            (Some((byte, length)), _) if text.get(t) == Some(&byte) => {
                p += length;
                t += 1;
            }
            (_, Some((after, taken))) => {
                retry = Some((after, taken + 1));
                p = after;
                t = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'%')
}
