//! Which certificate a client is shown: the one for the name it asks for.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{TlsError, read_identity};
use crate::config::TlsOptions;

/// Certificates by the names in them; the first one for those who ask for another or for none.
#[derive(Debug)]
pub(super) struct ByName {
    first: Option<Arc<CertifiedKey>>,
    names: HashMap<String, Arc<CertifiedKey>>,
}

impl ByName {
    pub(super) fn read(options: &TlsOptions, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let mut by_name = Self { first: None, names: HashMap::new() };
        for certificate in &options.certificates {
            let (chain, key) = read_identity(certificate)?;
            let names = names(&chain);
            let key = Arc::new(CertifiedKey::from_der(chain, key, provider)?);
            by_name.first.get_or_insert_with(|| Arc::clone(&key));
            for name in names {
                by_name.names.entry(name).or_insert_with(|| Arc::clone(&key));
            }
        }
        Ok(by_name)
    }

    fn named(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let below = || name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        self.names.get(name).or_else(|| self.names.get(&below()?))
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let named = name.and_then(|name| self.named(&name));
        named.or(self.first.as_ref()).map(Arc::clone)
    }
}

fn names(chain: &[CertificateDer<'static>]) -> Vec<String> {
    let Some(first) = chain.first() else { return Vec::new() };
    let Ok(certificate) = webpki::EndEntityCert::try_from(first) else { return Vec::new() };
    certificate.valid_dns_names().map(str::to_ascii_lowercase).collect()
}
