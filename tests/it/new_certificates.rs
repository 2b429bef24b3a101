//! A certificate that is not known yet: what a callback has set off goes on without it.

use saoma::clock::Clock;

use crate::support::{KeyKind, Notice, Outside, Relay, Stage, free_port, until};

#[tokio::test]
async fn a_download_that_takes_longer_than_its_callback_waits_is_finished_all_the_same() {
    let outside = Outside::start(&Clock::system()).await;
    let relay = Relay::start(&outside.site.origin).await;
    // With the public key alone: no certificate is known.
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let order = app.order(1).await;
    let held = relay.hold("/v3/certificates");
    let told = app.forger.envelope(&Notice::of(app.forger.transaction(&order))).to_string();
    let callback = app.forger.signed_at(KeyKind::Certificate, told, 0);
    // The first one and those that come beside it hang up before the answer is there.
    let early = async {
        let (first, second) = tokio::join!(app.deliver(&callback), app.deliver(&callback));
        assert_eq!((first.status, second.status), (401, 401));
    };
    tokio::join!(early, held.arrived());
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    held.release();
    until("a delivery that is believed", async || (app.deliver(&callback).await.status == 200).then_some(())).await;
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    let asked = relay.passed().iter().filter(|it| it.path == "/v3/certificates").count();
    assert_eq!(asked, 1, "one download for all of them");
    assert_eq!(app.metric("saoma_wechat_calls_total", r#"interface="certificates",result="ok""#).await, 1);
    assert_eq!(app.metric("saoma_wechat_calls_total", r#"interface="prepay",result="ok""#).await, 1);
}
