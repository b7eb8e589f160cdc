//! The guest: Debian's kernel, and a shell on the agent's ports that carries out each line.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ukai_sandbox::machine::{Confiner, Host, LinuxGuest, LinuxParts, Machine as _, Running};

/// Where tools/setup.sh unpacks what is not installed.
const KERNEL: &str = "/opt/ukai-test/guest-kernel";
const BUSYBOX: &str = "/opt/ukai-test/busybox-static/bin/busybox";

const MODULES: [&str; 9] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_console",
    "failover",
    "net_failover",
    "virtio_net",
];

const PREPARE: &str = "\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t devtmpfs dev /dev; mount -t sysfs sys /sys
for m in MODULES; do insmod /modules/$m.ko; done
while [ ! -c /dev/vport0p1 -o ! -c /dev/vport0p2 ]; do sleep 0.1; done
";

/// A shell that carries out each line.
const SHELL: &str = "\
exec 3</dev/vport0p1 4>/dev/vport0p2
echo ready >&4
while read -r line <&3; do eval \"$line\" >&4 2>&4; echo done >&4; done
sleep 1000000
";

/// The tests' agent.
const AGENT: &str = "exec /agent\n";

/// The longest that a test waits.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The folder in which the guest's parts and the booted guest are kept for all tests.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // Each test is a process: the first makes it, the others find it.
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shell-guest");
        fs::create_dir_all(&folder).expect("a folder");
        let lock = fs::File::create(folder.join("lock")).expect("a lock");
        lock.lock().expect("a lock");
        let agent = example("test_agent");
        for (name, rest) in [("initial.gz", SHELL), ("agent.gz", AGENT)] {
            let made = folder.join(name);
            let age = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
            if age(&made) < age(&agent) {
                make_initial(&folder.join("tree"), &made, rest, &agent);
            }
        }
        folder
    })
}

pub(crate) fn kernel() -> PathBuf {
    let boot = Path::new(KERNEL).join("boot");
    let entries = fs::read_dir(&boot).unwrap_or_else(|error| {
        panic!("{}: {error}; `tools/setup.sh test` unpacks a kernel there", boot.display())
    });
    let mut entries = entries.map(|entry| entry.expect("an entry").path());
    entries
        .find(|path| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"vmlinuz"))
        })
        .expect("a kernel")
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).expect("a folder").find_map(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() { find(&path, name) } else { path.ends_with(name).then_some(path) }
    })
}

fn make_initial(tree: &Path, made: &Path, rest: &str, agent: &Path) {
    for folder in ["bin", "dev", "etc", "proc", "sys", "tmp", "modules"] {
        fs::create_dir_all(tree.join(folder)).expect("a folder");
    }
    fs::copy(BUSYBOX, tree.join("bin/busybox"))
        .unwrap_or_else(|error| panic!("{BUSYBOX}: {error}; see tools/setup.sh"));
    for module in MODULES {
        let name = format!("{module}.ko");
        let path = find(&Path::new(KERNEL).join("lib/modules"), &name).expect("a module");
        fs::copy(path, tree.join("modules").join(name)).expect("copied");
    }
    fs::copy(agent, tree.join("agent")).expect("copied");
    let libraries = Command::new("ldd").arg(agent).output().expect("ldd runs").stdout;
    for library in String::from_utf8(libraries).expect("text").split_whitespace() {
        if let Some(path) = library.strip_prefix('/') {
            let there = tree.join(path);
            fs::create_dir_all(there.parent().expect("a folder")).expect("a folder");
            fs::copy(library, there).expect("copied");
        }
    }
    let prepare = PREPARE.replace("MODULES", &MODULES.join(" "));
    fs::write(tree.join("init"), prepare + rest).expect("written");
    let made = made.display();
    let script = format!(
        "chmod 755 init && find . | cpio -o -H newc --quiet | gzip > {made}.new && \
         mv {made}.new {made}"
    );
    let status =
        Command::new("sh").args(["-c", &script]).current_dir(tree).stdin(Stdio::null()).status();
    assert!(status.expect("sh runs").success(), "cpio and gzip (tools/setup.sh)");
}

/// The example program, which cargo builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().expect("the test has a path");
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    assert!(path.exists(), "build it: cargo build -p ukai-sandbox --examples");
    path
}

/// Confined by this user.
pub(crate) fn confiner() -> Confiner {
    Confiner { program: example("confined"), arguments: Vec::new() }
}

/// Confined by a user who has no rights, also where the tests are root's.
pub(crate) fn ordinary_confiner() -> Confiner {
    if !rustix::process::geteuid().is_root() {
        return confiner();
    }
    let arguments = ["--reuid=31337", "--regid=31337", "--clear-groups"].map(OsString::from);
    let program = example("confined").into_os_string();
    Confiner {
        program: "/usr/bin/setpriv".into(),
        arguments: arguments.into_iter().chain([program]).collect(),
    }
}

/// The guest with a shell, ready to be copied.
pub(crate) async fn open(confiner: Confiner) -> LinuxGuest {
    open_with(confiner, "initial.gz").await
}

/// The guest with an agent.
pub(crate) async fn with_agent() -> LinuxGuest {
    open_with(confiner(), "agent.gz").await
}

async fn open_with(confiner: Confiner, initial: &str) -> LinuxGuest {
    let folder = folder();
    let host = Host {
        qemu: "/usr/bin/qemu-system-x86_64".into(),
        confiner,
        cache: folder.join("booted"),
        accelerator: None,
    };
    let parts = LinuxParts {
        kernel: kernel(),
        initial: folder.join(initial),
        root: None,
        command_line: String::new(),
        memory_mib: 96,
    };
    let lock = fs::File::create(folder.join("lock")).expect("a lock");
    lock.lock().expect("a lock");
    LinuxGuest::open(host, parts, &mut |said| {
        let _ = writeln!(std::io::stderr(), "{said}");
    })
    .await
    .expect("a guest")
}

/// A copy of it that runs.
pub(crate) async fn running() -> Running {
    open(confiner()).await.start(PATIENCE).await.expect("a copy")
}

/// Lets the guest carry out a line; what it prints.
pub(crate) async fn says(running: &mut Running, line: &str) -> String {
    order(running, line).await;
    let agent = running.agent.as_mut().expect("an agent");
    let mut said = Vec::new();
    let listen = async {
        let mut buffer = [0; 4_096];
        while !said.ends_with(b"done\n") {
            let count = agent.notices.read(&mut buffer).await.expect("a port");
            assert!(count > 0, "the guest has ended: {}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::time::timeout(PATIENCE, listen).await.expect("an answer");
    let said = String::from_utf8(said).expect("text");
    said.trim_end_matches("done\n").to_owned()
}

/// Gives it a line, and does not wait for anything.
pub(crate) async fn order(running: &mut Running, line: &str) {
    let agent = running.agent.as_mut().expect("an agent");
    agent.orders.write_all(format!("{line}\n").as_bytes()).await.expect("a port");
}
