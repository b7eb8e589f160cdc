//! What one session may use up, with units, in one place. Budgets of connections, time and
//! bytes overall belong to whoever runs the sessions.

/// Payload of a `payload.first` that is kept, in bytes.
pub const PAYLOAD_BYTES: usize = 4_096;

/// Detail of a `service.request` that is kept, in bytes.
pub const DETAIL_BYTES: usize = 1_024;

/// Longest DNS answer in a datagram, in bytes (DNS flag day 2020).
pub const DNS_UDP_BYTES: u16 = 1_232;

/// Records of a DNS answer that are told, at most.
pub const DNS_ANSWERS_TOLD: usize = 16;

/// A DNS message that is not yet whole on a stream, in bytes, its length included.
pub const DNS_WAITING_BYTES: usize = 2 + 65_535;

/// Facts that one session tells before it only tells that there were more.
pub const FACTS: u32 = 10_000;

/// What a character generator sends on one connection, in bytes.
pub const CHARGEN_BYTES: usize = 1 << 20;

/// What it sends at once, in bytes.
pub const CHARGEN_BYTES_A_TICK: usize = 4 * 1_024;

/// Longest query of finger and of ident, in bytes; the rest is dropped.
pub const QUERY_BYTES: usize = 512;

/// Queries that are answered on one connection of ident.
pub const IDENT_QUERIES: u32 = 100;

/// Longest message of syslog on a stream, in bytes (RFC 5425 asks for 2,048 and suggests
/// 8,192).
pub const SYSLOG_BYTES: usize = 8 * 1_024;
/// Longest packet of MQTT, in bytes; a longer one ends the connection.
pub const MQTT_PACKET_BYTES: usize = 1024 * 1024;

/// Subscriptions of one client of MQTT.
pub const MQTT_SUBSCRIPTIONS: usize = 256;

/// Longest topic filter of MQTT, in bytes.
pub const MQTT_FILTER_BYTES: usize = 4 * 1024;

/// Messages that are retained for one client of MQTT.
pub const MQTT_RETAINED: usize = 256;

/// The same with their topics, in bytes.
pub const MQTT_RETAINED_BYTES: usize = 256 * 1024;

/// Retained messages that one client of MQTT is given altogether, in bytes.
pub const MQTT_RETAINED_SENT_BYTES: usize = 4 * 1024 * 1024;

/// Topic aliases of one client of MQTT: Mosquitto's `max_topic_alias`.
pub const MQTT_ALIASES: usize = 10;

/// Messages of QoS 2 that may wait for their release.
pub const MQTT_IN_FLIGHT: usize = 1_024;

/// Sessions that may stand in each other, as a proxy behind a proxy.
pub const NESTED_SESSIONS: usize = 4;

/// Longest greeting, log-in or request of SOCKS, in bytes.
pub const SOCKS_HEAD_BYTES: usize = 1_024;

/// Destinations that one peer's SOCKS datagrams may have.
pub const SOCKS_UDP_DESTINATIONS: usize = 32;

/// Longest message of STUN on a stream, in bytes.
pub const STUN_MESSAGE_BYTES: usize = 16 * 1024;

/// Longest message of a BitTorrent peer, in bytes: a piece of 128 KiB and its header.
pub const PEER_MESSAGE_BYTES: usize = 128 * 1024 + 16;

/// One thing that a conversation of data sends, in bytes; a longer one is cut.
pub const REPLY_BYTES: usize = 64 * 1024;

/// Longest message of a stream that a conversation of data looks at, in bytes.
pub const REPLY_BUFFER_BYTES: usize = 8 * 1024;

/// What a conversation of data sends altogether, in bytes.
pub const REPLY_SENT_BYTES: usize = 8 * 1024 * 1024;

/// Answers of a conversation of data that may wait for their time.
pub const REPLY_TIMERS: usize = 64;

/// Largest pattern of a rule when it is compiled, in bytes.
pub const REPLY_REGEX_BYTES: usize = 1024 * 1024;

/// Longest time that a rule may wait before it answers, in milliseconds.
pub const REPLY_AFTER_MS_MAX: u64 = 600_000;

/// Longest time between an answer and its repetition, in seconds.
pub const REPLY_REPEAT_SECS_MAX: u64 = 86_400;

/// Conversations of one set.
pub const REPLY_CONVERSATIONS: usize = 1_024;

/// Rules of one conversation.
pub const REPLY_RULES: usize = 64;

/// Longest line of a miner, in bytes.
pub const LINE_BYTES_OF_STRATUM: usize = 16 * 1024;

