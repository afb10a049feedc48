/** A nominal type: a plain value at run time that only its constructor may make. */
export type Brand<Base, Name extends string> = Base & { readonly __brand: Name }
