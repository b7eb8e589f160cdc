//! What the host tells the guest's agent to do.

use crate::wire::{Malformed, Wire, tagged};

tagged! {
/// Host to guest. Each is done in order; what fails is told by
/// [`What::Failed`](crate::What::Failed).
Order {
    /// The wall clock, right after the machine was restored.
    1 Clock {
        /// Nanoseconds since 1970, UTC.
        unix_ns: u64,
    }
    /// Clones of one snapshot must differ.
    2 Entropy {
        /// Goes into the kernel's pool, and is credited.
        bytes: Vec<u8>,
    }
    /// The network, set at once, since DHCP costs time.
    3 Network {
        /// The guest's own address.
        address: [u8; 4],
        /// Bits of its prefix.
        prefix: u8,
        /// Where everything else goes.
        gateway: [u8; 4],
        /// The name server.
        resolver: [u8; 4],
        /// Whether IPv6 is on; it configures itself by router advertisements.
        v6: bool,
    }
    /// What the guest claims to be.
    4 Identity {
        /// Its host name.
        hostname: Vec<u8>,
        /// The name of its ordinary user (number 1000).
        user: Vec<u8>,
        /// How long it claims to run, in seconds.
        uptime_s: u64,
    }
    /// A file, in pieces.
    5 Put {
        /// Absolute, as the sample will see it. Folders are made.
        path: Vec<u8>,
        /// Mode bits.
        mode: u32,
        /// Where this piece begins. A piece at 0 makes the file anew.
        offset: u64,
        /// The piece.
        bytes: Vec<u8>,
        /// No piece follows.
        last: bool,
    }
    /// The sample runs, and tracing begins.
    6 Start {
        /// Absolute.
        program: Vec<u8>,
        /// From `argv[0]` on.
        arguments: Vec<Vec<u8>>,
        /// `NAME=value`.
        environment: Vec<Vec<u8>>,
        /// The working folder.
        folder: Vec<u8>,
        /// User and group number.
        user: u32,
        /// A qemu-user to run it with, absolute; empty: the kernel knows what to do.
        emulator: Vec<u8>,
        /// Sleeps of at least so many milliseconds are skipped, and the wall clock is
        /// moved instead. 0: none.
        skip_sleep_ms: u32,
    }
    /// The sample is stopped and killed. Dumps and dropped files are sent, then
    /// [`What::Finished`](crate::What::Finished).
    7 Finish {
        /// Whether the memory of its processes is sent before.
        memory: bool,
    }
    /// The run is over, and the machine stays: what there is to hand over is sent, as for
    /// `Finish`, then [`What::Kept`](crate::What::Kept). The sample goes on.
    8 Keep {
        /// Whether the memory of its processes is sent; they stand still meanwhile.
        memory: bool,
    }
    /// A shell for an analyst in the sample's world, traced like the sample; one at a time.
    9 Console {
        /// Whether it has a terminal of so many `rows` and `columns`; otherwise pipes.
        terminal: bool,
        /// Lines of the terminal.
        rows: u16,
        /// Characters of a line.
        columns: u16,
        /// Absolute.
        program: Vec<u8>,
        /// From `argv[0]` on.
        arguments: Vec<Vec<u8>>,
        /// `NAME=value`.
        environment: Vec<Vec<u8>>,
        /// The working folder.
        folder: Vec<u8>,
    }
    /// What the analyst types. No more than
    /// [`TYPED_BYTES_MAX`](crate::limits::TYPED_BYTES_MAX) may wait for
    /// [`What::Typed`](crate::What::Typed).
    10 Type {
        /// A piece; empty: the end.
        bytes: Vec<u8>,
    }
    /// The analyst's terminal has another size.
    11 Size {
        /// Its lines.
        rows: u16,
        /// Characters of a line.
        columns: u16,
    }
}
}

impl Order {
    /// Appends the order as a frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        crate::frame(out, |out| self.put(out));
    }

    /// The order in a frame's body.
    pub fn decode(mut body: &[u8]) -> Result<Self, Malformed> {
        let order = Self::take(&mut body)?;
        if body.is_empty() { Ok(order) } else { Err(Malformed) }
    }
}
