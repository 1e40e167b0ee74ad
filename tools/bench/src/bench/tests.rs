//! Whole bench programs over made-up measurements.

use std::cell::RefCell;
use std::path::PathBuf;

use super::*;
use crate::figure::Figure;

fn bench<'a>(options: Options) -> Bench<'a> {
    let mut bench = Bench::new("made-up", options).expect("no file to write");
    bench.setting("sync", "none").setting("payload", "none").setting("concurrency", 1);
    bench
}

/// A file that is gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("ondol-bench-{name}-{}.json", std::process::id())))
    }

    fn figures(&self) -> Vec<Figure> {
        Figure::read_all(&std::fs::read_to_string(&self.0).expect("written")).expect("figures")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[test]
fn compared_cases_run_in_turns() {
    let order = RefCell::new(String::new());
    let mut bench = bench(Options::default());
    let run = |name: char| {
        order.borrow_mut().push(name);
        1.0
    };
    bench.case("limit").unit("x/s").measure(|| run('A'));
    bench.case("other").unit("x/s").measure(|| run('C'));
    bench.case("ours").unit("x/s").against("limit").measure(|| run('B'));
    bench.run().expect("nothing fails");
    assert_eq!(order.take(), "ABABABCCC");
}

#[test]
fn the_figures_are_medians_and_ratios() {
    let scratch = Scratch::new("figures");
    let mut limit = [100.0, 50.0, 200.0].into_iter();
    let mut ours = [50.0, 30.0, 100.0].into_iter();
    let mut bench = bench(Options { json: Some(scratch.0.clone()), ..Options::default() });
    bench.case("limit").unit("x/s").measure(|| limit.next().expect("three rounds"));
    bench
        .case("ours")
        .unit("x/s")
        .against("limit")
        .measure(|| Measured::new(ours.next().expect("three rounds")).also("p99", "ms", 7.0));
    bench.run().expect("nothing fails");
    let figures = scratch.figures();
    let found: Vec<_> = figures
        .iter()
        .map(|figure| (figure.case.as_str(), figure.value, figure.ratio, figure.against.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("limit", 100.0, None, None),
            ("ours", 50.0, Some(0.5), Some("limit")),
            ("ours p99", 7.0, None, None)
        ]
    );
}

#[test]
fn a_further_figure_is_compared_with_its_like() {
    let scratch = Scratch::new("also");
    let mut bench = bench(Options { json: Some(scratch.0.clone()), ..Options::default() });
    bench.case("peer").unit("x/s").measure(|| Measured::new(1.0).also("p99", "ms", 4.0));
    bench
        .case("ours")
        .unit("x/s")
        .against("peer")
        .measure(|| Measured::new(1.0).also("p99", "ms", 2.0));
    bench.run().expect("nothing fails");
    let figures = scratch.figures();
    let ours = figures.iter().find(|figure| figure.case == "ours p99").expect("measured");
    assert_eq!((ours.ratio, ours.against.as_deref()), (Some(0.5), Some("peer p99")));
}

#[test]
fn a_chosen_case_brings_what_it_is_compared_with() {
    let order = RefCell::new(String::new());
    let mut bench = bench(Options { case: Some("our".into()), quick: true, ..Options::default() });
    let run = |name: char| {
        order.borrow_mut().push(name);
        1.0
    };
    bench.case("limit").unit("x/s").measure(|| run('A'));
    bench.case("other").unit("x/s").measure(|| run('C'));
    bench.case("ours").unit("x/s").against("limit").measure(|| run('B'));
    bench.run().expect("nothing fails");
    assert_eq!(order.take(), "AB");
}

#[test]
fn quick_figures_are_marked_and_small() {
    let scratch = Scratch::new("quick");
    let mut runs = 0;
    let mut bench =
        bench(Options { quick: true, json: Some(scratch.0.clone()), ..Options::default() });
    assert_eq!(bench.size(1_000_000, 10), 10);
    bench.case("one").unit("x").measure(|| {
        runs += 1;
        f64::from(runs)
    });
    bench.run().expect("nothing fails");
    assert!(scratch.figures().iter().all(|figure| figure.quick));
    assert_eq!(scratch.figures()[0].value.to_string(), "1");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let mut bench = Bench::new("made-up", Options::default()).expect("no file to write");
    bench.setting("sync", "none").setting("payload", "none");
    bench.case("a").measure(|| 1.0);
    bench.case("b").unit("ms").against("nowhere").measure(|| 1.0);
    bench.case("c").unit("ms").against("d").measure(|| 1.0);
    bench.case("d").unit("ms").against("c").measure(|| 1.0);
    bench.case("d").unit("ms").measure(|| 1.0);
    bench.case("e").unit("x/s").against("b").measure(|| 1.0);
    let Err(RunError::Invalid { problems, .. }) = bench.run() else { panic!("it must not run") };
    for part in [
        "case `a` does not say its concurrency",
        "case `a` has no unit",
        "case `b` is compared with `nowhere`",
        "case `c` is compared with itself",
        "two cases are called `d`",
        "compares x/s with ms",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
    }
}

#[test]
fn an_unknown_case_is_answered_with_the_known_ones() {
    let mut bench = bench(Options { case: Some("appendix".into()), ..Options::default() });
    bench.case("append").unit("x/s").measure(|| 1.0);
    let error = bench.run().expect_err("no such case").to_string();
    assert!(error.contains("`appendix`") && error.contains("`append`"), "{error}");
}

#[test]
fn a_failing_run_names_its_case_and_keeps_the_reason() {
    let mut bench = bench(Options::default());
    bench.case("append").unit("x/s").measure(|| Err::<f64, _>("the disk is full"));
    let error = bench.run().expect_err("it fails");
    assert_eq!(error.to_string(), "case `append` failed in round 1");
    assert_eq!(error.source().expect("the reason").to_string(), "the disk is full");
}

#[test]
fn what_is_not_a_number_is_not_a_figure() {
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        let mut bench = bench(Options::default());
        bench.case("append").unit("x/s").measure(|| value);
        assert!(matches!(bench.run(), Err(RunError::Case { .. })), "{value}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_known_before_measuring() {
    let json = Some(PathBuf::from("/nowhere/at/all.json"));
    let options = Options { json, ..Options::default() };
    assert!(matches!(Bench::new("made-up", options), Err(StartError::Json { .. })));
}
