//! Certificates and keys, for those who come in and those we go to.
//!
//! TLS 1.2 and 1.3 by rustls on aws-lc-rs, with its own choice of ciphers. There is no way to leave a
//! certificate unchecked.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::config::{BackendOptions, CertificateOptions, TlsOptions};

mod resolve;
mod shown;

pub(crate) use shown::Shown;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{file} cannot be read as PEM")]
    Pem {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A file has nothing in it.
    #[error("{0} has no certificate in it")]
    Empty(String),
    /// They do not fit together.
    #[error("the certificates and keys do not fit together")]
    Unfit(#[from] rustls::Error),
    /// The authorities cannot be used.
    #[error("the authorities cannot be used")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// The gateway's side towards clients.
pub(crate) fn server(options: &TlsOptions) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match &options.client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(read_roots(file)?);
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
            let verifier = match options.client_certificate_optional {
                true => verifier.allow_unauthenticated(),
                false => verifier,
            };
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let resolver = resolve::ByName::read(options, &provider)?;
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

/// The gateway's side towards a backend.
pub(crate) fn client(options: &BackendOptions) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = match &options.authorities {
        Some(file) => read_roots(file)?,
        None => RootCertStore::empty(),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match &options.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = read_identity(identity)?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    let protocol = if options.http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() };
    config.alpn_protocols = vec![protocol];
    Ok(Arc::new(config))
}

/// Our side towards a server whose certificate one of these authorities has signed.
pub(crate) fn trusting(authorities: &Path) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(read_roots(authorities)?);
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// What a backend's certificates hold now, as a number: another one when they have changed.
pub(crate) fn fingerprint(options: &BackendOptions) -> u64 {
    let identity = options.identity.as_ref();
    let files = options.authorities.iter();
    fingerprint_of(files.chain(identity.into_iter().flat_map(|it| [&it.chain, &it.key])))
}

/// What a listener's certificates hold now, as a number.
pub(crate) fn fingerprint_of_server(options: &TlsOptions) -> u64 {
    let pairs = options.certificates.iter().flat_map(|it| [&it.chain, &it.key]);
    fingerprint_of(options.client_authorities.iter().chain(pairs))
}

pub(crate) fn fingerprint_of<'a>(files: impl Iterator<Item = &'a std::path::PathBuf>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).ok().hash(&mut hasher);
    }
    hasher.finish()
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read_identity(options: &CertificateOptions) -> Result<Identity, TlsError> {
    let chain = read_chain(&options.chain)?;
    let key = PrivateKeyDer::from_pem_file(&options.key)
        .map_err(|source| TlsError::Pem { file: options.key.display().to_string(), source })?;
    Ok((chain, key))
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let named = || file.display().to_string();
    let pem = |source| TlsError::Pem { file: named(), source };
    let chain = CertificateDer::pem_file_iter(file).map_err(pem)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(pem)?;
    if chain.is_empty() { Err(TlsError::Empty(named())) } else { Ok(chain) }
}

fn read_roots(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_chain(file)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}
