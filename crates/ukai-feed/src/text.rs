//! Lists of one value per line.

use crate::render::Body;
use crate::spec::FeedSpec;
use ukai_model::Indicator;

/// A comment line, then each value once.
pub(crate) fn body(feed: &FeedSpec, entries: &[&Indicator]) -> Body {
    let mut body = Body { text: format!("# ukai: {}\n", feed.description), ..Body::default() };
    let mut last = "";
    for entry in entries {
        let value = entry.observable.value.as_str();
        if value != last {
            body.text.push_str(value);
            body.text.push('\n');
            body.entries += 1;
            last = value;
        }
    }
    body
}
