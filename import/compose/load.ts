/** Compose files as one project: merged, extended, with what they include (compose-spec 02-model.md). */
import { basename, dirname, resolve } from "node:path";
import { variablesOf } from "./env-file.ts";
import { Files, type ReadFile } from "./files.ts";
import type { Variables } from "./interpolate.ts";
import { mergeFields } from "./merge.ts";
import { InputError, readFields } from "./read.ts";
import { type Field, fieldAt, fieldsOf, itemsOf, placeOf, type Source, say, sayDeep, textOf } from "./source.ts";

export interface ComposeInput {
	/** Compose files, a later one over an earlier one. */
	files: readonly string[];
	/** Files of variables for `${...}`; where none is named, `.env` beside the first Compose file. */
	envFiles: readonly string[];
	profiles: readonly string[];
	/** Variables of whoever runs it, which count before those of files. */
	shell: Variables;
	/** Folder outside of which nothing is read; that of the first Compose file where it is not named. */
	root: string | undefined;
	/** Folder from which paths count, and are shown. */
	from: string;
}

/** A Compose project. */
export interface Project {
	name: string;
	/** Every key of every file that was read; files of variables add theirs. */
	keys: Source[];
	/** Top-level keys but `services`. */
	others: ReadonlyMap<string, Field>;
	/** Those that run: without those of a profile that is not asked for. */
	services: ReadonlyMap<string, Field>;
	/** Those of a profile that is not asked for. */
	inactive: ReadonlyMap<string, Field>;
	variables: Variables;
	files: Files;
}

/** @throws InputError where a file is no Compose file, or what it extends runs in a circle */
export function loadCompose(input: ComposeInput): Project {
	const [first = ""] = input.files;
	const files = new Files(input.root ?? dirname(resolve(input.from, first)), input.from);
	const keys: Source[] = [];
	const loader = new Loader(files, keys, input.shell);
	const folder = dirname(resolve(input.from, first));
	const envTexts = input.envFiles.map((path) => files.open(path).text);
	const beside = files.find(".env", folder);
	if (envTexts.length === 0 && typeof beside !== "string") envTexts.push(beside.text);
	const variables = variablesOf(envTexts, input.shell);
	const root = loader.project(
		input.files.map((path) => files.open(path, folder)),
		variables,
	);
	const services = new Map(fieldsOf(fieldAt(root, "services")));
	const inactive = new Map<string, Field>();
	const active = [...input.profiles, ...(variables.COMPOSE_PROFILES ?? "").split(",")];
	for (const [name, service] of services) {
		if (service.value.kind !== "map") sayDeep(service, "decide", "is no block, so that nothing of it was read");
		const profiles = itemsOf(fieldAt(service, "profiles")).map((item) => textOf(item) ?? "");
		if (profiles.length === 0 || active.includes("*") || profiles.some((one) => active.includes(one))) continue;
		const asks = profiles.map((one) => `--profile ${one}`).join(" or ");
		sayDeep(service, "dropped", `its profile is not active, so that Compose does not start it; ${asks} takes it`);
		services.delete(name);
		inactive.set(name, service);
	}
	const others = new Map([...fieldsOf(root)].filter(([key]) => key !== "services"));
	const name = variables.COMPOSE_PROJECT_NAME ?? textOf(others.get("name")) ?? basename(folder);
	return { name, keys, others, services, inactive, variables, files };
}

class Loader {
	readonly #files: Files;
	readonly #keys: Source[];
	readonly #shell: Variables;
	readonly #parsed = new Map<ReadFile, Field>();
	readonly #including: string[] = [];

	constructor(files: Files, keys: Source[], shell: Variables) {
		this.#files = files;
		this.#keys = keys;
		this.#shell = shell;
	}

