import type { TestContext } from "node:test";
import type { Records } from "@medstack-to-aptible/sandbox/aptible/model.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

/** The drains of an emulated Aptible, and the specs that tests make of them. */
export class DrainsUnderTest {
	readonly aptible: ReconcilerUnderTest;
	readonly environmentId: number;

	constructor(aptible: ReconcilerUnderTest) {
		this.aptible = aptible;
		const accounts = inSandbox(aptible.dir, (store) => store.list("account"));
		this.environmentId = accounts.find(({ handle }) => handle === aptible.environment)?.id ?? 0;
	}

	/** Spec of a log drain named `siem`, by default one over HTTPS that sends everything. */
	logDrain(change: Record<string, unknown> = {}): Record<string, unknown> {
		return {
			environment: this.aptible.environment,
			name: "siem",
			adopt: false,
			apps: true,
			databases: true,
			ephemeralSessions: true,
			proxies: true,
			...(change.kind === undefined ? { kind: "https", url: "${secrets.siemUrl}" } : {}),
			...change,
		};
	}

	/** Spec of a metric drain named `load`. */
	metricDrain(change: Record<string, unknown>): Record<string, unknown> {
		return { environment: this.aptible.environment, name: "load", adopt: false, ...change };
	}

	/** Its handle in a turn: `siem-116`, `siem-116-2`. */
	handle(turn = 1, name = "siem"): string {
		return turn === 1 ? `${name}-${this.environmentId}` : `${name}-${this.environmentId}-${turn}`;
	}

	liveLogDrains(): Records["log_drain"][] {
		return inSandbox(this.aptible.dir, (store) => store.list("log_drain"));
	}

	liveMetricDrains(): Records["metric_drain"][] {
		return inSandbox(this.aptible.dir, (store) => store.list("metric_drain"));
	}

	/** Each drain with its status. */
	live(): string[] {
		return [...this.liveLogDrains(), ...this.liveMetricDrains()].map(({ handle, status }) => `${handle} ${status}`);
	}

	/** A request to the API, as somebody else may make one. */
	async api(method: string, path: string, body?: Record<string, unknown>): Promise<Record<string, unknown>> {
		const { APTIBLE_API_ROOT_URL: root, APTIBLE_ACCESS_TOKEN: token } = this.aptible.env;
		const response = await fetch(`${root}${path}`, {
			method,
			headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		return (await response.json()) as Record<string, unknown>;
	}

	/** A log drain that somebody made and provisioned by hand. */
	async handMade(body: Record<string, unknown>): Promise<number> {
		const sources = { drain_apps: true, drain_databases: true, drain_ephemeral_sessions: true, drain_proxies: true };
		const path = `/accounts/${this.environmentId}/log_drains`;
		const { id } = await this.api("POST", path, { drain_type: "https_post", ...sources, ...body });
		await this.api("POST", `/log_drains/${id}/operations`, { type: "provision" });
		this.aptible.newJournal();
		return Number(id);
	}

	/** A database, made with the emulated CLI. */
	async database(handle: string, type: string, version: string): Promise<void> {
		const { environment } = this.aptible;
		await this.aptible.cli("db:create", handle, "--environment", environment, "--type", type, "--version", version);
		this.aptible.newJournal();
	}
}

export async function openDrains(t: Pick<TestContext, "after">): Promise<DrainsUnderTest> {
	return new DrainsUnderTest(await openReconciler(t));
}
