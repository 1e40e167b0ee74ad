//! Texts, numbers and times as they are written.

use proptest::prelude::*;

use super::*;

fn stamped(stamp: &mut Stamp, time: Timestamp) -> String {
    let mut out = Vec::new();
    stamp.write(time, &mut out);
    String::from_utf8(out).expect("text")
}

proptest! {
    #[test]
    fn any_text_reads_back_as_itself(value: String, count: u64) {
        let mut out = b"{\"a\":".to_vec();
        text(&mut out, "", &value);
        number(&mut out, ",\"b\":", count);
        out.push(b'}');
        let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        prop_assert_eq!(&read["a"], &serde_json::Value::from(value));
        prop_assert_eq!(&read["b"], &serde_json::Value::from(count));
    }

    #[test]
    fn a_time_reads_back_as_itself_whatever_came_before(times in proptest::collection::vec(0_i64..4_000_000_000_000_000, 1..20)) {
        let mut stamp = Stamp::default();
        for micros in times {
            for near in [micros, micros + 1, micros + 999_999] {
                let time = Timestamp::from_micros(near).expect("a time");
                let read: Timestamp = stamped(&mut stamp, time).parse().expect("RFC 3339");
                prop_assert_eq!(read, time);
            }
        }
    }
}
