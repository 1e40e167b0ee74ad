//! A command line must be what a person can paste.

use super::*;

#[test]
fn a_command_line_reads_as_it_is_typed() {
    let line = CommandLine::parse("cargo doc --workspace").env("RUSTDOCFLAGS", "-D warnings");
    assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --workspace");
}

#[test]
fn a_word_with_a_quote_survives_the_shell() {
    let line = CommandLine::new(["printf", "%s", "it's"]);
    let shell = CommandLine::new(["sh", "-c", &line.to_string()]);
    let output = shell.command(Path::new("/")).output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "it's");
}

#[test]
fn a_failing_command_is_named() {
    let error = CommandLine::parse("false").run(Path::new("/")).expect_err("it fails").to_string();
    assert!(error.starts_with("`false` failed"), "{error}");
}

#[test]
fn a_missing_program_is_named() {
    let missing = CommandLine::parse("no-such-program --now").run(Path::new("/"));
    let error = format!("{:#}", missing.expect_err("it does not exist"));
    assert!(error.starts_with("cannot start `no-such-program --now`"), "{error}");
}

#[test]
fn commands_have_nothing_to_read() {
    let output = CommandLine::parse("cat").command(Path::new("/")).output().expect("cat");
    assert!(output.status.success() && output.stdout.is_empty());
}
