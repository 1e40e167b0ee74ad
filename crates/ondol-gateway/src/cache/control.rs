//! What `Cache-Control` says (RFC 9111 §5.2, RFC 5861).
//!
//! Directives that are said twice count in their stricter sense; numbers that are none count as no time
//! at all; what nobody knows is passed over.

use http::HeaderMap;
use http::header::CACHE_CONTROL;

/// More seconds than this mean for ever.
pub(crate) const SECONDS_MAX: u64 = 1 << 31;

/// The directives of a request or an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    /// `must-revalidate` or `proxy-revalidate`.
    pub(crate) must_revalidate: bool,
    pub(crate) no_transform: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<u64>,
    pub(crate) s_maxage: Option<u64>,
    pub(crate) min_fresh: Option<u64>,
    /// Without a number, for ever.
    pub(crate) max_stale: Option<u64>,
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
}

impl Control {
    /// What all `Cache-Control` headers say together.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        for value in headers.get_all(CACHE_CONTROL) {
            control.add(value.as_bytes());
        }
        control
    }

    fn add(&mut self, mut rest: &[u8]) {
        while !rest.is_empty() {
            let (directive, after) = split_directive(rest);
            rest = after;
            let equals = memchr::memchr(b'=', directive);
            let (name, value) = match equals {
                Some(at) => (&directive[..at], Some(&directive[at + 1..])),
                None => (directive, None),
            };
            self.note(name.trim_ascii(), value.map(<[u8]>::trim_ascii));
        }
    }

    fn note(&mut self, name: &[u8], value: Option<&[u8]>) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let seconds = || value.and_then(read_seconds).unwrap_or(0);
        let less = |before: Option<u64>, now: u64| Some(before.map_or(now, |it| it.min(now)));
        // Fields named by `private` or `no-cache` are not looked for: the whole answer is meant.
        match () {
            () if is("no-store") => self.no_store = true,
            () if is("no-cache") => self.no_cache = true,
            () if is("private") => self.private = true,
            () if is("public") => self.public = true,
            () if is("must-revalidate") || is("proxy-revalidate") => self.must_revalidate = true,
            () if is("no-transform") => self.no_transform = true,
            () if is("only-if-cached") => self.only_if_cached = true,
            () if is("max-age") => self.max_age = less(self.max_age, seconds()),
            () if is("s-maxage") => self.s_maxage = less(self.s_maxage, seconds()),
            () if is("min-fresh") => {
                self.min_fresh = Some(self.min_fresh.unwrap_or(0).max(seconds()));
            }
            () if is("max-stale") => {
                let allowed = value.map_or(SECONDS_MAX, |it| read_seconds(it).unwrap_or(0));
                self.max_stale = less(self.max_stale, allowed);
            }
            () if is("stale-while-revalidate") => {
                self.stale_while_revalidate = less(self.stale_while_revalidate, seconds());
            }
            () if is("stale-if-error") => {
                self.stale_if_error = less(self.stale_if_error, seconds());
            }
            () => {}
        }
    }
}

/// The first of a list's directives, and those after it. A comma between quotation marks ends nothing.
fn split_directive(list: &[u8]) -> (&[u8], &[u8]) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in list.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return (&list[..at], &list[at + 1..]),
            _ => {}
        }
    }
    (list, b"")
}

/// Whole seconds, also between quotation marks.
fn read_seconds(value: &[u8]) -> Option<u64> {
    let inner = value.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
    let digits = inner.unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse().unwrap_or(SECONDS_MAX);
    Some(number.min(SECONDS_MAX))
}
