/** The first few names and how many more there are, for one sentence. */
export function nameList(names: readonly string[], most = 8): string {
  const more = names.length - most;
  return `${names.slice(0, most).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
