//! A filter: whether a run may have a key. It may say yes when it has not, never no when it has.
//!
//! A key sets one bit in each of the eight words of one block of 64 bytes, so asking costs one
//! look into memory. Ten bits a key let about one in a hundred strangers through.

use crate::format::index;
use crate::key::Key;

const WORDS: usize = 8;
const BITS_PER_KEY: u64 = 10;
const BLOCK_BITS: u64 = 512;
/// A filter takes no more than this, whatever it costs in strangers let through.
const BLOCKS_MAX: u64 = (64 << 20) / 64;
const ODD: [u32; WORDS] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// The filter of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    blocks: Vec<[u64; WORDS]>,
}

impl Filter {
    /// A filter for so many keys.
    pub(crate) fn for_keys(keys: u64) -> Self {
        let blocks = (keys.saturating_mul(BITS_PER_KEY)).div_ceil(BLOCK_BITS).clamp(1, BLOCKS_MAX);
        Self { blocks: vec![[0; WORDS]; index(blocks)] }
    }

    fn block(&self, key: Key) -> usize {
        let scaled = (u128::from(key.high) * self.blocks.len() as u128) >> 64;
        usize::try_from(scaled).expect("a part of the blocks' number is not above it")
    }

    fn bit(key: Key, word: usize) -> u64 {
        1 << (key.low.wrapping_mul(ODD[word]) >> 26)
    }

    pub(crate) fn add(&mut self, key: Key) {
        let at = self.block(key);
        for (nth, word) in self.blocks[at].iter_mut().enumerate() {
            *word |= Self::bit(key, nth);
        }
    }

    pub(crate) fn may_have(&self, key: Key) -> bool {
        let block = &self.blocks[self.block(key)];
        block.iter().enumerate().all(|(nth, word)| word & Self::bit(key, nth) != 0)
    }

    /// Something of what will be asked for: looking at it has it fetched.
    pub(crate) fn glance(&self, key: Key) -> u64 {
        self.blocks[self.block(key)][0]
    }

    pub(crate) fn encode(&self) -> impl Iterator<Item = u8> {
        self.blocks.iter().flatten().flat_map(|word| word.to_le_bytes())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let word = |at: &[u8]| u64::from_le_bytes(crate::format::get(at, 0).unwrap_or_default());
        let block = |at: &[u8]| std::array::from_fn(|nth| word(&at[nth * 8..]));
        Self { blocks: bytes.chunks_exact(64).map(block).collect() }
    }
}
