//! The proof of a flow: what services do because of each other, whether a saga leads them or they
//! only react, with everything that can go wrong at every append.
//!
//! The flow is run once, undisturbed. That says at how many appends something can go wrong; and at
//! each of them it does: the append fails without having been made, it was made and nobody is told
//! so, the whole app crashes right before it or right after it. And twice in one run. Each time the
//! flow has to come to the same end: everything that happens in the undisturbed run happens, and
//! nothing happens twice.

mod faulty;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ondol::App;
use ondol_kernel::Envelope;
use ondol_runtime::{Ground, Home};

use crate::drive::fail;
use crate::{TestApp, TestOptions};

use faulty::{Faults, Faulty};

/// What the house itself records is told by a type that begins so.
const OF_THE_HOUSE: char = '$';
/// How often the beginning of a flow is tried.
const BEGINNINGS_MAX: usize = 5;
/// How much time passes before it is looked whether the app has crashed.
const STEP: Duration = Duration::from_millis(250);
/// How many runs with two faults there are at most.
const PAIRS_MAX: usize = 400;

type Begins = Box<dyn Fn(&TestApp) -> bool>;
type Law = Box<dyn Fn(&TestApp) -> Result<(), String>>;

/// The proof of a flow.
pub struct FlowProof {
    app: fn() -> App,
    begins: Begins,
    laws: Vec<(String, Law)>,
    within: Duration,
}

/// How much was tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowReport {
    /// At how many appends something was made to go wrong.
    pub appends: usize,
    /// In how many runs in all.
    pub runs: usize,
    /// How often the app crashed in them.
    pub crashes: usize,
}

/// What goes wrong at an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It fails, and was not made.
    Fails,
    /// It was made, and whoever asked is told that nobody knows.
    Unknown,
    /// The app crashes before it is made.
    CrashesBefore,
    /// It is made, and the app crashes.
    CrashesAfter,
}

/// What goes wrong in one run, each at the append of that number, counted from one.
type Case = Vec<(usize, Fault)>;

/// What has happened, by service and type.
type Happened = BTreeMap<(String, String), usize>;

impl FlowProof {
    /// The proof of a flow through this app. Everything that it does by itself is done within a
    /// minute, by its own clock, unless [`within`](Self::within) says otherwise.
    pub fn of(app: fn() -> App) -> Self {
        let begins = Box::new(|_app: &TestApp| true);
        Self { app, begins, laws: Vec::new(), within: Duration::from_secs(60) }
    }

    /// How the flow begins: with a request, say. It answers whether it has begun, and is tried
    /// again if it has not, so it has to ask under the same key.
    #[must_use]
    pub fn beginning(mut self, begins: impl Fn(&TestApp) -> bool + 'static) -> Self {
        self.begins = Box::new(begins);
        self
    }

    /// How long it may take until all is done.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// What holds at the end of every run.
    #[must_use]
    pub fn invariant(
        mut self,
        name: &str,
        holds: impl Fn(&TestApp) -> Result<(), String> + 'static,
    ) -> Self {
        self.laws.push((name.to_owned(), Box::new(holds)));
        self
    }

    /// Tries everything out, and says how much that was.
    ///
    /// # Panics
    /// With the first run that goes wrong.
    #[track_caller]
    #[expect(clippy::print_stdout, reason = "a proof says how much it has tried out")]
    pub fn check(&self) -> FlowReport {
        let Undisturbed { appends, of_beginning, happened } = self.undisturbed();
        let mut report = FlowReport { appends, runs: 1, crashes: 0 };
        let mut cases: Vec<Case> = Vec::new();
        for at in 1..=appends {
            cases.push(vec![(at, Fault::Fails)]);
            cases.push(vec![(at, Fault::Unknown)]);
            // A request that is under way when the app crashes is never answered: whoever sent it
            // is no part of the app, so the beginning is left out here.
            if at > of_beginning {
                cases.push(vec![(at, Fault::CrashesBefore)]);
                cases.push(vec![(at, Fault::CrashesAfter)]);
            }
        }
        cases.extend(pairs(of_beginning + 1, appends));
        for case in cases {
            report.runs += 1;
            report.crashes += self.run(&case, &happened);
        }
        println!("{report}");
        report
    }

