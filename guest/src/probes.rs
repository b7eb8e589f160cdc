//! What the kernel is asked to record: probes and tracepoints of Linux 6.1 on x86-64,
//! through tracefs, which is unmounted again once its files are open.
//!
//! Offsets are those of Linux 6.1's `struct file`, `inode`, `path`, `dentry`, `sock_common`,
//! `socket`, `msghdr`, `open_flags`, `filename` and `pt_regs`.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Result, Write};
use std::os::fd::{AsRawFd, RawFd};

use crate::limits::RING_KIB;
use crate::ring::{Format, parse_format};
use crate::sys;

/// A socket's ends, by the register (or fetch argument) that points to it.
fn ends(sock: &str) -> String {
    format!(
        "d4=+0({sock}):x32 s4=+4({sock}):x32 dp=+12({sock}):x16 lp=+14({sock}):u16 \
         fam=+16({sock}):u16 d6a=+56({sock}):x64 d6b=+64({sock}):x64 s6a=+72({sock}):x64 \
         s6b=+80({sock}):x64"
    )
}

/// A path, from the folder's name outwards, by what points to `struct dentry *`.
fn names(dentry: &str) -> String {
    let mut text = String::new();
    let mut at = dentry.to_owned();
    for number in 0..DEPTH {
        text += &format!("n{number}=+0(+40({at})):string ");
        at = format!("+24({at})");
    }
    text.trim_end().to_owned()
}

/// Names of a path that are recorded.
pub const DEPTH: usize = 7;

/// An address of a socket's in user space or the kernel's.
fn address(pointer: &str, sigil: &str) -> String {
    format!(
        "fam=+{sigil}0({pointer}):u16 port=+{sigil}2({pointer}):x16 ip4=+{sigil}4({pointer}):x32 \
         w8=+{sigil}8({pointer}):x64 w16=+{sigil}16({pointer}):x64"
    )
}

fn kprobes() -> Vec<(&'static str, String)> {
    let mut probes: Vec<(&str, String)> = Vec::new();
    let mut add = |name, rest: String| probes.push((name, rest));
    let name = "name=+0(+0(%si)):string";
    add("open", format!("do_filp_open dfd=%di:s32 {name} flags=+0(%dx):x32"));
    add("unlink", format!("do_unlinkat dfd=%di:s32 {name}"));
    add("rmdir", format!("do_rmdir dfd=%di:s32 {name}"));
    add("mkdir", format!("do_mkdirat dfd=%di:s32 {name}"));
    let both = format!("dfd=%di:s32 {name} dfd2=%dx:s32 to=+0(+0(%cx)):string");
    add("rename", format!("do_renameat2 {both}"));
    add("link", format!("do_linkat {both}"));
    add(
        "symlink",
        "do_symlinkat name=+0(+0(%di)):string dfd2=%si:s32 to=+0(+0(%dx)):string".into(),
    );
    add("chmod", format!("chmod_common mode=%si:x16 {}", names("+8(%di)")));
    add("chdir", format!("set_fs_pwd {}", names("+8(%si)")));
    add("connect", format!("__sys_connect_file {} path=+2(%si):string", address("%si", "")));
    add("bind", format!("__sys_bind {} path=+u2(%si):ustring", address("%si", "u")));
    add("socket", "__sys_socket family=%di:s32 kind=%si:s32 protocol=%dx:s32".into());
    add("syn", format!("tcp_connect {}", ends("%di")));
    add("listen", format!("inet_csk_listen_start {}", ends("%di")));
    add("tcpsend", format!("tcp_sendmsg len=%dx:u64 {}", ends("%di")));
    let to = format!("len=%dx:u64 mn=+0(%si):x64 {} ", {
        "port=+2(+0(%si)):x16 ip4=+4(+0(%si)):x32 w8=+8(+0(%si)):x64 w16=+16(+0(%si)):x64"
    });
    for (name, function) in [
        ("udpsend", "udp_sendmsg"),
        ("udp6send", "udpv6_sendmsg"),
        ("rawsend", "raw_sendmsg"),
        ("raw6send", "rawv6_sendmsg"),
        ("pingsend", "ping_v4_sendmsg"),
    ] {
        add(name, format!("{function} {to}{}", ends("%di")));
    }
    // A file that another process opened: how Wine's server hands files to programs.
    add("receive", "__receive_fd ino=+64(+32(%di)):u64 mode=+68(%di):x32".into());
    add("packetsend", "packet_sendmsg len=%dx:u64".into());
    add("tcprecv", format!("tcp_cleanup_rbuf len=%si:s32 {}", ends("%di")));
    add("udprecv", format!("skb_consume_udp len=%dx:s32 {}", ends("%di")));
    add("sleep", "hrtimer_nanosleep ns=%di:s64 mode=%si:u32 clock=%dx:s32".into());
    add("setclock", "do_settimeofday64 s=+0(%di):s64 ns=+8(%di):s64".into());
    add("exit", "do_exit code=%di:s64".into());
    add(
        "mount",
        format!(
            "path_mount src=+0(%di):string kind=+0(%dx):string flags=%cx:x64 {}",
            names("+8(%si)")
        ),
    );
    // Numbers of registers in `pt_regs`: di 112, si 104, dx 96, bx 40, cx 88.
    add("ptrace", "__x64_sys_ptrace request=+112(%di):x64 target=+104(%di):s64".into());
    add("ptrace32", "__ia32_compat_sys_ptrace request=+40(%di):x64 target=+88(%di):s64".into());
    add("reboot", "__x64_sys_reboot command=+96(%di):x32".into());
    add("reboot32", "__ia32_sys_reboot command=+96(%di):x32".into());
    add("prctl", "__x64_sys_prctl option=+112(%di):u32 name=+u0(+104(%di)):ustring".into());
    add("prctl32", "__ia32_sys_prctl option=+40(%di):u32 name=+u0(+88(%di)):ustring".into());
    probes
}

