import type { LogDrain, MetricDrain } from "./drain-model.ts";
import { gitRemote } from "./format.ts";
import type {
	Account,
	App,
	Backup,
	Certificate,
	Database,
	DatabaseImage,
	Operation,
	Organization,
	RetentionPolicy,
	Service,
	SizingPolicy,
	Stack,
	Vhost,
} from "./model.ts";
import { pluralOf } from "./server/resources.ts";
import { statusOf } from "./server/settle.ts";
import type { Store } from "./store.ts";

/** A resource or list as the API answers with it. */
export type Hal = Record<string, unknown>;

/** What an answer depends on beside the record: where links point, and how much may be shown. */
export interface View {
	store: Store;
	/** Scheme and host of the request, since links are made from it. */
	root: string;
	/** `false` where the caller asked to be spared secrets (`Prefer: no_sensitive_extras=true`). */
	showSecrets: boolean;
	/** `true` where the caller asked for secrets expressly. */
	showSensitiveSettings: boolean;
	/** No page of a list has more than this, whatever the caller asks for. */
	longestPage: number;
	/** `true` where those that are not shown are an empty object. */
	emptiesSensitiveSettings?: boolean;
}

function resource(view: View, type: string, path: string, fields: Hal, links: Record<string, string | null> = {}): Hal {
	const { owner: _owner, ...shown } = fields;
	const hrefs = Object.entries({ self: path, ...links }).flatMap(([name, target]) =>
		target === null ? [] : [[name, { href: `${view.root}${target}` }]],
	);
	return { ...shown, _type: type, _links: Object.fromEntries(hrefs) };
}

/** A page of a list. */
export function listOf(view: View, name: string, items: Hal[], url: URL): Hal {
	const perPage = Math.min(Math.max(Number(url.searchParams.get("per_page") ?? 40), 1), view.longestPage);
	const page = Math.max(Number(url.searchParams.get("page") ?? 1), 1);
	const at = (number: number) => {
		const params = new URLSearchParams(url.searchParams);
		params.set("page", String(number));
		return { href: `${view.root}${url.pathname}?${params}` };
	};
	return {
		total_count: items.length,
		per_page: perPage,
		current_page: page,
		_links: {
			self: at(page),
			...(page * perPage < items.length ? { next: at(page + 1) } : {}),
			...(page > 1 ? { prev: at(page - 1) } : {}),
		},
		_embedded: { [name]: items.slice((page - 1) * perPage, page * perPage) },
	};
}

export function stackHal(view: View, stack: Stack): Hal {
	const { organization_id: organization, ...fields } = stack;
	const links = { organization: organization === null ? null : `/organizations/${organization}` };
	return resource(view, "stack", `/stacks/${stack.id}`, fields, links);
}

export function organizationHal(view: View, { uuid, name, created_at }: Organization): Hal {
	return resource(view, "organization", `/organizations/${uuid}`, { id: uuid, name, created_at });
}

export function accountHal(view: View, account: Account): Hal {
	const { stack_id, organization_id, ...fields } = account;
	const path = `/accounts/${account.id}`;
	const lists = [
		"apps",
		"databases",
		"log_drains",
		"metric_drains",
		"certificates",
		"backups",
		"backup_retention_policies",
	];
	return resource(view, "account", path, fields, {
		stack: `/stacks/${stack_id}`,
		organization: `/organizations/${organization_id}`,
		...Object.fromEntries(lists.map((list) => [list, `${path}/${list}`])),
	});
}

