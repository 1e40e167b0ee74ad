//! What is done by hand to breakers, instances, canaries and stored answers.

use super::*;

#[test]
fn a_breaker_is_forced_open_and_closed_and_let_go() {
    let works = Arc::new(AtomicBool::new(true));
    let answer = Arc::clone(&works);
    let upstream = Upstream::answering(move |_, stream| match answer.load(Ordering::SeqCst) {
        true => say(stream, "ok"),
        false => stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").is_ok(),
    });
    let desk = Desk::start(
        "control-breaker",
        &format!(
            "[backends.one]\nendpoints = [\"http://{}\"]\nbreaker = {{ failures_in_a_row = 2 }}\n[routes.all]\nto = \"one\"\n",
            upstream.address
        ),
    );
    let hold = |hold: &str| {
        let body = json!({ "hold": hold, "reason": "maintenance" });
        desk.act("backends/one/breaker", &body).status
    };
    assert_eq!(hold("open"), 200);
    assert_eq!(desk.rig.get("/", "").status, 503);
    assert_eq!(desk.see("backends/one")["breaker"]["state"], "forced-open");
    assert_eq!(hold("closed"), 200);
    works.store(false, Ordering::SeqCst);
    for _ in 0..6 {
        assert_eq!(desk.rig.get("/", "").status, 500, "nothing opens it");
    }
    assert_eq!(hold("free"), 200);
    for _ in 0..3 {
        desk.rig.get("/", "");
    }
    let breaker = desk.see("backends/one")["breaker"].clone();
    assert_eq!(breaker["state"], "open");
    assert!(breaker["phase"]["probes_in"].is_string(), "with its countdown: {breaker}");
    assert_eq!(hold("half"), 400);
    let nobody = json!({ "hold": "open", "reason": "maintenance" });
    assert_eq!(desk.act("backends/two/breaker", &nobody).status, 404);
    let refusals = desk.see("refusals");
    assert_eq!(refusals[0]["code"], "gateway-breaker-open");
    assert_eq!((&refusals[0]["route"], &refusals[0]["path"]), (&json!("all"), &json!("/")));
}

#[test]
fn an_instance_is_drained_without_failing_what_it_has_and_comes_back() {
    let (hold, held) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (wait, waits) = (Arc::clone(&hold), Arc::clone(&held));
    let slow = Upstream::answering(move |received, stream| {
        if received.head.contains("/slow") {
            waits.store(true, Ordering::SeqCst);
            until("it may answer", || !wait.load(Ordering::SeqCst));
        }
        say(stream, "slow")
    });
    let quick = Upstream::saying("quick");
    let desk = Desk::start(
        "control-drain",
        &format!(
            "[backends.one]\nendpoints = [\"http://{}\", \"http://{}\"]\nbalancer = {{ strategy = \"round_robin\" }}\n[routes.all]\nto = \"one\"\n",
            slow.address, quick.address
        ),
    );
    let address = desk.rig.address;
    let waiting = std::thread::spawn(move || {
        for _ in 0..2 {
            let ask = b"GET /slow HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\r\n";
            let reply = Reply::of(&send(address, ask, usize::MAX));
            if reply.body == "slow" {
                return reply;
            }
        }
        panic!("nobody was asked slowly");
    });
    until("the slow one has a request", || held.load(Ordering::SeqCst));
    let name = format!("http://{}", slow.address);
    let body = json!({ "endpoint": name, "reason": "a new kernel" });
    assert_eq!(desk.act("backends/one/drain", &body).status, 200);
    assert_eq!(desk.act("backends/one/drain", &body).status, 409, "it is so already");
    for _ in 0..10 {
        assert_eq!(desk.rig.get("/", "").body, "quick");
    }
    let told = desk.see("backends/one");
    let endpoints = told["endpoints"].as_array().expect("a list");
    let drained = endpoints.iter().find(|one| one["name"] == name.as_str()).expect("still told of");
    assert_eq!((&drained["drained"], &drained["requests"]), (&json!(true), &json!(1)));
    let last = json!({ "endpoint": format!("http://{}", quick.address), "reason": "a test" });
    assert_eq!(desk.act("backends/one/drain", &last).status, 409, "somebody has to serve");
    hold.store(false, Ordering::SeqCst);
    let reply = waiting.join().expect("the request");
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (200, "slow"),
        "what was under way has ended well"
    );
    // It stays out over a reload.
    let text = std::fs::read_to_string(desk.folder.file("gateway.toml")).expect("the file");
    desk.rig.reload(&(text + "timeout = \"9s\"\n"));
    assert!((0..6).all(|_| desk.rig.get("/", "").body == "quick"));
    assert_eq!(desk.act("backends/one/restore", &body).status, 200);
    let words: Vec<_> = (0..6).map(|_| desk.rig.get("/", "").body).collect();
    assert!(words.iter().any(|word| word == "slow"), "{words:?}");
}

