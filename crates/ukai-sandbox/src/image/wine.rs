//! Windows in the root: Wine from Debian's packages, and a drive with its registry, as Wine
//! itself makes them, that looks lived in.
//!
//! Wine runs once while the image is built, in namespaces without a network, so that a guest
//! does not have to: what takes seconds there takes minutes where instructions are emulated.

use super::deception::machine_guid;
use super::root::put;
use super::{FILE_TIME_S, ImageError, tool};
use crate::windows::{
    COMPUTER, DESKTOP, ENVIRONMENT, HOME, LOADER, LOADER_32, SERVER, USER, linux,
};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// How long Wine may take, in seconds.
const SET_UP_S: u32 = 900;

/// Below the prefix.
const REGISTRY: [&str; 3] = ["system.reg", "user.reg", "userdef.reg"];

/// Sets it up in `root`.
pub(super) fn set_up(root: &Path) -> Result<(), ImageError> {
    libraries(root)?;
    // Windows' user is who owns the processes.
    let passwd =
        format!("{USER}:x:0:0:Daniel,,,:/home/{USER}:/bin/bash\nroot:x:0:0:root:/root:/bin/bash\n");
    put(root, "etc/passwd", 0o644, passwd.as_bytes())?;
    let hosts = format!("127.0.0.1\tlocalhost\n127.0.1.1\t{COMPUTER}\n");
    put(root, "etc/hosts", 0o644, hosts.as_bytes())?;
    // The host of scripts enters itself when it is started first.
    put(root, "tmp/first.vbs", 0o644, b"x = 1\r\n")?;
    put(root, "tmp/settings.reg", 0o644, settings().as_bytes())?;
    for folder in ["proc", "dev"] {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(ImageError::file(&path))?;
    }
    run_wine(root)?;
    let tmp = root.join("tmp");
    super::remove(&tmp)?;
    fs::create_dir_all(&tmp).map_err(ImageError::file(&tmp))?;
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
    fs::set_permissions(&tmp, all).map_err(ImageError::file(&tmp))?;
    let prefix = root.join(HOME.trim_start_matches('/')).join(".wine");
    // It is held against the time of a file that the image gives another time.
    put(&prefix, ".update-timestamp", 0o644, b"disable\r\n")?;
    for name in REGISTRY {
        let path = prefix.join(name);
        let text = fs::read(&path).map_err(ImageError::file(&path))?;
        put(&prefix, name, 0o644, &without_times(&text))?;
    }
    folders(&prefix)?;
    for (path, bytes) in FILES {
        put(&prefix, path, 0o644, bytes.as_bytes())?;
    }
    // The way to what is not Windows'.
    let beyond = prefix.join("dosdevices/z:");
    fs::remove_file(&beyond).map_err(ImageError::file(&beyond))
}

/// What the guest runs before it is ready, as its agent reads it: Wine's server and what
/// stands for Windows' services stay.
pub(super) fn before() -> String {
    let mut text = String::new();
    for variable in ENVIRONMENT {
        text += variable;
        text.push('\n');
    }
    let folder = String::from_utf8_lossy(&linux(DESKTOP.as_bytes())).into_owned();
    let _ = writeln!(
        text,
        "\n/bin/sh\n-c\nhostname {COMPUTER}; cd {folder}; {SERVER} -p; {LOADER} cmd /c exit; \
         {LOADER_32} rundll32; sleep 3"
    );
    text
}

/// What libwine's own script makes: zlib's library with the mark of Wine's.
fn libraries(root: &Path) -> Result<(), ImageError> {
    const MARK_AT: usize = 64;
    const MARK: &[u8; 32] = b"Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (compiler, library) in [
        ("x86_64", "x86_64-linux-gnu/wine/x86_64-windows"),
        ("i686", "i386-linux-gnu/wine/i386-windows"),
    ] {
        let path = root.join(format!("usr/{compiler}-w64-mingw32/lib/zlib1.dll"));
        let mut bytes = fs::read(&path).map_err(ImageError::file(&path))?;
        let Some(place) = bytes.get_mut(MARK_AT..MARK_AT + MARK.len()) else {
            return Err(ImageError::Packages(format!("{}: too short", path.display())));
        };
        place.copy_from_slice(MARK);
        put(root, &format!("usr/lib/{library}/zlib1.dll"), 0o644, &bytes)?;
    }
    Ok(())
}

