/**
 * Names, regions and addresses that Azure takes (Azure docs: resource name rules, storage redundancy, storage IP network rules). Written
 * down here a second time on purpose: an emulator that looked them up where the program does would confirm the program's mistakes.
 */
import { BlockList, isIPv4 } from "node:net";

export const GROUP_NAME = /^[-\w.()]{0,89}[-\w()]$/;
export const ACCOUNT_NAME = /^[0-9a-z]{3,24}$/;
export const WORKSPACE_NAME = /^[0-9A-Za-z](?:[0-9A-Za-z-]{2,61})[0-9A-Za-z]$/;
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Lower-case letters, digits and single hyphens, none of them first or last; and Azure's own. */
export function isContainerName(name: string): boolean {
	if (["$root", "$web", "$logs"].includes(name)) return true;
	return name.length >= 3 && name.length <= 63 && name.split("-").every((part) => /^[0-9a-z]+$/.test(part));
}

const list = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Regions of the public cloud (Azure docs: list of Azure regions, 2026), by what is missing in each. */
const WITHOUT_ZONES = list(`
	australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth germanynorth koreasouth northcentralus
	norwaywest southafricawest southindia switzerlandwest uaecentral ukwest westcentralus westindia westus
`);
const WITHOUT_PAIR = list(`
	austriaeast belgiumcentral chilecentral denmarkeast indonesiacentral israelcentral italynorth malaysiawest mexicocentral
	newzealandnorth polandcentral qatarcentral spaincentral
`);
const WITH_BOTH = list(`
	australiaeast brazilsouth canadacentral centralindia centralus eastasia eastus eastus2 francecentral germanywestcentral indiasouthcentral
	japaneast japanwest koreacentral northeurope norwayeast southafricanorth southcentralus southeastasia swedencentral switzerlandnorth uaenorth
	uksouth westeurope westus2 westus3
`);

/** Whether there is a region of this name. */
export function isRegion(location: string): boolean {
	return [WITHOUT_ZONES, WITHOUT_PAIR, WITH_BOTH].some((names) => names.has(location));
}

/** Whether a region has a SKU. */
export function hasSku(location: string, sku: string): boolean {
	if (!/^(?:Standard_(?:LRS|ZRS|GRS|GZRS|RAGRS|RAGZRS)|Premium_(?:LRS|ZRS))$/.test(sku)) return false;
	if (sku.includes("ZRS") && WITHOUT_ZONES.has(location)) return false;
	return !sku.includes("G") || !WITHOUT_PAIR.has(location);
}

/** Rules that a firewall has at most. */
export const MOST_IP_RULES = 400;

const PRIVATE = blocks(
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.168.0.0/16",
);

/** Whether a rule is a public IPv4 address, or a network of at least four of them. */
export function isIpRule(rule: string): boolean {
	const [address = "", length] = rule.split("/");
	if (!isIPv4(address) || PRIVATE.check(address)) return false;
	return length === undefined || (/^\d{1,2}$/.test(length) && Number(length) <= 30);
}

/** Whether one of the rules lets an address in. */
export function isAdmitted(rules: readonly string[], address: string): boolean {
	return isIPv4(address) && blocks(...rules).check(address);
}

function blocks(...networks: string[]): BlockList {
	const list = new BlockList();
	for (const network of networks) {
		const [address = "", length = "32"] = network.split("/");
		list.addSubnet(address, Number(length));
	}
	return list;
}
