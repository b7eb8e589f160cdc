//! A raw socket that sends on a network device (packet(7)), many frames per call.

use std::ffi::CString;
use std::io;

/// Frames per call.
pub const BATCH: usize = 64;
/// A raw socket, bound to a device, that receives nothing.
pub struct Packets {
    socket: i32,
}

fn checked(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

impl Packets {
    /// Opens the device `name`.
    pub fn open(name: &str) -> io::Result<Self> {
        let device = CString::new(name)?;
        // SAFETY: all pointers are to values that live until the call is over.
        unsafe {
            let flags = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
            let socket = checked(libc::socket(libc::AF_PACKET, flags, 0))?;
            let mut address: libc::sockaddr_ll = std::mem::zeroed();
            address.sll_family = libc::AF_PACKET as u16;
            address.sll_ifindex = libc::if_nametoindex(device.as_ptr()) as i32;
            let length = size_of::<libc::sockaddr_ll>() as u32;
            checked(libc::bind(socket, (&raw const address).cast(), length))?;
            let on = 1_i32;
            let length = size_of::<i32>() as u32;
            let pointer = (&raw const on).cast();
            // Straight to the device.
            let bypass = libc::PACKET_QDISC_BYPASS;
            checked(libc::setsockopt(socket, libc::SOL_PACKET, bypass, pointer, length))?;
            Ok(Self { socket })
        }
    }

    /// Sends frames; what the device does not take is lost.
    pub fn send<'a>(&self, mut frames: impl Iterator<Item = &'a [u8]>) {
        loop {
            // SAFETY: nothing but zeros is allowed in it.
            let mut parts: [libc::iovec; BATCH] = unsafe { std::mem::zeroed() };
            let mut count = 0;
            for (part, frame) in parts.iter_mut().zip(&mut frames) {
                part.iov_base = frame.as_ptr().cast_mut().cast();
                part.iov_len = frame.len();
                count += 1;
            }
            if count == 0 {
                return;
            }
            let mut heads: [libc::mmsghdr; BATCH] = std::array::from_fn(|at| head(&mut parts[at]));
            let mut sent = 0;
            while sent < count {
                // SAFETY: heads and what they point to live until the call is over.
                let result = unsafe {
                    let from = heads.as_mut_ptr().add(sent);
                    libc::sendmmsg(self.socket, from, (count - sent) as u32, 0)
                };
                sent += usize::try_from(result).unwrap_or(1);
            }
        }
    }
}

fn head(part: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: nothing but zeros is allowed in it.
    let mut head: libc::mmsghdr = unsafe { std::mem::zeroed() };
    head.msg_hdr.msg_iov = part;
    head.msg_hdr.msg_iovlen = 1;
    head
}
