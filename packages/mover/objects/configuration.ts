/** What the container is told of the objects that move. */
import type { Mask } from "../mask.ts";
import { ADDRESS_EXAMPLE, type ContainerAddress, parseContainerAddress } from "./container-address.ts";
import { type Side, variableOf } from "./rights.ts";

/** A container of the stage as the hand-over file has it. */
export interface GivenObjects {
	account: string;
	container: string;
}

/** A container whose objects move. */
export interface MovedObjects {
	/** The stage's name of it. */
	name: string;
	/** Absent where the mover was not given it. */
	source: ContainerAddress | undefined;
	target: ContainerAddress | undefined;
	/** Other host names under which databases have URLs of the source: a custom domain, the host of Data Lake. */
	hosts: readonly string[];
}

/** Its name in the journal, beside those of databases. */
export function placeOf(name: string): string {
	return `storage.${name
		.toLowerCase()
		.replaceAll(/[^0-9a-z._-]/g, "-")
		.slice(0, 50)}`;
}

interface Reading {
	/** A variable's value, or what is in the file that its `_FILE` names. */
	read: (variable: string) => string | undefined;
	mask: Mask;
	problems: string[];
}

/** Reads the addresses of both sides of each container. What is not given is no problem of the container's start: databases move without it. */
export function readObjects(given: Readonly<Record<string, GivenObjects>>, reading: Reading): MovedObjects[] {
	const { problems } = reading;
	const variables = new Map<string, string>();
	return Object.entries(given).map(([name, declared]) => {
		for (const variable of [variableOf(name, "source"), variableOf(name, "target"), hostsVariable(name)]) {
			const other = variables.get(variable);
			if (other !== undefined) {
				problems.push(`${variable}: stands for ${other} and for ${name}; rename one of them under storage.containers`);
			}
			variables.set(variable, name);
		}
		const [source, target] = [readSide(name, "source", reading), readSide(name, "target", reading)];
		const isDeclared = target?.account === declared.account && target.container === declared.container;
		if (target !== undefined && !isDeclared) {
			problems.push(
				`${variableOf(name, "target")}: leads to the container ${target.container} of the account ${target.account}, and the stage file has ${declared.container} of ${declared.account}; give the SAS of that one`,
			);
		}
		if (source !== undefined && source.base === target?.base) {
			problems.push(
				`${variableOf(name, "source")}: is the container of the target itself; give the one of MedStack's account`,
			);
		}
		return { name, source, target, hosts: readHosts(name, reading) };
	});
}

/** The variable with other host names of a source. */
const hostsVariable = (name: string) => `${variableOf(name, "source")}_HOSTS`;

const HOST = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;

function readHosts(name: string, { read, problems }: Reading): string[] {
	const hosts = (read(hostsVariable(name)) ?? "")
		.toLowerCase()
		.split(/[\s,]+/)
		.filter((host) => host !== "");
	const wrong = hosts.find((host) => !HOST.test(host));
	if (wrong !== undefined) {
		problems.push(`${hostsVariable(name)}: "${wrong}" is no host name; write files.example.com, several with commas`);
	}
	return hosts;
}

function readSide(name: string, side: Side, { read, mask, problems }: Reading): ContainerAddress | undefined {
	const variable = variableOf(name, side);
	const text = read(variable);
	if (text === undefined) return undefined;
	mask.add(text);
	const signature = /[?&]sig=([^&#]*)/.exec(text)?.[1] ?? "";
	mask.add(signature);
	if (URL.canParse(text)) mask.add(new URL(text).searchParams.get("sig") ?? "");
	const address = parseContainerAddress(text);
	if (address === undefined) {
		problems.push(`${variable}: is no address of a whole container with its SAS; write ${ADDRESS_EXAMPLE}`);
	}
	return address;
}

/** Whether a block of the hand-over file is one of a container. */
export function isGivenObjects(given: unknown): given is GivenObjects {
	if (typeof given !== "object" || given === null) return false;
	const { account, container } = given as Record<string, unknown>;
	return typeof account === "string" && typeof container === "string";
}
