//! A collector of traces, as OpenTelemetry defines one: what a program tells it is read with the official
//! definitions, and kept for the test to look at.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
pub use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// How many bytes are taken at once.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// A collector, until the process ends.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    /// One on a free port.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let kept = Arc::clone(&spans);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                // Whoever goes away in the middle has told nothing that could be kept.
                std::thread::spawn(move || drop(hear(&stream, &kept)));
            }
        });
        Self { address, spans }
    }

    /// Where programs find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All it has been told so far, each span once.
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How each span of a trace came to be, by their names: `>` is whoever waited for it, `~` what it
    /// follows; `client` is the span of whoever asked, and `?` what is not known.
    pub fn ways(&self, trace: u128, client: u64) -> Vec<String> {
        let spans = self.spans().into_iter().filter(|span| span.trace_id == trace.to_be_bytes());
        let all: BTreeMap<_, _> = spans.map(|span| (span.span_id.clone(), span)).collect();
        let mut ways: Vec<String> = all.values().map(|span| way(&all, span, client)).collect();
        ways.sort();
        ways.dedup();
        ways
    }
}

/// What a span says under a name, if that is a text.
pub fn said<'a>(span: &'a Span, name: &str) -> &'a str {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// An id as people write it.
pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn way(all: &BTreeMap<Vec<u8>, Span>, span: &Span, client: u64) -> String {
    let name = &span.name;
    if let Some(parent) = all.get(&span.parent_span_id) {
        return format!("{} > {name}", way(all, parent, client));
    }
    match span.links.first().map(|link| all.get(&link.span_id)) {
        // Nobody waits for what only follows.
        Some(Some(before)) if span.parent_span_id.is_empty() => {
            format!("{} ~ {name}", way(all, before, client))
        }
        Some(_) => format!("? ~ {name}"),
        None if span.parent_span_id == client.to_be_bytes() => format!("client > {name}"),
        None => format!("? {name}"),
    }
}

/// Takes all that comes over one connection.
fn hear(stream: &TcpStream, kept: &Mutex<Vec<Span>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (path, length) = head(&mut reader)?;
        let mut body = Vec::new();
        reader.by_ref().take(length.min(BODY_BYTES_MAX)).read_to_end(&mut body)?;
        let status = match path.as_str() {
            "/v1/traces" => match ExportTraceServiceRequest::decode(&*body) {
                Ok(request) => keep(request, kept),
                Err(_no_request) => "400 Bad Request",
            },
            "/v1/metrics" | "/v1/logs" => "200 OK",
            _ => "404 Not Found",
        };
        write!(&mut &*stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
    }
}

/// The path and the length of the next request.
fn head(reader: &mut impl io::BufRead) -> io::Result<(String, u64)> {
    let (mut path, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            None if line.is_empty() => return Ok((path, length)),
            None => path = line.split(' ').nth(1).unwrap_or_default().to_owned(),
            Some(_) => {}
        }
    }
}

/// Keeps what is new: what is told again after an answer was lost is the same.
fn keep(request: ExportTraceServiceRequest, kept: &Mutex<Vec<Span>>) -> &'static str {
    let scopes = request.resource_spans.into_iter().flat_map(|of| of.scope_spans);
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    for span in scopes.flat_map(|scope| scope.spans) {
        if !kept.iter().any(|known| known.span_id == span.span_id) {
            kept.push(span);
        }
    }
    "200 OK"
}
