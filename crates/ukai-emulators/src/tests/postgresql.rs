//! What holds for whatever a client says that PostgreSQL has let in.

use super::transcript::{Stage, opening};
use crate::emulator;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use ukai_model::Duration;

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

fn query(text: &[u8]) -> Vec<u8> {
    message(b'Q', &[text, b"\0"].concat())
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// A session that `postgres` has logged in to with his password.
fn inside() -> Stage {
    let emulator = emulator("postgresql").expect("an emulator");
    let mut stage = Stage::open(&*emulator, opening("server-debian", "198.51.100.7:4000", 5432));
    stage.bytes(b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0");
    let first = "n=,r=abcdefghijklmnopqrstuvwx";
    let body = [b"SCRAM-SHA-256\0\0\0\0\x20n,,", first.as_bytes()].concat();
    stage.sent.clear();
    stage.bytes(&message(b'p', &body));
    let challenge = String::from_utf8(stage.sent.split_off(9)).expect("text");
    let field = |name: &str| {
        let fields = challenge.split(',').find_map(|field| field.strip_prefix(name));
        fields.expect("a field").to_owned()
    };
    let salt = STANDARD.decode(field("s=")).expect("base64");
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(b"postgres", &salt, 4_096, &mut salted);
    let key = hmac(&salted, b"Client Key");
    let last = format!("c=biws,r={}", field("r="));
    let signed = format!("{first},{challenge},{last}");
    let signature = hmac(&Sha256::digest(key), signed.as_bytes());
    let proof: Vec<u8> = key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
    stage.sent.clear();
    stage.bytes(&message(b'p', format!("{last},p={}", STANDARD.encode(proof)).as_bytes()));
    assert!(stage.sent.ends_with(b"Z\0\0\0\x05I"), "{}", stage.sent.escape_ascii());
    stage.sent.clear();
    stage.noted.clear();
    stage
}

/// The kinds of the messages that were sent, which are whole.
fn kinds(mut sent: &[u8]) -> String {
    let mut kinds = String::new();
    while let Some((kind, rest)) = sent.split_first() {
        let length = rest.first_chunk().map(|length| u32::from_be_bytes(*length) as usize);
        kinds.push(char::from(*kind));
        sent = length.and_then(|length| rest.get(length..)).expect("whole messages");
    }
    kinds
}

/// Statements put together of words that belong together and of others.
fn sql() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static str> = vec![
        "select",
        "select * from",
        "from",
        "where",
        "order by",
        "limit 1",
        "offset 2",
        "distinct",
        "insert into t values",
        "insert into t",
        "update t set a =",
        "delete from t",
        "values",
        "create table t(a text, b int)",
        "create table u as select",
        "drop table t",
        "truncate t",
        "copy t from program 'echo a'",
        "copy t to stdout",
        "copy t from '/etc/passwd'",
        "begin",
        "commit",
        "rollback",
        "rollback to a",
        "savepoint a",
        "declare c cursor for",
        "fetch all from c",
        "close c",
        "prepare p as",
        "execute p",
        "deallocate p",
        "explain",
        "with x as (",
        "union",
        "group by a",
        "having",
        "join u on",
        "left join",
        "returning",
        "case when",
        "then",
        "else",
        "end",
        "case",
        "in",
        "between",
        "and",
        "or",
        "not",
        "is null",
        "is true",
        "like",
        "is distinct from",
        "exists",
        "array[",
        "]",
        "t",
        "u",
        "a",
        "b",
        "t.a",
        "pg_database",
        "pg_roles",
        "pg_class",
        "information_schema.tables",
        "\"q\"",
        "$1",
        "$a$",
        "1",
        "-1",
        "0",
        "1.5",
        "9223372036854775807",
        "2147483647",
        "1e40",
        "'a'",
        "'1'",
        "''",
        "null",
        "true",
        "E'\\x00'",
        "'\\\\xzz'",
        "::int",
        "::text",
        "::bytea",
        "::bool",
        "::date",
        "(",
        ")",
        ",",
        ";",
        "*",
        "+",
        "-",
        "/",
        "%",
        "=",
        "<>",
        "<",
        "||",
        "~",
        "@>",
        "as",
        "as x",
        "count(*)",
        "max(a)",
        "avg(b)",
        "string_agg(a, ',')",
        "md5('a')",
        "repeat('a', 99999)",
        "pg_sleep(9)",
        "chr(0)",
        "lo_import('/etc/passwd')",
        "lo_put(1, 2, 'x')",
        "pg_ls_dir('/')",
        "show all",
        "set a.b =",
        "reset all",
        "alter user postgres password 'x'",
        "drop database",
        "create role r",
        "drop role r",
        "create schema s",
        "do $$ begin end $$",
        "/*",
        "*/",
        "--",
        "\n",
        "é",
        "grant",
        "merge into t using u on",
        "substring(a from 1 for 2)",
    ];
    let part = prop_oneof![
        9 => prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(1_u8.., 0..6),
    ];
    prop::collection::vec(part, 1..14).prop_map(|parts| parts.join(&b' '))
}

/// Messages of the extended protocol, right and wrong.
fn extended() -> impl Strategy<Value = Vec<u8>> {
    let kinds = b"PBDECSHQdcfFXp?".to_vec();
    let any = (prop::sample::select(kinds), prop::collection::vec(any::<u8>(), 0..20))
        .prop_map(|(kind, body)| message(kind, &body));
    prop_oneof![
        3 => sql().prop_map(|text| message(b'P', &[b"\0", &text[..], b"\0\0\0"].concat())),
        2 => Just(message(b'B', &[0; 8])),
        2 => Just(message(b'D', b"P\0")),
        2 => Just(message(b'E', &[0; 5])),
        2 => Just(message(b'S', b"")),
        2 => sql().prop_map(|text| query(&text)),
        2 => any,
    ]
}

fn ends(stage: &mut Stage) {
    // Programs and sleep end meanwhile.
    stage.wait(Duration::from_mins(10));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_query_is_answered_up_to_readiness(texts in prop::collection::vec(sql(), 1..8)) {
        let mut stage = inside();
        for text in &texts {
            stage.bytes(&query(text));
            ends(&mut stage);
            let kinds = kinds(&std::mem::take(&mut stage.sent));
            if kinds.ends_with('G') {
                stage.bytes(&message(b'c', b""));
                ends(&mut stage);
                stage.sent.clear();
                continue;
            }
            prop_assert!(kinds.ends_with('Z'), "{kinds} of {}", text.escape_ascii());
            prop_assert_eq!(kinds.matches('Z').count(), 1);
            // Rows are of columns that were told of, and something ends each statement.
            prop_assert!(!kinds.contains('D') || kinds.contains('T'), "{}", kinds);
            prop_assert!(kinds.contains(['C', 'E', 'I']), "{}", kinds);
        }
        let queries = stage.noted.iter().filter(|event| event.contains("\"query\"")).count();
        prop_assert_eq!(queries, texts.len());
    }

    #[test]
    fn messages_in_any_pieces_are_answered_the_same(
        messages in prop::collection::vec(extended(), 1..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
    ) {
        let bytes = messages.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let outcome = |ends_of_pieces: &[usize]| {
            let mut stage = inside();
            let before = stage.count;
            let mut from = 0;
            for end in ends_of_pieces {
                stage.bytes(&bytes[from..*end]);
                from = *end;
            }
            ends(&mut stage);
            stage.eof();
            stage.close();
            (kinds(&stage.sent), stage.sent, stage.noted, stage.count - before)
        };
        let whole = outcome(&[bytes.len()]);
        let cut = outcome(&cuts);
        prop_assert_eq!(&whole.1, &cut.1);
        prop_assert_eq!(&whole.2, &cut.2);
        prop_assert!(cut.3 < 100 + 20 * bytes.len(), "{} effects", cut.3);
    }
}

/// A query as long as one may be, of words that each have a place to be counted.
#[test]
fn the_longest_queries_are_read_in_one_go() {
    let mut stage = inside();
    stage.bytes(&query(b"create table t(a text)"));
    stage.sent.clear();
    for (begins, part, answer) in [
        ("insert into t values ('a')", ",(1)", "CZ"),
        ("select ", "(", "EZ"),
        ("select ", "~ ", "EZ"),
        ("explain ", "explain ", "EZ"),
        ("select 1", " + 1", "EZ"),
        ("select 1", ",é", "EZ"),
        ("select a from t, t ", ", t", "TCZ"),
    ] {
        let text = [begins, &part.repeat(20_000)].concat();
        stage.bytes(&query(text.as_bytes()));
        ends(&mut stage);
        assert_eq!(kinds(&std::mem::take(&mut stage.sent)), answer, "{begins}{part}...");
    }
}
