//! Where an issuer's keys come from.
//!
//! What an issuer says of itself is believed only about itself: the document has to be the issuer's own,
//! and the keys it names have to be at the issuer's own origin, for it is the issuer's backend that is
//! asked. No address in a token is ever looked at.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use ondol_auth::{FetchError, KeySource, SET_BYTES_MAX};
use serde::Deserialize;

use super::Messenger;
use crate::gateway::{Errand, ErrandError};

/// Bytes of what an issuer says of itself.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// Keys that a backend publishes.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) messenger: Messenger,
    pub(super) backend: String,
    pub(super) issuer: String,
    /// Their path; found out, if not known.
    pub(super) path: Option<String>,
    pub(super) timeout: Duration,
    pub(super) worker: usize,
}

/// Keys in a file.
#[derive(Debug)]
pub(super) struct Written(pub(super) PathBuf);

/// Why keys cannot be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum SourceError {
    #[error("the issuer's backend cannot be asked")]
    Errand(#[source] ErrandError),
    #[error("the issuer's backend answered {0}")]
    Status(StatusCode),
    #[error("what the issuer says of itself cannot be understood")]
    Malformed(#[source] serde_json::Error),
    #[error("the issuer calls itself {0:?}")]
    OtherIssuer(String),
    #[error("the keys are said to be at {0:?}, which is not the issuer's")]
    Elsewhere(String),
    #[error("the issuer's name is not an address")]
    NoAddress,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let found = match &self.path {
            Some(path) => self.get(path, SET_BYTES_MAX).await,
            None => match self.find().await {
                Ok(path) => self.get(&path, SET_BYTES_MAX).await,
                Err(error) => Err(error),
            },
        };
        found.map(Vec::from).map_err(|error| FetchError(Box::new(error)))
    }
}

#[async_trait]
impl KeySource for Written {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        read_keys(&self.0).map_err(|error| FetchError(Box::new(error)))
    }
}

/// Reads a file of keys, but not more than keys can be.
pub(super) fn read_keys(file: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let length = std::fs::metadata(file)?.len();
    if length > u64::try_from(SET_BYTES_MAX).unwrap_or(u64::MAX) {
        return Err(std::io::Error::other("the file is longer than a set of keys"));
    }
    std::fs::read(file)
}

impl Published {
    /// The path of the keys, as the issuer says itself.
    async fn find(&self) -> Result<String, SourceError> {
        let issuer: Uri = self.issuer.parse().map_err(|_error| SourceError::NoAddress)?;
        let path = issuer.path().trim_end_matches('/');
        let document = format!("{path}/.well-known/openid-configuration");
        let said = self.get(&document, DOCUMENT_BYTES_MAX).await?;
        let said: Document = serde_json::from_slice(&said).map_err(SourceError::Malformed)?;
        if said.issuer != self.issuer {
            return Err(SourceError::OtherIssuer(said.issuer));
        }
        let keys: Option<Uri> = said.jwks_uri.parse().ok();
        let own = keys.filter(|keys| {
            keys.scheme() == issuer.scheme() && keys.authority() == issuer.authority()
        });
        let own = own.ok_or_else(|| SourceError::Elsewhere(said.jwks_uri.clone()))?;
        own.path_and_query()
            .map(|path| path.as_str().to_owned())
            .ok_or(SourceError::Elsewhere(said.jwks_uri))
    }

    async fn get(&self, path: &str, bytes_max: usize) -> Result<Bytes, SourceError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let issuer: Option<Uri> = self.issuer.parse().ok();
        let host = issuer.as_ref().and_then(Uri::authority);
        if let Some(Ok(host)) = host.map(|host| HeaderValue::from_str(host.as_str())) {
            headers.insert(HOST, host);
        }
        let errand = Errand {
            method: Method::GET,
            target: path,
            headers,
            body: Bytes::new(),
            timeout: self.timeout,
            bytes_max,
            worker: self.worker,
        };
        let returned = self.messenger.ask(&self.backend, errand).await;
        let returned = returned.map_err(SourceError::Errand)?;
        match returned.status {
            StatusCode::OK => Ok(returned.body),
            status => Err(SourceError::Status(status)),
        }
    }
}
