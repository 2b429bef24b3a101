//! Who gives a command, as the system has it: for the audit log, and no proof of anything.

use std::fs;

use crate::{
    backoffice::{Acted, staff::Actor},
    storage::events::Source,
};

/// The name of the process's effective user, or its number where the machine itself has no name for it. Not what the
/// environment says, which anybody sets.
pub(super) fn commander() -> Actor {
    let id = rustix::process::geteuid().as_raw();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    Actor::command_line(&name_of(id, &passwd).unwrap_or_else(|| id.to_string()))
}

/// The same, as a use case of orders wants it.
pub(super) fn acting() -> Acted {
    Acted { actor: commander(), source: Source::CommandLine }
}

/// `name:x:uid:…`, a line each.
fn name_of(id: u32, passwd: &str) -> Option<String> {
    let mut lines = passwd.lines().map(|line| line.split(':'));
    lines.find_map(|mut cells| {
        let (name, uid) = (cells.next()?, cells.nth(1)?);
        (uid.parse() == Ok(id)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_name_is_that_of_the_number() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\n# 1000\nshort\nshop:x:1000:1000:,,,:/home/shop:/bin/sh\n";
        assert_eq!([0, 1000, 7].map(|id| name_of(id, passwd)), [Some("root".into()), Some("shop".into()), None]);
    }
}
