//! The one task of a process that writes.
//!
//! It gathers whatever is waiting into a group, and while one group is being committed the next
//! one gathers by itself: a single client waits for one commit and not for a timer, and with
//! thousands in flight thousands share one commit.
//!
//! A group is two round trips. The first takes the lock of the log and asks what has to be known:
//! where the log ends, how the streams stand, what came of the commands, which conditions are
//! broken. What is to be written follows from that here, in memory ([`plan`]), each append
//! checked in its turn. The second writes and commits.

mod attempt;
mod columns;
mod gather;
mod known;
mod plan;
#[cfg(feature = "planted-bugs")]
mod planted;
mod remembered;
mod settle;
mod work;

use std::sync::{Arc, OnceLock};

use ondol_doors::{Clock, Rng};
use ondol_store::{AppendError, Head, LogEpoch};
use tokio::sync::{mpsc, watch};

pub(crate) use self::work::{AppendJob, Job, RecordedJob, stored};

use self::attempt::Attempt;
use self::gather::Gatherer;
use self::plan::Group;
use self::remembered::Remembered;
use self::settle::Settled;
use self::work::{Verdicts, Work};
use crate::PostgresOptions;
use crate::checked::check_server;
use crate::fault::{Fault, Unfit};
use crate::home;
use crate::session::Session;
use crate::sql::Sql;
use crate::supervisor::Stop;

/// How often a group is tried whose connection is lost before anything was written.
const TRIES_MAX: usize = 3;

/// Why a group was not written.
#[derive(Debug)]
enum Failure {
    /// Nothing of it was.
    Undone(Fault),
    /// Whether it was is not known.
    Unknown(Fault),
}

/// Whoever writes.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) options: PostgresOptions,
    pub(crate) sql: Arc<Sql>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) heads: Arc<watch::Sender<Head>>,
    why: Arc<OnceLock<Stop>>,
    connection: Option<Connection>,
    /// The life of the log that is known: another one is not written to.
    epoch: LogEpoch,
    remembered: Remembered,
    /// Groups since old ones were forgotten, and where the first of them began.
    since_forgotten: (u64, u64),
}

/// A connection of the writer to a server that has been checked.
#[derive(Debug)]
pub(crate) struct Connection {
    session: Session,
    /// What takes the lock, with the way this server commits filled in.
    lock: String,
    epoch: LogEpoch,
}

impl Connection {
    /// Connects to the log and makes sure that it is one to rely on.
    pub(crate) async fn open(
        options: &PostgresOptions,
        sql: &Sql,
        clock: &Arc<dyn Clock>,
        rng: &dyn Rng,
    ) -> Result<Self, Fault> {
        let session = Session::connect(options, clock).await?;
        let commits = check_server(&session).await.map_err(Fault::from_check)?;
        let epoch = home::epoch(&session, &options.schema, &**clock, rng).await?;
        session.prepare(&sql.of_writer()).await?;
        let lock = sql.lock.replace("{synchronous_commit}", &commits);
        Ok(Self { session, lock, epoch })
    }
}

impl Writer {
    pub(crate) fn new(
        options: PostgresOptions,
        sql: &Arc<Sql>,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
        (heads, why): (Arc<watch::Sender<Head>>, &Arc<OnceLock<Stop>>),
        connection: Connection,
    ) -> Self {
        let (sql, why) = (Arc::clone(sql), Arc::clone(why));
        let remembered = Remembered::new(options.streams_remembered_max);
        let (epoch, connection) = (connection.epoch, Some(connection));
        let since_forgotten = (0, 0);
        Self {
            options,
            sql,
            clock,
            rng,
            heads,
            why,
            connection,
            epoch,
            remembered,
            since_forgotten,
        }
    }

    /// Writes until nobody can ask any more, or the log must stop.
    pub(crate) async fn run(
        mut self,
        jobs: mpsc::Receiver<Job>,
        stop: watch::Receiver<bool>,
    ) -> Result<(), Unfit> {
        let mut gatherer = Gatherer::new(jobs, stop, &self.options);
        while let Some(work) = gatherer.next().await {
            self.write(work).await?;
        }
        Ok(())
    }

    /// Writes what can be written of a group, and answers everyone in it.
    async fn write(&mut self, work: Work) -> Result<(), Unfit> {
        match self.commit(&work).await {
            Ok(verdicts) => work.answer(verdicts),
            Err(Failure::Undone(fault)) if fault.is_about_data() && work.len() > 1 => {
                // One of them is to blame; each is tried by itself, so that only it fails.
                for single in work.apart() {
                    Box::pin(self.write(single)).await?;
                }
            }
            Err(Failure::Undone(Fault::Unfit(unfit))) => {
                // Noted before anyone is told: who was told finds the store stopped.
                self.why.get_or_init(|| Stop::Unfit(unfit.clone()));
                work.fail(|| AppendError::Stopped(unfit.clone().into()));
                return Err(unfit);
            }
            Err(Failure::Undone(fault)) => work.fail_with(fault, Fault::not_written),
            Err(Failure::Unknown(fault)) => work.fail_with(fault, Fault::unknown),
        }
        Ok(())
    }

    /// Commits a group, whatever becomes of the connection meanwhile.
    async fn commit(&mut self, work: &Work) -> Result<Verdicts, Failure> {
        let mut tries = 1;
        loop {
            let fault = match self.attempt(work).await {
                Ok(verdicts) => return Ok(verdicts),
                Err(Attempt::Undone(fault)) => fault,
                #[cfg(feature = "planted-bugs")]
                Err(Attempt::Unheard { fault, .. }) if self.planted_guess() => fault,
                Err(Attempt::Unheard { group, verdicts, fault }) => {
                    match self.settle(&group).await.map_err(Failure::Unknown)? {
                        Settled::Committed => {
                            self.committed(group);
                            return Ok(verdicts);
                        }
                        Settled::NeverWas => fault,
                    }
                }
            };
            if !fault.is_of_connection() || tries == TRIES_MAX {
                return Err(Failure::Undone(fault));
            }
            tries += 1;
        }
    }

    /// Takes note of a group that was committed.
    fn committed(&mut self, group: Group) {
        self.remembered.upto = group.last;
        for (stream, standing) in group.standings {
            self.remembered.put(stream, standing);
        }
        self.tell(Head { epoch: group.epoch, position: group.last });
    }

    fn tell(&self, head: Head) {
        tell(&self.heads, head);
    }
}

/// Tells everyone how far the log reaches. Who has heard of more already is not told less.
pub(crate) fn tell(heads: &watch::Sender<Head>, head: Head) {
    heads.send_if_modified(|known| {
        let is_news = known.position < head.position
            || (known.position == head.position && known.epoch != head.epoch);
        if is_news {
            *known = head;
        }
        is_news
    });
}
