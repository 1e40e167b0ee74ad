//! Logs in folders. Opening, checking and cutting one block, so they are done to the side.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_kernel::Position;
use ondol_store::Replica;
use ondol_store_disk::{DiskStore, Doors, OpenError, Options};

use super::{NotFound, failure};
use crate::{Finding, Mended, OpenFailure, Purpose, Verified};

/// Whether a folder has anything in it.
fn check_is_there(folder: &Path) -> Result<(), OpenFailure> {
    let is_there = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_there { Ok(()) } else { Err(failure(NotFound.code(), NotFound)) }
}

/// What the engine could not read because it is damaged is damage, wherever it came upon it.
fn failed(error: OpenError) -> OpenFailure {
    let code = match &error {
        OpenError::Disk { source, .. } if source.kind() == ErrorKind::InvalidData => "log-corrupt",
        other => other.code(),
    };
    failure(code, error)
}

/// Does what blocks where blocking is allowed.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.expect("nobody stops the work, and it does not panic")
}

pub(super) async fn open(
    folder: PathBuf,
    purpose: Purpose,
) -> Result<Arc<dyn Replica>, OpenFailure> {
    aside(move || -> Result<Arc<dyn Replica>, OpenFailure> {
        let (options, doors) = (Options::in_folder(folder), Doors::default());
        let opened = match purpose {
            Purpose::Reading => {
                check_is_there(&options.folder)?;
                // Whoever holds it goes on undisturbed.
                DiskStore::look(&options, &doors)
            }
            Purpose::Writing => DiskStore::open(&options, &doors),
        };
        Ok(Arc::new(opened.map_err(failed)?))
    })
    .await
}

pub(super) async fn verify(folder: PathBuf) -> Result<Verified, OpenFailure> {
    aside(move || {
        check_is_there(&folder)?;
        match ondol_store_disk::verify(&folder, &Doors::default().disk) {
            Ok(whole) => {
                let (last, findings) = (whole.head, Vec::new());
                Ok(Verified { events: last.get(), last, findings })
            }
            Err(OpenError::Corrupt { file, offset, after, problem }) => {
                let place = format!("{} at byte {offset}", file.display());
                let findings = vec![Finding { place, problem, cut_at: Some(after.next()) }];
                Ok(Verified { events: after.get(), last: after, findings })
            }
            Err(other) => Err(failed(other)),
        }
    })
    .await
}

pub(super) async fn repair(folder: PathBuf, cut_at: Position) -> Result<Mended, OpenFailure> {
    aside(move || {
        check_is_there(&folder)?;
        let cut_after = cut_at.previous().unwrap_or(Position::START);
        let cut = ondol_store_disk::repair(&folder, cut_after, &Doors::default());
        cut.map(|cut| Mended { head: cut.head, epoch: cut.epoch }).map_err(failed)
    })
    .await
}
