//! Numbers of the protocols and their names.

/// Commands of SMB 2, by number.
pub(super) const COMMANDS: [&str; 19] = [
    "NEGOTIATE",
    "SESSION_SETUP",
    "LOGOFF",
    "TREE_CONNECT",
    "TREE_DISCONNECT",
    "CREATE",
    "CLOSE",
    "FLUSH",
    "READ",
    "WRITE",
    "LOCK",
    "IOCTL",
    "CANCEL",
    "ECHO",
    "QUERY_DIRECTORY",
    "CHANGE_NOTIFY",
    "QUERY_INFO",
    "SET_INFO",
    "OPLOCK_BREAK",
];

pub(super) mod status {
    //! Codes of results ([MS-ERREF] 2.3).

    pub(in super::super) const SUCCESS: u32 = 0;
    pub(in super::super) const NOT_IMPLEMENTED: u32 = 0xc000_0002;
    pub(in super::super) const INVALID_PARAMETER: u32 = 0xc000_000d;
    pub(in super::super) const NO_SUCH_FILE: u32 = 0xc000_000f;
    pub(in super::super) const END_OF_FILE: u32 = 0xc000_0011;
    pub(in super::super) const MORE_PROCESSING: u32 = 0xc000_0016;
    pub(in super::super) const OBJECT_NAME_NOT_FOUND: u32 = 0xc000_0034;
    pub(in super::super) const LOGON_FAILURE: u32 = 0xc000_006d;
    pub(in super::super) const NO_MORE_FILES: u32 = 0x8000_0006;
    pub(in super::super) const DISK_FULL: u32 = 0xc000_007f;
    pub(in super::super) const NOT_SUPPORTED: u32 = 0xc000_00bb;
    pub(in super::super) const NETWORK_NAME_DELETED: u32 = 0xc000_00c9;
    pub(in super::super) const FILE_CLOSED: u32 = 0xc000_0128;
    pub(in super::super) const INSUFF_SERVER_RESOURCES: u32 = 0xc000_0205;
}
