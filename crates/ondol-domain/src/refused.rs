//! A refusal as it is recorded and answered: a code for programs, a sentence for people, and the
//! numbers for both.
//!
//! `Refusal::NotEnoughMoney { available }` of kind `account` has the code
//! `account.not_enough_money`, its sentence is how it displays, and its data are its fields.

use ondol_kernel::Payload;

use crate::event_type::snake_case;
use crate::{Aggregate, EncodeError, variant};

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
        let mut data = Vec::new();
        let name = variant::write(refusal, &mut data)
            .map_err(|source| EncodeError::Unwritable { kind: A::KIND, source })?;
        let code = format!("{}.{}", A::KIND, snake_case(name));
        Ok(Self { code, message: refusal.to_string(), data: Payload::json(data) })
    }

    /// The refusal of an `A` that this was; nothing if it was another's, or of another time.
    pub fn read<A: Aggregate>(&self) -> Option<A::Refusal> {
        let short = self.code.strip_prefix(A::KIND)?.strip_prefix('.')?;
        let names = variant::names::<A::Refusal>()?;
        let name = names.into_iter().find(|name| snake_case(name) == short)?;
        variant::read(name, &self.data.bytes).ok()
    }
}

#[cfg(test)]
mod tests;
