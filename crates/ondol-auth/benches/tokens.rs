//! What verifying a token costs, on one thread: the first time, and when it is remembered.

use std::sync::Arc;

use ondol_auth::{
    AccessClaims, Algorithm, KeyRing, KeyRingOptions, KeySource, Revocations, SigningKey,
    SigningKeys, TokenType, Verifier, VerifierOptions,
};
use ondol_auth::{FetchError, KeyTimes};
use ondol_bench::{Bench, Stopwatch};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::Timestamp;

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "https://bank.example";

/// Keys are put in by hand.
#[derive(Debug)]
struct Nowhere;

#[async_trait::async_trait]
impl KeySource for Nowhere {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        Err(FetchError("there is nobody to ask".into()))
    }
}

fn claims(clock: &dyn Clock, number: u64) -> AccessClaims {
    let now = clock.now().as_unix_millis() / 1_000;
    AccessClaims {
        iss: ISSUER.to_owned(),
        sub: "0193f4a0-0000-7000-8000-000000000001".to_owned(),
        aud: AUDIENCE.into(),
        exp: now + 3_600,
        iat: now,
        nbf: None,
        jti: format!("token-{number}"),
        client_id: "web".to_owned(),
        scope: "openid profile accounts transfers".to_owned(),
        roles: vec!["user".to_owned(), "teller".to_owned()],
        sid: Some("0193f4a0-0000-7000-8000-000000000002".to_owned()),
        tenant: None,
        acr: Some("urn:ondol:acr:2fa".to_owned()),
        amr: vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()],
        auth_time: Some(now),
        cnf: None,
    }
}

fn main() -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let (key, _bytes) = SigningKey::generate()?;
    let mut keys = SigningKeys::default();
    let (begin, end) = (Timestamp::EPOCH, Timestamp::from_micros(253_402_300_799_000_000)?);
    let times = KeyTimes { signs_from: begin, signs_until: end, published_until: end };
    keys.add(key.clone(), times);
    let verifier = |cached: u64| -> anyhow::Result<Verifier> {
        let options = KeyRingOptions::default();
        let ring = KeyRing::new(Arc::new(Nowhere), Arc::clone(&clock), options);
        ring.put(keys.published(clock.now())?)?;
        let options = VerifierOptions::new(ISSUER, AUDIENCE);
        let options = VerifierOptions { cached_tokens_max: cached, ..options };
        Ok(Verifier::new(options, ring, Revocations::default(), Arc::clone(&clock)))
    };
    let (cold, cached) = (verifier(0)?, verifier(10_000)?);
    let tokens: Vec<String> = (0..1_000)
        .map(|number| key.sign(TokenType::Access, &claims(clock.as_ref(), number)))
        .collect::<Result<_, _>>()?;
    let public = ondol_auth::VerifyingKey::read(key.public()).map_err(anyhow::Error::msg)?;
    let of = |number: u32| &tokens[number as usize % tokens.len()];
    let parts: Vec<(Vec<u8>, Vec<u8>)> = tokens
        .iter()
        .map(|token| {
            let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
            Ok((signed.as_bytes().to_vec(), ondol_auth::decode_strict(signature)?))
        })
        .collect::<anyhow::Result<_>>()?;
    let mut bench = Bench::from_args("tokens")?;
    bench.setting("algorithm", Algorithm::Es256.name());
    bench.setting("sync", "nothing is written");
    bench.setting("concurrency", "one thread");
    bench.setting("payload", format!("tokens of {} bytes", tokens[0].len()));
    let rounds = u32::try_from(bench.size(20_000, 1_000))?;
    bench.case("signature alone").unit("µs").measure(|| {
        let watch = Stopwatch::start();
        for number in 0..rounds {
            let (signed, signature) = &parts[number as usize % parts.len()];
            assert!(public.has_signed(signed, signature));
        }
        watch.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    });
    bench.case("cold").unit("µs").against("signature alone").measure(|| {
        let watch = Stopwatch::start();
        for number in 0..rounds {
            assert!(cold.verify_now(of(number)).is_ok());
        }
        watch.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    });
    let many = rounds * 20;
    bench.case("cached").unit("µs").measure(|| {
        for number in 0..1_000 {
            assert!(cached.verify_now(of(number)).is_ok());
        }
        let watch = Stopwatch::start();
        for number in 0..many {
            assert!(cached.verify_now(of(number)).is_ok());
        }
        watch.elapsed().as_secs_f64() * 1e6 / f64::from(many)
    });
    bench.run()?;
    Ok(())
}
