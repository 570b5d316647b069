/** Stands for a package that is not loaded (`spare-sdk.js`); says so to whoever uses it. */
module.exports = new Proxy(
	{},
	{
		get(_, name) {
			// What a loader asks of every module.
			if (typeof name === "symbol" || ["__esModule", "then", "default"].includes(name)) return undefined;
			throw new Error(
				`Pulumi's SDK asks for "${name}" of a package that config/spare-sdk.js does not load: it turns functions into text, as a dynamic ` +
					"provider does. Remove the import of ./spare-sdk.js from config/start.js.",
			);
		},
	},
);
