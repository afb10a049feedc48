/**
 * The known-bad versions of this stage: a checker counts once one of them has made it fire. Each
 * is a switch in the real code (`#mutants`), which the shipped build does not have. Those that
 * worlds meet too seldom are in `test/scenarios`: 25c and 40 in `reaping.ts`, 711 in
 * `too-large.ts`; 701 and 703 in `test/sim/full-disks.ts` and `test/sim/volume.ts`.
 */
import { chooseMutants } from '#mutants'
import { runPlan, runSeed } from './run.ts'
import { planOf } from './world.ts'

export type KnownBad = {
  /** As in docs/simulation.md. */
  readonly name: string
  readonly what: string
  readonly switches: readonly number[]
  /** Checkers that must fire, one of them in each seed that is caught. */
  readonly checkers: readonly string[]
  /** Checkers that may fire beside or before them, for what else it breaks. */
  readonly also: readonly string[]
}

/** What else a version breaks that loses or mixes up writes. */
const besides = [
  'R1',
  'R2',
  'I1',
  'I2',
  'I3',
  'I4',
  'I5',
  'I6',
  'I7',
  'I9',
  'I11',
  'I12',
  'I13',
  'I14',
  'I15',
  'I17',
  'I19',
]

export const knownBad: readonly KnownBad[] = [
  bad('1', 'ack before the flush', [1], ['I13'], besides),
  bad('2', 'reply at W-1 acks', [2], ['I13', 'I12'], besides),
  bad('3', 'counter restarts from memory', [3], ['I5', 'I1'], besides),
  bad('4', 'same actor after a restart', [4], ['I5', 'I1'], besides),
  bad('5', 'fallback that coordinates passes over its hints', [5], ['I1', 'I7'], besides),
  bad('6', 'newest wall clock wins a merge', [6], ['I1'], besides),
  bad('7', 'put supersedes all local siblings', [7], ['I1', 'I2'], besides),
  bad('8', 'a copy overwrites instead of merging', [8], ['I1'], besides),
  bad('9', 'no anti-entropy', [9], ['I3']),
  bad('10', 'tombstone reaped after 3 s by time', [10], ['I2', 'I1'], besides),
  bad('11', 'retry issues a new dot, no operation ids', [11], ['I11'], besides),
  bad('12', 'operation ids only collapse equal siblings', [12], ['I11'], besides),
  bad('13a', 'hint only in memory', [13], ['I7', 'I13'], besides),
  bad('13b', 'hints past the quota are taken', [132], ['I14'], besides),
  bad('14', 'hint deleted on send', [14], ['I7'], besides),
  bad('15', 'hint deleted by the ack of an older version of itself', [15], ['I7'], besides),
  bad('16', 'request ids start at 0 after a restart', [16], ['I13'], besides),
  bad('17', "fallback's nothing counts toward R", [17], ['I4', 'I12'], besides),
  bad('18', 'context that fails its checksum taken for none', [18], ['I2', 'I12'], besides),
  bad('19', 'read answered from the overlay', [19], ['I4'], besides),
  bad('20', 'a digest that does not cover every sibling', [20], ['I3'], ['I4', 'I12', 'I6']),
  bad('21', 'sums of the tree changed before the commit', [21], ['I6'], ['I3', 'E1']),
  bad('22', 'markers of the tree written one commit late', [22], ['I6'], ['I3']),
  bad('23', 'lists of an exchange with what is in flight', [23], ['E1'], ['I3']),
  bad(
    '24',
    'an exchange forgets what was written meanwhile',
    [24],
    ['I1', 'I2', 'I13'],
    [...besides, 'I3', 'I6'],
  ),
  bad('25a', 'reaping ignores hints', [251], ['R2', 'I2', 'I7'], besides),
  bad('25b', 'reaping ignores one primary', [252], ['I2', 'I1', 'I3'], besides),
  bad('26', 'pruning drops the newest entry', [26], ['I1', 'I13', 'I15'], besides),
  bad('27', 'suspicion kept by a node that wakes', [27], ['I8'], ['I15']),
  bad('28', 'refutation with an equal incarnation accepted', [28], ['I8']),
  bad('32', 'request table entry kept', [32], ['I14']),
  bad('33', 'buffer reused before it is sent', [33], ['I17'], besides),
  bad('34a', 'partition ignored for one type of message', [341], ['S1']),
  bad('34b', 'a checker skipped', [1, 342], ['canary'], besides),
  bad('35', 'luck and order of iteration in core', [35], ['I10']),
  bad('36', 'implied dots with leased counters', [36], ['I2', 'I1'], besides),
  bad('41', 'the whole mark is trusted on an old copy', [41], ['I4'], ['E1']),
  bad('37', 'actor in a table by key, outside its row', [37], ['I5', 'I1'], besides),
  bad('38', 'retry after a reap gets a new dot', [38], ['I11', 'I2'], besides),
  bad('39', 'drained and floor in two steps', [39], ['R2', 'I7'], besides),
  bad('680', 'a get never gives back what it held', [680], ['I14']),
  bad('681', 'a put never gives back the object that it made', [681], ['I14']),
  bad('672', 'an owed hint is forgotten', [672], ['I19'], besides),
  bad('673', 'past their bound the oldest owed hints are forgotten', [673], ['I19'], besides),
  bad('675', 'who stands in owes hints when its own has gone home', [675], ['I19'], besides),
  bad('677', 'a second send never gives back what it was shown', [677], ['I14']),
  bad('60a', 'a client fails where its id is ahead of a clock', [660], ['I15'], besides),
  bad('60b', 'ids by the wall clock alone', [662], ['I11'], besides),
  bad('690', 'a listing counts replicas that are not whole', [690], ['I18'], besides),
  bad('691', 'a tombstone counts for nothing in a listing', [691], ['I18'], besides),
  bad('621', 'pins cut at a merge', [621], ['I11'], besides),
  bad('622', 'no pin for a known id', [622], ['I11'], besides),
  bad('623', 'pins shed at the mark', [623], ['I11'], besides),
  bad('624', 'pins shed at the turn', [624], ['I11'], besides),
  bad('625', 'pins shed when all are equal', [625], ['I11'], besides),
  bad('633', 'no pin for a put that ended in doubt', [633], ['I11'], besides),
  bad('630', 'a retry reads a new context', [630], ['I1'], besides),
  bad('634', 'no pins', [634], ['I11', 'I2'], besides),
  bad('700', 'a disk is written to its last byte', [700], ['D1'], besides),
  bad('702', 'free pages do not count as room', [702], ['D2'], ['I15', 'I3', 'I7', 'I14', 'R1']),
  bad('670', 'what could not be sent is not told to core', [670], ['I20'], besides),
  bad('671', 'a key that cannot travel counts as equal', [671], ['I21'], besides),
  bad('710', 'what is too large is dropped in silence', [710], ['I20'], besides),
  bad('716', 'a put is refused for three quarters of what it may make', [716], ['I15'], besides),
  bad('715', 'of one message for two nodes only the first leaves', [715], ['I20'], besides),
  bad('713', 'a key that cannot travel is not named', [713], ['I21']),
  bad('50', 'a scrub that hears of no change', [50], ['I6'], ['I3', 'E1']),
]

