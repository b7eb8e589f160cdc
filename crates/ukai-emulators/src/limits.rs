//! What one session may use up, in one place. Budgets of connections, time and bytes
//! overall are the driver's.

/// Longest user name or password that a log-in reads, in bytes; the rest is dropped.
pub const LOGIN_LINE_BYTES: usize = 512;

/// Longest line of a vendor's command line interface, in bytes.
pub const LADDER_LINE_BYTES: usize = 8 * 1024;

/// Input kept while a log-in is being refused, in bytes.
pub const LOGIN_TYPE_AHEAD_BYTES: usize = 4 * 1024;

/// Empty user names after which a log-in gives up.
pub const EMPTY_LOGINS: u32 = 10;

/// Log-in screen kept for the recording, in bytes.
pub const LOGIN_SCREEN_BYTES: usize = 4 * 1024;

/// Longest Telnet subnegotiation that is kept, in bytes; the rest is dropped.
pub const SUBNEGOTIATION_BYTES: usize = 512;

/// Telnet option commands that are answered in one session; further ones are ignored.
pub const OPTION_ANSWERS: u32 = 256;

/// Option commands that make up a Telnet client's fingerprint.
pub const FINGERPRINT_COMMANDS: usize = 64;

/// Longest request line and headers of an HTTP request, in bytes.
pub const HTTP_HEAD_BYTES: usize = 33 * 1024;

/// Most header lines of an HTTP request.
pub const HTTP_HEADERS: usize = 100;

/// Largest body of an HTTP request, in bytes.
pub const HTTP_BODY_BYTES: usize = 16 << 20;

/// Longest line of a chunked body's framing, in bytes.
pub const HTTP_CHUNK_LINE_BYTES: usize = 256;

/// Trailer lines of a chunked body, in bytes altogether.
pub const HTTP_TRAILER_BYTES: usize = 8 * 1024;

/// Requests on one HTTP connection.
pub const HTTP_REQUESTS: u32 = 1_000;

/// Requests that wait while one of them is being answered, in bytes.
pub const HTTP_PIPELINE_BYTES: usize = 256 * 1024;

/// Bodies without a file's marks are kept as samples from this size on, in bytes.
pub const HTTP_PLAIN_SAMPLE_BYTES_MIN: usize = 64;

/// Body bytes that an `http.request` event carries.
pub const HTTP_BODY_RECORDED_BYTES: usize = 4_096;

/// Files taken out of one multipart body.
pub const HTTP_PARTS: usize = 32;

/// Fields read from one query or form.
pub const HTTP_FIELDS: usize = 256;

/// Longest shell line taken out of a request, in bytes.
pub const INJECTED_LINE_BYTES: usize = 16 * 1024;

/// How long an injected line may run before the page is sent without the rest, in
/// milliseconds.
pub const INJECTED_WAIT_MS: u64 = 20_000;

/// Shell output that a page shows, in bytes.
pub const INJECTED_OUTPUT_BYTES: usize = 1 << 20;

/// Injected lines that are run in one connection.
pub const INJECTED_LINES: u32 = 32;

/// Longest message of a PostgreSQL client that is read, in bytes; a longer one is dropped.
pub const POSTGRES_MESSAGE_BYTES: usize = 4 << 20;

/// Messages of a PostgreSQL client that wait while one is being answered, in bytes.
pub const POSTGRES_WAITING_BYTES: usize = POSTGRES_MESSAGE_BYTES + (64 << 10);

/// What a PostgreSQL client is let in for, in milliseconds (`authentication_timeout`).
pub const POSTGRES_LOGIN_MS: u64 = 60_000;

/// Tables, large objects, prepared statements of one PostgreSQL session, each.
pub const POSTGRES_OBJECTS: usize = 256;

/// Tables and large objects of one PostgreSQL session together, in bytes.
pub const POSTGRES_DATA_BYTES: usize = 4 << 20;

/// Longest value in PostgreSQL, in bytes.
pub const POSTGRES_VALUE_BYTES: usize = POSTGRES_DATA_BYTES;

