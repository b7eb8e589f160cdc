//! What systems fetch by themselves: revocation of certificates, lists of roots, updates.

use super::archives;
use crate::http::answer::Answer;
use crate::http::core::utc_time;
use crate::http::request::Request;
use crate::http::text;
use crate::ntlm::der;
use ukai_model::{Duration, Timestamp};

/// The answer to what a system asks for.
pub(crate) fn answer(request: &Request<'_>) -> Option<Answer> {
    let path = request.path;
    let host = &*request.host;
    let ocsp = request.header("content-type") == Some(b"application/ocsp-request")
        || host.starts_with("ocsp.") && matches!(request.method, "GET" | "POST");
    if ocsp {
        // `unauthorized` (RFC 6960, 2.3): what responders say of certificates that they do
        // not know, and what clients pass over.
        return Some(Answer::of("application/ocsp-response", &b"\x30\x03\x0a\x01\x06"[..]));
    }
    if path.ends_with(b".crl") {
        return Some(Answer::file("application/pkix-crl", crl(request)));
    }
    if path.ends_with(b".crt") || path.ends_with(b".p7c") {
        return Some(Answer::error(404));
    }
    let windows = ["windowsupdate.com", "update.microsoft.com", "delivery.mp.microsoft.com"];
    if windows.iter().any(|domain| is_of(host, domain)) {
        if request.header("if-modified-since").is_some()
            || request.header("if-none-match").is_some()
        {
            return Some(Answer::empty(304));
        }
        if path.ends_with(b".cab") {
            return Some(Answer::file("application/vnd.ms-cab-compressed", archives::cab()));
        }
        if path.ends_with(b".asmx") {
            return Some(Answer::of("text/xml; charset=utf-8", FAULT).status(500));
        }
    }
    if is_of(host, "settings-win.data.microsoft.com") || is_of(host, "events.data.microsoft.com") {
        return Some(Answer::json("{\"acc\":1}".to_owned()));
    }
    None
}

const FAULT: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope \
    xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><soap:Fault>\
    <faultcode>soap:Server</faultcode><faultstring>Server is busy.</faultstring></soap:Fault>\
    </soap:Body></soap:Envelope>";

/// Whether a host is a domain or lies in it.
pub(super) fn is_of(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A list of revoked certificates (RFC 5280, 5.1) with nothing on it, by the issuer that
/// the host's name suggests. Nobody's key has signed it.
fn crl(request: &Request<'_>) -> Vec<u8> {
    /// `sha256WithRSAEncryption`.
    const ALGORITHM: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\0";
    /// `commonName`.
    const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
    let sequence = |parts: &[&[u8]]| der(0x30, &parts.concat());
    let host: String = request.host.chars().filter(char::is_ascii_graphic).take(60).collect();
    let name = sequence(&[COMMON_NAME, &der(0x0c, host.as_bytes())]);
    let issuer = sequence(&[&der(0x31, &name)]);
    let day = Timestamp::from_secs(request.now.secs() / 86_400 * 86_400);
    let (since, until) = (utc_time(day), utc_time(day + Duration::from_hours(7 * 24)));
    let list = sequence(&[
        b"\x02\x01\x01",
        ALGORITHM,
        &issuer,
        &der(0x17, since.as_bytes()),
        &der(0x17, until.as_bytes()),
    ]);
    let mut signature = vec![0];
    let mut state = text::number(&list);
    while signature.len() < 257 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        signature.push((state >> 56) as u8);
    }
    sequence(&[&list, ALGORITHM, &der(0x03, &signature)])
}
