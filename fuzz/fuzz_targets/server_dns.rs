//! Messages of DNS in datagrams and on a stream, to a server for which every name exists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use ukai_model::{Timestamp, Transport};
use ukai_servers::dns::{Dns, Via, answer};
use ukai_virtnet::{Names, Scenario};

mod session;

fuzz_target!(|data: &[u8]| {
    let names = Arc::new(Names::new(&Scenario::default()).expect("the default scenario"));
    let now = Timestamp::from_secs(1_767_323_045);
    let reply = answer(data, Via::Udp, &*names, now).message.unwrap_or_default();
    assert!(reply.len() <= 1_232, "a datagram");
    session::serve(&(Arc::new(Dns::new(names)) as _), Transport::Tcp, 53, data);
});
