//! Which object a name stands for: `CreateObject`, `GetObject`.

use super::automation::{Automation, Connection, Mail, Socket, WebClient};
use super::collections::{Builder, Dictionary, Line, List};
use super::encodings::{Encoding, Formatter, FromBase64, MemoryStream};
use super::files::FileSystem;
use super::http::{Browser, Http};
use super::management::{Class, Management, Scheduler};
use super::script_control::ScriptControl;
use super::shell::{Shell, ShellApplication};
use super::stream::{Recordset, Stream};
use super::{Com, Host, Value, dom, text_at};

/// Classes that scripts make by number, to hide which they are.
const CLASSES: &[(&str, &str)] = &[
    ("72c24dd5-d70a-438b-8a42-98424b88afb8", "wscript.shell"),
    ("f935dc22-1cf0-11d0-adb9-00c04fd58a0b", "wscript.shell"),
    ("13709620-c279-11ce-a49e-444553540000", "shell.application"),
    ("9ba05972-f6a8-11cf-a442-00a0c90a8f39", "shell.application"),
    ("c08afd90-f2a1-11d1-8455-00a0c91f3880", "shell.application"),
    ("0d43fe01-f093-11cf-8940-00a0c9054228", "scripting.filesystemobject"),
    ("ee09b103-97e0-11cf-978f-00a02463e06f", "scripting.dictionary"),
    ("f6d90f16-9c73-11d3-b32e-00c04f990bb4", "msxml2.xmlhttp"),
    ("88d96a0a-f192-11d4-a65f-0040963251e5", "msxml2.xmlhttp"),
    ("88d96a0b-f192-11d4-a65f-0040963251e5", "msxml2.serverxmlhttp"),
    ("2087c2f4-2cef-4953-a8ab-66779b670495", "winhttp.winhttprequest.5.1"),
    ("00000566-0000-0010-8000-00aa006d2ea4", "adodb.stream"),
    ("0002df01-0000-0000-c000-000000000046", "internetexplorer.application"),
];

/// The object of a name.
pub(super) fn create(host: &mut Host, progid: &str) -> Value {
    let name = progid.trim().to_ascii_lowercase();
    if let Some(class) = name.strip_prefix("new:") {
        return by_class(host, class);
    }
    match name.as_str() {
        "wscript.shell" | "wscript.shell.1" => host.add(Shell::new()),
        "shell.application" | "shell.application.1" => host.add(ShellApplication),
        "scripting.filesystemobject" => host.add(FileSystem),
        "scripting.dictionary" => host.add(Dictionary::default()),
        "system.collections.arraylist" => host.add(List::new(Vec::new())),
        "system.collections.queue" => host.add(Line::queue()),
        "system.collections.stack" => host.add(Line::stack()),
        "system.collections.sortedlist" => host.add(Dictionary::sorted()),
        "system.text.stringbuilder" => host.add(Builder::default()),
        "adodb.stream" => host.add(Stream::new()),
        "adodb.recordset" => host.add(Recordset::default()),
        "internetexplorer.application" => host.add(Browser::default()),
        "wbemscripting.swbemlocator" => host.add(Management),
        "schedule.service" | "schedule.service.1" => host.add(Scheduler),
        "msscriptcontrol.scriptcontrol" | "msscriptcontrol.scriptcontrol.1" | "scriptcontrol" => {
            host.add(ScriptControl::new())
        }
        "htmlfile" => host.add(ScriptControl::page()),
        "cdo.message" | "cdo.configuration" => host.add(Mail),
        "mswinsock.winsock" | "mswinsock.winsock.1" => host.add(Socket::default()),
        "adodb.connection" => host.add(Connection),
        "system.net.webclient" => host.add(WebClient),
        "system.text.utf8encoding" => host.add(Encoding::new("utf-8")),
        "system.text.unicodeencoding" => host.add(Encoding::new("utf-16")),
        "system.text.asciiencoding" => host.add(Encoding::new("us-ascii")),
        "system.security.cryptography.frombase64transform" => host.add(FromBase64),
        "system.io.memorystream" => host.add(MemoryStream::default()),
        "system.runtime.serialization.formatters.binary.binaryformatter" => host.add(Formatter),
        "windowsinstaller.installer" => host.add(Installer),
        "wscript.network" => host.add(Network),
        _ if ["excel.", "word.", "powerpoint.", "outlook.", "access.", "visio.", "mmc20."]
            .iter()
            .any(|it| name.starts_with(it)) =>
        {
            host.add(Automation)
        }
        _ if name.contains("xmlhttp") || name.starts_with("winhttp") => host.add(Http::default()),
        _ if name.starts_with("msxml") && name.contains("domdocument")
            || name.starts_with("microsoft.xmldom")
            || name.starts_with("microsoft.freethreadedxmldom") =>
        {
            host.add(dom::Document::default())
        }
        _ => {
            host.recorder.note(&format!("object not known: {progid:.100}"));
            Value::Unknown
        }
    }
}

