//! Steps that pass, fail and are skipped.

use super::*;

fn step(name: &'static str, line: &str) -> Step {
    Step { name, work: Work::Run(CommandLine::parse(line)) }
}

#[test]
fn a_failing_step_is_named_with_the_command_to_repeat_it() {
    let steps = [step("fine", "true"), step("broken", "false --strictly")];
    let error = run(Path::new("/"), &steps).expect_err("it fails").to_string();
    assert_eq!(error, "step `broken` failed: exit status: 1\n  alone: false --strictly");
}

#[test]
fn nothing_runs_after_a_failure() {
    let never = Step { name: "never", work: Work::Call(|_| panic!("it must not run")) };
    run(Path::new("/"), &[step("broken", "false"), never]).expect_err("it fails");
}

#[test]
fn a_step_done_here_is_repeated_by_name() {
    let call = Step { name: "needs", work: Work::Call(|_| anyhow::bail!("no apt")) };
    let error = format!("{:#}", run(Path::new("/"), &[call]).expect_err("it fails"));
    assert_eq!(error, "step `needs` failed: no apt\n  alone: cargo xtask test --only needs");
}

#[test]
fn the_summary_tells_times_and_reasons() {
    let done = [
        Done { name: "clippy", took: Duration::from_secs(65), outcome: Outcome::Passed },
        Done {
            name: "deny",
            took: Duration::ZERO,
            outcome: Outcome::Skipped("cargo-deny is not installed"),
        },
        Done { name: "docs", took: Duration::from_secs(5), outcome: Outcome::Failed },
    ];
    let expected = "  clippy    1m 05s  passed\n  deny        0.0s  skipped: cargo-deny is not installed\n  docs        5.0s  FAILED\n  total     1m 10s";
    assert_eq!(summary(&done), expected);
}
