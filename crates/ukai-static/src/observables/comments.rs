//! Comments of scripts that are lines of their own: what stands there nobody asks.

/// Comments of one script that are looked at.
const COMMENTS_MAX: usize = 10_000;

/// Where the comments of a script stand that begin a line, by the short name of its kind.
pub(super) fn places(kind: &str, text: &[u8]) -> Vec<(usize, usize)> {
    let (lines, block): (&[&str], Option<(&str, &str)>) = match kind {
        "powershell" => (&["#"], Some(("<#", "#>"))),
        "python" | "perl" | "shell-script" => (&["#"], None),
        "javascript" => (&["//"], Some(("/*", "*/"))),
        "batch" => (&["rem ", "@rem ", "::"], None),
        "vbscript" | "vba" => (&["'", "rem "], None),
        _ => return Vec::new(),
    };
    let mut places = Vec::new();
    let mut at = 0;
    while at < text.len() && places.len() < COMMENTS_MAX {
        let rest = &text[at..];
        let line_end = rest.iter().position(|it| *it == b'\n').map_or(rest.len(), |it| it + 1);
        let line = &rest[..line_end];
        let blanks = line.iter().take_while(|it| matches!(it, b' ' | b'\t')).count();
        let begins = |mark: &str| {
            let head = line.get(blanks..blanks + mark.len());
            head.is_some_and(|it| it.eq_ignore_ascii_case(mark.as_bytes()))
        };
        if let Some((open, close)) = block
            && begins(open)
        {
            let inner = &rest[blanks + open.len()..];
            let end = memchr::memmem::find(inner, close.as_bytes());
            let end = end.map_or(rest.len(), |it| blanks + open.len() + it + close.len());
            places.push((at, at + end));
            at += end;
            continue;
        }
        if lines.iter().any(|it| begins(it)) || kind == "shell-script" && is_of_rivals(line) {
            places.push((at, at + line_end));
        }
        at += line_end;
    }
    places
}

/// Whether a line of a shell looks for others' connections or programs, to end them.
fn is_of_rivals(line: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(line, word).is_some();
    has(b"kill") && has(b"grep") && !has(b"://")
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn lines_and_blocks_are_found() {
        let of = |kind: &str, text: &str| -> Vec<String> {
            let places = places(kind, text.as_bytes());
            places.iter().map(|it| text[it.0..it.1].trim().to_owned()).collect()
        };
        assert_eq!(
            of("javascript", "/*! a */x\n // b\nvar u = 'http://c';\n"),
            ["/*! a */", "// b"]
        );
        assert_eq!(of("powershell", "<# a\nb #>\nx # c\n#d"), ["<# a\nb #>", "#d"]);
        assert_eq!(of("batch", "REM a\r\n:: b\r\n:label\r\n"), ["REM a", ":: b"]);
        assert_eq!(of("vbscript", "' a\nx = \"'\"\n"), ["' a"]);
        assert_eq!(of("javascript", "/* never ends"), ["/* never ends"]);
        assert!(of("text", "# a").is_empty());
    }
}
