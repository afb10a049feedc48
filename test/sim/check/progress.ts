import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import { mergeSiblings, type Siblings } from '../../../src/core/causality/siblings.ts'
import { progressChecker } from '../../../src/sim/check/progress.ts'
import { payloadOf, type Write } from '../../../src/sim/history.ts'
import { holding, n1, n2, n3, TestScene } from '../../helpers/scene.ts'

const frameBytes = 2048
/** Of one object alone, and of one that a put makes. */
const [carried, made] = [1536, 1024]

/** Of a key: what all three owners hold, and who writes it. */
class Owners extends TestScene {
  constructor() {
    super(progressChecker, { frameBytes })
  }

  /** A write of so many bytes. */
  writeOf(least: number, most: number, saw: readonly Write[] = []): Write {
    for (;;) {
      const write = this.write(saw)
      const { length } = payloadOf(write)
      if (length >= least && length <= most) return write
    }
  }

  /** Each owner holds all of these, which saw nothing of each other. */
  hold(...writes: readonly Write[]): number {
    const siblings = holding(...writes)
    for (const node of [n1, n2, n3]) this.durable(node, siblings)
    return encodeObject(siblings).length
  }
}

t.test('a get of what fits into a message may not be refused for its size', async t => {
  const world = new Owners()
  const [a, b, c] = Array.from({ length: 3 }, () => world.writeOf(350, 400)) as [
    Write,
    Write,
    Write,
  ]
  for (const held of [[a], [a, b], [a, b, c]]) {
    const bytes = world.hold(...held)
    t.ok(bytes < carried)
    world.failures.length = 0
    world.fails('TOO_LARGE', undefined)
    t.match(world.failures, [/c1's get of k failed though all had healed: TOO_LARGE/], `${bytes}`)
  }
  t.ok(world.hold(a, b, c, world.writeOf(350, 400)) > carried)
  world.failures.length = 0
  world.fails('TOO_LARGE', undefined)
  t.same(world.failures, [])
})

t.test('copies that are too large only together count, too', async t => {
  const world = new Owners()
  const objects = [0, 1].map(() => holding(world.writeOf(350, 400), world.writeOf(350, 400))) as [
    Siblings,
    Siblings,
  ]
  world.durable(n1, objects[0])
  world.durable(n2, objects[1])
  t.ok(encodeObject(mergeSiblings(...objects)).length > carried)
  world.fails('TOO_LARGE', undefined)
  t.same(world.failures, [])
})

t.test('a put counts its own value beside what its writer had not seen', async t => {
  const world = new Owners()
  const [a, b] = [world.writeOf(350, 400), world.writeOf(350, 400)]
  t.ok(world.hold(a, b) < made)
  world.fails('SIBLING_LIMIT', world.writeOf(300, 400))
  t.same(world.failures, [], 'a third one is too much')
  const fits = [
    world.writeOf(0, 20),
    world.writeOf(300, 400, [a]),
    world.writeOf(500, 800, [a, b]),
    world.write([], true),
    world.write([a, b], true),
  ]
  for (const write of fits) {
    world.failures.length = 0
    world.fails('SIBLING_LIMIT', write)
    t.match(world.failures, [/failed though all had healed: SIBLING_LIMIT/], `${write.id}`)
  }
})

t.test('a second send may find itself in what is too large', async t => {
  const world = new Owners()
  const held = Array.from({ length: 4 }, () => world.writeOf(350, 400))
  const write = world.writeOf(0, 20, held)
  t.ok(world.hold(...held) > carried)
  world.fails('TOO_LARGE', write, { again: true })
  t.same(world.failures, [])
  world.fails('SIBLING_LIMIT', write)
  t.match(world.failures, [/failed though all had healed/], 'else it replaces all of it')
})
