//! A running gateway, backends that remember what they were sent, and a client that sends bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use ondol_gateway::{Config, Gateway, GatewayHandle, Services, Surroundings};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway that runs until it is dropped.
pub(crate) struct Rig {
    pub(crate) handle: GatewayHandle,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    /// Starts a gateway with this configuration, on a free port.
    pub(crate) fn start(toml: &str) -> Self {
        let text = format!("listen = [\"127.0.0.1:0\"]\nworkers = 1\n{toml}");
        Self::with(Config::read("gateway.toml", &text).expect("a good configuration"))
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::within(config, Services::new())
    }

    /// Starts a gateway in a process with these services.
    pub(crate) fn within(config: Config, services: Services) -> Self {
        Self::around(config, Surroundings { services, ..Surroundings::default() })
    }

    pub(crate) fn around(config: Config, around: Surroundings) -> Self {
        let gateway = Gateway::with(config, around).expect("a gateway that starts");
        let handle = gateway.handle();
        let address = handle.addresses()[0];
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(gateway.run(stopped)).expect("a gateway that ends well");
        });
        Self { handle, address, stop, thread: Some(thread) }
    }

    /// A gateway before one backend.
    pub(crate) fn before(upstream: &Upstream, more: &str) -> Self {
        let at = upstream.address;
        Self::start(&format!(
            "{more}\n[backends.one]\nendpoints = [\"http://{at}\"]\n[routes.all]\nto = \"one\"\n"
        ))
    }

    /// Takes another configuration over.
    pub(crate) fn reload(&self, toml: &str) {
        let config = Config::read("next.toml", toml).expect("a good configuration");
        self.handle.reload(config).expect("a reload");
    }

    /// The value of a series, if it is there.
    pub(crate) fn metric(&self, series: &str) -> Option<u64> {
        let metrics = self.handle.metrics();
        let line = metrics.lines().find_map(|line| line.strip_prefix(series))?;
        line.trim().parse().ok()
    }

    /// How many answers the gateway has made itself.
    pub(crate) fn refusals(&self) -> u64 {
        let metrics = self.handle.metrics();
        let lines =
            metrics.lines().filter(|line| line.starts_with("ondol_gateway_refusals_total{"));
        let numbers = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        numbers.sum()
    }

    /// Sends bytes in pieces and reads until the gateway closes.
    pub(crate) fn send(&self, bytes: &[u8], piece: usize) -> Vec<u8> {
        send(self.address, bytes, piece)
    }

    /// Sends a request that asks for the connection to be closed.
    pub(crate) fn get(&self, target: &str, headers: &str) -> Reply {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n{headers}\r\n"
        );
        Reply::of(&self.send(request.as_bytes(), usize::MAX))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the gateway's thread");
            }
        }
    }
}

/// Asks for leave to have so many files open.
pub(crate) fn may_open(files: usize) {
    let limit = getrlimit(Resource::Nofile);
    let files = Some(u64::try_from(files).expect("a number of files"));
    if limit.current.is_some() && limit.current < files {
        let wanted = Rlimit { current: files, maximum: limit.maximum };
        setrlimit(Resource::Nofile, wanted).expect("a system that lets a process open many files");
    }
}

/// The most memory this process has had in use, in KiB.
pub(crate) fn memory_peak() -> u64 {
    memory_of("self", "VmHWM:")
}

/// A figure about a process's memory, in KiB.
pub(crate) fn memory_of(process: &str, figure: &str) -> u64 {
    let file = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(file).expect("what the kernel knows");
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).expect("a figure");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Looks again and again until it is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    until_within(PATIENCE, what, is_so);
}

/// The same for what takes long on a machine that has other things to do.
pub(crate) fn until_within(patience: Duration, what: &str, is_so: impl Fn() -> bool) {
    const PAUSE: Duration = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    while !is_so() {
        assert!(waited < patience, "never: {what}");
        std::thread::park_timeout(PAUSE);
        waited += PAUSE;
    }
}

