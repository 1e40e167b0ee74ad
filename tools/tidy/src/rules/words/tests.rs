//! Words in code, comments, literals and documents.

use crate::rules::made_up::workspace;

const PATH: &str = "bank/domain/src/account.rs";

fn findings(rule: &str, code: &str) -> Vec<String> {
    workspace().file(PATH, &format!("//! An account.\n{code}")).findings(rule)
}

#[test]
fn work_for_later_is_found_in_comments_and_macros() {
    assert_eq!(findings("unfinished", "// FIXME\n").len(), 1);
    assert_eq!(findings("unfinished", "/* a\nTODO b */\n").len(), 1);
    assert_eq!(findings("unfinished", "fn f() { todo!() }\n").len(), 1);
}

#[test]
fn words_that_only_look_like_it_are_not_found() {
    assert!(
        findings("unfinished", "const A: &str = \"TODO\"; // TODOS are a list\nfn todo() {}\n")
            .is_empty()
    );
}

#[test]
fn documents_are_finished_too() {
    let page = |text| workspace().file("CONTRIBUTING.md", text).findings("unfinished").len();
    assert_eq!(page("# Start\nTODO: write this\n"), 1);
    assert_eq!(page("# Start\nNo `TODO` is left.\n"), 0);
    assert_eq!(workspace().file("deny.toml", "# FIXME\n").findings("unfinished").len(), 1);
}

#[test]
fn an_exception_in_a_whole_file_is_found() {
    assert_eq!(findings("exceptions", "#![allow(unused)]\n").len(), 1);
    assert!(
        findings("exceptions", "#[expect(unused, reason = \"shown\")]\nfn f() {}\n").is_empty()
    );
}

#[test]
fn a_sleep_in_a_test_is_found() {
    let test =
        "#[cfg(test)]\nmod tests {\n    #[test]\n    fn f() { std::thread::sleep(LONG); }\n}\n";
    assert_eq!(
        findings("honest-tests", test),
        [format!(
            "{PATH}:5: a sleep only hopes: wait for the condition, or move the clock [honest-tests]"
        )]
    );
    let file = workspace()
        .file("bank/domain/tests/slow.rs", "//! Slow.\nasync fn f() { sleep(LONG).await }\n");
    assert_eq!(file.findings("honest-tests").len(), 1);
}

#[test]
fn a_clock_of_a_test_may_say_how_it_sleeps() {
    let file = "//! Late.\nimpl Clock for Late {\n    fn sleep(&self) -> Sleep { self.clock.sleep() }\n}\n";
    let file = workspace().file("bank/domain/tests/late.rs", file);
    assert!(file.findings("honest-tests").is_empty());
}

#[test]
fn a_sleep_in_time_that_the_test_moves_is_fine() {
    let test =
        "//! Fast.\n#[tokio::test(start_paused = true)]\nasync fn f() { sleep(LONG).await }\n";
    assert!(
        workspace().file("bank/domain/tests/fast.rs", test).findings("honest-tests").is_empty()
    );
}

#[test]
fn a_clock_of_the_tests_own_may_be_slept_by() {
    let test = "//! Fast.\nasync fn f() { clock.sleep(LONG).await }\n";
    assert!(
        workspace().file("bank/domain/tests/fast.rs", test).findings("honest-tests").is_empty()
    );
}

#[test]
fn a_sleep_outside_of_tests_is_clippys_business() {
    assert!(findings("honest-tests", "fn f() { sleep(LONG); }\n").is_empty());
}

#[test]
fn work_for_later_is_found_however_it_is_written() {
    assert_eq!(findings("unfinished", "// todo: later\n").len(), 1);
    assert_eq!(findings("unfinished", "/// Fixme\nfn f() {}\n").len(), 1);
    assert!(findings("unfinished", "// a hack saw\n").is_empty());
}

#[test]
fn an_exception_behind_a_condition_is_found() {
    let hidden = "#[cfg_attr(all(), allow(dead_code))]\nfn f() {}\nfn allow(x: u8) { allow(x) }\n";
    assert_eq!(findings("exceptions", hidden).len(), 1);
    assert_eq!(findings("honest-tests", "#[cfg_attr(all(), ignore)]\nfn f() {}\n").len(), 1);
    assert!(findings("exceptions", "#[cfg_attr(test, derive(Debug))]\nstruct A;\n").is_empty());
}

#[test]
fn time_is_moved_by_code_and_not_by_a_comment() {
    let test = "//! Slow, and not start_paused.\nasync fn f() { sleep(LONG).await }\n";
    let file = workspace().file("bank/domain/tests/slow.rs", test);
    assert_eq!(file.findings("honest-tests").len(), 1);
}
