//! A real Redis, killed and started again.

use super::*;

#[test]
fn a_redis_answers_and_has_forgotten_everything_after_a_kill() {
    let mut redis = Redis::start().expect("a Redis");
    assert_eq!(redis.ask(&["SET", "a", "one"]).expect("an answer"), "+OK");
    assert_eq!(redis.ask(&["GET", "a"]).expect("an answer"), "one");
    let address = redis.address();
    redis.kill().expect("a kill");
    assert!(redis.ask(&["GET", "a"]).is_err());
    redis.start_again().expect("the same once more");
    assert_eq!(redis.address(), address);
    assert_eq!(redis.ask(&["GET", "a"]).expect("an answer"), "$-1");
}

#[test]
fn a_redis_with_a_password_asks_for_it() {
    let redis = RedisOptions::default().password("open sesame").start().expect("a Redis");
    assert_eq!(redis.ask(&["PING"]).expect("an answer"), "+PONG");
    let mut stranger = TcpStream::connect(redis.address()).expect("a connection");
    assert!(say(&mut stranger, &["PING"]).expect("an answer").starts_with("-NOAUTH"));
}
