//! J19 across services: another process verifies tokens by itself, and hears over the feed what was
//! taken back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use ondol_auth::{
    FetchError, KeyRing, KeyRingOptions, KeySource, Listener, Revocations, Verifier,
    VerifierOptions, VerifyError,
};
use ondol_bus_http::{RemoteOptions, RemoteService, Secret};
use ondol_doors::{Clock, SystemClock};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::forgetting::tokens;
use crate::provider::Program;
use crate::visitor::{PASSWORD, Visitor};

const SECRET: &str = "a secret of the house, for tests only";
/// What was taken back is known everywhere within this.
const WITHIN: Duration = Duration::from_secs(5);

/// The provider's published keys, fetched as another process has to.
#[derive(Debug)]
struct Published(Vec<u8>);

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone())
    }
}

/// Another service, which only verifies.
struct Elsewhere {
    verifier: Verifier,
    _stop: watch::Sender<bool>,
    _listens: JoinSet<()>,
}

impl Elsewhere {
    async fn of(program: &Program) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let keys = format!("{}/oauth2/jwks", program.issuer);
        let keys = program.send(Method::GET, &keys, &[], String::new()).await;
        let source = Arc::new(Published(keys.text.into_bytes()));
        let ring = KeyRing::new(source, Arc::clone(&clock), KeyRingOptions::default());
        let revoked = Revocations::default();
        let options = VerifierOptions::new(&program.issuer, "ondol");
        let verifier = Verifier::new(options, ring, revoked.clone(), Arc::clone(&clock));
        let asking = ("bank.account", Secret::new(SECRET).expect("a secret"));
        let options = RemoteOptions::default();
        let feed = RemoteService::new("identity", &program.issuer, asking, clock.clone(), options);
        let tokens_last = Duration::from_secs(300);
        let listener = Listener::new(Arc::new(feed), revoked, clock, tokens_last);
        let (stop, stopped) = watch::channel(false);
        let mut listens = JoinSet::new();
        listens.spawn(listener.expect("its shape is sound").run(stopped));
        Self { verifier, _stop: stop, _listens: listens }
    }

    async fn believes(&self, tokens: &Value) -> Result<(), VerifyError> {
        let token = tokens["access_token"].as_str().expect("a token");
        self.verifier.verify(token).await.map(drop)
    }

    /// Waits until a token is no longer believed.
    async fn hears_of(&self, tokens: &Value, why: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        let heard = tokio::time::timeout(WITHIN, async {
            while self.believes(tokens).await.is_ok() {
                looks.tick().await;
            }
        });
        assert!(heard.await.is_ok(), "J19 {why}");
        assert_eq!(self.believes(tokens).await, Err(VerifyError::Revoked), "J19 {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn j19_other_services_hear_within_five_seconds_of_what_was_taken_back() {
    let program = Program::start_with(&format!("[bus]\nsecret = {SECRET:?}\n"), "").await;
    let elsewhere = Elsewhere::of(&program).await;
    let mut kim = Visitor::registered(&program, "kim@example.kr").await;
    let mut lee = Visitor::registered(&program, "lee@example.kr").await;
    let lees = tokens(&program, &mut lee).await;
    let given = tokens(&program, &mut kim).await;
    elsewhere.believes(&given).await.expect("it is good");
    let token = given["refresh_token"].as_str().expect("a token");
    program.form("/oauth2/revoke", "web", &[("token", token)]).await;
    elsewhere.hears_of(&given, "a grant that was given back").await;

    let before_step_up = tokens(&program, &mut kim).await;
    elsewhere.believes(&before_step_up).await.expect("another grant is good");
    kim.enrol().await;
    let after = tokens(&program, &mut kim).await;
    elsewhere.believes(&before_step_up).await.expect("a further proof takes nothing back");
    let page = kim.get("/account").await;
    let left = kim.leave(&page).await;
    assert!(left.text.contains("You are signed out"), "{}", left.text);
    elsewhere.hears_of(&after, "a sign-in that has ended").await;
    elsewhere.hears_of(&before_step_up, "the sign-in whose place it had taken").await;

    let given = tokens(&program, &mut kim).await;
    elsewhere.believes(&given).await.expect("a new sign-in is good");
    let page = kim.get("/account").await;
    let new = [("change", "password"), ("password", PASSWORD), ("new", "another horse battery")];
    assert_eq!(kim.send(&page, "/account", &new).await.status, 200);
    elsewhere.hears_of(&given, "another password").await;

    let page = lee.get("/account").await;
    let forget = [("change", "forget"), ("password", PASSWORD)];
    elsewhere.believes(&lees).await.expect("nobody else was meant");
    assert_eq!(lee.send(&page, "/account", &forget).await.status, 200);
    elsewhere.hears_of(&lees, "somebody who was forgotten").await;

    // Whoever comes up later hears of all of it as well.
    let later = Elsewhere::of(&program).await;
    later.hears_of(&lees, "what was taken back before").await;
}
