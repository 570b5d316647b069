/** The same keys in the same order, with each value replaced. */
export function mapValues<T, U>(
	record: Readonly<Record<string, T>>,
	map: (value: T, key: string) => U,
): Record<string, U> {
	return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
