//! Command lines of Windows: their words, and the scripts that they carry.
//!
//! Words are as `CommandLineToArgvW` makes them; what PowerShell takes as the name of a parameter
//! is after `powershell.exe -?` and the source of its `CommandLineParameterParser`.

use crate::{Dialect, Layer};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// Length of a line that is looked at, in bytes; Windows takes 32,767 characters.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Words of a line that are looked at.
const WORDS_MAX: usize = 10_000;

/// Base64 as others decode it: padded or not.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A script that a command line carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nested {
    pub(crate) dialect: Dialect,
    pub(crate) text: String,
    /// Whether `!NAME!` is expanded: `cmd /v:on`.
    pub(crate) is_delayed: bool,
}

/// The script that a command line carries, if it does: `powershell -enc ...`, `cmd /c ...`,
/// `mshta javascript:...`.
pub fn hidden(line: &str) -> Option<Layer> {
    let nested = nested(line)?;
    let text = if nested.is_delayed {
        format!("@setlocal EnableDelayedExpansion\r\n{}", nested.text)
    } else {
        nested.text
    };
    (!text.trim().is_empty()).then(|| Layer { dialect: nested.dialect, text: Bytes::from(text) })
}

pub(crate) fn nested(line: &str) -> Option<Nested> {
    let line = line.trim();
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let bare;
    let first = line.split_ascii_whitespace().next()?;
    // `cmd` takes carets away before anything else; a shortcut's line may still have them.
    let line = if first.contains('^') {
        bare = without_carets(line);
        bare.as_str()
    } else {
        line
    };
    let words = split(line);
    let mut program = program(words.first()?);
    if ["cmd/", "cmd.exe/", "%comspec%/"].iter().any(|it| find_ascii(line, it) == Some(0)) {
        "cmd".clone_into(&mut program);
    }
    let nested = |dialect, text: String| Some(Nested { dialect, text, is_delayed: false });
    match program.as_str() {
        "powershell" | "pwsh" | "powershell_ise" => {
            nested(Dialect::PowerShell, powershell(words.get(1..)?)?)
        }
        "cmd" | "%comspec%" => cmd(line),
        "mshta" | "rundll32" => {
            let at = find_ascii(line, "javascript:").or_else(|| find_ascii(line, "vbscript:"))?;
            let script = line.get(at..)?.trim_end().trim_end_matches('"');
            let (language, text) = script.split_once(':')?;
            let dialect = if language.eq_ignore_ascii_case("vbscript") {
                Dialect::VbScript
            } else {
                Dialect::JavaScript
            };
            // `rundll32 javascript:"\..\mshtml,RunHTMLApplication ";...`
            let text = text
                .strip_prefix("\"\\..\\")
                .and_then(|it| it.split_once(';'))
                .map_or(text, |it| it.1);
            // A quote within the quotes of one argument.
            nested(dialect, text.replace("\\\"", "\""))
        }
        // Programs that start the rest of their line.
        "forfiles" => {
            let at = words.iter().position(|it| it.eq_ignore_ascii_case("/c"))?;
            self::nested(&without_codes(words.get(at + 1)?))
        }
        "conhost" | "start" | "explorer" | "pcalua" => {
            let at = words.iter().skip(1).position(|it| interprets(&self::program(it)))?;
            self::nested(after_words(line, at + 1)?)
        }
        _ => None,
    }
}

