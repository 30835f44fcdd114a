/** A member of an object that may be anything; undefined when it is none or has no such member. */
export function memberOf(value: unknown, name: string): unknown {
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return member;
}
