//! Homes of very small servers.

use super::*;

fn home() -> Home {
    Home::new("TERM", User::for_servers().expect("an ordinary user")).expect("a folder and a guard")
}

fn run(home: &mut Home, script: &str) -> u32 {
    home.start(Path::new("/bin/sh"), ["-c", script]).expect("sh");
    home.pid().expect("it runs")
}

fn said(home: &Home, word: &str) {
    let seen = wait_for(Duration::from_secs(10), || home.log_tail().contains(word).then_some(()));
    assert!(seen.is_some(), "it never said {word}: {}", home.log_tail());
}

#[test]
fn a_server_and_its_folder_are_gone_after_drop() {
    let mut home = home();
    let pid = run(&mut home, "echo ready; while :; do sleep 1; done");
    said(&home, "ready");
    let folder = home.folder().to_owned();
    assert!(folder.exists() && is_alive(pid));
    drop(home);
    assert!(!folder.exists() && !is_alive(pid));
}

#[test]
fn a_server_is_not_root() {
    let mut home = home();
    run(&mut home, "echo user $(id -u).; while :; do sleep 1; done");
    said(&home, "user ");
    assert!(!home.log_tail().contains("user 0."), "{}", home.log_tail());
}

#[test]
fn a_kill_takes_the_children_along() {
    let mut home = home();
    let pid = run(&mut home, "sleep 100 & sleep 100 & echo ready; wait");
    said(&home, "ready");
    let children = children_of(pid).expect("/proc");
    assert_eq!(children.len(), 2);
    home.kill().expect("killed");
    assert!(!is_alive(pid) && children.iter().all(|child| !is_alive(*child)));
    assert!(home.folder().exists() && !home.is_running());
}

#[test]
fn a_server_that_ends_by_itself_is_noticed() {
    let mut home = home();
    run(&mut home, "echo no such setting; exit 1");
    wait_for(Duration::from_secs(10), || (!home.is_running()).then_some(())).expect("it ended");
    assert_eq!(home.log_tail(), "no such setting");
}

#[test]
fn a_stopped_server_can_be_started_again() {
    let mut home = home();
    let first =
        run(&mut home, "trap 'echo bye; exit' TERM; echo first; while :; do sleep 0.01; done");
    said(&home, "first");
    home.stop("TERM").expect("stopped");
    said(&home, "bye");
    let second = run(&mut home, "echo second; while :; do sleep 1; done");
    said(&home, "second");
    assert!(!is_alive(first) && is_alive(second));
}

#[test]
fn a_long_log_is_cut_to_its_end() {
    let lines: Vec<_> = (1..=100).map(|line| line.to_string()).collect();
    let end = tail(&lines.join("\n"));
    assert!(end.starts_with("81\n") && end.ends_with("\n100"), "{end}");
}
