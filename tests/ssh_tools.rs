//! SSH scanners, password guessers and libraries against our servers: each sees what it
//! sees on the real one, which runs beside ours.

use crate::support::program::Ukai;
use crate::support::sshd::Sshd;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// A pair of the Debian persona, among others that it refuses.
const USER: &str = "root";
const PASSWORD: &str = "toor";
const WRONG: [&str; 3] = ["qwerty-7z", "letmein-7z", "dragon-7z"];

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} must be installed: {error}"));
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn folder_with_passwords() -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let list = [WRONG[0], WRONG[1], PASSWORD, WRONG[2]].join("\n") + "\n";
    std::fs::write(folder.path().join("passwords"), list).expect("a list");
    folder
}

#[test]
fn ssh_audit_sees_the_real_server() {
    let (ukai, sshd) = (Ukai::start(), Sshd::start());
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let audit = |address: SocketAddr| -> Vec<String> {
        let text = run("ssh-audit", &["--no-colors", &address.to_string()], folder.path());
        assert!(text.contains("key exchange algorithms"), "{text}");
        text.lines()
            .filter(|line| !line.contains("SHA256:") && !line.contains("banner"))
            .map(
                // The last number of Debian's revision moves with its security updates.
                |line| line.split("+deb12u").next().unwrap_or_default().to_owned(),
            )
            .collect()
    };
    let (ours, real) = (audit(ukai.service("ssh", "server-debian")), audit(sshd.address()));
    let differences: Vec<_> = real
        .iter()
        .filter(|line| !ours.contains(line))
        .map(|line| format!("real: {line}"))
        .chain(ours.iter().filter(|line| !real.contains(line)).map(|line| format!("ours: {line}")))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(ours, real, "in this order");
}

