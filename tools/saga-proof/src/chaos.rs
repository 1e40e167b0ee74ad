//! Whoever is asked by the sagas of the torture, and everything that goes wrong on the way there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ondol_bus::{About, CallFailure, Calls, Reply};
use ondol_domain::{Call, Refused};
use ondol_doors::{Clock, Rng};
use ondol_kernel::{CommandId, Payload, Position};

use crate::random::{Asked, Told, answer, below};

/// Whoever is asked: commands take effect once, and how often each step was done is counted.
#[derive(Debug)]
pub(crate) struct Chaos {
    rng: Arc<dyn Rng>,
    clock: Arc<dyn Clock>,
    books: Mutex<Books>,
}

/// What was done.
#[derive(Debug, Default)]
struct Books {
    answers: HashMap<CommandId, Reply>,
    done: HashMap<(u64, String), i32>,
    wrong: Vec<String>,
    asked: u64,
}

impl Chaos {
    pub(crate) fn new(rng: Arc<dyn Rng>, clock: Arc<dyn Clock>) -> Self {
        Self { rng, clock, books: Mutex::default() }
    }

    /// How often a step of a job stands done.
    pub(crate) fn done(&self, job: u64, step: &str) -> i32 {
        self.books().done.get(&(job, step.to_owned())).copied().unwrap_or(0)
    }

    /// What went wrong on the way, and how often anybody was asked.
    pub(crate) fn wrong(&self) -> (Vec<String>, u64) {
        let books = self.books();
        (books.wrong.clone(), books.asked)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_effect(&self, call: &Call, command: CommandId) -> Reply {
        let refuses = below(&*self.rng, 12) == 0;
        let mut books = self.books();
        books.asked += 1;
        if let Some(answer) = books.answers.get(&command) {
            return answer.clone();
        }
        let reply = match call.read::<Asked>() {
            Ok(Asked::Do { may_refuse, .. }) if refuses && may_refuse => refused(),
            Ok(Asked::Do { job, step, knows, .. }) => books.count(job, &step, (1, knows)),
            Ok(Asked::Undo { job, step, knows }) => books.count(job, &step, (-1, knows)),
            Err(error) => {
                books.wrong.push(error.to_string());
                refused()
            }
        };
        books.answers.insert(command, reply.clone());
        reply
    }

    async fn is_delayed(&self) {
        if below(&*self.rng, 4) == 0 {
            let millis = u64::try_from(below(&*self.rng, 3_000)).unwrap_or(0);
            self.clock.sleep(Duration::from_millis(millis)).await;
        }
    }

    fn is_lost(&self) -> Result<(), CallFailure> {
        if below(&*self.rng, 8) == 0 {
            let source = "chance has it lost".into();
            return Err(CallFailure::Unreachable { service: "torture".to_owned(), source });
        }
        Ok(())
    }
}

impl Books {
    fn count(&mut self, job: u64, step: &str, (by, knows): (i32, Option<Told>)) -> Reply {
        if let Some(told) = knows.filter(|told| told.answer != answer(&told.of, 1)) {
            self.wrong.push(format!("the step {step} of {job} has read {told:?}"));
        }
        let done = self.done.entry((job, step.to_owned())).or_default();
        *done += by;
        if !(0..=1).contains(done) {
            let wrong = format!("the step {step} of {job} stands done {done} times");
            self.wrong.push(wrong);
        }
        let data = Payload::json(format!("{:?}", answer(step, by)));
        Reply::Done { data, position: Position::START }
    }
}

fn refused() -> Reply {
    let (code, message) = ("refused".to_owned(), "chance has it refused".to_owned());
    Reply::Refused(Refused { code, message, data: Payload::json("null") })
}

#[async_trait]
impl Calls for Chaos {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.is_delayed().await;
        self.is_lost()?;
        let reply = self.take_effect(call, about.command);
        if below(&*self.rng, 8) == 0 {
            // It arrives twice.
            self.take_effect(call, about.command);
        }
        if below(&*self.rng, 40) == 0 {
            // It has taken effect, and nobody will ever say so.
            std::future::pending::<()>().await;
        }
        self.is_delayed().await;
        self.is_lost()?;
        Ok(reply)
    }

    async fn void(&self, _call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.is_delayed().await;
        self.is_lost()?;
        let reply = self.books().answers.entry(about.command).or_insert(Reply::Voided).clone();
        self.is_lost()?;
        Ok(reply)
    }
}
