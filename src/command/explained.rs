//! What an error code of WeChat's means, below the line that names it.

use std::io::{self, Write};

use crate::wechatpay::{Interface, explain_stored};

/// Nothing where there is no code.
pub(super) fn explain(
    code: &str,
    interface: Interface,
    request_id: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(explanation) = explain_stored(code, interface) else { return Ok(()) };
    let (zh, en, actor) = (explanation.chinese, explanation.english, explanation.actor);
    writeln!(out, "         {}。{}。（处理人：{}）", zh.cause, zh.remedy, actor.chinese())?;
    writeln!(out, "         {}. {}. (To act: {})", en.cause, en.remedy, actor.english())?;
    match request_id {
        Some(id) => writeln!(out, "         WeChat Pay's support finds it by Request-ID {id}"),
        None => Ok(()),
    }
}
