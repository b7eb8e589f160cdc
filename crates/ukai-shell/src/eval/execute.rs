//! Programs: where they are found, the host's own, and those that the attacker brought.

use crate::ShellEffect;
use crate::commands::{self, Arguments};
use crate::fs::{FileKind, Origin, Stat};
use crate::io::Open;
use crate::limits;
use crate::process::{Process, Source};
use crate::system::{HASHED_PER_STEP, Stop};
use bytes::Bytes;
use std::sync::Arc;
use ukai_model::{CaptureHow, PeerText, Sha256};

/// Exit status of a command that is not there.
pub(crate) const STATUS_NOT_FOUND: i32 = 127;

/// Exit status of a command that cannot be run.
pub(crate) const STATUS_NOT_RUN: i32 = 126;

impl Process {
    /// Where a command's program is: by its path, or along `$PATH`.
    pub(crate) fn find_program(&self, name: &[u8]) -> Option<Vec<u8>> {
        if name.contains(&b'/') {
            return Some(self.absolute(name));
        }
        if name.is_empty() || name.len() > limits::NAME_BYTES {
            return None;
        }
        let view = self.view();
        let path = self.variable(b"PATH").unwrap_or_default();
        for folder in path.split(|b| *b == b':') {
            // A command that is nowhere costs a look into each folder.
            if self.session.step(1).is_err() {
                return None;
            }
            let mut candidate =
                if folder.is_empty() { self.directory.to_vec() } else { self.absolute(folder) };
            candidate.push(b'/');
            candidate.extend_from_slice(name);
            if let Ok(stat) = self.fs().stat(&view, &candidate, true)
                && stat.is_file()
                && stat.mode & 0o111 != 0
            {
                if candidate.starts_with(b"//") {
                    candidate.remove(0);
                }
                return Some(candidate);
            }
        }
        None
    }

    /// Runs a program in a process of its own: its status, and its output if that is wanted.
    pub(crate) async fn child(
        &mut self,
        words: Vec<Vec<u8>>,
        input: Option<Bytes>,
        collects: bool,
    ) -> Result<(i32, Vec<u8>), Stop> {
        self.enter()?;
        let mut child = self.fork();
        let collector = Open::collector();
        if collects {
            child.fds.set(1, Some(Arc::clone(&collector)));
        }
        if let Some(input) = input {
            child.fds.set(0, Some(Open::bytes(input)));
        }
        let result = Box::pin(child.program(words)).await;
        let status = Box::pin(child.ended(result)).await;
        self.depth -= 1;
        Ok((status?, collector.collected()))
    }

    /// Runs a program: `words` begin with its name or path.
    pub(crate) async fn program(&mut self, words: Vec<Vec<u8>>) -> Result<i32, Stop> {
        let name = words[0].clone();
        if let Some(command) = self.lent(&name) {
            let gnu = self.session.host.persona.is_gnu();
            return command.run(self, Arguments::new(words, gnu)).await;
        }
        let Some(path) = self.find_program(&name) else {
            self.session.system().unknown(&name);
            if commands::missing(self, &words).await? {
                return Ok(0);
            }
            // Without a path bash tries the name as a file, and tells how that failed.
            let no_path = self.variable(b"PATH").is_none_or(|p| p.is_empty());
            let text = match (self.bash, no_path, name.is_empty()) {
                (true, true, false) => "No such file or directory",
                (true, _, _) => "command not found",
                (false, _, true) if !self.dash => "Permission denied",
                _ => "not found",
            };
            self.complain(&format!("{}: {text}", String::from_utf8_lossy(&name)))?;
            return Ok(STATUS_NOT_FOUND);
        };
        let view = self.view();
        let shown = String::from_utf8_lossy(&name).into_owned();
        let stat = match self.fs().stat(&view, &path, true) {
            Ok(stat) => stat,
            Err(error) => {
                if commands::missing(self, &words).await? {
                    return Ok(0);
                }
                let text = match error {
                    crate::fs::FsError::NotFound if !self.bash => "not found",
                    other => other.text(),
                };
                self.complain(&format!("{shown}: {text}"))?;
                let missing = error == crate::fs::FsError::NotFound;
                return Ok(if missing { STATUS_NOT_FOUND } else { STATUS_NOT_RUN });
            }
        };
        if stat.kind == FileKind::Directory || !self.may_run(&stat) {
            let directory = stat.kind == FileKind::Directory && self.bash;
            let text = if directory { "Is a directory" } else { "Permission denied" };
            self.complain(&format!("{shown}: {text}"))?;
            return Ok(STATUS_NOT_RUN);
        }
        self.run_file(&path, words).await
    }

