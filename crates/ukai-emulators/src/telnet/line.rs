//! Reading a line as a terminal in front of a log-in does: echo, erase, end.

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing yet.
    More,
    /// The line is complete.
    Line(Vec<u8>),
    /// Control-C, or control-D on an empty line.
    Quit,
}

/// A line being typed.
#[derive(Debug, Default)]
pub(super) struct LineReader {
    line: Vec<u8>,
    overlong: bool,
}

impl LineReader {
    /// Takes a byte; with `echo`, what the terminal shows is appended to `screen`.
    pub(super) fn take(&mut self, byte: u8, echo: bool, max: usize, screen: &mut Vec<u8>) -> Typed {
        match byte {
            b'\r' | b'\n' => {
                if echo {
                    screen.extend_from_slice(b"\r\n");
                }
                return Typed::Line(std::mem::take(&mut self.line));
            }
            0x03 => return Typed::Quit,
            0x04 if self.line.is_empty() => return Typed::Quit,
            0x08 | 0x7f => {
                if self.line.pop().is_some() && echo {
                    screen.extend_from_slice(b"\x08 \x08");
                }
            }
            0x15 => {
                for _ in 0..self.line.len() * usize::from(echo) {
                    screen.extend_from_slice(b"\x08 \x08");
                }
                self.line.clear();
            }
            0 => {}
            _ if self.line.len() >= max => self.overlong = true,
            _ => {
                self.line.push(byte);
                if echo {
                    match byte {
                        0x01..0x20 => screen.extend_from_slice(&[b'^', byte + 0x40]),
                        _ => screen.push(byte),
                    }
                }
            }
        }
        Typed::More
    }

    /// Whether bytes were dropped; tells once.
    pub(super) fn take_overlong(&mut self) -> bool {
        std::mem::take(&mut self.overlong)
    }
}
