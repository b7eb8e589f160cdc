//! Mirai and its many children.
//!
//! In its source (`bot/table.c`, `bot/scanner.c`) strings are XORed with the four bytes of
//! a key, one after the other, which comes to one byte. Strings of the table carry their
//! NUL under the XOR as well, ports are two bytes, most significant first; strings of the
//! list of log-ins have no NUL of their own, and the key may be another. The compiler puts
//! a plain NUL behind each and shares equal strings, so which password belongs to which
//! user only the code says: it loads both for each call of `add_auth_entry`.

use super::code::Constant;
use super::program::{CString, Program};
use super::{BotConfiguration, Extractor};
use crate::limits::{BOT_LOGINS_MAX, BOT_TABLE_MAX, C_STRING_BYTES_MAX};
use crate::observables::{Finds, Source, scan_text};
use aho_corasick::AhoCorasick;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;
use ukai_model::{BotLogin, PeerText};

pub(super) struct Mirai;

/// Strings that a table has in every known member of the family, in parts.
const ANCHORS: &[&str] = &[
    "/proc/",
    "/exe",
    "/fd",
    "/maps",
    "/status",
    "/cmdline",
    "/dev/watchdog",
    "/dev/misc/watchdog",
    "/dev/FTWDT101_watchdog",
    "shell",
    "enable",
    "system",
    "linuxshell",
    "/bin/busybox",
    "applet not found",
    "ncorrect",
    "listening tun0",
    "TSource Engine Query",
    "REPORT %s:%s",
    "assword",
    "ogin",
    "enter",
    ".anime",
    "/etc/resolv.conf",
    "nameserver",
    "Connection: keep-alive",
    "setCookie('",
    "refresh:",
    "location:",
    "set-cookie:",
    "content-length:",
    "transfer-encoding:",
    "chunked",
    "keep-alive",
    "connection:",
    "server: dosarrest",
    "server: cloudflare-nginx",
    "Mozilla/5.0",
    "dvrHelper",
    "GETLOCALIP",
    "udpplain",
    "tcpall",
    "watchdog",
];
/// Anchors that prove a table.
const ANCHORS_MIN: usize = 3;
/// Strings that prove a table without anchors, if one of them is a host.
const STRINGS_MIN: usize = 8;

/// Users that the lists have.
const USERS: &[&str] = &[
    "root",
    "admin",
    "user",
    "guest",
    "support",
    "default",
    "supervisor",
    "service",
    "ubnt",
    "tech",
    "mother",
    "administrator",
    "Administrator",
    "admin1",
    "666666",
    "888888",
    "telnet",
    "daemon",
    "adm",
    "bin",
    "nobody",
    "ftp",
    "operator",
    "pi",
    "telecomadmin",
    "e8telnet",
    "e8ehome",
    "hikvision",
    "dm",
    "camera",
    "www",
    "test",
    "oracle",
    "postgres",
    "vstarcam2015",
    "mg3500",
    "merlin",
];
/// Passwords that the lists have.
const PASSWORDS: &[&str] = &[
    "xc3511",
    "vizxv",
    "888888",
    "xmhdipc",
    "juantech",
    "123456",
    "54321",
    "password",
    "12345",
    "pass",
    "1111",
    "666666",
    "1234",
    "klv123",
    "meinsm",
    "fucker",
    "klv1234",
    "Zte521",
    "hi3518",
    "jvbzd",
    "anko",
    "zlxx.",
    "7ujMko0vizxv",
    "7ujMko0admin",
    "ikwb",
    "dreambox",
    "realtek",
    "00000000",
    "1111111",
    "smcadmin",
    "GM8182",
    "S2fGqNFs",
    "OxhlwSG8",
    "tlJwpbo6",
    "taZz@23495859",
    "hunt5759",
    "cat1029",
    "default",
    "antslq",
    "gpon",
    "admin1234",
    "tsgoingon",
];
/// Words of the lists that prove a list.
const WORDS_MIN: usize = 5;
/// Length of a user or password, in bytes.
const WORD_BYTES_MAX: usize = 40;
/// Distance in the code between the loads of one call, in bytes.
const CALL_BYTES_MAX: usize = 24;
/// Greatest weight of a log-in.
const WEIGHT_MAX: u64 = 255;
/// Distance between neighbours in one list, in bytes.
const GAP_BYTES_MAX: usize = 64;

