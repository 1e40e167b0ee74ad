//! A wire between two processes that does what networks do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Weather {
    /// It carries everything.
    Fair,
    /// It breaks off whatever it carries, again and again.
    Cut,
    /// Everything takes its time.
    Slow,
    /// Requests arrive, and no answer ever comes back.
    OneWay,
    /// Each request arrives twice, on two connections, and is answered twice.
    Twice,
}

/// A wire to an address.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    sky: Arc<Sky>,
    _carrying: JoinSet<()>,
}

/// The weather, and how many messages have met what is not fair.
#[derive(Debug, Default)]
struct Sky {
    weather: AtomicU8,
    met: AtomicU32,
}

impl Wire {
    /// A wire to an address, in fair weather.
    pub(crate) async fn to(there: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let sky = Arc::new(Sky::default());
        let mut carrying = JoinSet::new();
        carrying.spawn(accept(listener, there, Arc::clone(&sky)));
        Self { address, sky, _carrying: carrying }
    }

    /// From now on the weather is this.
    pub(crate) fn is(&self, weather: Weather) {
        self.sky.weather.store(weather as u8, Ordering::SeqCst);
        self.sky.met.store(0, Ordering::SeqCst);
    }

    /// Whether the weather has met a message since it came.
    pub(crate) fn has_met(&self) -> bool {
        self.sky.met.load(Ordering::SeqCst) > 0
    }
}

async fn accept(listener: TcpListener, there: SocketAddr, sky: Arc<Sky>) {
    let mut carried = JoinSet::new();
    while let Ok((here, _)) = listener.accept().await {
        let sky = Arc::clone(&sky);
        while carried.try_join_next().is_some() {}
        carried.spawn(async move {
            let address = there;
            let Ok(there) = TcpStream::connect(address).await else { return };
            let (from_here, to_here) = here.into_split();
            let (from_there, to_there) = there.into_split();
            // Whichever direction ends first takes the other with it.
            tokio::select! {
                () = carry(from_here, to_there, &sky, Some(address)) => {}
                () = carry(from_there, to_here, &sky, None) => {}
            }
        });
    }
}

/// Carries requests to an address, or answers back.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    sky: &Sky,
    requests_to: Option<SocketAddr>,
) {
    let mut again = JoinSet::new();
    let mut bytes = vec![0; 16 << 10];
    let mut slowly = tokio::time::interval(Duration::from_millis(40));
    slowly.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 {
            return;
        }
        let now = sky.weather.load(Ordering::SeqCst);
        if now != Weather::Fair as u8 {
            sky.met.fetch_add(1, Ordering::SeqCst);
        }
        if now == Weather::Cut as u8 {
            // Half of it arrives: the other side is left in the middle of a message.
            drop(to.write_all(&bytes[..count / 2]).await);
            return;
        }
        if let (true, Some(address)) = (now == Weather::Twice as u8, requests_to) {
            again.spawn(send_again(address, bytes[..count].to_vec()));
        }
        if now == Weather::OneWay as u8 && requests_to.is_none() {
            continue;
        }
        if now == Weather::Slow as u8 {
            slowly.tick().await;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Sends a request once more, and hears the answer that nobody else does.
async fn send_again(address: SocketAddr, request: Vec<u8>) {
    let Ok(mut there) = TcpStream::connect(address).await else { return };
    if there.write_all(&request).await.is_ok() {
        let mut answer = vec![0; 16 << 10];
        drop(there.read(&mut answer).await);
    }
}
