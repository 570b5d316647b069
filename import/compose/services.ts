/** Services of a Compose project as they are read; what becomes of each key is said where it is decided. */

import { lookUp } from "../../wire/own.ts";
import type { MountedFile, Service, Variable } from "../service.ts";
import { splitWords } from "../words.ts";
import { parseEnvFile } from "./env-file.ts";
import type { Variables } from "./interpolate.ts";
import type { Project } from "./load.ts";
import { asBlock } from "./merge.ts";
import { readMount } from "./mounts.ts";
import { type Port, readPorts } from "./ports.ts";
import { InputError } from "./read.ts";
import { type Field, fieldAt, fieldsOf, itemsOf, placeOf, type Scalar, Source, say, textOf } from "./source.ts";
import { traefikDomains } from "./traefik.ts";
import { readMegabytes, readSeconds } from "./units.ts";

/** Keys that are read into a service; the rest of them are `others`. */
const read: ReadonlySet<string> = new Set(
	"image build command entrypoint environment env_file ports expose volumes secrets depends_on container_name hostname links networks deploy scale mem_limit stop_grace_period labels healthcheck restart".split(
		" ",
	),
);

/** @returns those that run, and those that do not, which values may name all the same */
export function readServices(project: Project): { services: Service[]; inactive: Service[] } {
	const envFiles = new EnvFiles(project);
	const counted = { ports: 0 };
	const read = (fields: ReadonlyMap<string, Field>, envFile: ServiceContext["envFile"]) =>
		[...fields].map(([name, field]) => {
			const service = readService(name, field, { variables: project.variables, envFile, counted });
			return { ...service, aliases: [...service.aliases, `${project.name}_${name}`] };
		});
	return {
		services: read(project.services, (item) => envFiles.read(item)),
		inactive: read(project.inactive, () => []),
	};
}

/** What a service is read with. */
export interface ServiceContext {
	/** For variables that have a name and no value. */
	variables: Variables;
	/** Reads what an entry of `env_file` names. */
	envFile: (item: Field) => readonly Variable[];
	/** How many ports have been read of all services. */
	counted: { ports: number };
}

/** Reads one service in Compose's form. */
export function readService(name: string, field: Field, context: ServiceContext): Service {
	const at = (...path: string[]) => fieldAt(field, ...path);
	const image = at("image");
	const imageText = textOf(image);
	const networks = [...fieldsOf(at("networks") && asBlock(at("networks") as Field)).values()];
	const aliases = [
		// Swarm's own, of the containers without its load balancing.
		`tasks.${name}`,
		textOf(at("container_name")),
		textOf(at("hostname")),
		...networks.flatMap((network) => itemsOf(fieldAt(network, "aliases")).map(textOf)),
	];
	const labels = [at("labels"), at("deploy", "labels")].flatMap((one) => [...fieldsOf(one && asBlock(one))]);
	const restart = [at("restart"), at("deploy", "restart_policy", "condition"), at("deploy", "mode")].find((one) =>
		/^(no|none|false|(replicated|global)-job)$/.test(textOf(one) ?? ""),
	);
	return {
		name,
		field,
		image: image && imageText ? { field: image, text: imageText } : undefined,
		build: at("build"),
		command: wordsOf(at("command")),
		entrypoint: wordsOf(at("entrypoint")),
		variables: variablesOf(at("env_file"), at("environment"), context),
		ports: listOf(at("ports")).map((item) => ({ field: item, ports: countPorts(item, context) })),
		exposed: listOf(at("expose")).flatMap((item) => countPorts(item, context).map(({ target }) => target)),
		mounts: listOf(at("volumes")).map((item) => ({ field: item, mount: readMount(item) })),
		secrets: listOf(at("secrets")).map(readMounted),
		dependsOn: [...fieldsOf(at("depends_on") && asBlock(at("depends_on") as Field))].map(([other, one]) => ({
			name: other,
			field: one,
			untilDone: textOf(fieldAt(one, "condition")) === "service_completed_successfully",
		})),
		aliases: aliases.filter((one) => one !== undefined),
		links: listOf(at("links")).map((item) => {
			const [service = "", alias = service] = (textOf(item) ?? "").split(":");
			return { service, alias };
		}),
		containers: numberAt(at("deploy", "replicas") ?? at("scale")),
		memory: memoryAt(at("deploy", "resources", "limits", "memory") ?? at("mem_limit")),
		grace: graceAt(at("stop_grace_period")),
		startsFirst: [at("deploy", "update_config", "order")].find((one) => textOf(one) === "start-first"),
		domains: traefikDomains(labels),
		httpPorts: httpPortsOf(at("healthcheck", "test")),
		isOneShot: restart,
		others: new Map([...fieldsOf(field)].filter(([key]) => !read.has(key))),
	};
}

/** More than the services of a project could listen on; a line stands for 65535 of them. */
const mostPorts = 200_000;