function bad(
  name: string,
  what: string,
  switches: readonly number[],
  checkers: readonly string[],
  also: readonly string[] = [],
): KnownBad {
  return { name, what, switches, checkers, also }
}

/** The one that every run of the tests must catch. */
export const canary = '1'

/** Turns one on by its name; false where there is none, or this build has none at all. */
export function choose(name: string): boolean {
  const found = knownBad.find(one => one.name === name)
  return found !== undefined && chooseMutants(found.switches)
}

/** What fired in this seed's world with the known-bad version on; all of it is off again after. */
export function firedBy(name: string, seed: number): readonly string[] {
  const found = knownBad.find(one => one.name === name)
  if (found === undefined) throw new Error(`there is no known-bad version ${name}`)
  if (!choose(name)) throw new Error('this build has no known-bad versions')
  // The first named checker that fires is enough.
  const first = runPlan(planOf(seed), { stopsOn: found.checkers })
  const fired = first.violations.map(violation => violation.invariant)
  // Only luck that no seed decides makes a second run another one.
  if (found.checkers.includes('I10') && runSeed(seed).hash !== first.hash) fired.push('I10')
  // The canary is caught by I13; where it is not, somebody must notice.
  if (found.checkers.includes('canary') && !fired.includes('I13')) fired.push('canary')
  chooseMutants([])
  return fired
}
