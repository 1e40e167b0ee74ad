//! What is known of a request and its answer, and how it is written down.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use ondol_kernel::Timestamp;

use super::mask::Rules;
use crate::body::Noted;
use crate::canonical::Target;
use crate::config::MaskPattern;
use crate::json::Json;

/// Headers that say nothing about what was asked or answered.
const DULL: [&str; 6] =
    ["connection", "accept-encoding", "traceparent", "tracestate", "content-length", "date"];

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) time: Timestamp,
    pub(crate) route: Arc<str>,
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) client: IpAddr,
    pub(crate) asked: Said,
    /// None, if the client left before there was one.
    pub(crate) answered: Option<(StatusCode, Said)>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) took: Duration,
    pub(crate) complete: bool,
}

/// One side's words.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Noted>,
}

impl Said {
    /// Its body as JSON, if it is here whole and is that.
    pub(crate) fn json(&self) -> Option<Json> {
        let Some(Noted::Whole(body)) = &self.body else { return None };
        let plain = !self.headers.contains_key(CONTENT_ENCODING) && !body.is_empty();
        if plain && is_json(&self.headers) { Json::read_leniently(body).ok() } else { None }
    }
}

/// Whether what comes with these headers is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

impl Entry {
    /// A line, without its end.
    pub(crate) fn write(&self, number: u64, rules: &Rules) -> Vec<u8> {
        let text = |text: &str| Json::Text(rules.text(text).into_owned());
        let number_of = |it: u64| Json::Plain(it.to_string().into());
        let mut line = vec![
            ("n".to_owned(), number_of(number)),
            ("time".to_owned(), Json::Text(self.time.to_string())),
            ("route".to_owned(), Json::Text(self.route.to_string())),
            ("method".to_owned(), Json::Text(self.method.to_string())),
            ("host".to_owned(), text(self.target.host.as_str())),
            ("path".to_owned(), text(self.target.path())),
        ];
        let mut add = |name: &str, value: Json| line.push((name.to_owned(), value));
        if let Some(query) = self.target.query() {
            add("query", Json::Text(rules.pairs(query)));
        }
        add("client", Json::Text(self.client(rules)));
        add("request", said(&self.asked, rules));
        match &self.answered {
            Some((status, answer)) => {
                add("status", number_of(u64::from(status.as_u16())));
                add("answer", said(answer, rules));
            }
            None => add("status", Json::Plain("null".into())),
        }
        if let Some(reason) = self.reason {
            add("reason", Json::Text(reason.to_owned()));
        }
        let millis = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        add("took_ms", number_of(millis));
        add("complete", Json::Plain(self.complete.to_string().into()));
        Json::Object(line).to_bytes()
    }

    fn client(&self, rules: &Rules) -> String {
        match (rules.patterns.contains(&MaskPattern::Address), self.client.to_canonical()) {
            (false, client) => client.to_string(),
            (true, IpAddr::V4(client)) => {
                let [a, b, c, _] = client.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            (true, IpAddr::V6(client)) => {
                let [a, b, c, ..] = client.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        }
    }
}

fn said(said: &Said, rules: &Rules) -> Json {
    let headers = said.headers.iter().filter(|(name, _)| !DULL.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), Json::Text(rules.header(name, &value).into_owned()))
    });
    let mut all = Json::Object(Vec::new());
    let mut joined: Vec<(String, Json)> = Vec::new();
    for (name, value) in headers {
        match (joined.iter_mut().find(|(known, _)| *known == name), value) {
            (Some((_, Json::Text(known))), Json::Text(value)) => {
                known.push_str(", ");
                known.push_str(&value);
            }
            (_, value) => joined.push((name, value)),
        }
    }
    if let Json::Object(members) = &mut all {
        members.push(("headers".to_owned(), Json::Object(joined)));
        if let Some(body) = &said.body {
            members.extend(body_of(said, body, rules));
        }
    }
    all
}

/// What is written of a body: all of it, where it can be masked, and otherwise why it is left out.
fn body_of(said: &Said, body: &Noted, rules: &Rules) -> Option<(String, Json)> {
    let left_out = |why: &str| Some(("left_out".to_owned(), Json::Text(why.to_owned())));
    let bytes = match body {
        Noted::Whole(bytes) if bytes.is_empty() => return None,
        Noted::Whole(bytes) => bytes,
        // Half a document cannot be masked by its places.
        Noted::Long(_) => return left_out("too long"),
        Noted::Cut(_) => return left_out("cut"),
    };
    if said.headers.contains_key(CONTENT_ENCODING) {
        return left_out("compressed");
    }
    let body = |json| Some(("body".to_owned(), json));
    if is_json(&said.headers) {
        return match Json::read_leniently(bytes) {
            Ok(mut json) => {
                rules.document(&mut json);
                body(json)
            }
            Err(_) => left_out("not JSON"),
        };
    }
    let kind = said.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match (kind.unwrap_or_default(), std::str::from_utf8(bytes)) {
        (kind, Ok(text)) if kind.starts_with("application/x-www-form-urlencoded") => {
            body(Json::Text(rules.pairs(text)))
        }
        (kind, Ok(text)) if kind.starts_with("text/") => {
            body(Json::Text(rules.text(text).into_owned()))
        }
        _ => left_out("neither JSON nor text"),
    }
}