function countPorts(item: Field, { counted }: ServiceContext): Port[] {
	const ports = readPorts(item);
	counted.ports += ports.length;
	if (counted.ports > mostPorts)
		throw new InputError(`${placeOf(item)}: has more than ${mostPorts} ports with those before`);
	return ports;
}

function listOf(field: Field | undefined): readonly Field[] {
	return field?.value.kind === "list" ? field.value.items : [];
}

/** A text is split, and not handed to a shell (compose-spec 05-services.md, command). */
function wordsOf(field: Field | undefined): Service["command"] {
	if (
		field === undefined ||
		field.value.kind === "map" ||
		(field.value.kind === "scalar" && field.value.value === null)
	)
		return undefined;
	const text = textOf(field);
	const words = text === undefined ? itemsOf(field).map((item) => textOf(item) ?? "") : splitWords(text);
	return { field, words };
}

function readMounted(item: Field): MountedFile {
	const name = textOf(item) ?? textOf(fieldAt(item, "source")) ?? "";
	const target = textOf(fieldAt(item, "target")) ?? name;
	return { field: item, name, path: target.startsWith("/") ? target : `/run/secrets/${target}` };
}

function numberAt(field: Field | undefined): Service["containers"] {
	const text = textOf(field);
	return field === undefined || text === undefined || !/^\d+$/.test(text) ? undefined : { field, count: Number(text) };
}

function memoryAt(field: Field | undefined): Service["memory"] {
	const megabytes = readMegabytes(textOf(field) ?? "");
	return field === undefined || megabytes === undefined ? undefined : { field, megabytes };
}

function graceAt(field: Field | undefined): Service["grace"] {
	const seconds = readSeconds(textOf(field) ?? "");
	return field === undefined || seconds === undefined ? undefined : { field, seconds };
}

/** Ports of the container itself that a check asks by HTTP. */
function httpPortsOf(test: Field | undefined): number[] {
	const text = itemsOf(test)
		.map((item) => textOf(item) ?? "")
		.join(" ");
	const urls = text.matchAll(/\bhttps?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?/g);
	return [...urls].map(([url, port]) => Number(port ?? (url.startsWith("https") ? 443 : 80)));
}

/** `environment` counts before `env_file`, and a later file before an earlier one (compose-spec 05-services.md, env_file). */
function variablesOf(
	files: Field | undefined,
	environment: Field | undefined,
	{ variables: shared, envFile }: ServiceContext,
): Variable[] {
	const variables = new Map<string, Variable>();
	const add = (variable: Variable) => {
		const former = variables.get(variable.name);
		if (former !== undefined) say(former.field, "dropped", `overridden by ${placeOf(variable.field)}`);
		variables.set(variable.name, variable);
	};
	for (const item of files?.value.kind === "list" ? files.value.items : itemsOf(files)) {
		for (const variable of envFile(item)) add(variable);
	}
	if (files?.value.kind === "list") say(files, "mapped", "config of the app");
	for (const [name, field] of fieldsOf(environment && asBlock(environment))) {
		const scalar: Scalar =
			field.value.kind === "scalar" ? field.value : { kind: "scalar", value: null, unset: [], written: "" };
		const { value, unset, written } = scalar;
		const shell = lookUp(shared, name);
		add({ name, field, value: value === null ? shell : String(value), written, unset });
	}
	return [...variables.values()];
}

/** Files of variables, each read once, so that a variable that ten services take is one. */
class EnvFiles {
	readonly #project: Project;
	readonly #read = new Map<string, readonly Variable[]>();

	constructor(project: Project) {
		this.#project = project;
	}

	read(item: Field): readonly Variable[] {
		const path = textOf(fieldAt(item, "path")) ?? textOf(item) ?? "";
		const isRequired = textOf(fieldAt(item, "required")) !== "false";
		const found = this.#project.files.find(path, item.sources[0]?.file.folder ?? "");
		if (typeof found === "string") {
			if (isRequired) say(item, "decide", `the file "${path}" ${found}; its variables are missing here`);
			else say(item, "dropped", `the file "${path}" ${found}, and it is not required`);
			return [];
		}
		const { file, text } = found;
		say(item, "mapped", `config of the app, from ${file.name}`);
		const format = textOf(fieldAt(item, "format")) === "raw" ? "raw" : "compose";
		const former = this.#read.get(`${file.name} ${format}`);
		if (former !== undefined) return former;
		const { lines, wrong } = parseEnvFile(text, this.#project.variables, format);
		for (const line of wrong) this.#add(file, line, `line ${line}`).say("decide", "is no variable; write NAME=value");
		const variables = lines.map(({ name, value, line, written, unset, secrets = [] }): Variable => {
			const sources = [this.#add(file, line, name)];
			return {
				name,
				value,
				written,
				unset,
				field: { sources, value: { kind: "scalar", value: value ?? null, unset, written, secrets } },
			};
		});
		this.#read.set(`${file.name} ${format}`, variables);
		return variables;
	}

	#add(file: Source["file"], line: number, path: string): Source {
		const source = new Source(file, line, path, undefined);
		this.#project.keys.push(source);
		return source;
	}
}
