// The document, its elements, and what they load.
/** What the functions of jQuery ask for; where it is asked for without having been loaded. */
function jQuery() {
  const answered = (url, values) => {
    const answer = ask('fetch', url) ?? '';
    for (const work of values) if (typeof work === 'function') afterwards(work, [answer, 'success', absorb()]);
    const self = partly({
      done: (work) => { afterwards(work, [answer, 'success', absorb()]); return self; },
      success: (work) => self.done(work),
      always: (work) => self.done(work),
      then: (work) => { if (typeof work === 'function') afterwards(work, [answer]); return self; },
      fail: () => self,
    });
    return self;
  };
  const ajax = (first, second) => {
    const options = (typeof first === 'string' ? second : first) ?? {};
    if (typeof options.data === 'string') act('remark', options.data);
    const url = text(typeof first === 'string' ? first : options.url);
    if (/^script$/i.test(text(options.dataType))) return answered(url, []);
    return answered(url, [options.success, options.complete]);
  };
  const asked = (url, ...rest) => (typeof url === 'object' ? ajax(url) : answered(text(url), rest));
  const ready = (work) => { if (typeof work === 'function') afterwards(work, [jquery]); return selected(); };
  const selected = (what) => {
    const known = partly({
      length: 1,
      ready,
      load: (url, ...rest) => { if (typeof url === 'string') answered(url.split(' ')[0], rest); else ready(url); return known; },
      on: (_, ...rest) => { ready(rest.find((it) => typeof it === 'function')); return known; },
      attr: (name, value) => { if (/^(src|href|action)$/i.test(text(name)) && value !== undefined && /^src$/i.test(text(name))) go(value); return known; },
      each: (work) => { if (typeof work === 'function') apply(work, what, [0, what]); return known; },
    });
    for (const name of ['append', 'prepend', 'html', 'after', 'before', 'appendTo', 'replaceWith']) {
      known[name] = (value) => { if (typeof value === 'string') markup(value); else adopt(value); return known; };
    }
    for (const name of ['click', 'submit', 'bind', 'live', 'one', 'hover', 'keydown', 'mousemove']) {
      known[name] = (...values) => { ready(values.find((it) => typeof it === 'function')); return known; };
    }
    return known;
  };
  const jquery = disguise((what) => {
    if (typeof what === 'function') return ready(what);
    if (typeof what === 'string' && /^\s*</.test(what)) markup(what);
    return selected(what);
  }, 'jQuery');
  for (const name of ['get', 'post', 'getJSON', 'getScript']) jquery[name] = asked;
  Object.assign(jquery, { ajax, fn: absorb(), extend: Object.assign, noConflict: () => jquery, ajaxSetup: () => {}, support: absorb(), trim: (it) => text(it).trim() });
  return jquery;
}

const LOADS = { script: ['src'], iframe: ['src'], frame: ['src'], img: ['src'], image: ['src'], embed: ['src'], video: ['src'], audio: ['src'], source: ['src'], input: ['src'], object: ['data'], link: ['href'] };

/** Where the forms go that a script writes, by their names. */
const formActions = new Map();
/** What is selected, to be copied. */
let selected;

/** Text for the user to paste: a command is one that shall be run. */
function clip(value) {
  const given = text(value).trim();
  if (/^"?(%?\w+%?[\\/])*(powershell|pwsh|cmd|mshta|curl|msiexec|rundll32|regsvr32|wscript|cscript|conhost|forfiles|certutil|bitsadmin|bash|sh|zsh|osascript|nohup)(\.exe)?"?\s/i.test(given)) act('run', given);
  else act('remark', given);
}

/** Markup that a script writes: its scripts run, what it loads is asked for. */
function markup(html) {
  const found = ask('markup', text(html));
  for (let at = 0; at < found.length; at += 2) {
    const [kind, value] = [found[at], found[at + 1]];
    if (kind === 'load') go(value);
    else if (kind === 'form') {
      const [name, action] = value.split('\n');
      if (formActions.size < 64) formActions.set(name, action);
    }
    else if (kind === 'basic') ask('basic', value);
    else {
      try {
        evaluate(value);
      } catch (problem) {
        act('note', `a script that was written ended with ${text(problem)}`);
      }
    }
  }
}

