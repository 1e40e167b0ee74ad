//! How tokens are signed. None of them is symmetric: whoever can verify cannot issue.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, VerificationAlgorithm,
};

/// How a token is signed: a property of a key, and never taken from a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Es256, Self::EdDsa, Self::Ps256, Self::Rs256];

    /// As it is written in keys and tokens, to the letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// The one with this name. Letters are not folded: `es256` is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// A key of a curve, once its point has been checked.
    pub(crate) fn curve_key(self, bytes: &[u8]) -> Option<ParsedPublicKey> {
        let algorithm: &'static dyn VerificationAlgorithm = match self {
            Self::Es256 => &ECDSA_P256_SHA256_ASN1,
            Self::EdDsa => &ED25519,
            Self::Ps256 | Self::Rs256 => return None,
        };
        ParsedPublicKey::new(algorithm, bytes).ok()
    }

    /// A key of RSA.
    pub(crate) fn rsa_key(self, modulus: &[u8], exponent: &[u8]) -> Option<ParsedPublicKey> {
        let parameters = match self {
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Es256 | Self::EdDsa => return None,
        };
        let parts = RsaPublicKeyComponents { n: modulus, e: exponent };
        parts.to_parsed_public_key(parameters).ok()
    }
}
