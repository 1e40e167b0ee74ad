//! Numbers with zeros before them, with their first bit set, and of the wrong length.

use super::*;

/// A signature whose numbers end in these bytes.
fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let number = |digits: &[u8]| [vec![0; NUMBER - digits.len()], digits.to_vec()].concat();
    [number(r), number(s)].concat()
}

fn asn1(r: &[u8], s: &[u8]) -> Vec<u8> {
    Asn1::of(&signature(r, s)).expect("64 bytes").as_bytes().to_vec()
}

#[test]
fn numbers_are_written_in_their_shortest_form() {
    assert_eq!(asn1(&[1], &[2, 3]), [0x30, 7, 2, 1, 1, 2, 2, 2, 3]);
    assert_eq!(asn1(&[], &[0x7f]), [0x30, 6, 2, 1, 0, 2, 1, 0x7f]);
}

#[test]
fn a_number_whose_first_bit_is_set_is_not_made_negative() {
    assert_eq!(asn1(&[0x80], &[0xff, 0]), [0x30, 9, 2, 2, 0, 0x80, 2, 3, 0, 0xff, 0]);
    let longest = asn1(&[0xff; NUMBER], &[0xff; NUMBER]);
    assert_eq!(longest.len(), ASN1_MAX);
    assert_eq!(longest[..5], [0x30, 70, 2, 33, 0]);
}

#[test]
fn what_is_not_of_their_length_is_none() {
    for length in [0, 63, 65, 128] {
        assert!(Asn1::of(&vec![1; length]).is_none(), "{length}");
    }
}
