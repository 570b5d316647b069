/** The forecast from the journal's file beside the stage: no way to the target is needed for it. */
import { describeBudget, describeForecast, type Forecast, forecast } from "../../packages/mover/forecast.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { readLocalLines } from "../../packages/mover/journal/local-file.ts";
import { budgetOf, REHEARSALS } from "../forecast.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { journalFile } from "../work.ts";

/** Forecast of each database and the budget, or what is missing for them, as lines. */
export function describeLocalOutlook(moved: MoveStage): string[] {
	const { lines } = readLocalLines(journalFile(moved));
	const forecasts: Forecast[] = [];
	const said = movedDatabases(moved).flatMap(({ handle, type, containerMb }) => {
		const own = lines.filter(({ database }) => database === handle);
		const rehearsals = findRehearsals(own).slice(-REHEARSALS);
		if (rehearsals.length === 0) {
			return [
				`forecast of ${handle} (${type}): none, as the journal beside the stage has no rehearsal of it; first: npm run move -- rehearse --stack STACK`,
			];
		}
		const done = rehearsals.map((run) => ({
			run,
			lines: own.filter((line) => line.run === run && line.step !== "drop"),
			tables: {},
			containerMb: undefined,
		}));
		const one = forecast(done, { tables: {}, containerMb });
		forecasts.push(one);
		const [head, ...rest] = describeForecast(one);
		return [`forecast of ${handle} (${type}), copy and proof: ${head}`, ...rest];
	});
	const budgetMs = budgetOf(moved);
	const isWhole = forecasts.length > 0 && forecasts.length === movedDatabases(moved).length;
	const add = (key: "minMs" | "likelyMs" | "maxMs") => forecasts.reduce((sum, one) => sum + one[key], 0);
	const total = { minMs: add("minMs"), likelyMs: add("likelyMs"), maxMs: add("maxMs") };
	return [
		...said,
		...(isWhole && budgetMs !== undefined ? [`budget: ${describeBudget(total, budgetMs)}`] : []),
		"not in it: the steps by hand, and the TTL of the records, during which people see the old side's page; the growth of the tables is known to `npm run move -- status --stack STACK` alone",
	];
}

/** Runs that were verified and whose copy was removed again, as that of a rehearsal is. */
function findRehearsals(lines: readonly JournalLine[]): string[] {
	const done = (run: string, step: string) =>
		lines.some((line) => line.run === run && line.step === step && line.state === "done");
	return [...new Set(lines.map(({ run }) => run))].filter((run) => done(run, "verify") && done(run, "drop"));
}
