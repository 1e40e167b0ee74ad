//! The world: every provider with its books, its keys and its manners.
//!
//! A request under a key takes effect in one piece: what is answered, what stands in the books and
//! the line of the journal are one moment under one lock. What chance does to a request happens
//! around that moment: before it, nothing was done; after it, everything was.

mod counts;
mod courier;
mod desk;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use ondol_doors::{Clock, Rng};
use ondol_kernel::Id;
use ondol_runtime::Supervisor;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::answer::{Answer, Asked, Body};
use crate::behaviour::Fate;
use crate::keys::{KEY_BYTES_MAX, Known, fingerprint};
use crate::{Behaviour, BehaviourError, Change, Hook, HookError, JournalError, Provider};

pub use counts::Counts;

use counts::Counters;
use courier::{LETTERS_MAX, Letter};
use desk::Desk;

/// The longest that a request is left without an answer.
const SILENCE_LONGEST: Duration = Duration::from_secs(600);
/// How often is looked for what goes on by itself.
const TICK: Duration = Duration::from_millis(50);

/// The outside world. Cheap to clone.
#[derive(Debug, Clone)]
pub struct World {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    houses: [House; Provider::ALL.len()],
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    letters: mpsc::Sender<Letter>,
    waiting: Mutex<Option<mpsc::Receiver<Letter>>>,
}

/// One provider.
#[derive(Debug)]
struct House {
    provider: Provider,
    behaviour: watch::Sender<Behaviour>,
    desk: Mutex<Desk>,
    hook: Mutex<Option<Hook>>,
    counters: Counters,
}

/// A request as it arrives.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) key: Option<String>,
    pub(crate) body: Bytes,
}

/// What comes back.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered {
        status: StatusCode,
        body: Body,
        is_replayed: bool,
    },
    /// The connection breaks off.
    BrokenOff,
}

