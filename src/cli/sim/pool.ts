/** Runs many worlds on all cores, one process each, and hands back their results in order. */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Answer, Task } from './child.ts'

export type PoolOptions = {
  readonly processes?: number
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Of V8, beside the condition that turns the known-bad versions on. */
  readonly flags?: readonly string[]
  /** Asked before each task, with how many were begun before it; after a no, none is begun. */
  readonly goOn?: (begun: number) => boolean
}

/** The answer of every task that is begun, in the order of the tasks; `onAnswer` hears them as soon as that order allows. */
export async function runTasks(
  tasks: readonly Task[],
  onAnswer: (answer: Answer, task: Task) => void,
  options: PoolOptions = {},
): Promise<void> {
  const answers = new Map<number, Answer>()
  let next = 0
  let told = 0
  const tell = () => {
    for (let answer = answers.get(told); answer !== undefined; answer = answers.get(told)) {
      answers.delete(told)
      onAnswer(answer, tasks[told] as Task)
      told++
    }
  }
  const goOn = options.goOn ?? (() => true)
  const work = async (child: ChildProcess) => {
    while (next < tasks.length && goOn(next)) {
      const at = next++
      answers.set(at, await ask(child, tasks[at] as Task))
      tell()
    }
    child.disconnect()
  }
  const count = Math.min(options.processes ?? availableParallelism(), tasks.length)
  const children = Array.from({ length: count }, () => start(options))
  try {
    await Promise.all(children.map(work))
  } finally {
    for (const child of children) child.kill()
  }
}

function start({ env, cwd, flags }: PoolOptions): ChildProcess {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  return fork(fileURLToPath(new URL('child.js', import.meta.url)), {
    execArgv: ['--conditions=mutants', youngSpace, ...(flags ?? [])],
    env: { ...inherited, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
}

function ask(child: ChildProcess, task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`the process of seed ${task.seed} ended`))
    child.once('exit', ended)
    child.once('message', (answer: Answer) => {
      child.off('exit', ended)
      resolve(answer)
    })
    child.send(task)
  })
}

/** A world makes much garbage: a twelfth of its time is gone with the usual 16 MiB. */
const youngSpace = '--max-semi-space-size=32'
