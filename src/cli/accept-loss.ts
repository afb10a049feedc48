/**
 * `kv repair --accept-loss --node NODE` (design §4): where too few whole primaries are left, what
 * only that node could prove is taken as given, on every node that waits for it. It may lose what
 * only that node held, so its name is typed.
 */
import type { Client } from '../client/index.ts'
import type { NodeId } from '../core/ids.ts'
import { answerMs, askEach } from './ask-each.ts'
import { CliError } from './cli-error.ts'
import { counted } from './render.ts'
import { typedName } from './typed-name.ts'

export type AcceptedLoss = {
  readonly node: string
  /** Nodes that waited for it, and in how many of their partitions; whether they are whole now. */
  readonly helped: readonly {
    readonly node: string
    readonly partitions: number
    readonly whole: boolean
  }[]
  /** Members that did not answer: they wait as before. */
  readonly silent: readonly string[]
}

/** The member of that name; throws UNKNOWN_NODE. */
export function lostNode(name: string, members: readonly NodeId[]): NodeId {
  const node = members.find(member => member === name)
  if (node === undefined) {
    throw new CliError('UNKNOWN_NODE', `${name} is no member`, ['kv cluster status'])
  }
  return node
}

/** What somebody types who was told what may be lost; throws USAGE where nobody can be asked. */
export async function typedLoss(
  node: NodeId,
  { signal, interactive }: { readonly signal: AbortSignal; readonly interactive: boolean },
): Promise<string> {
  const may = `what only ${node} held may be lost by this`
  if (!interactive) throw new CliError('USAGE', `${may}: say --yes`)
  return typedName(`${may}. Type ${node} to go on: `, signal)
}

/** Throws ABORTED where the name typed is another one, UNREACHABLE where nobody answers. */
export async function acceptLoss(
  client: Client,
  node: NodeId,
  members: readonly NodeId[],
  typed: string,
): Promise<AcceptedLoss> {
  if (typed.trim() !== node) throw new CliError('ABORTED', 'no loss was accepted')
  const { answers, silent } = await askEach(members, member =>
    client.wholeness(member, { acceptLoss: node }, { timeoutMs: answerMs }),
  )
  if (answers.length === 0) throw new CliError('UNREACHABLE', 'no node answers')
  const helped = answers
    .filter(answer => answer.helped > 0)
    .map(({ node: waited, helped: partitions, whole }) => ({ node: waited, partitions, whole }))
  return { node, helped, silent }
}

export function acceptLossLines({ node, helped, silent }: AcceptedLoss): readonly string[] {
  const lines = helped.map(({ node: waited, partitions, whole }) => {
    const then = whole ? 'it is whole now' : 'it is whole once it is equal with the others'
    return `${waited} waits for ${node} no more in ${counted(partitions, 'partition')}: ${then}`
  })
  if (helped.length === 0) lines.push(`nobody waits for ${node}`)
  for (const name of silent) lines.push(`${name} does not answer, and was not asked`)
  return lines
}
