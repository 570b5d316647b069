import type { LogDrain, MetricDrain } from "../drain-model.ts";
import { type Hal, resource, type View } from "./resource.ts";

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
