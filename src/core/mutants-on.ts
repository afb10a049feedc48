/**
 * The known-bad half of `#mutants`: the same functions as `mutants-off.ts`, obeying the
 * simulator. Never loaded without `node --conditions=mutants`.
 */
let chosen: readonly number[] = []
const noted = new Set<string>()

export function mutant(number: number): boolean {
  return chosen.includes(number)
}

export function sometimes(name: string): void {
  noted.add(name)
}

export function luck(): number {
  return Math.random()
}

export function chooseMutants(numbers: readonly number[]): boolean {
  chosen = numbers
  return true
}

export function takeNoted(): readonly string[] {
  const names = [...noted].sort()
  noted.clear()
  return names
}
