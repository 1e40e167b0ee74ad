//! What people are told, when, and in which words.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread::JoinHandle;

use ondol_doors::{ManualClock, SeededRng};
use ondol_vault::signature;

use super::*;
use crate::objectives::Silence;

const SECRET: &str = "between us";

/// Somebody who is told, by a clock that is moved by hand.
struct Desk {
    clock: Arc<ManualClock>,
    courier: Courier,
    silences: Silences,
}

impl Desk {
    fn new(options: &AlertOptions, outbox: Option<Outbox>) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let doors: (Arc<dyn Clock>, Arc<dyn Rng>) = (clock.clone(), Arc::new(SeededRng::new(7)));
        let courier = Courier::new("shop", options, outbox, doors).expect("it can be told");
        Self { clock, courier, silences: Silences::default() }
    }

    /// What is told when it is looked after so many seconds.
    fn after(&mut self, seconds: u64, standings: &[Standing]) -> Option<Message> {
        self.clock.advance(Duration::from_secs(seconds));
        self.courier.due(standings, &self.silences)
    }
}

fn standing(name: &str, severity: Option<Severity>) -> Standing {
    let alert = severity.map(|severity| Alert {
        objective: name.to_owned(),
        severity,
        burn_rate: 20.04,
        window_seconds: 3_600,
    });
    Standing { name: name.to_owned(), target: 0.99, budget_left: Some(0.4), alert }
}

fn burns(name: &str) -> Standing {
    standing(name, Some(Severity::Page))
}

fn lasts(name: &str) -> Standing {
    standing(name, None)
}

fn named(message: &Message) -> Vec<&str> {
    message.burning.iter().map(|alert| alert.objective.as_str()).collect()
}

#[test]
fn what_comes_within_half_a_minute_is_told_at_once_and_only_once() {
    let mut desk = Desk::new(&AlertOptions::default(), None);
    assert_eq!(desk.after(0, &[burns("orders"), lasts("reads")]), None, "it is gathered");
    let both = [standing("reads", Some(Severity::Ticket)), burns("orders")];
    assert_eq!(desk.after(15, &both), None);
    let told = desk.after(15, &both).expect("it is time");
    assert_eq!(named(&told), ["orders", "reads"], "the most urgent first");
    assert_eq!(desk.after(60, &both), None, "people know");
}

#[test]
fn what_comes_and_goes_is_told_to_nobody() {
    let mut desk = Desk::new(&AlertOptions::default(), None);
    for _ in 0..20 {
        assert_eq!(desk.after(15, &[burns("orders")]), None);
        assert_eq!(desk.after(15, &[lasts("orders")]), None);
    }
}

#[test]
fn it_is_told_again_while_it_goes_on_and_when_it_changes_and_when_it_is_over() {
    let mut desk = Desk::new(&AlertOptions::default(), None);
    let mut told = |seconds: u64, standing: Standing| {
        let standings = [standing];
        desk.after(seconds, &standings).or_else(|| desk.after(30, &standings))
    };
    assert!(told(0, burns("orders")).is_some());
    assert_eq!(told(3 * 3_600, burns("orders")), None);
    assert!(told(3_600, burns("orders")).is_some(), "four hours are over");
    let less = told(60, standing("orders", Some(Severity::Ticket))).expect("it is less urgent");
    assert_eq!(less.burning[0].severity, Severity::Ticket);
    let over = told(60, lasts("orders")).expect("it is over");
    assert_eq!((named(&over), over.lasting.as_slice()), (vec![], ["orders".to_owned()].as_slice()));
    assert_eq!(told(24 * 3_600, lasts("orders")), None);
}

#[test]
fn nobody_is_told_of_what_somebody_keeps_silent_about_until_that_ends() {
    let mut desk = Desk::new(&AlertOptions::default(), None);
    let until = Timestamp::EPOCH.checked_add(Duration::from_secs(600)).expect("a time");
    let (who, why) = ("kim".to_owned(), "we work on it".to_owned());
    let silence = Silence { objective: Some("orders".to_owned()), until, who, why };
    desk.silences.add(silence, Timestamp::EPOCH).expect("it says all");
    let both = [burns("orders"), burns("reads")];
    assert_eq!(desk.after(0, &both), None);
    assert_eq!(named(&desk.after(30, &both).expect("it is time")), ["reads"]);
    assert_eq!(desk.after(569, &both), None, "it is still so");
    assert_eq!(desk.after(1, &both), None, "it is gathered");
    assert_eq!(named(&desk.after(30, &both).expect("it goes on")), ["orders"]);
}

