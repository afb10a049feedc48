/** What `kv net ...` and `kv node skew` share: they ask each node by itself, and name who is silent. */
import type { Client } from '../client/index.ts'
import type { NodeId } from '../core/ids.ts'
import type { FaultRule, FaultsReply } from '../core/message.ts'
import { isSilence } from './ask-each.ts'
import { DataCommand, type Reach } from './data-command.ts'
import type { FaultPlan } from './fault-plan.ts'
import { faultsDocument } from './fault-view.ts'

export type FaultsWanted = {
  readonly rules?: readonly FaultRule[] | undefined
  readonly skewMs?: number | undefined
}

/** A node that does not answer is not waited for any longer. */
const answerMs = 1500

export abstract class FaultCommand extends DataCommand {
  /** Carries a plan out at every node that it touches; its JSON document. */
  protected async applyPlan(
    reach: Reach,
    planFor: (members: readonly NodeId[]) => FaultPlan,
    say: (members: readonly NodeId[]) => void,
  ): Promise<unknown> {
    return this.withClient(reach, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const plan = planFor(members)
      const touched = members.filter(node => plan(node, []) !== undefined)
      const { answers, silent } = await this.askEach(client, touched, reach, async node => {
        const { rules } = await client.faults(node, {}, { timeoutMs: limit(reach) })
        return { rules: plan(node, rules) }
      })
      if (!this.jsonEnabled()) say(members)
      return faultsDocument(answers, silent)
    })
  }

  /**
   * Sends each node what `wantedBy` says. Who is paused or down is named in a warning and the
   * others are done. Throws FAULTS_OFF where a node takes no faults, UNREACHABLE where nobody
   * answered.
   */
  protected async askEach(
    client: Client,
    nodes: readonly NodeId[],
    reach: Reach,
    wantedBy: (node: NodeId) => Promise<FaultsWanted>,
  ): Promise<{ readonly answers: readonly FaultsReply[]; readonly silent: readonly string[] }> {
    const problems: unknown[] = []
    const silent: string[] = []
    const asked = nodes.map(async node => {
      try {
        const wanted = await wantedBy(node)
        return await client.faults(node, wanted, { timeoutMs: limit(reach) })
      } catch (problem) {
        problems.push(problem)
        if (isSilence(problem)) silent.push(node)
        return undefined
      }
    })
    const answers = (await Promise.all(asked)).filter(answer => answer !== undefined)
    const worse = problems.find(problem => !isSilence(problem))
    if (worse !== undefined) throw worse
    if (answers.length === 0 && problems.length > 0) throw problems[0]
    silent.sort()
    for (const node of silent) this.warn(`${node} does not answer (paused or down): left out`)
    return { answers, silent }
  }
}

function limit({ timeout }: Reach): number {
  return Math.min(timeout, answerMs)
}
