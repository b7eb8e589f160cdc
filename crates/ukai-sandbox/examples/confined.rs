//! A program that is started by the tests as the process that confines QEMU.

use std::process::ExitCode;

fn main() -> ExitCode {
    ukai_sandbox::machine::confined()
}
