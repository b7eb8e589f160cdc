//! Policies about log-ins: what they say is what happens, and it happens again.

use crate::policy::pattern_fits;
use crate::{Access, Attempt, Canary, Host, Persona, PersonaError};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

const SOURCE: &str = "198.51.100.4";

/// A Debian server with this `[credentials]` table.
fn host(credentials: &str) -> Host {
    let mut persona = (*Persona::named("server-debian").expect("built in")).as_ref().clone();
    persona.credentials = toml::from_str(credentials).expect("a table");
    persona.credentials.check(&persona).expect("it can work");
    Arc::new(persona).host(IpAddr::from([192, 0, 2, 1]), [7; 32])
}

fn accepts(host: &Host, protocol: &str, user: &str, password: &str, source: &str) -> bool {
    host.accepts(&Attempt {
        protocol,
        user: user.as_bytes(),
        password: password.as_bytes(),
        source: source.parse().expect("an address"),
    })
}

#[test]
fn what_is_refused_is_refused_and_the_first_rule_that_fits_decides() {
    let host = host(
        r#"
        accepted = [["root", "toor"], ["root", "root1"]]
        refused = [["root", "root*"], ["*", "*honeypot*"]]
        chance_per_mille = 1000
        [[rules]]
        protocols = ["ftp"]
        users = ["root"]
        decision = "refuse"
        [[rules]]
        protocols = ["ssh", "http"]
        sources = ["203.0.113.0/24"]
        decision = "refuse"
        [[rules]]
        protocols = ["ssh"]
        password_classes = ["digits", "like-user"]
        password_length = [4, 8]
        decision = "accept"
        [[rules]]
        protocols = ["ssh", "telnet", "ftp"]
        decision = { chance_per_mille = 0 }
        "#,
    );
    for (protocol, user, password, source, expected) in [
        ("ssh", "root", "toor", SOURCE, true),
        ("telnet", "root", "toor", SOURCE, true),
        ("ssh", "root", "root1", SOURCE, false),
        ("ssh", "debian", "my-honeypot!", SOURCE, false),
        ("ssh", "root", "1234", SOURCE, true),
        ("ssh", "root", "123", SOURCE, false),
        ("ssh", "root", "123456789", SOURCE, false),
        ("ssh", "debian", "debian7", SOURCE, true),
        ("ssh", "root", "1234", "203.0.113.9", false),
        ("ssh", "root", "1234", "::ffff:203.0.113.9", false),
        ("telnet", "root", "1234", SOURCE, false),
        ("ftp", "root", "1234", SOURCE, false),
        // No rule is about mail, so chance decides, for whoever has an account.
        ("pop3", "debian", "x", SOURCE, true),
        ("pop3", "debian@example.org", "x", SOURCE, true),
        ("pop3", "nosuchuser@example.org", "x", SOURCE, false),
        // Neither an empty password, nor an account that is none or has no shell.
        ("ssh", "root", "", SOURCE, false),
        ("ssh", "nosuchuser", "1234", SOURCE, false),
        ("ssh", "www-data", "1234", SOURCE, false),
    ] {
        assert_eq!(
            accepts(&host, protocol, user, password, source),
            expected,
            "{protocol} {user} {password} {source}"
        );
    }
}

#[test]
fn a_source_guesses_right_after_a_while_and_finds_it_so_again() {
    let host = host(
        r"
        accepted = []
        [[rules]]
        decision = { after = [3, 9], remember = 2 }
        ",
    );
    let mut needed = BTreeSet::new();
    for last in 1..40 {
        let source = format!("198.51.100.{last}");
        let found: Vec<u32> = (1..60)
            .filter(|n| {
                let password = format!("pw{n}");
                let first = accepts(&host, "ssh", "root", &password, &source);
                // A second try at once does not count.
                assert_eq!(accepts(&host, "ssh", "root", &password, &source), first);
                first
            })
            .collect();
        let [first, second] = found[..] else { panic!("{source} found {found:?}") };
        assert!((3..=9).contains(&first) && (3..=9).contains(&(second - first)), "{found:?}");
        needed.insert(first);
        // Later, in another order, all is as it was.
        for n in (1..60).rev() {
            let password = format!("pw{n}");
            let expected = found.contains(&n);
            assert_eq!(accepts(&host, "ssh", "root", &password, &source), expected, "pw{n}");
        }
    }
    assert!(needed.len() > 3, "sources need different numbers of tries: {needed:?}");
    assert!(!accepts(&host, "ssh", "nosuchuser", "pw1", SOURCE));
}

