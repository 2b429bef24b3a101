//! How often a fault strikes: the next few times, always, never; for all interfaces or for one.

use serde::{Deserialize, Serialize};

use crate::sandbox::endpoint::Endpoint;

/// How many of the next occasions a fault takes: a number, or `"all"`. 0 is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::sandbox) enum Next {
    Count(u32),
    All(Always),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Always {
    All,
}

impl Default for Next {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Next {
    pub(super) const fn all() -> Self {
        Self::All(Always::All)
    }

    /// Whether this occasion is hit; counts down.
    pub(in crate::sandbox) fn take(&mut self) -> bool {
        match self {
            Self::All(Always::All) => true,
            Self::Count(0) => false,
            Self::Count(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// The same per interface; `all` counts requests to any of them and comes second. A bare number
/// in place of the object stands for `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct PerEndpoint {
    pub(super) all: Next,
    pub(super) prepay: Next,
    pub(super) query: Next,
    close: Next,
    certificates: Next,
    echo: Next,
    refund: Next,
    refund_query: Next,
    abnormal: Next,
    bill: Next,
    bill_download: Next,
}

impl PerEndpoint {
    pub(in crate::sandbox) fn take(&mut self, endpoint: Endpoint) -> bool {
        let own = match endpoint {
            Endpoint::Prepay => &mut self.prepay,
            Endpoint::Query => &mut self.query,
            Endpoint::Close => &mut self.close,
            Endpoint::Certificates => &mut self.certificates,
            Endpoint::Echo => &mut self.echo,
            Endpoint::Refund => &mut self.refund,
            Endpoint::RefundQuery => &mut self.refund_query,
            Endpoint::Abnormal => &mut self.abnormal,
            Endpoint::Bill => &mut self.bill,
            Endpoint::BillDownload => &mut self.bill_download,
        };
        own.take() || self.all.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_runs_out_and_all_does_not() {
        let mut two = Next::Count(2);
        assert_eq!([two.take(), two.take(), two.take()], [true, true, false]);
        let mut all = Next::all();
        assert!((0..1000).all(|_| all.take()));
    }

    #[test]
    fn the_counter_of_an_interface_comes_before_the_common_one() {
        let mut both = PerEndpoint { all: Next::Count(1), prepay: Next::Count(1), ..PerEndpoint::default() };
        assert!(both.take(Endpoint::Prepay));
        assert!(both.take(Endpoint::Query));
        assert!(!both.take(Endpoint::Prepay));
    }
}
