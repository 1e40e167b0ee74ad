//! The program on ports and a disk of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use ondol_doors::{Clock as _, SystemClock};

/// The settings of the program as it is shipped, with its usual ports.
const SETTINGS: &str = include_str!("../../ondol.toml");
/// How long the payment provider is left alone once it fails: nobody waits a minute in a test.
const OPEN: &str = "open_ms = 60000";
const OPEN_IN_TESTS: &str = "open_ms = 300";
const USUAL: [&str; 4] = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:9090"];
/// Another process may take a free port before the program does.
const PORTS_TRIED_MAX: usize = 5;
/// How long anything that comes may take on a busy machine.
const LONG: Duration = Duration::from_secs(90);

/// How long somebody waits for something that comes.
pub(crate) struct Patience {
    clock: SystemClock,
    began: Duration,
}

impl Patience {
    pub(crate) fn new() -> Self {
        let clock = SystemClock::start();
        Self { began: clock.running(), clock }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.clock.running().saturating_sub(self.began) > LONG
    }
}

/// The program.
pub(crate) struct Town {
    folder: tempfile::TempDir,
    /// What it is told on the command line.
    told: Vec<String>,
    /// The gateway, the operators' port, the services' own, the outside world.
    ports: [String; 4],
    process: Option<Process>,
    /// What it said before it ended by itself.
    said: Option<Vec<String>>,
}

struct Process {
    child: Child,
    reading: Option<JoinHandle<Vec<String>>>,
}

impl Town {
    pub(crate) fn begin() -> Self {
        Self::begin_with("")
    }

    /// The program as it comes, with no file beside it.
    pub(crate) fn begin_bare() -> Self {
        let mut town = Self::nowhere();
        for _ in 0..PORTS_TRIED_MAX {
            town.told = vec!["up".to_owned()];
            let places = ["settings.front", "admin", "http", "settings.outside"];
            for (place, port) in places.iter().zip(&town.ports) {
                town.told.extend(["--set".to_owned(), format!("{place}.listen={port}")]);
            }
            for (place, port) in [("home", 0), ("api", 2), ("identity", 2)] {
                let url = format!("settings.web.{place}=http://{}", town.ports[port]);
                town.told.extend(["--set".to_owned(), url]);
            }
            if town.start() {
                return town;
            }
            town.ports = free();
        }
        unreachable!("it does not come up: {:#?}", town.said);
    }

    fn nowhere() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, told: Vec::new(), ports: free(), process: None, said: None }
    }

    /// The same, with more settings than it is shipped with.
    pub(crate) fn begin_with(more: &str) -> Self {
        let mut town = Self::nowhere();
        town.told = ["up", "--config", "ondol.toml"].map(str::to_owned).to_vec();
        for _ in 0..PORTS_TRIED_MAX {
            let settings = USUAL.iter().zip(&town.ports).fold(
                format!("[logging]\nformat = \"json\"\n\n{SETTINGS}\n{more}"),
                |text, (usual, own)| text.replace(usual, own),
            );
            let settings = settings.replace(OPEN, OPEN_IN_TESTS);
            std::fs::write(town.folder.path().join("ondol.toml"), settings).expect("a file");
            if town.start() {
                return town;
            }
            town.ports = free();
        }
        unreachable!("it does not come up: {:#?}", town.said);
    }

    /// Starts the process; whether it came up.
    pub(crate) fn start(&mut self) -> bool {
        let mut command = Command::new(env!("CARGO_BIN_EXE_superapp"));
        command.current_dir(self.folder.path()).env_clear().args(&self.told);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it can be started");
        let told = BufReader::new(child.stderr.take().expect("it is piped"));
        let reading = std::thread::spawn(move || told.lines().map_while(Result::ok).collect());
        self.process = Some(Process { child, reading: Some(reading) });
        let patience = Patience::new();
        while !patience.is_over() {
            if self.get(1, "/readyz").is_some_and(|answer| answer.contains(" 200 ")) {
                return true;
            }
            let process = self.process.as_mut().expect("it was started");
            if process.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                self.said = process.reading.take().and_then(|reading| reading.join().ok());
                return false;
            }
        }
        false
    }

    /// Tells the process to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        let pid = process.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.is_ok_and(|told| told.success()), "the signal can be sent");
        let ended = process.child.wait().expect("it ends");
        assert!(ended.success(), "it stopped in order: {ended}");
    }

    /// Where everything is kept.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Kills the process, as the system does.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.child.kill().expect("it can be killed");
        process.child.wait().expect("it ends");
    }

    /// Where people come in.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.ports[0])
    }

    /// Changes how a provider of the outside world behaves.
    pub(crate) fn set(&self, provider: &str, change: &str) {
        let request = format!(
            "PATCH /control/{provider} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{change}",
            change.len()
        );
        let answer = self.asked(3, &request).expect("the world answers");
        assert!(answer.contains(" 200 "), "{answer}");
    }

    /// What the payment provider has counted, as text.
    pub(crate) fn payments(&self, order: &str) -> String {
        let path = format!("/payment/payments?reference={order}");
        self.get(3, &path).expect("the world answers")
    }

    /// What whoever comes in by the gateway is answered.
    pub(crate) fn front(&self, request: &str) -> String {
        self.asked(0, request).expect("the gateway answers")
    }

    fn get(&self, port: usize, path: &str) -> Option<String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        self.asked(port, &request)
    }

    fn asked(&self, port: usize, request: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.ports[port]).ok()?;
        stream.set_read_timeout(Some(LONG)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself.
            drop(process.child.kill());
            drop(process.child.wait());
        }
    }
}

/// Four ports that are free at this moment.
fn free() -> [String; 4] {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address").to_string())
}
