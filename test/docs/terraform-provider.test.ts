import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { definedVariables } from "@medstack-to-aptible/sandbox/run.ts";
import { pages } from "../../docs/write-tables.ts";
import { runNode } from "../support/run-node.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const page = read("docs/terraform-provider.md");

/** Attributes in the provider's schemas at `fa97460`, by the heading of their table. */
const attributes: Readonly<Record<string, string>> = {
	Environment: "backup_retention_policy daily env_id handle keep_final make_copy monthly org_id stack_id yearly",
	App:
		"app_id autoscaling_policy autoscaling_type config container_count container_memory_limit container_profile docker_image env_id " +
		"force_zero_downtime git_repo handle max_containers max_cpu_threshold maximum_memory mem_cpu_ratio_c_threshold " +
		"mem_cpu_ratio_r_threshold mem_scale_down_threshold mem_scale_up_threshold metric_lookback_seconds min_containers " +
		"min_cpu_threshold minimum_memory percentile post_release_cooldown_seconds post_scale_down_cooldown_seconds " +
		"post_scale_up_cooldown_seconds private_registry_password private_registry_username process_type restart_free_scaling " +
		"scale_down_step scale_up_step scaling_enabled service service_sizing_policy simple_health_check stop_timeout use_horizontal_scale",
	"Database and replica":
		"connection_urls container_profile container_size database_id database_image_id database_type default_connection_url disk_size " +
		"enable_backups env_id handle iops primary_database_id replica_id version",
	Endpoint:
		"container_port container_ports default_domain disable_weak_cipher_suites dns_validation_record dns_validation_value domain " +
		"endpoint_id endpoint_type env_id external_hostname force_ssl idle_timeout internal ip_filtering load_balancing_algorithm_type " +
		"maintenance_page_url managed platform process_type release_healthcheck_timeout resource_id resource_type shared " +
		"show_elb_healthchecks ssl_ciphers_override ssl_protocols_override strict_health_checks virtual_domain",
	Drains:
		"api_key bucket database database_id drain_apps drain_databases drain_ephemeral_sessions drain_host drain_password drain_port " +
		"drain_proxies drain_type drain_username env_id handle log_drain_id logging_token metric_drain_id organization password pipeline " +
		"series_url tags token url username",
	"Data sources": "daily env_id handle keep_final make_copy monthly name org_id policy_id stack_id yearly",
};

for (const [heading, names] of Object.entries(attributes)) {
	test(`every attribute of the provider is on the page: ${heading}`, () => {
		const section = page.split(/^### /m).find((text) => text.startsWith(heading)) ?? "";
		const theirs = rowsOf(section).map(([cell]) => cell);
		const missing = names.split(" ").filter((name) => !theirs.some((cell) => cell?.includes(`\`${name}\``)));
		assert.deepEqual(missing, []);
	});
}

test("every key of ours on the page is one of the stage file, or an output", () => {
	const known = pages()
		.map((file) => read(`docs/configuration/${file}`))
		.join("\n");
	const outputs = new Set([...read("index.ts").matchAll(/^export const (\w+)/gm)].map(([, name]) => name));
	const tables = page.slice(0, page.indexOf("## Its defects"));
	const cells = rowsOf(tables).map(([, ours = ""]) => ours);
	const keys = cells.flatMap((cell) => [...cell.matchAll(/`([a-z][\w.]*)`/g)].map(([, key = ""]) => key));
	const unknown = keys.filter((key) => {
		const last = key.split(".").at(-1) ?? "";
		return !known.includes(`| \`${last}\` |`) && !outputs.has(last);
	});
	assert.ok(keys.length > 80);
	assert.deepEqual(unknown, []);
});

test("every test that the page names is there", () => {
	const named = [...page.matchAll(/`([\w/-]+\.test\.ts)` "([^"]+)"/g)];
	assert.ok(named.length > 40);
	for (const [, file = "", title = ""] of named) {
		assert.ok(existsSync(join(root, "test", file)), file);
		const source = read(join("test", file));
		// What `testRefused` makes of a table's keys, and a title with a value in it.
		const parts = title.replace(/^refuses /, "").split(" ... ");
		assert.ok(
			parts.every((part) => source.includes(part)),
			`${file}: ${title}`,
		);
	}
	const rows = rowsOf(page.split(/^## /m).find((text) => text.startsWith("Its defects")) ?? "");
	assert.deepEqual(rows.map(([letter]) => letter).join(""), "abcdeghij");
});

test("the table of operations is what the bench prints", async () => {
	const { code, stdout, stderr } = await runNode("bench/operations.ts", [], definedVariables(process.env));
	assert.equal(code, 0, stderr);
	const section = page.split(/^## /m).find((text) => text.startsWith("How many operations")) ?? "";
	const table = section.slice(section.indexOf("| Change"));
	assert.equal(
		table.trim(),
		stdout.trim(),
		"put what `npm run bench:operations` prints into docs/terraform-provider.md",
	);
});

function rowsOf(section: string): string[][] {
	return [...section.matchAll(/^\| (?!Theirs|Thread| ?\|)(.+) \|$/gm)].map(([, cells = ""]) => cells.split(" | "));
}
