use leptos::{html, prelude::*};

/// Words that may change. A browser that translates a page puts elements of its own in the place of its texts, and
/// whoever goes on writing into the text that was there before writes where nobody reads. So whatever is in the
/// element goes when the words change, and the translator begins anew.
#[component]
pub fn Live(words: Signal<String>) -> impl IntoView {
    let place = NodeRef::<html::Span>::new();
    Effect::new(move |shown: Option<String>| {
        let now = words.get();
        if shown.is_some_and(|shown| shown != now)
            && let Some(place) = place.get_untracked()
        {
            place.set_text_content(Some(&now));
        }
        now
    });
    view! { <span node_ref=place>{words.get_untracked()}</span> }
}
