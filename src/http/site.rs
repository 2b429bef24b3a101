//! The site's files: the browser bundle, whose files have a hash in their name, and what lies beside it, such
//! as the icon. All of them are in memory: from inside the program, or read once from a folder
//! (`LEPTOS_SITE_ROOT`). So a wrong folder shows at the start and not on a page, and no path leads out of it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    response::{IntoResponse as _, Response},
    routing::any,
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
        VARY,
    },
};
use tower::{Service, ServiceExt as _};

use crate::app::Bundle;

const HOUR: &str = "public, max-age=3600";
/// A file that changes gets another name, so whoever has one keeps it.
const FOREVER: &str = "public, max-age=31536000, immutable";
const PKG: &str = "pkg/";

/// The folder that was named is no site.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error("{}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} holds no bundle (pkg/saoma….js, .wasm and .css): is it the site that was built with this program?", path.display())]
    NoBundle { path: PathBuf },
}

/// All files by their path, such as `pkg/saoma.0123.js`, and `….br` and `….gz` beside them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Site(Arc<BTreeMap<String, File>>);

#[derive(Debug)]
struct File {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Site {
    /// Of files that are inside the program; none at all is a program without its site.
    pub fn of(files: impl IntoIterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)>) -> Self {
        let file = |(path, bytes): (Cow<'static, str>, Cow<'static, [u8]>)| {
            let bytes = match bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            (path.into_owned(), File { etag: etag(&bytes), bytes })
        };
        Self(Arc::new(files.into_iter().map(file).collect()))
    }

    /// Everything below `folder`.
    ///
    /// # Errors
    /// It cannot be read, or is no site.
    pub fn read(folder: &Path) -> Result<Self, SiteError> {
        let mut files = Vec::new();
        collect(folder, "", &mut files)?;
        let site = Self::of(files);
        if site.bundle().is_some() { Ok(site) } else { Err(SiteError::NoBundle { path: folder.to_owned() }) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where pages find their style and program.
    pub fn bundle(&self) -> Option<Bundle> {
        let find = |extension: &str| {
            let of_pkg = self.0.keys().filter(|path| path.starts_with("pkg/saoma"));
            of_pkg.filter(|path| path.ends_with(extension)).map(|path| format!("/{path}")).next()
        };
        Some(Bundle { js: find(".js")?, wasm: find(".wasm")?, css: find(".css")? })
    }

    /// The style of the merchant's pages, which no shopper waits for; beside the one that all pages have.
    pub fn admin_css(&self) -> Option<String> {
        let is_it = |path: &&String| path.starts_with("pkg/admin.") && content_type(path) == Some("text/css");
        self.0.keys().find(is_it).map(|path| format!("/{path}"))
    }

    /// The file that `request` asks for, as its sender can read it.
    fn answer(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path().trim_start_matches('/');
        let (plain, kind) = (self.0.get(path)?, content_type(path)?);
        let packed = |suffix| self.0.get(&format!("{path}.{suffix}"));
        let (brotli, gzip) = (packed("br"), packed("gz"));
        let is_varied = brotli.is_some() || gzip.is_some();
        let encoded = [("br", brotli), ("gzip", gzip)].into_iter().find_map(|(encoding, file)| {
            file.filter(|_| accepts(request.headers(), encoding)).map(|file| (encoding, file))
        });
        let (encoding, file) = encoded.map_or((None, plain), |(encoding, file)| (Some(encoding), file));

        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(ETAG, file.etag.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(if is_hashed(path) { FOREVER } else { HOUR }));
        if is_varied {
            // Else a shared cache gives one browser's encoding to another that cannot read it.
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if request.headers().get_all(IF_NONE_MATCH).iter().any(|tags| is_among(&file.etag, tags)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CONTENT_LENGTH, file.bytes.len().into());
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if request.method() == Method::GET {
            *response.body_mut() = file.bytes.clone().into();
        }
        Some(response)
    }
}

fn collect(
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(Cow<'static, str>, Cow<'static, [u8]>)>,
) -> Result<(), SiteError> {
    let broken = |source| SiteError::Folder { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else {
            let bytes = fs::read(&path).map_err(|source| SiteError::Folder { path: path.clone(), source })?;
            files.push((name.into(), bytes.into()));
        }
    }
    Ok(())
}

fn etag(bytes: &[u8]) -> HeaderValue {
    use sha2::{Digest as _, Sha256};
    let hex: String = Sha256::digest(bytes).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn is_among(etag: &HeaderValue, tags: &HeaderValue) -> bool {
    let (Ok(etag), Ok(tags)) = (etag.to_str(), tags.to_str()) else { return false };
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

/// Named, and not with a weight of nothing.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().trim_start_matches("q=").trim();
        let is_nothing = !weight.is_empty() && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        name.trim().eq_ignore_ascii_case(encoding) && !is_nothing
    })
}

/// `pkg/saoma.0123456789.js`
fn is_hashed(path: &str) -> bool {
    path.strip_prefix(PKG).is_some_and(|name| name.split('.').count() > 2)
}

/// `None` for what is only there packed, beside its file.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "css" => "text/css",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" | "jpeg" => "image/jpeg",
        "js" | "mjs" => "text/javascript",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "br" | "gz" => return None,
        _ => "application/octet-stream",
    })
}

/// Every file outside `/pkg`, and `missing` for what is not there. Without Leptos: its own file handler takes
/// over the response headers of whatever page is rendered at the same time.
pub(crate) fn files<S, C>(site: &Site, missing: S) -> Router<C>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    C: Clone + Send + Sync + 'static,
{
    let site = site.clone();
    Router::new().fallback_service(tower::service_fn(move |request: Request| {
        let (found, missing) = (is_read(&request).then(|| site.answer(&request)).flatten(), missing.clone());
        async move {
            match found {
                Some(file) => Ok(file),
                None => missing.oneshot(request).await,
            }
        }
    }))
}

/// `/pkg`, where a program looks and not a person: what is not there has no page.
pub(crate) fn pkg<C: Clone + Send + Sync + 'static>(site: &Site) -> Router<C> {
    let site = site.clone();
    let answer = move |request: Request| async move {
        if is_read(&request) {
            site.answer(&request).ok_or(StatusCode::NOT_FOUND).into_response()
        } else {
            (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET,HEAD")]).into_response()
        }
    };
    Router::new().route("/pkg/{*file}", any(answer))
}

fn is_read(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}
