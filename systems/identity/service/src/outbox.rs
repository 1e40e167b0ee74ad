//! E-mails, written as files for whatever sends them: each whole or not at all.

use std::path::{Path, PathBuf};

use ondol_doors::Rng;
use ondol_kernel::{Id, Timestamp};

use crate::fault::Fault;
use crate::words::Words;

/// The folder of e-mails to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// One more e-mail.
    pub(crate) async fn put(
        &self,
        rng: &dyn Rng,
        now: Timestamp,
        to: &str,
        (subject, text): (&str, &str),
    ) -> Result<(), Fault> {
        let name: Id<Words> = rng.id(now);
        let beside = self.folder.join(format!("{name}.new"));
        let whole = self.folder.join(format!("{name}.eml"));
        let letter = format!(
            "To: <{to}>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        );
        let written = tokio::task::spawn_blocking(move || {
            std::fs::write(&beside, letter)?;
            std::fs::rename(beside, whole)
        });
        let written = written.await.map_err(|_panicked| Fault::Data("the outbox"))?;
        written.map_err(Fault::Outbox)
    }
}
