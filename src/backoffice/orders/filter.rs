//! Which orders somebody wants to see.

use jiff::Timestamp;

use crate::{
    backoffice::days::{Day, Days},
    domain::{ClosedReason, Fen, OrderStatus, ProductId},
    storage::{
        events::Source,
        order_list::{Lead, Line},
    },
};

/// Unless it is chosen, back from today.
const USUAL_DAYS: i32 = 30;

/// A period is always set; the rest may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub days: Days,
    pub kind: Option<Kind>,
    pub product: Option<ProductId>,
    /// Both in it.
    pub total: Option<(Fen, Fen)>,
    pub found: Option<Source>,
    pub needs_someone: bool,
}

/// A state of orders, as people tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(OrderStatus);

impl Kind {
    pub const ALL: [Self; 8] = [
        Self(OrderStatus::NotPay),
        Self(OrderStatus::Success),
        Self(OrderStatus::Closed(ClosedReason::Expired)),
        Self(OrderStatus::Closed(ClosedReason::Cancelled)),
        Self(OrderStatus::RefundProcessing),
        Self(OrderStatus::RefundPartial),
        Self(OrderStatus::RefundSuccess),
        Self(OrderStatus::RefundAbnormal),
    ];

    pub const fn status(self) -> OrderStatus {
        self.0
    }

    /// `NOTPAY`, `EXPIRED`, …
    pub const fn code(self) -> &'static str {
        self.0.word()
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A filter as somebody has typed it; empty where he has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub first: String,
    pub last: String,
    pub kind: String,
    pub product: String,
    /// In yuan.
    pub least: String,
    pub most: String,
    pub found: String,
    pub needs_someone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    First,
    Last,
    Kind,
    Product,
    Least,
    Most,
    Found,
}

/// What of it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not to be read: {0:?}")]
pub struct Wrong(pub Vec<Field>);

impl Filter {
    /// The last thirty days.
    pub fn usual(now: Timestamp) -> Self {
        let today = Day::of(now);
        let days = Days { first: today.before(USUAL_DAYS - 1), last: today };
        Self { days, kind: None, product: None, total: None, found: None, needs_someone: false }
    }

    /// # Errors
    /// Every field that says nothing that can be meant.
    pub fn read(asked: &Asked, now: Timestamp) -> Result<Self, Wrong> {
        let mut wrong = Vec::new();
        let usual = Self::usual(now);
        let last = optional(&asked.last, Day::parse, Field::Last, &mut wrong).unwrap_or(usual.days.last);
        let first = optional(&asked.first, Day::parse, Field::First, &mut wrong);
        let first = first.unwrap_or_else(|| last.before(USUAL_DAYS - 1));
        if first > last {
            wrong.push(Field::First);
        }
        let kind = optional(&asked.kind, Kind::parse, Field::Kind, &mut wrong);
        let product = optional(&asked.product, |id| ProductId::parse(id).ok(), Field::Product, &mut wrong);
        let total = total(asked, &mut wrong);
        let found = optional(&asked.found, Source::parse, Field::Found, &mut wrong);
        if !wrong.is_empty() {
            return Err(Wrong(wrong));
        }
        let days = Days { first, last };
        Ok(Self { days, kind, product, total, found, needs_someone: asked.needs_someone })
    }

    /// The index that leads to them in the fewest steps.
    pub(super) fn lead(&self) -> Lead {
        match self {
            Self { total: Some((least, most)), .. } if least == most => Lead::Total(*least),
            Self { kind: Some(kind), .. } if is_rare(kind.status()) => Lead::Status(kind.status()),
            Self { product: Some(product), .. } => Lead::Product(*product),
            Self { found: Some(found), .. } => Lead::Found(*found),
            Self { kind: Some(kind), .. } => Lead::Status(kind.status()),
            Self { .. } => Lead::All,
        }
    }

    /// Whether it is one of those, as far as its own row tells.
    pub(super) fn fits(&self, line: &Line) -> bool {
        let (from, to) = (self.days.first.begin(), self.days.last.end());
        line.created >= from
            && line.created < to
            && self.kind.is_none_or(|kind| kind.status() == line.status)
            && self.product.is_none_or(|product| product == line.product_id)
            && self.total.is_none_or(|(least, most)| least <= line.total && line.total <= most)
    }
}

/// Of most shops, neither most of the orders nor most of the payments are like that.
const fn is_rare(status: OrderStatus) -> bool {
    !matches!(status, OrderStatus::Success | OrderStatus::Closed(_))
}

fn total(asked: &Asked, wrong: &mut Vec<Field>) -> Option<(Fen, Fen)> {
    let least = optional(&asked.least, yuan, Field::Least, wrong);
    let most = optional(&asked.most, yuan, Field::Most, wrong);
    let total = (least.unwrap_or(Fen::ZERO), most.unwrap_or(Fen::MAX));
    if total.0 > total.1 {
        wrong.push(Field::Least);
    }
    (least.is_some() || most.is_some()).then_some(total)
}

fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>, field: Field, wrong: &mut Vec<Field>) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let value = read(text);
    if value.is_none() {
        wrong.push(field);
    }
    value
}

/// `12`, `12.3` or `12.34`.
pub(crate) fn yuan(text: &str) -> Option<Fen> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    if whole.is_empty() || whole.len() > 10 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    let cents: i64 = format!("{part:0<2}").parse().ok()?;
    Fen::new(whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_767_196_800, 0);

    #[test]
    fn yuan_are_read_as_people_write_them() {
        for (text, fen) in [("12", 1200), ("12.3", 1230), ("12.34", 1234), ("0.01", 1), ("0", 0)] {
            assert_eq!(yuan(text).map(Fen::get), Some(fen), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.234", "-1", "1,2", "１", "1e3", "99999999999", " 1"] {
            assert_eq!(yuan(text), None, "{text}");
        }
    }

    #[test]
    fn a_period_is_always_set() {
        let filter = Filter::read(&Asked::default(), NOW).expect("nothing wrong");
        assert_eq!(
            (filter.days.first.to_string(), filter.days.last.to_string()),
            ("2025-12-03".into(), "2026-01-01".into())
        );
        assert_eq!(filter.lead(), Lead::All);
        let asked = Asked { last: "2025-06-30".into(), ..Asked::default() };
        assert_eq!(Filter::read(&asked, NOW).expect("nothing wrong").days.first.to_string(), "2025-06-01");
    }

    #[test]
    fn each_field_that_cannot_be_read_is_named() {
        let asked = Asked {
            first: "yesterday".into(),
            last: "2026-13-01".into(),
            kind: "%".into(),
            product: "x".into(),
            least: "a".into(),
            most: "1.001".into(),
            found: "'".into(),
            needs_someone: false,
        };
        let all = [Field::Last, Field::First, Field::Kind, Field::Product, Field::Least, Field::Most, Field::Found];
        assert_eq!(Filter::read(&asked, NOW), Err(Wrong(all.into())));
        let backwards = Asked { first: "2026-01-02".into(), last: "2026-01-01".into(), ..Asked::default() };
        assert_eq!(Filter::read(&backwards, NOW), Err(Wrong(vec![Field::First])));
        let amounts = Asked { least: "2".into(), most: "1".into(), ..Asked::default() };
        assert_eq!(Filter::read(&amounts, NOW), Err(Wrong(vec![Field::Least])));
    }

    #[test]
    fn every_kind_is_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.code()), Some(kind));
        }
    }
}