    fn undisturbed(&self) -> Undisturbed {
        let faults = Arc::new(Faults::default());
        let app = self.begin(&faults);
        let of_beginning = faults.appends();
        app.advance(self.within);
        self.holds(&app, "nothing goes wrong");
        let happened = happened(&app);
        Undisturbed { appends: faults.appends(), of_beginning, happened }
    }

    /// Runs the flow with these faults; answers how often the app has crashed.
    fn run(&self, case: &Case, undisturbed: &Happened) -> usize {
        let faults = Arc::new(Faults::of(case));
        let mut app = self.begin(&faults);
        let mut crashes = 0;
        // A second fault may be met only after the first one: each gets its time.
        let mut left = self.within * u32::try_from(1 + case.len()).unwrap_or(u32::MAX);
        while !left.is_zero() {
            let step = left.min(STEP);
            app.advance(step);
            left -= step;
            // Nothing else goes on in an app that has crashed.
            if faults.has_crashed() {
                app.crash();
                crashes += 1;
            }
        }
        let told = told(case);
        self.holds(&app, &told);
        let found = happened(&app);
        if found != *undisturbed {
            fail(&format!(
                "this does not come to the same end: {told}\n  undisturbed: {undisturbed:?}\n  \
                 found:       {found:?}"
            ));
        }
        crashes
    }

    fn begin(&self, faults: &Arc<Faults>) -> TestApp {
        let faulty = |_service: &str, home: Home| {
            let Ground { store, clock, rng } = home.ground;
            let store = Arc::new(Faulty::new(store, Arc::clone(faults)));
            Home { ground: Ground { store, clock, rng }, ..home }
        };
        let app = TestApp::over((self.app)(), &TestOptions::default(), faulty);
        faults.arm();
        let mut tries = 0..BEGINNINGS_MAX;
        if !tries.any(|_try| (self.begins)(&app)) {
            fail("the flow does not begin");
        }
        app
    }

    fn holds(&self, app: &TestApp, case: &str) {
        app.check();
        for (name, law) in &self.laws {
            if let Err(found) = law(app) {
                fail(&format!("{name} does not hold when {case}: {found}"));
            }
        }
    }
}

struct Undisturbed {
    appends: usize,
    of_beginning: usize,
    happened: Happened,
}

/// Two crashes in one run, as far as there are not too many.
fn pairs(first: usize, last: usize) -> Vec<Case> {
    let mut pairs = Vec::new();
    for one in first..=last {
        for other in one + 1..=last {
            pairs.push(vec![(one, Fault::CrashesAfter), (other, Fault::CrashesBefore)]);
            pairs.push(vec![(one, Fault::Unknown), (other, Fault::CrashesAfter)]);
        }
    }
    let stride = pairs.len().div_ceil(PAIRS_MAX).max(1);
    pairs.into_iter().step_by(stride).collect()
}

/// What has happened in all services. What a saga records of itself says how it got there, and
/// what the house records is how things are answered: both may differ.
fn happened(app: &TestApp) -> Happened {
    let mut happened = Happened::new();
    for running in &app.stage().services {
        let service = &running.description().service;
        let told = |event: &Envelope| {
            let event_type = event.event_type.as_str();
            !event_type.starts_with(OF_THE_HOUSE) && event.stream.kind() != "saga"
        };
        for event in app.log(service).into_iter().filter(told) {
            let key = (service.clone(), event.event_type.to_string());
            *happened.entry(key).or_default() += 1;
        }
    }
    happened
}

fn told(case: &Case) -> String {
    let told: Vec<_> = case.iter().map(|(at, fault)| format!("append {at} {fault}")).collect();
    told.join(" and ")
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fails => "fails",
            Self::Unknown => "is made and nobody is told so",
            Self::CrashesBefore => "is not made, and the app crashes",
            Self::CrashesAfter => "is made, and the app crashes",
        })
    }
}

impl fmt::Display for FlowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { appends, runs, crashes } = self;
        write!(
            f,
            "the flow comes to the same end in {runs} runs, with something going wrong at each of \
             {appends} appends, and {crashes} crashes"
        )
    }
}

impl fmt::Debug for FlowProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowProof").field("within", &self.within).finish_non_exhaustive()
    }
}
