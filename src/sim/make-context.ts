/** Puts a world together: machines that wait to be started, a network between them, luck. */
import type { ClusterId, NodeId } from '../core/ids.ts'
import { frameBytesMax } from '../wire/bounds.ts'
import { newSecret } from '../wire/secret.ts'
import type { Context, Transport } from './context.ts'
import { DatagramTransport } from './datagram.ts'
import { Draws } from './draw.ts'
import { Events, type Micros } from './events.ts'
import { membersOf, settingsOf } from './homes.ts'
import { Machine } from './machine.ts'
import { Network } from './network.ts'
import type { Notice } from './notice.ts'
import type { Options } from './options.ts'
import { StreamTransport } from './stream.ts'
import { Trace } from './trace.ts'

/** `healsAt`: no message is late beyond that. */
export function makeContext(
  options: Options,
  healsAt: Micros,
  notice: (notice: Notice) => void,
): { readonly context: Context; readonly transport: Transport } {
  const draws = new Draws(options.seed)
  const events = new Events()
  const secret = draws.of('secret')
  const machines = new Map<NodeId, Machine>()
  const context: Context = {
    options,
    events,
    draws,
    network: new Network(options, draws, events, healsAt),
    trace: new Trace(),
    cluster: draws.of('cluster').bytes(16) as ClusterId,
    secret: newSecret(count => secret.bytes(count)),
    limits: limitsOf(options),
    vectorEntries: options.vectorEntries,
    prunes: options.vectorEntries < 1000,
    settings: settingsOf(options),
    members: membersOf(options),
    machines,
    notice,
  }
  const transport =
    options.transport === 'stream' ? new StreamTransport(context) : new DatagramTransport(context)
  for (const { id } of context.members) machines.set(id, new Machine(id, context, transport))
  return { context, transport }
}

/** With small frames a side is behind after as many messages as a real one. */
function limitsOf({ frameBytes }: Options): Context['limits'] {
  return frameBytes === undefined
    ? { frameBytes: frameBytesMax, behindBytes: frameBytesMax / 4 }
    : { frameBytes, behindBytes: 16 * frameBytes }
}
