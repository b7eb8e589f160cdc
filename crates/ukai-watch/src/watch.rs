//! The telescope's thread, and what leads to it.

use crate::config::TelescopeConfig;
use crate::feed::{Batch, Feed};
use crate::interfaces;
use crate::limits::TICK;
use std::sync::Arc;
use std::thread;
use tokio::task::JoinHandle;
use ukai_driver::{SystemWorld, World as _};
use ukai_link::{PacketError, PacketGauge, Watcher};
use ukai_model::Timestamp;
use ukai_telescope::{Fact, Minute, Origins, Settings, Summary, Telescope};

/// What a running telescope tells, on its own thread.
pub enum News {
    /// Something was found out; when, and how many frames were dropped until then.
    Fact(Box<Fact>, Timestamp, u64),
    /// The records of a minute that is over; only where they are made
    /// ([`Settings::flows_max`]).
    Minute(Minute),
    /// The time goes on: told about twice a second, and when much comes more often.
    Tick(Box<Looking>),
}

/// How far it is.
#[derive(Clone, Debug)]
pub struct Looking {
    /// Packets that were named.
    pub packets: u64,
    /// Frames that went in and out.
    pub figures: Figures,
}

/// Frames on their way to the telescope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Frames that arrived: those that were dropped, too.
    pub arrived: u64,
    /// Frames for which the kernel's ring had no room.
    pub dropped_by_kernel: u64,
    /// Frames for which there was no room before the telescope.
    pub dropped_here: u64,
}

impl Figures {
    /// Frames that were not looked at.
    pub const fn dropped(&self) -> u64 {
        self.dropped_by_kernel + self.dropped_here
    }
}

/// A telescope at work.
pub struct Watch {
    ways: Ways,
    tasks: Vec<JoinHandle<()>>,
    thread: thread::JoinHandle<Summary>,
}

/// How frames come to the telescope.
#[derive(Clone)]
struct Ways {
    feed: Arc<Feed>,
    gauges: Vec<PacketGauge>,
}

impl Ways {
    fn figures(&self) -> Figures {
        let (offered, dropped_here) = self.feed.figures();
        let dropped_by_kernel = self.gauges.iter().map(|gauge| gauge.statistics().dropped).sum();
        Figures { arrived: offered + dropped_by_kernel, dropped_by_kernel, dropped_here }
    }
}

impl Watch {
    /// Opens the configuration's interfaces, and starts; `tell` is called with what happens.
    /// Must be called within a runtime.
    pub fn start(
        config: &TelescopeConfig,
        settings: Settings,
        origins: Arc<Origins>,
        tell: impl FnMut(News) + Send + 'static,
    ) -> Result<Self, PacketError> {
        let feed = Arc::<Feed>::default();
        let (mut gauges, mut tasks) = (Vec::new(), Vec::new());
        for name in &config.interfaces {
            let opened =
                interfaces::open(name, config.links_per_interface, config.ring_bytes, &feed)?;
            for (gauge, task) in opened {
                gauges.push(gauge);
                tasks.push(task);
            }
        }
        let ways = Ways { feed, gauges };
        let telescope = Telescope::new(settings, origins, SystemWorld.random() as u64);
        let mut looker = Looker { telescope, ways: ways.clone(), tell };
        let thread = thread::Builder::new()
            .name("telescope".to_owned())
            .spawn(move || looker.look())
            .expect("the system gives a thread at the start");
        Ok(Self { ways, tasks, thread })
    }

    /// Tells the telescope of what comes in on a link.
    pub fn watcher(&self) -> Watcher {
        let feed = Arc::clone(&self.ways.feed);
        Arc::new(move |medium, frame| {
            feed.offer(SystemWorld.now(), interfaces::kind_of(medium), frame);
        })
    }

    /// What has arrived, and what of it was not looked at.
    pub fn figures(&self) -> Figures {
        self.ways.figures()
    }

    /// Takes nothing more, tells what is open, and gives what is known in sum.
    pub fn finish(self) -> Summary {
        for task in self.tasks {
            task.abort();
        }
        self.ways.feed.close();
        self.thread.join().expect("the telescope does not panic")
    }
}

/// The thread.
struct Looker<T> {
    telescope: Telescope,
    ways: Ways,
    tell: T,
}

/// Ports in the sum that is given in the end.
const SUMMARY_PORTS: usize = 100;

impl<T: FnMut(News)> Looker<T> {
    fn look(&mut self) -> Summary {
        let mut batch = Batch::default();
        while self.ways.feed.take(&mut batch, TICK) {
            for frame in batch.frames() {
                self.telescope.frame(frame.time, frame.link, frame.bytes, frame.length);
            }
            batch.clear();
            self.telescope.tick(SystemWorld.now());
            self.news();
            let figures = self.ways.figures();
            let packets = self.telescope.packets();
            (self.tell)(News::Tick(Box::new(Looking { packets, figures })));
        }
        self.telescope.finish();
        self.news();
        self.telescope.summary(SUMMARY_PORTS)
    }

    fn news(&mut self) {
        let dropped = self.ways.figures().dropped();
        let now = SystemWorld.now();
        for fact in self.telescope.facts() {
            (self.tell)(News::Fact(Box::new(fact), now, dropped));
        }
        for minute in self.telescope.minutes() {
            (self.tell)(News::Minute(minute));
        }
    }
}
