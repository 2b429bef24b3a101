//! An order with everything that belongs to it, and what can be done with it. Each action says beforehand what it does.

use leptos::prelude::*;

use super::{
    abnormal::AbnormalLead,
    approvals::ApprovalLine,
    orders::StatusBadge,
    parts::{Csrf, escaped},
    words::{Approvals, Orders},
};
use crate::{
    app::language::Language,
    domain::{Fen, OrderStatus, RefundState},
};

#[derive(Clone, Debug)]
pub struct OrderView {
    pub csrf: String,
    pub id: i64,
    pub number: String,
    pub title: String,
    pub total: Fen,
    pub status: OrderStatus,
    pub placed: String,
    pub payable_until: String,
    pub paid: String,
    pub shop_page: String,
    /// What WeChat said when it was last asked by hand: when, and its code.
    pub answer: Option<(String, String)>,
    pub contradictions: Vec<(String, String)>,
    /// What waits for a second person, or has waited.
    pub approvals: Vec<ApprovalLine>,
    pub payments: Vec<PaymentLine>,
    pub refunds: Vec<RefundLine>,
    pub attempts: Vec<AttemptLine>,
    pub notifications: Vec<NotificationLine>,
    pub events: Vec<EventLine>,
    pub notes: Vec<NoteLine>,
    /// May do more than look.
    pub may_act: bool,
    /// Of the form for a note.
    pub form: String,
    pub note: String,
    pub problem: String,
}

#[derive(Clone, Debug)]
pub struct PaymentLine {
    pub transaction: String,
    pub total: Fen,
    pub left: Fen,
    pub kind: &'static str,
    pub at: String,
}

#[derive(Clone, Debug)]
pub struct RefundLine {
    pub number: String,
    pub id: i64,
    pub amount: Fen,
    pub state: RefundState,
    pub reason: String,
    pub source: String,
    pub at: String,
    /// By which WeChat's support finds its last answer.
    pub request_id: String,
    /// What WeChat answered, in words.
    pub explained: Vec<String>,
    /// Of an abnormal one: what became of the last time that somebody wanted it sent to a bank account.
    pub asked: String,
    /// It can be asked about and sent again, and given up.
    pub stands: bool,
    pub shop_has: Option<ShopHas>,
    /// Given up, and nobody has said that he has seen it.
    pub unseen: bool,
}

/// Of a refund that came back to the shop's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShopHas {
    /// The payer has nothing of it yet.
    Owed,
    /// Somebody has said that he was paid otherwise.
    Paid,
}

