//! How the shop looks: chosen by staff, shown on every page of every instance within seconds.

use super::{PictureError, Shelf, long_before};
use crate::{
    backoffice::staff::{Actor, audit::what},
    domain::{Accent, Looks},
    storage::{StorageError, audit, looks, pictures},
    wechatpay::model::is_disruptive,
};

const NAME_MOST: usize = 32;
const LINE_MOST: usize = 200;

/// What is typed. Empty is "as it was without".
#[derive(Clone, Debug, Default)]
pub struct NewLooks {
    pub name: String,
    /// `#018942`.
    pub accent: String,
    pub contact: String,
    pub footer: String,
    /// Another one; else the one that is there stays, unless `no_logo`.
    pub logo: Option<Vec<u8>>,
    pub no_logo: bool,
}

/// Why it stays as it was; each names its field.
#[derive(Debug, thiserror::Error)]
pub enum LooksError {
    #[error("name: must not be longer than {NAME_MOST} characters or hold control characters")]
    Name,
    #[error("accent: must be a colour such as #018942")]
    NoColour,
    #[error(
        "accent: white text on {accent} has a contrast of {}.{} : 1, and needs 4.5 : 1; {} is the nearest that has it",
        .accent.contrast() / 10, .accent.contrast() % 10, .accent.readable()
    )]
    Pale { accent: Accent },
    #[error("contact: must not be longer than {LINE_MOST} characters or hold control characters")]
    Contact,
    #[error("footer: must not be longer than {LINE_MOST} characters or hold control characters")]
    Footer,
    #[error("logo: {0}")]
    Logo(#[from] PictureError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Shelf {
    /// # Errors
    /// The books cannot be read.
    pub async fn looks(&self) -> Result<Looks, StorageError> {
        looks::find(&mut *self.db.read().await?).await
    }

    /// # Errors
    /// Something of it may not be; then everything is as it was.
    pub async fn set_looks(&self, actor: &Actor, new: NewLooks) -> Result<(), LooksError> {
        let accent = accent(&new.accent)?;
        let text = |text: &str, most: usize, error| {
            let text = text.trim();
            let is_fit = text.chars().count() <= most && !text.chars().any(|it| it.is_control() || is_disruptive(it));
            if is_fit { Ok(text.to_owned()) } else { Err(error) }
        };
        let name = text(&new.name, NAME_MOST, LooksError::Name)?;
        let contact = text(&new.contact, LINE_MOST, LooksError::Contact)?;
        let footer = text(&new.footer, LINE_MOST, LooksError::Footer)?;
        let logo = match new.logo {
            Some(bytes) => Some(self.darkroom.develop_logo(bytes).await?),
            None => None,
        };
        let (now, no_logo) = (self.clock.now(), new.no_logo);
        let detail = format!(
            "name {name:?}, accent {}, contact {contact:?}, footer {footer:?}",
            accent.map(|accent| accent.to_string()).unwrap_or_default(),
        );
        let (entry, chain) =
            (self.entry(actor, what::LOOKS_CHANGED, "shop:looks".to_owned(), detail), self.chain.clone());
        let chosen = Looks { name, logo: None, accent, contact, footer };
        let set = self.db.write(move |c| {
            let (mut chosen, logo, entry, chain) = (chosen.clone(), logo.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                let before = looks::find(c).await?;
                chosen.logo = before.logo.filter(|_| !no_logo);
                if let Some((name, bytes)) = &logo {
                    pictures::keep(c, name, bytes, now).await?;
                    chosen.logo = Some(name.clone());
                }
                looks::put(c, &chosen).await?;
                pictures::remove_unused(c, long_before(now)).await?;
                audit::append(c, &chain, &entry).await
            })
        });
        Ok(set.await?)
    }
}

fn accent(text: &str) -> Result<Option<Accent>, LooksError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let accent = Accent::parse(text.trim()).ok_or(LooksError::NoColour)?;
    if accent.is_readable() { Ok(Some(accent)) } else { Err(LooksError::Pale { accent }) }
}
