//! A call and its answer as JSON.

use ondol_bus::{About, Reply};
use ondol_domain::{Call, Refused, Target};
use ondol_kernel::{Payload, Position};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A call, and what surrounds it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedCall {
    key: String,
    command: String,
    data: Box<RawValue>,
    about: About,
}

/// The answer to a call.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answered {
    Done { data: Box<RawValue>, position: Position },
    Refused { code: String, message: String, data: Box<RawValue> },
    Voided,
}

impl AskedCall {
    /// A call as it is sent. Commands are JSON, whoever made them.
    pub(crate) fn of(call: &Call, about: &About) -> Result<Self, serde_json::Error> {
        let (key, command) = (call.key.clone(), call.command.clone());
        Ok(Self { key, command, data: raw(&call.data)?, about: about.clone() })
    }

    /// The call to a service.
    pub(crate) fn call(self, service: String) -> (Call, About) {
        let data = Payload::json(self.data.get().to_owned());
        let Self { key, command, about, .. } = self;
        (Call { target: Target::Service(service), key, command, data }, about)
    }
}

impl Answered {
    pub(crate) fn of(reply: &Reply) -> Result<Self, serde_json::Error> {
        Ok(match reply {
            Reply::Done { data, position } => Self::Done { data: raw(data)?, position: *position },
            Reply::Refused(Refused { code, message, data }) => {
                let (code, message) = (code.clone(), message.clone());
                Self::Refused { code, message, data: raw(data)? }
            }
            Reply::Voided => Self::Voided,
        })
    }

    pub(crate) fn reply(self) -> Reply {
        let payload = |data: Box<RawValue>| Payload::json(data.get().to_owned());
        match self {
            Self::Done { data, position } => Reply::Done { data: payload(data), position },
            Self::Refused { code, message, data } => {
                Reply::Refused(Refused { code, message, data: payload(data) })
            }
            Self::Voided => Reply::Voided,
        }
    }
}

fn raw(payload: &Payload) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::from_slice(&payload.bytes)
}
