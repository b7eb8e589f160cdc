//! Limits with their units.

/// A line of QEMU's control protocol, in bytes.
pub const QMP_LINE_BYTES_MAX: usize = 256 * 1024;

/// Events of QEMU that wait to be looked at; older ones are forgotten.
pub const QMP_EVENTS_MAX: usize = 64;

/// How long QEMU may take to answer a command, in milliseconds.
pub const QMP_ANSWER_MS: u64 = 20_000;

/// Of what QEMU says of its own accord, so many last bytes are kept for an error.
pub const LAST_WORDS_BYTES_MAX: usize = 4_096;

/// Of what a guest writes to its console, so many last bytes are kept.
pub const CONSOLE_BYTES_MAX: usize = 64 * 1024;

/// Orders to the process that confines QEMU, in bytes.
pub(crate) const ORDERS_BYTES_MAX: usize = 64 * 1024;

/// File descriptors that are handed to a machine.
pub(crate) const DESCRIPTORS_MAX: usize = 16;

/// File descriptors that QEMU may hold.
pub(crate) const QEMU_DESCRIPTORS_MAX: u64 = 128;

/// What QEMU needs besides the guest's memory, in bytes: its program and libraries, threads,
/// translated code, and what it reads while it starts.
pub(crate) const QEMU_OVERHEAD_BYTES: u64 = 3 << 30;

/// Translated code of a guest that is emulated, in MiB.
pub(crate) const TRANSLATION_MIB: u32 = 96;

/// How long a guest may take to be ready, in milliseconds: Windows', emulated beside other work,
/// takes more than five minutes.
pub const BOOT_MS_MAX: u64 = 600_000;

/// How long a boot by KVM may take until it is given up, in milliseconds: where KVM works,
/// it takes a tenth of it.
pub const KVM_BOOT_MS_MAX: u64 = 15_000;

/// How long a restored guest may take until it runs, in milliseconds.
pub const RESTORE_MS_MAX: u64 = 20_000;

/// The state of a machine without its memory, or with it where that cannot be shared, in
/// bytes.
pub(crate) const STATE_BYTES_MAX: u64 = 8 << 30;

/// Notices of one run that are kept; later ones are counted.
pub const NOTICES_MAX: usize = 200_000;

/// Bytes of notices of one run that are kept: what came back of files and memory, too.
pub const TRACE_BYTES_MAX: usize = 256 << 20;

/// Events of the virtual Internet that are kept of one run.
pub const EVENTS_MAX: usize = 100_000;

/// A sample, in bytes.
pub const SAMPLE_BYTES_MAX: usize = 64 << 20;

/// Frames that are on their way on a slow line.
pub(crate) const DELAYED_FRAMES_MAX: usize = 4_096;

/// A file of Windows' registry, in bytes.
pub(crate) const REGISTRY_BYTES_MAX: usize = 16 << 20;

/// Keys of a registry that are read; Wine's own has 40,000.
pub const REGISTRY_KEYS_MAX: usize = 200_000;

/// Values of a registry that are read.
pub const REGISTRY_VALUES_MAX: usize = 400_000;

/// Changes of a registry that are told.
pub const REGISTRY_CHANGES_MAX: usize = 2_000;

/// How long the guest may take to be given the sample, in milliseconds.
pub(crate) const ORDERS_MS_MAX: u64 = 60_000;

/// How long the guest may take to hand over what is left, in milliseconds.
pub(crate) const FINISH_MS_MAX: u64 = 45_000;

/// How long the guest may take to give an analyst a shell, in milliseconds.
pub(crate) const CONSOLE_MS_MAX: u64 = 30_000;

/// What an analyst has typed and the shell has not got, in bytes, before he has to wait. With one
/// more piece of his it is what the guest keeps (`ukai_trace::limits::TYPED_BYTES_MAX`).
pub(crate) const TYPED_AHEAD_BYTES: u64 = 16 * 1024;

/// After the sample's last process has ended, so long is waited for another, in milliseconds.
pub(crate) const AFTER_LAST_MS: u64 = 1_500;

/// Debian's packages of an image, in bytes.
pub(crate) const PACKAGES_BYTES_MAX: u64 = 2 << 30;

/// What of a failed program's words is told, in bytes.
pub(crate) const TOOL_OUTPUT_BYTES_MAX: usize = 2_048;

/// How long a guest of an operator's own may take to start what is on a disc, in milliseconds.
pub const DISC_MS_MAX: u64 = 300_000;

/// How long its disk may be read afterwards, in milliseconds.
pub const DISK_READ_MS_MAX: u64 = 600_000;

/// Bytes of a disk that are read at once.
pub(crate) const DISK_ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Paths that are left out of reports since they change when nothing runs, in bytes altogether.
pub(crate) const QUIET_BYTES_MAX: usize = 8 << 20;

/// Records of event logs that are, by what they have in common.
pub(crate) const QUIET_RECORDS_MAX: usize = 20_000;
