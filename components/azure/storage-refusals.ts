/** What a live account cannot become, or only as another account, in sentences for whoever runs the preview. */
import { isDeepStrictEqual } from "node:util";
import type { Storage } from "../../config/azure/storage.ts";
import { ageRuleName } from "../../config/azure/storage-lifecycle.ts";
import { ownRules } from "./storage-baseline.ts";
import type { LiveStorage } from "./storage-live.ts";

const hasZones = (sku: string) => sku.includes("ZRS");

/** Why an account cannot be taken over as the stage file says; empty where it can. */
export function findRefusals(storage: Storage, live: LiveStorage): string[] {
	const { account, location } = storage;
	const found = live.account.location.toLowerCase().replaceAll(" ", "");
	return [
		...(found === location
			? []
			: [
					`storage.location: "${location}" is not where the account "${account}" is, and an account never moves; write location: ${found}`,
				]),
		...(storage.existing === "managed"
			? [...kindRefusals(storage, live), ...skuRefusals(storage, live), ...ruleRefusals(storage, live)]
			: []),
	];
}

function kindRefusals(storage: Storage, { account: { kind, isHnsEnabled, enableNfsV3 } }: LiveStorage): string[] {
	const { account, resourceGroup } = storage;
	const taken = "existing: import takes it as it is";
	if (kind !== "StorageV2") {
		const upgrade =
			kind === "Storage" || kind === "BlobStorage"
				? `upgrade it, which cannot be undone: \`az storage account update --resource-group ${resourceGroup.name} --name ${account} --set kind=StorageV2 --access-tier Hot\`; or ${taken}`
				: taken;
		return [
			`storage.existing: "managed" needs an account of kind StorageV2, and "${account}" is of kind ${kind}; ${upgrade}`,
		];
	}
	const refusals: string[] = [];
	if (enableNfsV3 === true) {
		refusals.push(
			`storage.existing: "managed" lets only https in, and "${account}" has NFS 3.0, which is none; ${taken}`,
		);
	}
	const wanting = [
		...(storage.versioning ? ["versioning: false"] : []),
		...(storage.changeFeed ? ["changeFeed: false"] : []),
		...(storage.restoreDays > 0 ? ["restoreDays: 0"] : []),
	];
	if (isHnsEnabled === true && wanting.length > 0) {
		refusals.push(
			`storage.existing: "managed" turns on what Azure does not have for "${account}", whose namespace is hierarchical; write ${wanting.join(", ")}, or ${taken}`,
		);
	}
	return refusals;
}

function skuRefusals({ redundancy, account, resourceGroup }: Storage, live: LiveStorage): string[] {
	const declared = `Standard_${redundancy}`;
	const { name } = live.account.sku;
	if (hasZones(name) === hasZones(declared) && name.startsWith("Standard_")) return [];
	const way = name.startsWith("Standard_")
		? `write redundancy: ${name.replace("Standard_", "")}, or have Azure convert it first: \`az storage account migration start --resource-group ${resourceGroup.name} --name ${account} --sku ${declared}\``
		: "existing: import takes it as it is";
	return [
		`storage.redundancy: "${redundancy}" is not what the account "${account}" can be updated to, as it is ${name}; ${way}`,
	];
}

/** A rule of one of the stage file's names that somebody else made says something that nobody here may overwrite. */
function ruleRefusals(storage: Storage, { lifecycle, recorded, formerRules }: LiveStorage): string[] {
	const isManaged = recorded.some(({ type }) => type === "azure-native:storage:ManagementPolicy");
	const known = isManaged ? [ageRuleName, ...formerRules] : [];
	const { account, resourceGroup } = storage;
	const place = `--resource-group ${resourceGroup.name} --account-name ${account}`;
	return ownRules(storage).flatMap((ours) => {
		const twin = lifecycle.find(({ name }) => name === ours.name);
		if (twin === undefined || known.includes(ours.name) || isDeepStrictEqual(twin, ours)) return [];
		const other =
			ours.name === ageRuleName
				? "which is the name of the one that is added; give it another name"
				: "made by somebody else; give one of the two another name";
		return [
			`storage.lifecycle: the account "${account}" has a rule "${ours.name}" already, ${other}: ` +
				`\`az storage account management-policy show ${place} --query policy > policy.json\`, edit it, ` +
				`\`az storage account management-policy create ${place} --policy @policy.json\``,
		];
	});
}
