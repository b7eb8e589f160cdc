//! PostgreSQL 15 of Debian 12 beside ours: raw dialogues, and `psql`.

use super::characters;
use super::real::Real;
use crate::support::program::Ukai;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A cluster as Debian's `pg_createcluster` makes it: SCRAM for whoever comes by TCP, and TLS
/// with the snakeoil certificate.
const SCRIPT: &str = "
chown postgres .
exec setpriv --reuid=postgres --regid=postgres --init-groups sh -ec '
export PATH=/usr/lib/postgresql/15/bin:$PATH LC_ALL=C.UTF-8
initdb -D data -A scram-sha-256 --auth-local=peer -E UTF8 --pwfile=password >/dev/null
cat settings >> data/postgresql.conf
exec postgres -D data
'
";

fn start() -> Real {
    Real::start(
        |folder, [port]| {
            let write = |name: &str, text: &str| {
                std::fs::write(folder.join(name), text).expect("the settings can be written");
            };
            write("password", "postgres\n");
            write(
                "settings",
                &format!(
                    "listen_addresses = '127.0.0.1'\nport = {port}\n\
                     unix_socket_directories = '{}'\nssl = on\n\
                     ssl_cert_file = '/etc/ssl/certs/ssl-cert-snakeoil.pem'\n\
                     ssl_key_file = '/etc/ssl/private/ssl-cert-snakeoil.key'\n\
                     cluster_name = '15/main'\nlog_line_prefix = '%m [%p] %q%u@%d '\n",
                    folder.display()
                ),
            );
        },
        SCRIPT,
    )
}

/// What the client does next.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// Sends these bytes.
    Say(&'a [u8]),
    /// Answers the challenge for this password.
    Prove(&'a [u8]),
    /// Answers it in these words; `NONCE` stands for the nonce.
    Last(&'a str),
}
use Step::{Last, Prove, Say};

/// A message with its kind and length.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

fn packet(version: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).expect("a short packet");
    [&length.to_be_bytes()[..], &version.to_be_bytes(), body].concat()
}

fn startup(settings: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in settings {
        let _ = write!(body, "{name}\0{value}\0");
    }
    body.push('\0');
    packet(3 << 16, body.as_bytes())
}

fn first(mechanism: &str, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).expect("a short text");
    let body = [mechanism.as_bytes(), b"\0", &length.to_be_bytes(), text.as_bytes()];
    message(b'p', &body.concat())
}

fn query(text: &str) -> Vec<u8> {
    message(b'Q', &[text.as_bytes(), b"\0"].concat())
}

fn parse(name: &str, text: &str) -> Vec<u8> {
    message(b'P', format!("{name}\0{text}\0\0\0").as_bytes())
}

fn bind(portal: &str, name: &str) -> Vec<u8> {
    message(b'B', format!("{portal}\0{name}\0\0\0\0\0\0\0").as_bytes())
}

fn execute() -> Vec<u8> {
    message(b'E', &[0; 5])
}

fn describe(what: &str) -> Vec<u8> {
    message(b'D', format!("{what}\0").as_bytes())
}

fn sync() -> Vec<u8> {
    message(b'S', b"")
}

const CLIENT_FIRST: &str = "n=,r=abcdefghijklmnopqrstuvwx";

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// The server's challenge, in the last thing that it said.
fn challenge(heard: &str) -> String {
    heard.split("\0\0\0\u{b}").last().expect("a challenge").to_owned()
}

fn nonce(challenge: &str) -> String {
    challenge.split(',').next().unwrap_or_default().replacen("r=", "", 1)
}

fn proof(password: &[u8], challenge: &str) -> Vec<u8> {
    let salt = challenge.split(',').find_map(|field| field.strip_prefix("s="));
    let salt = STANDARD.decode(salt.unwrap_or_default()).expect("base64");
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt, 4_096, &mut salted);
    let key = hmac(&salted, b"Client Key");
    let last = format!("c=biws,r={}", nonce(challenge));
    let signed = format!("{CLIENT_FIRST},{challenge},{last}");
    let signature = hmac(&Sha256::digest(key), signed.as_bytes());
    let proof: Vec<u8> = key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
    message(b'p', format!("{last},p={}", STANDARD.encode(proof)).as_bytes())
}

