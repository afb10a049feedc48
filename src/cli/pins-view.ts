/** Which nodes keep pins from being shed, on one line (docs/causality.md). */
import { shownCount } from './progress.ts'
import { counted } from './render.ts'

/** What one node counts, by name. */
type Counters = ReadonlyMap<string, number>

/** undefined: nobody holds up any. All owners of a partition count the same pins. */
export function pinsLine(all: readonly Counters[]): string | undefined {
  const most = (name: string) => Math.max(0, ...all.map(counters => counters.get(name) ?? 0))
  const names = new Set(all.flatMap(counters => [...counters.keys()]).filter(isWait))
  const waits = [...names]
    .map(name => ({ node: name.slice(prefix.length), partitions: most(name) }))
    .filter(({ partitions }) => partitions > 0)
    .sort((a, b) => (a.node < b.node ? -1 : 1))
  if (waits.length === 0) return undefined
  const whom = waits.map(({ node, partitions }) => `${node} (${counted(partitions, 'partition')})`)
  const [pins, full] = [most('pins'), most('pinsFullKeys')]
  const line = `${shownCount(pins)} pin${pins === 1 ? '' : 's'} or more wait for ${whom.join(', ')}`
  if (full === 0) return line
  return `${line}; ${counted(full, 'key')} can take no more, so retries of puts there may end unknown`
}

const prefix = 'pinsWaitFor.'

function isWait(name: string): boolean {
  return name.startsWith(prefix)
}
