// What the reader chose: language, theme, time zone. Remembered in this browser.

export type Language = 'en' | 'ja';
export type Theme = 'system' | 'dark' | 'light';
export type Zone = 'local' | 'utc';

function remembered<V extends string>(key: string, allowed: readonly V[], otherwise: V): V {
  try {
    const value = window.localStorage.getItem(`ukai.${key}`);
    return allowed.find((one) => one === value) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(key: string, value: string): void {
  try {
    window.localStorage.setItem(`ukai.${key}`, value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

class Preferences {
  #language = $state<Language>(
    remembered('language', ['en', 'ja'], navigator.language.startsWith('ja') ? 'ja' : 'en'),
  );
  #theme = $state<Theme>(remembered('theme', ['system', 'dark', 'light'], 'system'));
  #zone = $state<Zone>(remembered('zone', ['local', 'utc'], 'local'));
  #systemDark = $state(true);

  constructor() {
    const media = window.matchMedia('(prefers-color-scheme: dark)');
    this.#systemDark = media.matches;
    media.addEventListener('change', (change) => {
      this.#systemDark = change.matches;
      this.apply();
    });
  }

  get language(): Language {
    return this.#language;
  }
  set language(value: Language) {
    this.#language = value;
    remember('language', value);
    this.apply();
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(value: Theme) {
    this.#theme = value;
    remember('theme', value);
    this.apply();
  }

  get zone(): Zone {
    return this.#zone;
  }
  set zone(value: Zone) {
    this.#zone = value;
    remember('zone', value);
  }

  get utc(): boolean {
    return this.#zone === 'utc';
  }

  /** The theme in force. */
  get dark(): boolean {
    return this.#theme === 'dark' || (this.#theme === 'system' && this.#systemDark);
  }

  /** Tells the document. */
  apply(): void {
    document.documentElement.lang = this.#language;
    document.documentElement.dataset['theme'] = this.dark ? 'dark' : 'light';
  }
}

export const prefs = new Preferences();
