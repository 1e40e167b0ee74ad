//! The end of what was written, wherever it lies in its block.

use super::*;

#[test]
fn the_last_byte_that_was_written_is_found_wherever_it_lies() {
    for length in [1, 4095, 4096, 4097, 12_288, 12_300] {
        for last in
            [0, 1, 4094, 4095, 4096, 8191, 8192, 12_299].into_iter().filter(|at| *at < length)
        {
            let mut bytes = vec![0; length];
            bytes[last] = 1;
            assert_eq!(written_to(&bytes), Some(last + 1), "{last} of {length}");
            bytes[0] = 1;
            assert_eq!(written_to(&bytes), Some(last + 1), "{last} of {length}, and the first");
        }
    }
}

#[test]
fn where_nothing_was_written_there_is_no_end() {
    for length in [0, 1, 4096, 10_000] {
        assert_eq!(written_to(&vec![0; length]), None, "{length}");
    }
}
