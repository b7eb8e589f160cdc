//! Whether the first bytes of a connection are HTTP.

const METHODS: [&[u8]; 29] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"OPTIONS ",
    b"DELETE ",
    b"TRACE ",
    b"PATCH ",
    b"CONNECT ",
    b"PRI * HTTP/2.0",
    b"PROPFIND ",
    b"PROPPATCH ",
    b"MKCOL ",
    b"COPY ",
    b"MOVE ",
    b"LOCK ",
    b"UNLOCK ",
    b"SEARCH ",
    b"REPORT ",
    b"MERGE ",
    b"CHECKOUT ",
    b"NOTIFY ",
    b"SUBSCRIBE ",
    b"M-SEARCH ",
    b"BCOPY ",
    b"BMOVE ",
    b"POLL ",
    b"RPC_IN_DATA ",
    b"RPC_OUT_DATA ",
];

/// Whether bytes begin as a request does: a method of HTTP or WebDAV, or the preface of
/// HTTP/2.
pub fn looks_like_http(bytes: &[u8]) -> bool {
    METHODS.iter().any(|method| bytes.starts_with(method))
}

#[cfg(test)]
mod tests {
    use super::looks_like_http;

    #[test]
    fn requests_are_told_from_other_first_words() {
        for yes in ["GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM", "PROPFIND /", "CONNECT a:1"] {
            assert!(looks_like_http(yes.as_bytes()), "{yes}");
        }
        for no in ["", "GET", "get / ", "HELO x", "SSH-2.0-x", "USER x", "\u{16}\u{3}"] {
            assert!(!looks_like_http(no.as_bytes()), "{no}");
        }
    }
}
