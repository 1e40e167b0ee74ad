//! What an event claims, nothing else may have: whichever is in the log first has it.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, Unique, accept, refuse};
use ondol_views::MemoryViews;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Join {
    email: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Joined {
    Joined { email: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum No {
    #[error("somebody has joined as {email}")]
    Taken { email: String },
    #[error("nobody is called nothing")]
    Nameless,
}

#[derive(Debug, Clone, Default)]
struct Member;

impl Facts for Joined {
    const KIND: &'static str = "member";
}

impl Aggregate for Member {
    const KIND: &'static str = "member";
    type Command = Join;
    type Event = Joined;
    type Refusal = No;

    fn decide(&self, Join { email }: Join) -> Decision<Self> {
        if email.is_empty() { refuse(No::Nameless) } else { accept(Joined::Joined { email }) }
    }

    fn evolve(self, _joined: &Joined) -> Result<Self, Impossible> {
        Ok(self)
    }

    fn unique(Joined::Joined { email }: &Joined) -> Vec<Unique<No>> {
        let tag = Tag::new(format!("email:{email}")).expect("a tag");
        vec![Unique { tag, taken: No::Taken { email: email.clone() } }]
    }
}

fn members(bench: &Bench) -> Desk<Member> {
    let book = Arc::new(MemoryViews::default());
    Desk::open(bench.ground.clone(), book, DeskOptions::default()).expect("the shapes are right")
}

fn join(email: &str) -> Join {
    Join { email: email.to_owned() }
}

fn no(answer: &Answer<Member>) -> Option<&No> {
    match &answer.verdict {
        Verdict::Refused(no) => Some(no),
        Verdict::Accepted(_) | Verdict::Voided => None,
    }
}

#[tokio::test]
async fn what_somebody_has_is_refused_to_everybody_else() {
    let bench = Bench::new();
    let desk = members(&bench);
    let first = desk.handle("1", join("kim@x"), &outside(1)).await.expect("it is answered");
    assert_eq!(no(&first), None);
    for (id, request) in [(2, outside(2)), (3, inside(3))] {
        let second = desk.handle("2", join("kim@x"), &request).await.expect("it is answered");
        assert_eq!(no(&second), Some(&No::Taken { email: "kim@x".to_owned() }), "{id}");
        let again = desk.handle("2", join("kim@x"), &request).await.expect("it is answered");
        assert_eq!((no(&again), again.repeated), (no(&second), true), "{id}");
    }
    let other = desk.handle("2", join("lee@x"), &outside(4)).await.expect("it is answered");
    assert_eq!(no(&other), None);
    let again = desk.handle("1", join("kim@x"), &outside(1)).await.expect("it is answered");
    assert!(again.repeated && no(&again).is_none(), "its own claim is not in its way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_who_claim_the_same_at_once_one_has_it() {
    let bench = Bench::new();
    let desks = [members(&bench), members(&bench)];
    let mut running = tokio::task::JoinSet::new();
    for id in 0..100_u32 {
        let desk = desks[id as usize % 2].clone();
        running.spawn(async move {
            let key = id.to_string();
            desk.handle(&key, join("kim@x"), &outside(id.into())).await.expect("it is answered")
        });
    }
    let answers = running.join_all().await;
    assert_eq!(answers.iter().filter(|answer| no(answer).is_none()).count(), 1);
    assert_eq!(bench.log().await.len(), 1);
}

#[tokio::test]
async fn several_as_one_claim_nothing_twice_and_the_refusal_says_which() {
    let bench = Bench::new();
    let desk = members(&bench);
    desk.handle("1", join("kim@x"), &outside(1)).await.expect("it is answered");
    let twice = [join("lee@x"), join("pak@x"), join("lee@x")];
    let answer = desk.handle_all("2", &twice, &outside(2)).await.expect("it is answered");
    assert_eq!((no(&answer), answer.which), (Some(&No::Taken { email: "lee@x".to_owned() }), 2));
    let taken = [join("lee@x"), join("kim@x"), join("pak@x")];
    let answer = desk.handle_all("2", &taken, &outside(3)).await.expect("it is answered");
    assert_eq!((no(&answer), answer.which), (Some(&No::Taken { email: "kim@x".to_owned() }), 1));
    assert_eq!(bench.log().await.len(), 1);
}

#[tokio::test]
async fn a_condition_of_the_request_is_not_taken_for_a_claim() {
    let bench = Bench::new();
    let desk = members(&bench);
    desk.handle("1", join("kim@x"), &outside(1)).await.expect("it is answered");
    let tag = Tag::new("email:kim@x").expect("a tag");
    let request = outside(2).when(Condition::never(tag));
    let error = desk.handle("2", join("lee@x"), &request).await.expect_err("it is broken");
    assert!(matches!(error, HandleError::ConditionBroken { .. }), "{error:?}");
}
