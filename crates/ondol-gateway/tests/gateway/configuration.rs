//! Files: what is refused and where, what takes effect, what is explained.

use ondol_gateway::{Config, Question, explain};

fn refused(text: &str) -> String {
    Config::read("gateway.toml", text).expect_err("a bad configuration").to_string()
}

#[test]
fn an_unknown_key_is_found_with_its_place_and_what_was_meant() {
    let text = "[backends.one]\nendpoints = []\n[routes.all]\nto = \"one\"\ntimout = \"1s\"\n";
    assert_eq!(refused(text), "gateway.toml:5:1: unknown key `timout`; did you mean `timeout`?");
    let text = "[limits]\nhead_bytes_mux = 1\n";
    assert_eq!(
        refused(text),
        "gateway.toml:2:1: unknown key `head_bytes_mux`; did you mean `head_bytes_max`?"
    );
}

#[test]
fn a_name_that_nothing_has_is_found_with_its_place() {
    let text = "[backends.accounts]\nendpoints = []\n\n[routes.all]\nto = \"acounts\"\n";
    assert_eq!(
        refused(text),
        "gateway.toml:5:1: there is no backend `acounts`; did you mean `accounts`?"
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text = "[trust]\nproxies = [\"10.0.0/8\"]\n\
                [backends.one]\nendpoints = [\"localhost:80\"]\nbreaker = { failures_in_a_row = 0 }\n\
                [routes.a]\npath = \"accounts\"\nto = \"one\"\n\
                [routes.b]\nmethod = \"get\"\n";
    let found = refused(text);
    let lines: Vec<_> = found.lines().collect();
    assert_eq!(lines.len(), 6, "{found}");
    for (line, part) in [
        (0, "gateway.toml:2:1: `10.0.0/8` is neither"),
        (1, "gateway.toml:4:1: `localhost:80`: an address begins with"),
        (2, "gateway.toml:5:"),
        (3, "gateway.toml:7:1: `accounts`: a path begins with `/`"),
        (4, "gateway.toml:10:1: `get` is not a method"),
        (5, "gateway.toml:9:"),
    ] {
        assert!(lines[line].starts_with(part), "{line}: {}", lines[line]);
    }
}

#[test]
fn routes_that_collide_are_an_error_and_routes_that_cannot_are_not() {
    let route =
        |name: &str, more: &str| format!("[routes.{name}]\n{more}\nrespond = {{ status = 200 }}\n");
    let both = route("one", "path = \"/a/{id}\"") + &route("two", "path = \"/a/{name}\"");
    assert_eq!(
        refused(&both),
        "gateway.toml:4:9: routes `one` and `two` match the same requests; give one of them a `priority`"
    );
    for apart in
        ["method = \"POST\"", "headers = { x-a = \"2\" }", "host = \"b.test\"", "priority = 1"]
    {
        let one = route(
            "one",
            "path = \"/a\"\nmethod = \"GET\"\nheaders = { x-a = \"1\" }\nhost = \"a.test\"",
        );
        let mut more = vec![
            "path = \"/a\"",
            "method = \"GET\"",
            "headers = { x-a = \"1\" }",
            "host = \"a.test\"",
        ];
        more.retain(|line| line.split(' ').next() != apart.split(' ').next());
        more.push(apart);
        let text = one + &route("two", &more.join("\n"));
        assert!(Config::read("gateway.toml", &text).is_ok(), "{text}");
    }
}

#[test]
fn what_takes_effect_reads_back_as_itself() {
    let text = "listen = [\"127.0.0.1:0\"]\n[limits]\nhead_wait = \"3s\"\n\
                [backends.one]\nendpoints = [\"http://127.0.0.1:1\"]\nbreaker = { failures_in_a_row = 5 }\n\
                [routes.all]\npath = \"/a/*\"\nto = \"one\"\ntimeout = \"250ms\"\n";
    let config = Config::read("gateway.toml", text).expect("a good configuration");
    let shown = toml::to_string(&config).expect("options that can be written");
    assert!(shown.contains("head_bytes_max = 32768"), "{shown}");
    assert_eq!(Config::read("shown.toml", &shown).expect("what was shown"), config);
}

#[test]
fn a_request_is_explained_with_the_routes_that_do_not_take_it() {
    let text = "[backends.one]\nendpoints = [\"http://127.0.0.1:1\"]\n\
                [routes.cards]\npath = \"/accounts/{id}/cards\"\nto = \"one\"\n\
                [routes.post]\npath = \"/accounts/{id}\"\nmethod = \"POST\"\nto = \"one\"\n\
                [routes.rest]\nto = \"one\"\n";
    let config = Config::read("gateway.toml", text).expect("a good configuration");
    let ask = |method: &str, url: &str| {
        let question = Question {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            certificate: None,
            from: None,
        };
        explain(&config, &question).expect("an explanation")
    };
    let said = ask("GET", "http://bank.test/accounts/7");
    assert!(said.contains("route     rest\n"), "{said}");
    assert!(said.contains("cards") && said.contains("no: another path"), "{said}");
    assert!(said.contains("post") && said.contains("no: another method"), "{said}");
    let said = ask("GET", "http://bank.test/a/../b");
    assert!(
        said.contains(
            "refused with 400 Bad Request (gateway-bad-target: the path has dot segments)"
        ),
        "{said}"
    );
}

#[test]
fn every_file_that_the_guide_shows_is_a_good_one() {
    let guide = concat!(
        include_str!("../../../../docs/guide/src/gateway/index.md"),
        include_str!("../../../../docs/guide/src/gateway/who.md")
    );
    let files: Vec<_> = guide.split("```toml\n").skip(1).collect();
    for file in &files {
        let file = file.split("```").next().expect("its end");
        if let Err(findings) = Config::read("guide.toml", file) {
            assert_eq!(findings.to_string(), "", "{file}");
        }
    }
    assert!(files.len() >= 8, "{}", files.len());
}

#[test]
fn one_collision_among_five_thousand_routes_is_found() {
    let mut text = "[backends.b]\nendpoints = []\n".to_owned();
    for route in 0..5_000 {
        text += &format!("[routes.r{route}]\npath = \"/service-{route}/{{id}}\"\nto = \"b\"\n");
    }
    let config = Config::read("gateway.toml", &text).expect("a good configuration");
    assert_eq!(config.routes.len(), 5_000);
    let twice = text + "[routes.again]\npath = \"/service-7/{other}\"\nto = \"b\"\n";
    assert!(refused(&twice).contains("routes `again` and `r7` match the same requests"));
}

#[test]
fn a_value_that_nothing_has_is_found_with_what_was_meant() {
    let text = "[backends.one]\nendpoints = []\nbalancer = { strategy = \"peak_ewm\" }\n";
    assert_eq!(
        refused(text),
        "gateway.toml:3:25: unknown value `peak_ewm`; did you mean `peak_ewma`?"
    );
}

#[test]
fn what_would_be_taken_without_a_word_and_do_nothing_is_refused() {
    let to = "to = \"one\"\n";
    let respond = "respond = { status = 200";
    for (route, said) in [
        (format!("{to}host = \"https://a.test\""), "`https://a.test`: a host is a name"),
        (format!("{to}host = \"a.test:80\""), "`a.test:80`: a host is a name"),
        (format!("{to}host = \"a.test/\""), "`a.test/`: a host is a name"),
        (format!("{to}host = \"*\""), "`*`: a host is a name"),
        (format!("{to}host = \"*.\""), "`*.`: a host is a name"),
        (format!("{to}host = [\"*.a.*.test\"]"), "`*.a.*.test`: a host is a name"),
        (format!("{to}timeout = \"0s\""), "nothing is done in no time"),
        (format!("{to}idle = \"0s\""), "nothing is done in no time"),
        (format!("{to}strip_prefix = \"api\""), "`api`: a path begins with `/`"),
        (format!("{to}rewrite = \"api\""), "`api`: a path begins with `/`"),
        (
            format!("{to}path = \"/a/{{id}}\"\nrewrite = \"/{{ide}}\""),
            "nothing is called `{ide}` here; did you mean `{id}`?",
        ),
        (format!("{to}rewrite = \"/x/{{rest}}\""), "nothing is called `{rest}` here"),
        (format!("{to}rewrite = \"/x/{{host}}\""), "nothing is called `{host}` here"),
        (format!("{to}rewrite_host = \"a b\""), "`a b` is not a host"),
        (format!("{to}rewrite_host = \"http://a\""), "`http://a` is not a host"),
        (format!("{to}sticky = {{ address = true }}"), "only a `split` has sides to stay on"),
        ("split = { one = 1 }\nsticky = {}".to_owned(), "it needs a `header`, a `cookie` or"),
        (format!("{to}version = {{}}"), "a version has a `name`"),
        (
            format!("{to}version = {{ name = \"1\", sunset = \"2027-01-01\" }}"),
            "`2027-01-01`: an HTTP date is like",
        ),
        (format!("{to}fault = {{ abort_percent = 5.0 }}"), "it needs an `abort_status`"),
        (
            format!("{to}fault = {{ abort_percent = 5.0, abort_status = 99 }}"),
            "99 is not a final status",
        ),
        (format!("{to}fallback = {{ on = [99], kept = \"1s\" }}"), "99 is not a final status"),
        (format!("{respond}, content_type = \"a\\nb\" }}"), "its `content_type` cannot stand"),
        ("redirect = { to = \"\" }".to_owned(), "there is no place to go to"),
        ("redirect = { to = \"/{paht}\" }".to_owned(), "did you mean `{path}`?"),
    ] {
        let text = format!("[backends.one]\nendpoints = []\n[routes.a]\n{route}\n");
        let found = refused(&text);
        assert!(found.contains(said) && !found.contains('\n'), "{route}: {found}");
    }
    for good in [
        format!("{to}host = [\"a.test\", \"127.0.0.1\", \"[::1]\"]"),
        format!("{to}host = [\"*.a.test\"]"),
        format!("{to}rewrite_host = \"a.test:8080\""),
        format!("{to}path = \"~/(?<kind>[a-z]+)/.*\"\nrewrite = \"/x/{{kind}}\""),
        format!("{to}path = \"/a/{{id}}/*\"\nrewrite = \"/{{rest}}/{{id}}\""),
        format!("{to}version = {{ name = \"1\", sunset = \"Sun, 06 Nov 1994 08:49:37 GMT\" }}"),
    ] {
        let text = format!("[backends.one]\nendpoints = []\n[routes.a]\n{good}\n");
        if let Err(findings) = Config::read("gateway.toml", &text) {
            assert_eq!(findings.to_string(), "", "{good}");
        }
    }
}

#[test]
fn five_thousand_hosts_with_the_same_path_are_checked_as_quickly_as_paths() {
    let mut text = "[backends.b]\nendpoints = []\n".to_owned();
    for route in 0..5_000 {
        text += &format!("[routes.r{route}]\nhost = \"h{route}.test\"\nto = \"b\"\n");
    }
    let config = Config::read("gateway.toml", &text).expect("a good configuration");
    assert_eq!(config.routes.len(), 5_000);
    let twice = text + "[routes.again]\nhost = [\"other.test\", \"H7.test\"]\nto = \"b\"\n";
    assert!(refused(&twice).contains("routes `again` and `r7` match the same requests"));
}

#[test]
fn a_request_from_somewhere_is_explained_by_its_region() {
    let text = "[regions.asia]\nnetworks = [\"203.0.113.0/24\"]\n\
                [routes.asia]\nregion = \"asia\"\nrespond = { status = 200 }\n\
                [routes.rest]\nrespond = { status = 404 }\n";
    let config = Config::read("gateway.toml", text).expect("a good configuration");
    for (from, route) in
        [(Some("203.0.113.9"), "asia"), (Some("203.0.114.9"), "rest"), (None, "rest")]
    {
        let question = Question {
            method: "GET".to_owned(),
            url: "http://bank.test/".to_owned(),
            headers: Vec::new(),
            certificate: None,
            from: from.map(|from| from.parse().expect("an address")),
        };
        let said = explain(&config, &question).expect("an explanation");
        assert!(said.contains(&format!("route     {route}\n")), "{from:?}: {said}");
    }
}
