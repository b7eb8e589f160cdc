//! The jailed child that compares a guest's disk before a run and after it: it asks its parent
//! for each piece that it wants to read.

use std::cell::RefCell;
use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use ukai_disk::{Cached, Source, Window, compare};
use ukai_jail::{Jail, JailLimits, Talk};
use ukai_sandbox::limits::DISK_READ_MS_MAX;
use ukai_sandbox::run::{ASK_BYTES, DiskTask, TELL_NOTE, TELL_NOTICE};

/// The word under which the program runs itself as that child.
pub(crate) const JAILED_DISK: &str = "jailed-disk";

/// The child, as its parent starts it.
pub(super) fn jail() -> Jail {
    let limits = JailLimits {
        wall_ms: DISK_READ_MS_MAX - 10_000,
        cpu_s: DISK_READ_MS_MAX / 1_000,
        memory_bytes: 1 << 30,
        output_bytes: 256 << 20,
    };
    Jail::this_program([JAILED_DISK], limits)
}

/// A disk that the parent reads.
struct Asked {
    talk: Rc<RefCell<Talk>>,
    which: u8,
    size: u64,
}

impl Source for Asked {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut question = vec![ASK_BYTES, self.which];
        question.extend(offset.to_le_bytes());
        question.extend((buffer.len() as u32).to_le_bytes());
        let answer = self.talk.borrow_mut().ask(&question)?;
        if answer.len() != buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.copy_from_slice(&answer);
        Ok(())
    }
}

/// The child, to its end.
pub(crate) fn run() -> ExitCode {
    if let Err(error) = ukai_jail::enter() {
        eprintln!("{error}. This command is for ukai's own use");
        return ExitCode::from(2);
    }
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> io::Result<()> {
    let talk = Rc::new(RefCell::new(Talk::new()));
    let task = DiskTask::ask(|question| talk.borrow_mut().ask(question))?;
    let [before, after] = [0, 1].map(|which| {
        let size = task.sizes[usize::from(which)];
        Window::whole(Cached::new(Box::new(Asked { talk: Rc::clone(&talk), which, size })))
    });
    let mut told = Ok(());
    let notes = compare(
        &before,
        &after,
        task.began_ns.into(),
        &task.quiet,
        task.own.as_deref(),
        &mut |notice| {
            let mut record = vec![TELL_NOTICE];
            notice.encode(&mut record);
            if told.is_ok() {
                told = talk.borrow_mut().tell(&record);
            }
        },
    );
    told?;
    for note in notes {
        let record = [&[TELL_NOTE], note.as_bytes()].concat();
        talk.borrow_mut().tell(&record)?;
    }
    Ok(())
}
