use super::*;

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);

/// A budget with a clock, and everybody who has had a turn.
struct Town {
    budget: Budget,
    now: Duration,
    had: Vec<(Duration, Asker)>,
    placed: i64,
}

impl Town {
    fn new(setting: u32) -> Self {
        Self { budget: Budget::new(setting), now: SECOND, had: Vec::new(), placed: 0 }
    }

    fn enter(&mut self, asker: Asker, count: usize) {
        for _ in 0..count {
            self.placed += 1;
            let due = Timestamp::from_second(self.placed).expect("in range");
            self.budget.enter(asker, due, self.now);
        }
    }

    /// Gives what can be given; the calls end at once.
    fn serve(&mut self) -> usize {
        let before = self.had.len();
        while let Some(ticket) = self.budget.give(self.now) {
            self.had.push((self.now, ticket.asker()));
            self.budget.finish();
        }
        self.had.len() - before
    }

    /// Goes on in tenths of a second, with as many of each kind waiting all the time.
    fn live(&mut self, time: Duration, wanted: &[(Asker, usize)]) {
        let end = self.now + time;
        while self.now < end {
            for (asker, count) in wanted {
                let missing = count.saturating_sub(self.budget.waiting(*asker));
                self.enter(*asker, missing);
            }
            self.serve();
            self.now += TENTH;
        }
    }

    fn count(&self, asker: Asker) -> usize {
        self.had.iter().filter(|(_, it)| *it == asker).count()
    }

    /// Of a hundred turns.
    fn share(&self, asker: Asker) -> usize {
        (self.count(asker) * 100 + self.had.len() / 2) / self.had.len()
    }

    /// The most turns within any second.
    fn most(&self) -> usize {
        let within = |from: Duration| self.had.iter().filter(|(at, _)| *at >= from && *at < from + SECOND).count();
        self.had.iter().map(|(at, _)| within(*at)).max().unwrap_or_default()
    }
}

#[test]
fn no_second_has_more_than_the_limit_wherever_it_begins() {
    let mut town = Town::new(20);
    town.enter(Asker::Button, 120);
    town.live(10 * SECOND, &[(Asker::Page, 500), (Asker::Quiet, 12_000)]);
    assert_eq!(town.most(), 20);
    assert_eq!(town.had.len(), 200, "and none less while somebody waits");
}

#[test]
fn while_all_want_more_each_kind_has_its_share_and_people_have_the_rest() {
    let mut town = Town::new(20);
    let all = [(Asker::Page, 100), (Asker::Ending, 100), (Asker::Refund, 100), (Asker::Quiet, 100)];
    town.live(100 * SECOND, &all);
    assert_eq!(all.map(|(asker, _)| town.share(asker)), [55, 25, 10, 10]);
}

#[test]
fn buttons_come_first_and_nobody_starves_for_it() {
    let mut town = Town::new(20);
    let kinds = [Asker::Button, Asker::Page, Asker::Ending, Asker::Refund, Asker::Quiet];
    town.live(100 * SECOND, &kinds.map(|asker| (asker, 100)));
    assert_eq!(kinds.map(|asker| town.share(asker)), [30, 25, 25, 10, 10]);
}

#[test]
fn what_a_kind_does_not_use_goes_to_the_others() {
    let mut town = Town::new(20);
    town.live(10 * SECOND, &[(Asker::Quiet, 100)]);
    assert_eq!(town.count(Asker::Quiet), 200);
    let mut town = Town::new(20);
    town.live(10 * SECOND, &[(Asker::Page, 100), (Asker::Refund, 1)]);
    assert!(town.count(Asker::Refund) >= 10, "one at a time, and none waits for longer than its share has it");
    assert_eq!(town.had.len(), 200);
}

#[test]
fn shares_hold_for_a_limit_of_one_a_second() {
    let mut town = Town::new(1);
    let all = [(Asker::Page, 9), (Asker::Ending, 9), (Asker::Refund, 9), (Asker::Quiet, 9)];
    town.live(1_000 * SECOND, &all);
    assert_eq!(all.map(|(asker, _)| town.share(asker)), [55, 25, 10, 10]);
}

#[test]
fn of_one_kind_the_longest_due_comes_first_and_of_the_rest_too() {
    let mut budget = Budget::new(20);
    let at = |second| Timestamp::from_second(second).expect("in range");
    for (asker, due) in [(Asker::Quiet, 7), (Asker::Ending, 9), (Asker::Quiet, 3), (Asker::Refund, 5)] {
        budget.enter(asker, at(due), SECOND);
    }
    let order: Vec<_> = std::iter::from_fn(|| budget.give(SECOND)).map(|ticket| ticket.due.as_second()).collect();
    assert_eq!(order, [3, 5, 7, 9]);
}

