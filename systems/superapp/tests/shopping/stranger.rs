//! A program that comes in by the gateway, as anybody can.

use std::fmt::Write as _;

use serde_json::Value;

use super::town::{Patience, Town};

/// Who may come for himself: somebody who buys, somebody else, and somebody who runs the shop. The secret of
/// each is `secret`.
pub(crate) const CLIENTS: &str = r#"
[[settings.identity.clients]]
id = "buyer"
name = "Buyer"
secret_sha256 = "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
scopes = ["shop"]
grants = ["client_credentials"]

[[settings.identity.clients]]
id = "other"
name = "Other"
secret_sha256 = "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
scopes = ["shop"]
grants = ["client_credentials"]

[[settings.identity.clients]]
id = "clerk"
name = "Clerk"
secret_sha256 = "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols"
scopes = ["shop"]
grants = ["client_credentials"]
roles = ["ops"]
"#;

/// A program, and the token that it shows.
pub(crate) struct Stranger<'a> {
    town: &'a Town,
    token: Option<String>,
}

/// What it was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) text: String,
}

impl<'a> Stranger<'a> {
    /// Nobody in particular.
    pub(crate) fn nobody(town: &'a Town) -> Self {
        Self { town, token: None }
    }

    /// Whoever this token speaks of.
    pub(crate) fn showing(town: &'a Town, token: String) -> Self {
        Self { town, token: Some(token) }
    }

    /// Who this client is, as the identity provider says.
    pub(crate) fn named(town: &'a Town, client: &str) -> Self {
        let form = format!(
            "grant_type=client_credentials&scope=shop&client_id={client}&client_secret=secret"
        );
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let reply = Self::nobody(town).asks("POST", "/oauth2/token", &headers, &form);
        let token = reply.json()["access_token"].as_str().map(str::to_owned);
        assert!(token.is_some(), "{reply:?}");
        Self { town, token }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.asks("GET", path, &[], "")
    }

    /// Has something done, under a key.
    pub(crate) fn does(&self, method: &str, path: &str, key: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.asks(method, path, &headers, &body.to_string())
    }

    pub(crate) fn asks(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").expect("a text takes all");
        }
        if let Some(token) = &self.token {
            write!(request, "authorization: Bearer {token}\r\n").expect("a text takes all");
        }
        let length = body.len();
        write!(request, "content-length: {length}\r\n\r\n{body}").expect("a text takes all");
        Reply::of(&self.town.front(&request))
    }

    /// The product of this English name, once the shop has it on its shelf; its id.
    pub(crate) fn finds(&self, english: &str) -> String {
        let (query, patience) = (english.replace(' ', "+"), Patience::new());
        loop {
            let found = self.get(&format!("/api/v1/products?q={query}"));
            if let Some(id) = found.json()["items"][0]["id"].as_str() {
                return id.to_owned();
            }
            assert!(!patience.is_over(), "there is no {english}: {found:?}");
        }
    }
}

impl Reply {
    fn of(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let is_in_pieces = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let text = if is_in_pieces { joined(body) } else { body.to_owned() };
        Self { status: status.expect("a status"), head: head.to_owned(), text }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| unreachable!("{error}: {self:?}"))
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// The pieces of a body, without their lengths.
fn joined(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).expect("a length");
        whole.push_str(&after[..length]);
        rest = after[length..].trim_start_matches("\r\n");
    }
    whole
}
