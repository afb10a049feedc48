/** The plot of docs/membership.md: an SVG that needs nothing else, for light and for dark pages. */
import { quantile } from './figures.ts'
import { losses, type Measured, runsOf } from './jobs.ts'

type Point = readonly [x: number, y: number]

/** A panel: where its axes are, and how values become places. */
type Panel = {
  readonly left: number
  readonly title: string
  readonly unit: string
  readonly yMax: number
  readonly yStep: number
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
}

export function plotOf(measured: readonly Measured[]): string {
  const parts = [...spreadPanel(measured), ...convictionPanel(measured)]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"
  aria-label="Rounds until a change is everywhere, and seconds until a crash is down everywhere">
<style>${style}</style>
<rect class="page" width="${width}" height="${height}"/>
${parts.join('\n')}
</svg>
`
}

const width = 860
const height = 350
const top = 58
const bottom = 286
const panelWidth = 330

const style = `
text { font: 12px system-ui, sans-serif; fill: #444 }
.title { font-size: 14px; font-weight: 600; fill: #222 }
.page { fill: #fff } .grid { stroke: #e3e3e3 } .axis { stroke: #999 }
.bound { stroke: #777; stroke-dasharray: 6 4; fill: none; stroke-width: 1.5 }
.median { fill: none; stroke-width: 2.5 } .p99 { fill: none; stroke-width: 1.5; stroke-dasharray: 2 3 }
.a { stroke: #1f6fd0 } .b { stroke: #c2570c } .c { stroke: #1e8a52 }
.a.dot, .a.name { fill: #1f6fd0 } .b.dot, .b.name { fill: #c2570c } .c.dot, .c.name { fill: #1e8a52 }
.name { stroke: none; font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #bbb } .title { fill: #eee } .page { fill: #15181c }
.grid { stroke: #2c3138 } .axis { stroke: #777 } .bound { stroke: #999 }
.a { stroke: #6cb0ff } .b { stroke: #ff9d57 } .c { stroke: #5fd394 }
.a.dot, .a.name { fill: #6cb0ff } .b.dot, .b.name { fill: #ff9d57 } .c.dot, .c.name { fill: #5fd394 }
}
`

function spreadPanel(measured: readonly Measured[]): readonly string[] {
  const rounds = new Map<number, readonly number[]>()
  for (const { job, result } of runsOf(measured, 'spread')) {
    // Where both ran, the machine itself.
    if (job.machine !== 'model' || job.nodes === 10_000) rounds.set(job.nodes, result.rounds)
  }
  const sizes = [10, 100, 1000, 10_000]
  const panel: Panel = {
    left: 52,
    title: 'Rounds until a change is everywhere',
    unit: 'members',
    yMax: 20,
    yStep: 5,
    ticks: sizes.map(n => ({ at: sizeAt(n), label: n.toLocaleString('en') })),
  }
  const pointsOf = (part: number): Point[] =>
    sizes
      .filter(n => rounds.has(n))
      .map(n => [sizeAt(n), quantile(rounds.get(n) ?? [], part)] as const)
  const bound = sizes.map(n => [sizeAt(n), Math.log2(n) + 6] as const)
  return [
    ...axes(panel),
    line(panel, 'bound', bound),
    ...series(panel, 'a', pointsOf(0.5), pointsOf(0.99)),
    label(panel, [0.12, 15.4], '', 'at most log₂ n + 6'),
    ...legend(panel, [['a', 'fan-out 1, push-pull']]),
  ]
}

function convictionPanel(measured: readonly Measured[]): readonly string[] {
  const shown: readonly (readonly [string, number])[] = [
    ['a', 5],
    ['b', 50],
    ['c', 1000],
  ]
  const crashes = [...runsOf(measured, 'crash'), ...runsOf(measured, 'crashes')]
  const parts: string[] = []
  const all: number[] = [5]
  const drawn = shown.map(([hue, nodes]) => {
    const medians: Point[] = []
    const tails: Point[] = []
    for (const { job, result } of crashes.filter(({ job }) => job.nodes === nodes)) {
      medians.push([lossAt(job.loss), quantile(result.seconds, 0.5)])
      tails.push([lossAt(job.loss), quantile(result.seconds, 0.99)])
    }
    for (const points of [medians, tails]) points.sort(([a], [b]) => a - b)
    all.push(...tails.map(([, y]) => y))
    return { hue, medians, tails }
  })
  const panel: Panel = {
    left: 480,
    title: 'Seconds until a crash is down everywhere',
    unit: 'messages lost, %',
    yMax: Math.ceil(Math.max(...all) / 2) * 2,
    yStep: 1,
    ticks: losses.map(loss => ({ at: lossAt(loss), label: String(Math.round(loss * 100)) })),
  }
  parts.push(...axes(panel))
  for (const { hue, medians, tails } of drawn) parts.push(...series(panel, hue, medians, tails))
  const names = shown.map(([hue, n]) => [hue, `${n.toLocaleString('en')} members`] as const)
  return [...parts, ...legend(panel, names)]
}

/** From 0 to 1 across the panel. */
function sizeAt(nodes: number): number {
  return (Math.log10(nodes) - 1) / 3
}

function lossAt(loss: number): number {
  return loss / 0.2
}

function axes(panel: Panel): readonly string[] {
  const { left, title, unit, yMax, yStep, ticks } = panel
  const parts = [`<text class="title" x="${left - 24}" y="20">${title}</text>`]
  for (let y = 0; y <= yMax; y += yStep) {
    const at = placed(panel, [0, y])[1]
    parts.push(`<path class="${y === 0 ? 'axis' : 'grid'}" d="M${left} ${at}h${panelWidth}"/>`)
    parts.push(`<text x="${left - 8}" y="${at + 4}" text-anchor="end">${y}</text>`)
  }
  for (const { at, label: text } of ticks) {
    const [x] = placed(panel, [at, 0])
    parts.push(`<path class="axis" d="M${x} ${bottom}v4"/>`)
    parts.push(`<text x="${x}" y="${bottom + 18}" text-anchor="middle">${text}</text>`)
  }
  const middle = left + panelWidth / 2
  parts.push(`<text x="${middle}" y="${bottom + 38}" text-anchor="middle">${unit}</text>`)
  return parts
}

function series(
  panel: Panel,
  hue: string,
  medians: readonly Point[],
  tails: readonly Point[],
): readonly string[] {
  const dots = [...medians, ...tails].map(point => {
    const [x, y] = placed(panel, point)
    return `<circle class="dot ${hue}" cx="${x}" cy="${y}" r="2.5"/>`
  })
  return [line(panel, `median ${hue}`, medians), line(panel, `p99 ${hue}`, tails), ...dots]
}

function line(panel: Panel, kind: string, points: readonly Point[]): string {
  const path = points.map(point => placed(panel, point).join(' ')).join('L')
  return path === '' ? '' : `<path class="${kind}" d="M${path}"/>`
}

function label(panel: Panel, point: Point, kind: string, text: string): string {
  const [x, y] = placed(panel, point)
  return `<text class="${kind}" x="${x}" y="${y}">${text}</text>`
}

/** Solid: the median; dotted: the 99th percentile. */
function legend(panel: Panel, names: readonly (readonly [string, string])[]): readonly string[] {
  const parts = names.map(([hue, name], i) => {
    return `<text class="name ${hue}" x="${panel.left + i * 104}" y="42">${name}</text>`
  })
  const x = panel.left + panelWidth / 2
  parts.push(
    `<text x="${x}" y="${height - 6}" text-anchor="middle">solid: median · dotted: p99</text>`,
  )
  return parts
}

function placed({ left, yMax }: Panel, [x, y]: Point): readonly [number, number] {
  const across = left + x * panelWidth
  const down = bottom - (y / yMax) * (bottom - top)
  return [Math.round(across * 10) / 10, Math.round(down * 10) / 10]
}
