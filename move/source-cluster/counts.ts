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

const ClusterCounts = z.strictObject({
	label: z.string(),
	/** By chance, of the first freeze that noted something: what another one has noted is told apart by it. */
	night: z.string(),
	replicas: Counts,
});
/** What a cluster's services had. */
export type ClusterCounts = z.infer<typeof ClusterCounts>;

const Noted = z.record(z.string(), ClusterCounts);
/** By the ids of clusters. */
export type Noted = z.infer<typeof Noted>;

/** A place in which counts are noted. */
export interface CountStore {
	/** @returns nothing of a cluster of which nothing is noted */
	read(): Promise<Noted>;
	/** Notes a cluster's in place of what is noted of it; they are on the disk when it returns. Undefined: nothing is noted any more. */
	write(cluster: string, counts: ClusterCounts | undefined): Promise<void>;
}

/** The place whose notes count. */
export interface SharedCountStore extends Pick<CountStore, "read"> {
	/** As that of `CountStore`, of counts that there are. */
	write(cluster: string, counts: ClusterCounts): Promise<void>;
	/** Forgets those of a cluster's services that are noted with the same number still. */
	forget(cluster: string, replicas: Counts): Promise<void>;
}

/** Path of the file beside the stage. */
export function countsFile({ folder, name }: Pick<MoveStage, "folder" | "name">): string {
	return path.join(folder, ".move", `${name}-services.json`);
}

/** The file beside the stage: for a person, where the target is gone. */
export function localCounts(moved: MoveStage): CountStore {
	const file = countsFile(moved);
	const read = async () => {
		if (!existsSync(file)) return {};
		try {
			return Noted.parse(JSON.parse(readFileSync(file, "utf8")));
		} catch {
			throw new Error(
				`${file} is not what \`freeze\` writes: numbers of replicas by clusters and their services; remove it, as what counts is on the target`,
			);
		}
	};
	return {
		read,
		async write(cluster, counts) {
			const { [cluster]: _, ...others } = await read();
			const noted = counts === undefined ? others : { ...others, [cluster]: counts };
			const folder = openMoveFolder(moved);
			if (Object.keys(noted).length === 0) {
				rmSync(file, { force: true });
				return;
			}
			const partial = `${file}.${process.pid}`;
			const descriptor = openSync(partial, "w", 0o600);
			try {
				writeSync(descriptor, `${JSON.stringify(noted, null, 2)}\n`);
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

/** Where the notes are, as a condition. */
const HERE = `database = '' AND side = '${SIDE}'`;

/**
 * Database `move` on the target, so that another machine brings the services back. What it has counts: a file may be of another night.
 *
 * @param use gives a session in it; the use may be repeated
 */
export function targetCounts(use: <T>(act: (session: MoveSession) => Promise<T>) => Promise<T>): SharedCountStore {
	return {
		read: () => use(readTargetCounts),
		write: (cluster, counts) =>
			use(async (session) => {
				await session.query(
					`INSERT INTO public.pins (database, side, identity) VALUES ('', '${SIDE}', $1)
					ON CONFLICT (database, side) DO UPDATE SET identity = pins.identity || excluded.identity`,
					[JSON.stringify({ [cluster]: counts })],
				);
			}),
		forget: (cluster, replicas) =>
			use(async (session) => {
				for (const [service, count] of Object.entries(replicas)) {
					await session.query(
						`UPDATE public.pins SET identity = identity #- ARRAY[$1, 'replicas', $2]
						WHERE ${HERE} AND identity #> ARRAY[$1, 'replicas', $2] = to_jsonb($3::int)`,
						[cluster, service, count],
					);
				}
				await session.query(
					`UPDATE public.pins SET identity = identity - $1::text
					WHERE ${HERE} AND identity #> ARRAY[$1::text, 'replicas'] = '{}'::jsonb`,
					[cluster],
				);
				await session.query(`DELETE FROM public.pins WHERE ${HERE} AND identity = '{}'::jsonb`);
			}),
	};
}

/** What is noted in database `move`. */
export async function readTargetCounts(session: MoveSession): Promise<Noted> {
	const { rows } = await session.query(`SELECT identity FROM public.pins WHERE ${HERE}`);
	return rows[0] === undefined ? {} : Noted.parse(rows[0].identity);
}

/** Each cluster with what is noted of it: `acme-prod: web 2, worker 3`. */
export function listCounts(noted: Noted): string[] {
	return Object.values(noted).map(({ label, replicas }) => `${label}: ${sayCounts(replicas)}`);
}

/** `web 2, worker 3` */
function sayCounts(replicas: Counts): string {
	return Object.entries(replicas)
		.map((one) => one.join(" "))
		.join(", ");
}

/** Says which services wait to be brought back. */
export async function describeCounts(session: MoveSession): Promise<string[]> {
	return listCounts(await readTargetCounts(session)).map(
		(counts) => `MedStack's services had these replicas before a freeze, and thaw brings them back: ${counts}`,
	);
}
