//! Copies of one guest.

use crate::guest::{PATIENCE, confiner, open, ordinary_confiner, says};
use ukai_sandbox::machine::{Machine as _, Method};

#[tokio::test]
async fn copies_begin_alike_and_know_nothing_of_each_other() {
    let guest = open(confiner()).await;
    // The favourite works here; the other is for hosts where it does not.
    assert_eq!(guest.method(), Method::SharedMemory);
    let mut first = guest.start(PATIENCE).await.expect("a copy");
    assert_eq!(says(&mut first, "echo mine > /file; cat /file").await, "mine\n");
    let mut second = guest.start(PATIENCE).await.expect("a copy");
    let seen = says(&mut second, "cat /file || echo nothing").await;
    assert!(seen.ends_with("nothing\n"), "{seen}");
    assert_eq!(says(&mut first, "cat /file").await, "mine\n");
    first.end().await;
    second.end().await;
}

#[tokio::test]
async fn an_ordinary_user_may_run_them_too() {
    let guest = open(ordinary_confiner()).await;
    let mut running = guest.start(PATIENCE).await.expect("a copy");
    assert_eq!(says(&mut running, "id -u").await, "0\n");
    running.end().await;
}

#[tokio::test]
async fn the_guest_sees_no_word_of_a_virtual_machine_where_samples_look() {
    let guest = open(confiner()).await;
    let mut running = guest.start(PATIENCE).await.expect("a copy");
    let line = "cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/bios_vendor; \
        grep -c hypervisor /proc/cpuinfo; grep -m1 'model name' /proc/cpuinfo";
    let seen = says(&mut running, line).await;
    assert_eq!(seen, "LENOVO\nLENOVO\n0\nmodel name\t: Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz\n");
    running.end().await;
}
