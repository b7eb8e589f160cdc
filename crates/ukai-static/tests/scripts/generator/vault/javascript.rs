//! JavaScript: droppers for Windows Script Host (Nemucod, GootLoader, SocGholish, WSHRAT,
//! Latrodectus) and packages of node, under obfuscator.io, Edwards' packer and their like.

mod host;
mod node;

use super::super::{
    Dice, Truth, base64, codes, each, gzip, hex, keyed, put, quoted, rc4, reversed, xored,
};
use super::{bytes, camel, chunks, cipher, folded, letters, salad, sparse, underscored, word};

fn name(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.name(),
        1 => underscored(dice),
        _ => camel(dice),
    }
}

/// Base64 with small letters first and no padding, as obfuscator.io has it.
fn small_first(bytes: &[u8]) -> String {
    let turn = |it: char| {
        if it.is_ascii_lowercase() { it.to_ascii_uppercase() } else { it.to_ascii_lowercase() }
    };
    base64(bytes).trim_end_matches('=').chars().map(turn).collect()
}

/// A hexadecimal number as obfuscator.io writes it.
fn number(value: i64) -> String {
    if value < 0 { format!("-0x{:x}", -value) } else { format!("0x{value:x}") }
}

const SMALL_FIRST: &str = "var @B@=function(s){var c='abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=';var o='',t='';for(var n=0x0,b,u,i=0x0;u=s['charAt'](i++);~u&&(b=n%0x4?b*0x40+u:u,n++%0x4)?o+=String['fromCharCode'](0xff&b>>(-0x2*n&0x6)):0x0){u=c['indexOf'](u);}for(var k=0x0,l=o['length'];k<l;k++){t+='%'+('00'+o['charCodeAt'](k)['toString'](0x10))['slice'](-0x2);}return decodeURIComponent(t);};";

