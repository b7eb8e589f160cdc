//! The disc that brings a sample into an operator's own guest, and says how to start it: for
//! Windows `ukai\run.cmd`, for Linux `ukai/run.sh`. The guest was set up once to look for it
//! (docs/sandbox.md).

use super::Plan;
use crate::image::System;
use hadris_iso::joliet::JolietLevel;
use hadris_iso::read::PathSeparator;
use hadris_iso::rrip::RripOptions;
use hadris_iso::write::options::{BaseIsoLevel, CreationFeatures, IsoFormatOptions};
use hadris_iso::write::{File as IsoFile, InputFiles, IsoImageWriter};
use std::io::{self, Cursor};
use std::sync::Arc;

/// What the guest writes to its first serial port when the sample is about to start.
pub(super) const STARTED: &[u8] = b"ukai:started";

/// The disc's name.
const LABEL: &str = "UKAI";

/// What an image is in units of, in bytes.
const SECTOR: usize = 2_048;

/// Folders, tables and scripts, in bytes.
const OVERHEAD: usize = 1 << 20;

/// The image of a disc with a sample; without one, it only says that it was found.
pub(super) fn disc(
    sample: Option<&[u8]>,
    plan: &Plan,
    environment: &[Vec<u8>],
    unix_s: i64,
) -> io::Result<Vec<u8>> {
    let name = file_name(&plan.path);
    let script = match plan.system {
        System::Windows => {
            ("run.cmd", command_file(&name, sample.is_some(), plan, environment, unix_s))
        }
        System::Linux => {
            ("run.sh", shell_script(&name, sample.is_some(), plan, environment, unix_s))
        }
    };
    let file =
        |name: &str, contents: Vec<u8>| IsoFile::File { name: Arc::new(name.to_owned()), contents };
    let mut inside = vec![file(script.0, script.1)];
    let mut bytes = OVERHEAD;
    if let Some(sample) = sample {
        bytes += sample.len();
        let children = vec![file(&name, sample.to_vec())];
        inside.push(IsoFile::Directory { name: Arc::new("sample".to_owned()), children });
    }
    let autorun = b"[autorun]\r\nopen=ukai\\run.cmd\r\n".to_vec();
    let files = vec![
        file("autorun.inf", autorun),
        IsoFile::Directory { name: Arc::new("ukai".to_owned()), children: inside },
    ];
    let options = IsoFormatOptions {
        volume_name: LABEL.to_owned(),
        sector_size: SECTOR,
        path_separator: PathSeparator::ForwardSlash,
        features: CreationFeatures {
            filenames: BaseIsoLevel::Level1 { supports_lowercase: false, supports_rrip: true },
            joliet: Some(JolietLevel::Level3),
            rock_ridge: Some(RripOptions::default()),
            ..CreationFeatures::default()
        },
        system_id: None,
        volume_set_id: None,
        publisher_id: None,
        preparer_id: None,
        application_id: None,
        strict_charset: false,
    };
    let mut image = Cursor::new(vec![0; bytes.next_multiple_of(SECTOR)]);
    let files = InputFiles { path_separator: PathSeparator::ForwardSlash, files };
    IsoImageWriter::create(&mut image, files, options).map_err(io::Error::other)?;
    Ok(image.into_inner())
}

/// The last name of a path: of what discs, file systems and shells take without thought.
pub(super) fn file_name(path: &[u8]) -> String {
    const LONGEST: usize = 60;
    let last = path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let text: String =
        last.iter().map(|byte| if plain(byte) { char::from(*byte) } else { '_' }).collect();
    // The ending says what it is.
    text[text.len().saturating_sub(LONGEST)..].to_owned()
}

fn command_file(
    name: &str,
    sample: bool,
    plan: &Plan,
    environment: &[Vec<u8>],
    unix_s: i64,
) -> Vec<u8> {
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(['\r', '\n'], " ").replace('%', "%%");
    let mut lines = vec![
        "@echo off".to_owned(),
        format!(
            "powershell -NoProfile -Command \"Set-Date ([DateTimeOffset]::FromUnixTimeSeconds({unix_s}).LocalDateTime)\" >nul 2>&1"
        ),
    ];
    if sample {
        let path = text(&plan.path);
        lines.push(format!("copy /y \"%~dp0sample\\{name}\" \"{path}\" >nul"));
        lines.push(format!("attrib -r \"{path}\""));
        lines.push(format!("for %%I in (\"{path}\") do cd /d \"%%~dpI\""));
        lines.extend(environment.iter().map(|variable| format!("set \"{}\"", text(variable))));
    }
    lines.push(format!("echo {}>COM1", String::from_utf8_lossy(STARTED)));
    if sample {
        let quoted = |word: &Vec<u8>| format!("\"{}\"", text(word));
        let words: Vec<String> = plan.arguments.iter().map(quoted).collect();
        lines.push(format!("start \"\" {}", words.join(" ")));
    }
    let mut file = lines.join("\r\n");
    file.push_str("\r\n");
    file.into_bytes()
}