#[test]
fn nmaps_ssh_scripts_see_the_real_server() {
    let (ukai, sshd) = (Ukai::start(), Sshd::start());
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let scan = |address: SocketAddr| -> BTreeSet<String> {
        let port = address.port().to_string();
        let text = run(
            "nmap",
            &[
                "-sV",
                "-Pn",
                "-n",
                "--script",
                "ssh2-enum-algos,ssh-auth-methods,sshv1",
                "--script-args",
                "ssh.user=root",
                "-p",
                &port,
                &address.ip().to_string(),
            ],
            folder.path(),
        );
        let seen = text
            .lines()
            .filter(|line| line.starts_with('|') || line.contains("/tcp"))
            .map(|line| line.replace(&port, "PORT"))
            .map(|line| line.split("+deb12u").next().unwrap_or_default().to_owned())
            .collect::<BTreeSet<String>>();
        assert!(seen.len() > 20, "{text}");
        seen
    };
    let (ours, real) = (scan(ukai.service("ssh", "server-debian")), scan(sshd.address()));
    let different: Vec<_> = ours.symmetric_difference(&real).collect();
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn hydra_medusa_and_ncrack_find_the_password_and_no_other() {
    let ukai = Ukai::start();
    let address = ukai.service("ssh", "server-debian");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let folder = folder_with_passwords();
    let target = format!("ssh://{ip}:{port}");
    let guesses: [(&str, Vec<&str>); 3] = [
        ("hydra", vec!["-l", USER, "-P", "passwords", "-t", "2", "-I", "-s", &port, &ip, "ssh"]),
        (
            "medusa",
            vec!["-h", &ip, "-n", &port, "-u", USER, "-P", "passwords", "-M", "ssh", "-t", "1"],
        ),
        ("ncrack", vec!["-user", USER, "-P", "passwords", "-T4", &target]),
    ];
    for (program, arguments) in guesses {
        let text = run(program, &arguments, folder.path());
        // "password: toor" by hydra, "Password: toor [SUCCESS]", "'root' 'toor'".
        let found: Vec<&str> = text
            .lines()
            .filter(|line| {
                let lower = line.to_lowercase();
                lower.contains("login:") && lower.contains("password:")
                    || lower.contains("[success]")
                    || line.contains(&format!("'{USER}' '"))
            })
            .collect();
        println!("{program}: {}", found.join(" / "));
        assert!(found.iter().any(|line| line.contains(PASSWORD)), "{program}:\n{text}");
        for wrong in WRONG {
            assert!(!found.iter().any(|line| line.contains(wrong)), "{program}:\n{text}");
        }
    }
}

/// Log-in, command with status and both outputs, an upload and its download, a tunnel.
const PARAMIKO: &str = r#"
import sys, io, paramiko
host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(host, port, user, password, look_for_keys=False, allow_agent=False, timeout=20)
_, out, err = client.exec_command("echo out; echo err >&2; exit 7")
print(out.read().decode().strip(), err.read().decode().strip(), out.channel.recv_exit_status())
sftp = client.open_sftp()
sftp.putfo(io.BytesIO(b"inert\n" * 5000), "/tmp/p7", confirm=True)
sftp.chmod("/tmp/p7", 0o755)
print(sftp.stat("/tmp/p7").st_size, oct(sftp.stat("/tmp/p7").st_mode), "p7" in sftp.listdir("/tmp"))
back = io.BytesIO(); sftp.getfo("/tmp/p7", back); print(back.getvalue() == b"inert\n" * 5000)
try: sftp.stat("/nonexistent")
except IOError as e: print("errno", e.errno)
shell = client.invoke_shell(width=100, height=30)
shell.settimeout(20); shell.send("stty size; exit\n"); text = b""
try:
    while True:
        part = shell.recv(4096)
        if not part: break
        text += part
except Exception as e: print("stuck", e)
print("30 100" in text.decode())
tunnel = client.get_transport().open_channel("direct-tcpip", ("www.example.com", 80), ("127.0.0.1", 4000))
tunnel.settimeout(20); tunnel.sendall(b"GET / HTTP/1.0\r\nHost: www.example.com\r\n\r\n")
answer = tunnel.recv(4096); print(answer.split(b" ")[0].decode().startswith("HTTP/1"))
client.close()
"#;

const ASYNCSSH: &str = r#"
import sys, asyncio, asyncssh
host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
async def main():
    async with asyncssh.connect(host, port, username=user, password=password, known_hosts=None, client_keys=None, config=None) as c:
        ran = await c.run("cat; echo err >&2; exit 3", input="through\n")
        print(ran.stdout.strip(), ran.stderr.strip(), ran.exit_status)
        many = await asyncio.gather(*[c.run(f"echo {i}") for i in range(5)])
        print([m.stdout.strip() for m in many])
        async with c.start_sftp_client() as s:
            async with s.open("/tmp/a7", "w") as f: await f.write("x" * 100000)
            print((await s.stat("/tmp/a7")).size, await s.realpath("/tmp/../tmp/a7"))
            await s.remove("/tmp/a7"); print(await s.exists("/tmp/a7"))
    try:
        await asyncssh.connect(host, port, username=user, password="wrong-7", known_hosts=None, client_keys=None, config=None)
        print("let in")
    except asyncssh.PermissionDenied: print("denied")
asyncio.run(main())
"#;

#[test]
fn paramiko_and_asyncssh_do_everything() {
    let ukai = Ukai::start();
    let address = ukai.service("ssh", "server-debian");
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    for (script, expected) in [
        (PARAMIKO, "out err 7\n30000 0o100755 True\nTrue\nerrno 2\nTrue\nTrue\n"),
        (ASYNCSSH, "through err 3\n['0', '1', '2', '3', '4']\n100000 /tmp/a7\nFalse\ndenied\n"),
    ] {
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        let output = Command::new("/opt/ukai-test/python/bin/python")
            .args(["-c", script, &ip, &port, USER, PASSWORD])
            .current_dir(folder.path())
            .output()
            .expect("`tools/setup.sh test` installs paramiko and asyncssh");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(text, expected, "{}", String::from_utf8_lossy(&output.stderr));
    }
}
