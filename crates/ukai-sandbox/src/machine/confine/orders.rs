//! What the confining process is told: one message on its standard input, with the file
//! descriptors that QEMU is given.

use crate::limits::{DESCRIPTORS_MAX, ORDERS_BYTES_MAX};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// What is run, and within which bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// QEMU.
    pub(crate) program: PathBuf,
    /// Its arguments; `@NAME@` stands for the number of a descriptor.
    pub(crate) arguments: Vec<String>,
    /// Names of the descriptors, in their order.
    pub(crate) descriptors: Vec<String>,
    /// When it is ended, whoever still wants it, in milliseconds.
    pub(crate) deadline_ms: u64,
    /// Address space, in bytes.
    pub(crate) memory_bytes: u64,
    /// Processor time, in seconds.
    pub(crate) cpu_s: u64,
    /// What it may write to files, in bytes.
    pub(crate) file_bytes: u64,
    /// Whether it needs `/dev/kvm`.
    pub(crate) kvm: bool,
}

impl Orders {
    /// Sends them.
    pub(crate) fn send(&self, to: impl AsFd, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        if text.len() > ORDERS_BYTES_MAX || descriptors.len() > DESCRIPTORS_MAX {
            return Err(io::Error::other("the orders are too long"));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::Error::other("too many descriptors"));
        }
        rustix::net::sendmsg(to, &[IoSlice::new(&text)], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// Receives them; what they are, and the descriptors.
    pub(crate) fn receive(from: impl AsFd) -> io::Result<(Self, Vec<OwnedFd>)> {
        let mut text = vec![0; ORDERS_BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::net::recvmsg(
            from,
            &mut [IoSliceMut::new(&mut text)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        let mut descriptors = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        let orders: Self = serde_json::from_slice(&text[..received.bytes])?;
        if orders.descriptors.len() != descriptors.len() {
            return Err(io::Error::other("descriptors are missing"));
        }
        Ok((orders, descriptors))
    }

    /// The arguments, with the numbers of the descriptors.
    pub(crate) fn arguments_with(&self, numbers: &[i32]) -> Vec<String> {
        let replace = |argument: &String| {
            let mut argument = argument.clone();
            for (name, number) in self.descriptors.iter().zip(numbers) {
                argument = argument.replace(&format!("@{name}@"), &number.to_string());
            }
            argument
        };
        self.arguments.iter().map(replace).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Orders;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use std::fs::File;
    use std::io::{Read as _, Seek as _, Write as _};
    use std::os::fd::AsFd as _;

    #[test]
    fn orders_arrive_with_their_descriptors() {
        let pair =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (ours, theirs) = pair.expect("a pair");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"memory").expect("written");
        let orders = Orders {
            program: "/usr/bin/true".into(),
            arguments: vec!["-x".to_owned(), "fd=@ram@,n=@other@".to_owned()],
            descriptors: vec!["ram".to_owned()],
            deadline_ms: 1,
            memory_bytes: 2,
            cpu_s: 3,
            file_bytes: 4,
            kvm: false,
        };
        orders.send(&ours, &[file.as_fd()]).expect("sent");
        let (received, mut descriptors) = Orders::receive(&theirs).expect("received");
        assert_eq!(received, orders);
        assert_eq!(received.arguments_with(&[7]), ["-x", "fd=7,n=@other@"]);
        let mut same = File::from(descriptors.pop().expect("one"));
        same.rewind().expect("a file");
        let mut text = String::new();
        same.read_to_string(&mut text).expect("read");
        assert_eq!(text, "memory");
    }
}
