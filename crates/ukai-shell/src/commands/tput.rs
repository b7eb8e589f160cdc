//! `tput` of ncurses 6.4: capabilities of the terminals that Debian's `ncurses-base`
//! knows, of which `terminfo.txt` holds those that are met (as `infocmp -1` prints them).

use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("tput", tput)];

const DATA: &str = include_str!("terminfo.txt");

/// Terminals whose lines off the screen are cleared, too (`E3`).
const CLEARS_LINES_ABOVE: &[&str] = &["xterm", "xterm-256color", "linux", "tmux-256color"];

/// Exit statuses (tput(1), EXIT CODES).
mod status {
    pub(super) const ABSENT: i32 = 1;
    pub(super) const USAGE: i32 = 2;
    pub(super) const NO_TERMINAL: i32 = 3;
    pub(super) const UNKNOWN: i32 = 4;
}

/// A capability of a terminal.
#[derive(Debug)]
enum Capability {
    True,
    Number(i64),
    Text(Vec<u8>),
}

/// A terminal: its long name, and what it can do.
type Terminal = (String, HashMap<&'static str, Capability>);

static TERMINALS: LazyLock<HashMap<&'static str, Terminal>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    let mut present = "";
    for line in DATA.lines() {
        let Some(capability) = line.strip_prefix('\t') else {
            let mut names = line.trim_end_matches(',').split('|');
            present = names.next().unwrap_or_default();
            let long = names.next_back().unwrap_or(present).to_owned();
            all.insert(present, (long, HashMap::new()));
            continue;
        };
        let capability = capability.strip_suffix(',').unwrap_or(capability);
        let (name, value) = if let Some((name, text)) = capability.split_once('=') {
            (name, Capability::Text(unescaped(text.as_bytes())))
        } else if let Some((name, number)) = capability.split_once('#') {
            let number = match number.strip_prefix("0x") {
                Some(digits) => i64::from_str_radix(digits, 16),
                None => number.parse(),
            };
            (name, Capability::Number(number.unwrap_or(-1)))
        } else {
            (capability, Capability::True)
        };
        if let Some((_, capabilities)) = all.get_mut(present) {
            capabilities.insert(name, value);
        }
    }
    all
});

/// A text without the escapes of terminfo(5), and without the delays of old terminals.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        let next = text.get(at).copied();
        match (byte, next) {
            (b'^', Some(letter)) => {
                out.push(if letter == b'?' { 0x7f } else { letter & 0x1f });
                at += 1;
            }
            (b'\\', Some(letter)) => {
                at += 1;
                match letter {
                    b'E' | b'e' => out.push(0x1b),
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'b' => out.push(8),
                    b's' => out.push(b' '),
                    b'0'..=b'7' => {
                        let digits = &text[at - 1..text.len().min(at + 2)];
                        let count = digits.iter().take_while(|b| (b'0'..=b'7').contains(b)).count();
                        let value = digits[..count]
                            .iter()
                            .fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                        out.push(value as u8);
                        at += count - 1;
                    }
                    other => out.push(other),
                }
            }
            (b'$', Some(b'<')) => {
                at += text[at..].iter().position(|b| *b == b'>').map_or(0, |end| end + 1);
            }
            _ => out.push(*byte),
        }
    }
    out
}

fn tput(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "+T:Vx", &[]);
    if options.has("V") {
        process.print("ncurses 6.4.20221231\n")?;
        return Ok(0);
    }
    let name = match options.value("T") {
        Some(name) => name.to_vec(),
        None => process.variable(b"TERM").unwrap_or_default().to_vec(),
    };
    if name.is_empty() {
        process.error("tput: No value for $TERM and no -T specified")?;
        return Ok(status::USAGE);
    }
    let name = String::from_utf8_lossy(&name).into_owned();
    let Some((long, capabilities)) = TERMINALS.get(&name[..]) else {
        process.error(&format!("tput: unknown terminal \"{name}\""))?;
        return Ok(status::NO_TERMINAL);
    };
    let Some((wanted, values)) = options.operands.split_first() else {
        return Ok(status::USAGE);
    };
    let wanted = String::from_utf8_lossy(wanted).into_owned();
    let text = |name: &str| match capabilities.get(name) {
        Some(Capability::Text(text)) => text.clone(),
        _ => Vec::new(),
    };
    let size = process.session.terminal();
    let out = match (&wanted[..], size) {
        ("cols", Some(size)) => format!("{}\n", size.columns).into_bytes(),
        ("lines", Some(size)) => format!("{}\n", size.rows).into_bytes(),
        ("longname", _) => long.clone().into_bytes(),
        ("init", _) => [text("is1"), text("is2"), text("is3")].concat(),
        ("reset", _) => [text("rs1"), text("rs2"), text("rs3")].concat(),
        ("clear", _) if CLEARS_LINES_ABOVE.contains(&&name[..]) && !options.has("x") => {
            [text("clear"), b"\x1b[3J".to_vec()].concat()
        }
        (wanted, _) => match capabilities.get(wanted) {
            Some(Capability::True) => return Ok(0),
            Some(Capability::Number(number)) => format!("{number}\n").into_bytes(),
            Some(Capability::Text(format)) => {
                let values: Vec<i64> = values
                    .iter()
                    .map(|v| std::str::from_utf8(v).ok().and_then(|t| t.parse().ok()).unwrap_or(0))
                    .collect();
                process.session.step(1 + format.len() as u64 / 64)?;
                filled(format, &values)
            }
            None => {
                let others = TERMINALS.values().find_map(|(_, all)| all.get(wanted));
                match others {
                    Some(Capability::Number(_)) => b"-1\n".to_vec(),
                    Some(_) => return Ok(status::ABSENT),
                    None => {
                        process.error(&format!("tput: unknown terminfo capability '{wanted}'"))?;
                        return Ok(status::UNKNOWN);
                    }
                }
            }
        },
    };
    process.print(&out)?;
    Ok(0)
}

