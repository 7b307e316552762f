"""The clock, the channels, draws by key, the ledger and the checkpoint: what every model stands on."""
