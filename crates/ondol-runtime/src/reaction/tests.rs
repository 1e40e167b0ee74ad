//! Reactions deal with everything once and in order, whatever fails on the way.

mod desk;

use std::time::Duration;

use ondol_views::Unit;
use proptest::prelude::*;

use super::*;
use desk::{Desk, UNSPEAKABLE, by, numbers};

#[tokio::test]
async fn a_stream_that_fails_waits_in_order_while_all_others_flow() {
    let desk = Desk::open();
    desk.poison("a", 2);
    desk.write(&[("a", 1), ("a", 2), ("b", 3), ("a", 4), ("b", 5), ("a", 6)]).await;
    let room = desk.start();
    room.dealt(6).await;
    assert_eq!((numbers(&desk, "a"), numbers(&desk, "b")), (vec![1], vec![3, 5]));
    let parked = room.control.parked(None, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].position.get(), parked[0].waiting), (2, 2));
    assert!(parked[0].reason.starts_with("effect-never"), "{}", parked[0].reason);

    let still = room.control.retry(parked[0].unit.clone(), by()).await.unwrap();
    assert_eq!(still.parked.unwrap().tries, 2);
    assert_eq!(numbers(&desk, "a"), [1]);

    desk.cure("a", 2);
    let mended = room.control.retry(parked[0].unit.clone(), by()).await.unwrap();
    assert_eq!(mended.parked, None);
    assert_eq!(numbers(&desk, "a"), [1, 2, 4, 6]);
    desk.write(&[("a", 7)]).await;
    room.dealt(7).await;
    assert_eq!(numbers(&desk, "a"), [1, 2, 4, 6, 7]);
    room.close().await;
}

#[tokio::test]
async fn a_stream_waits_for_what_its_publisher_cannot_tell_at_present() {
    let desk = Desk::open();
    desk.write(&[("a", 1), ("a", UNSPEAKABLE), ("a", 3), ("b", 4)]).await;
    let room = desk.start();
    room.dealt(4).await;
    assert_eq!((numbers(&desk, "a"), numbers(&desk, "b")), (vec![1], vec![4]));
    let parked = room.control.parked(None, 10).await.unwrap();
    assert_eq!((parked[0].position.get(), parked[0].waiting, parked[0].tries), (2, 1, 1));
    assert!(parked[0].reason.starts_with("feed-untold"), "{}", parked[0].reason);
    room.close().await;
}

#[tokio::test]
async fn what_is_skipped_is_left_out_for_good_and_who_decided_it_is_on_record() {
    let desk = Desk::open();
    desk.poison("a", 1);
    desk.write(&[("a", 1), ("a", 2)]).await;
    let room = desk.start();
    room.dealt(2).await;
    let unit = room.control.parked(None, 10).await.unwrap()[0].unit.clone();
    let mended = room.control.skip(unit.clone(), by()).await.unwrap();
    assert_eq!(mended.parked, None);
    assert_eq!(numbers(&desk, "a"), [2]);
    let decisions = room.control.decisions(10).await.unwrap();
    assert_eq!(decisions[0].0.get(), 1);
    assert!(matches!(decisions[0].1[0].what, Decided::Skip));
    assert_eq!(decisions[0].1[0].by, by());
    let outcome = room.control.skip(unit, by()).await;
    assert!(matches!(outcome, Err(MendError::NotParked { .. })), "{outcome:?}");
    room.close().await;
    // Even when the checkpoint is lost, what was decided stays decided.
    let room = desk.start_without_checkpoint().await;
    room.dealt(2).await;
    assert_eq!(room.control.parked(None, 10).await.unwrap(), []);
    room.close().await;
}

