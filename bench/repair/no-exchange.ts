/**
 * Loaded into a node before anything else (`--import`): it keeps its tree and never asks another
 * member. What comparing costs at rest is measured against this.
 */
import { Exchange } from '../../src/core/entropy/exchange.ts'

Object.defineProperty(Exchange.prototype, 'tick', { value: () => undefined })
