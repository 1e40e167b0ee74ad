//! What it costs to know who asks.
//!
//! Cold: nothing is remembered, so that the signature (ES256) of every request's token is checked; the
//! gateway answers by itself, since what is measured is the checking. Proxied, most of the difference is
//! the kernel waking a backend and a client that have nothing to do meanwhile.
//! Guarded: the token is remembered, and a limit for each user, the pages that may call, a breaker, the
//! meters and the access log are on as well.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use ondol_auth::{SigningKey, TokenType};
use ondol_bench::Bench;
use ondol_doors::{Clock, SystemClock};
use serde_json::json;

use crate::answers::{answering, fixed};
use crate::{Server, gateway, load_with};

const ISSUER: &str = "http://id.bench";
/// Longer than any run.
const TOKENS_LAST: u64 = 3_600;

/// Gateways that ask who it is, and a token that they believe.
pub(crate) struct Known {
    cold: Server,
    proxied: Server,
    guarded: Server,
    headers: [String; 2],
}

impl Known {
    pub(crate) fn start(folder: &Path, to: SocketAddr) -> io::Result<Self> {
        let (key, _bytes) = SigningKey::generate().map_err(io::Error::other)?;
        let file = folder.join("keys.json");
        fs::write(&file, json!({ "keys": [key.public()] }).to_string())?;
        let now = SystemClock::start().now().as_unix_millis() / 1_000;
        let claims = json!({
            "iss": ISSUER, "sub": "3f1c0a52-0b1e-7cc3-98c4-dc0c0c07398f", "aud": "bank", "client_id": "web",
            "jti": "0197f3a1-5b1e-7cc3-98c4-dc0c0c07398f", "iat": now, "exp": now + TOKENS_LAST,
            "scope": "openid accounts transfers", "roles": ["user", "premium"],
            "sid": "0197f3a1-98c4-7cc3-5b1e-dc0c0c07398f", "acr": "2fa", "amr": ["pwd", "otp"], "auth_time": now,
        });
        let token = key.sign(TokenType::Access, &claims).map_err(io::Error::other)?;
        let issuer = |more: &str| {
            format!(
                "[issuers.house]\nissuer = \"{ISSUER}\"\naudience = \"bank\"\nkeys = {file:?}\n{more}"
            )
        };
        let asks = "auth = { issuer = \"house\", scopes = [\"accounts\"], roles = [\"user\"] }";
        let forgetful = issuer("tokens_max = 0");
        let cold = format!("{forgetful}\n[routes.all]\n{}\n{asks}\n", fixed());
        let cold = answering(folder, "cold", &cold)?;
        let proxied = gateway(folder, "proxied", &format!("{forgetful}||{asks}"), to)?;
        let log = folder.join("guarded.log");
        let guarded = format!(
            "access_log = {{ to = {log:?} }}\n{}|breaker = {{ failures_in_a_row = 5 }}|{asks}\n\
             cors = {{ origins = [\"https://app.bank.bench\"] }}\n{LIMIT}",
            issuer("")
        );
        let guarded = gateway(folder, "who", &guarded, to)?;
        let headers =
            [format!("Authorization: Bearer {token}"), "Origin: https://app.bank.bench".to_owned()];
        Ok(Self { cold, proxied, guarded, headers })
    }
}

/// So many that nobody is turned away, and everybody counted.
const LIMIT: &str = "rate = \"10000000 / minute per user\"";

pub(crate) fn cases<'a>(bench: &mut Bench<'a>, known: &'a Known) {
    let seconds = bench.size(3, 1);
    let Known { cold, proxied, guarded, headers } = known;
    bench
        .case("token verified cold")
        .unit("requests/s")
        .against("nginx")
        .measure(move || load_with(cold, seconds, headers));
    bench
        .case("token verified cold, and proxied")
        .unit("requests/s")
        .against("nginx")
        .measure(move || load_with(proxied, seconds, headers));
    bench
        .case("token, user's limit, pages, breaker and access log")
        .unit("requests/s")
        .against("nginx")
        .measure(move || load_with(guarded, seconds, headers));
}
