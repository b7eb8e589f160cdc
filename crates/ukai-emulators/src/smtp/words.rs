//! Command lines of SMTP, in words, as Postfix takes them apart.

/// The address in `FROM:<a@b>` or `TO:<a@b>`, and the options behind it.
pub(super) struct Path<'a> {
    pub(super) address: &'a [u8],
    pub(super) options: Vec<&'a [u8]>,
}

/// Why a path is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathError {
    /// It does not begin with `FROM:` or `TO:`.
    Syntax,
    /// The address is none.
    Address,
}

/// Reads `FROM:<a@b> SIZE=1` behind the verb. Postfix takes a space behind the colon, and
/// an address without brackets.
pub(super) fn path<'a>(rest: &'a [u8], keyword: &[u8]) -> Result<Path<'a>, PathError> {
    let rest = rest.trim_ascii();
    let (word, behind) = rest.split_at_checked(keyword.len()).ok_or(PathError::Syntax)?;
    if !word.eq_ignore_ascii_case(keyword) {
        return Err(PathError::Syntax);
    }
    let behind = behind.trim_ascii_start();
    if behind.is_empty() {
        return Err(PathError::Syntax);
    }
    let (address, tail) = if let Some(inner) = behind.strip_prefix(b"<") {
        let end = memchr::memchr(b'>', inner).ok_or(PathError::Address)?;
        (&inner[..end], &inner[end + 1..])
    } else {
        let end = memchr::memchr(b' ', behind).unwrap_or(behind.len());
        (&behind[..end], &behind[end..])
    };
    let good = |byte: &u8| *byte > b' ' && *byte != 0x7f && !b"<>".contains(byte);
    if !address.iter().all(good) || address.ends_with(b"@") || address.starts_with(b"@") {
        return Err(PathError::Address);
    }
    let options = tail.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    Ok(Path { address, options })
}

/// Words of a line.
pub(super) fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_clients_write_them() {
        let read = |text: &'static [u8]| path(text, b"FROM:").map(|path| path.address.to_vec());
        assert_eq!(read(b"FROM:<a@b.c> SIZE=1"), Ok(b"a@b.c".to_vec()));
        assert_eq!(read(b"from: <>"), Ok(Vec::new()));
        assert_eq!(read(b"FROM:a@b"), Ok(b"a@b".to_vec()));
        assert_eq!(read(b"FROM:<a@b.c"), Err(PathError::Address));
        assert_eq!(read(b"FROM:"), Err(PathError::Syntax));
        assert_eq!(read(b"TO:<a@b>"), Err(PathError::Syntax));
        assert_eq!(path(b"TO:<a> X=1  Y", b"TO:").map_or(0, |path| path.options.len()), 2);
    }
}
