/**
 * Where a story is played: each step does something in its world and adds one numbered line that
 * says what was done, or what was found. A claim that does not hold ends the story.
 */

import { assert } from '../../core/assert.ts'
import { bytesOf } from '../../core/binary.ts'
import type { OpId } from '../../core/ids.ts'
import type { CallResult, Wanted } from '../../core/session/call.ts'
import {
  type CallOptions,
  type Ended,
  endOf,
  endText,
  type Failed,
  type Got,
  named,
  optionsText,
  vectorOf,
  type Wrote,
} from './call-words.ts'
import { type Letter, letters, listed } from './cast.ts'
import { type Pending, type StorySettings, StoryWorld } from './story-world.ts'

/** A put that was not waited for. */
export type Attempt = {
  readonly client: string
  readonly value: string
  readonly letter: Letter
  readonly options: CallOptions
  readonly context: Uint8Array | undefined
  readonly pending: Pending
}

/** What each node holds of the key: its own row, and hints as `for B: ...`. */
export type Disks = Readonly<Record<Letter, string>>

export class Stage {
  readonly lines: string[] = []
  readonly world: StoryWorld
  /** What each client was shown or wrote last. */
  readonly #known = new Map<string, Uint8Array>()
  #steps = 0
  #quiet = false

  constructor(settings: StorySettings) {
    this.world = new StoryWorld(settings)
    const { replicas, readQuorum, writeQuorum } = this.world.context.settings
    this.lines.push(
      `Nodes A to E. The key "${this.world.key}" is owned by A, B and C; D, then E, may stand in.`,
      `N=${replicas}, R=${readQuorum}, W=${writeQuorum}. {A,2} is the second write of an actor that A drew.`,
      '',
    )
  }

  say(text: string): void {
    if (this.#quiet) return
    this.lines.push(`${String(++this.#steps).padStart(2)}. ${text}`)
  }

  /** Steps of which only this is told. */
  inShort<Found>(text: (found: Found) => string, steps: () => Found): Found {
    this.#quiet = true
    const found = steps()
    this.#quiet = false
    this.say(text(found))
    return found
  }

  /** Says it, if it is so. */
  claim(text: string, holds: boolean): void {
    this.say(text)
    assert(holds, `the story does not lie: ${text}`)
  }

  // -- faults --

  stop(...those: readonly Letter[]): void {
    this.world.pass(quietMs)
    for (const letter of those) this.world.stop(letter)
    this.say(`${areText(those)} switched off.`)
  }

  start(...those: readonly Letter[]): void {
    for (const letter of those) this.world.start(letter)
    this.say(`${areText(those)} switched on again.`)
  }

  wipe(letter: Letter): void {
    this.world.pass(quietMs)
    this.world.wipe(letter)
    this.say(`${letter} is switched off, and its disk is lost.`)
  }

  /** Nobody hears anybody of another side; all notice. */
  partition(...sides: readonly string[]): void {
    this.world.pass(quietMs)
    this.world.cut(pairsBetween(sides))
    this.say(`The network breaks into ${listed(sides.map(side => `{${[...side].join(',')}}`))}.`)
  }

  /** Nothing of what this node sends to the others arrives, nor of what they send. */
  silence(letter: Letter): void {
    this.world.pass(quietMs)
    this.world.silence(
      letters.flatMap(other => (other === letter ? [] : [[letter, other] as const])),
    )
    this.say(`Nothing passes between ${letter} and the others any more; nobody has noticed yet.`)
  }

  /** `loses`: what was on its way is lost. */
  heal(loses = false): void {
    this.world.heal(loses)
    this.say('The network is whole again.')
  }

  slowDisk(letter: Letter, ms: number): void {
    this.world.slowDisk(letter, ms)
    this.say(`${letter}'s disk takes ${ms} ms longer for each write from now on.`)
  }

  /**
   * A write that reaches one disk and nobody else: its node is cut off before others hear of it,
   * and killed before it tells anybody. Then the node is back.
   */
  half(client: string, value: string, letter: Letter, options: CallOptions = {}): Failed {
    this.silence(letter)
    const attempt = this.begin(client, value, letter, options)
    this.world.until(() => this.world.holds(letter, value), 'it is on one disk')
    this.world.stop(letter)
    const end = this.end(attempt)
    assert(end.type === 'failed', 'the client hears of no success')
    this.claim(
      `${letter} was killed once it was on its disk; nobody else has heard of it.`,
      letters.every(other => this.world.holds(other, value) === (other === letter)),
    )
    this.heal(true)
    this.start(letter)
    return end
  }

  // -- calls --

  put(client: string, value: string, letter: Letter, options: CallOptions = {}): Wrote | Failed {
    return this.end(this.begin(client, value, letter, options))
  }

  /** A put that must succeed for the story to go on. */
  wrote(client: string, value: string, letter: Letter, options: CallOptions = {}): Wrote {
    const end = this.put(client, value, letter, options)
    assert(end.type === 'wrote', 'the put succeeds')
    return end
  }

  begin(
    client: string,
    value: string,
    letter: Letter,
    options: CallOptions = {},
    again?: { readonly op: OpId; readonly context: Uint8Array | undefined },
  ): Attempt {
    const known = options.blind === true ? undefined : this.#known.get(client)
    const context = again === undefined ? known : again.context
    const wanted: Wanted = {
      type: 'put',
      key: this.world.key,
      value: bytesOf(value),
      // A copy of its own, by which its request is known.
      context: context && new Uint8Array(context),
      w: options.w,
      strict: options.strict ?? false,
      explain: false,
      op: again?.op,
    }
    const pending = this.world.call(client, wanted, letter, options.timeoutMs ?? usualMs)
    return { client, value, letter, options, context, pending }
  }

  /** Waits for it, and tells all of it. */
  end(attempt: Attempt, does = 'puts'): Wrote | Failed {
    const { client, value, letter, options, context, pending } = attempt
    const seen = (context && vectorOf(this.world, context)) || 'nothing'
    const what = `${client}, having seen ${seen}, ${does} "${value}" through ${letter}`
    return this.#ended(client, 'put', pending, `${what}${optionsText(options)}`) as Wrote | Failed
  }

  get(client: string, letter: Letter, options: CallOptions = {}): Got | Failed {
    const { r, strict, repair, timeoutMs } = options
    const wanted: Wanted = {
      type: 'get',
      key: this.world.key,
      r,
      strict: strict ?? false,
      repair,
      explain: false,
    }
    const pending = this.world.call(client, wanted, letter, timeoutMs ?? usualMs)
    const what = `${client} gets through ${letter}${optionsText(options)}`
    return this.#ended(client, 'get', pending, what) as Got | Failed
  }

  /** A get that must succeed for the story to go on. */
  got(client: string, letter: Letter, options: CallOptions = {}): Got {
    const end = this.get(client, letter, options)
    assert(end.type === 'got', 'the get succeeds')
    return end
  }

  #ended(client: string, kind: 'get' | 'put', pending: Pending, what: string): Ended {
    this.world.until(() => pending.result !== undefined, 'a call ends')
    const result = pending.result as CallResult
    const end = endOf(this.world, kind, result)
    if (result.type === 'done' && 'context' in result.reply) {
      this.#known.set(client, result.reply.context)
    }
    this.say(`${what}: ${endText(end)}`)
    return end
  }

