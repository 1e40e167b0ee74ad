//! A browser as far as these pages need one: cookies, and forms sent back with what was hidden.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::house::{Answer, BACK, House, challenge};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Browser<'a> {
    pub(crate) house: &'a House,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What the forms of the page that was seen last hide, by where they go.
    pub(crate) hidden: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a client asks for, as it stands behind the question mark.
pub(crate) fn asking(more: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut all = BTreeMap::from([
        ("client_id", "web"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "s t&te"),
        ("nonce", "n1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ]);
    for (name, value) in more {
        all.insert(name, value);
    }
    all.retain(|_, value| *value != "-");
    format!("/oauth2/authorize?{}", serde_urlencoded::to_string(&all).expect("a query"))
}

impl<'a> Browser<'a> {
    pub(crate) fn new(house: &'a House) -> Self {
        Self { house, cookies: BTreeMap::new(), hidden: BTreeMap::new() }
    }

    /// Somebody who has registered and signed in.
    pub(crate) async fn of(house: &'a House, email: &str) -> Self {
        let mut browser = Self::new(house);
        browser.register(email).await;
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.location(), "/account", "{}", answer.text);
        browser
    }

    pub(crate) async fn register(&mut self, email: &str) {
        self.get("/register").await;
        let pairs = [("name", "Kim"), ("email", email), ("password", PASSWORD)];
        let answer = self.post("/register", &pairs).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let token = self.house.token_in_mail(email);
        let answer = self.post("/verify", &[("token", &token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        self.seen(email).await;
    }

    /// Waits until signing in can find whoever has registered.
    pub(crate) async fn seen(&self, email: &str) {
        for _ in 0..10_000 {
            let mut other = Self::new(self.house);
            other.get("/account").await;
            let pairs = [("email", email), ("password", PASSWORD)];
            if other.post("/sign-in", &pairs).await.status == StatusCode::SEE_OTHER {
                return;
            }
        }
        unreachable!("{email} was never found");
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.get("/account").await;
        self.post("/sign-in", &[("email", email), ("password", password)]).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, self.cookie());
        let answer = self.house.send(request.body(Body::empty()).expect("a request")).await;
        self.take(answer)
    }

    /// Sends the form of the page that was seen last, filled in.
    pub(crate) async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut all = self.hidden.get(path).cloned().unwrap_or_default();
        let mut tokens = self.hidden.values().filter_map(|form| form.get("csrf"));
        if let Some(token) = tokens.next_back() {
            all.insert("csrf".to_owned(), token.clone());
        }
        for (name, value) in pairs {
            all.insert((*name).to_owned(), (*value).to_owned());
        }
        let body = serde_urlencoded::to_string(&all).expect("a form");
        let request = Request::post(path)
            .header(header::COOKIE, self.cookie())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.house.send(request.body(Body::from(body)).expect("a request")).await;
        self.take(answer)
    }

    /// Goes through with what a client asks, and brings home the code.
    pub(crate) async fn code(&mut self) -> String {
        let answer = self.get(&asking(&[])).await;
        answer.sent("code").unwrap_or_else(|| unreachable!("no code: {}", answer.text))
    }

    pub(crate) fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (pair, rest) = cookie.split_once(';').expect("attributes");
            assert!(rest.contains("HttpOnly") && rest.contains("SameSite=Lax"), "{cookie}");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let mut seen: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for form in answer.text.split("<form method=\"post\" action=\"").skip(1) {
            let Some((action, rest)) = form.split_once('"') else { continue };
            let form = rest.split("</form>").next().unwrap_or_default();
            let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
            let pairs = inputs.filter_map(|input| {
                let (name, rest) = input.split_once("\" value=\"")?;
                let value = rest.split('"').next()?;
                Some((name.to_owned(), value.replace("&#38;", "&").replace("&amp;", "&")))
            });
            seen.entry(action.to_owned()).or_default().extend(pairs);
        }
        if !seen.is_empty() {
            self.hidden = seen;
        }
        answer
    }
}