/// Has Wine make its drive and registry.
fn run_wine(root: &Path) -> Result<(), ImageError> {
    let mut script = String::from(
        "set -e\nmount -t proc proc \"$1/proc\"\nmount -t tmpfs none \"$1/dev\"\n\
         for name in null zero random urandom full; do\n\
         touch \"$1/dev/$name\"; mount --bind /dev/$name \"$1/dev/$name\"\ndone\n",
    );
    let _ = writeln!(script, "hostname {COMPUTER}");
    let inside = format!(
        "{LOADER} wineboot --init && {LOADER} winecfg -v win10 && \
         {LOADER} regedit /S 'Z:\\tmp\\settings.reg' && \
         {LOADER} wscript 'Z:\\tmp\\first.vbs' && {SERVER} -k -w"
    );
    script += "exec chroot \"$1\" /usr/bin/env -i ";
    for variable in ENVIRONMENT {
        let _ = write!(script, "'{variable}' ");
    }
    script += "/bin/sh -c \"$2\"\n";
    let mut unshare = Command::new("timeout");
    unshare.args(["-k", "5", &SET_UP_S.to_string(), "unshare"]);
    if !rustix::process::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare
        .args(["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", &script, "sh"])
        .arg(root)
        .arg(inside);
    tool(&mut unshare, "util-linux").map(drop)
}

