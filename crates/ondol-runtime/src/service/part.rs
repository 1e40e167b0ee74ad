//! The parts of a service, each of its own type, behind one shape.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use ondol_domain::{
    Aggregate, Codec, Contract, Problems, ShapeProblem, View, ViewProblem, ViewShape,
    command_names, variant_names, view_shape,
};
use ondol_views::RefusalBook;

use super::description::{AggregateDescription, EventDescription};
use super::{Home, Place, StartServiceError};
use crate::callee::{Answers, AnswersContract, AnswersOwn};
use crate::desk::Timed;
use crate::projection::{self, Projection};
use crate::{Accepts, Desk, OpenDeskError, Supervisor, ViewReader};

/// What a part has become: found again by its type.
pub(super) type Opened = (TypeId, Box<dyn Any + Send + Sync>);

/// A kind of thing that commands are taken for.
pub(super) trait AggregatePart: fmt::Debug + Send + Sync {
    fn kind(&self) -> &'static str;
    fn describe(&self) -> Result<AggregateDescription, Problems<ShapeProblem>>;
    fn open(&self, home: &Home, place: &Place) -> Result<OpenedDesk, OpenDeskError>;
}

/// A desk that is open.
pub(super) struct OpenedDesk {
    pub(super) part: Opened,
    pub(super) answers: Arc<dyn Answers>,
    pub(super) timed: Arc<dyn Timed>,
}

/// A public contract that things of one kind keep.
pub(super) trait ContractPart: fmt::Debug + Send + Sync {
    fn service(&self) -> &'static str;
    fn kind(&self) -> &'static str;
    fn commands(&self) -> Vec<String>;
    fn answers(&self, parts: &Parts) -> Option<Arc<dyn Answers>>;
}

/// What the parts of a service have become.
pub(super) type Parts = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

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

    fn open(&self, home: &Home, place: &Place) -> Result<OpenedDesk, OpenDeskError> {
        let refusals: Arc<dyn RefusalBook> = home.views.clone();
        let desk = Desk::<A>::open(home.ground.clone(), refusals, place.options.desk.clone())?;
        let answers = Arc::new(AnswersOwn { desk: desk.clone() });
        let timed = Arc::new(desk.clone());
        Ok(OpenedDesk { part: (TypeId::of::<A>(), Box::new(desk)), answers, timed })
    }
}

/// A contract, and how it is kept.
pub(super) struct Keeps<C: Contract, A: Aggregate>(pub(super) Accepts<C, A>);

impl<C: Contract, A: Aggregate> fmt::Debug for Keeps<C, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C: Contract, A: Aggregate> ContractPart for Keeps<C, A> {
    fn service(&self) -> &'static str {
        C::SERVICE
    }

    fn kind(&self) -> &'static str {
        A::KIND
    }

    fn commands(&self) -> Vec<String> {
        command_names::<C>()
    }

    fn answers(&self, parts: &Parts) -> Option<Arc<dyn Answers>> {
        let desk = parts.get(&TypeId::of::<A>())?.downcast_ref::<Desk<A>>()?.clone();
        Some(Arc::new(AnswersContract { accepts: self.0.clone(), desk }))
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
        let reader = ViewReader::<V>::new(home, place, projection.is_own())?;
        Ok(((TypeId::of::<V>(), Box::new(reader)), projection))
    }
}