export function appHal(view: View, app: App): Hal {
	const { store } = view;
	const path = `/apps/${app.id}`;
	const { id, handle, status, created_at, updated_at } = app;
	const deploy =
		app.last_deploy_operation_id === null ? undefined : store.find("operation", app.last_deploy_operation_id);
	return {
		...resource(
			view,
			"app",
			path,
			{
				id,
				handle,
				status,
				created_at,
				updated_at,
				git_repo: gitRemote(store, app),
				deployment_method: deploymentOf(app),
			},
			{
				account: `/accounts/${app.owner}`,
				services: `${path}/services`,
				operations: `${path}/operations`,
				current_configuration: app.configuration === null ? null : `/configurations/${id}`,
				current_setting: app.settings === null ? null : `/settings/${id}`,
			},
		),
		_embedded: {
			services: store.list("service", id).map((service) => serviceHal(view, service)),
			last_deploy_operation: deploy ? operationHal(view, deploy) : null,
			current_image: app.image_digest ? { _type: "image", docker_ref: app.image_digest } : null,
		},
	};
}

function deploymentOf(app: App): string | null {
	return app.settings?.APTIBLE_DOCKER_IMAGE === undefined ? null : "docker_image";
}

export function configurationHal(view: View, app: App): Hal {
	return resource(
		view,
		"configuration",
		`/configurations/${app.id}`,
		{ id: app.id, ...(view.showSecrets ? { env: app.configuration ?? {} } : {}) },
		{ resource: `/apps/${app.id}` },
	);
}

export function settingHal(view: View, owner: App | Vhost): Hal {
	const isApp = "sensitive_settings" in owner;
	const hidden = view.emptiesSensitiveSettings ? { sensitive_settings: {} } : {};
	const shown = isApp && view.showSensitiveSettings;
	const sensitive = shown ? { sensitive_settings: owner.sensitive_settings } : hidden;
	return resource(
		view,
		"setting",
		`/settings/${owner.id}`,
		{ id: owner.id, settings: owner.settings ?? {}, ...sensitive },
		{ resource: `/${isApp ? "apps" : "vhosts"}/${owner.id}` },
	);
}

export function serviceHal(view: View, service: Service): Hal {
	const { of, owner, ...fields } = service;
	const path = `/services/${service.id}`;
	const handle = `${view.store.find(of, owner)?.handle ?? ""}-${service.process_type}`;
	const policy = view.store.list("service_sizing_policy", service.id)[0];
	const account = view.store.get(of, owner).owner;
	return resource(
		view,
		"service",
		path,
		{ ...fields, handle, command: null, docker_repo: null, docker_ref: null },
		{
			[of]: `/${of}s/${owner}`,
			account: `/accounts/${account}`,
			operations: `${path}/operations`,
			service_sizing_policies: `${path}/service_sizing_policies`,
			service_sizing_policy: policy ? `${path}/service_sizing_policy` : null,
		},
	);
}

export function policyHal(view: View, policy: SizingPolicy): Hal {
	return resource(
		view,
		"service_sizing_policy",
		`/service_sizing_policies/${policy.id}`,
		{ ...policy },
		{
			service: `/services/${policy.owner}`,
		},
	);
}

export function databaseHal(view: View, database: Database): Hal {
	const { disk, credentials, service_id, database_image_id, initialize_from_id, replica, deleted_at, ...fields } =
		database;
	const path = `/databases/${database.id}`;
	const shown = view.showSecrets ? credentials : [];
	const connectionUrl = shown.find((credential) => credential.default)?.connection_url ?? null;
	return {
		...resource(
			view,
			"database",
			path,
			{ ...fields, connection_url: connectionUrl, provisioned: database.status === "provisioned" },
			{
				account: `/accounts/${database.owner}`,
				database_image: `/database_images/${database_image_id}`,
				service: service_id === null ? null : `/services/${service_id}`,
				initialize_from: replica && initialize_from_id !== null ? `/databases/${initialize_from_id}` : null,
				operations: `${path}/operations`,
			},
		),
		_embedded: {
			disk: disk && { ...disk, _type: "disk" },
			database_credentials: shown.map((credential) => ({ ...credential, _type: "database_credential" })),
		},
	};
}

