//! One run: a fresh machine, the virtual Internet at the other end of its network card, the
//! sample put into it and started; and what was seen until its time was up.

mod again;
mod delayed;
mod disc;
mod disk;
mod kept;
mod plan;
mod quiet;
mod scenario;
mod task;
mod trace;

pub use again::{Again, again};
pub use disk::{OwnGuest, boot_network};
pub use kept::{After, Console, Kept, KeptEnd, Size, Typed};
pub use plan::{Plan, Unsuitable, architectures, plan};
pub use scenario::{CONDITIONS, Conditions};
pub use task::{ASK_BYTES, ASK_TASK, DiskTask, TELL_NOTE, TELL_NOTICE};

use crate::image::System;
use crate::limits::{AFTER_LAST_MS, EVENTS_MAX, FINISH_MS_MAX, ORDERS_MS_MAX, SAMPLE_BYTES_MAX};
use crate::machine::{Agent, Machine, MachineError, Running};
use crate::windows;
use delayed::Delayed;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trace::Trace;
use ukai_driver::{Ca, SystemWorld, World as _};
use ukai_link::QemuStream;
use ukai_model::{Event, SensorId, Timestamp};
use ukai_netstack::Link;
use ukai_servers::replies::ReplySet;
use ukai_trace::limits::PIECE_BYTES_MAX;
use ukai_trace::{Notice, Order, TooLong};
use ukai_virtnet::{GuestNetwork, Internet, InternetError, Options};

/// How a run is set up.
#[derive(Clone)]
pub struct Setup {
    /// How long the sample is watched.
    pub time: Duration,
    /// What the network is like.
    pub conditions: Conditions,
    /// Further variables of the sample's environment, `NAME=VALUE`.
    pub environment: Vec<Vec<u8>>,
    /// How far the guest's clock is ahead of ours, in seconds.
    pub clock_shift_s: i64,
    /// Whether sleeping is cut short.
    pub skip_sleep: bool,
    /// Whether the sample's memory is wanted at the end.
    pub memory: bool,
    /// Folder of the record: events, packets, uploads.
    pub record: Option<PathBuf>,
    /// Who signs the virtual Internet's certificates.
    pub authority: Authority,
    /// Conversations of known families.
    pub replies: Arc<ReplySet>,
}

