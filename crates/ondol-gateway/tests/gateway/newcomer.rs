//! The command line as someone meets it who has never used it: done right, and each done wrong.

use std::process::Command;

use super::certificates::Folder;

const GOOD: &str = "listen = [\"127.0.0.1:8080\"]\n[backends.one]\nendpoints = [\"http://127.0.0.1:9001\"]\n\
                    breaker = { failures_in_a_row = 5 }\n[routes.cards]\npath = \"/accounts/{id}/cards\"\nto = \"one\"\n\
                    [routes.partner]\npath = \"/accounts/*\"\ncertificate = \"partner.test\"\nto = \"one\"\n\
                    [routes.rest]\nto = \"one\"\nfallback = { kept = \"5m\", respond = { status = 200 }, on = [503] }\n";

/// A folder to stand in while typing.
struct Desk(Folder);

impl Desk {
    fn new(name: &str, file: &str) -> Self {
        let folder = Folder::new(name);
        folder.write("gateway.toml", file);
        Self(folder)
    }

    /// What a command line says: whether it did well, what it printed, what it complained about.
    fn say(&self, arguments: &[&str]) -> (bool, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_ondol-gateway"))
            .args(arguments)
            .current_dir(self.0.file(""))
            .output()
            .expect("the program");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    fn good(&self, arguments: &[&str]) -> String {
        let (good, said, complaint) = self.say(arguments);
        assert!(good && complaint.is_empty(), "{arguments:?}: {said}\n{complaint}");
        said
    }

    fn bad(&self, arguments: &[&str]) -> String {
        let (good, said, complaint) = self.say(arguments);
        assert!(!good && said.is_empty(), "{arguments:?}: {said}\n{complaint}");
        assert!(!complaint.contains("Backtrace") && !complaint.contains(".rs:"), "{complaint}");
        complaint
    }
}

#[test]
fn a_file_is_checked_and_every_mistake_is_shown_with_its_place() {
    let desk = Desk::new("check", GOOD);
    let said = "gateway.toml: good; 3 routes, 1 backend\n";
    assert_eq!(desk.good(&["check"]), said);
    assert_eq!(desk.good(&["check", "gateway.toml"]), said);
    let wrong = GOOD.replace("breaker", "braker");
    let desk = Desk::new("check-wrong", &wrong);
    let complaint = desk.bad(&["check"]);
    assert_eq!(complaint, "gateway.toml:4:1: unknown key `braker`; did you mean `breaker`?\n");
    let twice = GOOD.replace("to = \"one\"", "to = \"on\"");
    let desk = Desk::new("check-twice", &twice);
    let complaint = desk.bad(&["check"]);
    assert_eq!(complaint.matches("there is no backend `on`; did you mean `one`?").count(), 3);
    let desk = Desk::new("check-syntax", "listen = [\"127.0.0.1:8080\"\n[routes");
    assert!(desk.bad(&["check"]).starts_with("gateway.toml:2:1: "), "{}", desk.bad(&["check"]));
    let complaint = desk.bad(&["check", "gatewai.toml"]);
    assert!(complaint.starts_with("gatewai.toml cannot be read: "), "{complaint}");
}

#[test]
fn certificates_that_are_not_there_are_found_before_anything_runs() {
    let files = |chain: &str| {
        format!(
            "[listeners.secure]\naddress = \"127.0.0.1:8443\"\n\
             tls = {{ certificates = [{{ chain = \"{chain}\", key = \"key.pem\" }}] }}\n"
        )
    };
    let desk = Desk::new("check-certificates", &files("chain.pem"));
    let complaint = desk.bad(&["check"]);
    assert!(
        complaint.starts_with(
            "the certificates of listener `secure` cannot be used: chain.pem cannot be read as PEM"
        ),
        "{complaint}"
    );
    let backend =
        "[backends.one]\nendpoints = [\"https://127.0.0.1:1\"]\nauthorities = \"ca.pem\"\n";
    let desk = Desk::new("check-authorities", backend);
    let complaint = desk.bad(&["check"]);
    assert!(complaint.starts_with("backend `one` cannot be made: its certificates"), "{complaint}");
}

#[test]
fn without_a_file_one_is_told_what_to_do() {
    let desk = Desk(Folder::new("nothing"));
    for arguments in [&[][..], &["run"], &["check"], &["show", "effective"]] {
        let complaint = desk.bad(arguments);
        let begin =
            "gateway.toml cannot be read; name another, or send everything to one place with";
        assert!(complaint.starts_with(begin), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_request_is_explained_and_a_question_that_is_none_is_not() {
    let desk = Desk::new("explain", GOOD);
    let said = desk.good(&["explain", "GET", "http://bank.test/accounts/7?x=1"]);
    let expected = "request   GET bank.test/accounts/7\nroute     rest\nbackend   one (100 %): http://127.0.0.1:9001\n\
                    policies  breaker\nfallback  the last good answer → a fixed answer, on [503]\n\
                    others, in the order in which they are tried:\n\
                    \x20 cards                    no: another path\n\
                    \x20 partner                  no: the client has shown no certificate for `partner.test`\n";
    assert_eq!(said, expected);
    let partner =
        ["explain", "GET", "/accounts/7", "-H", "Host: bank.test", "--certificate", "partner.test"];
    assert!(desk.good(&partner).contains("route     partner\n"));
    let said = desk.good(&["explain", "GET", "http://bank.test/a/%2e%2e/b"]);
    assert!(said.starts_with("refused with 400 Bad Request (gateway-bad-target: "), "{said}");
    for (arguments, what) in [
        (&["explain", "get", "http://a/"][..], "`get` is not a method; did you mean `GET`?\n"),
        (&["explain", "GET", "http://a/", "-H", "Host"], "`Host` is not `Name: value`\n"),
        (&["explain", "GET", "http://a/", "-H", "A B: c"], "`A B: c` is not a header\n"),
    ] {
        assert_eq!(desk.bad(arguments), what);
    }
    for (url, what) in [
        ("bank.test/accounts", "the target is neither a path nor an absolute URL"),
        ("/accounts", "there is no Host"),
        ("http://bank.test:x/", "the port is not a number"),
    ] {
        let said = desk.good(&["explain", "GET", url]);
        assert!(said.starts_with("refused with 400") && said.contains(what), "{url}: {said}");
    }
    assert!(desk.bad(&["explain", "GET"]).contains("<URL>"));
}

#[test]
fn what_takes_effect_is_shown_whole_and_can_be_used_as_it_is() {
    let desk = Desk::new("show", GOOD);
    let shown = desk.good(&["show", "effective"]);
    for line in
        ["head_bytes_max = 32768", "connections_max = 10000", "path = \"/accounts/{id}/cards\""]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    desk.0.write("shown.toml", &shown);
    assert_eq!(desk.good(&["check", "shown.toml"]), "shown.toml: good; 3 routes, 1 backend\n");
    assert_eq!(desk.good(&["show", "effective", "shown.toml"]), shown);
    assert!(
        desk.bad(&["show", "efective"]).contains("did you mean")
            || desk.bad(&["show", "efective"]).contains("similar")
    );
    desk.0.write("wrong.toml", "nonsense");
    assert!(desk.bad(&["show", "effective", "wrong.toml"]).starts_with("wrong.toml:1:"));
}

#[test]
fn one_place_that_is_none_is_said() {
    let desk = Desk(Folder::new("to"));
    let complaint = desk.bad(&["--to", "localhost:3000"]);
    assert!(
        complaint.starts_with(
            "`--to localhost:3000` leads nowhere; did you mean `--to http://localhost:3000`?: "
        ),
        "{complaint}"
    );
    let complaint = desk.bad(&["--to", "http://localhost:3000/path"]);
    assert!(complaint.contains("an address has no path"), "{complaint}");
    let complaint = desk.bad(&["--to", "http://nobody.invalid:3000", "--listen", "127.0.0.1:0"]);
    assert!(complaint.contains("`nobody.invalid` cannot be resolved"), "{complaint}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = taken.local_addr().expect("an address").to_string();
    let complaint = desk.bad(&["--to", "http://127.0.0.1:3000", "--listen", &at]);
    assert!(
        complaint.contains(&format!("cannot listen on {at}: Address already in use")),
        "{complaint}"
    );
    assert!(desk.bad(&["--to", "http://127.0.0.1:1", "--listen", "8080"]).contains("8080"));
    assert!(
        desk.bad(&["--to", "http://127.0.0.1:1", "gateway.toml"]).contains("cannot be used with")
    );
    assert!(desk.bad(&["rn"]).contains("rn"));
}
