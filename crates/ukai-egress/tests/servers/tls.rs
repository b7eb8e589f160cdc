//! HTTPS: a bad certificate does not stop a fetch, and is told.

use crate::{Names, config, egress_by, listen};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use ukai_model::FetchOutcome;

#[tokio::test]
async fn a_self_signed_server_is_fetched_from_and_noted() {
    let made = rcgen::generate_simple_self_signed(vec!["other.example".to_owned()])
        .expect("a certificate");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let server = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut buffer = [0; 1_024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let names = Names::of(&[("evil.example", &["127.0.0.1"])]);
    let egress = egress_by(config(), names);
    for url in [
        format!("https://evil.example:{}/", server.port()),
        format!("https://127.0.0.1:{}/", server.port()),
    ] {
        let report = egress.fetch(&url, "wget").await;
        assert_eq!(
            (report.outcome, &report.bytes[..]),
            (FetchOutcome::Complete, &b"ok"[..]),
            "{report:?}"
        );
        assert!(report.notes[0].starts_with("certificate not valid: "), "{report:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_an_error_with_words() {
    let server = crate::answering(&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]).await;
    let egress = egress_by(config(), Names::default());
    let report = egress.fetch(&format!("https://{server}/"), "wget").await;
    assert_ne!(report.outcome, FetchOutcome::Complete);
    assert!(report.error.is_some_and(|error| error.starts_with("TLS: ")));
}
