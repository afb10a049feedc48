/**
 * I6: the stored tree is the one that the data makes. At every end of a process, now and then
 * while it runs, and at rest, a tree is opened on the disk and compared with sums that are added
 * up here from what each row says of itself; while a commit is under way, so is the tree in
 * memory. Rows that rotted are counted by nobody: their nodes are left out.
 */
import { itemDigest } from '../../core/causality/digest.ts'
import { placeOf, prefixOf } from '../../core/entropy/node.ts'
import { binaryOfSum, countAt, sumWords } from '../../core/entropy/sum.ts'
import { Tree } from '../../core/entropy/tree.ts'
import type { Instant, NodeId } from '../../core/ids.ts'
import { keyOfRow, objectRowAt, objectRowsEnd } from '../../core/row-key.ts'
import { coreSecrets } from '../../wire/secret.ts'
import { simHash } from '../hash.ts'
import type { Machine } from '../machine.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'

export const treeChecker: MakeChecker = (scene): Checker => {
  const { machines } = scene.context
  let commits = 0
  let ticks = 0
  const look = (node: NodeId) => {
    const machine = machines.get(node)
    if (machine !== undefined) compare(scene, machine, openedOn(scene, machine), 'stored')
  }
  return {
    name: 'I6',
    onNotice: notice => {
      if (notice.type === 'ended') look(notice.node)
      else if (notice.type === 'durable' && ++commits % 50 === 0) look(notice.node)
      else if (notice.type === 'input' && notice.input.type === 'tick' && ++ticks % 20 === 0) {
        const machine = machines.get(notice.node)
        const tree = machine?.process?.replica.tree
        if (machine?.disk.unflushed === undefined || tree?.ready !== true) return
        compare(scene, machine, tree, 'own')
      }
    },
    atRest: () => {
      for (const node of machines.keys()) look(node)
    },
  }
}

/** The tree that a start would find. */
function openedOn({ context }: Scene, { disk }: Machine): Tree {
  const tree = new Tree({
    hash: simHash,
    digestKey: coreSecrets(context.secret).digest,
    reads: disk.reads,
    partitions: context.settings.partitions,
    checkpointChanges: undefined,
  })
  for (let i = 0; i < stepsMax && !tree.ready; i++) {
    tree.tick(0 as Instant)
    if (tree.due) {
      tree.turn()
      tree.settled(0 as Instant)
    }
  }
  return tree
}

function compare(scene: Scene, machine: Machine, tree: Tree, whose: string): void {
  const level = tree.bits + 2
  const { digest } = coreSecrets(scene.context.secret)
  const wanted = new Map<number, Sum>()
  const rotten = new Set<number>()
  for (const [row, bytes] of machine.disk.rows) {
    if (row < objectRowAt('') || row > objectRowsEnd) continue
    const { token, key } = keyOfRow(row)
    const prefix = prefixOf(placeOf(token), level)
    const copy = scene.decoded.copyIn(row, bytes)
    if (copy === undefined) {
      rotten.add(prefix)
      continue
    }
    const sum = wanted.get(prefix) ?? { first: 0, second: 0, count: 0 }
    wanted.set(prefix, sum)
    const item = itemDigest(simHash, digest, key, copy.siblings)
    if (item !== '') add(sum, item)
  }
  for (let prefix = 0; prefix < 2 ** level; prefix++) {
    if (rotten.has(prefix)) continue
    const found = new Uint32Array(sumWords)
    tree.subtrees.addTo(found, 0, level, prefix, () => true)
    const sum = wanted.get(prefix) ?? { first: 0, second: 0, count: 0 }
    if (binaryOfSum(found) === binaryOf(sum) && countAt(found, 0) === sum.count) continue
    const counts = `${countAt(found, 0)} objects, its disk ${sum.count}`
    scene.fail(
      'I6',
      undefined,
      `the ${whose} tree of ${machine.id} has ${counts} in node ${prefix}`,
    )
    return
  }
}

type Sum = { first: number; second: number; count: number }

function add(sum: Sum, item: string): void {
  sum.first = (sum.first + numberIn(item, 0)) % 2 ** 32
  sum.second = (sum.second + numberIn(item, 4)) % 2 ** 32
  sum.count++
}

function numberIn(binary: string, at: number): number {
  let value = 0
  for (let i = at; i < at + 4; i++) value = value * 256 + binary.charCodeAt(i)
  return value
}

function binaryOf({ first, second }: Sum): string {
  let text = ''
  for (const half of [first, second]) {
    for (const shift of [24, 16, 8, 0]) text += String.fromCharCode((half >>> shift) & 255)
  }
  return text
}

const stepsMax = 64
