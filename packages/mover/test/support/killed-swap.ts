/** A swap in a process of its own, which SIGKILL ends before its n-th statement: node killed-swap.ts < options */
import process from "node:process";
import { text } from "node:stream/consumers";
import type { Login } from "../../postgresql/connection.ts";
import { type SwapJournal, swapDatabase } from "../../postgresql/swap.ts";
import { memorySteps } from "./memory-steps.ts";
import { killAtStatement } from "./statements.ts";

/** A journal of two tables. */
export function tableJournal(run: string, epoch: number): SwapJournal {
	return {
		async isVerified(client) {
			return (await client.query("SELECT FROM public.verified WHERE run = $1", [run])).rows.length > 0;
		},
		async recordDone(client) {
			await client.query("INSERT INTO public.swapped VALUES ($1)", [epoch]);
		},
	};
}

if (import.meta.main) {
	const { target, at } = JSON.parse(await text(process.stdin)) as { target: Login; at: number };
	killAtStatement(at);
	await swapDatabase({ target, database: "db", into: "move_7", steps: memorySteps(), journal: tableJournal("r7", 1) });
}
