/** Environments, which the API calls accounts, with the stacks that they are on. */
import { z } from "zod";
import { AptibleError } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { Link, linkedId } from "./link.ts";

const Account = z.looseObject({
	id: z.int(),
	handle: z.string(),
	/** Public, and shown without secrets (aptible-cli 0.26.6, subcommands/environment.rb). */
	ca_body: z.string().nullish(),
	_links: z.looseObject({ stack: Link }).nullish(),
});

/** An environment. */
export interface Environment {
	id: number;
	handle: string;
	/** Certificate, as PEM, of the authority that signs its databases; empty where it has none. */
	caCertificate: string;
	/** Absent where the API does not say. */
	stackId: number | undefined;
}

const StackForm = z.looseObject({
	id: z.int(),
	name: z.string(),
	/** With the addresses, as `environment:list` prints it (aptible-cli 0.26.6, resource_formatter.rb). */
	region: z.string().min(1),
	outbound_ip_addresses: z.array(z.string()).nullish(),
	default_domain: z.string().nullish(),
	/** Present on dedicated stacks only: the organization that the stack belongs to (facts/terraform-provider.md §3.4). */
	_links: z.looseObject({ organization: z.looseObject({ href: z.string() }).nullish() }).nullish(),
});

/** A stack. */
export interface Stack {
	id: number;
	name: string;
	region: string;
	outboundIpAddresses: string[];
	/** Domain of its apps' default domains; absent where the API does not say. */
	defaultDomain: string | undefined;
	/** Of a dedicated stack. */
	organizationId: string | undefined;
}

/** An environment with its stack. */
export type PlacedEnvironment = Environment & { stack: Stack };

const Organization = z.looseObject({ id: z.string(), name: z.string() });

/** Every environment that the token sees (aptible-cli 0.26.6, helpers/environment.rb). */
export async function listEnvironments(api: Api): Promise<Environment[]> {
	const accounts = await api.list(`${api.root}/accounts?per_page=5000&no_embed=true`, "accounts", Account);
	return accounts.map(({ id, handle, ca_body, _links }) => ({
		id,
		handle,
		caCertificate: ca_body ?? "",
		stackId: linkedId(_links?.stack),
	}));
}

/** An environment with its stack, which is read once (the link that `environment:list` follows; aptible-cli, resource_formatter.rb). */
export async function withStack(api: Api, environment: Environment): Promise<PlacedEnvironment> {
	// An environment in a list may come without its links.
	const stackId = environment.stackId ?? (await readStackId(api, environment.id));
	if (stackId === undefined) {
		throw new AptibleError(
			`environment "${environment.handle}": Aptible does not say which stack it is on. Look at it with \`aptible environment:list\`.`,
		);
	}
	return { ...environment, stack: stackOf(await api.readOnce(`${api.root}/stacks/${stackId}`, StackForm)) };
}

async function readStackId(api: Api, id: number): Promise<number | undefined> {
	return linkedId((await api.read(`${api.root}/accounts/${id}`, Account))._links?.stack);
}

/** Every stack that the token can see. */
export async function listStacks(api: Api): Promise<Stack[]> {
	return (await api.list(`${api.root}/stacks`, "stacks", StackForm)).map(stackOf);
}

function stackOf(shown: z.infer<typeof StackForm>): Stack {
	return {
		id: shown.id,
		name: shown.name,
		region: shown.region,
		outboundIpAddresses: shown.outbound_ip_addresses ?? [],
		defaultDomain: shown.default_domain || undefined,
		organizationId: shown._links?.organization?.href.split("/").at(-1),
	};
}

/** The organizations of the token's user. */
export function listOrganizations(api: Api): Promise<z.infer<typeof Organization>[]> {
	return api.list(`${api.authRoot}/organizations`, "organizations", Organization);
}

const RetentionForm = z.looseObject({
	id: z.int(),
	daily: z.int(),
	monthly: z.int(),
	yearly: z.int(),
	make_copy: z.boolean(),
	keep_final: z.boolean(),
	pitr_days: z.int().nullish(),
});

/** The backup policy in force in an environment. */
export interface LiveRetention {
	daily: number;
	monthly: number;
	yearly: number;
	makeCopy: boolean;
	keepFinal: boolean;
	/** For how many days PostgreSQL can be recovered to any moment; absent where the API does not say. */
	pitrDays: number | undefined;
}

/** Aptible's own policy, for an environment that has none of its own (Aptible docs: database backups). */
const defaultRetention: LiveRetention = {
	daily: 30,
	monthly: 12,
	yearly: 6,
	makeCopy: false,
	keepFinal: true,
	pitrDays: undefined,
};

/** The policy that is in force: of several, the newest, as the API keeps former ones (OpenAPI: a change is a POST). */
export async function readBackupRetention(api: Api, environmentId: number): Promise<LiveRetention> {
	const url = `${api.root}/accounts/${environmentId}/backup_retention_policies`;
	const [newest] = (await api.list(url, "backup_retention_policies", RetentionForm)).sort((a, b) => b.id - a.id);
	if (newest === undefined) return defaultRetention;
	const { daily, monthly, yearly, make_copy: makeCopy, keep_final: keepFinal, pitr_days: pitrDays } = newest;
	return { daily, monthly, yearly, makeCopy, keepFinal, pitrDays: pitrDays ?? undefined };
}

/** Creates an environment. It has no operation: it is there when this returns. */
export function createEnvironment(
	api: Api,
	body: { handle: string; organization_id: string; stack_id: number; type: "production" | "development" },
): Promise<void> {
	return api.send("POST", `${api.root}/accounts`, body);
}

/** Deletes an environment; Aptible refuses while apps, databases, drains or backups are left in it. */
export function deleteEnvironment(api: Api, id: number): Promise<void> {
	return api.send("DELETE", `${api.root}/accounts/${id}`);
}
