/** How many replicas the old cluster's services had: noted before the first is changed, on this disk and in database `move`. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { openMoveFolder } from "../folder.ts";
import type { MoveSession } from "../session.ts";
import type { MoveStage } from "../stage.ts";

const Counts = z.record(z.string(), z.int().min(0));
/** Replicas by MedStack's own name of a service. */
export type Counts = z.infer<typeof Counts>;

/** A place in which counts are noted. */
export interface CountStore {
	/** @returns undefined where nothing is noted */
	read(): Promise<Counts | undefined>;
	/** Notes them in place of what is noted; they are on the disk when it returns. No count at all: nothing is noted any more. */
	write(counts: Counts): Promise<void>;
}

/** Path of the file beside the stage. */
export function countsFile({ folder, name }: Pick<MoveStage, "folder" | "name">): string {
	return path.join(folder, ".move", `${name}-services.json`);
}

/** The file beside the stage. */
export function localCounts(moved: MoveStage): CountStore {
	const file = countsFile(moved);
	return {
		async read() {
			if (!existsSync(file)) return undefined;
			try {
				return Counts.parse(JSON.parse(readFileSync(file, "utf8")));
			} catch {
				throw new Error(
					`${file} is not what \`freeze\` writes: numbers of replicas by MedStack's names of services, such as {"web": 2}; correct it, or remove it and bring the services back by hand`,
				);
			}
		},
		async write(counts) {
			const folder = openMoveFolder(moved);
			if (Object.keys(counts).length === 0) {
				rmSync(file, { force: true });
				return;
			}
			const partial = `${file}.${process.pid}`;
			const descriptor = openSync(partial, "w", 0o600);
			try {
				writeSync(descriptor, `${JSON.stringify(counts, null, 2)}\n`);
				fsyncSync(descriptor);
			} finally {
				closeSync(descriptor);
			}
			renameSync(partial, file);
			const inFolder = openSync(folder, "r");
			try {
				fsyncSync(inFolder);
			} finally {
				closeSync(inFolder);
			}
		},
	};
}

/** In the journal's table of pins, beside the servers of both sides. */
const SIDE = "services";

/**
 * Database `move` on the target, so that another machine brings the services back.
 *
 * @param use gives a session in it; the use may be repeated
 */
export function targetCounts(use: <T>(act: (session: MoveSession) => Promise<T>) => Promise<T>): CountStore {
	return {
		read: () => use(readTargetCounts),
		write: (counts) =>
			use(async (session) => {
				if (Object.keys(counts).length === 0) {
					await session.query("DELETE FROM public.pins WHERE database = '' AND side = $1", [SIDE]);
					return;
				}
				await session.query(
					`INSERT INTO public.pins (database, side, identity) VALUES ('', $1, $2)
					ON CONFLICT (database, side) DO UPDATE SET identity = excluded.identity`,
					[SIDE, JSON.stringify(counts)],
				);
			}),
	};
}

async function readTargetCounts(session: MoveSession): Promise<Counts | undefined> {
	const { rows } = await session.query("SELECT identity FROM public.pins WHERE database = '' AND side = $1", [SIDE]);
	return rows[0] === undefined ? undefined : Counts.parse(rows[0].identity);
}

/** Says which services wait to be brought back. */
export async function describeCounts(session: MoveSession): Promise<string[]> {
	const counts = await readTargetCounts(session);
	if (counts === undefined) return [];
	const each = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
	return [`MedStack's services had these replicas before a freeze, and thaw brings them back: ${each.join(", ")}`];
}
