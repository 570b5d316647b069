/**
 * Shuts everybody but the mover out of a source, and proves that nobody writes (facts/move.md §4). What will be undone is noted before
 * anything is changed, and each change is read back from the catalog: a REVOKE without the right ends well and changes nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { FreezeTask, Notes, ThawTask } from "../engine.ts";
import { type Finding, isBlocker } from "../findings.ts";
import { stateOf } from "../journal/errors.ts";
import type { Evidence, StepName } from "../steps.ts";
import { findInTheWay } from "./admit-freeze.ts";
import { connect, withSession } from "./connection.ts";
import { endForeignSessions, foreignSessions, sessionFindings } from "./foreign.ts";
import {
	isIn,
	noteOf,
	planLocks,
	type Roles,
	readLocks,
	readOid,
	readRoles,
	statementFor,
	typedStatement,
} from "./locks.ts";
import { findShutByHand, proveShutOut } from "./shut-out.ts";
import { proveSilence } from "./silence.ts";
import { lockSource } from "./source-lock.ts";

/** Of a session that changes rights: the frozen database's own setting would refuse that. */
const WRITING: Readonly<Record<string, string>> = { default_transaction_read_only: "off" };
/** insufficient_privilege */
const NOT_ALLOWED = "42501";
/** How long a pool is given to come back before sessions are ended once more. */
const AGAIN_MS = 5_000;

/** @returns what stands in the way, or is not silent; none where the source is frozen */
export async function freeze(given: FreezeTask): Promise<Finding[]> {
	const { source, pauses = {} } = given;
	// Open throughout: should the locks refuse the mover too, this session undoes them.
	const kept = await connect(source, { settings: WRITING });
	try {
		const { roles, notes, found } = await lookInto(given, kept);
		const task = { ...given, notes };
		if (found.some(isBlocker)) return found;
		const noted = await closeAll(task, kept, roles);
		await proveOwnLogin(task, kept, noted);
		await endSessions(task, kept, pauses.againMs ?? AGAIN_MS);
		const left = [...(await proveShutOut(kept, task)), ...sessionFindings(await foreignSessions(kept))];
		if (left.some(isBlocker)) return left;
		return [...left, ...(await proveSilence(task, kept))];
	} finally {
		await kept.end().catch(() => {});
	}
}

/** @returns what stands in the way; nothing is changed */
export async function admitFreeze(task: FreezeTask): Promise<Finding[]> {
	return withSession(task.source, {}, async (client) => (await lookInto(task, client)).found);
}

async function lookInto(
	task: FreezeTask,
	client: pg.Client,
): Promise<{ roles: Roles; notes: Notes; found: Finding[] }> {
	const { source, apps = [] } = task;
	const roles = await readRoles(client);
	const notes = await standingNotes(task, client, roles);
	return { roles, notes, found: await findInTheWay(client, { source, roles, apps, isFrozen: notes.size > 0 }) };
}

/** What is noted and not undone: by the printed SQL too, of which the journal does not know. */
async function standingNotes({ notes, noteUndone }: FreezeTask, kept: pg.Client, roles: Roles): Promise<Notes> {
	const now = await readLocks(kept);
	const isShut = planLocks(now, roles, notes).some(({ part, closed }) => {
		const noted = notes.get(part);
		return noted !== undefined && !isIn(part, noted, now) && isIn(part, closed, now);
	});
	if (notes.size === 0 || isShut) return notes;
	await noteUndone();
	return new Map();
}

/** Undoes what was noted. @returns what the mover may not undo */
export async function thaw({ source, steps, notes, apps = [] }: ThawTask): Promise<Finding[]> {
	return withSession(source, { settings: WRITING }, async (client) => {
		await lockSource(client, steps.signal);
		const left = await undo(client, steps, notes);
		return left.length > 0 ? left : findShutByHand(client, source, apps);
	});
}

