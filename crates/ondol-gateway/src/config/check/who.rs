//! What is wrong with who is believed, and with what routes ask of whoever calls them.

use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::{HeaderName, Method};

use super::Checker;
use crate::config::meant;
use crate::config::model::{OneOrMany, RouteOptions};
use crate::config::who::{
    AboveOptions, AuthOptions, AuthorizeOptions, IntrospectOptions, IssuerOptions,
};
use crate::who::{Part, Place};

/// Clocks differ by this at most.
const LEEWAY_MAX: Duration = Duration::from_secs(60);
/// What was taken back is known within this.
const EVERY_MAX: Duration = Duration::from_secs(5);

impl Checker<'_> {
    /// Everybody who is believed.
    pub(super) fn who(&mut self) {
        let config = self.config;
        for (name, issuer) in &config.issuers {
            self.issuer(&format!("issuers.{name}"), issuer);
        }
        for (name, keys) in &config.keys {
            self.told(&format!("keys.{name}.header"), &keys.header);
        }
        for (name, certificates) in &config.certificates {
            let key = format!("certificates.{name}.names");
            if certificates.names.is_empty() {
                self.found(&key, "it knows nobody");
            }
            for name in certificates.names.keys() {
                let rest = name.strip_prefix("*.").unwrap_or(name);
                if rest.is_empty() || rest.contains('*') {
                    self.found(&key, format!("`{name}`: a name, or `*.` and a name"));
                }
            }
        }
    }

    fn issuer(&mut self, key: &str, issuer: &IssuerOptions) {
        let at = |field: &str| format!("{key}.{field}");
        if issuer.issuer.is_empty() {
            self.found(&at("issuer"), "an issuer has a name");
        }
        let audience = issuer.audience.as_slice();
        if audience.is_empty() || audience.iter().any(String::is_empty) {
            self.found(&at("audience"), "tokens are for somebody: it needs a name");
        }
        self.quoted(&at("audience"), audience);
        self.named(&at("backend"), issuer.backend.as_deref());
        let ways = [issuer.discover, issuer.jwks.is_some(), issuer.keys.is_some()];
        if ways.iter().filter(|way| **way).count() != 1 {
            self.found(key, "its keys need exactly one of `discover = true`, `jwks`, `keys`");
        }
        let asks = issuer.discover || issuer.jwks.is_some() || issuer.introspect.is_some();
        if asks && issuer.backend.is_none() {
            self.found(key, "it needs the `backend` that is asked");
        }
        if !asks && issuer.backend.is_some() {
            self.found(&at("backend"), "nothing is asked of it");
        }
        if issuer.discover && !is_address(&issuer.issuer) {
            self.found(&at("issuer"), "to be discovered, it is called `https://…` or `http://…`");
        }
        self.path(&at("jwks"), issuer.jwks.as_deref());
        let cookie = issuer.cookie.as_deref().map(|name| HeaderName::from_bytes(name.as_bytes()));
        if matches!(cookie, Some(Err(_))) {
            self.found(&at("cookie"), "a cookie's name has letters, digits and `-._`");
        }
        if issuer.leeway.is_some_and(|leeway| leeway > LEEWAY_MAX) {
            self.found(&at("leeway"), "clocks may differ by a minute at most");
        }
        for (field, time) in [
            ("fresh_for", issuer.fresh_for),
            ("fetch_apart", issuer.fetch_apart),
            ("fetch_within", issuer.fetch_within),
            ("stale_longest", issuer.stale_longest),
        ] {
            self.lasts(&at(field), time);
        }
        if let Some(asked) = &issuer.introspect {
            self.introspect(&at("introspect"), asked);
        }
    }

    fn introspect(&mut self, key: &str, asked: &IntrospectOptions) {
        self.path(&format!("{key}.path"), Some(&asked.path));
        if asked.client.is_empty() {
            self.found(key, "the gateway asks as a `client`");
        }
        if asked.every > EVERY_MAX {
            self.found(key, "what was taken back is known within 5 seconds: `every` is 5s at most");
        }
        self.lasts(key, Some(asked.timeout));
    }

    /// Who may call a route.
    pub(super) fn auth(&mut self, name: &str, route: &RouteOptions, auth: &AuthOptions) {
        let key = format!("routes.{name}.auth");
        let at = |field: &str| format!("{key}.{field}");
        let config = self.config;
        let issuers = auth.issuer.iter().flat_map(OneOrMany::as_slice);
        for issuer in issuers.clone() {
            let names = config.issuers.keys().map(String::as_str);
            self.known(&at("issuer"), "issuer", issuer, names);
        }
        if let Some(keys) = &auth.keys {
            self.known(&at("keys"), "keys", keys, config.keys.keys().map(String::as_str));
        }
        if let Some(certificate) = &auth.certificate {
            let names = config.certificates.keys().map(String::as_str);
            self.known(&at("certificate"), "certificates", certificate, names);
        }
        let tokens = issuers.count() > 0;
        if !tokens && auth.keys.is_none() && auth.certificate.is_none() {
            self.found(&key, "it needs an `issuer`, `keys` or a `certificate` to go by");
        }
        let only_tokens = [
            ("claims", !auth.claims.is_empty()),
            ("acr", !auth.acr.is_empty()),
            ("amr", !auth.amr.is_empty()),
            ("max_age", auth.max_age.is_some()),
            ("above", auth.above.is_some()),
        ];
        for (field, _) in only_tokens.iter().filter(|(_, given)| *given && !tokens) {
            self.found(&at(field), "only tokens say so: it needs an `issuer`");
        }
        if auth.forward_token.is_some() && !tokens && auth.keys.is_none() {
            self.found(&at("forward_token"), "there is no token and no key to go on");
        }
        self.quoted(&at("scopes"), &auth.scopes);
        self.quoted(&at("acr"), &auth.acr);
        self.lasts(&at("max_age"), auth.max_age);
        if let Some(tenant) = &auth.tenant {
            self.filled(&at("tenant"), tenant, route, &["subdomain"]);
        }
        if let Some(above) = &auth.above {
            self.above(&at("above"), above);
        }
        for (header, part) in auth.tell.iter().flatten() {
            self.told(&at("tell"), header);
            if Part::named(part).is_none() {
                let hint = meant(part, Part::NAMES).map(|it| format!("; did you mean `{it}`?"));
                let what = format!("nothing is known of `{part}`{}", hint.unwrap_or_default());
                self.found(&at("tell"), what);
            }
        }
    }

    fn above(&mut self, key: &str, above: &AboveOptions) {
        if let Err(error) = Place::read(&above.at) {
            self.found(&format!("{key}.at"), format!("`{}`: {error}", above.at));
        }
        if !above.amount.is_finite() || above.amount < 0.0 {
            self.found(&format!("{key}.amount"), "an amount is a number, and not below 0");
        }
        if above.acr.is_empty() && above.amr.is_empty() && above.max_age.is_none() {
            self.found(key, "it needs an `acr`, an `amr` or a `max_age` to ask for");
        }
        self.quoted(&format!("{key}.acr"), &above.acr);
        self.lasts(&format!("{key}.max_age"), above.max_age);
        if above.body_bytes_max == 0 {
            self.found(&format!("{key}.body_bytes_max"), "no body is as short as that");
        }
    }

    /// Who is asked besides.
    pub(super) fn authorize(&mut self, name: &str, route: &RouteOptions, asked: &AuthorizeOptions) {
        let key = format!("routes.{name}.authorize");
        let at = |field: &str| format!("{key}.{field}");
        self.named(&at("backend"), Some(&asked.backend));
        if Method::from_bytes(asked.method.as_bytes()).is_err()
            || asked.method.to_uppercase() != asked.method
        {
            self.found(&at("method"), format!("`{}` is not a method", asked.method));
        }
        self.path(&at("path"), Some(&asked.path));
        self.filled(&at("path"), &asked.path, route, &["path", "host", "method"]);
        for header in &asked.headers {
            if HeaderName::from_bytes(header.as_bytes()).is_err() {
                self.found(&at("headers"), format!("`{header}` is not a header's name"));
            }
        }
        for header in &asked.adds {
            self.told(&at("adds"), header);
        }
        self.lasts(&at("timeout"), Some(asked.timeout));
    }

    /// A header that says who somebody is.
    fn told(&mut self, key: &str, header: &str) {
        match HeaderName::from_bytes(header.as_bytes()) {
            Err(_) => self.found(key, format!("`{header}` is not a header's name")),
            Ok(name) if is_taken(&name) => {
                self.found(key, format!("`{header}` has a meaning of its own"));
            }
            Ok(_) => {}
        }
    }

    fn path(&mut self, key: &str, path: Option<&str>) {
        let odd = |path: &&str| {
            !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if let Some(path) = path.filter(odd) {
            self.found(key, format!("`{path}`: a path begins with `/` and has no blanks"));
        }
    }

    fn lasts(&mut self, key: &str, time: Option<Duration>) {
        if time == Some(Duration::ZERO) {
            self.found(key, "nothing is done in no time");
        }
    }

    /// Words that stand between quotation marks in a challenge.
    fn quoted(&mut self, key: &str, words: &[String]) {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        for word in words.iter().filter(|word| word.is_empty() || !word.bytes().all(plain)) {
            self.found(key, format!("`{word}` has a blank, a quotation mark or an odd letter"));
        }
    }
}

/// Whether a header means something else already.
fn is_taken(name: &HeaderName) -> bool {
    let text = name.as_str();
    [AUTHORIZATION, COOKIE, HOST].contains(name)
        || ["content-", "sec-", "proxy-", "if-", "access-control-"]
            .iter()
            .any(|begin| text.starts_with(begin))
        || crate::canonical::is_hop_by_hop(name)
}

fn is_address(text: &str) -> bool {
    text.strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .is_some_and(|rest| !rest.is_empty() && text.parse::<http::Uri>().is_ok())
}