#[derive(Clone, Debug)]
pub struct AttemptLine {
    pub number: String,
    pub state: &'static str,
    pub at: String,
    pub request_id: String,
    pub explained: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct NotificationLine {
    pub id: i64,
    pub at: String,
    pub event: String,
    pub verdict: String,
}

#[derive(Clone, Debug)]
pub struct EventLine {
    pub at: String,
    pub kind: String,
    pub source: String,
    pub detail: String,
}

#[derive(Clone, Debug)]
pub struct NoteLine {
    pub at: String,
    pub author: String,
    pub text: String,
}

#[component]
pub fn OrderPage(language: Language, page: OrderView) -> impl IntoView {
    let words = Orders::of(language);
    let problem = page.problem.clone();
    let owed = page.refunds.iter().any(|it| it.shop_has == Some(ShopHas::Owed));
    view! {
        <p><a href="/admin/orders">{words.orders}</a></p>
        <h1 class="page-heading">
            {page.title.clone()} " " <span class="amount">"¥"{page.total.to_string()}</span> " "
            <StatusBadge words status=page.status owed/>
        </h1>
        {(!problem.is_empty()).then(|| view! { <p class="notice notice--bad" role="alert">{problem}</p> })}
        <Facts words page=page.clone()/>
        <Contradictions words page=page.clone()/>
        {page.may_act.then(|| view! { <Actions words page=page.clone()/> })}
        <Asked language approvals=page.approvals.clone()/>
        <Payments words page=page.clone()/>
        <Refunds language words page=page.clone()/>
        <Notes words page=page.clone()/>
        <Timeline words events=page.events/>
        <Attempts words attempts=page.attempts/>
        <Notifications words notifications=page.notifications/>
    }
}

#[component]
fn Facts(words: &'static Orders, page: OrderView) -> impl IntoView {
    let (asked, said) = match &page.answer {
        Some((at, code)) => ((words.asked_at)(at), words.answer(code)),
        None => (words.never_asked.to_owned(), "—"),
    };
    view! {
        <section class="admin-card" aria-labelledby="facts">
            <h2 id="facts">{words.facts}</h2>
            <dl class="admin-facts">
                <div><dt>{words.number}</dt><dd class="mono">{page.number}</dd></div>
                <div><dt>{words.placed}</dt><dd>{page.placed}</dd></div>
                <div><dt>{words.payable_until}</dt><dd>{page.payable_until}</dd></div>
                {(!page.paid.is_empty()).then(|| view! { <div><dt>{words.paid}</dt><dd>{page.paid}</dd></div> })}
                <div><dt>{words.books_say}</dt><dd><strong>{words.state(page.status)}</strong></dd></div>
                <div><dt>{words.wechat_says}</dt><dd><strong>{said}</strong> <br/> <span class="hint">{asked}</span></dd></div>
            </dl>
            <p><a href=page.shop_page>{words.shop_page}</a></p>
        </section>
    }
}

#[component]
fn Contradictions(words: &'static Orders, page: OrderView) -> impl IntoView {
    if page.contradictions.is_empty() {
        return ().into_any();
    }
    let lines = page.contradictions.iter();
    let lines = lines.map(|(kind, detail)| {
        let kind = words.event(kind).map_or_else(|| kind.clone(), str::to_owned);
        view! { <li>{kind} " " <span class="mono">{detail.clone()}</span></li> }
    });
    let lines = lines.collect::<Vec<_>>();
    view! {
        <section class="admin-card admin-card--bad" aria-labelledby="contradictions">
            <h2 id="contradictions">{words.contradictions}</h2>
            <p>{words.contradictions_hint}</p>
            <ul class="admin-list">{lines}</ul>
            {page.may_act.then(|| view! {
                <Act csrf=page.csrf action=format!("/admin/orders/{}/settle", page.id) name=words.seen hint=words.seen_hint/>
            })}
        </section>
    }
    .into_any()
}

/// Money that is set aside until somebody decides is seen where the money is.
#[component]
fn Asked(language: Language, approvals: Vec<ApprovalLine>) -> impl IntoView {
    if approvals.is_empty() {
        return ().into_any();
    }
    let words = Approvals::of(language);
    let row = |line: ApprovalLine| {
        let class = if line.is_waiting { "badge badge--waiting" } else { "badge" };
        let amount = line.amount.map(|amount| format!("¥{amount}"));
        view! {
            <li class="admin-money">
                <p>
                    <a href=format!("/admin/approvals/{}", line.id)>{line.kind} " " {amount}</a> " "
                    <span class=class>{line.state}</span>
                </p>
                <p class="hint">{line.asker} " · " {line.asked} " · " <span class="mono">{line.summary}</span></p>
            </li>
        }
    };
    view! {
        <section class="admin-card" aria-labelledby="approvals">
            <h2 id="approvals">{words.approvals}</h2>
            <ul class="admin-list">{approvals.into_iter().map(row).collect::<Vec<_>>()}</ul>
        </section>
    }
    .into_any()
}

/// A button that says beforehand what it does.
#[component]
pub fn Act(
    csrf: String,
    action: String,
    name: &'static str,
    hint: &'static str,
    #[prop(optional)] number: String,
) -> impl IntoView {
    view! {
        <form class="admin-act" method="post" action=action>
            <Csrf token=csrf/>
            {(!number.is_empty()).then(|| view! { <input type="hidden" name="number" value=number/> })}
            <button class="button" type="submit">{name}</button>
            <p class="hint">{hint}</p>
        </form>
    }
}

#[component]
fn Actions(words: &'static Orders, page: OrderView) -> impl IntoView {
    let (id, csrf) = (page.id, page.csrf);
    let is_open = page.status == OrderStatus::NotPay;
    view! {
        <section class="admin-card" aria-labelledby="actions">
            <h2 id="actions">{words.actions}</h2>
            <Act csrf=csrf.clone() action=format!("/admin/orders/{id}/ask") name=words.ask hint=words.ask_hint/>
            {is_open.then(|| view! {
                <Act csrf=csrf action=format!("/admin/orders/{id}/close") name=words.close hint=words.close_hint/>
            })}
        </section>
    }
}

#[component]
fn Payments(words: &'static Orders, page: OrderView) -> impl IntoView {
    let (id, may_act) = (page.id, page.may_act);
    let row = |line: PaymentLine| {
        let kind = match line.kind {
            "LATE" => words.kind_late,
            "SURPLUS" => words.kind_surplus,
            _ => words.kind_first,
        };
        let href = format!("/admin/orders/{id}/refund?payment={}", line.transaction);
        let can = may_act && line.left > Fen::ZERO;
        view! {
            <li class="admin-money">
                <p><strong class="amount">"¥"{line.total.to_string()}</strong> " " {kind}</p>
                <p class="hint">{line.at} " · " <span class="mono">{line.transaction.clone()}</span></p>
                <p>{words.left} " ¥" {line.left.to_string()}</p>
                {can.then(|| view! { <p><a class="button" href=href>{words.give_back}</a></p> })}
            </li>
        }
    };
    let rows = page.payments.into_iter().map(row).collect::<Vec<_>>();
    let is_empty = rows.is_empty();
    view! {
        <section class="admin-card" aria-labelledby="payments">
            <h2 id="payments">{words.payments}</h2>
            {is_empty.then(|| view! { <p class="hint">{words.no_payments}</p> })}
            <ul class="admin-list">{rows}</ul>
        </section>
    }
}

#[component]
fn Refunds(language: Language, words: &'static Orders, page: OrderView) -> impl IntoView {
    let (id, may_act, csrf) = (page.id, page.may_act, page.csrf);
    if page.refunds.is_empty() {
        return ().into_any();
    }
    let row = |line: RefundLine| {
        let (class, state) = match (line.shop_has, line.state) {
            (Some(ShopHas::Owed), _) => ("badge badge--bad", words.refund_owed),
            (Some(ShopHas::Paid), _) => ("badge", words.refund_paid),
            (None, state) => (refund_class(state), words.refund_state(state)),
        };
        let owed = may_act && line.shop_has == Some(ShopHas::Owed);
        let source = words.source(&line.source).map_or_else(|| line.source.clone(), str::to_owned);
        let explained = line.explained.into_iter().map(|it| view! { <p>{it}</p> }).collect::<Vec<_>>();
        let act = |verb: &str| format!("/admin/orders/{id}/{verb}");
        let (stands, unseen) = (may_act && line.stands, may_act && line.unseen);
        let number = line.number.clone();
        let csrf = csrf.clone();
        view! {
            <li class="admin-money">
                <p>
                    <strong class="amount">"¥"{line.amount.to_string()}</strong> " "
                    <span class=class>{state}</span>
                </p>
                <p class="hint">{line.at} " · " {source} " · " {line.reason}</p>
                <p class="hint">{words.refund_number} " " <span class="mono">{line.number}</span></p>
                {(!line.request_id.is_empty()).then(|| view! {
                    <p class="hint">"Request-ID " <span class="mono">{line.request_id}</span></p>
                })}
                {explained}
                {(line.state == RefundState::Abnormal).then(|| view! {
                    <AbnormalLead language href=act(&format!("abnormal/{}", line.id)) asked=line.asked may_act/>
                })}
                {stands.then(|| view! {
                    <Act csrf=csrf.clone() action=act("retry") name=words.retry hint=words.retry_hint number=number.clone()/>
                    <Act csrf=csrf.clone() action=act("give-up") name=words.give_up hint=words.give_up_hint number=number.clone()/>
                })}
                {owed.then(|| view! {
                    <Act csrf=csrf.clone() action=act("seen") name=words.paid_otherwise hint=words.paid_otherwise_hint number=number.clone()/>
                })}
                {unseen.then(|| view! {
                    <Act csrf=csrf.clone() action=act("seen") name=words.seen hint=words.seen_hint number=number.clone()/>
                })}
            </li>
        }
    };
    let rows = page.refunds.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <section class="admin-card" aria-labelledby="refunds">
            <h2 id="refunds">{words.refunds}</h2>
            <ul class="admin-list">{rows}</ul>
        </section>
    }
    .into_any()
}

