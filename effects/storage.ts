import { compareLists, step } from "./change.ts";
import { at, describeInputs, describeTags, type Inputs, listAt, textAt, type Words } from "./inputs.ts";

/** What a change does to a storage account. */
export function describeAccount(before: Inputs | undefined, after: Inputs): string[] {
	if (before === undefined) return [`new, in ${textAt(after, "location")}, ${redundancyOf(after)}`];
	return describeInputs(before, after, accountWords);
}

/** Name, place and kind of an account are for life. */
export function describeReplacedAccount(_: Inputs, after: Inputs): string {
	const what = `${textAt(after, "accountName")} in ${textAt(after, "location")}`;
	return `IS REPLACED by ${what}, which is empty: all its files go with it`;
}

/** What goes with an account (facts/azure.md: an account that is deleted). */
export const removedAccount =
	"IS DELETED with all its files; Azure can bring it back for 14 days, for as long as nobody takes its name";

const accountWords: Words = {
	sku: (was, is) => [`redundancy ${step(redundancyOf({ sku: was }), redundancyOf({ sku: is }))}`],
	networkRuleSet: (was, is) => describeFirewall(was, is),
	allowSharedKeyAccess: (_, is) => [
		is === false ? "keys and SAS tokens are REFUSED: what uses one stops" : "keys and SAS tokens are taken",
	],
	allowBlobPublicAccess: (_, is) => [is === false ? "no file is public any more" : "files may be PUBLIC"],
	minimumTlsVersion: (was, is) => [`TLS of at least ${step(was ?? "any version", is)}`],
	enableHttpsTrafficOnly: (_, is) => [is === false ? "http is taken too" : "http is refused"],
	keyPolicy: () => ["another expiry of keys"],
	sasPolicy: () => ["another longest life of SAS tokens"],
	encryption: () => ["another encryption key"],
	identity: () => ["another identity"],
	tags: describeTags,
};

function redundancyOf(inputs: Inputs): string {
	return textAt(inputs, "sku.name").replace("Standard_", "");
}

function describeFirewall(was: unknown, is: unknown): string[] {
	const addresses = (rules: unknown) => [
		...listAt(rules, "ipRules").map((rule) => textAt(rule, "iPAddressOrRange")),
		...listAt(rules, "virtualNetworkRules").map(
			(rule) => textAt(rule, "virtualNetworkResourceId").split("/").at(-1) ?? "",
		),
	];
	const closes = textAt(was, "defaultAction") !== "Deny" && textAt(is, "defaultAction") === "Deny";
	const changed = compareLists(addresses(was), addresses(is));
	if (closes) return [`the firewall CLOSES to all but ${addresses(is).join(", ")}`];
	return [changed.length === 0 ? "firewall changes" : `firewall ${changed.join(", ")}`];
}

/** What a change does to what an account keeps of deleted and overwritten files, and to who may read them from a browser. */
export function describeBlobService(before: Inputs = {}, after: Inputs): string[] {
	return describeInputs(before, after, blobWords);
}

const none = () => [];
const days = (inputs: unknown) => (at(inputs, "enabled") === true ? textAt(inputs, "days") : "0");

const blobWords: Words = {
	resourceGroupName: none,
	accountName: none,
	blobServicesName: none,
	deleteRetentionPolicy: (was, is) => [`a file that is deleted from now on is kept for ${stepDays(was, is)} days`],
	containerDeleteRetentionPolicy: (was, is) => [`a container for ${stepDays(was, is)} days`],
	restorePolicy(was, is) {
		if (days(was) === days(is)) return [];
		if (days(is) === "0") return ["what was overwritten or deleted is restored to an earlier moment NO MORE"];
		return [`a restore reaches back ${stepDays(was, is)} days`];
	},
	isVersioningEnabled: (was, is) => {
		if (is === true) return ["what is overwritten stays as a version"];
		return was === true ? ["versions END: what is overwritten from now on IS LOST"] : [];
	},
	changeFeed: (was, is) => {
		if (at(is, "enabled") === true) return ["each change of a file is listed"];
		return at(was, "enabled") === true ? ["changes of files are listed no more"] : [];
	},
	cors: (was, is) => {
		const changed = compareLists(originsOf(was), originsOf(is));
		return changed.length === 0 ? ["CORS rules change"] : [`CORS ${changed.join(", ")}`];
	},
};

function stepDays(was: unknown, is: unknown): string {
	return was === undefined ? days(is) : step(days(was), days(is));
}

/** `https://app.acme.example may GET, PUT`. */
function originsOf(cors: unknown): string[] {
	return listAt(cors, "corsRules").flatMap((rule) =>
		listAt(rule, "allowedOrigins").map((origin) => `${origin} may ${listAt(rule, "allowedMethods").join(", ")}`),
	);
}

/** What happens to files with time, by the rules that come, go or change. */
export function describeLifecycle(before: Inputs | undefined, after: Inputs): string[] {
	const rulesOf = (inputs: Inputs | undefined) =>
		new Map(listAt(inputs, "policy.rules").map((rule) => [textAt(rule, "name"), ruleText(rule)]));
	const [was, is] = [rulesOf(before), rulesOf(after)];
	return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
		const [old, now] = [was.get(name), is.get(name)];
		if (old === now) return [];
		if (now === undefined) return [`rule ${name} ends: ${old}`];
		return [`rule ${name}: ${old === undefined ? now : step(old, now)}`];
	});
}

/** By the names of Azure; what deletes is what a reviewer looks for. */
const actions: Readonly<Record<string, string>> = {
	tierToCool: "to the cool tier",
	tierToCold: "to the cold tier",
	tierToArchive: "to the archive",
	delete: "DELETED",
};

function ruleText(rule: unknown): string {
	const prefixes = listAt(rule, "definition.filters.prefixMatch");
	const age = (action: unknown) =>
		at(action, "daysAfterModificationGreaterThan") ?? at(action, "daysAfterCreationGreaterThan") ?? "some";
	const steps = (part: string) =>
		Object.entries((at(rule, `definition.actions.${part}`) ?? {}) as Inputs).map(
			([name, action]) => `${actions[name] ?? name} after ${age(action)} days`,
		);
	const [files, versions] = [steps("baseBlob"), steps("version")];
	const where = prefixes.length === 0 ? "files" : `files of ${prefixes.join(", ")}`;
	return [
		...(files.length === 0 ? [] : [`${where} ${files.join(", ")}`]),
		...(versions.length === 0 ? [] : [`old versions ${versions.join(", ")}`]),
	].join(", ");
}

/** What a change does to a container. */
export function describeContainer(before: Inputs | undefined, after: Inputs): string[] {
	if (before === undefined) return ["new, empty"];
	return describeInputs(before, after, {
		publicAccess: (was, is) => [is === "None" ? `not public any more (was ${was})` : `PUBLIC: ${is}`],
	});
}

/** The name of a container is for life. */
export function describeReplacedContainer(_: Inputs, after: Inputs): string {
	return `IS REPLACED by ${textAt(after, "containerName")}, which is empty: all its files go with it`;
}

export const removedContainer = "IS DELETED with all its files; Azure can bring it back while its soft delete lasts";
