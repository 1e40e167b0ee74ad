//! A group as the server takes it: one array a column.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::plan::{Group, Plan};
use crate::rows::to_server;

/// The columns of a group.
#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    stream_ids: Vec<i64>,
    stream_names: Vec<&'a str>,
    positions: Vec<i64>,
    streams: Vec<i64>,
    versions: Vec<i64>,
    schema_versions: Vec<i64>,
    command_events: Vec<Option<i32>>,
    ids: Vec<Uuid>,
    commands: Vec<Option<Uuid>>,
    event_types: Vec<&'a str>,
    content_types: Vec<Option<&'a str>>,
    metadata: Vec<&'a str>,
    data: Vec<&'a [u8]>,
    tags: Vec<&'a str>,
    tagged: Vec<i64>,
    tagged_types: Vec<&'a str>,
    first: i64,
    id: Uuid,
}

impl<'a> Columns<'a> {
    pub(super) fn of(plan: &'a Plan<'a>, group: &Group) -> Self {
        let mut columns =
            Self { first: to_server(group.first.get()), id: group.id, ..Self::default() };
        for (id, name) in &plan.new_streams {
            columns.stream_ids.push(*id);
            columns.stream_names.push(name.as_str());
        }
        for event in &plan.events {
            columns.push(event);
        }
        columns
    }

    fn push(&mut self, event: &super::plan::Placed<'a>) {
        let position = to_server(event.position.get());
        let (command, count) = event.effect.unzip();
        self.positions.push(position);
        self.streams.push(event.stream);
        self.versions.push(to_server(event.version.get()));
        self.schema_versions.push(i64::from(event.schema_version));
        self.command_events
            .push(count.map(|count| i32::try_from(count).expect("appends are bounded")));
        self.ids.push(Uuid::from_bytes(event.id.into_bytes()));
        self.commands.push(command.map(|command| Uuid::from_bytes(command.into_bytes())));
        self.event_types.push(event.event_type.as_str());
        self.content_types.push(match &event.data.content_type {
            ondol_kernel::ContentType::Json => None,
            ondol_kernel::ContentType::Other(other) => Some(other.as_str()),
        });
        self.metadata.push(event.metadata);
        self.data.push(&event.data.bytes);
        for (at, tag) in event.tags.iter().enumerate() {
            if !event.tags[..at].contains(tag) {
                self.tags.push(tag.as_str());
                self.tagged.push(position);
                self.tagged_types.push(event.event_type.as_str());
            }
        }
    }

    /// The parameters of the statement that writes.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 18] {
        [
            &self.stream_ids,
            &self.stream_names,
            &self.positions,
            &self.streams,
            &self.versions,
            &self.schema_versions,
            &self.command_events,
            &self.ids,
            &self.commands,
            &self.event_types,
            &self.content_types,
            &self.metadata,
            &self.data,
            &self.tags,
            &self.tagged,
            &self.tagged_types,
            &self.first,
            &self.id,
        ]
    }
}