/** Undoes in the reverse order; a part that is refused keeps none of the others. */
async function undo(client: pg.Client, steps: FreezeTask["steps"], noted: Notes): Promise<Finding[]> {
	const findings: Finding[] = [];
	for (const [part, state] of [...noted].reverse()) {
		try {
			await bring(client, steps, "thaw", part, state);
		} catch (error) {
			if (!(error instanceof ChangedNothing) && stateOf(error) !== NOT_ALLOWED) throw error;
			const who = state.limit === undefined ? "the database's owner" : "who made the role";
			findings.push({
				trap: "thaw-right",
				severity: "blocker",
				line: `not undone, as the mover lacks the right; as ${who}: ${await typedStatement(client, part, state)}; then thaw again`,
			});
		}
	}
	return findings;
}

/** A statement that ended well and changed nothing, as its role lacks the right. */
class ChangedNothing extends Error {
	override name = "ChangedNothing";
}

/** Notes all that it will change, and changes it. @returns what is noted by then */
async function closeAll(
	{ source, steps, notes, note, report }: FreezeTask,
	kept: pg.Client,
	roles: Roles,
): Promise<Notes> {
	const [now, oid] = [await readLocks(kept), await readOid(kept)];
	const locks = planLocks(now, roles, notes);
	const noted = new Map(notes);
	for (const { part } of locks) {
		if (noted.has(part)) continue;
		const state = noteOf(part, now, oid);
		noted.set(part, state);
		await note(part, state);
	}
	report(`${locks.length} rights, limits and settings of the source are noted, and changed now`);
	await withSession(source, { settings: WRITING }, async (client) => {
		await lockSource(client, steps.signal);
		for (const { part, closed } of locks) await bring(client, steps, "freeze", part, closed);
	});
	return noted;
}

/** Brings one part to a state, and reads it back. A freeze passes over a limit that the mover may not set: the right to connect is gone too. */
async function bring(
	client: pg.Client,
	steps: FreezeTask["steps"],
	name: Extract<StepName, "freeze" | "thaw">,
	part: string,
	state: Evidence,
): Promise<void> {
	let isSkipped = false;
	await steps.step(name, part, {
		look: async () => {
			if (isIn(part, state, await readLocks(client))) return state;
			return isSkipped ? { skipped: true } : undefined;
		},
		act: async () => {
			try {
				await client.query(statementFor(part, state));
			} catch (error) {
				if (name === "thaw" || stateOf(error) !== NOT_ALLOWED || state.limit === undefined) throw error;
				isSkipped = true;
				return;
			}
			if (isIn(part, state, await readLocks(client))) return;
			const { rows } = await client.query("SELECT session_user::text AS user, current_database()::text AS database");
			throw new ChangedNothing(
				`a statement of the ${name} of ${rows[0].database} (part ${part}) ended well and changed nothing, as ${rows[0].user} lacks the right; give the mover the login of the database's owner, or make it a member of that role, and run it again`,
			);
		},
	});
}

/** A new session of the mover's, as each later step needs. Where it is refused, what was changed is undone by the one that is open. */
async function proveOwnLogin({ source, steps, noteUndone }: FreezeTask, kept: pg.Client, noted: Notes): Promise<void> {
	try {
		await withSession(source, {}, (client) => client.query("SELECT"));
	} catch (error) {
		if (!(error instanceof pg.DatabaseError)) throw error;
		await lockSource(kept, steps.signal);
		const left = (await undo(kept, steps, noted)).map(({ line }) => `; ${line}`).join("");
		if (left === "") await noteUndone();
		throw new Error(
			`the frozen source refuses the mover's own login (${(error as Error).message}), so that the freeze is undone; let that login have more sessions, or give the mover another one, and freeze again${left}`,
		);
	}
}

/** Ends all foreign sessions, and once more those that have come back. */
async function endSessions({ steps, report }: FreezeTask, kept: pg.Client, againMs: number): Promise<void> {
	let ended: Evidence | undefined;
	await steps.step("freeze", "sessions", {
		look: async () => ended,
		act: async () => {
			const first = await endForeignSessions(kept);
			await sleep(againMs, undefined, { signal: steps.signal });
			const again = await endForeignSessions(kept);
			ended = { dropped: first, retried: again };
			report(`${first} sessions of others were ended, and ${again} that came after them`);
		},
	});
}
