//! The warm process: it has done all that is the same for every child, waits, and makes a
//! child of itself for each run. It reads nothing that a sample says.
#![allow(
    unsafe_code,
    reason = "fork(2), and putting descriptors in the places of the standard ones, have no safe \
              binding; the process has one thread, which is looked at first"
)]

use crate::child::ConfineError;
use crate::limits::{JailLimits, Orders, WARM_CHILDREN_MAX, WARM_ORDER_BYTES_MAX};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, setpgid, waitpid,
};
use std::io::{IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The word of the warm process that a child is there.
pub(crate) const BORN: u8 = b'B';

/// Its word that a child has ended; the status as of wait(2) follows in four bytes.
pub(crate) const ENDED: u8 = b'E';

/// Descriptors that come with an order: the three standard ones, and the line on which the
/// child's life is told. Closing that line kills the child.
const DESCRIPTORS: usize = 4;

/// A child, seen from the warm process.
struct Child {
    pid: Pid,
    /// Readable when it has ended.
    end: OwnedFd,
    line: UnixStream,
    killed: bool,
}

/// Waits for orders on standard input and returns in each child that is made, with its
/// limits. The warm process itself never returns: it ends with its parent.
pub(crate) fn serve() -> Result<Orders, ConfineError> {
    let threads = std::fs::read_dir("/proc/self/task").map_err(failed("count threads"))?.count();
    if threads != 1 {
        return Err(ConfineError::Threads(threads));
    }
    let mut children: Vec<Child> = Vec::new();
    loop {
        let events = wait(&children)?;
        for (child, (ended, left)) in children.iter_mut().zip(&events.children) {
            if *left && !*ended && !child.killed {
                // Not waited for yet, so the number is still its own.
                let _ = kill_process_group(child.pid, Signal::KILL);
                child.killed = true;
            }
        }
        let mut ended = events.children.iter().map(|(ended, _)| *ended);
        children.retain_mut(|child| !ended.next().unwrap_or(false) || !bury(child));
        if !events.order {
            continue;
        }
        let Some((limits, descriptors)) = receive()? else { std::process::exit(0) };
        let orders = Orders { limits, parent: std::process::id() };
        match give_birth(descriptors)? {
            Birth::Child => {
                // Its descriptors are closed already, and their numbers may be others' soon.
                std::mem::forget(children);
                return Ok(orders);
            }
            Birth::Parent(child) => children.push(child),
            // Its giver sees the line closed.
            Birth::Failed => {}
        }
    }
}

/// On which side of a fork one is.
enum Birth {
    /// In the child.
    Child,
    /// In the warm process.
    Parent(Child),
    /// There is no child: no room for another process.
    Failed,
}

/// What has happened.
struct Events {
    /// There is an order, or the parent is gone.
    order: bool,
    /// Of each child: it has ended; its run was given up.
    children: Vec<(bool, bool)>,
}

fn wait(children: &[Child]) -> Result<Events, ConfineError> {
    let input = standard_input();
    // With as many children as there may be, orders wait in the socket.
    let listen = children.len() < WARM_CHILDREN_MAX;
    let wanted = if listen { PollFlags::IN } else { PollFlags::empty() };
    let mut list = vec![PollFd::from_borrowed_fd(input, wanted)];
    for child in children {
        list.push(PollFd::new(&child.end, PollFlags::IN));
        // A child that was killed already is only waited for: its line stays broken.
        if child.killed {
            list.push(PollFd::new(&child.end, PollFlags::IN));
        } else {
            list.push(PollFd::new(&child.line, PollFlags::RDHUP));
        }
    }
    loop {
        match poll(&mut list, None) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(ConfineError::Kernel { step: "wait", source: error.into() }),
        }
    }
    let gone = PollFlags::HUP | PollFlags::RDHUP | PollFlags::ERR;
    let said = |fd: &PollFd<'_>, flags| fd.revents().intersects(flags);
    Ok(Events {
        order: said(&list[0], PollFlags::IN | gone),
        children: list[1..]
            .chunks_exact(2)
            .map(|pair| (said(&pair[0], PollFlags::IN), said(&pair[1], gone)))
            .collect(),
    })
}