/// Longest that a PostgreSQL session sleeps at a statement, in milliseconds.
pub const POSTGRES_SLEEP_MS: u64 = 60_000;

/// Statements of one PostgreSQL query.
pub const POSTGRES_STATEMENTS: usize = 200;

/// Parentheses and the like within each other in SQL.
pub const POSTGRES_SQL_DEPTH: usize = 64;

/// Operators of one SQL statement.
pub const POSTGRES_SQL_OPERATORS: usize = 400;

/// Words of a query of PostgreSQL that are read; one with more is refused.
pub const POSTGRES_SQL_TOKENS: usize = 250_000;

/// Settings that a PostgreSQL session changes or makes up.
pub const POSTGRES_SETTINGS: usize = 500;

/// Answers of one PostgreSQL query, in bytes; what would be longer ends in an error.
pub const POSTGRES_ANSWER_BYTES: usize = 16 << 20;

/// Payload kept of a flow for which no emulator speaks, in bytes.
pub const PAYLOAD_BYTES: usize = 1 << 20;

/// Payload that an event carries, in bytes; a longer one is a sample.
pub const PAYLOAD_RECORDED_BYTES: usize = 4_096;

/// Silence after which a first payload is taken for whole, in milliseconds.
pub const PAYLOAD_QUIET_MS: u64 = 1_500;

/// Silence after which a request that is refused anyway is answered although its head is
/// not whole, in milliseconds.
pub const REFUSED_QUIET_MS: u64 = 300;

/// Silence after which a server speaks first where its port says so, in milliseconds.
pub const DETECT_SILENCE_MS: u64 = 1_200;

/// Bytes that are looked at to recognise a protocol.
pub const RECOGNISE_BYTES: usize = 512;

/// FTP commands, POP3, IMAP and SMTP requests of one session that are recorded.
pub const REQUESTS_RECORDED: u32 = 200;

/// What a client's request says, in an event, in bytes.
pub const REQUEST_DETAIL_BYTES: usize = 1_024;

/// Commands that wait while a service is busy, in bytes; the rest is dropped.
pub const COMMANDS_WAITING_BYTES: usize = 64 * 1024;

/// Largest file taken by FTP or TFTP, in bytes; the rest is read and dropped.
pub const UPLOAD_BYTES: usize = 16 << 20;

/// Files uploaded in one session that are kept.
pub const UPLOADS: u32 = 64;

/// How long FTP waits for its data connection, in milliseconds.
pub const FTP_DATA_WAIT_MS: u64 = 60_000;

/// Names listed of one directory, in one answer.
pub const LISTED_NAMES: usize = 10_000;

/// Time that TFTP waits for an acknowledgement unless told otherwise, in milliseconds.
pub const TFTP_WAIT_MS: u64 = 1_000;

/// Times that TFTP sends a block again.
pub const TFTP_RETRIES: u32 = 5;

/// Largest block of TFTP, in bytes (RFC 2348), as an Ethernet frame holds it.
pub const TFTP_BLOCK_BYTES: usize = 1_428;

/// Largest window of TFTP, in blocks (RFC 7440). One, so that an address that was forged
/// is sent no more than it is worth.
pub const TFTP_WINDOW: u64 = 1;

/// Longest SMTP command line, in bytes (Postfix' `line_length_limit`).
pub const SMTP_LINE_BYTES: usize = 2_048;

/// Recipients of one mail that are accepted (Postfix' `smtpd_recipient_limit`).
pub const MAIL_RECIPIENTS: u64 = 1_000;

/// Recipients of one mail that an event names.
pub const MAIL_RECIPIENTS_RECORDED: usize = 100;

/// Mails of one session that are kept; further ones are accepted and counted.
pub const MAILS_KEPT: u32 = 50;

/// Longest mail address, in bytes.
pub const MAIL_ADDRESS_BYTES: usize = 1_024;

