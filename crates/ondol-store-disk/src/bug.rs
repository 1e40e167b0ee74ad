//! Bugs that can be planted, so that the torture sees itself catch them.
//!
//! Without the feature `planted-bugs` there are none and no question about them is left in the
//! program.

#[cfg(feature = "planted-bugs")]
use serde::{Deserialize, Serialize};

/// A bug that logs have had.
#[cfg(feature = "planted-bugs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlantedBug {
    /// The sync before the answer is left out.
    SkipSync,
    /// The answer comes before the sync.
    AnswerBeforeSync,
    /// The folder is not synced after a segment was made.
    SkipFolderSync,
    /// Checksums are not looked at.
    IgnoreChecksums,
    /// A position is handed out again after a refusal.
    ReusePosition,
    /// A bad group in the middle is cut off as if it were the torn last one.
    CutInTheMiddle,
}

/// Which bug is planted, if any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bugs {
    #[cfg(feature = "planted-bugs")]
    pub(crate) planted: Option<PlantedBug>,
}

macro_rules! bugs {
    ($($asks:ident = $bug:ident;)*) => {
        #[cfg(feature = "planted-bugs")]
        impl Bugs {
            $(pub(crate) fn $asks(self) -> bool {
                self.planted == Some(PlantedBug::$bug)
            })*
        }

        #[cfg(not(feature = "planted-bugs"))]
        impl Bugs {
            $(pub(crate) const fn $asks(self) -> bool {
                false
            })*
        }
    };
}

bugs! {
    skips_sync = SkipSync;
    answers_before_sync = AnswerBeforeSync;
    skips_folder_sync = SkipFolderSync;
    ignores_checksums = IgnoreChecksums;
    reuses_position = ReusePosition;
    cuts_in_the_middle = CutInTheMiddle;
}