#[test]
fn whoever_leaves_takes_no_turn_and_a_turn_given_back_is_somebody_elses() {
    let mut budget = Budget::new(2);
    let due = Timestamp::UNIX_EPOCH;
    let first = budget.enter(Asker::Page, due, SECOND);
    let second = budget.enter(Asker::Page, due, SECOND);
    let third = budget.enter(Asker::Page, due, SECOND);
    budget.leave(first);
    assert_eq!(budget.give(SECOND), Some(second));
    assert_eq!(budget.give(SECOND), Some(third));
    budget.enter(Asker::Button, due, SECOND);
    assert_eq!(budget.give(SECOND), None);
    budget.give_back(Asker::Page);
    assert_eq!(budget.give(SECOND).map(Ticket::asker), Some(Asker::Button));
}

#[test]
fn a_refusal_halves_the_limit_and_it_comes_back_slowly() {
    let mut town = Town::new(20);
    // The answers to what was asked together.
    for _ in 0..20 {
        town.budget.refused(town.now);
    }
    assert_eq!(town.budget.limit(), 10);
    town.live(2 * SECOND, &[(Asker::Quiet, 100)]);
    assert_eq!(town.most(), 10);
    for _ in 0..10 {
        town.budget.refused(town.now);
        town.now += 3 * SECOND;
    }
    assert_eq!(town.budget.limit(), 1, "never nothing at all");
    town.live(40 * SECOND, &[(Asker::Quiet, 1)]);
    assert!((5..=11).contains(&town.budget.limit()), "{}", town.budget.limit());
    town.live(100 * SECOND, &[(Asker::Quiet, 1)]);
    assert_eq!(town.budget.limit(), 20);
}

#[test]
fn instances_divide_the_limit() {
    let mut budget = Budget::new(20);
    budget.divide_by(3);
    assert_eq!(budget.limit(), 6);
    budget.divide_by(100);
    assert_eq!(budget.limit(), 1);
    budget.divide_by(0);
    assert_eq!(budget.limit(), 20);
}

#[test]
fn what_is_slow_over_there_is_not_asked_more_and_more() {
    let mut budget = Budget::new(20);
    let mut now = SECOND;
    let mut under_way = 0;
    for _ in 0..10 {
        for _ in 0..20 {
            budget.enter(Asker::Page, Timestamp::UNIX_EPOCH, now);
        }
        under_way += std::iter::from_fn(|| budget.give(now)).count();
        now += SECOND;
    }
    assert_eq!(under_way, 32, "no answer has come");
    assert_eq!(budget.pause(now), None, "time changes nothing about it");
    assert_eq!(budget.room(Asker::Ending, 0, now), 0);
    budget.finish();
    assert_eq!(std::iter::from_fn(|| budget.give(now)).count(), 1);
}

#[test]
fn there_is_room_for_as_many_as_would_have_their_turn_soon() {
    let mut town = Town::new(20);
    assert_eq!(town.budget.room(Asker::Quiet, 0, town.now), 20);
    assert_eq!(town.budget.room(Asker::Quiet, 15, town.now), 5);
    assert_eq!(town.budget.room(Asker::Quiet, 100, town.now), 2, "its share");
    town.enter(Asker::Page, 8);
    assert_eq!(town.budget.room(Asker::Quiet, 0, town.now), 12);
    town.enter(Asker::Page, 100);
    assert_eq!(town.budget.room(Asker::Quiet, 0, town.now), 2, "its share");
    assert_eq!(town.budget.room(Asker::Ending, 0, town.now), 5);
    town.enter(Asker::Ending, 5);
    assert_eq!(town.budget.room(Asker::Ending, 0, town.now), 0);
    town.serve();
    assert_eq!(town.budget.room(Asker::Refund, 0, town.now), 0, "nothing is left of this second");
    assert_eq!(town.budget.pause(town.now), Some(SECOND));
    town.now += Duration::from_millis(800);
    assert_eq!(town.budget.room(Asker::Refund, 0, town.now), 2, "soon");
}

#[test]
fn what_cannot_wait_counts_all_the_same() {
    let mut town = Town::new(4);
    town.budget.count(Asker::Certificates, town.now);
    town.enter(Asker::Page, 10);
    assert_eq!(town.serve(), 3);
}

#[test]
fn a_clock_that_is_set_back_gives_no_turn_later_than_a_second() {
    let mut town = Town::new(4);
    town.now = 100 * SECOND;
    town.enter(Asker::Page, 10);
    assert_eq!(town.serve(), 4);
    town.now = SECOND;
    assert_eq!(town.serve(), 4);
}
