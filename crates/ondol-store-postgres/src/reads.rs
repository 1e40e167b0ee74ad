//! Reading: streams, the log, outcomes, snapshots.
//!
//! What is read is committed, and positions are drawn in the order of commits, so there is
//! nothing to wait for and no gap to look out for: every position up to the last one is there.

use std::collections::HashMap;
use std::sync::Arc;

use ondol_kernel::{CommandId, Envelope, EventType, Position, StreamId, Tag, Version};
use ondol_store::{
    BoxError, Direction, Head, Limits, LogEpoch, Outcome, Page, ReadAll, ReadError, ReadStream,
    Snapshot, SnapshotError,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::fault::Fault;
use crate::names::StreamNames;
use crate::pool::Pool;
use crate::rows::{self, ENVELOPE_COLUMNS, get, number, size_to_server, to_server};
use crate::session::Parameter;
use crate::sql::{Sql, Statement};

/// Whoever reads.
#[derive(Debug)]
pub(crate) struct Reads {
    pub(crate) pool: Pool,
    pub(crate) sql: Arc<Sql>,
    pub(crate) limits: Limits,
    pub(crate) page_positions_max: u64,
    pub(crate) names: StreamNames,
}

/// A statement and its parameters.
type Question<'a> = (&'a Statement, &'a [Parameter<'a>]);

/// What two questions were answered.
type Answers = Result<(Vec<Row>, Vec<Row>), Fault>;

impl Reads {
    pub(crate) async fn head(&self) -> Result<Head, ReadError> {
        let rows = self.ask((&self.sql.head, &[])).await.map_err(Fault::not_read)?;
        head(&rows)
    }

    pub(crate) async fn stream(&self, read: &ReadStream) -> Result<Vec<Envelope>, ReadError> {
        let limit = read.limit.min(self.limits.page_events_max);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (statement, from) = match read.direction {
            Direction::Forward => (&self.sql.forward, read.from.map_or(0, Version::get)),
            Direction::Backward => (&self.sql.backward, read.from.map_or(u64::MAX, Version::get)),
        };
        let parameters: [Parameter<'_>; 4] = [
            &size_to_server(self.limits.page_bytes_max),
            &size_to_server(limit),
            &read.stream.as_str(),
            &to_server(from),
        ];
        let rows = self.ask((statement, &parameters)).await.map_err(Fault::not_read)?;
        Ok(self.page(&rows, |_| Some(read.stream.clone()))?.0)
    }

    pub(crate) async fn all(&self, read: &ReadAll) -> Result<Page, ReadError> {
        let limit = read.limit.min(self.limits.page_events_max);
        let types: Vec<&str> = read.filter.types.iter().map(EventType::as_str).collect();
        let tags: Vec<&str> = read.filter.tags.iter().map(Tag::as_str).collect();
        let (after, upto) = (read.after.get(), self.upto(read));
        let parameters: [Parameter<'_>; 7] = [
            &size_to_server(self.limits.page_bytes_max),
            &size_to_server(limit),
            &to_server(after),
            &to_server(upto),
            &types,
            &read.filter.kinds,
            &tags,
        ];
        let wanted = match (read.filter.is_empty(), tags.is_empty()) {
            (true, _) => (&self.sql.all, &parameters[..3]),
            (false, true) => (&self.sql.filtered, &parameters[..6]),
            (false, false) => (&self.sql.tagged, &parameters[..]),
        };
        let (ends, rows) =
            self.ask_both((&self.sql.head, &[]), wanted).await.map_err(Fault::not_read)?;
        let Head { epoch, position: head } = head(&ends)?;
        if read.after > head {
            return Err(ReadError::AheadOfLog { asked: read.after, head, epoch });
        }
        let streams = self.streams(epoch, &rows).await?;
        let (events, is_cut) = self.page(&rows, |nth| streams[nth].clone())?;
        let last = events.last().map_or(read.after, |event| event.position);
        // More may have been written after the end was asked for and before the events were.
        let head = head.max(last);
        let is_full = is_cut || events.len() >= limit;
        let seen = if is_full { last } else { head.min(Position::new(upto)).max(last) };
        Ok(Page { events, seen, head })
    }

    /// Up to where a page looks: without an index to go by, a filter looks at each event.
    fn upto(&self, read: &ReadAll) -> u64 {
        let is_looked_through = !read.filter.is_empty() && read.filter.tags.is_empty();
        if is_looked_through {
            read.after.get().saturating_add(self.page_positions_max)
        } else {
            u64::MAX
        }
    }

    pub(crate) async fn outcome(&self, command: CommandId) -> Result<Option<Outcome>, ReadError> {
        let asked = vec![Uuid::from_bytes(command.into_bytes())];
        let rows = self.ask((&self.sql.outcomes, &[&asked])).await.map_err(Fault::not_read)?;
        let Some(row) = rows.first() else { return Ok(None) };
        outcome(row).map(|(_command, outcome)| Some(outcome))
    }

