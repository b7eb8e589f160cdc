//! Disks that real tools make and change, and what is told of them.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use ukai_disk::{Cached, Source, Window, compare, volumes};
use ukai_trace::{Notice, Reason, What};

struct Image(File);

impl Source for Image {
    fn size(&self) -> u64 {
        self.0.metadata().expect("a size").len()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).expect("small");
        buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
        Ok(())
    }
}

fn window(path: &Path) -> Window {
    Window::whole(Cached::new(Box::new(Image(File::open(path).expect("an image")))))
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What is different, as far as it is of files.
fn told(
    before: &Path,
    after: &Path,
    quiet: &[&str],
    own: Option<&str>,
) -> (Vec<What>, Vec<String>) {
    let mut found = Vec::new();
    let quiet: BTreeSet<Vec<u8>> = quiet.iter().map(|path| path.as_bytes().to_vec()).collect();
    let own = own.map(str::as_bytes);
    let mut tell = |notice: &Notice| found.push(notice.what.clone());
    let notes = compare(&window(before), &window(after), 0, &quiet, own, &mut tell);
    (found, notes)
}

fn file(found: &[What], wanted: &str) -> Option<(Reason, Vec<u8>)> {
    let mut all = None;
    for what in found {
        if let What::File { path, reason, bytes, .. } = what
            && path == wanted.as_bytes()
        {
            all.get_or_insert((*reason, Vec::new())).1.extend_from_slice(bytes);
        }
    }
    all
}

/// A disk with a table and ext4 in its second megabyte.
fn ext4(folder: &Path) -> PathBuf {
    let (disk, root) = (folder.join("before"), folder.join("root"));
    for name in ["etc", "root", "var/log"] {
        fs::create_dir_all(root.join(name)).expect("a folder");
    }
    fs::write(root.join("etc/motd"), "hello\n").expect("a file");
    fs::write(root.join("root/notes"), "some\n").expect("a file");
    fs::write(root.join("var/log/syslog"), "one\n").expect("a file");
    File::create(&disk).expect("a file").set_len(24 << 20).expect("a size");
    let mut table = Command::new("sfdisk");
    let script = folder.join("table");
    fs::write(&script, "label: dos\nstart=2048, type=83\n").expect("a file");
    run(table.arg("-q").arg(&disk).stdin(File::open(script).expect("open")));
    let mut make = Command::new("mkfs.ext4");
    run(make.args(["-q", "-F", "-E", "offset=1048576", "-d"]).arg(&root).arg(&disk).arg("20m"));
    disk
}

fn debugfs(disk: &Path, commands: &[String]) {
    for command in commands {
        let place = format!("{}?offset=1048576", disk.display());
        run(Command::new("debugfs").args(["-w", "-R", command]).arg(place));
    }
}

#[test]
fn what_was_made_written_and_deleted_on_ext4_is_told_with_its_contents() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = ext4(folder.path());
    let after = folder.path().join("after");
    fs::copy(&before, &after).expect("a copy");
    let source = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    let dropped: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    let (bot, motd) = (source("bot", &dropped), source("motd", b"owned by\n"));
    let log = source("log", b"one\ntwo\n");
    debugfs(
        &after,
        &[
            "mkdir /root/.hidden".to_owned(),
            format!("write {bot} /root/.hidden/bot"),
            "rm /etc/motd".to_owned(),
            format!("write {motd} /etc/motd"),
            "rm /root/notes".to_owned(),
            "rm /var/log/syslog".to_owned(),
            format!("write {log} /var/log/syslog"),
        ],
    );
    let (found, notes) = told(&before, &after, &["/var/log/syslog"], Some("/root/sample"));
    assert_eq!(notes, Vec::<String>::new());
    let paths = |of: fn(&What) -> Option<&Vec<u8>>| -> Vec<String> {
        found.iter().filter_map(of).map(|path| String::from_utf8_lossy(path).into_owned()).collect()
    };
    let made = paths(|what| if let What::Create { path } = what { Some(path) } else { None });
    assert_eq!(made, ["/root/.hidden/bot"]);
    let folders = paths(|what| if let What::Folder { path } = what { Some(path) } else { None });
    assert_eq!(folders, ["/root/.hidden"]);
    let deleted = paths(|what| if let What::Delete { path } = what { Some(path) } else { None });
    // The sample is not where it was put.
    assert_eq!(deleted, ["/root/notes", "/root/sample"]);
    let mut written =
        paths(|what| if let What::Write { path, .. } = what { Some(path) } else { None });
    written.sort();
    assert_eq!(written, ["/etc/motd", "/root/.hidden/bot"]);
    assert_eq!(file(&found, "/root/.hidden/bot"), Some((Reason::Dropped, dropped)));
    assert_eq!(file(&found, "/etc/motd"), Some((Reason::Changed, b"owned by\n".to_vec())));
    // The same disk twice.
    assert_eq!(told(&after, &after, &[], None), (Vec::new(), Vec::new()));
}

