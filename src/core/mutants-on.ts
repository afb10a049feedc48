/**
 * The known-bad half of `#mutants`: the same functions as `mutants-off.ts`, obeying the
 * simulator. Never loaded without `node --conditions=mutants`.
 */
let chosen: number | undefined
const noted = new Set<string>()

export function mutant(number: number): boolean {
  return chosen === number
}

export function sometimes(name: string): void {
  noted.add(name)
}

export function luck(): number {
  return Math.random()
}

export function chooseMutant(number: number | undefined): boolean {
  chosen = number
  return true
}

export function takeNoted(): readonly string[] {
  const names = [...noted].sort()
  noted.clear()
  return names
}
