/** The ring as a client sees it: computed from the members, as every node does (design §3). */
import { clientHash } from '../client/hash.ts'
import { hexOf } from '../core/binary.ts'
import { partitionOf, tokenOf } from '../core/hash.ts'
import type { Key, NodeId } from '../core/ids.ts'
import type { InspectReply, ViewReply } from '../core/message.ts'
import { claim, type Ring } from '../core/ring/claim.ts'
import { type Ownership, ownershipOf } from '../core/ring/ownership.ts'
import { fallbacksOf, preferenceList } from '../core/ring/preference-list.ts'
import { exactDot } from './outcome-shape.ts'
import { alignedLines, counted, tableLines } from './render.ts'
import { letterOf, ringPicture } from './ring-picture.ts'
import { fractionOf, shortDot } from './shown.ts'

export type RingView = {
  readonly view: ViewReply
  readonly ring: Ring
  readonly owned: Ownership
  /** Node ids in the order of their letters. */
  readonly nodes: readonly NodeId[]
}

/** Where a key lives. */
export type Place = {
  readonly hash: string
  /** Its place on the ring, 0 to 1. */
  readonly fraction: number
  readonly partition: number
  readonly preference: readonly NodeId[]
  readonly fallbacks: readonly NodeId[]
}

export function ringView(view: ViewReply): RingView {
  const ring = claim(clientHash, view.members, view.settings)
  const owned = ownershipOf(ring, view.members)
  return { view, ring, owned, nodes: owned.nodes.map(({ node }) => node) }
}

export function placeOf({ ring }: RingView, key: Key): Place {
  const token = tokenOf(clientHash, key)
  const partition = partitionOf(token, ring.partitions)
  return {
    hash: hexOf(token),
    fraction: fractionOf(token),
    partition,
    preference: preferenceList(ring, partition),
    fallbacks: fallbacksOf(ring, partition),
  }
}

/** Picture, ownership table, imbalance. */
export function ringLines(shown: RingView): readonly string[] {
  const { owned, view } = shown
  const rows = owned.nodes.map(({ node, first, replicas, part }, i) => [
    letterOf(i),
    node,
    addressOf(view, node),
    `${memberOf(view, node)?.weight ?? 1}`,
    `${first}`,
    `${replicas}`,
    `${(part * 100).toFixed(1)}%`,
  ])
  const { partitions, replicas } = view.settings
  return [
    ...ringPicture(firsts(shown)),
    '',
    ...tableLines(['', 'NODE', 'ADDRESS', 'WEIGHT', 'FIRST', 'REPLICAS', 'OWNS'], rows),
    `${partitions} partitions, ${replicas} replicas each; fullest node ${owned.imbalance.toFixed(3)} ` +
      `of the mean, ${owned.fullest.toFixed(3)} of its share`,
  ]
}

/** Where the key lives and what each of its replicas holds. */
export function keyLines(
  shown: RingView,
  key: string,
  place: Place,
  held: InspectReply,
): readonly string[] {
  const letters = place.preference.map(node => letterOf(shown.nodes.indexOf(node)))
  const mark = { at: place.fraction, centre: [key, letters.join(' -> ')] }
  const rows = place.preference.map((node, i) => [
    `  ${i + 1}`,
    `${letterOf(shown.nodes.indexOf(node))} ${node}`,
    addressOf(shown.view, node),
    heldText(held, node),
  ])
  const percent = (place.fraction * 100).toFixed(1)
  return [
    ...ringPicture(firsts(shown), 15, mark),
    '',
    `${key}  hash ${place.hash}  token ${percent}%  partition ${place.partition}/${shown.ring.partitions}`,
    ...alignedLines(rows),
    `  fallbacks: ${place.fallbacks.join(', ') || 'none'}`,
  ]
}

export function ringDocument({ view, owned }: RingView) {
  const nodes = owned.nodes.map(({ node, ...counts }) => {
    const { weight = 1, zone = '' } = memberOf(view, node) ?? {}
    return { node, address: addressOf(view, node), weight, zone, ...counts }
  })
  const { partitions, replicas, fallbacks } = view.settings
  const { imbalance, fullest } = owned
  return { epoch: hexOf(view.epoch), partitions, replicas, fallbacks, nodes, imbalance, fullest }
}

export function keyDocument(shown: RingView, key: string, place: Place, held: InspectReply) {
  const { hash, fraction, partition, fallbacks } = place
  const preference = place.preference.map(node => {
    const replica = held.replicas.find(found => found.node === node)
    const versions = replica?.versions ?? []
    const answered = replica?.whole !== undefined
    return {
      node,
      address: addressOf(shown.view, node),
      answered,
      ...(answered ? { whole: replica.whole } : {}),
      versions: versions.map(({ dot, ...rest }) => ({ dot: exactDot(dot), ...rest })),
    }
  })
  return { key, hash, token: fraction, partition, preference, fallbacks }
}

/** What a node holds of a key, for people. */
export function heldText(held: InspectReply, node: NodeId): string {
  const replica = held.replicas.find(found => found.node === node)
  if (replica?.whole === undefined) return 'no answer'
  const versions = replica.versions.map(({ dot, via, tombstone, bytes }) => {
    const what = tombstone ? 'deleted' : counted(bytes, 'byte')
    return `{${shortDot(dot, via)}} ${what}`
  })
  const state = replica.whole ? '' : '  (not whole)'
  return versions.length === 0 ? `has nothing${state}` : `has ${versions.join(', ')}${state}`
}

function firsts({ ring, nodes }: RingView): readonly number[] {
  return ring.lists.map(list => nodes.indexOf(list[0] as NodeId))
}

function addressOf(view: ViewReply, node: NodeId): string {
  const member = memberOf(view, node)
  return member === undefined ? '?' : `${member.host}:${member.port}`
}

function memberOf(view: ViewReply, node: NodeId) {
  return view.members.find(member => member.id === node)
}
