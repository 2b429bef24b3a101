//! WeChat's abnormal refund (异常退款, `wechatpay-v3.md` §7.3): the payer's account did not take the money, and somebody
//! says which bank account shall. It stays the same refund, and its money set aside: sent twice, to whatever account,
//! WeChat pays it out once. The timeline says what was asked before WeChat is (money rule 4), and is the only memory of
//! it: whose account, when, by whom, and never which account.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sqlx::AnyConnection;

use super::{beside::Beside, draft::RefundError, statement::Statement, step::FIRST_LOOK};
use crate::{
    checkout::{error::CheckoutError, shared::Checkout},
    domain::{OutRefundNo, RefundState},
    gateway::GatewayError,
    storage::{
        StorageError,
        events::{self, Event, EventKind, NewEvent, Source},
        orders,
        refunds::{self, Refund},
    },
    wechatpay::{
        ErrorCode, PlatformSerial,
        model::{AbnormalRefund, CardKind, RefundStatus, SealedCard},
        seal::SealingKey,
    },
};

/// So long an asking that nobody knows the end of may still be on its way to WeChat; another one waits for it. Longer
/// than a call takes.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);
/// The detail of an event, with the refund's number and whose account, has room for so much of a name.
const NAME: usize = 80;
/// What WeChat said instead of taking it up.
const STILL_ABNORMAL: &str = "ABNORMAL";

/// Where it shall go.
#[derive(Clone, Debug)]
pub enum ToAccount {
    /// The merchant's own at its bank. `Wechatpay-Serial` is asked for all the same.
    Merchant(PlatformSerial),
    User(Box<SealedCard>),
}

impl ToAccount {
    pub const fn kind(&self) -> CardKind {
        match self {
            Self::Merchant(_) => CardKind::Merchant,
            Self::User(_) => CardKind::User,
        }
    }

    const fn serial(&self) -> &PlatformSerial {
        match self {
            Self::Merchant(serial) => serial,
            Self::User(card) => &card.serial,
        }
    }
}

/// What somebody wants done with an abnormal refund.
#[derive(Clone, Debug)]
pub struct AbnormalAsk {
    pub number: OutRefundNo,
    pub to: ToAccount,
    pub source: Source,
    /// His name, for the timeline.
    pub by: String,
    /// What belongs into the transaction that writes it down.
    pub beside: Option<Beside>,
}

/// Why WeChat was not asked, or has refused.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    #[error("only a refund that is ABNORMAL can be sent to a bank account, and this one is {0}")]
    NotAbnormal(RefundState),
    #[error("WeChat Pay was asked to send it to a bank account a moment ago, and how that ended is not known yet")]
    OnItsWay(Standing),
    #[error("WeChat Pay does not say how the refund stands: nothing was sent, try again in a moment")]
    NotKnown,
    #[error("it takes a second person")]
    NotAllowed,
    #[error("WeChat Pay has refused it{}", code(.0.as_ref()))]
    Refused(Option<ErrorCode>),
    #[error(transparent)]
    Refund(#[from] RefundError),
}

fn code(code: Option<&ErrorCode>) -> String {
    code.map(|code| format!(": {code}")).unwrap_or_default()
}

impl From<StorageError> for NotSent {
    fn from(error: StorageError) -> Self {
        Self::Refund(error.into())
    }
}

impl From<CheckoutError> for NotSent {
    fn from(error: CheckoutError) -> Self {
        Self::Refund(error.into())
    }
}

/// How the last asking of a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Nobody knows how it ended.
    Standing(Standing),
    /// By this code of WeChat's; `ABNORMAL` when WeChat has not taken it up, and says nothing else.
    Refused(String),
}

/// An asking whose end is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub at: Timestamp,
    /// `MERCHANT_BANK_CARD` or `USER_BANK_CARD`.
    pub to: String,
    pub by: String,
}

/// What the timeline of a refund's order says of it.
#[derive(Debug)]
pub(super) struct Asked {
    standing: Option<Standing>,
}

impl Checkout {
    /// To seal an account with before it is kept anywhere. `None` while WeChat's key is not known.
    pub async fn sealing_key(&self) -> Option<SealingKey> {
        self.0.gateway.sealing_key().await
    }

