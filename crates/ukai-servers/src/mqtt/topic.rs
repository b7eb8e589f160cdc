//! Topic names and filters (MQTT 5.0, 4.7).

/// Whether messages may be published under this name.
pub(super) fn is_name(topic: &[u8]) -> bool {
    !topic.is_empty() && !topic.iter().any(|byte| matches!(byte, b'+' | b'#' | 0))
}

/// Whether this is a filter that can be subscribed to.
pub(super) fn is_filter(filter: &[u8]) -> bool {
    if filter.is_empty() || filter.contains(&0) {
        return false;
    }
    let mut levels = filter.split(|byte| *byte == b'/').peekable();
    while let Some(level) = levels.next() {
        let last = levels.peek().is_none();
        let wild = level.iter().any(|byte| matches!(byte, b'+' | b'#'));
        if wild && level != b"+" && !(level == b"#" && last) {
            return false;
        }
    }
    true
}

/// Whether a message of this name is meant by the filter.
pub(super) fn matches(filter: &[u8], topic: &[u8]) -> bool {
    let system = topic.first() == Some(&b'$');
    if system && matches!(filter.first(), Some(b'+' | b'#')) {
        return false;
    }
    let mut names = topic.split(|byte| *byte == b'/');
    for level in filter.split(|byte| *byte == b'/') {
        if level == b"#" {
            return true;
        }
        match names.next() {
            Some(name) if level == b"+" || level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

/// The filter of a shared subscription (`$share/group/filter`, 4.8.2), or the filter itself.
pub(super) fn unshared(filter: &[u8]) -> &[u8] {
    filter
        .strip_prefix(b"$share/")
        .and_then(|rest| rest.iter().position(|byte| *byte == b'/').map(|at| &rest[at + 1..]))
        .unwrap_or(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_standard_says() {
        for (filter, topic, meant) in [
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/+", "a", false),
            ("a/+", "a/b", true),
            ("a/+", "a/b/c", false),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(filter.as_bytes(), topic.as_bytes()), meant, "{filter} {topic}");
        }
    }

    #[test]
    fn wildcards_stand_alone() {
        for (filter, good) in [
            ("#", true),
            ("a/#/b", false),
            ("a#", false),
            ("a/+b", false),
            ("+/a/#", true),
            ("", false),
        ] {
            assert_eq!(is_filter(filter.as_bytes()), good, "{filter}");
        }
        assert!(!is_name(b"a/+"));
        assert_eq!(unshared(b"$share/g/a/b"), b"a/b");
        assert_eq!(unshared(b"$share"), b"$share");
    }
}
