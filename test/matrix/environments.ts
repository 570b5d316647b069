/** Environments of the matrix. */
import type { Subject } from "./subject.ts";

const kept = { daily: 30, monthly: 12, yearly: 6, makeCopy: false, keepFinal: true };

export const environments: readonly Subject[] = [
	{
		name: "environment",
		kind: "environment",
		spec: { handle: "acme-new", stack: "shared-ca-central-1", phi: false, backups: kept },
		changes: Object.fromEntries(
			Object.entries({ daily: 60, monthly: 24, yearly: 7, makeCopy: true, keepFinal: false }).map(([field, value]) => [
				`backups.${field}`,
				{ to: { backups: { ...kept, [field]: value } } },
			]),
		),
		renamed: "acme-newer",
		fixed: ["handle", "renamedFrom", "stack", "phi", "acceptLoss"],
	},
];
