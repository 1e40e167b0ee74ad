//! Files and functions at their limits and one beyond.

use crate::rules::made_up::workspace;
use crate::workspace::Workspace;

const PATH: &str = "bank/domain/src/account.rs";

fn with(text: &str) -> Workspace {
    workspace().file(PATH, text)
}

#[test]
fn a_file_may_have_400_lines_and_no_more() {
    assert!(with(&"//! Line.\n".repeat(400)).findings("size").is_empty());
    assert_eq!(
        with(&"//! Line.\n".repeat(401)).findings("size"),
        [format!("{PATH}:1: 401 lines; at most 400 [size]")]
    );
}

#[test]
fn a_files_own_tests_do_not_count() {
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    const A: u8 = 1;\n".repeat(500));
    assert!(with(&("//! Line.\n".repeat(399) + &tests)).findings("size").is_empty());
    let file = workspace().file("bank/domain/tests/long.rs", &"//! Line.\n".repeat(500));
    assert!(file.findings("size").is_empty());
}

#[test]
fn a_function_may_have_70_lines_and_no_more() {
    let function = |lines: usize| {
        format!("//! F.\nfn f() {{\n    // why\n\n{}}}\n", "    g();\n".repeat(lines))
    };
    assert!(with(&function(70)).findings("size").is_empty());
    assert_eq!(
        with(&function(71)).findings("size"),
        [format!("{PATH}:2: `f` has 73 lines; at most 70 [size]")]
    );
}

#[test]
fn a_main_only_begins() {
    let main = |lines| {
        workspace().file("bank/domain/src/main.rs", &"//! Line.\n".repeat(lines)).findings("size")
    };
    assert!(main(40).is_empty());
    assert_eq!(main(41), ["bank/domain/src/main.rs:1: 41 lines; at most 40 [size]"]);
}
