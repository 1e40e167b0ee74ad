//! The CDN: hands out a picture for any name, the same for the same name.

use http::{Method, StatusCode};

use crate::answer::{Answer, Asked, Body};
use crate::keys::fingerprint;

/// How long a name may be.
const NAME_BYTES_MAX: usize = 100;

pub(super) fn answer(asked: &Asked<'_>) -> Answer {
    let (&Method::GET, ["files", name]) = (asked.method, asked.path) else {
        return Answer::nothing_there();
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) || asked.is_refused {
        return Answer::nothing_there();
    }
    // Three colours that follow from the name.
    let mark = fingerprint(asked.method, asked.path, b"");
    let (ground, shape, line) = (&mark[..6], &mark[6..12], &mark[12..18]);
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 160 90\">\
         <rect width=\"160\" height=\"90\" fill=\"#{ground}\"/>\
         <circle cx=\"80\" cy=\"45\" r=\"30\" fill=\"#{shape}\"/>\
         <path d=\"M0 80 L160 60\" stroke=\"#{line}\" stroke-width=\"4\"/>\
         <text x=\"8\" y=\"20\" font-size=\"10\">{name}</text></svg>"
    );
    let body = Body::File { kind: "image/svg+xml", text };
    Answer { status: StatusCode::OK, body, record: None, news: None }
}
