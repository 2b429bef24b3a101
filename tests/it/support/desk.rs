//! Somebody of the staff at his browser: keeps cookies, sends forms with the token of the page, has a phone.

use std::{collections::BTreeMap, sync::Mutex};

use jiff::{SignedDuration, Timestamp};
use reqwest::{
    Method, RequestBuilder,
    header::{COOKIE, SET_COOKIE},
};
use saoma::{backoffice::staff::Actor, clock::Clock, domain::Role};

use super::{Answer, App, Site};

pub struct Desk<'a> {
    pub site: &'a Site,
    jar: Mutex<BTreeMap<String, String>>,
}

/// An account, and how to act as it.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: i64,
    pub name: String,
    pub role: Role,
}

impl Member {
    pub fn actor(&self) -> Actor {
        Actor {
            staff: Some((self.id, self.role)),
            name: self.name.clone(),
            address: "127.0.0.1".to_owned(),
            request_id: "test".to_owned(),
        }
    }
}

/// What stands between these two in a page.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found)
}

/// RFC 4648.
fn unbase32(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits = text.chars().filter(|it| !it.is_whitespace()).map(|it| ALPHABET.find(it).expect("base32"));
    let bits: Vec<u8> = digits.flat_map(|digit| (0..5).rev().map(move |bit| u8::from(digit >> bit & 1 == 1))).collect();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

/// The six digits that a phone shows.
pub fn code_of(secret: &str, app: &App) -> String {
    code_at(secret, app.clock.now())
}

pub fn code_at(secret: &str, at: Timestamp) -> String {
    let secret: [u8; 20] = unbase32(secret).try_into().expect("20 bytes");
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::new_stack(secret)).build().expect("a phone");
    totp.generate(at.as_second().try_into().expect("after 1970")).to_string()
}

impl<'a> Desk<'a> {
    pub fn at(site: &'a Site) -> Self {
        Self { site, jar: Mutex::default() }
    }

    /// The same browser as it is now, for somebody who has stolen its cookies.
    pub fn copy(&self) -> Self {
        Self { site: self.site, jar: Mutex::new(self.jar.lock().expect("no panic").clone()) }
    }

    pub fn jar(&self) -> BTreeMap<String, String> {
        self.jar.lock().expect("no panic").clone()
    }

    pub fn with_jar(site: &'a Site, jar: BTreeMap<String, String>) -> Self {
        Self { site, jar: Mutex::new(jar) }
    }

    /// With the cookies there are.
    pub fn bear(&self, request: RequestBuilder) -> RequestBuilder {
        let cookies: Vec<String> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    /// Comes in by an invitation, and gives the second factor once more with the next code.
    pub async fn take_up(&self, token: &str, clock: &Clock) {
        let secret = self.enrol(token, clock).await;
        let next = clock.now() + SignedDuration::from_secs(30);
        self.post_to("/admin/confirm", &[("code", &code_at(&secret, next))]).await;
    }

    /// Comes in by an invitation. Returns what the phone was told.
    pub async fn enrol(&self, token: &str, clock: &Clock) -> String {
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(self.post_to(&format!("/admin/link/{token}"), &fields).await, "/admin/enrol");
        let page = self.get("/admin/enrol").await;
        let secret = between(page.text(), "<p class=\"number\">", "</p>").expect("a secret").replace("<!>", "");
        let codes = self.post("/admin/enrol", &[("code", &code_at(&secret, clock.now()))]).await;
        assert_eq!(codes.status, 200, "{codes:?}");
        secret
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().expect("no panic").get(name).cloned()
    }

    pub fn put_cookie(&self, name: &str, value: &str) {
        self.jar.lock().expect("no panic").insert(name.to_owned(), value.to_owned());
    }

    pub fn forget(&self, name: &str) {
        self.jar.lock().expect("no panic").remove(name);
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = self.site.send(self.bear(request)).await;
        for baked in answer.headers.get_all(SET_COOKIE) {
            let pair = baked.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.put_cookie(name, value);
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.site.request(Method::GET, path)).await
    }

    /// With the fields as they are.
    pub async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.form(path, fields)).await
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        self.site.request(Method::POST, path).header("content-type", kind).body(body)
    }

    /// The token of our forms, as the login page has it for everybody.
    pub async fn csrf(&self) -> String {
        let page = self.get("/admin/login").await;
        between(page.text(), "name=\"csrf\" value=\"", "\"").expect("a form").to_owned()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        self.post_bare(path, &fields).await
    }

    /// Where a page leads on.
    pub async fn post_to(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").expect("an address").to_owned()
    }

    /// The code that the page of a sandbox's account shows.
    pub async fn demo_code(&self, path: &str) -> String {
        let page = self.get(path).await;
        let code = between(page.text(), "<code>", "</code>");
        code.unwrap_or_else(|| panic!("no code: {}", page.text())).to_owned()
    }

    /// Comes in as the sandbox's account of this role. A code opens once, so that the clock moves on first.
    pub async fn enter(app: &'a App, role: Role) -> Self {
        let desk = Self::at(app);
        let demo = app.state.staff.demo_accounts().into_iter().find(|demo| demo.role == role).expect("a demo account");
        let led = desk.post_to("/admin/login", &[("name", &demo.name), ("password", &demo.password)]).await;
        if role.moves_money() {
            assert!(led.starts_with("/admin/factor"), "{led}");
            app.advance(60);
            let code = desk.demo_code("/admin/factor").await;
            let led = desk.post_to("/admin/factor", &[("code", &code)]).await;
            assert_eq!(led, "/admin");
        }
        desk
    }

    /// Gives the second factor once more.
    pub async fn confirm(&self, app: &App) {
        app.advance(60);
        let code = self.demo_code("/admin/confirm").await;
        let led = self.post_to("/admin/confirm", &[("code", &code), ("next", "/admin/approvals")]).await;
        assert_eq!(led, "/admin/approvals?said=confirmed");
    }

    /// A new account with this role comes in by its invitation. Returns what its phone was told, and its recovery codes.
    pub async fn invite(app: &'a App, name: &str, role: Role) -> (Self, String, Vec<String>) {
        let clerk = Actor::command_line("test");
        app.state.staff.add_account(name, role, &clerk).await.expect("added");
        let purpose = saoma::storage::staff_links::Purpose::Invite;
        let token = app.state.staff.make_link(name, purpose, &clerk).await.expect("a link").0;
        let desk = Self::at(app);
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        let led = desk.post_to(&format!("/admin/link/{token}"), &fields).await;
        assert_eq!(led, "/admin/enrol");
        let page = desk.get("/admin/enrol").await;
        let secret = between(page.text(), "<p class=\"number\">", "</p>").expect("a secret").replace("<!>", "");
        let codes = desk.post("/admin/enrol", &[("code", &code_of(&secret, app))]).await;
        assert_eq!(codes.status, 200, "{codes:?}");
        let recovery = codes.text().split("<li><code>").skip(1);
        let recovery = recovery.filter_map(|rest| rest.split_once('<')).map(|(code, _)| code.to_owned()).collect();
        (desk, secret, recovery)
    }
}

/// Of everybody who is invited here.
pub const PASSWORD: &str = "a long enough password";

impl App {
    /// With a clock that stands still, once it answers: by then the sandbox's accounts are there.
    pub async fn with_demo_staff() -> Self {
        let app = Self::start_with_mock_clock().await;
        assert_eq!(app.get("/healthz").await.status, 200);
        app
    }

    pub async fn member(&self, name: &str) -> Member {
        let account = self.state.staff.find_account(name).await.expect("is there");
        Member { id: account.id, name: account.name, role: account.role }
    }
}