    /// Asks WeChat to send an abnormal refund to a bank account. It is `PROCESSING` then; still `ABNORMAL` when nobody
    /// knows whether WeChat has heard it, which the refund's query tells afterwards.
    ///
    /// # Errors
    /// See [`NotSent`].
    pub async fn send_abnormal_refund(&self, ask: &AbnormalAsk) -> Result<Refund, NotSent> {
        if let Some(gap) = self.find_gap().await? {
            return Err(RefundError::PutBack { since: gap.since }.into());
        }
        let refund = self.as_wechat_has_it(ask).await?;
        let Some(refund_id) = refund.refund_id.clone().filter(|_| refund.state == RefundState::Abnormal) else {
            return Err(NotSent::NotAbnormal(refund.state));
        };
        let card = match &ask.to {
            ToAccount::Merchant(_) => None,
            ToAccount::User(card) => Some(&**card),
        };
        let body = AbnormalRefund { out_refund_no: &ask.number, card }.to_bytes().map_err(|_| NotSent::NotKnown)?;
        self.write_asking(&refund, ask).await?;
        self.announce(refund.order_id).await?;
        let asked = (refund_id.as_str(), &ask.number);
        match self.0.gateway.apply_abnormal_refund(asked, &body, ask.to.serial()).await {
            Ok(reply) => {
                self.apply_reply(&reply, ask.source).await?;
            }
            Err(error) => {
                let number = &ask.number;
                tracing::warn!(refund.out_refund_no = %number, %error, "abnormal refund {number}");
                self.after_error(&refund, ask, &error).await?;
            }
        }
        Ok(self.load_refund(&ask.number).await?)
    }

    /// WeChat's last word before: somebody may have moved it on in the console, and an asking whose end is not known
    /// may have been heard.
    async fn as_wechat_has_it(&self, ask: &AbnormalAsk) -> Result<Refund, NotSent> {
        let refund = self.load_refund(&ask.number).await?;
        if refund.state != RefundState::Abnormal {
            return Ok(refund);
        }
        let mut reader = self.0.db.read().await?;
        let events = events::list_of_order(&mut reader, refund.order_id).await?;
        drop(reader);
        let asking = asking_of(&events, &ask.number);
        let is_unknown = matches!(&asking, Some(Asking::Standing(it)) if !is_on_its_way(it, self.now()));
        match self.query_refund(&ask.number).await {
            // As the books have it, which is no news. Written now it would undo what WeChat has told somebody else since,
            // and this asking would be a second one.
            Ok(reply) if reply.content.status == RefundStatus::Abnormal && !is_unknown => {}
            Ok(reply) => {
                self.apply_reply(&reply, ask.source).await?;
            }
            Err(error) => {
                let number = &ask.number;
                tracing::warn!(refund.out_refund_no = %number, %error, "query of refund {number}");
                return Err(NotSent::NotKnown);
            }
        }
        Ok(self.load_refund(&ask.number).await?)
    }

    /// Two at once are decided here: they queue up at the order's lock, and the second sees the first one's event.
    async fn write_asking(&self, refund: &Refund, ask: &AbnormalAsk) -> Result<(), NotSent> {
        let (now, id, order_id, source, to) = (self.now(), refund.id, refund.order_id, ask.source, ask.to.kind());
        let by: String = ask.by.chars().filter(|it| !it.is_whitespace()).take(NAME).collect();
        let (detail, beside) = (format!("{} {} {by}", ask.number, to.code()), ask.beside.clone());
        let written = self.0.db.write(move |c| {
            let (detail, beside) = (detail.clone(), beside.clone());
            Box::pin(async move {
                orders::lock(c, order_id).await?;
                let raced = StorageError::Raced { table: "refunds", row: id };
                let refund = refunds::find_by_id(c, id).await?.ok_or(raced)?;
                if refund.state != RefundState::Abnormal {
                    return Ok(Err(Decided::State(refund.state)));
                }
                let asked = Asked::of(c, &refund).await?.and_then(|asked| asked.standing);
                if let Some(standing) = asked.filter(|asked| is_on_its_way(asked, now)) {
                    return Ok(Err(Decided::OnItsWay(standing)));
                }
                if let Some(Beside(job)) = &beside
                    && !job(c).await?
                {
                    return Ok(Err(Decided::NotAllowed));
                }
                let event = NewEvent { order_id, kind: EventKind::AbnormalAsked, source, detail: &detail };
                events::append_all(c, now, &[event]).await?;
                orders::touch(c, order_id, now).await?;
                // Whatever becomes of the call: how it stands is asked soon.
                refunds::postpone(c, id, None, now + FIRST_LOOK).await?;
                Ok(Ok(()))
            })
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Decided::State(state))) => Err(NotSent::NotAbnormal(state)),
            Ok(Err(Decided::OnItsWay(standing))) => Err(NotSent::OnItsWay(standing)),
            Ok(Err(Decided::NotAllowed)) => Err(NotSent::NotAllowed),
            Err(error) => Err(error.into()),
        }
    }

    /// An error reply has no signature: whatever it says, the refund itself is asked about. One that is unknown stays
    /// so until a query tells.
    async fn after_error(&self, refund: &Refund, ask: &AbnormalAsk, error: &GatewayError) -> Result<(), NotSent> {
        if error.is_unknown() {
            return Ok(());
        }
        if self.as_wechat_has_it(ask).await.is_ok_and(|it| it.state != RefundState::Abnormal) {
            return Ok(());
        }
        let (now, order_id, source) = (self.now(), refund.order_id, ask.source);
        let why = error.code().map_or(error.label(), |code| code.as_str());
        let detail: String = format!("{} {why}", ask.number).chars().take(255).collect();
        let noted = self.0.db.write(move |c| {
            let detail = detail.clone();
            Box::pin(async move {
                orders::lock(c, order_id).await?;
                events::append(c, order_id, now, EventKind::AbnormalRefused, source, &detail).await?;
                orders::touch(c, order_id, now).await
            })
        });
        noted.await?;
        self.announce(order_id).await?;
        Err(NotSent::Refused(error.code().cloned()))
    }
}

