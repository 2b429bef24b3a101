//! Several statements in one transaction.

use super::*;
use crate::{
    domain::{Fen, OrderToken, Product, ProductId, TradeType},
    storage::{attempts::NewAttempt, orders::NewOrder, products, testing::books},
};

const NOW: Timestamp = Timestamp::constant(1_767_196_800, 0);
const APPID: &str = "wx2421b1c4370ec43b";
const NUMBERS: [&str; 2] = ["20261125000000THE0FIRST0NUMBER", "20261125000000THE0OTHER0NUMBER"];

fn fen() -> Fen {
    Fen::new(100).expect("money")
}

/// An order with both numbers.
async fn place(c: &mut AnyConnection) -> Result<i64, StorageError> {
    let product = Product { id: ProductId(1), title: "t".to_owned(), summary: String::new(), price: fen() };
    products::insert(c, &product).await?;
    let order = NewOrder {
        token: OrderToken::build(7),
        shopper: "shopper".to_owned(),
        live_key: "shopper:1".to_owned(),
        product_id: product.id,
        title: product.title,
        total: fen(),
        created: NOW,
        expires: NOW,
        check: NOW,
    };
    let id = orders::insert(c, &order).await?.expect("the first one");
    for number in NUMBERS {
        let out_trade_no = OutTradeNo::parse(number).expect("legal");
        let (appid, trade_type) = (APPID.to_owned(), TradeType::Native);
        let attempt = NewAttempt { out_trade_no, appid, trade_type, request: Vec::new(), expires: NOW, check: NOW };
        attempts::insert(c, id, &attempt, NOW).await?;
    }
    Ok(id)
}

fn paid(number: &str, transaction_id: &str) -> Booking {
    let proof = Proof {
        out_trade_no: OutTradeNo::parse(number).expect("legal"),
        appid: APPID.to_owned(),
        transaction_id: transaction_id.to_owned(),
        total: fen(),
        success: NOW,
    };
    Booking {
        claim: Ok(proof),
        source: Source::Callback,
        vouched_by: "PUB_KEY_ID_1".to_owned(),
        received: None,
        at: NOW,
        refund_notify_url: Url::parse("https://shop.example.com/").expect("an address"),
    }
}

#[tokio::test]
async fn two_payments_of_one_order_need_no_second_try() {
    let (_place, books) = books().await;
    books.write(|c| Box::pin(place(c))).await.expect("places");
    let both = [(NUMBERS[0], "4200000000000000000000000001"), (NUMBERS[1], "4200000000000000000000000002")];
    let both: Arc<[_]> = both.map(|(number, id)| Arc::new(paid(number, id))).into();
    let booked = books.write(move |c| {
        let both = Arc::clone(&both);
        Box::pin(async move { settle(c, &both, Expect::New).await })
    });
    let verdicts: Vec<_> = booked.await.expect("booked together").iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, [Verdict::Paid, Verdict::Surplus]);
}
