//! Presets.

use ondol_resilience::{Carried, Doors, Error, LiftLayer, Preset, Reason, Registry, StackOptions};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::rig::{Down, idempotent, millis, reason};

#[test]
fn every_preset_prints_as_a_file_that_gives_the_same_values() {
    for preset in Preset::ALL {
        let printed = preset.options().to_string();
        assert!(printed.contains("[breaker.open]\nlasts = "), "{printed}");
        let read: StackOptions = toml::from_str(&printed).unwrap();
        assert_eq!(read, preset.options());
        assert_eq!(preset.to_string().parse::<Preset>().unwrap(), preset);
    }
    "standrad".parse::<Preset>().unwrap_err();
}

#[test]
fn all_values_of_a_stack_are_checked_at_once() {
    let mut options = Preset::Standard.options();
    options.breaker.failures_in_a_row = Some(0);
    options.retry.attempts_max = 0;
    let problems = options.validate().unwrap_err();
    let places: Vec<_> = problems.list().iter().map(|problem| problem.at.as_str()).collect();
    assert_eq!(places, ["retry.attempts_max", "breaker.failures_in_a_row"]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_is_one_layer_and_its_policies_are_known_to_the_registry() {
    let stack = Preset::FastFail.stack("search", &Doors::default());
    let registry = Registry::default();
    stack.register(&registry).unwrap();
    assert_eq!(registry.states().len(), 5);
    let slow = service_fn(async |request: Carried<&'static str>| {
        tokio::time::sleep(millis(600)).await;
        Ok::<_, Down>(request.request)
    });
    let service = ServiceBuilder::new().layer(stack.layer()).layer(LiftLayer).service(slow);
    for _ in 0..3 {
        assert_eq!(reason(service.clone().oneshot(idempotent()).await), Reason::TimedOut);
    }
    let answer = service.clone().oneshot(idempotent()).await;
    assert!(
        matches!(answer, Err(Error::Rejected(rejected)) if rejected.reason == Reason::CircuitOpen)
    );
}
