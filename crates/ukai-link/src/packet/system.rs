//! What of packet sockets no library has: their options, and memory that the kernel shares.
#![allow(
    unsafe_code,
    reason = "packet(7)'s options and ring have no safe binding; lengths and lifetimes are kept here"
)]

use socket2::Socket;
use std::ffi::c_int;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::AsRawFd as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use ukai_packet::ether::Mac;

/// Milliseconds after which a block that is not full is handed over.
const BLOCK_MS: u32 = 1;

/// What an interface is.
pub(super) struct Interface {
    pub(super) index: c_int,
    pub(super) mtu: u16,
    pub(super) mac: Option<Mac>,
    /// Its type, as ARP numbers them.
    pub(super) hardware: u16,
}

/// The interface of this name.
pub(super) fn interface(socket: &Socket, name: &str) -> io::Result<Interface> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() >= libc::IFNAMSIZ || bytes.contains(&0) {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    // SAFETY: a structure of integers, for which zeros are values.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    for (place, byte) in request.ifr_name.iter_mut().zip(bytes) {
        *place = *byte as libc::c_char;
    }
    let ask = |what, request: &mut libc::ifreq| {
        // SAFETY: these requests read the name, and write into the structure.
        check(unsafe { libc::ioctl(socket.as_raw_fd(), what, std::ptr::from_mut(request)) })
    };
    ask(libc::SIOCGIFINDEX, &mut request)?;
    // SAFETY: the request has just filled this member.
    let index = unsafe { request.ifr_ifru.ifru_ifindex };
    ask(libc::SIOCGIFMTU, &mut request)?;
    // SAFETY: the request has just filled this member.
    let mtu = unsafe { request.ifr_ifru.ifru_mtu };
    ask(libc::SIOCGIFHWADDR, &mut request)?;
    // SAFETY: the request has just filled this member.
    let address = unsafe { request.ifr_ifru.ifru_hwaddr };
    let mut mac = [0; 6];
    for (place, byte) in mac.iter_mut().zip(address.sa_data) {
        *place = byte as u8;
    }
    Ok(Interface {
        index,
        mtu: u16::try_from(mtu).unwrap_or(u16::MAX),
        mac: (mac != [0; 6]).then_some(Mac(mac)),
        hardware: address.sa_family,
    })
}

/// Takes frames of all protocols from an interface.
pub(super) fn bind(socket: &Socket, index: c_int) -> io::Result<()> {
    // SAFETY: a structure of integers, for which zeros are values.
    let mut address: libc::sockaddr_ll = unsafe { MaybeUninit::zeroed().assume_init() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = index;
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the address is valid for this length.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) })
}

/// Has the runtime say when the socket is readable, or has an error.
pub(super) fn watch(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: the socket owns its descriptor, and keeps it for as long as it lives.
    let watched =
        unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE | Interest::ERROR) };
    watched.map_err(|error| error.into_parts().1)
}

/// Whether the interface that the socket is bound to exists no more.
pub(super) fn is_gone(socket: &Socket) -> bool {
    // SAFETY: a structure of integers, for which zeros are values.
    let mut address: libc::sockaddr_ll = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the address is valid for this length.
    let asked = check(unsafe {
        libc::getsockname(socket.as_raw_fd(), (&raw mut address).cast(), &raw mut length)
    });
    asked.is_err() || address.sll_ifindex < 0
}

