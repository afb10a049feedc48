/** Makes the faults of the list happen, and ends them. */
import { sometimes } from '#mutants'
import { compareBinary } from '../core/binary.ts'
import { knowsOp } from '../core/causality/siblings.ts'
import { partitionOf } from '../core/hash.ts'
import type { NodeId, StartId, Token } from '../core/ids.ts'
import type { PeerMessage } from '../core/message.ts'
import { decodeState, partitionRowKey, unreaped } from '../core/reaping/partition-rows.ts'
import { keyOfRow, objectRowAt, objectRowsEnd, wholenessRowKey } from '../core/row-key.ts'
import type { RowKey } from '../core/step.ts'
import { Lives } from '../core/wholeness/lives.ts'
import { decodeWholeness } from '../core/wholeness/wholeness-row.ts'
import { copiesByKey } from './check/copies.ts'
import { isHint, type Rows } from './check/decoded.ts'
import type { Context, Transport } from './context.ts'
import type { Micros } from './events.ts'
import type { Fault } from './faults.ts'
import { simHash } from './hash.ts'
import { harmOf } from './hostile.ts'
import type { Directory, Machine } from './machine.ts'

type Of<Type extends Fault['type']> = Extract<Fault, { type: Type }>

export class Nemesis {
  readonly #context: Context
  readonly #transport: Transport
  readonly #faults: readonly Fault[]
  /** What ends a fault that lasts. */
  readonly #lasting = new Map<Fault, () => void>()
  /** A copy of a directory, made before it is used. */
  readonly #copies = new Map<Fault, Directory>()
  /** A message of the kind that hostile senders spoil. */
  #sample: PeerMessage | undefined

  constructor(context: Context, transport: Transport, faults: readonly Fault[]) {
    this.#context = context
    this.#transport = transport
    this.#faults = faults
  }

  plan(): void {
    const { events } = this.#context
    for (const fault of this.#faults) {
      if (fault.type === 'restore' || fault.type === 'clone') {
        events.at(Math.max(0, fault.at - fault.age), () => this.#copy(fault))
      }
      events.at(fault.at, () => this.#begin(fault))
    }
  }

  saw(message: PeerMessage): void {
    this.#sample = message
  }

  /** Everything ends; the nodes that are not buried run again. */
  heal(): void {
    for (const fault of [...this.#lasting.keys()]) this.#end(fault)
    this.#context.network.heal()
    for (const machine of this.#context.machines.values()) {
      const { volume } = machine.disk
      if (volume !== undefined && this.#context.options.disks?.emptied === false) volume.others = 0
      machine.trap = undefined
      machine.failure = undefined
      machine.resume()
      machine.start()
    }
  }

  #begin(fault: Fault): void {
    this.#context.notice({ type: 'fault', fault, began: true })
    switch (fault.type) {
      case 'crash':
        return this.#machine(fault.node).crash('it was killed', fault.keeps, fault.down)
      case 'crash-point': {
        const { point, skip, down, keeps, leaves } = fault
        this.#machine(fault.node).trap = { point, skip, down, keeps, leaves }
        return
      }
      case 'pause':
        return this.#pause(fault)
      case 'slow-node':
        return this.#whileSlow(fault, machine => {
          machine.stepCost += fault.cost
          return () => {
            machine.stepCost -= fault.cost
          }
        })
      case 'slow-flush':
        return this.#whileSlow(fault, machine => {
          machine.flushDelay += fault.each
          return () => {
            machine.flushDelay -= fault.each
          }
        })
      case 'partition':
        return this.#partition(fault)
      case 'clog':
        return this.#clog(fault)
      case 'stall':
        return this.#stall(fault)
      case 'reset':
        return this.#transport.reset(fault.cut, fault.torn)
      case 'clock':
        sometimes('a wall clock jumps')
        return this.#machine(fault.node).clock.setOffset(fault.offsetMs)
      case 'failed-flush':
        this.#machine(fault.node).failure = fault
        return
      case 'fill':
        return this.#fill(fault)
      case 'hostile':
        return this.#attack(fault)
      case 'operator':
        return this.#repair(fault)
      case 'rot':
        return this.#rot(fault)
      case 'restore':
      case 'clone':
      case 'wipe':
        return this.#replace(fault)
    }
  }

