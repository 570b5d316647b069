import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { servicesOf } from "../../aptible/images.ts";
import { inSandbox } from "../../aptible/sandbox.ts";
import { prepareStage, refuseAgainst } from "../../own-stage.ts";
import { opensWith } from "../../vault.ts";
import { TinyProgram } from "./tiny-program.ts";

const STAGE = `# Encrypted with a key that is not here.
secretsprovider: awskms://alias/mine
encryptedkey: AQ==
config:
  medstack-to-aptible:environment: { handle: mine, stack: mine-prod, phi: true }
  medstack-to-aptible:include: [apps/*.yaml]
  medstack-to-aptible:apps:
    shop: { image: "ghcr.io/mine/shop:1", services: { web: {}, jobs: {} } }
  medstack-to-aptible:secrets:
    key: { secure: v1:AAAA:BBBB }
    "other.key": { secure: v1:CCCC:DDDD }
`;

describe("a stage of one's own in the sandbox", () => {
	let program: TinyProgram;
	before(async () => {
		program = await TinyProgram.create();
		writeFileSync(path.join(program.dir, "Pulumi.own.yaml"), STAGE);
	});
	after(() => program.remove());

	const prepare = async (stage = "own") => {
		const said: string[] = [];
		const own = await prepareStage(program.sandbox, { root: program.dir, stage, say: (line) => void said.push(line) });
		return { own, said };
	};

	it("has its images, its stack, and stand-ins for secrets, which a person may set", async () => {
		const { own, said } = await prepare();
		assert.deepEqual(said.slice(0, 3), [
			"image: ghcr.io/mine/shop:1 has the processes that the stage declares: web, jobs",
			"stack: mine-prod is a dedicated stack here; its name is not checked",
			`secrets: no key here opens those of Pulumi.own.yaml, so each is a stand-in: medstack-to-aptible:secrets.key, medstack-to-aptible:secrets["other.key"]`,
		]);
		const folder = program.sandbox.env.APTIBLE_SANDBOX ?? "";
		inSandbox(folder, (store) => {
			assert.deepEqual(servicesOf(store, "ghcr.io/mine/shop:1"), ["web", "jobs"]);
			assert.ok(store.list("stack").find(({ name }) => name === "mine-prod")?.organization_id);
		});
		const key = ["--path", "medstack-to-aptible:secrets.key", "--stack", "own"];
		const pulumi = (...args: string[]) => program.pulumi(...own.withConfigFile(args));
		assert.equal((await pulumi("config", "get", ...key)).stdout.trim(), "stand-in-for-key");
		assert.equal((await pulumi("config", "set", "--secret", ...key, "set by a person")).code, 0);
		const fresh = ["--path", "medstack-to-aptible:secrets.fresh", "--stack", "own"];
		assert.equal((await pulumi("config", "set", "--secret", ...fresh, "of a new name")).code, 0);

		// Another run takes over what has changed in the file, and keeps what was set.
		writeFileSync(path.join(program.dir, "Pulumi.own.yaml"), STAGE.replace("shop:1", "shop:2"));
		const again = await prepare();
		assert.deepEqual(again.said, ["image: ghcr.io/mine/shop:2 has the processes that the stage declares: web, jobs"]);
		assert.equal((await pulumi("config", "get", ...key)).stdout.trim(), "set by a person");
		assert.equal((await pulumi("config", "get", ...fresh)).stdout.trim(), "of a new name");
		assert.match(readFileSync(own.options[1] ?? "", "utf8"), /shop:2/);
		assert.equal(readFileSync(path.join(program.dir, "Pulumi.own.yaml"), "utf8"), STAGE.replace("shop:1", "shop:2"));
		const file = [...own.options];
		assert.equal(file[0], "--config-file");
		const before = ["--color", "never", "--non-interactive"];
		assert.deepEqual(own.withConfigFile([...before, "up"]), [...before, "up", ...file]);
		assert.deepEqual(own.withConfigFile(["up", "--", "x"]), ["up", ...file, "--", "x"]);
		assert.deepEqual(own.withConfigFile(["stack", "ls"]), ["stack", "ls"]);
		assert.deepEqual(own.withConfigFile(["stack", "select", "up"]), ["stack", "select", "up"]);
	});

	it("has stand-ins for what it refers to and does not hold, and none for what it refers to no more", async () => {
		const file = path.join(program.dir, "Pulumi.bare.yaml");
		const bare = (...variables: string[]) =>
			`config:\n  medstack-to-aptible:include: [bare/*.yaml]\n  medstack-to-aptible:apps:\n    shop: { image: "x/y:1", config: { ${variables.join(", ")} }, services: { web: {} } }\n`;
		writeFileSync(file, bare('A: "${secrets.here}"', 'B: "$${secrets.literal}"', 'C: "${secrets.not valid}"'));
		mkdirSync(path.join(program.dir, "bare"));
		writeFileSync(path.join(program.dir, "bare/drains.yaml"), "logDrains: { siem: { url: '${ secrets.siemUrl }' } }\n");
		const secretsOf = async ({ own }: Awaited<ReturnType<typeof prepare>>) => {
			const shown = await program.pulumi(
				...own.withConfigFile(["config", "--show-secrets", "--json", "--stack", "bare"]),
			);
			return JSON.parse(shown.stdout)["medstack-to-aptible:secrets"]?.objectValue;
		};
		const says =
			"secrets: Pulumi.bare.yaml refers to secrets that it does not hold, which a real run refuses; here each is a stand-in until it is set: medstack-to-aptible:secrets.here, medstack-to-aptible:secrets.siemUrl";
		const how =
			"  to set one here: npm run sandbox -- --stack bare pulumi config set --secret --path 'medstack-to-aptible:secrets.here'";
		const first = await prepare("bare");
		assert.deepEqual(first.said.slice(1), [says, how]);
		assert.deepEqual(first.own.optionsToRead, first.own.options);
		assert.deepEqual(await secretsOf(first), {
			here: "stand-in-for-here",
			siemUrl: "https://stand-in-for-siemUrl.example",
		});
		const set = ["config", "set", "--secret", "--path", "medstack-to-aptible:secrets.mine", "of mine"];
		assert.equal((await program.pulumi(...first.own.withConfigFile([...set, "--stack", "bare"]))).code, 0);

		writeFileSync(file, bare());
		const without = await prepare("bare");
		assert.deepEqual(without.said, [
			says.replace("medstack-to-aptible:secrets.here, ", ""),
			how.replace("here'", "siemUrl'"),
		]);
		assert.deepEqual(Object.keys(await secretsOf(without)).sort(), ["mine", "siemUrl"]);

		// No block: the program says so.
		writeFileSync(file, `${bare()}  medstack-to-aptible:secrets:\n`);
		const wrong = await prepare("bare");
		assert.deepEqual(wrong.said, []);
		assert.match(readFileSync(wrong.own.options[1] ?? "", "utf8"), /^ {2}medstack-to-aptible:secrets:( "")?$/m);
	});

	it("has of an image that several apps share the processes of all of them, and says so once", async () => {
		const app = (...services: string[]) =>
			`{ image: "ghcr.io/mine/both:1", services: { ${services.join(": {}, ")}: {} } }`;
		const apps = `config:\n  medstack-to-aptible:apps:\n    site: ${app("web")}\n    jobs: ${app("worker", "web", "beat")}\n`;
		writeFileSync(path.join(program.dir, "Pulumi.twice.yaml"), apps);
		const says = "image: ghcr.io/mine/both:1 has the processes that the stage declares: web, worker, beat";
		const { said } = await prepare("twice");
		assert.deepEqual(said, [says]);
		assert.deepEqual((await prepare("twice")).said, []);
	});

	it("is compared with no commit where it has stand-ins", () => {
		const copy = ["--config-file", "copy"];
		for (const against of [["--json", "--against", "HEAD"], ["--against=HEAD"]]) {
			assert.throws(() => refuseAgainst(copy, against), /--against compares .*; leave it out$/);
			refuseAgainst([], against);
		}
		refuseAgainst(copy, ["--json"]);
	});

	it("is refused where its file is missing or no YAML", async () => {
		await assert.rejects(prepare("owm"), /no Pulumi\.owm\.yaml for --stack owm; there are: .*own/);
		writeFileSync(path.join(program.dir, "Pulumi.torn.yaml"), "config: [\n");
		await assert.rejects(prepare("torn"), /Pulumi\.torn\.yaml is not YAML that can be read, at line 2, column 1/);
	});

	it("runs as it is where the sandbox's passphrase opens it", async () => {
		const example = readFileSync(path.join(import.meta.dirname, "../../../../Pulumi.staging.yaml"), "utf8");
		const salt = /^encryptionsalt: (\S+)$/m.exec(example)?.[1] ?? "";
		assert.equal(await opensWith("sandbox", salt), true);
		assert.equal(await opensWith("other", salt), false);
		writeFileSync(path.join(program.dir, "Pulumi.open.yaml"), `encryptionsalt: ${salt}\nconfig: {}\n`);
		const { own, said } = await prepare("open");
		assert.deepEqual(own.options, []);
		assert.deepEqual(said, []);
		assert.deepEqual(own.withConfigFile(["up"]), ["up"]);

		const reference = 'medstack-to-aptible:apps: { shop: { config: { A: "${secrets.key}" } } }';
		writeFileSync(path.join(program.dir, "Pulumi.open.yaml"), `encryptionsalt: ${salt}\nconfig:\n  ${reference}\n`);
		const lacking = await prepare("open");
		assert.deepEqual(lacking.own.options, []);
		assert.deepEqual(lacking.said, [
			"secrets: Pulumi.open.yaml refers to secrets that it does not hold, and is refused until each is set: medstack-to-aptible:secrets.key",
			"  to set one here: npm run sandbox -- --stack open pulumi config set --secret --path 'medstack-to-aptible:secrets.key'",
		]);
	});
});
