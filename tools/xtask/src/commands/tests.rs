//! The command line as people write it.

use clap::CommandFactory;

use super::*;

fn error(words: &[&str]) -> String {
    let words = std::iter::once("xtask").chain(words.iter().copied());
    Commands::try_parse_from(words).expect_err("it must be refused").to_string()
}

#[test]
fn the_definition_holds_together() {
    Commands::command().debug_assert();
}

#[test]
fn nothing_asked_shows_what_can_be_asked() {
    let help = error(&[]);
    for command in ["up", "test", "bench", "torture", "docs"] {
        assert!(help.contains(command), "{command} is missing:\n{help}");
    }
}

#[test]
fn a_misspelt_command_is_guessed() {
    assert!(error(&["tset"]).contains("'test'"), "{}", error(&["tset"]));
}

#[test]
fn a_quick_run_cannot_be_checked() {
    assert!(error(&["bench", "--quick", "--check"]).contains("cannot be used with"));
    assert!(error(&["bench", "--case", "append", "--check"]).contains("cannot be used with"));
}

#[test]
fn torture_takes_minutes_and_a_seed() {
    let words = ["xtask", "torture", "--minutes", "3", "--seed", "7"];
    let Command::Torture(torture) = Commands::try_parse_from(words).expect("fine").command else {
        panic!("another command");
    };
    assert_eq!((torture.minutes, torture.seed), (3, Some(7)));
}
