// The ground of the made-up world: what the other parts stand on. One function holds all parts;
// the script sees only what is put into the global object.
const world = globalThis;
const { apply, construct, ownKeys, getPrototypeOf } = Reflect;
const define = Object.defineProperty;
const nativeEval = world.eval;
const NativeFunction = Function;
const nativeToString = Function.prototype.toString;
const own = Object.prototype.hasOwnProperty;

/** Text of anything, without halves of pairs; what has no text is empty. */
const wellFormed = String.prototype.toWellFormed;
function text(value) {
  if (value === undefined || value === null) return '';
  try {
    return apply(wellFormed, String(value), []);
  } catch (_) {
    return '';
  }
}

/** Asks the machine. If the script is over it does not come back. */
function ask(name, ...values) {
  const answer = raw[name](...values);
  if (raw.over()) for (;;);
  return answer;
}

const act = (kind, what, value) => ask('act', kind, text(what), text(value));

/** A global that scripts do not meet when they go through all. */
function global(name, value) {
  define(world, name, { value, writable: true, configurable: true, enumerable: false });
}

// Functions of ours look like the engine's.
const ours = new WeakSet();
const ourNames = new WeakMap();
function disguise(fn, name) {
  ours.add(fn);
  if (name !== undefined) ourNames.set(fn, name);
  return fn;
}
define(Function.prototype, 'toString', {
  value: disguise(function toString() {
    const name = ourNames.get(this) ?? (typeof this === 'function' ? this.name : '');
    if (ours.has(this)) return `function ${name}() { [native code] }`;
    const source = apply(nativeToString, this, []);
    // As the browsers that most scripts are made for write it.
    return source.includes('[native code]') && source.length < 200 ? `function ${name}() { [native code] }` : source;
  }, 'toString'),
  writable: true,
  configurable: true,
});

/** Takes every call and every question; what was put into it is there again. */
function absorb(kept = new Map()) {
  const target = disguise(function () {}, '');
  const proxy = new Proxy(target, {
    get(_, name) {
      if (kept.has(name)) return kept.get(name);
      switch (name) {
        case Symbol.toPrimitive:
          return (hint) => (hint === 'number' ? 0 : '');
        case Symbol.iterator:
          return function* () {};
        case 'toString':
        case 'valueOf':
          return () => '';
        case 'length':
          return 0;
        case 'then':
          return undefined;
        case 'prototype':
          return target.prototype;
      }
      if (typeof name === 'symbol') return undefined;
      const inner = absorb();
      if (kept.size < 256) kept.set(name, inner);
      return inner;
    },
    set(_, name, value) {
      if (kept.size < 256) kept.set(name, value);
      return true;
    },
    has: () => true,
    deleteProperty: () => true,
    apply: () => absorb(),
    construct: () => absorb(),
    ownKeys: () => [...ownKeys(target)],
  });
  return proxy;
}

/** An object of which `known` is known, and the rest absorbs. */
function partly(known) {
  const kept = new Map();
  for (const name of ownKeys(known)) {
    const property = Object.getOwnPropertyDescriptor(known, name);
    if (!property.get && !property.set) kept.set(name, property.value);
  }
  const inner = absorb(kept);
  return new Proxy(inner, {
    get(target, name) {
      const property = Object.getOwnPropertyDescriptor(known, name);
      return property?.get ? apply(property.get, known, []) : target[name];
    },
    set(target, name, value) {
      const property = Object.getOwnPropertyDescriptor(known, name);
      if (property?.set) apply(property.set, known, [value]);
      else target[name] = value;
      return true;
    },
  });
}

// Text that the script runs.

/** What `eval` is given, told and made ready. */
function layer(code) {
  if (typeof code !== 'string') return code;
  return ask('evaluate', text(code)) ?? '';
}
/** Runs text outside of all functions. */
const evaluate = disguise(function (code) {
  return typeof code === 'string' ? nativeEval(layer(code)) : code;
}, 'eval');

let direct = false;
define(world, 'eval', {
  get() {
    if (direct) {
      direct = false;
      return nativeEval;
    }
    return evaluate;
  },
  set() {},
  configurable: true,
  enumerable: false,
});
for (const [name, value] of [
  ['ukai$a', () => { direct = true; }],
  ['ukai$l', layer],
  ['ukai$v', (_, value) => value],
  ['ukai$i', (name) => {
    const place = text(name);
    if (/^(https?|data|blob):/i.test(place)) {
      go(place);
      return Promise.resolve(absorb());
    }
    const loaded = world.require(place);
    return Promise.resolve(partly({ default: loaded, ...loaded, get: loaded?.get, exec: loaded?.exec }));
  }],
]) {
  define(world, name, { value, enumerable: false });
}

