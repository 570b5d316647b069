/**
 * The file from which `pulumi import` takes a stage over without running anything: each resource with the inputs that the program
 * sends and the outputs that its Command would print. The facts in those outputs come from the Commands' own reconcilers, which are
 * told to change nothing and fail where something is not as declared.
 */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { ClaimsFacts } from "../wire/claims.ts";
import { EndpointFacts, EndpointSpec } from "../wire/endpoint.ts";
import { hostIn } from "../wire/endpoint-address.ts";
import { endpointPlace } from "../wire/endpoint-identity.ts";
import { claimsVariable, encodeClaims } from "../wire/leftovers.ts";
import { hostReference } from "../wire/references.ts";
import { environmentKey } from "../wire/template.ts";

const root = join(import.meta.dirname, "..");
const commandType = "command:local:Command";
const commandVersion = "1.2.1";
/** How Pulumi marks a secret in files. */
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

const Inputs = z.looseObject({
	interpreter: z.tuple([z.string(), z.string(), z.string()]),
	stdin: z.string(),
	environment: z.record(z.string(), z.unknown()).default({}),
});

/** How a Command is run. */
interface Run {
	interpreter: [string, string, string];
	stdin: string;
	environment: Record<string, string>;
}

const Config = z.looseObject({
	"medstack-to-aptible:secrets": z.looseObject({ objectValue: z.record(z.string(), z.string()).optional() }).optional(),
});

const Step = z.looseObject({
	op: z.string(),
	urn: z.string(),
	newState: z
		.looseObject({
			type: z.string(),
			custom: z.boolean().optional(),
			parent: z.string().optional(),
			inputs: z.unknown().optional(),
		})
		.optional(),
});
const Preview = z.looseObject({ steps: z.array(Step) });

/**
 * Writes the import file of a stack, readable by its owner alone: the stage's secrets are in it.
 *
 * @throws Error when something of the stage is not on Aptible as the stage file says
 */
export async function writeImportFile(
	file: string,
	{ stack, configFile }: { stack: string; configFile: string | undefined },
): Promise<void> {
	const creates = (await previewCreates(stack, configFile)).filter(({ urn }) => isOurs(urn));
	const names = new Map(creates.map(({ urn }, index) => [urn, `${urn.split("::").at(-1)}-${index}`]));
	const secrets = await readSecrets(stack, configFile);
	const facts = new FactsReader();
	const resources: object[] = [];
	for (const { urn, newState } of creates) {
		const parent = names.get(newState?.parent ?? "");
		const common = {
			type: newState?.type,
			name: names.get(urn),
			logicalName: urn.split("::").at(-1),
			...(parent === undefined ? {} : { parent }),
		};
		if (newState?.type !== commandType) {
			resources.push({ ...common, component: true });
			continue;
		}
		const { environment, ...rest } = Inputs.parse(newState.inputs);
		const hosts = facts.hostsFor(environment);
		const values = valuesOf(environment, secrets, hosts);
		const stdout = JSON.stringify(await facts.read({ ...rest, environment: { ...values, ...hosts } }));
		const recorded = {
			...rest,
			environment: { ...markSecrets(values), ...hosts, ...facts.variablesOf(environment) },
		};
		resources.push({
			...common,
			id: `${urn.split("::").at(-1)}-imported`,
			version: commandVersion,
			inputs: recorded,
			outputs: { ...recorded, stdout, stderr: secret("") },
		});
	}
	await writeFile(file, `${JSON.stringify({ nameTable: {}, resources }, null, 2)}\n`, { mode: 0o600, flag: "wx" });
	process.stderr.write(
		`"${file}" is written, with the stage's secrets in it: delete it after use. Now run:\n` +
			`  pulumi import --file ${file} --stack ${stack} --protect=false --generate-code=false\n  pulumi preview --stack ${stack}\n`,
	);
}

/** What a preview of the stack would create. */
async function previewCreates(stack: string, configFile: string | undefined) {
	const args = ["preview", "--json", "--non-interactive", "--stack", stack, ...fileOption(configFile)];
	const output = await run("pulumi", args, { MEDSTACK_TO_APTIBLE_DRIFT: "off" });
	return Preview.parse(JSON.parse(output)).steps.filter(({ op }) => op === "create");
}

