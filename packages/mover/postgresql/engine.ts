/** PostgreSQL as the mover moves it: into a database of its own, proved there, and swapped in. */
import { databaseIn } from "../address.ts";
import type { Engine, Task } from "../engine.ts";
import { addressOf } from "../in-place.ts";
import { stateOf } from "../journal/errors.ts";
import { foreseeFreeze } from "./admit-freeze.ts";
import { check } from "./check.ts";
import { type Login, withSession } from "./connection.ts";
import { copyDatabase } from "./copy.ts";
import { settleCounters, writesSince } from "./counters.ts";
import { admitFreeze, freeze, thaw } from "./freeze.ts";
import { readPin } from "./pins.ts";
import { readCountersOf } from "./prepare.ts";
import { isPostgresqlProof, makeProof } from "./report.ts";
import { COPY_SCHEMA } from "./rules.ts";
import { holdSnapshot } from "./snapshot.ts";
import { admitSwap, placeOf, swapDatabase } from "./swap.ts";
import { readSizes } from "./tables.ts";
import { CLOSED, dropDatabase, isThere, NO_TRIGGERS } from "./target.ts";
import { undoSwap } from "./undo-swap.ts";
import { verify } from "./verify.ts";

export const postgresql: Engine = {
	async identify(login) {
		const database = ownDatabase(login);
		const { systemIdentifier } = await withSession(login, { database }, readPin).catch((error: unknown) => {
			// Its swap has begun, by a mover that was killed.
			if (stateOf(error) !== CLOSED) throw error;
			return withSession(login, { database: "postgres" }, readPin);
		});
		return { system: systemIdentifier ?? addressOf(login.url), database };
	},

	async check({ source, target, into, jobs, diskBytes, passing, apps = [], readNotes }) {
		const found = await check({ source, target, into, jobs, diskBytes, passing });
		const isFrozen = ((await readNotes?.())?.size ?? 0) > 0;
		return [...found, ...(await foreseeFreeze(source, { apps, isFrozen }))];
	},

	measure: (source) => withSession(source, {}, readSizes),

	async copy({ source, target, into, steps, jobs, report, live, snapshotSeconds, readNotes }) {
		const notes = (await readNotes?.()) ?? new Map();
		// Before the snapshot, so that what it does not see is counted.
		const counters = live ? undefined : await settleCounters(source);
		const limit = snapshotSeconds === undefined ? {} : { limitSeconds: snapshotSeconds };
		const snapshot = await holdSnapshot(source, { live, ...limit });
		try {
			const copied = await copyDatabase({
				source,
				target,
				into,
				steps,
				jobs,
				live,
				counters,
				notes,
				snapshot,
				report,
			});
			report(`${copied.tables} tables, ${copied.rows} rows, ${copied.items} definitions after them`);
			// Of a source that nobody writes to, what is compared is what it is by then: a late writer is found.
			const { signal } = snapshot;
			if (counters === undefined) {
				return makeProof(await verify({ source, target, into, steps, jobs, notes, snapshot: snapshot.id, signal }));
			}
			const afterCopy = await settleCounters(source);
			const verification = await verify({ source, target, into, steps, jobs, notes, counters, signal });
			const afterProof = await settleCounters(source);
			return makeProof(verification, [counters, afterCopy, afterProof]);
		} finally {
			await snapshot.close();
		}
	},

	async findStale({ source, target, into }, proof) {
		if (proof === undefined) {
			const begun = await readCountersOf(target, into);
			return begun === undefined ? [] : writesSince(begun, await settleCounters(source));
		}
		if ((await placeOf({ target, database: ownDatabase(target), into })) === "gone") return [`${into} is gone`];
		const proved = isPostgresqlProof(proof) ? proof.details.counters.at(-1) : undefined;
		if (proved === undefined) return ["its proof has no counters of the source's writes"];
		return writesSince(proved, await settleCounters(source));
	},

	async verify({ source, target, into, steps, jobs, isSwapped, readNotes }) {
		const notes = (await readNotes?.()) ?? new Map();
		const database = isSwapped ? ownDatabase(target) : into;
		const before = await settleCounters(source);
		const verification = await verify({ source, target, into: database, steps, jobs, notes, counters: before });
		const proof = makeProof(verification, [before, await settleCounters(source)]);
		if (isSwapped) {
			await withSession(target, { database, settings: NO_TRIGGERS }, (client) =>
				client.query(`DROP SCHEMA IF EXISTS ${COPY_SCHEMA} CASCADE`),
			);
		}
		return proof;
	},

	admitSwap: ({ target, into }) => admitSwap({ target, database: ownDatabase(target), into }),

	async swap({ target, into, steps, journal }) {
		await swapDatabase({ target, database: ownDatabase(target), into, steps, journal });
	},

	async undoSwap({ target, into }) {
		await undoSwap(target, ownDatabase(target), into);
	},

	admitFreeze,

	freeze,

	thaw,

	async drop({ target, into, steps }: Task) {
		await steps.step("drop", "", {
			look: async () => {
				const exists = await withSession(target, { database: "postgres" }, (client) => isThere(client, into));
				return exists ? undefined : { dropped: true };
			},
			act: () => dropDatabase(target, into),
		});
	},
};

const ownDatabase = ({ url }: Login) => databaseIn(url);
