/** What a coordinator did for one request, as a test writes it down. */

import type { Explained, ExplainedStep } from '../../src/core/explained.ts'
import type { NodeId, Token } from '../../src/core/ids.ts'

/** `2100 n5 digest 3f2a`: after 2.1 ms, by or to n5. */
export function explainedOf(...steps: readonly string[]): Explained {
  return {
    coordinator: 'n4' as NodeId,
    token: '\x9f\x3a\x11\xc2\x00\x00\x00\x00' as Token,
    partition: 159,
    primaries: ['n4', 'n5', 'n1'] as NodeId[],
    fallbacks: ['n2', 'n3'] as NodeId[],
    steps: steps.map(stepFrom),
  }
}

function stepFrom(line: string): ExplainedStep {
  const [at, node, what, detail = ''] = line.split(' ')
  return { atMicros: Number(at), node: node as NodeId, what: what as ExplainedStep['what'], detail }
}
