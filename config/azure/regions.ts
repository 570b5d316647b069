/** Regions of Azure's public cloud, and what each has for copies of files (facts/azure.md §4). */
import { type Redundancy, redundancies } from "./storage-catalogue.ts";

/** A region, as far as it decides where copies can be. */
export interface Region {
	/** Whether it has availability zones, which a `ZRS` needs. */
	readonly hasZones: boolean;
	/** The region that holds the second copy of a `GRS`; absent where Azure has named none. */
	readonly pair?: string;
	/** Whether a subscription has to ask for it. */
	readonly isRestricted: boolean;
}

const none = "";

/** Name, zones, pair, restricted: one line of Azure's list each. */
const rows: readonly (readonly [name: string, zones: boolean, pair: string, isRestricted?: true])[] = [
	["australiacentral", false, "australiacentral2"],
	["australiacentral2", false, "australiacentral", true],
	["australiaeast", true, "australiasoutheast"],
	["australiasoutheast", false, "australiaeast"],
	["austriaeast", true, none],
	["belgiumcentral", true, none],
	["brazilsouth", true, "southcentralus"],
	["brazilsoutheast", false, "brazilsouth", true],
	["canadacentral", true, "canadaeast"],
	["canadaeast", false, "canadacentral"],
	["centralindia", true, "southindia"],
	["centralus", true, "eastus2"],
	["chilecentral", true, none],
	["denmarkeast", true, none],
	["eastasia", true, "southeastasia"],
	["eastus", true, "westus"],
	["eastus2", true, "centralus"],
	["francecentral", true, "francesouth"],
	["francesouth", false, "francecentral", true],
	["germanynorth", false, "germanywestcentral", true],
	["germanywestcentral", true, "germanynorth"],
	["indiasouthcentral", true, "centralindia"],
	["indonesiacentral", true, none],
	["israelcentral", true, none],
	["italynorth", true, none],
	["japaneast", true, "japanwest"],
	["japanwest", true, "japaneast"],
	["koreacentral", true, "koreasouth"],
	["koreasouth", false, "koreacentral"],
	["malaysiawest", true, none],
	["mexicocentral", true, none],
	["newzealandnorth", true, none],
	["northcentralus", false, "southcentralus"],
	["northeurope", true, "westeurope"],
	["norwayeast", true, "norwaywest"],
	["norwaywest", false, "norwayeast", true],
	["polandcentral", true, none],
	["qatarcentral", true, none],
	["southafricanorth", true, "southafricawest"],
	["southafricawest", false, "southafricanorth", true],
	["southcentralus", true, "northcentralus"],
	["southeastasia", true, "eastasia"],
	["southindia", false, "centralindia"],
	["spaincentral", true, none],
	["swedencentral", true, "swedensouth"],
	["switzerlandnorth", true, "switzerlandwest"],
	["switzerlandwest", false, "switzerlandnorth", true],
	["uaecentral", false, "uaenorth", true],
	["uaenorth", true, "uaecentral"],
	["uksouth", true, "ukwest"],
	["ukwest", false, "uksouth"],
	["westcentralus", false, "westus2"],
	["westeurope", true, "northeurope"],
	["westindia", false, "southindia"],
	["westus", false, "eastus"],
	["westus2", true, "westcentralus"],
	["westus3", true, "eastus"],
];

/** By the names that Resource Manager takes. */
export const regions: Readonly<Record<string, Region>> = Object.fromEntries(
	rows.map(([name, hasZones, pair, isRestricted = false]) => [
		name,
		{ hasZones, isRestricted, ...(pair === none ? {} : { pair }) },
	]),
);

/** Redundancies that a region has: zones for a `Z`, a pair for a `G`. */
export function redundanciesOf({ hasZones, pair }: Region): Redundancy[] {
	return redundancies.filter(
		(name) => (hasZones || !name.includes("Z")) && (pair !== undefined || !name.includes("G")),
	);
}
