// Time and chance of the made-up machine. The engine's `Date` asks the system for its time zone,
// which it must not: of it only what needs no zone is used, and the zone is UTC.
{
  const NativeDate = Date;
  const utc = NativeDate.UTC;
  const prototype = NativeDate.prototype;
  const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
  const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

  function parse(source) {
    const given = text(source).slice(0, 100);
    const iso = /^\s*([+-]?\d{4,6})-(\d\d?)(?:-(\d\d?))?(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?/.exec(given);
    const named = /([a-z]{3})[a-z]*\.?\s+(\d\d?),?\s+(\d{4})/i.exec(given) ?? null;
    const turned = /(\d\d?)\s+([a-z]{3})[a-z]*\.?,?\s+(\d{4})/i.exec(given) ?? null;
    const slashes = /^\s*(\d\d?)\/(\d\d?)\/(\d{4})/.exec(given);
    const clock = /(\d\d?):(\d\d)(?::(\d\d))?\s*(am|pm)?/i.exec(given);
    const zone = /(?:GMT|UTC|[\d\s])([+-])(\d\d):?(\d\d)\s*(?:\(.*)?$/.exec(given);
    let date;
    if (iso) date = [+iso[1], iso[2] - 1, +(iso[3] ?? 1)];
    else if (turned && months.includes(turned[2].toLowerCase())) date = [+turned[3], months.indexOf(turned[2].toLowerCase()), +turned[1]];
    else if (named && months.includes(named[1].toLowerCase())) date = [+named[3], months.indexOf(named[1].toLowerCase()), +named[2]];
    else if (slashes) date = [+slashes[3], slashes[1] - 1, +slashes[2]];
    else return NaN;
    let hour = +(clock?.[1] ?? 0);
    if (clock?.[4] && /pm/i.test(clock[4]) && hour < 12) hour += 12;
    const milliseconds = iso?.[7] ? Math.floor(+('0.' + iso[7]) * 1000) : 0;
    const time = utc(...date, hour, +(clock?.[2] ?? 0), +(clock?.[3] ?? 0), milliseconds);
    const shift = zone && clock ? (zone[1] === '-' ? 1 : -1) * (zone[2] * 60 + +zone[3]) * 60000 : 0;
    return time + shift;
  }

  const two = (number) => String(number).padStart(2, '0');
  const dateText = (it) => `${dayNames[it.getUTCDay()]} ${monthNames[it.getUTCMonth()]} ${two(it.getUTCDate())} ${it.getUTCFullYear()}`;
  const timeText = (it) => `${two(it.getUTCHours())}:${two(it.getUTCMinutes())}:${two(it.getUTCSeconds())} GMT+0000 (Coordinated Universal Time)`;

  const OurDate = disguise(function (...values) {
    if (new.target === undefined) {
      const now = construct(NativeDate, [ask('now')]);
      return `${dateText(now)} ${timeText(now)}`;
    }
    let time;
    if (values.length === 0) time = ask('now');
    else if (values.length === 1) {
      const [value] = values;
      if (value instanceof NativeDate) time = apply(prototype.getTime, value, []);
      else time = typeof value === 'number' ? value : typeof value === 'string' ? parse(value) : +value;
    } else time = utc(...values.map(Number));
    return construct(NativeDate, [time], new.target === OurDate ? NativeDate : new.target);
  }, 'Date');
  OurDate.prototype = prototype;
  define(prototype, 'constructor', { value: OurDate, writable: true, configurable: true });
  const put = (object, name, value) => define(object, name, { value: disguise(value, name), writable: true, configurable: true });
  put(OurDate, 'now', () => ask('now'));
  put(OurDate, 'parse', parse);
  put(OurDate, 'UTC', (...values) => utc(...values.map(Number)));
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    const get = prototype['getUTC' + part];
    put(prototype, 'get' + part, function () { return apply(get, this, []); });
    const set = prototype['setUTC' + part];
    if (set) put(prototype, 'set' + part, function (...values) { return apply(set, this, values.map(Number)); });
  }
  put(prototype, 'getYear', function () { return this.getUTCFullYear() - 1900; });
  put(prototype, 'setYear', function (year) { return this.setUTCFullYear(year < 100 ? 1900 + +year : +year); });
  put(prototype, 'getTimezoneOffset', () => 0);
  put(prototype, 'getVarDate', function () { return this; });
  put(prototype, 'toString', function () {
    return isNaN(apply(prototype.getTime, this, [])) ? 'Invalid Date' : `${dateText(this)} ${timeText(this)}`;
  });
  put(prototype, 'toDateString', function () { return dateText(this); });
  put(prototype, 'toTimeString', function () { return timeText(this); });
  const shown = function () {
    return `${this.getUTCMonth() + 1}/${this.getUTCDate()}/${this.getUTCFullYear()}`;
  };
  put(prototype, 'toLocaleDateString', shown);
  put(prototype, 'toLocaleTimeString', function () { return `${two(this.getUTCHours())}:${two(this.getUTCMinutes())}:${two(this.getUTCSeconds())}`; });
  put(prototype, 'toLocaleString', function () { return `${apply(shown, this, [])} ${this.toLocaleTimeString()}`; });
  put(prototype, Symbol.toPrimitive, function (hint) {
    return hint === 'number' ? apply(prototype.getTime, this, []) : this.toString();
  });
  global('Date', OurDate);

  let seed = 0x1a2b3c4d;
  Math.random = disguise(() => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }, 'random');
  global('performance', partly({ now: () => ask('now') - 1772587425000, timeOrigin: 1772587425000 }));
  delete world.Atomics;
  delete world.SharedArrayBuffer;
}
