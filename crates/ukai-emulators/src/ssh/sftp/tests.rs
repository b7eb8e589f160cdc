//! The answers are those of the real `sftp-server`: the same requests go to both.

use super::Sftp;
use super::wire::{Put, Reader, frame};
use crate::limits::{SFTP_ANSWER_BYTES, SFTP_READ_BYTES};
use proptest::prelude::*;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use ukai_model::Timestamp;
use ukai_persona::Persona;
use ukai_shell::Fs;

/// Where `openssh-sftp-server` puts it.
const REAL: &str = "/usr/lib/openssh/sftp-server";

fn emulated() -> Sftp {
    let persona = Persona::named("server-debian").expect("a built-in persona");
    let host = Arc::new(persona.host([192, 0, 2, 10].into(), [7; 32]));
    Sftp::new(Fs::new(&host), host, b"root")
}

/// A request's packet.
fn packet(kind: u8, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    frame(&mut out, |out| {
        out.push(kind);
        write(out);
    });
    out
}

/// A conversation in which request `n` has the number `n`.
#[derive(Default)]
struct Script {
    packets: Vec<u8>,
    names: Vec<String>,
}

impl Script {
    fn ask(&mut self, name: &str, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
        let id = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.packets.extend(packet(kind, |out| {
            out.put_u32(id);
            write(out);
        }));
    }

    fn paths(&mut self, name: &str, kind: u8, paths: &[&str]) {
        self.ask(name, kind, |out| paths.iter().for_each(|path| out.put_string(path.as_bytes())));
    }

    fn with_mode(&mut self, name: &str, kind: u8, path: &str, mode: u32) {
        self.ask(name, kind, |out| {
            out.put_string(path.as_bytes());
            out.put_u32(4);
            out.put_u32(mode);
        });
    }

    fn open(&mut self, name: &str, path: &str, flags: u32) {
        self.ask(name, 3, |out| {
            out.put_string(path.as_bytes());
            out.put_u32(flags);
            out.put_u32(0);
        });
    }

    fn handle(&mut self, name: &str, kind: u8, handle: u32, write: impl FnOnce(&mut Vec<u8>)) {
        self.ask(name, kind, |out| {
            out.put_string(&handle.to_be_bytes());
            write(out);
        });
    }

    fn extension(&mut self, extension: &str, strings: &[&str]) {
        self.ask(extension, 200, |out| {
            out.put_string(extension.as_bytes());
            for text in strings {
                out.put_string(text.as_bytes());
            }
        });
    }
}

fn conversation() -> Script {
    let mut s = Script { packets: packet(1, |out| out.put_u32(3)), names: vec!["init".into()] };
    s.with_mode("mkdir", 14, "w", 0o755);
    s.with_mode("mkdir of what is there", 14, "w", 0o755);
    s.with_mode("mkdir without parent", 14, "none/w", 0o755);
    s.open("open to write", "w/f", 2 | 8 | 16);
    s.handle("write", 6, 0, |out| {
        out.put_u64(0);
        out.put_string(b"hello, world\n");
    });
    s.handle("write behind the end", 6, 0, |out| {
        out.put_u64(20);
        out.put_string(b"x");
    });
    s.handle("read what is open to write", 5, 0, |out| {
        out.put_u64(0);
        out.put_u32(10);
    });
    s.handle("fstat", 8, 0, |_| {});
    s.handle("fsetstat", 10, 0, |out| {
        out.put_u32(1 | 4);
        out.put_u64(13);
        out.put_u32(0o600);
    });
    s.handle("close", 4, 0, |_| {});
    s.handle("close again", 4, 0, |_| {});
    s.paths("stat", 17, &["w/f"]);
    s.paths("stat of nothing", 17, &["w/none"]);
    s.paths("stat through a file", 17, &["w/f/x"]);
    s.open("open what is not there", "w/none", 1);
    s.open("open exclusively what is there", "w/f", 2 | 8 | 32);
    s.open("open to read", "w/f", 1);
    s.handle("read", 5, 0, |out| {
        out.put_u64(2);
        out.put_u32(100);
    });
    s.handle("read at the end", 5, 0, |out| {
        out.put_u64(13);
        out.put_u32(100);
    });
    s.handle("write what is open to read", 6, 0, |out| {
        out.put_u64(0);
        out.put_string(b"x");
    });
    s.open("open for copy", "w/copy", 2 | 8);
    s.ask("copy-data", 200, |out| {
        out.put_string(b"copy-data");
        out.put_string(&0_u32.to_be_bytes());
        out.put_u64(0);
        out.put_u64(0);
        out.put_string(&1_u32.to_be_bytes());
        out.put_u64(0);
    });
    s.ask("fsync@openssh.com", 200, |out| {
        out.put_string(b"fsync@openssh.com");
        out.put_string(&1_u32.to_be_bytes());
    });
    s.handle("close the copy", 4, 1, |_| {});
    s.handle("close the source", 4, 0, |_| {});
    s.paths("stat of the copy", 17, &["w/copy"]);
    s.paths("symlink", 20, &["f", "w/link"]);
    s.paths("symlink over what is there", 20, &["f", "w/link"]);
    s.paths("readlink", 19, &["w/link"]);
    s.paths("readlink of a file", 19, &["w/f"]);
    s.paths("lstat", 7, &["w/link"]);
    s.paths("stat of a link", 17, &["w/link"]);
    s.paths("rename", 18, &["w/copy", "w/moved"]);
    s.paths("rename over what is there", 18, &["w/moved", "w/f"]);
    s.paths("rename of nothing", 18, &["w/none", "w/other"]);
    s.extension("posix-rename@openssh.com", &["w/moved", "w/f"]);
    s.extension("hardlink@openssh.com", &["w/f", "w/second"]);
    s.extension("hardlink@openssh.com", &["w/none", "w/third"]);
    s.with_mode("setstat", 9, "w/f", 0o640);
    s.with_mode("setstat of nothing", 9, "w/none", 0o640);
    s.paths("opendir", 11, &["w"]);
    s.handle("readdir", 12, 0, |_| {});
    s.handle("readdir again", 12, 0, |_| {});
    s.handle("read of a directory", 5, 0, |out| {
        out.put_u64(0);
        out.put_u32(1);
    });
    s.handle("close of a directory", 4, 0, |_| {});
    s.paths("opendir of a file", 11, &["w/f"]);
    s.paths("opendir of nothing", 11, &["w/none"]);
    s.handle("readdir without a handle", 12, 9, |_| {});
    s.paths("realpath", 16, &["w/../w/./link"]);
    s.paths("realpath of nothing", 16, &["w/none"]);
    s.paths("realpath behind nothing", 16, &["none/none"]);
    s.paths("realpath of an empty name", 16, &[""]);
    s.extension("expand-path@openssh.com", &["w/f"]);
    s.paths("remove of a directory", 13, &["w"]);
    s.paths("rmdir of what is not empty", 15, &["w"]);
    s.paths("rmdir of a file", 15, &["w/f"]);
    s.paths("remove of nothing", 13, &["w/none"]);
    for name in ["w/f", "w/link", "w/second"] {
        s.paths("remove", 13, &[name]);
    }
    s.paths("rmdir", 15, &["w"]);
    s.extension("home-directory", &["root"]);
    s.extension("users-groups-by-id@openssh.com", &["\0\0\0\0", "\0\0\0\0\0\0\0\x05"]);
    s.extension("statvfs@openssh.com", &["none"]);
    s.extension("unknown@example.org", &["x"]);
    s
}

