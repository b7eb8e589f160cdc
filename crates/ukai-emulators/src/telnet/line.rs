//! Reading a line as Linux' terminals do in front of a log-in (drivers/tty/n_tty.c, with
//! the kernel's own control characters): echo, erase, end.

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing yet.
    More,
    /// The line is complete.
    Line(Vec<u8>),
    /// Control-D: what was typed is handed over so far.
    End(Vec<u8>),
    /// A key that sends a signal, and drops the line.
    Signal(u8),
}

/// Control-C, control-\ and control-Z.
pub(super) const SIGNALS: [u8; 3] = [0x03, 0x1c, 0x1a];

const ERASE: u8 = 0x7f;
const KILL: u8 = 0x15;
const WORD_ERASE: u8 = 0x17;
const END: u8 = 0x04;

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
            byte if SIGNALS.contains(&byte) => {
                self.clear();
                if echo {
                    show(byte, screen);
                }
                return Typed::Signal(byte);
            }
            END => return Typed::End(std::mem::take(&mut self.line)),
            ERASE => self.erase(1, echo, screen),
            KILL => self.erase(usize::MAX, echo, screen),
            WORD_ERASE => {
                let typed = &self.line;
                let word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
                let gap = typed.iter().rev().take_while(|byte| !word(byte)).count();
                let rest = &typed[..typed.len() - gap];
                self.erase(gap + rest.iter().rev().take_while(word).count(), echo, screen);
            }
            _ if self.line.len() >= max => self.overlong = true,
            _ => {
                self.line.push(byte);
                if echo {
                    show(byte, screen);
                }
            }
        }
        Typed::More
    }

    fn erase(&mut self, count: usize, echo: bool, screen: &mut Vec<u8>) {
        for _ in 0..count.min(self.line.len()) {
            let columns = match self.line.pop() {
                Some(byte) if is_control(byte) => 2,
                _ => 1,
            };
            if echo {
                screen.extend_from_slice(&b"\x08 \x08".repeat(columns));
            }
        }
    }

    /// What was typed so far.
    pub(super) fn take_line(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.line)
    }

    /// Drops what was typed so far.
    pub(super) fn clear(&mut self) {
        self.line.clear();
    }

    /// Whether bytes were dropped; tells once.
    pub(super) fn take_overlong(&mut self) -> bool {
        std::mem::take(&mut self.overlong)
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

fn show(byte: u8, screen: &mut Vec<u8>) {
    if is_control(byte) {
        screen.extend_from_slice(&[b'^', byte ^ 0x40]);
    } else {
        screen.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_as_on_a_terminal() {
        let mut reader = LineReader::default();
        let mut screen = Vec::new();
        let mut typed = Vec::new();
        for byte in b"ro\x08\x7fx\x15\x17a_b, cd \x17\x17\0q\x04\x7fz\r\x04\x03" {
            typed.push(reader.take(*byte, true, 64, &mut screen));
        }
        typed.retain(|typed| *typed != Typed::More);
        let [handed, line] = [b"\0q".to_vec(), b"z".to_vec()];
        let expected =
            [Typed::End(handed), Typed::Line(line), Typed::End(vec![]), Typed::Signal(3)];
        assert_eq!(typed, expected);
        let back = "\x08 \x08";
        let expected = format!(
            "ro^H{0}x{1}a_b, cd {1}{2}^@qz\r\n^C",
            back.repeat(2),
            back.repeat(3),
            back.repeat(5)
        );
        assert_eq!(
            screen.escape_ascii().to_string(),
            expected.as_bytes().escape_ascii().to_string()
        );
    }
}
