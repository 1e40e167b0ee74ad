//! The post: where a letter goes once it is written. It is outside of the house, so what it was
//! given cannot be taken back, and it knows a letter that it is given twice by its number.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_kernel::Recorded;
use ondol_runtime::{Effect, EffectError, EffectId, effect};

use crate::notice::Event;

/// A file to which each letter is added as a line: its number, its order, who has brought it.
#[derive(Debug, Clone)]
pub struct PostBox(Arc<Path>);

impl PostBox {
    /// The post box in this file.
    pub fn at(file: PathBuf) -> Self {
        Self(file.into())
    }
}

/// Whenever a letter was written, it is posted.
pub(crate) fn post_what_was_written(post_box: PostBox) -> Effect {
    effect("post what was written", move |event: Recorded<Event>, letter: EffectId| {
        let Event::Written = event.data else { return None };
        let (file, order) = (Arc::clone(&post_box.0), event.stream.key().to_owned());
        Some(async move {
            let posting = tokio::task::spawn_blocking(move || post(&file, letter, &order)).await;
            let posted = posting.map_err(|error| EffectError::Failed(error.to_string()))?;
            posted.map_err(|error| EffectError::NotNow(error.to_string()))?;
            Ok("posted".to_owned())
        })
    })
}

fn post(file: &Path, letter: EffectId, order: &str) -> std::io::Result<()> {
    let mut opened = OpenOptions::new().create(true).append(true).open(file)?;
    let line = format!("{letter} {order} {}\n", std::process::id());
    opened.write_all(line.as_bytes())
}