/// The array of strings of obfuscator.io: its order is put right by a sum, each string is asked for
/// by its number. Gives an expression for each of `texts`.
fn array_of_strings(dice: &mut Dice, texts: &[String], before: &mut String) -> Vec<String> {
    let coding = dice.below(3);
    let (array, ask) = (underscored(dice), underscored(dice));
    let sums: Vec<(i64, String)> = (1..=4)
        .map(|at| {
            let value = at * (1000 + dice.below(90_000) as i64);
            (
                value,
                format!("{value}{}", salad(dice, 6).replace(|it: char| it.is_ascii_digit(), "r")),
            )
        })
        .collect();
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
    all.extend(sums.iter().map(|it| it.1.clone()));
    all.extend(["toString", "constructor", "apply"].map(str::to_owned));
    all.dedup();
    let order = dice.order(all.len());
    let sorted: Vec<String> = order.iter().map(|at| all[*at].clone()).collect();
    let keys: Vec<String> = sorted.iter().map(|_| salad(dice, 4)).collect();
    let coded: Vec<String> = sorted
        .iter()
        .zip(&keys)
        .map(|(text, key)| match coding {
            0 => text.clone(),
            1 => small_first(text.as_bytes()),
            _ => {
                let chars: String = rc4(text.as_bytes(), key).into_iter().map(char::from).collect();
                small_first(chars.as_bytes())
            }
        })
        .collect();
    let start = 0x64 + dice.below(0x1f0);
    let say = |text: &str| -> String {
        let at = sorted.iter().position(|it| it == text).unwrap_or(0);
        if coding == 2 {
            format!("{ask}(0x{:x},'{}')", at + start, keys[at])
        } else {
            format!("{ask}(0x{:x})", at + start)
        }
    };
    let by = 1 + dice.below(coded.len() - 1);
    let mut turned = coded[coded.len() - by..].to_vec();
    turned.extend_from_slice(&coded[..coded.len() - by]);
    let quoted: Vec<String> = turned
        .iter()
        .map(|it| format!("'{}'", it.replace('\\', "\\\\").replace('\'', "\\'")))
        .collect();
    let (n, s): (Vec<i64>, Vec<String>) =
        sums.iter().map(|it| (it.0, format!("parseInt({})", say(&it.1)))).unzip();
    let target = -n[0] + n[1] / 2 * (n[2] / 3) - n[3] / 4;
    let sum = format!("-{}/0x1+{}/0x2*({}/0x3)+-{}/0x4", s[0], s[1], s[2], s[3]);
    let (one, two, three) = (underscored(dice), underscored(dice), underscored(dice));
    let turn = format!(
        "(function({one},{two}){{var {three}={one}();while(!![]){{try{{var v={sum};if(v==={two})break;else {three}['push']({three}['shift']());}}catch(e){{{three}['push']({three}['shift']());}}}}}}({array},{}));",
        number(target)
    );
    let decode = match coding {
        0 => String::new(),
        1 => format!("{}e=@B@(e);", SMALL_FIRST),
        _ => format!(
            "{}var @R@=function(s,k){{var t=[],j=0x0,x,r='';s=@B@(s);var i;for(i=0x0;i<0x100;i++){{t[i]=i;}}for(i=0x0;i<0x100;i++){{j=(j+t[i]+k['charCodeAt'](i%k['length']))%0x100,x=t[i],t[i]=t[j],t[j]=x;}}i=0x0,j=0x0;for(var y=0x0;y<s['length'];y++){{i=(i+0x1)%0x100,j=(j+t[i])%0x100,x=t[i],t[i]=t[j],t[j]=x,r+=String['fromCharCode'](s['charCodeAt'](y)^t[(t[i]+t[j])%0x100]);}}return r;}};e=@R@(e,d);",
            SMALL_FIRST
        ),
    };
    let (base, stream) = (underscored(dice), underscored(dice));
    let decode = put(&decode, &[("B", &base), ("R", &stream)]);
    let strings = format!(
        "function {array}(){{var {three}=[{}];{array}=function(){{return {three};}};return {array}();}}",
        quoted.join(",")
    );
    let asks = format!(
        "function {ask}(a,b){{var {one}={array}();return {ask}=function(c,d){{c=c-0x{start:x};var e={one}[c];{decode}return e;}},{ask}(a,b);}}"
    );
    let parts = [turn, asks, strings];
    let order = dice.order(3);
    for at in order {
        before.push_str(&parts[at]);
    }
    before.push('\n');
    texts.iter().map(|text| say(text)).collect()
}

/// Letters of words that the language itself says.
fn fucked(dice: &mut Dice, text: &str) -> String {
    let words = [
        ("false", "(![]+[])"),
        ("true", "(!![]+[])"),
        ("undefined", "([][[]]+[])"),
        ("NaN", "(+[![]]+[])"),
        ("[object Object]", "({}+[])"),
    ];
    let digit = |value: usize| match value {
        0 => "+[]".to_owned(),
        1 => "+!+[]".to_owned(),
        _ => vec!["!+[]"; value].join("+"),
    };
    let mut parts = Vec::new();
    for letter in text.chars() {
        let found = words.iter().find_map(|(word, say)| word.find(letter).map(|at| (at, say)));
        parts.push(match (found, letter) {
            (_, '0'..='9') => format!("[{}]", digit(letter as usize - '0' as usize)),
            (Some((at, say)), _) if at < 10 && dice.chance(80) => format!("{say}[{}]", digit(at)),
            (_, 'a'..='z') => {
                let value = letter as usize - 'a' as usize + 10;
                format!("({value})[\"to\"+String[\"name\"]](36)")
                    .replace("String[\"name\"]", "\"String\"")
            }
            _ => format!("'{letter}'"),
        });
    }
    format!("[]+{}", parts.join("+")).replacen("[]+[", "[]+\"\"+[", 1)
}

