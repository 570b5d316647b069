/** Stages for tests: one that is right, changed at will, and the ones of the repository. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

type Block = Record<string, unknown>;

function isBlock(value: unknown): value is Block {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Set instead of a value, it takes the key out. */
export const absent = Symbol("absent");

/** A right stage with each change (`"apps/portal/image": "..."`) made to it. */
export function stageWith(changes: Readonly<Record<string, unknown>> = {}): Block {
	const stage: Block = {
		environment: { handle: "acme-test", stack: "acme-ca", phi: true },
		databases: { main: { type: "postgresql", version: "16" }, cache: { type: "redis", version: "8.2" } },
		apps: {
			portal: {
				image: "registry.acme.example/portal:1",
				registry: { username: "deploy", password: "${secrets.registryPassword}" },
				config: { DATABASE_URL: "${databases.main.url}", SESSION_KEY: "${secrets.sessionKey}" },
				services: { web: { containers: 2 }, worker: {} },
				endpoints: { test: { service: "web", kind: "https", defaultDomain: true } },
			},
		},
		secrets: { registryPassword: "sentinel-registry-password", sessionKey: "sentinel-session-key" },
	};
	for (const [path, value] of Object.entries(changes)) {
		const keys = path.split("/");
		const last = keys.pop() ?? "";
		let parent = stage;
		for (const key of keys) {
			const child = isBlock(parent[key]) ? parent[key] : {};
			parent[key] = child;
			parent = child;
		}
		if (value === absent) delete parent[last];
		else parent[last] = value;
	}
	return stage;
}

/** A stage file of the repository as the program would see it, an encrypted value standing for its own plain text. */
export function readStageFile(file: string): Block {
	const yaml: unknown = parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
	const config = isBlock(yaml) && isBlock(yaml.config) ? yaml.config : {};
	const decrypt = (value: unknown): unknown => {
		if (!isBlock(value)) return value;
		if (typeof value.secure === "string") return value.secure;
		return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decrypt(inner)]));
	};
	return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^[^:]*:/, ""), decrypt(value)]));
}