/// Who signs certificates, as PEM. The guest trusts it if its image does.
#[derive(Clone)]
pub struct Authority {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// What a run has shown.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When it began, by our clock.
    pub started: Timestamp,
    /// From the beginning to the sample's start.
    pub until_running: Option<Duration>,
    /// How long it lasted.
    pub lasted: Duration,
    /// How it ended.
    pub ended: Ended,
    /// Why, where the end was not a regular one.
    pub reason: Option<String>,
    /// The guest's trace, in its order.
    pub notices: Vec<Notice>,
    /// Notices for which there was no room.
    pub lost: u64,
    /// The virtual Internet's events.
    pub events: Vec<Event>,
    /// The addresses that the guest has.
    pub guest: Vec<IpAddr>,
    /// The end of the guest's console.
    pub console: Vec<u8>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All processes of the sample had ended.
    Exited,
    /// Its time was used up while it ran.
    TimeUsed,
    /// The guest stopped, crashed or restarted.
    GuestEnded,
    /// The sample could not be started.
    NotStarted,
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no machine.
    #[error("{0}")]
    Machine(#[from] MachineError),
    /// There is no Internet.
    #[error("{0}")]
    Internet(#[from] InternetError),
    /// The sample is too large.
    #[error("a sample of {0} bytes, where {SAMPLE_BYTES_MAX} are the most")]
    Large(usize),
    /// The guest has no agent.
    #[error("this guest has no agent that could start a sample")]
    NoAgent,
    /// Something of ours.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// What samples can be run in.
pub trait Guest {
    /// Runs one.
    fn run(
        &self,
        sample: &[u8],
        plan: &Plan,
        setup: &Setup,
    ) -> impl Future<Output = Result<Seen, RunError>> + Send;
}

impl<M: Machine + Sync> Guest for M {
    async fn run(&self, sample: &[u8], plan: &Plan, setup: &Setup) -> Result<Seen, RunError> {
        run(self, sample, plan, setup).await
    }
}

/// Runs a sample in a guest with our agent.
pub async fn run(
    machine: &impl Machine,
    sample: &[u8],
    plan: &Plan,
    setup: &Setup,
) -> Result<Seen, RunError> {
    run_and_keep(machine, sample, plan, setup, None).await.map(|(seen, _)| seen)
}

/// Runs a sample, and keeps the machine for at most so long afterwards. There is none to keep
/// where the sample was not started, or the guest is gone. What is seen of conversations that
/// still go on is what was known by then.
pub async fn run_and_keep(
    machine: &impl Machine,
    sample: &[u8],
    plan: &Plan,
    setup: &Setup,
    keep: Option<Duration>,
) -> Result<(Seen, Option<Kept>), RunError> {
    if sample.len() > SAMPLE_BYTES_MAX {
        return Err(RunError::Large(sample.len()));
    }
    let began = Instant::now();
    let started = Timestamp::from(SystemTime::now());
    let margin = Duration::from_millis(ORDERS_MS_MAX + FINISH_MS_MAX);
    // What is kept needs the time to hand over once more.
    let longer = keep.map_or(Duration::ZERO, |keep| keep + Duration::from_millis(FINISH_MS_MAX));
    let mut running = machine.start(setup.time + margin + longer).await?;
    let mut agent = running.agent.take().ok_or(RunError::NoAgent)?;
    let (internet, events) = internet(&mut running, setup)?;
    let mut trace = Trace::default();
    let orders = orders(sample, plan, setup);
    let mut until_running = None;
    let (ended, reason) = {
        let mut gone = std::pin::pin!(running.ended());
        let wanted = (setup, keep.is_some());
        tokio::select! {
            how = &mut gone => (Ended::GuestEnded, Some(how)),
            end = converse(&mut agent, &orders, wanted, &mut trace, began, &mut until_running) => end,
        }
    };
    let console = running.console();
    let lasted = began.elapsed();
    let later = trace.go_on();
    let stays = trace.kept && ended != Ended::GuestEnded;
    let kept = if let Some(time) = keep.filter(|_| stays) {
        let events = Arc::clone(&events);
        Some(Kept { running, agent, internet, events, trace: later, system: plan.system, time })
    } else {
        // The other way round the end of the link would be told as a failure.
        if let Err(error) = internet.shutdown().await {
            tracing::warn!(%error, "the record of the virtual Internet is not whole");
        }
        running.end().await;
        None
    };
    if plan.system == System::Windows {
        windows::translate(&mut trace.notices);
    }
    let events = std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner));
    let network = &setup.conditions.internet.guest;
    let seen = Seen {
        started,
        until_running,
        lasted,
        ended,
        reason,
        lost: trace.lost + trace.unknown(),
        notices: trace.notices,
        events,
        guest: vec![address(network).into()],
        console,
    };
    Ok((seen, kept))
}

type Events = Arc<Mutex<Vec<Event>>>;

/// The virtual Internet at the other end of the machine's network card.
fn internet(running: &mut Running, setup: &Setup) -> Result<(Internet, Events), RunError> {
    internet_at(running.nic().expect("nobody else has taken it"), setup)
}

/// The virtual Internet at the other end of a network card.
fn internet_at(nic: UnixStream, setup: &Setup) -> Result<(Internet, Events), RunError> {
    let link = QemuStream::from_std(nic)?;
    let link: Box<dyn Link> = if setup.conditions.delay.is_zero() {
        Box::new(link)
    } else {
        Box::new(Delayed::new(link, setup.conditions.delay))
    };
    let events = Events::default();
    let told = Arc::clone(&events);
    let mut scenario = setup.conditions.internet.clone();
    scenario.time_shift_s += setup.clock_shift_s;
    let options = Options {
        scenario,
        files: PathBuf::new(),
        replies: Arc::clone(&setup.replies),
        sensor: "sandbox".parse::<SensorId>().expect("a name"),
        folder: setup.record.clone(),
        packets: setup.record.is_some(),
        ca: Ca::load(&setup.authority.certificate, &setup.authority.key)
            .map_err(InternetError::from)?,
        listener: Some(Box::new(move |event| {
            let mut events = told.lock().unwrap_or_else(PoisonError::into_inner);
            if events.len() < EVENTS_MAX {
                events.push(event.clone());
            }
        })),
    };
    Ok((Internet::start(link, options)?, events))
}

/// The guest's address: the first that is leased.
fn address(network: &GuestNetwork) -> Ipv4Addr {
    (u32::from(network.network.network()) + network.first_lease).into()
}

/// What the agent is told until the sample runs, as frames.
fn orders(sample: &[u8], plan: &Plan, setup: &Setup) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let shifted = now.as_nanos() as i128 + i128::from(setup.clock_shift_s) * 1_000_000_000;
    let network = &setup.conditions.internet.guest;
    let gateway = network.gateway().octets();
    let world = SystemWorld;
    let mut out = Vec::with_capacity(sample.len() + 4_096);
    let mut order = |order: Order| order.encode(&mut out);
    order(Order::Clock { unix_ns: u64::try_from(shifted).unwrap_or_default() });
    let entropy: Vec<u8> = (0..4).flat_map(|_| world.random().to_le_bytes()).collect();
    order(Order::Entropy { bytes: entropy });
    order(Order::Network {
        address: address(network).octets(),
        prefix: network.network.prefix_len(),
        gateway,
        resolver: gateway,
        v6: network.network_v6.is_some(),
    });
    let random = world.random();
    order(match plan.system {
        System::Linux => Order::Identity {
            hostname: HOSTNAMES[random as usize % HOSTNAMES.len()].into(),
            user: b"admin".to_vec(),
            // Between three and forty days.
            uptime_s: 259_200 + (random >> 64) as u64 % 3_196_800,
        },
        // What runs already has got its names, and its time.
        System::Windows => Order::Identity {
            hostname: windows::COMPUTER.into(),
            user: windows::USER.into(),
            uptime_s: 0,
        },
    });
    let place = match plan.system {
        System::Linux => plan.path.clone(),
        System::Windows => windows::linux(&plan.path),
    };
    let mut pieces = sample.chunks(PIECE_BYTES_MAX).peekable();
    let mut offset = 0;
    loop {
        let piece = pieces.next().unwrap_or_default();
        let last = pieces.peek().is_none();
        let (path, bytes) = (place.clone(), piece.to_vec());
        order(Order::Put { path, mode: 0o755, offset, bytes, last });
        offset += piece.len() as u64;
        if last {
            break;
        }
    }
    let (usual, folder, arguments): (&[&str], _, _) = match plan.system {
        System::Linux => (&ENVIRONMENT, b"/tmp".to_vec(), plan.arguments.clone()),
        System::Windows => {
            let mut arguments = vec![plan.program.clone()];
            arguments.extend(plan.arguments.iter().cloned());
            (&windows::ENVIRONMENT, windows::linux(windows::DESKTOP.as_bytes()), arguments)
        }
    };
    let usual = usual.iter().map(|variable| variable.as_bytes().to_vec());
    order(Order::Start {
        program: plan.program.clone(),
        arguments,
        environment: usual.chain(setup.environment.iter().cloned()).collect(),
        folder,
        user: 0,
        emulator: plan.emulator.clone().unwrap_or_default(),
        skip_sleep_ms: if setup.skip_sleep { SKIPPED_MS } else { 0 },
    });
    out
}

