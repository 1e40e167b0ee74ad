//! Rounds of the torture: thousands of random sagas each, with processes that end at any moment.

use std::collections::BTreeMap;
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use ondol_bus::About;
use ondol_doors::{Clock, ManualClock, Rng, SeededRng, SystemClock};
use ondol_kernel::{CommandId, StreamId, Timestamp};
use ondol_runtime::{Ground, Supervisor};
use ondol_saga::{Definitions, Phase, SagaEngine, SagaEntry, SagaGround, SagaOptions, Sagas};
use ondol_store::MemoryStore;
use ondol_views::{MemoryViews, Parts, Projector, ProjectorOptions, Source, SourceName};

use crate::chaos::Chaos;
use crate::random::{CANCELLED, Came, Cancelled, DEFINITIONS, Drawn, Job, below, draw, news};

/// How many sagas a round has.
const SAGAS_PER_ROUND: usize = 5_000;
/// How many are tortured at least, and with `--short`.
const SAGAS_MIN: usize = 150_000;
const SAGAS_SHORT: usize = SAGAS_PER_ROUND;
/// How often each way back is to be taken at least, unless it is short.
const BRANCH_MIN: u64 = 100;
/// Some ways back are rare: it goes on for them, up to so many sagas.
const SAGAS_MAX: usize = 4 * SAGAS_MIN;
/// How many jobs hear something from outside each time, and one in how many that they are cancelled.
const HEAR: usize = 40;
const CANCELLED_ONE_IN: usize = 12;
/// A round that takes longer than this, by its own clock, has a saga that does not end.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What can be said on the command line.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// For how long; at least 150,000 sagas are tortured anyway.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// The number that all chance follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A single round.
    #[arg(long)]
    short: bool,
}

/// What rounds have come to.
#[derive(Debug, Default)]
struct Tally {
    sagas: usize,
    completed: u64,
    compensated: u64,
    crashes: u64,
    asked: u64,
    /// How often each definition was turned round by each step's failing.
    branches: BTreeMap<(&'static str, String), u64>,
    wrong: Vec<String>,
}

/// Tortures.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let wall = SystemClock::start();
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(arguments.seed));
    let drawn: Vec<Drawn> = (0..DEFINITIONS).map(|number| draw(number, &*rng)).collect();
    let least = if arguments.short { SAGAS_SHORT } else { SAGAS_MIN };
    let until = Duration::from_secs(60 * arguments.minutes);
    let mut tally = Tally::default();
    let is_whole = !arguments.short;
    while tally.sagas < least
        || wall.running() < until
        || (is_whole && tally.sagas < SAGAS_MAX && rarest(&counted(&tally, &drawn)) < BRANCH_MIN)
    {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(round(&drawn, &rng, &mut tally))?;
        let mut out = stdout().lock();
        let Tally { sagas, completed, compensated, crashes, asked, .. } = &tally;
        writeln!(
            out,
            "{sagas} sagas: {completed} completed, {compensated} compensated, {crashes} crashes, \
             {asked} questions"
        )?;
        if !tally.wrong.is_empty() {
            break;
        }
    }
    told(&tally, &drawn, is_whole)
}

/// How often each way back of each definition was taken.
fn counted(tally: &Tally, drawn: &[Drawn]) -> Vec<(u64, &'static str, String)> {
    let ways = drawn.iter().flat_map(ways_back);
    ways.map(|(saga, way)| {
        (tally.branches.get(&(saga, way.clone())).copied().unwrap_or(0), saga, way)
    })
    .collect()
}

