//! Orders as a CSV file, made while it is sent: as much of it is in memory as one lot of orders takes, and whoever
//! goes away ends it.

use futures::{Stream, stream};
use jiff::{Timestamp, tz};

use super::{
    filter::Filter,
    list::{Page, Row},
};
use crate::{
    backoffice::{
        acted::{Acted, Deed},
        office::Office,
        staff::audit::what,
    },
    domain::{Fen, OrderStatus},
    storage::{StorageError, audit::Outcome, order_list},
};

/// Orders read at once. Callbacks are booked in between: nothing is held from one lot to the next.
const LOT: i64 = 500;
/// Spreadsheets take the file for UTF-8 by it.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// How the file says it.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub headings: [&'static str; 11],
    pub status: fn(OrderStatus) -> &'static str,
    /// Instead of the status, of an order of which the payer is still owed what came back to the shop.
    pub owed: &'static str,
    /// How a payment was found, by its source's code.
    pub found: fn(&str) -> &'static str,
}

/// In which form.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// For people with a spreadsheet.
    Csv(Columns),
    /// For programs: each order by itself.
    Lines(fn(&Row) -> String),
}

/// What an export begins with, and how it goes on.
#[derive(Clone, Debug)]
pub struct Export {
    office: Office,
    filter: Filter,
    form: Form,
    next: Next,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Headings,
    /// Orders below this id.
    Below(Option<i64>),
    Done,
}

impl Office {
    /// That somebody takes orders out of the house.
    ///
    /// # Errors
    /// The books cannot be written: then nothing is given out.
    pub async fn note_export(&self, who: &Acted, filter: &Filter) -> Result<(), StorageError> {
        let subject = format!("orders:{}..{}", filter.days.first, filter.days.last);
        self.write_down(who, &Deed { what: what::ORDERS_EXPORTED, subject }, Outcome::Done, "").await
    }

    pub fn export_orders(&self, filter: Filter, form: Form) -> Export {
        Export { office: self.clone(), filter, form, next: Next::Headings }
    }
}

impl Export {
    /// Piece by piece, with how many orders are in each.
    pub fn pieces(self) -> impl Stream<Item = Result<(Vec<u8>, usize), StorageError>> + Send {
        stream::try_unfold(self, |mut export| async move {
            Ok(match export.next {
                Next::Done => None,
                Next::Headings => {
                    export.next = Next::Below(None);
                    let piece = match &export.form {
                        Form::Csv(columns) => {
                            let headings = lines([columns.headings.map(str::to_owned).to_vec()]);
                            [BOM, &headings].concat()
                        }
                        Form::Lines(_) => Vec::new(),
                    };
                    Some(((piece, 0), export))
                }
                Next::Below(below) => {
                    let page = export.lot(below).await?;
                    export.next = page.below.map_or(Next::Done, |below| Next::Below(Some(below)));
                    let piece = match &export.form {
                        Form::Csv(columns) => lines(page.rows.iter().map(|row| cells(row, columns))),
                        Form::Lines(line) => {
                            page.rows.iter().map(|row| line(row) + "\n").collect::<String>().into_bytes()
                        }
                    };
                    Some(((piece, page.rows.len()), export))
                }
            })
        })
    }

    async fn lot(&self, below: Option<i64>) -> Result<Page, StorageError> {
        let Self { office, filter, .. } = self;
        if filter.needs_someone {
            return office.list_orders(filter, None).await;
        }
        let ids = office.ids_of(filter, below).await?;
        let lot = order_list::list(&mut *office.0.db.read().await?, filter.lead(), ids, LOT).await?;
        let rows = office.rows(office.fitting(filter, lot.lines).await?).await?;
        Ok(Page { rows, below: lot.next, is_cut: false })
    }
}

fn cells(Row { line, beside, owed }: &Row, columns: &Columns) -> Vec<String> {
    let time = |at: Timestamp| tz::offset(8).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        beside.out_trade_no.clone(),
        line.title.clone(),
        line.product_id.to_string(),
        line.total.to_string(),
        if *owed > Fen::ZERO { columns.owed } else { (columns.status)(line.status) }.to_owned(),
        time(line.created),
        line.paid.map(time).unwrap_or_default(),
        beside.transaction_id.clone().unwrap_or_default(),
        beside.found_by.as_deref().map(columns.found).unwrap_or_default().to_owned(),
        Fen::new(beside.refunded_fen).unwrap_or(Fen::ZERO).to_string(),
        Fen::new(beside.set_aside_fen).unwrap_or(Fen::ZERO).to_string(),
    ]
}

/// Lines of a CSV file. Writing into memory does not fail.
pub(crate) fn lines(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        drop(writer.write_record(row.iter().map(|cell| defused(cell).into_owned())));
    }
    writer.into_inner().unwrap_or_default()
}

/// A cell that a spreadsheet would take for a formula is marked as a text.
pub(crate) fn defused(cell: &str) -> std::borrow::Cow<'_, str> {
    const BEGIN: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    if cell.starts_with(BEGIN) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let row = ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "＝1", "a,b \"c\"", "行\n行", ""].map(str::to_owned);
        let text = String::from_utf8(lines([row.to_vec()])).expect("UTF-8");
        assert_eq!(text, "'=1+1,'+1,'-2,'@SUM(A1),'\t=1,'＝1,\"a,b \"\"c\"\"\",\"行\n行\",\r\n");
    }
}
