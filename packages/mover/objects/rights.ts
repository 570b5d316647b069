/** What a SAS allows, and until when: read from the token itself, so that what would fail hours later is refused before it begins. */
import type { Finding } from "../findings.ts";
import type { ContainerAddress } from "./container-address.ts";

export type Side = "source" | "target";

/** Letters of `sp` (Azure docs: Create a service SAS, Create an account SAS). */
const RIGHTS: Readonly<Record<string, string>> = { r: "read", l: "list", w: "write", d: "delete", t: "tags" };
const RIGHT_LETTERS = "rlwdt";
/** What a token that ends sooner is warned of. */
const SOON_MS = 24 * 3_600_000;

interface Asked {
	/** The stage's name of the container. */
	name: string;
	side: Side;
	address: ContainerAddress;
	/** Letters that it needs, and others that only a later pass needs. */
	needed: string;
	later?: string;
	/** Time in milliseconds. */
	now: number;
}

/** Whether a SAS lets its holder read and write index tags. */
export function opensTags({ url }: ContainerAddress): boolean {
	const rights = new URL(url).searchParams.get("sp");
	// What a stored access policy gives is not in the token.
	return rights?.includes("t") ?? true;
}

/** What of a SAS stands in the way; one line each, with how to make another. */
export function checkRights({ name, side, address, needed, later = "", now }: Asked): Finding[] {
	const query = new URL(address.url).searchParams;
	const variable = variableOf(name, side);
	const anew = `make another and give it to the mover as ${variable} (${exampleCommand(address, [...RIGHT_LETTERS].filter((letter) => (needed + later).includes(letter)).join(""))})`;
	const finding = (trap: string, severity: Finding["severity"], says: string): Finding => ({
		trap,
		severity,
		object: name,
		line: `the SAS of the ${side} ${says}; ${anew}`,
	});
	const found: Finding[] = [];
	const blocker = (trap: string, says: string) => found.push(finding(trap, "blocker", says));
	const [begins, ends] = [timeOf(query.get("st")), timeOf(query.get("se"))];
	if (begins !== undefined && begins > now) blocker("sas-begins", `is valid only from ${query.get("st")} on`);
	if (ends !== undefined && ends <= now) blocker("sas-expired", `has expired at ${query.get("se")}`);
	else if (ends !== undefined && ends - now < SOON_MS)
		found.push(finding("sas-ends-soon", "warning", `expires at ${query.get("se")}, in less than a day`));
	const isOfAccount = query.has("ss");
	const resource = query.get("sr");
	if (!isOfAccount && resource !== "c") {
		blocker("sas-of-part", `is not of a whole container (sr=${resource ?? "is missing"}, and has to be c)`);
	}
	const types = query.get("srt") ?? "";
	if (isOfAccount && !(query.get("ss")?.includes("b") && types.includes("c") && types.includes("o"))) {
		blocker(
			"sas-of-part",
			"is of an account, and does not open blob containers and the objects in them (ss=b, srt=co)",
		);
	}
	const given = query.get("sp");
	// Without `sp` a stored access policy has the rights, which Azure alone knows.
	const lacking = (letters: string) => {
		const missing = given === null && query.has("si") ? [] : [...letters].filter((letter) => !given?.includes(letter));
		return missing.map((letter) => `${letter} (${RIGHTS[letter]})`).join(", ");
	};
	if (lacking(needed) !== "") blocker("sas-rights", `lacks ${lacking(needed)}`);
	if (lacking(later) !== "") {
		found.push(
			finding(
				"sas-rights",
				"warning",
				`lacks ${lacking(later)}, without which the pass in the phase frozen is refused`,
			),
		);
	}
	return found;
}

/** The variable with the address of a side of a container. */
export function variableOf(name: string, side: Side): string {
	const variable = `MOVE_OBJECTS_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
	return side === "source" ? variable : `${variable}_TARGET`;
}

function exampleCommand({ account, container }: ContainerAddress, needed: string): string {
	return `az storage container generate-sas --account-name ${account} --name '${container}' --permissions ${needed} --expiry TIME --https-only`;
}

function timeOf(text: string | null): number | undefined {
	const time = text === null ? Number.NaN : Date.parse(text);
	return Number.isNaN(time) ? undefined : time;
}
