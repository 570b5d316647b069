/** What the API hides in a cell of the matrix: a part of an object, or fields of an answer. */
import type { Fault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";

const operation =
	"settings env handle git_ref container_count container_size instance_profile disk_size user_name user_email";
const serviceSize = "container_count container_memory_limit_mb instance_class";
const serviceLinks = "_links.app _links.database _links.service_sizing_policy";
const vhost = [
	"external_host virtual_domain user_domain",
	"default acme internal",
	"type",
	"acme_status acme_dns_challenge_host",
	"container_port container_ports",
	"ip_whitelist",
	"load_balancing_algorithm_type shared",
	"_links.certificate",
	"_links.current_setting",
	"_links.service",
];

/**
 * Fields that an answer may come without, as no document says that it always has them, by the route without its ids; those in one
 * text are hidden together. What an answer is refused without is not among them, nor is what says by its absence that there is none: a
 * database without the link to its primary is no replica.
 */
const hideable: Readonly<Record<string, readonly string[]>> = {
	"GET /accounts": ["_links ca_body"],
	"GET /accounts/ID/apps": ["git_repo"],
	"GET /accounts/ID/backup_retention_policies": ["pitr_days"],
	"GET /accounts/ID/backups": ["manual database_handle", "_links"],
	"GET /accounts/ID/databases": ["status"],
	"GET /accounts/ID/vhosts": vhost,
	"GET /apps/ID": [
		"git_repo",
		"_embedded.current_image",
		"_embedded.last_deploy_operation",
		"_embedded.services",
		"_links.current_configuration",
		"_links.current_setting",
	],
	"GET /apps/ID/services": [serviceSize, serviceLinks],
	"GET /apps/ID/operations": [operation],
	"GET /apps/ID/vhosts": vhost,
	"GET /backups/ID": ["database_handle", "_links"],
	"GET /configurations/ID": ["env"],
	"GET /databases/ID": [
		"connection_url _embedded.database_credentials",
		"current_kms_arn",
		"enable_backups",
		"_embedded.disk",
		"_embedded.disk.baseline_iops",
		"_links.database_image",
		"_links.service",
	],
	"GET /databases/ID/backups": ["manual database_handle", "_links"],
	"GET /databases/ID/operations": [operation],
	"GET /log_drains/ID": ["logging_token url drain_username drain_password", "drain_host drain_port", "_links.database"],
	"GET /log_drains/ID/operations": [operation],
	"GET /metric_drains/ID": ["drain_configuration", "_links.database"],
	"GET /metric_drains/ID/operations": [operation],
	"GET /services/ID": [serviceSize, serviceLinks],
	"GET /services/ID/operations": [operation],
	"GET /services/ID/service_sizing_policies": [
		"scaling_enabled use_horizontal_scale",
		"percentile min_containers minimum_memory",
	],
	"GET /services/ID/vhosts": vhost,
	"GET /settings/ID": ["settings", "sensitive_settings"],
	"GET /stacks/ID": ["outbound_ip_addresses _links.organization"],
	"GET /vhosts/ID": vhost,
	"GET /vhosts/ID/operations": [operation],
};

/** So many reads are all of a run. */
const always = 100_000;

/** Each of these routes not found once and not found at all, and each answer without what it may come without. */
export function hidingFaults(routes: Iterable<string>): Fault[] {
	return [...routes].flatMap((route): Fault[] => {
		const command = `${route}$`;
		return [
			{ name: "part-missing", command },
			{ name: "part-missing", command, times: always },
			...(hideable[route] ?? []).map((fields): Fault => {
				return { name: "answer-changed", command, times: always, without: fields.split(" ") };
			}),
		];
	});
}
