/** Which of the known names was meant by a mistyped one. */

/** The closest name (edits and swaps of neighbours), or undefined where none is near. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const word = typed.slice(0, typedMax)
  let best: string | undefined
  let bestDistance = Math.max(2, Math.ceil(word.length * 0.4))
  for (const name of names) {
    const distance = editDistance(word, name)
    if (distance >= bestDistance) continue
    best = name
    bestDistance = distance
  }
  return best
}

function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) row.push(cell(a, b, i, j, row, last, before))
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

function cell(
  a: string,
  b: string,
  i: number,
  j: number,
  row: readonly number[],
  last: readonly number[],
  before: readonly number[],
): number {
  const changed = a[i - 1] === b[j - 1] ? 0 : 1
  const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? far) + 1 : far
  return Math.min(
    (last[j] ?? far) + 1,
    (row[j - 1] ?? far) + 1,
    (last[j - 1] ?? far) + changed,
    swapped,
  )
}

const far = 1e9
const typedMax = 80
