// The words of the hub's API, as JSON carries them (crates/ukai-model, crates/ukai-store).
// Text that came from a peer is already escaped by the hub; it is only ever shown as text.

/** A page of a list; `next` is the cursor for `before`. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Protocol = string;

export interface Flow {
  transport?: 'tcp' | 'udp';
  src_ip?: string;
  src_port?: number;
  dst_ip?: string;
  dst_port?: number;
}

export const EVENT_KINDS = [
  'session.open',
  'session.close',
  'protocol.recognised',
  'payload.first',
  'client.fingerprint',
  'tls.hello',
  'login.attempt',
  'login.canary',
  'service.request',
  'file.transfer',
  'tunnel.request',
  'mail.received',
  'command.input',
  'command.executed',
  'http.request',
  'attack.recognised',
  'download.request',
  'download.result',
  'sample.captured',
  'analysis.done',
  'sandbox.done',
  'antivirus.done',
  'lookup.done',
  'sample.judged',
  'indicator.new',
  'syn.unanswered',
  'dns.query',
  'destination',
  'chat.message',
  'traffic.outgoing',
  'dns.generated',
  'telescope.attack',
  'telescope.scanner',
  'telescope.rise',
  'telescope.port',
  'telescope.country',
  'telescope.system',
  'telescope.blocks',
  'telescope.interval',
  'limit.reached',
  'fault',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** One fact; flat. The fields after `kind` depend on it, and later kinds may bring others. */
export interface Event extends Flow {
  v: number;
  id: string;
  time: string;
  sensor: string;
  session?: string;
  kind: EventKind | (string & {});
  protocol?: string;
  sha256?: string | null;
  [field: string]: unknown;
}

export interface SessionSummary {
  id: string;
  sensor: string;
  started: string;
  ended: string | null;
  protocol: string;
  persona: string;
  src_ip: string;
  src_port: number;
  dst_ip: string;
  dst_port: number;
  logins: number;
  login_success: boolean;
  commands: number;
  downloads: number;
  samples: number;
  recorded: boolean;
  reason: string | null;
  bytes_in: number;
  bytes_out: number;
}

export interface SampleSummary {
  sha256: string;
  size: number;
  first_seen: string;
  last_seen: string;
  sightings: number;
  file_type: string | null;
  description: string | null;
  names: string[];
  urls: string[];
  analysed: string | null;
  /** Families, tags and verdicts. */
  labels: string[];
  /** Whether its bytes are still kept; the oldest go when the quota is used up. */
  stored: boolean;
}

export type CaptureHow = 'fetched' | 'dropped' | 'uploaded' | 'payload' | 'mail' | 'submitted' | 'sandbox';

export interface Sighting {
  sha256: string;
  time: string;
  event: string;
  sensor: string;
  session: string | null;
  src_ip: string | null;
  how: CaptureHow;
  name: string | null;
  url: string | null;
}

export type Outcome =
  | { state: 'complete' }
  | { state: 'partial'; reason: string }
  | { state: 'failed'; reason: string };

export const OBSERVABLE_KINDS = ['ip', 'domain', 'url', 'endpoint', 'sha256'] as const;
export type ObservableKind = (typeof OBSERVABLE_KINDS)[number];

export interface Observable {
  kind: ObservableKind;
  value: string;
}

export type StringEncoding =
  | { encoding: 'plain' | 'utf16le' | 'base64' | 'hex' | 'stack' }
  | { encoding: 'xorlong'; key: string }
  | { encoding: 'xor'; key: number };

export interface Found {
  observable: Observable;
  offset: number;
  encoding: StringEncoding;
  method: string;
  layer?: number | null;
}

export interface ElfSegment {
  kind: string;
  flags: string;
  offset: number;
  address: number;
  file_size: number;
  memory_size: number;
}

export interface ElfInfo {
  bits: number;
  little_endian: boolean;
  machine: string;
  kind: string;
  entry: number;
  interpreter: string | null;
  libraries: string[];
  static_linked: boolean;
  stripped: boolean;
  packer: string | null;
  segments: ElfSegment[];
  sections?: Section[];
  telfhash?: string;
  tool_chains?: string[];
}

