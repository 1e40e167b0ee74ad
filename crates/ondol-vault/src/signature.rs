//! By whom a message is, and when it was sent: `t=SECONDS,v1=HEX`, the HMAC-SHA-256 of `SECONDS.BODY`
//! with a secret that both sides know. Whoever receives it refuses what is older than he allows.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use ondol_kernel::Timestamp;

/// The header that a message of ours is signed in.
pub const SIGNATURE: &str = "ondol-signature";

/// What proves that a body was sent by whoever knows the secret, at this moment.
pub fn signature(secret: &[u8], at: Timestamp, body: &[u8]) -> String {
    let seconds = at.as_micros().div_euclid(1_000_000);
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    context.sign().as_ref().iter().fold(format!("t={seconds},v1="), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text can grow");
        text
    })
}

#[cfg(test)]
mod tests;
