//! Bills (账单, §8): what WeChat says of a whole day, as a table in a text file. Bytes in, in whatever pieces they
//! come; rows out, one at a time, so that a day of a million rows needs as much memory as one of ten.
//!
//! Columns are found by their names: the three types of trade bills, the early layout of old merchants and
//! whatever WeChat adds differ in them. A bill that has been read to its end has been added up against its own
//! summary. **Nothing in it is proof** (its download is not signed): it leads to questions.
//!
//! | file | holds |
//! | --- | --- |
//! | [`lines`] | bytes → records |
//! | [`cells`] | a record → its cells, escapes undone |
//! | [`number`] | yuan, fees, rates and times as text → exact integers |
//! | [`sheet`] | header, rows, summary; what all bills share |
//! | [`trade`], [`fund_flow`] | the two kinds |

mod cells;
mod error;
mod fund_flow;
mod lines;
mod number;
mod sheet;
mod trade;
mod words;

pub use error::BillError;
pub use fund_flow::{Direction, FlowRow, FlowSums, FundFlowBill};
pub use number::{Fee, Rate};
pub use trade::{RefundCells, TradeBill, TradeRow, TradeSums};
pub use words::{BillRefundState, BillTradeState};

#[cfg(test)]
mod tests;
