//! A backend that can be killed, slowed, made to fail, and brought back.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::park_timeout;
use std::time::Duration;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Well,
    Slow,
    FailsAtOnce,
    Killed,
}

const WELL: Duration = Duration::from_millis(8);
const SLOW: Duration = Duration::from_millis(80);
/// How often one that waits looks whether it is killed.
const LOOK: Duration = Duration::from_millis(20);

/// A backend.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    name: &'static str,
    mode: Arc<AtomicU8>,
}

impl Backend {
    pub(crate) fn start(name: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let backend = Self { address, name, mode: Arc::default() };
        backend.serve(listener)?;
        Ok(backend)
    }

    /// From now on it is like this.
    pub(crate) fn turn(&self, mode: Mode) -> io::Result<()> {
        let before = self.mode.swap(mode as u8, Ordering::SeqCst);
        if before == Mode::Killed as u8 && mode != Mode::Killed {
            self.serve(TcpListener::bind(self.address)?)?;
        }
        if mode == Mode::Killed {
            // Whoever accepts is woken to see that it is over.
            drop(TcpStream::connect(self.address));
        }
        Ok(())
    }

    fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let (name, mode) = (self.name, Arc::clone(&self.mode));
        std::thread::Builder::new().spawn(move || {
            for stream in listener.incoming() {
                if mode.load(Ordering::SeqCst) == Mode::Killed as u8 {
                    return;
                }
                let Ok(stream) = stream else { return };
                let mode = Arc::clone(&mode);
                std::thread::spawn(move || {
                    // A connection that fails is a client that has left.
                    drop(converse(stream, name, &mode));
                });
            }
        })?;
        Ok(())
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // One that was killed has ended already.
        drop(self.turn(Mode::Killed));
    }
}

fn converse(mut stream: TcpStream, name: &str, mode: &AtomicU8) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOOK))?;
    let mut seen = Vec::new();
    let mut more = [0; 2048];
    loop {
        let read = stream.read(&mut more);
        let now = mode.load(Ordering::SeqCst);
        if now == Mode::Killed as u8 {
            return Ok(());
        }
        match read {
            Ok(0) => return Ok(()),
            Ok(read) => seen.extend_from_slice(&more[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        if !seen.ends_with(b"\r\n\r\n") {
            continue;
        }
        seen.clear();
        let failing = now == Mode::FailsAtOnce as u8;
        if !failing {
            park_timeout(if now == Mode::Slow as u8 { SLOW } else { WELL });
        }
        let status = if failing { "500 Internal Server Error" } else { "200 OK" };
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{name}", name.len())?;
    }
}
