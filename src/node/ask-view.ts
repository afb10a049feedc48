/** Asks one address who the members are, as a client would: for a node that knows nobody yet. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { ClusterId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, ViewReply } from '../core/message.ts'
import { Channel } from '../wire/channel.ts'
import { decodeClientReply, writeMessage } from '../wire/message-codec.ts'
import type { SecretKey } from '../wire/secret.ts'
import { nodeHash } from './hash.ts'

export type Address = { readonly host: string; readonly port: number }
export type AskedView = { readonly cluster: ClusterId; readonly view: ViewReply }

/** Rejects with one line: silence, or what the other side said against us. */
export function askView(address: Address, network: readonly SecretKey[]): Promise<AskedView> {
  const socket = connect({ ...address, noDelay: true })
  const channel = new Channel<ClientReply, ClientRequest>({
    handshake: {
      side: 'client',
      hash: nodeHash,
      network,
      nonce: randomBytes(32).toString('latin1'),
      role: 'client',
      cluster: undefined,
      self: undefined,
      expected: undefined,
      port: address.port,
    },
    openedMs: 0,
    decoders: { client: decodeClientReply },
    write: writeMessage,
  })
  const flush = () => {
    const output = channel.takeOutput()
    if (output !== undefined) socket.write(output)
  }
  const asked = new Promise<AskedView>((resolve, reject) => {
    let cluster: ClusterId | undefined
    socket.setTimeout(answerMs, () => reject(new Error('no answer')))
    socket.on('error', problem => reject(new Error(Reflect.get(problem, 'code') ?? 'unreachable')))
    socket.on('close', () => reject(new Error('it hung up')))
    socket.on('data', chunk => {
      for (const event of channel.push(chunk)) {
        if (event.type === 'proved' && event.proved.side === 'client') {
          cluster = event.proved.welcome.cluster
          channel.send({ type: 'view', id: 1 })
        } else if (event.type === 'message' && event.message.type === 'viewed' && cluster) {
          resolve({ cluster, view: event.message })
        } else if (event.type === 'refused') reject(new Error(event.refusal.text))
        else reject(new Error('it speaks another language'))
      }
      flush()
    })
    flush()
  })
  return asked.finally(() => socket.destroy())
}

const answerMs = 2000
