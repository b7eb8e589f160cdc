//! A client of QEMU's control protocol, for the handful of commands that a machine needs.
//!
//! The crate `qapi` brings a type for each of QEMU's thousands of words, and waits for
//! answers without a bound.

mod line;

pub use line::{Broken, Lines, Message};

use crate::limits::{QMP_ANSWER_MS, QMP_EVENTS_MAX};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;

/// Why QEMU did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// It refused.
    #[error("QEMU refuses {command}: {text}")]
    Refused {
        /// What it was told.
        command: &'static str,
        /// Its words.
        text: String,
    },
    /// It did not answer.
    #[error("QEMU did not answer {0} in time")]
    Silent(&'static str),
    /// It is gone.
    #[error("QEMU is gone: {0}")]
    Gone(io::Error),
    /// It says what QEMU does not say.
    #[error("QEMU's control connection is broken: {0}")]
    Broken(#[from] Broken),
}

impl From<io::Error> for QmpError {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

/// A control connection.
pub(super) struct Qmp {
    stream: UnixStream,
    lines: Lines,
    events: VecDeque<(String, Value)>,
    next: u64,
}

impl Qmp {
    /// Greets QEMU.
    pub(super) async fn open(stream: UnixStream) -> Result<Self, QmpError> {
        let mut qmp = Self { stream, lines: Lines::default(), events: VecDeque::new(), next: 0 };
        qmp.execute("qmp_capabilities", &json!({})).await?;
        Ok(qmp)
    }

    /// Carries out a command.
    pub(super) async fn execute(
        &mut self,
        command: &'static str,
        arguments: &Value,
    ) -> Result<Value, QmpError> {
        let line = self.line(command, arguments);
        self.stream.write_all(&line).await?;
        self.answered(command).await
    }

    /// Carries out a command that comes with a descriptor.
    pub(super) async fn execute_with(
        &mut self,
        command: &'static str,
        arguments: &Value,
        descriptor: BorrowedFd<'_>,
    ) -> Result<Value, QmpError> {
        let line = self.line(command, arguments);
        let sent = self
            .stream
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut ancillary = SendAncillaryBuffer::new(&mut space);
                let rights = [descriptor];
                ancillary.push(SendAncillaryMessage::ScmRights(&rights));
                let text = [IoSlice::new(&line)];
                let flags = SendFlags::NOSIGNAL;
                Ok(rustix::net::sendmsg(self.stream.as_fd(), &text, &mut ancillary, flags)?)
            })
            .await?;
        self.stream.write_all(&line[sent..]).await?;
        self.answered(command).await
    }

    /// Waits for an event that `wanted` makes something of.
    pub(super) async fn event<T>(
        &mut self,
        waiting_for: &'static str,
        within: Duration,
        mut wanted: impl FnMut(&str, &Value) -> Option<T>,
    ) -> Result<T, QmpError> {
        let wait = async {
            loop {
                while let Some((name, data)) = self.events.pop_front() {
                    if let Some(found) = wanted(&name, &data) {
                        return Ok(found);
                    }
                }
                let message = self.message().await?;
                self.keep(message);
            }
        };
        tokio::time::timeout(within, wait).await.map_err(|_| QmpError::Silent(waiting_for))?
    }

    fn line(&mut self, command: &str, arguments: &Value) -> Vec<u8> {
        self.next += 1;
        let order = json!({ "execute": command, "arguments": arguments, "id": self.next });
        let mut line = order.to_string().into_bytes();
        line.push(b'\n');
        line
    }

    async fn answered(&mut self, command: &'static str) -> Result<Value, QmpError> {
        let wanted = Some(self.next);
        let answer = async {
            loop {
                match self.message().await? {
                    Message::Return { id, value } if id == wanted => return Ok(value),
                    Message::Error { id, text } if id == wanted => {
                        return Err(QmpError::Refused { command, text });
                    }
                    other => self.keep(other),
                }
            }
        };
        let within = Duration::from_millis(QMP_ANSWER_MS);
        tokio::time::timeout(within, answer).await.map_err(|_| QmpError::Silent(command))?
    }

    fn keep(&mut self, message: Message) {
        if let Message::Event { name, data } = message {
            if self.events.len() == QMP_EVENTS_MAX {
                self.events.pop_front();
            }
            self.events.push_back((name, data));
        }
    }

    async fn message(&mut self) -> Result<Message, QmpError> {
        loop {
            if let Some(message) = self.lines.next()? {
                return Ok(message);
            }
            let mut buffer = [0; 4_096];
            let count = self.stream.read(&mut buffer).await?;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.lines.push(&buffer[..count])?;
        }
    }
}
