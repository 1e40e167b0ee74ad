//! Messages that are right, bent, cut and made up.

use proptest::prelude::*;

use super::*;

fn question() -> Question {
    Question::new(0x1234, "_http._tcp.Bank.test.", Kind::Srv, 1232).expect("a question")
}

/// An answer with an alias, a service and its address, names pointing back.
fn whole() -> Vec<u8> {
    let question = question();
    let end = question.bytes.len() - 11;
    let mut bytes = question.bytes[..end].to_vec();
    bytes[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 1]);
    bytes.extend_from_slice(&[0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 12, 0, 1, 0, 5, 0x1f, 0x90]);
    let target = u8::try_from(bytes.len()).expect("a short message");
    bytes.extend_from_slice(&[3, b'o', b'n', b'e', 0xc0, 23]);
    bytes.extend_from_slice(&[0xc0, target, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 7]);
    bytes
}

#[test]
fn a_service_and_the_address_that_comes_along_are_read() {
    let answer = question().answer(&whole()).expect("an answer");
    let services: Vec<_> = answer.services("_http._tcp.bank.test").cloned().collect();
    let target = "one.bank.test".to_owned();
    assert_eq!(services, [Service { priority: 1, weight: 5, port: 8080, target }]);
    let addresses: Vec<_> = answer.addresses("one.bank.test.").collect();
    assert_eq!(addresses, ["10.0.0.7".parse::<IpAddr>().expect("an address")]);
    assert_eq!(answer.lasting, Duration::from_secs(30), "the shortest life counts");
}

#[test]
fn an_answer_to_another_question_is_not_taken() {
    let question = question();
    for (at, value) in [(0, 0x99), (2, 0x01), (5, 2), (13, b'x')] {
        let mut bytes = whole();
        bytes[at] = value;
        assert_eq!(question.answer(&bytes).err(), Some(MessageError::Unrelated), "byte {at}");
    }
}

#[test]
fn a_name_that_points_at_itself_or_forwards_is_malformed() {
    let question = question();
    let mut bytes = whole();
    let record = question.bytes.len() - 11;
    for to in [record, record + 2] {
        bytes[record + 1] = u8::try_from(to).expect("a short message");
        assert_eq!(question.answer(&bytes).err(), Some(MessageError::Malformed));
    }
}

#[test]
fn what_a_server_says_no_with_is_told_apart() {
    let question = question();
    let mut bytes = whole();
    bytes[3] = 0x82;
    assert_eq!(question.answer(&bytes).err(), Some(MessageError::Refused(2)));
    bytes[3] = 0x83;
    assert_eq!(question.answer(&bytes).expect("no such name").services("x").count(), 0);
    bytes[2] |= 2;
    assert_eq!(question.answer(&bytes).err(), Some(MessageError::Cut));
}

#[test]
fn names_that_cannot_be_asked_for_are_not() {
    for name in ["", ".", "a..b", &"a".repeat(64), &"a.".repeat(200)] {
        assert!(Question::new(1, name, Kind::A, 512).is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..80, value: u8) {
        let question = question();
        drop(question.answer(&bytes));
        let mut bent = whole();
        if let Some(byte) = bent.get_mut(at) {
            *byte = value;
        }
        drop(question.answer(&bent));
        let mut cut = whole();
        cut.truncate(at.min(cut.len() - 1));
        prop_assert!(question.answer(&cut).is_err());
    }
}