/// Why an asking is not written.
#[derive(Debug)]
enum Decided {
    State(RefundState),
    OnItsWay(Standing),
    NotAllowed,
}

/// From a clock that was ahead it is not: it would never end.
fn is_on_its_way(standing: &Standing, now: Timestamp) -> bool {
    now.duration_since(standing.at).abs() < ON_ITS_WAY
}

/// The last asking of a refund, where nothing has become of it, by its order's timeline.
pub fn asking_of(events: &[Event], number: &OutRefundNo) -> Option<Asking> {
    let (event, mut words) = events.iter().rev().find_map(|event| Some((event, words_about(event, number)?)))?;
    let mut word = || words.next().unwrap_or_default().to_owned();
    if event.kind == EventKind::AbnormalAsked.code() {
        Some(Asking::Standing(Standing { at: event.at, to: word(), by: word() }))
    } else if event.kind == EventKind::AbnormalRefused.code() {
        Some(Asking::Refused(word()))
    } else {
        None
    }
}

/// What the detail of an event says beside this number; `None` when it is about something else.
fn words_about<'a>(event: &'a Event, number: &OutRefundNo) -> Option<std::str::Split<'a, char>> {
    let mut words = event.detail.split(' ');
    (event.kind.starts_with("REFUND_") && words.next() == Some(number.as_str())).then_some(words)
}

impl Asked {
    /// `None` when nobody has ever asked for it.
    pub(super) async fn of(c: &mut AnyConnection, refund: &Refund) -> Result<Option<Self>, StorageError> {
        if !matches!(refund.state, RefundState::Abnormal | RefundState::Processing)
            || !events::has(c, refund.order_id, EventKind::AbnormalAsked).await?
        {
            return Ok(None);
        }
        let events = events::list_of_order(c, refund.order_id).await?;
        let number = &refund.out_refund_no;
        let is_asked = |it: &Event| it.kind == EventKind::AbnormalAsked.code() && words_about(it, number).is_some();
        let standing = || match asking_of(&events, number) {
            Some(Asking::Standing(standing)) => Some(standing),
            Some(Asking::Refused(_)) | None => None,
        };
        Ok(events.iter().any(is_asked).then(|| Self { standing: standing() }))
    }

    /// WeChat has not taken up what it was asked for, so long after: it can be asked for again.
    pub(super) async fn note_unheard(
        &self,
        c: &mut AnyConnection,
        refund: &Refund,
        statement: &Statement,
        state: RefundState,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let is_unheard = self.standing.as_ref().is_some_and(|it| !is_on_its_way(it, now));
        let still = refund.state == RefundState::Abnormal && state == RefundState::Abnormal;
        if !is_unheard || !still || statement.is_notice {
            return Ok(());
        }
        let detail = format!("{} {STILL_ABNORMAL}", refund.out_refund_no);
        events::append(c, refund.order_id, now, EventKind::AbnormalRefused, Source::Query, &detail).await?;
        orders::touch(c, refund.order_id, now).await
    }
}

/// A notice that it is abnormal, of one that has been asked for and is under way, may be of before: WeChat repeats for a
/// day what was not acknowledged.
pub(super) fn is_old_news(refund: &Refund, statement: &Statement, state: RefundState) -> bool {
    statement.is_notice && state == RefundState::Abnormal && refund.state == RefundState::Processing
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, to, by } = self;
        write!(f, "{at:.0} {to} {by}")
    }
}
