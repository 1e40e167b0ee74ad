//! New builds that prove themselves, and those that do not: over real sockets.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ondol_doors::{Clock, ManualClock, SeededRng};
use ondol_gateway::{CanaryAct, Colour, Config, SteerError, Surroundings};
use ondol_kernel::Timestamp;

use super::certificates::Folder;
use super::rig::{Rig, Upstream, say, until, until_within};

const EVERY: Duration = Duration::from_secs(60);
/// Requests in an interval: enough for both sides to have their samples at 10 percent.
const REQUESTS: usize = 120;

fn file(old: &Upstream, new: &Upstream, more: &str) -> String {
    let samples = if more.contains("samples_min") { "" } else { "samples_min = 5\n" };
    format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n\
         [backends.old]\nendpoints = [\"http://{}\"]\n[backends.new]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\n[routes.all.canary]\nfrom = \"old\"\nto = \"new\"\n{samples}{more}",
        old.address, new.address
    )
}

/// A gateway whose time is moved by the test.
struct Watched {
    rig: Rig,
    clock: Arc<ManualClock>,
}

impl Watched {
    fn start(text: &str, folder: Option<&Folder>) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        Self::with(text, folder, clock)
    }

    fn with(text: &str, folder: Option<&Folder>, clock: Arc<ManualClock>) -> Self {
        let door: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let steered = folder.map(|folder| folder.file("steered").into());
        let rng = Arc::new(SeededRng::new(7));
        let around = Surroundings { clock: door, rng, steered, ..Surroundings::default() };
        let config = Config::read("canary.toml", text).expect("a good configuration");
        Self { rig: Rig::around(config, around), clock }
    }

    fn percent(&self) -> u64 {
        let series = "ondol_gateway_canary_percent{route=\"all\"} ";
        self.rig.metric(series).expect("a canary")
    }

    fn is(&self, state: &str) -> bool {
        let series = format!("ondol_gateway_canary_state{{route=\"all\",state=\"{state}\"}} ");
        self.rig.metric(&series) == Some(1)
    }

    fn judgements(&self) -> u64 {
        let metrics = self.rig.handle.metrics();
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("ondol_gateway_canary_judgements_total{"));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    fn ask(&self, requests: usize) {
        let connection = "GET /a HTTP/1.1\r\nHost: bank.test\r\n\r\n".repeat(requests - 1)
            + "GET /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
        drop(self.rig.send(connection.as_bytes(), usize::MAX));
    }

    /// Lets an interval pass, until it has been judged.
    fn interval(&self, requests: usize) {
        if requests > 0 {
            self.ask(requests);
        }
        let before = self.judgements();
        // In pieces, since the judge may not have lain down yet.
        until("it is judged", || {
            self.clock.advance(EVERY / 6);
            self.judgements() > before
        });
    }

    /// How many intervals until it is rolled back, of three at most.
    fn rolled_back_after(&self, requests: usize) -> usize {
        for interval in 1..=3 {
            self.interval(requests);
            if self.is("rolled_back") {
                assert_eq!(self.percent(), 0);
                return interval;
            }
        }
        let metrics = self.rig.handle.metrics();
        unreachable!("it is still there after three intervals:\n{metrics}");
    }
}

/// Fails one of twenty.
fn failing() -> Upstream {
    let asked = AtomicU64::new(0);
    Upstream::answering(move |_, stream| {
        if asked.fetch_add(1, Ordering::SeqCst) % 20 == 19 {
            let bad = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
            return stream.write_all(bad).is_ok();
        }
        say(stream, "new")
    })
}

#[test]
fn a_good_build_gets_everything_and_a_restart_forgets_nothing() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let folder = Folder::new("canary-good");
    let text = file(&old, &new, "");
    let watched = Watched::start(&text, Some(&folder));
    let mut shares = vec![watched.percent()];
    for _ in 0..2 {
        watched.interval(REQUESTS);
        shares.push(watched.percent());
    }
    let Watched { rig, clock } = watched;
    rig.reload(&(text.clone() + "[routes.other]\npath = \"/other\"\nto = \"old\"\n"));
    let watched = Watched { rig, clock };
    assert_eq!(watched.percent(), 50, "it lives on over a reload");
    drop(watched);
    let watched = Watched::start(&text, Some(&folder));
    assert_eq!(watched.percent(), 50, "and over a restart");
    for _ in 0..2 {
        watched.interval(REQUESTS);
        shares.push(watched.percent());
    }
    assert_eq!(shares, [10, 25, 50, 100, 100]);
    assert!(watched.is("promoted"));
    drop((old.take(), new.take()));
    watched.ask(20);
    assert_eq!((old.take().len(), new.take().len()), (0, 20), "the new one has everything");
}