#[test]
fn a_canary_is_steered_by_hand_with_a_reason_that_stays_with_its_moves() {
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let desk = Desk::start(
        "control-canary",
        &format!(
            "[backends.old]\nendpoints = [\"http://{}\"]\n[backends.new]\nendpoints = [\"http://{}\"]\n\
             [routes.all]\ncanary = {{ from = \"old\", to = \"new\" }}\n",
            old.address, new.address
        ),
    );
    let act = |body: &Value| desk.act("canaries/all", body).status;
    assert_eq!(act(&json!({ "act": "freeze" })), 422, "why?");
    assert_eq!(act(&json!({ "act": "freeze", "reason": "the weekend" })), 200);
    assert_eq!(desk.see("canaries/all")["frozen"], true);
    assert_eq!(act(&json!({ "act": "force", "step": 33, "reason": "in a hurry" })), 400);
    assert_eq!(act(&json!({ "act": "force", "reason": "in a hurry" })), 400);
    assert_eq!(act(&json!({ "act": "force", "step": 100, "reason": "in a hurry" })), 200);
    assert_eq!(desk.rig.get("/", "").body, "new");
    assert_eq!(act(&json!({ "act": "roll_back", "reason": "too much of a hurry" })), 200);
    assert_eq!(desk.rig.get("/", "").body, "old");
    let told = desk.see("canaries/all");
    assert_eq!(told["moves"][1]["why"], "kim: too much of a hurry");
    assert_eq!((&told["state"], &told["percent"]), (&json!("rolled_back"), &json!(0)));
    let unknown = desk.act("canaries/al", &json!({ "act": "freeze", "reason": "the weekend" }));
    assert!(unknown.body.contains("did you mean `all`?"), "{}", unknown.body);
    let done: Vec<_> = desk.audit().into_iter().filter(|line| line["outcome"] == "done").collect();
    assert_eq!((done.len(), &done[2]["before"]["percent"]), (3, &json!(100)));
    let shown = desk.see("audit");
    assert_eq!((&shown[0]["outcome"], &shown[2]["outcome"]), (&json!("refused"), &json!("done")));
    assert_eq!(shown[2]["what"], "POST /control/canaries/all");
}

#[test]
fn stored_answers_are_purged_with_a_reason() {
    let upstream = Upstream::answering(|_, stream| {
        let answer = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nCache-Tag: news\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer).is_ok()
    });
    let desk = Desk::start(
        "control-purge",
        &format!(
            "[backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\ncache = {{}}\n",
            upstream.address
        ),
    );
    let asked = || {
        desk.rig.get("/a", "");
        upstream.received().len()
    };
    assert_eq!((asked(), asked()), (1, 1), "the second is a stored one");
    let purge = |what: Value| {
        let reply = desk.act("cache/purge", &what);
        let told: Value = serde_json::from_str(&reply.body).expect("JSON");
        (reply.status, told["change"]["purged"].as_u64())
    };
    assert_eq!(purge(json!({ "tag": "sport", "reason": "old" })), (200, Some(0)));
    assert_eq!(purge(json!({ "tag": "news", "reason": "old" })), (200, Some(1)));
    assert_eq!(asked(), 2);
    assert_eq!(
        purge(json!({ "everything": true, "route": "all", "reason": "old" })),
        (200, Some(1))
    );
    assert_eq!(purge(json!({ "everything": true, "route": "al", "reason": "old" })).0, 404);
    assert_eq!(purge(json!({ "everything": true, "tag": "a", "reason": "old" })).0, 400);
    assert_eq!(purge(json!({ "everything": true })).0, 422);
}