/// Shares of one miner that are told one by one; the others are counted.
pub const STRATUM_SHARES_TOLD: u64 = 16;

/// Longest message of RDP's beginning, in bytes.
pub const RDP_MESSAGE_BYTES: usize = 8 * 1024;

/// Longest cell of Tor that is taken, in bytes.
pub const TOR_CELL_BYTES: usize = 16 * 1024;

/// Longest message of SMB, in bytes.
pub const SMB_MESSAGE_BYTES: usize = 1024 * 1024 + 4_096;

/// What one request of SMB reads or writes, in bytes.
pub const SMB_IO_BYTES: usize = 1024 * 1024;

/// Files of one client of SMB altogether, in bytes.
pub const SMB_FILE_BYTES: usize = 16 * 1024 * 1024;

/// Zeros that writes of one client of SMB may leave behind the ends of its files, in bytes.
pub const SMB_GAP_BYTES: usize = 1024 * 1024;

/// Files of one client of SMB that are open at once, and that are kept.
pub const SMB_FILES: usize = 256;

/// Shares that one client of SMB connects to.
pub const SMB_TREES: usize = 64;

/// Longest line of IRC, its end included, in bytes (RFC 2812, 2.3), and what tags may add
/// (IRCv3).
pub const IRC_LINE_BYTES: usize = 512;

/// Longest line of IRC with tags, in bytes.
pub const IRC_TAGGED_LINE_BYTES: usize = 8_191;

/// Channels that one client is in.
pub const IRC_CHANNELS: usize = 50;

/// Names in one parameter of a message (`JOIN #a,#b`) that are answered.
pub const IRC_TARGETS: usize = 20;

/// Longest name of a channel, in bytes.
pub const IRC_CHANNEL_BYTES: usize = 64;

/// Longest nickname, in bytes.
pub const IRC_NICK_BYTES: usize = 30;

/// Masks in a channel's lists.
pub const IRC_BANS: usize = 50;

/// Longest key, and longest mask, of a channel, in bytes.
pub const IRC_MODE_BYTES: usize = 128;

/// What a script still has to say to one client.
pub const IRC_DUE: usize = 500;

/// What a client may have sent to it for the input of one call, in bytes; beyond, it is cut
/// off for flooding.
pub const IRC_ANSWER_BYTES: usize = 1 << 20;

/// Longest response of SASL, in bytes of base64.
pub const IRC_SASL_BYTES: usize = 4_096;

/// Longest message of LDAP, in bytes; a longer one ends the connection.
pub const LDAP_MESSAGE_BYTES: usize = 256 * 1_024;

/// Depth to which a filter of LDAP is told.
pub const LDAP_FILTER_DEPTH: usize = 16;

/// Longest suffix of a directory that is taken from what a client knows, in bytes.
pub const LDAP_SUFFIX_BYTES: usize = 256;

/// A request line and its headers, in bytes.
pub const HTTP_HEAD_BYTES: usize = 64 * 1024;

/// The word that begins a request, in bytes.
pub const HTTP_METHOD_BYTES: usize = 32;

/// Headers in a request.
pub const HTTP_HEADERS: usize = 100;

/// Body of a request that is kept, in bytes; more is counted, and thrown away.
pub const HTTP_BODY_BYTES: usize = 16 << 20;

/// A line that tells the size of a chunk, in bytes.
pub const HTTP_CHUNK_LINE_BYTES: usize = 256;

/// Trailers behind the last chunk, in bytes.
pub const HTTP_TRAILER_BYTES: usize = 8 * 1024;

/// Head of a request that is kept in its event, in bytes.
pub const HTTP_HEAD_RECORDED_BYTES: usize = 16 * 1024;

/// Body of a request that is kept in its event, in bytes.
pub const HTTP_BODY_RECORDED_BYTES: usize = 4_096;
/// Longest answer whose digest is told, in bytes; no page or file of ours is longer.
pub const HTTP_NAMED_BYTES_MAX: usize = 1 << 20;

/// Longest body in which a log-in is looked for, in bytes.
pub const HTTP_FORM_BYTES: usize = 64 * 1024;

/// Parts of a multipart body.
pub const HTTP_PARTS: usize = 32;

/// Headers of a request of HTTP/2, in bytes as RFC 9113, 6.5.2 counts them.
pub const HTTP2_HEAD_BYTES: usize = 32 * 1024;

/// Streams of HTTP/2 that are open at once on one connection.
pub const HTTP2_STREAMS: usize = 64;

/// Longest message of a WebSocket, in bytes.
pub const HTTP_WEBSOCKET_BYTES: usize = 1 << 20;
