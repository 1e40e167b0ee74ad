//! Handshakes that must not succeed: rows T1 to T3, T6 and G11 of the attack table.
//!
//! Old versions and weak ciphers are offered byte by byte, since no library of today would. The same
//! bytes with one good offer among them are answered, so it is the offer that is refused.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind};

use super::certificates::{Authority, Folder, ask, client, listener, named, sign_itself};
use super::rig::{PATIENCE, Rig, Upstream, text};

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// A suite that TLS 1.2 is good with: ECDHE, ECDSA, AES-GCM.
const GOOD: u16 = 0xc02b;

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short list").to_be_bytes();
    [&length[..], bytes].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &with_length(content)].concat()
}

/// A ClientHello as a record.
fn hello(version: u16, suites: &[u16], only: Option<u16>, compressions: &[u8]) -> Vec<u8> {
    let name = b"a.test";
    let host = [&[0][..], &with_length(name)].concat();
    let mut extensions = extension(0, &with_length(&host));
    extensions.extend(extension(10, &with_length(&[0, 0x1d, 0, 0x17])));
    extensions.extend(extension(11, &[1, 0]));
    extensions.extend(extension(13, &with_length(&[4, 3, 8, 4, 4, 1, 2, 3, 2, 1])));
    if let Some(version) = only {
        extensions.extend(extension(43, &[&[2][..], &version.to_be_bytes()].concat()));
    }
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(with_length(&suites));
    body.push(u8::try_from(compressions.len()).expect("few"));
    body.extend(compressions);
    body.extend(with_length(&extensions));
    let mut message = vec![1, 0];
    message.extend(with_length(&body));
    [&[HANDSHAKE, 3, 1][..], &with_length(&message)].concat()
}

/// What comes first in answer to these bytes: a kind of record, or nothing.
fn first(rig: &Rig, bytes: &[u8]) -> Option<u8> {
    let mut stream = TcpStream::connect(rig.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(bytes).expect("bytes sent");
    let mut kind = [0];
    // A reset says no as well as an end does.
    matches!(stream.read(&mut kind), Ok(1)).then_some(kind[0])
}

#[tokio::test]
async fn t1_old_versions_and_weak_ciphers_get_no_handshake() {
    let folder = Folder::new("t1");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "a", "a.test");
    let upstream = Upstream::start();
    let rig = Rig::with(listener(&folder, &["a"], "", &upstream));
    let strong: &[u16] = &[GOOD, 0xc02c, 0xcca9];
    assert_eq!(first(&rig, &hello(0x0303, strong, None, &[0])), Some(HANDSHAKE), "TLS 1.2");
    let offers = [
        ("SSL 3.0", hello(0x0300, strong, None, &[0])),
        ("TLS 1.0", hello(0x0301, strong, None, &[0])),
        ("TLS 1.1", hello(0x0302, strong, None, &[0])),
        ("TLS 1.0, said as 1.3 says it", hello(0x0303, strong, Some(0x0301), &[0])),
        ("TLS 1.3 as a draft", hello(0x0303, &[0x1301], Some(0x7f1c), &[0])),
        ("RC4", hello(0x0303, &[0x0005, 0xc007], None, &[0])),
        ("CBC", hello(0x0303, &[0xc009, 0xc00a, 0xc023, 0xc024], None, &[0])),
        ("3DES", hello(0x0303, &[0xc008, 0x000a], None, &[0])),
        ("RSA key exchange", hello(0x0303, &[0x009c, 0x009d, 0x002f, 0x0035], None, &[0])),
        ("DHE", hello(0x0303, &[0x009e, 0x0033], None, &[0])),
        ("no encryption", hello(0x0303, &[0x0001, 0x0002, 0xc006], None, &[0])),
        ("nobody's key", hello(0x0303, &[0xc018, 0x0034, 0x001b], None, &[0])),
        ("compression only", hello(0x0303, strong, None, &[1])),
    ];
    for (name, offer) in offers {
        assert!(matches!(first(&rig, &offer), Some(ALERT) | None), "{name}");
        assert!(ask(&rig, client(&folder, "authority", None), "a.test").await.is_some(), "{name}");
    }
    let mut version2 = vec![0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10];
    version2.extend([
        7, 0, 0xc0, 5, 0, 0x80, 3, 0, 0x80, 1, 0, 0x80, 6, 0, 0x40, 4, 0, 0x80, 2, 0, 0x80,
    ]);
    version2.extend([9; 16]);
    assert_ne!(first(&rig, &version2), Some(HANDSHAKE), "SSL 2.0");
    let asked = upstream.received().len();
    assert_eq!(asked, 13, "only the good requests got through");
}

