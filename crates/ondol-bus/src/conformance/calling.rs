//! Asking over a way.

use ondol_domain::Holder;
use ondol_kernel::{CommandId, TraceParent};

use super::made_up::{Bells, SERVICE, call};
use super::{Faults, FaultyCalls, Way};
use crate::{About, CallFailure, Calls, Reply};

fn about(command: u128) -> About {
    About {
        correlation: Some(CommandId::from_u128(5).of()),
        causation: Some(CommandId::from_u128(6).of()),
        actor: "김온돌".parse().ok(),
        tenant: "north".parse().ok(),
        traceparent: TraceParent::new(1, 2, 1),
        ..About::new(CommandId::from_u128(command))
    }
}

pub async fn an_answer_comes_as_it_was_given(way: &impl Way) {
    let bells = Bells::new();
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let near = bells.ends().calls;
    for (command, id) in [("ring", 1), ("steal", 2)] {
        let reply = far.calls.ask(&call(command), &about(id)).await.expect("it is answered");
        assert_eq!(reply, near.ask(&call(command), &about(id)).await.expect("it is answered"));
        let void = far.calls.void(&call(command), &about(id)).await.expect("it is answered");
        assert_eq!(void, reply, "what took effect is the answer");
    }
    let void = far.calls.void(&call("ring"), &about(3)).await.expect("it is answered");
    assert_eq!(void, Reply::Voided);
    let late = far.calls.ask(&call("ring"), &about(3)).await.expect("it is answered");
    assert_eq!(late, Reply::Voided, "what comes late does nothing");
}

pub async fn a_failure_says_whether_to_ask_again(way: &impl Way) {
    let bells = Bells::new();
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let commands = [
        ("busy", "call-busy", true),
        ("held", "call-held", true),
        ("broken", "call-broken", true),
        ("unreachable", "call-unreachable", true),
        ("invalid", "call-invalid", false),
        ("forbidden", "call-forbidden", false),
        ("no such command", "call-unreadable", false),
    ];
    for (command, code, may_pass) in commands {
        let outcome = far.calls.ask(&call(command), &about(1)).await;
        let failure = outcome.expect_err("it has no answer");
        assert_eq!((failure.code(), failure.may_be_asked_again()), (code, may_pass), "{command}");
        if let CallFailure::Held { by, .. } = failure {
            assert_eq!(by, Holder::of("trip", 7), "who holds it is told");
        }
    }
}

pub async fn what_is_asked_comes_as_it_was_meant(way: &impl Way) {
    let bells = Bells::new();
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    far.calls.ask(&call("ring"), &about(1)).await.expect("it is answered");
    assert_eq!(bells.answers().heard(), [(call("ring"), about(1))]);
}

pub async fn over_a_faulty_way_every_command_takes_effect_once(way: &impl Way) {
    let bells = Bells::new();
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let (rng, clock) = bells.doors();
    let faulty = FaultyCalls::new(far.calls, Faults::OFTEN, rng, clock);
    for id in 0..60 {
        loop {
            match faulty.ask(&call("ring"), &about(id)).await {
                Ok(reply) => {
                    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
                    break;
                }
                Err(failure) => assert!(failure.may_be_asked_again(), "{failure:?}"),
            }
        }
    }
    assert_eq!(bells.answers().effects(), [1; 60]);
    assert!(bells.answers().heard().len() > 60, "it was asked again");
}
