//! Ident (RFC 1413): who owns a connection, asked by its two ports. Each connection has an
//! owner here; its name follows from the session's seed.

use crate::chance::Chance;
use crate::limits::{IDENT_QUERIES, QUERY_BYTES};
use crate::lines::Lines;
use crate::simple::{Plain, Simple};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session};

/// Owners of connections of a machine with many users.
const OWNERS: [&str; 8] =
    ["root", "admin", "www-data", "nobody", "daemon", "ubuntu", "user", "irc"];

/// The ident server, on TCP. Its lines have the form of oidentd 2.5.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ident;

impl Emulator for Ident {
    fn name(&self) -> &'static str {
        "ident"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(Plain(Asked {
            told: Told::new("ident"),
            lines: Lines::new(QUERY_BYTES, b"\n"),
            owner: Chance::new(open.seed, "ident").pick(&OWNERS),
            queries: 0,
        }))
    }
}

/// Whether this is how a query begins a connection: two ports and the end of a line.
pub fn looks_like_ident(bytes: &[u8]) -> bool {
    let line = bytes.strip_suffix(b"\n").unwrap_or_default();
    ports(line.strip_suffix(b"\r").unwrap_or(line))
        .is_some_and(|(ours, theirs)| ours != 0 && theirs != 0)
}

/// The two ports of a query; 0 for one that no connection can have.
fn ports(line: &[u8]) -> Option<(u16, u16)> {
    let text = std::str::from_utf8(line).ok()?;
    let (ours, theirs) = text.split_once(',')?;
    let port = |text: &str| {
        let digits = text.trim_matches([' ', '\t']);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().unwrap_or(0))
    };
    Some((port(ours)?, port(theirs)?))
}

struct Asked {
    told: Told,
    lines: Lines,
    owner: &'static str,
    queries: u32,
}

impl Simple for Asked {
    const NAME: &'static str = "ident";

    fn on_bytes(&mut self, cx: &mut Context<'_>, mut bytes: &[u8]) {
        while self.queries < IDENT_QUERIES
            && let Some((query, rest)) = self.lines.next(bytes)
        {
            bytes = rest;
            self.queries += 1;
            self.told.request(cx, "query", &query);
            let Some((ours, theirs)) = ports(&query) else {
                cx.close();
                self.queries = IDENT_QUERIES;
                return;
            };
            cx.send(if ours == 0 || theirs == 0 {
                format!("{ours},{theirs}:ERROR:INVALID-PORT\r\n")
            } else {
                format!("{ours},{theirs}:USERID:UNIX:{}\r\n", self.owner)
            });
            if self.queries == IDENT_QUERIES {
                cx.close();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ident, looks_like_ident};
    use crate::limits::IDENT_QUERIES;
    use crate::stage::Stage;

    #[test]
    fn each_connection_has_the_same_owner() {
        let mut stage = Stage::open(&Ident, 113);
        let first = stage.talk("6193, 23\r\n");
        let owner = first.strip_prefix("6193,23:USERID:UNIX:").expect("an owner");
        assert_eq!(stage.talk("1 , 2\r\n"), format!("1,2:USERID:UNIX:{owner}"));
        assert_eq!(stage.talk("0,70000\n"), "0,0:ERROR:INVALID-PORT\r\n");
        assert!(!stage.closed);
        assert_eq!(stage.talk("who\r\n1,2\r\n"), "");
        assert!(stage.closed);
        assert_eq!(stage.kinds(), ["service.request"; 4]);
    }

    #[test]
    fn queries_of_a_connection_are_counted() {
        let mut stage = Stage::open(&Ident, 113);
        stage.talk(&"1,2\r\n".repeat(1_000));
        assert!(stage.closed);
        assert_eq!(stage.sent.len(), IDENT_QUERIES as usize);
    }

    #[test]
    fn a_query_is_told_from_other_lines() {
        assert!(looks_like_ident(b"6193, 23\r\n"));
        assert!(looks_like_ident(b"1,2\n"));
        for other in
            [&b"1,2"[..], b"", b"0,2\r\n", b"1,2,3\r\n", b"1,\r\n", b"a,b\r\n", b"1,70000\n"]
        {
            assert!(!looks_like_ident(other), "{other:?}");
        }
    }
}