const fn refund_class(state: RefundState) -> &'static str {
    match state {
        RefundState::Success => "badge badge--good",
        RefundState::Requested | RefundState::Processing => "badge badge--waiting",
        RefundState::Abnormal => "badge badge--bad",
        RefundState::Closed | RefundState::Refused => "badge",
    }
}

#[component]
fn Notes(words: &'static Orders, page: OrderView) -> impl IntoView {
    let is_empty = page.notes.is_empty();
    let note = |line: NoteLine| {
        view! { <li><p class="admin-note">{line.text}</p><p class="hint">{line.author} " · " {line.at}</p></li> }
    };
    let notes = page.notes.into_iter().map(note).collect::<Vec<_>>();
    let action = format!("/admin/orders/{}/note", page.id);
    view! {
        <section class="admin-card" aria-labelledby="notes">
            <h2 id="notes">{words.notes}</h2>
            {is_empty.then(|| view! { <p class="hint">{words.no_notes}</p> })}
            <ul class="admin-list">{notes}</ul>
            {page.may_act.then(|| view! {
                <form method="post" action=action>
                    <Csrf token=page.csrf/>
                    <input type="hidden" name="form" value=page.form/>
                    <div class="field">
                        <label for="note">{words.note}</label>
                        <textarea id="note" name="text" rows="3" maxlength="1000" required aria-describedby="note-hint">
                            {escaped(&page.note)}
                        </textarea>
                        <p class="hint" id="note-hint">{words.note_hint}</p>
                    </div>
                    <button class="button" type="submit">{words.add_note}</button>
                </form>
            })}
        </section>
    }
}

