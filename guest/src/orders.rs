//! Orders before the start: clock, entropy, network, identity, files.

use std::fs::{self, OpenOptions};
use std::io::{Error, Result};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ukai_trace::Order;

use crate::limits::{V6_TRIES, V6_WAIT};
use crate::sys;

/// Carries it out in the world whose process 1 is `nest`; the step that fails, and why.
pub fn carry_out(order: &Order, nest: u32) -> std::result::Result<(), (&'static str, Error)> {
    let step = |name: &'static str| move |error| (name, error);
    match order {
        Order::Clock { unix_ns } => sys::set_clock(*unix_ns).map_err(step("clock")),
        Order::Entropy { bytes } => stir(bytes).map_err(step("entropy")),
        Order::Network { address, prefix, gateway, resolver, v6 } => {
            network(*address, *prefix, *gateway, *v6).map_err(step("network"))?;
            let text = format!("nameserver {}\n", Ipv4Addr::from(*resolver));
            fs::write(inside(nest, b"/etc/resolv.conf"), text).map_err(step("resolver"))
        }
        Order::Identity { hostname, user, .. } => {
            identity(nest, hostname, user).map_err(step("identity"))
        }
        Order::Put { path, mode, offset, bytes, .. } => {
            put(&inside(nest, path), *mode, *offset, bytes).map_err(step("put"))
        }
        Order::Start { .. } => {
            await_v6();
            Ok(())
        }
        Order::Finish { .. }
        | Order::Keep { .. }
        | Order::Console { .. }
        | Order::Type { .. }
        | Order::Size { .. } => Ok(()),
    }
}

/// Waits a little for the address that the router lets us make: a machine that runs for days
/// has it.
fn await_v6() {
    let setting = |name: &str| fs::read_to_string(format!("/proc/sys/net/ipv6/conf/eth0/{name}"));
    if !setting("disable_ipv6").is_ok_and(|value| value.trim() == "0") {
        return;
    }
    for _ in 0..V6_TRIES {
        // Scope 00 is global.
        let addresses = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
        let global = |line: &str| line.split_whitespace().nth(3) == Some("00");
        if addresses.lines().any(global) {
            return;
        }
        std::thread::sleep(V6_WAIT);
    }
}

/// A path of the sample's as one of ours. Nothing of the sample's has run yet.
fn inside(nest: u32, path: &[u8]) -> PathBuf {
    let relative = path.strip_prefix(b"/").unwrap_or(path);
    Path::new(&format!("/proc/{nest}/root")).join(std::ffi::OsStr::from_bytes(relative))
}

fn stir(bytes: &[u8]) -> Result<()> {
    const ADD: u64 = 0x4008_5203;
    const RESEED: u64 = 0x5207;
    let bytes = &bytes[..bytes.len().min(1_024)];
    let mut pool = (bytes.len() as i32 * 8).to_ne_bytes().to_vec();
    pool.extend_from_slice(&(bytes.len() as i32).to_ne_bytes());
    pool.extend_from_slice(bytes);
    let random = OpenOptions::new().write(true).open("/dev/random")?;
    // SAFETY: the structure `rand_pool_info` with its bytes behind it is read.
    unsafe {
        sys::check(libc::c_long::from(libc::ioctl(random.as_raw_fd(), ADD, pool.as_ptr())))?;
        sys::check(libc::c_long::from(libc::ioctl(random.as_raw_fd(), RESEED))).map(drop)
    }
}

fn socket_address(ip: [u8; 4]) -> libc::sockaddr {
    // SAFETY: both structures have 16 bytes.
    unsafe {
        let mut address: libc::sockaddr_in = std::mem::zeroed();
        address.sin_family = libc::AF_INET as u16;
        address.sin_addr.s_addr = u32::from_ne_bytes(ip);
        std::mem::transmute(address)
    }
}

