//! A PostgreSQL of one's own.
//!
//! Starting one costs a copy of a prepared folder and a boot, some 0.2 s, because every test process
//! starts its own. The prepared folder is made once a machine and version. `fsync` and
//! `synchronous_commit` are on: a test that passes without them shows nothing.

mod template;

use std::fmt::{Display, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::binaries::Wanted;
use super::free_port;
use super::home::{Home, StartError, cannot, tail};
use super::user::User;
use super::wait::wait_for;

const WHAT: &str = "PostgreSQL";
/// The signal of a fast shutdown: sessions are ended, what is committed is kept.
const FAST_SHUTDOWN: &str = "INT";
/// Recovery after a kill replays its log first, on a busy machine.
const READY_MAX: Duration = Duration::from_secs(60);
/// Another process may take a free port before the server does.
const PORTS_TRIED_MAX: u32 = 5;

/// What must hold for a test to mean anything; a test's own settings come after these.
const SETTINGS: [(&str, &str); 5] = [
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
];

/// A running PostgreSQL. It is stopped and its folder removed when this is dropped, or when the process
/// that holds it dies.
#[derive(Debug)]
pub struct Postgres {
    home: Home,
    programs: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    databases: AtomicU32,
}

/// How to start a PostgreSQL.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    settings: Vec<(String, String)>,
    /// A chain of certificates and its key, as PEM.
    identity: Option<(String, String)>,
}

/// Why a statement given to [`Postgres::query`] has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// `psql` could not be run.
    #[error("cannot run psql")]
    Client(#[source] io::Error),
    /// The server, or the way to it, refused.
    #[error("`{sql}` failed: {said}")]
    Refused {
        /// The statement.
        sql: String,
        /// What psql said.
        said: String,
    },
}

/// The PostgreSQL all tests of this process share: started at the first call, gone with the process.
/// Tests keep apart by their own databases.
///
/// # Panics
/// When it does not start: such a test has failed, and says in one line why.
#[track_caller]
#[expect(clippy::panic, reason = "a test without its server has failed, with this one line")]
pub fn postgres() -> &'static Postgres {
    static SHARED: OnceLock<Result<Postgres, StartError>> = OnceLock::new();
    match SHARED.get_or_init(Postgres::start) {
        Ok(postgres) => postgres,
        Err(error) => panic!("{}", with_sources(error)),
    }
}

fn with_sources(error: &StartError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        write!(text, ": {source}").expect("a String takes everything");
        next = source.source();
    }
    text
}

impl PostgresOptions {
    /// Sets what `postgresql.conf` would set, such as `("fsync", "off")`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: impl Display) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Lets it speak TLS, with a chain of certificates and the key to it, both as PEM.
    #[must_use]
    pub fn tls(mut self, chain: &str, key: &str) -> Self {
        self.identity = Some((chain.to_owned(), key.to_owned()));
        self
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// When it is not installed, cannot be prepared, or does not answer.
    pub fn start(mut self) -> Result<Postgres, StartError> {
        let wanted = Wanted {
            what: WHAT,
            programs: &["initdb", "postgres", "pg_isready", "psql"],
            versions: ("/usr/lib/postgresql", "bin"),
            package: "postgresql",
        };
        let programs = wanted.find()?;
        let user = User::for_servers().map_err(cannot("find a user to run PostgreSQL as"))?;
        let template = template::prepared(&programs, user)?;
        let home =
            Home::new(FAST_SHUTDOWN, user).map_err(cannot("make a folder for PostgreSQL"))?;
        template::copy(&template, &home.folder().join("data"), user)?;
        if let Some((chain, key)) = self.identity.take() {
            let files =
                [("ssl_cert_file", "server.crt", chain), ("ssl_key_file", "server.key", key)];
            for (setting, name, text) in files {
                let path = home.folder().join(name);
                own_file(&path, &text, user).map_err(cannot("keep a certificate"))?;
                self = self.setting(setting, path.display());
            }
            self = self.setting("ssl", "on");
        }
        let mut postgres = Postgres {
            home,
            programs,
            port: 0,
            settings: self.settings,
            databases: AtomicU32::new(0),
        };
        postgres.find_port_and_start()?;
        Ok(postgres)
    }
}

impl Postgres {
    /// Starts one as a test needs it, and waits until it answers.
    ///
    /// # Errors
    /// As [`PostgresOptions::start`].
    pub fn start() -> Result<Self, StartError> {
        Self::options().start()
    }

    /// Starts one with settings of one's own.
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    /// Where a database is, for any client. `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on the loopback; it stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its first process, while there is one.
    pub fn pid(&self) -> Option<u32> {
        self.home.pid()
    }

