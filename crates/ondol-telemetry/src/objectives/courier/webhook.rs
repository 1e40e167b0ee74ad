//! A message to whoever is told over HTTP, signed as [`ondol_vault::signature`] says.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_doors::Clock;
use ondol_vault::{SIGNATURE, SecretFileError, read_secret, signature};
use zeroize::Zeroizing;

use super::{Message, WebhookOptions};

/// How long telling may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Why people cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CourierError {
    /// It is not on this machine.
    #[error("alerts are told to http:// addresses of this machine, found {0:?}")]
    Address(String),
    /// Its secret cannot be read.
    #[error("what alerts are signed with cannot be used")]
    Secret(#[from] SecretFileError),
    /// It would be told over a way that nobody guards.
    #[error("a mail server of this machine takes the letters, found {0}")]
    Mail(SocketAddr),
    /// There is nothing in its file.
    #[error("what alerts are signed with is empty")]
    NoSecret,
}

/// Why it has not taken a message.
#[derive(Debug, thiserror::Error)]
pub(super) enum TellError {
    #[error("the message cannot be written")]
    Write(#[from] serde_json::Error),
    #[error("its address cannot be used")]
    Address(#[from] http::Error),
    #[error("it cannot be reached: {0}")]
    Reach(#[from] hyper_util::client::legacy::Error),
    #[error("it has answered {0}")]
    Refused(StatusCode),
    #[error("it has not answered within {WITHIN:?}")]
    Late,
}

/// Who is told.
pub(super) struct Webhook {
    uri: Uri,
    secret: Zeroizing<Vec<u8>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Webhook {
    pub(super) fn new(options: &WebhookOptions) -> Result<Self, CourierError> {
        let elsewhere = || CourierError::Address(options.url.clone());
        let uri: Uri = options.url.parse().map_err(|_no_address| elsewhere())?;
        let authority = uri.authority().ok_or_else(elsewhere)?;
        let here = ["127.0.0.1", "localhost", "[::1]"];
        let is_plain = uri.scheme_str() == Some("http") && !authority.as_str().contains('@');
        if !is_plain || !here.contains(&authority.host()) {
            return Err(elsewhere());
        }
        let secret = read_secret(&options.secret_file)?;
        let secret = Zeroizing::new(secret.trim_ascii().to_vec());
        if secret.is_empty() {
            return Err(CourierError::NoSecret);
        }
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Ok(Self { uri, secret, client })
    }

    pub(super) async fn send(&self, message: &Message, clock: &dyn Clock) -> Result<(), TellError> {
        let body = Bytes::from(serde_json::to_vec(message)?);
        let request = Request::post(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &message.id)
            .header(SIGNATURE, signature(&self.secret, clock.now(), &body))
            .body(Full::new(body))?;
        let answer = tokio::select! {
            answer = self.client.request(request) => answer?,
            () = clock.sleep(WITHIN) => return Err(TellError::Late),
        };
        if answer.status().is_success() { Ok(()) } else { Err(TellError::Refused(answer.status())) }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("uri", &self.uri).finish_non_exhaustive()
    }
}