#[component]
fn Timeline(words: &'static Orders, events: Vec<EventLine>) -> impl IntoView {
    let row = |line: EventLine| {
        let kind = words.event(&line.kind).map_or_else(|| line.kind.clone(), str::to_owned);
        let source = words.source(&line.source).map_or_else(|| line.source.clone(), str::to_owned);
        let detail = if line.kind == "ASKED" {
            line.detail.rsplit(' ').next().map(|code| words.answer(code)).unwrap_or_default().to_owned()
        } else {
            line.detail
        };
        view! {
            <tr>
                <td class="nowrap">{line.at}</td>
                <th scope="row">{kind}</th>
                <td>{source}</td>
                <td class="mono">{detail}</td>
            </tr>
        }
    };
    let rows = events.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <section class="admin-card">
            <h2 id="timeline">{words.timeline}</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-labelledby="timeline">
                <table class="admin-table">
                    <thead>
                        <tr>
                            <th scope="col">{words.time}</th>
                            <th scope="col">{words.what}</th>
                            <th scope="col">{words.who}</th>
                            <th scope="col">{words.details}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn Attempts(words: &'static Orders, attempts: Vec<AttemptLine>) -> impl IntoView {
    let row = |line: AttemptLine| {
        let explained = line.explained.into_iter().map(|it| view! { <p>{it}</p> }).collect::<Vec<_>>();
        view! {
            <li>
                <p><span class="mono">{line.number}</span> " " <span class="badge">{words.attempt(line.state)}</span></p>
                <p class="hint">{line.at}</p>
                {(!line.request_id.is_empty()).then(|| view! {
                    <p class="hint">"Request-ID " <span class="mono">{line.request_id}</span></p>
                })}
                {explained}
            </li>
        }
    };
    let rows = attempts.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <section class="admin-card" aria-labelledby="attempts">
            <h2 id="attempts">{words.attempts}</h2>
            <ul class="admin-list">{rows}</ul>
        </section>
    }
}

#[component]
fn Notifications(words: &'static Orders, notifications: Vec<NotificationLine>) -> impl IntoView {
    let is_empty = notifications.is_empty();
    let row = |line: NotificationLine| {
        view! {
            <li>
                <a href=format!("/admin/inbox/{}", line.id)>{line.at} " " {line.event}</a> " " {line.verdict}
            </li>
        }
    };
    let rows = notifications.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <section class="admin-card" aria-labelledby="notifications">
            <h2 id="notifications">{words.notifications}</h2>
            {is_empty.then(|| view! { <p class="hint">{words.no_notifications}</p> })}
            <ul class="admin-list">{rows}</ul>
        </section>
    }
}
