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

export interface DnsProvider {
	/** Whether it writes by itself. */
	readonly isWriting: boolean;
	/**
	 * Has a record be as it is wanted. May be done twice.
	 *
	 * @param mayReplace whether an address may become a CNAME, or the other way round
	 * @throws DnsProviderError with what is in the way and the fix
	 */
	put(zone: string, wanted: WantedRecord, mayReplace: boolean): Promise<Put>;
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
		put: async (zone, wanted, mayReplace) => {
			const own = await client.list(zone, wanted.name);
			const isInTheWay = ({ type }: ProviderSet) => wanted.type === "CNAME" || type === "CNAME";
			const [same, others] = [
				own.filter(({ type }) => type === wanted.type),
				own.filter((set) => set.type !== wanted.type && isInTheWay(set)),
			];
			const foreign = others.filter(({ type }) => !["A", "AAAA", "CNAME"].includes(type));
			if (foreign.length > 0) {
				throw new DnsProviderError(
					`${wanted.name} has ${foreign.map(({ type }) => type).join(" and ")} records, which cannot stand beside a CNAME; move them to another name first`,
				);
			}
			const fixed = [...same, ...others].find((set) => set.fixed !== undefined);
			if (fixed !== undefined) throw new DnsProviderError(`${wanted.name}: its ${fixed.type} record ${fixed.fixed}`);
			if (others.length === 0 && same.some((set) => isAsWanted(set, wanted))) return "unchanged";
			if (others.length > 0 && !mayReplace) {
				throw new DnsProviderError(
					`${wanted.name} is ${others.map(describeSet).join(" and ")}, and to make a ${wanted.type} of it is for the phase prepare, days before the night; there: npm run move -- point --to old --stack STACK`,
				);
			}
			await client.replace(zone, [...same, ...others], wanted);
			return "written";
		},
	};
}

function isAsWanted({ values, ttlSeconds }: ProviderSet, wanted: WantedRecord): boolean {
	return (
		ttlSeconds === wanted.ttlSeconds && values.length === 1 && plainName(values[0] ?? "") === plainName(wanted.value)
	);
}

function describeSet({ type, values }: ProviderSet): string {
	return `${type} ${values.join(", ")}`;
}
