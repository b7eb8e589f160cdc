//! Values that nobody contacts but that tell about a sample: mail addresses, wallets, paths,
//! user agents, mutexes; and what containers say: commands, techniques, where they were made.

use crate::limits::{ARTEFACT_BYTES_MAX, ARTEFACTS_MAX, ARTEFACTS_OF_A_KIND_MAX};
use crate::observables::{Source, is_contact_host, service_urls};
use crate::unpack::Told;
use aho_corasick::AhoCorasick;
use memchr::memchr;
use sha2::Digest;
use std::collections::HashSet;
use std::sync::LazyLock;
use ukai_model::{Artefact, ArtefactKind, PeerText};

/// What was found so far: the first occurrence of each value.
#[derive(Default)]
pub(crate) struct Artefacts {
    pub(crate) list: Vec<Artefact>,
    seen: HashSet<(ArtefactKind, Vec<u8>)>,
    /// Which member is looked at; `None`: the sample itself.
    pub(crate) layer: Option<u32>,
}

/// Beginnings of what HTTP clients call themselves.
const USER_AGENTS: &[&[u8]] = &[
    b"Mozilla/",
    b"Opera/",
    b"curl/",
    b"Wget/",
    b"python-requests/",
    b"Go-http-client/",
    b"okhttp/",
    b"WinHTTP",
    b"Microsoft BITS/",
    b"Lynx/",
    b"libwww-perl/",
    b"Dalvik/",
];

static USER_AGENTS_SEARCH: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(USER_AGENTS).expect("few and short"));

/// Beginnings of paths that say what a program touches.
const PATHS: &[&[u8]] = &[
    b"/tmp/",
    b"/var/",
    b"/dev/",
    b"/proc/",
    b"/etc/",
    b"/bin/",
    b"/sbin/",
    b"/usr/bin/",
    b"/usr/sbin/",
    b"/root/",
    b"/home/",
    b"/opt/",
    b"/mnt/",
    b"/lib/",
    b"/system/",
    b"/data/local/",
    b"/sys/",
    b"C:\\",
    b"c:\\",
    b"D:\\",
    b"%TEMP%\\",
    b"%APPDATA%\\",
    b"%LOCALAPPDATA%\\",
    b"%PROGRAMDATA%\\",
    b"%USERPROFILE%\\",
    b"%WINDIR%\\",
    b"%SYSTEMROOT%\\",
    b"HKEY_",
    b"HKLM\\",
    b"HKCU\\",
    b"Software\\",
    b"SOFTWARE\\",
    b"SYSTEM\\CurrentControlSet\\",
    b"\\\\.\\pipe\\",
    b"\\Device\\",
];

/// Length of user, password and host of a URL, in bytes.
const LOGIN_BYTES_MAX: usize = 512;

/// The first bytes of those paths: most texts begin otherwise.
const PATHS_BEGIN: &[u8] = b"/CcD%HS\\";

impl Artefacts {
    /// Finds artefacts in one printable run.
    pub(crate) fn scan(&mut self, text: &[u8], source: &Source) {
        if self.list.len() >= ARTEFACTS_MAX {
            return;
        }
        let offset = text.len() - text.trim_ascii_start().len();
        let trimmed = text.trim_ascii();
        if let Some(found) = USER_AGENTS_SEARCH.find(text) {
            let at = found.start();
            let rest = &text[at..];
            let end = memchr::memchr3(b'"', b'\'', b'\t', rest).unwrap_or(rest.len());
            if end >= 8 {
                self.add(ArtefactKind::UserAgent, &rest[..end], at, source, 80);
            }
        } else if trimmed.first().is_some_and(|first| PATHS_BEGIN.contains(first))
            && PATHS.iter().any(|start| trimmed.starts_with(start))
            && trimmed.len() >= 6
        {
            let end = memchr::memchr2(b' ', b'"', trimmed).unwrap_or(trimmed.len());
            let windows = !trimmed.starts_with(b"/");
            let path = if windows { trimmed } else { &trimmed[..end] };
            self.add(ArtefactKind::Path, path, offset, source, 70);
        }
        for start in [&b"Global\\"[..], b"Local\\"] {
            if trimmed.starts_with(start) && trimmed.len() > start.len() + 2 {
                self.add(ArtefactKind::Mutex, trimmed, offset, source, 70);
            }
        }
        if memchr(b'@', text).is_some() {
            self.mails(text, source);
            self.logins(text, source);
        }
        if memchr(b':', text).is_some() {
            for (at, url) in service_urls(text) {
                self.add(ArtefactKind::Service, url, at, source, 75);
            }
        }
        if text.len() >= 26 {
            self.wallets(text, source);
        }
    }

