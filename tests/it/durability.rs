//! `kill -9` right after an acknowledgement: what was acknowledged is there.

use saoma::clock::Clock;
use sqlx::Row as _;

use crate::{
    callbacks::assert_acknowledged,
    support::{Books, Forger, Process, database_url, folder, is_file, lay_keys},
};

const TIMES: usize = 25;

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let forger = Forger::read(&folder.path().join("data/sandbox"), Clock::system());
    let variables = [("SAOMA_ORDERS_PER_MINUTE", "0"), ("RUST_LOG", "warn")];
    let mut process = Process::serve(folder.path(), &variables).await;
    let mut paid = Vec::new();
    for _ in 0..TIMES {
        let order = process.order(1).await;
        let callback = forger.payment(&order);
        assert_acknowledged(&process.deliver(&callback).await);
        process.kill();
        paid.push((order, callback));

        process = Process::serve(folder.path(), &variables).await;
        for (order, _) in &paid {
            assert_eq!(process.order_status(&order.order_no).await, (0, "支付成功".to_owned()));
        }
    }
    println!("kill -9 right after the acknowledgement: {} of {TIMES} paid after the restart", paid.len());
    // A redelivery afterwards is a duplicate like any other.
    let (order, callback) = &paid[TIMES - 1];
    assert_acknowledged(&process.deliver(callback).await);
    assert_eq!(process.look(&order.token).await["status"], "SUCCESS");
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    assert_eq!((books.count("payments").await, books.count("notifications").await), (25, 25));
    if is_file() {
        let check = sqlx::query("PRAGMA integrity_check").fetch_one(&books.pool).await.expect("checks");
        assert_eq!(check.get::<String, _>(0), "ok");
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_of_many_deliveries_loses_nothing_that_was_acknowledged() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let forger = Forger::read(&folder.path().join("data/sandbox"), Clock::system());
    let variables = [("SAOMA_ORDERS_PER_MINUTE", "0"), ("RUST_LOG", "warn")];
    let mut process = Process::serve(folder.path(), &variables).await;
    let mut acknowledged = 0;
    for round in 0..5 {
        let mut orders = Vec::new();
        for _ in 0..40 {
            orders.push(process.order(1).await);
        }
        let callbacks: Vec<_> = orders.iter().map(|order| forger.payment(order)).collect();
        let site = crate::support::Site::new(process.origin.clone());
        let mut deliveries: futures::stream::FuturesUnordered<_> = callbacks
            .iter()
            .zip(&orders)
            .map(|(callback, order)| {
                let request = site.request(reqwest::Method::POST, crate::support::NATIVE_NOTIFY);
                let request = request.headers(callback.headers.clone()).body(callback.body.clone());
                async move { (order, crate::support::Site::try_send(request).await) }
            })
            .collect();
        let mut good = Vec::new();
        while let Some((order, answer)) = futures::StreamExt::next(&mut deliveries).await {
            if answer.is_ok_and(|answer| answer.status == 200) {
                good.push(order);
            }
            if good.len() == 5 + round {
                process.kill();
            }
        }
        drop(deliveries);
        process = Process::serve(folder.path(), &variables).await;
        for order in &good {
            assert_eq!(process.order_status(&order.order_no).await.0, 0, "acknowledged and lost");
        }
        acknowledged += good.len();
        // Whatever was not acknowledged comes again, and is booked once.
        for (order, callback) in orders.iter().zip(&callbacks) {
            assert_acknowledged(&process.deliver(callback).await);
            assert_eq!(process.order_status(&order.order_no).await.0, 0);
        }
    }
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    assert_eq!(books.count("payments").await, 200);
    println!("killed amid 5 × 40 deliveries: {acknowledged} had been acknowledged, all of them paid");
}
