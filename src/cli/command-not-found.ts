/** oclif's hook for a command that does not exist: one line, the nearest name, no prompt. */
import type { Hook } from '@oclif/core'
import { unknownCommandExit } from './exit-codes.ts'
import { nearest } from './nearest.ts'
import { printJson, say } from './render.ts'

const hook: Hook.CommandNotFound = async function (options) {
  const typed = options.id.replaceAll(':', ' ')
  const names = this.config.commandIDs.map(id => id.replaceAll(':', ' '))
  const near = nearestStart(typed, [...names, ...this.config.topics.map(topic => topic.name)])
  const advice = near === undefined ? 'kv --help lists them.' : `Did you mean "kv ${near}"?`
  const message = `unknown command "kv ${typed}". ${advice}`
  if (options.argv?.includes('--json') === true) {
    const error = { code: 'USAGE', message, exit: unknownCommandExit, suggestions: [] }
    printJson({ error })
  } else {
    say(`kv: ${message}`)
  }
  this.exit(unknownCommandExit)
}

/** What was meant by the first words: `kv pt x` means `kv put`. */
function nearestStart(typed: string, names: readonly string[]): string | undefined {
  const words = typed.split(' ')
  for (let count = words.length; count >= 1; count--) {
    const near = nearest(words.slice(0, count).join(' '), names)
    if (near !== undefined) return near
  }
  return undefined
}

export default hook
