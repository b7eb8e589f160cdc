//! The made-up machine on which scripts run: what its environment says.

/// The environment of a user of a Windows workstation, by name.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("ALLUSERSPROFILE", r"C:\ProgramData"),
    ("APPDATA", r"C:\Users\k.tanaka\AppData\Roaming"),
    ("COMMONPROGRAMFILES", r"C:\Program Files\Common Files"),
    ("COMPUTERNAME", "DESKTOP-4J7QK2M"),
    ("COMSPEC", r"C:\Windows\system32\cmd.exe"),
    ("HOMEDRIVE", "C:"),
    ("HOMEPATH", r"\Users\k.tanaka"),
    ("LOCALAPPDATA", r"C:\Users\k.tanaka\AppData\Local"),
    ("LOGONSERVER", r"\\DESKTOP-4J7QK2M"),
    ("NUMBER_OF_PROCESSORS", "4"),
    ("OS", "Windows_NT"),
    (
        "PATH",
        r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem;C:\Windows\System32\WindowsPowerShell\v1.0\",
    ),
    ("PATHEXT", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC"),
    ("PROCESSOR_ARCHITECTURE", "AMD64"),
    ("PROGRAMDATA", r"C:\ProgramData"),
    ("PROGRAMFILES", r"C:\Program Files"),
    ("PROGRAMFILES(X86)", r"C:\Program Files (x86)"),
    (
        "PSMODULEPATH",
        r"C:\Program Files\WindowsPowerShell\Modules;C:\Windows\system32\WindowsPowerShell\v1.0\Modules",
    ),
    ("PUBLIC", r"C:\Users\Public"),
    ("SYSTEMDRIVE", "C:"),
    ("SYSTEMROOT", r"C:\Windows"),
    ("TEMP", r"C:\Users\k.tanaka\AppData\Local\Temp"),
    ("TMP", r"C:\Users\k.tanaka\AppData\Local\Temp"),
    ("USERDOMAIN", "DESKTOP-4J7QK2M"),
    ("USERNAME", "k.tanaka"),
    ("USERPROFILE", r"C:\Users\k.tanaka"),
    ("WINDIR", r"C:\Windows"),
];

/// A variable of the environment, by its name in any case.
pub fn variable(name: &str) -> Option<&'static str> {
    ENVIRONMENT.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

/// The names of all variables.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ENVIRONMENT.iter().map(|(name, _)| *name)
}

/// `text` with each `%NAME%` that the environment knows replaced, as `ExpandEnvironmentStrings`
/// does; others stay.
pub fn expand(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let known = after.split_once('%').and_then(|(name, tail)| Some((variable(name)?, tail)));
        let (value, tail) = known.unwrap_or(("%", after));
        out.push_str(value);
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn known_names_are_replaced_others_stay() {
        assert_eq!(expand(r"%temp%\a.exe"), r"C:\Users\k.tanaka\AppData\Local\Temp\a.exe");
        assert_eq!(expand("100% of %NOTHING% %os%"), "100% of %NOTHING% Windows_NT");
        assert_eq!(expand("%"), "%");
    }
}
