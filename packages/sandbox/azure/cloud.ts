import { setTimeout as sleep } from "node:timers/promises";
import type { PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import { changeContainer, hasBlobs } from "./data-plane.ts";
import { keepKnown } from "./properties.ts";
import { ARM_TYPES, type ArmType } from "./resource-types.ts";
import type { ArmResource, ArmStore } from "./store.ts";
import { addPolicyTags, tagRules } from "./tag-rules.ts";
import { refuseHeldRemoval } from "./worm-rules.ts";

const CONTAINER = "azure-native:storage:BlobContainer";
const ACCOUNT = "azure-native:storage:StorageAccount";
const LOCK = "azure-native:authorization:ManagementLockByScope";

/** What Azure Resource Manager does with resources: makes, changes and deletes them, or refuses to. */
export class Cloud {
	readonly store: ArmStore;
	readonly subscription: string;

	constructor(store: ArmStore, subscription: string) {
		this.store = store;
		this.subscription = subscription;
	}

	/** Address of the emulated blob service. */
	get blobUrl(): string {
		return `https://127.0.0.1:${this.store.setting("port")}`;
	}

	/** Makes a resource; the only one of its kind, which is always there, is taken over instead. */
	async create(token: string, given: PropertyMap): Promise<ArmResource> {
		const type = typeOf(token);
		const inputs = keepKnown(token, given);
		const id = type.id(inputs, this.subscription);
		const resource = this.store.transaction(() => {
			if (type.singleton !== true && this.store.find(id) !== undefined) {
				throw new Error(`cannot create already existing resource '${id}'`);
			}
			return this.#save(type, token, id, inputs, undefined);
		});
		if (token === CONTAINER) await changeContainer("PUT", this.#containerOf(inputs));
		// Azure takes its time to answer; the setting `create_ms` has a test strike in between.
		await sleep(Number(this.store.setting("create_ms") ?? 0));
		return resource;
	}

	/** What the provider sends for an update: a PUT, which makes what somebody has deleted. */
	async put(token: string, id: string, inputs: PropertyMap): Promise<ArmResource> {
		return this.find(token, id) === undefined ? this.create(token, inputs) : this.update(token, id, inputs);
	}

	update(token: string, id: string, inputs: PropertyMap): ArmResource {
		return this.store.transaction(() => {
			const before = this.find(token, id);
			if (before === undefined) throw new ArmError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);
			return this.#save(typeOf(token), token, before.id, keepKnown(token, inputs), before.inputs);
		});
	}

	/**
	 * Deletes a resource with all below it; what is gone already is no failure. Of the only one of its kind, the settings go
	 * back to Azure's own, and what lies below stays.
	 */
	async remove(id: string): Promise<void> {
		const resource = this.store.find(id);
		if (resource === undefined) return;
		this.#refuseLocked(resource);
		typeOf(resource.token).refuseRemoval?.();
		await refuseHeldRemoval(resource, this.store, (inputs) => hasBlobs(this.#containerOf(inputs)));
		if (typeOf(resource.token).singleton === true) return this.store.forget(id);
		const gone = [resource, ...this.store.below(id)];
		for (const { token: one, inputs } of gone) {
			if (one === CONTAINER) await changeContainer("DELETE", this.#containerOf(inputs));
		}
		this.store.transaction(() => {
			for (const { token: one, inputs } of gone) {
				if (one === ACCOUNT) this.store.removeKeys(String(inputs.accountName));
			}
			this.store.remove(id);
		});
	}

	/** What is there under an id. The only one of its kind always is, with Azure's own settings where nobody has made any. */
	find(token: string, id: string): ArmResource | undefined {
		const found = this.store.find(id);
		if (found !== undefined) return found.token === token ? found : undefined;
		const type = typeOf(token);
		const inputs = type.singleton === true ? this.#placeOf(id) : undefined;
		return inputs === undefined ? undefined : this.#resource(type, token, id, inputs);
	}

	/** Where the blob service of an account is; nothing where there is no such account. */
	#placeOf(id: string): PropertyMap | undefined {
		const parent = this.store.find(id.replace(/\/blobServices\/default$/i, ""));
		if (parent?.token !== ACCOUNT) return undefined;
		const { resourceGroupName = "", accountName = "" } = parent.inputs;
		return { resourceGroupName, accountName, blobServicesName: "default" };
	}

	#save(type: ArmType, token: string, id: string, inputs: PropertyMap, before: PropertyMap | undefined): ArmResource {
		if (this.store.setting("refuse")?.split(" ").includes(token)) {
			const message = `The client does not have authorization to perform action 'write' over scope '${id}'.`;
			throw new ArmError(403, "AuthorizationFailed", message);
		}
		tagRules(token, id, inputs, this.store);
		type.rules({ inputs, id, before, store: this.store });
		const resource = this.#resource(type, token, id, inputs);
		this.store.save(resource);
		return resource;
	}

	/** A request is the whole resource: what it does not name has Azure's own settings afterwards, or is gone. */
	#resource(type: ArmType, token: string, id: string, inputs: PropertyMap): ArmResource {
		const outputs = type.outputs(inputs, { blobUrl: this.blobUrl, store: this.store });
		const added = addPolicyTags(token, inputs, this.store);
		return {
			id,
			token,
			inputs,
			state: { ...type.defaults, ...inputs, ...type.answer?.(inputs), ...added, ...outputs },
		};
	}

	/** A lock holds for what it is on and for all below that. */
	#refuseLocked({ id, token }: ArmResource): void {
		if (token === LOCK) return;
		const scopes = this.store.ofType(LOCK).map(({ inputs }) => String(inputs.scope));
		const below = (outer: string, inner: string) => `${inner}/`.toLowerCase().startsWith(`${outer}/`.toLowerCase());
		const locked = scopes.filter((scope) => below(scope, id) || below(id, scope));
		if (locked.length === 0) return;
		throw new ArmError(
			409,
			"ScopeLocked",
			`The scope '${id}' cannot perform delete operation because following scope(s) are locked: '${locked.join(", ")}'. Please remove the lock and try again.`,
		);
	}

	#containerOf(inputs: PropertyMap) {
		const { accountName, containerName } = inputs;
		return { store: this.store, blobUrl: this.blobUrl, account: String(accountName), container: String(containerName) };
	}
}

/** The type of a token; the stand-in has those that the program uses. */
export function typeOf(token: string): ArmType {
	const type = ARM_TYPES[token];
	if (type !== undefined) return type;
	throw new Error(
		`the sandbox's stand-in for azure-native has no ${token}; it has ${Object.keys(ARM_TYPES).join(", ")}`,
	);
}
