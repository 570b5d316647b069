/** What the emulated CLI shows of an object, and what it has to show by its spec: read without any of the code under test. */
import assert from "node:assert/strict";
import { listGiven } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import type { Kind, Spec } from "./reconcilers.ts";
import type { World } from "./world.ts";

type Row = Readonly<Record<string, unknown>>;
type Check = (world: World, spec: Spec, ours: boolean) => Promise<void>;

const place = ["--environment", "acme-test"];

/**
 * Fails where the CLI shows of an object another thing than its spec says.
 *
 * @param ours whether all that was there was made from here; config keys of somebody else are left alone
 */
export async function assertShown(world: World, kind: Kind, spec: Spec, ours: boolean): Promise<void> {
	await checks[kind](world, spec, ours);
}

async function rows(world: World, ...argv: string[]): Promise<Row[]> {
	return (await world.cli(...argv)) as Row[];
}

/** The only one with this value. */
function only(list: readonly Row[], field: string, value: unknown): Row {
	const [first, ...others] = list.filter((row) => row[field] === value);
	assert.deepEqual(others, [], `twice: ${field} ${value}`);
	return first ?? assert.fail(`there is no ${field} ${value}`);
}

function letter(profile: unknown): unknown {
	return String(profile).slice(0, 1);
}

const checks: Readonly<Record<Kind, Check>> = {
	// They are nothing on Aptible.
	claims: async () => {},
	leftovers: async () => {},
	environment: async (world, { handle, backups }) => {
		only(await rows(world, "environment:list"), "handle", handle);
		const policy = (await world.cli("backup_retention_policy", String(handle))) as Row;
		const { daily, monthly, yearly, make_copy: makeCopy, keep_final: keepFinal } = policy;
		assert.deepEqual({ daily, monthly, yearly, makeCopy, keepFinal }, backups);
	},
	permissions: async ({ dir }, { roles }) => {
		const declared = Object.entries(roles as Record<string, string[]>);
		const given = listGiven(dir).filter((line) => declared.some(([name]) => line.startsWith(`${name} `)));
		assert.deepEqual(given, declared.flatMap(([name, scopes]) => scopes.map((scope) => `${name} ${scope}`)).sort());
	},
	database: async (world, spec) => {
		const live = only(await rows(world, "db:list", ...place), "handle", spec.handle);
		const { type, version, containerMb, containerProfile, diskGb, iops } = spec;
		assert.deepEqual(
			[live.type, live.version, live.container_size, letter(live.container_profile), live.disk_size],
			[type, version, containerMb, containerProfile, diskGb],
		);
		assert.deepEqual([live.disk_provisioned_iops, live.status], [iops, "provisioned"]);
	},
	"database-restart": async (world, { handle, containerMb }) => {
		assert.equal(only(await rows(world, "db:list", ...place), "handle", handle).container_size, containerMb);
	},
	app: async (world, { handle, config, services }, ours) => {
		const at = ["--app", String(handle), ...place];
		only(await rows(world, "apps", ...place), "handle", handle);
		const live = await rows(world, "services", ...at);
		for (const [name, service] of Object.entries(services as Record<string, Row>)) {
			const row = only(live, "service", name);
			// What autoscaling decides is its own business.
			if (service.autoscale !== undefined) continue;
			assert.deepEqual([row.container_count, row.container_size], [service.containers, service.containerMb]);
		}
		const shown = await rows(world, "config", ...at);
		const values = Object.entries(config as Record<string, string>).map(([key, value]) => {
			return [key, value.replace(/\$\{secrets\.(\w+)\}/, (_, name) => process.env[`SECRETS_${name}`] ?? "")];
		});
		const declared = shown.filter(({ key }) => ours || String(key) in (config as object));
		assert.deepEqual(declared.map(({ key, value }) => [key, value]).sort(), values.sort());
	},
	endpoint: async (world, { on, ipFilter }) => {
		const [noun = "", owner = ""] = Object.entries(on as Record<string, string>)[0] ?? [];
		const [live, ...others] = await rows(world, "endpoints:list", `--${noun}`, owner, ...place);
		assert.deepEqual(others, []);
		const shown = String(live?.ip_whitelist).split(" ").sort();
		const addresses = [...(ipFilter as string[])].sort();
		assert.deepEqual(shown, addresses.length === 0 ? ["all", "traffic"] : addresses);
	},
	"log-drain": async (world, { name }) => drain(await rows(world, "log_drain:list", ...place), String(name)),
	"metric-drain": async (world, { name }) => drain(await rows(world, "metric_drain:list", ...place), String(name)),
};

/** One whose handle is the name (made by hand) or begins with it: a changed drain has another one. */
function drain(list: readonly Row[], name: string): void {
	assert.equal(list.filter(({ handle }) => String(handle) === name || String(handle).startsWith(`${name}-`)).length, 1);
}
