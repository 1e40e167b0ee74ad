//! The store itself: each question is a transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ondol_doors::Clock;
use ondol_lease::{Duty, Epoch, Fence, Holder, Lease, LeaseError, LeaseName, LeaseStore, Taken};
use ondol_postgres::{Fault, Parameter, Session, Sessions};
use tokio_postgres::Client;
use tokio_postgres::types::{FromSql, Type};

use crate::error::{unavailable, unknown};
use crate::fence::RowFence;
use crate::{GuardedError, OpenError, Options, schema};

/// Leases kept in PostgreSQL. Cloning makes another handle to the same connections.
#[derive(Debug, Clone)]
pub struct PostgresLeases {
    options: Arc<Options>,
    sessions: Arc<Sessions>,
}

impl PostgresLeases {
    /// Opens the schema, and makes it if there is none.
    ///
    /// # Errors
    /// When the database cannot be reached, or the schema belongs to somebody else.
    pub async fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        options.validate()?;
        let options = Arc::new(options);
        let sessions = Arc::new(Sessions::new(options.database(), clock));
        schema::prepare(&sessions).await?;
        Ok(Self { options, sessions })
    }

    /// Has other stores of this database commit only while a lease is held that a duty is under.
    pub fn fence(&self, name: LeaseName, duty: Duty) -> Arc<dyn Fence> {
        let Options { schema, paused_timeout_ms, .. } = self.options.as_ref();
        let (schema, paused_timeout_ms) = (schema.clone(), *paused_timeout_ms);
        Arc::new(RowFence { schema, name, duty, paused_timeout_ms })
    }

    /// Runs statements in a transaction that is committed only while the lease is still of this
    /// epoch: nobody can take it over in between. The statements must not end the transaction.
    ///
    /// # Errors
    /// When the lease has been taken by another, or the statements fail; then nothing is written.
    pub async fn write_under<T, F>(&self, lease: &Lease, statements: F) -> Result<T, GuardedError>
    where
        F: AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    {
        let work = async |session: &Session| {
            self.hold(session, lease).await?;
            statements(session.client()).await.map_err(GuardedError::Statement)
        };
        self.sessions.run(&begin(&self.options), GuardedError::from, unknown, work).await
    }

    /// Keeps the lease's row as it is until the transaction ends, if it is still of this epoch.
    async fn hold(&self, session: &Session, lease: &Lease) -> Result<(), LeaseError> {
        let text = format!(
            "SELECT 1 FROM {}.ondol_leases
             WHERE name = $1 AND holder = $2 AND epoch = $3 FOR KEY SHARE",
            self.options.schema
        );
        let (holder, epoch) = (uuid(lease.holder), lease.epoch.0.cast_signed());
        let parameters: [Parameter<'_>; 3] =
            [(&lease.name.as_str(), Type::TEXT), (&holder, Type::UUID), (&epoch, Type::INT8)];
        let found = session.query(&text, &parameters).await.map_err(unavailable)?;
        if found.is_empty() { Err(LeaseError::lost(lease)) } else { Ok(()) }
    }

    async fn run<T, F>(&self, work: F) -> Result<T, LeaseError>
    where
        F: AsyncFnOnce(&Session, &str) -> Result<T, LeaseError>,
    {
        let work = async |session: &Session| work(session, &self.options.schema).await;
        self.sessions.run(&begin(&self.options), unavailable, unavailable, work).await
    }
}

/// How a transaction begins. Its commit waits for the disk: an epoch that the server forgets in a
/// crash could be given out twice. It reads what is committed, not one snapshot, so that whoever
/// has waited for a row's lock sees the row as it is then.
fn begin(options: &Options) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on;
         SET LOCAL idle_in_transaction_session_timeout = {}",
        options.paused_timeout_ms
    )
}

fn uuid(holder: Holder) -> uuid::Uuid {
    uuid::Uuid::from_bytes(holder.into_bytes())
}

fn column<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, at: usize) -> Result<T, Fault> {
    row.try_get(at).map_err(|error| Fault::Damaged(error.into()))
}

