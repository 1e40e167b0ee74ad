//! TLS on the way in and on the way out.

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
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("gateway-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.join(name), content).expect("a file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(folder: &Folder, name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(parameters, key).expect("an authority");
        folder.write(&format!("{name}.pem"), &issuer.pem());
        Self(issuer)
    }

    fn sign(&self, folder: &Folder, file: &str, host: &str) {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec![host.to_owned()]).expect("parameters");
        let certificate = parameters.signed_by(&key, &self.0).expect("a certificate");
        folder.write(&format!("{file}.pem"), &certificate.pem());
        folder.write(&format!("{file}.key"), &key.serialize_pem());
    }
}

fn client(folder: &Folder, authority: &str, identity: Option<&str>) -> ClientConfig {
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
async fn ask(rig: &Rig, config: ClientConfig, host: &str) -> Option<String> {
    let stream = tokio::net::TcpStream::connect(rig.address).await.expect("a connection");
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.ok()?;
    let request = format!("GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    Some(text(&answer))
}

fn listener(folder: &Folder, names: &[&str], more: &str, upstream: &Upstream) -> Config {
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

#[tokio::test]
async fn the_certificate_is_the_one_for_the_name_and_changes_without_a_restart() {
    let folder = Folder::new("names");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "a", "a.test");
    authority.sign(&folder, "b", "b.test");
    let upstream = Upstream::start();
    let rig = Rig::with(listener(&folder, &["a", "b"], "", &upstream));
    for host in ["a.test", "b.test"] {
        let answer = ask(&rig, client(&folder, "authority", None), host).await;
        assert!(answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200 ")), "{host}");
    }
    assert_eq!(upstream.received()[0].header("x-forwarded-proto"), Some("https"));
    assert_eq!(ask(&rig, client(&folder, "authority", None), "c.test").await, None);
    authority.sign(&folder, "b", "c.test");
    rig.handle.reload(listener(&folder, &["a", "b"], "", &upstream)).expect("a reload");
    assert!(ask(&rig, client(&folder, "authority", None), "c.test").await.is_some());
    assert_eq!(ask(&rig, client(&folder, "authority", None), "b.test").await, None);
    // A bad certificate changes nothing.
    folder.write("a.pem", "nonsense");
    rig.handle.reload(listener(&folder, &["a", "b"], "", &upstream)).expect_err("a bad file");
    assert!(ask(&rig, client(&folder, "authority", None), "a.test").await.is_some());
}

#[tokio::test]
async fn clients_without_a_certificate_of_the_right_authority_are_shut_out() {
    let folder = Folder::new("clients");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "a", "a.test");
    authority.sign(&folder, "client", "client.test");
    let other = Authority::new(&folder, "other");
    other.sign(&folder, "stranger", "client.test");
    let upstream = Upstream::start();
    let more = format!(", client_authorities = \"{}\"", folder.file("authority.pem"));
    let rig = Rig::with(listener(&folder, &["a"], &more, &upstream));
    let known = ask(&rig, client(&folder, "authority", Some("client")), "a.test").await;
    assert!(known.is_some_and(|answer| answer.starts_with("HTTP/1.1 200 ")));
    assert_eq!(ask(&rig, client(&folder, "authority", None), "a.test").await, None);
    assert_eq!(ask(&rig, client(&folder, "authority", Some("stranger")), "a.test").await, None);
    assert_eq!(upstream.received().len(), 1);
}

#[tokio::test]
async fn a_backend_must_show_a_certificate_for_its_name_and_gets_ours() {
    let folder = Folder::new("backends");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "server", "localhost");
    authority.sign(&folder, "gateway", "gateway.test");
    authority.sign(&folder, "wrong", "other.test");
    Authority::new(&folder, "other");
    let upstream = Upstream::start();
    // The backend is a gateway that speaks TLS and asks for a certificate.
    let more = format!(", client_authorities = \"{}\"", folder.file("authority.pem"));
    let right = Rig::with(listener(&folder, &["server"], &more, &upstream));
    let wrong = Rig::with(listener(&folder, &["wrong"], "", &upstream));
    let front = |to: &Rig, authority: &str, identity: Option<&str>| {
        let identity = identity.map(|name| {
            let (chain, key) =
                (folder.file(&format!("{name}.pem")), folder.file(&format!("{name}.key")));
            format!("identity = {{ chain = \"{chain}\", key = \"{key}\" }}\n")
        });
        Rig::start(&format!(
            "[backends.one]\nendpoints = [\"https://localhost:{}\"]\nauthorities = \"{}\"\n{}[routes.all]\nto = \"one\"\n",
            to.address.port(),
            folder.file(&format!("{authority}.pem")),
            identity.unwrap_or_default()
        ))
    };
    assert_eq!(front(&right, "authority", Some("gateway")).get("/a", "").status, 200);
    assert_ne!(front(&right, "authority", None).get("/a", "").status, 200);
    assert_eq!(front(&right, "other", Some("gateway")).get("/a", "").status, 502);
    assert_eq!(front(&wrong, "authority", None).get("/a", "").status, 502);
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_over_under_load_without_anyone_being_told() {
    let folder = Folder::new("renewed");
    let first = Authority::new(&folder, "first");
    let second = Authority::new(&folder, "second");
    first.sign(&folder, "a", "a.test");
    let upstream = Upstream::start();
    let rig = Rig::with(listener(&folder, &["a"], "", &upstream));
    assert!(ask(&rig, client(&folder, "first", None), "a.test").await.is_some());
    second.sign(&folder, "a", "a.test");
    let mut asked = 0;
    // Every handshake is with the old one or the new one, and none fails for want of either.
    loop {
        if ask(&rig, client(&folder, "second", None), "a.test").await.is_some() {
            break;
        }
        assert!(
            ask(&rig, client(&folder, "first", None), "a.test").await.is_some() || {
                ask(&rig, client(&folder, "second", None), "a.test").await.is_some()
            }
        );
        asked += 1;
        assert!(asked < 20_000, "it is never taken over");
    }
    assert_eq!(ask(&rig, client(&folder, "first", None), "a.test").await, None);
}
