//! `/admin/products`: what is on sale, and what was.

use axum::{
    Form,
    extract::{Multipart, Path, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    upload::{Upload, said_of},
};
use crate::{
    app::admin::{
        EditProduct, NewProduct, ProductForm, ProductLine, ProductList, Said,
        words::{Basics, Shelf as Words},
    },
    backoffice::products::{Draft, Entry, PictureError, Place, ProductError},
    checkout::catalogue::CatalogueError,
    domain::{Fen, ProductId, Role},
};

const LIST: &str = "/admin/products";

fn page_of(id: ProductId) -> String {
    format!("{LIST}/{id}")
}

pub(super) async fn list(State(state): State<AppState>, call: StaffCall) -> Response {
    let listed = match state.shelf.list().await {
        Ok(listed) => listed,
        Err(error) => return trouble(&call, &error.into()),
    };
    let unreadable = listed.unreadable.len();
    let lines = listed.entries.into_iter().map(line).collect::<Vec<_>>();
    let (language, csrf, may_edit) = (call.language, call.csrf(), may_edit(&call));
    call.page(Words::of(language).products, leptos::view! { <ProductList language csrf may_edit lines unreadable/> })
}

fn line(entry: Entry) -> ProductLine {
    let Entry { product, withdrawn, pictures } = entry;
    ProductLine { product, pictures, is_on_sale: withdrawn.is_none() }
}

fn may_edit(call: &StaffCall) -> bool {
    call.who.role >= Role::Manager
}

/// As it was typed; the hidden fields say what the form showed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    title: String,
    summary: String,
    price: String,
    force: Option<String>,
    form: String,
    old_title: String,
    old_summary: String,
    old_price: String,
}

impl Typed {
    fn draft(&self) -> Result<Draft, ProductError> {
        let price = Fen::parse_yuan(self.price.trim()).ok_or(CatalogueError::NoPrice)?;
        Ok(Draft { title: self.title.trim().to_owned(), summary: self.summary.trim().to_owned(), price })
    }

    fn before(&self) -> Option<Draft> {
        let price = Fen::parse_yuan(&self.old_price)?;
        Some(Draft { title: self.old_title.clone(), summary: self.old_summary.clone(), price })
    }

    fn form(self, problem: String, asks_force: bool) -> ProductForm {
        let Self { title, summary, price, form, .. } = self;
        ProductForm { title, summary, price, problem, asks_force, form }
    }
}

pub(super) async fn new(State(state): State<AppState>, call: StaffCall) -> Response {
    show_new(&call, StatusCode::OK, ProductForm { form: state.shelf.new_form(), ..ProductForm::default() })
}

fn show_new(call: &StaffCall, status: StatusCode, form: ProductForm) -> Response {
    let (language, csrf) = (call.language, call.csrf());
    call.page_with(status, Words::of(language).new, leptos::view! { <NewProduct language csrf form/> })
}

pub(super) async fn create(State(state): State<AppState>, call: StaffCall, Form(typed): Form<Typed>) -> Response {
    let created = match typed.draft() {
        Ok(draft) => {
            let form = Some(typed.form.clone());
            state.shelf.create(&call.actor(), None, draft, typed.force.is_some(), form).await
        }
        Err(error) => Err(error),
    };
    match created {
        Ok(id) => go(&page_of(id), Some(Said::Saved)),
        Err(error) => {
            let Some((problem, asks_force)) = problem(&call, &error) else { return trouble(&call, &error) };
            show_new(&call, StatusCode::UNPROCESSABLE_ENTITY, typed.form(problem, asks_force))
        }
    }
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall, Path(id): Path<String>) -> Response {
    match found(&state, &call, &id).await {
        Ok(entry) => show_entry(&call, StatusCode::OK, entry, None, String::new()),
        Err(response) => response,
    }
}

async fn found(state: &AppState, call: &StaffCall, id: &str) -> Result<Entry, Response> {
    let entry = match ProductId::parse(id) {
        Ok(id) => state.shelf.find(id).await,
        Err(_) => Err(CatalogueError::NoSuchProduct(ProductId(0))),
    };
    entry.map_err(|error| trouble(call, &error.into()))
}

fn show_entry(
    call: &StaffCall,
    status: StatusCode,
    entry: Entry,
    form: Option<ProductForm>,
    picture_problem: String,
) -> Response {
    let form = form.unwrap_or_else(|| ProductForm {
        title: entry.product.title.clone(),
        summary: entry.product.summary.clone(),
        price: entry.product.price.to_string(),
        ..ProductForm::default()
    });
    let title = entry.product.title.clone();
    let (language, csrf, may_edit, line) = (call.language, call.csrf(), may_edit(call), line(entry));
    call.page_with(status, &title, leptos::view! { <EditProduct language csrf may_edit line form picture_problem/> })
}

