import assert from "node:assert/strict";
import { test } from "node:test";
import { startApi } from "../../aptible/api-server.ts";
import { setFault } from "../../aptible/faults.ts";
import { setPitrDays } from "../../aptible/setup.ts";
import { Bench } from "./support.ts";

const DEPLOY = ["deploy", "--app", "portal", "--docker-image", "acme/portal:1"];

/** The part of an answer that these tests look at. */
interface Body {
	id: number;
	handle: string;
	name: string;
	type: string;
	status: string;
	message: string;
	error: string;
	total_count: number;
	settings: Record<string, string>;
	sensitive_settings: Record<string, string>;
	env: Record<string, string>;
	enable_backups: boolean;
	force_zero_downtime: boolean;
	drain_proxies: boolean;
	_links: Record<string, { href: string }>;
	_embedded: Record<string, Body[]>;
}

class Client implements AsyncDisposable {
	readonly #api: Awaited<ReturnType<typeof startApi>>;

	constructor(api: Awaited<ReturnType<typeof startApi>>) {
		this.#api = api;
	}

	static async over(bench: Bench): Promise<Client> {
		return new Client(await startApi(bench.dir));
	}

	async ask(
		method: string,
		path: string,
		body?: unknown,
		headers: Record<string, string> = {},
	): Promise<[number, Body]> {
		const url = path.startsWith("http") ? path : `${this.#api.url}${path}`;
		const response = await fetch(url, {
			method,
			headers: { authorization: "Bearer token", ...headers },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		return [response.status, text.startsWith("{") ? JSON.parse(text) : {}];
	}

	async get(path: string, headers?: Record<string, string>): Promise<Body> {
		const [status, body] = await this.ask("GET", path, undefined, headers);
		assert.equal(status, 200, path);
		return body;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#api.close();
	}
}

async function items(client: Client, path: string, name: string): Promise<Body[]> {
	return (await client.get(path))._embedded[name] ?? [];
}

test("an environment is made on a stack, renamed, and deleted once it is empty", async () => {
	using bench = new Bench();
	await using client = await Client.over(bench);
	const stacks = await items(client, "/stacks", "stacks");
	const dedicated = stacks.find((stack) => stack._links.organization);
	const shared = stacks.find((stack) => !stack._links.organization);
	const [organization] = await items(client, "/organizations", "organizations");
	const base = { handle: "acme-prod", organization_id: organization?.id };
	const [wrong, refusal] = await client.ask("POST", "/accounts", { ...base, stack_id: shared?.id, type: "production" });
	assert.deepEqual([wrong, refusal.error], [422, "unprocessable_entity"]);
	const [created, account] = await client.ask("POST", "/accounts", {
		...base,
		stack_id: dedicated?.id,
		type: "production",
	});
	assert.equal(created, 201);
	assert.equal((await client.get(account._links.stack?.href ?? "")).name, "acme-prod-ca");
	const [taken, clash] = await client.ask("POST", "/accounts", {
		...base,
		stack_id: dedicated?.id,
		type: "production",
	});
	assert.deepEqual([taken, clash.message], [422, "Handle has already been taken"]);

	await client.ask("PUT", `/accounts/${account.id}`, { handle: "acme-live" });
	assert.equal((await client.get("/find/account?handle=acme-live")).id, account.id);
	await bench.ok("apps:create", "portal");
	assert.equal((await client.ask("DELETE", `/accounts/${account.id}`))[0], 422);
	await bench.ok("apps:deprovision", "--app", "portal");
	await bench.ok("db:create", "main");
	await bench.ok("db:deprovision", "main");
	const [held, because] = await client.ask("DELETE", `/accounts/${account.id}`);
	assert.deepEqual([held, because.message], [422, "Cannot delete an environment that still has backups"]);
	const [backup] = await items(client, `/accounts/${account.id}/backups`, "backups");
	await client.ask("POST", `/backups/${backup?.id}/operations`, { type: "purge" });
	assert.equal((await client.ask("DELETE", `/accounts/${account.id}`))[0], 204);
	assert.equal((await client.ask("GET", `/accounts/${account.id}`))[0], 404);
});

test("nothing is answered without a token, and other routes are not there", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	const [status, body] = await client.ask("GET", "/accounts", undefined, { authorization: "" });
	assert.deepEqual([status, body.error], [401, "invalid_token"]);
	assert.equal((await client.ask("GET", "/nothing"))[0], 404);
	assert.equal((await client.ask("DELETE", "/apps/1"))[0], 404);
	assert.equal((await client.get("/current_token"))._links.user?.href.endsWith("/users/1"), true);
	assert.deepEqual(await items(client, "/reauthenticate_organizations", "reauthenticate_organizations"), []);
});

test("an app shows its services, config and settings, and the registry's secrets only when asked for them", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	await bench.ok("apps:create", "portal");
	await bench.ok(...DEPLOY, "--private-registry-username", "u", "--private-registry-password", "p", "A=1");
	const app = await client.get("/find/app?handle=portal&environment=acme-staging");
	assert.equal(app._embedded.services?.length, 2);
	const setting = app._links.current_setting?.href ?? "";
	assert.deepEqual((await client.get(setting)).settings, { APTIBLE_DOCKER_IMAGE: "acme/portal:1" });
	assert.equal((await client.get(setting)).sensitive_settings, undefined);
	const shown = await client.get(setting, { prefer: "no_sensitive_extras=false" });
	assert.equal(shown.sensitive_settings.APTIBLE_PRIVATE_REGISTRY_PASSWORD, "p");
	assert.deepEqual((await client.get(app._links.current_configuration?.href ?? "")).env, { A: "1" });
	const [listed] = await items(
		client,
		(await client.get(app._links.account?.href ?? ""))._links.apps?.href ?? "",
		"apps",
	);
	assert.equal(listed?.id, app.id);
});

