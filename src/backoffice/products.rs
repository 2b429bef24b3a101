//! The shop's products and its looks, as staff keeps them: created, edited, priced, pictured, put in order, withdrawn
//! and offered again. Orders that exist keep their title and price.

mod darkroom;
mod looks;
mod whole;

use jiff::Timestamp;

use super::staff::{Actor, audit::what, hash_of};
use crate::{
    checkout::catalogue::{self, CatalogueError},
    clock::Clock,
    domain::{Fen, InvalidPictureName, PictureName, Product, ProductId},
    entropy::Entropy,
    storage::{
        Database, StorageError,
        audit::{self, NewEntry, Outcome},
        pictures, products,
    },
};

pub use catalogue::{Entry, Listed};
pub use darkroom::{BYTES_MOST, Darkroom, PIXELS_MOST, PictureError};
pub use looks::{LooksError, NewLooks};

/// A page that was opened before may still show a picture that is none any more.
const UNUSED_FOR: i64 = 24;

/// The use cases with what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelf {
    pub(super) db: Database,
    clock: Clock,
    entropy: Entropy,
    /// Of the audit log.
    chain: String,
    darkroom: Darkroom,
}

/// What is typed of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub title: String,
    pub summary: String,
    pub price: Fen,
}

/// Where a product goes in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Up,
    Down,
    /// Before this one.
    Before(ProductId),
    Last,
}

/// Why everything stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ProductError {
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error("picture: {0}")]
    Picture(#[from] PictureError),
    #[error("there is a product {0} already")]
    Taken(ProductId),
    /// Since the form was opened.
    #[error("somebody else has changed it meanwhile")]
    Changed,
}

impl From<StorageError> for ProductError {
    fn from(error: StorageError) -> Self {
        Self::Catalogue(error.into())
    }
}

impl From<InvalidPictureName> for ProductError {
    fn from(_: InvalidPictureName) -> Self {
        Self::Picture(PictureError::Broken)
    }
}

impl Shelf {
    pub fn new(db: Database, clock: Clock, entropy: Entropy, chain: String) -> Self {
        Self { db, clock, entropy, chain, darkroom: Darkroom::default() }
    }

