// Moving between the rows of a table by keys: arrows, j and k, Home and End.

/** For `{@attach rows}` on a table: keys move between the elements marked `data-row`. */
export function rows(element: HTMLElement): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
    const all = [...element.querySelectorAll<HTMLElement>('[data-row]')];
    if (all.length === 0) return;
    const at = all.findIndex((row) => row === target || row.closest('tr,li')?.contains(target as Node));
    const to = next(event.key, at, all.length);
    if (to === null) return;
    event.preventDefault();
    all[to]?.focus();
  };
  element.addEventListener('keydown', listener);
  return () => element.removeEventListener('keydown', listener);
}

/** Where a key leads from row `at` of `count`; `null` if it leads nowhere. */
export function next(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return Math.min(at + 1, count - 1);
    case 'ArrowUp':
    case 'k':
      return Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
