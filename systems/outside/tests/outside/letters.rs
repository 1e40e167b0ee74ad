//! Webhooks: signed, tried again, told of what goes on by itself.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use ondol_runtime::Supervisor;
use outside::{Change, Provider, SIGNATURE};
use serde_json::{Value, json};

use super::town::{Town, payment, serve, until};

const SECRET: &str = "a secret for letters, in tests";

/// The signature of a letter, and what it says.
type Came = (String, Vec<u8>);

/// Somebody who listens, and does not take the first letters.
#[derive(Clone, Default)]
struct Listener {
    refuses: Arc<Mutex<u32>>,
    came: Arc<Mutex<Vec<Came>>>,
}

async fn take(State(own): State<Listener>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signed = headers[SIGNATURE].to_str().expect("it is printable").to_owned();
    own.came.lock().expect("nobody panicked").push((signed, body.to_vec()));
    let mut refuses = own.refuses.lock().expect("nobody panicked");
    if *refuses > 0 {
        *refuses -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}

impl Listener {
    async fn hear(&self, town: &Town, supervisor: &Supervisor, provider: &str) {
        let router = Router::new().route("/hook", post(take)).with_state(self.clone());
        let address = serve(supervisor, router).await;
        let hook = json!({ "url": format!("http://{address}/hook"), "secret": SECRET });
        let path = format!("/control/{provider}/hook");
        let set = town.client.send(Method::PUT, &path, &[], hook.to_string()).await;
        assert_eq!(set.expect("it answers").status, 204);
    }

    fn letters(&self) -> Vec<Came> {
        self.came.lock().expect("nobody panicked").clone()
    }
}

/// The HMAC as another program works it out.
fn hmac_by_openssl(text: &[u8]) -> String {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", SECRET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is there");
    child.stdin.take().expect("it is piped").write_all(text).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it is text");
    text.split_whitespace().last().expect("a digest").to_owned()
}

#[tokio::test]
async fn a_letter_is_signed_as_others_can_check_and_tried_until_it_is_taken() {
    let (town, supervisor, listener) =
        (Town::start().await, Supervisor::new(), Listener::default());
    *listener.refuses.lock().expect("nobody panicked") = 2;
    listener.hear(&town, &supervisor, "payment").await;
    let made = town.client.post("/payment/payments", "k", payment("o", 10)).await;
    until(|| listener.letters().len() == 3).await;
    let letters = listener.letters();
    for (signed, body) in &letters {
        let (time, mac) = signed.split_once(",v1=").expect("two parts");
        let time = time.strip_prefix("t=").expect("a time");
        let text = [time.as_bytes(), b".", body].concat();
        assert_eq!(mac, hmac_by_openssl(&text));
        let told: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!((&told["type"], &told["data"]), (&json!("payment.authorized"), &made.body));
    }
    assert_eq!(letters[0].1, letters[2].1, "a letter that is sent again is the same letter");
    town.client.post("/payment/payments", "k", payment("o", 10)).await;
    town.client.post("/payment/payments", "k2", payment("o2", 10)).await;
    until(|| listener.letters().len() == 4).await;
    let told: Value = serde_json::from_slice(&listener.letters()[3].1).expect("JSON");
    assert_eq!(told["data"]["reference"], "o2", "nobody is told of what is only repeated");
    supervisor.shut_down().await.expect("nothing has failed");
    town.stop().await;
}

#[tokio::test]
async fn a_shipment_arrives_by_itself_and_whoever_listens_is_told() {
    let (town, supervisor, listener) =
        (Town::start().await, Supervisor::new(), Listener::default());
    listener.hear(&town, &supervisor, "carrier").await;
    town.set(Provider::Carrier, &Change { transit_ms: Some(100), ..Change::default() });
    let body = json!({ "reference": "o", "to": "Seoul", "pieces": 1 });
    let taken = town.client.post("/carrier/shipments", "k", body).await;
    until(|| listener.letters().len() == 2).await;
    let kinds: Vec<Value> = listener
        .letters()
        .iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(body).expect("JSON")["type"].clone())
        .collect();
    assert!(
        kinds.contains(&json!("shipment.taken")) && kinds.contains(&json!("shipment.delivered"))
    );
    let path = format!("/carrier/shipments/{}", taken.id());
    assert_eq!(town.client.get(&path).await.body["status"], "delivered");
    let late = town.client.post(&format!("{path}/cancel"), "k2", json!({})).await;
    assert_eq!((late.status, late.code()), (409, "delivered"));
    supervisor.shut_down().await.expect("nothing has failed");
    town.stop().await;
}

#[tokio::test]
async fn nobody_elsewhere_is_ever_written_to() {
    let town = Town::start().await;
    for url in ["http://169.254.169.254/x", "http://example.com/", "http://0x7f000001/"] {
        let hook = json!({ "url": url, "secret": SECRET }).to_string();
        let path = "/control/payment/hook";
        let answer = town.client.send(Method::PUT, path, &[], hook).await.expect("it answers");
        assert_eq!((answer.status, answer.code()), (422, "invalid"), "{url}");
        assert!(!answer.text.contains(SECRET));
    }
    town.stop().await;
}