fn network(address: [u8; 4], prefix: u8, gateway: [u8; 4], v6: bool) -> Result<()> {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0).to_be_bytes();
    for (setting, value) in [
        // An address is there at once: nobody else could have it.
        ("accept_dad", "0"),
        ("router_solicitation_delay", "0"),
        ("disable_ipv6", if v6 { "0" } else { "1" }),
    ] {
        for which in ["all", "default", "eth0"] {
            let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{which}/{setting}"), value);
        }
    }
    // SAFETY: structures of the kernel's, zeroed and filled; they live over each call.
    unsafe {
        let socket = sys::check(libc::c_long::from(libc::socket(
            libc::AF_INET,
            libc::SOCK_DGRAM | libc::SOCK_CLOEXEC,
            0,
        )))? as i32;
        let socket = <std::os::fd::OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(socket);
        let request = |number: u64, request: &libc::ifreq| {
            sys::check(libc::c_long::from(libc::ioctl(
                socket.as_raw_fd(),
                number,
                std::ptr::from_ref(request),
            )))
        };
        let named = |name: &[u8]| {
            let mut request: libc::ifreq = std::mem::zeroed();
            for (to, from) in request.ifr_name.iter_mut().zip(name) {
                *to = *from as libc::c_char;
            }
            request
        };
        let up = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
        let mut loopback = named(b"lo");
        loopback.ifr_ifru.ifru_flags = up;
        request(libc::SIOCSIFFLAGS as u64, &loopback)?;
        let mut card = named(b"eth0");
        card.ifr_ifru.ifru_addr = socket_address(address);
        request(libc::SIOCSIFADDR as u64, &card)?;
        card.ifr_ifru.ifru_netmask = socket_address(mask);
        request(libc::SIOCSIFNETMASK as u64, &card)?;
        card.ifr_ifru.ifru_flags = up;
        request(libc::SIOCSIFFLAGS as u64, &card)?;
        let mut route: libc::rtentry = std::mem::zeroed();
        route.rt_dst = socket_address([0; 4]);
        route.rt_genmask = socket_address([0; 4]);
        route.rt_gateway = socket_address(gateway);
        route.rt_flags = libc::RTF_UP | libc::RTF_GATEWAY;
        match libc::ioctl(socket.as_raw_fd(), libc::SIOCADDRT, &raw const route) {
            0 => Ok(()),
            _ => Err(Error::last_os_error()),
        }
    }
}

fn identity(nest: u32, hostname: &[u8], user: &[u8]) -> Result<()> {
    // SAFETY: the name is read within its length.
    sys::check(libc::c_long::from(unsafe {
        libc::sethostname(hostname.as_ptr().cast(), hostname.len().min(64))
    }))?;
    let name = String::from_utf8_lossy(hostname);
    fs::write(inside(nest, b"/etc/hostname"), format!("{name}\n"))?;
    let hosts = format!("127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost ip6-localhost\n");
    fs::write(inside(nest, b"/etc/hosts"), hosts)?;
    // The image's ordinary user gets the name.
    let user = String::from_utf8_lossy(user);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if user.is_empty() || user == IMAGE_USER || !user.bytes().all(plain) {
        return Ok(());
    }
    for file in ["passwd", "shadow", "group"] {
        let path = inside(nest, format!("/etc/{file}").as_bytes());
        let text = fs::read_to_string(&path)?;
        let rename = |line: &str| {
            let line = line.replace(&format!("/home/{IMAGE_USER}"), &format!("/home/{user}"));
            match line.strip_prefix(&format!("{IMAGE_USER}:")) {
                Some(rest) => format!("{user}:{rest}\n"),
                None => format!("{line}\n"),
            }
        };
        fs::write(path, text.lines().map(rename).collect::<String>())?;
    }
    let home = |name: &str| inside(nest, format!("/home/{name}").as_bytes());
    // A folder of the disk below cannot be renamed; it is shown under the other name, too.
    std::os::unix::fs::symlink(IMAGE_USER, home(&user))
}

/// The ordinary user of the image as it was built.
const IMAGE_USER: &str = "daniel";

fn put(path: &Path, mode: u32, offset: u64, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(offset == 0).mode(mode);
    let file = options.open(path)?;
    file.write_all_at(bytes, offset)?;
    file.set_permissions(fs::Permissions::from_mode(mode & 0o7777))
}
