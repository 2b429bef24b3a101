use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{About, Problem};
use crate::app::{
    api::list_orders,
    components::{Price, StageBadge},
    text,
    view::{OrderLine, OrderList},
};

/// `/orders`: the orders placed with this browser, and nobody else's.
#[component]
pub fn Orders() -> impl IntoView {
    let before = use_query_map().read_untracked().get("before").and_then(|before| before.parse().ok());
    let orders = OnceResource::new_blocking(list_orders(before));
    view! {
        <h1 class="page-heading">{text::ORDERS}</h1>
        <Suspense>{move || Suspend::new(async move {
            match orders.await {
                Ok(list) if list.lines.is_empty() && before.is_some() => view! {
                    <About title=text::ORDERS/>
                    <section class="message">
                        <p>{text::NO_OLDER_ORDERS}</p>
                        <p><a class="button" href="/orders">{text::NEWEST}</a></p>
                    </section>
                }.into_any(),
                Ok(list) if list.lines.is_empty() => view! {
                    <About title=text::ORDERS/>
                    <section class="message">
                        <p>{text::NO_ORDERS}</p>
                        <p>{text::NO_ORDERS_HINT}</p>
                        <p><a class="button" href="/">{text::HOME}</a></p>
                    </section>
                }.into_any(),
                Ok(list) => view! { <About title=text::ORDERS/> <Table list is_first=before.is_none()/> }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Table(list: OrderList, is_first: bool) -> impl IntoView {
    let has_pages = !is_first || list.older.is_some();
    view! {
        <table class="orders">
            <caption class="visually-hidden">{text::ORDERS}</caption>
            <thead>
                <tr>
                    <th scope="col">{text::GOODS}</th>
                    <th scope="col">{text::PLACED_AT}</th>
                    <th scope="col">{text::LISTED_AMOUNT}</th>
                    <th scope="col">{text::STATUS}</th>
                    <th scope="col">{text::ACTION}</th>
                </tr>
            </thead>
            <tbody>{list.lines.into_iter().map(|line| view! { <Line line/> }).collect_view()}</tbody>
        </table>
        {has_pages.then(|| view! {
            <p class="orders__pages actions">
                {(!is_first).then(|| view! { <a class="button" href="/orders">{text::NEWEST}</a> })}
                {list.older.map(|before| view! {
                    <a class="button" href=format!("/orders?before={before}")>{text::OLDER}</a>
                })}
            </p>
        })}
    }
}

#[component]
fn Line(line: OrderLine) -> impl IntoView {
    let OrderLine { token, out_trade_no, title, total, stage, placed_at, refunds } = line;
    let open = match stage {
        stage if stage.is_payable() => text::PAY_ON,
        stage if stage.is_refund() => text::REFUND_PROGRESS,
        _ => text::DETAILS,
    };
    let link = |words: &'static str, page: &str| {
        let label = format!("{words} {title}");
        view! { <a class="orders__link" href=format!("/pay/{token}{page}") aria-label=label>{words}</a> }
    };
    view! {
        <tr>
            <th scope="row">
                {title.clone()}
                <span class="orders__number"><span class="orders__label">{text::ORDER_NO} " "</span> {out_trade_no}</span>
            </th>
            <td class="number">{placed_at}</td>
            <td><Price amount=total/> <span class="orders__refunds">{refunds}</span></td>
            <td><StageBadge stage/></td>
            <td>
                <span class="orders__links">
                    {link(open, "")}
                    {stage.is_payable().then(|| link(text::CANCEL, "/cancel"))}
                    {stage.is_paid().then(|| link(text::RECEIPT, "/receipt"))}
                </span>
            </td>
        </tr>
    }
}
