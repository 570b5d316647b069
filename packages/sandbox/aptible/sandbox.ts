import { seed } from "./seed.ts";
import { Store } from "./store.ts";

/** The sandboxes that this process has open, each once, with how many of its parts work with it. */
const open = new Map<string, { store: Store; users: number }>();

/** Opens the sandbox in `dir`, made and seeded if nobody has used it yet. `closeSandbox` gives it back. */
export function openSandbox(dir: string): Store {
	const shared = open.get(dir) ?? { store: new Store(dir, seed), users: 0 };
	shared.users += 1;
	open.set(dir, shared);
	return shared.store;
}

/** Closes a sandbox, once nobody in this process works with it any more. */
export function closeSandbox(store: Store): void {
	const shared = open.get(store.dir);
	if (shared === undefined) return;
	shared.users -= 1;
	if (shared.users > 0) return;
	open.delete(store.dir);
	store.close();
}

/** Opens the sandbox in `dir` for one piece of work. */
export function inSandbox<T>(dir: string, work: (store: Store) => T): T {
	const store = openSandbox(dir);
	try {
		return work(store);
	} finally {
		closeSandbox(store);
	}
}
