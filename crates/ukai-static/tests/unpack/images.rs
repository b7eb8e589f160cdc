//! Images of disks, discs and flash chips, made by the real tools and compared file by file.

use crate::{PAYLOAD, analysis, finds_payload, run};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;
use ukai_model::{Analysis, Sha256, Timestamp};
use ukai_static::{Limits, analyze};

/// Files of several lengths in folders, with a long name among them.
const FILES: &str =
    "mkdir -p root/deep/er; cp payload.sh root; head -c 300000 /bin/bash > root/big;
    seq 1 2000 > root/deep/small; cp payload.sh 'root/deep/er/a name that is long.sh';
    truncate -s 50000 root/holes; cat payload.sh >> root/holes; : > root/empty;";

/// What lies in them: name and content.
const NAMES: [&str; 5] =
    ["payload.sh", "big", "deep/small", "deep/er/a name that is long.sh", "holes"];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("payload.sh"), PAYLOAD).expect("written");
    run(folder.path(), FILES);
    folder
}

fn read(folder: &Path, file: &str) -> Vec<u8> {
    std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every file came out under its name, to the last byte.
fn check(analysis: &Analysis, folder: &Path, container: &str, prefix: &str, what: &str) {
    finds_payload(analysis, what);
    for name in NAMES {
        let content = Sha256::of(&read(folder, &format!("root/{name}")));
        let wanted = format!("{prefix}{name}");
        let found = analysis.members.iter().find(|it| {
            it.container == container
                && it.name.as_ref().is_some_and(|name| name.as_bytes() == wanted.as_bytes())
        });
        let found = found.unwrap_or_else(|| {
            let names: Vec<_> =
                analysis.members.iter().map(|it| (&it.container, &it.name, it.size)).collect();
            panic!("{what}: no {wanted}: {names:?} {:?}", analysis.notes)
        });
        assert_eq!(found.sha256, content, "{what}: {wanted}: {:?}", analysis.notes);
    }
}

fn kind(analysis: &Analysis) -> &str {
    analysis.file_type.as_ref().expect("a type").name.as_str()
}

#[test]
fn discs_with_udf() {
    let folder = folder();
    let path = folder.path();
    run(path, "genisoimage -quiet -udf -o bridge.iso root 2> /dev/null");
    let bridge = read(path, "bridge.iso");
    let analysed = analysis(&bridge);
    assert_eq!(kind(&analysed), "iso9660");
    check(&analysed, path, "udf", "", "a bridge");
    // What both file systems have is listed once.
    let count = analysed.members.iter().filter(|it| it.size == 300_000).count();
    assert_eq!(count, 1, "{:?}", analysed.members);
    // Without ISO 9660: what names UDF moves to the front.
    let mut plain = bridge;
    let at = memchr::memmem::find(&plain, b"\0BEA01").expect("UDF");
    plain.copy_within(at..at + 3 * 2048, 16 * 2048);
    plain[19 * 2048..20 * 2048].fill(0);
    let analysed = analysis(&plain);
    assert_eq!(kind(&analysed), "udf");
    check(&analysed, path, "udf", "", "UDF alone");
}

#[test]
fn disks_of_virtual_machines() {
    let folder = folder();
    let path = folder.path();
    run(
        path,
        "truncate -s 6M fat.img; mformat -i fat.img ::; mcopy -s -i fat.img root/* ::
        truncate -s 40M fat32.img; mformat -F -i fat32.img ::; mcopy -s -i fat32.img root/* ::
        truncate -s 1440K fat12.img; mformat -i fat12.img ::; mcopy -s -i fat12.img root/* ::
        mke2fs -q -t ext4 -d root ext4.img 8M
        mke2fs -q -t ext2 -b 1024 -d root ext2.img 8M
        truncate -s 8M ntfs.img; mkntfs -q -F -f ntfs.img
        ntfscp -f ntfs.img root/payload.sh payload.sh; ntfscp -f ntfs.img root/big big
        ntfscp -f ntfs.img root/holes holes
        # A table of two partitions, and a GPT of one.
        truncate -s 24M mbr.img
        printf 'label: dos\\nstart=2048,size=12288,type=6\\nstart=16384,size=16384,type=83\\n' | sfdisk -q mbr.img
        dd if=fat.img of=mbr.img bs=512 seek=2048 conv=notrunc status=none
        dd if=ext4.img of=mbr.img bs=512 seek=16384 conv=notrunc status=none
        truncate -s 12M gpt.img; printf 'label: gpt\\nstart=2048\\n' | sfdisk -q gpt.img
        dd if=fat.img of=gpt.img bs=512 seek=2048 conv=notrunc status=none
        qemu-img convert -O vpc -o subformat=fixed gpt.img fixed.vhd
        for disk in fat mbr ntfs; do
            qemu-img convert -O vpc -o subformat=dynamic $disk.img $disk.vhd
            qemu-img convert -O vhdx -o subformat=dynamic $disk.img $disk.vhdx
        done",
    );
    for (file, container) in [
        ("fat.img", "disk"),
        ("fat12.img", "disk"),
        ("fat32.img", "disk"),
        ("ext4.img", "disk"),
        ("ext2.img", "disk"),
        ("fat.vhd", "vhd"),
        ("fat.vhdx", "vhdx"),
        ("gpt.img", "disk"),
        ("fixed.vhd", "vhd"),
    ] {
        let analysed = analysis(&read(path, file));
        check(&analysed, path, container, "", file);
    }
    for (file, container) in [("mbr.img", "disk"), ("mbr.vhd", "vhd"), ("mbr.vhdx", "vhdx")] {
        let analysed = analysis(&read(path, file));
        check(&analysed, path, container, "0/", file);
        check(&analysed, path, container, "1/", file);
    }
    for (file, container) in [("ntfs.img", "disk"), ("ntfs.vhd", "vhd"), ("ntfs.vhdx", "vhdx")] {
        let analysed = analysis(&read(path, file));
        for name in ["payload.sh", "big", "holes"] {
            let hash = Sha256::of(&read(path, &format!("root/{name}")));
            let found = analysed.members.iter().find(|it| {
                it.name.as_ref().is_some_and(|found| found.as_bytes() == name.as_bytes())
            });
            let found = found.unwrap_or_else(|| panic!("{file}: {:?}", analysed.notes));
            assert_eq!(
                (found.sha256, found.container.as_str()),
                (hash, container),
                "{file}: {name}"
            );
        }
    }
    // One that another disk is below of says so.
    run(path, "cp fat.vhd child.vhd");
    let mut child = read(path, "child.vhd");
    let end = child.len() - 512;
    for at in [0, end] {
        child[at + 60..at + 64].copy_from_slice(&4u32.to_be_bytes());
    }
    let analysed = analysis(&child);
    assert!(analysed.notes.iter().any(|it| it.contains("another image")), "{:?}", analysed.notes);
}

#[test]
fn flash_of_routers() {
    let folder = folder();
    let path = folder.path();
    run(
        path,
        "mkfs.cramfs -N little root little.cramfs; mkfs.cramfs -N big root big.cramfs
        for end in l b; do
            mkfs.jffs2 -$end -r root -o zlib-$end.jffs2 -e 64
            mkfs.jffs2 -$end -r root -o rtime-$end.jffs2 -e 64 -X rtime -x zlib
            mkfs.jffs2 -$end -n -r root -o plain-$end.jffs2 -e 64 -m none
        done
        for method in zlib none zstd lzo; do
            mkfs.ubifs -r root -m 2048 -e 126976 -c 200 -x $method -o $method.ubifs
            printf '[v]\\nmode=ubi\\nimage=%s\\nvol_id=0\\nvol_size=20MiB\\nvol_type=dynamic\\nvol_name=rootfs\\n' $method.ubifs > ubi.ini
            ubinize -o $method.ubi -m 2048 -p 128KiB ubi.ini
        done
        printf '[v]\\nmode=ubi\\nimage=payload.sh\\nvol_id=3\\nvol_size=1MiB\\nvol_type=static\\nvol_name=script\\n' > ubi.ini
        ubinize -o static.ubi -m 1 -p 64KiB ubi.ini
        head -c 1000 /dev/urandom > firmware.bin; cat little.cramfs >> firmware.bin
        head -c 1000 /dev/urandom > flash.bin; cat zlib-b.jffs2 >> flash.bin",
    );
    for file in ["little.cramfs", "big.cramfs"] {
        let analysed = analysis(&read(path, file));
        assert_eq!(kind(&analysed), "cramfs");
        check(&analysed, path, "cramfs", "", file);
    }
    for file in ["zlib-l", "zlib-b", "rtime-l", "rtime-b", "plain-l", "plain-b"] {
        let analysed = analysis(&read(path, &format!("{file}.jffs2")));
        assert_eq!(kind(&analysed), "jffs2");
        check(&analysed, path, "jffs2", "", file);
    }
    for file in ["zlib", "none", "zstd", "lzo"] {
        let analysed = analysis(&read(path, &format!("{file}.ubifs")));
        assert_eq!(kind(&analysed), "ubifs");
        check(&analysed, path, "ubifs", "", file);
        let analysed = analysis(&read(path, &format!("{file}.ubi")));
        assert_eq!(kind(&analysed), "ubi");
        let volume = analysed.members.iter().find(|it| it.container == "ubi").expect("a volume");
        assert_eq!(volume.name.as_ref().expect("a name").as_bytes(), b"rootfs");
        check(&analysed, path, "ubifs", "", file);
    }
    let analysed = analysis(&read(path, "static.ubi"));
    finds_payload(&analysed, "a static volume");
    for file in ["firmware.bin", "flash.bin"] {
        finds_payload(&analysis(&read(path, file)), file);
    }
}

/// Small images of all kinds, to be broken.
static IMAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("payload.sh"), PAYLOAD).expect("written");
    run(
        folder.path(),
        "mkdir -p root/deep; cp payload.sh root; seq 1 3000 > root/deep/small
        genisoimage -quiet -udf -o 1 root 2> /dev/null
        truncate -s 360K 2; mformat -f 360 -i 2 ::; mcopy -s -i 2 root/* ::
        mke2fs -q -t ext4 -d root 3 1M
        truncate -s 1100K 4; mkntfs -q -F -f 4; ntfscp -f 4 root/payload.sh payload.sh
        qemu-img convert -O vpc -o subformat=dynamic 2 5; qemu-img convert -O vhdx 2 6
        mkfs.cramfs root 7; mkfs.jffs2 -r root -o 8 -e 8
        mkfs.ubifs -r root -m 512 -e 15360 -c 100 -x zlib -o 9
        printf '[v]\\nmode=ubi\\nimage=9\\nvol_id=0\\nvol_size=1MiB\\nvol_type=dynamic\\nvol_name=r\\n' > ubi.ini
        ubinize -o 10 -m 512 -p 16KiB ubi.ini",
    );
    (1..=10).map(|name| read(folder.path(), &name.to_string())).collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Where images say what they are, most bytes matter; few other ones do.
    #[test]
    fn broken_images(
        which in 0..10_usize,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = IMAGES[which].clone();
        // Bytes that are not zero are the ones that something reads.
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for (at, value) in flips {
            bytes[used[at.index(used.len())]] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = Limits { unpacked_bytes: 1 << 20, member_bytes: 1 << 18, ..Limits::default() };
        let analysis = analyze(&bytes, Timestamp::from_secs(1), &limits, &mut |_| ());
        prop_assert!(analysis.members.iter().map(|it| it.size).sum::<u64>() <= 1 << 20);
    }
}

/// Files that claim to be larger than anything cost nothing.
#[test]
fn bombs_are_cut() {
    let folder = folder();
    let path = folder.path();
    run(
        path,
        "rm -r root; mkdir root; truncate -s 200M root/zeros; cp payload.sh root
        mkfs.cramfs root a.cramfs 2> /dev/null || true
        mkfs.ubifs -r root -m 2048 -e 126976 -c 3000 -x zlib -o a.ubifs
        mke2fs -q -t ext4 -d root a.ext4 300M; qemu-img convert -O vhdx a.ext4 a.vhdx
        mkfs.jffs2 -r root -o a.jffs2 -e 64",
    );
    for file in ["a.ubifs", "a.vhdx", "a.jffs2"] {
        let analysed = analysis(&read(path, file));
        let most = Limits::default().member_bytes as u64;
        assert!(analysed.members.iter().all(|it| it.size <= most), "{file}");
        assert!(
            analysed.notes.iter().any(|it| it.contains("limit")),
            "{file}: {:?}",
            analysed.notes
        );
        finds_payload(&analysed, file);
    }
}
