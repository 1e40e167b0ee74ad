//! What every page is made of: a title, a text, forms with their fields and buttons, links; and what
//! its answer says to browsers.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::browser::Visit;
use crate::words::Words;

/// A page with one form, or none.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct Page<'a> {
    pub(super) words: &'static Words,
    pub(super) token: &'a str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) list: Vec<&'a str>,
    pub(super) key: Option<String>,
    pub(super) alert: Option<&'a str>,
    /// What only who writes clients understands, in English.
    pub(super) technical: Option<&'a str>,
    pub(super) picture: Option<&'a str>,
    pub(super) forms: Vec<Form<'a>>,
    pub(super) links: Vec<(&'a str, &'a str)>,
}

/// A form: where it goes, what it holds, what its buttons say.
#[derive(Default)]
pub(super) struct Form<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) action: &'a str,
    pub(super) hidden: Vec<(&'a str, &'a str)>,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) buttons: Vec<Button<'a>>,
}

pub(super) struct Field<'a> {
    pub(super) id: String,
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) kind: &'a str,
    pub(super) fills: &'a str,
    pub(super) hint: &'a str,
    pub(super) value: &'a str,
    pub(super) mode: &'a str,
}

pub(super) struct Button<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) label: &'a str,
    pub(super) look: &'a str,
}

pub(super) fn page<'a>(visit: &'a Visit, title: &'a str, text: &'a str) -> Page<'a> {
    Page {
        words: visit.words,
        token: &visit.token,
        title,
        text,
        list: Vec::new(),
        key: None,
        alert: None,
        technical: None,
        picture: None,
        forms: Vec::new(),
        links: Vec::new(),
    }
}

pub(super) fn field<'a>(name: &'a str, label: &'a str, kind: &'a str, fills: &'a str) -> Field<'a> {
    let id = name.to_owned();
    Field { id, name, label, kind, fills, hint: "", value: "", mode: "" }
}

pub(super) fn button<'a>(label: &'a str) -> Button<'a> {
    Button { name: "", value: "", label, look: "main" }
}

pub(super) fn answer<'a>(value: &'a str, label: &'a str, look: &'a str) -> Button<'a> {
    Button { name: "answer", value, label, look }
}

impl Page<'_> {
    pub(super) fn with_status(&self, status: StatusCode, goes_to: &str) -> Response {
        let Ok(html) = self.render() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        // A form that answers a client ends at the client's address, and a browser asks whether it
        // may follow.
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'self'{goes_to}"
        );
        let policy = HeaderValue::try_from(policy);
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, html).into_response()
    }

    pub(super) fn shown(&self) -> Response {
        let status = if self.alert.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
        self.with_status(status, "")
    }
}

/// The part of an address that a policy names.
pub(super) fn origin(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once(':') else { return String::new() };
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next());
    let fits =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]+".contains(&b));
    match host {
        Some(host) if scheme.starts_with("http") && fits(host) => format!(" {scheme}://{host}"),
        _ if fits(scheme) => format!(" {scheme}:"),
        _ => String::new(),
    }
}
