/** What an estimate leaves out, so that nobody takes it for the invoice (facts/aptible.md §6). */
import { isSharedStack } from "../config/catalogue.ts";
import type { Stage } from "../config/stage.ts";
import { usd } from "./estimate.ts";
import { type Plan, planFees, prices } from "./prices.ts";

/**
 * A sentence for each thing that is not in the sum.
 *
 * @param plan of the organization, where its base fee is in the sum
 */
export function notPriced(stage: Stage, plan?: Plan): string[] {
	const { environment, apps, databases, storage, logDrains, metricDrains } = stage;
	const isDedicated = !isSharedStack(environment.stack);
	const lines: string[] = [];
	if (plan === undefined) {
		const needed = isDedicated ? "; a dedicated stack needs Production or Enterprise" : "";
		const fees = `Development ${usd(planFees.development)}, Production ${usd(planFees.production)} with one dedicated stack, Enterprise by contract`;
		lines.push(`the plan's base fee, once for the organization: ${fees}${needed} (--plan adds it)`);
	}
	if (isDedicated) {
		lines.push(
			`dedicated stacks beyond the one that Production includes: ${usd(prices.dedicatedStack)} each, whatever runs on them`,
		);
	}
	if (Object.keys(databases).length > 0) lines.push(backups(environment.backups));
	if (Object.keys(apps).length > 0) {
		lines.push(
			`services of an image that the file does not name: each gets one container of 1024 MB, ${usd(prices.containerGb.m)}`,
			"containers of `before_deploy` and of SSH sessions: the price page has no line for them",
		);
	}
	if (Object.keys(logDrains).length + Object.keys(metricDrains).length > 0) {
		lines.push("drains: the price page has no line for them; whoever takes the logs and metrics charges for it");
	}
	lines.push("network egress: the price page has no line for it");
	if (storage !== undefined) {
		lines.push("storage in Azure, and what leaves it for Aptible: Azure charges for both");
	}
	lines.push("support plans, VPN and peering, a discount of a contract, and taxes");
	return lines;
}

/** What a backup takes is known once there is one. */
function backups(policy: Stage["environment"]["backups"]): string {
	const price = `backups: ${usd(prices.backupGb)} for each GB that is kept`;
	if (policy === undefined) return `${price}; how many Aptible keeps is not in the file, nor how large they are`;
	const { daily, monthly, yearly, makeCopy } = policy;
	const copies = makeCopy ? ", each with a copy in another region" : "";
	return `${price}, up to ${daily + monthly + yearly} of each database${copies}; how large they are is not known before`;
}
