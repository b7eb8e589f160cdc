//! Side streams: opened from either end, by the session's own peer only, bounded.

use super::tls::shake_on;
use super::{Bench, Fake, Input, SystemWorld, assignment, driver, read_all};
use crate::{Budgets, KernelAcceptor, SideListener, TlsUse};
use bytes::Bytes;
use parking_lot::Mutex;
use proptest::prelude::*;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use ukai_emulators::{Effect, Emulator, SideEvent, SideId, SideStream};
use ukai_model::{CloseReason, Duration, EventKind};

const FILE_BYTES: usize = 300_000;

/// An FTP server's skeleton. Commands come one a call; one transfer at a time.
fn server() -> Arc<dyn Emulator> {
    #[derive(Default)]
    struct State {
        id: u32,
        got: usize,
        tls: bool,
    }
    let state = Mutex::new(State::default());
    Fake::emulator(move |cx, input| {
        let state = &mut *state.lock();
        match input {
            Input::Bytes(b"PASV") => {
                state.id += 1;
                cx.effects.push(Effect::OpenSide { id: SideId(state.id), how: SideStream::Listen });
            }
            Input::Eof | Input::Bytes(b"QUIT") => cx.close(),
            Input::Bytes(b"PROT") => state.tls = true,
            Input::Bytes(b"RETR") => {
                let file = Bytes::from(vec![b'x'; FILE_BYTES]);
                cx.send("150\n");
                cx.effects.push(Effect::SideSend(SideId(state.id), file));
                cx.effects.push(Effect::CloseSide(SideId(state.id)));
                cx.send("226\n");
            }
            Input::Bytes(port) if port.starts_with(b"PORT ") => {
                state.id += 1;
                let port = std::str::from_utf8(&port[5..]).expect("text").parse().expect("a port");
                let how = SideStream::Connect(port);
                cx.effects.push(Effect::OpenSide { id: SideId(state.id), how });
            }
            Input::Bytes(_) => cx.send("500\n"),
            Input::Side(_, SideEvent::Listening(address)) => cx.send(format!("{address}\n")),
            Input::Side(id, SideEvent::Open) => {
                if state.tls {
                    cx.effects.push(Effect::SideTls(id));
                }
                cx.send("open\n");
            }
            Input::Side(_, SideEvent::Bytes(bytes)) => state.got += bytes.len(),
            Input::Side(id, SideEvent::Eof) => {
                cx.send(format!("got {}\n", state.got));
                cx.effects.push(Effect::CloseSide(id));
            }
            Input::Side(_, SideEvent::Failed) => cx.send("425\n"),
            _ => {}
        }
    })
}

async fn line(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut line = String::new();
    loop {
        match stream.read_u8().await.expect("a line") {
            b'\n' => return line,
            byte => line.push(char::from(byte)),
        }
    }
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), command: &str) -> String {
    stream.write_all(command.as_bytes()).await.expect("written");
    line(stream).await
}

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_over_a_passive_stream_and_the_last_word_comes_after_it() {
    let bench = Bench::new(Budgets::default(), server());
    let mut peer = bench.connect().await;
    let port = at(&ask(&mut peer, "PASV").await);
    assert_eq!(port.ip(), at("198.51.100.1:1").ip(), "the address that the peer has reached");
    let mut data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
    assert_eq!(line(&mut peer).await, "open");
    assert_eq!(ask(&mut peer, "RETR").await, "150");
    let early = tokio::time::timeout(Duration::from_secs(20), line(&mut peer)).await;
    assert!(early.is_err(), "226 before the file: {early:?}");
    assert_eq!(read_all(&mut data).await.len(), FILE_BYTES);
    assert_eq!(line(&mut peer).await, "226");
    drop((peer, data));
    let sink = bench.finish().await;
    let Some(EventKind::SessionClose { bytes_out, reason, .. }) = sink.kinds().pop() else {
        panic!()
    };
    assert_eq!(reason, CloseReason::Peer);
    assert!(bytes_out > FILE_BYTES as u64, "{bytes_out}");
}

