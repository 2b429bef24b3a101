//! What somebody sees of a page without JavaScript: its text, without what is hidden.

/// Elements that have no end.
const VOID: [&str; 8] = ["meta", "link", "input", "br", "img", "hr", "circle", "path"];
/// Elements whose text nobody sees.
const UNSEEN: [&str; 3] = ["head", "script", "style"];

/// The visible text, pieces put together by single spaces.
pub fn shown(html: &str) -> String {
    let mut pieces: Vec<&str> = Vec::new();
    // The open elements, and whether each hides what is in it.
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let text = rest[..start].trim();
        if !text.is_empty() && !open.iter().any(|(_, hides)| *hides) {
            pieces.push(text);
        }
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").expect("the end of a comment").1;
            continue;
        }
        let (tag, behind) = rest[1..].split_once('>').expect("the end of a tag");
        rest = behind;
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        if tag.starts_with('/') {
            let place = open.iter().rposition(|(opened, _)| *opened == name).expect("the beginning of an element");
            open.truncate(place);
        } else if name == "script" {
            rest = rest.split_once("</script>").expect("the end of a script").1;
        } else {
            let hidden = tag.split(' ').any(|part| part == "hidden" || part.starts_with("hidden="));
            open.push((name, hidden || UNSEEN.contains(&name)));
        }
    }
    pieces.join(" ")
}

#[test]
fn what_is_hidden_is_not_shown() {
    let html = "<!DOCTYPE html><html><head><title>no</title><meta charset=\"utf-8\"></head><body>\
                <p>one</p><!-- no --><div hidden><p>no<br>no</p></div><div class=\"hidden\">two<br/>three</div>\
                <script>if (a < b) { no }</script><p hidden=\"\">no</p><svg><path d=\"\"></path></svg></body></html>";
    // A void element's needless end is passed over like its beginning.
    assert_eq!(shown(html), "one two three");
}
