//! A refusal as it is recorded and answered: a code for programs, a sentence for people, and the
//! numbers for both.
//!
//! `Refusal::NotEnoughMoney { available }` of kind `account` has the code
//! `account.not_enough_money`, its sentence is how it displays, and its data are its fields.

use std::error::Error;

use ondol_kernel::Payload;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event_type::snake_case;
use crate::{Aggregate, Contract, EncodeError, variant};

/// A refusal as it is recorded and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What a program goes by: the same for ever.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// The refusal's fields.
    pub data: Payload,
}

impl Refused {
    /// A refusal of an `A`.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn by<A: Aggregate>(refusal: &A::Refusal) -> Result<Self, EncodeError> {
        written(A::KIND, refusal)
    }

    /// The refusal of an `A` that this was; nothing if it was another's, or of another time.
    pub fn read<A: Aggregate>(&self) -> Option<A::Refusal> {
        self.read_of(A::KIND)
    }

    /// A refusal of a service, in the words of its public contract.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn by_contract<C: Contract>(refusal: &C::Refusal) -> Result<Self, EncodeError> {
        written(C::SERVICE, refusal)
    }

    /// The refusal in the words of a contract; nothing if it was another's, or of another time.
    pub fn read_contract<C: Contract>(&self) -> Option<C::Refusal> {
        self.read_of(C::SERVICE)
    }

    fn read_of<R: DeserializeOwned>(&self, by: &str) -> Option<R> {
        let short = self.code.strip_prefix(by)?.strip_prefix('.')?;
        let names = variant::names::<R>()?;
        let name = names.into_iter().find(|name| snake_case(name) == short)?;
        variant::read(name, &self.data.bytes).ok()
    }
}

fn written<R: Error + Serialize>(by: &'static str, refusal: &R) -> Result<Refused, EncodeError> {
    let mut data = Vec::new();
    let name = variant::write(refusal, &mut data)
        .map_err(|source| EncodeError::Unwritable { kind: by, source })?;
    let code = format!("{by}.{}", snake_case(name));
    Ok(Refused { code, message: refusal.to_string(), data: Payload::json(data) })
}

#[cfg(test)]
mod tests;
