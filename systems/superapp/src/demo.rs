//! What there is at the beginning: products with some of each on the shelf. It is said at every start
//! and done once: what is there already stays as it is.

use std::io::{IsTerminal as _, Write as _};

use ondol::{Around, Desk};
use ondol_domain::Aggregate;
use ondol_kernel::{CommandId, Version};
use ondol_runtime::{Request, error_chain};
use ondol_store::BoxError;
use shop_domain::product::{Command as ProductCommand, Language, Product};
use shop_domain::stock::{Command as StockCommand, Stock};
use shop_domain::{ProductId, Quantity};

use crate::options::{Demo, Goods};

/// Under which delivery note the first pieces come.
const NOTE: &str = "demo";

/// Fills the shop.
pub(crate) fn begin(demo: Demo, around: Around<'_>) -> Result<(), BoxError> {
    let service = |name: &str| around.stage.service(name).ok_or("the shop does not run here");
    let products: Desk<Product> = service("shop.catalog")?.desk()?;
    let stocks: Desk<Stock> = service("shop.stock")?.desk()?;
    around.behind.start("demo", move |_stop| async move {
        welcome(&demo.welcome);
        for goods in demo.goods {
            let name = goods.en.clone();
            if let Err(problem) = offer(&products, &stocks, goods).await {
                tracing::error!(product = name, problem, "the demo lacks a product");
            }
        }
        Ok(())
    });
    Ok(())
}

/// Says where to look to whoever sits at a terminal. It is no matter for the log, which names nobody.
fn welcome(text: &str) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() && !text.is_empty() {
        // Whoever cannot be told will look elsewhere.
        drop(writeln!(terminal, "{text}"));
    }
}

async fn offer(products: &Desk<Product>, stocks: &Desk<Stock>, goods: Goods) -> Result<(), String> {
    let Goods { ko, en, category, price, pieces } = goods;
    let product = ProductId::named(&format!("demo {en}"));
    let pieces = Quantity::new(pieces).map_err(|error| error.to_string())?;
    let names = [(Language::Ko, ko), (Language::En, en)].into();
    let list = ProductCommand::List { names, category, price };
    once(products, product, "list", list).await?;
    let receive = StockCommand::Receive { note: NOTE.to_owned(), pieces };
    once(stocks, product, "receive", receive).await
}

/// Asks something of a thing to which nothing has happened yet.
async fn once<A: Aggregate>(
    desk: &Desk<A>,
    product: ProductId,
    what: &str,
    command: A::Command,
) -> Result<(), String> {
    let key = product.to_string();
    let standing = desk.standing(&key).await.map_err(|error| error_chain(&error))?;
    if standing.version != Version::EMPTY {
        return Ok(());
    }
    let request = Request::new(CommandId::named(&format!("demo {what} {product}")));
    let done = desk.handle(&key, command, &request).await;
    done.map(drop).map_err(|error| error_chain(&error))
}
