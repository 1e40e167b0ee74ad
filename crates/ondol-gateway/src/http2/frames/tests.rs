//! Following frames.

use std::time::Duration;

use super::{Frames, USELESS_MAX, Useless};

fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
    let length_bytes = u32::try_from(length).expect("small").to_be_bytes();
    let mut frame = length_bytes[1..].to_vec();
    frame.extend([kind, flags, 0, 0, 0, 1]);
    frame.extend(std::iter::repeat_n(7, length));
    frame
}

fn count(pieces: usize, bytes: &[u8]) -> usize {
    let mut frames = Frames::from_server();
    let mut useless = 0;
    for piece in bytes.chunks(pieces) {
        frames.follow(piece, || useless += 1);
    }
    assert!(frames.is_between());
    useless
}

#[test]
fn useless_frames_are_counted_however_they_are_cut() {
    let frames = [
        frame(6, 0, 8),
        frame(0, 0, 100),
        frame(0, 0, 0),
        frame(0, 1, 0),
        frame(1, 4, 30),
        frame(4, 0, 6),
    ];
    let bytes = frames.concat();
    for pieces in [1, 2, 3, 8, 9, 10, 1000] {
        assert_eq!(count(pieces, &bytes), 3, "in pieces of {pieces}");
    }
}

#[test]
fn a_frame_that_is_not_over_is_noticed() {
    let mut frames = Frames::from_server();
    frames.follow(&frame(0, 0, 100)[..50], || {});
    assert!(!frames.is_between());
}

#[test]
fn a_few_useless_frames_now_and_then_are_borne_and_a_flood_is_not() {
    let mut calm = Useless::default();
    for second in 0..1000 {
        assert!(!calm.add(Duration::from_secs(second)));
    }
    let mut flood = Useless::default();
    let borne = (0..1000).take_while(|_| !flood.add(Duration::ZERO)).count();
    assert_eq!(borne, usize::try_from(USELESS_MAX).expect("small"));
}
