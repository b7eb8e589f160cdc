//! Programs that compilers made: a next version is found by its code, a stranger is not.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use ukai_model::{Hashes, Sha256, Timestamp};
use ukai_static::{AlikeIndex, Limits, analyze};

/// Compilers, with the Debian packages that have them.
const COMPILERS: [(&str, &str); 6] = [
    ("gcc", "gcc"),
    ("arm-linux-gnueabi-gcc", "gcc-arm-linux-gnueabi"),
    ("mips-linux-gnu-gcc", "gcc-mips-linux-gnu"),
    ("mipsel-linux-gnu-gcc", "gcc-mipsel-linux-gnu"),
    ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
    ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686"),
];

struct Random(u32);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % end
    }
}

/// A function whose statements come from `shape`, its numbers and text from `data`.
fn function(out: &mut String, number: u32, shape: u32, data: u32) {
    let (mut shape, mut data) = (Random(shape.wrapping_mul(77) + 5), Random(data));
    let _ = writeln!(out, "int f{number}(int a, int *p) {{ int b = {};", data.below(9_999));
    for _ in 0..6 + shape.below(8) {
        let value = 300 + data.below(9_000);
        let _ = match shape.below(7) {
            0 => writeln!(out, "for (int i = 0; i < {value}; i++) b += p[i] ^ a;"),
            1 => writeln!(out, "if (a > {value}) b = b * a + {value}; else p[{value}] = b;"),
            2 => writeln!(out, "while (b > a) {{ b -= {value}; p[b & 7]++; }}"),
            3 => writeln!(out, "b = (b << 3) ^ (unsigned)a >> 5;"),
            4 if number > 0 => writeln!(out, "b += f{}(b, p);", shape.below(number)),
            5 => writeln!(
                out,
                "switch (a & 3) {{ case 0: b++; break; case 1: b = p[{value}]; break; default: a -= b; }}"
            ),
            _ => writeln!(out, "p[{value}] = a | b; a += p[b & 15] * b;"),
        };
    }
    out.push_str("return a + b; }\n");
}

/// Sixty functions; every `changed`th is another one than the seed has. In every fourth, the numbers
/// come from `data`.
fn program(seed: u32, data: u32, changed: u32) -> String {
    let mut source = String::new();
    for number in 0..60 {
        let own = if changed > 0 && number % changed == 1 { 9_000 } else { 0 };
        let data = if number % 4 == 0 { data } else { 0 };
        function(&mut source, number, seed * 1_000 + number + own, data + number);
    }
    let _ = writeln!(source, "const char text{data}[] = \"of version {data}\";");
    source.push_str("static int m[20000]; void _start(void) { f59(1, m); for (;;); }\n");
    // What compilers for Windows call of their own accord.
    source.push_str("void __main(void) {} int mainCRTStartup(void) { _start(); return 0; }\n");
    source
}

fn hash(folder: &Path, compiler: (&str, &str), source: &str) -> (Sha256, Hashes) {
    let (file, made) = (folder.join("a.c"), folder.join("a"));
    std::fs::write(&file, source).expect("a file");
    let output = Command::new(compiler.0)
        .args(["-O2", "-s", "-w", "-nostdlib", "-fno-stack-protector", "-o"])
        .args([&made, &file])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error} (Debian: {})", compiler.0, compiler.1));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = if made.exists() { made } else { folder.join("a.exe") };
    let bytes = std::fs::read(&made).expect("a program");
    std::fs::remove_file(made).expect("a file");
    let analysis = analyze(&bytes, Timestamp::default(), &Limits::default(), &mut |_| ());
    let hashes = analysis.hashes.expect("hashes");
    // What only the code tells.
    (Sha256::of(&bytes), Hashes { tlsh: None, ..hashes })
}

#[test]
fn a_next_version_is_found_and_a_stranger_is_not() {
    for compiler in COMPILERS {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |seed, data, changed| hash(folder.path(), compiler, &program(seed, data, changed));
        let (name, first) = of(1, 1, 0);
        // Numbers are other ones; then a tenth of the functions is, too.
        let (rebuilt, second) = of(1, 500, 0);
        let (next, third) = of(1, 900, 10);
        let (stranger, other) = of(2, 1, 0);
        let mut index = AlikeIndex::default();
        for (name, hash) in [(name, &first), (rebuilt, &second), (next, &third), (stranger, &other)]
        {
            assert!(index.add(name, hash));
        }
        let found = index.nearest(&first, 9);
        let percent = |sha256| {
            let one = found.iter().find(|it| it.sha256 == sha256);
            one.and_then(|it| it.code)
        };
        let all = [name, rebuilt, next, stranger].map(percent);
        println!("{}: {all:?}", compiler.0);
        assert!(all[0] == Some(100) && all[1] > all[2], "{}: {all:?}", compiler.0);
        // Of the same few kinds of statements, a stranger has something in common, too.
        let next = all[2].unwrap_or(0);
        assert!(next >= all[3].unwrap_or(30) + 20, "{}: {all:?}", compiler.0);
    }
}
