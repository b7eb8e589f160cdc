//! The LDAP server, asked as `ldapsearch` (OpenLDAP 2.5) and Java do.

use super::answer::{code, op as answered};
use super::ber::{self, Elements, element, number};
use super::request::op;
use super::{Ldap, looks_like_ldap};
use crate::limits::LDAP_MESSAGE_BYTES;
use crate::stage::Stage;
use proptest::prelude::*;
use ukai_model::EventKind;

fn request(id: u32, tag: u8, content: &[u8]) -> Vec<u8> {
    element(ber::SEQUENCE, &[number(ber::INTEGER, id), element(tag, content)].concat())
}

fn bind(name: &str, tag: u8, credentials: &[u8]) -> Vec<u8> {
    let name = element(ber::OCTETS, name.as_bytes());
    request(1, op::BIND, &[number(ber::INTEGER, 3), name, element(tag, credentials)].concat())
}

fn sasl(mechanism: &str, response: &[u8]) -> Vec<u8> {
    let mechanism = element(ber::OCTETS, mechanism.as_bytes());
    bind("", 0xa3, &[mechanism, element(ber::OCTETS, response)].concat())
}

fn search(base: &str, scope: u32, filter: &[u8], attributes: &[&str]) -> Vec<u8> {
    let attributes: Vec<u8> =
        attributes.iter().flat_map(|name| element(ber::OCTETS, name.as_bytes())).collect();
    let content = [
        element(ber::OCTETS, base.as_bytes()),
        number(ber::ENUMERATED, scope),
        number(ber::ENUMERATED, 0),
        number(ber::INTEGER, 0),
        number(ber::INTEGER, 0),
        element(ber::BOOLEAN, &[0]),
        filter.to_vec(),
        element(ber::SEQUENCE, &attributes),
    ];
    request(2, op::SEARCH, &content.concat())
}

fn present() -> Vec<u8> {
    element(0x87, b"objectClass")
}

/// Tags and contents of the answers.
fn answers(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    Elements(bytes)
        .map(|(tag, message)| {
            assert_eq!(tag, ber::SEQUENCE);
            let mut inner = Elements(message);
            inner.number(ber::INTEGER).expect("a number");
            let (tag, content) = inner.next().expect("an operation");
            (tag, content.to_vec())
        })
        .collect()
}

fn result(content: &[u8]) -> u32 {
    Elements(content).number(ber::ENUMERATED).expect("a code")
}

/// Attributes of the one entry that was found, as text.
fn found(bytes: &[u8]) -> Vec<String> {
    let answers = answers(bytes);
    assert_eq!(
        answers.last().map(|(tag, content)| (*tag, result(content))),
        Some((answered::SEARCH_DONE, 0))
    );
    let [(answered::ENTRY, entry), _] = answers.as_slice() else { return Vec::new() };
    let attributes = Elements(entry).nth(1).expect("attributes").1;
    let attribute = |(_, content)| {
        let mut parts = Elements(content);
        let name = String::from_utf8_lossy(parts.tagged(ber::OCTETS).expect("a name")).into_owned();
        let values = Elements(parts.tagged(ber::SET).expect("values"));
        let values: Vec<_> =
            values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
        format!("{name}: {}", values.join(" "))
    };
    Elements(attributes).map(attribute).collect()
}

fn last(stage: &Stage) -> String {
    serde_json::to_string(stage.facts.last().expect("a fact")).expect("serialises")
}

