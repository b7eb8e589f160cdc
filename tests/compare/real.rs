//! Real servers of Debian, each in name spaces of its own, with the account of our
//! persona: whatever it starts ends with it, and nothing outside is touched.

use crate::support::program::free_port;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Account and password of the persona that mail and FTP let in: `test`, `test`.
const ACCOUNT: &str = "
cp /etc/passwd /etc/shadow /etc/group .
echo 'test:x:1001:1001::/home/test:/bin/bash' >> passwd
echo 'test:x:1001:' >> group
echo 'test:HASH:19700:0:99999:7:::' >> shadow
sed -i 's|^root:[^:]*:|root:ROOTS:|' shadow
for file in passwd shadow group; do mount --bind $file /etc/$file; done
mount -t tmpfs none /home
install -d -o 1001 -g 1001 /home/test
";

/// Root's password of the persona, `toor`.
const ROOTS_HASH: &str = "$6$ukaiukai$Q4wECOCJzBKdqaowmC6gwH9B2iVCf7FgmHJZ65VWLy9.IsHpBNz4DASbezb5MZAeaQZrwX.8ux8B1uR9H04Um1";

/// The password's hash, as in Debian's shadow file.
const HASH: &str = "$6$ukaiukai$5bkm70ODOvobqFq6Leky5WzemVp2wMrrXcKHP/8ynTXEFTFiwouU6mOxqSt2KtGfPnA4iVnURYFXxppHkntVW.";

/// A running server. Ended when dropped, with all that it started.
pub(super) struct Real {
    child: Child,
    folder: TempDir,
    ports: Vec<u16>,
}

impl Real {
    /// Starts what `script` starts. `write` gets a folder and free ports, and writes its
    /// settings there.
    pub(super) fn start<const PORTS: usize>(
        write: impl FnOnce(&Path, [u16; PORTS]),
        script: &str,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let ports = [(); PORTS].map(|()| free_port());
        // Servers give up rights, and must read their settings all the same.
        open_to_all(folder.path());
        write(folder.path(), ports);
        // The shell stays as the first process, which inherits orphans: servers are not made
        // for that, vsftpd crashes.
        let script = format!(
            "set -e\n{}\n{script}\nexit $?",
            ACCOUNT.replace("HASH", HASH).replace("ROOTS", ROOTS_HASH)
        );
        let child = Command::new("unshare")
            .args([
                "--mount",
                "--propagation",
                "private",
                "--uts",
                "--pid",
                "--fork",
                "--kill-child",
            ])
            .args(["--mount-proc", "sh", "-c", &script])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).expect("a log file"))
            .spawn()
            .expect("unshare runs (Debian's util-linux)");
        let real = Self { child, folder, ports: ports.to_vec() };
        for port in ports {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let start = std::time::Instant::now();
            while TcpStream::connect(address).is_err() {
                let waited = start.elapsed();
                assert!(waited < Duration::from_secs(20), "no server: {}", real.log());
                std::thread::sleep(Duration::from_millis(30));
            }
        }
        real
    }

    /// Where it listens on its `n`th port.
    pub(super) fn address(&self, n: usize) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports[n]))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the real server's standard error ---\n{}", self.log());
        }
    }
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, mode).expect("the folder is ours");
}
