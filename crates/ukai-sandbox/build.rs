//! Builds the guest's agent: a static program of its own, outside of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const TARGET: &str = "x86_64-unknown-linux-gnu";

fn main() {
    // Of this build, not of the one that this script was compiled in: target folders are copied.
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo gives it");
    let root = Path::new(&own).join("../..");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo gives it"));
    for part in ["guest", "crates/ukai-trace/src", "crates/ukai-trace/Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", root.join(part).display());
    }
    let target = out.join("agent-target");
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo gives it"));
    // What the outer build is told (lints, wrappers, flags) is not meant for it.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_") && text != "CARGO_HOME"
            || text.starts_with("RUSTC_")
            || text.ends_with("RUSTFLAGS")
        {
            cargo.env_remove(&name);
        }
    }
    let status = cargo
        .args(["build", "--release", "--locked", "--quiet", "--target", TARGET])
        .arg("--manifest-path")
        .arg(root.join("guest/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        // Paths of this computer are no part of it.
        .env(
            "RUSTFLAGS",
            format!("-C target-feature=+crt-static --remap-path-prefix={}=/", root.display()),
        )
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the guest's agent cannot be built for {TARGET}");
    fs::copy(target.join(TARGET).join("release/ukai-guest"), out.join("agent"))
        .expect("the agent is there");
}
