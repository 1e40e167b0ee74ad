//! Authorities, the certificates they sign, and who shows them.

use std::path::PathBuf;
use std::sync::Arc;

use ondol_gateway::Config;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{Rig, Upstream, text};

/// A folder of certificates, gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("gateway-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.join(name), content).expect("a file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(folder: &Folder, name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(parameters, key).expect("an authority");
        folder.write(&format!("{name}.pem"), &issuer.pem());
        Self(issuer)
    }

    pub(crate) fn sign(&self, folder: &Folder, file: &str, host: &str) {
        self.sign_as(folder, file, &named(host));
    }

    pub(crate) fn sign_as(&self, folder: &Folder, file: &str, parameters: &CertificateParams) {
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.0).expect("a certificate");
        folder.write(&format!("{file}.pem"), &certificate.pem());
        folder.write(&format!("{file}.key"), &key.serialize_pem());
    }
}

/// What is said in the certificate of a host.
pub(crate) fn named(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).expect("parameters")
}

/// A certificate that vouches for itself.
pub(crate) fn sign_itself(folder: &Folder, file: &str, host: &str) {
    let key = KeyPair::generate().expect("a key");
    let certificate = named(host).self_signed(&key).expect("a certificate");
    folder.write(&format!("{file}.pem"), &certificate.pem());
    folder.write(&format!("{file}.key"), &key.serialize_pem());
}

pub(crate) fn client(folder: &Folder, authority: &str, identity: Option<&str>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let file = folder.file(&format!("{authority}.pem"));
    roots.add(CertificateDer::from_pem_file(file).expect("an authority")).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = CertificateDer::from_pem_file(folder.file(&format!("{name}.pem")));
            let key = PrivateKeyDer::from_pem_file(folder.file(&format!("{name}.key")));
            let chain = vec![chain.expect("a certificate")];
            builder.with_client_auth_cert(chain, key.expect("a key")).expect("an identity")
        }
    }
}

/// Asks over TLS; the answer, or nothing when the handshake or the connection fails.
pub(crate) async fn ask(rig: &Rig, config: ClientConfig, host: &str) -> Option<String> {
    ask_with(rig, config, host, "").await
}

/// The same, with headers.
pub(crate) async fn ask_with(
    rig: &Rig,
    config: ClientConfig,
    host: &str,
    headers: &str,
) -> Option<String> {
    let stream = tokio::net::TcpStream::connect(rig.address).await.expect("a connection");
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.ok()?;
    let request = format!("GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    Some(text(&answer))
}

pub(crate) fn listener(folder: &Folder, names: &[&str], more: &str, upstream: &Upstream) -> Config {
    let certificates: Vec<_> = names
        .iter()
        .map(|name| {
            let (chain, key) =
                (folder.file(&format!("{name}.pem")), folder.file(&format!("{name}.key")));
            format!("{{ chain = \"{chain}\", key = \"{key}\" }}")
        })
        .collect();
    let text = format!(
        "workers = 1\n[listeners.public]\naddress = \"127.0.0.1:0\"\ntls = {{ certificates = [{}]{more} }}\n\
         [backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\n",
        certificates.join(", "),
        upstream.address
    );
    Config::read("tls.toml", &text).expect("a good configuration")
}
