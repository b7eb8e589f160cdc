//! Finger (RFC 1288): a query of one line, and what is known of the users that it names.
//! The answers have the form of Debian's `fingerd` 0.17. Whoever is asked for has an
//! account, as scripts that fetch their next step by finger expect.

use crate::limits::QUERY_BYTES;
use crate::lines::Lines;
use crate::simple::{Plain, Simple};
use crate::told::Told;
use std::fmt::Write as _;
use ukai_emulators::{Context, Emulator, Open, Session};

/// Users of one query that are answered for.
const USERS: usize = 10;

/// The finger server, on TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finger;

impl Emulator for Finger {
    fn name(&self) -> &'static str {
        "finger"
    }

    fn open(&self, _open: Open) -> Box<dyn Session> {
        let lines = Lines::new(QUERY_BYTES, b"\n");
        Box::new(Plain(Asked { told: Told::new("finger"), lines, answered: false }))
    }
}

struct Asked {
    told: Told,
    lines: Lines,
    answered: bool,
}

impl Asked {
    fn answer(&mut self, cx: &mut Context<'_>, query: &[u8]) {
        self.answered = true;
        let text = String::from_utf8_lossy(query);
        // `/W` asks for more than we know.
        let names: Vec<&str> =
            text.split_whitespace().filter(|name| !name.eq_ignore_ascii_case("/w")).collect();
        let forward = names.iter().any(|name| name.contains('@'));
        let request = match names.is_empty() {
            true => "list",
            false if forward => "forward",
            false => "user",
        };
        self.told.request(cx, request, query);
        cx.send(match request {
            "list" => "No one logged on.\r\n".to_owned(),
            "forward" => "fingerd: forwarding not allowed\r\n".to_owned(),
            _ => names.into_iter().take(USERS).map(user).collect::<Vec<_>>().join("\r\n"),
        });
        cx.close();
    }
}

/// What is known of one.
fn user(name: &str) -> String {
    let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.len() > 32 || !name.chars().all(known) {
        let shown: String = name.chars().filter(char::is_ascii_graphic).collect();
        return format!("finger: {shown}: no such user.\r\n");
    }
    let home = if name == "root" { "/root".to_owned() } else { format!("/home/{name}") };
    let mut text = String::new();
    let _ = write!(text, "Login: {name:<15.15}\t\t\tName: {name}\r\n");
    let _ = write!(text, "Directory: {home:<25.25}\tShell: /bin/bash\r\n");
    text.push_str("Never logged in.\r\nNo mail.\r\nNo Plan.\r\n");
    text
}

impl Simple for Asked {
    const NAME: &'static str = "finger";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if !self.answered
            && let Some((query, _)) = self.lines.next(bytes)
        {
            self.answer(cx, &query);
        }
    }

    /// Clients that end their side instead of the line have asked too.
    fn on_eof(&mut self, cx: &mut Context<'_>) {
        if !self.answered {
            let query = self.lines.rest();
            self.answer(cx, &query);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Finger;
    use crate::stage::Stage;

    fn ask(query: &str) -> String {
        let mut stage = Stage::open(&Finger, 79);
        assert_eq!(stage.talk(&query[..query.len() / 2]), "");
        let answer = stage.talk(&query[query.len() / 2..]);
        assert!(stage.closed);
        assert_eq!(stage.kinds(), ["service.request"]);
        answer
    }

    /// Bytes of Debian's `fingerd` 0.17-17.
    #[test]
    fn answers_are_those_of_the_real_server() {
        assert_eq!(
            ask("root\r\n"),
            "Login: root           \t\t\tName: root\r\n\
             Directory: /root                    \tShell: /bin/bash\r\n\
             Never logged in.\r\nNo mail.\r\nNo Plan.\r\n"
        );
        assert_eq!(ask("/W root\r\n"), ask("root\n"));
        assert_eq!(ask("\r\n"), "No one logged on.\r\n");
        assert_eq!(ask("/W\r\n"), "No one logged on.\r\n");
        assert_eq!(ask("a@b\r\n"), "fingerd: forwarding not allowed\r\n");
    }

    #[test]
    fn several_users_are_answered_for_and_an_end_is_a_query() {
        assert_eq!(ask("ann bob\r\n").matches("Login: ").count(), 2);
        assert_eq!(ask("a\u{1b}[2J;b\r\n"), "finger: a[2J;b: no such user.\r\n");
        let mut stage = Stage::open(&Finger, 79);
        stage.talk("ann");
        stage.eof();
        assert!(stage.closed && stage.sent.concat().starts_with(b"Login: ann "));
    }
}
