use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{About, Problem};
use crate::app::{
    api::list_orders,
    components::{Price, StageBadge},
    ssr,
    view::{OrderLine, OrderList},
    words::{self, Frame},
};

/// `/orders`: the orders placed with this browser, and nobody else's.
#[component]
pub fn Orders() -> impl IntoView {
    let before = use_query_map().read_untracked().get("before").and_then(|before| before.parse().ok());
    let (frame, words) = (Frame::of(ssr::language()), words::Orders::of(ssr::language()));
    let orders = OnceResource::new_blocking(list_orders(before));
    view! {
        <h1 class="page-heading">{frame.orders}</h1>
        <Suspense>{move || Suspend::new(async move {
            match orders.await {
                Ok(list) if list.lines.is_empty() && before.is_some() => view! {
                    <About title=frame.orders/>
                    <section class="message">
                        <p>{words.none_older}</p>
                        <p><a class="button" href="/orders">{words.newest}</a></p>
                    </section>
                }.into_any(),
                Ok(list) if list.lines.is_empty() => view! {
                    <About title=frame.orders/>
                    <section class="message">
                        <p>{words.none}</p>
                        <p>{words.none_hint}</p>
                        <p><a class="button" href="/">{frame.home}</a></p>
                    </section>
                }.into_any(),
                Ok(list) => view! { <About title=frame.orders/> <Table list is_first=before.is_none()/> }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Table(list: OrderList, is_first: bool) -> impl IntoView {
    let words = words::Orders::of(ssr::language());
    let has_pages = !is_first || list.older.is_some();
    view! {
        <table class="orders">
            <caption class="visually-hidden">{Frame::of(ssr::language()).orders}</caption>
            <thead>
                <tr>
                    <th scope="col">{words.goods}</th>
                    <th scope="col">{words.placed_at}</th>
                    <th scope="col">{words.amount}</th>
                    <th scope="col">{words.status}</th>
                    <th scope="col">{words.action}</th>
                </tr>
            </thead>
            <tbody>{list.lines.into_iter().map(|line| view! { <Line line/> }).collect_view()}</tbody>
        </table>
        {has_pages.then(|| view! {
            <p class="orders__pages actions">
                {(!is_first).then(|| view! { <a class="button" href="/orders">{words.newest}</a> })}
                {list.older.map(|before| view! {
                    <a class="button" href=format!("/orders?before={before}")>{words.older}</a>
                })}
            </p>
        })}
    }
}

#[component]
fn Line(line: OrderLine) -> impl IntoView {
    let words = words::Orders::of(ssr::language());
    let OrderLine { token, out_trade_no, title, total, stage, placed_at, refunds } = line;
    let open = match stage {
        stage if stage.is_payable() => words.pay_on,
        stage if stage.is_refund() => words.refund_progress,
        _ => words.details,
    };
    let link = |name: &'static str, page: &str| {
        let label = format!("{name} {title}");
        view! { <a class="orders__link" href=format!("/pay/{token}{page}") aria-label=label>{name}</a> }
    };
    view! {
        <tr>
            <th scope="row">
                {title.clone()}
                <span class="orders__number"><span class="orders__label">{words.order_no} " "</span> {out_trade_no}</span>
            </th>
            <td class="number">{placed_at}</td>
            <td><Price amount=total/> <span class="orders__refunds">{refunds}</span></td>
            <td><StageBadge stage/></td>
            <td>
                <span class="orders__links">
                    {link(open, "")}
                    {stage.is_payable().then(|| link(words.cancel, "/cancel"))}
                    {stage.is_paid().then(|| link(words.receipt, "/receipt"))}
                </span>
            </td>
        </tr>
    }
}