    /// A program that the host does not have, where all that we know are there for whoever wants
    /// to see what a script would do with them.
    fn lent(&self, name: &[u8]) -> Option<&'static commands::Command> {
        if self.session.may_pass_over() == 0 {
            return None;
        }
        let path = self.find_program(name);
        let there = path.is_some_and(|path| self.fs().stat(&self.view(), &path, true).is_ok());
        if there { None } else { commands::program(base_name(name)) }
    }

    fn may_run(&self, stat: &Stat) -> bool {
        let bits = if self.uid == 0 {
            0o111
        } else if stat.uid == self.uid {
            0o100
        } else if stat.gid == self.gid {
            0o010
        } else {
            0o001
        };
        stat.kind == FileKind::File && stat.mode & bits != 0
    }

    async fn run_file(&mut self, path: &[u8], words: Vec<Vec<u8>>) -> Result<i32, Stop> {
        let view = self.view();
        let real = self.fs().real_path(&view, path).unwrap_or_else(|_| path.to_vec());
        if self.fs().origin(&view, &real) != Some(Origin::Host) {
            return self.run_brought(&real, words).await;
        }
        let shell = self.pid;
        // A program that the shell makes way for has the shell's number.
        let pid = if self.makes_way() { shell } else { self.session.system().next_pid() };
        self.session.system().programs_run += 1;
        let listed = self.listed(pid, &words, &real);
        self.pid = pid;
        let result = self.run_own(&real, words).await;
        drop(listed);
        self.pid = shell;
        result
    }

    /// Runs one of the host's own programs.
    async fn run_own(&mut self, real: &[u8], words: Vec<Vec<u8>>) -> Result<i32, Stop> {
        let base = base_name(&words[0]).to_vec();
        let persona = &self.session.host.persona;
        let busybox = persona.busybox.as_ref();
        let is_busybox = busybox
            .is_some_and(|b| b.path.as_bytes() == real || self.is_copy_of(real, b.path.as_bytes()));
        if is_busybox {
            return commands::run_applet(self, &base, words, true).await;
        }
        let gnu = self.session.host.persona.is_gnu();
        if gnu && let Some(status) = commands::answered(self, &base, &words)? {
            return Ok(status);
        }
        if let Some(command) =
            commands::program(&base).or_else(|| commands::program(base_name(real)))
        {
            return command.run(self, Arguments::new(words, gnu)).await;
        }
        let text = self.fs().read(&self.view(), real).unwrap_or_default();
        if text.starts_with(b"#!") {
            let parameters = words.iter().skip(1).cloned().map(Bytes::from).collect();
            let name = words[0].clone().into();
            let line = text[2..].split(|b| *b == b'\n').next().unwrap_or_default();
            let interpreter = line.trim_ascii().split(|b| *b == b' ').next().unwrap_or_default();
            let kind = self.kind_named(interpreter);
            return self.run_script(&text, name, parameters, (kind, Source::Script)).await;
        }
        // A program of the device's maker: we know no more than that it is there.
        self.session.system().unknown(&words[0]);
        Ok(0)
    }

    /// Whether a file has the size of the host's own program `of`.
    fn is_copy_of(&self, path: &[u8], of: &[u8]) -> bool {
        let view = self.view();
        let size = |path: &[u8]| self.fs().stat(&view, path, true).map(|s| s.size).ok();
        size(path).is_some()
            && size(path) == size(of)
            && self.fs().read(&view, path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
    }

    /// Reports a file of the attacker as started, and keeps it.
    pub(crate) fn report_executed(&mut self, path: &[u8], arguments: &[Vec<u8>], bytes: &Bytes) {
        if bytes.is_empty() {
            return;
        }
        let view = self.view();
        if self.fs().origin(&view, path) == Some(Origin::Written) {
            self.session.capture(path, bytes, CaptureHow::Dropped);
        }
        let _ = self.session.step(bytes.len() as u64 / HASHED_PER_STEP);
        let arguments = arguments.join(&b' ');
        let mut system = self.session.system();
        system.flush();
        system.effects.push(ShellEffect::Executed {
            path: PeerText::truncated(path, limits::PATH_BYTES),
            arguments: PeerText::truncated(&arguments, limits::RECORDED_LINE_BYTES),
            sha256: Sha256::of(bytes),
        });
    }

    /// Captures what the attacker wrote at `path`, before it is removed or overwritten.
    pub(crate) fn capture_before_loss(&mut self, path: &[u8]) {
        let view = self.view();
        let path = self.absolute(path);
        if self.fs().origin(&view, &path) == Some(Origin::Written)
            && let Ok(bytes) = self.fs().read(&view, &path)
        {
            self.session.capture(&path, &bytes, CaptureHow::Dropped);
        }
    }

    /// "Runs" a file that the attacker brought: scripts are interpreted, programs for
    /// this machine seem to run, others give the kernel's answer.
    async fn run_brought(&mut self, path: &[u8], words: Vec<Vec<u8>>) -> Result<i32, Stop> {
        let view = self.view();
        let bytes = self.fs().read(&view, path).unwrap_or_default();
        let interpreter = bytes.strip_prefix(b"#!").map(hash_bang);
        let own = interpreter.as_ref().is_some_and(|line| reports_itself(line));
        if !own {
            self.report_executed(path, &words, &bytes);
        }
        let name = Bytes::from(words[0].clone());
        let parameters: Vec<Bytes> = words.iter().skip(1).cloned().map(Bytes::from).collect();
        if bytes.starts_with(b"\x7fELF") {
            return self.run_elf(&bytes, &words).await;
        }
        let mut kind = self.kind();
        if let Some(line) = interpreter {
            let there = line
                .first()
                .is_some_and(|p| self.fs().stat(&view, &self.absolute(p), true).is_ok());
            if !there {
                return self.no_interpreter(&words[0]);
            }
            let shell = line.first().is_some_and(|p| commands::is_shell(base_name(p)))
                || matches!(&line[..], [env, shell] if base_name(env) == b"env" && commands::is_shell(shell));
            if let [first, ..] = &line[..] {
                let own = if base_name(first) == b"env" { line.get(1) } else { Some(first) };
                kind = own.map_or(kind, |own| self.kind_named(own));
            }
            if !shell {
                let script =
                    if words[0].contains(&b'/') { words[0].clone() } else { path.to_vec() };
                let rest = words.into_iter().skip(1);
                let all = line.into_iter().chain(std::iter::once(script)).chain(rest).collect();
                self.enter()?;
                let result = Box::pin(self.program(all)).await;
                self.depth -= 1;
                return result;
            }
        } else if self.bash && is_binary(&bytes) {
            return self.exec_format_error(&words[0]);
        }
        self.run_script(&bytes, name, parameters, (kind, Source::Script)).await
    }

    /// What the shell says to a program whose interpreter or loader is not there.
    fn no_interpreter(&mut self, name: &[u8]) -> Result<i32, Stop> {
        let shown = String::from_utf8_lossy(name).into_owned();
        let text = if self.bash { "cannot execute: required file not found" } else { "not found" };
        self.complain(&format!("{shown}: {text}"))?;
        Ok(STATUS_NOT_FOUND)
    }

    /// An ELF file: of this machine it runs and stays; of another, the shell takes it
    /// for a script, as the kernel would not have it.
    async fn run_elf(&mut self, bytes: &Bytes, words: &[Vec<u8>]) -> Result<i32, Stop> {
        if !self.fits_machine(bytes) {
            if self.bash {
                return self.exec_format_error(&words[0]);
            }
            let name = words[0].clone().into();
            let kind = (self.kind(), Source::Script);
            return self.run_script(bytes, name, Vec::new(), kind).await;
        }
        if let Some(loader) = elf_loader(bytes) {
            let view = self.view();
            if self.fs().stat(&view, loader, true).is_err() {
                return self.no_interpreter(&words[0]);
            }
        }
        self.stay_resident(words);
        Ok(0)
    }

    /// Leaves an entry in the process list, as bots that fork into the background do.
    pub(crate) fn stay_resident(&mut self, words: &[Vec<u8>]) {
        const COMMAND_BYTES: usize = 128;
        let pid = self.session.system().next_pid();
        let mut command = words.join(&b' ');
        command.truncate(COMMAND_BYTES);
        let command = String::from_utf8_lossy(&command).into_owned();
        let user = self.session.host.users().iter().find(|u| u.uid == self.uid);
        let now = self.session.now();
        let process = ukai_persona::Process {
            pid,
            ppid: 1,
            user: user.map_or_else(|| "root".to_owned(), |u| u.name.clone()),
            name: ukai_persona::Process::name_of(&command),
            exe: String::from_utf8_lossy(&self.absolute(&words[0])).into_owned(),
            command,
            vsz_kb: 480 + u64::from(pid % 97) * 4,
            rss_kb: 128 + u64::from(pid % 53) * 4,
            state: "S".to_owned(),
            tty: "?".to_owned(),
            started_s: self.session.host.uptime(now).as_secs(),
        };
        self.fs().add_resident(process);
    }

    fn exec_format_error(&mut self, name: &[u8]) -> Result<i32, Stop> {
        let shown = String::from_utf8_lossy(name).into_owned();
        self.complain(&format!("{shown}: cannot execute binary file: Exec format error"))?;
        Ok(STATUS_NOT_RUN)
    }

    /// Whether the kernel would start this ELF file.
    fn fits_machine(&self, bytes: &[u8]) -> bool {
        let cpu = self.session.host.persona.cpu();
        let (Some(class), Some(order), Some(machine)) =
            (bytes.get(4), bytes.get(5), bytes.get(18..20))
        else {
            return false;
        };
        let little = *order == 1;
        let machine = [machine[0], machine[1]];
        let machine =
            if little { u16::from_le_bytes(machine) } else { u16::from_be_bytes(machine) };
        let class_fits = (*class == 2) == cpu.is_64_bit();
        let exact = little == cpu.little_endian() && class_fits && machine == cpu.elf_machine();
        // 64-bit kernels of the x86 family run 32-bit programs too.
        exact || (cpu == ukai_persona::Cpu::X86_64 && *class == 1 && machine == 3)
    }
}

