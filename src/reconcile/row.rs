//! What is compared: a movement of money as one side tells it, small enough that a million of them are sorted in a file.

use std::cmp::Ordering;

/// By which a bill's row and ours find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// By `transaction_id`.
    Payment,
    /// By `out_refund_no`.
    Refund,
    /// By the number under which the account was moved.
    Flow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Bill,
    Ours,
    /// Of [`Class::Flow`]: what the account shows.
    Account,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) class: Class,
    pub(super) key: String,
    pub(super) side: Side,
    pub(super) fen: i64,
    /// The part of it that is settled, of which the fee is taken.
    pub(super) settled: i64,
    /// Thousandths of a fen.
    pub(super) fee: i64,
    /// Millionths; negative where nobody knows.
    pub(super) rate: i64,
    pub(super) at_ms: i64,
    pub(super) order_id: i64,
    /// Of a refund's row, the payment's.
    pub(super) transaction_id: String,
    pub(super) out_trade_no: String,
    /// WeChat's number of a refund; of ours it is not asked for.
    pub(super) refund_id: String,
    /// By its number and its mark it is an order of this shop.
    pub(super) is_ours: bool,
    /// A refund that came to nothing, as this side has it.
    pub(super) has_failed: bool,
}

impl Row {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        (self.class, &self.key, self.side).cmp(&(other.class, &other.key, other.side))
    }

    /// Roughly, in memory.
    pub(super) const fn size(&self) -> usize {
        size_of::<Self>() + self.key.len() + self.transaction_id.len() + self.out_trade_no.len() + self.refund_id.len()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let class = match self.class {
            Class::Payment => 0,
            Class::Refund => 1,
            Class::Flow => 2,
        };
        let side = match self.side {
            Side::Bill => 0,
            Side::Ours => 1,
            Side::Account => 2,
        };
        out.extend_from_slice(&[class, side, u8::from(self.is_ours) | u8::from(self.has_failed) << 1]);
        for number in [self.fen, self.settled, self.fee, self.rate, self.at_ms, self.order_id] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for text in [&self.key, &self.transaction_id, &self.out_trade_no, &self.refund_id] {
            // Keys of a bill are cut to what any number can be long before they get here.
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(text.as_bytes().get(..usize::from(length)).unwrap_or_default());
        }
    }

    /// `None` at the end.
    ///
    /// # Errors
    /// It cannot be read, or is none that was written.
    pub(super) fn read(from: &mut impl std::io::Read) -> std::io::Result<Option<Self>> {
        let mut head = [0; 3];
        match from.read(&mut head[..1])? {
            0 => return Ok(None),
            _ => from.read_exact(&mut head[1..])?,
        }
        let wrong = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        let class = match head[0] {
            0 => Class::Payment,
            1 => Class::Refund,
            2 => Class::Flow,
            _ => return Err(wrong()),
        };
        let side = match head[1] {
            0 => Side::Bill,
            1 => Side::Ours,
            2 => Side::Account,
            _ => return Err(wrong()),
        };
        let mut number = || {
            let mut bytes = [0; 8];
            from.read_exact(&mut bytes)?;
            Ok::<_, std::io::Error>(i64::from_le_bytes(bytes))
        };
        let (fen, settled, fee) = (number()?, number()?, number()?);
        let (rate, at_ms, order_id) = (number()?, number()?, number()?);
        let mut text = || {
            let mut length = [0; 2];
            from.read_exact(&mut length)?;
            let mut bytes = vec![0; usize::from(u16::from_le_bytes(length))];
            from.read_exact(&mut bytes)?;
            String::from_utf8(bytes).map_err(|_| wrong())
        };
        let (key, transaction_id, out_trade_no, refund_id) = (text()?, text()?, text()?, text()?);
        let (is_ours, has_failed) = (head[2] & 1 != 0, head[2] & 2 != 0);
        Ok(Some(Self {
            class,
            key,
            side,
            fen,
            settled,
            fee,
            rate,
            at_ms,
            order_id,
            transaction_id,
            out_trade_no,
            refund_id,
            is_ours,
            has_failed,
        }))
    }
}