/// Answers the next request with a status; what it was.
fn answers(listener: TcpListener, status: &'static str) -> JoinHandle<(Vec<String>, Vec<u8>)> {
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        taken(&stream, status)
    })
}

fn taken(mut stream: &TcpStream, status: &str) -> (Vec<String>, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).expect("it listens");
    (head, body)
}

fn told_over_http(folder: &Path, port: u16) -> AlertOptions {
    let secret_file = folder.join("secret");
    let mut file = std::fs::OpenOptions::new();
    let file = file.write(true).create(true).truncate(true).mode(0o600).open(&secret_file);
    file.and_then(|mut file| file.write_all(SECRET.as_bytes())).expect("a file");
    let url = format!("http://127.0.0.1:{port}/alerts");
    let webhook = Some(WebhookOptions { url, secret_file });
    AlertOptions { gather_seconds: 0, webhook, ..AlertOptions::default() }
}

#[tokio::test]
async fn a_webhook_is_told_signed_and_again_when_it_was_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it listens");
    let mut desk = Desk::new(&told_over_http(folder.path(), address.port()), None);
    let refused = answers(listener.try_clone().expect("a listener"), "503 Service Unavailable");
    desk.courier.look(&[burns("orders")], &desk.silences).await;
    let (_, first) = refused.join().expect("it was told");
    let taken = answers(listener, "204 No Content");
    desk.courier.look(&[burns("orders")], &desk.silences).await;
    let (head, body) = taken.join().expect("it was told");
    assert_eq!(body, first, "it is the same message");
    assert_eq!(head[0], "POST /alerts HTTP/1.1");
    let signed = signature(SECRET.as_bytes(), Timestamp::EPOCH, &body);
    assert!(head.contains(&format!("ondol-signature: {signed}")), "{head:?}");
    let told: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        (&told["program"], &told["burning"][0]["objective"]),
        (&"shop".into(), &"orders".into())
    );
    assert!(head.contains(&format!("idempotency-key: {}", told["id"].as_str().expect("an id"))));
    assert!(desk.courier.waiting.is_empty());
}

#[test]
fn a_webhook_is_on_this_machine_and_has_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = told_over_http(folder.path(), 9);
    let at = |url: &str| {
        let webhook =
            good.webhook.clone().map(|webhook| WebhookOptions { url: url.to_owned(), ..webhook });
        let doors: (Arc<dyn Clock>, Arc<dyn Rng>) =
            (Arc::new(ManualClock::at(Timestamp::EPOCH)), Arc::new(SeededRng::new(7)));
        Courier::new("shop", &AlertOptions { webhook, ..good.clone() }, None, doors)
    };
    assert!(at("http://localhost:9/alerts").is_ok());
    for url in
        ["https://127.0.0.1/", "http://example.kr/", "http://127.0.0.1@example.kr/", "/alerts"]
    {
        assert!(matches!(at(url), Err(CourierError::Address(_))), "{url}");
    }
    std::fs::write(folder.path().join("secret"), " \n").expect("a file");
    assert!(matches!(at("http://localhost:9/"), Err(CourierError::NoSecret)));
    std::fs::remove_file(folder.path().join("secret")).expect("it is there");
    assert!(matches!(at("http://localhost:9/"), Err(CourierError::Secret(_))));
}

#[tokio::test]
async fn people_are_told_by_e_mail_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = Outbox::open(folder.path(), "ondol@shop.example").expect("an outbox");
    let to = vec!["kim@example.kr".to_owned(), "lee@example.kr".to_owned()];
    let mail = Some(MailOptions { to, from: "ondol@shop.example".to_owned(), smtp: None });
    let options = AlertOptions { gather_seconds: 0, mail, ..AlertOptions::default() };
    let mut desk = Desk::new(&options, Some(outbox));
    desk.courier.look(&[burns("orders"), burns("reads")], &desk.silences).await;
    let files = std::fs::read_dir(folder.path()).expect("an outbox");
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(file.expect("a file").path()).expect("a letter")
    };
    let mut letters: Vec<String> = files.map(read).collect();
    letters.sort();
    assert_eq!(letters.len(), 2, "each gets one");
    for (letter, to) in letters.iter().zip(["kim", "lee"]) {
        assert!(letters.iter().any(|letter| letter.contains(&format!("To: <{to}@example.kr>"))));
        assert!(letter.contains("Subject: [page] shop: orders and 1 more\r\n"), "{letter}");
        let said = "page: the budget of \"orders\" is spent 20.0 times too fast, over 1 h.\r\n";
        assert!(letter.contains(said), "{letter}");
    }
}
