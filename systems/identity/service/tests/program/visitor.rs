//! A person with a browser, as far as the pages need one: follows where he is sent, fills in the
//! form that is shown, says yes.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Method, header};

use crate::provider::{Answer, Program};
use crate::totp;

pub(crate) const PASSWORD: &str = "correct horse battery";
/// How many pages there are at most between a client's question and its answer.
const PAGES_MAX: usize = 12;

/// A person with a browser.
pub(crate) struct Visitor<'a> {
    program: &'a Program,
    cookies: BTreeMap<String, String>,
    email: String,
    /// The key of his second factor, and the last half minute whose number he has used.
    factor: Option<(Vec<u8>, u64)>,
}

/// A form as it stands on a page.
#[derive(Debug)]
struct Shown {
    action: String,
    hidden: Vec<(String, String)>,
    /// Fields that are seen, with what stands in them.
    seen: Vec<(String, String)>,
}

#[expect(clippy::disallowed_methods, reason = "the program lives in real time")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

impl<'a> Visitor<'a> {
    /// Somebody who has registered and shown that his address is his own.
    pub(crate) async fn registered(program: &'a Program, email: &str) -> Self {
        let cookies = BTreeMap::new();
        let mut visitor = Self { program, cookies, email: email.to_owned(), factor: None };
        let page = visitor.get("/register").await;
        let filled = [("name", "Kim"), ("email", email), ("password", PASSWORD)];
        let answer = visitor.send(&page, "/register", &filled).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = program.token_in_mail(email);
        let page = visitor.get(&format!("/verify?token={token}")).await;
        let answer = visitor.send(&page, "/verify", &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        visitor
    }

    /// A person whose browser has these cookies.
    pub(crate) fn known(
        program: &'a Program,
        email: &str,
        cookies: BTreeMap<String, String>,
    ) -> Self {
        Self { program, cookies, email: email.to_owned(), factor: None }
    }

    /// What his browser keeps.
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.clone()
    }

    /// Signs out on the account page.
    pub(crate) async fn leave(&mut self, page: &Answer) -> Answer {
        let is_leaving = |form: &Shown| form.hidden.iter().any(|(_, value)| value == "sign-out");
        let form = forms(&page.text).into_iter().find(is_leaving).expect("a form");
        self.post(&form.action, &form.hidden).await
    }

    /// Goes to an address and does what the pages ask for, until he is sent out of the house or has
    /// nothing more to fill in: where he is sent, or what he reads.
    pub(crate) async fn go(&mut self, address: &str) -> String {
        let mut answer = self.get(address).await;
        for _ in 0..PAGES_MAX {
            let to = answer.location().to_owned();
            let is_here = to.starts_with('/') || to.starts_with(&self.program.issuer);
            if !to.is_empty() && !is_here {
                return to;
            }
            answer = if to.is_empty() {
                match forms(&answer.text).into_iter().next() {
                    Some(form) if form.action != "/account" => self.fill(&form).await,
                    _ => return answer.text,
                }
            } else {
                self.get(&to).await
            };
        }
        unreachable!("there is no end to it: {}", answer.text)
    }

    /// Turns the second factor on, as a person does.
    pub(crate) async fn enrol(&mut self) {
        self.go("/account").await;
        let page = self.get("/account").await;
        let filled = [("change", "offer-factor"), ("password", PASSWORD)];
        let page = self.send(&page, "/account", &filled).await;
        let (_, rest) = page.text.split_once("<code>Key: ").expect("a key");
        let key = totp::base32(rest.split('<').next().expect("a key"));
        let number = totp::number(&key, now());
        let filled = [("change", "confirm-factor"), ("number", number.as_str())];
        let done = self.send(&page, "/account", &filled).await;
        assert_eq!(done.status, 303, "{}", done.text);
        self.factor = Some((key, now() / 30));
    }

    /// The next number of his second factor: each counts once, and his clock may be a step ahead.
    fn number(&mut self) -> String {
        let (key, used) = self.factor.as_mut().expect("a second factor");
        *used = (*used + 1).max(now() / 30);
        totp::number(key, *used * 30)
    }

    async fn fill(&mut self, form: &Shown) -> Answer {
        let mut pairs = form.hidden.clone();
        for (name, value) in &form.seen {
            let text = match name.as_str() {
                "email" => self.email.clone(),
                "password" => PASSWORD.to_owned(),
                "number" => self.number(),
                _ => value.clone(),
            };
            pairs.push((name.clone(), text));
        }
        if form.seen.is_empty() && ["/consent", "/device"].contains(&form.action.as_str()) {
            pairs.push(("answer".to_owned(), "yes".to_owned()));
        }
        self.post(&form.action, &pairs).await
    }

    /// Sends the form of a page that goes to an address, filled in.
    pub(crate) async fn send(
        &mut self,
        page: &Answer,
        action: &str,
        filled: &[(&str, &str)],
    ) -> Answer {
        let form = forms(&page.text).into_iter().find(|form| form.action == action);
        let form = form.unwrap_or_else(|| unreachable!("no form to {action}: {}", page.text));
        let mut pairs: BTreeMap<_, _> = form.hidden.into_iter().collect();
        pairs
            .extend(filled.iter().map(|(name, value)| (String::from(*name), String::from(*value))));
        self.post(action, &pairs.into_iter().collect::<Vec<_>>()).await
    }

    async fn post(&mut self, path: &str, pairs: &[(String, String)]) -> Answer {
        let cookie = self.cookie();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
        let address = format!("{}{path}", self.program.issuer);
        let body = serde_urlencoded::to_string(pairs).expect("a form");
        let answer = self.program.send(Method::POST, &address, &headers, body).await;
        self.take(answer)
    }

    pub(crate) async fn get(&mut self, address: &str) -> Answer {
        let is_path = address.starts_with('/');
        let address =
            if is_path { format!("{}{address}", self.program.issuer) } else { address.to_owned() };
        let cookie = self.cookie();
        let headers = [("cookie", cookie.as_str())];
        let answer = self.program.send(Method::GET, &address, &headers, String::new()).await;
        self.take(answer)
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (name, rest) = cookie.split_once('=').expect("a pair");
            let value = rest.split(';').next().expect("a value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// The forms of a page.
fn forms(page: &str) -> Vec<Shown> {
    let forms = page.split("<form ").skip(1).filter_map(|text| text.split("</form>").next());
    forms
        .map(|text| {
            let inputs: Vec<_> = text.split("<input ").skip(1).collect();
            let pair = |input: &str| {
                (
                    attribute(input, "name").unwrap_or_default(),
                    attribute(input, "value").unwrap_or_default(),
                )
            };
            let (hidden, seen): (Vec<&str>, Vec<&str>) =
                inputs.iter().partition(|input| input.starts_with("type=\"hidden\""));
            Shown {
                action: attribute(text, "action").unwrap_or_default(),
                hidden: hidden.into_iter().map(pair).collect(),
                seen: seen.into_iter().map(pair).collect(),
            }
        })
        .collect()
}

fn attribute(element: &str, name: &str) -> Option<String> {
    let element = element.split('>').next()?;
    let (_, rest) = element.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#39;", "'"))
}
