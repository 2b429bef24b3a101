//! The way in: login, the second factor, one-time links.

use leptos::prelude::*;

use super::{
    parts::{Csrf, Problem},
    words::{Basics, Entrance},
};
use crate::{
    app::{language::Language, view::Qr},
    domain::Role,
};

/// What was typed, and why it is shown again.
#[derive(Clone, Debug, Default)]
pub struct LoginForm {
    pub name: String,
    pub next: String,
    pub problem: String,
}

/// An account of a sandbox, which anybody may use.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    pub role: Role,
    pub name: String,
    pub password: String,
}

#[component]
pub fn LoginPage(language: Language, csrf: String, form: LoginForm, demo: Vec<DemoLogin>) -> impl IntoView {
    let words = Entrance::of(language);
    let LoginForm { name, next, problem } = form;
    let offers = (!demo.is_empty()).then(|| offers(language, &csrf, &next, demo));
    view! {
        <section class="admin-entrance">
            <h1>{words.log_in}</h1>
            <Problem words=problem/>
            <form method="post" action="/admin/login" class="admin-form">
                <Csrf token=csrf/>
                <input type="hidden" name="next" value=next/>
                <label for="name">{words.name}</label>
                <input
                    id="name" name="name" value=name required maxlength="40" autocomplete="username"
                    autocapitalize="none" spellcheck="false" autofocus
                />
                <label for="password">{words.password}</label>
                <input
                    id="password" name="password" type="password" required maxlength="128"
                    autocomplete="current-password"
                />
                <button type="submit" class="button button--primary button--wide">{words.log_in}</button>
            </form>
            <p class="hint">{words.forgotten}</p>
        </section>
        {offers}
    }
}

/// One button per role.
fn offers(language: Language, csrf: &str, next: &str, demo: Vec<DemoLogin>) -> impl IntoView + use<> {
    let (words, basics) = (Entrance::of(language), Basics::of(language));
    let (csrf, next) = (csrf.to_owned(), next.to_owned());
    let offer = move |DemoLogin { role, name, password }: DemoLogin| {
        let label = format!("{} · {}", basics.role(role), name);
        view! {
            <li>
                <form method="post" action="/admin/login">
                    <Csrf token=csrf.clone()/>
                    <input type="hidden" name="next" value=next.clone()/>
                    <input type="hidden" name="name" value=name/>
                    <input type="hidden" name="password" value=password.clone()/>
                    <button type="submit" class="button">{label}</button>
                </form>
                <code>{password}</code>
            </li>
        }
    };
    view! {
        <section class="admin-entrance" aria-labelledby="demo">
            <h2 id="demo">{words.demo}</h2>
            <p>{words.demo_hint}</p>
            <ul class="admin-demo">{demo.into_iter().map(offer).collect::<Vec<_>>()}</ul>
        </section>
    }
}

/// A code that is asked for.
#[derive(Clone, Debug, Default)]
pub struct CodeForm {
    pub next: String,
    pub problem: String,
    pub demo: Option<ShownCode>,
}

/// What the phone of a sandbox's account would show.
#[derive(Clone, Debug)]
pub enum ShownCode {
    Now(String),
    /// In so many seconds: a code opens once, and those of now are used up.
    In(i64),
}

#[component]
fn CodeField(hint: &'static str, language: Language) -> impl IntoView {
    let words = Entrance::of(language);
    view! {
        <label for="code">{words.code}</label>
        <input
            id="code" name="code" required maxlength="24" autocomplete="one-time-code" autocapitalize="characters"
            spellcheck="false" aria-describedby="code-hint" autofocus
        />
        <p id="code-hint" class="hint">{hint}</p>
    }
}

fn demo_code(language: Language, code: Option<ShownCode>) -> impl IntoView + use<> {
    let words = Entrance::of(language);
    code.map(|code| match code {
        ShownCode::Now(code) => view! { <p class="notice">{words.demo_code} " " <code>{code}</code></p> }.into_any(),
        ShownCode::In(seconds) => view! { <p class="notice">{(words.demo_code_in)(seconds)}</p> }.into_any(),
    })
}

/// `/admin/factor`.
#[component]
pub fn FactorPage(language: Language, csrf: String, form: CodeForm) -> impl IntoView {
    let words = Entrance::of(language);
    let again = csrf.clone();
    view! {
        <section class="admin-entrance">
            <h1>{words.factor}</h1>
            <Problem words=form.problem/>
            {demo_code(language, form.demo)}
            <form method="post" action="/admin/factor" class="admin-form">
                <Csrf token=csrf/>
                <input type="hidden" name="next" value=form.next/>
                <CodeField hint=words.code_hint language/>
                <button type="submit" class="button button--primary button--wide">{words.go_on}</button>
            </form>
            <p class="hint">{words.factor_lost}</p>
            <form method="post" action="/admin/logout">
                <Csrf token=again/>
                <button type="submit" class="button--link">{words.somebody_else}</button>
            </form>
        </section>
    }
}

