//! What is wrong with who is believed is said before it is believed.

use ondol_gateway::{Config, Question, check_certificates, explain};

const GOOD: &str = "[backends.bank]\nendpoints = [\"http://127.0.0.1:1\"]\n\
    [issuers.house]\nissuer = \"http://id.test\"\naudience = \"bank\"\nbackend = \"bank\"\ndiscover = true\n\
    [keys.partners]\nfile = \"keys.toml\"\n[certificates.machines.names]\n\"atm.test\" = {}\n";

fn findings(text: &str) -> String {
    Config::read("gateway.toml", text).expect_err("a finding").to_string()
}

#[test]
fn an_issuer_that_could_not_be_believed_is_refused() {
    let issuer = |more: &str| {
        format!(
            "[backends.bank]\nendpoints = [\"http://127.0.0.1:1\"]\n[issuers.house]\n{more}\n[routes.a]\nto = \"bank\"\n"
        )
    };
    let known = "issuer = \"http://id.test\"\naudience = \"bank\"\n";
    for (more, line, what) in [
        ("issuer = \"\"\naudience = \"bank\"\nkeys = \"k\"", 4, "an issuer has a name"),
        ("issuer = \"i\"\naudience = []\nkeys = \"k\"", 5, "tokens are for somebody"),
        ("issuer = \"i\"\naudience = \"a\\\"b\"\nkeys = \"k\"", 5, "has a blank, a quotation mark"),
        (known, 3, "exactly one of `discover = true`, `jwks`, `keys`"),
        (&format!("{known}keys = \"k\"\njwks = \"/k\"\nbackend = \"bank\""), 3, "exactly one of"),
        (&format!("{known}jwks = \"/k\""), 3, "it needs the `backend` that is asked"),
        (
            &format!("{known}jwks = \"/k\"\nbackend = \"bamk\""),
            7,
            "there is no backend `bamk`; did you mean `bank`?",
        ),
        (&format!("{known}jwks = \"k\"\nbackend = \"bank\""), 6, "`k`: a path begins with `/`"),
        (&format!("{known}keys = \"k\"\nbackend = \"bank\""), 7, "nothing is asked of it"),
        (&format!("{known}keys = \"k\"\nleeway = \"2m\""), 7, "a minute at most"),
        (&format!("{known}keys = \"k\"\nfresh_for = \"0s\""), 7, "nothing is done in no time"),
        (&format!("{known}keys = \"k\"\ncookie = \"a b\""), 7, "a cookie's name"),
        (&format!("{known}keys = \"k\"\njwk = \"/k\""), 7, "did you mean `jwks`?"),
        (
            "issuer = \"house\"\naudience = \"bank\"\nbackend = \"bank\"\ndiscover = true",
            4,
            "to be discovered",
        ),
        (
            &format!(
                "{known}jwks = \"/k\"\nbackend = \"bank\"\nintrospect = {{ path = \"/i\", client = \"c\", secret_file = \"s\", every = \"6s\" }}"
            ),
            8,
            "`every` is 5s at most",
        ),
    ] {
        let found = findings(&issuer(more));
        assert!(
            found.contains(&format!("gateway.toml:{line}:")) && found.contains(what),
            "{more}: {found}"
        );
    }
}

