//! `factor`, `numfmt`, `cal`.

use super::list::date as format_date;
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("factor", factor),
    Command::at_once("numfmt", numfmt),
    Command::at_once("cal", cal),
];

/// Divisors that are tried in a step.
const DIVISORS_PER_STEP: u64 = 4_096;

/// Arguments, or the words of the input if there are none.
fn words(process: &mut Process, given: &[Vec<u8>]) -> Result<Vec<String>, super::Leave> {
    let text = if given.is_empty() { process.input()?.to_vec() } else { given.join(&b' ') };
    Ok(String::from_utf8_lossy(&text).split_whitespace().map(str::to_owned).collect())
}

fn factor(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut status = 0;
    for word in words(process, arguments.rest())? {
        let Ok(number) = word.parse::<u64>() else {
            status = 1;
            if arguments.gnu {
                process.error(&format!("factor: ‘{word}’ is not a valid positive integer"))?;
            } else {
                process.busybox_usage("factor [NUMBER]...\n")?;
            }
            continue;
        };
        let mut line = format!("{number}:");
        let (mut rest, mut divisor) = (number, 2_u64);
        while rest > 1 && divisor.saturating_mul(divisor) <= rest {
            while rest.is_multiple_of(divisor) {
                let _ = write!(line, " {divisor}");
                rest /= divisor;
            }
            divisor += if divisor == 2 { 1 } else { 2 };
            process.session.step(u64::from(divisor % DIVISORS_PER_STEP == 1))?;
        }
        if rest > 1 {
            let _ = write!(line, " {rest}");
        }
        line.push('\n');
        process.print(&line)?;
    }
    Ok(status)
}

/// Letters of powers of 1,000 or 1,024.
const UNITS: [&str; 9] = ["", "K", "M", "G", "T", "P", "E", "Z", "Y"];

fn numfmt(process: &mut Process, arguments: &Arguments) -> Outcome {
    let long = ["to:", "from:", "suffix:", "field:", "padding:", "format:", "round:"];
    let options = Options::read(arguments, "d:z", &long);
    let base = |name: &str| -> f64 {
        match options.value(name) {
            Some(b"iec" | b"iec-i") => 1_024.0,
            Some(b"si" | b"auto") => 1_000.0,
            _ => 1.0,
        }
    };
    let (to, from) = (base("to"), base("from"));
    for word in words(process, &options.operands)? {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = word[digits.len()..].chars().next().map(String::from).unwrap_or_default();
        let power = UNITS.iter().position(|u| *u == unit).filter(|p| *p == 0 || from > 1.0);
        let (Ok(value), Some(power)) = (digits.parse::<f64>(), power) else {
            process.error(&format!("numfmt: invalid number: ‘{word}’"))?;
            return Ok(2);
        };
        let mut value = value * from.powi(power as i32);
        let mut place = 0;
        while to > 1.0 && value.abs() >= to && place + 1 < UNITS.len() {
            value /= to;
            place += 1;
        }
        let text = if to > 1.0 && place > 0 && value.abs() < 10.0 {
            format!("{:.1}{}", (value * 10.0).ceil() / 10.0, UNITS[place])
        } else {
            format!("{}{}", value.ceil(), UNITS[place])
        };
        process.print(format!("{text}\n"))?;
    }
    Ok(0)
}

fn cal(process: &mut Process, arguments: &Arguments) -> Outcome {
    /// Columns of a month.
    const COLUMNS: usize = 20;
    let number = |word: &Vec<u8>| String::from_utf8_lossy(word).parse::<i16>().ok();
    let now = process.session.host.clock(process.session.now()).secs();
    let today = |form: &str| format_date(now, form).parse::<i16>().unwrap_or(1);
    let numbers: Vec<i16> = arguments.rest().iter().filter_map(number).collect();
    let (months, year) = match numbers[..] {
        [month, year, ..] => (vec![month as i8], year),
        [year] => ((1..=12).collect(), year),
        [] => (vec![today("%m") as i8], today("%Y")),
    };
    for month in months {
        let Ok(first) = jiff::civil::Date::new(year, month, 1) else {
            process.error(&format!("cal: {month} is neither a month number (1..12) nor a name"))?;
            return Ok(1);
        };
        let title = first.strftime("%B %Y").to_string();
        let left = (COLUMNS.saturating_sub(title.len())) / 2;
        // BusyBox ends no line with blanks.
        let mut text = format!("{}{title}\nSu Mo Tu We Th Fr Sa\n", " ".repeat(left));
        let start = first.weekday().to_sunday_zero_offset() as usize;
        let mut line = "   ".repeat(start);
        for day in 1..=first.days_in_month() {
            let _ = write!(line, "{day:>2} ");
            if (start + usize::from(day.unsigned_abs())).is_multiple_of(7) {
                let _ = writeln!(text, "{}", line.trim_end());
                line.clear();
            }
        }
        if !line.is_empty() {
            let _ = writeln!(text, "{}", line.trim_end());
        }
        process.print(&text)?;
    }
    Ok(0)
}
