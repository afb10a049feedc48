/** Every checker of a world, by the order in which they hear of things. */
import { mutant } from '#mutants'
import { acksChecker } from './acks.ts'
import { answersChecker } from './answers.ts'
import { boundsChecker } from './bounds.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { claimsChecker } from './claims.ts'
import { convergedChecker } from './converged.ts'
import { dotsChecker } from './dots.ts'
import { droppedChecker } from './dropped.ts'
import { fullDisksChecker } from './full-disks.ts'
import { hintsChecker } from './hints.ts'
import { hostileChecker } from './hostile.ts'
import { inFlightChecker } from './in-flight.ts'
import { keptChecker } from './kept.ts'
import { linksChecker } from './links.ts'
import { listingsChecker } from './listings.ts'
import { opOrderChecker } from './op-order.ts'
import { operationsChecker } from './operations.ts'
import { outcomesChecker } from './outcomes.ts'
import { owedChecker } from './owed.ts'
import { passedOverChecker } from './passed-over.ts'
import { pinsChecker } from './pins.ts'
import { progressChecker } from './progress.ts'
import { reapedChecker } from './reaped.ts'
import { rowsChecker } from './rows.ts'
import { siblingsChecker } from './siblings.ts'
import { treeChecker } from './tree.ts'
import { valuesChecker } from './values.ts'
import { viewsChecker } from './views.ts'

/** Dots and reaps come first: they count what the others excuse. */
const all: readonly MakeChecker[] = [
  dotsChecker,
  reapedChecker,
  acksChecker,
  hintsChecker,
  outcomesChecker,
  valuesChecker,
  siblingsChecker,
  operationsChecker,
  opOrderChecker,
  pinsChecker,
  claimsChecker,
  listingsChecker,
  answersChecker,
  keptChecker,
  owedChecker,
  rowsChecker,
  progressChecker,
  fullDisksChecker,
  boundsChecker,
  linksChecker,
  droppedChecker,
  hostileChecker,
  viewsChecker,
  treeChecker,
  inFlightChecker,
  convergedChecker,
  passedOverChecker,
]

export function makeCheckers(scene: Scene): readonly Checker[] {
  return all.map(make => make(scene)).filter(({ name }) => !(mutant(342) && name === 'I13 I12'))
}
