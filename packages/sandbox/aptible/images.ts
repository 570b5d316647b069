import { createHash } from "node:crypto";
import { inSandbox } from "./sandbox.ts";
import type { Store } from "./store.ts";

/** Process types that an image's Procfile gives; an image nobody has told us about has none, so one service `cmd`. */
export function servicesOf(store: Store, image: string): string[] {
	const repository = image.replace(/(@sha256:.*|:[^:/]*)$/, "");
	for (const reference of [image, `${repository}:*`]) {
		const row = store.rows("select services from images where reference = ?", reference)[0];
		if (row) return JSON.parse(String(row.services));
	}
	return ["cmd"];
}

/** Process types of what was pushed to an app's git remote; `undefined` where it was not pushed. */
export function pushedServices(store: Store, app: string, commit: string): string[] | undefined {
	for (const reference of [`git/${app}:${commit}`, `git/${app}`]) {
		const row = store.rows("select services from images where reference = ?", reference)[0];
		if (row) return JSON.parse(String(row.services));
	}
	return undefined;
}

/**
 * Tells the sandbox what is in an image. A reference ending in `:*` stands for every tag; `git/HANDLE:COMMIT` for what was
 * pushed to the git remote of an app, and `git/HANDLE` for whatever commit is asked for.
 */
export function defineImage(dir: string, reference: string, services: readonly string[]): void {
	inSandbox(dir, (store) => {
		store.run("insert or replace into images values (?, ?)", reference, JSON.stringify(services));
		store.setMeta(`stage image ${reference}`, undefined);
	});
}

/**
 * Tells the sandbox what a stage expects of an image, unless somebody has told it what is in it.
 *
 * @returns whether that is news
 */
export function stageImage(dir: string, reference: string, services: readonly string[]): boolean {
	return inSandbox(dir, (store) => {
		const name = `stage image ${reference}`;
		const known = JSON.stringify(services);
		const [row] = store.rows("select services from images where reference = ?", reference);
		if (row === undefined ? isKnown(store, reference) : store.meta(name) !== row.services) return false;
		if (row?.services === known) return false;
		store.run("insert or replace into images values (?, ?)", reference, known);
		store.setMeta(name, known);
		return true;
	});
}

/** Whether its tag is one of a repository that is known whole. */
function isKnown(store: Store, image: string): boolean {
	const repository = image.replace(/(@sha256:.*|:[^:/]*)$/, "");
	return store.rows("select 1 from images where reference = ?", `${repository}:*`).length > 0;
}

/** What an image's tag stands for now. */
export function digestOf(store: Store, image: string): string {
	const moves = store.meta(`moves of ${image}`) ?? "0";
	return `sha256:${createHash("sha256").update(`${image} ${moves}`).digest("hex")}`;
}

/** Pushes another image under a tag that is there. */
export function moveTag(dir: string, image: string): void {
	inSandbox(dir, (store) => {
		const name = `moves of ${image}`;
		store.setMeta(name, String(Number(store.meta(name) ?? 0) + 1));
	});
}
