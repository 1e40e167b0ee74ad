//! Runs one reaction for as long as its service runs.

use std::sync::Arc;

use ondol_bus::Calls;
use ondol_domain::{Policy, Source};
use ondol_doors::Clock;
use ondol_lease::Duty;
use ondol_views::{NameError, ViewId, ViewName};
use tokio::sync::{mpsc, watch};

use super::attend::{Attending, Trouble};
use super::book::Book;
use super::control::Order;
use super::deal::{Dealing, ReactionSource};
use super::effect::{Effect, EffectAct};
use super::reading::Reading;
use super::session::{Ended, Session, stopped};
use super::{
    MendError, PolicyAct, ReactionControl, ReactionOptions, ReactionPhase, ReactionProgress,
};
use crate::service::Home;
use crate::{Hearer, Supervisor};

/// Orders that may wait for the one who runs.
const ORDERS_MAX: usize = 16;

/// What is to be run.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// Whenever this, then that is asked.
    Policy(Policy),
    /// Whenever this, then that goes out of the house.
    Effect(Effect),
    /// Whenever this, then an engine of the service is told.
    Hearer(Hearer),
}

impl Reaction {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Policy(policy) => policy.name,
            Self::Effect(effect) => effect.name,
            Self::Hearer(hearer) => hearer.name,
        }
    }

    pub(crate) fn sources(&self) -> &[Source] {
        match self {
            Self::Policy(policy) => &policy.sources,
            Self::Effect(effect) => &effect.sources,
            Self::Hearer(hearer) => &hearer.sources,
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Policy(_) => "policy",
            Self::Effect(_) => "effect",
            Self::Hearer(_) => "hearer",
        }
    }

    /// What it is kept under beside the service's views.
    pub(crate) fn book(&self) -> Result<ViewName, NameError> {
        ViewName::new(format!("{}.{}", self.kind(), slug(self.name())))
    }
}

fn slug(name: &str) -> String {
    let plain = |character: char| if character == ' ' { '-' } else { character };
    name.to_lowercase().chars().map(plain).collect()
}

/// What it takes to run a reaction.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) service: &'a str,
    pub(crate) reaction: Reaction,
    pub(crate) sources: Vec<ReactionSource>,
    pub(crate) calls: Arc<dyn Calls>,
    pub(crate) options: ReactionOptions,
    pub(crate) duty: Duty,
}

/// Begins to run a reaction. Should it ever be given up, all stop.
pub(crate) fn start(
    plan: Plan<'_>,
    home: &Home,
    supervisor: &Supervisor,
) -> Result<ReactionControl, NameError> {
    let Plan { service, reaction, sources, calls, options, duty } = plan;
    let (name, clock) = (reaction.name(), Arc::clone(&home.ground.clock));
    let book = Book::of(Arc::clone(&home.views), ViewId::first(reaction.book()?, 1));
    let act: Arc<dyn super::act::Act> = match reaction {
        Reaction::Policy(policy) => {
            let reading = policy.reads.clone().map(|reads| Reading::of(reads, home)).transpose()?;
            Arc::new(PolicyAct { service: service.into(), policy, calls, reading })
        }
        Reaction::Hearer(hearer) => Arc::new(hearer),
        Reaction::Effect(effect) => {
            Arc::new(EffectAct::new(service.into(), effect, book.clone(), Arc::clone(&clock)))
        }
    };
    let (orders_in, orders) = mpsc::channel(ORDERS_MAX);
    let (told, progress) = watch::channel(starting(name));
    let control = ReactionControl {
        name,
        orders: orders_in,
        progress,
        book: book.clone(),
        sources: sources.clone().into(),
    };
    let trouble = Trouble::default();
    let attending = Attending { act, options, clock, duty: duty.clone(), trouble };
    let dealing = Arc::new(Dealing { attending, book, sources });
    let task = format!("the reaction {name:?} of {service}");
    supervisor.start(&task, move |stop| run(dealing, duty, orders, told, stop));
    Ok(control)
}

fn starting(name: &str) -> ReactionProgress {
    ReactionProgress {
        name: name.to_owned(),
        phase: ReactionPhase::Starting,
        sources: Vec::new(),
        pending: 0,
        parked: 0,
        done: 0,
        refused: 0,
        trouble: None,
    }
}

/// Answers those who order something that another process does, for as long as anybody might.
async fn turn_away(orders: &mut mpsc::Receiver<Order>) {
    while let Some(Order { answer, .. }) = orders.recv().await {
        // Whoever wanted to hear may have gone.
        drop(answer.send(Err(MendError::Elsewhere)));
    }
    std::future::pending::<()>().await;
}

/// Runs sessions: each begins with what is kept, and ends when it no longer knows how that stands.
async fn run(
    dealing: Arc<Dealing>,
    duty: Duty,
    mut orders: mpsc::Receiver<Order>,
    progress: watch::Sender<ReactionProgress>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), String> {
    let attending = &dealing.attending;
    let (clock, mut failures): (&dyn Clock, _) = (attending.clock.as_ref(), 0_u32);
    loop {
        if !duty.is_on() {
            progress.send_modify(|progress| progress.phase = ReactionPhase::Elsewhere);
        }
        let tenure = tokio::select! {
            biased;
            tenure = duty.begin() => tenure,
            () = turn_away(&mut orders) => break,
            () = stopped(&mut stop) => break,
        };
        let ended = match Session::open(&dealing, &progress).await {
            Ok(session) => {
                failures = 0;
                session.run(&mut orders, &mut stop, &tenure).await
            }
            Err(error) => Ended::Lost(crate::error_chain(&error)),
        };
        let reason = match ended {
            Ended::Stopped => break,
            Ended::Overtaken => continue,
            Ended::Lost(reason) => reason,
        };
        failures = failures.saturating_add(1);
        tracing::warn!(reason, "a reaction begins again with what it has kept");
        progress.send_modify(|progress| {
            progress.phase = ReactionPhase::Waiting;
            progress.trouble = Some(reason);
        });
        tokio::select! {
            () = clock.sleep(attending.options.pause(failures)) => {}
            () = stopped(&mut stop) => break,
        }
    }
    progress.send_modify(|progress| progress.phase = ReactionPhase::Stopped);
    Ok(())
}
