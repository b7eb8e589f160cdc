//! Every limit of the hub that is not the operator's to set.

use std::time::Duration;

/// Bytes of a JSON body that is read.
pub(crate) const JSON_BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a request's line and headers.
pub(crate) const REQUEST_HEAD_BYTES_MAX: usize = 32 * 1024;
/// Header lines of a request.
pub(crate) const REQUEST_HEADERS_MAX: usize = 64;
/// How long a client may take to send a request's head, and idle between two requests.
pub(crate) const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may accept nothing of an answer before it is cut off.
pub(crate) const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long connections may take to finish when the hub stops.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Sessions of the UI kept at once; the one that ends first makes room.
pub(crate) const UI_SESSIONS_MAX: usize = 1_000;
/// Wrong tokens from one address (IPv6: one /64) within [`FAILURE_WINDOW`].
pub(crate) const FAILURES_MAX: u32 = 10;
/// The time over which wrong tokens are counted.
pub(crate) const FAILURE_WINDOW: Duration = Duration::from_mins(1);
/// Addresses with wrong tokens that are remembered.
pub(crate) const FAILURE_SOURCES_MAX: usize = 4_096;
/// Shortest token that is accepted from a file, in characters.
pub(crate) const TOKEN_CHARS_MIN: usize = 16;
/// Longest token that is accepted from a file, in characters.
pub(crate) const TOKEN_CHARS_MAX: usize = 1_024;

/// Workers for each analysis that runs at once: while the others take samples and keep what was
/// found, which is waiting for the disk, the processors are not idle.
pub(crate) const WORKERS_A_CHILD: usize = 2;

/// Events shown on a session's page.
pub(crate) const SESSION_EVENTS_MAX: u32 = 1_000;
/// Pages of that size that are read to find a session's first events.
pub(crate) const SESSION_PAGES_MAX: usize = 50;
/// Samples and indicators shown on a session's page, indicators on a sample's.
pub(crate) const RELATED_ITEMS_MAX: u32 = 200;
/// Sightings shown on a sample's page, and read for scoring an analysis.
pub(crate) const SIGHTINGS_MAX: u32 = 200;
/// Lines of each "top" list of the overview.
pub(crate) const TOP_ITEMS: u32 = 10;
/// Newest sessions, samples and indicators on the overview.
pub(crate) const RECENT_ITEMS: u32 = 10;
/// Lines of each list on the telescope's page.
pub(crate) const TELESCOPE_ITEMS: usize = 200;
/// Ports on it.
pub(crate) const TELESCOPE_PORTS: usize = 40;
/// Countries, and autonomous systems, on it.
pub(crate) const TELESCOPE_ORIGINS: usize = 50;
/// Blocks of the telescope on it.
pub(crate) const TELESCOPE_BLOCKS: usize = 1_024;
/// Events of a kind that are read for it, and how many at once.
pub(crate) const TELESCOPE_EVENTS_MAX: usize = 20_000;
pub(crate) const TELESCOPE_PAGE: u32 = 1_000;
/// Scans and sessions on the page of a source.
pub(crate) const SOURCE_ITEMS: u32 = 100;
/// Lines of each list on the page about log-ins.
pub(crate) const LOGIN_LISTS: u32 = 50;
/// Newest uses of canaries on that page.
pub(crate) const CANARY_USES: u32 = 50;
/// Lines of an exported list of log-ins.
pub(crate) const EXPORTED_VALUES_MAX: u32 = 10_000;
/// Earlier pairs that a pair is compared with, by the day and by the hour.
pub(crate) const EARLIER_PAIRS_MAX: u32 = 100_000;
/// How far back a pair must not have been tried to be new, in seconds.
pub(crate) const NEW_AFTER_S: u64 = 30 * 86_400;
/// Events that are looked through for one answer.
pub(crate) const SCAN_EVENTS_MAX: u64 = 20_000;
/// Events that are read at once for that.
pub(crate) const SCAN_PAGE_EVENTS: u32 = 500;
/// How long events are looked through for one answer; the next page goes on.
pub(crate) const SCAN_TIME_MAX: Duration = Duration::from_secs(2);
/// Sessions on a page of a search, where the request does not say.
pub(crate) const PAGE_SESSIONS: u32 = 50;
/// Sessions on a page of a search at most.
pub(crate) const PAGE_SESSIONS_MAX: u32 = 1_000;
/// Longest reason for a false positive, in characters.
pub(crate) const REASON_CHARS_MAX: usize = 500;
/// False positives that are kept.
pub(crate) const FALSE_POSITIVES_MAX: usize = 10_000;
/// Longest file name of a submitted sample, in bytes.
pub(crate) const SAMPLE_NAME_BYTES_MAX: usize = 255;

/// Events that one live stream carries per second; the rest is told as `lagged`.
pub(crate) const LIVE_EVENTS_PER_SECOND: u32 = 500;
/// How often a silent live stream shows that it is alive.
pub(crate) const LIVE_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Events that are scored at once.
pub(crate) const SCORING_BATCH_EVENTS: usize = 4_096;
/// How long scoring waits at most for a notification before it looks by itself.
pub(crate) const SCORING_IDLE: Duration = Duration::from_secs(5);
/// How long scoring lets more events come along once some have come.
pub(crate) const SCORING_GATHER: Duration = Duration::from_millis(50);
/// Pause after a cycle failed (a full disk, for example).
pub(crate) const CYCLE_RETRY: Duration = Duration::from_secs(2);
/// How often feeds are looked at although no indicator changed: confidence decays,
/// validity ends.
pub(crate) const PUBLISH_IDLE: Duration = Duration::from_secs(30);
/// A cycle of publishing is followed by a pause of this many times its own duration.
pub(crate) const PUBLISH_PAUSE_FACTOR: u32 = 4;

