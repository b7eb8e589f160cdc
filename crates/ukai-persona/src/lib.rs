//! Personas: what a host claims to be, read from data and made different for each address.
