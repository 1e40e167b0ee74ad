//! Systems with and without what the tests need.

use std::fs;
use std::path::{Path, PathBuf};

use super::install::{Quiet, Rights, allowed, side_by_side};
use super::*;

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    fn file(&self, path: &str) -> PathBuf {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().expect("inside")).expect("a folder");
        fs::write(&file, "").expect("a file");
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

const BROKER: Need = Need {
    what: "a broker",
    probe: &["brokerd", "/opt/broker/brokerd"],
    package: "broker-server",
    quiet: &[],
};

#[test]
fn a_program_in_the_path_meets_a_need() {
    let folder = Folder::new("path");
    let programs = Programs::made_up(&[&folder.0]);
    assert_eq!(missing(&[BROKER], &programs), [BROKER]);
    folder.file("brokerd");
    assert_eq!(missing(&[BROKER], &programs), []);
}

#[test]
fn a_star_stands_for_one_part_of_a_path() {
    let folder = Folder::new("star");
    folder.file("server/15/bin/postgres");
    let programs = Programs::made_up(&[]);
    let probe = |pattern: &str| programs.has(&format!("{}/{pattern}", folder.0.display()));
    assert!(probe("server/*/bin/postgres"));
    assert!(!probe("server/*/postgres"));
    assert!(!probe("server/*/bin"));
}

#[test]
fn who_may_not_install_is_told_what_to_type() {
    let user = Rights { root: false, apt: true };
    assert_eq!(
        allowed(&[BROKER], user).expect_err("not root").to_string(),
        "the tests need a broker; install it: sudo apt-get install broker-server"
    );
    let elsewhere = Rights { root: true, apt: false };
    assert_eq!(
        allowed(&[BROKER], elsewhere).expect_err("no apt").to_string(),
        "the tests need a broker; install it with your package manager (on Debian: broker-server)"
    );
    allowed(&[BROKER], Rights { root: true, apt: true }).expect("root with apt may");
}

#[test]
fn packages_and_tools_are_provided_at_the_same_time() {
    let (asks, asked) = std::sync::mpsc::sync_channel(1);
    let (answers, answered) = std::sync::mpsc::sync_channel(1);
    let long = std::time::Duration::from_secs(60);
    side_by_side(
        || {
            asks.send(())?;
            Ok(answered.recv_timeout(long)?)
        },
        move || {
            asked.recv_timeout(long)?;
            Ok(answers.send(())?)
        },
    )
    .expect("each meets the other");
    side_by_side(|| anyhow::bail!("apt"), || Ok(())).expect_err("one failed");
    side_by_side(|| Ok(()), || anyhow::bail!("cargo")).expect_err("the other failed");
}

#[test]
fn what_keeps_a_package_quiet_leaves_no_trace() {
    let folder = Folder::new("quiet");
    let file = folder.0.join("etc/broker.d/ondol.conf");
    let quiet = Quiet::new(&file, "autostart = false\n").expect("written");
    assert_eq!(fs::read_to_string(&file).expect("there"), "autostart = false\n");
    drop(quiet);
    assert!(!folder.0.join("etc").exists());
}

#[test]
fn what_the_package_puts_beside_it_stays() {
    let folder = Folder::new("beside");
    let file = folder.0.join("etc/broker.d/ondol.conf");
    let quiet = Quiet::new(&file, "").expect("written");
    let theirs = folder.file("etc/broker.conf");
    drop(quiet);
    assert!(theirs.exists() && !file.parent().expect("a folder").exists());
}

#[test]
fn a_setting_somebody_made_is_not_touched() {
    let folder = Folder::new("theirs");
    let file = folder.file("ondol.conf");
    drop(Quiet::new(Path::new(&file), "ours").expect("left alone"));
    assert_eq!(fs::read_to_string(&file).expect("still there"), "");
}

#[test]
fn a_script_that_keeps_a_server_from_starting_can_be_run() {
    let folder = Folder::new("script");
    let (script, text) = (folder.0.join("policy"), folder.0.join("settings"));
    let _script = Quiet::new(&script, "#!/bin/sh\nexit 101\n").expect("it is written");
    let _text = Quiet::new(&text, "key = value\n").expect("it is written");
    let status = std::process::Command::new(&script).status().expect("it can be run");
    assert_eq!(status.code(), Some(101));
    assert!(std::process::Command::new(&text).status().is_err(), "settings are no program");
}

#[test]
fn a_tool_is_built_in_one_version_with_the_dependencies_of_its_release() {
    for Tool { program, install } in TOOLS {
        let exact = format!("cargo install --quiet --debug --locked {program}@");
        assert!(install.starts_with(&exact), "{install:?} does not begin with {exact:?}");
    }
}

#[test]
fn packages_are_there_when_all_that_is_locked_is() {
    let folder = Folder::new("packages");
    let packages = Packages { folder: "clients" };
    let write = |path: &str, text: &str| fs::write(folder.file(path), text).expect("a file");
    let locked = "{\n  \"integrity\": \"sha512-new\",\n  \"resolved\": false\n}\n";
    write("clients/package-lock.json", locked);
    assert!(!packages.are_there(&folder.0), "nothing is installed");
    write("clients/node_modules/.package-lock.json", &locked.replace("new", "old"));
    assert!(!packages.are_there(&folder.0), "another version is");
    write("clients/node_modules/.package-lock.json", locked);
    assert!(packages.are_there(&folder.0));
}

#[test]
fn no_lock_file_names_an_address() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the root");
    for packages in PACKAGES {
        let lock = root.join(packages.folder).join("package-lock.json");
        let lock = fs::read_to_string(lock).expect("it is kept");
        assert!(lock.contains("\"integrity\": \"sha512-"), "every package has its hash");
        assert!(!lock.contains("://"), "{}", packages.folder);
    }
}
