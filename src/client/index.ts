/** The package `kvorum`: everything a program may import, and nothing else. */

export type { Explained, ExplainedStep } from '../core/explained.ts'
export type { Code, Outcome } from '../core/outcome.ts'
export type { RepairMode } from '../core/quorum/repair-mode.ts'
export type { KeyLike, Quorum, ValueLike } from './arguments.ts'
export type {
  CallOptions,
  Client,
  KeyPage,
  KeyPageOptions,
  KeysOptions,
  ReadOptions,
  UpdateOptions,
  WriteOptions,
  WriteResult,
} from './client.ts'
export { type ConnectOptions, connect } from './connect.ts'
export type { Conflict, Context, Entry, Found, NotFound, Sibling } from './entry.ts'
export { KvError } from './errors.ts'
export type { UpdateResult } from './update.ts'