/// Without what differs between two machines: times, owners, folders, and the size and
/// number of names of directories.
fn normalised(answer: &[u8], folder: &str) -> String {
    let mut reader = Reader::new(answer);
    let kind = reader.u8().expect("a type");
    if kind == 2 {
        return format!("version {:?}", String::from_utf8_lossy(answer));
    }
    reader.u32().expect("a number");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(folder, "HOME");
    let attributes = |reader: &mut Reader<'_>| {
        let flags = reader.u32().expect("flags");
        if flags == 0 {
            return "none".to_owned();
        }
        let size = reader.u64().expect("a size");
        let _owner = (reader.u32(), reader.u32());
        let mode = reader.u32().expect("a mode");
        let _times = (reader.u32(), reader.u32());
        let size = if mode & 0o170_000 == 0o040_000 { 0 } else { size };
        format!("{flags:x} {size} {mode:o}")
    };
    match kind {
        101 => {
            let code = reader.u32().expect("a code");
            format!("status {code} {}", text(reader.string().expect("a text")))
        }
        104 => {
            let count = reader.u32().expect("a count");
            let mut names = Vec::new();
            for _ in 0..count {
                let name = text(reader.string().expect("a name"));
                let long = text(reader.string().expect("a long name"));
                let attributes = attributes(&mut reader);
                // `-rw-r-----    2 root     root           13 Jan  2 03:04 f`
                let directory = long.starts_with('d');
                let shape = if long == name {
                    "itself".to_owned()
                } else {
                    let columns: Vec<&str> = long.split_whitespace().collect();
                    let numbers =
                        if directory { String::new() } else { columns[1].to_owned() + columns[4] };
                    let at = long.find(columns[2]);
                    format!("{} {numbers} {at:?} {:?}", columns[0], columns.last())
                };
                let shape = if name == ".." { String::new() } else { shape };
                let attributes = if name == ".." { String::new() } else { attributes };
                names.push(format!("{name} [{shape}] {attributes}"));
            }
            names.sort();
            format!("names {}", names.join("; "))
        }
        105 => format!("attributes {}", attributes(&mut reader)),
        _ => format!("{kind} {:?}", text(answer.get(5..).unwrap_or_default())),
    }
}

fn answers(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<4>() {
        let (packet, rest) = rest.split_at(u32::from_be_bytes(*head) as usize);
        all.push(packet);
        bytes = rest;
    }
    all
}

