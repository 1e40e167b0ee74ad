//! How facts are recorded and read back.
//!
//! A codec is made once, when a service starts, and that is when everything that could be wrong
//! with the shapes is found. Writing and reading an event of the newest shape goes straight from
//! the value to text and back; only older shapes are taken apart to be lifted.

mod error;
mod exact;

use std::collections::HashMap;
use std::marker::PhantomData;

use ondol_kernel::{ContentType, Envelope, EventType, Payload, Recorded, SchemaVersion, StreamId};
use serde_json::Value;

use crate::event_type::snake_case;
use crate::{Aggregate, Facts, Problems, Upcasts, variant};

pub use error::{DecodeError, EncodeError, ShapeProblem};

/// How much room is made for an event's data before it is written.
const DATA_BYTES_USUAL: usize = 192;

/// How the facts `E` are recorded and read back.
#[derive(Debug, Clone)]
pub struct Codec<E> {
    shapes: Vec<Shape>,
    by_type: HashMap<EventType, usize>,
    old_types: Vec<EventType>,
    upcasts: Upcasts,
    of: PhantomData<fn() -> E>,
}

/// The shape in which one variant is recorded now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The variant, as serde names it.
    pub variant: &'static str,
    /// The type that is recorded.
    pub event_type: EventType,
    /// The version that is recorded.
    pub schema_version: SchemaVersion,
}

/// An event as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// What happened.
    pub event_type: EventType,
    /// Which shape the data has.
    pub schema_version: SchemaVersion,
    /// The data.
    pub payload: Payload,
}

impl<E: Facts> Codec<E> {
    /// The codec, once all shapes and upcasts have been checked.
    ///
    /// # Errors
    /// With everything that is wrong with them.
    pub fn new() -> Result<Self, Problems<ShapeProblem>> {
        let of = || format!("the events of {:?}", E::KIND);
        let Some(variants) = variant::names::<E>() else {
            return Err(Problems { of: of(), found: vec![ShapeProblem::Nameless] });
        };
        let upcasts = E::upcasts();
        let names: Vec<String> = variants.iter().map(|variant| snake_case(variant)).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut found: Vec<_> =
            upcasts.check(&known).into_iter().map(ShapeProblem::Upcast).collect();

        let mut codec = Self {
            shapes: Vec::new(),
            by_type: HashMap::new(),
            old_types: Vec::new(),
            upcasts,
            of: PhantomData,
        };
        for (variant, name) in variants.into_iter().zip(&names) {
            found.extend(codec.add(variant, name).err());
        }
        found.extend(codec.add_old().err());
        Problems::none_in(of(), found).map(|()| codec)
    }

    /// The same for the events of an aggregate, whose kind has to be able to name its streams.
    ///
    /// # Errors
    /// With everything that is wrong with the shapes, or with the kind.
    pub fn of<A: Aggregate<Event = E>>() -> Result<Self, Problems<ShapeProblem>> {
        let kinds = [A::KIND, E::KIND];
        let found = [
            (A::KIND != E::KIND).then_some(ShapeProblem::TwoKinds { kinds }),
            StreamId::new(A::KIND, "any").err().map(ShapeProblem::Stream),
        ];
        let found = found.into_iter().flatten().collect();
        Problems::none_in(format!("the aggregate {:?}", A::KIND), found)?;
        Self::new()
    }

    /// The shapes in which the facts are recorded now, in the order in which they are declared.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Every type that can be read, those of long ago too.
    pub fn readable(&self) -> impl Iterator<Item = &EventType> {
        self.shapes.iter().map(|shape| &shape.event_type).chain(&self.old_types)
    }

    /// The event as it is recorded.
    ///
    /// # Errors
    /// When it cannot be written as JSON, or would not be read back as it is.
    pub fn encode(&self, event: &E) -> Result<Encoded, EncodeError> {
        let mut data = Vec::with_capacity(DATA_BYTES_USUAL);
        let variant = variant::write(event, &mut data)
            .map_err(|source| EncodeError::Unwritable { kind: E::KIND, source })?;
        let shape = self
            .shapes
            .iter()
            .find(|shape| shape.variant == variant)
            .ok_or(EncodeError::Unlisted { kind: E::KIND, variant })?;
        if may_have_changed(&data) && variant::read(variant, &data).ok().as_ref() != Some(event) {
            return Err(EncodeError::Changed { kind: E::KIND, variant });
        }
        Ok(Encoded {
            event_type: shape.event_type.clone(),
            schema_version: shape.schema_version,
            payload: Payload::json(data),
        })
    }

