/**
 * `npm run import -- compose FILE...` and `npm run import -- medstack FILE`: a stage file, a Procfile for each image that needs one,
 * and a report of what became of each key. Changes nothing anywhere else, and asks nobody. See docs/import.md.
 */
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { filledBlocks, renderFile } from "../stage-file/file.ts";
import { InputError } from "./compose/read.ts";
import { type Imported, importCompose } from "./compose.ts";
import { importMedstack } from "./medstack.ts";
import { writeOutputs } from "./output.ts";
import { countOutcomes, listedKeys, renderReport } from "./report.ts";

const usage = `usage: npm run import -- compose FILE... [--env-file FILE]... [--profile NAME]... [--image SERVICE=IMAGE]... [--root FOLDER] [options]
       npm run import -- medstack FILE [options]
options: --environment HANDLE --aptible-stack NAME --phi true|false --stack STACK --output FILE`;

try {
	const { values, positionals } = parseArgs({
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
	const [from, ...files] = positionals;
	const { phi, environment } = values;
	const isPhi = phi === undefined || phi === "true" || phi === "false";
	const images = values.image.map((one) => one.split(/=(.*)/s));
	const options = {
		handle: environment,
		aptibleStack: values["aptible-stack"],
		phi: phi === undefined ? undefined : phi === "true",
		images: new Map(images.map(([service = "", image = ""]) => [service, image])),
	};
	if (values.help) process.stdout.write(`${usage}\n`);
	else if (from === "compose" && files.length > 0 && isPhi && images.every((one) => one.length > 1)) {
		const { root, profile: profiles } = values;
		const shell = Object.fromEntries(Object.entries(process.env).map(([name, value = ""]) => [name, value]));
		const input = { files, envFiles: values["env-file"], profiles, shell, root, from: process.cwd() };
		await write(importCompose(input, options), files, values);
	} else if (from === "medstack" && files.length === 1 && isPhi) {
		await write(importMedstack(files[0] ?? "", process.cwd(), options), files, values);
	} else throw new InputError(usage);
} catch (error) {
	const isOption = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${isOption ? `${usage}\n` : ""}`);
	process.exitCode = 1;
}

async function write(
	imported: Imported,
	inputs: readonly string[],
	{ stack: named, output }: { stack?: string | undefined; output?: string | undefined },
): Promise<void> {
	const { keys, secrets, procfiles } = imported;
	const blocks = filledBlocks(imported.blocks);
	const stack = named ?? String(blocks.environment?.handle);
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
		folder,
	);
	const listed = listedKeys(keys);
	const { mapped, decide, dropped } = countOutcomes(listed);
	const count = `${listed.length} keys: ${mapped} mapped, ${decide} need a decision, ${dropped} dropped; ${secrets.entries().length} secrets to set`;
	process.stdout.write(`${[...lines, `${count}. Read ${report} first.`].join("\n")}\n`);
	if (beside.length > 0) process.exitCode = 1;
}
