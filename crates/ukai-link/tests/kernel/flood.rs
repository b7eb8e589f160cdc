//! A SYN flood over a device, as fast as a scanner makes it, beside sessions of the kernel's
//! clients.

use crate::{CLEAN, beside};
use ukai_netstack::Personality;

/// Memory that the whole process may have taken at most, in KiB: it has no part that grows
/// with SYNs.
const PEAK_KIB_MAX: u64 = 128 * 1_024;

/// Fifty sessions say something in turn, before the flood, during it and after it.
const CLIENTS: &str = r#"
cat > sessions.py <<'END'
import os, socket, sys
streams = []
for number in range(50):
    stream = socket.create_connection((f"198.18.1.{number}", 7), timeout=60)
    streams.append(stream)
open("open", "w").close()
rounds = after = 0
while after < 3:
    after += os.path.exists("over")
    for number, stream in enumerate(streams):
        said = f"round {rounds} of session {number}. ".encode() * 20
        stream.sendall(said)
        heard = b""
        while len(heard) < len(said) and (part := stream.recv(4096)):
            heard += part
        if heard != said:
            sys.exit(f"{heard} instead of {said}")
    rounds += 1
print("all is well")
END
python3 sessions.py &
while ! [ -e open ]; do sleep 0.1; done
timeout 3 masscan -p 7,9,19,80 198.18.0.0/15 --rate 1000000 --wait 0 \
    --adapter-ip 203.0.113.1 --interface ukai0 -oL found >/dev/null 2>&1 || [ $? = 124 ]
touch over
wait $!
"#;

#[test]
fn a_flood_leaves_sessions_working_and_memory_flat() {
    let name = "flood::a_flood_leaves_sessions_working_and_memory_flat";
    let said = beside(name, Personality::linux(), CLEAN, CLIENTS);
    assert_eq!(said, "all is well\n");
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|text| text.trim().split(' ').next()?.parse::<u64>().ok());
    println!("{peak:?} KiB at most");
    assert!(peak.is_some_and(|peak| peak < PEAK_KIB_MAX), "{peak:?}");
}
