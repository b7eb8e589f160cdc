//! What the host tells the agent.

use crate::wire::words;

words! {
    /// An order.
    #[expect(missing_docs, reason = "each field is named for what it is")]
    pub enum Order {
        /// The time: a guest that was restored has stood still.
        1 Clock { unix_ns: u64, },
        /// Chance: guests that were restored from the same moment would draw the same.
        2 Entropy { bytes: Vec<u8>, },
        /// Its addresses, set at once; the resolver is a name server's.
        3 Network { address: [u8; 4], prefix: u8, gateway: [u8; 4], resolver: [u8; 4], v6: bool, },
        /// Who it pretends to be.
        4 Identity { hostname: Vec<u8>, user: Vec<u8>, uptime_s: u64, },
        /// A piece of a file.
        5 Put { path: Vec<u8>, mode: u32, offset: u64, bytes: Vec<u8>, last: bool, },
        /// Starts the sample, and the trace with it.
        6 Start {
            program: Vec<u8>,
            arguments: Vec<Vec<u8>>,
            environment: Vec<Vec<u8>>,
            folder: Vec<u8>,
            user: u32,
            emulator: Option<Vec<u8>>,
            skip_sleep: bool,
        },
        /// Ends the sample; what it left behind is sent, then [`crate::What::Finished`].
        7 Finish { memory: bool, },
    }
}
