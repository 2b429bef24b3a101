//! Sending an abnormal refund to a bank account, in two steps: whose, then what will be done. The number of a card is
//! on no page: the second one has it sealed, with the last digits beside it.

use leptos::prelude::*;

use super::{
    parts::{ConfirmFirst, Csrf, Problem},
    words::{Abnormal, Orders},
};
use crate::{app::language::Language, domain::Fen};

/// Which refund a page is about.
#[derive(Clone, Debug)]
pub struct AbnormalOf {
    pub order_id: i64,
    pub refund_id: i64,
    pub title: String,
    pub number: String,
    pub amount: Fen,
}

impl AbnormalOf {
    fn path(&self) -> String {
        format!("/admin/orders/{}/abnormal/{}", self.order_id, self.refund_id)
    }
}

/// What was typed, but for the card's number.
#[derive(Clone, Debug, Default)]
pub struct AbnormalForm {
    pub csrf: String,
    pub is_confirmed: bool,
    pub to: String,
    pub bank: String,
    pub name: String,
    /// Code and name.
    pub banks: Vec<(&'static str, &'static str)>,
    pub to_problem: Option<&'static str>,
    pub bank_problem: Option<&'static str>,
    pub account_problem: Option<&'static str>,
    /// The number's check digit does not fit: whether the card says so is asked.
    pub may_be_unusual: bool,
    pub name_problem: Option<&'static str>,
    pub problem: String,
}

/// Beside an abnormal refund on its order's page.
#[component]
pub fn AbnormalLead(language: Language, href: String, asked: String, may_act: bool) -> impl IntoView {
    let words = Abnormal::of(language);
    view! {
        <div class="notice">
            <p>{words.lead}</p>
            {(!asked.is_empty()).then(|| view! { <p>{asked}</p> })}
            {may_act.then(|| view! { <p><a class="button" href=href>{words.send}</a></p> })}
        </div>
    }
}

#[component]
pub fn AbnormalPage(language: Language, of: AbnormalOf, form: AbnormalForm) -> impl IntoView {
    let (words, orders) = (Abnormal::of(language), Orders::of(language));
    let back = format!("/admin/orders/{}", of.order_id);
    let (action, path) = (format!("{}/check", of.path()), of.path());
    let is_confirmed = form.is_confirmed;
    view! {
        <p><a href=back>{orders.back_to_order}</a></p>
        <h1 class="page-heading">{words.title} " · " {of.title.clone()}</h1>
        <Problem words=form.problem.clone()/>
        <div class="admin-card admin-decide">
            <p class="admin-decide__amount">"¥"{of.amount.to_string()}</p>
            <p>{words.intro}</p>
            <p class="hint">{orders.refund_number} " " <span class="mono">{of.number}</span></p>
            {if is_confirmed {
                view! { <Fields language action form/> }.into_any()
            } else {
                view! { <ConfirmFirst language next=path/> }.into_any()
            }}
        </div>
    }
}

#[component]
fn Fields(language: Language, action: String, form: AbnormalForm) -> impl IntoView {
    let words = Abnormal::of(language);
    let AbnormalForm { csrf, to, bank, name, banks, to_problem, bank_problem, account_problem, name_problem, .. } =
        form;
    let may_be_unusual = form.may_be_unusual;
    let option = |(code, name): (&'static str, &'static str)| {
        let is_chosen = code == bank;
        view! { <option value=code selected=is_chosen>{name}</option> }
    };
    let banks = banks.into_iter().map(option).collect::<Vec<_>>();
    view! {
        <form class="admin-abnormal" method="post" action=action autocomplete="off">
            <Csrf token=csrf/>
            <fieldset class="admin-choice" aria-describedby=to_problem.map(|_| "to-problem")>
                <legend>{words.to}</legend>
                {to_problem.map(|problem| view! { <p class="field__problem" id="to-problem">{problem}</p> })}
                <Choice id="to-merchant" value="merchant" chosen=to == "merchant" label=words.to_merchant hint=words.to_merchant_hint/>
                <Choice id="to-user" value="user" chosen=to == "user" label=words.to_user hint=words.to_user_hint/>
            </fieldset>
            <fieldset class="admin-choice admin-abnormal__card">
                <legend>{words.card}</legend>
                <div class="field">
                    <label for="bank">{words.bank}</label>
                    <select
                        id="bank" name="bank" autocomplete="off" aria-invalid=bank_problem.map(|_| "true")
                        aria-describedby="bank-hint bank-problem"
                    >
                        <option value="">{words.choose_bank}</option>
                        {banks}
                    </select>
                    <p class="hint" id="bank-hint">{words.bank_hint}</p>
                    <p class="field__problem" id="bank-problem">{bank_problem}</p>
                </div>
                <div class="field">
                    <label for="account">{words.account}</label>
                    <input
                        id="account" name="account" inputmode="numeric" autocomplete="off" spellcheck="false" maxlength="60"
                        aria-invalid=account_problem.map(|_| "true") aria-describedby="account-hint account-problem"
                    />
                    <p class="hint" id="account-hint">{words.account_hint}</p>
                    <p class="field__problem" id="account-problem">{account_problem}</p>
                    {may_be_unusual.then(|| view! {
                        <div class="admin-choice__one">
                            <input type="checkbox" id="unusual" name="unusual" value="yes"/>
                            <label for="unusual">{words.unusual}</label>
                        </div>
                    })}
                </div>
                <div class="field">
                    <label for="name">{words.name}</label>
                    <input
                        id="name" name="name" value=name autocomplete="off" spellcheck="false" maxlength="64"
                        aria-invalid=name_problem.map(|_| "true") aria-describedby="name-hint name-problem"
                    />
                    <p class="hint" id="name-hint">{words.name_hint}</p>
                    <p class="field__problem" id="name-problem">{name_problem}</p>
                </div>
            </fieldset>
            <p><button class="button button--primary" type="submit">{words.look}</button></p>
        </form>
    }
}

