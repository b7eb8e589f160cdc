//! Network namespaces of the tests' own: nothing leaves them.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Runs the test again in a network namespace of its own, unless it is in there.
pub(crate) fn in_own_network(test: &str) {
    in_own(&["--net"], test);
}

/// The same, with mounts of its own besides.
pub(crate) fn in_own_world(test: &str) {
    in_own(&["--net", "--mount"], test);
}

fn in_own(what: &[&str], test: &str) {
    const INSIDE: &str = "UKAI_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_none() {
        let mut again = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            again.arg("--map-root-user");
        }
        let program = std::env::current_exe().expect("this program has a path");
        let only = [test, "--exact", "--include-ignored", "--nocapture"];
        again.args(what).arg(program).args(only).env(INSIDE, "1");
        panic!("unshare (util-linux) is needed: {}", again.exec());
    }
    sh("ip link set lo up");
}

/// Runs a shell script that must succeed; gives what it prints.
pub(crate) fn sh(script: &str) -> String {
    let output = Command::new("sh").args(["-ec", script]).output().expect("sh runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{printed}\n{errors}");
    printed
}