/// Longest POP3 or IMAP command line before the log-in, in bytes (Dovecot's
/// `MAX_INBUF_SIZE` of its log-in processes is 4 KiB).
pub const MAILBOX_LINE_BYTES: usize = 4_096;

/// Time without a command after which POP3 and IMAP hang up before the log-in, in
/// milliseconds.
pub const MAILBOX_LOGIN_WAIT_MS: u64 = 180_000;

/// Input of an SSH channel that waits for the program on it, in bytes; a client that
/// keeps to its window never has more on its way.
pub const SSH_INPUT_BYTES: usize = 4 << 20;

/// Output of one SSH connection's channels that waits for the client, in bytes; the rest is
/// dropped.
pub const SSH_OUTPUT_BYTES: usize = 16 << 20;

/// What a piece of waiting input or output counts beside its bytes, in bytes.
pub const SSH_PIECE_BYTES: usize = 64;

/// Variables that an SSH channel takes over from its client.
pub const SSH_VARIABLES: usize = 128;

/// Names and values of those variables together, in bytes.
pub const SSH_VARIABLE_BYTES: usize = 64 * 1024;

/// Emulated services behind one SSH connection, at once.
pub const SSH_TUNNELS: usize = 16;

/// Events about requests and tunnels in one SSH connection.
pub const SSH_REQUESTS_RECORDED: u32 = 1_000;

/// Longest list of a client's algorithms that is recorded, in bytes: OpenSSH's have 1,300.
pub const SSH_KEXINIT_BYTES: usize = 8 * 1024;

/// Bytes of a request's detail that an event carries.
pub const SSH_DETAIL_BYTES: usize = 1_024;

/// Largest file of authorised keys that is read, in bytes.
pub const SSH_KEY_FILE_BYTES: usize = 64 * 1024;

/// Hosts whose SSH keys are kept in memory.
pub const SSH_HOSTS: usize = 4_096;

/// Longest SFTP packet, in bytes: SFTP_MAX_MSG_LENGTH of OpenSSH.
pub const SFTP_PACKET_BYTES: usize = 256 * 1024;

/// Bytes read at once through SFTP: SFTP_MAX_READ_LENGTH of OpenSSH.
pub const SFTP_READ_BYTES: usize = SFTP_PACKET_BYTES - 1_024;

/// Files and directories open at once on an SFTP channel: what `sftp-server` says with
/// 1,024 descriptors.
pub const SFTP_HANDLES: usize = 1_019;

/// Events about files on one SFTP channel.
pub const SFTP_EVENTS: u32 = 5_000;

/// Answers after which an SFTP server waits until they are taken, in bytes.
pub const SFTP_ANSWER_BYTES: usize = 512 * 1024;

/// Longest MySQL packet before the log-in, in bytes.
pub const MYSQL_HANDSHAKE_BYTES: usize = 64 * 1024;

/// Longest MySQL command, in bytes (MariaDB's `max_allowed_packet`).
pub const MYSQL_PACKET_BYTES: usize = 16 << 20;

/// Time that a MySQL client has for its log-in, in milliseconds (`connect_timeout`).
pub const MYSQL_LOGIN_WAIT_MS: u64 = 10_000;

/// Longest sleep that SQL can ask for, in milliseconds.
pub const MYSQL_SLEEP_MS: u64 = 300_000;

/// Statements of one MySQL command.
pub const MYSQL_STATEMENTS: usize = 1_000;

/// Tokens of one SQL statement.
pub const MYSQL_TOKENS: usize = 100_000;

/// Operands worked out for one SQL statement.
pub const MYSQL_STEPS: usize = 500_000;

/// Depth of an SQL expression.
pub const MYSQL_DEPTH: usize = 48;

/// Longest value of SQL, and longest result, in bytes.
pub const MYSQL_VALUE_BYTES: usize = 16 << 20;

/// What the tables of one MySQL session hold, and what its variables hold, in bytes each.
pub const MYSQL_STORED_BYTES: usize = 24 << 20;

