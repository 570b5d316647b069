/** The value of a key that an object has itself: names such as `constructor` come from Procfiles and people, and every object inherits some. */
export function lookUp<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
	return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
