/** What takes more than one value of the storage to see. */
import { lookUp } from "../../wire/own.ts";
import type { Draft } from "../draft.ts";
import { type Mistake, type Place, wrongName, wrongValue } from "../mistakes.ts";
import { findNearestWord, suggest } from "../near-miss.ts";
import { checkWidth } from "../width-rules.ts";
import { redundanciesOf, regions } from "./regions.ts";
import { mostIpRules, privateNetworkOf, rulesOf } from "./storage-addresses.ts";
import { longestSasDays, windowsOfSas } from "./storage-catalogue.ts";
import { checkCors } from "./storage-cors.ts";
import { checkLifecycle } from "./storage-lifecycle.ts";
import { checkHolds } from "./storage-worm.ts";
import { checkTags, storageTags } from "./tags.ts";

type StorageDraft = NonNullable<Draft["storage"]>;

const at = (...keys: (string | number)[]): Place => ["storage", ...keys];

/** Settings that mean nothing where the program does not manage the account. */
const managedSettings = [
	"softDeleteDays",
	"restoreDays",
	"versioning",
	"changeFeed",
	"lifecycle",
	"lock",
	"logs",
	"allowFrom",
	"allowSubnets",
	"copyFrom",
	"keysRenewed",
	"tags",
	"cors",
	"encryptionKey",
] as const satisfies readonly (keyof StorageDraft)[];

function checkRedundancy({ location, redundancy }: StorageDraft): Mistake[] {
	const region = location === undefined ? undefined : lookUp(regions, location);
	if (redundancy === undefined || region === undefined) return [];
	const offered = redundanciesOf(region);
	if (offered.includes(redundancy)) return [];
	const lacks = redundancy.includes("Z") && !region.hasZones ? "no zones" : "no paired region";
	const pair = region.pair === undefined ? undefined : lookUp(regions, region.pair);
	const elsewhere =
		pair !== undefined && redundanciesOf(pair).includes(redundancy) ? `; or location: ${region.pair}` : "";
	const says = `does not exist in ${location}, which has ${lacks}; allowed there: ${offered.join(", ")}${elsewhere}`;
	const meant = redundancy.includes("G") && region.pair !== undefined ? redundancy.replace("ZRS", "RS") : "ZRS";
	return [wrongValue(at("redundancy"), says + suggest(region.hasZones || meant !== "ZRS" ? meant : "LRS"))];
}

function checkRestore(storage: StorageDraft, phi: boolean | undefined): Mistake[] {
	const { softDeleteDays = 30, restoreDays = 7, versioning = true, changeFeed = true } = storage;
	const mistakes: Mistake[] = [];
	if (restoreDays >= softDeleteDays) {
		const says = `of restore need more days of soft delete, and softDeleteDays is ${softDeleteDays}; allowed: ${softDeleteDays - 1} or less, 0 for none`;
		mistakes.push(
			storage.restoreDays === undefined
				? {
						place: at("softDeleteDays"),
						says: `is not more than restoreDays, which is ${restoreDays} by default; raise it, or set restoreDays: ${softDeleteDays - 1}`,
						about: "value",
					}
				: wrongValue(at("restoreDays"), says),
		);
	}
	for (const key of ["versioning", "changeFeed"] as const) {
		if ({ versioning, changeFeed }[key] || restoreDays === 0) continue;
		// With health information no number of days would do: config/phi.ts says so.
		if (key === "versioning" && phi === true) continue;
		mistakes.push(wrongValue(at(key), `leaves nothing to restore from; set ${key}: true, or restoreDays: 0`));
	}
	return mistakes;
}

function checkLogs({ logs, existing }: StorageDraft): Mistake[] {
	if (existing === "reference" || logs === undefined) return [];
	if ("workspace" in logs && "workspaceId" in logs) {
		return [wrongValue(at("logs", "workspaceId"), "stands beside workspace, which makes one; remove one of the two")];
	}
	if ("workspace" in logs || "workspaceId" in logs) return [];
	return [
		{ place: at("logs"), says: "lead nowhere; give workspace: NAME to make one, or workspaceId: ID", about: "nothing" },
	];
}

function checkAddresses(ranges: StorageDraft["allowFrom"]): Mistake[] {
	const seen = new Set<string>();
	const mistakes = (ranges ?? []).flatMap((range, index): Mistake[] => {
		if (range === undefined) return [];
		const place = at("allowFrom", index);
		const network = privateNetworkOf(range);
		if (network !== undefined) {
			return [wrongValue(place, `is in ${network}, which nobody outside it comes from; give the public address`)];
		}
		const rules = rulesOf(range);
		if (rules.length > 1 || rules[0] !== range) {
			const near =
				rules.length > 1
					? `; did you mean ${rules.map((rule) => JSON.stringify(rule)).join(" and ")}?`
					: suggest(rules[0]);
			const why = /\/3[12]$/.test(range) ? "has a length that Azure refuses" : "is an address inside a range";
			return [wrongValue(place, `${why}${near}`)];
		}
		if (seen.has(range)) return [wrongValue(place, "stands twice; remove one")];
		seen.add(range);
		return [];
	});
	mistakes.push(...checkWidth(at("allowFrom"), ranges, "which is no firewall"));
	if ((ranges ?? []).length <= mostIpRules) return mistakes;
	return [
		...mistakes,
		wrongValue(at("allowFrom"), `has more than ${mostIpRules} entries; allowed: at most ${mostIpRules}`),
	];
}

