//! Chaos on purpose.

use std::sync::atomic::{AtomicU32, Ordering};

use ondol_resilience::{Chaos, ChaosOptions, Doors, Error, Mode, Reason, Time};

use crate::rig::{Answer, Down, Rig, millis, now};

const CALLS: u32 = 10_000;

async fn run(options: ChaosOptions) -> (Chaos, u32, u32, u32) {
    let doors = Doors { time: Time::tokio(), ..Rig::new().doors };
    let chaos = Chaos::with("test", options, &doors).unwrap();
    let made = AtomicU32::new(0);
    let (mut failed, mut lost) = (0, 0);
    for _ in 0..CALLS {
        let answer: Answer<()> = chaos
            .through(async || {
                made.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Error<Down>>(())
            })
            .await;
        match answer {
            Err(Error::Rejected(rejected)) if rejected.reason == Reason::Chaos => failed += 1,
            Err(_) => lost += 1,
            Ok(()) => {}
        }
    }
    (chaos, made.into_inner(), failed, lost)
}

#[tokio::test(start_paused = true)]
async fn shares_of_calls_are_delayed_fail_or_lose_their_answer() {
    let options = ChaosOptions {
        mode: Mode::Enforce,
        delay_share: 0.1,
        delay_min: millis(100),
        delay_max: millis(100),
        error_share: 0.2,
        abort_share: 0.05,
    };
    let began = now();
    let (chaos, made, failed, lost) = run(options).await;
    assert!((1_900..2_100).contains(&failed), "{failed}");
    assert!((420..580).contains(&lost), "{lost}");
    assert_eq!(made, CALLS - failed, "a call whose answer is lost was made");
    let delayed = chaos.state().delayed;
    assert!((900..1_100).contains(&delayed), "{delayed}");
    assert!(now().since(began) >= millis(100) * u32::try_from(delayed).unwrap());
}

#[tokio::test(start_paused = true)]
async fn unless_told_otherwise_it_is_off() {
    let (chaos, made, ..) = run(ChaosOptions { error_share: 1.0, ..ChaosOptions::default() }).await;
    assert_eq!((made, chaos.state().calls), (CALLS, 0));
}
