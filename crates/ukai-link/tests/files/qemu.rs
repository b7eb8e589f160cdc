//! A machine that does not keep to the rules of QEMU's sockets.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use ukai_link::limits::{QEMU_FRAME_BYTES_MAX, QEMU_WAITING_BYTES_MAX};
use ukai_link::{QemuDatagram, QemuListener, QemuStream};
use ukai_netstack::Link;

async fn next(link: &mut impl Link) -> std::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 70_000];
    let length = std::future::poll_fn(|cx| link.poll_receive(cx, &mut buffer)).await?;
    Ok(buffer[..length].to_vec())
}

#[tokio::test]
async fn frames_before_broken_framing_count_and_then_the_link_ends() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut link = QemuStream::from_std(ours).unwrap();
    theirs.write_all(&[0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0]).unwrap();
    assert_eq!(next(&mut link).await.unwrap(), [1, 2, 3]);
    assert!(next(&mut link).await.unwrap().is_empty());
    theirs.write_all(&(QEMU_FRAME_BYTES_MAX as u32 + 1).to_be_bytes()).unwrap();
    let error = next(&mut link).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    // It stays so.
    assert!(next(&mut link).await.is_err());
}

#[tokio::test]
async fn a_machine_that_goes_is_the_end() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut link = QemuStream::from_std(ours).unwrap();
    // In the middle of a frame.
    theirs.write_all(&[0, 0, 0, 9, 1]).unwrap();
    drop(theirs);
    assert_eq!(next(&mut link).await.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn what_a_machine_does_not_take_is_bounded_and_its_framing_stays_whole() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut link = QemuStream::from_std(ours).unwrap();
    let frame = vec![7; 1_500];
    let offered = 4 * QEMU_WAITING_BYTES_MAX / frame.len();
    for _ in 0..offered {
        link.send(&frame).unwrap();
    }
    link.send(&vec![7; QEMU_FRAME_BYTES_MAX + 1]).unwrap();
    link.flush().unwrap();
    let lost = link.lost() as usize;
    assert!(lost > offered / 2 && lost < offered, "{lost} of {offered}");
    // Then it takes them, one by one, while nothing comes from it.
    let reader = std::thread::spawn(move || {
        for _ in 0..=offered - lost {
            let mut frame = [0; 4 + 1_500];
            theirs.read_exact(&mut frame).unwrap();
            assert_eq!(
                (&frame[..4], frame[4..] == [7; 1_500]),
                (&1_500_u32.to_be_bytes()[..], true)
            );
        }
        theirs.write_all(&[0, 0, 0, 1, 42]).unwrap();
        theirs
    });
    assert_eq!(next(&mut link).await.unwrap(), [42]);
    drop(reader.join().unwrap());
}

#[tokio::test]
async fn datagrams_wait_for_a_machine_that_is_slow() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut link = QemuDatagram::from_std(ours).unwrap();
    for number in 0..200_u8 {
        link.send(&[number; 60]).unwrap();
    }
    link.flush().unwrap();
    let reader = std::thread::spawn(move || {
        for number in 0..200_u8 {
            let mut frame = [0; 100];
            assert_eq!(theirs.recv(&mut frame).unwrap(), 60);
            assert_eq!(frame[..60], [number; 60]);
        }
        theirs.send(&[42]).unwrap();
        theirs
    });
    assert_eq!(next(&mut link).await.unwrap(), [42]);
    assert_eq!(link.lost(), 0);
    drop(reader.join().unwrap());
    // Nobody will ever take it.
    assert!(link.send(&[1]).is_err());
}

#[tokio::test]
async fn a_machine_that_is_not_there_yet_costs_frames_only() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let mut link = QemuDatagram::bind(&ours, &theirs).unwrap();
    link.send(&[1; 60]).unwrap();
    let machine = UnixDatagram::bind(&theirs).unwrap();
    machine.send_to(&[2; 60], &ours).unwrap();
    assert_eq!(next(&mut link).await.unwrap(), [2; 60]);
    link.send(&[3; 60]).unwrap();
    let mut frame = [0; 100];
    assert_eq!((machine.recv(&mut frame).unwrap(), frame[0]), (60, 3));
    assert_eq!(link.lost(), 1);
    // Another takes its name.
    drop(machine);
    link.send(&[4; 60]).unwrap();
    std::fs::remove_file(&theirs).unwrap();
    let machine = UnixDatagram::bind(&theirs).unwrap();
    link.send(&[5; 60]).unwrap();
    assert_eq!((machine.recv(&mut frame).unwrap(), frame[0]), (60, 5));
    assert_eq!(link.lost(), 2);
}

#[tokio::test]
async fn sockets_are_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (stream, datagrams) = (folder.path().join("stream"), folder.path().join("datagrams"));
    let listener = QemuListener::bind(&stream).unwrap();
    let link = QemuDatagram::bind(&datagrams, &stream).unwrap();
    for path in [&stream, &datagrams] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop((listener, link));
    assert!(!stream.exists() && !datagrams.exists());
}
