/** Imports of Compose files that a test has as texts. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ComposeInput } from "../../import/compose/load.ts";
import { importCompose } from "../../import/compose.ts";
import type { StageOptions } from "../../import/stage.ts";
import type { Block } from "../../stage-file/block.ts";

type Options = Partial<ComposeInput & Omit<StageOptions, "handle">> & { handle?: string | undefined };

/** What came of an import. */
export interface Result {
	blocks: Readonly<Record<string, Block>>;
	handle: string;
	/** Block of an app. @throws where there is none */
	app(handle: string): Block;
	/** What became of the key at a place, or of the one there whose path ends so. */
	rows(place: string, ending?: string): string;
	/** All of them: place, path, outcome, reason. */
	lines: string[];
	/** Keys of the stage file that are left to decide, and of which the input has none. */
	decisions: string[];
	secrets: string[];
	procfiles: Record<string, string>;
}

/**
 * Imports files by their names in a folder of their own; those that end in `.yml` or `.json` and lie in it itself are the Compose
 * files, in their order.
 */
export function importTexts(files: Readonly<Record<string, string | Buffer>>, options: Options = {}): Result {
	const folder = mkdtempSync(join(tmpdir(), "compose-"));
	try {
		for (const [name, text] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, name)), { recursive: true });
			writeFileSync(join(folder, name), text);
		}
		const own = Object.keys(files).filter((name) => /^[^/]+\.(yml|json)$/.test(name));
		const { phi = false, aptibleStack = "shared-ca-central-1", images = new Map() } = options;
		const input = { files: own, envFiles: [], profiles: [], shell: {}, root: undefined, from: folder, ...options };
		const handle = "handle" in options ? options.handle : "test";
		const { blocks, keys, secrets, procfiles, decisions } = importCompose(input, { phi, aptibleStack, images, handle });
		const lines = keys.map((key) => `${key.place} ${key.path} ${key.outcome?.outcome} ${key.outcome?.says}`);
		return {
			blocks: blocks as Readonly<Record<string, Block>>,
			handle: String(blocks.environment?.handle),
			app: (name) => {
				const app = blocks.apps?.[name];
				if (app === undefined) throw new Error(`no app ${name}: ${Object.keys(blocks.apps ?? {}).join(", ")}`);
				return app as Block;
			},
			rows: (place, ending = "") => {
				const found = keys.filter((key) => key.place === place && key.path.endsWith(ending));
				return found.map(({ outcome }) => `${outcome?.outcome} ${outcome?.says}`)[0] ?? `nothing at ${place}`;
			},
			lines,
			decisions: decisions.map(({ key }) => key),
			secrets: secrets.entries().map(([name]) => name),
			procfiles: Object.fromEntries(procfiles.map(({ app, text }) => [app, text])),
		};
	} finally {
		rmSync(folder, { recursive: true });
	}
}