/// A text with its parameters in it (terminfo(5), "Parameterized Strings").
fn filled(format: &[u8], values: &[i64]) -> Vec<u8> {
    /// Most values on the stack.
    const STACK: usize = 32;
    let mut parameters = [0_i64; 9];
    for (parameter, value) in parameters.iter_mut().zip(values) {
        *parameter = *value;
    }
    let mut out = Vec::new();
    let mut stack: Vec<i64> = Vec::new();
    let mut at = 0;
    while let Some(byte) = format.get(at).copied() {
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let Some(letter) = format.get(at).copied() else { break };
        at += 1;
        match letter {
            b'%' => out.push(b'%'),
            b'i' => {
                parameters[0] = parameters[0].saturating_add(1);
                parameters[1] = parameters[1].saturating_add(1);
            }
            b'p' => {
                let index = format.get(at).map_or(0, |digit| usize::from(digit.wrapping_sub(b'1')));
                at += 1;
                stack.push(parameters.get(index).copied().unwrap_or(0));
            }
            b'{' => {
                let end = format[at..].iter().position(|b| *b == b'}').unwrap_or(0);
                let digits = std::str::from_utf8(&format[at..at + end]).ok();
                stack.push(digits.and_then(|d| d.parse().ok()).unwrap_or(0));
                at += end + 1;
            }
            b'\'' => {
                stack.push(format.get(at).map_or(0, |b| i64::from(*b)));
                at += 2;
            }
            b'd' | b's' => {
                out.extend_from_slice(stack.pop().unwrap_or(0).to_string().as_bytes());
            }
            b'c' => out.push(stack.pop().unwrap_or(0) as u8),
            // Widths: `%2d`, `%02d`, `%03d`.
            b'0'..=b'9' => {
                let digits = format[at - 1..].iter().take_while(|b| b.is_ascii_digit()).count();
                let width = usize::from(format[at - 2 + digits] - b'0');
                let number = stack.pop().unwrap_or(0);
                let shown = if letter == b'0' {
                    format!("{number:0width$}")
                } else {
                    format!("{number:width$}")
                };
                out.extend_from_slice(shown.as_bytes());
                at += digits;
            }
            b'?' | b';' => {}
            b't' => {
                if stack.pop().unwrap_or(0) == 0 {
                    at = after_branch(format, at, true);
                }
            }
            b'e' => at = after_branch(format, at, false),
            b'!' => {
                let value = stack.pop().unwrap_or(0);
                stack.push(i64::from(value == 0));
            }
            operator => {
                let (right, left) = (stack.pop().unwrap_or(0), stack.pop().unwrap_or(0));
                stack.push(match operator {
                    b'+' => left.saturating_add(right),
                    b'-' => left.saturating_sub(right),
                    b'*' => left.saturating_mul(right),
                    b'/' => left.checked_div(right).unwrap_or(0),
                    b'm' => left.checked_rem(right).unwrap_or(0),
                    b'&' => left & right,
                    b'|' => left | right,
                    b'^' => left ^ right,
                    b'=' => i64::from(left == right),
                    b'<' => i64::from(left < right),
                    b'>' => i64::from(left > right),
                    b'A' => i64::from(left != 0 && right != 0),
                    b'O' => i64::from(left != 0 || right != 0),
                    _ => 0,
                });
            }
        }
        stack.truncate(STACK);
    }
    out
}

/// Where the branch that begins at `at` ends: behind `%;`, or behind `%e` if that is
/// looked for.
fn after_branch(format: &[u8], at: usize, stops_at_else: bool) -> usize {
    let mut depth = 0;
    let mut at = at;
    while let Some(byte) = format.get(at) {
        at += 1;
        if *byte != b'%' {
            continue;
        }
        match format.get(at) {
            Some(b'?') => depth += 1,
            Some(b';') if depth == 0 => return at + 1,
            Some(b';') => depth -= 1,
            Some(b'e') if depth == 0 && stops_at_else => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}