impl World {
    /// A world that remembers nothing beyond its process.
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self::of(Provider::ALL.map(|_provider| Desk::default()), clock, rng)
    }

    /// A world that goes on from what a folder says.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(
        folder: &Path,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, JournalError> {
        let failed = |source| JournalError::File { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut desks = Vec::with_capacity(Provider::ALL.len());
        for provider in Provider::ALL {
            desks.push(Desk::open(&folder.join(format!("{provider}.journal")))?);
        }
        let desks = desks.try_into().expect("a desk was opened for each provider");
        Ok(Self::of(desks, clock, rng))
    }

    fn of(desks: [Desk; Provider::ALL.len()], clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let (letters, waiting) = mpsc::channel(LETTERS_MAX);
        let mut desks = desks.into_iter();
        let houses = Provider::ALL.map(|provider| House {
            provider,
            behaviour: watch::Sender::new(Behaviour::default()),
            desk: Mutex::new(desks.next().unwrap_or_default()),
            hook: Mutex::default(),
            counters: Counters::default(),
        });
        let waiting = Mutex::new(Some(waiting));
        Self { inner: Arc::new(Inner { houses, clock, rng, letters, waiting }) }
    }

    /// Begins what happens by itself: letters are sent, shipments arrive.
    pub fn start(&self, supervisor: &Supervisor) {
        let waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(letters) = waiting else { return };
        let clock = Arc::clone(&self.inner.clock);
        supervisor
            .start("the letters of the outside world", |stop| courier::carry(letters, clock, stop));
        let world = self.clone();
        supervisor.start("the time of the outside world", |stop| world.time_passes(stop));
    }

    /// How a provider behaves.
    pub fn behaviour(&self, provider: Provider) -> Behaviour {
        self.house(provider).behaviour.borrow().clone()
    }

    /// Changes how a provider behaves, from the next request on. Whoever waits for an answer that
    /// never comes is cut off.
    ///
    /// # Errors
    /// With everything that is wrong with the change; then nothing changes.
    pub fn change(&self, provider: Provider, change: &Change) -> Result<Behaviour, BehaviourError> {
        let behaviour = self.behaviour(provider).changed(change)?;
        self.house(provider).behaviour.send_replace(behaviour.clone());
        Ok(behaviour)
    }

    /// A provider behaves well again.
    pub fn mend(&self, provider: Provider) {
        self.house(provider).behaviour.send_replace(Behaviour::default());
    }

    /// From now on somebody is told of what happens at a provider, or nobody.
    ///
    /// # Errors
    /// When he cannot be told.
    pub fn hook(&self, provider: Provider, hook: Option<Hook>) -> Result<(), HookError> {
        if let Some(hook) = &hook {
            hook.check()?;
        }
        let mut own = self.house(provider).hook.lock().unwrap_or_else(PoisonError::into_inner);
        *own = hook;
        Ok(())
    }

    /// What a provider has counted since it began.
    pub fn counts(&self, provider: Provider) -> Counts {
        self.house(provider).counters.read()
    }

    fn house(&self, provider: Provider) -> &House {
        let mut houses = self.inner.houses.iter();
        houses.find(|house| house.provider == provider).expect("every provider has a house")
    }

    /// Asks a provider, with whatever chance does to the request.
    pub(crate) async fn ask(&self, provider: Provider, received: &Received) -> Outcome {
        let house = self.house(provider);
        house.counters.came();
        let behaviour = house.behaviour.borrow().clone();
        match behaviour.fate(self.inner.rng.as_ref()) {
            Fate::Out => {
                house.counters.failed();
                said(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "nothing works at present")
            }
            Fate::Fails => {
                house.counters.failed();
                said(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something broke")
            }
            Fate::Silent => {
                house.counters.silent();
                let mut changes = house.behaviour.subscribe();
                tokio::select! {
                    _changed_or_gone = changes.changed() => {}
                    () = self.inner.clock.sleep(SILENCE_LONGEST) => {}
                }
                Outcome::BrokenOff
            }
            Fate::Served { after, is_refused, is_lost } => {
                let served = Served { house, received, is_refused, after, behaviour: &behaviour };
                let outcome = self.serve(served).await;
                if is_lost {
                    house.counters.lost();
                    return Outcome::BrokenOff;
                }
                outcome
            }
        }
    }

    async fn serve(&self, served: Served<'_>) -> Outcome {
        let Served { house, received, after, .. } = &served;
        if received.method == Method::GET {
            self.inner.clock.sleep(*after).await;
            let Answer { status, body, .. } = self.answer(&served, &house.desk(), &Value::Null);
            return Outcome::Answered { status, body, is_replayed: false };
        }
        let key = received.key.as_deref().filter(|key| !key.is_empty());
        let Some(key) = key.filter(|key| key.len() <= KEY_BYTES_MAX) else {
            let message = "a request that changes something has an idempotency-key";
            return said(StatusCode::BAD_REQUEST, "idempotency_key_missing", message);
        };
        let mark = fingerprint(&received.method, &parts(&received.path), &received.body);
        let known = house.desk().keys.begin(key, &mark, self.inner.clock.now());
        match known {
            Known::New => self.take_effect(&served, key, mark).await,
            Known::Answered(status, body) => {
                house.counters.replayed();
                self.inner.clock.sleep(*after).await;
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                Outcome::Answered { status, body: Body::Json(body), is_replayed: true }
            }
            Known::Otherwise => {
                let message = "the key was used for another request";
                said(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message)
            }
            Known::Running => {
                let message = "the first request under this key is still running";
                said(StatusCode::CONFLICT, "idempotency_key_in_use", message)
            }
            Known::Full => said(StatusCode::TOO_MANY_REQUESTS, "too_many", "come again later"),
        }
    }

    async fn take_effect(&self, served: &Served<'_>, key: &str, mark: String) -> Outcome {
        let Served { house, received, after, .. } = served;
        let running = Running { house, key };
        let body = match ondol_http::read_json::<Value>(&received.body) {
            Ok(body) => body,
            Err(_not_json) => {
                let message = "the body is JSON that can be read in one way only";
                return said(StatusCode::BAD_REQUEST, "invalid_json", message);
            }
        };
        self.inner.clock.sleep(*after).await;
        let mut desk = house.desk();
        let answer = self.answer(served, &desk, &body);
        let Body::Json(said_so) = answer.body.clone() else {
            return said(StatusCode::NOT_FOUND, "not_found", "there is nothing by that name");
        };
        let (status, now) = (answer.status, self.inner.clock.now());
        if let Err(error) = desk.write(key, mark, &answer, &said_so, now) {
            tracing::error!(%error, provider = %house.provider, "the journal cannot be written");
            return said(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something broke");
        }
        drop(desk);
        drop(running);
        house.counters.answered(status, answer.record.is_some());
        if let Some(news) = answer.news {
            self.tell(house, news);
        }
        Outcome::Answered { status, body: Body::Json(said_so), is_replayed: false }
    }

    fn answer(&self, served: &Served<'_>, desk: &Desk, body: &Value) -> Answer {
        let Served { house, received, is_refused, behaviour, .. } = served;
        let now = self.inner.clock.now();
        let id: Id<Provider> = self.inner.rng.as_ref().id(now);
        let asked = Asked {
            method: &received.method,
            path: &parts(&received.path),
            query: &received.query,
            body,
            is_refused: *is_refused,
            now,
            id: &id.to_string(),
            transit_ms: behaviour.transit_ms,
        };
        house.provider.answer(&asked, &desk.records)
    }

    fn tell(&self, house: &House, news: crate::answer::News) {
        let hook = house.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(hook) = hook else { return };
        let id: Id<Letter> = self.inner.rng.as_ref().id(self.inner.clock.now());
        let letter = Letter { id: id.to_string(), hook, news };
        if self.inner.letters.try_send(letter).is_err() {
            house.counters.letter_lost();
        }
    }

    /// What goes on by itself goes on when its time has come.
    async fn time_passes(self, mut stop: watch::Receiver<bool>) -> Result<(), String> {
        loop {
            tokio::select! {
                _told_or_gone = stop.wait_for(|stop| *stop) => return Ok(()),
                () = self.inner.clock.sleep(TICK) => {}
            }
            let now = self.inner.clock.now().as_micros();
            for house in &self.inner.houses {
                loop {
                    let went_on = house.desk().go_on(house.provider, now);
                    match went_on.map_err(|error| format!("the journal: {error}"))? {
                        Some(news) => self.tell(house, news),
                        None => break,
                    }
                }
            }
        }
    }
}

impl House {
    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is dealt with.
struct Served<'a> {
    house: &'a House,
    received: &'a Received,
    is_refused: bool,
    after: Duration,
    behaviour: &'a Behaviour,
}

/// A request that runs under a key; when it ends without an answer, the key is free again.
struct Running<'a> {
    house: &'a House,
    key: &'a str,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.house.desk().keys.give_up(self.key);
    }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn said(status: StatusCode, code: &str, message: &str) -> Outcome {
    let Answer { status, body, .. } = Answer::error(status, code, message);
    Outcome::Answered { status, body, is_replayed: false }
}