/// What follows the last slash.
pub(crate) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

/// What a script's first line names, as Linux reads it: a program and at most one
/// argument.
fn hash_bang(rest: &[u8]) -> Vec<Vec<u8>> {
    /// As much of the line as Linux looks at (BINPRM_BUF_SIZE).
    const LINE_BYTES: usize = 254;
    let line = &rest[..rest.len().min(LINE_BYTES)];
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
    let end = line.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(line.len());
    let (program, argument) = line.split_at(end);
    let argument = argument.trim_ascii();
    let mut all = vec![program.to_vec()];
    if !argument.is_empty() {
        all.push(argument.to_vec());
    }
    all
}

/// Whether an interpreter reports the file that it runs.
fn reports_itself(line: &[Vec<u8>]) -> bool {
    let name = match line {
        [env, name] if base_name(env) == b"env" => name,
        [name, ..] => name,
        [] => return false,
    };
    let name = base_name(name);
    [&b"python"[..], b"perl", b"php"].iter().any(|known| name.starts_with(known))
}

/// The program that loads an ELF file (PT_INTERP), where it needs one.
fn elf_loader(bytes: &[u8]) -> Option<&[u8]> {
    const PT_INTERP: u64 = 3;
    const HEADERS_MAX: u64 = 64;
    let (wide, little) = (*bytes.get(4)? == 2, *bytes.get(5)? == 1);
    let number = |at: u64, length: usize| -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let field = bytes.get(at..at.checked_add(length)?)?;
        let fold = |n: u64, b: &u8| n << 8 | u64::from(*b);
        Some(if little { field.iter().rev().fold(0, fold) } else { field.iter().fold(0, fold) })
    };
    // Where the program headers are, how long each is, and how many there are.
    let (table, size, count) = if wide {
        (number(32, 8)?, number(54, 2)?, number(56, 2)?)
    } else {
        (number(28, 4)?, number(42, 2)?, number(44, 2)?)
    };
    for index in 0..count.min(HEADERS_MAX) {
        let header = table.checked_add(index.checked_mul(size)?)?;
        if number(header, 4)? != PT_INTERP {
            continue;
        }
        let (offset, length) = if wide {
            (number(header.checked_add(8)?, 8)?, number(header.checked_add(32)?, 8)?)
        } else {
            (number(header.checked_add(4)?, 4)?, number(header.checked_add(16)?, 4)?)
        };
        let (from, to) = (offset, offset.checked_add(length)?);
        let path = bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)?;
        let path = path.split(|b| *b == 0).next().unwrap_or_default();
        return path.starts_with(b"/").then_some(path);
    }
    None
}

/// Whether bash would take a file for a binary: a NUL in its first line.
fn is_binary(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 80;
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    line.contains(&0)
}