impl Extractor for Mirai {
    fn extract(&self, program: &Program<'_>) -> Option<BotConfiguration> {
        let table = table(program);
        let logins = logins(program);
        if table.is_none() && logins.is_none() {
            return None;
        }
        let mut configuration = BotConfiguration {
            family: "mirai".to_owned(),
            layer: None,
            table_key: table.as_ref().map(|table| format!("{:02x}", table.key)),
            login_key: logins.as_ref().map(|(key, _)| format!("{key:02x}")),
            servers: Vec::new(),
            reports: Vec::new(),
            logins: Vec::new(),
            table: Vec::new(),
            confidence: 0,
        };
        let mut confidence = 0;
        if let Some(table) = table {
            confidence += 40 + 5 * table.anchors.min(8) as u8;
            configuration.table =
                table.strings.iter().map(|(_, text)| PeerText::from(text.as_str())).collect();
            for (index, host) in table.hosts(program).into_iter().enumerate() {
                // The first is the command server, the second takes the scanner's reports.
                let list = if index == 1 {
                    &mut configuration.reports
                } else {
                    &mut configuration.servers
                };
                list.push(PeerText::from(host.as_str()));
            }
        }
        if let Some((_, list)) = logins {
            confidence += 20;
            configuration.logins = list;
        }
        configuration.confidence = confidence.min(100);
        Some(configuration)
    }
}

/// The strings under the key with the most evidence.
struct Table {
    key: u8,
    /// Place of the first byte, and the text.
    strings: Vec<(usize, String)>,
    anchors: usize,
}

/// Finds the anchors, also those inside of others.
static ANCHORS_SEARCH: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(ANCHORS).expect("few and short"));

/// The words of lists, by what does not change under a key.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words(vec![Vec::new(); (WORD_BYTES_MAX + 1) * 256]);
    for word in USERS.iter().chain(PASSWORDS).map(|word| word.as_bytes()) {
        if let Some(place) = Words::place(word) {
            words.0[place].push(word);
        }
    }
    words
});