function element(tag, given) {
  const name = text(tag).toLowerCase();
  const kept = new Map();
  const inner = absorb(kept);
  const loads = LOADS[name] ?? [];
  let ran = false;

  function put(property, value) {
    const key = typeof property === 'string' ? property : '';
    kept.set(property, value);
    if (loads.includes(key.toLowerCase())) go(value);
    if (name === 'script' && /^(text|textContent|innerText|innerHTML)$/.test(key)) return;
    if (/^(innerHTML|outerHTML|srcdoc)$/.test(key)) markup(value);
    if (/^on(load|error|readystatechange|click|submit|mouseover|mousemove|keydown|focus|change)$/.test(key) && value && !(name === 'a' && key === 'onclick')) afterwards(value, [{ target: proxy, type: key.slice(2) }]);
  }
  /** A script with its text in it runs when it gets into the document. */
  function enter() {
    if (name !== 'script' || ran) return;
    const code = text(kept.get('text') ?? kept.get('textContent') ?? kept.get('innerText') ?? kept.get('innerHTML'));
    if (!code) return;
    ran = true;
    evaluate(code);
  }
  function click() {
    const href = text(kept.get('href'));
    const download = kept.get('download');
    if (download !== undefined) save(href, text(download));
    else if (href) go(href);
    for (const work of [kept.get('onclick')]) if (typeof work === 'function') apply(work, proxy, [{}]);
  }
  for (const [property, value] of Object.entries({
    tagName: name.toUpperCase(),
    nodeName: name.toUpperCase(),
    style: absorb(),
    innerHTML: '',
    id: '',
    value: '',
    setAttribute: (property, value) => put(text(property), value),
    getAttribute: (property) => kept.get(text(property)) ?? null,
    hasAttribute: (property) => kept.has(text(property)),
    appendChild: adopt,
    append: (...children) => children.forEach(adopt),
    prepend: (...children) => children.forEach(adopt),
    insertBefore: adopt,
    replaceChild: adopt,
    insertAdjacentHTML: (_, html) => markup(html),
    addEventListener: (event, work) => { if (!/^(abort|stalled)$/.test(text(event))) afterwards(work, [{ target: proxy, type: text(event), preventDefault() {} }]); },
    click,
    dispatchEvent: click,
    submit: () => go(kept.get('action')),
    requestSubmit: () => go(kept.get('action')),
    select: () => { selected = proxy; },
    setSelectionRange: () => { selected = proxy; },
    getElementsByTagName: (tag) => [element(tag)],
    querySelector: () => element('div'),
  })) kept.set(property, value);
  if (typeof given === 'string') for (const property of ['innerHTML', 'innerText', 'textContent', 'value', 'content']) kept.set(property, given);

  const proxy = new Proxy(inner, {
    get(target, property) {
      if (property === 'ukai$enter') return enter;
      if (property === 'contentWindow' || property === 'defaultView') return world;
      if (property === 'contentDocument' || property === 'ownerDocument') return world.document;
      if (property === 'parentNode' || property === 'parentElement') return world.document.body;
      return target[property];
    },
    set(_, property, value) {
      put(property, value);
      return true;
    },
  });
  return proxy;
}

/** Something is put into the document. */
function adopt(child) {
  const enter = child?.ukai$enter;
  if (typeof enter === 'function') enter();
  return child;
}

{
  const body = element('body');
  const head = element('head');
  const root = element('html');
  const named = new Map();
  const byName = (name) => {
    const key = text(name).replace(/^#/, '');
    if (!named.has(key) && named.size < 256) named.set(key, element('div', ask('element', key)));
    if (formActions.has(key)) named.get(key).action = formActions.get(key);
    return named.get(key) ?? element('div');
  };
  const event = (name, work) => {
    if (!/^(error|unhandledrejection|offline|abort)$/.test(text(name))) {
      afterwards(typeof work === 'function' ? work : work?.handleEvent, [partly({ type: text(name), preventDefault() {}, clipboardData: partly({ setData: (_, value) => clip(value) }) })]);
    }
  };
  const document = {
    execCommand: (name) => { if (/^(copy|cut)$/i.test(text(name)) && selected) clip(selected.value || selected.textContent); return true; },
    body,
    head,
    documentElement: root,
    readyState: 'complete',
    title: '',
    cookie: '',
    referrer: '',
    domain: 'page.invalid',
    characterSet: 'UTF-8',
    hidden: false,
    visibilityState: 'visible',
    URL: placeParts.href,
    documentURI: placeParts.href,
    currentScript: element('div'),
    scripts: [element('div')],
    forms: [],
    images: [],
    defaultView: world,
    parentWindow: world,
    write: disguise((...parts) => markup(parts.map(text).join('')), 'write'),
    writeln: disguise((...parts) => markup(parts.map(text).join('')), 'writeln'),
    open: () => document,
    close: () => {},
    createElement: disguise(element, 'createElement'),
    createElementNS: (_, tag) => element(tag),
    createTextNode: (value) => text(value),
    createDocumentFragment: () => element('div'),
    getElementById: byName,
    querySelector: byName,
    getElementsByTagName: (tag) => [{ body, head, html: root }[text(tag).toLowerCase()] ?? element('div')],
    getElementsByClassName: (name) => [byName(name)],
    getElementsByName: (name) => [byName(name)],
    querySelectorAll: (name) => [byName(name)],
    addEventListener: event,
    attachEvent: (name, work) => event(text(name).replace(/^on/, ''), work),
  };
  const page = partly(document);
  define(document, 'location', placed);
  global('document', page);
  global('addEventListener', disguise(event, 'addEventListener'));
  global('attachEvent', disguise((name, work) => event(text(name).replace(/^on/, ''), work), 'attachEvent'));
  for (const name of ['readystatechange', 'click', 'mousemove', 'mouseover', 'keydown', 'keypress', 'keyup', 'scroll', 'touchstart', 'visibilitychange', 'beforeunload', 'unload', 'pagehide', 'pageshow', 'hashchange', 'popstate', 'message', 'focus', 'blur', 'resize', 'submit', 'copy', 'paste']) {
    const handler = { get: () => null, set: (work) => { if (typeof work === 'function') afterwards(work, [partly({ type: name, preventDefault() {} })]); }, configurable: true, enumerable: false };
    define(document, 'on' + name, handler);
    define(world, 'on' + name, handler);
  }
  define(world, 'onload', { get: () => null, set: (work) => { if (typeof work === 'function') afterwards(work, [{}]); }, configurable: true });
  const NewImage = disguise(function () { return element('img'); }, 'Image');
  global('Image', NewImage);
  global('Audio', disguise(function (url) { if (url) go(url); return element('audio'); }, 'Audio'));
}
