/**
 * Any stage file of the checkout in the sandbox: what its file declares that only the real world knows (the processes of its images, its stack)
 * is made known to the emulated Aptible, and what no key here opens is stood in for.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Document, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { offerStack, stageImage } from "./aptible/setup.ts";
import type { Sandbox } from "./environment.ts";
import { type Block, blockOf, isStandIn, listReferred, makeStandIns } from "./stand-ins.ts";
import { deriveKey, opensWith, openText } from "./vault.ts";

const prefix = "medstack-to-aptible:";
const passphrase = "sandbox";
/** Commands of pulumi that read the config of a stack, and so take the option for another file of it. */
const readers = ["config", "destroy", "import", "preview", "refresh", "up", "update", "watch"];
/** Options that a command of pulumi's may stand behind, with a value of their own. */
const valued = /^(-[sCv]|--(stack|cwd|color|verbose|tracing|profiling|memprofilerate))$/;

type Place = (string | number)[];

const secretsPlace = ["config", `${prefix}secrets`];

/** A stage in the sandbox. */
export interface OwnStage {
	/** Options of pulumi's that name the stage file to run with; none for the one in the checkout. */
	options: readonly string[];
	/** The same for a command that only reads the file: none either where the checkout's own holds each secret to which it refers. */
	optionsToRead: readonly string[];
	/** Adds them to a command of pulumi's that takes them. */
	withConfigFile(args: readonly string[]): string[];
}

/**
 * Makes a stage ready for the sandbox, and its stack where there is none.
 *
 * @param say what stands in for something
 * @throws where the stage file is missing or no YAML, or pulumi refuses
 */
export async function prepareStage(
	sandbox: Sandbox,
	{ root, stage, say }: { root: string; stage: string; say: (line: string) => void },
): Promise<OwnStage> {
	const file = path.join(root, `Pulumi.${stage}.yaml`);
	const document = readStageFile(file, stage, root);
	const blocks = readBlocks(blockOf(document.toJS()?.config), root);
	makeKnown(sandbox.env.APTIBLE_SANDBOX ?? "", blocks, say);
	const lacking = listLacking(document, blocks);
	const opens = await isOpen(sandbox, document);
	const { options, closed } = opens
		? { options: [], closed: [] }
		: await copyStage(sandbox, { root, stage, document, blocks, lacking });
	const list = (places: readonly Place[]) => places.map(keyOf).join(", ");
	if (closed.length > 0) {
		say(`secrets: no key here opens those of Pulumi.${stage}.yaml, so each is a stand-in: ${list(closed)}`);
	}
	if (lacking.length > 0) {
		const outcome = opens
			? "and is refused until each is set"
			: "which a real run refuses; here each is a stand-in until it is set";
		say(`secrets: Pulumi.${stage}.yaml refers to secrets that it does not hold, ${outcome}: ${list(lacking)}`);
	}
	const [first] = [...closed, ...lacking];
	if (first !== undefined) {
		say(`  to set one here: npm run sandbox -- --stack ${stage} pulumi config set --secret --path '${keyOf(first)}'`);
	}
	return {
		options,
		optionsToRead: lacking.length === 0 ? [] : options,
		withConfigFile: (args) => addOptions(args, options),
	};
}

/** Secrets to which a stage refers and which its file does not hold. Where `secrets` is no block, the program says so. */
function listLacking(document: Document, { secrets: _, ...blocks }: Block): Place[] {
	const held = document.getIn(secretsPlace);
	if (held !== undefined && !isMap(held)) return [];
	return listReferred(blocks).flatMap((name) => (held?.has(name) ? [] : [[`${prefix}secrets`, name]]));
}

/**
 * Refuses to compare a copy with a commit, which has none, so that all of the stage would look new.
 *
 * @param options that name the stage file of a command
 */
