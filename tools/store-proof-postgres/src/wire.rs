//! A wire between the store and the server that breaks where it is told to.
//!
//! It understands just enough of the protocol to find the message that says COMMIT.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ondol_doors::{Clock as _, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where the wire breaks at the next COMMIT.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// The message does not arrive.
    Before,
    /// So many bytes of it arrive.
    After(usize),
    /// It arrives, and nobody waits for the answer.
    WithoutWaiting,
    /// It arrives and is answered, and the answer does not.
    BeforeTheAnswer,
    /// Our end of the wire breaks; the message lies about for a while and then arrives.
    Late(Duration),
}

/// The wire.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    next: Arc<Mutex<Option<Cut>>>,
    _wires: JoinSet<()>,
}

impl Wire {
    /// A wire to the server on a port.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(server: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let next: Arc<Mutex<Option<Cut>>> = Arc::default();
        let cut = Arc::clone(&next);
        let mut wires = JoinSet::new();
        wires.spawn(async move {
            let mut running = JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                running.spawn(wire(client, server, Arc::clone(&cut)));
            }
        });
        Ok(Self { port, next, _wires: wires })
    }

    /// Breaks the wire at the next COMMIT.
    pub fn break_at_commit(&self, cut: Cut) {
        *self.next.lock().expect("nobody panics here") = Some(cut);
    }

    /// Whether the wire has broken since.
    pub fn has_broken(&self) -> bool {
        self.next.lock().expect("nobody panics here").is_none()
    }

    /// Where a database is, through the wire, which understands nothing that is encrypted.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

async fn wire(client: TcpStream, server: TcpStream, next: Arc<Mutex<Option<Cut>>>) {
    // Small messages go at once, as they do without a wire in between.
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (mute, muted) = watch::channel(false);
    let mut answers = JoinSet::new();
    answers.spawn(answer(from_server, to_client, muted));
    // When either way ends, both ends are closed.
    forward(from_client, to_server, &next, (&mute, &mut answers)).await;
}

/// Passes answers on. Once muted, it passes nothing and ends with the answer to COMMIT.
async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, muted: watch::Receiver<bool>) {
    let (mut bytes, mut unheard) = (vec![0; 65_536], Vec::new());
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if *muted.borrow() {
            unheard.extend_from_slice(&bytes[..count]);
            if unheard.windows(7).any(|said| said == b"COMMIT\0") {
                return;
            }
        } else if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Passes messages on, one by one: the first has no type, all others begin with one.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    next: &Mutex<Option<Cut>>,
    (mute, answers): (&watch::Sender<bool>, &mut JoinSet<()>),
) {
    let mut header = 0;
    loop {
        let read = tokio::select! {
            message = message(&mut from, header) => message,
            _ = answers.join_next() => return,
        };
        let Some(message) = read else { return };
        header = 1;
        let is_commit = message.starts_with(b"Q") && message[5..].starts_with(b"COMMIT");
        let cut = if is_commit { next.lock().expect("nobody panics here").take() } else { None };
        if let Some(cut) = cut {
            mute.send_replace(matches!(cut, Cut::BeforeTheAnswer));
            return break_at(cut, &message, to, (from, answers)).await;
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn message(from: &mut OwnedReadHalf, header: usize) -> Option<Vec<u8>> {
    let mut message = vec![0; header + 4];
    from.read_exact(&mut message).await.ok()?;
    let length = u32::from_be_bytes(message[header..].try_into().ok()?);
    message.resize(header + usize::try_from(length).ok()?, 0);
    from.read_exact(&mut message[header + 4..]).await.ok()?;
    Some(message)
}

async fn break_at(
    cut: Cut,
    commit: &[u8],
    mut to: OwnedWriteHalf,
    (from, answers): (OwnedReadHalf, &mut JoinSet<()>),
) {
    let arrives = match cut {
        Cut::Before | Cut::Late(_) => 0,
        Cut::After(bytes) => bytes,
        Cut::WithoutWaiting | Cut::BeforeTheAnswer => commit.len(),
    };
    // The server may be gone as well: then nothing arrives.
    to.write_all(&commit[..arrives]).await.ok();
    if matches!(cut, Cut::BeforeTheAnswer) {
        answers.join_next().await;
    }
    // The client finds its end closed.
    answers.shutdown().await;
    drop(from);
    if let Cut::Late(pause) = cut {
        SystemClock::start().sleep(pause).await;
        to.write_all(commit).await.ok();
    }
}