/// Databases and tables that one MySQL session makes.
pub const MYSQL_TABLES: usize = 256;

/// Columns of a table.
pub const MYSQL_COLUMNS: usize = 128;

/// Rows of a table.
pub const MYSQL_ROWS: usize = 4_096;

/// Variables that one MySQL session sets.
pub const MYSQL_VARIABLES: usize = 256;

/// Functions that one MySQL session makes of shared objects.
pub const MYSQL_FUNCTIONS: usize = 64;

/// Hosts whose last MySQL connection ids are kept in memory.
pub const MYSQL_HOSTS: usize = 4_096;

/// What a peer may keep in its Redis, in bytes, with what each element costs.
pub const REDIS_STORE_BYTES: usize = 2 << 20;

/// Peers whose Redis is kept in memory.
pub const REDIS_PEERS: usize = 256;

/// What those hold together, in bytes; the one not used for longest goes first.
pub const REDIS_STORES_BYTES: usize = 64 << 20;

/// Arguments of one Redis command, in bytes with what each costs; a longer command is read
/// and refused as if memory had run out.
pub const REDIS_COMMAND_BYTES: usize = 2 << 20;

/// Longest inline request of Redis, and longest count, in bytes (its `PROTO_INLINE_MAX_SIZE`).
pub const REDIS_INLINE_BYTES: usize = 64 * 1024;

/// Answers to what came at once, in bytes; who asks for more is cut off.
pub const REDIS_OUTPUT_BYTES: usize = 8 << 20;

/// Bytes of stored data that may be looked at for what came at once.
pub const REDIS_WORK: usize = 256 << 20;

/// Commands that wait for `EXEC`.
pub const REDIS_QUEUED: usize = 4_096;

/// Channels and patterns that a client of Redis listens to.
pub const REDIS_CHANNELS: usize = 1_024;

/// Longest pattern of `KEYS` and the like that is matched, in bytes.
pub const REDIS_PATTERN_BYTES: usize = 1_024;

/// Elements of a Lua table that a script's answer has.
pub const REDIS_SCRIPT_ELEMENTS: usize = 256;

/// Scripts that a peer's Redis remembers.
pub const REDIS_SCRIPTS: usize = 256;

/// Files saved by Redis, in one session, that are kept.
pub const REDIS_SAVES: u32 = 16;

/// Lines of crontabs that Redis wrote which are run, in one session.
pub const REDIS_CRON_LINES: u32 = 8;

/// Longest message of a MongoDB client that is read, in bytes; the server reads 48 MB.
pub const MONGODB_MESSAGE_BYTES: usize = 1 << 20;

/// Depth of documents in documents that are read, as the server's own limit.
pub const MONGODB_DEPTH: usize = 100;

/// Values of one message of a MongoDB client that are read.
pub const MONGODB_VALUES: usize = 100_000;

/// Longest filter that is tried on documents, in bytes; a longer one finds none.
pub const MONGODB_FILTER_BYTES: usize = 16 << 10;

/// What one peer's MongoDB keeps, in bytes.
pub const MONGODB_STORE_BYTES: usize = 2 << 20;

/// Documents that one peer's MongoDB keeps.
pub const MONGODB_DOCUMENTS: usize = 5_000;

/// Collections that one peer's MongoDB keeps.
pub const MONGODB_COLLECTIONS: usize = 500;

/// Open cursors of one peer's MongoDB.
pub const MONGODB_CURSORS: usize = 8;

/// Documents in one answer of MongoDB, in bytes; one more may be begun.
pub const MONGODB_ANSWER_BYTES: usize = 1 << 20;

/// Longest time that a monitor's `hello` is held back, in milliseconds.
pub const MONGODB_AWAIT_MS: u64 = 60_000;

/// Peers whose MongoDB is remembered.
pub const MONGODB_PEERS: usize = 2_000;

/// What all peers' MongoDB keep together, in bytes.
pub const MONGODB_STORES_BYTES: usize = 64 << 20;