/** A section of a program. */
export interface Section {
  name: string;
  flags: string;
  offset: number;
  address: number;
  file_size: number;
  memory_size: number;
  entropy: number;
}

/** What a PE file's headers say. */
export interface PeInfo {
  bits: number;
  machine: string;
  subsystem: string;
  dll: boolean;
  dotnet: boolean;
  linked: number;
  entry: number;
  sections: Section[];
  imphash?: string;
  rich_hash?: string;
  libraries: string[];
  exports?: string[];
  resources?: { kind: string; name: string; offset: number; size: number }[];
  version?: { name: string; value: string }[];
  pdb?: string;
  signed: boolean;
  overlay?: number;
  packer?: string;
}

/** What the headers of a program for Apple's systems say. */
export interface MachInfo {
  layer?: number | null;
  offset: number;
  bits: number;
  machine: string;
  kind: string;
  platform?: string;
  uuid?: string;
  libraries: string[];
  signed: boolean;
  encrypted: boolean;
  symhash?: string;
  sections: Section[];
}

/** What the header of Android's byte code says. */
export interface DexInfo {
  layer?: number | null;
  version: string;
  intact: boolean;
  strings: number;
  methods: number;
  classes: number;
  names: string[];
}

/** What an Android package says of itself. */
export interface AndroidInfo {
  layer?: number | null;
  package: string;
  version?: string;
  sdk_min?: string;
  sdk_target?: string;
  permissions: string[];
  components: { kind: string; name: string; actions?: string[] }[];
  anomalies: number;
}

/** What nobody contacts, but tells about a sample. */
export interface Artefact {
  kind: string;
  value: string;
  offset: number;
  encoding: StringEncoding;
  layer?: number | null;
  confidence: number;
}

export interface Hashes {
  md5: string;
  sha1: string;
  sha256: string;
  ssdeep: string | null;
  tlsh: string | null;
  functions?: string;
}

export interface Analysis {
  sha256: string;
  engine: string;
  engine_version: number;
  started: string;
  duration_ms: number;
  outcome: Outcome;
  size: number;
  file_type: { name: string; mime: string; description: string; reasons?: string[]; also?: string[] } | null;
  hashes: Hashes | null;
  elf?: ElfInfo | null;
  pe?: PeInfo | null;
  mach?: MachInfo[];
  dex?: DexInfo[];
  android?: AndroidInfo[];
  entropy: number;
  members?: Member[];
  configurations?: BotConfiguration[];
  artefacts?: Artefact[];
  yara?: YaraMatch[];
  observables: Found[];
  strings: string[];
  commands?: string[];
  acts?: ScriptStep[];
  notes?: string[];
}

export const ROLES = ['c2', 'distribution', 'scanner', 'malware'] as const;
export type Role = (typeof ROLES)[number];
export type Tlp = 'clear' | 'green' | 'amber' | 'red';

export type EvidenceKind =
  | 'connection'
  | 'login'
  | 'attack'
  | 'download-asked'
  | 'download-served'
  | 'malware-served'
  | 'static-analysis'
  | 'static-hidden'
  | 'behaviour'
  | 'capture'
  | 'opinion';

export interface Evidence {
  kind: EvidenceKind;
  time: string;
  event: string | null;
  session: string | null;
  sensor: string | null;
  sample: string | null;
  detail: string;
}

export interface Indicator {
  id: string;
  observable: Observable;
  role: Role;
  confidence: number;
  current_confidence?: number;
  tlp: Tlp;
  first_seen: string;
  last_seen: string;
  valid_until: string;
  evidence: Evidence[];
  evidence_count: number;
  withheld: string | null;
}

export interface Counts {
  sessions: number;
  logins: number;
  commands: number;
  downloads: number;
  samples: number;
  attacks: number;
}

export interface Bucket extends Counts {
  time: string;
}

export interface Ranked {
  value: string;
  count: number;
}

export type Range = '1h' | '24h' | '7d' | '30d';

export const CREDENTIAL_LISTS = ['users', 'passwords', 'pairs', 'new-pairs', 'keys'] as const;
export type CredentialList = (typeof CREDENTIAL_LISTS)[number];

