//! The IRC server as bots see it. The wording is ngIRCd's (26.1-1 of Debian 12), read off
//! that server with the same commands.

use super::{Irc, IrcScript, looks_like_irc};
use crate::limits::{IRC_ANSWER_BYTES, IRC_BANS, IRC_CHANNELS, IRC_LINE_BYTES, IRC_MODE_BYTES};
use crate::stage::{START, Stage};
use proptest::prelude::*;
use ukai_model::{Duration, EventKind};

const REGISTER: &str = "NICK bot\r\nUSER bot 0 * :Real bot\r\n";

/// A registered client of a server with two people in each channel.
fn client() -> Stage {
    with("server = \"irc.example.net\"\nusers = [\"boss\", \"ann\"]")
}

fn with(script: &str) -> Stage {
    let script: IrcScript = toml::from_str(script).expect("a script");
    let mut stage = Stage::open(&Irc::new(script), 6667);
    let welcome = stage.talk(REGISTER);
    assert!(welcome.contains(" 376 bot :"), "{welcome}");
    stage
}

/// The answer to a line, with the server's and the client's names made short.
fn answer(stage: &mut Stage, line: &str) -> Vec<String> {
    let text = stage.talk(&format!("{line}\r\n"));
    let text = text.replace(":irc.example.net ", "S ").replace(":bot!~bot@198.51.100.7 ", "ME ");
    text.lines().map(str::to_owned).collect()
}

fn check(stage: &mut Stage, line: &str, expected: &[&str]) {
    assert_eq!(answer(stage, line), expected, "{line}");
}

fn fact(kind: &EventKind) -> String {
    let value = serde_json::to_value(kind).expect("serialises");
    let fields = ["user", "password", "method", "request", "from", "target", "detail", "text"];
    let shown = fields.iter().filter_map(|field| value[field].as_str()).collect::<Vec<_>>();
    format!("{} {}", kind.name(), shown.join(" "))
}

fn facts(stage: &Stage) -> Vec<String> {
    stage.facts.iter().map(fact).collect()
}

#[test]
fn a_bot_registers_and_is_welcomed() {
    let script = IrcScript { server: Some("irc.example.net".to_owned()), ..IrcScript::default() };
    let mut stage = Stage::open(&Irc::new(script), 6667);
    assert!(stage.sent.concat().starts_with(b":irc.example.net NOTICE * :*** Looking up"));
    assert_eq!(stage.talk("PASS secret\r\nNI"), "");
    assert_eq!(stage.talk("CK bot\r\n"), "");
    let welcome = stage.talk("USER bot 0 * :Real bot\n");
    let numbers: Vec<&str> = welcome.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(
        numbers,
        [
            "001", "002", "003", "004", "005", "005", "251", "252", "254", "255", "265", "266",
            "250", "375", "372", "376", "PRIVMSG"
        ]
    );
    assert!(welcome.starts_with(
        ":irc.example.net 001 bot :Welcome to the Internet Relay Network bot!~bot@198.51.100.7\r\n"
    ));
    assert!(welcome.ends_with("PRIVMSG bot :\x01VERSION\x01\r\n"), "{welcome}");
    assert_eq!(
        facts(&stage),
        [
            "service.request NICK bot",
            "service.request USER bot 0 * :Real bot",
            "login.attempt bot secret"
        ]
    );
    check(&mut stage, "USER a b c d", &["S 462 bot :Connection already registered"]);
    check(&mut stage, "PASS x", &["S 462 bot :Connection already registered"]);
}

#[test]
fn a_password_without_names_is_told_at_the_end_and_nothing_goes_without_them() {
    let mut stage = Stage::open(&Irc::default(), 6667);
    assert!(stage.talk("PASS x\r\nJOIN #a\r\n").ends_with(" 451 * :Connection not registered\r\n"));
    stage.eof();
    assert!(stage.closed);
}

