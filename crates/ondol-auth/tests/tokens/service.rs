//! The token that a service shows to another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ondol_auth::{Granted, ServiceTokens, TokenDoor, TokenDoorError};
use tokio::task::JoinSet;

use crate::forge::manual_clock;

#[derive(Debug, Default)]
struct Door {
    asked: AtomicUsize,
    is_shut: AtomicBool,
}

#[async_trait]
impl TokenDoor for Door {
    async fn grant(&self) -> Result<Granted, TokenDoorError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.is_shut.load(Ordering::SeqCst) {
            return Err(TokenDoorError("shut".into()));
        }
        Ok(Granted { token: format!("token {asked}").into(), lasts: Duration::from_secs(300) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_once_and_replaced_before_it_ends() {
    let (clock, door) = (manual_clock(), Arc::new(Door::default()));
    let tokens = ServiceTokens::new(door.clone(), clock.clone());
    let mut waiting = JoinSet::new();
    for _ in 0..20 {
        let tokens = tokens.clone();
        waiting.spawn(async move { tokens.token().await.expect("there is one") });
    }
    while let Some(token) = waiting.join_next().await {
        assert_eq!(&*token.expect("no panic"), "token 0");
    }
    clock.advance(Duration::from_secs(269));
    assert_eq!(&*tokens.token().await.expect("there is one"), "token 0");
    clock.advance(Duration::from_secs(1));
    assert_eq!(&*tokens.token().await.expect("there is one"), "token 1");
}

#[tokio::test]
async fn when_none_can_be_had_the_old_one_serves_until_its_end() {
    let (clock, door) = (manual_clock(), Arc::new(Door::default()));
    let tokens = ServiceTokens::new(door.clone(), clock.clone());
    assert!(tokens.token().await.is_ok());
    door.is_shut.store(true, Ordering::SeqCst);
    clock.advance(Duration::from_secs(280));
    for _ in 0..10 {
        assert_eq!(&*tokens.token().await.expect("the old one"), "token 0");
    }
    assert_eq!(door.asked.load(Ordering::SeqCst), 2, "it is not asked again at once");
    clock.advance(Duration::from_secs(20));
    assert!(tokens.token().await.is_err());
}