pub(crate) fn send(address: SocketAddr, bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("nodelay");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    for piece in bytes.chunks(piece.min(bytes.len().max(1))) {
        // The gateway may have refused and closed already.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(read.is_ok(), "the gateway neither closed nor went on: {:?}", text(&answer));
    answer
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::all(bytes).into_iter().next().expect("an answer")
    }

    /// All answers of a connection, by their lengths.
    pub(crate) fn all(bytes: &[u8]) -> Vec<Self> {
        let text = text(bytes);
        let mut rest = text.as_str();
        let mut replies = Vec::new();
        while let Some((head, after)) = rest.split_once("\r\n\r\n") {
            let status = head.get(9..12).and_then(|status| status.parse().ok());
            let status: u16 = status.expect("a status line");
            let length = header(head, "content-length").and_then(|length| length.parse().ok());
            let length = length.unwrap_or(if status == 100 { 0 } else { after.len() });
            let body = after[..length.min(after.len())].to_owned();
            rest = &after[length.min(after.len())..];
            replies.push(Self { status, head: head.to_owned(), body });
        }
        replies
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// What a backend was sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Which connection it came over.
    pub(crate) connection: usize,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

type Answerer = dyn Fn(&Received, &mut TcpStream) -> bool + Send + Sync;

/// A backend that remembers everything it was sent.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    bytes: Arc<AtomicUsize>,
    closing: Arc<AtomicBool>,
}

impl Upstream {
    /// Answers everything with `200` and the request line.
    pub(crate) fn start() -> Self {
        Self::answering(|received, stream| {
            let body = received.head.lines().next().unwrap_or_default().to_owned();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .is_ok()
        })
    }

    /// Answers everything with `200` and a word.
    pub(crate) fn saying(word: &str) -> Self {
        let word = word.to_owned();
        Self::answering(move |_, stream| say(stream, &word))
    }

    /// Answers by hand. `false` closes the connection.
    pub(crate) fn answering<F>(answer: F) -> Self
    where
        F: Fn(&Received, &mut TcpStream) -> bool + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self::on(listener, answer)
    }

    /// Answers by hand, at an address of its own.
    pub(crate) fn on<F>(listener: TcpListener, answer: F) -> Self
    where
        F: Fn(&Received, &mut TcpStream) -> bool + Send + Sync + 'static,
    {
        let upstream = Self {
            address: listener.local_addr().expect("an address"),
            received: Arc::default(),
            bytes: Arc::default(),
            closing: Arc::default(),
        };
        let (received, bytes) = (Arc::clone(&upstream.received), Arc::clone(&upstream.bytes));
        let closing = Arc::clone(&upstream.closing);
        let answer: Arc<Answerer> = Arc::new(answer);
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                if closing.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { return };
                let (received, bytes) = (Arc::clone(&received), Arc::clone(&bytes));
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || {
                    converse(stream, connection, &received, &bytes, &*answer);
                });
            }
        });
        upstream
    }

    /// The requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("what was received").clone()
    }

    /// The requests so far, forgotten afterwards.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().expect("what was received"))
    }

    /// The bytes so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

/// Answers `200` and a word.
pub(crate) fn say(stream: &mut TcpStream, word: &str) -> bool {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{word}", word.len()).is_ok()
}

fn converse(
    mut stream: TcpStream,
    connection: usize,
    received: &Mutex<Vec<Received>>,
    bytes: &AtomicUsize,
    answer: &Answerer,
) {
    // What is written in pieces leaves at once, and nobody waits for an acknowledgement.
    drop(stream.set_nodelay(true));
    let mut buffer = Vec::new();
    let mut more = [0; 4096];
    loop {
        while let Some((request, used)) = take_request(&buffer, connection) {
            buffer.drain(..used);
            received.lock().expect("what was received").push(request.clone());
            if !answer(&request, &mut stream) {
                return;
            }
        }
        match stream.read(&mut more) {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                bytes.fetch_add(read, Ordering::SeqCst);
                buffer.extend_from_slice(&more[..read]);
            }
        }
    }
}

fn take_request(buffer: &[u8], connection: usize) -> Option<(Received, usize)> {
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = text(&buffer[..end]);
    let (body, used) = if header(&head, "transfer-encoding").is_some() {
        take_chunks(&buffer[end..])?
    } else {
        let length = header(&head, "content-length").map_or(0, |it| it.parse().expect("a length"));
        (buffer.get(end..end + length)?.to_vec(), length)
    };
    Some((Received { head, body, connection }, end + used))
}

/// Chunks as a gateway writes them, with their trailers at the body's end.
fn take_chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let end = at + bytes[at..].windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a hexadecimal size");
        if size == 0 {
            let trailers = bytes[end..].windows(4).position(|four| four == b"\r\n\r\n")?;
            body.extend_from_slice(&bytes[end + 2..end + trailers.max(2)]);
            return Some((body, end + trailers + 4));
        }
        body.extend_from_slice(bytes.get(end + 2..end + 2 + size)?);
        at = end + 2 + size + 2;
        bytes.get(at)?;
    }
}
