//! One seed: a shop, a platform, and what happens between them, step by step.

mod trouble;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::Router;
use jiff::SignedDuration;
use saoma::{clock::Clock, entropy::Entropy};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    books::{Books, Reader},
    dice::Dice,
    forger::Callback,
    platform::{self, Line, Platform},
    rules::{self, Violation},
    shop::{Premises, Shop, folder},
    steps::{self, Lie, Step},
};

const NATIVE: &str = "/api/wx-pay/native/notify";
const REFUNDS: &str = "/api/wx-pay/refunds/notify";
/// Nothing that a shop does for somebody takes longer, unless it hangs.
const LIMIT: Duration = Duration::from_secs(20);
/// How long somebody waits for what another one is doing before he goes away.
const PATIENCE: Duration = Duration::from_millis(400);

/// What came of a seed.
pub struct Outcome {
    pub told: Vec<String>,
    pub violation: Option<Violation>,
    /// How often what happened.
    pub reached: BTreeMap<String, usize>,
}

pub async fn run(seed: u64, line: &Line, client: &reqwest::Client) -> Outcome {
    let mut scene = Scene::set(seed, line, client).await;
    let mut violation = None;
    let count = 30 + scene.dice.below(31);
    for _ in 0..count {
        if let Err(broken) = scene.step().await {
            violation = Some(broken);
            break;
        }
    }
    if violation.is_none() {
        violation = scene.come_to_an_end().await.err();
    }
    let reached = scene.reached();
    let Scene { shops, told, .. } = scene;
    for shop in shops {
        shop.crash().await.expect("ends");
    }
    Outcome { told, violation, reached }
}

pub struct Scene {
    /// The world's, and WeChat's.
    pub clock: Clock,
    /// The shop's, which may be wrong.
    pub shop_clock: Clock,
    /// Since then the heartbeats mend what lies ahead, for a while.
    pub has_jumped: bool,
    pub platform: Platform,
    pub shops: Vec<Shop>,
    /// As of the last step.
    pub books: Books,
    /// Every code that a shopper has seen.
    pub codes: Vec<String>,
    dice: Dice,
    line: Line,
    client: reqwest::Client,
    premises: Premises,
    reader: Reader,
    /// Attempts whose code nobody is fetching any more.
    given_up: BTreeSet<i64>,
    /// Transactions and refunds whose notification was acknowledged.
    acknowledged: BTreeSet<String>,
    told: Vec<String>,
    _folder: TempDir,
}

impl Scene {
    async fn set(seed: u64, line: &Line, client: &reqwest::Client) -> Self {
        let mut dice = Dice::new(seed);
        let folder = folder();
        let second = Clock::system().now().as_second();
        let clock = Clock::mock(jiff::Timestamp::from_second(second).expect("in range"));
        let shop_clock = Clock::mock(clock.now());
        let dir = folder.path().join("platform");
        let platform = Platform::open(&dir, line, &clock, Entropy::seeded(seed ^ 0x5a5a));
        if dice.percent(50) {
            platform.control("PUT", "/_sandbox/faults", &json!({ "refund_gap_seconds": 0 })).await;
        }
        let premises = Premises::new(folder.path(), &dir.join("credentials.env"), &shop_clock, Entropy::seeded(seed));
        let mut shops = vec![premises.open().await];
        if dice.percent(20) {
            // A second instance with the same books.
            shops.push(premises.open().await);
        }
        let mut reader = Reader::open(&premises.database).await;
        Self {
            books: reader.read().await,
            clock,
            shop_clock,
            has_jumped: false,
            platform,
            shops,
            codes: Vec::new(),
            dice,
            line: line.clone(),
            client: client.clone(),
            premises,
            reader,
            given_up: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            told: Vec::new(),
            _folder: folder,
        }
    }

    pub fn is_told(&self, transaction_id: &str) -> bool {
        self.acknowledged.contains(transaction_id)
    }

