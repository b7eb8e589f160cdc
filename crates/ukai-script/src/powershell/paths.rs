//! Paths and folders of the made-up user.

use super::value::Value;

/// A special folder of the made-up user.
pub(super) fn folder(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "applicationdata" | "26" => r"C:\Users\k.tanaka\AppData\Roaming",
        "localapplicationdata" | "28" => r"C:\Users\k.tanaka\AppData\Local",
        "commonapplicationdata" | "35" => r"C:\ProgramData",
        "desktop" | "desktopdirectory" | "0" | "16" => r"C:\Users\k.tanaka\Desktop",
        "startup" | "7" => {
            r"C:\Users\k.tanaka\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup"
        }
        "mydocuments" | "personal" | "5" => r"C:\Users\k.tanaka\Documents",
        "system" | "37" => r"C:\Windows\system32",
        "windows" | "36" => r"C:\Windows",
        "programfiles" | "38" => r"C:\Program Files",
        _ => r"C:\Users\k.tanaka",
    }
}

pub(super) fn path_static(name: &str, texts: &[String]) -> Value {
    let first = texts.first().map_or("", String::as_str);
    let file = first.rsplit(['\\', '/']).next().unwrap_or(first);
    match name {
        "gettemppath" => Value::text(r"C:\Users\k.tanaka\AppData\Local\Temp\"),
        "gettempfilename" => Value::text(r"C:\Users\k.tanaka\AppData\Local\Temp\tmp4A1C.tmp"),
        "getrandomfilename" => Value::text("u3kq0wzn.1dv"),
        "combine" | "join" => {
            let mut out = String::new();
            for text in texts {
                if !out.is_empty() && !out.ends_with('\\') {
                    out.push('\\');
                }
                out.push_str(text);
            }
            Value::text(out)
        }
        "getfilename" => Value::text(file),
        "getfilenamewithoutextension" => Value::text(file.rsplit_once('.').map_or(file, |it| it.0)),
        "getextension" => Value::text(file.rfind('.').map_or("", |at| &file[at..])),
        "getdirectoryname" => {
            Value::text(first[..first.len() - file.len()].trim_end_matches(['\\', '/']))
        }
        "changeextension" => {
            let bare = &first[..first.len() - file.len() + file.rfind('.').unwrap_or(file.len())];
            let end = texts.get(1).map_or("", String::as_str).trim_start_matches('.');
            Value::text(format!("{bare}.{end}"))
        }
        "getfullpath" => Value::text(first),
        _ => Value::Unknown(None),
    }
}
