/** What Aptible costs a month while MedStack is still paid for. */
import { describeBand, estimate, sum, usd } from "../../cost/estimate.ts";
import { moreWhileOpen } from "../../cost/moving.ts";
import { priceSource } from "../../cost/prices.ts";
import type { MoveStage } from "../stage.ts";

/** Costs as lines for a person; `npm run cost` has them by object and phase. */
export function describeCosts({ stage, declared, name }: Pick<MoveStage, "stage" | "declared" | "name">): string[] {
	const lines = [`Aptible, as the stage file declares it: ${describeBand(sum(estimate(declared)))} a month`];
	if (stage.move !== undefined) {
		const endpoints = Object.keys(stage.move.databases).length;
		lines.push(
			`Aptible, more while the move is open: ${usd(moreWhileOpen(stage, declared))} a month (the mover's ${endpoints === 1 ? "endpoint" : `${endpoints} endpoints`}, and the databases' larger size until the block is removed)`,
		);
	}
	return [
		...lines,
		`by object and phase, with what is not in it: npm run cost -- --stack ${name}; the prices are of ${priceSource.date} (facts/aptible.md §6)`,
		"MedStack: not known here; its last invoice says it, and it is paid until its contract ends",
	];
}