#[test]
fn a_build_that_fails_one_in_twenty_is_rolled_back_within_three_intervals() {
    let (old, new) = (Upstream::saying("old"), failing());
    let watched = Watched::start(&file(&old, &new, ""), None);
    assert!(watched.rolled_back_after(1200) <= 3);
    new.take();
    watched.ask(20);
    assert_eq!(new.take().len(), 0, "nobody is sent there any more");
}

#[test]
fn a_build_that_takes_200_ms_longer_is_rolled_back_within_three_intervals() {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    let slow = Arc::clone(&clock);
    let old = Upstream::saying("old");
    let new = Upstream::answering(move |_, stream| {
        slow.advance(Duration::from_millis(200));
        say(stream, "new")
    });
    let watched = Watched::with(&file(&old, &new, ""), None, clock);
    assert_eq!(watched.rolled_back_after(REQUESTS), 1);
}

#[test]
fn a_build_that_has_crashed_is_rolled_back_within_three_intervals() {
    let old = Upstream::saying("old");
    let new = Upstream::answering(|_, _| false);
    let watched = Watched::start(&file(&old, &new, ""), None);
    assert_eq!(watched.rolled_back_after(REQUESTS), 1);
}

#[test]
fn a_build_that_breaks_off_its_answers_is_rolled_back_although_they_begin_well() {
    let old = Upstream::saying("old");
    let new = Upstream::answering(|_, stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf"));
        false
    });
    let watched = Watched::start(&file(&old, &new, ""), None);
    // Each answer that breaks off ends its connection.
    let ask = || (0..REQUESTS).for_each(|_| drop(watched.rig.get("/a", "")));
    ask();
    watched.interval(0);
    assert!(watched.is("rolled_back"), "{}", watched.rig.handle.metrics());
}

#[test]
fn a_build_that_nobody_asks_is_rolled_back_within_three_intervals() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let watched = Watched::start(&file(&old, &new, ""), None);
    assert_eq!(watched.rolled_back_after(0), 2);
}

#[test]
fn what_is_only_observed_is_judged_and_not_moved() {
    let (old, new) = (Upstream::saying("old"), Upstream::answering(|_, _| false));
    let watched = Watched::start(&file(&old, &new, "mode = \"observe\"\n"), None);
    watched.interval(REQUESTS);
    assert_eq!((watched.percent(), watched.is("walking")), (10, true));
    let failing = "ondol_gateway_canary_judgements_total{route=\"all\",found=\"failing\"} ";
    assert_eq!(watched.rig.metric(failing), Some(1));
}

#[test]
fn a_client_that_was_on_the_new_side_stays_there_as_it_grows() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let text = file(&old, &new, "[routes.all.sticky]\ncookie = \"ID\"\n");
    let watched = Watched::start(&text, None);
    let sides = || -> Vec<bool> {
        let side = |id| watched.rig.get("/a", &format!("Cookie: ID={id}\r\n")).body == "new";
        (0..60).map(side).collect()
    };
    let mut before = sides();
    assert_eq!(before, sides(), "asked again, everyone is where he was");
    for percent in [25, 50, 100] {
        watched.interval(REQUESTS);
        assert_eq!(watched.percent(), percent);
        let now = sides();
        let kept = before.iter().zip(&now).all(|(before, now)| *now || !before);
        assert!(kept, "nobody goes back at {percent} percent");
        before = now;
    }
    assert!(before.iter().all(|new| *new));
}

