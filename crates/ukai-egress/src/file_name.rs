//! Parts of a URL as the protocols without URLs want them.

use crate::failure::Failure;
use crate::limits::FILE_NAME_BYTES_MAX;

/// The file that a URL's path names: without the first slash, percent-decoded.
pub(crate) fn file_name(path: &str) -> Result<String, Failure> {
    let name = decoded(path.strip_prefix('/').unwrap_or(path))?;
    if name.is_empty() {
        return Err(Failure::bad_url("the URL names no file"));
    }
    Ok(name)
}

/// Percent-decoded (RFC 3986, section 2.1) text that fits a line of a protocol: no
/// control characters, so that no command can be smuggled in.
pub(crate) fn decoded(text: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|b| (*b as char).to_digit(16));
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(0), digit(1))
        {
            bytes.push((high * 16 + low) as u8);
            rest = &after[2..];
        } else {
            bytes.push(byte);
        }
    }
    if bytes.len() > FILE_NAME_BYTES_MAX {
        return Err(Failure::bad_url("a name in the URL is too long"));
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text),
        _ => Err(Failure::bad_url("a name in the URL holds control characters or is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::{decoded, file_name};
    use proptest::prelude::*;

    #[test]
    fn names_are_decoded_and_commands_are_not_smuggled() {
        assert_eq!(file_name("/bins/mips").as_deref(), Ok("bins/mips"));
        assert_eq!(file_name("/%2fetc/a%20b%zz").as_deref(), Ok("/etc/a b%zz"));
        assert!(file_name("/").is_err());
        assert!(file_name("/a%0d%0aDELE%20b").is_err());
        assert!(file_name("/a%00").is_err());
        assert!(file_name("/%ff").is_err());
        assert!(file_name(&"/a".repeat(500)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_decoded_fits_a_line(text in "\\PC{0,100}|(%[0-9a-f]{2}){0,20}") {
            if let Ok(text) = decoded(&text) {
                prop_assert!(!text.contains(['\r', '\n', '\0']));
            }
        }
    }
}
