/** What Aptible costs a month while MedStack is still paid for, from the prices on its page (facts/aptible.md §6). */
import { applyMove } from "../../config/move-phases.ts";
import type { ContainerProfile } from "../../config/sizes.ts";
import type { Stage } from "../../config/stage.ts";
import type { MoveStage } from "../stage.ts";

/** US cents a month of 730 hours. */
const PRICES = {
	/** A GB of memory of a container, by its profile: 0.08, 0.10 and 0.05 USD an hour. */
	containerGb: { m: 5840, c: 7300, r: 3650 } satisfies Record<ContainerProfile, number>,
	/** 0.06 USD an hour. */
	endpoint: 4380,
	/** 0.04 USD an hour. */
	sharedEndpoint: 2920,
	diskGb: 20,
	/** Of each above the 3000 that are free. */
	iops: 1,
} as const;
const FREE_IOPS = 3000;

/** Cents a month of what a stage declares: containers, disks, IOPS and endpoints. */
export function monthlyCents({ apps, databases }: Pick<Stage, "apps" | "databases">): number {
	let cents = 0;
	const addContainers = (count: number, mb: number, profile: ContainerProfile) => {
		cents += count * (mb / 1024) * PRICES.containerGb[profile];
	};
	for (const { services, endpoints } of Object.values(apps)) {
		for (const { containers, containerMb, containerProfile, autoscale } of Object.values(services)) {
			if (autoscale?.kind === "vertical") addContainers(containers, autoscale.minMb, "m");
			else addContainers(autoscale?.min ?? containers, containerMb, containerProfile);
		}
		for (const { shared } of Object.values(endpoints)) cents += shared ? PRICES.sharedEndpoint : PRICES.endpoint;
	}
	for (const { containerMb, containerProfile, diskGb, iops, endpoints } of Object.values(databases)) {
		addContainers(1, containerMb, containerProfile);
		cents += diskGb * PRICES.diskGb + Math.max(0, iops - FREE_IOPS) * PRICES.iops;
		cents += Object.keys(endpoints).length * PRICES.endpoint;
	}
	return Math.round(cents);
}

/** Costs as lines for a person. */
export function describeCosts({ stage: { move }, declared }: Pick<MoveStage, "stage" | "declared">): string[] {
	const lines = [`Aptible, as the stage file declares it: ${usd(monthlyCents(declared))} a month`];
	if (move !== undefined) {
		// The phase with both the endpoints and the larger sizes.
		const { databases } = applyMove({ ...declared, move: { ...move, phase: "trial" } });
		const more = monthlyCents({ ...declared, databases }) - monthlyCents(declared);
		const endpoints = Object.keys(move.databases).length;
		lines.push(
			`Aptible, more while the move is open: ${usd(more)} a month (the mover's ${endpoints === 1 ? "endpoint" : `${endpoints} endpoints`}, and the databases' larger size until the block is removed)`,
		);
	}
	return [
		...lines,
		"not in it: the plan's base fee, dedicated stacks, backups, what autoscaling adds, and what stays in Azure; the prices are of 2026-09-20 (facts/aptible.md §6)",
		"MedStack: not known here; its last invoice says it, and it is paid until its contract ends",
	];
}

function usd(cents: number): string {
	return `${(cents / 100).toFixed(2)} USD`;
}
