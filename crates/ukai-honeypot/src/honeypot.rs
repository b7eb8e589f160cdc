//! The honeypot: checked as a whole, started, running, drained.

use crate::config::{ConfigError, HoneypotConfig, Planned};
use crate::disks::Disks;
use crate::limits::{FOUND_PAIRS_KEPT_EVERY, HOSTS_MAX, NETWORK_MTU, UNANSWERED_TOLD_EVERY};
use crate::neighbours::{ForStack, Neighbours};
use crate::network::{Network, NetworkLink, Record};
use crate::sink::HoneypotSink;
use ipnet::IpNet;
use lru::LruCache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use ukai_driver::{
    Acceptor, Assignment, BindError, CertificateNames, Driver, KernelAcceptor, KernelDatagrams,
    NetstackAcceptor, SystemWorld, TlsConfigs, TlsUse, UnansweredSyns, World,
};
use ukai_egress::Egress;
use ukai_emulators::Emulator;
use ukai_link::{
    PacketConfig, PacketError, PacketLink, PrefixFilter, Recorder, Recording, Tun, TunError,
    Watched, Watcher,
};
use ukai_model::{EventKind, Flow, Transport};
use ukai_netstack::{Config as StackConfig, Link, Medium};
use ukai_packet::ether::Mac;
use ukai_persona::{Access, Host, Persona};
use ukai_store::Store;

