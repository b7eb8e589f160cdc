//! `printf` and `sprintf`: each value becomes text as its conversion takes it.

use super::Expression;
use super::run::{Done, Machine};
use super::value::Value;

/// What a conversion takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Width,
    Conversion(u8),
}

impl Machine<'_> {
    pub(super) async fn formatted(&mut self, list: &[Expression]) -> Done<Vec<u8>> {
        let mut values = Vec::with_capacity(list.len());
        for expression in list {
            values.push(self.value(expression).await?);
        }
        let Some((format, values)) = values.split_first() else { return Ok(Vec::new()) };
        let format = self.text(format);
        self.process.session.step(format.len() as u64 / 128)?;
        let wanted = wanted(&format);
        if self.called.gnu && values.len() < wanted.len() {
            let message = format!(
                "{}: run time error: not enough arguments passed to printf(\"{}\")\n\tFILENAME=\"{}\" FNR={} NR={}",
                self.called.name,
                String::from_utf8_lossy(&format),
                String::from_utf8_lossy(&self.text(&self.variable("FILENAME"))),
                self.variable("FNR").number(),
                self.variable("NR").number(),
            );
            return self.fatal_text(&message);
        }
        let words: Vec<Vec<u8>> =
            wanted.iter().zip(values).map(|(takes, value)| self.word(*takes, value)).collect();
        // The program's text has no escapes any more.
        let mut escaped = Vec::with_capacity(format.len());
        for byte in format {
            if byte == b'\\' {
                escaped.push(b'\\');
            }
            escaped.push(byte);
        }
        Ok(crate::commands::printf::format_once(&escaped, &words))
    }

    /// A value as text for its conversion. mawk's whole numbers end where 32 bits do;
    /// BusyBox's become the smallest there.
    fn word(&self, takes: Takes, value: &Value) -> Vec<u8> {
        let number = value.number();
        let mawk = self.called.gnu;
        let fits = number > f64::from(i32::MIN) - 1.0 && number < f64::from(i32::MAX) + 1.0;
        match takes {
            Takes::Conversion(b'c') => match value {
                Value::Number(number) => vec![*number as i64 as u8],
                // A field that looks like a number is one.
                Value::Input(_) if value.is_numeric() => vec![number as i64 as u8],
                other => self.text(other),
            },
            Takes::Conversion(b's') => self.text(value),
            Takes::Width | Takes::Conversion(b'd' | b'i') => {
                let least = if mawk { -i32::MAX } else { i32::MIN };
                let whole = match (mawk, fits) {
                    (true, _) => (number as i32).max(least),
                    (false, true) => number as i32,
                    (false, false) => i32::MIN,
                };
                whole.to_string().into_bytes()
            }
            Takes::Conversion(b'o' | b'x' | b'X' | b'u') => {
                let whole =
                    if mawk || number >= 0.0 { number as u32 } else { number as i64 as u32 };
                whole.to_string().into_bytes()
            }
            Takes::Conversion(_) => number.to_string().into_bytes(),
        }
    }
}

/// What the conversions of a format take, in their order.
fn wanted(format: &[u8]) -> Vec<Takes> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < format.len() {
        at += 1;
        if format[at - 1] != b'%' {
            continue;
        }
        while let Some(byte) = format.get(at).copied() {
            at += 1;
            match byte {
                b'*' => all.push(Takes::Width),
                b'%' => break,
                b'-' | b'+' | b' ' | b'#' | b'.' | b'0'..=b'9' | b'h' | b'l' => {}
                letter => {
                    all.push(Takes::Conversion(letter));
                    break;
                }
            }
        }
    }
    all
}
