//! The program: started, changed and stopped as an operator does it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::rig::{Reply, send, until};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

fn start(arguments: &[&str], at: SocketAddr) -> Program {
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
