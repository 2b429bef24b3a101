use super::*;

fn bill(class: Class, key: &str, fen: i64) -> Row {
    Row {
        class,
        key: key.into(),
        side: Side::Bill,
        fen,
        settled: fen,
        fee: if class == Class::Refund { -6 * fen } else { 6 * fen },
        rate: 6000,
        at_ms: 0,
        order_id: 0,
        transaction_id: String::new(),
        out_trade_no: String::new(),
        refund_id: String::new(),
        is_ours: true,
        has_failed: false,
    }
}

fn ours(class: Class, key: &str, fen: i64) -> Row {
    Row { side: Side::Ours, fee: 0, rate: -1, order_id: 7, ..bill(class, key, fen) }
}

fn account(key: &str, fen: i64) -> Row {
    Row { side: Side::Account, ..bill(Class::Flow, key, fen) }
}

fn compared(groups: &[&[Row]], rate: Option<&str>) -> (Vec<Finding>, Totals) {
    let (mut comparison, mut found) =
        (Comparison::new(rate.and_then(Rate::parse), None, Totals::default()), Vec::new());
    for group in groups {
        comparison.group(group, &mut found);
    }
    let totals = comparison.finish(&mut found);
    (found, totals)
}

#[test]
fn what_is_the_same_is_no_finding() {
    let payment = [bill(Class::Payment, "1", 100), ours(Class::Payment, "1", 100)];
    let refund = [bill(Class::Refund, "r", 30), ours(Class::Refund, "r", 30)];
    let closed = [Row { has_failed: true, ..ours(Class::Refund, "c", 30) }];
    let (found, totals) = compared(&[&payment, &refund, &closed], None);
    assert_eq!(found, []);
    assert_eq!((totals.payments.fen, totals.refunds.fen, totals.fees), (100, 30, 420));
    assert_eq!((totals.our_payments.fen, totals.our_refunds.fen, totals.settled_fen()), (100, 30, 70));
}

#[test]
fn each_side_alone_and_other_amounts_are_found() {
    let only_bill = [bill(Class::Payment, "1", 100)];
    let only_here = [ours(Class::Payment, "2", 100)];
    let amounts = [bill(Class::Refund, "r", 31), ours(Class::Refund, "r", 30)];
    let (found, _) = compared(&[&only_bill, &only_here, &amounts], None);
    assert_eq!(
        found,
        [
            Finding::OnlyInBill(only_bill[0].clone()),
            Finding::OnlyHere(only_here[0].clone()),
            Finding::Amounts { bill: amounts[0].clone(), ours: amounts[1].clone() },
        ]
    );
}

#[test]
fn other_systems_money_is_counted_apart() {
    let till = [Row { is_ours: false, ..bill(Class::Payment, "1", 100) }];
    // Its number is not ours, and the books have it all the same.
    let ours_by_transaction = [Row { is_ours: false, ..bill(Class::Payment, "2", 50) }, ours(Class::Payment, "2", 50)];
    let (found, totals) = compared(&[&till, &ours_by_transaction], None);
    assert_eq!(found, []);
    assert_eq!((totals.foreign_payments.fen, totals.payments.fen), (100, 50));
}

#[test]
fn fees_are_what_the_rate_makes_them_but_for_a_fen() {
    for (fee, differs) in [(600, false), (1600, false), (1601, true), (0, false), (-401, true)] {
        let payment = [Row { fee, ..bill(Class::Payment, "1", 100) }, ours(Class::Payment, "1", 100)];
        let (found, _) = compared(&[&payment], None);
        assert_eq!(!found.is_empty(), differs, "{fee}: {found:?}");
    }
    // The rate is of what is settled: a coupon paid the rest.
    let coupon = [
        Row { settled: 50_000, fee: 300_000, ..bill(Class::Payment, "1", 100_000) },
        ours(Class::Payment, "1", 100_000),
    ];
    let (found, totals) = compared(&[&coupon], None);
    assert_eq!((found, totals.payments.fen, totals.unsettled, totals.settled_fen()), (vec![], 100_000, 50_000, 49_700));
    let payments: Vec<[Row; 2]> = (0..3)
        .map(|it| [bill(Class::Payment, &it.to_string(), 100), ours(Class::Payment, &it.to_string(), 100)])
        .collect();
    let groups: Vec<&[Row]> = payments.iter().map(|it| &it[..]).collect();
    let (found, _) = compared(&groups, Some("0.54%"));
    assert_eq!(found.len(), 1, "one for all rows with this rate: {found:?}");
    assert!(matches!(&found[0], Finding::Plain { kind: DifferenceKind::FeeRate, subject, why, .. }
        if subject == "0.60%" && why == "3 × 0.60%, 0.54%"));
    assert_eq!(compared(&groups, Some("0.60%")).0, []);
}

#[test]
fn the_account_moves_by_what_is_settled_with_the_fee_or_without() {
    let trade = |fen| Row { fee: 6000, ..bill(Class::Flow, "42", fen) };
    for (moved, fits) in
        [(vec![1000], true), (vec![1000, -6], true), (vec![994], true), (vec![900], false), (vec![], false)]
    {
        let mut rows = vec![trade(1000)];
        rows.extend(moved.iter().map(|fen| account("42", *fen)));
        let (found, _) = compared(&[&rows], None);
        assert_eq!(found.is_empty(), fits, "{moved:?}");
    }
    assert_eq!(compared(&[&[account("withdrawal", -500)]], None).0, []);
}

#[test]
fn what_stands_there_twice_is_counted_twice_and_found_once() {
    let payment = bill(Class::Payment, "1", 100);
    let twice = [payment.clone(), payment.clone(), ours(Class::Payment, "1", 100)];
    let (found, totals) = compared(&[&twice], None);
    assert!(
        matches!(&found[..], [Finding::Plain { kind: DifferenceKind::Doubled, theirs_fen: 200, ours_fen: 100, why, .. }]
            if why == "2 ×"),
        "{found:?}"
    );
    assert_eq!((totals.payments.count, totals.our_payments.count), (2, 1));
    let unknown = [payment.clone(), payment];
    let (found, _) = compared(&[&unknown], None);
    assert!(matches!(&found[..], [Finding::OnlyInBill(_), Finding::Plain { .. }]), "{found:?}");
    // Of another system it is that system's.
    let other = Row { is_ours: false, ..bill(Class::Payment, "1", 100) };
    assert_eq!(compared(&[&[other.clone(), other]], None).0, []);
}

#[test]
fn of_what_came_to_nothing_the_books_know_better() {
    let in_bill = bill(Class::Refund, "r", 30);
    let here = ours(Class::Refund, "r", 30);
    for (theirs, closed, counted) in [(false, false, 1), (false, true, 0), (true, true, 0), (true, false, 1)] {
        let rows = [Row { has_failed: theirs, ..in_bill.clone() }, Row { has_failed: closed, ..here.clone() }];
        let (found, totals) = compared(&[&rows], None);
        assert_eq!(found, [], "a refund's state in a bill is no difference");
        assert_eq!((totals.refunds.count, totals.our_refunds.count), (counted, counted), "{theirs} {closed}");
    }
    let console = [Row { has_failed: true, ..in_bill }];
    assert_eq!(compared(&[&console], None).1.refunds.count, 0);
}
