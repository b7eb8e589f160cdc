//! Passwords that archives with samples are closed with.

use crate::limits::PASSWORDS_MAX;
use memchr::memmem;

/// What researchers, mail campaigns and cracked software use, the commonest first.
const COMMON: &[&str] = &[
    "infected",
    "infected666",
    "malware",
    "virus",
    "123456",
    "1234",
    "12345",
    "12345678",
    "123",
    "0000",
    "1111",
    "2023",
    "2024",
    "2025",
    "2026",
    "password",
    "pass",
    "abc123",
    "admin",
    "VelvetSweatshop",
    "novirus",
    "clean",
    "test",
    "secret",
    "qwerty",
    "555",
    "777",
    "888",
];

/// Words before a password in mails and notes, in lower case.
const INTRODUCTIONS: &[&str] = &[
    "password",
    "passwort",
    "passcode",
    "kennwort",
    "pass",
    "pwd",
    "contraseña",
    "mot de passe",
    "senha",
    "пароль",
    "パスワード",
    "密码",
    "解压密码",
];

/// Longest password that is taken from a text, in bytes.
const PASSWORD_BYTES_MAX: usize = 64;
/// Beginning of a text that is searched, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The passwords to try, in order.
pub(crate) struct Passwords {
    list: Vec<Vec<u8>>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { list: COMMON.iter().map(|word| word.as_bytes().to_vec()).collect() }
    }

    pub(crate) fn list(&self) -> &[Vec<u8>] {
        &self.list
    }

    /// Takes passwords out of a text: they are tried before the common ones.
    pub(crate) fn learn(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(&text[..text.len().min(TEXT_BYTES_MAX)]);
        let lower = text.to_lowercase();
        // Places agree only if lower case is as long.
        if lower.len() != text.len() {
            return;
        }
        for introduction in INTRODUCTIONS {
            for at in memmem::find_iter(lower.as_bytes(), introduction.as_bytes()) {
                let Some(rest) = text.get(at + introduction.len()..) else { continue };
                // `pass` is not `password`.
                if introduction.is_ascii() && rest.starts_with(char::is_alphanumeric) {
                    continue;
                }
                let rest = rest.trim_start_matches(is_between);
                let rest = ["is", "ist", "est", "es", "to open"]
                    .iter()
                    .filter_map(|word| rest.strip_prefix(word))
                    .find(|rest| rest.starts_with([' ', ':']))
                    .unwrap_or(rest)
                    .trim_start_matches(is_between);
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | ',' | ';'));
                let word = &rest[..end.unwrap_or(rest.len())];
                let word = word.trim_end_matches(['.', ')', ']']);
                self.insert(word);
            }
        }
    }

    fn insert(&mut self, word: &str) {
        let fits = (2..=PASSWORD_BYTES_MAX).contains(&word.len());
        if fits
            && self.list.len() < PASSWORDS_MAX
            && !self.list.iter().any(|it| it == word.as_bytes())
        {
            let found = self.list.len() - COMMON.len();
            self.list.insert(found, word.as_bytes().to_vec());
        }
    }
}

/// What stands between the word and the password.
fn is_between(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, ':' | '=' | '"' | '\'' | '-' | '\u{ff1a}')
}

#[cfg(test)]
mod tests {
    use super::Passwords;

    #[test]
    fn passwords_in_texts_come_first() {
        for (text, expected) in [
            ("Dear sir, the password is: Inv0ice!, thanks", "Inv0ice!"),
            ("Password: 4711.\nRegards", "4711"),
            ("Passwort ist 'geheim7'", "geheim7"),
            ("пароль: топ77\n", "топ77"),
            ("archive pass = k9", "k9"),
        ] {
            let mut passwords = Passwords::new();
            passwords.learn(text.as_bytes());
            let first: Vec<_> = passwords.list().iter().take(3).collect();
            assert!(first.iter().any(|it| *it == expected.as_bytes()), "{text}: {first:?}");
        }
    }

    #[test]
    fn the_number_of_passwords_is_bounded() {
        let mut passwords = Passwords::new();
        let lines: Vec<String> = (0..1000).map(|n| format!("password: word{n}")).collect();
        let text = lines.join("\n");
        passwords.learn(text.as_bytes());
        assert_eq!(passwords.list().len(), super::PASSWORDS_MAX);
    }
}
