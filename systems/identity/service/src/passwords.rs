//! Passwords: hashed with Argon2id, a few at a time.
//!
//! A hash takes 19 MiB and some milliseconds on purpose, so whoever sends many passwords must not
//! be able to have many hashed at once: they wait for a permit, and not many may wait.

use std::ops::RangeInclusive;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use ondol_auth::{decode_strict, encode};
use ondol_doors::Rng;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::secrets::same;

/// What a hash may cost in memory. The default, 19 MiB in two passes, is OWASP's choice; a machine
/// that has more to spare is told so.
pub(crate) const MEMORY_KIB: RangeInclusive<u32> = 4 * 1024..=1024 * 1024;
/// And in passes over it.
pub(crate) const PASSES: RangeInclusive<u32> = 1..=16;
/// How long a password may be, and has to be.
pub(crate) const PASSWORD_CHARS_MIN: usize = 10;
/// Longer is an attack on our time.
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;
/// How many may wait for a permit.
const WAITING_MAX: usize = 64;

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
}

/// Hashes passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    permits: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    rng: Arc<dyn Rng>,
    cost: Cost,
    nobodys: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(at_once: usize, cost: Cost, rng: Arc<dyn Rng>) -> Result<Self, Fault> {
        // Whoever is unknown is held against this one, so that he waits as long as the known.
        let nobodys = written(cost, &[7; 16], &*hashed(cost, b"nobody", &[7; 16])?).into();
        let (permits, waiting) = (Semaphore::new(at_once), Semaphore::new(WAITING_MAX));
        Ok(Self { permits: Arc::new(permits), waiting: Arc::new(waiting), rng, cost, nobodys })
    }

    /// A new hash.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, Fault> {
        let mut salt = [0; 16];
        self.rng.fill(&mut salt);
        let cost = self.cost;
        let hash = self.run(move || hashed(cost, password.as_bytes(), &salt)).await?;
        Ok(written(cost, &salt, &hash))
    }

    /// Whether this is the password; held against nobody's when there is none.
    pub(crate) async fn fits(
        &self,
        password: Zeroizing<String>,
        kept: Option<String>,
    ) -> Result<bool, Fault> {
        let is_somebodys = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobodys.as_ref().to_owned());
        let (cost, salt) = read(&kept).ok_or(Fault::Data("a password's hash"))?;
        let hash = self.run(move || hashed(cost, password.as_bytes(), &salt)).await?;
        Ok(same(&written(cost, &salt, &hash), &kept) && is_somebodys)
    }

    /// Whether a kept hash has cost less than a new one would.
    pub(crate) fn is_cheap(&self, kept: &str) -> bool {
        let work = |cost: Cost| u64::from(cost.memory_kib) * u64::from(cost.passes);
        read(kept).is_some_and(|(cost, _)| work(cost) < work(self.cost))
    }

    async fn run(
        &self,
        work: impl FnOnce() -> Result<Zeroizing<[u8; 32]>, Fault> + Send + 'static,
    ) -> Result<Zeroizing<[u8; 32]>, Fault> {
        let _waits = self.waiting.try_acquire().map_err(|_full| Fault::Busy)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_closed| Fault::Busy)?;
        let hashed = spawn_blocking(move || {
            let hashed = work();
            drop(permit);
            hashed
        });
        hashed.await.map_err(|_panicked| Fault::Data("hashing"))?
    }
}

fn hashed(cost: Cost, password: &[u8], salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32));
    let params = params.map_err(|_odd| Fault::Data("argon2's parameters"))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = Zeroizing::new([0; 32]);
    let done = argon.hash_password_into(password, salt, hash.as_mut());
    done.map_err(|_odd| Fault::Data("a password"))?;
    Ok(hash)
}

/// As it is kept, sealed.
fn written(cost: Cost, salt: &[u8; 16], hash: &[u8; 32]) -> String {
    let Cost { memory_kib, passes } = cost;
    format!("argon2id.{memory_kib}.{passes}.1.{}.{}", encode(salt), encode(hash))
}

/// What a kept hash has cost, and its salt.
fn read(kept: &str) -> Option<(Cost, [u8; 16])> {
    let mut parts = kept.strip_prefix("argon2id.")?.split('.');
    let (memory_kib, passes) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (lanes, salt) = (parts.next()?, parts.next()?);
    let salt = decode_strict(salt).ok()?.try_into().ok()?;
    let is_read = lanes == "1" && MEMORY_KIB.contains(&memory_kib) && PASSES.contains(&passes);
    is_read.then_some((Cost { memory_kib, passes }, salt))
}
