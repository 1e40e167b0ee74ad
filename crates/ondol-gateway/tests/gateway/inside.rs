//! Services of the same process: an upstream that is a function call.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::{get, post};
use ondol_gateway::{Config, Gateway, Services, StartError, Surroundings};
use tungstenite::client::IntoClientRequest;

use super::rig::{PATIENCE, Reply, Rig, text};

fn rig(router: Router, more: &str) -> Rig {
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n[backends.bank]\nendpoints = [\"service:bank.account\"]\n{more}"
    );
    let config = Config::read("gateway.toml", &text).expect("a good configuration");
    Rig::within(config, Services::new().with("bank.account", router))
}

const ALL: &str = "[routes.all]\nto = \"bank\"\n";

fn echo() -> Router {
    Router::new().route(
        "/accounts/{id}",
        get(|uri: Uri, headers: HeaderMap| async move {
            let header = |name| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or("-");
            format!(
                "{uri} {} {} {}",
                header("x-forwarded-for"),
                header("host"),
                header("x-user-id")
            )
        })
        .post(|body: Bytes| async move { (StatusCode::CREATED, body) }),
    )
}

#[test]
fn a_service_of_this_process_is_asked_as_one_behind_a_socket_is() {
    let rig = rig(echo(), ALL);
    let reply = rig.get("/accounts/1?at=2", "X-User-Id: evil\r\n");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, "/accounts/1?at=2 127.0.0.1 bank.test -");
    assert_eq!(rig.get("/nothing", "").status, 404, "the service's own answer");
}

#[test]
fn bodies_go_in_and_come_out_however_they_are_framed() {
    let rig = rig(echo(), ALL);
    let head = "POST /accounts/1 HTTP/1.1\r\nHost: bank.test\r\n";
    let declared = format!("{head}Connection: close\r\nContent-Length: 5\r\n\r\nhello");
    let chunked = format!(
        "{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    );
    for request in [declared, chunked] {
        let reply = Reply::of(&rig.send(request.as_bytes(), 1));
        assert_eq!((reply.status, reply.body.as_str()), (201, "hello"));
    }
    let twice = format!("{head}Content-Length: 2\r\n\r\nhi").repeat(2)
        + "GET /accounts/2 HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
    let replies = Reply::all(&rig.send(twice.as_bytes(), usize::MAX));
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [201, 201, 200]);
}

#[test]
fn a_head_request_has_no_body_and_keeps_the_connection_in_step() {
    let rig = rig(echo(), ALL);
    let requests = "HEAD /accounts/1 HTTP/1.1\r\nHost: bank.test\r\n\r\n\
                    HEAD /accounts/2 HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
    let answer = text(&rig.send(requests.as_bytes(), usize::MAX));
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn what_is_wrong_with_a_body_is_said_by_the_gateway_and_not_by_the_service() {
    let rig = rig(echo(), &format!("{ALL}body_bytes_max = 10\n"));
    let request = "POST /accounts/1 HTTP/1.1\r\nHost: bank.test\r\nTransfer-Encoding: chunked\r\n\r\n\
                   14\r\n01234567890123456789\r\n0\r\n\r\n";
    let reply = Reply::of(&rig.send(request.as_bytes(), usize::MAX));
    assert_eq!(reply.status, 413, "{}", reply.body);
    let broken =
        "POST /accounts/1 HTTP/1.1\r\nHost: bank.test\r\nTransfer-Encoding: chunked\r\n\r\nx";
    let reply = Reply::of(&rig.send(format!("{broken}\r\n").as_bytes(), usize::MAX));
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(reply.body.contains("gateway-bad-framing"), "{}", reply.body);
}

#[test]
fn a_service_that_panics_fails_its_request_and_nothing_else() {
    let fall = || async {
        assert!(std::hint::black_box(false), "on purpose");
        "never said"
    };
    let router = echo().route("/panic", get(fall));
    let rig = rig(router, ALL);
    let reply = rig.get("/panic", "");
    assert_eq!(reply.status, 502);
    assert!(reply.body.contains("gateway-upstream-failed"), "{}", reply.body);
    assert_eq!(rig.get("/accounts/1", "").status, 200);
}

/// Counts those that are dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_service_that_takes_too_long_is_stopped() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dropped);
    let slow = move || {
        let held = Dropped(Arc::clone(&counted));
        async move {
            std::future::pending::<()>().await;
            drop(held);
        }
    };
    let rig = rig(Router::new().route("/slow", get(slow)), &format!("{ALL}timeout = \"100ms\"\n"));
    let reply = rig.get("/slow", "");
    assert_eq!(reply.status, 504);
    let stopped = (0..1000).any(|_| {
        std::thread::park_timeout(Duration::from_millis(5));
        dropped.load(Ordering::SeqCst) == 1
    });
    assert!(stopped, "nobody waits for it any more, and it goes on all the same");
}

