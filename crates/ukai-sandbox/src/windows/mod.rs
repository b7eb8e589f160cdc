//! Windows' programs in a guest with Wine: where things are, how the trace of Linux' kernel
//! reads in Windows' words, and what has changed in the registry.

mod registry;
mod start;
mod translate;

pub use registry::{Registry, differences};
pub(crate) use start::{file_name, kind, kinds, start};
pub(crate) use translate::translate;

/// The guest's user ...
pub(crate) const USER: &str = "daniel";
/// ... and where Linux has what is his.
pub(crate) const HOME: &str = "/home/daniel";
/// The computer's name, which the registry has, too.
pub(crate) const COMPUTER: &str = "DESKTOP-4C9Q7LM";
/// Where samples are put.
pub(crate) const DESKTOP: &str = "C:\\users\\daniel\\Desktop";
/// The folders that Windows knows as C:, as programs and as the kernel see them.
pub(crate) const DRIVES: [&str; 2] =
    ["/home/daniel/.wine/dosdevices/c:", "/home/daniel/.wine/drive_c"];
/// What starts programs of 64 bits ...
pub(crate) const LOADER: &str = "/usr/lib/wine/wine64";
/// ... and of 32.
pub(crate) const LOADER_32: &str = "/usr/lib/wine/wine";
/// What keeps the registry and opens files.
pub(crate) const SERVER: &str = "/usr/lib/wine/wineserver64";

/// The environment of all of Wine's programs.
pub(crate) const ENVIRONMENT: [&str; 10] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/home/daniel",
    "USER=daniel",
    "LOGNAME=daniel",
    "SHELL=/bin/bash",
    "LANG=C.UTF-8",
    "LC_ALL=C.UTF-8",
    "WINEPREFIX=/home/daniel/.wine",
    "WINEDEBUG=-all",
    // Wine would ask for the .NET runtime and the browser, and tell Linux of its menu.
    "WINEDLLOVERRIDES=mscoree,mshtml=;winemenubuilder.exe=",
];

/// Where Linux has a path of Windows'.
pub(crate) fn linux(path: &[u8]) -> Vec<u8> {
    let rest = path.strip_prefix(b"C:").unwrap_or(path);
    let rest = rest.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte });
    DRIVES[1].bytes().chain(rest).collect()
}