#[tokio::test]
async fn t2_no_certificate_but_the_right_one_is_taken_from_a_client() {
    let folder = Folder::new("t2-clients");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "a", "a.test");
    authority.sign(&folder, "good", "client.test");
    let mut expired = named("client.test");
    expired.not_after = date_time_ymd(2001, 1, 1);
    authority.sign_as(&folder, "expired", &expired);
    let mut early = named("client.test");
    early.not_before = date_time_ymd(3000, 1, 1);
    authority.sign_as(&folder, "early", &early);
    let mut server = named("client.test");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    authority.sign_as(&folder, "server-only", &server);
    sign_itself(&folder, "itself", "client.test");
    Authority::new(&folder, "other").sign(&folder, "stranger", "client.test");
    let upstream = Upstream::start();
    let more = format!(", client_authorities = \"{}\"", folder.file("authority.pem"));
    let rig = Rig::with(listener(&folder, &["a"], &more, &upstream));
    for name in ["expired", "early", "server-only", "itself", "stranger"] {
        let answer = ask(&rig, client(&folder, "authority", Some(name)), "a.test").await;
        assert_eq!(answer, None, "{name}");
    }
    assert_eq!(ask(&rig, client(&folder, "authority", None), "a.test").await, None, "none");
    assert_eq!(upstream.bytes(), 0);
    let answer = ask(&rig, client(&folder, "authority", Some("good")), "a.test").await;
    assert!(answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200 ")));
}

#[tokio::test]
async fn t2_no_certificate_but_the_right_one_is_taken_from_a_backend() {
    let folder = Folder::new("t2-backends");
    let authority = Authority::new(&folder, "authority");
    authority.sign(&folder, "good", "localhost");
    authority.sign(&folder, "other-name", "other.test");
    let mut expired = named("localhost");
    expired.not_after = date_time_ymd(2001, 1, 1);
    authority.sign_as(&folder, "expired", &expired);
    let mut early = named("localhost");
    early.not_before = date_time_ymd(3000, 1, 1);
    authority.sign_as(&folder, "early", &early);
    let mut client_only = named("localhost");
    client_only.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    authority.sign_as(&folder, "client-only", &client_only);
    sign_itself(&folder, "itself", "localhost");
    Authority::new(&folder, "other").sign(&folder, "stranger", "localhost");
    let upstream = Upstream::start();
    let through = |name: &str| {
        // The backend is a gateway that speaks TLS.
        let behind = Rig::with(listener(&folder, &[name], "", &upstream));
        let front = Rig::start(&format!(
            "[backends.one]\nendpoints = [\"https://localhost:{}\"]\nauthorities = \"{}\"\n[routes.all]\nto = \"one\"\n",
            behind.address.port(),
            folder.file("authority.pem")
        ));
        front.get("/a", "").status
    };
    for name in ["other-name", "expired", "early", "client-only", "itself", "stranger"] {
        assert_eq!(through(name), 502, "{name}");
    }
    assert_eq!(upstream.bytes(), 0);
    assert_eq!(through("good"), 200);
}

