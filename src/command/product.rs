//! `saoma product`: what is on sale.

use std::{io::Write, path::PathBuf};

use clap::{Args, Subcommand};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::{
    CommandError, WhichShop, amount, beijing,
    json::{self, write},
    who::commander,
};
use crate::{
    backoffice::{
        products::{BYTES_MOST, Draft, PictureError, Place, ProductError, Shelf},
        staff::Actor,
    },
    checkout::catalogue::{self, CatalogueError, Put},
    config::Environment,
    domain::{Fen, Product, ProductId},
    startup::{Surroundings, open_shelf},
};

#[derive(Debug, Args)]
pub struct ProductArguments {
    #[command(flatten)]
    which: WhichShop,
    /// For programs: one JSON value on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: ProductCommand,
}

#[derive(Debug, Subcommand)]
enum ProductCommand {
    /// All products in the order of the list: id, price in yuan, title, and whether they are on sale
    List,
    /// A new product at the end of the list; says which id it has got
    Create(Texts),
    /// Other texts, another price; orders placed before keep their title and price
    Edit {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
        #[command(flatten)]
        texts: Texts,
    },
    /// Adds a product, or changes the one of this id; orders placed before keep their title and price
    Put {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
        #[command(flatten)]
        texts: Texts,
    },
    /// Another price; orders placed before keep theirs
    Price {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
        /// In fen: 1234 is 12.34 yuan
        #[arg(long, value_parser = amount)]
        price_fen: Fen,
        /// Also at an unusual price
        #[arg(long)]
        force: bool,
    },
    /// Shows a picture: JPEG, PNG or WebP, at most 10 MB and 24 million pixels
    Picture {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
        #[arg(long, required_unless_present = "remove", conflicts_with = "remove")]
        file: Option<PathBuf>,
        /// None from now on
        #[arg(long)]
        remove: bool,
    },
    /// Puts it elsewhere in the list: before another product, or at the end
    Order {
        #[arg(long, value_parser = ProductId::parse)]
        id: ProductId,
        #[arg(long, value_parser = ProductId::parse)]
        before: Option<ProductId>,
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

#[derive(Debug, Args)]
struct Texts {
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
}

impl Texts {
    fn draft(self) -> (Draft, bool) {
        let Self { title, summary, price_fen, force } = self;
        let [title, summary] = [title, summary].map(|text| text.trim().to_owned());
        (Draft { title, summary, price: price_fen }, force)
    }
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
        let actor = commander();
        let (shelf, db) = open_shelf(settings, &Surroundings::system()).await?;
        let teller = Teller { shelf, actor, is_json: arguments.json };
        let done = teller.carry_out(arguments.command, out).await;
        db.close().await;
        done
    })
}

struct Teller {
    shelf: Shelf,
    actor: Actor,
    is_json: bool,
}

impl Teller {
    async fn carry_out(&self, command: ProductCommand, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        let Self { shelf, actor, .. } = self;
        let (id, told) = match command {
            ProductCommand::List => return self.list(out).await,
            ProductCommand::Create(texts) => {
                let (draft, force) = texts.draft();
                let told = format!("{}, {} yuan", draft.title, draft.price);
                let id = shelf.create(actor, None, draft, force, None).await?;
                (id, format!("product {id} created: {told}"))
            }
            ProductCommand::Edit { id, texts } => {
                let (draft, force) = texts.draft();
                let told = format!("product {id} is now: {}, {} yuan", draft.title, draft.price);
                shelf.edit(actor, id, None, draft, force).await?;
                (id, told)
            }
            ProductCommand::Put { id, texts } => (id, self.put(id, texts).await?),
            ProductCommand::Price { id, price_fen, force } => {
                shelf.set_price(actor, id, price_fen, force).await?;
                (id, format!("product {id} costs {price_fen} yuan"))
            }
            ProductCommand::Picture { id, file, .. } => {
                let bytes = file.map(read).transpose()?;
                let told = if bytes.is_some() { "has a picture" } else { "has no picture" };
                shelf.set_picture(actor, id, bytes).await?;
                (id, format!("product {id} {told}"))
            }
            ProductCommand::Order { id, before } => {
                shelf.put_at(actor, id, before.map_or(Place::Last, Place::Before)).await?;
                (id, format!("product {id} is {}", before.map_or("last".to_owned(), |it| format!("before {it}"))))
            }
            ProductCommand::Withdraw { id } => {
                let is_new = shelf.withdraw(actor, id).await?;
                (id, format!("product {id} {} withdrawn", if is_new { "is" } else { "was already" }))
            }
            ProductCommand::Offer { id } => {
                let is_new = shelf.offer(actor, id).await?;
                (id, format!("product {id} {} on sale", if is_new { "is" } else { "was already" }))
            }
        };
        if self.is_json {
            return write(&as_json(&shelf.find(id).await?), out);
        }
        Ok(writeln!(out, "{told}")?)
    }

    async fn list(&self, out: &mut (dyn Write + Send)) -> Result<(), CommandError> {
        let listed = self.shelf.list().await.map_err(CatalogueError::from)?;
        for error in &listed.unreadable {
            tracing::error!(%error, "a product that cannot be read");
        }
        if self.is_json {
            let products: Vec<_> = listed.entries.iter().map(as_json).collect();
            return write(&json!({ "products": products, "unreadable": listed.unreadable.len() }), out);
        }
        for catalogue::Entry { product, withdrawn, .. } in listed.entries {
            let Product { id, title, price, .. } = product;
            let state = withdrawn.map_or("on sale".to_owned(), |at| format!("withdrawn {}", beijing(at)));
            writeln!(out, "{id}\t{price}\t{title}\t{state}")?;
        }
        Ok(())
    }

    async fn put(&self, id: ProductId, texts: Texts) -> Result<String, CommandError> {
        let (Draft { title, summary, price }, force) = texts.draft();
        let product = Product { id, title, summary, price };
        let before = match self.shelf.find(id).await {
            Ok(entry) => Some(entry.product),
            Err(CatalogueError::NoSuchProduct(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let draft = Draft::of(product.clone());
        let put = match before {
            None => {
                self.shelf.create(&self.actor, Some(id), draft, force, None).await?;
                Put::Added
            }
            Some(before) if before == product => Put::Unchanged,
            Some(before) => {
                self.shelf.edit(&self.actor, id, None, draft, force).await?;
                Put::Changed { before }
            }
        };
        Ok(told(&put, &product))
    }
}

/// Never more than is taken.
fn read(file: PathBuf) -> Result<Vec<u8>, CommandError> {
    let size = std::fs::metadata(&file).map_err(|error| CommandError::File(file.clone(), error))?.len();
    if usize::try_from(size).is_ok_and(|size| size <= BYTES_MOST) {
        return std::fs::read(&file).map_err(|error| CommandError::File(file, error));
    }
    Err(ProductError::from(PictureError::TooManyBytes).into())
}

fn as_json(entry: &catalogue::Entry) -> Value {
    let catalogue::Entry { product, withdrawn, pictures } = entry;
    json!({
        "id": product.id.0,
        "title": product.title,
        "summary": product.summary,
        "price_fen": product.price.get(),
        "on_sale": withdrawn.is_none(),
        "withdrawn": withdrawn.map(json::time),
        "picture": pictures.as_ref().map(|pictures| pictures.large.address()),
        "thumbnail": pictures.as_ref().map(|pictures| pictures.small.address()),
    })
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
