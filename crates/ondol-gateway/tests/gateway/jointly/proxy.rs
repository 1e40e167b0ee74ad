//! A bad way to a server: slow, or cut now and then.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Passes bytes on, in both directions.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: Arc<Way>,
}

#[derive(Default)]
struct Way {
    delay_millis: AtomicU64,
    is_cut: AtomicBool,
    is_over: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let way = Arc::new(Way::default());
        let passing = Arc::clone(&way);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if passing.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(near), false) = (stream, passing.is_cut.load(Ordering::Relaxed)) else {
                    continue;
                };
                let Ok(far) = TcpStream::connect(server) else { continue };
                passing.pass(near, far);
            }
        });
        Self { address, way }
    }

    /// Holds every answer up for so long.
    pub(crate) fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).expect("a short time");
        self.way.delay_millis.store(millis, Ordering::Relaxed);
    }

    /// Cuts what is connected and lets nothing through, or lets it through again.
    pub(crate) fn cut(&self, cut: bool) {
        self.way.is_cut.store(cut, Ordering::Relaxed);
        for stream in self.way.streams.lock().expect("the streams").drain(..) {
            // It may have ended by itself.
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Way {
    fn pass(self: &Arc<Self>, near: TcpStream, far: TcpStream) {
        let copy = |stream: &TcpStream| stream.try_clone().expect("another hand on a stream");
        let mut streams = self.streams.lock().expect("the streams");
        streams.extend([copy(&near), copy(&far)]);
        drop(streams);
        let (there, back) = ((copy(&near), copy(&far)), (far, near));
        let way = Arc::clone(self);
        std::thread::spawn(move || carry(there.0, there.1, || Duration::ZERO));
        std::thread::spawn(move || {
            carry(back.0, back.1, || {
                Duration::from_millis(way.delay_millis.load(Ordering::Relaxed))
            });
        });
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: impl Fn() -> Duration) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        let delay = delay();
        if !delay.is_zero() {
            std::thread::park_timeout(delay);
        }
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.way.is_over.store(true, Ordering::Relaxed);
        self.cut(true);
        drop(TcpStream::connect(self.address));
    }
}
