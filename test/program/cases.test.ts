/**
 * Stage files after public bug reports (`test/cases/`), on the real engine: each ends as its report says is right. Those of an account
 * that is taken over (09, 17) are in test/azure/adopt-cases.test.ts, that of a hundred apps (42) in test/program/stage-file.test.ts.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { parse } from "yaml";
import { fail, openStageFile, type StageUnderTest, succeed } from "../support/stage.ts";

const cases = join(import.meta.dirname, "../cases");

/** A case's stage file in a sandbox that knows the case's images. */
async function openCase(t: TestContext, name: string, { images = false } = {}): Promise<StageUnderTest> {
	const folder = join(cases, name);
	const stage = await openStageFile(t, "case", await readFile(join(folder, "stage.yaml"), "utf8"));
	if (images) {
		const known = JSON.parse(await readFile(join(folder, "images.json"), "utf8")) as Record<string, string[]>;
		for (const [reference, services] of Object.entries(known)) defineImage(stage.aptible.dir, reference, services);
	}
	return stage;
}

interface Service {
	service: string;
	container_count: number;
	container_size: number;
}

/** Services of an app with their number and size: `web 2 x 1024`. */
async function servicesOf(stage: StageUnderTest, app: string): Promise<string[]> {
	const apps = (await stage.cli("apps")) as { handle: string; services: Service[] }[];
	const services = apps.find(({ handle }) => handle === app)?.services ?? [];
	return services.map((one) => `${one.service} ${one.container_count} x ${one.container_size}`).sort();
}

/** Sizes with which each new service ever ran, in the order in which they were sent. */
function startsOf(stage: StageUnderTest): string[] {
	return stage
		.newJournal()
		.filter(({ mutating, command }) => mutating && /^(deploy|apps:scale)$/.test(command))
		.map(({ command, argv }) => {
			const option = (name: string) => argv[argv.indexOf(name) + 1];
			const count = argv.includes("--container-count") ? ` ${option("--container-count")}` : "";
			return command === "deploy" ? `deploy${count}` : `scale ${argv.at(-1)}${count}`;
		});
}

// A refusal needs no more than a preview, so that one sandbox does for all.
test("what a preview refuses", async (t) => {
	const stage = await openCase(t, "01-date-in-config");
	const refuse = async (file: string) => {
		await stage.write(await readFile(join(cases, file), "utf8"));
		return fail(stage.preview());
	};

	await t.test("01: an unquoted date, with the quotes that it lacks", async () => {
		const output = await refuse("01-date-in-config/stage.yaml");
		assert.match(output, /PAYMENTS_API_VERSION.*date/);
		assert.match(output, /CUTOVER_AT.*date/);
		assert.match(output, /quotes/);
		assert.doesNotMatch(output, /RETENTION_START/);
	});

	await t.test("05: a filter that lets everyone in", async () => {
		const output = await refuse("05-open-filter/stage.yaml");
		assert.match(output, /databases\.main\.endpoints\.analysts\.ipFilter.*0\.0\.0\.0\/0/);
		assert.match(output, /storage\.allowFrom.*0\.0\.0\.0\/0/);
	});

	await t.test("30: jdbc: before a URL that no driver takes, and the parts that it takes", async () => {
		const output = await refuse("30-compose-hapi-fhir/jdbc.yaml");
		assert.match(output, /SPRING_DATASOURCE_URL: .* write \$\{databases\.hapi\.jdbcUrl\}/);
		assert.doesNotMatch(output, /write \$\{databases\.[\w-]+\.url\}/);
	});

	await t.test("30: host, port and password as Compose has them; the user by another name is offered", async () => {
		const output = await refuse("30-compose-hapi-fhir/naive.yaml");
		assert.match(output, /SPRING_DATASOURCE_USERNAME: .* did you mean "user"\?/);
		assert.doesNotMatch(output, /SPRING_DATASOURCE_(URL|PASSWORD):/);
		await stage.edit(({ databases, apps }) => {
			databases["hapi-fhir-postgres"].version = "15";
			apps["hapi-fhir"].config.SPRING_DATASOURCE_USERNAME = "${databases.hapi-fhir-postgres.user}";
		});
		await succeed(stage.preview());
	});
});