test("flags of a service can be read back, and its autoscaling policy taken away", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	await bench.ok("apps:create", "portal");
	await bench.ok(...DEPLOY);
	const app = await client.get("/find/app?handle=portal");
	const path = `/services/${app._embedded.services?.[0]?.id}`;
	await client.ask("PUT", path, { force_zero_downtime: true });
	assert.equal((await client.get(path)).force_zero_downtime, true);
	await bench.ok("services:autoscaling_policy:set", "web", "--app", "portal", "--autoscaling-type", "vertical");
	assert.equal((await items(client, `${path}/service_sizing_policies`, "service_sizing_policies")).length, 1);
	assert.equal((await client.ask("DELETE", `${path}/service_sizing_policy`))[0], 204);
	assert.equal((await bench.run(["services:autoscaling_policy", "web", "--app", "portal"])).exit, 1);
});

test("backups of a database are switched off, unless point-in-time recovery needs them", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	await bench.ok("db:create", "main");
	const { id } = await client.get("/find/database?handle=main&environment=acme-staging");
	const off = () => client.ask("PATCH", `/databases/${id}`, { enable_backups: false });
	const [refused, because] = await off();
	const says = "Point-in-time recovery must be disabled before backups can be disabled";
	assert.deepEqual([refused, because.message], [422, says]);
	setPitrDays(bench.dir, "acme-staging", 0);
	await off();
	assert.equal((await client.get(`/databases/${id}`)).enable_backups, false);
});

test("a replica that is unlinked lets its source go first", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	await bench.ok("db:create", "main");
	await bench.ok("db:replicate", "main", "copy");
	assert.notEqual((await bench.run(["db:deprovision", "main"])).exit, 0);
	const { id } = await client.get("/find/database?handle=copy");
	assert.equal((await client.ask("POST", `/databases/${id}/unlink`, {}))[0], 200);
	await bench.ok("db:deprovision", "main");
});

test("operations are listed newest first, in pages, and show what the CLI's failures leave behind", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	setFault(bench.dir, { name: "provision-fails" });
	await bench.run(["db:create", "main"]);
	const { id, status } = await client.get("/find/database?handle=main");
	assert.equal(status, "provision_failed");
	const [again, operation] = await client.ask("POST", `/databases/${id}/operations`, {
		type: "provision",
		disk_size: 10,
	});
	assert.deepEqual([again, operation.status], [201, "succeeded"]);
	assert.equal((await client.get(`/databases/${id}`)).status, "provisioned");
	const page = await client.get(`/databases/${id}/operations?per_page=1`);
	assert.deepEqual([page.total_count, page._embedded.operations?.[0]?.id], [2, operation.id]);
	const older = await client.get(page._links.next?.href ?? "");
	assert.equal(older._embedded.operations?.[0]?.status, "failed");
	assert.deepEqual(await items(client, `/databases/${id}/operations?page=9`, "operations"), []);
	assert.equal((await client.get(`/operations/${operation.id}`)).type, "provision");
});

