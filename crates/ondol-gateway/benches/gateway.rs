//! Proxying, beside nginx and HAProxy in the same run.
//!
//! The proxy under test has the first core to itself; the backend (nginx, a fixed answer of 82 bytes)
//! and the load generator (wrk, 64 connections) share the second. Needs `nginx`, `haproxy`, `wrk` and
//! `h2load` from the system's packages.
//!
//! Added latency is the 99th percentile at 5,000 requests a second on 50 connections, less that of the
//! same load at the backend itself. A change is live when a request is answered by it; the file is
//! replaced, as people do it.

#[path = "gateway/answers.rs"]
mod answers;
#[path = "gateway/changes.rs"]
mod changes;
#[path = "gateway/paced.rs"]
mod paced;
#[path = "gateway/who.rs"]
mod who;

use std::error::Error;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ondol_bench::{Bench, Measured};
use ondol_testkit::servers::free_address;

/// How often to look, 20 ms apart, whether a server listens.
const LOOKS_MAX: u32 = 250;
const CONNECTIONS: &str = "64";
const ANSWER: &str =
    r#"{"id":"0123456789","balance":1000,"currency":"KRW","owner":"kim","status":"open"}"#;

/// A server that ends with the run.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start(core: &str, program: &[&str], file: &Path, address: SocketAddr) -> io::Result<Server> {
    let child = Command::new("taskset")
        .args(["-c", core])
        .args(program)
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Server { child, address };
    for _ in 0..LOOKS_MAX {
        if TcpStream::connect(address).is_ok() {
            return Ok(server);
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Err(io::Error::other(format!("{} does not listen", program.join(" "))))
}

fn nginx(folder: &Path, name: &str, core: &str, inner: &str) -> io::Result<Server> {
    let address = free_address()?;
    let file = folder.join(name);
    let at = folder.display();
    let config = format!(
        "worker_processes 1; daemon off; master_process off; pid {at}/{name}.pid; error_log {at}/{name}.err;\n\
         events {{ worker_connections 4096; }}\nhttp {{ access_log off; keepalive_requests 100000000;\n\
         {}\n}}\n",
        inner.replace("ADDRESS", &address.to_string())
    );
    fs::write(&file, config)?;
    start(core, &["nginx", "-c"], &file, address)
}

/// The memory of a server that is in use, in MiB.
fn memory(server: &Server) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| io::Error::other("the kernel gives no figure"))
}

fn gateway(folder: &Path, name: &str, more: &str, to: SocketAddr) -> io::Result<Server> {
    let address = free_address()?;
    let file = folder.join(name);
    let mut parts = more.splitn(3, '|');
    let mut part = || parts.next().unwrap_or_default();
    let (top, backend, route) = (part(), part(), part());
    fs::write(
        &file,
        format!(
            "listen = [\"{address}\"]\nworkers = 1\n{top}\n[backends.b]\nendpoints = [\"http://{to}\"]\n{backend}\n\
             [routes.all]\nto = \"b\"\n{route}\n"
        ),
    )?;
    start("0", &[env!("CARGO_BIN_EXE_ondol-gateway"), "run"], &file, address)
}

fn haproxy(folder: &Path, to: SocketAddr) -> io::Result<Server> {
    let address = free_address()?;
    let file = folder.join("haproxy");
    fs::write(
        &file,
        format!(
            "global\n  nbthread 1\n  maxconn 4096\ndefaults\n  mode http\n  http-reuse always\n  timeout client 30s\n\
             timeout server 30s\n  timeout connect 1s\nfrontend f\n  bind {address}\n  default_backend b\n\
             backend b\n  server s {to}\n"
        ),
    )?;
    start("0", &["haproxy", "-f"], &file, address)
}

/// Requests a second, and the 99th percentile in milliseconds.
fn load(server: &Server, seconds: u32) -> io::Result<Measured> {
    load_with(server, seconds, &[])
}