/// How often the one was taken that was taken least.
fn rarest(counted: &[(u64, &'static str, String)]) -> u64 {
    counted.iter().map(|(count, ..)| *count).min().unwrap_or(0)
}

/// Says how it was.
fn told(tally: &Tally, drawn: &[Drawn], is_whole: bool) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    for wrong in tally.wrong.iter().take(20) {
        writeln!(out, "BROKEN: {wrong}")?;
    }
    let counted = counted(tally, drawn);
    for drawn in drawn {
        let of_one = counted.iter().filter(|(_, saga, _)| *saga == drawn.name);
        let told: Vec<_> = of_one.map(|(count, _, way)| format!("{way} {count}")).collect();
        writeln!(out, "{} was turned round by: {}", drawn.name, told.join(", "))?;
    }
    let (rarest, ways) = (rarest(&counted), counted.len());
    writeln!(out, "of {ways} ways back, the one that was taken least was taken {rarest} times")?;
    let is_rare = is_whole && rarest < BRANCH_MIN;
    if is_rare {
        writeln!(out, "BROKEN: each is to be taken {BRANCH_MIN} times")?;
    }
    let held = tally.wrong.is_empty() && !is_rare;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Each way back of a definition: a step before its pivot fails, or it is cancelled.
fn ways_back(one: &Drawn) -> Vec<(&'static str, String)> {
    let stages = one.saga.stages().iter().enumerate();
    let turns_back = stages.filter(|(stage, _)| !one.saga.is_past_pivot(*stage));
    let steps = turns_back.flat_map(|(_, stage)| &stage.steps);
    let ways = steps.map(|step| step.name().to_owned()).chain([CANCELLED.to_owned()]);
    ways.map(|way| (one.name, way)).collect()
}

/// A world for one round.
struct World {
    store: Arc<MemoryStore>,
    views: Arc<MemoryViews>,
    clock: Arc<ManualClock>,
    chaos: Arc<Chaos>,
    rng: Arc<dyn Rng>,
    definitions: Definitions,
}

async fn round(drawn: &[Drawn], rng: &Arc<dyn Rng>, tally: &mut Tally) -> anyhow::Result<()> {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let world = World {
        store: Arc::default(),
        views: Arc::new(MemoryViews::default()),
        chaos: Arc::new(Chaos::new(Arc::clone(rng), clock.clone())),
        clock,
        rng: Arc::clone(rng),
        definitions: drawn.iter().fold(Definitions::new(), |all, one| all.and(one.saga.clone())),
    };
    let mut jobs = Vec::with_capacity(SAGAS_PER_ROUND);
    let (mut supervisor, mut sagas) = world.begin()?;
    for id in 0..SAGAS_PER_ROUND {
        let one = &drawn[below(&**rng, drawn.len())];
        let job = Job { id: u64::try_from(id)? };
        let about = About::new(CommandId::named(&id.to_string()));
        let started = sagas.start(one.name, &job, &about).await?;
        // It is started twice now and then, and is one all the same.
        if below(&**rng, 10) == 0 {
            sagas.start(one.name, &job, &about).await?;
        }
        jobs.push((job.id, one, started.stream));
        if below(&**rng, 3) == 0 {
            world.tell(&sagas, job.id).await?;
        }
        if id % 50 == 0 {
            world.passes(20).await;
        }
    }
    let mut open: Vec<_> = jobs.iter().collect();
    while !open.is_empty() {
        world.passes(50).await;
        for _time in 0..HEAR {
            world.tell(&sagas, open[below(&**rng, open.len())].0).await?;
        }
        if below(&**rng, 20) == 0 {
            supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
            tally.crashes += 1;
            (supervisor, sagas) = world.begin()?;
        }
        if below(&**rng, 10) == 0 {
            let mut still = Vec::new();
            for one in open {
                let instance = sagas.find(&one.2).await?;
                if !instance.is_some_and(|instance| instance.is_ended()) {
                    still.push(one);
                }
            }
            open = still;
        }
        if world.clock.running() > LONGEST {
            tally.wrong.extend(open.iter().map(|one| format!("{} does not end", one.2)));
            break;
        }
    }
    supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))?;
    for (job, one, stream) in &jobs {
        check(&world, &sagas, *job, one, stream, tally).await?;
    }
    let (wrong, asked) = world.chaos.wrong();
    tally.wrong.extend(wrong);
    tally.asked += asked;
    tally.sagas += jobs.len();
    Ok(())
}

/// All that was done adds up: all of it, or nothing.
async fn check(
    world: &World,
    sagas: &Sagas,
    job: u64,
    one: &Drawn,
    stream: &StreamId,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let Some(instance) = sagas.find(stream).await? else {
        tally.wrong.push(format!("{stream} is gone"));
        return Ok(());
    };
    let expected = match &instance.phase {
        Phase::Completed => {
            tally.completed += 1;
            1
        }
        Phase::Compensated { because } => {
            tally.compensated += 1;
            let step = because.split('"').nth(1).unwrap_or(because).to_owned();
            *tally.branches.entry((one.name, step)).or_default() += 1;
            0
        }
        phase => {
            tally.wrong.push(format!("{stream} stands at {phase:?}"));
            return Ok(());
        }
    };
    for (step, does) in &one.steps {
        let done = world.chaos.done(job, step);
        if done != expected * does.done(job) {
            let phase = &instance.phase;
            tally
                .wrong
                .push(format!("{stream}: {step} stands done {done} times, and it is {phase:?}"));
        }
    }
    Ok(())
}

impl World {
    /// A process begins.
    fn begin(&self) -> anyhow::Result<(Supervisor, Sagas)> {
        let supervisor = Supervisor::new();
        let ground = Ground {
            store: self.store.clone(),
            clock: self.clock.clone(),
            rng: Arc::clone(&self.rng),
        };
        let source = Source::new(SourceName::new("torture")?, self.store.clone());
        let (views, clock) = (self.views.clone(), self.clock.clone());
        let parts = Parts { views, sources: vec![source], clock };
        let projector = Projector::<SagaEntry>::new(ProjectorOptions::default(), parts)?;
        supervisor.start("the view", move |mut stop| async move {
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            projector.run(stopped).await.map_err(|error| error.to_string())
        });
        let ground = SagaGround { ground, calls: self.chaos.clone(), views: self.views.clone() };
        let engine = SagaEngine::new(SagaOptions::default(), self.definitions.clone(), ground)?;
        let sagas = engine.handle();
        supervisor.start("the sagas", move |mut stop| {
            engine.run(async move { drop(stop.wait_for(|stop| *stop).await) })
        });
        Ok((supervisor, sagas))
    }

    /// A job hears something from outside, now and then twice: the letter came, or it is cancelled.
    async fn tell(&self, sagas: &Sagas, job: u64) -> anyhow::Result<()> {
        let is_cancelled = below(&*self.rng, CANCELLED_ONE_IN) == 0;
        let id = self.rng.id(self.clock.now());
        let event = if is_cancelled {
            news(&Cancelled { job }, id, job)?
        } else {
            news(&Came { job }, id, job)?
        };
        sagas.hear(&event).await?;
        if below(&*self.rng, 4) == 0 {
            sagas.hear(&event).await?;
        }
        Ok(())
    }

    /// Time passes, and everybody gets a turn.
    async fn passes(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
        for _turn in 0..8 {
            tokio::task::yield_now().await;
        }
    }
}
