import { isMap, type PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import { mapIn, mapsIn, type RuleContext } from "./arm-values.ts";
import { requireAccount, requireDefault } from "./storage-rules.ts";

/** What Azure refuses of the settings of a blob service and of a lifecycle (facts/azure.md §2, §3). */

export function blobServiceRules(context: RuleContext): void {
	requireDefault(context, "blobServicesName");
	requireAccount(context);
	const { inputs } = context;
	const account = context.store.find(/^.*\/storageAccounts\/[^/]+/i.exec(context.id)?.[0] ?? "");
	if (account?.inputs.isHnsEnabled === true) {
		const { isVersioningEnabled, changeFeed, restorePolicy } = inputs;
		for (const [feature, setting] of Object.entries({ isVersioningEnabled, changeFeed, restorePolicy })) {
			if (setting !== true && !(isMap(setting) && setting.enabled === true)) continue;
			const message = `'${feature}' is not supported for accounts with a hierarchical namespace.`;
			throw new ArmError(409, "FeatureNotSupportedForAccount", message);
		}
	}
	checkCors(inputs);
	const restore = mapIn(inputs, "restorePolicy");
	const deletion = mapIn(inputs, "deleteRetentionPolicy");
	for (const policy of [deletion, mapIn(inputs, "containerDeleteRetentionPolicy")]) {
		const days = Number(policy.days ?? 7);
		if (policy.enabled !== true || (days >= 1 && days <= 365)) continue;
		throw new ArmError(
			400,
			"InvalidRequestPropertyValue",
			`The value '${days}' is not valid for property 'days'. It has to be between 1 and 365.`,
		);
	}
	if (restore.enabled !== true) return;
	const wanting = [
		[inputs.isVersioningEnabled === true, "versioning"],
		[mapIn(inputs, "changeFeed").enabled === true, "change feed"],
		[deletion.enabled === true, "soft delete"],
	].flatMap(([has, what]) => (has === true ? [] : [what]));
	if (wanting.length > 0) {
		throw new ArmError(
			409,
			"ConflictFeatureEnabled",
			`Point-in-time restore needs ${wanting.join(", ")} to be enabled.`,
		);
	}
	if (Number(restore.days) >= Number(deletion.days)) {
		throw new ArmError(
			400,
			"InvalidRequestPropertyValue",
			"restorePolicy.days has to be less than deleteRetentionPolicy.days.",
		);
	}
}

const METHODS = ["DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH", "CONNECT", "TRACE"];

/** CORS rules: five at most, each whole. */
function checkCors(inputs: PropertyMap): void {
	const rules = mapsIn(mapIn(inputs, "cors"), "corsRules");
	const isWhole = ({ maxAgeInSeconds, ...lists }: PropertyMap) =>
		Number.isInteger(maxAgeInSeconds) &&
		["allowedHeaders", "allowedMethods", "allowedOrigins", "exposedHeaders"].every((key) =>
			Array.isArray(lists[key]),
		) &&
		(lists.allowedMethods as string[]).every((method) => METHODS.includes(method));
	if (rules.length <= 5 && rules.every(isWhole)) return;
	throw new ArmError(400, "InvalidXmlDocument", "XML specified is not syntactically valid: CORS rules.");
}

export function managementPolicyRules(context: RuleContext): void {
	requireDefault(context, "managementPolicyName");
	requireAccount(context);
	const rules = mapsIn(mapIn(context.inputs, "policy"), "rules");
	const account = context.store.find(/^.*\/storageAccounts\/[^/]+/i.exec(context.id)?.[0] ?? "");
	const sku = String(mapIn(account?.inputs ?? {}, "sku").name);
	const names = rules.map(({ name }) => String(name));
	if (rules.length > 100 || new Set(names).size !== names.length) {
		throw new ArmError(
			400,
			"InvalidRequestPropertyValue",
			"A policy has at most 100 rules, each with a name of its own.",
		);
	}
	for (const rule of rules) {
		const definition = mapIn(rule, "definition");
		const actions = mapIn(definition, "actions");
		const { prefixMatch = [] } = mapIn(definition, "filters");
		if (Array.isArray(prefixMatch) && prefixMatch.length > 10) {
			throw new ArmError(400, "InvalidRequestPropertyValue", `The rule '${rule.name}' has more than 10 prefixes.`);
		}
		if (mapIn(actions, "baseBlob").tierToArchive !== undefined && sku.includes("ZRS")) {
			throw new ArmError(
				409,
				"FeatureNotSupportedForAccount",
				`The archive tier is not supported for an account of sku '${sku}'.`,
			);
		}
		if (rule.type === "Lifecycle" && Object.keys(actions).length > 0) continue;
		throw new ArmError(
			400,
			"InvalidRequestPropertyValue",
			`The rule '${rule.name}' needs type Lifecycle and at least one action.`,
		);
	}
}