    /// Keeps what a container says of itself.
    pub(crate) fn tell(&mut self, told: &Told) {
        if self.list.len() < ARTEFACTS_MAX {
            let source = Source::plain(told.at, None);
            self.add(told.kind, &told.value, 0, &source, told.confidence);
        }
    }

    fn add(
        &mut self,
        kind: ArtefactKind,
        value: &[u8],
        at: usize,
        source: &Source,
        confidence: u8,
    ) {
        let value = &value[..value.len().min(ARTEFACT_BYTES_MAX)];
        let of_kind = self.list.iter().filter(|it| it.kind == kind).count();
        if of_kind >= ARTEFACTS_OF_A_KIND_MAX || !self.seen.insert((kind, value.to_vec())) {
            return;
        }
        self.list.push(Artefact {
            kind,
            value: PeerText::from(value),
            offset: source.offset + at as u64 * source.stride,
            encoding: source.encoding.clone(),
            layer: self.layer,
            confidence,
        });
    }

    /// `local@domain`, whose domain somebody can have registered.
    fn mails(&mut self, text: &[u8], source: &Source) {
        let local =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
        let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        for at in memchr::memchr_iter(b'@', text) {
            let before = text[..at].iter().rev().take(64).take_while(|byte| local(byte)).count();
            let after = text[at + 1..].iter().take(253).take_while(|byte| name(byte)).count();
            let domain = std::str::from_utf8(&text[at + 1..at + 1 + after]).unwrap_or_default();
            let domain = domain.trim_end_matches(['.', '-']);
            // `user:password@host` stands in URLs.
            let in_url =
                text[..at - before].ends_with(b":") || text[..at - before].ends_with(b"//");
            let starts = text[at - before..at].first().is_some_and(u8::is_ascii_alphanumeric);
            if starts && !in_url && is_contact_host(domain) {
                let value = &text[at - before..=at + domain.len()];
                self.add(ArtefactKind::Mail, value, at - before, source, 75);
            }
        }
    }

    /// User and password in a URL: `ftp://user:password@host`.
    fn logins(&mut self, text: &[u8], source: &Source) {
        for at in memchr::memmem::find_iter(text, b"://").map(|at| at + 3) {
            let rest = &text[at..];
            let length = rest.iter().take(LOGIN_BYTES_MAX).take_while(|byte| {
                byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<')
            });
            let authority = &rest[..length.count()];
            // A password may have the sign in it.
            let Some(end) = memchr::memrchr(b'@', authority) else { continue };
            let login = &authority[..end];
            let Some(colon) = memchr(b':', login) else { continue };
            // `%s:%s@` is where a program puts them in.
            let is_pattern = memchr(b'%', login)
                .is_some_and(|at| !login[at + 1..].first().is_some_and(u8::is_ascii_hexdigit));
            if colon > 0 && colon + 1 < login.len() && end + 1 < authority.len() && !is_pattern {
                self.add(ArtefactKind::Login, login, at, source, 85);
            }
        }
    }

    /// Addresses of wallets; where they have a check sum, it must be right.
    fn wallets(&mut self, text: &[u8], source: &Source) {
        let mut at = 0;
        while at < text.len() {
            let length = text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let word = &text[at..at + length];
            if let Some(confidence) = wallet(word) {
                self.add(ArtefactKind::Wallet, word, at, source, confidence);
            }
            at += length.max(1);
        }
    }
}

/// How sure it is that a word is a wallet's address.
fn wallet(word: &[u8]) -> Option<u8> {
    match word {
        // Bitcoin, Litecoin, Dogecoin and the like: base58 with a check sum.
        [b'1' | b'3' | b'L' | b'M' | b'D', ..] if (26..=35).contains(&word.len()) => {
            base58_check(word).then_some(95)
        }
        [b'b', b'c', b'1', ..] | [b'l', b't', b'c', b'1', ..]
            if (14..=90).contains(&word.len()) =>
        {
            bech32(word).then_some(95)
        }
        // Ethereum: an address in one case has no check sum.
        [b'0', b'x', digits @ ..] if digits.len() == 40 => {
            let zeros = memchr::memchr_iter(b'0', digits).count();
            (digits.iter().all(u8::is_ascii_hexdigit) && zeros < 12).then_some(50)
        }
        // Monero: 95 characters of base58, or 106 with a payment id.
        [b'4' | b'8', second, ..] if matches!(word.len(), 95 | 106) => {
            let known = second.is_ascii_digit() || matches!(second, b'A' | b'B');
            (known && word.iter().all(|byte| base58_digit(*byte).is_some())).then_some(80)
        }
        _ => None,
    }
}

