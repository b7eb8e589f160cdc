//! The guest, built and booted once for all tests; specimens, compiled when they are run; and
//! runs of them by the program.

use crate::support::program::binary;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;
use ukai_model::Behaviour;
use ukai_sandbox::image::MACHINE_ID;

/// A processor for which specimens are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Processor {
    /// As the report names it.
    pub(super) name: &'static str,
    compiler: &'static str,
    package: &'static str,
    /// As servers of programs name it.
    asked: &'static str,
}

pub(super) const X86_64: Processor =
    Processor { name: "x86-64", compiler: "gcc", package: "gcc", asked: "x86_64" };
pub(super) const ARM: Processor = Processor {
    name: "arm",
    compiler: "arm-linux-gnueabi-gcc",
    package: "gcc-arm-linux-gnueabi",
    asked: "arm7",
};
pub(super) const MIPS: Processor = Processor {
    name: "mips",
    compiler: "mips-linux-gnu-gcc",
    package: "gcc-mips-linux-gnu",
    asked: "mips",
};
pub(super) const MIPSEL: Processor = Processor {
    name: "mipsel",
    compiler: "mipsel-linux-gnu-gcc",
    package: "gcc-mipsel-linux-gnu",
    asked: "mpsl",
};

/// Where the specimens' sources are.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/specimens")
}

/// Names of all specimens.
pub(super) fn specimens() -> Vec<String> {
    let files = fs::read_dir(sources()).expect("the sources are there");
    let names = files.filter_map(|file| {
        let name = file.expect("an entry").file_name().into_string().expect("text");
        name.strip_suffix(".c").map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}

/// Compiles a specimen into `folder`.
pub(super) fn compile(name: &str, processor: Processor, folder: &Path) -> PathBuf {
    let made = folder.join(name);
    let output = Command::new(processor.compiler)
        .args(["-static", "-O1", "-s", "-Wall", "-Wextra", "-Werror"])
        .arg(format!("-DMARKER=\"{MACHINE_ID}\""))
        .arg(format!("-DARCH=\"{}\"", processor.asked))
        .arg("-o")
        .arg(&made)
        .arg(sources().join(format!("{name}.c")))
        .output()
        .unwrap_or_else(|error| {
            panic!("{}: {error} (Debian: {})", processor.compiler, processor.package)
        });
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    made
}

/// Folder of the image and of the booted guest, which the first test makes. Each test is a
/// process: the others wait for it.
pub(super) fn guest() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox");
        fs::create_dir_all(&folder).expect("a folder");
        let lock = fs::File::create(folder.join("lock")).expect("a lock");
        lock.lock().expect("a lock");
        // Another program may bring another agent.
        let about = fs::metadata(binary()).expect("the program");
        let made_by = format!("{} {}.{}", about.len(), about.mtime(), about.mtime_nsec());
        let stamp = folder.join("made-by");
        if fs::read_to_string(&stamp).is_ok_and(|text| text == made_by) {
            return folder;
        }
        let image = folder.join("image");
        succeeds(Command::new(binary()).args(["sandbox", "build", "--folder"]).arg(&image));
        // Guests that were booted of another image are of no use to anybody.
        let _ = fs::remove_dir_all(folder.join("booted"));
        let check = ["sandbox", "check", "--image"];
        succeeds(
            Command::new(binary()).args(check).arg(&image).arg("--cache").arg(booted(&folder)),
        );
        fs::write(&stamp, made_by).expect("a file");
        folder
    })
}

fn booted(folder: &Path) -> PathBuf {
    folder.join("booted")
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("ukai runs");
    let (out, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{errors}");
}

/// A specimen's run by the program.
pub(super) struct Run {
    name: &'static str,
    processor: Processor,
    arguments: Vec<String>,
    flags: Vec<String>,
    seconds: u32,
}

impl Run {
    pub(super) fn of(name: &'static str, processor: Processor) -> Self {
        Self { name, processor, arguments: Vec::new(), flags: Vec::new(), seconds: 60 }
    }

    /// An argument of the specimen's.
    pub(super) fn argument(mut self, text: &str) -> Self {
        self.arguments.push(text.to_owned());
        self
    }

    /// A flag of `ukai sandbox run`.
    pub(super) fn flag(mut self, text: &str) -> Self {
        self.flags.push(text.to_owned());
        self
    }

    /// How long it is watched.
    pub(super) const fn seconds(mut self, seconds: u32) -> Self {
        self.seconds = seconds;
        self
    }

    /// Its command line, with the specimen in `folder`.
    pub(super) fn line(&self, folder: &Path) -> Vec<String> {
        let guest = guest();
        let file = compile(self.name, self.processor, folder);
        let text = |path: PathBuf| path.to_str().expect("text").to_owned();
        let mut line: Vec<String> = vec!["sandbox".into(), "run".into(), text(file)];
        let mut add = |words: [String; 2]| line.extend(words);
        add(["--image".into(), text(guest.join("image"))]);
        add(["--cache".into(), text(booted(guest))]);
        add(["--ca".into(), text(folder.join("ca"))]);
        add(["--time".into(), self.seconds.to_string()]);
        add(["--runs".into(), "1".into()]);
        for argument in &self.arguments {
            add(["--arg".into(), argument.clone()]);
        }
        line.extend(self.flags.iter().cloned());
        line
    }

    /// Runs it; what the program printed.
    pub(super) fn output(&self) -> Output {
        let folder = TempDir::new().expect("a folder");
        let line = self.line(folder.path());
        Command::new(binary()).args(line).output().expect("ukai runs")
    }

    /// Runs it; its report.
    pub(super) fn report(self) -> Behaviour {
        let output = self.flag("--json").output();
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|error| {
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("{error}: {text}\n{errors}")
        })
    }
}
