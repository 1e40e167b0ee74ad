//! How long is waited before something is tried again.

use std::time::Duration;

use ondol_domain::Retry;
use ondol_kernel::{CommandId, Id};

/// After so many attempts somebody has been told for long, and it is tried at leisure.
const ATTEMPTS_IN_HASTE: u32 = 20;
/// How long is waited then.
const DELAY_AT_LEISURE: Duration = Duration::from_secs(300);

/// How long is waited after so many attempts: about twice as long each time, up to the longest.
/// Sagas that failed together do not come back together: each takes a little off, and which
/// follows from what it asks, so that the same question waits as long in every replay.
pub(super) fn delay(retry: Retry, command: CommandId, attempts: u32) -> Duration {
    let longest = if attempts < ATTEMPTS_IN_HASTE {
        retry.delay_max
    } else {
        retry.delay_max.max(DELAY_AT_LEISURE)
    };
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    let whole = retry.delay_first.saturating_mul(doubled).min(longest);
    let drawn: CommandId = Id::derived(command, &format!("delay {attempts}"));
    let [first, ..] = drawn.into_bytes();
    whole - whole / 4 * u32::from(first) / 256
}
