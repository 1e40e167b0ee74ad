//! Seeds repeat; limits hold.

use super::*;

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let numbers = |seed| {
        let rng = SeededRng::new(seed);
        (0..100).map(|_| rng.number()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
}

#[test]
fn a_number_below_a_limit_reaches_every_number_below_it_and_no_other() {
    let rng = SeededRng::new(1);
    let mut seen = [0_u32; 6];
    for _ in 0..6_000 {
        seen[usize::try_from(rng.below(6)).expect("six fits")] += 1;
    }
    assert!(seen.iter().all(|&times| (800..1_200).contains(&times)), "found {seen:?}");
    assert_eq!(rng.below(0), 0);
}
