/** Tables for a terminal: columns as wide as their content, and the last ones cut where the terminal ends. */

/** Prints rows under a header. No line is wider than `width` columns of the terminal, unless its names alone are. */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const lines = [header, ...rows]
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => displayWidth(line[column] ?? ''))),
  )
  fit(widths, header.map(displayWidth), width - 3 * (header.length - 1) - 2)
  const print = (line: readonly string[]) =>
    ` ${line.map((cell, column) => pad(cut(cell, widths[column] ?? 0), widths[column] ?? 0)).join(' │ ')}`.trimEnd()
  const rule = `─${widths.map((size) => '─'.repeat(size)).join('─┼─')}─`
  return [print(header), rule, ...rows.map(print)].join('\n')
}

/** Makes the widest columns narrower until the sum is at most `room`; none gets narrower than its least. */
function fit(widths: number[], least: readonly number[], room: number): void {
  const sum = () => widths.reduce((total, size) => total + size, 0)
  while (sum() > room) {
    const spare = widths.map((size, column) => (size > (least[column] ?? 0) ? size : 0))
    const widest = spare.indexOf(Math.max(...spare))
    if (spare[widest] === 0) return
    widths[widest] = (widths[widest] ?? 0) - 1
  }
}

/** How many columns of a terminal the text takes: letters of East Asia and emoji take two, marks none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue
    width +=
      /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u.test(
        character,
      )
        ? 2
        : 1
  }
  return width
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break
    kept += character
  }
  return `${kept}…`
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}
