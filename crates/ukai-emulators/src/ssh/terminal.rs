//! Terminal modes as they come over the wire (RFC 4254, section 8).

use super::channel::Pty;
use ukai_shell::{TerminalModes, TerminalSize};
use ukai_ssh::PtyRequest;

impl Pty {
    pub(super) fn new(request: &PtyRequest) -> Self {
        Self {
            term: request.term.clone(),
            size: size(request.cols, request.rows),
            modes: modes(&request.modes),
        }
    }
}

/// A size as a terminal keeps it; 0 stands for unknown, as which programs take 80 by 24.
pub(super) fn size(columns: u32, rows: u32) -> TerminalSize {
    let number = |given: u32, usual| match u16::try_from(given) {
        Ok(0) => usual,
        Ok(given) => given,
        Err(_) => u16::MAX,
    };
    TerminalSize { columns: number(columns, 80), rows: number(rows, 24) }
}

fn modes(list: &[(u8, u32)]) -> TerminalModes {
    let mut modes = TerminalModes::default();
    for (opcode, value) in list {
        let on = *value != 0;
        let character = u8::try_from(*value).unwrap_or(u8::MAX);
        match opcode {
            1 => modes.interrupt = character,
            2 => modes.quit = character,
            3 => modes.erase = character,
            4 => modes.kill = character,
            5 => modes.end_of_file = character,
            10 => modes.suspend = character,
            13 => modes.word_erase = character,
            14 => modes.literal_next = character,
            36 => modes.return_is_newline = on,
            42 => modes.utf8 = on,
            50 => modes.signals = on,
            51 => modes.canonical = on,
            53 => modes.echo = on,
            72 => modes.newline_returns = on,
            _ => {}
        }
    }
    modes
}

#[cfg(test)]
mod tests {
    use super::{modes, size};

    #[test]
    fn sizes_and_modes_are_those_of_the_request() {
        assert_eq!((size(0, 0).columns, size(0, 0).rows), (80, 24));
        assert_eq!(size(1 << 20, 50).columns, u16::MAX);
        let modes = modes(&[(53, 0), (1, 7), (51, 1), (200, 4)]);
        assert!(!modes.echo && modes.canonical && modes.interrupt == 7);
    }
}
