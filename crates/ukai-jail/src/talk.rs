//! A child that asks while it works: it cannot be given all that it may want to read.
//!
//! The child writes records to its standard output: a byte that is [`TELL`] or [`ASK`], a length
//! of 32 bits (little end first), and as many bytes. A question is answered on its standard
//! input by such a length and the answer; [`REFUSED`] for a length is an answer that is not
//! to be had.

use crate::limits::{ANSWER_BYTES_MAX, RECORD_BYTES_MAX};
use std::io::{self, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A record that wants no answer.
const TELL: u8 = 0;
/// A question.
const ASK: u8 = 1;
/// In place of an answer's length.
const REFUSED: u32 = u32::MAX;

/// The parent's side of a child that asks.
pub trait Answers: Send {
    /// Answers a question, with at most [`ANSWER_BYTES_MAX`] bytes. The question is hostile. An
    /// error is told to the child, without its words.
    fn answer(&mut self, question: &[u8]) -> impl Future<Output = io::Result<Vec<u8>>> + Send;

    /// Takes what the child tells. It is hostile.
    fn told(&mut self, record: &[u8]);
}

/// The child's side, on its standard input and output. Both are locked as long as it is used.
pub struct Talk {
    input: io::StdinLock<'static>,
    output: io::StdoutLock<'static>,
}

impl Talk {
    /// Talks with the parent. Call [`crate::enter`] first.
    pub fn new() -> Self {
        Self { input: io::stdin().lock(), output: io::stdout().lock() }
    }

    /// Tells the parent; at most [`RECORD_BYTES_MAX`] bytes.
    pub fn tell(&mut self, record: &[u8]) -> io::Result<()> {
        self.write(TELL, record)
    }

    /// Asks the parent.
    pub fn ask(&mut self, question: &[u8]) -> io::Result<Vec<u8>> {
        self.write(ASK, question)?;
        let mut length = [0; 4];
        self.input.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length == REFUSED {
            return Err(io::Error::other("the parent has no answer"));
        }
        let mut answer = vec![0; length as usize];
        self.input.read_exact(&mut answer)?;
        Ok(answer)
    }

    fn write(&mut self, kind: u8, record: &[u8]) -> io::Result<()> {
        let length = u32::try_from(record.len()).map_err(io::Error::other)?.to_le_bytes();
        let head = [kind, length[0], length[1], length[2], length[3]];
        self.output.write_all(&head)?;
        self.output.write_all(record)?;
        // A line buffer would hold an end back.
        self.output.flush()
    }
}

impl Default for Talk {
    fn default() -> Self {
        Self::new()
    }
}

/// How a conversation ended, where it is the child's doing.
pub(crate) enum Broken {
    /// More than it may say.
    Flood,
    /// What is no record.
    Nonsense,
    /// A pipe.
    Pipe(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Pipe(error)
    }
}

/// Listens to a child until it closes its output, and answers.
pub(crate) async fn listen(
    mut input: impl AsyncWrite + Unpin,
    mut output: impl AsyncRead + Unpin,
    bytes_max: u64,
    answers: &mut impl Answers,
) -> Result<(), Broken> {
    let mut told = 0_u64;
    let mut record = Vec::new();
    loop {
        let mut head = [0; 5];
        let count = output.read(&mut head).await?;
        if count == 0 {
            return Ok(());
        }
        output.read_exact(&mut head[count..]).await?;
        let [kind, length @ ..] = head;
        let length = u32::from_le_bytes(length) as usize;
        if length > RECORD_BYTES_MAX {
            return Err(Broken::Nonsense);
        }
        record.resize(length, 0);
        output.read_exact(&mut record).await?;
        match kind {
            TELL => {
                told += length as u64;
                if told > bytes_max {
                    return Err(Broken::Flood);
                }
                answers.told(&record);
            }
            ASK => match answers.answer(&record).await {
                Ok(answer) if answer.len() <= ANSWER_BYTES_MAX => {
                    input.write_all(&(answer.len() as u32).to_le_bytes()).await?;
                    input.write_all(&answer).await?;
                    input.flush().await?;
                }
                Ok(_) | Err(_) => input.write_all(&REFUSED.to_le_bytes()).await?,
            },
            _ => return Err(Broken::Nonsense),
        }
    }
}
