/**
 * The records of the emulated Aptible, under the names the Deploy API gives their fields. Everything lives in
 * `$APTIBLE_SANDBOX/aptible.sqlite`, shared by any number of processes; a `dir` below is that directory.
 *
 * What other folders may use:
 * - `cli.ts`: `runCli(argv, env, io)` runs one command in process; `bin/aptible` is the executable for PATH.
 * - `api-server.ts`: `startApi(dir)` serves the Deploy API and the auth service on a free local port.
 * - `setup.ts`: `setLatency`, `defineImage`, `createEnvironment`, `addAutomaticBackups`, `attributeOperations`, `sandboxToken`.
 * - `faults.ts`: `setFault(dir, { name, ... })`, `clearFaults`, `pendingFaults`, `isHalted`, `FAULTS` (what each one does).
 * - `journal.ts`: `readJournal`, `markJournal`, `countOperations`, `countMutations`, `countRestarts`, `telemetryLeaks`,
 *   `readRuns`.
 */

import type { LogDrain, MetricDrain } from "./drain-model.ts";
import type { Common, ResourceStatus } from "./record.ts";

export interface Stack extends Common {
	name: string;
	region: string;
	/** Null on a shared stack. */
	organization_id: string | null;
	outbound_ip_addresses: string[];
	internal_domain: string;
	/** Domain of its apps' default domains; `on-aptible.com` where a sandbox says nothing else. */
	default_domain?: string;
}

export interface Organization extends Common {
	uuid: string;
	name: string;
}

/** What a role of the organization may do in an environment. */
export interface Permission extends Common {
	/** A UUID of the auth service. */
	role: string;
	scope: string;
}

/** What the CLI and the dashboard call an environment. */
export interface Account extends Common {
	handle: string;
	type: "production" | "development";
	stack_id: number;
	organization_id: string;
	ca_body: string;
}

export interface App extends Common {
	handle: string;
	status: ResourceStatus;
	/** Null until the first operation that carried config has succeeded. */
	configuration: Record<string, string> | null;
	settings: Record<string, string> | null;
	sensitive_settings: Record<string, string>;
	last_deploy_operation_id: number | null;
	/** What was deployed from git last, until an image was told to leave git. */
	git_ref: string | null;
	/** What the tag of its image stood for when it was pulled. */
	image_digest: string | null;
	restarts: number;
}

/** Belongs to an app, or is the single service of a database. */
export interface Service extends Common {
	process_type: string;
	container_count: number;
	container_memory_limit_mb: number;
	instance_class: string;
	force_zero_downtime: boolean;
	naive_health_check: boolean;
	restart_free_scaling: boolean;
	stop_timeout: number | null;
	of: "app" | "database";
}

export interface SizingPolicy extends Common {
	autoscaling: "horizontal" | "vertical";
	scaling_enabled: boolean;
	metric_lookback_seconds: number;
	percentile: number;
	post_scale_up_cooldown_seconds: number;
	post_scale_down_cooldown_seconds: number;
	post_release_cooldown_seconds: number;
	mem_cpu_ratio_r_threshold: number;
	mem_cpu_ratio_c_threshold: number;
	mem_scale_up_threshold: number;
	mem_scale_down_threshold: number;
	minimum_memory: number;
	maximum_memory: number | null;
	min_cpu_threshold: number | null;
	max_cpu_threshold: number | null;
	min_containers: number | null;
	max_containers: number | null;
	scale_up_step: number;
	scale_down_step: number;
	use_horizontal_scale: boolean;
}

export interface DatabaseImage extends Common {
	type: string;
	version: string;
	default: boolean;
}

export interface Disk {
	size: number;
	ebs_volume_type: string;
	baseline_iops: number;
}

export interface Credential {
	id: number;
	type: string;
	connection_url: string;
	default: boolean;
}

export interface Database extends Common {
	handle: string;
	type: string;
	database_image_id: number;
	status: ResourceStatus;
	enable_backups: boolean;
	initial_disk_size: number;
	initial_container_size: number | null;
	current_kms_arn: string | null;
	initialize_from_id: number | null;
	/** True where the database follows `initialize_from_id` for as long as it lives. */
	replica: boolean;
	disk: Disk | null;
	credentials: Credential[];
	service_id: number | null;
	/** Set once deprovisioned: the record stays because final backups refer to it. */
	deleted_at: string | null;
}

