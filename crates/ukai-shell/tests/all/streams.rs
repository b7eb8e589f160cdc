//! Shells without a terminal, as SSH starts them: one command, or a script on standard
//! input; output and errors apart.

use crate::driver::{START, host, login};
use bytes::Bytes;
use ukai_shell::{Fs, Login, Shell, ShellEffect, ShellState, WaitingFor, limits};

/// A session on a host wearing `persona`, whose standard input the test sends.
struct Streams {
    shell: Shell,
    out: Vec<ShellEffect>,
}

impl Streams {
    fn new(persona: &str, login: Login) -> Self {
        let host = host(persona);
        let shell = Shell::new(host.clone(), Fs::new(&host), login, 1, START);
        Self { shell, out: Vec::new() }
    }

    fn exec(&mut self, command: &str) -> &mut Self {
        self.shell.exec(command.as_bytes(), START, &mut self.out);
        self
    }

    fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.shell.feed_stdin(bytes, START, &mut self.out);
        self
    }

    fn end(&mut self) -> &mut Self {
        self.shell.end_stdin(START, &mut self.out);
        self
    }

    /// Output, errors, and status if the shell has ended.
    fn result(&self) -> (String, String, Option<i32>) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        for effect in &self.out {
            match effect {
                ShellEffect::Output(bytes) => output.extend_from_slice(bytes),
                ShellEffect::ErrorOutput(bytes) => errors.extend_from_slice(bytes),
                _ => {}
            }
        }
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let status = match self.shell.state() {
            ShellState::Exited(status) => Some(status),
            _ => None,
        };
        (text(output), text(errors), status)
    }
}

fn result(output: &str, errors: &str, status: i32) -> (String, String, Option<i32>) {
    (output.to_owned(), errors.to_owned(), Some(status))
}

#[test]
fn errors_have_their_own_stream() {
    let mut bash = Streams::new("server-debian", login("root", false));
    bash.exec("echo out; nosuch; echo both >&2; nosuch 2>&1; { echo x >&2; } 2>/dev/null; exit 3");
    assert_eq!(
        bash.result(),
        result(
            "out\nbash: nosuch: command not found\n",
            "bash: nosuch: command not found\nboth\n",
            3
        )
    );
}

#[test]
fn a_command_ends_the_shell_and_runs_the_exit_trap() {
    let mut bash = Streams::new("server-debian", login("root", false));
    bash.exec("trap 'echo bye' EXIT; echo $0; false");
    assert_eq!(bash.result(), result("bash\nbye\n", "", 1));
    bash.exec("echo again");
    assert_eq!(bash.result(), result("bash\nbye\n", "", 1));
}

#[test]
fn without_input_a_reader_meets_the_end() {
    let mut shell = Streams::new("router-mips", login("root", false));
    shell.exec("cat; read x; echo $?");
    assert_eq!(shell.result(), result("1\n", "", 0));
}

#[test]
fn a_command_reads_what_the_peer_sends() {
    let mut shell = Streams::new("router-mips", login("root", false).with_piped_input());
    shell.exec("cat > /tmp/x; wc -c < /tmp/x; cat /tmp/x");
    assert_eq!(shell.shell.state(), ShellState::Waiting(WaitingFor::Stdin));
    shell.send(b"one\0").send(b"\xfftwo").end();
    assert_eq!(shell.shell.state(), ShellState::Exited(0));
    let bytes: Vec<u8> = shell
        .out
        .iter()
        .filter_map(
            |e| if let ShellEffect::Output(bytes) = e { Some(bytes.to_vec()) } else { None },
        )
        .flatten()
        .collect();
    assert_eq!(bytes, b"8\none\0\xfftwo");
}

#[test]
fn a_script_comes_line_by_line_and_shares_its_input() {
    let mut bash = Streams::new("server-debian", login("root", false).with_piped_input());
    bash.shell.script(START, &mut bash.out);
    bash.send(b"echo one\nread x\n").send(b"typed\necho \"[$x]\"\nif true\n");
    assert_eq!(bash.result().0, "one\n[typed]\n");
    bash.send(b"then echo yes; fi\nnosuch\ncat\nrest\nof it\n").end();
    let wanted = "-bash: nosuch: command not found\n";
    assert_eq!(bash.result(), result("one\n[typed]\nyes\nrest\nof it\n", wanted, 0));
}

#[test]
fn a_mistake_ends_a_script() {
    for (persona, status) in [("server-debian", 2), ("router-mips", 2)] {
        let mut shell = Streams::new(persona, login("root", false).with_piped_input());
        shell.shell.script(START, &mut shell.out);
        shell.send(b"echo one\necho )\necho two\n");
        let (output, errors, ended) = shell.result();
        assert_eq!((output.as_str(), ended), ("one\n", Some(status)), "{persona}: {errors}");
        assert!(errors.contains("syntax error"), "{errors}");
    }
}

#[test]
fn a_login_brings_variables() {
    let login = login("root", false)
        .with_variable("LC_ALL", "C.UTF-8")
        .with_variable("not a name", "x")
        .with_variable("LARGE", Bytes::from(vec![b'x'; limits::LOGIN_VARIABLE_BYTES]));
    let mut bash = Streams::new("server-debian", login);
    bash.exec("sh -c 'echo $LC_ALL [$LARGE]'");
    assert_eq!(bash.result(), result("C.UTF-8 []\n", "", 0));
}

#[test]
fn input_that_nobody_reads_is_bounded() {
    let mut shell = Streams::new("router-mips", login("root", false).with_piped_input());
    shell.exec("sleep 5; cat | wc -c");
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..4 {
        shell.send(&chunk);
    }
    assert_eq!(shell.shell.input_room(), 0);
    assert!(shell.out.iter().any(|e| matches!(e, ShellEffect::Limit { limit: "input", .. })));
}

/// What a command prints on a host with many commands.
fn prints(command: &str) -> String {
    let host = crate::driver::generous_host();
    let shell = Shell::new(host.clone(), Fs::new(&host), login("root", false), 1, START);
    let mut streams = Streams { shell, out: Vec::new() };
    streams.exec(command);
    let (output, errors, status) = streams.result();
    assert_eq!((errors.as_str(), status), ("", Some(0)), "{command}");
    output
}

#[test]
fn stages_of_a_pipeline_run_by_turns() {
    assert_eq!(prints("yes | head -1"), "y\n");
    assert_eq!(prints("yes | head -n 3 | wc -l"), "3\n");
    assert_eq!(prints("cat /dev/urandom | head -c 10 | wc -c"), "10\n");
    assert_eq!(prints("while :; do echo x; done | head -n 2"), "x\nx\n");
    assert_eq!(
        prints(
            "i=0; while :; do i=$((i+1)); echo $i; done | while read l; do [ $l = 3 ] && break; echo $l; done"
        ),
        "1\n2\n"
    );
    assert_eq!(prints("yes | { read a; read b; echo $a$b; }"), "yy\n");
    assert_eq!(prints("dd if=/dev/zero bs=1024 count=3000 2>/dev/null | cat | wc -c"), "3072000\n");
    assert_eq!(prints("(echo a; echo b) | (read x; cat)"), "b\n");
    assert_eq!(prints("yes | sed 2q"), "y\ny\n");
}
