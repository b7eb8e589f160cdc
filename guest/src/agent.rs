//! The agent's loop: it waits for the host, the kernel's records, closed files, calls at
//! the gate and the sample's output, all at once and in one thread.

use std::fs::File;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use ukai_trace::{Framer, Order, VERSION, What};

use crate::boot::{Ports, before, boot};
use crate::clocks::{Deadlines, Older};
use crate::console::{self, Console};
use crate::files::Files;
use crate::gate::{Call, Gate, Waiting};
use crate::limits::{
    LAST_RECORDS, OUTPUT_BYTES_MAX, OUTPUT_STEP_BYTES, SKIP_SECONDS_MAX, SKIPPED_SLEEP, SKIPS_MAX,
    SUM_EVERY,
};
use crate::memory::Dump;
use crate::nest::{self, Nest};
use crate::out::Out;
use crate::probes::Probes;
use crate::watch::{Program, Watch};
use crate::wine::Wine;
use crate::{orders, sys};

struct Agent {
    orders: File,
    framer: Framer,
    out: Out,
    nest: Nest,
    go: Option<OwnedFd>,
    gate: Gate,
    probes: Probes,
    files: Files,
    watch: Watch,
    outputs: [Output; 2],
    /// Where a command that runs before has not ended yet, the guest is not ready.
    ready: bool,
    started: bool,
    skip_sleep_ns: Option<u64>,
    skips: u32,
    older: Older,
    deadlines: Deadlines,
    /// Calls that are answered at a time.
    sleeping: Vec<(Instant, u64)>,
    keeping: Option<Keeping>,
    console: Option<Console>,
    finishing: Option<Finishing>,
}

/// From the order to keep the machine until all of the run is sent.
struct Keeping {
    dump: Dump,
    /// Processes that stand still until their memory is sent.
    stopped: Vec<u32>,
    last_asked: bool,
}

#[derive(Default)]
struct Output {
    total: u64,
    sent: u64,
    told: u64,
    closed: bool,
}

struct Finishing {
    dump: Dump,
    /// Since when Wine's server writes down the registry.
    saving: Option<Instant>,
    killed: Option<Instant>,
    last_asked: bool,
}

/// Comes back only with an error.
pub fn run() -> Error {
    let mut agent = match set_up() {
        Ok(agent) => agent,
        Err(error) => return error,
    };
    if agent.ready {
        agent.out.tell(0, What::Ready { version: VERSION });
    }
    loop {
        if let Err(error) = agent.turn() {
            return error;
        }
    }
}

fn set_up() -> Result<Agent> {
    let Ports { orders, notices } = boot()?;
    let before = before();
    let mut nest = nest::make(before.as_ref())?;
    let probes = Probes::set()?;
    let files = Files::watch(nest.pid)?;
    let gate = std::mem::replace(&mut nest.gate, File::open("/dev/null")?.into());
    let go = std::mem::replace(&mut nest.go, File::open("/dev/null")?.into());
    sys::nonblocking(orders.as_raw_fd());
    Ok(Agent {
        orders,
        framer: Framer::default(),
        out: Out::new(notices),
        watch: Watch::new(nest.pid),
        nest,
        go: Some(go),
        gate: Gate::new(gate),
        probes,
        files,
        outputs: Default::default(),
        ready: before.is_none(),
        started: false,
        skip_sleep_ns: None,
        skips: 0,
        older: Older::default(),
        deadlines: Deadlines::default(),
        sleeping: Vec::new(),
        keeping: None,
        console: None,
        finishing: None,
    })
}