	/** Files that are one project, with what they include. */
	project(files: readonly ReadFile[], variables: Variables): Field {
		const roots = files.map((file) => this.#extended(file, variables));
		const [first, ...others] = roots;
		if (first === undefined) throw new InputError("no Compose file is named");
		const merged = others.reduce((base, over) => mergeFields(base, over), first);
		return this.#include(merged, variables);
	}

	#parse(read: ReadFile, variables: Variables): Field {
		const known = this.#parsed.get(read);
		if (known !== undefined) return known;
		const { file, text } = read;
		const root = readFields(text, file, { variables, known: this.#keys });
		if (root.value.kind !== "map") throw new InputError(`${file.name}: is no Compose file: it is no block of YAML`);
		const services = root.value.fields.get("services");
		const isOne = services !== undefined || root.value.fields.has("include");
		if (!isOne) {
			const isVersion1 = [...root.value.fields.values()].some((one) => fieldAt(one, "image") ?? fieldAt(one, "build"));
			const fix = isVersion1
				? "put them under services:, as a file of version 1 has them at its top"
				: "give a Compose file, a stack file, or what `docker compose config` prints";
			throw new InputError(`${file.name}: is no Compose file: it has no services; ${fix}`);
		}
		if (services !== undefined && services.value.kind !== "map" && services.value.kind !== "scalar") {
			throw new InputError(`${placeOf(services)}: services is a list; allowed: a block, one name to a service`);
		}
		this.#parsed.set(read, root);
		return root;
	}

	/** A file with each of its services extended: that comes before files are merged. */
	#extended(read: ReadFile, variables: Variables): Field {
		const root = this.#parse(read, variables);
		const services = fieldAt(root, "services");
		if (services?.value.kind !== "map" || root.value.kind !== "map") return root;
		const extended = [...services.value.fields.keys()].map((name): [string, Field] => [
			name,
			this.#extend(read, name, variables, []),
		]);
		const value = { kind: "map", fields: new Map(extended) } as const;
		return {
			...root,
			value: { kind: "map", fields: new Map([...root.value.fields, ["services", { ...services, value }]]) },
		};
	}

	/** @param chain of what extends it */
	#extend(read: ReadFile, name: string, variables: Variables, chain: readonly string[]): Field {
		const label = `${read.file.name}: ${name}`;
		if (chain.includes(label)) throw new InputError(`extends runs in a circle: ${[...chain, label].join(" -> ")}`);
		const service = fieldAt(this.#parse(read, variables), "services", name);
		const asks = fieldAt(service, "extends");
		if (service?.value.kind !== "map" || asks === undefined) return service as Field;
		const path = textOf(fieldAt(asks, "file"));
		const wanted = textOf(fieldAt(asks, "service")) ?? textOf(asks) ?? "";
		const own: Field = {
			...service,
			value: { kind: "map", fields: new Map([...service.value.fields].filter(([key]) => key !== "extends")) },
		};
		const from = path === undefined ? read : this.#files.find(path, read.file.folder);
		if (typeof from === "string") {
			say(asks, "decide", `the file "${path}" ${from}; without it the service lacks what it has there`);
			return own;
		}
		const base = fieldAt(this.#parse(from, variables), "services", wanted);
		if (base === undefined) {
			say(
				asks,
				"decide",
				`no service "${wanted}" is in ${from.file.name}; without it the service lacks what it has there`,
			);
			return own;
		}
		if (from !== read) {
			for (const source of this.#parse(from, variables).sources)
				source.say("dropped", "only what is extended is taken of this file");
		}
		say(asks, "mapped", `with what ${placeOf(base)} has`);
		say(base, "mapped", `${name} extends it`);
		return mergeFields(this.#extend(from, wanted, variables, [...chain, label]), own);
	}

	#include(root: Field, variables: Variables): Field {
		if (root.value.kind !== "map") return root;
		const asked = root.value.fields.get("include");
		let whole = root;
		if (asked !== undefined && asked.value.kind !== "list") {
			sayDeep(asked, "decide", "is no list, so that nothing of it was read");
			return root;
		}
		for (const item of itemsOf(asked)) {
			const path = fieldAt(item, "path") ?? item;
			const paths = itemsOf(path).map((one) => textOf(one) ?? "");
			const from = item.sources[0]?.file.folder ?? "";
			const folder = textOf(fieldAt(item, "project_directory"));
			const first = this.#files.find(paths[0] ?? "", from);
			const own = folder === undefined ? undefined : resolve(from, folder);
			const base = own ?? (typeof first === "string" ? from : first.file.folder);
			const reads = paths.map((one) => this.#files.find(one, from, base));
			const wrong = reads.find((one) => typeof one === "string");
			if (wrong !== undefined) {
				say(item, "decide", `"${paths.join(", ")}" ${wrong}; without it its services are missing`);
				continue;
			}
			const found = reads.filter((one) => typeof one !== "string");
			const names = found.map(({ file }) => file.name).join(" + ");
			if (this.#including.includes(names))
				throw new InputError(`include runs in a circle: ${[...this.#including, names].join(" -> ")}`);
			const envFiles = itemsOf(fieldAt(item, "env_file")).map((one) => {
				const named = textOf(one) ?? "";
				const envFile = this.#files.find(named, from);
				if (typeof envFile === "string") say(one, "decide", `"${named}" ${envFile}; its variables are missing here`);
				return envFile;
			});
			const envTexts = (envFiles.length === 0 ? [this.#files.find(".env", base)] : envFiles).flatMap((one) =>
				typeof one === "string" ? [] : [one.text],
			);
			this.#including.push(names);
			const included = this.project(found, { ...variablesOf(envTexts, this.#shell), ...variables });
			this.#including.pop();
			say(item, "mapped", "what it holds counts where it stands");
			whole = copyInto(whole, included);
		}
		if (asked !== undefined) say(asked, "mapped", "what these files hold counts where it stands");
		return whole;
	}
}

/** What is included is added, and nothing is merged (compose-spec 14-include.md). */
function copyInto(root: Field, included: Field): Field {
	const blocks = new Map(fieldsOf(root));
	for (const [key, block] of fieldsOf(included)) {
		if (!["services", "volumes", "networks", "secrets", "configs"].includes(key)) {
			say(block, "dropped", "it is of the included file alone");
			continue;
		}
		const own = blocks.get(key);
		const entries = new Map(fieldsOf(own));
		for (const [name, entry] of fieldsOf(block)) {
			const former = entries.get(name);
			if (former === undefined) entries.set(name, entry);
			else if (key === "services")
				sayDeep(
					entry,
					"decide",
					`${placeOf(former)} has a service of this name too, which counts; Compose refuses two`,
				);
			else say(entry, "dropped", `${placeOf(former)} has one of this name, which counts`);
		}
		blocks.set(key, { sources: [...(own?.sources ?? []), ...block.sources], value: { kind: "map", fields: entries } });
	}
	return { ...root, value: { kind: "map", fields: blocks } };
}
