//! Protocol emulators as sessions without I/O: Telnet, HTTP, raw, and the shape they share.
