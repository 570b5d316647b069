/** MySQL as the mover moves it: into the target's own database, since no server of it can rename one. */
import type { Engine } from "../engine.ts";
import { addressOf, inPlace, proofOf } from "../in-place.ts";
import { checkMysql } from "./check.ts";
import { withMysql } from "./connection.ts";
import { copyMysql } from "./copy.ts";
import { databaseOf, dropCopy, ownerOf, releaseTarget } from "./target.ts";
import { verifyMysql } from "./verify.ts";

/** Of MariaDB, whose servers have no id of their own. */
const UNKNOWN_VARIABLE = /^ERROR 1193\b/;

export const mysql: Engine = {
	async identify(login) {
		const own = await withMysql(login, (session) =>
			session.value("SELECT @@server_uuid").catch((error: Error) => {
				if (!UNKNOWN_VARIABLE.test(error.message)) throw error;
				return undefined;
			}),
		);
		return { system: own ?? addressOf(login.url), database: databaseOf(login) };
	},

	check: ({ source, target }) => checkMysql({ source, target }),

	async copy({ source, target, steps, jobs, report, replace }) {
		await copyMysql({ source, target, steps, jobs, report, replace });
		return proofOf(await verifyMysql({ source, target, jobs, report }));
	},

	verify: async ({ source, target, jobs, report }) => proofOf(await verifyMysql({ source, target, jobs, report })),

	...inPlace({
		findRun: (target) => withMysql(target, ownerOf),
		release: releaseTarget,
		dropCopy,
	}),
};