    /// One step and a look at the rules.
    async fn step(&mut self) -> Result<(), Violation> {
        let mut dice = self.dice.clone();
        let step = steps::draw(&mut dice, self);
        let way = dice.below(100);
        let beside = (way < 12).then(|| steps::draw_beside(&mut dice, self));
        let shop = dice.below(self.shops.len());
        let other = dice.below(self.shops.len());
        let moment = Duration::from_micros(u64::try_from(dice.below(4000)).expect("small"));
        self.dice = dice;
        match (way, beside) {
            (_, Some(beside)) if Self::can_be_cut_short(&step) => {
                self.tell(format!("{step:?} beside {beside:?}"));
                let (one, two) = (self.begin(&step, shop), self.begin(&beside, other));
                let (one, two) = tokio::join!(patient(one), patient(two));
                self.came_of(&step, one)?;
                self.came_of(&beside, two)?;
                self.line.calm().await;
            }
            (12..18, _) if Self::can_be_cut_short(&step) => {
                self.tell(format!("{step:?}, and a crash after {moment:?}"));
                let going = self.begin(&step, shop);
                tokio::time::sleep(moment).await;
                self.crash_and(shop, |_| ()).await;
                if let Some(Ok(answer)) = patient(going).await {
                    self.came_of(&step, Some(Ok(answer)))?;
                }
            }
            (18..24, _) if Self::can_be_cut_short(&step) => {
                self.tell(format!("{step:?}, and nobody waits for it after {moment:?}"));
                if let Some(going) = self.begin(&step, shop) {
                    tokio::time::sleep(moment).await;
                    going.task.abort();
                }
                self.line.calm().await;
            }
            _ => {
                self.tell(format!("{step:?}"));
                self.perform(step, shop).await?;
            }
        }
        self.look().await
    }

    fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    fn note(&mut self, what: &str) {
        if let Some(last) = self.told.last_mut() {
            last.push_str(" → ");
            last.push_str(what);
        }
    }

    fn can_be_cut_short(step: &Step) -> bool {
        !matches!(
            step,
            Step::Wait { .. }
                | Step::Fault { .. }
                | Step::HollowClose
                | Step::DenyRefunds
                | Step::Heal
                | Step::Crash
                | Step::ClockJumps { .. }
                | Step::ClockIsRight { .. }
                | Step::TaskPanics
                | Step::Check { .. }
        )
    }

    async fn perform(&mut self, step: Step, shop: usize) -> Result<(), Violation> {
        match &step {
            Step::Wait { seconds } => self.wait(*seconds).await,
            Step::Fault { patch } => drop(self.platform.control("PUT", "/_sandbox/faults", patch).await),
            Step::HollowClose => self.line.confirm_without_closing(1),
            Step::DenyRefunds => self.line.deny_refunds(true),
            Step::Heal => self.heal().await,
            Step::Crash => self.crash_and(shop, |_| ()).await,
            Step::ClockJumps { seconds, gone } => self.jump(*seconds, *gone).await?,
            Step::ClockIsRight { restarts, finds } => self.set_clock_right(shop, *restarts, *finds).await?,
            Step::TaskPanics => self.panic_over_an_order(shop).await?,
            Step::Check { .. } => {
                // Sooner it would only look at what somebody else has just found out.
                self.pass(3);
                let going = self.begin(&step, shop);
                let done = patient(going).await;
                self.came_of(&step, done)?;
            }
            _ => self.perform_simply(&step, shop).await?,
        }
        Ok(())
    }

    /// Begins it and waits for its end.
    async fn perform_simply(&mut self, step: &Step, shop: usize) -> Result<(), Violation> {
        let Some(mut going) = self.begin(step, shop) else { return self.came_of(step, None) };
        for _ in 0..LIMIT.as_millis() / PATIENCE.as_millis() {
            if let Ok(done) = tokio::time::timeout(PATIENCE, &mut going.task).await {
                return self.came_of(step, Some(done.map_err(|error| error.to_string())));
            }
            // Who waits for its turn to ask WeChat waits for time to go by, which no jump of a clock is.
            self.pass(1);
        }
        Err(format!("hangs: {step:?}"))
    }

    async fn wait(&mut self, seconds: i64) {
        self.pass(seconds);
        // Refunds end when somebody looks.
        self.platform.ledger().await;
    }

    async fn heal(&mut self) {
        self.platform.control("DELETE", "/_sandbox/faults", &Value::Null).await;
        self.line.confirm_without_closing(0);
        self.line.deny_refunds(false);
    }