export interface ClientSoftware {
  method: string;
  value: string;
  software: string;
  count: number;
}

export interface Credentials {
  range: Range;
  protocols: { protocol: string; attempts: number; successes: number }[];
  users: Ranked[];
  passwords: Ranked[];
  pairs: Ranked[];
  new_pairs: Ranked[];
  keys: Ranked[];
  clients: ClientSoftware[];
  canaries: Event[];
  counted: number | null;
  complete: boolean;
}

export interface Overview {
  range: Range;
  buckets: Bucket[];
  totals: Counts;
  previous: Counts;
  top_ports: Ranked[];
  top_sources: Ranked[];
  top_credentials: Ranked[];
  top_commands: Ranked[];
  recent_sessions: SessionSummary[];
  recent_samples: SampleSummary[];
  recent_indicators: Indicator[];
  canaries: Event[];
}

export interface Status {
  version: string;
  started: string;
  sensor: string;
  services: { protocol: string; address: string; persona: string }[];
  data_dir: string;
  disk: { used_bytes: number; quota_bytes: number; free_bytes: number };
  queue: { waiting: number; leased: number; quarantined: number };
  totals: { events: number; sessions: number; samples: number; indicators: number };
  store: { state: 'ok' } | { state: 'degraded'; reason: string; since: string };
  faults: { component: string; detail: string }[];
  engines: EngineHealth[];
  lookups: { service: string; waits: string | null; asked_today: number }[];
}

/** An anti-virus engine; `down` tells why it is. */
export interface EngineHealth {
  engine: string;
  down: string | null;
  product: string | null;
  signatures: string | null;
  clean: number;
  detected: number;
  not_scanned: number;
}

/** What an anti-virus engine says of a sample; "not scanned" is never "clean". */
export interface Verdict {
  engine: string;
  product?: string | null;
  signatures?: string | null;
  time: string;
  duration_ms: number;
  judgement: 'clean' | 'detected' | 'not_scanned';
  names?: string[];
  reason?: string;
  again?: boolean;
}

/** What a service that knows hashes says of a sample; without an answer the question is open. */
export interface Heard {
  service: string;
  time: string;
  answer: { standing: 'unknown' | 'known' | 'harmless' | 'suspicious' | 'malicious'; names?: string[]; tags?: string[]; places?: string[]; first_seen?: string; detail?: string } | null;
  open: string | null;
}

export const DECISIONS = ['malicious', 'suspicious', 'harmless'] as const;
export type Decision = (typeof DECISIONS)[number];

/** What a person says of a sample. */
export interface Judged {
  verdict: Decision | null;
  tags: string[];
  note: string;
  time: string;
}

export interface Opinions {
  antivirus: { agreement: { family: string; engines: number; of: number } | null; verdicts: Verdict[] } | null;
  antivirus_job: Job | null;
  lookups: { services: Heard[] } | null;
  lookups_job: Job | null;
  analyst: Judged | null;
}

/** What was taken out of a sample, or out of another layer. */
export interface Member {
  parent?: number | null;
  depth: number;
  container: string;
  name?: string | null;
  size: number;
  sha256: string;
  file_type: { name: string; mime: string; description: string };
  entropy: number;
  password?: string | null;
}

export interface YaraMatch {
  rule: string;
  set: string;
  version: string;
  noisy: boolean;
  tags?: string[];
  layer?: number | null;
}

/** One act of a sample's scripts, and in which member it stands. */
export type ScriptStep = { layer?: number | null } & (
  | { act: 'fetch'; url: string; to?: string | null }
  | { act: 'connect'; host: string; port?: number | null }
  | { act: 'write'; path: string; size: number; sha256: string }
  | { act: 'run'; line: string }
  | { act: 'evaluate'; language: string; size: number; sha256: string }
  | { act: 'set'; what: string; value: string }
);

export interface BotConfiguration {
  family: string;
  servers: string[];
  layer?: number | null;
  table_key?: string;
  login_key?: string;
  reports?: string[];
  logins?: { user: string; password: string; weight?: number }[];
  table?: string[];
  confidence: number;
}

export interface Alike {
  items: { distance?: number; code?: number; sample: SampleSummary }[];
  compared: number;
}

