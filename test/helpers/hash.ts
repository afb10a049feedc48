/** The hash port for tests of core: the node layer's own, so that tests run what nodes run. */
import type { Hash } from '../../src/core/hash.ts'
import { nodeHash as hashOfNodes } from '../../src/node/hash.ts'

export const nodeHash: Hash = hashOfNodes
