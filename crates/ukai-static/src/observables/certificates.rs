//! URLs in certificates, as signed programs carry them: where lists of what was revoked, issuers and
//! policies are. Whoever checks the signature may fetch them; the sample does not.
//!
//! They are known by what stands around them in DER, not by where: signatures are a place to hide
//! things in as well.

use super::runs::Run;
use memchr::memmem;
use std::borrow::Cow;

/// The beginning of the identifiers of all extensions of certificates (RFC 5280, 4.2: 2.5.29).
const EXTENSION: &[u8] = b"\x06\x03\x55\x1d";
/// Who may be asked about the issuer, and where (RFC 5280, 4.2.2.1): 1.3.6.1.5.5.7.48, and one.
const ACCESS: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x30";
/// Where the policy is written (RFC 5280, 4.2.1.4): 1.3.6.1.5.5.7.2.1.
const POLICY: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x02\x01";
/// Tags of a URL in a general name, of a text, and of one in what is signed (SpcLink, "Windows
/// Authenticode Portable Executable Signature Format").
const NAME: u8 = 0x86;
const TEXT: u8 = 0x16;
const LINK: u8 = 0x80;

/// Whether there may be a certificate in `bytes`.
pub(crate) fn may_be_in(bytes: &[u8]) -> bool {
    memmem::find(bytes, EXTENSION).is_some()
}

/// The text of a run, with spaces for the URLs of certificates.
pub(crate) fn without<'a>(bytes: &[u8], run: &Run, text: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    let mut text = text;
    if run.wide {
        return text;
    }
    let mut from = 0;
    while let Some(at) = memmem::find(&text[from..], b"http").map(|at| at + from) {
        from = at + 4;
        if let Some(length) = length(bytes, run.at + at) {
            let end = text.len().min(at + length);
            text.to_mut()[at..end].fill(b' ');
            from = end;
        }
    }
    text
}

/// The length of the URL at a place, if it is one of a certificate.
fn length(bytes: &[u8], at: usize) -> Option<usize> {
    let before = &bytes[..at];
    // A length of 128 and more takes two bytes.
    let (tag, head, length) = match before {
        [head @ .., tag, 0x81, length] => (*tag, head, usize::from(*length)),
        [head @ .., tag, length] if *length < 0x80 => (*tag, head, usize::from(*length)),
        _ => return None,
    };
    let whole = length + 2 + usize::from(length >= 0x80);
    let within = |outer: u8| match head {
        [.., tag, 0x81, length] if whole >= 0x80 => *tag == outer && usize::from(*length) == whole,
        [.., tag, length] => *tag == outer && usize::from(*length) == whole,
        _ => false,
    };
    let is_of_certificate = match tag {
        // A distribution point's full name, or a place to ask at.
        NAME => {
            within(0xa0) || head.split_last().is_some_and(|(_, before)| before.ends_with(ACCESS))
        }
        TEXT => head.ends_with(POLICY),
        LINK => within(0xa1),
        _ => false,
    };
    is_of_certificate.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::without;
    use crate::observables::runs;
    use proptest::prelude::*;

    fn texts(bytes: &[u8]) -> Vec<String> {
        let texts = runs(bytes).map(|run| without(bytes, &run, run.text(bytes)).into_owned());
        texts.map(|it| String::from_utf8_lossy(&it).into_owned()).collect()
    }

    #[test]
    fn urls_are_known_by_what_stands_around_them() {
        let point = b"\x30\x13\xa0\x11\xa0\x0f\x86\x0dhttp://a.b/c.0T\x06";
        assert_eq!(texts(point), [" ".repeat(13) + "0T"]);
        let access = b"\x06\x08+\x06\x01\x05\x05\x070\x01\x86\x0ahttp://a.b0\x82";
        assert_eq!(texts(access), [" ".repeat(10) + "0"]);
        let policy = b"\x06\x08+\x06\x01\x05\x05\x07\x02\x01\x16\x0ahttp://a.b0@\x82";
        assert_eq!(texts(policy), [" ".repeat(10) + "0@"]);
        let mut long = b"\x30\x81\x99\xa0\x81\x96\xa0\x81\x8f\x86\x81\x8chttp://a.b/".to_vec();
        long.extend([b'x'; 129]);
        long.extend(b"0T");
        assert_eq!(texts(&long), [" ".repeat(140) + "0T"]);
        // One that only has a length before it.
        assert_eq!(texts(b"\x86\x0ahttp://a.b\0"), ["http://a.b"]);
        assert_eq!(texts(b"http://a.b"), ["http://a.b"]);
    }

    proptest! {
        #[test]
        fn lengths_do_not_change(bytes in prop::collection::vec(prop_oneof![
            any::<u8>(), prop::sample::select(b"http\x86\xa0\x0a\x81\x16".to_vec()),
        ], 0..300)) {
            for run in runs(&bytes) {
                let text = run.text(&bytes);
                prop_assert_eq!(text.len(), without(&bytes, &run, text.clone()).len());
            }
        }
    }
}
