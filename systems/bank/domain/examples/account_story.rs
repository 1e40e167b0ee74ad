//! The story of one account, told on the command line.
//!
//! Nothing runs beside it: no database, no network. The account decides, its events are kept as
//! they would be in a log, and at the end its balance is worked out again from those alone.
#![expect(clippy::print_stdout, reason = "the example speaks to whoever runs it")]

use std::error::Error;
use std::io::IsTerminal;

use bank_domain::account::{Account, Command, Event};
use bank_domain::{CustomerId, TransferId};
use ondol_domain::{Aggregate, Codec, Encoded};
use ondol_kernel::{Currency, Money};

const KIM: CustomerId = CustomerId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0001);
const RENT: TransferId = TransferId::from_u128(0x0193_9d2e_0000_7000_8000_0000_0000_0011);

fn main() -> Result<(), Box<dyn Error>> {
    let krw = |won| Money::new(won, Currency::KRW);
    let mut teller = Teller::new()?;
    teller.head();
    teller.ask("Kim opens an account", Command::Open { owner: KIM, currency: Currency::KRW })?;
    teller.ask("pays in 1,000,000", Command::Deposit { amount: krw(1_000_000) })?;
    teller.ask("takes out 300,000", Command::Withdraw { amount: krw(300_000) })?;
    teller.ask("takes out 5,000,000", Command::Withdraw { amount: krw(5_000_000) })?;
    teller.ask("pays in 500,000", Command::Deposit { amount: krw(500_000) })?;
    teller.ask("promises 400,000 for rent", hold(krw(400_000)))?;
    teller.ask("asks for that once more", hold(krw(400_000)))?;
    teller.ask("takes out 900,000", Command::Withdraw { amount: krw(900_000) })?;
    teller.ask("calls the rent off", Command::Release { transfer: RENT })?;
    teller.foot()
}

const fn hold(amount: Money) -> Command {
    Command::Hold { transfer: RENT, amount }
}

/// Asks the account, keeps what happens, and says so.
struct Teller {
    account: Account,
    codec: Codec<Event>,
    log: Vec<Encoded>,
    style: Style,
}

impl Teller {
    fn new() -> Result<Self, Box<dyn Error>> {
        let style = Style { is_colored: std::io::stdout().is_terminal() };
        Ok(Self { account: Account::default(), codec: Codec::new()?, log: Vec::new(), style })
    }

    fn ask(&mut self, told: &str, command: Command) -> Result<(), Box<dyn Error>> {
        match self.account.decide(command) {
            Ok(events) if events.is_empty() => {
                self.row(told, &self.style.dim("done already: nothing happens"));
            }
            Ok(events) => {
                for event in events {
                    self.account = std::mem::take(&mut self.account).evolve(&event)?;
                    let kept = self.codec.encode(&event)?;
                    let named = self.style.green(kept.event_type.as_str());
                    self.log.push(kept);
                    self.row(told, &named);
                }
            }
            Err(refusal) => self.row(told, &self.style.red(&format!("no: {refusal}"))),
        }
        Ok(())
    }

    fn head(&self) {
        println!("\n  {}\n", self.style.bold("An account, told by its events"));
        let titles = format!("  {:<26} {:>15} {:>15}   {}", "", "balance", "available", "");
        println!("{}", self.style.dim(titles.trim_end()));
    }

    fn row(&self, told: &str, outcome: &str) {
        let (balance, available) = self.money();
        println!("  {told:<26} {balance:>15} {available:>15}   {outcome}");
    }

    /// Reads the account back from what was kept, and nothing else.
    fn foot(&self) -> Result<(), Box<dyn Error>> {
        println!("\n  {}\n", self.style.bold("What is kept, for ever"));
        let mut replayed = Self { account: Account::default(), ..Self::new()? };
        for (at, kept) in self.log.iter().enumerate() {
            let Encoded { event_type, schema_version, payload } = kept;
            let data = String::from_utf8_lossy(&payload.bytes);
            println!("  {} {:<18} {}", at + 1, event_type.as_str(), self.style.dim(&data));
            let event = self.codec.decode(event_type, *schema_version, payload)?;
            replayed.account = replayed.account.evolve(&event)?;
        }
        let (balance, _) = replayed.money();
        let balance = self.style.bold(&balance.to_string());
        println!("\n  Read back from these {} events, the balance is {balance}.\n", self.log.len());
        Ok(())
    }

    fn money(&self) -> (Money, Money) {
        match &self.account {
            Account::Open(book) => (book.balance(), book.available()),
            Account::Unopened | Account::Closed => {
                (Money::zero(Currency::KRW), Money::zero(Currency::KRW))
            }
        }
    }
}

/// Colours, where there is somebody to see them.
struct Style {
    is_colored: bool,
}

impl Style {
    fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn green(&self, text: &str) -> String {
        self.wrap("32", text)
    }

    fn red(&self, text: &str) -> String {
        self.wrap("31", text)
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.is_colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