  // -- what is found --

  /** Says what the disks hold, once what was under way is done. */
  look(): Disks {
    this.world.pass(quietMs)
    const disks = this.disks()
    const byText = new Map<string, Letter[]>()
    for (const letter of letters) {
      const text = disks[letter]
      byText.set(text, [...(byText.get(text) ?? []), letter])
    }
    const said = [...byText].sort(([a], [b]) => Number(a === 'nothing') - Number(b === 'nothing'))
    const words = said.map(([text, those]) => `${named(those.join(''))}: ${text}`)
    this.say(`On disk: ${words.join('; ')}.`)
    return disks
  }

  disks(): Disks {
    const textOf = (letter: Letter): string => {
      const own = this.world.own(letter)
      const hints = this.world.hints(letter).map(({ owner, siblings }) => {
        return `a hint for ${owner}, ${this.world.cast.object(siblings)}`
      })
      const all = own === undefined ? hints : [this.world.cast.object(own), ...hints.sort()]
      return all.length === 0 ? 'nothing' : all.join(' and ')
    }
    return Object.fromEntries(letters.map(letter => [letter, textOf(letter)])) as Disks
  }

  /** Hints that these nodes keep, of any key, as each counts them itself. */
  hintsAt(...those: readonly Letter[]): number {
    let hints = 0
    for (const letter of those) {
      hints += this.world.machine(letter).process?.replica.observe().hints ?? 0
    }
    return hints
  }

  /** Waits until every hint is home. */
  handOver(): void {
    this.world.until(() => this.hintsAt(...letters) === 0, 'all hints are handed over')
    this.say('All hints go home to their owners; no node keeps one any more.')
  }
}

function pairsBetween(sides: readonly string[]): (readonly [Letter, Letter])[] {
  return sides.flatMap((side, i) =>
    sides
      .slice(i + 1)
      .flatMap(other =>
        [...side].flatMap(a => [...other].map(b => [a as Letter, b as Letter] as const)),
      ),
  )
}

function areText(those: readonly Letter[]): string {
  return `${listed(those)} ${those.length === 1 ? 'is' : 'are'}`
}

const usualMs = 5000
/** More than a write takes on its way, and until what is owed to who was cut off is a hint. */
const quietMs = 200