/// A command of `forfiles`, which takes `0xHH` for the letter of that number.
fn without_codes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("0x") {
        out.push_str(before);
        let code = after.get(..2).and_then(|it| u8::from_str_radix(it, 16).ok());
        if let Some(code) = code {
            out.push(char::from(code));
            rest = &after[2..];
        } else {
            out.push_str("0x");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn interprets(program: &str) -> bool {
    matches!(program, "powershell" | "pwsh" | "cmd" | "mshta")
}

/// The rest of a line behind so many words.
pub(crate) fn after_words(line: &str, words: usize) -> Option<&str> {
    let mut rest = line;
    for _ in 0..words {
        let mut quoted = false;
        let end = rest.find(|c: char| {
            quoted ^= c == '"';
            !quoted && c.is_ascii_whitespace()
        })?;
        rest = rest.get(end..)?.trim_start();
    }
    Some(rest)
}

/// Where `needle`, in lower case, begins, in any case.
pub(crate) fn find_ascii(text: &str, needle: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(needle)
}

/// A program's name: no folder, no `.exe`, lower case.
pub(crate) fn program(word: &str) -> String {
    let word = word.trim_matches(['"', '\'', '@', '(', ' ']);
    let name = word.rsplit(['\\', '/']).next().unwrap_or(word).to_ascii_lowercase();
    match name.strip_suffix(".exe").or_else(|| name.strip_suffix(".com")) {
        Some(bare) => bare.to_owned(),
        None => name,
    }
}

/// The words of a command line: blanks part them but within quotes, `\"` is a quote.
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut is_word, mut quoted) = (false, false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let mut slashes = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    slashes += 1;
                }
                is_word = true;
                if chars.peek() == Some(&'"') {
                    word.extend(std::iter::repeat_n('\\', slashes / 2));
                    if slashes % 2 == 1 {
                        chars.next();
                        word.push('"');
                    }
                } else {
                    word.extend(std::iter::repeat_n('\\', slashes));
                }
            }
            '"' => {
                is_word = true;
                if quoted && chars.next_if_eq(&'"').is_some() {
                    word.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            ' ' | '\t' | '\r' | '\n' if !quoted => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                    is_word = false;
                    if words.len() >= WORDS_MAX {
                        return words;
                    }
                }
            }
            _ => {
                is_word = true;
                word.push(c);
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// Commands of one line that are looked at.
const COMMANDS_MAX: usize = 32;

/// The commands of a line for a shell: what stands between `|`, `;` and `&`, without where output
/// goes.
pub(crate) fn commands(line: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quote = None;
    let mut chars = line.chars().peekable();
    let mut skips = false;
    while let Some(c) = chars.next() {
        // Within a URL, an ampersand parts its fields.
        let parts = match c {
            '|' | ';' | '\n' => true,
            '&' => {
                let is_last = all.last().is_none_or(|it| it.ends_with([' ', '&']));
                is_last || chars.peek().is_none_or(|it| matches!(it, ' ' | '&'))
            }
            _ => false,
        };
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if parts && all.len() < COMMANDS_MAX => {
                skips = false;
                all.push(String::new());
                continue;
            }
            None if matches!(c, '>' | '<') => skips = true,
            _ => {}
        }
        if let Some(last) = all.last_mut().filter(|_| !skips) {
            last.push(c);
        }
    }
    all.retain(|it| !it.trim_matches([' ', '&']).is_empty());
    all
}

fn without_carets(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '^' if !quoted => out.extend(chars.next()),
            _ => {
                quoted ^= c == '"';
                out.push(c);
            }
        }
    }
    out
}

/// Parameters of PowerShell that are followed by a value.
const WITH_VALUE: &[(&str, usize)] = &[
    ("windowstyle", 1),
    ("executionpolicy", 2),
    ("version", 1),
    ("inputformat", 1),
    ("outputformat", 1),
    ("psconsolefile", 1),
    ("configurationname", 4),
    ("configurationfile", 4),
    ("workingdirectory", 2),
    ("custompipename", 3),
    ("settingsfile", 2),
];

/// What `powershell.exe` with these words runs.
fn powershell(words: &[String]) -> Option<String> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let Some(name) = parameter(word) else {
            // What flows in is the script.
            if word == "-" {
                return None;
            }
            return Some(words.get(at..)?.join(" "));
        };
        at += 1;
        let is = |full: &str, least: usize| name.len() >= least && full.starts_with(&name);
        if is("encodedcommand", 1) || name == "ec" {
            return decode_wide(words.get(at)?);
        }
        if is("command", 1) {
            let text = words.get(at..)?.join(" ");
            return (text.trim() != "-").then_some(text);
        }
        if is("file", 1) || is("help", 1) {
            return None;
        }
        if name == "ep" || name == "wd" || WITH_VALUE.iter().any(|(full, least)| is(full, *least)) {
            at += 1;
        }
    }
    None
}

/// The name of a parameter, without its dash, in lower case.
fn parameter(word: &str) -> Option<String> {
    let rest = word.strip_prefix(['-', '/', '–', '—', '―'])?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let is_name = !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_alphabetic());
    is_name.then(|| rest.to_ascii_lowercase())
}

