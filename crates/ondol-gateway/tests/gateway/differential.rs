//! What goes through is counted the same by programs that read it independently.
//!
//! Thousands of requests, whole and damaged, go through the gateway to nginx and to HAProxy. Each of
//! them must count exactly the whole requests the gateway believes it has passed on, and must find
//! nothing wrong with them. One more, and a request was smuggled. A request whose body the
//! gateway breaks off half-way is not one; HAProxy may count its head, nginx does not.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ondol_doors::{Rng, SeededRng};

use super::rig::{PATIENCE, Reply, Rig, send};

const REQUESTS: usize = 1500;

/// A server in a folder of its own that writes a line for each request.
struct Judge {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
    /// Whether it counts a request whose body breaks off.
    counts_halves: bool,
}

impl Judge {
    fn start(name: &str, config: impl Fn(SocketAddr, &str) -> String, run: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("gateway-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let address = ondol_testkit::servers::free_address().expect("a free port");
        let file = folder.join("config");
        fs::write(&file, config(address, &folder.display().to_string())).expect("a configuration");
        let out = File::create(folder.join("out")).expect("a log");
        let child = Command::new(run[0])
            .args(&run[1..])
            .arg(&file)
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx and haproxy are installed: apt-get install nginx-light haproxy");
        let judge = Self { child, address, folder, counts_halves: false };
        judge.until(|judge| TcpStream::connect(judge.address).is_ok());
        judge
    }

    fn nginx() -> Self {
        let config = |address, folder: &str| {
            format!(
                "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\n\
                 events {{}}\nhttp {{ client_body_temp_path {folder}/body; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;\n\
                 uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; log_format line '$status $request';\n\
                 client_max_body_size 0; access_log off;\n\
                 server {{ listen {address}; location / {{ proxy_pass http://unix:{folder}/inner:; }} }}\n\
                 server {{ listen unix:{folder}/inner; access_log {folder}/out line; location / {{ return 200 'judged'; }} }} }}\n"
            )
        };
        Self::start("nginx", config, &["nginx", "-c"])
    }

    fn haproxy() -> Self {
        let config = |address, _folder: &str| {
            format!(
                "global\n  log stdout format raw local0\ndefaults\n  mode http\n  option http-buffer-request\n  log global\n  log-format \"%ST %{{+Q}}r\"\n\
                 timeout client 5s\n  timeout http-request 5s\nfrontend judge\n  bind {address}\n\
                 http-request return status 200 content-type text/plain string judged\n"
            )
        };
        let mut judge = Self::start("haproxy", config, &["haproxy", "-f"]);
        judge.counts_halves = true;
        judge
    }

    /// The whole requests it has counted.
    fn counted(&self) -> usize {
        let log = fs::read_to_string(self.folder.join("out")).unwrap_or_default();
        log.lines().filter(|line| line.starts_with("200 ")).count()
    }

    fn until(&self, done: impl Fn(&Self) -> bool) -> bool {
        const LOOKS_MAX: u32 = 500;
        (0..LOOKS_MAX).any(|_| {
            let done = done(self);
            if !done {
                std::thread::park_timeout(PATIENCE / LOOKS_MAX);
            }
            done
        })
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn whole(number: usize) -> Vec<Vec<u8>> {
    let close = "Connection: close\r\n";
    [
        format!("GET /{number} HTTP/1.1\r\nHost: bank.test\r\n{close}\r\n"),
        format!("POST /{number} HTTP/1.1\r\nHost: bank.test\r\nContent-Length: 11\r\n{close}\r\nhello world"),
        format!("POST /{number} HTTP/1.1\r\nHost: bank.test\r\nTransfer-Encoding: chunked\r\n{close}\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: 1\r\n\r\n"),
        format!("GET http://bank.test/{number}?a=b HTTP/1.1\r\nHost: bank.test\r\n{close}\r\n"),
        format!("GET /{number} HTTP/1.1\r\nHost: bank.test\r\n\r\nGET /second HTTP/1.1\r\nHost: bank.test\r\n{close}\r\n"),
    ]
    .map(String::into_bytes)
    .into()
}

/// Changes, doubles, drops or inserts a few bytes, mostly those that frame.
fn damage(request: &mut Vec<u8>, rng: &dyn Rng) {
    const PIECES: [&[u8]; 16] = [
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"0",
        b"\0",
        b"\x0b",
        b"chunked",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: x\r\n",
        b"GET /smuggled HTTP/1.1\r\n",
    ];
    let pick = |limit: usize| {
        usize::try_from(rng.below(u64::try_from(limit).expect("small"))).expect("small")
    };
    for _ in 0..=pick(2) {
        let at = pick(request.len());
        match pick(4) {
            0 => drop(request.remove(at)),
            1 => request[at] = PIECES[pick(PIECES.len())][0],
            2 => drop(request.splice(at..at, PIECES[pick(PIECES.len())].iter().copied())),
            _ => {
                let end = (at + 1 + pick(12)).min(request.len());
                let copy = request[at..end].to_vec();
                drop(request.splice(at..at, copy));
            }
        }
    }
    // Always an end, so that nobody waits for more.
    request.extend_from_slice(b"\r\n\r\n");
}

fn agree(judge: &Judge, seed: u64) {
    let limits = "[limits]\nhead_wait = \"150ms\"\nslow_wait = \"150ms\"\nidle_wait = \"150ms\"\n";
    let at = judge.address;
    let rig = Rig::start(&format!(
        "{limits}[backends.judge]\nendpoints = [\"http://{at}\"]\n[routes.all]\nto = \"judge\"\n"
    ));
    let rng = SeededRng::new(seed);
    let (mut passed, mut refused, mut halves) = (0, 0, 0);
    for number in 0..REQUESTS {
        let mut request = whole(number).swap_remove(number % 5);
        if !number.is_multiple_of(10) {
            damage(&mut request, &rng);
        }
        let replies = Reply::all(&send(rig.address, &request, usize::MAX));
        for reply in replies {
            if reply.status == 200 {
                passed += 1;
                continue;
            }
            refused += 1;
            halves += usize::from(request.starts_with(b"POST"));
            let ours = reply.header("content-type") == Some("application/problem+json");
            assert!(ours, "the backend found something wrong: {request:?}: {}", reply.head);
        }
    }
    assert!(
        passed > REQUESTS / 20 && refused > REQUESTS / 20,
        "{passed} passed, {refused} refused"
    );
    let enough = judge.until(|judge| judge.counted() >= passed);
    let counted = judge.counted();
    let most = if judge.counts_halves { passed + halves } else { passed };
    let same = enough && counted <= most;
    assert!(
        same,
        "the gateway passed {passed}, the backend counted {counted}, {halves} were halves"
    );
}

#[test]
fn nginx_counts_what_we_count() {
    agree(&Judge::nginx(), 1);
}

#[test]
fn haproxy_counts_what_we_count() {
    agree(&Judge::haproxy(), 2);
}
