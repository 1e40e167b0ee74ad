//! A wire between two processes that does what networks do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
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
}

/// A wire to an address.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    weather: Arc<AtomicU8>,
    _carrying: JoinSet<()>,
}

impl Wire {
    /// A wire to an address, in fair weather.
    pub(crate) async fn to(there: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let weather = Arc::new(AtomicU8::new(Weather::Fair as u8));
        let mut carrying = JoinSet::new();
        carrying.spawn(accept(listener, there, Arc::clone(&weather)));
        Self { address, weather, _carrying: carrying }
    }

    /// From now on the weather is this.
    pub(crate) fn is(&self, weather: Weather) {
        self.weather.store(weather as u8, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, there: SocketAddr, weather: Arc<AtomicU8>) {
    let mut carried = JoinSet::new();
    while let Ok((here, _)) = listener.accept().await {
        let weather = Arc::clone(&weather);
        while carried.try_join_next().is_some() {}
        carried.spawn(async move {
            let Ok(there) = TcpStream::connect(there).await else { return };
            let (from_here, to_here) = here.into_split();
            let (from_there, to_there) = there.into_split();
            // Whichever direction ends first takes the other with it.
            tokio::select! {
                () = carry(from_here, to_there, &weather, false) => {}
                () = carry(from_there, to_here, &weather, true) => {}
            }
        });
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    weather: &AtomicU8,
    is_answer: bool,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 {
            return;
        }
        let now = weather.load(Ordering::SeqCst);
        if now == Weather::Cut as u8 {
            // Half of it arrives: the other side is left in the middle of a message.
            drop(to.write_all(&bytes[..count / 2]).await);
            return;
        }
        if now == Weather::OneWay as u8 && is_answer {
            continue;
        }
        if now == Weather::Slow as u8 {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
