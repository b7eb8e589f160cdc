//! What passes between the server and its user: events that the server reports, and the
//! answers that it takes. Strings of the peer are bytes: nobody promised UTF-8.

use bytes::Bytes;

/// What the server wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Bytes for the peer.
    Send(Bytes),
    /// Something happened.
    Event(ServerEvent),
    /// Close the connection once everything before is sent. Nothing follows.
    Close,
}

/// A channel, by the number that the server gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// What a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// The client's version line, without its line end.
    ClientVersion(Bytes),
    /// The client's first KEXINIT.
    KexInit(Box<KexInit>),
    /// A key exchange is complete and its keys are in use. Comes again after a re-keying.
    Negotiated(Box<Negotiated>),
    /// An authentication attempt: answer it with `Server::auth_reply`. Until then, the
    /// server reads nothing more.
    Auth(Box<AuthRequest>),
    /// A global request. If `want_reply`, answer with `Server::global_reply`, in the
    /// order of arrival.
    GlobalRequest {
        /// What is asked.
        request: GlobalRequest,
        /// Whether the client waits for an answer.
        want_reply: bool,
    },
    /// Answer with `Server::open_confirm` or `Server::open_fail`.
    ChannelOpen {
        /// Our number of the channel to be.
        channel: ChannelId,
        /// What it is for.
        open: ChannelOpen,
    },
    /// A channel that `Server::open_forwarded` asked for is open.
    ChannelConfirmed {
        /// Which one.
        channel: ChannelId,
    },
    /// A channel that `Server::open_forwarded` asked for is refused, and gone.
    ChannelRefused {
        /// Which one.
        channel: ChannelId,
        /// The client's reason.
        reason: u32,
        /// The client's words.
        text: Bytes,
    },
    /// If `want_reply`, answer with `Server::request_reply`, in the order of arrival.
    ChannelRequest {
        /// On which channel.
        channel: ChannelId,
        /// What is asked.
        request: ChannelRequest,
        /// Whether the client waits for an answer.
        want_reply: bool,
    },
    /// Data for a channel.
    Data {
        /// On which channel.
        channel: ChannelId,
        /// At most one packet's worth.
        bytes: Bytes,
    },
    /// Extended data for a channel.
    StderrData {
        /// On which channel.
        channel: ChannelId,
        /// At most one packet's worth.
        bytes: Bytes,
    },
    /// What was queued for a channel has gone out, and `Server::sendable` is large again.
    /// Comes only after `Server::send` took less than it was given.
    Writable {
        /// Which one.
        channel: ChannelId,
    },
    /// The client sends no more on this channel.
    Eof {
        /// Which one.
        channel: ChannelId,
    },
    /// Both sides have closed the channel; its number may be used again.
    Closed {
        /// Which one.
        channel: ChannelId,
    },
    /// The client said good-bye.
    Disconnect {
        /// RFC 4253 section 11.1.
        reason: u32,
        /// The client's words.
        text: Bytes,
    },
    /// The client broke the protocol. What the claimed implementation does then has been
    /// put out already.
    ProtocolError {
        /// What was wrong, in our words.
        what: &'static str,
        /// What the client was told, if anything.
        answer: Option<String>,
    },
}

/// A client's KEXINIT (RFC 4253 section 7.1) and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KexInit {
    /// The ten name-lists in the order of the packet.
    pub lists: [Bytes; 10],
    /// `first_kex_packet_follows`.
    pub guess_follows: bool,
    /// HASSH: MD5, in hexadecimal, of `algorithms`.
    pub hassh: String,
    /// `kex;ciphers;macs;compression`, client to server.
    pub algorithms: String,
}

/// What both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Key exchange.
    pub kex: String,
    /// Host key algorithm.
    pub host_key: String,
    /// Client to server cipher.
    pub cipher_in: String,
    /// Server to client cipher.
    pub cipher_out: String,
    /// Client to server MAC; `<implicit>` with an authenticated cipher.
    pub mac_in: String,
    /// Server to client MAC.
    pub mac_out: String,
    /// Client to server compression.
    pub compression_in: String,
    /// Server to client compression.
    pub compression_out: String,
    /// Whether this is a re-keying.
    pub again: bool,
}

