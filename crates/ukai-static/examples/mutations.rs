//! Changed files of this system and changed archives of the real tools, each analysed in a
//! jailed child with 2 s of processor time and 256 MiB: what the worst of them do.
//!
//! `cargo run --release -p ukai-static --example mutations [COUNT [SEED]]`; 20,000 by default.
//! It fails if the parent notices anything but an ordinary end within the limits, or gets no
//! report of a file. Files that did not end well are kept in the temporary folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use ukai_jail::{Jail, JailLimits, JailOutcome};
use ukai_model::{Analysis, Outcome, Sha256, Timestamp};
use ukai_static::{Limits, analyze_with, interrupted, line};
use ukai_yara::{RuleSet, Rules, States};

const LIMITS: JailLimits =
    JailLimits { wall_ms: 30_000, cpu_s: 2, memory_bytes: 256 << 20, output_bytes: 16 << 20 };
/// The word under which the program is its own child.
const CHILD: &str = "child";
/// Length of a file that is changed, in bytes.
const FILE_BYTES_MAX: usize = 400_000;
/// Files of the system that are changed.
const FILES: usize = 400;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some(CHILD) {
        return child();
    }
    let count = first.and_then(|it| it.parse().ok()).unwrap_or(20_000);
    let seed = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(1);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let report = runtime.block_on(run(count, seed));
    report.print();
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn child() -> ExitCode {
    let (rules, _) = Rules::compile(vec![RuleSet::shipped()], States::default());
    if let Err(error) = ukai_jail::enter() {
        eprintln!("{error}");
        return ExitCode::from(2);
    }
    let mut bytes = Vec::new();
    if std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).is_err() {
        return ExitCode::FAILURE;
    }
    let now = Timestamp::from(SystemTime::now());
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    analyze_with(&bytes, now, &Limits::default(), Some(&rules), &mut |stage| {
        if written.is_ok() {
            written = std::io::Write::write_all(&mut out, &line(stage.so_far));
        }
    });
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What came of all.
#[derive(Default)]
struct Report {
    files: usize,
    types: BTreeMap<String, usize>,
    complete: usize,
    /// Analyses that a limit or a crash cut short, by reason.
    partial: BTreeMap<String, usize>,
    /// Files of which nothing is known, with their reasons.
    lost: BTreeMap<String, usize>,
    /// How long each took, in microseconds.
    took: Vec<u64>,
    elapsed: Duration,
}

impl Report {
    fn is_good(&self) -> bool {
        let ordinary =
            |reason: &String| reason.contains("limit of") && !reason.contains("memory limit");
        self.lost.is_empty() && self.partial.keys().all(ordinary)
    }

    fn print(&self) {
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize] as f64 / 1e3;
        println!(
            "{} changed files in {:.0} s: {} complete, {} cut short, {} without a report",
            self.files,
            self.elapsed.as_secs_f64(),
            self.complete,
            self.partial.values().sum::<usize>(),
            self.lost.values().sum::<usize>()
        );
        println!(
            "ms each, isolation included: median {:.1}, 99 of 100 {:.0}, longest {:.0}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
        println!("{} types:", self.types.len());
        let list: Vec<String> =
            self.types.iter().map(|(name, count)| format!("{name} {count}")).collect();
        println!("  {}", list.join(", "));
        for (what, reasons) in [("cut short", &self.partial), ("no report", &self.lost)] {
            for (reason, count) in reasons {
                println!("{what}: {count} x {reason}");
            }
        }
    }

    fn add(&mut self, outcome: &JailOutcome, took: Duration) -> bool {
        self.files += 1;
        self.took.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let (output, reason) = match outcome {
            JailOutcome::Done(output) => (output.as_slice(), None),
            JailOutcome::Partial { output, reason }
            | JailOutcome::Interrupted { output, reason } => {
                (output.as_slice(), Some(reason.clone()))
            }
            JailOutcome::Failed { reason } => (&[][..], Some(reason.clone())),
        };
        let found: Option<Analysis> = interrupted(output, None);
        let Some(analysis) = found else {
            *self.lost.entry(reason.unwrap_or_else(|| "nothing said".to_owned())).or_default() += 1;
            return false;
        };
        let name = analysis.file_type.map_or_else(|| "?".to_owned(), |it| it.name);
        *self.types.entry(name).or_default() += 1;
        match (reason, analysis.outcome) {
            (None, Outcome::Complete) => {
                self.complete += 1;
                return true;
            }
            (Some(reason), Outcome::Partial { reason: during }) => {
                *self.partial.entry(format!("{reason} {during}")).or_default() += 1;
            }
            (reason, outcome) => {
                let words = format!("{} after {}", reason.unwrap_or_default(), outcome.name());
                *self.partial.entry(words).or_default() += 1;
            }
        }
        false
    }
}

