/**
 * What would move in one repair, found without moving it: of each key that differs, what the
 * comparisons showed of each owner, and the same exchange of news played through with that.
 */
import { encodeObject } from '../causality/object.ts'
import {
  compareIdentities,
  mergeSiblings,
  noSiblings,
  type Siblings,
} from '../causality/siblings.ts'
import type { Key, NodeId, Token } from '../ids.ts'
import type { Move } from './repair-message.ts'

type Seen = {
  readonly key: Key
  readonly token: Token
  /** What this node holds. */
  readonly own: Siblings
  /** What others hold; `noSiblings` of one that only wants what is held here. */
  readonly others: Map<NodeId, Siblings>
}

export class Preview {
  readonly #self: NodeId
  readonly #seen = new Map<Key, Seen>()

  constructor(self: NodeId) {
    this.#self = self
  }

  /** That member has news of the key. */
  takes(node: NodeId, token: Token, key: Key, own: Siblings, theirs: Siblings): void {
    this.#of(token, key, own).others.set(node, theirs)
  }

  /** That member wants what is held here, whatever it has. */
  gives(node: NodeId, token: Token, key: Key, own: Siblings): void {
    const { others } = this.#of(token, key, own)
    if (!others.has(node)) others.set(node, noSiblings)
  }

  /** The moves in the order of a repair; `peersOf` a token: its other owners that take part. */
  moves(peersOf: (token: Token) => readonly NodeId[]): readonly Move[] {
    return [...this.#seen.values()].flatMap(seen => this.#movesOf(seen, peersOf(seen.token)))
  }

  /** Each is compared once; those before one that had news are compared again. */
  #movesOf({ key, own, others }: Seen, peers: readonly NodeId[]): readonly Move[] {
    const moves: Move[] = []
    const held = new Map(peers.map(peer => [peer, others.get(peer) ?? own]))
    let mine = own
    for (const peer of [...peers, ...peers]) {
      const theirs = held.get(peer) ?? own
      const after = mergeSiblings(mine, theirs)
      if (isNews(mine, after)) {
        moves.push({ key, from: peer, to: this.#self, bytes: encodeObject(theirs).length })
      }
      if (isNews(theirs, after)) {
        moves.push({ key, from: this.#self, to: peer, bytes: encodeObject(mine).length })
      }
      mine = after
      held.set(peer, after)
    }
    return moves
  }

  #of(token: Token, key: Key, own: Siblings): Seen {
    const seen = this.#seen.get(key) ?? { key, token, own, others: new Map() }
    this.#seen.set(key, seen)
    return seen
  }
}

/** Other live versions than before? */
function isNews(before: Siblings, after: Siblings): boolean {
  const [a, b] = [before.versions, after.versions]
  return (
    a.length !== b.length ||
    a.some((version, i) => compareIdentities(version, b[i] ?? version) !== 0)
  )
}