export function refuseAgainst(options: readonly string[], args: readonly string[]): void {
	if (options.length === 0 || !args.some((arg) => /^--against(=|$)/.test(arg))) return;
	throw new Error(
		"--against compares with the stage file of a commit, and this stage has stand-ins here; leave it out",
	);
}

/** Options stand behind the command that takes them, and before a `--`. */
function addOptions(args: readonly string[], options: readonly string[]): string[] {
	const command = args.find((arg, index) => !arg.startsWith("-") && !valued.test(args[index - 1] ?? ""));
	if (!readers.includes(command ?? "")) return [...args];
	const end = args.includes("--") ? args.indexOf("--") : args.length;
	return [...args.slice(0, end), ...options, ...args.slice(end)];
}

function readStageFile(file: string, stage: string, root: string): Document.Parsed {
	if (!existsSync(file)) {
		const there = globSync("Pulumi.*.yaml", { cwd: root }).map((name) => name.slice("Pulumi.".length, -".yaml".length));
		throw new Error(`there is no Pulumi.${stage}.yaml for --stack ${stage}; there are: ${there.join(", ") || "none"}`);
	}
	const document = parseDocument(readFileSync(file, "utf8"), { logLevel: "error" });
	const [mistake] = document.errors;
	if (mistake !== undefined) {
		const place = mistake.linePos?.[0];
		throw new Error(`Pulumi.${stage}.yaml is not YAML that can be read, at line ${place?.line}, column ${place?.col}`);
	}
	return document;
}

/** The blocks of a stage with those of the files that it includes. What is wrong in them is the program's to say. */
function readBlocks(config: Block, root: string): Block {
	const include = config[`${prefix}include`];
	const patterns = Array.isArray(include) ? include.filter((pattern) => typeof pattern === "string") : [];
	const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }));
	const own = Object.entries(config).flatMap(([key, value]) =>
		key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
	);
	const parts: Block[] = [
		Object.fromEntries(own),
		...files.map((file) => blockOf(parseDocument(readFileSync(path.join(root, file), "utf8")).toJS())),
	];
	const keys = new Set(parts.flatMap(Object.keys));
	return Object.fromEntries(
		[...keys].map((key) => [key, Object.assign({}, ...parts.map((part) => blockOf(part[key])))]),
	);
}

function makeKnown(folder: string, { environment, apps }: Block, say: (line: string) => void) {
	const processes = new Map<string, Set<string>>();
	for (const [handle, app] of Object.entries(blockOf(apps))) {
		const { image, git, services } = blockOf(app);
		const reference = typeof image === "string" ? image : git === undefined ? undefined : `git/${handle}`;
		if (reference === undefined) continue;
		// An image may be that of several apps, each with some of its processes.
		processes.set(reference, new Set([...(processes.get(reference) ?? []), ...Object.keys(blockOf(services))]));
	}
	for (const [reference, found] of processes) {
		const names = [...found];
		if (names.length > 0 && stageImage(folder, reference, names)) {
			say(`image: ${reference} has the processes that the stage declares: ${names.join(", ")}`);
		}
	}
	const { stack, phi } = blockOf(environment);
	if (typeof stack === "string" && offerStack(folder, stack, phi === true)) {
		say(`stack: ${stack} is ${phi === true ? "a dedicated" : "a shared"} stack here; its name is not checked`);
	}
}

/** Whether its secrets open with the sandbox's passphrase; the answer is kept, as a key takes 0.3 s. */
async function isOpen({ dir }: Sandbox, document: Document): Promise<boolean> {
	const salt = document.get("encryptionsalt");
	if (typeof salt !== "string") return false;
	const name = createHash("sha256").update(salt).digest("hex").slice(0, 16);
	const mark = path.join(stagesFolder(dir), `opens-${name}`);
	if (existsSync(mark)) return true;
	const opens = await opensWith(passphrase, salt);
	if (opens) {
		await mkdir(stagesFolder(dir), { recursive: true });
		await writeFile(mark, "");
	}
	return opens;
}