    /// Everything, in the order of the list.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list(&self) -> Result<Listed, StorageError> {
        catalogue::list(&self.db).await
    }

    /// # Errors
    /// There is none, or the books cannot be read.
    pub async fn find(&self, id: ProductId) -> Result<Entry, CatalogueError> {
        catalogue::find(&self.db, id).await
    }

    /// Its bytes, if there is such a picture.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn find_picture(&self, name: &PictureName) -> Result<Option<Vec<u8>>, StorageError> {
        pictures::find(&mut *self.db.read().await?, name).await
    }

    /// For a form that must not count twice.
    pub fn new_form(&self) -> String {
        self.entropy.nonce()
    }

    /// Puts it at the end of the list, under `id` or else the next one. It is on sale at once. `form` is of the form that it
    /// was written in: sent twice it is one product.
    ///
    /// # Errors
    /// It cannot be sold like that, or the id is taken.
    pub async fn create(
        &self,
        actor: &Actor,
        id: Option<ProductId>,
        draft: Draft,
        force: bool,
        form: Option<String>,
    ) -> Result<ProductId, ProductError> {
        catalogue::check(&draft.as_product(id.unwrap_or(ProductId(1))), force)?;
        let mut entry = self.entry(actor, what::PRODUCT_CREATED, String::new(), draft.told());
        if let Some(form) = form.filter(|form| is_form(form)) {
            // What was changed in it since it was sent is another product.
            entry.entry = hash_of(&format!("{form} {} {}", draft.told(), draft.summary)).chars().take(32).collect();
        }
        let chain = self.chain.clone();
        let created = self.db.write(move |c| {
            let (draft, mut entry, chain) = (draft.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if let Some(subject) = audit::find_subject(c, &entry.entry).await? {
                    return Ok(product_of(&subject));
                }
                let (highest, place) = products::last(c).await?;
                let product = draft.as_product(id.unwrap_or(ProductId(highest + 1)));
                if products::find(c, product.id).await?.is_some() {
                    return Ok(None);
                }
                if !products::insert(c, &product).await? {
                    return Err(StorageError::Raced { table: "products", row: product.id.0 });
                }
                products::set_position(c, product.id, place + 1).await?;
                entry.subject = subject(product.id);
                audit::append(c, &chain, &entry).await?;
                Ok(Some(product.id))
            })
        });
        created.await?.ok_or(ProductError::Taken(id.unwrap_or(ProductId(0))))
    }

    /// Other texts, another price. `before` is what the form showed: what somebody else has done meanwhile is not
    /// undone.
    ///
    /// # Errors
    /// There is no such product, it is another by now, or cannot be sold like that.
    pub async fn edit(
        &self,
        actor: &Actor,
        id: ProductId,
        before: Option<Draft>,
        draft: Draft,
        force: bool,
    ) -> Result<(), ProductError> {
        let product = draft.as_product(id);
        catalogue::check(&product, force)?;
        let entry = self.entry(actor, what::PRODUCT_CHANGED, subject(id), draft.told());
        let chain = self.chain.clone();
        let edited = self.db.write(move |c| {
            let (product, before, mut entry, chain) = (product.clone(), before.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                let Some(now) = products::find(c, id).await?.map(|entry| entry.product) else { return Ok(None) };
                if now == product {
                    return Ok(Some(true));
                }
                if before.is_some_and(|before| before.as_product(id) != now) {
                    return Ok(Some(false));
                }
                entry.detail = format!("{} / {}", Draft::of(now).told(), entry.detail);
                products::update(c, &product).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(Some(true))
            })
        });
        match edited.await? {
            Some(true) => Ok(()),
            Some(false) => Err(ProductError::Changed),
            None => Err(CatalogueError::NoSuchProduct(id).into()),
        }
    }

    /// Another price, and nothing else.
    ///
    /// # Errors
    /// As [`Shelf::edit`].
    pub async fn set_price(&self, actor: &Actor, id: ProductId, price: Fen, force: bool) -> Result<(), ProductError> {
        let before = Draft::of(self.find(id).await?.product);
        let draft = Draft { price, ..before.clone() };
        self.edit(actor, id, Some(before), draft, force).await
    }

    /// Reads a picture, makes two sizes of it, and shows them; or none from now on.
    ///
    /// # Errors
    /// It is no picture that can be taken, or there is no such product. Then everything is as it was.
    pub async fn set_picture(&self, actor: &Actor, id: ProductId, bytes: Option<Vec<u8>>) -> Result<(), ProductError> {
        self.find(id).await?;
        let prints = match bytes {
            Some(bytes) => Some(self.darkroom.develop(bytes).await?),
            None => None,
        };
        let now = self.clock.now();
        let detail = prints.as_ref().map_or_else(|| "removed".to_owned(), |prints| prints.names.large.to_string());
        let (entry, chain) = (self.entry(actor, what::PRODUCT_PICTURE, subject(id), detail), self.chain.clone());
        let set = self.db.write(move |c| {
            let (prints, entry, chain) = (prints.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                let names = prints.as_ref().map(|prints| &prints.names);
                if let Some(prints) = &prints {
                    pictures::keep(c, &prints.names.large, &prints.large, now).await?;
                    pictures::keep(c, &prints.names.small, &prints.small, now).await?;
                }
                if !products::set_pictures(c, id, names).await? {
                    return Ok(false);
                }
                pictures::remove_unused(c, long_before(now)).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if set.await? { Ok(()) } else { Err(CatalogueError::NoSuchProduct(id).into()) }
    }

    /// Puts it elsewhere in the list.
    ///
    /// # Errors
    /// There is no such product.
    pub async fn put_at(&self, actor: &Actor, id: ProductId, place: Place) -> Result<(), ProductError> {
        let entry = self.entry(actor, what::PRODUCT_MOVED, subject(id), format!("{place:?}"));
        let chain = self.chain.clone();
        let moved = self.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                let order = products::order(c).await?;
                let ids = order.iter().map(|(id, _)| *id).collect();
                let Some(ids) = arranged(ids, id, place) else { return Ok(false) };
                for (position, id) in (1..).zip(ids) {
                    if !order.contains(&(id, position)) {
                        products::set_position(c, id, position).await?;
                    }
                }
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if moved.await? { Ok(()) } else { Err(CatalogueError::NoSuchProduct(id).into()) }
    }

    /// Takes no new orders of it from now on. `false` when that was so already.
    ///
    /// # Errors
    /// There is no such product.
    pub async fn withdraw(&self, actor: &Actor, id: ProductId) -> Result<bool, ProductError> {
        let (now, chain) = (self.clock.now(), self.chain.clone());
        let entry = self.entry(actor, what::PRODUCT_WITHDRAWN, subject(id), String::new());
        let withdrawn = self.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                let is_new = products::withdraw(c, id, now).await?;
                if is_new {
                    audit::append(c, &chain, &entry).await?;
                }
                Ok(is_new)
            })
        });
        let is_new = withdrawn.await?;
        if !is_new {
            self.find(id).await?;
        }
        Ok(is_new)
    }

    /// Takes orders of it again. `false` when it was on sale already.
    ///
    /// # Errors
    /// There is no such product, or it cannot be sold as it is.
    pub async fn offer(&self, actor: &Actor, id: ProductId) -> Result<bool, ProductError> {
        catalogue::check(&self.find(id).await?.product, true)?;
        let (entry, chain) = (self.entry(actor, what::PRODUCT_OFFERED, subject(id), String::new()), self.chain.clone());
        let offered = self.db.write(move |c| {
            let (entry, chain) = (entry.clone(), chain.clone());
            Box::pin(async move {
                let is_new = products::offer(c, id).await?;
                if is_new {
                    audit::append(c, &chain, &entry).await?;
                }
                Ok(is_new)
            })
        });
        Ok(offered.await?)
    }

    fn entry(&self, actor: &Actor, what: &'static str, subject: String, detail: String) -> NewEntry {
        NewEntry {
            entry: self.entropy.nonce(),
            at: self.clock.now(),
            staff_id: actor.staff.map(|(id, _)| id),
            who: actor.name.clone(),
            what,
            subject,
            detail,
            address: actor.address.clone(),
            request_id: actor.request_id.clone(),
            outcome: Outcome::Done,
        }
    }
}

