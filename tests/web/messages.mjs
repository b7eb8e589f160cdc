// The UI's texts, read from its sources: what should stand on a page, and what should not.

import { readFileSync } from 'node:fs';

function read(language) {
  const source = readFileSync(new URL(`../../web/src/lib/i18n/${language}.ts`, import.meta.url), 'utf8');
  const found = source.matchAll(/^ {2}'([\w.&-]+)': '((?:[^'\\]|\\.)*)',$/gm);
  const texts = Object.fromEntries([...found].map(([, key, text]) => [key, text.replace(/\\'/g, "'")]));
  if (Object.keys(texts).length < 200) throw new Error(`${language}.ts could not be read`);
  return texts;
}

export const messages = { en: read('en'), ja: read('ja') };

/** Texts that only the other language has: none may stand on a page as it is. */
export function foreign(language) {
  const own = new Set(Object.values(messages[language]));
  const other = Object.values(messages[language === 'en' ? 'ja' : 'en']);
  // Short English words may be data (`elf`, `static`, `telnet`); sentences may not.
  return new Set(other.filter((text) => !own.has(text) && !text.includes('{') && (language === 'en' || /\w \w|^\w{10,}$/.test(text))));
}
