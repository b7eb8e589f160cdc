//! Who gets in, and what every answer carries.

use super::rig::{Answer, FEED_TOKEN, Plan, Rig, TOKEN, request, send};
use crate::{Hub, HubError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName};
use hyper::{Method, StatusCode};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn bare(
    rig: &Rig,
    method: Method,
    path: &str,
    headers: &[(HeaderName, &str)],
    body: &str,
) -> Answer {
    let mut request = request(method, path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let body = Full::new(Bytes::from(body.to_owned()));
    Answer::of(rig.send(request.body(body).expect("a request")).await).await
}

const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

#[tokio::test]
async fn a_log_in_opens_the_api_and_a_log_out_closes_it() {
    let mut rig = Rig::start().await;
    bare(&rig, Method::GET, "/api/me", &[], "").await.is_error(StatusCode::UNAUTHORIZED);

    let body = format!("{{\"token\":\"{TOKEN}\"}}");
    let answer = bare(&rig, Method::POST, "/api/login", &[JSON], &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
    for attribute in ["ukai_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let cookie = (header::COOKIE, cookie.split(';').next().expect("a pair"));
    let me = bare(&rig, Method::GET, "/api/me", std::slice::from_ref(&cookie), "").await;
    assert_eq!(me.json()["user"], "operator");
    assert_eq!(
        bare(&rig, Method::GET, "/api/status", std::slice::from_ref(&cookie), "").await.status,
        StatusCode::OK
    );

    let out = bare(&rig, Method::POST, "/api/logout", std::slice::from_ref(&cookie), "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    bare(&rig, Method::GET, "/api/me", &[cookie], "").await.is_error(StatusCode::UNAUTHORIZED);
    rig.stop().await;
}

#[tokio::test]
async fn guessing_is_braked_and_does_not_touch_who_is_inside() {
    let rig = Rig::start().await;
    let right = format!("{{\"token\":\"{TOKEN}\"}}");
    let answer = bare(&rig, Method::POST, "/api/login", &[JSON], &right).await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
    for _ in 0..10 {
        let wrong = "{\"token\":\"wrong\"}";
        bare(&rig, Method::POST, "/api/login", &[JSON], wrong)
            .await
            .is_error(StatusCode::UNAUTHORIZED);
    }
    let answer = bare(&rig, Method::POST, "/api/login", &[JSON], &right).await;
    answer.is_error(StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    let inside = bare(&rig, Method::GET, "/api/me", &[(header::COOKIE, &cookie)], "").await;
    assert_eq!(inside.status, StatusCode::OK);
    let basic = format!("Basic {}", STANDARD.encode(format!("x:{FEED_TOKEN}")));
    let basic = [(header::AUTHORIZATION, basic.as_str())];
    let feed = bare(&rig, Method::GET, "/feeds/ips.txt", &basic, "").await;
    assert_eq!(feed.status, StatusCode::OK);
}

#[tokio::test]
async fn every_path_of_the_api_wants_a_token() {
    let rig = Rig::start().await;
    let document = rig.json("/api/openapi.json").await;
    let open = ["/api/login", "/api/logout", "/api/openapi.json", "/healthz", "/metrics"];
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        if open.contains(&path.as_str()) {
            continue;
        }
        for method in methods.as_object().expect("methods").keys() {
            let method = method.to_uppercase().parse().expect("a method");
            let path = path.replace("{id}", "1").replace("{sha256}", "1").replace("{file}", "1");
            let answer = bare(&rig, method, &path, &[], "").await;
            answer.is_error(StatusCode::UNAUTHORIZED);
            assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
            asked += 1;
        }
    }
    assert!(asked >= 18, "{asked}");
}

#[tokio::test]
async fn the_feed_token_opens_feeds_alone() {
    let rig = Rig::start().await;
    let bearer = format!("Bearer {FEED_TOKEN}");
    let token = (header::AUTHORIZATION, bearer.as_str());
    let feed =
        bare(&rig, Method::GET, "/feeds/domains.txt", std::slice::from_ref(&token), "").await;
    assert_eq!(feed.status, StatusCode::OK, "{}", feed.text());
    bare(&rig, Method::GET, "/api/feeds", &[token], "").await.is_error(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let rig = Rig::start().await;
    let body = format!("{{\"token\":\"{TOKEN}\"}}");
    let origin = (header::ORIGIN, "http://evil.example");
    bare(&rig, Method::POST, "/api/login", &[JSON, origin], &body)
        .await
        .is_error(StatusCode::FORBIDDEN);
    let ours = (header::ORIGIN, "http://127.0.0.1");
    let answer = bare(&rig, Method::POST, "/api/login", &[JSON, ours], &body).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let rig = Rig::start().await;
    for path in ["/", "/api/me", "/api/nothing", "/feeds/ips.txt", "/healthz"] {
        let answer = bare(&rig, Method::GET, path, &[], "").await;
        let policy = answer.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers.contains_key(header::CACHE_CONTROL), "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_errors_with_a_remedy() {
    let rig = Rig::start().await;
    rig.get("/api/nothing").await.is_error(StatusCode::NOT_FOUND);
    rig.ask(Method::DELETE, "/api/status", "").await.is_error(StatusCode::METHOD_NOT_ALLOWED);
    rig.ask(Method::POST, "/", "").await.is_error(StatusCode::METHOD_NOT_ALLOWED);
    rig.ask(Method::POST, "/api/login", "{").await.is_error(StatusCode::BAD_REQUEST);
    rig.ask(Method::POST, "/api/login", "{}").await.is_error(StatusCode::UNPROCESSABLE_ENTITY);
    let large = format!("{{\"token\":\"{}\"}}", "x".repeat(100_000));
    rig.ask(Method::POST, "/api/login", large).await.is_error(StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn metrics_and_health_are_open_on_this_machine() {
    let rig = Rig::start().await;
    let health = bare(&rig, Method::GET, "/healthz", &[], "").await;
    assert_eq!(health.json()["status"], "ok");
    let metrics = bare(&rig, Method::GET, "/metrics", &[], "").await;
    assert_eq!(metrics.status, StatusCode::OK);
    let text = metrics.text();
    for name in
        ["ukai_events ", "ukai_jobs{state=\"waiting\"} 0", "ukai_feed_entries{feed=\"rpz.zone\"} 0"]
    {
        assert!(text.contains(name), "{name}: {text}");
    }
    // Each line is a comment or `name{labels} number`.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').expect("a value");
        value.parse::<f64>().expect("a number");
    }
    let through_proxy = (HeaderName::from_static("x-forwarded-for"), "192.0.2.1");
    bare(&rig, Method::GET, "/metrics", &[through_proxy], "")
        .await
        .is_error(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_takes_it() {
    let rig = Rig::start().await;
    let gzip = (header::ACCEPT_ENCODING, "gzip");
    let answer = bare(&rig, Method::GET, "/api/openapi.json", &[gzip], "").await;
    assert_eq!(answer.headers[header::CONTENT_ENCODING], "gzip");
    assert!(answer.body.starts_with(&[0x1f, 0x8b]));
}

#[tokio::test]
async fn an_address_in_use_is_told_with_its_remedy() {
    let rig = Rig::start().await;
    let mut config = Plan::default().config;
    config.listen = rig.address;
    let error = Hub::start(config, rig.store.clone(), rig.context()).await.expect_err("in use");
    assert!(matches!(error, HubError::AddressInUse { .. }));
    let text = error.to_string();
    assert!(text.contains("in use") && text.contains("hub.listen"), "{text}");
}

#[tokio::test]
async fn endless_heads_are_refused() {
    let rig = Rig::start().await;
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.expect("connects");
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    // The server may close before all is written.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    // The next client is served.
    let request = request(Method::GET, "/healthz").body(Full::default()).expect("a request");
    assert_eq!(send(rig.address, request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let mut plan = Plan::default();
    plan.config.http.request_timeout_s = 1;
    let rig = Rig::of(plan).await;
    let mut stream = tokio::net::TcpStream::connect(rig.address).await.expect("connects");
    let head = format!(
        "POST /api/samples HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: 1000\r\n\r\nslow"
    );
    stream.write_all(head.as_bytes()).await.expect("writes");
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn connections_are_capped_and_the_next_waits_its_turn() {
    let mut plan = Plan::default();
    plan.config.http.connections_max = 8;
    let rig = Rig::of(plan).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        let mut stream = tokio::net::TcpStream::connect(rig.address).await.expect("connects");
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            .await
            .expect("writes");
        stream.read_exact(&mut [0; 12]).await.expect("an answer");
        idle.push(stream);
    }
    let request = || request(Method::GET, "/healthz").body(Full::default()).expect("a request");
    let waits =
        tokio::time::timeout(Duration::from_millis(300), send(rig.address, request())).await;
    assert!(waits.is_err(), "served beyond the cap");
    drop(idle);
    let served = tokio::time::timeout(Duration::from_secs(5), send(rig.address, request())).await;
    assert_eq!(served.expect("its turn").status(), StatusCode::OK);
}
