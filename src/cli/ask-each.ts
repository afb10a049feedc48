/** One question to many nodes, each by itself: who is paused or down has no answer, which is no error. */

export type Round<Answer> = {
  readonly answers: readonly Answer[]
  /** In the order of the nodes. */
  readonly silent: readonly string[]
}

/** A node that does not answer in this time is silent. */
export const answerMs = 1000

/** Throws what is wrong with an answer. */
export async function askEach<Node extends string, Answer>(
  nodes: readonly Node[],
  ask: (node: Node) => Promise<Answer>,
): Promise<Round<Answer>> {
  const asked = nodes.map(async node => ({ node, answer: await ask(node).catch(ignoreSilence) }))
  const all = await Promise.all(asked)
  return {
    answers: all.flatMap(({ answer }) => (answer === undefined ? [] : [answer])),
    silent: all.filter(({ answer }) => answer === undefined).map(({ node }) => node),
  }
}

export function isSilence(problem: unknown): boolean {
  const code: unknown = Reflect.get(Object(problem), 'code')
  return code === 'UNREACHABLE' || code === 'TIMEOUT' || code === 'BUSY'
}

function ignoreSilence(problem: unknown): undefined {
  if (!isSilence(problem)) throw problem
}
