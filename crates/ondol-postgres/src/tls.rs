//! TLS with a server, as `sslmode` asks for it.
//!
//! - `disable`: none.
//! - `prefer`: if the server has it, with whoever answers. It keeps out those who only listen.
//! - `require`: or nothing, with whoever answers; with authorities named, as `verify-ca`.
//! - `verify-ca`: with a server that an authority of ours vouches for.
//! - `verify-full`: and that has the name by which it was asked for.
//!
//! The authorities are those in the file that `sslrootcert` names, or the system's.

mod connector;
mod error;
mod roots;
mod verifier;

use std::str::FromStr;

use tokio_postgres::config::SslMode;

pub(crate) use self::connector::Connector;
pub use self::error::TlsError;
use crate::InvalidAddress;

/// What `sslmode` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyAuthority,
    VerifyFull,
}

/// What is asked of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    mode: Mode,
    /// The file of the authorities, or `system`; the system's, if none is named.
    roots: Option<String>,
}

/// How much of a server is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verify {
    Nothing,
    Authority,
    AuthorityAndName,
}

impl Tls {
    pub(crate) fn new(mode: Mode, roots: Option<String>) -> Result<Self, InvalidAddress> {
        if mode == Mode::Disable && roots.is_some() {
            return Err(InvalidAddress::RootsWithoutTls);
        }
        Ok(Self { mode, roots })
    }

    /// What of it the client library has to know.
    pub(crate) const fn on_the_wire(&self) -> SslMode {
        match self.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyAuthority | Mode::VerifyFull => SslMode::Require,
        }
    }

    /// Whoever names authorities wants them asked.
    const fn verify(&self) -> Verify {
        match self.mode {
            Mode::VerifyFull => Verify::AuthorityAndName,
            Mode::VerifyAuthority => Verify::Authority,
            Mode::Require if self.roots.is_some() => Verify::Authority,
            Mode::Require | Mode::Prefer | Mode::Disable => Verify::Nothing,
        }
    }
}

impl FromStr for Mode {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyAuthority,
            "verify-full" => Self::VerifyFull,
            other => return Err(InvalidAddress::UnknownMode { found: other.to_owned() }),
        })
    }
}

impl From<SslMode> for Mode {
    fn from(mode: SslMode) -> Self {
        match mode {
            SslMode::Disable => Self::Disable,
            SslMode::Require => Self::Require,
            _ => Self::Prefer,
        }
    }
}