async fn run(count: usize, seed: u64) -> Report {
    let folder = std::env::temp_dir().join(format!("ukai-mutations-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let originals = Arc::new(originals(&folder));
    println!("{} files and archives, {count} changes from seed {seed}", originals.len());
    let jail = Jail::this_program([CHILD], LIMITS);
    let jail = Arc::new(Jail { warm: true, ..jail });
    let next = Arc::new(AtomicUsize::new(0));
    let report = Arc::new(std::sync::Mutex::new(Report::default()));
    let kept = std::env::temp_dir().join("ukai-mutations-kept");
    let started = Instant::now();
    let workers: Vec<_> = (0..std::thread::available_parallelism().map_or(1, usize::from))
        .map(|_| {
            let (originals, jail, next, report, kept) =
                (originals.clone(), jail.clone(), next.clone(), report.clone(), kept.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let changed = mutation(&originals, seed, number as u64);
                    let begun = Instant::now();
                    let outcome = jail.run(&changed).await;
                    let good = report.lock().expect("no panic").add(&outcome, begun.elapsed());
                    if !good {
                        let _ = std::fs::create_dir_all(&kept);
                        let _ = std::fs::write(
                            kept.join(Sha256::of(&changed).to_string()),
                            neutered(&changed),
                        );
                    }
                    if number > 0 && number.is_multiple_of(2000) {
                        println!("{number} done, {:.0} s", started.elapsed().as_secs_f64());
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("the parent does not panic");
    }
    let _ = std::fs::remove_dir_all(&folder);
    let mut report = std::mem::take(&mut *report.lock().expect("no panic"));
    report.elapsed = started.elapsed();
    report
}

/// Changed programs are not left on the disk as they are.
fn neutered(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ 0xff).collect()
}

/// Programs, scripts, documents and libraries of the system, and archives of some of them.
fn originals(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for place in [
        "/usr/bin",
        "/usr/sbin",
        "/etc",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/share/doc/perl",
        "/usr/share/perl5",
        "/usr/lib/python3.11",
        "/usr/lib/python3/dist-packages/pip/_vendor/distlib",
        "/usr/share/python-wheels",
        "/usr/share/pixmaps",
        "/usr/share/fonts",
        "/boot",
    ] {
        let Ok(entries) = std::fs::read_dir(place) else { continue };
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        found.retain(|path| path.is_file());
        found.sort();
        let step = (found.len() / 60).max(1);
        paths.extend(found.into_iter().step_by(step));
    }
    paths.truncate(FILES);
    let read = |path: &PathBuf| {
        let mut bytes = std::fs::read(path).ok()?;
        bytes.truncate(FILE_BYTES_MAX);
        (bytes.len() > 16).then_some(bytes)
    };
    let mut files: Vec<Vec<u8>> = paths.iter().filter_map(read).collect();
    files.extend(archives(folder));
    assert!(files.len() > 200, "too few files on this system: {}", files.len());
    files
}

/// Archives of every kind that the system's tools make.
fn archives(folder: &Path) -> Vec<Vec<u8>> {
    let script = r#"
        head -c 40000 /bin/ls > a; printf '#!/bin/sh\nwget http://dl.example/x\n' > b.sh
        seq 1 3000 > c; mkdir -p d/e; cp a b.sh c d/e; mkdir out
        zip -qr out/a.zip a b.sh d; zip -qr -P infected out/p.zip a b.sh; zip -q -Z bzip2 out/b.zip c b.sh
        for m in LZMA PPMd Deflate64; do 7zz a -tzip -mm=$m out/$m.zip a c > /dev/null; done
        7zz a -pinfected -mhe=on out/e.7z a c > /dev/null
        for m in LZMA LZMA2 PPMd BZip2 Deflate; do 7zz a -m0=$m out/$m.7z a c b.sh > /dev/null; done
        tar cf out/a.tar a b.sh d; tar czf out/a.tgz d; tar cJf out/a.txz d; tar --format=pax -cjf out/a.tbz d
        gzip -c c > out/c.gz; xz -c a > out/a.xz; zstd -q -c a > out/a.zst; lzip -c a > out/a.lz
        xz --format=lzma -c a > out/a.lzma; bzip2 -c c > out/c.bz2
        for f in newc odc bin; do printf 'a\nc\nb.sh\n' | cpio --quiet -o -H $f > out/$f.cpio; done
        ar qc out/a.ar a c; gcab -c -z out/z.cab a c > /dev/null; gcab -c out/p.cab a c > /dev/null
        genisoimage -quiet -J -R -o out/j.iso d 2> /dev/null
        for m in 1 3 4; do arj a -y -i -m$m out/m$m.arj a b.sh c > /dev/null; done
        for m in gzip xz zstd lzma; do mksquashfs d out/$m.sqfs -comp $m -quiet -no-progress > /dev/null; done
        uuencode b.sh x < b.sh > out/b.uu; uuencode -m a x < a > out/a.b64
        mkdir -p deb/DEBIAN deb/usr; cp b.sh a deb/usr
        printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@y.example>\nDescription: x\n' > deb/DEBIAN/control
        dpkg-deb -Zxz -b deb out/a.deb > /dev/null
        printf 'From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n' > out/mail.eml
        base64 out/a.zip >> out/mail.eml; printf -- '--q--\n' >> out/mail.eml
        printf '%%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/OpenAction 2 0 R>>\nstream\n' > out/a.pdf
        zlib-flate -compress < c >> out/a.pdf 2> /dev/null || gzip -c c | tail -c +11 >> out/a.pdf
        printf '\nendstream\nendobj\n' >> out/a.pdf
        printf '{\\rtf1{\\object{\\*\\objdata 0105000002000000080000005061636b616765000000000000000000%s}}}' "$(head -c 3000 a | od -An -tx1 | tr -d ' \n')" > out/a.rtf
        printf '$a = "%s"\nInvoke-Expression $a\n' "$(head -c 9000 a | base64 -w0)" > out/a.ps1
    "#;
    let made = Command::new("bash").args(["-ec", script]).current_dir(folder).output();
    let made = made.expect("bash is installed");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "tools/setup.sh test installs the archivers: {said}");
    let entries = std::fs::read_dir(folder.join("out")).expect("made").flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let bytes: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("made")).collect();
    // Each several times: half of the changes are of archives.
    std::iter::repeat_n(bytes, 6).flatten().collect()
}

/// The same for the same seed and number.
fn mutation(originals: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let mut dice =
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95));
    let mut bytes = originals[dice.below(originals.len())].clone();
    for _ in 0..=dice.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = dice.below(bytes.len());
        // Headers are where most numbers stand.
        let near = dice.below(bytes.len().min(600));
        match dice.below(9) {
            0 => (0..=dice.below(30)).for_each(|_| {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }),
            1 => (0..=dice.below(12)).for_each(|_| {
                let at = dice.below(bytes.len().min(600));
                bytes[at] = dice.next() as u8;
            }),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(..near)),
            4 => {
                // Numbers that break sums and products.
                let worst = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff];
                let number: u32 = worst[dice.below(worst.len())];
                let end = bytes.len().min(near + 4);
                let number = number.to_le_bytes();
                bytes[near..end].copy_from_slice(&number[..end - near]);
            }
            5 => {
                let end = bytes.len().min(at + dice.below(5000));
                let part = bytes[at..end].to_vec();
                let place = dice.below(bytes.len());
                bytes.splice(place..place, part);
            }
            6 => {
                let end = bytes.len().min(at + dice.below(2000));
                let byte = [0, 0xff, b'A', dice.next() as u8][dice.below(4)];
                bytes[at..end].fill(byte);
            }
            7 => {
                let other = &originals[dice.below(originals.len())];
                let from = dice.below(other.len());
                bytes.extend(&other[from..other.len().min(from + 60_000)]);
            }
            _ => {
                let other = &originals[dice.below(originals.len())];
                let length = other.len().min(bytes.len() - at).min(dice.below(4000));
                bytes[at..at + length].copy_from_slice(&other[..length]);
            }
        }
    }
    bytes
}

/// A generator of no quality but speed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}
