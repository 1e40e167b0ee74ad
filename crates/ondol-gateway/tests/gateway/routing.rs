//! Which route takes a request, and what it makes of it.

use super::rig::{Rig, Upstream};

fn respond(name: &str, matching: &str) -> String {
    format!("[routes.{name}]\n{matching}\nrespond = {{ status = 200, body = \"{name}\" }}\n")
}

fn rig(routes: &[(&str, &str)]) -> Rig {
    Rig::start(&routes.iter().map(|(name, matching)| respond(name, matching)).collect::<String>())
}

fn taken(rig: &Rig, target: &str, headers: &str) -> String {
    let reply = rig.get(target, headers);
    if reply.status == 200 { reply.body } else { reply.status.to_string() }
}

#[test]
fn the_more_specific_path_wins_whatever_its_name() {
    let rig = rig(&[
        ("a_any", ""),
        ("b_regular", "path = \"~/accounts/[0-9]+\""),
        ("c_below", "path = \"/accounts/*\""),
        ("d_parameter", "path = \"/accounts/{id}\""),
        ("e_exact", "path = \"/accounts/7\""),
        ("f_deeper", "path = \"/accounts/{id}/cards/*\""),
    ]);
    for (target, name) in [
        ("/accounts/7", "e_exact"),
        ("/accounts/8", "d_parameter"),
        ("/accounts/8/x", "c_below"),
        ("/accounts", "c_below"),
        ("/accounts/", "c_below"),
        ("/accounts/8/cards", "f_deeper"),
        ("/accounts/8/cards/1/2", "f_deeper"),
        ("/accountsx", "a_any"),
        ("/", "a_any"),
        ("//accounts///7", "e_exact"),
        ("/%61ccounts/7", "e_exact"),
    ] {
        assert_eq!(taken(&rig, target, ""), name, "{target}");
    }
}

#[test]
fn hosts_conditions_and_priority_decide_in_that_order() {
    let rig = rig(&[
        ("all", "path = \"/x\""),
        ("below", "host = \"*.test\"\npath = \"/x\""),
        ("exact", "host = \"bank.test\"\npath = \"/x\""),
        ("header", "host = \"bank.test\"\npath = \"/x\"\nheaders = { x-beta = \"yes\" }"),
        ("query", "path = \"/q\"\nquery = { v = \"a b\" }"),
        ("cookie", "path = \"/q\"\ncookies = { beta = \"*\" }\npriority = 1"),
        ("post", "path = \"/m\"\nmethod = [\"POST\"]"),
        ("first", "path = \"/p/*\"\npriority = 1"),
        ("second", "path = \"/p/exact\""),
    ]);
    assert_eq!(taken(&rig, "/x", ""), "exact");
    assert_eq!(taken(&rig, "/x", "X-Beta: yes\r\n"), "header");
    assert_eq!(taken(&rig, "/x", "X-Beta: no\r\n"), "exact");
    assert_eq!(taken(&rig, "/q?v=a%20b", ""), "query");
    assert_eq!(taken(&rig, "/q?v=a+b", ""), "query");
    assert_eq!(taken(&rig, "/q", "Cookie: a=1; beta=2\r\n"), "cookie");
    assert_eq!(taken(&rig, "/q", ""), "404");
    assert_eq!(taken(&rig, "/m", ""), "405");
    assert_eq!(taken(&rig, "/p/exact", ""), "first");
    let other = b"GET /x HTTP/1.1\r\nHost: SHOP.test:80\r\nConnection: close\r\n\r\n";
    assert_eq!(super::rig::Reply::of(&rig.send(other, usize::MAX)).body, "below");
}

#[test]
fn versions_are_asked_for_by_header_or_media_type_and_say_when_they_go() {
    let rig = rig(&[
        ("two", "path = \"/a\"\nversion = { name = \"2\", header = \"api-version\" }"),
        (
            "media",
            "path = \"/a\"\nversion = { name = \"3\", media_type = \"application/vnd.bank.v3+json\" }\npriority = 1",
        ),
        (
            "one",
            "path = \"/a\"\nversion = { name = \"1\", deprecated_at = 1700000000, sunset = \"Fri, 01 Jan 2027 00:00:00 GMT\", link = \"https://bank.test/v1\" }",
        ),
    ]);
    assert_eq!(taken(&rig, "/a", "Api-Version: 2\r\n"), "two");
    assert_eq!(
        taken(&rig, "/a", "Accept: text/html, application/vnd.bank.v3+json;q=1\r\n"),
        "media"
    );
    let old = rig.get("/a", "");
    assert_eq!(old.body, "one");
    assert_eq!(old.header("deprecation"), Some("@1700000000"));
    assert_eq!(old.header("sunset"), Some("Fri, 01 Jan 2027 00:00:00 GMT"));
    assert_eq!(old.header("link"), Some("<https://bank.test/v1>; rel=\"deprecation\""));
}

