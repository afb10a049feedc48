/** The tables of docs/membership.md, between the two marks that it has for them. */
import { quantile } from './figures.ts'
import { type Measured, type Run, runsOf } from './jobs.ts'

const begin = '<!-- figures: written by npm run bench:membership -->'
const end = '<!-- end of figures -->'

export function pageWith(page: string, run: Run): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error('docs/membership.md has no marks for the figures')
  return `${page.slice(0, from + begin.length)}\n\n${figuresOf(run)}\n${page.slice(to)}`
}

function figuresOf({ date, commit, machine, measured }: Run): string {
  return [
    `\`npm run build && npm run bench:membership\`: ${date}, commit ${commit},`,
    `${machine}. Seeds are fixed and time is simulated: another machine gets the same figures.`,
    '',
    '**Rounds** until a change of one member is known to all.',
    '',
    ...table(
      ['members', 'what ran', 'changes', 'median', 'p99', 'worst', 'target'],
      spreadRows(measured),
    ),
    '',
    '**Bytes** that a node sends a second, with frames, without TCP and IP.',
    '',
    ...table(
      ['members', 'what ran', 'at rest', 'busiest second after a change'],
      trafficRows(measured),
    ),
    '',
    '**Seconds** from a crash until every living node says *down*.',
    '',
    ...table(
      ['members', 'loss', 'crashes', 'median', 'p99', 'worst', 'target'],
      crashRows(measured),
    ),
    '',
    '**False convictions**: living members that anybody called *down*.',
    '',
    ...table(
      ['members', 'loss', 'simulated', 'convictions', 'a node-day', 'suspicions a node-hour'],
      soakRows(measured),
    ),
    '',
    ...pauseLines(measured),
    '',
  ].join('\n')
}

function spreadRows(measured: readonly Measured[]): readonly string[][] {
  const names = { membership: 'all', gossip: 'gossip alone', model: 'the model' }
  const rank = (machine: keyof typeof names) => Object.keys(names).indexOf(machine)
  return runsOf(measured, 'spread')
    .sort((a, b) => a.job.nodes - b.job.nodes || rank(a.job.machine) - rank(b.job.machine))
    .map(({ job, result: { rounds } }) => [
      whole(job.nodes),
      names[job.machine],
      whole(rounds.length),
      ...spreadOf(rounds),
      (Math.log2(job.nodes) + 6).toFixed(1),
    ])
}

function trafficRows(measured: readonly Measured[]): readonly string[][] {
  return runsOf(measured, 'traffic')
    .sort((a, b) => a.job.nodes - b.job.nodes)
    .map(({ job, result }) => [
      whole(job.nodes),
      job.machine === 'model' ? 'the model' : 'all',
      whole(Math.round(result.rest)),
      whole(Math.round(result.busiest)),
    ])
}

function crashRows(measured: readonly Measured[]): readonly string[][] {
  const targets = new Map([
    [5, '5'],
    [1000, '15'],
  ])
  return [...runsOf(measured, 'crash'), ...runsOf(measured, 'crashes')]
    .sort((a, b) => a.job.nodes - b.job.nodes || a.job.loss - b.job.loss)
    .map(({ job, result: { seconds, never } }) => [
      whole(job.nodes),
      percent(job.loss),
      `${job.crashes}${never > 0 ? `, ${never} not within a minute` : ''}`,
      ...spreadOf(seconds),
      targets.get(job.nodes) ?? '',
    ])
}

function soakRows(measured: readonly Measured[]): readonly string[][] {
  const rows = new Map<
    string,
    { head: string[]; hours: number; false: number; suspicions: number }
  >()
  const runs = [...runsOf(measured, 'soak'), ...runsOf(measured, 'crashes')]
  runs.sort((a, b) => a.job.nodes - b.job.nodes || a.job.loss - b.job.loss)
  for (const { job, result } of runs) {
    const head = [whole(job.nodes), percent(job.loss)]
    const row = rows.get(head.join()) ?? { head, hours: 0, false: 0, suspicions: 0 }
    row.hours += result.nodeHours / job.nodes
    row.false += result.false
    row.suspicions += result.suspicions / job.nodes
    rows.set(head.join(), row)
  }
  return [...rows.values()].map(({ head, hours, suspicions, ...row }) => [
    ...head,
    hours >= 1 ? `${Math.round(hours)} h` : `${Math.round(hours * 3600)} s, the crashes above`,
    String(row.false),
    hours >= 1 ? ((row.false * 24) / hours / Number(head[0])).toFixed(2) : '',
    hours >= 1 ? (suspicions / hours).toFixed(2) : '',
  ])
}

function pauseLines(measured: readonly Measured[]): readonly string[] {
  return runsOf(measured, 'pause').map(({ job, result }) => {
    const worst = Math.max(...result.seconds).toFixed(2)
    return [
      `**A pause** of 10 s of one of five nodes, ${job.worlds} seeds: in ${result.down} of them all`,
      `others had called it *down*; it was *alive* to all ${quantile(result.seconds, 0.5)} s after`,
      `waking (median; ${worst} s at most, target 2 s); ${result.false} others were called *down*.`,
    ].join('\n')
  })
}

function spreadOf(values: readonly number[]): readonly string[] {
  return [0.5, 0.99, 1].map(part => quantile(values, part).toFixed(1))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
}

function whole(value: number): string {
  return value.toLocaleString('en')
}

function percent(loss: number): string {
  return `${Math.round(loss * 100)} %`
}
