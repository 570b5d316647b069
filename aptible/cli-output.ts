/**
 * What `aptible` (0.26.6) prints with APTIBLE_OUTPUT_FORMAT=json, as far as this program reads it. Loose: the CLI may add
 * fields. Recorded answers are in test/sandbox/aptible/transcripts.json.
 */
import { z } from "zod";

/** The API answers `m5`, `r4`...; only the letter is ours to set (facts/aptible.md §2.1). */
const profile = z
	.string()
	.nullish()
	.transform((value) => value?.slice(0, 1));

export const CliEnvironment = z.looseObject({
	id: z.int(),
	handle: z.string(),
	stack: z.looseObject({
		name: z.string(),
		region: z.string(),
		outbound_ip_addresses: z.array(z.string()).nullish(),
	}),
});
export type CliEnvironment = z.infer<typeof CliEnvironment>;

export const CliService = z.looseObject({
	id: z.int(),
	service: z.string(),
	container_count: z.int(),
	container_size: z.int(),
	container_profile: profile,
});
export type CliService = z.infer<typeof CliService>;

export const CliApp = z.looseObject({
	id: z.int(),
	handle: z.string(),
	/** `pending` until the first deploy has succeeded. */
	status: z.string(),
	git_remote: z.string().nullish(),
	last_deploy_operation: z.looseObject({ id: z.int(), status: z.string() }).nullish(),
	services: z.array(CliService),
	environment: z.looseObject({ id: z.int() }),
});
export type CliApp = z.infer<typeof CliApp>;

export const CliConfig = z.looseObject({ key: z.string(), value: z.string() });

export const CliDatabase = z.looseObject({
	id: z.int(),
	handle: z.string(),
	type: z.string(),
	version: z.string(),
	/** `provisioned`, `pending`, `provisioning`, `provision_failed`... */
	status: z.string(),
	connection_url: z.string().nullish(),
	disk_size: z.int().nullish(),
	disk_provisioned_iops: z.int().nullish(),
	container_size: z.int().nullish(),
	container_profile: profile,
	environment: z.looseObject({ id: z.int() }),
});
export type CliDatabase = z.infer<typeof CliDatabase>;

export const CliEndpoint = z.looseObject({
	id: z.int(),
	/** Absent until the first provision operation has run. */
	hostname: z.string().nullish(),
	status: z.string(),
	/** Left out for gRPC endpoints. */
	type: z.string().nullish(),
	port: z.union([z.string(), z.int()]).nullish(),
	internal: z.boolean(),
	/** `all traffic`, or the addresses with a space between them. */
	ip_whitelist: z.string(),
	default_domain_enabled: z.boolean(),
	default_domain: z.string().nullish(),
	managed_tls_enabled: z.boolean(),
	managed_tls_domain: z.string().nullish(),
	managed_tls_dns_challenge_hostname: z.string().nullish(),
	managed_tls_status: z.string().nullish(),
	service: z.looseObject({ service: z.string() }),
});
export type CliEndpoint = z.infer<typeof CliEndpoint>;

export const CliBackupRetention = z.looseObject({
	daily: z.int(),
	monthly: z.int(),
	yearly: z.int(),
	make_copy: z.boolean(),
	keep_final: z.boolean(),
});
export type CliBackupRetention = z.infer<typeof CliBackupRetention>;
