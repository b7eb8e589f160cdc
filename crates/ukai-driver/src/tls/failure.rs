//! Why TLS was not to be, told from the error: a client that does not trust us says so, and
//! one that is too old or too odd cannot be served.

use super::hello::ClientHello;
use rustls::{AlertDescription, Error, PeerIncompatible};
use std::io;

/// What came of a handshake, or of a connection in TLS, that an error ended: a word for it
/// and the reason. `None`: nothing that TLS has to do with.
///
/// `alert` is the client's own: it does not trust the certificate (`unknown_ca`,
/// `bad_certificate`, `certificate_unknown`), or the like. `refused` is ours: there is no
/// version, no cipher, no group in common. `gone` is a client that has closed in the midst
/// of the handshake, as some do that do not trust a certificate.
pub(crate) fn failure(
    error: &io::Error,
    hello: Option<&ClientHello>,
) -> Option<(&'static str, String)> {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        let gone = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
        );
        return gone.then(|| ("gone", String::new()));
    };
    match error {
        Error::AlertReceived(alert) => Some(("alert", alert_name(*alert))),
        _ if hello.is_some_and(ClientHello::is_too_old) => {
            let best = hello.map_or(0, ClientHello::best_version);
            Some(("refused", format!("version: {} at most", version_name(best))))
        }
        Error::PeerIncompatible(why) => Some(("refused", refusal(why))),
        // What is not TLS at all is the session's to tell.
        other if hello.is_some() => Some(("refused", other.to_string())),
        _ => None,
    }
}

fn version_name(version: u16) -> &'static str {
    match version {
        0x0302 => "TLS 1.1",
        0x0301 => "TLS 1.0",
        0x0300 => "SSL 3.0",
        _ => "an unknown version",
    }
}

fn refusal(why: &PeerIncompatible) -> String {
    match why {
        PeerIncompatible::NoCipherSuitesInCommon => "no cipher suite in common".to_owned(),
        PeerIncompatible::NoKxGroupsInCommon => "no key exchange group in common".to_owned(),
        PeerIncompatible::NoSignatureSchemesInCommon => "no signature scheme in common".to_owned(),
        other => words(&format!("{other:?}"), ' '),
    }
}

/// The name in RFC 8446, B.2.
fn alert_name(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA => "unknown_ca".to_owned(),
        AlertDescription::UnknownPSKIdentity => "unknown_psk_identity".to_owned(),
        AlertDescription::Unknown(number) => format!("alert {number}"),
        other => words(&format!("{other:?}"), '_'),
    }
}

/// `ATextLikeThis` in lower-case words.
fn words(camel_case: &str, separator: char) -> String {
    let mut words = String::new();
    for c in camel_case.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(separator);
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{alert_name, failure};
    use rustls::{AlertDescription, Error};
    use std::io;

    #[test]
    fn alerts_have_the_names_of_the_standard() {
        for (number, name) in [
            (40, "handshake_failure"),
            (42, "bad_certificate"),
            (46, "certificate_unknown"),
            (48, "unknown_ca"),
            (70, "protocol_version"),
            (112, "unrecognised_name"),
            (200, "alert 200"),
        ] {
            assert_eq!(alert_name(AlertDescription::from(number)), name);
        }
    }

    #[test]
    fn only_what_concerns_tls_is_told() {
        let told = |error: Error| failure(&io::Error::new(io::ErrorKind::InvalidData, error), None);
        let alert = told(Error::AlertReceived(AlertDescription::UnknownCA));
        assert_eq!(alert, Some(("alert", "unknown_ca".to_owned())));
        assert_eq!(told(Error::HandshakeNotComplete), None);
        let gone = failure(&io::ErrorKind::UnexpectedEof.into(), None);
        assert_eq!(gone, Some(("gone", String::new())));
        assert_eq!(failure(&io::ErrorKind::TimedOut.into(), None), None);
    }
}
