//! What verifying a token costs, on one thread: the first time, and when it is remembered.

use std::sync::Arc;

use ondol_auth::{
    AccessClaims, Algorithm, FetchError, KeyRing, KeyRingOptions, KeySource, KeyTimes, Revocations,
    SigningKey, SigningKeys, TokenType, Verifier, VerifierOptions, VerifyingKey, decode_strict,
};
use ondol_bench::{Bench, Stopwatch};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::Timestamp;

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "https://bank.example";
const ONE: &str = "one thread";
/// How many tokens are verified in turn.
const TOKENS: u64 = 1_000;

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

/// Tokens of one algorithm, and who verifies them.
struct Signed {
    public: VerifyingKey,
    tokens: Vec<String>,
    /// What was signed, and the signature.
    parts: Vec<(Vec<u8>, Vec<u8>)>,
    cold: Verifier,
    cached: Verifier,
}

/// Everything that is measured here.
pub(crate) struct Verifying {
    /// As the provider signs what services verify.
    access: Arc<Signed>,
    /// As others may.
    other: Arc<Signed>,
}

impl Signed {
    fn by(algorithm: Algorithm) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (key, _bytes) = SigningKey::generate_for(algorithm)?;
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
        let tokens: Vec<String> = (0..TOKENS)
            .map(|number| key.sign(TokenType::Access, &claims(clock.as_ref(), number)))
            .collect::<Result<_, _>>()?;
        let parts = tokens.iter().map(|token| {
            let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
            Ok((signed.as_bytes().to_vec(), decode_strict(signature)?))
        });
        let parts = parts.collect::<anyhow::Result<_>>()?;
        let public = VerifyingKey::read(key.public()).map_err(anyhow::Error::msg)?;
        Ok(Self { public, tokens, parts, cold, cached })
    }

    /// Microseconds that a signature alone costs.
    fn signatures(&self, rounds: u32) -> f64 {
        let watch = Stopwatch::start();
        for number in 0..rounds {
            let (signed, signature) = &self.parts[number as usize % self.parts.len()];
            assert!(self.public.has_signed(signed, signature));
        }
        watch.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    }

    /// Microseconds that a token costs.
    fn verified(&self, by: &Verifier, rounds: u32) -> f64 {
        let watch = Stopwatch::start();
        for number in 0..rounds {
            assert!(by.verify_now(&self.tokens[number as usize % self.tokens.len()]).is_ok());
        }
        watch.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    }
}

impl Verifying {
    pub(crate) fn prepared() -> anyhow::Result<Self> {
        let (access, other) = (Signed::by(Algorithm::EdDsa)?, Signed::by(Algorithm::Es256)?);
        Ok(Self { access: Arc::new(access), other: Arc::new(other) })
    }

    pub(crate) fn cases(self, bench: &mut Bench<'_>) -> anyhow::Result<()> {
        let Self { access, other } = self;
        let rounds = u32::try_from(bench.size(20_000, 1_000))?;
        let payload = format!("tokens of {} bytes", access.tokens[0].len());
        let name = |signed: &Signed| signed.public.algorithm().name();
        for (prefix, signed) in [("", &access), ("ES256 ", &other)] {
            let alone = format!("{prefix}signature alone");
            let case = bench.case(&alone).unit("µs").setting("algorithm", name(signed));
            case.setting("concurrency", ONE).setting("payload", &payload).measure({
                let signed = Arc::clone(signed);
                move || signed.signatures(rounds)
            });
            let cold = bench.case(&format!("{prefix}cold")).unit("µs").against(&alone);
            cold.setting("concurrency", ONE).setting("payload", &payload).measure({
                let signed = Arc::clone(signed);
                move || signed.verified(&signed.cold, rounds)
            });
        }
        let case = bench.case("cached").unit("µs").setting("concurrency", ONE);
        case.setting("payload", &payload).measure(move || {
            access.verified(&access.cached, u32::try_from(TOKENS).unwrap_or(0));
            access.verified(&access.cached, rounds * 20)
        });
        Ok(())
    }
}