    /// What is done `meanwhile` is done before it is started again.
    async fn crash_and(&mut self, shop: usize, meanwhile: impl FnOnce(&Self)) {
        self.shops.remove(shop).crash().await.expect("ends");
        self.line.calm().await;
        let books = self.reader.read().await;
        let fetching = books.attempts.iter().filter(|it| it.state == "PREPARING" && it.problem.is_none());
        self.given_up.extend(fetching.map(|it| it.id));
        meanwhile(self);
        self.shops.insert(shop, self.premises.open().await);
    }

    /// Begins what the shop has to do for a step.
    fn begin(&self, step: &Step, shop: usize) -> Option<Going> {
        let task = match (step, self.callback(step)) {
            (_, Some((path, callback))) => self.send(shop, path, callback),
            (Step::Pay { code_url }, _) => tokio::spawn(scan(self.platform.controls.clone(), code_url.clone(), "pay")),
            (Step::FailToPay { code_url }, _) => {
                tokio::spawn(scan(self.platform.controls.clone(), code_url.clone(), "fail"))
            }
            (Step::RefundInConsole { out_trade_no, amount }, _) => {
                let refund = json!({ "out_trade_no": out_trade_no, "amount": amount, "notice": "v3" });
                let controls = self.platform.controls.clone();
                tokio::spawn(async move {
                    let (status, answer) = platform::control(controls, "POST", "/_sandbox/refund", &refund).await;
                    format!("{status} {answer}")
                })
            }
            _ => self.shops[shop].spawn(steps::work(step, self, shop)?),
        };
        Some(Going { task })
    }

    /// The callback that a step delivers.
    fn callback(&self, step: &Step) -> Option<(&'static str, Callback)> {
        let (platform, now) = (&self.platform, self.clock.now());
        let forger = &platform.forger;
        let payment = |id: &str, content: &Value| forger.notify(id, "TRANSACTION.SUCCESS", content, now);
        let invented = |out_trade_no: &str, total: i64| {
            json!({
                "appid": forger.appid, "mchid": forger.mchid, "out_trade_no": out_trade_no,
                "transaction_id": format!("4200099{:021}", now.as_second()), "trade_type": "NATIVE",
                "trade_state": "SUCCESS", "success_time": now.to_string(),
                "amount": { "total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY" },
            })
        };
        match step {
            Step::TellPayment { transaction_id } => {
                let told = platform.told_payment(platform.payment(transaction_id)?);
                Some((NATIVE, payment(transaction_id, &told)))
            }
            Step::TellRefund { out_refund_no } => {
                let refund = platform.refunds.get(out_refund_no)?;
                let event = format!("REFUND.{}", refund.status);
                let id = format!("{}{}", refund.refund_id, refund.status);
                Some((REFUNDS, forger.notify(&id, &event, &platform.told_refund(refund), now)))
            }
            Step::Forge { lie } => {
                let id = Entropy::system().nonce();
                let mut told = match lie {
                    Lie::Amount { out_trade_no, total }
                    | Lie::Mchid { out_trade_no, total }
                    | Lie::Unpaid { out_trade_no, total } => invented(out_trade_no, *total),
                    Lie::UnknownOrder => invented("20260101000000NOBODYSNUMBER00000", 1),
                    Lie::Altered { transaction_id }
                    | Lie::Stale { transaction_id }
                    | Lie::OtherOrder { transaction_id, .. } => {
                        platform.told_payment(platform.payment(transaction_id)?)
                    }
                };
                match lie {
                    Lie::Mchid { .. } => told["mchid"] = json!("1600000000"),
                    Lie::Unpaid { .. } => told["trade_state"] = json!("NOTPAY"),
                    Lie::OtherOrder { out_trade_no, total, .. } => {
                        told["out_trade_no"] = json!(out_trade_no);
                        told["amount"]["total"] = json!(total);
                    }
                    _ => {}
                }
                let mut callback = payment(&id, &told);
                match lie {
                    Lie::Altered { .. } => callback.body.push(' '),
                    Lie::Stale { .. } => {
                        callback.headers = forger.sign(&callback.body, now - SignedDuration::from_mins(10));
                    }
                    _ => {}
                }
                Some((NATIVE, callback))
            }
            _ => None,
        }
    }

