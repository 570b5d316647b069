import type { Cli, Command } from "../cli-context.ts";
import { Crash, UserError } from "../errors.ts";
import type { Operation } from "../model.ts";
import { cancelOperation } from "../server/operations.ts";
import { statusOf } from "../server/settle.ts";

export const commands: Record<string, Command> = {
	"operation:cancel"(cli, id = "") {
		cli.telemetry({ operation_id: id });
		const operation = findOperation(cli, id);
		cli.info(`Requesting cancellation on ${described(operation)}...`);
		cancelOperation(cli.session, operation.id);
	},

	async "operation:follow"(cli, id = "") {
		cli.telemetry({ operation_id: id });
		const operation = findOperation(cli, id);
		if (operation.outcome !== null) {
			throw new UserError(
				`This operation has already ${operation.outcome}. Run the following command to retrieve the operation's logs:\n` +
					`aptible operation:logs ${operation.id}`,
			);
		}
		cli.info(`Streaming logs for ${described(operation)}...`);
		await cli.attach(operation);
	},

	"operation:logs"(cli, id = "") {
		cli.telemetry({ operation_id: id });
		const operation = findOperation(cli, id);
		if (operation.outcome === null) throw new UserError("Error - You can view the logs when operation is complete.");
		cli.info(`Requesting operation logs for ${described(operation)}...`);
		cli.info(`Printing out results of operation logs for ${operation.id}`);
		cli.io.stdout(operation.log);
	},
};

function findOperation(cli: Cli, id: string): Operation {
	const operation = cli.read((store) => store.find("operation", Number(id)));
	if (!operation) throw new Crash("subcommands/operation.rb:17", `Operation #${id} not found`, "RuntimeError");
	return operation;
}

function described(operation: Operation): string {
	const on = ["service", "vhost", "backup"].includes(operation.resource_kind) ? "" : ` on ${operation.resource_handle}`;
	return `${statusOf(operation)} ${operation.type} #${operation.id}${on}`;
}
