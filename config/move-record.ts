/**
 * The record of a move: a file beside the stage file in which `npm run move -- copy --stack STACK` writes what it has proved, and `close`
 * that the move is over. It is committed, so that whoever reviews a later phase sees the proof that it stands on.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isServing } from "../wire/move.ts";
import { StageError } from "./parse.ts";
import type { Stage } from "./stage.ts";

/** Folder of the stage file, where `--config-file` names one elsewhere. */
export const stageFolderVariable = "MEDSTACK_TO_APTIBLE_STAGE_FOLDER";

const hash = z.string({ error: "is not the hash of a proof" }).min(1, { error: "is empty" });

const MoveRecord = z.object(
	{
		version: z.literal(1, { error: "is not 1, the form that this program reads; update the program" }),
		run: z.string({ error: "is not the id of a run" }).min(1, { error: "is empty" }),
		databases: z.record(
			z.string(),
			z.object(
				{
					aptibleId: z.int({ error: "is not the id of a database" }).positive({ error: "is not the id of a database" }),
					hash,
				},
				{ error: "is not a block with aptibleId and hash" },
			),
			{ error: "is not a block of databases" },
		),
		at: z.iso.datetime({ offset: true, error: "is not a time such as 2026-11-30T02:14:00Z" }),
		closed: z.boolean({ error: "is not true or false" }).optional(),
	},
	{ error: "is not a block with version, run, databases and at" },
);
/** What `verify` proved of each moved database, and whether the move is over. */
export type MoveRecord = z.infer<typeof MoveRecord>;

/** Name of the record of a stage. */
export function moveRecordName(stage: string): string {
	return `Pulumi.${stage}.move.json`;
}

/**
 * Reads the record of a stage's move; undefined where there is none.
 *
 * @param root folder of `Pulumi.yaml`
 * @throws StageError that lists what is wrong in it
 */
export function readMoveRecord(root: string, stage: string): MoveRecord | undefined {
	const name = moveRecordName(stage);
	const text = readIfThere(join(process.env[stageFolderVariable] ?? root, name), name);
	if (text === undefined) return undefined;
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (error) {
		throw new StageError([`${name}: is not JSON (${(error as Error).message}); ${rewrite(stage)}`]);
	}
	const parsed = MoveRecord.safeParse(json);
	if (parsed.success) return parsed.data;
	throw new StageError(
		parsed.error.issues.map(({ path, message }) => {
			const place = path.length === 0 ? "" : `${path.join(".")}: `;
			return `${name}: ${place}${message}; ${rewrite(stage)}`;
		}),
	);
}

/**
 * The record that the phase of a stage stands on; undefined where it stands on none.
 *
 * @throws StageError that names what of it is missing
 */
export function requireMoveRecord(
	{ move }: Pick<Stage, "move">,
	read: () => MoveRecord | undefined,
	stage: string,
): MoveRecord | undefined {
	if (move === undefined || !isServing(move.phase)) return undefined;
	const record = read();
	const name = moveRecordName(stage);
	const phase = `Pulumi.${stage}.yaml: move.phase: "${move.phase}" needs`;
	if (record === undefined) {
		throw new StageError([
			`${phase} the record of a verified copy, ${name} beside the stage file, which is not there; ${move.phase === "live" ? `${restore(name)}; or ` : ""}${rewrite(stage)}`,
		]);
	}
	// In `live` it is closed in the end, and the block stays until the next update; who gets there with a closed one is refused by the claims.
	if (move.phase === "trial" && record.closed === true) {
		throw new StageError([
			`${phase} the record of a verified copy, and ${name} (run ${record.run}) is that of an earlier move, which is closed; remove it: git rm ${name}; then \`npm run move -- switch frozen --stack ${stage}\`, and \`npm run move -- copy --again --stack ${stage}\``,
		]);
	}
	const missing = Object.keys(move.databases).filter((handle) => !Object.hasOwn(record.databases, handle));
	if (missing.length === 0) return record;
	const proved = Object.keys(record.databases).join(", ") || "none";
	throw new StageError([
		`${phase} a verified copy of ${missing.join(", ")}, and ${name} (run ${record.run}) has ${proved}; ${rewrite(stage)}`,
	]);
}

/**
 * Moved databases whose copy was verified in another database than the one that the stage made, one sentence each.
 *
 * @param idOf id of the database that the stage made under a handle
 */
export function findOtherDatabases(
	moved: readonly string[],
	{ databases }: MoveRecord,
	stage: string,
	idOf: (handle: string) => number | undefined,
): string[] {
	return moved.flatMap((handle) => {
		const [aptibleId, id] = [databases[handle]?.aptibleId, idOf(handle)];
		if (id !== undefined && id === aptibleId) return [];
		const own =
			id === undefined ? "this stage has made none of that name" : `this stage's database "${handle}" has the id ${id}`;
		return [
			`${moveRecordName(stage)}: databases.${handle}.aptibleId: ${aptibleId} is another database: ${own}; ${rewrite(stage)}`,
		];
	});
}

/** A record that was committed and is gone. In `live` nobody could write it again: the mover has no endpoint any more. */
function restore(name: string): string {
	return `bring back the committed one: git checkout -- ${name}`;
}

function rewrite(stage: string): string {
	return `run \`npm run move -- verify --stack ${stage}\`, which writes it, and commit it`;
}

function readIfThere(file: string, name: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === "ENOENT") return undefined;
		throw new StageError([`${name}: cannot be read: ${message}`]);
	}
}