#[test]
fn a_keyed_channel_is_joined_and_lived_in() {
    let mut stage = client();
    check(
        &mut stage,
        "JOIN #c,#d sesame",
        &[
            "ME JOIN :#c",
            "S 353 bot = #c :bot @boss ann",
            "S 366 bot #c :End of NAMES list",
            "ME JOIN :#d",
            "S 353 bot = #d :bot @boss ann",
            "S 366 bot #d :End of NAMES list",
        ],
    );
    assert!(facts(&stage).contains(&"service.request JOIN #c,#d sesame".to_owned()));
    check(&mut stage, "JOIN #C", &[]);
    assert_eq!(answer(&mut stage, "MODE #c")[0], "S 324 bot #c +ntk sesame");
    check(&mut stage, "MODE #c +is-t", &["ME MODE #c +is-t"]);
    check(&mut stage, "MODE #c +ko key boss", &["ME MODE #c +k key"]);
    check(&mut stage, "MODE #c +ov bot ann", &["ME MODE #c +ov bot ann"]);
    check(&mut stage, "MODE #c +l 10", &["ME MODE #c +l 10"]);
    assert_eq!(answer(&mut stage, "MODE #c")[0], "S 324 bot #c +niskl key 10");
    check(&mut stage, "MODE #c -kl *", &["ME MODE #c -kl *"]);
    check(&mut stage, "MODE #c +b *!*@bad", &["ME MODE #c +b *!*@bad"]);
    let created = START.secs();
    check(
        &mut stage,
        "MODE #c b",
        &[&format!("S 367 bot #c *!*@bad bot {created}"), "S 368 bot #c :End of channel ban list"],
    );
    check(&mut stage, "MODE #c +j", &["S 472 bot j :is unknown mode char for #c"]);
    check(
        &mut stage,
        "NAMES #c",
        &["S 353 bot @ #c :@bot @boss +ann", "S 366 bot #c :End of NAMES list"],
    );
    check(&mut stage, "TOPIC #c", &["S 331 bot #c :No topic is set"]);
    check(&mut stage, "TOPIC #c :hello", &["ME TOPIC #c :hello"]);
    check(&mut stage, "TOPIC #c", &["S 332 bot #c :hello", &format!("S 333 bot #c bot {created}")]);
    check(&mut stage, "KICK #c ann :out", &["ME KICK #c ann :out"]);
    check(&mut stage, "KICK #c ann", &["S 441 bot ann #c :They aren't on that channel"]);
    check(&mut stage, "INVITE boss #c", &["S 443 bot boss #c :is already on channel"]);
    check(&mut stage, "INVITE ann #c", &["S 341 bot ann #c"]);
    check(&mut stage, "PART #c :bye", &["ME PART #c :bye"]);
    check(&mut stage, "PART #c", &["S 403 bot #c :No such channel"]);
    check(&mut stage, "JOIN 0", &["ME PART #d"]);
    let list = answer(&mut stage, "LIST");
    assert_eq!(list.first().map(String::as_str), Some("S 321 bot Channel :Users  Name"));
    assert_eq!(list.last().map(String::as_str), Some("S 323 bot :End of LIST"));
    check(
        &mut stage,
        "LIST #z",
        &["S 321 bot Channel :Users  Name", "S 322 bot #z 2 :", "S 323 bot :End of LIST"],
    );
}

#[test]
fn without_a_script_people_are_there_and_silent() {
    let mut stage = Stage::open(&Irc::default(), 6667);
    stage.talk(REGISTER);
    let joined = stage.talk("JOIN #bots\r\n");
    let names = joined.lines().find(|line| line.contains(" 353 ")).expect("names");
    let (_, names) = names.rsplit_once(':').expect("a list");
    let names: Vec<&str> = names.split(' ').collect();
    assert_eq!(names[0], "bot");
    assert_eq!(names.iter().filter(|name| name.starts_with('@')).count(), 1, "{names:?}");
    assert!(names.len() > 2);
    assert_eq!(stage.talk("PRIVMSG #bots :.login secret\r\n"), "");
    assert_eq!(stage.wait(Duration::from_mins(1)), b"");
    let said = "chat.message bot #bots .login secret";
    assert_eq!(facts(&stage).last().map(String::as_str), Some(said));
    let mut again = Stage::open(&Irc::default(), 6667);
    again.talk(REGISTER);
    assert_eq!(again.talk("JOIN #bots\r\n"), joined, "the same people are found again");
}

