import type { Cli, Command } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import { accountNode, retentionNode } from "../format.ts";
import { keyed, list, object } from "../render.ts";
import { createRetentionPolicy, updateAccount } from "../server/accounts.ts";

const SHRINK_WARNING = `The specified backup retention policy retains fewer backups than the
environment's current policy. This may result in the deletion of existing,
automated backups if they exceed the new policy's rules and it may violate your
company's internal compliance controls. For more information, see
https://www.aptible.com/docs/core-concepts/managed-databases/managing-databases/database-backups.
`;

export const commands: Record<string, Command> = {
	"environment:list"(cli) {
		cli.telemetry();
		const accounts = cli.scopedEnvironments();
		cli.print(
			list(
				accounts.map((each) => cli.read((store) => accountNode(store, each, { withStack: true }))),
				"handle",
			),
		);
	},

	"environment:ca_cert"(cli) {
		cli.telemetry();
		const nodes = cli
			.scopedEnvironments()
			.map(({ ca_body, id, handle, created_at }) =>
				object({ ca_body, id, handle, created_at: `${created_at.slice(0, 19).replace("T", " ")} UTC` }),
			);
		cli.print(list(nodes, "ca_body", ["handle"]));
	},

	"environment:rename"(cli, oldHandle = "", newHandle = "") {
		cli.telemetry({ old_handle: oldHandle, new_handle: newHandle });
		updateAccount(cli.session, cli.environment(oldHandle).id, { handle: newHandle });
		cli.info(
			`In order for the new environment handle (${newHandle}) to appear in log drain and metric drain destinations, ` +
				"you must restart the apps and databases in this environment. Also be aware of the following resources that " +
				"may need names adjusted:",
		);
		cli.info(`* Git remote URLs (ex: git@beta.aptible.com:${newHandle}/APP_HANDLE.git)`);
		cli.info("* Your own external scripts (e.g. for CI/CD)");
	},

	backup_retention_policy(cli, env = "") {
		cli.telemetry({ env });
		const account = cli.environment(env);
		const policy = cli.read((store) => store.list("backup_retention_policy", account.id)[0]);
		if (!policy) throw new UserError(`Environment ${env} does not have a custom backup retention policy`);
		cli.print(cli.read((store) => retentionNode(store, policy, account)));
	},

	"backup_retention_policy:set": setRetention,

	"maintenance:apps": (cli) => noMaintenance(cli, "app"),
	"maintenance:dbs": (cli) => noMaintenance(cli, "database"),

	organizations(cli) {
		cli.telemetry();
		const nodes = cli
			.read((store) => store.list("organization"))
			.map(({ uuid, name }) =>
				object({ id: uuid, name, roles: list([object({ id: `${uuid}-owners`, name: "Robots" })]) }),
			);
		cli.print(list(nodes));
	},

	version(cli) {
		const ci = cli.env.CI === "true" ? ` (${ciName(cli)})` : "";
		cli.print(keyed(object({ version: `aptible-cli v0.26.6 toolbelt${ci}` }), "version"));
	},
};

function setRetention(cli: Cli, env = ""): void {
	cli.telemetry({ env });
	if (Object.keys(cli.options).length === 0) throw new UserError("Please specify at least one attribute to change");
	const account = cli.environment(env);
	const current = cli.read((store) => store.list("backup_retention_policy", account.id)[0]);
	const daily = cli.number("daily") ?? current?.daily;
	const monthly = cli.number("monthly") ?? current?.monthly;
	const yearly = cli.number("yearly") ?? current?.yearly;
	const makeCopy = cli.flag("make_copy") ?? current?.make_copy;
	const keepFinal = cli.flag("keep_final") ?? current?.keep_final;
	if (
		daily === undefined ||
		monthly === undefined ||
		yearly === undefined ||
		makeCopy === undefined ||
		keepFinal === undefined
	) {
		throw new UserError(
			`Environment ${env} does not have a custom backup retention policy. Please specify all attributes to create one.`,
		);
	}
	const wanted = { daily, monthly, yearly, make_copy: makeCopy, keep_final: keepFinal };
	const shrinks =
		current !== undefined &&
		(daily < current.daily ||
			monthly < current.monthly ||
			yearly < current.yearly ||
			(current.make_copy && !makeCopy) ||
			(current.keep_final && !keepFinal));
	if (shrinks && !cli.flag("force")) confirm(cli);
	const policy = createRetentionPolicy(cli.session, account.id, wanted);
	cli.print(cli.read((store) => retentionNode(store, policy, account)));
}

function confirm(cli: Cli): void {
	const answer = cli.io.stdin?.().split("\n")[0] ?? "";
	cli.io.stdout(`${SHRINK_WARNING}${answer === "" ? "" : "Do you want to proceed [y/N]: "}\n`);
	if (!/^y(es)?$/i.test(answer)) throw new UserError("Aborting");
}

/** The sandbox never schedules maintenance. */
function noMaintenance(cli: Cli, kind: string): void {
	cli.telemetry();
	cli.scopedEnvironments();
	cli.print(list([], "label", ["environment", "handle"]));
	cli.info(`\nNo ${kind}s found affected by maintenance schedules.`);
}

function ciName({ env }: Cli): string {
	if (env.GITHUB_ACTIONS === "true") return "GitHub Actions";
	if (env.CIRCLECI === "true") return "CircleCI";
	if (env.GITLAB_CI === "true") return "GitLab CI";
	return "CI";
}
