//! `saoma product`: what is on sale.

use std::io::Write;

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;

use super::{CommandError, WhichShop, amount, beijing};
use crate::{
    checkout::catalogue::{self, CatalogueError, Put},
    config::Environment,
    domain::{Fen, Product, ProductId},
    startup::{Surroundings, open_books},
    storage::Database,
};

#[derive(Debug, Args)]
pub struct ProductArguments {
    #[command(flatten)]
    which: WhichShop,
    #[command(subcommand)]
    command: ProductCommand,
}

#[derive(Debug, Subcommand)]
enum ProductCommand {
    /// All products: id, price in yuan, title, and whether they are on sale
    List,
    /// Adds a product, or changes the one of this id; orders placed before keep their title and price
    Put {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
        /// The payer's bill shows it (without emoji), at most 127 characters
        #[arg(long)]
        title: String,
        #[arg(long, default_value = "")]
        summary: String,
        /// In fen: 1234 is 12.34 yuan
        #[arg(long, value_parser = amount)]
        price_fen: Fen,
        /// Also at an unusual price
        #[arg(long)]
        force: bool,
    },
    /// Takes no new orders of it; those there are can be paid
    Withdraw {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
    },
    /// Takes orders of a withdrawn product again
    Offer {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
    },
}

/// # Errors
/// It cannot be sold like that, there is no such product, or the books are out of reach.
pub fn product<'a>(
    arguments: ProductArguments,
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let settings = arguments.which.settings(environment)?;
        let (db, _) = open_books(settings.mode, &settings.database_url, &settings.data_dir).await?;
        let done = carry_out(arguments.command, &db, out).await;
        db.close().await;
        done
    })
}

async fn carry_out(command: ProductCommand, db: &Database, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
    match command {
        ProductCommand::List => {
            let listed = catalogue::list(db).await.map_err(CatalogueError::from)?;
            for error in &listed.unreadable {
                tracing::error!(%error, "a product that cannot be read");
            }
            for catalogue::Entry { product, withdrawn, .. } in listed.entries {
                let Product { id, title, price, .. } = product;
                let state = withdrawn.map_or("on sale".to_owned(), |at| format!("withdrawn {}", beijing(at)));
                writeln!(out, "{id}\t{price}\t{title}\t{state}")?;
            }
        }
        ProductCommand::Put { id, title, summary, price_fen, force } => {
            let [title, summary] = [title, summary].map(|text| text.trim().to_owned());
            let product = Product { id, title, summary, price: price_fen };
            let put = catalogue::put(db, product.clone(), force).await?;
            writeln!(out, "{}", told(&put, &product))?;
        }
        ProductCommand::Withdraw { id } => {
            let is_new = catalogue::withdraw(db, id, Surroundings::system().clock.now()).await?;
            writeln!(out, "product {id} {} withdrawn", if is_new { "is" } else { "was already" })?;
        }
        ProductCommand::Offer { id } => {
            let is_new = catalogue::offer(db, id).await?;
            writeln!(out, "product {id} {} on sale", if is_new { "is" } else { "was already" })?;
        }
    }
    Ok(())
}

/// What `put` has done, with the old values of what it changed.
fn told(put: &Put, product: &Product) -> String {
    let Product { id, title, summary, price } = product;
    match put {
        Put::Added => format!("product {id} added: {title}, {price} yuan"),
        Put::Unchanged => format!("product {id} unchanged: {title}, {price} yuan"),
        Put::Changed { before } => {
            let changes = [
                (before.title != *title).then(|| format!("title from {} to {title}", before.title)),
                (before.summary != *summary).then(|| format!("summary from {:?} to {summary:?}", before.summary)),
                (before.price != *price).then(|| format!("price from {} to {price} yuan", before.price)),
            ];
            format!("product {id} changed: {}", changes.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
    }
}
