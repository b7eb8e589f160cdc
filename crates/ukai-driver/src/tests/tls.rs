//! TLS recognised, expected, begun in mid-session, and broken.

use super::{Bench, Fake, Input, assignment, echo, read_all};
use crate::{Budgets, TlsUse};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use ukai_emulators::Effect;
use ukai_model::{CloseReason, Duration, EventKind, PeerText};

/// Takes any certificate, as bots do.
#[derive(Debug)]
struct Careless;

impl ServerCertVerifier for Careless {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Shakes hands as the client.
pub(super) async fn shake_on<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> TlsStream<S> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Careless))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("router.example").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake")
}

async fn echo_inside(mut tls: TlsStream<DuplexStream>) -> CertificateDer<'static> {
    tls.write_all(b"hello").await.expect("written");
    let mut answer = [0; 5];
    tls.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"hello");
    let (_, connection) = tls.get_ref();
    let certificate =
        connection.peer_certificates().expect("a certificate")[0].clone().into_owned();
    tls.shutdown().await.expect("shut down");
    let mut rest = Vec::new();
    tls.read_to_end(&mut rest).await.expect("a clean end, with close_notify");
    certificate
}

fn hello_of(sink: &super::Memory) -> EventKind {
    let kinds = sink.kinds();
    kinds.into_iter().find(|kind| kind.name() == "tls.hello").expect("a hello")
}

#[tokio::test]
async fn tls_is_unwrapped_wherever_a_peer_begins_it() {
    for tls in [TlsUse::Recognised, TlsUse::Expected] {
        let bench = Bench::with(Budgets::default(), assignment(echo(), tls), 4_096);
        let first = echo_inside(shake_on(bench.connect().await).await).await;
        let second = echo_inside(shake_on(bench.connect().await).await).await;
        assert_eq!(first, second, "a host has one certificate");
        let sink = bench.finish().await;
        assert_eq!(sink.reasons(), [CloseReason::Peer; 2]);
        let EventKind::TlsHello { server_name, alpn, ja3, ja4 } = hello_of(&sink) else { panic!() };
        assert_eq!(server_name, Some(PeerText::from("router.example")));
        assert_eq!(alpn, [PeerText::from("http/1.1")]);
        assert_eq!(ja3.len(), 32);
        assert!(ja4.starts_with("t13d") && ja4[8..10] == *"h1", "{ja4}");
    }
}

#[tokio::test]
async fn a_protocol_without_tls_gets_a_hello_as_it_came() {
    let bench = Bench::with(Budgets::default(), assignment(echo(), TlsUse::Unknown), 4_096);
    let hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00";
    let mut peer = bench.connect().await;
    for piece in [&hello[..4], &hello[4..]] {
        peer.write_all(piece).await.expect("written");
        let mut back = vec![0; piece.len()];
        peer.read_exact(&mut back).await.expect("an echo of what came so far");
        assert_eq!(back, piece);
    }
    drop(peer);
    assert_eq!(bench.finish().await.reasons(), [CloseReason::Peer]);
}

#[tokio::test]
async fn a_session_can_begin_tls_in_its_midst() {
    let emulator = Fake::emulator(|cx, input| match input {
        Input::Open => cx.send("220 ready\r\n"),
        Input::Bytes(b"STARTTLS") => {
            cx.send("go\r\n");
            cx.effects.push(Effect::StartTls);
        }
        Input::Bytes(bytes) => cx.send(bytes.to_vec()),
        Input::Eof => cx.close(),
        _ => {}
    });
    let bench = Bench::new(Budgets::default(), emulator);
    let mut peer = bench.connect().await;
    peer.read_exact(&mut [0; 11]).await.expect("a greeting");
    peer.write_all(b"STARTTLS").await.expect("written");
    peer.read_exact(&mut [0; 4]).await.expect("an answer");
    echo_inside(shake_on(peer).await).await;
    let sink = bench.finish().await;
    hello_of(&sink);
    assert_eq!(sink.reasons(), [CloseReason::Peer]);
}

/// As behind a proxy: only its first bytes say that a peer begins TLS.
#[tokio::test]
async fn a_session_can_hand_back_the_hello_that_it_has_read() {
    for first in [1, 6, 100] {
        let held = std::sync::Mutex::new(Some(Vec::new()));
        let emulator = Fake::emulator(move |cx, input| {
            let mut held = held.lock().expect("not poisoned");
            match (input, &mut *held) {
                (Input::Open, _) => cx.send("go\r\n"),
                (Input::Bytes(bytes), Some(begun)) => {
                    begun.extend_from_slice(bytes);
                    if begun.len() >= first {
                        cx.effects.push(Effect::ResumeTls(std::mem::take(begun).into()));
                        *held = None;
                    }
                }
                (Input::Bytes(bytes), None) => cx.send(bytes.to_vec()),
                (Input::Eof, _) => cx.close(),
                _ => {}
            }
        });
        let bench = Bench::with(Budgets::default(), assignment(emulator, TlsUse::Unknown), 64);
        let mut peer = bench.connect().await;
        peer.read_exact(&mut [0; 4]).await.expect("an answer");
        echo_inside(shake_on(peer).await).await;
        let sink = bench.finish().await;
        hello_of(&sink);
    }
}