/** A part of a sample, or why it cannot be shown. */
export type Viewed = { size: number } & (
  | { kind: 'bytes'; offset: number; hex: string }
  | { kind: 'texts'; texts: { offset: number; wide: boolean; text: string }[]; next: number | null }
  | { kind: 'code'; architecture: string; little_endian: boolean; instructions: { offset: number; address: number | null; bytes: string; text: string }[] }
  | { kind: 'nothing'; reason: string }
);

export interface SessionDetail {
  session: SessionSummary;
  events: Event[];
  samples: SampleSummary[];
  indicators: Indicator[];
}

export interface Job {
  id: number;
  kind: string;
  sha256: string;
  created: string;
  state: string;
  attempts: number;
  last_error: string | null;
}

export interface SampleDetail {
  sample: SampleSummary;
  sightings: Sighting[];
  analyses: Analysis[];
  indicators: Indicator[];
  job: Job | null;
  /** Whether it was run in the sandbox. */
  ran: boolean;
  run_job: Job | null;
  opinions: Opinions;
}

export interface ChainLink {
  evidence: Evidence;
  event: Event | null;
  session: SessionSummary | null;
  sample: SampleSummary | null;
}

export interface IndicatorDetail {
  indicator: Indicator;
  published_in: string[];
  false_positive: { reason: string; time: string } | null;
  chain: ChainLink[];
}

export interface Feed {
  name: string;
  file: string;
  format: string;
  description: string;
  media_type: string;
  entries: number;
  size: number;
  etag: string;
  updated: string | null;
  url: string;
  how_to_load: string;
}

/** What came to unused addresses in an interval. */
export interface DarkInterval {
  begins: string;
  packets: number;
  sources: number;
  scan: number;
  backscatter: number;
  other: number;
  dropped: number;
}

/** A port over time. */
export interface PortLine {
  port: string;
  packets: number;
  sources: number;
  sources_before: number;
  rank: number;
  rank_before: number | null;
  cells: { begins: string; sources: number; packets: number }[];
}

/** An attack on a third party (`telescope.attack`). */
export interface AttackEvent {
  id: string;
  state: string;
  victim: string;
  own: boolean;
  first: string;
  last: string;
  vectors: string[];
  ports: string[];
  packets: number;
  rate_estimated?: number;
}

/** A source that scans (`telescope.scanner`). */
export interface ScannerEvent {
  id: string;
  state: string;
  source: string;
  known?: string;
  country?: string;
  asn?: number;
  as_name?: string;
  own: boolean;
  first: string;
  last: string;
  packets: number;
  tool?: string;
  ports: string[];
  distinct_ports: number;
  addresses: number;
  order: string;
  internet_rate?: number;
  generator?: number;
  done_permille?: number;
}

/** A port that rises (`telescope.rise`). */
export interface RiseEvent {
  id: string;
  port: string;
  begins: string;
  sources: number;
  packets: number;
  history: number[];
}

/** What came from a country, or from an autonomous system. */
export interface OriginLine {
  value: string;
  packets: number;
  sources: number;
}

/** How much came to a block of the telescope. */
export interface BlockCount {
  block: string;
  packets: number;
}

/** The telescope in numbers. */
export interface Telescope {
  range: Range;
  intervals: DarkInterval[];
  ports: PortLine[];
  blocks: BlockCount[];
  source_countries: OriginLine[];
  source_systems: OriginLine[];
  attacks: AttackEvent[];
  countries: Ranked[];
  systems: Ranked[];
  rises: RiseEvent[];
  scanners: ScannerEvent[];
  suspects: ScannerEvent[];
  complete: boolean;
}

/** What a source did. */
export interface SourceDetail {
  address: string;
  scans: ScannerEvent[];
  sessions: SessionSummary[];
  handshake: boolean;
}

// What samples did in the sandbox (docs/behaviour.md).

export type Ended = 'exited' | 'time-used' | 'guest-ended' | 'not-started' | 'failed';
export type Class =
  | 'c2'
  | 'distribution'
  | 'update'
  | 'mining-pool'
  | 'scan-target'
  | 'attack-target'
  | 'connectivity-check'
  | 'resolver'
  | 'time-server'
  | 'local'
  | 'unknown';
