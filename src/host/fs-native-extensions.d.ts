/** The part of the library that is used; it brings no types of its own. */
declare module 'fs-native-extensions' {
  /** An exclusive lock of the whole file; false: somebody else has it. Throws a system error. */
  export function tryLock(fd: number): boolean
}
