import { givePermission } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import type { EmulatedAptible } from "./emulated-aptible.ts";

/** Values that only Aptible knows, and that must not turn up anywhere. */
export const liveSecrets = {
	session: "sentinel-session-4711",
	registry: "sentinel-registry-4711",
	siem: "https://siem.acme.example/sentinel-siem-4711",
	datadog: "sentineldatadog4711",
};

/** Fills an environment by hand, with something of every kind that a stage file knows. */
export async function makeLiveEnvironment(aptible: EmulatedAptible, environment: string): Promise<void> {
	const at = ["--environment", environment];
	const app = ["--app", "portal", ...at];
	await aptible.cli("backup_retention_policy:set", environment, "--daily", "5", "--monthly", "2", "--force");
	givePermission(aptible.dir, environment, "Robots", "read");
	givePermission(aptible.dir, environment, "Robots", "deploy");
	givePermission(aptible.dir, environment, "Deploy Owners", "admin");
	await aptible.cli("db:create", "main", ...at, "--type", "postgresql", "--version", "16", "--disk-size", "20");
	await aptible.cli("db:create", "cache", ...at, "--type", "redis", "--version", "7.2", "--container-size", "512");
	await aptible.cli("db:create", "metrics", ...at, "--type", "influxdb", "--version", "1.12");
	await aptible.cli("db:create", "search", ...at, "--type", "elasticsearch", "--version", "7.10");
	await aptible.cli("db:replicate", "main", "main-copy", ...at);
	await aptible.cli("endpoints:database:create", "main", ...at, "--ip-whitelist", "203.0.113.7");
	const databases = (await aptible.cli("db:list", ...at)) as Database[];
	const find = (handle: string) => databases.find((one) => one.handle === handle);
	const tls = find("cache")?.credentials.find(({ type }) => type === "redis+ssl")?.connection_url;
	await aptible.cli("apps:create", "portal", ...at);
	const config = {
		DATABASE_URL: find("main")?.connection_url,
		REDIS_URL: `${tls}/1`,
		SESSION_KEY: liveSecrets.session,
		PORT: "3000",
		NODE_ENV: "production",
		PIN: "1234",
	};
	await aptible.cli(
		"deploy",
		...app,
		...["--docker-image", "acme/portal:2"],
		...["--private-registry-username", "deploy", "--private-registry-password", liveSecrets.registry],
		...Object.entries(config).map(([key, value]) => `${key}=${value}`),
	);
	await aptible.cli("apps:scale", "web", ...app, "--container-count", "2", "--container-size", "2048");
	await aptible.cli("services:settings", "worker", ...app, "--force-zero-downtime", "--stop-timeout", "60");
	await aptible.cli(
		"services:autoscaling_policy:set",
		"worker",
		...app,
		...["--autoscaling-type", "horizontal", "--min-containers", "1", "--max-containers", "4"],
		...["--min-cpu-threshold", "0.2", "--max-cpu-threshold", "0.7"],
	);
	await aptible.cli("endpoints:https:create", "web", ...app, "--default-domain");
	const domain = ["--managed-tls", "--managed-tls-domain", "portal.acme.example"];
	const settings = ["--idle-timeout", "120", "--force-ssl", "--ssl-protocols-override", "TLSv1.2 PFS"];
	await aptible.cli(
		"endpoints:https:create",
		"web",
		...app,
		...domain,
		...settings,
		"--ip-whitelist",
		"203.0.113.0/24",
	);
	await aptible.cli("endpoints:tcp:create", "worker", ...app, "--internal", "--ports", "5000", "5001");
	await aptible.cli("log_drain:create:https", "siem", ...at, "--url", liveSecrets.siem, "--no-drain-proxies");
	await aptible.cli("log_drain:create:syslog", "sys", ...at, "--host", "logs.acme.example", "--port", "6514");
	await aptible.cli("log_drain:create:elasticsearch", "elastic", ...at, "--db", "search");
	await aptible.cli("metric_drain:create:influxdb", "load", ...at, "--db", "metrics");
	await aptible.cli("metric_drain:create:datadog", "dog", ...at, "--api-key", liveSecrets.datadog, "--site", "EU1");
}

interface Database {
	handle: string;
	connection_url: string;
	credentials: { type: string; connection_url: string }[];
}
