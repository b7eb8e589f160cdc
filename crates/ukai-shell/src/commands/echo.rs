//! `echo`.

use super::{Arguments, Command, Outcome};
use crate::escape::unescape;
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("echo", echo)];

fn echo(process: &mut Process, arguments: &Arguments) -> Outcome {
    let mut newline = true;
    // dash knows only `-n`, and escapes always.
    let dash = process.dash && arguments.gnu;
    let mut escapes = dash;
    let mut words = arguments.rest();
    while let [first, rest @ ..] = words {
        let is_option = first.len() > 1
            && first[0] == b'-'
            && first[1..].iter().all(|b| matches!(b, b'n' | b'e' | b'E'));
        let is_option = if dash { first == b"-n" } else { is_option };
        if !is_option {
            break;
        }
        for letter in &first[1..] {
            match letter {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = rest;
    }
    let mut text = words.join(&b' ');
    if dash {
        text = without_gnu_escapes(&text);
    }
    if escapes {
        let (plain, ended) = unescape(&text, if arguments.gnu { Some(true) } else { None });
        text = plain;
        newline &= !ended;
    }
    if newline {
        text.push(b'\n');
    }
    process.print(&text)?;
    Ok(0)
}

/// Escapes that dash does not have stand for themselves.
fn without_gnu_escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        out.push(*first);
        if *first == b'\\'
            && let [second, after @ ..] = rest
        {
            if matches!(second, b'x' | b'u' | b'U' | b'E') {
                out.push(b'\\');
            }
            out.push(*second);
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn dash_has_fewer_escapes() {
        let kept = super::without_gnu_escapes(b"a\\x41 \\\\x41 \\n\\E\\");
        assert_eq!(kept, b"a\\\\x41 \\\\x41 \\n\\\\E\\");
    }
}
