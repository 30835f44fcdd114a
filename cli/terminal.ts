/** Where a command shows things to a person: standard error while something runs, standard output for the answer. */
export interface Terminal {
  /** A line of the answer; nothing when the answer is JSON. */
  line(text?: string): void;
  /** Rows under headings, padded; nothing when the answer is JSON. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void;
  /** A line of progress, to standard error. */
  progress(text: string): void;
}

export function createTerminal(json: boolean): Terminal {
  const print = (text: string): void => {
    if (!json) process.stdout.write(`${text}\n`);
  };
  return {
    line: (text = '') => print(text),
    table(headings, rows) {
      const widths = headings.map((heading, column) =>
        Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
      );
      for (const row of [headings, ...rows]) {
        print(
          row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join('  ')
            .trimEnd(),
        );
      }
    },
    progress: (text) => process.stderr.write(`${text}\n`),
  };
}
