//! Who is told of an alarm: a backend and nobody else, so that no address is ever taken from a request.
//!
//! What is told names the route, the status and how many; nothing of what was asked or answered. It is
//! signed with the secret, as [`ondol_vault::signature`] says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use ondol_kernel::Timestamp;
use ondol_vault::{SIGNATURE, read_secret, signature};
use zeroize::Zeroizing;

use super::AlertError;
use crate::audit::Entry;
use crate::backend::Backend;
use crate::config::WebhookOptions;
use crate::handle::Ask;

/// How long telling may take.
pub(crate) const WITHIN: Duration = Duration::from_secs(10);
const SIGNED: HeaderName = HeaderName::from_static(SIGNATURE);
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Who is told, and the secret between us.
pub(crate) struct Webhook {
    backend: Arc<Backend>,
    path: String,
    secret: Zeroizing<Vec<u8>>,
}

/// Something to be told.
pub(crate) struct Notice {
    pub(crate) alert: String,
    pub(crate) backend: Arc<Backend>,
    pub(crate) path: String,
    pub(crate) ask: Ask,
    pub(crate) body: Bytes,
}

impl Webhook {
    pub(super) fn new(
        options: &WebhookOptions,
        backends: &BTreeMap<String, Arc<Backend>>,
    ) -> Result<Self, AlertError> {
        let secret = read_secret(&options.secret_file).map_err(AlertError::Secret)?;
        let secret = secret.trim_ascii();
        if secret.is_empty() {
            return Err(AlertError::NoSecret);
        }
        let backend = backends.get(&options.to).ok_or(AlertError::Malformed)?;
        let secret = Zeroizing::new(secret.to_vec());
        Ok(Self { backend: Arc::clone(backend), path: options.path.clone(), secret })
    }

    /// What is told of an alarm.
    pub(super) fn notice(
        &self,
        alert: &str,
        entry: &Entry,
        count: usize,
        time: Timestamp,
        id: String,
    ) -> Notice {
        let status = entry.answered.as_ref().map(|(status, _)| status.as_u16());
        let body = serde_json::json!({
            "id": id,
            "alert": alert,
            "time": time.to_string(),
            "route": &*entry.route,
            "method": entry.method.as_str(),
            "status": status,
            "reason": entry.reason,
            "count": count,
        });
        let body = Bytes::from(body.to_string());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let host = self.backend.first().map(|endpoint| endpoint.authority.clone());
        headers.insert(HOST, host.unwrap_or_else(|| HeaderValue::from_static("webhook")));
        let signed = signature(&self.secret, time, &body);
        for (name, value) in [(SIGNED, signed), (IDEMPOTENCY_KEY, id)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        let ask = Ask { method: Method::POST, headers };
        let (backend, path) = (Arc::clone(&self.backend), self.path.clone());
        Notice { alert: alert.to_owned(), backend, path, ask, body }
    }
}