struct Words(Vec<Vec<&'static [u8]>>);

impl Words {
    /// By length, and what the first two bytes are XORed with each other.
    fn place(word: &[u8]) -> Option<usize> {
        match word {
            _ if word.len() > WORD_BYTES_MAX => None,
            [] => None,
            [_] => Some(256),
            [first, second, ..] => Some(word.len() * 256 + usize::from(first ^ second)),
        }
    }

    /// Words that `bytes` may be.
    fn alike(&self, bytes: &[u8]) -> &[&'static [u8]] {
        Self::place(bytes).and_then(|place| self.0.get(place)).map_or(&[], Vec::as_slice)
    }
}

/// Makes the tables of the anchors and words.
pub(super) fn prepare() {
    LazyLock::force(&ANCHORS_SEARCH);
    LazyLock::force(&WORDS);
}

/// Each string votes for its last byte: under the right key that is its NUL.
fn table(program: &Program<'_>) -> Option<Table> {
    let mut votes = [0usize; 256];
    // By key, a bit for each anchor.
    let mut anchors = [0u64; 256];
    let mut text = Vec::with_capacity(C_STRING_BYTES_MAX);
    for CString { bytes, .. } in program.strings() {
        let Some(body) = voter(bytes) else { continue };
        let key = bytes[body.len()];
        votes[usize::from(key)] += 1;
        text.clear();
        text.extend(body.iter().map(|byte| byte ^ key));
        for found in ANCHORS_SEARCH.find_overlapping_iter(&text) {
            anchors[usize::from(key)] |= 1 << found.pattern().as_u32();
        }
    }
    let evidence = |key: u8| (anchors[usize::from(key)].count_ones(), votes[usize::from(key)]);
    let key = (1..=255u8).max_by_key(|key| evidence(*key))?;
    let (anchors, votes) = evidence(key);
    let anchors = anchors as usize;
    let named = || {
        let own = program.strings().iter().filter(|it| it.bytes.last() == Some(&key));
        own.filter_map(|it| voter(it.bytes)).any(|body| is_host(&decode(body, key)))
    };
    if anchors < ANCHORS_MIN && (votes < STRINGS_MIN || !named()) {
        return None;
    }
    let mut strings = joined(program.strings(), key);
    strings.retain(|(_, text)| text.len() > 2 || text == "sh");
    strings.truncate(BOT_TABLE_MAX);
    Some(Table { key, strings, anchors })
}

/// What stands before a string's last byte, if that as a key makes a text of it.
fn voter(bytes: &[u8]) -> Option<&[u8]> {
    let (key, body) = bytes.split_last()?;
    (body.len() >= 2 && body.iter().all(|byte| is_text(byte ^ key))).then_some(body)
}

/// The strings under `key`. Where the key is a letter, that letter is a zero byte in the
/// file, so that a string may be several C strings in a row: all but the last do not end
/// with their own NUL.
fn joined(strings: &[CString<'_>], key: u8) -> Vec<(usize, String)> {
    let mut table: Vec<(usize, String)> = Vec::new();
    let mut piece: Option<(usize, String)> = None;
    let own_nul = |it: &&CString<'_>| it.bytes.len() > 3 && it.bytes.ends_with(&[key]);
    let (all, aligned) = strings
        .iter()
        .filter(own_nul)
        .fold((0, 0), |(all, aligned), it| (all + 1, aligned + usize::from(it.at % 4 == 0)));
    let is_aligned = aligned * 10 >= all * 7;
    // Where the next string begins if it follows the one before.
    let mut expected = 0;
    for string in strings {
        let (at, bytes) = (string.at, string.bytes);
        if piece.as_ref().is_some_and(|(start, text)| at != start + text.len()) {
            piece = None;
        }
        let text = decode(bytes, key);
        let (body, ended) = match text.strip_suffix('\0') {
            Some(body) => (body, true),
            None => (text.as_str(), false),
        };
        if !body.bytes().all(is_text) || !ended && (!is_text(key) || is_readable(bytes)) {
            piece = None;
            continue;
        }
        let (start, mut whole) = piece.take().unwrap_or_else(|| {
            // One zero more than there is room for: the string begins with the letter.
            let late = if is_aligned { at % 4 == 1 } else { at == expected + 1 };
            let letter = is_text(key) && late && expected > 0;
            if letter { (at - 1, char::from(key).to_string()) } else { (at, String::new()) }
        });
        whole.push_str(body);
        if ended {
            // What stood before under another key may read as a beginning.
            let (start, whole) = if !is_host(&whole) && is_host(body) {
                (at, body.to_owned())
            } else {
                (start, whole)
            };
            // Behind a host stands its port, two bytes and a NUL.
            let port = if is_host(&whole) { 3 } else { 0 };
            expected = start + whole.len() + 2 + port;
            table.push((start, whole));
        } else {
            whole.push(char::from(key));
            piece = Some((start, whole));
        }
    }
    table
}

/// Whether bytes are a text as they are.
fn is_readable(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes.iter().all(|byte| is_text(*byte))
}

impl Table {
    /// Hosts in order, with the port that follows where one does.
    fn hosts(&self, program: &Program<'_>) -> Vec<String> {
        self.strings
            .iter()
            .filter(|(_, text)| is_host(text))
            .map(|(at, text)| match self.port(program.bytes, at + text.len() + 2) {
                Some(port) => format!("{text}:{port}"),
                None => text.clone(),
            })
            .collect()
    }

    /// The port in two bytes at `at`, or at the next place that is a multiple of four.
    fn port(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let read = |at: usize| {
            let three: [u8; 3] = bytes.get(at..)?.first_chunk().copied()?;
            // Two bytes and the compiler's NUL.
            let port = u16::from_be_bytes([three[0] ^ self.key, three[1] ^ self.key]);
            let fits = three[2] == 0 && (three[0] != 0 || three[1] != 0) && port != 0;
            fits.then_some(port)
        };
        let padded = at.next_multiple_of(4);
        let padding = bytes.get(at..padded).is_some_and(|it| it.iter().all(|byte| *byte == 0));
        read(at).or_else(|| if padding { read(padded) } else { None })
    }
}

fn decode(bytes: &[u8], key: u8) -> String {
    bytes.iter().map(|byte| char::from(byte ^ key)).collect()
}

const fn is_text(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e | b'\t' | b'\r' | b'\n')
}

/// A name or an address, alone in its string.
fn is_host(text: &str) -> bool {
    let mut finds = Finds::new(4);
    let source = Source::plain(0, None);
    if !text.contains('.') || text.contains(['/', ' ', ':']) {
        return false;
    }
    // In a table there is no doubt about short names, as there is none before a port.
    scan_text(format!("{text}:1").as_bytes(), &source, &mut finds);
    finds.list.iter().any(|found| found.observable.value.eq_ignore_ascii_case(text))
}

/// Key and pairs of the list of log-ins.
fn logins(program: &Program<'_>) -> Option<(u8, Vec<BotLogin>)> {
    let strings = program.strings();
    let mut votes = [0usize; 256];
    for string in strings {
        for word in WORDS.alike(string.bytes) {
            if let Some(key) = key_of(string.bytes, word) {
                votes[usize::from(key)] += 1;
            }
        }
    }
    let key = (1..=255u8).max_by_key(|key| votes[usize::from(*key)])?;
    if votes[usize::from(key)] < WORDS_MIN {
        return None;
    }
    let list: Vec<&CString<'_>> = list(strings, key);
    let words: HashSet<String> = list.iter().map(|it| decode(it.bytes, key)).collect();
    let known = USERS.iter().chain(PASSWORDS).filter(|word| words.contains(**word));
    if known.count() < WORDS_MIN {
        return None;
    }
    let mut pairs = from_code(program, &list, key);
    if pairs.is_empty() {
        pairs = in_order(&list, key);
    }
    pairs.truncate(BOT_LOGINS_MAX);
    Some((key, pairs))
}

/// The key under which `bytes` are `word`, which is as long.
fn key_of(bytes: &[u8], word: &[u8]) -> Option<u8> {
    let key = bytes[0] ^ word[0];
    (key != 0 && bytes.iter().zip(word).all(|(a, b)| a ^ b == key)).then_some(key)
}

/// Strings that are words under the key and stand among others: the run of them with the
/// most words that lists have. Code may give longer runs by chance.
fn list<'s, 'a>(strings: &'s [CString<'a>], key: u8) -> Vec<&'s CString<'a>> {
    let mut best: (usize, Vec<&CString<'_>>) = (0, Vec::new());
    let mut run: (usize, Vec<&CString<'_>>) = (0, Vec::new());
    for string in strings {
        let fits = string.bytes.len() <= WORD_BYTES_MAX
            && string.bytes.iter().all(|byte| (byte ^ key).is_ascii_graphic());
        let end = run.1.last().map_or(string.at, |last| last.at + last.bytes.len());
        if !fits || string.at - end > GAP_BYTES_MAX {
            let ended = std::mem::take(&mut run);
            if ended.0 > best.0 {
                best = ended;
            }
        }
        if fits {
            run.0 += usize::from(is_known(&decode(string.bytes, key)));
            run.1.push(string);
        }
    }
    if run.0 > best.0 { run.1 } else { best.1 }
}

/// Whether a word is one that lists have.
fn is_known(word: &str) -> bool {
    USERS.contains(&word) || PASSWORDS.contains(&word)
}

/// Pairs as the code loads them: two strings of the list, one right after the other.
///
/// Where strings begin is taken from the code as well, since under a key that is a letter
/// they may begin with a zero or have one inside.
fn from_code(program: &Program<'_>, list: &[&CString<'_>], key: u8) -> Vec<BotLogin> {
    let (Some(first), Some(last)) = (list.first(), list.last()) else { return Vec::new() };
    let from = first.at.saturating_sub(GAP_BYTES_MAX);
    let to = (last.at + last.bytes.len() + GAP_BYTES_MAX).min(program.bytes.len());
    // Where in the code, and what it loads.
    let places: Vec<(usize, usize)> = program
        .constants()
        .iter()
        .filter_map(|load| Some((load.at, program.place(load.value)?)))
        .filter(|(_, place)| (from..to).contains(place))
        .collect();
    let starts: BTreeSet<usize> = places.iter().map(|(_, place)| *place).collect();
    let is_aligned = starts.iter().all(|start| start % 4 == 0);
    let loads: Vec<(usize, String)> = places
        .iter()
        .filter_map(|(at, start)| {
            let rest = &program.bytes[*start..to];
            let length = match starts.range(start + 1..).next() {
                // Zeros at the end are the NUL and padding, or letters.
                Some(next) if is_aligned => {
                    rest[..next - start].iter().rposition(|byte| *byte != 0)? + 1
                }
                Some(next) => next - start - 1,
                None => memchr::memchr(0, rest)?,
            };
            Some((*at, word(&rest[..length], key)?))
        })
        .collect();
    // Some compilers load the last argument first.
    let fits = |user: &String, password: &String| {
        usize::from(USERS.contains(&user.as_str()))
            + usize::from(PASSWORDS.contains(&password.as_str()))
    };
    let mut pairs: Vec<(&String, &String)> = Vec::new();
    let mut calls: Vec<(usize, usize)> = Vec::new();
    let mut rest = loads.as_slice();
    while let [(at, first), (next, second), ..] = rest {
        // The arguments of one call are loaded next to each other, and nearer to each other
        // than to those of the next: what only looks like a load must not shift all pairs.
        let nearer = rest.get(2).is_some_and(|(third, _)| third - next < next - at);
        let together = next - at <= CALL_BYTES_MAX && !nearer;
        if together {
            pairs.push((first, second));
            calls.push((*at, *next));
        }
        rest = &rest[if together { 2 } else { 1 }..];
    }
    let straight: usize = pairs.iter().map(|(first, second)| fits(first, second)).sum();
    let reversed: usize = pairs.iter().map(|(first, second)| fits(second, first)).sum();
    let turned = reversed > straight;
    let weights = weights(program, &calls);
    pairs
        .into_iter()
        .map(|(first, second)| if turned { (second, first) } else { (first, second) })
        .zip(weights)
        .map(|((user, password), weight)| BotLogin { weight, ..login(user, password) })
        .collect()
}

/// The weight of each pair: the small number that the same call hands over. `calls` are the
/// places where both strings of a pair are loaded.
///
/// It is loaded before them (x86 and m68k push the last argument first) or behind them (MIPS and
/// SPARC in the instruction behind the call). Which of both, the whole list tells: the wrong
/// reading finds none for the pair at one end, or one by chance, at another distance than the rest.
fn weights(program: &Program<'_>, calls: &[(usize, usize)]) -> Vec<Option<u16>> {
    let (Some(first), Some(last)) = (calls.first(), calls.last()) else { return Vec::new() };
    let begin = first.0.saturating_sub(CALL_BYTES_MAX);
    let end = last.1.saturating_add(2 * CALL_BYTES_MAX);
    let mut numbers = program.third_arguments(begin..end);
    // What stands in the operand of a load is none; with others the operand is in the instruction.
    let has_operands = matches!(program.elf.machine.as_str(), "x86" | "x86-64" | "m68k");
    let in_load = |at: usize| {
        let next = calls.partition_point(|call| call.0 < at);
        let near = calls[next.saturating_sub(1)..].iter().take(2);
        has_operands
            && near.flat_map(|call| [call.0, call.1]).any(|load| (load + 1..load + 5).contains(&at))
    };
    numbers.retain(|it| (1..=WEIGHT_MAX).contains(&it.value) && !in_load(it.at));
    let within = |from: usize, to: usize| {
        let start = numbers.partition_point(|it| it.at < from);
        numbers[start..].iter().take_while(move |it| it.at < to)
    };
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    for (index, (from, to)) in calls.iter().enumerate() {
        let previous = index.checked_sub(1).map_or(begin, |index| calls[index].1);
        let next = calls.get(index + 1).map_or(end, |call| call.0);
        before.push(within(previous, *to).last());
        behind.push(within(*from, next).next());
    }
    let regular = |list: &[Option<&Constant>]| {
        let mut times: HashMap<isize, usize> = HashMap::new();
        for (number, (load, _)) in list.iter().zip(calls) {
            let Some(number) = number else { continue };
            *times.entry(number.at.wrapping_sub(*load).cast_signed()).or_default() += 1;
        }
        (times.into_values().max(), list.iter().flatten().count())
    };
    let chosen = if regular(&before) >= regular(&behind) { before } else { behind };
    chosen.into_iter().map(|it| u16::try_from(it?.value).ok()).collect()
}

/// The word that `bytes` are under the key, if it is one.
fn word(bytes: &[u8], key: u8) -> Option<String> {
    // Under another key than a letter a zero ends it, whatever follows.
    let bytes = if key.is_ascii_graphic() {
        bytes
    } else {
        &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
    };
    let graphic = bytes.iter().all(|byte| (byte ^ key).is_ascii_graphic());
    if !graphic || !(1..=WORD_BYTES_MAX).contains(&bytes.len()) {
        return None;
    }
    let word = decode(bytes, key);
    // A last letter that is the key looks like the end.
    let longer = format!("{word}{}", char::from(key));
    Some(if !is_known(&word) && is_known(&longer) { longer } else { word })
}

/// Pairs by the order of the strings, where the code says nothing: each user is followed by
/// its passwords.
fn in_order(list: &[&CString<'_>], key: u8) -> Vec<BotLogin> {
    let words: Vec<String> = list.iter().map(|it| decode(it.bytes, key)).collect();
    let mut pairs = Vec::new();
    let mut user: Option<&String> = None;
    for word in &words {
        match user {
            Some(user) if !USERS.contains(&word.as_str()) => pairs.push(login(user, word)),
            _ => user = Some(word),
        }
    }
    pairs
}

fn login(user: &str, password: &str) -> BotLogin {
    BotLogin { user: PeerText::from(user), password: PeerText::from(password), weight: None }
}