/// `/admin/confirm`.
#[component]
pub fn ConfirmPage(language: Language, csrf: String, form: CodeForm, has_factor: bool) -> impl IntoView {
    let words = Entrance::of(language);
    if !has_factor {
        return view! {
            <section class="admin-entrance">
                <h1>{words.confirm}</h1>
                <p>{words.factor_missing}</p>
                <p><a class="button" href="/admin/enrol">{words.enrol}</a></p>
            </section>
        }
        .into_any();
    }
    let back = form.next.clone();
    view! {
        <section class="admin-entrance">
            <h1>{words.confirm}</h1>
            <p>{words.confirm_hint}</p>
            <Problem words=form.problem/>
            {demo_code(language, form.demo)}
            <form method="post" action="/admin/confirm" class="admin-form">
                <Csrf token=csrf/>
                <input type="hidden" name="next" value=form.next/>
                <CodeField hint=words.code_hint language/>
                <button type="submit" class="button button--primary button--wide">{words.confirm}</button>
            </form>
            <p><a href=back>{words.back}</a></p>
        </section>
    }
    .into_any()
}

/// Dark on white in both themes.
fn code(qr: Qr, label: &'static str) -> impl IntoView + use<> {
    let view_box = format!("0 0 {} {}", qr.size, qr.size);
    view! {
        <svg class="qr" role="img" aria-label=label width="240" height="240" viewBox=view_box shape-rendering="crispEdges">
            <rect width="100%" height="100%" fill="#fff"></rect>
            <path d=qr.path fill="#000"></path>
        </svg>
    }
}

/// `/admin/enrol`.
#[component]
pub fn EnrolPage(language: Language, csrf: String, qr: Option<Qr>, secret: String, problem: String) -> impl IntoView {
    let words = Entrance::of(language);
    let grouped: Vec<_> = secret.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    view! {
        <section class="admin-entrance">
            <h1>{words.enrol}</h1>
            <p>{words.enrol_hint}</p>
            <Problem words=problem/>
            {qr.map(|qr| code(qr, words.qr))}
            <p>{words.secret_hint}</p>
            <p class="number">{grouped.join(" ")}</p>
            <form method="post" action="/admin/enrol" class="admin-form">
                <Csrf token=csrf/>
                <CodeField hint=words.new_code_hint language/>
                <button type="submit" class="button button--primary button--wide">{words.enrol_done}</button>
            </form>
        </section>
    }
}

/// What is shown once, after a second factor has been set up.
#[component]
pub fn RecoveryPage(language: Language, codes: Vec<String>) -> impl IntoView {
    let words = Entrance::of(language);
    view! {
        <section class="admin-entrance">
            <h1>{words.recovery}</h1>
            <p>{words.recovery_hint}</p>
            <ol class="admin-codes number">{codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect::<Vec<_>>()}</ol>
            <p><a class="button button--primary" href="/admin">{words.recovery_kept}</a></p>
        </section>
    }
}

/// `/admin/link/{token}`.
#[component]
pub fn LinkPage(language: Language, csrf: String, name: String, is_factor: bool, problem: String) -> impl IntoView {
    let words = Entrance::of(language);
    let fields = if is_factor {
        view! {
            <label for="password">{words.password}</label>
            <input
                id="password" name="password" type="password" required maxlength="128" autocomplete="current-password"
            />
        }
        .into_any()
    } else {
        view! {
            <label for="password">{words.new_password}</label>
            <input
                id="password" name="password" type="password" required minlength="12" maxlength="128"
                autocomplete="new-password" aria-describedby="password-hint"
            />
            <p id="password-hint" class="hint">{words.password_length}</p>
            <label for="again">{words.new_password_again}</label>
            <input
                id="again" name="again" type="password" required minlength="12" maxlength="128"
                autocomplete="new-password"
            />
        }
        .into_any()
    };
    view! {
        <section class="admin-entrance">
            <h1>{words.link}</h1>
            <p>{(words.link_of)(&name)}</p>
            <Problem words=problem/>
            <form method="post" class="admin-form">
                <Csrf token=csrf/>
                <input type="hidden" name="username" value=name autocomplete="username"/>
                {fields}
                <button type="submit" class="button button--primary button--wide">{words.go_on}</button>
            </form>
        </section>
    }
}
