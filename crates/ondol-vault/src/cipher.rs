//! AES-256-GCM-SIV: a nonce that is drawn twice by accident does not give the key away.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ondol_doors::Rng;
use zeroize::Zeroizing;

/// How many bytes a key has.
pub(crate) const KEY_BYTES: usize = 32;

/// A key that seals. Wiped when it is dropped, never printed.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; KEY_BYTES]>);

/// The text was not sealed with this key under these names, or has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotOurs;

impl Key {
    pub(crate) fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn drawn(rng: &dyn Rng) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        rng.fill(bytes.as_mut());
        Self(bytes)
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; KEY_BYTES] = bytes.try_into().ok()?;
        (bytes != [0; KEY_BYTES]).then(|| Self::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM_SIV, self.bytes()).ok().map(LessSafeKey::new)
    }

    /// Nonce, ciphertext and tag; nothing, should the provider fail.
    pub(crate) fn seal(&self, rng: &dyn Rng, names: &[&str], plain: &[u8]) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill(&mut nonce);
        let mut body = plain.to_vec();
        let aad = Aad::from(bound(names));
        let sealed = self.cipher()?.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            aad,
            &mut body,
        );
        sealed.ok()?;
        let mut whole = nonce.to_vec();
        whole.append(&mut body);
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    pub(crate) fn open(&self, names: &[&str], text: &str) -> Result<Zeroizing<Vec<u8>>, NotOurs> {
        let whole = URL_SAFE_NO_PAD.decode(text).map_err(|_other| NotOurs)?;
        let (nonce, body) = whole.split_at_checked(NONCE_LEN).ok_or(NotOurs)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_unspecified| NotOurs)?;
        let mut body = Zeroizing::new(body.to_vec());
        let cipher = self.cipher().ok_or(NotOurs)?;
        let aad = Aad::from(bound(names));
        let length = cipher.open_in_place(nonce, aad, &mut body).map_err(|_unspecified| NotOurs)?;
        let length = length.len();
        body.truncate(length);
        Ok(body)
    }
}

/// Names, each with its length before it: no two lists of names are the same bytes.
fn bound(names: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        bytes.extend(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend(name.as_bytes());
    }
    bytes
}
