//! Clients and servers that others have written: curl, nghttp2, gRPC, a WebSocket library, a browser.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Html;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use ondol_gateway::{Config, Services};
use ondol_testkit::browser::{Browser, BrowserOptions};
use tungstenite::client::IntoClientRequest;

use super::rig::{PATIENCE, Rig, Upstream, memory_of, until};

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("a program that `cargo xtask test` installs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}\n{complained}");
    said
}

#[test]
fn curl_is_served_over_http1_and_http2() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let url = format!("http://{}/a?b=c", rig.address);
    let form = "%{http_code} %{http_version}";
    for (version, number) in
        [("--http1.1", "1.1"), ("--http2-prior-knowledge", "2"), ("--http1.0", "1.1")]
    {
        let said = run("curl", &["-sS", version, "-w", form, &url]);
        assert_eq!(said, format!("GET /a?b=c HTTP/1.1200 {number}"), "{version}");
    }
    let upload = ["-sS", "--http2-prior-knowledge", "-w", form, "-d", "hello", &url];
    assert_eq!(run("curl", &upload), "POST /a?b=c HTTP/1.1200 2");
    let chunked = [
        "-sS",
        "-H",
        "Transfer-Encoding: chunked",
        "-H",
        "Expect: 100-continue",
        "-d",
        "hello",
        &url,
    ];
    assert_eq!(run("curl", &chunked), "POST /a?b=c HTTP/1.1");
    let received = upstream.received();
    for request in &received[3..] {
        assert_eq!(request.body, b"hello");
    }
}

#[test]
fn nghttp2_is_served_many_streams_at_a_time() {
    let upstream = Upstream::start();
    let rig = Rig::before(&upstream, "");
    let url = format!("http://{}/a", rig.address);
    // The backend's kernel holds 128 connections for it: fewer than there are streams at once.
    for (connections, streams) in [("-c8", "-m12"), ("-c2", "-m128"), ("-c8", "-m64")] {
        let said = run("h2load", &["-n4000", connections, streams, &url]);
        let all = "4000 succeeded, 0 failed, 0 errored, 0 timeout";
        assert!(said.contains(all) && said.contains("4000 2xx"), "{said}");
    }
    let said = run("nghttp", &["-v", &url]);
    assert!(said.contains(":status: 200"), "{said}");
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn file(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/peers");
    folder.join(name).display().to_string()
}

#[test]
fn grpc_goes_through_with_its_streams_trailers_and_deadlines() {
    // Debian's own interpreter, for which Debian's grpcio is made.
    let python = "/usr/bin/python3";
    let script = file("grpc_peer.py");
    let child = Command::new(python)
        .args([script.as_str(), "serve"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut server = Running(child.expect("python3-grpcio, which `cargo xtask test` installs"));
    let mut line = String::new();
    let out = server.0.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("its port");
    let port: u16 = line.trim().parse().expect("a port");
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://127.0.0.1:{port}\"]\nhttp2 = true\n[routes.all]\nto = \"one\"\n"
    ));
    let said = run(python, &[&script, "ask", &rig.address.port().to_string()]);
    assert_eq!(said, "all well\n");
}

/// A WebSocket server of tungstenite's that says everything back.
fn echoing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            std::thread::spawn(move || {
                let Ok(mut socket) = tungstenite::accept(stream) else { return };
                while let Ok(message) = socket.read() {
                    if message.is_text() || message.is_binary() {
                        drop(socket.send(message));
                    }
                }
            });
        }
    });
    address
}

type Socket = tungstenite::WebSocket<TcpStream>;

fn connect(rig: &Rig) -> Socket {
    let stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let request = "ws://bank.test/talk".into_client_request().expect("a request");
    tungstenite::client(request, stream).expect("a WebSocket").0
}

fn echo(socket: &mut Socket, message: &tungstenite::Message) {
    socket.send(message.clone()).expect("a message sent");
    assert_eq!(socket.read().expect("a message heard"), *message);
}

