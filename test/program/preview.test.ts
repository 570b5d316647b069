import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Blocks, fail, openStage, succeed } from "../support/stage.ts";

const golden = join(import.meta.dirname, "golden");

/** A preview as a reviewer reads it, without what differs from one machine and run to the next. */
function normalise(text: string): string {
	return `${text
		.replace(/\[(urn|provider)=[^\]]*\]/g, "[$1]")
		.replace(/\[id=\w+?[0-9a-f]{8}\]/g, "[id]")
		.replace(/ +$/gm, "")
		.replace(/^Duration:.*\n/gm, "")
		// The engine says now and then that it is still at it, the busier the machine the oftener.
		.replace(/^@ previewing update\.*\n/gm, "")
		.trim()}\n`;
}

/** `node --test` with UPDATE_GOLDEN=1 writes the files again; read the difference before it is committed. */
async function matchesGolden(name: string, text: string): Promise<void> {
	const file = join(golden, `${name}.txt`);
	if (process.env.UPDATE_GOLDEN === "1") await writeFile(file, normalise(text));
	assert.equal(normalise(text), await readFile(file, "utf8"));
}

const changes: Readonly<Record<string, (blocks: Blocks) => void>> = {
	count: ({ apps }) => {
		apps.portal.services.web.containers = 3;
	},
	image: ({ apps }) => {
		apps.portal.image = "registry.acme.example/portal:2026-12-01";
	},
	config: ({ apps }) => {
		apps.portal.config.PORT = "8080";
		apps.portal.config.LOG_LEVEL = "debug";
	},
};

const refused: readonly [string, (blocks: Blocks) => void, RegExp][] = [
	[
		"a stack",
		({ environment }) => {
			environment.stack = "shared-us-east-1";
		},
		/environment "acme-staging" is on stack "shared-ca-central-1" and cannot move to "shared-us-east-1" in place/,
	],
	[
		"a smaller disk",
		({ databases }) => {
			databases.main.diskGb = 10;
		},
		/database "main" has a disk of 20 GB and cannot go to 10 GB: disks never shrink/,
	],
];

// One stage for all of it: to bring one up takes longer than everything here.
test("what a preview shows, and what it refuses", async (t) => {
	const stage = await openStage(t, "staging");

	await t.test("a stage file with mistakes ends before anything runs, and every mistake is named", async () => {
		const mistakes = ({ apps, databases }: Blocks) => {
			apps.portal.services.web.containerMb = 1000;
			databases.main.typ = "postgresql";
		};
		await stage.withChange(mistakes, async () => {
			const text = await fail(stage.up());
			assert.match(text, /Pulumi.staging.yaml: apps.portal.services.web.containerMb: 1000 .*did you mean 1024\?/);
			assert.match(text, /Pulumi.staging.yaml: databases.main.typ: .*did you mean "type"\?/);
			assert.doesNotMatch(text, /\bat .*\.ts:\d+/, "no stack trace");
			assert.deepEqual(stage.newJournal(), []);
		});
	});

	await succeed(stage.up());
	stage.newJournal();

	await t.test("a preview shows a reviewer what changes, and nothing else", async (t) => {
		for (const [name, change] of Object.entries(changes)) {
			await t.test(name, () =>
				stage.withChange(change, async () => matchesGolden(name, await succeed(stage.preview("--diff")))),
			);
		}
		await t.test("secret", () =>
			stage.withChange(
				() => {},
				async () => {
					const path = "medstack-to-aptible:secrets.sessionKey";
					await succeed(stage.pulumi("config", "set", "--secret", "--path", path, "another-value"));
					const text = await succeed(stage.preview("--diff"));
					assert.doesNotMatch(text, /another-value/);
					await matchesGolden("secret", text);
				},
			),
		);
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("what cannot change in place fails the preview, with what to do instead", async (t) => {
		for (const [name, change, says] of refused) {
			await t.test(name, () => stage.withChange(change, async () => assert.match(await fail(stage.preview()), says)));
		}
		await t.test("an up that had no preview is refused too", async () => {
			const version = ({ databases }: Blocks) => {
				databases.main.version = "17";
			};
			await stage.withChange(version, async () => {
				assert.match(await fail(stage.up()), /cannot become postgresql 17/);
			});
		});
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("what lives under a declared handle and is not ours is refused, until the file adopts it", async () => {
		// The same live objects, and a state that knows nothing of them.
		await succeed(stage.sandbox.pulumi(["stack", "rm", "--force", "--yes", "--preserve-config", "staging"]));
		await stage.init();
		stage.newJournal();
		const text = await fail(stage.up());
		assert.match(text, /these exist on Aptible and were not made by this stack:/);
		assert.match(text, /environment: "acme-staging" on stack shared-ca-central-1/);
		assert.match(text, /databases.main: "main", postgresql 16, 1024 MB, disk 20 GB, provisioned/);
		assert.match(text, /apps.portal: "portal", web 1 x 1024 MB, worker 1 x 512 MB/);
		assert.deepEqual(stage.newWrites(), []);
		await stage.edit(({ environment, databases, apps, logDrains = {} }) => {
			for (const noun of [
				environment,
				...Object.values(databases),
				...Object.values(apps),
				...Object.values(logDrains),
			]) {
				(noun as { adopt: boolean }).adopt = true;
			}
			apps.portal.endpoints.test.adopt = true;
		});
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites(), [], "adopting what is as declared changes nothing");
	});
});
