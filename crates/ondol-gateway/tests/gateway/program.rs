//! The program: started, changed and stopped as an operator does it.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::certificates::Folder;
use super::rig::{Reply, send, until};

/// The program, until the test is over.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) const fn of(child: Child) -> Self {
        Self(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn free() -> SocketAddr {
    ondol_testkit::servers::free_address().expect("a port")
}

pub(crate) fn start(arguments: &[&str], at: SocketAddr) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ondol-gateway"));
    let command = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let program = Program(command.spawn().expect("the program"));
    until("it listens", || TcpStream::connect(at).is_ok());
    program
}

fn write(file: &Path, at: SocketAddr, body: &str) {
    let text = format!(
        "listen = [\"{at}\"]\nworkers = 1\n[routes.all]\nrespond = {{ status = 200, body = \"{body}\" }}\n"
    );
    let new = file.with_extension("new");
    std::fs::write(&new, text).expect("a file");
    std::fs::rename(&new, file).expect("a file replaced");
}

fn said(at: SocketAddr) -> String {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    Reply::of(&send(at, request, usize::MAX)).body
}

#[test]
fn a_file_is_taken_over_as_it_changes_and_the_last_good_one_survives_a_restart() {
    let folder = std::env::temp_dir().join(format!("ondol-program-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (file, at) = (folder.join("gateway.toml"), free());
    write(&file, at, "1");
    let name = file.display().to_string();
    let running = start(&["run", &name], at);
    // Changed at once: before anything watches, perhaps.
    write(&file, at, "2");
    until("the second", || said(at) == "2");
    std::fs::write(&file, "nonsense").expect("a file");
    write(&folder.join("other.toml"), at, "9");
    assert_eq!(said(at), "2");
    write(&file, at, "3");
    until("the third", || said(at) == "3");
    drop(running);
    for text in [Some("nonsense"), None] {
        match text {
            Some(text) => std::fs::write(&file, text).expect("a file"),
            None => std::fs::remove_file(&file).expect("a file to lose"),
        }
        let running = start(&["run", &name], at);
        assert_eq!(said(at), "3", "{text:?}");
        drop(running);
    }
    std::fs::remove_dir_all(&folder).expect("a folder to remove");
}

#[test]
fn one_place_needs_no_file() {
    let upstream = super::rig::Upstream::start();
    let at = free();
    let to = format!("http://{}", upstream.address);
    let _running = start(&["--to", &to, "--listen", &at.to_string()], at);
    assert_eq!(said(at), "GET / HTTP/1.1");
}

/// How often threads of a process have gone to sleep.
fn rests(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("its threads");
    let rests = threads.map(|thread| {
        let file = thread.expect("a thread").path().join("status");
        let status = std::fs::read_to_string(file).expect("what the kernel knows");
        let line = status.lines().find_map(|it| it.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|number| number.trim().parse::<u64>().ok()).expect("a number")
    });
    rests.sum()
}

#[test]
fn a_program_that_nobody_asks_anything_rests() {
    let folder = Folder::new("resting");
    let at = free();
    write(&PathBuf::from(folder.file("gateway.toml")), at, "1");
    let running = start(&["run", &folder.file("gateway.toml")], at);
    assert_eq!(said(at), "1");
    // Others read and write in the same folder, which is nothing to it.
    let before = rests(running.id());
    for number in 0..20 {
        folder.write("other.log", &format!("{number}"));
        drop(std::fs::read(folder.file("gateway.toml")).expect("the file"));
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    let rested = rests(running.id()) - before;
    assert!(rested < 400, "it went to sleep {rested} times in less than a second");
    write(&PathBuf::from(folder.file("gateway.toml")), at, "2");
    until("a change is still seen", || said(at) == "2");
}

#[test]
fn a_file_that_is_a_link_is_followed_when_what_it_leads_to_is_swapped() {
    let folder = Folder::new("linked");
    let at = free();
    for version in ["1", "2"] {
        std::fs::create_dir_all(folder.file(version)).expect("a folder");
        write(&PathBuf::from(folder.file(&format!("{version}/gateway.toml"))), at, version);
    }
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(from, folder.file(to)).expect("a link");
    };
    link("1", "..data");
    link("..data/gateway.toml", "gateway.toml");
    let _running = start(&["run", &folder.file("gateway.toml")], at);
    assert_eq!(said(at), "1");
    link("2", "..new");
    std::fs::rename(folder.file("..new"), folder.file("..data")).expect("a swap");
    until("the other one", || said(at) == "2");
}
