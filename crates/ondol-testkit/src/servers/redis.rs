//! A Redis of one's own: in memory, so that a kill loses what it knew, as the worst kept ones do.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use super::binaries::Wanted;
use super::free_port;
use super::home::{Home, StartError, cannot};
use super::user::User;
use super::wait::wait_for;

const WHAT: &str = "Redis";
/// The signal that ends it in good order.
const SHUTDOWN: &str = "TERM";
/// What its log says when it answers.
const READY: &str = "Ready to accept connections";
/// How long it may take to answer.
const READY_MAX: Duration = Duration::from_secs(30);
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Another process may take a free port before the server does.
const PORTS_TRIED_MAX: u32 = 5;

/// A running Redis. It is stopped and its folder removed when this is dropped, or when the process that
/// holds it dies.
pub struct Redis {
    home: Home,
    program: PathBuf,
    port: u16,
    options: RedisOptions,
}

/// How to start a Redis.
#[derive(Clone, Default)]
pub struct RedisOptions {
    password: Option<String>,
    /// A certificate, its key, and who signs.
    identity: Option<[String; 3]>,
}

impl RedisOptions {
    /// Asks for a password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Speaks TLS and nothing else, with a certificate and the key to it, both as PEM, and the PEM of
    /// who has signed it.
    #[must_use]
    pub fn tls(mut self, chain: &str, key: &str, authority: &str) -> Self {
        self.identity = Some([chain, key, authority].map(str::to_owned));
        self
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// When it is not installed, cannot be prepared, or does not answer.
    pub fn start(self) -> Result<Redis, StartError> {
        let wanted = Wanted {
            what: WHAT,
            programs: &["redis-server"],
            versions: ("/opt/redis", "bin"),
            package: "redis-server",
        };
        let program = wanted.find()?.join("redis-server");
        let user = User::for_servers().map_err(cannot("find a user to run Redis as"))?;
        let home = Home::new(SHUTDOWN, user).map_err(cannot("make a folder for Redis"))?;
        for (name, text) in ["chain.pem", "key.pem", "authority.pem"]
            .into_iter()
            .zip(self.identity.iter().flatten())
        {
            let file = home.folder().join(name);
            let kept = std::fs::write(&file, text).and_then(|()| user.own(&file));
            kept.map_err(cannot("keep a certificate"))?;
        }
        let mut redis = Redis { home, program, port: 0, options: self };
        for _ in 1..PORTS_TRIED_MAX {
            redis.port = free_port().map_err(cannot("find a free port"))?;
            match redis.boot() {
                Err(StartError::Stopped { log, .. }) if log.contains("in use") => {}
                booted => return booted.map(|()| redis),
            }
        }
        redis.port = free_port().map_err(cannot("find a free port"))?;
        redis.boot().map(|()| redis)
    }
}

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed, cannot be prepared, or does not answer.
    pub fn start() -> Result<Self, StartError> {
        RedisOptions::default().start()
    }

    /// Where it listens; the same after it was started again.
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// Kills it, at once and without a word: what it knew is gone.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn kill(&mut self) -> io::Result<()> {
        self.home.kill()
    }

    /// Starts it again after a kill, empty and at the same address.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn start_again(&mut self) -> Result<(), StartError> {
        self.boot()
    }

    /// Asks one thing, in plain, such as `["FLUSHALL"]`: the first line of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn ask(&self, words: &[&str]) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address())?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        if let Some(password) = &self.options.password {
            say(&mut stream, &["AUTH", password])?;
        }
        say(&mut stream, words)
    }

    fn boot(&mut self) -> Result<(), StartError> {
        let port = self.port.to_string();
        let mut args = vec!["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        if self.options.identity.is_some() {
            args.extend(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
            args.extend(["--tls-cert-file", "chain.pem", "--tls-key-file", "key.pem"]);
            args.extend(["--tls-ca-cert-file", "authority.pem"]);
        } else {
            args.extend(["--port", &port]);
        }
        if let Some(password) = &self.options.password {
            args.extend(["--requirepass", password]);
        }
        let before = self.home.log().matches(READY).count();
        self.home.start(&self.program, args).map_err(cannot("start Redis"))?;
        let ready = wait_for(READY_MAX, || {
            if !self.home.is_running() {
                return Some(false);
            }
            // The log holds what was said after earlier starts, too.
            (self.home.log().matches(READY).count() > before).then_some(true)
        });
        match ready {
            Some(true) => Ok(()),
            Some(false) => Err(StartError::Stopped { what: WHAT, log: self.home.log_tail() }),
            None => {
                let log = self.home.log_tail();
                Err(StartError::Silent { what: WHAT, limit: READY_MAX, log })
            }
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions").finish_non_exhaustive()
    }
}

/// Says something and reads the first line of the answer, or what a text of it holds.
fn say(stream: &mut TcpStream, words: &[&str]) -> io::Result<String> {
    let mut said = format!("*{}\r\n", words.len());
    for word in words {
        said.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(said.as_bytes())?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let line = line.trim_end().to_owned();
    let Some(length) = line.strip_prefix('$').and_then(|length| length.parse().ok()) else {
        return Ok(line);
    };
    let mut text = vec![0; length];
    answer.read_exact(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests;