export function vhostHal(view: View, vhost: Vhost): Hal {
	const { certificate_id, settings, served: _, ...fields } = vhost;
	const path = `/vhosts/${vhost.id}`;
	return resource(
		view,
		"vhost",
		path,
		{
			...fields,
			acme_dns_challenge_host: vhost.acme && vhost.external_host !== null ? `acme.${vhost.external_host}` : null,
		},
		{
			service: `/services/${vhost.owner}`,
			certificate: certificate_id === null ? null : `/certificates/${certificate_id}`,
			current_setting: settings === null ? null : `/settings/${vhost.id}`,
			operations: `${path}/operations`,
		},
	);
}

const DRAIN_SECRETS = ["url", "drain_password", "logging_token", "drain_configuration"];

export function drainHal(view: View, kind: "log_drain" | "metric_drain", drain: LogDrain | MetricDrain): Hal {
	const { database_id: database, ...shown } = drain;
	const fields = Object.entries(shown).filter(([name]) => view.showSecrets || !DRAIN_SECRETS.includes(name));
	const path = `/${kind}s/${drain.id}`;
	return resource(view, kind, path, Object.fromEntries(fields), {
		account: `/accounts/${drain.owner}`,
		// The API's description has the database as a link only.
		database: database === null ? null : `/databases/${database}`,
		operations: `${path}/operations`,
	});
}

export function backupHal(view: View, backup: Backup): Hal {
	const { database_id, copied_from_id, operation_id, ...fields } = backup;
	const database = view.store.get("database", database_id);
	const shown = { ...fields, database_handle: database.handle };
	return resource(view, "backup", `/backups/${backup.id}`, shown, {
		account: `/accounts/${backup.owner}`,
		database_image: `/database_images/${database.database_image_id}`,
		database_with_deleted: `/databases/${database_id}`,
		copied_from: copied_from_id === null ? null : `/backups/${copied_from_id}`,
		// aptible-cli 0.26.6, resource_formatter.rb; absent where it was taken by the clock.
		created_from_operation: operation_id === null ? null : `/operations/${operation_id}`,
		operations: `/backups/${backup.id}/operations`,
	});
}

export function databaseImageHal(view: View, image: DatabaseImage): Hal {
	return resource(view, "database_image", `/database_images/${image.id}`, { ...image });
}

export function retentionHal(view: View, policy: RetentionPolicy): Hal {
	return resource(
		view,
		"backup_retention_policy",
		`/backup_retention_policies/${policy.id}`,
		{ ...policy },
		{
			account: `/accounts/${policy.owner}`,
		},
	);
}

export function certificateHal(view: View, certificate: Certificate): Hal {
	return resource(
		view,
		"certificate",
		`/certificates/${certificate.id}`,
		{ ...certificate },
		{
			account: `/accounts/${certificate.owner}`,
		},
	);
}

export function operationHal(view: View, operation: Operation): Hal {
	const { id, type, cancelled, git_ref, user_name, user_email, created_at, updated_at, resource_kind, resource_id } =
		operation;
	const { body } = operation;
	// The fields of facts/aptible-api.md and no others: the IOPS that were asked for are not among them.
	return resource(
		view,
		"operation",
		`/operations/${id}`,
		{
			...{ id, type, status: statusOf(operation), cancelled, aborted: false, git_ref, user_name, user_email },
			...{ created_at, updated_at },
			docker_ref: body.docker_ref ?? null,
			container_count: body.container_count ?? null,
			container_size: body.container_size ?? null,
			instance_profile: body.instance_profile ?? null,
			disk_size: body.disk_size ?? null,
			handle: body.handle ?? null,
			settings: body.settings ?? null,
			...(view.showSecrets ? { env: body.env ?? null } : {}),
			...(view.showSensitiveSettings ? { sensitive_settings: body.sensitive_settings ?? null } : {}),
		},
		{ resource: `/${pluralOf(resource_kind)}/${resource_id}`, logs: `/operations/${id}/logs` },
	);
}
