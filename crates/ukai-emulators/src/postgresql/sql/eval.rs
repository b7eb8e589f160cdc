//! What expressions are worth: first their types, with PostgreSQL's complaints, then their
//! values, row by row.

use super::parse::Expr;
use super::tables::Relation;
use super::value::{Datum, Ty};
use crate::Context;
use crate::limits::POSTGRES_VALUE_BYTES;
use crate::postgresql::report::{Report, about, out_of_memory};
use crate::postgresql::sql::functions;
use crate::postgresql::state::State;

/// Where an expression is worked out.
pub(in crate::postgresql) struct Scope<'a> {
    /// The relation that is read, and what the query calls it.
    pub(in crate::postgresql) relation: Option<(&'a Relation, &'a [u8])>,
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
            Expr::Cast(inner, ty, _) => {
                let from = self.ty(inner)?;
                if *ty != Ty::Text && !from.is_text() && from != *ty {
                    let numbers = from.is_number() && ty.is_number();
                    let truth =
                        (from, *ty) == (Ty::Int4, Ty::Bool) || (from, *ty) == (Ty::Bool, Ty::Int4);
                    if !numbers && !truth {
                        return Err(out_of_memory());
                    }
                }
                *ty
            }
            Expr::Call { name, arguments, star, at } => {
                let types = arguments.iter().map(|argument| self.ty(argument));
                functions::result(name, &types.collect::<Result<Vec<_>, _>>()?, *star, *at)?
            }
            Expr::And(left, right) | Expr::Or(left, right) => {
                self.truth(left)?;
                self.truth(right)?;
                Ty::Bool
            }
            Expr::Not(inner) => {
                self.truth(inner)?;
                Ty::Bool
            }
            Expr::IsNull(inner, _) => {
                self.ty(inner)?;
                Ty::Bool
            }
            Expr::Binary { operator, left, right, at } => {
                let (left, right) = (self.ty(left)?, self.ty(right)?);
                binary_type(operator, left, right, *at)?
            }
        })
    }

    fn truth(&self, expression: &Expr) -> Result<(), Report> {
        match self.ty(expression)? {
            Ty::Bool | Ty::Unknown => Ok(()),
            _ => Err(out_of_memory()),
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
            Expr::Cast(inner, ty, _) => {
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

fn place(expression: &Expr) -> usize {
    match expression {
        Expr::Literal(_, _, at) => *at,
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

fn no_integer(text: &[u8], at: Option<usize>) -> Report {
    let message = about("invalid input syntax for type integer: \"", text, "\"");
    let report = Report::error("22P02", message, ("numutils.c", 232, "pg_strtoint32"));
    match at {
        Some(at) => report.at(at),
        None => report,
    }
}

fn cast(value: Vec<u8>, from: Ty, to: Ty, at: Option<usize>) -> Result<Vec<u8>, Report> {
    Ok(match to {
        Ty::Int4 if from == Ty::Bool => vec![b'0' + u8::from(value == b"t")],
        Ty::Bool if from == Ty::Int4 => truth(value != b"0").unwrap_or_default(),
        Ty::Int4 if integer(&value).and_then(|v| i32::try_from(v).ok()).is_none() => {
            return Err(no_integer(&value, at));
        }
        Ty::Int4 | Ty::Int8 | Ty::Oid => match integer(&value) {
            Some(value) => value.to_string().into_bytes(),
            None => return Err(out_of_memory()),
        },
        Ty::Bytea => match super::value::bytea(&value) {
            Some(bytes) => super::value::from_bytes(&bytes),
            None => return Err(out_of_memory()),
        },
        Ty::Bool => match value.to_ascii_lowercase().as_slice() {
            b"t" | b"true" | b"yes" | b"on" | b"1" => b"t".to_vec(),
            b"f" | b"false" | b"no" | b"off" | b"0" => b"f".to_vec(),
            _ => return Err(out_of_memory()),
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
                (Ty::Numeric, _) | (_, Ty::Numeric) | (Ty::Unknown, Ty::Unknown) => {
                    Err(out_of_memory())
                }
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
        None if ty == Ty::Unknown => Err(no_integer(text, Some(at))),
        None => Err(out_of_memory()),
    };
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
            truth(match operator {
                b"=" => order.is_eq(),
                b"<" => order.is_lt(),
                b">" => order.is_gt(),
                b"<=" => order.is_le(),
                b">=" => order.is_ge(),
                _ => order.is_ne(),
            })
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
