//! One try at writing a group.

use ondol_kernel::Position;
use ondol_store::LogEpoch;
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::Columns;
use super::known::{Asked, Known, take};
use super::plan::{Group, Plan, plan};
use super::remembered::Standing;
use super::work::{Verdicts, Work};
use super::{Connection, Writer};
use crate::checked::durable;
use crate::fault::{Fault, Unfit};
use crate::rows::{get, number, to_server};
use crate::session::Parameter;
use crate::sql::Statement;

/// After how many groups old ones are forgotten, and how many are kept at least.
const GROUPS_KEPT: u64 = 1_024;
/// How many events of other processes are looked at; after more, we start to remember afresh.
const FOREIGN_EVENTS_MAX: usize = 10_000;

/// Why a try was no success. The connection is closed.
#[derive(Debug)]
pub(super) enum Attempt {
    /// Nothing was written.
    Undone(Fault),
    /// The connection was lost on the way to the answer.
    Unheard { group: Group, verdicts: Verdicts, fault: Fault },
}

impl From<Fault> for Attempt {
    fn from(fault: Fault) -> Self {
        Self::Undone(fault)
    }
}

impl Writer {
    /// Tries to write a group. What is known of it is looked up under the lock of the log.
    pub(super) async fn attempt(&mut self, work: &Work) -> Result<Verdicts, Attempt> {
        let connection = self.connected().await?;
        let known = self.look(&connection, work).await?;
        let plan = plan(work, &known, &self.remembered, &self.options.limits);
        let id = Uuid::from_u128(self.rng.id::<Group>(self.clock.now()).as_u128());
        let Some(group) = plan.group(id, connection.epoch) else {
            connection.session.run("ROLLBACK").await?;
            self.connection = Some(connection);
            return Ok(plan.verdicts);
        };
        let written = self.write_and_commit(&connection, &plan, &group).await;
        let verdicts = plan.verdicts;
        match written {
            Ok(()) => {
                self.connection = Some(connection);
                self.committed(group);
                Ok(verdicts)
            }
            Err(fault) if fault.is_silent() => Err(Attempt::Unheard { group, verdicts, fault }),
            Err(fault) => Err(Attempt::Undone(fault)),
        }
    }

    async fn connected(&mut self) -> Result<Connection, Fault> {
        if let Some(connection) = self.connection.take().filter(|kept| !kept.session.is_closed()) {
            return Ok(connection);
        }
        let anew = Connection::open(&self.options, &self.sql, &self.clock, &*self.rng).await?;
        if anew.epoch == self.epoch { Ok(anew) } else { Err(Unfit::Moved.into()) }
    }

    /// Takes the lock and asks, all in one go.
    async fn look(&mut self, connection: &Connection, work: &Work) -> Result<Known, Fault> {
        let (sql, session) = (&self.sql, &connection.session);
        let asked = Asked::about(work, &self.remembered);
        let streams: [Parameter<'_>; 1] = [&asked.streams];
        let commands: [Parameter<'_>; 1] = [&asked.commands];
        let conditions: [Parameter<'_>; 3] = [&asked.tags, &asked.types, &asked.afters];
        let ask = async |statement: &Statement, is_asked: bool, parameters: &[Parameter<'_>]| {
            if is_asked { session.query(statement, parameters).await } else { Ok(Vec::new()) }
        };
        #[cfg(not(feature = "planted-bugs"))]
        let lock = &connection.lock;
        #[cfg(feature = "planted-bugs")]
        let lock = &self.planted_lock(connection);
        let ((), state, streams, commands, conditions) = tokio::try_join!(
            biased;
            session.run(lock),
            session.query(&sql.state, &[]),
            ask(&sql.streams, !asked.streams.is_empty(), &streams),
            ask(&sql.outcomes, !asked.commands.is_empty(), &commands),
            ask(&sql.conditions, !asked.tags.is_empty(), &conditions),
        )?;
        let mut known = Known::default();
        known.take(&[streams, commands, conditions])?;
        let corrupt = Unfit::Corrupt { what: "the row of the log" };
        let state = state.first().ok_or(corrupt)?;
        check_state(state, connection.epoch, &mut known)?;
        #[cfg(feature = "planted-bugs")]
        if self.planted_position(connection, &mut known).await? {
            return Ok(known);
        }
        self.catch_up(connection, known.head).await?;
        Ok(known)
    }

    /// Brings what is remembered up to the end of the log.
    async fn catch_up(&mut self, connection: &Connection, head: Position) -> Result<(), Fault> {
        let seen = self.remembered.upto;
        if head == seen {
            return Ok(());
        }
        if head < seen {
            return Err(Unfit::Rewound { seen: seen.get(), found: head.get() }.into());
        }
        let foreign = if self.remembered.is_empty() {
            Vec::new()
        } else {
            let since = to_server(seen.get());
            connection.session.query(&self.sql.written_since, &[&since]).await?
        };
        if foreign.len() > FOREIGN_EVENTS_MAX {
            self.remembered.forget();
        }
        let remembered = &mut self.remembered;
        take(&foreign, "the table of events", |row| {
            let stream = get::<&str>(row, 0)?.parse()?;
            if remembered.get(&stream).is_some() {
                let version = ondol_kernel::Version::new(number(row, 2)?);
                remembered.put(stream, Standing { id: get(row, 1)?, version });
            }
            Ok(())
        })?;
        self.remembered.upto = head;
        Ok(())
    }

    /// Writes and commits, all in one go. When the server refuses to write, it takes the COMMIT
    /// for the end of a transaction that has come to nothing.
    async fn write_and_commit(
        &mut self,
        connection: &Connection,
        plan: &Plan<'_>,
        group: &Group,
    ) -> Result<(), Fault> {
        let columns = Columns::of(plan, group);
        let parameters = columns.parameters();
        let forgotten = self.forgotten(group);
        let forget = async {
            match &forgotten {
                Some(before) => connection.session.query(&self.sql.forget, &[before]).await,
                None => Ok(Vec::new()),
            }
        };
        let (written, forgot, committed) = tokio::join!(
            biased;
            connection.session.query(&self.sql.write, &parameters),
            forget,
            connection.session.run("COMMIT"),
        );
        written?;
        forgot?;
        committed.map_err(|fault| match fault {
            // A commit that was refused is not one to draw conclusions from.
            Fault::Refused(error) => Fault::Lost(error),
            fault => fault,
        })
    }

    /// Before which position groups are forgotten now, if it is time.
    fn forgotten(&mut self, group: &Group) -> Option<i64> {
        let (count, first) = self.since_forgotten;
        if count < GROUPS_KEPT {
            self.since_forgotten.0 = count + 1;
            return None;
        }
        self.since_forgotten = (0, group.first.get());
        Some(to_server(first))
    }
}

/// Checks that the log is the one we know and that the server still keeps what it commits.
fn check_state(row: &Row, epoch: LogEpoch, known: &mut Known) -> Result<(), Fault> {
    let corrupt = |_unread| Unfit::Corrupt { what: "the row of the log" };
    durable(row, 3)?;
    let found: Uuid = get(row, 2).map_err(corrupt)?;
    if LogEpoch::from_bytes(found.into_bytes()) != epoch {
        return Err(Unfit::Moved.into());
    }
    known.head = Position::new(number(row, 0).map_err(corrupt)?);
    known.last_stream = get(row, 1).map_err(corrupt)?;
    Ok(())
}
