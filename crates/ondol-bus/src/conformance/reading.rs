//! Reading a feed over a way.

use std::time::Duration;

use ondol_kernel::{EventType, Position};

use super::Way;
use super::made_up::{Bells, Inner, SERVICE};
use crate::{FeedError, ReadFeed};

fn all() -> ReadFeed {
    ReadFeed::after(Position::START, 100)
}

async fn rung(bells: &Bells) {
    for (bell, times) in [("great bell", 1), ("작은 종", 2), ("great bell", 0), ("great bell", 3)]
    {
        bells.happens(bell, Inner::Rung { times }).await;
    }
    bells.happens("great bell", Inner::Oiled).await;
}

pub async fn a_page_comes_as_it_was_read(way: &impl Way) {
    let bells = Bells::new();
    rung(&bells).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let near = bells.ends().feed.read(all()).await.expect("it is read");
    assert_eq!(far.feed.read(all()).await.expect("it is read"), near);
    assert_eq!((near.events.len(), near.seen.get()), (5, 5));
    let after = ReadFeed::after(Position::new(2), 1);
    let near = bells.ends().feed.read(after.clone()).await.expect("it is read");
    assert_eq!(far.feed.read(after).await.expect("it is read"), near);
}

pub async fn only_what_is_wanted_comes(way: &impl Way) {
    let bells = Bells::new();
    rung(&bells).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let dong = EventType::new("bell.dong").expect("a name");
    let page = far.feed.read(all().only(vec![dong.clone()])).await.expect("it is read");
    let told = page.events.iter().map(|one| (one.previous.get(), one.event.position.get()));
    assert_eq!(told.collect::<Vec<_>>(), [(0, 2), (2, 4)]);
    assert!(page.events.iter().all(|one| one.event.event_type == dong));
    assert_eq!(page.seen.get(), 5);
}

pub async fn a_reader_waits_until_something_is_published(way: &impl Way) {
    let bells = Bells::new();
    rung(&bells).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let wait = Duration::from_secs(20);
    let reading = far.feed.read(ReadFeed::after(Position::new(5), 10).waiting(wait));
    let writing = async {
        bells.happens("great bell", Inner::Oiled).await;
        bells.happens("great bell", Inner::Rung { times: 1 }).await;
    };
    let (page, ()) = tokio::join!(reading, writing);
    let page = page.expect("it is read");
    assert_eq!(page.events.len(), 1);
    assert_eq!((page.events[0].previous.get(), page.seen.get()), (5, 7));
}

pub async fn a_reader_that_waits_in_vain_is_told_how_far_the_log_was_read(way: &impl Way) {
    let bells = Bells::new();
    bells.happens("great bell", Inner::Oiled).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let page = far.feed.read(all().waiting(Duration::from_millis(30))).await.expect("it is read");
    assert_eq!((page.events.len(), page.seen.get(), page.head.position.get()), (0, 1, 1));
}

pub async fn a_reader_ahead_of_the_log_is_told_so(way: &impl Way) {
    let bells = Bells::new();
    rung(&bells).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let outcome = far.feed.read(ReadFeed::after(Position::new(900), 10)).await;
    let ahead = match &outcome {
        Err(FeedError::AheadOfLog { asked, head, .. }) => Some((asked.get(), head.get())),
        _ => None,
    };
    assert_eq!(ahead, Some((900, 5)), "{outcome:?}");
}

pub async fn several_events_of_one_position_stay_together(way: &impl Way) {
    let bells = Bells::new();
    rung(&bells).await;
    let (far, _guard) = way.lay(SERVICE, bells.ends()).await;
    let page = far.feed.read(ReadFeed::after(Position::new(1), 1)).await.expect("it is read");
    let positions = page.events.iter().map(|one| one.event.position.get());
    assert_eq!(positions.collect::<Vec<_>>(), [2, 2]);
    assert_eq!(page.seen.get(), 2);
}