#[tokio::test(start_paused = true)]
async fn a_file_comes_over_an_active_stream() {
    let bench = Bench::new(Budgets::default(), server());
    let mut listener = bench.dialer.listen(at("192.0.2.1:5000")).expect("a port");
    let mut peer = bench.connect().await;
    peer.write_all(b"PORT 5000").await.expect("written");
    let (mut data, from) = listener.accept().await.expect("we are called");
    assert_eq!(from.ip(), at("198.51.100.1:1").ip());
    assert_eq!(line(&mut peer).await, "open");
    data.write_all(&vec![b'y'; FILE_BYTES]).await.expect("written");
    data.shutdown().await.expect("shut down");
    assert_eq!(line(&mut peer).await, format!("got {FILE_BYTES}"));
    drop((peer, data));
    let sink = bench.finish().await;
    let Some(EventKind::SessionClose { bytes_in, .. }) = sink.kinds().pop() else { panic!() };
    assert_eq!(bytes_in, FILE_BYTES as u64 + 9);
}

#[tokio::test(start_paused = true)]
async fn nobody_else_gets_in_and_nobody_else_is_called() {
    let bench = Bench::new(Budgets::default(), server());
    let mut victim = bench.dialer.listen(at("192.0.2.99:5000")).expect("a port");
    let mut peer = bench.connect().await;
    let port = at(&ask(&mut peer, "PASV").await);
    for stranger in ["192.0.2.99:1", "192.0.2.2:4001"] {
        let mut stranger = bench.dialer.connect_side(at(stranger), port).expect("a port");
        assert_eq!(read_all(&mut stranger).await, b"", "closed at once");
    }
    let _data = bench.dialer.connect_side(at("192.0.2.1:9"), port).expect("still waiting");
    assert_eq!(line(&mut peer).await, "open");
    // There is no way to name another host; the port alone reaches nobody but the peer.
    assert_eq!(ask(&mut peer, "PORT 5000").await, "425");
    for port in [0, 22, 1_023] {
        assert_eq!(ask(&mut peer, &format!("PORT {port}")).await, "425");
    }
    let called = tokio::time::timeout(Duration::from_secs(1), victim.accept()).await;
    assert!(called.is_err(), "the victim was called");
    drop(peer);
    bench.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_connects_is_given_up_after_a_minute() {
    let bench = Bench::new(Budgets::default(), server());
    let mut peer = bench.connect().await;
    let port = at(&ask(&mut peer, "PASV").await);
    let start = Instant::now();
    assert_eq!(line(&mut peer).await, "425");
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(bench.dialer.connect_side(at("192.0.2.1:1"), port).is_err(), "the port is closed");
    drop(peer);
    bench.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_openings_is_bounded_per_session_and_overall() {
    let budgets = Budgets { sides_per_session_max: 3, sides_max: 5, ..Budgets::default() };
    let bench = Bench::new(budgets, server());
    let (mut one, mut two) = (bench.connect().await, bench.connect_from("192.0.2.2:1").await);
    let mut answers = Vec::new();
    for _ in 0..100 {
        answers.push(ask(&mut one, "PASV").await);
    }
    assert_eq!(answers.iter().filter(|answer| *answer != "425").count(), 3);
    for _ in 0..100 {
        answers.push(ask(&mut two, "PASV").await);
    }
    let open: Vec<&String> = answers.iter().filter(|answer| *answer != "425").collect();
    assert_eq!(open.len(), 5);
    // With the session go its ports, and others have room again.
    drop(one);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(bench.dialer.connect_side(at("192.0.2.1:1"), at(open[0])).is_err());
    assert_ne!(ask(&mut two, "PASV").await, "425");
    drop(two);
    let driver = bench.driver.clone();
    let sink = bench.finish().await;
    assert_eq!(sink.limits(), ["sides_per_session_max", "sides_max"]);
    assert_eq!(driver.buffered(), 0);
}

#[tokio::test(start_paused = true)]
async fn bytes_on_side_streams_count_as_the_sessions() {
    let budgets = Budgets { bytes_in_max: 10_000, ..Budgets::default() };
    let bench = Bench::new(budgets, server());
    let mut peer = bench.connect().await;
    let port = at(&ask(&mut peer, "PASV").await);
    let mut data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
    let flood = vec![0; 20_000];
    let flood = tokio::time::timeout(Duration::from_secs(1), data.write_all(&flood)).await;
    assert!(!matches!(flood, Ok(Ok(()))), "the session is over");
    let sink = bench.finish().await;
    assert_eq!(sink.limits(), ["bytes_in_max"]);
    assert_eq!(sink.reasons(), [CloseReason::Budget]);

    for budgets in [
        Budgets { bytes_out_max: FILE_BYTES as u64, ..Budgets::default() },
        Budgets { output_pending_bytes_max: FILE_BYTES - 1, ..Budgets::default() },
        Budgets { buffered_bytes_max: FILE_BYTES / 2, ..Budgets::default() },
    ] {
        let bench = Bench::new(budgets, server());
        let mut peer = bench.connect().await;
        let port = at(&ask(&mut peer, "PASV").await);
        let data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
        assert_eq!(line(&mut peer).await, "open");
        peer.write_all(b"RETR").await.expect("written");
        read_all(&mut peer).await;
        drop(data);
        let driver = bench.driver.clone();
        let sink = bench.finish().await;
        assert_eq!(sink.reasons(), [CloseReason::Budget], "{:?}", sink.limits());
        assert_eq!(sink.limits().len(), 1);
        assert_eq!(driver.buffered(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_file_is_given_up() {
    let budgets = Budgets { idle_ms: 30_000, ..Budgets::default() };
    let bench = Bench::new(budgets, server());
    let mut peer = bench.connect().await;
    let port = at(&ask(&mut peer, "PASV").await);
    let _data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
    assert_eq!(line(&mut peer).await, "open");
    assert_eq!(ask(&mut peer, "RETR").await, "150");
    assert_eq!(read_all(&mut peer).await, b"");
    drop(peer);
    assert_eq!(bench.finish().await.reasons(), [CloseReason::IdleTimeout]);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_outlives_the_end_of_the_main_stream() {
    let bench = Bench::new(Budgets::default(), server());
    let mut peer = bench.connect().await;
    let port = at(&ask(&mut peer, "PASV").await);
    let mut data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
    assert_eq!(line(&mut peer).await, "open");
    peer.write_all(b"RETR").await.expect("written");
    peer.shutdown().await.expect("shut down");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(read_all(&mut data).await.len(), FILE_BYTES);
    assert!(read_all(&mut peer).await.ends_with(b"226\n"));
    drop(peer);
    assert_eq!(bench.finish().await.reasons(), [CloseReason::Peer]);
}

#[tokio::test]
async fn a_side_stream_can_go_on_in_tls() {
    let bench = Bench::new(Budgets::default(), server());
    let mut peer = bench.connect().await;
    peer.write_all(b"PROT").await.expect("written");
    tokio::time::sleep(Duration::from_millis(10)).await;
    let port = at(&ask(&mut peer, "PASV").await);
    let data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
    assert_eq!(line(&mut peer).await, "open");
    peer.write_all(b"RETR").await.expect("written");
    let mut data = shake_on(data).await;
    let mut file = Vec::new();
    data.read_to_end(&mut file).await.expect("a clean end, with close_notify");
    assert_eq!(file.len(), FILE_BYTES);
    assert_eq!(line(&mut peer).await, "150");
    assert_eq!(line(&mut peer).await, "226");

    // A client that does not keep its word costs the stream and nothing else.
    let port = at(&ask(&mut peer, "PASV").await);
    let mut data = bench.dialer.connect_side(at("192.0.2.1:4001"), port).expect("a port");
    data.write_all(b"not TLS at all, but the file itself").await.expect("written");
    assert_eq!(line(&mut peer).await, "open");
    assert_eq!(line(&mut peer).await, "425");
    assert_eq!(ask(&mut peer, "NOOP").await, "500");
    drop(peer);
    bench.finish().await;
}

/// The same over the kernel's sockets: who gets in is decided by addresses there.
#[tokio::test]
async fn sockets_let_nobody_in_but_the_peer() {
    let sink = Arc::new(super::Memory::default());
    let driver = driver(Budgets::default(), &sink, Arc::new(SystemWorld));
    let acceptor = KernelAcceptor::bind(&[at("127.0.0.1:0")]).expect("a free port");
    let target = acceptor.addresses()[0];
    let shutdown = CancellationToken::new();
    let serving = {
        let shutdown = shutdown.clone();
        let assignment = assignment(server(), TlsUse::Recognised);
        tokio::spawn(async move {
            driver.serve(acceptor, move |_| Some(assignment.clone()), shutdown).await;
        })
    };
    let mut peer = TcpStream::connect(target).await.expect("a connection");
    let port = at(&ask(&mut peer, "PASV").await);
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(at("127.0.0.2:0")).expect("an address");
    let mut stranger = socket.connect(port).await.expect("a connection");
    assert_eq!(stranger.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed at once");
    let mut data = TcpStream::connect(port).await.expect("a connection");
    assert_eq!(line(&mut peer).await, "open");
    assert_eq!(ask(&mut peer, "RETR").await, "150");
    let mut file = Vec::new();
    data.read_to_end(&mut file).await.expect("read");
    assert_eq!(file.len(), FILE_BYTES);
    assert_eq!(line(&mut peer).await, "226");
    drop((peer, data));
    shutdown.cancel();
    serving.await.expect("the driver does not panic");
}

#[derive(Clone, Debug)]
enum Step {
    Say(&'static str),
    Connect,
    Write(usize),
    Read,
    End,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let say = prop::sample::select(vec!["PASV", "RETR", "PORT 5000", "PROT", "QUIT", "x"]);
    prop_oneof![
        4 => say.prop_map(Step::Say),
        2 => Just(Step::Connect),
        2 => (1_usize..20_000).prop_map(Step::Write),
        2 => Just(Step::Read),
        1 => Just(Step::End),
        2 => (0_u64..70).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever a peer does, its session ends, and nothing of it stays.
    #[test]
    fn every_session_ends_and_gives_everything_back(steps in prop::collection::vec(step(), 0..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let bench = Bench::new(Budgets { sides_max: 3, ..Budgets::default() }, server());
            let _waiting = bench.dialer.listen(at("192.0.2.1:5000")).expect("a port");
            let mut peer = bench.connect().await;
            let mut heard = String::new();
            let mut data = None;
            for step in steps {
                let wait = Duration::from_millis(10);
                match step {
                    Step::Say(words) => {
                        let said = peer.write_all(words.as_bytes());
                        let _ = tokio::time::timeout(wait, said).await;
                    }
                    Step::Connect => {
                        let port = heard.lines().filter_map(|line| line.parse().ok()).next_back();
                        data = port.and_then(|port| {
                            bench.dialer.connect_side(at("192.0.2.1:9"), port).ok()
                        });
                    }
                    Step::Write(count) => if let Some(data) = &mut data {
                        let bytes = vec![0; count];
                            let written = data.write_all(&bytes);
                        let _ = tokio::time::timeout(wait, written).await;
                    },
                    Step::Read => {
                        let mut bytes = [0; 8_192];
                        if let Ok(Ok(count)) = tokio::time::timeout(wait, peer.read(&mut bytes)).await {
                            heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
                        }
                        if let Some(data) = &mut data {
                            let _ = tokio::time::timeout(wait, data.read(&mut bytes)).await;
                        }
                    }
                    Step::End => data = None,
                    Step::Wait(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                }
            }
            drop((peer, data));
            let driver = bench.driver.clone();
            let sink = bench.finish().await;
            assert_eq!(sink.reasons().len(), 1);
            assert_eq!((driver.sessions(), driver.buffered(), driver.sides()), (0, 0, 0));
        });
    }
}