#[tokio::test]
async fn what_is_edited_is_dealt_with_as_it_was_edited() {
    let desk = Desk::open();
    desk.poison("a", 1);
    desk.write(&[("a", 1), ("a", 2)]).await;
    let room = desk.start();
    room.dealt(2).await;
    let unit = room.control.parked(None, 10).await.unwrap()[0].unit.clone();
    let shown = room.control.show(&unit).await.unwrap();
    assert_eq!(&shown.event.unwrap().data.bytes[..], br#"{"number":1}"#);
    assert_eq!(shown.waiting.len(), 1);
    let outcome = room.control.edit(unit.clone(), by(), "{nothing").await;
    assert!(matches!(outcome, Err(MendError::NotJson)), "{outcome:?}");
    room.control.edit(unit, by(), r#"{"number":11}"#).await.unwrap();
    assert_eq!(numbers(&desk, "a"), [11, 2]);
    let decisions = room.control.decisions(10).await.unwrap();
    let Decided::Edit { data, was } = &decisions[0].1[0].what else { panic!("{decisions:?}") };
    assert_eq!((data.get(), was.get()), (r#"{"number":11}"#, r#"{"number":1}"#));
    room.close().await;
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again_when_the_checkpoint_is_lost() {
    let desk = Desk::open();
    desk.write(&[("a", 1), ("b", 2)]).await;
    let room = desk.start();
    room.dealt(2).await;
    assert_eq!(room.control.sent(10).await.unwrap().len(), 2);
    room.close().await;
    let room = desk.start_without_checkpoint().await;
    desk.write(&[("a", 3)]).await;
    room.dealt(3).await;
    assert_eq!((numbers(&desk, "a"), numbers(&desk, "b")), (vec![1, 3], vec![2]));
    room.close().await;
}

#[tokio::test]
async fn it_goes_on_where_it_stood_and_what_was_parked_is_tried_when_it_starts() {
    let desk = Desk::open();
    desk.poison("a", 1);
    desk.write(&[("a", 1), ("a", 2), ("b", 3)]).await;
    let room = desk.start();
    room.dealt(3).await;
    room.close().await;
    desk.cure("a", 1);
    desk.write(&[("a", 4), ("b", 5)]).await;
    let room = desk.start();
    room.until(|progress| progress.parked == 0 && progress.has_dealt("notes", desk.head())).await;
    assert_eq!((numbers(&desk, "a"), numbers(&desk, "b")), (vec![1, 2, 4], vec![3, 5]));
    room.close().await;
}

#[tokio::test]
async fn what_will_pass_parks_nobody_and_is_told_while_it_lasts() {
    let desk = Desk::open();
    desk.outside_is_down(true);
    desk.write(&[("a", 1), ("a", 2)]).await;
    let room = desk.start();
    room.until(|progress| progress.phase == ReactionPhase::Waiting).await;
    let trouble = room.control.progress().trouble.unwrap();
    assert!(trouble.contains("effect-not-now"), "{trouble}");
    assert!(numbers(&desk, "a").is_empty());
    desk.outside_is_down(false);
    room.dealt(2).await;
    room.until(|progress| progress.phase == ReactionPhase::Running).await;
    assert_eq!((numbers(&desk, "a"), room.control.progress().parked), (vec![1, 2], 0));
    room.close().await;
}

#[tokio::test]
async fn a_panic_parks_its_stream_and_nothing_else() {
    let desk = Desk::open();
    desk.write(&[("a", 1), ("a", 666), ("b", 3)]).await;
    let room = desk.start();
    room.dealt(3).await;
    let parked = room.control.parked(None, 10).await.unwrap();
    assert!(parked[0].reason.contains("the number of the beast"), "{parked:?}");
    assert_eq!(parked[0].tries, desk.options().tries_max);
    assert_eq!((numbers(&desk, "a"), numbers(&desk, "b")), (vec![1], vec![3]));
    room.close().await;
}

#[tokio::test]
async fn an_unknown_unit_is_not_mended() {
    let desk = Desk::open();
    let room = desk.start();
    let unit: Unit = "key/notes/note:a".parse().unwrap();
    let outcome = room.control.retry(unit, by()).await;
    assert!(matches!(outcome, Err(MendError::NotParked { .. })), "{outcome:?}");
    room.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is poison, only its streams wait; once it is cured, each stream was dealt with in
    /// its order, nothing left out and nothing twice, also over a restart and a lost checkpoint.
    #[test]
    fn random_poison_parks_its_streams_and_their_order_is_kept(
        streams in prop::collection::vec((0_u8..6, any::<bool>()), 1..60),
        loses_checkpoint in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let names = ["a", "b", "c", "d", "e", "f"];
            let desk = Desk::open();
            let events: Vec<_> = streams.iter().zip(1_u32..)
                .map(|((stream, _), number)| (names[usize::from(*stream)], number)).collect();
            for (at, (_, is_poison)) in streams.iter().enumerate() {
                if *is_poison && at % 3 == 0 {
                    desk.poison(events[at].0, events[at].1);
                }
            }
            let half = events.len() / 2;
            desk.write(&events[..half]).await;
            let room = desk.start();
            room.dealt(u64::try_from(half).unwrap()).await;
            room.close().await;
            let room = if loses_checkpoint { desk.start_without_checkpoint().await } else { desk.start() };
            desk.write(&events[half..]).await;
            room.dealt(u64::try_from(events.len()).unwrap()).await;
            for name in names {
                let of_stream = events.iter().filter(|(stream, _)| *stream == name);
                let free = of_stream.take_while(|(stream, number)| !desk.is_poison(stream, *number));
                let free: Vec<_> = free.map(|(_, number)| *number).collect();
                assert_eq!(numbers(&desk, name), free, "before the cure, {name}");
            }
            desk.cure_all();
            for parked in room.control.parked(None, 100).await.unwrap() {
                room.control.retry(parked.unit, by()).await.unwrap();
            }
            room.until(|progress| progress.parked == 0).await;
            for name in names {
                let of_stream = events.iter().filter(|(stream, _)| *stream == name);
                let all: Vec<_> = of_stream.map(|(_, number)| *number).collect();
                assert_eq!(numbers(&desk, name), all, "after the cure, {name}");
            }
            room.close().await;
        });
    }
}

#[test]
fn options_that_cannot_be_used_are_told_all_at_once() {
    let options = ReactionOptions {
        in_flight_max: 0,
        tries_max: 0,
        pause_min: Duration::ZERO,
        ..ReactionOptions::default()
    };
    assert_eq!(options.validate().unwrap_err().found.len(), 3);
}