fn by_class(host: &mut Host, class: &str) -> Value {
    let class = class.trim_matches(['{', '}', ' ']);
    if let Some((_, progid)) = CLASSES.iter().find(|(known, _)| *known == class) {
        return create(host, progid);
    }
    host.recorder.note(&format!("object not known: {class:.100}"));
    Value::Unknown
}

/// What a moniker stands for.
pub(super) fn get_object(host: &mut Host, moniker: &str) -> Value {
    let lower = moniker.trim().to_ascii_lowercase();
    if let Some(class) = lower.strip_prefix("new:") {
        return by_class(host, class);
    }
    if let Some(path) = lower.strip_prefix("winmgmts:") {
        // `winmgmts:{...}!\\.\root\cimv2:Win32_Process`.
        let place = path.rsplit('!').next().unwrap_or(path);
        if let Some((server, _)) = place.strip_prefix(r"\\").and_then(|it| it.split_once('\\'))
            && !matches!(server, "." | "localhost" | "127.0.0.1" | "")
        {
            host.recorder.connect(server, Some(135));
        }
        let class = place.rsplit(':').next().unwrap_or(place);
        return if class.starts_with("win32_") || class == "stdregprov" {
            host.add(Class { name: class.to_owned() })
        } else {
            host.add(Management)
        };
    }
    // A scriptlet: the text behind the URL is run.
    if let Some(url) = moniker.trim().get(7..).filter(|_| lower.starts_with("script:")) {
        host.fetch(url);
        host.recorder.note("it runs a scriptlet");
        return Value::Unknown;
    }
    if lower.contains("://") {
        host.fetch(moniker.trim());
    }
    Value::Unknown
}

/// `WindowsInstaller.Installer`: packages from URLs.
struct Installer;

impl Com for Installer {
    fn get(&mut self, _: &mut Host, _: &str) -> Option<Value> {
        None
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        if name == "installproduct" {
            let package = text_at(host, arguments, 0);
            if package.contains("://") {
                host.fetch(&package);
            }
            host.recorder.run(&format!("msiexec /i {package}"));
        }
        Value::Unknown
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}

/// `WScript.Network`: names of the machine and its user.
struct Network;

impl Com for Network {
    fn get(&mut self, _: &mut Host, name: &str) -> Option<Value> {
        let variable = match name {
            "computername" => "COMPUTERNAME",
            "username" => "USERNAME",
            "userdomain" => "USERDOMAIN",
            _ => return None,
        };
        crate::machine::variable(variable).map(Value::from)
    }

    fn call(&mut self, host: &mut Host, name: &str, arguments: &[Value]) -> Value {
        if name == "mapnetworkdrive" {
            // `\\server@port\share`
            let share = text_at(host, arguments, 1);
            if let Some((server, port)) = crate::programs::share_of(&share) {
                host.recorder.connect(server, Some(port));
            }
        }
        self.get(host, name).unwrap_or(Value::Unknown)
    }

    fn set(&mut self, _: &mut Host, _: &str, _: &[Value], _: Value) {}
}
