//! One JSON document with an indicator per line, so that it can be compared by lines.

use crate::render::Body;
use crate::row::Row;
use crate::spec::FeedSpec;
use ukai_model::Indicator;

/// Version of the document's form.
const VERSION: u32 = 1;

/// `{"version", "feed", "description", "indicators": [...]}`.
pub(crate) fn body(feed: &FeedSpec, entries: &[&Indicator]) -> Body {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut body = Body {
        text: format!(
            "{{\"version\":{VERSION},\"feed\":{},\"description\":{},\"indicators\":[",
            quoted(feed.name),
            quoted(feed.description)
        ),
        ..Body::default()
    };
    for entry in entries {
        body.text.push_str(if body.entries == 0 { "\n" } else { ",\n" });
        let row = serde_json::to_string(&Row::new(entry)).expect("strings and numbers serialise");
        body.text.push_str(&row);
        body.entries += 1;
    }
    body.text.push_str("\n]}\n");
    body
}
