/** `kv sim --seed N`: one simulated cluster, with its faults, watched by every checker. */
import * as Flags from '@oclif/core/flags'
import { KvCommand } from '../cli/base-command.ts'
import { CliError } from '../cli/cli-error.ts'
import { exitOf } from '../cli/exit-codes.ts'
import { printLine } from '../cli/render.ts'

/** One of these says what is simulated. */
const kinds = ['seed', 'story', 'stories']
/** Flags that mean nothing to a story: it is always the same. */
const worldOnly = ['seconds', 'nodes', 'shrink', 'steps', 'known-bad']

export default class Sim extends KvCommand {
  static override summary = 'run a simulated cluster from a seed, and check every promise'
  static override description =
    'Nodes and clients as they are, on a network, disks, clocks and processes that the seed ' +
    'decides, faults included. The same seed gives the same run. Ends with 9 where a promise was ' +
    'broken, and shows what happened to that key.'
  static override examples = [
    '<%= config.bin %> sim --seed 7',
    '<%= config.bin %> sim --seed 7 --seconds 120 --nodes 7',
    '<%= config.bin %> sim --seed 7 --shrink',
    '<%= config.bin %> sim --story handoff',
  ]
  static override flags = {
    seed: Flags.integer({ exactlyOne: kinds, min: 0, description: 'what decides everything' }),
    story: Flags.string({ exclusive: worldOnly, description: 'tell one story, line by line' }),
    stories: Flags.boolean({ exclusive: worldOnly, description: 'list the stories' }),
    seconds: Flags.integer({ min: 26, max: 36_000, description: 'how long, in simulated time' }),
    nodes: Flags.integer({ min: 1, max: 9, description: 'how many nodes; 5 unless given' }),
    shrink: Flags.boolean({ description: 'look for a smaller world with the same violation' }),
    steps: Flags.boolean({ description: 'print everything that happens' }),
    'known-bad': Flags.string({
      hidden: true,
      description: 'with a known-bad version of the code, by name; needs node --conditions=mutants',
    }),
  }

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Sim)
    if (flags.story !== undefined || flags.stories) return this.tell(flags.story)
    return this.watch(flags)
  }

  /** One story, or the list of them. */
  private async tell(name: string | undefined): Promise<unknown> {
    const view = await import('../cli/story-view.ts')
    if (name === undefined) {
      const listed = view.listedStories()
      if (!this.jsonEnabled()) for (const line of view.listLines(listed)) printLine(line)
      return { stories: listed }
    }
    const told = view.toldStory(name)
    if (!this.jsonEnabled()) for (const line of told.lines) printLine(line)
    return told
  }

  /** One world. */
  private async watch(flags: WorldFlags): Promise<unknown> {
    const { planOf } = await import('../sim/world.ts')
    const { runPlan } = await import('../sim/run.ts')
    const view = await import('../cli/sim-view.ts')
    const bad = flags['known-bad']
    const wishes = {
      ...(flags.seconds === undefined ? {} : { seconds: flags.seconds }),
      ...(flags.nodes === undefined ? {} : { nodes: flags.nodes }),
    }
    const seed = flags.seed ?? 0
    const asked = {
      seed,
      ...wishes,
      ...(bad === undefined ? {} : { 'known-bad': bad }),
    }
    const command = ['kv sim', ...Object.entries(asked).map(flagText)]
    if (bad !== undefined) {
      const { choose } = await import('../sim/known-bad.ts')
      if (!choose(bad)) throw new CliError('USAGE', `there is no known-bad version ${bad} here`)
    }
    const plan = planOf(seed, wishes)
    const result = runPlan(plan)
    const ok = result.violations.length === 0
    if (!ok) this.endWith(exitOf('CHECK_FAILED'))
    if (this.jsonEnabled()) return { ok, ...result }
    const lines = [
      ...(flags.steps ? view.stepLines(plan) : []),
      ...(ok ? view.soundLines(plan, result) : []),
      ...(!ok && !flags.shrink ? view.violationLines(plan, result, command.join(' ')) : []),
      ...(!ok && flags.shrink ? view.shrunkLines(plan, result, command.join(' ')) : []),
    ]
    for (const line of lines) printLine(line)
    return { ok, ...result }
  }
}

type WorldFlags = {
  readonly seed?: number | undefined
  readonly seconds?: number | undefined
  readonly nodes?: number | undefined
  readonly shrink: boolean
  readonly steps: boolean
  readonly 'known-bad'?: string | undefined
}

function flagText([name, value]: readonly [string, number | string]): string {
  return `--${name} ${value}`
}