function checkOrigin(storage: StorageDraft): Mistake[] {
	const { existing, subscription, resourceGroup, protect, keysRenewed } = storage;
	const mistakes: Mistake[] = [];
	if (existing === "import" && !("subscription" in storage)) {
		const says =
			"is missing, and the id of an account that is imported begins with it; az account show --query id prints it";
		mistakes.push({ place: at("subscription"), says, about: "nothing" });
	}
	if (existing !== "import" && subscription !== undefined) {
		mistakes.push(wrongValue(at("subscription"), "is only for existing: import; remove the line"));
	}
	if (existing !== undefined && resourceGroup !== undefined && resourceGroup.existing !== true) {
		mistakes.push({
			place: at("resourceGroup", "existing"),
			says: `is not true, but the account exists (existing: ${existing}) and so does its group; write existing: true`,
			about: "nothing",
		});
	}
	if (existing === undefined && keysRenewed === true) {
		mistakes.push(wrongValue(at("keysRenewed"), "is for an account that existed; remove the line"));
	}
	if (protect === false && existing !== undefined) {
		mistakes.push(
			wrongValue(
				at("protect"),
				`would let pulumi destroy delete every file, which existing: ${existing} rules out; remove the line`,
			),
		);
	}
	if (existing === "reference") {
		for (const key of managedSettings) {
			if (storage[key] === undefined) continue;
			mistakes.push({
				place: at(key),
				says: "has no effect on an account that is only referred to; remove it",
				about: "nothing",
			});
		}
	}
	return mistakes;
}

function checkContainers(draft: Draft, storage: StorageDraft): Mistake[] {
	const apps = Object.keys(draft.apps ?? {});
	const first = new Map<string, string>();
	const { containers, existing } = storage;
	if (containers !== undefined && Object.keys(containers).length === 0) {
		return [{ place: at("containers"), says: "has no container; name at least one", about: "nothing" }];
	}
	return Object.entries(containers ?? {}).flatMap(([key, container]): Mistake[] => {
		const place = at("containers", key);
		const mistakes: Mistake[] = [];
		if (!/^[a-z][A-Za-z0-9]*$/.test(key)) {
			const meant = key.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter?: string) => (letter ?? "").toUpperCase());
			const near = /^[a-z][A-Za-z0-9]*$/.test(meant) ? suggest(meant) : "";
			mistakes.push(
				wrongName(place, `is not a name for references; allowed: letters and digits, a lower-case letter first${near}`),
			);
		}
		const taken = container?.name === undefined ? undefined : first.get(container.name);
		if (taken !== undefined) {
			mistakes.push(wrongValue([...place, "name"], `is the container of "${taken}" already; one of the two is enough`));
		} else if (container?.name !== undefined) first.set(container.name, key);
		if (container !== undefined)
			mistakes.push(...checkHolds(place, container), ...checkReferred(place, container, existing));
		for (const app of Object.keys(container?.accessByApp ?? {})) {
			if (apps.includes(app)) continue;
			const near = suggest(findNearestWord(app, apps));
			mistakes.push(
				wrongName([...place, "accessByApp", app], `is not an app of this stage; allowed: ${apps.join(", ")}${near}`),
			);
		}
		return mistakes;
	});
}

function checkReferred(at: Place, container: object, existing: StorageDraft["existing"]): Mistake[] {
	if (existing !== "reference") return [];
	return ["immutable", "legalHold"]
		.filter((key) => key in container)
		.map((key) => ({
			place: [...at, key],
			says: "has no effect on an account that is only referred to; remove it",
			about: "nothing",
		}));
}

function checkKeys({ sas, sharedKey, allowAccountKey }: StorageDraft): Mistake[] {
	const mistakes: Mistake[] = [];
	const most = Math.floor(longestSasDays / windowsOfSas);
	if (sas?.windowDays !== undefined && sas.windowDays > most) {
		const says = `makes SAS tokens that live for ${sas.windowDays * windowsOfSas} days, as each lives for two windows; allowed: ${most} or less, which is a year`;
		mistakes.push(wrongValue(at("sas", "windowDays"), says));
	}
	if (sharedKey === false && allowAccountKey === true) {
		mistakes.push(
			wrongValue(at("allowAccountKey"), "hands out keys that sharedKey: false makes useless; remove one of the two"),
		);
	}
	return mistakes;
}

/** Judges the storage of a stage, references to it aside. */
export function checkStorage(draft: Draft): Mistake[] {
	const { storage } = draft;
	if (storage === undefined) return [];
	const phi = draft.environment?.phi;
	return [
		...checkOrigin(storage),
		...checkRedundancy(storage),
		...(storage.existing === "reference" ? [] : [...checkRestore(storage, phi), ...checkLifecycle(storage)]),
		...checkTags(at("tags"), storage.tags, storageTags),
		...checkCors(storage.cors),
		...checkLogs(storage),
		...checkAddresses(storage.allowFrom),
		...checkKeys(storage),
		...checkContainers(draft, storage),
	];
}