/// Ways that the old engine of Windows understands as well.
fn old(dice: &mut Dice, text: &str, before: &mut String) -> String {
    match dice.below(16) {
        0 => {
            let list: Vec<String> = text
                .bytes()
                .map(|it| match dice.below(4) {
                    0 => format!("0x{it:x}"),
                    1 => format!("{}-{}", usize::from(it) + 37, 37),
                    2 => format!("{}/2", usize::from(it) * 2),
                    _ => it.to_string(),
                })
                .collect();
            let call = dice.pick(&["String.fromCharCode", "String[\"fromCharCode\"]"]);
            format!("{call}({})", list.join(","))
        }
        1 => format!("\"{}\".split(\"\").reverse().join(\"\")", reversed(text)),
        2 => {
            let form = |byte: u8| format!("\\x{byte:02x}");
            if dice.chance(50) {
                format!("\"{}\"", each(text, "", form))
            } else {
                format!("'{}'", each(text, "", |byte| format!("\\u{byte:04X}")))
            }
        }
        3 => {
            let mark = if dice.chance(30) {
                dice.pick(&["▀⌐", "ꔉ", "\u{25D0}\u{25CC}", "ΨΩ", "☠"]).to_owned()
            } else {
                dice.mark(text)
            };
            let littered = dice.littered(text, &mark);
            match dice.below(2) {
                0 => format!("'{littered}'.replace(/{mark}/g,'')"),
                _ => format!("\"{littered}\".split(\"{mark}\").join(\"\")"),
            }
        }
        4 => {
            let coded: String = text
                .bytes()
                .map(
                    |it| if dice.chance(30) { format!("%u{it:04x}") } else { format!("%{it:02X}") },
                )
                .collect();
            format!("unescape('{coded}')")
        }
        5 => {
            let (function, step) = (name(dice), 2 + dice.below(4));
            before.push_str(&format!(
                "function {function}(s) {{\n  var r = '';\n  for (var i = {}; i < s.length; i += {step}) {{\n    r += s.charAt(i);\n  }}\n  return r;\n}}\n",
                step - 1
            ));
            format!("{function}('{}')", sparse(dice, text, step))
        }
        6 => {
            let (function, one, two, three) = (dice.name(), dice.name(), dice.name(), dice.name());
            before.push_str(&format!(
                "function {function}({one}) {{\n  {two} = '';\n  for ({three} = 0; {three} < {one}.length; {three}++) {{\n    if ({three} % 2) {{ {two} = {two} + {one}.substr({three}, 1); }} else {{ {two} = {one}.substr({three}, 1) + {two}; }}\n  }}\n  return {two};\n}}\n"
            ));
            let text = folded(text);
            let cut = chunks(&text, 8 + dice.below(12));
            let names: Vec<String> = cut.iter().map(|_| dice.name()).collect();
            for at in dice.order(cut.len()) {
                before.push_str(&format!("{} = '{}';\n", names[at], cut[at]));
            }
            format!("{function}({})", names.join("+"))
        }
        7 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let said: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let array = name(dice);
            before.push_str(&format!("var {array} = [{}];\n", quoted(&said, '\'').join(", ")));
            let picks: Vec<String> = (0..pieces.len())
                .filter_map(|at| order.iter().position(|it| *it == at))
                .map(|at| format!("{array}[{at}]"))
                .collect();
            picks.join(" + ")
        }
        8 => {
            let (function, key) = (name(dice), word(dice, 5, 6));
            let data = hex(&keyed(text, &key));
            before.push_str(&format!(
                "function {function}(h, k) {{\n  var o = '';\n  for (var i = 0; i < h.length; i += 2) {{\n    o += String.fromCharCode(parseInt(h.substr(i, 2), 16) ^ k.charCodeAt((i / 2) % k.length));\n  }}\n  return o;\n}}\n"
            ));
            format!("{function}('{data}', '{key}')")
        }
        9 | 10 => {
            let pieces = dice.pieces(text);
            array_of_strings(dice, &pieces, before).join("+")
        }
        11 => {
            let function = name(dice);
            let data = base64(text.as_bytes());
            before.push_str(&format!(
                "function {function}(d) {{\n  var a = \"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\";\n  var o = \"\", c1, c2, c3, e1, e2, e3, e4, i = 0;\n  do {{\n    e1 = a.indexOf(d.charAt(i++));\n    e2 = a.indexOf(d.charAt(i++));\n    e3 = a.indexOf(d.charAt(i++));\n    e4 = a.indexOf(d.charAt(i++));\n    c1 = (e1 << 2) | (e2 >> 4);\n    c2 = ((e2 & 15) << 4) | (e3 >> 2);\n    c3 = ((e3 & 3) << 6) | e4;\n    o = o + String.fromCharCode(c1);\n    if (e3 != 64) {{ o = o + String.fromCharCode(c2); }}\n    if (e4 != 64) {{ o = o + String.fromCharCode(c3); }}\n  }} while (i < d.length);\n  return o;\n}}\n"
            ));
            format!("{function}(\"{data}\")")
        }
        12 => fucked(dice, text),
        13 => format!(
            "'{}'.replace(/../g,function(h){{return String.fromCharCode(parseInt(h,16));}})",
            hex(text.as_bytes())
        ),
        14 => {
            let (object, pieces) = (name(dice), dice.pieces(text));
            let keys: Vec<String> = pieces.iter().map(|_| salad(dice, 1) + &dice.name()).collect();
            let keys: Vec<String> = keys.iter().map(|it| format!("k{it}")).collect();
            let list: Vec<String> = dice
                .order(pieces.len())
                .into_iter()
                .map(|at| format!("'{}': '{}'", keys[at], pieces[at]))
                .collect();
            before.push_str(&format!("var {object} = {{{}}};\n", list.join(", ")));
            keys.iter().map(|it| format!("{object}['{it}']")).collect::<Vec<_>>().join(" + ")
        }
        _ => {
            let (list, out, at, by) = (name(dice), name(dice), dice.name(), 1 + dice.below(200));
            let moved: Vec<String> =
                text.bytes().map(|it| (usize::from(it) + by).to_string()).collect();
            before.push_str(&format!(
                "var {list} = [{}];\nvar {out} = '';\nfor (var {at} = 0; {at} < {list}.length; {at}++) {out} += String.fromCharCode({list}[{at}] - {by});\n",
                moved.join(",")
            ));
            out
        }
    }
}

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    if dice.chance(45) {
        let word = old(dice, text, before);
        return format!("({word})");
    }
    match dice.below(11) {
        0 => match dice.below(3) {
            0 => format!("atob('{}')", base64(text.as_bytes())),
            1 => format!("Buffer.from('{}','base64').toString()", base64(text.as_bytes())),
            _ => format!(
                "Buffer.from(\"{}\", \"base64\").toString(\"utf8\")",
                base64(text.as_bytes())
            ),
        },
        1 => format!("Buffer.from('{}', 'hex').toString('utf-8')", hex(text.as_bytes())),
        2 => {
            let key = dice.key();
            format!(
                "[{}].map(c => String.fromCharCode(c ^ {key})).join('')",
                codes(xored(text, key), ",")
            )
        }
        3 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| name(dice)).collect();
            let list: Vec<String> = dice
                .order(pieces.len())
                .into_iter()
                .map(|at| format!("{} = '{}'", names[at], pieces[at]))
                .collect();
            before.push_str(&format!("const {};\n", list.join(", ")));
            let form: String = names.iter().map(|it| format!("${{{it}}}")).collect();
            format!("`{form}`")
        }
        4 => {
            let (function, one) = (name(dice), name(dice));
            before.push_str(&format!(
                "const {function}={one}=>Buffer.from({one}.slice(1),'base64').toString('utf8');\n"
            ));
            format!("{function}('{}{}')", salad(dice, 1), base64(text.as_bytes()))
        }
        5 => {
            let key = word(dice, 7, 9);
            format!(
                "Buffer.from('{}','base64').map((b,i)=>b^'{key}'.charCodeAt(i%{})).toString()",
                base64(&keyed(text, &key)),
                key.len()
            )
        }
        6 => format!(
            "require('zlib').gunzipSync(Buffer.from('{}','base64')).toString()",
            base64(&gzip(text.as_bytes()))
        ),
        7 => format!("decodeURIComponent('{}')", each(text, "", |it| format!("%{it:02x}"))),
        8 => format!("[...'{}'].reverse().join('')", reversed(text)),
        9 => format!("new TextDecoder().decode(new Uint8Array([{}]))", codes(text.bytes(), ",")),
        _ => {
            let (key, vector) = (bytes(dice, 32), bytes(dice, 16));
            let data = cipher::aes_cbc(&key, &vector, text.as_bytes());
            let (crypto, function) = (name(dice), name(dice));
            before.push_str(&format!(
                "const {crypto} = require('crypto');\nfunction {function}(d, k, v) {{\n  const c = {crypto}.createDecipheriv('aes-256-cbc', Buffer.from(k, 'hex'), Buffer.from(v, 'hex'));\n  return c.update(d, 'base64', 'utf8') + c.final('utf8');\n}}\n"
            ));
            format!("{function}('{}', '{}', '{}')", base64(&data), hex(&key), hex(&vector))
        }
    }
}

