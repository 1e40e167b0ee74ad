//! Which pages of other sites may call a route, by the Origin that their browser says.
//!
//! What a backend says about it is replaced by what the route says: one place decides. A page that is
//! not listed gets an answer without a word about it, which its browser then keeps from it; and it gets
//! no WebSocket, which browsers would let it have. `null` is nobody, and a name is compared whole.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::body::Body;
use crate::config::CorsOptions;

/// Headers of an answer that say what pages may do: ours to set.
const OURS: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// What a route says to pages of other sites.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Vec<Listed>,
    methods: HeaderValue,
    headers: Option<HeaderValue>,
    exposed: Option<HeaderValue>,
    credentials: bool,
    max_age: HeaderValue,
}

/// An origin on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listed {
    /// This one.
    Exact(String),
    /// All below a name: `https://` and `.example.com`, with its port.
    Below(String, String),
}

impl Listed {
    /// An origin as a route lists it, if it is one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://")?;
        let name = authority.strip_prefix("*.").unwrap_or(authority);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        let good =
            matches!(scheme, "http" | "https") && !name.is_empty() && name.bytes().all(plain);
        let below = || Self::Below(format!("{scheme}://"), format!(".{name}"));
        good.then(|| if name == authority { Self::Exact(text.clone()) } else { below() })
    }

    fn is(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => exact.eq_ignore_ascii_case(origin),
            Self::Below(scheme, end) => {
                let origin = origin.to_ascii_lowercase();
                let name = origin.strip_prefix(scheme).and_then(|name| name.strip_suffix(end));
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
                name.is_some_and(|name| !name.is_empty() && name.bytes().all(plain))
            }
        }
    }
}

impl Cors {
    /// Ready to be said; nothing when the options cannot be.
    pub(crate) fn new(options: &CorsOptions) -> Option<Self> {
        let list = |words: &[String]| HeaderValue::from_str(&words.join(", ")).ok();
        let some = |words: &[String]| if words.is_empty() { None } else { list(words) };
        let mut methods: Vec<_> = ["GET", "HEAD", "POST"].map(str::to_owned).into();
        methods.extend(options.methods.iter().cloned());
        Some(Self {
            origins: options
                .origins
                .iter()
                .map(|text| Listed::read(text))
                .collect::<Option<_>>()?,
            methods: list(&methods)?,
            headers: some(&options.headers),
            exposed: some(&options.exposed),
            credentials: options.credentials,
            max_age: options.max_age.as_secs().into(),
        })
    }

    /// The origin of a request, if it is on the list.
    pub(crate) fn listed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = only_origin(headers)?;
        let text = origin.to_str().ok()?;
        self.origins.iter().any(|listed| listed.is(text)).then(|| origin.clone())
    }

    /// Says to an answer's page whether it may read it.
    pub(crate) fn tell(&self, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        for name in OURS {
            headers.remove(name);
        }
        // Whoever keeps this answer must not give it to another page.
        headers.append(VARY, HeaderValue::from_static("origin"));
        let Some(origin) = origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(exposed) = &self.exposed {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    /// The answer to a browser that asks before it sends.
    pub(crate) fn preflight(&self, origin: Option<HeaderValue>) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let listed = origin.is_some();
        let headers = response.headers_mut();
        self.tell(origin, headers);
        if listed {
            headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
            headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
            if let Some(allowed) = &self.headers {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
            }
        }
        response
    }
}

/// The method that a browser asks about before it sends, if this is such a question.
pub(crate) fn asked_about(method: &Method, headers: &HeaderMap) -> Option<Method> {
    let asked = headers.get(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| method == Method::OPTIONS)?;
    only_origin(headers)?;
    Method::from_bytes(asked.as_bytes()).ok()
}

/// Whether a WebSocket may be opened: by what is no browser, by a page of the same host, by a page that
/// is listed.
pub(crate) fn may_upgrade(cors: Option<&Cors>, host: &str, headers: &HeaderMap) -> bool {
    if !headers.contains_key(ORIGIN) {
        return true;
    }
    let text = only_origin(headers).and_then(|origin| origin.to_str().ok());
    let same = text.and_then(|text| text.split_once("://")).is_some_and(|(_, authority)| {
        !authority.is_empty() && authority.eq_ignore_ascii_case(host)
    });
    same || cors.is_some_and(|cors| cors.listed(headers).is_some())
}

/// The origin, if there is exactly one.
fn only_origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    origins.next().filter(|_| origins.next().is_none())
}
