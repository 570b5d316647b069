/** Lists of a whole environment: what is made of them, and what is asked where an answer lacks what the next one may have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listApps, readApp, readConfig } from "../../../aptible/api/app.ts";
import { listBackups, listOrphanedBackups } from "../../../aptible/api/backup.ts";
import { listDatabasesWithUrls, readDatabase } from "../../../aptible/api/database.ts";
import { listEndpointsIn, listFingerprints } from "../../../aptible/api/endpoint.ts";
import { listEnvironments, listStacks, readBackupRetention, withStack } from "../../../aptible/api/environment.ts";
import { listServicesIn } from "../../../aptible/api/service.ts";
import { account, link, openApi } from "../../support/local-api.ts";

/** What is always said of an endpoint. */
const plain = {
	internal: false,
	default: false,
	acme: false,
	ip_whitelist: [],
	container_port: null,
	container_ports: [],
	load_balancing_algorithm_type: null,
	shared: false,
};

test("an environment has its certificate from the list, and its stack from a link that is read once", async (t) => {
	const acme = { id: 7, handle: "acme", ca_body: "PEM", _links: { stack: link("/stacks/3") } };
	const { api, asked } = await openApi(t, {
		"/accounts": [acme, { id: 8, handle: "bare" }],
		"/accounts/8": { id: 8, handle: "bare", _links: { stack: link("/stacks/3") } },
		"/stacks/3": {
			id: 3,
			name: "acme-ca",
			region: "ca-central-1",
			outbound_ip_addresses: ["203.0.113.9"],
			_links: { organization: link("/organizations/5b1f") },
		},
	});
	const environments = await listEnvironments(api);
	assert.deepEqual(environments, [
		{ id: 7, handle: "acme", caCertificate: "PEM", stackId: 3 },
		{ id: 8, handle: "bare", caCertificate: "", stackId: undefined },
	]);
	const placed = await Promise.all(environments.map((one) => withStack(api, one)));
	assert.deepEqual(placed.map(({ stack }) => stack)[1], {
		id: 3,
		name: "acme-ca",
		region: "ca-central-1",
		outboundIpAddresses: ["203.0.113.9"],
		organizationId: "5b1f",
		defaultDomain: undefined,
	});
	assert.equal(asked.filter(({ path }) => path === "/stacks/3").length, 1);
	assert.deepEqual([...new Set(asked.map(({ prefer }) => prefer))], ["no_sensitive_extras=true"]);
});

test("of several backup policies the newest is in force, and of none Aptible's own", async (t) => {
	const policy = { daily: 1, monthly: 0, yearly: 0, make_copy: true, keep_final: false };
	const { api } = await openApi(t, {
		"/accounts/7/backup_retention_policies": [
			{ id: 1, ...policy },
			{ id: 9, ...policy, daily: 14, pitr_days: 3 },
			{ id: 4, ...policy },
		],
		"/accounts/8/backup_retention_policies": [],
	});
	const { daily, makeCopy, keepFinal, pitrDays } = await readBackupRetention(api, 7);
	assert.deepEqual([daily, makeCopy, keepFinal, pitrDays], [14, true, false, 3]);
	assert.deepEqual(await readBackupRetention(api, 8), {
		daily: 30,
		monthly: 12,
		yearly: 6,
		makeCopy: false,
		keepFinal: true,
		pitrDays: undefined,
	});
});

const service = { container_count: 1, container_memory_limit_mb: 1024, instance_class: "r5" };
const databaseLinks = { account, database_image: link("/database_images/2"), service: link("/services/30") };

