//! Floating-point numbers as C's `printf` shows them.

/// Most digits behind the point.
const PRECISION_MAX: usize = 64;

/// A number by `%f`, `%e`, `%g` or their capitals, without sign flags or width.
/// With `alternative`, `%g` keeps zeros at the end.
pub(super) fn show(
    conversion: u8,
    number: f64,
    precision: Option<usize>,
    alternative: bool,
) -> String {
    let precision = precision.unwrap_or(6).min(PRECISION_MAX);
    let text = if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "inf" } else { "-inf" }.to_owned()
    } else {
        match conversion.to_ascii_lowercase() {
            b'e' => exponential(number, precision),
            b'g' => general(number, precision.max(1), alternative),
            _ => format!("{number:.precision$}"),
        }
    };
    if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text }
}

/// `d.ddde+XX`
fn exponential(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `%g`: whichever is shorter, with so many digits that count.
fn general(number: f64, precision: usize, alternative: bool) -> String {
    let scientific = exponential(number, precision - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        let digits = if alternative { digits } else { without_zeros(digits) };
        return format!("{digits}e{exponent}");
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    let text = format!("{number:.decimals$}");
    if alternative { text } else { without_zeros(&text).to_owned() }
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// The number at the beginning of a text as `strtod` reads it, and how long it is.
pub(super) fn prefix(text: &[u8]) -> (f64, usize) {
    let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let rest = &text[blanks..];
    let mut end = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    let digits = |from: usize| {
        rest.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let whole = digits(end);
    end += whole;
    let mut fraction = 0;
    if rest.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return (0.0, 0);
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let count = digits(end + 1 + sign);
        if count > 0 {
            end += 1 + sign + count;
        }
    }
    let number = std::str::from_utf8(&rest[..end]).ok().and_then(|t| t.parse().ok()).unwrap_or(0.0);
    (number, blanks + end)
}

#[cfg(test)]
mod tests {
    use super::{prefix, show};

    #[test]
    fn numbers_look_as_in_c() {
        for (conversion, number, precision, text) in [
            (b'e', 12_345.678, None, "1.234568e+04"),
            (b'g', 0.000_01, None, "1e-05"),
            (b'g', 1e6, None, "1e+06"),
            (b'g', 100_000.0, None, "100000"),
            (b'G', 1e10, None, "1E+10"),
            (b'f', 2.5, Some(0), "2"),
            (b'g', 0.0, None, "0"),
        ] {
            assert_eq!(show(conversion, number, precision, false), text);
        }
        assert_eq!(prefix(b" -1.5e3x"), (-1_500.0, 7));
    }
}
