//! What happens to the disk, drawn from a seed.

use std::time::Duration;

use crate::{
    chance::Chance,
    control::{ALWAYS, Fault},
    power::Unsynced,
};

#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// None where nothing but the power fails.
    pub fault: Option<Fault>,
    /// Of the calls that it could hit.
    pub share: u64,
    /// After the event before has been recovered from.
    pub after: Duration,
    pub lasts: Duration,
    pub end: End,
    pub seed: u64,
}

/// How it ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The disk is good again.
    Mended,
    /// That, once what has the files open was killed.
    Killed,
    PowerLost(Unsynced),
}

impl Event {
    pub const fn name(&self) -> &'static str {
        name_of(self.fault)
    }
}

const fn name_of(fault: Option<Fault>) -> &'static str {
    match fault {
        Some(fault) => fault.name(),
        None => "lost power",
    }
}

/// Each kind comes before any comes again; nothing but those of one `name`, if it is given.
pub fn draw(events: usize, name: Option<&str>, chance: &mut Chance) -> Vec<Event> {
    let mut plan = Vec::with_capacity(events);
    while plan.len() < events {
        let mut kinds: Vec<_> = Fault::ALL.into_iter().map(Some).chain([None]).collect();
        kinds.retain(|kind| name.is_none_or(|name| name == name_of(*kind)));
        assert!(!kinds.is_empty(), "no such fault");
        while !kinds.is_empty() && plan.len() < events {
            let next = usize::try_from(chance.below(kinds.len() as u64)).expect("small");
            plan.push(draw_one(kinds.swap_remove(next), chance));
        }
    }
    plan
}

fn draw_one(fault: Option<Fault>, chance: &mut Chance) -> Event {
    let share = chance.one_of(&[ALWAYS, ALWAYS, ALWAYS / 3, ALWAYS / 12]);
    // Once a program has started, it opens nothing more.
    let share = if fault == Some(Fault::OpenError) { share.max(ALWAYS / 3) } else { share };
    let end = match fault {
        None => chance.draw_loss(),
        // Who opens files is who starts.
        Some(Fault::OpenError) => End::Mended,
        Some(_) => match chance.below(5) {
            0 => chance.draw_loss(),
            1 => End::Killed,
            _ => End::Mended,
        },
    };
    let lasts = Duration::from_millis(if fault.is_some() { 50 + chance.below(1200) } else { 0 });
    let after = Duration::from_micros(chance.below(100_000));
    Event { fault, share, after, lasts, end, seed: chance.draw() }
}

impl Chance {
    const fn draw_loss(&mut self) -> End {
        let seed = self.draw();
        End::PowerLost(if self.below(3) == 0 { Unsynced::Torn(seed) } else { Unsynced::Gone })
    }
}
