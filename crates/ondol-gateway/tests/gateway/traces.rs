//! A request as a collector is told of it: the span between whoever asks and whoever answers.

use ondol_testkit::collector::{Collector, Span, hex, said};

use super::program::{Program, free, start};
use super::rig::{Reply, Upstream, send, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

/// A gateway before one backend, and the collector that it tells.
struct Watched {
    collector: Collector,
    upstream: Upstream,
    at: std::net::SocketAddr,
    _program: Program,
    _folder: tempfile::TempDir,
}

impl Watched {
    fn start(share: u32) -> Self {
        let collector = Collector::start();
        let (upstream, at, nobody) = (Upstream::start(), free(), free());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("gateway.toml");
        let text = format!(
            "listen = [\"{at}\"]\nworkers = 1\n\
             [otlp]\nurl = \"{}\"\nevery_ms = 20\n\
             [traces]\nshare_per_million = {share}\n\
             [backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\n\
             [backends.nobody]\nendpoints = [\"http://{nobody}\"]\n\
             [routes.nobody]\npath = \"/nobody\"\nto = \"nobody\"\n",
            collector.url(),
            upstream.address
        );
        std::fs::write(&file, text).expect("a file");
        let program = start(&["run", &file.display().to_string()], at);
        Self { collector, upstream, at, _program: program, _folder: folder }
    }

    fn get(&self, target: &str, headers: &str) -> Reply {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n{headers}\r\n"
        );
        Reply::of(&send(self.at, request.as_bytes(), usize::MAX))
    }

    /// The `traceparent` that the backend was sent last: trace, span and flags.
    fn sent(&self) -> (String, String, String) {
        let received = self.upstream.take();
        let header = received.last().and_then(|last| last.header("traceparent"));
        let mut parts = header.expect("a traceparent").split('-').skip(1).map(str::to_owned);
        let mut part = || parts.next().expect("a part");
        (part(), part(), part())
    }

    fn told_of(&self, is_it: impl Fn(&Span) -> bool) -> Span {
        until("the collector is told", || self.collector.spans().iter().any(&is_it));
        self.collector.spans().into_iter().find(is_it).expect("it was told")
    }
}

#[test]
fn a_request_is_a_span_between_whoever_asks_and_whoever_answers() {
    let watched = Watched::start(0);
    let asked = watched.get("/a?secret=1", &format!("traceparent: 00-{TRACE}-{CLIENT}-01\r\n"));
    assert_eq!(asked.status, 200);
    let (trace, span, flags) = watched.sent();
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
    let told = watched.told_of(|told| hex(&told.trace_id) == TRACE);
    assert_eq!((hex(&told.parent_span_id).as_str(), hex(&told.span_id)), (CLIENT, span));
    assert_eq!((told.name.as_str(), told.kind), ("gateway GET all", 2), "of a server");
    assert_eq!(said(&told, "url.path"), "/a", "what a query holds is nobody's business");
    assert_eq!(said(&told, "server.address"), format!("http://{}", watched.upstream.address));
    assert!(told.end_time_unix_nano > told.start_time_unix_nano, "{told:?}");
}

#[test]
fn of_what_is_not_chosen_only_that_is_told_which_goes_wrong() {
    let watched = Watched::start(0);
    assert_eq!(watched.get("/a", "").status, 200);
    let (_, fine, flags) = watched.sent();
    assert_eq!(flags, "00", "those behind the gateway go by its choice");
    assert_eq!(watched.get("/nobody", "").status, 502);
    let told = watched.told_of(|told| said(told, "ondol.route") == "nobody");
    assert!(said(&told, "error.type").starts_with("gateway-"), "{told:?}");
    assert_eq!(told.parent_span_id, Vec::<u8>::new(), "it began there");
    let all: Vec<_> = watched.collector.spans().iter().map(|told| hex(&told.span_id)).collect();
    assert!(!all.contains(&fine), "{fine} in {all:?}");
}

#[test]
fn as_many_traces_begin_at_the_gateway_as_are_set() {
    let watched = Watched::start(1_000_000);
    assert_eq!(watched.get("/a", "").status, 200);
    let (trace, span, flags) = watched.sent();
    assert_eq!(flags, "01");
    let told = watched.told_of(|told| hex(&told.trace_id) == trace);
    assert_eq!(hex(&told.span_id), span);
    let asked = format!("traceparent: 00-{TRACE}-{CLIENT}-00\r\n");
    assert_eq!(watched.get("/b", &asked).status, 200);
    assert_eq!(watched.sent().2, "00", "whoever asks has chosen before");
}