/// Whether the server waits for the client now: it is ready, it asks for a proof or for rows,
/// or it has answered a request for encryption.
fn waits(heard: &[u8]) -> bool {
    let mut rest = heard;
    if heard == b"N" || heard == b"G" {
        return true;
    }
    while let Some(length) = rest.get(1..).and_then(|rest| rest.first_chunk()) {
        let length = u32::from_be_bytes(*length) as usize;
        let asks = matches!(rest, [b'R', _, _, _, _, 0, 0, 0, 10 | 11, ..]);
        match rest.get(1 + length..) {
            Some([]) => return asks || b"ZG".contains(&rest[0]),
            Some(after) => rest = after,
            None => return false,
        }
    }
    false
}

/// Hears the answer up to where the server waits; how long that takes is no matter.
fn hear(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while !waits(&heard) {
        match stream.read(&mut buffer) {
            Ok(0) => return characters(&heard) + "[closed]",
            Ok(count) => heard.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                return characters(&heard) + "[closed]";
            }
            Err(error) => panic!("{error} behind {:?}", characters(&heard)),
        }
    }
    characters(&heard)
}

/// Has a dialogue. Behind the last step the client says no more, so that a server that still
/// waits hangs up.
fn hold(address: SocketAddr, steps: &[Step<'_>]) -> Vec<String> {
    let mut stream = TcpStream::connect(address).expect("a server listens");
    let longest = Some(Duration::from_mins(2));
    stream.set_read_timeout(longest).expect("a socket option");
    let mut answers: Vec<String> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let last = answers.last().map(String::as_str).unwrap_or_default();
        if last.ends_with("[closed]") {
            break;
        }
        let said = match step {
            Say(bytes) => bytes.to_vec(),
            Prove(password) => proof(password, &challenge(last)),
            Last(text) => message(b'p', text.replace("NONCE", &nonce(&challenge(last))).as_bytes()),
        };
        let _ = stream.write_all(&said);
        if number + 1 == steps.len() {
            let _ = stream.shutdown(Shutdown::Write);
        }
        answers.push(hear(&mut stream));
    }
    answers
}

/// An answer as it is compared: messages one by one, without what differs between servers.
fn plain(heard: &str) -> String {
    let bytes: Vec<u8> =
        heard.chars().map(|c| u8::try_from(u32::from(c)).expect("a byte")).collect();
    let mut told = String::new();
    let mut rest = bytes.as_slice();
    while let Some(length) = rest.get(1..).and_then(|rest| rest.first_chunk()) {
        let length = u32::from_be_bytes(*length) as usize;
        let Some(body) = rest.get(5..(1 + length).max(5)) else { break };
        let shown = match (rest[0], body) {
            (b'R', [0, 0, 0, 11, text @ ..]) if !text.is_empty() => {
                let text = characters(text);
                let fields: Vec<&str> = text.split(',').collect();
                format!("challenge of {} and {}, {}", fields[0].len(), fields[1].len(), fields[2])
            }
            (b'R', [0, 0, 0, 12, text @ ..]) => format!("verdict of {}", text.len()),
            (b'K', body) => format!("key of {}", body.len()),
            (b'T', body) => columns(body),
            (_, body) => body.escape_ascii().to_string(),
        };
        let _ = writeln!(told, "{} {shown}", char::from(rest[0]));
        rest = &rest[1 + length..];
    }
    let _ = write!(told, "{}", rest.escape_ascii());
    told
}

/// The numbers of the client's own tables are the server's to choose.
fn columns(body: &[u8]) -> String {
    let mut told = String::new();
    let mut rest = &body[2..];
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let (name, fields) = (&rest[..end], &rest[end + 1..end + 19]);
        let table = u32::from_be_bytes([fields[0], fields[1], fields[2], fields[3]]);
        let table = if table < 16_384 { table.to_string() } else { "own".to_owned() };
        let _ = write!(told, "{} {table} {:?}; ", name.escape_ascii(), &fields[4..]);
        rest = &rest[end + 19..];
    }
    told
}

