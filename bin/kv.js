#!/usr/bin/env node
process.umask(0o077)
process.env.NODE_ENV ??= 'production'
const { execute } = await import('@oclif/core/execute')
const { withFlagsLast } = await import('../build/src/cli/leading-flags.js')
const args = [...withFlagsLast(process.argv.slice(2))]
// `kv help put` is `kv put --help`.
if (args[0] === 'help') args.push(args.shift() && '--help')
await execute({ args, dir: import.meta.url })
