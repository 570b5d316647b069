/** `image`, `fault` and `latency` of `npm run sandbox`: what a person sets up in the emulated Aptible to rehearse a failure. */
import { parseArgs } from "node:util";
import { clearFaults, FAULTS, type Fault, type FaultName, listFaults, setFault } from "./aptible/faults.ts";
import { defineImage, type Latency, readLatency, setLatency } from "./aptible/setup.ts";

/** A command that was given what it does not take; its message is for the person. */
export class Misuse extends Error {}

const numbers = ["times", "ms", "n", "status", "perPage"] as const;
const words = {
	command: undefined,
	handle: undefined,
	retryAfter: undefined,
	reason: undefined,
	part: undefined,
	write: ["create", "update", "delete", "operation"],
	outcome: ["succeeded", "failed"],
	order: ["ascending", "shuffled"],
	answer: ["first", "second"],
	form: ["absent", "empty"],
} satisfies Partial<Record<keyof Fault, readonly string[] | undefined>>;
/** Which of its parameters a fault reads, beside those that say where and how often. */
const ownOptions: Partial<Record<FaultName, readonly (keyof Fault)[]>> = {
	"deploy-fails": ["reason"],
	"part-lost": ["part"],
	"portal-early": ["ms"],
	"connection-drops": ["write"],
	"request-refused": ["status", "reason"],
	"secrets-hidden": ["form"],
	"foreign-operation": ["outcome"],
	"operations-order": ["order"],
	"short-pages": ["perPage"],
	"sends-twice": ["write", "answer"],
	"slow-queue": ["ms"],
	outage: ["ms"],
	"api-429": ["retryAfter"],
	"slow-cli": ["ms"],
	"halt-after-mutation": ["n"],
	"halt-before-mutation": ["n"],
};
/** Their fields are objects, which a line of a shell spells badly. */
const names = (Object.keys(FAULTS) as FaultName[]).filter((name) => name !== "answer-changed");

/** `image REFERENCE SERVICE...`: what is in an image. @returns what to print */
export function runImage(folder: string, args: readonly string[]): string {
	const [reference, ...services] = args;
	const wrong = services.find((service) => !/^[A-Za-z0-9][\w-]*$/.test(service));
	if (reference === undefined || reference.startsWith("-") || services.length === 0 || wrong !== undefined) {
		const what = wrong === undefined ? "" : `"${wrong}" is no name of a process; `;
		throw new Misuse(
			`${what}image takes a reference and its processes, such as: image registry.acme.example/portal:7 web worker; a reference that ends in :* is each tag, git/HANDLE what is pushed to an app`,
		);
	}
	defineImage(folder, reference, services);
	return `${reference} has the processes ${services.join(", ")}`;
}

/** `fault`: lists what can go wrong and what is planted, plants NAME, or clears. @returns what to print */
export function runFault(folder: string, args: readonly string[]): string {
	const [name, ...rest] = args;
	if (name === undefined) return describeFaults(folder);
	if (name === "clear") {
		if (rest.length > 0) throw new Misuse(`fault clear takes nothing, and "${rest.join(" ")}" was given`);
		clearFaults(folder);
		return "no fault is planted";
	}
	if (!isFault(name)) throw new Misuse(`"${name}" is no fault; use one of ${names.join(", ")}, or clear`);
	const fault = { name, ...readFaultOptions(name, rest) } as Fault;
	setFault(folder, fault);
	return `planted: ${describe(fault)}`;
}

const isFault = (name: string): name is FaultName => names.some((each) => each === name);

function describeFaults(folder: string): string {
	const known = names.map((name) => {
		const options = (ownOptions[name] ?? []).map((option) => ` --${dashed(option)}`).join("");
		return `  ${name}${options}\n      ${FAULTS[name]}`;
	});
	const planted = listFaults(folder).map((fault) => `  ${describe(fault)}`);
	return [
		'What can go wrong; each takes --times, --command (of the CLI, or a route such as "GET /accounts") and --handle too:',
		...known,
		planted.length === 0 ? "None is planted." : "Planted, and not struck yet:",
		...planted,
	].join("\n");
}

function describe({ name, times = 1, ...params }: Fault): string {
	const shown = Object.entries(params).map(([key, value]) => ` --${dashed(key)} ${JSON.stringify(value)}`);
	return `${name}${shown.join("")}, ${times === 1 ? "once" : `${times} times`}`;
}

const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function readFaultOptions(name: FaultName, args: readonly string[]): Partial<Fault> {
	const allowed = ["times", "command", "handle", ...(ownOptions[name] ?? [])] as (keyof Fault)[];
	return Object.fromEntries(
		readOptions(`fault ${name}`, allowed, args).map(([key, text]) => {
			const least = key === "times" || key === "n" ? 1 : 0;
			if (numbers.some((number) => number === key)) return [key, readCount(`--${dashed(key)}`, text, least)];
			const allowedWords: readonly string[] | undefined = words[key as keyof typeof words];
			if (allowedWords !== undefined && !allowedWords.includes(text)) {
				throw new Misuse(`--${dashed(key)} is "${text}"; use one of ${allowedWords.join(", ")}`);
			}
			return [key, text];
		}),
	);
}

/** `latency`: shows how slow the emulated Aptible is, or makes it so. @returns what to print */
export function runLatency(folder: string, args: readonly string[]): string {
	const options = { call: "callMs", cpu: "cpuMs", operation: "operationMs", keygen: "keygenMs" } as const;
	if (args[0] === "off" && args.length === 1) {
		setLatency(folder, { callMs: 0, cpuMs: 0, operationMs: 0, keygenMs: 0 });
	} else {
		const given = readOptions("latency", Object.keys(options), args).map(([key, text]) => [
			options[key as keyof typeof options],
			readCount(`--${key}`, text),
		]);
		setLatency(folder, Object.fromEntries(given) as Latency);
	}
	const { callMs, cpuMs, operationMs, keygenMs } = readLatency(folder);
	return `each call ${callMs} ms (--call), of which the CLI computes ${cpuMs} ms (--cpu); each operation ${operationMs} ms (--operation); the first ssh key ${keygenMs} ms (--keygen)`;
}

function readOptions(command: string, allowed: readonly string[], args: readonly string[]): [string, string][] {
	const byOption = new Map(allowed.map((name) => [dashed(name), name]));
	const offered = [...byOption.keys()].map((option) => `--${option} VALUE`).join(", ");
	try {
		const { values } = parseArgs({
			args: [...args],
			options: Object.fromEntries([...byOption.keys()].map((option) => [option, { type: "string" as const }])),
		});
		return Object.entries(values).map(([option, text]) => [byOption.get(option) ?? option, String(text)]);
	} catch (error) {
		const [what] = (error instanceof Error ? error.message : String(error)).split(". ");
		throw new Misuse(`${what}; ${command} takes ${offered}`);
	}
}

function readCount(option: string, text: string, least = 0): number {
	if (/^\d{1,7}$/.test(text) && Number(text) >= least) return Number(text);
	throw new Misuse(
		`${option} is "${text}"; allowed: a whole number${least === 0 ? "" : ` from ${least}`}, such as 500`,
	);
}
