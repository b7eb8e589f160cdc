//! RFC 4180, safe to open in a spreadsheet.

use crate::render::Body;
use crate::row::Row;
use ukai_model::Indicator;

/// A header line and one line per indicator, each ended by a line feed.
pub(crate) fn body(entries: &[&Indicator]) -> Body {
    let mut body = Body::default();
    line(&mut body.text, &Row::FIELDS);
    for entry in entries {
        let row = Row::new(entry);
        line(&mut body.text, &row.fields().each_ref().map(String::as_str));
        body.entries += 1;
    }
    body
}

fn line(out: &mut String, fields: &[&str]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push(out, field);
    }
    out.push('\n');
}

/// Quotes where RFC 4180 (section 2) needs it. What a spreadsheet would take for a
/// formula gets an apostrophe before it (OWASP, "CSV Injection").
fn push(out: &mut String, field: &str) {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = formula || field.contains([',', '"', '\n', '\r']);
    if !quoted {
        out.push_str(field);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&field.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn fields_are_quoted_and_no_formula_survives() {
        let mut out = String::new();
        line(&mut out, &["a", "b,c", "d\"e", "=1+1", "-x.example", "", "f\ng"]);
        assert_eq!(out, "a,\"b,c\",\"d\"\"e\",\"'=1+1\",\"'-x.example\",,\"f\ng\"\n");
    }
}
