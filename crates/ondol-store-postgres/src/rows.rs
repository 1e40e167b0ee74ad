//! Rows of the server, read as events.

use bytes::Bytes;
use ondol_kernel::{
    CommandId, Envelope, EventId, Payload, Position, Recorded, SchemaVersion, StreamId, Version,
};
use ondol_store::{BoxError, ReadError};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

/// How many columns an envelope takes.
pub(crate) const ENVELOPE_COLUMNS: usize = 9;

/// The event of a row that has the name of its stream. What is not what was written is never
/// served.
pub(crate) fn named(row: &Row) -> Result<Envelope, ReadError> {
    let stream = get::<&str>(row, 1).and_then(|name| Ok(name.parse()?));
    envelope(row, stream)
}

/// The event of a row, and the stream that it is known to be of.
pub(crate) fn envelope(
    row: &Row,
    stream: Result<StreamId, BoxError>,
) -> Result<Envelope, ReadError> {
    let position = number(row, 0).map_err(|source| corrupt(Position::START, source))?;
    let event = stream.and_then(|stream| read(row, stream, position));
    event.map_err(|source| corrupt(Position::new(position), source))
}

fn read(row: &Row, stream: StreamId, position: u64) -> Result<Envelope, BoxError> {
    let content_type = get::<Option<&str>>(row, 6)?;
    Ok(Recorded {
        position: Position::new(position),
        stream,
        version: Version::new(number(row, 2)?),
        id: EventId::from_bytes(get::<Uuid>(row, 3)?.into_bytes()),
        event_type: get::<&str>(row, 4)?.parse()?,
        schema_version: SchemaVersion::new(number(row, 5)?.try_into()?),
        metadata: serde_json::from_str(get(row, 7)?)?,
        data: Payload {
            content_type: content_type.map(str::parse).transpose()?.unwrap_or_default(),
            bytes: Bytes::copy_from_slice(get(row, 8)?),
        },
    })
}

fn corrupt(near: Position, source: BoxError) -> ReadError {
    ReadError::Corrupt { near, source }
}

/// A value of a row.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, BoxError> {
    Ok(row.try_get(column)?)
}

/// A count of a row.
pub(crate) fn number(row: &Row, column: usize) -> Result<u64, BoxError> {
    Ok(u64::try_from(get::<i64>(row, column)?)?)
}

/// A command of a row.
pub(crate) fn command(row: &Row, column: usize) -> Result<CommandId, BoxError> {
    Ok(CommandId::from_bytes(get::<Uuid>(row, column)?.into_bytes()))
}

/// A count as the server takes it. No log ever reaches the largest.
pub(crate) fn to_server(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count in memory as the server takes it.
pub(crate) fn size_to_server(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