export type Severity = 'info' | 'low' | 'medium' | 'high';

export interface BehaviourSummary {
  sha256: string;
  started: string;
  runs: number;
  architecture: string;
  ended: Ended;
  score: number;
  summary: string;
  servers: { class: Class; host: string }[];
  attacks: number;
  drops: number;
}

/** One of a sample's reports. */
export interface Report extends BehaviourSummary {
  settings: string[];
  artifacts: { name: string; size: number }[];
}

export interface ReportDifference {
  of: string;
  what: string;
  only_in_first: boolean;
}

export interface SandboxChoices {
  architectures: string[];
  scenarios: string[];
  time_s: number;
}

/** Settings of a run that differ from the usual ones. */
export interface RunWish {
  architecture?: string;
  arguments?: string[];
  environment?: string[];
  time_s?: number;
  clock_s?: number;
  scenario?: string;
  sleep?: boolean;
  memory?: boolean;
}

export interface Proof {
  run: number;
  at_ms: number;
  pid?: number;
  event?: string;
}

export interface SandboxRun {
  number: number;
  started: string;
  duration_ms: number;
  architecture: string;
  command: string;
  scenario: string;
  settings: string[];
  ended: Ended;
  reason?: string;
  records: number;
  lost: number;
  events: number;
  notes?: string[];
}

export interface SandboxProcess {
  run: number;
  pid: number;
  parent?: number;
  started_ms: number;
  ended_ms?: number;
  exit?: string;
  name?: string;
  programs: { at_ms: number; path: string; command: string; deleted: boolean }[];
  threads: number;
  children: number;
  did: string[];
}

export interface FileChange {
  path: string;
  own: boolean;
  created: boolean;
  written_bytes: number;
  executed: boolean;
  deleted: boolean;
  renamed_to?: string;
  mode?: string;
  sha256?: string;
}

export interface RegistryChange {
  key: string;
  /** Empty: the key's own value. */
  name: string;
  data: string;
  deleted: boolean;
}

export interface Contact {
  name?: string;
  addresses: string[];
  transport: 'tcp' | 'udp';
  port: number;
  protocols: string[];
  class: Class;
  confidence: number;
  reasons: string[];
  conversations: number;
  attempts: number;
  bytes_sent: number;
  bytes_got: number;
  first_ms: number;
  last_ms: number;
  rhythm?: { period_ms: number; jitter_percent: number; intervals: number; score: number };
  first_payload?: string;
  said: string[];
  agents: string[];
  ja4: string[];
  processes: { run: number; pid: number; path: string }[];
  runs: number[];
}

/** Either `value` or `yara` is there. */
export interface InMemory {
  process: { run: number; pid: number; path: string };
  address: number;
  mapping?: string;
  value?: { observable: Observable; encoding: StringEncoding; confidence: number };
  yara?: { rule: string; set: string; noisy: boolean; tags?: string[] };
  runs: number[];
}

export interface Behaviour {
  v: number;
  sha256: string;
  started: string;
  runs: SandboxRun[];
  summary: string;
  score: number;
  timeline: { proof: Proof; kind: string; text: string; weight: number }[];
  processes: SandboxProcess[];
  files: FileChange[];
  registry?: RegistryChange[];
  findings: { kind: string; how: string; detail: string; count: number; runs: number[] }[];
  names: { name: string; records: string[]; count: number; code: string; answers: string[]; contacted: boolean }[];
  contacts: Contact[];
  attacks: {
    traffic: string;
    packets_of: string;
    ports: number[];
    targets: number;
    examples: string[];
    packets: number;
    rate: number;
    duration_ms: number;
    logins: string[];
  }[];
  drops: { sha256: string; size: number; came: number; path: string; reason: string; served: boolean }[];
  memory?: InMemory[];
  matches: { rule: string; title: string; severity: Severity; techniques: string[]; count: number; details: string[] }[];
  ids_rules: { sid: number; system: string; text: string; about: string }[];
  alike: { sha256: string; percent: number }[];
  differences: { of: string; what: string; seen_in: number[]; missing_in: number[] }[];
  output: string;
  left_out: Record<string, number>;
}
