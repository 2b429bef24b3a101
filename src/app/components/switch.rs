use leptos::prelude::*;

use crate::app::{
    language::{self, Language},
    words::Frame,
};

/// The way to the other language, in its own words; from there it leads `back`. A form, so that it works everywhere and nothing but a click
/// follows it. `is_answer`: the page is the answer to a form, and its own address leads nowhere.
#[component]
pub fn Switch(language: Language, back: String, #[prop(optional)] is_answer: bool) -> impl IntoView {
    let (other, words) = (language.other(), Frame::of(language));
    view! {
        <form class="site-header__language" method="post" action=language::SWITCH>
            <input type="hidden" name="to" value=other.tag()/>
            <input type="hidden" name="back" value=back/>
            {is_answer.then(|| view! { <input type="hidden" name="answer" value="1"/> })}
            <button type="submit" class="button--link">
                <span class="visually-hidden">{words.switch}</span>
                <span lang=other.tag()>{other.name()}</span>
            </button>
        </form>
    }
}