export interface Backup extends Common {
	database_id: number;
	aws_region: string;
	size: number;
	manual: boolean;
	copied_from_id: number | null;
	/** The operation that took it. */
	operation_id: number | null;
}

export interface RetentionPolicy extends Common {
	daily: number;
	monthly: number;
	yearly: number;
	/** Days for which PostgreSQL can be recovered to any moment; only Aptible's support changes them. */
	pitr_days: number;
	make_copy: boolean;
	keep_final: boolean;
}

/** What the CLI calls an endpoint. */
export interface Vhost extends Common {
	type: string;
	platform: string;
	status: ResourceStatus;
	internal: boolean;
	default: boolean;
	acme: boolean;
	acme_status: string | null;
	user_domain: string | null;
	container_port: number | null;
	container_ports: number[];
	ip_whitelist: string[];
	shared: boolean | null;
	load_balancing_algorithm_type: string | null;
	certificate_id: number | null;
	/** Null until a provision operation has succeeded. */
	external_host: string | null;
	virtual_domain: string | null;
	settings: Record<string, string> | null;
	/** What of the record the load balancer was given when it was last provisioned; no caller ever sees it. */
	served: Served | null;
}

/** The part of an endpoint's record that takes effect only when it is provisioned. */
export interface Served {
	ip_whitelist: string[];
	container_port: number | null;
	container_ports: number[];
	certificate_id: number | null;
	shared: boolean | null;
	load_balancing_algorithm_type: string | null;
}

export interface Certificate extends Common {
	certificate_body: string;
	sha256_fingerprint: string;
	common_name: string;
}

export type OperationStatus = "queued" | "running" | "succeeded" | "failed";

/** Kinds of record that operations run on. */
export type ResourceKind = "app" | "service" | "database" | "vhost" | "log_drain" | "metric_drain" | "backup";

/** A unit of work. Its status follows from the clock: queued until `start_ms`, then running until `end_ms`. */
export interface Operation extends Common {
	type: string;
	resource_kind: ResourceKind;
	resource_id: number;
	resource_handle: string;
	/** Operations with the same lock run one after the other. */
	lock: string;
	body: OperationBody;
	/** Null while the outcome is not settled. */
	outcome: "succeeded" | "failed" | null;
	start_ms: number;
	end_ms: number;
	cancelled: boolean;
	/** What of its body has no effect, though it succeeds. */
	lost_part: string | null;
	/** The database that it makes (clone, restore), if it makes one. */
	creates_id: number | null;
	/** Lines of a planted failure; null where the operation may succeed. */
	planted_failure: string[] | null;
	log: string;
	git_ref: string | null;
	user_name: string;
	user_email: string;
	/** Whatever it is, it changes nothing that a stage file can say. */
	without_effect?: true;
}

/** What the request for an operation may carry beside its type. */
export interface OperationBody {
	type: string;
	env?: Record<string, string>;
	settings?: Record<string, string>;
	sensitive_settings?: Record<string, string>;
	git_ref?: string;
	container_count?: number;
	container_size?: number;
	instance_profile?: string;
	disk_size?: number;
	provisioned_iops?: number;
	ebs_volume_type?: string;
	handle?: string;
	key_arn?: string;
	docker_ref?: string;
	destination_account?: string;
	destination_account_id?: number;
}

/** Every kind of record by its API name. */
export interface Records {
	stack: Stack;
	organization: Organization;
	account: Account;
	permission: Permission;
	app: App;
	service: Service;
	service_sizing_policy: SizingPolicy;
	database_image: DatabaseImage;
	database: Database;
	backup: Backup;
	backup_retention_policy: RetentionPolicy;
	vhost: Vhost;
	certificate: Certificate;
	log_drain: LogDrain;
	metric_drain: MetricDrain;
	operation: Operation;
}

export type Kind = keyof Records;

/** A record before it has an id and dates. */
export type Draft<K extends Kind> = Omit<Records[K], "id" | "created_at" | "updated_at">;
