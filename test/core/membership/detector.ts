import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { Detector, type DetectorAct } from '../../../src/core/membership/detector.ts'
import { defaultTiming } from '../../../src/core/membership/timing.ts'
import { seededRandom } from '../../helpers/session-world.ts'

const ids = ['n2', 'n3', 'n4', 'n5'] as NodeId[]

/** A detector whose clock the test turns; `heard` answers for the living at every step. */
class Watch {
  readonly detector = new Detector(defaultTiming, seededRandom(1))
  readonly acts: DetectorAct[] = []
  now = 0 as Instant
  living = new Set<NodeId>(ids)

  constructor() {
    this.detector.watch(this.now, ids)
  }

  run(ms: number, stepMs = 20): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = (this.now + stepMs) as Instant
      this.detector.clock(this.now)
      for (const act of this.detector.tick(this.now, () => true)) {
        this.acts.push(act)
        if (act.type === 'ping' && this.living.has(act.node)) this.hear(act.node)
      }
    }
  }

  hear(node: NodeId): void {
    const act = this.detector.heard(this.now, node)
    if (act !== undefined) this.acts.push(act)
  }

  of(type: DetectorAct['type']): readonly string[] {
    return this.acts.filter(act => act.type === type).map(act => act.node)
  }
}

t.test('a silent member is pinged, and one that answers stays well', async t => {
  const watch = new Watch()
  watch.run(10_000)
  t.ok(watch.of('ping').length > 60)
  t.same(watch.of('suspect'), [])
  t.ok((watch.detector.phi(watch.now, ids[0]!) ?? 9) < 1)
})

t.test('a lost ping is not waited for: there are several before a suspicion', async t => {
  const watch = new Watch()
  watch.run(5000)
  watch.living.delete(ids[0]!)
  const pings = () => watch.of('ping').filter(id => id === 'n2').length
  const before = pings()
  while (watch.of('suspect').length === 0) watch.run(20)
  t.ok(pings() - before >= 4, `${pings() - before} pings`)
  const suspected = pings()
  watch.run(5000)
  t.ok(pings() - suspected <= 10, 'and no more than two a second after it')
})

t.test('one that is heard anyway is not pinged', async t => {
  const watch = new Watch()
  for (let i = 0; i < 100; i++) {
    watch.run(100)
    for (const id of ids) watch.hear(id)
  }
  t.same(watch.of('ping'), [])
})

t.test('silence: suspect, others are asked, then accused; a sign of life clears it', async t => {
  const watch = new Watch()
  watch.run(5000)
  watch.living.delete(ids[0]!)
  watch.run(2500)
  t.same(watch.of('suspect'), ['n2'])
  t.same(watch.of('ask'), ['n2'])
  t.ok(
    watch.acts.some(act => act.type === 'ask' && act.by.length === 3 && !act.by.includes(ids[0]!)),
  )
  watch.run(1000)
  t.same(watch.detector.accused(), ['n2'])
  watch.hear(ids[0]!)
  t.same(watch.of('clear'), ['n2'])
  t.same(watch.detector.accused(), [])
  t.equal(watch.detector.isSuspect(ids[0]!), false)
})

t.test('whom another one reaches is suspect and not accused', async t => {
  const watch = new Watch()
  watch.living.delete(ids[0]!)
  for (let i = 0; i < 100; i++) {
    watch.run(100)
    if (watch.of('ask').length > 0) watch.detector.vouched(watch.now, ids[0]!)
  }
  t.equal(watch.detector.isSuspect(ids[0]!), true)
  t.same(watch.detector.accused(), [])
})

t.test('a pause of our own is nobody else’s silence', async t => {
  const watch = new Watch()
  watch.run(5000)
  watch.now = (watch.now + 10_000) as Instant
  t.equal(watch.detector.clock(watch.now), true)
  watch.run(300)
  t.same(watch.of('suspect'), [])
  watch.living.clear()
  watch.run(8000)
  t.equal(watch.of('suspect').length, 4, 'but it suspects again')
  t.same(watch.detector.accused(), [], 'and accuses nobody before it has caught up')
  watch.detector.caughtUp()
  watch.run(3000)
  t.equal(watch.detector.accused().length, 4)
})

t.test('a late observer forgives others as much', async t => {
  const quick = new Watch()
  const slow = new Watch()
  quick.run(4000)
  slow.run(4000, 200)
  for (const watch of [quick, slow]) {
    watch.living.clear()
    for (const id of ids) watch.hear(id)
  }
  quick.run(1400)
  slow.run(1400, 200)
  const [sure, unsure] = [quick, slow].map(({ detector, now }) => detector.phi(now, ids[0]!) ?? 0)
  t.ok(sure! > unsure! + 2, `φ ${sure} and ${unsure}`)
})

t.test('a check that is late is lag too, though steps came in time', async t => {
  const watch = new Watch()
  watch.run(10_000)
  const { detector } = watch
  // Seed 20127: messages are taken all the time, but no check comes for three seconds.
  for (let i = 0; i < 150; i++) {
    watch.now = (watch.now + 20) as Instant
    detector.clock(watch.now)
  }
  t.same(
    detector.tick(watch.now, () => true).filter(({ type }) => type === 'suspect'),
    [],
  )
  watch.living.clear()
  watch.run(20_000)
  t.equal(watch.of('suspect').length, 4, 'but not for ever')
})

t.test('only the watched are kept', async t => {
  const watch = new Watch()
  watch.detector.watch(watch.now, [ids[1]!])
  t.equal(watch.detector.watches(ids[0]!), false)
  t.equal(watch.detector.phi(watch.now, ids[0]!), undefined)
  t.equal(watch.detector.heardAgoMs(watch.now, ids[1]!), 0)
})
