import type { Common, ResourceStatus } from "./record.ts";

export interface LogDrain extends Common {
	handle: string;
	status: ResourceStatus;
	drain_type: string;
	drain_apps: boolean;
	drain_databases: boolean;
	drain_ephemeral_sessions: boolean;
	drain_proxies: boolean;
	drain_username: string | null;
	drain_password: string | null;
	drain_host: string | null;
	drain_port: string | null;
	logging_token: string | null;
	url: string | null;
	database_id: number | null;
}

export interface MetricDrain extends Common {
	handle: string;
	status: ResourceStatus;
	drain_type: string;
	database_id: number | null;
	drain_configuration: Record<string, unknown>;
}
