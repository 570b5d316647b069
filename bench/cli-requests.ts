/**
 * Requests of one run of the aptible CLI, by command: the emulated CLI makes none, so they are counted from the source of aptible-cli 0.26.6
 * (lib/aptible/cli), aptible-api-ruby and aptible-resource. Its telemetry goes to another host than the API's and is left out.
 */

/** Who the caller is asked to log in for again, once a run: agent.rb `warn_sso_enforcement`, swallowed where it fails. */
const reauthentication = 1;
/** `GET /find/account`, `/find/app` or `/find/database`: one each (helpers/environment.rb, app.rb, database.rb). */
const environment = 1;
const object = 1;
/** A link is read before something is posted to it: `HyperResource::Link` passes `create` on to what it has loaded (link.rb). */
const creation = 2;
/** The key is posted to the SSH portal, then account and stack are read for its address (aptible-api-ruby, operation.rb `with_ssh_cmd`). */
const attachment = creation + 2;
/** What nearly every command begins with. */
const inEnvironment = reauthentication + environment;
const onObject = inEnvironment + object;
/** An operation, and its log. */
const operation = creation + attachment;

/** How much a stage has of what some commands read one by one. */
export interface StageCounts {
	databases: number;
	services: number;
	endpoints: number;
	drains: number;
}

type Count = number | ((stage: StageCounts) => number);

const requests: Readonly<Record<string, Count>> = {
	// The services come with the app (app.rb `embeds_many`).
	deploy: onObject + operation,
	"config:set": onObject + operation,
	"apps:scale": onObject + operation,
	"apps:create": inEnvironment + creation,
	"apps:rename": onObject + 2,
	"apps:deprovision": onObject + operation,
	"services:settings": onObject + 1,
	// The images twice, once for the type and once for the version; at its end the database with and without secrets, image and service.
	"db:create": inEnvironment + 2 + creation + operation + 4,
	"db:modify": onObject + operation,
	"db:restart": onObject + operation,
	"db:backup": onObject + operation,
	"db:deprovision": onObject + operation,
	"log_drain:create:syslog": inEnvironment + creation + operation,
	"log_drain:create:papertrail": inEnvironment + creation + operation,
	// All drains of the environment, to find one by its handle.
	"log_drain:deprovision": inEnvironment + 1 + operation,
	// The service's account before, the endpoint and its settings after.
	"endpoints:https:create": onObject + 1 + creation + operation + 2,
	// The endpoints of each service until it is found.
	"endpoints:deprovision": ({ services }) => onObject + services + operation,
	"backup_retention_policy:set": inEnvironment + 1 + creation,
	version: 0,
	// What only reads: the program reads over the API, and what it reads by the CLI all the same is counted too.
	apps: inEnvironment + 1,
	config: onObject + 1,
	"environment:list": reauthentication + 2,
	"environment:ca_cert": reauthentication + 1,
	backup_retention_policy: inEnvironment + 1,
	// Databases on Amazon RDS and Aptible's own, and of each of these itself with its secrets, its image and its service.
	"db:list": ({ databases }) => inEnvironment + 2 + 3 * databases,
	"endpoints:list": ({ services, endpoints }) => onObject + services + endpoints,
	"log_drain:list": ({ drains }) => inEnvironment + 1 + drains,
	"metric_drain:list": inEnvironment + 1,
	"backup:list": onObject + 1,
	"backup:orphaned": inEnvironment + 1,
};

/** Commands that follow an operation to its end. */
const following =
	/^(deploy|config:set|apps:(scale|deprovision)|db:(create|modify|restart|backup|deprovision)|\w+_drain:(create:\w+|deprovision)|endpoints:(\w+:(create|modify)|renew|deprovision))$/;

/**
 * The requests of one run of a command, with the log of its operation over SSH.
 *
 * @throws Error where the command has not been counted
 */
export function requestsOf(command: string, stage: StageCounts): number {
	const count = Object.hasOwn(requests, command) ? requests[command] : undefined;
	if (count === undefined) throw new Error(`bench/cli-requests.ts: count what "aptible ${command}" asks`);
	return typeof count === "number" ? count : count(stage);
}

/** What comes on top where the SSH portal is out of reach: the operation's status once a second (helpers/operation.rb). */
export function pollsOf(command: string, operationMs: number): number {
	return following.test(command) ? Math.ceil(operationMs / 1000) : 0;
}
