//! A link whose frames come from a capture file, and go into another.

use super::link_type::LinkType;
use super::reader::{CaptureError, CaptureReader, Captured, Direction};
use super::writer::{PcapngWriter, Record};
use crate::limits::CAPTURED_BYTES_MAX;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Instant, Sleep};
use ukai_model::Timestamp;
use ukai_netstack::{Link, Medium};

/// How fast a file is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as frames are taken.
    AtOnce,
    /// As they were captured. Must be polled within a runtime.
    AsCaptured,
}

/// Replays the frames of a capture file to whoever is on the link, and writes what they
/// answer into another.
///
/// If the file's first frame is of Ethernet, the link is, and its other frames are passed
/// over; else its packets of IP come, without what was in front of them. Frames of which the
/// file has only a part come as they are. The end of the file is the end of the link:
/// [`io::ErrorKind::UnexpectedEof`].
pub struct CaptureLink<R: Read> {
    reader: CaptureReader<R>,
    medium: Medium,
    pace: Pace,
    /// The next frame, and when it was captured.
    next: Vec<u8>,
    next_at: Option<Timestamp>,
    /// When the frame that was given last was captured.
    time: Timestamp,
    /// When the first frame was given, and when it had been captured.
    began: Option<(Instant, Timestamp)>,
    sleep: Option<Pin<Box<Sleep>>>,
    answers: Option<PcapngWriter<Box<dyn Write + Send>>>,
}

impl<R: Read + Send> CaptureLink<R> {
    /// A link that replays `input`.
    pub fn new(input: R, pace: Pace) -> Result<Self, CaptureError> {
        let mut reader = CaptureReader::new(input)?;
        let (mut medium, mut next, mut next_at) = (Medium::Ip, Vec::new(), None);
        while let Some(frame) = reader.next()? {
            if frame.link_type == LinkType::ETHERNET {
                medium = Medium::Ethernet;
            }
            if let Some(bytes) = of(medium, &frame) {
                next.extend_from_slice(bytes);
                next_at = Some(frame.time);
                break;
            }
        }
        Ok(Self {
            reader,
            medium,
            pace,
            next,
            next_at,
            time: Timestamp::default(),
            began: None,
            sleep: None,
            answers: None,
        })
    }

    /// Writes what is sent as pcapng. An answer has the time of the frame that was read last.
    pub fn answers(mut self, output: impl Write + Send + 'static) -> io::Result<Self> {
        let output: Box<dyn Write + Send> = Box::new(output);
        let mut writer = PcapngWriter::new(output)?;
        let kind = match self.medium {
            Medium::Ethernet => LinkType::ETHERNET,
            Medium::Ip => LinkType::RAW,
        };
        writer.interface("ukai", kind, CAPTURED_BYTES_MAX as u32)?;
        self.answers = Some(writer);
        Ok(self)
    }

    /// When the frame that came last had been captured.
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    fn read(&mut self) -> io::Result<()> {
        self.next.clear();
        while let Some(frame) = self.reader.next().map_err(to_io)? {
            if let Some(bytes) = of(self.medium, &frame) {
                self.next.extend_from_slice(bytes);
                self.next_at = Some(frame.time);
                return Ok(());
            }
        }
        Ok(())
    }

    fn poll_due(&mut self, cx: &mut Context<'_>, at: Timestamp) -> Poll<()> {
        let now = Instant::now();
        let (began, first) = *self.began.get_or_insert((now, at));
        // A file whose clock goes back does not wait, one whose clock jumps waits for long.
        let due = began.checked_add(at.since(first)).unwrap_or(now);
        if due <= now {
            return Poll::Ready(());
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if sleep.deadline() != due {
            sleep.as_mut().reset(due);
        }
        sleep.as_mut().poll(cx)
    }
}

/// What of a frame comes over a link of this medium.
fn of<'a>(medium: Medium, frame: &Captured<'a>) -> Option<&'a [u8]> {
    match medium {
        Medium::Ethernet => (frame.link_type == LinkType::ETHERNET).then_some(frame.bytes),
        Medium::Ip => frame.ip(),
    }
}

fn to_io(error: CaptureError) -> io::Error {
    match error {
        CaptureError::Read(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

impl<R: Read + Send> Link for CaptureLink<R> {
    fn medium(&self) -> Medium {
        self.medium
    }

    fn mtu(&self) -> u16 {
        1_500
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.next_at.is_none() {
            self.read()?;
        }
        let Some(at) = self.next_at else {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        };
        if self.pace == Pace::AsCaptured {
            ready!(self.poll_due(cx, at));
        }
        let count = self.next.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.next[..count]);
        self.time = at;
        self.next_at = None;
        Poll::Ready(Ok(count))
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let Some(answers) = &mut self.answers else { return Ok(()) };
        let record = Record {
            time: self.time,
            interface: 0,
            direction: Direction::Out,
            original_bytes: frame.len() as u32,
            dropped: 0,
        };
        answers.frame(&record, frame)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.answers.as_mut().map_or(Ok(()), PcapngWriter::flush)
    }
}
