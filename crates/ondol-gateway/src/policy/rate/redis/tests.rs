//! Addresses of Redis and what it answers.

use std::path::PathBuf;

use super::*;

fn place(url: &str) -> Result<Place, PlaceError> {
    let toml = format!("url = {url:?}\ngateways = 2");
    let mut options: RedisOptions = toml::from_str(&toml).expect("options");
    options.authorities = url.starts_with("rediss").then(|| PathBuf::from("ca.pem"));
    Place::of(&options)
}

#[test]
fn nothing_is_said_in_the_open_to_another_machine() {
    for url in ["redis://10.0.0.1", "redis://cache.example.com:6379", "redis://[2001:db8::1]/0"] {
        assert_eq!(place(url), Err(PlaceError::Open), "{url}");
    }
    for url in ["redis://127.0.0.1", "redis://localhost:7000", "redis://[::1]:6379/3"] {
        assert!(place(url).is_ok_and(|place| !place.secure), "{url}");
    }
    assert!(place("rediss://cache.example.com:6379").is_ok_and(|place| place.secure));
}

#[test]
fn an_address_is_read_whole_or_refused() {
    let of = |host: &str, port, database| {
        Ok(Place { secure: false, host: host.to_owned(), port, database })
    };
    assert_eq!(place("redis://127.0.0.1"), of("127.0.0.1", 6379, 0));
    assert_eq!(place("redis://[::1]:7000/2"), of("::1", 7000, 2));
    assert_eq!(place("redis://:secret@127.0.0.1"), Err(PlaceError::Password));
    for url in ["127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://127.0.0.1:x"] {
        assert_eq!(place(url), Err(PlaceError::Shape), "{url}");
    }
    assert_eq!(place("redis://127.0.0.1/-1"), Err(PlaceError::Shape));
}

#[tokio::test]
async fn a_name_that_turns_out_to_be_another_machine_is_not_called_in_the_open() {
    let place = Place { secure: false, host: "192.0.2.1".to_owned(), port: 6379, database: 0 };
    let refused = place.resolve().await.expect_err("another machine");
    assert!(matches!(refused, LinkError::Place(PlaceError::Open)), "{refused}");
}

#[test]
fn an_answer_that_is_none_is_no_answer() {
    let more_in = Duration::from_secs(2);
    let given = Given { calls: 3, left: 7, more_in, part: 9 };
    assert_eq!(read((3, 7, 2_000, 9)), Answer::Given(given));
    assert_eq!(read((-1, 0, 2_000, 0)), Answer::Lost(more_in));
    assert_eq!(read((3, -7, 2_000, 9)), Answer::None);
    assert_eq!(read((i64::MAX, 7, 2_000, 9)), Answer::None);
}
