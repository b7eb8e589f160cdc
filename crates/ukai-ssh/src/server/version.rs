//! The exchange of versions: `kex_exchange_identification` of OpenSSH's kex.c, and
//! `read_session_identification` of Dropbear's common-session.c.

use super::{Phase, Server};
use crate::event::{Output, ServerEvent};
use crate::limits::{DROPBEAR_VERSION_BYTES_MAX, VERSION_BYTES_MAX};
use crate::profile::Family;
use bytes::Bytes;

const INVALID: &str = "Invalid SSH identification string.";
const DIFFER: &str = "Protocol major versions differ.";

impl Server {
    pub(super) fn version_byte(&mut self, byte: u8, out: &mut Vec<Output>) {
        match self.profile.family {
            Family::Openssh => self.openssh_byte(byte, out),
            Family::Dropbear => self.dropbear_byte(byte, out),
        }
    }

    fn openssh_byte(&mut self, byte: u8, out: &mut Vec<Output>) {
        let Phase::Version { carriage_return } = self.phase else { return };
        match byte {
            b'\r' => self.phase = Phase::Version { carriage_return: true },
            b'\n' => self.openssh_version(out),
            0 => self.refuse(INVALID, out),
            _ if carriage_return => self.refuse(INVALID, out),
            _ => {
                self.client_version.push(byte);
                if self.client_version.len() > VERSION_BYTES_MAX {
                    self.refuse(INVALID, out);
                }
            }
        }
    }

    fn openssh_version(&mut self, out: &mut Vec<Output>) {
        let line = self.client_version.clone();
        if line.len() <= 4 || !line.starts_with(b"SSH-") {
            self.refuse(INVALID, out);
            return;
        }
        match scan(&line) {
            None => self.refuse(INVALID, out),
            Some((2, _) | (1, 99)) if is_scanner(&line) => {
                self.accept_version(false, out);
                self.end("a scanner's version", None, out);
            }
            Some((2, _) | (1, 99)) => self.accept_version(true, out),
            Some(_) => self.refuse(DIFFER, out),
        }
    }

    fn dropbear_byte(&mut self, byte: u8, out: &mut Vec<Output>) {
        match byte {
            b'\r' => {}
            b'\n' => {
                let line = &self.client_version;
                if line.starts_with(b"SSH-2.") || line.starts_with(b"SSH-1.99-") {
                    self.accept_version(true, out);
                } else {
                    self.refuse("", out);
                }
            }
            _ => {
                self.client_version.push(byte);
                if self.client_version.len() >= DROPBEAR_VERSION_BYTES_MAX {
                    self.refuse("", out);
                }
            }
        }
    }

    fn accept_version(&mut self, go_on: bool, out: &mut Vec<Output>) {
        let version = Bytes::copy_from_slice(&self.client_version);
        self.event(ServerEvent::ClientVersion(version), out);
        self.phase = Phase::Packets;
        if go_on {
            self.send_kexinit();
        }
    }

    fn refuse(&mut self, text: &str, out: &mut Vec<Output>) {
        let version = Bytes::copy_from_slice(&self.client_version);
        self.event(ServerEvent::ClientVersion(version), out);
        let answer = (!text.is_empty()).then(|| text.to_owned());
        if answer.is_some() {
            self.ready.extend_from_slice(text.as_bytes());
            self.ready.extend_from_slice(b"\r\n");
        }
        self.event(ServerEvent::ProtocolError { what: "not a version of SSH 2", answer }, out);
        self.abort(out);
    }
}

/// `sscanf(line, "SSH-%d.%d-%[^\n]\n")`: major and minor, if something follows.
fn scan(line: &[u8]) -> Option<(i64, i64)> {
    let (major, rest) = number(line.strip_prefix(b"SSH-")?)?;
    let (minor, rest) = number(rest.strip_prefix(b".")?)?;
    let software = rest.strip_prefix(b"-")?;
    (!software.is_empty()).then_some((major, minor))
}

/// `%d`: white space, a sign, digits.
fn number(text: &[u8]) -> Option<(i64, &[u8])> {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let value = digits[..count].iter().fold(0i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Some((if negative { -value } else { value }, &digits[count..]))
}

/// compat.c: SSH_BUG_PROBE and SSH_BUG_SCANNER.
fn is_scanner(line: &[u8]) -> bool {
    let software = line.splitn(3, |byte| *byte == b'-').nth(2).unwrap_or_default();
    software.starts_with(b"Probe-")
        || software.windows(18).any(|part| part == b"SSH_Version_Mapper")
}
