//! What a route insists on: from where it may be called.

use ondol_gateway::Config;

use super::rig::{Rig, Upstream};

const BEHIND: &str = "trust = { proxies = [\"127.0.0.0/8\"] }\n";

/// A gateway behind a proxy that says where clients are, with one route that looks at it.
fn rig(upstream: &Upstream, from: &str) -> Rig {
    let address = upstream.address;
    Rig::start(&format!(
        "{BEHIND}[backends.one]\nendpoints = [\"http://{address}\"]\n\
         [routes.all]\nto = \"one\"\nfrom = {{ {from} }}\n"
    ))
}

fn asked_from(rig: &Rig, client: &str) -> u16 {
    rig.get("/a", &format!("X-Forwarded-For: {client}\r\n")).status
}

#[test]
fn only_networks_that_are_allowed_and_not_denied_reach_the_service() {
    let upstream = Upstream::start();
    let rig =
        rig(&upstream, "allow = [\"192.0.2.0/24\", \"2001:db8::/32\"], deny = [\"192.0.2.9\"]");
    for (client, status) in [
        ("192.0.2.1", 200),
        ("2001:db8::7", 200),
        ("::ffff:192.0.2.1", 200),
        ("192.0.2.9", 403),
        ("192.0.3.1", 403),
        ("2001:db9::7", 403),
    ] {
        assert_eq!(asked_from(&rig, client), status, "{client}");
        assert_eq!(upstream.take().len(), usize::from(status == 200), "{client}");
    }
    assert_eq!(
        rig.metric("ondol_gateway_refusals_total{reason=\"gateway-from-elsewhere\"}"),
        Some(3)
    );
}

#[test]
fn networks_that_are_only_denied_leave_everybody_else_in() {
    let upstream = Upstream::start();
    let rig = rig(&upstream, "deny = [\"192.0.2.0/24\"]");
    assert_eq!(asked_from(&rig, "192.0.2.1"), 403);
    assert_eq!(asked_from(&rig, "198.51.100.1"), 200);
}

#[test]
fn a_policy_that_only_watches_lets_pass_and_notes_whom_it_would_have_refused() {
    let upstream = Upstream::start();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("access.log");
    let rig = Rig::start(&format!(
        "{BEHIND}access_log = {{ to = {log:?} }}\n[backends.one]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"one\"\nfrom = {{ mode = \"observe\", allow = [\"192.0.2.0/24\"] }}\n",
        upstream.address
    ));
    assert_eq!(asked_from(&rig, "192.0.2.1"), 200);
    assert_eq!(asked_from(&rig, "198.51.100.1"), 200);
    assert_eq!(upstream.take().len(), 2);
    let series = "ondol_gateway_observed_total{reason=\"gateway-from-elsewhere\"}";
    assert_eq!((rig.metric(series), rig.refusals()), (Some(1), 0));
    drop(rig);
    let text = std::fs::read_to_string(log).expect("a log");
    let observed: Vec<_> =
        text.lines().map(|line| line.contains("\"observed\":\"gateway-from-elsewhere\"")).collect();
    assert_eq!(observed, [false, true], "{text}");
}

#[test]
fn a_policy_that_is_off_is_not_there() {
    let upstream = Upstream::start();
    let rig = rig(&upstream, "mode = \"off\", allow = [\"192.0.2.0/24\"]");
    assert_eq!(asked_from(&rig, "198.51.100.1"), 200);
    assert!(!rig.handle.metrics().contains("observed_total{"));
}

#[test]
fn a_list_that_says_nothing_or_nonsense_is_refused() {
    for (from, what) in [
        ("mode = \"observe\"", "it needs networks to `allow` or to `deny`"),
        ("allow = [\"here\"]", "`here` is neither an address nor `address/bits`"),
        ("deny = [\"10.0.0.0/33\"]", "`10.0.0.0/33` is neither an address nor `address/bits`"),
    ] {
        let text = format!(
            "[backends.one]\nendpoints = [\"http://127.0.0.1:1\"]\n[routes.all]\nto = \"one\"\nfrom = {{ {from} }}\n"
        );
        let findings = Config::read("gateway.toml", &text).expect_err("a finding").to_string();
        assert!(findings.contains(what) && findings.contains("gateway.toml:5"), "{findings}");
    }
}
