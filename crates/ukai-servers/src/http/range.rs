//! Parts of files, and files that the client has already (RFC 9110, 13 and 14).

use super::answer::Answer;
use super::request::Request;

/// Turns the answer into a part of it, or into none, if that is asked for.
pub(super) fn apply(request: &Request<'_>, mut answer: Answer) -> Answer {
    if !answer.file || answer.status != 200 {
        return answer;
    }
    let tag = format!("\"{:x}-{:08x}\"", answer.body.len(), crc32fast::hash(&answer.body));
    if let Some(known) = request.header("if-none-match")
        && (known == b"*" || memchr::memmem::find(known, tag.as_bytes()).is_some())
    {
        return Answer::empty(304).with("ETag", tag);
    }
    let current = request.header("if-range").is_none_or(|known| known == tag.as_bytes());
    let range = request.header("range").filter(|_| current && request.method == "GET");
    answer = answer.with("ETag", tag).with("Accept-Ranges", "bytes");
    let Some(range) = range else { return answer };
    let length = answer.body.len();
    match part(range, length) {
        // What cannot be understood is not there.
        Part::Whole => answer,
        Part::Beyond => Answer::error(416).with("Content-Range", format!("bytes */{length}")),
        Part::Bytes(start, end) => {
            answer.body = answer.body.slice(start..end);
            answer.status = 206;
            answer.with("Content-Range", format!("bytes {start}-{}/{length}", end - 1))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The file, since no part is asked for that can be understood.
    Whole,
    /// From the first up to before the second.
    Bytes(usize, usize),
    /// The file does not reach there.
    Beyond,
}

/// The part that a single range asks for. Several at once may be answered with the whole.
fn part(range: &[u8], length: usize) -> Part {
    let Some((first, last)) = std::str::from_utf8(range)
        .ok()
        .and_then(|range| range.trim().strip_prefix("bytes=")?.split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<usize>();
    match (number(first), number(last)) {
        (Err(_), Ok(count)) if first.trim().is_empty() && count.min(length) == 0 => Part::Beyond,
        (Err(_), Ok(count)) if first.trim().is_empty() => {
            Part::Bytes(length - count.min(length), length)
        }
        (Ok(start), Err(_)) if last.trim().is_empty() && start < length => {
            Part::Bytes(start, length)
        }
        (Ok(start), Ok(end)) if start <= end && start < length => {
            Part::Bytes(start, end.saturating_add(1).min(length))
        }
        (Ok(start), Ok(end)) if start <= end => Part::Beyond,
        (Ok(_), Err(_)) if last.trim().is_empty() => Part::Beyond,
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, part};

    #[test]
    fn ranges_are_those_of_the_standard() {
        for (range, read) in [
            ("bytes=0-0", Part::Bytes(0, 1)),
            ("bytes=2-", Part::Bytes(2, 10)),
            ("bytes=2-99", Part::Bytes(2, 10)),
            ("bytes=-3", Part::Bytes(7, 10)),
            ("bytes=-99", Part::Bytes(0, 10)),
            ("bytes=-0", Part::Beyond),
            ("bytes=10-", Part::Beyond),
            ("bytes=10-12", Part::Beyond),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=99999999999999999999-", Part::Whole),
            ("bytes=0-18446744073709551615", Part::Bytes(0, 10)),
            ("lines=1-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
        ] {
            assert_eq!(part(range.as_bytes(), 10), read, "{range}");
        }
        for range in ["bytes=0-", "bytes=0-5", "bytes=-5"] {
            assert_eq!(part(range.as_bytes(), 0), Part::Beyond, "{range} of nothing");
        }
    }
}
