//! Messages of ICAP (RFC 3507, section 4), with the headers by which scanners name what
//! they found (draft-stecher-icap-subid-00, and what Symantec's and Trend's add to it).

use crate::engine::State;
use crate::limits::HEADERS_MAX;
use ukai_model::{PeerText, Sha256};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    authority: String,
    path: String,
}

impl Target {
    /// Of `icap://host[:port]/service`.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("icap://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '@' | '#');
        let fits = !authority.is_empty() && rest.chars().all(plain);
        fits.then(|| Self { authority: authority.to_owned(), path: path.to_owned() })
    }

    /// With ICAP's own port where none is given.
    pub(super) fn authority_with_port(&self) -> String {
        let has_port = self.authority.rsplit_once(':').is_some_and(|(host, port)| {
            port.bytes().all(|byte| byte.is_ascii_digit())
                && (!host.contains(':') || host.ends_with(']'))
        });
        if has_port { self.authority.clone() } else { format!("{}:1344", self.authority) }
    }
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }
}

/// Where a head ends that begins `bytes`.
pub(super) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// The head that begins `bytes`, and what is behind it.
pub(super) fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let end = head_end(bytes)?;
    let (text, rest) = (bytes.get(..end.checked_sub(4)?)?, bytes.get(end..)?);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let first = lines.next()?.strip_prefix(b"ICAP/1.")?;
    let status = std::str::from_utf8(first.get(2..5)?).ok()?.parse().ok()?;
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines {
        // A value may go on in the next line, as the list of violations does.
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some((_, value)) = headers.last_mut() {
                value.push(b'\n');
                value.extend_from_slice(line.trim_ascii());
            }
        } else if let Some(at) = line.iter().position(|byte| *byte == b':') {
            if headers.len() >= HEADERS_MAX {
                break;
            }
            let name = String::from_utf8_lossy(&line[..at]).to_ascii_lowercase();
            headers.push((name, line[at + 1..].trim_ascii().to_vec()));
        }
    }
    Some((Head { status, headers }, rest))
}

/// What a service offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// Whether only uploads are scanned.
    uploads: bool,
    /// Bytes that it wants to see first; `None`: all at once.
    pub(super) preview: Option<usize>,
    /// Whether it may say that nothing is to be changed.
    may_say_nothing: bool,
}

impl Offer {
    pub(super) fn of(head: &Head) -> Self {
        let has = |name: &str, word: &[u8]| {
            head.get(name).is_some_and(|value| {
                value.split(|byte| !byte.is_ascii_alphanumeric()).any(|one| one == word)
            })
        };
        let number = |name: &str| std::str::from_utf8(head.get(name)?).ok()?.trim().parse().ok();
        Self {
            uploads: has("methods", b"REQMOD") && !has("methods", b"RESPMOD"),
            preview: number("preview"),
            may_say_nothing: has("allow", b"204"),
        }
    }
}

/// What a service says of itself. `ISTag` changes with its signatures.
pub(super) fn state(head: &Head) -> State {
    let kept = |name: &str| {
        let value = head.get(name)?;
        let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        Some(PeerText::truncated(bare.unwrap_or(value), 200)).filter(|text| !text.is_empty())
    };
    State { product: kept("service").or_else(|| kept("server")), signatures: kept("istag") }
}

/// Asks what a service offers.
pub(super) fn options(target: &Target) -> Vec<u8> {
    let Target { authority, path } = target;
    format!(
        "OPTIONS icap://{authority}/{path} ICAP/1.0\r\nHost: {authority}\r\n\
         User-Agent: ukai\r\nEncapsulated: null-body=0\r\n\r\n"
    )
    .into_bytes()
}

/// Shows a sample, up to where its body begins.
pub(super) fn modify(target: &Target, offer: &Offer, sample: &[u8]) -> Vec<u8> {
    let Target { authority, path } = target;
    let name = Sha256::of(sample);
    let about = format!(
        "Content-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
        sample.len()
    );
    // The name is of no host (RFC 2606): nobody can be asked for it.
    let (method, request, answer) = if offer.uploads {
        let request =
            format!("POST http://sample.invalid/{name} HTTP/1.1\r\nHost: sample.invalid\r\n");
        ("REQMOD", request + &about, None)
    } else {
        let request =
            format!("GET http://sample.invalid/{name} HTTP/1.1\r\nHost: sample.invalid\r\n\r\n");
        ("RESPMOD", request, Some(format!("HTTP/1.1 200 OK\r\n{about}")))
    };
    let allow = if offer.may_say_nothing { "Allow: 204\r\n" } else { "" };
    let preview = offer.preview.map(|bytes| format!("Preview: {}\r\n", bytes.min(sample.len())));
    let at = request.len();
    let parts = match &answer {
        Some(answer) => format!("req-hdr=0, res-hdr={at}, res-body={}", at + answer.len()),
        None => format!("req-hdr=0, req-body={at}"),
    };
    let head = format!(
        "{method} icap://{authority}/{path} ICAP/1.0\r\nHost: {authority}\r\nUser-Agent: ukai\r\n\
         Connection: close\r\n{allow}{}Encapsulated: {parts}\r\n\r\n",
        preview.unwrap_or_default()
    );
    (head + &request + &answer.unwrap_or_default()).into_bytes()
}

/// The first bytes of a body, and whether they are all of it.
pub(super) fn preview(bytes: &[u8], whole: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 32);
    if !bytes.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
    let end: &[u8] = if whole { b"0; ieof\r\n\r\n" } else { b"0\r\n\r\n" };
    out.extend_from_slice(end);
    out
}

