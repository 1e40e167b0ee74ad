//! More connections than there are descriptors for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::certificates::Folder;
use super::program::{Program, free};
use super::rig::{PATIENCE, Reply, may_open, memory_of, send, until};

/// A gateway, with leave to open so many files.
fn started(folder: &Folder, files: Option<u32>, config: &str) -> (Program, std::net::SocketAddr) {
    let at = free();
    folder.write("gateway.toml", &format!("listen = [\"{at}\"]\nworkers = 1\n{config}"));
    let limit = files.map(|files| format!("--nofile={files}:{files}"));
    let child = Command::new("prlimit")
        .args(limit)
        .args([env!("CARGO_BIN_EXE_ondol-gateway"), "run"])
        .arg(folder.file("gateway.toml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prlimit, which every Debian has");
    let program = Program::of(child);
    until("it listens", || TcpStream::connect(at).is_ok());
    (program, at)
}

const GOOD: &[u8] = b"GET /good HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";

#[test]
fn idle_connections_beyond_the_descriptors_shut_nobody_out() {
    let upstream = super::rig::Upstream::start();
    let to = upstream.address;
    let config =
        format!("[backends.one]\nendpoints = [\"http://{to}\"]\n[routes.all]\nto = \"one\"\n");
    let folder = Folder::new("descriptors");
    let (_program, at) = started(&folder, Some(256), &config);
    let mut idle: Vec<TcpStream> = Vec::new();
    for _ in 0..600 {
        idle.push(TcpStream::connect(at).expect("the kernel's welcome"));
    }
    for _ in 0..20 {
        let reply = Reply::of(&send(at, GOOD, usize::MAX));
        assert_eq!(reply.status, 200, "{}", reply.head);
    }
    let mut oldest = idle.swap_remove(0);
    oldest.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert_eq!(oldest.read(&mut [0]).expect("a farewell"), 0, "the oldest has made room");
}

#[test]
fn r12_of_ten_thousand_idle_connections_the_oldest_makes_room() {
    const PLACES: usize = 10_000;
    may_open(PLACES + 1_000);
    let upstream = super::rig::Upstream::start();
    let to = upstream.address;
    let config = format!(
        "[limits]\nconnections_max = {PLACES}\nhead_wait = \"5m\"\n\
         [backends.one]\nendpoints = [\"http://{to}\"]\n[routes.all]\nto = \"one\"\n"
    );
    let folder = Folder::new("ten-thousand");
    let (program, at) = started(&folder, None, &config);
    let mut idle: Vec<TcpStream> = Vec::new();
    for _ in 0..PLACES + 200 {
        idle.push(TcpStream::connect(at).expect("the kernel's welcome"));
    }
    let reply = Reply::of(&send(at, GOOD, usize::MAX));
    assert_eq!(reply.status, 200, "{}", reply.head);
    for gone in &mut idle[..100] {
        gone.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        assert_eq!(gone.read(&mut [0]).expect("a farewell"), 0, "the oldest have made room");
    }
    let newest = idle.last_mut().expect("the newest");
    newest.write_all(GOOD).expect("a request");
    let mut answer = Vec::new();
    newest.read_to_end(&mut answer).expect("an answer");
    assert_eq!(Reply::of(&answer).status, 200, "the newest has stayed");
    let memory = memory_of(&program.id().to_string(), "VmRSS:");
    assert!(memory < 256 * 1024, "{memory} KiB for {PLACES} idle connections");
}
