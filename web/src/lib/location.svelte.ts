// The browser's address as state, and links within the UI without loading the page anew.

import { route, type Route } from './router';

class Location {
  path = $state(window.location.pathname);
  search = $state(window.location.search);
  /** Grows with every navigation, so that a page can start afresh. */
  visit = $state(0);

  get route(): Route {
    return route(this.path);
  }

  get params(): URLSearchParams {
    return new URLSearchParams(this.search);
  }

  #read(): void {
    this.path = window.location.pathname;
    this.search = window.location.search;
  }

  /** Goes to an address within the UI. */
  go(to: string, how: 'push' | 'replace' = 'push'): void {
    if (how === 'push') window.history.pushState(null, '', to);
    else window.history.replaceState(null, '', to);
    const before = this.path;
    this.#read();
    this.visit += 1;
    if (this.path !== before) {
      window.scrollTo(0, 0);
      // Keyboard and screen-reader users start at the new page's heading.
      requestAnimationFrame(() => document.getElementById('main')?.focus({ preventScroll: true }));
    }
  }

  /** Follows the browser's buttons and the links of the page; once. */
  listen(): void {
    window.addEventListener('popstate', () => {
      this.#read();
      this.visit += 1;
    });
    document.addEventListener('click', (click) => {
      if (click.defaultPrevented || click.button !== 0) return;
      if (click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
      const link = click.target instanceof Element ? click.target.closest('a[href]') : null;
      if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
      if (link.origin !== window.location.origin) return;
      const own = !link.pathname.startsWith('/api/') && !link.pathname.startsWith('/feeds/');
      if (!own || link.hash !== '') return;
      click.preventDefault();
      this.go(link.pathname + link.search);
    });
  }
}

export const location = new Location();
