/**
 * The boundary: one pass over a frame's bytes before anything is made of them. It admits
 * integers, floats, ASCII strings, binary, booleans, nil and arrays, and nothing else of
 * msgpack; it counts depth and items, and holds every announced length against the bytes that
 * are left. What passes is one whole value, so a reader behind it cannot run past the end.
 */
import { depthMax, itemsMax } from './bounds.ts'

/** Why bytes[from..to) are refused, without any of the sender's bytes; undefined: they pass. */
export function scan(bytes: Uint8Array, from = 0, to = bytes.length): string | undefined {
  let at = from
  let depth = 0
  let items = 0
  let left = 1
  for (;;) {
    while (left === 0) {
      if (depth === 0) return at === to ? undefined : 'bytes behind the message'
      left = open[--depth] ?? 0
    }
    if (at >= to) return 'the frame ends within the message'
    if (++items > itemsMax) return `more than ${itemsMax} items`
    left--
    const head = bytes[at++] ?? 0
    if (head < 0x80 || head >= 0xe0) continue
    const form = forms[head] ?? refused
    const width = widths[head] ?? 0
    if (form === refused) return 'a type that is not spoken here'
    if (at + width > to) return 'the frame ends within the message'
    if (form === fixed) {
      at += width
      continue
    }
    const length = width === 0 ? head & shortMask(form) : uintAt(bytes, at, width)
    at += width
    if (length > to - at) return 'a length past the end of the frame'
    if (form === array) {
      if (depth >= depthMax) return `arrays deeper than ${depthMax}`
      open[depth++] = left
      left = length
      continue
    }
    if (form === text && !isAscii(bytes, at, at + length)) return 'text that is not ASCII'
    at += length
  }
}

/** Big-endian unsigned integer of 1, 2 or 4 bytes. */
function uintAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

function shortMask(form: number): number {
  return form === text ? 31 : 15
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if ((bytes[at] ?? 0x80) >= 0x80) return false
  return true
}

const refused = 0
/** A scalar: `widths` bytes follow. */
const fixed = 1
/** These three: `widths` bytes of length follow, or the length is in the low bits. */
const binary = 2
const text = 3
const array = 4

/** By first byte. Maps, extensions, 0xc1 stay refused. */
const forms = new Uint8Array(256)
const widths = new Uint8Array(256)
forms.fill(array, 0x90, 0xa0)
forms.fill(text, 0xa0, 0xc0)
const wide: readonly (readonly [head: number, form: number, width: number])[] = [
  [0xc0, fixed, 0],
  [0xc2, fixed, 0],
  [0xc3, fixed, 0],
  [0xc4, binary, 1],
  [0xc5, binary, 2],
  [0xc6, binary, 4],
  [0xca, fixed, 4],
  [0xcb, fixed, 8],
  [0xcc, fixed, 1],
  [0xcd, fixed, 2],
  [0xce, fixed, 4],
  [0xcf, fixed, 8],
  [0xd0, fixed, 1],
  [0xd1, fixed, 2],
  [0xd2, fixed, 4],
  [0xd3, fixed, 8],
  [0xd9, text, 1],
  [0xda, text, 2],
  [0xdb, text, 4],
  [0xdc, array, 2],
  [0xdd, array, 4],
]
for (const [head, form, width] of wide) {
  forms[head] = form
  widths[head] = width
}

/** Items still to come of each array that is open around the current one. */
const open = new Int32Array(depthMax)
