/**
 * What crosses the process line between the Pulumi program and `aptible/main.ts`: one spec (JSON on stdin) into a
 * reconciler, one set of facts (JSON on stdout) out of it. Both are strict: a field that one side does not know is a
 * defect of ours, never of the user.
 *
 * Neither holds a secret. A value that may be one is a template (`${secrets.sessionKey}`), which the reconciler fills in
 * from its own environment or from Aptible.
 */
import { z } from "zod";

const handle = z.string().min(1);

/** `m` general purpose, `c` compute, `r` memory. The API may answer `m5`; only the letter counts (facts/aptible.md §2.1). */
const ContainerProfile = z.enum(["m", "c", "r"]);

/** Number, size (MB of memory) and profile of a service's containers. */
export const ServiceSpec = z.strictObject({
	containers: z.int().min(0),
	containerMb: z.int().positive(),
	containerProfile: ContainerProfile,
});
export type ServiceSpec = z.infer<typeof ServiceSpec>;

/** How many backups Aptible keeps of each database of an environment, and whether one outlives its database. */
export const BackupRetention = z.strictObject({
	daily: z.int().min(1),
	monthly: z.int().min(0),
	yearly: z.int().min(0),
	makeCopy: z.boolean(),
	keepFinal: z.boolean(),
});
export type BackupRetention = z.infer<typeof BackupRetention>;

/** An Aptible environment (the API calls it an account). */
export const EnvironmentSpec = z.strictObject({
	handle,
	stack: z.string().min(1),
	/** True where the environment may hold protected health information: only ever on a dedicated stack. */
	phi: z.boolean(),
	renamedFrom: handle.optional(),
	/** Absent: Aptible's own policy is left as it is. */
	backups: BackupRetention.optional(),
});
export type EnvironmentSpec = z.infer<typeof EnvironmentSpec>;

export const EnvironmentFacts = z.strictObject({
	id: z.int(),
	handle,
	stack: z.string(),
	region: z.string(),
	/** Addresses from which the stack's containers reach the outside, as Aptible gives them (`203.0.113.10/32`), sorted. */
	outboundIpAddresses: z.array(z.string()),
	warnings: z.array(z.string()),
});
export type EnvironmentFacts = z.infer<typeof EnvironmentFacts>;

/** A managed database. Type, version and handle (unless `renamedFrom`) cannot change in place. */
export const DatabaseSpec = z.strictObject({
	environment: handle,
	handle,
	renamedFrom: handle.optional(),
	type: z.string(),
	version: z.string(),
	containerMb: z.int().positive(),
	containerProfile: ContainerProfile,
	diskGb: z.int().positive(),
	/** Provisioned IOPS of the disk. */
	iops: z.int().positive(),
});
export type DatabaseSpec = z.infer<typeof DatabaseSpec>;

export const DatabaseFacts = z.strictObject({
	id: z.int(),
	environmentId: z.int(),
	handle,
	type: z.string(),
	version: z.string(),
	warnings: z.array(z.string()),
});
export type DatabaseFacts = z.infer<typeof DatabaseFacts>;

/** An app: one image, its config and its services. */
export const AppSpec = z.strictObject({
	environment: handle,
	handle,
	renamedFrom: handle.optional(),
	image: z.string().min(1),
	/** Credentials of a private registry; both are templates. */
	registry: z.strictObject({ username: z.string().min(1), password: z.string().min(1) }).optional(),
	/** Environment variables of the app's containers; the values are templates. */
	config: z.record(z.string(), z.string().min(1)),
	services: z.record(z.string(), ServiceSpec),
});
export type AppSpec = z.infer<typeof AppSpec>;

export const AppFacts = z.strictObject({
	id: z.int(),
	environmentId: z.int(),
	handle,
	gitRemote: z.string(),
	/** Config keys that this program has set and so may remove; sorted. */
	configKeys: z.array(z.string()),
	/** Process types found in the release; sorted. */
	services: z.array(z.string()),
	warnings: z.array(z.string()),
});
export type AppFacts = z.infer<typeof AppFacts>;

/**
 * An HTTPS endpoint of one service. Service, domain, `defaultDomain` and `internal` cannot change in place
 * (facts/aptible.md §4.2); the rest can, with one provision operation.
 */
export const EndpointSpec = z.strictObject({
	environment: handle,
	app: handle,
	/** Its name in the stage file, for messages; Aptible gives an endpoint no handle. */
	name: z.string().min(1),
	service: z.string().min(1),
	kind: z.literal("https"),
	/** Exactly one of `defaultDomain: true` and `domain` (with managed TLS) is set. */
	defaultDomain: z.boolean(),
	domain: z.string().optional(),
	internal: z.boolean(),
	/** Container port; absent: the lowest port the image exposes. */
	port: z.int().min(1).max(65535).optional(),
	/** IPv4 addresses or CIDRs that may connect; empty: everyone. */
	ipFilter: z.array(z.string()).max(50),
	/** Endpoint settings under the names `aptible endpoints:list` gives them (`idle_timeout`); absent ones are the platform's defaults. */
	settings: z.strictObject({
		force_ssl: z.boolean().optional(),
		idle_timeout: z.int().optional(),
		maintenance_page_url: z.string().optional(),
		release_healthcheck_timeout: z.int().optional(),
		show_elb_healthchecks: z.boolean().optional(),
		ssl_protocols_override: z.string().optional(),
		strict_health_checks: z.boolean().optional(),
	}),
});
export type EndpointSpec = z.infer<typeof EndpointSpec>;

/** A DNS record that the owner of the domain has to make. */
export const DnsRecord = z.strictObject({ type: z.literal("CNAME"), name: z.string(), value: z.string(), purpose: z.string() });
export type DnsRecord = z.infer<typeof DnsRecord>;

export const EndpointFacts = z.strictObject({
	id: z.int(),
	environmentId: z.int(),
	/** Host name that Aptible gave the endpoint: the target of a CNAME record. */
	hostname: z.string(),
	/** Address a person opens: the domain where there is one, else the default domain. */
	url: z.string(),
	/** Empty for a default domain. */
	dnsRecords: z.array(DnsRecord),
	/** State of the managed certificate (`pending`, `ready`, ...); absent without managed TLS. */
	managedTlsStatus: z.string().optional(),
	warnings: z.array(z.string()),
});
export type EndpointFacts = z.infer<typeof EndpointFacts>;

const Claim = z.strictObject({ adopt: z.boolean(), renamedFrom: handle.optional() });

/**
 * The handles that a stage takes. Looked at before anything is created, so that what is found under one of them afterwards
 * is this program's own work, also after a create that was killed before Pulumi recorded it.
 */
export const ClaimsSpec = z.strictObject({
	environment: Claim.extend({ handle }),
	databases: z.record(handle, Claim),
	apps: z.record(
		handle,
		Claim.extend({
			endpoints: z.record(
				z.string(),
				z.strictObject({ adopt: z.boolean(), defaultDomain: z.boolean(), domain: z.string().optional() }),
			),
		}),
	),
});
export type ClaimsSpec = z.infer<typeof ClaimsSpec>;

/** What has been claimed: `environment`, `databases.main`, `apps.portal`, `apps.portal.endpoints.public`; sorted. */
export const ClaimsFacts = z.strictObject({ claimed: z.array(z.string()), warnings: z.array(z.string()) });
export type ClaimsFacts = z.infer<typeof ClaimsFacts>;