#[test]
fn breakers_stand_before_services_of_this_process_too() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let failing = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async { StatusCode::INTERNAL_SERVER_ERROR }
    };
    let guarded = format!("breaker = {{ failures_in_a_row = 3 }}\n{ALL}");
    let rig = rig(Router::new().route("/failing", get(failing)), &guarded);
    let statuses: Vec<_> = (0..5).map(|_| rig.get("/failing", "").status).collect();
    assert_eq!(statuses, [500, 500, 500, 503, 503]);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn an_endless_answer_comes_as_it_is_made() {
    let (tx, rx) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let rx = Arc::new(std::sync::Mutex::new(Some(rx)));
    let stream = move || {
        let rx = rx.lock().expect("the stream").take().expect("asked for once");
        async move { axum::body::Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(rx)) }
    };
    let rig = rig(Router::new().route("/events", get(stream)), ALL);
    let mut client = TcpStream::connect(rig.address).expect("a connection");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.write_all(b"GET /events HTTP/1.1\r\nHost: bank.test\r\n\r\n").expect("a request");
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        tx.blocking_send(Ok(Bytes::from(event))).expect("someone listens");
        let mut seen = Vec::new();
        while !text(&seen).contains(event) {
            let mut more = [0; 1024];
            let read = client.read(&mut more).expect("the event");
            assert!(read > 0, "the stream ended: {}", text(&seen));
            seen.extend_from_slice(&more[..read]);
        }
    }
    drop(client);
    let noticed = (0..1000).any(|_| {
        std::thread::park_timeout(Duration::from_millis(5));
        tx.is_closed()
    });
    assert!(noticed, "the client has left and the service goes on");
}

#[test]
fn a_websocket_reaches_a_service_of_this_process() {
    let talk = |upgrade: WebSocketUpgrade| async move {
        upgrade.on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                let Message::Text(said) = message else { continue };
                let answered = socket.send(Message::Text(format!("you said {said}").into())).await;
                if answered.is_err() {
                    return;
                }
            }
        })
    };
    let rig = rig(Router::new().route("/talk", get(talk)), ALL);
    let stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let request = "ws://bank.test/talk".into_client_request().expect("a request");
    let (mut socket, response) = tungstenite::client(request, stream).expect("a WebSocket");
    assert_eq!(response.status(), 101);
    for said in ["hello", "again"] {
        socket.send(tungstenite::Message::text(said)).expect("a message sent");
        let heard = socket.read().expect("a message heard");
        assert_eq!(heard.into_text().expect("text").as_str(), format!("you said {said}"));
    }
    socket.close(None).expect("a farewell");
}

#[test]
fn services_run_where_the_gateway_is_run_and_not_on_its_workers() {
    let named = || async { std::thread::current().name().unwrap_or("unnamed").to_owned() };
    let rig = rig(Router::new().route("/where", post(named)), ALL);
    let request =
        "POST /where HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let reply = Reply::of(&rig.send(request.as_bytes(), usize::MAX));
    assert_eq!(reply.status, 200);
    assert!(!reply.body.starts_with("gateway-"), "it ran on a worker: {}", reply.body);
}

#[test]
fn a_service_that_is_not_there_is_said_at_the_start() {
    let text = "listen = [\"127.0.0.1:0\"]\n[backends.bank]\nendpoints = [\"service:bonk\"]\n";
    let config = Config::read("gateway.toml", text).expect("it may be another process's");
    let around =
        Surroundings { services: Services::new().with("bank", echo()), ..Surroundings::default() };
    let Err(StartError::Build(error)) = Gateway::with(config, around) else {
        panic!("it started without its service");
    };
    let source = std::error::Error::source(&error).expect("why").to_string();
    assert_eq!(source, "there is no service `bonk` in this process; did you mean `bank`?");
}
