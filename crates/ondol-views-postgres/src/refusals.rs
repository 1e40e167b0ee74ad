//! The book of refusals that all processes of a service share.

use std::collections::HashMap;
use std::sync::Arc;

use ondol_kernel::{CommandId, Timestamp};
use ondol_postgres::{Fault, Mode, SchemaError, Session, Sessions};
use ondol_views::{KeptRefusal, RefusalError, RefusalLimits};

use crate::error::FromFault;
use crate::sql;
use crate::together::Together;

type Recalled = Result<Option<KeptRefusal>, RefusalError>;
type Kept = Result<KeptRefusal, RefusalError>;

/// The book.
#[derive(Debug)]
pub(crate) struct Refusals {
    sessions: Arc<Sessions>,
    schema: String,
    limits: RefusalLimits,
    recalls: Together<CommandId, Recalled>,
    keeps: Together<KeptRefusal, Kept>,
}

/// How often making the tables is tried: another process may be making them.
const TRIES_MAX: u32 = 5;

impl Refusals {
    /// Opens the book, and makes it if there is none.
    pub(crate) async fn open(
        sessions: Arc<Sessions>,
        limits: RefusalLimits,
    ) -> Result<Self, SchemaError> {
        let mut tries = 1;
        loop {
            let schema = sessions.schema();
            let work = async |session: &Session| {
                sql::refusals::prepare(session, schema).await.map_err(SchemaError::from)
            };
            let begin = Mode::Decide.begin();
            match sessions.run(begin, SchemaError::from, SchemaError::from, work).await {
                // Whoever made them at the same time may have been first.
                Err(SchemaError::Fault(Fault::Server(_))) if tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        }
        let schema = sessions.schema().to_owned();
        let (recalls, keeps) = (Together::default(), Together::default());
        Ok(Self { sessions, schema, limits, recalls, keeps })
    }

    pub(crate) async fn recall(&self, command: CommandId, now: Timestamp) -> Recalled {
        let known = self.recalls.ask(command, |all| self.recall_all(all)).await?;
        Ok(known.filter(|known| !self.limits.is_too_old(known.kept_at, now)))
    }

    pub(crate) async fn keep(&self, refusal: KeptRefusal) -> Kept {
        self.keeps.ask(refusal, |all| self.keep_all(all)).await
    }

    async fn recall_all(&self, commands: Vec<CommandId>) -> Vec<Recalled> {
        let work = async |session: &Session| {
            let found = sql::refusals::recall(session, &self.schema, &commands).await;
            found.map_err(RefusalError::of)
        };
        let found =
            self.sessions.run(Mode::Read.begin(), RefusalError::of, RefusalError::of, work).await;
        let found = found.map(by_command);
        let answer = |command: &CommandId| match &found {
            Ok(found) => Ok(found.get(command).cloned()),
            Err(error) => Err(error.clone()),
        };
        commands.iter().map(answer).collect()
    }

    async fn keep_all(&self, refusals: Vec<KeptRefusal>) -> Vec<Kept> {
        let commands: Vec<_> = refusals.iter().map(|refusal| refusal.command).collect();
        let work = async |session: &Session| {
            let (schema, limits) = (&self.schema, &self.limits);
            let kept = sql::refusals::keep(session, schema, limits, &refusals).await;
            kept.map_err(RefusalError::of)?;
            let found = sql::refusals::recall(session, schema, &commands).await;
            found.map_err(RefusalError::of)
        };
        let found =
            self.sessions.run(Mode::Decide.begin(), RefusalError::of, RefusalError::of, work).await;
        let found = found.map(by_command);
        let answer = |refusal: KeptRefusal| match &found {
            // One of very many at once may have had to make room already.
            Ok(found) => Ok(found.get(&refusal.command).cloned().unwrap_or(refusal)),
            Err(error) => Err(error.clone()),
        };
        refusals.into_iter().map(answer).collect()
    }
}

fn by_command(found: Vec<KeptRefusal>) -> HashMap<CommandId, KeptRefusal> {
    found.into_iter().map(|refusal| (refusal.command, refusal)).collect()
}

impl FromFault for RefusalError {
    fn of(fault: Fault) -> Self {
        match fault {
            Fault::Damaged(source) => Self::Corrupt(Arc::from(source)),
            fault => Self::Unavailable(Arc::new(fault)),
        }
    }
}