fn shell_script(
    name: &str,
    sample: bool,
    plan: &Plan,
    environment: &[Vec<u8>],
    unix_s: i64,
) -> Vec<u8> {
    let quoted = |word: &[u8]| {
        let inner = word.iter().flat_map(|byte| match byte {
            b'\'' => b"'\\''".to_vec(),
            0 => Vec::new(),
            byte => vec![*byte],
        });
        [b"'".to_vec(), inner.collect(), b"'".to_vec()].concat()
    };
    let started = String::from_utf8_lossy(STARTED);
    let mut out = format!("#!/bin/sh\ndate -u -s @{unix_s} >/dev/null 2>&1\n").into_bytes();
    if sample {
        let place = quoted(&plan.path);
        out.extend(format!("cp \"$(dirname \"$0\")/sample/{name}\" ").bytes());
        out.extend(&place);
        out.extend(b"\nchmod 755 ");
        out.extend(&place);
        out.extend(b"\ncd \"$(dirname ");
        out.extend(&place);
        out.extend(b")\"\n");
        for variable in environment {
            out.extend(b"export ");
            out.extend(quoted(variable));
            out.push(b'\n');
        }
    }
    out.extend(format!("echo {started} >/dev/ttyS0\n").bytes());
    if sample {
        let words: Vec<Vec<u8>> = plan.arguments.iter().map(|word| quoted(word)).collect();
        out.extend(words.join(&b' '));
        out.extend(b" </dev/null >/dev/null 2>&1 &\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{disc, file_name};
    use crate::image::System;
    use crate::run::Plan;
    use std::process::Command;

    fn plan(system: System, path: &str, arguments: &[&str]) -> Plan {
        Plan {
            architecture: "x86-64".into(),
            system,
            path: path.into(),
            program: path.into(),
            arguments: arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect(),
            emulator: None,
        }
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(file_name(b"/tmp/a b;rm -rf.sh"), "a_b_rm_-rf.sh");
        assert_eq!(file_name(b"C:\\x\\%TEMP%&calc.exe"), "_TEMP__calc.exe");
        assert_eq!(file_name(&[b'a'; 300]).len(), 60);
    }

    /// The disc is read by a reader of others.
    #[test]
    fn a_disc_holds_sample_and_script() {
        let plan = plan(System::Linux, "/root/it's.bin", &["/root/it's.bin", "a b"]);
        let sample = vec![7; 300_000];
        let image = disc(Some(&sample), &plan, &[b"A=b c".to_vec()], 1_000_000).expect("a disc");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("disc.iso");
        std::fs::write(&path, image).expect("written");
        let read = |flags: &[&str], inside: &str| {
            let mut tool = Command::new("isoinfo");
            let said = tool.args(flags).arg("-i").arg(&path).args(["-x", inside]).output();
            let said = said.expect("isoinfo of genisoimage runs");
            assert!(said.status.success(), "{said:?}");
            said.stdout
        };
        for flags in [&["-R"], &["-J"]] {
            assert_eq!(read(flags, "/ukai/sample/it_s.bin"), sample, "{flags:?}");
        }
        let script = String::from_utf8(read(&["-R"], "/ukai/run.sh")).expect("text");
        let expected = "#!/bin/sh\ndate -u -s @1000000 >/dev/null 2>&1\n\
            cp \"$(dirname \"$0\")/sample/it_s.bin\" '/root/it'\\''s.bin'\n\
            chmod 755 '/root/it'\\''s.bin'\ncd \"$(dirname '/root/it'\\''s.bin')\"\n\
            export 'A=b c'\necho ukai:started >/dev/ttyS0\n\
            '/root/it'\\''s.bin' 'a b' </dev/null >/dev/null 2>&1 &\n";
        assert_eq!(script, expected);
    }

    #[test]
    fn windows_is_told_in_its_own_words() {
        let path = "C:\\Users\\Public\\a.exe";
        let image = disc(Some(b"MZ"), &plan(System::Windows, path, &[path, "50%"]), &[], 0);
        let image = image.expect("a disc");
        let text = String::from_utf8_lossy(&image);
        assert!(text.contains("start \"\" \"C:\\Users\\Public\\a.exe\" \"50%%\"\r\n"), "{path}");
        assert!(text.contains("echo ukai:started>COM1\r\n"));
    }
}
