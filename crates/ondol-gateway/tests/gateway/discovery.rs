//! Instances that come and go while the gateway runs.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ondol_gateway::{Config, Surroundings};

use super::rig::{Reply, Rig, Upstream, say, send, until};

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("ondol-gateway-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The words that several requests are answered with.
fn words(rig: &Rig) -> BTreeSet<String> {
    (0..12)
        .map(|_| rig.get("/", ""))
        .map(|reply| format!("{} {}", reply.status, reply.body))
        .collect()
}

fn set<const N: usize>(words: [&str; N]) -> BTreeSet<String> {
    words.into_iter().map(|word| format!("200 {word}")).collect()
}

const ROUND: &str =
    "balancer = { strategy = \"round_robin\", slow_start = \"0s\" }\n[routes.all]\nto = \"one\"\n";

fn list(file: &Path, instances: &[&Upstream]) {
    let instances: Vec<_> =
        instances.iter().map(|upstream| format!("\"http://{}\"", upstream.address)).collect();
    std::fs::write(file, format!("endpoints = [{}]\n", instances.join(", "))).expect("a file");
}

#[test]
fn instances_come_and_go_with_a_file_and_a_bad_file_changes_nothing() {
    let folder = Folder::new("file");
    let file = folder.file("instances.toml");
    let (a, b) = (Upstream::saying("a"), Upstream::saying("b"));
    list(&file, &[&a]);
    let rig = Rig::start(&format!(
        "[backends.one]\ndiscover = {{ file = {{ path = {file:?}, every = \"10ms\" }} }}\n{ROUND}"
    ));
    until("the first instance", || words(&rig) == set(["a"]));
    list(&file, &[&a, &b]);
    until("both", || words(&rig) == set(["a", "b"]));
    std::fs::write(&file, "endpoints = [\"nonsense\"]\n").expect("a file");
    until("the failure is counted", || {
        rig.metric("ondol_gateway_sources_failed_total ").is_some_and(|failed| failed > 2)
    });
    assert_eq!(words(&rig), set(["a", "b"]));
    list(&file, &[&b]);
    until("the second alone", || words(&rig) == set(["b"]));
    list(&file, &[]);
    until("none", || rig.get("/", "").status == 503);
    list(&file, &[&a]);
    until("the first again", || words(&rig) == set(["a"]));
}

#[test]
fn what_was_found_survives_a_restart_with_its_source_gone() {
    let folder = Folder::new("state");
    let (file, state) = (folder.file("instances.toml"), folder.file("found"));
    let a = Upstream::saying("a");
    list(&file, &[&a]);
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\nworkers = 1\n[backends.one]\n\
         discover = {{ file = {{ path = {file:?}, every = \"10ms\" }} }}\n{ROUND}"
    );
    let start = || {
        let config = Config::read("gateway.toml", &text).expect("a good configuration");
        Rig::around(config, Surroundings { state: Some(state.clone()), ..Surroundings::default() })
    };
    let first = start();
    until("the instance", || words(&first) == set(["a"]));
    drop(first);
    std::fs::remove_file(&file).expect("a source to lose");
    let second = start();
    assert_eq!(words(&second), set(["a"]));
}

/// A DNS server that ends with the test.
struct Dns {
    child: Child,
    address: SocketAddr,
    hosts: PathBuf,
    _folder: Folder,
}

impl Drop for Dns {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Dns {
    fn start(name: &str, port: u16) -> Self {
        let folder = Folder::new(name);
        let hosts = folder.file("hosts");
        std::fs::write(&hosts, "").expect("a file");
        let address = ondol_testkit::servers::free_address().expect("a port");
        let child = Command::new("dnsmasq")
            .args(["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null"])
            .args([
                "--bind-interfaces",
                "--listen-address=127.0.0.1",
                "--local-ttl=0",
                "--pid-file=",
            ])
            .arg(format!("--port={}", address.port()))
            .arg(format!("--addn-hosts={}", hosts.display()))
            .arg(format!("--srv-host=_http._tcp.bank.test,one.bank.test,{port},0,5"))
            .arg(format!("--srv-host=_http._tcp.bank.test,two.bank.test,{port},0,5"))
            .arg(format!("--srv-host=_http._tcp.bank.test,spare.bank.test,{port},9,5"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dnsmasq, which `cargo xtask test` installs");
        until("dnsmasq listens", || std::net::TcpStream::connect(address).is_ok());
        Self { child, address, hosts, _folder: folder }
    }

    fn say(&self, hosts: &str) {
        std::fs::write(&self.hosts, hosts).expect("a file");
        let hung_up = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status();
        assert!(hung_up.expect("kill").success());
    }
}

/// Three instances on one port, at 127.0.0.1, .2 and .3.
fn three() -> (u16, [Upstream; 3]) {
    let on = |listener, word: &'static str| Upstream::on(listener, move |_, it| say(it, word));
    let found = (0..100).find_map(|_| {
        let first = TcpListener::bind("127.0.0.1:0").ok()?;
        let port = first.local_addr().ok()?.port();
        let second = TcpListener::bind(("127.0.0.2", port)).ok()?;
        let third = TcpListener::bind(("127.0.0.3", port)).ok()?;
        Some((port, [on(first, "1"), on(second, "2"), on(third, "3")]))
    });
    found.expect("a port that is free at three addresses")
}

#[test]
fn instances_are_the_addresses_of_a_name_and_stay_when_nobody_can_say() {
    let (port, _upstreams) = three();
    let dns = Dns::start("dns-a", port);
    dns.say("127.0.0.1 one.bank.test\n");
    let rig = Rig::start(&format!(
        "[backends.one]\ndiscover.dns = {{ name = \"one.bank.test\", port = {port}, server = \"{}\", every = \"20ms\" }}\n{ROUND}",
        dns.address
    ));
    until("the first address", || words(&rig) == set(["1"]));
    dns.say("127.0.0.1 one.bank.test\n127.0.0.2 one.bank.test\n127.0.0.3 one.bank.test\n");
    until("all addresses", || words(&rig) == set(["1", "2", "3"]));
    dns.say("127.0.0.3 one.bank.test\n");
    until("the last address", || words(&rig) == set(["3"]));
    dns.say("");
    std::thread::park_timeout(std::time::Duration::from_millis(100));
    assert_eq!(words(&rig), set(["3"]), "a name without addresses is a source without news");
    drop(dns);
    until("the failure is counted", || {
        rig.metric("ondol_gateway_sources_failed_total ").is_some_and(|failed| failed > 0)
    });
    assert_eq!(words(&rig), set(["3"]));
}

#[test]
fn instances_are_the_services_of_a_name_with_the_best_priority() {
    let (port, _upstreams) = three();
    let dns = Dns::start("dns-srv", port);
    dns.say("127.0.0.1 one.bank.test\n127.0.0.2 two.bank.test\n127.0.0.3 spare.bank.test\n");
    let rig = Rig::start(&format!(
        "[backends.one.discover.dns]\nname = \"_http._tcp.bank.test\"\nrecords = \"srv\"\nserver = \"{}\"\nevery = \"20ms\"\n[backends.one]\n{ROUND}",
        dns.address
    ));
    until("both of the first priority", || words(&rig) == set(["1", "2"]));
}

fn admin(rig: &Rig, method: &str, path: &str, headers: &str, body: &str) -> Reply {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let address = rig.handle.admin().expect("an admin port");
    Reply::of(&send(address, request.as_bytes(), usize::MAX))
}

#[test]
fn an_instance_registers_is_served_while_it_says_so_and_is_gone_when_it_does_not() {
    let (a, b) = (Upstream::saying("a"), Upstream::saying("b"));
    let rig = Rig::start(&format!(
        "admin = \"127.0.0.1:0\"\n[backends.one]\ndiscover = {{ registration = {{ lease_max = \"1s\" }} }}\n{ROUND}"
    ));
    assert_eq!(rig.get("/", "").status, 503);
    let register = |id: &str, upstream: &Upstream| {
        let body = format!("{{\"at\":\"http://{}\"}}", upstream.address);
        admin(&rig, "PUT", &format!("/backends/one/instances/{id}"), "", &body)
    };
    let reply = register("a-1", &a);
    assert_eq!((reply.status, reply.body.as_str()), (200, "{\"lease_seconds\":1}"));
    assert_eq!(register("b-1", &b).status, 200);
    assert_eq!(words(&rig), set(["a", "b"]), "at once");
    assert_eq!(admin(&rig, "DELETE", "/backends/one/instances/b-1", "", "").status, 204);
    assert_eq!(words(&rig), set(["a"]), "at once");
    assert_eq!(admin(&rig, "DELETE", "/backends/one/instances/b-1", "", "").status, 404);
    assert_eq!(register("b-1", &b).status, 200);
    let went = std::cell::Cell::new(false);
    until("the silent one is gone", || {
        assert_eq!(register("a-1", &a).status, 200);
        let words = words(&rig);
        assert!(words.contains("200 a"), "who says that it is there stays: {words:?}");
        went.set(words == set(["a"]));
        went.get()
    });
}

#[test]
fn who_may_not_register_does_not() {
    let folder = Folder::new("token");
    let token = folder.file("token");
    std::fs::write(&token, "open sesame\n").expect("a file");
    let rig = Rig::start(&format!(
        "admin = \"127.0.0.1:0\"\n[backends.one.discover.registration]\ninstances_max = 1\ntoken_file = {token:?}\n\
         [backends.two]\nendpoints = []\n[routes.all]\nto = \"one\"\n"
    ));
    let put = |path: &str, token: &str, body: &str| {
        let header = format!("Authorization: Bearer {token}\r\n");
        admin(&rig, "PUT", path, &header, body)
    };
    let (path, good) = ("/backends/one/instances/a", "{\"at\":\"http://127.0.0.1:1\"}");
    for token in ["", "open sesam", "open sesamex", "open_sesame"] {
        assert_eq!(put(path, token, good).status, 401, "{token}");
    }
    for (body, part) in [
        ("{\"at\":\"http://10.0.0.1:80\"}", "instances may not be at 10.0.0.1:80"),
        ("{\"at\":\"http://169.254.169.254\"}", "may not be at"),
        ("{\"at\":\"http://localhost:80\"}", "is not `http://address:port`"),
        ("{\"at\":\"service:bank\"}", "is not `http://address:port`"),
        ("{\"at\":\"http://127.0.0.1:1\",\"wait\":1}", "unknown field `wait`"),
        ("{\"at\":\"http://127.0.0.1:1\",\"weight\":0}", "a weight is between"),
        ("nonsense", "expected"),
        (&"x".repeat(5000), "larger"),
    ] {
        let reply = put(path, "open sesame", body);
        assert_eq!(reply.status, 422, "{body}: {}", reply.body);
        assert!(reply.body.contains("gateway-registration-refused"), "{}", reply.body);
        assert!(reply.body.contains(part), "{body}: {}", reply.body);
    }
    let bad_name = "/backends/one/instances/a%2f..";
    assert_eq!(put(bad_name, "open sesame", good).status, 422);
    assert_eq!(put("/backends/two/instances/a", "open sesame", good).status, 404);
    assert_eq!(put("/backends/three/instances/a", "open sesame", good).status, 404);
    assert_eq!(put(path, "open sesame", good).status, 200);
    assert_eq!(put("/backends/one/instances/b", "open sesame", good).status, 422, "full");
    assert_eq!(put(path, "open sesame", good).status, 200, "a heartbeat is not one more");
}

#[test]
fn a_restart_gives_those_who_had_registered_a_lease_to_say_so_again() {
    let folder = Folder::new("leases");
    let state = folder.file("found");
    let a = Upstream::saying("a");
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nworkers = 1\n[backends.one]\n\
         discover = {{ registration = {{ lease_max = \"2s\" }} }}\n{ROUND}"
    );
    let start = || {
        let config = Config::read("gateway.toml", &text).expect("a good configuration");
        Rig::around(config, Surroundings { state: Some(state.clone()), ..Surroundings::default() })
    };
    let first = start();
    let body = format!("{{\"at\":\"http://{}\"}}", a.address);
    assert_eq!(admin(&first, "PUT", "/backends/one/instances/a", "", &body).status, 200);
    assert_eq!(words(&first), set(["a"]));
    drop(first);
    let second = start();
    assert_eq!(words(&second), set(["a"]), "known from before");
    until("nobody has said so again", || second.get("/", "").status == 503);
}

#[test]
fn requests_do_not_fail_while_instances_come_and_go() {
    let folder = Folder::new("churn");
    let file = folder.file("instances.toml");
    let upstreams: Vec<_> = ["a", "b", "c"].map(Upstream::saying).into_iter().collect();
    list(&file, &[&upstreams[0]]);
    let rig = Rig::start(&format!(
        "[backends.one]\ndiscover = {{ file = {{ path = {file:?}, every = \"1ms\" }} }}\n{ROUND}"
    ));
    until("the first instance", || rig.get("/", "").status == 200);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            (0..2000).map(|_| rig.get("/", "").status).filter(|status| *status != 200).count()
        });
        let mut turn = 0;
        while !asking.is_finished() {
            let one = &upstreams[turn % 3];
            let both = [one, &upstreams[(turn + 1) % 3]];
            // A file is replaced and not written in place, by whoever does not want it read half.
            let new = folder.file("new");
            list(&new, if turn % 2 == 0 { &both } else { &both[..1] });
            std::fs::rename(&new, &file).expect("a file replaced");
            turn += 1;
            std::thread::park_timeout(std::time::Duration::from_millis(2));
        }
        assert_eq!(asking.join().expect("a client"), 0);
        assert!(turn > 20, "the instances changed only {turn} times");
    });
}