    /// The event that was recorded, lifted to the newest shape.
    ///
    /// # Errors
    /// When it is of a type or a version that is not known, or its data does not have its shape.
    pub fn decode(
        &self,
        event_type: &EventType,
        version: SchemaVersion,
        data: &Payload,
    ) -> Result<E, DecodeError> {
        if data.content_type != ContentType::Json {
            let content_type = data.content_type.as_str().to_owned();
            return Err(DecodeError::NotJson { event_type: event_type.clone(), content_type });
        }
        let shape = self.by_type.get(event_type).and_then(|at| self.shapes.get(*at));
        let outcome = match shape {
            Some(shape) if shape.schema_version == version => {
                variant::read(shape.variant, &data.bytes)
            }
            Some(shape) if shape.schema_version < version => {
                let (event_type, known) = (event_type.clone(), shape.schema_version);
                return Err(DecodeError::Newer { event_type, found: version, known });
            }
            _ => {
                let (variant, lifted) = self.lift(event_type, version, data)?;
                variant::read_value(variant, lifted)
            }
        };
        outcome.map_err(|source| DecodeError::Unreadable {
            event_type: event_type.clone(),
            version,
            source,
        })
    }

    /// The same for a whole envelope.
    ///
    /// # Errors
    /// As for [`Codec::decode`].
    pub fn read(&self, envelope: Envelope) -> Result<Recorded<E>, DecodeError> {
        let event = self.decode(&envelope.event_type, envelope.schema_version, &envelope.data)?;
        envelope.try_map(|_bytes| Ok(event))
    }

    /// Takes the data of an old shape up its chain; the answer is the variant it has become.
    fn lift(
        &self,
        event_type: &EventType,
        found: SchemaVersion,
        data: &Payload,
    ) -> Result<(&'static str, Value), DecodeError> {
        let unknown = || DecodeError::Unknown { event_type: event_type.clone(), version: found };
        let name = self.short_name(event_type).ok_or_else(unknown)?;
        let mut step = self.upcasts.step_from(name, found.get()).ok_or_else(unknown)?;
        let mut value = exact::read(event_type, found, &data.bytes)?;
        // The chain was checked to end, so it has at most as many links as there are steps.
        loop {
            value = (step.lift)(value).map_err(|source| DecodeError::Lift {
                event_type: event_type.clone(),
                version: found,
                source,
            })?;
            match self.upcasts.step_from(step.to.0, step.to.1) {
                Some(next) => step = next,
                None => break,
            }
        }
        let is_reached = |shape: &&Shape| self.short_name(&shape.event_type) == Some(step.to.0);
        let reached = self.shapes.iter().find(is_reached).ok_or_else(unknown)?;
        Ok((reached.variant, value))
    }

    fn short_name<'a>(&self, event_type: &'a EventType) -> Option<&'a str> {
        event_type.as_str().strip_prefix(E::KIND)?.strip_prefix('.')
    }

    fn add(&mut self, variant: &'static str, name: &str) -> Result<(), ShapeProblem> {
        let event_type = EventType::new(format!("{}.{name}", E::KIND))?;
        if self.by_type.insert(event_type.clone(), self.shapes.len()).is_some() {
            return Err(ShapeProblem::SameName { event_type });
        }
        let schema_version = self.upcasts.current(name);
        self.shapes.push(Shape { variant, event_type, schema_version });
        Ok(())
    }

    fn add_old(&mut self) -> Result<(), ShapeProblem> {
        let names: std::collections::BTreeSet<_> = self.upcasts.old_names().collect();
        for name in names {
            let event_type = EventType::new(format!("{}.{name}", E::KIND))?;
            if !self.by_type.contains_key(&event_type) {
                self.old_types.push(event_type);
            }
        }
        Ok(())
    }
}

/// Whether JSON may say something else than what was meant. It has no word for what is no number
/// or has no end, and writes `null`; only then is what was written read once more.
fn may_have_changed(json: &[u8]) -> bool {
    json.windows(4).any(|word| word == b"null")
}

#[cfg(test)]
mod tests;