/// What was sent in the clear behind the command never becomes a command inside
/// (CVE-2011-0411): what came with it is the session's to forget, what comes later is no
/// ClientHello, and answered as OpenSSL does, by an alert.
#[tokio::test]
async fn clear_text_behind_the_beginning_of_tls_ends_in_an_alert() {
    let emulator = Fake::emulator(|cx, input| match input {
        Input::Bytes(b"STARTTLS") => {
            cx.send("go\r\n");
            cx.effects.push(Effect::StartTls);
        }
        Input::Bytes(bytes) => cx.send(bytes.to_vec()),
        _ => {}
    });
    let bench = Bench::new(Budgets::default(), emulator);
    let mut peer = bench.connect().await;
    peer.write_all(b"STARTTLS").await.expect("written");
    peer.read_exact(&mut [0; 4]).await.expect("an answer");
    peer.write_all(b"MAIL FROM:<a@b>\r\n").await.expect("written");
    let heard = read_all(&mut peer).await;
    assert_eq!((heard.len(), heard[0], heard[5]), (7, 21, 2), "a fatal alert: {heard:?}");
    let sink = bench.finish().await;
    assert_eq!(sink.names(), ["session.open", "session.close"]);
    assert_eq!(sink.reasons(), [CloseReason::Peer]);
}

#[tokio::test(start_paused = true)]
async fn plain_bytes_on_a_tls_service_reach_the_emulator() {
    let assignment = assignment(echo(), TlsUse::Expected);
    let bench = Bench::with(Budgets::default(), assignment, 4_096);
    let mut peer = bench.connect().await;
    peer.write_all(b"GET / HTTP/1.0\r\n").await.expect("written");
    peer.shutdown().await.expect("shut down");
    assert_eq!(read_all(&mut peer).await, b"GET / HTTP/1.0\r\n");
    // And one that says nothing at all.
    drop(bench.connect().await);
    assert_eq!(bench.finish().await.reasons(), [CloseReason::Peer; 2]);
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_like_tls_reaches_the_emulator_whole() {
    let bench = Bench::new(Budgets::default(), echo());
    let mut peer = bench.connect().await;
    for part in [&b"\x16"[..], b"\x03\x01\x02", b"\x00\x07no hello"] {
        peer.write_all(part).await.expect("written");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut answer = [0; 14];
    peer.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"\x16\x03\x01\x02\x00\x07no hello");
    // Cut off in the middle of what may become a hello.
    let mut cut = bench.connect().await;
    cut.write_all(b"\x16\x03\x01").await.expect("written");
    cut.shutdown().await.expect("shut down");
    assert_eq!(read_all(&mut cut).await, b"\x16\x03\x01");
    drop(peer);
    bench.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stalls_is_given_up() {
    let budgets = Budgets { handshake_ms: 5_000, ..Budgets::default() };
    let bench = Bench::new(budgets, echo());
    let mut peer = bench.connect().await;
    // A hello by which nobody can be met: no cipher of ours.
    let body = [&[3, 3][..], &[7; 32], &[0], &[0, 2, 0, 5], &[1, 0]].concat();
    let message = [&[1, 0, 0, body.len() as u8][..], &body].concat();
    peer.write_all(&[&[0x16, 3, 1, 0, message.len() as u8][..], &message].concat())
        .await
        .expect("written");
    read_all(&mut peer).await;
    // A hello that is answered, and then silence.
    let silent = bench.connect().await;
    let (near, far) = tokio::io::duplex(65_536);
    let silencer = tokio::spawn(async move {
        let mut silent = silent;
        let mut far = far;
        let mut bytes = [0; 4_096];
        let count = far.read(&mut bytes).await.expect("the hello");
        silent.write_all(&bytes[..count]).await.expect("written");
        read_all(&mut silent).await
    });
    let shaking = tokio::spawn(shake_on(near));
    silencer.await.expect("done");
    shaking.abort();
    let sink = bench.finish().await;
    let mut reasons = sink.reasons();
    reasons.sort_by_key(|reason| format!("{reason:?}"));
    assert_eq!(reasons, [CloseReason::IdleTimeout, CloseReason::Peer]);
    assert_eq!(sink.names().iter().filter(|name| **name == "tls.hello").count(), 2);
    assert_eq!(
        super::authority::failures(&sink),
        ["refused signature algorithms extension required"]
    );
}
