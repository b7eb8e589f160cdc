//! All the others: shells, databases, brokers, proxies, peers, and ports that nobody knows.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::in_own_world;

#[test]
fn shells_databases_and_brokers_let_everybody_in() {
    in_own_world("internet::others::shells_databases_and_brokers_let_everybody_in");
    let internet = VirtualInternet::start("");
    let id = client(
        &internet,
        "sshpass -p whatever ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
         -o LogLevel=ERROR whoever@jump.example.org id",
    );
    assert!(id.starts_with("uid="), "{id}");
    assert_eq!(client(&internet, "redis-cli -h cache.example.org ping").trim(), "PONG");
    let version = client(
        &internet,
        "mysql --skip-ssl -h db.example.org -u any -pthing -N -e 'select version()' 2>/dev/null",
    );
    assert!(version.contains("MariaDB"), "{version}");
    client(
        &internet,
        "mosquitto_pub -h broker.example.org -u dev -P ice -t up/1 -m alive
         mosquitto_sub -h broker.example.org -u dev -P ice -t 'cmd/#' -W 2 2>/dev/null || [ $? = 27 ]",
    );
    internet.events("service.request", |asked| {
        let has = |word: &str| {
            asked.iter().any(|event| {
                event["protocol"] == "mqtt"
                    && event["request"]
                        .as_str()
                        .is_some_and(|request| request.eq_ignore_ascii_case(word))
            })
        };
        has("publish") && has("subscribe")
    });
    internet.events("login.attempt", |tries| {
        ["ssh", "mysql", "mqtt"].iter().all(|protocol| {
            tries.iter().any(|one| one["protocol"] == *protocol && one["success"] == true)
        })
    });
}

#[test]
fn any_port_answers_in_whichever_order() {
    in_own_world("internet::others::any_port_answers_in_whichever_order");
    let internet = VirtualInternet::start("greeting_after_ms = 500");
    let hello = client(
        &internet,
        &format!(
            "openssl s_client -connect hidden.example.org:40123 -servername hidden.example.org \
             -CAfile {} -verify_return_error </dev/null 2>&1",
            internet.ca()
        ),
    );
    assert!(hello.contains("Verify return code: 0"), "{hello}");
    let page = client(
        &internet,
        "curl -sS -m 20 -o /dev/null -w '%{http_code}' http://hidden.example.org:41234/",
    );
    assert_eq!(page, "200");
    let greeted = client(&internet, "sleep 3 | nc -q 1 hidden.example.org 42345");
    assert!(greeted.starts_with("220 "), "{greeted}");
    // Mail on a port of its own, by a client that waits for the greeting.
    client(
        &internet,
        "swaks --server hidden.example.org --port 43456 --to a@b.example --timeout 20 --body x",
    );
    client(&internet, "printf '\\001\\002beacon-of-nobody' | nc -q 1 hidden.example.org 44567");
    client(&internet, "printf 'beacon-by-datagram' | nc -u -q 1 hidden.example.org 45678");
    client(
        &internet,
        "curl -sS -m 20 -o /dev/null --socks5-hostname proxy.example.org:1080 http://behind.example.org/x",
    );
    let payloads = internet.events("payload.first", |all| all.len() >= 2);
    for expected in ["\\x01\\x02beacon-of-nobody", "beacon-by-datagram"] {
        assert!(payloads.iter().any(|one| one["payload"] == expected), "{expected}: {payloads:?}");
    }
    internet.events("tunnel.request", |all| {
        all.iter().any(|one| one["host"] == "behind.example.org" && one["port"] == 80)
    });
    let told = internet.events("destination", |all| all.len() >= 5);
    assert!(told.iter().any(|one| one["name"] == "hidden.example.org"), "{told:?}");
}

#[test]
fn peers_and_trackers_are_found() {
    in_own_world("internet::others::peers_and_trackers_are_found");
    let internet = VirtualInternet::start("");
    client(
        &internet,
        "timeout 25 aria2c --enable-dht=true --dht-entry-point=router.bittorrent.example:6881 \
         --dht-file-path=dht.dat --bt-metadata-only=true --bt-stop-timeout=12 --seed-time=0 -d . \
         'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&tr=udp%3A%2F%2Ftracker.example%3A6969%2Fannounce' \
         >aria.log 2>&1 || true",
    );
    internet.events("service.request", |asked| {
        let has = |word: &str| {
            asked.iter().any(|event| {
                event["protocol"].as_str().is_some_and(|name| name.contains("bittorrent"))
                    && event["request"].as_str().is_some_and(|request| request.contains(word))
            })
        };
        has("get_peers")
    });
}
