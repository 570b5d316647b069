/** Where the records of a domain are changed: one port, whoever hosts its zone. What is behind it: open-provider.ts. */
import { plainName } from "./exchange.ts";

/** A record as it is to be. */
export interface WantedRecord {
	name: string;
	type: "A" | "CNAME";
	value: string;
	ttlSeconds: number;
}

/** All records of one name and type, as the provider has them. */
export interface ProviderSet {
	type: string;
	values: readonly string[];
	ttlSeconds: number;
	/** Why this program changes it in no case: a predicate, such as `is proxied by Cloudflare`. */
	fixed?: string;
	/** How the provider's client knows them. */
	own: unknown;
}

/** What a client of a DNS host is asked for. */
export interface ZoneClient {
	/** Of one name, each type once. */
	list(zone: string, name: string): Promise<ProviderSet[]>;
	/** Puts one record in the place of others, all or nothing. */
	replace(zone: string, former: readonly ProviderSet[], wanted: WantedRecord): Promise<void>;
}

/** `elsewhere`: nothing was written here, as a person or the stack does it. */
export type Put = "unchanged" | "written" | "elsewhere";

/** What a record may be before it is changed. */
export interface PutTerms {
	/** Whether an address may become a CNAME, or the other way round. */
	mayReplace: boolean;
	/** Values that may be overwritten beside the wanted one. @default any: DNS has shown whose they are */
	known?: readonly string[];
}

export interface DnsProvider {
	/** Whether it writes by itself. */
	readonly isWriting: boolean;
	/**
	 * Looks whether `put` would do it, and changes nothing.
	 *
	 * @returns types of the records that the host has of the name; none where it is not asked
	 * @throws what `put` throws
	 */
	check(zone: string, wanted: WantedRecord, terms: PutTerms): Promise<readonly string[]>;
	/**
	 * Has a record be as it is wanted. May be done twice.
	 *
	 * @throws DnsProviderError with what is in the way and the fix
	 */
	put(zone: string, wanted: WantedRecord, terms: PutTerms): Promise<Put>;
}

/** A DNS host refuses, or is refused. */
export class DnsProviderError extends Error {
	override name = "DnsProviderError";
}

export interface ProviderOptions {
	env: Readonly<Record<string, string | undefined>>;
	tell(line: string): void;
	/** Masks a secret in all that is printed. */
	hide(secret: string): void;
	/** Loads a client. @default as any module of this program */
	load?(name: string): Promise<unknown>;
}

/** Clients of DNS hosts, which are optional, and the versions that this program is tested with: those of package.json. */
export const optionalClients = { "@aws-sdk/client-route-53": "3.1169.0", cloudflare: "7.3.0" } as const;

/** @returns the variable's value, hidden from all output @throws DnsProviderError */
export function requireSecret({ env, hide }: ProviderOptions, name: string, what: string): string {
	const value = env[name];
	if (value === undefined || value === "") throw new DnsProviderError(`${name} is not set; set it to ${what}`);
	hide(value);
	return value;
}

/** Loads an optional client. @throws DnsProviderError where it is not installed */
export async function loadClient<T>(name: keyof typeof optionalClients, { load }: ProviderOptions): Promise<T> {
	try {
		return (await (load === undefined ? import(name) : load(name))) as T;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
		throw new DnsProviderError(
			`the client ${name} is not installed, as it is optional; install it: npm install --no-save ${name}@${optionalClients[name]}`,
		);
	}
}

/** The provider of a client that writes. */
export function writeThrough(client: ZoneClient): DnsProvider {
	return {
		isWriting: true,
		check: async (zone, wanted, terms) => {
			const own = await client.list(zone, wanted.name);
			findFormer(own, wanted, terms);
			return own.map(({ type }) => type);
		},
		put: async (zone, wanted, terms) => {
			const former = findFormer(await client.list(zone, wanted.name), wanted, terms);
			if (former === undefined) return "unchanged";
			await client.replace(zone, former, wanted);
			return "written";
		},
	};
}

/** What a record takes the place of; undefined where it is there as it is wanted. @throws DnsProviderError */
function findFormer(
	own: readonly ProviderSet[],
	wanted: WantedRecord,
	{ mayReplace, known }: PutTerms,
): ProviderSet[] | undefined {
	const isInTheWay = ({ type }: ProviderSet) => wanted.type === "CNAME" || type === "CNAME";
	const same = own.filter(({ type }) => type === wanted.type);
	const others = own.filter((set) => set.type !== wanted.type && isInTheWay(set));
	const unfit = others.filter(({ type }) => !["A", "AAAA", "CNAME"].includes(type));
	if (unfit.length > 0) {
		throw new DnsProviderError(
			`${wanted.name} has ${unfit.map(({ type }) => type).join(" and ")} records, which cannot stand beside a CNAME; move them to another name first`,
		);
	}
	const fixed = [...same, ...others].find((set) => set.fixed !== undefined);
	if (fixed !== undefined) throw new DnsProviderError(`${wanted.name}: its ${fixed.type} record ${fixed.fixed}`);
	const isKnown = (value: string) => [wanted.value, ...(known ?? [value])].map(plainName).includes(plainName(value));
	const foreign = [...same, ...others].filter(({ values }) => !values.every(isKnown));
	if (foreign.length > 0) {
		throw new DnsProviderError(describeForeign(wanted.name, foreign.map(describeSet).join(" and ")));
	}
	if (others.length === 0 && same.some((set) => isAsWanted(set, wanted))) return undefined;
	if (others.length > 0 && !mayReplace) {
		throw new DnsProviderError(
			`${wanted.name} is ${others.map(describeSet).join(" and ")}, and to make a ${wanted.type} of it is for the phase prepare, days before the night; there: npm run move -- point --to old --stack STACK`,
		);
	}
	return [...same, ...others];
}

/** Why a stable name is left as it is. */
export function describeForeign(name: string, is: string): string {
	return `${name} is ${is}, which by the notes beside the stage this move has not written; find out whose it is, and remove it, or give it the value that is wanted, by hand`;
}

function isAsWanted({ values, ttlSeconds }: ProviderSet, wanted: WantedRecord): boolean {
	return (
		ttlSeconds === wanted.ttlSeconds && values.length === 1 && plainName(values[0] ?? "") === plainName(wanted.value)
	);
}

function describeSet({ type, values }: ProviderSet): string {
	return `${type} ${values.join(", ")}`;
}