#[test]
fn paths_are_rewritten_and_clients_redirected() {
    let upstream = Upstream::start();
    let at = upstream.address;
    let rig = Rig::start(&format!(
        "[backends.one]\nendpoints = [\"http://{at}\"]\n\
         [routes.strip]\npath = \"/api/*\"\nstrip_prefix = \"/api\"\nto = \"one\"\n\
         [routes.rewrite]\npath = \"/v1/{{kind}}/*\"\nrewrite = \"/{{kind}}/old/{{rest}}\"\nrewrite_host = \"inner.test\"\nto = \"one\"\n\
         [routes.redirect]\npath = \"/go/{{where}}\"\nredirect = {{ to = \"https://{{host}}/{{where}}{{query}}\", status = 302 }}\n"
    ));
    assert_eq!(rig.get("/api/a/b?c=d", "").body, "GET /a/b?c=d HTTP/1.1");
    assert_eq!(rig.get("/api", "").body, "GET / HTTP/1.1");
    assert_eq!(rig.get("/v1/cards/7/x?y", "").body, "GET /cards/old/7/x?y HTTP/1.1");
    assert_eq!(upstream.received()[2].header("host"), Some("inner.test"));
    let redirect = rig.get("/go/there?a=b", "");
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (302, Some("https://bank.test/there?a=b"))
    );
}

#[test]
fn a_split_keeps_its_shares_and_a_sticky_one_its_clients() {
    let (old, new) = (Upstream::start(), Upstream::start());
    let rig = Rig::start(&format!(
        "[backends.old]\nendpoints = [\"http://{}\"]\n[backends.new]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nsplit = {{ old = 80, new = 20 }}\n\
         [routes.sticky]\npath = \"/s\"\nsplit = {{ old = 50, new = 50 }}\nsticky = {{ cookie = \"user\" }}\n",
        old.address, new.address
    ));
    for _ in 0..400 {
        rig.get("/a", "");
    }
    // 400 draws at 20 %: 80 ± 8; five deviations are 40.
    let share = new.received().len();
    assert!((40..=120).contains(&share), "{share} of 400");
    for user in 0..20 {
        let before = (old.received().len(), new.received().len());
        for _ in 0..5 {
            rig.get("/s", &format!("Cookie: user={user}\r\n"));
        }
        let moved = (old.received().len() - before.0, new.received().len() - before.1);
        assert!(moved == (5, 0) || moved == (0, 5), "user {user}: {moved:?}");
    }
}

#[test]
fn what_the_new_system_lacks_the_old_one_answers() {
    let old = Upstream::start();
    let new = Upstream::answering(|received, stream| {
        let found = received.head.starts_with("GET /moved");
        let answer: &[u8] = match found {
            true => b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew",
            false => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        };
        std::io::Write::write_all(stream, answer).is_ok()
    });
    let rig = Rig::start(&format!(
        "[backends.old]\nendpoints = [\"http://{}\"]\n[backends.new]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"new\"\nfallback = {{ to = \"old\", on = [404, 502] }}\n",
        old.address, new.address
    ));
    assert_eq!(rig.get("/moved", "").body, "new");
    assert_eq!(rig.get("/not-yet", "").body, "GET /not-yet HTTP/1.1");
    drop(new);
}

#[test]
fn faults_strike_as_often_as_they_are_told_to() {
    let rig = Rig::start(
        "[routes.always]\npath = \"/always\"\nrespond = { status = 200 }\nfault = { abort_status = 503, abort_percent = 100.0 }\n\
         [routes.never]\npath = \"/never\"\nrespond = { status = 200 }\nfault = { abort_status = 503, abort_percent = 0.0 }\n",
    );
    let reply = rig.get("/always", "");
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("gateway-fault-injected"), "{}", reply.body);
    assert_eq!(rig.get("/never", "").status, 200);
}

#[test]
fn a_request_goes_to_the_region_its_client_is_in() {
    let (asia, all) = (Upstream::saying("asia"), Upstream::saying("all"));
    let rig = Rig::start(&format!(
        "[trust]\nproxies = [\"127.0.0.0/8\"]\n\
         [regions.world]\nnetworks = [\"0.0.0.0/0\"]\n[regions.asia]\nnetworks = [\"203.0.113.0/24\"]\n\
         [backends.asia]\nendpoints = [\"http://{}\"]\n[backends.all]\nendpoints = [\"http://{}\"]\n\
         [routes.asia]\nregion = \"asia\"\nto = \"asia\"\n[routes.all]\nto = \"all\"\n",
        asia.address, all.address
    ));
    for (forwarded, region) in [
        ("203.0.113.9", "asia"),
        ("198.51.100.1", "all"),
        ("203.0.113.9, 198.51.100.1", "all"),
        ("198.51.100.1, 203.0.113.9", "asia"),
        ("203.0.113.9, 127.0.0.7", "asia"),
        ("nonsense", "all"),
    ] {
        let reply = rig.get("/", &format!("X-Forwarded-For: {forwarded}\r\n"));
        assert_eq!(reply.body, region, "{forwarded}");
    }
    assert_eq!(rig.get("/", "").body, "all");
}
