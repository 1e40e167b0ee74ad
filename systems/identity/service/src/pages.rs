//! The pages: made on the server, whole without a script, readable by machines that read aloud.

mod frame;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::authorize::Wanted;
use crate::browser::Visit;
use crate::fault::Fault;
use crate::sent::NotOwn;
use crate::words::Words;
use frame::{Button, Field, Form, answer, button, field, origin, page};

/// Who looks at his account.
pub(crate) struct Owner<'a> {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) has_factor: bool,
    pub(crate) said: Option<&'a str>,
}

/// Somebody signs in; `tried` is the address with which he has just failed to.
pub(crate) fn sign_in(
    visit: &Visit,
    wanted: Option<&Wanted<'_>>,
    then: &str,
    tried: Option<&str>,
) -> Response {
    let words = visit.words;
    let text = wanted.map(|wanted| format!("{} {}", words.to_go_on, wanted.client.name));
    let text = text.unwrap_or_default();
    let mut page = page(visit, words.sign_in, &text);
    page.alert = tried.map(|_| words.wrong_login);
    let email = field("email", words.email, "email", "username");
    page.forms.push(Form {
        action: "/sign-in",
        hidden: vec![("then", then)],
        fields: vec![
            Field { value: tried.unwrap_or_default(), ..email },
            field("password", words.password, "password", "current-password"),
        ],
        buttons: vec![button(words.sign_in)],
        ..Form::default()
    });
    page.links = vec![("/register", words.no_account), ("/forgotten", words.lost_password)];
    let goes_to = wanted.map(|wanted| origin(&wanted.redirect)).unwrap_or_default();
    let status = if tried.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    page.with_status(status, &goes_to)
}

fn number_field(words: &Words) -> Field<'_> {
    let field = field("number", words.number, "text", "one-time-code");
    Field { mode: "numeric", ..field }
}

pub(crate) fn second_factor(visit: &Visit, then: &str, alert: Option<&str>) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.second_factor, words.number_hint);
    page.alert = alert;
    page.forms.push(Form {
        action: "/second-factor",
        hidden: vec![("then", then)],
        fields: vec![number_field(words)],
        buttons: vec![button(words.go_on)],
        ..Form::default()
    });
    let redirect = crate::asked::Params::read(then).ok();
    let redirect = redirect.and_then(|params| params.get("redirect_uri").map(origin));
    let status = if alert.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    page.with_status(status, &redirect.unwrap_or_default())
}

pub(crate) fn consent(visit: &Visit, wanted: &Wanted<'_>) -> Response {
    let words = visit.words;
    let text = format!("{} {}", wanted.client.name, words.consent_asks);
    let then = wanted.params.text();
    let mut page = page(visit, words.consent, &text);
    page.list = words.scopes(&wanted.scopes);
    page.forms.push(Form {
        action: "/consent",
        hidden: vec![("then", &then)],
        buttons: vec![answer("yes", words.yes, "main"), answer("no", words.no, "quiet")],
        ..Form::default()
    });
    page.with_status(StatusCode::OK, &origin(&wanted.redirect))
}

pub(crate) fn register(visit: &Visit, alert: Option<&str>) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.register, "");
    page.alert = alert;
    let password = field("password", words.password, "password", "new-password");
    page.forms.push(Form {
        action: "/register",
        fields: vec![
            field("name", words.name, "text", "name"),
            field("email", words.email, "email", "username"),
            Field { hint: words.password_hint, ..password },
        ],
        buttons: vec![button(words.register)],
        ..Form::default()
    });
    page.links = vec![("/account", words.have_account)];
    page.shown()
}

pub(crate) fn verify(visit: &Visit, token: &str) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.verify, "");
    page.forms.push(Form {
        action: "/verify",
        hidden: vec![("token", token)],
        buttons: vec![button(words.verify)],
        ..Form::default()
    });
    page.shown()
}

pub(crate) fn forgotten(visit: &Visit) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.reset_ask, "");
    page.forms.push(Form {
        action: "/forgotten",
        fields: vec![field("email", words.email, "email", "username")],
        buttons: vec![button(words.send)],
        ..Form::default()
    });
    page.shown()
}

pub(crate) fn reset(visit: &Visit, token: &str, alert: Option<&str>) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.reset, "");
    page.alert = alert;
    let password = field("password", words.new_password, "password", "new-password");
    page.forms.push(Form {
        action: "/reset",
        hidden: vec![("token", token)],
        fields: vec![Field { hint: words.password_hint, ..password }],
        buttons: vec![button(words.reset)],
        ..Form::default()
    });
    page.shown()
}

