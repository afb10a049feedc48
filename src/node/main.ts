/** Entry of a node's process: `--cluster-file FILE --name NAME [--create] [--faults]`. */
process.umask(0o077)
const { parseArgs } = await import('node:util')
const { runNode } = await import('./run-node.ts')

const { values } = parseArgs({
  options: {
    'cluster-file': { type: 'string' },
    name: { type: 'string' },
    create: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
  },
})
const { 'cluster-file': clusterFile, name, create, faults } = values
if (clusterFile === undefined || name === undefined) {
  process.stderr.write('usage: main.js --cluster-file FILE --name NAME [--create] [--faults]\n')
  process.exit(2)
}
process.exit(await runNode({ clusterFile, name, create, faults }))

export {}
