//! What the gateway has refused lately, and why: the last of it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

/// Refusals that are remembered.
const REFUSALS_MAX: usize = 256;
/// Letters of a path or of a detail.
const LETTERS_MAX: usize = 200;

/// A request that the gateway has answered itself.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) at: ondol_kernel::Timestamp,
    pub(crate) route: Option<String>,
    pub(crate) client: String,
    pub(crate) method: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) detail: Option<String>,
}

/// The last ones, while somebody may look at them.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    on: AtomicBool,
    last: Mutex<VecDeque<Refusal>>,
}

impl Refusals {
    /// Whether anybody may look.
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    pub(crate) fn turn(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, mut refusal: Refusal) {
        let cut = |text: String| text.chars().take(LETTERS_MAX).collect::<String>();
        refusal.path = refusal.path.map(cut);
        refusal.detail = refusal.detail.map(cut);
        let mut last = self.last.lock().expect("nobody panics while holding refusals");
        if last.len() >= REFUSALS_MAX {
            last.pop_front();
        }
        last.push_back(refusal);
    }

    /// The newest first.
    pub(super) fn told(&self) -> Value {
        let last = self.last.lock().expect("nobody panics while holding refusals");
        let told = last.iter().rev().map(|refusal| {
            json!({
                "time": refusal.at.to_string(),
                "route": refusal.route,
                "client": refusal.client,
                "method": refusal.method,
                "host": refusal.host,
                "path": refusal.path,
                "status": refusal.status,
                "code": refusal.code,
                "detail": refusal.detail,
            })
        });
        told.collect()
    }
}