pub(crate) fn account(visit: &Visit, owner: &Owner<'_>) -> Response {
    let words = visit.words;
    let text = format!("{} · {}", owner.name, owner.email);
    let mut page = page(visit, words.account, &text);
    page.alert = owner.said;
    let again = |place: &str| Field {
        id: format!("{place}-password"),
        ..field("password", words.this_password, "password", "current-password")
    };
    let (state, change, label) = if owner.has_factor {
        (words.factor_on, "remove-factor", words.turn_off)
    } else {
        (words.factor_off, "offer-factor", words.turn_on)
    };
    let new = field("new", words.new_password, "password", "new-password");
    page.forms = vec![
        Form {
            title: words.second_factor,
            text: state,
            action: "/account",
            hidden: vec![("change", change)],
            fields: vec![again("factor")],
            buttons: vec![button(label)],
        },
        Form {
            title: words.change_password,
            action: "/account",
            hidden: vec![("change", "password")],
            fields: vec![again("change"), Field { hint: words.password_hint, ..new }],
            buttons: vec![button(words.change_password)],
            ..Form::default()
        },
        Form {
            title: words.sign_out,
            action: "/account",
            hidden: vec![("change", "sign-out")],
            buttons: vec![Button { look: "quiet", ..button(words.sign_out) }],
            ..Form::default()
        },
        Form {
            title: words.forget,
            text: words.forget_hint,
            action: "/account",
            hidden: vec![("change", "forget")],
            fields: vec![again("forget")],
            buttons: vec![Button { look: "grave", ..button(words.forget) }],
        },
    ];
    page.shown()
}

/// Letters as people copy them: four at a time. Authenticators take them with the spaces.
fn in_fours(letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

pub(crate) fn enrol(visit: &Visit, secret: &str, picture: &str) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.enrol, words.enrol_hint);
    page.key = Some(format!("{}: {}", words.key, in_fours(secret)));
    page.picture = Some(picture);
    page.forms.push(Form {
        action: "/account",
        hidden: vec![("change", "confirm-factor")],
        fields: vec![number_field(words)],
        buttons: vec![button(words.turn_on)],
        ..Form::default()
    });
    page.shown()
}

pub(crate) fn device(visit: &Visit, code: &str, alert: Option<&str>) -> Response {
    let words = visit.words;
    let mut page = page(visit, words.device, words.device_hint);
    page.alert = alert;
    page.forms.push(Form {
        action: "/device",
        fields: vec![Field { value: code, ..field("user_code", words.user_code, "text", "off") }],
        buttons: vec![button(words.go_on)],
        ..Form::default()
    });
    page.shown()
}

pub(crate) fn device_ask(visit: &Visit, code: &str, client: &str, scopes: &[String]) -> Response {
    let words = visit.words;
    let text = format!("{client} {}", words.device_asks);
    let mut page = page(visit, words.device, &text);
    page.list = words.scopes(scopes);
    page.forms.push(Form {
        action: "/device",
        hidden: vec![("user_code", code)],
        buttons: vec![answer("yes", words.yes, "main"), answer("no", words.no, "quiet")],
        ..Form::default()
    });
    page.shown()
}

pub(crate) fn leave(visit: &Visit, params: &str) -> Response {
    let words = visit.words;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(params).unwrap_or_default();
    let mut page = page(visit, words.sign_out, words.sign_out_ask);
    let hidden = pairs.iter().filter(|(name, _)| name != "csrf");
    let goes_to = pairs.iter().find(|(name, _)| name == "post_logout_redirect_uri");
    page.forms.push(Form {
        action: "/oauth2/logout",
        hidden: hidden.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        buttons: vec![button(words.sign_out)],
        ..Form::default()
    });
    page.with_status(StatusCode::OK, &goes_to.map(|(_, to)| origin(to)).unwrap_or_default())
}

/// The last page that somebody sees.
pub(crate) fn farewell(visit: &Visit, title: &str) -> Response {
    page(visit, title, visit.words.farewell).shown()
}

pub(crate) fn said(visit: &Visit, title: &str, text: &str) -> Response {
    let mut page = page(visit, title, text);
    page.links = vec![("/account", visit.words.account)];
    page.shown()
}

/// What the link of an e-mail has done, or that it does nothing any more.
pub(crate) fn link(visit: &Visit, is_good: bool, done: &str) -> Response {
    let words = visit.words;
    if is_good {
        said(visit, done, words.now_sign_in)
    } else {
        said(visit, words.bad_link, words.ask_again)
    }
}

/// Something is wrong with what a client has sent: said here, and nobody is sent anywhere.
pub(crate) fn wrong(visit: &Visit, said: &str) -> Response {
    let mut page = page(visit, visit.words.wrong_title, visit.words.wrong_hint);
    page.technical = Some(said);
    page.with_status(StatusCode::BAD_REQUEST, "")
}

/// A form is not taken.
pub(crate) fn not_own(visit: &Visit, why: NotOwn) -> Response {
    let (hint, status) = match why {
        NotOwn::Foreign => (visit.words.not_own_hint, StatusCode::FORBIDDEN),
        NotOwn::Field => (visit.words.not_ours_hint, StatusCode::BAD_REQUEST),
    };
    page(visit, visit.words.not_own, hint).with_status(status, "")
}

/// The answer, or a page that says what is in the way.
pub(crate) fn answered(visit: &Visit, answer: Result<Response, Fault>) -> Response {
    answer.unwrap_or_else(|error| fault(visit, &error))
}

pub(crate) fn fault(visit: &Visit, fault: &Fault) -> Response {
    let problem = fault.problem();
    let words = visit.words;
    let (title, text) = match fault {
        Fault::TooOften(_) => (words.too_often, words.too_often_hint),
        _ => (words.ours, words.ours_hint),
    };
    let mut response = page(visit, title, text).with_status(problem.status(), "");
    if let Fault::TooOften(seconds) = fault {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}
