//! A command goes out as data and comes in as the same command.

use serde::{Deserialize, Serialize};

use super::{Ask, CommandError, Contract, Target};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum AccountCommand {
    Hold { account: u64, amount: u64 },
    CloseForGood { account: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("no")]
struct No;

impl Contract for AccountCommand {
    const SERVICE: &'static str = "bank.account";
    type Reply = ();
    type Refusal = No;

    fn key(&self) -> String {
        match self {
            Self::Hold { account, .. } | Self::CloseForGood { account } => account.to_string(),
        }
    }
}

#[test]
fn a_command_of_a_contract_is_read_as_it_was_asked() {
    let asked = AccountCommand::Hold { account: 7, amount: u64::MAX };
    let call = asked.call().unwrap();
    assert_eq!(call.target, Target::Service("bank.account".into()));
    assert_eq!((call.key.as_str(), call.command.as_str()), ("7", "hold"));
    assert_eq!(call.read::<AccountCommand>().unwrap(), asked);
    let closed = AccountCommand::CloseForGood { account: 7 };
    assert_eq!(closed.call().unwrap().command, "close_for_good");
    assert_eq!(closed.call().unwrap().read::<AccountCommand>().unwrap(), closed);
}

#[test]
fn a_command_that_there_is_not_is_refused_by_its_name() {
    let mut call = AccountCommand::Hold { account: 7, amount: 1 }.call().unwrap();
    call.data = ondol_kernel::Payload::json("{}");
    let unreadable = call.read::<AccountCommand>().unwrap_err();
    assert!(matches!(unreadable, CommandError::Unreadable { .. }), "{unreadable}");
    call.command = "burn".into();
    let unknown = call.read::<AccountCommand>().unwrap_err();
    assert_eq!(unknown.to_string(), "there is no command \"burn\"");
}