impl Draft {
    pub fn of(product: Product) -> Self {
        let Product { title, summary, price, .. } = product;
        Self { title, summary, price }
    }

    fn as_product(&self, id: ProductId) -> Product {
        let Self { title, summary, price } = self.clone();
        Product { id, title, summary, price }
    }

    fn told(&self) -> String {
        format!("{} yuan, {}", self.price, self.title)
    }
}

fn subject(id: ProductId) -> String {
    format!("product:{id}")
}

/// The product that an entry of the audit log is about.
fn product_of(subject: &str) -> Option<ProductId> {
    ProductId::parse(subject.strip_prefix("product:")?).ok()
}

/// As [`Shelf::new_form`] makes them.
fn is_form(form: &str) -> bool {
    form.len() == 32 && form.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

fn long_before(now: Timestamp) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_hours(UNUSED_FOR)).unwrap_or(Timestamp::MIN)
}

/// `None` when `id` is not among them.
fn arranged(mut ids: Vec<ProductId>, id: ProductId, place: Place) -> Option<Vec<ProductId>> {
    let at = ids.iter().position(|it| *it == id)?;
    ids.remove(at);
    let to = match place {
        Place::Up => at.saturating_sub(1),
        Place::Down => at + 1,
        Place::Before(next) => ids.iter().position(|it| *it == next)?,
        Place::Last => ids.len(),
    };
    ids.insert(to.min(ids.len()), id);
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_goes_where_it_is_told() {
        let ids = |ids: [i64; 4]| ids.map(ProductId).to_vec();
        let moved = |id, place| arranged(ids([1, 2, 3, 4]), ProductId(id), place);
        assert_eq!(moved(3, Place::Up), Some(ids([1, 3, 2, 4])));
        assert_eq!(moved(1, Place::Up), Some(ids([1, 2, 3, 4])));
        assert_eq!(moved(2, Place::Down), Some(ids([1, 3, 2, 4])));
        assert_eq!(moved(4, Place::Down), Some(ids([1, 2, 3, 4])));
        assert_eq!(moved(4, Place::Before(ProductId(1))), Some(ids([4, 1, 2, 3])));
        assert_eq!(moved(1, Place::Last), Some(ids([2, 3, 4, 1])));
        assert_eq!((moved(9, Place::Up), moved(1, Place::Before(ProductId(9)))), (None, None));
    }
}