/// Indicators whose reason for being withheld is written at once.
pub(crate) const REASONS_AT_ONCE: usize = 500;

/// How long a job is leased; renewed at a third of it. After a
/// crash or a stop the job waits this long.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// How long a worker waits at most for a notification: jobs whose retry is due tell nobody.
pub(crate) const WORKER_IDLE: Duration = Duration::from_secs(2);
/// How long a worker of the sandbox waits when there is nothing to run.
pub(crate) const SANDBOX_IDLE: Duration = Duration::from_secs(1);
/// Files of one sample's runs that become samples.
pub(crate) const SANDBOX_FILES_MAX: usize = 50;
/// Arguments and variables of a run that a person sets, each list.
pub(crate) const RUN_TEXTS_MAX: usize = 64;
/// Longest of them, in bytes.
pub(crate) const RUN_TEXT_BYTES_MAX: usize = 4_096;
/// Longest run that a person asks for, in seconds.
pub(crate) const RUN_TIME_S_MAX: u64 = 3_600;
/// How far its clock may be from ours, in seconds: ten years.
pub(crate) const RUN_CLOCK_S_MAX: u64 = 315_576_000;
/// Samples whose runs wait with settings of a person's.
pub(crate) const WISHES_MAX: usize = 200;
/// Files of one report's runs that are kept for download.
pub(crate) const ARTIFACTS_MAX: usize = 16;
/// Earlier samples that a sample's behaviour is compared with.
pub(crate) const BEHAVIOURS_COMPARED_MAX: u32 = 10_000;
/// Workers that ask anti-virus engines: a job lasts as long as its slowest engine.
pub(crate) const ENGINE_WORKERS: usize = 4;
/// Verdicts of one sample that are kept in one go.
pub(crate) const ENGINES_AT_ONCE: usize = 16;
/// How long a worker waits that has nobody to ask about anything.
pub(crate) const OPINIONS_IDLE: Duration = Duration::from_secs(1);
/// How often engines are asked how they are.
pub(crate) const HEALTH_INTERVAL: Duration = Duration::from_mins(1);
/// How long a silent engine is asked again about a sample, in seconds.
pub(crate) const SCAN_GIVEN_UP_S: u64 = 30 * 86_400;
/// How long a service is asked again about a sample, in seconds: more samples may come than it
/// may be asked about.
pub(crate) const LOOKUP_GIVEN_UP_S: u64 = 7 * 86_400;
/// Shortest pause before a question is put again.
pub(crate) const LOOKUP_RETRY_MIN: Duration = Duration::from_secs(1);
/// How long the book of answers may differ from its file.
pub(crate) const BOOK_SAVED_AFTER: Duration = Duration::from_secs(10);
/// Longest line of an analysis' output that is parsed, in bytes.
pub(crate) const ANALYSIS_LINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Observables taken from one analysis.
pub(crate) const ANALYSIS_OBSERVABLES_MAX: usize = 5_000;
/// Strings and commands taken from one analysis.
pub(crate) const ANALYSIS_LINES_MAX: usize = 1_000;
/// Notes, ELF segments and libraries taken from one analysis.
pub(crate) const ANALYSIS_ITEMS_MAX: usize = 100;
/// Last lines of an analysis' output that are tried.
pub(crate) const ANALYSIS_STAGES_MAX: usize = 64;
/// Longest text field taken from an analysis, in bytes.
pub(crate) const ANALYSIS_TEXT_BYTES_MAX: usize = 8 * 1024;
/// Tags that a person gives one sample.
pub(crate) const TAGS_MAX: usize = 32;
/// Longest tag, in characters.
pub(crate) const TAG_CHARS_MAX: usize = 64;
/// Longest note about a sample, in bytes.
pub(crate) const NOTE_BYTES_MAX: usize = 16 << 10;
/// Samples whose digests are kept at hand: about 100 bytes each.
pub(crate) const LIKENESS_SAMPLES_MAX: usize = 2_000_000;
/// Samples that are read at once for that.
pub(crate) const LIKENESS_PAGE: u32 = 500;
/// Samples that are told to be alike.
pub(crate) const LIKENESS_ITEMS: usize = 50;
/// How often the watched folder is looked at; a file is taken that has not changed meanwhile.
pub(crate) const FOLDER_INTERVAL: Duration = Duration::from_secs(1);
/// Files of it that are looked at in one go.
pub(crate) const FOLDER_FILES_AT_ONCE: usize = 1_000;
/// Looks into samples at once.
pub(crate) const VIEWS_AT_ONCE: usize = 2;
/// Longest text that is searched for in a sample, in bytes.
pub(crate) const VIEW_FIND_BYTES_MAX: usize = 255;
/// Longest answer of a child that looks into a sample, in bytes: 500 texts of 1,024 bytes, each
/// escaped.
pub(crate) const VIEW_OUTPUT_BYTES_MAX: usize = 4 << 20;
/// Jobs shown in the list of quarantined ones.
pub(crate) const QUARANTINE_ITEMS_MAX: u32 = 1_000;
