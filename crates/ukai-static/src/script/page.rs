//! What of a page its scripts ask for: texts of elements that have a name, and what is run when the
//! page is there.

use ukai_script::Dialect;

/// Elements of one page that are kept.
const ELEMENTS_MAX: usize = 64;
/// Their texts together, in bytes.
const TEXTS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Tags of one page that are looked at.
const TAGS_MAX: usize = 20_000;
/// Handlers of one page that are run.
const HANDLERS_MAX: usize = 32;

/// The elements with an `id`, and the text or the value of each.
pub(super) fn elements(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut bytes = 0;
    for tag in tags(page) {
        let Some(id) = attribute(tag.text, "id") else { continue };
        if matches!(tag.name.as_str(), "script" | "style" | "html" | "body" | "head") {
            continue;
        }
        let text = match attribute(tag.text, "value").or_else(|| attribute(tag.text, "content")) {
            Some(value) => value,
            None => inner(page, &tag),
        };
        bytes += text.len();
        if found.len() >= ELEMENTS_MAX || bytes > TEXTS_BYTES_MAX {
            break;
        }
        if !text.is_empty() {
            found.push((id, text));
        }
    }
    found
}

/// Adds what the page runs when it is there, or when something of it is not, to its scripts.
pub(super) fn add_handlers(page: &str, blocks: &mut Vec<(Dialect, String)>) {
    let mut added = 0;
    for tag in tags(page) {
        if !matches!(tag.name.as_str(), "body" | "img" | "svg" | "iframe" | "video" | "frameset") {
            continue;
        }
        for event in ["onload", "onerror", "onpageshow"] {
            let Some(code) = attribute(tag.text, event).filter(|_| added < HANDLERS_MAX) else {
                continue;
            };
            added += 1;
            let code = code.trim();
            let (is_basic, code) = match code.split_once(':') {
                Some((language, rest)) if language.eq_ignore_ascii_case("vbscript") => (true, rest),
                Some((language, rest)) if language.eq_ignore_ascii_case("javascript") => {
                    (false, rest)
                }
                // A page that has no other script has its handlers in its language.
                _ => {
                    (blocks.iter().all(|it| it.0 == Dialect::VbScript) && !blocks.is_empty(), code)
                }
            };
            let (dialect, code) = if is_basic {
                (Dialect::VbScript, format!("\n{code}\n"))
            } else {
                (Dialect::JavaScript, format!("\n;try {{ {code} }} catch (_) {{ }}\n"))
            };
            match blocks.iter_mut().find(|it| it.0 == dialect) {
                Some((_, text)) => text.push_str(&code),
                None => blocks.push((dialect, code)),
            }
        }
    }
}

/// A tag that opens.
struct Tag<'p> {
    /// In lower case.
    name: String,
    /// What stands behind the name.
    text: &'p str,
    /// Where the tag ends.
    end: usize,
}

fn tags(page: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    let next = move || {
        loop {
            let start = at + page.get(at..)?.find('<')? + 1;
            at = start;
            let rest = page.get(start..)?;
            let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
            if length == 0 {
                continue;
            }
            let mut quote = None;
            let end = rest.bytes().position(|byte| match (quote, byte) {
                (None, b'>') => true,
                (None, b'"' | b'\'') => {
                    quote = Some(byte);
                    false
                }
                (Some(open), _) if open == byte => {
                    quote = None;
                    false
                }
                _ => false,
            });
            let end = end.filter(|it| *it >= length)?;
            at = start + end;
            let name = rest[..length].to_ascii_lowercase();
            return Some(Tag { name, text: &rest[length..end], end: start + end + 1 });
        }
    };
    std::iter::from_fn(next).take(TAGS_MAX)
}

/// The text in an element, up to where it closes.
fn inner(page: &str, tag: &Tag<'_>) -> String {
    let rest = page.get(tag.end..).unwrap_or_default();
    let mut end = rest.len().min(TEXTS_BYTES_MAX);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let close = format!("</{}", tag.name);
    let is_close = |at: &usize| {
        rest.get(*at..*at + close.len()).is_some_and(|it| it.eq_ignore_ascii_case(&close))
    };
    let end = rest[..end].match_indices("</").map(|it| it.0).find(is_close);
    let text = rest.get(..end.unwrap_or(0)).unwrap_or_default().trim();
    let text = text.strip_prefix("<!--").and_then(|it| it.strip_suffix("-->")).unwrap_or(text);
    decoded(text)
}

fn decoded(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

/// The value of an attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let found = lower.match_indices(name).find(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| lower.as_bytes().get(at));
        before.is_some_and(|it| it.is_ascii_whitespace() || b"\"'/".contains(it))
            && lower[at + name.len()..].trim_start().starts_with('=')
    })?;
    let rest = tag[found.0 + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split(|c: char| c.is_whitespace() || c == '>').next()?,
    };
    Some(decoded(value))
}

#[cfg(test)]
mod tests {
    use super::{add_handlers, elements};
    use ukai_script::Dialect;

    #[test]
    fn named_elements_have_their_texts() {
        let page = "<body id=b><div id=\"d\" style='x'>a &amp; b</DIV><input value='v' id='i'>\
                    <p>none</p><script id=s>var a;</script></body>";
        let all = elements(page);
        assert_eq!(all, [("d".to_owned(), "a & b".to_owned()), ("i".to_owned(), "v".to_owned())]);
        assert!(elements("<a id=").is_empty() && elements("<").is_empty());
    }

    #[test]
    fn handlers_are_run_with_the_scripts() {
        let mut blocks = vec![(Dialect::VbScript, "Sub Go\nEnd Sub".to_owned())];
        add_handlers("<body onload=\"Go\"><img src=x onerror='javascript:a()'>", &mut blocks);
        assert_eq!(blocks.len(), 2);
        assert!(blocks[0].1.ends_with("\nGo\n"));
        assert!(blocks[1].1.contains("a()"));
    }
}
