//! A service that does not exist: a log, what it publishes, and answers on record.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ondol_domain::{Call, Codec, CommandError, Encoded, Facts, Holder, Refused, Target};
use ondol_doors::{Clock, Rng, SeededRng, SystemClock};
use ondol_kernel::{CommandId, Metadata, NewEvent, Payload, Position, Recorded, StreamId};
use ondol_store::{Append, EventStore, Expected, Limits, LogEpoch, MemoryStore};
use serde::{Deserialize, Serialize};

use super::Ends;
use crate::{About, CallFailure, Calls, LogFeed, Publication, Reply};

/// What the service is called.
pub const SERVICE: &str = "house.bells";

/// What happens inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Inner {
    /// A bell was rung so often.
    Rung {
        /// How often.
        times: u32,
    },
    /// Nobody else hears of it.
    Oiled,
}

/// What others hear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Sound {
    /// Once.
    Ding {
        /// The how manieth.
        nth: u32,
    },
    /// And again.
    Dong,
}

impl Facts for Inner {
    const KIND: &'static str = "inside";
}

impl Facts for Sound {
    const KIND: &'static str = "bell";
    const SERVICE: Option<&'static str> = Some(SERVICE);
}

/// The service.
#[derive(Debug)]
pub struct Bells {
    log: Arc<MemoryStore>,
    rng: Arc<dyn Rng>,
    clock: Arc<dyn Clock>,
    book: Arc<Answers>,
}

/// Answers, each on record under its command's id, and how often each took effect.
#[derive(Debug, Default)]
pub struct Answers {
    record: Mutex<HashMap<CommandId, (Reply, u32)>>,
    heard: Mutex<Vec<(Call, About)>>,
}

impl Bells {
    /// A service to which nothing has happened.
    pub fn new() -> Self {
        let log = Arc::new(MemoryStore::new(LogEpoch::from_u128(77), Limits::default()));
        let (rng, clock) = (Arc::new(SeededRng::new(7)), Arc::new(SystemClock::start()));
        Self { log, rng, clock, book: Arc::default() }
    }

    /// Its two ends.
    pub fn ends(&self) -> Ends {
        let publication = Publication::of(|event: &Recorded<Inner>| match event.data {
            Inner::Rung { times: 0 } | Inner::Oiled => vec![],
            Inner::Rung { times: 1 } => vec![Sound::Ding { nth: 1 }],
            Inner::Rung { times } => vec![Sound::Ding { nth: times }, Sound::Dong],
        });
        let publications = vec![publication.expect("the shapes hold together")];
        let clock = Arc::clone(&self.clock);
        let feed = LogFeed::public(SERVICE, self.log.clone(), publications, clock);
        let calls: Arc<dyn Calls> = self.book.clone();
        Ends { feed: Arc::new(feed), calls }
    }

    /// The time and the chance.
    pub fn doors(&self) -> (Arc<dyn Rng>, Arc<dyn Clock>) {
        (Arc::clone(&self.rng), Arc::clone(&self.clock))
    }

    /// Something happens to a bell.
    pub async fn happens(&self, bell: &str, inner: Inner) -> Position {
        let codec = Codec::<Inner>::new().expect("the shapes hold together");
        let encoded = codec.encode(&inner).expect("it can be written");
        let Encoded { event_type, schema_version, payload } = encoded;
        let time = self.clock.now();
        let metadata = Metadata {
            time,
            actor: "Kim Ondol, 온돌".parse().ok(),
            tenant: "north".parse().ok(),
            ..Metadata::default()
        };
        let id = self.rng.as_ref().id(time);
        let event = NewEvent { id, event_type, schema_version, metadata, data: payload };
        let stream = StreamId::new("inside", bell).expect("a bell's name");
        let append = Append::to(stream, Expected::Any, vec![event]);
        self.log.append(append).await.expect("memory takes it").outcome.last()
    }

    /// What it was asked, and how often each command took effect.
    pub fn answers(&self) -> &Answers {
        &self.book
    }
}

impl Default for Bells {
    fn default() -> Self {
        Self::new()
    }
}

impl Answers {
    /// How often each command took effect.
    pub fn effects(&self) -> Vec<u32> {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.iter().map(|(_, (_, times))| *times).collect()
    }

    /// What came here.
    pub fn heard(&self) -> Vec<(Call, About)> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, call: &Call, about: &About, reply: Reply) -> Reply {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((call.clone(), about.clone()));
        drop(heard);
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.entry(about.command).or_insert((reply, 1)).0.clone()
    }
}

/// A call of the made-up contract.
pub fn call(command: &str) -> Call {
    let (key, command) = ("great bell".to_owned(), command.to_owned());
    let data = Payload::json(r#"{"times":18446744073709551615,"why":"온돌"}"#);
    Call { target: Target::Service(SERVICE.to_owned()), key, command, data }
}

#[async_trait]
impl Calls for Answers {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        let service = || SERVICE.to_owned();
        let failure = match call.command.as_str() {
            "ring" => {
                let data = Payload::json(r#"{"sound":"온돌","hz":0.1}"#);
                let reply = Reply::Done { data, position: Position::new(u64::MAX) };
                return Ok(self.answer(call, about, reply));
            }
            "steal" => {
                let (code, message) = ("house.bells.guarded".to_owned(), "no".to_owned());
                let data = Payload::json(r#"{"by":2}"#);
                let no = Reply::Refused(Refused { code, message, data });
                return Ok(self.answer(call, about, no));
            }
            "busy" => CallFailure::Busy { service: service(), again_after: None },
            "held" => CallFailure::Held { service: service(), by: Holder::of("trip", 7) },
            "broken" => CallFailure::Broken { service: service(), source: "cracked".into() },
            "invalid" => CallFailure::Invalid { service: service(), source: "no bell".into() },
            "forbidden" => CallFailure::Forbidden { service: service() },
            "unreachable" => {
                CallFailure::Unreachable { service: service(), source: "closed".into() }
            }
            other => CallFailure::Command {
                service: service(),
                source: CommandError::Unknown { command: other.to_owned() },
            },
        };
        Err(failure)
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        Ok(self.answer(call, about, Reply::Voided))
    }
}