    fn send(&self, shop: usize, path: &str, callback: Callback) -> tokio::task::JoinHandle<String> {
        let request = self.client.post(format!("{}{path}", self.shops[shop].origin)).body(callback.body);
        let request = request.header("content-type", "application/json");
        let request = callback.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        tokio::spawn(async move {
            match request.send().await {
                Ok(answer) => answer.status().as_u16().to_string(),
                Err(_) => "no answer".to_owned(),
            }
        })
    }

    /// Notes what came of a step.
    fn came_of(&mut self, step: &Step, done: Option<Result<String, String>>) -> Result<(), Violation> {
        let answer = match done {
            None => "nothing".to_owned(),
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return Err(format!("{step:?}: {error}")),
        };
        self.note(&answer);
        match step {
            Step::TellPayment { transaction_id: told } | Step::TellRefund { out_refund_no: told }
                if answer == "200" =>
            {
                self.acknowledged.insert(told.clone());
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks at both sides' books and checks the rules.
    async fn look(&mut self) -> Result<(), Violation> {
        let mut books = self.reader.read().await;
        // What was acknowledged is there now, not a moment later (rule 4).
        self.acknowledged_is_booked(&books)?;
        self.platform.read();
        for _ in 0..400 {
            if !self.is_fetching(&books) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            books = self.reader.read().await;
            self.platform.read();
        }
        let mut held = rules::hold(&self.books, &books, &self.platform, &self.line);
        if held.is_err() {
            // Perhaps one side was read before the other one had caught up.
            self.line.calm().await;
            books = self.reader.read().await;
            self.platform.read();
            held = rules::hold(&self.books, &books, &self.platform, &self.line);
        }
        let unseen = |code: &&String| !self.codes.contains(code);
        let new: Vec<String> =
            books.attempts.iter().filter_map(|it| it.code_url.as_ref()).filter(unseen).cloned().collect();
        self.codes.extend(new);
        let fetching: Vec<i64> = self.fetching(&books).collect();
        self.given_up.extend(fetching);
        self.books = books;
        held
    }

    /// Attempts that have had no answer of any kind yet.
    fn fetching<'a>(&'a self, books: &'a Books) -> impl Iterator<Item = i64> + 'a {
        let waiting = books.attempts.iter().filter(|it| it.state == "PREPARING" && it.problem.is_none());
        waiting.map(|it| it.id).filter(|id| !self.given_up.contains(id))
    }

    fn is_fetching(&self, books: &Books) -> bool {
        // The first attempt of an order is fetched by who placed it, who has been waited for.
        self.fetching(books).any(|id| {
            let attempt = books.attempts.iter().find(|it| it.id == id);
            attempt.is_some_and(|it| books.attempts.iter().any(|other| other.order == it.order && other.id < id))
        })
    }

    fn acknowledged_is_booked(&self, books: &Books) -> Result<(), Violation> {
        for told in &self.acknowledged {
            let booked = books.payments.iter().any(|it| it.transaction_id == *told)
                || books.refunds.iter().any(|it| it.out_refund_no == *told && it.has_ended());
            if !booked {
                return Err(format!("{told} was acknowledged and is not in the books"));
            }
        }
        Ok(())
    }

    /// No more faults, nobody does anything any more, and time goes by: everything ends by itself.
    async fn come_to_an_end(&mut self) -> Result<(), Violation> {
        self.tell("the end".to_owned());
        self.heal().await;
        if self.is_clock_wrong() {
            self.perform(Step::ClockIsRight { restarts: false, finds: true }, 0).await?;
        }
        self.platform.read();
        // Money for a closed number is told, not found: WeChat goes on telling for a day.
        let hollow = self.platform.payments.iter().filter(|it| self.line.was_closed_hollowly(&it.out_trade_no));
        let hollow: Vec<String> = hollow.map(|it| it.transaction_id.clone()).collect();
        for transaction_id in hollow {
            self.perform(Step::TellPayment { transaction_id: transaction_id.clone() }, 0).await?;
            if !self.is_told(&transaction_id) {
                return Err(format!("the notification of {transaction_id} is not acknowledged"));
            }
        }
        for _ in 0..100 {
            self.bring_refunds_home().await;
            self.tell_of_refunds_elsewhere().await?;
            self.perform(Step::SweepOrders, 0).await?;
            self.perform(Step::SweepRefunds, 0).await?;
            self.look().await?;
            let is_untold = self.platform.refunds.values().any(|it| self.has_to_be_told(it));
            let Some(next) = self.books.next_due().or(is_untold.then_some(0)) else {
                let ledger = self.platform.ledger().await;
                return rules::agree(&self.books, &ledger);
            };
            let until = SignedDuration::from_millis(next - self.clock.now().as_millisecond());
            self.pass(until.as_secs().max(901));
            self.platform.ledger().await;
        }
        Err(format!("it never comes to an end: {:?}", self.books))
    }

    /// Made in the merchant console, or given up by the shop: nobody but WeChat tells it.
    fn has_to_be_told(&self, refund: &platform::Refund) -> bool {
        let number = &refund.out_refund_no;
        let is_given_up = || self.books.refunds.iter().any(|it| it.out_refund_no == *number && it.state == "REFUSED");
        (refund.is_from_console && !self.is_told(number)) || is_given_up()
    }

    /// Such ones that have ended: WeChat goes on telling.
    fn refunds_elsewhere(&self) -> Vec<String> {
        let ended = self.platform.refunds.values().filter(|it| it.status != "PROCESSING");
        ended.filter(|it| self.has_to_be_told(it)).map(|it| it.out_refund_no.clone()).collect()
    }

    async fn tell_of_refunds_elsewhere(&mut self) -> Result<(), Violation> {
        self.platform.ledger().await;
        self.platform.read();
        for out_refund_no in self.refunds_elsewhere() {
            self.perform(Step::TellRefund { out_refund_no }, 0).await?;
        }
        Ok(())
    }

    /// What the timelines tell, by kind and source.
    fn reached(&self) -> BTreeMap<String, usize> {
        let mut reached = BTreeMap::new();
        for event in &self.books.events {
            *reached.entry(format!("{} by {}", event.kind, event.source)).or_default() += 1;
        }
        let ways =
            ["Crash", "crash after", "beside", "nobody waits", "Fault", "→ 200", "→ 401", "→ 400", "→ 404", "→ 503"];
        let ways = ways.into_iter().chain(["ClockJumps", "ClockIsRight", "TaskPanics"]);
        for way in ways {
            *reached.entry(way.to_owned()).or_default() += self.told.iter().filter(|it| it.contains(way)).count();
        }
        reached
    }

    /// What hangs or has gone wrong is mended by hand, as it would be in the merchant console.
    async fn bring_refunds_home(&mut self) {
        self.platform.read();
        let hanging = self.platform.refunds.values().filter(|it| match it.status.as_str() {
            "PROCESSING" => !it.is_ending,
            status => status == "ABNORMAL",
        });
        for refund in hanging {
            let path = format!("/_sandbox/refunds/{}", refund.out_refund_no);
            self.platform.control("POST", &path, &json!({ "status": "SUCCESS" })).await;
        }
    }
}

/// Plays the phone.
async fn scan(controls: Router, code_url: String, action: &'static str) -> String {
    let scan = json!({ "code_url": code_url, "action": action });
    let (status, answer) = platform::control(controls, "POST", "/_sandbox/scan", &scan).await;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    format!("{status} {}", answer.get("code").or(answer.get("trade_state")).cloned().unwrap_or_default())
}

/// Something that somebody has begun.
struct Going {
    task: tokio::task::JoinHandle<String>,
}

/// What comes of it, if it comes soon; a crash makes it an error that means nothing.
async fn patient(going: Option<Going>) -> Option<Result<String, String>> {
    let mut task = going?.task;
    match tokio::time::timeout(PATIENCE, &mut task).await {
        Ok(Ok(answer)) => Some(Ok(answer)),
        Ok(Err(error)) if error.is_cancelled() => None,
        Ok(Err(error)) => Some(Err(error.to_string())),
        Err(_) => {
            task.abort();
            Some(Ok("did not wait for it".to_owned()))
        }
    }
}