#[test]
fn a_script_speaks_by_the_operator() {
    let mut stage = with(
        r#"
        server = "irc.example.net"
        users = ["boss"]
        topic = ".advscan lsass 100"
        motd = ["Hello"]
        on = [
            { match = "^\\[(?i:ready)\\]", say = ["!help {nick}", "in {channel}"] },
            { match = "ready", say = ["psst"], private = true },
        ]
        after = [{ seconds = 30, say = "!status" }]
        "#,
    );
    let joined = answer(&mut stage, "JOIN #c");
    assert_eq!(joined[1], "S 332 bot #c :.advscan lsass 100");
    check(&mut stage, "PRIVMSG #c :[ready]", &[]);
    let said = String::from_utf8(stage.wait(Duration::ZERO)).expect("text");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with(":boss!~boss@") && lines[0].ends_with(" PRIVMSG #c :!help bot"));
    assert!(lines[1].ends_with(" PRIVMSG #c :in #c"));
    assert!(lines[2].ends_with(" PRIVMSG bot :psst"));
    check(&mut stage, "PRIVMSG someone :I am ready", &[]);
    let said = String::from_utf8(stage.wait(Duration::ZERO)).expect("text");
    assert!(said.starts_with(":someone!~someone@") && said.ends_with(" PRIVMSG bot :psst\r\n"));
    assert_eq!(stage.wait(Duration::from_secs(29)), b"");
    let later = stage.wait(Duration::from_secs(1));
    assert!(later.ends_with(b" PRIVMSG #c :!status\r\n"));
    let facts = facts(&stage);
    assert!(facts.contains(&"chat.message boss #c !status".to_owned()), "{facts:?}");
    assert!(matches!(stage.facts.last(), Some(EventKind::ChatMessage { sent: false, .. })));
    for wrong in ["speak = 1", "on = [{ match = \"(\", say = [] }]", "after = [{ say = \"x\" }]"] {
        assert!(toml::from_str::<IrcScript>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_server_asks_whether_the_client_is_there() {
    let mut stage = client();
    check(&mut stage, "PING x", &["S PONG irc.example.net :x"]);
    check(&mut stage, "PING", &["S 409 bot :No origin specified"]);
    stage.wait(Duration::from_mins(1));
    stage.talk("PONG x\r\n");
    assert_eq!(stage.wait(Duration::from_secs(119)), b"");
    assert_eq!(stage.wait(Duration::from_secs(1)), b"PING :irc.example.net\r\n");
    assert_eq!(stage.talk("PONG :irc.example.net\r\n"), "");
    assert_eq!(stage.wait(Duration::from_mins(2)), b"PING :irc.example.net\r\n");
    assert_eq!(stage.wait(Duration::from_mins(2)), b"ERROR :Ping timeout: 120 seconds\r\n");
    assert!(stage.closed);
}

#[test]
fn capabilities_and_sasl_are_negotiated() {
    let mut stage = Stage::open(&Irc::default(), 6697);
    let offered = stage.talk("CAP LS 302\r\nNICK bot\r\nUSER bot 0 * :b\r\n");
    assert!(offered.contains("CAP * LS :message-tags multi-prefix sasl=PLAIN,EXTERNAL "));
    assert!(!offered.contains(" 001 "), "registration waits");
    assert!(stage.talk("CAP REQ :sasl nothing\r\n").ends_with("CAP bot NAK :sasl nothing\r\n"));
    let on = stage.talk("CAP REQ :sasl multi-prefix userhost-in-names\r\n");
    assert!(on.ends_with("CAP bot ACK :sasl multi-prefix userhost-in-names\r\n"));
    assert!(stage.talk("AUTHENTICATE SCRAM-SHA-256\r\n").contains(" 908 bot PLAIN,EXTERNAL :"));
    assert_eq!(stage.talk("AUTHENTICATE PLAIN\r\n"), "AUTHENTICATE +\r\n");
    // "\0account\0secret"
    let done = stage.talk("AUTHENTICATE AGFjY291bnQAc2VjcmV0\r\n");
    assert!(done.contains(" 900 bot ") && done.contains(" 903 bot "), "{done}");
    let last = facts(&stage).pop().expect("a fact");
    assert_eq!(last, "login.attempt account secret sasl-plain");
    assert!(stage.talk("CAP END\r\n").contains(" 001 bot :"));
    let names = stage.talk("JOIN #c\r\n");
    assert!(names.contains(":bot!~bot@198.51.100.7 "), "{names}");
    stage.talk("AUTHENTICATE PLAIN\r\nAUTHENTICATE ");
    assert!(stage.talk("!!!\r\n").contains(" 904 bot :"));
}

#[test]
fn tls_begins_where_it_is_asked_for_and_takes_nothing_along() {
    let mut stage = Stage::open(&Irc::default(), 6667);
    assert!(stage.talk("STARTTLS\r\nNICK evil\r\nNI").contains(" 670 * :"));
    assert!(stage.tls);
    assert_eq!(stage.talk("USER bot 0 * :b\r\n"), "");
    assert!(stage.talk("NICK bot\r\n").contains(" 001 bot :"));
}

#[test]
fn everybody_is_there() {
    let mut stage = client();
    stage.talk("JOIN #c\r\n");
    check(&mut stage, "ISON master bot", &["S 303 bot :master bot"]);
    check(&mut stage, "USERHOST bot", &["S 302 bot :bot=+~bot@198.51.100.7"]);
    let who = answer(&mut stage, "WHO #c");
    assert_eq!(who.len(), 4);
    assert_eq!(who[0], "S 352 bot #c ~bot 198.51.100.7 irc.example.net bot H :0 Real bot");
    assert!(who[1].contains(" boss H@ :0 "), "{}", who[1]);
    let whois = answer(&mut stage, "WHOIS boss");
    assert!(whois[0].starts_with("S 311 bot boss ~boss ") && whois[0].contains(".IP * :"));
    assert_eq!(whois[2], "S 319 bot boss :@#c");
    assert_eq!(whois.last().map(String::as_str), Some("S 318 bot boss :End of WHOIS list"));
    assert_eq!(answer(&mut stage, "WHOIS bot")[2], "S 319 bot bot :#c");
    assert_eq!(answer(&mut stage, "WHOWAS x").len(), 2);
    check(&mut stage, "AWAY :gone", &["S 306 bot :You have been marked as being away"]);
    check(&mut stage, "USERHOST bot", &["S 302 bot :bot=-~bot@198.51.100.7"]);
    check(&mut stage, "AWAY", &["S 305 bot :You are no longer marked as being away"]);
    check(
        &mut stage,
        "OPER root toor",
        &["S MODE bot :+o", "S 381 bot :You are now an IRC Operator"],
    );
    assert_eq!(facts(&stage).last().map(String::as_str), Some("login.attempt root toor oper"));
    check(&mut stage, "MODE bot", &["S 221 bot +o"]);
    check(&mut stage, "MODE bot +i-o+o", &["ME MODE bot :+i-o"]);
    check(&mut stage, "MODE bot +9", &["S 501 bot :Unknown mode"]);
    check(&mut stage, "MODE boss +i", &["S 502 bot :Can't set/get mode for other users"]);
    check(&mut stage, "NICK boss", &["S 433 bot boss :Nickname already in use"]);
    check(&mut stage, "NICK b!t", &["S 432 bot b!t :Erroneous nickname"]);
    check(&mut stage, "NICK bot2", &["ME NICK :bot2"]);
    assert!(answer(&mut stage, "NAMES #c")[0].ends_with(":bot2 @boss ann"));
}

#[test]
fn programs_and_services_answer() {
    let mut stage = client();
    let answered = answer(&mut stage, "PRIVMSG boss :\x01PING 12 34\x01");
    assert!(answered[0].ends_with(" NOTICE bot :\x01PING 12 34\x01"), "{answered:?}");
    check(&mut stage, "PRIVMSG #c :\x01ACTION waves\x01", &[]);
    check(&mut stage, "PRIVMSG boss :\x01DCC SEND a.exe 3221225985 4000 512\x01", &[]);
    let last = facts(&stage).pop().expect("a fact");
    assert_eq!(last, "service.request DCC SEND a.exe 3221225985 4000 512");
    check(&mut stage, "NOTICE StatServ :\x01VERSION xchat 2.8\x01", &[]);
    assert!(matches!(
        stage.facts.last(),
        Some(EventKind::ClientFingerprint { method, value, .. })
            if method == "ctcp-version" && value == "xchat 2.8"
    ));
    let answered = answer(&mut stage, "PRIVMSG NickServ :IDENTIFY me hunter2");
    assert_eq!(answered[0], "S 900 bot bot!~bot@198.51.100.7 me :You are now logged in as me");
    assert!(answered[1].starts_with(":NickServ!services@services.example.net NOTICE bot :"));
    let last = facts(&stage).pop().expect("a fact");
    assert_eq!(last, "login.attempt me hunter2 nickserv");
    assert_eq!(answer(&mut stage, "NS IDENTIFY hunter3").len(), 2);
    assert_eq!(facts(&stage).pop().expect("a fact"), "login.attempt bot hunter3 nickserv");
}

#[test]
fn the_rest_is_answered_as_by_a_server() {
    let mut stage = client();
    check(&mut stage, "FOO bar", &["S 421 bot FOO :Unknown command"]);
    check(&mut stage, "JOIN", &["S 461 bot JOIN :Syntax error"]);
    check(&mut stage, "KICK #c", &["S 461 bot KICK :Syntax error"]);
    check(&mut stage, "JOIN bad", &["S 403 bot bad :No such channel"]);
    check(&mut stage, "PRIVMSG", &["S 411 bot :No recipient given (PRIVMSG)"]);
    check(&mut stage, "PRIVMSG x", &["S 412 bot :No text to send"]);
    check(&mut stage, "TIME", &["S 391 bot irc.example.net :Friday January 02 2026 -- 03:04 UTC"]);
    check(&mut stage, "STATS", &["S 219 bot * :End of STATS report"]);
    assert_eq!(answer(&mut stage, "STATS u").len(), 2);
    assert_eq!(answer(&mut stage, "VERSION").len(), 3);
    assert_eq!(answer(&mut stage, "ADMIN").len(), 4);
    assert_eq!(answer(&mut stage, "INFO").len(), 4);
    assert_eq!(answer(&mut stage, "LINKS").len(), 2);
    assert_eq!(answer(&mut stage, "MOTD").len(), 3);
    assert_eq!(answer(&mut stage, "LUSERS").len(), 7);
    check(&mut stage, "USERS", &["S 446 bot :USERS has been disabled"]);
    check(&mut stage, "KILL x :y", &["S 481 bot :Permission denied"]);
    assert_eq!(facts(&stage).pop().expect("a fact"), "service.request KILL x :y");
    check(&mut stage, "QUIT :bye", &["ERROR :\"bye\""]);
    assert!(stage.closed);
}

#[test]
fn what_a_client_has_is_bounded() {
    let mut stage = client();
    for at in 0..2 * IRC_CHANNELS {
        stage.talk(&format!("JOIN #{at}\r\n"));
    }
    check(&mut stage, "JOIN #x", &["S 405 bot #x :You have joined too many channels"]);
    let long = "x".repeat(2 * IRC_LINE_BYTES);
    let topic = answer(&mut stage, &format!("TOPIC #1 :{long}"));
    assert!(topic[0].len() <= IRC_LINE_BYTES);
    let masks: Vec<String> =
        (0..2 * IRC_BANS).map(|at| format!("MODE #1 +b {at}{long}\r\n")).collect();
    assert!(stage.talk(&masks.concat()).lines().all(|line| line.len() < 2 * IRC_MODE_BYTES));
    assert_eq!(answer(&mut stage, "MODE #1 b").len(), IRC_BANS + 1);
    let flood = stage.say("NAMES\r\n".repeat(9_000).as_bytes());
    assert!(stage.closed && flood.ends_with(b"ERROR :Excess Flood\r\n"));
    assert!(flood.len() < IRC_ANSWER_BYTES + 64 * 1_024);
}

#[test]
fn a_client_of_irc_is_told_from_others() {
    for first in ["NICK x\r\n", "user a b c :d\n", "PASS x\r\nNICK y\r\n", "CAP LS 302\r\n"] {
        assert!(looks_like_irc(first.as_bytes()), "{first}");
    }
    for first in ["", "NICK x", "USER anonymous\r\n", "GET / HTTP/1.1\r\n", "CAPA\r\n", "NICK\n"] {
        assert!(!looks_like_irc(first.as_bytes()), "{first}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_lines_in_any_pieces_are_borne(
        lines in prop::collection::vec(
            prop_oneof![
                "(JOIN|PART|MODE|KICK|NAMES|TOPIC|INVITE|LIST|WHO|WHOIS|NICK|PRIVMSG|CAP|NS|\
                 AUTHENTICATE|USERHOST|ISON|STATS)( (#a|#b,&c|bot|boss|LS|REQ|[ -~]{0,6})){0,4}",
                "[ -~]{0,40}",
                prop::string::bytes_regex("(?s-u:.{0,40})").expect("a pattern")
                    .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            ],
            0..20,
        ),
        at in 0_usize..200,
        registered: bool,
    ) {
        let mut stage = Stage::open(&Irc::default(), 6667);
        if registered {
            stage.talk(REGISTER);
        }
        let before = stage.sent.concat().len();
        let bytes = (lines.join("\r\n") + "\r\n").into_bytes();
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        stage.say(first);
        stage.say(second);
        stage.wait(Duration::from_secs(1));
        let sent = stage.sent.concat();
        prop_assert!(sent.len() - before <= 4_096 + 600 * bytes.len());
        for line in sent.split(|byte| *byte == b'\n') {
            prop_assert!(line.len() < IRC_LINE_BYTES);
        }
        stage.eof();
        prop_assert!(stage.closed);
    }
}