/// The environment of Linux' programs.
const ENVIRONMENT: [&str; 7] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "SHELL=/bin/sh",
    "LANG=C.UTF-8",
    "PWD=/tmp",
];

/// Sleeps from so long on are skipped, where they are.
const SKIPPED_MS: u32 = 500;

/// Names that machines have.
const HOSTNAMES: [&str; 6] = ["srv01", "mail", "gateway", "storage2", "camera-east", "vps-31840"];

/// Gives the orders and listens, until the sample has ended or its time is up, and what is
/// left has been handed over; whether the machine is then to be kept is told with the set-up.
async fn converse(
    agent: &mut Agent,
    orders: &[u8],
    (setup, keep): (&Setup, bool),
    trace: &mut Trace,
    began: Instant,
    until_running: &mut Option<Duration>,
) -> (Ended, Option<String>) {
    let Agent { orders: to, notices: from } = agent;
    let within = Duration::from_millis(ORDERS_MS_MAX);
    let mut all_given = false;
    let mut end = tokio::time::Instant::now() + setup.time + Duration::from_millis(ORDERS_MS_MAX);
    let mut over_since = None;
    let mut buffer = vec![0; 64 * 1024];
    // Both ways at once: neither may wait for the other.
    let (ended, reason) = {
        let given = async { to.write_all(orders).await.is_ok() };
        let given = tokio::time::timeout(within, given);
        let mut given = std::pin::pin!(given);
        loop {
            let now = tokio::time::Instant::now();
            // The last process may have left another that is not known yet.
            let over = *over_since.get_or_insert(now) + Duration::from_millis(AFTER_LAST_MS);
            if !trace.is_over() {
                over_since = None;
            } else if over <= now {
                break (Ended::Exited, None);
            }
            let wake = if over_since.is_some() { over.min(end) } else { end };
            tokio::select! {
                sent = &mut given, if !all_given => {
                    if !sent.unwrap_or(false) {
                        break (Ended::NotStarted, Some("the guest takes no orders".to_owned()));
                    }
                    all_given = true;
                }
                () = tokio::time::sleep_until(wake) => {
                    if wake == end {
                        if trace.started {
                            break (Ended::TimeUsed, None);
                        }
                        break (Ended::NotStarted, Some("the guest started nothing".to_owned()));
                    }
                }
                count = from.read(&mut buffer) => match count {
                    Ok(count @ 1..) => {
                        let before = trace.started;
                        if let Err(TooLong(length)) = trace.push(&buffer[..count]) {
                            let said = format!("the agent's channel broke: a frame of {length} bytes");
                            return (Ended::GuestEnded, Some(said));
                        }
                        if trace.started && !before {
                            *until_running = Some(began.elapsed());
                            // Its time begins with it.
                            end = tokio::time::Instant::now() + setup.time;
                        }
                        if trace.failed && !trace.started {
                            break (Ended::NotStarted, None);
                        }
                    }
                    _ => return (Ended::GuestEnded, Some("the agent is gone".to_owned())),
                }
            }
        }
    };
    // What is left is worth having, and not worth waiting for long.
    trace.keeping = keep && trace.started;
    let memory = setup.memory;
    let last = if trace.keeping { Order::Keep { memory } } else { Order::Finish { memory } };
    let in_time = !all_given || hand_over(agent, &last, trace).await;
    let reason = reason
        .or_else(|| (!in_time).then(|| "the guest did not hand over all that was left".to_owned()));
    (ended, reason)
}

/// Has the agent send what is left; whether that ended in time, well or not.
async fn hand_over(agent: &mut Agent, order: &Order, trace: &mut Trace) -> bool {
    let mut frame = Vec::new();
    order.encode(&mut frame);
    let mut buffer = vec![0; 64 * 1024];
    let rest = async {
        if agent.orders.write_all(&frame).await.is_err() {
            return;
        }
        while !trace.finished && !trace.kept {
            match agent.notices.read(&mut buffer).await {
                Ok(count @ 1..) if trace.push(&buffer[..count]).is_ok() => {}
                _ => return,
            }
        }
    };
    tokio::time::timeout(Duration::from_millis(FINISH_MS_MAX), rest).await.is_ok()
}