fn kretprobes() -> Vec<(&'static str, String)> {
    let mut probes = vec![
        (
            "open_r",
            "do_filp_open ret=$retval:s64 mode=+68($retval):x32 ino=+64(+32($retval)):u64"
                .to_owned(),
        ),
        ("accept_r", format!("inet_csk_accept ret=$retval:s64 {}", ends("$retval"))),
    ];
    for (name, function) in [
        ("unlink_r", "do_unlinkat"),
        ("rmdir_r", "do_rmdir"),
        ("mkdir_r", "do_mkdirat"),
        ("rename_r", "do_renameat2"),
        ("link_r", "do_linkat"),
        ("symlink_r", "do_symlinkat"),
        ("connect_r", "__sys_connect_file"),
        ("bind_r", "__sys_bind"),
    ] {
        probes.push((name, format!("{function} ret=$retval:s32")));
    }
    probes
}

/// System, name, filter.
const TRACEPOINTS: [(&str, &str, &str); 4] = [
    ("sched", "sched_process_exec", ""),
    ("task", "task_newtask", ""),
    ("signal", "signal_generate", "code <= 0"),
    ("module", "module_load", ""),
];

const FILTERS: [(&str, &str); 4] = [
    ("prctl", "option == 15"),
    ("prctl32", "option == 15"),
    ("tcprecv", "len > 0"),
    ("udprecv", "len > 0"),
];

pub struct Probes {
    pub formats: HashMap<u16, (&'static str, Format)>,
    pipe: File,
    tracked: File,
    on: File,
}

impl Probes {
    pub fn set() -> Result<Self> {
        fs::create_dir_all("/trace")?;
        sys::mount("tracefs", "/trace", "tracefs", 0, "")?;
        let write = |path: &str, text: &str| fs::write(format!("/trace/{path}"), text);
        write("tracing_on", "0")?;
        write("trace_clock", "mono")?;
        write("buffer_size_kb", &RING_KIB.to_string())?;
        write("options/event-fork", "1")?;
        let mut events: Vec<(&str, &'static str)> = Vec::new();
        let mut list = OpenOptions::new().append(true).open("/trace/kprobe_events")?;
        for (sort, probes) in [("p", kprobes()), ("r64", kretprobes())] {
            for (name, rest) in probes {
                match list.write(format!("{sort}:g/{name} {rest}\n").as_bytes()) {
                    Ok(_) => events.push(("g", name)),
                    Err(error) => sys::say(&format!("probe {name}: {error}")),
                }
            }
        }
        drop(list);
        for (name, filter) in FILTERS {
            let _ = write(&format!("events/g/{name}/filter"), filter);
        }
        for (system, name, filter) in TRACEPOINTS {
            if !filter.is_empty() {
                let _ = write(&format!("events/{system}/{name}/filter"), filter);
            }
            events.push((system, name));
        }
        let mut formats = HashMap::new();
        for (system, name) in events {
            let folder = format!("events/{system}/{name}");
            let text = fs::read_to_string(format!("/trace/{folder}/format"))?;
            if let Some((id, format)) = parse_format(&text) {
                formats.insert(id, (name, format));
            }
            if let Err(error) = write(&format!("{folder}/enable"), "1") {
                sys::say(&format!("enabling {name}: {error}"));
            }
        }
        let pipe = File::open("/trace/per_cpu/cpu0/trace_pipe_raw")?;
        sys::nonblocking(pipe.as_raw_fd());
        let tracked = OpenOptions::new().append(true).open("/trace/set_event_pid")?;
        let on = OpenOptions::new().append(true).open("/trace/tracing_on")?;
        sys::unmount("/trace")?;
        let _ = fs::remove_dir("/trace");
        Ok(Self { formats, pipe, tracked, on })
    }

    /// Records what this process and its descendants do from now on.
    pub fn follow(&mut self, pid: u32) -> Result<()> {
        self.tracked.write_all(pid.to_string().as_bytes())?;
        self.on.write_all(b"1")
    }

    pub fn fd(&self) -> RawFd {
        self.pipe.as_raw_fd()
    }
}
