/**
 * Bytes that no sound node sends: noise, the hello of another cluster, a hello that ends too
 * early, a member's frame with bits turned over. They meet real channels and decoders, and a
 * replica of its own on a copy of the disk, so that what they do is seen and undone.
 */
import type { NodeId, StartId } from '../core/ids.ts'
import type { PeerMessage } from '../core/message.ts'
import { Replica } from '../core/replica.ts'
import { Channel } from '../wire/channel.ts'
import { decodePeerMessage, encode, writeMessage } from '../wire/message-codec.ts'
import { isMalformed } from '../wire/read.ts'
import { coreSecrets, newSecret } from '../wire/secret.ts'
import { acceptedChannel } from './channels.ts'
import type { Context } from './context.ts'
import { Disk } from './disk.ts'
import { type Draw, Draws } from './draw.ts'
import type { Fault } from './faults.ts'
import { simHash } from './hash.ts'
import type { Machine } from './machine.ts'

/** What a hostile sender did to a node; undefined: nothing, as it must be. */
export function harmOf(
  context: Context,
  machine: Machine,
  fault: Extract<Fault, { type: 'hostile' }>,
  sample: PeerMessage | undefined,
): string | undefined {
  const draw = new Draws(fault.luck).of('hostile')
  if (fault.form === 'mutated-frame') {
    return sample === undefined ? undefined : mutatedHarm(context, machine, draw, sample)
  }
  const before = machine.disk.commits
  const channel = acceptedChannel(context, machine)
  const bytes = fault.form === 'noise' ? noise(draw) : foreignHello(draw)
  const sent = fault.form === 'torn-hello' ? bytes.subarray(0, draw.below(bytes.length)) : bytes
  for (let at = 0; at < sent.length; ) {
    const next = at + 1 + draw.below(64)
    for (const event of channel.push(sent.subarray(at, next))) {
      if (event.type === 'proved' || event.type === 'message') return 'a stranger was let in'
    }
    at = next
  }
  if (channel.heldBytes + channel.queuedBytes > heldMax) return 'a stranger fills the memory'
  return machine.disk.commits === before ? undefined : 'a stranger made a node write'
}

/** Many mutations of one frame; those that still spell a message go to a replica apart. */
function mutatedHarm(
  context: Context,
  machine: Machine,
  draw: Draw,
  sample: PeerMessage,
): string | undefined {
  const replica = replicaApart(context, machine, draw)
  const sound = encode(sample)
  for (let i = 0; i < mutations; i++) {
    const heard = decodePeerMessage(mutated(sound, draw))
    if (isMalformed(heard)) continue
    replica.step(machine.clock.monotonic(machine.now), {
      type: 'message',
      from: draw.pick(context.members).id,
      message: heard,
    })
  }
  const { pendingBytes } = replica.observe()
  return pendingBytes > mutations * (sound.length + 4096) ? 'mutated frames fill it' : undefined
}

function mutated(sound: Uint8Array, draw: Draw): Uint8Array {
  const bytes = sound.slice(0, draw.permille(200) ? draw.below(sound.length) : sound.length)
  for (let flips = 1 + draw.below(3); flips > 0 && bytes.length > 0; flips--) {
    const at = draw.permille(500)
      ? draw.below(Math.min(bytes.length, 40))
      : draw.below(bytes.length)
    bytes[at] = draw.permille(500) ? draw.below(256) : (bytes[at] ?? 0) ^ (1 << draw.below(8))
  }
  return bytes
}

function replicaApart(context: Context, machine: Machine, draw: Draw): Replica {
  const disk = new Disk()
  disk.replace(machine.disk.copy())
  return new Replica({
    self: machine.id,
    cluster: context.cluster,
    store: machine.store,
    start: 'hostile!' as StartId,
    settings: context.settings,
    members: context.members,
    secrets: coreSecrets(context.secret),
    hash: simHash,
    reads: disk.reads,
    random: count => draw.bytes(count),
    whole: true,
    commitsAtStart: 0,
    commits: () => disk.commits,
  })
}

function noise(draw: Draw): Uint8Array {
  return Uint8Array.from({ length: 1 + draw.below(3000) }, () => draw.below(256))
}

/** The hello of somebody who holds another cluster's secret. */
function foreignHello(draw: Draw): Uint8Array {
  const secret = newSecret(count => draw.bytes(count))
  const channel = new Channel<PeerMessage, PeerMessage>({
    handshake: {
      side: 'client',
      hash: simHash,
      network: secret.network,
      nonce: draw.bytes(32),
      role: 'client',
      cluster: undefined,
      self: undefined,
      expected: 'n1' as NodeId,
      port: 1,
    },
    openedMs: 0,
    decoders: {},
    write: writeMessage,
  })
  return channel.takeOutput() ?? new Uint8Array(1)
}

const mutations = 40
/** Far above what a connection without proof may hold. */
const heldMax = 8192
