//! The real binary's words about sagas, while it runs and while it does not, and over three
//! versions of one saga.

use std::path::Path;

use saga_proof::Town;
use serde_json::{Value, json};

const SERVICE: &str = "house.moves";

async fn town() -> Town {
    let program = Path::new(env!("CARGO_BIN_EXE_mover"));
    let crew_is_away = "[services.\"house.crew\"]\nurl = \"http://127.0.0.1:9\"\n";
    Town::start(program, &[&[SERVICE]], "", crew_is_away).await.expect("it comes up")
}

async fn asks(town: &Town, path: &str) {
    let answer = town.insist(SERVICE, path, path, &Value::Null).await;
    answer.expect("it is answered in time");
}

/// Waits until a move stands so.
async fn stands(town: &Town, job: &str, state: &str) {
    loop {
        let found = town.get(SERVICE, &format!("/moves/{job}")).await.expect("it answers");
        if found.body == state {
            return;
        }
        assert_ne!(found.status, 404, "{job} is there");
        tokio::task::yield_now().await;
    }
}

/// What is said when all goes well.
async fn says(town: &Town, words: &[&str]) -> String {
    let (is_good, said) = town.say(SERVICE, words).await.expect("it can be started");
    assert!(is_good, "{words:?}: {said}");
    said
}

async fn json_of(town: &Town, words: &[&str]) -> Value {
    let words: Vec<_> = words.iter().chain(&["--output", "json"]).copied().collect();
    let said = says(town, &words).await;
    // What is said besides, of more that there is, comes after the one line of JSON.
    serde_json::from_str(said.lines().next().unwrap_or_default()).expect("it is JSON")
}

/// What is said when it does not.
async fn fails(town: &Town, words: &[&str], code: &str) -> String {
    let (is_good, said) = town.say(SERVICE, words).await.expect("it can be started");
    assert!(!is_good && said.contains(&format!("error[{code}]: ")), "{words:?}: {said}");
    said
}

/// The moves that are listed so, page by page, as long as it is said that there are more.
async fn pages(town: &Town, filter: &[&str]) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut words = [&["saga", "list", SERVICE], filter].concat();
        words.extend(after.iter().flat_map(|after| ["--after", after]));
        let said = says(town, &words).await;
        let moves = said.lines().filter_map(|line| line.strip_prefix("house.move/"));
        let name = |row: &str| row.split_whitespace().next().unwrap_or_default().to_owned();
        pages.push(moves.map(name).collect());
        let more = said.split_once("listed with `--after ");
        after = more.and_then(|(_, rest)| rest.split_once('`')).map(|(place, _)| place.to_owned());
        if after.is_none() {
            return pages;
        }
    }
}

/// The moves that `saga list` finds, once the view has folded in at least so many.
async fn listed(town: &Town, filter: &[&str], count: usize) -> Vec<String> {
    loop {
        let words: Vec<_> = ["saga", "list", SERVICE].iter().chain(filter).copied().collect();
        let found = json_of(town, &words).await;
        let found = found.as_array().expect("a list").iter();
        let mut jobs: Vec<_> = found.map(|one| one["saga"]["identity"].to_string()).collect();
        jobs.sort();
        if jobs.len() >= count {
            return jobs;
        }
    }
}

fn jobs<const COUNT: usize>(jobs: [&str; COUNT]) -> Vec<String> {
    jobs.iter().map(|job| format!("{job:?}")).collect()
}

