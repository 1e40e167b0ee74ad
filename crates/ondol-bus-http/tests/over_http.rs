//! The suite over HTTP, and who is let in.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ondol_bus::conformance::{Ends, Way};
use ondol_bus_http::{Guarded, Guest, RemoteOptions, RemoteService, Secret, ServeOptions, router};
use ondol_doors::SystemClock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

const SECRET: &str = "a secret of the house, for tests only";

/// A server on a free port, and a client that shows a token.
#[derive(Debug)]
struct OverHttp {
    readers: Guest,
    callers: Guest,
    secret: &'static str,
}

fn over_http() -> OverHttp {
    OverHttp { readers: Guest::Every, callers: Guest::Every, secret: SECRET }
}

#[async_trait]
impl Way for OverHttp {
    async fn lay(&self, service: &str, to: Ends) -> (Ends, Box<dyn Any + Send + Sync>) {
        let Ends { feed, calls } = to;
        let (readers, callers) = (self.readers.clone(), self.callers.clone());
        let guarded = Guarded { feed, calls, readers, callers };
        let services = BTreeMap::from([(service.to_owned(), guarded)]);
        let clock = Arc::new(SystemClock::start());
        let (stop, stopped) = watch::channel(false);
        let secret = Secret::new(SECRET).expect("it is long enough");
        let served = router(services, secret, clock.clone(), ServeOptions::default(), stopped);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, served).await });
        let secret = Secret::new(self.secret).expect("it is long enough");
        let asking = ("house.guest", secret);
        let remote = RemoteService::new(service, &url, asking, clock, RemoteOptions::default());
        let far = Ends { feed: Arc::new(remote.clone()), calls: Arc::new(remote) };
        (far, Box::new((tasks, stop)))
    }
}

ondol_bus::conformance!(std::future::ready(over_http()));

mod doors {
    use std::collections::BTreeSet;

    use ondol_bus::conformance::made_up::{Bells, SERVICE, call};
    use ondol_bus::{About, CallFailure, FeedError, ReadFeed};
    use ondol_kernel::{CommandId, Position};

    use super::*;

    async fn outcomes(way: OverHttp) -> (Option<FeedError>, Option<CallFailure>) {
        let bells = Bells::new();
        let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
        let read = far.feed.read(ReadFeed::after(Position::START, 1)).await;
        let about = About::new(CommandId::from_u128(1));
        (read.err(), far.calls.ask(&call("ring"), &about).await.err())
    }

    #[tokio::test]
    async fn nobody_reads_or_asks_with_another_secret() {
        let secret = "another secret of another house entirely";
        let (read, asked) = outcomes(OverHttp { secret, ..over_http() }).await;
        assert!(matches!(read, Some(FeedError::Forbidden { .. })), "{read:?}");
        assert!(matches!(asked, Some(CallFailure::Forbidden { .. })), "{asked:?}");
    }

    #[tokio::test]
    async fn each_door_lets_in_whom_it_names_and_nobody_else() {
        let only = |name: &str| Guest::Only(BTreeSet::from([name.to_owned()]));
        let (guest, other) = (only("house.guest"), only("house.friend"));
        let way = OverHttp { readers: guest.clone(), callers: other.clone(), ..over_http() };
        let (read, asked) = outcomes(way).await;
        assert!(read.is_none(), "{read:?}");
        assert!(matches!(asked, Some(CallFailure::Forbidden { .. })), "{asked:?}");
        let way = OverHttp { readers: other, callers: guest, ..over_http() };
        let (read, asked) = outcomes(way).await;
        assert!(matches!(read, Some(FeedError::Forbidden { .. })), "{read:?}");
        assert!(asked.is_none(), "{asked:?}");
    }

    #[tokio::test]
    async fn nobody_there_may_pass() {
        let clock = Arc::new(SystemClock::start());
        let secret = Secret::new(SECRET).expect("it is long enough");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        drop(listener);
        let asking = ("house.guest", secret);
        let remote = RemoteService::new(SERVICE, &url, asking, clock, RemoteOptions::default());
        let about = About::new(CommandId::from_u128(1));
        let asked = ondol_bus::Calls::ask(&remote, &call("ring"), &about).await;
        assert!(asked.is_err_and(|failure| failure.may_be_asked_again()));
    }
}
