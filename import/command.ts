/** The command: its arguments, and what it prints. */
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../aptible/client/system-error.ts";
import { filledBlocks, renderFile } from "../stage-file/file.ts";
import type { Variables } from "./compose/interpolate.ts";
import { InputError } from "./compose/read.ts";
import { type Imported, importCompose } from "./compose.ts";
import { importMedstack } from "./medstack.ts";
import { writeOutputs } from "./output.ts";
import { countKeys, renderReport } from "./report.ts";

const usage = `usage: npm run import -- compose FILE... [--env-file FILE]... [--profile NAME]... [--image SERVICE=IMAGE]... [--root FOLDER] [options]
       npm run import -- medstack FILE [options]
options: --environment HANDLE --aptible-stack NAME --phi true|false --stack STACK --output FILE`;

/** How an import ended, and what it says. */
export interface Ended {
	code: number;
	stdout: string;
	stderr: string;
}

/** Where an import runs. */
export interface Place {
	/** Folder from which paths count. */
	from: string;
	/** Variables of whoever runs it. */
	shell: Variables;
}

/** Runs the command with its arguments. */
export async function runImport(args: readonly string[], place: Place): Promise<Ended> {
	try {
		return await run(args, place);
	} catch (error) {
		const isOption = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
		return { code: 1, stdout: "", stderr: `${messageOf(error)}\n${isOption ? `${usage}\n` : ""}` };
	}
}

async function run(args: readonly string[], { from, shell }: Place): Promise<Ended> {
	const { values, positionals } = parseArgs({
		args: [...args],
		allowPositionals: true,
		options: {
			"env-file": { type: "string", multiple: true, default: [] },
			profile: { type: "string", multiple: true, default: [] },
			image: { type: "string", multiple: true, default: [] },
			root: { type: "string" },
			environment: { type: "string" },
			"aptible-stack": { type: "string" },
			phi: { type: "string" },
			stack: { type: "string" },
			output: { type: "string" },
			help: { type: "boolean", default: false },
		},
	});
	const [kind, ...files] = positionals;
	const { phi, environment } = values;
	const isPhi = phi === undefined || phi === "true" || phi === "false";
	const images = values.image.map((one) => one.split(/=(.*)/s));
	const options = {
		handle: environment,
		aptibleStack: values["aptible-stack"],
		phi: phi === undefined ? undefined : phi === "true",
		images: new Map(images.map(([service = "", image = ""]) => [service, image])),
	};
	if (values.help) return { code: 0, stdout: `${usage}\n`, stderr: "" };
	if (kind === "compose" && files.length > 0 && isPhi && images.every(([, image = ""]) => image !== "")) {
		const { root, profile: profiles } = values;
		const input = { files, envFiles: values["env-file"], profiles, shell, root, from };
		return write(importCompose(input, options), files, { ...values, from });
	}
	if (kind === "medstack" && files.length === 1 && isPhi) {
		const foreign = (["env-file", "profile", "image", "root"] as const).find((one) => (values[one] ?? []).length > 0);
		if (foreign !== undefined) throw new InputError(`--${foreign} is an option of compose\n${usage}`);
		return write(importMedstack(files[0] ?? "", from, options), files, { ...values, from });
	}
	throw new InputError(usage);
}

async function write(
	imported: Imported,
	inputs: readonly string[],
	{ stack: named, output, from }: { stack?: string | undefined; output?: string | undefined; from: string },
): Promise<Ended> {
	const { secrets, procfiles } = imported;
	const blocks = filledBlocks(imported.blocks);
	const stack = named ?? String(blocks.environment?.handle);
	if (!/^[\w.-]+$/.test(stack) || /^\.+$/.test(stack)) {
		throw new InputError(`"${stack}" is no name of a Pulumi stack; allowed: letters, digits, _, . and -; give --stack`);
	}
	const path = output ?? `Pulumi.${stack}.yaml`;
	const folder = join(dirname(path), "imported", stack);
	const report = join(folder, "report.md");
	const head = [
		`Imported from ${inputs.join(", ")} by \`npm run import\`. What became of each key of it, what is left to decide and the secrets to`,
		`set: ${report}`,
	];
	const text = renderFile(blocks, { head, former: {} });
	const { lines, beside } = await writeOutputs(
		{ path, text },
		[
			{ path: report, text: renderReport({ ...imported, blocks, inputs, file: path, text, stack }) },
			...procfiles.map(({ app, text: lines }) => ({ path: join(folder, app, "Procfile"), text: lines })),
		],
		{ folder, from },
	);
	const count = `${countKeys(imported)}; ${secrets.entries().length} secrets to set`;
	const stdout = `${[...lines, `${count}. Read ${report} first.`].join("\n")}\n`;
	return { code: beside.length > 0 ? 1 : 0, stdout, stderr: "" };
}
