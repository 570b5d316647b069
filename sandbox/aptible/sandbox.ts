import { seed } from "./seed.ts";
import { Store } from "./store.ts";

/** Opens the sandbox in `dir`, made and seeded if nobody has used it yet. */
export function openSandbox(dir: string): Store {
	return new Store(dir, seed);
}

/** Opens the sandbox in `dir` for one piece of work. */
export function inSandbox<T>(dir: string, work: (store: Store) => T): T {
	const store = openSandbox(dir);
	try {
		return work(store);
	} finally {
		store.close();
	}
}
