/** Stands for a part of Pulumi's SDK that is not loaded (`spare-sdk.js`); says so to whoever uses it. */
module.exports = new Proxy(
	{},
	{
		get(_, name) {
			// What a loader asks of every module.
			if (typeof name === "symbol" || ["__esModule", "then", "default"].includes(name)) return undefined;
			throw new Error(
				`Pulumi's SDK asks for "${name}" of a part of it that config/spare-sdk.js does not load, as a dynamic provider and the Automation ` +
					"API do. Remove it from the list there.",
			);
		},
	},
);