/** The stage's secrets, by the variables in which a Command gets them: a preview shows none. */
async function readSecrets(stack: string, configFile: string | undefined): Promise<ReadonlyMap<string, string>> {
	const args = ["config", "--show-secrets", "--json", "--stack", stack, ...fileOption(configFile)];
	const config = Config.parse(JSON.parse(await run("pulumi", args, {})));
	const secrets = Object.entries(config["medstack-to-aptible:secrets"]?.objectValue ?? {});
	return new Map(secrets.map(([name, value]) => [environmentKey(`secrets.${name}`), value]));
}

function fileOption(configFile: string | undefined): string[] {
	return configFile === undefined ? [] : ["--config-file", configFile];
}

/** Stack and providers come by themselves; Azure's resources can be read, so `pulumi import` needs no file of ours for them. */
function isOurs(urn: string): boolean {
	const type = urn.split("::")[2] ?? "";
	return type.startsWith("medstack-to-aptible:");
}

/** Reads facts of what is there, in the order of the resources: claims first, for endpoints are found by them. */
class FactsReader {
	#claims: ClaimsFacts | undefined;
	/** Host names of endpoints, by the variables in which apps get them. */
	readonly #hosts = new Map<string, string>();

	/** Of a Command's variables the host names of endpoints that were read: those come before the apps that have them. */
	hostsFor(environment: Readonly<Record<string, unknown>>): Record<string, string> {
		return Object.fromEntries([...this.#hosts].filter(([variable]) => variable in environment));
	}

	/** Of a Command's variables those that are no secret and come from what was read. */
	variablesOf(environment: Readonly<Record<string, unknown>>): Record<string, string> {
		if (!(claimsVariable in environment) || this.#claims === undefined) return {};
		return { [claimsVariable]: encodeClaims(this.#claims) };
	}

	async read({ interpreter, stdin, environment }: Run): Promise<unknown> {
		const kind = interpreter[2];
		const hints: Record<string, string> = {};
		if (kind === "endpoint") {
			const { on, name, ...identity } = EndpointSpec.parse(JSON.parse(stdin));
			hints.HINTS_claim = JSON.stringify(this.#claims?.endpoints[endpointPlace(on, name, identity)] ?? { after: 0 });
		}
		const env = { ...environment, ...hints, MEDSTACK_TO_APTIBLE_READ_ONLY: "true" };
		const facts: unknown = JSON.parse(await run(process.execPath, ["aptible/main.ts", kind, "apply"], env, stdin));
		if (kind === "claims") this.#claims = ClaimsFacts.parse(facts);
		if (kind === "endpoint") this.#addHost(EndpointSpec.parse(JSON.parse(stdin)), EndpointFacts.parse(facts));
		return facts;
	}

	#addHost({ on, name }: EndpointSpec, { url }: EndpointFacts): void {
		if (!("app" in on)) return;
		this.#hosts.set(environmentKey(hostReference({ app: on.app, endpoint: name })), hostIn(url));
	}
}

async function run(command: string, args: readonly string[], env: Record<string, string>, stdin = ""): Promise<string> {
	const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
	const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
	child.stdin.on("error", () => {});
	child.stdin.end(stdin);
	const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
	if (code === 0) return stdout;
	throw new Error(`${stderr.trim() || `${command} ended with exit code ${code}`}\nNo import file was written.`);
}

/** The secrets in the environment of a Command, without what is known otherwise and hints, which an update finds out and nothing is compared with. */
function valuesOf(
	environment: Readonly<Record<string, unknown>>,
	secrets: ReadonlyMap<string, string>,
	known: Readonly<Record<string, string>>,
): Record<string, string> {
	return Object.fromEntries(
		Object.keys(environment)
			.filter((name) => !name.startsWith("HINTS_") && name !== claimsVariable && !Object.hasOwn(known, name))
			.map((name) => {
				const value = secrets.get(name);
				if (value !== undefined) return [name, value];
				throw new Error(
					`the value of ${name} is not known before an update, so that this stage cannot be imported from a file.`,
				);
			}),
	);
}

function markSecrets(environment: Readonly<Record<string, string>>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, secret(value)]));
}

function secret(value: string): object {
	return { ...secretMark, plaintext: JSON.stringify(value) };
}
