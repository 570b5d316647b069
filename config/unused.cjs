/** Stands for parts of Pulumi's SDK that its start loads and does not use (`spare-sdk.js`): V8's debugger is as ready as it has to be. */
exports.isInitializedAsync = async () => {};
