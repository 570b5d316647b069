import type { LogDrain, MetricDrain } from "./drain-model.ts";
import type {
	Account,
	App,
	Backup,
	Database,
	Operation,
	RetentionPolicy,
	Service,
	SizingPolicy,
	Vhost,
} from "./model.ts";
import { keyed, list, type Node, object } from "./render.ts";
import { statusOf } from "./server/settle.ts";
import type { Store } from "./store.ts";

/** A point in time as the CLI prints it. */
export function rubyTime(iso: string): string {
	return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

/** The address of an app's git repository. */
export function gitRemote(store: Store, app: App): string {
	return `git@beta.aptible.com:${store.get("account", app.owner).handle}/${app.handle}.git`;
}

export function accountNode(store: Store, account: Account, { withStack = false } = {}): Node {
	const stack = store.get("stack", account.stack_id);
	return object({
		id: account.id,
		handle: account.handle,
		created_at: rubyTime(account.created_at),
		stack: withStack
			? keyed(
					object({
						name: stack.name,
						id: stack.id,
						region: stack.region,
						outbound_ip_addresses: stack.outbound_ip_addresses,
					}),
					"name",
				)
			: undefined,
	});
}

/** An environment as other objects name it. */
function environmentOf(store: Store, account: Account): Node {
	return keyed(accountNode(store, account), "handle");
}

function operationNode(operation: Operation): Node {
	return object({
		id: operation.id,
		status: statusOf(operation),
		git_ref: ["deploy", "rebuild"].includes(operation.type) ? operation.git_ref : undefined,
		user_email: operation.user_email,
		created_at: rubyTime(operation.created_at),
	});
}

/** An app; `account` is left out where the app itself is nested. */
export function appNode(store: Store, app: App, services: Service[], account?: Account): Node {
	const deploy =
		app.last_deploy_operation_id === null ? undefined : store.find("operation", app.last_deploy_operation_id);
	return object({
		id: app.id,
		handle: app.handle,
		created_at: rubyTime(app.created_at),
		status: app.status,
		git_remote: gitRemote(store, app),
		last_deploy_operation: deploy ? keyed(operationNode(deploy), "id") : undefined,
		services: list(services.map((service) => serviceNode(service))),
		environment: account ? environmentOf(store, account) : undefined,
	});
}

/** A service, with its app where that is to be shown. */
export function serviceNode(service: Service, app?: Node): Node {
	return object({
		id: service.id,
		service: service.process_type,
		created_at: rubyTime(service.created_at),
		command: "CMD",
		container_count: service.container_count,
		container_size: service.container_memory_limit_mb,
		container_profile: profileOf(service),
		app: app && keyed(app, "handle"),
	});
}

function profileOf(service: Service): string | null {
	return /[a-z]/.exec(service.instance_class)?.[0] ?? null;
}

export function databaseNode(store: Store, database: Database, account: Account): Node {
	const service = database.service_id === null ? undefined : store.get("service", database.service_id);
	const { disk } = database;
	return object({
		id: database.id,
		handle: database.handle,
		created_at: rubyTime(database.created_at),
		type: database.type,
		version: store.get("database_image", database.database_image_id).version,
		status: database.status,
		connection_url: database.credentials.find((credential) => credential.default)?.connection_url ?? null,
		credentials: list(
			database.credentials.map(({ type, connection_url, default: isDefault }) =>
				object({ type, connection_url, default: isDefault }),
			),
		),
		environment: environmentOf(store, account),
		...(disk && {
			disk_type: disk.ebs_volume_type,
			disk_size: disk.size,
			disk_modification_progress: null,
			disk_modification_status: null,
			disk_provisioned_iops: disk.baseline_iops,
		}),
		...(service && { container_size: service.container_memory_limit_mb, container_profile: profileOf(service) }),
	});
}

export function databaseMinimalNode(store: Store, database: Database, account: Account): Node {
	return object({
		id: database.id,
		handle: database.handle,
		created_at: rubyTime(database.created_at),
		environment: environmentOf(store, account),
	});
}

export function vhostNode(vhost: Vhost, service: Service): Node {
	const http = vhost.type === "http" || vhost.type === "http_proxy_protocol";
	const settings = Object.entries(vhost.settings ?? {}).map(([key, value]) => [key.toLowerCase(), value]);
	return object({
		id: vhost.id,
		hostname: vhost.external_host,
		status: vhost.status,
		created_at: rubyTime(vhost.created_at),
		...((vhost.type === "tcp" || vhost.type === "tls") && {
			type: vhost.type,
			ports: vhost.container_ports.join(" ") || "all",
		}),
		...(http && {
			type: "https",
			port: vhost.container_port ?? "default",
			load_balancing_algorithm_type: vhost.load_balancing_algorithm_type ?? "round_robin",
			shared: vhost.shared || "false",
		}),
		internal: vhost.internal,
		...Object.fromEntries(settings),
		ip_whitelist: vhost.ip_whitelist.join(" ") || "all traffic",
		default_domain_enabled: vhost.default,
		default_domain: vhost.default ? vhost.virtual_domain : undefined,
		managed_tls_enabled: vhost.acme,
		...(vhost.acme && {
			managed_tls_domain: vhost.user_domain,
			managed_tls_dns_challenge_hostname: vhost.external_host === null ? null : `acme.${vhost.external_host}`,
			managed_tls_status: vhost.acme_status,
		}),
		service: keyed(serviceNode(service), "service"),
	});
}

export function logDrainNode(store: Store, drain: LogDrain, account: Account): Node {
	const { drain_username, drain_host, drain_port, url } = drain;
	const optional = Object.entries({ drain_username, drain_host, drain_port, url }).filter(
		([, value]) => value !== null,
	);
	return object({
		id: drain.id,
		handle: drain.handle,
		drain_type: drain.drain_type,
		created_at: rubyTime(drain.created_at),
		drain_apps: drain.drain_apps,
		drain_databases: drain.drain_databases,
		drain_ephemeral_sessions: drain.drain_ephemeral_sessions,
		drain_proxies: drain.drain_proxies,
		...Object.fromEntries(optional),
		environment: environmentOf(store, account),
	});
}

export function metricDrainNode(store: Store, drain: MetricDrain, account: Account): Node {
	return object({
		id: drain.id,
		handle: drain.handle,
		drain_type: drain.drain_type,
		created_at: rubyTime(drain.created_at),
		drain_configuration: drain.drain_configuration,
		environment: environmentOf(store, account),
	});
}

export function retentionNode(store: Store, policy: RetentionPolicy, account: Account): Node {
	const { id, daily, monthly, yearly, make_copy, keep_final } = policy;
	return object({ id, daily, monthly, yearly, make_copy, keep_final, environment: environmentOf(store, account) });
}

export function sizingPolicyNode(policy: SizingPolicy, service: Service): Node {
	const { id, owner, created_at, updated_at, autoscaling, scaling_enabled, use_horizontal_scale, ...fields } = policy;
	return object({
		autoscaling_type: autoscaling,
		...fields,
		restart_free_scale: use_horizontal_scale,
		service: keyed(serviceNode(service), "service"),
	});
}

/** A backup; with its database where that may be gone. */
export function backupNode(store: Store, backup: Backup, { withDatabase = false } = {}): Node {
	const created = rubyTime(backup.created_at);
	const copied = backup.copied_from_id === null ? undefined : store.find("backup", backup.copied_from_id);
	const origin = `${backup.manual ? "manual" : "automatic"}${copied ? ", copy" : backup.manual ? ", unknown" : ""}`;
	const database = store.get("database", backup.database_id);
	const deleted = database.deleted_at === null ? null : rubyTime(database.deleted_at);
	const gone = withDatabase ? `, ${database.handle} deleted at ${deleted ?? ""}` : "";
	return object({
		database: withDatabase
			? keyed(
					object({
						id: database.id,
						handle: database.handle,
						type: database.type,
						deleted_at: deleted,
						environment: environmentOf(store, store.get("account", backup.owner)),
					}),
					"id",
				)
			: undefined,
		id: backup.id,
		description: `${backup.id}: ${created}, ${backup.aws_region}, ${origin}${gone}`,
		created_at: created,
		region: backup.aws_region,
		size: backup.size,
		manual: backup.manual,
		copied_from: copied ? keyed(backupNode(store, copied), "description") : undefined,
	});
}
