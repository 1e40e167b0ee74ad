//! Several commands as one: all of them take effect, or none.

use super::*;

#[tokio::test]
async fn each_of_several_commands_decides_upon_those_before_it() {
    let bench = Bench::new();
    let desk = bench.desk();
    let asked = [Command::Put(5), Command::Take(3), Command::Put(0), Command::Take(2)];
    let answer = desk.handle_all("kim", &asked, &outside(1)).await.expect("it is answered");
    assert_eq!(accepted(&answer), [Event::Put(5), Event::Taken(3), Event::Taken(2)]);
    let again = bench.desk().handle_all("kim", &asked, &outside(1)).await.expect("answered");
    assert_eq!((accepted(&again), again.repeated), (accepted(&answer), true));
    assert_eq!(desk.standing("kim").await.expect("it stands").state.coins, 0);
    let commands: BTreeSet<_> =
        bench.log().await.iter().map(|event| event.metadata.command).collect();
    assert_eq!(commands.len(), 1);
}

#[tokio::test]
async fn one_no_among_several_commands_is_the_answer_to_all() {
    let bench = Bench::new();
    let desk = bench.desk();
    let asked = [Command::Put(5), Command::Take(3), Command::Take(3), Command::Put(1)];
    for round in 0..2 {
        let answer = desk.handle_all("kim", &asked, &outside(1)).await.expect("it is answered");
        assert_eq!((refused(&answer), answer.which), (&Refusal::NotEnough { there: 2 }, 2));
        assert_eq!(answer.repeated, round == 1);
    }
    assert_eq!(bench.log().await.len(), 0);
    assert_eq!(desk.standing("kim").await.expect("it stands").version, Version::EMPTY);
}
