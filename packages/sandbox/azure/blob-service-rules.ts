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

/** CORS rules: five at most, each whole, and no longer together than 2 KiB (Azure docs: Set Blob Service Properties, CORS). */
function checkCors(inputs: PropertyMap): void {
	const rules = mapsIn(mapIn(inputs, "cors"), "corsRules");
	const size = rules.reduce((sum, rule) => sum + Object.values(rule).join("").length, 0);
	if (rules.length <= 5 && rules.every(isCorsRule) && size <= 2048) return;
	throw new ArmError(400, "InvalidXmlDocument", "XML specified is not syntactically valid: CORS rules.");
}

function isCorsRule({ maxAgeInSeconds, ...lists }: PropertyMap): boolean {
	const [origins, methods, ...headers] = ["allowedOrigins", "allowedMethods", "allowedHeaders", "exposedHeaders"].map(
		(key) => lists[key],
	);
	const isList = (list: unknown, most: number): list is string[] =>
		Array.isArray(list) && list.length <= most && list.every((one) => typeof one === "string" && one.length <= 256);
	const isPrefix = (header: string) => header.length > 1 && header.endsWith("*");
	return (
		Number.isInteger(maxAgeInSeconds) &&
		isList(origins, 64) &&
		origins.length > 0 &&
		isList(methods, METHODS.length) &&
		methods.length > 0 &&
		methods.every((method) => METHODS.includes(method)) &&
		headers.every(
			(list) =>
				isList(list, 66) &&
				list.filter(isPrefix).length <= 2 &&
				list.filter((header) => !isPrefix(header)).length <= 64,
		)
	);
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
		if (!/^[A-Za-z0-9-]{1,256}$/.test(String(rule.name))) {
			const message = `The rule name '${rule.name}' is not up to 256 alphanumeric characters.`;
			throw new ArmError(400, "InvalidRequestPropertyValue", message);
		}
		const definition = mapIn(rule, "definition");
		const actions = mapIn(definition, "actions");
		const { prefixMatch = [], blobTypes } = mapIn(definition, "filters");
		const hasTypes = Array.isArray(blobTypes) && blobTypes.length > 0;
		if (definition.filters !== undefined && !hasTypes) {
			throw new ArmError(400, "InvalidRequestPropertyValue", `The rule '${rule.name}' needs blob types.`);
		}
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
