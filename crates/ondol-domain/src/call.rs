//! Calls: commands that one part of the business asks of another.
//!
//! A saga or a policy says *what* is to be asked as a typed value; how it gets there is the
//! engine's business. Another service is asked by its public [`Contract`], never by its inner
//! commands; a thing of one's own service by [`ask`]. Both become a [`Call`]: data that can be
//! kept in a log and sent once more under the same command id.

use std::error::Error;
use std::fmt::{Debug, Display};

use ondol_kernel::Payload;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::event_type::snake_case;
use crate::{Aggregate, variant};

/// A command that a service accepts from others: a struct, or an enum of several commands.
pub trait Contract: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// Which service is asked.
    const SERVICE: &'static str;

    /// What it answers when it has done what was asked; `()` when that says it all.
    type Reply: Serialize + DeserializeOwned + Send + 'static;

    /// Why it may say no.
    type Refusal: Error + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Which one of the service's things is asked. Commands with one key are done in order.
    fn key(&self) -> String;
}

/// Whatever can be asked: a [`Contract`], or a command to a thing of one's own service.
pub trait Ask {
    /// What the answer holds.
    type Reply: Serialize + DeserializeOwned + Send + 'static;

    /// Who is asked, and by which commands, as far as the type alone tells.
    fn asked() -> Asked;

    /// The call as data.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn call(&self) -> Result<Call, CallError>;
}

/// Who is asked by values of one type, for pictures and descriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who is asked.
    pub target: Target,
    /// The commands there are; any of them may be asked.
    pub commands: Vec<String>,
}

impl<C: Contract> Ask for C {
    type Reply = C::Reply;

    fn asked() -> Asked {
        Asked { target: Target::Service(C::SERVICE.into()), commands: command_names::<C>() }
    }

    fn call(&self) -> Result<Call, CallError> {
        let (command, data) = written(self)?;
        Ok(Call { target: Target::Service(C::SERVICE.into()), key: self.key(), command, data })
    }
}

/// A command to one thing of one's own service.
#[derive(Debug, Clone)]
pub struct Own<A: Aggregate> {
    key: String,
    command: A::Command,
}

/// Asks a thing of one's own service.
pub fn ask<A: Aggregate>(key: impl Display, command: A::Command) -> Own<A> {
    Own { key: format!("{key}"), command }
}

impl<A: Aggregate> Ask for Own<A> {
    type Reply = ();

    fn asked() -> Asked {
        let commands = command_names::<A::Command>();
        Asked { target: Target::Aggregate(A::KIND.into()), commands }
    }

    fn call(&self) -> Result<Call, CallError> {
        let (command, data) = written(&self.command)?;
        let target = Target::Aggregate(A::KIND.into());
        Ok(Call { target, key: self.key.clone(), command, data })
    }
}

/// A command on its way, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who is asked.
    pub target: Target,
    /// Which one of its things.
    pub key: String,
    /// What is asked: the command's name.
    pub command: String,
    /// The command's fields.
    pub data: Payload,
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A service, by its public contract.
    Service(String),
    /// A kind of thing of one's own service.
    Aggregate(String),
}

/// Why a call cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the command cannot be written as JSON")]
pub struct CallError(#[from] serde_json::Error);

/// Why a command that was called cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such command.
    #[error("there is no command {command:?}")]
    Unknown {
        /// What was asked.
        command: String,
    },
    /// Its fields do not fit.
    #[error("the fields of {command:?} do not fit")]
    Unreadable {
        /// What was asked.
        command: String,
        /// What is wrong with them.
        #[source]
        source: serde_json::Error,
    },
}

impl Call {
    /// The command as whoever is asked knows it: a [`Contract`], or an aggregate's commands.
    ///
    /// # Errors
    /// When it has no such command or the fields do not fit.
    pub fn read<C: DeserializeOwned>(&self) -> Result<C, CommandError> {
        let names = variant::names::<C>().unwrap_or_default();
        let command = || self.command.clone();
        let name = names
            .into_iter()
            .find(|name| snake_case(name) == self.command)
            .ok_or_else(|| CommandError::Unknown { command: command() })?;
        variant::read(name, &self.data.bytes)
            .map_err(|source| CommandError::Unreadable { command: command(), source })
    }
}

/// The names of the commands that can be asked by a contract, or of an aggregate.
pub fn command_names<C: DeserializeOwned>() -> Vec<String> {
    variant::names::<C>().unwrap_or_default().into_iter().map(snake_case).collect()
}

fn written<C: Serialize>(command: &C) -> Result<(String, Payload), CallError> {
    let mut data = Vec::new();
    let name = variant::write(command, &mut data)?;
    Ok((snake_case(name), Payload::json(data)))
}

#[cfg(test)]
mod tests;
