//! A gateway before three backends, asked all the time, while the first goes through its phases.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::park_timeout;
use std::time::Duration;

use ondol_doors::{Clock, SystemClock};
use ondol_gateway::{Config, Gateway};
use tokio_util::sync::CancellationToken;

use crate::backend::{Backend, Mode};
use crate::svg::{Band, Chart, Line};

/// What becomes of the first backend, in order.
pub(crate) const PHASES: [(Mode, &str); 7] = [
    (Mode::Well, "well"),
    (Mode::Killed, "killed"),
    (Mode::Well, "well again"),
    (Mode::Slow, "slow"),
    (Mode::Well, "well once more"),
    (Mode::FailsAtOnce, "fails at once"),
    (Mode::Well, "well at last"),
];
const NAMES: [&str; 3] = ["a", "b", "c"];
/// The last line: requests that nobody answered well.
const LINES: [&str; 4] = ["a, the bad one", "b", "c", "failed"];
const CLIENTS: usize = 6;
const SLOT: Duration = Duration::from_millis(100);

/// Requests in a slot of time: by who answered, and those that failed.
type Slot = [AtomicU32; 4];

/// What was seen.
pub(crate) struct Trial {
    pub(crate) strategy: &'static str,
    phase: Duration,
    slots: Vec<[u32; 4]>,
}

impl Trial {
    pub(crate) fn run(strategy: &'static str, more: &str, phase: Duration) -> io::Result<Self> {
        let backends =
            [Backend::start(NAMES[0])?, Backend::start(NAMES[1])?, Backend::start(NAMES[2])?];
        let running = Running::start(strategy, more, &backends)?;
        let phases = u32::try_from(PHASES.len()).unwrap_or(u32::MAX);
        let count = (phase * phases).as_millis() / SLOT.as_millis() + 1;
        let slots: Vec<Slot> = (0..count).map(|_| Slot::default()).collect();
        let over = AtomicBool::new(false);
        let clock = SystemClock::start();
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (slots, over, clock) = (&slots, &over, &clock);
                let address = running.address;
                scope.spawn(move || ask_on(address, client, slots, over, clock));
            }
            for (mode, _) in PHASES {
                backends[0].turn(mode)?;
                park_timeout(phase);
            }
            over.store(true, Ordering::SeqCst);
            Ok::<_, io::Error>(())
        })?;
        let slots = slots.iter().map(|slot| slot.each_ref().map(|it| it.load(Ordering::Relaxed)));
        Ok(Self { strategy, phase, slots: slots.collect() })
    }

    #[cfg(test)]
    /// The first backend's share of what was asked in the later part of a phase, in percent.
    pub(crate) fn late_share(&self, place: usize) -> f64 {
        let slots_each = usize::try_from(self.phase.as_millis() / SLOT.as_millis()).unwrap_or(1);
        let (from, to) = (place * slots_each + slots_each / 2, (place + 1) * slots_each);
        let slots = &self.slots[from.min(self.slots.len())..to.min(self.slots.len())];
        let asked: u32 = slots.iter().flat_map(|slot| &slot[..3]).sum();
        let first: u32 = slots.iter().map(|slot| slot[0]).sum();
        100.0 * f64::from(first) / f64::from(asked.max(1))
    }

    #[cfg(test)]
    /// The shares of all phases.
    pub(crate) fn late_shares(&self) -> Vec<(&'static str, f64)> {
        let phases = PHASES.iter().enumerate();
        phases.map(|(place, (_, name))| (*name, self.late_share(place).round())).collect()
    }

    pub(crate) fn chart(&self) -> Chart {
        let points = |line: usize| {
            let slots = self.slots.iter().enumerate().filter_map(move |(index, slot)| {
                let all: u32 = slot.iter().sum();
                let at = SLOT.as_secs_f64() * f64::from(u32::try_from(index).ok()?);
                (all > 0).then(|| (at, 100.0 * f64::from(slot[line]) / f64::from(all)))
            });
            slots.collect()
        };
        let lines = LINES.iter().enumerate();
        let lines = lines.map(|(line, name)| Line { name, points: points(line) }).collect();
        let phase = self.phase.as_secs_f64();
        let mut from = 0.0;
        let bands = PHASES.iter().map(|(_, name)| {
            let band = Band { from, to: from + phase, name: (*name).to_owned() };
            from += phase;
            band
        });
        Chart { title: self.strategy, unit: "percent of requests", lines, bands: bands.collect() }
    }
}

/// A gateway that ends with the trial.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Running {
    fn start(strategy: &str, more: &str, backends: &[Backend; 3]) -> io::Result<Self> {
        let [a, b, c] = backends.each_ref().map(|backend| backend.address);
        let text = format!(
            "listen = [\"127.0.0.1:0\"]\nworkers = 1\n[backends.one]\n\
             endpoints = [\"http://{a}\", \"http://{b}\", \"http://{c}\"]\n{more}\
             [backends.one.balancer]\nstrategy = \"{strategy}\"\nslow_start = \"0s\"\nremember = \"300ms\"\n\
             failure_counts_as = \"200ms\"\noutlier = {{ out_for = \"300ms\", out_for_max = \"300ms\" }}\n\
             [routes.all]\nto = \"one\"\n"
        );
        let config = Config::read("shares.toml", &text).map_err(io::Error::other)?;
        let gateway = Gateway::new(config).map_err(io::Error::other)?;
        let address = gateway.handle().addresses()[0];
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().spawn(move || runtime.block_on(gateway.run(stopped)))?;
        Ok(Self { address, stop })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn ask_on(
    address: SocketAddr,
    client: usize,
    slots: &[Slot],
    over: &AtomicBool,
    clock: &SystemClock,
) {
    let began = clock.running();
    let mut stream = None;
    let mut turn = client;
    while !over.load(Ordering::SeqCst) {
        turn += CLIENTS;
        let open = stream.take().map_or_else(|| TcpStream::connect(address), Ok);
        let line = match open.and_then(|open| ask(open, turn)) {
            Ok((open, answerer)) => {
                stream = Some(open);
                answerer
            }
            Err(_) => None,
        };
        let slot = (clock.running() - began).as_millis() / SLOT.as_millis();
        if let Some(slot) = usize::try_from(slot).ok().and_then(|slot| slots.get(slot)) {
            slot[line.unwrap_or(3)].fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Asks once; which backend answered, well or not.
fn ask(mut stream: TcpStream, key: usize) -> io::Result<(TcpStream, Option<usize>)> {
    write!(stream, "GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n")?;
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer)?;
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    let said = text.rsplit("\r\n\r\n").next().unwrap_or_default();
    Ok((stream, NAMES.iter().position(|name| *name == said)))
}
