//! Sets, good and bad, and what they make of bytes.

use super::*;
use crate::stage::{Stage, opening};
use proptest::prelude::*;
use ukai_model::{Duration, EventKind};

fn set(text: &str) -> Result<Arc<ReplySet>, String> {
    ReplySet::read([("test.toml", text)])
        .map(Arc::new)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// A conversation with one rule, whose test is never wrong.
fn with_rule(rule: &str) -> Result<Arc<ReplySet>, String> {
    set(&format!(
        "[[conversation]]\nid = 'x'\ndescription = 'd'\n[[conversation.rule]]\n{rule}\n\
         [[conversation.test]]\nname = 't'\nstep = [{{ send = 'hi' }}]"
    ))
}

#[test]
fn the_shipped_conversations_pass_their_tests() {
    let set = ReplySet::shipped();
    assert!(set.conversations().count() >= 4);
    let failures: Vec<String> = check(&set).iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn the_example_of_the_readme_is_right() {
    let text = include_str!("../../../../emulations/replies/README.md");
    let example = text.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n"));
    let set = set(example.expect("an example")).expect("a set");
    assert_eq!(check(&set), []);
}

#[test]
fn a_bot_of_counted_messages_is_kept_waiting() {
    let replies = Replies::default();
    assert!(replies.matches(Transport::Tcp, 48_101, b"\0\0\0\x01"));
    assert!(!replies.matches(Transport::Tcp, 48_101, b"\0\0\0\x02"));
    assert!(!replies.matches(Transport::Udp, 48_101, b"\0\0\0\x01"));
    // Redis' own.
    assert!(!replies.matches(Transport::Tcp, 6379, b"PING\r\n"));
    let mut stage = Stage::open(&replies, 48_101);
    for byte in b"\0\0\0\x01\x04tele" {
        assert_eq!(stage.say(&[*byte]), b"");
    }
    assert_eq!(stage.say(b"\0\0"), b"\0\0");
    assert_eq!(stage.wait(Duration::from_mins(10)), b"", "no orders");
    assert!(!stage.closed);
    assert_eq!(stage.kinds()[0], "attack.recognised");
    let EventKind::ServiceRequest { detail, request, .. } = &stage.facts[2] else { panic!() };
    assert_eq!((detail.as_bytes(), &request[..]), (&b"\x04tele"[..], "id"));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_remedy() {
    for (rule, told) in [
        ("when = 'first'\nregex = '('", "conversation[0].rule[0].regex: "),
        ("when = 'first'\nexact = ''", "rule[0].exact: empty; give at least one byte"),
        ("when = 'first'\nexact = 'hi'\nprefix = 'x'", "2 of exact, prefix, regex and counted"),
        ("when = 'never'\nexact = 'hi'", "rule[0].when"),
        ("when = 0\nexact = 'hi'", "a number from 1"),
        ("exact = 'hi'", "nothing tells that a connection is this conversation's"),
        ("when = 'open'", "nothing tells"),
        (
            "when = 'first'\nexact = 'hi'\nrespond = ['$1']",
            "rule[0].respond[0]: a match has 0 groups",
        ),
        ("when = 'first'\nexact = 'hi'\nrepeat_secs = 5", "nothing to repeat"),
        (
            "when = 'first'\nexact = 'hi'\nrespond = ['x']\nrepeat_secs = 0",
            "between one second and a day",
        ),
        ("when = 'first'\ncounted = 3", "give 1, 2 or 4 bytes"),
        ("when = 'first'\nexakt = 'hi'", "unknown field `exakt`"),
    ] {
        let error = with_rule(rule).expect_err(rule);
        assert!(error.starts_with("test.toml: ") && error.contains(told), "{rule}: {error}");
    }
    assert!(set("[[conversation]]").expect_err("no id").contains("missing field `id`"));
    assert!(set("= 1").expect_err("no TOML").contains("line 1"));
    let twice = "[[conversation]]\nid = 'x'\ndescription = ''\nrule = [{ when = 'first', exact = 'a' }]\n\
                 test = [{ name = 't', step = [{ send = 'a' }] }]\n";
    assert!(set(&twice.repeat(2)).expect_err("two").contains("there is another conversation"));
}

#[test]
fn a_test_that_is_wrong_fails() {
    let set = with_rule("when = 'first'\nexact = 'hi'\nrespond = ['yes']").expect("a set");
    let failures = check(&set);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].to_string(), r#"x: test "t", step 1: expected "", came "yes""#);
}

#[test]
fn answers_come_late_again_and_again_and_end() {
    let text = "[[conversation]]\nid = 'x'\ndescription = ''\nports = [7]\nframe = 'line'\n\
        rule = [{ when = 'open', respond = ['hello\\n'], repeat_secs = 10 },\n\
                { regex = 'wait (\\d+)', respond = ['$1 $peer_ip'], after_ms = 1500 },\n\
                { exact = 'bye', respond = ['bye'], close = true }]\n\
        test = [{ name = 't', step = [{ expect = 'hello\\n' }] }]";
    let set = set(text).expect("a set");
    assert_eq!(check(&set), []);
    let replies = Replies::new(set);
    assert!(replies.names(Transport::Tcp, 7) && !replies.names(Transport::Tcp, 8));
    assert!(replies.speaks_first(Transport::Tcp, 7) && !replies.speaks_first(Transport::Tcp, 8));
    let mut stage = Stage::open(&replies, 7);
    assert_eq!(stage.sent, [b"hello\n"]);
    assert_eq!(stage.say(b"wait 7\r"), b"");
    assert_eq!(stage.say(b"\n"), b"");
    assert_eq!(stage.wait(Duration::from_secs(2)), b"7 198.51.100.7");
    assert_eq!(stage.wait(Duration::from_secs(19)), b"hello\nhello\n");
    assert_eq!(stage.say(b"what?\nbye\nmore\n"), b"bye");
    assert!(stage.closed);
    assert_eq!(stage.wait(Duration::from_mins(1)), b"");
}

#[test]
fn what_is_sent_is_bounded() {
    let set = with_rule("exact = 'a'\nrespond = ['0123456789']\n[[conversation.rule]]\nwhen = 'first'\nexact = 'hi'")
        .expect("a set");
    let mut stage = Stage::open(&Replies::new(set), 7);
    stage.say(b"hi");
    for _ in 0..20 {
        stage.say(&vec![b'a'; 60_000]);
    }
    let sent: usize = stage.sent.iter().map(Vec::len).sum();
    assert!(sent <= crate::limits::REPLY_SENT_BYTES, "{sent}");
    assert_eq!(stage.kinds().iter().filter(|kind| **kind == "limit.reached").count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_in_any_pieces(
        begin in prop::sample::select(vec![&b"\0\0\0\x01"[..], b"BUILD a\n", b"BEACON/1 id=0123456789abcdef\n", b""]),
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            prop::string::bytes_regex("(PING|PONG|\r|\n|\\x00){0,9}").expect("a pattern"),
        ], 0..12),
        udp: bool,
    ) {
        let transport = if udp { Transport::Udp } else { Transport::Tcp };
        let mut stage = Stage::of(&Replies::default(), opening(transport, 48_101));
        stage.say(begin);
        for piece in &pieces {
            stage.say(piece);
            stage.wait(Duration::from_secs(1));
        }
        let sent: usize = stage.sent.iter().map(Vec::len).sum();
        prop_assert!(sent <= 400 + pieces.iter().map(Vec::len).sum::<usize>() * 8);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\[\\[conversation\\]\\]\n|id = 'a'\n|description=''\n|rule = \\[\\]\n|[a-z=\\[\\]'\n ]{0,6}){0,12}") {
        let _ = ReplySet::read([("t", &text[..])]);
    }
}