impl Agent {
    fn turn(&mut self) -> Result<()> {
        let readable = libc::POLLIN;
        let port = if self.out.is_empty() { 0 } else { libc::POLLOUT };
        let output = |number: usize| {
            if self.outputs[number].closed { -1 } else { self.nest.outputs[number].as_raw_fd() }
        };
        let asked = [
            (self.orders.as_raw_fd(), readable),
            (self.out.fd(), port),
            (self.probes.fd(), readable),
            (self.files.fd(), readable),
            (self.gate.fd(), readable),
            (output(0), readable),
            (output(1), readable),
            (self.nest.control.as_raw_fd(), readable),
        ];
        let console = self.console.as_ref().map(|console| console.asked(&self.out));
        let asked: Vec<_> = asked.into_iter().chain(console.into_iter().flatten()).collect();
        let soonest = self.sleeping.iter().map(|(at, _)| *at).min();
        let wait = match soonest {
            Some(at) => at.saturating_duration_since(Instant::now()),
            None if self.finishing.is_some() || self.keeping.is_some() => Duration::from_millis(20),
            None if self.started => SUM_EVERY,
            None => Duration::from_secs(3_600),
        };
        let ready = sys::poll(&asked, wait);
        if ready[4] & readable != 0 {
            self.at_gate();
        }
        self.wake();
        if ready[0] & readable != 0 {
            self.take_orders()?;
        }
        // The kernel wakes us for half a buffer; what is less is fetched at each turn, or the
        // end of a short sample would be told with the end of the run.
        if ready[2] != 0 || self.started {
            self.watch.take(&self.probes, &self.files, &mut self.out);
        }
        if ready[3] != 0 {
            self.files.take(&mut self.out, self.started, &self.watch.wine);
        }
        for number in 0..2 {
            if ready[5 + number] != 0 {
                self.read_output(number);
            }
        }
        if ready[7] & readable != 0 {
            self.take_reports();
        }
        if self.started {
            self.watch.sums(&mut self.out, false);
            if self.finishing.is_none() {
                self.watch.look_after(&mut self.out);
            }
            self.files.pump(&mut self.out);
        }
        self.keep();
        if self.console.as_mut().is_some_and(|console| console.pump(&mut self.out)) {
            self.console = None;
        }
        self.finish();
        self.out.flush();
        Ok(())
    }

