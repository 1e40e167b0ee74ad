//! Who a client is by the certificate it has shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use rustls::pki_types::CertificateDer;

/// A certificate that a client has shown, and that one of the listener's authorities has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The hosts and URIs it is for, in lower case; nothing else in it says who someone is.
    pub(crate) names: Vec<String>,
    /// The certificate as `Client-Cert` has it (RFC 9440).
    pub(crate) field: HeaderValue,
}

impl Shown {
    /// What a verified certificate says. None if it cannot be read after all.
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let read = webpki::EndEntityCert::try_from(certificate).ok()?;
        let names = read.valid_dns_names().chain(read.valid_uri_names());
        let names = names.map(str::to_ascii_lowercase).collect();
        let field = HeaderValue::from_str(&format!(":{}:", STANDARD.encode(certificate))).ok()?;
        Some(Self { names, field })
    }

    /// The certificate itself.
    pub(crate) fn der(&self) -> Option<Vec<u8>> {
        let text = self.field.to_str().ok()?;
        STANDARD.decode(text.strip_prefix(':')?.strip_suffix(':')?).ok()
    }

    /// Whether it is for this name; `*` is any.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        name == "*" || self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}