#[component]
fn Choice(
    id: &'static str,
    value: &'static str,
    chosen: bool,
    label: &'static str,
    hint: &'static str,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    view! {
        <div class="admin-choice__one">
            <input type="radio" id=id name="to" value=value checked=chosen required aria-describedby=hint_id.clone()/>
            <label for=id>{label}</label>
            <p class="hint" id=hint_id>{hint}</p>
        </div>
    }
}

/// A card as it is on the second page: sealed, with what somebody recognizes it by.
#[derive(Clone, Debug)]
pub struct CardShown {
    pub bank: &'static str,
    pub bank_name: &'static str,
    pub last_digits: String,
    /// All but the last character covered.
    pub holder: String,
    pub account: String,
    pub name: String,
    pub serial: String,
}

/// What will be done, and the button that does it. To the merchant's own account without a card.
#[component]
pub fn AbnormalCheckPage(
    language: Language,
    of: AbnormalOf,
    csrf: String,
    #[prop(optional_no_strip)] card: Option<CardShown>,
) -> impl IntoView {
    let (words, orders) = (Abnormal::of(language), Orders::of(language));
    let (path, amount) = (of.path(), of.amount.to_string());
    let will = match &card {
        Some(card) => (words.will_user)(&amount, card.bank_name, &card.last_digits),
        None => (words.will_merchant)(&amount),
    };
    let (to, is_user) = if card.is_some() { ("user", true) } else { ("merchant", false) };
    let facts = card.clone().map(|card| {
        view! {
            <div><dt>{words.bank}</dt><dd>{card.bank_name}</dd></div>
            <div><dt>{words.account}</dt><dd>{(words.account_end)(&card.last_digits)}</dd></div>
            <div><dt>{words.holder}</dt><dd>{card.holder}</dd></div>
        }
    });
    let sealed = card.map(|card| {
        view! {
            <input type="hidden" name="bank" value=card.bank/>
            <input type="hidden" name="account" value=card.account/>
            <input type="hidden" name="name" value=card.name/>
            <input type="hidden" name="serial" value=card.serial/>
        }
    });
    view! {
        <h1 class="page-heading">{words.check}</h1>
        <form class="admin-card admin-decide" method="post" action=path.clone() autocomplete="off">
            <Csrf token=csrf/>
            <input type="hidden" name="to" value=to/>
            {sealed}
            <p class="admin-decide__amount">"¥"{amount.clone()}</p>
            <p>{will}</p>
            <dl class="admin-facts">
                <div><dt>{words.to}</dt><dd>{if is_user { words.to_user } else { words.to_merchant }}</dd></div>
                {facts}
                <div><dt>{orders.refund_number}</dt><dd class="mono">{of.number}</dd></div>
            </dl>
            <p class="hint">{words.same_refund}</p>
            {is_user.then(|| view! { <p class="hint">{words.not_kept}</p> })}
            <p class="admin-buttons">
                <button class="button button--primary" type="submit">{(words.confirm)(&amount)}</button>
                <a class="button button--quiet" href=path.clone()>{words.change}</a>
                <a class="button button--quiet" href=format!("/admin/orders/{}", of.order_id)>{orders.back_to_order}</a>
            </p>
        </form>
    }
}
