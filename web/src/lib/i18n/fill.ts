// Values in texts.

/** Replaces each `{name}`; an unknown name is shown in brackets that tests look for. */
export function fill(text: string | undefined, values: Record<string, string | number>): string {
  if (text === undefined) return '⟦?⟧';
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? `⟦${name}⟧`));
}