/// Five moves: one done, one taken back, one stuck behind a broken van, one that waits for a key,
/// one whose crew cannot be reached.
async fn five_moves(town: &Town) {
    for job in ["one", "two", "three", "four"] {
        asks(town, &format!("/moves/{job}/small/key")).await;
        stands(town, job, "running").await;
    }
    asks(town, "/vans/broken/break").await;
    asks(town, "/moves/done/good/nothing").await;
    stands(town, "done", "completed").await;
    asks(town, "/moves/back/small/nothing").await;
    stands(town, "back", "compensated").await;
    asks(town, "/moves/stuck/broken/nothing").await;
    stands(town, "stuck", "stuck").await;
    asks(town, "/moves/crew/good/crew").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sagas_are_listed_by_state_step_name_and_age_and_told_in_text_and_json() {
    let town = town().await;
    five_moves(&town).await;
    let all = listed(&town, &[], 8).await;
    assert_eq!(all, jobs(["back", "crew", "done", "four", "one", "stuck", "three", "two"]));
    assert_eq!(listed(&town, &["--state", "completed"], 1).await, jobs(["done"]));
    assert_eq!(listed(&town, &["--state", "compensated"], 1).await, jobs(["back"]));
    assert_eq!(listed(&town, &["--state", "stuck"], 1).await, jobs(["stuck"]));
    assert_eq!(listed(&town, &["--step", "book"], 1).await, jobs(["crew"]));
    let keys = ["--state", "running", "--step", "key"];
    assert_eq!(listed(&town, &keys, 4).await, jobs(["four", "one", "three", "two"]));
    assert_eq!(listed(&town, &["--saga", "house.other"], 0).await, jobs([]));
    assert_eq!(listed(&town, &["--older-than", "3600"], 0).await, jobs([]));
    assert_eq!(listed(&town, &["--limit", "3"], 3).await.len(), 3);
    let table = says(&town, &["saga", "list", SERVICE, "--state", "stuck"]).await;
    assert!(table.contains("house.move/stuck") && table.contains("it is broken"), "{table}");
    let told = says(&town, &["saga", "show", SERVICE, "house.move/back"]).await;
    let order = ["started by", "load: asks small", "load: refused", "turns round", "compensated"];
    let at: Vec<_> = order.iter().map(|what| told.find(what)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{told}");
    let told = json_of(&town, &["saga", "show", SERVICE, "house.move/done"]).await;
    let kinds: Vec<_> = told.as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds.first(), Some(&&json!("saga.started")), "{told}");
    assert_eq!(kinds.last(), Some(&&json!("saga.completed")), "{told}");
    fails(&town, &["saga", "show", SERVICE, "house.move/nobody"], "saga-not-found").await;
    let drawn = says(&town, &["saga", "draw", SERVICE, "house.move"]).await;
    assert!(drawn.starts_with("flowchart TD\n") && drawn.contains("pivot"), "{drawn}");
    let drawn = says(&town, &["saga", "draw", SERVICE, "--format", "svg"]).await;
    for part in ["<svg ", ">house.move 1<", ">undo load<", ">pivot: from here on", "</svg>\n"] {
        assert!(drawn.contains(part), "{part} is not in {drawn}");
    }
    let unknown = fails(&town, &["saga", "draw", SERVICE, "house.mov"], "app-unknown-name").await;
    assert!(unknown.contains("did you mean \"house.move\"?"), "{unknown}");
    town.stop_all().await.expect("it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_all_that_had_happened_when_it_was_asked_for_or_says_that_it_has_not() {
    let town = town().await;
    let list = ["saga", "list", SERVICE];
    assert_eq!(json_of(&town, &list).await, json!([]), "none was begun");
    for job in ["one", "two", "three"] {
        asks(&town, &format!("/moves/{job}/small/key")).await;
        let found = json_of(&town, &list).await;
        let first = &found[0]["saga"]["identity"];
        assert_eq!(first, job, "what was begun last comes first, at once: {found}");
    }
    asks(&town, "/moves/four/small/key").await;
    town.kill(0).await.expect("it runs");
    let said = says(&town, &list).await;
    let has_four = said.contains("house.move/four");
    assert_ne!(has_four, said.contains("note: the list has what had happened up to "), "{said}");
    let (is_good, said) =
        town.say(SERVICE, &["saga", "list", SERVICE, "--state", "stuk"]).await.expect("it starts");
    assert!(!is_good && said.contains("'stuck'"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_comes_in_pages_the_last_begun_first_whatever_it_is_listed_by() {
    let town = town().await;
    let jobs = ["one", "two", "three", "four", "five"];
    for (job, van) in jobs.into_iter().zip(["small", "small", "small", "big", "big"]) {
        asks(&town, &format!("/moves/{job}/{van}/key")).await;
        stands(&town, job, "running").await;
    }
    asks(&town, "/moves/done/good/nothing").await;
    stands(&town, "done", "completed").await;
    let in_pages = [vec!["five", "four"], vec!["three", "two"], vec!["one"]];
    for filter in [["--state", "running"], ["--step", "key"]] {
        let filter = [filter.as_slice(), &["--limit", "2"]].concat();
        assert_eq!(pages(&town, &filter).await, in_pages, "{filter:?}");
    }
    let exactly = ["--state", "running", "--limit", "5"];
    assert_eq!(pages(&town, &exactly).await, [["five", "four", "three", "two", "one"]]);
    let all = pages(&town, &["--limit", "5"]).await;
    assert_eq!(all, [vec!["done", "five", "four", "three", "two"], vec!["one"]]);
    let first = says(&town, &["saga", "list", SERVICE, "--limit", "2"]).await;
    let (_, place) = first.split_once("--after ").expect("there are more");
    let place = place.split('`').next().expect("it ends");
    let foreign = ["saga", "list", SERVICE, "--state", "running", "--after", place];
    fails(&town, &foreign, "view-cursor-foreign").await;
    town.stop_all().await.expect("it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_carried_out_by_the_process_that_runs() {
    let town = town().await;
    five_moves(&town).await;
    asks(&town, "/vans/broken/repair").await;
    // Once the van is mended it may have been driven before anybody could say so.
    let retry = ["saga", "retry", SERVICE, "house.move/stuck", "drive"];
    let (is_good, said) = town.say(SERVICE, &retry).await.expect("it can be started");
    assert!(is_good || said.contains("saga-ended"), "{said}");
    stands(&town, "stuck", "completed").await;
    let because = ["--because", "the house burnt down"];
    let cancel: Vec<_> = ["saga", "cancel", SERVICE, "house.move/one"].into_iter().collect();
    says(&town, &[cancel, because.to_vec()].concat()).await;
    stands(&town, "one", "compensated").await;
    let told = says(&town, &["saga", "show", SERVICE, "house.move/one"]).await;
    assert!(told.contains("an operator cancelled it: the house burnt down"), "{told}");
    let vans = town.get(SERVICE, "/vans/small").await.expect("it answers").body;
    assert_eq!(vans, json!(["four", "three", "two"]), "what was loaded is unloaded");
    let told = json_of(&town, &["saga", "skip", SERVICE, "house.move/two", "key"]).await;
    assert!(told["kind"].as_str().is_some_and(|kind| kind.starts_with("saga.")), "{told}");
    stands(&town, "two", "completed").await;
    let resumed = says(&town, &["saga", "resume", SERVICE, "house.move/three"]).await;
    assert!(resumed.contains("resumed by an operator"), "{resumed}");
    for (words, code) in [
        (["saga", "cancel", SERVICE, "house.move/done"].as_slice(), "app-refused"),
        (&["saga", "retry", SERVICE, "house.move/three", "drive"], "app-refused"),
        (&["saga", "skip", SERVICE, "house.move/crew", "book"], "app-refused"),
        (&["saga", "resume", SERVICE, "house.move/nobody"], "app-refused"),
    ] {
        fails(&town, words, code).await;
    }
    town.stop_all().await.expect("it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_recorded_while_nobody_runs_and_carried_out_by_whoever_runs_next() {
    let town = town().await;
    five_moves(&town).await;
    town.stop_all().await.expect("it stops in order");
    let because = ["--because", "nobody moves"];
    says(&town, &[vec!["saga", "cancel", SERVICE, "house.move/one"], because.to_vec()].concat())
        .await;
    says(&town, &["saga", "skip", SERVICE, "house.move/stuck", "drive"]).await;
    fails(&town, &["saga", "cancel", SERVICE, "house.move/done"], "saga-ended").await;
    fails(&town, &["saga", "retry", SERVICE, "house.move/two", "drive"], "saga-not-at-step").await;
    let skip = ["saga", "skip", SERVICE, "house.move/crew", "book"];
    fails(&town, &skip, "saga-step-unknown-outcome").await;
    town.begin(0).await.expect("it comes up");
    stands(&town, "one", "compensated").await;
    stands(&town, "stuck", "completed").await;
    town.stop_all().await.expect("it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_checked_against_what_is_to_be_deployed_and_migrated_to_it() {
    let town = town().await;
    five_moves(&town).await;
    let log = format!("disk:{}", town.data(SERVICE).join("log").display());
    let check = ["saga", "check", SERVICE, "--against", log.as_str()];
    let fits = json_of(&town, &check).await;
    assert_eq!(
        (&fits["sagas"], &fits["ended"], &fits["misfits"]),
        (&8.into(), &2.into(), &0.into())
    );
    // The third version has lost steps that moves have come to. The program that is asked is the
    // one that is to be deployed; the one that runs goes on.
    town.set("MOVER_VERSION", "3").await;
    let told = fails(&town, &check, "saga-misfit").await;
    assert!(told.contains("house.move/one") && told.contains("it has no step \"key\""), "{told}");
    // The second has another name for a step: it fits once that is said.
    town.set("MOVER_VERSION", "2").await;
    fails(&town, &check, "saga-misfit").await;
    let renamed = [check.as_slice(), &["--step", "load=pack"]].concat();
    let fits = json_of(&town, &renamed).await;
    assert_eq!((&fits["misfits"], &fits["differing"]), (&0.into(), &0.into()), "{fits}");
    town.stop_all().await.expect("it stops in order");

    // Deployed, it leaves the old ones alone until somebody says how they go on.
    town.begin(0).await.expect("it comes up");
    let parked = ["saga", "cancel", SERVICE, "house.move/one"];
    let told = fails(&town, &parked, "app-refused").await;
    assert!(told.contains("saga-parked"), "{told}");
    let migrate = ["saga", "migrate", SERVICE, "house.move/one"];
    let told = fails(&town, &migrate, "app-refused").await;
    assert!(told.contains("saga-misfit"), "it is not said what \"load\" is called: {told}");
    let migrate = [migrate.as_slice(), &["--step", "load=pack"]].concat();
    let told = says(&town, &migrate).await;
    assert!(told.contains("goes on by version 2"), "{told}");
    stands(&town, "one", "running").await;
    says(&town, &["saga", "skip", SERVICE, "house.move/one", "key"]).await;
    stands(&town, "one", "completed").await;
    let told = says(&town, &["saga", "show", SERVICE, "house.move/one"]).await;
    assert!(told.contains("unload: done"), "the step that is new was done: {told}");
    // One that waits for its crew has not come to what has another name: it goes on as it is.
    let pinned = says(&town, &["saga", "migrate", SERVICE, "house.move/crew"]).await;
    assert!(pinned.contains("goes on by version 2"), "{pinned}");
    town.stop_all().await.expect("it stops in order");
}
