import type { Cli, Command } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import { appNode, serviceNode, sizingPolicyNode } from "../format.ts";
import type { Service } from "../model.ts";
import { list } from "../render.ts";
import { type PolicyRequest, policyOf, putPolicy, updateService } from "../server/services.ts";
import { findApp, findService, servicesOf } from "./finders.ts";

export const commands: Record<string, Command> = {
	services(cli) {
		cli.telemetry();
		const app = findApp(cli);
		const services = servicesOf(cli, app);
		const nested = cli.read((store) => appNode(store, app, services));
		cli.print(list(services.map((service) => serviceNode(service, nested))));
	},

	"services:settings"(cli, type = "") {
		cli.telemetry({ service: type });
		const service = findService(cli, type);
		const { force_zero_downtime, simple_health_check, restart_free_scaling, stop_timeout } = cli.options;
		// The option and the API disagree about the name of this one.
		const wanted = { force_zero_downtime, restart_free_scaling, stop_timeout, naive_health_check: simple_health_check };
		const updates = Object.fromEntries(
			Object.entries(wanted).filter(([, value]) => value !== undefined && value !== null),
		);
		if (Object.keys(updates).length > 0) updateService(cli.session, service.id, updates);
	},

	"services:autoscaling_policy": showPolicy,
	"services:sizing_policy": showPolicy,
	"services:autoscaling_policy:set": setPolicy,
	"services:sizing_policy:set": setPolicy,
};

function showPolicy(cli: Cli, type = ""): void {
	cli.telemetry({ service: type });
	const service = findService(cli, type);
	const policy = policyOf(cli.session, service.id);
	if (!policy) throw new UserError(`Service ${inspectRuby(service)} does not have a service sizing policy set`);
	cli.print(sizingPolicyNode(policy, service));
}

/** The CLI prints the object itself where it means its name. */
function inspectRuby({ id }: Service): string {
	return `#<Aptible::Api::Service:0x${id.toString(16).padStart(16, "0")}>`;
}

function setPolicy(cli: Cli, type = ""): void {
	cli.telemetry({ service: type });
	const service = findService(cli, type);
	const {
		autoscaling_type: kind,
		app: _app,
		environment: _env,
		remote: _remote,
		restart_free_scale: restartFree,
		...rest
	} = cli.options;
	if (kind === "horizontal") {
		if (rest.min_containers === undefined || rest.max_containers === undefined) {
			throw new UserError("min_containers and max_containers are required for horizontal autoscaling");
		}
		if (rest.min_cpu_threshold === undefined || rest.max_cpu_threshold === undefined) {
			throw new UserError("min_cpu_threshold and max_cpu_threshold are required for horizontal autoscaling");
		}
	}
	if (kind !== "horizontal" && kind !== "vertical") {
		throw new UserError(`Invalid autoscaling type: ${kind ?? ""}`);
	}
	const fields: PolicyRequest = {
		...rest,
		autoscaling: kind,
		...(kind === "horizontal" ? { use_horizontal_scale: restartFree } : {}),
	};
	// Making a policy sends the token in the body as well; changing one sends the service's id.
	const known = policyOf(cli.session, service.id) ? { service_id: service.id } : { token: cli.token };
	putPolicy(cli.session, service.id, { ...fields, ...known });
}