#[test]
fn what_a_route_asks_for_has_to_be_there_and_to_mean_something() {
    for (auth, what) in [
        ("", "it needs an `issuer`, `keys` or a `certificate` to go by"),
        ("issuer = \"hose\"", "there is no issuer `hose`; did you mean `house`?"),
        ("keys = \"partner\"", "there is no keys `partner`; did you mean `partners`?"),
        ("certificate = \"machine\"", "did you mean `machines`?"),
        ("issuer = \"house\", tennant = \"a\"", "did you mean `tenant`?"),
        ("issuer = \"house\", tenant = \"{subdomian}\"", "did you mean `{subdomain}`?"),
        ("keys = \"partners\", max_age = \"5m\"", "only tokens say so: it needs an `issuer`"),
        ("keys = \"partners\", claims = { a = 1 }", "only tokens say so"),
        (
            "certificate = \"machines\", forward_token = true",
            "there is no token and no key to go on",
        ),
        ("issuer = \"house\", scopes = [\"a b\"]", "`a b` has a blank"),
        ("issuer = \"house\", acr = [\"a\\\"b\"]", "has a blank, a quotation mark"),
        ("issuer = \"house\", max_age = \"0s\"", "nothing is done in no time"),
        ("issuer = \"house\", tell = { x-a = \"subjet\" }", "did you mean `subject`?"),
        ("issuer = \"house\", tell = { authorization = \"subject\" }", "has a meaning of its own"),
        ("issuer = \"house\", tell = { \"x a\" = \"subject\" }", "is not a header's name"),
        (
            "issuer = \"house\", above = { at = \"amount\", amount = 1, acr = [\"2fa\"] }",
            "a place is `$.name`",
        ),
        (
            "issuer = \"house\", above = { at = \"$.a\", amount = -1, acr = [\"2fa\"] }",
            "not below 0",
        ),
        (
            "issuer = \"house\", above = { at = \"$.a\", amount = 1 }",
            "it needs an `acr`, an `amr` or a `max_age`",
        ),
        ("issuer = \"house\", mode = \"enforced\"", "did you mean `enforce`?"),
    ] {
        let text = format!(
            "{GOOD}[routes.all]\npath = \"/a/{{b}}\"\nto = \"bank\"\nauth = {{ {auth} }}\n"
        );
        let found = findings(&text);
        assert!(found.contains(what) && found.contains("gateway.toml:15"), "{auth}: {found}");
    }
    for (authorize, what) in [
        ("backend = \"bnk\", path = \"/\"", "did you mean `bank`?"),
        ("backend = \"bank\", path = \"x\"", "a path begins with `/`"),
        ("backend = \"bank\", path = \"/{c}\"", "nothing is called `{c}` here"),
        ("backend = \"bank\", path = \"/\", method = \"get\"", "`get` is not a method"),
        ("backend = \"bank\", path = \"/\", adds = [\"host\"]", "has a meaning of its own"),
        ("backend = \"bank\", path = \"/\", headers = [\"a b\"]", "is not a header's name"),
        ("backend = \"bank\", path = \"/\", timeout = \"0s\"", "nothing is done in no time"),
        ("backend = \"bank\", path = \"/\", on_failure = \"pas\"", "did you mean `pass`?"),
    ] {
        let text = format!(
            "{GOOD}[routes.all]\npath = \"/a/{{b}}\"\nto = \"bank\"\nauthorize = {{ {authorize} }}\n"
        );
        let found = findings(&text);
        assert!(found.contains(what) && found.contains("gateway.toml:15"), "{authorize}: {found}");
    }
    let found = findings(&format!("{GOOD}\"*\" = {{}}\n[routes.a]\nto = \"bank\"\n"));
    assert!(found.contains("a name, or `*.` and a name"), "{found}");
}

#[test]
fn what_is_asked_is_told_and_shown() {
    let text = format!(
        "{GOOD}[routes.all]\nto = \"bank\"\nauth = {{ issuer = \"house\", scopes = [\"a\"] }}\n\
         authorize = {{ mode = \"observe\", backend = \"bank\", path = \"/check\" }}\n"
    );
    let config = Config::read("gateway.toml", &text).expect("a good configuration");
    let question = Question {
        method: "GET".into(),
        url: "http://bank.test/a".into(),
        headers: Vec::new(),
        certificate: None,
        from: None,
    };
    let told = explain(&config, &question).expect("an answer");
    assert!(
        told.contains("insists   on `auth`") && told.contains("observes  `authorize`"),
        "{told}"
    );
    let shown = toml::to_string(&config).expect("it can be written");
    assert_eq!(Config::read("shown.toml", &shown).expect("it can be read"), config, "{shown}");
}

#[test]
fn files_that_are_not_there_or_not_right_are_found_by_a_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("it");
    let check = |more: &str| {
        let known = "issuer = \"i\"\naudience = \"bank\"\n";
        let text = format!(
            "[backends.bank]\nendpoints = [\"http://127.0.0.1:1\"]\n{}\n[routes.a]\nto = \"bank\"\n",
            more.replace("KNOWN", known).replace("FILE", &format!("{file:?}"))
        );
        let config = Config::read("gateway.toml", &text).expect("a good configuration");
        check_certificates(&config).map_err(|error| error.to_string())
    };
    let keys = "[keys.partners]\nfile = FILE\n";
    let issuer = "[issuers.house]\nKNOWNkeys = FILE\n";
    let asked = "[issuers.house]\nKNOWNbackend = \"bank\"\njwks = \"/k\"\n\
        introspect = { path = \"/i\", client = \"c\", secret_file = FILE }\n";
    for more in [keys, issuer, asked] {
        assert!(check(more).is_err(), "{more}");
    }
    std::fs::write(&file, "").expect("a file");
    assert_eq!((check(keys), check(asked)), (Ok(()), Ok(())));
    let said = check(issuer).expect_err("no keys");
    assert_eq!(said, "issuer `house` cannot be made ready");
}