/// Whoever overwrites the table does not hide what else he did.
#[test]
fn a_table_that_was_overwritten_hides_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = ext4(folder.path());
    let after = folder.path().join("after");
    fs::copy(&before, &after).expect("a copy");
    debugfs(&after, &["mkdir /root/.hidden".to_owned()]);
    let disk = File::options().write(true).open(&after).expect("a disk");
    // Nothing, and a partition that begins where the disk does.
    let mut strange = [0; 66];
    (strange[4], strange[12]) = (0x83, 1);
    strange[64..].copy_from_slice(&[0x55, 0xaa]);
    for table in [[0; 66], strange] {
        disk.write_all_at(&table, 446).expect("written");
        let (found, notes) = told(&before, &after, &[], None);
        assert_eq!(found, [What::Folder { path: b"/root/.hidden".to_vec() }]);
        assert_eq!(notes, ["the disk's table no longer has what begins at byte 1048576"]);
    }
}

#[test]
fn what_was_made_on_ntfs_is_told_with_its_contents() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    File::create(&before).expect("a file").set_len(16 << 20).expect("a size");
    run(Command::new("mkntfs").args(["-F", "-Q", "-q", "-s", "512"]).arg(&before));
    let copy = |disk: &Path, name: &str, bytes: &[u8]| {
        let path = folder.path().join("source");
        fs::write(&path, bytes).expect("a file");
        run(Command::new("ntfscp").args(["-q", "-f"]).arg(disk).arg(&path).arg(name));
    };
    copy(&before, "kept.txt", b"this was here");
    copy(&before, "noise.log", b"one");
    fs::copy(&before, &after).expect("a copy");
    let dropped = vec![0x5a; 300_000];
    copy(&after, "dropped.exe", &dropped);
    copy(&after, "noise.log", b"one and two");
    let (found, notes) = told(&before, &after, &["D:\\noise.log"], None);
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(file(&found, "D:\\dropped.exe"), Some((Reason::Dropped, dropped)));
    let others = found.iter().filter(|what| match what {
        What::Create { path } | What::Write { path, .. } | What::File { path, .. } => {
            path != b"D:\\dropped.exe"
        }
        _ => true,
    });
    assert_eq!(others.count(), 0, "{found:?}");
    assert_eq!(told(&after, &after, &[], None), (Vec::new(), Vec::new()));
}

#[test]
fn a_disk_without_what_is_read_here_is_told_as_such() {
    let bytes = || Window::whole(Cached::new(Box::new(Bytes(vec![0; 1 << 20]))));
    let notes = compare(&bytes(), &bytes(), 0, &BTreeSet::new(), None, &mut |_| {});
    assert_eq!(notes, ["no NTFS and no ext4 on the disk: files were not compared"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tables_of_any_bytes_lead_to_volumes_within_the_disk(
        table in proptest::collection::vec(any::<u8>(), 66),
        header in proptest::collection::vec(any::<u8>(), 92),
        signed in any::<bool>(),
    ) {
        let mut disk = vec![0; 200_000];
        disk[446..512].copy_from_slice(&table);
        disk[512..604].copy_from_slice(&header);
        disk[1024 + 56..1024 + 58].copy_from_slice(&[0x53, 0xef]);
        if signed {
            disk[510..512].copy_from_slice(&[0x55, 0xaa]);
            disk[512..520].copy_from_slice(b"EFI PART");
        }
        let whole = Window::whole(Cached::new(Box::new(Bytes(disk))));
        for volume in volumes(&whole) {
            prop_assert!(volume.start + volume.window.length() <= 200_000);
        }
    }
}
