//! The command a bench is run with, and bars as sentences.

use super::*;

const TEXT: &str = r#"
    [[bar]]
    bench = "store"
    case = "append"
    at_least = 0.6
    of = "ratio"
    why = "close to the disk"
"#;

fn store() -> Program {
    Program { package: "ondol-store".into(), name: "store".into() }
}

fn figure(ratio: f64) -> Figure {
    Figure {
        bench: "store".into(),
        case: "append".into(),
        value: 1.0,
        unit: "events/s".into(),
        ratio: Some(ratio),
        against: Some("raw limit".into()),
        quick: false,
    }
}

#[test]
fn a_bench_is_run_by_its_package_and_name() {
    let options = Bench { case: Some("append".into()), quick: true, ..Bench::default() };
    assert_eq!(
        command(&store(), &options, Path::new("/tmp/f.json")).to_string(),
        "cargo bench --quiet --package ondol-store --bench store -- append --quick --json /tmp/f.json"
    );
}

#[test]
fn a_bar_that_falls_short_fails_the_check() {
    let bars = Bars::parse(TEXT).expect("a bar");
    check(&bars, &[figure(0.61)], &[store()]).expect("met");
    let error = check(&bars, &[figure(0.59)], &[store()]).expect_err("short").to_string();
    assert_eq!(error, "1 of 1 bars not met");
}

#[test]
fn a_bar_nobody_measured_fails_the_check() {
    let bars = Bars::parse(TEXT).expect("a bar");
    check(&bars, &[], &[store()]).expect_err("its bench ran without it");
    check(&bars, &[], &[]).expect("its bench did not run");
}

#[test]
fn a_bar_is_printed_beside_its_figure() {
    let bars = Bars::parse(TEXT).expect("a bar");
    let figures = [figure(0.59)];
    let verdicts = bars.check(&figures, &["store"]);
    assert_eq!(
        sentence(&verdicts[0]),
        "SHORT         store: append  ratio 0.590, at least 0.6  (close to the disk)"
    );
}
