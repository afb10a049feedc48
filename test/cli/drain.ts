import t from 'tap'
import { type DrainOptions, drain } from '../../src/cli/drain.js'
import { refusal } from '../../src/client/errors.js'
import type { Client } from '../../src/client/index.ts'
import type { NodeId } from '../../src/core/ids.ts'
import { hintsAre } from '../helpers/hints.ts'

const n2 = 'n2' as NodeId
const members = ['n1', 'n2', 'n3'] as NodeId[]

/** Answers of each holder, one a round; the last one stays; undefined: silence. */
function clientOf(answers: Readonly<Record<string, readonly (number | undefined)[]>>): Client {
  const round = new Map<string, number>()
  const next = (node: string): number => {
    const all = answers[node] ?? []
    const at = Math.min(round.get(node) ?? 0, all.length - 1)
    round.set(node, at + 1)
    const hints = all[at]
    if (hints === undefined) throw refusal('TIMEOUT', 'silent')
    return hints
  }
  const client: Pick<Client, 'hints' | 'status'> = {
    hints: async node => hintsAre(node, { n2: [next(node)], n9: [5] }),
    status: async node => {
      next(node)
      return {} as never
    },
  }
  return client as Client
}

function options(changes: Partial<DrainOptions> = {}) {
  const rounds: string[] = []
  const signal = new AbortController().signal
  const onRound = (before: number, left: number) => rounds.push(`${before - left}/${before}`)
  return { rounds, timeoutMs: 5000, signal, onRound, ...changes }
}

t.test('rounds until none is left', async t => {
  const asked = options()
  const client = clientOf({ n1: [30, 10, 0], n2: [1], n3: [5, 0] })
  t.match(await drain(client, n2, members, asked), { node: 'n2', hints: 35, silent: [] })
  t.same(asked.rounds, ['0/35', '25/35', '35/35'])
})

t.test('a holder that falls silent still keeps what it kept', async t => {
  const asked = options({ timeoutMs: 500 })
  const client = clientOf({ n1: [30, undefined], n2: [1], n3: [0] })
  await t.rejects(drain(client, n2, members, asked), {
    code: 'TIMEOUT',
    message: '30 hints for n2 are left after 500ms',
  })
  const back = clientOf({ n1: [30, undefined, 0], n2: [1], n3: [0] })
  t.match(await drain(back, n2, members, options()), { hints: 30, silent: [] })
})

t.test('of one that never answers nothing is known, and it is named', async t => {
  const client = clientOf({ n1: [0], n2: [1], n3: [undefined] })
  t.match(await drain(client, n2, members, options()), { hints: 0, silent: ['n3'] })
  const nobody = clientOf({ n1: [undefined], n2: [1], n3: [undefined] })
  await t.rejects(drain(nobody, n2, members, options()), { code: 'UNREACHABLE' })
  t.match(await drain(clientOf({ n2: [1] }), n2, [n2], options()), { hints: 0 }, 'it is alone')
})

t.test('a node that is not up is refused before anybody is asked', async t => {
  const asked = options()
  const client = clientOf({ n1: [3], n2: [undefined], n3: [0] })
  await t.rejects(drain(client, n2, members, asked), { code: 'UNREACHABLE', message: 'not up' })
  t.same(asked.rounds, [])
})

t.test('Ctrl-C ends the waiting', async t => {
  const controller = new AbortController()
  const asked = options({ signal: controller.signal, onRound: () => controller.abort() })
  await t.rejects(drain(clientOf({ n1: [3], n2: [1], n3: [0] }), n2, members, asked), {
    name: 'AbortError',
  })
})
