/** What everything in a world shares. */
import type { ClusterId, NodeId } from '../core/ids.ts'
import type { ClientRequest, ClusterSettings, MemberRecord, PeerMessage } from '../core/message.ts'
import type { Unsent } from '../core/unsent.ts'
import type { SecretFile } from '../wire/secret.ts'
import type { SimClient } from './client.ts'
import type { Draws } from './draw.ts'
import type { Events } from './events.ts'
import type { Cut } from './faults.ts'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import type { Notice } from './notice.ts'
import type { Options } from './options.ts'
import type { Trace } from './trace.ts'

export type Context = {
  readonly options: Options
  readonly events: Events
  readonly draws: Draws
  readonly network: Network
  readonly trace: Trace
  readonly cluster: ClusterId
  readonly secret: SecretFile
  readonly settings: ClusterSettings
  /** Of a frame, and of what waits for who does not read, both in bytes. */
  readonly limits: { readonly frameBytes: number; readonly behindBytes: number }
  readonly vectorEntries: number
  /** True where vectors are cut so short that settled siblings may be shown again (design §2). */
  readonly prunes: boolean
  readonly members: readonly MemberRecord[]
  readonly machines: ReadonlyMap<NodeId, Machine>
  readonly notice: (notice: Notice) => void
}

/** How messages travel; drawn for each world. */
export type Transport = {
  /** A process's timer: dials what is due and drops what hangs. */
  readonly tick: (machine: Machine) => void
  /** Returns why it did not leave; undefined: it did, and may be lost on the way. */
  readonly send: (machine: Machine, to: NodeId, message: PeerMessage) => Unsent | undefined
  /** A turn is over: what was gathered leaves. */
  readonly flush: (machine: Machine) => void
  /** The process is gone, and its connections with it. */
  readonly ended: (machine: Machine) => void
  /** The connections between two are broken. */
  readonly reset: (cut: Cut, torn: boolean) => void
  readonly connect: (client: SimClient, node: NodeId) => void
  readonly ask: (client: SimClient, node: NodeId, request: ClientRequest) => void
  readonly clientTick: (client: SimClient) => void
}
