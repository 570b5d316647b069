/** Runs what it is given, so many calls at a time. */
export type Limit = <T>(call: () => Promise<T>) => Promise<T>;

/** Runs at most `most` calls at a time, in the order in which they come. */
export function limiter(most: number): Limit {
	let running = 0;
	const waiting: (() => void)[] = [];
	return async (call) => {
		if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
		else running += 1;
		try {
			return await call();
		} finally {
			const next = waiting.shift();
			if (next === undefined) running -= 1;
			else next();
		}
	};
}
