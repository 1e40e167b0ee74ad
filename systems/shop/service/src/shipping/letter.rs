//! Letters of the carrier: believed when they are signed, and only for a while.
//!
//! A letter may come twice and in any order. Its effect is a command to the shipment that it is
//! about, which takes effect once; one about something else is taken and has none.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use ondol::Desk;
use ondol_doors::{Clock, Rng};
use ondol_http::{Problem, handle_problem, read_json};
use ondol_kernel::{CommandId, Timestamp};
use ondol_runtime::Request;
use ondol_vault::{SecretFileError, read_or_make_secret};
use serde::Deserialize;
use shop_domain::OrderId;
use shop_domain::shipment::{Command, Shipment};
use zeroize::Zeroizing;

use crate::options::ShippingOptions;

/// The header that says when a letter was sent, and proves by whom.
const SIGNATURE: &str = "outside-signature";
/// How many bytes a letter has.
const LETTER_BYTES_MAX: usize = 64 << 10;
/// How short a secret may be to prove anything.
const SECRET_BYTES_MIN: usize = 16;

/// What letters are believed by.
#[derive(Debug, Clone)]
pub(super) struct Letters {
    desk: Desk<Shipment>,
    clock: Arc<dyn Clock>,
    secret: Arc<Secret>,
    age_max: Duration,
}

/// What letters are signed with: never printed.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Why letters cannot be believed by what was set.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretError {
    /// The file cannot be read or made, or is open to others.
    #[error("what the carrier signs its letters with cannot be used")]
    File(#[from] SecretFileError),
    /// Anybody could guess it.
    #[error("the secret in {} has at least {SECRET_BYTES_MIN} bytes, found {found}", path.display())]
    Short { path: PathBuf, found: usize },
}

/// A letter.
#[derive(Debug, Deserialize)]
struct Letter {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: About,
}

/// What it is about. It says more, which is none of ours.
#[derive(Debug, Deserialize)]
struct About {
    /// What the carrier calls the parcel.
    id: String,
    reference: String,
}

/// Takes a letter of the carrier.
pub(super) async fn receive(
    State(letters): State<Letters>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let said = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if body.len() > LETTER_BYTES_MAX || !letters.believes(said, &body) {
        let title = "The letter does not prove that it is the carrier's, and new.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "shop-letter", title));
    }
    let letter: Letter = read_json(&body)?;
    let Ok(order) = letter.data.reference.parse::<OrderId>() else {
        return Ok(StatusCode::NO_CONTENT);
    };
    if letter.kind == "shipment.delivered" {
        let key = order.to_string();
        let letter_id = letter.id;
        // What has arrived was taken, also if the carrier's answer to that got lost.
        let taken = Command::NoteTaken { reference: letter.data.id };
        let asked =
            |what| Request::new(CommandId::named(&format!("carrier letter {letter_id}{what}")));
        for (command, what) in [(taken, ": taken"), (Command::NoteArrived, "")] {
            let noted = letters.desk.handle(&key, command, &asked(what).inside()).await;
            let noted = noted.map_err(|error| handle_problem(&error))?;
            tracing::debug!(%order, what, verdict = ?noted.verdict, "a letter of arrival");
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Letters {
    pub(super) fn new(
        desk: Desk<Shipment>,
        clock: Arc<dyn Clock>,
        rng: &dyn Rng,
        (options, folder): (&ShippingOptions, &Path),
    ) -> Result<Self, SecretError> {
        let path = folder.join(&options.secret_file);
        let secret = read_or_make_secret(&path, || made(&path, rng))?;
        let secret = str::from_utf8(&secret).unwrap_or_default().trim().to_owned();
        if secret.len() < SECRET_BYTES_MIN {
            return Err(SecretError::Short { path, found: secret.len() });
        }
        let age_max = Duration::from_secs(options.letter_seconds_max);
        Ok(Self { desk, clock, secret: Arc::new(Secret(secret)), age_max })
    }

    fn believes(&self, said: &str, body: &[u8]) -> bool {
        is_signed(&self.secret.0, said, body, self.clock.now(), self.age_max)
    }
}

/// A new secret: the carrier is to be given it.
fn made(path: &Path, rng: &dyn Rng) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill(bytes.as_mut());
    tracing::info!(file = %path.display(), "a secret is made: give it to the carrier");
    let hex = |byte: &u8| format!("{byte:02x}").into_bytes();
    Zeroizing::new(bytes.iter().flat_map(hex).collect())
}

/// Whether a letter was signed with the secret, and not too long ago, nor in the future.
fn is_signed(secret: &str, said: &str, body: &[u8], now: Timestamp, age_max: Duration) -> bool {
    let Some((time, mac)) = said.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
        return false;
    };
    let (Ok(sent), Some(mac)) = (time.parse::<u64>(), bytes_of(mac)) else { return false };
    let now = now.as_unix_millis() / 1_000;
    if secret.len() < SECRET_BYTES_MIN || now.abs_diff(sent) > age_max.as_secs() {
        return false;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let text = [format!("{sent}.").as_bytes(), body].concat();
    // In constant time: nobody learns a signature byte by byte.
    hmac::verify(&key, &text, &mac).is_ok()
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests;
