//! Where a server lives: its folder, its process, and the guard that sees both out.
//!
//! The guard is a shell that reads the other end of a pipe we hold. The pipe closes when we close it and
//! also when we are killed; then the guard stops the server, and clears the folder. The number of the
//! server's process is written into the pipe by that very process before it becomes the server, so there
//! is no moment in which a server runs that the guard does not know of. Guard and server are process
//! groups of their own: an interrupt or a kill meant for the tests leaves the guard to its work.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::user::User;
use super::wait::wait_for;

/// The guard: `$0` the folder, `$1` the signal that asks the server to stop, `$2` how often it looks
/// whether it did. Each line it reads is the server's number, zero while there is none.
const GUARD: &str = r#"
server=0
while read -r next; do server=$next; done
alive() {
    [ "$server" != 0 ] && kill -0 "$server" 2>/dev/null &&
        ! grep -q '^State:[[:space:]]*Z' "/proc/$server/status" 2>/dev/null
}
if alive; then
    kill -s "$1" "$server"
    looks=0
    while alive && [ "$looks" -lt "$2" ]; do sleep 0.02; looks=$((looks + 1)); done
    if alive; then kill -s KILL "$server"; fi
fi
rm -rf -- "$0" || { sleep 0.5; rm -rf -- "$0"; }
"#;

/// How often the guard looks, every 20 ms, before it kills: ten seconds.
const LOOKS_MAX: &str = "500";
/// How long the processes of a killed server may take to disappear.
const GONE_MAX: Duration = Duration::from_secs(10);
/// What a log may add to an error.
const LOG_LINES_MAX: usize = 20;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its programs are not on this machine.
    #[error("{what} is not installed; install it: apt-get install {package}")]
    Missing {
        /// The server.
        what: &'static str,
        /// The Debian package.
        package: &'static str,
    },
    /// The machine did not let us prepare it.
    #[error("cannot {doing}")]
    Prepare {
        /// What was tried.
        doing: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// One of its own programs failed while it was prepared.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// It ended instead of answering.
    #[error("{what} stopped while starting: {log}")]
    Stopped {
        /// The server.
        what: &'static str,
        /// The end of its log.
        log: String,
    },
    /// It runs, but does not answer.
    #[error("{what} did not answer within {limit:?}: {log}")]
    Silent {
        /// The server.
        what: &'static str,
        /// How long it was waited for.
        limit: Duration,
        /// The end of its log.
        log: String,
    },
}

/// Turns a failure of the system into a [`StartError`] that says what was tried.
pub(crate) fn cannot(doing: impl Into<String>) -> impl FnOnce(io::Error) -> StartError {
    |source| StartError::Prepare { doing: doing.into(), source }
}

/// A guarded folder and the server in it.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    user: User,
    server: Option<Child>,
    guard: Child,
    /// What the guard reads; closing it ends everything.
    leash: Option<ChildStdin>,
}

impl Home {
    /// A new folder with a guard, for a server that stops at `stop_signal`.
    pub(crate) fn new(stop_signal: &str, user: User) -> io::Result<Self> {
        let number = RandomState::new().hash_one(std::process::id());
        let folder = std::env::temp_dir().join(format!("ondol-{number:016x}"));
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD]).arg(&folder).args([stop_signal, LOOKS_MAX]);
        guard.current_dir("/").process_group(0);
        let mut guard =
            guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let leash = guard.stdin.take();
        // From here on the guard clears up after us, also when one of these fails.
        let home = Self { folder, user, server: None, guard, leash };
        fs::create_dir(&home.folder)?;
        fs::set_permissions(&home.folder, fs::Permissions::from_mode(0o700))?;
        user.own(&home.folder)?;
        Ok(home)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server; what it prints goes to the log.
    pub(crate) fn start<'a>(
        &mut self,
        program: &Path,
        args: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<()> {
        let leash = self.leash.as_ref().expect("held until drop").as_fd().try_clone_to_owned()?;
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo "$$"; exec "$@" >>"$0" 2>&1"#]).arg(self.folder.join("log"));
        command.arg(program).args(args).current_dir(&self.folder).process_group(0);
        self.user.apply(&mut command);
        self.server =
            Some(command.stdin(Stdio::null()).stdout(leash).stderr(Stdio::null()).spawn()?);
        Ok(())
    }

    /// Whether the server has not ended by itself.
    pub(crate) fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(None)))
    }

    /// The number of the server's process while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Asks the server to stop, and waits until it has; the folder stays.
    pub(crate) fn stop(&mut self, signal: &str) -> io::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        send(signal, &[server.id()])?;
        if wait_for(GONE_MAX, || server.try_wait().ok().flatten()).is_none() {
            server.kill()?;
            server.wait()?;
        }
        self.forget()
    }

    /// Kills the server and the processes it started, at once and without a word; the folder stays.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let children = children_of(server.id())?;
        let mut all = vec![server.id()];
        all.extend(&children);
        send("KILL", &all)?;
        server.wait()?;
        let gone = wait_for(GONE_MAX, || children.iter().all(|pid| !is_alive(*pid)).then_some(()));
        gone.ok_or_else(|| io::Error::other("a killed server's processes are still there"))?;
        self.forget()
    }

    /// Tells the guard that there is no server, so that it never stops a stranger with the same number.
    fn forget(&mut self) -> io::Result<()> {
        // In drop the guard is gone, and with it whoever would have to be told.
        self.leash.as_mut().map_or(Ok(()), |leash| leash.write_all(b"0\n"))
    }

    /// The server's log.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The end of the server's log.
    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The guard does the work; here we only let go and wait, so that nothing is left when we return.
        drop(self.leash.take());
        let guarded = self.guard.wait().is_ok_and(|status| status.success());
        // A guard that was killed leaves its work to us; to wait for a server that nobody has told
        // to stop would be to wait for ever.
        if !guarded {
            self.kill().ok();
            fs::remove_dir_all(&self.folder).ok();
        }
        if let Some(server) = &mut self.server {
            server.wait().ok();
        }
    }
}

/// The last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_MAX)..].join("\n")
}

/// Sends a signal; that a process is already gone is no failure.
fn send(signal: &str, pids: &[u32]) -> io::Result<()> {
    let mut command = Command::new("sh");
    command.args(["-c", r#"signal=$0; for pid; do kill -s "$signal" "$pid"; done; true"#, signal]);
    command.args(pids.iter().map(u32::to_string)).stderr(Stdio::null()).status().map(drop)
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    after_name(&stat).is_some_and(|rest| !rest.starts_with('Z'))
}

fn children_of(parent: u32) -> io::Result<Vec<u32>> {
    let entries = fs::read_dir("/proc")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let found =
            after_name(&stat).and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        found == Some(parent)
    };
    Ok(pids.filter(is_child).collect())
}

/// What follows the name of a process in its `stat`: the state, the parent, …
fn after_name(stat: &str) -> Option<&str> {
    stat.rsplit_once(')').map(|(_, rest)| rest.trim_start())
}

#[cfg(test)]
mod tests;