#[test]
fn answers_are_those_of_the_real_program() {
    assert!(Path::new(REAL).exists(), "{REAL} is missing: install openssh-sftp-server");
    let script = conversation();
    let folder = std::env::temp_dir().join(format!("sftp-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut real = Command::new("sh")
        .args(["-c", "umask 022; exec \"$0\"", REAL])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    // At the end of its input it leaves, whatever answers still wait.
    let mut input = real.stdin.take().expect("a pipe");
    input.write_all(&script.packets).expect("it reads");
    let mut output = real.stdout.take().expect("a pipe");
    let mut theirs = Vec::new();
    for name in &script.names {
        let mut head = [0; 4];
        output.read_exact(&mut head).unwrap_or_else(|_| panic!("no answer to {name}"));
        let mut packet = vec![0; u32::from_be_bytes(head) as usize];
        output.read_exact(&mut packet).expect("a whole packet");
        theirs.push(packet);
    }
    drop(input);
    real.wait().expect("it ends");
    let folder_text = folder.canonicalize().expect("a path").display().to_string();
    std::fs::remove_dir_all(&folder).expect("the folder can go");

    let ours = emulated().on_bytes(&script.packets, Timestamp::from_secs(1_767_323_045));
    let ours = answers(&ours);
    let mut wrong = Vec::new();
    for (number, name) in script.names.iter().enumerate() {
        let their = theirs.get(number).map(|answer| normalised(answer, &folder_text));
        let our = ours.get(number).map(|answer| normalised(answer, "/root"));
        if name == "home-directory" {
            assert_eq!(
                their.map(|text| &text[..5] == "names"),
                our.map(|text| &text[..5] == "names")
            );
        } else if their != our {
            wrong.push(format!("{name}:\n  real {their:?}\n  ours {our:?}"));
        }
    }
    assert_eq!(theirs.len(), ours.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_flood_of_reads_waits_for_its_answers_to_be_taken() {
    let mut script =
        Script { packets: packet(1, |out| out.put_u32(3)), names: vec!["init".into()] };
    let mut sftp = emulated();
    let now = Timestamp::from_secs(1_767_323_045);
    let big = vec![7; 3 * SFTP_READ_BYTES];
    script.open("make", "/tmp/big", 1 | 2 | 8);
    sftp.on_bytes(&script.packets, now);
    let handle = 0;
    for (number, part) in big.chunks(100_000).enumerate() {
        let mut one = Script::default();
        one.handle("write", 6, handle, |out| {
            out.put_u64(number as u64 * 100_000);
            out.put_string(part);
        });
        sftp.on_bytes(&one.packets, now);
    }
    let mut flood = Script::default();
    for _ in 0..500 {
        flood.handle("read", 5, handle, |out| {
            out.put_u64(0);
            out.put_u32(u32::MAX);
        });
    }
    let mut sizes = vec![sftp.on_bytes(&flood.packets, now).len()];
    while sftp.waits() {
        sizes.push(sftp.on_bytes(&[], now).len());
    }
    let all: usize = sizes.iter().sum();
    assert!(all > 500 * SFTP_READ_BYTES, "every request is answered, in {all} bytes");
    assert!(sizes.iter().all(|size| *size < SFTP_ANSWER_BYTES + SFTP_READ_BYTES + 64));
}

/// A word of the protocol, or rubbish.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let texts = ["/", "w", "/etc", "/etc/passwd", "/tmp/x", "", "..", "/proc/self", "/dev/zero"];
    let string = prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        (0_u32..4).prop_map(|handle| handle.to_be_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    let part = prop_oneof![
        3 => string.prop_map(|text| {
            let mut out = Vec::new();
            out.put_string(&text);
            out
        }),
        2 => prop::sample::select(vec![0_u32, 1, 2, 4, 8, 26, 32, u32::MAX])
            .prop_map(|number| number.to_be_bytes().to_vec()),
        1 => any::<u64>().prop_map(|number| number.to_be_bytes().to_vec()),
    ];
    let request = (
        prop::sample::select((3_u8..=20).chain([200, 99]).collect::<Vec<_>>()),
        prop::option::of(prop::sample::select(super::extension::ANNOUNCED.to_vec())),
        prop::collection::vec(part, 0..6),
    );
    prop::collection::vec(request, 0..20).prop_map(|requests| {
        let mut bytes = packet(1, |out| out.put_u32(3));
        for (kind, extension, parts) in requests {
            bytes.extend(packet(kind, |out| {
                out.put_u32(1);
                if let (200, Some((name, _))) = (kind, extension) {
                    out.put_string(name.as_bytes());
                }
                out.extend(parts.concat());
            }));
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_requests_in_any_pieces_are_answered_the_same(bytes in hostile(), cut in 1_usize..64) {
        let now = Timestamp::from_secs(1_767_323_045);
        let whole = emulated().on_bytes(&bytes, now);
        let mut sftp = emulated();
        let mut pieces = Vec::new();
        for piece in bytes.chunks(cut) {
            pieces.extend(sftp.on_bytes(piece, now));
        }
        sftp.on_eof();
        prop_assert!(sftp.take_effects().len() < 100);
        prop_assert!(sftp.ended().is_some());
        prop_assert_eq!(whole, pieces);
    }
}