fn compare(real: SocketAddr, ours: SocketAddr, dialogues: &[Vec<Step<'_>>]) {
    let held = std::thread::scope(|scope| {
        let all = |address| {
            scope.spawn(move || {
                let held = dialogues.iter().map(|steps| hold(address, steps));
                held.map(|answers| answers.iter().map(|answer| plain(answer)).collect()).collect()
            })
        };
        [all(real), all(ours)]
            .map(|thread| -> Vec<Vec<String>> { thread.join().expect("no panic") })
    });
    let mut differences = String::new();
    for ((steps, real), ours) in dialogues.iter().zip(&held[0]).zip(&held[1]) {
        for (number, step) in steps.iter().enumerate() {
            let (real, ours) = (real.get(number), ours.get(number));
            if real != ours {
                let said = match step {
                    Say(bytes) | Prove(bytes) => bytes.escape_ascii().to_string(),
                    Last(text) => (*text).to_owned(),
                };
                let _ = writeln!(differences, "> {said}\n  real {real:?}\n  ours {ours:?}");
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn log_ins_are_those_of_postgresql() {
    let (real, ukai) = (start(), Ukai::start());
    let user = startup(&[("user", "postgres")]);
    let nobody = startup(&[("user", "nosuchuser"), ("database", "postgres")]);
    let challenge = first("SCRAM-SHA-256", &format!("n,,{CLIENT_FIRST}"));
    let packets: Vec<Vec<u8>> = vec![
        packet(80_877_104, b""),
        packet(80_877_102, &[0, 0, 0, 1, 0, 0, 0, 2]),
        packet(80_877_102, b""),
        packet(3 << 16, b""),
        packet(3 << 16, b"\0"),
        packet(3 << 16, b"user\0x\0"),
        packet(3 << 16, b"user\0x\0database\0"),
        packet(2 << 16, b"user\0x\0\0"),
        packet((3 << 16) + 1, b"user\0x\0\0"),
        packet((3 << 16) + 2, b"user\0x\0_pq_.one\x001\0_pq_.two\x002\0\0"),
        packet(4 << 16, b"user\0x\0\0"),
        packet(0x1234_5678, b"abcd"),
        startup(&[("user", "")]),
        startup(&[("user", "x"), ("replication", "maybe")]),
        startup(&[("user", "x"), ("replication", "true")]),
        b"GET / HTTP/1.0\r\n\r\n".to_vec(),
        b"\0\0\0\x07abc".to_vec(),
        b"\0\0\x27\x15abc".to_vec(),
        b"\r\n\r\n".to_vec(),
        b"\x16\0\0\0".to_vec(),
        // A ClientHello that nobody asked for.
        b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03"
            .iter()
            .chain(&[7; 32])
            .copied()
            .chain(*b"\0\0\x04\x13\x01\x00\xff\x01\0")
            .collect(),
        b"\x16\x03\x01\x00".to_vec(),
    ];
    let gss = packet(80_877_104, b"");
    let answers: Vec<Vec<u8>> = vec![
        query("select 1"),
        message(b'p', b""),
        message(b'p', b"FOO\0\0\0\0\0"),
        message(b'p', b"md5abcdef\0"),
        message(b'p', b"SCRAM-SHA-256\0\0\0\0\x09n,,"),
        message(b'p', b"SCRAM-SHA-256\0\0\0\0\x01n,,"),
        message(b'p', b"SCRAM-SHA-256\0\0"),
        message(b'p', &[b'a'; 2_000]),
        first("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"),
    ];
    let firsts: Vec<Vec<u8>> = [
        "n,,n=,r=abc",
        "",
        "x",
        "n",
        "nx",
        "n,",
        "n,,",
        "y,,n=,r=abc",
        "p=tls-unique,,n=,r=abc",
        "n,a=foo,n=,r=abc",
        "n,,m=x,n=,r=abc",
        "n,,x",
        "n,,n",
        "n,,n=",
        "n,,n=,q=1",
        "n,,n=,r=",
        "n,,n=,r=a\u{1}b",
        "n,,n=,r=abc,x=ext",
        "n,,n=,r=abc,foo",
        "n,,n=,r=abc,1=x",
        "n,b,n=,r=abc",
        "n,,n=u,r=abc",
        "n,,n=,r=abc\0d",
    ]
    .iter()
    .map(|text| first("SCRAM-SHA-256", text))
    .collect();
    let wrong = STANDARD.encode([b'a'; 32]);
    let lasts: Vec<String> = [
        "c=biws,r=NONCE,p=PROOF",
        "c=biws,r=NONCE,p=xx",
        "c=biws,r=NONCE",
        "c=biws,r=NONCEx,p=PROOF",
        "c=eSws,r=NONCE,p=PROOF",
        "c=%%,r=NONCE,p=PROOF",
        "",
        "r=NONCE",
        "c=biws",
        "c=biws,p=PROOF",
        "c=biws,r=NONCE,x=y,p=PROOF",
        "c=biws,r=NONCE,p=PROOF,z=1",
        "c=biws,r=NONCE,p=YWE=",
    ]
    .iter()
    .map(|text| text.replace("PROOF", &wrong))
    .collect();
    let deferred = message(b'p', b"SCRAM-SHA-256\0\xff\xff\xff\xff");
    let bare = message(b'p', format!("n,,{CLIENT_FIRST}").as_bytes());
    let mut dialogues: Vec<Vec<Step<'_>>> = packets.iter().map(|bytes| vec![Say(bytes)]).collect();
    dialogues.push(vec![Say(&gss), Say(b"\0\0\0\x05hello")]);
    dialogues.extend(answers.iter().map(|bytes| vec![Say(&user), Say(bytes)]));
    dialogues.extend(firsts.iter().map(|bytes| vec![Say(&user), Say(bytes)]));
    dialogues.extend(lasts.iter().map(|text| vec![Say(&user), Say(&challenge), Last(text)]));
    dialogues.push(vec![Say(&user), Say(&deferred), Say(&bare), Prove(b"postgres")]);
    dialogues.push(vec![Say(&user), Say(&challenge), Prove(b"wrong")]);
    dialogues.push(vec![Say(&nobody), Say(&challenge), Prove(b"postgres")]);
    let settings: Vec<Vec<u8>> = [
        &[("database", "nope")][..],
        &[("application_name", "psql"), ("client_encoding", "UTF8"), ("foo", "bar")],
        &[("client_encoding", "latin1"), ("options", "-c geqo=off"), ("DateStyle", "german")],
        &[("client_encoding", "FOO")],
        &[("database", "template0")],
        &[("options", "--search-path=a -c statement_timeout=10"), ("application_name", "x")],
    ]
    .iter()
    .map(|more| startup(&[&[("user", "postgres"), ("database", "postgres")], *more].concat()))
    .collect();
    dialogues
        .extend(settings.iter().map(|bytes| vec![Say(bytes), Say(&challenge), Prove(b"postgres")]));
    compare(real.address(0), ukai.service("postgresql", "server-debian"), &dialogues);
}

/// Queries, each compared by itself, in one session.
const QUERIES: &[&str] = &[
    "",
    ";",
    "select 1",
    "SELECT version();",
    "select 1; select 2",
    "show server_version",
    "show all_",
    "selct 1",
    "select",
    "select foo",
    "select foo()",
    "select 'a",
    "select \"a",
    "select $$a",
    "/* a",
    "-- hi",
    "select 1 as x, 'b', null, true, 1.5",
    "select current_user, session_user, current_database(), current_schema()",
    "select * from foo",
    "create table t(a text)",
    "create table t(a text)",
    "create table if not exists t(a text)",
    "drop table if exists nope",
    "drop table nope",
    "copy t from program 'echo hi; echo there'",
    "select * from t",
    "select * from t where a like '%er%'",
    "select a as b, 1 from t order by a limit 1",
    "copy t from program 'exit 3'",
    "copy t from program 'nosuchprogram'",
    "copy t from program 'printf \"a\\tb\\n\"'",
    "select count(*) from t",
    "copy t to stdout",
    "truncate t",
    "select * from t",
    "drop table t",
    "create table t2(a text, b int)",
    "copy t2 from program 'echo x'",
    "insert into t2 values ('a', 1), ('b', 2)",
    "insert into t2(a) values ('c')",
    "insert into t2 values (1, 2, 3)",
    "insert into t2(c) values (1)",
    "select * from t2",
    "select b, a from t2 order by b desc limit 2",
    "select c from t2",
    "delete from t2 where a = 'a'",
    "delete from t2",
    "drop table t2",
    "begin",
    "select foo",
    "select 1",
    "commit",
    "begin; select 1",
    "rollback",
    "select 1; select 1/0; select 2",
    "rollback",
    "commit",
    "begin",
    "begin",
    "end",
    "set client_encoding = 'LATIN1'",
    "set client_encoding to utf8",
    "set application_name to foo",
    "reset all",
    "set foo = 'x'",
    "set foo.bar to 'x'",
    "show foo.bar",
    "set port = 1",
    "set server_version = 1",
    "set log_directory = 1",
    "set work_mem = foo",
    "set geqo = foo",
    "set datestyle = 'foo'",
    "insert into foo values(1)",
    "select 1+1, 5/2, 5%2, 7-9, 3*4",
    "select 2147483647+1",
    "select 1 + 'a'",
    "select 'a' || 1, upper('a') || 'b', length('abc'), md5('a'), repeat('ab', 3)",
    "select encode('a'::bytea, 'hex'), decode('YQ==', 'base64')",
    "select chr(65) || chr(66), replace('abc', 'b', 'x'), substr('abcdef', 2, 3)",
    "select decode('zz', 'hex')",
    "select coalesce(null, 'a'), concat('a', 'b')",
    "select 1 = 1, 'a' = 'b', null is null, not true, true and false",
    "select 1 where false",
    "select 1::text, '1'::int, cast(1 as text)",
    "select 'x'::int",
    "select 'x'::foo",
    "select 12345678901, 9223372036854775808, 1.5e3, -1",
    "select E'a\\n\\x41'",
    "select current_setting('server_version_num')",
    "select current_setting('nope')",
    "show server_version_num",
    "show ssl",
    "show password_encryption",
    "show max_connections",
    "show timezone",
    "show transaction isolation level",
    "show search_path",
    "select datname from pg_database",
    "select datname from pg_database where datistemplate = false",
    "select usename from pg_user",
    "select rolname from pg_roles",
    "select usename, passwd is not null from pg_shadow",
    "select pg_is_in_recovery()",
    "select pg_sleep(0)",
    "select pg_read_file('/nope')",
    "select pg_ls_dir('/nope')",
    "select lo_import('/etc/nope')",
    "select lo_unlink(999)",
    "select lo_export(999, '/tmp/x')",
    "copy foo from stdin",
    "copy (select '') to program 'cat >/dev/null'",
    "create extension plpython3u",
    "create extension plpgsql",
    "create function f(text) returns int as '/tmp/nope.so','sys' language c strict",
    "create function f() returns void as $$ x $$ language plpythonu",
    "load '/nope'",
    "alter user nope password 'x'",
    "create user a password 'b'",
    "create user a",
    "drop user a",
    "drop user a",
    "do $$ begin null; end $$",
    "help",
    "\\d",
    "*1",
    "GET / HTTP/1.1",
    "select $1",
    "select 1 from",
    "select 1 2",
    "select (1",
    "select 'a' 'b'",
    "create",
    "create table t",
    "copy x",
    "insert into",
    "drop table",
    "show",
    "set",
    "use mysql",
    "show tables",
    "select %s",
    "select é",
    "select 'é', foo",
    "select 1;selct",
    "select foo.bar",
    "select 1::inet",
    "select 1 where 1",
    "select not 1",
    "select 1 and true",
    "select '\\x1'::bytea",
    "select '\\xzz'::bytea",
    "select '\\8'::bytea",
    "select 'x'::bool",
    "select 'x'::bigint",
    "select '99999999999999999999'::bigint",
    "select '99999999999'::int",
    "select 99999999999::int",
    "select 'x'::oid",
    "select 'a' + 'b'",
    "select 1.5 + 2, 1.5*1.25, 7.0/2, 1/3.0, 10.0 % 3, 1.5 > 1, 1.50 = 1.5",
    "select 1.0/0",
    "select chr(0)",
    "select chr(-1)",
    "execute nope",
    "deallocate nope",
    "fetch 1 from nope",
    "close nope",
    "move 1 in nope",
    "declare c cursor for select 1",
    "savepoint a",
    "release a",
    "rollback to a",
    "lock table pg_class",
    "call nope()",
    "security label on table pg_class is 'x'",
    "import foreign schema a from server b into public",
    "refresh materialized view nope",
    "reindex table nope",
    "cluster nope",
    "alter table nope add column a int",
    "drop database nope",
    "drop database if exists nope",
    "drop schema nope",
    "drop schema if exists nope",
    "drop extension nope",
    "drop view nope",
    "drop view if exists nope",
    "drop index nope",
    "drop sequence nope",
    "drop type nope",
    "drop language nope",
    "drop database postgres",
    "create index on nope(a)",
    "create view v as select * from nope",
    "update nope set a=1",
    "explain select 1",
    "explain select * from nope",
    "create table t3(a text, b int)",
    "update t3 set c=1",
    "update t3 set b=1 where a='x'",
    "explain select * from t3",
    "explain delete from t3",
    "table t3",
    "values (1,'a')",
    "insert into t3 select 'a', 1",
    "insert into t3 default values",
    "insert into t3 values ('q',1) on conflict do nothing",
    "update t3 set b = 7 where a = 'q'",
    "select max(a), min(b), sum(b), count(b) from t3",
    "select a, count(*) from t3",
    "select distinct a from t3 order by a offset 1",
    "create table u3 as select a, b from t3",
    "select * from u3 order by a fetch first 2 rows only",
    "select a.a from t3 a join nope b on true",
    "with x as (select 1) select nspname from nope, x where 1 = 2",
    "select 1 in (1,2), 3 between 1 and 5, 'a' not in ('b'), 1 not between 2 and 3",
    "select case when 1=1 then 'x' else 'y' end, case 1 when 2 then 1 end",
    "select 'a' not like 'b', true is true, null is not true",
    "drop table t3, u3",
    "create sequence s3",
    "create type ty3 as enum ('a')",
    "drop type ty3",
    "drop sequence s3",
    "truncate nope",
    "notify x",
    "prepare p3 as select $1::int + 1",
    "execute p3(2)",
    "execute p3",
    "prepare p3 as select 1",
    "deallocate p3",
    "discard plans",
    "create database a3",
    "create database a3",
    "select datname from pg_database where datname = 'a3'",
    "drop database a3",
    "create schema public",
    "create schema sa3",
    "create schema sa3",
    "drop schema sa3",
    "begin",
    "declare c cursor for select 1",
    "fetch all from c",
    "fetch all from c",
    "close c",
    "savepoint a",
    "select nope",
    "rollback to a",
    "select 1",
    "commit",
    "select * from pg_class where false",
    "select * from pg_stat_activity where false",
    "select table_name, column_name from information_schema.columns where false",
    "select * from pg_database where datname = 'template1' and oid = 1",
    "select nope('x'), 1",
    "select pg_nope()",
    "select foo 'a'",
    "select count(*) from pg_roles where rolsuper",
    "deallocate all",
    "discard all",
    "vacuum",
    "listen x",
    "unlisten *",
];

#[test]
fn queries_are_answered_as_by_postgresql() {
    let (real, ukai) = (start(), Ukai::start());
    let user = startup(&[("user", "postgres"), ("database", "postgres")]);
    let challenge = first("SCRAM-SHA-256", &format!("n,,{CLIENT_FIRST}"));
    let queries: Vec<Vec<u8>> = QUERIES.iter().map(|text| query(text)).collect();
    let inside = [Say(&user), Say(&challenge), Prove(b"postgres")];
    let asked: Vec<Step<'_>> = queries.iter().map(|bytes| Say(bytes)).collect();
    let mut dialogues = vec![[&inside[..], &asked].concat()];
    let with_sync = |messages: &[Vec<u8>]| [messages.concat(), sync()].concat();
    let extended: Vec<Vec<u8>> = vec![
        with_sync(&[parse("", "select version()"), bind("", ""), describe("P"), execute()]),
        with_sync(&[parse("", "select 1"), describe("S")]),
        with_sync(&[parse("", "select $1"), describe("S")]),
        with_sync(&[parse("", "selct"), bind("", ""), execute()]),
        with_sync(&[parse("", "select 1; select 2")]),
        with_sync(&[parse("", ""), bind("", ""), describe("P"), execute()]),
        with_sync(&[parse("s1", "select 1"), parse("s1", "select 1")]),
        with_sync(&[bind("", "zz")]),
        with_sync(&[message(b'E', b"zz\0\0\0\0\0")]),
        with_sync(&[describe("Snope")]),
        with_sync(&[describe("Xnope")]),
        with_sync(&[message(b'C', b"Ss1\0")]),
        with_sync(&[message(b'C', b"Q\0")]),
        with_sync(&[
            parse("", "select 1"),
            message(b'B', b"\0\0\0\0\0\0\0\x01\0\x01"),
            describe("P"),
            execute(),
        ]),
        with_sync(&[
            parse("", "select $1::text"),
            message(b'B', b"\0\0\0\0\0\x01\0\0\0\x03abc\0\0"),
            describe("P"),
            execute(),
        ]),
        with_sync(&[parse("", "select 1"), message(b'B', b"\0\0\0\0\0\x01\0\0\0\x03abc\0\0")]),
        with_sync(&[parse("", "create table zz(a text)"), bind("", ""), describe("P"), execute()]),
        with_sync(&[parse("", "copy zz from program 'echo a'"), bind("", ""), execute()]),
        with_sync(&[parse("", "begin"), bind("", ""), execute()]),
        with_sync(&[parse("", "drop table zz"), bind("", ""), execute()]),
        with_sync(&[parse("", "selct")]),
        with_sync(&[parse("", "select 1")]),
        with_sync(&[parse("", "rollback"), bind("", ""), execute()]),
        with_sync(&[parse("", "drop table zz"), bind("", ""), execute()]),
        message(b'S', b"a"),
        [message(b'P', b"aa"), sync()].concat(),
        message(b'Q', b"x"),
        message(b'Q', b"select 1\0x"),
    ];
    dialogues
        .push([&inside[..], &extended.iter().map(|bytes| Say(bytes)).collect::<Vec<_>>()].concat());
    let ends: Vec<Vec<u8>> = vec![
        message(b'X', b""),
        message(b'X', b"hello"),
        message(b'p', b"x"),
        b"z\0\0\0\x04".to_vec(),
        b"Q\0\0\0\x03".to_vec(),
        b"Q\x7f\xff\xff\xff".to_vec(),
        b"S\0\x01\0\0".to_vec(),
        b"GET / HTTP/1.0\r\n\r\n".to_vec(),
        b"\0\0\0\0\0".to_vec(),
    ];
    dialogues.extend(ends.iter().map(|bytes| [&inside[..], &[Say(bytes)]].concat()));
    compare(real.address(0), ukai.service("postgresql", "server-debian"), &dialogues);
}

/// What `psql` shows, run on a server.
fn psql(address: SocketAddr, user: &str, password: &str, arguments: &[&str]) -> String {
    let output = Command::new("psql")
        .args(["-h", "127.0.0.1", "-X", "-U", user, "-d", "postgres"])
        .args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()])
        .args(arguments)
        .env("PGPASSWORD", password)
        .env("PGCONNECT_TIMEOUT", "20")
        .output()
        .expect("psql runs (Debian's postgresql-client-15)");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).replace(&address.port().to_string(), "PORT");
    text.replace(&address.ip().to_string(), "ADDRESS")
}

#[test]
fn psql_shows_the_same_of_both() {
    let (real, ukai) = (start(), Ukai::start());
    let ours = ukai.service("postgresql", "server-debian");
    let run = "create table loot(cmd_output text); copy loot from program 'echo got; echo in'; \
               select * from loot; drop table loot;";
    let tries: [(&str, &str, &[&str]); 8] = [
        ("postgres", "wrong", &["-c", "select 1"]),
        ("admin", "admin", &["-c", "select 1"]),
        ("postgres", "postgres", &["-c", "select version()", "-c", "show server_version"]),
        ("postgres", "postgres", &["-c", run]),
        ("postgres", "postgres", &["-c", "\\conninfo", "-c", "selct"]),
        ("postgres", "postgres", &["-At", "-c", "select datname from pg_database"]),
        ("postgres", "postgres", &["-c", "\\set VERBOSITY verbose", "-c", "select nope"]),
        ("postgres", "postgres", &["-c", "\\l", "-c", "\\dt", "-c", "\\dn+ nope"]),
    ];
    for mode in ["disable", "prefer", "require"] {
        for (user, password, arguments) in tries {
            let arguments = [arguments, &["-v", "ON_ERROR_STOP=0"]].concat();
            let shown = [real.address(0), ours].map(|address| {
                let at = format!("sslmode={mode} dbname=postgres");
                psql(address, user, password, &[&arguments[..], &["-d", &at]].concat())
            });
            assert_eq!(shown[1], shown[0], "{mode} {user} {arguments:?}");
        }
    }
}