  /** Every node that runs begins its part; nobody waits for the answers. */
  #repair({ way, job }: Of<'operator'>): void {
    sometimes('an operator repairs')
    const machines = [...this.#context.machines.values()]
    const silent = machines.filter(({ process }) => process === undefined).map(({ id }) => id)
    const plan = { way, ranges: [wholeRing], node: undefined, silent, concurrency: 2 } as const
    // So slow that things happen meanwhile.
    const begin = { ...plan, keysPerSecond: 50, bytesPerSecond: undefined }
    const request = { type: 'repair', id: 1, job, begin, cancel: false, movesFrom: 0 } as const
    for (const { process } of machines) {
      process?.deliver('operator', () => process.request(nobody, request))
    }
  }

  #end(fault: Fault): void {
    const undo = this.#lasting.get(fault)
    if (undo === undefined) return
    this.#lasting.delete(fault)
    undo()
    this.#context.notice({ type: 'fault', fault, began: false })
  }

  #lasts(fault: Fault, last: Micros, undo: () => void): void {
    this.#lasting.set(fault, undo)
    this.#context.events.after(last, () => this.#end(fault))
  }

  #pause(fault: Of<'pause'>): void {
    const machine = this.#machine(fault.node)
    machine.pause()
    const { process } = machine
    this.#lasts(fault, fault.last, () => {
      if (machine.process === process) machine.resume()
    })
  }

  #whileSlow(
    fault: Of<'slow-node'> | Of<'slow-flush'>,
    slow: (machine: Machine) => () => void,
  ): void {
    this.#lasts(fault, fault.last, slow(this.#machine(fault.node)))
  }

  #partition(fault: Of<'partition'>): void {
    const { network } = this.#context
    sometimes(`a partition: ${fault.shape}`)
    network.cut(fault.cuts, fault.message, 1)
    this.#lasts(fault, fault.last, () => network.cut(fault.cuts, fault.message, -1))
  }

  #clog(fault: Of<'clog'>): void {
    const { network } = this.#context
    network.clog(fault.cuts, 1)
    this.#lasts(fault, fault.last, () => network.clog(fault.cuts, -1))
  }

  #stall(fault: Of<'stall'>): void {
    const { network } = this.#context
    sometimes('one connection of a pair stalls')
    network.stall(fault.cut, fault.side, 1)
    this.#lasts(fault, fault.last, () => network.stall(fault.cut, fault.side, -1))
  }

  #fill(fault: Of<'fill'>): void {
    const { volume } = this.#machine(fault.node).disk
    if (volume === undefined) return
    sometimes('somebody else fills a disk')
    const taken = Math.max(0, volume.disk.free - fault.leaves)
    volume.others += taken
    this.#lasts(fault, fault.last, () => {
      volume.others -= taken
    })
  }

  #attack(fault: Of<'hostile'>): void {
    const machine = this.#machine(fault.node)
    if (machine.process === undefined) return
    const { notice } = this.#context
    try {
      const harm = harmOf(this.#context, machine, fault, this.#sample)
      if (harm !== undefined) notice({ type: 'threw', where: fault.node, error: harm })
      else sometimes(`a hostile sender: ${fault.form}`)
    } catch (error) {
      notice({ type: 'threw', where: fault.node, error })
    }
  }

  // -- disks that lose something --

  #copy(fault: Of<'restore'> | Of<'clone'>): void {
    this.#copies.set(fault, this.#machine(fault.node).copy())
  }

  /** The process ends, and another one starts on another directory. */
  #replace(fault: Of<'restore'> | Of<'clone'> | Of<'wipe'>): void {
    const machine = this.#machine(fault.node)
    const directory = this.#copies.get(fault) ?? machine.emptied()
    const wasRunning = machine.process !== undefined
    machine.crash('its machine is replaced', true, undefined)
    if (this.#mayBecome(machine, directory.image.rows)) {
      const aside = machine.copy()
      const unseen = fault.type === 'restore' && this.#isKnownOld(machine, directory)
      if (unseen) sometimes('an old copy of a directory is left to be found out')
      machine.replaceDisk(directory, unseen)
      sometimes(`a directory is lost: ${fault.type}`)
      if (fault.type === 'clone') this.#lasts(fault, fault.last, () => this.#back(fault, aside))
    }
    if (wasRunning) machine.crash('', true, fault.down)
  }

  /** The directory that was set aside is used again, without what its copy got meanwhile. */
  #back(fault: Of<'clone'>, aside: Directory): void {
    const machine = this.#machine(fault.node)
    machine.crash('its old directory is used again', true, undefined)
    if (this.#mayBecome(machine, aside.image.rows)) machine.replaceDisk(aside, false)
    machine.crash('', true, fault.down)
  }

  /**
   * Has every other one kept that it heard more of this store? What nobody heard, in the last
   * moments before a copy takes its place, nobody can notice (design §4).
   */
  #isKnownOld({ id }: Machine, { image, store }: Directory): boolean {
    const others = [...this.#context.machines.values()].filter(other => other.id !== id)
    const row = image.rows.get(wholenessRowKey)
    const { partitions } = this.#context.settings
    const offset = row === undefined ? 0 : (decodeWholeness(simHash, row, partitions)?.offset ?? 0)
    const began = image.commits + offset
    const start = 'restored' as StartId
    return others.every(({ disk }) => {
      const lives = new Lives(simHash, disk.reads)
      lives.hear(id, { store, start, began, commits: began })
      return lives.verdictOn(id, start) === 'more'
    })
  }

  #rot(fault: Of<'rot'>): void {
    const machine = this.#machine(fault.node)
    const rows = [...machine.disk.rows.keys()].sort(compareBinary)
    const row = rows[fault.row % Math.max(1, rows.length)]
    if (row === undefined || machine.disk.unflushed?.some(({ key }) => key === row)) return
    // Without it a partition is set aside: the store is not whole then.
    if (row.startsWith('\x40')) return
    const without = new Map(machine.disk.rows)
    without.delete(row)
    if (!this.#mayBecome(machine, without)) return
    const before = new Map(machine.disk.rows)
    machine.disk.rot(row, fault.bit)
    sometimes('a row rots')
    this.#context.notice({ type: 'destroyed', node: machine.id, before, rots: true })
  }

  /**
   * A disk may lose only what the others hold as well: one disk is what a write acknowledged by
   * two may lose. What is under way between disks counts as held by nobody.
   */
  #mayBecome(machine: Machine, rows: Rows): boolean {
    const { machines } = this.#context
    const others = [...machines.values()].filter(other => other !== machine)
    const rest = copiesByKey(others.map(other => other.disk.rows))
    const kept = copiesByKey([this.#takenOf(rows, others)])
    for (const [key, copies] of copiesByKey([machine.disk.rows])) {
      const left = [...(rest.get(key) ?? []), ...(kept.get(key) ?? [])]
      for (const version of copies.flatMap(copy => copy.versions)) {
        const held = left.some(
          copy => knowsOp(copy, version.op) || copy.versions.some(other => other.op === version.op),
        )
        if (!held) return false
      }
    }
    return true
  }

  /** The rows that it will not set aside: those of partitions that are behind nobody's floor. */
  #takenOf(rows: Rows, others: readonly Machine[]): Rows {
    const stateOf = (disk: Rows, row: RowKey) => {
      const bytes = disk.get(row)
      return (bytes && decodeState(simHash, bytes)) ?? unreaped
    }
    const { partitions } = this.#context.options
    const taken = new Map(rows)
    for (const row of rows.keys()) {
      const isObject = row > objectRowAt('') && row < objectRowsEnd
      if (!isObject && !isHint(row)) continue
      const state = partitionRowKey(partitionOf(keyOfRow(row).token, partitions))
      const { generation } = stateOf(rows, state)
      if (others.some(({ disk }) => stateOf(disk.rows, state).floor > generation)) taken.delete(row)
    }
    return taken
  }

  #machine(node: NodeId): Machine {
    const machine = this.#context.machines.get(node)
    if (machine === undefined) throw new Error(`no machine ${node}`)
    return machine
  }
}

const nobody = { answer: () => undefined }
const wholeRing = { first: '\x00'.repeat(8) as Token, last: '\xff'.repeat(8) as Token }
