//! A process that folds is killed, again and again: what is in the file is always a replay up to
//! the checkpoint, and in the end nothing is missing and nothing is there twice.
//!
//! The process that is killed is this very test, run again with a file named in its environment.
//! Its log is in memory and always the same, so it is there again after every kill.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ondol_views::conformance::Stage;
use ondol_views::conformance::town::{Balance, Event, Town, balance, deposit};
use ondol_views::{Extent, FailOnce, Projector, ProjectorOptions};
use ondol_views_sqlite::{Options, SqliteViews};

const FILE: &str = "ONDOL_TEST_FOLDED_FILE";
const KILLS: u64 = 8;

/// Commits come often, so that a kill lands in the middle of something.
fn options() -> ProjectorOptions {
    ProjectorOptions {
        page_events_max: 20,
        chunk_events_max: 40,
        chunk_documents_max: 10,
        cache_documents_max: 20,
        ..ProjectorOptions::default()
    }
}

async fn town(file: &Path) -> Town {
    let store = SqliteViews::open(Options::at(file)).expect("the file is opened");
    let faults = Arc::new(FailOnce::default());
    let town = Town::new(Stage { store: Arc::new(store), faults, guard: Box::new(()) });
    for number in 0..400_i64 {
        let account = format!("account-{:02}", number % 37);
        let sent = Event::Sent { to: format!("account-{:02}", (number + 1) % 37), amount: 1 };
        let events = (0..20).map(|more| deposit(number + more)).chain([sent]);
        town.append(&account, events).await;
    }
    town
}

/// Is killed somewhere in the middle.
async fn fold(file: &Path) {
    let town = town(file).await;
    let running = town.start::<Balance>(options());
    town.caught_up(&running).await;
    running.stop().await.expect("it stops well");
}

fn begin(file: &Path) -> Child {
    let this = std::env::current_exe().expect("this test is a program");
    Command::new(this)
        .args(["--exact", "a_killed_projection_loses_nothing_and_doubles_nothing"])
        .env(FILE, file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test can be run again")
}

/// How far the file is folded; nothing, as long as there is no view in it.
async fn folded(file: &Path) -> u64 {
    let Ok(store) = SqliteViews::open(Options::at(file)) else { return 0 };
    let checkpoints = ondol_views::ViewStore::checkpoints(&store, &balance(1).into()).await;
    let position = |all: &[ondol_views::SourceCheckpoint]| {
        all.first().map_or(0, |one| one.checkpoint.position.get())
    };
    checkpoints.map_or(0, |(_, all)| position(&all))
}

/// Kills the process once it has folded on a little, wherever it is then.
async fn kill_in_the_middle(file: &Path, after: u64) {
    let mut child = begin(file);
    for _ in 0..5_000 {
        let has_ended = child.try_wait().expect("it can be looked at").is_some();
        if has_ended || folded(file).await >= after {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // It may have come to its end already.
    child.kill().ok();
    child.wait().expect("it is gone");
}

#[tokio::test]
async fn a_killed_projection_loses_nothing_and_doubles_nothing() {
    if let Some(file) = std::env::var_os(FILE) {
        return fold(Path::new(&file)).await;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("views.db");
    let town = town(&file).await;
    let whole = town.head().await.checkpoint.position.get();
    let mut stood = 0;
    for kill in 1..=KILLS {
        kill_in_the_middle(&file, whole * kill / (KILLS + 2)).await;
        let stands = folded(&file).await;
        assert!(stands >= stood, "kill {kill}: folded up to {stood}, now to {stands}");
        stood = stands;
        let idle = Projector::<Balance>::new(options(), town.parts()).expect("it can be made");
        let verified = idle.handle().verify_build(balance(1), Extent::Whole).await;
        let verified = verified.expect("it is verified");
        assert!(verified.is_equal(), "kill {kill}: {verified:?}");
    }
    assert!((1..whole).contains(&stood), "killed in the middle: {stood} of {whole}");
    town.fold_all::<Balance>(options()).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
}
