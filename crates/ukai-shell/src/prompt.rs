//! `$PS1` with its backslashes, as bash and BusyBox's ash show it.

use crate::process::Process;

impl Process {
    /// A prompt's text for the screen (bash(1), "PROMPTING"; `parse_and_put_prompt` of
    /// BusyBox).
    pub(crate) fn expand_prompt(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut bytes = text.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                out.push(byte);
                continue;
            }
            let Some(letter) = bytes.next() else {
                out.push(b'\\');
                break;
            };
            match letter {
                b'u' => out.extend_from_slice(self.session.login.user.as_bytes()),
                b'h' | b'H' => {
                    let name = self.session.fs.hostname();
                    let short = name.split('.').next().unwrap_or_default();
                    out.extend_from_slice(if letter == b'h' { short } else { &name }.as_bytes());
                }
                b'w' => out.extend(self.prompt_directory()),
                b'W' => {
                    let all = self.prompt_directory();
                    let name = crate::eval::base_name(&all);
                    out.extend_from_slice(if name.is_empty() { b"/" } else { name });
                }
                b'$' => out.push(if self.uid == 0 { b'#' } else { b'$' }),
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b'e' => out.push(0x1b),
                b'a' => out.push(0x07),
                b's' => {
                    let name = self.shown_name();
                    let name = name.trim_start_matches('-');
                    out.extend_from_slice(crate::eval::base_name(name.as_bytes()));
                }
                b'v' => out.extend_from_slice(b"5.2"),
                b'V' => out.extend_from_slice(b"5.2.15"),
                b't' | b'A' | b'T' | b'@' | b'd' => out.extend(self.prompt_time(letter)),
                b'[' | b']' => {}
                b'0'..=b'7' => {
                    let mut value = u32::from(letter - b'0');
                    for _ in 0..2 {
                        if let Some(digit @ b'0'..=b'7') = bytes.peek().copied() {
                            value = value * 8 + u32::from(digit - b'0');
                            bytes.next();
                        }
                    }
                    out.push(value as u8);
                }
                other => out.extend_from_slice(&[b'\\', other]),
            }
        }
        out
    }

    /// The directory, with `~` for the home.
    pub(crate) fn prompt_directory(&self) -> Vec<u8> {
        let home = self.variable(b"HOME").unwrap_or_default();
        match self.directory.strip_prefix(&home[..]) {
            Some(rest) if home.len() > 1 && (rest.is_empty() || rest[0] == b'/') => {
                [b"~", rest].concat()
            }
            _ => self.directory.to_vec(),
        }
    }

    fn prompt_time(&self, letter: u8) -> Vec<u8> {
        let seconds = self.session.now().secs();
        let time = i64::try_from(seconds).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
        let Some(time) = time else { return Vec::new() };
        let format = match letter {
            b't' => "%H:%M:%S",
            b'T' => "%I:%M:%S",
            b'@' => "%I:%M %p",
            b'A' => "%H:%M",
            _ => "%a %b %d",
        };
        time.strftime(format).to_string().into_bytes()
    }
}
