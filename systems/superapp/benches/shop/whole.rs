//! The whole program as it is shipped: how large it is, how soon it is ready, and what it takes when
//! nobody asks anything of it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use ondol_bench::{Measured, Stopwatch};

/// The settings of the program as it is shipped, with its usual ports.
const SETTINGS: &str = include_str!("../../ondol.toml");
const USUAL: [&str; 4] = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:9090"];
/// After how long nothing is left over of its beginning.
const SETTLES: Duration = Duration::from_secs(3);
/// How long it may take to come up at all.
const LONGEST: Duration = Duration::from_secs(60);
/// How often is looked whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const MIB: f64 = 1_048_576.0;

const PROGRAM: &str = env!("CARGO_BIN_EXE_superapp");

/// How many MiB it has on a disk.
pub(crate) fn size() -> anyhow::Result<Measured> {
    let bytes = Path::new(PROGRAM).metadata()?.len();
    Ok(Measured::new(f64::from(u32::try_from(bytes)?) / MIB))
}

/// How soon it is ready on an empty disk, and again; and how much memory it then has.
pub(crate) fn comes_up() -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0"));
    let mut ports = Vec::new();
    for listener in listeners {
        ports.push(listener?.local_addr()?.to_string());
    }
    let settings = USUAL
        .iter()
        .zip(&ports)
        .fold(SETTINGS.to_owned(), |text, (usual, own)| text.replace(usual, own));
    std::fs::write(folder.path().join("ondol.toml"), settings)?;
    let first = Running::begin(folder.path(), &ports[1])?;
    let first_ms = first.ready_ms;
    passes(SETTLES);
    let resident = first.resident()?;
    first.end()?;
    let again = Running::begin(folder.path(), &ports[1])?;
    let again_ms = again.ready_ms;
    again.end()?;
    Ok(Measured::new(first_ms).also("again", "ms", again_ms).also("idle memory", "MiB", resident))
}

struct Running {
    child: Child,
    ready_ms: f64,
}

impl Running {
    fn begin(folder: &Path, admin: &str) -> anyhow::Result<Self> {
        let watch = Stopwatch::start();
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder).env_clear().args(["up", "--config", "ondol.toml"]);
        let child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut running = Self { child, ready_ms: 0.0 };
        while !is_ready(admin) {
            anyhow::ensure!(running.child.try_wait()?.is_none(), "it ended by itself");
            anyhow::ensure!(watch.elapsed() < LONGEST, "it does not come up");
            passes(LOOK_EVERY);
        }
        running.ready_ms = watch.elapsed().as_secs_f64() * 1_000.0;
        Ok(running)
    }

    fn resident(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a size")?;
        let kib: u32 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(f64::from(kib) / 1_024.0)
    }

    fn end(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        anyhow::ensure!(told.success(), "the signal can be sent");
        anyhow::ensure!(self.child.wait()?.success(), "it stops in order");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits, and leaves the processors to others.
fn passes(time: Duration) {
    let (_nobody, never) = std::sync::mpsc::sync_channel::<()>(0);
    // Nobody says anything: that is what is waited for.
    never.recv_timeout(time).unwrap_or_default();
}

fn is_ready(admin: &str) -> bool {
    let asked = || {
        let mut stream = TcpStream::connect(admin)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer.starts_with("HTTP/1.1 200"))
    };
    asked().unwrap_or(false)
}
