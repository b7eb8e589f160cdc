//! What one attacker may use up, in one place.

/// Longest command text that is recorded, in bytes.
pub const RECORDED_LINE_BYTES: usize = 16 * 1024;

/// Longest text given to [`Shell::run`](crate::Shell::run) at once, and longest script
/// that is interpreted, in bytes.
pub const SCRIPT_BYTES: usize = 1 << 20;

/// Longest line of a terminal, in bytes; Linux's own limit is 4,096, but BusyBox reads
/// lines itself.
pub const TERMINAL_LINE_BYTES: usize = 64 * 1024;

/// Longest line of which the middle can be edited, in bytes; longer ones only grow at
/// their end.
pub const EDITED_LINE_BYTES: usize = 4_096;

/// Most lines of the history that are kept changed while a line is edited.
pub const CHANGED_LINES: usize = 32;

/// Longest text that a search in the history looks for, in bytes.
pub const SEARCHED_BYTES: usize = 256;

/// What line editors may send to redraw lines in a session, in bytes.
pub const DRAWN_BYTES_PER_SESSION: usize = 4 << 20;

/// All lines of the history together, in bytes.
pub const HISTORY_BYTES: usize = 256 * 1024;

/// Most that is kept of input typed ahead of a running command, in bytes.
pub const TYPE_AHEAD_BYTES: usize = 256 * 1024;

/// Most that is kept of piped input before a command reads it, in bytes: an SSH
/// client's usual window.
pub const PIPED_INPUT_BYTES: usize = 2 << 20;

/// Most environment variables that a log-in may bring.
pub const LOGIN_VARIABLES: usize = 64;

/// Longest name and value of such a variable together, in bytes.
pub const LOGIN_VARIABLE_BYTES: usize = 4_096;

/// Most lines of an unfinished command (open quote, here-document ...).
pub const CONTINUATION_LINES: usize = 2_000;

/// Most bytes that are read to see after each line whether a command is finished: each
/// looks at all lines so far.
pub const CONTINUATION_WORK_BYTES: usize = 12 << 20;

/// Deepest nesting of a program's text.
pub const SYNTAX_DEPTH: u32 = 48;

/// Deepest nesting of running compound commands, functions and scripts.
pub const RUN_DEPTH: u32 = 64;

/// Stack that running commands may use, in bytes: what is left of a worker's 2 MiB must
/// do for parsing and for the caller. Unoptimised builds reach it before [`RUN_DEPTH`].
pub const STACK_BYTES: usize = 768 * 1024;

/// Steps (commands, loop rounds, kilobytes worked on) that one input may take.
pub const STEPS_PER_INPUT: u64 = 60_000;

/// Steps that a session may take.
pub const STEPS_PER_SESSION: u64 = 600_000;

/// Output to the peer that one input may cause, in bytes.
pub const OUTPUT_BYTES_PER_INPUT: usize = 4 << 20;

/// Output to the peer in a session, in bytes.
pub const OUTPUT_BYTES_PER_SESSION: usize = 16 << 20;

/// What a pipe holds before its writer waits, in bytes (as on Linux).
pub const PIPE_SOFT_BYTES: usize = 64 * 1024;

/// What a pipe holds before its reader has its turn, after each command of a shell.
pub const PIPE_TURN_BYTES: usize = 1_024;

/// What a command substitution may collect, in bytes.
pub const PIPE_BYTES: usize = 1 << 20;

/// Longest word, variable or list of words after expansion, in bytes.
pub const WORD_BYTES: usize = 256 * 1024;

/// All variables together, in bytes.
pub const VARIABLE_BYTES: usize = 1 << 20;

/// Text of all functions together, in bytes; its tree takes many times more.
pub const FUNCTION_BYTES: usize = 128 * 1024;

/// Most words that one expansion may give.
pub const WORDS: usize = 8_192;

/// Largest file, in bytes.
pub const FILE_BYTES: usize = 16 << 20;

/// What an attacker's changes to a host's disk may hold, in bytes.
pub const DISK_BYTES: u64 = 24 << 20;

/// Most files and directories that an attacker may make on a host.
pub const DISK_NODES: usize = 4_096;

/// Longest path, in bytes (PATH_MAX).
pub const PATH_BYTES: usize = 4_096;

/// Longest name of a file, in bytes (NAME_MAX).
pub const NAME_BYTES: usize = 255;

/// Most symbolic links followed in one path (as Linux).
pub const LINKS_FOLLOWED: u32 = 40;

/// Most jobs in the background at once.
pub const JOBS: usize = 32;

/// Most jobs that one input may start.
pub const JOBS_PER_INPUT: usize = 128;

/// Most programs of an attacker that stay in the process list.
pub const RESIDENT_PROGRAMS: usize = 16;

/// Most values of the kernel's that an attacker may set.
pub const KERNEL_VALUES: usize = 128;

/// Most services that an attacker may keep from starting.
pub const DISABLED_SERVICES: usize = 64;

/// Most rules of packet filters that an attacker may make.
pub const FIREWALL_RULES: usize = 256;

/// Most chains of packet filters, with those that are always there.
pub const FIREWALL_CHAINS: usize = 64;

/// Longest sleep, in seconds; longer ones last for ever, as far as a session goes.
pub const SLEEP_S: u64 = 7 * 24 * 3_600;

/// Fetches that one session may ask for.
pub const FETCHES: u32 = 64;

/// Statements of one program in another language that may fail without its end, where that is
/// wanted.
pub(crate) const PASSED_OVER: u32 = 200;

/// Evaluated texts that are told of in one session, where that is wanted.
pub(crate) const EVALUATIONS: u32 = 64;

/// Connections onwards that are told of in one session.
pub const CONNECTIONS: u32 = 64;

/// Files captured in one session.
pub const CAPTURES: usize = 64;

/// Smallest file worth capturing, in bytes.
pub const CAPTURE_BYTES_MIN: usize = 16;

/// Lines kept for `history`.
pub const HISTORY_LINES: usize = 500;

/// Most bytes a compiled regular expression may take.
pub const REGEX_BYTES: usize = 256 * 1024;

/// Most that a file may grow when it is unpacked, in bytes.
pub const UNPACKED_BYTES: usize = 8 << 20;

/// Deepest calls of functions of an `awk` program.
pub const AWK_CALLS: usize = 512;

/// Most elements of all arrays of an `awk` program together.
pub const AWK_ELEMENTS: usize = 65_536;

/// Most files and commands that an `awk` program has open.
pub const AWK_STREAMS: usize = 64;