/// Base64 of UTF-16.
fn decode_wide(word: &str) -> Option<String> {
    let bare: String = word.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
    let bytes = BASE64.decode(bare.trim_matches('\'')).ok()?;
    let units: Vec<u16> =
        bytes.chunks_exact(2).map(|it| u16::from_le_bytes([it[0], it[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}

/// What `cmd` with this line runs: all behind `/c` or `/k`.
fn cmd(line: &str) -> Option<Nested> {
    let mut rest = after_program(line)?;
    let mut is_delayed = false;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', ';', '=']);
        let after = rest.strip_prefix('/').or_else(|| rest.strip_prefix('-'))?;
        let letter = after.chars().next()?.to_ascii_lowercase();
        match letter {
            'c' | 'k' | 'r' => {
                return Some(Nested {
                    dialect: Dialect::Batch,
                    text: unquoted(after.get(1..)?.trim_start()).to_owned(),
                    is_delayed,
                });
            }
            'v' => {
                let value = after.get(1..)?.trim_start_matches(':').to_ascii_lowercase();
                is_delayed = !value.starts_with("off");
            }
            _ => {}
        }
        // The next switch may follow at once: `/s/c`.
        let end = after.find([' ', '\t', '/', ',', ';'])?;
        rest = after.get(end..)?;
    }
}

/// The rest of a line behind `cmd`, `cmd.exe` or `%comspec%`, which a switch may follow at once.
fn after_program(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix('"') {
        return rest.split_once('"').map(|it| it.1);
    }
    let head = line.split_ascii_whitespace().next()?.to_ascii_lowercase();
    let end = ["cmd.exe", "cmd", "%comspec%"].iter().find_map(|it| Some(head.find(it)? + it.len()));
    line.get(end?..)
}

/// Without the quotes around all of it, as `cmd /s /c` takes it.
fn unquoted(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(rest) => match rest.rfind('"') {
            Some(end) if rest[end + 1..].trim().is_empty() => &rest[..end],
            Some(_) if text.matches('"').count() > 1 => text,
            _ => rest,
        },
        None => text,
    }
}

/// The language that a command line tells the script host: `wscript //e:vbscript file`.
pub(crate) fn engine(words: &[String]) -> Option<Dialect> {
    if !matches!(program(words.first()?).as_str(), "cscript" | "wscript") {
        return None;
    }
    let name = words.iter().find_map(|word| {
        let lower = word.to_ascii_lowercase();
        lower.strip_prefix("//e:").or_else(|| lower.strip_prefix("/e:")).map(str::to_owned)
    })?;
    match name.split('.').next()? {
        "vbscript" | "vbs" => Some(Dialect::VbScript),
        "jscript" | "javascript" | "js" => Some(Dialect::JavaScript),
        _ => None,
    }
}

/// The script file that a command line runs.
pub(crate) fn script_file(words: &[String]) -> Option<String> {
    let first = words.first()?;
    let is_switch = |it: &&String| it.starts_with('/') && !it.contains('\\') || it.starts_with('-');
    match program(first).as_str() {
        "powershell" | "pwsh" => {
            let at = words.iter().position(|it| {
                parameter(it).is_some_and(|name| "file".starts_with(name.as_str()))
            })?;
            words.get(at + 1).cloned()
        }
        "cscript" | "wscript" | "mshta" | "explorer" | "call" => {
            words.iter().skip(1).find(|it| !is_switch(it)).cloned()
        }
        name => {
            let end = name.rsplit('.').next()?;
            matches!(end, "bat" | "cmd" | "ps1" | "vbs" | "vbe" | "js" | "jse" | "wsf" | "hta")
                .then(|| first.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{hidden, split};
    use crate::Dialect;

    #[test]
    fn words_are_windows() {
        assert_eq!(split(r#"a "b c" d\"e "f\\" "#), ["a", "b c", "d\"e", "f\\"]);
        assert_eq!(split(r#"a"b"c "" d"#), ["abc", "", "d"]);
    }

    #[test]
    fn scripts_in_lines() {
        let encoded = "aQBlAHgAIAAxAA==";
        let table: &[(&str, Dialect, &str)] = &[
            (&format!("powershell -enc {encoded}"), Dialect::PowerShell, "iex 1"),
            (&format!("powershell.exe -nop -w hidden -e {encoded}"), Dialect::PowerShell, "iex 1"),
            (
                &format!(
                    r#""C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" /ec "{encoded}""#
                ),
                Dialect::PowerShell,
                "iex 1",
            ),
            (&format!("POWERSHELL –EnCod {encoded}"), Dialect::PowerShell, "iex 1"),
            (&format!("p^o^w^ershell -ep bypass ^-enco {encoded}"), Dialect::PowerShell, "iex 1"),
            ("powershell -c \"iex 1\"", Dialect::PowerShell, "iex 1"),
            ("powershell -ex bypass -NoP iex 1", Dialect::PowerShell, "iex 1"),
            ("pwsh -Command iex (1)", Dialect::PowerShell, "iex (1)"),
            ("cmd /c start a.exe", Dialect::Batch, "start a.exe"),
            ("cmd.exe /q /s/c \"echo a & echo b\"", Dialect::Batch, "echo a & echo b"),
            (
                "cmd /V:ON/C\"set a=b&&!a!\"",
                Dialect::Batch,
                "@setlocal EnableDelayedExpansion\r\nset a=b&&!a!",
            ),
            (r"C:\Windows\System32\cmd.exe /c dir", Dialect::Batch, "dir"),
            ("mshta vbscript:Close(Execute(\"a\"))", Dialect::VbScript, "Close(Execute(\"a\"))"),
            ("mshta \"javascript:a();close()\"", Dialect::JavaScript, "a();close()"),
            (
                r#"rundll32.exe javascript:"\..\mshtml,RunHTMLApplication ";a()"#,
                Dialect::JavaScript,
                "a()",
            ),
            ("conhost --headless powershell -c iex", Dialect::PowerShell, "iex"),
        ];
        for (line, dialect, text) in table {
            let layer = hidden(line).unwrap_or_else(|| panic!("nothing in {line}"));
            assert_eq!((layer.dialect, &*layer.text), (*dialect, text.as_bytes()), "{line}");
        }
        for line in
            ["", "notepad a.txt", "powershell -file a.ps1", "cmd", "powershell -enc", "cmd /"]
        {
            assert_eq!(hidden(line), None, "{line}");
        }
    }
}