#[test]
fn a_hand_freezes_forces_and_rolls_back() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let watched = Watched::start(&file(&old, &new, ""), None);
    let act = |act| watched.rig.handle.steer_canary("all", act, "because");
    act(CanaryAct::Freeze).expect("a canary that walks");
    assert_eq!(act(CanaryAct::Freeze), Err(SteerError::Already));
    watched.interval(REQUESTS);
    assert_eq!((watched.percent(), watched.is("frozen")), (10, true));
    act(CanaryAct::Thaw).expect("a frozen canary");
    act(CanaryAct::Force(50)).expect("a step");
    assert_eq!(watched.percent(), 50);
    let steps = vec![10, 25, 50, 100];
    assert_eq!(act(CanaryAct::Force(60)), Err(SteerError::NoSuchStep { asked: 60, steps }));
    act(CanaryAct::RollBack).expect("a canary that walks");
    assert_eq!((watched.percent(), watched.is("rolled_back")), (0, true));
    assert_eq!(act(CanaryAct::Thaw), Err(SteerError::Over("rolled_back")));
    act(CanaryAct::Restart).expect("a canary that is over");
    assert_eq!(watched.percent(), 10);
    let meant = Some("all".to_owned());
    let unknown = SteerError::NoSuchRoute { name: "al".to_owned(), meant };
    assert_eq!(watched.rig.handle.steer_canary("al", CanaryAct::Freeze, ""), Err(unknown));
}

#[test]
fn another_release_begins_anew_and_the_same_one_stays_rolled_back() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let watched = Watched::start(&file(&old, &new, "release = \"1\"\n"), None);
    watched.rig.handle.steer_canary("all", CanaryAct::RollBack, "bad").expect("a canary");
    watched.rig.reload(&file(&old, &new, "release = \"1\"\nholds = 2\n"));
    assert!(watched.is("rolled_back"));
    watched.rig.reload(&file(&old, &new, "release = \"2\"\n"));
    assert_eq!((watched.percent(), watched.is("walking")), (10, true));
}

#[test]
fn with_the_clock_of_the_machine_a_bad_build_goes_and_a_good_one_stays() {
    let (old, new, bad) = (Upstream::saying("old"), Upstream::saying("new"), failing());
    for (candidate, state) in [(&new, "promoted"), (&bad, "rolled_back")] {
        let more = "every = \"250ms\"\nsteps = [50, 100]\nmissing_max = 40\np99_slack = \"5s\"\n\
                    samples_min = 100\n";
        let rig =
            Rig::with(Config::read("canary.toml", &file(&old, candidate, more)).expect("good"));
        let series = format!("ondol_gateway_canary_state{{route=\"all\",state=\"{state}\"}} ");
        until_within(Duration::from_secs(60), state, || {
            let asked = "GET /a HTTP/1.1\r\nHost: bank.test\r\n\r\n".repeat(49)
                + "GET /a HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
            drop(rig.send(asked.as_bytes(), usize::MAX));
            rig.metric(&series) == Some(1)
        });
    }
}

#[test]
fn the_shipped_canary_gets_everything_when_it_is_good_and_its_two_colours_serve() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let (blue, green) = (Upstream::saying("blue"), Upstream::saying("green"));
    let text = include_str!("../../examples/canary.toml")
        .replace("127.0.0.1:8080\"]", "127.0.0.1:0\"]\nworkers = 1")
        .replace("127.0.0.1:8081", "127.0.0.1:0")
        .replace("127.0.0.1:9301", &old.address.to_string())
        .replace("127.0.0.1:9302", &new.address.to_string())
        .replace("127.0.0.1:9303", &blue.address.to_string())
        .replace("127.0.0.1:9304", &green.address.to_string());
    let watched = Watched::start(&text, None);
    let series = |what: &str| format!("ondol_gateway_canary_{what}{{route=\"accounts\"");
    let percent = || watched.rig.metric(&(series("percent") + "} "));
    let mut session = 0;
    for expected in [10, 25, 50, 100, 100] {
        assert_eq!(percent(), Some(expected));
        let requests: Vec<String> = (0..1200)
            .map(|_| {
                session += 1;
                format!(
                    "GET /accounts/1 HTTP/1.1\r\nHost: bank.test\r\nCookie: SESSION={session}\r\n\r\n"
                )
            })
            .collect();
        for some in requests.chunks(100) {
            let end = "GET /cards/1 HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
            let said = watched.rig.send((some.concat() + end).as_bytes(), usize::MAX);
            assert!(said.ends_with(b"blue"));
        }
        let before = watched.judgements();
        if watched.rig.metric(&(series("state") + ",state=\"promoted\"} ")) == Some(1) {
            break;
        }
        until("it is judged", || {
            watched.clock.advance(EVERY / 6);
            watched.judgements() > before
        });
    }
    assert_eq!(watched.rig.metric(&(series("state") + ",state=\"promoted\"} ")), Some(1));
    assert!(!new.received().is_empty());
    watched.rig.handle.switch_to("cards", Colour::Green).expect("another colour");
    assert_eq!(watched.rig.get("/cards/1", "").body, "green");
}
