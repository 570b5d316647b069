/** What an import leaves alone, and what it writes again. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeOutputs } from "../../import/output.ts";

function open(t: TestContext): {
	write: (text: string, report?: string) => ReturnType<typeof writeOutputs>;
	file: string;
	read: (name: string) => string;
} {
	const folder = mkdtempSync(join(tmpdir(), "output-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "Pulumi.test.yaml");
	const report = "imported/test/report.md";
	return {
		file,
		read: (name) => readFileSync(join(folder, name), "utf8"),
		write: (text, says = "report\n") =>
			writeOutputs({ path: "Pulumi.test.yaml", text }, [{ path: report, text: says }], {
				folder: "imported/test",
				from: folder,
			}),
	};
}

const text = "# head\nconfig:\n  a: 1\n";

test("a file that nobody has edited is written again where the input has changed", async (t) => {
	const { write, read } = open(t);
	await write(text);
	const again = await write(text);
	assert.deepEqual(
		again.lines.map((line) => line.replace(/^\S*\//, "")),
		["Pulumi.test.yaml is as it was", "report.md is as it was"],
	);
	await write("# head\nconfig:\n  a: 2\n");
	assert.equal(read("Pulumi.test.yaml"), "# head\nconfig:\n  a: 2\n");
});

test("a file that somebody has edited is never touched, and what is new goes beside it, once", async (t) => {
	const { write, read, file } = open(t);
	await write(text);
	const edited = `${text}  own: 1\n`;
	writeFileSync(file, edited);
	assert.match(
		(await write(text)).lines[0] ?? "",
		/has been edited, and the input gives nothing new: it is left as it is$/,
	);
	const fresh = "# head\nconfig:\n  a: 3\n";
	const { beside, lines } = await write(fresh);
	assert.deepEqual(beside, ["Pulumi.test.yaml"]);
	assert.match(lines[0] ?? "", /has been edited and is left as it is; what the input gives now is in \S+\.new: diff /);
	assert.equal(read("Pulumi.test.yaml"), edited);
	assert.equal(read("Pulumi.test.yaml.new"), fresh);
	assert.deepEqual((await write(fresh)).beside, []);
	assert.equal(read("Pulumi.test.yaml"), edited);
});

test("what pulumi stack init has written stays, and is no edit", async (t) => {
	const { write, read, file } = open(t);
	writeFileSync(file, "encryptionsalt: v1:abc=\n");
	await write(text);
	assert.equal(read("Pulumi.test.yaml"), "# head\nconfig:\n  a: 1\nencryptionsalt: v1:abc=\n");
	assert.match((await write(text)).lines[0] ?? "", /is as it was$/);
	await write("# head\nconfig:\n  a: 2\n");
	assert.equal(read("Pulumi.test.yaml"), "# head\nconfig:\n  a: 2\nencryptionsalt: v1:abc=\n");
});

test("a stage file that no import wrote is refused, and nothing is written", async (t) => {
	const { write, read, file } = open(t);
	writeFileSync(file, "config:\n  medstack-to-aptible:environment: {}\n");
	await assert.rejects(write(text), /is there already, with a stage in it; name another file, or move it away/);
	assert.throws(() => read("imported/test/report.md"), /ENOENT/);
	assert.match(read("Pulumi.test.yaml"), /environment/);
});

test("a file of somebody's beside the stage file is not written over, and what is there already as it would be is no stranger", async (t) => {
	const { write, read, file } = open(t);
	mkdirSync(join(dirname(file), "imported/test"), { recursive: true });
	writeFileSync(join(dirname(file), "imported/test/report.md"), "my notes\n");
	const { beside } = await write(text);
	assert.deepEqual(beside, ["imported/test/report.md"]);
	assert.equal(read("imported/test/report.md"), "my notes\n");
	assert.equal(read("imported/test/report.md.new"), "report\n");
	rmSync(join(dirname(file), "imported"), { recursive: true });
	assert.match((await write(text)).lines[0] ?? "", /is as it was$/);
	writeFileSync(file, `${text}  own: 1\n`);
	await write("# head\nconfig:\n  a: 2\n");
	writeFileSync(`${file}.new`, "somebody works on it\n");
	await assert.rejects(
		write("# head\nconfig:\n  a: 3\n"),
		/^Error: "Pulumi\.test\.yaml\.new" has been edited; move it away, as what the input gives now goes there$/,
	);
	assert.equal(read("Pulumi.test.yaml.new"), "somebody works on it\n");
	assert.equal(read("imported/test/report.md"), "report\n");
});

test("lines of the stage file stay where the report says, whatever pulumi stack init has written", async (t) => {
	const { write, read, file } = open(t);
	writeFileSync(file, "encryptionsalt: v1:abc=\n");
	await write(text);
	assert.deepEqual(read("Pulumi.test.yaml").split("\n").slice(0, 3), text.trimEnd().split("\n"));
});

test("a list of hashes that is damaged is named", async (t) => {
	const { write, file } = open(t);
	await write(text);
	for (const damaged of ["{", "[1]"]) {
		writeFileSync(join(dirname(file), "imported/test/written.json"), damaged);
		await assert.rejects(write(text), /^Error: ".*written\.json" is not what an import wrote; remove it/);
	}
});