#[test]
fn t2_nothing_in_the_tree_leaves_a_certificate_unchecked() {
    // Written apart, so that this file does not find itself.
    let doors = [["danger", "_accept"], [".danger", "ous("], ["impl ServerCert", "Verifier"]];
    // To PostgreSQL, libpq's modes `require` and `verify-ca` mean just that, and whoever sets
    // them asks for it (ADR 22): one door in each of these files, and no other.
    let meant = [
        ("crates/ondol-postgres/src/tls/connector.rs", doors[1]),
        ("crates/ondol-postgres/src/tls/verifier.rs", doors[2]),
    ];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("crates"), root.join("systems"), root.join("tools")];
    let mut looked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let source = std::fs::read_to_string(&path).expect("a source file");
                looked += 1;
                for door in doors {
                    let is_meant = |&(file, there)| path == root.join(file) && door == there;
                    let most = usize::from(meant.iter().any(is_meant));
                    let found = source.matches(&door.concat()).count();
                    assert!(found <= most, "{}: {door:?}", path.display());
                }
            }
        }
    }
    assert!(looked > 500, "only {looked} files");
}

/// A connection over TLS on which one request is answered; how it began.
fn once(rig: &Rig, config: &Arc<ClientConfig>) -> (bool, Option<HandshakeKind>) {
    let name = ServerName::try_from("a.test").expect("a name");
    let mut session = ClientConnection::new(Arc::clone(config), name).expect("a session");
    let early = session.early_data().is_some();
    let mut socket = TcpStream::connect(rig.address).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    let request = b"GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    stream.write_all(request).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", text(&answer));
    (early, session.handshake_kind())
}

#[test]
fn t3_a_client_that_comes_back_may_not_send_before_the_handshake() {
    let folder = Folder::new("t3-early");
    Authority::new(&folder, "authority").sign(&folder, "a", "a.test");
    let upstream = Upstream::start();
    let rig = Rig::with(listener(&folder, &["a"], "", &upstream));
    let mut config = client(&folder, "authority", None);
    config.enable_early_data = true;
    let config = Arc::new(config);
    assert_eq!(once(&rig, &config), (false, Some(HandshakeKind::Full)));
    // It is known again, and still nothing may be sent early that another could send again.
    assert_eq!(once(&rig, &config), (false, Some(HandshakeKind::Resumed)));
}

#[test]
fn t3_a_handshake_cannot_begin_again() {
    let folder = Folder::new("t3-again");
    Authority::new(&folder, "authority").sign(&folder, "a", "a.test");
    let upstream = Upstream::start();
    let rig = Rig::with(listener(&folder, &["a"], "", &upstream));
    let mut client = Command::new("openssl")
        .args(["s_client", "-state", "-tls1_2", "-servername", "a.test"])
        .args(["-connect", &rig.address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl, which `cargo xtask test` installs");
    let mut keys = client.stdin.take().expect("its input");
    // A line that is `R` alone makes it ask for another handshake.
    keys.write_all(b"R\n").expect("a wish");
    let output = client.wait_with_output().expect("its end");
    drop(keys);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(said.contains("RENEGOTIATING"), "{said}");
    // Asked for twice and answered once: with `-client_renegotiation`, openssl's own server
    // answers the second too. It says each writing twice: begun, and done.
    let (_, after) = said.split_once("RENEGOTIATING").expect("it began again");
    assert!(after.contains("SSLv3/TLS write client hello"), "{said}");
    assert_eq!(said.matches("SSLv3/TLS read server hello").count(), 1, "{said}");
    assert_eq!(said.matches("SSLv3/TLS read finished").count(), 1, "{said}");
    // No answer is all it gets, until the wait for a request's head is over.
    assert!(!output.status.success(), "{said}");
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn g11_plain_http_at_a_port_for_tls_is_not_answered_and_sent_nowhere() {
    let folder = Folder::new("g11");
    Authority::new(&folder, "authority").sign(&folder, "a", "a.test");
    let upstream = Upstream::start();
    let rig = Rig::with(listener(&folder, &["a"], "", &upstream));
    let answer = rig.send(b"GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n", usize::MAX);
    assert!(!text(&answer).contains("HTTP/"), "{}", text(&answer));
    assert!(!text(&answer).to_ascii_lowercase().contains("location"), "{}", text(&answer));
    assert_eq!(upstream.bytes(), 0);
}