#[test]
fn websockets_of_an_untouched_route_live_through_a_thousand_reloads() {
    let text = |to: SocketAddr, number: u32| {
        format!(
            "[backends.one]\nendpoints = [\"http://{to}\"]\n[routes.talk]\npath = \"/talk\"\nto = \"one\"\n\
             [routes.other]\npath = \"/other\"\nrespond = {{ status = 200, body = \"{number}\" }}\n"
        )
    };
    let to = echoing();
    let rig = Rig::start(&text(to, 0));
    let mut sockets: Vec<_> = (0..50).map(|_| connect(&rig)).collect();
    echo(&mut sockets[0], &tungstenite::Message::binary(vec![7; 1_000_000]));
    for number in 1..=1000 {
        rig.reload(&text(to, number));
        let speaking = number as usize % sockets.len();
        echo(&mut sockets[speaking], &tungstenite::Message::text(number.to_string()));
    }
    assert_eq!(rig.get("/other", "").body, "1000");
    for socket in &mut sockets {
        echo(socket, &tungstenite::Message::text("still here"));
        socket.close(None).expect("a farewell");
        // The other side's farewell comes through as well.
        assert!(matches!(socket.read(), Ok(tungstenite::Message::Close(_))));
    }
}

#[test]
fn twenty_route_changes_under_load_fail_no_request() {
    let upstreams = [Upstream::saying("a"), Upstream::saying("b")];
    let text = |number: usize| {
        let to = upstreams[number % 2].address;
        format!(
            "[backends.one{}]\nendpoints = [\"http://{to}\"]\n[routes.all{number}]\nto = \"one{}\"\n",
            number % 3,
            number % 3
        )
    };
    let rig = Rig::start(&text(0));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut asked = 0;
                    while !over.load(Ordering::Relaxed) {
                        assert_eq!(rig.get("/", "").status, 200);
                        asked += 1;
                    }
                    asked
                })
            })
            .collect();
        for number in 1..=20 {
            rig.reload(&text(number));
            for _ in 0..25 {
                assert_eq!(rig.get("/", "").body, if number % 2 == 0 { "a" } else { "b" });
            }
        }
        over.store(true, Ordering::Relaxed);
        let asked: u32 = clients.into_iter().map(|client| client.join().expect("a client")).sum();
        assert!(asked > 100, "only {asked} requests beside the changes");
    });
}

/// This process's memory in use, in KiB.
fn memory() -> u64 {
    memory_of("self", "VmRSS:")
}

#[test]
fn memory_stays_flat_over_ten_thousand_reloads() {
    let upstream = Upstream::start();
    let at = upstream.address;
    let rig = Rig::before(&upstream, "");
    let reload = |from: u32, to: u32| {
        for number in from..to {
            rig.reload(&format!(
                "[backends.one{}]\nendpoints = [\"http://{at}\"]\nbreaker = {{ failures_in_a_row = {} }}\n\
                 balancer = {{}}\n[routes.r{number}]\npath = \"/{number}\"\nto = \"one{}\"\n",
                number % 7,
                number % 5 + 1,
                number % 7
            ));
            if number % 50 == 0 {
                assert_eq!(rig.get(&format!("/{number}"), "").status, 200);
            }
        }
    };
    reload(0, 2_000);
    let before = memory();
    reload(2_000, 10_000);
    let after = memory();
    assert!(after < before + 4 * 1024, "{before} KiB after 2,000 reloads, {after} after 10,000");
}

#[test]
fn a_browser_fetches_listens_and_talks() {
    let page = || async { Html(include_str!("peers/page.html")) };
    let events = || async {
        let event = Ok::<_, std::convert::Infallible>(Event::default().data("news"));
        Sse::new(tokio_stream::iter([event]))
    };
    let talk = |upgrade: WebSocketUpgrade| async move {
        upgrade.on_upgrade(|mut socket| async move {
            while let Some(Ok(Message::Text(said))) = socket.recv().await {
                if socket.send(Message::Text(said)).await.is_err() {
                    return;
                }
            }
        })
    };
    let service = Router::new()
        .route("/", get(page))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/events", get(events))
        .route("/talk", get(talk));
    let text = "listen = [\"127.0.0.1:0\"]\n[backends.web]\nendpoints = [\"service:web\"]\n[routes.all]\nto = \"web\"\n";
    let config = Config::read("gateway.toml", text).expect("a good configuration");
    let rig = Rig::within(config, Services::new().with("web", service));
    let mut browser = Browser::start(BrowserOptions::default())
        .expect("chromium, which `cargo xtask test` installs");
    browser.go(&format!("http://{}/", rig.address)).expect("the page");
    let browser = RefCell::new(browser);
    for said in ["fetch:hello", "event:news", "socket:hello"] {
        until(said, || browser.borrow_mut().text().expect("what it shows").contains(said));
    }
}
