//! Scripts of Windows: which of `ukai-script`'s interpreters a file is for, what of it they read,
//! and what they told.

use super::{Product, Report, page};
use crate::limits::{Limits, SCRIPT_BLOCKS_MAX};
use memchr::memmem;
use std::borrow::Cow;
use std::collections::BTreeSet;
use ukai_model::{PeerText, ScriptAct, Sha256};
use ukai_script::{Dialect, batch, decode_script, hidden, javascript, powershell, vbscript};

/// What an interpreter reads a file of a kind as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The whole text.
    Whole(Dialect),
    /// The blocks between `<script>` and `</script>`.
    Blocks,
    /// The whole text, encoded; its language is told by what comes out.
    Encoded,
}

/// By the short name of the kind.
pub(super) fn form(kind: &str) -> Option<Form> {
    Some(match kind {
        "powershell" => Form::Whole(Dialect::PowerShell),
        "batch" => Form::Whole(Dialect::Batch),
        "vbscript" | "vba" | "vbe" => Form::Whole(Dialect::VbScript),
        "javascript" | "jse" => Form::Whole(Dialect::JavaScript),
        "script-encoded" => Form::Encoded,
        "html" | "hta" | "svg" | "wsf" | "sct" | "xsl" => Form::Blocks,
        _ => return None,
    })
}

/// Runs what of a file is a script.
pub(super) fn run(form: Form, script: &[u8], limits: &Limits) -> Report {
    let text = decode(script);
    let mut report = Report::default();
    match form {
        Form::Whole(dialect) => interpret(dialect, &text, &[], limits, &mut report),
        Form::Encoded => {
            let plain = decode_script(&text).unwrap_or_default();
            interpret(likely(&plain), &text, &[], limits, &mut report);
        }
        Form::Blocks => {
            let mut blocks = blocks(&text);
            let page = page::elements(&text);
            page::add_handlers(&text, &mut blocks);
            for (dialect, block) in blocks {
                interpret(dialect, &block, &page, limits, &mut report);
            }
        }
    }
    report
}

/// The language of a text that is VBScript or JScript: lines of the latter end as those of C do.
fn likely(text: &str) -> Dialect {
    let comes_from_c = text.contains(';') && (text.contains('{') || text.contains("var "));
    if comes_from_c { Dialect::JavaScript } else { Dialect::VbScript }
}

/// The script that a command line carries, as a file to look at.
pub(crate) fn carried(line: &[u8]) -> Option<Product> {
    let layer = hidden(&decode(line))?;
    Some(Product {
        name: layer.dialect.name().into(),
        bytes: layer.text,
        ran: false,
        dialect: Some(layer.dialect),
    })
}

/// Runs a script; `page` has the texts of the named elements around it.
fn interpret(
    dialect: Dialect,
    text: &str,
    page: &[(String, String)],
    limits: &Limits,
    report: &mut Report,
) {
    let limits = ukai_script::Limits {
        source_bytes: limits.script_bytes,
        value_bytes: limits.member_bytes.min(ukai_script::Limits::default().value_bytes),
        ..ukai_script::Limits::default()
    };
    let done = match dialect {
        Dialect::PowerShell => powershell::run(text, &limits),
        Dialect::Batch => batch::run(text, &limits),
        Dialect::VbScript => vbscript::run_page(text, page.to_vec(), &limits),
        Dialect::JavaScript => javascript::run_page(text, page.to_vec(), &limits),
    };
    report.notes.extend(done.notes);
    report.texts.extend(done.texts);
    report.beside.extend(done.beside);
    // The script itself is no news.
    let mut known = BTreeSet::from([Sha256::of(text.as_bytes())]);
    for layer in done.layers {
        if known.insert(Sha256::of(&layer.text)) {
            report.made.push(Product {
                name: layer.dialect.name().into(),
                bytes: layer.text,
                ran: true,
                dialect: Some(layer.dialect),
            });
        }
    }
    for made in done.made {
        if known.insert(Sha256::of(&made.content)) {
            let (name, bytes) = (made.path, made.content);
            let dialect = by_name(&name);
            report.made.push(Product { name, bytes, ran: false, dialect });
        }
    }
    for act in &done.acts {
        let line = match act {
            ScriptAct::Run { line } => {
                report.commands.push(PeerText::truncated(line.as_bytes(), limits.text_bytes));
                line
            }
            // What the system starts later carries scripts as well.
            ScriptAct::Set { value, .. } => value,
            _ => continue,
        };
        if let Some(product) = carried(line.as_bytes())
            && known.insert(Sha256::of(&product.bytes))
        {
            report.made.push(product);
        }
    }
    report.acts.extend(done.acts);
}

/// The language of a file that is written, by the name by which the system runs it.
fn by_name(path: &PeerText) -> Option<Dialect> {
    let lower = path.as_bytes().to_ascii_lowercase();
    let end = lower.rsplit(|it| *it == b'.').next()?;
    match end.trim_ascii() {
        b"bat" | b"cmd" => Some(Dialect::Batch),
        b"ps1" => Some(Dialect::PowerShell),
        b"vbs" | b"vbe" => Some(Dialect::VbScript),
        _ => None,
    }
}