/// Why the honeypot did not start. Nothing listens then.
#[derive(Debug, thiserror::Error)]
pub enum HoneypotError {
    /// The configuration cannot work.
    #[error("[honeypot] {0}")]
    Config(#[from] ConfigError),
    /// Addresses that cannot be listened on, all of them.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// A network's link that cannot be used.
    #[error("[honeypot] networks: {0}")]
    Link(#[from] TunError),
    /// A network's interface that cannot be used.
    #[error("[honeypot] networks: {0}")]
    Packet(#[from] PacketError),
    /// A folder in which packets cannot be recorded.
    #[error("[honeypot] networks: record: folder {}: {error}; choose another", folder.display())]
    Record {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// A running honeypot.
pub struct Honeypot {
    services: Vec<Service>,
    networks: Vec<Answered>,
    /// What they have is written when they are dropped.
    recorders: Vec<Recorder>,
    driver: Driver,
    stop: CancellationToken,
    serving: Vec<JoinHandle<()>>,
    keeping: JoinHandle<()>,
}

/// One thing that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What is spoken, as in the configuration: `telnet`, `ssh`, `https` ...
    pub protocol: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// As whom.
    pub persona: String,
}

/// A network that is answered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What its packets come over: `tun ukai0`.
    pub link: String,
    /// Its prefixes.
    pub prefixes: Vec<IpNet>,
    /// How many hosts there are; `None`: every address is one.
    pub hosts: Option<usize>,
}

impl Honeypot {
    /// Checks everything, listens everywhere, and starts; or starts nothing and says
    /// what all stands in the way. `secret` is the installation's: hosts' names and
    /// numbers are drawn from it. `watcher` is told of all that comes to networks, but for
    /// those by TPROXY.
    pub async fn start(
        config: HoneypotConfig,
        store: Store,
        egress: Arc<Egress>,
        secret: [u8; 32],
        watcher: Option<Watcher>,
    ) -> Result<Self, HoneypotError> {
        config.check_values()?;
        let (config, planned) = tokio::task::spawn_blocking(move || {
            let planned = config.plan();
            (config, planned)
        })
        .await
        .expect("reading files does not panic");
        let mut planned = planned?;
        let world: Arc<dyn World> = Arc::new(SystemWorld);
        let neighbours = config.neighbours(secret, &world)?.into_iter().map(Arc::new);
        let neighbours: Vec<Arc<Neighbours>> = neighbours.collect();
        drop_missing_loopback(&mut planned);
        let passive = config.passive_ports.map(|[first, last]| first..=last);
        let (streams, datagrams) = bind(&planned, passive)?;
        // Where port 0 was asked for, the kernel chose.
        let (mut tcp, mut udp) = (streams.addresses().iter(), datagrams.addresses().iter());
        for planned in &mut planned {
            let bound = match planned.spoken.transport {
                Transport::Tcp => tcp.next(),
                Transport::Udp => udp.next(),
            };
            planned.address = *bound.expect("as many as were asked for");
        }
        let services = planned
            .iter()
            .map(|p| Service {
                protocol: p.spoken.name,
                address: p.address,
                persona: p.persona.name.clone(),
            })
            .collect();

        let driver = Driver::new(
            config.budgets,
            config.sensor,
            TlsConfigs::new(CertificateNames::Host, Arc::clone(&world)),
            Arc::new(HoneypotSink::new(store.clone(), egress)),
            Arc::clone(&world),
        );
        let mut entrances = Vec::new();
        let mut networks = Vec::new();
        let mut recorders = Vec::new();
        for (network, neighbours) in config.networks.iter().zip(&neighbours) {
            let (entrance, recorder) =
                open(network, neighbours, &driver, &world, watcher.as_ref())?;
            entrances.push(entrance);
            recorders.extend(recorder);
            networks.push(Answered {
                link: network.link.to_string(),
                prefixes: network.prefixes.clone(),
                hosts: neighbours.count(),
            });
        }
        let found = store.get_meta(FOUND_PAIRS).await.unwrap_or_default().unwrap_or_default();
        let access = Arc::new(Access::new(config.canaries).with_found(&found));
        let houses = Arc::new(Houses::new(
            &planned,
            secret,
            Arc::clone(&access),
            Disks::new(config.disks, secret, Arc::clone(&world), &store),
            world,
        ));
        let stop = CancellationToken::new();
        prepare(&houses, &stop);
        let choose = {
            let houses = Arc::clone(&houses);
            move |flow: &Flow| houses.choose(flow)
        };
        let mut serving = vec![
            serve(&driver, streams, choose.clone(), &stop),
            serve(&driver, datagrams, choose, &stop),
        ];
        for (entrance, neighbours) in entrances.into_iter().zip(neighbours) {
            let houses = Arc::clone(&houses);
            let choose = move |flow: &Flow| houses.choose_among(&neighbours, flow);
            match entrance {
                Entrance::Stack(stack) => serving.push(serve(&driver, stack, choose, &stop)),
                Entrance::Kernel(streams, datagrams) => {
                    serving.push(serve(&driver, streams, choose.clone(), &stop));
                    serving.push(serve(&driver, datagrams, choose, &stop));
                }
            }
        }
        let keeping = tokio::spawn(keep_found(access, store, stop.clone()));
        Ok(Self { services, networks, recorders, driver, stop, serving, keeping })
    }

    /// What listens where, in the order of the configuration.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The networks that are answered for, in the order of the configuration.
    pub fn networks(&self) -> &[Answered] {
        &self.networks
    }

    /// Sessions at this moment.
    pub fn sessions(&self) -> usize {
        self.driver.sessions()
    }

    /// Stops listening, ends all sessions, and waits until they are recorded; ten
    /// seconds at most.
    pub async fn shutdown(self) {
        self.stop.cancel();
        for serving in self.serving {
            if serving.await.is_err() {
                tracing::error!("one of the honeypot's acceptors had failed");
            }
        }
        drop(self.recorders);
        if self.keeping.await.is_err() {
            tracing::error!("the pairs that attackers found could not be kept");
        }
    }
}

/// Where a network's flows come from.
enum Entrance {
    Stack(NetstackAcceptor),
    Kernel(KernelAcceptor, KernelDatagrams),
}

fn open(
    network: &Network,
    neighbours: &Arc<Neighbours>,
    driver: &Driver,
    world: &Arc<dyn World>,
    watcher: Option<&Watcher>,
) -> Result<(Entrance, Option<Recorder>), HoneypotError> {
    let mut config = StackConfig::default();
    let (link, device): (Box<dyn Link>, _) = match &network.link {
        NetworkLink::Tun { device } => {
            (Box::new(Tun::open(device, Medium::Ip, NETWORK_MTU)?), device)
        }
        NetworkLink::Tap { device } => {
            (Box::new(Tun::open(device, Medium::Ethernet, NETWORK_MTU)?), device)
        }
        NetworkLink::Packet { interface } => {
            let include = network.prefixes.clone();
            let filter = PrefixFilter { include, exclude: network.exclude.clone() };
            let packets = PacketConfig { filter: Some(filter), ..PacketConfig::default() };
            let link = PacketLink::open(interface, &packets)?;
            config.mac = link.mac().map_or(config.mac, beside);
            (Box::new(link), interface)
        }
        NetworkLink::Tproxy { port, .. } => {
            let mut here: Vec<SocketAddr> = vec![(Ipv4Addr::LOCALHOST, *port).into()];
            if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
                here.push((Ipv6Addr::LOCALHOST, *port).into());
            }
            let streams = KernelAcceptor::bind_transparent(&here)?;
            let datagrams = KernelDatagrams::bind_transparent(&here)?;
            return Ok((Entrance::Kernel(streams, datagrams), None));
        }
    };
    let recorder = network.record.as_ref().map(|record| recorder(record, device)).transpose()?;
    let link: Box<dyn Link> = match &recorder {
        Some(recorder) => Box::new(recorder.tap(link, device)),
        None => link,
    };
    let link: Box<dyn Link> = match watcher {
        Some(watcher) => Box::new(Watched::new(link, Arc::clone(watcher))),
        None => link,
    };
    let hosts = ForStack(Arc::clone(neighbours));
    let told = tell(driver.clone());
    let stack = NetstackAcceptor::new(link, hosts, config, Arc::clone(world), told);
    Ok((Entrance::Stack(stack), recorder))
}

/// A station beside an interface's own: the kernel does not concern itself with frames to
/// it, and would tell their senders that it knows no way.
const fn beside(interface: Mac) -> Mac {
    let Mac(mut octets) = interface;
    // Locally administered, of one station.
    octets[0] = (octets[0] | 0x02) & !0x01;
    octets[5] ^= 0x80;
    Mac(octets)
}

fn recorder(record: &Record, device: &str) -> Result<Recorder, HoneypotError> {
    let recording = Recording {
        folder: record.folder.clone(),
        name: device.to_owned(),
        file_bytes_max: record.file_bytes_max,
        file_seconds_max: record.file_s_max,
        files_max: record.files_max,
        snap_bytes: record.snap_bytes,
    };
    Recorder::start(recording)
        .map_err(|error| HoneypotError::Record { folder: record.folder.clone(), error })
}

/// Records what a stack tells. A flood in many names must not become one of events.
fn tell(driver: Driver) -> impl Fn(UnansweredSyns) + Send + Sync {
    let last = Mutex::new(None::<Instant>);
    move |told| {
        let mut last = last.lock();
        if last.is_some_and(|last| last.elapsed() < UNANSWERED_TOLD_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        let length = if told.prefix.is_ipv4() { 24 } else { 48 };
        let kind = EventKind::SynUnanswered {
            prefix: format!("{}/{length}", told.prefix),
            syns: told.syns.into(),
            unanswered: told.unanswered.into(),
        };
        driver.report(kind, None);
    }
}

fn serve<A: Acceptor + Send + 'static>(
    driver: &Driver,
    acceptor: A,
    choose: impl Fn(&Flow) -> Option<Assignment> + Send + 'static,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let (driver, stop) = (driver.clone(), stop.clone());
    tokio::spawn(async move { driver.serve(acceptor, choose, stop).await })
}

/// Where the store keeps the pairs that attackers found by trying.
const FOUND_PAIRS: &str = "honeypot.found-pairs";

/// Keeps the pairs that attackers found, so that they are right after a restart too.
async fn keep_found(access: Arc<Access>, store: Store, stop: CancellationToken) {
    loop {
        let stopped = tokio::time::timeout(FOUND_PAIRS_KEPT_EVERY, stop.cancelled()).await.is_ok();
        if let Some(found) = access.save()
            && let Err(error) = store.put_meta(FOUND_PAIRS, &found).await
        {
            tracing::warn!(%error, "the pairs that attackers found are not kept");
        }
        if stopped {
            return;
        }
    }
}

/// Listens everywhere, or nowhere: what stands in the way is told in one go.
fn bind(
    planned: &[Planned],
    passive: Option<RangeInclusive<u16>>,
) -> Result<(KernelAcceptor, KernelDatagrams), BindError> {
    let of = |transport| {
        let wanted = planned.iter().filter(move |p| p.spoken.transport == transport);
        wanted.map(|p| p.address).collect::<Vec<_>>()
    };
    let streams = KernelAcceptor::bind_with(&of(Transport::Tcp), passive);
    match (streams, KernelDatagrams::bind(&of(Transport::Udp))) {
        (Ok(streams), Ok(datagrams)) => Ok((streams, datagrams)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        (Err(mut error), Err(more)) => {
            error.problems.extend(more.problems);
            Err(error)
        }
    }
}

/// A machine without IPv6 has no `::1`; nobody else could have reached it, so that is
/// no reason not to start.
fn drop_missing_loopback(planned: &mut Vec<Planned>) {
    let loopback = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let listed = planned.iter().any(|p| p.address.ip() == loopback);
    if listed && UdpSocket::bind((loopback, 0)).is_err() {
        tracing::warn!("this machine has no ::1; nothing listens there");
        planned.retain(|p| p.address.ip() != loopback);
    }
}

/// Lets the emulators make, beside the running service, what takes them long for each
/// host. A thread of its own, since it may be busy for minutes; it ends with the service.
fn prepare(houses: &Arc<Houses>, stop: &CancellationToken) {
    let (houses, stop) = (Arc::clone(houses), stop.clone());
    std::thread::Builder::new()
        .name("prepare-hosts".to_owned())
        .spawn(move || {
            for door in houses.doors.values() {
                match &door.host {
                    Some(host) if !stop.is_cancelled() => door.emulator.prepare(host),
                    _ => {}
                }
            }
        })
        .map_or_else(|error| tracing::warn!(%error, "hosts are prepared when they are met"), drop);
}

/// Who lives at which address, and what is spoken at which door.
struct Houses {
    doors: HashMap<(Transport, SocketAddr), Door>,
    /// Hosts behind wildcard addresses and in networks, as they are met.
    met: Mutex<LruCache<(IpAddr, usize), Arc<Host>>>,
    secret: [u8; 32],
    /// What all of them know about log-ins.
    access: Arc<Access>,
    disks: Disks,
    world: Arc<dyn World>,
}

struct Door {
    emulator: Arc<dyn Emulator>,
    tls: TlsUse,
    persona: Arc<Persona>,
    /// The host, where the address is one.
    host: Option<Arc<Host>>,
}

impl Houses {
    fn new(
        planned: &[Planned],
        secret: [u8; 32],
        access: Arc<Access>,
        disks: Disks,
        world: Arc<dyn World>,
    ) -> Self {
        let mut hosts: HashMap<(IpAddr, &str), Arc<Host>> = HashMap::new();
        let doors = planned
            .iter()
            .map(|p| {
                let ip = p.address.ip();
                let host = (!ip.is_unspecified()).then(|| {
                    let key = (ip, p.persona.name.as_str());
                    let host = || p.persona.host(ip, secret).with_access(Arc::clone(&access));
                    Arc::clone(hosts.entry(key).or_insert_with(|| Arc::new(host())))
                });
                let emulator = Arc::clone(&p.emulator);
                let persona = Arc::clone(&p.persona);
                let door = Door { emulator, tls: p.spoken.tls, persona, host };
                ((p.spoken.transport, p.address), door)
            })
            .collect();
        let met = NonZeroUsize::new(HOSTS_MAX).expect("a constant above zero");
        Self { doors, met: Mutex::new(LruCache::new(met)), secret, access, disks, world }
    }

    fn choose(&self, flow: &Flow) -> Option<Assignment> {
        let local = flow.local();
        let door = |at| self.doors.get(&(flow.transport, at));
        let door = door(local).or_else(|| door(any_address(local)))?;
        let host = door.host.clone().unwrap_or_else(|| self.meet(local.ip(), &door.persona));
        Some(self.assign(flow, host, &door.emulator, door.tls))
    }

    /// The same for a flow to a network.
    fn choose_among(&self, neighbours: &Neighbours, flow: &Flow) -> Option<Assignment> {
        let resident = neighbours.resident(flow.dst_ip)?;
        let door = resident.door(flow.transport, flow.dst_port)?;
        let key = (flow.dst_ip, std::ptr::from_ref(neighbours) as usize);
        let host =
            self.meet_once(key, || resident.persona().host(flow.dst_ip, self.secret).of_many());
        Some(self.assign(flow, host, &door.emulator, door.spoken.tls))
    }

    fn assign(
        &self,
        flow: &Flow,
        host: Arc<Host>,
        emulator: &Arc<dyn Emulator>,
        tls: TlsUse,
    ) -> Assignment {
        let fs = match flow.transport {
            Transport::Tcp => self.disks.of(flow.src_ip, &host, self.world.now()),
            Transport::Udp => self.disks.of_datagrams(flow.src_ip, &host),
        };
        Assignment { emulator: Arc::clone(emulator), host, fs, tls, alpn: &[] }
    }

    fn meet(&self, ip: IpAddr, persona: &Arc<Persona>) -> Arc<Host> {
        // Two listeners may put two personas behind one wildcard, on different ports.
        let key = (ip, Arc::as_ptr(persona) as usize);
        self.meet_once(key, || persona.host(ip, self.secret))
    }

    fn meet_once(&self, key: (IpAddr, usize), host: impl FnOnce() -> Host) -> Arc<Host> {
        let mut met = self.met.lock();
        let host = || Arc::new(host().with_access(Arc::clone(&self.access)));
        Arc::clone(met.get_or_insert(key, host))
    }
}

/// The wildcard door that a flow to `local` may have come through.
const fn any_address(local: SocketAddr) -> SocketAddr {
    let ip = match local.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(ip, local.port())
}