test("a database is whole by its image, its service and its disk, wherever the API has them", async (t) => {
	const { api, asked } = await openApi(t, {
		"/accounts/7/databases": [
			{
				id: 10,
				handle: "main",
				type: "postgresql",
				status: "provisioned",
				enable_backups: false,
				current_kms_arn: "arn:aws:kms:x",
				pitr_status: "supported",
				oldest_pitr_time: "2026-11-30T03:00:00Z",
				connection_url: "postgresql://u:p@h:1/db",
				_links: { ...databaseLinks, initialize_from: link("/databases/9") },
				_embedded: {
					disk: { size: 50, baseline_iops: 4000 },
					database_credentials: [{ type: "postgresql", connection_url: "postgresql://u:p@h:1/db", default: true }],
				},
			},
			// Of the second nothing is embedded, and its service is not in the list of services.
			{
				id: 11,
				handle: "bare",
				type: "redis",
				status: "provisioned",
				_links: { ...databaseLinks, service: link("/services/31"), disk: link("/disks/5") },
			},
			{
				id: 12,
				handle: "young",
				type: "redis",
				status: "pending",
				_links: { account, database_image: link("/database_images/2") },
			},
			{ id: 13, handle: "gone", type: "redis", status: "deprovisioned", _links: { account } },
		],
		"/databases/11": {
			id: 11,
			handle: "bare",
			type: "redis",
			status: "provisioned",
			_links: { account },
			_embedded: { database_credentials: [{ type: "redis", connection_url: "redis://:p@h:1" }] },
		},
		"/accounts/7/services": [
			{ id: 30, process_type: "postgresql", ...service, _links: { database: link("/databases/10") } },
		],
		"/services/31": { id: 31, process_type: "redis", ...service, container_memory_limit_mb: 512 },
		"/database_images/2": { type: "postgresql", version: "16" },
		"/disks/5": { size: 10, baseline_iops: 3000 },
	});
	const services = await listServicesIn(api, 7);
	const databases = await listDatabasesWithUrls(api, 7, services);
	assert.deepEqual(
		databases.map(({ handle, diskGb, iops, containerMb, containerProfile, connectionUrl }) => {
			return [handle, diskGb, iops, containerMb, containerProfile, connectionUrl];
		}),
		[
			["main", 50, 4000, 1024, "r", "postgresql://u:p@h:1/db"],
			["bare", 10, 3000, 512, "r", undefined],
			["young", undefined, undefined, undefined, undefined, undefined],
		],
	);
	assert.deepEqual(databases[1]?.credentials, [{ type: "redis", connectionUrl: "redis://:p@h:1" }]);
	const [main] = databases;
	assert.deepEqual(
		[main?.version, main?.automaticBackups, main?.kmsKeyArn, main?.primaryId],
		["16", false, "arn:aws:kms:x", 9],
	);
	assert.deepEqual(
		databases.map(({ recovery }) => recovery),
		[{ status: "supported", oldest: "2026-11-30T03:00:00Z" }, undefined, undefined],
	);
	assert.equal(asked.filter(({ path }) => path.startsWith("/database_images/2")).length, 1, "an image never changes");
	const withSecrets = asked.filter(({ prefer }) => prefer === "no_sensitive_extras=false").map(({ path }) => path);
	assert.deepEqual(withSecrets, ["/accounts/7/databases?per_page=1000", "/databases/11"]);
	await readDatabase(api, 11);
	assert.equal(asked.at(-1)?.prefer ?? asked.at(-2)?.prefer, "no_sensitive_extras=true");
});

test("an endpoint stands as `endpoints:list` has it, and its settings are read where it has some", async (t) => {
	const vhost = {
		status: "provisioned",
		created_at: "2026-11-23T06:16:07Z",
		...plain,
	};
	const on = (id: number, more: object = {}) => ({ service: link(`/services/${id}`), ...more });
	const { api, asked } = await openApi(t, {
		"/accounts/7/vhosts": [
			{
				...vhost,
				id: 1,
				type: "http",
				default: true,
				virtual_domain: "app-1.on-aptible.com",
				external_host: "elb-1.aptible.in",
				ip_whitelist: ["203.0.113.7", "203.0.113.8"],
				_links: on(30, { current_setting: link("/settings/90"), certificate: link("/certificates/60") }),
			},
			{ ...vhost, id: 2, type: "tcp", container_ports: [1883, 1884], internal: true, _links: on(30) },
			{
				...vhost,
				id: 3,
				type: "grpc",
				acme: true,
				user_domain: "rpc.acme.example",
				container_port: 9000,
				_links: on(30),
			},
			{ ...vhost, id: 4, type: "tls", _links: on(99) },
			{ ...vhost, id: 6, type: "quic", _links: on(30) },
			{ ...vhost, id: 5, type: "tls", status: "deprovisioned", _links: on(30) },
		],
		"/settings/90": { id: 90, settings: { FORCE_SSL: "true", IDLE_TIMEOUT: "120" } },
		"/accounts/7/certificates": [{ id: 60, sha256_fingerprint: "AB:CD" }],
	});
	const endpoints =
		(await listEndpointsIn(api, 7, [{ id: 30, service: "web" }], { hasSettings: true, areAll: false })).get(30) ?? [];
	const fields = ["type", "port", "ports", "shared", "internal", "ip_whitelist", "service", "force_ssl"];
	assert.deepEqual(
		endpoints.map((one) => [one.id, ...fields.map((field) => one[field])]),
		[
			[1, "https", "default", undefined, "false", false, "203.0.113.7 203.0.113.8", "web", "true"],
			[2, "tcp", undefined, "1883 1884", undefined, true, "all traffic", "web", undefined],
			[3, undefined, undefined, undefined, undefined, false, "all traffic", "web", undefined],
			[6, "quic", undefined, undefined, undefined, false, "all traffic", "web", undefined],
		],
	);
	const [https, , grpc] = endpoints;
	assert.deepEqual([https?.defaultDomain, https?.certificateId], ["app-1.on-aptible.com", 60]);
	assert.deepEqual([grpc?.managedTlsDomain, grpc?.containerPort], ["rpc.acme.example", 9000]);
	assert.deepEqual(
		asked.map(({ path }) => path.split("?")[0]),
		["/accounts/7/vhosts", "/settings/90"],
	);
	assert.deepEqual(await listFingerprints(api, 7), new Map([[60, "abcd"]]));
});

