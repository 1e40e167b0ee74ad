//! TLS on the way in and on the way out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ondol_gateway::Config;
use rcgen::SanType;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::certificates::{Authority, Folder, ask, ask_with, client, listener, named};
use super::rig::{Rig, Upstream};

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

#[tokio::test]
async fn a_route_asks_for_a_certificates_name_and_its_backend_is_told_who_it_was() {
    let folder = Folder::new("identity");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "a", "a.test");
    authority.sign(&folder, "partner", "Partner.test");
    let mut workload = named("client.test");
    let name = "spiffe://bank.test/teller".try_into().expect("a name");
    workload.subject_alt_names.push(SanType::URI(name));
    authority.sign_as(&folder, "workload", &workload);
    let (upstream, text) =
        (Upstream::start(), |names: [&str; 3]| names.map(|name| folder.file(name)));
    let [chain, key, authorities] = text(["a.pem", "a.key", "authority.pem"]);
    let log = folder.file("access.log");
    let config = format!(
        "workers = 1\naccess_log = {{ to = \"{log}\" }}\n[listeners.public]\naddress = \"127.0.0.1:0\"\n\
         [listeners.public.tls]\ncertificates = [{{ chain = \"{chain}\", key = \"{key}\" }}]\n\
         client_authorities = \"{authorities}\"\nclient_certificate_optional = true\n\
         [backends.one]\nendpoints = [\"http://{}\"]\n\
         [routes.partner]\ncertificate = \"partner.test\"\nforward_certificate = true\nto = \"one\"\nrewrite = \"/partner\"\n\
         [routes.teller]\ncertificate = \"spiffe://bank.test/teller\"\npriority = 1\nto = \"one\"\nrewrite = \"/teller\"\n\
         [routes.rest]\nto = \"one\"\nrewrite = \"/rest\"\n",
        upstream.address
    );
    let rig = Rig::with(Config::read("tls.toml", &config).expect("a good configuration"));
    let said = "Client-Cert: :Zm9yZ2Vk:\r\nClient-Cert-Chain: :Zm9yZ2Vk:\r\n";
    for (identity, path) in
        [(Some("partner"), "/partner"), (Some("workload"), "/teller"), (None, "/rest")]
    {
        let answer = ask_with(&rig, client(&folder, "authority", identity), "a.test", said).await;
        let answer = answer.expect("an answer");
        assert!(answer.ends_with(&format!("GET {path} HTTP/1.1")), "{identity:?}: {answer}");
        let request = upstream.take().remove(0);
        let shown = CertificateDer::from_pem_file(folder.file("partner.pem")).expect("PEM");
        let told = format!(":{}:", STANDARD.encode(shown));
        let told = (path == "/partner").then_some(told.as_str());
        assert_eq!(request.header("client-cert"), told, "{identity:?}");
        assert_eq!(request.header("client-cert-chain"), None, "{identity:?}");
    }
    drop(rig);
    let lines = std::fs::read_to_string(log).expect("the access log");
    let names: Vec<_> =
        lines.lines().map(|line| line.contains("\"certificate\":\"partner.test\"")).collect();
    assert_eq!(names, [true, false, false], "{lines}");
}
