/** MySQL as the mover moves it: into the target's own database, since no server of it can rename one. */
import { createHash } from "node:crypto";
import type { Engine } from "../engine.ts";
import { checkMysql } from "./check.ts";
import { withMysql } from "./connection.ts";
import { copyMysql } from "./copy.ts";
import { databaseOf, dropCopy, ownerOf, releaseTarget } from "./target.ts";
import { verifyMysql } from "./verify.ts";

export const mysql: Engine = {
	async identify(login) {
		const own = await withMysql(login, (session) => session.value("SELECT @@server_uuid").catch(() => undefined));
		return { system: own ?? addressOf(login.url), database: databaseOf(login) };
	},

	check: ({ source, target }) => checkMysql({ source, target }),

	async copy({ source, target, steps, jobs, report, replace }) {
		await copyMysql({ source, target, steps, jobs, report, replace });
		return proofOf(await verifyMysql({ source, target, jobs, report }));
	},

	verify: async ({ source, target, jobs, report }) => proofOf(await verifyMysql({ source, target, jobs, report })),

	async swap({ target, steps }) {
		await steps.step("swap", "", {
			look: async () => ((await withMysql(target, ownerOf)) === undefined ? { swapped: true } : undefined),
			act: () => releaseTarget(target),
		});
	},

	// It is where it was copied to, and what stood there was empty.
	async undoSwap() {},

	async drop({ target, steps }) {
		await steps.step("drop", "", {
			// Of another run's copy nothing is removed.
			look: async () => ((await withMysql(target, ownerOf)) === steps.run ? undefined : { dropped: true }),
			act: () => dropCopy(target, steps.epoch),
		});
	},
};

/** For a server that has no id, its address stands: a secret is in no pin. */
export function addressOf(url: string): string {
	return createHash("sha256").update(new URL(url).host).digest("hex").slice(0, 32);
}

function proofOf({ equal, differences, hash, sums }: Awaited<ReturnType<typeof verifyMysql>>) {
	return { equal, differences: differences.map(({ object, line }) => `${object}: ${line}`), hash, details: { sums } };
}
