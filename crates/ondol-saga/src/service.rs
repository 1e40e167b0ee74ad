//! Sagas as a part of a service.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_domain::{Codec, Facts, Problems, Saga, SagaData, SagaProblem};
use ondol_kernel::Envelope;
use ondol_runtime::{
    AggregateDescription, Companion, CompanionPlace, Companionship, EventDescription, Hearer,
    Hears, Service, Unheard, error_chain,
};

use crate::Defined;
use crate::{Definition, Definitions, Fact, SagaEngine, SagaEntry, SagaGround, SagaOptions, Sagas};

/// Gives a service sagas.
pub trait RunsSagas {
    /// The same, running such sagas. Of two of one name the later one is what new sagas are
    /// started by; the earlier one goes on running those that were started by it.
    #[must_use]
    fn saga<D: SagaData>(self, saga: Saga<D>) -> Self;

    /// The same, running its sagas another way.
    #[must_use]
    fn saga_options(self, options: SagaOptions) -> Self;
}

impl RunsSagas for Service {
    fn saga<D: SagaData>(self, saga: Saga<D>) -> Self {
        with_part(self, |part| part.add(saga))
    }

    fn saga_options(self, options: SagaOptions) -> Self {
        with_part(self, |part| part.options = options)
    }
}

/// The service with its sagas changed so; the first time they get the view they are found by.
fn with_part(service: Service, change: impl FnOnce(&mut SagaPart)) -> Service {
    let mut is_first = false;
    let new = || {
        is_first = true;
        SagaPart::default()
    };
    let service = service.companion(new, change);
    if is_first { service.view::<SagaEntry>() } else { service }
}

/// The sagas of a service, before it is started.
#[derive(Debug, Default)]
pub struct SagaPart {
    definitions: Definitions,
    names: Vec<(&'static str, Arc<dyn Definition>)>,
    problems: Vec<Problems<SagaProblem>>,
    options: SagaOptions,
}

impl SagaPart {
    /// The definitions that it has.
    pub const fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    fn add<D: SagaData>(&mut self, saga: Saga<D>) {
        self.problems.extend(saga.check().err());
        let name = saga.name();
        let definition: Arc<dyn Definition> = Arc::new(Defined::new(saga));
        self.names.retain(|(known, _)| *known != name);
        self.names.push((name, Arc::clone(&definition)));
        self.definitions.add(definition);
    }
}

impl Companion for SagaPart {
    fn describe(&self) -> Result<AggregateDescription, Vec<String>> {
        let mut problems: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        problems.extend(self.options.validate().err().map(|problems| problems.to_string()));
        let codec = Codec::<Fact>::new().map_err(|shapes| vec![shapes.to_string()])?;
        if !problems.is_empty() {
            return Err(problems);
        }
        let event = |shape: &ondol_domain::Shape| EventDescription {
            event_type: shape.event_type.to_string(),
            version: shape.schema_version.get(),
        };
        Ok(AggregateDescription {
            kind: Fact::KIND,
            commands: Vec::new(),
            events: codec.shapes().iter().map(event).collect(),
            refusals: Vec::new(),
            old_events: Vec::new(),
            has_snapshots: false,
        })
    }

    fn start(&self, place: &CompanionPlace<'_>) -> Result<Companionship, String> {
        let ground = SagaGround {
            ground: place.home.ground.clone(),
            calls: Arc::clone(place.calls),
            views: Arc::clone(&place.home.views),
        };
        let engine = SagaEngine::new(self.options.clone(), self.definitions.clone(), ground)
            .map_err(|error| error_chain(&error))?
            .on_duty(place.duty.clone());
        let sagas = engine.handle();
        let task = format!("the sagas of {}", place.service);
        place.supervisor.start(&task, move |mut stop| {
            engine.run(async move {
                // Whoever could stop it is gone, or has done so: either way it ends.
                drop(stop.wait_for(|stop| *stop).await);
            })
        });
        let mut companionship = Companionship::of(sagas.clone());
        for (name, definition) in &self.names {
            let sources = definition.sources();
            if !sources.is_empty() {
                let hears = Arc::new(SagasHear { sagas: sagas.clone(), saga: name });
                companionship = companionship.hearing(Hearer { name, sources, hears });
            }
        }
        Ok(companionship)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Sagas that are told of events.
#[derive(Debug)]
struct SagasHear {
    sagas: Sagas,
    saga: &'static str,
}

#[async_trait]
impl Hears for SagasHear {
    async fn hear(&self, event: &Envelope) -> Result<(), Unheard> {
        self.sagas.hear_of(self.saga, event).await.map_err(|error| {
            let reason = format!("{}: {}", error.code(), error_chain(&error));
            if error.may_be_told_again() { Unheard::NotNow(reason) } else { Unheard::Never(reason) }
        })
    }
}
