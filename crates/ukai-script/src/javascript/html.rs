//! What acts in HTML that a script writes: its scripts, and what it loads by itself.

/// Things that one text is looked through for.
const FOUND_MAX: usize = 200;

/// What acts, in order: `script` or `basic` with a text, `load` with a URL.
pub(super) fn active(html: &str) -> Vec<(&'static str, String)> {
    let lower = html.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = lower.get(at..).and_then(|rest| rest.find('<')).map(|it| it + at) {
        if found.len() >= FOUND_MAX {
            break;
        }
        let rest = lower.get(start + 1..).unwrap_or_default();
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = rest.get(..length).unwrap_or_default();
        let end = tag_end(rest).map_or(lower.len(), |it| start + 1 + it);
        let tag = html.get(start + 1 + length..end).unwrap_or_default();
        at = end.max(start + 1);
        match name {
            "script" => {
                if let Some(source) = attribute(tag, "src") {
                    found.push(("load", source));
                }
                let body = lower.get(at..).and_then(|rest| rest.find("</script")).map(|it| it + at);
                let body_end = body.unwrap_or(lower.len());
                let text = html.get((at + 1).min(body_end)..body_end).unwrap_or_default();
                if !text.trim().is_empty() {
                    let language = attribute(tag, "language").unwrap_or_default()
                        + &attribute(tag, "type").unwrap_or_default();
                    let basic = language.to_ascii_lowercase().contains("vb");
                    found.push((if basic { "basic" } else { "script" }, text.to_owned()));
                }
                at = body_end;
            }
            "iframe" | "frame" | "img" | "embed" | "video" | "audio" | "source" | "input" => {
                found.extend(attribute(tag, "src").map(|it| ("load", it)));
            }
            "form" => {
                let name = attribute(tag, "id").or_else(|| attribute(tag, "name"));
                if let Some(action) = attribute(tag, "action") {
                    found.push(("form", format!("{}\n{action}", name.unwrap_or_default())));
                }
            }
            "object" => found.extend(attribute(tag, "data").map(|it| ("load", it))),
            "link" => found.extend(attribute(tag, "href").map(|it| ("load", it))),
            "meta" => {
                let content = attribute(tag, "content").unwrap_or_default();
                let place = content.to_ascii_lowercase().find("url=");
                if let Some(url) = place.and_then(|it| content.get(it + 4..)) {
                    found.push(("load", url.trim_matches(['\'', '"', ' ']).to_owned()));
                }
            }
            _ => {}
        }
        // A page that loads nothing but an error runs it.
        if matches!(name, "img" | "body" | "svg" | "iframe" | "video") {
            for event in ["onerror", "onload"] {
                found.extend(attribute(tag, event).map(|it| ("script", it)));
            }
        }
    }
    found.retain(|(kind, value)| *kind != "load" || !value.starts_with("data:"));
    found
}

/// Where a tag ends, quotes passed over.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of an attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = lower.get(from..)?.find(name)? + from;
        from = at + name.len();
        let before = lower.get(..at)?.chars().next_back();
        if before.is_some_and(|it| it.is_alphanumeric() || it == '-') {
            continue;
        }
        let rest = tag.get(from..)?.trim_start();
        let Some(value) = rest.strip_prefix('=') else { continue };
        let value = value.trim_start();
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
            _ => value.split([' ', '\t', '\r', '\n', '>']).next()?,
        };
        return Some(value.replace("&amp;", "&"));
    }
}

#[cfg(test)]
mod tests {
    use super::active;

    #[test]
    fn scripts_and_loads_are_found() {
        let html = r#"<p><IFRAME width=1 src='http://a.example/?x=1&amp;y=2'></iframe>
            <script>if (1 > 0) go("</p>")</script><script src=//b.example/j.js></script>
            <script language="VBScript">x</script><meta http-equiv=refresh content="0;URL='http://c.example/'">
            <img data-src=no src="data:x" onerror="e()"><script"#;
        assert_eq!(
            active(html),
            [
                ("load", "http://a.example/?x=1&y=2".to_owned()),
                ("script", "if (1 > 0) go(\"</p>\")".to_owned()),
                ("load", "//b.example/j.js".to_owned()),
                ("basic", "x".to_owned()),
                ("load", "http://c.example/".to_owned()),
                ("script", "e()".to_owned()),
            ]
        );
        assert!(active("<<<script <img src= <é").is_empty());
    }
}
