//! The authorities that are trusted.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::TlsError;
use crate::BoxError;

/// Says that the system's authorities are meant.
const SYSTEM: &str = "system";
/// Where systems keep them: Debian and its kin, Fedora and its kin, SUSE, Alpine and macOS.
const SYSTEM_FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The authorities of a file, or the system's.
pub(super) fn load(file: Option<&str>) -> Result<RootCertStore, TlsError> {
    match file {
        Some(file) if file != SYSTEM => of_file(file),
        _ => of_system(&SYSTEM_FILES),
    }
}

/// Whoever names a file means all that is in it.
fn of_file(file: &str) -> Result<RootCertStore, TlsError> {
    let cannot = |source: BoxError| TlsError::Roots { file: file.to_owned(), source };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file);
    for certificate in certificates.map_err(|error| cannot(error.into()))? {
        let certificate = certificate.map_err(|error| cannot(error.into()))?;
        roots.add(certificate).map_err(|error| cannot(error.into()))?;
    }
    if roots.is_empty() { Err(cannot("it holds no certificate".into())) } else { Ok(roots) }
}

/// A system's file has some that nobody can read any more; they are passed over.
fn of_system(files: &[&str]) -> Result<RootCertStore, TlsError> {
    let named = files.join(", ");
    let cannot = |source: BoxError| TlsError::Roots { file: named.clone(), source };
    let Some(file) = files.iter().find(|file| Path::new(file).exists()) else {
        return Err(cannot("the system has no such file".into()));
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| cannot(error.into()))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.flatten());
    if roots.is_empty() { Err(cannot("it holds no certificate".into())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests;
