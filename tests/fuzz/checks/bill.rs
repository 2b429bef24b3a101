//! A bill, trade or fund flow: the first byte says in which pieces it comes, which must make no difference.

use saoma::wechatpay::bill::{BillError, FlowSums, FundFlowBill, TradeBill, TradeSums};

pub fn check(data: &[u8]) -> bool {
    let Some((pieces, bytes)) = data.split_first() else { return false };
    let pieces = usize::from(*pieces) + 1;
    let (trades, rows) = trades(bytes, bytes.len().max(1));
    assert_eq!(trades, self::trades(bytes, pieces).0);
    let flows = flows(bytes, bytes.len().max(1));
    assert_eq!(flows, self::flows(bytes, pieces));
    if let Ok(sums) = trades {
        assert_eq!(sums.rows, rows);
    }
    trades.is_ok() || flows.is_ok()
}

fn trades(bytes: &[u8], pieces: usize) -> (Result<TradeSums, BillError>, u64) {
    let (mut bill, mut rows) = (TradeBill::default(), 0);
    for piece in bytes.chunks(pieces) {
        let fed = bill.feed(piece, |row| {
            rows += 1;
            assert!(row.line > 1 && row.refund.as_ref().is_none_or(|it| !it.out_refund_no.is_empty()));
            Ok(())
        });
        if let Err(error) = fed {
            return (Err(error), rows);
        }
    }
    let sums = bill.finish(|_| {
        rows += 1;
        Ok(())
    });
    (sums, rows)
}

fn flows(bytes: &[u8], pieces: usize) -> Result<FlowSums, BillError> {
    let mut bill = FundFlowBill::default();
    for piece in bytes.chunks(pieces) {
        bill.feed(piece, |_| Ok::<(), BillError>(()))?;
    }
    bill.finish(|_| Ok(()))
}