/// One SSH_MSG_USERAUTH_REQUEST, or the answers to prompts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequest {
    /// The user that the client wants to be.
    pub user: Bytes,
    /// The service to start, commonly `ssh-connection`.
    pub service: Bytes,
    /// How.
    pub method: AuthMethod,
}

/// How a client authenticates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// Asks for the list of methods, or hopes for an account without a password.
    None,
    /// RFC 4252 section 8.
    Password {
        /// The password.
        password: Bytes,
        /// What it is to become, if the client changes it.
        new_password: Option<Bytes>,
    },
    /// RFC 4256: answer with [`AuthReply::Prompts`] or at once.
    KeyboardInteractive {
        /// Mostly empty.
        submethods: Bytes,
    },
    /// The answers to [`AuthReply::Prompts`].
    KeyboardResponses(Vec<Bytes>),
    /// RFC 4252 section 7.
    PublicKey {
        /// The signature algorithm.
        algorithm: Bytes,
        /// The key as sent.
        blob: Bytes,
        /// `SHA256:` and base64, as `ssh-keygen -l` prints it.
        fingerprint: String,
        /// What is known of the signature. Accepting a `Query` answers PK_OK; an
        /// `Invalid` signature cannot be accepted.
        signature: KeyProof,
    },
    /// RFC 4252 section 9; the signature is not looked at.
    HostBased {
        /// The signature algorithm.
        algorithm: Bytes,
        /// The host key as sent.
        blob: Bytes,
        /// The client's name for itself.
        host: Bytes,
        /// The user there.
        user: Bytes,
    },
    /// Something else, such as `gssapi-with-mic`.
    Other {
        /// Its name.
        name: Bytes,
    },
}

/// What a public-key attempt proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProof {
    /// Only asks whether the key would do.
    Query,
    /// A good signature by this key over this session.
    Valid,
    /// A signature that does not verify.
    Invalid,
    /// A signature by an algorithm that this program does not verify (certificates,
    /// security keys, DSA).
    Unknown,
}

/// The answer to an [`AuthRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthReply {
    /// In. For a query of a public key: the key would do.
    Accept,
    /// Out. Counts towards the profile's maximum of tries, as the claimed program counts.
    Reject,
    /// Keyboard-interactive: ask.
    Prompts(Prompts),
}

/// One SSH_MSG_USERAUTH_INFO_REQUEST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompts {
    /// Mostly empty.
    pub name: String,
    /// Mostly empty.
    pub instruction: String,
    /// Each prompt, and whether what is typed is shown.
    pub prompts: Vec<(String, bool)>,
}

impl Prompts {
    /// What `sshd` with PAM asks: one hidden `Password: `.
    pub fn password() -> Self {
        Self {
            name: String::new(),
            instruction: String::new(),
            prompts: vec![("Password: ".to_owned(), false)],
        }
    }
}

/// RFC 4254 section 4, and OpenSSH's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GlobalRequest {
    /// Listen on the server's side.
    TcpipForward {
        /// Address to bind.
        address: Bytes,
        /// Port to bind; 0 lets the server choose, see `Server::global_reply`.
        port: u32,
    },
    /// No more of that.
    CancelTcpipForward {
        /// Address bound.
        address: Bytes,
        /// Port bound.
        port: u32,
    },
    /// `streamlocal-forward@openssh.com`.
    StreamlocalForward {
        /// Path of the socket.
        path: Bytes,
    },
    /// `cancel-streamlocal-forward@openssh.com`.
    CancelStreamlocalForward {
        /// Path of the socket.
        path: Bytes,
    },
    /// Anything else that the server does not answer by itself.
    Other {
        /// Its name.
        name: Bytes,
        /// Its data.
        data: Bytes,
    },
}

