"""Pictures of finished runs; reads run folders, never a model."""
