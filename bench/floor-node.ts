/**
 * A node of the floor: sockets, msgpack and LMDB, nothing else. A put is committed here and sent
 * to the two others, and answered when two have it durably; a get reads here, asks both others and
 * is answered after the first. Rows have the product's keys and sizes, and the flush rule is the product's: what arrives in a
 * turn is one transaction, one under way, `overlappingSync: false`.
 */
import { connect, createServer } from 'node:net'
import { open } from 'lmdb'
import { Line, type Message, ops } from './floor-line.ts'

type Waiting = { readonly line: Line; readonly id: number; missing: number; value: unknown }

const db = open<Buffer, Buffer>(process.argv[2] ?? '', {
  noSubdir: false,
  overlappingSync: false,
  encoding: 'binary',
  keyEncoding: 'binary',
})
const peers: Line[] = []
const waiting = new Map<number, Waiting>()
const counters = { commits: 0, rows: 0 }
let gathering: { key: Buffer; record: Buffer; then: () => void }[] = []
let turnEnds = false
let committing = false
let lastId = 0

const server = createServer(socket => new Line(socket, receive)).listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as { port: number }).port })
})
process.on('message', (ports: number[]) => {
  for (const port of ports) peers.push(new Line(connect(port, '127.0.0.1'), receive))
})
process.on('disconnect', () => process.exit(0))

function receive(message: Message, line: Line): void {
  const [op, id, key, value, size] = message as [number, number, Buffer, Buffer, number]
  switch (op) {
    case ops.put:
      return put(line, id, key, value, size)
    case ops.get: {
      begin(line, id, 1, read(key), [ops.read, key], peers)
      return
    }
    case ops.copy:
      return commit(key, value, () => line.send([ops.reply, id, undefined]))
    case ops.read:
      return line.send([ops.reply, id, read(key)?.subarray(0, 8)])
    case ops.peek:
      return line.send([ops.reply, id, read(key)])
    case ops.status:
      return line.send([ops.reply, id, { ...process.cpuUsage(), ...counters }])
    case ops.reply:
      return answered(id)
  }
}

/** `size` bytes, as many as the product's record has; the value comes first. */
function put(line: Line, id: number, key: Buffer, value: Buffer, size: number): void {
  const record = Buffer.allocUnsafeSlow(size)
  value.copy(record)
  const own = begin(line, id, 2, undefined, [ops.copy, key, record], peers)
  commit(key, record, () => answered(own))
}

function begin(
  line: Line,
  id: number,
  missing: number,
  value: unknown,
  [op, ...rest]: [number, ...unknown[]],
  to: Line[],
): number {
  const own = ++lastId
  waiting.set(own, { line, id, missing, value })
  for (const peer of to) peer.send([op, own, ...rest])
  return own
}

function answered(own: number): void {
  const one = waiting.get(own)
  if (one === undefined || --one.missing > 0) return
  waiting.delete(own)
  one.line.send([ops.reply, one.id, one.value])
}

function read(key: Buffer): Buffer | undefined {
  const found = db.getBinaryFast(key)
  return found === undefined ? undefined : Buffer.from(found.subarray(0, valueBytes))
}

function commit(key: Buffer, record: Buffer, then: () => void): void {
  gathering.push({ key, record, then })
  if (turnEnds) return
  turnEnds = true
  setImmediate(endTurn)
}

async function endTurn(): Promise<void> {
  turnEnds = false
  if (committing || gathering.length === 0) return
  const rows = gathering
  gathering = []
  committing = true
  let durable: Promise<unknown> | undefined
  for (const { key, record } of rows) durable = db.put(key, record)
  await durable
  committing = false
  counters.commits++
  counters.rows += rows.length
  for (const { then } of rows) then()
  endTurn()
}

const valueBytes = 100