/// Waits for a child that has ended and tells how; false if it has not.
fn bury(child: &mut Child) -> bool {
    match waitpid(Some(child.pid), WaitOptions::NOHANG) {
        Ok(None) => false,
        Ok(Some((_, status))) => {
            let mut word = [ENDED, 0, 0, 0, 0];
            word[1..].copy_from_slice(&status.as_raw().to_le_bytes());
            // Whoever gave the run up does not listen.
            let _ = child.line.write_all(&word);
            true
        }
        Err(_) => true,
    }
}

/// One order: limits, and the descriptors of the child. `None` when the parent is gone.
fn receive() -> Result<Option<(JailLimits, [OwnedFd; DESCRIPTORS])>, ConfineError> {
    loop {
        let mut text = [0; WARM_ORDER_BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut pieces = [IoSliceMut::new(&mut text)];
        let flags = RecvFlags::CMSG_CLOEXEC;
        let received = match recvmsg(standard_input(), &mut pieces, &mut ancillary, flags) {
            Ok(received) => received,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => {
                return Err(ConfineError::Kernel { step: "take an order", source: error.into() });
            }
        };
        if received.bytes == 0 {
            return Ok(None);
        }
        let mut descriptors = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(list) = message {
                descriptors.extend(list);
            }
        }
        let text = std::str::from_utf8(&text[..received.bytes]).ok();
        let orders = text.and_then(|text| text.parse::<Orders>().ok());
        // An order that is none is dropped, and with it the line: its giver sees that.
        if let (Some(orders), Ok(descriptors)) = (orders, descriptors.try_into()) {
            return Ok(Some((orders.limits, descriptors)));
        }
    }
}

/// Makes a child, which has the given descriptors as its standard ones, and no others. An
/// error is one of the child's.
fn give_birth(descriptors: [OwnedFd; DESCRIPTORS]) -> Result<Birth, ConfineError> {
    let [input, output, errors, line] = descriptors;
    let mut line = UnixStream::from(line);
    // SAFETY: the process has one thread (`serve` looked), so no lock is held by another and
    // the child may do all that its parent may.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        for (from, to) in [(&input, 0), (&output, 1), (&errors, 2)] {
            // SAFETY: both are numbers of descriptors; `to` is a standard one, which no value
            // of Rust's owns.
            if unsafe { libc::dup2(from.as_raw_fd(), to) } < 0 {
                return Err(failed("take its descriptors")(std::io::Error::last_os_error()));
            }
        }
        // The values above and the warm process's lists own some of these numbers; they are
        // forgotten with everything else of its.
        std::mem::forget((input, output, errors, line));
        // SAFETY: takes three numbers. No value that owns such a descriptor is used again:
        // `serve` returns at once and leaks its list.
        if unsafe { libc::close_range(3, libc::c_uint::MAX, 0) } < 0 {
            return Err(failed("close descriptors")(std::io::Error::last_os_error()));
        }
        let own = |error: rustix::io::Errno| failed("lead a group")(error.into());
        setpgid(None, None).map_err(own)?;
        return Ok(Birth::Child);
    }
    let Some(pid) = (pid > 0).then(|| Pid::from_raw(pid)).flatten() else {
        return Ok(Birth::Failed);
    };
    // Both set it: whoever comes first, no signal to the group goes astray.
    let _ = setpgid(Some(pid), Some(pid));
    let Ok(end) = pidfd_open(pid, PidfdFlags::empty()) else {
        // A kernel before 5.3: it does not work here.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = waitpid(Some(pid), WaitOptions::empty());
        return Ok(Birth::Failed);
    };
    let _ = line.write_all(&[BORN]);
    Ok(Birth::Parent(Child { pid, end, line, killed: false }))
}

fn standard_input() -> BorrowedFd<'static> {
    // SAFETY: the descriptor 0 is the socket that the jail gave; it is open until the end.
    unsafe { BorrowedFd::borrow_raw(0) }
}

fn failed(step: &'static str) -> impl FnOnce(std::io::Error) -> ConfineError {
    move |source| ConfineError::Kernel { step, source }
}
