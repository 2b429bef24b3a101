use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::Problem;
use crate::{
    app::{
        api::list_orders,
        components::{Price, StatusBadge},
        text,
        view::{OrderLine, OrderList},
    },
    domain::OrderStatus,
};

/// `/orders`: the orders placed with this browser, and nobody else's.
#[component]
pub fn Orders() -> impl IntoView {
    let before = use_query_map().read_untracked().get("before").and_then(|before| before.parse().ok());
    let orders = OnceResource::new_blocking(list_orders(before));
    view! {
        <Title text=text::ORDERS/>
        <h1 class="page-heading">{text::ORDERS}</h1>
        <Suspense>{move || Suspend::new(async move {
            match orders.await {
                Ok(list) if list.lines.is_empty() => view! {
                    <section class="message">
                        <p>{text::NO_ORDERS}</p>
                        <p>{text::NO_ORDERS_HINT}</p>
                        <p><a class="button" href="/">{text::HOME}</a></p>
                    </section>
                }.into_any(),
                Ok(list) => view! { <Table list/> }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Table(list: OrderList) -> impl IntoView {
    view! {
        <table class="orders">
            <caption class="visually-hidden">{text::ORDERS}</caption>
            <thead>
                <tr>
                    <th scope="col">{text::GOODS}</th>
                    <th scope="col">{text::PLACED_AT}</th>
                    <th scope="col">{text::AMOUNT}</th>
                    <th scope="col">{text::STATUS}</th>
                    <th scope="col">{text::ACTION}</th>
                </tr>
            </thead>
            <tbody>{list.lines.into_iter().map(|line| view! { <Line line/> }).collect_view()}</tbody>
        </table>
        {list.older.map(|before| view! {
            <p class="orders__older"><a class="button" href=format!("/orders?before={before}")>{text::OLDER}</a></p>
        })}
    }
}

#[component]
fn Line(line: OrderLine) -> impl IntoView {
    let action = if line.status == OrderStatus::NotPay { text::PAY_ON } else { text::DETAILS };
    let label = format!("{action} {}", line.title);
    view! {
        <tr>
            <th scope="row">{line.title}</th>
            <td class="number">{line.placed_at}</td>
            <td><Price amount=line.total/></td>
            <td><StatusBadge status=line.status/></td>
            <td><a class="orders__open" href=format!("/pay/{}", line.token) aria-label=label>{action}</a></td>
        </tr>
    }
}
