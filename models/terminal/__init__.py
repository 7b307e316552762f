"""The container-terminal gate: trucks, lanes, yards, booking."""