/// Takes frames to groups, or to all stations.
pub(super) fn listen(socket: &Socket, index: c_int, promiscuous: bool) -> io::Result<()> {
    let kind = if promiscuous { libc::PACKET_MR_PROMISC } else { libc::PACKET_MR_ALLMULTI };
    let request = libc::packet_mreq {
        mr_ifindex: index,
        mr_type: kind as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    set(socket, libc::PACKET_ADD_MEMBERSHIP, &request)
}

pub(super) fn ignore_outgoing(socket: &Socket) -> io::Result<()> {
    set(socket, libc::PACKET_IGNORE_OUTGOING, &1_i32)
}

/// Frames that came, and how many of them found no room, since this was asked last.
pub(super) fn statistics(socket: &Socket) -> io::Result<(u32, u32)> {
    let figures: libc::tpacket_stats_v3 = get(socket, libc::PACKET_STATISTICS)?;
    Ok((figures.tp_packets, figures.tp_drops))
}

/// Sockets that share the frames of an interface.
#[derive(Clone, Copy)]
pub(super) enum Group {
    /// One that the kernel gives a number.
    New,
    Joined(u16),
}

impl Group {
    /// Joins it; gives the group as others may join it.
    pub(super) fn join(self, socket: &Socket) -> io::Result<Self> {
        let (number, unique) = match self {
            Self::New => (0, libc::PACKET_FANOUT_FLAG_UNIQUEID),
            Self::Joined(number) => (number, 0),
        };
        let kind = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_IGNORE_OUTGOING | unique;
        set(socket, libc::PACKET_FANOUT, &(kind << 16 | u32::from(number)))?;
        let joined: u32 = get(socket, libc::PACKET_FANOUT)?;
        Ok(Self::Joined(joined as u16))
    }
}

/// A ring in memory that the kernel shares.
///
/// It consists of blocks. A word in each, its status, says whose it is: ours from when the
/// kernel has set `TP_STATUS_USER` until we clear it. The kernel does not write to a block
/// that is ours, and only such a block can be read here.
pub(super) struct Mapping {
    start: NonNull<u8>,
    block_bytes: usize,
    blocks: usize,
}

/// Where in a block its status is: in `struct tpacket_block_desc`, behind two words.
const STATUS: usize = 8;

// SAFETY: the memory belongs to no thread.
unsafe impl Send for Mapping {}

impl Mapping {
    pub(super) fn new(socket: &Socket, block_bytes: usize, blocks: usize) -> io::Result<Self> {
        set(socket, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))?;
        // Frames have no fixed size with this version; the kernel still asks for one.
        let frame_bytes = 2_048;
        let request = libc::tpacket_req3 {
            tp_block_size: block_bytes as u32,
            tp_block_nr: blocks as u32,
            tp_frame_size: frame_bytes,
            tp_frame_nr: (block_bytes * blocks) as u32 / frame_bytes,
            tp_retire_blk_tov: BLOCK_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set(socket, libc::PACKET_RX_RING, &request)?;
        let length = block_bytes * blocks;
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping of what the kernel has just made, wherever it finds room.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), length, protection, flags, socket.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, block_bytes, blocks })
    }

    /// A block, if it is ours.
    pub(super) fn block(&self, number: usize) -> Option<&[u8]> {
        // Acquire: what the kernel has written into the block is seen afterwards.
        let status = self.status(number)?.load(Ordering::Acquire);
        if status & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: within the mapping. Nobody writes to a block that is ours: neither the
        // kernel, nor `give_back`, which takes an exclusive reference.
        Some(unsafe {
            let start = self.start.as_ptr().add(number * self.block_bytes);
            std::slice::from_raw_parts(start, self.block_bytes)
        })
    }

    /// Gives a block back. That nothing of it is borrowed, the exclusive reference says.
    #[allow(clippy::needless_pass_by_ref_mut, reason = "that no other exists is the point")]
    pub(super) fn give_back(&mut self, number: usize) {
        if let Some(status) = self.status(number) {
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        }
    }

    fn status(&self, number: usize) -> Option<&AtomicU32> {
        if number >= self.blocks {
            return None;
        }
        // SAFETY: within the mapping, aligned since blocks are whole pages, and shared with
        // the kernel only as a word that both change as a whole.
        Some(unsafe {
            AtomicU32::from_ptr(self.start.as_ptr().add(number * self.block_bytes + STATUS).cast())
        })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing of it is borrowed any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.block_bytes * self.blocks) };
    }
}

fn set<T: Copy>(socket: &Socket, option: c_int, value: &T) -> io::Result<()> {
    let (value, length) = (std::ptr::from_ref(value).cast(), size_of::<T>() as libc::socklen_t);
    // SAFETY: the value is valid for this length.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, value, length) })
}

/// `T` consists of integers.
fn get<T: Copy>(socket: &Socket, option: c_int) -> io::Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut length = size_of::<T>() as libc::socklen_t;
    let pointer = value.as_mut_ptr().cast();
    // SAFETY: the value is valid for this length.
    check(unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, pointer, &raw mut length)
    })?;
    // SAFETY: zeros are a value of integers, and so is what the kernel has written.
    Ok(unsafe { value.assume_init() })
}

fn check(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
