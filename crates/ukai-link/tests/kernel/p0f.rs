//! What `p0f` takes our systems for, as it listens beside a client of the kernel's.

use super::{CLEAN, beside};
use ukai_netstack::Personality;

fn taken_for(name: &str, personality: Personality) -> String {
    let clients = "\
p0f -i ukai0 -o seen > said 2>&1 &
until grep -q 'Entered main event loop' said; do sleep 0.1; done
curl -sS -m 20 -o /dev/null http://198.18.9.9/
for try in $(seq 100); do
    grep -q 'mod=syn+ack' seen && break
    sleep 0.1
done
kill $!
grep 'mod=syn+ack' seen
";
    beside(name, personality, CLEAN, clients)
}

#[test]
fn p0f_names_linux_3() {
    let said = taken_for("p0f::p0f_names_linux_3", Personality::linux_3());
    assert!(said.contains("|subj=srv|os=Linux 3.x|"), "{said}");
}

#[test]
fn p0f_names_linux_2_6() {
    let said = taken_for("p0f::p0f_names_linux_2_6", Personality::linux_2_6());
    assert!(said.contains("|subj=srv|os=Linux 2.6.x|"), "{said}");
}

#[test]
fn p0f_names_windows() {
    let said = taken_for("p0f::p0f_names_windows", Personality::windows());
    assert!(said.contains("|subj=srv|os=Windows 7 or 8|"), "{said}");
}
