//! Refusals: a ring of rows that is never longer than its limits.
//!
//! Each row knows its place in the ring and how many bytes had been kept before it, so what is too
//! many or too much is found by an index, without counting.

use ondol_kernel::CommandId;
use ondol_postgres::{Fault, Session};
use ondol_views::{KeptRefusal, RefusalLimits};
use tokio_postgres::types::Type;

use crate::convert::{self, column};

const COLUMNS: &str = "command, stream, causation, refusal, which, position, kept_at";

/// Makes the tables, if they are not there.
pub(crate) async fn prepare(session: &Session, schema: &str) -> Result<(), Fault> {
    let known = format!("SELECT to_regclass('{schema}.ondol_refusal_ring') IS NOT NULL");
    let known = session.query(&known, &[]).await?;
    if known.first().map(|row| column(row, 0)).transpose()?.unwrap_or(false) {
        return Ok(());
    }
    let text = format!(
        r#"
CREATE TABLE {schema}.ondol_refusals (
    place BIGINT NOT NULL PRIMARY KEY,
    command BYTEA NOT NULL UNIQUE,
    stream TEXT NOT NULL,
    causation BYTEA,
    refusal TEXT,
    which BIGINT NOT NULL,
    position BIGINT NOT NULL,
    kept_at BIGINT NOT NULL,
    bytes_before BIGINT NOT NULL
);
CREATE INDEX ON {schema}.ondol_refusals (kept_at);
CREATE INDEX ON {schema}.ondol_refusals (bytes_before);
CREATE TABLE {schema}.ondol_refusal_ring (
    one BOOLEAN NOT NULL PRIMARY KEY CHECK (one),
    place BIGINT NOT NULL,
    bytes_up_to BIGINT NOT NULL
);
INSERT INTO {schema}.ondol_refusal_ring VALUES (TRUE, 0, 0);
"#
    );
    session.run(&text).await
}

/// What is kept of these commands, too old or not.
pub(crate) async fn recall(
    session: &Session,
    schema: &str,
    commands: &[CommandId],
) -> Result<Vec<KeptRefusal>, Fault> {
    let text = format!("SELECT {COLUMNS} FROM {schema}.ondol_refusals WHERE command = ANY($1)");
    let commands: Vec<_> = commands.iter().map(|command| command.into_bytes().to_vec()).collect();
    let rows = session.query(&text, &[(&commands, Type::BYTEA_ARRAY)]).await?;
    rows.iter().map(convert::refusal).collect()
}

/// Keeps those whose commands are not known, and lets go of what is too old or too much.
pub(crate) async fn keep(
    session: &Session,
    schema: &str,
    limits: &RefusalLimits,
    refusals: &[KeptRefusal],
) -> Result<(), Fault> {
    let Some(now) = refusals.iter().map(|refusal| refusal.kept_at).max() else { return Ok(()) };
    let ring = format!("SELECT place, bytes_up_to FROM {schema}.ondol_refusal_ring FOR UPDATE");
    let ring = session.query(&ring, &[]).await?;
    let ring = ring.first().ok_or_else(|| Fault::Damaged("the ring has no end".into()))?;
    let mut end = End { place: column(ring, 0)?, bytes: column(ring, 1)? };
    let oldest = now.as_micros().saturating_sub(micros(limits));
    let text = format!("DELETE FROM {schema}.ondol_refusals WHERE kept_at <= $1");
    session.execute(&text, &[(&oldest, Type::INT8)]).await?;
    insert(session, schema, refusals, &mut end).await?;
    let text = format!(
        "DELETE FROM {schema}.ondol_refusals WHERE place < $1 AND (place <= $2 OR bytes_before < $3)"
    );
    let too_many = end.place.saturating_sub(whole(limits.refusals_max));
    let too_much = end.bytes.saturating_sub(whole(limits.bytes_max));
    let newest = end.place;
    session
        .execute(&text, &[(&newest, Type::INT8), (&too_many, Type::INT8), (&too_much, Type::INT8)])
        .await?;
    let text = format!("UPDATE {schema}.ondol_refusal_ring SET place = $1, bytes_up_to = $2");
    session.execute(&text, &[(&end.place, Type::INT8), (&end.bytes, Type::INT8)]).await?;
    Ok(())
}

/// Where the ring ends.
struct End {
    place: i64,
    bytes: i64,
}

/// The columns of several rows.
#[derive(Default)]
struct Rows<'a> {
    places: Vec<i64>,
    commands: Vec<Vec<u8>>,
    streams: Vec<&'a str>,
    causations: Vec<Option<Vec<u8>>>,
    refusals: Vec<Option<&'a str>>,
    whiches: Vec<i64>,
    positions: Vec<i64>,
    times: Vec<i64>,
    bytes: Vec<i64>,
}

async fn insert(
    session: &Session,
    schema: &str,
    refusals: &[KeptRefusal],
    end: &mut End,
) -> Result<(), Fault> {
    let mut rows = Rows::default();
    for refusal in refusals {
        end.place += 1;
        rows.places.push(end.place);
        rows.commands.push(refusal.command.into_bytes().to_vec());
        rows.streams.push(refusal.stream.as_str());
        rows.causations.push(refusal.causation.map(|cause| cause.into_bytes().to_vec()));
        rows.refusals.push(refusal.refusal.as_deref());
        rows.whiches.push(refusal.which.into());
        rows.positions.push(refusal.position.get().cast_signed());
        rows.times.push(refusal.kept_at.as_micros());
        rows.bytes.push(end.bytes);
        end.bytes = end.bytes.saturating_add(whole(refusal.bytes()));
    }
    let text = format!(
        "INSERT INTO {schema}.ondol_refusals (place, {COLUMNS}, bytes_before)
         SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[], $3::TEXT[], $4::BYTEA[], $5::TEXT[],
                              $6::BIGINT[], $7::BIGINT[], $8::BIGINT[], $9::BIGINT[])
         ON CONFLICT (command) DO NOTHING"
    );
    session
        .execute(
            &text,
            &[
                (&rows.places, Type::INT8_ARRAY),
                (&rows.commands, Type::BYTEA_ARRAY),
                (&rows.streams, Type::TEXT_ARRAY),
                (&rows.causations, Type::BYTEA_ARRAY),
                (&rows.refusals, Type::TEXT_ARRAY),
                (&rows.whiches, Type::INT8_ARRAY),
                (&rows.positions, Type::INT8_ARRAY),
                (&rows.times, Type::INT8_ARRAY),
                (&rows.bytes, Type::INT8_ARRAY),
            ],
        )
        .await?;
    Ok(())
}

fn micros(limits: &RefusalLimits) -> i64 {
    i64::try_from(limits.kept_for.as_micros()).unwrap_or(i64::MAX)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