#[async_trait]
impl LeaseStore for PostgresLeases {
    async fn take(
        &self,
        name: &LeaseName,
        holder: Holder,
        term: Duration,
    ) -> Result<Taken, LeaseError> {
        let term = i64::try_from(term.as_micros()).unwrap_or(i64::MAX);
        self.run(async |session, schema| {
            let asked = (name, holder, term);
            let given = match renew(session, schema, asked).await.map_err(unavailable)? {
                Some(epoch) => Some(epoch),
                None => take(session, schema, asked).await.map_err(unavailable)?,
            };
            if let Some(epoch) = given {
                return Ok(Taken::Held(Lease { name: name.clone(), holder, epoch }));
            }
            held_by_other(session, schema, name).await.map_err(unavailable)
        })
        .await
    }

    async fn check(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.run(async |session, _schema| self.hold(session, lease).await).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.run(async |session, schema| {
            let text = format!(
                "UPDATE {schema}.ondol_leases SET until = '-infinity'
                 WHERE name = $1 AND holder = $2 AND epoch = $3"
            );
            let (holder, epoch) = (uuid(lease.holder), lease.epoch.0.cast_signed());
            let parameters: [Parameter<'_>; 3] =
                [(&lease.name.as_str(), Type::TEXT), (&holder, Type::UUID), (&epoch, Type::INT8)];
            session.execute(&text, &parameters).await.map_err(unavailable)?;
            Ok(())
        })
        .await
    }
}

/// Moves the end of the term, for the one who holds the lease or held it last. It does not wait
/// for writes under the lease: only a higher epoch does.
async fn renew(
    session: &Session,
    schema: &str,
    (name, holder, term): (&LeaseName, Holder, i64),
) -> Result<Option<Epoch>, Fault> {
    let text = format!(
        "UPDATE {schema}.ondol_leases
         SET until = clock_timestamp() + $3 * interval '1 microsecond'
         WHERE name = $1 AND holder = $2 RETURNING epoch"
    );
    epoch_of(session, &text, (name, holder, term)).await
}

/// Takes what is free or whose term is over, in one statement; nothing, if another holds it.
async fn take(
    session: &Session,
    schema: &str,
    (name, holder, term): (&LeaseName, Holder, i64),
) -> Result<Option<Epoch>, Fault> {
    let text = format!(
        "INSERT INTO {schema}.ondol_leases AS kept (name, holder, epoch, until)
         VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 microsecond')
         ON CONFLICT (name) DO UPDATE
         SET epoch = kept.epoch + 1, holder = $2,
             until = clock_timestamp() + $3 * interval '1 microsecond'
         WHERE kept.until <= clock_timestamp()
         RETURNING epoch"
    );
    epoch_of(session, &text, (name, holder, term)).await
}

async fn epoch_of(
    session: &Session,
    text: &str,
    (name, holder, term): (&LeaseName, Holder, i64),
) -> Result<Option<Epoch>, Fault> {
    let holder = uuid(holder);
    let parameters: [Parameter<'_>; 3] =
        [(&name.as_str(), Type::TEXT), (&holder, Type::UUID), (&term, Type::INT8)];
    let rows = session.query(text, &parameters).await?;
    rows.first().map(|row| Ok(Epoch(column::<i64>(row, 0)?.cast_unsigned()))).transpose()
}

async fn held_by_other(session: &Session, schema: &str, name: &LeaseName) -> Result<Taken, Fault> {
    let text = format!(
        "SELECT epoch,
                greatest(0, extract(epoch FROM until - clock_timestamp()) * 1000000)::BIGINT
         FROM {schema}.ondol_leases WHERE name = $1 AND isfinite(until)"
    );
    let rows = session.query(&text, &[(&name.as_str(), Type::TEXT)]).await?;
    // Given back between the two questions: it will be asked for again.
    let Some(row) = rows.first() else {
        return Ok(Taken::ByOther { epoch: Epoch(0), left: Duration::ZERO });
    };
    let epoch = Epoch(column::<i64>(row, 0)?.cast_unsigned());
    let left = Duration::from_micros(column::<i64>(row, 1)?.cast_unsigned());
    Ok(Taken::ByOther { epoch, left })
}