fn hidden(dice: &mut Dice, text: &str, node: bool) -> (String, String) {
    let mut before = String::new();
    let word = if node { hide(dice, text, &mut before) } else { old(dice, text, &mut before) };
    (before, if node { word } else { format!("({word})") })
}

/// Edwards' packer.
fn packed(script: &str) -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let said = |mut at: usize| {
        let mut out = Vec::new();
        loop {
            out.push(LETTERS[at % 62]);
            at /= 62;
            if at == 0 {
                break;
            }
        }
        out.reverse();
        String::from_utf8_lossy(&out).into_owned()
    };
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
            out.push_str(&said(at));
            word.clear();
        }
        match letter {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    let list: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(at, word)| if said(at) == *word { String::new() } else { word.clone() })
        .collect();
    format!(
        "eval(function(p,a,c,k,e,d){{e=function(c){{return(c<a?'':e(parseInt(c/a)))+((c=c%a)>35?String.fromCharCode(c+29):c.toString(36))}};if(!''.replace(/^/,String)){{while(c--){{d[e(c)]=k[c]||e(c)}}k=[function(e){{return d[e]}}];e=function(){{return'\\\\w+'}};c=1}};while(c--){{if(k[c]){{p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}}}return p}}('{out}',62,{},'{}'.split('|'),0,{{}}))\n",
        words.len(),
        list.join("|")
    )
}

