//! Every built-in persona must hold together; every other text must be refused politely.