/** `Function` and its like: the text of the body is told. */
function maker(native) {
  const made = disguise(function (...parts) {
    const body = parts.length ? layer(text(parts[parts.length - 1])) : '';
    const names = [...parts.slice(0, -1)].map(text);
    return construct(native, [...names, body], new.target === undefined || new.target === made ? native : new.target);
  }, native.name);
  made.prototype = native.prototype;
  define(native.prototype, 'constructor', { value: made, writable: true, configurable: true });
  return made;
}
global('Function', maker(NativeFunction));
maker(getPrototypeOf(function* () {}).constructor);
maker(getPrototypeOf(async function () {}).constructor);

// What the engine does in one go costs by its size: elements of arrays more than characters.
const LARGE = 4096;
function costs(prototype, names, each = 1) {
  for (const name of names) {
    const native = prototype[name];
    if (typeof native !== 'function') continue;
    define(prototype, name, {
      value: disguise(function (...values) {
        let size = this?.length;
        // What is looked for is compared at each place.
        const wanted = prototype === String.prototype ? values[0]?.length : 0;
        if (wanted > 64) size *= wanted / 64;
        if (size > LARGE && !ask('charge', size * each)) for (;;);
        return apply(native, this, values);
      }, native.name),
      writable: true,
      configurable: true,
    });
  }
}
costs(String.prototype, ['split', 'indexOf', 'lastIndexOf', 'includes', 'replace', 'replaceAll', 'concat', 'toLowerCase', 'toUpperCase', 'trim', 'normalize', 'localeCompare', Symbol.iterator]);
costs(Array.prototype, ['join', 'indexOf', 'lastIndexOf', 'includes', 'slice', 'concat', 'reverse', 'splice', 'shift', 'unshift', 'fill', 'sort', 'flat', 'copyWithin', 'forEach', 'map', 'filter', 'reduce', 'reduceRight', 'every', 'some', 'find', 'findIndex', 'findLast', 'findLastIndex', 'flatMap', 'toReversed', 'toSorted', 'toSpliced', 'with'], 16);
costs(getPrototypeOf(Uint8Array.prototype), ['set', 'slice', 'fill', 'indexOf', 'join', 'sort', 'reverse', 'copyWithin']);
for (const name of ['repeat', 'padStart', 'padEnd']) {
  const native = String.prototype[name];
  define(String.prototype, name, {
    value: disguise(function (count, ...rest) {
      const size = name === 'repeat' ? count * text(this).length : count;
      if (size > LARGE && !ask('charge', size)) for (;;);
      return apply(native, this, [count, ...rest]);
    }, name),
    writable: true,
    configurable: true,
  });
}

const nativeParse = JSON.parse;
JSON.parse = disguise((source, ...rest) => {
  const given = text(source);
  if (given.length > LARGE && !ask('charge', given.length * 16)) for (;;);
  return nativeParse(given, ...rest);
}, 'parse');

// What follows the script: timers, events of the page.
const later = [];
const LATER_MAX = 500;
function afterwards(work, values = [], time = 0, times = 1) {
  if (later.length < LATER_MAX) later.push({ work, values, time: +time || 0, times });
  return later.length;
}
/** Runs what waits; whether something may still wait. */
let turns = 0;
function finish() {
  const work = later.shift();
  if (!work || turns++ > LATER_MAX) return false;
  if (work.times > 1) later.push({ ...work, times: work.times - 1 });
  ask('sleep', work.time);
  if (typeof work.work === 'function') apply(work.work, world, work.values);
  else if (typeof work.work === 'string') evaluate(work.work);
  return true;
}
const timer = (times) => (work, time, ...values) => afterwards(work, values, time, times);
global('setTimeout', disguise(timer(1), 'setTimeout'));
global('setInterval', disguise(timer(3), 'setInterval'));
global('setImmediate', disguise((work, ...values) => afterwards(work, values), 'setImmediate'));
global('requestAnimationFrame', disguise((work) => afterwards(work, [0]), 'requestAnimationFrame'));
global('queueMicrotask', disguise((work) => afterwards(work), 'queueMicrotask'));
for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate', 'cancelAnimationFrame']) {
  global(name, disguise((number) => {
    const waiting = later[number - 1];
    if (waiting && later.length === number) waiting.times = 1;
  }, name));
}