/// The same, with headers.
fn load_with(server: &Server, seconds: u32, headers: &[String]) -> io::Result<Measured> {
    let headers = headers.iter().flat_map(|header| ["-H", header]);
    let output = Command::new("taskset")
        .args(["-c", "1", "wrk", "-t1", "-c", CONNECTIONS, "--latency"])
        .args(headers)
        .arg(format!("-d{seconds}s"))
        .arg(format!("http://{}/accounts/1", server.address))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(io::Error::other(format!("not every request was answered well:\n{text}")));
    }
    let field = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    };
    let rate = field("Requests/sec:").and_then(|rate| rate.parse().ok());
    let slow = field("99%").and_then(|slow| millis(&slow));
    let (Some(rate), Some(slow)) = (rate, slow) else {
        return Err(io::Error::other(format!("wrk gave no figures:\n{text}")));
    };
    Ok(Measured::new(rate).also("p99", "ms", slow))
}

fn millis(text: &str) -> Option<f64> {
    let (number, factor) = match text {
        text if text.ends_with("us") => (text.trim_end_matches("us"), 0.001),
        text if text.ends_with("ms") => (text.trim_end_matches("ms"), 1.0),
        text => (text.trim_end_matches('s'), 1000.0),
    };
    Some(number.parse::<f64>().ok()? * factor)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("ondol-bench-gateway-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let outcome = measure(&folder);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let serve = format!(
        "server {{ listen ADDRESS backlog=4096; location / {{ return 200 '{ANSWER}'; }} }}"
    );
    let backend = nginx(folder, "backend", "1", &serve)?;
    let to = backend.address;
    let proxy = format!(
        "upstream u {{ server {to}; keepalive 128; keepalive_requests 100000000; }}\n\
         server {{ listen ADDRESS backlog=4096; location / {{ proxy_pass http://u; proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\"; }} }}"
    );
    let plain_nginx = nginx(folder, "nginx", "0", &proxy)?;
    let plain_haproxy = haproxy(folder, to)?;
    let plain = gateway(folder, "plain", "", to)?;
    let log = folder.join("access.log");
    let guarded = format!(
        "access_log = {{ to = \"{}\" }}|breaker = {{ failures_in_a_row = 5 }}\nretry = {{}}",
        log.display()
    );
    let guarded = gateway(folder, "guarded", &guarded, to)?;

    // The backend takes what a collector would be told as well, on its own core.
    let watched = gateway(folder, "watched", &format!("[otlp]\nurl = \"http://{to}\""), to)?;

    let known = who::Known::start(folder, to)?;

    let mut bench = Bench::from_args("gateway")?;
    bench.setting("payload", format!("{} bytes of JSON, keep-alive on both sides", ANSWER.len()));
    bench.setting("concurrency", format!("{CONNECTIONS} connections, wrk with one thread"));
    bench.setting("sync", "none: nothing is stored");
    bench.setting("cores", "the proxy alone on core 0; backend and load on core 1");
    let seconds = bench.size(3, 1);
    bench.case("nginx").unit("requests/s").measure(|| load(&plain_nginx, seconds));
    bench.case("gateway").unit("requests/s").against("nginx").measure(|| load(&plain, seconds));
    bench
        .case("gateway with breaker, retry and access log")
        .unit("requests/s")
        .against("nginx")
        .measure(|| load(&guarded, seconds));
    bench
        .case("gateway watched")
        .unit("requests/s")
        .against("gateway")
        .measure(|| load(&watched, seconds));
    bench
        .case("haproxy")
        .unit("requests/s")
        .against("nginx")
        .measure(|| load(&plain_haproxy, seconds));
    who::cases(&mut bench, &known);
    paced::cases(&mut bench, &backend, &plain, &plain_nginx);
    answers::cases(&mut bench, folder, to);
    changes::cases(&mut bench, folder, to);
    bench.run()?;
    Ok(())
}
