/** What a stage costs a month, by its file, and beside what a commit has of it. */
import { type ReadStage, readStageFile, stageFile } from "../config/stage-file.ts";
import { readStageAt } from "./at-ref.ts";
import { compareCosts } from "./compare.ts";
import { type CostLine, estimate, sum } from "./estimate.ts";
import { priceMove } from "./moving.ts";
import type { CostReport } from "./page.ts";
import { type Plan, planFees, priceSource } from "./prices.ts";
import { notPriced } from "./unpriced.ts";

/** What is asked. */
export interface CostQuestion {
	stack: string;
	/** Folder of the stage file. */
	folder: string;
	/** Path of the stage file, where it is another than the stack's own. */
	configFile: string | undefined;
	/** A commit to compare with. */
	against: string | undefined;
	/** The organization's plan, whose base fee is added. */
	plan: Plan | undefined;
	/** MedStack's bill, in cents. */
	medstack: number | null;
}

/** @throws Error where the stage, or the one that it is compared with, cannot be read */
export function reportCosts({ stack, folder, configFile, against, plan, medstack }: CostQuestion): CostReport {
	const file = stageFile({ name: stack, folder, configFile });
	const { stage, declared } = readStageFile(file);
	const lines = linesOf(stage, plan);
	const former = against === undefined ? undefined : readStageAt(against, file);
	const before = former === undefined ? [] : linesOf(former.stage, plan);
	return {
		stage: stack,
		prices: priceSource,
		lines,
		total: sum(lines),
		...(stage.move === undefined
			? {}
			: {
					move: {
						phase: stage.move.phase,
						phases: priceMove(stage, declared).map(({ phase, cents }) => ({
							phase,
							cents: sum([...planLine(plan), { cents }]),
						})),
						afterwards: sum(linesOf(declared, plan)),
						medstack,
					},
				}),
		...(against === undefined
			? {}
			: {
					against: {
						ref: against,
						isThere: former !== undefined,
						changes: compareCosts(before, lines),
						total: sum(before),
					},
				}),
		notPriced: notPriced(stage, plan),
	};
}

function linesOf(stage: ReadStage["stage"], plan: Plan | undefined): CostLine[] {
	return [...planLine(plan), ...estimate(stage)];
}

/** The base fee, where the plan is known. */
function planLine(plan: Plan | undefined): CostLine[] {
	if (plan === undefined) return [];
	const fee = planFees[plan];
	return [{ object: `plan ${plan}`, what: "base fee of the organization", cents: { from: fee, to: fee } }];
}