/// Escaped text in pieces, none of which ends within an escape.
fn chunks_of_code(text: &str) -> Vec<String> {
    let (mut out, mut line, mut escaped) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        line.push(letter);
        escaped = letter == '\\' && !escaped;
        if line.len() > 60 && !escaped {
            out.push(std::mem::take(&mut line));
        }
    }
    out.push(line);
    out
}

/// The whole script as data that is run.
fn wrapped(dice: &mut Dice, script: &str, node: bool) -> String {
    let safe = script.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    match dice.below(if node { 8 } else { 7 }) {
        5 | 6 if !node => {
            let lines: Vec<String> = chunks_of_code(&safe);
            let own = name(dice);
            let mut out = format!("var {own} = \"\";\n");
            for line in lines {
                out.push_str(&format!("{own} += \"{line}\";\n"));
            }
            out + &format!("[][\"sort\"][\"constructor\"]({own})();\n")
        }
        0 => packed(script),
        1 => {
            let coded = each(script, "", |it| format!("%{it:02X}"));
            format!("eval(unescape(\"{coded}\"));\n")
        }
        2 => {
            let by = 1 + dice.below(9);
            let list: Vec<String> =
                script.bytes().map(|it| (usize::from(it) * by).to_string()).collect();
            let (array, out, at) = (name(dice), name(dice), dice.name());
            format!(
                "var {array} = [{}], {out} = \"\";\nfor (var {at} = 0; {at} < {array}.length; {at}++) {{ {out} += String.fromCharCode({array}[{at}] / {by}); }}\neval({out});\n",
                list.join(",")
            )
        }
        3 => {
            let (function, text) = (name(dice), name(dice));
            let step = 2 + dice.below(2);
            let safe = script.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
            // Letters of no meaning stand between those of the text, not within what is escaped.
            let mut littered = String::new();
            let mut escaped = false;
            for letter in safe.chars() {
                littered.push(letter);
                escaped = letter == '\\' && !escaped;
                if !escaped {
                    littered.push_str(&letters(dice, step - 1));
                }
            }
            format!(
                "var {text} = '{littered}';\nfunction {function}(s) {{ var r = ''; for (var i = 0; i < s.length; i += {step}) r += s.substr(i, 1); return r; }}\neval({function}({text}));\n"
            )
        }
        4 => {
            let (data, out) = (name(dice), name(dice));
            format!(
                "var {data} = \"{}\";\nvar {out} = \"\";\nwhile ({data}.length > 0) {{ {out} += String.fromCharCode(parseInt({data}.substring(0, 2), 16)); {data} = {data}.substring(2); }}\neval({out});\n",
                hex(script.as_bytes())
            )
        }
        5 => format!("eval(Buffer.from('{}', 'base64').toString());\n", base64(script.as_bytes())),
        6 => format!(
            "new Function('require', 'process', Buffer.from('{}', 'hex').toString('utf8'))(require, process);\n",
            hex(script.as_bytes())
        ),
        _ => format!(
            "/* eslint-disable */\nconst _c = require('zlib').gunzipSync(Buffer.from(\"{}\", \"base64\")).toString(\"utf8\");\neval(_c);\n",
            base64(&gzip(script.as_bytes()))
        ),
    }
}