/// Text of whatever encoding scripts of Windows have.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return decode(rest);
    }
    // A mark before narrow text is there to mislead.
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe").filter(|it| !is_narrow(it)) {
        return wide(rest, u16::from_le_bytes).into();
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return wide(rest, u16::from_be_bytes).into();
    }
    // Wide text without a mark: every other byte of what is written in ASCII is zero.
    let head = &bytes[..bytes.len().min(512)];
    let zeros = |at| head.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    if head.len() >= 8 && zeros(1) * 4 > head.len() && zeros(0) == 0 {
        return wide(bytes, u16::from_le_bytes).into();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        // Each byte a letter, as in Latin-1: keys and ciphers count on their numbers.
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}

/// Whether text behind the mark of UTF-16 has a byte for each letter all the same.
fn is_narrow(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(512)];
    head.len() >= 8 && head.iter().all(|it| *it != 0 && it.is_ascii())
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The scripts of a page, those of one language put together: they share their names.
fn blocks(page: &str) -> Vec<(Dialect, String)> {
    let mut texts: Vec<(Dialect, String)> = Vec::new();
    let lower = page.to_ascii_lowercase();
    let mut at = 0;
    let mut count = 0;
    while let Some(found) = memmem::find(&lower.as_bytes()[at..], b"script") {
        let tag = at + found;
        let Some(prefix) = tag_prefix(&lower, tag) else {
            at = tag + 6;
            continue;
        };
        count += 1;
        let Some(end) = lower[tag..].find('>').map(|end| tag + end) else { break };
        let attributes = &lower[tag..end];
        at = end + 1;
        if attributes.ends_with('/') {
            continue;
        }
        let block = &page[at..];
        let close = format!("</{prefix}script");
        let length = lower[at..].find(&close).unwrap_or(block.len());
        at += length;
        if count > SCRIPT_BLOCKS_MAX {
            break;
        }
        let Some(dialect) = language(attributes) else { continue };
        let block = block[..length].trim();
        let block = block.strip_prefix("<![CDATA[").unwrap_or(block);
        let block = block.strip_suffix("]]>").unwrap_or(block).trim();
        let block = block.strip_prefix("<!--").unwrap_or(block);
        if block.is_empty() {
            continue;
        }
        match texts.iter_mut().find(|(known, _)| *known == dialect) {
            Some((_, text)) => {
                text.push('\n');
                text.push_str(block);
            }
            None => texts.push((dialect, block.to_owned())),
        }
    }
    texts
}

/// What stands before the name of the tag `<script` or `<msxsl:script`, of which the name is there;
/// none if it is no such tag.
fn tag_prefix(lower: &str, name: usize) -> Option<&str> {
    const PREFIX_BYTES_MAX: usize = 32;
    let ends = lower[name + 6..].starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    let start = lower.floor_char_boundary(name.saturating_sub(PREFIX_BYTES_MAX));
    let prefix = lower[start..name].rsplit_once('<')?.1;
    let bare = prefix.strip_suffix(':').unwrap_or(prefix);
    let is_name = bare.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
    (ends && is_name && (prefix.is_empty() || bare.len() < prefix.len())).then_some(prefix)
}

/// The language of a block by its tag; none if it is data.
fn language(attributes: &str) -> Option<Dialect> {
    const DATA: &[&str] = &["json", "text/template", "text/html", "text/plain", "x-template"];
    if ["vbscript", "vbs", "visualbasic"].iter().any(|mark| attributes.contains(mark)) {
        return Some(Dialect::VbScript);
    }
    let is_data = DATA.iter().any(|mark| attributes.contains(mark));
    (!is_data).then_some(Dialect::JavaScript)
}

#[cfg(test)]
mod tests {
    use super::{blocks, carried, decode};
    use ukai_script::Dialect;

    #[test]
    fn pages_have_blocks_of_both_languages() {
        let page = "<html><SCRIPT Language='VBScript'>a = 1</script><script>var b</script>\
                    <script type='application/json'>{}</script><script src='x.js'/>\
                    <script language=vbs><!--\nc = 2</script>";
        let found = blocks(page);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (Dialect::VbScript, "a = 1\n\nc = 2".to_owned()));
        assert_eq!(found[1], (Dialect::JavaScript, "var b".to_owned()));
    }

    #[test]
    fn texts_of_all_encodings() {
        assert_eq!(decode(b"\xff\xfea\0b\0"), "ab");
        assert_eq!(decode(b"\xfe\xff\0a\0b"), "ab");
        assert_eq!(decode(b"a\0b\0c\0d\0e\0f\0"), "abcdef");
        assert_eq!(decode(b"\xef\xbb\xbfx"), "x");
        assert_eq!(decode(b"a\xe9"), "a\u{e9}");
    }

    #[test]
    fn command_lines_carry_scripts() {
        let product = carried(b"cmd.exe /c echo 1").expect("batch");
        assert_eq!(product.dialect, Some(Dialect::Batch));
        assert!(carried(b"notepad.exe a.txt").is_none());
    }
}
