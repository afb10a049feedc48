/** oclif's hook for a command that does not exist: one line, the nearest name, no prompt. */
import type { Hook } from '@oclif/core'
import { exitOf, unknownCommandExit } from './exit-codes.ts'
import { nearest } from './nearest.ts'
import { printJson, say } from './render.ts'
import { oneLine } from './visible.ts'

const hook: Hook.CommandNotFound = async function (options) {
  const typed = oneLine(options.id.replaceAll(':', ' '))
  const names = this.config.commandIDs.map(id => id.replaceAll(':', ' '))
  const near = nearestStart(typed, [...names, ...this.config.topics.map(topic => topic.name)])
  const advice = near === undefined ? 'kv --help lists them.' : `Did you mean "kv ${near}"?`
  const [exit, message] = typed.startsWith('-')
    ? [exitOf('USAGE'), `unknown flag: ${typed}; kv --help lists the commands`]
    : [unknownCommandExit, `unknown command "kv ${typed}". ${advice}`]
  const found = superfluous(typed, this.config.commandIDs) ?? { exit, message, suggestions: [] }
  if (options.argv?.includes('--json') === true) {
    printJson({ error: { code: 'USAGE', ...found } })
  } else {
    say(`kv: ${found.message}`)
    for (const suggestion of found.suggestions) say(`  try: ${suggestion}`)
  }
  this.exit(found.exit)
}

/** A command that takes no argument and was given one: oclif takes both for a command's name. */
function superfluous(typed: string, ids: readonly string[]) {
  const command = ids.map(id => id.replaceAll(':', ' ')).find(name => typed.startsWith(`${name} `))
  if (command === undefined) return undefined
  const message = `kv ${command} takes no argument: ${typed.slice(command.length + 1)}`
  return { exit: exitOf('USAGE'), message, suggestions: [`kv ${command} --help`] }
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