test("an app without what may be embedded is one all the same", async (t) => {
	const { api } = await openApi(t, {
		"/accounts/7/apps": [{ id: 5, handle: "portal", status: "pending" }],
		"/apps/5": { id: 5, handle: "portal", status: "pending", _links: { account } },
		"/apps/6": {
			id: 6,
			handle: "hidden",
			status: "provisioned",
			_links: { account, current_configuration: link("/configurations/8") },
		},
		"/configurations/8": { id: 8 },
	});
	assert.deepEqual(await listApps(api, 7), [{ id: 5, handle: "portal", status: "pending", gitRemote: "" }]);
	const bare = await readApp(api, 5);
	assert.deepEqual([bare.services, bare.lastDeploy, bare.settingId], [[], undefined, undefined]);
	assert.deepEqual(await readConfig(api, bare), new Map());
	assert.equal(await readConfig(api, await readApp(api, 6)), "hidden");
});

test("a backup says when it was taken, of what, and what it is a copy of", async (t) => {
	const backup = { created_at: "2026-11-23T06:16:23.456Z", database_handle: "main" };
	const { api, asked } = await openApi(t, {
		"/databases/10/backups": [
			{ ...backup, id: 2, manual: true, _links: { created_from_operation: link("/operations/77") } },
			{ ...backup, id: 3, _links: { copied_from: link("/backups/2") } },
			{ ...backup, id: 4, _embedded: { copied_from: { id: 2 } } },
		],
		"/accounts/7/backups": [{ ...backup, id: 5, _links: { database: link("/databases/10") } }],
	});
	assert.deepEqual(
		(await listBackups(api, 10)).map(({ id, isManual, isCopy, copiedFromId, operationId }) => {
			return [id, isManual, isCopy, copiedFromId, operationId];
		}),
		[
			[2, true, false, undefined, 77],
			[3, false, true, 2, undefined],
			[4, false, true, 2, undefined],
		],
	);
	const [orphan] = await listOrphanedBackups(api, 7);
	assert.deepEqual(
		[orphan?.createdAt, orphan?.databaseId, orphan?.databaseHandle],
		["2026-11-23 06:16:23 UTC", 10, "main"],
	);
	assert.match(asked.at(-1)?.path ?? "", /^\/accounts\/7\/backups\?orphaned=true&/);
});

test("a date of another form, and a stack without its region, are errors that name the request", async (t) => {
	const { api } = await openApi(t, {
		"/databases/10/backups": [{ id: 2, created_at: "last Monday" }],
		"/stacks": [{ id: 3, name: "shared" }],
	});
	await assert.rejects(
		listBackups(api, 10),
		/^ApiError: GET \/databases\/10\/backups on the Deploy API failed: unexpected form of answer:[\s\S]*created_at/,
	);
	await assert.rejects(
		listStacks(api),
		/^ApiError: GET \/stacks on the Deploy API failed: unexpected form of answer:[\s\S]*region/,
	);
});

test("what is removed since it was listed is not there, and what fails otherwise is no such thing", async (t) => {
	const database = {
		id: 10,
		handle: "main",
		type: "redis",
		status: "provisioned",
		_links: { account, service: link("/services/30") },
	};
	const vhost = {
		...plain,
		id: 1,
		type: "http",
		status: "provisioned",
		created_at: "2026-11-23T06:16:07Z",
		_links: { service: link("/services/31"), current_setting: link("/settings/90") },
	};
	const answers = { "/accounts/7/databases": [database], "/accounts/7/vhosts": [vhost] };
	const gone = await openApi(t, answers);
	assert.deepEqual(await listDatabasesWithUrls(gone.api, 7, []), []);
	assert.deepEqual(
		await listEndpointsIn(gone.api, 7, [{ id: 31, service: "web" }], { hasSettings: true, areAll: false }),
		new Map(),
	);
	const other = await openApi(t, {
		...answers,
		"/services/30": { id: 30, process_type: 7 },
		"/settings/90": { settings: 7 },
	});
	await assert.rejects(listDatabasesWithUrls(other.api, 7, []), /GET \/services\/30 .* unexpected form of answer/);
	await assert.rejects(
		listEndpointsIn(other.api, 7, [{ id: 31, service: "web" }], { hasSettings: true, areAll: false }),
		/GET \/settings\/90 /,
	);
});
