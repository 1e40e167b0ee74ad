//! What has been shown within the last while, so that it is not shown again.

use std::collections::HashSet;
use std::mem;
use std::sync::Mutex;
use std::time::Duration;

/// What has been shown, remembered for at least a while and at most twice that.
#[derive(Debug)]
pub(crate) struct Seen {
    kept: Duration,
    most: usize,
    halves: Mutex<Halves>,
}

#[derive(Debug, Default)]
struct Halves {
    began: Duration,
    young: HashSet<String>,
    old: HashSet<String>,
}

/// What showing something comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    First,
    Again,
    NoRoom,
}

impl Seen {
    pub(crate) fn for_at_least(kept: Duration, most: usize) -> Self {
        Self { kept, most, halves: Mutex::default() }
    }

    pub(crate) fn show(&self, name: String, now: Duration) -> Shown {
        let mut halves = self.halves.lock().expect("nobody panics while holding it");
        let passed = now.saturating_sub(halves.began);
        if passed >= self.kept {
            let young = mem::take(&mut halves.young);
            halves.old = if passed < self.kept * 2 { young } else { HashSet::new() };
            halves.began = now;
        }
        if halves.young.contains(&name) || halves.old.contains(&name) {
            return Shown::Again;
        }
        if halves.young.len() + halves.old.len() >= self.most {
            return Shown::NoRoom;
        }
        halves.young.insert(name);
        Shown::First
    }
}
