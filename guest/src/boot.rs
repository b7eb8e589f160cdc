//! From the kernel's first process to a root folder that a sample may live in: file
//! systems, modules, foreign programs, the two ports.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, Result};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::nest::Before;
use crate::sys::{self, mount};

/// The names of our two ports (`name=` of QEMU's `virtserialport`): they do not tell what
/// they are for.
const ORDERS: &str = "o";
const NOTICES: &str = "t";

/// Where the image's maker wrote down what runs before the guest is ready: variables of its
/// environment, an empty line, arguments; a line each.
const BEFORE: &str = "/before";

pub fn before() -> Option<Before> {
    let text = fs::read_to_string(BEFORE).ok()?;
    let (environment, arguments) = text.split_once("\n\n")?;
    let lines = |text: &str| text.lines().map(|line| line.as_bytes().to_vec()).collect();
    Some(Before { arguments: lines(arguments), environment: lines(environment) })
}

/// Pages that were used within this time stay, in milliseconds. Where that is not possible the
/// largest process ends, instead of all of them reading their programs again and again.
const WORKING_SET_MS: &str = "500";

pub struct Ports {
    pub orders: File,
    pub notices: File,
}

pub fn boot() -> Result<Ports> {
    for (source, target, kind) in
        [("proc", "/proc", "proc"), ("sysfs", "/sys", "sysfs"), ("dev", "/dev", "devtmpfs")]
    {
        let _ = fs::create_dir_all(target);
        mount(source, target, kind, 0, "")?;
    }
    load_modules()?;
    let _ = fs::write("/sys/kernel/mm/lru_gen/enabled", "y");
    let _ = fs::write("/sys/kernel/mm/lru_gen/min_ttl_ms", WORKING_SET_MS);
    root()?;
    let ports = Ports { orders: port(ORDERS)?, notices: port(NOTICES)? };
    foreign_programs();
    Ok(ports)
}

/// Modules in the order that the image's maker wrote down. One that the machine has no
/// device for may refuse.
fn load_modules() -> Result<()> {
    for name in fs::read_to_string("/modules/order")?.lines() {
        let file = File::open(format!("/modules/{name}"))?;
        // SAFETY: the string of parameters is a constant.
        let done =
            unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), c"".as_ptr(), 0) };
        if done < 0 {
            sys::say(&format!("{name}: {}", Error::last_os_error()));
        }
    }
    Ok(())
}

/// The read-only disk below, memory above, together at `/root`.
fn root() -> Result<()> {
    for folder in ["/lower", "/upper", "/root"] {
        fs::create_dir_all(folder)?;
    }
    wait_for("/dev/vda")?;
    mount("/dev/vda", "/lower", "squashfs", libc::MS_RDONLY, "")?;
    // What is full must leave room for those who tell of it.
    mount("tmpfs", "/upper", "tmpfs", 0, "size=50%")?;
    for folder in ["/upper/data", "/upper/work"] {
        fs::create_dir_all(folder)?;
    }
    let layers = "lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work";
    mount("/dev/vda1", "/root", "overlay", 0, layers)
}

fn wait_for(path: &str) -> Result<()> {
    for _ in 0..500 {
        if Path::new(path).exists() {
            return Ok(());
        }
        sleep(Duration::from_millis(10));
    }
    Err(Error::other(format!("{path} does not come")))
}

fn port(name: &str) -> Result<File> {
    for _ in 0..500 {
        for entry in fs::read_dir("/sys/class/virtio-ports").into_iter().flatten().flatten() {
            let found = fs::read_to_string(entry.path().join("name")).unwrap_or_default();
            if found.trim() == name {
                let device = Path::new("/dev").join(entry.file_name());
                // One opener only: from now on the sample cannot.
                return OpenOptions::new().read(true).write(true).open(device);
            }
        }
        sleep(Duration::from_millis(10));
    }
    Err(Error::other(format!("no port {name}")))
}

/// qemu-user for other processors' programs. `F` opens the interpreter now, so that it is
/// there whatever the sample does to the file system.
fn foreign_programs() {
    let _ = fs::create_dir_all("/binfmt");
    if let Err(error) = mount("binfmt_misc", "/binfmt", "binfmt_misc", 0, "") {
        sys::say(&format!("binfmt_misc: {error}"));
        return;
    }
    // The kernel resolves interpreters from our root: the disk's are below /lower.
    for line in fs::read_to_string("/binfmt.conf").unwrap_or_default().lines() {
        if let Err(error) = fs::write("/binfmt/register", line) {
            sys::say(&format!("{line}: {error}"));
        }
    }
    // The kernel forgets them when nobody holds the file system any more; nobody is to see it.
    match File::open("/binfmt") {
        Ok(held) => std::mem::forget(held),
        Err(error) => sys::say(&format!("binfmt_misc: {error}")),
    }
    let _ = sys::unmount("/binfmt");
}
