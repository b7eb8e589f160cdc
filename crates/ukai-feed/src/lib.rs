//! Feeds: indicators rendered as what a device, a resolver or a reader takes.
