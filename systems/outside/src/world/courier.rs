//! The courier: letters on their way to whoever listens, each tried until it was taken, but not
//! for ever. One that is not taken keeps no other waiting, so they arrive in any order.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ondol_doors::Clock;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::answer::News;
use crate::remote::Remote;
use crate::webhook::{Hook, SIGNATURE, signature};

/// How many letters wait for the courier.
pub(super) const LETTERS_MAX: usize = 1_024;
/// How many are on their way at once.
const ON_THEIR_WAY_MAX: usize = 64;
/// How often one is tried.
const TRIES_MAX: u32 = 8;
/// How long after the first time; each wait is twice the one before.
const WAIT_FIRST: Duration = Duration::from_millis(100);

/// A letter.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) hook: Hook,
    pub(super) news: News,
}

pub(super) async fn carry(
    mut letters: mpsc::Receiver<Letter>,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), String> {
    let remote = Remote::new();
    let mut on_their_way = JoinSet::new();
    loop {
        while on_their_way.len() >= ON_THEIR_WAY_MAX {
            on_their_way.join_next().await;
        }
        while on_their_way.try_join_next().is_some() {}
        tokio::select! {
            _told_or_gone = stop.wait_for(|stop| *stop) => return Ok(()),
            letter = letters.recv() => match letter {
                Some(letter) => {
                    on_their_way.spawn(bring(letter, remote.clone(), Arc::clone(&clock)));
                }
                None => return Ok(()),
            },
        }
    }
}

async fn bring(letter: Letter, remote: Remote, clock: Arc<dyn Clock>) {
    let Letter { id, hook, news } = letter;
    let body = json!({ "id": id, "type": news.kind, "data": news.about }).to_string();
    let mut wait = WAIT_FIRST;
    for _ in 0..TRIES_MAX {
        // Signed anew each time: what is old is refused.
        let seconds = clock.now().as_unix_millis() / 1_000;
        let signed = signature(&hook.secret, seconds, body.as_bytes());
        let sent =
            remote.send(Method::POST, &hook.url, &[(SIGNATURE, &signed)], body.clone()).await;
        if sent.is_ok_and(|(status, _)| status.is_success()) {
            return;
        }
        clock.sleep(wait).await;
        wait = wait.saturating_mul(2);
    }
    tracing::warn!(letter = id, kind = news.kind, "a letter was not taken and is given up");
}