/// What a channel is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelOpen {
    /// RFC 4254 section 6.1.
    Session,
    /// RFC 4254 section 7.2.
    DirectTcpip {
        /// Where to connect.
        host: Bytes,
        /// Which port.
        port: u32,
        /// Where the connection came from, as the client says.
        originator: Bytes,
        /// From which port.
        originator_port: u32,
    },
    /// `direct-streamlocal@openssh.com`.
    DirectStreamlocal {
        /// Path of the socket.
        path: Bytes,
    },
    /// Layer 2 or 3 tunnel, `tun@openssh.com`.
    Tun {
        /// Layer: 1 is point to point, 2 is Ethernet.
        mode: u32,
        /// Unit.
        unit: u32,
    },
    /// RFC 4254 section 6.3.2, in the wrong direction.
    X11 {
        /// Where the connection came from, as the client says.
        originator: Bytes,
        /// From which port.
        originator_port: u32,
    },
    /// Anything else.
    Other {
        /// Its name.
        name: Bytes,
        /// Its data.
        data: Bytes,
    },
}

/// RFC 4254 section 6, and OpenSSH's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelRequest {
    /// A terminal.
    Pty(PtyRequest),
    /// A variable of the environment.
    Env {
        /// Name.
        name: Bytes,
        /// Value.
        value: Bytes,
    },
    /// A log-in shell.
    Shell,
    /// One command.
    Exec {
        /// As the user's shell gets it.
        command: Bytes,
    },
    /// `sftp`, mostly.
    Subsystem {
        /// Its name.
        name: Bytes,
    },
    /// The terminal has another size.
    WindowChange {
        /// Columns.
        cols: u32,
        /// Rows.
        rows: u32,
        /// Width in pixels.
        width_px: u32,
        /// Height in pixels.
        height_px: u32,
    },
    /// A signal, without `SIG`.
    Signal {
        /// `TERM`, `INT` ...
        name: Bytes,
    },
    /// RFC 4335.
    Break {
        /// How long.
        length_ms: u32,
    },
    /// X11 forwarding.
    X11 {
        /// Only one connection.
        single: bool,
        /// `MIT-MAGIC-COOKIE-1`, mostly.
        protocol: Bytes,
        /// In hexadecimal.
        cookie: Bytes,
        /// Screen.
        screen: u32,
    },
    /// `auth-agent-req@openssh.com`.
    AuthAgent,
    /// Anything else.
    Other {
        /// Its name.
        name: Bytes,
        /// Its data.
        data: Bytes,
    },
}

/// RFC 4254 section 6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PtyRequest {
    /// `TERM`.
    pub term: Bytes,
    /// Columns.
    pub cols: u32,
    /// Rows.
    pub rows: u32,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Opcode and argument of each terminal mode (section 8), up to the first opcode
    /// without a known length.
    pub modes: Vec<(u8, u32)>,
}

/// A channel that the server opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardedOpen {
    /// Somebody connected to a port of `tcpip-forward`.
    Tcpip {
        /// Address that was connected to.
        address: String,
        /// Its port.
        port: u32,
        /// Who connected.
        originator: String,
        /// From which port.
        originator_port: u32,
    },
    /// Somebody connected to a socket of `streamlocal-forward@openssh.com`.
    Streamlocal {
        /// Path of the socket.
        path: String,
    },
    /// An X11 client.
    X11 {
        /// Who connected.
        originator: String,
        /// From which port.
        originator_port: u32,
    },
    /// `auth-agent@openssh.com`.
    Agent,
}

/// RFC 4254 section 5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum OpenFailure {
    /// SSH_OPEN_ADMINISTRATIVELY_PROHIBITED.
    Prohibited = 1,
    /// SSH_OPEN_CONNECT_FAILED.
    ConnectFailed = 2,
    /// SSH_OPEN_UNKNOWN_CHANNEL_TYPE.
    UnknownType = 3,
    /// SSH_OPEN_RESOURCE_SHORTAGE.
    ResourceShortage = 4,
}

/// RFC 4253 section 11.1, as far as servers use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DisconnectReason {
    /// SSH_DISCONNECT_PROTOCOL_ERROR.
    ProtocolError = 2,
    /// SSH_DISCONNECT_KEY_EXCHANGE_FAILED.
    KeyExchangeFailed = 3,
    /// SSH_DISCONNECT_SERVICE_NOT_AVAILABLE.
    ServiceNotAvailable = 7,
    /// SSH_DISCONNECT_BY_APPLICATION.
    ByApplication = 11,
    /// SSH_DISCONNECT_TOO_MANY_CONNECTIONS.
    TooManyConnections = 12,
    /// SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE.
    NoMoreAuthMethods = 14,
}
