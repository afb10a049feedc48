/**
 * The ring as text: a circle of letters, one letter a node, clockwise from the top, each cell
 * showing who is first in the preference list of the partition there. Pure: a model in, lines
 * out; the monitor draws the same picture.
 */

/** A place on the ring to point at: 0 to 1, clockwise from the top; and what stands inside. */
export type RingMark = { readonly at: number; readonly centre: readonly string[] }

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** The letter of a node in the picture; past the 62nd they share one. */
export function letterOf(index: number): string {
  return letters[index] ?? '+'
}

/**
 * The picture, `rows` lines high (odd, at least 9); the mark is drawn as `*`. `firsts` holds the
 * index of the first node for each partition in order.
 */
export function ringPicture(
  firsts: readonly number[],
  rows = 15,
  mark?: RingMark,
): readonly string[] {
  const ry = (rows - 1) / 2
  const rx = ry * 2.2
  const marked = mark === undefined ? undefined : placeOf(mark.at, rx, ry)
  const centre = mark?.centre ?? []
  const lines: string[] = []
  for (let y = -ry; y <= ry; y++) {
    let line = ''
    for (let x = -Math.ceil(rx); x <= Math.ceil(rx); x++) {
      const isMark = marked?.x === x && marked.y === y
      line += isMark ? '*' : cellAt(firsts, x / rx, y / ry)
    }
    const text = centre[y + Math.floor(centre.length / 2)] ?? ''
    lines.push(withText(line, text, Math.floor(rx * innerEdge * 2) - 6).trimEnd())
  }
  return lines
}

/** What stands at a point of the unit circle: a letter inside the band, else a blank. */
function cellAt(firsts: readonly number[], x: number, y: number): string {
  const distance = Math.hypot(x, y)
  if (distance < innerEdge || distance > outerEdge) return ' '
  const turn = (Math.atan2(x, -y) / (2 * Math.PI) + 1) % 1
  const first = firsts[Math.floor(turn * firsts.length) % firsts.length]
  return first === undefined ? ' ' : letterOf(first)
}

function placeOf(at: number, rx: number, ry: number): { readonly x: number; readonly y: number } {
  const angle = at * 2 * Math.PI
  const distance = (innerEdge + 1) / 2
  return {
    x: Math.round(Math.sin(angle) * distance * rx),
    y: Math.round(-Math.cos(angle) * distance * ry),
  }
}

/** Puts a text into the blank middle of a line. */
function withText(line: string, text: string, room: number): string {
  if (text === '') return line
  const shown = text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text
  const from = Math.max(0, Math.floor((line.length - shown.length) / 2))
  return line.slice(0, from) + shown + line.slice(from + shown.length)
}

const innerEdge = 0.78
const outerEdge = 1.04