#[test]
fn every_name_and_password_binds() {
    let mut stage = Stage::open(&Ldap, 389);
    for (message, told) in [
        (
            bind("cn=admin,dc=a,dc=b", 0x80, b"pw"),
            r#""user":"cn=admin,dc=a,dc=b","password":"pw","success":true"#,
        ),
        (bind("", 0x80, b""), r#""user":"","password":"","method":"anonymous""#),
        (
            sasl("PLAIN", b"\0me\0secret"),
            r#""user":"me","password":"secret","method":"sasl-plain""#,
        ),
        (sasl("EXTERNAL", b""), r#""method":"sasl-external""#),
    ] {
        let answers = answers(&stage.say(&message));
        assert_eq!((answers[0].0, result(&answers[0].1)), (answered::BIND, code::SUCCESS));
        assert!(last(&stage).contains(told), "{}", last(&stage));
    }
    let refused = answers(&stage.say(&sasl("DIGEST-MD5", b"x")));
    assert_eq!(result(&refused[0].1), code::METHOD_NOT_SUPPORTED);
    assert!(last(&stage).contains("DIGEST-MD5 x"));
    let asked = answers(&stage.say(&sasl("CRAM-MD5", b"")));
    assert_eq!(result(&asked[0].1), code::SASL_IN_PROGRESS);
    let (_, challenge) = Elements(&asked[0].1).last().expect("a challenge");
    let challenge = String::from_utf8_lossy(challenge).into_owned();
    let done = answers(&stage.say(&sasl("CRAM-MD5", b"joe 0123abcd")));
    assert_eq!(result(&done[0].1), code::SUCCESS);
    let proof = format!(r#""method":"cram-md5","proof":"{challenge} 0123abcd""#);
    assert!(last(&stage).contains(&proof), "{}", last(&stage));
}

/// NEGOTIATE_MESSAGE, and AUTHENTICATE_MESSAGE of `me` at `dom` with an answer of NTLMv1.
fn ntlm() -> [Vec<u8>; 2] {
    let negotiate = [&b"NTLMSSP\0\x01\0\0\0"[..], &[0; 24]].concat();
    let mut proof = b"NTLMSSP\0\x03\0\0\0".to_vec();
    for (length, offset) in [(0_u16, 64_u32), (24, 64), (6, 88), (4, 94), (0, 98), (0, 98)] {
        proof.extend(length.to_le_bytes());
        proof.extend(length.to_le_bytes());
        proof.extend(offset.to_le_bytes());
    }
    proof.extend(1_u32.to_le_bytes());
    proof.extend([7; 24]);
    proof.extend(b"d\0o\0m\0m\0e\0");
    [negotiate, proof]
}

#[test]
fn ntlm_is_taken_in_both_of_its_wrappings() {
    let [negotiate, proof] = ntlm();
    let mut stage = Stage::open(&Ldap, 389);
    let asked = answers(&stage.say(&sasl("GSS-SPNEGO", &negotiate)));
    assert_eq!(result(&asked[0].1), code::SASL_IN_PROGRESS);
    assert!(Elements(&asked[0].1).last().expect("one").1.starts_with(b"NTLMSSP\0\x02"));
    let done = answers(&stage.say(&sasl("GSS-SPNEGO", &proof)));
    assert_eq!(result(&done[0].1), code::SUCCESS);
    let told = last(&stage);
    assert!(
        told.contains(r#""user":"dom\\\\me""#) && told.contains(r#""method":"ntlmv1""#),
        "{told}"
    );
    let mut stage = Stage::open(&Ldap, 389);
    let packages = answers(&stage.say(&bind("", 0x89, b"")));
    assert_eq!(Elements(&packages[0].1).nth(1), Some((ber::OCTETS, &b"NTLM"[..])));
    let asked = answers(&stage.say(&bind("NTLM", 0x8a, &negotiate)));
    let (_, challenge) = Elements(&asked[0].1).nth(1).expect("a challenge");
    assert!(challenge.starts_with(b"NTLMSSP\0\x02"));
    let done = answers(&stage.say(&bind("", 0x8b, &proof)));
    assert_eq!(result(&done[0].1), code::SUCCESS);
    assert_eq!(last(&stage), told);
}

#[test]
fn the_root_and_the_suffix_are_found_and_else_nothing() {
    let mut stage = Stage::open(&Ldap, 389);
    let root = found(&stage.say(&search("", 0, &present(), &[])));
    assert_eq!(root, ["objectClass: top OpenLDAProotDSE"]);
    stage.say(&bind("cn=admin,dc=acme,dc=test", 0x80, b"pw"));
    let root = found(&stage.say(&search("", 0, &present(), &["*", "+"])));
    assert!(root.contains(&"namingContexts: dc=acme,dc=test".to_owned()), "{root:?}");
    assert!(root.iter().any(|line| line.contains("1.3.6.1.4.1.1466.20037")));
    let context = found(&stage.say(&search("", 0, &present(), &["defaultNamingContext"])));
    assert_eq!(context, ["defaultNamingContext: dc=acme,dc=test"]);
    let suffix = found(&stage.say(&search("dc=acme,dc=test", 0, &present(), &["dc"])));
    assert_eq!(suffix, ["dc: acme"]);
    let equal = [element(ber::OCTETS, b"uid"), element(ber::OCTETS, b"joe")].concat();
    let both = element(0xa0, &[present(), element(0xa2, &element(0xa3, &equal))].concat());
    let found = found(&stage.say(&search("dc=acme,dc=test", 2, &both, &["mail"])));
    assert_eq!(found, [""; 0]);
    assert!(
        last(&stage).contains(r#"\"dc=acme,dc=test\" sub (&(objectClass=*)(!(uid=joe))) mail"#),
        "{}",
        last(&stage)
    );
}

#[test]
fn filters_are_written_as_people_write_them() {
    let octets = |text: &str| element(ber::OCTETS, text.as_bytes());
    let pieces = [element(0x80, b"a"), element(0x81, b"b"), element(0x82, b"c")].concat();
    let open = element(0x81, b"mid");
    for (filter, text) in [
        (element(0xa5, &[octets("n"), octets("5")].concat()), "(n>=5)"),
        (element(0xa4, &[octets("cn"), element(ber::SEQUENCE, &pieces)].concat()), "(cn=a*b*c)"),
        (element(0xa4, &[octets("cn"), element(ber::SEQUENCE, &open)].concat()), "(cn=*mid*)"),
        (
            element(
                0xa9,
                &[element(0x81, b"1.2"), element(0x82, b"m"), element(0x83, b"4")].concat(),
            ),
            "(m:1.2:=4)",
        ),
        ((0..40).fold(present(), |inner, _| element(0xa2, &inner)), "(!(!(!("),
    ] {
        let mut stage = Stage::open(&Ldap, 389);
        stage.say(&search("dc=a", 2, &filter, &[]));
        assert!(last(&stage).contains(text), "{}", last(&stage));
    }
}

#[test]
fn a_look_up_by_jndi_is_sent_on_to_http() {
    for (name, class) in [
        ("Exploit", "Exploit"),
        ("a=b/Exploit", "Exploit"),
        ("o=tomcat", "tomcat"),
        ("Basic/Command/Base64/d2hvYW1p", "d2hvYW1p"),
        ("1", "Exploit"),
    ] {
        let mut stage = Stage::open(&Ldap, 1389);
        let entry = found(&stage.say(&search(name, 0, &present(), &[])));
        assert_eq!(
            entry,
            [
                format!("javaClassName: {class}"),
                "javaCodeBase: http://192.0.2.10/".to_owned(),
                "objectClass: javaNamingReference".to_owned(),
                format!("javaFactory: {class}"),
            ],
            "{name}"
        );
        assert_eq!(stage.kinds(), ["service.request", "attack.recognised"]);
    }
    let mut stage = Stage::open(&Ldap, 389);
    for name in ["cn=joe,dc=a,dc=b", "cn=config", ""] {
        assert!(
            !found(&stage.say(&search(name, 0, &present(), &[])))
                .iter()
                .any(|line| line.contains("java"))
        );
    }
}

#[test]
fn changes_succeed_and_the_rest_is_answered() {
    let mut stage = Stage::open(&Ldap, 389);
    let name = element(ber::OCTETS, b"cn=x,dc=a");
    for (tag, answered, code) in [
        (op::MODIFY, 0x67, code::SUCCESS),
        (op::ADD, 0x69, code::SUCCESS),
        (op::RENAME, 0x6d, code::SUCCESS),
        (op::COMPARE, 0x6f, code::COMPARE_TRUE),
    ] {
        let answers = answers(&stage.say(&request(5, tag, &name)));
        assert_eq!((answers[0].0, result(&answers[0].1)), (answered, code));
        assert!(last(&stage).contains("cn=x,dc=a"));
    }
    let deleted = answers(&stage.say(&request(5, op::DELETE, b"cn=x,dc=a")));
    assert_eq!(deleted[0].0, 0x6b);
    stage.say(&bind("cn=me", 0x80, b"pw"));
    let who = answers(&stage.say(&request(6, op::EXTENDED, &element(0x80, super::WHO_AM_I))));
    assert!(who[0].1.ends_with(b"dn:cn=me"));
    let unknown = answers(&stage.say(&request(7, op::EXTENDED, &element(0x80, b"1.2.3"))));
    assert_eq!(result(&unknown[0].1), code::PROTOCOL_ERROR);
    assert_eq!(stage.say(&request(8, op::ABANDON, &[1])), b"");
    stage.say(&request(9, op::UNBIND, b""));
    assert!(stage.closed);
}

#[test]
fn tls_takes_nothing_along() {
    let mut stage = Stage::open(&Ldap, 389);
    let mut bytes = request(1, op::EXTENDED, &element(0x80, super::START_TLS));
    bytes.extend(bind("cn=evil", 0x80, b"pw"));
    let answers = answers(&stage.say(&bytes));
    assert_eq!((answers.len(), answers[0].0, result(&answers[0].1)), (1, answered::EXTENDED, 0));
    assert!(stage.tls);
    assert_eq!(stage.kinds(), ["service.request"]);
    assert!(!stage.say(&bind("cn=good", 0x80, b"pw")).is_empty());
    let root = found(&stage.say(&search("", 0, &present(), &["+"])));
    assert!(!root.iter().any(|line| line.contains("1466.20037")), "{root:?}");
}

#[test]
fn what_is_no_message_ends_the_connection() {
    let long = [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff];
    let (unknown, empty) = (request(1, 0x7f, b""), request(1, op::BIND, b""));
    let cases: [&[u8]; 4] = [b"GET / HTTP/1.1\r\n\r\n", &long, &unknown, &empty];
    for bytes in cases {
        let mut stage = Stage::open(&Ldap, 389);
        let answers = answers(&stage.say(bytes));
        assert!(stage.closed && answers[0].1.ends_with(super::DISCONNECTION));
        assert_eq!(stage.say(&bind("", 0x80, b"")), b"");
    }
}

#[test]
fn datagrams_stand_alone() {
    let mut stage = Stage::datagrams(&Ldap, 389);
    stage.say(&[0x30, 0x20, 2]);
    assert_eq!(stage.sent.len(), 0);
    let root = found(&stage.say(&search("", 0, &present(), &[])));
    assert_eq!((root.len(), stage.sent.len(), stage.closed), (1, 1, false));
}

#[test]
fn messages_are_told_from_other_bytes() {
    assert!(
        looks_like_ldap(&bind("", 0x80, b"")) && looks_like_ldap(&search("a", 0, &present(), &[]))
    );
    // As Active Directory's clients write it, and only its beginning.
    assert!(looks_like_ldap(&[0x30, 0x84, 0, 0, 0, 0x2d, 2, 1, 1, 0x63, 0x84]));
    // SNMP begins alike.
    let others: [&[u8]; 5] =
        [b"", b"0", &[0x30, 0x26, 2, 1, 1, 4, 6], b"GET / HTTP/1.1", &[0x30, 0x80, 2, 1, 1, 0x60]];
    for other in others {
        assert!(!looks_like_ldap(other), "{other:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_in_any_pieces_are_borne(
        messages in prop::collection::vec(
            prop_oneof![
                (prop::sample::select(vec![0x60_u8, 0x42, 0x63, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x50, 0x77]),
                    prop::collection::vec(any::<u8>(), 0..40))
                    .prop_map(|(tag, content)| request(1, tag, &content)),
                ("[a-z=,/]{0,12}", 0_u32..3, prop::collection::vec(any::<u8>(), 0..20))
                    .prop_map(|(base, scope, filter)| search(&base, scope, &element(0xa0, &filter), &["*", "+"])),
                prop::collection::vec(any::<u8>(), 0..60),
            ],
            0..6,
        ),
        at in 0_usize..300,
    ) {
        let bytes = messages.concat();
        let mut once = Stage::open(&Ldap, 389);
        once.say(&bytes);
        let mut twice = Stage::open(&Ldap, 389);
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        twice.say(first);
        if !twice.tls {
            twice.say(second);
            prop_assert_eq!(once.sent.concat(), twice.sent.concat());
        }
        prop_assert!(once.sent.concat().len() <= 64 * bytes.len());
        once.eof();
        prop_assert!(once.closed);
    }
}

#[test]
fn a_message_may_be_long_and_no_longer() {
    let name = "x".repeat(LDAP_MESSAGE_BYTES - 100);
    let mut stage = Stage::open(&Ldap, 389);
    for piece in bind(&name, 0x80, b"pw").chunks(60_000) {
        stage.say(piece);
    }
    assert!(matches!(stage.facts.as_slice(), [EventKind::LoginAttempt { .. }]));
}
