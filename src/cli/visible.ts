/**
 * The only way from foreign text to a terminal. Keys, values, names, addresses and messages may
 * hold bytes that move the cursor, recolour the screen or reorder what is read (CVE-2021-25743);
 * each such character is written out: `\e`, `\x9b`, `\u{202e}`. Escaping is idempotent: a
 * backslash stays as it is, so a line may pass through twice; `--json` is exact.
 */

/** What a table cell or a message shows at most, in characters. */
export const shownMax = 400

/** C0, DEL, C1, format characters (bidi, zero width, tags), lone surrogates, separators. */
const hidden = /(?!\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
const hiddenButNewline = /(?!\n|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
/** What `JSON.stringify` leaves raw although a terminal acts on it. */
const rawInJson = /(?!\ufe0f)[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{DI}]/gu

const named: Readonly<Record<string, string>> = {
  '\x1b': '\\e',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
}

/** Text that a terminal shows and never acts on; newlines stay, all else is escaped. */
export function visibleLines(text: string): string {
  return text.replace(hiddenButNewline, escaped)
}

/** The same on one line: a newline is escaped, too. */
export function visible(text: string): string {
  return text.replace(hidden, escaped)
}

/** `visible`, cut to what a cell or a message has room for; the cut comes first (it is cheap). */
export function oneLine(text: string, max = shownMax): string {
  if (text.length <= max) return visible(text)
  return `${visible(text.slice(0, max))}… (${text.length} characters)`
}

/** Bytes as text to look at: valid UTF-8 escaped, other bytes as `\x9b`; newlines stay. */
export function visibleBytes(bytes: Uint8Array): string {
  const text = textOf(bytes)
  if (text !== undefined) return visibleLines(text)
  let shown = ''
  for (const byte of bytes) {
    shown += byte >= 0x80 ? hexEscape(byte) : visibleLines(String.fromCharCode(byte))
  }
  return shown
}

/** The text that the bytes are in UTF-8; undefined where they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** JSON text that is safe on a terminal: the same document, more of it escaped. */
export function visibleJson(json: string): string {
  return json.replace(rawInJson, character => {
    let units = ''
    for (let i = 0; i < character.length; i++) {
      units += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return units
  })
}

function escaped(character: string): string {
  const name = named[character]
  if (name !== undefined) return name
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? hexEscape(code) : `\\u{${code.toString(16)}}`
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
