// The Windows Script Host: objects of COM, and what JScript has beside the language.
const numbers = new WeakMap(); // of proxies of objects
const byteNumbers = new WeakMap(); // of proxies of bytes

/** A value as the machine takes it. */
function encode(value, depth = 0) {
  if (value === undefined || value === null) return value;
  switch (typeof value) {
    case 'boolean':
    case 'number':
      return value;
    case 'string':
      return text(value);
    case 'bigint':
      return Number(value);
    case 'symbol':
      return '';
  }
  if (numbers.has(value)) return ['o', numbers.get(value)];
  if (byteNumbers.has(value)) return ['b', byteNumbers.get(value)];
  if (Array.isArray(value) && depth < 4) {
    const items = [];
    for (let at = 0; at < value.length && at < 1000000; at++) items[at] = encode(value[at], depth + 1);
    return ['a', items];
  }
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return encode(value.valueOf());
  if (typeof value === 'object' && value[Symbol.toPrimitive] === undefined && value.toString !== Object.prototype.toString) return text(value);
  return ['u'];
}

/** A value of the machine. */
function decode(value) {
  if (!Array.isArray(value)) return value;
  switch (value[0]) {
    case 'o':
      return object(value[1]);
    case 'b':
      return bytes(value[1]);
    case 'a':
      return value[1].map(decode);
  }
  return absorb();
}

function bytes(number) {
  const characters = () => ask('bytes', number);
  const known = partly({
    get length() { return characters().length; },
    toArray: () => Array.from(characters(), (it) => it.charCodeAt(0)),
    toString: characters,
    [Symbol.toPrimitive]: characters,
  });
  byteNumbers.set(known, number);
  return known;
}

const runners = /^(addcode|executestatement|eval|execscript|run|write|writeln|put_|addfromstring|transformnode|transformnodetoobject)$/i;
/** Calls a method, and what it has run. */
function invoke(number, name, values) {
  const answer = decode(ask('call', number, name, values.map((it) => encode(it))));
  if (runners.test(name)) {
    const waiting = ask('pending');
    for (let at = 0; at < waiting.length; at += 2) {
      if (waiting[at] === 'javascript') nativeEval(waiting[at + 1]);
      else ask('basic', waiting[at + 1]);
    }
  }
  return valued(answer);
}

/** What an object was asked for, where a script inside gives it. */
function valued(answer) {
  const asked = ask('asked');
  if (asked.length === 0) return answer;
  if (asked[0] !== 'javascript') {
    ask('basic', asked[1]);
    return answer;
  }
  return nativeEval(layer(asked[1]));
}

/** Names of what Windows' objects have. */
const members = new Set(
  (
    'open send setrequestheader setoption option abort status statustext readystate onreadystatechange responsetext responsebody responsestream ' +
    'responsexml waitforresponse settimeouts setproxy getresponseheader getallresponseheaders type mode position size charset state write writetext ' +
    'savetofile loadfromfile read readtext copyto close flush run exec shellexecute execute namespace regread regwrite regdelete ' +
    'expandenvironmentstrings createshortcut specialfolders environment currentdirectory popup sendkeys appactivate createtextfile opentextfile ' +
    'fileexists folderexists deletefile deletefolder copyfile movefile createfolder getfile getfolder getspecialfolder gettempname buildpath ' +
    'getabsolutepathname getbasename getextensionname getfilename getparentfoldername drives files subfolders path name writeline writeblanklines ' +
    'readall readline skip skipline atendofstream atendofline stdin stdout stderr processid exitcode terminate create execquery execmethod_ ' +
    'spawninstance_ get instancesof add item exists keys items remove removeall count navigate navigate2 visible document busy quit ' +
    'createelement loadxml load selectsinglenode nodetypedvalue datatype text targetpath windowstyle arguments description iconlocation save ' +
    'sleep echo createobject getobject scriptfullname scriptname fullname version interactive timeout'
  ).split(' '),
);

const objects = new Map();
function object(number) {
  if (objects.has(number)) return objects.get(number);
  const handlers = new Map();
  const methods = new Map();
  const primitive = () => decode(ask('call', number, '', []));
  const proxy = new Proxy(disguise(function () {}, ''), {
    get(_, name) {
      if (name === Symbol.toPrimitive || name === 'toString' || name === 'valueOf') return primitive;
      if (typeof name === 'symbol' || name === 'then') return undefined;
      const key = name.toLowerCase();
      if (handlers.has(key)) return handlers.get(key);
      const found = ask('get', number, text(name));
      if (found !== false) return valued(decode(found[0]));
      if (!methods.has(key)) {
        methods.set(key, disguise((...values) => {
          const answer = invoke(number, key, values);
          const changed = handlers.get('onreadystatechange');
          if (key === 'send' && changed) changed();
          return answer;
        }, name));
      }
      return methods.get(key);
    },
    set(_, name, value) {
      if (typeof name === 'symbol') return true;
      if (typeof value === 'function' && !numbers.has(value)) handlers.set(name.toLowerCase(), value);
      else ask('set', number, text(name), [], encode(value));
      return true;
    },
    // Asked by `with`: all other names are the script's own.
    has: (_, name) => typeof name === 'string' && members.has(name.toLowerCase()),
    apply: (_, __, values) => invoke(number, '', values),
    construct: () => absorb(),
  });
  numbers.set(proxy, number);
  objects.set(number, proxy);
  return proxy;
}

global('ActiveXObject', disguise(function (name) { return decode(ask('create', text(name))); }, 'ActiveXObject'));
global('GetObject', disguise((moniker, name) => {
  const wanted = text(moniker);
  return decode(wanted ? ask('getObject', wanted) : ask('create', text(name)));
}, 'GetObject'));
global('WScript', decode(ask('wscript')));
global('WSH', world.WScript);
global('Enumerator', disguise(function (list) {
  let items = [];
  if (Array.isArray(list)) items = list;
  else if (numbers.has(list)) {
    const found = ask('get', numbers.get(list), '_items');
    items = found === false ? [absorb()] : decode(found[0]);
  } else if (list) items = [absorb()];
  let at = 0;
  return {
    atEnd: () => at >= items.length,
    item: () => items[at],
    moveNext: () => void at++,
    moveFirst: () => void (at = 0),
  };
}, 'Enumerator'));
global('VBArray', disguise(function (array) {
  const items = Array.isArray(array) ? array : array?.toArray?.() ?? [];
  return { toArray: () => items, getItem: (at) => items[at], ubound: () => items.length - 1, lbound: () => 0, dimensions: () => 1 };
}, 'VBArray'));
global('ScriptEngine', () => 'JScript');
global('ScriptEngineMajorVersion', () => 5);
global('ScriptEngineMinorVersion', () => 8);
global('ScriptEngineBuildVersion', () => 16384);
global('CollectGarbage', () => {});
