/** An emulated Azure of a test file's own, without a server. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { Cloud } from "@medstack-to-aptible/sandbox/azure/cloud.ts";
import { ArmStore } from "@medstack-to-aptible/sandbox/azure/store.ts";

/** Opens one with the subscription `sub`, which goes when the file's tests end. */
export async function openCloud(): Promise<{ store: ArmStore; cloud: Cloud }> {
	const dir = await mkdtemp(join(tmpdir(), "azure-"));
	const store = new ArmStore(dir);
	after(async () => {
		store.close();
		await rm(dir, { recursive: true, force: true });
	});
	return { store, cloud: new Cloud(store, "sub") };
}
