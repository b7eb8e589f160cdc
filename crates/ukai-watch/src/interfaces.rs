//! Interfaces: a task for each link takes its frames to the feed.

use crate::feed::{Batch, Feed};
use crate::limits::FRAMES_PER_TURN;
use std::sync::Arc;
use std::task::Poll;
use ukai_driver::{SystemWorld, World as _};
use ukai_link::{PacketConfig, PacketError, PacketGauge, PacketLink};
use ukai_netstack::{Link as _, Medium};
use ukai_telescope::Link;

/// The longest frame: a segment that the kernel has joined, and headers.
const FRAME_BYTES_MAX: usize = 65_535 + 64;

/// What a medium's frames are to the telescope.
pub(crate) const fn kind_of(medium: Medium) -> Link {
    match medium {
        Medium::Ethernet => Link::Ethernet,
        Medium::Ip => Link::Raw,
    }
}

/// Opens `count` links on an interface, and takes their frames to the feed until they end.
pub(crate) fn open(
    name: &str,
    count: usize,
    ring_bytes: usize,
    feed: &Arc<Feed>,
) -> Result<Vec<(PacketGauge, tokio::task::JoinHandle<()>)>, PacketError> {
    let config = PacketConfig { ring_bytes, ..PacketConfig::default() };
    let links = match count {
        0 | 1 => vec![PacketLink::open(name, &config)?],
        _ => PacketLink::open_group(name, &config, count)?,
    };
    let spawned = links.into_iter().map(|link| {
        let gauge = link.gauge();
        let (feed, name) = (Arc::clone(feed), name.to_owned());
        let task = tokio::spawn(async move {
            let error = receive(link, &feed).await;
            tracing::error!(%error, interface = name, "the telescope gets no more from it");
        });
        (gauge, task)
    });
    Ok(spawned.collect())
}

/// Frames bear the time at which they are fetched: the kernel hands them over in blocks, at
/// the latest after a millisecond.
async fn receive(mut link: PacketLink, feed: &Feed) -> std::io::Error {
    let mut buffer = vec![0; FRAME_BYTES_MAX];
    let mut batch = Batch::default();
    let kind = kind_of(link.medium());
    std::future::poll_fn(move |cx| {
        let mut ended = None;
        let mut taken = 0;
        let now = SystemWorld.now();
        while taken < FRAMES_PER_TURN {
            match link.poll_receive(cx, &mut buffer) {
                Poll::Ready(Ok(length)) => batch.push(now, kind, &buffer[..length]),
                Poll::Ready(Err(error)) => {
                    ended = Some(error);
                    break;
                }
                Poll::Pending => break,
            }
            taken += 1;
        }
        if !batch.is_empty() {
            feed.offer_all(&mut batch);
        }
        if let Some(error) = ended {
            return Poll::Ready(error);
        }
        if taken == FRAMES_PER_TURN {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}