#[test]
fn what_was_found_outlasts_a_restart() {
    let table = "accepted = []\n[[rules]]\ndecision = { after = [2, 3] }";
    let first = host(table);
    assert_eq!(first.access.save(), None);
    let tries = |host: &Host| -> Vec<bool> {
        (0..5).map(|n| accepts(host, "ssh", "root", &format!("pw{n}"), SOURCE)).collect()
    };
    let before = tries(&first);
    assert_eq!(before.iter().filter(|found| **found).count(), 1);
    let saved = first.access.save().expect("a pair was found");
    assert_eq!(first.access.save(), None);
    for text in [saved.clone(), format!("zz\n\n{saved}12 x\n")] {
        let access = Access::new(Vec::new()).with_found(&text);
        assert_eq!(tries(&host(table).with_access(Arc::new(access))), before);
    }
}

#[test]
fn chance_differs_by_source_and_stays() {
    let host = host("accepted = []\nchance_per_mille = 500");
    let fate = |source: &str| -> Vec<bool> {
        (0..64).map(|n| accepts(&host, "ssh", "root", &format!("pw{n}"), source)).collect()
    };
    assert_eq!(fate("198.51.100.1"), fate("198.51.100.1"));
    assert_eq!(fate("198.51.100.1"), fate("::ffff:198.51.100.1"));
    assert_ne!(fate("198.51.100.1"), fate("198.51.100.2"));
}

#[test]
fn canaries_of_persona_and_operator_are_met_and_decided_as_configured() {
    let plain = host(
        r#"
        accepted = [["debian", "debian"]]
        canaries = [{ user = "test", password = "t0p", note = "wiki", accepted = true }]
        "#,
    );
    let host = plain.with_access(Arc::new(Access::new(vec![
        Canary {
            user: "backup-svc".into(),
            password: None,
            note: "pastebin".into(),
            accepted: None,
        },
        Canary {
            user: "debian".into(),
            password: Some("debian".into()),
            note: "README".into(),
            accepted: Some(false),
        },
        Canary {
            user: "www-data".into(),
            password: None,
            note: "no shell".into(),
            accepted: Some(true),
        },
    ])));
    for (user, password, note, accepted) in [
        ("test", "t0p", Some("wiki"), true),
        ("test", "other", None, false),
        ("backup-svc", "anything", Some("pastebin"), false),
        ("debian", "debian", Some("README"), false),
        ("www-data", "x", Some("no shell"), false),
    ] {
        let attempt = Attempt {
            protocol: "ssh",
            user: user.as_bytes(),
            password: password.as_bytes(),
            source: IpAddr::from([198, 51, 100, 4]),
        };
        assert_eq!(host.canary(&attempt).map(|c| c.note.as_str()), note, "{user}");
        assert_eq!(host.accepts(&attempt), accepted, "{user}");
    }
    assert_eq!(host.passwords("imap", b"test"), [b"t0p".to_vec()]);
}

#[test]
fn a_table_that_cannot_work_is_named_with_its_remedy() {
    let text = include_str!("../../../../personas/server-debian.toml");
    for (table, key) in [
        ("[[credentials.rules]]\nprotocols = [\"sssh\"]\ndecision = \"accept\"", "protocols"),
        ("[[credentials.rules]]\ndecision = { after = [5, 3] }", "decision.after"),
        ("[[credentials.rules]]\ndecision = { after = [1, 500] }", "decision.after"),
        ("[[credentials.rules]]\ndecision = { after = [1, 2], remember = 0 }", "decision.remember"),
        ("[[credentials.rules]]\ndecision = { chance_per_mille = 1001 }", "chance_per_mille"),
        (
            "[[credentials.rules]]\npassword_length = [3, 2]\ndecision = \"accept\"",
            "password_length",
        ),
    ] {
        let error = Persona::parse(&format!("{text}\n{table}\n")).expect_err("it cannot work");
        let PersonaError::Contradiction { key: named, .. } = &error else { panic!("{error}") };
        assert!(named.ends_with(key), "{key}: {error}");
    }
    let typo = format!("{text}\n[[credentials.rules]]\ndecision = \"acept\"\n");
    let error = Persona::parse(&typo).expect_err("a typing error").to_string();
    assert!(error.contains("\"accept\", \"refuse\""), "{error}");
}

#[test]
fn stars_and_question_marks() {
    for (pattern, text, expected) in [
        ("", "", true),
        ("*", "", true),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("*b*", "abc", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*b", "xaxb", true),
        ("*ab", "aab", true),
        ("a*b*c", "aXbXbYc", true),
        ("abc", "abcd", false),
    ] {
        assert_eq!(pattern_fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
    }
}

proptest! {
    #[test]
    fn a_text_with_pieces_left_out_fits_its_pattern(
        text in proptest::collection::vec(any::<u8>().prop_filter("plain", |b| !b"*?".contains(b)), 0..40),
        cuts in proptest::collection::vec((0_usize..40, 0_usize..10), 0..4),
    ) {
        let mut pattern = text.clone();
        for (at, length) in cuts {
            let at = at.min(pattern.len());
            let end = (at + length).min(pattern.len());
            pattern.splice(at..end, *b"*");
        }
        prop_assert!(pattern_fits(&pattern, &text));
    }
}