test("07: a TXT value of more than 255 characters goes out in parts", async (t) => {
	const stage = await openCase(t, "07-dkim");
	await succeed(stage.up());
	await succeed(stage.up("--expect-no-changes"));
});

test("12: a service that the file does not declare gets what Aptible gives by itself", async (t) => {
	const stage = await openCase(t, "12-procfile-more-lines", { images: true });
	const large = parse(await readFile(join(cases, "12-procfile-more-lines/big.yaml"), "utf8"));
	await stage.edit(({ apps }) => {
		apps.large = large.config["medstack-to-aptible:apps"].intake;
	});
	const output = await succeed(stage.up());
	const undeclared = ["cmd 1 x 1024", "cron 1 x 1024", "release 1 x 1024"];
	assert.deepEqual(await servicesOf(stage, "intake"), [...undeclared, "web 2 x 1024", "worker 1 x 1024"]);
	assert.deepEqual(await servicesOf(stage, "large"), [...undeclared, "web 4 x 7168", "worker 1 x 1024"]);
	assert.match(output, /service "cron" is in the release and not in the stage file/);
	stage.newMutations();
	await succeed(stage.up("--expect-no-changes"));
	assert.deepEqual(stage.newMutations(), []);
});

test("13: a service that is to have no container never starts", async (t) => {
	const stage = await openCase(t, "13-worker-held-back", { images: true });
	await succeed(stage.up());
	assert.deepEqual(await servicesOf(stage, "intake"), ["web 2 x 512", "worker 0 x 512"]);
	assert.deepEqual(
		startsOf(stage).filter((sent) => !/^scale worker$/.test(sent)),
		["deploy 0", "scale web 2"],
	);
});

test("21: new registry credentials wait for the next release; an app has the address of another one", async (t) => {
	const stage = await openCase(t, "21-tf-ecr-two-apps");
	const wanted = parse(await readFile(join(cases, "21-tf-ecr-two-apps/with-app-reference.yaml"), "utf8"));
	await stage.edit(({ apps }) => {
		Object.assign(apps, wanted.config["medstack-to-aptible:apps"]);
	});
	await stage.setSecret("ecrPassword", "token-of-the-morning");
	await succeed(stage.up());
	const config = (await stage.cli("config", "--app", "frontend")) as { key: string; value: string }[];
	const [endpoint] = (await stage.cli("endpoints:list", "--app", "backend")) as { default_domain: string }[];
	assert.deepEqual(
		config.map(({ value }) => value),
		[`https://${endpoint?.default_domain}`],
	);
	stage.newMutations();
	stage.watchDrift();
	await stage.setSecret("ecrPassword", "token-of-the-evening");
	const output = await succeed(stage.up("--expect-no-changes"));
	assert.doesNotMatch(output, /DRIFT|other credentials/);
	for (const app of ["frontend", "backend"]) {
		assert.match(output, new RegExp(`not on Aptible yet: .* apps\\.${app}\\.registry`));
	}
	assert.deepEqual(stage.newMutations(), [], "no deploy for a token alone");
	await stage.edit(({ apps }) => {
		apps.frontend.config = { GREETING: "hello", REGISTRY_TOKEN: "${secrets.ecrPassword}" };
		apps.frontend.image = apps.frontend.image.replace("latest", "2026-12-01");
	});
	const sent = async () => {
		await succeed(stage.up());
		return stage
			.newJournal()
			.filter(({ mutating }) => mutating)
			.map(({ command, argv }) => `${command} ${argv.includes("--private-registry-password")}`)
			.sort();
	};
	assert.deepEqual(await sent(), ["deploy true"]);
	await stage.edit(({ apps }) => {
		apps.backend.registry.deployOnChange = true;
	});
	assert.deepEqual(await sent(), ["deploy true"]);
	await stage.setSecret("ecrPassword", "token-of-the-night");
	assert.deepEqual(
		await sent(),
		["config:set false", "deploy true"],
		"where config has it too, and where it is a reason",
	);
});
