//! Where the keyboard is, when what it was on has gone.

use leptos::{html, prelude::*};

pub fn focus(heading: NodeRef<html::H2>) {
    if let Some(heading) = heading.get_untracked() {
        heading.focus().ok();
    }
}

/// The button that somebody has just pressed may go with its stage: then the keyboard would start over at the top
/// of the page, and a screen reader would say nothing.
pub fn rescue_focus(heading: NodeRef<html::H2>) {
    request_animation_frame(move || {
        let focused = document().active_element();
        let is_gone =
            focused.is_none_or(|it| it.tag_name() == "BODY" || it.closest("[hidden]").is_ok_and(|it| it.is_some()));
        if is_gone {
            focus(heading);
        }
    });
}
