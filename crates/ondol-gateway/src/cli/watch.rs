//! Notices that a file has changed, however it was written: in place, or replaced by another.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Watches a file's folder, since a file that is replaced is another file.
pub(super) struct Watcher {
    _watcher: RecommendedWatcher,
    changes: mpsc::Receiver<()>,
    file: PathBuf,
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
        // A link leads to a file whose links may be what is changed, as Kubernetes does it.
        let linked = file.is_symlink();
        let name = file.file_name().filter(|_| !linked).map(ToOwned::to_owned);
        let mut watcher = notify::recommended_watcher(move |event| {
            if may_have_changed(&event, name.as_deref()) {
                // One waiting hint is as good as many.
                let _hinted: Result<(), mpsc::error::TrySendError<()>> = tx.try_send(());
            }
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

/// Whether an event may mean that the file of this name holds something else; any file, without a name. Being read is one, too, and looking
/// whether a file has changed reads it: who answered that by looking again would never rest.
fn may_have_changed(event: &notify::Result<Event>, name: Option<&OsStr>) -> bool {
    let Ok(event) = event else { return true };
    let written = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    };
    let named = |path: &PathBuf| name.is_none() || path.file_name() == name;
    written && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(named))
}
