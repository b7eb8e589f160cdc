// A page in a browser, as far as scripts of malware use it; and the functions of a PDF.

/** Goes to a URL, or runs what stands in it. */
function go(url) {
  const place = text(url);
  if (/^\s*javascript:/i.test(place)) evaluate(decodeURIComponentOrSame(place.replace(/^\s*javascript:/i, '')));
  else if (/^blob:/.test(place)) save(place, '');
  // The page itself is made up.
  else if (place && !/^(#|about:|data:|https?:\/\/page\.invalid\b)/i.test(place)) ask('fetch', place);
  else if (/^data:/i.test(place)) act('remark', place);
}
function decodeURIComponentOrSame(value) {
  try {
    return decodeURIComponent(value);
  } catch (_) {
    return value;
  }
}

// Blobs, and files that are given to the user.
const blobs = new Map();
class Blob {
  constructor(parts = [], options = {}) {
    let all = '';
    for (const part of Array.isArray(parts) ? parts : [parts]) all += characters(part);
    define(this, 'characters', { value: all });
    this.size = all.length;
    this.type = text(options?.type);
  }
  slice(from, to) { return new Blob([this.characters.slice(from, to)]); }
  text() { return Promise.resolve(ask('fromUtf8', this.characters)); }
  arrayBuffer() { return Promise.resolve(buffer(this.characters)); }
}
class File extends Blob {
  constructor(parts, name, options) {
    super(parts, options);
    this.name = text(name);
  }
}
/** The bytes of anything, as characters. */
function characters(value) {
  if (value instanceof Blob) return value.characters;
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    const view = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (!ask('charge', view.length)) for (;;);
    let all = '';
    for (let at = 0; at < view.length; at += 4096) all += String.fromCharCode(...view.subarray(at, at + 4096));
    return all;
  }
  if (typeof value === 'object' && value !== null && byteNumbers.has(value)) return ask('bytes', byteNumbers.get(value));
  return ask('toUtf8', text(value));
}
/** Text of UTF-16, its bytes as characters. */
function wide(all) {
  return all.replace(/([^])([^])/g, (_, low, high) => String.fromCharCode(low.charCodeAt(0) | high.charCodeAt(0) << 8)).slice(0, all.length >> 1);
}
function buffer(all) {
  const view = new Uint8Array(all.length);
  for (let at = 0; at < all.length; at++) view[at] = all.charCodeAt(at);
  return view.buffer;
}
/** A file from a blob or a `data:` URL is given to the user. */
function save(url, name) {
  const place = text(url);
  const blob = blobs.get(place);
  if (blob) return act('write', name || blob.name || 'download', blob.characters);
  const data = /^data:([^,]*),(.*)$/s.exec(place);
  if (data) return act('write', name || 'download', /base64/i.test(data[1]) ? ask('from64', data[2]) : characters(decodeURIComponentOrSame(data[2])));
  if (place) ask('fetch', place);
}
const DEFAULT_PORTS = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21' };
/** A URL that is meant beside another. */
function resolve(url, base) {
  const whole = text(url).trim();
  const [, protocol, origin, path] = /^([a-z][a-z0-9+.-]*:)(\/\/[^/?#]*)?([^?#]*)/i.exec(text(base)) ?? [];
  if (protocol === undefined || /^[a-z][a-z0-9+.-]*:/i.test(whole)) return whole;
  if (whole.startsWith('//')) return protocol + whole;
  const start = protocol + (origin ?? '');
  if (whole === '' || /^[?#]/.test(whole)) return start + path + whole;
  const [, way, rest] = /^([^?#]*)(.*)$/s.exec(whole.startsWith('/') ? whole : path.replace(/[^/]*$/, '') + whole);
  const steps = [];
  for (const step of way.split('/').slice(way.startsWith('/') ? 1 : 0)) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  if (/(^|\/)\.\.?$/.test(way)) steps.push('');
  return `${start}/${steps.join('/')}${rest}`;
}
class URL {
  #parts = {};
  constructor(url, base) {
    this.#set(base === undefined ? text(url).trim() : resolve(url, base));
    define(this, 'searchParams', { value: new URLSearchParams(this.search, (query) => { this.search = query; }), enumerable: true });
  }
  #set(whole) {
    const parts = /^([a-z][a-z0-9+.-]*:)(?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?)?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(whole);
    if (!parts) throw new TypeError('Invalid URL');
    const [, protocol, user = '', hostname, port = '', pathname, search = '', hash = ''] = parts;
    this.#parts = { protocol: protocol.toLowerCase(), user, hostname, port, pathname: pathname || (hostname ? '/' : ''), search, hash };
    if (port === DEFAULT_PORTS[this.#parts.protocol]) this.#parts.port = '';
  }
  get protocol() { return this.#parts.protocol; }
  set protocol(value) { this.#parts.protocol = text(value).replace(/:?$/, ':'); }
  get username() { return this.#parts.user.split(':')[0]; }
  get password() { return this.#parts.user.split(':')[1] ?? ''; }
  get hostname() { return this.#parts.hostname ?? ''; }
  set hostname(value) { this.#parts.hostname = text(value); }
  get port() { return this.#parts.port; }
  set port(value) { this.#parts.port = text(value) === DEFAULT_PORTS[this.protocol] ? '' : text(value); }
  get host() { return this.hostname + (this.port && ':' + this.port); }
  set host(value) { [this.hostname, this.port] = [text(value).replace(/:\d+$/, ''), /:(\d+)$/.exec(text(value))?.[1] ?? this.port]; }
  get pathname() { return this.#parts.pathname; }
  set pathname(value) { this.#parts.pathname = text(value).replace(/^\/?/, '/'); }
  get search() { return this.#parts.search; }
  set search(value) { this.#parts.search = text(value) && text(value).replace(/^\??/, '?'); }
  get hash() { return this.#parts.hash; }
  set hash(value) { this.#parts.hash = text(value) && text(value).replace(/^#?/, '#'); }
  get origin() { return `${this.protocol}//${this.host}`; }
  get path() { return this.pathname + this.search; }
  get href() {
    const { user, hostname } = this.#parts;
    return this.protocol + (hostname === undefined ? '' : '//' + (user && user + '@') + this.host) + this.path + this.hash;
  }
  set href(value) { this.#set(text(value)); }
  toString() { return this.href; }
  toJSON() { return this.href; }
  static canParse(url) { return /^[a-z][a-z0-9+.-]*:/i.test(text(url)); }
  static createObjectURL(blob) {
    const url = `blob:https://page.invalid/${blobs.size}`;
    if (blobs.size < 256 && blob instanceof Blob) blobs.set(url, blob);
    return url;
  }
  static revokeObjectURL() {}
}
class URLSearchParams {
  #changed;
  constructor(query = '', changed = undefined) {
    const pairs = typeof query === 'object' && query ? (Array.isArray(query) ? query : Object.entries(query)) : undefined;
    this.pairs = pairs ? pairs.map((it) => it.map(text)) : text(query).replace(/^\?/, '').split('&').filter(Boolean).map((it) => {
      const [, name, value = ''] = /^([^=]*)=?(.*)$/s.exec(it.replace(/\+/g, ' '));
      return [name, value].map(decodeURIComponentOrSame);
    });
    this.#changed = changed;
  }
  #change() { this.#changed?.(this.toString()); }
  get(name) { return this.pairs.find((it) => it[0] === name)?.[1] ?? null; }
  getAll(name) { return this.pairs.filter((it) => it[0] === name).map((it) => it[1]); }
  has(name) { return this.pairs.some((it) => it[0] === name); }
  append(name, value) { this.pairs.push([text(name), text(value)]); this.#change(); }
  delete(name) { this.pairs = this.pairs.filter((it) => it[0] !== name); this.#change(); }
  set(name, value) {
    const pair = this.pairs.find((it) => it[0] === name);
    if (pair) pair[1] = text(value);
    else this.pairs.push([text(name), text(value)]);
    this.#change();
  }
  forEach(work) { for (const [name, value] of this.pairs) work(value, name, this); }
  [Symbol.iterator]() { return this.pairs[Symbol.iterator](); }
  toString() { return this.pairs.map((it) => it.map(encodeURIComponent).join('=')).join('&'); }
}
for (const [name, value] of Object.entries({ Blob, File, URL, URLSearchParams })) global(name, disguise(value, name));
URL.createObjectURL && (world.webkitURL = URL);

/** A header of a request: where the user comes from is nobody who is asked. */
function header(name, value) {
  act(/^(referer|origin|host|user-agent|accept.*)$/i.test(text(name)) ? 'beside' : 'remark', value);
}
function headers(all) {
  if (typeof all === 'object' && all) for (const name of Object.keys(all).slice(0, 64)) header(name, all[name]);
}
// Requests.
class XMLHttpRequest {
  constructor() {
    this.readyState = 0;
    this.status = 0;
    this.responseText = this.response = '';
    this.handlers = {};
  }
  open(method, url) { this.url = text(url); this.readyState = 1; }
  setRequestHeader(name, value) { header(name, value); }
  overrideMimeType() {}
  addEventListener(name, work) { this.handlers['on' + name] = work; }
  getResponseHeader() { return ''; }
  getAllResponseHeaders() { return ''; }
  abort() {}
  send(body) {
    if (typeof body === 'string') act('remark', body);
    const answer = ask('fetch', this.url);
    this.status = answer === undefined ? 404 : 200;
    this.readyState = 4;
    this.responseText = answer ?? '';
    const kind = text(this.responseType);
    this.response = kind === 'arraybuffer' ? buffer(this.responseText) : kind === 'blob' ? new Blob([buffer(this.responseText)]) : this.responseText;
    this.responseURL = this.url;
    for (const name of ['onreadystatechange', 'onload', 'onloadend']) {
      for (const work of [this[name], this.handlers[name]]) {
        if (typeof work === 'function') afterwards(() => apply(work, this, [{ target: this, type: name.slice(2) }]));
      }
    }
  }
}
define(XMLHttpRequest.prototype, 'handlers', { value: {}, writable: true, enumerable: false });
function response(url, answer) {
  const body = answer ?? '';
  return {
    ok: answer !== undefined,
    status: answer === undefined ? 404 : 200,
    url,
    headers: absorb(),
    text: () => Promise.resolve(body),
    // What nobody answers is no JSON: who asks several goes on to the next.
    json: () => (answer === undefined
      ? Promise.reject(new SyntaxError('Unexpected end of JSON input'))
      : Promise.resolve(absorb())),
    blob: () => Promise.resolve(new Blob([buffer(body)])),
    arrayBuffer: () => Promise.resolve(buffer(body)),
    clone() { return this; },
    body: absorb(),
  };
}
function requested(target) {
  return text(typeof target === 'object' && target !== null ? target.url ?? target.href ?? target : target);
}
const fetchPage = disguise((target, options) => {
  const url = requested(target);
  if (typeof options?.body === 'string') act('remark', options.body);
  headers(options?.headers);
  return Promise.resolve(response(url, ask('fetch', url)));
}, 'fetch');
global('XMLHttpRequest', disguise(XMLHttpRequest, 'XMLHttpRequest'));
global('fetch', fetchPage);
global('Request', disguise(function (url) { return { url: text(url) }; }, 'Request'));
for (const name of ['WebSocket', 'EventSource', 'Worker', 'SharedWorker']) {
  global(name, disguise(function (url) {
    const blob = blobs.get(text(url));
    // A worker's script may be made up.
    if (blob) afterwards(ask('fromUtf8', blob.characters));
    else go(url);
    return absorb();
  }, name));
}
global('importScripts', disguise((...urls) => urls.forEach(go), 'importScripts'));

// Text and bytes.
global('atob', disguise((value) => ask('from64', text(value)), 'atob'));
global('btoa', disguise((value) => ask('to64', text(value)), 'btoa'));
global('TextDecoder', disguise(class TextDecoder {
  constructor(label = 'utf-8') { this.encoding = text(label).toLowerCase(); }
  decode(value) {
    const all = characters(value ?? '');
    if (/16/.test(this.encoding)) return wide(all);
    return /latin1|ascii|8859|1252|binary/.test(this.encoding) ? all : ask('fromUtf8', all);
  }
}, 'TextDecoder'));
global('TextEncoder', disguise(class TextEncoder {
  encode(value) { return new Uint8Array(buffer(characters(text(value)))); }
}, 'TextEncoder'));
global('FileReader', disguise(class FileReader {
  readAsText(blob) { this.done(ask('fromUtf8', characters(blob))); }
  readAsBinaryString(blob) { this.done(characters(blob)); }
  readAsArrayBuffer(blob) { this.done(buffer(characters(blob))); }
  readAsDataURL(blob) { this.done('data:;base64,' + ask('to64', characters(blob))); }
  addEventListener(name, work) { this['on' + name] = work; }
  done(result) {
    this.result = result;
    for (const name of ['onload', 'onloadend']) if (this[name]) afterwards(this[name], [{ target: this }]);
  }
}, 'FileReader'));

// The page's place.
const place = {};
const placeParts = { href: 'https://page.invalid/', protocol: 'https:', host: 'page.invalid', hostname: 'page.invalid', port: '', pathname: '/', origin: 'https://page.invalid' };
for (const name of Object.keys(placeParts)) {
  define(place, name, { get: () => placeParts[name], set: (value) => (name === 'href' ? go(value) : undefined), enumerable: true });
}
for (const name of ['search', 'hash']) define(place, name, { value: '', writable: true, enumerable: true });
for (const name of ['assign', 'replace']) define(place, name, { value: disguise(go, name) });
define(place, 'reload', { value: disguise(() => {}, 'reload') });
define(place, 'toString', { value: disguise(() => placeParts.href, 'toString') });
const placed = { get: () => place, set: go, configurable: true, enumerable: true };
define(world, 'location', placed);

// What a browser says of itself.
const agent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36';
global('navigator', partly({
  userAgent: agent,
  appVersion: agent.slice(8),
  appName: 'Netscape',
  appCodeName: 'Mozilla',
  vendor: 'Google Inc.',
  product: 'Gecko',
  platform: 'Win32',
  language: 'en-US',
  languages: ['en-US', 'en'],
  cookieEnabled: true,
  onLine: true,
  webdriver: false,
  hardwareConcurrency: 8,
  deviceMemory: 8,
  maxTouchPoints: 0,
  javaEnabled: () => false,
  sendBeacon: (url, data) => {
    if (typeof data === 'string') act('remark', data);
    ask('fetch', text(url));
    return true;
  },
  msSaveBlob: (blob, name) => { act('write', name, characters(blob)); return true; },
  msSaveOrOpenBlob: (blob, name) => { act('write', name, characters(blob)); return true; },
  serviceWorker: partly({ register: (url) => { go(url); return Promise.resolve(absorb()); }, controller: null }),
  clipboard: partly({ writeText: (value) => { clip(value); return Promise.resolve(); } }),
}));
global('screen', partly({ width: 1920, height: 1080, availWidth: 1920, availHeight: 1040, colorDepth: 24, pixelDepth: 24 }));
global('history', absorb());
for (const name of ['localStorage', 'sessionStorage']) {
  const kept = new Map();
  global(name, partly({
    getItem: (key) => kept.get(text(key)) ?? null,
    setItem: (key, value) => { if (kept.size < 256) kept.set(text(key), text(value)); },
    removeItem: (key) => kept.delete(text(key)),
    clear: () => kept.clear(),
  }));
}
/** Web Crypto, as far as it opens what was closed. */
const algorithmOf = (it) => text(typeof it === 'object' && it ? it.name : it).toLowerCase().replace(/^sha-/, 'sha');
const promised = (work) => new Promise((done, failed) => { try { done(work()); } catch (problem) { failed(problem); } });
const keysOf = new WeakMap();
function keyOf(all) {
  const key = partly({ type: 'secret', extractable: true });
  keysOf.set(key, all);
  return key;
}
function derived(how, key, bits) {
  return ask('stretched', algorithmOf(how.hash), keysOf.get(key) ?? '', characters(how.salt ?? ''), Math.min(how.iterations >>> 0, 4294967295), (bits >>> 0) / 8) ?? '';
}
const subtle = partly({
  digest: (how, data) => promised(() => buffer(ask('digest', algorithmOf(how), characters(data)) ?? '')),
  importKey: (format, data) => promised(() => keyOf(typeof data === 'object' && data && 'k' in data ? ask('from64', text(data.k).replace(/-/g, '+').replace(/_/g, '/')) : characters(data))),
  exportKey: (_, key) => promised(() => buffer(keysOf.get(key) ?? '')),
  deriveBits: (how, key, bits) => promised(() => buffer(derived(how, key, bits))),
  deriveKey: (how, key, kind) => promised(() => keyOf(derived(how, key, kind?.length ?? 256))),
  decrypt: (how, key, data) => promised(() => {
    const name = algorithmOf(how);
    let all = characters(data);
    if (/gcm/.test(name)) all = all.slice(0, -16);
    const opened = ask('unseal', name, keysOf.get(key) ?? '', characters(how.iv ?? how.counter ?? ''), all);
    if (opened === undefined || opened === null) throw new Error('OperationError');
    return buffer(opened);
  }),
});
global('crypto', partly({
  subtle,
  getRandomValues: (array) => {
    for (let at = 0; at < array.length; at++) array[at] = Math.floor(Math.random() * 4294967296);
    return array;
  },
  randomUUID: () => '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
}));
const say = disguise((...values) => act('remark', values.map(text).join(' ')), 'log');
global('console', partly({ log: say, info: say, warn: say, error: say, debug: say, trace: say, dir: say, clear: () => {} }));
global('alert', disguise(say, 'alert'));
global('confirm', disguise((value) => { say(value); return true; }, 'confirm'));
global('prompt', disguise((value, or) => { say(value); return or ?? ''; }, 'prompt'));
global('open', disguise((url) => { go(url); return absorb(); }, 'open'));
global('execScript', disguise((code, language) => { /vb/i.test(text(language)) ? ask('basic', text(code)) : evaluate(text(code)); }, 'execScript'));
for (const name of ['window', 'self', 'top', 'parent', 'frames', 'global']) global(name, world);
for (const name of ['innerWidth', 'outerWidth']) global(name, 1920);
for (const name of ['innerHeight', 'outerHeight']) global(name, 969);
for (const name of ['postMessage', 'focus', 'blur', 'moveTo', 'resizeTo', 'scrollTo', 'close', 'removeEventListener', 'dispatchEvent']) global(name, disguise(() => {}, name));
for (const name of ['MutationObserver', 'Event', 'CustomEvent', 'DOMParser', 'FormData', 'Headers', 'AbortController', 'IntersectionObserver', 'WebAssembly']) global(name, absorb());
global('getComputedStyle', () => absorb());
global('matchMedia', () => partly({ matches: false }));

// PDF: the functions of Acrobat.
const submit = (target) => go(typeof target === 'object' && target ? target.cURL : target);
global('app', partly({
  viewerVersion: 23.0,
  viewerType: 'Reader',
  platform: 'WIN',
  language: 'ENU',
  doc: partly({ getURL: go, submitForm: submit }),
  launchURL: go,
  getURL: go,
  openDoc: (target) => go(typeof target === 'object' && target ? target.cPath : target),
  mailMsg: (_, to) => act('remark', to),
  alert: say,
  response: () => '',
  setTimeOut: (code, time) => afterwards(text(code), [], time),
  setInterval: (code, time) => afterwards(text(code), [], time, 3),
  eval: (code) => evaluate(text(code)),
  plugIns: [],
}));
global('getURL', disguise(go, 'getURL'));
global('submitForm', disguise(submit, 'submitForm'));
global('mailForm', () => {});
global('exportDataObject', disguise((target) => {
  if (target?.nLaunch > 0) act('run', target.cName);
}, 'exportDataObject'));
for (const name of ['util', 'Collab', 'media', 'spell', 'SOAP', 'Net', 'info', 'Doc', 'xfa']) global(name, absorb());
