//! A program that osslsigncode signed contacts what stands in it, not what stands in its certificate.

use crate::{REFERENCES, find};
use std::path::Path;
use std::process::Command;
use ukai_model::Timestamp;
use ukai_static::Limits;

const SCRIPT: &str = r"
cat > request.cnf <<'END'
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = Example Code Signing
[extensions]
extendedKeyUsage = codeSigning
crlDistributionPoints = URI:http://crl.authority.example/lists/code.crl
authorityInfoAccess = caIssuers;URI:http://issuer.authority.example/code.crt, OCSP;URI:http://ocsp.authority.example
certificatePolicies = @policy
[policy]
policyIdentifier = 1.3.6.1.4.1.99999.1
CPS.1 = https://policy.authority.example/cps/LONG
END
sed -i s/LONG/$(printf 'x%.0s' $(seq 150))/ request.cnf
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 30 -config request.cnf 2> /dev/null
osslsigncode sign -certs certificate.pem -key key.pem -n Example -i https://vendor.authority.example/ \
    -in plain.exe -out signed.exe > /dev/null
";

#[test]
fn urls_of_certificates_are_not_contacted() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut programs = Vec::new();
    let is_exe = |path: &Path| path.file_name().is_some_and(|name| name == "cli-64.exe");
    find(Path::new(REFERENCES), &is_exe, &mut programs);
    let mut program = std::fs::read(&programs[0]).expect("pip brings programs for Windows");
    // A text of the program's, in place of one that nobody needs.
    let at = program.windows(39).position(|it| it == b"This program cannot be run in DOS mode.");
    let at = at.expect("a program for Windows");
    program[at..at + 33].copy_from_slice(b"http://cnc.signed.example/a\0\0\0\0\0\0");
    std::fs::write(folder.path().join("plain.exe"), program).expect("written");
    let made = Command::new("bash")
        .args(["-ec", SCRIPT])
        .current_dir(folder.path())
        .output()
        .expect("bash");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let signed = std::fs::read(folder.path().join("signed.exe")).expect("signed");
    let text = String::from_utf8_lossy(&signed);
    for host in ["crl", "issuer", "ocsp", "policy", "vendor"] {
        assert!(text.contains(&format!("{host}.authority.example")), "{host} is in the signature");
    }
    let analysis =
        ukai_static::analyze(&signed, Timestamp::default(), &Limits::default(), &mut |_| ());
    assert!(analysis.pe.expect("a program").signed);
    let values: Vec<_> =
        analysis.observables.iter().map(|it| it.observable.value.as_str()).collect();
    assert!(values.contains(&"http://cnc.signed.example/a"), "{values:?}");
    assert!(!values.iter().any(|it| it.contains("authority.example")), "{values:?}");
}