    /// Makes a database and says where it is.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_database(&self, name: &str) -> Result<String, QueryError> {
        self.query("postgres", &format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\"")))?;
        Ok(self.url(name))
    }

    /// Makes a database that no other test has, and says where it is.
    ///
    /// # Panics
    /// When the server refuses: such a test has failed.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test without its database has failed, with this one line")]
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.create_database(&name).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs statements and gives the rows as lines, columns divided by `|`.
    ///
    /// # Errors
    /// When the server refuses, or is not there.
    pub fn query(&self, database: &str, sql: &str) -> Result<String, QueryError> {
        let mut psql = self.client("psql");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--no-align",
            "--tuples-only",
            "--set=ON_ERROR_STOP=1",
        ]);
        let output = psql
            .args(["--command", sql, &self.url(database)])
            .output()
            .map_err(QueryError::Client)?;
        if !output.status.success() {
            let said = tail(&String::from_utf8_lossy(&output.stderr));
            return Err(QueryError::Refused { sql: sql.to_owned(), said });
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// What the server has written into its log so far.
    pub fn log(&self) -> String {
        self.home.log()
    }

    /// Ends all sessions of clients, as an administrator or a failover does; says how many there were.
    ///
    /// # Errors
    /// When the server refuses, or is not there.
    pub fn terminate_backends(&self) -> Result<usize, QueryError> {
        // Materialized: in one condition the planner may well end our own session first.
        let sql = "WITH others AS MATERIALIZED (SELECT pid FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) \
                   SELECT pg_terminate_backend(pid, 10000) FROM others";
        Ok(self.query("postgres", sql)?.lines().count())
    }

    /// Kills the server and all its processes at once, as the system does when memory runs out.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(&mut self) -> io::Result<()> {
        self.home.kill()
    }

    /// Stops the server in order; [`Postgres::restart`] brings it back with what it held.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn stop(&mut self) -> io::Result<()> {
        self.home.stop(FAST_SHUTDOWN)
    }

    /// Starts the server again on the same port with the same data, stopping it first when it runs.
    ///
    /// # Errors
    /// When it does not stop, or does not answer again.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.stop().map_err(cannot("stop PostgreSQL"))?;
        self.boot()
    }

    fn find_port_and_start(&mut self) -> Result<(), StartError> {
        for _ in 1..PORTS_TRIED_MAX {
            self.port = free_port().map_err(cannot("find a free port"))?;
            match self.boot() {
                Err(StartError::Stopped { log, .. }) if log.contains("Address already in use") => {}
                outcome => return outcome,
            }
        }
        self.boot()
    }

    fn boot(&mut self) -> Result<(), StartError> {
        let args = self.args();
        let program = self.programs.join("postgres");
        self.home
            .start(&program, args.iter().map(String::as_str))
            .map_err(cannot("start PostgreSQL"))?;
        let answer = wait_for(READY_MAX, || match self.answers() {
            true => Some(true),
            false => (!self.home.is_running()).then_some(false),
        });
        match answer {
            Some(true) => Ok(()),
            Some(false) => Err(StartError::Stopped { what: WHAT, log: self.home.log_tail() }),
            None => {
                Err(StartError::Silent { what: WHAT, limit: READY_MAX, log: self.home.log_tail() })
            }
        }
    }

    fn args(&self) -> Vec<String> {
        let data = self.home.folder().join("data").to_string_lossy().into_owned();
        let ours = SETTINGS.iter().map(|(name, value)| format!("{name}={value}"));
        let theirs = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let settings = ours.chain([format!("port={}", self.port)]).chain(theirs);
        ["-D".to_owned(), data]
            .into_iter()
            .chain(settings.flat_map(|setting| ["-c".to_owned(), setting]))
            .collect()
    }

    /// The server's own word on whether it takes connections.
    fn answers(&self) -> bool {
        let mut ready = self.client("pg_isready");
        ready.args(["--quiet", "--host=127.0.0.1", "--username=postgres", "--port"]);
        ready.arg(self.port.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        ready.status().is_ok_and(|status| status.success())
    }

    /// A client program that neither asks nor reads anybody's settings.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        let settings = std::env::vars_os().map(|(name, _)| name);
        for name in settings.filter(|name| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").current_dir(Path::new("/"));
        command.stdin(Stdio::null());
        command
    }
}

/// A file that only the server may read: it refuses a key that others could.
fn own_file(path: &Path, text: &str, user: User) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    user.own(path)
}

#[cfg(test)]
mod tests;
