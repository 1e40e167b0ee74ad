//! Notices that a file has changed, however it was written: in place, or replaced by another.

use std::path::Path;

use anyhow::Context;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Watches a file's folder, since a file that is replaced is another file.
pub(super) struct Watcher {
    _watcher: RecommendedWatcher,
    changes: mpsc::Receiver<()>,
    file: std::path::PathBuf,
    seen: Option<String>,
}

impl Watcher {
    /// Watches a file of which this has been seen. What it holds already instead is a change.
    pub(super) fn start(file: &Path, seen: Option<String>) -> anyhow::Result<Self> {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let (tx, changes) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |_event| {
            // One waiting hint is as good as many.
            let _hinted: Result<(), mpsc::error::TrySendError<()>> = tx.try_send(());
        })?;
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .with_context(|| format!("{} cannot be watched", folder.display()))?;
        Ok(Self { _watcher: watcher, changes, file: file.to_owned(), seen })
    }

    /// Waits until the file holds something new.
    pub(super) async fn changed(&mut self) {
        loop {
            let now = std::fs::read_to_string(&self.file).ok();
            // A file that is written in place is empty for a moment, which nobody means.
            let written = now.as_ref().is_some_and(|text| !text.trim().is_empty());
            if written && now != self.seen {
                self.seen = now;
                return;
            }
            if self.changes.recv().await.is_none() {
                break;
            }
        }
        std::future::pending::<()>().await;
    }
}
