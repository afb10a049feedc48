/**
 * Loaded into a node before anything else (`--import`): its tree does nothing, and so it never
 * compares. What a tree costs is measured against this; no node has such a setting.
 */
import { Tree } from '../../src/core/entropy/tree.ts'

Object.defineProperties(Tree.prototype, {
  due: { get: () => false },
  ready: { get: () => false },
  change: { value: () => undefined },
  doubt: { value: () => undefined },
  turn: { value: () => [] },
  settled: { value: () => undefined },
  tick: { value: () => undefined },
})
