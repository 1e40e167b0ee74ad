//! The folder of letters that wait.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::{Clock, Rng};
use ondol_kernel::{Id, Timestamp};
use tokio::sync::{Notify, watch};

use crate::letter;
use crate::smtp::{Smtp, SmtpError};

/// How long the server is left alone after it could not be reached; doubled each time.
const WAIT: Duration = Duration::from_secs(1);
/// And at the longest.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// What letters are named by.
#[derive(Debug)]
enum Letter {}

/// The folder of e-mails to be sent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
    from: Arc<str>,
    put: Arc<Notify>,
}

impl Outbox {
    /// The outbox of a folder, which is made if it is not there, and from whom its letters are.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, from: &str) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // What a crash has left was promised to nobody.
        files(folder, &["new"])?.iter().try_for_each(|path| destroy(path))?;
        Ok(Self { folder: folder.to_owned(), from: from.into(), put: Arc::default() })
    }

    /// One more e-mail.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(
        &self,
        rng: &dyn Rng,
        now: Timestamp,
        to: &str,
        (subject, text): (&str, &str),
    ) -> std::io::Result<()> {
        let name: Id<Letter> = rng.id(now);
        let beside = self.folder.join(format!("{name}.new"));
        let whole = self.folder.join(format!("{name}.eml"));
        let letter = letter::written(&name.to_string(), now, (&self.from, to), (subject, text));
        self.on_disk(move || {
            std::fs::write(&beside, letter)?;
            std::fs::rename(beside, whole)
        })
        .await?;
        self.put.notify_one();
        Ok(())
    }

    /// Destroys the letters to somebody that still lie here: those that wait, those that the server has
    /// refused, and one that is just being written.
    ///
    /// # Errors
    /// When one cannot be read or destroyed.
    pub async fn forget(&self, to: &str) -> std::io::Result<()> {
        let (folder, to) = (self.folder.clone(), to.to_owned());
        self.on_disk(move || {
            for path in files(&folder, &["eml", "refused", "new"])? {
                let text = match std::fs::read(&path) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    read => read?,
                };
                if letter::addressee(&text) == Some(to.as_str()) {
                    destroy(&path)?;
                }
            }
            std::fs::File::open(&folder)?.sync_all()
        })
        .await
    }

    /// Has a mail server of this machine take the letters, until `stop` turns true.
    pub async fn send_all(
        &self,
        server: SocketAddr,
        clock: Arc<dyn Clock>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut wait = WAIT;
        loop {
            let sent = self.send_what_lies_here(server, clock.as_ref()).await;
            if let Err(error) = &sent {
                tracing::warn!(%error, "e-mails wait for the mail server");
            }
            let sleep = async {
                match &sent {
                    Ok(()) => self.put.notified().await,
                    Err(_) => clock.sleep(wait).await,
                }
            };
            tokio::select! {
                () = sleep => {}
                _stopped = stop.wait_for(|stop| *stop) => return,
            }
            wait = if sent.is_ok() { WAIT } else { (wait * 2).min(WAIT_MAX) };
        }
    }

    async fn send_what_lies_here(
        &self,
        server: SocketAddr,
        clock: &dyn Clock,
    ) -> Result<(), SmtpError> {
        let mut all = files(&self.folder, &["eml"]).map_err(SmtpError::Letter)?;
        all.sort();
        for path in all {
            let Ok(text) = std::fs::read(&path) else { continue };
            let Some(to) = letter::addressee(&text) else { continue };
            match Smtp::new(server, clock).take(&self.from, to, &text).await {
                Ok(()) => std::fs::remove_file(&path).map_err(SmtpError::Letter)?,
                Err(SmtpError::Refused { said, is_final: true }) => {
                    tracing::error!(said, file = %path.display(), "an e-mail was refused");
                    let aside = path.with_extension("refused");
                    std::fs::rename(&path, aside).map_err(SmtpError::Letter)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn on_disk(
        &self,
        work: impl FnOnce() -> std::io::Result<()> + Send + 'static,
    ) -> std::io::Result<()> {
        tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
    }
}

/// Overwrites a letter where it lies, and removes it. One that is gone is gone.
fn destroy(path: &Path) -> std::io::Result<()> {
    let is_gone = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    let file = match std::fs::OpenOptions::new().write(true).open(path) {
        Err(error) if is_gone(&error) => return Ok(()),
        opened => opened?,
    };
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    (&file).write_all(&vec![b' '; length])?;
    file.sync_all()?;
    match std::fs::remove_file(path) {
        Err(error) if is_gone(&error) => Ok(()),
        removed => removed,
    }
}

/// The files of these kinds: `eml` waits, `refused` was refused, `new` is just being written.
fn files(folder: &Path, kinds: &[&str]) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if kind.is_some_and(|kind| kinds.contains(&kind)) {
            found.push(path);
        }
    }
    Ok(found)
}