    pub(crate) async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let (most, found) = (self.limits.snapshot_bytes_max, snapshot.state.len());
        if found > most {
            return Err(SnapshotError::TooLarge { most, found });
        }
        let parameters: [Parameter<'_>; 4] = [
            &snapshot.stream.as_str(),
            &snapshot.fold.cast_signed(),
            &to_server(snapshot.version.get()),
            &snapshot.state.as_ref(),
        ];
        let saved = self.ask((&self.sql.save_snapshot, &parameters)).await;
        saved.map(drop).map_err(|fault| SnapshotError::Unavailable(fault.into()))
    }

    pub(crate) async fn load_snapshot(
        &self,
        stream: &StreamId,
        fold: u64,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let parameters: [Parameter<'_>; 2] = [&stream.as_str(), &fold.cast_signed()];
        let rows = self.ask((&self.sql.load_snapshot, &parameters)).await;
        let rows = rows.map_err(|fault| SnapshotError::Unavailable(fault.into()))?;
        let Some(row) = rows.first() else { return Ok(None) };
        let read = || -> Result<Snapshot, BoxError> {
            let version = Version::new(number(row, 0)?);
            let state = bytes::Bytes::copy_from_slice(get(row, 1)?);
            Ok(Snapshot { stream: stream.clone(), fold, version, state })
        };
        read().map(Some).map_err(SnapshotError::Unavailable)
    }

    /// The events of a page that ends before the event that would take it over its bytes, and
    /// whether there was such an event.
    fn page(
        &self,
        rows: &[Row],
        stream: impl Fn(usize) -> Option<StreamId>,
    ) -> Result<(Vec<Envelope>, bool), ReadError> {
        let mut events = Vec::with_capacity(rows.len());
        let mut bytes = 0;
        for (nth, row) in rows.iter().enumerate() {
            let stream = stream(nth).ok_or_else(|| "the stream of the event has no name".into());
            let event = rows::envelope(row, stream)?;
            bytes += event.data.bytes.len();
            if bytes > self.limits.page_bytes_max && !events.is_empty() {
                return Ok((events, true));
            }
            events.push(event);
        }
        Ok((events, false))
    }

    /// The streams of a page's events: most are known, and the others are asked for.
    async fn streams(
        &self,
        epoch: LogEpoch,
        rows: &[Row],
    ) -> Result<Vec<Option<StreamId>>, ReadError> {
        let corrupt = |source| ReadError::Corrupt { near: Position::START, source };
        let ids: Vec<i64> =
            rows.iter().map(|row| get(row, 1)).collect::<Result<_, _>>().map_err(corrupt)?;
        let mut streams = self.names.of(epoch, &ids);
        let is_unknown = |(id, stream): (&i64, &Option<StreamId>)| stream.is_none().then_some(*id);
        let mut unknown: Vec<i64> = ids.iter().zip(&streams).filter_map(is_unknown).collect();
        if unknown.is_empty() {
            return Ok(streams);
        }
        unknown.sort_unstable();
        unknown.dedup();
        let rows = self.ask((&self.sql.names, &[&unknown])).await.map_err(Fault::not_read)?;
        let named = |row: &Row| Ok((get(row, 0)?, get::<&str>(row, 1)?.parse()?));
        let found: HashMap<i64, StreamId> =
            rows.iter().map(named).collect::<Result<_, BoxError>>().map_err(corrupt)?;
        self.names.keep(epoch, &found);
        for (id, stream) in ids.iter().zip(&mut streams).filter(|(_, stream)| stream.is_none()) {
            *stream = found.get(id).cloned();
        }
        Ok(streams)
    }

    /// Asks once more when the connection turns out to be lost: what is asked here may be asked
    /// any number of times.
    async fn ask(&self, question: Question<'_>) -> Result<Vec<Row>, Fault> {
        match self.ask_once(question).await {
            Err(Fault::Lost(_)) => {
                self.pool.clear();
                self.ask_once(question).await
            }
            answer => answer,
        }
    }

    async fn ask_once(&self, (statement, parameters): Question<'_>) -> Result<Vec<Row>, Fault> {
        let lease = self.pool.lend().await?;
        let rows = lease.session().query(statement, parameters).await;
        lease.end(rows)
    }

    /// Asks two things, one after the other, without waiting in between.
    async fn ask_both(&self, first: Question<'_>, second: Question<'_>) -> Answers {
        match self.ask_both_once(first, second).await {
            Err(Fault::Lost(_)) => {
                self.pool.clear();
                self.ask_both_once(first, second).await
            }
            answers => answers,
        }
    }

    async fn ask_both_once(&self, first: Question<'_>, second: Question<'_>) -> Answers {
        let lease = self.pool.lend().await?;
        let session = lease.session();
        let answers = async {
            session.prepare(&[first.0, second.0]).await?;
            let (first, second) = tokio::join!(
                biased;
                session.query(first.0, first.1),
                session.query(second.0, second.1)
            );
            Ok((first?, second?))
        };
        let answers = answers.await;
        lease.end(answers)
    }
}

/// The end of the log, of its row.
pub(crate) fn head(rows: &[Row]) -> Result<Head, ReadError> {
    let read = || -> Result<Head, BoxError> {
        let row = rows.first().ok_or("the row of the log is gone")?;
        let epoch: Uuid = get(row, 1)?;
        let position = Position::new(number(row, 0)?);
        Ok(Head { epoch: LogEpoch::from_bytes(epoch.into_bytes()), position })
    };
    read().map_err(|source| ReadError::Corrupt { near: Position::START, source })
}

/// A command and what came of it, of a row of its first event.
pub(crate) fn outcome(row: &Row) -> Result<(CommandId, Outcome), ReadError> {
    let first = rows::named(row)?;
    let read = || -> Result<(CommandId, u64), BoxError> {
        let count: i32 = get(row, ENVELOPE_COLUMNS + 1)?;
        Ok((rows::command(row, ENVELOPE_COLUMNS)?, u64::try_from(count)?))
    };
    let (command, count) =
        read().map_err(|source| ReadError::Corrupt { near: first.position, source })?;
    Ok((command, Outcome::of(&first, count)))
}