    fn take_orders(&mut self) -> Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            // An empty read: the host is not there (yet).
            let count = match sys::read(self.orders.as_raw_fd(), &mut buffer) {
                Ok(0) | Err(_) => return Ok(()),
                Ok(count) => count,
            };
            self.framer.push(&buffer[..count]);
            loop {
                let order = match self.framer.next_body() {
                    Ok(Some(body)) => Order::decode(body),
                    Ok(None) => break,
                    Err(_) => return Err(Error::other("an order without end")),
                };
                match order {
                    Ok(order) => self.obey(order),
                    Err(_) => self.failed("order", libc::EBADMSG),
                }
            }
        }
    }

    fn failed(&mut self, step: &str, error: i32) {
        self.out.tell(0, What::Failed { step: step.into(), error });
    }

    fn obey(&mut self, order: Order) {
        if let Err((step, error)) = orders::carry_out(&order, self.nest.pid) {
            self.failed(step, error.raw_os_error().unwrap_or(0));
        }
        match &order {
            Order::Identity { .. } | Order::Start { .. } | Order::Console { .. } => {
                if let Order::Start { skip_sleep_ms, .. } = &order {
                    let ns = u64::from(*skip_sleep_ms) * 1_000_000;
                    self.skip_sleep_ns = (ns > 0).then_some(ns);
                    self.files.take(&mut self.out, false, &self.watch.wine);
                }
                let mut message = Vec::new();
                order.encode(&mut message);
                if let Err(error) = sys::write(self.nest.control.as_raw_fd(), &message) {
                    self.failed("start", error.raw_os_error().unwrap_or(0));
                }
            }
            Order::Keep { memory } => {
                let (mut dump, mut stopped) = (Dump::default(), Vec::new());
                if *memory {
                    self.watch.take(&self.probes, &self.files, &mut self.out);
                    stopped = self.watch.alive();
                    for pid in &stopped {
                        sys::kill(*pid, libc::SIGSTOP);
                        dump.add(*pid);
                    }
                }
                self.keeping = Some(Keeping { dump, stopped, last_asked: false });
            }
            Order::Type { bytes } => {
                if let Some(console) = &mut self.console {
                    console.take(bytes);
                }
            }
            Order::Size { rows, columns } => {
                if let Some(console) = &self.console {
                    console.resize(*rows, *columns);
                }
            }
            Order::Finish { memory } => {
                let mut dump = Dump::default();
                if self.started {
                    self.watch.take_all(&self.probes, &self.files, &mut self.out);
                    self.watch.ending = true;
                    for pid in self.watch.alive() {
                        sys::kill(pid, libc::SIGSTOP);
                        if *memory {
                            dump.add(pid);
                        }
                    }
                }
                self.finishing =
                    Some(Finishing { dump, saving: None, killed: None, last_asked: false });
            }
            _ => {}
        }
    }

    /// What the nest says.
    fn take_reports(&mut self) {
        let mut message = [0; 16];
        while let Ok(count @ 1..) = sys::read(self.nest.control.as_raw_fd(), &mut message) {
            let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
            let numbers: Vec<u32> = message[1..count].as_chunks().0.iter().map(number).collect();
            match message[0] {
                nest::FORKED => self.begin(),
                nest::WARM if !self.ready => {
                    self.ready = true;
                    self.out.tell(0, What::Ready { version: VERSION });
                }
                nest::FAILED if numbers.len() == 1 => {
                    self.failed("execute", numbers[0].cast_signed());
                }
                nest::CONSOLE if numbers.len() == 1 => {
                    self.failed("console", numbers[0].cast_signed());
                }
                nest::CONSOLE if numbers.len() > 1 => {
                    if let Err(error) = self.begin_console(numbers[0], &numbers[1..]) {
                        self.failed("console", error.raw_os_error().unwrap_or(0));
                    }
                    let _ = sys::write(self.nest.control.as_raw_fd(), &[nest::TAKEN]);
                }
                nest::ENDED if numbers.len() == 1 => {
                    if let Some(console) = &mut self.console {
                        console.status = Some(numbers[0]);
                    }
                }
                _ => {}
            }
        }
    }

    /// The analyst's shell is there and waits: it is followed, too.
    fn begin_console(&mut self, inside: u32, ends: &[u32]) -> Result<()> {
        let gone = || Error::from_raw_os_error(libc::ESRCH);
        let pid = console::find(self.nest.pid, inside).ok_or_else(gone)?;
        let ends = ends.iter().map(|end| sys::descriptor_of(self.nest.pid, *end));
        let console = Console::new(ends.collect::<Result<_>>()?)?;
        self.probes.follow(pid)?;
        self.watch.begin(pid);
        self.out.tell(pid, What::Console {});
        self.console = Some(console);
        Ok(())
    }

    /// The sample's process is there and waits: from now on it is followed.
    fn begin(&mut self) {
        let nest = self.nest.pid;
        let children = std::fs::read_to_string(format!("/proc/{nest}/task/{nest}/children"));
        let children = children.unwrap_or_default();
        let Some(pid) = children.split_whitespace().last().and_then(|pid| pid.parse().ok()) else {
            return self.failed("start", libc::ESRCH);
        };
        if let Err(error) = self.probes.follow(pid) {
            self.failed("trace", error.raw_os_error().unwrap_or(0));
        }
        let wine = Wine::find(self.nest.pid);
        for (_, tasks) in wine.tasks() {
            for task in tasks {
                if let Err(error) = self.probes.follow(*task) {
                    self.failed("trace", error.raw_os_error().unwrap_or(0));
                }
            }
        }
        self.out.start_ns = sys::monotonic_ns();
        self.started = true;
        self.older = Older::of_process(pid);
        self.watch.begin(pid);
        if wine.server != 0 {
            // By this name, the host knows whose acts are those of programs.
            self.out.tell(wine.server, What::Name { name: b"wineserver".to_vec() });
        }
        self.watch.adopt(wine);
        self.out.tell(pid, What::Started {});
        // Closing it lets the sample go.
        self.go = None;
    }

    fn at_gate(&mut self) {
        let Some(waiting) = self.gate.next() else { return };
        match waiting.call {
            Call::Execute { folder_fd, path, arguments, environment } => {
                // Before the start, it is none of the sample's.
                let program = self.started.then(|| Program::new(path, arguments, environment));
                let found = program
                    .and_then(|program| self.watch.executes(waiting.task, folder_fd, program));
                if let Some((file, path)) = found {
                    self.files.executed(
                        &mut self.out,
                        self.watch.process(waiting.task),
                        file,
                        path,
                    );
                }
                self.gate.go_on(waiting.id);
            }
            Call::Sleep { ns } => self.sleeps(&waiting, ns, ns),
            Call::SleepUntil { clock, ns } => {
                let left = ns.saturating_sub(sys::clock_ns(clock) + self.older.of(clock));
                let told = self.deadlines.length(waiting.task, clock, ns, left);
                self.sleeps(&waiting, left, told);
            }
            Call::Other => self.gate.go_on(waiting.id),
        }
    }

    /// A sleep that would last for `left`, and that is one of `length` to the sample, whose
    /// earlier ones were cut short.
    fn sleeps(&mut self, waiting: &Waiting, left: u64, length: u64) {
        let within = left <= SKIP_SECONDS_MAX * 1_000_000_000 && self.skips < SKIPS_MAX;
        match self.skip_sleep_ns {
            Some(least) if left >= least && within && self.started => {
                self.skips += 1;
                let pid = self.watch.process(waiting.task);
                // What was done before it is told before it.
                self.watch.take(&self.probes, &self.files, &mut self.out);
                self.watch.sums_of(pid, &mut self.out);
                self.out.tell(pid, What::Sleep { ns: length, skipped: true, task: waiting.task });
                let _ = sys::set_clock(sys::clock_ns(libc::CLOCK_REALTIME) + length);
                self.sleeping.push((Instant::now() + SKIPPED_SLEEP, waiting.id));
            }
            _ => self.gate.go_on(waiting.id),
        }
    }

    fn wake(&mut self) {
        let now = Instant::now();
        let gate = &self.gate;
        self.sleeping.retain(|(at, id)| {
            let later = *at > now;
            if !later {
                gate.done(*id);
            }
            later
        });
    }

    fn read_output(&mut self, number: usize) {
        let fd = self.nest.outputs[number].as_raw_fd();
        let output = &mut self.outputs[number];
        let mut buffer = [0; 32 * 1024];
        // A few pieces a turn: who prints without end must not keep us from the rest.
        for _ in 0..8 {
            let count = match sys::read(fd, &mut buffer) {
                Ok(0) => {
                    output.closed = true;
                    return;
                }
                Ok(count) => count,
                Err(_) => return,
            };
            output.total += count as u64;
            let room = (OUTPUT_BYTES_MAX - output.sent).min(count as u64) as usize;
            if room > 0 || output.total - output.told >= OUTPUT_STEP_BYTES {
                output.sent += room as u64;
                output.told = output.total;
                let bytes = buffer[..room].to_vec();
                let stream = number as u8 + 1;
                self.out.tell(0, What::Output { stream, bytes, total: output.total });
            }
        }
    }

    /// From the order to keep the machine to the notice that all of the run is sent.
    fn keep(&mut self) {
        let Some(keeping) = &mut self.keeping else { return };
        if !keeping.dump.pump(&mut self.out) {
            return;
        }
        for pid in keeping.stopped.drain(..) {
            sys::kill(pid, libc::SIGCONT);
        }
        if !keeping.last_asked {
            keeping.last_asked = true;
            self.ask_for_all();
        }
        if self.files.pump(&mut self.out) {
            self.tell_totals();
            self.out.tell(0, What::Kept {});
            self.keeping = None;
        }
    }

    /// Takes the last records, and asks for all files that are to be sent.
    fn ask_for_all(&mut self) {
        self.watch.take_all(&self.probes, &self.files, &mut self.out);
        self.files.take(&mut self.out, self.started, &self.watch.wine);
        self.watch.sums(&mut self.out, true);
        self.files.all(&mut self.out);
    }

    /// Of output, how much there was, where it was not sent.
    fn tell_totals(&mut self) {
        for (number, output) in self.outputs.iter_mut().enumerate() {
            if output.told < output.total {
                output.told = output.total;
                let (stream, total) = (number as u8 + 1, output.total);
                self.out.tell(0, What::Output { stream, bytes: Vec::new(), total });
            }
        }
    }

    /// From the order to finish to the notice that all is done.
    fn finish(&mut self) {
        let Some(finishing) = &mut self.finishing else { return };
        let Some(killed) = finishing.killed else {
            if finishing.dump.pump(&mut self.out) {
                if !self.watch.wine.has_saved(&mut finishing.saving) {
                    return;
                }
                for (path, before) in self.watch.wine.registry() {
                    self.files.compare(self.nest.pid, path, before);
                }
                sys::kill(self.nest.pid, libc::SIGKILL);
                finishing.killed = Some(Instant::now());
            }
            return;
        };
        if killed.elapsed() < LAST_RECORDS {
            return;
        }
        if !finishing.last_asked {
            finishing.last_asked = true;
            self.ask_for_all();
        }
        if self.files.pump(&mut self.out) {
            self.tell_totals();
            self.out.tell(0, What::Finished {});
            self.finishing = None;
            self.started = false;
        }
    }
}