const stagesFolder = (dir: string) => path.join(dir, "stages");

/**
 * Writes the stage file with stand-ins for its secrets and those that it lacks, of which those that were set there stay.
 *
 * @returns the options that name it, and the places of its secrets for which there are stand-ins from now on
 */
async function copyStage(
	sandbox: Sandbox,
	{
		root,
		stage,
		document,
		blocks,
		lacking,
	}: { root: string; stage: string; document: Document; blocks: Block; lacking: readonly Place[] },
): Promise<{ options: string[]; closed: Place[] }> {
	const folder = stagesFolder(sandbox.dir);
	const copy = path.join(folder, `Pulumi.${stage}.yaml`);
	await mkdir(folder, { recursive: true });
	await copyFile(path.join(root, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
	const kept = existsSync(copy) ? parseDocument(readFileSync(copy, "utf8")) : undefined;
	for (const key of ["secretsprovider", "encryptedkey", "encryptionsalt"]) document.delete(key);
	const held = listSecure(document.get("config"), []);
	const missing = [...held, ...lacking].filter((place) => {
		const secret = kept?.getIn(["config", ...place]);
		document.setIn(["config", ...place], isMap(secret) ? secret : "");
		return !isMap(secret);
	});
	const salt = kept?.get("encryptionsalt");
	if (kept !== undefined && typeof salt === "string") {
		document.set("encryptionsalt", salt);
		await keepOthers(kept, document, salt);
	}
	await writeFile(copy, document.toString({ lineWidth: 0 }));
	const run = async (args: string[]) => {
		const { code, stdout, stderr } = await sandbox.pulumi(args, { cwd: folder });
		if (code !== 0) throw new Error(`pulumi ${args[0]} ${args[1]} ended with ${code}\n${stdout}${stderr}`);
	};
	await run(["stack", "select", "--create", stage]);
	const options = ["--config-file", copy];
	if (missing.length === 0) return { options, closed: [] };
	const standIns = makeStandIns(
		blocks,
		missing.map((place) => String(place.at(-1))),
	);
	const values = missing.flatMap((place) => ["--secret", `${keyOf(place)}=${standIns[String(place.at(-1))]}`]);
	await run(["config", "set-all", "--path", ...values, "--stack", stage, ...options]);
	return { options, closed: missing.filter((place) => held.includes(place)) };
}

/** Keeps what a person has set under names that the file is to get; a stand-in for what it no longer has is dropped, as a real run has none. */
async function keepOthers(kept: Document, document: Document, salt: string): Promise<void> {
	const secrets = document.getIn(secretsPlace);
	if (secrets !== undefined && !isMap(secrets)) return;
	const others = listSecure(kept.getIn(secretsPlace), secretsPlace).filter((place) => !document.hasIn(place));
	if (others.length === 0) return;
	const key = await deriveKey(passphrase, salt);
	for (const place of others) {
		const value = openText(key, String(kept.getIn([...place, "secure"])));
		if (value === undefined || !isStandIn(String(place.at(-1)), value)) document.setIn(place, kept.getIn(place));
	}
}

/** Places of `secure:` values below a node. */
function listSecure(node: unknown, place: Place): Place[] {
	if (isSeq(node)) return node.items.flatMap((item, index) => listSecure(item, [...place, index]));
	if (!isMap(node)) return [];
	if (node.items.length === 1 && node.has("secure")) return [place];
	return node.items.flatMap(({ key, value }) =>
		isScalar(key) ? listSecure(value, [...place, key.value as string | number]) : [],
	);
}

/** A place as `pulumi config set --path` takes it. */
function keyOf([first, ...rest]: readonly (string | number)[]): string {
	const step = (part: string | number) => {
		if (typeof part === "number") return `[${part}]`;
		return /^[A-Za-z_][\w-]*$/.test(part) ? `.${part}` : `["${part}"]`;
	};
	return [first, ...rest.map(step)].join("");
}