/// The names under which something was found; `None`: no such header.
pub(super) fn names(head: &Head) -> Option<Vec<Vec<u8>>> {
    if let Some(value) = head.get("x-infection-found") {
        // `Type=0; Resolution=2; Threat=Eicar;`
        let parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        return Some(
            parts.filter_map(|part| part.strip_prefix(b"Threat=")).map(<[u8]>::to_vec).collect(),
        );
    }
    if let Some(value) = head.get("x-violations-found") {
        // A count, then four lines each: file, name, number, what was done.
        let lines: Vec<&[u8]> =
            value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).collect();
        let found = lines.iter().skip(1).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        let names: Vec<Vec<u8>> =
            found.chunks(4).filter_map(|four| four.get(1)).map(|name| name.to_vec()).collect();
        if lines.first().is_some_and(|count| *count != b"0") {
            return Some(names);
        }
    }
    ["x-virus-id", "x-virus-name", "x-blocked-reason"]
        .iter()
        .find_map(|name| head.get(name))
        .filter(|value| !value.is_empty() && !value.eq_ignore_ascii_case(b"no threats"))
        .map(|value| vec![value.to_vec()])
}

/// Whether an answer shows the sample unchanged; `None`: it cannot be read.
pub(super) fn body(head: &Head, rest: &[u8], sample: &[u8]) -> Option<bool> {
    let encapsulated = std::str::from_utf8(head.get("encapsulated")?).ok()?;
    let part = |name: &str| {
        let mut parts = encapsulated.split(',').filter_map(|part| part.trim().split_once('='));
        parts.find(|(known, _)| *known == name).and_then(|(_, at)| at.trim().parse::<usize>().ok())
    };
    // An upload that is answered instead of being passed on was stopped.
    let Some(at) = part("res-body").or_else(|| part("req-body")) else { return Some(false) };
    let mut rest = rest.get(at..)?;
    let mut left = sample;
    loop {
        let line_end = rest.windows(2).position(|window| window == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..line_end)?).ok()?;
        let size = line.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = rest.get(line_end + 2..)?;
        if size == 0 {
            return Some(left.is_empty());
        }
        let piece = rest.get(..size)?;
        let Some(after) = left.strip_prefix(piece) else { return Some(false) };
        (left, rest) = (after, rest.get(size.checked_add(2)?..)?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Head {
        head(text.as_bytes()).expect("a head").0
    }

    #[test]
    fn targets_have_a_port() {
        let with = |url| Target::parse(url).map(|target| target.authority_with_port());
        assert_eq!(with("icap://av.example/avscan").as_deref(), Some("av.example:1344"));
        assert_eq!(with("icap://[::1]/x").as_deref(), Some("[::1]:1344"));
        assert_eq!(with("icap://[::1]:99/x").as_deref(), Some("[::1]:99"));
        assert_eq!(with("http://av.example/"), None);
        assert_eq!(with("icap://a\r\nb/"), None);
    }

    #[test]
    fn names_are_found_in_each_header() {
        let name = |headers: &str| names(&of(&format!("ICAP/1.0 200 OK\r\n{headers}\r\n\r\n")));
        assert_eq!(
            name("X-Infection-Found: Type=0; Resolution=2; Threat=Eicar-Test;"),
            Some(vec![b"Eicar-Test".to_vec()])
        );
        assert_eq!(
            name("X-Violations-Found: 1\r\n\tfile\r\n\tWorm.X\r\n\t0\r\n\t0"),
            Some(vec![b"Worm.X".to_vec()])
        );
        assert_eq!(name("X-Violations-Found: 0"), None);
        assert_eq!(name("X-Virus-ID: Trojan.Y"), Some(vec![b"Trojan.Y".to_vec()]));
        assert_eq!(name("X-Virus-ID: no threats"), None);
    }

    #[test]
    fn a_body_is_the_sample_or_another() {
        let head = of("ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=4\r\n\r\n");
        assert_eq!(body(&head, b"HTTP3\r\nabc\r\n0\r\n\r\n", b"abc"), Some(true));
        assert_eq!(body(&head, b"HTTP4\r\nsafe\r\n0\r\n\r\n", b"abc"), Some(false));
        assert_eq!(body(&head, b"HTTP2\r\nab\r\n0\r\n\r\n", b"abc"), Some(false));
        assert_eq!(body(&head, b"HTTP3\r\nab", b"abc"), None);
    }

    #[test]
    fn a_sample_is_shown_where_the_offsets_say() {
        let target = Target::parse("icap://av.example/scan").expect("a target");
        let offer = Offer::of(&of(
            "ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nPreview: 1024\r\nAllow: 204\r\n\r\n",
        ));
        let text = String::from_utf8(modify(&target, &offer, b"abc")).expect("text");
        let (icap, inside) = text.split_once("\r\n\r\n").expect("two parts");
        assert!(icap.contains("\r\nPreview: 3\r\nEncapsulated: req-hdr=0, res-hdr="), "{icap}");
        let at = |name: &str| {
            let value = icap.split_once(&format!("{name}=")).expect(name).1;
            value
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .expect(name)
                .parse::<usize>()
                .expect(name)
        };
        assert!(inside[at("res-hdr")..].starts_with("HTTP/1.1 200 OK"));
        assert_eq!(inside.len(), at("res-body"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            super::super::fuzz(&bytes);
            let answer = [b"ICAP/1.0 200 OK\r\nEncapsulated: res-body=0\r\n\r\n", &bytes[..]].concat();
            super::super::fuzz(&answer);
        }
    }
}
