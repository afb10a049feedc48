/** What members say of how far their stores are: `docs/wire.md` shows it. */
import { type Verdict, verdicts } from '../core/wholeness/lives.ts'
import type { Recall, Recalled } from '../core/wholeness/recall-message.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeRecall(writer: Writer, message: Recall | Recalled): void {
  writer.array(message.type === 'recall' ? 6 : 5)
  writer.uint(tags[message.type])
  writer.uint(message.id)
  if (message.type === 'recall') {
    writer.binary(message.store)
    writer.binary(message.start)
    writer.uint(message.began)
  } else {
    writer.binary(message.start)
    writer.uint(verdicts.indexOf(message.verdict))
  }
  writer.uint(message.commits)
}

function readRecall(reader: Reader): Recall {
  return {
    type: 'recall',
    id: reader.uint(),
    store: reader.id(8),
    start: reader.id(8),
    began: reader.uint(counterMax),
    commits: reader.uint(counterMax),
  }
}

function readRecalled(reader: Reader): Recalled {
  return {
    type: 'recalled',
    id: reader.uint(),
    start: reader.id(8),
    verdict: verdicts[reader.uint(verdicts.length - 1)] as Verdict,
    commits: reader.uint(counterMax),
  }
}

export const recallRows: readonly Row<Recall | Recalled>[] = [
  { tag: tags.recall, arity: 6, read: readRecall },
  { tag: tags.recalled, arity: 5, read: readRecalled },
]
