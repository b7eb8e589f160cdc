//! What passes a link, as it is found in files.

use crate::wireshark::{by_tshark, run};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::task::{Context, Waker};
use ukai_link::capture::CaptureReader;
use ukai_link::{Recorder, Recording, Tapped};
use ukai_netstack::{Link, Medium, MemoryLink, memory_pair};

pub(crate) fn recording(folder: &Path) -> Recording {
    Recording {
        folder: folder.to_owned(),
        name: "sensor".to_owned(),
        file_bytes_max: 1 << 20,
        file_seconds_max: 3_600,
        files_max: 5,
        snap_bytes: 100,
    }
}

fn tapped(recorder: &Recorder, name: &str) -> (Tapped<MemoryLink>, MemoryLink) {
    let (near, far) = memory_pair(Medium::Ethernet);
    (recorder.tap(near, name), far)
}

/// Lets a frame through each way.
pub(crate) fn pass((near, far): &mut (Tapped<MemoryLink>, MemoryLink), length: usize) {
    let (frame, mut buffer) = (vec![1; length], vec![0; 2_000]);
    let mut cx = Context::from_waker(Waker::noop());
    far.send(&frame).unwrap();
    assert!(near.poll_receive(&mut cx, &mut buffer).is_ready());
    near.send(&frame).unwrap();
    near.flush().unwrap();
    assert!(far.poll_receive(&mut cx, &mut buffer).is_ready());
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Waits for what another thread does.
pub(crate) fn until(what: impl Fn() -> bool) {
    while !what() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn names_directions_lengths_and_who_may_read() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("captures");
    let recorder = Recorder::start(recording(&folder)).unwrap();
    let (mut first, mut second) = (tapped(&recorder, "eth0"), tapped(&recorder, "eth1"));
    pass(&mut first, 60);
    pass(&mut second, 1_000);
    drop(recorder);
    // The link works on.
    pass(&mut first, 60);
    let found = files(&folder);
    assert_eq!(found.len(), 1, "{found:?}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&found[0])), (0o700, 0o600));
    let file = found[0].to_str().unwrap();
    let fields = ["-e", "frame.interface_name", "-e", "frame.packet_flags_direction"];
    let lengths = ["-e", "frame.len", "-e", "frame.cap_len"];
    let said =
        run("tshark", &[&["-n", "-r", file, "-T", "fields"], &fields[..], &lengths].concat());
    let expected = "eth0\t0x00000001\t60\t60\neth0\t0x00000002\t60\t60\n\
                    eth1\t0x00000001\t1000\t100\neth1\t0x00000002\t1000\t100\n";
    assert_eq!(said, expected);
    let about = run("capinfos", &[file]);
    for line in ["Number of packets:   4", "Number of interfaces in file: 2", "ukai", "nanoseconds"]
    {
        assert!(about.contains(line), "{line}: {about}");
    }
}

#[test]
fn files_are_begun_anew_and_the_oldest_removed() {
    let folder = tempfile::tempdir().unwrap();
    let stays = ["sensor-2-20200101T000000Z-000000.pcapng", "sensor.pcapng", "sensor-note.pcapng"];
    for name in stays {
        std::fs::write(folder.path().join(name), "another's").unwrap();
    }
    // Of an earlier run: it is the oldest.
    let earlier = folder.path().join("sensor-20200101T000000Z-000007.pcapng");
    std::fs::write(&earlier, "").unwrap();
    let limits = Recording { file_bytes_max: 2_000, ..recording(folder.path()) };
    let recorder = Recorder::start(limits).unwrap();
    let mut link = tapped(&recorder, "eth0");
    for round in 1..=100 {
        pass(&mut link, 100);
        until(|| recorder.recorded().frames == round * 2);
    }
    let recorded = recorder.recorded();
    drop(recorder);
    assert_eq!((recorded.dropped, recorded.last_error), (0, None));
    let found = files(folder.path());
    let ours: Vec<_> =
        found.iter().filter(|path| path.metadata().unwrap().len() > 9).cloned().collect();
    assert_eq!((found.len(), ours.len()), (stays.len() + 5, 5), "{found:?}");
    assert!(!earlier.exists());
    // 152 bytes a frame.
    assert!((15..=20).contains(&recorded.files), "{}", recorded.files);
    for file in &ours {
        assert!(file.metadata().unwrap().len() <= 2_100);
        assert!(!by_tshark(file).is_empty());
    }
}

#[test]
fn files_are_begun_anew_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Recording { file_seconds_max: 0, files_max: 100, ..recording(folder.path()) };
    let recorder = Recorder::start(limits).unwrap();
    let mut link = tapped(&recorder, "eth0");
    for round in 1..=3 {
        pass(&mut link, 60);
        until(|| recorder.recorded().frames == round * 2);
    }
    assert!(recorder.recorded().files >= 3);
    drop(recorder);
    assert_eq!(files(folder.path()).iter().map(|file| by_tshark(file).len()).sum::<usize>(), 6);
}

#[test]
fn a_disk_that_takes_nothing_costs_frames_and_not_the_link() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("captures");
    let limits = Recording { file_bytes_max: 400, ..recording(&folder) };
    let recorder = Recorder::start(limits).unwrap();
    std::fs::remove_dir(&folder).unwrap();
    let mut link = tapped(&recorder, "eth0");
    pass(&mut link, 60);
    until(|| recorder.recorded().dropped == 2);
    let recorded = recorder.recorded();
    assert!(recorded.last_error.is_some_and(|error| error.contains("No such file")));
    assert_eq!((recorded.frames, recorded.files), (0, 0));
    std::fs::create_dir(&folder).unwrap();
    // It is tried again after a while; what was lost until then is told.
    let mut passed = 2;
    while recorder.recorded().frames == 0 {
        pass(&mut link, 60);
        passed += 2;
        until(|| {
            let recorded = recorder.recorded();
            recorded.frames + recorded.dropped == passed
        });
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let recorded = recorder.recorded();
    drop(recorder);
    let file = std::fs::read(files(&folder).remove(0)).unwrap();
    let mut reader = CaptureReader::new(&file[..]).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().dropped, recorded.dropped);
}

#[test]
fn names_that_are_paths_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "../x", "a/b", "a\0"] {
        let recording = Recording { name: name.to_owned(), ..recording(folder.path()) };
        assert!(Recorder::start(recording).is_err(), "{name:?}");
    }
}