pub(super) async fn edit(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let entry = match found(&state, &call, &id).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    let id = entry.product.id;
    let edited = match typed.draft() {
        Ok(draft) => state.shelf.edit(&call.actor(), id, typed.before(), draft, typed.force.is_some()).await,
        Err(error) => Err(error),
    };
    match edited {
        Ok(()) => go(&page_of(id), Some(Said::Saved)),
        Err(error) => {
            let Some((problem, asks_force)) = problem(&call, &error) else { return trouble(&call, &error) };
            let form = typed.form(problem, asks_force);
            show_entry(&call, StatusCode::UNPROCESSABLE_ENTITY, entry, Some(form), String::new())
        }
    }
}

pub(super) async fn set_picture(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<String>,
    form: Multipart,
) -> Response {
    let entry = match found(&state, &call, &id).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    let id = entry.product.id;
    let set = match Upload::read(form).await {
        Ok(upload) if upload.text("remove") == "yes" => state.shelf.set_picture(&call.actor(), id, None).await,
        Ok(mut upload) => match upload.take_file() {
            Some(bytes) => state.shelf.set_picture(&call.actor(), id, Some(bytes)).await,
            None => Err(PictureError::Empty.into()),
        },
        Err(_) => Err(PictureError::Broken.into()),
    };
    match set {
        Ok(()) => go(&page_of(id), Some(Said::Saved)),
        Err(ProductError::Picture(error)) => {
            let problem = said_of(error, Words::of(call.language)).to_owned();
            show_entry(&call, StatusCode::UNPROCESSABLE_ENTITY, entry, None, problem)
        }
        Err(error) => trouble(&call, &error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Move {
    place: String,
}

pub(super) async fn put_at(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<String>,
    Form(wanted): Form<Move>,
) -> Response {
    let place = if wanted.place == "up" { Place::Up } else { Place::Down };
    let entry = match found(&state, &call, &id).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    match state.shelf.put_at(&call.actor(), entry.product.id, place).await {
        Ok(()) => go(LIST, Some(Said::Saved)),
        Err(error) => trouble(&call, &error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Sale {
    sale: String,
}

pub(super) async fn set_sale(
    State(state): State<AppState>,
    call: StaffCall,
    Path(id): Path<String>,
    Form(wanted): Form<Sale>,
) -> Response {
    let entry = match found(&state, &call, &id).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    let id = entry.product.id;
    let done = match wanted.sale.as_str() {
        "offer" => state.shelf.offer(&call.actor(), id).await,
        "withdraw" => state.shelf.withdraw(&call.actor(), id).await,
        _ => Ok(false),
    };
    match done {
        Ok(_) => go(&page_of(id), Some(Said::Saved)),
        Err(error) => {
            let Some((problem, _)) = problem(&call, &error) else { return trouble(&call, &error) };
            let form = ProductForm { problem, ..Typed::of(&entry).form(String::new(), false) };
            show_entry(&call, StatusCode::UNPROCESSABLE_ENTITY, entry, Some(form), String::new())
        }
    }
}

impl Typed {
    fn of(entry: &Entry) -> Self {
        let product = &entry.product;
        let (title, summary, price) = (product.title.clone(), product.summary.clone(), product.price.to_string());
        Self { title, summary, price, ..Self::default() }
    }
}

/// What is wrong with what was typed, and whether it can be meant. `None`: it is nothing that was typed.
fn problem(call: &StaffCall, error: &ProductError) -> Option<(String, bool)> {
    let words = Words::of(call.language);
    Some(match error {
        ProductError::Catalogue(CatalogueError::Title) => (words.bad_title.to_owned(), false),
        ProductError::Catalogue(CatalogueError::Summary) => (words.bad_summary.to_owned(), false),
        ProductError::Catalogue(CatalogueError::NoPrice) => (words.bad_price.to_owned(), false),
        ProductError::Catalogue(CatalogueError::AbsurdPrice(price)) => ((words.absurd_price)(&price.to_string()), true),
        ProductError::Changed => (words.changed.to_owned(), false),
        ProductError::Taken(_) | ProductError::Picture(_) | ProductError::Catalogue(_) => return None,
    })
}

fn trouble(call: &StaffCall, error: &ProductError) -> Response {
    if matches!(error, ProductError::Catalogue(CatalogueError::NoSuchProduct(_))) {
        let words = Words::of(call.language);
        return call.refused(StatusCode::NOT_FOUND, |_| (words.no_such, words.no_such_hint));
    }
    tracing::error!(%error, "a product cannot be kept");
    call.refused(StatusCode::SERVICE_UNAVAILABLE, |words: &'static Basics| (words.trouble, words.trouble_hint))
}