test("drains are made and changed over the API without going through a command line", async () => {
	using bench = new Bench("acme-staging");
	await using client = await Client.over(bench);
	const account = await client.get("/find/account?handle=acme-staging");
	const drain = {
		handle: "siem",
		drain_type: "https_post",
		url: "https://u:p@x.example/",
		drain_apps: true,
		drain_proxies: true,
	};
	const [created, made] = await client.ask("POST", `/accounts/${account.id}/log_drains`, drain);
	assert.deepEqual([created, made.status], [201, "pending"]);
	await client.ask("POST", `/log_drains/${made.id}/operations`, { type: "provision" });
	await client.ask("PUT", `/log_drains/${made.id}`, { drain_proxies: false, url: "https://other.example" });
	const read = await client.get(`/log_drains/${made.id}`);
	assert.deepEqual([read.status, read.drain_proxies], ["provisioned", false]);
	const configuration = { api_key: "k", series_url: "https://app.datadoghq.com/api/v1/series" };
	const metrics = { handle: "dd", drain_type: "datadog", drain_configuration: configuration };
	assert.equal((await client.ask("POST", `/accounts/${account.id}/metric_drains`, metrics))[0], 201);
	assert.equal((await items(client, `/accounts/${account.id}/metric_drains`, "metric_drains"))[0]?.handle, "dd");
});

const environment = "acme-test";

test("an environment lists what it has by way of its apps and databases, with links to join it by", async () => {
	using bench = new Bench(environment);
	await using client = await Client.over(bench);
	await bench.ok("apps:create", "portal", "--environment", environment);
	await bench.ok(...DEPLOY);
	await bench.ok("db:create", "main", "--type", "postgresql", "--environment", environment);
	await bench.ok("services:autoscaling_policy:set", "web", "--app", "portal", "--autoscaling-type", "vertical");
	await bench.ok("endpoints:https:create", "web", "--app", "portal", "--default-domain", "--idle-timeout", "120");
	const [account] = await items(client, "/accounts", "accounts");
	const at = `/accounts/${account?.id}`;
	const services = await items(client, `${at}/services`, "services");
	assert.equal(services.filter(({ _links }) => _links.database).length, 1);
	const web = services.find(({ _links }) => _links.app && _links.service_sizing_policy);
	const [policy, ...others] = await items(client, `${at}/service_sizing_policies`, "service_sizing_policies");
	assert.deepEqual(others, []);
	assert.equal(web?._links.service_sizing_policy?.href.split("/").at(-1), String(policy?.id));
	assert.deepEqual(Object.keys(policy?._links ?? {}), ["self", "account"], "it does not say which service it is of");
	const [vhost] = await items(client, `${at}/vhosts`, "vhosts");
	assert.equal(vhost?._links.service?.href, web?._links.self?.href);
	assert.deepEqual((await client.get(vhost?._links.current_setting?.href ?? "")).settings, { IDLE_TIMEOUT: "120" });
	const [app] = await items(client, `${at}/apps`, "apps");
	assert.equal((await items(client, `/apps/${app?.id}/vhosts`, "vhosts")).length, 1);
	assert.equal((await items(client, `/services/${web?.id}/vhosts`, "vhosts")).length, 1);
	assert.ok(app !== undefined && "_embedded" in app);
	const [bare] = await items(client, `${at}/apps?no_embed=true`, "apps");
	assert.ok(bare !== undefined && !("_embedded" in bare));
	const shown = async (prefer: string) => {
		const list = await client.get(`${at}/databases`, { prefer });
		return "database_credentials" in (list._embedded.databases?.[0]?._embedded ?? {});
	};
	assert.deepEqual([await shown("no_sensitive_extras=false"), await shown("no_sensitive_extras=true")], [true, false]);
});

test("a list of the API may be as it was before, for as often as was planted", async () => {
	using bench = new Bench(environment);
	await using client = await Client.over(bench);
	const [account] = await items(client, "/accounts", "accounts");
	const apps = async () => (await items(client, `/accounts/${account?.id}/apps`, "apps")).map(({ handle }) => handle);
	setFault(bench.dir, { name: "stale-list", times: 2, command: "GET /accounts/ID/apps" });
	assert.deepEqual(await apps(), []);
	await bench.ok("apps:create", "portal", "--environment", environment);
	assert.deepEqual([await apps(), await apps(), await apps()], [[], [], ["portal"]]);
});
