//! Memory, many routes, and changes while requests are served.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ondol_bench::{Bench, Measured, Stopwatch};
use ondol_testkit::servers::free_address;

use crate::{Server, load, memory, start};

const ROUTES: usize = 5_000;
const CHANGES_A_SECOND: u32 = 50;
/// Routes of the gateway that is changed all the time.
const ROUTES_CHANGED: usize = 100;
/// Changes whose time is taken in one run.
const CHANGES: u32 = 20;

pub(crate) fn cases<'a>(bench: &mut Bench<'a>, folder: &'a Path, to: SocketAddr) {
    let seconds = bench.size(3, 1);
    bench.case("memory when idle").unit("MiB").measure(move || {
        let gateway = Changing::start(folder, "idle", 1, to)?;
        memory(&gateway.server)
    });
    bench.case("memory with 5000 routes").unit("MiB").measure(move || {
        let gateway = Changing::start(folder, "large", ROUTES, to)?;
        memory(&gateway.server)
    });
    bench.case("a change live with 5000 routes").unit("ms").measure(move || {
        let mut gateway = Changing::start(folder, "live", ROUTES, to)?;
        let mut slowest = Duration::ZERO;
        for _ in 0..CHANGES {
            slowest = slowest.max(gateway.change_and_see()?);
        }
        Ok::<_, io::Error>(slowest.as_secs_f64() * 1000.0)
    });
    bench.case("quiet").unit("requests/s").measure(move || {
        let gateway = Changing::start(folder, "quiet", ROUTES_CHANGED, to)?;
        load(&gateway.server, seconds)
    });
    bench.case("during 50 changes a second").unit("requests/s").against("quiet").measure(
        move || {
            let mut gateway = Changing::start(folder, "changed", ROUTES_CHANGED, to)?;
            during_changes(&mut gateway, seconds)
        },
    );
}

fn during_changes(gateway: &mut Changing, seconds: u32) -> io::Result<Measured> {
    let over = AtomicBool::new(false);
    let Changing { server, file, routes, to, .. } = gateway;
    std::thread::scope(|scope| {
        let changing = scope.spawn(|| {
            let mut version = 1;
            while !over.load(Ordering::Relaxed) {
                version += 1;
                write(file, server.address, *routes, *to, version)?;
                std::thread::park_timeout(Duration::from_secs(1) / CHANGES_A_SECOND);
            }
            Ok::<_, io::Error>(())
        });
        let measured = load(server, seconds);
        over.store(true, Ordering::Relaxed);
        let changed = changing.join().unwrap_or_else(|_| Err(io::Error::other("a panic")));
        changed.and(measured)
    })
}

/// A gateway whose file changes.
struct Changing {
    server: Server,
    file: PathBuf,
    routes: usize,
    to: SocketAddr,
    version: u32,
}

impl Changing {
    fn start(folder: &Path, name: &str, routes: usize, to: SocketAddr) -> io::Result<Self> {
        let (address, file) = (free_address()?, folder.join(name));
        write(&file, address, routes, to, 1)?;
        let server = start("0", &[env!("CARGO_BIN_EXE_ondol-gateway"), "run"], &file, address)?;
        Ok(Self { server, file, routes, to, version: 1 })
    }

    /// How long until a change is seen.
    fn change_and_see(&mut self) -> io::Result<Duration> {
        self.version += 1;
        let mut stream = TcpStream::connect(self.server.address)?;
        stream.set_nodelay(true)?;
        let wanted = format!("version {}", self.version);
        let watch = Stopwatch::start();
        write(&self.file, self.server.address, self.routes, self.to, self.version)?;
        loop {
            if ask(&mut stream)?.contains(&wanted) {
                return Ok(watch.elapsed());
            }
            if watch.elapsed() > Duration::from_secs(10) {
                return Err(io::Error::other("the change is never seen"));
            }
            std::thread::park_timeout(Duration::from_micros(200));
        }
    }
}

fn ask(stream: &mut TcpStream) -> io::Result<String> {
    stream.write_all(b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n")?;
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// Replaces the file.
fn write(
    file: &Path,
    address: SocketAddr,
    routes: usize,
    to: SocketAddr,
    version: u32,
) -> io::Result<()> {
    let mut text = format!(
        "listen = [\"{address}\"]\nworkers = 1\n[backends.b]\nendpoints = [\"http://{to}\"]\n\
         [routes.version]\npath = \"/version\"\nrespond = {{ status = 200, body = \"version {version}\" }}\n\
         [routes.rest]\nto = \"b\"\n"
    );
    for route in 1..routes {
        writeln!(text, "[routes.r{route}]\npath = \"/service-{route}/items/{{id}}\"\nto = \"b\"")
            .map_err(io::Error::other)?;
    }
    let new = file.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, file)
}
