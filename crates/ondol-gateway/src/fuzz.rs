//! Mutated inputs for everything that reads what strangers write.
//!
//! Each target holds more than "it does not fall": what it says must be true of what it was given. An
//! input is kept as a parent of others when it leads to an outcome that none before it led to; a seed
//! makes a run repeatable. A short run is part of the tests; a long one, which adds what it has found to
//! the corpus, is
//!
//! ```text
//! ONDOL_FUZZ_SECONDS=600 ONDOL_FUZZ_SEED=7 cargo nextest run -p ondol-gateway fuzz
//! ```
//!
//! Its seconds are those of the processor: a busy machine makes it last, not do less.
//!
//! Limit: outcomes are what the targets say of themselves, not which lines of code were reached.

mod targets;
mod tokens;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ondol_doors::{Rng, SeededRng};
use rustix::time::{ClockId, clock_gettime};

/// Inputs tried in a short run.
const TRIES: u32 = 20_000;
/// Bytes of an input.
const BYTES_MAX: usize = 4096;
/// Inputs kept as parents.
const PARENTS_MAX: usize = 512;
/// Changes made to a parent at a time, at most.
const CHANGES_MAX: u64 = 6;

/// Runs a target over mutations of its corpus. It answers what came of an input, and panics when that is
/// not as it must be.
pub(crate) fn run(name: &str, words: &[&str], target: impl Fn(&[u8]) -> String) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let rng = SeededRng::new(number("ONDOL_FUZZ_SEED").unwrap_or(1));
    let long = number("ONDOL_FUZZ_SECONDS").map(Duration::from_secs);
    let mut parents = corpus(name);
    assert!(!parents.is_empty(), "there is no corpus for {name}");
    let mut outcomes: HashSet<String> = parents.iter().map(|parent| target(parent)).collect();
    let mut tries = 0;
    while long.map_or(tries < TRIES, |long| worked() < long) {
        tries += 1;
        let input = mutate(&parents, words, &rng);
        let outcome = target(&input);
        if outcomes.insert(outcome) && parents.len() < PARENTS_MAX {
            if long.is_some() {
                keep(name, &input);
            }
            parents.push(input);
        }
    }
    println!("{name}: {tries} inputs, {} outcomes", outcomes.len());
}

/// How long this thread has had a processor.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time that has passed")
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

/// Adds an input to the corpus, named by what is in it.
fn keep(name: &str, input: &[u8]) {
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    std::fs::write(folder(name).join(format!("{hash:016x}")), input)
        .expect("a place in the corpus");
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder(name)).expect("a corpus");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("a file")).collect()
}

fn place(length: usize, rng: &SeededRng) -> usize {
    usize::try_from(rng.below(length as u64 + 1)).expect("a place in memory")
}

fn mutate(parents: &[Vec<u8>], words: &[&str], rng: &SeededRng) -> Vec<u8> {
    let one = |rng: &SeededRng| &parents[place(parents.len() - 1, rng)];
    let mut input = one(rng).clone();
    for _ in 0..=rng.below(CHANGES_MAX) {
        let (from, to) = (place(input.len(), rng), place(input.len(), rng));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 16));
        let byte = rng.number().to_le_bytes()[0];
        match rng.below(7) {
            0 => input.insert(from, byte),
            1 => drop(input.drain(from..to)),
            2 => {
                let again = input[from..to].to_vec();
                drop(input.splice(from..from, again));
            }
            3 => {
                let word = words[place(words.len() - 1, rng)];
                drop(input.splice(from..to, word.bytes()));
            }
            4 => {
                let other = one(rng);
                let (cut, end) = (place(other.len(), rng), place(other.len(), rng));
                let other = other[cut.min(end)..cut.max(end)].to_vec();
                drop(input.splice(from..to, other));
            }
            _ => {
                if let Some(at) = input.get_mut(from) {
                    *at ^= 1 << (byte & 7);
                }
            }
        }
    }
    input.truncate(BYTES_MAX);
    input
}