/// What stands between `«` and `»` becomes a string of the language in one of the ways; in
/// brackets it is the name of a property.
fn finished(dice: &mut Dice, script: &str) -> String {
    let mut parts = vec![String::new()];
    let mut texts: Vec<String> = Vec::new();
    for part in script.split('«') {
        match part.split_once('»') {
            Some((text, rest)) => {
                texts.push(text.to_owned());
                parts.push(rest.to_owned());
            }
            None => parts[0].push_str(part),
        }
    }
    let mut before = String::new();
    let said: Vec<String> = match dice.below(5) {
        0 | 1 if !texts.is_empty() => array_of_strings(dice, &texts, &mut before),
        2 => texts
            .iter()
            .map(|it| format!("\"{}\"", each(it, "", |byte| format!("\\x{byte:02x}"))))
            .collect(),
        3 => texts
            .iter()
            .map(|it| {
                if it.len() < 2 {
                    format!("'{it}'")
                } else {
                    quoted(&dice.pieces(it), '\'').join("+")
                }
            })
            .collect(),
        _ => texts.iter().map(|it| format!("\"{it}\"")).collect(),
    };
    let mut out = before + &parts[0];
    for (text, rest) in said.iter().zip(&parts[1..]) {
        out.push_str(text);
        out.push_str(rest);
    }
    out
}

/// Functions that nobody calls, or that give a number nobody needs.
fn junk(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..super::much(dice) {
        let (one, two) = (camel(dice), camel(dice));
        out.push_str(&match dice.below(4) {
            0 => format!("var {one} = {};\nvar {two} = {one} * {} + 1;\n", dice.below(900), dice.below(90)),
            1 => format!("function {one}(a, b) {{\n  var {two} = a % (b + 1);\n  return {two} > {} ? a : b;\n}}\n", dice.below(40)),
            2 => format!("// {one} {two} {}\n", letters(dice, 12)),
            _ => format!("var {one} = ['{}', '{}'];\n", letters(dice, 9), letters(dice, 7)),
        });
    }
    out
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let node = dice.chance(45);
    let script = if node { node::script(dice, truth) } else { host::script(dice, truth) };
    let mut script = finished(dice, &script);
    let (more, whole) = (dice.chance(40), dice.chance(25) && !script.contains("////"));
    if (more || whole) && script.starts_with("#!") {
        // Only the first line of a file may say what runs it.
        script = script.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned());
    }
    if more {
        script = junk(dice) + &script;
    }
    if whole { wrapped(dice, &script, node) } else { script }
}