/// Registries without the times at which keys were written: the same image each time.
fn without_times(text: &[u8]) -> Vec<u8> {
    // Windows' clock counts tenths of microseconds since 1601.
    let windows = (FILE_TIME_S + 11_644_473_600) * 10_000_000;
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let key = line.starts_with(b"[").then(|| line.iter().rposition(|byte| *byte == b']'));
        match key.flatten() {
            Some(end) => {
                out.extend_from_slice(&line[..=end]);
                out.extend_from_slice(format!(" {FILE_TIME_S}\n").as_bytes());
            }
            None if line.starts_with(b"#time=") => {
                out.extend_from_slice(format!("#time={windows:x}\n").as_bytes());
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// Wine links the user's folders to those of Linux; here they are folders.
fn folders(prefix: &Path) -> Result<(), ImageError> {
    let user = prefix.join("drive_c/users").join(USER);
    for name in [
        "Desktop",
        "Documents",
        "Downloads",
        "Music",
        "Pictures",
        "Videos",
        "AppData/Local/Temp",
        "AppData/Local/Microsoft/Windows/Explorer",
        "AppData/Roaming/Microsoft/Windows/Recent",
        "AppData/Roaming/Microsoft/Windows/Templates",
        "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup",
    ] {
        let path = user.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|about| about.is_symlink()) {
            fs::remove_file(&path).map_err(ImageError::file(&path))?;
        }
        fs::create_dir_all(&path).map_err(ImageError::file(&path))?;
    }
    // As on a real one, the old names lead there.
    let old = user.join("Application Data");
    if fs::symlink_metadata(&old).is_err() {
        symlink("AppData/Roaming", &old).map_err(ImageError::file(&old))?;
    }
    Ok(())
}

/// What a user has, below the prefix. All of it is made up.
const FILES: &[(&str, &str)] = &[
    (
        "drive_c/users/daniel/Documents/offer Petra.txt",
        "Dear Petra,\r\n\r\nplease find our offer for the spare parts below.\r\n\r\n14 x bearing 6204\r\n",
    ),
    (
        "drive_c/users/daniel/Documents/parts 2022.csv",
        "number;name;shelf;count\r\n1001;bearing 6204;A3;14\r\n1002;belt 13x900;A4;6\r\n1003;fuse 10A;C1;80\r\n",
    ),
    (
        "drive_c/users/daniel/Documents/passwords.txt",
        "mail  daniel  Sommer2022!\r\nshop  daniel  fuse10A\r\n",
    ),
    ("drive_c/users/daniel/Desktop/todo.txt", "renew domain in march\r\ncall Petra\r\n"),
    (
        "drive_c/users/daniel/Desktop/Workshop.url",
        "[InternetShortcut]\r\nURL=https://www.example.org/\r\n",
    ),
    (
        "drive_c/users/daniel/Downloads/invoice_2022-11.html",
        "<html><body><h1>Invoice</h1></body></html>\r\n",
    ),
    ("drive_c/users/daniel/Pictures/desktop.ini", "[.ShellClassInfo]\r\nIconIndex=-236\r\n"),
];

/// Settings that Wine would not make: no screen, Windows' temporary folder, and a computer
/// with an owner, an identity and programs.
fn settings() -> String {
    let mut text = String::from("REGEDIT4\n");
    for (key, values) in SETTINGS {
        let _ = writeln!(text, "\n[{key}]");
        for (name, value) in *values {
            let _ = writeln!(text, "\"{name}\"={value}");
        }
    }
    let _ = writeln!(text, "\n[{CRYPTOGRAPHY}]\n\"MachineGuid\"=\"{}\"", machine_guid());
    text
}

/// Where Windows keeps its identity.
const CRYPTOGRAPHY: &str = r"HKEY_LOCAL_MACHINE\Software\Microsoft\Cryptography";

type Values = &'static [(&'static str, &'static str)];

const SETTINGS: &[(&str, Values)] = &[
    // It would be looked for at each start, and is not wanted.
    (
        r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\RunServices",
        &[("winemenubuilder", "-")],
    ),
    (r"HKEY_CURRENT_USER\Software\Wine\Drivers", &[("Graphics", "\"null\"")]),
    (
        r"HKEY_CURRENT_USER\Environment",
        &[
            ("TEMP", r#""C:\\users\\daniel\\AppData\\Local\\Temp""#),
            ("TMP", r#""C:\\users\\daniel\\AppData\\Local\\Temp""#),
        ],
    ),
    (
        r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion",
        &[
            ("RegisteredOwner", "\"Daniel\""),
            ("RegisteredOrganization", "\"\""),
            ("InstallDate", "dword:61d0a2f4"),
        ],
    ),
    (
        r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Uninstall\7-Zip",
        &[
            ("DisplayName", "\"7-Zip 21.07 (x64)\""),
            ("DisplayVersion", "\"21.07\""),
            ("Publisher", "\"Igor Pavlov\""),
        ],
    ),
    (
        r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Uninstall\Mozilla Firefox 107.0 (x64 de)",
        &[("DisplayName", "\"Mozilla Firefox (x64 de)\""), ("DisplayVersion", "\"107.0\"")],
    ),
    (
        r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Explorer\RunMRU",
        &[("MRUList", "\"ba\""), ("a", r#""cmd\\1""#), ("b", r#""control printers\\1""#)],
    ),
    (
        r"HKEY_CURRENT_USER\Software\Microsoft\Internet Explorer\TypedURLs",
        &[("url1", "\"https://www.example.org/\""), ("url2", "\"https://www.example.com/\"")],
    ),
];

#[cfg(test)]
mod tests {
    use super::{settings, without_times};

    #[test]
    fn the_computer_has_its_own_identity() {
        let own = "\n[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Cryptography]\n\
            \"MachineGuid\"=\"5b1f0c9b-e2a1-4d0f-9a3f-7c2e8d640b17\"\n";
        assert!(settings().contains(own), "{}", settings());
    }

    #[test]
    fn times_of_keys_go_and_values_stay() {
        let text = b"WINE REGISTRY Version 2\n\n[Software\\\\A [b] c] 1795802613\n#time=1dd7e999de6b006\n\"x\"=\"[y] 17\"\n";
        let expected = "WINE REGISTRY Version 2\n\n[Software\\\\A [b] c] 1672531200\n#time=1d91d73fdc30000\n\"x\"=\"[y] 17\"\n";
        assert_eq!(String::from_utf8(without_times(text)).expect("text"), expected);
    }
}