fn base58_digit(byte: u8) -> Option<u32> {
    const DIGITS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    memchr(byte, DIGITS).map(|at| at as u32)
}

/// 25 bytes whose last four begin the double SHA-256 of the others.
fn base58_check(word: &[u8]) -> bool {
    let mut number = [0u8; 25];
    for byte in word {
        let Some(mut carry) = base58_digit(*byte) else { return false };
        for place in number.iter_mut().rev() {
            carry += u32::from(*place) * 58;
            *place = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (content, sum) = number.split_at(21);
    sha2::Sha256::digest(sha2::Sha256::digest(content))[..4] == *sum
}

/// BIP 173 and BIP 350.
fn bech32(word: &[u8]) -> bool {
    const DIGITS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let Some(separator) = memchr::memrchr(b'1', word) else { return false };
    let (prefix, data) = (&word[..separator], &word[separator + 1..]);
    let values = prefix
        .iter()
        .map(|byte| u32::from(byte >> 5))
        .chain([0])
        .chain(prefix.iter().map(|byte| u32::from(byte & 31)));
    let digits: Option<Vec<u32>> =
        data.iter().map(|byte| memchr(*byte, DIGITS).map(|at| at as u32)).collect();
    let Some(digits) = digits else { return false };
    let mut sum = 1u32;
    for value in values.chain(digits) {
        let top = sum >> 25;
        sum = (sum & 0x01ff_ffff) << 5 ^ value;
        for (bit, generator) in
            [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].iter().enumerate()
        {
            if top >> bit & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    data.len() >= 6 && matches!(sum, 1 | 0x2bc8_30a3)
}

#[cfg(test)]
mod tests {
    use super::Artefacts;
    use crate::observables::Source;
    use ukai_model::ArtefactKind;

    fn found(text: &str) -> Vec<(ArtefactKind, String)> {
        let mut artefacts = Artefacts::default();
        artefacts.scan(text.as_bytes(), &Source::plain(0, None));
        let text = |it: &ukai_model::PeerText| String::from_utf8_lossy(it.as_bytes()).into_owned();
        artefacts.list.iter().map(|it| (it.kind, text(&it.value))).collect()
    }

    #[test]
    fn one_of_each_kind() {
        for (text, kind, value) in [
            ("write to help@decrypt.example.", ArtefactKind::Mail, "help@decrypt.example"),
            // The genesis block's, and the examples of BIP 173 and BIP 350.
            (
                "pay to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now",
                ArtefactKind::Wallet,
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            ),
            (
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                ArtefactKind::Wallet,
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            ),
            (
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                ArtefactKind::Wallet,
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            ),
            ("/tmp/.x/bot -k", ArtefactKind::Path, "/tmp/.x/bot"),
            ("HKCU\\Software\\X Y\\Run", ArtefactKind::Path, "HKCU\\Software\\X Y\\Run"),
            ("User-Agent: Mozilla/5.0 (X11)", ArtefactKind::UserAgent, "Mozilla/5.0 (X11)"),
            ("Global\\abc123", ArtefactKind::Mutex, "Global\\abc123"),
            (
                "-o stratum+tcp://pool.example:3333,",
                ArtefactKind::Service,
                "stratum+tcp://pool.example:3333",
            ),
            ("get ftp://bob:pass@host.example/", ArtefactKind::Login, "bob:pass"),
        ] {
            assert_eq!(found(text), [(kind, value.to_owned())], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            "ftp://user@host.example/",
            "http://%s:%s@%s/",
            "a@b",
            "@example.com",
            "GLIBC_2.2.5@@GLIBC",
            "/usr/share/x",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn the_number_is_bounded() {
        let mut artefacts = Artefacts::default();
        for index in 0..5000 {
            let text = format!("/tmp/file{index}");
            artefacts.scan(text.as_bytes(), &Source::plain(0, None));
        }
        assert_eq!(artefacts.list.len(), super::ARTEFACTS_OF_A_KIND_MAX);
    }
}
