//! Somebody of the staff at his browser: logged in with one of the sandbox's accounts.

use super::{Answer, App, Browser};

pub struct Clerk<'a> {
    pub browser: Browser<'a>,
}

/// The value of a hidden field.
pub fn hidden(html: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let value = html.split(&field).nth(1).unwrap_or_else(|| panic!("no {name} in {html}"));
    value.split('"').next().expect("an end").to_owned()
}

impl<'a> Clerk<'a> {
    /// `role` is viewer, operator or manager.
    pub async fn open(app: &'a App, role: &str) -> Self {
        let demo = app.state.staff.demo_accounts().into_iter().find(|demo| demo.role.to_string() == role);
        let demo = demo.expect("an account");
        let browser = app.browser();
        let page = browser.get("/admin/login").await;
        let csrf = hidden(page.text(), "csrf");
        let form = [("csrf", &*csrf), ("name", &demo.name), ("password", &demo.password)];
        let answer = browser.submit("/admin/login", &form).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let clerk = Self { browser };
        if answer.header("location").expect("on").starts_with("/admin/factor") {
            let page = clerk.get("/admin/factor").await;
            let shown = page.shown();
            let code = shown.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).expect("a code");
            let answer = clerk.post("/admin/factor", &page, &[("code", code)]).await;
            assert_eq!(answer.status, 303, "{}", answer.shown());
        }
        clerk
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.browser.get(path).await
    }

    /// A page that is there.
    pub async fn page(&self, path: &str) -> Answer {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.shown());
        answer
    }

    /// A form of `page`.
    pub async fn post(&self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let csrf = hidden(page.text(), "csrf");
        let form: Vec<(&str, &str)> = [("csrf", &*csrf)].into_iter().chain(fields.iter().copied()).collect();
        self.browser.submit(path, &form).await
    }

    /// To where a form has led.
    pub async fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.shown());
        self.page(answer.header("location").expect("on")).await
    }
}
