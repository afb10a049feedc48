/** `kv demo`: five nodes, real data, every byte compared. */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { KvCommand } from '../cli/base-command.ts'
import { shownDuration } from '../cli/duration.ts'
import { printLine } from '../cli/render.ts'

const wantedRecords = 10_000

export default class Demo extends KvCommand {
  static override summary = 'show a cluster at work on real data, and check every byte'
  static override description =
    'Starts five nodes in a temporary directory, imports the files of the installed packages, ' +
    'reads every record back through every node, kills a node and goes on, makes a conflict and ' +
    'settles it, shows the ring, and leaves nothing behind. Exit 1 on any difference.'
  static override examples = ['<%= config.bin %> demo']

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Demo)
    const begun = performance.now()
    const { demoPaths, demoRecords, recordCountMax } = await import('../cli/demo-data.ts')
    const { withDemoCluster } = await import('../cli/demo-cluster.ts')
    const { runDemo } = await import('../cli/demo.ts')
    const quiet = flags.quiet || this.jsonEnabled()
    const tell = (line: string) => {
      if (!quiet) printLine(line)
    }
    for (const ended of ['SIGTERM', 'SIGHUP'] as const) process.once(ended, () => this.interrupt())
    const root = packagesDirectory(this.config.root)
    const paths = await demoPaths(root)
    const total = Math.min(paths.length, recordCountMax)
    if (total < wantedRecords) tell(`there are only ${total} files in ${root} to import`)
    const counts = await withDemoCluster(this.signal, async cluster => {
      tell(
        `five nodes are up in ${cluster.directory} (${shownDuration(performance.now() - begun)})`,
      )
      const options = { signal: this.signal, quiet, tell }
      return runDemo(cluster, total, demoRecords(root, paths), options)
    })
    const ok = counts.mismatches === 0 && counts.records > 0
    const seconds = Math.round((performance.now() - begun) / 100) / 10
    const megabytes = (counts.bytes / 1e6).toFixed(1)
    if (!this.jsonEnabled()) {
      printLine(
        `${ok ? 'demo passed' : 'demo FAILED'}: ${counts.records} records, ${megabytes} MB, ` +
          `${counts.reads} reads compared, ${counts.mismatches} differences, ${seconds} s`,
      )
    }
    if (!ok) this.endWith(1)
    return { ok, ...counts, seconds }
  }
}

/** In a checkout the package's own `node_modules`, elsewhere the one it was installed into. */
function packagesDirectory(root: string): string {
  const own = join(root, 'node_modules')
  if (existsSync(own) || basename(dirname(root)) !== 'node_modules') return own
  return dirname(root)
}
