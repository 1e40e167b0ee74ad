//! The parts of a service, each of its own type, behind one shape.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;

use ondol_domain::{
    Aggregate, Codec, Problems, ShapeProblem, View, ViewProblem, ViewShape, variant_names,
    view_shape,
};

use super::description::{AggregateDescription, EventDescription};
use super::{Home, Place, StartServiceError};
use crate::projection::{self, Projection};
use crate::{Desk, OpenDeskError, Supervisor, ViewReader};

/// What a part has become: found again by its type.
pub(super) type Opened = (TypeId, Box<dyn Any + Send + Sync>);

/// A kind of thing that commands are taken for.
pub(super) trait AggregatePart: fmt::Debug + Send + Sync {
    fn kind(&self) -> &'static str;
    fn describe(&self) -> Result<AggregateDescription, Problems<ShapeProblem>>;
    fn open(&self, home: &Home, place: &Place) -> Result<Opened, OpenDeskError>;
}

/// A view that is folded.
pub(super) trait ViewPart: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn shape(&self) -> Result<ViewShape, Problems<ViewProblem>>;
    fn start(
        &self,
        home: &Home,
        place: &Place,
        supervisor: &Supervisor,
    ) -> Result<(Opened, Projection), StartServiceError>;
}

/// A part that is known by its type alone.
pub(super) struct Of<T>(PhantomData<fn() -> T>);

impl<T> Of<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> fmt::Debug for Of<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<T>())
    }
}

impl<A: Aggregate> AggregatePart for Of<A> {
    fn kind(&self) -> &'static str {
        A::KIND
    }

    fn describe(&self) -> Result<AggregateDescription, Problems<ShapeProblem>> {
        let codec = Codec::<A::Event>::of::<A>()?;
        let event = |shape: &ondol_domain::Shape| EventDescription {
            event_type: shape.event_type.to_string(),
            version: shape.schema_version.get(),
        };
        let events: Vec<_> = codec.shapes().iter().map(event).collect();
        let old_events = codec.readable().skip(events.len()).map(ToString::to_string).collect();
        Ok(AggregateDescription {
            kind: A::KIND,
            commands: variant_names::<A::Command>().unwrap_or_default(),
            events,
            refusals: variant_names::<A::Refusal>().unwrap_or_default(),
            old_events,
            has_snapshots: A::snapshot().is_some(),
        })
    }

    fn open(&self, home: &Home, place: &Place) -> Result<Opened, OpenDeskError> {
        let desk = Desk::<A>::open(home.ground.clone(), place.options.desk.clone())?;
        Ok((TypeId::of::<A>(), Box::new(desk)))
    }
}

impl<V: View> ViewPart for Of<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn shape(&self) -> Result<ViewShape, Problems<ViewProblem>> {
        view_shape::<V>()
    }

    fn start(
        &self,
        home: &Home,
        place: &Place,
        supervisor: &Supervisor,
    ) -> Result<(Opened, Projection), StartServiceError> {
        let projection = projection::start::<V>(home, place, supervisor)?;
        let reader = ViewReader::<V>::new(home, place)?;
        Ok(((TypeId::of::<V>(), Box::new(reader)), projection))
    }
}
